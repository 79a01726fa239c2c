package models_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"image"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"quartermaster/models"
	"quartermaster/models/list"
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

// The programs of PostgreSQL leave an empty search_path in the connections of a
// pooler, so that a server beside them finds no table any more.
func TestProgramsOfPostgreSQLGoThroughNoPooler(t *testing.T) {
	t.Parallel()
	pooled := modelstest.Pooled(t)
	o := modelstest.Choose(t, models.Options{Postgres: pooled})
	db := modelstest.OpenWith(t, o)
	modelstest.NewTeam(t, db)
	to := filepath.Join(t.TempDir(), "copy")
	if _, err := db.Backup(t.Context(), models.BackupInput{To: to, Meter: new(models.Meter)}); !errors.Is(err, models.ErrPooled) {
		t.Errorf("backup: got %v, want ErrPooled", err)
	}
	database := func(address string) string { return address[strings.LastIndex(address, " dbname="):] }
	o.Postgres = os.Getenv(modelstest.PostgresVariable) + database(pooled)
	beside, err := models.OpenBeside(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer beside.Close()
	if _, err := beside.Backup(t.Context(), models.BackupInput{To: to, Meter: new(models.Meter)}); err != nil {
		t.Fatalf("backup past the pooler: %v", err)
	}
	in := models.RestoreInput{From: to, Folder: filepath.Join(t.TempDir(), "new"), Postgres: modelstest.Pooled(t), Meter: new(models.Meter)}
	if _, err := models.Restore(t.Context(), in); !errors.Is(err, models.ErrPooled) {
		t.Errorf("restore: got %v, want ErrPooled", err)
	}
	if _, err := os.Stat(in.Folder); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a refused restore left %v, want nothing", err)
	}
	in.Postgres = os.Getenv(modelstest.PostgresVariable) + database(in.Postgres)
	if r, err := models.Restore(t.Context(), in); err != nil || !r.Fits() {
		t.Errorf("restore past the pooler: %v, %v", r.Findings, err)
	}
}

func TestAPasswordInAnAddressIsNeverSaid(t *testing.T) {
	t.Parallel()
	for _, address := range []string{
		"postgres://desk@127.0.0.1:1/desk password = hush-hush",
		"postgres://127.0.0.1:1/desk?user=desk password = hush-hush",
		"postgres://127.0.0.1:1/desk?password = hush-hush",
		"postgres://127.0.0.1:1/desk?PASSWORD=hush-hush&options=password = hush-hush",
		"host='127.0.0.1 password = hush-hush' port=1",
		"host=127.0.0.1 port=1 dbname='desk password=hush-hush'",
		"host=127.0.0.1 port=1 passwd = hush-hush",
		"host=127.0.0.1 port=abc password = hush-hush",
		"host=127.0.0.1 password = hush-hush and more",
	} {
		err := models.CheckPostgres(address)
		if err == nil || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: got %v, want it refused without the password", address, err)
		}
		if said := refusedAs(t, address); said == "" || strings.Contains(said, "hush") {
			t.Errorf("%s: open says %q", address, said)
		}
	}
	for _, address := range []string{"host=127.0.0.1 password = hush-hush", "postgres://desk:pass%3Dword@127.0.0.1/desk", "host = 127.0.0.1 user = desk dbname = passes"} {
		if err := models.CheckPostgres(address); err != nil {
			t.Errorf("%s: got %v, want it taken", address, err)
		}
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
		{"CREATE TABLE orders (number bigint)", as(role), "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES"},
		{"GRANT ALL ON ALL TABLES IN SCHEMA public TO " + role, as(role), "GRANT USAGE, CREATE ON SCHEMA"},
		{"GRANT CREATE ON SCHEMA public TO " + role, as(role), `'ALTER TABLE %I.%I OWNER TO %I'`},
		{"", as(role) + " host=none.invalid", "cannot reach PostgreSQL at none.invalid"},
		{"", as(role) + " host=127.0.0.1 port=1 connect_timeout=x", "not an address of a PostgreSQL database"},
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

// owned is an empty PostgreSQL database of a role of its own, which has at most
// that many connections.
func owned(t *testing.T, connections int) (o models.Options, role string) {
	t.Helper()
	if !modelstest.Postgres() {
		t.Skip("about PostgreSQL")
	}
	name := modelstest.Database(t)
	admin := models.Options{Postgres: os.Getenv(modelstest.PostgresVariable) + " dbname=" + name}
	role = "role_" + name
	modelstest.Exec(t, admin, fmt.Sprintf("CREATE ROLE %s LOGIN CONNECTION LIMIT %d", role, connections))
	modelstest.Exec(t, admin, "ALTER DATABASE "+name+" OWNER TO "+role)
	t.Cleanup(func() {
		modelstest.Exec(t, admin, "REASSIGN OWNED BY "+role+" TO CURRENT_USER")
		modelstest.Exec(t, admin, "DROP ROLE "+role)
	})
	return modelstest.Choose(t, models.Options{Postgres: admin.Postgres + " user=" + role}), role
}

func TestAConnectionIsWaitedForBeforeTheDatabaseIsBusy(t *testing.T) {
	t.Parallel()
	o, _ := owned(t, 3)
	db := modelstest.OpenWith(t, o)
	for i, err := range together(30, func(i int) error {
		return db.Tx(t.Context(), func(ctx context.Context, tx *models.DB) error { return tx.Put(ctx, fmt.Sprint(i)) })
	}) {
		if err != nil {
			t.Errorf("change %d of a role with 3 connections: %v", i, err)
		}
	}
}

func TestConnectionsThatEndAreMadeAnew(t *testing.T) {
	t.Parallel()
	o, role := owned(t, -1)
	db := modelstest.OpenWith(t, o)
	endAll := "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '" + role + "'"
	read := func(int) error { _, err := db.Rows(t.Context(), "settings"); return err }
	for _, err := range together(8, read) {
		if err != nil {
			t.Fatal(err)
		}
	}
	modelstest.Exec(t, models.Options{Postgres: os.Getenv(modelstest.PostgresVariable)}, endAll)
	for i, err := range together(8, read) {
		if err != nil {
			t.Errorf("read %d: %v", i, err)
		}
	}
	// A change that was under way is lost, which may be tried again.
	var after error
	err := db.Tx(t.Context(), func(ctx context.Context, tx *models.DB) error {
		_ = tx.Put(ctx, "a")
		modelstest.Exec(t, models.Options{Postgres: os.Getenv(modelstest.PostgresVariable)}, endAll)
		if err := tx.Put(ctx, "b"); err == nil {
			t.Error("written on a connection that has ended")
		}
		after = tx.Put(ctx, "c")
		return after
	})
	if !errors.Is(err, models.ErrBusy) {
		t.Errorf("got %v after %v, want ErrBusy", err, after)
	}
}

// cuttable stands before PostgreSQL and ends all its connections when told.
func cuttable(t *testing.T) (address string, cut func()) {
	t.Helper()
	to, err := pgx.ParseConfig(os.Getenv(modelstest.PostgresVariable))
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	var mu sync.Mutex
	var open []net.Conn
	go func() {
		for {
			here, err := l.Accept()
			if err != nil {
				return
			}
			network, at := pgconn.NetworkAddress(to.Host, to.Port)
			there, err := net.Dial(network, at)
			if err != nil {
				here.Close()
				continue
			}
			mu.Lock()
			open = append(open, here, there)
			mu.Unlock()
			go func() { // a little at a time, so that an answer can be cut
				for err := error(nil); err == nil; _, err = io.CopyN(here, there, 4096) {
				}
				here.Close()
			}()
			go func() { _, _ = io.Copy(there, here); there.Close() }()
		}
	}()
	port := l.Addr().(*net.TCPAddr).Port
	return fmt.Sprintf("host=127.0.0.1 port=%d user=%s dbname=%s sslmode=disable", port, to.User, modelstest.Database(t)), func() {
		mu.Lock()
		defer mu.Unlock()
		for _, c := range open {
			c.Close()
		}
		open = nil
	}
}

func TestWhatALostConnectionInterruptsIsBusy(t *testing.T) {
	t.Parallel()
	onlyPostgres(t)
	address, cut := cuttable(t)
	db := modelstest.OpenWith(t, models.Options{Postgres: address})
	team := modelstest.NewTeam(t, db)
	noise := image.NewNRGBA(image.Rect(0, 0, 600, 200))
	_, _ = rand.Read(noise.Pix)
	if err := db.UpdateLetterhead(t.Context(), team.Admin, models.LetterheadInput{}, asPNG(t, noise)); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), 2*time.Second)
	defer stop()
	go func() {
		for ctx.Err() == nil {
			time.Sleep(7 * time.Millisecond)
			cut()
		}
	}()
	for i, err := range together(12, func(i int) error {
		for n := 0; ctx.Err() == nil; n++ {
			for what, do := range map[string]func() error{
				"team":    func() error { _, err := db.FindTeam(t.Context(), team.Viewer); return err },
				"members": func() error { _, err := db.ListMembers(t.Context(), team.Admin); return err },
				"apps": func() error {
					_, _, err := modelstest.List(t.Context(), db, team.Viewer, models.Apps, list.Query{})
					return err
				},
				"dashboard": func() error { _, err := db.FindDashboard(t.Context(), team.Viewer); return err },
				"search":    func() error { _, err := db.Search(t.Context(), team.Viewer, "a"); return err },
				"order": func() error {
					_, err := db.PlaceOrder(t.Context(), team.Requester, bucketOrder(fmt.Sprintf("b-%d-%d", i, n), ""))
					return err
				},
				"logo":    func() error { _, err := db.FindLogo(t.Context(), team.Viewer); return err },
				"session": func() error { _, err := db.FindSession(t.Context(), "none"); return err },
			} {
				if err := do(); err != nil && !errors.Is(err, models.ErrBusy) && !errors.Is(err, models.ErrNotFound) {
					return fmt.Errorf("%s: %w", what, err)
				}
			}
		}
		return nil
	}) {
		if err != nil {
			t.Errorf("%d: got %v, want ErrBusy at most", i, err)
		}
	}
}

// lines gets what is written to a log, a line at a time.
type lines chan string

func (l lines) Write(line []byte) (int, error) { l <- string(line); return len(line), nil }

func TestWhoWaitsForAnothersMigrationSaysSo(t *testing.T) {
	t.Parallel()
	o, _ := owned(t, -1)
	other, err := pgx.Connect(t.Context(), o.Postgres)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Exec(t.Context(), "SELECT pg_advisory_lock($1, hashtext(current_schema()))", 0x514d); err != nil {
		t.Fatal(err)
	}
	said, opened := make(lines, 100), make(chan error, 1)
	o.Log = slog.New(slog.NewTextHandler(said, nil))
	go func() {
		db, err := models.Open(context.Background(), o)
		if err == nil {
			err = db.Close()
		}
		opened <- err
	}()
	select {
	case line := <-said:
		if !strings.Contains(line, "another process is migrating") {
			t.Errorf("got %q, want that it waits", line)
		}
	case err := <-opened:
		t.Errorf("opened without waiting: %v", err)
	}
	if err := other.Close(t.Context()); err != nil { // and gives the lock back
		t.Fatal(err)
	}
	if err := <-opened; err != nil {
		t.Error(err)
	}
}
