package models

import (
	"context"

	"quartermaster/models/query"
)

// CopyInput says what to copy and what the copy is to be.
type CopyInput struct {
	// FromBucket and FromKey name the object that is copied, in the actor's team.
	FromBucket, FromKey string
	// If looks at that object before anything changes, and may refuse by an error,
	// which CopyObject returns as it is. It may be nil.
	If func(*Object) error
	// Replace gives the copy the type and the headers of To; otherwise it has those
	// of the object.
	Replace bool
	// To says where the copy is put. What it announces about bytes does not count.
	To ObjectInput
}

// CopyObject puts an object's bytes under another key, or its own, without copying
// them. There is no object under FromKey: ErrNotFound. What PutObject refuses is
// refused here too. A copy of what was joined from parts keeps its ETag.
func (db *DB) CopyObject(ctx context.Context, by Actor, in CopyInput) (*Object, error) {
	if !in.Replace {
		in.To.ContentType, in.To.Headers = "", ObjectHeaders{}
	}
	if err := db.mayReach(ctx, by, ReadObjects, in.FromBucket, in.FromKey); err != nil {
		return nil, err
	}
	if _, _, err := db.mayPut(ctx, by, &in.To); err != nil {
		return nil, err
	}
	var o *Object
	err := db.tx(ctx, func(ctx context.Context, tx *DB) (err error) {
		o, err = tx.copyObject(ctx, by, in)
		return err
	})
	if err != nil {
		return nil, err
	}
	return o, nil
}

func (db *DB) copyObject(ctx context.Context, by Actor, in CopyInput) (*Object, error) {
	// Both buckets are held, always in the same order, so that the bytes are not
	// dropped meanwhile.
	for _, id := range []string{min(in.FromBucket, in.To.BucketID), max(in.FromBucket, in.To.BucketID)} {
		if _, err := query.Do(ctx, db.gorm, "UPDATE buckets SET updated_at = updated_at WHERE team_id = ? AND id = ?", by.TeamID, id); err != nil {
			return nil, err
		}
	}
	from, err := db.objectUnder(ctx, by, in.FromBucket, in.FromKey)
	if err == nil && in.If != nil {
		err = in.If(from)
	}
	if err != nil {
		return nil, err
	}
	o := *from
	o.ID, o.BucketID, o.Key, o.Multipart = db.newID(), in.To.BucketID, in.To.Key, false
	o.CreatedBy, o.CreatorName, o.CreatedAt = by.UserID, by.UserName, db.TeamNow(by)
	if in.Replace {
		o.ContentType, o.Headers = in.To.ContentType, in.To.Headers
	}
	if o.Blob == "" {
		if err := db.copyParts(ctx, from.ID, o.ID); err != nil {
			return nil, err
		}
	}
	if err := db.putObject(ctx, by, &o, in.To.ForbidOverwrite); err != nil {
		return nil, err
	}
	return &o, db.promiseHash(ctx, by, &o)
}

// hashObject is the job that finds out the SHA-256 of what was joined from parts.
// It does nothing when that is known already, or the object is gone.
var hashObject = Work{Unseen: true, Steps: []WorkStep{{"hash", func(ctx context.Context, db *DB, job *Job) error {
	found, err := query.Of[Object](db.gorm).Where("team_id = ? AND id = ? AND sha256 = ''", job.TeamID, job.SubjectID).Limit(1).Find(ctx)
	if err != nil || len(found) == 0 {
		return translate(err)
	}
	if found[0].Size > brief && !job.Long {
		return errLong
	}
	f, err := db.openObject(ctx, &found[0])
	if err != nil {
		return err
	}
	defer f.Close()
	sum, err := found[0].sum(ctx, f)
	if err != nil {
		return err
	}
	return db.tx(ctx, func(ctx context.Context, tx *DB) error { return tx.hashed(ctx, &found[0], sum) })
}}}}

// promiseHash promises, in the caller's transaction, to find out the SHA-256 of an
// object that has none.
func (db *DB) promiseHash(ctx context.Context, by Actor, o *Object) error {
	if o.SHA256 != "" {
		return nil
	}
	_, err := db.queue(ctx, by, HashObjectJob, o.ID, "", nil)
	return err
}

// hashed keeps the SHA-256 of an object that had none.
func (db *DB) hashed(ctx context.Context, o *Object, sum string) error {
	_, err := query.Of[Object](db.gorm).Where("team_id = ? AND id = ? AND sha256 = ''", o.TeamID, o.ID).Update(ctx, "sha256", sum)
	return err
}
