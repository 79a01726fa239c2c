package models_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"quartermaster/models"
	"quartermaster/models/modelstest"
)

// states are the states of items, each with the rule of what it was refused for.
func states(items []models.BulkItem) (all []string) {
	for _, i := range items {
		state := i.State
		for _, why := range i.Why {
			state += " " + why.Rule
		}
		all = append(all, state)
	}
	return all
}

func TestSeveralThingsAreDeletedAndEachSaysWhatCameOfIt(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team, other := modelstest.NewTeam(t, db), modelstest.NewTeam(t, db)
	bucket := func(by models.Actor, name string) string { return mustCreateBucket(t, db, by, name).ID }
	one, two, theirs := bucket(team.Requester, "bulk-one"), bucket(team.Requester, "bulk-two"), bucket(other.Requester, "bulk-theirs")
	filled := mustCreateBucket(t, db, team.Requester, "bulk-filled")
	object := mustPutObject(t, db, team.Requester, filled, "a", []byte("a"))
	full := filled.ID
	ids := []string{one, full, theirs, two, one}
	items, err := db.PreviewBulk(t.Context(), team.Requester, models.KindBucket, models.BulkDelete, ids)
	if want := []string{"waiting", "refused bucket_not_empty", "refused bulk_gone", "waiting"}; err != nil || !slices.Equal(states(items), want) {
		t.Fatalf("preview: got %q, %v, want %q", states(items), err, want)
	}
	if items[2].Name != "" || items[0].Name == "" {
		t.Errorf("names: got %+v", items)
	}
	if _, err := db.FindBucket(t.Context(), team.Requester, one); err != nil {
		t.Fatalf("a preview deleted it: %v", err)
	}
	b, err := db.DoBulk(t.Context(), team.Requester, models.KindBucket, models.BulkDelete, ids)
	if want := []string{"done", "refused bucket_not_empty", "refused bulk_gone", "done"}; err != nil || !slices.Equal(states(b.Items), want) {
		t.Fatalf("got %+v, %v, want %q", b, err, want)
	}
	if _, err := db.FindBucket(t.Context(), other.Requester, theirs); err != nil {
		t.Errorf("another team's: %v", err)
	}
	if _, err := db.DeleteObjects(t.Context(), team.Requester, full, []string{object.ID}); err != nil {
		t.Fatal(err)
	}
	if _, err := db.RetryBulk(t.Context(), team.Requester, b.ID); err != nil {
		t.Fatal(err)
	}
	for _, by := range []models.Actor{team.Requester, team.Admin} {
		got, err := db.FindBulk(t.Context(), by, b.ID)
		if want := []string{"done", "done", "refused bulk_gone", "done"}; err != nil || !slices.Equal(states(got.Items), want) || got.Items[0].Name != b.Items[0].Name {
			t.Errorf("%s finds %+v, %v, want %q", by.Role, got, err, want)
		}
	}
	for _, by := range []models.Actor{team.Viewer, team.Approver, other.Admin} {
		if _, err := db.FindBulk(t.Context(), by, b.ID); !errors.Is(err, models.ErrNotFound) {
			t.Errorf("%s of %s finds it: %v", by.Role, by.TeamID, err)
		}
	}
	if _, err := db.RetryBulk(t.Context(), team.Admin, b.ID); !errors.Is(err, models.ErrForbidden) {
		t.Errorf("an admin retries somebody's: %v", err)
	}
}

func TestAPreviewOfADeletionOnlyReads(t *testing.T) {
	t.Parallel()
	o := modelstest.Choose(t, models.Options{})
	db := modelstest.OpenWith(t, o)
	team := modelstest.NewTeam(t, db)
	bucket, app := mustCreateBucket(t, db, team.Requester, "bulk-read"), mustCreateApp(t, db, team.Requester, "bulk-read")
	plan := mustPlace(t, db, team.Requester, planOrder(example())).Lines[0].ResourceID
	modelstest.Exec(t, o, "ALTER TABLE events RENAME TO no_events") // what each deletion writes
	for kind, id := range map[models.Kind]string{models.KindBucket: bucket.ID, models.KindApp: app.ID, models.KindPlan: plan} {
		items, err := db.PreviewBulk(t.Context(), team.Requester, kind, models.BulkDelete, []string{id})
		if err != nil || !slices.Equal(states(items), []string{"waiting"}) {
			t.Errorf("%s: got %q, %v", kind, states(items), err)
		}
	}
}

// leaving is the context of somebody who leaves as soon as a bucket is gone.
type leaving struct {
	context.Context
	gone func() bool
}

func (l leaving) Err() error {
	if l.gone() {
		return context.Canceled
	}
	return nil
}

func TestADeletionOfSeveralThingsEndsWhenItsReaderHasLeft(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	one, two := mustCreateBucket(t, db, team.Requester, "bulk-one"), mustCreateBucket(t, db, team.Requester, "bulk-two")
	ctx := leaving{context.WithoutCancel(t.Context()), func() bool {
		_, err := db.FindBucket(t.Context(), team.Requester, one.ID)
		return errors.Is(err, models.ErrNotFound)
	}}
	b, err := db.DoBulk(ctx, team.Requester, models.KindBucket, models.BulkDelete, []string{one.ID, two.ID})
	if err != nil {
		t.Fatal(err)
	}
	b, err = db.FindBulk(t.Context(), team.Requester, b.ID)
	if err != nil || !slices.Equal(states(b.Items), []string{"done", "done"}) {
		t.Errorf("got %+v, %v", b, err)
	}
}

func TestWhatFailsOfADeletionIsLoggedAndTriedAgain(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	o := modelstest.Choose(t, models.Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
	db := modelstest.OpenWith(t, o)
	team := modelstest.NewTeam(t, db)
	bucket := mustCreateBucket(t, db, team.Requester, "bulk-fails")
	modelstest.Exec(t, o, "ALTER TABLE events RENAME TO no_events")
	b, err := db.DoBulk(t.Context(), team.Requester, models.KindBucket, models.BulkDelete, []string{bucket.ID})
	if err != nil || !slices.Equal(states(b.Items), []string{"refused bulk_failed"}) {
		t.Fatalf("got %+v, %v", b, err)
	}
	if said := log.String(); !strings.Contains(said, bucket.ID) || !strings.Contains(said, "events") {
		t.Errorf("logged: %q", said)
	}
	modelstest.Exec(t, o, "ALTER TABLE no_events RENAME TO events")
	if b, err = db.RetryBulk(t.Context(), team.Requester, b.ID); err != nil || b.Count(models.BulkDone) != 1 {
		t.Errorf("again: got %+v, %v", b, err)
	}
}

func TestOnlyWhoMayDeletesSeveralThings(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	many := make([]string, models.MaxBulk+1)
	for i := range many {
		many[i] = fmt.Sprint(i)
	}
	for _, c := range []struct {
		name string
		by   models.Actor
		kind models.Kind
		act  models.BulkAction
		ids  []string
		want func(error) bool
	}{
		{"a viewer", team.Viewer, models.KindBucket, models.BulkDelete, []string{"x"}, func(err error) bool { return errors.Is(err, models.ErrForbidden) }},
		{"nobody", models.Actor{}, models.KindBucket, models.BulkDelete, []string{"x"}, func(err error) bool { return errors.Is(err, models.ErrUnauthenticated) }},
		{"orders", team.Admin, models.KindOrder, models.BulkDelete, []string{"x"}, func(err error) bool { return errors.Is(err, models.ErrNotFound) }},
		{"no such action", team.Admin, models.KindBucket, "paint", []string{"x"}, func(err error) bool { return errors.Is(err, models.ErrNotFound) }},
		{"none", team.Admin, models.KindBucket, models.BulkDelete, nil, func(err error) bool { return rejects(err, "", "none_picked") }},
		{"too many", team.Admin, models.KindBucket, models.BulkDelete, many, func(err error) bool { return rejects(err, "", "too_many_picked") }},
	} {
		if _, err := db.PreviewBulk(t.Context(), c.by, c.kind, c.act, c.ids); !c.want(err) {
			t.Errorf("%s, preview: %v", c.name, err)
		}
		if _, err := db.DoBulk(t.Context(), c.by, c.kind, c.act, c.ids); !c.want(err) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestSeveralThingsOfEachKindAreDeleted(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	order := mustPlace(t, db, team.Requester, planOrder(example()))
	app := mustCreateApp(t, db, team.Requester, "shop")
	for kind, id := range map[models.Kind]string{models.KindPlan: order.Lines[0].ResourceID, models.KindApp: app.ID} {
		b, err := db.DoBulk(t.Context(), team.Requester, kind, models.BulkDelete, []string{id})
		if err != nil || b.Count(models.BulkDone) != 1 || b.Items[0].Name == "" {
			t.Errorf("%s: got %+v, %v", kind, b, err)
		}
	}
	for _, kind := range []models.Kind{models.KindBucket, models.KindApp, models.KindPkgVersion, models.KindPlan, models.KindStore} {
		if !slices.Equal(db.Bulks(kind), []models.BulkAction{models.BulkDelete}) {
			t.Errorf("%s: %v", kind, db.Bulks(kind))
		}
	}
}
