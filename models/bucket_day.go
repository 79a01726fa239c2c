package models

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"

	"quartermaster/models/query"
)

const (
	// bucketsCounted is how many buckets are counted in one transaction.
	bucketsCounted = 1000
	// grownDays is how many days the growth of a bucket goes back at most, and mostGrown
	// how many columns it is drawn in.
	grownDays = 366
	mostGrown = 32
)

// BucketDay is what a bucket held on a day, as the day's last count found it. A day on
// which that is what it held before has none.
type BucketDay struct {
	BucketID    string `gorm:"primaryKey"`
	Day         int64  `gorm:"primaryKey;autoIncrement:false"` // yyyymmdd, UTC+8
	UsedBytes   int64
	ObjectCount int64
}

// countBuckets is the job that counts a team's buckets.
var countBuckets = ofTeam("count", (*DB).CountBuckets)

// PromiseCounts promises to count the buckets of every team that has any, once for
// each day of the team's time, as PromiseMeasures does.
func (db *DB) PromiseCounts(ctx context.Context) error {
	return db.promiseDaily(ctx, CountBucketsJob, "count", "SELECT 1 FROM buckets WHERE buckets.team_id = teams.id")
}

// CountBuckets notes what each of the team's buckets holds now. A second count on the
// same day of the team's time replaces the first.
func (db *DB) CountBuckets(ctx context.Context, by Actor) error {
	if err := by.may(Administer); err != nil {
		return err
	}
	return db.countBuckets(ctx, by, bucketsCounted)
}

// countBuckets counts the team's buckets, so many in each transaction.
func (db *DB) countBuckets(ctx context.Context, by Actor, together int) error {
	day := dayOf(db.TeamNow(by))
	for after := ""; ; {
		some, args := "team_id = ? AND name > ?", []any{by.TeamID, after}
		err := query.Row(ctx, db.gorm, "SELECT name FROM buckets WHERE "+some+fmt.Sprintf(" ORDER BY name LIMIT 1 OFFSET %d", together-1), args, &after)
		last := errors.Is(err, gorm.ErrRecordNotFound)
		switch {
		case !last && err != nil:
			return fmt.Errorf("look for buckets to count: %w", err)
		case !last:
			some, args = some+" AND name <= ?", append(args, after)
		}
		err = db.tx(ctx, func(ctx context.Context, tx *DB) error {
			_, err := query.Do(ctx, tx.gorm, `INSERT INTO bucket_days (bucket_id, day, used_bytes, object_count)
				SELECT b.id, CAST(? AS bigint), b.used_bytes, b.object_count FROM buckets b WHERE `+some+` AND NOT EXISTS (SELECT 1 FROM bucket_days d
					WHERE d.bucket_id = b.id AND d.day = (SELECT MAX(day) FROM bucket_days WHERE bucket_id = b.id) AND d.used_bytes = b.used_bytes AND d.object_count = b.object_count)
				ON CONFLICT (bucket_id, day) DO UPDATE SET used_bytes = excluded.used_bytes, object_count = excluded.object_count`, append([]any{day}, args...)...)
			return err
		})
		if err != nil {
			return fmt.Errorf("count buckets: %w", err)
		}
		if last {
			return nil
		}
	}
}

// Growth is what a bucket held from the day on which it held something, or a year
// ago, until now, by days of UTC+8.
type Growth struct {
	// Width is how many days there are between two points.
	Width int
	// Points are the last of each so many days; the last is what it holds now.
	Points []GrowthPoint
}

// GrowthPoint is what a bucket held when it was counted last up to a day, or holds now.
type GrowthPoint struct {
	Day            time.Time
	Bytes, Objects int64
}

// growth is what a bucket held by day, nil while it did on no day before today.
func (db *DB) growth(ctx context.Context, b *Bucket, now time.Time) (*Growth, error) {
	today := midnight(now)
	days, err := query.Of[BucketDay](db.gorm).Where("bucket_id = ? AND day < ?", b.ID, dayOf(today)).Order("day DESC").Limit(grownDays).Find(ctx)
	if err != nil {
		return nil, translate(err)
	}
	slices.Reverse(days)
	from := slices.IndexFunc(days, func(d BucketDay) bool { return d.UsedBytes > 0 })
	if from < 0 {
		return nil, nil
	}
	first := dateOf(days[from].Day)
	if year := today.AddDate(0, 0, 1-grownDays); first.Before(year) {
		first = year
	}
	g := &Growth{Width: (daysBetween(first, today) + mostGrown) / mostGrown}
	for n := daysBetween(first, today) / g.Width; n >= 0; n-- {
		p := GrowthPoint{Day: today.AddDate(0, 0, -n*g.Width), Bytes: b.UsedBytes, Objects: b.ObjectCount}
		if n > 0 {
			for ; len(days) > 1 && days[1].Day <= dayOf(p.Day); days = days[1:] {
			}
			p.Bytes, p.Objects = days[0].UsedBytes, days[0].ObjectCount
		}
		g.Points = append(g.Points, p)
	}
	return g, nil
}
