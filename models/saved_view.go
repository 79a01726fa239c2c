package models

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"quartermaster/models/query"
)

// ListSizes are how many rows a page of a list may have.
var ListSizes = []int{25, 50, 100}

const (
	// MaxOwnViews is how many views a person saves in a team, and MaxTeamViews how
	// many the team has, of all lists.
	MaxOwnViews  = 50
	MaxTeamViews = 100
	// mostColumns is how many columns are chosen of a list, and mostState how long
	// what a view asks for may be, in bytes.
	mostColumns = 60
	mostState   = 4000
)

// SavedView is what a list is asked for, under a name: filters, text, order and
// columns. It is one person's, or the team's.
type SavedView struct {
	ID     string
	TeamID string // "" for lists of the site
	UserID string // "" when it is the team's
	List   string
	Name   string
	// State is what it asks for, as the address of the list has it.
	State       string
	Version     int64
	CreatedBy   string
	CreatorName string
	CreatedAt   time.Time
}

// Team tells whether the view is the team's.
func (v SavedView) Team() bool { return v.UserID == "" }

// ChangeableBy tells whether the actor may rename, change and delete the view:
// its owner or, where it is the team's, who made it and the admins.
func (v SavedView) ChangeableBy(by Actor) bool {
	if by.UserID == "" || v.TeamID != by.TeamID {
		return false
	}
	return v.UserID == by.UserID || v.Team() && (by.May(Administer) || v.CreatedBy == by.UserID && by.May(Request))
}

// ListKept is what a person keeps of a list in a team.
type ListKept struct {
	// Columns are those that are shown, in their order; nil for the usual ones.
	Columns []string
	// Size is how many rows a page has, 0 for the usual number.
	Size int
	// Opens is the view that the list opens with, "" for none.
	Opens string
}

func (k ListKept) state() string {
	q := url.Values{}
	if len(k.Columns) > 0 {
		q.Set("columns", strings.Join(k.Columns, ","))
	}
	if k.Size > 0 {
		q.Set("size", strconv.Itoa(k.Size))
	}
	if k.Opens != "" {
		q.Set("opens", k.Opens)
	}
	return q.Encode()
}

func (k *ListKept) read(state string) {
	q, _ := url.ParseQuery(state) // as it was written
	if columns := q.Get("columns"); columns != "" {
		k.Columns = strings.Split(columns, ",")
	}
	k.Size, _ = strconv.Atoi(q.Get("size"))
	k.Opens = q.Get("opens")
}

// ListSaved is what an actor has of a list besides its rows.
type ListSaved struct {
	Kept ListKept
	// Views are the actor's own views and then the team's, each by name.
	Views []SavedView
}

// View is the view of an id, if it is among them.
func (s ListSaved) View(id string) (SavedView, bool) {
	for _, v := range s.Views {
		if v.ID == id {
			return v, true
		}
	}
	return SavedView{}, false
}

// Saved is what the actor keeps of a list and the views that it has.
func (db *DB) Saved(ctx context.Context, by Actor, list string) (ListSaved, error) {
	if by.UserID == "" {
		return ListSaved{}, nil
	}
	saved, err := recalled(ctx, db, db.saved, by.UserID+" "+by.TeamID+" "+list, func() (s ListSaved, err error) {
		rows, err := query.Of[SavedView](db.gorm).Where("user_id IN ('', ?) AND team_id = ? AND list = ?", by.UserID, by.TeamID, list).
			Order("user_id DESC, name").Limit(MaxOwnViews + MaxTeamViews + 1).Find(ctx)
		for _, row := range rows {
			if row.Name == "" {
				s.Kept.read(row.State)
			} else {
				s.Views = append(s.Views, row)
			}
		}
		return s, err
	})
	if err != nil {
		return ListSaved{}, err
	}
	return *saved, nil
}

// KeepList keeps what the actor has chosen of a list.
func (db *DB) KeepList(ctx context.Context, by Actor, list string, kept ListKept) error {
	if by.UserID == "" {
		return ErrUnauthenticated
	}
	if kept.Size != 0 && !slices.Contains(ListSizes, kept.Size) {
		return invalid("size", "oneof")
	}
	if len(kept.Columns) > mostColumns || len(kept.state()) > mostState {
		return invalid("columns", "max", strconv.Itoa(mostColumns))
	}
	return db.tx(ctx, func(ctx context.Context, tx *DB) error {
		if kept.Opens != "" {
			if _, err := tx.findView(ctx, by, list, kept.Opens); err != nil {
				return err
			}
		}
		row := &SavedView{ID: tx.newID(), TeamID: by.TeamID, UserID: by.UserID, List: list, State: kept.state(), CreatedBy: by.UserID, CreatorName: by.UserName, CreatedAt: tx.Now()}
		err := tx.gorm.WithContext(ctx).Clauses(clause.OnConflict{
			Columns:   []clause.Column{{Name: "user_id"}, {Name: "team_id"}, {Name: "list"}, {Name: "name"}},
			DoUpdates: clause.AssignmentColumns([]string{"state"}),
		}).Create(row).Error
		if err != nil {
			return fmt.Errorf("keep list: %w", err)
		}
		return nil
	})
}

// findView is a view of a list that the actor sees, or ErrNotFound.
func (db *DB) findView(ctx context.Context, by Actor, list, id string) (SavedView, error) {
	v, err := query.One[SavedView](ctx, db.gorm, "id = ? AND user_id IN ('', ?) AND name <> ''", id, by.UserID)
	if err == nil && (v.TeamID != by.TeamID || v.List != list) {
		err = ErrNotFound
	}
	return v, translate(err)
}

// ViewInput is what a person says about a view.
type ViewInput struct {
	Name string `form:"view_name" validate:"required,line,max=60"`
	// Whose is "team" where a new view is the team's.
	Whose string `form:"whose" validate:"omitempty,oneof=mine team"`
	// State is what it asks for from now on.
	State string `form:"-"`
	// Version is that of the view that was seen.
	Version int64 `form:"version"`
}

// SaveView makes a view of a list, or changes the one of an id: ErrConflict where
// that has been changed since.
func (db *DB) SaveView(ctx context.Context, by Actor, list, id string, in ViewInput) (SavedView, error) {
	if by.UserID == "" {
		return SavedView{}, ErrUnauthenticated
	}
	if err := Check(&in); err != nil {
		return SavedView{}, err
	}
	if len(in.State) > mostState {
		return SavedView{}, invalid("view_name", "view_large")
	}
	var view SavedView
	err := db.tx(ctx, func(ctx context.Context, tx *DB) (err error) {
		if id == "" {
			view, err = tx.createView(ctx, by, list, in)
			return err
		}
		if view, err = tx.findView(ctx, by, list, id); err != nil {
			return err
		}
		return tx.changeView(ctx, by, &view, in)
	})
	return view, err
}

func (db *DB) createView(ctx context.Context, by Actor, list string, in ViewInput) (SavedView, error) {
	v := SavedView{ID: db.newID(), TeamID: by.TeamID, UserID: by.UserID, List: list, Name: in.Name, State: in.State, Version: 1,
		CreatedBy: by.UserID, CreatorName: by.UserName, CreatedAt: db.Now()}
	most := MaxOwnViews
	if in.Whose == "team" {
		if err := by.may(Request); err != nil {
			return v, err
		}
		v.UserID, most = "", MaxTeamViews
	}
	if err := db.holdTeam(ctx, by); err != nil { // two at once would be one too many
		return v, err
	}
	n, err := query.Of[SavedView](db.gorm).Where("user_id = ? AND team_id = ? AND name <> ''", v.UserID, v.TeamID).Count(ctx, "id")
	if err != nil {
		return v, translate(err)
	}
	if n >= int64(most) {
		return v, invalid("view_name", "too_many_views", strconv.Itoa(most))
	}
	if err := taken(query.Of[SavedView](db.gorm).Create(ctx, &v), "view_name"); err != nil {
		return v, err
	}
	return v, db.recordView(ctx, by, v, "view.created")
}

func (db *DB) changeView(ctx context.Context, by Actor, v *SavedView, in ViewInput) error {
	if !v.ChangeableBy(by) {
		return ErrForbidden
	}
	action, detail := "view.changed", map[string]any{}
	if v.Name != in.Name {
		action, detail["from"], detail["to"] = "view.renamed", v.Name, in.Name
	}
	v.Name, v.State = in.Name, in.State
	n, err := query.Of[SavedView](db.gorm).Where("id = ? AND version = ?", v.ID, in.Version).Select("name", "state", "version").
		Updates(ctx, SavedView{Name: v.Name, State: v.State, Version: in.Version + 1})
	if err := taken(err, "view_name"); err != nil {
		return err
	}
	if n == 0 {
		return ErrConflict
	}
	v.Version = in.Version + 1
	return db.recordView(ctx, by, *v, action, detail)
}

// DeleteView deletes a view of a list. A list that opened with it opens whole.
func (db *DB) DeleteView(ctx context.Context, by Actor, list, id string) (SavedView, error) {
	if by.UserID == "" {
		return SavedView{}, ErrUnauthenticated
	}
	var view SavedView
	err := db.tx(ctx, func(ctx context.Context, tx *DB) (err error) {
		if view, err = tx.findView(ctx, by, list, id); err != nil {
			return err
		}
		if !view.ChangeableBy(by) {
			return ErrForbidden
		}
		if _, err := query.Of[SavedView](tx.gorm).Where("id = ?", id).Delete(ctx); err != nil {
			return fmt.Errorf("delete view: %w", err)
		}
		return tx.recordView(ctx, by, view, "view.deleted")
	})
	return view, err
}

// recordView records what was done to a view of the team's. What a person does to
// their own is nobody else's business.
func (db *DB) recordView(ctx context.Context, by Actor, v SavedView, action string, detail ...any) error {
	if !v.Team() {
		return nil
	}
	return db.Record(ctx, by, Event{Action: action, Kind: KindTeam, SubjectID: by.TeamID, SubjectName: v.Name}, detail...)
}

// retagViews lets the views of the actor's team, whosever they are, ask for a tag by the
// name that it has from now on. Those of one that is gone say so.
func (db *DB) retagViews(ctx context.Context, by Actor, key, to string) error {
	if to == "" {
		return nil
	}
	asks := func(v SavedView) (url.Values, bool) {
		q, err := url.ParseQuery(v.State)
		return q, err == nil && tagKey(q.Get("tag")) == key
	}
	views, err := query.Of[SavedView](db.gorm).Where("team_id = ? AND state LIKE '%tag=%'", by.TeamID).Find(ctx)
	if err != nil {
		return translate(err)
	}
	for _, v := range views {
		if _, is := asks(v); !is {
			continue
		}
		// From here on nobody else changes it, and it may have been changed meanwhile.
		v, err := query.Change[SavedView](ctx, db.gorm, "version = version + 1 WHERE id = ?", v.ID)
		if errors.Is(err, gorm.ErrRecordNotFound) {
			continue
		} else if err != nil {
			return fmt.Errorf("hold view: %w", err)
		}
		if q, is := asks(v); is {
			q.Set("tag", to)
			if _, err := query.Do(ctx, db.gorm, "UPDATE saved_views SET state = ? WHERE id = ?", q.Encode(), v.ID); err != nil {
				return fmt.Errorf("retag view: %w", err)
			}
		}
	}
	return nil
}

// dropViews deletes what a person keeps of a team's lists.
func (db *DB) dropViews(ctx context.Context, by Actor, userID string) error {
	if _, err := query.Of[SavedView](db.gorm).Where("user_id = ? AND team_id = ?", userID, by.TeamID).Delete(ctx); err != nil {
		return fmt.Errorf("delete views: %w", err)
	}
	return nil
}
