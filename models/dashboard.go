package models

import (
	"context"
	"slices"
	"time"

	"quartermaster/models/list"
	"quartermaster/models/pricing"
)

// Dashboard is what a team sees first. Each part is read from a counter or the
// head of an index, so that it costs the same with ten rows and a million.
type Dashboard struct {
	Counts map[string]int64
	Months map[Kind][]Month // the last twelve, oldest first, of those that people order
	// Attention is what somebody has to do something about, the worst and nearest first.
	Attention []Attention
	// Expiring are the first that end within 30 days, and Ends how much ends at all.
	Expiring []Expiring
	Ends     Ends
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
	// ByHour is what stores cost by the hour.
	ByHour ByHour
	// Now is the team's time, to which terms are compared; At is the server's,
	// for events.
	Now, At time.Time
}

// ByHour is what stores that are charged by the hour cost, with tax and in the team's
// currency.
type ByHour struct {
	Stores      int64
	HourlyMicro int64
	// Months are what they cost in each of the last twelve months, the oldest first, the
	// last up to now; Rest is what they will cost up to its end.
	Months []int64
	Rest   int64
}

const (
	dashboardMonths = 12
	dashboardRows   = 8
	waitingRows     = 4
	expiringDays    = 30
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
	d.Expiring, d.Ends, d.ByHour = l.expiring(d.Now), l.ends, l.runs.byHour(d.Now, dashboardMonths)
	d.Running, d.Events, d.Spends, d.Budgets, d.Currency = l.running, l.events, l.spends, l.budgets, l.currency
	if d.WaitCount, err = db.CountWaiting(ctx, by); err != nil {
		return d, err
	}
	if d.WaitCount > 0 {
		q := list.With("whose", WaitsForMe)
		q.Size = waitingRows
		waiting, err := Approvals.Read(ctx, db, by, q)
		if d.Waiting = waiting.Rows; err != nil {
			return d, err
		}
	}
	d.Attention, err = db.attention(ctx, by, d, l.failing)
	return d, err
}

// byHour is what the stores cost in the n months up to now.
func (r runs) byHour(now time.Time, n int) (b ByHour) {
	b.Stores, b.HourlyMicro = r.at(now)
	this := MonthOf(now)
	for i := 1 - n; i <= 0; i++ {
		b.Months = append(b.Months, r.cost(nextMonth(this, i), now))
	}
	if all := r.cost(this, monthBegins(nextMonth(this, 1))); all > b.Months[n-1] {
		b.Rest = all - b.Months[n-1]
	}
	return b
}

// lately is what a dashboard shows besides counts, as it was read at the team's
// time: until the database changes, the time changes little of it. ending are
// the things whose term ends next, however late.
type lately struct {
	at      time.Time
	month   int64 // in which orders are numbered, by the server's clock
	months  []Month
	ending  []Expiring
	ends    Ends
	failing []Attention
	running []Job
	events  []Event
	spends  *Spends
	spent   []Month
	runs    runs
	budgets []Budget
	// currency is the team's.
	currency string
}

// stands tells whether the same would be read now.
func (l lately) stands(now, server time.Time) bool {
	return !now.Before(l.at) && l.month == MonthOf(server) && MonthOf(now.In(pricing.Zone)) == MonthOf(l.at.In(pricing.Zone)) &&
		now.Before(l.ends.until)
}

// expiring are those of ending whose term ends in the next 30 days.
func (l lately) expiring(now time.Time) []Expiring {
	late := slices.IndexFunc(l.ending, func(e Expiring) bool { return e.EndsAt.After(daysAfter(now, expiringDays)) })
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
	if l.ends, err = db.ends(ctx, by, now); err != nil {
		return l, err
	}
	if l.failing, err = db.failing(ctx, by); err != nil {
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
	if l.runs, err = db.runMonths(ctx, by, l.currency); err != nil {
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
