package pricing_test

import (
	"errors"
	"math"
	"testing"

	"quartermaster/models/pricing"
)

func TestTaxAndExchangeRoundHalfUpOnce(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		what            string
		of              func(amount, rate int64) (int64, error)
		amount, rate, w int64
	}{
		{"6 % of 100.00", pricing.Tax, 100_00, 600, 6_00},
		{"13 % of 0.04 is 0.0052", pricing.Tax, 4, 1300, 1},
		{"half of a hundredth goes up", pricing.Tax, 25, 600, 2},
		{"and up from an even one", pricing.Tax, 5, 1000, 1},
		{"below a half goes down", pricing.Tax, 8, 600, 0},
		{"given back, away from zero", pricing.Tax, -25, 600, -2},
		{"no tax", pricing.Tax, 100_00, 0, 0},
		{"with tax", pricing.Taxed, 100_00, 600, 106_00},
		{"CNY to USD", pricing.Exchange, 540_00, 140_512, 75_88},
		{"half of a hundredth", pricing.Exchange, 1, 500_000, 1},
		{"the same", pricing.Exchange, math.MaxInt64, pricing.RateUnit, math.MaxInt64},
	} {
		if got, err := c.of(c.amount, c.rate); err != nil || got != c.w {
			t.Errorf("%s: got %d, %v; want %d", c.what, got, err, c.w)
		}
	}
	for _, of := range []func(amount, rate int64) (int64, error){pricing.Taxed, pricing.Exchange} {
		if _, err := of(math.MaxInt64, 2*pricing.RateUnit); !errors.Is(err, pricing.ErrOverflow) {
			t.Errorf("too large: %v", err)
		}
	}
}

func TestRatesAreReadAndWritten(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]int64{"0.140512": 140_512, " 7.1 ": 7_100_000, "1": 1_000_000, "０.5": 500_000, "0": 0, "-1": 0, "1e3": 0, "0.1234567": 0, "": 0} {
		got, err := pricing.ParseRate(typed)
		if got != want || (err == nil) != (want > 0) {
			t.Errorf("%q: got %d, %v; want %d", typed, got, err, want)
		}
	}
	for rate, want := range map[int64]string{140_512: "0.140512", 7_100_000: "7.1000", 1: "0.000001", 140_510: "0.14051"} {
		if got := pricing.RateDecimal(rate); got != want {
			t.Errorf("%d: got %q, want %q", rate, got, want)
		}
	}
}
