package models_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"quartermaster/models"
	"quartermaster/models/modelstest"
)

func TestHeadersAreKeptAsTheyWereSent(t *testing.T) {
	t.Parallel()
	d := openBucketDesk(t, models.Options{})
	want := models.ObjectHeaders{
		ContentEncoding: "x:y ,z", ContentDisposition: "attachment; filename=\"\xe7\x89\x88\xff\"", ContentLanguage: " zh ", CacheControl: "no", Expires: "\tnever",
		Meta: map[string]string{"a": "", "b-c_d": "latin \xe9: 1", "long": strings.Repeat("x", 8000)},
	}
	in := models.ObjectInput{BucketID: d.bucket, Key: "a", ContentType: "Text/PLAIN;Charset=\"X\"", Headers: want}
	if _, err := d.db.PutObject(t.Context(), d.team.Requester, in, strings.NewReader("x")); err != nil {
		t.Fatal(err)
	}
	o, err := d.db.FindObject(t.Context(), d.team.Viewer, d.bucket, "a")
	if err != nil || o.ContentType != in.ContentType || !maps.Equal(o.Headers.Meta, want.Meta) {
		t.Errorf("got %+v, %v", o, err)
	}
	o.Headers.Meta, want.Meta = nil, nil
	if got := o.Headers; got.ContentEncoding != want.ContentEncoding || got.ContentDisposition != want.ContentDisposition ||
		got.ContentLanguage != want.ContentLanguage || got.CacheControl != want.CacheControl || got.Expires != want.Expires {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if o := mustPut(t, d.db, d.team.Requester, d.bucket, "b", ""); o.ContentType != "application/octet-stream" || o.CRC64 != "0" {
		t.Errorf("without a type: got %+v", o)
	}
	for _, c := range []struct {
		field, rule string
		in          models.ObjectInput
	}{
		{"content_type", "line", models.ObjectInput{ContentType: "a\nb"}},
		{"content_type", "line", models.ObjectInput{ContentType: "a\xff"}},
		{"headers", "line", models.ObjectInput{Headers: models.ObjectHeaders{Expires: "a\nx-oss-meta-b:c"}}},
		{"headers", "long", models.ObjectInput{Headers: models.ObjectHeaders{Expires: strings.Repeat("x", 8000), CacheControl: strings.Repeat("x", 200)}}},
		{"meta", "line", models.ObjectInput{Headers: models.ObjectHeaders{Meta: map[string]string{"A": ""}}}},
		{"meta", "line", models.ObjectInput{Headers: models.ObjectHeaders{Meta: map[string]string{"a:b": ""}}}},
		{"meta", "line", models.ObjectInput{Headers: models.ObjectHeaders{Meta: map[string]string{"": ""}}}},
		{"meta", "line", models.ObjectInput{Headers: models.ObjectHeaders{Meta: map[string]string{"a": "b\r"}}}},
		{"meta", "long", models.ObjectInput{Headers: models.ObjectHeaders{Meta: map[string]string{"a": strings.Repeat("x", 8192)}}}},
	} {
		c.in.BucketID, c.in.Key = d.bucket, "c"
		if _, err := d.db.PutObject(t.Context(), d.team.Requester, c.in, strings.NewReader("x")); !rejects(err, c.field, c.rule) {
			t.Errorf("%+.80v: got %v, want %s %s", c.in, err, c.field, c.rule)
		}
	}
}

// What an older version put has no headers and no CRC64, and is an object like any
// other.
func TestOldObjectsGoOn(t *testing.T) {
	t.Parallel()
	d := openBucketDesk(t, models.Options{})
	text := string(bytesOf(1, 102400))
	mustPut(t, d.db, d.team.Requester, d.bucket, "old", text)
	modelstest.Exec(t, d.options, "UPDATE objects SET headers = NULL, crc64 = ''")
	o, err := d.db.CopyObject(t.Context(), d.team.Requester, models.CopyInput{FromBucket: d.bucket, FromKey: "old", To: models.ObjectInput{BucketID: d.bucket, Key: "copy"}})
	if err != nil || o.CRC64 != "" || o.ETag() == "" || o.Headers.Meta != nil {
		t.Errorf("copy: got %+v, %v", o, err)
	}
	of := d.begin(t, models.ObjectInput{Key: "joined"})
	if _, err := d.db.CopyPart(t.Context(), d.team.Requester, of, 1, models.Sent{}, models.PartSource{BucketID: d.bucket, Key: "old", Last: -1}); err != nil {
		t.Fatal(err)
	}
	if o, err := d.db.CompleteMultipart(t.Context(), d.team.Requester, models.CompleteInput{MultipartRef: of, All: true}); err != nil || o.CRC64 != crcOf([]byte(text)) {
		t.Errorf("joined: got %+v, %v", o, err)
	}
	for _, key := range []string{"old", "copy", "joined"} {
		if got := read(t, d.db, d.team.Viewer, d.bucket, key); got != text {
			t.Errorf("%s has other bytes", key)
		}
	}
	wantSound(t, d.db)
}

func TestForbiddenOverwriteLetsOneWin(t *testing.T) {
	t.Parallel()
	d := openBucketDesk(t, models.Options{})
	var won atomic.Int64
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			in := models.ObjectInput{BucketID: d.bucket, Key: "a", ForbidOverwrite: true}
			_, err := d.db.PutObject(t.Context(), d.team.Requester, in, strings.NewReader("x"))
			if err == nil {
				won.Add(1)
			} else if !rejects(err, "file", "exists") {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if won.Load() != 1 {
		t.Errorf("%d won, want 1", won.Load())
	}
	wantBlobs(t, d.folder, 1)
	wantSound(t, d.db)
}

func TestCopiesShareBytesAndNothingElse(t *testing.T) {
	t.Parallel()
	d := openBucketDesk(t, models.Options{})
	by, other := d.team.Requester, mustBucket(t, d.db, d.team.Requester, 0)
	in := models.ObjectInput{BucketID: d.bucket, Key: "small", ContentType: "a/b", Headers: models.ObjectHeaders{Expires: "1", Meta: map[string]string{"one": "1"}}}
	small, err := d.db.PutObject(t.Context(), by, in, strings.NewReader("small"))
	if err != nil {
		t.Fatal(err)
	}
	a, b := bytesOf(1, 102400), bytesOf(2, 9)
	of := d.begin(t, models.ObjectInput{Key: "large", ContentType: "c/d"})
	large := d.complete(t, of, d.part(t, of, 1, a), d.part(t, of, 2, b))
	for _, c := range []struct {
		from    *models.Object
		to, key string
		replace bool
	}{
		{small, other, "small", false},
		{small, d.bucket, "small 2", true},
		{small, d.bucket, "small", true}, // itself
		{large, other, "large", false},
		{large, d.bucket, "large", false}, // itself
	} {
		to := models.ObjectInput{BucketID: c.to, Key: c.key, ContentType: "new/type", Headers: models.ObjectHeaders{Meta: map[string]string{"two": "2"}}}
		if _, err := d.db.CopyObject(t.Context(), by, models.CopyInput{FromBucket: d.bucket, FromKey: c.from.Key, Replace: c.replace, To: to}); err != nil {
			t.Fatalf("%s: %v", c.key, err)
		}
		want := c.from
		if c.replace {
			want = &models.Object{ContentType: to.ContentType, Headers: to.Headers}
		}
		o, err := d.db.FindObject(t.Context(), by, c.to, c.key)
		if err != nil || o.ETag() != c.from.ETag() || o.CRC64 != c.from.CRC64 || o.Size != c.from.Size || o.Multipart || o.ID == c.from.ID ||
			o.ContentType != want.ContentType || o.Headers.Expires != want.Headers.Expires || !maps.Equal(o.Headers.Meta, want.Headers.Meta) {
			t.Errorf("%s: got %+v, %v", c.key, o, err)
		}
	}
	modelstest.Work(t, d.db)
	wantBlobs(t, d.folder, 3)
	wantSound(t, d.db)
	if err := d.db.DeleteKeys(t.Context(), by, d.bucket, "small", "small 2", "large"); err != nil {
		t.Fatal(err)
	}
	modelstest.Work(t, d.db)
	wantBlobs(t, d.folder, 3)
	if got := read(t, d.db, by, other, "small"); got != "small" {
		t.Errorf("the copy of a deleted object is %q", got)
	}
	if got := read(t, d.db, by, other, "large"); got != string(a)+string(b) {
		t.Error("the copy of a deleted object has other bytes")
	}
	if o, err := d.db.FindObject(t.Context(), by, other, "large"); err != nil || o.SHA256 != sumOf(slices.Concat(a, b)) {
		t.Errorf("got SHA-256 %q, %v", o.SHA256, err)
	}
	if err := d.db.DeleteKeys(t.Context(), by, other, "small", "large"); err != nil {
		t.Fatal(err)
	}
	modelstest.Work(t, d.db)
	wantBlobs(t, d.folder, 0)
	wantSound(t, d.db)
}

func TestCopyIsRefused(t *testing.T) {
	t.Parallel()
	d := openBucketDesk(t, models.Options{})
	by := d.team.Requester
	mustPut(t, d.db, by, d.bucket, "a", strings.Repeat("x", 600))
	mustPut(t, d.db, by, d.bucket, "b", "")
	if err := d.db.LimitBucket(t.Context(), d.bucket, 1000); err != nil {
		t.Fatal(err)
	}
	stranger := modelstest.NewTeam(t, d.db)
	theirs := mustBucket(t, d.db, stranger.Requester, 0)
	no := errors.New("no")
	for _, c := range []struct {
		name string
		by   models.Actor
		in   models.CopyInput
		want func(error) bool
	}{
		{"no such object", by, models.CopyInput{FromBucket: d.bucket, FromKey: "none", To: models.ObjectInput{BucketID: d.bucket, Key: "c"}}, func(err error) bool { return errors.Is(err, models.ErrNotFound) }},
		{"over the limit", by, models.CopyInput{FromBucket: d.bucket, FromKey: "a", To: models.ObjectInput{BucketID: d.bucket, Key: "c"}}, func(err error) bool { return rejects(err, "file", "bucket_full") }},
		{"key taken", by, models.CopyInput{FromBucket: d.bucket, FromKey: "a", To: models.ObjectInput{BucketID: d.bucket, Key: "b", ForbidOverwrite: true}}, func(err error) bool { return rejects(err, "file", "exists") }},
		{"condition", by, models.CopyInput{FromBucket: d.bucket, FromKey: "a", If: func(*models.Object) error { return no }, To: models.ObjectInput{BucketID: d.bucket, Key: "b"}}, func(err error) bool { return errors.Is(err, no) }},
		{"into another team", by, models.CopyInput{FromBucket: d.bucket, FromKey: "a", To: models.ObjectInput{BucketID: theirs, Key: "c"}}, func(err error) bool { return errors.Is(err, models.ErrNotFound) }},
		{"from another team", stranger.Admin, models.CopyInput{FromBucket: d.bucket, FromKey: "a", To: models.ObjectInput{BucketID: theirs, Key: "c"}}, func(err error) bool { return errors.Is(err, models.ErrNotFound) }},
		{"by a viewer", d.team.Viewer, models.CopyInput{FromBucket: d.bucket, FromKey: "a", To: models.ObjectInput{BucketID: d.bucket, Key: "b"}}, func(err error) bool { return errors.Is(err, models.ErrForbidden) }},
	} {
		if _, err := d.db.CopyObject(t.Context(), c.by, c.in); !c.want(err) {
			t.Errorf("%s: got %v", c.name, err)
		}
	}
	wantHeld(t, d.db, by, d.bucket, 600, 2)
	wantSound(t, d.db)
}

func TestKeysAreDeletedTogetherOrNotAtAll(t *testing.T) {
	t.Parallel()
	d := openBucketDesk(t, models.Options{})
	by := d.team.Requester
	used := mustPut(t, d.db, by, d.bucket, "used.zip", "version 1")
	mustPut(t, d.db, by, d.bucket, "free.zip", "free")
	if err := d.db.UseObject(t.Context(), used); err != nil {
		t.Fatal(err)
	}
	refused := func(what string, err error) {
		t.Helper()
		var in *models.InUse
		if !errors.As(err, &in) || in.Key != "used.zip" || len(in.Uses) != 1 || in.Uses[0].Label != "1.0" || !rejects(err, "file", "in_use") {
			t.Errorf("%s: got %v, want in_use by version 1.0", what, err)
		}
	}
	refused("delete", d.db.DeleteKeys(t.Context(), by, d.bucket, "free.zip", "used.zip", "none"))
	_, err := d.db.PutObject(t.Context(), by, models.ObjectInput{BucketID: d.bucket, Key: "used.zip"}, strings.NewReader("x"))
	refused("replace", err)
	to := models.ObjectInput{BucketID: d.bucket, Key: "used.zip"}
	_, err = d.db.CopyObject(t.Context(), by, models.CopyInput{FromBucket: d.bucket, FromKey: "free.zip", To: to})
	refused("copy onto it", err)
	_, err = d.db.CopyObject(t.Context(), by, models.CopyInput{FromBucket: d.bucket, FromKey: "used.zip", Replace: true, To: to})
	refused("copy onto itself", err)
	_, err = d.db.BeginMultipart(t.Context(), by, to)
	refused("upload in parts", err)
	if _, err := d.db.CopyObject(t.Context(), by, models.CopyInput{FromBucket: d.bucket, FromKey: "used.zip", To: models.ObjectInput{BucketID: d.bucket, Key: "copy"}}); err != nil {
		t.Errorf("copy of it: %v", err)
	}
	if err := d.db.DeleteKeys(t.Context(), by, d.bucket, "free.zip", "none", "copy", "copy", "zero\x00", "broken\xff"); err != nil {
		t.Errorf("delete others: %v", err)
	}
	if err := d.db.DeleteKeys(t.Context(), d.team.Viewer, d.bucket, "used.zip"); !errors.Is(err, models.ErrForbidden) {
		t.Errorf("viewer: got %v", err)
	}
	if err := d.db.DeleteKeys(t.Context(), modelstest.NewTeam(t, d.db).Admin, d.bucket, "used.zip"); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("other team: got %v", err)
	}
	wantHeld(t, d.db, by, d.bucket, 9, 1)
	modelstest.Work(t, d.db)
	wantBlobs(t, d.folder, 1)
}

func TestKeysAreListedByAnyDelimiter(t *testing.T) {
	t.Parallel()
	d := openBucketDesk(t, models.Options{})
	for _, key := range []string{"a", "a/", "a/1", "a/2", "a--b", "a--c", "b-", "b--", "b--1", "\\x", "中文一", "中文二", "中间", "\U0010ffff\U0010ffff", "z%_"} {
		mustPut(t, d.db, d.team.Requester, d.bucket, key, "")
	}
	for _, c := range []struct {
		prefix, delimiter, after string
		want                     []string
	}{
		{"", "", "", []string{"\\x", "a", "a--b", "a--c", "a/", "a/1", "a/2", "b-", "b--", "b--1", "z%_", "中文一", "中文二", "中间", "\U0010ffff\U0010ffff"}},
		{"", "--", "", []string{"\\x", "a", "[a--]", "a/", "a/1", "a/2", "b-", "[b--]", "z%_", "中文一", "中文二", "中间", "\U0010ffff\U0010ffff"}},
		{"", "文", "b--1", []string{"z%_", "[中文]", "中间", "\U0010ffff\U0010ffff"}},
		{"", "\U0010ffff", "z", []string{"z%_", "中文一", "中文二", "中间", "[\U0010ffff]"}},
		{"", "\U0010ffff", "\U0010ffff", nil},
		{"a", "/", "", []string{"a", "a--b", "a--c", "[a/]"}},
		{"a/", "/", "", []string{"a/", "a/1", "a/2"}},
		{"a/", "/", "a/1", []string{"a/2"}},
		{"", "/", "a/", []string{"b-", "b--", "b--1", "z%_", "中文一", "中文二", "中间", "\U0010ffff\U0010ffff"}},
		{"", "/", "a/1", []string{"[a/]", "b-", "b--", "b--1", "z%_", "中文一", "中文二", "中间", "\U0010ffff\U0010ffff"}},
		{"b", "", "a", []string{"b-", "b--", "b--1"}},
		{"b", "", "c", nil},
		{"z%", "", "", []string{"z%_"}},
		{"none", "", "", nil},
	} {
		for size := 1; size <= 16; size++ {
			var got []string
			for q := (models.KeyQuery{Prefix: c.prefix, Delimiter: c.delimiter, After: c.after, Size: size}); ; {
				list, more, err := d.db.ListKeys(t.Context(), d.team.Viewer, d.bucket, q)
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, names(list)...)
				if !more || len(got) > 100 {
					break
				}
				q.After = list[len(list)-1].Name()
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%q %q after %q by %d: got %q, want %q", c.prefix, c.delimiter, c.after, size, got, c.want)
			}
		}
	}
	for field, q := range map[string]models.KeyQuery{"prefix": {Prefix: "\xff"}, "delimiter": {Delimiter: "\xe4"}, "marker": {After: "\x00"}} {
		if _, _, err := d.db.ListKeys(t.Context(), d.team.Viewer, d.bucket, q); !rejects(err, field, "key_text") {
			t.Errorf("%s: got %v, want key_text", field, err)
		}
	}
	if list, more, err := d.db.ListKeys(t.Context(), modelstest.NewTeam(t, d.db).Admin, d.bucket, models.KeyQuery{Size: 10}); err != nil || len(list) != 0 || more {
		t.Errorf("another team sees %v, %v", names(list), err)
	}
}

func TestBucketsAreFoundByName(t *testing.T) {
	t.Parallel()
	d := openBucketDesk(t, models.Options{})
	own := mustCreateBucket(t, d.db, d.team.Requester, "own-bucket")
	stranger := modelstest.NewTeam(t, d.db)
	if b, err := d.db.FindBucketNamed(t.Context(), d.team.Viewer, "own-bucket"); err != nil || b.ID != own.ID {
		t.Errorf("own: got %+v, %v", b, err)
	}
	if _, err := d.db.FindBucketNamed(t.Context(), stranger.Admin, "own-bucket"); !errors.Is(err, models.ErrForbidden) {
		t.Errorf("another team's: got %v", err)
	}
	if _, err := d.db.FindBucketNamed(t.Context(), d.team.Viewer, "none"); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("none: got %v", err)
	}
	mustCreateBucket(t, d.db, d.team.Requester, "own-two")
	mustCreateBucket(t, d.db, stranger.Requester, "own-three")
	for _, c := range []struct {
		prefix, after string
		n             int
		want          string
	}{{"own-", "", 9, "own-bucket own-two"}, {"own-", "own-bucket", 9, "own-two"}, {"own-", "", 1, "own-bucket"}, {"own-two", "a", 9, "own-two"}, {"zzz", "", 9, ""}} {
		list, err := d.db.ListBucketsNamed(t.Context(), d.team.Viewer, c.prefix, c.after, c.n)
		var got []string
		for _, b := range list {
			got = append(got, b.Name)
		}
		if text := strings.Join(got, " "); err != nil || text != c.want {
			t.Errorf("%+v: got %q, %v", c, text, err)
		}
	}
}

func TestListsLeaveOutHeaders(t *testing.T) {
	t.Parallel()
	d := openBucketDesk(t, models.Options{})
	in := models.ObjectInput{BucketID: d.bucket, Key: "k", Headers: models.ObjectHeaders{Meta: map[string]string{"one": strings.Repeat("1", 8000)}}}
	if _, err := d.db.PutObject(t.Context(), d.team.Requester, in, strings.NewReader("x")); err != nil {
		t.Fatal(err)
	}
	d.begin(t, in)
	objects, _, err := d.db.ListKeys(t.Context(), d.team.Viewer, d.bucket, models.KeyQuery{Size: 10})
	if err != nil || len(objects) != 1 || objects[0].Object.Size != 1 || objects[0].Object.Headers.Meta != nil {
		t.Errorf("objects: got %+v, %v, want one without its headers", objects, err)
	}
	uploads, _, err := d.db.ListMultiparts(t.Context(), d.team.Viewer, d.bucket, models.KeyQuery{Size: 10}, "")
	if err != nil || len(uploads) != 1 || uploads[0].Upload.Key != "k" || uploads[0].Upload.Headers.Meta != nil {
		t.Errorf("uploads: got %+v, %v, want one without its headers", uploads, err)
	}
}
