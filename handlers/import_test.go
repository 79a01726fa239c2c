package handlers_test

import (
	"net/url"
	"strings"
	"testing"

	"quartermaster/models"
	"quartermaster/web/webtest"
)

// sendSheet posts a file that changes the catalogue.
func sendSheet(t *testing.T, c *webtest.Client, path, file string) *webtest.Page {
	t.Helper()
	return c.Upload(t, path, nil, webtest.File{Field: "import_file", Name: "prices.csv", Text: file})
}

func TestPricesAreImportedAfterTheirDifferencesWereShown(t *testing.T) {
	t.Parallel()
	site := open(t)
	c := root(t, site)
	const path = "/catalogue/prices/import"
	if p := c.Get(t, path); p.Status != 200 || !p.Has("#import-form[enctype]") {
		t.Errorf("the form: got %d", p.Status)
	}
	// The price book's own file changes nothing, in either language.
	for _, lang := range []string{"en", "zh"} {
		c.Post(t, "/account/language", url.Values{"lang": {lang}, "back": {"/"}})
		if got, _ := c.Get(t, "/catalogue").Find("html").Attr("lang"); !strings.HasPrefix(got, lang) {
			t.Fatalf("the page is in %q, want %s", got, lang)
		}
		for _, format := range []string{"csv", "xlsx"} {
			file := c.Get(t, "/catalogue/prices."+format).Body
			if p := sendSheet(t, c, path, file); p.Status != 200 || p.Has("#diff-table") || p.Has("#apply-form") {
				t.Errorf("its own %s in %s: got %d %q", format, lang, p.Status, p.Text("main"))
			}
		}
	}
	c.Post(t, "/account/language", url.Values{"lang": {"en"}, "back": {"/"}})
	const head = "SKU,Region code,Unit,Months,Price,Valid from,Source,Team ID\n"
	file := head + "FPT_ossbag_absolute_Storage_sh:40,,term,6,123.45,2099/12/1,Offer 7,\nFPT_ossbag_absolute_Storage_sh:40,,month,,=1+1,2099-12-01,x,\nnone,,month,,<b>,2099-12-01,x,\n"
	p := sendSheet(t, c, path, file)
	if got := p.Text("#diff-table"); p.Status != 200 || p.Find("#diff-table tbody tr").Length() != 3 || !strings.Contains(got, "123.45") || !strings.Contains(got, "=1+1") || !strings.Contains(got, "<b>") {
		t.Fatalf("got %d %q", p.Status, got)
	}
	if p := c.Submit(t, p, "#apply-form", webtest.Values{"import_all": "true"}); p.Status != 422 || !p.Has(".error-summary") {
		t.Errorf("all or nothing: got %d", p.Status)
	}
	if done := c.Submit(t, p, "#apply-form", nil); done.Status != 303 || done.Location() != "/catalogue/prices" {
		t.Fatalf("import: got %d %q", done.Status, done.Text("main"))
	}
	if p := c.Get(t, "/catalogue/prices?state=coming"); p.Find("#prices tbody tr").Length() != 1 || !strings.Contains(p.Text("#prices"), "2099-12-01") {
		t.Errorf("afterwards the price book has %q", p.Text("#prices"))
	}
	if again := c.Submit(t, p, "#apply-form", nil); again.Status != 422 || !again.Has(".callout") {
		t.Errorf("sent again: got %d, want what it would do now", again.Status)
	}
	for what, file := range map[string]string{"no file": "", "no sheet": "a,\"b\n", "other columns": "a,b\n1,2\n"} {
		if p := sendSheet(t, c, path, file); p.Status != 422 || !p.Has("#import_file-note .error") {
			t.Errorf("%s: got %d", what, p.Status)
		}
	}
	admin := site.SignIn(t, models.Admin)
	if p := admin.Get(t, "/catalogue/prices/import"); p.Status != 403 {
		t.Errorf("a team's admin: got %d, want 403", p.Status)
	}
	if p := sendSheet(t, admin, path, file); p.Status != 403 {
		t.Errorf("a team's admin sends one: got %d, want 403", p.Status)
	}
	if p := admin.Post(t, "/catalogue/prices/import/apply", nil); p.Status != 403 {
		t.Errorf("a team's admin applies one: got %d, want 403", p.Status)
	}
}

func TestWhatIsOnSaleIsImportedAfterItsDifferencesWereShown(t *testing.T) {
	t.Parallel()
	site := open(t)
	c := root(t, site)
	const path = "/catalogue/sale/import"
	if p := c.Get(t, path); p.Status != 200 || !p.Has("#import-form[enctype]") {
		t.Errorf("the form: got %d", p.Status)
	}
	for _, lang := range []string{"zh", "en"} {
		c.Post(t, "/account/language", url.Values{"lang": {lang}, "back": {"/"}})
		for _, format := range []string{"csv", "xlsx"} {
			if p := sendSheet(t, c, path, c.Get(t, "/catalogue/sale."+format).Body); p.Status != 200 || p.Has("#diff-table") || p.Has("#apply-form") {
				t.Errorf("its own %s in %s: got %d %q", format, lang, p.Status, p.Text("main"))
			}
		}
	}
	file := strings.Split(c.Get(t, "/catalogue/sale.csv?type=region").Body, "\n")[0] +
		"\nproduct,newbag,,<b>,New bag,,,,,,,,,,yes\nregion,cn-hangzhou,,杭州,Hangzhou two,\"bucket, app, plan\",,,no,no,no,,,,否\nflavor,huge,,x,y,,,,,,,,many,1,yes\n"
	p := sendSheet(t, c, path, file)
	if got := p.Text("#diff-table"); p.Status != 200 || p.Find("#diff-table tbody tr").Length() != 3 || !strings.Contains(got, "<b>") && !strings.Contains(got, "New bag") || !strings.Contains(got, "→ Hangzhou two") || !strings.Contains(got, "Off sale") {
		t.Fatalf("got %d %q", p.Status, p.Text("main"))
	}
	if done := c.Submit(t, p, "#apply-form", nil); done.Status != 303 || done.Location() != "/catalogue/sale" {
		t.Fatalf("import: got %d %q", done.Status, done.Text("main"))
	}
	if got := c.Get(t, "/catalogue/sale?type=product").Text("#sale tbody"); !strings.Contains(got, "New bag") {
		t.Errorf("afterwards there is %q", got)
	}
	admin := site.SignIn(t, models.Admin)
	if p := sendSheet(t, admin, path, file); p.Status != 403 || admin.Get(t, "/catalogue/sale.csv").Status != 403 || admin.Post(t, path+"/apply", nil).Status != 403 {
		t.Errorf("a team's admin: got %d, want 403", p.Status)
	}
}
