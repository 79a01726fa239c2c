package api

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"quartermaster/views"
)

// Listed are the operations as the guide lists them.
func (t Table) Listed() []views.APIOperation {
	var out []views.APIOperation
	for _, o := range t {
		out = append(out, views.APIOperation{Name: o.Name, Product: o.Product.ID, Version: o.Product.Version, Writes: o.Writes, Method: o.Method, Path: o.address()})
	}
	return out
}

// address is the path with what chooses the operation there.
func (o Operation) address() string {
	if o.Asks == "" {
		return o.Path
	}
	return o.Path + "?" + o.Asks
}

// Page is what the page of an operation shows; ok is false when there is none of
// that name.
func (t Table) Page(name string) (out views.APIOperation, ok bool) {
	o := t.find(name, "")
	if o == nil {
		return out, false
	}
	out = Table{*o}.Listed()[0]
	for _, s := range o.Product.Schemes {
		out.Schemes = append(out.Schemes, string(s))
	}
	body := slices.DeleteFunc(slices.Clone(o.Params), func(p Param) bool { return p.Query })
	for _, p := range slices.Concat(body, o.queries(), o.Product.Shared) {
		out.Params = append(out.Params, p.page())
	}
	slices.SortStableFunc(out.Params, func(a, b views.APIParam) int { return cmp.Compare(place(a), place(b)) })
	sample := readSchemas().Samples[name]
	out.Request, out.Reply = indented(sample.Request), indented(sample.Reply)
	for _, e := range o.errors() {
		out.Errors = append(out.Errors, e.page(false))
	}
	for _, e := range o.Product.Before {
		out.Errors = append(out.Errors, e.page(true))
	}
	return out, true
}

func (e *Error) page(before bool) views.APIError {
	return views.APIError{Name: e.name(), Code: e.Code, Message: e.Message, Status: e.Status, Before: before}
}

// place puts what is required first, and headers last.
func place(p views.APIParam) int {
	switch {
	case p.In == "header":
		return 2
	case p.Required:
		return 0
	}
	return 1
}

// limits are the members of a schema that a page shows, by the word for them.
var limits = []struct{ word, from, to string }{
	{"one-of", "const", ""}, {"one-of", "enum", ""}, {"length", "minLength", "maxLength"}, {"range", "minimum", "maximum"},
	{"items", "minItems", "maxItems"}, {"pattern", "pattern", ""}, {"default", "default", ""},
}

func (p Param) page() views.APIParam {
	s := p.schema()
	out := views.APIParam{Name: p.Name, In: p.in(), Type: string(cmp.Or(p.Type, "string")), Words: p.words(), Required: p.Required}
	for _, l := range limits {
		from, to := said(s[l.from]), said(s[l.to])
		switch {
		case l.to == "":
		case to == "" && l.word == "length":
			from = "" // that it is not empty says nothing
		case from == "" && to != "":
			from = "≤ " + to
		case from != "" && to == "":
			from = "≥ " + from
		case to != "":
			from += "–" + to
		}
		if from != "" {
			out.Limits = append(out.Limits, views.APILimit{Key: l.word, Value: from})
		}
	}
	return out
}

// said is a value of a schema, or the values of a list but for null.
func said(v any) string {
	if v == nil {
		return ""
	}
	list, ok := v.([]any)
	if !ok {
		return fmt.Sprint(v)
	}
	var words []string
	for _, word := range list {
		if word != nil {
			words = append(words, fmt.Sprint(word))
		}
	}
	return strings.Join(words, " | ")
}

func indented(raw json.RawMessage) string {
	var b bytes.Buffer
	var text string
	if json.Unmarshal(raw, &text) == nil && text != "" { // XML
		return text
	}
	if len(raw) == 0 || json.Indent(&b, raw, "", "  ") != nil {
		return ""
	}
	return b.String()
}
