package handlers_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"quartermaster/models"
	"quartermaster/models/modelstest"
	"quartermaster/web/webtest"
)

func TestAFormThatWasPlacedIsNoOtherOrder(t *testing.T) {
	t.Parallel()
	c := open(t).SignIn(t, models.Requester)
	bucket := url.Values{"token": {"form-1"}, "bucket_name": {"team-data"}, "region": {"cn-hangzhou"}}
	plan := url.Values{"token": {"form-1"}, "product_code": {"ossbag"}, "package_type": {"FPT_ossbag_absolute_Storage_sh"},
		"specification": {"40"}, "duration": {"6"}, "pricing_cycle": {"Month"}}
	first := c.Post(t, "/buckets", bucket)
	if again := c.Post(t, "/buckets", bucket); again.Status != http.StatusSeeOther || again.Location() != first.Location() {
		t.Errorf("sent again: got %d %s, want %s", again.Status, again.Location(), first.Location())
	}
	changed := url.Values{"token": {"form-1"}, "bucket_name": {"other-data"}, "region": {"cn-hangzhou"}}
	for _, f := range []struct {
		path, field, typed, made string
		values                   url.Values
	}{{"/buckets", "bucket_name", "other-data", "/buckets/", changed}, {"/plans", "specification", "40", "/plans/", plan}} {
		p := c.Post(t, f.path, f.values)
		token := p.Find("input[name=token]").First().AttrOr("value", "")
		if p.Status != http.StatusUnprocessableEntity || !strings.Contains(p.Text(".error-summary"), "placed order 20") || token == "" || token == "form-1" {
			t.Errorf("%s: got %d %q and the token %q; want it refused as placed, with a new token", f.path, p.Status, p.Text(".error-summary"), token)
		}
		f.values.Set("token", token)
		if p := c.Post(t, f.path, f.values); p.Status != http.StatusSeeOther || !strings.HasPrefix(p.Location(), f.made) {
			t.Errorf("%s pressed again: got %d to %s", f.path, p.Status, p.Location())
		}
	}
}

func TestBackComesToWhatTheFormMade(t *testing.T) {
	t.Parallel()
	site := open(t)
	c, admin := site.SignIn(t, models.Requester), site.SignIn(t, models.Admin)
	app := newApp(t, site, "shop")
	plan, store := orderPlan(t, c, nil), orderStore(t, c, "manual")
	modelstest.Work(t, site.DB)
	for _, f := range []struct {
		by         *webtest.Client
		path, form string
		typed      webtest.Values
		made       string // the page of what it made begins so
	}{
		{c, "/buckets/new?region=cn-hangzhou", "form#bucket-form", webtest.Values{"bucket_name": "once-only"}, "/orders/20"},
		{c, "/stores/new", "#store-form", webtest.Values{"store_name": "once"}, "/orders/20"},
		{c, examplePlan, "form#plan-form", nil, "/orders/20"},
		{c, "/pkg-versions/new?source=oss://elsewhere/a.zip&app_id=" + app.ID, "#version-form", webtest.Values{"label": "1"}, "/orders/20"},
		{c, plan + "/renewal", "form#plan-change", nil, "/orders/20"},
		{c, plan + "/upgrade", "form#plan-change", webtest.Values{"specification": "100"}, "/orders/20"},
		{c, store + "/scale", "#scale-form", webtest.Values{"num": "2"}, "/orders/20"},
		{c, "/apps/new", "#app-form", webtest.Values{"app_name": "once", "region": "cn-hangzhou"}, "/apps/wa-"},
		{admin, "/team/keys/new", "#key-form", webtest.Values{"key_name": "once"}, "/team/keys/QM"},
	} {
		sent := f.by.Do(t, http.MethodGet, f.path, nil, nil)
		at := sent.Location()
		if sent.Status != http.StatusSeeOther || !strings.HasPrefix(at, f.path) || strings.Count(at, "form=") != 1 {
			t.Errorf("%s: got %d to %q, want its own address with a token", f.path, sent.Status, at)
			continue
		}
		form := f.by.Get(t, at)
		if form.Status != http.StatusOK || !strings.HasSuffix(at, "form="+form.Find(f.form+" [name=token]").AttrOr("value", "none")) {
			t.Errorf("%s: got %d with the token %q", at, form.Status, form.Find(f.form+" [name=token]").AttrOr("value", ""))
		}
		preview := form.Find(f.form).AttrOr("hx-post", "")
		if p := f.by.Do(t, http.MethodPost, preview, webtest.Fields(form.Find(f.form)), http.Header{"Hx-Request": {"true"}, "Hx-Request-Type": {"partial"}}); p.Status != http.StatusOK || !strings.HasSuffix(at, "form="+p.Find("[name=token]").AttrOr("value", "none")) {
			t.Errorf("%s: previewed: got %d, want the same token", preview, p.Status)
		}
		if p := f.by.Get(t, at); !p.Has(f.form) {
			t.Errorf("%s: reloaded before it was sent: got %q, want the form", at, p.Text("main"))
		}
		if p := f.by.Submit(t, form, f.form, f.typed); p.Status != http.StatusSeeOther && p.Status != http.StatusOK {
			t.Errorf("%s: sent: got %d %q", f.path, p.Status, p.Text(".error-summary"))
			continue
		}
		back := f.by.Get(t, at)
		links := back.Links("#form-sent")
		if back.Status != http.StatusOK || back.Has(f.form) || len(links) != 2 || !strings.HasPrefix(links[0], f.made) || links[1] != f.path {
			t.Errorf("%s: after it was sent: got %d %q with links %q; want what it made, and a new form", at, back.Status, back.Text("main"), links)
			continue
		}
		if p := f.by.Get(t, links[0]); p.Status != http.StatusOK {
			t.Errorf("%s: what it made: got %d", links[0], p.Status)
		}
		if again := f.by.Do(t, http.MethodGet, links[1], nil, nil).Location(); again == at || !f.by.Get(t, again).Has(f.form) {
			t.Errorf("%s: a new form: got %q", f.path, again)
		}
	}
	other := site.SignInOther(t, models.Requester)
	mine := c.Do(t, http.MethodGet, "/buckets/new", nil, nil).Location()
	c.Submit(t, c.Get(t, mine), "form#bucket-form", webtest.Values{"region": "cn-hangzhou"})
	if p := other.Get(t, mine); !p.Has("form#bucket-form") {
		t.Errorf("another team comes to the form: got %d %q", p.Status, p.Text("main"))
	}
	if p := c.Do(t, http.MethodGet, "/buckets/new?form=storage%20cn-hangzhou", nil, nil); p.Status != http.StatusSeeOther || strings.Contains(p.Location(), "storage") {
		t.Errorf("a token that no form has: got %d to %q", p.Status, p.Location())
	}
}

func TestAUsedFormLinksToWhatItMade(t *testing.T) {
	t.Parallel()
	site := open(t)
	c := site.SignIn(t, models.Requester)
	for _, f := range []struct {
		path, field string
		values      url.Values
		made        string
	}{
		{"/buckets", "bucket_name", url.Values{"token": {"form-1"}, "region": {"cn-hangzhou"}}, "/orders/20"},
		{"/apps", "app_name", url.Values{"token": {"form-1"}, "region": {"cn-hangzhou"}}, "/apps/wa-"},
	} {
		f.values.Set(f.field, "first")
		if p := c.Post(t, f.path, f.values); p.Status != http.StatusSeeOther {
			t.Fatalf("%s: got %d", f.path, p.Status)
		}
		f.values.Set(f.field, "second")
		p := c.Post(t, f.path, f.values)
		links := p.Links(".error-summary")
		if p.Status != http.StatusUnprocessableEntity || len(links) != 1 || !strings.HasPrefix(links[0], f.made) || p.Find("[name="+f.field+"]").AttrOr("value", "") != "second" {
			t.Errorf("%s: got %d with links %q and %q; want a link to what it made, and the form filled", f.path, p.Status, links, p.Find("[name="+f.field+"]").AttrOr("value", ""))
		}
		f.values.Set("token", p.Find("[name=token]").AttrOr("value", ""))
		if p := c.Post(t, f.path, f.values); p.Status != http.StatusSeeOther {
			t.Errorf("%s: pressed again: got %d %q", f.path, p.Status, p.Text(".error-summary"))
		}
	}
}

// Another like one that there is has a name that is free, from the page of the thing
// and from its order.
func TestAnotherLikeThisHasTheNextFreeName(t *testing.T) {
	t.Parallel()
	c := open(t).SignIn(t, models.Requester)
	app := c.Submit(t, c.Get(t, "/apps/new"), "#app-form", webtest.Values{"app_name": "shop", "region": "cn-hangzhou", "description": "of the town"}).Location()
	bucket := c.Submit(t, c.Get(t, "/buckets/new"), "#bucket-form", webtest.Values{"bucket_name": "assets-7", "region": "cn-hangzhou", "tags": "red"}).Location()
	store := orderStore(t, c, "handbook")
	for _, f := range []struct{ page, form, name, kept, want string }{
		{app, "#app-form", "app_name", "description", "shop-2"},
		{bucket + "/details", "#bucket-form", "bucket_name", "tags", "assets-2"},
		{store, "#store-form", "store_name", "region", "handbook-2"},
	} {
		for _, want := range []string{f.want, f.want[:len(f.want)-1] + "3"} {
			p := c.Get(t, f.page)
			link := p.Find("main a[href*='again=true'], header a[href*='again=true']").First().AttrOr("href", "")
			form := c.Get(t, link)
			fields := webtest.Fields(form.Find(f.form))
			if fields.Get(f.name) != want || fields.Get(f.kept) == "" || form.Has("#"+f.name+"[aria-invalid]") {
				t.Fatalf("%s by %q: got %q with %q, want the free name %q", f.page, link, fields.Get(f.name), fields.Get(f.kept), want)
			}
			if p := c.Submit(t, form, f.form, nil); p.Status != http.StatusSeeOther {
				t.Fatalf("%s: placed as it is: got %d %q", f.page, p.Status, p.Text(".error-summary"))
			}
		}
	}
	if p := c.Get(t, "/orders"); p.Has("tbody") {
		order, _ := p.Find("tbody a[href^='/orders/']").First().Attr("href")
		link := c.Get(t, order).Find("a[href*='again=true']").First().AttrOr("href", "")
		if got := webtest.Fields(c.Get(t, link).Find("#store-form")).Get("store_name"); got != "handbook-4" {
			t.Errorf("the last order again: got the name %q", got)
		}
	}
}
