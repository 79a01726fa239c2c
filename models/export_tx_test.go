package models

import "context"

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
	return db.tx(ctx, func(ctx context.Context, tx *DB) error { return execute(ctx, tx.gorm, statement) })
}
