package models

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"os"
	"strings"
	"time"
	"unicode/utf8"

	"gorm.io/gorm"

	"quartermaster/models/objects"
	"quartermaster/models/query"
)

// Object is bytes that a bucket holds under a key.
type Object struct {
	ID          string
	TeamID      string
	BucketID    string
	Key         string // exactly as given; a label, never a path
	Size        int64
	ContentType string
	SHA256      string `gorm:"column:sha256"`
	MD5         string `gorm:"column:md5"`
	Blob        string // where models/objects keeps the bytes
	CreatedBy   string
	CreatorName string
	CreatedAt   time.Time
}

// ofBucket narrows objects that are named by their ids. Plain columns would let
// SQLite walk the whole bucket instead.
const ofBucket = "team_id || '' = ? AND bucket_id || '' = ?"

// ObjectInput is what a caller says about an object to put into a bucket.
type ObjectInput struct {
	BucketID string
	// Key is 1 to 1,024 bytes of UTF-8 and is kept as it is.
	Key         string
	ContentType string
	// Limit is the most bytes to take; 0 leaves it to the bucket's own limit.
	Limit int64
}

// ObjectPath is the address that documents and SDKs know an object by.
func ObjectPath(bucket, key string) string { return "oss://" + bucket + "/" + key }

// validKey tells whether a key can be kept. Every character is allowed but the
// zero character, which PostgreSQL cannot keep.
func validKey(key string) bool {
	return utf8.ValidString(key) && !strings.ContainsRune(key, 0)
}

func checkKey(key string) error {
	switch {
	case key == "":
		return invalid("file", "key_empty")
	case len(key) > 1024:
		return invalid("file", "key_too_long")
	case !validKey(key):
		return invalid("file", "key_text")
	}
	return nil
}

// contentType is a media type that may be sent to a browser, or the type for
// unknown bytes.
func contentType(given string) string {
	kind, params, err := mime.ParseMediaType(given)
	if err == nil && strings.Contains(kind, "/") {
		if text := mime.FormatMediaType(kind, params); text != "" && len(text) <= 255 {
			return text
		}
	}
	return "application/octet-stream"
}

// PutObject reads r to its end and keeps the bytes under a key of a bucket, in
// place of the object that was there. It stops reading as soon as the bucket's
// limit is passed (Invalid "bucket_full") or the input's (ErrTooLarge). An
// object that a package version uses is not replaced (Invalid "in_use"). When
// it returns an error, nothing of the upload is left.
func (db *DB) PutObject(ctx context.Context, by Actor, in ObjectInput, r io.Reader) (*Object, error) {
	if err := by.may(Request); err != nil {
		return nil, err
	}
	if err := checkKey(in.Key); err != nil {
		return nil, err
	}
	if err := db.objectStorageOn(ctx, by); err != nil {
		return nil, err
	}
	b, err := db.FindBucket(ctx, by, in.BucketID)
	if err != nil {
		return nil, err
	}
	room, err := db.room(ctx, b, in.Key)
	if err != nil {
		return nil, err
	}
	limit := room
	if in.Limit > 0 && in.Limit < room {
		limit = in.Limit
	}
	staged, err := db.stage(ctx, r, limit)
	if errors.Is(err, ErrTooLarge) && limit == room {
		return nil, invalid("file", "bucket_full", b.Name)
	}
	if err != nil {
		return nil, err
	}
	o := &Object{
		ID: db.newID(), TeamID: by.TeamID, BucketID: b.ID, Key: in.Key, Size: staged.Size,
		ContentType: contentType(in.ContentType), SHA256: staged.SHA256, MD5: staged.MD5, Blob: staged.ID,
		CreatedBy: by.UserID, CreatorName: by.UserName, CreatedAt: db.TeamNow(by),
	}
	err = db.tx(ctx, func(ctx context.Context, tx *DB) error { return tx.putObject(ctx, by, o) })
	if err != nil {
		return nil, errors.Join(err, db.abandon(ctx, o))
	}
	// Until it is kept a recorded blob is read where it was staged, and the
	// next start keeps it.
	if err := db.objects.Keep(o.Blob); err != nil {
		db.log.Error("keep object", "object", o.ID, "error", err)
	}
	return o, nil
}

// room is how many bytes an object of that key may have in a bucket now.
func (db *DB) room(ctx context.Context, b *Bucket, key string) (int64, error) {
	const most = 1 << 62
	if b.SizeLimit == 0 {
		return most, nil
	}
	old, err := query.Of[Object](db.gorm).Where("bucket_id = ? AND key = ?", b.ID, key).Limit(1).Find(ctx)
	if err != nil {
		return 0, translate(err)
	}
	room := b.SizeLimit - b.UsedBytes
	for _, o := range old {
		room += o.Size
	}
	return max(0, room), nil
}

// putObject records an object whose bytes are staged, in the caller's
// transaction.
func (db *DB) putObject(ctx context.Context, by Actor, o *Object) error {
	b, err := db.holdBucket(ctx, by, o.BucketID)
	if err != nil {
		return err
	}
	old, err := query.Of[Object](db.gorm).Where("bucket_id = ? AND key = ?", o.BucketID, o.Key).Limit(1).Find(ctx)
	if err != nil {
		return err
	}
	bytes, count := o.Size, int64(1)
	for _, was := range old {
		bytes, count = bytes-was.Size, 0
		_, err := query.Of[Object](db.gorm).Where("id = ?", was.ID).Delete(ctx)
		if errors.Is(err, gorm.ErrForeignKeyViolated) {
			return invalid("file", "in_use", was.Key)
		}
		if err != nil {
			return fmt.Errorf("replace object: %w", err)
		}
		if err := db.forgetBlobs(ctx, by, was.Blob); err != nil {
			return err
		}
	}
	if err := query.Of[Object](db.gorm).Create(ctx, o); err != nil {
		return fmt.Errorf("record object: %w", err)
	}
	if err := db.fill(ctx, b, bytes, count); err != nil {
		return err
	}
	action := "object.uploaded"
	if len(old) > 0 {
		action = "object.replaced"
	}
	return db.recordObject(ctx, by, action, b, o)
}

// recordObject writes an event about an object. Its subject is the bucket, so
// that it stands in the bucket's timeline.
func (db *DB) recordObject(ctx context.Context, by Actor, action string, b *Bucket, o *Object) error {
	return db.Record(ctx, by, Event{
		Action: action, Kind: KindObject, SubjectID: b.ID, SubjectName: o.Key, Region: b.Region,
	}, map[string]any{"bucket": b.Name, "object": o.ID, "bytes": o.Size, "sha256": o.SHA256})
}

// holdBucket is a bucket of the actor's team that no other transaction changes
// until this one ends.
func (db *DB) holdBucket(ctx context.Context, by Actor, id string) (*Bucket, error) {
	if err := db.gorm.WithContext(ctx).Model(&Bucket{}).Where("team_id = ? AND id = ?", by.TeamID, id).
		Update("updated_at", db.TeamNow(by)).Error; err != nil {
		return nil, fmt.Errorf("hold bucket: %w", err)
	}
	return db.FindBucket(ctx, by, id)
}

// fill adds bytes and objects, or subtracts them, in the counts of a bucket and
// its team. A bucket is never filled beyond its limit.
func (db *DB) fill(ctx context.Context, b *Bucket, bytes, objects int64) error {
	res := db.gorm.WithContext(ctx).Exec(`UPDATE buckets SET used_bytes = used_bytes + ?, object_count = object_count + ?
		WHERE id = ? AND (? <= 0 OR size_limit = 0 OR used_bytes + ? <= size_limit)`, bytes, objects, b.ID, bytes, bytes)
	if res.Error != nil {
		return fmt.Errorf("fill bucket: %w", res.Error)
	}
	if res.RowsAffected == 0 {
		return invalid("file", "bucket_full", b.Name)
	}
	return db.count(ctx, b.TeamID, "bytes", bytes)
}

// abandon removes the staged bytes of an object that could not be recorded.
// When a lost connection left open whether it was, holding the bucket waits
// for the answer; when there is none, a sweep looks again.
func (db *DB) abandon(ctx context.Context, o *Object) error {
	return db.tx(context.WithoutCancel(ctx), func(ctx context.Context, tx *DB) error {
		by := Actor{TeamID: o.TeamID, Role: Viewer}
		if _, err := tx.holdBucket(ctx, by, o.BucketID); err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		known, err := tx.knownBlobs(ctx, []string{o.Blob})
		if err != nil || known[o.Blob] {
			return err
		}
		return tx.objects.Discard(o.Blob)
	})
}

// FindObject is the object under a key of a bucket of the actor's team.
func (db *DB) FindObject(ctx context.Context, by Actor, bucketID, key string) (*Object, error) {
	if err := by.may(See); err != nil {
		return nil, err
	}
	if !validKey(key) {
		return nil, ErrNotFound
	}
	o, err := query.Of[Object](db.gorm).Where("team_id = ? AND bucket_id = ? AND key = ?", by.TeamID, bucketID, key).First(ctx)
	if err != nil {
		return nil, translate(err)
	}
	return &o, nil
}

// FindObjects are those objects of a bucket that exist of the given ids, in the
// order of their keys.
func (db *DB) FindObjects(ctx context.Context, by Actor, bucketID string, ids []string) ([]Object, error) {
	if err := by.may(See); err != nil {
		return nil, err
	}
	if len(ids) > mostAtOnce {
		return nil, ErrTooLarge
	}
	found, err := query.Of[Object](db.gorm).Where("id IN ? AND "+ofBucket, ids, by.TeamID, bucketID).Order("key").Find(ctx)
	return found, translate(err)
}

// ReadObject opens the object under a key of a bucket of the actor's team. The
// caller closes the reader, which goes on giving the bytes of this object when
// it is replaced or deleted meanwhile.
func (db *DB) ReadObject(ctx context.Context, by Actor, bucketID, key string) (*Object, io.ReadSeekCloser, error) {
	for tries := 0; ; tries++ {
		o, err := db.FindObject(ctx, by, bucketID, key)
		if err != nil {
			return nil, nil, err
		}
		f, err := db.readBlob(o)
		if err == nil {
			return o, f, nil
		}
		// It may have been replaced between the two reads.
		if !errors.Is(err, objects.ErrNotExist) || tries == 2 {
			return nil, nil, fmt.Errorf("read object %s: %w", o.ID, err)
		}
	}
}

func (db *DB) readBlob(o *Object) (*os.File, error) {
	f, _, err := db.objects.Read(o.Blob)
	return f, err
}

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
	var err error
	// A version may begin to use an object while it is being deleted; the
	// database refuses then, and the next look sees the version.
	for range 3 {
		err = db.tx(ctx, func(ctx context.Context, tx *DB) (err error) {
			gone, err = tx.deleteObjects(ctx, by, bucketID, ids)
			return err
		})
		if !errors.Is(err, gorm.ErrForeignKeyViolated) {
			break
		}
	}
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
	var blobs, rows []string
	var bytes int64
	for _, id := range ids {
		o, ok := byID[id]
		g := Gone{ID: id, Key: o.Key, Uses: uses[id]}
		switch {
		case !ok:
			g.Err = ErrNotFound
		case len(g.Uses) > 0:
			g.Err = invalid("file", "in_use", o.Key)
		default:
			blobs, rows, bytes = append(blobs, o.Blob), append(rows, id), bytes+o.Size
			if err := db.recordObject(ctx, by, "object.deleted", b, &o); err != nil {
				return nil, err
			}
		}
		delete(byID, id) // an id may be given twice
		gone = append(gone, g)
	}
	if len(rows) == 0 {
		return gone, nil
	}
	if _, err := query.Of[Object](db.gorm).Where("id IN ? AND "+ofBucket, rows, by.TeamID, bucketID).Delete(ctx); err != nil {
		return nil, fmt.Errorf("delete objects: %w", err)
	}
	if err := db.fill(ctx, b, -bytes, -int64(len(rows))); err != nil {
		return nil, err
	}
	return gone, db.forgetBlobs(ctx, by, blobs...)
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
		Where("v.team_id = ? AND v.object_id IN ?", by.TeamID, ids).Order("v.created_at DESC, v.id DESC").Scan(&rows).Error
	if err != nil {
		return nil, translate(err)
	}
	uses := make(map[string][]Use, len(rows))
	for _, u := range rows {
		uses[u.ObjectID] = append(uses[u.ObjectID], u)
	}
	return uses, nil
}
