package models

import (
	"context"
	"fmt"
	"slices"

	"quartermaster/models/query"
)

// PONumberInput is the PO number of an order as its form has it.
type PONumberInput struct {
	PONumber string `form:"po_number" validate:"line,max=64"`
	Shown    string `form:"shown"`
}

// PONumberInput is the input that would leave the PO number as it is.
func (o *Order) PONumberInput() PONumberInput {
	in := PONumberInput{PONumber: o.PONumber}
	in.Shown = shownAs(in)
	return in
}

// ChangePONumber gives an order another PO number, whatever its state: for its
// requester and for admins.
func (db *DB) ChangePONumber(ctx context.Context, by Actor, number int64, in PONumberInput) error {
	if err := Check(&in); err != nil {
		return err
	}
	return db.tx(ctx, func(ctx context.Context, tx *DB) error {
		order, err := tx.carried(ctx, by, number)
		if err != nil {
			return err
		}
		old := order.PONumber
		if err := edited(&in, order.PONumberInput(), in.Shown); err != nil {
			return err
		}
		if order.PONumber = in.PONumber; order.PONumber == old {
			return nil
		}
		if err := tx.gorm.WithContext(ctx).Model(order).Select("PONumber").Updates(order).Error; err != nil {
			return fmt.Errorf("change PO number: %w", err)
		}
		return tx.Record(ctx, by, Event{Action: "order.po_number_changed", Kind: KindOrder, SubjectID: fmt.Sprint(number), SubjectName: order.Title, OrderNumber: number},
			map[string]any{"from": old, "to": order.PONumber})
	})
}

// carried is an order of the actor's team about which they may add what it carries: it
// is their own, or they are an admin.
func (db *DB) carried(ctx context.Context, by Actor, number int64) (*Order, error) {
	order, err := db.FindOrder(ctx, by, number)
	if err == nil && !order.MayCarry(by) {
		err = ErrForbidden
	}
	return order, err
}

// MayCarry tells whether the actor may change what an order of their team carries
// besides its lines.
func (o *Order) MayCarry(by Actor) bool {
	return by.May(Request) && o.RequestedBy == by.UserID || by.May(Administer)
}

// CentreInput is the cost centre that an order is to count for.
type CentreInput struct {
	CostCentre string `form:"cost_centre" validate:"required,line,max=64"`
}

// centreMove is what another cost centre of an order does to budgets.
type centreMove struct{ leaves, enters []BudgetEntry }

// moveCentre is what another cost centre of an order would do, or why that is refused:
// an order that waits is decided with its cost centre, and what is charged by the hour
// stays in the budget that it is in.
func (db *DB) moveCentre(ctx context.Context, by Actor, o *Order, to string) (m centreMove, err error) {
	team, err := db.teamSettings(ctx, by)
	if err != nil {
		return m, err
	}
	if o.State == OrderPending {
		return m, invalid("", "centre_waiting")
	}
	if err := team.takesCentre("cost_centre", to); err != nil {
		return m, err
	}
	had, has := o.CostCentre, to
	if had == has || o.budgetState() == BudgetReleased {
		return m, nil
	}
	var old, now []Budget
	for _, b := range team.Budgets.All {
		switch b.CostCentre {
		case "":
		case had:
			old = append(old, b)
		case has:
			now = append(now, b)
		}
	}
	if len(old)+len(now) == 0 {
		return m, nil
	}
	if slices.ContainsFunc(o.Lines, OrderLine.Metered) {
		return m, invalid("", "centre_hourly")
	}
	entries, err := query.Of[BudgetEntry](db.gorm).Where("order_number = ? AND team_id = ?", o.Number, by.TeamID).Find(ctx)
	if err != nil {
		return m, translate(err)
	}
	for _, e := range entries {
		if slices.ContainsFunc(old, func(b Budget) bool { return b.ID == e.BudgetID }) {
			m.leaves = append(m.leaves, e)
		}
	}
	for _, b := range now {
		e := BudgetEntry{OrderNumber: o.Number, BudgetID: b.ID, Period: b.period(o.CreatedAt), TeamID: o.TeamID, AmountMinor: o.PayMinor, State: o.budgetState(), At: o.UpdatedAt}
		taken, begun, err := db.taken(ctx, b.ID, e.Period)
		if err != nil {
			return m, err
		}
		if o.PayMinor <= 0 || o.PayCurrency != team.Currency || !begun && e.Period != b.period(db.TeamNow(by)) {
			continue
		}
		does := Effect{Budget: b, Period: e.Period, TakenMinor: taken.ReservedMinor + taken.SpentMinor, OrderMinor: e.AmountMinor, Currency: team.Currency}
		if err := db.letOver(ctx, by, o, &does); err != nil {
			return m, err
		}
		e.Over, e.OverBy = does.Over(), does.LetOverBy
		m.enters = append(m.enters, e)
	}
	return m, nil
}

// changeCentre lets an order that was decided count for another cost centre, in what its
// month commits to and in budgets, in the caller's transaction: for its requester and for
// admins. It returns the one that the order counted for.
func (db *DB) changeCentre(ctx context.Context, by Actor, number int64, to string) (was string, err error) {
	if err := db.holdTeam(ctx, by); err != nil {
		return "", err
	}
	order, err := db.carried(ctx, by, number)
	if err != nil {
		return "", err
	}
	was = order.CostCentre
	m, err := db.moveCentre(ctx, by, order, to)
	if err != nil || was == to {
		return was, err
	}
	for i := range m.leaves {
		e := &m.leaves[i]
		if err := db.take(ctx, e, -e.AmountMinor); err != nil {
			return was, err
		}
		_, err := query.Of[BudgetEntry](db.gorm).Where("order_number = ? AND budget_id = ? AND period = ?", e.OrderNumber, e.BudgetID, e.Period).Delete(ctx)
		if err != nil {
			return was, fmt.Errorf("take order out of budget: %w", err)
		}
	}
	for i := range m.enters {
		if err := db.enter(ctx, &m.enters[i]); err != nil {
			return was, err
		}
	}
	if err := db.moveSpend(ctx, order, to); err != nil {
		return was, err
	}
	if err := db.gorm.WithContext(ctx).Model(order).Select("CostCentre").Updates(order).Error; err != nil {
		return was, fmt.Errorf("change cost centre: %w", err)
	}
	return was, db.Record(ctx, by, Event{Action: "order.cost_centre_changed", Kind: KindOrder, SubjectID: fmt.Sprint(number), SubjectName: order.Title, OrderNumber: number},
		map[string]any{"from": was, "to": to})
}

// centreInBulk gives several orders another cost centre.
func centreInBulk() BulkFacts {
	return BulkFacts{
		Input: func() any { return new(CentreInput) },
		May: func(ctx context.Context, db *DB, by Actor, item *BulkItem, in any) error {
			order, err := db.carried(ctx, by, item.Number())
			if err != nil {
				return err
			}
			to := order.CostCentre
			item.Was = to
			if asked, is := in.(*CentreInput); is {
				to, item.Will = asked.CostCentre, asked.CostCentre
			}
			_, err = db.moveCentre(ctx, by, order, to)
			return err
		},
		Do: func(ctx context.Context, tx *DB, by Actor, item *BulkItem, in any) (err error) {
			item.Will = in.(*CentreInput).CostCentre
			item.Was, err = tx.changeCentre(ctx, by, item.Number(), item.Will)
			return err
		},
	}
}
