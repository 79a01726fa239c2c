package models

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"quartermaster/models/pricing"
	"quartermaster/models/query"
)

// count adds n to one of the team's counters in the writing transaction, so
// that a page reads a total without counting rows.
func (db *DB) count(ctx context.Context, teamID, name string, n int64) error {
	c := counter{TeamID: teamID, Name: name, Value: n}
	if db.sums != nil {
		db.sums.count(c)
		return nil
	}
	return db.addCounters(ctx, []counter{c})
}

// counter is one of a team's totals.
type counter struct {
	TeamID string
	Name   string
	Value  int64
}

// addCounters adds to counters, of which none is there twice.
func (db *DB) addCounters(ctx context.Context, all []counter) error {
	args := make([]any, 0, 3*len(all))
	for _, c := range all {
		args = append(args, c.TeamID, c.Name, c.Value)
	}
	_, err := query.Do(ctx, db.gorm, "INSERT INTO counters (team_id, name, value) VALUES (?, ?, ?)"+strings.Repeat(", (?, ?, ?)", len(all)-1)+
		" ON CONFLICT (team_id, name) DO UPDATE SET value = counters.value + excluded.value", args...)
	if err != nil {
		return fmt.Errorf("count: %w", err)
	}
	return nil
}

// Month is what happened to one kind in one calendar month.
type Month struct {
	TeamID string
	// Month is year times 100 plus month, in UTC+8, as in the documents.
	Month      int64
	Kind       Kind
	Created    int64
	Deleted    int64
	SpendMinor int64
}

// MonthOf is the month that a moment is in, in UTC+8, as Month has it.
func MonthOf(t time.Time) int64 {
	t = t.In(pricing.Zone)
	return int64(t.Year())*100 + int64(t.Month())
}

// firstMonth is the first of the n months of which the last is that of a moment.
func firstMonth(t time.Time, n int) int64 {
	t = t.In(pricing.Zone)
	return MonthOf(time.Date(t.Year(), t.Month()-time.Month(n-1), 1, 0, 0, 0, 0, pricing.Zone))
}

// tally is how many of a kind were created and deleted, and what an order
// committed to for them, in minor units.
type tally struct {
	Kind                    Kind
	Created, Deleted, Spend int64
}

// tally adds a tally to the team's totals and to its month.
func (db *DB) tally(ctx context.Context, by Actor, t tally) error {
	if t.Created != t.Deleted {
		if err := db.count(ctx, by.TeamID, string(t.Kind), t.Created-t.Deleted); err != nil {
			return err
		}
	}
	return db.inMonth(ctx, by, t)
}

// inMonth is tally for the month alone.
func (db *DB) inMonth(ctx context.Context, by Actor, t tally) error {
	m := Month{TeamID: by.TeamID, Month: MonthOf(db.TeamNow(by)), Kind: t.Kind, Created: t.Created, Deleted: t.Deleted, SpendMinor: t.Spend}
	if db.sums != nil {
		db.sums.month(m)
		return nil
	}
	return db.addToMonth(ctx, m)
}

// addToMonth adds to what happened to a kind in a month.
func (db *DB) addToMonth(ctx context.Context, m Month) error {
	_, err := query.Do(ctx, db.gorm, `INSERT INTO months (team_id, month, kind, created, deleted, spend_minor) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (team_id, month, kind) DO UPDATE SET created = months.created + excluded.created,
		deleted = months.deleted + excluded.deleted, spend_minor = months.spend_minor + excluded.spend_minor`,
		m.TeamID, m.Month, m.Kind, m.Created, m.Deleted, m.SpendMinor)
	if err != nil {
		return fmt.Errorf("tally %s: %w", m.Kind, err)
	}
	return nil
}

// sums are what orders add up to in counters, months and the record, with their
// own rows and numbers, and with plans, of which nobody can know before they are
// answered: written at the end, with one statement for what is added to the same
// row.
type sums struct {
	events   []Event
	counters []counter
	months   []Month
	spends   []Spend // by less
	days     []orderDay
	plans    []Plan
	orders   []Order
	lines    []OrderLine
}

// orderDay is the last order number of a day.
type orderDay struct{ day, last int64 }

func (s *sums) count(c counter) {
	for i, k := range s.counters {
		if k.TeamID == c.TeamID && k.Name == c.Name {
			s.counters[i].Value += c.Value
			return
		}
	}
	s.counters = append(s.counters, c)
}

func (s *sums) month(m Month) {
	for i, k := range s.months {
		if k.TeamID == m.TeamID && k.Month == m.Month && k.Kind == m.Kind {
			s.months[i].Created += m.Created
			s.months[i].Deleted += m.Deleted
			s.months[i].SpendMinor += m.SpendMinor
			return
		}
	}
	s.months = append(s.months, m)
}

// number keeps the last order number of a day.
func (s *sums) number(d orderDay) {
	for i := range s.days {
		if s.days[i].day == d.day {
			s.days[i] = d
			return
		}
	}
	s.days = append(s.days, d)
}

// last is the last order number of a day, where s knows it.
func (s *sums) last(day int64) (last int64, known bool) {
	for _, d := range s.days {
		if d.day == day {
			return d.last, true
		}
	}
	return 0, false
}

// add adds other, which came later.
func (s *sums) add(other *sums) {
	for _, c := range other.counters {
		s.count(c)
	}
	for _, m := range other.months {
		s.month(m)
	}
	for _, p := range other.spends {
		s.spend(p)
	}
	for _, d := range other.days {
		s.number(d)
	}
	s.events = append(s.events, other.events...)
	s.plans = append(s.plans, other.plans...)
	s.orders = append(s.orders, other.orders...)
	s.lines = append(s.lines, other.lines...)
}

// summing is db with what it records, counts and tallies gathered until written.
// Nothing reads these tables meanwhile.
func (db *DB) summing() *DB {
	inner := *db
	inner.sums = new(sums)
	return &inner
}

// writeTogether writes what the orders of a commit have left.
func (db *DB) writeTogether(g *gorm.DB) error {
	inner := *db
	inner.gorm = g
	err := inner.writeSums(context.Background(), db.together)
	*db.together = sums{}
	return err
}

// writeSums writes what was gathered. Counters come in one order, so that two
// processes cannot deadlock.
func (db *DB) writeSums(ctx context.Context, s *sums) error {
	slices.SortFunc(s.counters, func(a, b counter) int {
		return cmp.Or(strings.Compare(a.TeamID, b.TeamID), strings.Compare(a.Name, b.Name))
	})
	slices.SortFunc(s.months, func(a, b Month) int { return strings.Compare(string(a.Kind), string(b.Kind)) })
	err := query.Of[Event](db.gorm).CreateAll(ctx, s.events)
	if err == nil && len(s.counters) > 0 {
		err = db.addCounters(ctx, s.counters)
	}
	for _, m := range s.months {
		if err == nil {
			err = db.addToMonth(ctx, m)
		}
	}
	for _, p := range s.spends {
		if err == nil {
			err = db.addSpend(ctx, p)
		}
	}
	for _, d := range s.days {
		if err == nil {
			_, err = query.Do(ctx, db.gorm, "INSERT INTO order_days (day, last) VALUES (?, ?) ON CONFLICT (day) DO UPDATE SET last = excluded.last", d.day, d.last)
		}
	}
	if err == nil {
		err = query.Of[Plan](db.gorm).CreateAll(ctx, s.plans)
	}
	if err == nil {
		err = query.Of[Order](db.gorm).CreateAll(ctx, s.orders)
	}
	if err == nil {
		err = query.Of[OrderLine](db.gorm).CreateAll(ctx, s.lines)
	}
	return err
}

// none tells whether a query finds no row.
func (db *DB) none(ctx context.Context, statement string, args ...any) (bool, error) {
	var one int
	err := query.Row(ctx, db.gorm, statement, args, &one)
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return true, nil
	}
	return false, translate(err)
}

// counted is one of the team's counters.
func (db *DB) counted(ctx context.Context, by Actor, name string) (int64, error) {
	var n int64
	err := db.gorm.WithContext(ctx).Raw("SELECT value FROM counters WHERE team_id = ? AND name = ?", by.TeamID, name).Scan(&n).Error
	return n, translate(err)
}

// Counts are the team's totals: how many of each kind exist, by Kind, and
// "order", "order.paid" (orders that cost something), "app.<region>" (its
// applications there), "plan.<product>" (its plans of a product) and "bytes"
// (what its buckets hold). The map is shared: nobody changes it.
func (db *DB) Counts(ctx context.Context, by Actor) (map[string]int64, error) {
	if err := by.may(See); err != nil {
		return nil, err
	}
	generation, err := db.generation(ctx)
	if err != nil {
		return nil, err
	}
	if counts, known := db.totals.at(generation, by.TeamID); known {
		return counts, nil
	}
	from := db.lists() // without GORM's reflection, since every page shows them
	statement := "SELECT name, value FROM counters WHERE team_id = ?"
	if from.Dollar {
		statement = "SELECT name, value FROM counters WHERE team_id = $1"
	}
	rows, err := from.Conn.QueryContext(ctx, statement, by.TeamID)
	if err != nil {
		return nil, translate(err)
	}
	defer rows.Close()
	counts := map[string]int64{}
	for rows.Next() {
		var name string
		var value int64
		if err := rows.Scan(&name, &value); err != nil {
			return nil, translate(err)
		}
		counts[name] = value
	}
	if err = rows.Err(); err == nil && generation != "" {
		db.totals.keep(generation, by.TeamID, counts)
	}
	return counts, translate(err)
}

// ListMonths is what happened in the last n months up to the team's present
// one, oldest first. Months and kinds in which nothing happened are absent.
func (db *DB) ListMonths(ctx context.Context, by Actor, n int) ([]Month, error) {
	if err := by.may(See); err != nil {
		return nil, err
	}
	months, err := query.Of[Month](db.gorm).Where("team_id = ? AND month >= ?", by.TeamID, firstMonth(db.TeamNow(by), n)).
		Order("month, kind").Find(ctx)
	return months, translate(err)
}
