package models

import (
	"context"
	"fmt"

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

// OrderFilter says which orders to list. Empty fields do not narrow.
type OrderFilter struct {
	State OrderState
	Free  bool   // also those that cost nothing
	Text  string // in the title, the requester's name or the number
}

// ListOrders is a page of the team's orders, newest first, without lines.
func (db *DB) ListOrders(ctx context.Context, by Actor, f OrderFilter, p Page) ([]Order, Cursor, error) {
	if err := by.may(See); err != nil {
		return nil, Cursor{}, err
	}
	q := query.Of[Order](db.gorm).Where("team_id = ?", by.TeamID)
	if f.State != "" {
		q = q.Where("state = ?", f.State)
	}
	if !f.Free {
		q = q.Where("free = ?", false)
	}
	if f.Text != "" {
		q = q.Where(holds("title", "requester_name", "CAST(number AS text)"), like(f.Text))
	}
	return pageOf(ctx, q, p, newestFirst("number"), func(o Order) []string {
		return []string{fmt.Sprint(o.Number)}
	})
}

// listOrdersOf are the orders that made a thing of the actor's team and changed it,
// newest first.
func (db *DB) listOrdersOf(ctx context.Context, by Actor, id string) ([]Order, error) {
	orders, err := query.Of[Order](db.gorm).Where("team_id = ?", by.TeamID).
		Where("number IN (SELECT order_number FROM order_lines WHERE team_id = ? AND resource_id = ?)", by.TeamID, id).
		Order("number DESC").Find(ctx)
	return orders, translate(err)
}
