package models_test

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/base64"
	"errors"
	"fmt"
	"hash/crc64"
	"io"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"quartermaster/models"
	"quartermaster/models/list"
	"quartermaster/models/modelstest"
)

// bucketDesk is a team with a bucket and its data folder.
type bucketDesk struct {
	db      *models.DB
	folder  string
	options models.Options
	team    modelstest.Team
	bucket  string
}

func openBucketDesk(t *testing.T, o models.Options) bucketDesk {
	t.Helper()
	o = modelstest.Choose(t, o)
	d := bucketDesk{db: modelstest.OpenWith(t, o), folder: o.Folder, options: o}
	d.team = modelstest.NewTeam(t, d.db)
	d.bucket = mustBucket(t, d.db, d.team.Requester, 0)
	return d
}

// bytesOf are bytes that look like no others, the same for the same seed.
func bytesOf(seed byte, size int) []byte {
	b := make([]byte, size)
	_, _ = rand.NewChaCha8([32]byte{seed}).Read(b) // it never fails
	return b
}

func (d bucketDesk) begin(t *testing.T, in models.ObjectInput) models.MultipartRef {
	t.Helper()
	in.BucketID = d.bucket
	m, err := d.db.BeginMultipart(t.Context(), d.team.Requester, in)
	if err != nil {
		t.Fatalf("begin %q: %v", in.Key, err)
	}
	return models.MultipartRef{BucketID: m.BucketID, Key: m.Key, ID: m.ID}
}

func (d bucketDesk) part(t *testing.T, of models.MultipartRef, number int, text []byte) models.PartRef {
	t.Helper()
	p, err := d.db.PutPart(t.Context(), d.team.Requester, of, number, models.Sent{}, bytes.NewReader(text))
	if err != nil {
		t.Fatalf("part %d: %v", number, err)
	}
	if want := fmt.Sprintf("%X", md5.Sum(text)); p.ETag() != want {
		t.Errorf("part %d: got ETag %s, want %s", number, p.ETag(), want)
	}
	return models.PartRef{Number: number, ETag: p.ETag()}
}

func (d bucketDesk) complete(t *testing.T, of models.MultipartRef, parts ...models.PartRef) *models.Object {
	t.Helper()
	o, err := d.db.CompleteMultipart(t.Context(), d.team.Requester, models.CompleteInput{MultipartRef: of, Parts: parts})
	if err != nil {
		t.Fatalf("complete: %v", err)
	}
	return o
}

func (d bucketDesk) find(t *testing.T) *models.Bucket {
	t.Helper()
	b, err := d.db.FindBucket(t.Context(), d.team.Viewer, d.bucket)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func crcOf(b []byte) string { return fmt.Sprint(crc64.Checksum(b, crc64.MakeTable(crc64.ECMA))) }

func etagOf(parts ...[]byte) string {
	sum := md5.New()
	for _, p := range parts {
		one := md5.Sum(p)
		sum.Write(one[:])
	}
	return fmt.Sprintf("%X-%d", sum.Sum(nil), len(parts))
}

func TestPartsBecomeOneObject(t *testing.T) {
	t.Parallel()
	d := openBucketDesk(t, models.Options{})
	headers := models.ObjectHeaders{ContentEncoding: "br", Expires: "never", Meta: map[string]string{"one": "1"}}
	of := d.begin(t, models.ObjectInput{Key: "dir/large", ContentType: "text/odd; q", Headers: headers})
	a, b, c := bytesOf(1, 102400), bytesOf(2, 150_000), bytesOf(3, 5)
	third := d.part(t, of, 30, c)
	d.part(t, of, 1, bytesOf(9, 200_000))
	d.part(t, of, 7, bytesOf(8, 1000))
	first, second := d.part(t, of, 1, a), d.part(t, of, 2, b)
	if _, err := d.db.FindObject(t.Context(), d.team.Viewer, d.bucket, "dir/large"); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("before the end: got %v, want no object", err)
	}
	if got := d.find(t); got.UsedBytes != 0 || got.ReservedBytes != int64(len(a)+len(b)+len(c)+1000) {
		t.Errorf("before the end: %d bytes are used and %d reserved", got.UsedBytes, got.ReservedBytes)
	}
	second.ETag = `"` + strings.ToLower(second.ETag) + `"`
	o := d.complete(t, of, first, second, third)
	whole := slices.Concat(a, b, c)
	kept, err := d.db.FindObject(t.Context(), d.team.Viewer, d.bucket, "dir/large")
	if err != nil || kept.ID != o.ID || kept.Size != int64(len(whole)) || kept.ETag() != etagOf(a, b, c) || kept.CRC64 != crcOf(whole) ||
		!kept.Multipart || kept.MD5 != "" || kept.ContentType != "text/odd; q" || !maps.Equal(kept.Headers.Meta, headers.Meta) || kept.Headers.Expires != "never" {
		t.Errorf("got %+v, %v", kept, err)
	}
	if got := read(t, d.db, d.team.Viewer, d.bucket, "dir/large"); got != string(whole) {
		t.Error("the object has other bytes than its parts")
	}
	if got := d.find(t); got.UsedBytes != int64(len(whole)) || got.ReservedBytes != 0 || got.ObjectCount != 1 {
		t.Errorf("afterwards: got %+v", got)
	}
	if _, err := d.db.FindMultipart(t.Context(), d.team.Viewer, of); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("the upload is still there: %v", err)
	}
	modelstest.Work(t, d.db)
	wantBlobs(t, d.folder, 3)
	if kept, err = d.db.FindObject(t.Context(), d.team.Viewer, d.bucket, "dir/large"); err != nil || kept.SHA256 != sumOf(whole) {
		t.Errorf("got SHA-256 %q, %v; want %s", kept.SHA256, err, sumOf(whole))
	}
	if got, want := actions(t, d.db, d.team.Viewer, d.bucket), "bucket.created object.uploaded"; got != want {
		t.Errorf("got events %q, want %q", got, want)
	}
	mustPut(t, d.db, d.team.Requester, d.bucket, "dir/large", "small")
	modelstest.Work(t, d.db)
	wantBlobs(t, d.folder, 1)
	wantSound(t, d.db)
}

func TestEndOfAnUploadIsRefused(t *testing.T) {
	t.Parallel()
	d := openBucketDesk(t, models.Options{})
	of := d.begin(t, models.ObjectInput{Key: "a", ForbidOverwrite: true})
	first, second, small := d.part(t, of, 1, bytesOf(1, 102400)), d.part(t, of, 2, bytesOf(2, 102400)), d.part(t, of, 3, bytesOf(3, 102399))
	last := d.part(t, of, 4, nil)
	for _, c := range []struct {
		name  string
		parts []models.PartRef
		rule  string
	}{
		{"no part", nil, "required"},
		{"falling numbers", []models.PartRef{second, first}, "part_order"},
		{"a part twice", []models.PartRef{first, first}, "part_order"},
		{"unknown part", []models.PartRef{first, {Number: 5, ETag: first.ETag}}, "part_unknown"},
		{"other tag", []models.PartRef{{Number: 1, ETag: second.ETag}}, "part_unknown"},
		{"no tag", []models.PartRef{{Number: 1}}, "part_unknown"},
		{"small part", []models.PartRef{first, small, last}, "part_small"},
	} {
		_, err := d.db.CompleteMultipart(t.Context(), d.team.Requester, models.CompleteInput{MultipartRef: of, Parts: c.parts})
		if !rejects(err, "parts", c.rule) {
			t.Errorf("%s: got %v, want parts %s", c.name, err, c.rule)
		}
	}
	mustPut(t, d.db, d.team.Requester, d.bucket, "a", "there")
	if _, err := d.db.CompleteMultipart(t.Context(), d.team.Requester, models.CompleteInput{MultipartRef: of, Parts: []models.PartRef{first}}); !rejects(err, "file", "exists") {
		t.Errorf("key that is taken: got %v, want file exists", err)
	}
	if err := d.db.DeleteKeys(t.Context(), d.team.Requester, d.bucket, "a"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []models.MultipartRef{{of.BucketID, "b", of.ID}, {of.BucketID, of.Key, "none"}, {"none", of.Key, of.ID}} {
		if _, err := d.db.CompleteMultipart(t.Context(), d.team.Requester, models.CompleteInput{MultipartRef: c, All: true}); !errors.Is(err, models.ErrNotFound) {
			t.Errorf("%+v: got %v, want not found", c, err)
		}
	}
	d.complete(t, of, first, second, last)
	wantSound(t, d.db)
}

// Whoever did not get the answer sends the end of an upload again.
func TestTheEndOfAnUploadIsAnsweredAgain(t *testing.T) {
	t.Parallel()
	d := openBucketDesk(t, models.Options{})
	of := d.begin(t, models.ObjectInput{Key: "a", ForbidOverwrite: true})
	first, second, dropped := d.part(t, of, 1, bytesOf(1, 102400)), d.part(t, of, 2, bytesOf(2, 9)), d.part(t, of, 3, bytesOf(3, 9))
	want := d.complete(t, of, first, second)
	events := actions(t, d.db, d.team.Viewer, d.bucket)
	again := func(in models.CompleteInput) (*models.Object, error) {
		in.MultipartRef = of
		return d.db.CompleteMultipart(t.Context(), d.team.Requester, in)
	}
	for what, in := range map[string]models.CompleteInput{"the same parts": {Parts: []models.PartRef{first, second}}, "all": {All: true}} {
		if o, err := again(in); err != nil || o.ID != want.ID || o.ETag() != want.ETag() || o.CRC64 != want.CRC64 || !o.CreatedAt.Equal(want.CreatedAt) {
			t.Errorf("%s: got %+v, %v; want %+v", what, o, err, want)
		}
	}
	for what, parts := range map[string][]models.PartRef{"no parts": nil, "fewer": {first}, "more": {first, second, dropped}, "others": {first, {Number: 2, ETag: first.ETag}}} {
		if _, err := again(models.CompleteInput{Parts: parts}); !errors.Is(err, models.ErrNotFound) {
			t.Errorf("%s: got %v, want not found", what, err)
		}
	}
	if got := actions(t, d.db, d.team.Viewer, d.bucket); got != events {
		t.Errorf("got the events %q, want %q", got, events)
	}
	mustPut(t, d.db, d.team.Requester, d.bucket, "a", "another")
	if _, err := again(models.CompleteInput{All: true}); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("replaced: got %v, want not found", err)
	}
	wantSound(t, d.db)
}

func TestABucketHasOnlySoManyUnfinishedUploads(t *testing.T) {
	t.Parallel()
	d := openBucketDesk(t, models.Options{})
	of := d.begin(t, models.ObjectInput{Key: "first"})
	modelstest.Exec(t, d.options, `INSERT INTO multiparts (id, team_id, bucket_id, key, content_type, headers, forbid_overwrite, created_by, creator_name, created_at)
		WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
		SELECT 'upload-' || i, team_id, bucket_id, key, content_type, headers, forbid_overwrite, created_by, creator_name, created_at FROM multiparts, n`)
	in := models.ObjectInput{BucketID: d.bucket, Key: "one too many", Sent: models.Sent{Limit: 9, Length: 9}}
	if _, err := d.db.BeginMultipart(t.Context(), d.team.Requester, in); !rejects(err, "file", "many_uploads") {
		t.Errorf("begin: got %v, want many_uploads", err)
	}
	if _, _, err := d.db.ResumeMultipart(t.Context(), d.team.Requester, in, 1); !rejects(err, "file", "many_uploads") {
		t.Errorf("resume: got %v, want many_uploads", err)
	}
	if err := d.db.AbortMultipart(t.Context(), d.team.Requester, of); err != nil {
		t.Fatal(err)
	}
	d.begin(t, models.ObjectInput{Key: "room again"})
}

// An upload is ended in one way, however often; it becomes an object or nothing.
func TestOfTwoEndsOneWins(t *testing.T) {
	t.Parallel()
	d := openBucketDesk(t, models.Options{})
	of := d.begin(t, models.ObjectInput{Key: "a"})
	d.part(t, of, 1, []byte("one"))
	var aborted, completed atomic.Int64
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			var err error
			won := &aborted
			if i%2 == 0 {
				err = d.db.AbortMultipart(context.Background(), d.team.Requester, of)
			} else {
				_, err = d.db.CompleteMultipart(context.Background(), d.team.Requester, models.CompleteInput{MultipartRef: of, All: true})
				won = &completed
			}
			if err == nil {
				won.Add(1)
			} else if !errors.Is(err, models.ErrNotFound) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if a, c := aborted.Load(), completed.Load(); (a != 1 || c != 0) && (a != 0 || c != 4) {
		t.Errorf("%d aborted and %d completed it, want one who aborted or all who completed", a, c)
	}
	if got := d.find(t); got.ObjectCount != min(1, completed.Load()) {
		t.Errorf("got %d objects", got.ObjectCount)
	}
	wantSound(t, d.db)
}

func TestPartsCountAgainstTheLimit(t *testing.T) {
	t.Parallel()
	d := openBucketDesk(t, models.Options{})
	if err := d.db.LimitBucket(t.Context(), d.bucket, 1000); err != nil {
		t.Fatal(err)
	}
	mustPut(t, d.db, d.team.Requester, d.bucket, "there", strings.Repeat("x", 300))
	of := d.begin(t, models.ObjectInput{Key: "a"})
	d.part(t, of, 1, bytesOf(1, 600))
	_, err := d.db.PutPart(t.Context(), d.team.Requester, of, 2, models.Sent{}, bytes.NewReader(bytesOf(2, 101)))
	if !rejects(err, "file", "bucket_full") {
		t.Errorf("part beyond the limit: got %v, want bucket_full", err)
	}
	if _, err := d.db.PutObject(t.Context(), d.team.Requester, models.ObjectInput{BucketID: d.bucket, Key: "b"}, bytes.NewReader(bytesOf(2, 101))); !rejects(err, "file", "bucket_full") {
		t.Errorf("object beyond the limit: got %v, want bucket_full", err)
	}
	d.part(t, of, 1, bytesOf(3, 700)) // in place of the former
	if err := d.db.DeleteBucket(t.Context(), d.team.Requester, d.bucket); !rejects(err, "", "bucket_uploads") {
		t.Errorf("delete the bucket: got %v, want bucket_uploads", err)
	}
	o, err := d.db.CompleteMultipart(t.Context(), d.team.Requester, models.CompleteInput{MultipartRef: of, All: true})
	if err != nil || o.Size != 700 {
		t.Fatalf("got %+v, %v", o, err)
	}
	wantSound(t, d.db)
}

func TestWhatIsAbortedOrCutLeavesNothing(t *testing.T) {
	t.Parallel()
	d := openBucketDesk(t, models.Options{})
	of := d.begin(t, models.ObjectInput{Key: "a"})
	d.part(t, of, 1, bytesOf(1, 1000))
	for _, c := range []struct {
		name string
		sent models.Sent
		want func(error) bool
	}{
		{"another MD5", models.Sent{ContentMD5: "XUFAKrxLKna5cZ2REBfFkg=="}, func(err error) bool { return rejects(err, "file", "digest") }},
		{"no MD5", models.Sent{ContentMD5: "abc"}, func(err error) bool { return rejects(err, "file", "digest") }},
		{"fewer than announced", models.Sent{Length: 1001}, func(err error) bool { return rejects(err, "file", "incomplete") }},
		{"more than allowed", models.Sent{Limit: 999}, func(err error) bool { return errors.Is(err, models.ErrTooLarge) }},
		{"more than allowed is announced", models.Sent{Limit: 999, Length: 1000}, func(err error) bool { return errors.Is(err, models.ErrTooLarge) }},
	} {
		_, err := d.db.PutPart(t.Context(), d.team.Requester, of, 1, c.sent, bytes.NewReader(bytesOf(2, 1000)))
		if !c.want(err) {
			t.Errorf("part with %s: got %v", c.name, err)
		}
		_, err = d.db.PutObject(t.Context(), d.team.Requester, models.ObjectInput{BucketID: d.bucket, Key: "b", Sent: c.sent}, bytes.NewReader(bytesOf(2, 1000)))
		if !c.want(err) {
			t.Errorf("object with %s: got %v", c.name, err)
		}
	}
	if _, err := d.db.PutPart(t.Context(), d.team.Requester, of, 2, models.Sent{}, cut{&zeros{left: 1 << 20}}); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("cut: got %v", err)
	}
	for _, number := range []int{0, -1, 10001} {
		if _, err := d.db.PutPart(t.Context(), d.team.Requester, of, number, models.Sent{}, strings.NewReader("")); !rejects(err, "part_number", "range") {
			t.Errorf("part %d: got %v, want range", number, err)
		}
	}
	sum := md5.Sum(bytesOf(2, 1000))
	good := models.Sent{Length: 1000, Limit: 1000, ContentMD5: base64.StdEncoding.EncodeToString(sum[:])}
	if _, err := d.db.PutPart(t.Context(), d.team.Requester, of, 2, good, bytes.NewReader(bytesOf(2, 1000))); err != nil {
		t.Errorf("as announced: %v", err)
	}
	modelstest.Work(t, d.db)
	wantBlobs(t, d.folder, 2)
	if err := d.db.AbortMultipart(t.Context(), d.team.Admin, of); err != nil {
		t.Fatal(err)
	}
	d.wantEnded(t, d.team.Admin, of.Key, 2000)
	if _, err := d.db.PutPart(t.Context(), d.team.Requester, of, 3, models.Sent{}, strings.NewReader("late")); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("part of an aborted upload: got %v", err)
	}
	modelstest.Work(t, d.db)
	wantBlobs(t, d.folder, 0)
	wantSound(t, d.db)
	if err := d.db.DeleteBucket(t.Context(), d.team.Requester, d.bucket); err != nil {
		t.Errorf("delete the bucket: %v", err)
	}
}

// wantEnded wants an event that says who ended an upload, of which key and of how many
// bytes.
func (d bucketDesk) wantEnded(t *testing.T, by models.Actor, key string, bytes int) {
	t.Helper()
	events, _, err := modelstest.List(t.Context(), d.db, d.team.Viewer, models.Events, list.Query{Filters: list.With("subject", d.bucket).Filters})
	if err != nil || len(events) != 2 {
		t.Fatalf("got %d events, %v, want those of the bucket and the end", len(events), err)
	}
	e := events[0]
	said := fmt.Sprintf(`"begun_by":%q`, d.team.Requester.UserName)
	if e.Action != "object.upload_ended" || e.SubjectName != key || e.Face != by.Face || e.UserID != by.UserID ||
		!strings.Contains(e.Detail, fmt.Sprintf(`"bytes":%d,`, bytes)) || !strings.Contains(e.Detail, said) {
		t.Errorf("got %+v, want the end of the upload of %s with %d bytes", e, key, bytes)
	}
}

func TestUnfinishedUploadsEndAfterSevenDays(t *testing.T) {
	t.Parallel()
	clock := modelstest.NewClock()
	d := openBucketDesk(t, models.Options{Clock: clock.Now})
	of := d.begin(t, models.ObjectInput{Key: "a"})
	d.part(t, of, 1, []byte("one"))
	clock.Move(7*24*time.Hour - time.Second)
	young := d.begin(t, models.ObjectInput{Key: "b"})
	for _, c := range []struct {
		by   time.Duration
		want error
	}{{0, nil}, {time.Second, models.ErrNotFound}} {
		clock.Move(c.by)
		if err := d.db.EndMultiparts(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := d.db.FindMultipart(t.Context(), d.team.Viewer, of); !errors.Is(err, c.want) {
			t.Errorf("after %v more: got %v, want %v", c.by, err, c.want)
		}
	}
	if _, err := d.db.FindMultipart(t.Context(), d.team.Viewer, young); err != nil {
		t.Errorf("younger upload: %v", err)
	}
	d.wantEnded(t, models.Actor{Face: models.ByServer}, "a", 3)
	modelstest.Work(t, d.db)
	wantBlobs(t, d.folder, 0)
	wantSound(t, d.db)
}

func TestPartsAreCopiedFromObjects(t *testing.T) {
	t.Parallel()
	d := openBucketDesk(t, models.Options{})
	text := bytesOf(1, 300_000)
	mustPut(t, d.db, d.team.Requester, d.bucket, "from", string(text))
	of := d.begin(t, models.ObjectInput{Key: "to"})
	for _, c := range []struct {
		first, last int64
		want        []byte
		rule        string
	}{
		{0, 149_999, text[:150_000], ""},
		{150_000, -1, text[150_000:], ""},
		{0, 300_000, nil, "range"},
		{300_000, -1, nil, "range"},
		{-1, 5, nil, "range"},
		{6, 5, nil, "range"},
		{0, math.MaxInt64, nil, "range"},
	} {
		p, err := d.db.CopyPart(t.Context(), d.team.Requester, of, int(1+c.first/1000), models.Sent{}, models.PartSource{BucketID: d.bucket, Key: "from", First: c.first, Last: c.last})
		if c.rule != "" {
			if !rejects(err, "range", c.rule) {
				t.Errorf("%d to %d: got %v, want %s", c.first, c.last, err, c.rule)
			}
			continue
		}
		if err != nil || p.Size != int64(len(c.want)) || p.ETag() != fmt.Sprintf("%X", md5.Sum(c.want)) {
			t.Errorf("%d to %d: got %+v, %v", c.first, c.last, p, err)
		}
	}
	mustPut(t, d.db, d.team.Requester, d.bucket, "empty", "")
	nothing := d.begin(t, models.ObjectInput{Key: "nothing"})
	for _, from := range []models.PartSource{{First: 5, Last: -1}, {Last: 0}, {Last: math.MaxInt64}} {
		from.BucketID, from.Key = d.bucket, "empty"
		if p, err := d.db.CopyPart(t.Context(), d.team.Requester, nothing, 1, models.Sent{}, from); !rejects(err, "range", "range") {
			t.Errorf("%d to %d of nothing: got %+v, %v, want range", from.First, from.Last, p, err)
		}
	}
	if p, err := d.db.CopyPart(t.Context(), d.team.Requester, nothing, 1, models.Sent{}, models.PartSource{BucketID: d.bucket, Key: "empty", Last: -1}); err != nil || p.Size != 0 {
		t.Errorf("all of nothing: got %+v, %v", p, err)
	}
	no := errors.New("no")
	_, err := d.db.CopyPart(t.Context(), d.team.Requester, of, 9, models.Sent{}, models.PartSource{BucketID: d.bucket, Key: "from", Last: -1, If: func(*models.Object) error { return no }})
	if !errors.Is(err, no) {
		t.Errorf("with a condition: got %v", err)
	}
	if o, err := d.db.CompleteMultipart(t.Context(), d.team.Requester, models.CompleteInput{MultipartRef: of, All: true}); err != nil || o.CRC64 != crcOf(text) {
		t.Errorf("got %+v, %v; want the CRC64 %s", o, err, crcOf(text))
	}
	if got := read(t, d.db, d.team.Viewer, d.bucket, "to"); got != string(text) {
		t.Error("the copy has other bytes")
	}
	wantSound(t, d.db)
}

func TestUploadsAreListed(t *testing.T) {
	t.Parallel()
	d := openBucketDesk(t, models.Options{})
	ids := map[string][]string{}
	for _, key := range []string{"a", "b/1", "b/2", "b/2", "b/2", "c", "中/1"} {
		of := d.begin(t, models.ObjectInput{Key: key})
		ids[key] = append(ids[key], of.ID)
	}
	slices.Sort(ids["b/2"])
	for _, c := range []struct {
		prefix, delimiter, after, afterID string
		want                              string
	}{
		{"", "", "", "", "a b/1 b/2 b/2 b/2 c 中/1"},
		{"", "/", "", "", "a [b/] c [中/]"},
		{"b/", "/", "", "", "b/1 b/2 b/2 b/2"},
		{"", "", "b/2", "", "c 中/1"},
		{"", "", "b/2", ids["b/2"][0], "b/2 b/2 c 中/1"},
		{"", "", "b/2", ids["b/2"][2], "c 中/1"},
		{"", "/", "b/", "", "c [中/]"},
		{"", "/", "中/", "", ""},
		{"none", "", "", "", ""},
	} {
		for size := 1; size <= 8; size++ {
			var got []string
			after, id := c.after, c.afterID
			for {
				q := models.KeyQuery{Prefix: c.prefix, Delimiter: c.delimiter, After: after, Size: size}
				list, more, err := d.db.ListMultiparts(t.Context(), d.team.Viewer, d.bucket, q, id)
				if err != nil {
					t.Fatal(err)
				}
				for _, e := range list {
					if e.Upload != nil {
						got, after, id = append(got, e.Upload.Key), e.Upload.Key, e.Upload.ID
					} else {
						got, after, id = append(got, "["+e.Folder+"]"), e.Folder, ""
					}
				}
				if !more || len(got) > 20 {
					break
				}
			}
			if text := strings.Join(got, " "); text != c.want {
				t.Errorf("%+v by %d: got %q", c, size, text)
			}
		}
	}
}

func TestPartsAreListed(t *testing.T) {
	t.Parallel()
	d := openBucketDesk(t, models.Options{})
	of := d.begin(t, models.ObjectInput{Key: "a"})
	for _, n := range []int{9, 1, 10_000} {
		d.part(t, of, n, []byte("x"))
	}
	for _, c := range []struct {
		after, n int
		want     string
		more     bool
	}{{0, 10, "1 9 10000", false}, {0, 2, "1 9", true}, {9, 1, "10000", false}, {10_000, 5, "", false}} {
		_, parts, more, err := d.db.ListParts(t.Context(), d.team.Viewer, of, c.after, c.n)
		var got []string
		for _, p := range parts {
			got = append(got, fmt.Sprint(p.Number))
		}
		if text := strings.Join(got, " "); err != nil || text != c.want || more != c.more {
			t.Errorf("%+v: got %q, %v, %v", c, text, more, err)
		}
	}
}

// wantSound checks everything that a check of the desk looks at.
func wantSound(t *testing.T, db *models.DB) {
	t.Helper()
	r, err := db.Check(t.Context(), models.CheckInput{Meter: new(models.Meter)})
	if err != nil {
		t.Fatalf("check: %v", err)
	}
	for _, f := range r.Findings {
		t.Errorf("check found %s: %v", f.What, f.Cases)
	}
}

func TestUploadsOfAnotherTeamAreNone(t *testing.T) {
	t.Parallel()
	d := openBucketDesk(t, models.Options{})
	of := d.begin(t, models.ObjectInput{Key: "a"})
	part := d.part(t, of, 1, []byte("one"))
	stranger := modelstest.NewTeam(t, d.db).Admin
	if _, err := d.db.PutPart(t.Context(), stranger, of, 1, models.Sent{}, strings.NewReader("")); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("part: got %v", err)
	}
	if _, _, _, err := d.db.ListParts(t.Context(), stranger, of, 0, 10); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("parts: got %v", err)
	}
	if list, _, err := d.db.ListMultiparts(t.Context(), stranger, d.bucket, models.KeyQuery{Size: 10}, ""); err != nil || len(list) != 0 {
		t.Errorf("uploads: got %v, %v", list, err)
	}
	if _, err := d.db.CompleteMultipart(t.Context(), stranger, models.CompleteInput{MultipartRef: of, Parts: []models.PartRef{part}}); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("complete: got %v", err)
	}
	if err := d.db.AbortMultipart(t.Context(), stranger, of); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("abort: got %v", err)
	}
	if _, err := d.db.BeginMultipart(t.Context(), d.team.Viewer, models.ObjectInput{BucketID: d.bucket, Key: "b"}); !errors.Is(err, models.ErrForbidden) {
		t.Errorf("viewer begins: got %v", err)
	}
	if err := d.db.AbortMultipart(t.Context(), d.team.Viewer, of); !errors.Is(err, models.ErrForbidden) {
		t.Errorf("viewer aborts: got %v", err)
	}
}
