package models

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"gorm.io/gorm"
)

// The limits on wrong tries, each within throttleWindow from the first.
const (
	throttleWindow  = 10 * time.Minute
	accountTries    = 10
	addressTries    = 100
	throttleTidyAge = 24 * time.Hour
)

// Throttled is the error of a try that came after too many wrong ones. It was
// not looked at.
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

// A try is one attempt at a secret: what it counts against.
type try struct {
	name  string
	limit int
}

// accountTry counts against an account, whether it exists or not. The address
// is hashed: people type other things than addresses into that field.
func accountTry(email string) try { return try{"account:" + hashToken(email), accountTries} }

// browserTry is the allowance of a browser that has signed this person in
// before, which strangers cannot use up.
func browserTry(browser string) try { return try{"browser:" + hashToken(browser), accountTries} }

// addressTry counts against the network that a request comes from: an IPv6
// network is one customer's, so its addresses count as one.
func addressTry(address string) try {
	if ip, err := netip.ParseAddr(address); err == nil && ip.Is6() && !ip.Is4In6() {
		if net, err := ip.WithZone("").Prefix(64); err == nil {
			address = net.String()
		}
	}
	return try{"address:" + address, addressTries}
}

// attempt counts a try before the secret is looked at, so that a hundred at
// once are no more than a hundred after another. A right secret is taken back
// by succeeded. The first try that is over its limit ends it: an address that
// is closed neither closes accounts nor fills the table with their names.
func (db *DB) attempt(ctx context.Context, tries ...try) error {
	var wait time.Duration
	err := db.tx(ctx, func(ctx context.Context, tx *DB) error {
		now := tx.Now()
		fresh, ahead := now.Add(-throttleWindow), now.Add(time.Minute)
		for _, t := range tries {
			var row Throttle
			// A time far ahead of the clock is one from before the clock was set
			// back; a little ahead is one that came in at the same moment.
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
// given, and takes one try back from the address: others may come from there.
func (db *DB) succeeded(ctx context.Context, tries ...try) error {
	for _, t := range tries {
		q := table[Throttle](db.gorm).Where("name = ?", t.name)
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
	_, err := table[Throttle](db.gorm).Where("since < ?", db.Now().Add(-throttleTidyAge)).Delete(ctx)
	return err
}
