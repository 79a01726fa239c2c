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
	// The first change waits until the others do, so that those share a commit.
	begun, others := make(chan struct{}), make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		if err := n.put(t.Context(), "first", func(*gorm.DB) error { close(begun); <-others; return nil }); err != nil {
			t.Errorf("first: %v", err)
		}
	})
	<-begun
	var waiting sync.WaitGroup
	for i := range 60 {
		waiting.Add(1)
		all.Go(func() {
			k := kinds[i%len(kinds)]
			text := fmt.Sprint(i)
			waiting.Done()
			err := n.put(k.ctx, text, k.then)
			if kept := n.has(t, text); kept != k.kept || (err == nil) != k.kept {
				t.Errorf("%s: got kept %v and %v, want kept %v", k.name, kept, err, k.kept)
			}
		})
	}
	waiting.Wait()
	close(others)
	all.Wait()
	if got := n.commits.Load(); got > 60 {
		t.Errorf("got %d commits of 61 changes, want some together", got)
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
