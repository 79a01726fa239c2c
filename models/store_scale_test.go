package models_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"quartermaster/models"
	"quartermaster/models/list"
	"quartermaster/models/modelstest"
	"quartermaster/models/pricing"
)

func scaleOrder(id string, num int64, action models.ScaleAction) models.OrderInput {
	return models.OrderInput{Lines: []models.LineInput{&models.StoreScaleInput{StoreID: id, Num: num, Action: action}}}
}

// readyStore is a store of so many units that is NORMAL.
func readyStore(t *testing.T, db *models.DB, by models.Actor, in *models.StoreInput) *models.Store {
	t.Helper()
	s := placeStore(t, db, by, in)
	modelstest.Work(t, db)
	return findStore(t, db, by, s.ID)
}

func TestStoreIsScaledByAJob(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	in := storeInput("handbook")
	in.Num = 2
	s := readyStore(t, db, team.Requester, in)
	for _, c := range []struct {
		num    int64
		action models.ScaleAction
		during models.StoreState
		used   int64 // while the job works
		hourly int64
	}{
		{5, models.ScaleOut, models.StoreScaling, 5, 11_925_000},
		{1, models.ScaleIn, models.StoreScalingIn, 5, 2_385_000},
		{100, "", models.StoreScaling, 100, 238_500_000},
		{99, "", models.StoreScalingIn, 100, 236_115_000},
	} {
		before := findStore(t, db, team.Viewer, s.ID)
		order := mustPlace(t, db, team.Requester, scaleOrder(s.ID, c.num, c.action))
		line := order.Lines[0]
		if order.Type != models.TypeUpgrade || order.TotalMinor != 0 || order.Title != "handbook" || line.HourlyMicro != c.hourly || line.ResourceID != s.ID {
			t.Errorf("to %d: got order %+v, want an upgrade that costs %d an hour", c.num, order, c.hourly)
		}
		if want := fmt.Sprintf("xlarge × %d → %d", before.Num, c.num); line.Detail != want {
			t.Errorf("to %d: got detail %q, want %q", c.num, line.Detail, want)
		}
		got := findStore(t, db, team.Viewer, s.ID)
		if used := cuUsed(t, db, team.Viewer); got.State != c.during || got.Num != before.Num || got.Target != c.num || used != c.used {
			t.Errorf("to %d: got %s of %d to %d, %d units used; want %s, %d used", c.num, got.State, got.Num, got.Target, used, c.during, c.used)
		}
		for what, do := range map[string]func() error{
			"delete": func() error { _, err := db.DeleteStore(t.Context(), team.Requester, s.ID); return err },
			"retry":  func() error { _, err := db.RetryStore(t.Context(), team.Requester, s.ID); return err },
		} {
			if err := do(); !errors.Is(err, models.ErrConflict) {
				t.Errorf("%s while it is scaled: got %v, want %v", what, err, models.ErrConflict)
			}
		}
		if _, err := db.PlaceOrder(t.Context(), team.Requester, scaleOrder(s.ID, 7, "")); !rejects(err, "num", "state") {
			t.Errorf("scale while it is scaled: got %v, want num state", err)
		}
		modelstest.Work(t, db)
		got = findStore(t, db, team.Viewer, s.ID)
		if used := cuUsed(t, db, team.Viewer); got.State != models.StoreNormal || got.Num != c.num || got.Target != 0 || used != c.num || got.FailCode != "" {
			t.Errorf("to %d: got %s of %d, %d units used; want NORMAL with as many", c.num, got.State, got.Num, used)
		}
		job, err := db.FindStoreJob(t.Context(), team.Viewer, got.JobID)
		if o := findOrder(t, db, team.Viewer, order.Number); err != nil || job.Kind != models.ScaleStoreJob || job.Progress() != 100 || o.State != models.OrderCompleted {
			t.Errorf("to %d: got job %+v, %v, order %s", c.num, job, err, o.State)
		}
	}
	counts, err := db.Counts(t.Context(), team.Viewer)
	if err != nil || counts["store"] != 1 || counts["order"] != 5 {
		t.Errorf("got %d stores of %d orders, %v; want 1 of 5", counts["store"], counts["order"], err)
	}
	lines, err := db.ListStoreLines(t.Context(), team.Viewer, s.ID)
	if err != nil || len(lines) != 5 || lines[0].Quantity != 99 || lines[4].Quantity != 2 {
		t.Errorf("got lines %+v, %v; want five, the newest first", lines, err)
	}
	if got, want := actions(t, db, team.Viewer, s.ID), "store.created store.ready"+strings.Repeat(" store.scaled store.resized", 4); got != want {
		t.Errorf("got events %q, want %q", got, want)
	}
}

func TestNewSizeObeysItsRules(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team, other := modelstest.NewTeam(t, db), modelstest.NewTeam(t, db)
	in := storeInput("handbook")
	in.Num = 40
	s := readyStore(t, db, team.Requester, in)
	readyStore(t, db, team.Requester, storeInput("manual"))
	for _, c := range []struct {
		num         int64
		action      models.ScaleAction
		field, rule string
	}{
		{0, "", "num", "min"},
		{-1, models.ScaleIn, "num", "min"},
		{1_000_001, "", "num", "max"},
		{40, "", "num", "same"},
		{40, models.ScaleOut, "num", "scale_out"},
		{39, models.ScaleOut, "num", "scale_out"},
		{40, models.ScaleIn, "num", "scale_in"},
		{41, models.ScaleIn, "num", "scale_in"},
		{41, "SCALE_UP", "action", "oneof"},
		{100, "", "num", "quota"},
	} {
		if _, err := db.PlaceOrder(t.Context(), team.Requester, scaleOrder(s.ID, c.num, c.action)); !rejects(err, c.field, c.rule) {
			t.Errorf("%d %s: got %v, want %s %s", c.num, c.action, err, c.field, c.rule)
		}
		if _, err := db.PreviewOrder(t.Context(), team.Requester, scaleOrder(s.ID, c.num, c.action)); !rejects(err, c.field, c.rule) {
			t.Errorf("preview of %d %s: got %v, want %s %s", c.num, c.action, err, c.field, c.rule)
		}
	}
	for who, c := range map[string]struct {
		by   models.Actor
		want error
	}{"viewer": {team.Viewer, models.ErrForbidden}, "another team": {other.Admin, models.ErrNotFound}} {
		if _, err := db.PlaceOrder(t.Context(), c.by, scaleOrder(s.ID, 41, "")); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", who, err, c.want)
		}
	}
	if got := findStore(t, db, team.Viewer, s.ID); got.Num != 40 || got.State != models.StoreNormal || cuUsed(t, db, team.Viewer) != 41 {
		t.Errorf("got %s of %d, want nothing changed", got.State, got.Num)
	}
}

func TestScalingAtOnceFillsTheQuotaAndNeverPassesIt(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	var stores []*models.Store
	for i := range 6 {
		stores = append(stores, placeStore(t, db, team.Requester, storeInput(fmt.Sprintf("store-%d", i))))
	}
	modelstest.Work(t, db)
	var all sync.WaitGroup
	for i := range 24 {
		all.Go(func() {
			_, err := db.PlaceOrder(context.Background(), team.Requester, scaleOrder(stores[i%6].ID, 32, models.ScaleOut))
			if err != nil && !rejects(err, "num", "quota") && !rejects(err, "num", "state") {
				t.Errorf("got %v, want num quota or state", err)
			}
		})
	}
	all.Wait()
	if used := cuUsed(t, db, team.Viewer); used != 99 {
		t.Errorf("got %d units used, want three of 32 and three of 1", used)
	}
	modelstest.Work(t, db)
	var sum int64
	for _, s := range stores {
		sum += findStore(t, db, team.Viewer, s.ID).Num
	}
	if used := cuUsed(t, db, team.Viewer); used != 99 || sum != 99 {
		t.Errorf("got %d units used by stores of %d, want 99", used, sum)
	}
}

func TestFailedScalingGivesBackAndGoesOn(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	in := storeInput("handbook")
	in.Num = 10
	s := readyStore(t, db, team.Requester, in)
	for _, num := range []int64{30, 5} {
		before := findStore(t, db, team.Viewer, s.ID).Num
		unblock := block(t, db)
		order := mustPlace(t, db, team.Requester, scaleOrder(s.ID, num, ""))
		modelstest.Work(t, db)
		got := findStore(t, db, team.Viewer, s.ID)
		if used := cuUsed(t, db, team.Viewer); got.State != models.StoreNormal || got.Num != before || got.FailCode != "folder_blocked" || !got.Retryable() || used != before {
			t.Fatalf("to %d: got %s of %d, %q, %d units used; want NORMAL as it was, folder_blocked", num, got.State, got.Num, got.FailCode, used)
		}
		if o := findOrder(t, db, team.Viewer, order.Number); o.State != models.OrderFailed {
			t.Errorf("to %d: got order %s, want failed", num, o.State)
		}
		unblock()
		if err := db.RetryOrder(t.Context(), team.Requester, order.Number); err != nil {
			t.Fatalf("retry: %v", err)
		}
		modelstest.Work(t, db)
		got = findStore(t, db, team.Viewer, s.ID)
		if used := cuUsed(t, db, team.Viewer); got.State != models.StoreNormal || got.Num != num || got.FailCode != "" || used != num {
			t.Errorf("to %d again: got %s of %d, %q, %d units used", num, got.State, got.Num, got.FailCode, used)
		}
		if o := findOrder(t, db, team.Viewer, order.Number); o.State != models.OrderCompleted {
			t.Errorf("to %d again: got order %s, want completed", num, o.State)
		}
	}
}

func TestFailedScalingGoesOnOnlyWhileTheQuotaHasRoom(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	s := readyStore(t, db, team.Requester, storeInput("handbook"))
	unblock := block(t, db)
	first := mustPlace(t, db, team.Requester, scaleOrder(s.ID, 50, ""))
	modelstest.Work(t, db)
	unblock()
	big := storeInput("manual")
	big.Num = 99
	readyStore(t, db, team.Requester, big)
	if _, err := db.RetryStore(t.Context(), team.Requester, s.ID); err != nil {
		t.Fatalf("retry: %v", err)
	}
	modelstest.Work(t, db)
	got := findStore(t, db, team.Viewer, s.ID)
	if used := cuUsed(t, db, team.Viewer); got.State != models.StoreNormal || got.FailCode != "quota" || got.Num != 1 || used != 100 {
		t.Errorf("got %s of %d, %q, %d units used; want NORMAL as it was, quota", got.State, got.Num, got.FailCode, used)
	}
	// Another order fails too: only its own job can go on.
	if _, err := db.DeleteStore(t.Context(), team.Requester, findByName(t, db, team.Viewer, "manual").ID); err != nil {
		t.Fatal(err)
	}
	modelstest.Work(t, db)
	unblock = block(t, db)
	mustPlace(t, db, team.Requester, scaleOrder(s.ID, 20, ""))
	modelstest.Work(t, db)
	unblock()
	if err := db.RetryOrder(t.Context(), team.Requester, first.Number); !errors.Is(err, models.ErrConflict) {
		t.Errorf("retry of the first order: got %v, want %v", err, models.ErrConflict)
	}
	if used := cuUsed(t, db, team.Viewer); used != 1 {
		t.Errorf("got %d units used, want 1", used)
	}
	if _, err := db.DeleteStore(t.Context(), team.Requester, s.ID); err != nil {
		t.Fatalf("delete: %v", err)
	}
	modelstest.Work(t, db)
	if used := cuUsed(t, db, team.Viewer); used != 0 {
		t.Errorf("got %d units used after the deletion, want none", used)
	}
}

func findByName(t *testing.T, db *models.DB, by models.Actor, name string) *models.Store {
	t.Helper()
	s, err := db.FindStoreByName(t.Context(), by, name, "")
	if err != nil {
		t.Fatalf("find %s: %v", name, err)
	}
	return s
}

func TestScalingOfAPrepaidStoreIsPaidForTheRestOfItsTerm(t *testing.T) {
	t.Parallel()
	clock := modelstest.NewClock()
	db := modelstest.OpenWith(t, models.Options{Clock: clock.Now})
	team := modelstest.NewTeam(t, db)
	in := storeInput("handbook")
	in.ChargeMode, in.PeriodType, in.PeriodNum = pricing.PrePaid, pricing.Year, 1
	s := readyStore(t, db, team.Requester, in)
	whole := s.EndsAt.Sub(pricing.AddMonths(*s.EndsAt, -12))
	clock.Move(s.EndsAt.Add(-whole * 3 / 4).Sub(clock.Now()))
	order := mustPlace(t, db, team.Requester, scaleOrder(s.ID, 3, ""))
	line := order.Lines[0]
	// Two more units for a year are 23,600, and three quarters of that 17,700.
	if order.TotalMinor != 1_770_000 || line.ListMinor-line.DiscountMinor != line.AmountMinor || line.Quantity != 2 || !line.EndsAt.Equal(*s.EndsAt) {
		t.Errorf("got %d of a list price of %d for %d, ends %v; want 1770000", order.TotalMinor, line.ListMinor, line.Quantity, line.EndsAt)
	}
	modelstest.Work(t, db)
	order = mustPlace(t, db, team.Requester, scaleOrder(s.ID, 1, ""))
	if !order.Free || order.TotalMinor != 0 {
		t.Errorf("scale in: got %d, want nothing to pay and nothing back", order.TotalMinor)
	}
	modelstest.Work(t, db)
	clock.Move(whole)
	if _, err := db.PlaceOrder(t.Context(), team.Requester, scaleOrder(s.ID, 2, "")); !rejects(err, "num", "term_over") {
		t.Errorf("after the term: got %v, want num term_over", err)
	}
}

func TestScalingWaitsForApproval(t *testing.T) {
	t.Parallel()
	waits := func(_ context.Context, _ models.Actor, order *models.Order) (bool, string) {
		return order.Type == models.TypeUpgrade, "upgrades wait"
	}
	db := modelstest.OpenWith(t, models.Options{Policy: waits})
	team := modelstest.NewTeam(t, db)
	s := readyStore(t, db, team.Requester, storeInput("handbook"))
	for _, mode := range []string{models.RefuseAPIOrders, models.HoldAPIOrders} {
		modelstest.Allow(t, db, team, func(in *models.SettingsInput) { in.APIOrders = mode })
		var held *models.Held
		if _, err := db.PlaceOrder(t.Context(), byAPI(team.Requester), scaleOrder(s.ID, 2, "")); !errors.As(err, &held) {
			t.Errorf("%s: got %v, want it held", mode, err)
		}
	}
	first, second := mustPlace(t, db, team.Requester, scaleOrder(s.ID, 3, "")), mustPlace(t, db, team.Requester, scaleOrder(s.ID, 4, ""))
	if got := findStore(t, db, team.Viewer, s.ID); got.State != models.StoreNormal || cuUsed(t, db, team.Viewer) != 1 {
		t.Errorf("got %s with %d units used, want nothing begun", got.State, cuUsed(t, db, team.Viewer))
	}
	mustDecide(t, db, team.Approver, first, true)
	modelstest.Work(t, db)
	if got := findStore(t, db, team.Viewer, s.ID); got.State != models.StoreNormal || got.Num != 3 || cuUsed(t, db, team.Viewer) != 3 {
		t.Errorf("got %s of %d with %d units used, want NORMAL of 3", got.State, got.Num, cuUsed(t, db, team.Viewer))
	}
	third := mustPlace(t, db, team.Requester, scaleOrder(s.ID, 5, ""))
	if _, err := db.DeleteStore(t.Context(), team.Requester, s.ID); err != nil {
		t.Fatal(err)
	}
	if got := mustDecide(t, db, team.Approver, second, true); got.State != models.OrderFailed || !rejects(got.Refused, "num", "state") {
		t.Errorf("approved while the store is dropped: got %s for %v", got.State, got.Refused)
	}
	modelstest.Work(t, db)
	if got := mustDecide(t, db, team.Approver, third, true); got.State != models.OrderFailed || !rejects(got.Refused, "", "gone") {
		t.Errorf("approved when the store is gone: got %s for %v", got.State, got.Refused)
	}
}

func TestAbandonedScalingIsFinishedOnce(t *testing.T) {
	t.Parallel()
	clock := modelstest.NewClock()
	db := modelstest.OpenWith(t, models.Options{Clock: clock.Now})
	team := modelstest.NewTeam(t, db)
	s := readyStore(t, db, team.Requester, storeInput("handbook"))
	mustPlace(t, db, team.Requester, scaleOrder(s.ID, 4, ""))
	if job, err := db.Claim(t.Context()); err != nil || job == nil || job.Kind != models.ScaleStoreJob {
		t.Fatalf("claim: got %+v, %v", job, err)
	}
	clock.Move(models.Lease + time.Second)
	modelstest.Work(t, db)
	got := findStore(t, db, team.Viewer, s.ID)
	if used := cuUsed(t, db, team.Viewer); got.Num != 4 || got.State != models.StoreNormal || used != 4 {
		t.Errorf("got %s of %d, %d units used; want NORMAL of 4", got.State, got.Num, used)
	}
}

func TestStoreIsFoundByNameAndRegion(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team, other := modelstest.NewTeam(t, db), modelstest.NewTeam(t, db)
	here := placeStore(t, db, team.Requester, storeInput("handbook"))
	if got := findByName(t, db, team.Viewer, "handbook"); got.ID != here.ID {
		t.Errorf("got %s, want %s", got.ID, here.ID)
	}
	far := storeInput("handbook")
	far.Region, far.Zones = "cn-north-4", []string{"cn-north-4a"}
	there := placeStore(t, db, team.Requester, far)
	if _, err := db.FindStoreByName(t.Context(), team.Viewer, "handbook", ""); !rejects(err, "region", "ambiguous") {
		t.Errorf("two regions: got %v, want region ambiguous", err)
	}
	if got, err := db.FindStoreByName(t.Context(), team.Viewer, "handbook", "cn-north-4"); err != nil || got.ID != there.ID {
		t.Errorf("with a region: got %v, %v", got, err)
	}
	for _, c := range []struct {
		by           models.Actor
		name, region string
	}{{team.Viewer, "handbook", "cn-east-3"}, {team.Viewer, "Handbook", ""}, {team.Viewer, "a\x00b", ""}, {team.Viewer, "", ""}, {other.Admin, "handbook", "cn-north-7"}} {
		if _, err := db.FindStoreByName(t.Context(), c.by, c.name, c.region); !errors.Is(err, models.ErrNotFound) {
			t.Errorf("%q in %q: got %v, want %v", c.name, c.region, err, models.ErrNotFound)
		}
	}
	stores, _, err := modelstest.List(t.Context(), db, team.Viewer, models.Stores, list.Query{})
	if err != nil || len(stores) != 2 || stores[0].ID != there.ID {
		t.Errorf("got %d stores, %v; want both, the newest first", len(stores), err)
	}
	if stores, _, err := modelstest.List(t.Context(), db, other.Admin, models.Stores, list.Query{}); err != nil || len(stores) != 0 {
		t.Errorf("another team: got %d stores, %v; want none", len(stores), err)
	}
}

func TestJobsOfStoresAreListedNewestFirst(t *testing.T) {
	t.Parallel()
	clock := modelstest.NewClock()
	db := modelstest.OpenWith(t, models.Options{Clock: clock.Now})
	team, other := modelstest.NewTeam(t, db), modelstest.NewTeam(t, db)
	start := clock.Now()
	s := readyStore(t, db, team.Requester, storeInput("handbook")) // 0
	clock.Move(time.Minute)
	unblock := block(t, db)
	placeStore(t, db, team.Requester, storeInput("manual")) // 1, fails
	modelstest.Work(t, db)
	unblock()
	clock.Move(time.Minute)
	mustPlace(t, db, team.Requester, scaleOrder(s.ID, 2, "")) // 2
	modelstest.Work(t, db)
	clock.Move(time.Minute)
	if _, err := db.DeleteStore(t.Context(), team.Requester, s.ID); err != nil { // 3
		t.Fatal(err)
	}
	modelstest.Work(t, db)
	clock.Move(time.Minute)
	placeStore(t, db, team.Requester, storeInput("waiting")) // 4
	// A job of another kind is none of a store.
	mustPlace(t, db, team.Requester, models.OrderInput{Lines: []models.LineInput{&models.PlanInput{
		ProductCode: "ossbag", PackageType: "FPT_ossbag_absolute_Storage_sh", Specification: "40", Duration: "6"}}})
	at := func(n int) time.Time { return start.Add(time.Duration(n) * time.Minute) }
	for _, c := range []struct {
		what string
		f    models.StoreJobFilter
		want string
	}{
		{"all", models.StoreJobFilter{Limit: 100}, "CreateStore waiting queued, DeleteStore handbook completed, ScaleStore handbook completed, CreateStore manual failed, CreateStore handbook completed"},
		{"the first", models.StoreJobFilter{Limit: 1}, "CreateStore waiting queued"},
		{"the second and third", models.StoreJobFilter{Limit: 2, Offset: 1}, "DeleteStore handbook completed, ScaleStore handbook completed"},
		{"beyond the last", models.StoreJobFilter{Limit: 100, Offset: 5}, ""},
		{"running", models.StoreJobFilter{State: models.JobRunning, Limit: 100}, "CreateStore waiting queued"},
		{"failed", models.StoreJobFilter{State: models.JobFailed, Limit: 100}, "CreateStore manual failed"},
		{"completed", models.StoreJobFilter{State: models.JobCompleted, Limit: 100, Offset: 2}, "CreateStore handbook completed"},
		{"since the third", models.StoreJobFilter{Since: at(2), Limit: 100, Offset: 2}, "ScaleStore handbook completed"},
		{"until the second", models.StoreJobFilter{Until: at(1), Limit: 100}, "CreateStore manual failed, CreateStore handbook completed"},
		{"between", models.StoreJobFilter{Since: at(2).Add(time.Millisecond), Until: at(4).Add(-time.Millisecond), Limit: 100}, "DeleteStore handbook completed"},
	} {
		jobs, err := db.ListStoreJobs(t.Context(), team.Viewer, c.f)
		var got []string
		for _, j := range jobs {
			got = append(got, fmt.Sprintf("%s %s %s", j.Kind, j.SubjectName, j.State))
		}
		if got := strings.Join(got, ", "); got != c.want || err != nil {
			t.Errorf("%s: got %q, %v; want %q", c.what, got, err, c.want)
		}
	}
	all, err := db.ListStoreJobs(t.Context(), team.Viewer, models.StoreJobFilter{Limit: 100})
	if err != nil || len(all) != 5 {
		t.Fatalf("got %d jobs, %v", len(all), err)
	}
	if jobs, err := db.ListStoreJobs(t.Context(), other.Admin, models.StoreJobFilter{Limit: 100}); err != nil || len(jobs) != 0 {
		t.Errorf("another team: got %d jobs, %v; want none", len(jobs), err)
	}
	if _, err := db.FindStoreJob(t.Context(), other.Admin, all[0].ID); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("another team: got %v, want %v", err, models.ErrNotFound)
	}
	if job, err := db.FindStoreJob(t.Context(), team.Viewer, all[1].ID); err != nil || job.Kind != models.DeleteStoreJob {
		t.Errorf("job of a store that is gone: got %+v, %v", job, err)
	}
	running, err := db.ListRunningJobs(t.Context(), team.Viewer, 10)
	if err != nil || len(running) != 1 {
		t.Errorf("got %d running jobs, %v; want one", len(running), err)
	}
}

func TestATeamChoosesWhetherStoresArePaidInAdvance(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team, other := modelstest.NewTeam(t, db), modelstest.NewTeam(t, db)
	in := storeInput("handbook")
	in.ChargeMode, in.PeriodType, in.PeriodNum = pricing.PrePaid, pricing.Month, 1
	if _, err := db.PreviewOrder(t.Context(), team.Requester, storeOrder(in)); err != nil {
		t.Errorf("got %v, want it sold", err)
	}
	modelstest.Allow(t, db, team, func(in *models.SettingsInput) { in.StorePrepaid = false })
	if _, err := db.PlaceOrder(t.Context(), team.Requester, storeOrder(in)); !rejects(err, "charge_mode", "not_on_sale_prepaid") {
		t.Errorf("got %v, want charge_mode not_on_sale_prepaid", err)
	}
	placeStore(t, db, team.Requester, storeInput("by-the-hour"))
	if _, err := db.PlaceOrder(t.Context(), other.Requester, storeOrder(in)); err != nil {
		t.Errorf("another team: got %v, want it sold", err)
	}
	events, err := recorded(t, db, team.Admin, "team.store_prepaid_changed")
	if err != nil || len(events) != 1 || events[0].Detail != `{"from":true,"to":false}` {
		t.Errorf("got events %+v, %v; want one with before and after", events, err)
	}
}

func TestScalingLeavesTheIndexAsItIs(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	s := readyStore(t, db, team.Requester, storeInput("handbook"))
	before, err := os.ReadDir(db.StoreFolder(s.ID))
	if err != nil {
		t.Fatal(err)
	}
	mustPlace(t, db, team.Requester, scaleOrder(s.ID, 2, ""))
	modelstest.Work(t, db)
	after, err := os.ReadDir(db.StoreFolder(s.ID))
	if err != nil || !slices.EqualFunc(before, after, func(a, b os.DirEntry) bool { return a.Name() == b.Name() }) {
		t.Errorf("the folder holds %v, %v; want %v as before", after, err, before)
	}
	onlyOwner(t, db.DataFile("stores"))
}

func TestScalingThatWaitsIsPaidForAsManyUnitsAsCome(t *testing.T) {
	t.Parallel()
	db := modelstest.OpenWith(t, models.Options{Policy: func(_ context.Context, _ models.Actor, o *models.Order) (bool, string) {
		return o.Note == "waits", "by note"
	}})
	team := modelstest.NewTeam(t, db)
	in := storeInput("handbook")
	in.Num, in.ChargeMode, in.PeriodType, in.PeriodNum = 4, pricing.PrePaid, pricing.Month, 1
	store := mustPlace(t, db, team.Requester, storeOrder(in)).Lines[0].ResourceID
	modelstest.Work(t, db)
	more := lineOrder(&models.StoreScaleInput{StoreID: store, Num: 6})
	more.Note = "waits"
	waiting := mustPlace(t, db, team.Requester, more)
	mustPlace(t, db, team.Requester, lineOrder(&models.StoreScaleInput{StoreID: store, Num: 1}))
	modelstest.Work(t, db)
	// Two units were paid for, and five would come.
	if failed := mustDecide(t, db, team.Approver, waiting, true); failed.State != models.OrderFailed || !rejects(failed.Refused, "num", "changed") {
		t.Errorf("got %s, %v; want failed, because the store changed", failed.State, failed.Refused)
	}
	if s, err := db.FindStore(t.Context(), team.Viewer, store); err != nil || s.Num != 1 || cuUsed(t, db, team.Viewer) != 1 {
		t.Errorf("got %+v, %v and %d units used; want it as it was", s, err, cuUsed(t, db, team.Viewer))
	}
}
