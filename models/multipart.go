package models

import (
	"context"
	"crypto/md5" // #nosec G501 -- the checksum of the documents, no protection
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"quartermaster/models/objects"
	"quartermaster/models/query"
)

// Multipart is an unfinished upload in parts. The object that becomes of it has its
// id, and its parts.
type Multipart struct {
	ID              string // 32 hex digits
	TeamID          string
	BucketID        string
	Key             string
	ContentType     string
	Headers         ObjectHeaders
	ForbidOverwrite bool
	// Length and Modified are those of the file that ResumeMultipart was told of, 0
	// for all other uploads.
	Length      int64
	Modified    int64 // Unix milliseconds
	CreatedBy   string
	CreatorName string
	CreatedAt   time.Time
}

// EndsAt is when the upload ends by itself, by the team's clock.
func (m *Multipart) EndsAt() time.Time { return m.CreatedAt.Add(uploadLife) }

// Part is a piece of an upload, or of the object that became of it.
type Part struct {
	Owner     string `gorm:"primaryKey"` // the id of the upload or the object
	Number    int    `gorm:"primaryKey;autoIncrement:false"`
	Blob      string
	Size      int64
	MD5       string `gorm:"column:md5"`    // lower-case hex
	SHA256    string `gorm:"column:sha256"` // lower-case hex
	CRC64     string `gorm:"column:crc64"`  // a decimal number
	CreatedAt time.Time
}

// ETag is the part's entity tag as the OSS documents have it, without quotes.
func (p *Part) ETag() string { return strings.ToUpper(p.MD5) }

const (
	// MaxPartNumber is the greatest number of a part; the least is 1.
	MaxPartNumber = 10_000
	// minPart is the least size of every part but the last.
	minPart = 100 << 10
	// mostUploads is how many unfinished uploads in parts a bucket has.
	mostUploads = 10_000
	// uploadLife is how long an upload in parts may be unfinished.
	uploadLife = 7 * 24 * time.Hour
)

// BeginMultipart begins an upload in parts. What PutObject refuses before it reads
// is refused here too, and an upload to a bucket that has 10,000 unfinished ones
// (Invalid "file" "many_uploads"). The upload ends by itself after 7 days.
func (db *DB) BeginMultipart(ctx context.Context, by Actor, in ObjectInput) (*Multipart, error) {
	if _, _, err := db.mayPut(ctx, by, &in); err != nil {
		return nil, err
	}
	if err := db.hasRoom(ctx); err != nil {
		return nil, err
	}
	m := db.newMultipart(by, in)
	err := db.tx(ctx, func(ctx context.Context, tx *DB) error {
		if _, err := tx.holdBucket(ctx, by, in.BucketID); err != nil {
			return err
		}
		return tx.addMultipart(ctx, m)
	})
	if err != nil {
		return nil, err
	}
	return m, nil
}

// addMultipart records a new upload, in the transaction that holds its bucket.
func (db *DB) addMultipart(ctx context.Context, m *Multipart) error {
	var n int
	err := query.Row(ctx, db.gorm, "SELECT COUNT(*) FROM (SELECT 1 FROM multiparts WHERE bucket_id = ? LIMIT ?) AS begun", []any{m.BucketID, mostUploads}, &n)
	if err != nil {
		return err
	}
	if n == mostUploads {
		return invalid("file", "many_uploads")
	}
	return query.Of[Multipart](db.gorm).Create(ctx, m)
}

// newMultipart is an upload that is not recorded yet.
func (db *DB) newMultipart(by Actor, in ObjectInput) *Multipart {
	return &Multipart{
		ID: hex.EncodeToString(db.randomBytes(16)), TeamID: by.TeamID, BucketID: in.BucketID, Key: in.Key,
		ContentType: in.ContentType, Headers: in.Headers, ForbidOverwrite: in.ForbidOverwrite,
		CreatedBy: by.UserID, CreatorName: by.UserName, CreatedAt: db.TeamNow(by),
	}
}

// MultipartRef names an unfinished upload. Where it names none of the actor's team,
// also because the upload is of another key, or has ended, the methods that take it
// return ErrNotFound.
type MultipartRef struct{ BucketID, Key, ID string }

// FindMultipart is an unfinished upload of the actor's team.
func (db *DB) FindMultipart(ctx context.Context, by Actor, of MultipartRef) (*Multipart, error) {
	err := db.mayReach(ctx, by, ListObjects, of.BucketID, of.Key)
	if err != nil { // whoever uploads may see how far it is
		err = db.mayReach(ctx, by, WriteObjects, of.BucketID, of.Key)
	}
	if err != nil {
		return nil, err
	}
	return db.multipart(ctx, by, of)
}

// multipart is FindMultipart whatever the actor may do.
func (db *DB) multipart(ctx context.Context, by Actor, of MultipartRef) (*Multipart, error) {
	if !validKey(of.Key) || !validKey(of.ID) {
		return nil, ErrNotFound
	}
	m, err := query.One[Multipart](ctx, db.gorm, "id = ? AND team_id = ? AND bucket_id = ? AND key = ?", of.ID, by.TeamID, of.BucketID, of.Key)
	if err != nil {
		return nil, translate(err)
	}
	return &m, nil
}

// PutPart reads r to its end and keeps the bytes as the part of a number, in place
// of the part that had it. It refuses what PutObject refuses of bytes, and a number
// that no part may have (Invalid "part_number" "range"). When it returns an error,
// nothing is left of the bytes, and a former part of the number is still there.
func (db *DB) PutPart(ctx context.Context, by Actor, of MultipartRef, number int, sent Sent, r io.Reader) (*Part, error) {
	if err := db.mayReach(ctx, by, WriteObjects, of.BucketID, of.Key); err != nil {
		return nil, err
	}
	if err := db.ObjectStorageOn(ctx, by); err != nil {
		return nil, err
	}
	if number < 1 || number > MaxPartNumber {
		return nil, invalid("part_number", "range", fmt.Sprint(MaxPartNumber))
	}
	b, err := db.bucketOf(ctx, by, of.BucketID)
	if err != nil {
		return nil, err
	}
	m, err := db.multipart(ctx, by, of)
	if err != nil {
		return nil, err
	}
	old, err := db.parts(ctx, "owner = ? AND number = ?", m.ID, number)
	if err != nil {
		return nil, err
	}
	staged, err := db.receive(ctx, b, sent, sizeOf(old), r)
	if err != nil {
		return nil, err
	}
	p := &Part{Owner: m.ID, Number: number, Blob: staged.ID, Size: staged.Size, MD5: staged.MD5, SHA256: staged.SHA256, CRC64: staged.CRC64, CreatedAt: db.TeamNow(by)}
	err = db.tx(ctx, func(ctx context.Context, tx *DB) error { return tx.putPart(ctx, by, of, p) })
	if err != nil {
		return nil, errors.Join(err, db.abandon(ctx, by, b.ID, staged.ID))
	}
	db.keep(staged.ID)
	return p, nil
}

func (db *DB) putPart(ctx context.Context, by Actor, of MultipartRef, p *Part) error {
	b, err := db.holdBucket(ctx, by, of.BucketID)
	if err != nil {
		return err
	}
	if _, err := db.multipart(ctx, by, of); err != nil {
		return err
	}
	old, err := db.parts(ctx, "owner = ? AND number = ?", p.Owner, p.Number)
	if err != nil {
		return err
	}
	if len(old) > 0 {
		blobs, err := db.deleteParts(ctx, "owner = ? AND number = ?", p.Owner, p.Number)
		if err == nil {
			err = db.forgetBlobs(ctx, by, blobs...)
		}
		if err != nil {
			return err
		}
	}
	if err := query.Of[Part](db.gorm).Create(ctx, p); err != nil {
		return fmt.Errorf("record part: %w", err)
	}
	return db.fill(ctx, b, 0, 0, p.Size-sizeOf(old))
}

// PartSource names bytes of an object for PutPart: from First to Last, both
// counted from 0 and with them; -1 as Last is the end of the object. If is as that
// of CopyInput.
type PartSource struct {
	BucketID, Key string
	If            func(*Object) error
	First, Last   int64
}

// CopyPart is PutPart with bytes of an object of the actor's team. A range that the
// object does not have is refused (Invalid "range" "range").
func (db *DB) CopyPart(ctx context.Context, by Actor, of MultipartRef, number int, sent Sent, from PartSource) (*Part, error) {
	o, f, err := db.ReadObject(ctx, by, from.BucketID, from.Key)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if from.If != nil {
		if err := from.If(o); err != nil {
			return nil, err
		}
	}
	first, last := from.First, o.Size-1
	if from.Last >= 0 {
		last = from.Last
	}
	if whole := first == 0 && from.Last < 0; !whole && (first < 0 || first > last || last >= o.Size) {
		return nil, invalid("range", "range", fmt.Sprint(o.Size))
	}
	if _, err := f.Seek(first, io.SeekStart); err != nil {
		return nil, err
	}
	sent.Length = last - first + 1
	return db.PutPart(ctx, by, of, number, sent, io.LimitReader(f, sent.Length))
}

// parts are parts in the order of their numbers.
func (db *DB) parts(ctx context.Context, where string, args ...any) ([]Part, error) {
	found, err := query.All[Part](ctx, db.gorm, "", where+" ORDER BY number", args...)
	return found, translate(err)
}

func sizeOf(parts []Part) (sum int64) {
	for _, p := range parts {
		sum += p.Size
	}
	return sum
}

// deleteParts deletes the rows of parts and returns their blobs, in the caller's
// transaction.
func (db *DB) deleteParts(ctx context.Context, where string, args ...any) (blobs []string, err error) {
	err = db.gorm.WithContext(ctx).Raw("DELETE FROM parts WHERE "+where+" RETURNING blob", args...).Scan(&blobs).Error
	if err != nil {
		err = fmt.Errorf("delete parts: %w", err)
	}
	return blobs, err
}

// copyParts gives an object the parts of another.
func (db *DB) copyParts(ctx context.Context, from, to string) error {
	_, err := query.Do(ctx, db.gorm, `INSERT INTO parts (owner, number, blob, size, md5, sha256, crc64, created_at)
		SELECT ?, number, blob, size, md5, sha256, crc64, created_at FROM parts WHERE owner = ?`, to, from)
	return err
}

// PartRef is a part as the end of an upload names it.
type PartRef struct {
	Number int
	ETag   string // in any case, with or without quotes
}

// CompleteInput says how an upload ends.
type CompleteInput struct {
	MultipartRef
	// Parts are those that the object is made of, by rising numbers. The others are
	// dropped.
	Parts []PartRef
	// All takes every part there is instead.
	All bool
	// ForbidOverwrite refuses when there is an object under the key.
	ForbidOverwrite bool
}

// CompleteMultipart makes an object of the parts of an upload, copying no bytes.
// No part is refused (Invalid "parts" "required"), and so are numbers that do not
// rise ("part_order"), a part that is not there or has another ETag
// ("part_unknown") and one but the last that is less than 100 KiB ("part_small"),
// with its number as Param; also parts that are not as many bytes as the file that
// ResumeMultipart was told of (Invalid "incomplete"), and what PutObject refuses
// when the bytes have come. After a refusal the upload is still there. An upload
// that has become the object of exactly these parts is answered by it, as long as
// it is there: an answer may have been lost.
func (db *DB) CompleteMultipart(ctx context.Context, by Actor, in CompleteInput) (*Object, error) {
	if err := db.mayReach(ctx, by, WriteObjects, in.BucketID, in.Key); err != nil {
		return nil, err
	}
	if err := db.ObjectStorageOn(ctx, by); err != nil {
		return nil, err
	}
	var o *Object
	err := db.tx(ctx, func(ctx context.Context, tx *DB) (err error) {
		o, err = tx.completeMultipart(ctx, by, in)
		return err
	})
	if err != nil {
		return nil, err
	}
	return o, nil
}

func (db *DB) completeMultipart(ctx context.Context, by Actor, in CompleteInput) (*Object, error) {
	b, err := db.holdBucket(ctx, by, in.BucketID)
	if err != nil {
		return nil, err
	}
	m, err := db.multipart(ctx, by, in.MultipartRef)
	if errors.Is(err, ErrNotFound) {
		return db.completed(ctx, by, in)
	}
	if err != nil {
		return nil, err
	}
	have, err := db.parts(ctx, "owner = ?", m.ID)
	if err != nil {
		return nil, err
	}
	chosen := have
	if !in.All {
		if chosen, err = choose(have, in.Parts); err != nil {
			return nil, err
		}
	}
	if err := largeEnough(chosen); err != nil {
		return nil, err
	}
	if m.Length > 0 && sizeOf(chosen) != m.Length {
		return nil, invalid("file", "incomplete")
	}
	if err := db.dropOthers(ctx, by, have, chosen); err != nil {
		return nil, err
	}
	if _, err := query.Do(ctx, db.gorm, "DELETE FROM multiparts WHERE id = ?", m.ID); err != nil {
		return nil, fmt.Errorf("end upload: %w", err)
	}
	if err := db.fill(ctx, b, 0, 0, -sizeOf(have)); err != nil {
		return nil, err
	}
	o := db.newObject(by, ObjectInput{BucketID: m.BucketID, Key: m.Key, ContentType: m.ContentType, Headers: m.Headers}, objects.Staged{})
	o.ID, o.Size, o.Multipart = m.ID, sizeOf(chosen), true
	if o.Joined, o.CRC64, err = join(chosen); err != nil {
		return nil, err
	}
	if err := db.putObject(ctx, by, o, m.ForbidOverwrite || in.ForbidOverwrite); err != nil {
		return nil, err
	}
	return o, db.promiseHash(ctx, by, o)
}

// completed is the object that an upload has become, when it is of the parts that
// are named, or ErrNotFound.
func (db *DB) completed(ctx context.Context, by Actor, in CompleteInput) (*Object, error) {
	if !validKey(in.ID) {
		return nil, ErrNotFound
	}
	o, err := db.objectUnder(ctx, by, in.BucketID, in.Key)
	if err != nil {
		return nil, err
	}
	have, err := db.parts(ctx, "owner = ?", in.ID)
	if err != nil {
		return nil, err
	}
	named, err := choose(have, in.Parts)
	if o.ID != in.ID || !in.All && (err != nil || len(named) != len(have)) {
		return nil, ErrNotFound
	}
	return o, nil
}

// choose are the parts that a caller names.
func choose(have []Part, named []PartRef) ([]Part, error) {
	byNumber := make(map[int]Part, len(have))
	for _, p := range have {
		byNumber[p.Number] = p
	}
	var chosen []Part
	for i, ref := range named {
		if i > 0 && ref.Number <= named[i-1].Number {
			return nil, invalid("parts", "part_order", strconv.Itoa(ref.Number))
		}
	}
	for _, ref := range named {
		p, ok := byNumber[ref.Number]
		if !ok || !strings.EqualFold(strings.Trim(ref.ETag, `"`), p.MD5) {
			return nil, invalid("parts", "part_unknown", strconv.Itoa(ref.Number))
		}
		chosen = append(chosen, p)
	}
	return chosen, nil
}

func largeEnough(parts []Part) error {
	if len(parts) == 0 {
		return invalid("parts", "required")
	}
	for _, p := range parts[:len(parts)-1] {
		if p.Size < minPart {
			return invalid("parts", "part_small", strconv.Itoa(p.Number))
		}
	}
	return nil
}

// dropOthers drops the parts that were not chosen.
func (db *DB) dropOthers(ctx context.Context, by Actor, have, chosen []Part) error {
	kept := make(map[int]bool, len(chosen))
	for _, p := range chosen {
		kept[p.Number] = true
	}
	var numbers []int
	for _, p := range have {
		if !kept[p.Number] {
			numbers = append(numbers, p.Number)
		}
	}
	if len(numbers) == 0 {
		return nil
	}
	blobs, err := db.deleteParts(ctx, "owner = ? AND number IN ?", have[0].Owner, numbers)
	if err != nil {
		return err
	}
	return db.forgetBlobs(ctx, by, blobs...)
}

// join is the ETag and the CRC64 of what parts are together.
func join(parts []Part) (etag, crc string, err error) {
	sum := md5.New() // #nosec G401 -- the checksum of the documents
	var all uint64
	for _, p := range parts {
		one, err := hex.DecodeString(p.MD5)
		if err != nil {
			return "", "", fmt.Errorf("part %d: %w", p.Number, err)
		}
		sum.Write(one)
		of, err := strconv.ParseUint(p.CRC64, 10, 64)
		if err != nil {
			return "", "", fmt.Errorf("part %d: %w", p.Number, err)
		}
		all = objects.CombineCRC64(all, of, p.Size)
	}
	return fmt.Sprintf("%X-%d", sum.Sum(nil), len(parts)), strconv.FormatUint(all, 10), nil
}

// AbortMultipart ends an upload, drops its parts and records that.
func (db *DB) AbortMultipart(ctx context.Context, by Actor, of MultipartRef) error {
	if err := db.mayReach(ctx, by, WriteObjects, of.BucketID, of.Key); err != nil {
		return err
	}
	return db.tx(ctx, func(ctx context.Context, tx *DB) error {
		b, err := tx.holdBucket(ctx, by, of.BucketID)
		if err != nil {
			return err
		}
		m, err := tx.multipart(ctx, by, of)
		if err != nil {
			return err
		}
		have, err := tx.parts(ctx, "owner = ?", m.ID)
		if err != nil {
			return err
		}
		blobs, err := tx.deleteParts(ctx, "owner = ?", m.ID)
		if err != nil {
			return err
		}
		if _, err := query.Do(ctx, tx.gorm, "DELETE FROM multiparts WHERE id = ?", m.ID); err != nil {
			return fmt.Errorf("end upload: %w", err)
		}
		if err := tx.fill(ctx, b, 0, 0, -sizeOf(have)); err != nil {
			return err
		}
		if err := tx.forgetBlobs(ctx, by, blobs...); err != nil {
			return err
		}
		return tx.Record(ctx, by, Event{
			Action: "object.upload_ended", Kind: KindObject, SubjectID: b.ID, SubjectName: m.Key, Region: b.Region,
		}, map[string]any{"bucket": b.Name, "upload": m.ID, "bytes": sizeOf(have), "begun_by": m.CreatorName})
	})
}

// AbortMultiparts ends all unfinished uploads of a bucket and drops their parts.
func (db *DB) AbortMultiparts(ctx context.Context, by Actor, bucketID string) error {
	if err := by.may(Request); err != nil {
		return err
	}
	for {
		list, more, err := db.ListMultiparts(ctx, by, bucketID, KeyQuery{Size: mostAtOnce}, "")
		if err != nil {
			return err
		}
		for _, e := range list {
			err := db.AbortMultipart(ctx, by, MultipartRef{bucketID, e.Upload.Key, e.Upload.ID})
			if err != nil && !errors.Is(err, ErrNotFound) {
				return err
			}
		}
		if !more {
			return nil
		}
	}
}

// EndMultiparts aborts the uploads that have been unfinished for 7 days, by the
// clocks of their teams.
func (db *DB) EndMultiparts(ctx context.Context) error {
	var teams []struct {
		ID            string
		ClockOffsetMS int64 `gorm:"column:clock_offset_ms"`
	}
	err := db.gorm.WithContext(ctx).Raw("SELECT id, clock_offset_ms FROM teams WHERE id IN (SELECT team_id FROM multiparts)").Scan(&teams).Error
	for _, t := range teams {
		by := Actor{TeamID: t.ID, Role: Admin, ClockOffset: msDuration(t.ClockOffsetMS), Face: ByServer}
		old, failed := query.Of[Multipart](db.gorm).Where("team_id = ? AND created_at <= ?", t.ID, db.TeamNow(by).Add(-uploadLife)).Order("created_at").Limit(mostAtOnce).Find(ctx)
		err = errors.Join(err, failed)
		for _, m := range old {
			gone := db.AbortMultipart(ctx, by, MultipartRef{m.BucketID, m.Key, m.ID})
			if !errors.Is(gone, ErrNotFound) {
				err = errors.Join(err, gone)
			}
		}
	}
	return translate(err)
}

// CountMultiparts is how many unfinished uploads a bucket of the actor's team has.
func (db *DB) CountMultiparts(ctx context.Context, by Actor, bucketID string) (int64, error) {
	if err := by.may(See); err != nil {
		return 0, err
	}
	n, err := query.Of[Multipart](db.gorm).Where("team_id = ? AND bucket_id = ?", by.TeamID, bucketID).Count(ctx, "*")
	return n, translate(err)
}

// ListParts is an unfinished upload of the actor's team with at most n of its parts
// whose numbers are greater than after, in their order. more tells that there are
// others behind them.
func (db *DB) ListParts(ctx context.Context, by Actor, of MultipartRef, after, n int) (m *Multipart, parts []Part, more bool, err error) {
	if m, err = db.FindMultipart(ctx, by, of); err != nil {
		return nil, nil, false, err
	}
	parts, err = query.Of[Part](db.gorm).Where("owner = ? AND number > ?", m.ID, after).Order("number").Limit(n + 1).Find(ctx)
	if more = len(parts) > n; more {
		parts = parts[:n]
	}
	return m, parts, more, translate(err)
}
