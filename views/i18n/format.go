package i18n

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/language"

	"quartermaster/models/pricing"
)

type zoneKey struct{}

// WithZone returns a context whose reader lives in zone.
func WithZone(ctx context.Context, zone *time.Location) context.Context {
	return context.WithValue(ctx, zoneKey{}, zone)
}

// Zone is the time zone of the context's reader, UTC when none was chosen.
func Zone(ctx context.Context) *time.Location {
	if zone, ok := ctx.Value(zoneKey{}).(*time.Location); ok && zone != nil {
		return zone
	}
	return time.UTC
}

var matcher = language.NewMatcher(Languages)

// Match is the language, "en" or "zh", that suits an Accept-Language header
// best; the default where it names none of ours or makes no sense.
func Match(acceptLanguage string) string {
	// A header that is not a list of languages gives no tags, and no tags give
	// the default.
	tags, _, _ := language.ParseAcceptLanguage(acceptLanguage)
	_, i, _ := matcher.Match(tags...)
	base, _ := Languages[i].Base()
	return base.String()
}

// minus is the sign that is as wide as a digit, unlike the hyphen.
const minus = "−"

// Number is a whole number with its digits in groups of three, as both
// languages write it.
func Number(ctx context.Context, n int64) string {
	return sign(n) + grouped(magnitude(n))
}

// symbols are the signs of currencies; any other is shown by its code. In
// Chinese "$" alone could be another dollar than that of the United States.
var symbols = map[string]map[string]string{
	"en": {"CNY": "¥", "USD": "$", "EUR": "€", "GBP": "£", "HKD": "HK$"},
	"zh": {"CNY": "¥", "USD": "US$", "EUR": "€", "GBP": "£", "HKD": "HK$"},
}

func symbol(ctx context.Context, currency string) string {
	if s, ok := symbols[Lang(ctx)][currency]; ok {
		return s
	}
	return currency + "\u00a0"
}

// Money is an amount in hundredths of a currency: ¥12,852.00.
func Money(ctx context.Context, minor int64, currency string) string {
	n := magnitude(minor)
	return sign(minor) + symbol(ctx, currency) + grouped(n/100) + string([]byte{'.', byte('0' + n/10%10), byte('0' + n%10)}) // #nosec G115 -- digits
}

// MoneyRate is the price of one unit, in millionths of a currency: two decimals,
// and as many more as it has: ¥2.385.
func MoneyRate(ctx context.Context, micro int64, currency string) string {
	n := magnitude(micro)
	decimals := strings.TrimRight(fmt.Sprintf("%06d", n%1_000_000), "0")
	return sign(micro) + symbol(ctx, currency) + grouped(n/1_000_000) + "." + decimals + strings.Repeat("0", max(0, 2-len(decimals)))
}

// Rate is the price of one unit of something, in millionths of a currency, per
// unit of time: ¥2.385/hour.
func Rate(ctx context.Context, micro int64, currency, unit string) string {
	return MoneyRate(ctx, micro, currency) + "/" + T(ctx, "price.unit."+unit)
}

// Bytes is a size with at most one decimal, in units of 1,024 that are named
// as the documents name them: 1.5 GB is 1,610,612,736 bytes.
func Bytes(ctx context.Context, n int64) string {
	size := magnitude(n)
	if size < 1024 {
		return sign(n) + grouped(size) + " B"
	}
	units := []string{"KB", "MB", "GB", "TB", "PB", "EB"}
	unit, name := uint64(1024), 0
	tenths := func() uint64 { return size/unit*10 + (size%unit*10+unit/2)/unit }
	// 1,023.96 KB would be written 1,024 KB: it is 1 MB.
	for tenths() >= 10240 && name < len(units)-1 {
		unit, name = unit*1024, name+1
	}
	return sign(n) + decimal(tenths()) + " " + units[name]
}

// Percent is the share of part in whole with at most one decimal, rounded
// down, so that 100% means all of it and 0% nothing. It is a dash where the
// whole is nothing.
func Percent(ctx context.Context, part, whole int64) string {
	if whole <= 0 || part < 0 {
		return "–"
	}
	tenths := uint64(math.Floor(float64(part) / float64(whole) * 1000))
	switch {
	case tenths >= 1000 && part < whole:
		tenths = 999
	case tenths == 0 && part > 0:
		return "<0.1%"
	}
	return decimal(tenths) + "%"
}

// decimal writes tenths, without the decimal when it is 0.
func decimal(tenths uint64) string {
	s := grouped(tenths / 10)
	if d := tenths % 10; d > 0 {
		s += "." + strconv.FormatUint(d, 10)
	}
	return s
}

func sign(n int64) string {
	if n < 0 {
		return minus
	}
	return ""
}

// magnitude is |n|, also of the smallest number, which has no positive twin.
func magnitude(n int64) uint64 {
	if n < 0 {
		return -uint64(n) // #nosec G115 -- wraps around on purpose
	}
	return uint64(n)
}

func grouped(n uint64) string {
	s := strconv.FormatUint(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Date is the day of a moment, in the form that sorts and stands in columns:
// 2026-11-21. A day is the documents' day for every reader.
func Date(_ context.Context, t time.Time) string {
	return t.In(pricing.Zone).Format(time.DateOnly)
}

// LastDate is the last day of a term that ends at end. A term that ends with
// the day, at midnight, does not touch the day that begins there.
func LastDate(ctx context.Context, end time.Time) string {
	return Date(ctx, end.Add(-time.Nanosecond))
}

// LongDate is the day of a moment where the reader is, as a sentence says it:
// 21 November 2026.
func LongDate(ctx context.Context, t time.Time) string {
	return t.In(Zone(ctx)).Format(Pick(ctx, "2 January 2006", "2006年1月2日"))
}

// LastLong is LastDate as a sentence says it: 19 Sep 2029.
func LastLong(ctx context.Context, end time.Time) string {
	return end.Add(-time.Nanosecond).In(pricing.Zone).Format(Pick(ctx, "2 Jan 2006", "2006年1月2日"))
}

// DayMonth is a day as an axis has it: 12 Dec.
func DayMonth(ctx context.Context, t time.Time) string {
	return t.In(pricing.Zone).Format(Pick(ctx, "2 Jan", "1月2日"))
}

// Month is a month by its name: Dec, and Jan 2027 where a year begins. Months are
// written 202612.
func Month(ctx context.Context, month int64) string {
	if month%100 == 1 {
		return MonthYear(ctx, month)
	}
	return MonthName(ctx, month)
}

// MonthName is a month by its name without its year: Dec.
func MonthName(ctx context.Context, month int64) string {
	return time.Date(int(month/100), time.Month(month%100), 1, 0, 0, 0, 0, time.UTC).Format(Pick(ctx, "Jan", "1月"))
}

// MonthYear is a month as models.Month has it, with its year: Nov 2026.
func MonthYear(ctx context.Context, month int64) string {
	return time.Date(int(month/100), time.Month(month%100), 1, 0, 0, 0, 0, time.UTC).Format(Pick(ctx, "Jan 2006", "2006年1月"))
}

// DateTime is a moment where the reader is, to the minute, with the zone, as
// days are those of another: 2026-11-21 22:05 UTC+1.
func DateTime(ctx context.Context, t time.Time) string {
	t = t.In(Zone(ctx))
	return t.Format("2006-01-02 15:04") + " " + offset(t)
}

// OrderTime is a moment of an order or a term, in the zone of the documents for
// every reader: 2026-11-21 22:05 UTC+8.
func OrderTime(ctx context.Context, t time.Time) string {
	return DateTime(OnPaper(ctx), t)
}

// OnPaper is the context of whoever reads paper: two copies of it are the same,
// so its times are all in the zone of the documents.
func OnPaper(ctx context.Context) context.Context { return WithZone(ctx, pricing.Zone) }

// ZoneName is how far the clock of the context's reader is from UTC at a
// moment: UTC+8.
func ZoneName(ctx context.Context, t time.Time) string { return offset(t.In(Zone(ctx))) }

// offset names a zone by its distance from UTC; abbreviations such as CST are
// several zones at once.
func offset(t time.Time) string {
	_, seconds := t.Zone()
	if seconds == 0 {
		return "UTC"
	}
	minutes := magnitude(int64(seconds)) / 60
	s := "UTC+"
	if seconds < 0 {
		s = "UTC" + minus
	}
	s += strconv.FormatUint(minutes/60, 10)
	if m := minutes % 60; m > 0 {
		s += fmt.Sprintf(":%02d", m)
	}
	return s
}

// Pick is the one of two words that the reader reads.
func Pick(ctx context.Context, en, zh string) string {
	if Lang(ctx) == "zh" {
		return zh
	}
	return en
}

const day = 24 * time.Hour

// Relative says how far a moment is from now, in the largest unit that it
// fills: 3 minutes ago, in 2 days. Days ahead are counted by the calendar.
func Relative(ctx context.Context, t, now time.Time) string {
	d, way := now.Sub(t), "ago"
	if d < 0 {
		d, way = -d, "in"
	}
	if way == "in" && d >= day {
		d = time.Duration(days(t)-days(now)) * day
	}
	for _, u := range []struct {
		name   string
		length time.Duration
	}{{"year", 365 * day}, {"month", 30 * day}, {"day", day}, {"hour", time.Hour}, {"minute", time.Minute}} {
		if d >= u.length {
			return T(ctx, "format."+way+"."+u.name, "Count", int(d/u.length))
		}
	}
	return T(ctx, "format."+way+".moment")
}

// Turn is a moment after now before which Relative says the same of t as it does
// now.
func Turn(t, now time.Time) time.Time {
	ago := now.Sub(t)
	unit := day
	switch ahead := max(ago, -ago); {
	case ahead < time.Hour:
		unit = time.Minute
	case ahead < day:
		unit = time.Hour
	}
	if ago >= 0 {
		return t.Add((ago/unit + 1) * unit) // months and years are whole days
	}
	if ago > -unit {
		return t
	}
	turn := t.Add(ago/unit*unit + time.Nanosecond)
	if next := NextDay(now); unit == day && next.Before(turn) {
		return next
	}
	return turn
}

// NextDay is when the documents' next day begins.
func NextDay(now time.Time) time.Time {
	now = now.In(pricing.Zone)
	return time.Date(now.Year(), now.Month(), now.Day()+1, 0, 0, 0, 0, pricing.Zone)
}

// DaysLeft says how long a term that ends at end still runs, in days as the
// calendar counts them.
func DaysLeft(ctx context.Context, end, now time.Time) string {
	if !end.After(now) {
		return T(ctx, "format.left.ended")
	}
	if n := days(end.Add(-time.Nanosecond)) - days(now); n > 0 {
		return T(ctx, "format.left.days", "Count", n)
	}
	return T(ctx, "format.left.today")
}

// days numbers the days of the documents' calendar.
func days(t time.Time) int {
	t = t.In(pricing.Zone)
	return int(time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC).Unix() / int64(day/time.Second))
}

// Duration is how long something took, in its two largest units: 1 h 12 min.
func Duration(ctx context.Context, d time.Duration) string {
	if d < 0 {
		return minus + Duration(ctx, -max(d, -math.MaxInt64))
	}
	if d < time.Second {
		return T(ctx, "format.took.ms", "N", d.Milliseconds())
	}
	if d < 10*time.Second {
		return T(ctx, "format.took.s", "N", decimal(uint64(d/(100*time.Millisecond))))
	}
	units := []struct {
		name   string
		length time.Duration
	}{{"d", day}, {"h", time.Hour}, {"min", time.Minute}, {"s", time.Second}}
	for i, u := range units {
		if d < u.length {
			continue
		}
		s := T(ctx, "format.took."+u.name, "N", int64(d/u.length))
		if i+1 < len(units) {
			next := units[i+1]
			if n := int64(d % u.length / next.length); n > 0 {
				s += " " + T(ctx, "format.took."+next.name, "N", n)
			}
		}
		return s
	}
	return ""
}

// Term is a length of so many units, "month", "year" or "hour" in any case:
// 6 months.
func Term(ctx context.Context, n int, unit string) string {
	return T(ctx, "format.term."+strings.ToLower(unit), "Count", n)
}

// PriceSource is the words for where a price comes from; a source that the
// catalogues do not know is shown as it was written.
func PriceSource(ctx context.Context, source string) string {
	if key := "price.source." + source; Has(ctx, key) {
		return T(ctx, key)
	}
	if rest, own := strings.CutPrefix(source, "team:"); own {
		return T(ctx, "price.source.team", "Source", rest)
	}
	return source
}
