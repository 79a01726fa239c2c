package handlers

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"
	"github.com/gin-gonic/gin"

	"quartermaster/handlers/code"
	"quartermaster/models"
	"quartermaster/views"
	"quartermaster/views/ui"
	"quartermaster/web"
)

// OrderForm serves a form that places an order: new, previewed, filled in from
// a pasted request, placed, or refused and shown again.
type OrderForm struct {
	DB *models.DB
	// Kind is that of what is ordered.
	Kind models.Kind
	// New is where the form is shown, Path where it is sent.
	New, Path string
	// Upload is the most bytes of the file that it is about, 0 for a form without one.
	Upload int64
	// API has the operation that does the same as the form; Operation is ""
	// when there is none.
	API       code.Table
	Operation string
	// Said is the sentence about what was placed; its page is below Made, or that of the
	// order where several things are.
	Said, Made string
	// Begin begins the form of one request. An Invalid beside it lists what
	// could not be read.
	Begin func(c *gin.Context) (OrderFields, error)
	// Draft is which form of the kind it is; the default is that of a new thing.
	Draft models.DraftForm
}

// OrderFields is what one form gives to OrderForm.
type OrderFields interface {
	// Into are pointers to the structs that its fields are read into.
	Into() []any
	// Line is the input that the fields make.
	Line(ctx context.Context) models.LineInput
	// Choose finds what there is to choose from. In a preview it may change
	// values that are not on offer.
	Choose(ctx context.Context, a *Asked) error
	// Draw is the page with the form.
	Draw(p views.OrderFormProps) templ.Component
}

// A liner is an OrderFields that orders several things. Lines may be asked for twice.
type liner interface {
	Lines(ctx context.Context) ([]models.LineInput, error)
}

// A coder is an OrderFields whose request as code says more than its line, or comes
// behind the upload of a file, which is nil where there is none.
type coder interface {
	Code(r code.Request) (*code.Object, code.Request)
}

// A stager is an OrderFields with a file of its own.
type stager interface {
	FileField() string
	Stage(ctx context.Context, in *web.Incoming) error
}

// A settler is an OrderFields with something, such as a file, that belongs to
// the order once it is placed, and is dropped otherwise.
type settler interface {
	Settle(ctx context.Context)
}

// A namer is an OrderFields whose thing has a name: its field, and its place in the
// input.
type namer interface {
	Name() (field string, name *string)
}

// Asked is one request of a form that places an order.
type Asked struct {
	DB    *models.DB
	By    models.Actor
	Form  ui.Form
	Order models.OrderInput
	// Preview tells that the form was not sent, Fresh that nothing was typed
	// yet.
	Preview, Fresh bool

	fields OrderFields
	kept   []string // ids of the files that came with this request
	said   pasted
	draft  drafted
}

// route is where the form is shown and sent.
func (h OrderForm) route(r gin.IRoutes) {
	r.GET(h.New, web.Page(h.Preview))
	r.POST(h.Path+"/preview", web.Page(h.Preview))
	if h.Operation != "" {
		r.POST(h.Path+"/paste", web.Page(h.Paste))
	}
	r.POST(h.Path, web.Upload(h.Upload+attachRoom+web.FormRoom), web.Page(h.Create))
}

// mayOrder refuses an actor who may order no thing of a kind.
func mayOrder(by models.Actor, kind models.Kind) error {
	switch {
	case !by.May(models.Request):
		return models.Refuse(models.Request)
	case !by.MayOrder(kind, "", ""):
		return models.ErrForbidden
	}
	return nil
}

// attachRoom is how many bytes the files attached to an order may have together, and
// formParts how many parts a form of an order may have, its files included.
const (
	attachRoom = models.MaxAttachments * models.MaxAttachment
	formParts  = 100
)

// attachField is the field of the files attached to an order.
const attachField = "attachments"

// receive reads the files of the form. Those that are to be attached are kept at once,
// so that they are there when the form is refused; what is wrong with them is refused
// together with the order.
func (h OrderForm) receive(c *gin.Context, a *Asked) error {
	ctx := c.Request.Context()
	own, has := a.fields.(stager)
	fields := []string{attachField}
	if has {
		fields = append(fields, own.FileField())
	}
	var wrong []error
	err := web.Receive(c, formParts, func(in *web.Incoming) error {
		if in.Field != attachField {
			return own.Stage(ctx, in)
		}
		kept, err := h.DB.AttachUnplaced(ctx, a.By, models.SentFile{Name: in.Name, ContentType: in.Type, Content: in})
		if err == nil {
			a.kept = append(a.kept, kept.ID)
		} else if errors.As(err, new(models.Invalid)) {
			wrong = append(wrong, err)
			err = nil
		}
		return err
	}, fields...)
	return models.Invalid(nil).With(append(wrong, err)...)
}

// Preview shows the form with the order as it stands. What the address or the
// form says is filled in, what depends on it is offered anew, and what is wrong
// is said beside each field that was filled in or left.
func (h OrderForm) Preview(c *gin.Context) error { return h.preview(c, pasted{}) }

// Paste fills in the form from a request that was pasted.
func (h OrderForm) Paste(c *gin.Context) error {
	said, err := paste(c, h.API, h.Operation)
	if err != nil {
		return err
	}
	return h.preview(c, said)
}

func (h OrderForm) preview(c *gin.Context, said pasted) error {
	return h.read(c, func(ctx context.Context, a *Asked) error {
		if answered, err := once(c, h.DB.NewToken, h.sent(ctx, a.By)); answered {
			return err
		}
		if err := a.draft.keep(c, &a.Form); err != nil {
			return err
		}
		if answered, err := a.draft.kept(c, a.Form); answered {
			return err
		}
		again := wasRefused(c)
		a.said, a.Preview, a.Fresh = said, !again, !again && c.Request.Method == http.MethodGet && a.draft.found == nil
		if err := a.fields.Choose(ctx, a); err != nil {
			return err
		}
		if a.Preview {
			a.Order.Shown = "" // it is shown the price of now
		}
		quote, err := h.quote(ctx, c, a)
		if err != nil && quote.Refused == nil {
			return err
		}
		if again && len(quote.Refused) > 0 {
			a.Form.Reject(quote.Refused)
			return h.render(c, http.StatusUnprocessableEntity, a, quote)
		}
		a.Form.Warn(quote.Refused, web.Sent(c))
		return h.render(c, said.status(), a, quote)
	})
}

// quote is the order as it stands. A form that is opened for another thing like one
// that there is has the next name that is free.
func (h OrderForm) quote(ctx context.Context, c *gin.Context, a *Asked) (models.Quote, error) {
	quote, err := h.DB.PreviewOrder(ctx, a.By, a.Order)
	named, has := a.fields.(namer)
	if !has || !a.Fresh || c.Query("again") == "" {
		return quote, err
	}
	field, name := named.Name()
	for n, like := 2, *name; n < mostNamesakes && taken(quote.Refused, field); n++ {
		*name = models.Namesake(like, n)
		a.Form.Values.Set(field, *name)
		a.Order.Lines = []models.LineInput{a.fields.Line(ctx)}
		quote, err = h.DB.PreviewOrder(ctx, a.By, a.Order)
	}
	return quote, err
}

// mostNamesakes is how many names are tried for another thing like one that there is.
const mostNamesakes = 30

// taken tells whether a name is refused because another thing has it.
func taken(refused models.Invalid, field string) bool {
	return slices.ContainsFunc(refused, func(e models.FieldError) bool { return e.Field == field && e.Rule == "taken" })
}

// sent finds the order that the form of a token placed.
func (h OrderForm) sent(ctx context.Context, by models.Actor) func(token string) (*views.FormSentProps, error) {
	return func(token string) (*views.FormSentProps, error) {
		order, err := h.DB.FindOrderOf(ctx, by, token)
		if order == nil || err != nil {
			return nil, err
		}
		return views.OrderSent(ctx, order.Number), nil
	}
}

// Create places the order, or shows the form again with all that is wrong with
// it.
func (h OrderForm) Create(c *gin.Context) error {
	return h.read(c, func(ctx context.Context, a *Asked) error {
		quote, err := h.DB.PlaceOrder(ctx, a.By, a.Order)
		if err == nil && a.Order.Replaces != 0 {
			n := strconv.FormatInt(quote.Order.Number, 10)
			web.Flash(c, "order.edited", "Number", n)
			return web.SeeOther(c, "/orders/"+n)
		}
		if err == nil {
			return h.placed(c, quote.Order)
		}
		if !a.Form.Reject(err) {
			return err
		}
		if err := a.draft.keep(c, &a.Form); err != nil {
			return err
		}
		if models.Unallowed(err) {
			if err := h.DB.RecordRefused(ctx, a.By, "POST "+c.FullPath(), 0); err != nil {
				web.Note(ctx, slog.String("record", err.Error())) // the form is worth more
			}
		}
		if e := a.Form.Error(""); e != nil && e.Rule == "repeated" {
			a.draft.another(&a.Form, a.Order.Token, views.OrderPath(e.Param))
		}
		return refused(c, a.Form, h.address(c), func() error {
			if err := a.fields.Choose(ctx, a); err != nil {
				return err
			}
			return h.render(c, http.StatusUnprocessableEntity, a, quote)
		})
	})
}

// address is where the form of a request is shown.
func (h OrderForm) address(c *gin.Context) string {
	at := h.New
	for _, p := range c.Params {
		at = strings.Replace(at, ":"+p.Key, p.Value, 1)
	}
	return at
}

// read reads the form, once, and passes it on. Values that could not be read
// are refused together with the order.
func (h OrderForm) read(c *gin.Context, then func(context.Context, *Asked) error) error {
	ctx := c.Request.Context()
	a := &Asked{DB: h.DB, By: models.ActorFrom(ctx), draft: drafted{db: h.DB, kind: h.Kind, form: cmp.Or(h.Draft, models.DraftNew), path: h.address(c)}}
	if err := mayOrder(a.By, h.Kind); err != nil {
		return err // before a file is read
	}
	if err := a.draft.fill(c); err != nil {
		return err
	}
	var begun, err error
	if a.fields, begun = h.Begin(c); a.fields == nil {
		return begun
	}
	if f, ok := a.fields.(settler); ok {
		defer f.Settle(ctx)
	}
	begun = models.Invalid(nil).With(begun, h.receive(c, a))
	a.Form, err = web.Decode(c, append(a.fields.Into(), &a.Order, &coded{})...)
	err = models.Invalid(nil).With(begun, err)
	if err != nil && !errors.As(err, &a.Order.Unread) {
		return err
	}
	slices.Sort(a.Order.Attached)
	a.Order.Attached = append(slices.Compact(a.Order.Attached), a.kept...)
	a.Form.Values["attached"] = a.Order.Attached
	// The fields of the code panel and of pasting do not belong to the order.
	a.Order.Unread = slices.DeleteFunc(a.Order.Unread, func(e models.FieldError) bool { return e.Field == "code" || e.Field == "paste" })
	a.Order.Token = a.Form.Token
	if f, several := a.fields.(liner); several {
		a.Order.Lines, err = f.Lines(ctx)
	} else {
		a.Order.Lines, err = []models.LineInput{a.fields.Line(ctx)}, nil
	}
	if err != nil {
		return err
	}
	return then(ctx, a)
}

// page is the page with the form.
func (h OrderForm) page(ctx context.Context, a *Asked, q models.Quote) (templ.Component, error) {
	files, err := h.DB.ListUnplaced(ctx, a.By, a.Order.Attached)
	if err != nil {
		return nil, err
	}
	p := views.OrderFormProps{Form: a.Form, Quote: q, Attached: files}
	if h.Operation != "" {
		r := formRequest(h.API, h.Operation, a.Order)
		var file *code.Object
		if f, ok := a.fields.(coder); ok {
			file, r = f.Code(r)
		}
		p.Code = codePanel(ctx, a.Form, file, r)
		p.Code.Pasted = a.said.words(a.Form)
	}
	return a.fields.Draw(p), nil
}

// render answers with the page with the form.
func (h OrderForm) render(c *gin.Context, status int, a *Asked, q models.Quote) error {
	page, err := h.page(c.Request.Context(), a, q)
	if err != nil {
		return err
	}
	return web.Render(c, status, page)
}

// placed redirects to what an order made, with a message that says what to do next and
// leads to the order. For an order that
// waits, or has made nothing, it redirects to the order.
func (h OrderForm) placed(c *gin.Context, order *models.Order) error {
	made := order.Lines[len(order.Lines)-1]
	number := strconv.FormatInt(order.Number, 10)
	if order.State == models.OrderPending || made.ResourceID == "" || h.Made == "" {
		if order.State == models.OrderPending {
			web.Flash(c, "order.held", "Number", number)
		} else if h.Made == "" {
			web.Flash(c, h.Said, "Number", number)
		}
		return web.SeeOther(c, "/orders/"+number)
	}
	web.FlashTo(c, views.OrderPath(number), "form.sent.see-order", h.Said, "Name", made.ResourceName, "Number", number)
	return web.SeeOther(c, h.Made+made.ResourceID)
}
