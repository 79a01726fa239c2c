package models_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"quartermaster/models"
	"quartermaster/models/modelstest"
)

var errRefused = errors.New("refused")

// together starts n changes at once and returns what became of each.
func together(n int, change func(i int) error) []error {
	errs := make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { errs[i] = change(i) })
	}
	all.Wait()
	return errs
}

func TestChangesCommittedTogetherStandOrFallAlone(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	name := func(i int) string { return fmt.Sprintf("change-%d", i) }
	errs := together(60, func(i int) (err error) {
		ctx := context.Background()
		defer func() {
			if p := recover(); p != nil {
				err = fmt.Errorf("panicked: %v", p)
			}
		}()
		if i%5 == 3 {
			gone, cancel := context.WithCancel(ctx)
			cancel()
			ctx = gone
		}
		return db.Tx(ctx, func(ctx context.Context, tx *models.DB) error {
			if err := tx.Put(ctx, name(i)); err != nil {
				return err
			}
			switch i % 5 {
			case 1:
				return errRefused
			case 2:
				panic("a fault")
			case 4: // breaks a unique index, which is an error of the statement
				return tx.Put(ctx, name(i))
			}
			return nil
		})
	})
	for i, err := range errs {
		if kept, want := db.Has(t.Context(), name(i)), i%5 == 0; kept != want || (err == nil) != want {
			t.Errorf("change %d: got kept %v and %v, want kept %v", i, kept, err, want)
		}
	}
}

func TestAChangeThatWasAnsweredIsKept(t *testing.T) {
	t.Parallel()
	if modelstest.Postgres() {
		t.Skip("the schema ends with the first database; this is about SQLite's file")
	}
	folder := t.TempDir()
	db, err := models.Open(t.Context(), models.Options{Folder: folder})
	if err != nil {
		t.Fatal(err)
	}
	for i, err := range together(30, func(i int) error {
		return db.Tx(context.Background(), func(ctx context.Context, tx *models.DB) error {
			return tx.Put(ctx, fmt.Sprint(i))
		})
	}) {
		if err != nil {
			t.Errorf("change %d: %v", i, err)
		}
	}
	if _, err := models.Open(t.Context(), models.Options{Folder: folder}); !errors.Is(err, models.ErrFolderInUse) {
		t.Errorf("a second process: got %v, want %v", err, models.ErrFolderInUse)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := db.Tx(t.Context(), func(context.Context, *models.DB) error { return nil }); !errors.Is(err, models.ErrBusy) {
		t.Errorf("a change after close: got %v, want %v", err, models.ErrBusy)
	}
	if _, err := db.FindCaller(t.Context(), "QM", models.Actor{}); !errors.Is(err, models.ErrBusy) {
		t.Errorf("a read after close: got %v, want %v", err, models.ErrBusy)
	}
	again := modelstest.OpenWith(t, models.Options{Folder: folder})
	for i := range 30 {
		if !again.Has(t.Context(), fmt.Sprint(i)) {
			t.Errorf("change %d was lost", i)
		}
	}
}

func TestATransactionInsideATransactionIsRefused(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	defer func() {
		if recover() == nil {
			t.Error("the outer database was used inside a transaction")
		}
	}()
	_ = db.Tx(t.Context(), func(ctx context.Context, tx *models.DB) error {
		return db.Tx(ctx, func(context.Context, *models.DB) error { return nil })
	})
}
