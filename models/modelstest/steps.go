package modelstest

/*
typedef struct sqlite3 sqlite3;

// It is linked in with the driver; weak, as this package alone does not have it.
extern __attribute__((weak)) void sqlite3_progress_handler(sqlite3 *, int, int (*)(void *), void *);

static long long steps;

static int step(void *unused) {
	steps++;
	return 0;
}

static long long take(void) {
	long long all = steps;
	steps = 0;
	return all;
}

static void count(void *conn) { sqlite3_progress_handler((sqlite3 *)conn, 1, step, 0); }
*/
import "C"

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"path/filepath"
	"reflect"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/stdlib"
	"github.com/mattn/go-sqlite3"

	"quartermaster/models"
	"quartermaster/models/fold"
	"quartermaster/models/list"
)

// counting lets one test at a time count the steps of SQLite.
var counting sync.Mutex

// Cost is a database in which the work of queries is counted: rows on
// PostgreSQL, and steps of its machine, some of which each row takes, on SQLite.
type Cost struct {
	list.DB
	conn *sql.Conn
	work int64
}

// NewCost opens the database of options that Choose filled in once more.
func NewCost(t testing.TB, o models.Options) *Cost {
	t.Helper()
	var pool *sql.DB
	c := &Cost{}
	if o.Postgres == "" {
		counting.Lock()
		t.Cleanup(counting.Unlock)
		pool = sql.OpenDB(connector{"file:" + filepath.Join(o.Folder, "quartermaster.db") + "?_busy_timeout=5000", &sqlite3.SQLiteDriver{
			ConnectHook: func(conn *sqlite3.SQLiteConn) error { return conn.RegisterFunc("fold", fold.Text, true) }}})
		c.Hints = true
	} else {
		config, err := pgxConfig(o.Postgres)
		if err != nil {
			t.Fatal(err)
		}
		pool = stdlib.OpenDB(*config)
		c.Dollar = true
	}
	t.Cleanup(func() { pool.Close() })
	var err error
	if c.conn, err = pool.Conn(context.Background()); err != nil {
		t.Fatalf("open database again: %v", err)
	}
	t.Cleanup(func() { c.conn.Close() })
	c.Conn = c
	if o.Postgres == "" {
		err = c.conn.Raw(func(driver any) error {
			C.count(reflect.ValueOf(driver).Elem().FieldByName("db").UnsafePointer())
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// Work is what do costs.
func (c *Cost) Work(do func() error) (int64, error) {
	before := c.work
	if c.Hints {
		C.take()
	}
	err := do()
	if c.Hints {
		return int64(C.take()), err
	}
	return c.work - before, err
}

// Exec runs a statement.
func (c *Cost) Exec(t testing.TB, statement string, args ...any) {
	t.Helper()
	if _, err := c.conn.ExecContext(context.Background(), statement, args...); err != nil {
		t.Fatalf("%.300s: %v", statement, err)
	}
}

// Columns are the columns of a table.
func (c *Cost) Columns(t testing.TB, table string) []string {
	t.Helper()
	rows, err := c.conn.QueryContext(context.Background(), "SELECT * FROM "+table+" LIMIT 0")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	return columns
}

// QueryContext implements list.DB's connection. On PostgreSQL the query is
// explained first.
func (c *Cost) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if c.Hints {
		return c.conn.QueryContext(ctx, query, args...)
	}
	var text []byte
	if err := c.conn.QueryRowContext(ctx, "EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) "+query, args...).Scan(&text); err != nil {
		return nil, fmt.Errorf("explain %s: %w", query, err)
	}
	var plans []struct{ Plan node }
	if err := json.Unmarshal(text, &plans); err != nil {
		return nil, err
	}
	for _, p := range plans {
		c.work += p.Plan.read()
	}
	return c.conn.QueryContext(ctx, query, args...)
}

// node is a step of a plan of PostgreSQL.
type node struct {
	Relation string  `json:"Relation Name"`
	Rows     float64 `json:"Actual Rows"`
	Loops    float64 `json:"Actual Loops"`
	Filtered float64 `json:"Rows Removed by Filter"`
	Looked   float64 `json:"Rows Removed by Index Recheck"`
	Plans    []node
}

// read is how many rows were read from tables and indexes.
func (n node) read() int64 {
	var all int64
	if n.Relation != "" || len(n.Plans) == 0 {
		all = int64((n.Rows + n.Filtered + n.Looked) * n.Loops)
	}
	for _, below := range n.Plans {
		all += below.read()
	}
	return all
}
