package i18n_test

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"quartermaster/models/migrations"
	"quartermaster/views/i18n"
)

func reader(lang string) context.Context {
	return i18n.WithLang(context.Background(), lang)
}

func in(lang, zone string, seconds int) context.Context {
	return i18n.WithZone(reader(lang), time.FixedZone(zone, seconds))
}

// both checks that a format writes want in English and wantZH in Chinese.
func both(t *testing.T, what, want, wantZH string, format func(context.Context) string) {
	t.Helper()
	if got := format(reader("en")); got != want {
		t.Errorf("%s in English: got %q, want %q", what, got, want)
	}
	if got := format(reader("zh")); got != wantZH {
		t.Errorf("%s in Chinese: got %q, want %q", what, got, wantZH)
	}
}

func TestMoneyHasItsSymbolAndTwoDecimals(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		minor        int64
		currency     string
		want, wantZH string
	}{
		{minor: 1_285_200, currency: "CNY", want: "¥12,852.00", wantZH: "¥12,852.00"},
		{minor: 0, currency: "CNY", want: "¥0.00", wantZH: "¥0.00"},
		{minor: 5, currency: "CNY", want: "¥0.05", wantZH: "¥0.05"},
		{minor: 99_999, currency: "CNY", want: "¥999.99", wantZH: "¥999.99"},
		{minor: 100_000, currency: "CNY", want: "¥1,000.00", wantZH: "¥1,000.00"},
		{minor: -226_800, currency: "CNY", want: "−¥2,268.00", wantZH: "−¥2,268.00"},
		{minor: 123_456_789, currency: "USD", want: "$1,234,567.89", wantZH: "US$1,234,567.89"},
		{minor: 100, currency: "THB", want: "THB\u00a01.00", wantZH: "THB\u00a01.00"},
		{minor: math.MaxInt64, currency: "CNY", want: "¥92,233,720,368,547,758.07", wantZH: "¥92,233,720,368,547,758.07"},
		{minor: math.MinInt64, currency: "CNY", want: "−¥92,233,720,368,547,758.08", wantZH: "−¥92,233,720,368,547,758.08"},
	} {
		both(t, "money", tt.want, tt.wantZH, func(ctx context.Context) string { return i18n.Money(ctx, tt.minor, tt.currency) })
	}
}

func TestRatesKeepEveryDecimalTheyHave(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		micro int64
		want  string
	}{{2_385_000, "¥2.385"}, {2_000_000, "¥2.00"}, {2_500_000, "¥2.50"}, {1, "¥0.000001"}, {1_180_000_000, "¥1,180.00"}, {-2_385_000, "−¥2.385"}, {0, "¥0.00"}} {
		both(t, "rate", tt.want, tt.want, func(ctx context.Context) string { return i18n.MoneyRate(ctx, tt.micro, "CNY") })
	}
}

func TestNumbersAreGroupedByThousands(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		n    int64
		want string
	}{{0, "0"}, {999, "999"}, {1000, "1,000"}, {-1_234_567, "−1,234,567"}, {math.MinInt64, "−9,223,372,036,854,775,808"}} {
		both(t, "number", tt.want, tt.want, func(ctx context.Context) string { return i18n.Number(ctx, tt.n) })
	}
}

func TestBytesAreCountedBy1024(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		n    int64
		want string
	}{
		{0, "0 B"}, {1023, "1,023 B"}, {1024, "1 KB"}, {1536, "1.5 KB"}, {1_048_524, "1,023.9 KB"}, {1_048_575, "1 MB"},
		{1_610_612_736, "1.5 GB"}, {40 << 30, "40 GB"}, {10 << 40, "10 TB"}, {math.MaxInt64, "8 EB"}, {-2048, "−2 KB"},
	} {
		both(t, "bytes", tt.want, tt.want, func(ctx context.Context) string { return i18n.Bytes(ctx, tt.n) })
	}
}

func TestPercentIsWholeOnlyWhenAllIsUsed(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		part, whole int64
		want        string
	}{
		{0, 100, "0%"}, {1, 100_000, "<0.1%"}, {125, 1000, "12.5%"}, {1, 3, "33.3%"}, {2, 3, "66.6%"}, {9999, 10_000, "99.9%"},
		{100, 100, "100%"}, {120, 100, "120%"}, {math.MaxInt64 - 1, math.MaxInt64, "99.9%"}, {1, 0, "–"}, {-1, 5, "–"},
	} {
		both(t, "percent", tt.want, tt.want, func(ctx context.Context) string { return i18n.Percent(ctx, tt.part, tt.whole) })
	}
}

// A day is the same for every reader, and so is a moment of an order. Any other
// moment is told where the reader is, with the zone.
func TestDaysAreThoseOfTheDocuments(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 21, 18, 5, 59, 0, time.UTC)
	for _, tt := range []struct {
		ctx            context.Context
		long, dateTime string
	}{
		{reader("en"), "21 November 2026", "2026-11-21 18:05 UTC"},
		{in("en", "CST", 8*3600), "22 November 2026", "2026-11-22 02:05 UTC+8"},
		{in("zh", "NST", -12600), "2026年11月21日", "2026-11-21 14:35 UTC−3:30"},
		{in("en", "Auckland", 13*3600), "22 November 2026", "2026-11-22 07:05 UTC+13"},
		{in("en", "Los Angeles", -8*3600), "21 November 2026", "2026-11-21 10:05 UTC−8"},
	} {
		for what, pair := range map[string][2]string{
			"date":       {i18n.Date(tt.ctx, at), "2026-11-22"},
			"last date":  {i18n.LastDate(tt.ctx, time.Date(2026, 11, 30, 16, 0, 0, 0, time.UTC)), "2026-11-30"},
			"since":      {i18n.Date(tt.ctx, time.Date(2019, 12, 31, 16, 0, 0, 0, time.UTC)), "2020-01-01"},
			"of orders":  {i18n.OrderTime(tt.ctx, at), "2026-11-22 02:05 UTC+8"},
			"on paper":   {i18n.DateTime(i18n.OnPaper(tt.ctx), at), "2026-11-22 02:05 UTC+8"},
			"long date":  {i18n.LongDate(tt.ctx, at), tt.long},
			"any moment": {i18n.DateTime(tt.ctx, at), tt.dateTime},
		} {
			if pair[0] != pair[1] {
				t.Errorf("%s: got %q, want %q", what, pair[0], pair[1])
			}
		}
	}
}

func TestMonthsHaveNamesAndJanuaryItsYear(t *testing.T) {
	t.Parallel()
	for month, want := range map[int64][2]string{202612: {"Dec", "12月"}, 202701: {"Jan 2027", "2027年1月"}, 202702: {"Feb", "2月"}} {
		both(t, "month", want[0], want[1], func(ctx context.Context) string { return i18n.Month(ctx, month) })
	}
}

func TestRatesAreWrittenWithoutSpaces(t *testing.T) {
	t.Parallel()
	both(t, "rate", "¥2.385/hour", "¥2.385/小时", func(ctx context.Context) string { return i18n.Rate(ctx, 2_385_000, "CNY", "hour") })
	both(t, "count", "1,025 days left", "还剩 1,025 天", func(ctx context.Context) string { return i18n.T(ctx, "format.left.days", "Count", 1025) })
}

func TestATermThatEndsAtMidnightEndsTheDayBefore(t *testing.T) {
	t.Parallel()
	ctx := in("en", "", 8*3600)
	end := time.Date(2026, 11, 30, 16, 0, 0, 0, time.UTC) // midnight in UTC+8
	if got, want := i18n.LastDate(ctx, end), "2026-11-30"; got != want {
		t.Errorf("last date: got %s, want %s", got, want)
	}
	for _, tt := range []struct {
		now  time.Time
		want string
	}{
		{end.Add(-time.Second), "expires today"},
		{end.Add(-24 * time.Hour), "expires today"},
		{end.Add(-24*time.Hour - time.Second), "1 day left"},
		{end.AddDate(0, 0, -30), "29 days left"},
		{end, "expired"},
		{end.Add(time.Hour), "expired"},
	} {
		if got := i18n.DaysLeft(ctx, end, tt.now); got != tt.want {
			t.Errorf("at %s: got %q, want %q", tt.now, got, tt.want)
		}
	}
}

func TestDaysAheadAreCountedByTheCalendar(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 29, 3, 0, 0, 0, time.UTC) // 11:00 in UTC+8
	start := time.Date(2026, 12, 18, 16, 0, 0, 0, time.UTC)
	for what, got := range map[string]string{
		"starts":    i18n.Relative(in("zh", "", -8*3600), start, now),
		"last day":  i18n.DaysLeft(in("zh", "", 13*3600), start.Add(24*time.Hour), now),
		"a day off": i18n.Relative(reader("zh"), now.Add(25*time.Hour), now),
	} {
		want := map[string]string{"starts": "20 天后", "last day": "还剩 20 天", "a day off": "1 天后"}[what]
		if got != want {
			t.Errorf("%s: got %q, want %q", what, got, want)
		}
	}
	both(t, "today", "expires today", "今天到期", func(ctx context.Context) string { return i18n.DaysLeft(ctx, start, start.Add(-time.Hour)) })
	both(t, "ended", "expired", "已到期", func(ctx context.Context) string { return i18n.DaysLeft(ctx, start, start) })
}

func TestRelativeTakesTheLargestUnitThatIsFull(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	const day = 24 * time.Hour
	for _, tt := range []struct {
		ago      time.Duration
		want, zh string
	}{
		{0, "just now", "刚刚"},
		{59 * time.Second, "just now", "刚刚"},
		{-30 * time.Second, "in a moment", "即将"},
		{time.Minute, "1 minute ago", "1 分钟前"},
		{3*time.Minute + 59*time.Second, "3 minutes ago", "3 分钟前"},
		{time.Hour, "1 hour ago", "1 小时前"},
		{47 * time.Hour, "1 day ago", "1 天前"},
		{29 * day, "29 days ago", "29 天前"},
		{61 * day, "2 months ago", "2 个月前"},
		{800 * day, "2 years ago", "2 年前"},
		{-time.Minute, "in 1 minute", "1 分钟后"},
		{-26 * time.Hour, "in 1 day", "1 天后"},
		{-90 * day, "in 3 months", "3 个月后"},
		{-365 * day, "in 1 year", "1 年后"},
	} {
		both(t, tt.ago.String(), tt.want, tt.zh, func(ctx context.Context) string { return i18n.Relative(ctx, now.Add(-tt.ago), now) })
	}
}

func TestDurationsUseTwoUnits(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		d        time.Duration
		want, zh string
	}{
		{0, "0 ms", "0 毫秒"},
		{450 * time.Millisecond, "450 ms", "450 毫秒"},
		{3240 * time.Millisecond, "3.2 s", "3.2 秒"},
		{5 * time.Second, "5 s", "5 秒"},
		{42 * time.Second, "42 s", "42 秒"},
		{2*time.Minute + 5*time.Second, "2 min 5 s", "2 分钟 5 秒"},
		{time.Hour, "1 h", "1 小时"},
		{72*time.Minute + 3*time.Second, "1 h 12 min", "1 小时 12 分钟"},
		{50 * time.Hour, "2 d 2 h", "2 天 2 小时"},
		{-90 * time.Second, "−1 min 30 s", "−1 分钟 30 秒"},
		{math.MinInt64, "−106,751 d 23 h", "−106,751 天 23 小时"},
	} {
		both(t, tt.d.String(), tt.want, tt.zh, func(ctx context.Context) string { return i18n.Duration(ctx, tt.d) })
	}
}

func TestTermsAreWordsInEitherCase(t *testing.T) {
	t.Parallel()
	both(t, "1 Month", "1 month", "1 个月", func(ctx context.Context) string { return i18n.Term(ctx, 1, "Month") })
	both(t, "6 months", "6 months", "6 个月", func(ctx context.Context) string { return i18n.Term(ctx, 6, "month") })
	both(t, "3 years", "3 years", "3 年", func(ctx context.Context) string { return i18n.Term(ctx, 3, "year") })
	both(t, "730 hours", "730 hours", "730 小时", func(ctx context.Context) string { return i18n.Term(ctx, 730, "hour") })
}

func TestEverySeededPriceSourceHasWords(t *testing.T) {
	t.Parallel()
	c, err := migrations.Seed()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range c.Prices {
		for _, lang := range []string{"en", "zh"} {
			if got := i18n.PriceSource(reader(lang), p.Source); got == p.Source {
				t.Fatalf("price source %s has no words in %s", p.Source, lang)
			}
		}
	}
	both(t, "an unknown source", "Offer 7/2026", "Offer 7/2026", func(ctx context.Context) string { return i18n.PriceSource(ctx, "Offer 7/2026") })
}

func TestMatchFindsTheBestLanguage(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]string{
		"":                           "en",
		"*":                          "en",
		"en-GB,en;q=0.9":             "en",
		"zh":                         "zh",
		"zh-CN,zh;q=0.9,en;q=0.8":    "zh",
		"zh-TW":                      "zh",
		"zh-Hant-HK":                 "zh",
		"en;q=0.3, zh;q=0.7":         "zh",
		"fr-FR,fr;q=0.9,zh;q=0.1":    "zh",
		"fr":                         "en",
		"zh;q=0":                     "en",
		"not a header;;;q=x":         "en",
		"\x00\xff":                   "en",
		"../../etc/passwd":           "en",
		"zh-CN-x-" + "aaaaaaaaaaaaa": "en",
	} {
		if got := i18n.Match(header); got != want {
			t.Errorf("Match(%q): got %s, want %s", header, got, want)
		}
	}
}

func TestWhatIsSaidOfAMomentStandsUntilItsTurn(t *testing.T) {
	t.Parallel()
	ctx, random := reader("en"), rand.New(rand.NewPCG(1, 2)) // #nosec G404 -- for tests
	now := time.Date(2026, 11, 29, 4, 5, 6, 0, time.UTC)
	for range 2000 {
		away := time.Duration(random.Int64N(int64(800*24*time.Hour))) >> random.IntN(22)
		if random.IntN(8) == 0 {
			away = away.Truncate(time.Minute)
		}
		at := now.Add(away * time.Duration(1-2*random.IntN(2)))
		turn := i18n.Turn(at, now)
		if !turn.After(now) {
			t.Fatalf("%v at %v: the turn is %v, which has been", at, now, turn)
		}
		for _, later := range []time.Time{turn.Add(-time.Nanosecond), now.Add(time.Duration(random.Int64N(int64(turn.Sub(now)))))} {
			if got, want := i18n.Relative(ctx, at, later), i18n.Relative(ctx, at, now); got != want {
				t.Errorf("%v at %v, before its turn at %v: got %q, want %q as at %v", at, later, turn, got, want, now)
			}
			if got, want := i18n.DaysLeft(ctx, at, later), i18n.DaysLeft(ctx, at, now); later.Before(i18n.NextDay(now)) && at.After(later) == at.After(now) && got != want {
				t.Errorf("%v at %v, on the same day: got %q, want %q", at, later, got, want)
			}
		}
	}
}
