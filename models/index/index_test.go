package index_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/mattn/go-sqlite3"

	"quartermaster/models/index"
)

func address(t *testing.T) string { return "file:" + filepath.Join(t.TempDir(), "index.db") }

func TestANewIndexWorksAndIsEmpty(t *testing.T) {
	t.Parallel()
	at := address(t)
	if _, err := index.Open(t.Context(), at); err == nil {
		t.Fatal("an index opens that was never made")
	}
	if err := index.Make(t.Context(), at); err != nil {
		t.Fatal(err)
	}
	x, err := index.Open(t.Context(), at)
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	if err := x.Probe(t.Context()); err != nil {
		t.Errorf("probe: %v", err)
	}
	if n, err := x.Count(t.Context()); n != 0 || err != nil {
		t.Errorf("got %d passages, %v; want none", n, err)
	}
	if entries, err := os.ReadDir(filepath.Dir(at[len("file:"):])); err != nil || len(entries) != 1 {
		t.Errorf("got %v, %v; want the index alone", entries, err)
	}
}

func TestNobodyWritesWhileAnIndexIsHeldStill(t *testing.T) {
	t.Parallel()
	at := address(t)
	if err := index.Make(t.Context(), at); err != nil {
		t.Fatal(err)
	}
	x, err := index.Open(t.Context(), at)
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	err = x.Still(t.Context(), func() error {
		other, err := index.Open(t.Context(), at)
		if err != nil {
			return err
		}
		defer other.Close()
		var lite sqlite3.Error
		if err := other.Alone(t.Context()); !errors.As(err, &lite) || lite.Code != sqlite3.ErrBusy {
			t.Errorf("got %v, want it busy", err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := x.Alone(t.Context()); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

func TestWhatIsNoIndexIsUnknown(t *testing.T) {
	t.Parallel()
	at := address(t)
	if err := os.WriteFile(at[len("file:"):], nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := index.Open(t.Context(), at); !errors.Is(err, index.ErrUnknown) {
		t.Errorf("an empty database: got %v, want %v", err, index.ErrUnknown)
	}
	if err := os.WriteFile(at[len("file:"):], []byte("no database, though it is long enough"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := index.Open(t.Context(), at); err == nil {
		t.Error("a file of another sort opens as an index")
	}
}
