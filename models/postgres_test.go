package models_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"quartermaster/models"
	"quartermaster/models/modelstest"
)

func TestAPoolerOfTransactionsMayStandBetween(t *testing.T) {
	t.Parallel()
	o := modelstest.Choose(t, models.Options{Postgres: modelstest.Pooled(t)})
	db, err := models.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	team := modelstest.NewTeam(t, db)
	for i, err := range together(40, func(i int) error {
		_, err := db.PlaceOrder(t.Context(), team.Requester, bucketOrder(fmt.Sprintf("bucket-%d", i), ""))
		return err
	}) {
		if err != nil {
			t.Errorf("order %d: %v", i, err)
		}
	}
	bucket := mustBucket(t, db, team.Requester, 0)
	mustPut(t, db, team.Requester, bucket, "a", "text")
	modelstest.Work(t, db)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	again := modelstest.OpenWith(t, o)
	if got := read(t, again, team.Viewer, bucket, "a"); got != "text" {
		t.Errorf("got %q, want %q", got, "text")
	}
}

func TestAPoolerOfStatementsIsNamed(t *testing.T) {
	t.Parallel()
	modelstest.Pooled(t)
	o := models.Options{Folder: t.TempDir(), Postgres: os.Getenv(modelstest.PoolerVariable) + " dbname=statement"}
	if db, err := models.Open(t.Context(), o); err == nil {
		db.Close()
		t.Error("got a database, want none")
	} else if !strings.Contains(err.Error(), "pool_mode = transaction") {
		t.Errorf("got %v, want what to set", err)
	}
}

// refusedAs tells what an address is refused with, "" when it is not.
func refusedAs(t *testing.T, address string) string {
	t.Helper()
	db, err := models.Open(t.Context(), models.Options{Folder: t.TempDir(), Postgres: address})
	if err == nil {
		db.Close()
		return ""
	}
	return err.Error()
}

func TestWhatPostgreSQLRefusesIsNamedWithItsCure(t *testing.T) {
	t.Parallel()
	if !modelstest.Postgres() {
		t.Skip("about PostgreSQL")
	}
	at := os.Getenv(modelstest.PostgresVariable)
	name := modelstest.Database(t)
	as := func(user string) string { return fmt.Sprintf("%s user=%s dbname=%s password = hush", at, user, name) }
	admin := models.Options{Postgres: at + " dbname=" + name}
	role := "role_" + name
	modelstest.Exec(t, admin, "CREATE ROLE "+role+" LOGIN")
	modelstest.Exec(t, admin, "CREATE ROLE with_password LOGIN PASSWORD 'right'")
	t.Cleanup(func() {
		modelstest.Exec(t, admin, "DROP OWNED BY "+role)
		modelstest.Exec(t, admin, "DROP ROLE with_password, "+role)
	})
	for _, c := range []struct{ before, address, want string }{
		{"", as("with_password"), `ALTER ROLE "with_password" PASSWORD`},
		{"", as("none"), `CREATE ROLE "none" LOGIN`},
		{"ALTER ROLE with_password NOLOGIN", as("with_password") + " password=right", `ALTER ROLE "with_password" LOGIN`},
		{"", at + " dbname=none", `CREATE DATABASE "none" OWNER`},
		{"REVOKE CONNECT ON DATABASE " + name + " FROM PUBLIC", as(role), "GRANT CONNECT ON DATABASE"},
		{"GRANT CONNECT ON DATABASE " + name + " TO " + role, as(role), "GRANT USAGE, CREATE ON SCHEMA"},
		{"REVOKE USAGE ON SCHEMA public FROM PUBLIC", as(role), "GRANT USAGE, CREATE ON SCHEMA"},
		{"GRANT USAGE ON SCHEMA public TO " + role, as(role), "GRANT USAGE, CREATE ON SCHEMA"},
		{"CREATE TABLE migrations (id text)", as(role), "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES"},
		{"GRANT ALL ON ALL TABLES IN SCHEMA public TO " + role, as(role), "GRANT USAGE, CREATE ON SCHEMA"},
		{"GRANT CREATE ON SCHEMA public TO " + role, as(role), `'ALTER TABLE %I.%I OWNER TO %I'`},
		{"", as(role) + " host=none.invalid", "cannot reach PostgreSQL at none.invalid"},
		{"", as(role) + " host=127.0.0.1 port=1 connect_timeout=x", "no address of a PostgreSQL database"},
		{"", strings.Replace(os.Getenv(modelstest.PoolerVariable), "user=", "search_path=x user=", 1) + " dbname=" + name, "ALTER ROLE"},
	} {
		if c.before != "" {
			modelstest.Exec(t, admin, c.before)
		}
		if got := refusedAs(t, c.address); !strings.Contains(got, c.want) || strings.Contains(got, "hush") || strings.Contains(got, "\n") {
			t.Errorf("%s after %q: got %q, want one line with %q", c.address, c.before, got, c.want)
		}
	}
}
