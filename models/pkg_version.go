package models

import (
	"context"
	"fmt"
	"time"

	"quartermaster/models/archive"
	"quartermaster/models/query"
)

// PkgVersionState is the state of a package version.
type PkgVersionState string

// States of a package version: CHECKING → READY or FAILED, and FAILED →
// CHECKING when it is retried. An external version stays UNVERIFIED.
const (
	VersionChecking   PkgVersionState = "CHECKING"
	VersionReady      PkgVersionState = "READY"
	VersionFailed     PkgVersionState = "FAILED"
	VersionUnverified PkgVersionState = "UNVERIFIED"
)

// PkgVersionStates are all states, in the order they are shown.
var PkgVersionStates = []PkgVersionState{VersionChecking, VersionReady, VersionFailed, VersionUnverified}

// PkgVersion is a version of an application: a label on an object of a bucket,
// which is kept from deletion while the version exists, or on an external
// address. It never changes.
type PkgVersion struct {
	ID          string // wp-<24 hex>
	TeamID      string
	AppID       string
	AppName     string
	Region      string
	Label       string // unique in its application
	LabelKey    string // what it must not have in common with another there
	Description string
	Tags        Tags
	Source      string  // oss://bucket/key, as the caller gave it
	ObjectID    *string // nil when the source is external
	BucketID    string  // that has the object, or ""
	State       PkgVersionState
	Size        int64
	SHA256      string `gorm:"column:sha256"`
	// Listing is the content of the archive; nil for other files, and in lists.
	Listing     *archive.Listing `gorm:"serializer:json;not null"`
	FailCode    string
	JobID       string
	OrderNumber int64
	CreatedBy   string
	CreatorName string
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// External tells whether the version's bytes are kept elsewhere.
func (v PkgVersion) External() bool { return v.ObjectID == nil }

// Bucket is the bucket's name in the version's source.
func (v PkgVersion) Bucket() string {
	bucket, _, _ := splitSource(v.Source)
	return bucket
}

// Key is the object's key in the version's source.
func (v PkgVersion) Key() string {
	_, key, _ := splitSource(v.Source)
	return key
}

// FileName is what the version's file is called.
func (v PkgVersion) FileName() string { return fileName(v.Key()) }

// DeletePkgVersion deletes a package version. Its object stays in its bucket,
// and may be deleted from then on.
func (db *DB) DeletePkgVersion(ctx context.Context, by Actor, id string) error {
	if err := by.may(Request); err != nil {
		return err
	}
	return db.tx(ctx, func(ctx context.Context, tx *DB) error {
		v, err := tx.FindPkgVersion(ctx, by, id)
		if err != nil {
			return err
		}
		return tx.deletePkgVersion(ctx, by, *v)
	})
}

func (db *DB) deletePkgVersion(ctx context.Context, by Actor, v PkgVersion) error {
	n, err := query.Of[PkgVersion](db.gorm).Where("team_id = ? AND id = ?", by.TeamID, v.ID).Delete(ctx)
	if err != nil {
		return fmt.Errorf("delete version: %w", err)
	}
	if n == 0 {
		return ErrNotFound
	}
	if err := db.countVersions(ctx, by, v.AppID, -1); err != nil {
		return err
	}
	if err := db.tally(ctx, by, tally{Kind: KindPkgVersion, Deleted: 1}); err != nil {
		return err
	}
	if v.State == VersionChecking { // its job will find nothing and end
		if err := db.FinishLine(ctx, by, v.OrderNumber, v.ID, OrderCompleted); err != nil {
			return err
		}
	}
	return db.Record(ctx, by, Event{
		Action: "version.deleted", Kind: KindPkgVersion, SubjectID: v.ID, SubjectName: v.AppName + " " + v.Label, Region: v.Region,
	}, map[string]any{"app": v.AppID, "source": v.Source})
}
