package handlers_test

import (
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"quartermaster/models"
	"quartermaster/models/modelstest"
	"quartermaster/web"
	"quartermaster/web/webtest"
)

func TestStoreIsScaledFromItsPage(t *testing.T) {
	t.Parallel()
	site := open(t)
	ada := site.SignIn(t, models.Requester)
	path := orderStore(t, ada, "handbook")
	if p := ada.Get(t, path); p.Has("a[href='" + path + "/scale']") {
		t.Error("a store that is created can be scaled")
	}
	modelstest.Work(t, site.DB)
	links := ada.Get(t, path).Links("#store-actions a[href$='/scale']")
	if len(links) != 1 {
		t.Fatalf("got links %q, want one to the form", links)
	}
	form := ada.Get(t, links[0])
	if form.Has(".error") || form.Find("#num").AttrOr("value", "") != "1" || !strings.Contains(form.Text("#summary"), "already has this many units") {
		t.Errorf("fresh form: got %q, summary %q", form.Find("#num").AttrOr("value", ""), form.Text("#summary"))
	}
	values := webtest.Fields(form.Find("#scale-form"))
	values.Set("num", "3")
	p := ada.Do(t, http.MethodPost, path+"/scale/preview", values, http.Header{
		"Hx-Request": {"true"}, "Hx-Request-Type": {"partial"}, "Hx-Target": {"form#scale-form"}})
	if p.Status != http.StatusOK || strings.Contains(p.Body, "<!DOCTYPE") || !strings.Contains(p.Text("#summary"), "xlarge × 3") || !strings.Contains(p.Text("#summary"), "¥7.155/hour") {
		t.Errorf("preview: got %d, summary %q", p.Status, p.Text("#summary"))
	}
	for what, submit := range map[string]func(testing.TB, *webtest.Page, string, webtest.Values) *webtest.Page{"plain": ada.Submit, "htmx": ada.SubmitHX} {
		for _, num := range []string{"", "1", "0", "101", "x", "99999999999999999999"} {
			p := submit(t, form, "#scale-form", webtest.Values{"num": num, "note": "因为"})
			if p.Status != http.StatusUnprocessableEntity || !p.Has("#num-note .error") || p.Find("#num").AttrOr("value", "") != num || p.Text("#note") != "因为" {
				t.Errorf("%s, %q: got %d, %q", what, num, p.Status, p.Text(".error-summary"))
			}
		}
	}
	p = ada.Submit(t, form, "#scale-form", webtest.Values{"num": "3"})
	again := ada.Submit(t, form, "#scale-form", webtest.Values{"num": "3"})
	if p.Status != http.StatusSeeOther || p.Location() != path || again.Status != p.Status || again.Location() != path {
		t.Fatalf("got %d to %q, then %d to %q; want the store twice", p.Status, p.Location(), again.Status, again.Location())
	}
	if p = ada.Get(t, path); p.Text("#store-state") != "Adding units" || p.Find(".step").Length() != 2 || p.Has("#delete-store") {
		t.Errorf("scaling: got %q, %d steps", p.Text("#store-state"), p.Find(".step").Length())
	}
	if got := p.Links(".facts .links"); len(got) != 2 || !strings.HasPrefix(p.Text(".facts .links li:first-child"), "Scaling: 2026") || !strings.Contains(p.Text(".facts .links li:first-child"), "In progress") {
		t.Errorf("got orders %q, %q; want that of the scaling and the first", got, p.Text(".facts .links"))
	}
	if p := ada.Get(t, "/"); !strings.Contains(p.Body, "Scale store") {
		t.Error("the dashboard has no words for the job")
	}
	if p := ada.Get(t, path+"/scale"); !strings.Contains(p.Text("#summary"), "when its status is Running") {
		t.Errorf("form while it is scaled: got %q", p.Text("#summary"))
	}
	modelstest.Work(t, site.DB)
	p = ada.Get(t, path)
	if p.Text("#store-state") != "Running" || !strings.Contains(p.Text("#store-live .aside"), "xlarge × 3") || !strings.Contains(p.Text("#store-live .aside"), "¥7.155/hour") {
		t.Errorf("scaled: got %q, %q", p.Text("#store-state"), p.Text("#store-live .aside"))
	}
	orders := ada.Get(t, "/orders").Links("tbody th")
	if len(orders) != 2 {
		t.Fatalf("got orders %q, want two", orders)
	}
	if p = ada.Get(t, orders[0]); !strings.Contains(p.Text("#lines"), "Scaling: handbook") || !strings.Contains(p.Text("#lines"), "xlarge × 1 → 3") || len(p.Links("#facts a[href='"+orders[1]+"']")) != 1 || strings.Contains(p.Body, "/stores/new?") {
		t.Errorf("order: got lines %q", p.Text("#lines"))
	}
	if p = ada.Get(t, orders[0]+"/print"); p.Status != http.StatusOK || !strings.Contains(p.Body, "xlarge × 1 → 3") {
		t.Errorf("paper: got %d", p.Status)
	}
}

func TestWhoScalesStores(t *testing.T) {
	t.Parallel()
	site := open(t)
	path := orderStore(t, site.SignIn(t, models.Requester), "handbook")
	modelstest.Work(t, site.DB)
	vera, other := site.SignIn(t, models.Viewer), site.SignInOther(t, models.Admin)
	if p := vera.Get(t, path); p.Has("a[href$='/scale']") {
		t.Error("a viewer has a button that does nothing")
	}
	for _, c := range []struct {
		who  *webtest.Client
		want int
	}{{vera, http.StatusForbidden}, {other, http.StatusNotFound}} {
		for _, address := range []string{path + "/scale", path + "/scale/preview"} {
			if p := c.who.Post(t, address, url.Values{"num": {"2"}}); p.Status != c.want {
				t.Errorf("POST %s: got %d, want %d", address, p.Status, c.want)
			}
		}
		if p := c.who.Get(t, path+"/scale"); p.Status != c.want {
			t.Errorf("GET %s: got %d, want %d", path, p.Status, c.want)
		}
	}
}

func TestFailedScalingSaysWhyInWordsAndIsTriedAgain(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	site := openWith(t, models.Options{Folder: folder}, web.Site{})
	ada := site.SignIn(t, models.Requester)
	path := orderStore(t, ada, "handbook")
	modelstest.Work(t, site.DB)
	if err := os.Rename(folder+"/stores", folder+"/aside"); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(folder+"/stores", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	ada.Post(t, path+"/scale", url.Values{"num": {"2"}})
	modelstest.Work(t, site.DB)
	p := ada.Get(t, path)
	if p.Text("#store-state") != "Running" || !strings.Contains(p.Text(".callout"), "runs as before") || p.Find(".step.failed").Length() != 1 {
		t.Errorf("got %q, %q", p.Text("#store-state"), p.Text(".callout"))
	}
	if err := os.Remove(folder + "/stores"); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(folder+"/aside", folder+"/stores"); err != nil {
		t.Fatal(err)
	}
	if p = ada.Submit(t, p, ".callout form", nil); p.Status != http.StatusSeeOther {
		t.Fatalf("retry: got %d", p.Status)
	}
	modelstest.Work(t, site.DB)
	if p = ada.Get(t, path); p.Has(".callout") || !strings.Contains(p.Text("#store-live .aside"), "xlarge × 2") {
		t.Errorf("got %q, %q", p.Text(".callout"), p.Text("#store-live .aside"))
	}
}

func TestStoresAreOfferedInAdvanceOnlyWhileTheyAreSoldSo(t *testing.T) {
	t.Parallel()
	site := open(t)
	ada, admin := site.SignIn(t, models.Requester), site.SignIn(t, models.Admin)
	if p := ada.Get(t, "/stores/new"); !p.Has("[name=charge_mode][value=prePaid]") {
		t.Error("stores are not offered in advance")
	}
	settings := webtest.Fields(admin.Get(t, "/team/settings").Find("#settings-form"))
	settings.Del("store_prepaid")
	if p := admin.Post(t, "/team/settings", settings); p.Status != http.StatusSeeOther {
		t.Fatalf("switch it off: got %d %q", p.Status, p.Text(".error-summary"))
	}
	if p := admin.Get(t, "/activity"); !strings.Contains(p.Text("main"), "Changed prepaid stores of") || !strings.Contains(p.Text("main"), "From on to off") {
		t.Errorf("the record says %q", p.Text("main"))
	}
	form := ada.Get(t, "/stores/new")
	if form.Has("[name=charge_mode][value=prePaid]") {
		t.Error("stores are offered in advance and not sold so")
	}
	values := webtest.Fields(form.Find("#store-form"))
	values.Set("store_name", "handbook")
	values.Set("charge_mode", "prePaid")
	values.Set("period_type", "month")
	values.Set("period_num", "1")
	if p := ada.Post(t, "/stores", values); p.Status != http.StatusUnprocessableEntity || !strings.Contains(p.Text(".error-summary"), "Prepaid is not available") {
		t.Errorf("got %d, %q", p.Status, p.Text(".error-summary"))
	}
}
