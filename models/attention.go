package models

import (
	"context"
	"time"

	"quartermaster/models/list"
	"quartermaster/models/query"
)

// Attention is something that somebody has to do something about, or several of one
// sort: N of them, which the list that it leads to counts; then only What and State are
// set. Each has the thing that it is about.
type Attention struct {
	What AttentionKind
	N    int64
	// State is that of the store or the stores.
	State   StoreState
	Order   *Order // the first that waits, or the one that failed
	Store   *Store
	Version *PkgVersion
	Plan    *Plan
	Ends    *Expiring
	At      time.Time // since when an order waits
}

// AttentionKind is what there is to do something about.
type AttentionKind string

// What needs attention, in the order in which it is shown.
const (
	NeedsDecision AttentionKind = "decision" // of the actor
	StoreNeeds    AttentionKind = "store"    // in a State
	VersionNeeds  AttentionKind = "version"
	OrderEnded    AttentionKind = "order" // which the actor asked for, and has not read that it was refused or failed
	PlanUsedUp    AttentionKind = "used"
	Ending        AttentionKind = "ending"
)

const (
	// attentionEach is how many of one sort are shown one by one.
	attentionEach = 3
	// attentionDays is how near an end needs attention.
	attentionDays = 7
)

// storeNeeds are the states of stores that need attention, the worst first.
var storeNeeds = []StoreState{StoreDiskFull, StoreAbnormal, StoreCreateFailed, StoreDeleteFailed}

// failing is what has failed or is used up in the actor's team, whoever looks.
func (db *DB) failing(ctx context.Context, by Actor) (all []Attention, err error) {
	// Mostly nothing has, which one look tells.
	const look = `SELECT EXISTS (SELECT 1 FROM stores WHERE team_id = ? AND state IN (?, ?, ?, ?)), EXISTS (SELECT 1 FROM pkg_versions WHERE team_id = ? AND state = ?),
		EXISTS (SELECT 1 FROM plans WHERE team_id = ? AND settled = ?) OR EXISTS (SELECT 1 FROM plans WHERE team_id = ? AND settled_until <= ?)`
	var stores, versions, plans bool
	err = query.Row(ctx, db.gorm, look, []any{by.TeamID, storeNeeds[0], storeNeeds[1], storeNeeds[2], storeNeeds[3], by.TeamID, VersionFailed,
		by.TeamID, PlanExhausted, by.TeamID, db.TeamNow(by)}, &stores, &versions, &plans)
	if err != nil {
		return nil, translate(err)
	}
	for _, state := range storeNeeds {
		if !stores {
			break
		}
		err := some(ctx, db, by, Stores, list.With("state", string(state)), func(n int64, s *Store) {
			all = append(all, Attention{What: StoreNeeds, State: state, N: n, Store: s})
		})
		if err != nil {
			return nil, err
		}
	}
	if versions {
		err = some(ctx, db, by, PkgVersions, list.With("state", string(VersionFailed)), func(n int64, v *PkgVersion) {
			all = append(all, Attention{What: VersionNeeds, N: n, Version: v})
		})
	}
	if err == nil && plans {
		err = some(ctx, db, by, Plans, list.With("state", string(PlanExhausted)), func(n int64, p *Plan) {
			all = append(all, Attention{What: PlanUsedUp, N: n, Plan: p})
		})
	}
	return all, err
}

// some gives the rows of a query one by one, or their number where there are many.
func some[R any](ctx context.Context, db *DB, by Actor, l *List[R], q list.Query, give func(n int64, row *R)) error {
	q.Size, q.Whole = attentionEach, true
	page, err := l.Read(ctx, db, by, q)
	if err == nil && page.Next != "" {
		q.Size, q.Count = 1, true
		if page, err = l.Read(ctx, db, by, q); err == nil {
			give(page.Total, nil)
		}
		return err
	}
	for i := range page.Rows {
		give(1, &page.Rows[i])
	}
	return err
}

// attention is what the actor's dashboard says that somebody has to do something about,
// with what has failed in the team.
func (db *DB) attention(ctx context.Context, by Actor, d *Dashboard, failing []Attention) (all []Attention, err error) {
	if len(d.Waiting) > 0 {
		first := d.Waiting[0]
		all = append(all, Attention{What: NeedsDecision, N: d.WaitCount, Order: first.Order, At: first.At})
	}
	late := len(failing)
	for i, a := range failing {
		if a.What == PlanUsedUp {
			late = min(late, i)
		}
	}
	all = append(all, failing[:late]...)
	orders, told, err := db.unreadEnds(ctx, by)
	if err != nil {
		return nil, err
	}
	all = append(append(all, orders...), failing[late:]...)
	shown := map[string]bool{}
	if n := d.Ends.Within(0, ""); n > attentionEach {
		all = append(all, Attention{What: Ending, N: n})
	}
	for i, e := range d.Expiring {
		if soon := !e.EndsAt.After(daysAfter(d.Now, attentionDays)); soon {
			if shown[e.ID] = true; d.Ends.Within(0, "") <= attentionEach {
				all = append(all, Attention{What: Ending, N: 1, Ends: &d.Expiring[i]})
			}
		}
	}
	for _, e := range told {
		if e.EndsAt.After(daysAfter(d.Now, attentionDays)) && !shown[e.ID] {
			shown[e.ID] = true
			all = append(all, Attention{What: Ending, N: 1, Ends: e})
		}
	}
	return all, nil
}

// endedOrders are the actions of notices that an order ended otherwise than its
// requester wanted.
var endedOrders = map[string]bool{"order.rejected": true, "order.failed": true, "order.lapsed": true}

// mostUnread is how many notices are looked through for what needs attention.
const mostUnread = 50

// unreadEnds are orders of the actor's that were refused or failed, and things that
// they were reminded of and that still end then, where they have not read so.
func (db *DB) unreadEnds(ctx context.Context, by Actor) (orders []Attention, told []*Expiring, err error) {
	if n, err := db.CountUnread(ctx, by); err != nil || n == 0 {
		return nil, nil, err
	}
	q := list.With("unread", "true")
	q.Size = mostUnread
	page, err := Notices.Read(ctx, db, by, q)
	for _, n := range page.Rows {
		switch {
		case endedOrders[n.Action] && n.Order != nil && n.Order.RequestedBy == by.UserID:
			orders = append(orders, Attention{What: OrderEnded, N: 1, Order: n.Order})
		case n.Action == NoticeEnding && n.Thing != nil && n.Args.Ends != nil && n.Thing.EndsAt.Equal(n.Args.Ends.EndsAt):
			told = append(told, n.Thing)
		}
	}
	return orders, told, err
}
