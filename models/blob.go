package models

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"quartermaster/models/objects"
	"quartermaster/models/query"
)

// knownBlobs tells which blobs a record names: that of an object, of a part, of an
// attachment, or of an order that waits for approval together with an upload.
func (db *DB) knownBlobs(ctx context.Context, ids []string) (map[string]bool, error) {
	var found []string
	err := db.gorm.WithContext(ctx).Raw(`SELECT blob FROM objects WHERE blob IN ? UNION ALL SELECT blob FROM parts WHERE blob IN ?
		UNION ALL SELECT blob FROM attachments WHERE blob IN ?
		UNION ALL SELECT blob FROM order_lines WHERE blob IN ? AND blob <> ''`, ids, ids, ids, ids).Scan(&found).Error
	known := make(map[string]bool, len(found))
	for _, id := range found {
		known[id] = true
	}
	return known, translate(err)
}

// stage writes what r gives to disk, as objects.Dir does, as long as the disk
// has room for more than small changes. An error of r is returned as it is.
func (db *DB) stage(ctx context.Context, r io.Reader, limit int64) (objects.Staged, error) {
	if err := db.hasRoom(ctx); err != nil {
		return objects.Staged{}, err
	}
	staged, err := db.objects.Stage(ctx, thrifty{ctx, db, r}, limit)
	switch {
	case errors.Is(err, objects.ErrTooLarge):
		err = fmt.Errorf("%w: %w", ErrTooLarge, err)
	case errors.Is(err, objects.ErrNoSpace):
		err = fmt.Errorf("%w: %w", ErrNoSpace, err)
	}
	return staged, err
}

// dropBlobs is the job that moves the bytes of objects whose records are gone
// aside, unless other objects have them too. A blob that no record names is never
// named again: a copy is made of an object that is there.
var dropBlobs = Work{Unseen: true, Steps: []WorkStep{{"drop", func(ctx context.Context, db *DB, job *Job) error {
	var ids []string
	if err := json.Unmarshal([]byte(job.Payload), &ids); err != nil {
		return &Failure{Code: "internal", Detail: err.Error()}
	}
	for some := range slices.Chunk(ids, mostAtOnce) {
		known, err := db.knownBlobs(ctx, some)
		if err != nil {
			return err
		}
		for _, id := range some {
			if known[id] {
				continue
			}
			if err := db.objects.Drop(id, SystemClock()); err != nil {
				return err
			}
		}
	}
	return nil
}}}}

// forgetBlobs promises, in the caller's transaction, to move the bytes of objects
// whose records it deleted aside.
func (db *DB) forgetBlobs(ctx context.Context, by Actor, ids ...string) error {
	if len(ids) == 0 {
		return nil
	}
	_, err := db.queue(ctx, by, DropBlobsJob, "", "", ids)
	return err
}

// ServerActor is the program itself, acting for a job in the job's team on
// behalf of the person who asked for it.
func (db *DB) ServerActor(ctx context.Context, job *Job) (Actor, error) {
	var offset int64
	err := db.gorm.WithContext(ctx).Table("teams").Where("id = ?", job.TeamID).Pluck("clock_offset_ms", &offset).Error
	if err != nil {
		return Actor{}, translate(err)
	}
	by := Actor{TeamID: job.TeamID, Role: Admin, ClockOffset: msDuration(offset), Face: ByServer}
	users, err := query.Of[User](db.gorm).Where("id = ?", job.CreatedBy).Limit(1).Find(ctx)
	if err != nil {
		return Actor{}, translate(err)
	}
	for _, u := range users {
		by.UserID, by.UserName = u.ID, u.Name
	}
	return by, nil
}
