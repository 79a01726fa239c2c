package models

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/blevesearch/bleve/v2"
	"github.com/blevesearch/bleve/v2/analysis/lang/cjk"
	"github.com/blevesearch/bleve/v2/mapping"
)

// A store's folder is <data>/stores/<id>, private to its owner, and holds its
// full-text index in "index". An index is built beside its place, as
// "building", and renamed when it is whole. A store that is removed is moved
// aside, to <id>.dropped, where it lies for keepAside. So whatever a kill leaves
// behind is known by its name.
const (
	indexName    = "index"
	buildingName = "building"
	droppedMark  = ".dropped"
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
		if err := os.Chmod(folder, 0o700); err != nil {
			return folderFailure(err)
		}
	}
	return folderFailure(syncFolder(db.storesFolder()))
}

// buildIndex makes an empty index in a store's folder, if there is none.
func (db *DB) buildIndex(id string) error {
	if err := db.allocateIndex(id); err != nil {
		return err
	}
	if _, err := os.Lstat(db.storeIndex(id)); err == nil {
		return nil
	}
	building := filepath.Join(db.storeFolder(id), buildingName)
	if err := os.RemoveAll(building); err != nil {
		return folderFailure(err)
	}
	return folderFailure(newIndex(building, db.storeIndex(id)))
}

// newIndex makes an index at building and moves it to path when it is whole.
func newIndex(building, path string) error {
	index, err := bleve.New(building, indexMapping())
	if err != nil {
		return fmt.Errorf("make index: %w", err)
	}
	if err := index.Close(); err != nil {
		return fmt.Errorf("close new index: %w", err)
	}
	if err := keepPrivate(building); err != nil {
		return err
	}
	if err := os.Rename(building, path); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// indexMapping splits Chinese into pairs of characters and other text into
// words.
func indexMapping() *mapping.IndexMappingImpl {
	m := bleve.NewIndexMapping()
	m.DefaultAnalyzer = cjk.AnalyzerName
	return m
}

// probe is what the check of a new index writes and must find again, by a word
// of each script.
var probe = struct {
	id, text string
	words    []string
}{"probe", "Quartermaster keeps this store's knowledge. 资源台保管知识仓。", []string{"knowledge", "知识"}}

// checkIndex opens a store's index, writes the probe, finds it and removes it
// again. A new index that cannot do that holds nothing: it is thrown away, and
// the next try builds another.
func (db *DB) checkIndex(id string) error {
	if err := db.buildIndex(id); err != nil {
		return err
	}
	err := probeIndex(db.storeIndex(id))
	if err == nil {
		return nil
	}
	if f := folderFault(err); f != nil {
		return f
	}
	if err := os.RemoveAll(db.storeIndex(id)); err != nil {
		return folderFailure(err)
	}
	return &Failure{Code: "index_corrupt", Detail: err.Error()}
}

func probeIndex(path string) (err error) {
	index, err := openIndex(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, index.Close(), keepPrivate(path)) }()
	if err := index.Index(probe.id, map[string]string{"text": probe.text}); err != nil {
		return fmt.Errorf("write probe: %w", err)
	}
	for _, word := range probe.words {
		found, err := index.Search(bleve.NewSearchRequest(bleve.NewMatchQuery(word)))
		if err != nil {
			return fmt.Errorf("search %q: %w", word, err)
		}
		if found.Total != 1 || found.Hits[0].ID != probe.id {
			return fmt.Errorf("search %q: found %d, want the probe", word, found.Total)
		}
	}
	if err := index.Delete(probe.id); err != nil {
		return fmt.Errorf("remove probe: %w", err)
	}
	n, err := index.DocCount()
	if err == nil && n != 0 {
		err = fmt.Errorf("%d documents left after the probe was removed", n)
	}
	return err
}

var errIndexBusy = errors.New("index in use")

// openIndex opens an index, which one process at a time can do. It is
// errIndexBusy when another still has it open after a few seconds.
func openIndex(path string) (bleve.Index, error) {
	index, err := bleve.OpenUsing(path, map[string]any{"bolt_timeout": "3s"})
	if err != nil && err.Error() == "timeout" { // the lock's error is known by its text alone
		return nil, errIndexBusy
	}
	return index, err
}

// closeIndex makes sure that nobody has a store's index open. One that does
// not open at all is nobody's.
func (db *DB) closeIndex(id string) error {
	if _, err := os.Lstat(db.storeIndex(id)); err != nil {
		return nil
	}
	index, err := openIndex(db.storeIndex(id))
	if errors.Is(err, errIndexBusy) {
		return folderFailure(err)
	}
	if err != nil {
		return nil
	}
	return index.Close()
}

// reopenIndex makes sure that a store's index opens.
func (db *DB) reopenIndex(id string) error {
	if _, err := os.Lstat(db.storeIndex(id)); err != nil {
		return folderFailure(err)
	}
	index, err := openIndex(db.storeIndex(id))
	if err != nil {
		return folderFailure(err)
	}
	return index.Close()
}

// removeIndex moves a store's folder aside, if it has one.
func (db *DB) removeIndex(id string) error {
	folder, now := db.storeFolder(id), SystemClock()
	// The time first: what lies aside with an old one is removed.
	err := os.Chtimes(folder, now, now)
	if err == nil {
		err = errors.Join(os.RemoveAll(folder+droppedMark), os.Rename(folder, folder+droppedMark))
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return folderFailure(err)
	}
	if err := syncFolder(db.storesFolder()); !errors.Is(err, fs.ErrNotExist) {
		return folderFailure(err)
	}
	return nil
}

// recoverIndexes puts back the folders of stores that were moved aside and that
// the database knows, as one that was restored may. It removes nothing.
func (db *DB) recoverIndexes(ctx context.Context) error {
	folders, err := db.storeFolders(ctx)
	for _, f := range folders {
		if f.Aside && f.known {
			err = errors.Join(err, os.Rename(db.storeFolder(f.ID)+droppedMark, db.storeFolder(f.ID)))
		}
	}
	return err
}

// StoreFolder is a store's folder, and when it was last changed.
type StoreFolder struct {
	ID string
	At time.Time
	// Aside tells that it was moved aside, Index that it holds an index.
	Aside, Index bool

	// known to the database, and not about to be removed. Of one that lies aside,
	// while there is another in its place, it is not.
	known bool
}

// storeFolders are all folders of stores. There are none where there is no
// folder for them: no store was made yet, or a store's job will say what is
// wrong.
func (db *DB) storeFolders(ctx context.Context) ([]StoreFolder, error) {
	entries, err := os.ReadDir(db.storesFolder())
	if err != nil {
		return nil, nil
	}
	var folders []StoreFolder
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			continue // gone since
		}
		f := StoreFolder{At: info.ModTime()}
		f.ID, f.Aside = strings.CutSuffix(e.Name(), droppedMark)
		_, err = os.Lstat(filepath.Join(db.storesFolder(), e.Name(), indexName))
		f.Index = err == nil
		n, err := table[Store](db.gorm).Where("id = ? AND state <> ?", f.ID, StoreDropping).Count(ctx, "*")
		if err != nil {
			return nil, translate(err)
		}
		if f.known = n > 0; f.known && f.Aside {
			_, err = os.Lstat(db.storeIndex(f.ID))
			f.known = errors.Is(err, fs.ErrNotExist)
		}
		folders = append(folders, f)
	}
	return folders, nil
}

// folderFault is the failure for an error that somebody has to see to, or nil.
func folderFault(err error) *Failure {
	for _, fault := range []struct {
		code string
		of   []error
	}{
		{"no_space", []error{ErrNoSpace, syscall.ENOSPC, syscall.EDQUOT}},
		{"folder_denied", []error{fs.ErrPermission, syscall.EROFS}},
		{"folder_blocked", []error{syscall.ENOTDIR, fs.ErrExist}},
		{"disk_error", []error{syscall.EIO}},
		{"index_busy", []error{errIndexBusy}},
	} {
		for _, of := range fault.of {
			if errors.Is(err, of) {
				return &Failure{Code: fault.code, Detail: err.Error()}
			}
		}
	}
	return nil
}

// folderFailure is an error as a job's step returns it: a Failure when
// somebody has to see to it, the error itself when it may pass.
func folderFailure(err error) error {
	if f := folderFault(err); f != nil {
		return f
	}
	return err
}

// keepPrivate takes everybody else's rights from the files under a folder.
func keepPrivate(folder string) error {
	return filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir():
			return os.Chmod(path, 0o700)
		}
		return os.Chmod(path, 0o600)
	})
}

// syncFolder makes the names in a folder survive a power cut.
func syncFolder(folder string) error {
	f, err := os.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
