package models

import (
	"context"

	"quartermaster/models/query"
)

// maxCheckable bounds how many keys are offered for a comparison.
const maxCheckable = 100

// ListCheckableKeys are the keys whose signatures the actor may have compared:
// all of the team for an actor who manages them, otherwise the actor's own. At
// most the newest ones are listed.
func (db *DB) ListCheckableKeys(ctx context.Context, by Actor) ([]AccessKey, error) {
	if err := by.may(See); err != nil {
		return nil, err
	}
	q := query.Of[accessKeyRow](db.gorm).Omit("sealed").Where("team_id = ?", by.TeamID)
	if !by.May(Administer) {
		q = q.Where("user_id = ?", by.UserID)
	}
	rows, err := q.Order("created_at DESC, id DESC").Limit(maxCheckable).Find(ctx)
	if err != nil {
		return nil, translate(err)
	}
	keys := make([]AccessKey, len(rows))
	for i, r := range rows {
		keys[i] = r.key()
	}
	return keys, nil
}

// FindCheckableKey is a key of ListCheckableKeys with its secret, to compare a
// signature with. The secret must not leave the program. A key that the actor
// may not use for this is ErrNotFound, like one that does not exist.
func (db *DB) FindCheckableKey(ctx context.Context, by Actor, id string) (*Caller, error) {
	if err := by.may(See); err != nil {
		return nil, err
	}
	c, err := db.caller(ctx, callerQuery+" WHERE k.id = ? AND k.team_id = ? AND (k.user_id = ? OR ?)", id, by.TeamID, by.UserID, by.May(Administer))
	if err != nil {
		return nil, err
	}
	return db.unseal(c, by)
}
