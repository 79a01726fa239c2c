package pricing

import (
	"errors"
	"fmt"
	"time"
)

// Cycle is the unit in which a plan's duration is given, spelled as the
// documents do.
type Cycle string

// The cycles of a plan.
const (
	Monthly Cycle = "Month"
	Yearly  Cycle = "Year"
)

// maxMonths keeps every date within the calendar after adding a term. Nothing
// is sold for a hundred years.
const maxMonths = 1200

// Errors of a duration and of an effective date, told apart with errors.Is.
var (
	// ErrTerm says that a duration is not a positive number of months or years
	// of at most a hundred years.
	ErrTerm = errors.New("no such term")
	// ErrDateFormat says that a date does not have the documented form, or does
	// not exist.
	ErrDateFormat = errors.New("not a date of the form yyyy-MM-ddTHH:mm:ssZ")
	// ErrDatePast says that a date is more than 24 hours ago.
	ErrDatePast = errors.New("date too far in the past")
	// ErrDateAhead says that a date is more than 6 months ahead.
	ErrDateAhead = errors.New("date too far ahead")
)

// Months is a duration of n cycles in months; a year has twelve.
func Months(n int, cycle Cycle) (int, error) {
	per := map[Cycle]int{Monthly: 1, Yearly: 12}[cycle]
	if per == 0 || n < 1 || n > maxMonths/per {
		return 0, fmt.Errorf("%d × %q: %w", n, cycle, ErrTerm)
	}
	return n * per, nil
}

// Zone is where the documents reckon terms, days and months, and number orders:
// UTC+8 without summer time, also in the years when China had it.
var Zone = time.FixedZone("UTC+8", 8*60*60)

// AddMonths moves a moment by calendar months in UTC+8 and keeps its time of
// day. A day that does not exist in the resulting month becomes its last day:
// 31 January and one month is the last day of February. The result is in UTC.
func AddMonths(t time.Time, months int) time.Time {
	t = t.In(Zone)
	first := time.Date(t.Year(), t.Month()+time.Month(months), 1, 0, 0, 0, 0, Zone)
	last := first.AddDate(0, 1, -1).Day()
	return time.Date(first.Year(), first.Month(), min(t.Day(), last),
		t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), Zone).UTC()
}

// End is when a term of so many months ends that began at start: the end of
// the day in UTC+8 that AddMonths reaches, which is 16:00:00 in UTC.
func End(start time.Time, months int) time.Time {
	t := AddMonths(start, months).In(Zone)
	return time.Date(t.Year(), t.Month(), t.Day()+1, 0, 0, 0, 0, Zone).UTC()
}

// PlanEnd is the ExpiryTime of a plan of n cycles that takes effect at
// effective, or ErrTerm when there is no such duration.
func PlanEnd(effective time.Time, n int, cycle Cycle) (time.Time, error) {
	months, err := Months(n, cycle)
	if err != nil {
		return time.Time{}, err
	}
	return End(effective, months), nil
}

// Renewed is the new end of a plan that ends at ends and is renewed by so many
// months: the end of the same day of a later month, so that no renewal gains or
// loses a day.
func Renewed(ends time.Time, months int) time.Time {
	return End(ends.Add(-1), months) // the end of a day is the first moment of the next
}

const (
	effectiveLayout = "2006-01-02T15:04:05Z"
	// A plan can be bought 6 months ahead, as on the vendor's quote page, and
	// at most one day in the past.
	effectiveAhead = 6 // calendar months
	effectivePast  = 24 * time.Hour
)

// ParseEffective reads the EffectiveDate of a plan; empty means now, to the
// second. It is ErrDateFormat, ErrDatePast or ErrDateAhead when the date
// breaks a rule.
func ParseEffective(s string, now time.Time) (time.Time, error) {
	now = now.UTC().Truncate(time.Second)
	if s == "" {
		return now, nil
	}
	t, err := time.Parse(effectiveLayout, s)
	// time.Parse also takes fractions of a second and hours of one digit.
	if err != nil || t.Format(effectiveLayout) != s {
		return time.Time{}, fmt.Errorf("%q: %w", s, ErrDateFormat)
	}
	if t.Before(now.Add(-effectivePast)) {
		return time.Time{}, fmt.Errorf("%q: %w", s, ErrDatePast)
	}
	if t.After(AddMonths(now, effectiveAhead)) {
		return time.Time{}, fmt.Errorf("%q: %w", s, ErrDateAhead)
	}
	return t, nil
}
