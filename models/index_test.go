package models_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"quartermaster/models"
	"quartermaster/models/modelstest"
)

// A list must cost the same with a thousand rows and a million: it is read from
// the head of an index, in its order.
func TestListsAreReadFromTheHeadOfAnIndex(t *testing.T) {
	t.Parallel()
	if modelstest.Postgres() {
		t.Skip("PostgreSQL chooses by the rows there are, and a test has few")
	}
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	by := team.Admin
	mustPlace(t, db, team.Requester, planOrder(example())) // a list that is known to be empty is not read
	bucket := mustBucket(t, db, team.Requester, 0)
	uploads := func(ctx context.Context) error {
		_, _, err := db.ListMultiparts(ctx, by, bucket, models.KeyQuery{Prefix: "a", After: "ab", Size: 9}, "0")
		return err
	}
	keys := func(ctx context.Context) error {
		_, _, err := db.ListKeys(ctx, by, bucket, models.KeyQuery{Prefix: "a", After: "ab", Delimiter: "--", Size: 9})
		return err
	}
	for name, list := range map[string]struct {
		index string
		read  func(context.Context) error
	}{
		"jobs of stores":     {"jobs_store", storeJobs(db, by, models.StoreJobFilter{Since: modelstest.NewClock().Now(), Limit: 1, Offset: 9})},
		"and in a state":     {"jobs_store_state", storeJobs(db, by, models.StoreJobFilter{State: models.JobRunning, Limit: 1})},
		"stores of a name":   {"stores_team_name", func(ctx context.Context) error { _, err := db.FindStoreByName(ctx, by, "a", ""); return none(err) }},
		"jobs of a thing":    {"jobs_subject", func(ctx context.Context) error { _, err := db.ListJobs(ctx, by, "1"); return err }},
		"plans to draw from": {"plans_storage", func(ctx context.Context) error { _, err := models.DrawnFrom(ctx, db, by, bucket); return err }},
		"keys of objects":    {"objects_key", keys},
		"unfinished uploads": {"multiparts_key", uploads},
	} {
		steps, err := db.Explain(t.Context(), list.read)
		if err != nil || len(steps) == 0 {
			t.Errorf("%s: got %q, %v", name, steps, err)
			continue
		}
		got := strings.Join(steps, "; ")
		if !strings.Contains(got, "INDEX "+list.index+" ") || strings.Contains(got, "SCAN") || strings.Contains(got, "TEMP B-TREE") {
			t.Errorf("%s: got %s; want index %s, no scan and no sorting", name, got, list.index)
		}
	}
}

func storeJobs(db *models.DB, by models.Actor, f models.StoreJobFilter) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := db.ListStoreJobs(ctx, by, f)
		return err
	}
}

func none(err error) error {
	if errors.Is(err, models.ErrNotFound) {
		return nil
	}
	return err
}
