// Package code writes a request of the vendors' APIs as code in several
// languages, and reads it back from a command or from JSON. It is text in and
// text out: nothing here runs, asks the database or knows a page.
package code

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"quartermaster/handlers/api"
	"quartermaster/models"
)

// Request is one request: an operation and what it is given.
type Request struct {
	Operation string
	op        *api.Operation
	// Params are the parameters that are given, by the names and in the order
	// of the documents. One inside an object is written with a dot, one of a
	// list with its place from 1: flavor.cu, availability_zones.1.
	Params []Param
	// Left is what a form says that the operation has no parameter for, by the
	// names of the form's fields.
	Left []Param
}

// Param is a name and the text of its value.
type Param struct{ Name, Value string }

// A Table is the operations that requests can be of. It is a value: whoever
// serves other operations makes another.
type Table []*api.Operation

// NewTable is the operations that have a form.
func NewTable(all api.Table) Table {
	var t Table
	for i := range all {
		if all[i].Makes != "" {
			t = append(t, &all[i])
		}
	}
	return t
}

// find is an operation by its name, nil for one that has no form.
func (t Table) find(name string) *api.Operation {
	if i := slices.IndexFunc(t, func(o *api.Operation) bool { return o.Name == name }); i >= 0 {
		return t[i]
	}
	return nil
}

// Making is the operation that makes one thing of a kind, "" when there is none.
func (t Table) Making(k models.Kind) string {
	for _, o := range t {
		if o.Makes == k {
			return o.Name
		}
	}
	return ""
}

// From is the request that a form's values stand for. Fields that the operation
// does not know of are left aside unless they are empty.
func (t Table) From(name string, form url.Values) Request {
	op := t.find(name)
	r := Request{Operation: name, op: op}
	if op == nil {
		return r
	}
	for _, p := range op.Params {
		for i, v := range form[p.Field] {
			switch {
			case v == "" || p.Type != api.List && i > 0 || p.Type == api.Truth && v != "true":
			case p.Type == api.List:
				r.Params = append(r.Params, Param{p.Name + "." + strconv.Itoa(i+1), v})
			default:
				r.Params = append(r.Params, Param{p.Name, v})
			}
		}
	}
	for _, field := range op.Left() {
		if v := form.Get(field); v != "" {
			r.Left = append(r.Left, Param{field, v})
		}
	}
	return r
}

// In is the request for a region, where the operation names it beside what its
// form says.
func (r Request) In(region string) Request {
	if r.op == nil || r.op.Product.Style != api.ROA || region == "" || r.Value("RegionId") != "" {
		return r
	}
	r.Params = append([]Param{{"RegionId", region}}, r.Params...)
	return r
}

// Makes is the kind of what the request makes.
func (r Request) Makes() models.Kind { return r.op.Makes }

// Value is the text of a parameter, "" when it is not given.
func (r Request) Value(name string) string {
	for _, p := range r.Params {
		if p.Name == name {
			return p.Value
		}
	}
	return ""
}

// Form is the request as the values of its form's fields.
func (r Request) Form() url.Values {
	form := url.Values{}
	for _, p := range r.Params {
		if known := param(r.op, p.Name); known != nil && known.Field != "" {
			form.Add(known.Field, p.Value)
		}
	}
	return form
}

// param is a parameter of an operation by the name that a Param has, nil for
// none.
func param(o *api.Operation, name string) *api.Param {
	for i, p := range o.Params {
		if p.Name == name && p.Type != api.List {
			return &o.Params[i]
		}
		if place, ok := strings.CutPrefix(name, p.Name+"."); ok && p.Type == api.List && isPlace(place) {
			return &o.Params[i]
		}
	}
	return nil
}

// isPlace tells whether a text is a place in a list as requests count them.
func isPlace(s string) bool {
	n, err := strconv.Atoi(s)
	return err == nil && n > 0 && n <= maxPlaces && strconv.Itoa(n) == s
}

// maxPlaces bounds the length of a list.
const maxPlaces = 1000

// Fields are the fields of an operation's form that its parameters fill in.
func (t Table) Fields(name string) []string {
	var out []string
	if op := t.find(name); op != nil {
		for _, p := range op.Params {
			if p.Field != "" {
				out = append(out, p.Field)
			}
		}
	}
	return out
}

// Refused are the parameters, as name=value, that the values of the form do not
// have although the request gives them.
func (r Request) Refused(form url.Values) []string {
	var out []string
	for _, p := range r.Params {
		known := param(r.op, p.Name)
		if known.Field != "" && !slices.Contains(form[known.Field], p.Value) {
			out = append(out, clip(p.Name+"="+p.Value))
		}
	}
	return out
}
