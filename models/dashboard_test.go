package models_test

import (
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
