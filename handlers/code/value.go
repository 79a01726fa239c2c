package code

import (
	"strconv"
	"strings"

	"quartermaster/handlers/api"
)

// A node is a request's body as a tree: an object with members, a list, or a
// value.
type node struct {
	name    string
	value   string
	kind    api.Type
	members []*node // of an object, and of a list
}

// tree is the request's parameters as an object, those in the query left out
// when the body alone is wanted.
func (r Request) tree(all bool) *node {
	root := &node{}
	for _, given := range r.Params {
		p := param(r.op, given.Name)
		if p == nil || p.Query && !all {
			continue
		}
		at := root
		path := strings.Split(p.Name, ".")
		for _, name := range path[:len(path)-1] {
			at = at.member(name)
		}
		leaf := path[len(path)-1]
		if p.Type == api.List {
			l := at.member(leaf)
			l.kind = api.List
			l.members = append(l.members, &node{value: given.Value})
		} else {
			at.members = append(at.members, &node{name: leaf, value: given.Value, kind: p.Type})
		}
	}
	return root
}

func (n *node) member(name string) *node {
	for _, m := range n.members {
		if m.name == name {
			return m
		}
	}
	m := &node{name: name}
	n.members = append(n.members, m)
	return m
}

// A style is how a language writes values.
type style struct {
	object, list, end, listEnd string
	comma                      bool // after the last member too
	columns                    bool // values stand under each other, as gofmt has them
	yes                        string
	text                       func(string) string
}

var (
	jsonStyle   = style{object: "{", list: "[", end: "}", listEnd: "]", yes: "true", text: quote}
	pythonStyle = style{object: "{", list: "[", end: "}", listEnd: "]", comma: true, yes: "True", text: quote}
	goStyle     = style{object: "map[string]any{", list: "[]string{", end: "}", listEnd: "}", comma: true, columns: true, yes: "true", text: strconv.Quote}
)

// write is the tree in a style. Each line but the first begins with indent, and
// members one step deeper.
func (n *node) write(s style, indent, step string) string {
	switch {
	case n.kind == api.List:
		var items []string
		for _, m := range n.members {
			items = append(items, s.text(m.value))
		}
		return s.list + strings.Join(items, ", ") + s.listEnd
	case n.name != "" && n.members == nil:
		return n.scalar(s)
	case len(n.members) == 0:
		return s.object + s.end
	}
	names, values := make([]string, len(n.members)), make([]string, len(n.members))
	for i, m := range n.members {
		names[i], values[i] = s.text(m.name)+":", m.write(s, indent+step, step)
	}
	if s.columns {
		align(names, values)
	}
	var b strings.Builder
	b.WriteString(s.object)
	for i := range n.members {
		b.WriteString("\n" + indent + step + names[i] + " " + values[i])
		if i < len(n.members)-1 || s.comma {
			b.WriteByte(',')
		}
	}
	b.WriteString("\n" + indent + s.end)
	return b.String()
}

// align makes names that stand under each other as wide as the widest of them.
// A value of several lines ends a column.
func align(names, values []string) {
	for from := 0; from < len(names); {
		to, widest := from, 0
		for to < len(names) && !strings.Contains(values[to], "\n") {
			widest = max(widest, len(names[to]))
			to++
		}
		for i := from; i < to; i++ {
			names[i] += strings.Repeat(" ", widest-len(names[i]))
		}
		from = to + 1
	}
}

func (n *node) scalar(s style) string {
	switch {
	case n.kind == api.Number && isWhole(n.value):
		return n.value
	case n.kind == api.Truth && n.value == "true":
		return s.yes
	}
	return s.text(n.value)
}

// isWhole tells whether a text is a whole number as every language writes it.
func isWhole(s string) bool {
	n, err := strconv.ParseInt(s, 10, 64)
	return err == nil && strconv.FormatInt(n, 10) == s
}
