package models_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"quartermaster/models"
	"quartermaster/models/modelstest"
)

func TestDashboardCountsWhatHappenedInItsMonth(t *testing.T) {
	t.Parallel()
	clock := modelstest.NewClock()
	db := modelstest.OpenWith(t, models.Options{Clock: clock.Now})
	team, other := modelstest.NewTeam(t, db), modelstest.NewTeam(t, db)
	first := mustPlace(t, db, team.Requester, bucketOrder("", ""))
	mustPlace(t, db, team.Requester, bucketOrder("", ""))
	// 30 November, 17:00 UTC is already December where the documents reckon.
	clock.Move(9*24*time.Hour + 8*time.Hour)
	mustPlace(t, db, team.Requester, bucketOrder("", ""))
	if err := db.DeleteBucket(t.Context(), team.Requester, first.Lines[0].ResourceID); err != nil {
		t.Fatal(err)
	}
	d, err := db.FindDashboard(t.Context(), team.Viewer)
	if err != nil {
		t.Fatal(err)
	}
	if got := d.Counts["bucket"]; got != 2 {
		t.Errorf("got %d buckets, want 2", got)
	}
	months := slices.Concat(slices.Collect(maps.Values(d.Months))...)
	if got, want := len(months), 12*4; got != want {
		t.Fatalf("got %d months, want %d", got, want)
	}
	for _, m := range months {
		created, deleted := int64(0), int64(0)
		switch {
		case m.Kind == models.KindBucket && m.Month == 202611:
			created = 2
		case m.Kind == models.KindBucket && m.Month == 202612:
			created, deleted = 1, 1
		}
		if m.Created != created || m.Deleted != deleted {
			t.Errorf("%d %s: got %d created, %d deleted; want %d, %d", m.Month, m.Kind, m.Created, m.Deleted, created, deleted)
		}
	}
	if len(d.Events) == 0 || d.Events[0].Action != "bucket.deleted" {
		t.Errorf("got events %v, want the deletion first", d.Events)
	}
	empty, err := db.FindDashboard(t.Context(), other.Viewer)
	if err != nil {
		t.Fatal(err)
	}
	if empty.Counts["bucket"] != 0 || len(empty.Running) != 0 || len(empty.Expiring) != 0 {
		t.Errorf("another team sees %+v", empty)
	}
}

func TestADashboardShowsEachChangeOfTheDatabaseAndOfTime(t *testing.T) {
	t.Parallel()
	clock := modelstest.NewClock()
	o := modelstest.Choose(t, models.Options{Clock: clock.Now})
	db := modelstest.OpenWith(t, o)
	team := modelstest.NewTeam(t, db)
	mustPlace(t, db, team.Requester, planOrder(example()))
	mustPlace(t, db, team.Requester, planOrder(example()))
	soon, later := clock.Now().Add(20*24*time.Hour), clock.Now().Add(40*24*time.Hour)
	for _, step := range []struct {
		change string
		args   []any
		move   time.Duration
		want   string
	}{
		{want: "0 ending, 0 running, plan.created, 2 made"},
		{change: "UPDATE plans SET ends_at = ?", args: []any{later}, want: "0 ending, 0 running, plan.created, 2 made"},
		{change: "UPDATE plans SET ends_at = ? WHERE id = (SELECT min(id) FROM plans)", args: []any{soon}, want: "1 ending, 0 running, plan.created, 2 made"},
		{change: "UPDATE months SET created = 5 WHERE kind = 'plan'", want: "1 ending, 0 running, plan.created, 5 made"},
		{change: `INSERT INTO events (id, team_id, at, user_id, user_name, action, result, kind, subject_id, subject_name, region, detail, face, address, request_id)
			VALUES ('e', ?, ?, '', '', 'x', '', 'plan', '', '', '', '', '', '', '')`, args: []any{team.Viewer.TeamID, later}, want: "1 ending, 0 running, x, 5 made"},
		{change: `INSERT INTO jobs (id, team_id, kind, subject_id, subject_name, payload, state, steps, run_at, created_by, created_at)
			VALUES ('j', ?, 'CreateStore', 's', 's', '{}', 'queued', '[]', ?, '', ?)`, args: []any{team.Viewer.TeamID, later, soon}, want: "1 ending, 1 running, x, 5 made"},
		{move: 15 * 24 * time.Hour, want: "2 ending, 1 running, x, 0 made"},
		{move: 6 * 24 * time.Hour, want: "1 ending, 1 running, x, 0 made"},
		{move: 20 * 24 * time.Hour, want: "0 ending, 1 running, x, 0 made"},
		{move: -41 * 24 * time.Hour, want: "1 ending, 1 running, x, 5 made"},
	} {
		clock.Move(step.move)
		if step.change != "" {
			modelstest.Exec(t, o, step.change, step.args...)
		}
		for range 2 { // so that it is remembered
			d, err := db.FindDashboard(t.Context(), team.Viewer)
			if err != nil {
				t.Fatal(err)
			}
			months := d.Months[models.KindPlan]
			got := fmt.Sprintf("%d ending, %d running, %s, %d made", len(d.Expiring), len(d.Running), d.Events[0].Action, months[len(months)-1].Created)
			if got != step.want {
				t.Errorf("%s, %s: got %s, want %s", step.change, step.move, got, step.want)
			}
		}
	}
}
