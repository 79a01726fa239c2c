package models_test

import (
	"errors"
	"testing"

	"quartermaster/models"
)

func TestUploadOfTheSameFileGoesOn(t *testing.T) {
	t.Parallel()
	d := openBucketDesk(t, models.Options{})
	a, b := bytesOf(1, 150_000), bytesOf(2, 1000)
	in := models.ObjectInput{BucketID: d.bucket, Key: "dir/large", Sent: models.Sent{Length: int64(len(a) + len(b)), Limit: 1 << 20}}
	resume := func(by models.Actor, in models.ObjectInput, modified int64) (*models.Multipart, []models.Part) {
		t.Helper()
		m, have, err := d.db.ResumeMultipart(t.Context(), by, in, modified)
		if err != nil {
			t.Fatalf("resume: %v", err)
		}
		return m, have
	}
	first, have := resume(d.team.Requester, in, 77)
	if len(have) != 0 {
		t.Errorf("a new upload has %d parts", len(have))
	}
	of := models.MultipartRef{BucketID: d.bucket, Key: in.Key, ID: first.ID}
	d.part(t, of, 1, a)
	if m, have := resume(d.team.Requester, in, 77); m.ID != first.ID || len(have) != 1 || have[0].Size != int64(len(a)) {
		t.Errorf("the same file: got upload %s with %d parts, want %s with its part", m.ID, len(have), first.ID)
	}
	other, longer := in, in
	other.Key, longer.Length = "dir/other", in.Length+1
	for name, got := range map[string]func() (*models.Multipart, []models.Part){
		"another person":   func() (*models.Multipart, []models.Part) { return resume(d.team.Admin, in, 77) },
		"another key":      func() (*models.Multipart, []models.Part) { return resume(d.team.Requester, other, 77) },
		"another length":   func() (*models.Multipart, []models.Part) { return resume(d.team.Requester, longer, 77) },
		"a later change":   func() (*models.Multipart, []models.Part) { return resume(d.team.Requester, in, 78) },
		"no known changes": func() (*models.Multipart, []models.Part) { return resume(d.team.Requester, in, 0) },
	} {
		if m, have := got(); m.ID == first.ID || len(have) != 0 {
			t.Errorf("%s: went on with the upload and its %d parts", name, len(have))
		}
	}
	all := models.CompleteInput{MultipartRef: of, All: true}
	if _, err := d.db.CompleteMultipart(t.Context(), d.team.Requester, all); !rejects(err, "file", "incomplete") {
		t.Errorf("complete without the last bytes: got %v, want incomplete", err)
	}
	d.part(t, of, 2, b)
	o, err := d.db.CompleteMultipart(t.Context(), d.team.Requester, all)
	if err != nil || o.Size != in.Length {
		t.Errorf("complete: got %v, %v; want the file", o, err)
	}
}

func TestUploadThatCannotFitIsNotBegun(t *testing.T) {
	t.Parallel()
	d := openBucketDesk(t, models.Options{})
	d.bucket = mustBucket(t, d.db, d.team.Requester, 1)
	const limit = 1 << 30
	in := models.ObjectInput{BucketID: d.bucket, Key: "k", Sent: models.Sent{Length: limit + 1, Limit: 2 * limit}}
	if _, _, err := d.db.ResumeMultipart(t.Context(), d.team.Requester, in, 1); !rejects(err, "file", "bucket_full") {
		t.Errorf("over the bucket's limit: got %v, want bucket_full", err)
	}
	in.Limit = limit
	if _, _, err := d.db.ResumeMultipart(t.Context(), d.team.Requester, in, 1); !rejects(err, "file", "upload_limit") {
		t.Errorf("over the limit of uploads: got %v, want upload_limit", err)
	}
	if _, _, err := d.db.ResumeMultipart(t.Context(), d.team.Viewer, in, 1); !errors.Is(err, models.ErrForbidden) {
		t.Errorf("viewer: got %v, want ErrForbidden", err)
	}
	if p, err := d.db.FindUploadsPage(t.Context(), d.team.Viewer, d.bucket, "", ""); err != nil || len(p.Uploads) != 0 {
		t.Errorf("got %d uploads, %v; want none", len(p.Uploads), err)
	}
	// What is there already has its room.
	in.Length = limit
	m, _, err := d.db.ResumeMultipart(t.Context(), d.team.Requester, in, 1)
	if err != nil {
		t.Fatalf("exactly the limit: %v", err)
	}
	d.part(t, models.MultipartRef{BucketID: d.bucket, Key: "k", ID: m.ID}, 1, bytesOf(1, 150_000))
	if again, have, err := d.db.ResumeMultipart(t.Context(), d.team.Requester, in, 1); err != nil || again.ID != m.ID || len(have) != 1 {
		t.Errorf("gone on with: got %v with %d parts, %v", again, len(have), err)
	}
	p, err := d.db.FindUploadsPage(t.Context(), d.team.Viewer, d.bucket, "", "")
	if err != nil || len(p.Uploads) != 1 || p.Sent[m.ID] != 150_000 || p.Bucket.ReservedBytes != 150_000 {
		t.Errorf("got %+v, %v; want the upload and its bytes", p, err)
	}
}

func TestUploadsOfABucketArePaged(t *testing.T) {
	t.Parallel()
	d := openBucketDesk(t, models.Options{})
	for range 101 {
		d.begin(t, models.ObjectInput{Key: "same"})
	}
	p, err := d.db.FindUploadsPage(t.Context(), d.team.Viewer, d.bucket, "", "")
	if err != nil || len(p.Uploads) != 100 || !p.More {
		t.Fatalf("got %d uploads, more %t, %v; want 100 and more", len(p.Uploads), p.More, err)
	}
	last := p.Uploads[99]
	p, err = d.db.FindUploadsPage(t.Context(), d.team.Viewer, d.bucket, last.Key, last.ID)
	if err != nil || len(p.Uploads) != 1 || p.More {
		t.Errorf("behind them: got %d uploads, more %t, %v; want the last", len(p.Uploads), p.More, err)
	}
	if _, err := d.db.FindUploadsPage(t.Context(), d.team.Viewer, "none", "", ""); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("no such bucket: got %v, want ErrNotFound", err)
	}
}
