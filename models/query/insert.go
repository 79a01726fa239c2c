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
// building them anew.
func insert[T any](ctx context.Context, g *gorm.DB, n int, row func(i int) *T) error {
	into, err := tableOf[T](g)
	if err != nil {
		return err
	}
	// PostgreSQL is far away, so the rows go there together. SQLite is not, and
	// writes down what a statement of several rows would have to undo.
	together := 1
	if g.Name() == "postgres" {
		together = mostRows
	}
	for begin := 0; begin < n; begin += together {
		end := min(n, begin+together)
		args := make([]any, 0, (end-begin)*len(into.fields))
		for i := begin; i < end; i++ {
			if args, err = into.values(ctx, g, args, reflect.ValueOf(row(i)).Elem()); err != nil {
				return err
			}
		}
		if _, err := Do(ctx, g, into.statement(end-begin), args...); err != nil {
			return err
		}
	}
	return nil
}

// table is how rows of a type are written.
type table struct {
	name       string
	fields     []*schema.Field
	statements sync.Map // by how many rows they write
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

// statement writes n rows.
func (t *table) statement(n int) string {
	if known, ok := t.statements.Load(n); ok {
		return known.(string)
	}
	columns := make([]string, len(t.fields))
	for i, f := range t.fields {
		columns[i] = `"` + f.DBName + `"`
	}
	row := "(" + strings.Repeat("?,", len(columns)-1) + "?)"
	text := `INSERT INTO "` + t.name + `" (` + strings.Join(columns, ",") + ") VALUES " + row + strings.Repeat(","+row, n-1)
	known, _ := t.statements.LoadOrStore(n, text)
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
