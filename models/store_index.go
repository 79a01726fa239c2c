package models

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/mattn/go-sqlite3"

	"quartermaster/models/files"
	"quartermaster/models/index"
	"quartermaster/models/query"
)

// A store's folder is <data>/stores/<id>, private to its owner, and holds its
// full-text index in "index.db". An index is built beside its place, as
// "building", and renamed when it is whole. A store that is removed is moved
// aside, to <id>.dropped, where it lies for keepAside. So after a kill the
// names tell what was left behind.
const (
	indexName    = "index.db"
	journalName  = indexName + "-journal"
	buildingName = "building"
	droppedMark  = ".dropped"
)

// Before 2026-12 an index was a folder, recognised by a file in it. Nothing was
// ever written to one.
const (
	oldIndexName = "index"
	oldIndexMark = "index_meta.json"
)

func (db *DB) storesFolder() string         { return filepath.Join(db.folder, "stores") }
func (db *DB) storeFolder(id string) string { return filepath.Join(db.storesFolder(), id) }
func (db *DB) storeIndex(id string) string  { return filepath.Join(db.storeFolder(id), indexName) }

// allocateIndex makes the private folder of a store, if it has none.
func (db *DB) allocateIndex(id string) error {
	if db.disk.look().Full() {
		return folderFailure(ErrNoSpace)
	}
	for _, folder := range []string{db.storesFolder(), db.storeFolder(id)} {
		if err := os.Mkdir(folder, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return folderFailure(err)
		}
		info, err := os.Lstat(folder)
		if err != nil {
			return folderFailure(err)
		}
		if !info.IsDir() {
			return &Failure{Code: "folder_blocked", Detail: folder + " is not a folder"}
		}
		if err := os.Chmod(folder, 0o700); err != nil { // #nosec G302 -- a folder
			return folderFailure(err)
		}
	}
	return folderFailure(files.SyncFolder(db.storesFolder()))
}

// buildIndex makes an empty index in a store's folder, if there is none.
func (db *DB) buildIndex(ctx context.Context, id string) error {
	if err := db.allocateIndex(id); err != nil {
		return err
	}
	if _, err := os.Lstat(db.storeIndex(id)); err == nil {
		return nil
	}
	folder := db.storeFolder(id)
	building := filepath.Join(folder, buildingName)
	// SQLite would apply a journal left of a deleted index to the new one.
	if err := errors.Join(os.RemoveAll(building), os.RemoveAll(filepath.Join(folder, journalName))); err != nil {
		return folderFailure(err)
	}
	// SQLite gives its side files the rights of the file.
	if err := os.WriteFile(building, nil, 0o600); err != nil {
		return folderFailure(err)
	}
	if err := index.Make(ctx, sqliteAddress(building)); err != nil {
		return folderFailure(fmt.Errorf("make index: %w", err))
	}
	if err := os.Rename(building, db.storeIndex(id)); err != nil {
		return folderFailure(err)
	}
	return folderFailure(files.SyncFolder(folder))
}

// checkIndex opens a store's index and tries it. A new index that does not work
// is empty: it is deleted, and the next try builds another.
func (db *DB) checkIndex(ctx context.Context, id string) error {
	if err := db.buildIndex(ctx, id); err != nil {
		return err
	}
	err := db.withIndex(ctx, id, func(x *index.Index) error { return x.Probe(ctx) })
	if err == nil || ctx.Err() != nil || folderFault(err) != nil {
		return folderFailure(err)
	}
	if err := os.RemoveAll(db.storeIndex(id)); err != nil {
		return folderFailure(err)
	}
	return &Failure{Code: "index_corrupt", Detail: err.Error()}
}

// withIndex does something with a store's index.
func (db *DB) withIndex(ctx context.Context, id string, do func(*index.Index) error) error {
	x, err := index.Open(ctx, sqliteAddress(db.storeIndex(id)))
	if err != nil {
		return err
	}
	return errors.Join(do(x), x.Close())
}

// closeIndex makes sure that nobody uses a store's index. An index that does
// not open is in use by nobody.
func (db *DB) closeIndex(ctx context.Context, id string) error {
	err := db.withIndex(ctx, id, func(x *index.Index) error { return x.Alone(ctx) })
	if errors.Is(translate(err), ErrBusy) {
		return folderFailure(err)
	}
	return nil
}

// reopenIndex makes sure that a store's index opens.
func (db *DB) reopenIndex(ctx context.Context, id string) error {
	if _, err := os.Lstat(db.storeIndex(id)); err != nil {
		return folderFailure(err)
	}
	return folderFailure(db.withIndex(ctx, id, func(*index.Index) error { return nil }))
}

// removeIndex moves a store's folder aside, if it has one.
func (db *DB) removeIndex(id string) error {
	folder, now := db.storeFolder(id), SystemClock()
	// The time is set first: folders kept aside with an old time are removed.
	err := os.Chtimes(folder, now, now)
	if err == nil {
		err = errors.Join(os.RemoveAll(folder+droppedMark), os.Rename(folder, folder+droppedMark))
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return folderFailure(err)
	}
	if err := files.SyncFolder(db.storesFolder()); !errors.Is(err, fs.ErrNotExist) {
		return folderFailure(err)
	}
	return nil
}

// recoverIndexes puts back folders that were moved aside when the database has
// their stores, as after a restore, and replaces old indexes. It removes
// nothing else.
func (db *DB) recoverIndexes(ctx context.Context) error {
	folders, err := db.storeFolders(ctx, func(name string) bool {
		_, err := os.Lstat(filepath.Join(db.storesFolder(), name, oldIndexName))
		return err == nil || strings.HasSuffix(name, droppedMark)
	})
	for _, f := range folders {
		if !f.known {
			continue
		}
		if f.Aside {
			err = errors.Join(err, os.Rename(db.storeFolder(f.ID)+droppedMark, db.storeFolder(f.ID)))
		}
		if failed := db.renewIndex(ctx, f.ID); failed != nil {
			db.log.Error("the old index of a store is not made anew yet", "store", f.ID, "error", failed)
		}
	}
	return err
}

// renewIndex replaces a store's old index. A folder that is not an index of
// ours stays as it is.
func (db *DB) renewIndex(ctx context.Context, id string) error {
	old := filepath.Join(db.storeFolder(id), oldIndexName)
	if _, err := os.Lstat(old); err != nil {
		return nil
	}
	if !hasOldIndex(db.storeFolder(id)) {
		db.log.Warn("a store's folder holds something in the place of an old index, which is left alone", "store", id, "path", old)
		return nil
	}
	if err := db.buildIndex(ctx, id); err != nil {
		return err
	}
	// In one step, so that a half-deleted folder is never mistaken for
	// something else.
	building := filepath.Join(db.storeFolder(id), buildingName)
	return errors.Join(os.RemoveAll(building), os.Rename(old, building), os.RemoveAll(building))
}

func hasOldIndex(folder string) bool {
	_, err := os.Lstat(filepath.Join(folder, oldIndexName, oldIndexMark))
	return err == nil
}

// hasIndex tells whether a store's folder holds its index, or an old one that
// the next start replaces.
func hasIndex(folder string) bool {
	_, err := os.Lstat(filepath.Join(folder, indexName))
	return err == nil || hasOldIndex(folder)
}

// StoreFolder is a store's folder, and when it was last changed.
type StoreFolder struct {
	ID string
	At time.Time
	// Aside tells that it was moved aside, Index that it holds an index, or what
	// may be one.
	Aside, Index bool

	// known to the database, and not about to be removed. For a folder kept
	// aside while another is in its place it is false.
	known bool
}

// askTogether is how many stores are asked for at once.
const askTogether = 500

// everyFolder asks storeFolders for all.
func everyFolder(string) bool { return true }

// storeFolders are the folders of stores by the names that are asked for. Without a folder for them there are
// none: either no store was made yet, or the next job of a store will report
// what is wrong.
func (db *DB) storeFolders(ctx context.Context, asked func(name string) bool) ([]StoreFolder, error) {
	entries, err := os.ReadDir(db.storesFolder())
	if err != nil {
		return nil, nil
	}
	folders := make([]StoreFolder, 0, len(entries))
	ids := make([]string, 0, len(entries))
	for _, e := range entries {
		if !asked(e.Name()) {
			continue
		}
		info, err := e.Info()
		if err != nil {
			continue // gone since
		}
		f := StoreFolder{At: info.ModTime()}
		f.ID, f.Aside = strings.CutSuffix(e.Name(), droppedMark)
		for _, name := range []string{indexName, oldIndexName} {
			_, err = os.Lstat(filepath.Join(db.storesFolder(), e.Name(), name))
			f.Index = f.Index || err == nil
		}
		folders, ids = append(folders, f), append(ids, f.ID)
	}
	known := make(map[string]bool, len(ids))
	for some := range slices.Chunk(ids, askTogether) {
		stores, err := query.Of[Store](db.gorm).Select("id").Where("id IN ? AND state <> ?", some, StoreDropping).Find(ctx)
		if err != nil {
			return nil, translate(err)
		}
		for _, s := range stores {
			known[s.ID] = true
		}
	}
	for i := range folders {
		f := &folders[i]
		f.known = known[f.ID] && (!f.Aside || !hasIndex(db.storeFolder(f.ID)))
	}
	return folders, nil
}

// folderFault is the failure for an error that a person has to mend, or nil.
func folderFault(err error) *Failure {
	var lite sqlite3.Error
	if errors.As(err, &lite) && lite.SystemErrno != 0 {
		err = fmt.Errorf("%w: %w", err, lite.SystemErrno)
	}
	fault := translate(err)
	for _, known := range []struct {
		code string
		of   []error
	}{
		{"no_space", []error{ErrNoSpace, syscall.ENOSPC, syscall.EDQUOT}},
		{"folder_denied", []error{fs.ErrPermission, syscall.EROFS}},
		{"folder_blocked", []error{syscall.ENOTDIR, fs.ErrExist}},
		{"disk_error", []error{syscall.EIO}},
		{"index_busy", []error{ErrBusy}},
	} {
		for _, of := range known.of {
			if errors.Is(fault, of) {
				return &Failure{Code: known.code, Detail: err.Error()}
			}
		}
	}
	return nil
}

// folderFailure is an error as a job's step returns it: a Failure when a person
// has to mend it, the error itself when it may pass.
func folderFailure(err error) error {
	if f := folderFault(err); f != nil {
		return f
	}
	return err
}
