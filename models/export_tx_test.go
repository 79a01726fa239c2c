package models

import (
	"context"
	"fmt"
	"strings"

	"quartermaster/models/query"
)

// Tx lets tests try the transaction helper itself.
func (db *DB) Tx(ctx context.Context, fn func(ctx context.Context, tx *DB) error) error {
	return db.tx(ctx, fn)
}

// Put writes a setting inside a transaction.
func (db *DB) Put(ctx context.Context, name string) error {
	return db.gorm.WithContext(ctx).Exec("INSERT INTO settings (name, value) VALUES (?, '')", name).Error
}

// Has tells whether a setting was written.
func (db *DB) Has(ctx context.Context, name string) bool {
	var n int64
	err := db.gorm.WithContext(ctx).Raw("SELECT COUNT(*) FROM settings WHERE name = ?", name).Scan(&n).Error
	return err == nil && n == 1
}

// Statement runs a statement in a transaction of its own.
func (db *DB) Statement(ctx context.Context, statement string) error {
	return db.tx(ctx, func(ctx context.Context, tx *DB) error { return query.Exec(ctx, tx.gorm, statement) })
}

// Rows counts the rows of a table.
func (db *DB) Rows(ctx context.Context, table string) (n int, err error) {
	err = db.gorm.WithContext(ctx).Raw("SELECT COUNT(*) FROM " + table).Scan(&n).Error
	return n, err
}

// Dump is all that tables hold, as text.
func (db *DB) Dump(ctx context.Context, tables ...string) (string, error) {
	var all strings.Builder
	for _, name := range tables {
		var rows []map[string]any
		if err := db.gorm.WithContext(ctx).Raw("SELECT * FROM " + name).Scan(&rows).Error; err != nil {
			return "", err
		}
		for _, row := range rows {
			for column, value := range row {
				if b, ok := value.([]byte); ok {
					value = string(b)
				}
				fmt.Fprintln(&all, column, value)
			}
		}
	}
	return all.String(), nil
}
