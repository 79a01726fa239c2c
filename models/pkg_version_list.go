package models

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"quartermaster/models/fold"
	"quartermaster/models/list"
	"quartermaster/models/query"
)

// LabelFree tells whether an application of the actor's team has no version of
// that label.
func (db *DB) LabelFree(ctx context.Context, by Actor, appID, label string) (bool, error) {
	if err := by.may(See); err != nil {
		return false, err
	}
	same, args := sameName("label_key", fold.Same(label))
	n, err := query.Of[PkgVersion](db.gorm).Where("team_id = ? AND app_id = ?", by.TeamID, appID).Where(same, args...).Count(ctx, "*")
	return n == 0, translate(err)
}

// FindPkgVersion is one package version of the actor's team, with its listing.
func (db *DB) FindPkgVersion(ctx context.Context, by Actor, id string) (*PkgVersion, error) {
	if err := by.may(See); err != nil {
		return nil, err
	}
	v, err := query.Of[PkgVersion](db.gorm).Where("team_id = ? AND id = ?", by.TeamID, id).First(ctx)
	if err != nil {
		return nil, translate(err)
	}
	return &v, nil
}

// PkgVersions is the list of a team's package versions, without listings. Its
// filters are app_id, state, tag and bucket_id, for the bucket that has their files,
// and for programs label, which is Labelled, and label_has, for a part of it.
var PkgVersions = &List[PkgVersion]{
	Right: See,
	Desc: list.Desc[PkgVersion]{
		Table: "pkg_versions", Key: "id", Scope: "team_id",
		Columns: []string{"id", "app_name", "label", "description", "source", "object_id", "state", "size", "creator_name", "created_at",
			"team_id", "app_id", "region", "label_key", "bucket_id", "sha256", "fail_code", "job_id", "order_number", "created_by", "updated_at", "tags"},
		Brief: 10,
		Into: func(v *PkgVersion, to []any) []any {
			return append(to, &v.ID, &v.AppName, &v.Label, &v.Description, &v.Source, &v.ObjectID, (*string)(&v.State), &v.Size, &v.CreatorName, &v.CreatedAt,
				&v.TeamID, &v.AppID, &v.Region, &v.LabelKey, &v.BucketID, &v.SHA256, &v.FailCode, &v.JobID, &v.OrderNumber, &v.CreatedBy, &v.UpdatedAt, &v.Tags)
		},
		Sorts: []list.Sort{{Name: "created", Columns: []string{"created_at", "id"}}, {Name: "size", Columns: []string{"size", "id"}},
			{Name: "state", Columns: []string{"state", "created_at", "id"}, Up: true, Grouped: true},
			small("name", "app_name", "label", "id"), small("source", "source", "id")},
		Filters: []list.Filter{
			equals("app_id", "app_id", nil), equals("state", "state", texts(PkgVersionStates)), equals("bucket_id", "bucket_id", nil),
			{Name: "label", Inner: true, Arms: func(value string, _ time.Time) []list.Cond {
				app, label, _ := strings.Cut(value, "/")
				return []list.Cond{{SQL: "app_id = ? AND label = ?", Args: []any{app, label}, Few: "pkg_versions_label"}}
			}},
			has("label_has", "label"), byTag(KindPkgVersion, "pkg_versions"),
		},
		Indexes: []list.Index{
			{Name: "pkg_versions_team", Sort: "created"},
			{Name: "pkg_versions_size", Sort: "size"},
			{Name: "pkg_versions_app", Filters: []string{"app_id"}, Sort: "created"},
			{Name: "pkg_versions_state", Filters: []string{"state"}, Sort: "created"},
			{Name: "pkg_versions_state", Sort: "state"},
			{Name: "pkg_versions_bucket", Filters: []string{"bucket_id"}, Sort: "created"},
			tagIndex,
		},
	},
	Finds:   KindPkgVersion,
	Counter: countsAll(KindPkgVersion),
}

// Labelled is the value of the filter label of PkgVersions for the version of an
// application that has a label, "" without one.
func Labelled(appID, label string) string {
	if label == "" {
		return ""
	}
	return appID + "/" + label
}

// PkgVersionObject is the object that a version uses, or ErrNotFound when it
// is external.
func (db *DB) PkgVersionObject(ctx context.Context, by Actor, v *PkgVersion) (*Object, error) {
	if err := by.may(See); err != nil {
		return nil, err
	}
	if v.External() {
		return nil, ErrNotFound
	}
	o, err := query.Of[Object](db.gorm).Where("team_id = ? AND id = ?", by.TeamID, *v.ObjectID).First(ctx)
	if err != nil {
		return nil, translate(err)
	}
	return &o, nil
}

// ListSources are objects of a bucket that a version can be made of, newest
// first, at most n; with text, those that have it in their key.
func (db *DB) ListSources(ctx context.Context, by Actor, bucketID, text string, n int) ([]Object, error) {
	if err := by.may(See); err != nil {
		return nil, err
	}
	q := query.Of[Object](db.gorm).Where("team_id = ? AND bucket_id = ?", by.TeamID, bucketID)
	if text != "" {
		q = q.Where(holds("key"), like(text))
	}
	found, err := q.Order("created_at DESC, id DESC").Limit(n).Find(ctx)
	return found, translate(err)
}

// FindSource is the bucket and the object of the actor's team that a source
// names, or ErrNotFound.
func (db *DB) FindSource(ctx context.Context, by Actor, source string) (*Bucket, *Object, error) {
	if err := by.may(See); err != nil {
		return nil, nil, err
	}
	name, key, ok := splitSource(source)
	if !ok {
		return nil, nil, ErrNotFound
	}
	b, err := query.Of[Bucket](db.gorm).Where("team_id = ? AND name = ?", by.TeamID, name).First(ctx)
	if err != nil {
		return nil, nil, translate(err)
	}
	o, err := db.FindObject(ctx, by, b.ID, key)
	return &b, o, err
}

// ReadPkgVersion opens a version's file. The caller closes it. A version whose
// bytes are not kept here is ErrNotFound.
func (db *DB) ReadPkgVersion(ctx context.Context, by Actor, id string) (*PkgVersion, io.ReadSeekCloser, error) {
	v, err := db.FindPkgVersion(ctx, by, id)
	if err != nil {
		return nil, nil, err
	}
	o, err := db.PkgVersionObject(ctx, by, v)
	if err != nil {
		return nil, nil, err
	}
	f, err := db.openObject(ctx, o)
	if err != nil {
		return nil, nil, fmt.Errorf("read version %s: %w", v.ID, err)
	}
	return v, f, nil
}
