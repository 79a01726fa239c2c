package models_test

import (
	"context"
	"encoding/base64"
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"quartermaster/models"
	"quartermaster/models/list"
	"quartermaster/models/modelstest"
	"quartermaster/models/pricing"
)

// example is the plan of every page of the documents.
func example() *models.PlanInput {
	return &models.PlanInput{
		ProductCode: "ossbag", PackageType: "FPT_ossbag_absolute_Storage_sh", Specification: "40", Duration: "6",
	}
}

func planOrder(in *models.PlanInput) models.OrderInput {
	return models.OrderInput{Note: "archive of the photo desk", Lines: []models.LineInput{in}}
}

// atNoon is a database whose clock shows 21 November 2026, 09:00 UTC.
func atNoon(t *testing.T) (*models.DB, *modelstest.Clock, modelstest.Team) {
	t.Helper()
	clock := modelstest.NewClock()
	db := modelstest.OpenWith(t, models.Options{Clock: clock.Now})
	return db, clock, modelstest.NewTeam(t, db)
}

func mustPlan(t *testing.T, db *models.DB, by models.Actor, in *models.PlanInput) *models.Plan {
	t.Helper()
	order := mustPlace(t, db, by, planOrder(in))
	p, err := db.FindPlan(t.Context(), by, order.Lines[0].ResourceID)
	if err != nil {
		t.Fatalf("find plan: %v", err)
	}
	return p
}

func TestExamplePlanCanBeOrdered(t *testing.T) {
	t.Parallel()
	db, _, team := atNoon(t)
	order := mustPlace(t, db, team.Requester, planOrder(example()))
	line := order.Lines[0]
	if order.State != models.OrderCompleted || order.Free || line.AmountMinor != order.TotalMinor || order.TotalMinor <= 0 {
		t.Errorf("got order %s, free %v, total %d; want one that is completed and paid", order.State, order.Free, order.TotalMinor)
	}
	if line.ListMinor-line.DiscountMinor != line.AmountMinor || line.PriceSource == "" || line.PriceValidFrom == nil || !line.PriceOurs {
		t.Errorf("got price %+v, want a breakdown with source and date, marked as ours", line)
	}
	p, err := db.FindPlan(t.Context(), team.Viewer, line.ResourceID)
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`^OSSBAG-cn-[a-z0-9]{9,12}$`).MatchString(p.ID) {
		t.Errorf("got instance id %q", p.ID)
	}
	starts := time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	ends := time.Date(2027, 5, 21, 16, 0, 0, 0, time.UTC)
	if !p.EffectiveAt.Equal(starts) || !p.EndsAt.Equal(ends) || !line.StartsAt.Equal(starts) || !line.EndsAt.Equal(ends) {
		t.Errorf("got %s to %s, in the order %s to %s; want %s to %s", p.EffectiveAt, p.EndsAt, line.StartsAt, line.EndsAt, starts, ends)
	}
	if p.PaidMinor != order.TotalMinor || p.Currency != "CNY" || p.Total() != 40<<30 || p.Region != "cn-shanghai" || p.Months() != 6 ||
		p.Note != "archive of the photo desk" || p.OrderNumber != order.Number || p.Type.Code != p.PackageType {
		t.Errorf("got plan %+v", p)
	}
	counts, err := db.Counts(t.Context(), team.Viewer)
	if err != nil || counts["plan"] != 1 || counts["order.paid"] != 1 {
		t.Errorf("got counts %v, %v", counts, err)
	}
}

func TestYearCountsAsTwelveMonths(t *testing.T) {
	t.Parallel()
	db, _, team := atNoon(t)
	months, years := example(), example()
	months.Duration = "12"
	years.Duration, years.PricingCycle = "1", pricing.Yearly
	a, b := mustPlan(t, db, team.Requester, months), mustPlan(t, db, team.Requester, years)
	if a.PaidMinor != b.PaidMinor || !a.EndsAt.Equal(b.EndsAt) || a.Months() != b.Months() {
		t.Errorf("12 months cost %d and end %s; a year costs %d and ends %s", a.PaidMinor, a.EndsAt, b.PaidMinor, b.EndsAt)
	}
}

func TestPlanRulesComeInTheOrderOfTheDocuments(t *testing.T) {
	t.Parallel()
	db, _, team := atNoon(t)
	type rules []string
	for _, tt := range []struct {
		name  string
		spoil func(*models.PlanInput)
		want  rules
	}{
		{"nothing given", func(in *models.PlanInput) { *in = models.PlanInput{} },
			rules{"product_code required", "package_type required", "specification required", "duration required"}},
		{"no duration", func(in *models.PlanInput) { in.Duration = "" }, rules{"duration required"}},
		{"no duration, and a wrong number", func(in *models.PlanInput) { in.Duration, in.Specification = "", "x" },
			rules{"duration required", "specification positive_integer"}},
		{"unknown product", func(in *models.PlanInput) { in.ProductCode = "mystery" }, rules{"product_code unknown"}},
		{"unknown product before a wrong number", func(in *models.PlanInput) { in.ProductCode, in.Specification = "mystery", "4.5" },
			rules{"product_code unknown", "specification positive_integer"}},
		{"product without types", func(in *models.PlanInput) { in.ProductCode = "rds" }, rules{"package_type unknown"}},
		{"unknown type", func(in *models.PlanInput) { in.PackageType = "FPT_mystery" }, rules{"package_type unknown"}},
		{"type of another product", func(in *models.PlanInput) { in.PackageType = "FPT_cdnbag_deadlineAcc_NetworkOut_china_common" },
			rules{"package_type unknown"}},
		{"type not on sale", func(in *models.PlanInput) {
			in.PackageType, in.Specification, in.Duration = "FPT_ossbag_absolute_StorageColdArchive_china_common", "1024", "12"
		}, rules{"package_type not_on_sale"}},
		{"fraction", func(in *models.PlanInput) { in.Specification = "40.5" }, rules{"specification positive_integer"}},
		{"nought", func(in *models.PlanInput) { in.Specification = "0" }, rules{"specification positive_integer"}},
		{"negative", func(in *models.PlanInput) { in.Specification = "-40" }, rules{"specification positive_integer"}},
		{"plus sign", func(in *models.PlanInput) { in.Specification = "+40" }, rules{"specification positive_integer"}},
		{"space", func(in *models.PlanInput) { in.Specification = "40 " }, rules{"specification positive_integer"}},
		{"wide digits", func(in *models.PlanInput) { in.Specification = "４０" }, rules{"specification positive_integer"}},
		{"size that is not sold", func(in *models.PlanInput) { in.Specification = "41" }, rules{"specification not_offered"}},
		{"size beyond any number", func(in *models.PlanInput) { in.Specification = strings.Repeat("9", 400) }, rules{"specification not_offered"}},
		{"duration in words", func(in *models.PlanInput) { in.Duration = "six" }, rules{"duration positive_integer"}},
		{"negative duration", func(in *models.PlanInput) { in.Duration = "-6" }, rules{"duration positive_integer"}},
		{"duration that is not sold", func(in *models.PlanInput) { in.Duration = "7" }, rules{"duration not_offered"}},
		{"duration beyond any number", func(in *models.PlanInput) { in.Duration = strings.Repeat("9", 40) }, rules{"duration not_offered"}},
		{"duration that overflows in years", func(in *models.PlanInput) { in.Duration, in.PricingCycle = "9223372036854775807", pricing.Yearly },
			rules{"duration not_offered"}},
		{"six years", func(in *models.PlanInput) { in.PricingCycle = pricing.Yearly }, rules{"duration not_offered"}},
		{"unknown cycle", func(in *models.PlanInput) { in.PricingCycle = "Week" }, rules{"pricing_cycle oneof"}},
		{"cycle in lower case", func(in *models.PlanInput) { in.PricingCycle = "month" }, rules{"pricing_cycle oneof"}},
		{"date in another form", func(in *models.PlanInput) { in.EffectiveDate = "2026-11-22 09:00" }, rules{"effective_date format"}},
		{"date that does not exist", func(in *models.PlanInput) { in.EffectiveDate = "2027-02-30T09:00:00Z" }, rules{"effective_date format"}},
		{"more than a day ago", func(in *models.PlanInput) { in.EffectiveDate = "2026-11-20T08:59:59Z" }, rules{"effective_date past"}},
		{"more than six months ahead", func(in *models.PlanInput) { in.EffectiveDate = "2027-05-21T09:00:01Z" }, rules{"effective_date ahead"}},
		{"everything but what is missing", func(in *models.PlanInput) {
			in.Specification, in.Duration, in.PricingCycle, in.EffectiveDate = "x", "y", "Week", "z"
		}, rules{"specification positive_integer", "duration positive_integer", "pricing_cycle oneof", "effective_date format"}},
	} {
		in := example()
		tt.spoil(in)
		_, err := db.PlaceOrder(t.Context(), team.Requester, planOrder(in))
		var broken models.Invalid
		errors.As(err, &broken)
		var got rules
		for _, b := range broken {
			got = append(got, b.Field+" "+b.Rule)
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %q (%v), want %q", tt.name, got, err, tt.want)
		}
		order, err := db.PreviewOrder(t.Context(), team.Requester, planOrder(in))
		if !rejects(err, broken[0].Field, broken[0].Rule) || order.Order == nil || len(order.Order.Lines) != 1 {
			t.Errorf("%s: preview got %v, %v", tt.name, order, err)
		}
	}
	plans, _, err := modelstest.List(t.Context(), db, team.Viewer, models.Plans, list.Query{})
	if err != nil || len(plans) != 0 {
		t.Errorf("refused orders left %d plans, %v", len(plans), err)
	}
}

func TestEffectiveDateIsKept(t *testing.T) {
	t.Parallel()
	db, _, team := atNoon(t)
	for _, date := range []string{"2026-11-20T09:00:00Z", "2026-11-21T09:00:00Z", "2027-05-21T09:00:00Z"} {
		in := example()
		in.EffectiveDate = date
		if p := mustPlan(t, db, team.Requester, in); p.EffectiveAt.Format(time.RFC3339) != date {
			t.Errorf("got %s, want %s", p.EffectiveAt.Format(time.RFC3339), date)
		}
	}
}

func TestPreviewPricesWhatCanBePriced(t *testing.T) {
	t.Parallel()
	db, _, team := atNoon(t)
	in := example()
	in.EffectiveDate = "tomorrow"
	order, err := db.PreviewOrder(t.Context(), team.Requester, planOrder(in))
	if !rejects(err, "effective_date", "format") || order.Order.TotalMinor == 0 {
		t.Errorf("got total %d, %v; want the price beside the refusal", order.Order.TotalMinor, err)
	}
	if l := order.Order.Lines[0]; l.StartsAt != nil || l.EndsAt != nil {
		t.Errorf("got %v to %v; want no term", l.StartsAt, l.EndsAt)
	}
}

func TestPlanStatesFollowTheClock(t *testing.T) {
	t.Parallel()
	db, clock, team := atNoon(t)
	in := example()
	in.Duration, in.EffectiveDate = "1", "2026-11-22T10:00:00Z"
	id := mustPlan(t, db, team.Requester, in).ID
	upload(t, db, team, "cn-shanghai", 41<<30)
	begin := clock.Now()
	for _, tt := range []struct {
		at   string
		want models.PlanState
	}{
		{"2026-11-21T09:00:00Z", models.PlanScheduled},
		{"2026-11-22T09:59:59Z", models.PlanScheduled},
		{"2026-11-22T10:00:00Z", models.PlanExhausted}, // measured as soon as it may
		{"2026-12-22T15:59:59Z", models.PlanExhausted},
		{"2026-12-22T16:00:00Z", models.PlanExpired},
		{"2030-01-01T00:00:00Z", models.PlanExpired},
	} {
		at, err := time.Parse(time.RFC3339, tt.at)
		if err != nil {
			t.Fatal(err)
		}
		clock.Move(at.Sub(begin))
		begin = at
		if err := db.MeasurePlans(t.Context(), team.Admin); err != nil {
			t.Fatal(err)
		}
		p, err := db.FindPlan(t.Context(), team.Viewer, id)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.State(clock.Now()); got != tt.want {
			t.Errorf("at %s: got %s, want %s", tt.at, got, tt.want)
		}
		for _, state := range models.PlanStates {
			found, _, err := modelstest.List(t.Context(), db, team.Viewer, models.Plans, list.With("state", string(state)))
			if err != nil || (len(found) == 1) != (state == tt.want) {
				t.Errorf("at %s: the list of %s has %d plans, %v; the plan is %s", tt.at, state, len(found), err, tt.want)
			}
		}
	}
}

func TestPlanStateIsThatOfItsTeamsClock(t *testing.T) {
	t.Parallel()
	db, _, team := atNoon(t)
	mustPlan(t, db, team.Requester, example())
	ahead := team.Viewer
	ahead.ClockOffset = 200 * 24 * time.Hour
	for _, by := range []models.Actor{team.Viewer, ahead} {
		found, _, err := modelstest.List(t.Context(), db, by, models.Plans, list.With("state", string(models.PlanExpired)))
		if err != nil || (len(found) == 1) != (by.ClockOffset > 0) {
			t.Errorf("%s ahead: got %d expired plans, %v", by.ClockOffset, len(found), err)
		}
	}
}

// upload makes a bucket that holds so many bytes.
func upload(t *testing.T, db *models.DB, team modelstest.Team, region string, bytes int64) *models.Bucket {
	t.Helper()
	order := mustPlace(t, db, team.Requester, models.OrderInput{Lines: []models.LineInput{&models.BucketInput{Region: region}}})
	b, err := db.FindBucket(t.Context(), team.Viewer, order.Lines[0].ResourceID)
	if err != nil {
		t.Fatal(err)
	}
	hold(t, db, b, bytes)
	return b
}

func hold(t *testing.T, db *models.DB, b *models.Bucket, bytes int64) {
	t.Helper()
	if err := models.SetUsedBytes(db, b.ID, bytes); err != nil {
		t.Fatal(err)
	}
}

type drew struct {
	Bucket   string
	Day      int64
	Quantity int64
}

func deductions(t *testing.T, db *models.DB, by models.Actor, plan string) []drew {
	t.Helper()
	rows, _, err := modelstest.List(t.Context(), db, by, models.Deductions, list.Query{Of: plan})
	if err != nil {
		t.Fatal(err)
	}
	var out []drew
	for _, d := range rows {
		out = append(out, drew{d.BucketID, d.Day, d.Quantity})
	}
	return out
}

func TestStoragePlanIsDrawnDownByWhatBucketsOfItsRegionHold(t *testing.T) {
	t.Parallel()
	db, clock, team := atNoon(t)
	other := modelstest.NewTeam(t, db)
	upload(t, db, other, "cn-shanghai", 30<<30)
	upload(t, db, team, "cn-beijing", 30<<30)
	upload(t, db, team, "cn-shanghai", 0)
	b := upload(t, db, team, "cn-shanghai", 30<<30)
	id := mustPlan(t, db, team.Requester, example()).ID
	modelstest.Work(t, db) // a new plan is measured at once
	want := []drew{{b.ID, 20261121, 30 << 30}}
	if diff := cmp.Diff(want, deductions(t, db, team.Viewer, id)); diff != "" {
		t.Errorf("first day:\n%s", diff)
	}
	p, err := db.FindPlan(t.Context(), team.Viewer, id)
	if err != nil || p.Used != 30<<30 || p.Remaining() != 10<<30 || p.MeasuredAt == nil || !p.Storage {
		t.Errorf("got used %d, remaining %d, %v", p.Used, p.Remaining(), err)
	}

	hold(t, db, b, 50<<30)
	clock.Move(24 * time.Hour)
	promise(t, db)
	want = []drew{{b.ID, 20261122, 40 << 30}, {b.ID, 20261121, 30 << 30}}
	if diff := cmp.Diff(want, deductions(t, db, team.Viewer, id)); diff != "" {
		t.Errorf("second day:\n%s", diff)
	}
	if p, _ := db.FindPlan(t.Context(), team.Viewer, id); p.State(clock.Now()) != models.PlanExhausted || p.Used != 40<<30 {
		t.Errorf("full: got %s with %d used", p.State(clock.Now()), p.Used)
	}

	hold(t, db, b, 1)
	clock.Move(24 * time.Hour)
	promise(t, db)
	if p, _ := db.FindPlan(t.Context(), team.Viewer, id); p.State(clock.Now()) != models.PlanActive || p.Used != 1 {
		t.Errorf("emptied: got %s with %d used", p.State(clock.Now()), p.Used)
	}
	events, _, err := modelstest.List(t.Context(), db, team.Viewer, models.Events, list.With("subject", id))
	var actions []string
	for _, e := range events {
		actions = append(actions, e.Action+" "+e.UserName)
	}
	if want := []string{"plan.resumed ", "plan.exhausted ", "plan.created Ada"}; err != nil || !slices.Equal(actions, want) {
		t.Errorf("got events %q, %v; want %q", actions, err, want)
	}
	if page, err := models.Deductions.Read(t.Context(), db, other.Admin, list.Query{Of: id}); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("another team: got %v, %v; want %v", page.Rows, err, models.ErrNotFound)
	}
}

// What a plan has left by day is its size without the last deductions.
func TestPlanIsUsedUpAsItsDeductionsSay(t *testing.T) {
	t.Parallel()
	db, clock, team := atNoon(t)
	in := example()
	in.Duration = "1"
	id := mustPlan(t, db, team.Requester, in).ID
	burn := func() *models.Burn {
		t.Helper()
		p, err := db.FindPlanPage(t.Context(), team.Viewer, id)
		if err != nil {
			t.Fatal(err)
		}
		return p.Burn
	}
	if burn() != nil {
		t.Error("a plan that was not measured has a drawing")
	}
	modelstest.Work(t, db)
	if burn() != nil {
		t.Error("a plan of which nothing was deducted has a drawing")
	}
	b := upload(t, db, team, "cn-shanghai", 1)
	other := upload(t, db, team, "cn-shanghai", 1<<30)
	for day := range 12 {
		clock.Move(24 * time.Hour)
		if day == 4 {
			continue // nothing measured that day
		}
		hold(t, db, b, int64(5+2*day)<<30)
		promise(t, db)
	}
	hold(t, db, other, 2<<30)
	promise(t, db)
	if err := db.MeasurePlans(t.Context(), team.Admin); err != nil {
		t.Fatal(err)
	}
	drawn := map[int64]int64{}
	for _, d := range deductions(t, db, team.Viewer, id) {
		drawn[d.Day] += d.Quantity
	}
	got := burn()
	if len(got.Days) != 31 || got.Width != 1 || len(got.Points) != 13 || got.From != 1 || got.Begin().Format(time.DateOnly) != "2026-11-21" {
		t.Fatalf("got %+v", got)
	}
	last := int64(0)
	for _, p := range got.Points {
		day, _ := strconv.ParseInt(p.Day.Format("20060102"), 10, 64)
		if n, measured := drawn[day]; measured {
			last = n
		}
		if want := 40<<30 - last; p.Left != want {
			t.Errorf("%d: got %d left, want %d", day, p.Left, want)
		}
	}
	if len(drawn) != 11 {
		t.Errorf("got deductions of %d days, want 11", len(drawn))
	}
	// From 34 to 11 GB left in 11 days, so 11 more in 5.3 days.
	if got.Out == nil || got.Out.Format(time.DateOnly) != "2026-12-09" {
		t.Errorf("got %v, want it used up on 2026-12-09", got.Out)
	}
	hold(t, db, b, 7<<30) // for which the term is long enough
	if err := db.MeasurePlans(t.Context(), team.Admin); err != nil {
		t.Fatal(err)
	}
	if got := burn(); got.Out != nil {
		t.Errorf("slow: got it used up on %s", got.Out)
	}
	hold(t, db, b, 0)
	hold(t, db, other, 0)
	clock.Move(24 * time.Hour)
	promise(t, db)
	if got := burn(); got.Points[len(got.Points)-1].Left != 40<<30 {
		t.Errorf("emptied: got %d left, want all", got.Points[len(got.Points)-1].Left)
	}
}

// What the page of a plan reads of its deductions does not grow with its term.
func TestLongPlanIsReadInFewDays(t *testing.T) {
	t.Parallel()
	db, clock, team := atNoon(t)
	id := mustPlan(t, db, team.Requester, example()).ID // ends on 2027-05-21
	b := upload(t, db, team, "cn-shanghai", 0)
	for day := range 30 {
		hold(t, db, b, int64(day+1)<<30)
		if err := db.MeasurePlans(t.Context(), team.Admin); err != nil {
			t.Fatal(err)
		}
		clock.Move(24 * time.Hour)
	}
	asked := ""
	if !modelstest.Postgres() { // which chooses by the rows there are
		if err := db.SeeSteps(func(statement string, steps []string) {
			if strings.Contains(statement, "spans") {
				asked += strings.Join(steps, "; ")
			}
		}); err != nil {
			t.Fatal(err)
		}
	}
	p, err := db.FindPlanPage(t.Context(), team.Viewer, id)
	if err != nil {
		t.Fatal(err)
	}
	var left []int64
	for _, x := range p.Burn.Points {
		left = append(left, x.Left>>30)
	}
	if last := p.Burn.Days[len(p.Burn.Days)-1]; last.Format(time.DateOnly) != "2027-05-21" {
		t.Errorf("got the last column to %s, want the last day", last)
	}
	if want := []int64{34, 28, 22, 16, 10}; p.Burn.Width != 6 || !slices.Equal(left, want) {
		t.Errorf("got %d days a column, %v left, want 6, %v", p.Burn.Width, left, want)
	}
	if strings.Contains(asked, "SCAN plan_deductions") || !modelstest.Postgres() && !strings.Contains(asked, "(plan_id=? AND day=?)") {
		t.Errorf("got %s, want the days of the plan alone", asked)
	}
}

func promise(t *testing.T, db *models.DB) {
	t.Helper()
	if err := db.PromiseMeasures(t.Context()); err != nil {
		t.Fatal(err)
	}
	modelstest.Work(t, db)
}

func TestEachByteIsBorneByOnePlan(t *testing.T) {
	t.Parallel()
	db, _, team := atNoon(t)
	common := example()
	common.PackageType, common.Specification = "FPT_ossbag_absolute_Storage_china_common", "100"
	archive := example()
	archive.PackageType, archive.Specification, archive.Duration = "FPT_ossbag_absolute_StorageArchive_china_common", "100", "6"
	late := example()
	late.Duration = "12"
	wide, long, short := mustPlan(t, db, team.Requester, common), mustPlan(t, db, team.Requester, late), mustPlan(t, db, team.Requester, example())
	cold := mustPlan(t, db, team.Requester, archive)
	upload(t, db, team, "cn-shanghai", 90<<30)
	upload(t, db, team, "cn-beijing", 5<<30)
	if err := db.MeasurePlans(t.Context(), team.Admin); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		plan *models.Plan
		want int64
	}{
		{"of the region, ends first", short, 40 << 30},
		{"of the region, ends later", long, 40 << 30},
		{"of all regions", wide, 15 << 30},
		{"archive storage, which no bucket holds", cold, 0},
	} {
		p, err := db.FindPlan(t.Context(), team.Viewer, tt.plan.ID)
		if err != nil || p.Used != tt.want {
			t.Errorf("%s: got %d, %v, want %d", tt.name, p.Used, err, tt.want)
		}
	}
}

func TestDayIsMeasuredOnce(t *testing.T) {
	t.Parallel()
	db, clock, team := atNoon(t)
	b := upload(t, db, team, "cn-shanghai", 3)
	id := mustPlan(t, db, team.Requester, example()).ID
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			if err := db.PromiseMeasures(context.Background()); err != nil {
				t.Errorf("promise: %v", err)
			}
			if err := db.MeasurePlans(context.Background(), team.Admin); err != nil {
				t.Errorf("measure: %v", err)
			}
		})
	}
	all.Wait()
	modelstest.Work(t, db)
	if diff := cmp.Diff([]drew{{b.ID, 20261121, 3}}, deductions(t, db, team.Viewer, id)); diff != "" {
		t.Error(diff)
	}
	jobs, err := db.ListJobs(t.Context(), team.Viewer, "") // the daily ones have no subject
	if err != nil || len(jobs) != 1 {
		t.Errorf("got %d daily jobs, %v; want 1", len(jobs), err)
	}
	hold(t, db, b, 4) // a later measurement of the day takes its place
	if err := db.MeasurePlans(t.Context(), team.Admin); err != nil {
		t.Fatal(err)
	}
	clock.Move(200 * 24 * time.Hour) // and a plan that is over is measured no more
	promise(t, db)
	if diff := cmp.Diff([]drew{{b.ID, 20261121, 4}}, deductions(t, db, team.Viewer, id)); diff != "" {
		t.Error(diff)
	}
}

func TestOneMeasurementServesAllPlansThatWaitForIt(t *testing.T) {
	t.Parallel()
	db, _, team := atNoon(t)
	other := modelstest.NewTeam(t, db)
	var ids []string
	for range 3 {
		ids = append(ids, mustPlan(t, db, team.Requester, example()).ID)
	}
	theirs := mustPlan(t, db, other.Requester, example()).ID
	for i, want := range []bool{true, true, false} { // one a team
		if more, err := db.WorkOnce(t.Context()); err != nil || more != want {
			t.Fatalf("job %d: got %v, %v; want %v", i+1, more, err, want)
		}
	}
	later := mustPlan(t, db, team.Requester, example()).ID // nothing waits any more
	modelstest.Work(t, db)
	for by, ids := range map[models.Actor][]string{team.Viewer: append(ids, later), other.Viewer: {theirs}} {
		for _, id := range ids {
			if p, err := db.FindPlan(t.Context(), by, id); err != nil || p.MeasuredAt == nil {
				t.Errorf("plan %s: got %+v, %v; want it measured", id, p, err)
			}
		}
	}
}

func TestTrafficPlanIsNotMeasured(t *testing.T) {
	t.Parallel()
	db, _, team := atNoon(t)
	upload(t, db, team, "cn-shenzhen", 3)
	in := example()
	in.PackageType, in.Specification = "FPT_ossbag_deadlineAcc_CdnOut_common_sz", "1024"
	id := mustPlan(t, db, team.Requester, in).ID
	promise(t, db)
	p, err := db.FindPlan(t.Context(), team.Viewer, id)
	if err != nil || p.Storage || p.MeasuredAt != nil || deductions(t, db, team.Viewer, id) != nil {
		t.Errorf("got %+v, %v; want a plan that nothing is drawn from", p, err)
	}
}

func TestDeletePlan(t *testing.T) {
	t.Parallel()
	db, _, team := atNoon(t)
	other := modelstest.NewTeam(t, db)
	upload(t, db, team, "cn-shanghai", 3)
	p := mustPlan(t, db, team.Requester, example())
	modelstest.Work(t, db)
	for _, c := range []struct {
		who  string
		by   models.Actor
		want error
	}{
		{"nobody", models.Actor{}, models.ErrUnauthenticated},
		{"viewer", team.Viewer, models.ErrForbidden},
		{"another team", other.Admin, models.ErrNotFound},
		{"requester", team.Requester, nil},
		{"requester again", team.Requester, models.ErrNotFound},
	} {
		if err := db.DeletePlan(t.Context(), c.by, p.ID); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.who, err, c.want)
		}
	}
	if _, err := db.FindPlan(t.Context(), team.Viewer, p.ID); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("got %v, want %v", err, models.ErrNotFound)
	}
	if _, err := db.FindOrder(t.Context(), team.Viewer, p.OrderNumber); err != nil {
		t.Errorf("its order: %v", err)
	}
	counts, err := db.Counts(t.Context(), team.Viewer)
	if err != nil || counts["plan"] != 0 {
		t.Errorf("got counts %v, %v", counts, err)
	}
}

func TestAnotherTeamsPlansDoNotExist(t *testing.T) {
	t.Parallel()
	db, _, team := atNoon(t)
	other := modelstest.NewTeam(t, db)
	p := mustPlan(t, db, team.Requester, example())
	if _, err := db.FindPlan(t.Context(), other.Admin, p.ID); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("find: got %v, want %v", err, models.ErrNotFound)
	}
	found, _, err := modelstest.List(t.Context(), db, other.Admin, models.Plans, list.Query{})
	if err != nil || len(found) != 0 {
		t.Errorf("list: got %d, %v", len(found), err)
	}
	if _, err := db.FindPlan(t.Context(), models.Actor{}, p.ID); !errors.Is(err, models.ErrUnauthenticated) {
		t.Errorf("nobody: got %v", err)
	}
	if err := db.MeasurePlans(t.Context(), team.Requester); !errors.Is(err, models.ErrForbidden) {
		t.Errorf("measure: got %v, want %v", err, models.ErrForbidden)
	}
}

func TestCursorOfAnotherListIsTheFirstPage(t *testing.T) {
	t.Parallel()
	db, _, team := atNoon(t)
	mustPlan(t, db, team.Requester, example())
	encode := base64.RawURLEncoding.EncodeToString
	for _, cursor := range []string{
		"x", encode([]byte(`["1","2"]`)), encode([]byte(`["t:2020-01-01T00:00:00Z"]`)), encode([]byte(`["t:now","x"]`)),
		encode([]byte(`["t:2020-01-01T00:00:00Z","\u0000"]`)), encode([]byte(`["t:2020-01-01T00:00:00Z","t:2020-01-01T00:00:00Z"]`)),
	} {
		found, _, err := modelstest.List(t.Context(), db, team.Viewer, models.Plans, list.Query{After: cursor})
		if err != nil || len(found) != 1 {
			t.Errorf("plans after %q: got %d, %v", cursor, len(found), err)
		}
		orders, _, err := modelstest.List(t.Context(), db, team.Viewer, models.Orders, list.Query{Before: encode([]byte(`["x"]`))})
		if err != nil || len(orders) != 1 {
			t.Errorf("orders: got %d, %v", len(orders), err)
		}
	}
}

func TestPlansAreFound(t *testing.T) {
	t.Parallel()
	db, clock, team := atNoon(t)
	p := mustPlan(t, db, team.Requester, example())
	for _, tt := range []struct {
		name string
		q    list.Query
		want int
	}{
		{"all", list.Query{}, 1},
		{"id", list.Query{Text: p.ID[len(p.ID)-5:]}, 1},
		{"code", list.Query{Text: "Storage_sh"}, 1},
		{"Chinese name", list.Query{Text: "上海"}, 1},
		{"reason", list.Query{Text: "photo desk"}, 1},
		{"nothing", list.Query{Text: "%"}, 0},
		{"type", list.With("type", p.PackageType), 1},
		{"another type", list.With("type", "x"), 0},
		{"soon over", list.With("ending", "30"), 0},
	} {
		found, _, err := modelstest.List(t.Context(), db, team.Viewer, models.Plans, tt.q)
		if err != nil || len(found) != tt.want {
			t.Errorf("%s: got %d, %v, want %d", tt.name, len(found), err, tt.want)
		}
	}
	clock.Move(p.EndsAt.Add(-29 * 24 * time.Hour).Sub(clock.Now()))
	if found, _, err := modelstest.List(t.Context(), db, team.Viewer, models.Plans, list.With("ending", "30")); err != nil || len(found) != 1 {
		t.Errorf("29 days before the end: got %d, %v, want the plan", len(found), err)
	}
}

// A plan is listed by its state whether or not the job has been there that settles
// it, and the job writes the state that the plan is in.
func TestPlansAreListedByStateBeforeAndAfterTheyAreSettled(t *testing.T) {
	t.Parallel()
	db, clock, team := atNoon(t)
	in := example()
	in.EffectiveDate = clock.Now().Add(48 * time.Hour).Format("2006-01-02T15:04:05Z")
	p := mustPlan(t, db, team.Requester, in)
	for _, at := range []time.Time{clock.Now(), p.EffectiveAt, p.EndsAt} {
		clock.Move(at.Sub(clock.Now()))
		want := p.State(at)
		for _, when := range []string{"before", "after"} {
			for _, state := range models.PlanStates {
				found, _, err := modelstest.List(t.Context(), db, team.Viewer, models.Plans, list.With("state", string(state)))
				if err != nil || (len(found) == 1) != (state == want) {
					t.Errorf("at %s, %s it is settled: the list of %s has %d plans, %v; the plan is %s", at, when, state, len(found), err, want)
				}
			}
			if err := db.SettlePlans(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		now, err := db.FindPlan(t.Context(), team.Viewer, p.ID)
		if err != nil || now.Settled != want || !now.SettledUntil.After(at) {
			t.Errorf("at %s: settled as %q until %s, %v; want %s", at, now.Settled, now.SettledUntil, err, want)
		}
	}
}
