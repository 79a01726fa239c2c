package models

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"

	"quartermaster/models/query"
)

// OrderVersion is an order as it was before who had asked edited it.
type OrderVersion struct {
	OrderNumber int64 `gorm:"primaryKey;autoIncrement:false"`
	N           int64 `gorm:"primaryKey;autoIncrement:false"` // from 1
	TeamID      string
	Was         *Order `gorm:"serializer:json;not null"`
	At          time.Time

	// Forms are those of the lines, as an OrderSheet has them, and Way the steps that
	// the version had taken.
	Forms []url.Values `gorm:"-"`
	Way   []Approval   `gorm:"-"`
}

// Versions are what an order of the actor's team was before it was edited, the
// first first.
func (db *DB) Versions(ctx context.Context, by Actor, number int64) ([]OrderVersion, error) {
	if err := by.may(See); err != nil {
		return nil, err
	}
	all, err := query.Of[OrderVersion](db.gorm).Where("order_number = ? AND team_id = ?", number, by.TeamID).Order("n").Find(ctx)
	if err != nil || len(all) == 0 {
		return nil, translate(err)
	}
	steps, err := query.Of[Approval](db.gorm).Where("order_number = ? AND team_id = ? AND past > 0", number, by.TeamID).Order("place").Find(ctx)
	for i := range all {
		v := &all[i]
		v.Forms = db.forms(v.Was)
		for _, a := range steps {
			if a.Past == v.N {
				v.Way = append(v.Way, a)
			}
		}
	}
	return all, translate(err)
}

// forms are the inputs of an order's lines as the fields of their forms, nil for a
// line without a form.
func (db *DB) forms(o *Order) (forms []url.Values) {
	for _, l := range o.Lines {
		var form url.Values
		if in, err := db.decode(o.Type, l); err == nil {
			form = FormValues(in)
		}
		forms = append(forms, form)
	}
	return forms
}

// editable is the order that an input replaces: one of the actor's own by form that
// waits as it was seen, else Invalid "order_changed" with its number.
func (db *DB) editable(ctx context.Context, by Actor, in *OrderInput) (*Order, error) {
	old, err := db.FindOrder(ctx, by, in.Replaces)
	switch {
	case err != nil:
		return nil, err
	case old.RequestedBy != by.UserID || old.Face != ByForm || by.Face != ByForm:
		return nil, ErrForbidden
	case old.State != OrderPending || old.Version != in.Seen:
		return old, invalid("", "order_changed", fmt.Sprint(old.Number))
	}
	return old, nil
}

// resubmit places an order in the place of one that waits, under the same number:
// what was asked before is kept as a version, what it had reserved is given back,
// and it takes its way anew. What asks for the same changes nothing.
func (db *DB) resubmit(ctx context.Context, by Actor, in OrderInput) (q Quote, err error) {
	if err := db.hasRoom(ctx); err != nil {
		return q, err
	}
	asked := in
	err = db.tx(ctx, func(ctx context.Context, tx *DB) (err error) {
		in, q = asked, Quote{}
		if err := tx.ordering(ctx, by, false); err != nil {
			return err
		}
		if tx, err = tx.grounded(ctx, by); err != nil {
			return err
		}
		in.CostCentre = cmp.Or(in.CostCentre, tx.ground.team.CostCentre)
		if len(tx.ground.team.Budgets.All) > 0 {
			// Nobody else of the team orders until this order is counted.
			if err := tx.holdTeam(ctx, by); err != nil {
				return err
			}
		}
		old, err := tx.editable(ctx, by, &in)
		if old != nil && (err == nil || isInvalid(err)) {
			same, fault := tx.asksFor(old, in)
			if same && (old.Version != in.Seen || len(in.Attached) == 0) || fault != nil {
				q.Order = old
				return cmp.Or(fault, tx.dropDraft(ctx, by, in.Token, in.DraftKey))
			}
		}
		if err != nil && !isInvalid(err) {
			return err
		}
		if q, err = tx.quote(ctx, by, &in, err); err != nil {
			return err
		}
		if err := tx.dropDraft(ctx, by, in.Token, in.DraftKey); err != nil {
			return err
		}
		return tx.replace(ctx, by, in, old, &q)
	})
	errors.As(err, &q.Refused)
	return q, err
}

// replace puts the order of a quote in the place of one that waits.
func (db *DB) replace(ctx context.Context, by Actor, in OrderInput, old *Order, q *Quote) error {
	placed := *q.Order
	order := &placed
	order.Lines = slices.Clone(order.Lines)
	if order.Type != old.Type || old.RelatedNumber != 0 && order.RelatedNumber != old.RelatedNumber || order.Lines[len(order.Lines)-1].Kind != old.Lines[len(old.Lines)-1].Kind {
		return ErrConflict
	}
	order.Token, order.CreatedAt, order.Version = old.Token, old.CreatedAt, old.Version
	order.State = OrderApproved
	if err := db.claimOrder(ctx, order, "State", "Title", "Kinds", "LineCount", "ProductCode", "Free", "Currency", "ListMinor", "DiscountMinor", "TaxMinor", "TotalMinor", "MonthMinor", "TaxRate", "TaxName",
		"PayCurrency", "PayMinor", "RateMicro", "RateSource", "RateFrom",
		"Region", "CostCentre", "PONumber", "Note", "Rule", "Sentence", "Address", "Agent", "RequestID", "UpdatedAt"); err != nil {
		return err
	}
	n, err := db.keepVersion(ctx, by, old)
	if err != nil {
		return err
	}
	if err := db.dropOrder(ctx, by, old, OrderPending); err != nil {
		return err
	}
	if err := db.unreserve(ctx, old); err != nil {
		return err
	}
	if _, err := query.Of[OrderLine](db.gorm).Where("order_number = ? AND team_id = ?", old.Number, old.TeamID).Delete(ctx); err != nil {
		return fmt.Errorf("replace order lines: %w", err)
	}
	if was, is := old.paid(), order.paid(); was != is {
		if err := db.count(ctx, by.TeamID, "order.paid", is-was); err != nil {
			return err
		}
	}
	err = db.recordDecision(ctx, by, order, "order.resubmitted", map[string]any{"version": n + 1, "from": old.TotalMinor, "total_minor": order.TotalMinor,
		"currency": order.Currency, "rule": order.Rule})
	if err != nil {
		return err
	}
	for i := range order.Lines {
		order.Lines[i].OrderNumber, order.Lines[i].State = order.Number, OrderApproved
	}
	if err := db.attachUnplaced(ctx, by, order, in.Attached); err != nil {
		return err
	}
	if q.Held() {
		err = db.holdOrder(ctx, by, in.Lines, order, q.Way)
	} else {
		err = db.fulfil(ctx, by, in.Lines, order)
	}
	if err != nil {
		return err
	}
	if err := query.Of[OrderLine](db.gorm).CreateAll(ctx, order.Lines); err != nil {
		return fmt.Errorf("replace order lines: %w", err)
	}
	if _, err := db.countSpend(ctx, order); err != nil {
		return err
	}
	if err := db.reserve(ctx, order, q.Effects); err != nil {
		return err
	}
	if err := db.gorm.WithContext(ctx).Model(order).Select("State", "Counted", "CompletedAt", "UpdatedAt").Updates(order).Error; err != nil {
		return fmt.Errorf("replace order: %w", err)
	}
	q.Order = order
	return nil
}

// paid is 1 for an order that costs something, which is counted, else 0.
func (o *Order) paid() int64 {
	if o.Free {
		return 0
	}
	return 1
}

// keepVersion keeps an order as it is, with the steps that it has taken, and returns
// which version that is.
func (db *DB) keepVersion(ctx context.Context, by Actor, old *Order) (n int64, err error) {
	if n, err = query.Of[OrderVersion](db.gorm).Where("order_number = ?", old.Number).Count(ctx, "*"); err != nil {
		return 0, translate(err)
	}
	n++
	if err := db.waitsNoMore(ctx, old); err != nil {
		return 0, err
	}
	err = query.Of[OrderVersion](db.gorm).Create(ctx, &OrderVersion{OrderNumber: old.Number, N: n, TeamID: old.TeamID, Was: old, At: db.TeamNow(by)})
	if err != nil {
		return 0, fmt.Errorf("keep order: %w", err)
	}
	_, err = query.Do(ctx, db.gorm, "UPDATE approvals SET past = ?, state = CASE WHEN state IN ('open', 'waiting') THEN 'ended' ELSE state END WHERE order_number = ? AND past = 0",
		n, old.Number)
	if err != nil {
		return 0, fmt.Errorf("keep approvals: %w", err)
	}
	return n, nil
}

// unreserve takes an order that waits out of the budgets of its team, as if it had
// never been placed.
func (db *DB) unreserve(ctx context.Context, o *Order) error {
	entries, err := query.Of[BudgetEntry](db.gorm).Where("order_number = ?", o.Number).Find(ctx)
	if err != nil {
		return translate(err)
	}
	for i := range entries {
		if err := db.take(ctx, &entries[i], -entries[i].AmountMinor); err != nil {
			return err
		}
	}
	if _, err := query.Of[BudgetEntry](db.gorm).Where("order_number = ?", o.Number).Delete(ctx); err != nil {
		return fmt.Errorf("take order out of budgets: %w", err)
	}
	return nil
}

// asksFor tells whether an order asks for the same as an input.
func (db *DB) asksFor(o *Order, in OrderInput) (bool, error) {
	asked := make([]string, 0, len(o.Lines))
	for _, l := range o.Lines {
		was, err := db.decode(o.Type, l)
		if err != nil {
			return false, err
		}
		asked = append(asked, spelling(was)...)
	}
	var asks []string
	for _, l := range in.Lines {
		asks = append(asks, spelling(l)...)
	}
	return slices.Equal(asks, asked) && o.CostCentre == in.CostCentre && o.PONumber == in.PONumber && o.Note == in.Note, nil
}
