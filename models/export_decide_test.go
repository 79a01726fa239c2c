package models

import "context"

// ForgetNotices deletes old notices.
func ForgetNotices(ctx context.Context, db *DB) error { return db.forgetNotices(ctx) }
