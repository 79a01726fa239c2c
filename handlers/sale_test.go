package handlers_test

import (
	"net/url"
	"strings"
	"testing"

	"quartermaster/models"
	"quartermaster/models/modelstest"
	"quartermaster/models/pricing"
	"quartermaster/web/webtest"
)

func TestWhatIsOffSaleIsNotBoughtByUpgradeOrScale(t *testing.T) {
	t.Parallel()
	site := open(t)
	c, by := site.SignIn(t, models.Requester), root(t, site)
	plan, store := orderPlan(t, c, nil), orderStore(t, c, "handbook")
	modelstest.Work(t, site.DB)
	upgrade, scale := c.Get(t, plan+"/upgrade"), c.Get(t, store+"/scale")
	for _, path := range []string{"/catalogue/sale/type/FPT_ossbag_absolute_Storage_sh", "/catalogue/sale/flavor/xlarge"} {
		if p := by.Submit(t, by.Get(t, path), "#switch-off form", nil); p.Status != 303 {
			t.Fatalf("%s: got %d", path, p.Status)
		}
	}
	if p := c.Submit(t, upgrade, "#plan-change", webtest.Values{"specification": "100"}); p.Status != 422 || !strings.Contains(p.Text(".error-summary"), "not on sale") {
		t.Errorf("upgrade: got %d %q", p.Status, p.Text(".error-summary"))
	}
	if p := c.Submit(t, scale, "#scale-form", webtest.Values{"num": "2"}); p.Status != 422 || !strings.Contains(p.Text("#num-note .error"), "not on sale") {
		t.Errorf("scale: got %d %q", p.Status, p.Text(".error-summary"))
	}
}

func TestASiteAdminEditsWhatIsSold(t *testing.T) {
	t.Parallel()
	site := open(t)
	c := root(t, site)
	p := c.Get(t, "/catalogue/sale?type=region")
	if n := p.Find("#sale tbody tr").Length(); p.Status != 200 || n != 12 || !p.Has("a[href='/catalogue/sale/region']") {
		t.Fatalf("got %d with %d regions", p.Status, n)
	}
	if p := c.Get(t, "/catalogue/sale?type=flavor"); p.Find("#sale tbody tr").Length() != 5 || p.Has("a[href='/catalogue/sale/flavor']") {
		t.Errorf("flavors: got %d", p.Find("#sale tbody tr").Length())
	}
	for _, path := range []string{"/catalogue/sale/region", "/catalogue/sale/zone", "/catalogue/sale/product", "/catalogue/sale/type", "/catalogue/sale/spec", "/catalogue/sale/flavor/xlarge",
		"/catalogue/sale/zone/cn-north-7:cn-north-7a", "/catalogue/sale/type/FPT_ossbag_absolute_Storage_sh", "/catalogue/sale/spec/FPT_ossbag_absolute_Storage_sh:40"} {
		if p := c.Get(t, path); p.Status != 200 || !p.Has("#thing-form") {
			t.Errorf("%s: got %d", path, p.Status)
		}
	}
	for _, path := range []string{"/catalogue/sale/flavor", "/catalogue/sale/planet", "/catalogue/sale/region/mars"} {
		if p := c.Get(t, path); p.Status != 404 {
			t.Errorf("%s: got %d, want 404", path, p.Status)
		}
	}
	p = c.Get(t, "/catalogue/sale/spec/FPT_ossbag_absolute_Storage_sh:40")
	if p := c.Submit(t, p, "#thing-form", webtest.Values{"thing_months": "for ever"}); p.Status != 422 || !p.Has("#thing_months-note .error") {
		t.Errorf("no terms: got %d", p.Status)
	}
	if p := c.Submit(t, p, "#thing-form", webtest.Values{"thing_months": "1, 6"}); p.Status != 303 {
		t.Fatalf("edit: got %d %q", p.Status, p.Text(".error-summary"))
	}
	if p := c.Submit(t, p, "#thing-form", webtest.Values{"thing_months": "1"}); p.Status != 422 || !strings.Contains(p.Text(".error-summary"), "1, 6") {
		t.Errorf("of an older page: got %d %q, want what changed", p.Status, p.Text(".error-summary"))
	}
	if p := c.Submit(t, c.Get(t, "/catalogue/sale/region/cn-shanghai"), "#switch-off form", nil); p.Status != 303 {
		t.Fatalf("switch off: got %d", p.Status)
	}
	requester := site.SignIn(t, models.Requester)
	p = requester.Get(t, "/buckets/new")
	if p.Has(`option[value="cn-shanghai"]`) || !p.Has(`option[value="cn-hangzhou"]`) {
		t.Error("the form offers a region that is off sale")
	}
	if p := requester.Get(t, "/catalogue?state=off&region=cn-shanghai&kind=plan"); p.Find("#catalogue tbody tr").Length() == 0 || p.Has("#catalogue a.button") {
		t.Errorf("the catalogue says %q", p.Text("#catalogue"))
	}
	if p := c.Submit(t, c.Get(t, "/catalogue/sale/region/cn-shanghai"), "#thing-state form", nil); p.Status != 303 {
		t.Errorf("switch on: got %d", p.Status)
	}
	zone := "/catalogue/sale/zone/cn-north-7:cn-north-7a"
	c.Submit(t, c.Get(t, zone), "#switch-off form", nil)
	if p := c.Get(t, "/catalogue/sale"); strings.Contains(p.Text("#toast"), ":") || !strings.Contains(p.Text("#toast"), "is off sale") {
		t.Errorf("a zone switched off: %q, want its name", p.Text("#toast"))
	}
	admin := site.SignIn(t, models.Admin)
	for _, path := range []string{"/catalogue/sale", "/catalogue/sale/region"} {
		if p := admin.Get(t, path); p.Status != 403 {
			t.Errorf("a team's admin, %s: got %d, want 403", path, p.Status)
		}
	}
	for _, path := range []string{"/catalogue/sale/region", "/catalogue/sale/region/cn-shanghai", "/catalogue/sale-state/region/cn-shanghai"} {
		if p := admin.Post(t, path, url.Values{"off": {"true"}}); p.Status != 403 {
			t.Errorf("a team's admin, POST %s: got %d, want 403", path, p.Status)
		}
	}
}

func TestAPriceThatChangedIsShownBeforeItIsOrderedAt(t *testing.T) {
	t.Parallel()
	site := open(t)
	c, by := site.SignIn(t, models.Requester), root(t, site)
	form := c.Get(t, examplePlan)
	p := by.Submit(t, by.Get(t, "/catalogue/prices/new"), "#price-form", webtest.Values{"price_item": "FPT_ossbag_absolute_Storage_sh:40", "price_unit": "term", "price_term": "6",
		"price_amount": "123.45", "price_from": site.DB.Now().In(pricing.Zone).Format("2006-01-02"), "price_source": "x"})
	if p.Status != 303 {
		t.Fatalf("add: got %d %q", p.Status, p.Text(".error-summary"))
	}
	p = c.Submit(t, form, "form#plan-form", webtest.Values{"note": "because"})
	if p.Status != 422 || !strings.Contains(p.Text("#shown_total"), "to 123.45 CNY") || !strings.Contains(p.Text("#summary"), "¥123.45") || p.Text("#note") != "because" {
		t.Fatalf("got %d %q, summary %q", p.Status, p.Text(".error-summary"), p.Text("#summary"))
	}
	if p := c.Submit(t, p, "form#plan-form", nil); p.Status != 303 {
		t.Errorf("sent again: got %d %q", p.Status, p.Text(".error-summary"))
	}
}
