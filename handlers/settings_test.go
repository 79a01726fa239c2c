package handlers_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"quartermaster/models"
	"quartermaster/models/modelstest"
	"quartermaster/web/webtest"
)

func TestSettingsOfAnOlderPageAreBroughtTogether(t *testing.T) {
	t.Parallel()
	site := open(t)
	c := site.SignIn(t, models.Admin)
	const path = "/team/letterhead"
	a, b := webtest.Fields(c.Get(t, path).Find("#letterhead-form")), webtest.Fields(c.Get(t, path).Find("#letterhead-form"))
	a.Set("legal_name", "Example Ltd")
	a.Set("contact", "Ines")
	b.Set("contact", "Paul")
	b.Set("address", "1 River Road")
	if p := c.Post(t, path, a); p.Status != http.StatusSeeOther {
		t.Fatalf("first: got %d", p.Status)
	}
	p := c.Post(t, path, b)
	again := webtest.Fields(p.Find("#letterhead-form"))
	if p.Status != http.StatusUnprocessableEntity || !strings.Contains(p.Text(".error-summary"), "Ines") ||
		again.Get("contact") != "Paul" || again.Get("address") != "1 River Road" || again.Get("legal_name") != "Example Ltd" {
		t.Fatalf("the same field: got %d %q %v, want a conflict with nothing lost", p.Status, p.Text(".error-summary"), again)
	}
	if p = c.Post(t, path, again); p.Status != http.StatusSeeOther {
		t.Fatalf("saved again: got %d", p.Status)
	}
	got := webtest.Fields(c.Get(t, path).Find("#letterhead-form"))
	if got.Get("contact") != "Paul" || got.Get("legal_name") != "Example Ltd" || got.Get("address") != "1 River Road" {
		t.Errorf("got %v", got)
	}
}

func TestSettingsThatOthersChangedMeanwhile(t *testing.T) {
	t.Parallel()
	site := open(t)
	c := site.SignIn(t, models.Admin)
	const path = "/team/settings"
	page := func() url.Values { return webtest.Fields(c.Get(t, path).Find("#settings-form")) }
	a, b := page(), page()
	a.Set("api_orders", models.HoldAPIOrders)
	a.Del("plan_api")
	a.Set("centres", "R&D\nIT")
	if p := c.Post(t, path, a); p.Status != http.StatusSeeOther || p.Location() != path {
		t.Fatalf("first: got %d %q", p.Status, p.Text(".error-summary"))
	}
	b.Set("lapse_days", "3")
	b.Set("centres", "Sales")
	p := c.Post(t, path, b)
	again := webtest.Fields(p.Find("#settings-form"))
	said := p.Text(".error-summary")
	if p.Status != http.StatusUnprocessableEntity || !strings.Contains(said, "from refuse to create after approval, by Ines") ||
		!strings.Contains(said, "from on to off, by Ines") || !strings.Contains(said, "from none to R&D, IT, by Ines") {
		t.Fatalf("got %d %q, want what was changed by whom", p.Status, said)
	}
	if again.Get("lapse_days") != "3" || again.Get("centres") != "Sales" || again.Get("api_orders") != models.HoldAPIOrders || again.Has("plan_api") {
		t.Fatalf("got %v, want what was typed, and else what is now", again)
	}
	if got := page(); got.Get("lapse_days") != "14" {
		t.Errorf("got %v, want nothing saved", got)
	}
	if p = c.Post(t, path, again); p.Status != http.StatusSeeOther {
		t.Fatalf("sent again: got %d %q", p.Status, p.Text(".error-summary"))
	}
	if got := page(); got.Get("lapse_days") != "3" || got.Get("centres") != "Sales" || got.Get("api_orders") != models.HoldAPIOrders || got.Has("plan_api") {
		t.Errorf("got %v", got)
	}
	if p := c.Get(t, "/activity"); !strings.Contains(p.Text("main"), "Changed “Cost centres to choose from” of") || !strings.Contains(p.Text("main"), "From R&D, IT to Sales") {
		t.Errorf("the record says %q", p.Text("main"))
	}
}

func TestSettingsAreForAdminsAndSayWhatIsWrong(t *testing.T) {
	t.Parallel()
	site := open(t)
	for _, role := range []models.Role{models.Viewer, models.Requester, models.Approver} {
		c := site.SignIn(t, role)
		if p := c.Get(t, "/team/settings"); p.Status != 403 || p.Has(`a[href="/team/settings"]`) {
			t.Errorf("%s: got %d, want 403 and no way there", role, p.Status)
		}
		if p := c.Post(t, "/team/settings/preview", nil); p.Status != 403 {
			t.Errorf("%s: got %d, want 403", role, p.Status)
		}
	}
	c := site.SignIn(t, models.Admin)
	p := c.Get(t, "/team/settings")
	if !p.Has(`nav a[href="/team/settings"][aria-current=page]`) || !p.Has(`#settings-form [value=refuse][checked]`) || !p.Has(`#settings-form [name=plan_api][checked]`) {
		t.Fatalf("got %q", p.Text("main"))
	}
	p = c.Submit(t, p, "#settings-form", webtest.Values{"tax_rate": "much", "tax_name": "<b>VAT</b>", "cu_quota": "101"})
	if p.Status != 422 || !p.Has("#tax_rate-note .error") || !strings.Contains(p.Text("#tax_rate-note"), "percentage") || webtest.Fields(p.Find("#settings-form")).Get("tax_name") != "<b>VAT</b>" {
		t.Errorf("got %d %q, want 422 with the reason and what was typed", p.Status, p.Text(".error-summary"))
	}
	p = c.Submit(t, p, "#settings-form", webtest.Values{"tax_rate": "6", "cu_quota": "101"})
	if p.Status != 422 || !strings.Contains(p.Text("#cu_quota-note"), "up to 100 CU") {
		t.Errorf("got %d %q", p.Status, p.Text(".error-summary"))
	}
}

func TestCostCentresAreOffered(t *testing.T) {
	t.Parallel()
	site := open(t)
	ada := site.SignIn(t, models.Requester)
	modelstest.Allow(t, site.DB, site.Team, func(in *models.SettingsInput) { in.Centres = "R&D\nIT" })
	if p := ada.Get(t, "/buckets/new"); !p.Has(`input[name=cost_centre][list=cost_centre-list]`) || p.Find("#cost_centre-list option").Length() != 2 {
		t.Errorf("got %q, want a field with both", p.Text("#bucket-form"))
	}
	modelstest.Allow(t, site.DB, site.Team, func(in *models.SettingsInput) { in.OnlyCentres = true })
	for _, path := range []string{"/buckets/new", "/plans/new", "/stores/new"} {
		if p := ada.Get(t, path); p.Find("select[name=cost_centre] option").Length() != 3 {
			t.Errorf("%s: got %d options, want both and none", path, p.Find("select[name=cost_centre] option").Length())
		}
	}
	p := ada.Submit(t, ada.Get(t, "/buckets/new"), "#bucket-form", webtest.Values{"bucket_name": "assets", "cost_centre": "Sales"})
	if p.Status != 422 || !strings.Contains(p.Text("#cost_centre-note"), "cost centre of the team") || webtest.Fields(p.Find("#bucket-form")).Get("cost_centre") != "Sales" {
		t.Errorf("got %d %q", p.Status, p.Text(".error-summary"))
	}
}

func TestARoleThatSomebodyChangedMeanwhileIsAConflict(t *testing.T) {
	t.Parallel()
	site := open(t)
	c := site.SignIn(t, models.Admin)
	path := "/team/members/" + site.Team.Viewer.UserID + "/role"
	row := func(p *webtest.Page) *goquery.Selection { return p.Find("form[action=\"" + path + "\"]") }
	a, b := webtest.Fields(row(c.Get(t, "/team"))), webtest.Fields(row(c.Get(t, "/team")))
	a.Set("role", "approver")
	b.Set("role", "requester")
	if p := c.Post(t, path, a); p.Status != http.StatusSeeOther {
		t.Fatalf("first: got %d", p.Status)
	}
	p := c.Post(t, path, b)
	again := webtest.Fields(row(p))
	if p.Status != http.StatusUnprocessableEntity || !strings.Contains(p.Text("#members .error"), "meanwhile") || again.Get("role") != "requester" {
		t.Fatalf("the same role: got %d %q %v, want a conflict with the choice kept", p.Status, p.Text("#members .error"), again)
	}
	if p = c.Post(t, path, again); p.Status != http.StatusSeeOther {
		t.Errorf("saved again: got %d", p.Status)
	}
}
