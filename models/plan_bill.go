package models

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"quartermaster/models/list"
	"quartermaster/models/query"
)

// InstanceFilter says which plans PagePlans lists. Empty fields do not narrow.
type InstanceFilter struct {
	ProductCode string
	// EndsFrom and EndsTo bound the end of the plan, both included.
	EndsFrom, EndsTo time.Time
}

// PagePlans is page n, from 1, of the team's plans with their types, newest
// first, and how many there are in all.
func (db *DB) PagePlans(ctx context.Context, by Actor, f InstanceFilter, n, size int) ([]Plan, int64, error) {
	if err := by.may(See); err != nil {
		return nil, 0, err
	}
	q := query.Of[Plan](db.gorm).Where("team_id = ?", by.TeamID)
	if f.ProductCode != "" {
		q = q.Where("product_code = ?", f.ProductCode)
	}
	q = between(q, "ends_at", f.EndsFrom, f.EndsTo)
	total := int64(unknown)
	if f.EndsFrom.IsZero() && f.EndsTo.IsZero() {
		var err error
		if total, err = db.counted(ctx, by, plansOf(f.ProductCode)); err != nil {
			return nil, 0, err
		}
	}
	return pageNumber(ctx, q.Preload("Type", nil), newestFirst("created_at", "id"), n, size, total)
}

// plansOf is the counter of a team's plans of a product, with "" of all.
func plansOf(productCode string) string {
	if productCode == "" {
		return string(KindPlan)
	}
	return string(KindPlan) + "." + productCode
}

// between narrows a query to rows whose time lies between two, both included; a
// zero time does not narrow. column comes from the code. SQLite compares times
// as texts, which only tell the earlier in one zone.
func between[T any](q query.Rows[T], column string, from, to time.Time) query.Rows[T] {
	if !from.IsZero() {
		q = q.Where(column+" >= ?", from.UTC())
	}
	if !to.IsZero() {
		q = q.Where(column+" <= ?", to.UTC())
	}
	return q
}

// Payment is whether an order is paid, in the documents' word.
type Payment string

// The words for it. An order counts as paid when it is placed.
const (
	Paid      Payment = "Paid"
	Unpaid    Payment = "Unpaid"
	Cancelled Payment = "Cancelled"
)

// payments are the states of an order under each word.
var payments = map[Payment][]OrderState{
	Paid:      {OrderApproved, OrderFulfilling, OrderCompleted, OrderFailed},
	Unpaid:    {OrderPending},
	Cancelled: {OrderRejected, OrderCancelled, OrderLapsed},
}

// Payment is whether the order is paid.
func (o *Order) Payment() Payment {
	for p, states := range payments {
		if slices.Contains(states, o.State) {
			return p
		}
	}
	return Unpaid
}

// PlanOrder is an order of a plan as a bill shows it.
type PlanOrder struct {
	Order
	// EffectiveAt is when the plan that the order made or changed takes effect;
	// nil while that is open.
	EffectiveAt *time.Time
}

// PlanOrderFilter says which orders PagePlanOrders lists. Empty fields do not
// narrow.
type PlanOrderFilter struct {
	ProductCodes []string // any of them
	Type         string   // of OrderTypes
	Payment      Payment
	// From and To bound when it was placed, both included.
	From, To time.Time
}

// PagePlanOrders is page n, from 1, of what the team ordered of plans (new
// ones, renewals and upgrades), newest first, with lines, and how many there
// are in all. Orders of other kinds are left out: their products have no code
// in the documents of plans.
func (db *DB) PagePlanOrders(ctx context.Context, by Actor, f PlanOrderFilter, n, size int) ([]PlanOrder, int64, error) {
	if err := by.may(See); err != nil {
		return nil, 0, err
	}
	q := query.Of[Order](db.gorm).Where("team_id = ? AND product_code <> ''", by.TeamID)
	if len(f.ProductCodes) > 0 {
		q = q.Where("product_code IN ?", f.ProductCodes)
	}
	if f.Type != "" {
		q = q.Where("type = ?", f.Type)
	}
	if f.Payment != "" {
		q = q.Where("state IN ?", payments[f.Payment])
	}
	q = between(q, "created_at", f.From, f.To)
	orders, total, err := pageNumber(ctx, q.Preload("Lines", inOrder), newestFirst("created_at", "number"), n, size, unknown)
	if err != nil {
		return nil, 0, err
	}
	bills, err := db.withEffect(ctx, by, orders)
	return bills, total, err
}

// FindPlanOrder is one order of a plan of the actor's team, with its line.
func (db *DB) FindPlanOrder(ctx context.Context, by Actor, number int64) (*PlanOrder, error) {
	order, err := db.FindOrder(ctx, by, number)
	if err != nil {
		return nil, err
	}
	if order.ProductCode == "" {
		return nil, ErrNotFound
	}
	bills, err := db.withEffect(ctx, by, []Order{*order})
	if err != nil {
		return nil, err
	}
	return &bills[0], nil
}

// withEffect says of each order when its plan takes effect: as the order says
// that created the plan, since the order stays when the plan is deleted.
func (db *DB) withEffect(ctx context.Context, by Actor, orders []Order) ([]PlanOrder, error) {
	bills := make([]PlanOrder, len(orders))
	var made []int64
	for i, o := range orders {
		bills[i].Order = o
		if o.RelatedNumber != 0 {
			made = append(made, o.RelatedNumber)
		}
	}
	first := map[int64]*time.Time{}
	if len(made) > 0 {
		lines, err := query.Of[OrderLine](db.gorm).Select("order_number, starts_at").
			Where("team_id = ? AND order_number IN ? AND kind = ?", by.TeamID, made, KindPlan).Find(ctx)
		if err != nil {
			return nil, translate(err)
		}
		for _, l := range lines {
			first[l.OrderNumber] = l.StartsAt
		}
	}
	for i := range bills {
		if b := &bills[i]; b.RelatedNumber != 0 {
			b.EffectiveAt = first[b.RelatedNumber]
		} else {
			b.EffectiveAt = b.Lines[0].StartsAt
		}
	}
	return bills, nil
}

// Draw is a Deduction with the plan that it was drawn from.
type Draw struct {
	Deduction
	Plan Plan
}

// DrawFilter says which deductions ListDraws lists. Empty fields do not narrow,
// but From and To must be given.
type DrawFilter struct {
	PlanID        string
	BucketName    string
	ProductCode   string
	Specification int64
	// From and To bound when it was measured, both included.
	From, To time.Time
}

// ErrCursor says that a text is not a cursor of the list.
var ErrCursor = errors.New("no cursor of this list")

// ListDraws is a page of what buckets drew from the team's plans, with the
// plans, the latest day first. A page after something that is not a cursor is
// ErrCursor: given the first page again, a script would read it for ever.
func (db *DB) ListDraws(ctx context.Context, by Actor, f DrawFilter, p Page) ([]Draw, Cursor, error) {
	if err := by.may(See); err != nil {
		return nil, Cursor{}, err
	}
	key := func(d Deduction) []string { return []string{fmt.Sprint(d.Day), d.PlanID, d.BucketID} }
	if p.After != "" && list.Unmark(p.After, key(Deduction{})) == nil {
		return nil, Cursor{}, ErrCursor
	}
	q := query.Of[Deduction](db.gorm).Where("team_id = ? AND day BETWEEN ? AND ?", by.TeamID, dayOf(f.From), dayOf(f.To))
	q = between(q, "measured_at", f.From, f.To)
	if f.PlanID != "" {
		q = q.Where("plan_id = ?", f.PlanID)
	}
	if f.BucketName != "" {
		q = q.Where("bucket_name = ?", f.BucketName)
	}
	if f.ProductCode != "" {
		q = q.Where("plan_id IN (SELECT id FROM plans WHERE team_id = ? AND product_code = ?)", by.TeamID, f.ProductCode)
	}
	if f.Specification != 0 {
		q = q.Where("plan_id IN (SELECT id FROM plans WHERE team_id = ? AND specification = ?)", by.TeamID, f.Specification)
	}
	rows, cursor, err := pageOf(ctx, q, p, newestFirst("day", "plan_id", "bucket_id"), key)
	if err != nil {
		return nil, Cursor{}, err
	}
	ids := make([]string, len(rows))
	for i, d := range rows {
		ids[i] = d.PlanID
	}
	plans, err := query.Of[Plan](db.gorm).Preload("Type", nil).Where("team_id = ? AND id IN ?", by.TeamID, ids).Find(ctx)
	if err != nil {
		return nil, Cursor{}, translate(err)
	}
	byID := make(map[string]Plan, len(plans))
	for _, p := range plans {
		byID[p.ID] = p
	}
	draws := make([]Draw, len(rows))
	for i, d := range rows {
		draws[i] = Draw{d, byID[d.PlanID]}
	}
	return draws, cursor, nil
}
