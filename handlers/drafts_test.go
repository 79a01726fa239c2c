package handlers_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"quartermaster/models"
	"quartermaster/models/modelstest"
	"quartermaster/web"
	"quartermaster/web/webtest"
)

// opened is the form of a page that a client opens, with what it is filled in with.
func opened(t *testing.T, c *webtest.Client, path, form string) (*webtest.Page, url.Values) {
	t.Helper()
	p := c.Get(t, path)
	if p.Status == http.StatusSeeOther {
		p = c.Get(t, p.Location())
	}
	if p.Status != http.StatusOK || !p.Has(form) {
		t.Fatalf("%s: got %d without %s: %q", path, p.Status, form, p.Text("main"))
	}
	return p, webtest.Fields(p.Find(form))
}

// typeIn has the page of a form draw it again after its fields were typed in.
func typeIn(t *testing.T, c *webtest.Client, p *webtest.Page, form string, typed webtest.Values) *webtest.Page {
	t.Helper()
	f := p.Find(form)
	fields := webtest.Fields(f)
	for name, value := range typed {
		fields.Set(name, value)
	}
	return c.Do(t, http.MethodPost, f.AttrOr("hx-post", ""), fields, http.Header{"Hx-Request": {"true"}, "Hx-Request-Type": {"partial"}, "Hx-Target": {"form" + form}})
}

// draftForms are all forms with drafts, and of each a field that takes any text.
func draftForms(t *testing.T, site *webtest.Site, c *webtest.Client) map[string][2]string {
	t.Helper()
	app := c.Submit(t, c.Get(t, "/apps/new"), "#app-form", webtest.Values{"app_name": "shop", "region": "cn-hangzhou"}).Location()
	store := orderStore(t, c, "handbook")
	plan := c.Submit(t, c.Get(t, examplePlan), "form#plan-form", nil).Location()
	_ = app
	return map[string][2]string{
		"/buckets/new": {"#bucket-form", "description"}, "/apps/new": {"#app-form", "description"}, "/pkg-versions/new": {"#version-form", "description"},
		"/plans/new": {"#plan-form", "note"}, "/stores/new": {"#store-form", "description"},
		plan + "/renewal": {"#plan-change", "note"}, plan + "/upgrade": {"#plan-change", "note"}, store + "/scale": {"#scale-form", "note"},
	}
}

func TestEveryFormComesBackAsItWasTyped(t *testing.T) {
	t.Parallel()
	site := open(t)
	c := site.SignIn(t, models.Requester)
	for path, f := range draftForms(t, site, c) {
		form, field := f[0], f[1]
		p, _ := opened(t, c, path, form)
		if p.Has("[data-saved]") || p.Has(".draft-offer") {
			t.Errorf("%s: a new form says %q", path, p.Text(".draft-state, .draft-offer"))
		}
		token := p.Find(form+" [name=token]").AttrOr("value", "")
		at := path + "?form=" + token
		p = typeIn(t, c, p, form, webtest.Values{field: "why <b>\nand 因为"})
		if p.Status != http.StatusOK || !p.Has(form+" [data-saved]") || p.Header.Get("HX-Replace-Url") != "" {
			t.Errorf("%s: typed in: got %d %q, moved to %q", path, p.Status, p.Text(".draft-state"), p.Header.Get("HX-Replace-Url"))
		}
		c = site.SignIn(t, models.Requester)
		back, fields := opened(t, c, at, form)
		if fields.Get(field) != "why <b>\nand 因为" || fields.Get("token") != token || !back.Has(form+" [data-saved]") {
			t.Errorf("%s: opened again: %q with %q", path, fields.Get(field), back.Text(".draft-state"))
		}
		fresh, fields := opened(t, c, path, form)
		if fields.Get(field) != "" || fresh.Find(".draft-offer a").AttrOr("href", "") != at {
			t.Errorf("%s: a new form has %q and offers %q", path, fields.Get(field), fresh.Find(".draft-offer a").AttrOr("href", ""))
		}
		if _, fields := opened(t, site.SignIn(t, models.Admin), at, form); fields.Get(field) != "" {
			t.Errorf("%s: somebody else reads %q", path, fields.Get(field))
		}
		list := c.Get(t, "/drafts")
		if list.Status != http.StatusOK || list.Find("#draft-list tbody a[href='"+at+"']").Length() != 1 {
			t.Errorf("%s: the list has %q", path, list.Text("#draft-list"))
		}
		if p := c.Submit(t, fresh, ".draft-offer form", nil); p.Location() != path {
			t.Errorf("%s: discarded: got %d to %q", path, p.Status, p.Location())
		}
		if _, fields := opened(t, c, at, form); fields.Get(field) != "" {
			t.Errorf("%s: discarded, and it is still %q", path, fields.Get(field))
		}
	}
	if p := c.Get(t, "/drafts"); !p.Has(`.empty a[href="/"]`) {
		t.Errorf("the list has %q", p.Text("#draft-list"))
	}
}

func TestARefusedFormIsADraftUntilItIsPlaced(t *testing.T) {
	t.Parallel()
	site := open(t)
	c := site.SignIn(t, models.Requester)
	p, fields := opened(t, c, "/buckets/new", "#bucket-form")
	p = c.Submit(t, p, "#bucket-form", webtest.Values{"bucket_name": "No", "region": "cn-hangzhou", "note": "why"})
	if p.Status != http.StatusUnprocessableEntity || !p.Has("[data-saved]") {
		t.Fatalf("refused: got %d %q", p.Status, p.Text(".draft-state"))
	}
	if _, again := opened(t, c, "/buckets/new?form="+fields.Get("token"), "#bucket-form"); again.Get("bucket_name") != "No" || again.Get("note") != "why" {
		t.Errorf("opened again: %v", again)
	}
	if p = c.Submit(t, p, "#bucket-form", webtest.Values{"bucket_name": "assets"}); p.Status != http.StatusSeeOther {
		t.Fatalf("placed: got %d %q", p.Status, p.Text(".error-summary"))
	}
	if p := c.Get(t, "/drafts"); !p.Has(".empty") {
		t.Errorf("after the order the list has %q", p.Text("#draft-list"))
	}
	if p := c.Get(t, "/buckets/new?form="+fields.Get("token")); !p.Has("#form-sent") {
		t.Errorf("Back comes to %q", p.Text("main"))
	}
}

func TestWhatIsTypedIntoARefusedFormIsSaved(t *testing.T) {
	t.Parallel()
	site := open(t)
	c := site.SignIn(t, models.Requester)
	p, fields := opened(t, c, "/buckets/new", "#bucket-form")
	p = typeIn(t, c, p, "#bucket-form", webtest.Values{"note": "before", "draft_step": "5"})
	p = c.Submit(t, p, "#bucket-form", webtest.Values{"bucket_name": "No", "draft_step": "6"})
	again := typeIn(t, c, p, "#bucket-form", webtest.Values{"note": "after", "draft_step": "1"})
	if _, got := opened(t, c, "/buckets/new?form="+fields.Get("token"), "#bucket-form"); got.Get("note") != "after" || !again.Has("[data-saved]") || again.Has("[role=alert]") {
		t.Errorf("the draft is %q, and it is said %q", got.Get("note"), again.Text("[role=alert], .draft-state"))
	}
}

func TestAFormSentAgainLeavesNoDraft(t *testing.T) {
	t.Parallel()
	site := open(t)
	c := site.SignIn(t, models.Requester)
	for path, f := range map[string]struct{ form, name string }{"/buckets/new": {"#bucket-form", "bucket_name"}, "/apps/new": {"#app-form", "app_name"}} {
		p, _ := opened(t, c, path, f.form)
		typed := webtest.Values{f.name: "first", "region": "cn-hangzhou"}
		if made := c.Submit(t, p, f.form, typed); made.Status != http.StatusSeeOther {
			t.Fatalf("%s: got %d %q", path, made.Status, made.Text(".error-summary"))
		}
		typed[f.name] = "second"
		again := c.Submit(t, p, f.form, typed)
		if again.Status != http.StatusUnprocessableEntity || again.Has(f.form+" [role=alert] .callout") {
			t.Errorf("%s sent again: got %d, and it is said %q", path, again.Status, again.Text("[role=alert]"))
		}
		if made := c.Submit(t, again, f.form, nil); made.Status != http.StatusSeeOther {
			t.Errorf("%s pressed again: got %d %q", path, made.Status, made.Text(".error-summary"))
		}
		if p := c.Get(t, "/drafts"); !p.Has(".empty") {
			t.Errorf("%s leaves the drafts %q", path, p.Text("#draft-list"))
		}
	}
}

func TestARefusedFormComesBackThoughTheRefusalIsNotRecorded(t *testing.T) {
	t.Parallel()
	o := modelstest.Choose(t, models.Options{})
	site := openWith(t, o, web.Site{})
	admin, c := site.SignIn(t, models.Admin), site.SignIn(t, models.Requester)
	admin.Submit(t, admin.Get(t, "/team/budgets"), "#budget-form", webtest.Values{"budget_amount": "1"})
	p, _ := opened(t, c, examplePlan, "form#plan-form")
	modelstest.Exec(t, o, "ALTER TABLE events RENAME TO events_away")
	p = c.Submit(t, p, "form#plan-form", webtest.Values{"note": "why"})
	if got := webtest.Fields(p.Find("form#plan-form")).Get("note"); p.Status != http.StatusUnprocessableEntity || got != "why" || !p.Has("[data-saved]") {
		t.Errorf("got %d with %q: %q", p.Status, got, p.Text("main"))
	}
}

func TestADraftIsSavedWithoutScripts(t *testing.T) {
	t.Parallel()
	site := open(t)
	c := site.SignIn(t, models.Requester)
	p, fields := opened(t, c, "/plans/new", "#plan-form")
	action, named := "", false
	p.Find("noscript").Each(func(_ int, s *goquery.Selection) {
		if strings.Contains(s.Text(), "draft_keep") {
			action, named = "/plans/preview", strings.Contains(s.Text(), `formaction="/plans/preview"`)
		}
	})
	fields.Set("note", "why")
	fields.Set("draft_keep", "true")
	kept := c.Post(t, action, fields)
	if got := p.Text(".draft-state"); !strings.Contains(got, "No draft saved yet") {
		t.Errorf("a form that nobody has typed into says %q", got)
	}
	if !named || kept.Status != http.StatusSeeOther || kept.Location() != "/plans/new?form="+fields.Get("token") {
		t.Fatalf("got %d to %q", kept.Status, kept.Location())
	}
	if p, again := opened(t, c, kept.Location(), "#plan-form"); again.Get("note") != "why" || !strings.Contains(p.Text(".toasts"), "Draft saved") {
		t.Errorf("afterwards: %q, and %q is said", again.Get("note"), p.Text(".toasts"))
	}
}

func TestTheSecondPageOfADraftIsTold(t *testing.T) {
	t.Parallel()
	site := open(t)
	c := site.SignIn(t, models.Requester)
	p, fields := opened(t, c, "/buckets/new", "#bucket-form")
	at := "/buckets/new?form=" + fields.Get("token")
	one := typeIn(t, c, p, "#bucket-form", webtest.Values{"note": "first"})
	two, _ := opened(t, c, at, "#bucket-form")
	three, _ := opened(t, c, at, "#bucket-form")
	if two = typeIn(t, c, two, "#bucket-form", webtest.Values{"note": "second"}); two.Header.Get("HX-Replace-Url") != "" || two.Has(".callout") {
		t.Errorf("a tab that saw the newest is told %q", two.Text(".callout"))
	}
	for name, tab := range map[string]*webtest.Page{"first": one, "third": three} {
		tab = typeIn(t, c, tab, "#bucket-form", webtest.Values{"note": name + " tab"})
		own := tab.Header.Get("HX-Replace-Url")
		if own == "" || own == at || tab.Find("[role=alert] a").AttrOr("href", "") != at {
			t.Errorf("%s tab: moved to %q and told %q", name, own, tab.Text("[role=alert]"))
			continue
		}
		if _, fields := opened(t, c, own, "#bucket-form"); fields.Get("note") != name+" tab" {
			t.Errorf("%s tab: its own draft is %q", name, fields.Get("note"))
		}
		if again := typeIn(t, c, tab, "#bucket-form", webtest.Values{"note": "more"}); again.Has("[role=alert]") || again.Header.Get("HX-Replace-Url") != "" {
			t.Errorf("%s tab: told twice", name)
		}
	}
	if _, fields := opened(t, c, at, "#bucket-form"); fields.Get("note") != "second" {
		t.Errorf("the draft of the second tab is %q", fields.Get("note"))
	}
}

// sessionEnds ends all sessions of a client's person.
func sessionEnds(t *testing.T, c *webtest.Client) {
	t.Helper()
	if p := c.Post(t, "/sign-out", url.Values{}); p.Status != http.StatusSeeOther {
		t.Fatalf("sign out: got %d", p.Status)
	}
}

func TestAFormSentAfterItsSessionEndedComesBackFilled(t *testing.T) {
	t.Parallel()
	site := open(t)
	user, err := site.DB.FindUser(t.Context(), site.Team.Requester)
	if err != nil {
		t.Fatal(err)
	}
	typed := webtest.Values{"bucket_name": "assets", "region": "cn-hangzhou", "note": "why <b>\n& 因为"}
	for _, saved := range []bool{true, false} {
		c := site.SignIn(t, models.Requester)
		p, fields := opened(t, c, "/buckets/new", "#bucket-form")
		at := "/buckets/new?form=" + fields.Get("token")
		if saved {
			typeIn(t, c, p, "#bucket-form", webtest.Values{"note": "so far"})
			p = c.Get(t, at)
		}
		sessionEnds(t, c)
		asked := c.Submit(t, p, "#bucket-form", typed)
		if asked.Status != http.StatusUnauthorized || !asked.Has("#sign-in-form") {
			t.Fatalf("sent without a session: got %d %q", asked.Status, asked.Text("main"))
		}
		wrong := c.Submit(t, asked, "#sign-in-form", webtest.Values{"email": user.Email, "password": "not it at all, no"})
		if wrong.Status != http.StatusUnprocessableEntity {
			t.Fatalf("a wrong password: got %d", wrong.Status)
		}
		done := c.Submit(t, wrong, "#sign-in-form", webtest.Values{"email": user.Email, "password": webtest.Password})
		if saved {
			if done.Location() != at {
				t.Fatalf("signed in: got %d to %q, want the draft", done.Status, done.Location())
			}
			done = c.Get(t, at)
		} else {
			done = c.Submit(t, done, "#go-on-form", nil)
		}
		got := webtest.Fields(done.Find("#bucket-form"))
		for name, value := range typed {
			if done.Status != http.StatusOK || got.Get(name) != value {
				t.Errorf("saved %t, shown again: got %d, %s is %q", saved, done.Status, name, got.Get(name))
			}
		}
		if p := c.Get(t, "/orders"); strings.Contains(p.Text("#order-list, main"), "assets") {
			t.Error("it was placed")
		}
		if p := c.Submit(t, done, "#bucket-form", webtest.Values{"bucket_name": "assets-" + map[bool]string{true: "a", false: "b"}[saved]}); p.Status != http.StatusSeeOther {
			t.Errorf("pressed again: got %d %q", p.Status, p.Text(".error-summary"))
		}
	}
}

func TestWhatOnePersonTypedIsNoDraftOfAnother(t *testing.T) {
	t.Parallel()
	site := open(t)
	c := site.SignIn(t, models.Requester)
	p, _ := opened(t, c, "/buckets/new", "#bucket-form")
	p = typeIn(t, c, p, "#bucket-form", webtest.Values{"note": "mine"})
	sessionEnds(t, c)
	if hx := typeIn(t, c, p, "#bucket-form", webtest.Values{"note": "mine, more"}); hx.Status != http.StatusUnauthorized || hx.Header.Get("HX-Retarget") != "#toast" || hx.Header.Get("HX-Redirect") != "" || !hx.Has("a[href='/sign-in']") {
		t.Errorf("typed without a session: got %d to %q: %q", hx.Status, hx.Header.Get("HX-Retarget"), hx.Body)
	}
	asked := c.Submit(t, p, "#bucket-form", webtest.Values{"bucket_name": "No", "note": "mine, more"})
	site.SignIn(t, models.Admin) // who has a password then
	admin, err := site.DB.FindUser(t.Context(), site.Team.Admin)
	if err != nil {
		t.Fatal(err)
	}
	done := c.Submit(t, asked, "#sign-in-form", webtest.Values{"email": admin.Email, "password": webtest.Password})
	if done.Status != http.StatusSeeOther || strings.Contains(done.Body, "mine, more") {
		t.Errorf("the other is shown %d %q", done.Status, done.Text("main"))
	}
	other := typeIn(t, c, p, "#bucket-form", webtest.Values{"note": "mine"})
	if other.Status != http.StatusOK || !other.Has("[role=alert]") || other.Has("[data-saved]") {
		t.Errorf("the page of who was signed in before: got %d %q", other.Status, other.Text("[role=alert]"))
	}
	if list := c.Get(t, "/drafts"); !list.Has(".empty") {
		t.Errorf("the other has the drafts %q", list.Text("#draft-list"))
	}
}

func TestOnlyWhatIsShownIsCarriedThroughTheSignIn(t *testing.T) {
	t.Parallel()
	site := open(t)
	site.SignIn(t, models.Admin) // who has a password then
	admin, err := site.DB.FindUser(t.Context(), site.Team.Admin)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]bool{
		"/buckets/preview": true, "/plans/AB%2Fc/renewal/preview": false, "/plans/AB%20c/renewal/preview": true,
		"/buckets/preview?x=1": false, "/buckets/preview?": false, "/buckets/preview#x": false, "//buckets/preview": false, "/plans//renewal/preview": false,
		"/team/members/" + site.Team.Viewer.UserID + "/role?x=/preview": false, "/team/members/" + site.Team.Viewer.UserID + "/role#/preview": false,
		"/team/members/x/preview": false, "https://example.com/buckets/preview": false,
	} {
		fields := url.Values{"email": {admin.Email}, "password": {webtest.Password}, "carried_to": {path}, "carried": {"role=admin"}}
		if p := site.Visitor(t).Post(t, "/sign-in", fields); p.Has("#go-on-form") != want || !want && p.Status != http.StatusSeeOther {
			t.Errorf("%s: got %d, leading to %q", path, p.Status, p.Find("#go-on-form").AttrOr("action", ""))
		}
	}
}

func TestNoPasswordIsCarriedThroughTheSignIn(t *testing.T) {
	t.Parallel()
	site := open(t)
	c := site.SignIn(t, models.Requester)
	p := c.Get(t, "/account")
	sessionEnds(t, c)
	for _, form := range []string{"#password-form", "#profile-form"} {
		if f := p.Find(form); f.Length() == 1 {
			fields := webtest.Fields(f)
			for name := range fields {
				if strings.Contains(name, "password") {
					fields.Set(name, "hush, hush, hush")
				}
			}
			if got := c.Post(t, f.AttrOr("action", ""), fields); strings.Contains(got.Body, "hush") {
				t.Errorf("%s carries a password", form)
			}
		}
	}
	long := url.Values{"note": {strings.Repeat("x", 64<<10)}}
	if got := c.Post(t, "/buckets", long); got.Status != http.StatusSeeOther {
		t.Errorf("too much: got %d", got.Status)
	}
	if got := c.Post(t, "/orders/1/decision", url.Values{"note": {"x"}}); got.Status != http.StatusSeeOther {
		t.Errorf("what is no form to be filled in: got %d", got.Status)
	}
}

// The form that edits an order has a draft of its own, of which the form of a new one
// knows nothing, until the order is sent again.
func TestAnEditOfAnOrderHasADraftOfItsOwn(t *testing.T) {
	t.Parallel()
	site := open(t)
	admin, c := site.SignIn(t, models.Admin), site.SignIn(t, models.Requester)
	writeRule(t, admin, webtest.Values{"kinds": "plan", "step_1": "approver"})
	order := c.Submit(t, c.Get(t, examplePlan), "form#plan-form", webtest.Values{"note": "for half a year"}).Location()
	edit := func() (*webtest.Page, url.Values) {
		t.Helper()
		return opened(t, c, c.Get(t, order).Find("#decision a[href*='replaces=']").AttrOr("href", ""), "#plan-form")
	}
	p, fields := edit()
	if typed := typeIn(t, c, p, "#plan-form", webtest.Values{"duration": "12", "note": "for a year"}); typed.Status != http.StatusOK || !typed.Has("[data-saved]") {
		t.Fatalf("typed in: got %d %q", typed.Status, typed.Text(".draft-state"))
	}
	if p, _ := opened(t, c, "/plans/new", "#plan-form"); p.Has(".draft-offer") {
		t.Errorf("a new form offers %q", p.Text(".draft-offer"))
	}
	p, _ = edit()
	at := p.Find(".draft-offer a").AttrOr("href", "")
	if at != "/plans/new?form="+fields.Get("token") {
		t.Fatalf("the form opened again offers %q", at)
	}
	p, again := opened(t, c, at, "#plan-form")
	if again.Get("note") != "for a year" || again.Get("duration") != "12" || again.Get("replaces") != fields.Get("replaces") || again.Get("replaces_version") != fields.Get("replaces_version") {
		t.Errorf("gone on with: %v", again)
	}
	if list := c.Get(t, "/drafts"); list.Find("#draft-list tbody a[href='"+at+"']").Length() != 1 || !strings.Contains(list.Text("#draft-list tbody"), fields.Get("replaces")) {
		t.Errorf("the list has %q", list.Text("#draft-list tbody"))
	}
	if sent := c.Submit(t, p, "#plan-form", nil); sent.Location() != order || !strings.Contains(c.Get(t, order).Text("main"), "for a year") {
		t.Errorf("sent: got %d to %q: %s", sent.Status, sent.Location(), sent.Text(".error-summary"))
	}
	if list := c.Get(t, "/drafts"); !list.Has(".empty") {
		t.Errorf("sent, and the list has %q", list.Text("#draft-list"))
	}
}
