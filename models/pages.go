package models

import (
	"context"
	"errors"
	"strconv"
	"time"

	"quartermaster/models/list"
)

// pageEvents is how many events the page of a thing tells of.
const pageEvents = 20

// About is what the page of a thing shows beside the thing itself.
type About struct {
	// Regions are those that serve its kind.
	Regions []Region
	// Orders are those that made it and changed it, the newest first.
	Orders []Order
	// Events are what happened to it, the newest first.
	Events []Event
	// Now is the team's time, which terms are reckoned from; At is the server's,
	// which events and jobs are dated by.
	Now, At time.Time
}

// about is what there is to show about a thing of a kind that regions serve, with
// a page of its events.
func (db *DB) about(ctx context.Context, by Actor, id string, serves Kind, q list.Query) (a About, c Cursor, err error) {
	a.Now, a.At = db.TeamNow(by), db.Now()
	if a.Regions, err = db.ListRegions(ctx, serves); err != nil {
		return a, c, err
	}
	if a.Orders, err = db.listOrdersOf(ctx, by, id); err != nil {
		return a, c, err
	}
	q.Size, q.Filters = pageEvents, list.With("subject", id).Filters
	events, err := Events.Read(ctx, db, by, q)
	a.Events = events.Rows
	return a, Cursor{events.Next, events.Prev}, err
}

// BucketPage is a bucket, what has to do with it, and what happened to it.
type BucketPage struct {
	About
	Bucket Bucket
	Cursor Cursor // of the events
	Ties   Ties
	Growth *Growth // nil while it held something on no day before today
	// Unfinished is how many uploads have to end before it can be deleted.
	Unfinished int64
}

// FindBucketPage is a bucket of the actor's team with a page of its events.
func (db *DB) FindBucketPage(ctx context.Context, by Actor, id string, events list.Query) (p BucketPage, err error) {
	b, err := db.FindBucket(ctx, by, id)
	if err != nil {
		return p, err
	}
	p.Bucket = *b
	p.Ties.Buckets = []Bucket{*b}
	if err = db.newest(ctx, by, &p.Ties, "bucket_id", id); err != nil {
		return p, err
	}
	if err = db.follow(ctx, by, &p.Ties); err != nil {
		return p, err
	}
	if p.Unfinished, err = db.CountMultiparts(ctx, by, id); err != nil {
		return p, err
	}
	if p.About, p.Cursor, err = db.about(ctx, by, id, KindBucket, events); err != nil {
		return p, err
	}
	p.Growth, err = db.growth(ctx, b, p.Now)
	return p, err
}

// AppPage is an application and what happened to it.
type AppPage struct {
	About
	App  App
	Ties Ties
}

// FindAppPage is an application of the actor's team.
func (db *DB) FindAppPage(ctx context.Context, by Actor, id string) (p AppPage, err error) {
	app, err := db.FindApp(ctx, by, id)
	if err != nil {
		return p, err
	}
	p.App = *app
	if err = db.newest(ctx, by, &p.Ties, "app_id", id); err != nil {
		return p, err
	}
	if err = db.follow(ctx, by, &p.Ties); err != nil {
		return p, err
	}
	p.About, _, err = db.about(ctx, by, id, KindApp, list.Query{})
	return p, err
}

// PkgVersionPage is a package version with its file, the job that checks it, and
// what happened to it.
type PkgVersionPage struct {
	About
	Version PkgVersion
	Object  *Object // nil when the source is external
	Job     *Job
	Ties    Ties
}

// FindPkgVersionPage is a package version of the actor's team.
func (db *DB) FindPkgVersionPage(ctx context.Context, by Actor, id string) (PkgVersionPage, error) {
	p, err := db.FindPkgVersionCheck(ctx, by, id)
	if err != nil {
		return p, err
	}
	p.Ties.Versions = []PkgVersion{p.Version}
	return p, db.follow(ctx, by, &p.Ties)
}

// FindPkgVersionCheck is what FindPkgVersionPage tells, without the ties: its check
// does not change them.
func (db *DB) FindPkgVersionCheck(ctx context.Context, by Actor, id string) (p PkgVersionPage, err error) {
	v, err := db.FindPkgVersion(ctx, by, id)
	if err != nil {
		return p, err
	}
	p.Version = *v
	if !v.External() {
		if p.Object, err = db.PkgVersionObject(ctx, by, v); err != nil {
			return p, err
		}
		if p.Job, err = db.FindJob(ctx, by, v.JobID); err != nil && !errors.Is(err, ErrNotFound) {
			return p, err
		}
	}
	p.About, _, err = db.about(ctx, by, id, KindApp, list.Query{})
	return p, err
}

// PlanPage is a plan and what happened to it.
type PlanPage struct {
	About
	Plan Plan
	Ties Ties
	Burn *Burn // nil while nothing was deducted
}

// FindPlanPage is a plan of the actor's team.
func (db *DB) FindPlanPage(ctx context.Context, by Actor, id string) (p PlanPage, err error) {
	plan, err := db.FindPlan(ctx, by, id)
	if err != nil {
		return p, err
	}
	p.Plan = *plan
	if p.About, _, err = db.about(ctx, by, id, "", list.Query{}); err != nil {
		return p, err
	}
	if p.Burn, err = db.burn(ctx, plan, p.Now); err != nil {
		return p, err
	}
	p.Ties, err = db.tiesOfPlan(ctx, by, *plan, p.Orders)
	return p, err
}

// StorePage is a store with the job that works on it, what it costs, and what
// happened to it.
type StorePage struct {
	About
	Store Store
	Job   *Job        // that works on it, or worked last
	Lines []OrderLine // of the orders that made and scaled it, the newest first
	Team  *Team
	Ties  Ties
}

// FindStorePage is a store of the actor's team.
func (db *DB) FindStorePage(ctx context.Context, by Actor, id string) (p StorePage, err error) {
	s, err := db.FindStore(ctx, by, id)
	if err != nil {
		return p, err
	}
	p.Store = *s
	if p.Job, err = db.FindJob(ctx, by, s.JobID); err != nil && !errors.Is(err, ErrNotFound) {
		return p, err
	}
	if p.Lines, err = db.ListStoreLines(ctx, by, id); err != nil {
		return p, err
	}
	if p.Team, err = db.FindTeam(ctx, by); err != nil {
		return p, err
	}
	p.About, _, err = db.about(ctx, by, id, KindStore, list.Query{})
	p.Ties.Stores = []Store{*s}
	p.Ties.by(p.Orders, id)
	return p, err
}

// mostMentionable is how many members the page of an order offers to mention.
const mostMentionable = 200

// OrderPage is an order and what happened to it.
type OrderPage struct {
	Sheet  *OrderSheet
	Events []Event
	Now    time.Time // by the server's clock, which events are dated by
	// TeamNow is by the team's clock, which the order is dated by.
	TeamNow time.Time
	// Able tells that the actor may decide the open step of its way.
	Able bool
	// Effects are what it takes of the team's budgets.
	Effects []Effect
	// Versions are what it was before it was edited, the first first.
	Versions []OrderVersion
	// Comments are what was said about it, the first first, and Mentionable those who
	// can be told of one.
	Comments    []Comment
	Mentionable []Member
	// Watching tells that the actor is told of what happens to it, Unread that
	// something has that they have not read.
	Watching, Unread bool
	// Others are other orders of the same thing, the newest first.
	Others []Order
	Ties   Ties
}

// Lapses is when the order ends by itself unless it is decided, zero where it waits for
// nobody.
func (p OrderPage) Lapses() time.Time {
	o := p.Sheet.Order
	if o.State != OrderPending {
		return time.Time{}
	}
	since := o.CreatedAt
	if n := len(p.Versions); n > 0 && p.Versions[n-1].At.After(since) {
		since = p.Versions[n-1].At
	}
	return since.AddDate(0, 0, p.Sheet.Team.LapseDays)
}

// FindOrderPage is an order of the actor's team.
func (db *DB) FindOrderPage(ctx context.Context, by Actor, number int64) (p OrderPage, err error) {
	p.Now, p.TeamNow = db.Now(), db.TeamNow(by)
	if p.Sheet, err = db.FindOrderSheet(ctx, by, number); err != nil {
		return p, err
	}
	q := list.With("order", strconv.FormatInt(number, 10))
	q.Size = 30
	events, err := Events.Read(ctx, db, by, q)
	if p.Events = events.Rows; err != nil {
		return p, err
	}
	if p.Ties, err = db.tiesOfOrder(ctx, by, p.Sheet); err != nil {
		return p, err
	}
	if p.Effects, err = db.OrderEffects(ctx, by, p.Sheet.Order); err != nil {
		return p, err
	}
	if p.Others, err = db.othersOf(ctx, p.Sheet.Order); err != nil {
		return p, err
	}
	if p.Comments, err = db.Comments(ctx, by, number); err != nil {
		return p, err
	}
	members, err := Members.Read(ctx, db, by, list.Query{Size: mostMentionable})
	if p.Mentionable = members.Rows; err != nil {
		return p, err
	}
	if p.Watching, p.Unread, err = db.watches(ctx, by, number); err != nil {
		return p, err
	}
	if p.Versions, err = db.Versions(ctx, by, number); err != nil {
		return p, err
	}
	if openOf(p.Sheet.Way) < 0 {
		return p, nil
	}
	if err = db.nameDeputies(ctx, by, p.Sheet.Way); err != nil {
		return p, err
	}
	p.Able, err = db.Able(ctx, by, number)
	return p, err
}
