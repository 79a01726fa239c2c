// Package query asks the database for rows of one type.
package query

import (
	"context"
	"slices"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// Rows asks for rows of one type, in the manner of gorm.G: every call returns
// a new query and leaves the old one as it was, and nothing is read or written
// without a context. gorm.G compiles some five hundred functions for each row
// type; with it, building this package took half a minute and 1.5 GB.
type Rows[T any] struct {
	g    *gorm.DB
	with []clauses
}

type clauses = func(*gorm.DB) *gorm.DB

// Of is the query for all rows of a type, with clauses such as a lock.
func Of[T any](g *gorm.DB, opts ...clause.Expression) Rows[T] {
	q := Rows[T]{g: g}
	if len(opts) > 0 {
		q = q.and(func(g *gorm.DB) *gorm.DB { return g.Clauses(opts...) })
	}
	return q
}

func (q Rows[T]) and(c clauses) Rows[T] {
	q.with = append(slices.Clip(q.with), c)
	return q
}

// on is the query as GORM's statement.
func (q Rows[T]) on(ctx context.Context) *gorm.DB {
	g := q.g.WithContext(ctx).Model(new(T))
	for _, c := range q.with {
		g = c(g)
	}
	return g
}

// From reads from an expression that stands for the table.
func (q Rows[T]) From(table string, args ...any) Rows[T] {
	return q.and(func(g *gorm.DB) *gorm.DB { return g.Table(table, args...) })
}

// Where narrows to the rows for which the condition holds.
func (q Rows[T]) Where(condition string, args ...any) Rows[T] {
	return q.and(func(g *gorm.DB) *gorm.DB { return g.Where(condition, args...) })
}

// Order sorts the rows by columns.
func (q Rows[T]) Order(columns string) Rows[T] {
	return q.and(func(g *gorm.DB) *gorm.DB { return g.Order(columns) })
}

// Limit reads at most n rows.
func (q Rows[T]) Limit(n int) Rows[T] {
	return q.and(func(g *gorm.DB) *gorm.DB { return g.Limit(n) })
}

// Offset leaves out the first n rows.
func (q Rows[T]) Offset(n int) Rows[T] {
	return q.and(func(g *gorm.DB) *gorm.DB { return g.Offset(n) })
}

// Select reads or writes these columns only.
func (q Rows[T]) Select(columns string, args ...any) Rows[T] {
	return q.and(func(g *gorm.DB) *gorm.DB { return g.Select(columns, args...) })
}

// Omit leaves out columns.
func (q Rows[T]) Omit(columns ...string) Rows[T] {
	return q.and(func(g *gorm.DB) *gorm.DB { return g.Omit(columns...) })
}

// Preload reads associated rows too.
func (q Rows[T]) Preload(association string, args ...any) Rows[T] {
	return q.and(func(g *gorm.DB) *gorm.DB { return g.Preload(association, args...) })
}

// Find reads the rows; there may be none.
func (q Rows[T]) Find(ctx context.Context) ([]T, error) {
	var rows []T
	err := q.on(ctx).Find(&rows).Error
	return rows, err
}

// First reads the first row in the order of the primary key, or returns
// gorm.ErrRecordNotFound.
func (q Rows[T]) First(ctx context.Context) (T, error) {
	var row T
	err := q.on(ctx).First(&row).Error
	return row, err
}

// Count counts the rows; column is "*", or one whose nulls do not count.
func (q Rows[T]) Count(ctx context.Context, column string) (int64, error) {
	var n int64
	err := q.on(ctx).Select(column).Count(&n).Error
	return n, err
}

// Create writes a row: all columns that GORM knows of the type, and nothing that
// is associated with it. Times of creation and change that are zero become the
// present.
func (q Rows[T]) Create(ctx context.Context, row *T) error {
	return insert(ctx, q.g, 1, func(int) *T { return row })
}

// CreateAll is Create for several rows.
func (q Rows[T]) CreateAll(ctx context.Context, rows []T) error {
	return insert(ctx, q.g, len(rows), func(i int) *T { return &rows[i] })
}

// CreateOnce writes a row unless another stands in its way.
func (q Rows[T]) CreateOnce(ctx context.Context, row *T) error {
	return q.on(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(row).Error
}

// Update sets one column of the rows and returns their number.
func (q Rows[T]) Update(ctx context.Context, column string, value any) (int, error) {
	res := q.on(ctx).Update(column, value)
	return int(res.RowsAffected), res.Error
}

// UpdateColumn is Update for a column whose change leaves UpdatedAt as it is.
func (q Rows[T]) UpdateColumn(ctx context.Context, column string, value any) error {
	return q.on(ctx).UpdateColumn(column, value).Error
}

// Updates sets the selected columns of the rows and returns their number.
func (q Rows[T]) Updates(ctx context.Context, row T) (int, error) {
	res := q.on(ctx).Updates(row)
	return int(res.RowsAffected), res.Error
}

// Delete deletes the rows and returns their number.
func (q Rows[T]) Delete(ctx context.Context) (int, error) {
	res := q.on(ctx).Delete(new(T))
	return int(res.RowsAffected), res.Error
}

// Exec runs a statement that reads no rows.
func Exec(ctx context.Context, g *gorm.DB, statement string, args ...any) error {
	return g.WithContext(ctx).Exec(statement, args...).Error
}
