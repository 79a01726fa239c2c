package demo_test

import (
	"testing"

	"quartermaster/models"
	"quartermaster/models/demo"
	"quartermaster/models/list"
	"quartermaster/models/modelstest"
)

func TestSampleYearShowsEveryKindInEveryState(t *testing.T) {
	t.Parallel()
	var clock demo.Clock
	folder := t.TempDir()
	db := modelstest.OpenWith(t, models.Options{Folder: folder, Clock: clock.Now, Operations: []models.Operation{
		{Name: "CreateStorage"}, {Name: "GetResourcePackagePrice"}, {Name: "QueryResourcePackageInstances"}, {Name: "CreateStore"}, {Name: "ListStores"},
	}})
	if err := db.ClaimForDemo(t.Context()); err != nil {
		t.Fatal(err)
	}
	accounts, err := demo.Fill(t.Context(), db, &clock, folder)
	if err != nil {
		t.Fatal(err)
	}
	if len(accounts) != len(models.Roles) {
		t.Errorf("got %d accounts, want one of each role", len(accounts))
	}
	// A year of everything is also what a check has to find in order.
	if r, err := db.Check(t.Context(), models.CheckInput{Meter: new(models.Meter)}); err != nil || !r.Fits() {
		t.Errorf("check: got %+v, %v, want that everything fits", r.Findings, err)
	}
	in, err := db.SignIn(t.Context(), models.Actor{Address: "192.0.2.1"},
		models.SignInInput{Email: accounts[0].Email, Password: accounts[0].Password}, "")
	if err != nil {
		t.Fatalf("sign in as %s: %v", accounts[0].Email, err)
	}
	session, err := db.FindSession(t.Context(), in.Token)
	if err != nil {
		t.Fatal(err)
	}
	by := session.Actor(models.Actor{})
	keys, _, err := modelstest.List(t.Context(), db, by, models.AccessKeys, list.Query{})
	if err != nil || len(keys) != 1 || keys[0].UsedAt == nil || keys[0].State(db.Now()) != models.KeyActive {
		t.Errorf("access keys: got %+v, %v; want one that was used", keys, err)
	}
	plans, _, err := modelstest.List(t.Context(), db, by, models.Plans, list.Query{Size: models.MaxPageSize})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for _, p := range plans {
		seen["plan "+string(p.State(db.TeamNow(by)))]++
	}
	stores, _, err := modelstest.List(t.Context(), db, by, models.Stores, list.Query{Size: models.MaxPageSize})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range stores {
		seen["store "+string(s.State)]++
	}
	versions, _, err := modelstest.List(t.Context(), db, by, models.PkgVersions, list.Query{Size: models.MaxPageSize})
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range versions {
		seen["version "+string(v.State)]++
	}
	for _, want := range []string{
		"plan SCHEDULED", "plan ACTIVE", "plan EXHAUSTED", "plan EXPIRED",
		"store CREATING", "store NORMAL", "store CREATED_FAILED", "store ABNORMAL", "store FROZEN", "store DISK_FULL",
		"store DROPPING", "store DELETE_FAILED",
		"version CHECKING", "version READY", "version FAILED", "version UNVERIFIED",
	} {
		if seen[want] == 0 {
			t.Errorf("no %s in the sample year: %v", want, seen)
		}
	}
	if d, err := db.FindDashboard(t.Context(), by); err != nil || len(d.Expiring) == 0 {
		t.Errorf("nothing ends within 30 days: %v", err)
	}
}
