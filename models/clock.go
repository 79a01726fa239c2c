package models

import "time"

// Clock tells the time. Everything that depends on time asks the one that the
// database was opened with, through DB.Now, so that a test or a sandbox team
// can have a time of its own.
type Clock func() time.Time

// SystemClock is the machine's clock. It is the only place that reads it.
func SystemClock() time.Time { return time.Now() }

// tick is the finest time that is kept: the documents speak in milliseconds,
// and both databases keep them exactly.
const tick = time.Millisecond

// Now is the server's time in UTC: what leases, sessions and limits go by.
func (db *DB) Now() time.Time { return db.clock().UTC().Truncate(tick) }

// TeamNow is the time of the actor's team: what its resources begin, run out
// and expire by.
func (db *DB) TeamNow(by Actor) time.Time { return db.Now().Add(by.ClockOffset) }

func msDuration(ms int64) time.Duration { return time.Duration(ms) * time.Millisecond }
