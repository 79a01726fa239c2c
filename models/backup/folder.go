package backup

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// folder is a backup in a folder, while it is being written.
type folder struct {
	root     string
	state    string // name of the state's folder
	lock     *os.File
	manifest Manifest
	before   blobs // of the state that counts so far
	now      blobs // of this state
	unsynced int64
}

// blobs are the ids of blobs.
type blobs map[[16]byte]struct{}

func (b blobs) add(id string) { b[blobKey(id)] = struct{}{} }

func (b blobs) has(id string) bool {
	_, has := b[blobKey(id)]
	return has
}

func blobKey(id string) (key [16]byte) {
	hex.Decode(key[:], []byte(id)) // #nosec G104 -- an id is hexadecimal
	return key
}

func createFolder(root, state, identity string) (_ *folder, err error) {
	f := &folder{root: root, state: state, before: blobs{}, now: blobs{}}
	if err := os.MkdirAll(root, 0o700); err != nil {
		return nil, err
	}
	if err := ours(root); err != nil {
		return nil, err
	}
	if f.lock, err = lock(filepath.Join(root, lockName)); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			_ = f.Close()
		}
	}()
	if err := errors.Join(os.Chmod(root, 0o700), f.readBefore(identity)); err != nil { // #nosec G302 -- a folder
		return nil, err
	}
	for _, dir := range []string{filepath.Join(root, objectsName), f.State()} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// ours refuses a folder that holds something and has never been a backup.
func ours(root string) error {
	entries, err := os.ReadDir(root)
	if err != nil || len(entries) == 0 {
		return err
	}
	for _, e := range entries {
		if e.Name() == lockName || e.Name() == manifestName {
			return nil
		}
	}
	return fmt.Errorf("%s is %w: it holds other things", root, ErrForeign)
}

// lock takes a backup for this process. It ends with the process. What others
// may have put there is neither followed nor left open to them.
func lock(name string) (_ *os.File, err error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600) // #nosec G304 -- the server administrator names the folder
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			_ = f.Close()
		}
	}()
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, ErrInUse
	} else if err != nil {
		return nil, fmt.Errorf("lock %s: %w", name, err)
	}
	opened, err := f.Stat()
	if err != nil {
		return nil, err
	}
	// Another backup may have ended in between, and renamed or removed the file.
	if there, err := os.Lstat(name); err != nil || !os.SameFile(opened, there) {
		return nil, ErrInUse
	}
	return f, f.Chmod(0o600)
}

// readBefore learns what the last backup left in the folder.
func (f *folder) readBefore(identity string) error {
	last, err := openFolder(f.root)
	if errors.Is(err, ErrNone) {
		return nil
	}
	if err != nil {
		return err
	}
	if last.manifest.Identity != identity {
		return fmt.Errorf("%s is %w: it has those of another one", f.root, ErrForeign)
	}
	return ReadList(last.file(ListName), func(id, _ string) error {
		f.before.add(id)
		return nil
	})
}

func (f *folder) State() string { return filepath.Join(f.root, f.state) }

func (f *folder) Begin(m Manifest) error {
	m.Format, m.State = format, f.state
	f.manifest = m
	return nil
}

func (f *folder) blob(id string) string {
	return filepath.Join(f.root, filepath.FromSlash(BlobName(id)))
}

func (f *folder) Has(id, sha256 string) bool {
	f.now.add(id)
	if f.before.has(id) {
		_, err := os.Lstat(f.blob(id))
		return err == nil
	}
	// One that an interrupted backup left counts when it is whole.
	sum, err := SumOf(f.blob(id))
	return err == nil && sum.SHA256 == sha256
}

func (f *folder) Blob(id, sha256 string, size int64, r io.Reader) error {
	name := f.blob(id)
	if f.unsynced += size; f.unsynced > syncEvery {
		syscall.Sync()
		f.unsynced = 0
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	return write(name, func(w io.Writer) error { return checked(w, r, sha256) })
}

func (f *folder) Add(name string, _ int64, r io.Reader) error {
	name = filepath.Join(f.State(), filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	return write(name, func(w io.Writer) error {
		_, err := io.Copy(w, r)
		return err
	})
}

// syncEvery is how many bytes are written before they are put on disk. All at the
// end would hold up whoever else waits for the disk, and each file by itself
// would take most of the time.
const syncEvery = 256 << 20

// partial ends the name of a file that is not whole yet.
const partial = ".partial"

// write makes a file that has its name only when it is whole.
func write(name string, fill func(io.Writer) error) error {
	f, err := os.OpenFile(name+partial, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600) // #nosec G304 -- the server administrator names the folder
	if err != nil {
		return err
	}
	if err := errors.Join(fill(f), f.Close()); err != nil {
		return errors.Join(err, os.Remove(name+partial))
	}
	return os.Rename(name+partial, name)
}

func (f *folder) Commit() error {
	text, err := f.manifest.text()
	if err != nil {
		return err
	}
	if err := f.private(); err != nil {
		return err
	}
	syscall.Sync()
	err = write(filepath.Join(f.root, manifestName), func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
	if err != nil {
		return err
	}
	syscall.Sync()
	return f.tidy()
}

// private takes everybody else's rights from the files that others made.
func (f *folder) private() error {
	for _, name := range []string{DatabaseName, ListName} {
		if err := os.Chmod(filepath.Join(f.State(), name), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// tidy removes what this state does not need.
func (f *folder) tidy() error {
	entries, err := os.ReadDir(f.root)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), statePrefix) && e.Name() != f.state {
			if err := os.RemoveAll(filepath.Join(f.root, e.Name())); err != nil {
				return err
			}
		}
	}
	return filepath.WalkDir(filepath.Join(f.root, objectsName), func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		blob, err := filepath.Rel(f.root, name)
		if id := BlobID(filepath.ToSlash(blob)); err != nil || id != "" && f.now.has(id) {
			return err
		}
		return os.Remove(name) // #nosec G122 -- only this program writes into the folder, and Remove follows no link
	})
}

// Close keeps what is of use to the next backup: whole blobs.
func (f *folder) Close() error {
	if f.manifest.Format == 0 || !f.counts() {
		_ = os.RemoveAll(f.State())
	}
	return f.lock.Close()
}

// counts tells whether backup.json names this state.
func (f *folder) counts() bool {
	last, err := openFolder(f.root)
	return err == nil && last.manifest.State == f.state
}

// folderReader is a backup in a folder, while it is being read.
type folderReader struct {
	root     string
	manifest Manifest
}

func openFolder(root string) (*folderReader, error) {
	file, err := os.Open(filepath.Join(root, manifestName)) // #nosec G304 -- the server administrator names the folder
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s has %w", root, ErrNone)
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	m, err := parseManifest(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", root, err)
	}
	return &folderReader{root: root, manifest: m}, nil
}

func (f *folderReader) Manifest() Manifest { return f.manifest }
func (f *folderReader) Close() error       { return nil }

func (f *folderReader) file(name string) string {
	return filepath.Join(f.root, f.manifest.State, filepath.FromSlash(name))
}

func (f *folderReader) Each(visit func(name string, size int64, r io.Reader) error) error {
	for _, name := range []string{DatabaseName, ListName} {
		if err := give(f.file(name), name, visit); err != nil {
			return err
		}
	}
	err := filepath.WalkDir(f.file(StoresName), func(name string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && name == f.file(StoresName) {
			return nil
		}
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		rel, err := filepath.Rel(f.file("."), name)
		if err != nil {
			return err
		}
		return give(name, filepath.ToSlash(rel), visit)
	})
	if err != nil {
		return err
	}
	return ReadList(f.file(ListName), func(id, _ string) error {
		name := BlobName(id)
		return give(filepath.Join(f.root, filepath.FromSlash(name)), name, visit)
	})
}

// give visits one file, if it is there.
func give(file, name string, visit func(string, int64, io.Reader) error) error {
	f, err := os.Open(file) // #nosec G304 -- the server administrator names the folder
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
	return visit(name, info.Size(), f)
}
