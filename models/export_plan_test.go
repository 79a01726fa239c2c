package models

import "context"

// SetUsedBytes says what a bucket holds, as if it had been uploaded.
func SetUsedBytes(db *DB, bucketID string, n int64) error {
	return db.tx(context.Background(), func(ctx context.Context, tx *DB) error {
		return tx.gorm.WithContext(ctx).Model(&Bucket{}).Where("id = ?", bucketID).Update("used_bytes", n).Error
	})
}

// CountBucketsByTwo counts a team's buckets, two in a transaction.
func CountBucketsByTwo(ctx context.Context, db *DB, by Actor) error {
	return db.countBuckets(ctx, by, 2)
}

// CountBucketDays counts the days that are kept of a bucket.
func CountBucketDays(db *DB, bucketID string) (n int64, err error) {
	err = db.gorm.Model(&BucketDay{}).Where("bucket_id = ?", bucketID).Count(&n).Error
	return n, err
}

// DrawnFrom are the plans that a bucket drew from, which a measurement reads by the same
// condition.
func DrawnFrom(ctx context.Context, db *DB, by Actor, bucket string) ([]Plan, error) {
	plans, _, err := db.drawnFrom(ctx, by, []string{bucket})
	return plans, err
}
