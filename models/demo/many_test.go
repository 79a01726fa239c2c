package demo_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"quartermaster/models"
	"quartermaster/models/demo"
	"quartermaster/models/modelstest"
)

func TestManyOrdersAreAsIfEachHadBeenPlaced(t *testing.T) {
	t.Parallel()
	const orders = 700
	var clock demo.Clock
	o := modelstest.Choose(t, models.Options{Clock: clock.Now, Policy: demo.Holds})
	want := indexes(t, modelstest.Open(t))
	db, err := models.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	accounts, err := demo.FillMany(t.Context(), db, &clock, o.Folder, orders, new(models.Meter))
	if err != nil {
		t.Fatal(err)
	}
	if r, err := db.Check(t.Context(), models.CheckInput{Meter: new(models.Meter)}); err != nil || !r.Fits() {
		t.Errorf("check: got %+v, %v, want that everything fits", r.Findings, err)
	}
	if diff := cmp.Diff(want, indexes(t, db)); diff != "" {
		t.Errorf("indexes, - of a new database, + of this one:\n%s", diff)
	}
	var n int64
	if err := db.Scan(t.Context(), &n, "SELECT COUNT(*) FROM orders"); err != nil || n != orders {
		t.Errorf("got %d orders, %v; want %d", n, err, orders)
	}
	if err := db.Scan(t.Context(), &n, "SELECT COUNT(*) FROM orders WHERE number > CAST(? AS bigint)", clock.Now().AddDate(0, 0, 1).Format("20060102")+"0000000"); err != nil || n != 0 {
		t.Errorf("got %d orders of days to come, %v", n, err)
	}
	if err := db.Scan(t.Context(), &n, "SELECT COUNT(*) FROM plans WHERE settled_until <= ?", db.Now()); err != nil || n != 0 {
		t.Errorf("got %d plans in a state that has passed, %v", n, err)
	}
	t.Run("people", func(t *testing.T) {
		for _, a := range accounts {
			if _, err := db.SignIn(t.Context(), models.Actor{Address: "192.0.2.1"}, models.SignInInput{Email: a.Email, Password: a.Password}, ""); err != nil {
				t.Errorf("sign in as %s: %v", a.Email, err)
			}
		}
	})
	// What was filled once is refused, and what was filled by half is not opened.
	if _, err := demo.FillMany(t.Context(), db, &clock, o.Folder, orders, new(models.Meter)); err == nil || !strings.Contains(err.Error(), "not empty") {
		t.Errorf("fill again: got %v, want a refusal", err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if db, err = models.Open(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	db.Close()
	if err := os.WriteFile(filepath.Join(o.Folder, "filling"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err = models.Open(t.Context(), o); err == nil {
		t.Error("opened what was filled by half")
	}
}

// indexes are the statements that make the indexes of a database.
func indexes(t *testing.T, db *models.DB) (all []string) {
	t.Helper()
	ask := "SELECT sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL ORDER BY name"
	if modelstest.Postgres() {
		ask = "SELECT replace(indexdef, schemaname || '.', '') FROM pg_indexes WHERE schemaname = current_schema() ORDER BY indexname"
	}
	if err := db.Scan(t.Context(), &all, ask); err != nil || len(all) < 20 {
		t.Fatalf("got %d indexes, %v", len(all), err)
	}
	return all
}
