package models

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"quartermaster/models/backup"
	"quartermaster/models/index"
	"quartermaster/models/objects"
)

// Names of the engines in a backup.
const (
	engineSQLite   = "sqlite"
	enginePostgres = "postgres"
)

// BackupInput says what a backup is to be.
type BackupInput struct {
	// To is a folder, which takes only what is new the next time, or a file whose
	// name ends in .tar, .tar.gz or .tgz.
	To string
	// Program is the version that writes it.
	Program string
	// Dump is the path of pg_dump; when it is empty, the program looks for it.
	Dump  string
	Meter *Meter
}

// BackupReport says what a backup holds and what it lacks.
type BackupReport struct {
	backup.Manifest
	// Copied are the blobs that an earlier backup did not have.
	Copied, CopiedBytes int64
	// Missing and Damaged are the ids of blobs whose bytes the data folder
	// lacks, or which differ from what was recorded. All others are in the
	// backup.
	Missing, Damaged []string
}

// Whole tells whether the backup holds everything that was recorded.
func (r BackupReport) Whole() bool { return len(r.Missing)+len(r.Damaged) == 0 }

// secretKeyNotice is written into every backup that needs it.
const secretKeyNotice = "The encryption key is not in this backup. Keep secret.key, or QUARTERMASTER_SECRET_KEY, in another place: " +
	"without it the access keys cannot be used, and whoever has it together with this backup can sign as any of them."

// Backup copies the desk as it is at one moment, while others go on writing to
// it: the database first, then the bytes that this copy of the database refers
// to. Bytes that are deleted meanwhile are kept aside for a day, and are copied
// from there. When it returns an error, an earlier backup at the same place is
// still valid.
func (db *DB) Backup(ctx context.Context, in BackupInput) (BackupReport, error) {
	var r BackupReport
	if err := db.apart(in.To); err != nil {
		return r, err
	}
	identity, err := db.setting(ctx, identityName)
	if err != nil {
		return r, err
	}
	w, err := backup.Create(in.To, identity, db.Now())
	if err != nil {
		return r, translate(err)
	}
	defer w.Close()
	if err := db.backUp(ctx, w, in, &r); err != nil {
		return r, translate(err)
	}
	in.Meter.begin("writing it to the disk", 0)
	return r, translate(w.Commit())
}

func (db *DB) backUp(ctx context.Context, w backup.Writer, in BackupInput, r *BackupReport) error {
	known, err := db.snapshot(ctx, w.State(), in)
	if err != nil {
		return err
	}
	r.Manifest = known.Manifest
	if err := w.Begin(known.Manifest); err != nil {
		return err
	}
	in.Meter.begin("copying objects", r.Blobs)
	err = backup.ReadList(filepath.Join(w.State(), backup.ListName), func(id, sum string) error {
		defer in.Meter.add(1, 0)
		return errors.Join(ctx.Err(), db.backUpBlob(w, in, r, id, sum))
	})
	if err != nil {
		return err
	}
	in.Meter.begin("copying stores", int64(len(known.stores)))
	for _, id := range known.stores {
		if err := errors.Join(ctx.Err(), db.backUpStore(ctx, w, id)); err != nil {
			return err
		}
		in.Meter.add(1, 0)
	}
	return nil
}

// apart refuses a place inside the data folder: whatever destroys the folder
// would destroy the backup too.
func (db *DB) apart(to string) error {
	place, err := real(to)
	if err != nil {
		return err
	}
	folder, err := real(db.folder)
	if err != nil {
		return err
	}
	if rel, err := filepath.Rel(folder, place); err == nil && filepath.IsLocal(rel) {
		return fmt.Errorf("%s is inside the data folder, and is lost with it; name another place", to)
	}
	return nil
}

// real is a path with its links resolved. Its last parts need not exist.
func real(name string) (string, error) {
	name, err := filepath.Abs(name)
	if err != nil {
		return "", err
	}
	for rest := ""; ; {
		if found, err := filepath.EvalSymlinks(name); err == nil {
			return filepath.Join(found, rest), nil
		}
		parent := filepath.Dir(name)
		if parent == name {
			return filepath.Join(name, rest), nil
		}
		name, rest = parent, filepath.Join(filepath.Base(name), rest)
	}
}

// backUpBlob copies one blob, unless it is there from before.
func (db *DB) backUpBlob(w backup.Writer, in BackupInput, r *BackupReport, id, sum string) error {
	if w.Has(id, sum) {
		return nil
	}
	f, size, err := db.objects.Read(id)
	if errors.Is(err, objects.ErrNotExist) {
		r.Missing = append(r.Missing, id)
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	err = w.Blob(id, sum, size, &exactly{r: f, left: size})
	if errors.Is(err, backup.ErrDamaged) {
		r.Damaged = append(r.Damaged, id)
		return nil
	}
	if err == nil {
		r.Copied++
		r.CopiedBytes += size
		in.Meter.add(0, size)
	}
	return err
}

// exactly gives as many bytes as a file had when it was opened. In place of
// bytes that cannot be read it gives zeros, so that the checksum will not
// match.
type exactly struct {
	r      io.Reader
	left   int64
	broken bool
}

func (e *exactly) Read(p []byte) (int, error) {
	if e.left == 0 {
		return 0, io.EOF
	}
	p = p[:min(int64(len(p)), e.left)]
	n := len(p)
	if !e.broken {
		var err error
		if n, err = e.r.Read(p); err != nil && n == 0 {
			e.broken = true
		}
	} else {
		clear(p)
	}
	e.left -= int64(n)
	return n, nil
}

// backUpStore copies a store's folder, which a store that is being made or
// deleted may not have, while nobody writes to its index. One that does not open
// is copied as it is.
func (db *DB) backUpStore(ctx context.Context, w backup.Writer, id string) error {
	x, err := index.Open(ctx, sqliteAddress(db.storeIndex(id)))
	if errors.Is(translate(err), ErrBusy) {
		return fmt.Errorf("index of store %s: %w", id, err)
	}
	if err != nil {
		return db.copyStore(w, id)
	}
	return errors.Join(x.Still(ctx, func() error { return db.copyStore(w, id) }), x.Close())
}

func (db *DB) copyStore(w backup.Writer, id string) error {
	root := db.storeFolder(id)
	return filepath.WalkDir(root, func(name string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		return addFile(w, name, path.Join(backup.StoresName, id, filepath.ToSlash(rel)))
	})
}

// addFile copies a file of a state, if it is there.
func addFile(w backup.Writer, from, name string) error {
	f, err := os.Open(from) // #nosec G304 -- the server administrator names the folder
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	return w.Add(name, info.Size(), &exactly{r: f, left: info.Size()})
}

// sqliteAddress is the address of an SQLite file, before its settings.
func sqliteAddress(path string) string {
	return "file:" + strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(path)
}
