package models

import (
	"context"
	"fmt"
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
