package models

import (
	"cmp"
	"context"
)

// SetSampleState puts a resource of the demo into a state that otherwise only
// time or misfortune brings, and keeps it there: a job that would end the state
// is taken away. It is ErrForbidden on a database that is not the demo's.
func (db *DB) SetSampleState(ctx context.Context, by Actor, kind Kind, id, state string) error {
	return db.tx(ctx, func(ctx context.Context, tx *DB) error {
		if demo, err := tx.IsDemo(ctx); err != nil || !demo {
			return cmp.Or(err, ErrForbidden)
		}
		table, values := "stores", map[string]any{"state": state}
		switch {
		case kind == KindPlan:
			table, values = "plans", map[string]any{"exhausted_at": tx.TeamNow(by)}
		case kind == KindPkgVersion:
			table = "pkg_versions"
		case state == "DELETE_FAILED":
			values["fail_code"] = "folder_blocked"
		}
		g := tx.gorm.WithContext(ctx)
		res := g.Table(table).Where("team_id = ? AND id = ?", by.TeamID, id).Updates(values)
		if res.Error != nil || res.RowsAffected == 0 {
			return cmp.Or(res.Error, ErrNotFound)
		}
		return g.Where("team_id = ? AND subject_id = ? AND state = ?", by.TeamID, id, JobQueued).Delete(&Job{}).Error
	})
}
