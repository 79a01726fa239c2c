package models

import (
	"context"
	"time"

	"quartermaster/models/list"
	"quartermaster/models/query"
)

// FindOrder is one order of the actor's team, with its lines.
func (db *DB) FindOrder(ctx context.Context, by Actor, number int64) (*Order, error) {
	if err := by.may(See); err != nil {
		return nil, err
	}
	order, err := query.Of[Order](db.gorm).Preload("Lines", inOrder).
		Where("team_id = ? AND number = ?", by.TeamID, number).First(ctx)
	if err != nil {
		return nil, translate(err)
	}
	return &order, nil
}

// Orders is the list of a team's orders, without lines. Its filters are state
// and free, which is on for those that cost nothing too.
var Orders = &List[Order]{
	Right: See,
	Desc: list.Desc[Order]{
		Table: "orders", Key: "number", Scope: "team_id",
		Columns: []string{"number", "type", "state", "title", "kinds", "line_count", "free", "currency", "total_minor", "requester_name", "created_at",
			"team_id", "list_minor", "discount_minor", "tax_minor", "cost_centre", "po_number", "note", "requested_by", "face", "address", "agent", "request_id", "key_id", "version"},
		Brief: 11,
		Into: func(o *Order, to []any) []any {
			return append(to, &o.Number, &o.Type, (*string)(&o.State), &o.Title, &o.Kinds, &o.LineCount, &o.Free, &o.Currency, &o.TotalMinor, &o.RequesterName, &o.CreatedAt,
				&o.TeamID, &o.ListMinor, &o.DiscountMinor, &o.TaxMinor, &o.CostCentre, &o.PONumber, &o.Note, &o.RequestedBy,
				(*string)(&o.Face), &o.Address, &o.Agent, &o.RequestID, &o.KeyID, &o.Version)
		},
		Sorts: []list.Sort{{Name: "number", Columns: []string{"number"}}, {Name: "amount", Columns: []string{"total_minor", "number"}}},
		Filters: []list.Filter{
			equals("state", "state", texts(OrderStates)),
			{Name: "free", Column: "free", Values: []string{"true"}, Always: true, Arms: func(value string, _ time.Time) []list.Cond {
				arms := []list.Cond{{SQL: "free = ?", Args: []any{false}}}
				if value != "" {
					arms = append(arms, list.Cond{SQL: "free = ?", Args: []any{true}})
				}
				return arms
			}},
		},
		Indexes: []list.Index{
			{Name: "orders_free", Filters: []string{"free"}, Sort: "number"},
			{Name: "orders_states", Filters: []string{"state", "free"}, Sort: "number"},
			{Name: "orders_amount", Filters: []string{"free"}, Sort: "amount"},
		},
	},
	Finds: KindOrder,
	Counter: func(q list.Query) string {
		switch {
		case len(q.Filters) == 0:
			return "order.paid"
		case len(q.Filters) == 1 && q.Filters["free"] != "":
			return "order"
		}
		return ""
	},
	Fill: func(ctx context.Context, db *DB, _ Actor, orders []Order) error {
		types, err := db.PackageTypes(ctx)
		for i := range orders {
			orders[i].PlanType = types[orders[i].Title]
		}
		return err
	},
	Stamp: catalogueStamp,
}

// listOrdersOf are the orders that made a thing of the actor's team and changed it,
// newest first.
func (db *DB) listOrdersOf(ctx context.Context, by Actor, id string) ([]Order, error) {
	orders, err := query.Of[Order](db.gorm).Where("team_id = ?", by.TeamID).
		Where("number IN (SELECT order_number FROM order_lines WHERE team_id = ? AND resource_id = ?)", by.TeamID, id).
		Order("number DESC").Find(ctx)
	return orders, translate(err)
}
