package models

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"quartermaster/models/fold"
	"quartermaster/models/list"
	"quartermaster/models/query"
)

// App is an application: package versions are versions of one.
type App struct {
	ID           string // wa-<24 hex>
	TeamID       string
	Region       string
	Name         string // unique in its team and region
	NameKey      string // what it must not have in common with another there
	Description  string
	Category     string // of the catalogue, or empty
	Tags         Tags
	VersionCount int64
	CreatedBy    string
	CreatorName  string
	UpdaterName  string // who changed it last
	Token        *string
	Asked        string // the input that it was made with, as JSON; "" of old ones
	CreatedAt    time.Time
	UpdatedAt    time.Time
}

// AppInput is what a caller says about a new application, from a form or from
// the API.
type AppInput struct {
	Name        string `form:"app_name" validate:"required,line,max=64"`
	Region      string `form:"region" validate:"required"`
	Category    string `form:"category" validate:"max=64"`
	Description string `form:"description" validate:"prose,max=255"`
	// SharedStorage is a parameter of the documents that changes nothing here, and
	// only tells a repeat from another call.
	SharedStorage bool `form:"-"`
	// Token makes a call safe to repeat: a repeat returns the first application.
	Token string `form:"-" json:"-" validate:"max=64"`
	// DraftKey is the draft of its form.
	DraftKey `json:"-"`
}

// CreateApp makes an application. It is free and empty, so no order is needed. A
// repeat of a token returns the first application, together with an Invalid when
// it was asked for in other words.
func (db *DB) CreateApp(ctx context.Context, by Actor, in AppInput) (*App, error) {
	if err := by.may(Request); err != nil {
		return nil, err
	}
	if err := Check(&in); err != nil {
		return nil, err
	}
	if err := db.hasRoom(ctx); err != nil {
		return nil, err
	}
	asked, err := json.Marshal(in)
	if err != nil {
		return nil, err
	}
	now := db.TeamNow(by)
	app := &App{
		ID: "wa-" + db.newHex24(now), TeamID: by.TeamID, Region: in.Region, Name: in.Name, NameKey: fold.Same(in.Name), Description: in.Description,
		Category: in.Category, CreatedBy: by.UserID, CreatorName: by.UserName, UpdaterName: by.UserName, Asked: string(asked),
		CreatedAt: now, UpdatedAt: now,
	}
	if in.Token != "" {
		app.Token = &in.Token
	}
	err = db.tx(ctx, func(ctx context.Context, tx *DB) error {
		if err := tx.checkApp(ctx, by, in); err != nil {
			return err
		}
		if err := query.Of[App](tx.gorm).Create(ctx, app); err != nil {
			return taken(err, "app_name")
		}
		if err := tx.count(ctx, by.TeamID, appCounter(app.Region), 1); err != nil {
			return err
		}
		if err := tx.dropDraft(ctx, by, in.Token, in.DraftKey); err != nil {
			return err
		}
		return tx.Record(ctx, by, Event{Action: "app.created", Kind: KindApp, SubjectID: app.ID, SubjectName: app.Name, Region: app.Region})
	})
	if isInvalid(err) && in.Token != "" {
		// The same call may have made it, before or at the same moment.
		first, again := db.appOf(ctx, by, in.Token)
		if first != nil && !first.askedAs(in, string(asked)) {
			again = invalid("", "repeated_app", first.Name)
		}
		if first != nil || again != nil {
			return first, again
		}
	}
	if err != nil {
		return nil, err
	}
	return app, nil
}

// appOf is the application that a token was first used for, or nil.
func (db *DB) appOf(ctx context.Context, by Actor, token string) (*App, error) {
	if token == "" {
		return nil, nil
	}
	first, err := query.Of[App](db.gorm).Where("team_id = ? AND token = ?", by.TeamID, token).Limit(1).Find(ctx)
	if err != nil || len(first) == 0 {
		return nil, translate(err)
	}
	return &first[0], nil
}

// FindAppOf is the application that was made with a form's token, or nil.
func (db *DB) FindAppOf(ctx context.Context, by Actor, token string) (*App, error) {
	if err := by.may(See); err != nil {
		return nil, err
	}
	return db.appOf(ctx, by, token)
}

// askedAs tells whether the application was made with this input, asked as JSON.
// Of an old one only what it is now is known: there, a description that was
// changed since tells nothing.
func (a *App) askedAs(in AppInput, asked string) bool {
	if a.Asked != "" {
		return a.Asked == asked
	}
	return a.Name == in.Name && a.Region == in.Region && a.Category == in.Category &&
		(a.Description == in.Description || !a.UpdatedAt.Equal(a.CreatedAt))
}

// appCounter is the counter of the applications of a region.
func appCounter(region string) string { return "app." + region }

// CheckApp says all that is wrong with a new application, before it is asked
// for.
func (db *DB) CheckApp(ctx context.Context, by Actor, in AppInput) error {
	if err := by.may(Request); err != nil {
		return err
	}
	return Invalid(nil).With(Check(&in), db.checkApp(ctx, by, in))
}

// checkApp refuses a region or a category that the catalogue does not offer to
// applications, and a name that is taken.
func (db *DB) checkApp(ctx context.Context, by Actor, in AppInput) error {
	if !by.MayOrder(KindApp, "", in.Region) {
		return invalid("", "may_not_order")
	}
	_, unknown := db.region(ctx, in.Region, KindApp)
	if n, err := query.Of[Category](db.gorm).Where("name = ?", in.Category).Count(ctx, "*"); err != nil {
		return translate(err)
	} else if n == 0 && in.Category != "" {
		unknown = Invalid(nil).With(unknown, invalid("category", "unknown"))
	}
	free, err := db.AppNameFree(ctx, by, in.Region, in.Name)
	if err == nil && !free {
		err = invalid("app_name", "taken")
	}
	return Invalid(nil).With(unknown, err)
}

// AppNameFree tells whether the actor's team has no application of that name
// in the region.
func (db *DB) AppNameFree(ctx context.Context, by Actor, region, name string) (bool, error) {
	if err := by.may(See); err != nil {
		return false, err
	}
	same, args := sameName("name_key", fold.Same(name))
	n, err := query.Of[App](db.gorm).Where("team_id = ? AND region = ?", by.TeamID, region).Where(same, args...).Count(ctx, "*")
	return n == 0, translate(err)
}

// FindApp is one application of the actor's team.
func (db *DB) FindApp(ctx context.Context, by Actor, id string) (*App, error) {
	if err := by.may(See); err != nil {
		return nil, err
	}
	app, err := query.Of[App](db.gorm).Where("team_id = ? AND id = ?", by.TeamID, id).First(ctx)
	if err != nil {
		return nil, translate(err)
	}
	return &app, nil
}

// Apps is the list of a team's applications. Its filters are region, category and tag,
// and for programs id, name and category_has, which is for a part of its name.
var Apps = &List[App]{
	Right: See,
	Desc: list.Desc[App]{
		Table: "apps", Key: "id", Scope: "team_id",
		Columns: []string{"id", "name", "region", "description", "category", "version_count", "creator_name", "created_at",
			"team_id", "name_key", "created_by", "updater_name", "token", "asked", "updated_at", "tags"},
		Brief: 8,
		Into: func(a *App, to []any) []any {
			return append(to, &a.ID, &a.Name, &a.Region, &a.Description, &a.Category, &a.VersionCount, &a.CreatorName, &a.CreatedAt,
				&a.TeamID, &a.NameKey, &a.CreatedBy, &a.UpdaterName, &a.Token, &a.Asked, &a.UpdatedAt, &a.Tags)
		},
		Sorts: []list.Sort{{Name: "created", Columns: []string{"created_at", "id"}}, {Name: "name", Columns: []string{"name", "id"}, Up: true},
			{Name: "region", Columns: []string{"region", "created_at", "id"}, Up: true, Grouped: true}, {Name: "category", Columns: []string{"category", "created_at", "id"}, Up: true, Grouped: true},
			small("versions", "version_count", "id")},
		Filters: []list.Filter{
			equals("region", "region", nil), equals("category", "category", nil), byTag(KindApp, "apps"),
			one("id", "id = ?", "sqlite_autoindex_apps_1"), one("name", "name = ?", "apps_team_name"), has("category_has", "category"),
		},
		Indexes: []list.Index{
			{Name: "apps_team", Sort: "created"},
			{Name: "apps_team_name", Sort: "name"},
			{Name: "apps_region", Filters: []string{"region"}, Sort: "created"},
			{Name: "apps_category", Filters: []string{"category"}, Sort: "created"},
			{Name: "apps_region", Sort: "region"},
			{Name: "apps_category", Sort: "category"},
			tagIndex,
		},
	},
	Finds: KindApp,
	Counter: func(q list.Query) string {
		if region := q.Filters["region"]; len(q.Filters) == 1 && region != "" {
			return appCounter(region)
		}
		return ""
	},
}

// UpdateApp changes what an application's description says.
func (db *DB) UpdateApp(ctx context.Context, by Actor, id, description string) (*App, error) {
	if err := by.may(Request); err != nil {
		return nil, err
	}
	in := struct {
		Description string `form:"description" validate:"prose,max=255"`
	}{description}
	if err := Check(&in); err != nil {
		return nil, err
	}
	var app *App
	err := db.tx(ctx, func(ctx context.Context, tx *DB) (err error) {
		if app, err = tx.FindApp(ctx, by, id); err != nil || app.Description == in.Description {
			return err
		}
		from := app.Description
		app.Description, app.UpdaterName, app.UpdatedAt = in.Description, by.UserName, tx.TeamNow(by)
		err = tx.gorm.WithContext(ctx).Model(app).Where("team_id = ?", by.TeamID).Select("Description", "UpdaterName", "UpdatedAt").Updates(app).Error
		if err != nil {
			return fmt.Errorf("update application: %w", err)
		}
		return tx.Record(ctx, by, Event{Action: "app.updated", Kind: KindApp, SubjectID: app.ID, SubjectName: app.Name, Region: app.Region},
			map[string]any{"from": from, "to": app.Description})
	})
	if err != nil {
		return nil, err
	}
	return app, nil
}

// AnyVersions lets DeleteApp delete however many versions there are.
const AnyVersions = -1

// DeleteApp deletes an application with its package versions; their objects
// stay in their buckets. seen is the number of versions that the person who
// confirmed was shown, or AnyVersions: when the number has changed, nothing is
// deleted.
func (db *DB) DeleteApp(ctx context.Context, by Actor, id string, seen int64) error {
	if err := by.may(Request); err != nil {
		return err
	}
	return db.tx(ctx, func(ctx context.Context, tx *DB) error {
		app, err := tx.FindApp(ctx, by, id)
		if err != nil {
			return err
		}
		if err := app.deletable(seen); err != nil {
			return err
		}
		versions, err := query.Of[PkgVersion](tx.gorm).Omit("listing").
			Where("team_id = ? AND app_id = ?", by.TeamID, id).Find(ctx)
		if err != nil {
			return fmt.Errorf("read versions: %w", err)
		}
		for _, v := range versions {
			if err := tx.deletePkgVersion(ctx, by, v); err != nil {
				return err
			}
		}
		if _, err := query.Of[App](tx.gorm).Where("team_id = ? AND id = ?", by.TeamID, id).Delete(ctx); err != nil {
			return fmt.Errorf("delete application: %w", err)
		}
		if err := tx.count(ctx, by.TeamID, appCounter(app.Region), -1); err != nil {
			return err
		}
		return tx.Record(ctx, by, Event{Action: "app.deleted", Kind: KindApp, SubjectID: app.ID, SubjectName: app.Name, Region: app.Region},
			map[string]any{"versions": len(versions)})
	})
}

// deletable is an error unless the application has as many versions as were seen.
func (a *App) deletable(seen int64) error {
	if seen != AnyVersions && seen != a.VersionCount {
		return invalid("", "versions_changed", fmt.Sprint(a.VersionCount))
	}
	return nil
}
