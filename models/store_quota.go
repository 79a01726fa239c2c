package models

import (
	"context"
	"fmt"
	"strconv"

	"quartermaster/models/query"
)

// CULeft is how many compute units the team's quota still has room for.
func (t Team) CULeft() int64 { return max(0, t.CUQuota-t.CUUsed) }

// reserveCU counts num compute units in the team's quota, or refuses to go
// beyond it.
func (db *DB) reserveCU(ctx context.Context, by Actor, num int64) error {
	n, err := query.Do(ctx, db.gorm, "UPDATE teams SET cu_used = cu_used + ? WHERE id = ? AND cu_used + ? <= cu_quota", num, by.TeamID, num)
	if err != nil {
		return fmt.Errorf("reserve compute units: %w", err)
	}
	if n > 0 {
		return nil
	}
	team, err := db.FindTeam(ctx, by)
	if err != nil {
		return err
	}
	return invalid("num", "quota", strconv.FormatInt(team.CULeft(), 10))
}

// releaseCU takes a store's compute units out of the team's quota, once.
func (db *DB) releaseCU(ctx context.Context, s *Store) error {
	res := db.gorm.WithContext(ctx).Exec(`UPDATE stores SET reserved = ? WHERE id = ? AND reserved = ?`, false, s.ID, true)
	if res.Error != nil {
		return fmt.Errorf("release compute units: %w", res.Error)
	}
	if res.RowsAffected == 0 {
		return nil
	}
	return db.giveBackCU(ctx, s.TeamID, s.Num)
}

// giveBackCU takes num compute units out of a team's quota.
func (db *DB) giveBackCU(ctx context.Context, teamID string, num int64) error {
	err := query.Exec(ctx, db.gorm, `UPDATE teams SET cu_used = cu_used - ? WHERE id = ?`, num, teamID)
	if err != nil {
		return fmt.Errorf("give back compute units: %w", err)
	}
	return nil
}
