package models_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"quartermaster/models"
	"quartermaster/models/list"
	"quartermaster/models/modelstest"
)

// What a bucket held by day is drawn from the first day on which it held something, a
// day without a count as the one before, and what it holds now last.
func TestBucketGrowsAsItWasCounted(t *testing.T) {
	t.Parallel()
	db, clock, team := atNoon(t)
	b := upload(t, db, team, "cn-shanghai", 0)
	upload(t, db, team, "cn-shanghai", 9)
	drawn := func() []int64 {
		t.Helper()
		p, err := db.FindBucketPage(t.Context(), team.Viewer, b.ID, list.Query{})
		if err != nil {
			t.Fatal(err)
		}
		var held []int64
		if p.Growth != nil {
			for _, x := range p.Growth.Points {
				held = append(held, x.Bytes)
			}
			if last := p.Growth.Points[len(p.Growth.Points)-1]; last.Day.Format(time.DateOnly) != clock.Now().Format(time.DateOnly) {
				t.Errorf("got the last point on %s, want today", last.Day)
			}
		}
		return held
	}
	for _, day := range []struct {
		counted, now int64
		want         []int64
	}{
		{0, 5, nil}, {5, 5, nil}, {7, 7, []int64{5, 7}}, {7, 8, []int64{5, 7, 8}}, {-1, 9, []int64{5, 7, 7, 9}}, {2, 2, []int64{5, 7, 7, 7, 2}},
	} {
		if day.counted >= 0 {
			hold(t, db, b, day.counted)
			for range 2 { // which promises it once
				if err := db.PromiseCounts(t.Context()); err != nil {
					t.Fatal(err)
				}
				modelstest.Work(t, db)
			}
		}
		hold(t, db, b, day.now)
		if got := drawn(); !slices.Equal(got, day.want) {
			t.Errorf("%s: got %v, want %v", clock.Now().Format(time.DateOnly), got, day.want)
		}
		clock.Move(24 * time.Hour)
	}
	// Only the days on which something changed are kept.
	if n, err := models.CountBucketDays(db, b.ID); err != nil || n != 4 {
		t.Errorf("got %d days, %v; want those of 0, 5, 7 and 2", n, err)
	}
	// A later count of the day takes the place of the first.
	hold(t, db, b, 3)
	for range 2 {
		if err := db.CountBuckets(t.Context(), team.Admin); err != nil {
			t.Fatal(err)
		}
		hold(t, db, b, 4)
	}
	clock.Move(24 * time.Hour)
	if got := drawn(); got[len(got)-2] != 4 {
		t.Errorf("got %v, want the last count of yesterday before today", got)
	}
	hold(t, db, b, 0)
	if err := db.DeleteBucket(t.Context(), team.Admin, b.ID); err != nil {
		t.Fatal(err)
	}
	if n, err := models.CountBucketDays(db, b.ID); err != nil || n != 0 {
		t.Errorf("got %d days of a bucket that is gone, %v", n, err)
	}
	if err := db.CountBuckets(t.Context(), team.Viewer); err == nil {
		t.Error("a viewer counts")
	}
}

// A year is drawn in as many columns as a month, of which each ends on its last day.
func TestGrowthOfAYearIsReadAtOnce(t *testing.T) {
	t.Parallel()
	db, clock, team := atNoon(t)
	b := upload(t, db, team, "cn-shanghai", 0)
	for day := range 500 {
		hold(t, db, b, int64(day+1)<<20)
		if err := db.CountBuckets(t.Context(), team.Admin); err != nil {
			t.Fatal(err)
		}
		clock.Move(24 * time.Hour)
	}
	asked := ""
	if !modelstest.Postgres() { // which chooses by the rows there are
		if err := db.SeeSteps(func(statement string, steps []string) {
			if strings.Contains(statement, "bucket_days") {
				asked += strings.Join(steps, "; ")
			}
		}); err != nil {
			t.Fatal(err)
		}
	}
	p, err := db.FindBucketPage(t.Context(), team.Viewer, b.ID, list.Query{})
	if err != nil {
		t.Fatal(err)
	}
	n := len(p.Growth.Points)
	if p.Growth.Width != 12 || n != 31 || p.Growth.Points[0].Bytes>>20 != 141 || p.Growth.Points[n-2].Bytes>>20 != 489 || p.Growth.Points[n-1].Bytes>>20 != 500 {
		t.Errorf("got %d points of %d days, from %d to %d and %d MB", n, p.Growth.Width, p.Growth.Points[0].Bytes>>20, p.Growth.Points[n-2].Bytes>>20, p.Growth.Points[n-1].Bytes>>20)
	}
	if !modelstest.Postgres() && !strings.Contains(asked, "(bucket_id=? AND day<?)") {
		t.Errorf("got %s, want the days of the bucket alone", asked)
	}
}

// However many buckets a team has, each is counted.
func TestManyBucketsAreCountedInParts(t *testing.T) {
	t.Parallel()
	db, _, team := atNoon(t)
	var ids []string
	for i := range 5 {
		b := upload(t, db, team, "cn-shanghai", int64(i+1))
		ids = append(ids, b.ID)
	}
	if err := models.CountBucketsByTwo(t.Context(), db, team.Admin); err != nil {
		t.Fatal(err)
	}
	for i, id := range ids {
		if n, err := models.CountBucketDays(db, id); err != nil || n != 1 {
			t.Errorf("bucket "+strconv.Itoa(i)+": got %d days, %v", n, err)
		}
	}
}
