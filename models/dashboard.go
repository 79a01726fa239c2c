package models

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// Dashboard is what a team sees first. Each part is read from a counter or the
// head of an index, so that it costs the same with ten rows and a million.
type Dashboard struct {
	Counts   map[string]int64
	Months   []Month // the last twelve, oldest first, one entry a month and kind
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
	d.Events, _, err = db.ListEvents(ctx, by, EventFilter{NotKind: KindUser}, Page{Size: dashboardRows})
	return d, err
}

// everyMonth fills in the months and kinds in which nothing happened.
func (db *DB) everyMonth(known []Month, now time.Time, n int) []Month {
	type key struct {
		month int64
		kind  Kind
	}
	have := make(map[key]Month, len(known))
	for _, m := range known {
		have[key{m.Month, m.Kind}] = m
	}
	kinds := db.ordered()
	all := make([]Month, 0, n*len(kinds))
	now = now.In(china)
	for i := n - 1; i >= 0; i-- {
		month := monthOf(time.Date(now.Year(), now.Month()-time.Month(i), 1, 0, 0, 0, 0, china))
		for _, k := range kinds {
			m := have[key{month, k.Kind}]
			m.Month, m.Kind = month, k.Kind
			all = append(all, m)
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
	// Each part is read from the head of its index before they are merged.
	var parts []string
	var args []any
	for _, k := range db.kinds {
		if k.Expiring != "" {
			parts = append(parts, fmt.Sprintf("SELECT '%s' AS kind, part%d.* FROM (%s) AS part%[2]d", k.Kind, len(parts), k.Expiring))
			args = append(args, by.TeamID, now, until, n)
		}
	}
	query := strings.Join(parts, " UNION ALL ") + " ORDER BY ends_at, id LIMIT ?"
	var found []Expiring
	rows, err := db.gorm.WithContext(ctx).Raw(query, append(args, n)...).Rows()
	if err != nil {
		return nil, translate(err)
	}
	defer rows.Close()
	for rows.Next() {
		var e Expiring
		var starts, ends anyTime
		if err := rows.Scan(&e.Kind, &e.ID, &e.ZH, &e.EN, &e.Region, &starts, &ends, &e.OrderNumber); err != nil {
			return nil, fmt.Errorf("scan expiring: %w", err)
		}
		e.StartsAt, e.EndsAt = time.Time(starts), time.Time(ends)
		found = append(found, e)
	}
	return found, translate(rows.Err())
}

// anyTime reads a time even when SQLite does not know that a column holds one,
// as in a union.
type anyTime time.Time

// Scan implements sql.Scanner.
func (t *anyTime) Scan(v any) error {
	switch v := v.(type) {
	case time.Time:
		*t = anyTime(v.UTC())
		return nil
	case string:
		parsed, err := time.Parse("2006-01-02 15:04:05.999999999-07:00", v)
		*t = anyTime(parsed.UTC())
		return err
	}
	return fmt.Errorf("a time of type %T", v)
}
