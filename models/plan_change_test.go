package models_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"quartermaster/models"
	"quartermaster/models/list"
	"quartermaster/models/modelstest"
	"quartermaster/models/pricing"
)

func lineOrder(in models.LineInput) models.OrderInput {
	return models.OrderInput{Lines: []models.LineInput{in}}
}

func mustFindPlan(t *testing.T, db *models.DB, by models.Actor, id string) *models.Plan {
	t.Helper()
	p, err := db.FindPlan(t.Context(), by, id)
	if err != nil {
		t.Fatalf("find plan: %v", err)
	}
	return p
}

func TestRenewalGoesOnWhereThePlanEnds(t *testing.T) {
	t.Parallel()
	db, clock, team := atNoon(t)
	p := mustPlan(t, db, team.Requester, example())
	clock.Move(48 * time.Hour)
	preview, err := db.PreviewOrder(t.Context(), team.Requester, lineOrder(&models.RenewInput{InstanceID: p.ID, Duration: "12", PricingCycle: pricing.Monthly}))
	if err != nil {
		t.Fatal(err)
	}
	order := mustPlace(t, db, team.Requester, lineOrder(&models.RenewInput{InstanceID: p.ID, Duration: "12", PricingCycle: pricing.Monthly}))
	ends := time.Date(2028, 5, 21, 16, 0, 0, 0, time.UTC)
	line := order.Lines[0]
	if order.Type != models.TypeRenew || order.RelatedNumber != p.OrderNumber || order.State != models.OrderCompleted || order.ProductCode != "ossbag" {
		t.Errorf("got order %+v", order)
	}
	if !line.StartsAt.Equal(p.EndsAt) || !line.EndsAt.Equal(ends) || line.ResourceID != p.ID || line.TermN != 12 {
		t.Errorf("got line %+v; want from %s to %s", line, p.EndsAt, ends)
	}
	if order.TotalMinor != 4050 || preview.Order.TotalMinor != order.TotalMinor || !preview.Order.Lines[0].EndsAt.Equal(ends) || preview.Order.Type != models.TypeRenew {
		t.Errorf("got %d to pay to %v, foreseen %d to %v; want 4050", order.TotalMinor, line.EndsAt, preview.Order.TotalMinor, preview.Order.Lines[0].EndsAt)
	}
	got := mustFindPlan(t, db, team.Viewer, p.ID)
	if !got.EndsAt.Equal(ends) || !got.EffectiveAt.Equal(p.EffectiveAt) || got.Months() != 18 || got.PaidMinor != 2250+4050 || got.OrderNumber != p.OrderNumber {
		t.Errorf("got plan %+v", got)
	}
	counts, err := db.Counts(t.Context(), team.Viewer)
	if err != nil || counts["plan"] != 1 || counts["order.paid"] != 2 {
		t.Errorf("got counts %v, %v; want one plan and two orders", counts, err)
	}
	kept := findOrder(t, db, team.Viewer, order.Number)
	if q, err := db.FormOf(t.Context(), team.Viewer, kept, kept.Lines[0]); err != nil || q.Get("instance_id") != p.ID || q.Get("duration") != "12" {
		t.Errorf("the order asks again for %v, %v", q, err)
	}
}

func TestRenewalInAnotherCycleCountsMonths(t *testing.T) {
	t.Parallel()
	db, _, team := atNoon(t)
	p := mustPlan(t, db, team.Requester, example())
	order := mustPlace(t, db, team.Requester, lineOrder(&models.RenewInput{InstanceID: p.ID, Duration: "1", PricingCycle: pricing.Yearly}))
	if l := order.Lines[0]; l.TermN != 1 || l.TermUnit != pricing.Year {
		t.Errorf("got a term of %d %s, want 1 year", l.TermN, l.TermUnit)
	}
	got := mustFindPlan(t, db, team.Viewer, p.ID)
	if got.Duration != 18 || got.PricingCycle != pricing.Monthly {
		t.Errorf("got %d %s, want 18 months", got.Duration, got.PricingCycle)
	}
}

func TestRenewalsAtOnceAllCount(t *testing.T) {
	t.Parallel()
	db, _, team := atNoon(t)
	p := mustPlan(t, db, team.Requester, example())
	const n = 6
	var all sync.WaitGroup
	for range n {
		all.Go(func() {
			_, err := db.PlaceOrder(context.Background(), team.Requester, lineOrder(&models.RenewInput{InstanceID: p.ID, Duration: "1", PricingCycle: pricing.Monthly}))
			if err != nil {
				t.Errorf("renew: %v", err)
			}
		})
	}
	all.Wait()
	got := mustFindPlan(t, db, team.Viewer, p.ID)
	ends := time.Date(2027, 11, 21, 16, 0, 0, 0, time.UTC)
	if !got.EndsAt.Equal(ends) || got.Months() != 6+n || got.PaidMinor != 2250+n*450 {
		t.Errorf("got %d months to %s for %d; want %d to %s for %d", got.Months(), got.EndsAt, got.PaidMinor, 6+n, ends, 2250+n*450)
	}
	orders, total, err := models.PlanOrders.Numbered(t.Context(), db, team.Viewer, list.With("type", models.TypeRenew), 1, 20, list.Unknown)
	if err != nil || total != n {
		t.Fatalf("got %d renewals, %v", total, err)
	}
	var starts []time.Time
	for _, o := range orders {
		starts = append(starts, o.Lines[0].StartsAt.UTC())
	}
	slices.SortFunc(starts, time.Time.Compare)
	if len(slices.CompactFunc(starts, time.Time.Equal)) != n {
		t.Errorf("the renewals begin at %s; want each at the end of another", starts)
	}
}

func TestUpgradeKeepsTheEnd(t *testing.T) {
	t.Parallel()
	db, clock, team := atNoon(t)
	p := mustPlan(t, db, team.Requester, example())
	upload(t, db, team, "cn-shanghai", 60<<30)
	if err := db.MeasurePlans(t.Context(), team.Admin); err != nil {
		t.Fatal(err)
	}
	if got := mustFindPlan(t, db, team.Viewer, p.ID); got.State(clock.Now()) != models.PlanExhausted {
		t.Fatalf("got %s, want a plan that is used up", got.State(clock.Now()))
	}
	clock.Move(p.EndsAt.Sub(p.EffectiveAt) / 2)
	order := mustPlace(t, db, team.Requester, lineOrder(&models.UpgradeInput{InstanceID: p.ID, Specification: "100"}))
	line := order.Lines[0]
	if order.Type != models.TypeUpgrade || order.RelatedNumber != p.OrderNumber || !line.StartsAt.Equal(clock.Now()) || !line.EndsAt.Equal(p.EndsAt) {
		t.Errorf("got order %+v", order)
	}
	// 100 GB cost 54.00 for six months, 40 GB 22.50; half of the term is left.
	if order.TotalMinor != 1575 || order.ListMinor != 1890 || line.Detail != "40 GB → 100 GB" {
		t.Errorf("got %d of %d for %q; want 1575 of 1890 for 40 GB → 100 GB", order.TotalMinor, order.ListMinor, line.Detail)
	}
	if got := mustFindPlan(t, db, team.Viewer, p.ID); got.Specification != 100 || !got.EndsAt.Equal(p.EndsAt) || got.PaidMinor != 2250+1575 || got.State(clock.Now()) != models.PlanActive {
		t.Errorf("got plan %+v", got)
	}
	modelstest.Work(t, db)
	if got := mustFindPlan(t, db, team.Viewer, p.ID); got.Used != 60<<30 {
		t.Errorf("got %d used after the next measurement, want all that the bucket holds", got.Used)
	}
}

func TestPlanThatHasNotBegunIsUpgradedForItsWholeTerm(t *testing.T) {
	t.Parallel()
	db, _, team := atNoon(t)
	in := example()
	in.EffectiveDate = "2026-12-01T00:00:00Z"
	p := mustPlan(t, db, team.Requester, in)
	order := mustPlace(t, db, team.Requester, lineOrder(&models.UpgradeInput{InstanceID: p.ID, Specification: "100"}))
	if order.TotalMinor != 3150 || !order.Lines[0].StartsAt.Equal(p.EffectiveAt) {
		t.Errorf("got %d from %s; want the whole difference, 3150, from %s", order.TotalMinor, order.Lines[0].StartsAt, p.EffectiveAt)
	}
}

func TestOneOfEqualUpgradesAtOnceGoesThrough(t *testing.T) {
	t.Parallel()
	db, _, team := atNoon(t)
	p := mustPlan(t, db, team.Requester, example())
	var all sync.WaitGroup
	errs := make([]error, 6)
	for i := range errs {
		all.Go(func() {
			_, errs[i] = db.PlaceOrder(context.Background(), team.Requester, lineOrder(&models.UpgradeInput{InstanceID: p.ID, Specification: "100"}))
		})
	}
	all.Wait()
	done := 0
	for _, err := range errs {
		if err == nil {
			done++
		} else if !rejects(err, "specification", "not_larger") {
			t.Errorf("got %v, want specification not_larger", err)
		}
	}
	if got := mustFindPlan(t, db, team.Viewer, p.ID); done != 1 || got.PaidMinor != 2250+3150 {
		t.Errorf("%d went through and the plan cost %d; want 1 and %d", done, got.PaidMinor, 2250+3150)
	}
}

func TestChangesOfPlansAreRefused(t *testing.T) {
	t.Parallel()
	db, clock, team := atNoon(t)
	other := modelstest.NewTeam(t, db)
	short := example()
	short.Duration = "1"
	over, theirs, p := mustPlan(t, db, team.Requester, short).ID, mustPlan(t, db, other.Requester, example()).ID, mustPlan(t, db, team.Requester, example()).ID
	traffic, origin, long := example(), example(), example()
	traffic.PackageType, traffic.Specification = "FPT_ossbag_periodMonthlyAcc_NetworkOut_china_common", "50"
	origin.PackageType, origin.Specification = "FPT_ossbag_deadlineAcc_CdnOut_common_sz", "1024"
	long.Specification, long.Duration = "100", "36"
	outbound, back, years := mustPlan(t, db, team.Requester, traffic).ID, mustPlan(t, db, team.Requester, origin).ID, mustPlan(t, db, team.Requester, long).ID
	for range 2 {
		mustPlace(t, db, team.Requester, lineOrder(&models.RenewInput{InstanceID: years, Duration: "36", PricingCycle: pricing.Monthly}))
	}
	clock.Move(60 * 24 * time.Hour)
	renew := func(id, n string, cycle pricing.Cycle, date string) models.LineInput {
		return &models.RenewInput{InstanceID: id, Duration: n, PricingCycle: cycle, EffectiveDate: date}
	}
	upgrade := func(id, spec, date string) models.LineInput {
		return &models.UpgradeInput{InstanceID: id, Specification: spec, EffectiveDate: date}
	}
	for _, tt := range []struct {
		name        string
		in          models.LineInput
		field, rule string
	}{
		{"renew nothing", renew("", "6", "Month", ""), "instance_id", "required"},
		{"renew for no time", renew(p, "", "Month", ""), "duration", "required"},
		{"renew in no cycle", renew(p, "6", "", ""), "pricing_cycle", "required"},
		{"renew what nobody knows", renew("OSSBAG-cn-x", "6", "Month", ""), "instance_id", "unknown"},
		{"renew another team's", renew(theirs, "6", "Month", ""), "instance_id", "unknown"},
		{"renew what is over", renew(over, "6", "Month", ""), "instance_id", "over"},
		{"renew what can only be bought", renew(back, "6", "Month", ""), "instance_id", "not_renewable"},
		{"renew for half a month", renew(p, "0.5", "Month", ""), "duration", "positive_integer"},
		{"renew for a term that is not sold", renew(p, "7", "Month", ""), "duration", "not_offered"},
		{"renew by the week", renew(p, "6", "Week", ""), "pricing_cycle", "oneof"},
		{"renew beyond ten years", renew(years, "36", "Month", ""), "duration", "too_far"},
		{"renew on no date", renew(p, "6", "Month", "soon"), "effective_date", "format"},
		{"upgrade nothing", upgrade("", "100", ""), "instance_id", "required"},
		{"upgrade to nothing", upgrade(p, "", ""), "specification", "required"},
		{"upgrade what nobody knows", upgrade("OSSBAG-cn-x", "100", ""), "instance_id", "unknown"},
		{"upgrade another team's", upgrade(theirs, "100", ""), "instance_id", "unknown"},
		{"upgrade what is over", upgrade(over, "100", ""), "instance_id", "over"},
		{"upgrade what keeps its size", upgrade(outbound, "500", ""), "instance_id", "not_upgradable"},
		{"upgrade to a word", upgrade(p, "big", ""), "specification", "positive_integer"},
		{"upgrade to what is not sold", upgrade(p, "41", ""), "specification", "not_offered"},
		{"upgrade to the same", upgrade(p, "40", ""), "specification", "not_larger"},
		{"upgrade to less", upgrade(years, "40", ""), "specification", "not_larger"},
		{"upgrade on a date long ago", upgrade(p, "100", "2020-01-01T00:00:00Z"), "effective_date", "past"},
		{"upgrade on a date far ahead", upgrade(p, "100", "2030-01-01T00:00:00Z"), "effective_date", "ahead"},
	} {
		before, _ := db.Counts(t.Context(), team.Viewer)
		_, err := db.PlaceOrder(t.Context(), team.Requester, lineOrder(tt.in))
		var broken models.Invalid
		if !errors.As(err, &broken) || broken[0].Field != tt.field || broken[0].Rule != tt.rule {
			t.Errorf("%s: got %v, want %s %s", tt.name, err, tt.field, tt.rule)
		}
		if _, err := db.PreviewOrder(t.Context(), team.Requester, lineOrder(tt.in)); !rejects(err, tt.field, tt.rule) {
			t.Errorf("%s: preview got %v, want %s %s", tt.name, err, tt.field, tt.rule)
		}
		if after, _ := db.Counts(t.Context(), team.Viewer); after["order"] != before["order"] {
			t.Errorf("%s: an order was kept", tt.name)
		}
	}
	mustPlace(t, db, team.Requester, lineOrder(renew(outbound, "6", pricing.Monthly, "")))
	if _, err := db.PlaceOrder(t.Context(), team.Viewer, lineOrder(renew(p, "6", pricing.Monthly, ""))); !errors.Is(err, models.ErrForbidden) {
		t.Errorf("a viewer renews: got %v, want %v", err, models.ErrForbidden)
	}
}

func TestOrdersOfPlansAreListedByPageNumber(t *testing.T) {
	t.Parallel()
	db, clock, team := atNoon(t)
	other := modelstest.NewTeam(t, db)
	first := mustPlan(t, db, team.Requester, example())
	mustPlace(t, db, team.Requester, bucketOrder("", ""))
	clock.Move(time.Hour)
	cdn := example()
	cdn.ProductCode, cdn.PackageType, cdn.Specification = "cdnbag", "FPT_cdnbag_deadlineAcc_NetworkOut_china_common", "100"
	second := mustPlan(t, db, team.Requester, cdn)
	clock.Move(time.Hour)
	renewal := mustPlace(t, db, team.Requester, lineOrder(&models.RenewInput{InstanceID: first.ID, Duration: "6", PricingCycle: pricing.Monthly}))
	mustPlan(t, db, other.Requester, example())
	all := []int64{renewal.Number, second.OrderNumber, first.OrderNumber}
	at := clock.Now()
	for _, tt := range []struct {
		name    string
		f       list.Query
		n, size int
		want    []int64
		total   int64
	}{
		{"all", list.Query{}, 1, 20, all, 3},
		{"first page", list.Query{}, 1, 2, all[:2], 3},
		{"second page", list.Query{}, 2, 2, all[2:], 3},
		{"a page beyond", list.Query{}, 1 << 40, 300, nil, 3},
		{"product", list.With("product", "rds,cdnbag"), 1, 20, all[1:2], 1},
		{"type", list.With("type", models.TypeNew), 1, 20, all[1:], 2},
		{"paid", list.With("payment", "Paid"), 1, 20, all, 3},
		{"unpaid", list.With("payment", "Unpaid"), 1, 20, nil, 0},
		{"cancelled", list.With("payment", "Cancelled"), 1, 20, nil, 0},
		{"last hour", list.With("created", models.Span(at.Add(-time.Hour), time.Time{})), 1, 20, all[:2], 2},
		{"before", list.With("created", models.Span(time.Time{}, at.Add(-time.Hour))), 1, 20, all[1:], 2},
	} {
		orders, total, err := models.PlanOrders.Numbered(t.Context(), db, team.Viewer, tt.f, tt.n, tt.size, list.Unknown)
		var got []int64
		for _, o := range orders {
			got = append(got, o.Number)
		}
		if err != nil || !slices.Equal(got, tt.want) || total != tt.total {
			t.Errorf("%s: got %d of %d, %v; want %d of %d", tt.name, got, total, err, tt.want, tt.total)
		}
	}
	o, err := db.FindPlanOrder(t.Context(), team.Viewer, renewal.Number)
	if err != nil || !o.EffectiveAt.Equal(first.EffectiveAt) || o.Payment() != models.Paid || len(o.Lines) != 1 {
		t.Errorf("got %+v, %v; want the plan's own beginning", o, err)
	}
	for who, by := range map[string]models.Actor{"another team": other.Admin, "team": team.Viewer} {
		number := renewal.Number
		if by == team.Viewer {
			number++ // there is none such
		}
		if _, err := db.FindPlanOrder(t.Context(), by, number); !errors.Is(err, models.ErrNotFound) {
			t.Errorf("%s: got %v, want %v", who, err, models.ErrNotFound)
		}
	}
}

func TestInstancesAreListedByPageNumber(t *testing.T) {
	t.Parallel()
	db, clock, team := atNoon(t)
	other := modelstest.NewTeam(t, db)
	cdn := example()
	cdn.ProductCode, cdn.PackageType, cdn.Specification = "cdnbag", "FPT_cdnbag_deadlineAcc_NetworkOut_china_common", "100"
	gone := mustPlan(t, db, team.Requester, example()).ID
	if err := db.DeletePlan(t.Context(), team.Requester, gone); err != nil {
		t.Fatal(err)
	}
	first := mustPlan(t, db, team.Requester, example())
	clock.Move(24 * time.Hour)
	second := mustPlan(t, db, team.Requester, cdn)
	mustPlan(t, db, other.Requester, example())
	for _, tt := range []struct {
		name    string
		f       list.Query
		n, size int
		want    []string
		total   int64
	}{
		{"all", list.Query{}, 1, 20, []string{second.ID, first.ID}, 2},
		{"second page", list.Query{}, 2, 1, []string{first.ID}, 2},
		{"product", list.With("product", "ossbag"), 1, 20, []string{first.ID}, 1},
		{"unknown product", list.With("product", "x"), 1, 20, nil, 0},
		{"ends by", list.With("ends", models.Span(time.Time{}, first.EndsAt)), 1, 20, []string{first.ID}, 1},
		{"ends after", list.With("ends", models.Span(first.EndsAt.Add(time.Second), time.Time{})), 1, 20, []string{second.ID}, 1},
	} {
		plans, total, err := models.Plans.Numbered(t.Context(), db, team.Viewer, tt.f, tt.n, tt.size, list.Unknown)
		var got []string
		for _, p := range plans {
			if p.Type.Code != p.PackageType {
				t.Errorf("%s: got type %q of %s", tt.name, p.Type.Code, p.PackageType)
			}
			got = append(got, p.ID)
		}
		if err != nil || !slices.Equal(got, tt.want) || total != tt.total {
			t.Errorf("%s: got %q of %d, %v; want %q of %d", tt.name, got, total, err, tt.want, tt.total)
		}
	}
}

func TestDrawsOfAllPlansAreListedOnce(t *testing.T) {
	t.Parallel()
	db, clock, team := atNoon(t)
	other := modelstest.NewTeam(t, db)
	b := upload(t, db, team, "cn-shanghai", 50<<30)
	small, large := example(), example()
	large.Specification, large.Duration = "100", "12"
	first, second := mustPlan(t, db, team.Requester, small), mustPlan(t, db, team.Requester, large)
	begin := clock.Now()
	for range 3 {
		if err := db.MeasurePlans(t.Context(), team.Admin); err != nil {
			t.Fatal(err)
		}
		clock.Move(24 * time.Hour)
	}
	all := list.With("measured", models.Span(begin, clock.Now()))
	seen := map[string]int{}
	q := all
	q.Size = 4
	for {
		draws, err := models.Draws.Read(t.Context(), db, team.Viewer, q)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range draws.Rows {
			seen[d.PlanID+d.Date().String()]++
			if d.Plan.ID != d.PlanID || d.Plan.Type.Code == "" || d.BucketName != b.Name {
				t.Errorf("got %+v", d)
			}
		}
		if q.After = draws.Next; q.After == "" {
			break
		}
	}
	if len(seen) != 6 {
		t.Errorf("got %v; want two plans on three days", seen)
	}
	for _, tt := range []struct {
		name   string
		by     models.Actor
		filter []string
		to     time.Time
		want   int
	}{
		{"plan", team.Viewer, []string{"plan", first.ID}, clock.Now(), 3},
		{"size", team.Viewer, []string{"size", "100"}, clock.Now(), 3},
		{"bucket", team.Viewer, []string{"bucket", b.Name}, clock.Now(), 6},
		{"another bucket", team.Viewer, []string{"bucket", "x"}, clock.Now(), 0},
		{"product", team.Viewer, []string{"product", "ossbag"}, clock.Now(), 6},
		{"another product", team.Viewer, []string{"product", "cdnbag"}, clock.Now(), 0},
		{"first day", team.Viewer, nil, begin.Add(time.Hour), 2},
		{"another team", other.Viewer, []string{"plan", second.ID}, clock.Now(), 0},
	} {
		q := list.With(append(tt.filter, "measured", models.Span(begin, tt.to))...)
		draws, err := models.Draws.Read(t.Context(), db, tt.by, q)
		if err != nil || len(draws.Rows) != tt.want {
			t.Errorf("%s: got %d, %v, want %d", tt.name, len(draws.Rows), err, tt.want)
		}
	}
	later := list.With("measured", models.Span(begin.Add(time.Second), begin.Add(time.Hour)))
	if draws, err := models.Draws.Read(t.Context(), db, team.Viewer, later); err != nil || len(draws.Rows) != 0 {
		t.Errorf("later the first day: got %d, %v, want none", len(draws.Rows), err)
	}
	all.After = "x"
	if _, err := models.Draws.Read(t.Context(), db, team.Viewer, all); !errors.Is(err, models.ErrCursor) {
		t.Errorf("a token that is none: got %v, want %v", err, models.ErrCursor)
	}
}

// onlyChangesWait is a policy that holds what is not new.
func onlyChangesWait(_ context.Context, _ models.Actor, o *models.Order) (bool, string) {
	return o.Type != models.TypeNew, "changes"
}

func TestChangeThatWaitsLeavesThePlanAsItIs(t *testing.T) {
	t.Parallel()
	clock := modelstest.NewClock()
	db := modelstest.OpenWith(t, models.Options{Clock: clock.Now, Policy: onlyChangesWait})
	team := modelstest.NewTeam(t, db)
	p := mustPlan(t, db, team.Requester, example())
	renewal := lineOrder(&models.RenewInput{InstanceID: p.ID, Duration: "6", PricingCycle: pricing.Monthly})
	upgrade := lineOrder(&models.UpgradeInput{InstanceID: p.ID, Specification: "100"})
	for _, in := range []models.OrderInput{renewal, upgrade} {
		var held *models.Held
		if order, err := db.PlaceOrder(t.Context(), byAPI(team.Requester), in); !errors.As(err, &held) || order.Order == nil || order.Order.Number != held.Number {
			t.Errorf("refused: got %+v, %v; want the order with its number", order, err)
		}
	}
	modelstest.HoldAPIOrders(t, db, team)
	var waiting []*models.Order
	for _, in := range []models.OrderInput{renewal, upgrade, renewal} {
		order := mustPlace(t, db, byAPI(team.Requester), in)
		if order.State != models.OrderPending || order.Payment() != models.Unpaid || order.Lines[0].ResourceID != p.ID {
			t.Errorf("held: got %+v, want one that is unpaid and says which plan it is about", order)
		}
		waiting = append(waiting, order)
	}
	if got := mustFindPlan(t, db, team.Viewer, p.ID); !got.EndsAt.Equal(p.EndsAt) || got.Specification != 40 || got.PaidMinor != 2250 {
		t.Errorf("before a decision: got plan %+v", got)
	}
	rejected := mustDecide(t, db, team.Approver, waiting[0], false)
	upgraded := mustDecide(t, db, team.Approver, waiting[1], true)
	// Its price is that of the smaller plan.
	if failed := mustDecide(t, db, team.Approver, waiting[2], true); failed.State != models.OrderFailed || !rejects(failed.Refused, "instance_id", "changed") {
		t.Errorf("renewal of a plan that was made larger meanwhile: got %s, %v; want failed, because it changed", failed.State, failed.Refused)
	}
	larger := mustPlace(t, db, byAPI(team.Requester), lineOrder(&models.UpgradeInput{InstanceID: p.ID, Specification: "500"}))
	renewed := mustDecide(t, db, team.Approver, mustPlace(t, db, byAPI(team.Requester), renewal), true)
	if failed := mustDecide(t, db, team.Approver, larger, true); failed.State != models.OrderFailed || !rejects(failed.Refused, "instance_id", "changed") {
		t.Errorf("upgrade of a plan that was renewed meanwhile: got %s, %v; want failed, because it changed", failed.State, failed.Refused)
	}
	if rejected.State != models.OrderRejected || rejected.Payment() != models.Cancelled || upgraded.State != models.OrderCompleted || renewed.State != models.OrderCompleted {
		t.Errorf("got %s, %s and %s", rejected.State, upgraded.State, renewed.State)
	}
	got := mustFindPlan(t, db, team.Viewer, p.ID)
	if !got.EndsAt.Equal(time.Date(2027, 11, 21, 16, 0, 0, 0, time.UTC)) || got.Specification != 100 || got.PaidMinor != 2250+3150+renewed.TotalMinor || renewed.TotalMinor <= 2250 {
		t.Errorf("after the decisions: got plan %+v", got)
	}
	late := mustPlace(t, db, byAPI(team.Requester), renewal)
	clock.Move(400 * 24 * time.Hour)
	if failed := mustDecide(t, db, team.Approver, late, true); failed.State != models.OrderFailed || !rejects(failed.Refused, "instance_id", "over") {
		t.Errorf("approved after the end of the plan: got %s, %v; want failed, because it is over", failed.State, failed.Refused)
	}
	if counts := mustCounts(t, db, team.Viewer); counts["plan"] != 1 || counts["plan.ossbag"] != 1 {
		t.Errorf("got counts %v, want one plan", counts)
	}
	if created, spent := thisMonth(t, db, team.Viewer); created != 0 || spent != 0 {
		t.Errorf("in the month after got %d created for %d, want nothing", created, spent)
	}
}

func TestPlanThatWaitsCannotBeChanged(t *testing.T) {
	t.Parallel()
	db, _, team := holding(t)
	modelstest.HoldAPIOrders(t, db, team)
	order := mustPlace(t, db, byAPI(team.Requester), planOrder(example()))
	id := order.Lines[0].ResourceID
	for _, in := range []models.LineInput{
		&models.RenewInput{InstanceID: id, Duration: "6", PricingCycle: pricing.Monthly}, &models.UpgradeInput{InstanceID: id, Specification: "100"},
	} {
		if _, err := db.PlaceOrder(t.Context(), team.Requester, lineOrder(in)); !rejects(err, "instance_id", "not_approved") {
			t.Errorf("got %v, want instance_id not_approved", err)
		}
	}
	mustDecide(t, db, team.Approver, order, false)
	if counts := mustCounts(t, db, team.Viewer); counts["plan.ossbag"] != 0 {
		t.Errorf("got counts %v after the order was rejected, want no plan", counts)
	}
}

func TestTeamCanLetOnlyPeopleOrderPlans(t *testing.T) {
	t.Parallel()
	db, _, team := atNoon(t)
	other := modelstest.NewTeam(t, db)
	if err := db.UpdateSettings(t.Context(), team.Approver, models.SettingsInput{APIOrders: models.RefuseAPIOrders}); !errors.Is(err, models.ErrForbidden) {
		t.Errorf("an approver: got %v, want %v", err, models.ErrForbidden)
	}
	for range 2 { // twice is once
		modelstest.Allow(t, db, team, func(in *models.SettingsInput) { in.PlanAPI = false })
	}
	for who, c := range map[string]struct {
		by   models.Actor
		want bool
	}{"a script": {byAPI(team.Requester), false}, "a person": {team.Requester, true}, "another team's script": {byAPI(other.Requester), true}} {
		if _, err := db.PlaceOrder(t.Context(), c.by, planOrder(example())); (err == nil) != c.want || err != nil && !rejects(err, "", "plan_api_off") {
			t.Errorf("%s: got %v, want it done %v", who, err, c.want)
		}
	}
	events, err := recorded(t, db, team.Admin, "team.plan_api")
	if err != nil || len(events) != 1 {
		t.Errorf("got %d events, %v; want one", len(events), err)
	}
}
