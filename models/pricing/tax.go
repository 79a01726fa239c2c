package pricing

import (
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/text/width"
)

// Prices of the price book are before tax, and in the book's currency. The tax on an
// order, and what it comes to in another currency, are rounded here and nowhere else:
// once for each order, half away from zero, as people round on paper.

// Hundred is the whole, in hundredths of a percent, as rates of tax are kept.
const Hundred = 100_00

// RateUnit is how many millionths, as rates of exchange are kept, one unit has.
const RateUnit = 1_000_000

// Tax is the tax on an amount, at a rate in hundredths of a percent.
func Tax(net, rate int64) (int64, error) { return mulDiv(net, rate, Hundred, true) }

// Taxed is an amount with its tax.
func Taxed(net, rate int64) (int64, error) {
	tax, err := Tax(net, rate)
	if err != nil {
		return 0, err
	}
	return Add(net, tax)
}

// Exchange is an amount in another currency, of which one of its own is so many
// millionths.
func Exchange(amount, rate int64) (int64, error) { return mulDiv(amount, rate, RateUnit, true) }

var rates = regexp.MustCompile(`^(\d{1,9})(?:\.(\d{1,6}))?$`)

// ParseRate is a rate of exchange as people type it, "0.140512", in millionths.
// Anything else is ErrAmount, and so is nothing.
func ParseRate(s string) (int64, error) {
	m := rates.FindStringSubmatch(width.Narrow.String(strings.TrimSpace(s)))
	if m == nil {
		return 0, ErrAmount
	}
	n, err := strconv.ParseInt(m[1]+(m[2] + "000000")[:6], 10, 64)
	if err != nil || n == 0 {
		return 0, ErrAmount
	}
	return n, nil
}

var amounts = regexp.MustCompile(`^(\d{1,3}(?:,\d{3}){1,2}|\d{1,9})(?:\.(\d{1,6}))?$`)

// ParsePrice is the price of a unit as people type it, "2.385" or "1,180", in
// millionths. Anything else is ErrAmount, and so is nothing.
func ParsePrice(s string) (int64, error) {
	s = width.Narrow.String(strings.TrimSpace(s))
	if !amounts.MatchString(s) {
		return 0, ErrAmount
	}
	return ParseRate(strings.ReplaceAll(s, ",", ""))
}

// PriceDecimal is the price of a unit as spreadsheets read it, with two decimals or as
// many as it has: 2.385.
func PriceDecimal(micro int64) string {
	s := RateDecimal(micro)
	for range 2 {
		if strings.HasSuffix(s, "0") && len(s) > strings.IndexByte(s, '.')+3 {
			s = s[:len(s)-1]
		}
	}
	return s
}

// RateDecimal is a rate of exchange as people read it, with four decimals or as many
// as it has.
func RateDecimal(rate int64) string {
	whole, part := strconv.FormatInt(rate/RateUnit, 10), strconv.FormatInt(RateUnit+rate%RateUnit, 10)[1:]
	for len(part) > 4 && strings.HasSuffix(part, "0") {
		part = part[:len(part)-1]
	}
	return whole + "." + part
}
