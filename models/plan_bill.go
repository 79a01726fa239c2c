package models

import (
	"context"
	"slices"
	"strings"
	"time"

	"quartermaster/models/list"
	"quartermaster/models/query"
)

// plansOf is the counter of a team's plans of a product, with "" of all.
func plansOf(productCode string) string {
	if productCode == "" {
		return string(KindPlan)
	}
	return string(KindPlan) + "." + productCode
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

// PlanOrders is the list of what a team ordered of plans (new ones, renewals and
// upgrades), with lines, the newest first. Orders of other kinds are left out:
// their products have no code in the documents of plans. Its filters are product,
// any of several with a comma between, type, payment and, as Span writes it,
// created.
var PlanOrders = &List[PlanOrder]{
	Right: See,
	Desc: list.Desc[PlanOrder]{
		Table: Orders.Table, Key: Orders.Key, Scope: Orders.Scope,
		Columns: append([]string{"product_code", "related_number", "decided_at"}, Orders.Columns...),
		Into: func(o *PlanOrder, to []any) []any {
			return Orders.Into(&o.Order, append(to, &o.ProductCode, &o.RelatedNumber, &o.DecidedAt))
		},
		Sorts: []list.Sort{{Name: "created", Columns: []string{"created_at", "number"}}},
		Filters: []list.Filter{
			{Name: "plans", Inner: true, Always: true, Arms: func(string, time.Time) []list.Cond { return []list.Cond{{SQL: "product_code <> ''"}} }},
			inner(equals("type", "type", OrderTypes)),
			{Name: "product", Inner: true, Arms: func(value string, _ time.Time) []list.Cond {
				return []list.Cond{in("product_code", strings.Split(value, ","))}
			}},
			{Name: "payment", Inner: true, Arms: func(value string, _ time.Time) []list.Cond {
				return []list.Cond{in("state", payments[Payment(value)])}
			}},
			spanned("created", "created_at"),
		},
		Indexes: []list.Index{{Name: "orders_plans", Filters: []string{"plans"}, Sort: "created"}},
	},
	Fill: func(ctx context.Context, db *DB, by Actor, rows []PlanOrder) error {
		return db.fillPlanOrders(ctx, by, rows)
	},
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
	bill := []PlanOrder{{Order: *order}}
	if err := db.fillEffect(ctx, by, bill); err != nil {
		return nil, err
	}
	return &bill[0], nil
}

// fillPlanOrders gives orders their lines, and says when their plans take effect.
func (db *DB) fillPlanOrders(ctx context.Context, by Actor, bills []PlanOrder) error {
	at := make(map[int64]*PlanOrder, len(bills))
	numbers := make([]int64, len(bills))
	for i := range bills {
		numbers[i] = bills[i].Number
		at[numbers[i]] = &bills[i]
	}
	lines, err := query.Of[OrderLine](db.gorm).Where(alsoOfTeam+" AND order_number IN ?", by.TeamID, numbers).Order("order_number, position").Find(ctx)
	if err != nil {
		return err
	}
	for _, l := range lines {
		at[l.OrderNumber].Lines = append(at[l.OrderNumber].Lines, l)
	}
	return db.fillEffect(ctx, by, bills)
}

// fillEffect says of each order when its plan takes effect: as the order says
// that created the plan, since the order stays when the plan is deleted.
func (db *DB) fillEffect(ctx context.Context, by Actor, bills []PlanOrder) error {
	var made []int64
	for _, b := range bills {
		if b.RelatedNumber != 0 {
			made = append(made, b.RelatedNumber)
		}
	}
	first := map[int64]*time.Time{}
	if len(made) > 0 {
		lines, err := query.Of[OrderLine](db.gorm).Select("order_number, starts_at").
			Where(alsoOfTeam+" AND order_number IN ? AND kind = ?", by.TeamID, made, KindPlan).Find(ctx)
		if err != nil {
			return translate(err)
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
	return nil
}

// Draw is a Deduction with the plan that it was drawn from.
type Draw struct {
	Deduction
	Plan Plan
}

// Draws is the list of what buckets drew from a team's plans, with the plans, the
// latest day first. Its filters are plan, bucket, the product and the size of the
// plan, and, as Span writes it, measured, which must be set.
var Draws = &List[Draw]{
	Right:  See,
	Strict: true,
	Desc: list.Desc[Draw]{
		Table: Deductions.Table, Key: Deductions.Key, Scope: "team_id",
		Columns: Deductions.Columns,
		Into:    func(d *Draw, to []any) []any { return Deductions.Into(&d.Deduction, to) },
		Sorts:   []list.Sort{{Name: "day", Columns: []string{"day", "plan_id", "bucket_id"}}},
		Filters: []list.Filter{
			inner(equals("plan", "plan_id", nil)),
			inner(equals("bucket", "bucket_name", nil)),
			ofPlan("product", "product_code"),
			ofPlan("size", "CAST(specification AS text)"),
			{Name: "measured", Inner: true, Arms: func(value string, _ time.Time) []list.Cond {
				from, to := unspan(value)
				c := between("measured_at", from, to)
				return []list.Cond{{SQL: "day BETWEEN ? AND ? AND " + c.SQL, Args: append([]any{dayOf(from), dayOf(to)}, c.Args...)}}
			}},
		},
		Indexes: []list.Index{{Name: "plan_deductions_day", Sort: "day"}},
	},
	Fill: func(ctx context.Context, db *DB, by Actor, rows []Draw) error { return db.fillPlans(ctx, by, rows) },
}

// ofPlan is an inner filter of what was drawn by a column of its plan.
func ofPlan(name, column string) list.Filter {
	return list.Filter{Name: name, Inner: true, Arms: func(value string, _ time.Time) []list.Cond {
		return []list.Cond{{SQL: "EXISTS (SELECT 1 FROM plans WHERE plans.id = plan_id AND " + column + " = ?)", Args: []any{value}}}
	}}
}

// fillPlans gives deductions their plans.
func (db *DB) fillPlans(ctx context.Context, by Actor, draws []Draw) error {
	ids := make([]string, len(draws))
	for i, d := range draws {
		ids[i] = d.PlanID
	}
	plans, err := query.Of[Plan](db.gorm).Preload("Type", nil).Where(alsoOfTeam+" AND id IN ?", by.TeamID, ids).Find(ctx)
	byID := make(map[string]Plan, len(plans))
	for _, p := range plans {
		byID[p.ID] = p
	}
	for i := range draws {
		draws[i].Plan = byID[draws[i].PlanID]
	}
	return err
}
