package query_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"quartermaster/models/query"
)

type ship struct {
	ID   int
	Name string
	Tons int
}

func open(t *testing.T) *gorm.DB {
	t.Helper()
	g, err := gorm.Open(sqlite.Open("file:"+filepath.Join(t.TempDir(), "ships.db")), &gorm.Config{Logger: logger.Discard})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if pool, err := g.DB(); err == nil {
			pool.Close()
		}
	})
	if err := query.Exec(t.Context(), g, "CREATE TABLE ships (id INTEGER PRIMARY KEY, name TEXT, tons INTEGER)"); err != nil {
		t.Fatal(err)
	}
	rows := []ship{{1, "Argo", 50}, {2, "Beagle", 242}, {3, "Calypso", 360}}
	if err := query.Of[ship](g).CreateAll(t.Context(), rows); err != nil {
		t.Fatal(err)
	}
	return g
}

func TestAQueryStaysAsItWas(t *testing.T) {
	t.Parallel()
	large := query.Of[ship](open(t)).Where("tons > ?", 100)
	_ = large.Where("name = ?", "Beagle").Order("name DESC").Limit(1)
	for range 2 {
		rows, err := large.Order("name DESC").Find(t.Context())
		if err != nil || len(rows) != 2 || rows[0].Name != "Calypso" {
			t.Errorf("got %v, %v; want Calypso and Beagle", rows, err)
		}
	}
	if n, err := large.Count(t.Context(), "*"); err != nil || n != 2 {
		t.Errorf("got %d, %v; want 2", n, err)
	}
	if row, err := large.Offset(1).Order("tons").First(t.Context()); err != nil || row.Name != "Calypso" {
		t.Errorf("got %v, %v; want Calypso", row, err)
	}
}

func TestChangesTellHowManyRowsTheyMet(t *testing.T) {
	t.Parallel()
	ships := query.Of[ship](open(t))
	if n, err := ships.Where("tons < ?", 300).Update(t.Context(), "tons", 300); err != nil || n != 2 {
		t.Errorf("update: got %d, %v; want 2", n, err)
	}
	if n, err := ships.Where("id = ?", 1).Select("Name").Updates(t.Context(), ship{Name: "Argos", Tons: 1}); err != nil || n != 1 {
		t.Errorf("updates: got %d, %v; want 1", n, err)
	}
	row, err := ships.Where("id = ?", 1).First(t.Context())
	if err != nil || row != (ship{1, "Argos", 300}) {
		t.Errorf("got %v, %v; want only the name changed", row, err)
	}
	if n, err := ships.Where("tons = ?", 300).Delete(t.Context()); err != nil || n != 2 {
		t.Errorf("delete: got %d, %v; want 2", n, err)
	}
	if _, err := ships.Where("id = ?", 1).First(t.Context()); !errors.Is(err, gorm.ErrRecordNotFound) {
		t.Errorf("a row that is gone: got %v, want ErrRecordNotFound", err)
	}
}

func TestNothingIsReadAfterTheContextEnds(t *testing.T) {
	t.Parallel()
	ships := query.Of[ship](open(t))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := ships.Find(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want Canceled", err)
	}
}
