package models_test

import (
	"errors"
	"testing"
	"time"

	"quartermaster/models"
	"quartermaster/models/pricing"
)

// reckons gives a team a currency and a tax.
func reckons(t *testing.T, db *models.DB, by models.Actor, currency, rate, name string) {
	t.Helper()
	in := mustTeam(t, db, by).Settings()
	in.Currency, in.TaxRate, in.TaxName = currency, rate, name
	if err := db.UpdateSettings(t.Context(), by, in); err != nil {
		t.Fatalf("set currency: %v", err)
	}
}

func siteAdmin(by models.Actor) models.Actor {
	by.SiteAdmin = true
	return by.ForSite()
}

func TestOrderCarriesTaxAndTheRateOfItsDay(t *testing.T) {
	t.Parallel()
	db, clock, team := atNoon(t)
	net := mustPlace(t, db, team.Requester, planOrder(example())).TotalMinor
	reckons(t, db, team.Admin, "CNY", "6", "VAT")
	o := mustPlace(t, db, team.Requester, planOrder(example()))
	tax, err := pricing.Tax(net, 600)
	if err != nil || o.TaxMinor != tax || o.TotalMinor != net+tax || o.PayMinor != o.TotalMinor || o.PayCurrency != "CNY" || o.TaxRate != 600 || o.TaxName != "VAT" || o.RateMicro != 0 {
		t.Errorf("with tax: got %+v", o)
	}
	reckons(t, db, team.Admin, "USD", "6", "VAT")
	if q, err := db.PreviewOrder(t.Context(), team.Requester, planOrder(example())); !rejects(err, "", "no_rate") || q.Order.TotalMinor != net+tax {
		t.Errorf("without a rate: %v with %+v", err, q.Order)
	}
	if free := mustPlace(t, db, team.Requester, bucketOrder("free-of-charge", "")); free.PayMinor != 0 || free.PayCurrency != "USD" {
		t.Errorf("a free order is %+v", free)
	}
	add := func(rate, from string) error {
		return db.AddExchangeRate(t.Context(), siteAdmin(team.Admin), models.ExchangeRateInput{Quote: "USD", Rate: rate, From: from, Source: "PBOC"})
	}
	for _, err := range []error{add("0.14", "2026-11-01"), add("0.15", "2026-11-20"), add("0.2", "2026-12-01")} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for what, c := range map[string]struct {
		err         error
		field, rule string
	}{
		"an older one": {add("0.16", "2026-11-25"), "rate_from", "not_newer"},
		"the same day": {add("0.16", "2026-12-01"), "rate_from", "not_newer"},
		"no rate":      {add("0", "2026-12-02"), "rate", "rate"},
		"no day":       {add("1", "2026-02-30"), "rate_from", "date"},
	} {
		if !rejects(c.err, c.field, c.rule) {
			t.Errorf("%s: got %v", what, c.err)
		}
	}
	if err := db.AddExchangeRate(t.Context(), team.Admin, models.ExchangeRateInput{}); !errors.Is(err, models.ErrForbidden) {
		t.Errorf("a team admin adds one: %v", err)
	}
	if rates, err := db.ListExchangeRates(t.Context(), siteAdmin(team.Admin)); err != nil || len(rates) != 3 || rates[0].RateMicro != 200_000 {
		t.Errorf("the rates are %+v, %v", rates, err)
	}
	o = mustPlace(t, db, team.Requester, planOrder(example()))
	pay, err := pricing.Exchange(net+tax, 150_000)
	if err != nil || o.PayMinor != pay || o.PayCurrency != "USD" || o.RateMicro != 150_000 || o.RateSource != "PBOC" || o.RateFrom == nil || o.Currency != "CNY" || o.TotalMinor != net+tax {
		t.Errorf("exchanged: got %+v", o)
	}
	shown := planOrder(example())
	q, err := db.PreviewOrder(t.Context(), team.Requester, shown)
	if err != nil {
		t.Fatal(err)
	}
	shown.Shown = q.Shown()
	clock.Move(10 * 24 * time.Hour)
	if _, err := db.PlaceOrder(t.Context(), team.Requester, shown); !rejects(err, "shown_total", "price_changed") {
		t.Errorf("at another rate than the form showed: %v", err)
	}
	if kept := findOrder(t, db, team.Viewer, o.Number); kept.PayMinor != pay {
		t.Errorf("a day later it is %d, want %d", kept.PayMinor, pay)
	}
	if later := mustPlace(t, db, team.Requester, planOrder(example())); later.RateMicro != 200_000 {
		t.Errorf("the next order has the rate %d", later.RateMicro)
	}
	mustFit(t, db)
}

func TestBudgetsAndRulesReckonInTheCurrencyOfTheTeam(t *testing.T) {
	t.Parallel()
	db, clock, team := atNoon(t)
	net := mustPlace(t, db, team.Requester, planOrder(example())).TotalMinor
	reckons(t, db, team.Admin, "USD", "10", "GST")
	if err := db.AddExchangeRate(t.Context(), siteAdmin(team.Admin), models.ExchangeRateInput{Quote: "USD", Rate: "0.1", From: "2026-11-01", Source: "PBOC"}); err != nil {
		t.Fatal(err)
	}
	taxed, err := pricing.Taxed(net, 1000)
	if err != nil {
		t.Fatal(err)
	}
	price, err := pricing.Exchange(taxed, 100_000)
	if err != nil {
		t.Fatal(err)
	}
	b := budget(t, db, team.Admin, "", "refuse", 3*price+1_000_00)
	mustPlace(t, db, team.Requester, planOrder(example()))
	if _, spent := use(t, db, team.Viewer); spent != price {
		t.Errorf("%d is spent, want %d", spent, price)
	}
	readyStore(t, db, team.Requester, storeInput("handbook"))
	hourly := func(d time.Duration) int64 { // with the tax, a tenth
		n, err := pricing.MulDiv(unit*11/100, int64(d/time.Minute), 60*pricing.MicroPerMinor)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if reserved, _ := use(t, db, team.Viewer); !near(reserved, hourly(til(clock, 2026, time.December))) {
		t.Errorf("%d is reserved for what runs, want %d", reserved, hourly(til(clock, 2026, time.December)))
	}
	clock.Move(til(clock, 2026, time.December))
	mustRenew(t, db)
	if reserved, _ := use(t, db, team.Viewer); !near(reserved, hourly(31*24*time.Hour)) {
		t.Errorf("%d is reserved in the next month, want %d", reserved, hourly(31*24*time.Hour))
	}
	in := mustTeam(t, db, team.Admin).Settings()
	in.Currency = "EUR"
	if err := db.UpdateSettings(t.Context(), team.Admin, in); !rejects(err, "currency", "currency_used") {
		t.Errorf("another currency with budgets: %v", err)
	}
	if err := db.DeleteBudget(t.Context(), team.Admin, 1, b.ID); err != nil {
		t.Fatal(err)
	}
	rule(t, db, team.Admin, asking(models.RuleInput{Over: pricing.Decimal(price)}, "approver"))
	if o := mustPlace(t, db, team.Requester, planOrder(example())); o.State != models.OrderCompleted {
		t.Errorf("an order of just the amount is %s", o.State)
	}
	dear := example()
	dear.Duration = "12"
	o := mustPlace(t, db, team.Requester, planOrder(dear))
	if o.State != models.OrderPending || o.Sentence.Currency != "USD" {
		t.Errorf("a dearer one is %s by %+v", o.State, o.Sentence)
	}
	in2 := planOrder(example())
	in2.Replaces, in2.Seen = o.Number, o.Version
	mustPlace(t, db, team.Requester, in2)
	kept := findOrder(t, db, team.Viewer, o.Number)
	if pay, err := pricing.Exchange(kept.TotalMinor, 100_000); err != nil || kept.TotalMinor != taxed || kept.PayMinor != pay || kept.TaxRate != 1000 {
		t.Errorf("edited it comes to %d of %d, %v", kept.PayMinor, kept.TotalMinor, err)
	}
	mustFit(t, db)
}
