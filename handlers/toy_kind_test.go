package handlers_test

import (
	"context"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/a-h/templ"
	"github.com/gin-gonic/gin"

	"quartermaster/handlers"
	"quartermaster/handlers/api"
	"quartermaster/handlers/code"
	"quartermaster/models"
	"quartermaster/models/modelstest"
	"quartermaster/models/pricing"
	"quartermaster/views"
	"quartermaster/views/layout"
	"quartermaster/views/ui"
	"quartermaster/web"
	"quartermaster/web/webtest"
)

// A toy is a kind that the program knows nothing of: all of it is in this file,
// its facts in one row and its looks in another.
const (
	kindToy  models.Kind    = "toy"
	carveToy models.JobKind = "CarveToy"
	toyTable                = `CREATE TABLE toys (id text PRIMARY KEY, team_id text NOT NULL, name text NOT NULL,
		region text NOT NULL, state text NOT NULL, order_number bigint NOT NULL)`
)

// toyRow are the facts of a toy that is made in the transaction of its order or,
// byJob, by a job, which fails the first time.
func toyRow(byJob bool) models.KindFacts {
	row := models.KindFacts{
		Kind: kindToy, Table: "toys",
		Inputs: map[string]func() models.LineInput{models.TypeNew: func() models.LineInput { return new(toyInput) }},
		Search: models.SearchFacts{At: "order_number", Text: []string{"name", "id"}, Name: "name", Detail: "region"},
	}
	if byJob {
		tries := 0
		row.ByJob = map[string]models.JobKind{models.TypeNew: carveToy}
		row.Jobs = map[models.JobKind]models.Work{carveToy: {
			Steps: []models.WorkStep{{Name: "carve", Do: func(context.Context, *models.DB, *models.Job) error {
				if tries++; tries == 1 {
					return &models.Failure{Code: "no_space"}
				}
				return nil
			}}},
			Completed: toyCarved("READY", models.OrderCompleted),
			Failed:    toyCarved("BROKEN", models.OrderFailed),
		}}
	}
	return row
}

var toyLook = ui.KindLook{Kind: kindToy, Icon: "boxes", Hue: "pink", Path: "/toys", Ordered: true}

func toyCarved(state string, line models.OrderState) func(context.Context, *models.DB, *models.Job) error {
	return func(ctx context.Context, tx *models.DB, job *models.Job) error {
		by, err := tx.ServerActor(ctx, job)
		if err != nil {
			return err
		}
		var order int64
		if err := tx.Scan(ctx, &order, "SELECT order_number FROM toys WHERE id = ?", job.SubjectID); err != nil {
			return err
		}
		if err := tx.Exec(ctx, "UPDATE toys SET state = ? WHERE id = ?", state, job.SubjectID); err != nil {
			return err
		}
		return tx.FinishLine(ctx, by, order, job.SubjectID, line)
	}
}

// toyInput is an order's line for a toy.
type toyInput struct {
	Name   string `form:"toy_name" validate:"required,min=3,max=63"`
	Region string `form:"region" validate:"required"`
}

func (in *toyInput) Check() error { return models.Check(in) }

func (in *toyInput) Line(context.Context, *models.DB, models.Actor) (models.OrderLine, error) {
	line := models.OrderLine{Kind: kindToy, Name: in.Name, Region: in.Region, Detail: "of wood"}
	line.Price(pricing.Free("CNY"))
	return line, nil
}

func (in *toyInput) Fulfil(ctx context.Context, tx *models.DB, by models.Actor, order *models.Order, line *models.OrderLine) error {
	line.ResourceID, line.ResourceName = "toy-"+tx.NewRequestID(), in.Name
	err := tx.Exec(ctx, "INSERT INTO toys (id, team_id, name, region, state, order_number) VALUES (?, ?, ?, ?, ?, ?)",
		line.ResourceID, by.TeamID, in.Name, in.Region, map[models.OrderState]string{models.OrderCompleted: "READY", models.OrderFulfilling: "CARVING"}[line.State], order.Number)
	if err != nil {
		return err
	}
	return tx.Record(ctx, by, models.Event{Action: "toy.created", Kind: kindToy, SubjectID: line.ResourceID, SubjectName: in.Name,
		Region: in.Region, OrderNumber: order.Number})
}

// toyOperations are those of the documents and the one that makes a toy.
func toyOperations() api.Table {
	return append(api.Documented(), api.NewTable(api.Operation{
		Name: "CreateToy", Product: api.LMS(), Method: "POST", Path: "/v1/toys/create", Writes: true, Makes: kindToy, Input: &toyInput{},
		Params: []api.Param{{Name: "toy_name", Field: "toy_name"}, {Name: "region", Field: "region"}},
		Run:    func(*api.Server, context.Context, *api.Call) (any, error) { return nil, models.ErrNotFound },
	})...)
}

// toys has the pages of toys.
type toys struct{ DB *models.DB }

func (h toys) Pages(member gin.IRoutes) {
	form := handlers.OrderForm{DB: h.DB, New: "/toys/new", Path: "/toys", Said: "order.retried", Made: "/toys/",
		API: code.NewTable(toyOperations()), Operation: "CreateToy",
		Begin: func(*gin.Context) (handlers.OrderFields, error) { return new(toyFields), nil }}
	member.GET("/toys", web.Page(h.List))
	member.GET(form.New, web.Page(form.Preview))
	member.POST(form.Path, web.Page(form.Create))
	member.POST(form.Path+"/paste", web.Page(form.Paste))
}

// toyFields is what the form for a toy gives.
type toyFields struct{ in toyInput }

func (f *toyFields) Into() []any                                   { return []any{&f.in} }
func (f *toyFields) Line(context.Context) models.LineInput         { return &f.in }
func (f *toyFields) Choose(context.Context, *handlers.Asked) error { return nil }

func (f *toyFields) Draw(p views.OrderFormProps) templ.Component {
	form := views.OrderForm(p, views.OrderFormLook{ID: "toy-form", Path: "/toys", Back: "/toys", Place: "Make it"})
	field := ui.Field(p.Form, ui.FieldProps{Name: "toy_name"})
	return toyPage(true, templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		return form.Render(templ.WithChildren(ctx, field), w)
	}))
}

func (h toys) List(c *gin.Context) error {
	ctx := c.Request.Context()
	var found []struct{ ID, Name, State string }
	if err := h.DB.Scan(ctx, &found, "SELECT id, name, state FROM toys WHERE team_id = ? ORDER BY name", models.ActorFrom(ctx).TeamID); err != nil {
		return err
	}
	var text strings.Builder
	for _, toy := range found {
		fmt.Fprintf(&text, `<p><a href="/toys/%s">%s</a> %s</p>`, toy.ID, html.EscapeString(toy.Name), toy.State)
	}
	// The ids and states are the toy's own; what was typed is escaped above.
	return web.Render(c, http.StatusOK, toyPage(false, templ.Raw(text.String())))
}

func toyPage(below bool, body templ.Component) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		p := layout.PageProps{Title: ui.Look(ctx, kindToy).Many(ctx), Kind: kindToy}
		if below {
			p.Crumbs = ui.Crumbs(ctx, kindToy)
		}
		return layout.Page(p).Render(templ.WithChildren(ctx, body), w)
	})
}

// openToys is a site that keeps toys besides.
func openToys(t *testing.T, byJob bool) *webtest.Site {
	t.Helper()
	o := modelstest.Choose(t, models.Options{Kinds: append(models.Kinds(), toyRow(byJob))})
	modelstest.Exec(t, o, toyTable)
	db := modelstest.OpenWith(t, o)
	h, err := handlers.Routes(handlers.Config{Site: web.Site{DB: db, Kinds: append(views.Kinds(), toyLook)}, Operations: toyOperations(), Pages: toys{db}.Pages})
	if err != nil {
		t.Fatalf("routes: %v", err)
	}
	return webtest.New(t, db, h)
}

// has looks for something on a page.
type has struct{ path, selector, text string }

func (h has) check(t *testing.T, c *webtest.Client) {
	t.Helper()
	p := c.Get(t, h.path)
	found := p.Find(h.selector)
	if p.Status != http.StatusOK || !strings.Contains(strings.Join(strings.Fields(found.Text()), " "), h.text) || found.Length() == 0 {
		t.Errorf("%s: got %d and %q in %s, want %q", h.path, p.Status, found.Text(), h.selector, h.text)
	}
}

func TestAKindIsTwoRows(t *testing.T) {
	t.Parallel()
	for _, byJob := range []bool{false, true} {
		t.Run(fmt.Sprintf("by job %t", byJob), func(t *testing.T) {
			t.Parallel()
			site := openToys(t, byJob)
			c := site.SignIn(t, models.Requester)
			if p := c.Post(t, "/toys", map[string][]string{"toy_name": {"x"}, "region": {"cn-hangzhou"}}); p.Status != http.StatusUnprocessableEntity || !p.Has("#toy_name[aria-invalid]") {
				t.Errorf("too short a name: got %d, want the form again", p.Status)
			}
			c.Post(t, "/toys", map[string][]string{"toy_name": {"Rocking horse"}, "region": {"cn-hangzhou"}})
			order := c.Get(t, "/orders?free=true").Links("tbody a")[0]
			if byJob {
				has{order, "h1", "In progress"}.check(t, c)
				has{"/", "#running a", "Rocking horse"}.check(t, c)
				modelstest.Work(t, site.DB)
				has{order, "h1", "Failed"}.check(t, c)
				has{"/toys", "main", "BROKEN"}.check(t, c)
				if p := c.Post(t, order+"/retry", nil); p.Status != http.StatusSeeOther {
					t.Errorf("retry: got %d", p.Status)
				}
				has{order, "h1", "In progress"}.check(t, c)
				modelstest.Work(t, site.DB)
			}
			for _, h := range []has{
				{order, "h1", "Completed"},
				{order, "tbody th a[href^='/toys/toy-']", "Rocking horse"},
				{order, "tbody .hue-pink use[href$='#boxes']", ""},
				{order, "a[href='/toys/new?again=true&region=cn-hangzhou&toy_name=Rocking+horse']", ""},
				{order + "/print", ".line-what", "kind.toy"},
				{order + "/code?code=curl", "main pre", "/v1/toys/create"},
				{order + "/code?code=curl", "main pre", `"toy_name": "Rocking horse"`},
				{"/toys/new?toy_name=Top&code=curl", "main pre", `"toy_name": "Top"`},
				{"/orders?free=true", "tbody tr .hue-pink", ""},
				{"/toys", "main", "Rocking horse READY"},
				{"/toys", "nav a[aria-current][href='/toys'] .nav-count", "1"},
				{"/toys/new?toy_name=Top", ".breadcrumb a[href='/toys']", "kind.toy.many"},
				{"/search?q=rocking", ".found-list li:has(.hue-pink) a[href^='/toys/toy-']", "Rocking horse"},
				{"/activity?kind=toy", ".timeline .hue-pink a[href^='/toys/toy-']", "Rocking horse"},
				{"/activity?kind=toy", "a[href*='kind=toy']", "kind.toy"},
				{"/", ".tally.hue-pink .tally-value", "1"},
				{"/", ".tally.hue-pink a[href='/toys']", "kind.toy.many"},
				{"/", "#new-menu a.hue-pink[href='/toys/new']", "kind.toy.new"},
				{"/", ".tally.hue-pink .sparkline", ""},
			} {
				h.check(t, c)
			}
			pasted := url.Values{"paste": {code.NewTable(toyOperations()).From("CreateToy", url.Values{"toy_name": {"Top"}}).Write(code.JSON, "")}}
			if p := c.Post(t, "/toys/paste", pasted); p.Find("#toy_name").AttrOr("value", "") != "Top" {
				t.Errorf("pasted: got %d, want the form filled in\n%s", p.Status, p.Text("main"))
			}
			if p := site.SignInOther(t, models.Admin).Get(t, "/search?q=rocking"); p.Has(".found-list a[href^='/toys/toy-']") {
				t.Error("another team finds the toy")
			}
			if r, err := site.DB.Check(t.Context(), models.CheckInput{Fast: true, Meter: new(models.Meter)}); err != nil || !r.Fits() {
				t.Errorf("check: got %+v, %v; want nothing wrong", r.Findings, err)
			}
		})
	}
}
