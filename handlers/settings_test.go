package handlers_test

import (
	"net/http"
	"strings"
	"testing"

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
