package models

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"quartermaster/models/objects"
)

// Object is the record of one object of a bucket. Its bytes are a blob.
type Object struct {
	ID          string
	TeamID      string
	BucketID    string
	Key         string // unique in its bucket, kept exactly as given
	Size        int64
	ContentType string
	SHA256      string `gorm:"column:sha256"`
	MD5         string `gorm:"column:md5"`
	Blob        string
	CreatedBy   string
	CreatorName string
	CreatedAt   time.Time
}

// addObject records a staged blob as a new object of a bucket of the actor's
// team, in the caller's transaction, and counts its bytes. A key that the
// bucket has already is gorm.ErrDuplicatedKey; bytes that it has no room for
// break the rule "bucket_full". The caller keeps the blob after the commit.
func (db *DB) addObject(ctx context.Context, by Actor, b *Bucket, key, contentType string, s objects.Staged) (*Object, error) {
	now := db.TeamNow(by)
	counted := db.gorm.WithContext(ctx).Model(&Bucket{}).
		Where("team_id = ? AND id = ? AND (size_limit = 0 OR used_bytes + ? <= size_limit)", by.TeamID, b.ID, s.Size).
		Updates(map[string]any{
			"used_bytes":   gorm.Expr("used_bytes + ?", s.Size),
			"object_count": gorm.Expr("object_count + 1"),
			"updated_at":   now,
		})
	if counted.Error != nil {
		return nil, fmt.Errorf("count object: %w", counted.Error)
	}
	if counted.RowsAffected == 0 {
		return nil, invalid("", "bucket_full", b.Name)
	}
	o := &Object{
		ID: db.newID(), TeamID: by.TeamID, BucketID: b.ID, Key: key, Size: s.Size, ContentType: contentType,
		SHA256: s.SHA256, MD5: s.MD5, Blob: s.ID, CreatedBy: by.UserID, CreatorName: by.UserName, CreatedAt: now,
	}
	if err := gorm.G[Object](db.gorm).Create(ctx, o); err != nil {
		return nil, fmt.Errorf("record object: %w", err)
	}
	return o, db.count(ctx, by.TeamID, "bytes", s.Size)
}
