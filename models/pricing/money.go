package pricing

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/text/width"
)

// ErrOverflow says that an amount is too large. Amounts never wrap around.
var ErrOverflow = errors.New("amount out of range")

// Add is a + b, or ErrOverflow.
func Add(a, b int64) (int64, error) {
	sum := a + b
	if (sum > a) != (b > 0) {
		return 0, ErrOverflow
	}
	return sum, nil
}

// Mul is the product of all its factors, or ErrOverflow.
func Mul(factors ...int64) (int64, error) {
	product := int64(1)
	for _, f := range factors {
		var err error
		if product, err = MulDiv(product, f, 1); err != nil {
			return 0, err
		}
	}
	return product, nil
}

// MulDiv is a × b ÷ d, with the full product, rounded once, half to even. d
// must be positive. It is ErrOverflow when the result does not fit.
func MulDiv(a, b, d int64) (int64, error) { return mulDiv(a, b, d, false) }

// mulDiv is MulDiv; up rounds half away from zero.
func mulDiv(a, b, d int64, up bool) (int64, error) {
	if d <= 0 {
		return 0, ErrOverflow
	}
	hi, lo := bits.Mul64(magnitude(a), magnitude(b))
	if hi >= uint64(d) {
		return 0, ErrOverflow
	}
	quo, rem := bits.Div64(hi, lo, uint64(d))
	// rem is below d, which is at most 2^63-1, so twice it still fits.
	if twice := 2 * rem; twice > uint64(d) || twice == uint64(d) && (up || quo%2 == 1) {
		quo++
	}
	negative := (a < 0) != (b < 0)
	switch {
	case quo <= math.MaxInt64 && negative:
		return -int64(quo), nil
	case quo <= math.MaxInt64:
		return int64(quo), nil
	case quo == 1<<63 && negative:
		return math.MinInt64, nil
	}
	return 0, ErrOverflow
}

// magnitude is |n|, also of the smallest number, whose positive value does not
// fit into int64.
func magnitude(n int64) uint64 {
	if n < 0 {
		return -uint64(n) // #nosec G115 -- wraps around on purpose
	}
	return uint64(n)
}

// Decimal is an amount in hundredths as spreadsheets read it: 12852.00.
func Decimal(minor int64) string {
	sign := ""
	if minor < 0 {
		sign = "-"
	}
	n := max(minor, -minor)
	return fmt.Sprintf("%s%d.%02d", sign, n/100, n%100)
}

// decimals is an amount as people type it, with or without separators of thousands.
var decimals = regexp.MustCompile(`^(\d{1,3}(?:,\d{3})+|\d{1,15})(?:\.(\d{1,2}))?$`)

// ErrAmount says that a text is no amount.
var ErrAmount = errors.New("not an amount")

// ParseDecimal is an amount as people type it, "12852", "12,852.5" or in full-width
// figures, in hundredths. Anything else is ErrAmount, below zero too.
func ParseDecimal(s string) (int64, error) {
	m := decimals.FindStringSubmatch(strings.ReplaceAll(width.Narrow.String(strings.TrimSpace(s)), " ", ""))
	if m == nil {
		return 0, ErrAmount
	}
	n, err := strconv.ParseInt(strings.ReplaceAll(m[1], ",", "")+(m[2] + "00")[:2], 10, 64)
	if err != nil {
		return 0, ErrAmount
	}
	return n, nil
}
