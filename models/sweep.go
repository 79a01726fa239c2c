package models

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"quartermaster/models/objects"
)

const (
	// keepAside is how long files that were moved aside can be put back, so
	// that a copy of the database and a later copy of the files fit together.
	keepAside = 24 * time.Hour
	// restful is the age of a blob after which nobody can be about to record
	// it.
	restful = 24 * time.Hour
)

// blindUntil is the setting that says when the database was last started with a
// folder that it did not belong to, or that knew more than it. The database may
// not know files that were written before, so none of these is swept
// automatically.
const blindUntil = "blind_until"

// Unknown is what is in the data folder without a record in the database.
type Unknown struct {
	Blobs  []objects.Found
	Stores []StoreFolder
	// Kept is how many blobs are kept in all.
	Kept int
}

// FindUnknown looks for what the database has no record of. Files younger than
// a day are left out, since they may still be recorded, except those that an
// earlier process left half-done.
func (db *DB) FindUnknown(ctx context.Context) (Unknown, error) {
	var u Unknown
	var err error
	old := SystemClock().Add(-restful)
	if u.Blobs, u.Kept, err = db.objects.Unknown(ctx, old, db.knownBlobs); err != nil {
		return Unknown{}, err
	}
	folders, err := db.storeFolders(ctx, everyFolder)
	for _, f := range folders {
		if !f.known && !f.Aside && f.At.Before(old) {
			u.Stores = append(u.Stores, f)
		}
	}
	return u, err
}

// sweepable is the part of u that may be moved aside without asking a person:
// no files that the database may not know, and no index.
func (db *DB) sweepable(ctx context.Context, u Unknown) (Unknown, error) {
	var until time.Time
	text, err := db.setting(ctx, blindUntil)
	if err == nil && text != "" {
		until, err = time.Parse(time.RFC3339Nano, text)
	}
	if err != nil {
		return Unknown{}, fmt.Errorf("read %s: %w", blindUntil, err)
	}
	some := Unknown{Kept: u.Kept}
	for _, b := range u.Blobs {
		if b.At.After(until) {
			some.Blobs = append(some.Blobs, b)
		}
	}
	for _, f := range u.Stores {
		if f.At.After(until) && !f.Index {
			some.Stores = append(some.Stores, f)
		}
	}
	return some, nil
}

// large tells whether so much is unknown that the database is probably the
// wrong one.
func (u Unknown) large() bool {
	n := 0
	for _, b := range u.Blobs {
		if !b.Staged {
			n++
		}
	}
	return n > max(20, u.Kept/20)
}

// MoveAside moves what FindUnknown found aside. It is kept there for a day.
func (db *DB) MoveAside(ctx context.Context, u Unknown) error {
	var bytes int64
	var first []string
	for _, b := range u.Blobs {
		if err := errors.Join(ctx.Err(), db.objects.Drop(b.ID, SystemClock())); err != nil {
			return err
		}
		if bytes += b.Size; len(first) < 5 {
			first = append(first, b.ID)
		}
	}
	for _, f := range u.Stores {
		if err := errors.Join(ctx.Err(), db.removeIndex(f.ID)); err != nil {
			return err
		}
		first = append(first, f.ID)
	}
	if len(first) > 0 {
		db.log.Warn("moved aside what the database does not know; it is removed in a day", "objects", len(u.Blobs), "bytes", bytes, "stores", len(u.Stores), "first", first)
	}
	return nil
}

// sweep moves aside what the database does not know, unless it is so much that
// a person has to decide.
func (db *DB) sweep(ctx context.Context) error {
	u, err := db.FindUnknown(ctx)
	if err == nil {
		u, err = db.sweepable(ctx, u)
	}
	if err != nil {
		return err
	}
	if u.large() {
		db.withheld.Store(int64(len(u.Blobs)))
		db.log.Error("the database does not know a large share of the objects in the data folder, so none is moved aside; look at them with: quartermaster check, and move them with: quartermaster check --repair",
			"unknown", len(u.Blobs), "objects", u.Kept)
		return nil
	}
	db.withheld.Store(0)
	return db.MoveAside(ctx, u)
}

// Withheld is how many unknown objects the last sweep left where they are
// because they are a large share of all.
func (db *DB) Withheld() int { return int(db.withheld.Load()) }

// emptyAside removes for good what was moved aside before the given time, and
// puts back what the database knows.
func (db *DB) emptyAside(ctx context.Context, before time.Time) error {
	n, bytes, err := db.objects.EmptyAside(ctx, before, db.knownBlobs)
	folders, failed := db.storeFolders(ctx, everyFolder)
	err = errors.Join(err, failed, db.recoverIndexes(ctx))
	stores := 0
	for _, f := range folders {
		if f.Aside && !f.known && f.At.Before(before) {
			err = errors.Join(err, os.RemoveAll(db.storeFolder(f.ID)+droppedMark))
			stores++
		}
	}
	if n+stores > 0 {
		db.log.Info("removed what lay aside", "objects", n, "bytes", bytes, "stores", stores)
	}
	return err
}
