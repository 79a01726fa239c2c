package models

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// What happens on a full disk: below leastFree, uploads and everything that
// creates something are refused, while small changes go on: signing in,
// deleting, running jobs. When other programs fill the disk further, a reserve
// file is deleted to make room for these changes: for a change when less than
// leastToWrite is left, otherwise only when nothingFree is left. Deleted
// earlier, its room would be filled by others too. It is made again when there
// is room.
const (
	leastFree    = 16 << 20
	leastToWrite = 4 << 20
	nothingFree  = 64 << 10
	reserveSize  = 8 << 20
	// enoughFree is room for the reserve and for something new.
	enoughFree = leastFree + reserveSize
	// spacePause is how often the disk is looked at.
	spacePause = time.Second
)

// Space is the room on the disk of the data folder, in bytes.
type Space struct{ Free, Total int64 }

// Low tells whether it is time to make room: less than 1 GiB or 5 % is free.
func (s Space) Low() bool { return s.Free < 1<<30 || s.Free < s.Total/20 }

// Full tells whether uploads and everything that creates something are refused.
func (s Space) Full() bool { return s.Free < leastFree }

// freeSpace measures how much of a folder's disk the present user may fill.
func freeSpace(folder string) (Space, error) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(folder, &st); err != nil {
		return Space{}, fmt.Errorf("measure disk: %w", err)
	}
	return Space{Free: int64(st.Bavail) * int64(st.Bsize), Total: int64(st.Blocks) * int64(st.Bsize)}, nil // #nosec G115 -- no disk has 2^63 bytes
}

// disk is the disk of the data folder and the reserve on it.
type disk struct {
	measure func() (Space, error)
	reserve string // the file's path
	log     *slog.Logger

	emptying sync.Mutex // held while files kept aside are removed
	mu       sync.Mutex // guards the fields below
	held     bool       // the reserve is there
	was      Space      // when keep looked last
}

// openDisk finds the reserve of a data folder, and deletes it at once when the
// start itself would find no room.
func openDisk(o Options, log *slog.Logger) *disk {
	d := &disk{measure: o.FreeSpace, reserve: filepath.Join(o.Folder, "reserve"), log: log, was: Space{Free: math.MaxInt64}}
	if d.measure == nil {
		d.measure = func() (Space, error) { return freeSpace(o.Folder) }
	}
	if info, err := os.Lstat(d.reserve); err == nil {
		d.held = info.Size() == reserveSize
	}
	d.spare()
	return d
}

// look measures the disk. A disk that cannot be measured counts as having room.
func (d *disk) look() Space {
	s, err := d.measure()
	if err != nil {
		return Space{Free: math.MaxInt64, Total: math.MaxInt64}
	}
	return s
}

// spare deletes the reserve when the next small change might find no room.
func (d *disk) spare() {
	if d.look().Free < leastToWrite {
		d.giveUp()
	}
}

func (d *disk) giveUp() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.held {
		return
	}
	if err := os.Remove(d.reserve); err != nil {
		d.log.Error("give up the reserve on the full disk", "error", err)
		return
	}
	d.held = false
	d.log.Warn("the disk is full: gave up the reserve, so that people can sign in and delete", "reserve", d.reserve)
}

// keep makes the reserve when there is room for it, and says in the log when the
// disk becomes low or full, and when it is neither any more.
func (d *disk) keep() {
	s := d.look()
	if s.Free < nothingFree {
		d.giveUp()
		s = d.look()
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.held && s.Free >= enoughFree {
		if err := writeReserve(d.reserve); err != nil {
			d.log.Warn("make the reserve for a full disk", "error", err)
		} else {
			d.held = true
		}
	}
	figures := []any{"free", s.Free, "total", s.Total}
	switch {
	case s.Full() && !d.was.Full():
		d.log.Error("the disk is full: uploads and whatever is new are refused until there is room", figures...)
	case s.Low() && !s.Full() && (!d.was.Low() || d.was.Full()):
		d.log.Warn("the disk has little room left", figures...)
	case !s.Low() && d.was.Low():
		d.log.Info("the disk has room again", figures...)
	}
	d.was = s
}

// writeReserve fills a file with random bytes, which no file system compresses.
func writeReserve(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600) // #nosec G304 -- the server administrator names the folder
	if err != nil {
		return err
	}
	_, err = io.CopyN(f, rand.NewChaCha8([32]byte{}), reserveSize)
	if err = errors.Join(err, f.Close()); err != nil {
		err = errors.Join(err, os.Remove(path))
	}
	return err
}

// Space is the room on the disk of the data folder.
func (db *DB) Space() Space { return db.disk.look() }

// hasRoom is ErrNoSpace while the disk is too full for something new. Before
// that, files kept aside are removed, the oldest first.
func (db *DB) hasRoom(ctx context.Context) error {
	if !db.disk.look().Full() {
		return nil
	}
	db.disk.emptying.Lock()
	defer db.disk.emptying.Unlock()
	moved := db.here(ctx) // the files kept aside are then not ours to remove
	for _, age := range []time.Duration{12 * time.Hour, 6 * time.Hour, 3 * time.Hour, time.Hour, 0} {
		if moved != nil || db.disk.look().Free >= enoughFree || !db.liesAside() {
			break
		}
		if err := db.emptyAside(ctx, SystemClock().Add(-age)); err != nil {
			db.log.Error("make room on the full disk", "error", err)
			break
		}
	}
	if s := db.disk.look(); s.Full() {
		return fmt.Errorf("%w: %d of %d MiB are free", ErrNoSpace, s.Free>>20, s.Total>>20)
	}
	return nil
}

// liesAside tells whether any files are kept aside.
func (db *DB) liesAside() bool {
	if db.objects.Aside() {
		return true
	}
	entries, _ := os.ReadDir(db.storesFolder())
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), droppedMark) {
			return true
		}
	}
	return false
}

// keepSpace checks the disk. It is called regularly.
func (db *DB) keepSpace(ctx context.Context) {
	_ = db.hasRoom(ctx) // whoever needs room gets this error; here it is enough to make room
	db.disk.keep()
}

// thrifty reads what is to be written to the disk, and ends with ErrNoSpace
// before it would take the room of the small changes.
type thrifty struct {
	ctx context.Context
	db  *DB
	r   io.Reader
}

func (t thrifty) Read(p []byte) (int, error) {
	n, err := t.r.Read(p)
	if n > 0 {
		if full := t.db.hasRoom(t.ctx); full != nil {
			return 0, full
		}
	}
	return n, err
}
