package handlers_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"quartermaster/models"
	"quartermaster/models/modelstest"
	"quartermaster/web"
	"quartermaster/web/webtest"
)

func TestPlanIsRenewedFromItsPage(t *testing.T) {
	t.Parallel()
	clock := modelstest.NewClock()
	site := openWith(t, models.Options{Clock: clock.Now}, web.Site{})
	c := site.SignIn(t, models.Requester)
	path := orderPlan(t, c, nil)
	form := c.Get(t, path+"/renewal")
	for selector, want := range map[string]string{
		"#summary .summary-total-value":              "¥22.50",
		"#summary .summary-rows div:nth-child(5) dd": "2027-05-22 00:00 UTC+8",
		"#summary .summary-rows div:nth-child(6) dd": "2027-11-21",
	} {
		if got := form.Text(selector); got != want {
			t.Errorf("%s: got %q, want %q in %q", selector, got, want, form.Text("#summary"))
		}
	}
	part := c.Post(t, path+"/renewal/preview", url.Values{"duration": {"12"}, "pricing_cycle": {"Month"}})
	if part.Status != http.StatusOK || part.Text("#summary .summary-total-value") != "¥40.50" {
		t.Errorf("a change of the term: got %d, %q", part.Status, part.Text("#summary"))
	}
	done := c.Submit(t, form, "form#plan-change", webtest.Values{"duration": "12", "note": "one more year"})
	if done.Status != http.StatusSeeOther || done.Location() != path {
		t.Fatalf("got %d to %q: %s", done.Status, done.Location(), done.Text(".error-summary"))
	}
	show := c.Get(t, path)
	if !strings.Contains(show.Text(".facts"), "2028-05-21") || !strings.Contains(show.Text(".facts"), "¥63.00") {
		t.Errorf("got facts %q, want the later end and both prices", show.Text(".facts"))
	}
	list := c.Get(t, "/orders")
	if got := show.Links(".facts .links"); len(got) != 2 || got[0] != list.Links("#orders tbody")[0] || !strings.HasPrefix(show.Text(".facts .links li:first-child"), "Renewal: 2026") {
		t.Errorf("got orders %q, want that of the renewal and the first", got)
	}
	if got := list.Text("#orders tbody tr:first-child"); !strings.Contains(got, "Renewal: Standard") {
		t.Errorf("the list of orders says %q", got)
	}
	order := c.Get(t, list.Links("#orders tbody")[0])
	for _, want := range []string{"Renewal: Standard", "12 months", "¥40.50", "2027-05-22 – 2028-05-21"} {
		if !strings.Contains(order.Text("main"), want) {
			t.Errorf("the order does not say %q: %s", want, order.Text("main"))
		}
	}
	paper := c.Get(t, list.Links("#orders tbody")[0]+"/print?lang=zh")
	if !strings.Contains(paper.Text("article"), "续费：") || !strings.Contains(paper.Text("article"), "1 年") && !strings.Contains(paper.Text("article"), "12 个月") {
		t.Errorf("the paper says %q", paper.Text("article"))
	}
}

func TestPlanIsUpgradedFromItsPage(t *testing.T) {
	t.Parallel()
	clock := modelstest.NewClock()
	site := openWith(t, models.Options{Clock: clock.Now}, web.Site{})
	c := site.SignIn(t, models.Requester)
	path := orderPlan(t, c, webtest.Values{"effective_date": "2026-12-01T08:00"})
	form := c.Get(t, path+"/upgrade")
	if form.Has("input[name=specification][value='40']") || !form.Has("input[name=specification][value='100']") {
		t.Errorf("got sizes %q, want those that are larger", form.Text("form#plan-change"))
	}
	if now := form.Text(".summary"); !strings.Contains(now, "Current") || strings.Contains(now, "After") {
		t.Errorf("nothing chosen: got summary %q, want the size it has", now)
	}
	refused := c.Submit(t, form, "form#plan-change", webtest.Values{"note": "more"})
	if refused.Status != http.StatusUnprocessableEntity || refused.Text("textarea[name=note]") != "more" || !refused.Has(".error-summary") {
		t.Errorf("nothing chosen: got %d, %q", refused.Status, refused.Text("form#plan-change"))
	}
	done := c.Submit(t, form, "form#plan-change", webtest.Values{"specification": "100"})
	if done.Status != http.StatusSeeOther || done.Location() != path {
		t.Fatalf("got %d to %q: %s", done.Status, done.Location(), done.Text(".error-summary"))
	}
	show := c.Get(t, path)
	if !strings.Contains(show.Text(".facts"), "100 GB") || !strings.Contains(show.Text(".facts"), "¥54.00") {
		t.Errorf("got facts %q, want 100 GB for ¥54.00", show.Text(".facts"))
	}
	order := c.Get(t, c.Get(t, "/orders").Links("#orders tbody")[0])
	for _, want := range []string{"Upgrade: Standard", "40 GB → 100 GB", "¥31.50"} {
		if !strings.Contains(order.Text("main"), want) {
			t.Errorf("the order does not say %q: %s", want, order.Text("main"))
		}
	}
}

func TestPlanThatCannotChangeSaysWhy(t *testing.T) {
	t.Parallel()
	clock := modelstest.NewClock()
	site := openWith(t, models.Options{Clock: clock.Now}, web.Site{})
	c := site.SignIn(t, models.Requester)
	path := orderPlan(t, c, nil)
	buttons := func(p *webtest.Page) string { return strings.Join(p.Links(".page-head"), " ") }
	if got := buttons(c.Get(t, path)); !strings.Contains(got, path+"/renewal") || !strings.Contains(got, path+"/upgrade") {
		t.Errorf("got buttons %q, want renewal and upgrade", got)
	}
	viewer := site.SignIn(t, models.Viewer)
	for _, address := range []string{path + "/renewal", path + "/upgrade"} {
		if p := viewer.Get(t, address); p.Status != http.StatusForbidden {
			t.Errorf("a viewer gets %s: %d", address, p.Status)
		}
		if p := c.Get(t, strings.Replace(address, "OSSBAG-cn-", "OSSBAG-cn-x", 1)); p.Status != http.StatusNotFound {
			t.Errorf("an unknown plan: got %d", p.Status)
		}
	}
	clock.Move(365 * 24 * time.Hour)
	c = site.SignIn(t, models.Requester) // the earlier session has lapsed
	if got := buttons(c.Get(t, path)); strings.Contains(got, "/renewal") || strings.Contains(got, "/upgrade") {
		t.Errorf("an expired plan has buttons %q", got)
	}
	form := c.Get(t, path+"/renewal")
	if !strings.Contains(form.Text("#summary"), "expired") {
		t.Errorf("got summary %q, want that the plan has expired", form.Text("#summary"))
	}
	if p := c.Submit(t, form, "form#plan-change", nil); p.Status != http.StatusUnprocessableEntity || !strings.Contains(p.Text(".error-summary"), "expired") {
		t.Errorf("got %d, %q", p.Status, p.Text(".error-summary"))
	}
}
