package handlers_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"quartermaster/models"
	"quartermaster/web/webtest"
)

// inBoth signs the team's admin in, who is an admin of the other team too.
func inBoth(t *testing.T, site *webtest.Site) *webtest.Client {
	t.Helper()
	user, err := site.DB.FindUser(t.Context(), site.Team.Admin)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := site.DB.AddMember(t.Context(), site.Other.Admin, models.UserInput{Name: user.Name, Email: user.Email}, models.Admin); err != nil {
		t.Fatal(err)
	}
	return site.SignIn(t, models.Admin)
}

// work has a client change to a team, as in another tab.
func work(t *testing.T, c *webtest.Client, team string) {
	t.Helper()
	if p := c.Post(t, "/account/team", url.Values{"team": {team}}); p.Status != http.StatusSeeOther {
		t.Fatalf("change team: got %d", p.Status)
	}
}

// Every form that writes belongs to the team that it was opened in.
func TestAFormOfAnotherTeamIsRefused(t *testing.T) {
	t.Parallel()
	site := open(t)
	c := inBoth(t, site)
	user, err := site.DB.FindUser(t.Context(), site.Team.Admin)
	if err != nil {
		t.Fatal(err)
	}
	bucket := newBucket(t, site, site.Team, models.BucketInput{Name: "assets"})
	object, err := site.DB.PutObject(t.Context(), site.Team.Requester, models.ObjectInput{BucketID: bucket, Key: "a", Sent: models.Sent{Limit: 9}}, strings.NewReader("x"))
	if err != nil {
		t.Fatal(err)
	}
	key, _ := teamKey(t, site, models.AccessKeyInput{})
	c.Submit(t, c.Get(t, "/team/rules/1"), "#rule-form", webtest.Values{"step_1": site.Team.Approver.UserID})
	c.Submit(t, c.Get(t, "/team/rules/new"), "#rule-form", webtest.Values{"over": "5"})
	c.Submit(t, c.Get(t, "/team/budgets"), "#budget-form", webtest.Values{"budget_amount": "100000"})
	c.Submit(t, c.Get(t, "/team/invitations"), "#invitation-form", webtest.Values{"email": "noor@example.com"})
	plan := webtest.Fields(c.Get(t, "/plans/new").Find("#plan-form"))
	for name, value := range map[string]string{"product_code": "ossbag", "package_type": "FPT_ossbag_absolute_Storage_sh", "specification": "40", "duration": "6"} {
		plan.Set(name, value)
	}
	order := c.Post(t, "/plans", plan).Location()
	app := c.Submit(t, c.Get(t, "/apps/new"), "#app-form", webtest.Values{"app_name": "shop", "region": "cn-hangzhou"}).Location()
	store := orderStore(t, c, "handbook")
	pages := []string{"/buckets/new", "/apps/new", "/pkg-versions/new", "/pkg-versions/new?source_from=external", "/plans/new", "/stores/new", "/team", "/team/invitations", "/team/settings",
		"/team/letterhead", "/team/budgets", "/team/rules", "/team/rules/1", "/team/rules/new", "/team/keys", "/team/keys/new", "/team/keys/" + key.ID, "/team/members/" + site.Team.Approver.UserID,
		"/account", "/buckets/" + bucket, "/buckets/" + bucket + "/details", "/buckets/" + bucket + "/objects/removal?object=" + object.ID, order, app, store, store + "/scale", "/api/checker"}
	seen := map[string]bool{}
	for _, path := range pages {
		work(t, c, site.Team.ID)
		p := c.Get(t, path)
		if p.Status != http.StatusOK {
			t.Errorf("%s: got %d", path, p.Status)
			continue
		}
		work(t, c, site.Other.ID)
		p.Find("main form[method=post]").Each(func(_ int, form *goquery.Selection) {
			action := form.AttrOr("action", "")
			if strings.HasPrefix(action, "/account/sessions/") {
				return // a person's own, in whatever team
			}
			seen[action] = true
			got := c.Post(t, action, webtest.Fields(form))
			if strings.HasPrefix(action, "/account/") && action != "/account/deputy" && action != "/account/reminders" {
				if got.Status == http.StatusConflict {
					t.Errorf("%s: %s is of no team, and was refused", path, action)
				}
				return
			}
			if got.Status != http.StatusConflict || !strings.Contains(got.Text("main"), teamName(t, site, site.Team.Viewer)) || !strings.Contains(got.Text("main"), teamName(t, site, site.Other.Viewer)) {
				t.Errorf("%s: %s got %d %q, want 409 with both teams named", path, action, got.Status, got.Text("main"))
			}
		})
	}
	if len(seen) < 30 {
		t.Errorf("looked at %d forms", len(seen))
	}
	if u, err := site.DB.FindUser(t.Context(), site.Team.Admin); err != nil || u.Name != user.Name {
		t.Errorf("got %+v, %v", u, err)
	}
}

func teamName(t *testing.T, site *webtest.Site, by models.Actor) string {
	t.Helper()
	team, err := site.DB.FindTeam(t.Context(), by)
	if err != nil {
		t.Fatal(err)
	}
	return team.Name
}

func TestWhatWasTypedInAFormOfAnotherTeamIsSentThere(t *testing.T) {
	t.Parallel()
	site := open(t)
	c := inBoth(t, site)
	p := c.Get(t, "/buckets/new")
	work(t, c, site.Other.ID)
	typed := webtest.Values{"bucket_name": "assets", "region": "cn-hangzhou", "note": "<b>why</b> & so on\nsecond line", "description": "x"}
	refused := c.Submit(t, p, "#bucket-form", typed)
	if refused.Status != http.StatusConflict || !strings.Contains(refused.Text("details"), "<b>why</b> & so on") {
		t.Fatalf("got %d %q", refused.Status, refused.Text("main"))
	}
	for name, value := range typed {
		if got := webtest.Fields(refused.Find("#elsewhere-form")).Get(name); got != value {
			t.Errorf("%s: got %q, want what was typed", name, got)
		}
	}
	all := url.Values{}
	for name, value := range typed {
		all.Set(name, value)
	}
	withFile := c.Upload(t, p.Find("#bucket-form").AttrOr("action", ""), all, webtest.File{Field: "attachments", Name: "quote.pdf"})
	if withFile.Status != http.StatusConflict || webtest.Fields(withFile.Find("#elsewhere-form")).Get("note") != typed["note"] {
		t.Errorf("with a file: got %d %q", withFile.Status, withFile.Text("main"))
	}
	if hx := c.SubmitHX(t, p, "#bucket-form", typed); hx.Status != http.StatusConflict || hx.Header.Get("HX-Retarget") != "#toast" {
		t.Errorf("by htmx: got %d to %q, want a notice", hx.Status, hx.Header.Get("HX-Retarget"))
	}
	done := c.Submit(t, refused, "#elsewhere-form", nil)
	if done.Status != http.StatusSeeOther || !strings.HasPrefix(done.Location(), "/buckets/") {
		t.Fatalf("sent there: got %d %q", done.Status, done.Text("main"))
	}
	if p := c.Get(t, done.Location()); p.Status != http.StatusOK || !strings.Contains(p.Text(".team-card"), site.Team.ID) {
		t.Errorf("afterwards: got %d in %q, want the bucket, in its team", p.Status, p.Text(".team-card"))
	}
	if _, err := site.DB.RemoveMember(t.Context(), withRole(site.Team.Approver, t, site), site.Team.Admin.UserID); err != nil {
		t.Fatal(err)
	}
	c = site.SignIn(t, models.Admin)
	if p := c.Submit(t, p, "#bucket-form", typed); p.Status != http.StatusConflict || !strings.Contains(p.Text("h1"), "you have left") || p.Has("#elsewhere-form") || !strings.Contains(p.Text("details"), "assets") {
		t.Errorf("a team that one has left: got %d %q", p.Status, p.Text("main"))
	}
}

// withRole makes somebody an admin of the team.
func withRole(by models.Actor, t *testing.T, site *webtest.Site) models.Actor {
	t.Helper()
	if _, err := site.DB.ChangeRole(t.Context(), site.Team.Admin, by.UserID, models.RoleInput{Role: models.Admin}); err != nil {
		t.Fatal(err)
	}
	by.Role = models.Admin
	return by
}
