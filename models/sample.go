package models

import (
	"cmp"
	"context"
	"time"
)

// SetSampleState puts a resource of the demo into a state that is otherwise the
// result of time or of a fault, and keeps it there: a job that would end the
// state is deleted. It is ErrForbidden on a database that is not the demo's.
func (db *DB) SetSampleState(ctx context.Context, by Actor, kind Kind, id, state string) error {
	return db.tx(ctx, func(ctx context.Context, tx *DB) error {
		if demo, err := tx.IsDemo(ctx); err != nil || !demo {
			return cmp.Or(err, ErrForbidden)
		}
		values := map[string]any{"state": state}
		row := tx.kind(kind)
		if row.Sample != nil {
			values = row.Sample(state, tx.TeamNow(by))
		}
		g := tx.gorm.WithContext(ctx)
		res := g.Table(row.Table).Where("team_id = ? AND id = ?", by.TeamID, id).Updates(values)
		if res.Error != nil || res.RowsAffected == 0 {
			return cmp.Or(res.Error, ErrNotFound)
		}
		return g.Where("team_id = ? AND subject_id = ? AND state = ?", by.TeamID, id, JobQueued).Delete(&Job{}).Error
	})
}

// sampleStore also says why a store could not be deleted.
func sampleStore(state string, _ time.Time) map[string]any {
	if state == string(StoreDeleteFailed) {
		return map[string]any{"state": state, "fail_code": "folder_blocked"}
	}
	return map[string]any{"state": state}
}
