package models

import "context"

// SetUsedBytes says what a bucket holds, as if it had been uploaded.
func SetUsedBytes(db *DB, bucketID string, n int64) error {
	return db.tx(context.Background(), func(ctx context.Context, tx *DB) error {
		return tx.gorm.WithContext(ctx).Model(&Bucket{}).Where("id = ?", bucketID).Update("used_bytes", n).Error
	})
}

// DrawnFrom are the plans that a bucket drew from, which a measurement reads by the same
// condition.
func DrawnFrom(ctx context.Context, db *DB, by Actor, bucket string) ([]Plan, error) {
	plans, _, err := db.drawnFrom(ctx, by, []string{bucket})
	return plans, err
}
