// Package pricing says what a plan or a store costs and how long it runs: plain
// functions of a price list and a time, without a database or a clock.
//
// Amounts are whole numbers of the currency's smallest unit, a hundredth (fen
// for CNY); the prices of one unit are millionths. A product is calculated
// exactly, checked for overflow, and rounded once per line, half to even.
package pricing

import (
	"errors"
	"fmt"
	"time"
)

// Unit is what one unit of a price buys.
type Unit string

// The units of the price book.
const (
	Hour  Unit = "hour"
	Month Unit = "month"
	Year  Unit = "year"
	// Term is a whole term at once: as many months as the price's TermMonths.
	Term Unit = "term"
)

// Price is one line of the price book. It is valid from ValidFrom until that of
// a newer line with the same SKU, Region, Unit and TermMonths.
type Price struct {
	SKU string
	// Region is empty when the price is the same in every region.
	Region     string
	Unit       Unit
	TermMonths int // only with Term
	Currency   string
	// Micro is the price of one unit in millionths of the currency, because an
	// hourly rate may be finer than its smallest unit: 2.385 CNY is 2385000.
	Micro     int64
	ValidFrom time.Time
	// Source is a code for the origin of the price; its words are in views/i18n
	// under price.source.<code>.
	Source string
	// Ours tells that we chose the price and not the vendor.
	Ours bool
	// Own tells that it is of whoever asks alone, in the place of everybody's; with
	// Micro 0 it is everybody's again from then on.
	Own bool
}

// MicroPerMinor is how many millionths of a currency its smallest unit has.
// Every currency that we use has a hundred of those.
const MicroPerMinor = 10_000

// Book is a price list, in any order.
type Book []Price

// ErrNoPrice says that the book has no price for what was asked at that time.
var ErrNoPrice = errors.New("no price")

// PlanSKU is the SKU of a specification of a package type.
func PlanSKU(packageType, spec string) string { return packageType + ":" + spec }

// StoreSKU is the SKU of one compute unit of a store.
func StoreSKU(cu string) string { return "lms.cu." + cu }

// Find is the price of a SKU that holds at a moment: the newest that is valid,
// an own one before everybody's, and then the region's before one for all regions.
// It is ErrNoPrice when there is none. months is 0 except for Term.
func (b Book) Find(at time.Time, sku, region string, unit Unit, months int) (Price, error) {
	var newest [4]*Price // by rank, the first first
	for i := range b {
		p := &b[i]
		if p.SKU != sku || p.Unit != unit || p.TermMonths != months || p.Region != region && p.Region != "" || p.ValidFrom.After(at) {
			continue
		}
		rank := 0
		if !p.Own {
			rank = 2
		}
		if p.Region == "" {
			rank++
		}
		if best := newest[rank]; best == nil || !p.ValidFrom.Before(best.ValidFrom) {
			newest[rank] = p
		}
	}
	for _, p := range newest {
		if p != nil && !(p.Own && p.Micro == 0) {
			return *p, nil
		}
	}
	return Price{}, fmt.Errorf("%s per %s in %q at %s: %w", sku, unit, region, at.UTC().Format(time.DateOnly), ErrNoPrice)
}

// Quote is a price with its breakdown, as a form shows it and an order line
// keeps it. ListMinor − DiscountMinor is always TradeMinor.
type Quote struct {
	// SKU is what is sold, as the price book calls it; "" for what is free.
	SKU      string
	Currency string
	// UnitMicro is the price of one Unit of one piece, in millionths of the
	// currency. The list price of a purchase in advance is UnitMicro × Quantity
	// × Units.
	UnitMicro int64
	Unit      Unit
	// Quantity is the number of pieces: 1 plan, or a store's number of CU.
	Quantity int64
	// Units is how many Units the term has. It is 0 when nothing is bought in
	// advance.
	Units int64
	// TermN and TermUnit (Month or Year) are the term as it was asked for;
	// TermN is 0 when there is no term.
	TermN    int
	TermUnit Unit

	ListMinor     int64 // before discount
	DiscountMinor int64 // taken off for the length of the term
	TradeMinor    int64 // due now

	// HourlyMicro is what all pieces together cost an hour, in millionths, and
	// MonthlyEstimateMinor what that makes in HoursPerMonth hours. Both are 0
	// unless the charge is by use.
	HourlyMicro, MonthlyEstimateMinor int64

	// Source and ValidFrom are those of the price that TradeMinor was taken
	// from. Ours tells that we chose one of these figures.
	Source    string
	ValidFrom time.Time
	Ours      bool
}

// Free is the quote of what costs nothing: buckets and package versions.
func Free(currency string) Quote {
	return Quote{Currency: currency, Quantity: 1}
}

// Rest is the quote for the remaining part of a term.
func (q Quote) Rest(left, whole time.Duration) (Quote, error) {
	trade, err := MulDiv(q.TradeMinor, int64(min(left, whole)), int64(whole))
	if err != nil {
		return Quote{}, err
	}
	q.DiscountMinor += q.TradeMinor - trade
	q.TradeMinor = trade
	return q, nil
}

// HoursPerMonth is the length of the month of an estimate: a year's 8,760
// hours divided by twelve.
const HoursPerMonth = 730

// Plan is what a specification of a package type costs for a term of so many
// months. When the book has a price for exactly this term, that is paid; the
// monthly price times the months is the list price. When one of them is
// missing, both are equal. TermUnit is Month: a form that asks for years
// changes it in its own copy.
func Plan(book Book, at time.Time, packageType, spec string, months int) (Quote, error) {
	if months < 1 {
		return Quote{}, fmt.Errorf("plan of %d months: %w", months, ErrNoPrice)
	}
	sku := PlanSKU(packageType, spec)
	monthly, err := book.Find(at, sku, "", Month, 0)
	hasMonthly := err == nil
	term, err := book.Find(at, sku, "", Term, months)
	byMonth, whole := priced{monthly, int64(months)}, priced{term, 1}
	switch {
	case err != nil && !hasMonthly:
		return Quote{}, err
	case err != nil:
		whole = byMonth
	case !hasMonthly:
		byMonth = whole
	}
	return bought(1, byMonth, whole, months, Month)
}

// Upgrading is a plan of so many months that is made larger: from one
// specification to another when Left of its Whole term is still to come.
type Upgrading struct {
	PackageType string
	From, To    string
	Months      int
	Left, Whole time.Duration
}

// Upgrade is what it costs to make a plan larger: what the larger specification
// costs more for the whole term, at the prices of now, times left ÷ whole,
// rounded once. It is nothing where the larger one costs no more. The quote is
// for one piece of that rest.
func Upgrade(book Book, at time.Time, u Upgrading) (Quote, error) {
	small, err := Plan(book, at, u.PackageType, u.From, u.Months)
	if err != nil {
		return Quote{}, err
	}
	large, err := Plan(book, at, u.PackageType, u.To, u.Months)
	if err != nil {
		return Quote{}, err
	}
	if small.Currency != large.Currency {
		return Quote{}, fmt.Errorf("%s from %s to %s: %w", u.PackageType, small.Currency, large.Currency, ErrNoPrice)
	}
	due, err := MulDiv(max(0, large.TradeMinor-small.TradeMinor), int64(u.Left), int64(u.Whole))
	if err != nil {
		return Quote{}, err
	}
	listed, err := MulDiv(max(0, large.ListMinor-small.ListMinor), int64(u.Left), int64(u.Whole))
	if err != nil {
		return Quote{}, err
	}
	listed = max(listed, due)
	unit, err := Mul(listed, MicroPerMinor)
	if err != nil {
		return Quote{}, err
	}
	large.UnitMicro, large.Unit, large.Units, large.TermN = unit, Term, 1, 0
	large.ListMinor, large.DiscountMinor, large.TradeMinor = listed, listed-due, due
	large.Ours = large.Ours || small.Ours
	return large, nil
}

// ChargeMode is how a store is paid, spelled as the documents do.
type ChargeMode string

// The charge modes of a store.
const (
	PostPaid ChargeMode = "postPaid"
	PrePaid  ChargeMode = "prePaid"
)

// StoreTerms is what a store's price depends on. PeriodType (Month or Year)
// and PeriodNum matter only when it is paid in advance.
type StoreTerms struct {
	Region     string
	CU         string
	Num        int
	ChargeMode ChargeMode
	PeriodType Unit
	PeriodNum  int
}

// Store is what a store costs. Paid by use, nothing is due now, and the quote
// carries the hourly rate and a month's estimate. Paid in advance, the whole
// period is due: the list price of a year is that of twelve months, and the
// yearly price is paid.
func Store(book Book, at time.Time, t StoreTerms) (Quote, error) {
	if t.Num < 1 {
		return Quote{}, fmt.Errorf("store of %d units: %w", t.Num, ErrNoPrice)
	}
	if t.ChargeMode == PostPaid {
		return metered(book, at, t)
	}
	if t.ChargeMode != PrePaid || t.PeriodNum < 1 {
		return Quote{}, fmt.Errorf("store %q for %d: %w", t.ChargeMode, t.PeriodNum, ErrNoPrice)
	}
	sku, num, n := StoreSKU(t.CU), int64(t.Num), int64(t.PeriodNum)
	monthly, err := book.Find(at, sku, t.Region, Month, 0)
	hasMonthly := err == nil
	switch t.PeriodType {
	case Month:
		if err != nil {
			return Quote{}, err
		}
		return bought(num, priced{monthly, n}, priced{monthly, n}, t.PeriodNum, Month)
	case Year:
		yearly, err := book.Find(at, sku, t.Region, Year, 0)
		switch {
		case err != nil:
			return Quote{}, err
		case !hasMonthly:
			return bought(num, priced{yearly, n}, priced{yearly, n}, t.PeriodNum, Year)
		}
		months, err := Months(t.PeriodNum, Yearly)
		if err != nil {
			return Quote{}, err
		}
		return bought(num, priced{monthly, int64(months)}, priced{yearly, n}, t.PeriodNum, Year)
	}
	return Quote{}, fmt.Errorf("store per %q: %w", t.PeriodType, ErrNoPrice)
}

// metered is the quote of a store that is charged by the hour.
func metered(book Book, at time.Time, t StoreTerms) (Quote, error) {
	p, err := book.Find(at, StoreSKU(t.CU), t.Region, Hour, 0)
	if err != nil {
		return Quote{}, err
	}
	num := int64(t.Num)
	hourly, err := Mul(p.Micro, num)
	if err != nil {
		return Quote{}, err
	}
	monthly, err := MulDiv(hourly, HoursPerMonth, MicroPerMinor)
	if err != nil {
		return Quote{}, err
	}
	return Quote{
		SKU: p.SKU, Currency: p.Currency, UnitMicro: p.Micro, Unit: Hour, Quantity: num,
		HourlyMicro: hourly, MonthlyEstimateMinor: monthly,
		Source: p.Source, ValidFrom: p.ValidFrom, Ours: p.Ours,
	}, nil
}

// priced is a number of units at their price.
type priced struct {
	Price
	units int64
}

// bought is the quote of quantity pieces bought in advance for a term: what is
// listed and what is paid. A list price that cannot be compared, in another
// currency or below what is paid, gives way to the trade price.
func bought(quantity int64, list, trade priced, term int, unit Unit) (Quote, error) {
	due, err := trade.of(quantity)
	if err != nil {
		return Quote{}, err
	}
	listed, err := list.of(quantity)
	if err != nil {
		return Quote{}, err
	}
	if list.Currency != trade.Currency || listed < due {
		list, listed = trade, due
	}
	return Quote{
		SKU: trade.SKU, Currency: trade.Currency, UnitMicro: list.Micro, Unit: list.Unit,
		Quantity: quantity, Units: list.units, TermN: term, TermUnit: unit,
		ListMinor: listed, DiscountMinor: listed - due, TradeMinor: due,
		Source: trade.Source, ValidFrom: trade.ValidFrom, Ours: trade.Ours || list.Ours,
	}, nil
}

// of is the amount of so many pieces.
func (p priced) of(quantity int64) (int64, error) {
	pieces, err := Mul(quantity, p.units)
	if err != nil {
		return 0, err
	}
	return MulDiv(p.Micro, pieces, MicroPerMinor)
}
