package handlers_test

import (
	"strings"
	"testing"

	"quartermaster/models"
	"quartermaster/models/pricing"
	"quartermaster/web/webtest"
)

func TestEverybodySeesTheCatalogueAndOrdersFromIt(t *testing.T) {
	t.Parallel()
	site := open(t)
	c := site.SignIn(t, models.Requester)
	p := c.Get(t, "/catalogue?q=FPT_ossbag_absolute_Storage_sh:40")
	if rows := p.Find("#catalogue tbody tr").Length(); p.Status != 200 || rows != 3 || !p.Has(`nav a[href="/catalogue"][aria-current=page]`) || p.Has(`a[href="/catalogue/prices/new"]`) {
		t.Fatalf("got %d with %d rows: %q", p.Status, rows, p.Text("main"))
	}
	href, _ := p.Find("#catalogue td.actions a, #catalogue td a.button").Last().Attr("href")
	form := c.Get(t, href)
	if form.Status != 200 || !form.Has(`#plan-form [name=specification][value="40"][checked]`) || !strings.Contains(form.Text("#summary"), "¥") {
		t.Errorf("order this, %s: got %d %q", href, form.Status, form.Text("#summary"))
	}
	if p := c.Get(t, "/catalogue?kind=store&region=cn-south-1"); p.Find("#catalogue tbody tr").Length() != 15 {
		t.Errorf("stores of a region: got %d rows, want 5 flavors by hour, month and year", p.Find("#catalogue tbody tr").Length())
	}
	for _, path := range []string{"/catalogue", "/catalogue/prices", "/catalogue/prices/seed-0001", "/catalogue.csv", "/catalogue/prices.xlsx"} {
		if p := site.SignIn(t, models.Viewer).Get(t, path); p.Status != 200 || p.Has("#price-form") {
			t.Errorf("a viewer, %s: got %d", path, p.Status)
		}
	}
	if p := c.Get(t, "/catalogue/prices/none"); p.Status != 404 {
		t.Errorf("no price: got %d, want 404", p.Status)
	}
	for _, path := range []string{"/catalogue/prices/new", "/catalogue/prices/seed-0001", "/catalogue/prices/seed-0001/withdrawal"} {
		if p := site.SignIn(t, models.Admin).Post(t, path, nil); p.Status != 403 {
			t.Errorf("a team's admin, POST %s: got %d, want 403", path, p.Status)
		}
	}
}

func TestASiteAdminEntersAndWithdrawsPrices(t *testing.T) {
	t.Parallel()
	site := open(t)
	c := root(t, site)
	p := c.Get(t, "/catalogue/prices/seed-0001")
	if p := c.Submit(t, p, "#price-form", webtest.Values{"price_amount": "much", "price_from": "2020-01-01", "price_source": ""}); p.Status != 422 || p.Find(".field .error").Length() != 3 {
		t.Errorf("wrong fields: got %d %q", p.Status, p.Text(".error-summary"))
	}
	if p := c.Submit(t, p, "#price-form", webtest.Values{"price_amount": "2.385", "price_from": "2099-12-31", "price_source": "Offer <7>"}); p.Status != 303 || p.Location() != "/catalogue/prices/seed-0001" {
		t.Fatalf("add: got %d %q", p.Status, p.Text(".error-summary"))
	}
	if late := c.Submit(t, p, "#price-form", webtest.Values{"price_amount": "3", "price_from": "2099-12-30", "price_source": "x"}); late.Status != 422 || !strings.Contains(late.Text(".error-summary"), "2.385 (2099-12-31), by Ines") {
		t.Errorf("of an older page: got %d %q", late.Status, late.Text(".error-summary"))
	} else if late := c.Submit(t, late, "#price-form", nil); late.Status != 303 {
		t.Errorf("and sent again: got %d %q", late.Status, late.Text(".error-summary"))
	}
	p = c.Get(t, "/catalogue/prices/seed-0001")
	if got := p.Text("#price-lines"); !strings.Contains(got, "2099-12-31") || !strings.Contains(got, "Offer <7>") || !strings.Contains(got, "Ines") {
		t.Errorf("its history says %q", got)
	}
	if p := c.Get(t, "/catalogue?change=true"); !strings.Contains(p.Text("#catalogue"), "from 2099-12-30") {
		t.Errorf("the catalogue does not say what comes: %q", p.Text("#catalogue"))
	}
	if p := c.Submit(t, p, "#price-lines tbody tr:first-child form", nil); p.Status != 303 {
		t.Errorf("withdraw: got %d", p.Status)
	}
	p = c.Get(t, "/catalogue/prices/new")
	if p := c.Submit(t, p, "#price-form", webtest.Values{"price_item": "lms.cu.xlarge", "price_region": "", "price_unit": "year", "price_amount": "1,180", "price_from": "2099-01-01", "price_source": "x"}); p.Status != 303 || !strings.HasPrefix(p.Location(), "/catalogue/prices/") {
		t.Errorf("add one of everywhere: got %d %q", p.Status, p.Text(".error-summary"))
	}
}

func TestATeamsOwnPriceIsOnItsPagesAndPaperAlone(t *testing.T) {
	t.Parallel()
	site := open(t)
	by, c, other := root(t, site), site.SignIn(t, models.Requester), site.SignInOther(t, models.Viewer)
	today := site.DB.Now().In(pricing.Zone).Format("2006-01-02")
	p := by.Get(t, "/catalogue/prices/new?price_team="+site.Team.ID)
	p = by.Submit(t, p, "#price-form", webtest.Values{"price_item": "FPT_ossbag_absolute_Storage_sh:40", "price_unit": "term", "price_term": "6", "price_amount": "", "price_from": "2020-01-01", "price_source": "Contract <7>"})
	if p.Status != 422 || !p.Has("#price_from-note .error") || p.Has("#price_amount-note .error") {
		t.Errorf("a day that is over: got %d %q", p.Status, p.Text(".error-summary"))
	}
	p = by.Submit(t, p, "#price-form", webtest.Values{"price_amount": "20", "price_from": today})
	if p.Status != 303 {
		t.Fatalf("add: got %d %q", p.Status, p.Text(".error-summary"))
	}
	at := p.Location()
	form := c.Get(t, examplePlan)
	if got := form.Text("#summary"); !strings.Contains(got, "¥20.00") || !strings.Contains(got, "team price (Contract <7>)") {
		t.Errorf("the form says %q", got)
	}
	order := c.Submit(t, form, "form#plan-form", nil)
	if order.Status != 303 {
		t.Fatalf("order: got %d %q", order.Status, order.Text(".error-summary"))
	}
	link, _ := c.Get(t, "/orders").Find("tbody a[href^='/orders/']").First().Attr("href")
	if got := c.Get(t, link+"/print").Text("body"); !strings.Contains(got, "team price (Contract <7>)") || !strings.Contains(got, "20.00") {
		t.Errorf("the paper says %q", got)
	}
	for what, path := range map[string]string{"catalogue": "/catalogue?q=FPT_ossbag_absolute_Storage_sh:40", "price book": "/catalogue/prices?q=Contract", "file": "/catalogue/prices.csv", "page": at} {
		mine, theirs := c.Get(t, path), other.Get(t, path)
		if mine.Status != 200 || !strings.Contains(mine.Body, "Contract") {
			t.Errorf("%s: the team reads %d %q", what, mine.Status, mine.Text("main"))
		}
		if strings.Contains(theirs.Text("main tbody"), "Contract") && what != "page" {
			t.Errorf("%s: another team reads %q", what, theirs.Text("main"))
		}
	}
	if got := c.Get(t, "/catalogue?q=FPT_ossbag_absolute_Storage_sh:40").Text("#catalogue"); !strings.Contains(got, "List price ¥22.50") {
		t.Errorf("the catalogue says %q", got)
	}
	if p := site.SignInOther(t, models.Viewer).Get(t, at); p.Status != 404 {
		t.Errorf("another team, %s: got %d, want 404", at, p.Status)
	}
	if got := by.Get(t, "/catalogue/prices?team="+site.Team.ID).Text("#prices tbody"); !strings.Contains(got, "Contract <7>") {
		t.Errorf("the site's price book says %q", got)
	}
	// An empty price ends it.
	if p := by.Submit(t, by.Get(t, at), "#price-form", webtest.Values{"price_amount": "", "price_from": "2099-01-01", "price_source": "x"}); p.Status != 303 {
		t.Fatalf("end: got %d %q", p.Status, p.Text(".error-summary"))
	}
	if got := c.Get(t, at).Text("#price-lines"); !strings.Contains(got, "Back to list price") {
		t.Errorf("its page says %q", got)
	}
}
