package models

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"gorm.io/gorm"

	"quartermaster/models/query"
)

// The limits on wrong tries, each within throttleWindow from the first.
const (
	throttleWindow  = 10 * time.Minute
	accountTries    = 10
	addressTries    = 100
	throttleTidyAge = 24 * time.Hour
)

// Throttled is the error of a try that came after too many wrong ones. The
// secret was not compared.
type Throttled struct {
	RetryAfter time.Duration
}

func (t Throttled) Error() string { return fmt.Sprintf("throttled for %s", t.RetryAfter) }

// Throttle counts the wrong tries of one account, browser or address.
type Throttle struct {
	Name     string `gorm:"primaryKey"`
	Failures int
	Since    time.Time
}

// try names what an attempt at a secret counts against.
type try struct {
	name  string
	limit int
}

// accountTry counts against an account, whether it exists or not. The address
// is hashed: people type other things, such as passwords, into that field.
func accountTry(email string) try { return try{"account:" + hashToken(email), accountTries} }

// browserTry counts against a browser that this person has signed in with
// before: its tries cannot be used up by strangers.
func browserTry(browser string) try { return try{"browser:" + hashToken(browser), accountTries} }

// addressTry counts against the network that a request comes from: an IPv6
// network belongs to one customer, so its addresses count as one.
func addressTry(address string) try {
	if ip, err := netip.ParseAddr(address); err == nil && ip.Is6() && !ip.Is4In6() {
		if net, err := ip.WithZone("").Prefix(64); err == nil {
			address = net.String()
		}
	}
	return try{"address:" + address, addressTries}
}

// attempt counts a try before the secret is looked at, so that a hundred at the
// same time count like a hundred in a row. After a right secret, succeeded
// takes the try back. The first limit that is passed ends the attempt, so that
// a blocked address neither blocks accounts nor fills the table with their
// names.
func (db *DB) attempt(ctx context.Context, tries ...try) error {
	var wait time.Duration
	err := db.tx(ctx, func(ctx context.Context, tx *DB) error {
		now := tx.Now()
		fresh, ahead := now.Add(-throttleWindow), now.Add(time.Minute)
		for _, t := range tries {
			var row Throttle
			// A time far in the future is from before the clock was set back;
			// one slightly in the future is that of a concurrent request.
			err := tx.gorm.WithContext(ctx).Raw(`INSERT INTO throttles (name, failures, since) VALUES (?, 1, ?)
				ON CONFLICT (name) DO UPDATE SET
				failures = CASE WHEN throttles.since <= ? OR throttles.since > ? THEN 1 ELSE throttles.failures + 1 END,
				since = CASE WHEN throttles.since <= ? OR throttles.since > ? THEN excluded.since ELSE throttles.since END
				RETURNING *`, t.name, now, fresh, ahead, fresh, ahead).Scan(&row).Error
			if err != nil {
				return fmt.Errorf("count try: %w", err)
			}
			if row.Failures > t.limit {
				wait = max(row.Since.Add(throttleWindow).Sub(now), time.Second)
				return nil
			}
		}
		return nil
	})
	if err == nil && wait > 0 {
		return Throttled{RetryAfter: wait}
	}
	return err
}

// succeeded forgets the wrong tries of an account or browser whose secret was
// given, and takes back one try of the address, not all: others may use the
// same address.
func (db *DB) succeeded(ctx context.Context, tries ...try) error {
	for _, t := range tries {
		q := query.Of[Throttle](db.gorm).Where("name = ?", t.name)
		var err error
		if t.limit == addressTries {
			_, err = q.Where("failures > 0").Update(ctx, "failures", gorm.Expr("failures - 1"))
		} else {
			_, err = q.Delete(ctx)
		}
		if err != nil {
			return fmt.Errorf("forget tries: %w", err)
		}
	}
	_, err := query.Of[Throttle](db.gorm).Where("since < ?", db.Now().Add(-throttleTidyAge)).Delete(ctx)
	return err
}
