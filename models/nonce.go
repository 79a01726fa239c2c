package models

import (
	"context"
	"fmt"
	"time"

	"quartermaster/models/query"
)

const (
	// nonceWindow is how long a nonce is remembered. Signatures are accepted
	// within 15 minutes of the clock, so the date of an older one is refused
	// anyway.
	nonceWindow = 35 * time.Minute
	// nonceSweep is the number of uses after which the oldest are forgotten,
	// and mostSwept how many of them: more than were added, so that they do not
	// pile up.
	nonceSweep = 64
	mostSwept  = 4 * nonceSweep
)

// nonce is a value that an access key has signed a request with.
type nonce struct {
	KeyID string `gorm:"primaryKey"`
	Nonce string `gorm:"primaryKey"` // its hash: callers choose its length
	At    time.Time
}

// UseNonce notes that a key has signed a request with a nonce, or returns
// ErrConflict when it did so within the window before. When several come at
// once, in any process, one passes.
func (db *DB) UseNonce(ctx context.Context, keyID, nonce string) error {
	return db.tx(ctx, func(ctx context.Context, tx *DB) error {
		return tx.noteNonce(ctx, keyID, nonce)
	})
}

func (db *DB) noteNonce(ctx context.Context, keyID, nonce string) error {
	now := db.Now()
	old := now.Add(-nonceWindow)
	n, err := query.Do(ctx, db.gorm, `INSERT INTO nonces (key_id, nonce, at) VALUES (?, ?, ?)
		ON CONFLICT (key_id, nonce) DO UPDATE SET at = excluded.at WHERE nonces.at < ?`, keyID, hashToken(nonce), now, old)
	if err != nil {
		return fmt.Errorf("note nonce: %w", err)
	}
	if n == 0 {
		return ErrConflict
	}
	if db.nonces.Add(1)%nonceSweep == 0 {
		return db.sweepNonces(ctx, old)
	}
	return nil
}

// Nonce is what a request that changes something was signed with.
type Nonce struct {
	keyID, nonce string
	noted        bool // in a change that is committed
}

type nonceKey struct{}

// WithNonce returns a context whose first change notes the nonce, in the
// transaction of the change: the request then waits for one commit instead of
// two, and its change and its nonce are kept together or not at all. Where the
// nonce was used within the window before, each change with the context is
// ErrConflict, before it begins. The caller calls SettleNonce at the end. The
// context is for one goroutine.
func WithNonce(ctx context.Context, keyID, nonce string) (context.Context, *Nonce) {
	n := &Nonce{keyID: keyID, nonce: nonce}
	return context.WithValue(ctx, nonceKey{}, n), n
}

// SettleNonce notes the nonce of a request that has changed nothing after all.
// ErrConflict says that the request is a repeat of another: it has changed
// nothing, and its result must not be answered.
func (db *DB) SettleNonce(ctx context.Context, n *Nonce) error {
	if n.noted {
		return nil
	}
	// The nonce is noted even when the caller has gone away.
	return db.UseNonce(context.WithValue(context.WithoutCancel(ctx), nonceKey{}, nil), n.keyID, n.nonce)
}

// first notes the nonce of a context in its first change.
func (n *Nonce) first(ctx context.Context, tx *DB) error {
	if n == nil || n.noted {
		return nil
	}
	return tx.noteNonce(ctx, n.keyID, n.nonce)
}

// sweepNonces forgets some that are older than the window.
func (db *DB) sweepNonces(ctx context.Context, old time.Time) error {
	// SQLite has them in the order in which they came.
	statement, args := "DELETE FROM nonces WHERE rowid IN (SELECT rowid FROM (SELECT rowid, at FROM nonces ORDER BY rowid LIMIT ?) WHERE at < ?)", []any{mostSwept, old}
	if db.gorm.Name() == "postgres" {
		statement, args = "DELETE FROM nonces WHERE (key_id, nonce) IN (SELECT key_id, nonce FROM nonces WHERE at < ? ORDER BY at LIMIT ? FOR UPDATE SKIP LOCKED)", []any{old, mostSwept} // others sweep too
	}
	if err := query.Exec(ctx, db.gorm, statement, args...); err != nil {
		return fmt.Errorf("forget nonces: %w", err)
	}
	return nil
}
