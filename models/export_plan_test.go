package models

import "context"

// SetUsedBytes says what a bucket holds, as if it had been uploaded.
func SetUsedBytes(db *DB, bucketID string, n int64) error {
	return db.tx(context.Background(), func(ctx context.Context, tx *DB) error {
		return tx.gorm.WithContext(ctx).Model(&Bucket{}).Where("id = ?", bucketID).Update("used_bytes", n).Error
	})
}

// PlansOver are the plans that buckets of a region draw from, which a measurement
// reads by the same condition.
func PlansOver(ctx context.Context, db *DB, by Actor, region string) ([]Plan, error) {
	return db.plansOver(ctx, by, region)
}
