package models_test

import (
	"errors"
	"fmt"
	"os"
	"testing"

	"quartermaster/models"
	"quartermaster/models/list"
	"quartermaster/models/modelstest"
)

// takenBy makes another process the holder of a PostgreSQL database, whose last
// beat was so many seconds ago.
func takenBy(t *testing.T, o models.Options, host, folder string, ago int) {
	t.Helper()
	modelstest.Exec(t, o, `INSERT INTO settings (name, value) VALUES ('holder', json_build_object('host', ?::text, 'folder', ?::text,
		'pid', 7, 'token', 'theirs', 'beat', extract(epoch FROM clock_timestamp())::float8 - ?::int)::text)
		ON CONFLICT (name) DO UPDATE SET value = excluded.value`, host, folder, ago)
}

func onlyPostgres(t *testing.T) {
	t.Helper()
	if !modelstest.Postgres() {
		t.Skip("a data folder with its own database is locked with it")
	}
}

func TestADatabaseBelongsToOneProcess(t *testing.T) {
	t.Parallel()
	onlyPostgres(t)
	o := modelstest.Choose(t, models.Options{})
	db, err := models.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	modelstest.NewTeam(t, db)
	other := o
	other.Folder = t.TempDir()
	other.Accept = models.Accept{EmptyDatabase: true, OtherDatabase: true, OlderDatabase: true, EmptyFolder: true}
	if _, err := models.Open(t.Context(), other); !errors.Is(err, models.ErrDatabaseInUse) {
		t.Errorf("while it is open: got %v, want %v", err, models.ErrDatabaseInUse)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	modelstest.OpenWith(t, other)
}

func TestTheHoldOfAProcessThatIsGoneIsTakenOver(t *testing.T) {
	t.Parallel()
	onlyPostgres(t)
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	o := modelstest.Choose(t, models.Options{})
	if err := opensAtAll(t, o); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		what, host, folder string
		ago                int
		want               error
	}{
		{"one that lives", "elsewhere", o.Folder, 10, models.ErrDatabaseInUse},
		{"one of another folder here", host, "/elsewhere", 0, models.ErrDatabaseInUse},
		{"one that has said nothing for long", "elsewhere", o.Folder, 16, nil},
		{"one by a clock that was set back", "elsewhere", o.Folder, -1000, nil},
		{"one of this folder", host, o.Folder, 0, nil},
	} {
		takenBy(t, o, c.host, c.folder, c.ago)
		if err := opensAtAll(t, o); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.what, err, c.want)
		}
	}
}

// opensAtAll opens a database and closes it.
func opensAtAll(t *testing.T, o models.Options) error {
	t.Helper()
	db, err := models.Open(t.Context(), o)
	if err != nil {
		return err
	}
	return db.Close()
}

func TestADatabaseThatWasTakenOverTakesNoChanges(t *testing.T) {
	t.Parallel()
	onlyPostgres(t)
	o := modelstest.Choose(t, models.Options{})
	db := modelstest.OpenWith(t, o)
	team := modelstest.NewTeam(t, db)
	takenBy(t, o, "elsewhere", "/elsewhere", 0)
	if err := db.Beat(t.Context()); !errors.Is(err, models.ErrMoved) {
		t.Errorf("beat: got %v, want %v", err, models.ErrMoved)
	}
	if _, err := db.PlaceOrder(t.Context(), team.Requester, bucketOrder("", "")); !errors.Is(err, models.ErrMoved) {
		t.Errorf("order: got %v, want %v", err, models.ErrMoved)
	}
	if err := db.Ready(t.Context()); !errors.Is(err, models.ErrMoved) {
		t.Errorf("ready: got %v, want %v", err, models.ErrMoved)
	}
	if _, _, err := modelstest.List(t.Context(), db, team.Viewer, models.Orders, list.Query{}); err != nil {
		t.Errorf("reading: got %v", err)
	}
}

// A crash of PostgreSQL may lose its last moments, and a restored copy more.
func TestOnlyADatabaseThatHasAllThatWasAcknowledgedIsTakenAgain(t *testing.T) {
	t.Parallel()
	onlyPostgres(t)
	const untaken = "DELETE FROM settings WHERE name = 'holder'"
	const gone = "DO $$ BEGIN SET LOCAL session_replication_role = replica; DELETE FROM events WHERE id = (SELECT MAX(id) FROM events); END $$"
	for what, c := range map[string]struct {
		statements []string
		want       error
	}{
		"nothing lost but that it was taken":   {[]string{untaken}, nil},
		"an event lost":                        {[]string{gone}, models.ErrMoved},
		"an event lost, and that it was taken": {[]string{untaken, gone}, models.ErrMoved},
		"another's database":                   {[]string{untaken, "UPDATE settings SET value = 'x' WHERE name = 'identity'"}, models.ErrMoved},
	} {
		o := modelstest.Choose(t, models.Options{})
		db := modelstest.OpenWith(t, o)
		modelstest.NewTeam(t, db)
		for _, s := range c.statements {
			modelstest.Exec(t, o, s)
		}
		for range 2 {
			if err := db.Beat(t.Context()); !errors.Is(err, c.want) {
				t.Errorf("%s: got %v, want %v", what, err, c.want)
			}
		}
	}
}

func TestADatabaseFileThatWasMovedTakesNoChangesUntilItIsBack(t *testing.T) {
	t.Parallel()
	if modelstest.Postgres() {
		t.Skip("about SQLite's file")
	}
	for _, replaced := range []bool{false, true} {
		o := modelstest.Choose(t, models.Options{})
		db := modelstest.OpenWith(t, o)
		team := modelstest.NewTeam(t, db)
		path := db.DataFile("quartermaster.db")
		if err := os.Rename(path, path+".away"); err != nil {
			t.Fatal(err)
		}
		if replaced {
			writeFile(t, path, readFile(t, path+".away"))
		}
		for i := range 3 {
			_, err := db.PlaceOrder(t.Context(), team.Requester, bucketOrder(fmt.Sprint("bucket-", i), ""))
			if !errors.Is(err, models.ErrMoved) {
				t.Errorf("replaced %v: order: got %v, want %v", replaced, err, models.ErrMoved)
			}
		}
		if err := db.Ready(t.Context()); !errors.Is(err, models.ErrMoved) {
			t.Errorf("replaced %v: ready: got %v, want %v", replaced, err, models.ErrMoved)
		}
		if err := os.Rename(path+".away", path); err != nil {
			t.Fatal(err)
		}
		if err := db.Ready(t.Context()); err != nil {
			t.Errorf("back: got %v, want ready", err)
		}
		mustPlace(t, db, team.Requester, bucketOrder("bucket-0", ""))
		if counts := mustCounts(t, db, team.Viewer); counts["bucket"] != 1 {
			t.Errorf("got counts %v, want the one bucket that was acknowledged", counts)
		}
	}
}

func TestADatabaseThatIsNoneAnyMoreIsNotReady(t *testing.T) {
	t.Parallel()
	o := modelstest.Choose(t, models.Options{})
	db := modelstest.OpenWith(t, o)
	if err := db.Ready(t.Context()); err != nil {
		t.Fatalf("before: got %v, want ready", err)
	}
	if modelstest.Postgres() {
		modelstest.Exec(t, o, "DELETE FROM settings")
		if err := db.Ready(t.Context()); !errors.Is(err, models.ErrMoved) {
			t.Errorf("emptied: got %v, want %v", err, models.ErrMoved)
		}
		modelstest.Exec(t, o, "DROP TABLE settings")
		if err := db.Ready(t.Context()); err == nil {
			t.Error("without its tables: got ready")
		}
		return
	}
	path := db.DataFile("quartermaster.db")
	whole := readFile(t, path)
	if err := os.WriteFile(path, make([]byte, len(whole)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := db.Ready(t.Context()); !errors.Is(err, models.ErrDatabaseDamaged) {
		t.Errorf("zeroed: got %v, want %v", err, models.ErrDatabaseDamaged)
	}
	if err := os.WriteFile(path, []byte(whole), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := db.Ready(t.Context()); err != nil {
		t.Errorf("whole again: got %v, want ready", err)
	}
}
