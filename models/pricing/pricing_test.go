package pricing_test

import (
	"errors"
	"math"
	"testing"
	"time"

	"quartermaster/models/pricing"
)

func day(s string) time.Time {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err)
	}
	return t
}

var book = pricing.Book{
	{SKU: "oss:40", Unit: pricing.Month, Currency: "CNY", Micro: 450_0000, ValidFrom: day("2024-01-01"), Source: "a", Ours: true},
	{SKU: "oss:40", Unit: pricing.Term, TermMonths: 6, Currency: "CNY", Micro: 2500_0000, ValidFrom: day("2025-01-01"), Source: "c"},
	{SKU: "oss:40", Unit: pricing.Term, TermMonths: 6, Currency: "CNY", Micro: 2250_0000, ValidFrom: day("2026-07-01"), Source: "d"},
	{SKU: "oss:40", Unit: pricing.Term, TermMonths: 6, Currency: "CNY", Micro: 2600_0000, ValidFrom: day("2024-01-01"), Source: "b"},
	{SKU: "oss:40", Unit: pricing.Term, TermMonths: 12, Currency: "CNY", Micro: 9999_0000, ValidFrom: day("2024-01-01"), Source: "e"},
	{SKU: "oss:50", Unit: pricing.Term, TermMonths: 6, Currency: "CNY", Micro: 5976_0000, ValidFrom: day("2024-01-01"), Source: "f"},
	{SKU: "oss:max", Unit: pricing.Month, Currency: "CNY", Micro: math.MaxInt64, ValidFrom: day("2024-01-01")},
	{SKU: "lms.cu.xlarge", Region: "cn-north-7", Unit: pricing.Hour, Currency: "CNY", Micro: 2_385_250, ValidFrom: day("2024-01-01"), Source: "h"},
	{SKU: "lms.cu.xlarge", Region: "cn-north-7", Unit: pricing.Month, Currency: "CNY", Micro: 118_000_0000, ValidFrom: day("2024-01-01"), Source: "m"},
	{SKU: "lms.cu.xlarge", Region: "cn-north-7", Unit: pricing.Year, Currency: "CNY", Micro: 1_180_000_0000, ValidFrom: day("2024-01-01"), Source: "y"},
	{SKU: "lms.cu.xlarge", Unit: pricing.Year, Currency: "CNY", Micro: 1_300_000_0000, ValidFrom: day("2026-01-01"), Source: "everywhere"},
}

func TestPlanTakesTheNewestPriceThatHasBegun(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		at     string
		source string
		trade  int64
	}{
		{"2024-01-01", "b", 2600},
		{"2024-12-31", "b", 2600},
		{"2025-01-01", "c", 2500},
		{"2026-06-30", "c", 2500},
		{"2026-07-01", "d", 2250},
	} {
		q, err := pricing.Plan(book, day(tt.at), "oss", "40", 6)
		if err != nil || q.Source != tt.source || q.TradeMinor != tt.trade {
			t.Errorf("on %s: got %d from %q, %v, want %d from %q", tt.at, q.TradeMinor, q.Source, err, tt.trade, tt.source)
		}
	}
}

func TestPlanShowsListDiscountAndTradePrice(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		spec   string
		months int
		want   pricing.Quote
	}{
		{"term price below the monthly one", "40", 6, pricing.Quote{UnitMicro: 450_0000, Unit: pricing.Month, Units: 6, ListMinor: 2700, DiscountMinor: 450, TradeMinor: 2250, Source: "d", ValidFrom: day("2026-07-01"), Ours: true}},
		{"monthly price alone", "40", 3, pricing.Quote{UnitMicro: 450_0000, Unit: pricing.Month, Units: 3, ListMinor: 1350, TradeMinor: 1350, Source: "a", ValidFrom: day("2024-01-01"), Ours: true}},
		{"term price alone", "50", 6, pricing.Quote{UnitMicro: 5976_0000, Unit: pricing.Term, Units: 1, ListMinor: 5976, TradeMinor: 5976, Source: "f", ValidFrom: day("2024-01-01")}},
		{"term price above the monthly one", "40", 12, pricing.Quote{UnitMicro: 9999_0000, Unit: pricing.Term, Units: 1, ListMinor: 9999, TradeMinor: 9999, Source: "e", ValidFrom: day("2024-01-01")}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.want.SKU, tt.want.Currency, tt.want.Quantity = "oss:"+tt.spec, "CNY", 1
			tt.want.TermN, tt.want.TermUnit = tt.months, pricing.Month
			got, err := pricing.Plan(book, day("2026-11-21"), "oss", tt.spec, tt.months)
			if err != nil || got != tt.want {
				t.Errorf("got  %+v, %v\nwant %+v", got, err, tt.want)
			}
		})
	}
}

func TestUpgradeCostsTheDifferenceForWhatIsLeft(t *testing.T) {
	t.Parallel()
	book := pricing.Book{
		{SKU: "oss:40", Unit: pricing.Month, Currency: "CNY", Micro: 450_0000, Source: "a"},
		{SKU: "oss:40", Unit: pricing.Term, TermMonths: 6, Currency: "CNY", Micro: 2250_0000, Source: "a", Ours: true},
		{SKU: "oss:100", Unit: pricing.Month, Currency: "CNY", Micro: 1100_0000, Source: "b"},
		{SKU: "oss:100", Unit: pricing.Term, TermMonths: 6, Currency: "CNY", Micro: 5500_0000, Source: "c"},
		{SKU: "oss:500", Unit: pricing.Term, TermMonths: 6, Currency: "CNY", Micro: 2000_0000, Source: "d"},
		{SKU: "oss:900", Unit: pricing.Term, TermMonths: 6, Currency: "USD", Micro: 9000_0000, Source: "e"},
		{SKU: "oss:max", Unit: pricing.Term, TermMonths: 6, Currency: "CNY", Micro: math.MaxInt64, Source: "f"},
	}
	for _, tt := range []struct {
		name        string
		to          string
		left, whole time.Duration
		list, trade int64
		want        error
	}{
		{"the whole term", "100", 4, 4, 3900, 3250, nil},
		{"half of it", "100", 2, 4, 1950, 1625, nil},
		{"rounded half to even", "100", 1, 4, 975, 812, nil},       // 812.5
		{"rounded half to even, up", "100", 3, 4, 2925, 2438, nil}, // 2437.5
		{"nothing left", "100", 0, 4, 0, 0, nil},
		{"larger and cheaper", "500", 4, 4, 0, 0, nil},
		{"another currency", "900", 4, 4, 0, 0, pricing.ErrNoPrice},
		{"unknown", "41", 4, 4, 0, 0, pricing.ErrNoPrice},
		{"too much for its unit price", "max", math.MaxInt64, 1, 0, 0, pricing.ErrOverflow},
	} {
		q, err := pricing.Upgrade(book, day("2026-11-21"), pricing.Upgrading{PackageType: "oss", From: "40", To: tt.to, Months: 6, Left: tt.left, Whole: tt.whole})
		if !errors.Is(err, tt.want) || q.ListMinor != tt.list || q.TradeMinor != tt.trade || q.ListMinor-q.DiscountMinor != q.TradeMinor {
			t.Errorf("%s: got %d listed, %d taken off, %d to pay, %v; want %d, %d, %v",
				tt.name, q.ListMinor, q.DiscountMinor, q.TradeMinor, err, tt.list, tt.trade, tt.want)
		}
		if err == nil && (!q.Ours || q.UnitMicro != q.ListMinor*pricing.MicroPerMinor || q.Quantity*q.Units != 1) {
			t.Errorf("%s: got %+v; want one piece at its list price, marked as ours", tt.name, q)
		}
	}
}

func TestPlanWithoutAPriceIsRefused(t *testing.T) {
	t.Parallel()
	now := day("2026-11-21")
	for _, tt := range []struct {
		name   string
		at     time.Time
		spec   string
		months int
		want   error
	}{
		{"unknown specification", now, "41", 6, pricing.ErrNoPrice},
		{"term that is not sold", now, "50", 7, pricing.ErrNoPrice},
		{"before the first price", day("2023-12-31"), "40", 6, pricing.ErrNoPrice},
		{"no months", now, "40", 0, pricing.ErrNoPrice},
		{"negative months", now, "40", -6, pricing.ErrNoPrice},
		{"too much money", now, "max", 10_001, pricing.ErrOverflow},
	} {
		if _, err := pricing.Plan(book, tt.at, "oss", tt.spec, tt.months); !errors.Is(err, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.name, err, tt.want)
		}
	}
}

func TestStorePaidByUseIsDueLater(t *testing.T) {
	t.Parallel()
	got, err := pricing.Store(book, day("2026-11-21"), pricing.StoreTerms{Region: "cn-north-7", CU: "xlarge", Num: 3, ChargeMode: pricing.PostPaid})
	want := pricing.Quote{
		SKU: "lms.cu.xlarge", Currency: "CNY", UnitMicro: 2_385_250, Unit: pricing.Hour, Quantity: 3,
		HourlyMicro: 7_155_750, MonthlyEstimateMinor: 522_370, // 522,369.75 fen, rounded once
		Source: "h", ValidFrom: day("2024-01-01"),
	}
	if err != nil || got != want {
		t.Errorf("got  %+v, %v\nwant %+v", got, err, want)
	}
}

func TestStorePaidInAdvanceIsDueNow(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		terms pricing.StoreTerms
		want  pricing.Quote
	}{
		{"months", pricing.StoreTerms{Region: "cn-north-7", Num: 2, PeriodType: pricing.Month, PeriodNum: 9},
			pricing.Quote{UnitMicro: 118_000_0000, Unit: pricing.Month, Units: 9, ListMinor: 2_124_000, TradeMinor: 2_124_000, Source: "m", ValidFrom: day("2024-01-01")}},
		{"years are listed as months", pricing.StoreTerms{Region: "cn-north-7", Num: 2, PeriodType: pricing.Year, PeriodNum: 3},
			pricing.Quote{UnitMicro: 118_000_0000, Unit: pricing.Month, Units: 36, ListMinor: 8_496_000, DiscountMinor: 1_416_000, TradeMinor: 7_080_000, Source: "y", ValidFrom: day("2024-01-01")}},
		{"price that holds everywhere", pricing.StoreTerms{Region: "cn-east-3", Num: 1, PeriodType: pricing.Year, PeriodNum: 1},
			pricing.Quote{UnitMicro: 1_300_000_0000, Unit: pricing.Year, Units: 1, ListMinor: 1_300_000, TradeMinor: 1_300_000, Source: "everywhere", ValidFrom: day("2026-01-01")}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.terms.CU, tt.terms.ChargeMode = "xlarge", pricing.PrePaid
			tt.want.SKU, tt.want.Currency, tt.want.Quantity = "lms.cu.xlarge", "CNY", int64(tt.terms.Num)
			tt.want.TermN, tt.want.TermUnit = tt.terms.PeriodNum, tt.terms.PeriodType
			got, err := pricing.Store(book, day("2026-11-21"), tt.terms)
			if err != nil || got != tt.want {
				t.Errorf("got  %+v, %v\nwant %+v", got, err, tt.want)
			}
		})
	}
}

func TestStoreWithoutAPriceIsRefused(t *testing.T) {
	t.Parallel()
	good := pricing.StoreTerms{Region: "cn-north-7", CU: "xlarge", Num: 1, ChargeMode: pricing.PrePaid, PeriodType: pricing.Month, PeriodNum: 1}
	for name, spoil := range map[string]func(*pricing.StoreTerms){
		"no units":          func(s *pricing.StoreTerms) { s.Num = 0 },
		"no period":         func(s *pricing.StoreTerms) { s.PeriodNum = 0 },
		"unknown period":    func(s *pricing.StoreTerms) { s.PeriodType = "week" },
		"unknown mode":      func(s *pricing.StoreTerms) { s.ChargeMode = "barter" },
		"unknown size":      func(s *pricing.StoreTerms) { s.CU = "small" },
		"unknown region":    func(s *pricing.StoreTerms) { s.Region = "mars" },
		"by use, elsewhere": func(s *pricing.StoreTerms) { s.Region, s.ChargeMode = "mars", pricing.PostPaid },
	} {
		terms := good
		spoil(&terms)
		if _, err := pricing.Store(book, day("2026-11-21"), terms); !errors.Is(err, pricing.ErrNoPrice) {
			t.Errorf("%s: got %v, want %v", name, err, pricing.ErrNoPrice)
		}
	}
	huge := good
	huge.Num = math.MaxInt
	if _, err := pricing.Store(book, day("2026-11-21"), huge); !errors.Is(err, pricing.ErrOverflow) {
		t.Errorf("huge: got %v, want %v", err, pricing.ErrOverflow)
	}
}

func TestFreeCostsNothing(t *testing.T) {
	t.Parallel()
	if got, want := pricing.Free("CNY"), (pricing.Quote{Currency: "CNY", Quantity: 1}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestMulDivRoundsHalfToEvenOnce(t *testing.T) {
	t.Parallel()
	const most, least = math.MaxInt64, math.MinInt64
	for _, tt := range []struct{ a, b, d, want int64 }{
		{1, 1, 2, 0}, {3, 1, 2, 2}, {5, 1, 2, 2}, {7, 1, 2, 4},
		{-1, 1, 2, 0}, {-3, 1, 2, -2}, {-5, 1, 2, -2}, {5, -1, 2, -2},
		{1, 1, 3, 0}, {2, 1, 3, 1}, {0, -5, 7, 0},
		{most, most, most, most}, {least, 1, 1, least}, {least, most, most, least}, {most, 2, 4, 1 << 62},
	} {
		if got, err := pricing.MulDiv(tt.a, tt.b, tt.d); err != nil || got != tt.want {
			t.Errorf("%d × %d ÷ %d: got %d, %v, want %d", tt.a, tt.b, tt.d, got, err, tt.want)
		}
	}
	for _, tt := range [][3]int64{{most, 2, 1}, {least, -1, 1}, {least, 2, 1}, {most, most, 1}, {1, 1, 0}, {1, 1, -1}, {least, least, most}} {
		if got, err := pricing.MulDiv(tt[0], tt[1], tt[2]); !errors.Is(err, pricing.ErrOverflow) {
			t.Errorf("%d × %d ÷ %d: got %d, %v, want %v", tt[0], tt[1], tt[2], got, err, pricing.ErrOverflow)
		}
	}
}

func TestSumsAndProductsNeverWrap(t *testing.T) {
	t.Parallel()
	const most, least = math.MaxInt64, math.MinInt64
	for _, tt := range []struct{ a, b, want int64 }{{1, 2, 3}, {most, 0, most}, {most, least, -1}, {least, 0, least}, {5, -7, -2}, {least + 1, -1, least}} {
		if got, err := pricing.Add(tt.a, tt.b); err != nil || got != tt.want {
			t.Errorf("%d + %d: got %d, %v, want %d", tt.a, tt.b, got, err, tt.want)
		}
	}
	for _, tt := range [][2]int64{{most, 1}, {least, -1}, {most, most}, {least, least}} {
		if got, err := pricing.Add(tt[0], tt[1]); !errors.Is(err, pricing.ErrOverflow) {
			t.Errorf("%d + %d: got %d, %v, want %v", tt[0], tt[1], got, err, pricing.ErrOverflow)
		}
	}
	if got, err := pricing.Mul(3, -4, 5); err != nil || got != -60 {
		t.Errorf("3 × -4 × 5: got %d, %v, want -60", got, err)
	}
	if got, err := pricing.Mul(1<<32, 1<<32); !errors.Is(err, pricing.ErrOverflow) {
		t.Errorf("2^32 × 2^32: got %d, %v, want %v", got, err, pricing.ErrOverflow)
	}
}

func TestAnOwnPriceComesBeforeEverybodysUntilItEnds(t *testing.T) {
	t.Parallel()
	day := func(n int) time.Time { return time.Date(2026, 12, n, 0, 0, 0, 0, time.UTC) }
	line := func(region string, micro int64, from int, own bool) pricing.Price {
		return pricing.Price{SKU: "x", Region: region, Unit: pricing.Month, Micro: micro, ValidFrom: day(from), Own: own}
	}
	book := pricing.Book{line("", 100, 1, false), line("a", 110, 1, false), line("", 50, 3, true), line("a", 60, 5, true), line("a", 0, 7, true), line("", 0, 9, true), line("", 101, 8, false)}
	for n, want := range map[int]map[string]int64{2: {"a": 110, "b": 100}, 4: {"a": 50, "b": 50}, 6: {"a": 60, "b": 50}, 8: {"a": 50, "b": 50}, 10: {"a": 110, "b": 101}} {
		for region, micro := range want {
			if p, err := book.Find(day(n), "x", region, pricing.Month, 0); err != nil || p.Micro != micro {
				t.Errorf("day %d in %s: got %d, %v; want %d", n, region, p.Micro, err, micro)
			}
		}
	}
}
