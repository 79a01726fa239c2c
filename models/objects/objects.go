// Package objects is where buckets and package versions keep their bytes. A
// blob has an id that is made here, at random; no name, key or path that a
// person chose ever reaches the disk.
//
// A blob comes into being in three steps, so that a kill between any two of
// them leaves nothing half-done once Recover has run:
//
//  1. Stage writes the bytes and syncs them;
//  2. the caller records the id in a database transaction;
//  3. Keep moves the blob to its place.
//
// Before 2 a kill leaves bytes without a record, which Unknown finds. After 2 it
// leaves a recorded blob in the wrong folder: Read finds it there, and Recover
// moves it.
//
// Drop moves a blob aside, where Read still finds it; EmptyAside removes it a
// day later, unless the database knows it by then. So a copy of the database
// and a later copy of the files fit together, and so does a database that is
// put back.
package objects

import (
	"context"
	"crypto/md5"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"quartermaster/models/files"
)

// Errors that callers tell apart with errors.Is.
var (
	// ErrTooLarge says that more bytes came than the limit allows.
	ErrTooLarge = errors.New("too large")
	// ErrNoSpace says that the disk, or the share of it that is ours, is full.
	ErrNoSpace = errors.New("no space left")
	// ErrNotExist says that there is no blob of that id.
	ErrNotExist = errors.New("no such blob")
)

// batch is how many ids are asked about at once; every database takes that
// many arguments in one query.
const batch = 500

// Dir keeps blobs in a folder. It may be used by several goroutines.
type Dir struct {
	staging string
	blobs   string
	aside   string
	mu      sync.Mutex
	fresh   map[string]bool // staged by this process, neither kept nor dropped yet
}

// Staged says what Stage wrote. The sums are lower-case hex.
type Staged struct {
	ID     string
	Size   int64
	SHA256 string
	MD5    string
}

// Known answers which of the ids the database has a record of. Ids that are
// not in the map are unknown.
type Known func(ctx context.Context, ids []string) (map[string]bool, error)

// Open uses root as the folder of blobs. The folder is made when it is not
// there, and belongs to its owner alone afterwards.
func Open(root string) (*Dir, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, fmt.Errorf("open objects: %w", err)
	}
	d := At(root)
	for _, dir := range []string{root, d.staging, d.blobs, d.aside} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, fmt.Errorf("open objects: %w", err)
		}
		if err := os.Chmod(dir, 0o700); err != nil {
			return nil, fmt.Errorf("open objects: %w", err)
		}
	}
	if err := errors.Join(files.SyncFolder(root), files.SyncFolder(filepath.Dir(root))); err != nil {
		return nil, fmt.Errorf("open objects: %w", err)
	}
	return d, nil
}

// At is the folder of blobs at root, which is there already, for those who only
// look at it.
func At(root string) *Dir {
	return &Dir{staging: filepath.Join(root, "staging"), blobs: filepath.Join(root, "blobs"), aside: filepath.Join(root, "aside"), fresh: map[string]bool{}}
}

// Ready tells whether a blob could be written now: it writes an empty one and
// takes it away again.
func (d *Dir) Ready() error {
	path := d.staged(newID())
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("try objects: %w", noSpace(err))
	}
	if err := errors.Join(f.Close(), os.Remove(path)); err != nil {
		return fmt.Errorf("try objects: %w", err)
	}
	return nil
}

// Stage writes what r gives under a new id and syncs it to disk. More than
// limit bytes are ErrTooLarge as soon as they are seen, a full disk is
// ErrNoSpace. When it returns an error, the end of ctx included, no file is
// left.
func (d *Dir) Stage(ctx context.Context, r io.Reader, limit int64) (_ Staged, err error) {
	id := newID()
	path := d.staged(id)
	d.setFresh(id, true)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		d.setFresh(id, false)
		return Staged{}, fmt.Errorf("stage blob: %w", noSpace(err))
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(path)
			d.setFresh(id, false)
			err = fmt.Errorf("stage blob: %w", noSpace(err))
		}
	}()
	sha, sum := sha256.New(), md5.New()
	size, err := copyWithin(ctx, io.MultiWriter(f, sha, sum), r, limit)
	if err != nil {
		return Staged{}, err
	}
	if err := f.Sync(); err != nil {
		return Staged{}, err
	}
	if err := f.Close(); err != nil {
		return Staged{}, err
	}
	if err := files.SyncFolder(d.staging); err != nil {
		return Staged{}, err
	}
	// The sync may have taken long; who has gone away by now gets nothing.
	if err := ctx.Err(); err != nil {
		return Staged{}, err
	}
	return Staged{
		ID:     id,
		Size:   size,
		SHA256: hex.EncodeToString(sha.Sum(nil)),
		MD5:    hex.EncodeToString(sum.Sum(nil)),
	}, nil
}

// Keep moves a staged blob to its place for good. Keeping a blob that is kept
// already does nothing; a blob that is in neither place is ErrNotExist.
func (d *Dir) Keep(id string) error {
	if !validID(id) {
		return ErrNotExist
	}
	if err := d.keep(id, d.staged(id)); err != nil {
		return fmt.Errorf("keep blob %s: %w", id, noSpace(err))
	}
	d.setFresh(id, false)
	return nil
}

func (d *Dir) keep(id, from string) error {
	place := d.kept(id)
	if err := os.Mkdir(filepath.Dir(place), 0o700); err == nil {
		if err := files.SyncFolder(d.blobs); err != nil {
			return err
		}
	} else if !errors.Is(err, fs.ErrExist) {
		return err
	}
	if err := os.Rename(from, place); errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Lstat(place); err != nil {
			return missing(err)
		}
	} else if err != nil {
		return err
	}
	// Synced also when the blob was here already: the one who moved it may
	// have been killed before doing so.
	return errors.Join(files.SyncFolder(filepath.Dir(place)), files.SyncFolder(filepath.Dir(from)))
}

// Put writes a blob that has its id already, as from a backup, to its place, and
// tells its size. It does not sync.
func (d *Dir) Put(id string, r io.Reader) (int64, error) {
	if !validID(id) {
		return 0, ErrNotExist
	}
	if err := os.MkdirAll(filepath.Dir(d.kept(id)), 0o700); err != nil {
		return 0, fmt.Errorf("put blob %s: %w", id, noSpace(err))
	}
	f, err := os.OpenFile(d.kept(id), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return 0, fmt.Errorf("put blob %s: %w", id, noSpace(err))
	}
	n, err := io.Copy(f, r)
	if err := errors.Join(err, f.Close()); err != nil {
		return n, fmt.Errorf("put blob %s: %w", id, noSpace(err))
	}
	return n, nil
}

// Discard removes a staged blob that was never recorded. A blob that is not
// staged is left alone.
func (d *Dir) Discard(id string) error {
	if !validID(id) {
		return nil
	}
	defer d.setFresh(id, false)
	if err := os.Remove(d.staged(id)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("discard blob %s: %w", id, err)
	}
	return nil
}

// Drop moves a blob, staged or kept, aside, where it lies from the given time
// on. Dropping what is not there does nothing. A move that a power cut undoes is
// made good by whoever looks for the Unknown.
func (d *Dir) Drop(id string, at time.Time) error {
	if !validID(id) {
		return nil
	}
	defer d.setFresh(id, false)
	// Staging first: a Keep at the same moment moves from there to the place
	// that is looked at afterwards, so the blob cannot slip through.
	for _, path := range []string{d.staged(id), d.kept(id)} {
		// The time first: what lies aside with an old one is removed.
		err := os.Chtimes(path, at, at)
		if err == nil {
			err = os.Rename(path, d.dropped(id))
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("drop blob %s: %w", id, err)
		}
	}
	return nil
}

// Read opens a blob and tells its size. It also finds a blob that is recorded
// but not yet kept, and one that lies aside. A blob that is not there is
// ErrNotExist. The caller closes the file.
func (d *Dir) Read(id string) (*os.File, int64, error) {
	if !validID(id) {
		return nil, 0, ErrNotExist
	}
	// The last look is for a Keep that moved the blob between the others.
	for _, path := range []string{d.kept(id), d.staged(id), d.dropped(id), d.kept(id)} {
		f, err := os.Open(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, 0, fmt.Errorf("read blob: %w", err)
		}
		info, err := f.Stat()
		if err != nil {
			f.Close()
			return nil, 0, fmt.Errorf("read blob: %w", err)
		}
		return f, info.Size(), nil
	}
	return nil, 0, ErrNotExist
}

// Recover keeps the staged blobs that the database knows, as a kill before Keep
// leaves them. It removes nothing.
func (d *Dir) Recover(ctx context.Context, known Known) error {
	err := each(ctx, d.staging, func(found []Found) error {
		have, err := ask(ctx, found, known)
		if err != nil {
			return err
		}
		for _, f := range found {
			if !have[f.ID] {
				continue
			}
			if err := d.Keep(f.ID); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("recover staged blobs: %w", err)
	}
	return nil
}

// Found is a blob that lies in the folder, and when it was written.
type Found struct {
	ID     string
	Size   int64
	At     time.Time
	Staged bool
}

// Unknown are the blobs, staged or kept, that were written before the given
// time and that the database does not know; kept is how many blobs are kept in
// all. What an earlier process left staged counts whatever its age: nobody goes
// on with it. It may be called while blobs are staged and kept, as long as no
// upload rests for longer than from that time to now.
func (d *Dir) Unknown(ctx context.Context, before time.Time, known Known) (unknown []Found, kept int, err error) {
	look := func(staged bool) func([]Found) error {
		return func(found []Found) error {
			var old []Found
			for _, f := range found {
				if f.Staged = staged; f.At.Before(before) || staged && !d.isFresh(f.ID) {
					old = append(old, f)
				}
			}
			have, err := ask(ctx, old, known)
			for _, f := range old {
				if !have[f.ID] {
					unknown = append(unknown, f)
				}
			}
			if !staged {
				kept += len(found)
			}
			return err
		}
	}
	if err := each(ctx, d.staging, look(true)); err != nil {
		return nil, 0, fmt.Errorf("look through staged blobs: %w", err)
	}
	shelves, err := os.ReadDir(d.blobs)
	if err != nil {
		return nil, 0, fmt.Errorf("look through blobs: %w", err)
	}
	for _, shelf := range shelves {
		if err := each(ctx, filepath.Join(d.blobs, shelf.Name()), look(false)); err != nil {
			return nil, 0, fmt.Errorf("look through blobs: %w", err)
		}
	}
	return unknown, kept, nil
}

// EmptyAside removes for good what was moved aside before the given time, and
// tells how many blobs and bytes it removed. What the database knows goes back
// to its place instead.
func (d *Dir) EmptyAside(ctx context.Context, before time.Time, known Known) (n int, bytes int64, err error) {
	err = each(ctx, d.aside, func(found []Found) error {
		have, err := ask(ctx, found, known)
		if err != nil {
			return err
		}
		for _, f := range found {
			switch {
			case have[f.ID]:
				err = d.keep(f.ID, d.dropped(f.ID))
			case f.At.Before(before):
				if err = os.Remove(d.dropped(f.ID)); err == nil {
					n, bytes = n+1, bytes+f.Size
				}
			}
			if err = missing(err); err != nil && !errors.Is(err, ErrNotExist) {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return n, bytes, fmt.Errorf("remove blobs that lie aside: %w", err)
	}
	return n, bytes, nil
}

// Aside tells whether any blob lies aside.
func (d *Dir) Aside() bool {
	dir, err := os.Open(d.aside)
	if err != nil {
		return false
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(1)
	return len(names) > 0
}

// each goes through the blobs of one folder, a batch at a time. Files whose
// names are not ids are not ours.
func each(ctx context.Context, folder string, do func([]Found) error) error {
	dir, err := os.Open(folder)
	if err != nil {
		return err
	}
	defer dir.Close()
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		entries, err := dir.ReadDir(batch)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		var found []Found
		for _, e := range entries {
			if !validID(e.Name()) {
				continue
			}
			if info, err := e.Info(); err == nil { // or it has gone since
				found = append(found, Found{ID: e.Name(), Size: info.Size(), At: info.ModTime()})
			}
		}
		if err := do(found); err != nil {
			return err
		}
	}
}

// ask asks the database which of the blobs it knows.
func ask(ctx context.Context, found []Found, known Known) (map[string]bool, error) {
	if len(found) == 0 {
		return nil, nil
	}
	ids := make([]string, len(found))
	for i, f := range found {
		ids[i] = f.ID
	}
	return known(ctx, ids)
}

func (d *Dir) setFresh(id string, fresh bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if fresh {
		d.fresh[id] = true
	} else {
		delete(d.fresh, id)
	}
}

func (d *Dir) isFresh(id string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.fresh[id]
}

func (d *Dir) staged(id string) string  { return filepath.Join(d.staging, id) }
func (d *Dir) kept(id string) string    { return filepath.Join(d.blobs, id[:2], id) }
func (d *Dir) dropped(id string) string { return filepath.Join(d.aside, id) }

// copyWithin copies r to w and returns the number of bytes. It looks at ctx
// between reads and stops at the first byte over the limit.
func copyWithin(ctx context.Context, w io.Writer, r io.Reader, limit int64) (int64, error) {
	buf := make([]byte, 128<<10)
	var size int64
	for {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		n, err := r.Read(buf)
		if size += int64(n); size > limit {
			return 0, ErrTooLarge
		}
		if _, err := w.Write(buf[:n]); err != nil {
			return 0, err
		}
		if err == io.EOF {
			return size, nil
		}
		if err != nil {
			return 0, err
		}
	}
}

// newID is 128 random bits as 32 lower-case hex digits.
func newID() string {
	var b [16]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

func validID(id string) bool {
	if len(id) != 32 {
		return false
	}
	for _, c := range []byte(id) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

func noSpace(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fmt.Errorf("%w: %w", ErrNoSpace, err)
	}
	return err
}

func missing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return ErrNotExist
	}
	return err
}
