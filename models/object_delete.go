package models

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"gorm.io/gorm"

	"quartermaster/models/query"
)

// InUse is the refusal of a change to an object that package versions use, whose
// bytes they are for good. It is an Invalid "in_use" too.
type InUse struct {
	Key  string
	Uses []Use // newest first
}

// Error implements error.
func (e *InUse) Error() string { return e.Unwrap().Error() }

// Unwrap is the broken rule.
func (e *InUse) Unwrap() error { return invalid("file", "in_use", e.Key) }

// Gone is what became of one object that was to be deleted.
type Gone struct {
	ID  string
	Key string // empty when the object was not found
	// Err is nil when the object is deleted, ErrNotFound when there is none of
	// that id, or Invalid "in_use" when package versions use it: those of Uses.
	Err  error
	Uses []Use
}

// mostAtOnce is how many objects one call deletes.
const mostAtOnce = 1000

// DeleteObjects deletes objects of a bucket, by their ids, and says of each
// what became of it, in the order of the ids. Those that cannot be deleted do
// not stop the others.
func (db *DB) DeleteObjects(ctx context.Context, by Actor, bucketID string, ids []string) ([]Gone, error) {
	if err := by.may(Request); err != nil {
		return nil, err
	}
	if len(ids) > mostAtOnce {
		return nil, ErrTooLarge
	}
	var gone []Gone
	err := db.deleting(ctx, func(ctx context.Context, tx *DB) (err error) {
		gone, err = tx.deleteObjects(ctx, by, bucketID, ids)
		return err
	})
	if err != nil {
		return nil, err
	}
	return gone, nil
}

func (db *DB) deleteObjects(ctx context.Context, by Actor, bucketID string, ids []string) ([]Gone, error) {
	b, err := db.holdBucket(ctx, by, bucketID)
	if err != nil {
		return nil, err
	}
	found, err := query.Of[Object](db.gorm).Where("id IN ? AND "+ofBucket, ids, by.TeamID, bucketID).Find(ctx)
	if err != nil {
		return nil, err
	}
	uses, err := db.ListObjectUses(ctx, by, found)
	if err != nil {
		return nil, err
	}
	byID := make(map[string]Object, len(found))
	for _, o := range found {
		byID[o.ID] = o
	}
	var gone []Gone
	var going []Object
	for _, id := range ids {
		o, ok := byID[id]
		g := Gone{ID: id, Key: o.Key, Uses: uses[id]}
		switch {
		case !ok:
			g.Err = ErrNotFound
		case len(g.Uses) > 0:
			g.Err = &InUse{o.Key, g.Uses}
		default:
			going = append(going, o)
		}
		delete(byID, id) // an id may be given twice
		gone = append(gone, g)
	}
	return gone, db.removeObjects(ctx, by, b, going)
}

// DeleteKeys deletes the objects under keys of a bucket, all or, when package
// versions use one of them (InUse), none. Keys without an object are passed over.
func (db *DB) DeleteKeys(ctx context.Context, by Actor, bucketID string, keys ...string) error {
	if err := db.mayReach(ctx, by, WriteObjects, bucketID, keys...); err != nil {
		return err
	}
	if len(keys) > mostAtOnce {
		return ErrTooLarge
	}
	keys = slices.DeleteFunc(slices.Clone(keys), func(key string) bool { return !validKey(key) })
	return db.deleting(ctx, func(ctx context.Context, tx *DB) error {
		b, err := tx.holdBucket(ctx, by, bucketID)
		if err != nil {
			return err
		}
		found, err := query.Of[Object](tx.gorm).Where("bucket_id = ? AND key IN ?", b.ID, keys).Order("key").Find(ctx)
		if err != nil {
			return err
		}
		if err := tx.unused(ctx, by, found); err != nil {
			return err
		}
		return tx.removeObjects(ctx, by, b, found)
	})
}

// deleting runs a transaction that deletes objects. A version may begin to use an
// object while it is being deleted; the database refuses then, and the next look
// sees the version.
func (db *DB) deleting(ctx context.Context, do func(ctx context.Context, tx *DB) error) (err error) {
	for range 3 {
		if err = db.tx(ctx, do); !errors.Is(err, gorm.ErrForeignKeyViolated) {
			break
		}
	}
	return err
}

// unused is InUse where package versions use one of the objects.
func (db *DB) unused(ctx context.Context, by Actor, of []Object) error {
	uses, err := db.usesOf(ctx, by, of)
	if err != nil {
		return err
	}
	for _, o := range of {
		if used := uses[o.ID]; len(used) > 0 {
			return &InUse{o.Key, used}
		}
	}
	return nil
}

// removeObjects deletes objects of a bucket, in the caller's transaction.
func (db *DB) removeObjects(ctx context.Context, by Actor, b *Bucket, going []Object) error {
	if len(going) == 0 {
		return nil
	}
	var bytes int64
	for i := range going {
		bytes += going[i].Size
		if err := db.recordObject(ctx, by, "object.deleted", b, &going[i]); err != nil {
			return err
		}
	}
	if err := db.dropObjects(ctx, by, going); err != nil {
		return err
	}
	return db.fill(ctx, b, -bytes, -int64(len(going)), 0)
}

// dropObjects deletes the rows of objects of one bucket and promises to drop what
// only they had, in the caller's transaction. It counts nothing.
func (db *DB) dropObjects(ctx context.Context, by Actor, going []Object) error {
	var ids, joined, blobs []string
	for _, o := range going {
		if ids = append(ids, o.ID); o.Blob == "" {
			joined = append(joined, o.ID)
		} else {
			blobs = append(blobs, o.Blob)
		}
	}
	_, err := query.Of[Object](db.gorm).Where("id IN ? AND "+ofBucket, ids, by.TeamID, going[0].BucketID).Delete(ctx)
	if err != nil {
		return fmt.Errorf("delete objects: %w", err)
	}
	pieces, err := db.deleteParts(ctx, "owner IN ?", joined)
	if err != nil {
		return err
	}
	return db.forgetBlobs(ctx, by, append(blobs, pieces...)...)
}

// Use is a package version that uses an object, which cannot be deleted as
// long.
type Use struct {
	ObjectID  string
	VersionID string
	Label     string
	AppID     string
	AppName   string
}

// ListObjectUses are the package versions that use the objects, by the
// objects' ids.
func (db *DB) ListObjectUses(ctx context.Context, by Actor, of []Object) (map[string][]Use, error) {
	if err := by.may(See); err != nil {
		return nil, err
	}
	return db.usesOf(ctx, by, of)
}

func (db *DB) usesOf(ctx context.Context, by Actor, of []Object) (map[string][]Use, error) {
	ids := make([]string, len(of))
	for i, o := range of {
		ids[i] = o.ID
	}
	if len(ids) == 0 {
		return nil, nil
	}
	var rows []Use
	err := db.gorm.WithContext(ctx).Table("pkg_versions AS v").Joins("JOIN apps AS a ON a.id = v.app_id").
		Select("v.object_id, v.id AS version_id, v.label, a.id AS app_id, a.name AS app_name").
		Where("v."+alsoOfTeam+" AND v.object_id IN ?", by.TeamID, ids).Order("v.created_at DESC, v.id DESC").Scan(&rows).Error
	if err != nil {
		return nil, translate(err)
	}
	uses := make(map[string][]Use, len(rows))
	for _, u := range rows {
		uses[u.ObjectID] = append(uses[u.ObjectID], u)
	}
	return uses, nil
}
