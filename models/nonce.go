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
	sweep := db.nonces.Add(1)%nonceSweep == 0
	return db.tx(ctx, func(ctx context.Context, tx *DB) error {
		now := tx.Now()
		old := now.Add(-nonceWindow)
		res := tx.gorm.WithContext(ctx).Exec(`INSERT INTO nonces (key_id, nonce, at) VALUES (?, ?, ?)
			ON CONFLICT (key_id, nonce) DO UPDATE SET at = excluded.at WHERE nonces.at < ?`, keyID, hashToken(nonce), now, old)
		if res.Error != nil {
			return fmt.Errorf("note nonce: %w", res.Error)
		}
		if res.RowsAffected == 0 {
			return ErrConflict
		}
		if sweep {
			return tx.sweepNonces(ctx, old)
		}
		return nil
	})
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
