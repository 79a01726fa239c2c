// Package migrations holds the numbered steps that bring a database to the
// shape that package models reads. A released step is never edited.
package migrations

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"regexp"
	"slices"
	"strings"

	"github.com/go-gormigrate/gormigrate/v2"
	"gorm.io/gorm"
)

//go:embed *.sql
var files embed.FS

// ErrNewer says that the database was written by a newer version of the
// program, whose steps this one does not know.
var ErrNewer = errors.New("the database belongs to a newer version of Quartermaster")

// ErrOlder says that the database has not been through all steps yet.
var ErrOlder = errors.New("the database belongs to an older version of Quartermaster")

// ErrNone says that the database is not one of ours, or empty.
var ErrNone = errors.New("there is no database of Quartermaster")

// Run brings the database to the newest shape. Each run is one transaction: it
// leaves everything or nothing. Running it again changes nothing. Of several
// processes at once one migrates and the others wait, which they say in log.
// An error of first, which may be nil, leaves the database as it was.
func Run(db *gorm.DB, log *slog.Logger, first func(tx *gorm.DB) error) error {
	steps, err := all()
	if err != nil {
		return err
	}
	opts := *gormigrate.DefaultOptions
	opts.ValidateUnknownMigrations = true
	err = db.Transaction(func(tx *gorm.DB) error {
		if err := waitForOthers(tx, log); err != nil {
			return err
		}
		if first != nil {
			if err := first(tx); err != nil {
				return err
			}
		}
		if err := gormigrate.New(tx, &opts, steps).Migrate(); err != nil {
			return fmt.Errorf("migrate: %w", err)
		}
		return nil
	})
	if errors.Is(err, gormigrate.ErrUnknownPastMigration) {
		return ErrNewer
	}
	return err
}

// waitForOthers lets one process at a time into the transaction. On SQLite
// beginning to write has done so already. The lock belongs to the transaction,
// because behind a pooler the next one may be on another connection.
func waitForOthers(tx *gorm.DB, log *slog.Logger) error {
	if tx.Name() != "postgres" {
		return nil
	}
	const ours = 0x514d // any number that is ours: "QM"; desks in other schemas do not wait
	const key = "(?, hashtext(coalesce(current_schema(), '')))"
	var got bool
	if err := tx.Raw("SELECT pg_try_advisory_xact_lock"+key, ours).Scan(&got).Error; err != nil || got {
		return err
	}
	log.Warn("another process is migrating the database; waiting until it is done")
	return tx.Exec("SELECT pg_advisory_xact_lock"+key, ours).Error
}

// Pending tells whether Run has anything to do, and whether the database has
// been migrated before at all.
func Pending(db *gorm.DB) (pending, begun bool, err error) {
	steps, err := all()
	if err != nil {
		return false, false, err
	}
	if !db.Migrator().HasTable("migrations") {
		return true, false, nil
	}
	var done int64
	if err := db.Table("migrations").Count(&done).Error; err != nil {
		return false, false, fmt.Errorf("count migrations: %w", err)
	}
	return int(done) < len(steps), true, nil
}

// Newest is the last step that a database has been through, and whether that is
// the last one there is: no error then, ErrOlder or ErrNewer. A database that
// was never migrated is ErrNone.
func Newest(db *gorm.DB) (string, error) {
	steps, err := all()
	if err != nil {
		return "", err
	}
	if !db.Migrator().HasTable("migrations") {
		return "", ErrNone
	}
	var newest string
	if err := db.Raw("SELECT COALESCE(MAX(id), '') FROM migrations").Scan(&newest).Error; err != nil {
		return "", fmt.Errorf("read migrations: %w", err)
	}
	switch last := steps[len(steps)-1].ID; {
	case newest == "":
		return "", ErrNone
	case newest < last:
		return newest, ErrOlder
	case newest > last:
		return newest, ErrNewer
	}
	return newest, nil
}

// Tables are the tables that the steps make, and the one that counts the steps.
func Tables() ([]string, error) {
	tables := []string{"migrations"}
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		text, err := files.ReadFile(name)
		if err != nil {
			return nil, err
		}
		for _, found := range createTable.FindAllSubmatch(text, -1) {
			tables = append(tables, string(found[1]))
		}
	}
	slices.Sort(tables)
	return slices.Compact(tables), nil
}

var createTable = regexp.MustCompile(`CREATE TABLE (\w+)`)

// all are the steps, in the order of their numbers.
func all() ([]*gormigrate.Migration, error) {
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		return nil, err
	}
	var steps []*gormigrate.Migration
	for _, name := range names {
		text, err := files.ReadFile(name)
		if err != nil {
			return nil, err
		}
		steps = append(steps, &gormigrate.Migration{
			ID: strings.TrimSuffix(name, ".sql"),
			Migrate: func(tx *gorm.DB) error {
				return script(tx, string(text))
			},
		})
	}
	steps = append(steps, &gormigrate.Migration{ID: "0002_catalogue", Migrate: seed},
		&gormigrate.Migration{ID: "0015_keys_of_names", Migrate: sameNames},
		&gormigrate.Migration{ID: "0016_fold", Migrate: foldFunction},
		&gormigrate.Migration{ID: "0017_versions", Migrate: versions},
		&gormigrate.Migration{ID: "0048_centres", Migrate: centres})
	slices.SortFunc(steps, func(a, b *gormigrate.Migration) int { return strings.Compare(a.ID, b.ID) })
	return steps, nil
}

// CountRuns counts in run_months, which is empty, the stores that there are.
func CountRuns(tx *gorm.DB) error {
	text, err := files.ReadFile("0042_running_2.sql")
	if err != nil {
		return err
	}
	return script(tx, string(text))
}

// dialects spells the column types that the two engines name differently.
// "key" is text compared byte by byte, which PostgreSQL has to be told.
var dialects = map[string]*strings.Replacer{
	"sqlite":   strings.NewReplacer("{key}", "text", "{time}", "datetime", "{bytes}", "blob"),
	"postgres": strings.NewReplacer("{key}", `text COLLATE "C"`, "{time}", "timestamptz", "{bytes}", "bytea"),
}

// script runs the statements of a step, which end in ";" at the end of a line.
// One that begins with the name of an engine in braces is for that engine only.
func script(tx *gorm.DB, text string) error {
	text = dialects[tx.Name()].Replace(text)
	for _, stmt := range strings.Split(text, ";\n") {
		stmt = forEngine(tx.Name(), strings.TrimSpace(stmt))
		if stmt == "" {
			continue
		}
		if err := tx.Exec(stmt).Error; err != nil {
			return fmt.Errorf("%.60s: %w", stmt, err)
		}
	}
	return nil
}

// forEngine is a statement as an engine runs it, or "" when it is for another.
func forEngine(engine, stmt string) string {
	for other := range dialects {
		if rest, only := strings.CutPrefix(stmt, "{"+other+"}"); only {
			if other != engine {
				return ""
			}
			return strings.TrimSpace(rest)
		}
	}
	return stmt
}
