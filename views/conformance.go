package views

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"quartermaster/views/i18n"
)

// ConformanceRow is one thing that the documents say of an operation, and the
// clients with which a test has tried it. Operation is "" for what all of a
// product's operations have in common; What is "ok", "field <name>" or "error
// <code>".
type ConformanceRow struct {
	Product   string   `json:"product"`
	Operation string   `json:"operation,omitempty"`
	What      string   `json:"what"`
	Clients   []string `json:"clients,omitempty"`
}

// conformancePart is the rows of one operation and the clients of its product.
type conformancePart struct {
	Product, Operation string
	Clients            []string
	Rows               []ConformanceRow
}

// conformanceParts divides rows where the operation changes.
func conformanceParts(rows []ConformanceRow) [][]conformancePart {
	clients := map[string][]string{}
	for _, r := range rows {
		for _, c := range r.Clients {
			if !slices.Contains(clients[r.Product], c) {
				clients[r.Product] = append(clients[r.Product], c)
			}
		}
	}
	var products [][]conformancePart
	for i, r := range rows {
		if i == 0 || r.Product != rows[i-1].Product {
			slices.Sort(clients[r.Product])
			products = append(products, nil)
		}
		last := &products[len(products)-1]
		if n := len(*last); n == 0 || (*last)[n-1].Operation != r.Operation {
			*last = append(*last, conformancePart{Product: r.Product, Operation: r.Operation, Clients: clients[r.Product]})
		}
		part := &(*last)[len(*last)-1]
		part.Rows = append(part.Rows, r)
	}
	return products
}

// conformanceRead names the clients of a product that were read and not run, "" where
// none were.
func conformanceRead(ctx context.Context, product string) string {
	if key := "conformance.read." + product; i18n.Has(ctx, key) {
		return i18n.T(ctx, key)
	}
	return ""
}

// id names the part on its page.
func (p conformancePart) id() string {
	if p.Operation == "" {
		return p.Product
	}
	return p.Operation
}

// path is the page with this part open, or, where it is, with none.
func (p conformancePart) path(open string) string {
	if p.id() == open {
		return "/api/conformance#" + p.id()
	}
	return "/api/conformance?part=" + url.QueryEscape(p.id()) + "#" + p.id()
}

// tried counts the rows that some test has tried.
func (p conformancePart) tried() int {
	n := 0
	for _, r := range p.Rows {
		if len(r.Clients) > 0 {
			n++
		}
	}
	return n
}

// group is the word for the sort of a row, and name what it is about.
func (r ConformanceRow) group(ctx context.Context) string {
	kind, _, _ := strings.Cut(r.What, " ")
	return i18n.T(ctx, "conformance."+kind)
}

func (r ConformanceRow) name() string {
	_, name, _ := strings.Cut(r.What, " ")
	return name
}
