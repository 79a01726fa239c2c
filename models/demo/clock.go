package demo

import (
	"sync/atomic"
	"time"

	"quartermaster/models"
)

// Clock is the machine's clock, set back while the sample year is made. Open
// the database with its Now and pass it to Fill.
type Clock struct{ behind atomic.Int64 }

// Now is the time that the clock shows.
func (c *Clock) Now() time.Time {
	return models.SystemClock().Add(-time.Duration(c.behind.Load()))
}

// set puts the clock so many days back, at an hour of the working day.
func (c *Clock) set(daysAgo int, hour int) {
	now := models.SystemClock()
	day := now.AddDate(0, 0, -daysAgo)
	at := time.Date(day.Year(), day.Month(), day.Day(), hour, (daysAgo*37)%60, 0, 0, day.Location())
	c.to(at)
}

// to puts the clock to a moment that has passed.
func (c *Clock) to(at time.Time) { c.behind.Store(int64(max(models.SystemClock().Sub(at), 0))) }

// reset lets the clock show the machine's time again.
func (c *Clock) reset() { c.behind.Store(0) }
