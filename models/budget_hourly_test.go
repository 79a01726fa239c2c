package models_test

import (
	"maps"
	"sync"
	"testing"
	"time"

	"quartermaster/models"
	"quartermaster/models/list"
	"quartermaster/models/modelstest"
	"quartermaster/models/pricing"
)

// unit is what a compute unit costs an hour where these stores are.
const unit = 2_385_000

// cost is what so many units come to over a time.
func cost(t *testing.T, units int64, d time.Duration) int64 {
	t.Helper()
	n, err := pricing.MulDiv(unit*units, int64(d/time.Minute), 60*pricing.MicroPerMinor)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// near tells whether two amounts differ by no more than what was rounded.
func near(a, b int64) bool { return max(a-b, b-a) <= 3 }

// til is the time until a month begins in UTC+8.
func til(clock *modelstest.Clock, year int, month time.Month) time.Duration {
	return time.Date(year, month, 1, 0, 0, 0, 0, pricing.Zone).Sub(clock.Now())
}

func mustRenew(t *testing.T, db *models.DB) {
	t.Helper()
	if err := db.RenewBudgets(t.Context()); err != nil {
		t.Fatalf("renew budgets: %v", err)
	}
}

// entries are what orders take of a budget, the newest order first.
func entries(t *testing.T, db *models.DB, budget string) []models.BudgetEntry {
	t.Helper()
	all, err := models.EntriesOfBudget(t.Context(), db, budget)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestHourlyThingsReserveAnewInEachPeriod(t *testing.T) {
	t.Parallel()
	db, clock, team := atNoon(t)
	b := budget(t, db, team.Admin, "", "refuse", 1_000_000)
	is := func(when string, reserved, spent int64) {
		t.Helper()
		if r, s := use(t, db, team.Viewer); r != reserved || s != spent {
			t.Errorf("%s: %d reserved and %d spent, want %d and %d", when, r, s, reserved, spent)
		}
	}
	s := readyStore(t, db, team.Requester, storeInput("handbook"))
	first := cost(t, 1, til(clock, 2026, time.December))
	mustRenew(t, db)
	is("it runs", first, 0)

	clock.Move(til(clock, 2026, time.December) + 3*time.Hour)
	for range 2 {
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				if err := db.RenewBudgets(t.Context()); err != nil {
					t.Errorf("renew budgets: %v", err)
				}
			})
		}
		all.Wait()
	}
	whole := cost(t, 1, 31*24*time.Hour)
	is("the next month has begun", whole, 0)
	if all := entries(t, db, b.ID); len(all) != 2 || all[0].Period != "2026-12" || all[1].State != models.BudgetSpent || all[1].AmountMinor != first {
		t.Errorf("the entries are %+v", all)
	}
	if events, _, err := modelstest.List(t.Context(), db, team.Viewer, models.Events, list.With("subject", team.ID)); err != nil || countAction(events, "budget.renewed") != 1 {
		t.Errorf("got %d events of it, %v; want 1", countAction(events, "budget.renewed"), err)
	}

	lower := models.BudgetInput{Period: "month", Amount: "100", Over: "refuse", Version: 1}
	if err := db.PutBudget(t.Context(), team.Admin, b.ID, lower); err != nil {
		t.Fatal(err)
	}
	clock.Move(til(clock, 2027, time.January))
	mustRenew(t, db)
	is("over the budget", whole, 0)
	if _, err := db.PlaceOrder(t.Context(), team.Requester, planOrder(example())); !rejects(err, "", "over_budget") {
		t.Errorf("an order over the budget: %v", err)
	}
	clock.Move(10 * 24 * time.Hour)
	if _, err := db.DeleteStore(t.Context(), team.Requester, s.ID); err != nil {
		t.Fatal(err)
	}
	modelstest.Work(t, db)
	is("it is deleted", 0, whole-cost(t, 1, til(clock, 2027, time.February)))
	clock.Move(til(clock, 2027, time.February))
	mustRenew(t, db)
	is("the month after", 0, 0)
	mustFit(t, db)
}

// countAction is how many of events are of an action.
func countAction(events []models.Event, action string) (n int) {
	for _, e := range events {
		if e.Action == action {
			n++
		}
	}
	return n
}

// mustFit fails the test when the database does not fit together.
func mustFit(t *testing.T, db *models.DB) {
	t.Helper()
	report, err := db.Check(t.Context(), models.CheckInput{Fast: true, Meter: new(models.Meter)})
	if err != nil || !report.Fits() {
		t.Errorf("the check found %+v, %v", report.Findings, err)
	}
}

func TestFirstOrderOfAPeriodComesAfterWhatRuns(t *testing.T) {
	t.Parallel()
	db, clock, team := atNoon(t)
	readyStore(t, db, team.Requester, storeInput("handbook"))
	whole := cost(t, 1, 31*24*time.Hour)
	budget(t, db, team.Admin, "", "refuse", whole+1)
	mustRenew(t, db)
	if r, _ := use(t, db, team.Viewer); r != cost(t, 1, til(clock, 2026, time.December)) {
		t.Errorf("a new budget has %d reserved, want what it costs from now on", r)
	}
	clock.Move(til(clock, 2026, time.December))
	if _, err := db.PlaceOrder(t.Context(), team.Requester, planOrder(example())); !rejects(err, "", "over_budget") {
		t.Errorf("got %v, want it refused", err)
	}
}

func TestAnotherSizeMovesTheRestOfThePeriod(t *testing.T) {
	t.Parallel()
	db, clock, team := atNoon(t)
	b := budget(t, db, team.Admin, "", "refuse", 10_000_000)
	s := readyStore(t, db, team.Requester, storeInput("handbook"))
	want := cost(t, 1, til(clock, 2026, time.December))
	is := func(when string) {
		t.Helper()
		if r, sp := use(t, db, team.Viewer); !near(r+sp, want) {
			t.Errorf("%s: %d taken, want %d", when, r+sp, want)
		}
	}
	for _, c := range []struct{ from, to int64 }{{1, 3}, {3, 2}, {2, 5}} {
		clock.Move(50 * time.Hour)
		rest := til(clock, 2026, time.December)
		more := cost(t, max(0, c.to-c.from), rest)
		preview, err := db.PreviewOrder(t.Context(), team.Requester, scaleOrder(s.ID, c.to, ""))
		if err != nil || more > 0 && (len(preview.Effects) != 1 || preview.Effects[0].OrderMinor != more) || more == 0 && len(preview.Effects) != 0 {
			t.Errorf("from %d to %d the preview takes %+v, %v; want %d", c.from, c.to, preview.Effects, err, more)
		}
		mustPlace(t, db, team.Requester, scaleOrder(s.ID, c.to, ""))
		modelstest.Work(t, db)
		if c.to > c.from {
			want += more
		} else {
			want -= cost(t, c.from-c.to, rest)
		}
		is("scaled")
	}
	clock.Move(til(clock, 2026, time.December))
	mustRenew(t, db)
	want = cost(t, 5, 31*24*time.Hour)
	is("the month after")

	// A size that waits from one month to the next.
	clock.Move(30 * 24 * time.Hour)
	otherwise(t, db, team.Admin, "approver")
	o := mustPlace(t, db, team.Requester, scaleOrder(s.ID, 6, ""))
	clock.Move(til(clock, 2027, time.January) + 48*time.Hour)
	mustRenew(t, db)
	want = cost(t, 5, 31*24*time.Hour)
	is("a size waits")
	mustDecide(t, db, team.Approver, o, true)
	modelstest.Work(t, db)
	mustRenew(t, db)
	want += cost(t, 1, til(clock, 2027, time.February))
	is("the size that waited")
	for _, e := range entries(t, db, b.ID) {
		if running := e.OrderNumber == o.Number && e.Period == "2027-01"; running != (e.State == models.BudgetReserved) {
			t.Errorf("order %d in %s is %s", e.OrderNumber, e.Period, e.State)
		}
	}
	mustFit(t, db)
}

func TestFailedOrderThatGoesOnReservesAgain(t *testing.T) {
	t.Parallel()
	db, clock, team := atNoon(t)
	price := mustPlace(t, db, team.Requester, planOrder(example())).TotalMinor
	hourly := cost(t, 1, til(clock, 2026, time.December))
	b := budget(t, db, team.Admin, "", "refuse", 2*price+hourly-1) // counts the first plan, too
	unblock := block(t, db)
	s := placeStore(t, db, team.Requester, storeInput("handbook"))
	modelstest.Work(t, db)
	if r, sp := use(t, db, team.Viewer); r+sp != price {
		t.Errorf("a failed order takes %d", r+sp-price)
	}
	mustPlace(t, db, team.Requester, planOrder(example()))
	unblock()
	for _, by := range []models.Actor{team.Requester, team.Admin} {
		if err := db.RetryOrder(t.Context(), by, s.OrderNumber); !rejects(err, "", "over_budget") {
			t.Errorf("%s goes on over the budget: %v", by.Role, err)
		}
	}
	if o := findOrder(t, db, team.Viewer, s.OrderNumber); o.State != models.OrderFailed {
		t.Errorf("the order is %s, want it failed", o.State)
	}
	hold := models.BudgetInput{Period: "month", Amount: pricing.Decimal(2*price + hourly - 1), Over: "hold", Version: 1}
	if err := db.PutBudget(t.Context(), team.Admin, b.ID, hold); err != nil {
		t.Fatal(err)
	}
	for _, by := range []models.Actor{team.Requester, team.Approver} {
		if _, err := db.RetryStore(t.Context(), by, s.ID); !rejects(err, "", "over_budget_admin") {
			t.Errorf("%s goes on over the budget: %v", by.Role, err)
		}
	}
	if err := db.RetryOrder(t.Context(), team.Admin, s.OrderNumber); err != nil {
		t.Fatal(err)
	}
	modelstest.Work(t, db)
	if r, sp := use(t, db, team.Viewer); r != hourly || sp != 2*price {
		t.Errorf("got %d reserved and %d spent, want %d and %d", r, sp, hourly, 2*price)
	}
	if sheet, err := db.FindOrderSheet(t.Context(), team.Viewer, s.OrderNumber); err != nil || len(sheet.Overruns) != 1 || sheet.Overruns[0].OverBy != team.Admin.UserName {
		t.Errorf("the order says %+v of who let it over, %v", sheet.Overruns, err)
	}

	// What failed in one month and goes on in the next counts in that.
	if err := db.PutBudget(t.Context(), team.Admin, b.ID, models.BudgetInput{Period: "month", Amount: "100,000", Over: "hold", Version: 2}); err != nil {
		t.Fatal(err)
	}
	unblock = block(t, db)
	late := placeStoreAs(t, db, team.Requester, "late", "R&D")
	budget(t, db, team.Admin, "R&D", "refuse", 1_000_000)
	modelstest.Work(t, db)
	unblock()
	clock.Move(til(clock, 2026, time.December))
	if err := db.RetryOrder(t.Context(), team.Admin, late.OrderNumber); err != nil {
		t.Fatal(err)
	}
	modelstest.Work(t, db)
	if r, sp, err := models.SumOfBudget(t.Context(), db, team.ID, "R&D"); err != nil || r != cost(t, 1, 31*24*time.Hour) || sp != 0 {
		t.Errorf("the next month has %d reserved and %d spent, %v", r, sp, err)
	}
	mustFit(t, db)
}

// placeStoreAs orders a store for a cost centre.
func placeStoreAs(t *testing.T, db *models.DB, by models.Actor, name, centre string) *models.Store {
	t.Helper()
	in := storeOrder(storeInput(name))
	in.CostCentre = centre
	return findStore(t, db, by, mustPlace(t, db, by, in).Lines[0].ResourceID)
}

// All that a store costs comes to the budget of another cost centre, and not what it
// costs more.
func TestAnotherSizeForAnotherCostCentreHasRoomInItsBudget(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	in := storeInput("handbook")
	in.Num = 3
	s := readyStore(t, db, team.Requester, in)
	budget(t, db, team.Admin, "other", "refuse", 1)
	for _, num := range []int64{2, 4} {
		order := scaleOrder(s.ID, num, "")
		order.CostCentre = "other"
		if _, err := db.PlaceOrder(t.Context(), team.Requester, order); !rejects(err, "", "over_budget") {
			t.Errorf("%d units: %v, want over_budget", num, err)
		}
	}
}

// The program was away for two turns of the month: what ran is counted in the month that
// is over, too, once, by the clock of the team.
func TestAPeriodThatNobodyWasThereForIsCountedAfterwards(t *testing.T) {
	t.Parallel()
	db, clock, team := atNoon(t)
	b := budget(t, db, team.Admin, "", "refuse", 10_000_000)
	s := readyStore(t, db, team.Requester, storeInput("handbook"))
	november := cost(t, 1, til(clock, 2026, time.December))
	mustRenew(t, db)
	clock.Move(til(clock, 2027, time.January) + 3*time.Hour)
	// Somebody orders before the program has looked.
	mustPlace(t, db, team.Requester, planOrder(example()))
	for range 2 {
		mustRenew(t, db)
	}
	took := map[string]int64{}
	for _, e := range entries(t, db, b.ID) {
		if e.OrderNumber == s.OrderNumber {
			took[e.Period] += e.AmountMinor
			if spent := e.State == models.BudgetSpent; spent != (e.Period < "2027-01") {
				t.Errorf("in %s it is %s", e.Period, e.State)
			}
		}
	}
	whole := cost(t, 1, 31*24*time.Hour)
	if want := map[string]int64{"2026-11": november, "2026-12": whole, "2027-01": whole}; !maps.Equal(took, want) {
		t.Errorf("got %v, want %v", took, want)
	}
	// What is made larger afterwards was not so in a month that was missed.
	clock.Move(til(clock, 2027, time.March))
	mustPlace(t, db, team.Requester, scaleOrder(s.ID, 2, ""))
	modelstest.Work(t, db)
	mustRenew(t, db)
	for _, e := range entries(t, db, b.ID) {
		if e.Period == "2027-02" && e.AmountMinor != cost(t, 1, 28*24*time.Hour) {
			t.Errorf("February has %+v", e)
		}
	}
	mustFit(t, db)
}
