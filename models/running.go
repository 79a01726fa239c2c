package models

import (
	"context"
	"fmt"
	"time"

	"quartermaster/models/pricing"
	"quartermaster/models/query"
)

// What stores that are charged by the hour cost is not ordered, so no order has it. It
// is kept as changes, by the month of the team's time in which they were: sums that
// each store adds to when it comes, is resized and goes, in that transaction. All that
// has come to pass is reckoned from them, without looking at a store.

// RunMonth is how what a team's stores cost an hour changed in a month, with tax and in
// a currency.
type RunMonth struct {
	TeamID      string `gorm:"primaryKey"`
	Month       int64  `gorm:"primaryKey;autoIncrement:false"` // as Month has it
	Currency    string `gorm:"primaryKey"`
	Stores      int64  // how many more there are
	HourlyMicro int64  // how much more they cost an hour
	Late        int64  // what each change costs an hour, times the minutes of the month before it
}

// runs notes that a store costs so much an hour from now on, or no longer where n is
// -1.
func (db *DB) runs(ctx context.Context, by Actor, h hourly, n int64) error {
	if h.HourlyMicro == 0 {
		return nil
	}
	now := db.TeamNow(by)
	month := MonthOf(now)
	micro := n * h.HourlyMicro
	_, err := query.Do(ctx, db.gorm, `INSERT INTO run_months (team_id, month, currency, stores, hourly_micro, late) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (team_id, month, currency) DO UPDATE SET stores = run_months.stores + excluded.stores,
		hourly_micro = run_months.hourly_micro + excluded.hourly_micro, late = run_months.late + excluded.late`,
		by.TeamID, month, h.Currency, n, micro, micro*minutes(monthBegins(month), now))
	if err != nil {
		return fmt.Errorf("count what runs: %w", err)
	}
	return nil
}

// monthBegins is when a month begins.
func monthBegins(month int64) time.Time {
	return time.Date(int(month/100), time.Month(month%100), 1, 0, 0, 0, 0, pricing.Zone)
}

// nextMonth is the month so many after one.
func nextMonth(month int64, n int) int64 { return MonthOf(monthBegins(month).AddDate(0, n, 0)) }

func minutes(from, to time.Time) int64 { return int64(to.Sub(from) / time.Minute) }

// runMonths are the changes of what the stores of the actor's team cost an hour, in a
// currency, the earliest first.
func (db *DB) runMonths(ctx context.Context, by Actor, currency string) (runs, error) {
	all, err := query.Of[RunMonth](db.gorm).Where("team_id = ? AND currency = ?", by.TeamID, currency).Order("month").Find(ctx)
	return all, translate(err)
}

// runs are changes of what stores cost an hour, the earliest first.
type runs []RunMonth

// at are how many stores run by the hour at a moment and what they cost.
func (r runs) at(now time.Time) (stores, hourlyMicro int64) {
	month := MonthOf(now)
	for _, m := range r {
		if m.Month <= month {
			stores, hourlyMicro = stores+m.Stores, hourlyMicro+m.HourlyMicro
		}
	}
	return max(stores, 0), max(hourlyMicro, 0)
}

// cost is what the stores cost in a month up to a moment, in hundredths.
func (r runs) cost(month int64, until time.Time) int64 {
	begin, end := monthBegins(month), monthBegins(nextMonth(month, 1))
	if until.Before(end) {
		end = until
	}
	if !end.After(begin) {
		return 0
	}
	rate, late := int64(0), int64(0)
	for _, m := range r {
		if m.Month <= month {
			rate += m.HourlyMicro
		}
		if m.Month == month {
			late = m.Late
		}
	}
	return max(0, (rate*minutes(begin, end)-late)/(60*pricing.MicroPerMinor))
}
