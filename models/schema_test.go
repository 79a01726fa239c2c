package models

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"sync"
	"testing"

	"gorm.io/gorm"
	"gorm.io/gorm/schema"
)

// tables are all types that are read from and written to tables.
var tables = []any{
	AccessToken{}, App{}, Approval{}, Attachment{}, Bucket{}, BucketDay{}, BudgetEntry{}, BudgetPeriod{}, Bulk{}, BulkItem{}, Spend{}, Call{}, Category{}, Comment{}, Deduction{}, Draft{}, Event{}, ExchangeRate{}, Flavor{}, Invitation{}, Job{}, KnownBrowser{}, Membership{},
	Month{}, Multipart{}, Notice{}, Object{}, Order{}, OrderLine{}, OrderVersion{}, PackageType{}, Part{}, PkgVersion{}, Plan{}, Price{}, Product{}, Region{}, Reminder{}, RunMonth{}, SavedView{}, Setting{},
	Specification{}, StorageToken{}, Store{}, Team{}, Throttle{}, User{}, Watch{}, accessKeyRow{}, nonce{}, sessionRow{},
}

func TestEveryRowThatIsAskedForIsAmongTheTables(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for _, row := range tables {
		known[reflect.TypeOf(row).Name()] = true
	}
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("found %d files, %v", len(files), err)
	}
	asked := regexp.MustCompile(`\btable\[(\w\w+)\]`)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range asked.FindAllStringSubmatch(string(text), -1) {
			if !known[m[1]] {
				t.Errorf("%s asks for rows of %s, which is not among the tables", file, m[1])
			}
		}
	}
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
