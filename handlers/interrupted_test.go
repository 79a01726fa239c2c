package handlers_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"quartermaster/handlers"
	"quartermaster/handlers/api"
	"quartermaster/models"
	"quartermaster/models/modelstest"
	"quartermaster/web"
	"quartermaster/web/webtest"
)

// restarting is a site whose program can be started again on the same database.
type restarting struct {
	*webtest.Site
	options models.Options
	now     atomic.Pointer[http.Handler]
}

func openRestarting(t *testing.T) *restarting {
	t.Helper()
	r := &restarting{options: modelstest.Choose(t, models.Options{Operations: api.Documented().Limits()})}
	db := r.start(t)
	r.Site = webtest.New(t, db, http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) { (*r.now.Load()).ServeHTTP(w, req) }))
	t.Cleanup(func() { _ = r.DB.Close() })
	return r
}

func (r *restarting) start(t *testing.T) *models.DB {
	t.Helper()
	db, err := models.Open(context.Background(), r.options)
	if err != nil {
		t.Fatal(err)
	}
	h, err := handlers.Routes(handlers.Config{Site: web.Site{DB: db}, UploadLimit: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	r.now.Store(&h)
	return db
}

func (r *restarting) restart(t *testing.T) {
	t.Helper()
	if err := r.DB.Close(); err != nil {
		t.Fatal(err)
	}
	r.DB = r.start(t)
}

// writing is somebody who fills in one form and is interrupted again and again.
type writing struct {
	site           *restarting
	c              *webtest.Client
	random         *rand.Rand
	path, form     string
	fields         []string
	wrong          string // the field of a name that is refused when it is wrong
	email          string
	page           *webtest.Page
	typed          webtest.Values
	at             string
	lost, compared int
}

// begin opens the form anew.
func (w *writing) begin(t *testing.T) {
	p, fields := opened(t, w.c, w.path, w.form)
	w.page, w.typed, w.at = p, webtest.Values{}, w.path+"?form="+fields.Get("token")
}

// more is more of what is typed.
func (w *writing) more() webtest.Values {
	typed := webtest.Values{}
	for _, name := range w.fields {
		if w.random.IntN(2) == 0 {
			typed[name] = fmt.Sprintf("%s <b>\"%d\"</b> & 因为 %s", name, w.random.IntN(1e6), strings.Repeat("x", w.random.IntN(20)))
		}
	}
	typed[w.fields[0]] = fmt.Sprint("always ", w.random.IntN(1e6))
	return typed
}

// note remembers what was typed.
func (w *writing) note(typed webtest.Values) {
	all := webtest.Values{}
	for _, values := range []webtest.Values{w.typed, typed} {
		for name, value := range values {
			all[name] = value
		}
	}
	w.typed = all
}

// kept compares a page of the form with what was typed into it.
func (w *writing) kept(t *testing.T, p *webtest.Page, after string) {
	t.Helper()
	got := webtest.Fields(p.Find(w.form))
	for name, want := range w.typed {
		if w.compared++; got.Get(name) != want {
			w.lost++
			t.Errorf("%s after %s: %s is %q, want %q (status %d)", w.path, after, name, got.Get(name), want, p.Status)
		}
	}
	w.page = p
}

func (w *writing) typeMore(t *testing.T) {
	typed := w.more()
	w.page = typeIn(t, w.c, w.page, w.form, typed)
	w.note(typed)
}

// interruptions are what may happen to a form, by what it is called.
var interruptions = []struct {
	what string
	do   func(t *testing.T, w *writing)
}{
	{"going elsewhere and back", func(t *testing.T, w *writing) {
		w.typeMore(t)
		w.c.Get(t, "/orders")
		p, _ := opened(t, w.c, w.at, w.form)
		w.kept(t, p, "going elsewhere and back")
	}},
	{"a restart", func(t *testing.T, w *writing) {
		w.typeMore(t)
		w.site.restart(t)
		p, _ := opened(t, w.c, w.at, w.form)
		w.kept(t, p, "a restart")
	}},
	{"a restart under the form", func(t *testing.T, w *writing) {
		w.typeMore(t)
		w.site.restart(t)
		w.typeMore(t)
		w.kept(t, w.page, "a restart under the form")
	}},
	{"signing out and in", func(t *testing.T, w *writing) {
		w.typeMore(t)
		sessionEnds(t, w.c)
		w.c = w.site.SignIn(t, models.Requester)
		p, _ := opened(t, w.c, w.at, w.form)
		w.kept(t, p, "signing out and in")
	}},
	{"a refusal", func(t *testing.T, w *writing) {
		typed := w.more()
		typed[w.wrong] = strings.Repeat("No! ", 200)
		p := w.c.Submit(t, w.page, w.form, typed)
		if p.Status != http.StatusUnprocessableEntity {
			t.Fatalf("%s: wrong, and got %d", w.path, p.Status)
		}
		w.note(typed)
		w.kept(t, p, "a refusal")
		p, _ = opened(t, w.c, w.at, w.form)
		w.kept(t, p, "a refusal and Back")
	}},
	{"the end of the session", func(t *testing.T, w *writing) {
		w.typeMore(t)
		typed := w.more()
		p, _ := opened(t, w.c, w.at, w.form)
		sessionEnds(t, w.c)
		p = w.c.Submit(t, p, w.form, typed)
		p = w.c.Submit(t, p, "#sign-in-form", webtest.Values{"email": w.email, "password": webtest.Password})
		w.note(typed)
		p, _ = opened(t, w.c, p.Location(), w.form)
		w.kept(t, p, "the end of the session")
	}},
	{"another tab", func(t *testing.T, w *writing) {
		w.typeMore(t)
		tab, _ := opened(t, w.c, w.at, w.form)
		w.typeMore(t)
		first := *w
		typed := w.more()
		tab = typeIn(t, w.c, tab, w.form, typed)
		other := tab.Header.Get("HX-Replace-Url")
		second := *w
		second.typed = webtest.Values{}
		second.note(typed)
		p, _ := opened(t, w.c, other, w.form)
		second.kept(t, p, "another tab, in that tab")
		p, _ = opened(t, w.c, w.at, w.form)
		first.kept(t, p, "another tab")
		w.page, w.lost, w.compared = first.page, w.lost+(first.lost-w.lost)+(second.lost-w.lost), first.compared+second.compared-w.compared
	}},
}

func TestInterruptedFormsLoseNoField(t *testing.T) {
	t.Parallel()
	const writers, each = 4, 250
	for n := range writers {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			site := openRestarting(t)
			c := site.SignIn(t, models.Requester)
			user, err := site.DB.FindUser(t.Context(), site.Team.Requester)
			if err != nil {
				t.Fatal(err)
			}
			store := orderStore(t, c, "handbook")
			w := &writing{site: site, c: c, random: rand.New(rand.NewPCG(uint64(n), 13)), email: user.Email} // #nosec G404 -- the same each time
			counts := map[string]int{}
			for i := range each {
				if i%25 == 0 {
					form := []writing{
						{path: "/buckets/new", form: "#bucket-form", wrong: "note", fields: []string{"description", "bucket_name", "tags", "cost_centre", "po_number"}},
						{path: "/apps/new", form: "#app-form", wrong: "description", fields: []string{"app_name"}},
						{path: "/plans/new", form: "#plan-form", wrong: "note", fields: []string{"cost_centre", "po_number"}},
						{path: "/stores/new", form: "#store-form", wrong: "note", fields: []string{"description", "store_name", "cost_centre", "po_number"}},
						{path: store + "/scale", form: "#scale-form", wrong: "note", fields: []string{"cost_centre", "num", "po_number"}},
					}[(i/25+n)%5]
					w.path, w.form, w.wrong, w.fields = form.path, form.form, form.wrong, form.fields
					w.begin(t)
				}
				hit := interruptions[w.random.IntN(len(interruptions))]
				counts[hit.what]++
				if hit.do(t, w); t.Failed() {
					t.Fatalf("interruption %d: %s", i, hit.what)
				}
			}
			if w.lost != 0 || w.compared < each*2 {
				t.Errorf("%d of %d fields were lost", w.lost, w.compared)
			}
			t.Logf("%d interruptions %v: %d fields compared, %d lost", each, counts, w.compared, w.lost)
		})
	}
}
