package models

import (
	"context"
	"io"
)

// StageUpload reads a file that comes with an order to its end and syncs it to
// disk. More than limit bytes are ErrTooLarge as soon as they are seen. On an
// error nothing is left; otherwise the caller calls SettleUpload at the end.
func (db *DB) StageUpload(ctx context.Context, by Actor, name, contentType string, r io.Reader, limit int64) (*Upload, error) {
	if err := by.may(Request); err != nil {
		return nil, err
	}
	staged, err := db.stage(ctx, r, limit)
	if err != nil {
		return nil, err
	}
	return &Upload{Name: name, ContentType: contentType, Staged: staged}, nil
}

// SettleUpload keeps the bytes of an upload that an order has taken, and
// removes those of an upload that no order has taken. If that fails, the sweep
// does it later.
func (db *DB) SettleUpload(ctx context.Context, by Actor, up *Upload) {
	if up == nil || up.Staged.ID == "" {
		return
	}
	if err := db.settleUpload(context.WithoutCancel(ctx), by, up.Staged.ID); err != nil {
		db.log.Error("settle upload", "blob", up.Staged.ID, "error", err)
	}
}

func (db *DB) settleUpload(ctx context.Context, by Actor, blob string) error {
	var known map[string]bool
	err := db.tx(ctx, func(ctx context.Context, tx *DB) (err error) {
		// This waits for an order whose outcome a lost connection left open.
		if err := tx.count(ctx, by.TeamID, "order", 0); err != nil {
			return err
		}
		known, err = tx.knownBlobs(ctx, []string{blob})
		return err
	})
	switch {
	case err != nil:
		return err
	case known[blob]:
		return db.objects.Keep(blob)
	}
	return db.objects.Discard(blob)
}
