package models

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm/clause"

	"quartermaster/models/query"
)

// ordering keeps those who order apart from a budget that begins: it counts what was
// placed before, and what is placed later counts in it. Who orders holds off the latter,
// and alone holds off everybody; either before anything of the team is read. On SQLite
// nobody else changes anything meanwhile.
func (db *DB) ordering(ctx context.Context, by Actor, alone bool) error {
	if db.gorm.Name() != "postgres" {
		return nil
	}
	const ours = 0x514f // beside those of the migrations and of the search
	lock := "pg_advisory_xact_lock_shared"
	if alone {
		lock = "pg_advisory_xact_lock"
	}
	if _, err := query.Do(ctx, db.gorm, "SELECT "+lock+"(?, hashtext(concat(current_schema(), ' ', CAST(? AS text))))", ours, by.TeamID); err != nil {
		return fmt.Errorf("keep budgets and orders apart: %w", err)
	}
	return nil
}

// standStill lets nobody place an order of the actor's team, nor change the state of one
// that is under way, until the transaction ends.
func (db *DB) standStill(ctx context.Context, by Actor) error {
	err := db.ordering(ctx, by, true)
	if err == nil && db.gorm.Name() == "postgres" {
		_, err = query.Of[Order](db.gorm, clause.Locking{Strength: "UPDATE"}).Select("number").
			Where("team_id = ? AND state IN ?", by.TeamID, []OrderState{OrderPending, OrderApproved, OrderFulfilling}).Order("number").Find(ctx)
	}
	return translate(err)
}

// beginBudget counts all that the present period of a new budget has seen so far, in the
// caller's transaction, which holds the team: each order that was placed in it and
// stands, what runs by the hour, and what did and is gone. What passes the budget by
// that is shown, and nothing is refused for it.
func (db *DB) beginBudget(ctx context.Context, by Actor, team *Team, b Budget) error {
	if err := db.renewBudget(ctx, team, b, ""); err != nil {
		return err
	}
	now := db.TeamNow(by)
	from, _ := b.spans(now)
	from = from.UTC() // as SQLite has times, to compare their texts
	centre, args := "", []any{b.ID, b.period(now), OrderCompleted, BudgetSpent, BudgetReserved, team.ID, false, MonthOf(from.Add(-by.ClockOffset)) * ordersAMonth, from, team.Currency}
	if b.CostCentre != "" {
		centre, args = "AND cost_centre = ?", append(args, b.CostCentre)
	}
	_, err := query.Do(ctx, db.gorm, `INSERT INTO budget_entries (order_number, budget_id, period, team_id, amount_minor, over, over_by, state, at)
		SELECT number, ?, ?, team_id, pay_minor, FALSE, '', CASE WHEN state = ? THEN ? ELSE ? END, updated_at FROM orders
		WHERE team_id = ? AND free = ? AND number >= ? AND created_at >= ? AND pay_minor > 0 AND pay_currency = ?
		AND state IN ('pending', 'approved', 'fulfilling', 'completed') `+centre+entryAdds, args...)
	if err == nil {
		err = db.waitingHourly(ctx, by, team, b)
	}
	if err == nil {
		err = db.goneHourly(ctx, by, team, b)
	}
	if err == nil {
		_, err = query.Do(ctx, db.gorm, `UPDATE budget_periods SET
			reserved_minor = (SELECT COALESCE(SUM(amount_minor), 0) FROM budget_entries e WHERE e.budget_id = budget_periods.budget_id AND e.period = budget_periods.period AND e.state = 'reserved'),
			spent_minor = (SELECT COALESCE(SUM(amount_minor), 0) FROM budget_entries e WHERE e.budget_id = budget_periods.budget_id AND e.period = budget_periods.period AND e.state = 'spent')
			WHERE budget_id = ?`, b.ID)
	}
	if err != nil {
		return fmt.Errorf("count orders before the budget: %w", err)
	}
	return nil
}

// entryAdds ends the insertion of an entry that may be there: it takes so much more.
const entryAdds = ` ON CONFLICT (order_number, budget_id, period) DO UPDATE SET amount_minor = budget_entries.amount_minor + excluded.amount_minor`

// enterMore writes an entry of a new budget, or adds to the one that is there.
func (db *DB) enterMore(ctx context.Context, e BudgetEntry) error {
	_, err := query.Do(ctx, db.gorm, `INSERT INTO budget_entries (order_number, budget_id, period, team_id, amount_minor, over, over_by, state, at) VALUES (?, ?, ?, ?, ?, FALSE, '', ?, ?)`+entryAdds,
		e.OrderNumber, e.BudgetID, e.Period, e.TeamID, e.AmountMinor, e.State, e.At)
	return err
}

// waitingHourly counts what orders of the present period of a new budget will cost by
// the hour that wait or are under way, as when they were placed.
func (db *DB) waitingHourly(ctx context.Context, by Actor, team *Team, b Budget) error {
	now := db.TeamNow(by)
	from, end := b.spans(now)
	from = from.UTC()
	var numbers []int64
	err := db.gorm.WithContext(ctx).Raw(`SELECT number FROM orders o WHERE team_id = ? AND state IN ('pending', 'approved', 'fulfilling') AND number >= ? AND created_at >= ?
		AND EXISTS (SELECT 1 FROM order_lines l WHERE l.order_number = o.number AND l.hourly_micro > 0)`,
		team.ID, MonthOf(from.Add(-by.ClockOffset))*ordersAMonth, from).Scan(&numbers).Error
	for _, n := range numbers {
		if err != nil {
			break
		}
		var o *Order
		if o, err = db.FindOrder(ctx, by, n); err != nil || b.CostCentre != "" && b.CostCentre != o.CostCentre {
			continue
		}
		var amount int64
		more, ends, failed := db.moreHourly(ctx, o)
		if more, err = b.hourlyIn(more, ends), failed; err != nil || more <= 0 {
			continue
		}
		if amount, err = overTime(more, end.Sub(o.CreatedAt)); err == nil {
			err = db.enterMore(ctx, BudgetEntry{OrderNumber: n, BudgetID: b.ID, Period: b.period(now), TeamID: team.ID, AmountMinor: amount, State: BudgetReserved, At: o.UpdatedAt})
		}
	}
	return err
}

// hourlyIn is how much more an hour an order makes what counts in the budget, in
// millionths, of what moreHourly says of it.
func (b Budget) hourlyIn(more int64, ends []hourly) int64 {
	for _, had := range ends {
		if had.counts(b) { // or else all of it comes to the budget
			more -= had.HourlyMicro
		}
	}
	return more
}

// goneHourly counts what stores have cost by the hour in the present period of a new
// budget that have another size by now, or are gone.
func (db *DB) goneHourly(ctx context.Context, by Actor, team *Team, b Budget) error {
	now := db.TeamNow(by)
	from, _ := b.spans(now)
	from = from.UTC() // as SQLite has times, to compare their texts
	const ended = "FROM events WHERE team_id = ? AND kind = 'store' AND at >= ? AND action IN ('store.deleted', 'store.resized')"
	ends := []any{team.ID, from.Add(-by.ClockOffset)}
	var events []Event
	if err := db.gorm.WithContext(ctx).Raw("SELECT subject_id, action, at "+ended, ends...).Scan(&events).Error; err != nil || len(events) == 0 {
		return err
	}
	deleted := map[string]time.Time{}
	for _, e := range events {
		if e.Action == "store.deleted" {
			deleted[e.SubjectID] = e.At.Add(by.ClockOffset)
		}
	}
	var sizes []hourly
	err := db.gorm.WithContext(ctx).Raw(`SELECT l.resource_id, l.hourly_micro, o.number, o.cost_centre, o.tax_rate, o.rate_micro, o.completed_at, o.updated_at
		FROM order_lines l JOIN orders o ON o.number = l.order_number
		WHERE l.team_id = ? AND l.resource_id IN (SELECT subject_id `+ended+`) AND l.hourly_micro > 0 AND l.state = 'completed'
		ORDER BY l.resource_id, o.number`, append([]any{team.ID}, ends...)...).Scan(&sizes).Error
	if err != nil {
		return err
	}
	for i, size := range sizes {
		until, gone := deleted[size.ResourceID]
		if i+1 < len(sizes) && sizes[i+1].ResourceID == size.ResourceID {
			until, gone = sizes[i+1].since(), true
		}
		since := size.since()
		if since.Before(from) {
			since = from
		}
		if !gone || !until.After(since) || !size.counts(b) {
			continue
		}
		h, err := size.reckoned(nil)
		amount := int64(0)
		if err == nil {
			amount, err = overTime(h.HourlyMicro, until.Sub(since))
		}
		if err == nil {
			err = db.enterMore(ctx, BudgetEntry{OrderNumber: h.Number, BudgetID: b.ID, Period: b.period(now), TeamID: team.ID, AmountMinor: amount, State: BudgetSpent, At: until})
		}
		if err != nil {
			return err
		}
	}
	return nil
}
