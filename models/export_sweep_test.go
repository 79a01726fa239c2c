package models

import (
	"context"
	"time"
)

// Sweep moves aside what the database does not know, as the worker does.
func (db *DB) Sweep(ctx context.Context) error { return db.sweep(ctx) }

// EmptyAside removes what was moved aside before the given time.
func (db *DB) EmptyAside(ctx context.Context, before time.Time) error {
	return db.emptyAside(ctx, before)
}

// Beat says that this process still holds a PostgreSQL database.
func (db *DB) Beat(ctx context.Context) error { return db.holder.beat(ctx) }
