package models_test

import (
	"context"
	"errors"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"quartermaster/models"
	"quartermaster/models/demo"
	"quartermaster/models/list"
	"quartermaster/models/modelstest"
)

// What a page reads must not grow with what its team has: no query without a limit
// walks a table that grows, or all that a team has in one.
func TestNothingIsFoundByItsTeamAlone(t *testing.T) {
	if modelstest.Postgres() {
		t.Skip("PostgreSQL knows how many rows a team has")
	}
	t.Parallel()
	var clock demo.Clock
	o := modelstest.Choose(t, models.Options{Clock: clock.Now, Operations: []models.Operation{
		{Name: "CreateStorage"}, {Name: "GetResourcePackagePrice"}, {Name: "QueryResourcePackageInstances"}, {Name: "CreateStore"}, {Name: "ListStores"},
	}})
	db := modelstest.OpenWith(t, o)
	if err := db.ClaimForDemo(t.Context()); err != nil {
		t.Fatal(err)
	}
	people, err := demo.Fill(t.Context(), db, &clock, o.Folder)
	if err != nil {
		t.Fatal(err)
	}
	by := models.Actor{Role: models.Admin, Face: models.ByForm, Address: "192.0.2.1"}
	for what, into := range map[string]*string{"user_id": &by.UserID, "team_id": &by.TeamID} {
		if err := db.Scan(t.Context(), into, "SELECT "+what+" FROM memberships JOIN users ON users.id = user_id WHERE email = ?", people[0].Email); err != nil {
			t.Fatal(err)
		}
	}
	ids := map[string][]string{}
	for table, column := range map[string]string{"buckets": "id", "apps": "id", "pkg_versions": "id", "plans": "id", "stores": "id", "orders": "number"} {
		var some []string
		if err := db.Scan(t.Context(), &some, "SELECT CAST("+column+" AS text) FROM "+table+" WHERE team_id = ? ORDER BY 1 LIMIT 100", by.TeamID); err != nil {
			t.Fatal(err)
		}
		ids[table] = some
	}
	led := regexp.MustCompile(`^(SCAN|SEARCH) (orders|order_lines|plans|buckets|apps|pkg_versions|stores|jobs|events|objects|approvals|api_calls|deductions)\b(.*USING (COVERING )?INDEX \w+ \(team_id=\?\))?`)
	seen := map[string]bool{}
	doing := ""
	err = db.SeeSteps(func(statement string, steps []string) {
		sorted := strings.Contains(strings.Join(steps, "\n"), "USE TEMP B-TREE FOR ORDER BY")
		for _, step := range steps {
			m := led.FindStringSubmatch(step)
			if m == nil || m[1] == "SEARCH" && m[3] == "" || strings.Contains(statement, "LIMIT") && !sorted || strings.Contains(step, "INDEX approvals_open") || seen[statement] {
				continue
			}
			seen[statement] = true
			t.Errorf("%s: %s: %s", doing, step, statement)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	do := func(what string, err error) {
		t.Helper()
		if err != nil && !errors.Is(err, models.ErrNotFound) {
			t.Errorf("%s: %v", what, err)
		}
	}
	of := func(table string, find func(ctx context.Context, id string) error) {
		t.Helper()
		if len(ids[table]) == 0 {
			t.Errorf("the demo has no %s", table)
		}
		doing = table
		for _, id := range ids[table] {
			do(table, find(ctx, id))
		}
	}
	of("apps", func(ctx context.Context, id string) error { _, err := db.FindAppPage(ctx, by, id); return err })
	of("pkg_versions", func(ctx context.Context, id string) error { _, err := db.FindPkgVersionPage(ctx, by, id); return err })
	of("plans", func(ctx context.Context, id string) error { _, err := db.FindPlanPage(ctx, by, id); return err })
	of("stores", func(ctx context.Context, id string) error { _, err := db.FindStorePage(ctx, by, id); return err })
	of("orders", func(ctx context.Context, id string) error {
		n, err := strconv.ParseInt(id, 10, 64)
		_, sheet := db.FindOrderSheet(ctx, by, n)
		_, page := db.FindOrderPage(ctx, by, n)
		_, way := db.Way(ctx, by, n)
		return errors.Join(err, sheet, page, way)
	})
	doing = "dashboard"
	_, err = db.FindDashboard(ctx, by)
	do(doing, err)
	doing = "approvals"
	for _, view := range []string{models.WaitsForMe, models.WaitsOther, models.DecidedBy} {
		_, err = models.Approvals.Read(ctx, db, by, list.With("whose", view))
		do(doing, err)
	}
	doing = "plan orders"
	_, _, err = models.PlanOrders.Numbered(ctx, db, by, list.With("created", models.Span(clock.Now().AddDate(-1, 0, 0), clock.Now())), 1, 20, list.Unknown)
	do(doing, err)
	doing = "draws"
	_, _, err = models.Draws.Numbered(ctx, db, by, list.With("measured", models.Span(clock.Now().AddDate(0, -2, 0), clock.Now())), 1, 20, list.Unknown)
	do(doing, err)
	doing = "lapse"
	do(doing, db.LapseOrders(ctx))
}
