package models

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"quartermaster/models/pricing"
	"quartermaster/models/query"
)

// What is charged by the hour is counted in budgets as what it will cost up to the
// end of the period: when it is ordered, by its order; and anew in each period that
// begins, by the order that it has its size from. It stays reserved until the period
// is over or the thing is gone, which gives back the rest of the period; then it is
// spent. Another size moves the rest of the period to the order of that size.

// hourly is what the stores that have their size from an order cost an hour.
type hourly struct {
	ResourceID  string // where it is asked for
	Number      int64
	CostCentre  string
	HourlyMicro int64
	Currency    string
	TaxRate     int64
	RateMicro   int64
	CompletedAt *time.Time
	UpdatedAt   time.Time
}

// since is from when on it costs that.
func (h hourly) since() time.Time {
	if h.CompletedAt != nil {
		return *h.CompletedAt
	}
	return h.UpdatedAt
}

// counts tells whether the order counts in a budget of its team.
func (h hourly) counts(b Budget) bool { return b.CostCentre == "" || b.CostCentre == h.CostCentre }

// hourlyOf is what stores cost an hour: it begins a condition on the stores s, the
// completed lines l that they have their size from, and their orders o.
const hourlyOf = `SELECT o.number, o.pay_currency AS currency, o.cost_centre, o.completed_at, o.updated_at, o.tax_rate, o.rate_micro, l.hourly_micro
	FROM stores s JOIN order_lines l ON l.order_number = s.sized_by AND l.resource_id = s.id JOIN orders o ON o.number = s.sized_by
	WHERE l.hourly_micro > 0 AND l.state = 'completed' AND `

// hourlyOfStore is what a store costs an hour: nothing where it is paid in advance or
// was never there.
func (db *DB) hourlyOfStore(ctx context.Context, id string) (h hourly, err error) {
	err = db.gorm.WithContext(ctx).Raw(hourlyOf+"s.id = ?", id).Scan(&h).Error
	return h.reckoned(translate(err))
}

// reckoned is h with its tax and in the currency of its team, unless there is an error
// already.
func (h hourly) reckoned(err error) (hourly, error) {
	if err == nil {
		h.HourlyMicro, err = reckon(h.HourlyMicro, h.TaxRate, h.RateMicro)
	}
	return h, err
}

// overTime is what so many millionths an hour come to in hundredths over a time.
func overTime(micro int64, d time.Duration) (int64, error) {
	return pricing.MulDiv(micro, int64(d/time.Minute), 60*pricing.MicroPerMinor)
}

// moreHourly is what an order costs an hour, in millionths, and what ends with it: the
// sizes that its stores have.
func (db *DB) moreHourly(ctx context.Context, o *Order) (more int64, ends []hourly, err error) {
	for _, l := range o.Lines {
		if !l.Metered() {
			continue
		}
		if o.Type == TypeUpgrade {
			had, err := db.hourlyOfStore(ctx, cmp.Or(l.ResourceID, l.changes))
			if err != nil {
				return 0, nil, err
			}
			ends = append(ends, had)
		}
		has, err := o.reckon(l.HourlyMicro)
		if err == nil {
			more, err = pricing.Add(more, has)
		}
		if err != nil {
			return 0, nil, invalid("", "amount_too_large")
		}
	}
	return more, ends, nil
}

// uncounted are what runs by the hour and is not counted in a period of a budget; of a
// store alone, where one is named.
func (db *DB) uncounted(ctx context.Context, team *Team, b Budget, period, store string) (out []hourly, err error) {
	var rows []hourly
	which, id := "s.team_id = ?", team.ID
	if store != "" {
		which, id = "s.id = ?", store
	}
	err = db.gorm.WithContext(ctx).Raw(hourlyOf+which+`
		AND NOT EXISTS (SELECT 1 FROM budget_entries e WHERE e.order_number = o.number AND e.budget_id = ? AND e.period = ?)
		ORDER BY o.number`, id, b.ID, period).Scan(&rows).Error
	for _, h := range rows {
		if h, err = h.reckoned(err); err != nil {
			break
		}
		switch n := len(out); {
		case !h.counts(b):
		case n > 0 && out[n-1].Number == h.Number:
			out[n-1].HourlyMicro += h.HourlyMicro
		default:
			out = append(out, h)
		}
	}
	return out, translate(err)
}

// RenewBudgets counts what runs by the hour in every period that has begun since it was
// last called, also in those that are over by now, once, by the clocks of the teams.
// What passes a budget by that is shown, and nothing is refused for it.
func (db *DB) RenewBudgets(ctx context.Context) error {
	teams, err := query.Of[Team](db.gorm).Select("id, clock_offset_ms, budgets").Where("budgets <> '{}'").Find(ctx)
	if err != nil {
		return translate(err)
	}
	var errs []error
	for i := range teams {
		by := teams[i].server()
		due, err := db.renewalDue(ctx, by, &teams[i])
		if err == nil && due {
			err = db.tx(ctx, func(ctx context.Context, tx *DB) error { return tx.renewBudgets(ctx, by, "") })
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// renewalDue tells whether the budgets of a team have anything to count.
func (db *DB) renewalDue(ctx context.Context, by Actor, team *Team) (bool, error) {
	for _, b := range team.Budgets.All {
		period := b.period(db.TeamNow(by))
		missed, err := db.missed(ctx, team, b)
		if err != nil || len(missed) > 0 {
			return len(missed) > 0, err
		}
		_, begun, err := db.taken(ctx, b.ID, period)
		if err != nil || !begun {
			return !begun, err
		}
		uses, err := db.uncounted(ctx, team, b, period, "")
		if err != nil || len(uses) > 0 {
			return true, err
		}
	}
	return false, nil
}

// renewBudgets counts what runs by the hour in the present periods of the budgets of a
// team, while nobody else of the team orders; where a store is named, only what that
// costs in those that have begun.
func (db *DB) renewBudgets(ctx context.Context, by Actor, store string) error {
	if err := db.holdTeam(ctx, by); err != nil {
		return err
	}
	team, err := db.FindTeam(ctx, by)
	if err != nil {
		return err
	}
	for _, b := range team.Budgets.All {
		if err := db.renewBudget(ctx, team, b, store); err != nil {
			return err
		}
	}
	return nil
}

// mostMissed is how many periods of a budget are counted that nobody was there for.
const mostMissed = 120

// missed are the beginnings of the periods of a budget that are over and were never
// counted, because the program did not run in them, the first first.
func (db *DB) missed(ctx context.Context, team *Team, b Budget) (all []time.Time, err error) {
	now := db.TeamNow(team.server())
	present, layout := b.period(now), "2006-01"
	if b.Yearly {
		layout = "2006"
	}
	var last string
	err = query.Row(ctx, db.gorm, "SELECT COALESCE(MAX(period), '') FROM budget_periods WHERE budget_id = ? AND period < ? AND length(period) = ?", []any{b.ID, present, len(layout)}, &last)
	if err != nil || last == "" {
		return nil, translate(err)
	}
	begun, err := time.ParseInLocation(layout, last, pricing.Zone)
	if err != nil {
		return nil, fmt.Errorf("read period of budget %s: %w", b.ID, err)
	}
	for _, next := b.spans(begun); b.period(next) < present; _, next = b.spans(next) {
		all = append(all, next)
	}
	return all[max(0, len(all)-mostMissed):], nil
}

// renewBudget counts what runs by the hour in the present period of a budget and in
// those before it that were missed: nothing has changed in them.
func (db *DB) renewBudget(ctx context.Context, team *Team, b Budget, store string) error {
	missed, err := db.missed(ctx, team, b)
	for _, at := range missed {
		if err == nil {
			err = db.renewPeriod(ctx, team, b, at, "")
		}
	}
	if err != nil {
		return err
	}
	return db.renewPeriod(ctx, team, b, db.TeamNow(team.server()), store)
}

// renewPeriod counts what runs by the hour in the period of a budget that a moment is
// in: for all of it, or since it runs.
func (db *DB) renewPeriod(ctx context.Context, team *Team, b Budget, at time.Time, store string) error {
	by := team.server()
	now := db.TeamNow(by)
	period := b.period(at)
	from, end := b.spans(at)
	state := BudgetReserved
	if !end.After(now) {
		state = BudgetSpent
	}
	if _, begun, err := db.taken(ctx, b.ID, period); err != nil {
		return err
	} else if !begun {
		store = ""
	}
	uses, err := db.uncounted(ctx, team, b, period, store)
	uses = slices.DeleteFunc(uses, func(h hourly) bool { return !h.since().Before(end) })
	if err != nil || store != "" && len(uses) == 0 {
		return err
	}
	sum := int64(0)
	for _, h := range uses {
		since := h.since()
		if since.Before(from) {
			since = from
		}
		amount, err := overTime(h.HourlyMicro, end.Sub(since))
		if err != nil {
			return fmt.Errorf("count order %d in budget: %w", h.Number, err)
		}
		if err := db.enter(ctx, &BudgetEntry{OrderNumber: h.Number, BudgetID: b.ID, Period: period, TeamID: team.ID, AmountMinor: amount, State: state, At: now}); err != nil {
			return err
		}
		if err := db.closeBefore(ctx, h.Number, b, period); err != nil {
			return err
		}
		sum += amount
	}
	if len(uses) == 0 {
		// The period has begun all the same.
		return db.take(ctx, &BudgetEntry{BudgetID: b.ID, Period: period, TeamID: team.ID, State: BudgetReserved}, 0)
	}
	return db.Record(ctx, by, Event{Action: "budget.renewed", Kind: KindTeam, SubjectID: team.ID, SubjectName: cmp.Or(b.CostCentre, team.Name)},
		map[string]any{"budget": b.ID, "period": period, "orders": len(uses), "amount_minor": sum})
}

// closeBefore makes what an order has reserved in earlier periods of a budget spent:
// they are over.
func (db *DB) closeBefore(ctx context.Context, order int64, b Budget, period string) error {
	old, err := query.Of[BudgetEntry](db.gorm).Where("order_number = ? AND budget_id = ? AND period < ? AND state = ?", order, b.ID, period, BudgetReserved).Find(ctx)
	for i := range old {
		if err == nil {
			err = db.turn(ctx, &old[i], old[i].AmountMinor, BudgetSpent)
		}
	}
	return translate(err)
}

// resized notes what a store costs an hour from now on, and moves what it costs for the
// rest of the present periods of budgets from the order that it had its size from to
// that of its new size; without one the store is gone, and the rest is given back.
func (db *DB) resized(ctx context.Context, by Actor, s *Store, order int64) error {
	had, err := db.hourlyOfStore(ctx, s.ID)
	if err != nil {
		return err
	}
	var has hourly
	err = db.gorm.WithContext(ctx).Raw(`SELECT o.number, o.pay_currency AS currency, o.cost_centre, o.tax_rate, o.rate_micro, l.hourly_micro FROM order_lines l JOIN orders o ON o.number = l.order_number
		WHERE l.order_number = ? AND l.resource_id = ? AND l.hourly_micro > 0`, order, s.ID).Scan(&has).Error
	if has, err = has.reckoned(translate(err)); err != nil {
		return err
	}
	if err := db.runs(ctx, by, had, -1); err != nil {
		return err
	}
	if err := db.runs(ctx, by, has, 1); err != nil {
		return err
	}
	// A budget that begins meanwhile has counted the store, or counts it as it is now.
	if err := db.holdTeam(ctx, by); err != nil {
		return err
	}
	team, err := db.FindTeam(ctx, by)
	if err != nil || len(team.Budgets.All) == 0 {
		return err
	}
	if err := db.renewBudgets(ctx, by, s.ID); err != nil {
		return err
	}
	for _, b := range team.Budgets.All {
		if err := db.moveRest(ctx, by, team, b, had, has); err != nil {
			return err
		}
	}
	return nil
}

// moveRest moves the rest of the present period of a budget from what a store cost to
// what it costs; each is of number 0 where there is none.
func (db *DB) moveRest(ctx context.Context, by Actor, team *Team, b Budget, had, has hourly) error {
	now := db.TeamNow(by)
	_, end := b.spans(now)
	rest, err := overTime(had.HourlyMicro, end.Sub(now))
	if err != nil {
		return err
	}
	moved := int64(0)
	if had.Number != 0 {
		// It goes by what is counted: a budget begins with what was ordered before.
		e, found, err := db.entry(ctx, by, had.Number, b)
		if err == nil && found {
			moved, err = rest, db.turn(ctx, e, e.AmountMinor-rest, BudgetSpent)
		}
		if err != nil {
			return err
		}
	}
	if has.Number == 0 || !has.counts(b) {
		return nil
	}
	e, found, err := db.entry(ctx, by, has.Number, b)
	if err != nil {
		return err
	}
	amount := e.AmountMinor + moved // it reserved what it costs more
	if !found {
		if amount, err = overTime(has.HourlyMicro, end.Sub(now)); err != nil {
			return err
		}
	}
	if err := db.turn(ctx, e, amount, BudgetReserved); err != nil {
		return err
	}
	return db.closeBefore(ctx, has.Number, b, e.Period)
}

// entry is what an order takes in the present period of a budget, or found false and
// one that takes nothing.
func (db *DB) entry(ctx context.Context, by Actor, order int64, b Budget) (e *BudgetEntry, found bool, err error) {
	now := db.TeamNow(by)
	e = &BudgetEntry{OrderNumber: order, BudgetID: b.ID, Period: b.period(now), TeamID: by.TeamID, State: BudgetReserved, At: now}
	kept, err := query.Of[BudgetEntry](db.gorm).Where("order_number = ? AND budget_id = ? AND period = ?", order, b.ID, e.Period).Find(ctx)
	if err != nil || len(kept) == 0 {
		return e, false, translate(err)
	}
	return &kept[0], true, nil
}

// server is the program itself at work in a team.
func (t *Team) server() Actor {
	return Actor{TeamID: t.ID, Role: Admin, ClockOffset: msDuration(t.ClockOffsetMs), Face: ByServer}
}
