package models

import (
	"context"
	"crypto/md5" // #nosec G501 -- the checksum of the documents, no protection
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
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
	ContentType string // exactly as given
	Headers     ObjectHeaders
	// SHA256 and MD5 are lower-case hex. What was joined from parts has no MD5, and
	// its SHA256 is empty until a job has read it.
	SHA256 string `gorm:"column:sha256"`
	MD5    string `gorm:"column:md5"`
	// CRC64 (ECMA-182) is a decimal number, empty for what an older version put.
	CRC64 string `gorm:"column:crc64"`
	// Joined is the ETag of what was joined from parts, empty for all other objects.
	Joined string
	// Multipart tells that it was joined from parts itself, and is no copy.
	Multipart bool
	// Blob is where models/objects keeps the bytes; where it is empty they are the
	// parts that the object owns.
	Blob        string
	CreatedBy   string
	CreatorName string
	CreatedAt   time.Time
}

// ETag is the object's entity tag as the OSS documents have it, without quotes:
// its MD5 in upper case, or one that ends in the number of its parts.
func (o *Object) ETag() string {
	if o.Joined != "" {
		return o.Joined
	}
	return strings.ToUpper(o.MD5)
}

// ofBucket narrows objects that are named by their ids. Plain columns would let
// SQLite walk the whole bucket instead.
const ofBucket = "team_id || '' = ? AND bucket_id || '' = ?"

// Sent is what a sender announces about bytes.
type Sent struct {
	// Limit is the most bytes to take; 0 leaves it to the bucket's own limit.
	Limit int64
	// Length is how many bytes will come, 0 when that is not known.
	Length int64
	// ContentMD5 is what their MD5 has to be, in base64; "" leaves it open.
	ContentMD5 string
}

// ObjectInput is what a caller says about an object to put into a bucket.
type ObjectInput struct {
	BucketID string
	// Key is 1 to 1,024 bytes of UTF-8 and is kept as it is.
	Key string
	// ContentType is kept as it is; "" is the type of unknown bytes.
	ContentType string
	Headers     ObjectHeaders
	// ForbidOverwrite refuses when there is an object under the key.
	ForbidOverwrite bool
	Sent
}

// check is the rule of an input that it breaks.
func (in *ObjectInput) check() error {
	if err := checkKey(in.Key); err != nil {
		return err
	}
	if in.ContentType == "" {
		in.ContentType = "application/octet-stream"
	}
	if !headerText(in.ContentType) || !utf8.ValidString(in.ContentType) {
		return invalid("content_type", "line")
	}
	return in.Headers.check(len(in.ContentType))
}

// ObjectPath is the address that documents and SDKs know an object by.
func ObjectPath(bucket, key string) string { return "oss://" + bucket + "/" + key }

// validKey tells whether a key can be kept. Every character is allowed but the
// zero character, which PostgreSQL cannot keep.
func validKey(key string) bool {
	return utf8.ValidString(key) && !strings.ContainsRune(key, 0)
}

// mostKeyBytes is how long a key may be.
const mostKeyBytes = 1024

func checkKey(key string) error {
	switch {
	case key == "":
		return invalid("file", "key_empty")
	case len(key) > mostKeyBytes:
		return invalid("file", "key_too_long")
	case !validKey(key):
		return invalid("file", "key_text")
	}
	return nil
}

// PutObject reads r to its end and keeps the bytes under a key of a bucket, in
// place of the object that was there. It stops reading as soon as the bucket's
// limit is passed (Invalid "bucket_full") or the input's (ErrTooLarge). Bytes that
// are fewer than was announced or have another MD5 are refused (Invalid
// "incomplete", "digest"), and so are an object that a package version uses
// (InUse) and, where overwriting is forbidden, one that is there (Invalid
// "exists"). When it returns an error, nothing of the upload is left.
func (db *DB) PutObject(ctx context.Context, by Actor, in ObjectInput, r io.Reader) (*Object, error) {
	b, old, err := db.mayPut(ctx, by, &in)
	if err != nil {
		return nil, err
	}
	replaces := int64(0)
	if old != nil {
		replaces = old.Size
	}
	staged, err := db.receive(ctx, b, in.Sent, replaces, r)
	if err != nil {
		return nil, err
	}
	o := db.newObject(by, in, staged)
	err = db.tx(ctx, func(ctx context.Context, tx *DB) error { return tx.putObject(ctx, by, o, in.ForbidOverwrite) })
	if err != nil {
		return nil, errors.Join(err, db.abandon(ctx, by, b.ID, staged.ID))
	}
	db.keep(staged.ID)
	return o, nil
}

// mayPut is the bucket that an object is to be put into and the object that is
// under its key, or nil. It refuses early what would be refused in the end.
func (db *DB) mayPut(ctx context.Context, by Actor, in *ObjectInput) (*Bucket, *Object, error) {
	if err := db.mayReach(ctx, by, WriteObjects, in.BucketID, in.Key); err != nil {
		return nil, nil, err
	}
	if err := in.check(); err != nil {
		return nil, nil, err
	}
	if err := db.ObjectStorageOn(ctx, by); err != nil {
		return nil, nil, err
	}
	b, err := db.bucketOf(ctx, by, in.BucketID)
	if err != nil {
		return nil, nil, err
	}
	old, err := db.objectUnder(ctx, by, b.ID, in.Key)
	switch {
	case errors.Is(err, ErrNotFound):
		return b, nil, nil
	case err == nil && in.ForbidOverwrite:
		err = invalid("file", "exists", in.Key)
	case err == nil:
		err = db.unused(ctx, by, []Object{*old})
	}
	return b, old, err
}

// newObject is an object of staged bytes that is not recorded yet.
func (db *DB) newObject(by Actor, in ObjectInput, of objects.Staged) *Object {
	return &Object{
		ID: db.newID(), TeamID: by.TeamID, BucketID: in.BucketID, Key: in.Key, Size: of.Size, ContentType: in.ContentType, Headers: in.Headers,
		SHA256: of.SHA256, MD5: of.MD5, CRC64: of.CRC64, Blob: of.ID,
		CreatedBy: by.UserID, CreatorName: by.UserName, CreatedAt: db.TeamNow(by),
	}
}

// errBucketFull ends an upload that would not fit.
var errBucketFull = errors.New("bucket full")

// receive stages the bytes that somebody sends for a bucket in place of so many.
func (db *DB) receive(ctx context.Context, b *Bucket, sent Sent, replaces int64, r io.Reader) (objects.Staged, error) {
	want, err := base64.StdEncoding.DecodeString(sent.ContentMD5)
	if err != nil || sent.ContentMD5 != "" && len(want) != md5.Size {
		return objects.Staged{}, invalid("file", "digest")
	}
	up := db.staging.begin(b, replaces, r)
	defer up.end()
	limit := up.room + up.replaces
	full := sent.Limit <= 0 || limit <= sent.Limit
	if !full {
		limit = sent.Limit
	}
	var staged objects.Staged
	if err = ErrTooLarge; sent.Length <= limit {
		staged, err = db.stage(ctx, up, limit)
	}
	switch {
	case errors.Is(err, errBucketFull), errors.Is(err, ErrTooLarge) && full:
		return objects.Staged{}, invalid("file", "bucket_full", b.Name)
	case err != nil:
		return objects.Staged{}, err
	case staged.Size < sent.Length:
		err = invalid("file", "incomplete")
	case len(want) > 0 && hex.EncodeToString(want) != staged.MD5:
		err = invalid("file", "digest")
	}
	if err != nil {
		return objects.Staged{}, errors.Join(err, db.objects.Discard(staged.ID))
	}
	return staged, nil
}

// roomIn is how many bytes more a bucket takes.
func roomIn(b *Bucket) int64 {
	const most = 1 << 62
	if b.SizeLimit == 0 {
		return most
	}
	return max(0, b.SizeLimit-b.UsedBytes-b.ReservedBytes)
}

// keep moves a blob that is recorded to its place. Until it is there it is read
// where it was staged, and the next start moves it.
func (db *DB) keep(blob string) {
	if err := db.objects.Keep(blob); err != nil {
		db.log.Error("keep object", "blob", blob, "error", err)
	}
}

// putObject records an object whose bytes are staged or kept, in the caller's
// transaction.
func (db *DB) putObject(ctx context.Context, by Actor, o *Object, forbid bool) error {
	b, err := db.holdBucket(ctx, by, o.BucketID)
	if err != nil {
		return err
	}
	old, err := query.All[Object](ctx, db.gorm, "", "bucket_id = ? AND key = ?", o.BucketID, o.Key)
	if err != nil {
		return err
	}
	action, bytes, count := "object.uploaded", o.Size, int64(1)
	if len(old) > 0 {
		if forbid {
			return invalid("file", "exists", o.Key)
		}
		if err := db.unused(ctx, by, old); err != nil {
			return err
		}
		err := db.dropObjects(ctx, by, old)
		if errors.Is(err, gorm.ErrForeignKeyViolated) { // a version began to use it at this moment
			return &InUse{Key: o.Key}
		}
		if err != nil {
			return err
		}
		action, bytes, count = "object.replaced", bytes-old[0].Size, 0
	}
	if err := query.Of[Object](db.gorm).Create(ctx, o); err != nil {
		return fmt.Errorf("record object: %w", err)
	}
	if err := db.fill(ctx, b, bytes, count, 0); err != nil {
		return err
	}
	return db.recordObject(ctx, by, action, b, o)
}

// recordObject writes an event about an object. Its subject is the bucket, so
// that it stands in the bucket's timeline.
func (db *DB) recordObject(ctx context.Context, by Actor, action string, b *Bucket, o *Object) error {
	detail := map[string]any{"bucket": b.Name, "object": o.ID, "bytes": o.Size}
	if o.SHA256 != "" {
		detail["sha256"] = o.SHA256
	} else {
		detail["etag"] = o.ETag()
	}
	return db.Record(ctx, by, Event{
		Action: action, Kind: KindObject, SubjectID: b.ID, SubjectName: o.Key, Region: b.Region,
	}, detail)
}

// holdBucket is a bucket of the actor's team that no other transaction changes
// until this one ends.
func (db *DB) holdBucket(ctx context.Context, by Actor, id string) (*Bucket, error) {
	b, err := query.Change[Bucket](ctx, db.gorm, "updated_at = ? WHERE team_id = ? AND id = ?", db.TeamNow(by), by.TeamID, id)
	if err != nil {
		return nil, translate(err)
	}
	return &b, nil
}

// fill adds bytes and objects, and bytes of parts that are no object yet, or
// subtracts them, in the counts of a bucket and its team. A bucket is never filled
// beyond its limit.
func (db *DB) fill(ctx context.Context, b *Bucket, bytes, objects, reserved int64) error {
	more := bytes + reserved
	n, err := query.Do(ctx, db.gorm, `UPDATE buckets SET used_bytes = used_bytes + ?, object_count = object_count + ?, reserved_bytes = reserved_bytes + ?
		WHERE id = ? AND (? OR size_limit = 0 OR used_bytes + reserved_bytes + ? <= size_limit)`, bytes, objects, reserved, b.ID, more <= 0, more)
	if err != nil {
		return fmt.Errorf("fill bucket: %w", err)
	}
	if n == 0 {
		return invalid("file", "bucket_full", b.Name)
	}
	if bytes == 0 {
		return nil
	}
	return db.count(ctx, b.TeamID, "bytes", bytes)
}

// abandon removes staged bytes that could not be recorded. When a lost connection
// left open whether they were, holding the bucket waits for the answer; when there
// is none, a sweep looks again.
func (db *DB) abandon(ctx context.Context, by Actor, bucketID, blob string) error {
	return db.tx(context.WithoutCancel(ctx), func(ctx context.Context, tx *DB) error {
		by := Actor{TeamID: by.TeamID, Role: Viewer}
		if _, err := tx.holdBucket(ctx, by, bucketID); err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		known, err := tx.knownBlobs(ctx, []string{blob})
		if err != nil || known[blob] {
			return err
		}
		return tx.objects.Discard(blob)
	})
}

// FindObject is the object under a key of a bucket of the actor's team.
func (db *DB) FindObject(ctx context.Context, by Actor, bucketID, key string) (*Object, error) {
	if err := db.mayReach(ctx, by, ReadObjects, bucketID, key); err != nil {
		return nil, err
	}
	return db.objectUnder(ctx, by, bucketID, key)
}

// objectUnder is FindObject whatever the actor may do.
func (db *DB) objectUnder(ctx context.Context, by Actor, bucketID, key string) (*Object, error) {
	if !validKey(key) {
		return nil, ErrNotFound
	}
	return recalled(ctx, db, db.objectRows, by.TeamID+" "+bucketID+" "+key, func() (Object, error) {
		return query.One[Object](ctx, db.gorm, "team_id = ? AND bucket_id = ? AND key = ?", by.TeamID, bucketID, key)
	})
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
// caller closes the reader, which for a day goes on giving the bytes of this object
// when it is replaced or deleted meanwhile.
func (db *DB) ReadObject(ctx context.Context, by Actor, bucketID, key string) (*Object, io.ReadSeekCloser, error) {
	for tries := 0; ; tries++ {
		o, err := db.FindObject(ctx, by, bucketID, key)
		if err != nil {
			return nil, nil, err
		}
		f, err := db.openObject(ctx, o)
		if err == nil {
			return o, f, nil
		}
		// It may have been replaced between the two reads.
		if !errors.Is(err, objects.ErrNotExist) || tries == 2 {
			return nil, nil, fmt.Errorf("read object %s: %w", o.ID, err)
		}
		db.generations.forget(ctx)
	}
}

// openObject opens the bytes of an object; objects.ErrNotExist says that they are gone.
func (db *DB) openObject(ctx context.Context, o *Object) (objects.File, error) {
	if o.Blob != "" {
		return objects.OpenSegments(db.objects, []objects.Segment{{Blob: o.Blob, Size: o.Size}})
	}
	var segments []objects.Segment
	err := db.gorm.WithContext(ctx).Raw("SELECT blob, size FROM parts WHERE owner = ? ORDER BY number", o.ID).Scan(&segments).Error
	if err != nil {
		return nil, translate(err)
	}
	if len(segments) == 0 {
		return nil, objects.ErrNotExist
	}
	return objects.OpenSegments(db.objects, segments)
}
