package models

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"quartermaster/models/list"
	"quartermaster/models/query"
)

// Spend is what the orders of a cost centre and a region commit to, with tax and in
// their team's currency, that were placed in a month and stand: approved, under way or
// completed. What is charged by the hour is not in it.
type Spend struct {
	TeamID     string `gorm:"primaryKey"`
	Month      int64  `gorm:"primaryKey;autoIncrement:false"` // as Month has it
	CostCentre string `gorm:"primaryKey"`                     // "" where the orders name none
	Region     string `gorm:"primaryKey"`                     // "" for orders of several
	Kinds      string `gorm:"primaryKey"`                     // of the orders' lines
	Currency   string `gorm:"primaryKey"`
	Orders     int64
	SpendMinor int64
}

// TableName is where they are kept.
func (Spend) TableName() string { return "spends" }

// ordersAMonth divides an order's number into its month.
const ordersAMonth = 100 * ordersADay

// countSpend counts an order in what its month commits to once it stands, and no
// longer when it does not; changed tells that the order's Counted did.
func (db *DB) countSpend(ctx context.Context, o *Order) (changed bool, err error) {
	stands := o.TotalMinor != 0 && (o.State == OrderApproved || o.State == OrderFulfilling || o.State == OrderCompleted)
	if stands == o.Counted {
		return false, nil
	}
	o.Counted = stands
	s := o.spend()
	if !stands {
		s.Orders, s.SpendMinor = -1, -s.SpendMinor
	}
	if db.sums != nil {
		db.sums.spend(s)
		return true, nil
	}
	return true, db.addSpend(ctx, s)
}

// spend is what an order commits its month to.
func (o *Order) spend() Spend {
	return Spend{TeamID: o.TeamID, Month: o.Number / ordersAMonth, CostCentre: o.CostCentre, Region: o.Region, Kinds: o.Kinds, Currency: o.PayCurrency, Orders: 1, SpendMinor: o.PayMinor}
}

// moveSpend gives an order another cost centre, in what its month commits to as well.
func (db *DB) moveSpend(ctx context.Context, o *Order, centre string) error {
	was := o.spend()
	o.CostCentre = centre
	if !o.Counted {
		return nil
	}
	was.Orders, was.SpendMinor = -was.Orders, -was.SpendMinor
	if err := db.addSpend(ctx, was); err != nil {
		return err
	}
	return db.addSpend(ctx, o.spend())
}

// addSpend adds to what a month commits to.
func (db *DB) addSpend(ctx context.Context, s Spend) error {
	_, err := query.Do(ctx, db.gorm, `INSERT INTO spends (team_id, month, cost_centre, region, kinds, currency, orders, spend_minor) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (team_id, month, cost_centre, region, kinds, currency) DO UPDATE SET orders = spends.orders + excluded.orders, spend_minor = spends.spend_minor + excluded.spend_minor`,
		s.TeamID, s.Month, s.CostCentre, s.Region, s.Kinds, s.Currency, s.Orders, s.SpendMinor)
	if err != nil {
		return fmt.Errorf("count spend: %w", err)
	}
	return nil
}

func (s Spend) less(than Spend) int {
	return cmp.Or(cmp.Compare(s.TeamID, than.TeamID), cmp.Compare(s.Month, than.Month), cmp.Compare(s.CostCentre, than.CostCentre), cmp.Compare(s.Region, than.Region),
		cmp.Compare(s.Kinds, than.Kinds), cmp.Compare(s.Currency, than.Currency))
}

func (s *sums) spend(more Spend) {
	at, known := slices.BinarySearchFunc(s.spends, more, Spend.less)
	if !known {
		s.spends = slices.Insert(s.spends, at, more)
		return
	}
	s.spends[at].Orders += more.Orders
	s.spends[at].SpendMinor += more.SpendMinor
}

// Spends is what a team's month commits to.
type Spends struct {
	Month int64
	// Centres and Regions are the largest of either, each with the others empty.
	Centres, Regions []Spend
	// Whole is all of it, a row for each currency that the team has had in the month.
	Whole []Spend
}

// mostSpends is how many cost centres and regions Spends has.
const mostSpends = 6

// sumsOfSpends are sums over the spends that follow, in each currency.
const sumsOfSpends = "currency, CAST(SUM(orders) AS bigint) AS orders, CAST(SUM(spend_minor) AS bigint) AS spend_minor FROM spends WHERE team_id = ? AND month "

// spendsOf is what a month of the actor's team commits to.
func (db *DB) spendsOf(ctx context.Context, by Actor, month int64) (*Spends, error) {
	s := &Spends{Month: month}
	of := func(column string, into *[]Spend) error {
		return db.gorm.WithContext(ctx).Raw("SELECT "+column+", "+sumsOfSpends+"= ? GROUP BY "+column+", currency HAVING SUM(orders) > 0 ORDER BY SUM(spend_minor) DESC, "+column+" LIMIT ?",
			by.TeamID, month, mostSpends).Scan(into).Error
	}
	err := of("cost_centre", &s.Centres)
	if err == nil {
		err = of("region", &s.Regions)
	}
	if err == nil && len(s.Centres) > 0 {
		err = db.gorm.WithContext(ctx).Raw("SELECT "+sumsOfSpends+"= ? GROUP BY currency HAVING SUM(orders) > 0 ORDER BY currency", by.TeamID, month).Scan(&s.Whole).Error
	}
	return s, translate(err)
}

// spentMonths are the last n months of the actor's team, as orders are numbered, with
// what was committed to in its currency, for the first kind of each order that is paid
// for: one whose things end.
func (db *DB) spentMonths(ctx context.Context, by Actor, currency string, n int) ([]Month, error) {
	var some []Spend
	err := db.gorm.WithContext(ctx).Raw("SELECT month, kinds, "+sumsOfSpends+">= ? AND currency = ? GROUP BY month, kinds, currency", by.TeamID, firstMonth(db.Now(), n), currency).Scan(&some).Error
	var months []Month
	for _, s := range some {
		kinds := strings.Split(s.Kinds, ",")
		kind := kinds[max(0, slices.IndexFunc(kinds, func(k string) bool { return db.kind(Kind(k)).Expiring.Table != "" }))]
		at := slices.IndexFunc(months, func(m Month) bool { return m.Month == s.Month && m.Kind == Kind(kind) })
		if at < 0 {
			at, months = len(months), append(months, Month{TeamID: by.TeamID, Month: s.Month, Kind: Kind(kind)})
		}
		months[at].SpendMinor += s.SpendMinor
	}
	return months, translate(err)
}

// FindSpend is what a list of the orders of the actor's team that are counted comes
// to, a row for each currency and at least one: of a month, and of a cost centre or a
// region where it is of one. ok tells whether the list is such a one.
func (db *DB) FindSpend(ctx context.Context, by Actor, q list.Query) (s []Spend, ok bool, err error) {
	if err := by.may(See); err != nil {
		return nil, false, err
	}
	month, of := monthIn(q.Filters["month"])
	if !of || q.Filters["free"] != Spent || q.Text != "" {
		return nil, false, nil
	}
	statement, args := "SELECT "+sumsOfSpends+"= ?", []any{by.TeamID, month}
	for name, value := range q.Filters {
		switch name {
		case "month", "free":
		case "centre":
			statement, args = statement+" AND cost_centre = ?", append(args, given(value))
		case "region":
			statement, args = statement+" AND region = ?", append(args, given(value))
		default:
			return nil, false, nil
		}
	}
	err = db.gorm.WithContext(ctx).Raw(statement+" GROUP BY currency HAVING SUM(orders) > 0 ORDER BY currency", args...).Scan(&s).Error
	if err != nil || len(s) > 0 {
		return s, err == nil, translate(err)
	}
	team, err := db.teamSettings(ctx, by)
	if err != nil {
		return nil, false, err
	}
	return []Spend{{Currency: team.Currency}}, true, nil
}
