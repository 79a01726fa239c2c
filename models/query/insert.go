package query

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"sync"

	"gorm.io/gorm"
	"gorm.io/gorm/schema"
)

// mostRows bounds the rows that one statement writes.
const mostRows = 50

// insert writes n rows. The statements depend on the type alone, so that
// connections keep them prepared: GORM spends ten times the processor time on
// building them anew. When it fails, some of the rows may have been written: the
// transaction, or what of it the caller can undo, comes to nothing then.
func insert[T any](ctx context.Context, g *gorm.DB, n int, row func(i int) *T) error {
	into, err := tableOf[T](g)
	if err != nil {
		return err
	}
	shape := shape{postgres: g.Name() == "postgres"}
	for begin := 0; begin < n; begin += shape.rows {
		shape.rows = shape.most(n - begin)
		args := make([]any, 0, shape.rows*len(into.fields))
		for i := range shape.rows {
			if args, err = into.values(ctx, g, args, reflect.ValueOf(row(begin+i)).Elem()); err != nil {
				return err
			}
		}
		if _, err := Do(ctx, g, into.statement(shape), args...); err != nil {
			return err
		}
	}
	return nil
}

// shape is what a statement that writes rows depends on besides their table.
type shape struct {
	rows     int
	postgres bool
}

// most is how many of n rows one statement writes. PostgreSQL is far away, so as
// many as possible go there together. Connections to SQLite keep few statements
// prepared, so those have few shapes.
func (s shape) most(n int) int {
	if s.postgres {
		return min(n, mostRows)
	}
	for _, rows := range []int{32, 8, 2} {
		if n >= rows {
			return rows
		}
	}
	return 1
}

// table is how rows of a type are written and read.
type table struct {
	name       string
	fields     []*schema.Field
	statements sync.Map // by shape or reading, and fields by omitted
}

var tables sync.Map // by reflect.Type

func tableOf[T any](g *gorm.DB) (*table, error) {
	of := reflect.TypeFor[T]()
	if known, ok := tables.Load(of); ok {
		return known.(*table), nil
	}
	s := gorm.Statement{DB: g}
	if err := s.Parse(new(T)); err != nil {
		return nil, fmt.Errorf("columns of %v: %w", of, err)
	}
	t := &table{name: s.Schema.Table}
	for _, column := range s.Schema.DBNames {
		t.fields = append(t.fields, s.Schema.FieldsByDBName[column])
	}
	known, _ := tables.LoadOrStore(of, t)
	return known.(*table), nil
}

// statement is the statement of a shape.
func (t *table) statement(s shape) string {
	if known, ok := t.statements.Load(s); ok {
		return known.(string)
	}
	columns := make([]string, len(t.fields))
	for i, f := range t.fields {
		columns[i] = `"` + f.DBName + `"`
	}
	insert := "INSERT"
	if s.rows > 1 && !s.postgres {
		// Otherwise SQLite copies each page that it touches, to undo the rows
		// before one that fails.
		insert = "INSERT OR FAIL"
	}
	row := "(" + strings.Repeat("?,", len(columns)-1) + "?)"
	text := insert + ` INTO "` + t.name + `" (` + strings.Join(columns, ",") + ") VALUES " + row + strings.Repeat(","+row, s.rows-1)
	known, _ := t.statements.LoadOrStore(s, text)
	return known.(string)
}

// values appends the values of a row to args.
func (t *table) values(ctx context.Context, g *gorm.DB, args []any, row reflect.Value) ([]any, error) {
	for _, f := range t.fields {
		value, zero := f.ValueOf(ctx, row)
		if zero && (f.AutoCreateTime > 0 || f.AutoUpdateTime > 0) {
			if err := f.Set(ctx, row, g.NowFunc()); err != nil {
				return nil, err
			}
			value, _ = f.ValueOf(ctx, row)
		}
		args = append(args, value)
	}
	return args, nil
}
