package handlers_test

import (
	"net/url"
	"strings"
	"testing"

	"quartermaster/models"
	"quartermaster/web/webtest"
)

// root signs the other team's admin in, as a site admin.
func root(t *testing.T, site *webtest.Site) *webtest.Client {
	t.Helper()
	user, err := site.DB.FindUser(t.Context(), site.Other.Admin)
	if err != nil {
		t.Fatal(err)
	}
	if err := site.DB.MakeSiteAdmin(t.Context(), models.Operator(), user.Email); err != nil {
		t.Fatal(err)
	}
	return site.SignInOther(t, models.Admin)
}

func TestPagesOfTheSiteAreForSiteAdmins(t *testing.T) {
	t.Parallel()
	site := open(t)
	pages := []string{"/site/teams", "/site/teams.csv", "/site/teams/" + site.Team.ID, "/site/users", "/site/users.xlsx", "/site/users/" + site.Team.Viewer.UserID}
	posts := []string{"/site/teams", "/site/teams/preview", "/site/teams/" + site.Team.ID, "/site/teams/" + site.Team.ID + "/storage", "/site/users", "/site/users/preview",
		"/site/users/" + site.Team.Viewer.UserID + "/state", "/site/users/" + site.Team.Viewer.UserID + "/teams", "/site/users/" + site.Team.Viewer.UserID + "/teams/" + site.Team.ID + "/removal"}
	for _, role := range models.Roles {
		c := site.SignIn(t, role)
		for _, path := range pages {
			if p := c.Get(t, path); p.Status != 403 || p.Has(`a[href^="/site/"]`) {
				t.Errorf("%s, %s: got %d, want 403", role, path, p.Status)
			}
		}
		for _, path := range posts {
			if p := c.Post(t, path, url.Values{"team_name": {"x"}, "disabled": {"true"}}); p.Status != 403 {
				t.Errorf("%s, %s: got %d, want 403", role, path, p.Status)
			}
		}
		if p := c.Get(t, "/"); p.Has(`nav a[href^="/site/"]`) {
			t.Errorf("%s: the menu leads there", role)
		}
	}
	c := root(t, site)
	for _, path := range pages {
		if p := c.Get(t, path); p.Status != 200 {
			t.Errorf("a site admin, %s: got %d", path, p.Status)
		}
	}
	if p := c.Get(t, "/"); !p.Has(`nav a[href="/site/teams"]`) || !p.Has(`nav a[href="/site/users"]`) {
		t.Error("the menu does not lead there")
	}
	for _, path := range []string{"/site/teams/1", "/site/users/1"} {
		if p := c.Get(t, path); p.Status != 404 {
			t.Errorf("%s: got %d, want 404", path, p.Status)
		}
	}
}

func TestASiteAdminKeepsTeams(t *testing.T) {
	t.Parallel()
	site := open(t)
	c := root(t, site)
	p := c.Get(t, "/site/teams")
	if n := p.Find("#teams tbody tr").Length(); n != 2 {
		t.Errorf("got %d teams", n)
	}
	if p := c.Submit(t, p, "#team-form", webtest.Values{"team_name": " "}); p.Status != 422 || !p.Has("#team_name-note .error") {
		t.Errorf("no name: got %d", p.Status)
	}
	p = c.Submit(t, p, "#team-form", webtest.Values{"team_name": "Green & <b>"})
	if p.Status != 303 {
		t.Fatalf("make: got %d %q", p.Status, p.Text(".error-summary"))
	}
	path := p.Location()
	if p = c.Get(t, path); p.Text("h1") != "Green & <b> Buckets on" || !strings.Contains(p.Text("#holds"), "Members0") {
		t.Errorf("got %q with %q", p.Text("h1"), p.Text("#holds"))
	}
	if p := c.Submit(t, p, "#team-form", webtest.Values{"team_name": "Red", "cu_limit": "250"}); p.Status != 303 {
		t.Fatalf("rename: got %d %q", p.Status, p.Text(".error-summary"))
	}
	if p := c.Submit(t, p, "#team-form", webtest.Values{"team_name": "Blue"}); p.Status != 422 || !strings.Contains(p.Text(".error-summary"), "to Red, by Ines") {
		t.Errorf("of an older page: got %d %q", p.Status, p.Text(".error-summary"))
	}
	p = c.Get(t, "/site/teams/"+site.Team.ID)
	if !strings.Contains(p.Text("#storage-off"), "0 buckets") {
		t.Errorf("got %q, want what is lost", p.Text("#storage-off"))
	}
	if p := c.Submit(t, p, "#storage-off form", nil); p.Status != 303 {
		t.Fatalf("switch off: got %d", p.Status)
	}
	if p := site.SignIn(t, models.Admin).Get(t, "/team/settings"); !strings.Contains(p.Text("main"), "switched off this team’s buckets") {
		t.Errorf("got %q", p.Text("main"))
	}
	if p := c.Submit(t, c.Get(t, "/site/teams/"+site.Team.ID), "#storage form", nil); p.Status != 303 {
		t.Errorf("switch on: got %d", p.Status)
	}
	if p := c.Get(t, "/site/teams?q=red"); p.Find("#teams tbody tr").Length() != 1 {
		t.Errorf("searched: got %q", p.Text("#teams tbody"))
	}
	if p := site.SignIn(t, models.Admin).Get(t, "/activity"); !strings.Contains(p.Text("main"), "Changed “Bucket storage” of") {
		t.Errorf("the record says %q", p.Text("main"))
	}
}

func TestASiteAdminKeepsAccounts(t *testing.T) {
	t.Parallel()
	site := setUp(t)
	c := root(t, site)
	p := c.Submit(t, c.Get(t, "/site/users"), "#user-form", webtest.Values{"user_name": "Noor", "email": "noor@example.com"})
	password := p.Text(".copy-code code")
	if p.Status != 200 || len(password) < 20 {
		t.Fatalf("make: got %d %q", p.Status, p.Text("main"))
	}
	if p := c.Submit(t, c.Get(t, "/site/users"), "#user-form", webtest.Values{"user_name": "Noor", "email": "noor@example.com"}); p.Status != 422 || !p.Has("#email-note .error") {
		t.Errorf("twice: got %d", p.Status)
	}
	in := func(c *webtest.Client) int {
		return c.Submit(t, c.Get(t, "/sign-in"), "#sign-in-form", webtest.Values{"email": "noor@example.com", "password": password}).Status
	}
	noor := site.Visitor(t)
	if got := in(noor); got != 303 {
		t.Fatalf("sign in: got %d", got)
	}
	p = c.Get(t, "/site/users?q=noor@")
	if p.Find("#users tbody tr").Length() != 1 {
		t.Fatalf("searched: got %q", p.Text("#users tbody"))
	}
	path := p.Find("#users tbody th a").AttrOr("href", "")
	if p := c.Submit(t, c.Get(t, path), "#add-team-form", webtest.Values{"team_id": site.Team.ID, "role": "admin"}); p.Status != 303 {
		t.Fatalf("add: got %d %q", p.Status, p.Text(".error-summary"))
	}
	if p := c.Submit(t, c.Get(t, path), "#add-team-form", nil); p.Status != 422 || !p.Has("#team_id-note .error") {
		t.Errorf("to no team: got %d", p.Status)
	}
	if p := noor.Post(t, "/account/team", url.Values{"team": {site.Team.ID}, "back": {"/team"}}); p.Status != 303 {
		t.Fatalf("change team: got %d", p.Status)
	}
	p = c.Get(t, path)
	if !strings.Contains(p.Text("#disable-user"), "Signed out of 1 browser") {
		t.Errorf("got %q, want what is lost", p.Text("#disable-user"))
	}
	if p := c.Submit(t, p, "#disable-user form", nil); p.Status != 303 {
		t.Fatalf("disable: got %d", p.Status)
	}
	if p := noor.Get(t, "/team"); p.Status != 303 || !strings.HasPrefix(p.Location(), "/sign-in") {
		t.Errorf("afterwards: got %d, want signed out", p.Status)
	}
	if got := in(site.Visitor(t)); got != 422 {
		t.Errorf("sign in when disabled: got %d", got)
	}
	if p := c.Submit(t, c.Get(t, path), "[action$='/state']", nil); p.Status != 303 {
		t.Errorf("enable: got %d", p.Status)
	}
	if got := in(site.Visitor(t)); got != 303 {
		t.Errorf("sign in again: got %d", got)
	}
	if p := c.Submit(t, c.Get(t, path), "[action$='/teams/"+site.Team.ID+"/removal']", nil); p.Status != 303 {
		t.Errorf("remove: got %d", p.Status)
	}
	own := "/site/users/" + site.Other.Admin.UserID
	if p := c.Get(t, own); p.Has("#disable-user") {
		t.Error("one may disable oneself")
	}
	if p := c.Post(t, own+"/state", url.Values{"disabled": {"true"}}); p.Status != 403 {
		t.Errorf("oneself: got %d, want 403", p.Status)
	}
}

func TestSiteAdminsSeeWhatBecameOfTheSite(t *testing.T) {
	t.Parallel()
	site := open(t)
	c := root(t, site)
	c.Submit(t, c.Get(t, "/catalogue/sale/region/cn-hangzhou"), "#thing-form", webtest.Values{"thing_en": "<b>Hangzhou"})
	c.Submit(t, c.Get(t, "/catalogue/prices/seed-0001"), "#price-form", webtest.Values{"price_amount": "7.7", "price_from": "2099-12-31", "price_source": "x"})
	c.Submit(t, c.Get(t, "/site/teams/"+site.Team.Admin.TeamID), "#team-form", webtest.Values{"team_name": "Renamed"})
	p := c.Get(t, "/site/activity")
	got := p.Text(".timeline")
	if p.Status != 200 || !p.Has(`nav a[href="/site/activity"]`) || !p.Has(`.timeline a[href="/site/teams/`+site.Team.Admin.TeamID+`"]`) {
		t.Fatalf("got %d %q", p.Status, p.Text("main"))
	}
	for _, want := range []string{"→ <b>Hangzhou", "→ 7.70, from 2099-12-31", "Renamed"} {
		if !strings.Contains(got, want) {
			t.Errorf("without %q: %q", want, got)
		}
	}
	if got := c.Get(t, "/site/activity?kind=team").Text(".timeline"); strings.Contains(got, "Hangzhou") || !strings.Contains(got, "Renamed") {
		t.Errorf("of teams: %q", got)
	}
	if got := c.Get(t, "/site/activity.csv?q=price").Body; !strings.Contains(got, "price.added") || strings.Contains(got, "Renamed") {
		t.Errorf("the file: %q", got)
	}
	for _, path := range []string{"/site/activity", "/site/activity.csv"} {
		if p := site.SignIn(t, models.Admin).Get(t, path); p.Status != 403 {
			t.Errorf("a team's admin, %s: got %d, want 403", path, p.Status)
		}
	}
	if got := site.SignIn(t, models.Admin).Get(t, "/activity").Text(".timeline"); strings.Contains(got, "7.70") {
		t.Errorf("a team reads of the site: %q", got)
	}
}
