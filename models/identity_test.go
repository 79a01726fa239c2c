package models_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"quartermaster/models"
	"quartermaster/models/list"
	"quartermaster/models/modelstest"
)

// desk is a closed desk with a team, an object and a few orders, and what its
// database was before the last of them.
type desk struct {
	models.Options
	team    modelstest.Team
	bucket  string
	last    int64 // order number
	earlier func()
}

// newDesk leaves a desk with three orders, of which the earlier state of the
// database has one, and one object, which was deleted and replaced since.
func newDesk(t *testing.T, o models.Options) desk {
	t.Helper()
	d := desk{Options: modelstest.Choose(t, o)}
	db := mustOpen(t, d.Options)
	d.team = modelstest.NewTeam(t, db)
	d.bucket = mustBucket(t, db, d.team.Requester, 0)
	mustPut(t, db, d.team.Requester, d.bucket, "a", "earlier")
	mustClose(t, db)
	d.earlier = snapshot(t, d.Options)
	db = mustOpen(t, d.Options)
	mustPut(t, db, d.team.Requester, d.bucket, "a", "later")
	mustPut(t, db, d.team.Requester, d.bucket, "b", "later")
	mustPlace(t, db, d.team.Requester, bucketOrder("", ""))
	d.last = mustPlace(t, db, d.team.Requester, bucketOrder("", "")).Number
	modelstest.Work(t, db)
	mustClose(t, db)
	return d
}

func mustOpen(t *testing.T, o models.Options) *models.DB {
	t.Helper()
	db, err := models.Open(t.Context(), o)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	return db
}

func mustClose(t *testing.T, db *models.DB) {
	t.Helper()
	if err := db.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
}

// snapshot copies a closed database, and returns what puts the copy back.
func snapshot(t *testing.T, o models.Options) (restore func()) {
	t.Helper()
	if o.Postgres == "" {
		path := filepath.Join(o.Folder, "quartermaster.db")
		text := readFile(t, path)
		return func() { putDatabase(t, o.Folder, text) }
	}
	const each = `DO $$ DECLARE r record; BEGIN SET LOCAL session_replication_role = replica;
		FOR r IN SELECT tablename AS name FROM pg_tables WHERE schemaname = current_schema() AND tablename NOT LIKE 'saved%' LOOP
		EXECUTE format('DO', r.name); END LOOP; END $$`
	modelstest.Exec(t, o, strings.Replace(each, "DO'", "CREATE TABLE saved_%1$s AS TABLE %1$I'", 1))
	return func() {
		modelstest.Exec(t, o, strings.Replace(each, "DO'", "DELETE FROM %1$I; INSERT INTO %1$I SELECT * FROM saved_%1$s'", 1))
	}
}

// putDatabase makes text the SQLite database of a folder; nil removes it.
func putDatabase(t *testing.T, folder string, text []byte) {
	t.Helper()
	path := filepath.Join(folder, "quartermaster.db")
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
	}
	if text != nil {
		writeFile(t, path, text)
	}
}

// withDatabaseOf is d with another's database.
func (d desk) withDatabaseOf(t *testing.T, other models.Options) desk {
	t.Helper()
	d.Postgres = other.Postgres
	if d.Postgres == "" {
		putDatabase(t, d.Folder, readFile(t, filepath.Join(other.Folder, "quartermaster.db")))
	}
	return d
}

// misfits are the ways in which a desk's folder and database do not fit.
var misfits = map[string]struct {
	begin  func(t *testing.T) desk
	err    error
	accept models.Accept
	// without says what else must not be enough.
	without models.Accept
}{
	"empty database": {func(t *testing.T) desk {
		return newDesk(t, models.Options{}).withDatabaseOf(t, modelstest.Choose(t, models.Options{}))
	}, models.ErrDatabaseEmpty, models.Accept{EmptyDatabase: true}, models.Accept{OtherDatabase: true, OlderDatabase: true, EmptyFolder: true}},
	"missing database": {func(t *testing.T) desk {
		d := newDesk(t, models.Options{})
		if d.Postgres == "" {
			putDatabase(t, d.Folder, nil)
			return d
		}
		return d.withDatabaseOf(t, modelstest.Choose(t, models.Options{}))
	}, models.ErrDatabaseEmpty, models.Accept{EmptyDatabase: true}, models.Accept{OtherDatabase: true, OlderDatabase: true, EmptyFolder: true}},
	"another's database": {func(t *testing.T) desk {
		return newDesk(t, models.Options{}).withDatabaseOf(t, newDesk(t, models.Options{}).Options)
	}, models.ErrDatabaseOther, models.Accept{OtherDatabase: true}, models.Accept{EmptyDatabase: true, OlderDatabase: true, EmptyFolder: true}},
	"a folder that lost its identity": {func(t *testing.T) desk {
		d := newDesk(t, models.Options{})
		if err := os.Remove(filepath.Join(d.Folder, "identity")); err != nil {
			t.Fatal(err)
		}
		return d
	}, models.ErrDatabaseOther, models.Accept{OtherDatabase: true}, models.Accept{EmptyDatabase: true, OlderDatabase: true, EmptyFolder: true}},
	"older database": {func(t *testing.T) desk {
		d := newDesk(t, models.Options{})
		d.earlier()
		return d
	}, models.ErrDatabaseOlder, models.Accept{OlderDatabase: true}, models.Accept{EmptyDatabase: true, OtherDatabase: true, EmptyFolder: true}},
	"new folder": {func(t *testing.T) desk {
		d := newDesk(t, models.Options{})
		old := d.Folder
		d.Folder = t.TempDir()
		if d.Postgres == "" {
			putDatabase(t, d.Folder, readFile(t, filepath.Join(old, "quartermaster.db")))
		}
		return d
	}, models.ErrFolderEmpty, models.Accept{EmptyFolder: true}, models.Accept{EmptyDatabase: true, OtherDatabase: true, OlderDatabase: true}},
}

// everything is all files of a data folder with their bytes, but for those that
// SQLite makes to look into a database.
func everything(t *testing.T, folder string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() && !strings.HasSuffix(path, "-wal") && !strings.HasSuffix(path, "-shm") && e.Name() != "lock" {
			all[path] = string(readFile(t, path))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestWhatDoesNotFitIsRefusedAndLeftAsItIs(t *testing.T) {
	t.Parallel()
	for what, c := range misfits {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			d := c.begin(t)
			before := everything(t, d.Folder)
			for _, accept := range []models.Accept{{}, c.without} {
				d.Accept = accept
				if err := opensAtAll(t, d.Options); !errors.Is(err, c.err) {
					t.Errorf("got %v, want %v", err, c.err)
				}
			}
			after := everything(t, d.Folder)
			for path, text := range before {
				if after[path] != text {
					t.Errorf("%s is changed or gone", path)
				}
				delete(after, path)
			}
			if len(after) > 0 {
				t.Errorf("got new files %v", after)
			}
		})
	}
}

func TestWhatIsAcceptedLosesNothing(t *testing.T) {
	t.Parallel()
	for what, c := range misfits {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			d := c.begin(t)
			before := files(t, d.Folder)
			age(t, d.Folder)
			d.Accept = c.accept
			db := mustOpen(t, d.Options)
			for range 2 {
				if err := errors.Join(db.Sweep(t.Context()), db.EmptyAside(t.Context(), time.Now().Add(-time.Hour*24*365))); err != nil {
					t.Fatalf("sweep: %v", err)
				}
			}
			after := files(t, d.Folder)
			if got := blobsOf(after); !slices.Equal(got, blobsOf(before)) {
				t.Errorf("got %v, want %v", after, before)
			}
			for _, path := range after {
				if strings.Contains(path, "/aside/") && !slices.Contains(before, path) {
					t.Errorf("%s was moved aside", path)
				}
			}
			u, err := db.FindUnknown(t.Context())
			if err != nil || c.err == models.ErrDatabaseEmpty && len(u.Blobs) != 2 {
				t.Errorf("got %d unknown, %v", len(u.Blobs), err)
			}
			modelstest.NewTeam(t, db)
			mustClose(t, db)
			d.Accept = models.Accept{}
			if err := opensAtAll(t, d.Options); err != nil {
				t.Errorf("the next start: got %v, want it agreed", err)
			}
		})
	}
}

// blobsOf are the ids of blobs among files, wherever they lie.
func blobsOf(files []string) (ids []string) {
	for _, path := range files {
		ids = append(ids, filepath.Base(path))
	}
	slices.Sort(ids)
	return ids
}

// age lets all blobs of a folder be three days old.
func age(t *testing.T, folder string) {
	t.Helper()
	old := time.Now().Add(-72 * time.Hour)
	for _, path := range files(t, folder) {
		if err := os.Chtimes(filepath.Join(folder, path), old, old); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAKillWhileTheyAreBroughtTogetherLocksNobodyOut(t *testing.T) {
	t.Parallel()
	const forget = "DELETE FROM settings WHERE name = 'identity'"
	fresh := regexp.MustCompile(`order \d+\nevent .*`)
	for what, c := range map[string]struct {
		used   bool
		folder func(string) string // what becomes of the folder's identity
		inDB   bool
	}{
		"from before this version":             {true, nil, false},
		"written in the folder only":           {true, func(s string) string { return fresh.ReplaceAllString(s, noMarks) }, false},
		"written in both, before the progress": {true, func(s string) string { return fresh.ReplaceAllString(s, noMarks) }, true},
		"new, written nowhere":                 {false, nil, false},
		"new, written in the folder only":      {false, func(s string) string { return s }, false},
		"new, written in the database only":    {false, nil, true},
	} {
		o := modelstest.Choose(t, models.Options{})
		db := mustOpen(t, o)
		if c.used {
			team := modelstest.NewTeam(t, db)
			mustPut(t, db, team.Requester, mustBucket(t, db, team.Requester, 0), "a", "bytes")
		}
		mustClose(t, db)
		path := filepath.Join(o.Folder, "identity")
		text := string(readFile(t, path))
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if c.folder != nil {
			writeFile(t, path, []byte(c.folder(text)))
		}
		if !c.inDB {
			modelstest.Exec(t, o, forget)
		}
		for range 2 {
			if err := opensAtAll(t, o); err != nil {
				t.Errorf("%s: got %v, want it opened", what, err)
			}
		}
		if got := string(readFile(t, path)); c.used && strings.Contains(got, noMarks) || c.folder != nil && got[:35] != text[:35] {
			t.Errorf("%s: the folder notes %q, want it level with the database", what, got)
		}
	}
}

const noMarks = "order 000000000000000000\nevent 00000000000000000000000000000000"

func TestADamagedIdentityIsRefused(t *testing.T) {
	t.Parallel()
	d := newDesk(t, models.Options{})
	writeFile(t, filepath.Join(d.Folder, "identity"), []byte("id 7\n"))
	if err := opensAtAll(t, d.Options); err == nil || !strings.Contains(err.Error(), "identity: the file is damaged") {
		t.Errorf("got %v, want the file named", err)
	}
}

// The folder notes what was acknowledged before it is told to anybody.
func TestTheFolderFollowsTheDatabase(t *testing.T) {
	t.Parallel()
	o := modelstest.Choose(t, models.Options{})
	db := modelstest.OpenWith(t, o)
	team := modelstest.NewTeam(t, db)
	var last int64
	for range 5 {
		last = mustPlace(t, db, team.Requester, bucketOrder("", "")).Number
	}
	events, _, err := modelstest.List(t.Context(), db, team.Viewer, models.Events, list.Query{Size: 1})
	if err != nil || len(events) != 1 {
		t.Fatalf("got %d events, %v", len(events), err)
	}
	got := string(readFile(t, filepath.Join(o.Folder, "identity")))
	if want := "\norder 000" + strconv.FormatInt(last, 10) + "\nevent " + events[0].ID + "\n"; !strings.HasSuffix(got, want) {
		t.Errorf("got %q, want it to end with %q", got, want)
	}
}

func TestNumbersGoOnBehindThoseThatWereGiven(t *testing.T) {
	t.Parallel()
	clock := modelstest.NewClock()
	d := newDesk(t, models.Options{Clock: clock.Now})
	d.earlier()
	d.Accept.OlderDatabase = true
	db := modelstest.OpenWith(t, d.Options)
	if got := mustPlace(t, db, d.team.Requester, bucketOrder("", "")).Number; got != d.last+1 {
		t.Errorf("got order %d, want the one after %d", got, d.last)
	}
	clock.Move(24 * time.Hour)
	if got := mustPlace(t, db, d.team.Requester, bucketOrder("", "")).Number; got%10_000_000 != 1 {
		t.Errorf("the next day: got order %d, want the first", got)
	}
	events, err := recorded(t, db, d.team.Viewer, "order.gap")
	if err != nil || len(events) != 1 {
		t.Fatalf("got %d events of a gap, %v; want one", len(events), err)
	}
	for _, want := range []string{`"from":` + strconv.FormatInt(d.last-2, 10), `"to":` + strconv.FormatInt(d.last, 10), "older"} {
		if !strings.Contains(events[0].Detail, want) {
			t.Errorf("got %s, want %s in it", events[0].Detail, want)
		}
	}
}

func TestAnEmptyDatabaseGoesOnBehindTheFoldersNumbers(t *testing.T) {
	t.Parallel()
	clock := modelstest.NewClock()
	d := newDesk(t, models.Options{Clock: clock.Now}).withDatabaseOf(t, modelstest.Choose(t, models.Options{}))
	d.Accept.EmptyDatabase = true
	db := modelstest.OpenWith(t, d.Options)
	team := modelstest.NewTeam(t, db)
	if got := mustPlace(t, db, team.Requester, bucketOrder("", "")).Number; got != d.last+1 {
		t.Errorf("got order %d, want the one after %d", got, d.last)
	}
}

// A copy of the database, and one of the files that was made after a change.
func TestACopyOfTheDatabaseIsWholeWithLaterFiles(t *testing.T) {
	t.Parallel()
	d := newDesk(t, models.Options{})
	d.earlier()
	d.Accept.OlderDatabase = true
	db := modelstest.OpenWith(t, d.Options)
	if got := read(t, db, d.team.Viewer, d.bucket, "a"); got != "earlier" {
		t.Errorf("got %q, want the replaced bytes", got)
	}
	if err := db.EmptyAside(t.Context(), time.Now().Add(48*time.Hour)); err != nil {
		t.Fatal(err)
	}
	if got := read(t, db, d.team.Viewer, d.bucket, "a"); got != "earlier" {
		t.Errorf("two days later: got %q, want the bytes back in their place", got)
	}
}
