package models_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"

	"quartermaster/models"
	"quartermaster/models/list"
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
	items, err := db.PreviewBulk(t.Context(), team.Requester, models.KindBucket, models.BulkDelete, ids, nil)
	if want := []string{"waiting", "refused bucket_not_empty", "refused bulk_gone", "waiting"}; err != nil || !slices.Equal(states(items), want) {
		t.Fatalf("preview: got %q, %v, want %q", states(items), err, want)
	}
	if items[2].Name != "" || items[0].Name == "" {
		t.Errorf("names: got %+v", items)
	}
	if _, err := db.FindBucket(t.Context(), team.Requester, one); err != nil {
		t.Fatalf("a preview deleted it: %v", err)
	}
	b, err := db.DoBulk(t.Context(), team.Requester, models.KindBucket, models.BulkDelete, ids, nil)
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
		items, err := db.PreviewBulk(t.Context(), team.Requester, kind, models.BulkDelete, []string{id}, nil)
		if err != nil || !slices.Equal(states(items), []string{"waiting"}) {
			t.Errorf("%s: got %q, %v", kind, states(items), err)
		}
	}
}

// leaving is the context of somebody who leaves, or of a worker that is stopped, as soon
// as something is done.
type leaving struct {
	context.Context
	done func() bool
}

func (l leaving) Err() error {
	if l.done() {
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
	b, err := db.DoBulk(ctx, team.Requester, models.KindBucket, models.BulkDelete, []string{one.ID, two.ID}, nil)
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
	b, err := db.DoBulk(t.Context(), team.Requester, models.KindBucket, models.BulkDelete, []string{bucket.ID}, nil)
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
		if _, err := db.PreviewBulk(t.Context(), c.by, c.kind, c.act, c.ids, nil); !c.want(err) {
			t.Errorf("%s, preview: %v", c.name, err)
		}
		if _, err := db.DoBulk(t.Context(), c.by, c.kind, c.act, c.ids, nil); !c.want(err) {
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
		b, err := db.DoBulk(t.Context(), team.Requester, kind, models.BulkDelete, []string{id}, nil)
		if err != nil || b.Count(models.BulkDone) != 1 || b.Items[0].Name == "" {
			t.Errorf("%s: got %+v, %v", kind, b, err)
		}
	}
	for _, kind := range []models.Kind{models.KindBucket, models.KindApp, models.KindPkgVersion, models.KindPlan, models.KindStore} {
		if all := db.Bulks(team.Requester, kind); !slices.Contains(all, models.BulkDelete) {
			t.Errorf("%s: %v", kind, all)
		}
		if all := db.Bulks(team.Viewer, kind); len(all) > 0 {
			t.Errorf("a viewer may %v %s", all, kind)
		}
	}
}

func TestOrdersCountForAnotherCostCentre(t *testing.T) {
	t.Parallel()
	db, _, team := atNoon(t)
	budget(t, db, team.Admin, "RD-1", "refuse", 100_000_00)
	budget(t, db, team.Admin, "RD-2", "refuse", 1_00)
	place := func(by models.Actor, centre string) *models.Order {
		in := planOrder(example())
		in.CostCentre = centre
		return mustPlace(t, db, by, in)
	}
	one, other := place(team.Requester, "RD-1"), place(team.Approver, "RD-1")
	free := mustPlace(t, db, team.Requester, bucketOrder("centre-free", ""))
	ids := []string{fmt.Sprint(one.Number), fmt.Sprint(other.Number), fmt.Sprint(free.Number), "20200101000000001", "none"}
	to := func(centre string) any { return &models.CentreInput{CostCentre: centre} }
	spent := func(centre string) int64 {
		t.Helper()
		_, uses, err := db.ListBudgets(t.Context(), team.Admin)
		if err != nil {
			t.Fatal(err)
		}
		for _, u := range uses {
			if u.CostCentre == centre {
				return u.SpentMinor + u.ReservedMinor
			}
		}
		return -1
	}
	whole := spent("RD-1")
	if whole != one.PayMinor+other.PayMinor {
		t.Fatalf("RD-1 has %d", whole)
	}
	if _, err := db.PreviewBulk(t.Context(), team.Requester, models.KindOrder, models.BulkCentre, ids, to("")); !rejects(err, "cost_centre", "required") {
		t.Errorf("none: got %v", err)
	}
	items, err := db.PreviewBulk(t.Context(), team.Requester, models.KindOrder, models.BulkCentre, ids, to("RD-3"))
	if want := []string{"waiting", "refused bulk_forbidden", "waiting", "refused bulk_gone", "refused bulk_gone"}; err != nil || !slices.Equal(states(items), want) {
		t.Fatalf("preview: got %q, %v, want %q", states(items), err, want)
	}
	if items[0].Was != "RD-1" || items[0].Will != "RD-3" || items[0].Name != ids[0] {
		t.Errorf("preview: got %+v", items[0])
	}
	b, err := db.DoBulk(t.Context(), team.Requester, models.KindOrder, models.BulkCentre, ids[:1], to("RD-2"))
	if err != nil || !slices.Equal(states(b.Items), []string{"refused over_budget"}) || spent("RD-1") != whole {
		t.Fatalf("past a budget: got %+v, %v", b, err)
	}
	b, err = db.DoBulk(t.Context(), team.Admin, models.KindOrder, models.BulkCentre, ids, to("RD-3"))
	if want := []string{"done", "done", "done", "refused bulk_gone", "refused bulk_gone"}; err != nil || !slices.Equal(states(b.Items), want) {
		t.Fatalf("got %q, %v, want %q", states(b.Items), err, want)
	}
	if b.Items[0].Was != "RD-1" || b.Items[0].Will != "RD-3" || b.Done != 3 || b.Refused != 2 || b.State != models.BulkEnded {
		t.Errorf("got %+v", b)
	}
	if spent("RD-1") != 0 {
		t.Errorf("RD-1 still has %d", spent("RD-1"))
	}
	sums, ok, err := db.FindSpend(t.Context(), team.Viewer, list.With("month", "2026-11", "free", models.Spent, "centre", "RD-3"))
	if err != nil || !ok || sums[0].SpendMinor != whole || sums[0].Orders != 2 {
		t.Errorf("RD-3 committed to %+v, %v, %v", sums, ok, err)
	}
	if got, err := recorded(t, db, team.Admin, "order.cost_centre_changed"); err != nil || len(got) != 3 {
		t.Errorf("%d events, %v", len(got), err)
	}
	budget(t, db, team.Admin, "RD-4", "hold", 1_00)
	k, _ := mustKey(t, db, team.Admin, models.AccessKeyInput{User: team.Requester.UserID})
	asked := place(mustCaller(t, db, k.ID).Actor, "RD-3")
	for number, want := range map[int64]string{asked.Number: "refused over_budget_admin", other.Number: "done"} {
		b, err := db.DoBulk(t.Context(), team.Admin, models.KindOrder, models.BulkCentre, []string{fmt.Sprint(number)}, to("RD-4"))
		if err != nil || !slices.Equal(states(b.Items), []string{want}) {
			t.Errorf("over a budget: got %q, %v, want %s", states(b.Items), err, want)
		}
	}
	if _, err := db.DoBulk(t.Context(), team.Admin, models.KindOrder, models.BulkCentre, ids[:1], to("RD-1")); err != nil || spent("RD-1") != one.PayMinor {
		t.Errorf("back: %v, RD-1 has %d", err, spent("RD-1"))
	}
	mustFit(t, db)
}

func TestWhatIsDoneToManyThingsIsAJob(t *testing.T) {
	t.Parallel()
	db, _, team := atNoon(t)
	const n = models.MaxPicked + 5
	ids := make([]string, n)
	for i := range ids {
		ids[i] = mustCreateBucket(t, db, team.Requester, fmt.Sprintf("many-%03d", i)).ID
	}
	b, err := db.DoBulk(t.Context(), team.Requester, models.KindBucket, models.BulkDelete, ids, nil)
	if err != nil || b.State != models.BulkRunning || b.Done != 0 || b.Total != n {
		t.Fatalf("got %+v, %v", b, err)
	}
	if jobs, err := db.ListRunningJobs(t.Context(), team.Viewer, 10); err != nil || len(jobs) != 0 {
		t.Errorf("people see %d jobs, %v", len(jobs), err)
	}
	if b, err = db.CancelBulk(t.Context(), team.Requester, b.ID); err != nil || b.State != models.BulkCancelled {
		t.Fatalf("cancel: %+v, %v", b, err)
	}
	modelstest.Work(t, db)
	if b, err = db.FindBulk(t.Context(), team.Requester, b.ID); err != nil || b.Done != 0 || b.Count(models.BulkWaiting) != n {
		t.Fatalf("after it was cancelled: %+v, %v", b, err)
	}
	if _, err := db.CancelBulk(t.Context(), team.Admin, b.ID); !errors.Is(err, models.ErrForbidden) {
		t.Errorf("an admin cancels somebody's: %v", err)
	}
	if b, err = db.RetryBulk(t.Context(), team.Requester, b.ID); err != nil || b.State != models.BulkRunning {
		t.Fatalf("again: %+v, %v", b, err)
	}
	modelstest.Work(t, db)
	b, more, err := db.FindBulkItems(t.Context(), team.Requester, b.ID, models.BulkDone, 0)
	if err != nil || b.State != models.BulkEnded || b.Done != n || len(b.Items) != models.MaxPicked || !more {
		t.Fatalf("done: %+v, %v, %v", b, more, err)
	}
	b, more, err = db.FindBulkItems(t.Context(), team.Requester, b.ID, "", b.Items[models.MaxPicked-1].Place)
	if err != nil || len(b.Items) != 5 || more || b.Items[4].Name != "many-104" {
		t.Errorf("further: %+v, %v, %v", b.Items, more, err)
	}
}

func TestWhoHasLostARightDoesNothingMore(t *testing.T) {
	t.Parallel()
	for what, lose := range map[string]func(t *testing.T, db *models.DB, team modelstest.Team){
		"removed": func(t *testing.T, db *models.DB, team modelstest.Team) {
			if _, err := db.RemoveMember(t.Context(), team.Admin, team.Requester.UserID); err != nil {
				t.Fatal(err)
			}
		},
		"a viewer now": func(t *testing.T, db *models.DB, team modelstest.Team) {
			if _, err := db.ChangeRole(t.Context(), team.Admin, team.Requester.UserID, models.RoleInput{Role: models.Viewer}); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			db := modelstest.Open(t)
			team := modelstest.NewTeam(t, db)
			ids := []string{mustCreateBucket(t, db, team.Requester, "lost-right").ID}
			for i := range models.MaxPicked {
				ids = append(ids, fmt.Sprint(i))
			}
			b, err := db.DoBulk(t.Context(), team.Requester, models.KindBucket, models.BulkDelete, ids, nil)
			if err != nil {
				t.Fatal(err)
			}
			lose(t, db, team)
			modelstest.Work(t, db)
			b, err = db.FindBulk(t.Context(), team.Admin, b.ID)
			if err != nil || b.State != models.BulkEnded || b.Done != 0 || states(b.Items)[0] != "refused bulk_forbidden" {
				t.Errorf("got %q of %+v, %v", states(b.Items)[:1], b, err)
			}
			if b.Refused != b.Total || states(b.Items)[models.MaxPicked-1] != "refused bulk_forbidden" {
				t.Errorf("%d of %d refused, the last shown %s", b.Refused, b.Total, states(b.Items)[models.MaxPicked-1])
			}
			if told, err := recorded(t, db, team.Admin, "team.attempt"); err != nil || len(told) != 1 {
				t.Errorf("recorded %d times that it was refused, %v", len(told), err)
			}
			if _, err := db.FindBucket(t.Context(), team.Admin, ids[0]); err != nil {
				t.Errorf("the bucket: %v", err)
			}
		})
	}
}

func TestWorkersAtOnceDoEachThingOnce(t *testing.T) {
	t.Parallel()
	db, _, team := holding(t)
	var ids []string
	for i := range 10 {
		ids = append(ids, fmt.Sprint(mustPlace(t, db, team.Requester, bucketOrder(fmt.Sprintf("at-once-%d", i), "")).Number))
	}
	seen, err := db.PreviewBulk(t.Context(), team.Approver, models.KindOrder, models.BulkApprove, ids, new(models.ApprovalInput))
	if err != nil {
		t.Fatal(err)
	}
	var picks []string
	for _, item := range seen {
		picks = append(picks, item.Pick())
	}
	var all sync.WaitGroup
	bulks := make([]*models.Bulk, 2)
	for i, by := range []models.Actor{team.Approver, team.Admin} {
		all.Go(func() {
			b, err := db.DoBulk(t.Context(), by, models.KindOrder, models.BulkApprove, picks, new(models.ApprovalInput))
			if err != nil {
				t.Error(err)
			}
			bulks[i] = b
		})
	}
	all.Wait()
	if t.Failed() {
		return
	}
	for i, id := range ids {
		one, other := bulks[0].Items[i], bulks[1].Items[i]
		if (one.State == models.BulkDone) == (other.State == models.BulkDone) {
			t.Errorf("order %s: %s and %s", id, one.State, other.State)
		}
	}
	if got, err := recorded(t, db, team.Admin, "order.approved"); err != nil || len(got) != len(ids) {
		t.Errorf("%d decisions of %d orders, %v", len(got), len(ids), err)
	}
}

func TestTheOldestOfWhatWasDoneIsForgotten(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	many := make([]string, 9_000)
	for i := range many {
		many[i] = fmt.Sprint(i)
	}
	var ids []string
	for range 3 {
		b, err := db.DoBulk(t.Context(), team.Requester, models.KindBucket, models.BulkDelete, many, nil)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, b.ID)
	}
	for i, id := range ids {
		if _, err := db.FindBulk(t.Context(), team.Requester, id); (i == 0) != errors.Is(err, models.ErrNotFound) {
			t.Errorf("%d: %v", i, err)
		}
	}
}

func mustFindOrder(t *testing.T, db *models.DB, by models.Actor, number int64) *models.Order {
	t.Helper()
	o, err := db.FindOrder(t.Context(), by, number)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestAJobThatIsStoppedInTheMiddleGoesOn(t *testing.T) {
	t.Parallel()
	db, _, team := atNoon(t)
	const n = models.MaxPicked + 10
	ids := make([]string, n)
	for i := range ids {
		ids[i] = mustCreateBucket(t, db, team.Requester, fmt.Sprintf("stopped-%03d", i)).ID
	}
	b, err := db.DoBulk(t.Context(), team.Requester, models.KindBucket, models.BulkDelete, ids, nil)
	if err != nil {
		t.Fatal(err)
	}
	done := func() int64 {
		t.Helper()
		got, err := db.FindBulk(t.Context(), team.Requester, b.ID)
		if err != nil {
			t.Fatal(err)
		}
		return got.Done
	}
	if _, err := db.WorkOnce(leaving{t.Context(), func() bool { return done() >= 30 }}); err != nil {
		t.Fatal(err)
	}
	if got := done(); got != 30 {
		t.Fatalf("%d were done before it was stopped", got)
	}
	modelstest.Work(t, db)
	if got := done(); got != n {
		t.Errorf("%d were done", got)
	}
	page, err := models.Events.Read(t.Context(), db, team.Admin, list.Query{Size: 500})
	deleted := map[string]int{}
	for _, e := range page.Rows {
		if e.Action == "bucket.deleted" {
			deleted[e.SubjectID]++
		}
	}
	if err != nil || len(deleted) != n {
		t.Errorf("%d were deleted, %v", len(deleted), err)
	}
}

func TestNoActionReachesAnotherTeam(t *testing.T) {
	t.Parallel()
	db, _, team := holding(t)
	other := modelstest.NewTeam(t, db)
	app := mustCreateApp(t, db, team.Requester, "bulk-theirs")
	order := mustPlace(t, db, team.Requester, planOrder(example()))
	free := models.OrderInput{Lines: []models.LineInput{storeInput("bulk-theirs")}}
	kept := mustDecide(t, db, team.Admin, mustPlace(t, db, team.Requester, free), true)
	plan := mustDecide(t, db, team.Admin, mustPlace(t, db, team.Requester, planOrder(example())), true)
	ids := map[models.Kind]string{
		models.KindBucket: mustDecide(t, db, team.Admin, mustPlace(t, db, team.Requester, bucketOrder("bulk-theirs", "")), true).Lines[0].ResourceID,
		models.KindApp:    app.ID, models.KindOrder: fmt.Sprint(order.Number), models.KindStore: kept.Lines[0].ResourceID, models.KindPlan: plan.Lines[0].ResourceID,
		models.KindPkgVersion: "wp-000000000000000000000000",
	}
	for _, k := range models.Kinds() {
		for action, facts := range k.Bulk {
			if facts.Ordered {
				continue
			}
			in := facts.Asked()
			switch in := in.(type) {
			case *models.CentreInput:
				in.CostCentre = "RD-1"
			case *models.RejectionInput:
				in.Reason = "no"
			}
			pick := []string{ids[k.Kind]}
			if _, err := db.DoBulk(t.Context(), team.Viewer, k.Kind, action, pick, in); !errors.Is(err, models.ErrForbidden) {
				t.Errorf("a viewer may %s %s: %v", action, k.Kind, err)
			}
			items, err := db.PreviewBulk(t.Context(), other.Admin, k.Kind, action, pick, in)
			if err != nil || items[0].Name != "" || !strings.HasPrefix(states(items)[0], "refused ") {
				t.Errorf("preview to %s %s of another team: %+v, %v", action, k.Kind, items, err)
			}
			b, err := db.DoBulk(t.Context(), other.Admin, k.Kind, action, pick, in)
			if err != nil || b.Done != 0 || b.Items[0].Name != "" {
				t.Errorf("%s %s of another team: %+v, %v", action, k.Kind, b, err)
			}
		}
	}
}

func TestSeveralPlansAreRenewedInOneOrder(t *testing.T) {
	t.Parallel()
	db, _, team := atNoon(t)
	plan := func() *models.Plan {
		t.Helper()
		p, err := db.FindPlan(t.Context(), team.Viewer, mustPlace(t, db, team.Requester, planOrder(example())).Lines[0].ResourceID)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	one, two := plan(), plan()
	other := modelstest.NewTeam(t, db)
	theirs := mustPlace(t, db, other.Requester, planOrder(example())).Lines[0].ResourceID
	rows, err := db.Renewals(t.Context(), team.Requester, models.RenewalsInput{Pick: []string{one.ID, theirs, two.ID, one.ID}, Duration: "6", PricingCycle: "Month"})
	if err != nil || len(rows) != 3 || rows[0].Why != nil || rows[1].Why[0].Rule != "unknown" || rows[1].Plan != nil || rows[2].Why != nil {
		t.Fatalf("got %+v, %v", rows, err)
	}
	if terms, err := db.RenewalTerms(t.Context(), team.Requester, rows, "Month"); err != nil || !slices.Contains(terms, 6) {
		t.Errorf("terms: %v, %v", terms, err)
	}
	in := models.OrderInput{Lines: []models.LineInput{rows[0].Input, rows[2].Input}}
	o := mustPlace(t, db, team.Requester, in)
	if o.Type != models.TypeRenew || o.RelatedNumber != 0 || o.LineCount != 2 || o.State != models.OrderCompleted || o.TotalMinor != rows[0].Line.AmountMinor+rows[2].Line.AmountMinor {
		t.Errorf("got %+v", o)
	}
	for _, was := range []*models.Plan{one, two} {
		p, err := db.FindPlan(t.Context(), team.Viewer, was.ID)
		if err != nil || p.Months() != was.Months()+6 {
			t.Errorf("%s: %d months, %v", was.ID, p.Months(), err)
		}
	}
	if _, err := db.DoBulk(t.Context(), team.Requester, models.KindPlan, models.BulkRenew, []string{one.ID}, nil); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("without an order: %v", err)
	}
}

func TestRenewalsAreDecidedAsOne(t *testing.T) {
	t.Parallel()
	db, _, team := holding(t)
	var ids []string
	for range 2 {
		ids = append(ids, mustDecide(t, db, team.Admin, mustPlace(t, db, team.Requester, planOrder(example())), true).Lines[0].ResourceID)
	}
	order := func(duration string) models.OrderInput {
		var in models.OrderInput
		for _, id := range ids {
			in.Lines = append(in.Lines, &models.RenewInput{InstanceID: id, Duration: duration, PricingCycle: "Month"})
		}
		return in
	}
	waiting := mustPlace(t, db, team.Requester, order("1"))
	again := order("6")
	again.Replaces, again.Seen = waiting.Number, waiting.Version
	waiting = mustPlace(t, db, team.Requester, again)
	if len(waiting.Lines) != 2 || waiting.State != models.OrderPending || waiting.Lines[1].Units != 6 {
		t.Fatalf("edited: got %+v", waiting)
	}
	if err := db.DeletePlan(t.Context(), team.Requester, ids[1]); err == nil {
		failed := mustDecide(t, db, team.Approver, waiting, true)
		p, err := db.FindPlan(t.Context(), team.Viewer, ids[0])
		if err != nil || failed.State != models.OrderFailed || p.Months() != 6 {
			t.Errorf("with one gone: got %s, %+v, %v", failed.State, p, err)
		}
		return
	}
	done := mustDecide(t, db, team.Approver, waiting, true)
	p, err := db.FindPlan(t.Context(), team.Viewer, ids[1])
	if err != nil || done.State != models.OrderCompleted || p.Months() != 12 {
		t.Errorf("got %s, %+v, %v", done.State, p, err)
	}
}
