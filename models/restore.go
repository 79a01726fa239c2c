package models

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"quartermaster/models/backup"
	"quartermaster/models/files"
	"quartermaster/models/migrations"
	"quartermaster/models/objects"
	"quartermaster/models/query"
)

// Errors of Restore that callers tell apart with errors.Is.
var (
	// ErrNotEmpty says that there is something where a backup was to be restored.
	ErrNotEmpty = errors.New("is not empty")
	// ErrEngine says that the backup is of the other engine.
	ErrEngine = errors.New("the backup is of another kind of database")
	// ErrHalfRestored says that a restore into the data folder did not finish, or
	// found that not everything fits.
	ErrHalfRestored = errors.New("a restore into this data folder did not finish, or not everything fitted")
)

// restoringName is the file that a data folder has from the beginning of a
// restore until everything in it has been verified. It says what did not fit.
const restoringName = "restoring"

// RestoreInput says what is restored, and where.
type RestoreInput struct {
	From string
	// Folder and Postgres are as in Options: an empty place.
	Folder, Postgres string
	// Tool is the path of pg_restore; when it is empty, the program looks for
	// it.
	Tool  string
	Meter *Meter
}

// RestoreReport says what was restored, and what does not fit.
type RestoreReport struct {
	backup.Manifest
	// Objects and Checked are the blobs that were verified and their bytes.
	Objects, Checked int64
	Findings         []Finding
}

// Fits tells whether all that the backup should hold was restored.
func (r RestoreReport) Fits() bool { return len(r.Findings) == 0 }

// Restore puts a backup into an empty place and verifies it: the database by its
// checksum and the number of its rows, the bytes of each object by size and
// checksum. When it returns an error, or something does not fit, Open refuses
// the place until a person has decided.
func Restore(ctx context.Context, in RestoreInput) (RestoreReport, error) {
	from, err := backup.Open(in.From)
	if err != nil {
		return RestoreReport{}, err
	}
	defer from.Close()
	r := &restore{RestoreInput: in, report: RestoreReport{Manifest: from.Manifest()}}
	r.db = newDB(Options{Folder: in.Folder, Postgres: in.Postgres})
	err = r.run(ctx, from)
	return r.report, translate(errors.Join(err, r.db.Close()))
}

// restore is a running restore.
type restore struct {
	RestoreInput
	db     *DB
	tool   string
	report RestoreReport
}

func (r *restore) run(ctx context.Context, from backup.Reader) error {
	if err := r.fits(ctx); err != nil {
		return err
	}
	if err := r.begin(); err != nil {
		return err
	}
	err := from.Each(func(name string, size int64, b io.Reader) error {
		return errors.Join(ctx.Err(), r.place(ctx, name, b))
	})
	if err != nil {
		return err
	}
	syscall.Sync() // at once for all files
	if err := r.verify(ctx); err != nil {
		return err
	}
	if err := r.introduce(ctx); err != nil {
		return err
	}
	return r.end()
}

// fits refuses a place that the backup cannot be restored into, before anything
// is written.
func (r *restore) fits(ctx context.Context) error {
	if want := engineSQLite; r.report.Engine != want && r.Postgres == "" || r.report.Engine == want && r.Postgres != "" {
		return fmt.Errorf("%w: %q", ErrEngine, r.report.Engine)
	}
	entries, err := os.ReadDir(r.Folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if len(entries) > 0 {
		return fmt.Errorf("the data folder %s %w", r.Folder, ErrNotEmpty)
	}
	if r.Postgres == "" {
		return nil
	}
	return r.fitsPostgres(ctx)
}

func (r *restore) fitsPostgres(ctx context.Context) error {
	if err := r.db.connectPostgres(ctx, r.Postgres, 0); err != nil {
		return err
	}
	g := r.db.gorm
	var schema string
	if err := g.WithContext(ctx).Raw("SELECT COALESCE(current_schema(), '')").Scan(&schema).Error; err != nil {
		return err
	}
	if schema != r.report.Schema {
		return fmt.Errorf("the tables of the backup are in the schema %q and this address leads to %q; make that schema, and lead there by search_path", r.report.Schema, schema)
	}
	var relations int64
	err := g.WithContext(ctx).Raw(`SELECT COUNT(*) FROM pg_class WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())`).Scan(&relations).Error
	if err != nil {
		return err
	}
	if relations > 0 {
		return fmt.Errorf("the schema %q of the database %w", schema, ErrNotEmpty)
	}
	r.tool, err = r.db.postgresTool(ctx, "pg_restore", r.Tool)
	return err
}

// begin takes the folder and marks it.
func (r *restore) begin() (err error) {
	if err := os.MkdirAll(r.Folder, 0o700); err != nil {
		return fmt.Errorf("make data folder: %w", err)
	}
	if err := os.Chmod(r.Folder, 0o700); err != nil { // #nosec G302 -- a folder
		return fmt.Errorf("make data folder private: %w", err)
	}
	if r.db.lock, err = lockFolder(r.Folder); err != nil {
		return err
	}
	if err := r.mark("A backup is being restored into this folder."); err != nil {
		return err
	}
	if r.db.objects, err = objects.Open(filepath.Join(r.Folder, "objects")); err != nil {
		return fmt.Errorf("open objects: %w", err)
	}
	return nil
}

// mark writes why the folder is not served.
func (r *restore) mark(why string) error {
	name := filepath.Join(r.Folder, restoringName)
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600) // #nosec G304 -- the server administrator names the folder
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(f, why)
	return errors.Join(err, f.Sync(), f.Close(), files.SyncFolder(r.Folder))
}

// place puts one file of the backup in its place.
func (r *restore) place(ctx context.Context, name string, b io.Reader) error {
	switch {
	case name == backup.DatabaseName:
		r.Meter.begin("restoring the database", 0)
		return r.placeDatabase(ctx, b)
	case name == backup.ListName:
		r.Meter.begin("restoring objects", r.report.Blobs)
		return nil // the database has them too
	case strings.HasPrefix(name, backup.StoresName+"/"):
		return writeFile(filepath.Join(r.Folder, filepath.FromSlash(name)), b)
	}
	n, err := r.db.objects.Put(backup.BlobID(name), b)
	r.Meter.add(1, n)
	return err
}

// placeDatabase puts the database in its place, once its checksum is right.
func (r *restore) placeDatabase(ctx context.Context, b io.Reader) error {
	to := r.db.sqliteFile()
	if r.Postgres != "" {
		to = filepath.Join(r.Folder, "database.dump")
	}
	h := sha256.New()
	if err := writeFile(to, io.TeeReader(b, h)); err != nil {
		return err
	}
	if hex.EncodeToString(h.Sum(nil)) != r.report.Database.SHA256 {
		return fmt.Errorf("the copy of the database: %w", backup.ErrDamaged)
	}
	if r.Postgres == "" {
		return nil
	}
	return errors.Join(backup.Undump(ctx, r.tool, r.Postgres, to), os.Remove(to))
}

// writeFile writes a private file and the folders that it is in.
func writeFile(name string, from io.Reader) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) // #nosec G304 -- the server administrator names the folder
	if err != nil {
		return err
	}
	_, err = io.Copy(f, from)
	return errors.Join(err, f.Close())
}

// verify looks at what is in place now, not at what was read.
func (r *restore) verify(ctx context.Context) error {
	if r.db.gorm == nil {
		if err := r.db.connectBeside(ctx, Options{}); err != nil {
			return err
		}
	}
	newest, err := migrations.Newest(r.db.gorm.WithContext(ctx))
	if err != nil && !errors.Is(err, migrations.ErrOlder) {
		return err
	}
	if newest != r.report.Migration {
		r.find("the database", fmt.Sprintf("it has the shape %s, and the backup says %q", newest, r.report.Migration))
	}
	if err := r.verifyRows(ctx); err != nil {
		return err
	}
	var looked CheckReport
	looked.Rows = r.report.Rows
	in := CheckInput{Meter: r.Meter}
	for _, l := range r.db.fileLooks(in, &looked) {
		r.Meter.begin("looking for "+l.what, 0)
		cases, err := l.find(ctx, r.db, nil)
		if err != nil {
			return fmt.Errorf("look for %s: %w", l.what, err)
		}
		for _, c := range cases {
			r.find(l.what, c.says)
		}
	}
	r.report.Objects, r.report.Checked = looked.Objects, looked.Bytes
	return nil
}

// verifyRows compares the number of rows of each table.
func (r *restore) verifyRows(ctx context.Context) error {
	rows, err := countRows(r.db.gorm.WithContext(ctx))
	if err != nil {
		return err
	}
	for name, want := range r.report.Rows {
		if rows[name] != want {
			r.find("tables with another number of rows", fmt.Sprintf("%s has %d, and the backup says %d", name, rows[name], want))
		}
	}
	return nil
}

// introduce gives the folder the identity of the database: it is the same desk,
// and no process is using it.
func (r *restore) introduce(ctx context.Context) error {
	if r.Postgres != "" {
		if err := query.Exec(ctx, r.db.gorm, "DELETE FROM settings WHERE name = ?", holderName); err != nil {
			return fmt.Errorf("let go of the database: %w", err)
		}
	}
	facts, err := readFacts(ctx, r.db.gorm)
	if err != nil || facts.ID == "" { // a backup from a version without identities
		return err
	}
	return writeIdentity(r.Folder, facts.identity)
}

func (r *restore) find(what, says string) {
	for i, f := range r.report.Findings {
		if f.What == what {
			r.report.Findings[i].Cases = append(f.Cases, says)
			return
		}
	}
	r.report.Findings = append(r.report.Findings, Finding{What: what, Cases: []string{says}})
}

// end allows the place to be served, or writes into it why not.
func (r *restore) end() error {
	if r.report.Fits() {
		return errors.Join(os.Remove(filepath.Join(r.Folder, restoringName)), files.SyncFolder(r.Folder))
	}
	var why []string
	for _, f := range r.report.Findings {
		why = append(why, f.What+":\n  "+strings.Join(f.Cases, "\n  "))
	}
	slices.Sort(why)
	return r.mark("Not everything that the backup should hold is there. To serve what there is, remove this file.\n\n" + strings.Join(why, "\n"))
}

// refuseUnfinished is ErrHalfRestored where a restore into the folder did not
// end well, and ErrHalfFilled where filling it did not.
func refuseUnfinished(folder string) error {
	for _, unfinished := range []struct {
		name string
		is   error
	}{{restoringName, ErrHalfRestored}, {fillingName, ErrHalfFilled}} {
		if _, err := os.Lstat(filepath.Join(folder, unfinished.name)); !errors.Is(err, fs.ErrNotExist) {
			return errors.Join(unfinished.is, err)
		}
	}
	return nil
}
