package models_test

import (
	"fmt"
	"testing"
	"time"

	"quartermaster/models"
	"quartermaster/models/list"
	"quartermaster/models/modelstest"
	"quartermaster/models/pricing"
)

func TestSpendIsWhatTheListOfItsOrdersComesTo(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	rule(t, db, team.Admin, asking(models.RuleInput{CostCentres: "held"}, "approver"))
	placed := func(centre string) *models.Order {
		in := planOrder(example())
		in.CostCentre = centre
		return mustPlace(t, db, team.Requester, in)
	}
	placed("CC-1")
	placed("CC-1")
	placed("")
	waits, approved, rejected := placed("held"), placed("held"), placed("held")
	mustDecide(t, db, team.Approver, approved, true)
	mustDecide(t, db, team.Approver, rejected, false)
	mustPlace(t, db, team.Requester, bucketOrder("costs-nothing", ""))
	if waits.State != models.OrderPending {
		t.Fatalf("got %s", waits.State)
	}
	d, err := db.FindDashboard(t.Context(), team.Approver)
	if err != nil {
		t.Fatal(err)
	}
	if d.WaitCount != 1 || len(d.Waiting) != 1 || d.Waiting[0].OrderNumber != waits.Number {
		t.Errorf("%d wait, %+v; want order %d", d.WaitCount, d.Waiting, waits.Number)
	}
	price := waits.TotalMinor
	for centre, want := range map[string]int64{"CC-1": 2, "": 1, "held": 1} {
		var got models.Spend
		for _, s := range d.Spends.Centres {
			if s.CostCentre == centre {
				got = s
			}
		}
		if got.Orders != want || got.SpendMinor != want*price {
			t.Errorf("cost centre %q: %d orders of %d, want %d of %d each", centre, got.Orders, got.SpendMinor, want, price)
		}
	}
	if len(d.Spends.Centres) != 3 || len(d.Spends.Regions) != 1 || len(d.Spends.Whole) != 1 || d.Spends.Whole[0].Orders != 4 {
		t.Errorf("got %+v", d.Spends)
	}
	month := fmt.Sprintf("%d-%02d", d.Spends.Month/100, d.Spends.Month%100)
	for ask, want := range map[string]int{"CC-1": 2, models.NoneGiven: 1, "held": 1, "other": 0} {
		q := list.With("month", month, "free", models.Spent, "centre", ask)
		rows, _, failed := modelstest.List(t.Context(), db, team.Viewer, models.Orders, q)
		s, counted, err := db.FindSpend(t.Context(), team.Viewer, q)
		if err != nil || failed != nil || !counted || len(rows) != want || len(s) != 1 || s[0].Orders != int64(want) || s[0].SpendMinor != int64(want)*price {
			t.Errorf("list of %s: %d rows, %+v, %v %v; want %d", ask, len(rows), s, counted, err, want)
		}
	}
	before := time.Date(int(d.Spends.Month/100), time.Month(d.Spends.Month%100), 1, 0, 0, 0, 0, pricing.Zone).AddDate(0, -1, 0).Format("2006-01")
	for in, want := range map[string]int{before: 0, month: 7} {
		rows, _, err := modelstest.List(t.Context(), db, team.Viewer, models.Orders, list.With("month", in, "free", "true"))
		if err != nil || len(rows) != want {
			t.Errorf("%s has %d orders, %v; want %d", in, len(rows), err, want)
		}
	}
}

func TestMonthsAreInTheCurrencyOfTheTeamAndWithTax(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	mustPlace(t, db, team.Requester, planOrder(example()))
	if err := db.AddExchangeRate(t.Context(), siteAdmin(team.Admin), models.ExchangeRateInput{Quote: "USD", Rate: "0.14", From: "2020-01-01", Source: "test"}); err != nil {
		t.Fatal(err)
	}
	reckons(t, db, team.Admin, "USD", "6", "VAT")
	o := mustPlace(t, db, team.Requester, planOrder(example()))
	d, err := db.FindDashboard(t.Context(), team.Viewer)
	if err != nil {
		t.Fatal(err)
	}
	months := d.Spent[models.KindPlan]
	if last := months[len(months)-1]; last.SpendMinor != o.PayMinor || o.PayMinor == o.TotalMinor || d.Currency != "USD" {
		t.Errorf("the chart has %+v of %s, want the %d that the order comes to", last, d.Currency, o.PayMinor)
	}
	s, _, err := db.FindSpend(t.Context(), team.Viewer, list.With("month", fmt.Sprintf("%d-%02d", d.Spends.Month/100, d.Spends.Month%100), "free", models.Spent))
	if err != nil || len(s) != 2 || s[0].Currency != "CNY" || s[1].SpendMinor != o.PayMinor || fmt.Sprint(s) != fmt.Sprint(d.Spends.Whole) {
		t.Errorf("the list has %+v and the dashboard %+v, %v; want both currencies", s, d.Spends.Whole, err)
	}
	mustFit(t, db)
}
