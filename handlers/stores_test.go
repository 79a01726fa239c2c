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

// orderStore orders a store by the form and returns the path of its page.
func orderStore(t *testing.T, c *webtest.Client, name string) string {
	t.Helper()
	p := c.Submit(t, c.Get(t, "/stores/new"), "#store-form", webtest.Values{"store_name": name})
	if p.Status != http.StatusSeeOther {
		t.Fatalf("order store: got %d %s", p.Status, p.Text(".error-summary"))
	}
	return p.Location()
}

func TestStoreFromFormToDeletion(t *testing.T) {
	t.Parallel()
	site := open(t)
	ada := site.SignIn(t, models.Requester)
	if p := ada.Get(t, "/stores"); !p.Has(".empty a[href='/stores/new']") {
		t.Error("an empty list does not lead to the form")
	}
	path := orderStore(t, ada, "handbook")
	p := ada.Get(t, path)
	if !p.Has("#store-live[hx-trigger='every 1s']") || p.Text("#store-state") != "Creating" || p.Find(".step").Length() != 4 {
		t.Errorf("creating: got state %q, %d steps", p.Text("#store-state"), p.Find(".step").Length())
	}
	if list := ada.Get(t, "/stores"); !list.Has("#store-list[hx-trigger]") || list.Text("tbody td b") != "Creating" {
		t.Errorf("list: got state %q, want Creating, live", list.Text("tbody td b"))
	}
	modelstest.Work(t, site.DB)
	p = ada.GetHX(t, path+"/status", "div#store-live")
	if p.Has("#store-live[hx-trigger]") || p.Text("#store-state") != "Running" || !p.Has("hx-partial #delete-store") || p.Find(".step.done").Length() != 4 {
		t.Errorf("done: got state %q, %d steps done", p.Text("#store-state"), p.Find(".step.done").Length())
	}
	if p.Has("html") && strings.Contains(p.Body, "<!DOCTYPE") {
		t.Error("the status is a whole page")
	}
	p = ada.Submit(t, ada.Get(t, path), "#delete-store form", nil)
	if p.Status != http.StatusSeeOther || p.Location() != path {
		t.Fatalf("delete: got %d to %q", p.Status, p.Location())
	}
	if p = ada.Get(t, path); p.Text("#store-state") != "Deleting" || p.Has("#delete-store") {
		t.Errorf("deleting: got %q", p.Text("#store-state"))
	}
	modelstest.Work(t, site.DB)
	if p = ada.GetHX(t, path+"/status", "div#store-live"); p.Location() != "/stores" {
		t.Errorf("gone: got %d to %q, want the list", p.Status, p.Location())
	}
	if p = ada.Get(t, path); p.Status != http.StatusNotFound {
		t.Errorf("gone: got %d, want 404", p.Status)
	}
}

func TestRefusedStoreFormKeepsWhatWasTyped(t *testing.T) {
	t.Parallel()
	site := open(t)
	ada := site.SignIn(t, models.Requester)
	orderStore(t, ada, "handbook")
	typed := webtest.Values{"store_name": "handbook", "num": "12a", "description": `<script>alert(1)</script>"`, "note": "因为"}
	for what, submit := range map[string]func(testing.TB, *webtest.Page, string, webtest.Values) *webtest.Page{"plain": ada.Submit, "htmx": ada.SubmitHX} {
		p := submit(t, ada.Get(t, "/stores/new"), "#store-form", typed)
		if p.Status != http.StatusUnprocessableEntity {
			t.Errorf("%s: got %d, want 422", what, p.Status)
		}
		for name, want := range typed {
			f := p.Find("[name=" + name + "]")
			if got := f.AttrOr("value", f.Text()); strings.TrimPrefix(got, "\n") != want {
				t.Errorf("%s: %s holds %q, want %q", what, name, got, want)
			}
		}
		if p.Has("#store-form script") || !p.Has("#num-note .error") || !p.Has(".error-summary a[href='#num']") {
			t.Errorf("%s: got errors %q", what, p.Text(".error-summary"))
		}
	}
	typed["num"] = "101"
	p := ada.Submit(t, ada.Get(t, "/stores/new"), "#store-form", typed)
	if !p.Has("#store_name-note .error") && !p.Has("#num-note .error") {
		t.Errorf("got errors %q", p.Text(".error-summary"))
	}
}

func TestStoreFormFollowsChanges(t *testing.T) {
	t.Parallel()
	site := open(t)
	ada := site.SignIn(t, models.Requester)
	orderStore(t, ada, "handbook")
	form := ada.Get(t, "/stores/new")
	if form.Has(".error") || form.Has("#period_num") || !form.Has("#summary") {
		t.Error("a fresh form shows errors, or fields that do not matter yet")
	}
	preview := func(change url.Values) *webtest.Page {
		t.Helper()
		values := webtest.Fields(form.Find("#store-form"))
		for name, v := range change {
			values[name] = v
		}
		p := ada.Do(t, http.MethodPost, "/stores/preview", values, http.Header{
			"Hx-Request": {"true"}, "Hx-Request-Type": {"partial"}, "Hx-Target": {"form#store-form"}})
		if p.Status != http.StatusOK || p.Has(".error-summary") {
			t.Errorf("%v: got %d, %s", change, p.Status, p.Text(".error-summary"))
		}
		return p
	}
	if p := preview(url.Values{"region": {"cn-north-4"}}); !p.Has("[name=availability_zones][value=cn-north-4a][checked]") || p.Has("[value=cn-north-7a]") {
		t.Error("the zones do not follow the region")
	}
	p := preview(url.Values{"charge_mode": {"prePaid"}, "period_type": {"year"}, "period_num": {"4"}, "num": {"2"}})
	if p.Find("#period_num option").Length() != 4 || p.Text("#period_num option[selected]") != "1 year" || !strings.Contains(p.Text("#summary"), "¥23,600.00") {
		t.Errorf("a year in advance: got %q, summary %q", p.Text("#period_num"), p.Text("#summary"))
	}
	if p := preview(url.Values{"num": {"101"}}); !p.Has("#num-note .error") || !strings.Contains(p.Text("#summary"), "99 CU left") {
		t.Errorf("over the quota: got summary %q", p.Text("#summary"))
	}
	if p := preview(url.Values{"store_name": {"handbook"}}); !p.Has("#store_name-note .error") {
		t.Error("a taken name is not said")
	}
	if p := preview(url.Values{"store_name": {"manual"}}); !p.Has("#store_name-note .fine") {
		t.Error("a free name is not said")
	}
}

func TestPressingTwiceMakesOneStore(t *testing.T) {
	t.Parallel()
	site := open(t)
	ada := site.SignIn(t, models.Requester)
	form := ada.Get(t, "/stores/new")
	first := ada.Submit(t, form, "#store-form", webtest.Values{"store_name": "handbook"})
	again := ada.Submit(t, form, "#store-form", webtest.Values{"store_name": "handbook"})
	if again.Status != http.StatusSeeOther || again.Location() != first.Location() {
		t.Errorf("got %d to %q, want the first store %q", again.Status, again.Location(), first.Location())
	}
}

func TestWhoSeesAndChangesStores(t *testing.T) {
	t.Parallel()
	site := open(t)
	path := orderStore(t, site.SignIn(t, models.Requester), "handbook")
	modelstest.Work(t, site.DB)
	vera, other := site.SignIn(t, models.Viewer), site.SignInOther(t, models.Admin)
	if p := vera.Get(t, path); p.Status != http.StatusOK || p.Has("#delete-store") || p.Has("a[href^='/stores/new']") {
		t.Errorf("viewer: got %d, with buttons that do nothing", p.Status)
	}
	if p := vera.Get(t, "/stores/new"); p.Status != http.StatusForbidden {
		t.Errorf("viewer's form: got %d, want 403", p.Status)
	}
	for _, c := range []struct {
		who    *webtest.Client
		method string
		path   string
		want   int
	}{
		{vera, http.MethodPost, path + "/removal", http.StatusForbidden},
		{vera, http.MethodPost, path + "/retry", http.StatusForbidden},
		{vera, http.MethodPost, "/stores", http.StatusForbidden},
		{vera, http.MethodPost, "/stores/preview", http.StatusForbidden},
		{other, http.MethodGet, path, http.StatusNotFound},
		{other, http.MethodGet, path + "/status", http.StatusNotFound},
		{other, http.MethodPost, path + "/removal", http.StatusNotFound},
		{other, http.MethodPost, path + "/retry", http.StatusNotFound},
	} {
		form := url.Values{"store_name": {"another"}, "region": {"cn-north-7"}, "availability_zones": {"cn-north-7a"}, "cu": {"xlarge"}, "num": {"1"}}
		if c.method == http.MethodGet {
			form = nil
		}
		if p := c.who.Do(t, c.method, c.path, form, nil); p.Status != c.want {
			t.Errorf("%s %s: got %d, want %d", c.method, c.path, p.Status, c.want)
		}
	}
	if p := other.Get(t, "/stores"); strings.Contains(p.Body, "handbook") {
		t.Error("another team sees the store in its list")
	}
}

func TestFailedStoreSaysWhyInWordsAndIsTriedAgain(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	site := openWith(t, models.Options{Folder: folder}, web.Site{})
	ada := site.SignIn(t, models.Requester)
	if err := os.WriteFile(folder+"/stores", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	path := orderStore(t, ada, "handbook")
	modelstest.Work(t, site.DB)
	p := ada.Get(t, path)
	if p.Text("#store-state") != "Creation failed" || !strings.Contains(p.Text(".callout"), "blocks the store’s data folder") || p.Find(".step.failed").Length() != 1 {
		t.Errorf("got %q, %q", p.Text("#store-state"), p.Text(".callout"))
	}
	if strings.Contains(p.Body, folder) {
		t.Error("the page shows a path of the server")
	}
	if err := os.Remove(folder + "/stores"); err != nil {
		t.Fatal(err)
	}
	if p = ada.Submit(t, p, ".callout form", nil); p.Status != http.StatusSeeOther {
		t.Fatalf("retry: got %d", p.Status)
	}
	modelstest.Work(t, site.DB)
	if p = ada.Get(t, path); p.Text("#store-state") != "Running" {
		t.Errorf("got %q, want Running", p.Text("#store-state"))
	}
}

func TestOrderAgainFillsTheStoreForm(t *testing.T) {
	t.Parallel()
	site := open(t)
	ada := site.SignIn(t, models.Requester)
	values := url.Values{"store_name": {"handbook"}, "region": {"cn-north-4"}, "availability_zones": {"cn-north-4a", "cn-north-4c"}, "cu": {"2xlarge"},
		"num": {"3"}, "charge_mode": {"prePaid"}, "period_type": {"month"}, "period_num": {"6"}, "auto_renew": {"true"}, "description": {"产品 & <手册>"}}
	p := ada.Get(t, ada.Post(t, "/stores", values).Location())
	again := p.Links("#store-actions")
	if len(again) != 1 {
		t.Fatalf("got links %q, want one to order again", again)
	}
	got := webtest.Fields(ada.Get(t, again[0]).Find("#store-form"))
	values["store_name"] = []string{"handbook-2"}
	for name, want := range values {
		if strings.Join(got[name], " ") != strings.Join(want, " ") {
			t.Errorf("%s: got %q, want %q", name, got[name], want)
		}
	}
}

func TestFreshStoreFormIsCompleteButForTheName(t *testing.T) {
	t.Parallel()
	ada := open(t).SignIn(t, models.Requester)
	for _, query := range []string{"", "?region=cn-north-4", "?charge_mode=prePaid&period_type=year"} {
		p := ada.Get(t, "/stores/new"+query)
		if p.Status != http.StatusOK || p.Has("#store-form .error") {
			t.Errorf("%q: got %d, %s", query, p.Status, p.Text("#store-form .error"))
		}
		if !p.Has("[name=availability_zones][checked]") || p.Find("#num").AttrOr("value", "") != "1" || p.Has("#summary .callout") {
			t.Errorf("%q: got summary %q", query, p.Text("#summary"))
		}
	}
	p := ada.Get(t, "/stores/new?region=nowhere&num=x&cu=y&period_num=z")
	if p.Status != http.StatusOK || p.Text("#region option[selected]") != "nowhere" || !p.Has("#region-note .error") || !p.Has("#num-note .error") {
		t.Errorf("nonsense: got %d, region %q", p.Status, p.Text("#region option[selected]"))
	}
	p = ada.Post(t, "/stores/paste", url.Values{"paste": {`{"store_name":"kb","region":"eu-nowhere-9","availability_zones":["cn-north-4a"]}`}})
	if got := p.Text("#region option[selected]"); p.Status != http.StatusOK || got != "eu-nowhere-9" || !p.Has("#region-note .error") {
		t.Errorf("a pasted region that is none: got %d, %q chosen", p.Status, got)
	}
}

func TestStoreListIsNarrowedByItsAddress(t *testing.T) {
	t.Parallel()
	site := open(t)
	ada := site.SignIn(t, models.Requester)
	orderStore(t, ada, "handbook")
	orderStore(t, ada, "manual")
	modelstest.Work(t, site.DB)
	for query, want := range map[string]int{"": 2, "?q=hand": 1, "?state=NORMAL": 2, "?state=CREATING": 0, "?region=cn-north-4": 0, "?q=%25": 0, "?after=nonsense": 2} {
		p := ada.Get(t, "/stores"+query)
		if got := p.Find("#store-list tbody tr").Length(); got != want || p.Status != http.StatusOK {
			t.Errorf("%q: got %d rows, %d; want %d", query, got, p.Status, want)
		}
		if part := ada.GetHX(t, "/stores"+query, "div#store-list"); strings.Contains(part.Body, "<!DOCTYPE") || !part.Has("#store-list") {
			t.Errorf("%q: the list is not answered alone", query)
		}
	}
}
