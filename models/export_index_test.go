package models

import (
	"context"
	"database/sql"
	"strings"
	"sync/atomic"
)

// seeing is a pool whose queries are seen before they are made.
type seeing struct {
	*sql.DB
	see func(ctx context.Context, statement string, args []any)
}

// GetDBConn implements gorm.GetDBConnector.
func (s seeing) GetDBConn() (*sql.DB, error) { return s.DB, nil }

// QueryContext implements gorm.ConnPool.
func (s seeing) QueryContext(ctx context.Context, statement string, args ...any) (*sql.Rows, error) {
	s.see(ctx, statement, args)
	return s.DB.QueryContext(ctx, statement, args...)
}

// seeQueries has the queries of a database seen from now on.
func (db *DB) seeQueries(see func(ctx context.Context, statement string, args []any)) error {
	pool, err := db.gorm.DB()
	if err != nil {
		return err
	}
	db.gorm.Statement.ConnPool = seeing{pool, see}
	return nil
}

// CountReads counts the queries from now on, and the rows that those with a limit
// may give.
func (db *DB) CountReads(queries, rows *atomic.Int64) error {
	return db.seeQueries(func(_ context.Context, statement string, args []any) {
		queries.Add(1)
		if strings.HasSuffix(statement, "LIMIT ?") || strings.Contains(statement, "LIMIT $") {
			rows.Add(int64(args[len(args)-1].(int)))
		}
	})
}

type explained struct{}

// explaining is where the steps of a query go, of the first one or of the last.
type explaining struct {
	steps []string
	last  bool
}

// Explain is how SQLite goes about the first query of read, after those for totals.
func (db *DB) Explain(ctx context.Context, read func(context.Context) error) ([]string, error) {
	return db.explain(ctx, read, &explaining{})
}

// ExplainLast is how SQLite goes about the last query of read.
func (db *DB) ExplainLast(ctx context.Context, read func(context.Context) error) ([]string, error) {
	return db.explain(ctx, read, &explaining{last: true})
}

func (db *DB) explain(ctx context.Context, read func(context.Context) error, into *explaining) ([]string, error) {
	if _, seen := db.gorm.Statement.ConnPool.(seeing); !seen {
		pool, err := db.gorm.DB()
		if err != nil {
			return nil, err
		}
		err = db.seeQueries(func(ctx context.Context, statement string, args []any) {
			if into, ok := ctx.Value(explained{}).(*explaining); ok && (len(into.steps) == 0 || into.last) && !strings.Contains(statement, " FROM counters ") {
				into.steps = stepsOf(pool, statement, args)
			}
		})
		if err != nil {
			return nil, err
		}
	}
	err := read(context.WithValue(ctx, explained{}, into))
	return into.steps, err
}

func stepsOf(pool *sql.DB, statement string, args []any) (steps []string) {
	rows, err := pool.QueryContext(context.Background(), "EXPLAIN QUERY PLAN "+statement, args...)
	if err != nil {
		return []string{err.Error()}
	}
	defer rows.Close()
	for rows.Next() {
		var id, parent, unused int
		var step string
		if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
			return append(steps, err.Error())
		}
		steps = append(steps, step)
	}
	return steps
}

// SeeSteps has the steps of each query on SQLite seen from now on, as it plans them.
func (db *DB) SeeSteps(see func(statement string, steps []string)) error {
	pool, err := db.gorm.DB()
	if err != nil {
		return err
	}
	return db.seeQueries(func(ctx context.Context, statement string, args []any) {
		rows, err := pool.QueryContext(ctx, "EXPLAIN QUERY PLAN "+statement, args...)
		if err != nil {
			see(statement, []string{err.Error()})
			return
		}
		defer rows.Close()
		var steps []string
		for rows.Next() {
			var id, parent, unused int
			var step string
			if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
				step = err.Error()
			}
			steps = append(steps, step)
		}
		see(statement, steps)
	})
}
