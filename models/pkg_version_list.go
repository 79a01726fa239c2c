package models

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"

	"quartermaster/models/fold"
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

// PkgVersionFilter says which package versions to list. Empty fields do not
// narrow.
type PkgVersionFilter struct {
	AppID     string
	State     PkgVersionState
	Label     string
	LabelText string // in the label
	Text      string // in the label, the application's name or the source
	BucketID  string // whose files they use
}

// ListPkgVersions is a page of the team's package versions, newest first,
// without listings.
func (db *DB) ListPkgVersions(ctx context.Context, by Actor, f PkgVersionFilter, p Page) ([]PkgVersion, Cursor, error) {
	if err := by.may(See); err != nil {
		return nil, Cursor{}, err
	}
	return pageFound(ctx, db.pkgVersions(by, f), db.find(by, KindPkgVersion, cmp.Or(f.Text, f.LabelText)).besides(f != PkgVersionFilter{Text: f.Text}), p, newestFirst("created_at", "id"), func(v PkgVersion) []string {
		return []string{stamp(v.CreatedAt), v.ID}
	})
}

// PagePkgVersions is page n, from 1, of the team's package versions, newest
// first, without listings, and how many there are in all.
func (db *DB) PagePkgVersions(ctx context.Context, by Actor, f PkgVersionFilter, n, size int) ([]PkgVersion, int64, error) {
	if err := by.may(See); err != nil {
		return nil, 0, err
	}
	total := int64(unknown)
	switch f {
	case PkgVersionFilter{}:
		var err error
		if total, err = db.counted(ctx, by, string(KindPkgVersion)); err != nil {
			return nil, 0, err
		}
	case PkgVersionFilter{AppID: f.AppID}:
		app, err := db.FindApp(ctx, by, f.AppID)
		if errors.Is(err, ErrNotFound) {
			return nil, 0, nil
		}
		if err != nil {
			return nil, 0, err
		}
		total = app.VersionCount
	}
	return pageNumber(ctx, db.pkgVersions(by, f), db.find(by, KindPkgVersion, cmp.Or(f.Text, f.LabelText)), newestFirst("created_at", "id"), n, size, total)
}

// pkgVersions is the query for the team's package versions that a filter
// leaves.
func (db *DB) pkgVersions(by Actor, f PkgVersionFilter) query.Rows[PkgVersion] {
	q := query.Of[PkgVersion](db.gorm).Omit("listing").Where("team_id = ?", by.TeamID)
	if f.AppID != "" {
		q = q.Where("app_id = ?", f.AppID)
	}
	if f.State != "" {
		q = q.Where("state = ?", f.State)
	}
	if f.BucketID != "" {
		q = q.Where("EXISTS (SELECT 1 FROM objects WHERE id = pkg_versions.object_id AND bucket_id = ?)", f.BucketID)
	}
	if f.Label != "" {
		q = q.Where("label = ?", f.Label)
	}
	if f.LabelText != "" {
		q = q.Where(holds("label"), like(f.LabelText))
	}
	return q
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
