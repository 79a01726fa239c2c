package models_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"quartermaster/models"
	"quartermaster/models/modelstest"
)

// litter puts n blobs of no record into a data folder, all two days old.
func litter(t *testing.T, folder string, n int) {
	t.Helper()
	old := time.Now().Add(-48 * time.Hour)
	for i := range n {
		path := filepath.Join(folder, "objects", "blobs", "ee", fmt.Sprintf("ee%030x", i))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		writeFile(t, path, []byte("whose?"))
		if err := os.Chtimes(path, old, old); err != nil {
			t.Fatal(err)
		}
	}
}

// files lists the files of objects and stores by their paths in the folder.
func files(t *testing.T, folder string) []string {
	t.Helper()
	var all []string
	for _, of := range []string{"objects", "stores"} {
		err := filepath.WalkDir(filepath.Join(folder, of), func(path string, e fs.DirEntry, err error) error {
			if err == nil && !e.IsDir() {
				all = append(all, strings.TrimPrefix(path, folder))
			}
			return err
		})
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
	slices.Sort(all)
	return all
}

func TestDeletedAndReplacedBytesLiveOnForADay(t *testing.T) {
	t.Parallel()
	o := modelstest.Choose(t, models.Options{})
	db := modelstest.OpenWith(t, o)
	team := modelstest.NewTeam(t, db)
	bucket := mustBucket(t, db, team.Requester, 0)
	mustPut(t, db, team.Requester, bucket, "a", "replaced")
	mustPut(t, db, team.Requester, bucket, "a", "present")
	modelstest.Work(t, db)
	sweep := func(before time.Time) {
		t.Helper()
		if err := db.EmptyAside(t.Context(), before); err != nil {
			t.Fatal(err)
		}
	}
	sweep(time.Now().Add(-23 * time.Hour))
	if n := filesIn(t, filepath.Join(o.Folder, "objects", "aside")); n != 1 {
		t.Errorf("got %d files aside, want the replaced one", n)
	}
	sweep(time.Now().Add(time.Hour))
	if n := filesIn(t, filepath.Join(o.Folder, "objects")); n != 1 {
		t.Errorf("got %d files a day later, want the present one", n)
	}
}

func TestASweepMovesAFewUnknownBlobsAsideAndNeverMany(t *testing.T) {
	t.Parallel()
	o := modelstest.Choose(t, models.Options{})
	db := modelstest.OpenWith(t, o)
	team := modelstest.NewTeam(t, db)
	bucket := mustBucket(t, db, team.Requester, 0)
	mustPut(t, db, team.Requester, bucket, "a", "known")
	for _, c := range []struct{ unknown, moved, withheld int }{{21, 0, 21}, {20, 20, 0}} {
		left, err := filepath.Glob(filepath.Join(o.Folder, "objects", "blobs", "ee", "ee00000000*")) // and not what is known there
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range left {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		}
		litter(t, o.Folder, c.unknown)
		if err := db.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := filesIn(t, filepath.Join(o.Folder, "objects", "aside")); n != c.moved || db.Withheld() != c.withheld {
			t.Errorf("of %d unknown: moved %d, withheld %d; want %d and %d", c.unknown, n, db.Withheld(), c.moved, c.withheld)
		}
	}
	if got := read(t, db, team.Viewer, bucket, "a"); got != "known" {
		t.Errorf("got %q, want what is known untouched", got)
	}
}

func TestAPersonMayMoveManyAside(t *testing.T) {
	t.Parallel()
	o := modelstest.Choose(t, models.Options{})
	db := modelstest.OpenWith(t, o)
	litter(t, o.Folder, 100)
	u, err := db.FindUnknown(t.Context())
	if err != nil || len(u.Blobs) != 100 || u.Kept != 100 {
		t.Fatalf("got %d unknown of %d, %v; want 100", len(u.Blobs), u.Kept, err)
	}
	if err := db.MoveAside(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	if n := filesIn(t, filepath.Join(o.Folder, "objects", "aside")); n != 100 {
		t.Errorf("got %d files aside, want 100", n)
	}
}

// A store that was removed after the database was copied comes back with it.
func TestAStoreThatLiesAsideComesBackWithItsRecord(t *testing.T) {
	t.Parallel()
	o := modelstest.Choose(t, models.Options{})
	db, err := models.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	s := placeStore(t, db, modelstest.NewTeam(t, db).Requester, storeInput("handbook"))
	modelstest.Work(t, db)
	before, folder := files(t, o.Folder), db.StoreFolder(s.ID)
	if err := os.Rename(folder, folder+".dropped"); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	modelstest.OpenWith(t, o)
	if got := files(t, o.Folder); !slices.Equal(got, before) {
		t.Errorf("got %v, want %v", got, before)
	}
}

// Whoever puts an older copy back by hand has both: what was put back counts.
func TestAStoreThatIsInItsPlaceKeepsItBesideOneAside(t *testing.T) {
	t.Parallel()
	o := modelstest.Choose(t, models.Options{})
	db, err := models.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	s := placeStore(t, db, modelstest.NewTeam(t, db).Requester, storeInput("handbook"))
	modelstest.Work(t, db)
	before, folder := files(t, o.Folder), db.StoreFolder(s.ID)
	if err := os.CopyFS(folder+".dropped", os.DirFS(folder)); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	db = modelstest.OpenWith(t, o)
	if err := db.EmptyAside(t.Context(), time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if got := files(t, o.Folder); !slices.Equal(got, before) {
		t.Errorf("a day later: got %v, want %v", got, before)
	}
}

func TestASweepMovesOnlyEmptyFoldersOfNoStoreAside(t *testing.T) {
	t.Parallel()
	o := modelstest.Choose(t, models.Options{})
	db := modelstest.OpenWith(t, o)
	stores, old := filepath.Join(o.Folder, "stores"), time.Now().Add(-48*time.Hour)
	for _, path := range []string{"empty", "young", "full/index"} {
		if err := os.MkdirAll(filepath.Join(stores, path), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, id := range []string{"empty", "full"} {
		if err := os.Chtimes(filepath.Join(stores, id), old, old); err != nil {
			t.Fatal(err)
		}
	}
	left := func() (names []string) {
		entries, err := os.ReadDir(stores)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			names = append(names, e.Name())
		}
		return names
	}
	if err := db.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(left(), " "); got != "empty.dropped full young" {
		t.Errorf("got %s, want the empty one aside", got)
	}
	if err := db.EmptyAside(t.Context(), time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(left(), " "); got != "full young" {
		t.Errorf("a day later: got %s, want it removed", got)
	}
}
