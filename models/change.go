package models

import (
	"context"
	"fmt"
	"time"

	"quartermaster/models/pricing"
	"quartermaster/models/query"
)

// Fact is what a line of an order changes about a thing.
type Fact string

// The facts that orders change.
const (
	FactEnds     Fact = "ends"
	FactSize     Fact = "size"
	FactUnits    Fact = "units"
	FactHourly   Fact = "hourly"
	FactMonthly  Fact = "monthly"   // what an hourly price comes to in a month
	FactPerMonth Fact = "per_month" // of what is paid in advance
)

// LineChange is a fact of a thing as it was when a change of it was ordered, and as it
// is to be.
type LineChange struct {
	Fact     Fact
	From, To FactValue
}

// FactValue is one side of a LineChange, by its fact: a text, a time, hundredths of
// the line's currency or, of what is charged by the hour, millionths.
type FactValue struct {
	Text  string     `json:",omitempty"`
	At    *time.Time `json:",omitempty"`
	Minor int64      `json:",omitempty"`
	Micro int64      `json:",omitempty"`
}

// changing is a LineInput that changes a thing.
type changing interface {
	// thing is the id of what it changes.
	thing() string
}

func (in *RenewInput) thing() string      { return in.InstanceID }
func (in *UpgradeInput) thing() string    { return in.InstanceID }
func (in *StoreScaleInput) thing() string { return in.StoreID }

// perMonth is what an amount for so many months comes to in each.
func perMonth(minor int64, months int) FactValue {
	if months > 1 {
		minor = (minor + int64(months)/2) / int64(months)
	}
	return FactValue{Minor: minor}
}

// changes are the facts that a renewal by so many months changes.
func (in *RenewInput) changes(p *Plan, line *OrderLine, months int) []LineChange {
	return []LineChange{
		{FactEnds, FactValue{At: line.StartsAt}, FactValue{At: line.EndsAt}},
		{FactPerMonth, perMonth(p.PaidMinor, p.Months()), perMonth(line.AmountMinor, months)},
	}
}

// changes are the facts that an upgrade changes, each size at the price of now.
func (in *UpgradeInput) changes(ctx context.Context, db *DB, p *Plan, spec Specification, now time.Time) ([]LineChange, error) {
	all := []LineChange{{FactSize, FactValue{Text: p.size()}, FactValue{Text: spec.Name}}}
	var each [2]pricing.Quote
	for i, size := range []string{p.spec(), spec.Value} {
		book, err := db.Book(ctx, p.TeamID, pricing.PlanSKU(p.PackageType, size))
		if err != nil {
			return nil, err
		}
		if each[i], err = pricing.Plan(book, now, p.PackageType, size, p.Months()); err != nil {
			return all, nil // without a price the line is refused
		}
	}
	return append(all, LineChange{FactPerMonth, perMonth(each[0].TradeMinor, p.Months()), perMonth(each[1].TradeMinor, p.Months())}), nil
}

// changes are the facts that another number of units changes, both at the price of
// now.
func (in *StoreScaleInput) changes(ctx context.Context, db *DB, by Actor, s *Store) ([]LineChange, error) {
	book, err := db.Book(ctx, s.TeamID, pricing.StoreSKU(s.CU))
	if err != nil {
		return nil, err
	}
	all := []LineChange{{FactUnits, FactValue{Text: s.flavor(s.Num)}, FactValue{Text: s.flavor(in.Num)}}}
	var each [2]pricing.Quote
	for i, num := range []int64{s.Num, in.Num} {
		each[i], err = pricing.Store(book, db.TeamNow(by), pricing.StoreTerms{Region: s.Region, CU: s.CU, Num: int(num), ChargeMode: s.ChargeMode,
			PeriodType: s.PeriodType, PeriodNum: s.PeriodNum})
		if err != nil {
			return all, nil // without a price the line is refused
		}
	}
	if s.ChargeMode == pricing.PrePaid {
		return append(all, LineChange{FactPerMonth, perMonth(each[0].TradeMinor, s.months()), perMonth(each[1].TradeMinor, s.months())}), nil
	}
	return append(all,
		LineChange{FactHourly, FactValue{Micro: each[0].HourlyMicro}, FactValue{Micro: each[1].HourlyMicro}},
		LineChange{FactMonthly, FactValue{Minor: each[0].MonthlyEstimateMinor}, FactValue{Minor: each[1].MonthlyEstimateMinor}}), nil
}

// flavor is a size of the store with so many units, as an order's line shows it.
func (s *Store) flavor(num int64) string { return fmt.Sprintf("%s × %d", s.CU, num) }

// mostOthers is how many other orders of a thing the page of one names.
const mostOthers = 10

// othersOf are the newest other orders of the thing that an order made, or changes,
// whatever became of them.
func (db *DB) othersOf(ctx context.Context, o *Order) ([]Order, error) {
	first := o.RelatedNumber
	if first == 0 {
		first = o.Number
	}
	orders, err := query.Of[Order](db.gorm).Where(alsoOfTeam+" AND number <> ?", o.TeamID, o.Number).
		Where("number IN (SELECT number FROM orders WHERE team_id = ? AND related_number = ? AND related_number <> 0 UNION ALL SELECT number FROM orders WHERE number = ?)", o.TeamID, first, first).
		Order("number DESC").Limit(mostOthers).Find(ctx)
	return orders, translate(err)
}
