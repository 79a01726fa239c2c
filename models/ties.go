package models

import (
	"context"
	"slices"

	"quartermaster/models/list"
	"quartermaster/models/query"
)

// mostTied is how many things of a kind Ties name.
const mostTied = 3

// Ties are the things that hang together with one: applications have versions, whose
// files lie in buckets, which draw from plans; and what is paid for came by orders. Of
// each kind there are a few.
type Ties struct {
	// Versions name their applications and files, the newest first.
	Versions []PkgVersion
	Buckets  []Bucket
	// Plans are in the turn in which they are drawn from.
	Plans  []Plan
	Stores []Store
	Orders []Order
	// Draws are the plans that each bucket draws from, Made the things that each order
	// made or changed, by their ids.
	Draws map[string][]string
	Made  map[int64][]string
	// More are the kinds of which there are others.
	More map[Kind]bool
}

// few are those of some things of a kind that are named.
func few[T any](t *Ties, kind Kind, some []T) []T {
	if len(some) > mostTied {
		if t.More == nil {
			t.More = map[Kind]bool{}
		}
		t.More[kind] = true
		some = some[:mostTied]
	}
	return some
}

// by are the ties of orders to one thing.
func (t *Ties) by(orders []Order, id string) {
	t.Orders, t.Made = few(t, KindOrder, orders), map[int64][]string{}
	for _, o := range t.Orders {
		t.Made[o.Number] = []string{id}
	}
}

// newest adds the newest versions that a filter of their list finds.
func (db *DB) newest(ctx context.Context, by Actor, t *Ties, filter, value string) error {
	q := list.With(filter, value)
	q.Size, q.Whole = mostTied+1, true
	versions, err := PkgVersions.Read(ctx, db, by, q)
	t.Versions = few(t, KindPkgVersion, versions.Rows)
	return err
}

// follow adds what the versions and buckets of ties hang on.
func (db *DB) follow(ctx context.Context, by Actor, t *Ties) error {
	var ids []string
	for _, v := range t.Versions {
		there := slices.ContainsFunc(t.Buckets, func(b Bucket) bool { return b.ID == v.BucketID })
		if v.BucketID != "" && !there && !slices.Contains(ids, v.BucketID) {
			ids = append(ids, v.BucketID)
		}
	}
	if len(ids) > 0 {
		buckets, err := query.Of[Bucket](db.gorm).Where(alsoOfTeam+" AND id IN ?", by.TeamID, ids).Order("name").Find(ctx)
		if err != nil {
			return translate(err)
		}
		t.Buckets = append(t.Buckets, buckets...)
	}
	if len(t.Buckets) == 0 {
		return nil
	}
	ids = ids[:0]
	for _, b := range t.Buckets {
		ids = append(ids, b.ID)
	}
	plans, draws, err := db.drawnFrom(ctx, by, ids)
	if err != nil {
		return err
	}
	t.Draws = draws
	for _, p := range plans {
		if !slices.ContainsFunc(t.Plans, func(x Plan) bool { return x.ID == p.ID }) {
			t.Plans = append(t.Plans, p)
		}
	}
	t.Plans = few(t, KindPlan, t.Plans)
	if len(t.Orders) > 0 {
		return nil
	}
	return db.followPlans(ctx, by, t)
}

func (db *DB) followPlans(ctx context.Context, by Actor, t *Ties) (err error) {
	var numbers []int64
	t.Made = map[int64][]string{}
	for _, p := range t.Plans {
		numbers = append(numbers, p.OrderNumber)
		t.Made[p.OrderNumber] = append(t.Made[p.OrderNumber], p.ID)
	}
	if len(numbers) > 0 {
		t.Orders, err = query.Of[Order](db.gorm).Where(alsoOfTeam+" AND number IN ?", by.TeamID, numbers).Find(ctx)
	}
	slices.SortFunc(t.Orders, func(a, b Order) int { // as their plans stand
		return slices.Index(numbers, a.Number) - slices.Index(numbers, b.Number)
	})
	return translate(err)
}

// tiesOfPlan are the orders of a plan, and some of the buckets that drew from it last.
func (db *DB) tiesOfPlan(ctx context.Context, by Actor, p Plan, orders []Order) (t Ties, err error) {
	t.by(orders, p.ID)
	t.Plans, t.Draws = []Plan{p}, map[string][]string{}
	const drew = `SELECT bucket_id FROM plan_deductions WHERE plan_id = ? AND day = (SELECT MAX(day) FROM plan_deductions WHERE plan_id = ?)
		ORDER BY bucket_id LIMIT ?`
	t.Buckets, err = query.Of[Bucket](db.gorm).Where(alsoOfTeam+" AND id IN ("+drew+")", by.TeamID, p.ID, p.ID, mostTied+1).Order("name").Find(ctx)
	t.Buckets = few(&t, KindBucket, t.Buckets)
	for _, b := range t.Buckets {
		t.Draws[b.ID] = []string{p.ID}
	}
	return t, translate(err)
}

// tiesOfOrder are the first things that an order made or changed and that still exist,
// and what they hang on.
func (db *DB) tiesOfOrder(ctx context.Context, by Actor, s *OrderSheet) (t Ties, err error) {
	var ids []string
	for i, l := range s.Order.Lines {
		id := l.ResourceID
		if id == "" {
			id = s.Things[i]
		}
		if id != "" && !s.Gone[id] && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	t.Orders = []Order{*s.Order}
	ids = few(&t, KindOrder, ids)
	t.Made = map[int64][]string{s.Order.Number: ids}
	if len(ids) == 0 {
		return t, nil
	}
	if t.Versions, err = query.Of[PkgVersion](db.gorm).Omit("listing").Where(alsoOfTeam+" AND id IN ?", by.TeamID, ids).Find(ctx); err != nil {
		return t, translate(err)
	}
	if t.Buckets, err = query.Of[Bucket](db.gorm).Where(alsoOfTeam+" AND id IN ?", by.TeamID, ids).Find(ctx); err != nil {
		return t, translate(err)
	}
	if t.Stores, err = query.Of[Store](db.gorm).Where(alsoOfTeam+" AND id IN ?", by.TeamID, ids).Find(ctx); err != nil {
		return t, translate(err)
	}
	if t.Plans, err = query.Of[Plan](db.gorm).Preload("Type", nil).Where(alsoOfTeam+" AND id IN ?", by.TeamID, ids).Find(ctx); err != nil {
		return t, translate(err)
	}
	return t, db.follow(ctx, by, &t)
}
