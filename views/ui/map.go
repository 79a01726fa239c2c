package ui

import (
	"fmt"
	"slices"
	"strings"
)

// MapNode is a thing on a Map. Title says more than Name where that is short, and Here
// tells that the page is its own.
type MapNode struct {
	ID, Href          string
	Kind              KindLook
	Name, Title, Note string
	Tone              Tone // of the note
	Here              bool
}

// MapMore leads to what a Map leaves out of the column of a kind.
type MapMore struct {
	Kind       KindLook
	Text, Href string
}

// MapProps describes a Map. Ties are pairs of ids of nodes, of which the second stands
// after the first.
type MapProps struct {
	Label string
	Nodes []MapNode
	Ties  [][2]string
	More  []MapMore
}

// mapColumn is what stands as far from the first things as each other, and Lines the
// ties to the next column.
type mapColumn struct {
	Kinds []KindLook
	Nodes []MapNode
	More  []MapMore
	Lines []string
}

const (
	mapNode = 46 // as high as a node is, and below that
	mapGap  = 12 // as far as it is from the next: page.css says so too
	mapLine = 22 // as wide as what ties two columns
)

// height is how high a column is.
func (c mapColumn) height() int {
	n := len(c.Nodes) + len(c.More)
	return n*mapNode + (n-1)*mapGap
}

// middle is where the middle of a node is in a drawing of a height.
func (c mapColumn) middle(i, height int) int {
	return (height-c.height())/2 + i*(mapNode+mapGap) + mapNode/2
}

// columns are the nodes, each behind all that it hangs on, in the order in which they
// are given.
func (p MapProps) columns() (columns []mapColumn, height int) {
	at := map[string]int{}
	for range p.Nodes { // a way has no more ties than there are nodes
		for _, t := range p.Ties {
			at[t[1]] = max(at[t[1]], at[t[0]]+1)
		}
	}
	for _, n := range p.Nodes {
		for len(columns) <= at[n.ID] {
			columns = append(columns, mapColumn{})
		}
		c := &columns[at[n.ID]]
		c.Nodes = append(c.Nodes, n)
		if !slices.ContainsFunc(c.Kinds, func(k KindLook) bool { return k.Kind == n.Kind.Kind }) {
			c.Kinds = append(c.Kinds, n.Kind)
		}
	}
	for i := range columns {
		for _, m := range p.More {
			if slices.ContainsFunc(columns[i].Kinds, func(k KindLook) bool { return k.Kind == m.Kind.Kind }) {
				columns[i].More = append(columns[i].More, m)
			}
		}
		height = max(height, columns[i].height())
	}
	for i := range len(columns) - 1 {
		columns[i].Lines = p.lines(columns[i], columns[i+1], height)
	}
	return columns, height
}

// lines are the ties between two columns.
func (p MapProps) lines(from, to mapColumn, height int) (lines []string) {
	for i, a := range from.Nodes {
		for j, b := range to.Nodes {
			if slices.Contains(p.Ties, [2]string{a.ID, b.ID}) {
				y, z := from.middle(i, height), to.middle(j, height)
				lines = append(lines, fmt.Sprintf("M0 %dC%d %d %d %d %d %d", y, mapLine/2, y, mapLine/2, z, mapLine, z))
			}
		}
	}
	return lines
}

// next are the names of what a node is tied to after it.
func (p MapProps) next(n MapNode) string {
	var names []string
	for _, t := range p.Ties {
		for _, to := range p.Nodes {
			if t == [2]string{n.ID, to.ID} {
				names = append(names, to.Name)
			}
		}
	}
	return strings.Join(names, ", ")
}
