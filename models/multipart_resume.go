package models

import (
	"context"
	"time"

	"quartermaster/models/query"
)

// ResumeMultipart goes on with the actor's own unfinished upload of a file to a key,
// or begins it, with the parts that are there. It is the same file when it has as
// many bytes, in.Length, and was changed at the same Unix millisecond, modified; of
// several uploads it is the newest. What BeginMultipart refuses is refused, and a
// file too large for the input's limit (Invalid "upload_limit") or for the bucket's
// ("bucket_full"). The object is that file only when all of its bytes have come.
func (db *DB) ResumeMultipart(ctx context.Context, by Actor, in ObjectInput, modified int64) (m *Multipart, have []Part, err error) {
	if _, _, err := db.mayPut(ctx, by, &in); err != nil {
		return nil, nil, err
	}
	if in.Length > in.Limit {
		return nil, nil, invalid("file", "upload_limit")
	}
	if err := db.hasRoom(ctx); err != nil {
		return nil, nil, err
	}
	err = db.tx(ctx, func(ctx context.Context, tx *DB) error {
		b, err := tx.holdBucket(ctx, by, in.BucketID)
		if err != nil {
			return err
		}
		begun, err := query.Of[Multipart](tx.gorm).
			Where("bucket_id = ? AND key = ? AND team_id = ? AND created_by = ? AND length = ? AND modified = ?", in.BucketID, in.Key, by.TeamID, by.UserID, in.Length, modified).
			Order("created_at DESC, id").Limit(1).Find(ctx)
		if err != nil {
			return err
		}
		if len(begun) > 0 {
			m = &begun[0]
			have, err = tx.parts(ctx, "owner = ?", m.ID)
		} else {
			m = tx.newMultipart(by, in)
			m.Length, m.Modified = in.Length, modified
			err = tx.addMultipart(ctx, m)
		}
		if err == nil && in.Length-sizeOf(have) > roomIn(b) {
			err = invalid("file", "bucket_full", b.Name)
		}
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	return m, have, nil
}

// UploadsPage is a bucket and those of its unfinished uploads that a page shows.
type UploadsPage struct {
	Bucket  Bucket
	Regions []Region
	Now     time.Time // by the team's clock
	Uploads []Multipart
	// Sent are the bytes of their parts, by the ids of the uploads.
	Sent map[string]int64
	More bool // there are others behind them
}

// pageUploads is how many unfinished uploads a page shows.
const pageUploads = 100

// FindUploadsPage is a bucket of the actor's team with its unfinished uploads, by
// key, behind that of a key and an id; two empty texts are their beginning.
func (db *DB) FindUploadsPage(ctx context.Context, by Actor, bucketID, key, id string) (p UploadsPage, err error) {
	b, err := db.FindBucket(ctx, by, bucketID)
	if err != nil {
		return p, err
	}
	p.Bucket, p.Now, p.Sent = *b, db.TeamNow(by), map[string]int64{}
	if p.Regions, err = db.ListRegions(ctx, KindBucket); err != nil {
		return p, err
	}
	entries, more, err := db.ListMultiparts(ctx, by, b.ID, KeyQuery{After: key, Size: pageUploads}, id)
	if err != nil {
		return p, err
	}
	p.More = more
	var ids []string
	for _, e := range entries {
		p.Uploads = append(p.Uploads, *e.Upload)
		ids = append(ids, e.Upload.ID)
	}
	var sums []struct {
		Owner string
		Bytes int64
	}
	err = db.gorm.WithContext(ctx).Raw("SELECT owner, SUM(size) AS bytes FROM parts WHERE owner IN ? GROUP BY owner", ids).Scan(&sums).Error
	for _, s := range sums {
		p.Sent[s.Owner] = s.Bytes
	}
	return p, translate(err)
}
