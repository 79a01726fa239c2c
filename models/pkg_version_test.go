package models_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"quartermaster/models"
	"quartermaster/models/list"
	"quartermaster/models/modelstest"
)

func versionOrder(in *models.PkgVersionInput) models.OrderInput {
	return models.OrderInput{Lines: []models.LineInput{in}}
}

func mustPlaceVersion(t *testing.T, db *models.DB, by models.Actor, in *models.PkgVersionInput) *models.PkgVersion {
	t.Helper()
	order := mustPlace(t, db, by, versionOrder(in))
	v, err := db.FindPkgVersion(t.Context(), by, order.Lines[len(order.Lines)-1].ResourceID)
	if err != nil {
		t.Fatalf("find version: %v", err)
	}
	return v
}

func mustCreateBucket(t *testing.T, db *models.DB, by models.Actor, name string) *models.Bucket {
	t.Helper()
	b, err := db.FindBucket(t.Context(), by, mustPlace(t, db, by, bucketOrder(name, "")).Lines[0].ResourceID)
	if err != nil {
		t.Fatalf("find bucket: %v", err)
	}
	return b
}

func mustPutObject(t *testing.T, db *models.DB, by models.Actor, b *models.Bucket, key string, content []byte) *models.Object {
	t.Helper()
	o, err := db.PutObject(t.Context(), by, models.ObjectInput{BucketID: b.ID, Key: key}, bytes.NewReader(content))
	if err != nil {
		t.Fatalf("put %s: %v", key, err)
	}
	return o
}

func mustStage(t *testing.T, db *models.DB, by models.Actor, name string, content []byte) *models.Upload {
	t.Helper()
	up, err := db.StageUpload(t.Context(), by, name, "application/zip", bytes.NewReader(content), 1<<20)
	if err != nil {
		t.Fatalf("stage: %v", err)
	}
	return up
}

// zipped is an archive of one file for each name, which holds its name.
func zipped(t *testing.T, names ...string) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	for _, name := range names {
		f, err := w.Create(name)
		if err == nil {
			_, err = io.WriteString(f, name)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func sumOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func TestPkgVersionFieldsHaveTheirRules(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team, other := modelstest.NewTeam(t, db), modelstest.NewTeam(t, db)
	app, theirs := mustCreateApp(t, db, team.Requester, "shop"), mustCreateApp(t, db, other.Requester, "shop")
	mustPutObject(t, db, team.Requester, mustCreateBucket(t, db, team.Requester, "our-bucket"), "dir/a b.zip", zipped(t, "a"))
	mustPutObject(t, db, other.Requester, mustCreateBucket(t, db, other.Requester, "their-bucket"), "a.zip", zipped(t, "a"))
	good := models.PkgVersionInput{AppID: app.ID, Label: "1.0 正式", Source: "oss://our-bucket/dir/a b.zip"}
	for _, c := range []struct {
		name        string
		change      func(*models.PkgVersionInput)
		field, rule string
	}{
		{"no application", func(in *models.PkgVersionInput) { in.AppID = "" }, "app_id", "required"},
		{"application that never was", func(in *models.PkgVersionInput) { in.AppID = "wa-0" }, "app_id", "unknown"},
		{"another team's application", func(in *models.PkgVersionInput) { in.AppID = theirs.ID }, "app_id", "unknown"},
		{"no label", func(in *models.PkgVersionInput) { in.Label = "" }, "label", "required"},
		{"long label", func(in *models.PkgVersionInput) { in.Label = strings.Repeat("x", 65) }, "label", "max"},
		{"label of two lines", func(in *models.PkgVersionInput) { in.Label = "a\nb" }, "label", "line"},
		{"long description", func(in *models.PkgVersionInput) { in.Description = strings.Repeat("长", 256) }, "description", "max"},
		{"no source", func(in *models.PkgVersionInput) { in.Source = "" }, "source", "required"},
		{"no scheme", func(in *models.PkgVersionInput) { in.Source = "our-bucket/a.zip" }, "source", "osspath"},
		{"http", func(in *models.PkgVersionInput) { in.Source = "http://our-bucket/a.zip" }, "source", "osspath"},
		{"no key", func(in *models.PkgVersionInput) { in.Source = "oss://our-bucket" }, "source", "osspath"},
		{"empty key", func(in *models.PkgVersionInput) { in.Source = "oss://our-bucket/" }, "source", "osspath"},
		{"short bucket", func(in *models.PkgVersionInput) { in.Source = "oss://ab/a.zip" }, "source", "osspath"},
		{"long bucket", func(in *models.PkgVersionInput) { in.Source = "oss://" + strings.Repeat("a", 64) + "/a.zip" }, "source", "osspath"},
		{"capitals in bucket", func(in *models.PkgVersionInput) { in.Source = "oss://Bucket/a.zip" }, "source", "osspath"},
		{"zero character", func(in *models.PkgVersionInput) { in.Source = "oss://our-bucket/a\x00.zip" }, "source", "osspath"},
		{"broken UTF-8", func(in *models.PkgVersionInput) { in.Source = "oss://our-bucket/a\xff.zip" }, "source", "osspath"},
		{"long source", func(in *models.PkgVersionInput) { in.Source = "oss://our-bucket/" + strings.Repeat("a", 1008) }, "source", "max"},
		{"object that never was", func(in *models.PkgVersionInput) { in.Source = "oss://our-bucket/b.zip" }, "source", "no_object"},
		{"key by another spelling", func(in *models.PkgVersionInput) { in.Source = "oss://our-bucket/DIR/a b.zip" }, "source", "no_object"},
		{"another team's bucket", func(in *models.PkgVersionInput) { in.Source = "oss://their-bucket/a.zip" }, "source", "not_yours"},
		{"upload that was not sent", func(in *models.PkgVersionInput) { in.Source, in.Upload = "", &models.Upload{} }, "package_file", "required"},
		{"two sources", func(in *models.PkgVersionInput) { in.Upload = &models.Upload{} }, "source", "one_source"},
	} {
		in := good
		c.change(&in)
		if _, err := db.PlaceOrder(t.Context(), team.Requester, versionOrder(&in)); !rejects(err, c.field, c.rule) {
			t.Errorf("%s: place: got %v, want %s %s", c.name, err, c.field, c.rule)
		}
		if _, err := db.PreviewOrder(t.Context(), team.Requester, versionOrder(&in)); !rejects(err, c.field, c.rule) {
			t.Errorf("%s: preview: got %v, want %s %s", c.name, err, c.field, c.rule)
		}
	}
	v := mustPlaceVersion(t, db, team.Requester, &good)
	if !strings.HasPrefix(v.ID, "wp-") || len(v.ID) != 27 || v.State != models.VersionChecking || v.Source != good.Source {
		t.Errorf("got %+v; want a version wp-<24 hex> that is CHECKING", v)
	}
}

func TestPkgVersionLabelIsUniqueInItsApp(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	app, second := mustCreateApp(t, db, team.Requester, "shop"), mustCreateApp(t, db, team.Requester, "desk")
	in := models.PkgVersionInput{AppID: app.ID, Label: "1.0", Source: "oss://elsewhere/a.zip"}
	var won int
	var mu sync.Mutex
	var all sync.WaitGroup
	for range 10 {
		all.Go(func() {
			mine := in
			_, err := db.PlaceOrder(context.Background(), team.Requester, versionOrder(&mine))
			if err != nil && !rejects(err, "label", "taken") {
				t.Errorf("got %v, want label taken", err)
			}
			if err == nil {
				mu.Lock()
				won++
				mu.Unlock()
			}
		})
	}
	all.Wait()
	if won != 1 {
		t.Errorf("%d versions got the label, want 1", won)
	}
	if free, err := db.LabelFree(t.Context(), team.Viewer, app.ID, " 1.0 "); err != nil || free {
		t.Errorf("got free %v, %v; want taken", free, err)
	}
	in.AppID = second.ID
	mustPlaceVersion(t, db, team.Requester, &in)
	found, err := db.FindApp(t.Context(), team.Viewer, app.ID)
	if err != nil || found.VersionCount != 1 {
		t.Errorf("got %d versions counted, %v; want 1", found.VersionCount, err)
	}
}

func TestExternalSourceIsUnverified(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	app := mustCreateApp(t, db, team.Requester, "shop")
	in := &models.PkgVersionInput{AppID: app.ID, Label: "1.0", Source: "oss://webx-demo/directory/file.json"}
	order := mustPlace(t, db, team.Requester, versionOrder(in))
	if order.State != models.OrderCompleted {
		t.Errorf("got order %s, want completed", order.State)
	}
	v, err := db.FindPkgVersion(t.Context(), team.Viewer, order.Lines[0].ResourceID)
	if err != nil || v.State != models.VersionUnverified || !v.External() || v.SHA256 != "" || v.FileName() != "file.json" {
		t.Errorf("got %+v, %v; want an external version", v, err)
	}
	if _, _, err := db.ReadPkgVersion(t.Context(), team.Viewer, v.ID); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("read: got %v, want %v", err, models.ErrNotFound)
	}
	modelstest.Work(t, db) // there is no job for it
	if err := db.RetryPkgVersion(t.Context(), team.Requester, v.ID); !errors.Is(err, models.ErrConflict) {
		t.Errorf("retry: got %v, want %v", err, models.ErrConflict)
	}
}

func TestInspectionProvesAndListsAVersion(t *testing.T) {
	t.Parallel()
	bomb := zipped(t, "big")
	broken := zipped(t, "a.class", "b.class")
	broken[40]++ // in the first file's data
	for _, c := range []struct {
		key     string
		content []byte
		state   models.PkgVersionState
		fail    string
		listed  int // −1: no listing
	}{
		{"shop.zip", zipped(t, "a", "dir/b", "../evil"), models.VersionReady, "", 3},
		{"empty.zip", zipped(t), models.VersionReady, "", 0},
		{"shop.tar.gz", []byte("\x1f\x8b no zip"), models.VersionReady, "", -1},
		{"empty", nil, models.VersionReady, "", -1},
		{"truncated.zip", bomb[:len(bomb)-30], models.VersionFailed, "corrupt", -1},
		{"broken.jar", broken, models.VersionFailed, "corrupt", -1},
		{"not-a.war", []byte("hello"), models.VersionFailed, "not_archive", -1},
	} {
		t.Run(c.key, func(t *testing.T) {
			t.Parallel()
			db := modelstest.Open(t)
			team := modelstest.NewTeam(t, db)
			app := mustCreateApp(t, db, team.Requester, "shop")
			mustPutObject(t, db, team.Requester, mustCreateBucket(t, db, team.Requester, "bucket"), c.key, c.content)
			v := mustPlaceVersion(t, db, team.Requester, &models.PkgVersionInput{AppID: app.ID, Label: "1", Source: "oss://bucket/" + c.key})
			modelstest.Work(t, db)
			v, err := db.FindPkgVersion(t.Context(), team.Viewer, v.ID)
			if err != nil {
				t.Fatal(err)
			}
			listed := -1
			if v.Listing != nil {
				listed = len(v.Listing.Entries)
			}
			if v.State != c.state || v.FailCode != c.fail || listed != c.listed {
				t.Errorf("got %s %q with %d entries, want %s %q with %d", v.State, v.FailCode, listed, c.state, c.fail, c.listed)
			}
			if v.Size != int64(len(c.content)) || v.SHA256 != sumOf(c.content) {
				t.Errorf("got %d bytes %s, want %d %s", v.Size, v.SHA256, len(c.content), sumOf(c.content))
			}
			order, err := db.FindOrder(t.Context(), team.Viewer, v.OrderNumber)
			want := map[models.PkgVersionState]models.OrderState{models.VersionReady: models.OrderCompleted, models.VersionFailed: models.OrderFailed}[c.state]
			if err != nil || order.State != want {
				t.Errorf("got order %s, %v; want %s", order.State, err, want)
			}
		})
	}
}

// blobOf is the file that holds a blob of this content.
func blobOf(t *testing.T, folder string, content []byte) string {
	t.Helper()
	var found string
	err := filepath.WalkDir(filepath.Join(folder, "objects"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if bytes.Equal(b, content) {
			found = path
		}
		return err
	})
	if err != nil || found == "" {
		t.Fatalf("no blob: %v", err)
	}
	return found
}

func TestDamagedBytesFailTheInspectionUntilTheyAreWhole(t *testing.T) {
	t.Parallel()
	content := zipped(t, "a")
	damaged := bytes.Clone(content)
	damaged[len(damaged)-1] ^= 1
	for _, c := range []struct {
		name   string
		damage func(path string) error
		fail   string
	}{
		{"gone", os.Remove, "bytes_missing"},
		{"shorter", func(path string) error { return os.Truncate(path, 5) }, "size_differs"},
		{"altered", func(path string) error { return os.WriteFile(path, damaged, 0o600) }, "checksum_differs"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			db := modelstest.OpenWith(t, models.Options{Folder: folder})
			team, other := modelstest.NewTeam(t, db), modelstest.NewTeam(t, db)
			app := mustCreateApp(t, db, team.Requester, "shop")
			mustPutObject(t, db, team.Requester, mustCreateBucket(t, db, team.Requester, "bucket"), "a.zip", content)
			blob := blobOf(t, folder, content)
			if err := c.damage(blob); err != nil {
				t.Fatal(err)
			}
			v := mustPlaceVersion(t, db, team.Requester, &models.PkgVersionInput{AppID: app.ID, Label: "1", Source: "oss://bucket/a.zip"})
			modelstest.Work(t, db)
			if v, err := db.FindPkgVersion(t.Context(), team.Viewer, v.ID); err != nil || v.State != models.VersionFailed || v.FailCode != c.fail {
				t.Fatalf("got %s %s, %v; want FAILED %s", v.State, v.FailCode, err, c.fail)
			}
			for who, want := range map[*models.Actor]error{&team.Viewer: models.ErrForbidden, &other.Admin: models.ErrNotFound} {
				if err := db.RetryPkgVersion(t.Context(), *who, v.ID); !errors.Is(err, want) {
					t.Errorf("retry by %s: got %v, want %v", who.UserName, err, want)
				}
			}
			if err := os.WriteFile(blob, content, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := db.RetryPkgVersion(t.Context(), team.Requester, v.ID); err != nil {
				t.Fatal(err)
			}
			order, err := db.FindOrder(t.Context(), team.Viewer, v.OrderNumber)
			if err != nil || order.State != models.OrderFulfilling {
				t.Errorf("tried again: got order %s, %v; want fulfilling", order.State, err)
			}
			modelstest.Work(t, db)
			v, err = db.FindPkgVersion(t.Context(), team.Viewer, v.ID)
			if err != nil || v.State != models.VersionReady || v.FailCode != "" || v.Listing == nil {
				t.Errorf("mended: got %s %q, %v; want READY with its listing", v.State, v.FailCode, err)
			}
			if order, err = db.FindOrder(t.Context(), team.Viewer, v.OrderNumber); err != nil || order.State != models.OrderCompleted {
				t.Errorf("mended: got order %s, %v; want completed", order.State, err)
			}
		})
	}
}

func TestObjectIsKeptWhileAVersionUsesIt(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	app := mustCreateApp(t, db, team.Requester, "shop")
	b := mustCreateBucket(t, db, team.Requester, "bucket")
	o := mustPutObject(t, db, team.Requester, b, "a.zip", zipped(t, "a"))
	v := mustPlaceVersion(t, db, team.Requester, &models.PkgVersionInput{AppID: app.ID, Label: "1", Source: "oss://bucket/a.zip"})
	gone, err := db.DeleteObjects(t.Context(), team.Requester, b.ID, []string{o.ID})
	if err != nil || !rejects(gone[0].Err, "file", "in_use") {
		t.Fatalf("delete: got %v, %v; want in_use", gone, err)
	}
	_, err = db.PutObject(t.Context(), team.Requester, models.ObjectInput{BucketID: b.ID, Key: "a.zip"}, strings.NewReader("other"))
	if !rejects(err, "file", "in_use") {
		t.Fatalf("replace: got %v, want in_use", err)
	}
	if err := db.DeletePkgVersion(t.Context(), team.Requester, v.ID); err != nil {
		t.Fatal(err)
	}
	if gone, err := db.DeleteObjects(t.Context(), team.Requester, b.ID, []string{o.ID}); err != nil || gone[0].Err != nil {
		t.Errorf("delete after the version: got %v, %v", gone, err)
	}
}

func TestUploadBecomesObjectAndVersionTogether(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	db := modelstest.OpenWith(t, models.Options{Folder: folder})
	team := modelstest.NewTeam(t, db)
	app := mustCreateApp(t, db, team.Requester, "网店")
	content := zipped(t, "a")
	for i, want := range []string{"bucket,version", "version"} { // the bucket is made once
		in := models.PkgVersionInput{AppID: app.ID, Label: fmt.Sprint(i + 1)}
		in.Upload = &models.Upload{}
		preview, err := db.PreviewOrder(t.Context(), team.Requester, versionOrder(&in))
		if !rejects(err, "package_file", "required") || preview.Order.Kinds != want {
			t.Errorf("preview %d: got %q, %v; want %q and package_file required", i, preview.Order.Kinds, err, want)
		}
		in.Upload = mustStage(t, db, team.Requester, `C:\Users\a\..\shop 1.zip`, content)
		order := mustPlace(t, db, team.Requester, versionOrder(&in))
		db.SettleUpload(t.Context(), team.Requester, in.Upload)
		if order.Kinds != want {
			t.Errorf("order %d: got %q, want %q", i, order.Kinds, want)
		}
		v, err := db.FindPkgVersion(t.Context(), team.Viewer, order.Lines[len(order.Lines)-1].ResourceID)
		if err != nil {
			t.Fatal(err)
		}
		if key := fmt.Sprintf("网店/%d/shop 1.zip", i+1); v.Key() != key || !strings.HasPrefix(v.Bucket(), "webplus-cn-hangzhou-s-") {
			t.Errorf("got source %s, want key %s in the storage bucket", v.Source, key)
		}
		_, r, err := db.ReadPkgVersion(t.Context(), team.Viewer, v.ID)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, content) {
			t.Errorf("got %d bytes, %v; want the %d that were sent", len(got), err, len(content))
		}
		r.Close()
	}
	if staged := filesIn(t, filepath.Join(folder, "objects", "staging")); staged != 0 {
		t.Errorf("got %d staged files, want none", staged)
	}
	modelstest.Work(t, db)
	ready, _, err := modelstest.List(t.Context(), db, team.Viewer, models.PkgVersions, list.With("state", string(models.VersionReady)))
	if err != nil || len(ready) != 2 {
		t.Errorf("got %d versions READY, %v; want 2", len(ready), err)
	}
	counts, err := db.Counts(t.Context(), team.Viewer)
	if err != nil || counts["bucket"] != 1 || counts["version"] != 2 || counts["bytes"] != int64(2*len(content)) {
		t.Errorf("got counts %v, %v; want 1 bucket, 2 versions and their bytes", counts, err)
	}
}

func filesIn(t *testing.T, folder string) int {
	t.Helper()
	n := 0
	err := filepath.WalkDir(folder, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			n++
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestRefusedUploadLeavesNothing(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	db := modelstest.OpenWith(t, models.Options{Folder: folder})
	team := modelstest.NewTeam(t, db)
	app := mustCreateApp(t, db, team.Requester, "shop")
	mustPlaceVersion(t, db, team.Requester, &models.PkgVersionInput{AppID: app.ID, Label: "1", Source: "oss://elsewhere/a.zip"})
	in := models.PkgVersionInput{AppID: app.ID, Label: "1", Upload: mustStage(t, db, team.Requester, "a.zip", []byte("x"))}
	if _, err := db.PlaceOrder(t.Context(), team.Requester, versionOrder(&in)); !rejects(err, "label", "taken") {
		t.Fatalf("got %v, want label taken", err)
	}
	db.SettleUpload(t.Context(), team.Requester, in.Upload)
	if n := filesIn(t, filepath.Join(folder, "objects")); n != 0 {
		t.Errorf("got %d files, want none", n)
	}
	counts, err := db.Counts(t.Context(), team.Viewer)
	if err != nil || counts["bucket"] != 0 || counts["order"] != 1 {
		t.Errorf("got counts %v, %v; want no bucket and the first order only", counts, err)
	}
	if _, err := db.StageUpload(t.Context(), team.Requester, "a", "", strings.NewReader("0123456789"), 9); !errors.Is(err, models.ErrTooLarge) {
		t.Errorf("over the limit: got %v, want %v", err, models.ErrTooLarge)
	}
	if n := filesIn(t, filepath.Join(folder, "objects")); n != 0 {
		t.Errorf("over the limit: got %d files, want none", n)
	}
	if _, err := db.StageUpload(t.Context(), team.Viewer, "a", "", strings.NewReader("x"), 9); !errors.Is(err, models.ErrForbidden) {
		t.Errorf("viewer: got %v, want %v", err, models.ErrForbidden)
	}
}

func TestUploadSentTwiceIsOneOrder(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	db := modelstest.OpenWith(t, models.Options{Folder: folder})
	team := modelstest.NewTeam(t, db)
	app := mustCreateApp(t, db, team.Requester, "shop")
	numbers := make([]int64, 4)
	var all sync.WaitGroup
	for i := range numbers {
		in := models.PkgVersionInput{AppID: app.ID, Label: "1", Upload: mustStage(t, db, team.Requester, "a.txt", []byte("x"))}
		all.Go(func() {
			order := versionOrder(&in)
			order.Token = "once"
			placed, err := db.PlaceOrder(context.Background(), team.Requester, order)
			if err != nil {
				t.Errorf("place: %v", err)
			} else {
				numbers[i] = placed.Order.Number
			}
			db.SettleUpload(context.Background(), team.Requester, in.Upload)
		})
	}
	all.Wait()
	for _, n := range numbers {
		if n != numbers[0] {
			t.Errorf("got order %d, want the first, %d", n, numbers[0])
		}
	}
	if n := filesIn(t, filepath.Join(folder, "objects")); n != 1 {
		t.Errorf("got %d files, want the one of the first", n)
	}
}

func TestUploadsAtOnceShareOneStorageBucket(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	app := mustCreateApp(t, db, team.Requester, "shop")
	var all sync.WaitGroup
	for i := range 6 {
		in := models.PkgVersionInput{AppID: app.ID, Label: fmt.Sprint(i), Upload: mustStage(t, db, team.Requester, "a.txt", []byte("x"))}
		all.Go(func() {
			if _, err := db.PlaceOrder(context.Background(), team.Requester, versionOrder(&in)); err != nil {
				t.Errorf("place: %v", err)
			}
		})
	}
	all.Wait()
	counts, err := db.Counts(t.Context(), team.Viewer)
	if err != nil || counts["bucket"] != 1 || counts["version"] != 6 {
		t.Errorf("got counts %v, %v; want 1 bucket and 6 versions", counts, err)
	}
}

func TestDeletedVersionEndsItsOrderAndItsJob(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team, other := modelstest.NewTeam(t, db), modelstest.NewTeam(t, db)
	app := mustCreateApp(t, db, team.Requester, "shop")
	mustPutObject(t, db, team.Requester, mustCreateBucket(t, db, team.Requester, "bucket"), "a.zip", zipped(t, "a"))
	v := mustPlaceVersion(t, db, team.Requester, &models.PkgVersionInput{AppID: app.ID, Label: "1", Source: "oss://bucket/a.zip"})
	for who, want := range map[*models.Actor]error{&team.Viewer: models.ErrForbidden, &other.Admin: models.ErrNotFound} {
		if err := db.DeletePkgVersion(t.Context(), *who, v.ID); !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", who.UserName, err, want)
		}
	}
	if err := db.DeletePkgVersion(t.Context(), team.Requester, v.ID); err != nil {
		t.Fatal(err)
	}
	if err := db.DeletePkgVersion(t.Context(), team.Requester, v.ID); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("second delete: got %v, want %v", err, models.ErrNotFound)
	}
	modelstest.Work(t, db)
	job, err := db.FindJob(t.Context(), team.Viewer, v.JobID)
	if err != nil || job.State != models.JobCompleted {
		t.Errorf("got job %s, %v; want completed", job.State, err)
	}
	order, err := db.FindOrder(t.Context(), team.Viewer, v.OrderNumber)
	if err != nil || order.State != models.OrderCompleted {
		t.Errorf("got order %s, %v; want completed", order.State, err)
	}
	found, err := db.FindApp(t.Context(), team.Viewer, app.ID)
	if err != nil || found.VersionCount != 0 {
		t.Errorf("got %d versions counted, %v; want none", found.VersionCount, err)
	}
	mustPlaceVersion(t, db, team.Requester, &models.PkgVersionInput{AppID: app.ID, Label: "1", Source: "oss://bucket/a.zip"})
}

func TestPkgVersionsOfAnotherTeamDoNotExist(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team, other := modelstest.NewTeam(t, db), modelstest.NewTeam(t, db)
	app := mustCreateApp(t, db, team.Requester, "shop")
	mustPutObject(t, db, team.Requester, mustCreateBucket(t, db, team.Requester, "bucket"), "a.zip", zipped(t, "a"))
	v := mustPlaceVersion(t, db, team.Requester, &models.PkgVersionInput{AppID: app.ID, Label: "1.0", Source: "oss://bucket/a.zip"})
	if _, err := db.FindPkgVersion(t.Context(), other.Admin, v.ID); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("find: got %v, want %v", err, models.ErrNotFound)
	}
	if _, err := db.PkgVersionObject(t.Context(), other.Admin, v); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("object: got %v, want %v", err, models.ErrNotFound)
	}
	if _, _, err := db.ReadPkgVersion(t.Context(), other.Admin, v.ID); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("read: got %v, want %v", err, models.ErrNotFound)
	}
	if _, _, err := db.FindSource(t.Context(), other.Admin, v.Source); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("source: got %v, want %v", err, models.ErrNotFound)
	}
	b, o, err := db.FindSource(t.Context(), team.Viewer, v.Source)
	if err != nil || o.Key != "a.zip" {
		t.Errorf("source: got %v, %v; want a.zip", o, err)
	}
	for _, c := range []struct {
		by   models.Actor
		text string
		want int
	}{{other.Admin, "", 0}, {team.Viewer, "", 1}, {team.Viewer, "A.Z", 1}, {team.Viewer, "%", 0}, {team.Viewer, strings.Repeat("%", 60_000), 0}} {
		if found, err := db.ListSources(t.Context(), c.by, b.ID, c.text, 50); err != nil || len(found) != c.want {
			t.Errorf("sources with %q: got %d, %v; want %d", c.text, len(found), err, c.want)
		}
	}
	if free, err := db.LabelFree(t.Context(), other.Admin, app.ID, "1.0"); err != nil || !free {
		t.Errorf("label: got free %v, %v; want nothing told of another team's", free, err)
	}
	for _, c := range []struct {
		by     models.Actor
		filter list.Query
		want   int
	}{
		{other.Admin, list.Query{}, 0},
		{other.Admin, list.With("app_id", app.ID), 0},
		{team.Viewer, list.Query{Text: "1.", Filters: list.With("app_id", app.ID, "state", string(models.VersionChecking)).Filters}, 1},
		{team.Viewer, list.Query{Text: "SHOP 1.0"}, 1},
		{team.Viewer, list.Query{Text: "_.zip"}, 0},
		{team.Viewer, list.With("state", string(models.VersionReady)), 0},
	} {
		got, _, err := modelstest.List(t.Context(), db, c.by, models.PkgVersions, c.filter)
		if err != nil || len(got) != c.want {
			t.Errorf("%+v: got %d versions, %v; want %d", c.filter, len(got), err, c.want)
		}
	}
}

func TestTeamMayAcceptOnlyVerifiedSources(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	app := mustCreateApp(t, db, team.Requester, "shop")
	if err := db.RequireVerified(t.Context(), team.ID); err != nil {
		t.Fatal(err)
	}
	in := &models.PkgVersionInput{AppID: app.ID, Label: "1", Source: "oss://elsewhere/a.zip"}
	if _, err := db.PlaceOrder(t.Context(), team.Requester, versionOrder(in)); !rejects(err, "source", "unverified") {
		t.Errorf("got %v, want source unverified", err)
	}
}

// A key of a stranger has the rule of names; one of ours is any text.
func TestKeysOfStrangersHaveTheRuleOfNames(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	app, bucket := mustCreateApp(t, db, team.Requester, "shop"), mustCreateBucket(t, db, team.Requester, "ours")
	for i, c := range []struct {
		key     string
		refused bool
		kept    string
	}{
		{"a\nb.zip", true, ""},
		{"a\x1b[31mb.zip", true, ""},
		{"a\u200bb.zip", true, ""},
		{"gpj\u202ezip.exe", true, ""},
		{"\u7248/cafe\u0301.zip", false, "\u7248/caf\u00e9.zip"},
	} {
		in := models.PkgVersionInput{AppID: app.ID, Label: fmt.Sprint("theirs-", i), Source: "oss://elsewhere/" + c.key}
		quote, err := db.PlaceOrder(t.Context(), team.Requester, versionOrder(&in))
		if got := rejects(err, "source", "line"); got != c.refused {
			t.Errorf("%q elsewhere: got %v, want refused %t", c.key, err, c.refused)
		}
		if err == nil {
			order := quote.Order
			v, err := db.FindPkgVersion(t.Context(), team.Viewer, order.Lines[0].ResourceID)
			if err != nil || v.Key() != c.kept || order.Lines[0].Detail != v.Source {
				t.Errorf("%q elsewhere: got %q, line %q, %v; want %q", c.key, v.Key(), order.Lines[0].Detail, err, c.kept)
			}
		}
		mustPutObject(t, db, team.Requester, bucket, c.key, zipped(t, "a"))
		if v := mustPlaceVersion(t, db, team.Requester, &models.PkgVersionInput{AppID: app.ID, Label: fmt.Sprint("ours-", i), Source: "oss://ours/" + c.key}); v.Key() != c.key {
			t.Errorf("%q of ours: got %q, want it as it is", c.key, v.Key())
		}
	}
}

// A version of what was joined from parts has the checksum of its bytes, whichever
// of the two jobs reads them first.
func TestVersionOfJoinedPartsHasItsChecksum(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		prepare func(t *testing.T, d bucketDesk, blob string)
		state   models.PkgVersionState
		fail    string
	}{
		{"hashed before", func(t *testing.T, d bucketDesk, _ string) {}, models.VersionReady, ""},
		{"hashed by the inspection", func(t *testing.T, d bucketDesk, _ string) {
			modelstest.Exec(t, d.options, "DELETE FROM jobs WHERE kind = 'HashObject'")
		}, models.VersionReady, ""},
		{"part altered", func(t *testing.T, d bucketDesk, blob string) {
			mustDo(t, os.WriteFile(blob, make([]byte, 102400), 0o600))
		}, models.VersionFailed, "checksum_differs"},
		{"part cut", func(t *testing.T, d bucketDesk, blob string) { mustDo(t, os.Truncate(blob, 5)) }, models.VersionFailed, "bytes_missing"},
		{"part gone", func(t *testing.T, d bucketDesk, blob string) { mustDo(t, os.Remove(blob)) }, models.VersionFailed, "bytes_missing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := openBucketDesk(t, models.Options{})
			b := d.find(t)
			content := append(bytesOf(1, 102400), zipped(t, "a", "b")...)
			of := d.begin(t, models.ObjectInput{Key: "a.zip"})
			d.complete(t, of, d.part(t, of, 1, content[:102400]), d.part(t, of, 2, content[102400:]))
			app := mustCreateApp(t, d.db, d.team.Requester, "shop")
			v := mustPlaceVersion(t, d.db, d.team.Requester, &models.PkgVersionInput{AppID: app.ID, Label: "1", Source: models.ObjectPath(b.Name, "a.zip")})
			c.prepare(t, d, blobOf(t, d.options.Folder, content[:102400]))
			modelstest.Work(t, d.db)
			v, err := d.db.FindPkgVersion(t.Context(), d.team.Viewer, v.ID)
			if err != nil || v.State != c.state || v.FailCode != c.fail {
				t.Fatalf("got %s %q, %v; want %s %q", v.State, v.FailCode, err, c.state, c.fail)
			}
			if c.fail != "" {
				return
			}
			if v.SHA256 != sumOf(content) || v.Listing == nil || len(v.Listing.Entries) != 2 {
				t.Errorf("got %s with %+v, want %s with 2 entries", v.SHA256, v.Listing, sumOf(content))
			}
			wantSound(t, d.db)
		})
	}
}
