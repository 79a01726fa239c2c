package models

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

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
	expiringWithin  = 30 * 24 * time.Hour
)

// FindDashboard is the dashboard of the actor's team.
func (db *DB) FindDashboard(ctx context.Context, by Actor) (*Dashboard, error) {
	d := &Dashboard{Now: db.TeamNow(by), At: db.Now()}
	var err error
	if d.Counts, err = db.Counts(ctx, by); err != nil {
		return nil, err
	}
	months, err := db.ListMonths(ctx, by, dashboardMonths)
	if err != nil {
		return nil, err
	}
	d.Months = db.everyMonth(months, d.Now, dashboardMonths)
	if d.Expiring, err = db.ListExpiring(ctx, by, dashboardRows); err != nil {
		return nil, err
	}
	if d.Running, err = db.ListRunningJobs(ctx, by, dashboardRows); err != nil {
		return nil, err
	}
	events, err := Events.Read(ctx, db, by, Page{Size: dashboardRows}.query("without", string(KindUser)))
	d.Events = events.Rows
	return d, err
}

// everyMonth fills in the months in which nothing happened, for each kind that
// people order.
func (db *DB) everyMonth(known []Month, now time.Time, n int) map[Kind][]Month {
	all := map[Kind][]Month{}
	now = now.In(pricing.Zone)
	for _, k := range db.ordered() {
		for i := n - 1; i >= 0; i-- {
			m := Month{Kind: k.Kind, Month: monthOf(time.Date(now.Year(), now.Month()-time.Month(i), 1, 0, 0, 0, 0, pricing.Zone))}
			if at := slices.IndexFunc(known, func(o Month) bool { return o.Kind == m.Kind && o.Month == m.Month }); at >= 0 {
				m = known[at]
			}
			all[k.Kind] = append(all[k.Kind], m)
		}
	}
	return all
}

// ListExpiring are the things, as plans and stores paid in advance, whose term
// ends in the next 30 days of the team's time, the soonest first, at most n.
func (db *DB) ListExpiring(ctx context.Context, by Actor, n int) ([]Expiring, error) {
	if err := by.may(See); err != nil {
		return nil, err
	}
	now := db.TeamNow(by)
	until := now.Add(expiringWithin)
	var found []Expiring
	for _, k := range db.kinds {
		if k.Expiring == "" {
			continue
		}
		var some []Expiring
		if err := db.Scan(ctx, &some, k.Expiring, by.TeamID, now, until, n); err != nil {
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
