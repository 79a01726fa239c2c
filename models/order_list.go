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

// NoneGiven is the value of a filter for rows that have none.
const NoneGiven = "-"

// Spent is the value of the filter free of orders for those that Spends count.
const Spent = "spent"

// given is the value that rows have of which a filter is set to value.
func given(value string) string {
	if value == NoneGiven {
		return ""
	}
	return value
}

// givenIn is the filter of orders by what a column says, or that it says nothing.
func givenIn(name, column string) list.Filter {
	return list.Filter{Name: name, Column: column, Arms: func(value string, _ time.Time) []list.Cond {
		return []list.Cond{{SQL: column + " = ?", Args: []any{given(value)}}}
	}}
}

// monthIn is the month that a text names, "2026-11", as Month has it.
func monthIn(text string) (month int64, ok bool) {
	t, err := time.Parse("2006-01", text)
	return int64(t.Year())*100 + int64(t.Month()), err == nil
}

// Orders is the list of a team's orders, without lines. Its filters are state;
// centre and region, NoneGiven for none; month, in which they were placed; and free,
// which is on for those that cost nothing too, and Spent for those alone that Spends
// count.
var Orders = &List[Order]{
	Right: See,
	Desc: list.Desc[Order]{
		Table: "orders", Key: "number", Scope: "team_id",
		Columns: []string{"number", "type", "state", "title", "kinds", "line_count", "free", "currency", "total_minor", "month_minor", "pay_currency", "pay_minor", "tax_rate", "rate_micro", "requester_name", "created_at",
			"team_id", "list_minor", "discount_minor", "tax_minor", "cost_centre", "po_number", "note", "requested_by", "face", "address", "agent", "request_id", "key_id", "version"},
		Brief: 16,
		Into: func(o *Order, to []any) []any {
			return append(to, &o.Number, &o.Type, (*string)(&o.State), &o.Title, &o.Kinds, &o.LineCount, &o.Free, &o.Currency, &o.TotalMinor, &o.MonthMinor, &o.PayCurrency, &o.PayMinor, &o.TaxRate, &o.RateMicro, &o.RequesterName, &o.CreatedAt,
				&o.TeamID, &o.ListMinor, &o.DiscountMinor, &o.TaxMinor, &o.CostCentre, &o.PONumber, &o.Note, &o.RequestedBy,
				(*string)(&o.Face), &o.Address, &o.Agent, &o.RequestID, &o.KeyID, &o.Version)
		},
		Sorts: []list.Sort{{Name: "number", Columns: []string{"number"}}, {Name: "amount", Columns: []string{"pay_minor", "number"}},
			{Name: "placed", Columns: []string{"number"}}, // as it begins with the day
			small("items", "title", "number"), small("requester", "requester_name", "number"), small("state", "state", "number")},
		Filters: []list.Filter{
			equals("state", "state", texts(OrderStates)),
			givenIn("centre", "cost_centre"),
			givenIn("region", "region"),
			{Name: "month", Bounds: "number", Arms: func(value string, _ time.Time) []list.Cond {
				month, _ := monthIn(value)
				return []list.Cond{{SQL: "number >= ? AND number < ?", Args: []any{month * ordersAMonth, (month + 1) * ordersAMonth}}}
			}},
			{Name: "free", Column: "free", Values: []string{"true", Spent}, Always: true, Arms: func(value string, _ time.Time) []list.Cond {
				arms := []list.Cond{{SQL: "free = ?", Args: []any{false}}}
				switch value {
				case Spent:
					arms[0] = list.Cond{SQL: "free = ? AND counted = ?", Args: []any{false, true}}
				case "true":
					arms = append(arms, list.Cond{SQL: "free = ?", Args: []any{true}})
				}
				return arms
			}},
		},
		Indexes: []list.Index{
			{Name: "orders_free", Filters: []string{"free"}, Sort: "number"},
			{Name: "orders_states", Filters: []string{"state", "free"}, Sort: "number"},
			{Name: "orders_centre", Filters: []string{"centre", "free"}, Sort: "number"},
			{Name: "orders_region", Filters: []string{"region", "free"}, Sort: "number"},
			{Name: "orders_free", Filters: []string{"free"}, Sort: "placed"},
			{Name: "orders_states", Filters: []string{"state", "free"}, Sort: "placed"},
			{Name: "orders_centre", Filters: []string{"centre", "free"}, Sort: "placed"},
			{Name: "orders_region", Filters: []string{"region", "free"}, Sort: "placed"},
			{Name: "orders_amount", Filters: []string{"free"}, Sort: "amount"},
		},
		Summed: [2]string{"pay_currency", "pay_minor"},
	},
	Finds: KindOrder,
	Counter: func(q list.Query) string {
		switch {
		case len(q.Filters) == 0:
			return "order.paid"
		case len(q.Filters) == 1 && q.Filters["free"] == "true":
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
	orders, err := query.Of[Order](db.gorm).Where(alsoOfTeam, by.TeamID).
		Where("number IN (SELECT order_number FROM order_lines WHERE team_id = ? AND resource_id = ?)", by.TeamID, id).
		Order("number DESC").Find(ctx)
	return orders, translate(err)
}
