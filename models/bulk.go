package models

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"time"

	"quartermaster/models/query"
)

// BulkAction is something that can be done to several things of a kind at once.
type BulkAction string

// The actions.
const BulkDelete BulkAction = "delete"

// States of an item of a Bulk.
const (
	BulkWaiting = "waiting"
	BulkDone    = "done"
	BulkRefused = "refused"
)

const (
	// MaxBulk is how many things something is done to at once.
	MaxBulk = 100
	// mostBulks is how many of a person's are kept in a team.
	mostBulks = 50
)

// Bulk is something that was done to several things, one after the other, each in a
// transaction of its own: what one is refused for does not concern the others.
type Bulk struct {
	ID       string
	TeamID   string
	UserID   string
	UserName string
	Kind     Kind
	Action   BulkAction
	Items    []BulkItem `gorm:"serializer:json"`
	At       time.Time
}

// BulkItem is a thing and what came of it. Why says why it was refused.
type BulkItem struct {
	ID    string
	Name  string
	State string
	Why   Invalid `json:",omitempty"`
}

// Count is how many items are in a state.
func (b Bulk) Count(state string) (n int) {
	for _, i := range b.Items {
		if i.State == state {
			n++
		}
	}
	return n
}

// BulkFacts do an action to a thing. May says, and only reads, what doing it would be
// refused for.
type BulkFacts struct {
	May, Do func(ctx context.Context, db *DB, by Actor, id string) error
}

// bulk is how an action is done to things of a kind; ErrNotFound where it is not.
func (db *DB) bulk(kind Kind, action BulkAction) (BulkFacts, KindFacts, error) {
	for _, k := range db.kinds {
		if facts, has := k.Bulk[action]; k.Kind == kind && has {
			return facts, k, nil
		}
	}
	return BulkFacts{}, KindFacts{}, ErrNotFound
}

// Bulks are the actions that can be done to several things of a kind.
func (db *DB) Bulks(kind Kind) (actions []BulkAction) {
	for _, k := range db.kinds {
		if k.Kind == kind {
			for action := range k.Bulk {
				actions = append(actions, action)
			}
		}
	}
	slices.Sort(actions)
	return actions
}

// items are things of the actor's team, each once; those that are not there have no
// name.
func (db *DB) items(ctx context.Context, by Actor, k KindFacts, ids []string) ([]BulkItem, error) {
	if len(ids) == 0 {
		return nil, invalid("", "none_picked")
	}
	if len(ids) > MaxBulk {
		return nil, invalid("", "too_many_picked", strconv.Itoa(MaxBulk))
	}
	called := k.Called
	if called == "" {
		called = "name"
	}
	var rows []struct{ ID, Name string }
	err := db.gorm.WithContext(ctx).Table(k.Table).Select("id, "+called+" AS name").Where("id IN ? AND "+alsoOfTeam, ids, by.TeamID).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read chosen: %w", err)
	}
	names := map[string]string{}
	for _, r := range rows {
		names[r.ID] = r.Name
	}
	var items []BulkItem
	for _, id := range ids {
		if !slices.ContainsFunc(items, func(i BulkItem) bool { return i.ID == id }) {
			items = append(items, BulkItem{ID: clip(id, 100), Name: names[id], State: BulkWaiting})
		}
	}
	return items, nil
}

// PreviewBulk says what an action would do to things of the actor's team, and what
// it would be refused for. It only reads.
func (db *DB) PreviewBulk(ctx context.Context, by Actor, kind Kind, action BulkAction, ids []string) ([]BulkItem, error) {
	if err := by.may(Request); err != nil {
		return nil, err
	}
	facts, k, err := db.bulk(kind, action)
	if err != nil {
		return nil, err
	}
	items, err := db.items(ctx, by, k, ids)
	for i := range items {
		err := facts.May(ctx, db, by, items[i].ID)
		if err == nil {
			continue
		}
		if items[i].State, items[i].Why, err = BulkRefused, whyRefused(err), unexpected(err); err != nil {
			return nil, err
		}
	}
	return items, err
}

// whyRefused is an error as a row keeps it.
func whyRefused(err error) Invalid {
	var broken Invalid
	switch {
	case errors.As(err, &broken):
		return broken
	case errors.Is(err, ErrNotFound):
		return Invalid{{Rule: "bulk_gone"}}
	case errors.Is(err, ErrForbidden):
		return Invalid{{Rule: "bulk_forbidden"}}
	case errors.Is(err, ErrConflict):
		return Invalid{{Rule: "bulk_conflict"}}
	}
	return Invalid{{Rule: "bulk_failed"}}
}

// unexpected is an error unless a row says it.
func unexpected(err error) error {
	if whyRefused(err)[0].Rule == "bulk_failed" {
		return err
	}
	return nil
}

// DoBulk does an action to things of the actor's team and keeps what came of each.
func (db *DB) DoBulk(ctx context.Context, by Actor, kind Kind, action BulkAction, ids []string) (*Bulk, error) {
	if err := by.may(Request); err != nil {
		return nil, err
	}
	_, k, err := db.bulk(kind, action)
	if err != nil {
		return nil, err
	}
	b := &Bulk{ID: db.newID(), TeamID: by.TeamID, UserID: by.UserID, UserName: by.UserName, Kind: kind, Action: action, At: db.TeamNow(by)}
	if b.Items, err = db.items(ctx, by, k, ids); err != nil {
		return nil, err
	}
	err = db.tx(ctx, func(ctx context.Context, tx *DB) error {
		if err := query.Of[Bulk](tx.gorm).Create(ctx, b); err != nil {
			return fmt.Errorf("begin bulk: %w", err)
		}
		old, err := query.Of[Bulk](tx.gorm).Select("id").Where("user_id = ? AND team_id = ?", by.UserID, by.TeamID).Order("at DESC, id DESC").Offset(mostBulks).Limit(mostBulks).Find(ctx)
		for _, o := range old {
			if _, err := query.Of[Bulk](tx.gorm).Where("id = ?", o.ID).Delete(ctx); err != nil {
				return fmt.Errorf("forget bulk: %w", err)
			}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return b, db.carryOut(ctx, by, b, false)
}

// carryOut does what a bulk has not done yet, and notes that something is done in the
// transaction that does it. It goes on when who asked has left. When it is done again,
// what waited and is gone is done.
func (db *DB) carryOut(ctx context.Context, by Actor, b *Bulk, again bool) error {
	facts, _, err := db.bulk(b.Kind, b.Action)
	if err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	noted := true
	for i := range b.Items {
		item := &b.Items[i]
		if item.State == BulkDone {
			continue
		}
		waited := item.State == BulkWaiting && item.Name != ""
		err := db.tx(ctx, func(ctx context.Context, tx *DB) error {
			err := facts.Do(ctx, tx, by, item.ID)
			if err != nil && !(again && waited && errors.Is(err, ErrNotFound)) {
				return err
			}
			item.State, item.Why = BulkDone, nil
			return tx.noteBulk(ctx, b)
		})
		if noted = err == nil; noted {
			continue
		}
		item.State, item.Why = BulkRefused, whyRefused(err)
		if err := unexpected(err); err != nil {
			db.log.LogAttrs(ctx, slog.LevelError, "bulk", slog.String("id", b.ID), slog.String("kind", string(b.Kind)),
				slog.String("thing", item.ID), slog.String("error", err.Error()))
		}
	}
	if noted {
		return nil
	}
	return db.noteBulk(ctx, b)
}

func (db *DB) noteBulk(ctx context.Context, b *Bulk) error {
	return db.tx(ctx, func(ctx context.Context, tx *DB) error {
		if _, err := query.Of[Bulk](tx.gorm).Where("id = ?", b.ID).Select("items").Updates(ctx, Bulk{Items: b.Items}); err != nil {
			return fmt.Errorf("note bulk: %w", err)
		}
		return nil
	})
}

// FindBulk is what the actor has done to several things at once. Admins find what
// anybody in the team has.
func (db *DB) FindBulk(ctx context.Context, by Actor, id string) (*Bulk, error) {
	if err := by.may(See); err != nil {
		return nil, err
	}
	b, err := query.One[Bulk](ctx, db.gorm, "id = ?", id)
	if err == nil && (b.TeamID != by.TeamID || b.UserID != by.UserID && !by.May(Administer)) {
		err = ErrNotFound
	}
	if err != nil {
		return nil, translate(err)
	}
	return &b, nil
}

// RetryBulk does again what was refused of the actor's own, or not done because the
// server stopped.
func (db *DB) RetryBulk(ctx context.Context, by Actor, id string) (*Bulk, error) {
	if err := by.may(Request); err != nil {
		return nil, err
	}
	b, err := db.FindBulk(ctx, by, id)
	if err != nil {
		return nil, err
	}
	if b.UserID != by.UserID {
		return nil, ErrForbidden
	}
	return b, db.carryOut(ctx, by, b, true)
}
