package models

import (
	"context"
	"errors"
	"fmt"
	"time"

	"quartermaster/models/list"
	"quartermaster/models/pricing"
	"quartermaster/models/query"
)

// Bucket is a storage bucket: it holds objects under keys.
type Bucket struct {
	ID          string
	TeamID      string
	Name        string // unique on this server
	Region      string
	Description string
	Tags        Tags
	Storage     bool  // the one that CreateStorage makes in a region
	SizeLimit   int64 // bytes; 0 is no limit
	UsedBytes   int64
	ObjectCount int64
	// ReservedBytes are those of the parts of unfinished uploads, which the limit
	// counts too.
	ReservedBytes int64
	OrderNumber   int64
	CreatedBy     string
	CreatorName   string
	CreatedAt     time.Time
	UpdatedAt     time.Time
}

// BucketInput is what a caller says about a new bucket, from a form or from
// the API.
type BucketInput struct {
	// Name is empty for one named webplus-<region>-s-<24 hex>.
	Name        string `form:"bucket_name" validate:"omitempty,bucketname"`
	Region      string `form:"region" validate:"required"`
	Description string `form:"description" validate:"prose,max=255"`
	// LimitGB is the most that the bucket may hold, in GB of 1024³ bytes; 0 is
	// no limit.
	LimitGB int64 `form:"size_limit" validate:"min=0,max=1048576"`
	// Tags are words separated by commas or spaces.
	Tags string `form:"tags" validate:"line,max=255"`
	// Storage asks for the team's own bucket of the region, of which there is
	// one: it is what CreateStorage makes.
	Storage bool `form:"-"`
}

const gigabyte = 1 << 30

// Check implements LineInput.
func (in *BucketInput) Check() error {
	return Invalid(nil).With(Check(in), SplitTags(in.Tags).check("tags"))
}

// Line implements LineInput.
func (in *BucketInput) Line(ctx context.Context, db *DB, by Actor) (OrderLine, error) {
	line := OrderLine{Kind: KindBucket, Name: in.Name, Region: in.Region, Detail: in.detail()}
	line.Price(pricing.Free("CNY"))
	if err := db.ObjectStorageOn(ctx, by); err != nil {
		return line, err
	}
	_, unknown := db.region(ctx, in.Region, KindBucket)
	free, err := db.BucketNameFree(ctx, in.Name)
	if err == nil && !free {
		err = invalid("bucket_name", "taken")
	}
	return line, Invalid(nil).With(unknown, err)
}

func (in *BucketInput) detail() string {
	if in.LimitGB > 0 {
		return fmt.Sprintf("≤ %d GB", in.LimitGB)
	}
	return ""
}

// Fulfil implements LineInput.
func (in *BucketInput) Fulfil(ctx context.Context, tx *DB, by Actor, order *Order, line *OrderLine) error {
	now := tx.TeamNow(by)
	id := tx.newHex24(now)
	b := &Bucket{
		ID: id, TeamID: by.TeamID, Name: in.Name, Region: in.Region, Description: in.Description,
		Tags: SplitTags(in.Tags), Storage: in.Storage, SizeLimit: in.LimitGB * gigabyte,
		OrderNumber: order.Number, CreatedBy: by.UserID, CreatorName: by.UserName, CreatedAt: now, UpdatedAt: now,
	}
	if b.Name == "" {
		b.Name = "webplus-" + b.Region + "-s-" + id
	}
	// A bucket that can hold nothing is refused.
	if err := tx.objects.Ready(); err != nil {
		tx.log.Error("make bucket", "error", err)
		return invalid("", "storage_failed")
	}
	var err error
	if b.Tags, err = tx.spelled(ctx, by, KindBucket, b.ID, b.Tags); err != nil {
		return err
	}
	if err := query.Of[Bucket](tx.gorm).Create(ctx, b); err != nil {
		return taken(err, "bucket_name")
	}
	if len(b.Tags) > 0 {
		if err := tx.fileUnder(ctx, by, KindBucket, b.ID, b.Tags); err != nil {
			return err
		}
	}
	if line.Name == "" {
		line.Name = b.Name
	}
	if order.Title == "" {
		order.Title = b.Name
	}
	line.ResourceID, line.ResourceName = b.ID, b.Name
	return tx.Record(ctx, by, Event{
		Action: "bucket.created", Kind: KindBucket, SubjectID: b.ID, SubjectName: b.Name, Region: b.Region,
		OrderNumber: order.Number,
	})
}

// ObjectStorageOn refuses (Invalid "storage_off") when the object storage of the
// actor's team is switched off.
func (db *DB) ObjectStorageOn(ctx context.Context, by Actor) error {
	by.grants = nil // whether it is on is no secret from a key that may use it
	if err := by.may(See); err != nil {
		return err
	}
	on, err := recalled(ctx, db, db.storage, by.TeamID, func() (bool, error) {
		team, err := db.teamSettings(ctx, by)
		return err == nil && team.ObjectStorage, err
	})
	if err == nil && !*on {
		err = invalid("", "storage_off")
	}
	return err
}

// BucketNameFree tells whether no bucket of this server has the name.
func (db *DB) BucketNameFree(ctx context.Context, name string) (bool, error) {
	if name == "" { // it is named by its id
		return true, nil
	}
	return db.none(ctx, "SELECT 1 FROM buckets WHERE name = ?", name)
}

// FindBucket is one bucket of the actor's team.
func (db *DB) FindBucket(ctx context.Context, by Actor, id string) (*Bucket, error) {
	if err := by.may(See); err != nil {
		return nil, err
	}
	b, err := query.Of[Bucket](db.gorm).Where("team_id = ? AND id = ?", by.TeamID, id).First(ctx)
	if err != nil {
		return nil, translate(err)
	}
	return &b, nil
}

// FindStorage is the team's own bucket of a region, which EnsureStorage makes.
func (db *DB) FindStorage(ctx context.Context, by Actor, region string) (*Bucket, error) {
	if err := by.may(See); err != nil {
		return nil, err
	}
	b, err := query.Of[Bucket](db.gorm).Where("team_id = ? AND region = ? AND storage", by.TeamID, region).First(ctx)
	if err != nil {
		return nil, translate(err)
	}
	return &b, nil
}

// EnsureStorage makes sure that the team has its own bucket in a region: the
// first call orders it, later ones return it as it is. While its order waits
// for approval, every call is that order's *Held. A token, if any, is for one
// region until its bucket there is deleted; with it, any other is refused.
func (db *DB) EnsureStorage(ctx context.Context, by Actor, region, token string) (*Bucket, error) {
	if err := by.may(Request); err != nil {
		return nil, err
	}
	if err := db.ObjectStorageOn(ctx, by); err != nil {
		return nil, err
	}
	first, err := db.storageOf(ctx, by, token)
	if err != nil {
		return nil, err
	}
	if first != "" && first != region {
		return nil, invalid("", "repeated")
	}
	b, err := db.FindStorage(ctx, by, region)
	if err != nil && !errors.Is(err, ErrNotFound) || err == nil && (first != "" || token == "") {
		return b, err
	}
	if _, err := db.region(ctx, region, KindBucket); err != nil {
		return nil, err
	}
	var held error
	err = db.tx(ctx, func(ctx context.Context, tx *DB) (err error) {
		b, held, err = tx.orderBucket(ctx, by, "storage "+region, &BucketInput{Region: region, Storage: true}, func(tx *DB) (*Bucket, error) {
			return tx.FindStorage(ctx, by, region)
		})
		if err == nil {
			err = tx.keepStorageToken(ctx, by, region, token)
		}
		return err
	})
	if err == nil {
		err = held
	}
	if err != nil {
		return nil, err
	}
	return b, nil
}

// StorageToken is a token of calls for the storage bucket of a region.
type StorageToken struct {
	TeamID string `gorm:"primaryKey"`
	Token  string `gorm:"primaryKey"`
	Region string
}

// storageOf is the region that a token was first used for, or "".
func (db *DB) storageOf(ctx context.Context, by Actor, token string) (region string, err error) {
	if token == "" {
		return "", nil
	}
	found, err := query.Of[StorageToken](db.gorm).Where("team_id = ? AND token = ?", by.TeamID, token).Limit(1).Find(ctx)
	if err != nil || len(found) == 0 {
		return "", translate(err)
	}
	return found[0].Region, nil
}

// keepStorageToken keeps a token for a region, unless another call took it for
// another meanwhile. The caller holds the team.
func (db *DB) keepStorageToken(ctx context.Context, by Actor, region, token string) error {
	first, err := db.storageOf(ctx, by, token)
	switch {
	case err != nil || token == "" || first == region:
		return err
	case first != "":
		return invalid("", "repeated")
	}
	if err := query.Of[StorageToken](db.gorm).Create(ctx, &StorageToken{TeamID: by.TeamID, Token: token, Region: region}); err != nil {
		return fmt.Errorf("keep storage token: %w", err)
	}
	return nil
}

// EnsureBucket makes sure that the team has a bucket of a name: the first call
// orders it in a region, later ones return it as it is, wherever it is. While its
// order waits for approval, every call is that order's *Held. A name that another
// team has is ErrConflict.
func (db *DB) EnsureBucket(ctx context.Context, by Actor, name, region string) (b *Bucket, err error) {
	if err := by.may(Request); err != nil {
		return nil, err
	}
	if err := db.ObjectStorageOn(ctx, by); err != nil {
		return nil, err
	}
	find := func(db *DB) (*Bucket, error) { return db.FindBucketNamed(ctx, by, name) }
	switch b, err = find(db); {
	case errors.Is(err, ErrForbidden):
		return nil, ErrConflict
	case !errors.Is(err, ErrNotFound):
		return b, err
	}
	if _, err := db.region(ctx, region, KindBucket); err != nil {
		return nil, err
	}
	var held error
	err = db.tx(ctx, func(ctx context.Context, tx *DB) (err error) {
		b, held, err = tx.orderBucket(ctx, by, "bucket "+name, &BucketInput{Name: name, Region: region}, find)
		return err
	})
	if err == nil {
		err = held
	}
	if err != nil {
		return nil, err
	}
	return b, nil
}

// orderBucket orders a bucket that there is one of, once even when several calls
// come at the same time. held is returned beside err, because the waiting order
// must be kept.
func (db *DB) orderBucket(ctx context.Context, by Actor, token string, wanted *BucketInput, find func(*DB) (*Bucket, error)) (b *Bucket, held, err error) {
	if err := db.holdTeam(ctx, by); err != nil {
		return nil, nil, err
	}
	b, err = find(db)
	if !errors.Is(err, ErrNotFound) {
		return b, nil, err
	}
	// The order is known by its token until it has been decided, and made a
	// bucket that was deleted since or none at all.
	in := OrderInput{Token: token, Lines: []LineInput{wanted}}
	before, err := db.orderOf(ctx, by, in.Token)
	if err != nil {
		return nil, nil, err
	}
	if before != nil && before.State == OrderPending {
		return nil, &Held{Number: before.Number}, nil
	}
	if before != nil {
		if err := db.dropToken(ctx, by, before); err != nil {
			return nil, nil, err
		}
	}
	quote, err := db.PlaceOrder(ctx, by, in)
	var waits *Held
	switch {
	case errors.As(err, &waits):
		return nil, waits, nil
	case err != nil:
		return nil, nil, err
	case quote.Order.State == OrderPending:
		return nil, &Held{Number: quote.Order.Number}, nil
	}
	b, err = find(db)
	return b, nil, err
}

// Buckets is the list of a team's buckets. Its filters are region and tag.
var Buckets = &List[Bucket]{
	Right: See,
	Desc: list.Desc[Bucket]{
		Table: "buckets", Key: "id", Scope: "team_id",
		Columns: []string{"id", "name", "region", "description", "tags", "storage", "size_limit", "used_bytes", "object_count", "creator_name", "created_at",
			"team_id", "order_number", "created_by", "updated_at"},
		Brief: 11,
		Into: func(b *Bucket, to []any) []any {
			return append(to, &b.ID, &b.Name, &b.Region, &b.Description, &b.Tags, &b.Storage, &b.SizeLimit, &b.UsedBytes, &b.ObjectCount, &b.CreatorName, &b.CreatedAt,
				&b.TeamID, &b.OrderNumber, &b.CreatedBy, &b.UpdatedAt)
		},
		Sorts: []list.Sort{{Name: "created", Columns: []string{"created_at", "id"}}, {Name: "name", Columns: []string{"name"}, Up: true},
			{Name: "used", Columns: []string{"used_bytes", "id"}}, {Name: "region", Columns: []string{"region", "created_at", "id"}, Up: true, Grouped: true},
			small("files", "object_count", "id")},
		Filters: []list.Filter{equals("region", "region", nil), byTag(KindBucket, "buckets")},
		Indexes: []list.Index{
			{Name: "buckets_team", Sort: "created"},
			{Name: "buckets_team_name", Sort: "name"},
			{Name: "buckets_used", Sort: "used"},
			{Name: "buckets_region", Filters: []string{"region"}, Sort: "created"},
			{Name: "buckets_region", Sort: "region"},
			tagIndex,
		},
	},
	Finds:   KindBucket,
	Counter: countsAll(KindBucket),
}

// FindBucketNamed is the bucket of a name: ErrForbidden when it is another team's,
// ErrNotFound when there is none. Names are no secret, since each is taken once on
// this server. With a key that has grants, it is one that they name, or
// ErrForbidden.
func (db *DB) FindBucketNamed(ctx context.Context, by Actor, name string) (*Bucket, error) {
	if err := by.knows(name); err != nil {
		return nil, err
	}
	b, err := recalled(ctx, db, db.buckets, name, func() (Bucket, error) { return query.One[Bucket](ctx, db.gorm, "name = ?", name) })
	if err == nil && b.TeamID != by.TeamID {
		return nil, ErrForbidden
	}
	return b, err
}

// ListBucketsNamed are at most n of the team's buckets whose names begin with
// prefix and come after another name, in the order of their names.
func (db *DB) ListBucketsNamed(ctx context.Context, by Actor, prefix, last string, n int) ([]Bucket, error) {
	q := query.Of[Bucket](db.gorm).Where("team_id = ? AND name >= ? AND name > ?", by.TeamID, prefix, last)
	if by.grants != nil {
		var known []string
		for _, g := range *by.grants {
			known = append(known, g.Bucket)
		}
		q = q.Where("name IN ?", known)
	} else if err := by.may(See); err != nil {
		return nil, err
	}
	if !validKey(prefix) || !validKey(last) {
		return nil, nil
	}
	if end := after(prefix); end != "" {
		q = q.Where("name < ?", end)
	}
	found, err := q.Order("name").Limit(n).Find(ctx)
	return found, translate(err)
}

// DeleteBucket deletes an empty bucket. One that holds objects is refused (Invalid
// "bucket_not_empty"), and so is one with unfinished uploads ("bucket_uploads").
func (db *DB) DeleteBucket(ctx context.Context, by Actor, id string) error {
	if err := by.may(Request); err != nil {
		return err
	}
	return db.tx(ctx, func(ctx context.Context, tx *DB) error {
		b, err := tx.holdBucket(ctx, by, id)
		if err != nil {
			return err
		}
		if err := tx.bucketDeletable(ctx, b); err != nil {
			return err
		}
		if _, err := query.Of[Bucket](tx.gorm).Where("team_id = ? AND id = ?", by.TeamID, id).Delete(ctx); err != nil {
			return fmt.Errorf("delete bucket: %w", err)
		}
		if b.Storage {
			if _, err := query.Of[StorageToken](tx.gorm).Where("team_id = ? AND region = ?", by.TeamID, b.Region).Delete(ctx); err != nil {
				return fmt.Errorf("forget storage tokens: %w", err)
			}
		}
		if err := tx.tally(ctx, by, tally{Kind: KindBucket, Deleted: 1}); err != nil {
			return err
		}
		return tx.Record(ctx, by, Event{Action: "bucket.deleted", Kind: KindBucket, SubjectID: b.ID, SubjectName: b.Name, Region: b.Region})
	})
}

// bucketDeletable is an error unless the bucket can be deleted as it is.
func (db *DB) bucketDeletable(ctx context.Context, b *Bucket) error {
	uploads, err := query.Of[Multipart](db.gorm).Where("bucket_id = ?", b.ID).Count(ctx, "*")
	switch {
	case err != nil:
		return err
	case uploads > 0:
		return invalid("", "bucket_uploads", fmt.Sprint(uploads))
	case b.ObjectCount > 0:
		return invalid("", "bucket_not_empty", fmt.Sprint(b.ObjectCount))
	}
	return nil
}
