package handlers_test

import (
	"strings"
	"testing"

	"quartermaster/models"
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
