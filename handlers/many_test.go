package handlers_test

import (
	"strings"
	"testing"

	"quartermaster/handlers"
	"quartermaster/handlers/api"
	"quartermaster/models"
	"quartermaster/models/demo"
	"quartermaster/models/modelstest"
	"quartermaster/web"
	"quartermaster/web/webtest"
)

// What is filled in bulk has to have all that a page reads: a column that only
// the placing of an order fills is missing here.
func TestEveryListAnswersOverCopiedOrders(t *testing.T) {
	t.Parallel()
	var clock demo.Clock
	o := modelstest.Choose(t, models.Options{Clock: clock.Now, Policy: demo.Holds, Operations: api.Documented().Limits()})
	db := modelstest.OpenWith(t, o)
	people, err := demo.FillMany(t.Context(), db, &clock, o.Folder, 700, new(models.Meter))
	if err != nil {
		t.Fatal(err)
	}
	h, err := handlers.Routes(handlers.Config{Site: web.Site{DB: db}, UploadLimit: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	in, err := db.SignIn(t.Context(), models.Actor{Face: models.ByForm, Address: "192.0.2.1"},
		models.SignInInput{Email: people[0].Email, Password: people[0].Password}, "")
	if err != nil {
		t.Fatal(err)
	}
	c := webtest.New(t, db, h).Visitor(t)
	c.SetCookie(t, "qm_session", in.Token)
	for _, path := range []string{
		"/buckets", "/buckets?region=cn-hangzhou", "/apps", "/pkg-versions", "/pkg-versions?state=READY",
		"/plans", "/plans?state=SCHEDULED", "/plans?state=ACTIVE", "/plans?state=EXHAUSTED", "/plans?state=EXPIRED",
		"/stores", "/stores?state=NORMAL", "/orders", "/orders?state=pending", "/orders?state=rejected", "/orders?state=failed",
		"/activity", "/activity?face=api", "/team",
	} {
		if p := c.Get(t, path); p.Status != 200 || !p.Has("tbody tr, .timeline li") {
			t.Errorf("%s: got %d and %d rows, want some", path, p.Status, p.Find("tbody tr, .timeline li").Length())
		}
	}
	var name string
	err = db.Scan(t.Context(), &name, "SELECT name FROM buckets WHERE name LIKE '%-0000%' AND team_id = (SELECT team_id FROM memberships JOIN users ON users.id = user_id WHERE email = ?) LIMIT 1", people[0].Email)
	if err != nil || name == "" {
		t.Fatalf("got no bucket that was copied: %v", err)
	}
	asked := strings.ToUpper(name)
	for _, path := range []string{"/buckets?q=" + asked, "/orders?free=true&q=" + asked, "/activity?q=" + asked, "/search?q=" + asked} {
		if p := c.Get(t, path); p.Status != 200 || !strings.Contains(p.Text("main"), name) {
			t.Errorf("%s: got %d without %s", path, p.Status, name)
		}
	}
	if p := c.Get(t, "/"); p.Status != 200 || !p.Has(".timeline") {
		t.Errorf("dashboard: got %d", p.Status)
	}
}
