package copies

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// Batch is rows that are written together.
type Batch struct {
	Orders int // how many of them are orders
	tables []*Table
	rows   map[*Table][][]any
}

func (b *Batch) add(t *Table, values []any) {
	if b.rows == nil {
		b.rows = map[*Table][][]any{}
	}
	if _, known := b.rows[t]; !known {
		b.tables = append(b.tables, t)
	}
	b.rows[t] = append(b.rows[t], values)
}

// Read is all rows of a table, in no order.
func Read(ctx context.Context, conn *sql.Conn, table string) ([]Row, error) {
	rows, err := conn.QueryContext(ctx, "SELECT * FROM "+table) // #nosec G202 -- tables that migrations name
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	t := &Table{Name: table}
	if t.Columns, err = rows.Columns(); err != nil {
		return nil, err
	}
	var all []Row
	for rows.Next() {
		values := make([]any, len(t.Columns))
		into := make([]any, len(values))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		all = append(all, Row{t, values})
	}
	return all, rows.Err()
}

// Engine is what the two databases do in ways of their own.
type Engine struct {
	Postgres bool
	// First are tables that others refer to.
	First []string
}

// Write writes a batch in one transaction.
func (e Engine) Write(ctx context.Context, conn *sql.Conn, b *Batch) error {
	slices.SortStableFunc(b.tables, func(a, c *Table) int { return e.place(a) - e.place(c) })
	if e.Postgres {
		return conn.Raw(func(c any) error { return copyIn(ctx, c.(*stdlib.Conn).Conn(), b) })
	}
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	for _, t := range b.tables {
		if err := insert(ctx, tx, t, b.rows[t]); err != nil {
			return errors.Join(fmt.Errorf("write %s: %w", t.Name, err), tx.Rollback())
		}
	}
	return tx.Commit()
}

func (e Engine) place(t *Table) int {
	if i := slices.Index(e.First, t.Name); i >= 0 {
		return i
	}
	return len(e.First)
}

func insert(ctx context.Context, tx *sql.Tx, t *Table, rows [][]any) error {
	stmt, err := tx.PrepareContext(ctx, "INSERT INTO "+t.Name+" ("+quoted(t.Columns)+") VALUES (?"+strings.Repeat(", ?", len(t.Columns)-1)+")") // #nosec G202 -- tables and columns of the database itself
	if err != nil {
		return err
	}
	defer stmt.Close()
	for _, values := range rows {
		if _, err := stmt.ExecContext(ctx, values...); err != nil {
			return err
		}
	}
	return nil
}

func quoted(columns []string) string { return `"` + strings.Join(columns, `", "`) + `"` }

func copyIn(ctx context.Context, conn *pgx.Conn, b *Batch) error {
	tx, err := conn.Begin(ctx)
	if err != nil {
		return err
	}
	for _, t := range b.tables {
		if _, err := tx.CopyFrom(ctx, pgx.Identifier{t.Name}, t.Columns, pgx.CopyFromRows(b.rows[t])); err != nil {
			return errors.Join(fmt.Errorf("write %s: %w", t.Name, err), tx.Rollback(context.WithoutCancel(ctx)))
		}
	}
	return tx.Commit(ctx)
}

// Index is an index that was dropped, and the statement that makes it again.
type Index struct{ Name, Make string }

// DropIndexes drops the indexes of tables that no constraint needs.
func (e Engine) DropIndexes(ctx context.Context, conn *sql.Conn, tables []string) (dropped []Index, err error) {
	ask := `SELECT name, sql, tbl_name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL ORDER BY rowid`
	if e.Postgres {
		ask = `SELECT i.indexname, i.indexdef, i.tablename FROM pg_indexes i WHERE i.schemaname = current_schema()
			AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = (quote_ident(i.schemaname) || '.' || quote_ident(i.indexname))::regclass)
			ORDER BY i.indexname`
	}
	rows, err := conn.QueryContext(ctx, ask)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var x Index
		var table string
		if err := rows.Scan(&x.Name, &x.Make, &table); err != nil {
			return nil, err
		}
		if slices.Contains(tables, table) {
			dropped = append(dropped, x)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	for _, x := range dropped {
		if _, err := conn.ExecContext(ctx, "DROP INDEX "+x.Name); err != nil {
			return nil, fmt.Errorf("drop index %s: %w", x.Name, err)
		}
	}
	return dropped, nil
}
