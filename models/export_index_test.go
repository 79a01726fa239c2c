package models

import (
	"context"

	"gorm.io/gorm"
)

type explained struct{}

// Explain is how SQLite goes about the first query of read.
func (db *DB) Explain(ctx context.Context, read func(context.Context) error) ([]string, error) {
	var steps []string
	seen := db.gorm.Callback().Query()
	if seen.Get("explain") == nil {
		err := seen.After("gorm:query").Register("explain", func(g *gorm.DB) {
			into, ok := g.Statement.Context.Value(explained{}).(*[]string)
			if !ok || len(*into) > 0 {
				return
			}
			rows, err := g.Statement.ConnPool.QueryContext(context.Background(), "EXPLAIN QUERY PLAN "+g.Statement.SQL.String(), g.Statement.Vars...)
			if g.AddError(err) != nil {
				return
			}
			defer rows.Close()
			for rows.Next() {
				var id, parent, unused int
				var step string
				_ = g.AddError(rows.Scan(&id, &parent, &unused, &step))
				*into = append(*into, step)
			}
		})
		if err != nil {
			return nil, err
		}
	}
	err := read(context.WithValue(ctx, explained{}, &steps))
	return steps, err
}
