package api

import (
	"bytes"
	"cmp"
	"context"
	_ "embed"
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"quartermaster/models"
	"quartermaster/views/i18n"
)

// schemas is what cannot be made from the operations: what the document says of
// itself, and the schemas and samples of replies.
//
//go:embed schemas.json
var schemas []byte

// written is schemas.json.
type written struct {
	Document   map[string]any
	Components map[string]map[string]any
	Samples    map[string]struct{ Request, Reply json.RawMessage }
}

func readSchemas() (w written) {
	if err := json.Unmarshal(schemas, &w); err != nil {
		panic("schemas.json: " + err.Error()) // it is part of the program, and tests read it
	}
	return w
}

// an is an object of JSON.
type an = map[string]any

func ref(kind, name string) an { return an{"$ref": "#/components/" + kind + "/" + name} }

// OpenAPI describes the operations as OpenAPI 3.1. Tests compare it with the
// routes and with real replies, so that it holds no wish.
func (t Table) OpenAPI() []byte {
	w := readSchemas()
	var tags []an
	paths, examples, responses := an{}, an{}, an{}
	for _, o := range t {
		p, id := o.Product, string(o.Product.ID)
		if responses[id] == nil {
			tags = append(tags, an{"name": id, "description": p.Name + ": " + english("api.product."+id, "Version", p.Version)})
			responses[id] = p.response("Refused before the operation.", p.Before)
		}
		for _, e := range slices.Concat(p.Before, o.errors()) {
			examples[id+"."+e.name()] = an{"summary": english("api.error." + e.name()), "x-status": e.Status, "value": p.refused(e, "127.0.0.1:8080", p.sampleID())}
		}
		path := o.Path
		if p.Style == RPC || p.Style == Objects {
			path += "#" + o.Name
		}
		if paths[path] == nil {
			paths[path] = an{"parameters": append(parameters(p.Shared), o.inPath()...)}
		}
		if reply := o.Name + "Response"; w.Components["schemas"][reply] == nil && p.Style != Objects {
			w.Components["schemas"][reply] = an{"type": "object"}
		}
		paths[path].(an)[strings.ToLower(o.Method)] = o.described(w)
	}
	d := w.Document
	w.Components["examples"], w.Components["responses"] = examples, responses
	d["tags"], d["paths"], d["components"] = tags, paths, w.Components
	var b bytes.Buffer
	if err := encodeJSON(&b, d); err != nil {
		panic(err) // all of it is ours
	}
	return b.Bytes()
}

// inPath describes the parts of the path that the caller names.
func (o Operation) inPath() (out []an) {
	for part := range strings.SplitSeq(o.Path, "/") {
		if name, found := strings.CutPrefix(part, "{"); found {
			name = strings.TrimSuffix(name, "}")
			out = append(out, an{"name": name, "in": "path", "description": english("api.param." + name), "required": true, "schema": an{"type": "string"}})
		}
	}
	return out
}

// sampleID is an id of a request.
func (p Product) sampleID() string {
	switch p.Style {
	case JSON:
		return "6a3f1a4f0d1c4b7e9a52c8f1e07d3b64"
	case Objects:
		return "6A1AAA2A1C7F5E3B9D0426C1"
	}
	return "E229C81C-2315-46B0-A5D7-3C2BA73D0A11"
}

// english is a sentence in the language of the document, "" when there is none.
func english(key string, args ...any) string {
	ctx := i18n.WithLang(context.Background(), "en")
	if !i18n.Has(ctx, key) {
		return ""
	}
	return i18n.T(ctx, key, args...)
}

// described is the operation in the document.
func (o Operation) described(w written) an {
	p, sample := o.Product, w.Samples[o.Name]
	var security []an
	for _, s := range p.Schemes {
		security = append(security, an{strings.ReplaceAll(string(s), " ", "-"): []string{}})
	}
	responses := an{"default": ref("responses", string(p.ID))}
	for _, status := range o.successes() {
		done := an{"description": "Done.", "headers": an{p.Header: ref("headers", p.Header)}}
		switch {
		case p.Style != Objects:
			done["content"] = p.content(ref("schemas", o.Name+"Response"), "example", sample.Reply)
		case o.Name == "GetObject" && status != "304":
			done["content"] = bytesContent
		case sample.Reply != nil && status == "200":
			done["content"] = p.content(ref("schemas", "XML"), "example", sample.Reply)
		}
		responses[status] = done
	}
	by := map[int][]*Error{}
	for _, e := range o.errors() {
		by[e.Status] = append(by[e.Status], e)
	}
	for status, errors := range by {
		said := map[int]string{500: p.Faults, 503: "The server is busy or its disk is full; Retry-After says when to go on."}[status]
		responses[strconv.Itoa(status)] = p.response(cmp.Or(said, "Refused."), errors)
	}
	out := an{
		"operationId": o.Name, "tags": []any{p.ID}, "summary": english("api.op." + o.Name), "description": strings.TrimSpace(o.Note + " " + p.Note),
		"security": security, "parameters": parameters(o.queries()), "responses": responses,
	}
	switch {
	case o.Streams:
		out["requestBody"] = an{"content": bytesContent}
	case p.Style == Objects && sample.Request != nil:
		out["requestBody"] = an{"content": p.content(ref("schemas", "XML"), "example", sample.Request)}
	}
	if body := o.body(""); p.Style == JSON || body["properties"] != nil {
		content := an{"application/json": an{"schema": body}}
		if p.Style == ROA {
			content["application/x-www-form-urlencoded"] = an{"schema": body}
		}
		if sample.Request != nil {
			content["application/json"] = an{"schema": body, "example": sample.Request}
		}
		out["requestBody"] = an{"required": body["required"] != nil, "content": content}
	}
	return out
}

// bytesContent is a body that is bytes of any kind.
var bytesContent = an{"application/octet-stream": an{"schema": an{"type": "string", "format": "binary"}}}

// successes are the statuses of a request that was done.
func (o Operation) successes() []string {
	switch {
	case o.Product.Style == Objects && o.Method == "DELETE":
		return []string{"204"}
	case o.Name == "GetObject":
		return []string{"200", "206", "304"}
	case o.Name == "HeadObject", o.Copies:
		return []string{"200", "304"}
	}
	return []string{"200"}
}

// content is a body in each way in which it is written; extra is said of JSON.
func (p Product) content(schema an, extra string, value any) an {
	if p.Style == Objects {
		return an{"application/xml": an{"schema": schema, extra: value}}
	}
	out := an{"application/json": an{"schema": schema, extra: value}}
	if p.Style != JSON {
		out["text/xml"] = an{"schema": schema}
	}
	return out
}

// response is a response with errors.
func (p Product) response(said string, errors []*Error) an {
	examples := an{}
	for _, e := range errors {
		examples[e.name()] = ref("examples", string(p.ID)+"."+e.name())
	}
	schema := "AlibabaError"
	switch {
	case strings.HasPrefix(errors[0].Code, "APIGW."):
		schema = "GatewayError"
	case p.Style == JSON:
		schema = "StoreError"
	case p.Style == Objects:
		schema = "XML"
	}
	return an{"description": said, "content": p.content(ref("schemas", schema), "examples", examples)}
}

// errors are the refusals of an operation itself.
func (o Operation) errors() []*Error {
	all := slices.Clone(o.Product.Always)
	for _, p := range o.Params {
		if p.Required && o.Product.Missing != nil && !slices.Contains(all, o.Product.Missing) {
			all = append(all, o.Product.Missing)
		}
		all = append(all, p.Errors...)
	}
	return append(all, o.Errors...)
}

// queries are the parameters that stand in the query.
func (o Operation) queries() []Param {
	all := slices.DeleteFunc(slices.Clone(o.Params), func(p Param) bool { return !p.Query })
	if o.Product.Style == RPC {
		all = append([]Param{{Name: "Action", Rules: "eq=" + o.Name, Query: true}}, all...)
	}
	return all
}

// parameters describes what does not stand in the body.
func parameters(all []Param) []an {
	out := []an{}
	for _, p := range all {
		out = append(out, an{"name": p.Name, "in": p.in(), "description": english(p.words()), "required": p.Required, "schema": p.schema()})
	}
	return out
}

// body is the schema of the body, or of an object in it: of the parameters whose
// names begin with above.
func (o Operation) body(above string) an {
	properties, required := an{}, []string{}
	for _, p := range o.Params {
		name, inside := strings.CutPrefix(p.Name, above)
		if p.Query || !inside || strings.Contains(name, ".") {
			continue
		}
		s := p.schema()
		if p.Type == Object {
			inside := o.body(p.Name + ".")
			delete(inside, "type")
			maps.Copy(s, inside)
		}
		s["description"], properties[name] = english(p.words()), s
		if p.Required {
			required = append(required, name)
		}
	}
	out := an{"type": Object}
	if len(properties) > 0 {
		out["properties"] = properties
	}
	if len(required) > 0 {
		out["required"] = required
	}
	return out
}

// in is where a parameter stands.
func (p Param) in() string {
	switch {
	case p.Header, strings.HasPrefix(p.Name, "x-acs-"):
		return "header"
	case p.Query:
		return "query"
	}
	return "body"
}

// words is the key of what is said of a parameter.
func (p Param) words() string { return "api.param." + cmp.Or(p.Words, p.Name) }

// patterns are those of the rules that are a form of text.
var patterns = map[string]string{"number": "^[0-9]+$", "storename": models.StoreNamePattern, "osspath": `^oss://[a-z0-9-]{3,63}/.+$`}

var digit = regexp.MustCompile("[0-9]")

// schema is what a value of a parameter must be.
func (p Param) schema() an {
	rules, each, isList := strings.Cut(p.Rules, ",dive,")
	s := an{"type": cmp.Or(p.Type, "string")}
	null := strings.HasPrefix(rules, "omitempty") && !p.Required && !p.Query
	if null {
		s["type"] = []any{s["type"], "null"}
	}
	if p.Required && p.Type == Text {
		s["minLength"] = 1
	}
	for rule := range strings.SplitSeq(rules, ",") {
		switch name, value, _ := strings.Cut(rule, "="); name {
		case "min", "max":
			s[name+map[Type]string{Text: "Length", List: "Items", Number: "imum"}[p.Type]] = json.Number(value)
		case "oneof":
			enum := []any{}
			for word := range strings.FieldsSeq(value) {
				enum = append(enum, word)
			}
			if null {
				enum = append(enum, nil)
			}
			s["enum"] = enum
		case "eq":
			s["const"] = value
		case "unique":
			s["uniqueItems"] = true
		case "datetime":
			s["pattern"] = "^" + digit.ReplaceAllString(value, `\d`) + "$"
		default:
			if patterns[name] != "" {
				s["pattern"] = patterns[name]
			}
		}
	}
	if isList {
		s["items"] = Param{Rules: each, Required: strings.HasPrefix(each, "required")}.schema()
	}
	if p.Default != nil {
		s["default"] = p.Default
	}
	return s
}
