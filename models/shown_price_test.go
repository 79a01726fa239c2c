package models_test

import (
	"testing"
	"time"

	"quartermaster/models"
)

func TestAnOrderIsRefusedAtAnotherPriceThanItsFormShowed(t *testing.T) {
	t.Parallel()
	db, clock, team := atNoon(t)
	in := planOrder(example())
	seen, err := db.PreviewOrder(t.Context(), team.Requester, in)
	if err != nil || seen.Shown() == "" {
		t.Fatalf("got %q, %v", seen.Shown(), err)
	}
	in.Shown = seen.Shown()
	mustPlace(t, db, team.Requester, in)
	mustPrice(t, db, siteAdmin(team.Admin), sixMonths("123.45", clock.Now().Add(8*time.Hour).Format("2006-01-02")))
	q, err := db.PlaceOrder(t.Context(), team.Requester, in)
	if !rejects(err, "shown_total", "price_changed") || q.Order == nil || q.Order.TotalMinor != 12345 {
		t.Fatalf("at another price: got %+v, %v", q.Order, err)
	}
	in.Shown = q.Shown()
	if o := mustPlace(t, db, team.Requester, in); o.TotalMinor != 12345 {
		t.Errorf("seen again: got %d", o.TotalMinor)
	}
	mustPlace(t, db, team.Requester, planOrder(example())) // who was shown nothing is not asked
}

func TestAnUpgradeThatCostsLessAsTimePassesIsNotAskedAgain(t *testing.T) {
	t.Parallel()
	db, clock, team := atNoon(t)
	p := mustPlan(t, db, team.Requester, example())
	upgrade := lineOrder(&models.UpgradeInput{InstanceID: p.ID, Specification: "100"})
	seen, err := db.PreviewOrder(t.Context(), team.Requester, upgrade)
	if err != nil {
		t.Fatal(err)
	}
	upgrade.Shown = seen.Shown()
	clock.Move(24 * time.Hour)
	if o := mustPlace(t, db, team.Requester, upgrade); o.TotalMinor >= seen.Order.TotalMinor {
		t.Errorf("a day later: got %d, want less than %d", o.TotalMinor, seen.Order.TotalMinor)
	}
}
