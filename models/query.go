package models

import (
	"context"
	"slices"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// query asks for rows of one type, in the manner of gorm.G: every call returns
// a new query and leaves the old one as it was, and nothing is read or written
// without a context. gorm.G compiles some five hundred functions for each row
// type; with it, building this package took half a minute and 1.5 GB.
type query[T any] struct {
	g    *gorm.DB
	with []clauses
}

type clauses = func(*gorm.DB) *gorm.DB

// table is the query for all rows of a type.
func table[T any](g *gorm.DB, opts ...clause.Expression) query[T] {
	q := query[T]{g: g}
	if len(opts) > 0 {
		q = q.and(func(g *gorm.DB) *gorm.DB { return g.Clauses(opts...) })
	}
	return q
}

func (q query[T]) and(c clauses) query[T] {
	q.with = append(slices.Clip(q.with), c)
	return q
}

// on is the query as GORM's statement.
func (q query[T]) on(ctx context.Context) *gorm.DB {
	g := q.g.WithContext(ctx).Model(new(T))
	for _, c := range q.with {
		g = c(g)
	}
	return g
}

func (q query[T]) Where(condition string, args ...any) query[T] {
	return q.and(func(g *gorm.DB) *gorm.DB { return g.Where(condition, args...) })
}

func (q query[T]) Order(columns string) query[T] {
	return q.and(func(g *gorm.DB) *gorm.DB { return g.Order(columns) })
}

func (q query[T]) Limit(n int) query[T] {
	return q.and(func(g *gorm.DB) *gorm.DB { return g.Limit(n) })
}

func (q query[T]) Offset(n int) query[T] {
	return q.and(func(g *gorm.DB) *gorm.DB { return g.Offset(n) })
}

func (q query[T]) Select(columns string, args ...any) query[T] {
	return q.and(func(g *gorm.DB) *gorm.DB { return g.Select(columns, args...) })
}

func (q query[T]) Omit(columns ...string) query[T] {
	return q.and(func(g *gorm.DB) *gorm.DB { return g.Omit(columns...) })
}

func (q query[T]) Preload(association string, args ...any) query[T] {
	return q.and(func(g *gorm.DB) *gorm.DB { return g.Preload(association, args...) })
}

// Find reads the rows; there may be none.
func (q query[T]) Find(ctx context.Context) ([]T, error) {
	var rows []T
	err := q.on(ctx).Find(&rows).Error
	return rows, err
}

// First reads the first row in the order of the primary key, or returns
// gorm.ErrRecordNotFound.
func (q query[T]) First(ctx context.Context) (T, error) {
	var row T
	err := q.on(ctx).First(&row).Error
	return row, err
}

// Count counts the rows; column is "*", or one whose nulls do not count.
func (q query[T]) Count(ctx context.Context, column string) (int64, error) {
	var n int64
	err := q.on(ctx).Select(column).Count(&n).Error
	return n, err
}

// Create writes a row.
func (q query[T]) Create(ctx context.Context, row *T) error {
	return q.on(ctx).Create(row).Error
}

// CreateInBatches writes rows, at most size of them in a statement.
func (q query[T]) CreateInBatches(ctx context.Context, rows *[]T, size int) error {
	return q.on(ctx).CreateInBatches(rows, size).Error
}

// Update sets one column of the rows and returns their number.
func (q query[T]) Update(ctx context.Context, column string, value any) (int, error) {
	res := q.on(ctx).Update(column, value)
	return int(res.RowsAffected), res.Error
}

// Updates sets the selected columns of the rows and returns their number.
func (q query[T]) Updates(ctx context.Context, row T) (int, error) {
	res := q.on(ctx).Updates(row)
	return int(res.RowsAffected), res.Error
}

// Delete deletes the rows and returns their number.
func (q query[T]) Delete(ctx context.Context) (int, error) {
	res := q.on(ctx).Delete(new(T))
	return int(res.RowsAffected), res.Error
}

// execute runs a statement that reads no rows.
func execute(ctx context.Context, g *gorm.DB, statement string, args ...any) error {
	return g.WithContext(ctx).Exec(statement, args...).Error
}

// Exec runs a statement that reads no rows, for kinds that are kept by nobody
// here. One that writes belongs in a transaction.
func (db *DB) Exec(ctx context.Context, statement string, args ...any) error {
	return execute(ctx, db.gorm, statement, args...)
}

// Scan reads what a query gives: rows into a slice, columns into fields.
func (db *DB) Scan(ctx context.Context, into any, query string, args ...any) error {
	return translate(db.gorm.WithContext(ctx).Raw(query, args...).Scan(into).Error)
}
