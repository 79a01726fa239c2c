package api_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"quartermaster/handlers/api"
	"quartermaster/models"
	"quartermaster/web/sign"
)

// load is the description as a program reads it.
var load = sync.OnceValues(func() (*openapi3.T, error) { return openapi3.NewLoader().LoadFromData(api.Documented().OpenAPI()) })

func TestDescriptionIsValidOpenAPI(t *testing.T) {
	t.Parallel()
	doc, err := load()
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(t.Context()); err != nil {
		t.Error(err)
	}
}

// An operation as the OpenAPI document describes it, with its errors by their names.
type operation struct {
	*openapi3.Operation
	method, path string
	// own are the errors of the operation itself, common those of all of its
	// product's.
	own, common map[string]problem
	// shared are the parameters of everything at its path.
	shared openapi3.Parameters
}

// problem is an error as it is described.
type problem struct {
	status        int
	code, message string
	ec            string // of OSS
}

// described are all operations by name.
func described(doc *openapi3.T) map[string]operation {
	all := map[string]operation{}
	for path, item := range doc.Paths.Map() {
		for method, o := range item.Operations() {
			op := operation{Operation: o, method: method, path: path, shared: item.Parameters, own: map[string]problem{}}
			for status, r := range o.Responses.Map() {
				switch {
				case status == "default":
					op.common = problems(r.Value)
				case status >= "400":
					maps.Copy(op.own, problems(r.Value))
				}
			}
			all[o.OperationID] = op
		}
	}
	return all
}

// problems are the errors that a response gives as examples.
func problems(r *openapi3.Response) map[string]problem {
	out := map[string]problem{}
	media := r.Content["application/json"]
	if media == nil {
		media = r.Content["application/xml"]
	}
	for name, e := range media.Examples {
		var p problem
		if text, ok := e.Value.Value.(string); ok {
			p = xmlProblem([]byte(text))
		}
		if status, ok := e.Value.Extensions["x-status"].(float64); ok {
			p.status = int(status)
		}
		value, _ := e.Value.Value.(map[string]any)
		for to, keys := range map[*string][3]string{
			&p.code: {"Code", "code", "error_code"}, &p.message: {"Message", "message", "error_msg"},
		} {
			for _, key := range keys {
				if text, ok := value[key].(string); ok {
					*to = text
				}
			}
		}
		out[name] = p
	}
	return out
}

// xmlProblem is the error that XML tells of.
func xmlProblem(text []byte) (p problem) {
	var body struct {
		Code, Message string
		EC            string
		ErrorCode     string `xml:"error_code"`
		ErrorMsg      string `xml:"error_msg"`
	}
	_ = xml.Unmarshal(text, &body)
	return problem{code: body.Code + body.ErrorCode, message: body.Message + body.ErrorMsg, ec: body.EC}
}

func codes(problems map[string]problem) []string { return slices.Sorted(maps.Keys(problems)) }

// commonFields are the parameters that all operations of the path have.
func (o operation) commonFields() []string {
	var names []string
	for _, p := range o.shared {
		names = append(names, p.Value.Name)
	}
	return names
}

// fields are the operation's parameters: those of the query, then those of the
// body; what is in an object of the body is named with dots.
func (o operation) fields() []string {
	var names []string
	for _, p := range o.Parameters {
		if schema := p.Value.Schema.Value; schema.Const == nil { // a constant only routes
			names = append(names, p.Value.Name)
		}
	}
	if o.RequestBody != nil {
		if body := o.RequestBody.Value.Content["application/json"]; body != nil {
			names = append(names, leaves("", body.Schema.Value)...)
		}
	}
	return names
}

func leaves(prefix string, s *openapi3.Schema) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		if inner := s.Properties[name].Value; len(inner.Properties) > 0 {
			names = append(names, leaves(prefix+name+".", inner)...)
		} else {
			names = append(names, prefix+name)
		}
	}
	return names
}

// recorded is h, each of whose answers is held against the description: an answer
// that is not described fails the test.
func recorded(t testing.TB, h http.Handler) http.Handler {
	t.Helper()
	doc, err := load()
	if err != nil {
		t.Fatal(err)
	}
	operations := described(doc)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := exchange{operations: operations, request: r, url: *r.URL, header: http.Header{}}
		asked := r.Body
		r.Body = struct {
			io.Reader
			io.Closer
		}{io.TeeReader(asked, &x.asked), asked}
		h.ServeHTTP(&copied{w, &x}, r)
		if err := x.check(); err != nil {
			t.Errorf("%s %s answered %d %s: %v", r.Method, x.url.RequestURI(), x.status, x.answer.Bytes(), err)
		}
	})
}

// exchange is a request and its answer.
type exchange struct {
	operations map[string]operation
	request    *http.Request
	url        url.URL
	asked      bytes.Buffer
	status     int
	header     http.Header
	answer     bytes.Buffer
}

// copied keeps what is answered.
type copied struct {
	http.ResponseWriter
	x *exchange
}

func (c *copied) WriteHeader(status int) {
	c.x.status, c.x.header = status, c.Header().Clone()
	c.ResponseWriter.WriteHeader(status)
}

func (c *copied) Write(b []byte) (int, error) {
	if c.x.status == 0 {
		c.WriteHeader(http.StatusOK)
	}
	c.x.answer.Write(b)
	return c.ResponseWriter.Write(b)
}

// product is whose face a path is, "" when it is the console's.
func (x *exchange) product() models.APIProduct {
	below := func(prefix string) bool { return x.url.Path == prefix || strings.HasPrefix(x.url.Path, prefix+"/") }
	switch {
	case sign.OSSSigned(x.request.Header, x.url.RawQuery):
		return models.ProductOSS
	case below("/pop"):
		return models.ProductWebPlus
	case below("/v1"):
		return models.ProductStores
	case x.url.Path == "/" && x.action() != "":
		return models.ProductBSS
	}
	return ""
}

// action is what an RPC request asks for.
func (x *exchange) action() string {
	if a := x.request.Header.Get("X-Acs-Action"); a != "" {
		return a
	}
	return x.params().Get("Action")
}

// params are the parameters of the query, a form and a JSON object, the names of
// inner ones with dots.
func (x *exchange) params() url.Values {
	values := x.url.Query()
	kind, _, _ := mime.ParseMediaType(x.request.Header.Get("Content-Type"))
	if kind == "application/x-www-form-urlencoded" {
		form, _ := url.ParseQuery(x.asked.String())
		maps.Copy(values, form)
	}
	var object map[string]any
	if json.Unmarshal(x.asked.Bytes(), &object) == nil {
		flatten(values, "", object)
	}
	return values
}

func flatten(to url.Values, prefix string, object map[string]any) {
	for name, v := range object {
		if inner, ok := v.(map[string]any); ok {
			flatten(to, prefix+name+".", inner)
		} else {
			to.Set(prefix+name, fmt.Sprint(v))
		}
	}
}

// operation is what was asked for, or nil.
func (x *exchange) operation() *operation {
	path, method := x.url.Path, x.request.Method
	if x.product() == models.ProductOSS {
		if o, ok := x.operations[x.ossOperation()]; ok {
			return &o
		}
		return nil
	}
	if path == "/" {
		path, method = "/#"+x.action(), http.MethodPost // GET says the same
	}
	for _, o := range x.operations {
		if o.path == path && o.method == method {
			return &o
		}
	}
	return nil
}

// check tells what is wrong with the answer, and notes what it was.
func (x *exchange) check() error {
	product := x.product()
	if product == "" {
		return nil
	}
	op, name := x.operation(), ""
	if op != nil {
		name = op.OperationID
		values := x.params()
		for _, field := range op.fields() {
			if values.Has(field) {
				sees(name, "field "+field)
			}
		}
		for _, field := range op.commonFields() {
			if values.Has(field) || x.request.Header.Get(field) != "" {
				sees(name, "field "+field)
				sees(string(product), "field "+field)
			}
		}
	} else {
		op = x.any(product)
	}
	if x.status >= http.StatusBadRequest {
		return x.checkError(product, name, op)
	}
	if name == "" {
		return errors.New("done, but there is no such operation")
	}
	done := op.Responses.Value(strconv.Itoa(x.status))
	if done == nil {
		return errors.New("done with a status that is not described")
	}
	sees(name, "ok")
	if product == models.ProductOSS {
		return x.checkXML(op, done.Value)
	}
	return x.checkBody(name+"Response", done.Value)
}

// any is some operation of a product: their common errors are the same.
func (x *exchange) any(product models.APIProduct) *operation {
	for _, o := range x.operations {
		if slices.Contains(o.Tags, string(product)) {
			return &o
		}
	}
	return nil
}

func (x *exchange) checkError(product models.APIProduct, name string, op *operation) error {
	if product == models.ProductOSS {
		return x.checkProblem(product, name, op)
	}
	response := op.Responses.Value("default")
	if own := op.Responses.Value(fmt.Sprint(x.status)); own != nil && name != "" {
		response = own
	}
	if err := x.checkBody("Error", response.Value); err != nil {
		if err = x.checkBody("Error", op.Responses.Value("default").Value); err != nil {
			return err
		}
	}
	return x.checkProblem(product, name, op)
}

func (x *exchange) checkProblem(product models.APIProduct, name string, op *operation) error {
	got := x.problem()
	for known, p := range op.common {
		if p.describes(got) {
			sees(name, "error "+known)
			sees(string(product), "error "+known)
			return nil
		}
	}
	for known, p := range op.own {
		if name != "" && p.describes(got) {
			sees(name, "error "+known)
			return nil
		}
	}
	return errors.New("the description does not have this error here")
}

// describes tells whether an answer is this problem: its message may go on.
func (p problem) describes(got problem) bool {
	return p.status == got.status && p.code == got.code && p.ec == got.ec && strings.HasPrefix(got.message, p.message)
}

// problem is the error that was answered.
func (x *exchange) problem() problem {
	text := x.answer.Bytes()
	if coded := x.header.Get("X-Oss-Err"); coded != "" {
		text, _ = base64.StdEncoding.DecodeString(coded)
	}
	if x.xml() || x.product() == models.ProductOSS {
		p := xmlProblem(text)
		p.status = x.status
		return p
	}
	var body struct {
		Code, Message string
		ErrorCode     string `json:"error_code"`
		ErrorMsg      string `json:"error_msg"`
	}
	_ = json.Unmarshal(text, &body) // "code" too: case does not matter
	return problem{status: x.status, code: body.Code + body.ErrorCode, message: body.Message + body.ErrorMsg}
}

func (x *exchange) xml() bool { return x.header.Get("Content-Type") == "text/xml;charset=utf-8" }

// checkBody holds the answer against the schema of its type; XML, for which
// there is no schema, is well formed and has the right root.
func (x *exchange) checkBody(root string, r *openapi3.Response) error {
	if x.xml() {
		var got struct{ XMLName xml.Name }
		if err := xml.Unmarshal(x.answer.Bytes(), &got); err != nil || got.XMLName.Local != root || r.Content["text/xml"] == nil {
			return fmt.Errorf("root element %q, want %s (%v)", got.XMLName.Local, root, err)
		}
		return nil
	}
	media := r.Content["application/json"]
	kind, _, err := mime.ParseMediaType(x.header.Get("Content-Type"))
	if err != nil || kind != "application/json" || media == nil {
		return fmt.Errorf("Content-Type %q is not described", x.header.Get("Content-Type"))
	}
	var body any
	if err := json.Unmarshal(x.answer.Bytes(), &body); err != nil {
		return err
	}
	return media.Schema.Value.VisitJSON(body, openapi3.EnableJSONSchema2020())
}
