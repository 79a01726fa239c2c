package models

import (
	"context"
	"fmt"
	"time"

	"quartermaster/models/pricing"
	"quartermaster/models/query"
)

// count adds n to one of the team's counters in the writing transaction, so
// that a page reads a total without counting rows.
func (db *DB) count(ctx context.Context, teamID, name string, n int64) error {
	err := query.Exec(ctx, db.gorm, `INSERT INTO counters (team_id, name, value) VALUES (?, ?, ?)
		ON CONFLICT (team_id, name) DO UPDATE SET value = counters.value + excluded.value`, teamID, name, n)
	if err != nil {
		return fmt.Errorf("count %s: %w", name, err)
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

func monthOf(t time.Time) int64 {
	t = t.In(pricing.Zone)
	return int64(t.Year())*100 + int64(t.Month())
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
	return db.addToMonth(ctx, Month{TeamID: by.TeamID, Month: monthOf(db.TeamNow(by)), Kind: t.Kind, Created: t.Created, Deleted: t.Deleted, SpendMinor: t.Spend})
}

// addToMonth adds to what happened to one kind in one month.
func (db *DB) addToMonth(ctx context.Context, m Month) error {
	err := query.Exec(ctx, db.gorm, `INSERT INTO months (team_id, month, kind, created, deleted, spend_minor) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (team_id, month, kind) DO UPDATE SET created = months.created + excluded.created,
		deleted = months.deleted + excluded.deleted, spend_minor = months.spend_minor + excluded.spend_minor`,
		m.TeamID, m.Month, m.Kind, m.Created, m.Deleted, m.SpendMinor)
	if err != nil {
		return fmt.Errorf("tally %s: %w", m.Kind, err)
	}
	return nil
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
// (what its buckets hold).
func (db *DB) Counts(ctx context.Context, by Actor) (map[string]int64, error) {
	if err := by.may(See); err != nil {
		return nil, err
	}
	var rows []struct {
		Name  string
		Value int64
	}
	err := db.gorm.WithContext(ctx).Table("counters").Where("team_id = ?", by.TeamID).Find(&rows).Error
	counts := make(map[string]int64, len(rows))
	for _, r := range rows {
		counts[r.Name] = r.Value
	}
	return counts, translate(err)
}

// ListMonths is what happened in the last n months up to the team's present
// one, oldest first. Months and kinds in which nothing happened are absent.
func (db *DB) ListMonths(ctx context.Context, by Actor, n int) ([]Month, error) {
	if err := by.may(See); err != nil {
		return nil, err
	}
	now := db.TeamNow(by).In(pricing.Zone)
	first := time.Date(now.Year(), now.Month()-time.Month(n-1), 1, 0, 0, 0, 0, pricing.Zone)
	months, err := query.Of[Month](db.gorm).Where("team_id = ? AND month >= ?", by.TeamID, monthOf(first)).
		Order("month, kind").Find(ctx)
	return months, translate(err)
}
