package models_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"quartermaster/models"
	"quartermaster/models/list"
	"quartermaster/models/modelstest"
)

// everythingWaits is a policy that holds every order.
func everythingWaits(context.Context, models.Actor, *models.Order) (bool, string) {
	return true, "everything"
}

// holding is a database whose policy holds every order, on 21 November 2026 at
// 09:00 UTC.
func holding(t *testing.T) (*models.DB, *modelstest.Clock, modelstest.Team) {
	t.Helper()
	clock := modelstest.NewClock()
	db := modelstest.OpenWith(t, models.Options{Clock: clock.Now, Policy: everythingWaits})
	return db, clock, modelstest.NewTeam(t, db)
}

// byAPI is the actor as a script.
func byAPI(by models.Actor) models.Actor {
	by.Face = models.ByAPI
	return by
}

func mustDecide(t *testing.T, db *models.DB, by models.Actor, o *models.Order, approve bool) *models.Order {
	t.Helper()
	decided, err := db.DecideOrder(t.Context(), by, o.Number, o.Version, approve, "as it is")
	if err != nil {
		t.Fatalf("decide order: %v", err)
	}
	return decided
}

func mustCounts(t *testing.T, db *models.DB, by models.Actor) map[string]int64 {
	t.Helper()
	counts, err := db.Counts(t.Context(), by)
	if err != nil {
		t.Fatalf("counts: %v", err)
	}
	return counts
}

// thisMonth is what was created in the team's month and what was spent.
func thisMonth(t *testing.T, db *models.DB, by models.Actor) (created, spent int64) {
	t.Helper()
	months, err := db.ListMonths(t.Context(), by, 1)
	if err != nil {
		t.Fatalf("months: %v", err)
	}
	for _, m := range months {
		created, spent = created+m.Created, spent+m.SpendMinor
	}
	return created, spent
}

// oneOfEach is an order for each kind, by a name that no other has.
func oneOfEach(t *testing.T, db *models.DB, by models.Actor, name string) map[models.Kind]models.OrderInput {
	t.Helper()
	app := mustCreateApp(t, db, by, name)
	return map[models.Kind]models.OrderInput{
		models.KindBucket:     bucketOrder(name, ""),
		models.KindPlan:       planOrder(example()),
		models.KindStore:      storeOrder(storeInput(name)),
		models.KindPkgVersion: versionOrder(&models.PkgVersionInput{AppID: app.ID, Label: "1", Source: "oss://elsewhere/a.zip"}),
	}
}

func TestOrderThatAFormPlacesWaitsWithNothingMade(t *testing.T) {
	t.Parallel()
	db, _, team := holding(t)
	modelstest.HoldAPIOrders(t, db, team) // is about scripts only
	for kind, in := range oneOfEach(t, db, team.Requester, "waits") {
		in.Token = string(kind)
		if preview, err := db.PreviewOrder(t.Context(), team.Requester, in); err != nil || !preview.Held() || preview.Order.Rule != "everything" {
			t.Errorf("%s: preview is held %v by %q, %v; want held by everything", kind, preview.Held(), preview.Order.Rule, err)
		}
		order := mustPlace(t, db, team.Requester, in)
		line := order.Lines[0]
		if order.State != models.OrderPending || line.State != models.OrderPending || line.ResourceID != "" || order.Rule != "everything" {
			t.Errorf("%s: got order %s by rule %q, line %s with resource %q; want both pending and none", kind, order.State, order.Rule, line.State, line.ResourceID)
		}
		if again := mustPlace(t, db, team.Requester, in); again.Number != order.Number {
			t.Errorf("%s: a repeat gave order %d, want %d", kind, again.Number, order.Number)
		}
	}
	modelstest.Work(t, db)
	counts := mustCounts(t, db, team.Viewer)
	if counts["order"] != 4 || counts["bucket"]+counts["plan"]+counts["store"]+counts["version"] != 0 || cuUsed(t, db, team.Viewer) != 0 {
		t.Errorf("got counts %v, want four orders and nothing else", counts)
	}
	if created, spent := thisMonth(t, db, team.Viewer); created != 0 || spent != 0 {
		t.Errorf("got %d created for %d, want nothing", created, spent)
	}
}

func TestOrderByAPIThatWaitsIsRefusedByItsNumber(t *testing.T) {
	t.Parallel()
	db, _, team := holding(t)
	by := byAPI(team.Requester)
	for _, mode := range []string{models.RefuseAPIOrders, models.HoldAPIOrders} {
		modelstest.Allow(t, db, team, func(in *models.SettingsInput) { in.APIOrders = mode })
		for kind, in := range oneOfEach(t, db, by, mode+"-one") {
			if mode == models.HoldAPIOrders && (kind == models.KindPlan || kind == models.KindStore) {
				continue // they can wait
			}
			in.Token = mode + string(kind)
			var first, again *models.Held
			order, err := db.PlaceOrder(t.Context(), by, in)
			if !errors.As(err, &first) || order.Order == nil || first.Number != order.Order.Number || order.Order.State != models.OrderPending {
				t.Fatalf("%s, %s: got %v, want the pending order and that it is held", mode, kind, err)
			}
			if _, err := db.PlaceOrder(t.Context(), by, in); !errors.As(err, &again) || again.Number != first.Number {
				t.Errorf("%s, %s: a repeat gave %v, want the first answer", mode, kind, err)
			}
			if kept := findOrder(t, db, team.Viewer, order.Order.Number); kept.State != models.OrderPending || kept.Face != models.ByAPI {
				t.Errorf("%s, %s: got order %s by %s, want it pending by API", mode, kind, kept.State, kept.Face)
			}
			mustDecide(t, db, team.Approver, order.Order, true)
			if done, err := db.PlaceOrder(t.Context(), by, in); err != nil || done.Order.Number != first.Number || done.Order.Lines[0].ResourceID == "" {
				t.Errorf("%s, %s: a repeat after approval gave %v, want what the order made", mode, kind, err)
			}
		}
	}
}

func TestPlanWaitsUnpaidUntilItIsApproved(t *testing.T) {
	t.Parallel()
	db, clock, team := holding(t)
	modelstest.HoldAPIOrders(t, db, team)
	bucket := mustDecide(t, db, team.Approver, mustPlace(t, db, team.Requester, models.OrderInput{Lines: []models.LineInput{
		&models.BucketInput{Region: "cn-shanghai"},
	}}), true)
	if err := models.SetUsedBytes(db, bucket.Lines[0].ResourceID, 1<<30); err != nil {
		t.Fatal(err)
	}
	in := planOrder(example())
	in.Token = "plan"
	order, err := db.PlaceOrder(t.Context(), byAPI(team.Requester), in)
	if err != nil || order.Order.State != models.OrderPending {
		t.Fatalf("got order %v, %v; want it pending", order, err)
	}
	id := order.Order.Lines[0].ResourceID
	find := func() *models.Plan {
		p, err := db.FindPlan(t.Context(), team.Viewer, id)
		if err != nil {
			t.Fatalf("find plan %q: %v", id, err)
		}
		return p
	}
	clock.Move(49 * time.Hour)
	by := team.Admin
	if err := db.MeasurePlans(t.Context(), by); err != nil {
		t.Fatal(err)
	}
	p := find()
	if p.State(clock.Now()) != models.PlanScheduled || p.PaidMinor != 0 || p.MeasuredAt != nil || p.Used != 0 {
		t.Errorf("got %s, paid %d, measured %v; want a plan that is SCHEDULED, unpaid and not measured", p.State(clock.Now()), p.PaidMinor, p.MeasuredAt)
	}
	for state, want := range map[models.PlanState]int{models.PlanScheduled: 1, models.PlanActive: 0, models.PlanExpired: 0, models.PlanExhausted: 0} {
		plans, _, err := modelstest.List(t.Context(), db, team.Viewer, models.Plans, list.With("state", string(state)))
		if err != nil || len(plans) != want {
			t.Errorf("got %d plans %s, %v; want %d", len(plans), state, err, want)
		}
	}
	if err := db.DeletePlan(t.Context(), team.Requester, id); !errors.Is(err, models.ErrConflict) {
		t.Errorf("delete: got %v, want %v", err, models.ErrConflict)
	}
	if again, err := db.PlaceOrder(t.Context(), byAPI(team.Requester), in); err != nil || again.Order.Lines[0].ResourceID != id {
		t.Errorf("a repeat gave %v, want plan %s", err, id)
	}
	done := mustDecide(t, db, team.Approver, order.Order, true)
	p = find()
	if want := clock.Now().Truncate(time.Second); !p.EffectiveAt.Equal(want) || !done.Lines[0].StartsAt.Equal(want) || !done.Lines[0].EndsAt.Equal(p.EndsAt) {
		t.Errorf("the plan begins %s, want the approval, %s", p.EffectiveAt, want)
	}
	if p.State(clock.Now()) != models.PlanActive || p.PaidMinor != order.Order.TotalMinor || done.State != models.OrderCompleted || p.CreatedBy != team.Requester.UserID {
		t.Errorf("got %s, paid %d, order %s; want ACTIVE, paid %d, completed", p.State(clock.Now()), p.PaidMinor, done.State, order.Order.TotalMinor)
	}
	modelstest.Work(t, db)
	if p = find(); p.Used != 1<<30 {
		t.Errorf("the plan bears %d bytes, want what the bucket holds", p.Used)
	}
	if created, spent := thisMonth(t, db, team.Viewer); created != 2 || spent != order.Order.TotalMinor || mustCounts(t, db, team.Viewer)["plan"] != 1 {
		t.Errorf("got %d created for %d, want a bucket and a plan for %d", created, spent, order.Order.TotalMinor)
	}
	if got := ordered(t, db, team.Viewer, order.Order.Number); got != "order.placed order.approved" {
		t.Errorf("the record of the order says %q", got)
	}
}

func TestPlanBeginsAsOrderedOrWithItsApproval(t *testing.T) {
	t.Parallel()
	for _, face := range []models.Face{models.ByForm, models.ByAPI} {
		db, clock, team := holding(t)
		modelstest.HoldAPIOrders(t, db, team)
		by := team.Requester
		by.Face = face
		for date, want := range map[string]time.Time{
			"2026-11-22T00:00:00Z": time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC), // went by while it waited
			"2026-12-24T18:00:00Z": time.Date(2026, 12, 24, 18, 0, 0, 0, time.UTC),
		} {
			in := example()
			in.EffectiveDate = date
			order := mustPlace(t, db, by, planOrder(in))
			clock.Move(48 * time.Hour)
			id := mustDecide(t, db, team.Approver, order, true).Lines[0].ResourceID
			p, err := db.FindPlan(t.Context(), team.Viewer, id)
			if err != nil || !p.EffectiveAt.Equal(want) || p.EndsAt.Before(want.AddDate(0, 6, -1)) {
				t.Errorf("%s, ordered for %s: got %+v, %v; want it from %s for six months", face, date, p, err, want)
			}
			clock.Move(-48 * time.Hour)
		}
	}
}

func TestStoreWaitsWithItsNameItsQuotaAndItsJob(t *testing.T) {
	t.Parallel()
	db, clock, team := holding(t)
	modelstest.HoldAPIOrders(t, db, team)
	by := byAPI(team.Requester)
	in := storeInput("waits")
	in.Num, in.ChargeMode, in.PeriodType, in.PeriodNum = 60, "prePaid", "month", 1
	order, err := db.PlaceOrder(t.Context(), by, storeOrder(in))
	if err != nil || order.Order.State != models.OrderPending {
		t.Fatalf("got order %v, %v; want it pending", order, err)
	}
	clock.Move(48 * time.Hour)
	modelstest.Work(t, db)
	s := findStore(t, db, team.Viewer, order.Order.Lines[0].ResourceID)
	job := findJob(t, db, team.Viewer, s.JobID)
	if s.State != models.StoreCreating || job.State != models.JobHeld || s.EndsAt != nil || cuUsed(t, db, team.Viewer) != 60 {
		t.Errorf("got store %s to %v, job %s, %d units used; want it CREATING and its job held", s.State, s.EndsAt, job.State, cuUsed(t, db, team.Viewer))
	}
	if _, err := db.PlaceOrder(t.Context(), by, storeOrder(storeInput("waits"))); !rejects(err, "store_name", "taken") {
		t.Errorf("second of the name: got %v, want store_name taken", err)
	}
	more := storeInput("more")
	more.Num = 41
	if _, err := db.PlaceOrder(t.Context(), by, storeOrder(more)); !rejects(err, "num", "quota") {
		t.Errorf("beyond the quota: got %v, want num quota", err)
	}
	if _, err := db.DeleteStore(t.Context(), team.Requester, s.ID); !errors.Is(err, models.ErrConflict) {
		t.Errorf("delete: got %v, want %v", err, models.ErrConflict)
	}
	mustDecide(t, db, team.Approver, order.Order, true)
	modelstest.Work(t, db)
	s = findStore(t, db, team.Viewer, s.ID)
	done := findOrder(t, db, team.Viewer, order.Order.Number)
	if s.State != models.StoreNormal || done.State != models.OrderCompleted || cuUsed(t, db, team.Viewer) != 60 {
		t.Errorf("got store %s, order %s, %d units used; want NORMAL, completed, 60", s.State, done.State, cuUsed(t, db, team.Viewer))
	}
	if s.EndsAt == nil || s.EndsAt.Before(clock.Now().AddDate(0, 1, 0)) || !s.EndsAt.Equal(*done.Lines[0].EndsAt) {
		t.Errorf("the term ends %v, want a month after the approval", s.EndsAt)
	}
	if got := actions(t, db, team.Viewer, s.ID); got != "store.created store.ready" {
		t.Errorf("the record of the store says %q", got)
	}
}

func TestRejectedOrderGivesEverythingBack(t *testing.T) {
	t.Parallel()
	db, _, team := holding(t)
	modelstest.HoldAPIOrders(t, db, team)
	by := byAPI(team.Requester)
	store, err := db.PlaceOrder(t.Context(), by, storeOrder(storeInput("waits")))
	if err != nil {
		t.Fatal(err)
	}
	jobID := findStore(t, db, by, store.Order.Lines[0].ResourceID).JobID
	plan, err := db.PlaceOrder(t.Context(), by, planOrder(example()))
	if err != nil {
		t.Fatal(err)
	}
	bucket := mustPlace(t, db, team.Requester, bucketOrder("waits-too", ""))
	for _, o := range []*models.Order{store.Order, plan.Order, bucket} {
		got, err := db.DecideOrder(t.Context(), team.Approver, o.Number, o.Version, false, "too dear")
		if err != nil {
			t.Fatal(err)
		}
		kept := findOrder(t, db, team.Viewer, o.Number)
		if got.State != models.OrderRejected || kept.State != models.OrderRejected || kept.Lines[0].State != models.OrderRejected || kept.Lines[0].ResourceID != "" {
			t.Errorf("%s: got order %s, line %s with resource %q; want both rejected and none", o.Kinds, kept.State, kept.Lines[0].State, kept.Lines[0].ResourceID)
		}
		if kept.DecidedBy != team.Approver.UserID || kept.DeciderName != "Paul" || kept.DecidedAt == nil || kept.DecisionReason != "too dear" {
			t.Errorf("%s: decided by %q (%s) for %q", o.Kinds, kept.DecidedBy, kept.DeciderName, kept.DecisionReason)
		}
		if got := ordered(t, db, team.Viewer, o.Number); got != "order.placed order.rejected" {
			t.Errorf("%s: the record of the order says %q", o.Kinds, got)
		}
	}
	counts := mustCounts(t, db, team.Viewer)
	if counts["store"] != 0 || counts["plan"] != 0 || cuUsed(t, db, team.Viewer) != 0 {
		t.Errorf("got counts %v and %d units used, want nothing", counts, cuUsed(t, db, team.Viewer))
	}
	modelstest.Work(t, db)
	if job := findJob(t, db, team.Viewer, jobID); job.State != models.JobFailed || job.FailCode != "not_approved" {
		t.Errorf("got job %s for %q, want it failed for not_approved", job.State, job.FailCode)
	}
	var held *models.Held
	if _, err := db.PlaceOrder(t.Context(), team.Requester, storeOrder(storeInput("waits"))); err != nil {
		t.Errorf("the name is not free again: %v", err)
	}
	if _, err := db.PlaceOrder(t.Context(), by, models.OrderInput{Token: "b", Lines: bucketOrder("", "").Lines}); !errors.As(err, &held) {
		t.Errorf("got %v, want it held", err)
	}
}

func TestWhoMayDecideAnOrder(t *testing.T) {
	t.Parallel()
	db, _, team := holding(t)
	other := modelstest.NewTeam(t, db)
	order := mustPlace(t, db, team.Approver, bucketOrder("", ""))
	for _, c := range []struct {
		who     string
		by      models.Actor
		version int64
		want    error
	}{
		{"nobody", models.Actor{}, 1, models.ErrUnauthenticated},
		{"viewer", team.Viewer, 1, models.ErrForbidden},
		{"requester", team.Requester, 1, models.ErrForbidden},
		{"the one who asked", team.Approver, 1, models.ErrForbidden},
		{"another team's admin", other.Admin, 1, models.ErrNotFound},
		{"one who saw another version", team.Admin, 2, models.ErrConflict},
		{"admin", team.Admin, 1, nil},
		{"one who comes late", team.Admin, 1, models.ErrConflict},
		{"one who decides again", team.Admin, 2, models.ErrConflict},
	} {
		if _, err := db.DecideOrder(t.Context(), c.by, order.Number, c.version, true, ""); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.who, err, c.want)
		}
	}
	if _, err := db.DecideOrder(t.Context(), team.Admin, order.Number, 1, true, "\x00"); !rejects(err, "reason", "prose") {
		t.Errorf("got %v, want reason prose", err)
	}
	for who, by := range map[string]models.Actor{"approver": team.Approver, "another team's viewer": other.Viewer} {
		if err := db.UpdateSettings(t.Context(), by, models.SettingsInput{APIOrders: models.HoldAPIOrders}); !errors.Is(err, models.ErrForbidden) {
			t.Errorf("%s changes what becomes of orders by API: got %v", who, err)
		}
	}
	if err := db.UpdateSettings(t.Context(), team.Admin, models.SettingsInput{APIOrders: "wait"}); !rejects(err, "api_orders", "oneof") {
		t.Errorf("got %v, want api_orders oneof", err)
	}
}

// Whoever made a key holds its secret, and orders with it in another's name.
func TestNobodyDecidesAnOrderOfAKeyTheyMade(t *testing.T) {
	t.Parallel()
	db, _, team := holding(t)
	modelstest.HoldAPIOrders(t, db, team)
	key, _, err := db.CreateAccessKey(t.Context(), team.Admin, models.AccessKeyInput{Name: "script", User: team.Requester.UserID})
	if err != nil {
		t.Fatal(err)
	}
	script := byAPI(team.Requester)
	script.KeyID = key.ID
	order, err := db.PlaceOrder(t.Context(), script, oneOfEach(t, db, team.Requester, "signed")[models.KindStore])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.DeleteAccessKey(t.Context(), team.Admin, key.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := db.DecideOrder(t.Context(), team.Admin, order.Order.Number, order.Order.Version, true, ""); !errors.Is(err, models.ErrForbidden) {
		t.Errorf("the maker of the key: got %v, want ErrForbidden", err)
	}
	if got := mustDecide(t, db, team.Approver, order.Order, true); got.State == models.OrderPending {
		t.Errorf("another: got %s, want it decided", got.State)
	}
}

func TestOfTwoDecidersAtOnceOneWins(t *testing.T) {
	t.Parallel()
	db, _, team := holding(t)
	for round := range 5 {
		order := mustPlace(t, db, team.Requester, storeOrder(storeInput(fmt.Sprintf("round-%d", round))))
		var all sync.WaitGroup
		errs := make([]error, 4)
		for i := range errs {
			by := []models.Actor{team.Approver, team.Admin}[i%2]
			all.Go(func() {
				_, errs[i] = db.DecideOrder(context.Background(), by, order.Number, order.Version, i < 2, "as it is")
			})
		}
		all.Wait()
		won := 0
		for _, err := range errs {
			switch {
			case err == nil:
				won++
			case !errors.Is(err, models.ErrConflict):
				t.Errorf("got %v, want %v", err, models.ErrConflict)
			}
		}
		if won != 1 {
			t.Errorf("%d decided, want one", won)
		}
	}
	stores, _, err := modelstest.List(t.Context(), db, team.Viewer, models.Stores, list.Query{})
	if err != nil || int64(len(stores)) != cuUsed(t, db, team.Viewer) || int64(len(stores)) != mustCounts(t, db, team.Viewer)["store"] {
		t.Errorf("got %d stores and %d units used, %v", len(stores), cuUsed(t, db, team.Viewer), err)
	}
}

func TestOrderThatBecameImpossibleFailsWithTheReason(t *testing.T) {
	t.Parallel()
	db, _, team := holding(t)
	big := func(name string) models.OrderInput {
		in := storeInput(name)
		in.Num = 60
		return storeOrder(in)
	}
	for _, c := range []struct {
		first, second models.OrderInput
		field, rule   string
	}{
		{big("one"), big("two"), "num", "quota"},
		{bucketOrder("same-name", ""), bucketOrder("same-name", ""), "bucket_name", "taken"},
	} {
		first, second := mustPlace(t, db, team.Requester, c.first), mustPlace(t, db, team.Requester, c.second)
		mustDecide(t, db, team.Approver, first, true)
		failed := mustDecide(t, db, team.Approver, second, true)
		kept := findOrder(t, db, team.Viewer, second.Number)
		if failed.State != models.OrderFailed || kept.State != models.OrderFailed || !rejects(kept.Refused, c.field, c.rule) || kept.DecidedBy != team.Approver.UserID {
			t.Errorf("got order %s for %v, want it failed for %s %s", kept.State, kept.Refused, c.field, c.rule)
		}
		if kept.Lines[0].State != models.OrderFailed || kept.Lines[0].ResourceID != "" {
			t.Errorf("got line %s with resource %q, want it failed with none", kept.Lines[0].State, kept.Lines[0].ResourceID)
		}
		if err := db.RetryOrder(t.Context(), team.Requester, second.Number); !errors.Is(err, models.ErrConflict) && !errors.Is(err, models.ErrNotFound) {
			t.Errorf("retry: got %v, want that nothing can go on", err)
		}
	}
	if counts := mustCounts(t, db, team.Viewer); counts["store"] != 1 || counts["bucket"] != 1 || cuUsed(t, db, team.Viewer) != 60 {
		t.Errorf("got counts %v and %d units used, want one of each", counts, cuUsed(t, db, team.Viewer))
	}
}

func TestUploadWaitsWithItsOrder(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	db := modelstest.OpenWith(t, models.Options{Folder: folder, Policy: everythingWaits})
	team := modelstest.NewTeam(t, db)
	app := mustCreateApp(t, db, team.Requester, "shop")
	place := func(label string) *models.Order {
		in := models.PkgVersionInput{AppID: app.ID, Label: label, Upload: mustStage(t, db, team.Requester, "a.zip", zipped(t, label))}
		order := mustPlace(t, db, team.Requester, versionOrder(&in))
		db.SettleUpload(t.Context(), team.Requester, in.Upload)
		return order
	}
	// Each order would make the storage bucket: the second finds it made.
	first, second, third := place("1"), place("2"), place("3")
	if n := filesIn(t, filepath.Join(folder, "objects", "blobs")); n != 3 {
		t.Errorf("got %d files, want those of three orders", n)
	}
	for _, o := range []*models.Order{first, second} {
		mustDecide(t, db, team.Approver, o, true)
		modelstest.Work(t, db)
		if kept := findOrder(t, db, team.Viewer, o.Number); kept.State != models.OrderCompleted {
			t.Errorf("got order %s for %v, want it completed", kept.State, kept.Refused)
		}
	}
	mustDecide(t, db, team.Approver, third, false)
	modelstest.Work(t, db)
	if n := filesIn(t, filepath.Join(folder, "objects", "blobs")); n != 2 {
		t.Errorf("got %d files, want those of the two versions", n)
	}
	if counts := mustCounts(t, db, team.Viewer); counts["bucket"] != 1 || counts["version"] != 2 {
		t.Errorf("got counts %v, want one bucket and two versions", counts)
	}
}

func TestUploadOfAnOrderThatWaitsOutlivesARestart(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	o := models.Options{Folder: folder, HashMemory: 8, Policy: everythingWaits}
	db, err := models.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	team := modelstest.NewTeam(t, db)
	app := mustCreateApp(t, db, team.Requester, "shop")
	in := models.PkgVersionInput{AppID: app.ID, Label: "1", Upload: mustStage(t, db, team.Requester, "a.zip", zipped(t, "a"))}
	order := mustPlace(t, db, team.Requester, versionOrder(&in)) // and the program is killed before SettleUpload
	mustStage(t, db, team.Requester, "b.zip", zipped(t, "b"))    // of no order
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if db, err = models.Open(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if n := filesIn(t, filepath.Join(folder, "objects", "blobs")); n != 1 {
		t.Errorf("got %d files, want that of the order", n)
	}
	mustDecide(t, db, team.Approver, order, true)
	modelstest.Work(t, db)
	if kept := findOrder(t, db, team.Viewer, order.Number); kept.State != models.OrderCompleted {
		t.Errorf("got order %s for %v, want it completed", kept.State, kept.Refused)
	}
}
