package handlers_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"quartermaster/models"
	"quartermaster/web/webtest"
)

func TestPONumberIsOnFormPagePaperAndExport(t *testing.T) {
	t.Parallel()
	site := open(t)
	c := site.SignIn(t, models.Requester)
	p := c.Submit(t, c.Get(t, examplePlan), "form#plan-form", webtest.Values{"po_number": strings.Repeat("7", 65)})
	if p.Status != http.StatusUnprocessableEntity || !p.Has("#po_number[aria-invalid]") {
		t.Fatalf("a long number: got %d: %q", p.Status, p.Text(".error-summary"))
	}
	if p = c.Submit(t, p, "form#plan-form", webtest.Values{"po_number": "PO-4711"}); p.Status != http.StatusSeeOther {
		t.Fatalf("got %d: %q", p.Status, p.Text(".error-summary"))
	}
	link, _ := c.Get(t, "/orders").Find("tbody a[href^='/orders/']").First().Attr("href")
	if p = c.Get(t, link); !strings.Contains(p.Text("#facts"), "PO-4711") {
		t.Errorf("the page says %q", p.Text("#facts"))
	}
	if q := c.Submit(t, p, "#po-form", webtest.Values{"po_number": "PO-\u202e1"}); q.Status != http.StatusUnprocessableEntity || !q.Has("#po_number[aria-invalid]") {
		t.Errorf("a hidden character: got %d", q.Status)
	}
	if q := c.Submit(t, p, "#po-form", webtest.Values{"po_number": "PO-4712"}); q.Status != http.StatusSeeOther {
		t.Fatalf("got %d: %q", q.Status, q.Text(".error-summary"))
	}
	late := site.SignIn(t, models.Admin).Submit(t, p, "#po-form", webtest.Values{"po_number": "PO-4713"})
	if value, _ := late.Find("#po_number").Attr("value"); late.Status != http.StatusUnprocessableEntity || value != "PO-4713" {
		t.Errorf("who saw the old one: got %d with %q", late.Status, value)
	}
	if got := c.Get(t, link+"/print").Text(".sheet-facts"); !strings.Contains(got, "PO-4712") {
		t.Errorf("the paper says %q", got)
	}
	if got := c.Get(t, "/orders.csv").Body; !strings.Contains(got, "PO-4712") {
		t.Errorf("the export is %q", got)
	}
	if got := c.Get(t, "/orders?q=PO-4712").Text("tbody"); !strings.Contains(got, strings.TrimPrefix(link, "/orders/")) {
		t.Errorf("the search finds %q", got)
	}
	if q := site.SignIn(t, models.Approver).Get(t, link); q.Has("#po-form") {
		t.Error("an approver may change it")
	}
}

// attach posts a form of an order with files, each by its name.
func attach(t *testing.T, c *webtest.Client, path string, form url.Values, files map[string]string) *webtest.Page {
	t.Helper()
	var all []webtest.File
	for name, text := range files {
		all = append(all, webtest.File{Field: "attachments", Name: name, Text: text})
	}
	return c.Upload(t, path, form, all...)
}

func TestFilesAreAttachedOnTheFormAndThePage(t *testing.T) {
	t.Parallel()
	site := open(t)
	c := site.SignIn(t, models.Requester)
	p := c.Get(t, examplePlan)
	form := webtest.Fields(p.Find("form#plan-form"))
	form.Set("note", strings.Repeat("n", 501))
	p = attach(t, c, "/plans", form, map[string]string{"offer.pdf": "one", "big.bin": strings.Repeat("b", models.MaxAttachment+1)})
	if got := p.Text(".error-summary"); p.Status != http.StatusUnprocessableEntity || !strings.Contains(got, "10 MB") || !strings.Contains(p.Text("#plan-form"), "offer.pdf") || strings.Contains(p.Text("#plan-form .check"), "big.bin") {
		t.Fatalf("a refused form: got %d: %q", p.Status, got)
	}
	form = webtest.Fields(p.Find("form#plan-form"))
	if len(form["attached"]) != 1 {
		t.Fatalf("the form keeps the files %v", form["attached"])
	}
	form.Set("note", "")
	if p = attach(t, c, "/plans", form, map[string]string{"late.txt": "two"}); p.Status != http.StatusSeeOther {
		t.Fatalf("got %d: %q", p.Status, p.Text(".error-summary"))
	}
	link, _ := c.Get(t, "/orders").Find("tbody a[href^='/orders/']").First().Attr("href")
	p = c.Get(t, link)
	if got := p.Text("#carried"); !strings.Contains(got, "offer.pdf") || !strings.Contains(got, "late.txt") {
		t.Fatalf("the page says %q", got)
	}
	file := p.Links("#attachments-table a")[0]
	d := c.Get(t, file)
	if d.Body != "one" || d.Header.Get("Content-Disposition") != `attachment; filename=offer.pdf` || d.Header.Get("X-Content-Type-Options") != "nosniff" ||
		!strings.Contains(d.Header.Get("Content-Security-Policy"), "sandbox") {
		t.Errorf("the file is %q with %v", d.Body, d.Header)
	}
	for _, path := range []string{file, file + "x", strings.Replace(file, "/attachments", "0/attachments", 1)} {
		if d := site.SignInOther(t, models.Admin).Get(t, path); d.Status != http.StatusNotFound {
			t.Errorf("another team gets %s: %d", path, d.Status)
		}
	}
	if p := attach(t, c, link+"/attachments", nil, nil); p.Status != http.StatusUnprocessableEntity || !p.Has("#attachments[aria-invalid]") {
		t.Errorf("no file: got %d", p.Status)
	}
	if p := attach(t, site.SignIn(t, models.Viewer), link+"/attachments", nil, map[string]string{"a": "a"}); p.Status != http.StatusForbidden {
		t.Errorf("a viewer attaches: %d", p.Status)
	}
	if p := attach(t, c, link+"/attachments", nil, map[string]string{"<b>.svg": "<svg/>"}); p.Status != http.StatusSeeOther {
		t.Errorf("got %d: %q", p.Status, p.Text(".error-summary"))
	}
	p = c.Get(t, link)
	if got := p.Text("#carried"); !strings.Contains(got, "<b>.svg") || p.Has("#carried dialog") {
		t.Errorf("the page says %q, and files of a completed order can be removed: %t", got, p.Has("#carried dialog"))
	}
	if q := c.Post(t, file+"/removal", nil); q.Status != http.StatusConflict {
		t.Errorf("a file of a completed order is removed: %d", q.Status)
	}
}

func TestRatesOfExchangeAreKeptByTheSite(t *testing.T) {
	t.Parallel()
	site := open(t)
	user, err := site.DB.FindUser(t.Context(), site.Team.Admin)
	if err == nil {
		err = site.DB.MakeSiteAdmin(t.Context(), models.Operator(), user.Email)
	}
	if err != nil {
		t.Fatal(err)
	}
	c := site.SignIn(t, models.Admin)
	if p := c.Get(t, "/site/rates"); p.Status != http.StatusOK || !p.Has(".empty") {
		t.Fatalf("without rates: got %d", p.Status)
	}
	settings := c.Submit(t, c.Get(t, "/team/settings"), "#settings-form", webtest.Values{"currency": "USD", "tax_rate": "6", "tax_name": "VAT"})
	if settings.Status != http.StatusSeeOther {
		t.Fatalf("set the currency: got %d: %q", settings.Status, settings.Text(".error-summary"))
	}
	requester := site.SignIn(t, models.Requester)
	if p := requester.Submit(t, requester.Get(t, examplePlan), "form#plan-form", nil); p.Status != http.StatusUnprocessableEntity || !strings.Contains(p.Text(".error-summary"), "CNY → USD") {
		t.Errorf("an order without a rate: got %d: %q", p.Status, p.Text(".error-summary"))
	}
	p := c.Submit(t, c.Get(t, "/site/rates"), "#rate-form", webtest.Values{"rate_quote": "USD", "rate": "a lot", "rate_from": "2026-01-01", "rate_source": "PBOC <1>"})
	if value, _ := p.Find("#rate_source").Attr("value"); p.Status != http.StatusUnprocessableEntity || !p.Has("#rate[aria-invalid]") || value != "PBOC <1>" {
		t.Errorf("no rate: got %d with %q", p.Status, value)
	}
	if p = c.Submit(t, p, "#rate-form", webtest.Values{"rate": "0.140512"}); p.Status != http.StatusSeeOther {
		t.Fatalf("got %d: %q", p.Status, p.Text(".error-summary"))
	}
	if got := c.Get(t, "/site/rates").Text("#rates-table"); !strings.Contains(got, "CNY → USD") || !strings.Contains(got, "0.140512") || !strings.Contains(got, "2026-01-01") {
		t.Errorf("the list says %q", got)
	}
	form := requester.Get(t, examplePlan)
	if got := form.Text("#summary"); !strings.Contains(got, "VAT (6%)") || !strings.Contains(got, "Total in CNY¥23.85") || !strings.Contains(got, "0.140512") || !strings.Contains(got, "Due now$3.35") || !strings.Contains(got, "$0.55 a month") {
		t.Errorf("the summary says %q", got)
	}
	if p := requester.Submit(t, form, "form#plan-form", nil); p.Status != http.StatusSeeOther {
		t.Fatalf("got %d: %q", p.Status, p.Text(".error-summary"))
	}
	link, _ := requester.Get(t, "/orders").Find("tbody a[href^='/orders/']").First().Attr("href")
	for path, part := range map[string]string{link: "#sums", link + "/print?lang=en": ".sheet-sums"} {
		if got := requester.Get(t, path).Text(part); !strings.Contains(got, "VAT (6%)") || !strings.Contains(got, "Total in CNY¥23.85Total due") || !strings.Contains(got, "$3.35") || !strings.Contains(got, "source: PBOC <1>, since 2026-01-01") {
			t.Errorf("%s says %q", path, got)
		}
	}
	orderStore(t, requester, "by-the-hour")
	if got := requester.Get(t, "/orders").Text("tbody"); !strings.Contains(got, "$3.35") || !strings.Contains(got, "≈ $") || strings.Contains(got, "¥") {
		t.Errorf("the list says %q", got)
	}
	if got := requester.Get(t, "/orders.csv").Body; !strings.Contains(got, "USD") {
		t.Errorf("the export is %q", got)
	}
	for _, role := range []models.Role{models.Requester, models.Approver} {
		if p := site.SignIn(t, role).Get(t, "/site/rates"); p.Status != http.StatusForbidden {
			t.Errorf("a %s gets the rates: %d", role, p.Status)
		}
	}
}
