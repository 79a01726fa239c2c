// Package code writes a request of the vendors' APIs as code in several
// languages, and reads it back from a command or from JSON. It is text in and
// text out: nothing here runs, asks the database or knows a page.
package code

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	d "quartermaster/handlers/api"
	"quartermaster/models"
)

// The operations that have a form.
const (
	CreateStorage         = "CreateStorage"
	CreatePkgVersion      = "CreatePkgVersion"
	CreateApplication     = "CreateApplication"
	CreateResourcePackage = "CreateResourcePackage"
	CreateStore           = "CreateStore"
)

// Request is one request: an operation and what it is given.
type Request struct {
	Operation string
	op        *operation
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

// An api is one of the vendors' products, as its clients know it.
type api struct {
	name, version string
	cli           string // what its command line calls it
}

var (
	webplus = &api{name: "WebPlus", version: "2019-03-20", cli: "webplus"}
	bss     = &api{name: "BssOpenApi", version: "2017-12-14", cli: "bssopenapi"}
	lms     = &api{name: "LMS", version: "v1", cli: "LMS"}
)

// A Table is the operations that requests can be of. It is a value: whoever
// serves other operations makes another.
type Table []*operation

// An operation is what is known about one: where it is called, what it takes,
// and the field of its form that each parameter is.
type operation struct {
	name   string
	api    *api
	path   string
	params []param
	// left are the fields of its form that it has no parameter for.
	left []string
	// makes is the kind of the one thing that it makes.
	makes models.Kind
}

// A sort is how the value of a parameter is written where types matter.
type sort int

const (
	text sort = iota
	number
	truth
	list
)

// A param is one parameter. Those without a field are understood and belong to
// no form.
type param struct {
	name, field string
	sort        sort
	query       bool // of Web+: in the query, where the others are in the body
}

// NewTable is the operations that have a form.
func NewTable(all d.Table) Table {
	var t Table
	for _, o := range all {
		if o.Makes == "" {
			continue
		}
		op := &operation{name: o.Name, makes: o.Makes, api: []*api{webplus, bss, lms}[o.Product.Style], path: o.Path, left: o.Left()}
		for _, p := range o.Params {
			if p.Type != d.Object && (p.Field != "" || p.Name == "RegionId") {
				op.params = append(op.params, param{p.Name, p.Field, map[d.Type]sort{d.Number: number, d.Truth: truth, d.List: list}[p.Type], p.Query})
			}
		}
		t = append(t, op)
	}
	return t
}

// find is an operation by its name, nil for one that has no form.
func (t Table) find(name string) *operation {
	if i := slices.IndexFunc(t, func(o *operation) bool { return o.name == name }); i >= 0 {
		return t[i]
	}
	return nil
}

// Making is the operation that makes one thing of a kind, "" when there is none.
func (t Table) Making(k models.Kind) string {
	for _, o := range t {
		if o.makes == k {
			return o.name
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
	for _, p := range op.params {
		for i, v := range form[p.field] {
			switch {
			case v == "" || p.sort != list && i > 0 || p.sort == truth && v != "true":
			case p.sort == list:
				r.Params = append(r.Params, Param{p.name + "." + strconv.Itoa(i+1), v})
			default:
				r.Params = append(r.Params, Param{p.name, v})
			}
		}
	}
	for _, field := range op.left {
		if v := form.Get(field); v != "" {
			r.Left = append(r.Left, Param{field, v})
		}
	}
	return r
}

// In is the request for a region, where the operation names it beside what its
// form says.
func (r Request) In(region string) Request {
	if r.op == nil || r.op.api != webplus || region == "" || r.Value("RegionId") != "" {
		return r
	}
	r.Params = append([]Param{{"RegionId", region}}, r.Params...)
	return r
}

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
		if known := r.op.param(p.Name); known != nil && known.field != "" {
			form.Add(known.field, p.Value)
		}
	}
	return form
}

// param is a parameter by the name that a Param has, nil for none.
func (o *operation) param(name string) *param {
	for i, p := range o.params {
		if p.name == name && p.sort != list {
			return &o.params[i]
		}
		if place, ok := strings.CutPrefix(name, p.name+"."); ok && p.sort == list && isPlace(place) {
			return &o.params[i]
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
		for _, p := range op.params {
			if p.field != "" {
				out = append(out, p.field)
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
		known := r.op.param(p.Name)
		if known.field != "" && !slices.Contains(form[known.field], p.Value) {
			out = append(out, clip(p.Name+"="+p.Value))
		}
	}
	return out
}
