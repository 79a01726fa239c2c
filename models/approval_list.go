package models

import (
	"context"
	"strconv"
	"strings"
	"time"

	"quartermaster/models/list"
	"quartermaster/models/query"
)

// The views of Approvals: what waits for the reader, what waits for others, and what
// the reader decided.
const (
	WaitsForMe = ""
	WaitsOther = "others"
	DecidedBy  = "decided"
)

// Approvals is the list of the steps that orders of a team wait for, the one that
// has waited longest first, or that the reader decided, the newest first, each with
// its order. Its filter is view.
var Approvals = &List[Approval]{
	Right: See,
	Desc: list.Desc[Approval]{
		Table: "approvals", Key: "id", Scope: "team_id", Picks: "order_number",
		Columns: []string{"id", "at", "order_number", "role", "person_id", "person_name", "instead", "requested_by", "key_maker", "state", "decider_name", "reason"},
		Into: func(a *Approval, to []any) []any {
			return append(to, &a.ID, &a.At, &a.OrderNumber, (*string)(&a.Role), &a.PersonID, &a.PersonName, &a.Instead, &a.RequestedBy, &a.KeyMaker,
				(*string)(&a.State), &a.DeciderName, &a.Reason, &a.sorted.text, &a.sorted.text, &a.sorted.n)
		},
		Sorted: []list.Sorted{ofOrder("title"), ofOrder("requester_name"), ofOrder("pay_minor")},
		Sorts: []list.Sort{{Name: "at", Columns: []string{"at", "id"}}, {Name: "waits", Columns: []string{"at", "id"}, Up: true}, small("items", "title", "id"),
			small("requester", "requester_name", "id"), small("amount", "pay_minor", "id"), small("asked", "person_name", "role", "id"), small("state", "state", "id")},
		Filters: []list.Filter{
			{Name: "whose", Values: []string{WaitsOther, DecidedBy}, Arms: func(string, time.Time) []list.Cond { return []list.Cond{{SQL: "1 = 1"}} }},
			{Name: "reader", Inner: true, Arms: readerArms},
		},
	},
	For: func(by Actor, q *list.Query) {
		view := q.Filters["whose"]
		q.Filters = map[string]string{"whose": view, "reader": readerOf(by, view)}
		if q.Sort == "" && view != DecidedBy {
			q.Sort = "waits"
		}
	},
	Fill: func(ctx context.Context, db *DB, by Actor, rows []Approval) error {
		numbers := make([]int64, len(rows))
		for i, a := range rows {
			numbers[i] = a.OrderNumber
		}
		of, err := db.ordersBy(ctx, by, numbers)
		for i := range rows {
			rows[i].Order = of[rows[i].OrderNumber]
		}
		if err != nil {
			return err
		}
		return db.nameDeputies(ctx, by, rows)
	},
}

// ordersBy are orders of the actor's team by their numbers, without lines.
func (db *DB) ordersBy(ctx context.Context, by Actor, numbers []int64) (map[int64]*Order, error) {
	orders, err := query.Of[Order](db.gorm).Where(alsoOfTeam+" AND number IN ?", by.TeamID, numbers).Find(ctx)
	if err == nil {
		err = Orders.Fill(ctx, db, by, orders)
	}
	of := make(map[int64]*Order, len(orders))
	for i := range orders {
		of[orders[i].Number] = &orders[i]
	}
	return of, err
}

// OrdersOf are the orders of the actor's team that items of a Bulk are, by their numbers.
func (db *DB) OrdersOf(ctx context.Context, by Actor, items []BulkItem) (map[int64]*Order, error) {
	if err := by.may(See); err != nil {
		return nil, err
	}
	var numbers []int64
	for i := range items {
		if n := items[i].Number(); n != 0 && len(numbers) < MaxPicked {
			numbers = append(numbers, n)
		}
	}
	of, err := db.ordersBy(ctx, by, numbers)
	return of, translate(err)
}

// readerOf is the value of the filter reader.
func readerOf(by Actor, view string) string {
	role := by.Role
	if !by.May(Decide) {
		role = Viewer
	}
	return strings.Join([]string{view, string(role), by.UserID}, " ")
}

// ofOrder is a column of an approval's order.
func ofOrder(column string) list.Sorted {
	return list.Sorted{Name: column, SQL: "(SELECT o." + column + " FROM orders AS o WHERE o.number = approvals.order_number)"}
}

// readerArms are the conditions of a view of a reader.
func readerArms(value string, at time.Time) []list.Cond {
	parts := append(strings.SplitN(value, " ", 3), "", "")
	view, role, id := parts[0], Role(parts[1]), parts[2]
	if view == DecidedBy {
		return []list.Cond{{SQL: "decided_by = ? AND decided_by <> ''", Args: []any{id}, Few: "approvals_decided"}}
	}
	mine := ableCond(role, id, day(at))
	if view == WaitsOther {
		mine.SQL = "NOT (" + mine.SQL + ")"
	}
	return []list.Cond{{SQL: "state = 'open' AND " + mine.SQL, Args: mine.Args, Few: "approvals_open"}}
}

// ableCond is the condition that somebody of a role may decide an approval on a day,
// as Approval.able has it.
func ableCond(role Role, id, day string) list.Cond {
	const (
		decided = "EXISTS (SELECT 1 FROM approvals AS d WHERE d.order_number = approvals.order_number AND d.past = 0 AND d.decided_by = "
		decider = ` AS m JOIN users AS u ON u.id = m.user_id WHERE m.team_id = approvals.team_id AND m.role IN ('approver', 'admin') AND NOT u.disabled`
		person  = "EXISTS (SELECT 1 FROM memberships" + decider + " AND m.user_id = approvals.person_id"
		away    = "person_id NOT IN (requested_by, key_maker) AND " + person + " AND m.away_from <= ? AND m.away_until >= ? AND m.deputy_id "
	)
	asked := "person_id = ? OR " + away + "= ?)"
	args := []any{id, id, id, id, day, day, id}
	switch role {
	case Approver:
		asked += " OR role = 'approver'"
	case Admin:
		asked += " OR role <> '' OR person_id IN (requested_by, key_maker) OR NOT " + person + ") OR " + decided + "approvals.person_id) AND NOT (" +
			away + "IN (SELECT m.user_id FROM memberships" + decider + " AND m.user_id NOT IN (approvals.requested_by, approvals.key_maker) AND NOT " + decided + "m.user_id))))"
		args = append(args, day, day)
	default:
		return list.Cond{SQL: "1 = 0"}
	}
	return list.Cond{SQL: "requested_by <> ? AND key_maker <> ? AND NOT " + decided + "?) AND (" + asked + ")", Args: args}
}

// CountWaiting is how many orders wait for a decision of the actor's, at most 100.
func (db *DB) CountWaiting(ctx context.Context, by Actor) (n int64, err error) {
	if !by.May(Decide) {
		return 0, nil
	}
	today := day(db.TeamNow(by))
	c := ableCond(by.Role, by.UserID, today)
	return db.countFew(ctx, "waiting "+today+" "+by.TeamID+" "+readerOf(by, WaitsForMe), "approvals WHERE team_id = ? AND state = 'open' AND "+c.SQL, append([]any{by.TeamID}, c.Args...))
}

// countFew counts rows, at most 100, from memory while the database is unchanged:
// asked names what is counted.
func (db *DB) countFew(ctx context.Context, asked, from string, args []any) (n int64, err error) {
	memory, err := db.memory(ctx)
	if err != nil {
		return 0, translate(err)
	}
	if memory != nil {
		if known, ok := memory.At(asked); ok {
			return strconv.ParseInt(known, 10, 64)
		}
	}
	err = query.Row(ctx, db.gorm, "SELECT COUNT(*) FROM (SELECT 1 FROM "+from+" LIMIT 100) AS counted", args, &n)
	if err == nil && memory != nil {
		memory.Keep(asked, strconv.FormatInt(n, 10))
	}
	return n, translate(err)
}
