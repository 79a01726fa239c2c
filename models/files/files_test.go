package files_test

import (
	"errors"
	"io/fs"
	"path/filepath"
	"sync"
	"testing"

	"quartermaster/models/files"
)

func TestSyncFolder(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if err := files.SyncFolder(folder); err != nil {
		t.Errorf("got %v, want it synced", err)
	}
	if err := files.SyncFolder(filepath.Join(folder, "absent")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a folder that is not there: got %v, want ErrNotExist", err)
	}
}

func TestASyncOfAFolderIsShared(t *testing.T) {
	t.Parallel()
	there, absent := files.NewFolder(t.TempDir()), files.NewFolder(filepath.Join(t.TempDir(), "absent"))
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() {
			if err := there.Sync(); err != nil {
				t.Errorf("got %v, want it synced", err)
			}
			if err := absent.Sync(); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("a folder that is not there: got %v, want ErrNotExist", err)
			}
		})
	}
	all.Wait()
}
