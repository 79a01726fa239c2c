package models

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"gorm.io/gorm"

	"quartermaster/models/migrations"
	"quartermaster/models/objects"
)

// ErrNoDesk says that there is no data where some was looked for.
var ErrNoDesk = errors.New("there is no Quartermaster data here")

// OpenBeside opens the data for looking at it, whether a server works with it or
// not: it takes no lock, makes, migrates and recovers nothing, and only Backup
// and Check are to be called on what it returns.
func OpenBeside(ctx context.Context, o Options) (*DB, error) {
	db := newDB(o)
	if err := db.openBeside(ctx, o); err != nil {
		_ = db.Close()
		return nil, damaged(err)
	}
	return db, nil
}

func (db *DB) openBeside(ctx context.Context, o Options) (err error) {
	if _, err := os.Stat(filepath.Join(o.Folder, "objects")); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: %w", o.Folder, ErrNoDesk)
	} else if err != nil {
		return err
	}
	db.objects = objects.At(filepath.Join(o.Folder, "objects"))
	if err := refuseUnfinished(o.Folder); err != nil {
		return err
	}
	m := meeting{}
	if m.folder, err = lookInto(o.Folder); err != nil {
		return err
	}
	if err := db.connectBeside(ctx, o); errors.Is(err, fs.ErrNotExist) {
		return cmp.Or(m.check(ctx, nil), ErrNoDesk)
	} else if err != nil {
		return err
	}
	// The folder was read first, so it must not be ahead of its database.
	if err := m.check(ctx, db.gorm); err != nil {
		return err
	}
	_, err = migrations.Newest(db.gorm.WithContext(ctx))
	return err
}

func (db *DB) sqliteFile() string { return filepath.Join(db.folder, "quartermaster.db") }

// connectBeside opens the database, which is there already.
func (db *DB) connectBeside(ctx context.Context, o Options) (err error) {
	if o.Postgres != "" {
		return db.connectPostgres(ctx, o.Postgres, o.Connections)
	}
	if _, err := os.Stat(db.sqliteFile()); err != nil {
		return err
	}
	db.gorm, err = gorm.Open(sqliteAt(sqliteAddress(db.sqliteFile())+"?_busy_timeout=5000&_query_only=true"), gormConfig(db))
	if err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	return size(db.gorm, 4)
}
