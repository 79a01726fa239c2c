package handlers_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"quartermaster/models"
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

func TestSettingsOfOrderingAreBroughtTogether(t *testing.T) {
	t.Parallel()
	site := open(t)
	c := site.SignIn(t, models.Admin)
	page := func() url.Values { return webtest.Fields(c.Get(t, "/team/keys").Find("#api-orders-form")) }
	a, b := page(), page()
	a.Set("api_orders", models.HoldAPIOrders)
	a.Del("plan_api")
	b.Del("store_prepaid")
	for _, sent := range []url.Values{a, b} {
		if p := c.Post(t, "/team/api-orders", sent); p.Status != http.StatusSeeOther {
			t.Fatalf("got %d %q", p.Status, p.Text(".error-summary"))
		}
	}
	if got := page(); got.Get("api_orders") != models.HoldAPIOrders || got.Has("plan_api") || got.Has("store_prepaid") {
		t.Errorf("got %v, want what both changed", got)
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
