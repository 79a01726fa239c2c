// Package modelstest makes throwaway databases and sample rows for tests.
package modelstest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gorm.io/driver/postgres"
	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"quartermaster/models"
	"quartermaster/models/list"
)

// PostgresVariable names the environment variable that holds the address of a
// PostgreSQL database. When it is set, Open opens a schema of its own there;
// otherwise it opens SQLite.
const PostgresVariable = "QUARTERMASTER_TEST_POSTGRES"

// Open is an empty database that ends with the test.
func Open(t testing.TB) *models.DB {
	t.Helper()
	return OpenWith(t, models.Options{})
}

// Postgres tells whether Open opens PostgreSQL.
func Postgres() bool { return os.Getenv(PostgresVariable) != "" }

// cheapHash is the least memory that argon2 takes, in KiB.
const cheapHash = 8

// OpenWith is Open with a clock or another option. Folder, Postgres and
// HashMemory are chosen here when they are empty.
func OpenWith(t testing.TB, o models.Options) *models.DB {
	t.Helper()
	o = Choose(t, o)
	db, err := models.Open(context.Background(), o)
	if err != nil {
		t.Fatalf("open database: %v", err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close database: %v", err)
		}
	})
	return db
}

// Choose fills in what OpenWith chooses, for tests that open a database more
// than once.
func Choose(t testing.TB, o models.Options) models.Options {
	t.Helper()
	if o.HashMemory == 0 {
		o.HashMemory = cheapHash
	}
	fresh := o.Folder == ""
	if fresh {
		o.Folder = t.TempDir()
	}
	if o.Postgres == "" && Postgres() {
		o.Postgres = schema(t)
	} else if fresh && o.Postgres == "" {
		copyTemplate(t, o.Folder)
	}
	return o
}

// Exec runs a statement of SQL past all rules of models, in the database of
// options that Choose filled in: to break it, or to set what no method sets.
func Exec(t testing.TB, o models.Options, statement string, args ...any) {
	t.Helper()
	dialector := postgres.Open(o.Postgres)
	if o.Postgres == "" {
		dialector = sqlite.Open("file:" + filepath.Join(o.Folder, "quartermaster.db") + "?_busy_timeout=5000")
	}
	g, err := gorm.Open(dialector, &gorm.Config{Logger: logger.Discard})
	if err != nil {
		t.Fatalf("open database again: %v", err)
	}
	if pool, err := g.DB(); err == nil {
		defer pool.Close()
	}
	if err := g.Exec(statement, args...).Error; err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// template is a migrated SQLite database; copying it is quicker than
// migrating for each test.
var template = sync.OnceValues(func() ([]byte, error) {
	folder, err := os.MkdirTemp("", "quartermaster-template-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	db, err := models.Open(context.Background(), models.Options{Folder: folder})
	if err != nil {
		return nil, err
	}
	if err := db.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(filepath.Join(folder, "quartermaster.db")) // #nosec G304 -- for tests
})

func copyTemplate(t testing.TB, folder string) {
	t.Helper()
	text, err := template()
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, "quartermaster.db"), text, 0o600)
	}
	if err != nil {
		t.Fatalf("make template database: %v", err)
	}
}

var schemas atomic.Int64

// schema makes a schema of this test's own and returns an address that works
// in it.
func schema(t testing.TB) string {
	t.Helper()
	dsn := os.Getenv(PostgresVariable)
	name := fmt.Sprintf("test_%d_%d", os.Getpid(), schemas.Add(1))
	admin := administer(t)
	if err := admin.Exec("CREATE SCHEMA " + name).Error; err != nil {
		t.Fatalf("create schema: %v", err)
	}
	t.Cleanup(func() {
		if err := admin.Exec("DROP SCHEMA " + name + " CASCADE").Error; err != nil {
			t.Errorf("drop schema: %v", err)
		}
	})
	if strings.Contains(dsn, "://") {
		sep := "?"
		if strings.Contains(dsn, "?") {
			sep = "&"
		}
		return dsn + sep + "search_path=" + name
	}
	return dsn + " search_path=" + name
}

// PoolerVariable names the environment variable that holds the address of
// PgBouncer in transaction pooling before that PostgreSQL, without a database.
const PoolerVariable = "QUARTERMASTER_TEST_PGBOUNCER"

// Pooled is the address, through PgBouncer, of an empty database that ends with
// the test. It skips the test where there is none.
func Pooled(t testing.TB) string {
	t.Helper()
	pooler := os.Getenv(PoolerVariable)
	if pooler == "" {
		t.Skip("needs a PgBouncer")
	}
	return pooler + " dbname=" + Database(t)
}

// Database is the name of an empty PostgreSQL database that ends with the test.
func Database(t testing.TB) string {
	t.Helper()
	name, _, drop, err := NewDatabase()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := drop(); err != nil {
			t.Errorf("drop database: %v", err)
		}
	})
	return name
}

// NewDatabase makes an empty PostgreSQL database, and returns its name, its
// address, and what drops it with everybody who is in it.
func NewDatabase() (name, address string, drop func() error, err error) {
	dsn := os.Getenv(PostgresVariable)
	admin, err := gorm.Open(postgres.Open(dsn), &gorm.Config{Logger: logger.Discard})
	if err != nil {
		return "", "", nil, fmt.Errorf("open PostgreSQL: %w", err)
	}
	name = fmt.Sprintf("test_%d_%d", os.Getpid(), schemas.Add(1))
	drop = func() error {
		err := admin.Exec("DROP DATABASE IF EXISTS " + name + " WITH (FORCE)").Error
		if pool, failed := admin.DB(); failed == nil {
			_ = pool.Close()
		}
		return err
	}
	if err := admin.Exec("CREATE DATABASE " + name).Error; err != nil {
		return "", "", nil, errors.Join(fmt.Errorf("create database: %w", err), drop())
	}
	if u, err := url.Parse(dsn); err == nil && u.Scheme != "" {
		u.Path = name
		return name, u.String(), drop, nil
	}
	return name, dsn + " dbname=" + name, drop, nil // the last one counts
}

// administer is PostgreSQL as its administrator sees it, until the test ends.
func administer(t testing.TB) *gorm.DB {
	t.Helper()
	admin, err := gorm.Open(postgres.Open(os.Getenv(PostgresVariable)), &gorm.Config{Logger: logger.Discard})
	if err != nil {
		t.Fatalf("open PostgreSQL: %v", err)
	}
	t.Cleanup(func() {
		if pool, err := admin.DB(); err == nil {
			_ = pool.Close()
		}
	})
	return admin
}

// Clock is a clock that stands still until it is moved.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock is a clock that shows 21 November 2026, 09:00 UTC.
func NewClock() *Clock { return &Clock{now: time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)} }

// Now is the time that the clock shows; pass it as models.Options.Clock.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Move moves the clock.
func (c *Clock) Move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// Team is a team with a member in every role.
type Team struct {
	ID                                 string
	Viewer, Requester, Approver, Admin models.Actor
}

var people atomic.Int64

// NewTeam makes a team with a member in every role. The members have no
// passwords.
func NewTeam(t testing.TB, db *models.DB) Team {
	t.Helper()
	ctx := context.Background()
	site := models.Actor{UserName: "Site admin", SiteAdmin: true, Face: models.ByServer}
	team, err := db.CreateTeam(ctx, site, models.TeamInput{Name: fmt.Sprintf("Team %d", people.Add(1))})
	if err != nil {
		t.Fatalf("create team: %v", err)
	}
	site.TeamID = team.ID
	member := func(name string, role models.Role) models.Actor {
		email := fmt.Sprintf("%s.%d@example.com", strings.ToLower(name), people.Add(1))
		user, err := db.AddMember(ctx, site, models.UserInput{Name: name, Email: email}, role)
		if err != nil {
			t.Fatalf("add member: %v", err)
		}
		return models.Actor{UserID: user.ID, UserName: name, TeamID: team.ID, Role: role, Face: models.ByForm,
			Address: "192.0.2.1", Agent: "test", RequestID: "test"}
	}
	return Team{
		ID:        team.ID,
		Viewer:    member("Vera", models.Viewer),
		Requester: member("Ada", models.Requester),
		Approver:  member("Paul", models.Approver),
		Admin:     member("Ines", models.Admin),
	}
}

// Allow changes what a team allows to be ordered, as its admin.
func Allow(t testing.TB, db *models.DB, team Team, change func(*models.SettingsInput)) {
	t.Helper()
	found, err := db.FindTeam(t.Context(), team.Admin)
	if err != nil {
		t.Fatalf("find team: %v", err)
	}
	in := found.Settings()
	change(&in)
	if err := db.UpdateSettings(t.Context(), team.Admin, in); err != nil {
		t.Fatalf("change what may be ordered: %v", err)
	}
}

// HoldAPIOrders lets a team's orders by API wait with their ids.
func HoldAPIOrders(t testing.TB, db *models.DB, team Team) {
	t.Helper()
	Allow(t, db, team, func(in *models.SettingsInput) { in.APIOrders = models.HoldAPIOrders })
}

// Work does every job that is due, as the worker would.
func Work(t testing.TB, db *models.DB) {
	t.Helper()
	for range 1000 {
		more, err := db.WorkOnce(context.Background())
		if err != nil {
			t.Fatalf("work: %v", err)
		}
		if !more {
			return
		}
	}
	t.Fatal("the jobs do not end")
}

// List is what a list has for a query, as rows and as the whole page.
func List[R any](ctx context.Context, db *models.DB, by models.Actor, l *models.List[R], q list.Query) ([]R, list.Page[R], error) {
	q.Whole = true
	page, err := l.Read(ctx, db, by, q)
	return page.Rows, page, err
}
