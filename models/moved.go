package models

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"sync/atomic"
)

// ErrMoved says that the database is no longer where it was opened: its file was
// moved away or replaced, or another process has taken the database over.
// Nothing is written then; what is read may be old.
var ErrMoved = errors.New("the database was moved away or taken over")

// here is ErrMoved when the database is no longer the one that was opened.
func (db *DB) here(ctx context.Context) error {
	switch {
	case db.file != nil:
		return db.file.here()
	case db.holder != nil:
		return db.holder.here(ctx)
	}
	return nil
}

// databaseFile is the file of an SQLite database as it was opened.
type databaseFile struct {
	path   string
	file   *os.File // stays open as long as SQLite's: closing it would end SQLite's locks
	opened os.FileInfo
	log    *slog.Logger
	gone   atomic.Bool
}

func watchFile(path string, log *slog.Logger) (*databaseFile, error) {
	file, err := os.Open(path) // #nosec G304 -- the server administrator names the folder
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	return &databaseFile{path: path, file: file, opened: info, log: log}, err
}

// here is ErrMoved while the file is missing or another one is in its place.
func (f *databaseFile) here() error {
	now, err := os.Stat(f.path)
	here := err == nil && os.SameFile(f.opened, now)
	switch was := f.gone.Swap(!here); {
	case here && was:
		f.log.Info("the database file is back, and changes are written again", "file", f.path)
	case !here && !was:
		f.log.Error("the database file was moved away or replaced, so nothing is written any more; put it back, or start again with the one that belongs to this data folder", "file", f.path)
	}
	if !here {
		return ErrMoved
	}
	return nil
}

// sound is ErrDatabaseDamaged unless the file begins as one of SQLite.
func (f *databaseFile) sound() error {
	const magic = "SQLite format 3\x00"
	head := make([]byte, len(magic))
	if _, err := f.file.ReadAt(head, 0); err != nil || string(head) != magic {
		return ErrDatabaseDamaged
	}
	return nil
}

// close is for when SQLite has closed the file.
func (f *databaseFile) close() error {
	if f == nil {
		return nil
	}
	return f.file.Close()
}
