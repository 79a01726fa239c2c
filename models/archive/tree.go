package archive

import (
	"cmp"
	"slices"
	"strings"
)

// Node is a file of an archive, or a folder with what is in it.
type Node struct {
	Name  string
	Dir   bool
	Size  int64 // unpacked, of a folder that of all its files
	Files int   // of a folder, at any depth
	// Nodes are what is in a folder, the largest first, and More how much of it is left
	// out.
	Nodes []*Node
	More  int
}

// Tree is the folder that the listed entries lie in, with at most so many nodes: the
// deepest are left out first, and of those the smallest. Parts of names that are empty
// are passed over.
func (l *Listing) Tree(most int) *Node {
	root := &Node{Dir: true}
	folders := map[string]*Node{"": root}
	for _, e := range l.Entries {
		at, path := root, ""
		parts := strings.FieldsFunc(e.Name, func(r rune) bool { return r == '/' })
		for i, part := range parts {
			file := i == len(parts)-1 && !e.Dir
			if !e.Dir {
				at.Size, at.Files = at.Size+e.Size, at.Files+1
			}
			if file {
				at.Nodes = append(at.Nodes, &Node{Name: part, Size: e.Size})
				break
			}
			path += part + "/"
			if folders[path] == nil {
				folders[path] = &Node{Name: part, Dir: true}
				at.Nodes = append(at.Nodes, folders[path])
			}
			at = folders[path]
		}
	}
	for level := []*Node{root}; len(level) > 0; {
		var next []*Node
		for _, n := range level {
			slices.SortStableFunc(n.Nodes, func(a, b *Node) int { return cmp.Or(cmp.Compare(b.Size, a.Size), strings.Compare(a.Name, b.Name)) })
			if len(n.Nodes) > most {
				n.More = len(n.Nodes) - most
				n.Nodes = n.Nodes[:most]
			}
			most -= len(n.Nodes)
			next = append(next, n.Nodes...)
		}
		level = next
	}
	return root
}
