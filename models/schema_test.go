package models

import (
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"gorm.io/gorm"
	"gorm.io/gorm/schema"
)

// tables are all types that are read from and written to tables.
var tables = []any{
	Event{}, Job{}, Month{}, Order{}, OrderLine{}, Bucket{}, Team{}, Membership{}, User{},
	Region{}, Category{}, Product{}, PackageType{}, Specification{}, Flavor{}, price{},
}

func TestTablesHaveTheColumnsOfTheirRows(t *testing.T) {
	t.Parallel()
	db, err := Open(t.Context(), Options{Folder: filepath.Join(t.TempDir(), "data")})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, row := range tables {
		s, err := schema.Parse(row, &sync.Map{}, db.gorm.NamingStrategy)
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		for _, f := range s.Fields {
			if f.DBName != "" {
				want = append(want, f.DBName)
			}
		}
		if got := columns(t, db.gorm, s.Table); !equal(got, want) {
			t.Errorf("table %s: got columns %v, want %v", s.Table, got, want)
		}
	}
}

func columns(t *testing.T, g *gorm.DB, table string) []string {
	t.Helper()
	types, err := g.Migrator().ColumnTypes(table)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, c := range types {
		names = append(names, c.Name())
	}
	return names
}

func equal(a, b []string) bool {
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(a, b)
}
