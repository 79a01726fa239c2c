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
	id, err := db.AddPrice(t.Context(), by, in)
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
		if _, err := db.AddPrice(t.Context(), root, c.in); !rejects(err, c.field, c.rule) {
			t.Errorf("a price %s: got %v, want %s %s", what, err, c.field, c.rule)
		}
	}
	mustPrice(t, db, root, store)
	if _, err := db.AddPrice(t.Context(), team.Admin, store); !errors.Is(err, models.ErrForbidden) {
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
	shown := ""
	for _, p := range prices {
		if at(p) {
			page, err := db.FindPricePage(t.Context(), team.Viewer, p.ID)
			if err != nil {
				t.Fatal(err)
			}
			shown = page.Shown
		}
	}
	var all sync.WaitGroup
	errs := make([]error, 4)
	for i := range errs {
		all.Go(func() {
			in := sixMonths(fmt.Sprint(100+i), fmt.Sprintf("2026-12-%02d", i+1))
			in.Shown = shown
			_, errs[i] = db.AddPrice(t.Context(), root, in)
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
