package models

import (
	"context"
	"reflect"

	"gorm.io/gorm"

	"quartermaster/models/query"
)

// Rewrite writes a row as orders write theirs, and is what GORM reads of it.
func Rewrite[T any](ctx context.Context, db *DB, row T) (read T, err error) {
	s := gorm.Statement{DB: db.gorm}
	if err := s.Parse(&row); err != nil {
		return read, err
	}
	err = db.tx(ctx, func(ctx context.Context, tx *DB) error {
		if err := query.Of[T](tx.gorm).CreateAll(ctx, []T{row}); err != nil {
			return err
		}
		q := tx.gorm.WithContext(ctx)
		for _, f := range s.Schema.PrimaryFields {
			value, _ := f.ValueOf(ctx, reflect.ValueOf(row))
			q = q.Where(f.DBName+" = ?", value)
		}
		return q.First(&read).Error
	})
	return read, err
}
