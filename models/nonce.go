package models

import (
	"context"
	"fmt"
	"time"
)

const (
	// nonceWindow is how long a nonce is remembered. Signatures are accepted 15
	// minutes either way of the clock, so one that is older is refused by its
	// date.
	nonceWindow = 35 * time.Minute
	// nonceSweep is after how many uses the oldest are forgotten, and mostSwept
	// how many: more than come in, so that they do not pile up.
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
// ErrConflict when it did so within the window before. Of several at once, in
// whatever process, one passes.
func (db *DB) UseNonce(ctx context.Context, keyID, nonce string) error {
	return db.tx(ctx, func(ctx context.Context, tx *DB) error {
		return tx.noteNonce(ctx, keyID, nonce)
	})
}

func (db *DB) noteNonce(ctx context.Context, keyID, nonce string) error {
	now := db.Now()
	old := now.Add(-nonceWindow)
	res := db.gorm.WithContext(ctx).Exec(`INSERT INTO nonces (key_id, nonce, at) VALUES (?, ?, ?)
		ON CONFLICT (key_id, nonce) DO UPDATE SET at = excluded.at WHERE nonces.at < ?`, keyID, hashToken(nonce), now, old)
	if res.Error != nil {
		return fmt.Errorf("note nonce: %w", res.Error)
	}
	if res.RowsAffected == 0 {
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
// transaction of the change: a request then waits for one commit and not for
// two, and what it changed and that it was made are kept together or not at
// all. Where the nonce was used within the window before, each change with the
// context is ErrConflict, before it has begun. The caller ends with
// SettleNonce. The context is for one goroutine.
func WithNonce(ctx context.Context, keyID, nonce string) (context.Context, *Nonce) {
	n := &Nonce{keyID: keyID, nonce: nonce}
	return context.WithValue(ctx, nonceKey{}, n), n
}

// SettleNonce notes the nonce of a request that has changed nothing after all.
// ErrConflict says that the request is a repeat of another: it has changed
// nothing, and what came of it is not to be told.
func (db *DB) SettleNonce(ctx context.Context, n *Nonce) error {
	if n.noted {
		return nil
	}
	// The request is over; the nonce counts also for one who has gone away.
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
	oldest := "SELECT key_id, nonce FROM nonces WHERE at < ? ORDER BY at LIMIT ?"
	if db.gorm.Name() == "postgres" {
		oldest += " FOR UPDATE SKIP LOCKED" // others sweep too
	}
	if err := execute(ctx, db.gorm, "DELETE FROM nonces WHERE (key_id, nonce) IN ("+oldest+")", old, mostSwept); err != nil {
		return fmt.Errorf("forget nonces: %w", err)
	}
	return nil
}
