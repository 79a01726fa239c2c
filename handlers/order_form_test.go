package handlers_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/a-h/templ"
	"github.com/gin-gonic/gin"

	"quartermaster/handlers"
	"quartermaster/models"
	"quartermaster/models/modelstest"
	"quartermaster/views"
	"quartermaster/views/ui"
	"quartermaster/web"
	"quartermaster/web/webtest"
)

// counting is a bucket whose form counts what is done with it.
type counting struct {
	models.BucketInput
	decoded, checked, drafted, drawn *atomic.Int32
}

func (f *counting) Into() []any {
	f.decoded.Add(1)
	return []any{&f.BucketInput}
}

func (f *counting) Line(context.Context) models.LineInput { return countingLine{f} }

func (f *counting) Choose(context.Context, *handlers.Asked) error { return nil }

func (f *counting) Draw(p views.OrderFormProps) templ.Component {
	f.drawn.Add(1)
	return views.OrderForm(p, views.OrderFormLook{ID: "counted", Path: "/counted", Back: "/", Place: "Place"})
}

type countingLine struct{ f *counting }

func (l countingLine) Check() error {
	l.f.checked.Add(1)
	return l.f.BucketInput.Check()
}

func (l countingLine) Line(ctx context.Context, db *models.DB, by models.Actor) (models.OrderLine, error) {
	l.f.drafted.Add(1)
	return l.f.BucketInput.Line(ctx, db, by)
}

func (l countingLine) Fulfil(ctx context.Context, tx *models.DB, by models.Actor, o *models.Order, line *models.OrderLine) error {
	return l.f.BucketInput.Fulfil(ctx, tx, by, o, line)
}

func TestAFormIsDecodedAndDraftedOnce(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	var decoded, checked, drafted, drawn atomic.Int32
	e, err := web.New(&web.Site{DB: db})
	if err != nil {
		t.Fatal(err)
	}
	form := handlers.OrderForm{DB: db, New: "/counted/new", Path: "/counted", Said: "buckets.created", Made: "/buckets/",
		Begin: func(*gin.Context) (handlers.OrderFields, error) {
			return &counting{decoded: &decoded, checked: &checked, drafted: &drafted, drawn: &drawn}, nil
		}}
	member := e.Group("/", web.Authenticate, web.Member)
	member.POST("/counted", web.Page(form.Create))
	member.POST("/counted/preview", web.Page(form.Preview))
	site := webtest.New(t, db, web.Serve(e))
	c := site.SignIn(t, models.Requester)
	taken := url.Values{"bucket_name": {"taken"}, "region": {"cn-hangzhou"}}
	if p := c.Post(t, "/counted", taken); p.Status != http.StatusSeeOther {
		t.Fatalf("place: got %d %q", p.Status, p.Text("#summary"))
	}
	for _, f := range []struct {
		what   string
		values url.Values
		broken []string
	}{
		{"by itself", url.Values{"bucket_name": {"X"}, "region": {"cn-hangzhou"}}, []string{"bucket_name"}},
		{"by what there is", taken, []string{"bucket_name"}},
		{"by both, and a number that is none", url.Values{"bucket_name": {"taken"}, "region": {"nowhere"}, "size_limit": {"x"}, "note": {strings.Repeat("n", 501)}, "cost_centre": {"a\xff"}},
			[]string{"size_limit", "cost_centre", "note", "region"}},
	} {
		for path, status := range map[string]int{"/counted": http.StatusUnprocessableEntity, "/counted/preview": http.StatusOK} {
			for _, n := range []*atomic.Int32{&decoded, &checked, &drafted, &drawn} {
				n.Store(0)
			}
			p := c.Post(t, path, f.values)
			if p.Status != status || decoded.Load() != 1 || checked.Load() != 1 || drafted.Load() != 1 || drawn.Load() != 1 {
				t.Errorf("refused %s, %s: got %d, decoded %d, checked %d, drafted %d and drawn %d times; want each once",
					f.what, path, p.Status, decoded.Load(), checked.Load(), drafted.Load(), drawn.Load())
			}
			for _, field := range f.broken {
				if label := ui.Label(t.Context(), field); !strings.Contains(p.Text("#summary"), label) {
					t.Errorf("refused %s, %s: the summary has no word about %q: %q", f.what, path, label, p.Text("#summary"))
				}
			}
		}
	}
}
