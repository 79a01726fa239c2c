package models

import (
	"context"
	"fmt"
)

// ForgetNotices deletes old notices.
func ForgetNotices(ctx context.Context, db *DB) error { return db.forgetNotices(ctx) }

// Seen is an order with its version, as a form has it.
func Seen(o *Order) string { return fmt.Sprint(o.Number, ".", o.Version) }
