package models

import (
	"context"
	"fmt"

	"gorm.io/gorm"
)

// FillSearchNow indexes all that waits, however little.
func (db *DB) FillSearchNow(ctx context.Context) error { return db.fillSearch(ctx, 1) }

// SearchWaits is how many things of a kind wait to be indexed, and SearchSegments
// how many segments it has.
func (db *DB) SearchWaits(ctx context.Context, by Actor, kind Kind) (n int, err error) {
	err = db.Scan(ctx, &n, "SELECT COUNT(*) FROM search_queue WHERE team_id = ? AND kind = ?", by.TeamID, kind)
	return n, err
}

// SearchSegments is how many segments a kind has, and how many things they name.
func (db *DB) SearchSegments(ctx context.Context, by Actor, kind Kind) (n, docs int, err error) {
	var row struct{ N, Docs int }
	err = db.Scan(ctx, &row, "SELECT COUNT(*) AS n, CAST(COALESCE(SUM(docs), 0) AS bigint) AS docs FROM search_segments WHERE team_id = ? AND kind = ?", by.TeamID, kind)
	return row.N, row.Docs, err
}

// Steps are what a read did: how many rows its queries gave, and on SQLite how
// each of them went about it.
type Steps struct {
	Rows  int64
	Plans []string
}

// WatchReads notes the steps of all queries from now on.
func (db *DB) WatchReads(into *Steps) error {
	note := func(g *gorm.DB) {
		if g.Statement.SQL.Len() == 0 {
			return
		}
		ctx := context.Background()
		var n int64
		statement := g.Statement.SQL.String()
		if rows, err := g.Statement.ConnPool.QueryContext(ctx, statement, g.Statement.Vars...); err == nil {
			for rows.Next() {
				n++
			}
			rows.Close()
		}
		into.Rows += n
		if db.gorm.Name() == "postgres" {
			return
		}
		rows, err := g.Statement.ConnPool.QueryContext(ctx, "EXPLAIN QUERY PLAN "+statement, g.Statement.Vars...)
		if g.AddError(err) != nil {
			return
		}
		defer rows.Close()
		for rows.Next() {
			var id, parent, unused int
			var step string
			_ = g.AddError(rows.Scan(&id, &parent, &unused, &step))
			into.Plans = append(into.Plans, fmt.Sprint(step, " in ", statement))
		}
	}
	if err := db.gorm.Callback().Query().After("gorm:query").Register("watch query", note); err != nil {
		return err
	}
	return db.gorm.Callback().Row().Before("gorm:row").Register("watch row", note)
}
