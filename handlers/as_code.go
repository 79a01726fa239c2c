package handlers

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/gin-gonic/gin"

	"quartermaster/handlers/code"
	"quartermaster/models"
	"quartermaster/views"
	"quartermaster/views/ui"
	"quartermaster/web"
)

// coded are the fields of a form's panel of code: the language it is shown in,
// and a request to read.
type coded struct {
	Language string `form:"code"`
	Paste    string `form:"paste"`
}

// formRequest is the request to the API that does the same as a form with one
// line.
func formRequest(t code.Table, op string, in models.OrderInput) code.Request {
	values := models.FormValues(in.Lines[0])
	values.Set("cost_centre", in.CostCentre)
	values.Set("po_number", in.PONumber)
	values.Set("note", in.Note)
	return t.From(op, values)
}

// codePanel is a request as code, in the language that the form asks for, behind the
// upload of a file unless that is nil; without a language the panel is nearly empty.
func codePanel(ctx context.Context, form ui.Form, file *code.Object, r code.Request) views.CodeProps {
	p := views.CodeProps{Form: form, Operation: r.Operation, Uploads: file != nil}
	l := code.Language(form.Value("code"))
	if file != nil {
		p.Upload = file.Write(code.PutObject, l, web.SiteURL(ctx, ""))
		if l == code.OSSUtil { // which is for files alone
			l = code.CLI
		}
	}
	if l.Known() {
		p.Text = r.Write(l, web.SiteURL(ctx, ""))
		for _, left := range r.Left {
			p.Left = append(p.Left, left.Name)
		}
	}
	return p
}

// objectPanel is a request about the files of a bucket as code, as the query asks
// for it.
func objectPanel(c *gin.Context, b *models.Bucket) views.ObjectCodeProps {
	ctx := c.Request.Context()
	p := views.NewObjectCode(models.ActorFrom(ctx), b.ID, c.Query("key"), c.Query("prefix"))
	op, key := c.Query("object_operation"), p.Key+p.Prefix
	if !slices.Contains(p.Operations, op) {
		op = p.Operations[0]
	}
	if op == code.PutObject && p.Key == "" {
		key += "file.zip"
	}
	p.Code.Form.Values = url.Values{"object_code": {c.Query("object_code")}, "object_operation": {op}}
	p.Code.Operation = op
	p.Code.Text = code.Object{Region: b.Region, Bucket: b.Name, Key: key}.Write(op, code.Language(c.Query("object_code")), web.SiteURL(ctx, ""))
	return p
}

// A pasted is the result of pasting a request into a form. The zero value is
// for no request.
type pasted struct {
	request code.Request
	parts   []code.Part
	refused *code.Error // why nothing was read
	form    string      // the operation of the form
	path    string      // the form of the request's operation
}

// paste reads the request that was pasted into the form of an operation and
// fills it in as if it had been typed, so that later code reads it from c. A
// request of another operation leaves the form as it is.
func paste(c *gin.Context, t code.Table, op string) (pasted, error) {
	p := pasted{form: op}
	if !models.ActorFrom(c.Request.Context()).May(models.Request) {
		return p, models.Refuse(models.Request)
	}
	var in coded
	form, err := web.Decode(c, &in)
	if err != nil && !form.Reject(err) {
		return p, err
	}
	p.request, p.parts, err = t.Parse(form.Value("paste"), op)
	if err != nil && !errors.As(err, &p.refused) {
		return p, err
	}
	if p.refused == nil {
		p.path = ui.Look(c.Request.Context(), p.request.Makes()).Path + "/new"
	}
	if p.filled() {
		sent := maps.Clone(c.Request.PostForm)
		for _, field := range t.Fields(op) {
			if values := p.request.Form()[field]; len(values) > 0 || field != "region" {
				sent[field] = values
			}
		}
		sent.Del("source_from") // the address of a version says where it is
		c.Request.PostForm = sent
	}
	return p, nil
}

// filled tells whether the form was filled in.
func (p pasted) filled() bool {
	return p.form != "" && p.refused == nil && p.request.Operation == p.form
}

// status is the status of the page that shows the result.
func (p pasted) status() int {
	if p.form != "" && !p.filled() {
		return http.StatusUnprocessableEntity
	}
	return http.StatusOK
}

// maxQuery bounds the length of a link that fills in a form: servers on the way
// refuse longer ones.
const maxQuery = 16 << 10

// words are what the page says about it. form is the form as it is shown:
// values that are not on offer are named too.
func (p pasted) words(form ui.Form) *views.Pasted {
	switch {
	case p.form == "":
		return nil
	case p.refused != nil:
		return &views.Pasted{Reason: string(p.refused.Reason), Detail: p.refused.Detail, Line: p.refused.Line}
	}
	said := &views.Pasted{Operation: p.request.Operation}
	if !p.filled() {
		said.Other = p.path
		if query := p.request.Form().Encode(); len(query) <= maxQuery {
			said.Other += "?" + query
		}
	}
	for _, part := range p.parts {
		said.Parts = append(said.Parts, views.PastedPart{Text: part.Text, Reason: string(part.Reason)})
	}
	if p.filled() {
		for _, name := range p.request.Refused(form.Values) {
			said.Parts = append(said.Parts, views.PastedPart{Text: name, Reason: "not-offered"})
		}
	}
	return said
}

// Code is the request that would ask for a line of an order, as code: the line
// that made a thing, that of a position, or the first.
func (h Orders) Code(c *gin.Context) error {
	n, err := orderNumber(c)
	if err != nil {
		return err
	}
	ctx := c.Request.Context()
	sheet, err := h.DB.FindOrderSheet(ctx, models.ActorFrom(ctx), n)
	if err != nil {
		return err
	}
	p := views.OrderCodeProps{Number: n, Of: c.Query("of")}
	line, err := codedLine(sheet.Order, p.Of)
	if err != nil {
		return err
	}
	if p.Of == "" || p.Of == strconv.Itoa(line.Position) {
		p.Lines = views.OrderLineOptions(ctx, sheet)
	}
	values, err := h.DB.FormOf(ctx, models.ActorFrom(ctx), sheet.Order, line)
	if err != nil {
		return err
	}
	p.Code = codePanel(ctx, ui.Form{Values: url.Values{"code": {c.Query("code")}, "of": {p.Of}}}, nil, h.API.From(h.API.Making(line.Kind), values).In(line.Region))
	return web.Render(c, http.StatusOK, views.OrderCodePage(p))
}

// codedLine is the line of a new order that made the thing of, or has the
// position of, or the first line when of is "".
func codedLine(order *models.Order, of string) (models.OrderLine, error) {
	i := slices.IndexFunc(order.Lines, func(l models.OrderLine) bool {
		return of == "" || of == l.ResourceID || of == strconv.Itoa(l.Position)
	})
	if i < 0 || order.Type != models.TypeNew {
		return models.OrderLine{}, models.ErrNotFound
	}
	return order.Lines[i], nil
}
