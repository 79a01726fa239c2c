package models_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"quartermaster/models"
	"quartermaster/models/modelstest"
	"quartermaster/models/pricing"
)

// changed are the changes of an order as it is kept, in a line each.
func changed(t *testing.T, db *models.DB, by models.Actor, number int64) string {
	t.Helper()
	side := func(v models.FactValue) string {
		switch {
		case v.At != nil:
			return v.At.UTC().Format(time.DateOnly)
		case v.Micro != 0:
			return fmt.Sprintf("%dµ", v.Micro)
		case v.Text != "":
			return v.Text
		}
		return fmt.Sprint(v.Minor)
	}
	var out []string
	for _, c := range findOrder(t, db, by, number).Lines[0].Changes {
		out = append(out, fmt.Sprintf("%s: %s → %s", c.Fact, side(c.From), side(c.To)))
	}
	return strings.Join(out, "\n")
}

func TestOrderTellsForEverWhatItChanges(t *testing.T) {
	t.Parallel()
	db, clock, team := atNoon(t)
	p := mustPlan(t, db, team.Requester, example())
	small := storeInput("by-the-hour")
	small.Num = 2
	hourly := readyStore(t, db, team.Requester, small)
	ahead := storeInput("in-advance")
	ahead.ChargeMode, ahead.PeriodType, ahead.PeriodNum = "prePaid", "month", 2
	prepaid := readyStore(t, db, team.Requester, ahead)
	if got := changed(t, db, team.Viewer, p.OrderNumber); got != "" {
		t.Errorf("an order of a new plan changes %q", got)
	}
	clock.Move(48 * time.Hour)
	otherwise(t, db, team.Admin, "approver")
	for _, c := range []struct {
		in    models.OrderInput
		first int64
		want  string
	}{
		{lineOrder(&models.RenewInput{InstanceID: p.ID, Duration: "12", PricingCycle: pricing.Monthly}), p.OrderNumber,
			"ends: 2027-05-21 → 2028-05-21\nper_month: 375 → 338"},
		{lineOrder(&models.UpgradeInput{InstanceID: p.ID, Specification: "100"}), p.OrderNumber,
			"size: 40 GB → 100 GB\nper_month: 450 → 1080"},
		{scaleOrder(hourly.ID, 4, ""), hourly.OrderNumber,
			"units: xlarge × 2 → xlarge × 4\nhourly: 4770000µ → 9540000µ\nmonthly: 348210 → 696420"},
		{scaleOrder(prepaid.ID, 3, ""), prepaid.OrderNumber,
			"units: xlarge × 1 → xlarge × 3\nper_month: 118000 → 354000"},
	} {
		order := mustPlace(t, db, team.Requester, c.in)
		if got := changed(t, db, team.Viewer, order.Number); got != c.want {
			t.Errorf("waiting, %s changes\n%s\nwant\n%s", order.Title, got, c.want)
		}
		mustDecide(t, db, team.Approver, order, true)
		modelstest.Work(t, db)
		if got := changed(t, db, team.Viewer, order.Number); got != c.want {
			t.Errorf("afterwards, %s changes\n%s\nwant\n%s", order.Title, got, c.want)
		}
		page, err := db.FindOrderPage(t.Context(), team.Viewer, order.Number)
		if err != nil || len(page.Others) == 0 || page.Others[len(page.Others)-1].Number != c.first {
			t.Errorf("the other orders of %s are %v, %v; want first %d", order.Title, page.Others, err, c.first)
		}
	}
	if page, err := db.FindOrderPage(t.Context(), team.Viewer, p.OrderNumber); err != nil || len(page.Others) != 2 {
		t.Errorf("the order that made the plan has %d others, %v; want 2", len(page.Others), err)
	}
}
