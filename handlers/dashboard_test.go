package handlers_test

import (
	"net/url"
	"strings"
	"testing"

	"quartermaster/models"
)

func TestDashboardShowsTheOwnTeamAlone(t *testing.T) {
	t.Parallel()
	site := open(t)
	mine := site.SignIn(t, models.Requester)
	if _, err := site.DB.PlaceOrder(t.Context(), site.Team.Requester, models.OrderInput{Lines: []models.LineInput{
		&models.BucketInput{Name: "quarterly-reports", Region: "cn-hangzhou"},
	}}); err != nil {
		t.Fatal(err)
	}
	p := mine.Get(t, "/")
	if got := p.Text(".stats .stat-value"); !strings.HasPrefix(got, "1") {
		t.Errorf("got %q as the count of buckets, want 1", got)
	}
	if !strings.Contains(p.Text(".timeline"), "quarterly-reports") {
		t.Errorf("the activity does not name the bucket: %q", p.Text(".timeline"))
	}
	if !p.Has("main svg[role=img]") {
		t.Error("no chart shows what was created")
	}
	if p := site.SignInOther(t, models.Admin).Get(t, "/"); strings.Contains(p.Text("body"), "quarterly-reports") || p.Has("main svg[role=img]") {
		t.Error("another team's dashboard names the bucket, or draws what never was")
	}
	if p := site.SignIn(t, models.Viewer).Get(t, "/"); p.Has("#new-menu") {
		t.Error("a viewer is offered to create things")
	}
}

func TestSearchShowsTextAsText(t *testing.T) {
	t.Parallel()
	c := open(t).SignIn(t, models.Viewer)
	hostile := `"><script>alert(1)</script>`
	p := c.Get(t, "/search?"+url.Values{"q": {hostile}}.Encode())
	if p.Status != 200 || !strings.Contains(p.Text("main"), hostile) || p.Has("main script") {
		t.Errorf("got status %d and %q", p.Status, p.Text("main"))
	}
	if p := c.Get(t, "/search?q="+strings.Repeat("x", 300)); p.Status != 422 {
		t.Errorf("a long text: got %d, want 422", p.Status)
	}
}
