package models

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm/clause"

	"quartermaster/models/list"
	"quartermaster/models/pricing"
	"quartermaster/models/query"
)

// Budget is what a team, or one of its cost centres, may spend in each month or
// year, by the calendar of UTC+8.
type Budget struct {
	ID          string
	CostCentre  string // "" is the whole team
	Yearly      bool   `json:",omitempty"`
	AmountMinor int64
	// Hold tells that an order over the budget waits for an admin, instead of being
	// refused.
	Hold bool `json:",omitempty"`
	// Currency is that of the amount, "" for that of the price book.
	Currency string `json:",omitempty"`
}

// period is the period of the budget that a moment is in: "2026-11" or "2026".
func (b Budget) period(t time.Time) string {
	if b.Yearly {
		return t.In(pricing.Zone).Format("2006")
	}
	return t.In(pricing.Zone).Format("2006-01")
}

// spans is from when till when the period of the budget is that a moment is in.
func (b Budget) spans(t time.Time) (from, to time.Time) {
	t = t.In(pricing.Zone)
	if b.Yearly {
		from = time.Date(t.Year(), 1, 1, 0, 0, 0, 0, pricing.Zone)
		return from, from.AddDate(1, 0, 0)
	}
	from = time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, pricing.Zone)
	return from, from.AddDate(0, 1, 0)
}

// Budgets are a team's budgets.
type Budgets struct {
	// Version counts the changes.
	Version int64
	All     []Budget `json:",omitempty"`
}

// AMonth is what the budget comes to for a month, in hundredths.
func (b Budget) AMonth() int64 {
	if b.Yearly {
		return b.AmountMinor / 12
	}
	return b.AmountMinor
}

// BudgetInput is a budget as a form has it.
type BudgetInput struct {
	Scope  string `form:"budget_centre" validate:"line,max=64"` // the cost centre, "" for the whole team
	Period string `form:"budget_period" validate:"oneof=month year"`
	Amount string `form:"budget_amount" validate:"required,max=20"`
	Over   string `form:"budget_over" validate:"oneof=refuse hold"`
	// Version is that of the budgets that the form was made of.
	Version int64 `form:"version"`
}

// Input is the input that would leave the budget of an id as it is, and for "" that
// of a new one; ok tells whether there is such a budget.
func (b Budgets) Input(id string) (in BudgetInput, ok bool) {
	in = BudgetInput{Period: "month", Over: "refuse", Version: b.Version}
	for _, have := range b.All {
		if have.ID != id {
			continue
		}
		in.Scope, in.Amount, ok = have.CostCentre, pricing.Decimal(have.AmountMinor), true
		if have.Yearly {
			in.Period = "year"
		}
		if have.Hold {
			in.Over = "hold"
		}
	}
	return in, ok || id == ""
}

// PutBudget makes a budget of the actor's team, or changes the one of an id. There
// is one for each cost centre and length of period (Invalid "taken").
func (db *DB) PutBudget(ctx context.Context, by Actor, id string, in BudgetInput) error {
	broken := Invalid(nil).With(Check(&in))
	amount, err := pricing.ParseDecimal(in.Amount)
	if err != nil && in.Amount != "" || err == nil && amount == 0 {
		broken = Invalid(nil).With(broken, invalid("budget_amount", "amount"))
	}
	if broken != nil {
		return broken
	}
	return db.changeBudgets(ctx, by, in.Version, func(all []Budget) ([]Budget, error) {
		b := Budget{ID: cmp.Or(id, db.newID()), CostCentre: in.Scope, Yearly: in.Period == "year", AmountMinor: amount, Hold: in.Over == "hold"}
		at := -1
		for i, have := range all {
			switch {
			case have.ID == id:
				at = i
			case have.CostCentre == b.CostCentre && have.Yearly == b.Yearly:
				return nil, invalid("budget_centre", "taken")
			}
		}
		switch {
		case at >= 0 && (all[at].CostCentre != b.CostCentre || all[at].Yearly != b.Yearly):
			return nil, invalid("budget_centre", "budget_fixed")
		case at >= 0:
			all[at] = b
			return all, nil
		case id != "":
			return nil, ErrNotFound
		}
		return append(all, b), nil
	})
}

// DeleteBudget takes a budget of the actor's team away. What was counted in it
// stays in the record of its orders.
func (db *DB) DeleteBudget(ctx context.Context, by Actor, version int64, id string) error {
	return db.changeBudgets(ctx, by, version, func(all []Budget) ([]Budget, error) {
		left := slices.DeleteFunc(slices.Clone(all), func(b Budget) bool { return b.ID == id })
		if len(left) == len(all) {
			return nil, ErrNotFound
		}
		return left, nil
	})
}

// changeBudgets changes the team's budgets of a version: ErrConflict says that they
// have another by now. A new one counts all of its present period.
func (db *DB) changeBudgets(ctx context.Context, by Actor, version int64, change func([]Budget) ([]Budget, error)) error {
	return db.tx(ctx, func(ctx context.Context, tx *DB) error {
		var changed Team
		var old []Budget
		if err := tx.standStill(ctx, by); err != nil {
			return err
		}
		err := tx.changeTeam(ctx, by, "Budgets", "team.budgets_changed", func(team *Team) (from, to any, err error) {
			old = team.Budgets.All
			if team.Budgets.Version != version {
				return nil, nil, ErrConflict
			}
			all, err := change(slices.Clone(old))
			for i := range all {
				if team.Currency != bookCurrency {
					all[i].Currency = team.Currency
				}
			}
			team.Budgets = Budgets{Version: version + 1, All: all}
			changed = *team
			return old, all, err
		})
		for _, b := range changed.Budgets.All {
			if err == nil && !slices.ContainsFunc(old, func(had Budget) bool { return had.ID == b.ID }) {
				err = tx.beginBudget(ctx, by, &changed, b)
			}
		}
		return err
	})
}

// Effect is what an order does, or would do, to a budget in a period.
type Effect struct {
	Budget
	Period string
	// TakenMinor is what other orders have reserved and spent, OrderMinor what the
	// order takes.
	TakenMinor, OrderMinor int64
	// LetOverBy is who let it over the budget, "" for nobody.
	LetOverBy string
	Currency  string // the team's
}

// Left is what is left of the budget without the order, in hundredths; below zero
// where it is passed.
func (e Effect) Left() int64 { return e.AmountMinor - e.TakenMinor }

// left is what is left of the budget, at least nothing, as a broken rule tells it.
func (e Effect) left() string {
	amount := pricing.Decimal(max(0, e.Left()))
	if e.Currency == bookCurrency {
		return "¥" + amount
	}
	return e.Currency + " " + amount
}

// Over tells whether the order passes the budget.
func (e Effect) Over() bool { return e.OrderMinor > 0 && e.OrderMinor > e.Left() }

// BudgetPeriod is what is taken of a budget in a period.
type BudgetPeriod struct {
	BudgetID      string `gorm:"primaryKey"`
	Period        string `gorm:"primaryKey"`
	TeamID        string
	ReservedMinor int64
	SpentMinor    int64
}

// BudgetState is what an entry does to its budget.
type BudgetState string

// States of an entry: reserved → spent or released.
const (
	BudgetReserved BudgetState = "reserved"
	BudgetSpent    BudgetState = "spent"
	BudgetReleased BudgetState = "released"
)

// BudgetEntry is an order in a period of a budget.
type BudgetEntry struct {
	OrderNumber int64  `gorm:"primaryKey;autoIncrement:false"`
	BudgetID    string `gorm:"primaryKey"`
	Period      string `gorm:"primaryKey"`
	TeamID      string
	AmountMinor int64
	Over        bool   // it passed the budget when it was counted
	OverBy      string // the admin who let it, "" as long as nobody has
	State       BudgetState
	At          time.Time
	Currency    string `gorm:"-"` // the team's, where a list has it
}

// TableName is where entries are kept.
func (BudgetEntry) TableName() string { return "budget_entries" }

// effects are what an order does to the budgets of its team.
func (db *DB) effects(ctx context.Context, by Actor, o *Order) ([]Effect, error) {
	team, err := db.teamSettings(ctx, by)
	if err != nil || len(team.Budgets.All) == 0 {
		return nil, err
	}
	now := db.TeamNow(by)
	byHour, ends, err := db.moreHourly(ctx, o)
	if err != nil {
		return nil, err
	}
	var out []Effect
	for _, b := range team.Budgets.All {
		if b.CostCentre != "" && b.CostCentre != o.CostCentre {
			continue
		}
		_, end := b.spans(now)
		amount, err := overTime(b.hourlyIn(byHour, ends), end.Sub(now))
		if err == nil {
			amount, err = pricing.Add(amount, o.PayMinor)
		}
		if err != nil {
			return nil, invalid("", "amount_too_large")
		}
		if amount <= 0 {
			continue
		}
		e := Effect{Budget: b, Period: b.period(now), OrderMinor: amount, Currency: team.Currency}
		taken, begun, err := db.taken(ctx, b.ID, e.Period)
		if err == nil && !begun && db.inTx {
			// This order is the first of the period: what runs comes before it.
			if err = db.renewBudgets(ctx, by, ""); err == nil {
				taken, _, err = db.taken(ctx, b.ID, e.Period)
			}
		}
		if err != nil {
			return nil, err
		}
		e.TakenMinor = taken.ReservedMinor + taken.SpentMinor
		if o.Number != 0 && o.State == "" { // it replaces one that waits, which gives back what it has
			own, err := query.Of[BudgetEntry](db.gorm).Where("order_number = ? AND budget_id = ? AND period = ? AND state = ?", o.Number, b.ID, e.Period, BudgetReserved).Find(ctx)
			if err != nil {
				return nil, translate(err)
			}
			for _, entry := range own {
				e.TakenMinor -= entry.AmountMinor
			}
		}
		out = append(out, e)
	}
	return out, nil
}

// taken is what is taken of a budget in a period, and whether anything was counted
// in it yet.
func (db *DB) taken(ctx context.Context, id, period string) (p BudgetPeriod, begun bool, err error) {
	found, err := query.Of[BudgetPeriod](db.gorm).Where("budget_id = ? AND period = ?", id, period).Find(ctx)
	if len(found) > 0 {
		p = found[0]
	}
	return p, len(found) > 0, translate(err)
}

// withinBudget refuses an order that passes a budget ("over_budget"), or lets it
// wait for an admin as the last step of its way.
func (db *DB) withinBudget(ctx context.Context, by Actor, q *Quote) (err error) {
	if q.Effects, err = db.effects(ctx, by, q.Order); err != nil {
		return err
	}
	hold := false
	for _, e := range q.Effects {
		if e.Over() && !e.Hold {
			return invalid("", "over_budget", e.left())
		}
		hold = hold || e.Over()
	}
	if !hold || len(q.Way) > 0 && q.Way[len(q.Way)-1].Role == Admin {
		return nil
	}
	steps := make([]Ask, len(q.Way), len(q.Way)+1)
	for i, a := range q.Way {
		steps[i] = a.Ask()
	}
	q.Way, err = db.way(ctx, by, q.Order, append(steps, anyAdmin))
	return err
}

// reserve counts an order that is being placed in the budgets of its team.
func (db *DB) reserve(ctx context.Context, o *Order, effects []Effect) error {
	for _, e := range effects {
		err := db.enter(ctx, &BudgetEntry{OrderNumber: o.Number, BudgetID: e.ID, Period: e.Period, TeamID: o.TeamID, AmountMinor: e.OrderMinor,
			Over: e.Over(), OverBy: e.LetOverBy, State: o.budgetState(), At: o.UpdatedAt})
		if err != nil {
			return err
		}
	}
	return nil
}

// reserveAgain counts a failed order that goes on in the present periods, as if it was
// placed now: where it does not fit, it is refused as a new one is ("over_budget"),
// and where an admin may let it over, the one who goes on with it has to be an admin
// who did not ask for it ("over_budget_admin").
func (db *DB) reserveAgain(ctx context.Context, by Actor, o *Order) error {
	if err := db.holdTeam(ctx, by); err != nil {
		return err
	}
	effects, err := db.effects(ctx, by, o)
	if err != nil {
		return err
	}
	for i := range effects {
		e := &effects[i]
		if err := db.letOver(ctx, by, o, e); err != nil {
			return err
		}
		_, err := query.Of[BudgetEntry](db.gorm).Where("order_number = ? AND budget_id = ? AND period = ? AND state = ?", o.Number, e.ID, e.Period, BudgetReleased).Delete(ctx)
		if err != nil {
			return fmt.Errorf("count failed order again: %w", err)
		}
	}
	return db.reserve(ctx, o, effects)
}

// letOver lets an order that was decided over a budget that it passes, where the budget
// takes an admin for that and the actor is one who neither asked for the order nor made
// its key; it is refused else ("over_budget", "over_budget_admin").
func (db *DB) letOver(ctx context.Context, by Actor, o *Order, e *Effect) error {
	if !e.Over() {
		return nil
	}
	if !e.Hold {
		return invalid("", "over_budget", e.left())
	}
	maker, err := db.keyMaker(ctx, by.TeamID, o.KeyID)
	if err != nil {
		return err
	}
	if !by.May(Administer) || by.UserID == o.RequestedBy || by.UserID == maker {
		return invalid("", "over_budget_admin", e.left())
	}
	e.LetOverBy = by.UserName
	return nil
}

// enter writes an entry and counts it.
func (db *DB) enter(ctx context.Context, e *BudgetEntry) error {
	if err := query.Of[BudgetEntry](db.gorm).Create(ctx, e); err != nil {
		return fmt.Errorf("record budget entry: %w", err)
	}
	return db.take(ctx, e, e.AmountMinor)
}

// turn changes what an entry takes, or makes it, and counts that.
func (db *DB) turn(ctx context.Context, e *BudgetEntry, amount int64, state BudgetState) error {
	kept := *e
	e.AmountMinor, e.State = amount, state
	if err := db.gorm.WithContext(ctx).Clauses(clause.OnConflict{UpdateAll: true}).Create(e).Error; err != nil {
		return fmt.Errorf("change budget entry: %w", err)
	}
	if err := db.take(ctx, &kept, -kept.AmountMinor); err != nil {
		return err
	}
	return db.take(ctx, e, e.AmountMinor)
}

// budgetState is what an order in its state does to budgets: one whose things are
// charged by the hour goes on reserving.
func (o *Order) budgetState() BudgetState {
	switch o.State {
	case OrderCompleted:
		if slices.ContainsFunc(o.Lines, OrderLine.Metered) {
			return BudgetReserved
		}
		return BudgetSpent
	case OrderRejected, OrderCancelled, OrderLapsed, OrderFailed:
		return BudgetReleased
	}
	return BudgetReserved
}

// take adds an amount to what an entry's state takes of its budget.
func (db *DB) take(ctx context.Context, e *BudgetEntry, amount int64) error {
	var reserved, spent int64
	switch e.State {
	case BudgetReserved:
		reserved = amount
	case BudgetSpent:
		spent = amount
	default:
		return nil
	}
	_, err := query.Do(ctx, db.gorm, `INSERT INTO budget_periods (budget_id, period, team_id, reserved_minor, spent_minor) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (budget_id, period) DO UPDATE SET reserved_minor = budget_periods.reserved_minor + excluded.reserved_minor,
		spent_minor = budget_periods.spent_minor + excluded.spent_minor`, e.BudgetID, e.Period, e.TeamID, reserved, spent)
	if err != nil {
		return fmt.Errorf("count budget: %w", err)
	}
	return nil
}

// account moves what an order has reserved to what it does in its state, notes who let
// it over a budget, and counts it in what its month commits to. It is called wherever
// the state of an order that was placed changes. What is spent or released stays so.
func (db *DB) account(ctx context.Context, o *Order) error {
	changed, err := db.countSpend(ctx, o)
	if err == nil && changed {
		err = db.gorm.WithContext(ctx).Model(o).Select("Counted").Updates(o).Error
	}
	if err != nil {
		return fmt.Errorf("count order: %w", err)
	}
	entries, err := query.Of[BudgetEntry](db.gorm).Where("order_number = ? AND state = ?", o.Number, BudgetReserved).Find(ctx)
	if err != nil {
		return translate(err)
	}
	to := o.budgetState()
	for i := range entries {
		e := &entries[i]
		decided := e.Over && e.OverBy == "" && to != BudgetReleased && o.State != OrderPending
		if decided {
			e.OverBy = o.DeciderName
		}
		if e.State == to && !decided {
			continue
		}
		if err := db.turn(ctx, e, e.AmountMinor, to); err != nil {
			return err
		}
	}
	return nil
}

// BudgetUse is a budget with what is taken of it in its present period.
type BudgetUse struct {
	Budget
	BudgetPeriod
}

// Free is what is left of it, in hundredths; below zero where it is passed.
func (u BudgetUse) Free() int64 { return u.AmountMinor - u.ReservedMinor - u.SpentMinor }

// ListBudgets are the budgets of the actor's team as they stand.
func (db *DB) ListBudgets(ctx context.Context, by Actor) (*Team, []BudgetUse, error) {
	team, err := db.FindTeam(ctx, by)
	if err != nil {
		return nil, nil, err
	}
	var out []BudgetUse
	for _, b := range team.Budgets.All {
		period := b.period(db.TeamNow(by))
		p, _, err := db.taken(ctx, b.ID, period)
		if err != nil {
			return nil, nil, err
		}
		p.Period = period
		out = append(out, BudgetUse{b, p})
	}
	return team, out, nil
}

// OrderEffects are what an order of the actor's team takes of its budgets.
func (db *DB) OrderEffects(ctx context.Context, by Actor, o *Order) ([]Effect, error) {
	entries, err := query.Of[BudgetEntry](db.gorm).Where("order_number = ? AND team_id = ?", o.Number, by.TeamID).Find(ctx)
	if err != nil || len(entries) == 0 {
		return nil, translate(err)
	}
	team, err := db.FindTeam(ctx, by)
	if err != nil {
		return nil, err
	}
	var out []Effect
	for _, entry := range entries {
		for _, b := range team.Budgets.All {
			if b.ID != entry.BudgetID || entry.State == BudgetReleased {
				continue
			}
			p, _, err := db.taken(ctx, b.ID, entry.Period)
			if err != nil {
				return nil, err
			}
			out = append(out, Effect{b, entry.Period, p.ReservedMinor + p.SpentMinor - entry.AmountMinor, entry.AmountMinor, entry.OverBy, team.Currency})
		}
	}
	return out, nil
}

// BudgetEntries is the list of the orders behind a budget of the actor's team,
// newest first.
var BudgetEntries = &List[BudgetEntry]{
	Right: See,
	Desc: list.Desc[BudgetEntry]{
		Table: "budget_entries", Key: "order_number", Scope: "budget_id", Tells: []string{"order_number", "budget_id", "period"},
		Columns: []string{"order_number", "period", "amount_minor", "over_by", "state", "at"},
		Into: func(e *BudgetEntry, to []any) []any {
			return append(to, &e.OrderNumber, &e.Period, &e.AmountMinor, &e.OverBy, (*string)(&e.State), &e.At)
		},
		Sorts: []list.Sort{{Name: "number", Columns: []string{"order_number", "period"}}, small("period", "period", "order_number"), small("at", "at", "order_number", "period"),
			small("state", "state", "order_number", "period"), small("amount", "amount_minor", "order_number", "period")},
		Indexes: []list.Index{{Name: "budget_entries_of", Sort: "number"}},
	},
	Fill: func(ctx context.Context, db *DB, by Actor, rows []BudgetEntry) error {
		team, err := db.FindTeam(ctx, by)
		for i := range rows {
			rows[i].Currency = team.Currency
		}
		return err
	},
	Below: func(ctx context.Context, db *DB, by Actor, of string) error {
		team, err := db.FindTeam(ctx, by)
		if err == nil && !slices.ContainsFunc(team.Budgets.All, func(b Budget) bool { return b.ID == of }) {
			err = ErrNotFound
		}
		return err
	},
}
