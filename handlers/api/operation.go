package api

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"quartermaster/models"
	"quartermaster/web/sign"
)

// Operation describes one operation of the vendors' APIs. Whatever the program
// knows of it comes from here: its route, what a key may be limited to, its
// page, its part of the OpenAPI document, and the code that a form is written
// as and filled in from. Only the schema and the sample of its reply stand in
// schemas.json.
//
// The operations of OSS share their paths, which no router matches: its dialect
// tells them apart by method, path and Asks, and their bodies are not read before
// the signature was checked.
type Operation struct {
	// Name is that of the documents. No two operations have the same, whatever
	// their product.
	Name    string
	Product Product
	Method  string
	Path    string
	// Asks are the parameters by which a request to OSS asks for it among those of
	// its path, joined by "&"; one with "=" is asked for by that value. Copies says
	// that it takes a source, and Streams that its body is bytes of any number.
	Asks    string
	Copies  bool
	Streams bool
	// Writes says that it orders, changes or deletes something.
	Writes bool
	// Makes is the kind of the one thing that it makes. One that has it is
	// written as code beside that kind's form, and read back.
	Makes models.Kind
	// Input is what it tells models: the parameters that are its fields have
	// the rules of those.
	Input  any
	Params []Param
	// Errors are the refusals of its own, beside those of its product and of its
	// parameters.
	Errors []*Error
	// Note is what the OpenAPI document says of it beyond the sentence of its
	// page.
	Note string
	// Run does what it promises.
	Run func(a *Server, ctx context.Context, c *Call) (any, error)
}

// Param is one parameter of an operation.
type Param struct {
	// Name is that of the documents, with a dot where it is in an object:
	// flavor.cu.
	Name string
	// Field is the field of the input, and of the form, that it is.
	Field    string
	Type     Type
	Required bool
	// Rules are `validate` tags, in addition to those of the field.
	Rules   string
	Default any
	// Query says that it stands in the query where the others are in the body.
	Query bool
	// Header says that it is a header.
	Header bool
	// Words is the key of its sentence behind "api.param."; its name when empty.
	Words string
	// Errors are refusals that are about it alone.
	Errors []*Error
}

// Type is the type of a parameter, by its name in a schema.
type Type string

// The types.
const (
	Text   Type = "" // "string"
	Number Type = "integer"
	Truth  Type = "boolean"
	List   Type = "array"
	Object Type = "object"
)

// Style is how the requests of a product are made.
type Style int

// The styles.
const (
	ROA     Style = iota // method and path choose; a form or JSON
	RPC                  // the parameter Action chooses; a query or a form
	JSON                 // the path chooses; JSON by POST
	Objects              // method, path and a parameter choose; XML and bytes
)

// Product is what all operations of one of the vendors' APIs have in common.
type Product struct {
	ID models.APIProduct
	// Name, Version and CLI are what its clients call it.
	Name, Version, CLI string
	Style              Style
	Schemes            []sign.Scheme
	// Params are parameters of every operation, Shared those that say no more
	// than how to call it.
	Params, Shared []Param
	// Before are the refusals before any operation, Always those that each may
	// have, and Missing that of a parameter that is required.
	Before, Always []*Error
	Missing        *Error
	// Header is the header with the id of a request.
	Header string
	// Faults says what an error of 500 means.
	Faults string
	Note   string

	dialect func(*Server) dialect
	// refused is the body of a refusal.
	refused func(e *Error, host, requestID string) any
}

// Table is operations, in the order in which they are shown.
type Table []Operation

// NewTable is a table of operations, each with the parameters of its product,
// and each parameter with the rules of its field.
func NewTable(all ...Operation) Table {
	t := slices.Clone(all)
	for i := range t {
		o := &t[i]
		o.Params = slices.Concat(o.Product.Params, o.Params)
		var fields []models.Field
		if o.Input != nil {
			fields = models.Fields(o.Input)
		}
		for j := range o.Params {
			p := &o.Params[j]
			at := slices.IndexFunc(fields, func(f models.Field) bool { return f.Name == p.Field })
			switch {
			case at < 0:
				p.Field = ""
			case j >= len(o.Product.Params): // those have a default
				p.Rules = strings.Trim(fields[at].Rules+","+p.Rules, ",")
			}
			p.Query = p.Query || o.Product.Style == RPC || o.Product.Style == Objects || o.Method == "GET" || o.Method == "DELETE"
			p.Required = p.Required || strings.HasPrefix(p.Rules, "required")
		}
	}
	return t
}

// obeys tells whether a text is what a parameter may be.
func (p Param) obeys(text string) bool {
	layout, isTime := strings.CutPrefix(p.Rules, "datetime=")
	switch {
	case isTime:
		t, err := time.Parse(layout, text)
		return err == nil && t.Format(layout) == text
	case p.Type == Number:
		n, err := strconv.ParseInt(text, 10, 64)
		return err == nil && text[0] != '+' && models.Obeys(n, p.Rules)
	}
	return models.Obeys(text, p.Rules)
}

// obeyed tells whether the parameters in the query are what they may be. What is
// a field of an input, or has refusals of its own, is looked at later.
func (o *Operation) obeyed(given Params) bool {
	return !slices.ContainsFunc(o.Params, func(p Param) bool {
		return p.Query && p.Rules != "" && p.Field == "" && p.Errors == nil && given[p.Name] != "" && !p.obeys(given[p.Name])
	})
}

// inBody tells whether the operation has a parameter in its body. The token of
// every create stands there only beside others.
func (o *Operation) inBody(name string) bool {
	has := func(p Param) bool { return !p.Query && p.Name == name }
	more := func(p Param) bool { return !p.Query && p.Name != tokenParam.Name }
	return slices.ContainsFunc(o.Params, has) && slices.ContainsFunc(o.Params, more)
}

// find is an operation by its name, of one product where one is given; nil when
// there is none.
func (t Table) find(name string, of models.APIProduct) *Operation {
	i := slices.IndexFunc(t, func(o Operation) bool { return o.Name == name && (of == "" || o.Product.ID == of) })
	if i < 0 {
		return nil
	}
	return &t[i]
}

// Limits are the operations as models know them: what a key may be limited to.
func (t Table) Limits() []models.Operation {
	out := make([]models.Operation, len(t))
	for i, o := range t {
		out[i] = models.Operation{Name: o.Name, Product: o.Product.ID, Writes: o.Writes}
	}
	return out
}

// Documented are all operations that are served, in the order of the documents.
func Documented() Table {
	return NewTable(
		createStorage(), describeStorage(),
		createPkgVersion(), describePkgVersions(), deletePkgVersion(),
		createApplication(), describeApplications(), updateApplication(), deleteApplication(),
		describeCategories(),

		createResourcePackage(), describeResourcePackageProduct(), getResourcePackagePrice(),
		queryResourcePackageInstances(), renewResourcePackage(), upgradeResourcePackage(),
		queryProductList(), queryOrders(), getOrderDetail(), queryDPUtilizationDetail(),

		createStore(), listStores(), describeStore(), deleteStore(), scaleStore(),
		describeJob(), listJobs(),

		listBuckets(), putBucket(), getBucketInfo(), getBucketLocation(), getBucketACL(), putBucketACL(), deleteBucket(), getBucketStat(),
		listObjects(), listObjectsV2(), putObject(), copyObject(), getObject(), headObject(), getObjectMeta(), deleteObject(), deleteMultipleObjects(),
		getObjectACL(), putObjectACL(),
		initiateMultipartUpload(), uploadPart(), uploadPartCopy(), completeMultipartUpload(), abortMultipartUpload(), listMultipartUploads(), listParts(),
	)
}

// Left are the fields of the input's form that no parameter is, with those that
// every order has.
func (o Operation) Left() []string {
	fields := models.Fields(o.Input)
	if _, ordered := o.Input.(models.LineInput); ordered {
		fields = append(fields, models.Fields(&models.OrderInput{})...)
	}
	var out []string
	for _, f := range fields {
		if !slices.ContainsFunc(o.Params, func(p Param) bool { return p.Field == f.Name }) {
			out = append(out, f.Name)
		}
	}
	return out
}
