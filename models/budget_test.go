package models_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"quartermaster/models"
	"quartermaster/models/list"
	"quartermaster/models/modelstest"
	"quartermaster/models/pricing"
)

// budget makes a budget of so many hundredths a month.
func budget(t *testing.T, db *models.DB, by models.Actor, centre, over string, minor int64) models.Budget {
	t.Helper()
	team, _, err := db.ListBudgets(t.Context(), by)
	if err == nil {
		err = db.PutBudget(t.Context(), by, "", models.BudgetInput{Scope: centre, Period: "month", Amount: pricing.Decimal(minor), Over: over, Version: team.Budgets.Version})
	}
	if err != nil {
		t.Fatalf("make budget: %v", err)
	}
	_, all, err := db.ListBudgets(t.Context(), by)
	if err != nil {
		t.Fatal(err)
	}
	return all[len(all)-1].Budget
}

// use is what is reserved and spent of the team's first budget.
func use(t *testing.T, db *models.DB, by models.Actor) (reserved, spent int64) {
	t.Helper()
	_, all, err := db.ListBudgets(t.Context(), by)
	if err != nil || len(all) == 0 {
		t.Fatalf("%d budgets, %v", len(all), err)
	}
	return all[0].ReservedMinor, all[0].SpentMinor
}

func TestOrdersReserveSpendAndReleaseTheBudget(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	preview, err := db.PreviewOrder(t.Context(), team.Requester, planOrder(example()))
	if err != nil {
		t.Fatal(err)
	}
	price := preview.Order.TotalMinor
	budget(t, db, team.Admin, "", "refuse", 3*price)
	otherwise(t, db, team.Admin, "approver")
	is := func(when string, reserved, spent int64) {
		t.Helper()
		if r, s := use(t, db, team.Viewer); r != reserved*price || s != spent*price {
			t.Errorf("%s: %d reserved and %d spent, want %d and %d prices of %d", when, r, s, reserved, spent, price)
		}
	}
	first := mustPlace(t, db, team.Requester, planOrder(example()))
	second := mustPlace(t, db, team.Requester, planOrder(example()))
	mustPlace(t, db, team.Requester, bucketOrder("costs-nothing", ""))
	is("two wait", 2, 0)
	if effects, err := db.OrderEffects(t.Context(), team.Approver, second); err != nil || len(effects) != 1 || effects[0].Left() != 2*price || effects[0].OrderMinor != price {
		t.Errorf("the second takes %+v, %v", effects, err)
	}
	mustDecide(t, db, team.Approver, first, true)
	is("one is approved", 1, 1)
	mustDecide(t, db, team.Approver, second, false)
	is("one is rejected", 0, 1)
	third := mustPlace(t, db, team.Requester, planOrder(example()))
	if _, err := db.CancelOrder(t.Context(), team.Requester, third.Number, third.Version); err != nil {
		t.Fatal(err)
	}
	is("one is cancelled", 0, 1)
	otherwise(t, db, team.Admin)
	mustPlace(t, db, team.Requester, planOrder(example()))
	mustPlace(t, db, team.Requester, planOrder(example()))
	is("it is spent", 0, 3)
	for _, by := range []models.Actor{team.Requester, byAPI(team.Requester)} {
		if q, err := db.PlaceOrder(t.Context(), by, planOrder(example())); !rejects(err, "", "over_budget") || len(q.Effects) != 1 || q.Effects[0].Left() != 0 {
			t.Errorf("over the budget by %s: got %v with %+v", by.Face, err, q.Effects)
		}
	}
	is("nothing more came", 0, 3)
}

func TestOrderOverTheBudgetWaitsForAnAdmin(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	budget(t, db, team.Admin, "R&D", "hold", 1)
	in := planOrder(example())
	if o := mustPlace(t, db, team.Requester, in); o.State != models.OrderCompleted {
		t.Errorf("of another cost centre it is %s", o.State)
	}
	in.CostCentre = "R&D"
	o := mustPlace(t, db, team.Requester, in)
	way := mustWay(t, db, team.Viewer, o.Number)
	if o.State != models.OrderPending || len(way) != 1 || way[0].Role != models.Admin {
		t.Fatalf("over the budget it is %s with %+v, want it to wait for an admin", o.State, way)
	}
	if _, err := db.DecideOrder(t.Context(), team.Approver, o.Number, o.Version, true, ""); !errors.Is(err, models.ErrForbidden) {
		t.Errorf("an approver lets it over: %v", err)
	}
	mustDecide(t, db, team.Admin, o, true)
	if _, spent := use(t, db, team.Viewer); spent != o.TotalMinor {
		t.Errorf("%d spent, want %d", spent, o.TotalMinor)
	}
}

// TestOrdersAtOnceNeverPassTheBudgetTogether places 50 orders at once where there
// is room for 7.
func TestOrdersAtOnceNeverPassTheBudgetTogether(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	preview, err := db.PreviewOrder(t.Context(), team.Requester, planOrder(example()))
	if err != nil {
		t.Fatal(err)
	}
	price := preview.Order.TotalMinor
	budget(t, db, team.Admin, "", "refuse", 7*price+price/2)
	var all sync.WaitGroup
	errs := make([]error, 50)
	for i := range errs {
		all.Go(func() { _, errs[i] = db.PlaceOrder(t.Context(), team.Requester, planOrder(example())) })
	}
	all.Wait()
	placed := 0
	for _, err := range errs {
		if err == nil {
			placed++
		} else if !rejects(err, "", "over_budget") {
			t.Errorf("got %v", err)
		}
	}
	if reserved, spent := use(t, db, team.Viewer); placed != 7 || reserved != 0 || spent != 7*price {
		t.Errorf("%d placed, %d reserved, %d spent; want 7 for %d", placed, reserved, spent, 7*price)
	}
}

// TestFirstBudgetCountsWhatIsPlacedMeanwhile makes a team's first budget while orders are
// placed, decided and cancelled.
func TestFirstBudgetCountsWhatIsPlacedMeanwhile(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	for range 8 {
		team := modelstest.NewTeam(t, db)
		otherwise(t, db, team.Admin, "approver")
		var waiting []*models.Order
		for range 6 {
			waiting = append(waiting, mustPlace(t, db, team.Requester, planOrder(example())))
		}
		var all sync.WaitGroup
		for i, o := range waiting {
			all.Go(func() {
				if _, err := db.DecideOrder(t.Context(), team.Approver, o.Number, o.Version, i%2 == 0, "so"); err != nil {
					t.Errorf("decide: %v", err)
				}
			})
			all.Go(func() {
				for range 3 {
					mustPlace(t, db, team.Requester, planOrder(example()))
				}
			})
		}
		all.Go(func() { budget(t, db, team.Admin, "", "hold", 100_000_000) })
		all.Wait()
		var reserves, spends int64
		orders, _, err := modelstest.List(t.Context(), db, team.Viewer, models.Orders, list.Query{Size: 100})
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range orders {
			switch o.State {
			case models.OrderPending:
				reserves += o.PayMinor
			case models.OrderCompleted:
				spends += o.PayMinor
			}
		}
		if reserved, spent := use(t, db, team.Viewer); reserved != reserves || spent != spends {
			t.Errorf("%d reserved and %d spent, want %d and %d of %d orders", reserved, spent, reserves, spends, len(orders))
		}
	}
}

// TestBudgetsEqualTheirOrders does random things to orders, stores and budgets, and
// compares what is taken with the orders behind it.
func TestBudgetsEqualTheirOrders(t *testing.T) {
	t.Parallel()
	clock := modelstest.NewClock()
	db := modelstest.OpenWith(t, models.Options{Clock: clock.Now})
	team := modelstest.NewTeam(t, db)
	r := rand.New(rand.NewPCG(7, 7)) // #nosec G404 -- a test
	rule(t, db, team.Admin, asking(models.RuleInput{Kinds: []string{"plan"}, Over: "300"}, "approver"))
	whole := budget(t, db, team.Admin, "", "hold", 2_000_000)
	budget(t, db, team.Admin, "R&D", "refuse", 500_000)
	var orders []*models.Order
	did := map[string]int{}
	fits := func(what string, err error) {
		t.Helper()
		if err == nil {
			did[what]++
		} else if !errors.Is(err, models.ErrConflict) && !errors.Is(err, models.ErrForbidden) && !isInvalid(err) {
			t.Fatalf("%s: %v", what, err)
		}
	}
	place := func(what string, in models.OrderInput) {
		t.Helper()
		in.CostCentre = []string{"", "R&D", "IT"}[r.IntN(3)]
		q, err := db.PlaceOrder(t.Context(), team.Requester, in)
		if fits(what, err); err == nil {
			orders = append(orders, q.Order)
		}
	}
	stores := func() []models.Store {
		t.Helper()
		all, _, err := modelstest.List(t.Context(), db, team.Viewer, models.Stores, list.Query{Size: 100, Sort: "name"})
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	for i := range 250 {
		some := len(orders) > 0
		switch n := r.IntN(20); {
		case n < 5:
			in := planOrder(example())
			in.Lines[0].(*models.PlanInput).Duration = []string{"1", "6"}[r.IntN(2)]
			place("plan", in)
		case n < 8:
			in := storeInput(fmt.Sprintf("kb-%d", i))
			in.Num = r.Int64N(2) + 1
			unblock := func() {}
			if n == 7 {
				unblock = block(t, db)
			}
			place("store", storeOrder(in))
			modelstest.Work(t, db)
			unblock()
		case n < 9:
			if all := stores(); len(all) > 0 {
				place("scale", scaleOrder(all[r.IntN(len(all))].ID, r.Int64N(3)+1, ""))
				modelstest.Work(t, db)
			}
		case n < 10:
			if all := stores(); len(all) > 0 {
				_, err := db.DeleteStore(t.Context(), team.Requester, all[r.IntN(len(all))].ID)
				fits("delete", err)
				modelstest.Work(t, db)
			}
		case n < 13 && some:
			old := orders[r.IntN(len(orders))]
			for _, by := range []models.Actor{team.Approver, team.Admin} {
				_, err := db.DecideOrder(t.Context(), by, old.Number, findOrder(t, db, team.Viewer, old.Number).Version, r.IntN(3) > 0, "so")
				fits("decide", err)
			}
			modelstest.Work(t, db)
		case n < 14 && some && i%2 == 0:
			in := planOrder(example())
			in.CostCentre = []string{"", "R&D", "IT"}[r.IntN(3)]
			in.Lines[0].(*models.PlanInput).Duration = []string{"1", "6", "12"}[r.IntN(3)]
			for _, o := range orders {
				if o = findOrder(t, db, team.Viewer, o.Number); o.State == models.OrderPending && o.Type == models.TypeNew {
					in.Replaces, in.Seen = o.Number, o.Version
					_, err := db.PlaceOrder(t.Context(), team.Requester, in)
					if errors.Is(err, models.ErrConflict) && o.Lines[0].Kind == models.KindPlan {
						t.Errorf("resubmit: %v", err)
					}
					fits("resubmit", err)
				}
			}
		case n < 14 && some:
			for _, old := range orders[r.IntN(len(orders)):] {
				if kept := findOrder(t, db, team.Viewer, old.Number); kept.State == models.OrderPending {
					_, err := db.CancelOrder(t.Context(), team.Requester, kept.Number, kept.Version)
					fits("cancel", err)
					break
				}
			}
		case n < 16:
			for _, o := range orders {
				if findOrder(t, db, team.Viewer, o.Number).State == models.OrderFailed {
					fits("retry", withoutMissing(db.RetryOrder(t.Context(), team.Admin, o.Number)))
				}
			}
			modelstest.Work(t, db)
		case n < 18:
			clock.Move(time.Duration(r.IntN(12)) * 24 * time.Hour)
			if err := errors.Join(db.LapseOrders(t.Context()), db.RenewBudgets(t.Context())); err != nil {
				t.Fatal(err)
			}
		case n < 19:
			in, _ := mustTeam(t, db, team.Admin).Budgets.Input(whole.ID)
			in.Amount = []string{"5000", "20000", "40000"}[r.IntN(3)]
			fits("edit", db.PutBudget(t.Context(), team.Admin, whole.ID, in))
		default:
			remake(t, db, team.Admin, "", "year")
			fits("late", nil)
		}
	}
	sums := map[models.BudgetState]int64{}
	metered := map[int64]bool{}
	for _, o := range orders {
		kept := findOrder(t, db, team.Viewer, o.Number)
		metered[o.Number] = kept.Lines[0].Metered()
		switch {
		case metered[o.Number]:
		case kept.State == models.OrderCompleted:
			sums[models.BudgetSpent] += kept.TotalMinor
		case kept.State == models.OrderPending:
			sums[models.BudgetReserved] += kept.TotalMinor
		}
	}
	all := entries(t, db, whole.ID)
	for _, e := range all {
		if metered[e.OrderNumber] {
			sums[e.State] += e.AmountMinor
		}
	}
	reserved, spent, err := models.SumOfBudget(t.Context(), db, team.Admin.TeamID, "")
	if err != nil || reserved != sums[models.BudgetReserved] || spent != sums[models.BudgetSpent] {
		t.Errorf("the team's budget has %d reserved and %d spent, %v; the orders %v", reserved, spent, err, sums)
	}
	for _, what := range []string{"plan", "store", "scale", "delete", "decide", "cancel", "retry", "edit", "resubmit", "late"} {
		if did[what] == 0 {
			t.Errorf("nothing was done of %s: %v", what, did)
		}
	}
	if reserved, spent, err = models.SumOfBudget(t.Context(), db, team.Admin.TeamID, "R&D"); err != nil || reserved+spent == 0 {
		t.Errorf("the cost centre has %s", fmt.Sprint(reserved, spent, err))
	}
	mustFit(t, db)
}

// remake takes a budget away, where there is one, and makes it again.
func remake(t *testing.T, db *models.DB, by models.Actor, centre, period string) models.BudgetUse {
	t.Helper()
	for _, b := range mustTeam(t, db, by).Budgets.All {
		if b.CostCentre == centre && b.Yearly == (period == "year") {
			if err := db.DeleteBudget(t.Context(), by, mustTeam(t, db, by).Budgets.Version, b.ID); err != nil {
				t.Fatal(err)
			}
		}
	}
	in := models.BudgetInput{Scope: centre, Period: period, Amount: "100000000", Over: "refuse", Version: mustTeam(t, db, by).Budgets.Version}
	if err := db.PutBudget(t.Context(), by, "", in); err != nil {
		t.Fatal(err)
	}
	_, all, err := db.ListBudgets(t.Context(), by)
	if err != nil {
		t.Fatal(err)
	}
	return all[len(all)-1]
}

// TestBudgetMadeLateCountsAsIfItHadBeenThere does random things within a month, and
// compares budgets with ones that are made after it all.
func TestBudgetMadeLateCountsAsIfItHadBeenThere(t *testing.T) {
	t.Parallel()
	clock := modelstest.NewClock()
	db := modelstest.OpenWith(t, models.Options{Clock: clock.Now})
	team := modelstest.NewTeam(t, db)
	clock.Move(til(clock, 2026, time.December) + 30*time.Minute)
	r := rand.New(rand.NewPCG(11, 11)) // #nosec G404 -- a test
	rule(t, db, team.Admin, asking(models.RuleInput{Kinds: []string{"plan"}}, "approver"))
	centres := []string{"", "R&D"}
	for _, centre := range centres {
		budget(t, db, team.Admin, centre, "hold", 100_000_000)
	}
	in := func(o models.OrderInput) models.OrderInput {
		o.CostCentre = []string{"", "R&D", "IT"}[r.IntN(3)]
		return o
	}
	var orders []*models.Order
	place := func(o models.OrderInput) {
		t.Helper()
		q, err := db.PlaceOrder(t.Context(), team.Requester, in(o))
		if err == nil {
			orders = append(orders, q.Order)
		} else if !isInvalid(err) && !errors.Is(err, models.ErrConflict) {
			t.Fatal(err)
		}
		modelstest.Work(t, db)
	}
	place(planOrder(example())) // in the hours of the month that another zone counts to the one before
	place(storeOrder(storeInput("kb-early")))
	for i := range 120 {
		all, _, err := modelstest.List(t.Context(), db, team.Viewer, models.Stores, list.Query{Size: 100, Sort: "name"})
		if err != nil {
			t.Fatal(err)
		}
		switch n := r.IntN(12); {
		case n < 3:
			place(planOrder(example()))
		case n < 5:
			place(storeOrder(storeInput(fmt.Sprintf("kb-%d", i))))
		case n < 7 && len(all) > 0:
			place(scaleOrder(all[r.IntN(len(all))].ID, r.Int64N(3)+1, ""))
		case n < 8 && len(all) > 0:
			if _, err := db.DeleteStore(t.Context(), team.Requester, all[r.IntN(len(all))].ID); err != nil {
				t.Fatal(err)
			}
			modelstest.Work(t, db)
		case n < 10 && len(orders) > 0:
			o := findOrder(t, db, team.Viewer, orders[r.IntN(len(orders))].Number)
			if _, err := db.DecideOrder(t.Context(), team.Approver, o.Number, o.Version, r.IntN(3) > 0, "so"); err != nil && !errors.Is(err, models.ErrConflict) {
				t.Fatal(err)
			}
		case n < 12:
			clock.Move(time.Duration(r.IntN(15)) * time.Hour)
		}
	}
	if clock.Now().After(time.Date(2027, 1, 1, 0, 0, 0, 0, pricing.Zone)) {
		t.Fatal("the month is over")
	}
	_, had, err := db.ListBudgets(t.Context(), team.Viewer)
	if err != nil {
		t.Fatal(err)
	}
	for i, centre := range centres {
		got := remake(t, db, team.Admin, centre, "month")
		if n := int64(len(orders)); max(got.ReservedMinor-had[i].ReservedMinor, had[i].ReservedMinor-got.ReservedMinor) > n ||
			max(got.SpentMinor-had[i].SpentMinor, had[i].SpentMinor-got.SpentMinor) > n || got.SpentMinor == 0 || got.ReservedMinor == 0 {
			t.Errorf("made late the budget of %q has %d reserved and %d spent, want %d and %d", centre,
				got.ReservedMinor, got.SpentMinor, had[i].ReservedMinor, had[i].SpentMinor)
		}
	}
	mustFit(t, db)
}

// withoutMissing is err, unless it says that something is not there.
func withoutMissing(err error) error {
	if errors.Is(err, models.ErrNotFound) {
		return nil
	}
	return err
}

func mustTeam(t *testing.T, db *models.DB, by models.Actor) *models.Team {
	t.Helper()
	team, err := db.FindTeam(t.Context(), by)
	if err != nil {
		t.Fatal(err)
	}
	return team
}

func isInvalid(err error) bool {
	var in models.Invalid
	return errors.As(err, &in)
}
