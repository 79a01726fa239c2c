package handlers_test

import (
	"context"
	"net/http"
	"net/url"
	"slices"
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

func TestEachFieldSaysWhatIsWrongWhenItIsLeft(t *testing.T) {
	t.Parallel()
	site := open(t)
	newBucket(t, site, site.Other, models.BucketInput{Name: "taken-name"})
	app := newApp(t, site, "shop")
	c, admin := site.SignIn(t, models.Requester), site.SignIn(t, models.Admin)
	if p := c.Post(t, "/pkg-versions", url.Values{"app_id": {app.ID}, "label": {"1.0"}, "source_from": {"external"}, "source": {"oss://elsewhere/a.zip"}}); p.Status != http.StatusSeeOther {
		t.Fatalf("a version: got %d %s", p.Status, p.Text(".error-summary"))
	}
	for _, tt := range []struct {
		what, path  string
		typed       url.Values
		wrong, fine string // the fields that say something, with spaces between
	}{
		{"a taken name without a region", "/buckets", url.Values{"bucket_name": {"taken-name"}}, "bucket_name", ""},
		{"a free name without a region", "/buckets", url.Values{"bucket_name": {"free-name"}}, "", "bucket_name"},
		{"a name that is being typed", "/buckets", url.Values{"bucket_name": {"No"}, "typing": {"bucket_name"}}, "", ""},
		{"a name that is mended", "/buckets", url.Values{"bucket_name": {"No"}, "typing": {"bucket_name"}, "left": {"bucket_name"}}, "bucket_name", ""},
		{"a size and what it is for", "/buckets", url.Values{"size_limit": {"x"}, "tags": {"a\x07"}, "cost_centre": {strings.Repeat("c", 65)}}, "size_limit tags cost_centre", ""},
		{"a region that was left empty", "/buckets", url.Values{"left": {"region"}}, "region", ""},
		{"a region that is none", "/stores", url.Values{"region": {"nowhere"}, "store_name": {"handbook"}}, "region", ""},
		{"999 units", "/stores", url.Values{"region": {"cn-north-7"}, "availability_zones": {"cn-north-7a"}, "num": {"999"}}, "num", ""},
		{"units that are no number", "/stores", url.Values{"num": {"many"}}, "num", ""},
		{"units that were emptied", "/stores", url.Values{"num": {""}, "left": {"num"}}, "num", ""},
		{"a day that has passed", "/plans", url.Values{"effective_date": {"2001-01-01T00:00"}}, "effective_date", ""},
		{"a label before its application", "/pkg-versions", url.Values{"label": {"1.0"}, "app_id": {"wa-none"}}, "app_id", ""},
		{"a used label", "/pkg-versions", url.Values{"label": {"1.0"}, "app_id": {app.ID}}, "label", ""},
		{"a new label", "/pkg-versions", url.Values{"label": {"2.0"}, "app_id": {app.ID}}, "", "label"},
		{"a source that is none", "/pkg-versions", url.Values{"source_from": {"external"}, "source": {"http://x"}}, "source", ""},
		{"a taken application", "/apps", url.Values{"app_name": {"shop"}, "region": {app.Region}}, "app_name", ""},
		{"a free application", "/apps", url.Values{"app_name": {"desk"}, "region": {app.Region}}, "", "app_name"},
		{"an address that is none", "/team/invitations", url.Values{"email": {"x"}}, "email", ""},
		{"a key's name", "/team/keys", url.Values{"key_name": {strings.Repeat("k", 65)}}, "key_name", ""},
		{"a name on paper", "/team/letterhead", url.Values{"legal_name": {"a\u202eb"}, "contact": {strings.Repeat("c", 101)}, "address": {"x"}}, "legal_name contact", ""},
		{"one's own name", "/account/profile", url.Values{"user_name": {""}, "left": {"user_name"}, "zone": {"Nowhere/Else"}}, "user_name zone", ""},
		{"a password", "/account/password", url.Values{"new_password": {"5short"}, "current_password": {"wrong"}}, "new_password", ""},
	} {
		p := admin.Post(t, tt.path+"/preview", tt.typed)
		if p.Status != http.StatusOK || p.Has(".error-summary") {
			t.Errorf("%s: got %d %q, want 200 and no summary of errors", tt.what, p.Status, p.Text(".error-summary"))
		}
		for selector, want := range map[string]string{".error": tt.wrong, ".fine": tt.fine} {
			var got []string
			for _, field := range p.Find(".field-note:has(" + selector + ")").EachIter() {
				got = append(got, strings.TrimSuffix(field.AttrOr("id", ""), "-note"))
			}
			slices.Sort(got)
			fields := strings.Fields(want)
			slices.Sort(fields)
			if !slices.Equal(got, fields) {
				t.Errorf("%s: %s beside %q, want %q", tt.what, selector, got, fields)
			}
		}
	}
	for _, path := range []string{"/team/invitations", "/team/letterhead", "/team/settings", "/team/keys"} {
		if p := c.Post(t, path+"/preview", url.Values{"email": {"x"}}); p.Status != http.StatusForbidden {
			t.Errorf("%s of a requester: got %d, want 403", path, p.Status)
		}
	}
}

func TestARefusedFormHasAnAddressWithoutScripts(t *testing.T) {
	t.Parallel()
	site := open(t)
	c := site.SignIn(t, models.Admin)
	for path, tt := range map[string]struct{ form, name, typed, said string }{
		"/buckets":   {"/buckets/new", "bucket_name", "No", "bucket_name region"},
		"/apps":      {"/apps/new", "description", "a\u202eb", "app_name region description"},
		"/team/keys": {"/team/keys/new", "key_name", "a\u202eb", "key_name"},
	} {
		p := c.Post(t, path, url.Values{"unscripted": {"true"}, tt.name: {tt.typed}})
		if to, _, _ := strings.Cut(p.Location(), "?"); p.Status != http.StatusSeeOther || to != tt.form {
			t.Errorf("%s: got %d to %q, want 303 to %s", path, p.Status, p.Location(), tt.form)
			continue
		}
		p = c.Get(t, p.Location())
		if p.Status != http.StatusUnprocessableEntity {
			t.Errorf("%s: its page is %d, want 422", path, p.Status)
		}
		if got := p.Find("[name="+tt.name+"]").AttrOr("value", p.Text("[name="+tt.name+"]")); got != tt.typed {
			t.Errorf("%s: got %q, want %q as typed", path, got, tt.typed)
		}
		for field := range strings.FieldsSeq(tt.said) {
			if !p.Has("#"+field+"-note .error") || !p.Has(`.error-summary a[href="#`+field+`"]`) {
				t.Errorf("%s: %s is not said: %q", path, field, p.Text(".error-summary"))
			}
		}
	}
	long := url.Values{"unscripted": {"true"}, "bucket_name": {"No"}, "note": {strings.Repeat("为什么", 166)}}
	if p := c.Post(t, "/buckets", long); p.Status != http.StatusUnprocessableEntity || p.Text("[name=note]") != long.Get("note") {
		t.Errorf("too long for an address: got %d, want 422 with what was typed", p.Status)
	}
	// Sent again by a reader who went back, it is told so, and not another order.
	again := url.Values{"unscripted": {"true"}, "region": {"cn-hangzhou"}, "token": {c.Get(t, "/buckets/new").Find("[name=token]").AttrOr("value", "")}}
	if p := c.Post(t, "/buckets", again); p.Status != http.StatusSeeOther || strings.Contains(p.Location(), "/new") {
		t.Fatalf("an order: got %d to %q", p.Status, p.Location())
	}
	again.Set("description", "another")
	if p := c.Post(t, "/buckets", again); p.Status != http.StatusUnprocessableEntity || !p.Has(".error-summary") {
		t.Errorf("its token for another: got %d, want 422 and why", p.Status)
	}
}

func TestAPasswordIsCheckedAndNotSentBack(t *testing.T) {
	t.Parallel()
	site := open(t)
	_, link, err := site.DB.Invite(t.Context(), site.Team.Admin, models.InvitationInput{Email: "ann-lee@example.com", Role: models.Viewer})
	if err != nil {
		t.Fatal(err)
	}
	ada, ann := site.SignIn(t, models.Viewer), site.Visitor(t)
	const typed = "xyzzy-not-long"
	for _, p := range []*webtest.Page{
		ada.Post(t, "/account/password/preview", url.Values{"current_password": {typed}, "new_password": {typed}}),
		ann.Post(t, "/join/preview", url.Values{"link": {link}, "password": {typed}}),
	} {
		if p.Status != http.StatusOK || strings.Contains(p.Body, typed) {
			t.Errorf("%s: got %d, with the password %v; want 200 without", p.Path, p.Status, strings.Contains(p.Body, typed))
		}
	}
	if p := ann.Post(t, "/join/preview", url.Values{"link": {link}, "password": {"Ann-Lee@example.com"}}); !p.Has("#password-note .error") {
		t.Error("one's own address as password: nothing is said, want it refused")
	}
	if p := ann.Post(t, "/join/preview", url.Values{"link": {"guess"}, "password": {typed}}); p.Status != http.StatusNotFound {
		t.Errorf("without the link: got %d, want 404", p.Status)
	}
}

func TestSetUpSaysWhatIsWrongWhenAFieldIsLeft(t *testing.T) {
	t.Parallel()
	site, link := empty(t)
	c := site.Visitor(t)
	p := c.Post(t, "/setup/preview", url.Values{"link": {link}, "email": {"x"}, "password": {""}, "left": {"password"}})
	if p.Status != http.StatusOK || p.Find(".field-note .error").Length() != 2 || !p.Has("#email-note .error") {
		t.Errorf("got %d %q", p.Status, p.Text(".field-note .error"))
	}
	if got, want := p.Text("#password-note"), ui.RuleText(t.Context(), models.FieldError{Field: "password", Rule: "required"}); got != want {
		t.Errorf("an empty password: got %q, want %q", got, want)
	}
	if p := c.Post(t, "/setup/preview", url.Values{"link": {"guess"}, "email": {"x"}}); p.Status != http.StatusNotFound {
		t.Errorf("without the link: got %d, want 404", p.Status)
	}
	p = c.Post(t, "/setup", url.Values{"link": {link}, "password": {""}})
	if n := p.Find(`.error-summary a[href="#password"]`).Length(); n != 1 {
		t.Errorf("an empty password has %d lines, want 1: %q", n, p.Text(".error-summary"))
	}
}
