package models

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"quartermaster/models/list"
	"quartermaster/models/pricing"
)

// Dashboard is what a team sees first. Each part is read from a counter or the
// head of an index, so that it costs the same with ten rows and a million.
type Dashboard struct {
	Counts   map[string]int64
	Months   map[Kind][]Month // the last twelve, oldest first, of those that people order
	Expiring []Expiring
	Running  []Job
	Events   []Event
	// Waiting are the first requests that wait for the actor's decision, of WaitCount.
	Waiting   []Approval
	WaitCount int64
	// Spends is what orders of this month commit to, and Spent those of the last twelve,
	// as Months, in the team's Currency; Budgets are those of the team.
	Spends   *Spends
	Spent    map[Kind][]Month
	Currency string
	Budgets  []Budget
	// Now is the team's time, to which terms are compared; At is the server's,
	// for events.
	Now, At time.Time
}

// Expiring is a thing whose term ends soon, such as a plan or a store.
type Expiring struct {
	Kind        Kind
	ID          string
	ZH, EN      string // what it is called in either language
	Region      string
	StartsAt    time.Time
	EndsAt      time.Time
	OrderNumber int64
}

const (
	dashboardMonths = 12
	dashboardRows   = 8
	waitingRows     = 4
	expiringWithin  = 30 * 24 * time.Hour
)

// FindDashboard is the dashboard of the actor's team.
func (db *DB) FindDashboard(ctx context.Context, by Actor) (*Dashboard, error) {
	d := &Dashboard{Now: db.TeamNow(by), At: db.Now()}
	var err error
	if d.Counts, err = db.Counts(ctx, by); err != nil {
		return nil, err
	}
	l, err := db.lately(ctx, by, d.Now)
	if err != nil {
		return nil, err
	}
	d.Months = db.everyMonth(l.months, d.Now, dashboardMonths)
	d.Spent = db.everyMonth(l.spent, d.At, dashboardMonths)
	d.Expiring, d.Running, d.Events, d.Spends, d.Budgets, d.Currency = l.expiring(d.Now), l.running, l.events, l.spends, l.budgets, l.currency
	if d.WaitCount, err = db.CountWaiting(ctx, by); err != nil || d.WaitCount == 0 {
		return d, err
	}
	q := list.With("view", WaitsForMe)
	q.Size = waitingRows
	waiting, err := Approvals.Read(ctx, db, by, q)
	d.Waiting = waiting.Rows
	return d, err
}

// lately is what a dashboard shows besides counts, as it was read at the team's
// time: until the database changes, the time changes little of it. ending are
// the things whose term ends next, however late.
type lately struct {
	at      time.Time
	month   int64 // in which orders are numbered, by the server's clock
	months  []Month
	ending  []Expiring
	running []Job
	events  []Event
	spends  *Spends
	spent   []Month
	budgets []Budget
	// currency is the team's.
	currency string
}

// stands tells whether the same would be read now.
func (l lately) stands(now, server time.Time) bool {
	return !now.Before(l.at) && l.month == MonthOf(server) && MonthOf(now.In(pricing.Zone)) == MonthOf(l.at.In(pricing.Zone)) &&
		(len(l.ending) == 0 || l.ending[0].EndsAt.After(now))
}

// expiring are those of ending whose term ends in the next 30 days.
func (l lately) expiring(now time.Time) []Expiring {
	late := slices.IndexFunc(l.ending, func(e Expiring) bool { return e.EndsAt.After(now.Add(expiringWithin)) })
	if late < 0 {
		return l.ending
	}
	return l.ending[:late]
}

// lately is shared: nobody changes what it holds.
func (db *DB) lately(ctx context.Context, by Actor, now time.Time) (lately, error) {
	generation, err := db.generation(ctx)
	if err != nil {
		return lately{}, err
	}
	if l, known := db.dashboards.at(generation, by.TeamID); known && l.stands(now, db.Now()) {
		return l, nil
	}
	l := lately{at: now, month: MonthOf(db.Now())}
	if l.months, err = db.ListMonths(ctx, by, dashboardMonths); err != nil {
		return l, err
	}
	if l.ending, err = db.ending(ctx, by, now, dashboardRows); err != nil {
		return l, err
	}
	if l.running, err = db.ListRunningJobs(ctx, by, dashboardRows); err != nil {
		return l, err
	}
	if l.spends, err = db.spendsOf(ctx, by, l.month); err != nil {
		return l, err
	}
	team, err := db.teamSettings(ctx, by)
	if err != nil {
		return l, err
	}
	l.budgets, l.currency = team.Budgets.All, team.Currency
	if l.spent, err = db.spentMonths(ctx, by, l.currency, dashboardMonths); err != nil {
		return l, err
	}
	q := list.With("without", string(KindUser))
	q.Size = dashboardRows
	events, err := Events.Read(ctx, db, by, q)
	l.events = events.Rows
	if err == nil && generation != "" {
		db.dashboards.keep(generation, by.TeamID, l)
	}
	return l, err
}

// everyMonth fills in the months in which nothing happened, for each kind that
// people order.
func (db *DB) everyMonth(known []Month, now time.Time, n int) map[Kind][]Month {
	all := map[Kind][]Month{}
	now = now.In(pricing.Zone)
	for _, k := range db.ordered() {
		for i := n - 1; i >= 0; i-- {
			m := Month{Kind: k.Kind, Month: MonthOf(time.Date(now.Year(), now.Month()-time.Month(i), 1, 0, 0, 0, 0, pricing.Zone))}
			if at := slices.IndexFunc(known, func(o Month) bool { return o.Kind == m.Kind && o.Month == m.Month }); at >= 0 {
				m = known[at]
			}
			all[k.Kind] = append(all[k.Kind], m)
		}
	}
	return all
}

// ending are the things, as plans and stores paid in advance, whose term ends
// after a time, the soonest first, at most n.
func (db *DB) ending(ctx context.Context, by Actor, after time.Time, n int) ([]Expiring, error) {
	var found []Expiring
	for _, k := range db.kinds {
		if k.Expiring == "" {
			continue
		}
		var some []Expiring
		if err := db.Scan(ctx, &some, k.Expiring, by.TeamID, after, n); err != nil {
			return nil, err
		}
		for _, e := range some {
			e.Kind = k.Kind
			found = append(found, e)
		}
	}
	slices.SortFunc(found, func(a, b Expiring) int {
		return cmp.Or(a.EndsAt.Compare(b.EndsAt), strings.Compare(a.ID, b.ID))
	})
	return found[:min(n, len(found))], nil
}
