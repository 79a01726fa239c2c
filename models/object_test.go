package models_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
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

// mustBucket makes a bucket with a limit in GB, or none, and gives its id.
func mustBucket(t *testing.T, db *models.DB, by models.Actor, limitGB int64) string {
	t.Helper()
	order := mustPlace(t, db, by, models.OrderInput{Lines: []models.LineInput{
		&models.BucketInput{Region: "cn-hangzhou", LimitGB: limitGB},
	}})
	return order.Lines[0].ResourceID
}

func mustPut(t *testing.T, db *models.DB, by models.Actor, bucket, key, text string) *models.Object {
	t.Helper()
	o, err := db.PutObject(t.Context(), by, models.ObjectInput{BucketID: bucket, Key: key}, strings.NewReader(text))
	if err != nil {
		t.Fatalf("put %q: %v", key, err)
	}
	return o
}

func read(t *testing.T, db *models.DB, by models.Actor, bucket, key string) string {
	t.Helper()
	_, r, err := db.ReadObject(t.Context(), by, bucket, key)
	if err != nil {
		t.Fatalf("read %q: %v", key, err)
	}
	defer r.Close()
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatalf("read %q: %v", key, err)
	}
	return string(text)
}

// wantHeld checks what a bucket and its team say that they hold.
func wantHeld(t *testing.T, db *models.DB, by models.Actor, bucket string, bytes, objects int64) {
	t.Helper()
	b, err := db.FindBucket(t.Context(), by, bucket)
	if err != nil {
		t.Fatal(err)
	}
	if b.UsedBytes != bytes || b.ObjectCount != objects {
		t.Errorf("bucket holds %d bytes in %d objects, want %d in %d", b.UsedBytes, b.ObjectCount, bytes, objects)
	}
	counts, err := db.Counts(t.Context(), by)
	if err != nil || counts["bytes"] != bytes {
		t.Errorf("team holds %d bytes, %v; want %d", counts["bytes"], err, bytes)
	}
}

// wantBlobs checks how many files the object back end keeps, none of them
// staged.
func wantBlobs(t *testing.T, folder string, want int) {
	t.Helper()
	staged, err := os.ReadDir(filepath.Join(folder, "objects", "staging"))
	if err != nil || len(staged) != 0 {
		t.Errorf("staging holds %d files, %v; want none", len(staged), err)
	}
	kept, err := filepath.Glob(filepath.Join(folder, "objects", "blobs", "*", "*"))
	if err != nil || len(kept) != want {
		t.Errorf("got %d blobs, %v; want %d", len(kept), err, want)
	}
}

func TestKeysAreKeptExactly(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	db := modelstest.OpenWith(t, models.Options{Folder: folder})
	team := modelstest.NewTeam(t, db)
	bucket := mustBucket(t, db, team.Requester, 0)
	keys := []string{
		"a", "a/b", "a//b", "/a", "..", "../../etc/passwd", "./.", "C:\\x", "t:1", " leading and trailing ",
		"发布包/二〇二六年 第三季度.zip", "cafe\u0301", "caf\u00e9", "line\nbreak", "\u202egnp.exe", "%2e%2e", "a?b#c&d",
		"<script>alert(1)</script>", "'; DROP TABLE objects; --", strings.Repeat("é", 512), "\U0010ffff", "folder/",
	}
	for i, key := range keys {
		mustPut(t, db, team.Requester, bucket, key, fmt.Sprint(i))
	}
	for i, key := range keys {
		if got := read(t, db, team.Viewer, bucket, key); got != fmt.Sprint(i) {
			t.Errorf("%q: got the bytes of %s, want those of %d", key, got, i)
		}
	}
	wantBlobs(t, folder, len(keys))
	for _, c := range []struct{ key, rule string }{
		{"", "key_empty"},
		{strings.Repeat("é", 512) + "x", "key_too_long"},
		{"zero\x00", "key_text"},
		{"broken\xff", "key_text"},
	} {
		_, err := db.PutObject(t.Context(), team.Requester, models.ObjectInput{BucketID: bucket, Key: c.key}, strings.NewReader(""))
		if !rejects(err, "file", c.rule) {
			t.Errorf("%.20q: got %v, want file %s", c.key, err, c.rule)
		}
		if _, err := db.FindObject(t.Context(), team.Viewer, bucket, c.key); !errors.Is(err, models.ErrNotFound) {
			t.Errorf("find %.20q: got %v, want %v", c.key, err, models.ErrNotFound)
		}
	}
}

func TestPutReplacesAndCountsExactly(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	db := modelstest.OpenWith(t, models.Options{Folder: folder})
	team := modelstest.NewTeam(t, db)
	bucket := mustBucket(t, db, team.Requester, 0)
	mustPut(t, db, team.Requester, bucket, "a", "12345")
	mustPut(t, db, team.Requester, bucket, "b", "123")
	wantHeld(t, db, team.Viewer, bucket, 8, 2)
	o := mustPut(t, db, team.Requester, bucket, "a", "1")
	wantHeld(t, db, team.Viewer, bucket, 4, 2)
	if o.SHA256 != "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b" || o.Size != 1 {
		t.Errorf("got %+v, want the sum of 1 byte", o)
	}
	modelstest.Work(t, db)
	wantBlobs(t, folder, 2)
	gone, err := db.DeleteObjects(t.Context(), team.Requester, bucket, []string{o.ID, "none", o.ID})
	if err != nil || len(gone) != 3 || gone[0].Err != nil || gone[0].Key != "a" ||
		!errors.Is(gone[1].Err, models.ErrNotFound) || !errors.Is(gone[2].Err, models.ErrNotFound) {
		t.Errorf("delete: got %+v, %v", gone, err)
	}
	wantHeld(t, db, team.Viewer, bucket, 3, 1)
	modelstest.Work(t, db)
	wantBlobs(t, folder, 1)
	if err := db.DeleteBucket(t.Context(), team.Requester, bucket); !rejects(err, "", "bucket_not_empty") {
		t.Errorf("delete bucket with an object: got %v, want bucket_not_empty", err)
	}
	events, _, err := modelstest.List(t.Context(), db, team.Viewer, models.Events, list.With("subject", bucket))
	var actions []string
	for _, e := range events {
		actions = append(actions, e.Action)
	}
	slices.Sort(actions)
	want := []string{"bucket.created", "object.deleted", "object.replaced", "object.uploaded", "object.uploaded"}
	if err != nil || !slices.Equal(actions, want) {
		t.Errorf("got events %v, %v; want %v", actions, err, want)
	}
}

// zeros gives n zero bytes and counts those that were read.
type zeros struct{ left, given int64 }

func (z *zeros) Read(p []byte) (int, error) {
	if z.left == 0 {
		return 0, io.EOF
	}
	n := min(int64(len(p)), z.left)
	clear(p[:n])
	z.left, z.given = z.left-n, z.given+n
	return int(n), nil
}

func TestUploadIsCutAtItsLimit(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	db := modelstest.OpenWith(t, models.Options{Folder: folder})
	team := modelstest.NewTeam(t, db)
	bucket := mustBucket(t, db, team.Requester, 0)
	r := &zeros{left: 64 << 20}
	_, err := db.PutObject(t.Context(), team.Requester, models.ObjectInput{BucketID: bucket, Key: "a", Sent: models.Sent{Limit: 1 << 20}}, r)
	if !errors.Is(err, models.ErrTooLarge) {
		t.Errorf("got %v, want %v", err, models.ErrTooLarge)
	}
	if r.given > 2<<20 {
		t.Errorf("read %d bytes of an upload limited to 1 MiB", r.given)
	}
	wantHeld(t, db, team.Viewer, bucket, 0, 0)
	wantBlobs(t, folder, 0)
}

// cut is a connection that breaks after its bytes.
type cut struct{ r io.Reader }

func (c cut) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func TestBrokenUploadLeavesNothing(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	db := modelstest.OpenWith(t, models.Options{Folder: folder})
	team := modelstest.NewTeam(t, db)
	bucket := mustBucket(t, db, team.Requester, 0)
	in := models.ObjectInput{BucketID: bucket, Key: "a"}
	if _, err := db.PutObject(t.Context(), team.Requester, in, cut{&zeros{left: 1 << 20}}); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %v, want %v", err, io.ErrUnexpectedEOF)
	}
	ctx, cancel := context.WithCancel(t.Context())
	gone := readerFunc(func(p []byte) (int, error) { cancel(); return len(p), nil })
	if _, err := db.PutObject(ctx, team.Requester, in, gone); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	wantHeld(t, db, team.Viewer, bucket, 0, 0)
	wantBlobs(t, folder, 0)
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func TestBucketIsFilledToItsLimitAndNeverBeyond(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	db := modelstest.OpenWith(t, models.Options{Folder: folder})
	team := modelstest.NewTeam(t, db)
	bucket := mustBucket(t, db, team.Requester, 1)
	if err := db.LimitBucket(t.Context(), bucket, 10_000); err != nil {
		t.Fatal(err)
	}
	text := bytes.Repeat([]byte("x"), 1000)
	var wins, refusals int
	var mu sync.Mutex
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			in := models.ObjectInput{BucketID: bucket, Key: fmt.Sprint(i)}
			_, err := db.PutObject(context.Background(), team.Requester, in, bytes.NewReader(text))
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				wins++
			case rejects(err, "file", "bucket_full"):
				refusals++
			default:
				t.Errorf("put: %v", err)
			}
		})
	}
	all.Wait()
	if wins != 10 || refusals != 10 {
		t.Errorf("got %d uploads and %d refusals, want 10 and 10", wins, refusals)
	}
	wantHeld(t, db, team.Viewer, bucket, 10_000, 10)
	wantBlobs(t, folder, 10)
	// What is there may be replaced by what is as large, and no larger.
	first, _, err := listed(t, db, team.Viewer, bucket, "", list.Query{Size: 1})
	if err != nil || len(first) != 1 {
		t.Fatalf("list: got %d, %v", len(first), err)
	}
	in := models.ObjectInput{BucketID: bucket, Key: first[0].Object.Key}
	if _, err := db.PutObject(t.Context(), team.Requester, in, bytes.NewReader(text)); err != nil {
		t.Errorf("replace by as much: got %v", err)
	}
	if _, err := db.PutObject(t.Context(), team.Requester, in, bytes.NewReader(append(text, 'x'))); !rejects(err, "file", "bucket_full") {
		t.Errorf("replace by more: got %v, want bucket_full", err)
	}
}

// Uploads that fit together are all taken, however they meet: none is counted as
// one that is under way and in the bucket too.
func TestUploadsThatFitTogetherAreNotRefused(t *testing.T) {
	t.Parallel()
	db := modelstest.OpenWith(t, models.Options{Folder: t.TempDir()})
	team := modelstest.NewTeam(t, db)
	bucket := mustBucket(t, db, team.Requester, 1)
	text := bytes.Repeat([]byte("x"), 1000)
	for round := range 40 {
		if err := db.LimitBucket(t.Context(), bucket, int64(round+1)*8000); err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() {
				time.Sleep(time.Duration(i) * 300 * time.Microsecond) // so that some begin while others end
				in := models.ObjectInput{BucketID: bucket, Key: fmt.Sprint(round, i)}
				if _, err := db.PutObject(context.Background(), team.Requester, in, bytes.NewReader(text)); err != nil {
					t.Errorf("round %d: %v", round, err)
				}
			})
		}
		all.Wait()
	}
}

func TestSameKeyAtOnceIsOneObject(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	db := modelstest.OpenWith(t, models.Options{Folder: folder})
	team := modelstest.NewTeam(t, db)
	bucket := mustBucket(t, db, team.Requester, 0)
	var all sync.WaitGroup
	for i := range 10 {
		all.Go(func() {
			in := models.ObjectInput{BucketID: bucket, Key: "same"}
			if _, err := db.PutObject(context.Background(), team.Requester, in, strings.NewReader(strings.Repeat("x", i))); err != nil {
				t.Errorf("put: %v", err)
			}
		})
	}
	all.Wait()
	o, err := db.FindObject(t.Context(), team.Viewer, bucket, "same")
	if err != nil {
		t.Fatal(err)
	}
	wantHeld(t, db, team.Viewer, bucket, o.Size, 1)
	modelstest.Work(t, db)
	wantBlobs(t, folder, 1)
}

func TestAnotherTeamsObjectsDoNotExist(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team, other := modelstest.NewTeam(t, db), modelstest.NewTeam(t, db)
	bucket := mustBucket(t, db, team.Requester, 0)
	o := mustPut(t, db, team.Requester, bucket, "a", "secret")
	in := models.ObjectInput{BucketID: bucket, Key: "b"}
	if _, err := db.PutObject(t.Context(), other.Admin, in, strings.NewReader("")); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("put: got %v, want %v", err, models.ErrNotFound)
	}
	if _, _, err := db.ReadObject(t.Context(), other.Admin, bucket, "a"); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("read: got %v, want %v", err, models.ErrNotFound)
	}
	if _, err := db.DeleteObjects(t.Context(), other.Admin, bucket, []string{o.ID}); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("delete: got %v, want %v", err, models.ErrNotFound)
	}
	if entries, _, err := listed(t, db, other.Admin, bucket, "", list.Query{}); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("list: got %d entries, %v; want none", len(entries), err)
	}
	own := mustBucket(t, db, other.Requester, 0)
	gone, err := db.DeleteObjects(t.Context(), other.Admin, own, []string{o.ID})
	if err != nil || !errors.Is(gone[0].Err, models.ErrNotFound) || gone[0].Key != "" {
		t.Errorf("delete through an own bucket: got %+v, %v; want %v", gone, err, models.ErrNotFound)
	}
	if _, err := db.PutObject(t.Context(), team.Viewer, in, strings.NewReader("")); !errors.Is(err, models.ErrForbidden) {
		t.Errorf("viewer puts: got %v, want %v", err, models.ErrForbidden)
	}
	if _, err := db.DeleteObjects(t.Context(), team.Viewer, bucket, []string{o.ID}); !errors.Is(err, models.ErrForbidden) {
		t.Errorf("viewer deletes: got %v, want %v", err, models.ErrForbidden)
	}
	if got := read(t, db, team.Viewer, bucket, "a"); got != "secret" {
		t.Errorf("got %q afterwards", got)
	}
}

// names are what a listing shows, folders in brackets.
func names(entries []models.Entry) []string {
	var out []string
	for _, e := range entries {
		if e.Object != nil {
			out = append(out, e.Object.Key)
		} else {
			out = append(out, "["+e.Folder+"]")
		}
	}
	return out
}

func TestListingShowsFoldersInTheOrderOfBytes(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	bucket := mustBucket(t, db, team.Requester, 0)
	for _, key := range []string{
		"B", "a", "a/", "a/1", "a/2", "a/sub/1", "a/sub/2", "a0", "a-", "/root", "//", "t:x", "é", "中/1", "中文", "\ud7ff/1", "\ue000",
		"\U0010ffff/1", "\U0010ffff/2", "ab/1", "ab/2", "ab/3", "ab/4", "ab/5", "ab/6", "ab/7", "ab/8", "ab/9",
	} {
		mustPut(t, db, team.Requester, bucket, key, "")
	}
	for _, c := range []struct {
		prefix string
		want   []string
	}{
		{"", []string{"[/]", "B", "a", "a-", "[a/]", "a0", "[ab/]", "t:x", "é", "[中/]", "中文", "[\ud7ff/]", "\ue000", "[\U0010ffff/]"}},
		{"/", []string{"[//]", "/root"}},
		{"//", []string{"//"}},
		{"a", []string{"a", "a-", "[a/]", "a0", "[ab/]"}},
		{"a/", []string{"a/", "a/1", "a/2", "[a/sub/]"}},
		{"a/sub/", []string{"a/sub/1", "a/sub/2"}},
		{"\U0010ffff", []string{"[\U0010ffff/]"}},
		{"none", nil},
		{"zero\x00", nil},
		{"broken\xff", nil},
	} {
		for size := 1; size <= 20; size++ {
			var forth, back []string
			var last models.Cursor
			for page := (list.Query{Size: size}); ; page.After = last.Next {
				entries, c2, err := listed(t, db, team.Viewer, bucket, c.prefix, page)
				if err != nil {
					t.Fatal(err)
				}
				forth, last = append(forth, names(entries)...), c2
				if len(forth) > 100 || c2.Next == "" {
					back = names(entries)
					break
				}
			}
			if !slices.Equal(forth, c.want) {
				t.Errorf("%q by %d: got %q, want %q", c.prefix, size, forth, c.want)
			}
			for last.Prev != "" && len(back) < 100 {
				entries, c2, err := listed(t, db, team.Viewer, bucket, c.prefix, list.Query{Size: size, Before: last.Prev})
				if err != nil {
					t.Fatal(err)
				}
				back, last = append(names(entries), back...), c2
			}
			if !slices.Equal(back, c.want) {
				t.Errorf("%q backwards by %d: got %q, want %q", c.prefix, size, back, c.want)
			}
		}
	}
}

func TestListingTakesAnyCursor(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	bucket := mustBucket(t, db, team.Requester, 0)
	mustPut(t, db, team.Requester, bucket, "a", "")
	for _, cursor := range []string{"x", "WyJvYmplY3QgIl0", "WzFd", "WyJvYmplY3QgYlx1MDAwMCJd", "WyJmb2xkZXIgXHVmZmZkIl0"} {
		for _, p := range []list.Query{{After: cursor}, {Before: cursor}, {After: cursor, Before: cursor}} {
			if _, _, err := listed(t, db, team.Viewer, bucket, "", p); err != nil {
				t.Errorf("%+v: %v", p, err)
			}
		}
	}
}

func TestObjectInUseIsNeitherReplacedNorDeleted(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	db := modelstest.OpenWith(t, models.Options{Folder: folder})
	team := modelstest.NewTeam(t, db)
	bucket := mustBucket(t, db, team.Requester, 0)
	used := mustPut(t, db, team.Requester, bucket, "used.zip", "version 1")
	free := mustPut(t, db, team.Requester, bucket, "free.zip", "free")
	if err := db.UseObject(t.Context(), used); err != nil {
		t.Fatal(err)
	}
	_, err := db.PutObject(t.Context(), team.Requester, models.ObjectInput{BucketID: bucket, Key: "used.zip"}, strings.NewReader("version 2"))
	if !rejects(err, "file", "in_use") {
		t.Errorf("replace: got %v, want in_use", err)
	}
	gone, err := db.DeleteObjects(t.Context(), team.Requester, bucket, []string{used.ID, free.ID})
	if err != nil || !rejects(gone[0].Err, "file", "in_use") || gone[1].Err != nil {
		t.Errorf("delete: got %+v, %v; want the first in_use, the second deleted", gone, err)
	}
	if got := read(t, db, team.Viewer, bucket, "used.zip"); got != "version 1" {
		t.Errorf("got %q afterwards", got)
	}
	wantHeld(t, db, team.Viewer, bucket, 9, 1)
	modelstest.Work(t, db)
	wantBlobs(t, folder, 1)
	uses, err := db.ListObjectUses(t.Context(), team.Viewer, []models.Object{*used})
	if err != nil || len(uses[used.ID]) != 1 || uses[used.ID][0].Label != "1.0" {
		t.Errorf("uses: got %+v, %v; want version 1.0", uses, err)
	}
}

func TestListingReadsFewRowsOfLargeFolders(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	bucket := mustBucket(t, db, team.Requester, 0)
	for folder := range 9 {
		for i := range 60 {
			mustPut(t, db, team.Requester, bucket, fmt.Sprintf("%d/%d", folder, i), "")
		}
	}
	var queries, rows atomic.Int64
	if err := db.CountReads(&queries, &rows); err != nil {
		t.Fatal(err)
	}
	entries, _, err := listed(t, db, team.Viewer, bucket, "", list.Query{})
	if err != nil || len(entries) != 9 {
		t.Fatalf("got %d entries, %v; want 9 folders", len(entries), err)
	}
	// The page that was asked for, a few rows, all other folders at once, looks
	// for what is behind the last, and at the bucket.
	if q, r := queries.Load(), rows.Load(); q > 5 || r > 51+4+51+4 {
		t.Errorf("made %d queries for %d rows to read 9 folders on a page of 50", q, r)
	}
}

func TestStartFinishesWhatAKillInterrupted(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	db, err := models.Open(t.Context(), models.Options{Folder: folder})
	if err != nil {
		t.Fatal(err)
	}
	team := modelstest.NewTeam(t, db)
	bucket := mustBucket(t, db, team.Requester, 0)
	o := mustPut(t, db, team.Requester, bucket, "a", "kept")
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	// As after a kill between the record and the move, and one while staging.
	staging := filepath.Join(folder, "objects", "staging")
	if err := os.Rename(filepath.Join(folder, "objects", "blobs", o.Blob[:2], o.Blob), filepath.Join(staging, o.Blob)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(staging, strings.Repeat("0", 32)), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	db, err = models.Open(t.Context(), models.Options{Folder: folder})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if left := filesIn(t, staging); left != 1 {
		t.Errorf("got %d files staged, want the one that nobody knows left alone", left)
	}
	if err := db.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantBlobs(t, folder, 1)
	if got := read(t, db, team.Viewer, bucket, "a"); got != "kept" {
		t.Errorf("got %q, want %q", got, "kept")
	}
}

func TestNoBucketIsMadeThatCanHoldNothing(t *testing.T) {
	t.Parallel()
	o := modelstest.Choose(t, models.Options{})
	db := modelstest.OpenWith(t, o)
	team := modelstest.NewTeam(t, db)
	if err := os.RemoveAll(filepath.Join(o.Folder, "objects", "staging")); err != nil {
		t.Fatal(err)
	}
	order := models.OrderInput{Lines: []models.LineInput{&models.BucketInput{Name: "data-lake", Region: "cn-hangzhou"}}}
	if _, err := db.PlaceOrder(t.Context(), team.Requester, order); !rejects(err, "", "storage_failed") {
		t.Errorf("got %v, want storage_failed", err)
	}
	if orders, _, err := modelstest.List(t.Context(), db, team.Viewer, models.Orders, list.With("free", "true")); err != nil || len(orders) != 0 {
		t.Errorf("got %d orders, %v, want none", len(orders), err)
	}
}

// listed is a page of what a bucket holds below a prefix.
func listed(t *testing.T, db *models.DB, by models.Actor, bucket, prefix string, q list.Query) ([]models.Entry, models.Cursor, error) {
	t.Helper()
	q.Of, q.Filters = bucket, list.With("prefix", prefix).Filters
	page, err := models.Objects.Read(t.Context(), db, by, q)
	return page.Rows, models.Cursor{Next: page.Next, Prev: page.Prev}, err
}
