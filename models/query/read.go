package query

import (
	"context"
	"reflect"
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/schema"
)

// One reads the first row of a type that a condition, with what may follow it,
// gives, like Do past GORM, or is gorm.ErrRecordNotFound. The text must be one of
// few.
func One[T any](ctx context.Context, g *gorm.DB, condition string, args ...any) (row T, err error) {
	rows, err := All[T](ctx, g, "", condition+" LIMIT 1", args...)
	if err != nil {
		return row, err
	}
	return first(rows)
}

// All is One for all rows, which lack one column, unless that is "".
func All[T any](ctx context.Context, g *gorm.DB, without, condition string, args ...any) ([]T, error) {
	return read[T](ctx, g, reading{without: without, condition: condition}, args)
}

// Change sets columns of a row, as "name = ? WHERE id = ?" says, and reads it as it
// is then, or is gorm.ErrRecordNotFound.
func Change[T any](ctx context.Context, g *gorm.DB, set string, args ...any) (row T, err error) {
	rows, err := read[T](ctx, g, reading{set: set}, args)
	if err != nil {
		return row, err
	}
	return first(rows)
}

func first[T any](rows []T) (row T, err error) {
	if len(rows) == 0 {
		return row, gorm.ErrRecordNotFound
	}
	return rows[0], nil
}

// reading is a statement that reads rows, or changes and reads them, but for its
// table and columns.
type reading struct{ without, condition, set string }

// read reads rows by a statement. One that only reads is over before anybody could
// want to end it on SQLite, where one that can be ended costs twice the time.
func read[T any](ctx context.Context, g *gorm.DB, r reading, args []any) (found []T, err error) {
	of, err := tableOf[T](g)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if g.Name() != "postgres" {
		ctx = context.WithoutCancel(ctx)
	}
	rows, err := g.Statement.ConnPool.QueryContext(ctx, numbered(g, of.reading(r)), args...)
	if err != nil {
		return nil, named(g, err)
	}
	defer rows.Close()
	fields := of.without(r.without)
	values := make([]any, len(fields))
	for i, f := range fields {
		values[i] = f.NewValuePool.Get()
	}
	defer func() {
		for i, f := range fields {
			f.NewValuePool.Put(values[i])
		}
	}()
	for rows.Next() {
		if err := rows.Scan(values...); err != nil {
			return nil, named(g, err)
		}
		var row T
		into := reflect.ValueOf(&row).Elem()
		for i, f := range fields {
			if err := f.Set(ctx, into, values[i]); err != nil {
				return nil, err
			}
		}
		found = append(found, row)
	}
	return found, named(g, rows.Err())
}

// without are the columns of a table but for one.
func (t *table) without(column string) []*schema.Field {
	if column == "" {
		return t.fields
	}
	if known, ok := t.statements.Load(omitted(column)); ok {
		return known.([]*schema.Field)
	}
	var fields []*schema.Field
	for _, f := range t.fields {
		if f.DBName != column {
			fields = append(fields, f)
		}
	}
	t.statements.Store(omitted(column), fields)
	return fields
}

type omitted string

// reading is the text of a statement.
func (t *table) reading(r reading) string {
	if known, ok := t.statements.Load(r); ok {
		return known.(string)
	}
	fields := t.without(r.without)
	columns := make([]string, len(fields))
	for i, f := range fields {
		columns[i] = `"` + f.DBName + `"`
	}
	list, name := strings.Join(columns, ","), `"`+t.name+`"`
	text := "SELECT " + list + " FROM " + name + " WHERE " + r.condition
	if r.set != "" {
		text = "UPDATE " + name + " SET " + r.set + " RETURNING " + list
	}
	known, _ := t.statements.LoadOrStore(r, text)
	return known.(string)
}
