package files_test

import (
	"errors"
	"io/fs"
	"path/filepath"
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
