// Package objects is where buckets and package versions keep their bytes. A
// blob has an id that is made here, at random; names, keys and paths that
// people choose are never used on the disk.
//
// A blob comes into being in three steps, so that after a kill between any two
// of them Recover leaves nothing half-done:
//
//  1. Stage writes the bytes and syncs them;
//  2. the caller records the id in a database transaction;
//  3. Keep moves the blob to its place.
//
// A kill before step 2 leaves bytes without a record, which Unknown finds. A
// kill after it leaves a recorded blob in the wrong folder: Read finds it
// there, and Recover moves it. So does a power cut that undoes the move: step 3
// syncs nothing, since file systems that keep a journal, or copy what they
// write, move a file as a whole or not at all.
//
// Drop moves a blob aside, where Read still finds it; EmptyAside removes it a
// day later, unless the database knows it by then. So a copy of the database
// fits a later copy of the files, and a restored database fits the folder.
package objects

import (
	"context"
	"crypto/md5" // #nosec G501 -- the checksum of the documents, no protection
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"quartermaster/models/files"
)

// Errors that callers tell apart with errors.Is.
var (
	// ErrTooLarge says that more bytes came than the limit allows.
	ErrTooLarge = errors.New("too large")
	// ErrNoSpace says that the disk, or our quota on it, is full.
	ErrNoSpace = errors.New("no space left")
	// ErrNotExist says that there is no blob of that id.
	ErrNotExist = errors.New("no such blob")
)

// batch is how many ids are looked up at once; every database accepts that many
// arguments in one query.
const batch = 500

// Backend is where blobs are kept. Dir is one, and says at each method what all of
// them promise.
type Backend interface {
	Ready() error
	Stage(ctx context.Context, r io.Reader, limit int64) (Staged, error)
	Keep(id string) error
	Put(id string, r io.Reader) (int64, error)
	Discard(id string) error
	Drop(id string, at time.Time) error
	Read(id string) (File, int64, error)
	Recover(ctx context.Context, known Known) error
	Unknown(ctx context.Context, before time.Time, known Known) (unknown []Found, kept int, err error)
	EmptyAside(ctx context.Context, before time.Time, known Known) (n int, bytes int64, err error)
	Aside() bool
}

// Dir keeps blobs in a folder. It may be used by several goroutines.
type Dir struct {
	staging string
	names   *files.Folder // staging
	blobs   string
	aside   string
	mu      sync.Mutex
	fresh   map[string]bool // staged by this process, and not yet kept or dropped
}

// Staged says what Stage wrote. The sums are lower-case hex, but CRC64 (ECMA-182)
// is a decimal number; it is empty for what an older version staged.
type Staged struct {
	ID     string
	Size   int64
	SHA256 string
	MD5    string
	CRC64  string
}

// Known tells which of the ids have a record in the database. Ids that are not
// in the map are unknown.
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
		if err := os.Chmod(dir, 0o700); err != nil { // #nosec G302 -- a folder
			return nil, fmt.Errorf("open objects: %w", err)
		}
	}
	if err := errors.Join(files.SyncFolder(root), files.SyncFolder(filepath.Dir(root))); err != nil {
		return nil, fmt.Errorf("open objects: %w", err)
	}
	return d, nil
}

// At is the existing folder of blobs at root, for callers that only read it.
func At(root string) *Dir {
	d := &Dir{staging: filepath.Join(root, "staging"), blobs: filepath.Join(root, "blobs"), aside: filepath.Join(root, "aside"), fresh: map[string]bool{}}
	d.names = files.NewFolder(d.staging)
	return d
}

// Ready tells whether a blob could be written now: whether the system lets us
// make files in their folder. Making one to see costs as much as an order does.
func (d *Dir) Ready() error {
	const write, search = 2, 1
	if err := syscall.Access(d.staging, write|search); err != nil {
		return fmt.Errorf("try objects: %w", err)
	}
	return nil
}

// Stage writes what r gives under a new id and syncs it to disk. More than
// limit bytes are ErrTooLarge as soon as they are seen, a full disk is
// ErrNoSpace. When it returns an error, also because ctx has ended, no file is
// left.
func (d *Dir) Stage(ctx context.Context, r io.Reader, limit int64) (_ Staged, err error) {
	id := newID()
	path := d.staged(id)
	d.setFresh(id, true)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) // #nosec G304 -- the path is made of an id of ours
	if err != nil {
		d.setFresh(id, false)
		return Staged{}, fmt.Errorf("stage blob: %w", noSpace(err))
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = os.Remove(path)
			d.setFresh(id, false)
			err = fmt.Errorf("stage blob: %w", noSpace(err))
		}
	}()
	sha, sum, crc := sha256.New(), md5.New(), NewCRC64() // #nosec G401 -- the checksum of the documents; SHA-256 protects
	size, err := copyWithin(ctx, r, limit, sum, sha, io.MultiWriter(f, crc))
	if err != nil {
		return Staged{}, err
	}
	if err := f.Sync(); err != nil {
		return Staged{}, err
	}
	if err := f.Close(); err != nil {
		return Staged{}, err
	}
	if err := d.names.Sync(); err != nil {
		return Staged{}, err
	}
	// The sync may have taken long; for a caller who has left by now nothing is
	// kept.
	if err := ctx.Err(); err != nil {
		return Staged{}, err
	}
	return Staged{
		ID:     id,
		Size:   size,
		SHA256: hex.EncodeToString(sha.Sum(nil)),
		MD5:    hex.EncodeToString(sum.Sum(nil)),
		CRC64:  strconv.FormatUint(crc.Sum64(), 10),
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
	move := func() error {
		err := os.Rename(from, place)
		if errors.Is(err, fs.ErrNotExist) {
			_, err = os.Lstat(place) // it may be there already
		}
		return missing(err)
	}
	err := move()
	if errors.Is(err, ErrNotExist) { // or its folder may be missing
		if err := os.Mkdir(filepath.Dir(place), 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		err = move()
	}
	return err
}

// Put writes a blob that already has an id, as from a backup, to its place, and
// returns its size. It does not sync.
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

// Drop moves a staged or kept blob aside, marked with the given time. Dropping
// a missing blob does nothing. If a power cut undoes the move, the blob is
// found among the Unknown later.
func (d *Dir) Drop(id string, at time.Time) error {
	if !validID(id) {
		return nil
	}
	defer d.setFresh(id, false)
	// Staging is searched first: a concurrent Keep moves from there to the
	// place that is searched next, so the blob cannot be missed.
	for _, path := range []string{d.staged(id), d.kept(id)} {
		// The time is set first: blobs kept aside with an old time are removed.
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

// Read opens a blob and returns its size. It also finds a blob that is recorded
// but not yet kept, and one that was moved aside. A blob that is not there is
// ErrNotExist. The caller closes the file.
func (d *Dir) Read(id string) (File, int64, error) {
	if !validID(id) {
		return nil, 0, ErrNotExist
	}
	// The last place is searched again because a Keep may have moved the blob
	// there meanwhile.
	for _, path := range []string{d.kept(id), d.staged(id), d.dropped(id), d.kept(id)} {
		f, err := os.Open(path) // #nosec G304 -- the path is made of an id of ours
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, 0, fmt.Errorf("read blob: %w", err)
		}
		info, err := f.Stat()
		if err != nil {
			_ = f.Close()
			return nil, 0, fmt.Errorf("read blob: %w", err)
		}
		return f, info.Size(), nil
	}
	return nil, 0, ErrNotExist
}

// Recover keeps the staged blobs that the database knows, which a kill before
// Keep has left. It removes nothing.
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

// Found is a blob in the folder, and when it was written.
type Found struct {
	ID     string
	Size   int64
	At     time.Time
	Staged bool
}

// Unknown are the blobs, staged or kept, that were written before the given
// time and that the database does not know; kept is how many blobs are kept in
// all. Blobs that an earlier process left staged count whatever their age:
// nobody will keep them. It may be called while blobs are staged and kept, as
// long as no upload has been idle since that time.
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
// returns how many blobs and bytes it removed. Blobs that the database knows
// are put back instead.
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

// Aside tells whether any blob was moved aside.
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
	dir, err := os.Open(folder) // #nosec G304 -- the server administrator names the folder
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
			if info, err := e.Info(); err == nil { // it may be gone by now
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
