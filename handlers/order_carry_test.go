package handlers_test

import (
	"net/http"
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
