package models_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"quartermaster/models"
	"quartermaster/models/backup"
)

// backUp copies the desk beside whoever works at it.
func (d whole) backUp(t *testing.T, to string) models.BackupReport {
	t.Helper()
	db, err := models.OpenBeside(t.Context(), d.options)
	mustDo(t, err)
	defer db.Close()
	r, err := db.Backup(t.Context(), models.BackupInput{To: to, Meter: new(models.Meter)})
	if err != nil {
		t.Fatalf("back up: %v", err)
	}
	return r
}

func TestBackupFolderTakesOnlyWhatIsNew(t *testing.T) {
	t.Parallel()
	d := newWhole(t)
	by := d.team.Requester
	to := filepath.Join(t.TempDir(), "copy")
	if r := d.backUp(t, to); r.Copied != 6 || r.Blobs != 6 || !r.Whole() {
		t.Errorf("first: got %d copied of %d, missing %v, want 6 of 6", r.Copied, r.Blobs, r.Missing)
	}
	b, err := d.db.FindBucket(t.Context(), by, d.object.BucketID)
	mustDo(t, err)
	replaced, err := d.db.FindObject(t.Context(), by, b.ID, "b.txt")
	mustDo(t, err)
	mustPutObject(t, d.db, by, b, "b.txt", []byte("another text"))
	mustPutObject(t, d.db, by, b, "new.txt", []byte("new"))
	if r := d.backUp(t, to); r.Copied != 2 || r.Blobs != 7 {
		t.Errorf("second: got %d copied of %d, want 2 of 7", r.Copied, r.Blobs)
	}
	if _, err := os.Stat(filepath.Join(to, backup.BlobName(replaced.Blob))); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("what was replaced before the second: got %v, want it gone", err)
	}
	states, err := filepath.Glob(filepath.Join(to, "state-*"))
	if err != nil || len(states) != 1 {
		t.Errorf("got the states %v, want one", states)
	}
	strays := []string{strings.Repeat("a", 64), filepath.Base(backup.BlobName(d.object.Blob)) + ".partial"}
	for i, name := range strays {
		strays[i] = filepath.Join(to, filepath.Dir(backup.BlobName(d.object.Blob)), name)
		mustDo(t, os.WriteFile(strays[i], nil, 0o600))
	}
	if r := d.backUp(t, to); r.Copied != 0 {
		t.Errorf("third: got %d copied, want none", r.Copied)
	}
	for _, name := range strays {
		if _, err := os.Stat(name); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: got %v, want it gone", name, err)
		}
	}
}

// Bytes that went while they were being copied lie aside, where a backup finds
// them.
func TestBackupHasWhatIsDeletedMeanwhile(t *testing.T) {
	t.Parallel()
	d := newWhole(t)
	to := filepath.Join(t.TempDir(), "copy")
	aside := filepath.Join(d.options.Folder, "objects", "aside", d.object.Blob)
	mustDo(t, os.Rename(d.file(), aside)) // as a delete after the moment of the backup leaves it
	if r := d.backUp(t, to); !r.Whole() || r.Copied != 6 {
		t.Errorf("got %d copied, missing %v, want all 6", r.Copied, r.Missing)
	}
}

func TestBackupWithoutSomeBytesHasTheRest(t *testing.T) {
	t.Parallel()
	d := newWhole(t)
	to := filepath.Join(t.TempDir(), "copy")
	good, err := os.ReadFile(d.file())
	mustDo(t, err)
	mustDo(t, os.Truncate(d.file(), 3))
	if r := d.backUp(t, to); len(r.Damaged) != 1 || r.Damaged[0] != d.object.Blob || r.Copied != 5 {
		t.Errorf("got %d copied and %v damaged, want 5 and the one that was cut", r.Copied, r.Damaged)
	}
	mustDo(t, os.Remove(d.file()))
	if r := d.backUp(t, to); len(r.Missing) != 1 || r.Copied != 0 {
		t.Errorf("got %d copied and %v missing, want none and one", r.Copied, r.Missing)
	}
	mustDo(t, os.WriteFile(d.file(), good, 0o600))
	if r := d.backUp(t, to); !r.Whole() || r.Copied != 1 {
		t.Errorf("with the bytes back: got %d copied, %v, %v, want 1", r.Copied, r.Missing, r.Damaged)
	}
}
