package models_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"quartermaster/models"
	"quartermaster/models/list"
	"quartermaster/models/modelstest"
)

// edited is an order for a plan of so many months that replaces another.
func edited(o *models.Order, months string) models.OrderInput {
	in := planOrder(example())
	in.Lines[0].(*models.PlanInput).Duration = months
	in.Replaces, in.Seen = o.Number, o.Version
	return in
}

func TestOrderThatWaitsIsEditedUnderItsNumber(t *testing.T) {
	t.Parallel()
	db, clock, team := atNoon(t)
	budget(t, db, team.Admin, "", "refuse", 5000)
	rule(t, db, team.Admin, asking(models.RuleInput{Over: "10"}, "approver", "admin"))
	first := mustPlace(t, db, team.Requester, planOrder(example()))
	seen := mustDecide(t, db, team.Approver, first, true)
	clock.Move(13 * 24 * time.Hour)
	in := edited(seen, "12")
	in.Note = "a year"
	preview, err := db.PreviewOrder(t.Context(), team.Requester, in)
	if err != nil || preview.Effects[0].TakenMinor != 0 {
		t.Errorf("preview: %v with %+v; want nothing taken by the order itself", err, preview.Effects)
	}
	now := mustPlace(t, db, team.Requester, in)
	if now.Number != first.Number || now.State != models.OrderPending || now.Version <= seen.Version || now.TotalMinor != 4050 || !now.CreatedAt.Equal(first.CreatedAt) {
		t.Fatalf("got %+v, want order %d to wait with 4050", now, first.Number)
	}
	if kept := findOrder(t, db, team.Viewer, now.Number); kept.TotalMinor != 4050 || kept.Note != "a year" || len(kept.Lines) != 1 || kept.Lines[0].TermN != 12 {
		t.Errorf("the order is kept as %+v", kept)
	}
	if reserved, _ := use(t, db, team.Viewer); reserved != 4050 {
		t.Errorf("%d reserved, want 4050", reserved)
	}
	page, err := db.FindOrderPage(t.Context(), team.Viewer, now.Number)
	if err != nil || len(page.Versions) != 1 || page.Versions[0].Was.TotalMinor != 2250 || page.Versions[0].Forms[0].Get("duration") != "6" {
		t.Fatalf("got versions %+v, %v", page.Versions, err)
	}
	if was := page.Versions[0].Way; len(was) != 2 || was[0].DecidedBy != team.Approver.UserID || was[1].State != models.ApprovalEnded {
		t.Errorf("the first version took %+v", was)
	}
	if len(page.Sheet.Way) != 2 || page.Sheet.Way[0].State != models.ApprovalOpen {
		t.Errorf("the order takes %+v, want both steps anew", page.Sheet.Way)
	}
	for what, by := range map[string]models.Actor{"the admin": team.Admin, "the approver": team.Approver} {
		if _, err := db.DecideOrder(t.Context(), by, now.Number, seen.Version, true, ""); !errors.Is(err, models.ErrConflict) {
			t.Errorf("%s decides the version before: %v", what, err)
		}
	}
	// It lapses by when it was edited, and is decided anew by the same people.
	clock.Move(13 * 24 * time.Hour)
	if err := db.LapseOrders(t.Context()); err != nil {
		t.Fatal(err)
	}
	if rows, _, err := modelstest.List(t.Context(), db, team.Approver, models.Approvals, list.Query{}); err != nil || len(rows) != 1 {
		t.Errorf("%d orders wait for the approver, %v; want the edited one", len(rows), err)
	}
	now = mustDecide(t, db, team.Admin, mustDecide(t, db, team.Approver, now, true), true)
	if _, spent := use(t, db, team.Viewer); now.State != models.OrderCompleted || spent != 4050 {
		t.Errorf("decided, it is %s with %d spent", now.State, spent)
	}
	if got := ordered(t, db, team.Viewer, now.Number); got != "order.placed order.step_approved order.resubmitted order.step_approved order.approved" {
		t.Errorf("the record says %q", got)
	}
	if report, err := db.Check(t.Context(), models.CheckInput{Meter: new(models.Meter)}); err != nil || len(report.Findings) > 0 {
		t.Errorf("check: %+v, %v", report, err)
	}
}

func TestEditedOrderRunsWhenNoRuleHoldsItAnyMore(t *testing.T) {
	t.Parallel()
	db, _, team := atNoon(t)
	rule(t, db, team.Admin, asking(models.RuleInput{Over: "10"}, "approver"))
	first := mustPlace(t, db, team.Requester, planOrder(example()))
	now := mustPlace(t, db, team.Requester, edited(first, "1"))
	if kept := findOrder(t, db, team.Viewer, first.Number); now.State != models.OrderCompleted || kept.State != models.OrderCompleted || kept.Lines[0].ResourceID == "" {
		t.Errorf("got %s, kept %s with %q", now.State, kept.State, kept.Lines[0].ResourceID)
	}
	if counts := mustCounts(t, db, team.Viewer); counts["plan"] != 1 || counts["order.paid"] != 1 {
		t.Errorf("counted %v", counts)
	}
}

func TestOrderIsEditedByWhoAskedAsItWasSeen(t *testing.T) {
	t.Parallel()
	db, _, team := holding(t)
	order := mustPlace(t, db, team.Requester, planOrder(example()))
	for what, by := range map[string]models.Actor{"an approver": team.Approver, "an admin": team.Admin, "a viewer": team.Viewer, "a script": byAPI(team.Requester)} {
		if _, err := db.PlaceOrder(t.Context(), by, edited(order, "12")); !errors.Is(err, models.ErrForbidden) {
			t.Errorf("%s: got %v, want %v", what, err, models.ErrForbidden)
		}
	}
	other := modelstest.NewTeam(t, db)
	if _, err := db.PlaceOrder(t.Context(), other.Requester, edited(order, "12")); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("another team: got %v, want %v", err, models.ErrNotFound)
	}
	// The form sent twice is one new version; one of before is refused.
	twice := edited(order, "12")
	now := mustPlace(t, db, team.Requester, twice)
	if again := mustPlace(t, db, team.Requester, twice); again.Version != now.Version {
		t.Errorf("sent twice, it has version %d, want %d", again.Version, now.Version)
	}
	if _, err := db.PlaceOrder(t.Context(), team.Requester, edited(order, "1")); !rejects(err, "", "order_changed") {
		t.Errorf("as it was before: got %v, want order_changed", err)
	}
	if _, err := db.PlaceOrder(t.Context(), team.Requester, func() models.OrderInput {
		in := bucketOrder("no-plan", "")
		in.Replaces, in.Seen = now.Number, now.Version
		return in
	}()); !errors.Is(err, models.ErrConflict) {
		t.Errorf("another kind: got %v, want %v", err, models.ErrConflict)
	}
	// What is refused leaves the order as it was.
	if _, err := db.PlaceOrder(t.Context(), team.Requester, edited(now, "5")); !rejects(err, "duration", "not_offered") {
		t.Errorf("refused: got %v", err)
	}
	if kept := findOrder(t, db, team.Viewer, now.Number); kept.Version != now.Version || kept.TotalMinor != now.TotalMinor {
		t.Errorf("refused, it became %+v", kept)
	}
	mustDecide(t, db, team.Approver, now, false)
	if _, err := db.PlaceOrder(t.Context(), team.Requester, edited(now, "1")); !rejects(err, "", "order_changed") {
		t.Errorf("decided: got %v, want order_changed", err)
	}
}

// TestEditingAndDecidingAtOnceIsOneOfThem lets an order be edited, decided and
// cancelled at the same moment: one wins, and the others hear of it.
func TestEditingAndDecidingAtOnceIsOneOfThem(t *testing.T) {
	t.Parallel()
	db, _, team := holding(t)
	for range 10 {
		order := mustPlace(t, db, team.Requester, planOrder(example()))
		errs := make([]error, 4)
		var all sync.WaitGroup
		all.Go(func() { _, errs[0] = db.PlaceOrder(t.Context(), team.Requester, edited(order, "12")) })
		all.Go(func() { _, errs[1] = db.DecideOrder(t.Context(), team.Approver, order.Number, order.Version, true, "") })
		all.Go(func() { _, errs[2] = db.DecideOrder(t.Context(), team.Admin, order.Number, order.Version, false, "no") })
		all.Go(func() { _, errs[3] = db.CancelOrder(t.Context(), team.Requester, order.Number, order.Version) })
		all.Wait()
		won := 0
		for i, err := range errs {
			switch {
			case err == nil:
				won++
			case !errors.Is(err, models.ErrConflict) && !rejects(err, "", "order_changed"):
				t.Errorf("%d: got %v", i, err)
			}
		}
		if won != 1 {
			t.Errorf("%d of 4 won: %v", won, errs)
		}
	}
}
