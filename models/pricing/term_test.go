package pricing_test

import (
	"errors"
	"math"
	"regexp"
	"testing"
	"time"

	"quartermaster/models/pricing"
)

func moment(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t
}

func TestPlanEndsWithTheDayItsTermReaches(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		from  string
		n     int
		cycle pricing.Cycle
		want  string
	}{
		{"documented sample of 6 months", "2018-09-12T09:51:56Z", 6, pricing.Monthly, "2019-03-12T16:00:00Z"},
		{"documented sample of 3 years", "2018-08-17T06:58:06Z", 3, pricing.Yearly, "2021-08-17T16:00:00Z"},
		{"day that February lacks", "2026-01-31T03:00:00Z", 1, pricing.Monthly, "2026-02-28T16:00:00Z"},
		{"day that February has in a leap year", "2028-01-31T03:00:00Z", 1, pricing.Monthly, "2028-02-29T16:00:00Z"},
		{"leap day and a year", "2028-02-29T03:00:00Z", 1, pricing.Yearly, "2029-02-28T16:00:00Z"},
		{"31 August and six months", "2026-08-31T03:00:00Z", 6, pricing.Monthly, "2027-02-28T16:00:00Z"},
		{"over the turn of the year", "2026-12-15T00:00:00Z", 1, pricing.Monthly, "2027-01-15T16:00:00Z"},
		{"the last moment of a day in UTC+8", "2026-01-31T15:59:59Z", 1, pricing.Monthly, "2026-02-28T16:00:00Z"},
		{"already the next day in UTC+8", "2026-01-31T16:00:00Z", 1, pricing.Monthly, "2026-03-01T16:00:00Z"},
		{"when China had summer time", "1988-07-01T03:00:00Z", 1, pricing.Monthly, "1988-08-01T16:00:00Z"},
	} {
		got, err := pricing.PlanEnd(moment(tt.from), tt.n, tt.cycle)
		if err != nil || !got.Equal(moment(tt.want)) || got.Location() != time.UTC {
			t.Errorf("%s: got %s, %v, want %s", tt.name, got, err, tt.want)
		}
	}
}

func TestRenewalEndsOnTheSameDayOfALaterMonth(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		ends   string
		months int
		want   string
	}{
		{"2027-05-21T16:00:00Z", 6, "2027-11-21T16:00:00Z"},
		{"2027-05-21T16:00:00Z", 1, "2027-06-21T16:00:00Z"},
		{"2027-01-31T16:00:00Z", 1, "2027-02-28T16:00:00Z"}, // 31 January in UTC+8
		{"2028-02-29T16:00:00Z", 12, "2029-02-28T16:00:00Z"},
	} {
		if got := pricing.Renewed(moment(tt.ends), tt.months); !got.Equal(moment(tt.want)) {
			t.Errorf("%s and %d months: got %s, want %s", tt.ends, tt.months, got, tt.want)
		}
	}
}

func TestAddMonthsKeepsTheTimeOfDay(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		from   string
		months int
		want   string
	}{
		{"2026-05-31T09:10:11Z", 1, "2026-06-30T09:10:11Z"},
		{"2026-05-30T20:10:11Z", 1, "2026-06-29T20:10:11Z"}, // 31 May in UTC+8
		{"2026-03-31T00:00:00Z", -1, "2026-02-28T00:00:00Z"},
		{"2026-03-31T00:00:00Z", 0, "2026-03-31T00:00:00Z"},
	} {
		if got := pricing.AddMonths(moment(tt.from), tt.months); !got.Equal(moment(tt.want)) {
			t.Errorf("%s and %d months: got %s, want %s", tt.from, tt.months, got, tt.want)
		}
	}
}

func TestMonthsOfACycle(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		n     int
		cycle pricing.Cycle
		want  int
	}{{1, pricing.Monthly, 1}, {6, pricing.Monthly, 6}, {3, pricing.Yearly, 36}, {100, pricing.Yearly, 1200}} {
		if got, err := pricing.Months(tt.n, tt.cycle); err != nil || got != tt.want {
			t.Errorf("%d × %s: got %d, %v, want %d", tt.n, tt.cycle, got, err, tt.want)
		}
	}
	for _, tt := range []struct {
		n     int
		cycle pricing.Cycle
	}{{0, pricing.Monthly}, {-1, pricing.Yearly}, {1, "month"}, {1, ""}, {1201, pricing.Monthly}, {101, pricing.Yearly}, {math.MaxInt, pricing.Yearly}} {
		if got, err := pricing.Months(tt.n, tt.cycle); !errors.Is(err, pricing.ErrTerm) {
			t.Errorf("%d × %q: got %d, %v, want %v", tt.n, tt.cycle, got, err, pricing.ErrTerm)
		}
	}
}

func TestEffectiveDateObeysItsRules(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 8, 31, 10, 20, 30, 999, time.UTC)
	for _, tt := range []struct {
		in   string
		want string
		err  error
	}{
		{in: "", want: "2026-08-31T10:20:30Z"},
		{in: "2026-08-31T10:20:30Z", want: "2026-08-31T10:20:30Z"},
		{in: "2026-08-30T10:20:30Z", want: "2026-08-30T10:20:30Z"},
		{in: "2026-08-30T10:20:29Z", err: pricing.ErrDatePast},
		{in: "2020-03-03T12:00:00Z", err: pricing.ErrDatePast},
		{in: "0000-01-01T00:00:00Z", err: pricing.ErrDatePast},
		{in: "2027-02-28T10:20:30Z", want: "2027-02-28T10:20:30Z"},
		{in: "2027-02-28T10:20:31Z", err: pricing.ErrDateAhead},
		{in: "9999-12-31T23:59:59Z", err: pricing.ErrDateAhead},
		{in: "2026-09-31T00:00:00Z", err: pricing.ErrDateFormat},
		{in: "2027-02-29T00:00:00Z", err: pricing.ErrDateFormat},
		{in: "2026-13-01T00:00:00Z", err: pricing.ErrDateFormat},
		{in: "2026-09-01T24:00:00Z", err: pricing.ErrDateFormat},
		{in: "2026-09-01T00:00:60Z", err: pricing.ErrDateFormat},
		{in: "2026-09-01T00:00:00.5Z", err: pricing.ErrDateFormat},
		{in: "2026-09-01T00:00:00.0Z", err: pricing.ErrDateFormat},
		{in: "2026-09-01T00:00:00,0Z", err: pricing.ErrDateFormat},
		{in: "2026-09-01T1:00:00Z", err: pricing.ErrDateFormat},
		{in: "2026-9-1T00:00:00Z", err: pricing.ErrDateFormat},
		{in: "2026-09-01T00:00:00+08:00", err: pricing.ErrDateFormat},
		{in: "2026-09-01T00:00:00z", err: pricing.ErrDateFormat},
		{in: "2026-09-01t00:00:00Z", err: pricing.ErrDateFormat},
		{in: "2026-09-01 00:00:00Z", err: pricing.ErrDateFormat},
		{in: "2026-09-01T00:00Z", err: pricing.ErrDateFormat},
		{in: "2026-09-01", err: pricing.ErrDateFormat},
		{in: " 2026-09-01T00:00:00Z", err: pricing.ErrDateFormat},
		{in: "２０２６-09-01T00:00:00Z", err: pricing.ErrDateFormat},
		{in: "1788220800", err: pricing.ErrDateFormat},
		{in: "now", err: pricing.ErrDateFormat},
	} {
		got, err := pricing.ParseEffective(tt.in, now)
		if !errors.Is(err, tt.err) || tt.err == nil && got.Format(time.RFC3339Nano) != tt.want {
			t.Errorf("%q: got %s, %v, want %s %v", tt.in, got, err, tt.want, tt.err)
		}
	}
}

// Whatever is accepted is the documented form, exists in the calendar and lies
// in the allowed range; everything else is one of the three errors.
func FuzzParseEffective(f *testing.F) {
	now := time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	for _, s := range []string{"", "2026-11-21T09:00:00Z", "2027-02-29T00:00:00Z", "2026-12-01T24:00:00Z", "2026-12-01T1:00:00Z", "2026-12-01T10:00:00.5Z",
		"2026-12-01 10:00:00", "2026-12-01T10:00:00+08:00", "９999-01-01T00:00:00Z"} {
		f.Add(s)
	}
	form := regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$`)
	f.Fuzz(func(t *testing.T, s string) {
		at, err := pricing.ParseEffective(s, now)
		switch {
		case err != nil:
			if !errors.Is(err, pricing.ErrDateFormat) && !errors.Is(err, pricing.ErrDatePast) && !errors.Is(err, pricing.ErrDateAhead) {
				t.Errorf("%q: got %v, want one of the three errors", s, err)
			}
		case s != "" && !form.MatchString(s):
			t.Errorf("%q: got %s, want it refused", s, at)
		case at.Before(now.Add(-24*time.Hour)) || at.After(pricing.AddMonths(now, 6)):
			t.Errorf("%q: got %s, outside the allowed range", s, at)
		case s != "" && at.Format("2006-01-02T15:04:05Z") != s:
			t.Errorf("%q: got %s, want the date that was given", s, at)
		}
	})
}
