package models_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"quartermaster/models"
	"quartermaster/models/list"
	"quartermaster/models/modelstest"
	"quartermaster/models/pricing"
)

const ofForty = "FPT_ossbag_absolute_Storage_sh:40"

// sixMonths is a price of the plan of example, for its whole term.
func sixMonths(amount, from string) models.PriceInput {
	return models.PriceInput{SKU: ofForty, Unit: pricing.Term, Term: "6", Amount: amount, From: from, Source: "Offer 7"}
}

func mustPrice(t *testing.T, db *models.DB, by models.Actor, in models.PriceInput) string {
	t.Helper()
	id, err := db.AddPrice(t.Context(), by, "", in)
	if err != nil {
		t.Fatalf("add price: %v", err)
	}
	return id
}

func TestAPriceHoldsFromItsDayOnAndAnOrderKeepsItsOwn(t *testing.T) {
	t.Parallel()
	db, clock, team := atNoon(t)
	root := siteAdmin(team.Admin)
	before := mustPlace(t, db, team.Requester, planOrder(example()))
	id := mustPrice(t, db, root, sixMonths("123.45", "2026-12-01"))
	costs := func() int64 {
		t.Helper()
		q, err := db.PreviewOrder(t.Context(), team.Requester, planOrder(example()))
		if err != nil {
			t.Fatal(err)
		}
		return q.Order.TotalMinor
	}
	// The day begins at midnight in UTC+8, which is 16:00 UTC.
	clock.Move(time.Date(2026, 11, 30, 15, 59, 59, 0, time.UTC).Sub(clock.Now()))
	if got := costs(); got != before.TotalMinor {
		t.Errorf("a second before its day: got %d, want %d", got, before.TotalMinor)
	}
	clock.Move(time.Second)
	if got := costs(); got != 12345 {
		t.Errorf("on its day: got %d, want 12345", got)
	}
	after := mustPlace(t, db, team.Requester, planOrder(example()))
	if l := after.Lines[0]; l.PriceSource != "Offer 7" || l.PriceValidFrom == nil || !l.PriceValidFrom.Equal(time.Date(2026, 11, 30, 16, 0, 0, 0, time.UTC)) {
		t.Errorf("its order says %q since %v", l.PriceSource, l.PriceValidFrom)
	}
	mustPrice(t, db, root, sixMonths("99", "2026-12-02"))
	clock.Move(48 * time.Hour)
	if o, err := db.FindOrder(t.Context(), team.Viewer, before.Number); err != nil || o.TotalMinor != before.TotalMinor {
		t.Errorf("the older order: got %+v, %v; want its own price", o, err)
	}
	if o, err := db.FindOrder(t.Context(), team.Viewer, after.Number); err != nil || o.TotalMinor != 12345 {
		t.Errorf("the newer order: got %+v, %v; want its own price", o, err)
	}
	p, err := db.FindPricePage(t.Context(), team.Viewer, id)
	if err != nil || len(p.Lines) != 3 || p.Lines[0].State != models.PriceNow || p.Lines[0].Amount() != "99.00" || p.Lines[1].ID != id || p.Lines[2].State != models.PricePast {
		t.Errorf("its page has %+v, %v", p, err)
	}
}

func TestAPriceIsOnlyAddedAndNeverChanged(t *testing.T) {
	t.Parallel()
	db, clock, team := atNoon(t)
	root := siteAdmin(team.Admin)
	first := mustPrice(t, db, root, sixMonths("123.45", "2026-12-01"))
	store := models.PriceInput{SKU: "lms.cu.xlarge", Region: "cn-north-7", Unit: pricing.Hour, Amount: "2.385", From: "2026-12-01", Source: "x"}
	with := func(in models.PriceInput, change func(*models.PriceInput)) models.PriceInput { change(&in); return in }
	for what, c := range map[string]struct {
		in          models.PriceInput
		field, rule string
	}{
		"of the same day":         {sixMonths("200", "2026-12-01"), "price_from", "price_day"},
		"of yesterday":            {sixMonths("200", "2026-11-20"), "price_from", "day_past"},
		"of no day":               {sixMonths("200", "2026-02-30"), "price_from", "date"},
		"of nothing":              {sixMonths("0", "2026-12-02"), "price_amount", "price"},
		"too fine":                {sixMonths("1.2345678", "2026-12-02"), "price_amount", "price"},
		"of a term not sold":      {with(sixMonths("1", "2026-12-02"), func(in *models.PriceInput) { in.Term = "7" }), "price_term", "not_offered"},
		"of no SKU":               {with(sixMonths("1", "2026-12-02"), func(in *models.PriceInput) { in.SKU = "gold" }), "price_item", "unknown"},
		"of a plan's region":      {with(sixMonths("1", "2026-12-02"), func(in *models.PriceInput) { in.Region = "cn" }), "price_region", "price_region"},
		"of a plan's hour":        {with(sixMonths("1", "2026-12-02"), func(in *models.PriceInput) { in.Unit = pricing.Hour }), "price_unit", "not_offered"},
		"of a region for buckets": {with(store, func(in *models.PriceInput) { in.Region = "cn-shanghai" }), "price_region", "unknown"},
		"without a source":        {with(store, func(in *models.PriceInput) { in.Source = "" }), "price_source", "required"},
	} {
		if _, err := db.AddPrice(t.Context(), root, "", c.in); !rejects(err, c.field, c.rule) {
			t.Errorf("a price %s: got %v, want %s %s", what, err, c.field, c.rule)
		}
	}
	mustPrice(t, db, root, store)
	if _, err := db.AddPrice(t.Context(), team.Admin, "", store); !errors.Is(err, models.ErrForbidden) {
		t.Errorf("a team's admin adds one: %v", err)
	}
	if err := db.WithdrawPrice(t.Context(), team.Admin, first); !errors.Is(err, models.ErrForbidden) {
		t.Errorf("a team's admin withdraws one: %v", err)
	}
	if err := db.WithdrawPrice(t.Context(), root, first); err != nil {
		t.Fatal(err)
	}
	first = mustPrice(t, db, root, sixMonths("150", "2026-12-01"))
	clock.Move(11 * 24 * time.Hour)
	if err := db.WithdrawPrice(t.Context(), root, first); !errors.Is(err, models.ErrConflict) {
		t.Errorf("withdraw one whose day has come: %v, want ErrConflict", err)
	}
	if err := db.WithdrawPrice(t.Context(), root, "none"); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("withdraw none: %v", err)
	}
}

func TestOfTwoWhoAddAPriceTheSecondIsShownTheFirst(t *testing.T) {
	t.Parallel()
	db, _, team := atNoon(t)
	root := siteAdmin(team.Admin)
	prices, _, err := modelstest.List(t.Context(), db, team.Viewer, models.Prices, list.Query{Text: ofForty})
	if err != nil || len(prices) == 0 {
		t.Fatalf("got %d prices, %v", len(prices), err)
	}
	at := func(p models.PriceLine) bool { return p.Unit == pricing.Term && p.TermMonths == 6 }
	shown, of := "", ""
	for _, p := range prices {
		if at(p) {
			page, err := db.FindPricePage(t.Context(), team.Viewer, p.ID)
			if err != nil {
				t.Fatal(err)
			}
			shown, of = page.Shown, p.ID
		}
	}
	var all sync.WaitGroup
	errs := make([]error, 4)
	for i := range errs {
		all.Go(func() {
			in := sixMonths(fmt.Sprint(100+i), fmt.Sprintf("2026-12-%02d", i+1))
			in.Shown = shown
			_, errs[i] = db.AddPrice(t.Context(), root, of, in)
		})
	}
	all.Wait()
	added := 0
	for _, err := range errs {
		var changed models.Changed
		if err == nil {
			added++
		} else if !errors.As(err, &changed) || len(changed) != 1 || changed[0].By != root.UserName || changed[0].From == "" {
			t.Errorf("got %v, %+v; want what was added meanwhile", err, changed)
		}
	}
	if added != 1 {
		t.Errorf("%d of 4 were added, want 1", added)
	}
}

func TestTheCatalogueSaysWhatTheNextChangeDoes(t *testing.T) {
	t.Parallel()
	db, clock, team := atNoon(t)
	root := siteAdmin(team.Admin)
	mustPrice(t, db, root, sixMonths("123.45", "2026-12-24"))
	mustPrice(t, db, root, models.PriceInput{SKU: "lms.cu.xlarge", Region: "cn-north-7", Unit: pricing.Hour, Amount: "2.5", From: "2026-12-01", Source: "x"})
	read := func(q list.Query) []models.Offer {
		t.Helper()
		offers, _, err := modelstest.List(t.Context(), db, team.Viewer, models.Offers, q)
		if err != nil {
			t.Fatal(err)
		}
		return offers
	}
	changes := read(list.Query{Filters: map[string]string{"change": "true"}, Reverse: true})
	if len(changes) != 2 || changes[0].Next.Day() != "2026-12-01" || changes[0].Region != "cn-north-7" || changes[1].Next.Amount() != "123.45" || changes[1].Price.ID == "" {
		t.Fatalf("the changes ahead are %+v", changes)
	}
	clock.Move(11 * 24 * time.Hour)
	if changes := read(list.Query{Filters: map[string]string{"change": "true"}}); len(changes) != 1 || changes[0].Next.Day() != "2026-12-24" {
		t.Errorf("after the first: got %+v", changes)
	}
	off := read(list.Query{Filters: map[string]string{"state": "off"}})
	if len(off) == 0 || off[0].Item.Type.OnSale {
		t.Errorf("off sale: got %+v", off)
	}
	if stores := read(list.Query{Filters: map[string]string{"kind": "store", "region": "cn-south-1"}, Text: "16XL"}); len(stores) != 3 {
		t.Errorf("got %d offers of the largest flavor, want by hour, month and year", len(stores))
	}
	if _, err := models.Offers.Read(t.Context(), db, models.Actor{}, list.Query{}); !errors.Is(err, models.ErrUnauthenticated) {
		t.Errorf("nobody reads the catalogue: %v", err)
	}
}

// Every order of a list that memory has gives each row once, forwards and back.
func TestPagesOfTheCatalogueSkipAndRepeatNothing(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	by := modelstest.NewTeam(t, db).Viewer
	all, page, err := modelstest.List(t.Context(), db, by, models.Offers, list.Query{Size: 10_000})
	if err != nil || page.Next != "" || int64(len(all)) != page.Total {
		t.Fatalf("got %d of %d offers, next %q, %v", len(all), page.Total, page.Next, err)
	}
	key := func(o models.Offer) string { return fmt.Sprint(o.Item.SKU, o.Region, o.Unit, o.TermMonths) }
	for _, sort := range models.Offers.Sorts {
		for _, reverse := range []bool{false, true} {
			q := list.Query{Sort: sort.Name, Reverse: reverse, Size: 7}
			seen := map[string]bool{}
			var order []string
			for {
				rows, page, err := modelstest.List(t.Context(), db, by, models.Offers, q)
				if err != nil {
					t.Fatal(err)
				}
				for _, o := range rows {
					seen[key(o)] = true
					order = append(order, key(o))
				}
				if q.After = page.Next; q.After == "" {
					q.Before = page.Prev
					break
				}
			}
			if len(seen) != len(all) || len(order) != len(all) {
				t.Errorf("by %s: got %d rows and %d of them different, want %d", sort.Name, len(order), len(seen), len(all))
			}
			rows, _, err := modelstest.List(t.Context(), db, by, models.Offers, q)
			last := len(order) - 1 - (len(order)-1)%7
			if err != nil || len(rows) != 7 || key(rows[0]) != order[last-7] {
				t.Errorf("by %s, back from the last page: got %d rows, %v", sort.Name, len(rows), err)
			}
		}
	}
}

func TestAnotherProcessSellsAtThePriceThatOneWasGiven(t *testing.T) {
	t.Parallel()
	o := modelstest.Choose(t, models.Options{})
	db := modelstest.OpenWith(t, o)
	team := modelstest.NewTeam(t, db)
	costs := func() (int64, error) {
		q, err := db.PreviewOrder(t.Context(), team.Requester, planOrder(example()))
		if err != nil {
			return 0, err
		}
		return q.Order.TotalMinor, nil
	}
	for range 2 { // so that it is remembered
		if n, err := costs(); err != nil || n != 2250 {
			t.Fatalf("before: %d, %v", n, err)
		}
	}
	const add = `INSERT INTO prices (id, team_id, sku, region, unit, term_months, currency, micro, valid_from, source, ours)
		SELECT CAST(? AS text), CAST(? AS text), sku, region, unit, term_months, currency, CAST(? AS bigint), valid_from, source, ours FROM prices WHERE sku = ? AND term_months = 6`
	modelstest.Exec(t, o, add, "p-1", team.Admin.TeamID, 20_000_000, ofForty)
	if n, err := costs(); err != nil || n != 2000 {
		t.Errorf("of its own price it asks for %d, %v; want 2000", n, err)
	}
	modelstest.Exec(t, o, "DELETE FROM prices WHERE id = ?", "p-1")
	modelstest.Exec(t, o, "UPDATE prices SET micro = ? WHERE sku = ? AND term_months = 6", 123_450_000, ofForty)
	if n, err := costs(); err != nil || n != 12345 {
		t.Errorf("it asks for %d, %v; want 12345", n, err)
	}
	modelstest.Exec(t, o, "UPDATE specifications SET off = true WHERE package_type || ':' || value = ?", ofForty)
	if _, err := costs(); err == nil {
		t.Error("it sells what another took off sale")
	}
}

func TestANextPriceIsOfWhatTheLineIsThatItFollows(t *testing.T) {
	t.Parallel()
	db, _, team := atNoon(t)
	root := siteAdmin(team.Admin)
	first := mustPrice(t, db, root, sixMonths("100", "2026-12-01"))
	page, err := db.FindPricePage(t.Context(), team.Viewer, first)
	if err != nil {
		t.Fatal(err)
	}
	in := sixMonths("120", "2026-12-02")
	in.SKU, in.Term, in.Shown = "lms.cu.xlarge", "12", page.Shown
	second, err := db.AddPrice(t.Context(), root, first, in)
	if err != nil {
		t.Fatal(err)
	}
	if p, err := db.FindPricePage(t.Context(), team.Viewer, second); err != nil || p.Of().SKU != ofForty || p.Of().TermMonths != 6 {
		t.Errorf("it is of %+v, %v", p, err)
	}
	var changed models.Changed
	for _, shown := range []string{"", "%", page.Shown} {
		in.From, in.Shown = "2026-12-03", shown
		if _, err := db.AddPrice(t.Context(), root, first, in); !errors.As(err, &changed) || changed[0].To != "120.00 (2026-12-02)" {
			t.Errorf("a form that showed %q: got %v, want what was added meanwhile", shown, err)
		}
	}
	if _, err := db.AddPrice(t.Context(), root, "none", in); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("after none: got %v", err)
	}
}

// ofTeam is a price of a team alone.
func ofTeam(team string, in models.PriceInput) models.PriceInput {
	in.Team = team
	return in
}

func TestATeamsOwnPriceIsItsOwn(t *testing.T) {
	t.Parallel()
	db, clock, team := atNoon(t)
	other := modelstest.NewTeam(t, db)
	root, keeper := siteAdmin(other.Admin), other.Admin
	keeper.SiteAdmin = true
	costs := func(by models.Actor) int64 {
		t.Helper()
		q, err := db.PreviewOrder(t.Context(), by, planOrder(example()))
		if err != nil {
			t.Fatal(err)
		}
		return q.Order.TotalMinor
	}
	offer := func(by models.Actor) models.Offer {
		t.Helper()
		all, _, err := modelstest.List(t.Context(), db, by, models.Offers, list.Query{Text: ofForty})
		for _, o := range all {
			if err == nil && o.TermMonths == 6 {
				return o
			}
		}
		t.Fatalf("%d offers, %v", len(all), err)
		return models.Offer{}
	}
	first := mustPlace(t, db, team.Requester, planOrder(example()))
	today := clock.Now().In(pricing.Zone)
	id := mustPrice(t, db, root, ofTeam(team.Admin.TeamID, sixMonths("20", today.Format(time.DateOnly))))
	mustPrice(t, db, root, ofTeam(team.Admin.TeamID, sixMonths("", today.AddDate(0, 0, 10).Format(time.DateOnly))))
	if mine, theirs := costs(team.Requester), costs(other.Requester); mine != 2000 || theirs != 2250 {
		t.Fatalf("it costs the team %d and another %d, want 2000 and 2250", mine, theirs)
	}
	if o := offer(team.Viewer); o.Price.ID != id || o.Listed.Micro != 22_500_000 || o.Next.TeamID != "" || o.Next.Day() != today.AddDate(0, 0, 10).Format(time.DateOnly) {
		t.Errorf("the team is offered %+v", o)
	}
	if o := offer(other.Viewer); o.Price.Micro != 22_500_000 || o.Listed.ID != "" || o.Next.ID != "" {
		t.Errorf("another team is offered %+v", o)
	}
	o := mustPlace(t, db, team.Requester, planOrder(example()))
	if l := o.Lines[0]; l.PriceSource != "team:Offer 7" || l.AmountMinor != 2000 {
		t.Errorf("its order says %q for %d", l.PriceSource, l.AmountMinor)
	}
	renewal := lineOrder(&models.RenewInput{InstanceID: first.Lines[0].ResourceID, Duration: "6", PricingCycle: pricing.Monthly})
	if q, err := db.PreviewOrder(t.Context(), team.Requester, renewal); err != nil || q.Order.TotalMinor != 2000 {
		t.Errorf("a renewal costs %+v, %v; want 2000", q.Order, err)
	}
	if _, err := db.FindPricePage(t.Context(), other.Viewer, id); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("another team finds its page: %v", err)
	}
	for what, by := range map[string]models.Actor{"a member": team.Viewer, "a site admin": keeper} {
		if p, err := db.FindPricePage(t.Context(), by, id); err != nil || len(p.Lines) != 2 || p.Of().TeamName == "" {
			t.Errorf("%s finds %+v, %v", what, p, err)
		}
	}
	for by, want := range map[string]int{"the team": 2, "another": 0} {
		actor := map[string]models.Actor{"the team": team.Viewer, "another": other.Viewer}[by]
		all, _, err := modelstest.List(t.Context(), db, actor, models.Prices, list.Query{Size: 10_000})
		own := 0
		for _, p := range all {
			if p.TeamID != "" {
				own++
			}
		}
		if err != nil || own != want {
			t.Errorf("%s reads %d own prices, %v; want %d", by, own, err, want)
		}
		events, _, err := modelstest.List(t.Context(), db, actor, models.Events, list.Query{})
		if err != nil || countAction(events, "price.added") != want {
			t.Errorf("%s reads of %d prices, %v; want %d", by, countAction(events, "price.added"), err, want)
		}
	}
	clock.Move(11 * 24 * time.Hour)
	if mine := costs(team.Requester); mine != 2250 {
		t.Errorf("ended, it costs %d, want 2250", mine)
	}
	for field, in := range map[string]models.PriceInput{"price_amount": sixMonths("", "2027-12-01"), "price_team": ofTeam("none", sixMonths("1", "2027-12-01"))} {
		if _, err := db.AddPrice(t.Context(), root, "", in); !rejects(err, field, map[string]string{"price_amount": "required", "price_team": "unknown"}[field]) {
			t.Errorf("%s: got %v", field, err)
		}
	}
}
