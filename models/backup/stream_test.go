package backup_test

import (
	"archive/tar"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"quartermaster/models/backup"
)

// A stream may come from anybody. Whatever it calls its files, only those of a
// state are given on, by names that lead nowhere else.
func TestAStreamGivesOnFilesOfAStateOnly(t *testing.T) {
	t.Parallel()
	const id = "00000000000000000000000000000001"
	name := filepath.Join(t.TempDir(), "hostile.tar")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	w := tar.NewWriter(f)
	add := func(h tar.Header, text string) {
		h.Size = int64(len(text))
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, text); err != nil {
			t.Fatal(err)
		}
	}
	add(tar.Header{Name: "backup.json"}, `{"format":1,"state":"state-1"}`)
	for _, name := range []string{
		"database", "stores/s/index/store", "stores/../secret.key", "stores/s/../../quartermaster.db-wal", "stores/./s", "stores//s",
		"stores/../../outside", "/stores/s", "../state-1/database", "secret.key",
	} {
		add(tar.Header{Name: "state-1/" + name}, "text")
	}
	add(tar.Header{Name: "state-1/stores/link", Typeflag: tar.TypeSymlink, Linkname: "/etc/passwd"}, "")
	add(tar.Header{Name: backup.BlobName(id), Typeflag: tar.TypeLink, Linkname: "/etc/passwd"}, "")
	add(tar.Header{Name: backup.BlobName(id)}, "text")
	if err := errors.Join(w.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
	r, err := backup.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var given []string
	err = r.Each(func(name string, size int64, _ io.Reader) error {
		if size > 0 {
			given = append(given, name)
		} else {
			given = append(given, name+" without bytes")
		}
		return nil
	})
	if want := []string{"database", "stores/s/index/store", backup.BlobName(id)}; err != nil || !slices.Equal(given, want) {
		t.Errorf("got %q, %v; want %q", given, err, want)
	}
}

// A place that others may write to holds no surprise: what lies there under the
// name of the unfinished stream is not written to as somebody else's.
func TestAStreamIsPrivateWhereOthersMayWrite(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	name := filepath.Join(folder, "desk.tar")
	if err := os.WriteFile(name+".partial", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(name+".partial", 0o666); err != nil {
		t.Fatal(err)
	}
	w, err := backup.Create(name, "id", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(name + ".partial"); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("got %v, %v; want it for its owner alone", info, err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}

	victim := filepath.Join(folder, "quartermaster.db")
	if err := os.WriteFile(victim, []byte("kept"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(victim, name+".partial"); err != nil {
		t.Fatal(err)
	}
	if w, err := backup.Create(name, "id", time.Now()); err == nil {
		w.Close()
		t.Error("a link to another file was taken")
	}
	if text, err := os.ReadFile(victim); strings.TrimSpace(string(text)) != "kept" {
		t.Errorf("the other file: got %q, %v; want it as it was", text, err)
	}
}
