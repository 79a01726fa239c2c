package models

import (
	"context"

	"gorm.io/gorm"
)

type explained struct{}

// explaining is where the steps of a query go, of the first one or of the last.
type explaining struct {
	steps []string
	last  bool
}

// Explain is how SQLite goes about the first query of read.
func (db *DB) Explain(ctx context.Context, read func(context.Context) error) ([]string, error) {
	return db.explain(ctx, read, &explaining{})
}

// ExplainLast is how SQLite goes about the last query of read.
func (db *DB) ExplainLast(ctx context.Context, read func(context.Context) error) ([]string, error) {
	return db.explain(ctx, read, &explaining{last: true})
}

func (db *DB) explain(ctx context.Context, read func(context.Context) error, into *explaining) ([]string, error) {
	seen := db.gorm.Callback().Query()
	if seen.Get("explain") == nil {
		err := seen.After("gorm:query").Before("gorm:preload").Register("explain", func(g *gorm.DB) {
			into, ok := g.Statement.Context.Value(explained{}).(*explaining)
			if !ok || len(into.steps) > 0 && !into.last {
				return
			}
			into.steps = nil
			rows, err := g.Statement.ConnPool.QueryContext(context.Background(), "EXPLAIN QUERY PLAN "+g.Statement.SQL.String(), g.Statement.Vars...)
			if g.AddError(err) != nil {
				return
			}
			defer rows.Close()
			for rows.Next() {
				var id, parent, unused int
				var step string
				_ = g.AddError(rows.Scan(&id, &parent, &unused, &step))
				into.steps = append(into.steps, step)
			}
		})
		if err != nil {
			return nil, err
		}
	}
	err := read(context.WithValue(ctx, explained{}, into))
	return into.steps, err
}
