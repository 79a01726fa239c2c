package models

import "context"

// RequireVerified lets a team accept only versions from buckets of this server.
func (db *DB) RequireVerified(ctx context.Context, teamID string) error {
	return db.tx(ctx, func(ctx context.Context, tx *DB) error {
		return tx.gorm.WithContext(ctx).Model(&Team{}).Where("id = ?", teamID).Update("verified_only", true).Error
	})
}
