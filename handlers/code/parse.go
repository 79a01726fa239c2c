package code

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"quartermaster/handlers/api"
)

// Limit is the most bytes that are read.
const Limit = 64 << 10

// Part is a part of a text that became no field of a form.
type Part struct {
	// Text is the part as it stands in the text, cut when it is long.
	Text   string
	Reason Reason
}

// Why a part became no field.
const (
	Unknown   Reason = "unknown"   // nothing the operation has
	Elsewhere Reason = "elsewhere" // the operation has it, the form does not
	Variable  Reason = "variable"  // its value is known to a shell only
	File      Reason = "file"      // it is in a file, which is not read
	Twice     Reason = "twice"     // it was given before, with another value
	More      Reason = "more"      // another command
)

// maxParts bounds how many parts are named, maxPart how much of each.
const (
	maxParts = 50
	maxPart  = 120
)

// Parse reads a request from a curl command, from a line of the aliyun or hcloud
// tool, or from the JSON of an operation's parameters, and tells which parts it
// did not take. JSON that does not say of which operation it is belongs to at,
// when that has its names. Nothing is run or fetched. An error is an *Error.
func (t Table) Parse(text, at string) (Request, []Part, error) {
	text, err := pasted(text)
	if err != nil {
		return Request{}, nil, err
	}
	r := &reading{table: t, values: map[string]string{}}
	if strings.HasPrefix(strings.TrimLeft(text, "\n"), "{") {
		err = r.object(text, at)
	} else {
		err = r.commands(text)
	}
	if err != nil {
		return Request{}, nil, err
	}
	return r.request(), r.parts, nil
}

// cleaned makes a text one of lines that end in a line break alone, as a form's
// field does not, without the marks that stand before parts of it here.
var cleaned = strings.NewReplacer("\r\n", "\n", dynamic, "\uFFFD", literal, "\uFFFD", "\x00", "\uFFFD", "\uFEFF", "")

// fence is a block of code in a text that has more than code.
var fence = regexp.MustCompile("(?s)^((?:[^'\"{]|\\pL'\\pL)*?)(?:^|\n)[ \t]*(?:```|~~~)[^\n`]*\n(.*?)(?:\n[ \t]*(?:```|~~~)|$)")

// pasted is a text without what does not belong to it. What stands before a
// block of code becomes empty lines, so that lines keep their number.
func pasted(text string) (string, error) {
	if len(text) > Limit {
		return "", &Error{Reason: TooLong}
	}
	text = strings.TrimSpace(cleaned.Replace(strings.ToValidUTF8(text, "\uFFFD")))
	if text == "" {
		return "", &Error{Reason: Empty}
	}
	if m := fence.FindStringSubmatchIndex(text); m != nil {
		text = strings.Repeat("\n", strings.Count(text[:m[4]], "\n")) + strings.TrimRight(text[m[4]:m[5]], " \t\n")
	}
	return text, nil
}

// A reading is what has been read so far.
type reading struct {
	table  Table
	op     *api.Operation
	values map[string]string // by the names of the parameters
	parts  []Part
	region string // beside the parameters: of an address, of a client
}

// request is what was read, in the order of the documents.
func (r *reading) request() Request {
	out := Request{Operation: r.op.Name, op: r.op}
	if _, given := r.values["RegionId"]; !given && r.region != "" && param(r.op, "RegionId") != nil {
		r.values["RegionId"] = r.region
	}
	for _, p := range r.op.Params {
		if p.Type != api.List {
			if v, ok := r.values[p.Name]; ok && v != "" && (p.Type != api.Truth || v != "false") {
				out.Params = append(out.Params, Param{p.Name, v})
			}
			continue
		}
		var places []int
		for name := range r.values {
			if place, ok := strings.CutPrefix(name, p.Name+"."); ok {
				n, _ := strconv.Atoi(place) // set takes no other name
				places = append(places, n)
			}
		}
		slices.Sort(places)
		for i, n := range places {
			v := r.values[p.Name+"."+strconv.Itoa(n)]
			out.Params = append(out.Params, Param{p.Name + "." + strconv.Itoa(i+1), v})
		}
	}
	return out
}

// leave names a part that is not taken.
func (r *reading) leave(text string, why Reason) {
	p := Part{clip(text), why}
	if len(r.parts) < maxParts && !slices.Contains(r.parts, p) {
		r.parts = append(r.parts, p)
	}
}

// Of signatures and protocols, and so of no interest to a form.
var (
	protocol = words(`AccessKeyId Action Format SecurityToken Signature SignatureMethod SignatureNonce SignatureType
		SignatureVersion ServiceCode Timestamp Version`)
)

func words(s string) map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields(s) {
		out[w] = true
	}
	return out
}

// set takes a parameter of the operation. The first value counts.
func (r *reading) set(name, value string) {
	value = strings.ReplaceAll(strings.ToValidUTF8(value, "\uFFFD"), "\x00", "\uFFFD")
	p := param(r.op, name)
	switch {
	case p == nil && r.op.Product.Style != api.JSON && protocol[name], p == nil && r.op.Product.Style == api.RPC && name == "RegionId":
	case p != nil && p.Field == "" && name != "RegionId":
		r.leave(name+"="+value, Elsewhere)
	case p == nil:
		r.leave(name+"="+value, Unknown)
	case strings.Contains(value, dynamic):
		r.leave(name+"="+value, Variable)
	default:
		if old, given := r.values[name]; given && old != value {
			r.leave(name+"="+value, Twice)
		} else {
			r.values[name] = value
		}
	}
}

// readers read the commands of the programs that send requests.
var readers = map[string]func(*command, Table) (*sent, error){"curl": (*command).curl, "aliyun": (*command).aliyun, "hcloud": (*command).hcloud}

// commands reads a shell's text: the first command that is known, with what
// the text sets before it.
func (r *reading) commands(text string) error {
	list, err := commands(text)
	if err != nil {
		return err
	}
	for _, c := range list {
		name := c.program()
		read := readers[name]
		switch {
		case read != nil && r.op == nil:
			s, err := read(&c, r.table)
			if err == nil {
				err = r.send(s)
			}
			if err != nil {
				return err
			}
			for _, f := range c.files {
				r.leave(f, File)
			}
		case name != "" && !silent[name]:
			r.leave(strings.Join(c.words, " "), More)
		}
	}
	if r.op == nil {
		return &Error{Reason: NoCode}
	}
	return nil
}

// silent are commands that people and we write around a request.
var silent = words("cd date echo export false jq less more openssl printf pwd sed set sha256 sleep source tee true unset")

// cloudRegion finds the region in the vendor's own addresses.
var cloudRegion = regexp.MustCompile(`^webplus\.([a-z]+-[a-z0-9-]+)\.aliyuncs\.com$`)

// send finds the operation that a request is of and takes its parameters.
func (r *reading) send(s *sent) error {
	for _, p := range s.parts {
		r.leave(p.Text, p.Reason)
	}
	given := pairs(s.Query)
	body := string(s.Body)
	if strings.HasPrefix(strings.TrimSpace(body), "{") {
		object, err := members(body)
		if err != nil {
			return err
		}
		given = append(given, object...)
	} else {
		given = append(given, pairs(body)...)
	}
	action := s.Header.Get("X-Acs-Action")
	for _, p := range given {
		if p.Name == "Action" && action == "" {
			action = p.Value
		}
	}
	where, err := url.PathUnescape(s.Path)
	if err != nil {
		where = s.Path
	}
	if err := r.at(strings.ToUpper(s.Method), where, action); err != nil {
		return err
	}
	if r.region = s.Header.Get("X-Acs-Region-Id"); strings.Contains(r.region, dynamic) {
		r.leave("RegionId="+r.region, Variable)
		r.region = ""
	}
	if m := cloudRegion.FindStringSubmatch(s.Host); m != nil && r.region == "" {
		r.region = m[1]
	}
	for _, p := range given {
		r.set(p.Name, p.Value)
	}
	return nil
}

// at finds the operation that is called at a path; by is its name where one
// was given.
func (r *reading) at(method, where, by string) error {
	where = strings.TrimRight(where, "/")
	for _, op := range r.table {
		own := strings.TrimRight(op.Path, "/")
		if own == where && (op.Product.Style != api.RPC && method == "POST" || op.Product.Style == api.RPC && op.Name == by) {
			r.op = op
			return nil
		}
	}
	if where == "" && by != "" {
		return &Error{Reason: NoForm, Detail: clip(by)}
	}
	if where == "" {
		where = "/"
	}
	return &Error{Reason: NoForm, Detail: clip(method + " " + where)}
}

func clip(s string) string {
	s = strings.ToValidUTF8(strings.ReplaceAll(s, dynamic, ""), "\uFFFD")
	if runes := []rune(s); len(runes) > maxPart {
		return string(runes[:maxPart]) + "…"
	}
	return s
}

// pairs reads a query or the body of a form. What cannot be decoded is taken as
// it stands.
func pairs(s string) []Param {
	var out []Param
	for part := range strings.SplitSeq(s, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		out = append(out, Param{unescaped(name), unescaped(value)})
	}
	return out
}

func unescaped(s string) string {
	if plain, err := url.QueryUnescape(s); err == nil {
		return plain
	}
	return s
}

// A member is a value of JSON with the way to it: flavor.cu,
// availability_zones.1.
type member = Param

// members are all values of an object that are not null. Text after it, or
// another value than an object, is an Error.
func members(text string) ([]member, error) {
	if !strings.Contains(text, `"`) {
		text = straight.Replace(text)
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var out []member
	err := walk(d, "", &out, 0)
	if err == nil {
		if _, more := d.Token(); more != io.EOF {
			err = errors.New("text after the object")
		}
	}
	var known *Error
	if errors.As(err, &known) {
		return nil, err
	}
	if err != nil {
		line := 1 + bytes.Count([]byte(text)[:min(int(d.InputOffset()), len(text))], []byte("\n"))
		return nil, &Error{Reason: BadJSON, Line: line}
	}
	return out, nil
}

// maxWay bounds the names of a value's way together, maxDepth how deep values
// stand in each other.
const maxWay, maxDepth = 500, 20

// walk reads one value of JSON and what is in it.
func walk(d *json.Decoder, way string, out *[]member, depth int) error {
	t, err := d.Token()
	if err != nil {
		return err
	}
	if depth > maxDepth || len(*out) > maxPlaces || len(way) > maxWay {
		return &Error{Reason: TooLong}
	}
	switch v := t.(type) {
	case json.Delim:
		for i := 1; d.More(); i++ {
			name := strconv.Itoa(i)
			if v == '{' {
				key, err := d.Token()
				if err != nil {
					return err
				}
				name, _ = key.(string)
			}
			if way != "" {
				name = way + "." + name
			}
			if err := walk(d, name, out, depth+1); err != nil {
				return err
			}
		}
		_, err = d.Token()
		return err
	case string:
		*out = append(*out, member{way, v})
	case json.Number:
		*out = append(*out, member{way, v.String()})
	case bool:
		*out = append(*out, member{way, strconv.FormatBool(v)})
	}
	return nil
}

// object reads JSON by itself: of the operation that it names, of that one
// whose parameters it has, or of the one at hand.
func (r *reading) object(text, at string) error {
	all, err := members(bash.mend(text)) // their quotes are the same
	if err != nil {
		return err
	}
	best := 0
	for _, op := range r.table {
		fits := 0
		for _, m := range all {
			if p := param(op, m.Name); p != nil && m.Name != "RegionId" {
				fits++
			}
			if m.Name == "Action" && m.Value == op.Name {
				fits = len(all) + 1
			}
		}
		if fits > best || fits == best && op.Name == at {
			r.op, best = op, fits
		}
	}
	if best == 0 && len(all) > 0 && r.op != nil && param(r.op, all[0].Name) == nil {
		r.op = nil // not one name that is known: it is of something else
	}
	if r.op == nil {
		return &Error{Reason: NoCode}
	}
	for _, m := range all {
		r.set(m.Name, m.Value)
	}
	return nil
}

// Error is why nothing could be read from a text.
type Error struct {
	Reason Reason
	// Detail is what the reason is about: the quote that is not closed, the
	// operation that has no form.
	Detail string
	// Line is where, counted from 1; 0 where that says nothing.
	Line int
}

// Reason is a sort of Error or of Part, as a word that the pages have a sentence
// for.
type Reason string

// Why nothing was read.
const (
	Empty    Reason = "empty"
	TooLong  Reason = "too-long"
	Unclosed Reason = "unclosed" // a quote or bracket
	BadJSON  Reason = "bad-json"
	NoCode   Reason = "no-code" // neither a command that is known nor JSON
	NoForm   Reason = "no-form" // a request, but of an operation that has no form
)

func (e *Error) Error() string {
	return strings.TrimSpace(fmt.Sprintf("read code: %s %s", e.Reason, e.Detail))
}
