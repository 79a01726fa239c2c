package commit_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"quartermaster/models/commit"
)

var errRefused = errors.New("refused")

// notes is a table of one column that changes write to.
type notes struct {
	queue   *commit.Queue
	read    *gorm.DB
	commits atomic.Int64
	moved   atomic.Bool // Check refuses
	failed  atomic.Int64
	left    []string // for Flush
	runs    atomic.Int64
}

func openNotes(t *testing.T) *notes {
	t.Helper()
	file := "file:" + filepath.Join(t.TempDir(), "notes.db") + "?_journal_mode=WAL&_busy_timeout=5000"
	var pools [2]*gorm.DB
	for i := range pools {
		var err error
		if pools[i], err = gorm.Open(sqlite.Open(file), &gorm.Config{Logger: logger.Discard}); err != nil {
			t.Fatal(err)
		}
	}
	if err := pools[0].Exec("CREATE TABLE notes (text TEXT UNIQUE)").Error; err != nil {
		t.Fatal(err)
	}
	n := &notes{read: pools[1]}
	n.queue = commit.Start(pools[0], commit.Hooks{
		Before: func() { n.commits.Add(1) },
		Begin:  func() { n.left = nil },
		Flush: func(g *gorm.DB) error {
			defer func() { n.left = nil }()
			for _, text := range n.left {
				if err := g.Exec("INSERT INTO notes VALUES (?)", text).Error; err != nil {
					return err
				}
			}
			return nil
		},
		Check: func() error {
			if n.moved.Load() {
				return errRefused
			}
			return nil
		},
		Failed: func(error) { n.failed.Add(1) },
	})
	t.Cleanup(func() {
		pool, err := n.read.DB()
		if err := errors.Join(err, n.queue.Stop(), pool.Close()); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	return n
}

func (n *notes) put(ctx context.Context, text string, then func(*gorm.DB) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panicked: %v", p)
		}
	}()
	return n.queue.Do(ctx, func(g *gorm.DB) error {
		if err := g.Exec("INSERT INTO notes VALUES (?)", text).Error; err != nil {
			return err
		}
		return then(g)
	})
}

// putTwice is put by DoTwice, which leaves a second text to Flush.
func (n *notes) putTwice(ctx context.Context, text, left string, then func(*gorm.DB) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panicked: %v", p)
		}
	}()
	return n.queue.DoTwice(ctx, func(g *gorm.DB) error {
		n.runs.Add(1)
		if err := g.Exec("INSERT INTO notes VALUES (?)", text).Error; err != nil {
			return err
		}
		if err := then(g); err != nil {
			return err
		}
		n.left = append(n.left, left)
		return nil
	})
}

func (n *notes) has(t *testing.T, text string) bool {
	t.Helper()
	var count int64
	if err := n.read.Raw("SELECT COUNT(*) FROM notes WHERE text = ?", text).Scan(&count).Error; err != nil {
		t.Fatal(err)
	}
	return count == 1
}

func fine(*gorm.DB) error { return nil }

func TestChangesOfOneCommitStandOrFallAlone(t *testing.T) {
	t.Parallel()
	n := openNotes(t)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	kinds := []struct {
		name string
		ctx  context.Context
		then func(*gorm.DB) error
		kept bool
	}{
		{"kept", t.Context(), fine, true},
		{"refused", t.Context(), func(*gorm.DB) error { return errRefused }, false},
		{"panicking", t.Context(), func(*gorm.DB) error { panic("a fault") }, false},
		{"of somebody who went away", gone, fine, false},
		{"breaking an index", t.Context(), func(g *gorm.DB) error { return g.Exec("INSERT INTO notes SELECT text FROM notes").Error }, false},
	}
	behind(t, n, 120, func(i int) {
		k := kinds[i%len(kinds)]
		text, left := fmt.Sprint(i), fmt.Sprint("left by ", i)
		var err error
		twice := i%2 == 0
		if twice {
			err = n.putTwice(k.ctx, text, left, k.then)
		} else {
			err = n.put(k.ctx, text, k.then)
		}
		kept := n.has(t, text)
		if kept != k.kept || (err == nil) != k.kept || n.has(t, left) != (kept && twice) {
			t.Errorf("%s: got kept %v and %v, want kept %v with what it left", k.name, kept, err, k.kept)
		}
	})
	if got := n.commits.Load(); got > 60 {
		t.Errorf("got %d commits of 121 changes, want some together", got)
	}
}

// behind lets n changes wait for one that comes before them, so that they share a
// commit.
func behind(t *testing.T, in *notes, n int, change func(i int)) {
	t.Helper()
	begun, others := make(chan struct{}), make(chan struct{})
	var all, waiting sync.WaitGroup
	all.Go(func() {
		if err := in.put(t.Context(), "first", func(*gorm.DB) error { close(begun); <-others; return nil }); err != nil {
			t.Errorf("first: %v", err)
		}
	})
	<-begun
	for i := range n {
		waiting.Add(1)
		all.Go(func() { waiting.Done(); change(i) })
	}
	waiting.Wait()
	close(others)
	all.Wait()
}

func TestChangesOfDoTwiceRunAgainOnlyWhenOneFailsThatHasWritten(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		left string // by the third
		then error  // of the third
		runs int64
		kept bool
	}{
		{"all are fine", "left by 2", nil, 10, true},
		{"one fails", "left by 2", errRefused, 20, false},
		{"one leaves what cannot be written", "left by 1", nil, 20, false},
	} {
		n := openNotes(t)
		behind(t, n, 10, func(i int) {
			left, then := fmt.Sprint("left by ", i), fine
			if i == 2 {
				left, then = c.left, func(*gorm.DB) error { return c.then }
			}
			_ = n.putTwice(t.Context(), fmt.Sprint(i), left, then)
		})
		var kept int
		for i := range 10 {
			if n.has(t, fmt.Sprint(i)) {
				kept++
			}
		}
		if want := map[bool]int{true: 10, false: 9}[c.kept]; kept != want {
			t.Errorf("%s: got %d kept, want %d", c.name, kept, want)
		}
		// How many of them share a commit depends on the machine.
		if got := n.runs.Load(); got > c.runs || c.runs == 10 && got != 10 {
			t.Errorf("%s: got %d runs, want %d", c.name, got, c.runs)
		}
	}
}

func TestAChangeAloneStandsOrFallsWhole(t *testing.T) {
	t.Parallel()
	n := openNotes(t)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for _, k := range []struct {
		name   string
		ctx    context.Context
		then   func(*gorm.DB) error
		kept   bool
		failed int64 // how many commits failed so far
	}{
		{"kept", t.Context(), fine, true, 0},
		{"refused", t.Context(), func(*gorm.DB) error { return errRefused }, false, 0},
		{"panicking", t.Context(), func(*gorm.DB) error { panic("a fault") }, false, 0},
		{"of somebody who went away", gone, fine, false, 0},
		{"breaking an index", t.Context(), func(g *gorm.DB) error { return g.Exec("INSERT INTO notes VALUES ('kept')").Error }, false, 0},
		{"losing its transaction", t.Context(), func(g *gorm.DB) error { return errors.Join(g.Exec("ROLLBACK").Error, errRefused) }, false, 1},
		{"kept as before", t.Context(), fine, true, 1},
	} {
		err := n.put(k.ctx, k.name, k.then)
		if kept := n.has(t, k.name); kept != k.kept || (err == nil) != k.kept {
			t.Errorf("%s: got kept %v and %v, want kept %v", k.name, kept, err, k.kept)
		}
		if got := n.failed.Load(); got != k.failed {
			t.Errorf("%s: told of %d failures, want %d", k.name, got, k.failed)
		}
	}
}

func TestWhatCannotBeCommittedIsNotAcknowledged(t *testing.T) {
	t.Parallel()
	n := openNotes(t)
	n.moved.Store(true)
	if err := n.put(t.Context(), "before", fine); !errors.Is(err, errRefused) || n.has(t, "before") {
		t.Errorf("refused before the commit: got %v, want it refused and nothing kept", err)
	}
	n.moved.Store(false)
	if err := n.put(t.Context(), "after", fine); err != nil || !n.has(t, "after") {
		t.Errorf("the next change: got %v, want it kept", err)
	}
	if got := n.failed.Load(); got != 1 {
		t.Errorf("told of %d failures, want one", got)
	}
}

func TestNothingIsWrittenAfterStop(t *testing.T) {
	t.Parallel()
	n := openNotes(t)
	if err := errors.Join(n.put(t.Context(), "before", fine), n.queue.Stop()); err != nil {
		t.Fatal(err)
	}
	if err := n.put(t.Context(), "after", fine); !errors.Is(err, commit.ErrEnded) || n.has(t, "after") || !n.has(t, "before") {
		t.Errorf("got %v, want ErrEnded and only what came before", err)
	}
}
