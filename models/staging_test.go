package models_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"quartermaster/models"
)

// Uploads that are under way stage no more together than their bucket takes.
func TestUploadsStageNoMoreThanABucketTakes(t *testing.T) {
	t.Parallel()
	d := openBucketDesk(t, models.Options{})
	const limit = 10 << 20
	if err := d.db.LimitBucket(t.Context(), d.bucket, limit); err != nil {
		t.Fatal(err)
	}
	const half = limit / 2
	old := mustPut(t, d.db, d.team.Requester, d.bucket, "old", strings.Repeat("o", half))
	by, ctx := d.team.Requester, t.Context()
	waits, begun := make(chan error), make(chan struct{}, 1)
	put := func(key string, size int) error {
		_, err := d.db.PutObject(ctx, by, models.ObjectInput{BucketID: d.bucket, Key: key}, strings.NewReader(strings.Repeat("x", size)))
		return err
	}
	under := make(chan error, 1)
	go func() {
		held := readerFunc(func([]byte) (int, error) {
			begun <- struct{}{}
			return 0, <-waits
		})
		_, err := d.db.PutObject(ctx, by, models.ObjectInput{BucketID: d.bucket, Key: "first"}, io.MultiReader(strings.NewReader(strings.Repeat("x", half)), held))
		under <- err
	}()
	<-begun
	of := d.begin(t, models.ObjectInput{Key: "parts"})
	if _, err := d.db.PutPart(ctx, by, of, 1, models.Sent{}, strings.NewReader("x")); !rejects(err, "file", "bucket_full") {
		t.Errorf("a part beside it: got %v, want bucket_full", err)
	}
	if err := put("second", 1); !rejects(err, "file", "bucket_full") {
		t.Errorf("another beside it: got %v, want bucket_full", err)
	}
	if err := put(old.Key, half); err != nil {
		t.Errorf("one in place of as many bytes: got %v", err)
	}
	gone := errors.New("gone")
	waits <- gone
	if err := <-under; !errors.Is(err, gone) {
		t.Fatal(err)
	}
	if err := put("second", half); err != nil {
		t.Errorf("after it came to nothing: got %v", err)
	}
	if err := put("third", 1); !rejects(err, "file", "bucket_full") {
		t.Errorf("the full bucket: got %v, want bucket_full", err)
	}
	wantSound(t, d.db)
}
