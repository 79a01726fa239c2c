package handlers

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"quartermaster/handlers/api"
	"quartermaster/models"
	"quartermaster/views"
)

// apiOperations are the operations that the OpenAPI document describes, in the
// order of the vendors' documents, as their pages show them.
var apiOperations = sync.OnceValue(func() []views.APIOperation {
	var d openAPI
	if err := json.Unmarshal(api.OpenAPI, &d); err != nil {
		panic(fmt.Sprintf("openapi.json: %v", err)) // it is part of the program, and tests read it
	}
	var out []views.APIOperation
	for _, o := range models.Operations {
		for _, at := range d.Paths {
			for _, m := range at.value.methods() {
				if m.value.OperationID == o.Name {
					out = append(out, d.operation(o, at.name, m.name, at.value, m.value))
				}
			}
		}
	}
	return out
})

// ordered is an object whose members keep their order.
type ordered[T any] []named[T]

type named[T any] struct {
	name  string
	value T
}

// UnmarshalJSON reads an object.
func (o *ordered[T]) UnmarshalJSON(b []byte) error {
	d := json.NewDecoder(bytes.NewReader(b))
	if _, err := d.Token(); err != nil {
		return err
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		m := named[T]{name: fmt.Sprint(name)}
		if err := d.Decode(&m.value); err != nil {
			return err
		}
		*o = append(*o, m)
	}
	return nil
}

// The parts of an OpenAPI document that the pages show.
type (
	openAPI struct {
		Paths      ordered[pathItem]
		Components struct {
			Parameters map[string]parameter
			Responses  map[string]response
			Examples   map[string]example
			Schemas    map[string]schema
		}
	}
	pathItem struct {
		Parameters             []parameter
		Get, Post, Put, Delete *operation
	}
	operation struct {
		OperationID string
		Security    []map[string]any
		Parameters  []parameter
		RequestBody struct{ Content ordered[media] }
		Responses   ordered[response]
	}
	parameter struct {
		Ref         string `json:"$ref"`
		Name, In    string
		Description string
		Required    bool
		Schema      schema
	}
	response struct {
		Ref     string `json:"$ref"`
		Content ordered[media]
	}
	media struct {
		Schema   schema
		Example  json.RawMessage
		Examples ordered[example]
	}
	example struct {
		Ref     string `json:"$ref"`
		Summary string
		Status  int `json:"x-status"`
		Value   json.RawMessage
	}
	schema struct {
		Ref                  string `json:"$ref"`
		Type                 any
		Properties           ordered[schema]
		Required             []string
		Items                *schema
		Enum                 []any
		Const, Default       any
		Pattern, Description string
		MinLength, MaxLength *json.Number
		Minimum, Maximum     *json.Number
		MinItems, MaxItems   *json.Number
	}
)

func (p pathItem) methods() []named[*operation] {
	all := []named[*operation]{{"GET", p.Get}, {"POST", p.Post}, {"PUT", p.Put}, {"DELETE", p.Delete}}
	return slices.DeleteFunc(all, func(m named[*operation]) bool { return m.value == nil })
}

// last is the name that a reference ends in.
func last(ref string) string { return ref[strings.LastIndexByte(ref, '/')+1:] }

// schema follows a reference. What stands beside the reference is kept.
func (d *openAPI) schema(s schema) schema {
	for s.Ref != "" {
		said := s.Description
		s = d.Components.Schemas[last(s.Ref)]
		s.Description = cmp.Or(said, s.Description)
	}
	return s
}

// operation is one operation as its page shows it.
func (d *openAPI) operation(o models.Operation, path, method string, at pathItem, op *operation) views.APIOperation {
	path, _, _ = strings.Cut(path, "#")
	out := views.APIOperation{Name: o.Name, Product: o.Product, Writes: o.Writes, Method: method, Path: path}
	for _, s := range op.Security {
		for name := range s {
			out.Schemes = append(out.Schemes, schemeNames[name])
		}
	}
	for _, p := range slices.Concat(op.Parameters, at.Parameters) {
		if p.Ref != "" {
			p = d.Components.Parameters[last(p.Ref)]
		}
		out.Params = append(out.Params, d.param(p.Name, p.In, p.Required, p.Description, p.Schema))
	}
	if body := op.RequestBody.Content; len(body) > 0 {
		out.Params = append(d.members("", body[len(body)-1].value.Schema), out.Params...)
		for _, m := range body {
			out.Request = cmp.Or(out.Request, indented(m.value.Example))
		}
	}
	slices.SortStableFunc(out.Params, func(a, b views.APIParam) int { return cmp.Compare(place(a), place(b)) })
	// A parameter of a body may stand in the query as well; it is listed once.
	out.Params = slices.CompactFunc(out.Params, func(a, b views.APIParam) bool { return a.Name == b.Name })
	for _, r := range op.Responses {
		d.response(&out, r.name, r.value)
	}
	return out
}

var schemeNames = map[string]string{"RoaV1": "ROA V1", "RpcV1": "RPC V1", "Acs3": "ACS3-HMAC-SHA256", "Sdk": "SDK-HMAC-SHA256", "Token": "X-Auth-Token"}

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

// members are the parameters of an object, with those inside of them.
func (d *openAPI) members(above string, s schema) []views.APIParam {
	s = d.schema(s)
	var out []views.APIParam
	for _, m := range s.Properties {
		out = append(out, d.param(above+m.name, "body", above == "" && slices.Contains(s.Required, m.name), "", m.value))
		inside := d.schema(m.value)
		if inside.Items != nil {
			inside = d.schema(*inside.Items)
		}
		out = append(out, d.members(above+m.name+".", inside)...)
	}
	return out
}

func (d *openAPI) param(name, in string, required bool, said string, s schema) views.APIParam {
	s = d.schema(s)
	p := views.APIParam{Name: name, In: in, Required: required, Type: typeName(s.Type), Text: cmp.Or(said, s.Description)}
	limit := func(key string, from, to *json.Number) {
		switch {
		case from != nil && to != nil:
			p.Limits = append(p.Limits, views.APILimit{Key: key, Value: from.String() + "–" + to.String()})
		case from != nil:
			p.Limits = append(p.Limits, views.APILimit{Key: key, Value: "≥ " + from.String()})
		case to != nil:
			p.Limits = append(p.Limits, views.APILimit{Key: key, Value: "≤ " + to.String()})
		}
	}
	switch {
	case s.Const != nil:
		p.Limits = append(p.Limits, views.APILimit{Key: "one-of", Value: fmt.Sprint(s.Const)})
	case len(s.Enum) > 0:
		var values []string
		for _, v := range s.Enum {
			if v != nil {
				values = append(values, fmt.Sprint(v))
			}
		}
		p.Limits = append(p.Limits, views.APILimit{Key: "one-of", Value: strings.Join(values, " | ")})
	}
	limit("length", s.MinLength, s.MaxLength)
	limit("range", s.Minimum, s.Maximum)
	limit("items", s.MinItems, s.MaxItems)
	if s.Pattern != "" {
		p.Limits = append(p.Limits, views.APILimit{Key: "pattern", Value: s.Pattern})
	}
	if s.Default != nil {
		p.Limits = append(p.Limits, views.APILimit{Key: "default", Value: fmt.Sprint(s.Default)})
	}
	return p
}

// typeName is the type of a value. That it may be null says nothing to a
// reader: it is then not given.
func typeName(t any) string {
	if list, ok := t.([]any); ok && len(list) > 0 {
		t = list[0]
	}
	if t == nil {
		return ""
	}
	return fmt.Sprint(t)
}

// response adds the reply that an operation gives, or its errors. Those of the
// response "default" are refused before the operation.
func (d *openAPI) response(o *views.APIOperation, status string, r response) {
	if r.Ref != "" {
		r = d.Components.Responses[last(r.Ref)]
	}
	for _, m := range r.Content {
		if strings.HasPrefix(status, "2") {
			o.Reply = cmp.Or(o.Reply, indented(m.value.Example))
			for _, e := range m.value.Examples {
				o.Reply = cmp.Or(o.Reply, indented(d.example(e.value).Value))
			}
			if o.Reply == "" {
				o.Reply = indented(json.RawMessage(d.sketch(m.value.Schema)))
			}
			continue
		}
		for _, e := range m.value.Examples {
			o.Errors = append(o.Errors, d.failure(e, status == "default"))
		}
	}
}

// sketch is a value of a schema as JSON: what it must be where that is said, and
// else one of its type.
func (d *openAPI) sketch(s schema) string {
	s = d.schema(s)
	for _, said := range append([]any{s.Const, s.Default}, s.Enum...) {
		if said != nil {
			b, _ := json.Marshal(said) // it came from JSON
			return string(b)
		}
	}
	switch typeName(s.Type) {
	case "object":
		var members []string
		for _, m := range s.Properties {
			members = append(members, fmt.Sprintf("%q:%s", m.name, d.sketch(m.value)))
		}
		return "{" + strings.Join(members, ",") + "}"
	case "array":
		if s.Items == nil {
			return "[]"
		}
		return "[" + d.sketch(*s.Items) + "]"
	case "boolean":
		return "true"
	case "integer", "number":
		return "1"
	}
	return `"…"`
}

func (d *openAPI) example(e example) example {
	if e.Ref != "" {
		return d.Components.Examples[last(e.Ref)]
	}
	return e
}

func (d *openAPI) failure(e named[example], before bool) views.APIError {
	found := d.example(e.value)
	var body struct {
		Code, Message  string // both vendors', whatever the case
		GatewayCode    string `json:"error_code"`
		GatewayMessage string `json:"error_msg"`
	}
	_ = json.Unmarshal(found.Value, &body) // without them the page says less
	return views.APIError{
		Name: cmp.Or(last(e.value.Ref), e.name), Text: found.Summary, Status: found.Status, Before: before,
		Code: cmp.Or(body.Code, body.GatewayCode), Message: cmp.Or(body.Message, body.GatewayMessage),
	}
}

func indented(raw json.RawMessage) string {
	var b bytes.Buffer
	if len(raw) == 0 || json.Indent(&b, raw, "", "  ") != nil {
		return ""
	}
	return b.String()
}
