package models

import "context"

// LimitBucket gives a bucket a limit in bytes; forms only know gigabytes.
func (db *DB) LimitBucket(ctx context.Context, id string, limit int64) error {
	return db.tx(ctx, func(ctx context.Context, tx *DB) error {
		return tx.gorm.WithContext(ctx).Model(&Bucket{}).Where("id = ?", id).Update("size_limit", limit).Error
	})
}

// UseObject makes a package version that uses an object.
func (db *DB) UseObject(ctx context.Context, o *Object) error {
	return db.tx(ctx, func(ctx context.Context, tx *DB) error {
		id, now := tx.newID(), tx.Now()
		err := tx.gorm.WithContext(ctx).Exec(`INSERT INTO apps (id, team_id, region, name, description, category, created_by, creator_name, created_at, updated_at)
			VALUES (?, ?, '', ?, '', '', '', '', ?, ?)`, id, o.TeamID, "app-"+id, now, now).Error
		if err != nil {
			return err
		}
		return tx.gorm.WithContext(ctx).Exec(`INSERT INTO pkg_versions (id, team_id, app_id, label, description, source, object_id, state, order_number, created_by, creator_name, created_at, updated_at)
			VALUES (?, ?, ?, '1.0', '', '', ?, 'READY', 0, '', '', ?, ?)`, tx.newID(), o.TeamID, id, o.ID, now, now).Error
	})
}

// ThingsThatEnd reads plans by their ids, as notices of reminders do.
func (db *DB) ThingsThatEnd(ctx context.Context, by Actor, ids ...string) error {
	_, err := db.expiringBy(ctx, by, KindPlan, ids)
	return err
}
