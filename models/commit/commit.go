// Package commit gathers the changes that wait for SQLite's one writer and
// commits them together, since each commit waits for the disk.
package commit

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"

	"gorm.io/gorm"

	"quartermaster/models/query"
)

// ErrEnded says that a change came after Stop. Nothing of it was written.
var ErrEnded = errors.New("no more changes are written")

// mostTogether bounds a commit, so that the first change in it is not kept
// waiting.
const mostTogether = 128

// Hooks are called around each commit, which may hold several changes.
type Hooks struct {
	// Before is called before anything is written.
	Before func()
	// Begin is called when a transaction has begun, which is empty again after
	// one that came to nothing.
	Begin func()
	// Flush writes what changes of DoTwice have left to be written together with
	// that of others, before anything else is done, and forgets it also when that
	// fails. It may be called when there is nothing.
	Flush func(*gorm.DB) error
	// Check is asked before the commit and after it. Its error fails all changes
	// in it: the second time, what was written is not acknowledged.
	Check func() error
	// Failed is told why a commit came to nothing.
	Failed func(error)
}

var (
	// errUndone says that the only change of a transaction came to nothing.
	errUndone = errors.New("undone")
	// errApart says that the changes are to be run again, each in a savepoint.
	errApart = errors.New("run apart")
)

// Queue runs each change in a transaction that it shares with the others that
// wait, and answers all of them after the transaction is on the disk. There is no
// timer: what comes during a commit is the next one.
//
// A change that may fail alone needs a savepoint, for which SQLite copies each
// page that it touches. Those of DoTwice do without: when one fails after it has
// written something, the transaction begins anew with savepoints.
type Queue struct {
	gorm  *gorm.DB
	hooks Hooks
	queue chan *change
	done  chan struct{}
	mu    sync.RWMutex
	ended bool
}

type change struct {
	ctx      context.Context
	run      func(*gorm.DB) error
	twice    bool // it may be run twice
	err      error
	panicked any
	finished chan struct{}
}

// Start is a Queue that writes through the only connection that does.
func Start(writer *gorm.DB, hooks Hooks) *Queue {
	q := &Queue{gorm: writer, hooks: hooks, queue: make(chan *change, mostTogether), done: make(chan struct{})}
	go func() {
		defer close(q.done)
		for first := range q.queue {
			q.commit(q.gather(first))
		}
	}()
	return q
}

// Do makes one change and returns when it is kept whole, or, with an error, not
// at all. run is called at most once, and not when ctx ends before its turn.
// What it panics with, Do panics with; the other changes don't notice.
func (q *Queue) Do(ctx context.Context, run func(*gorm.DB) error) error {
	return q.do(&change{ctx: ctx, run: run, finished: make(chan struct{})})
}

// DoTwice is Do for a change that may be run twice, the second time as if it had
// never been run, and that may leave some of what it writes to Hooks.Flush.
func (q *Queue) DoTwice(ctx context.Context, run func(*gorm.DB) error) error {
	return q.do(&change{ctx: ctx, run: run, twice: true, finished: make(chan struct{})})
}

func (q *Queue) do(ch *change) error {
	q.mu.RLock()
	if q.ended {
		q.mu.RUnlock()
		return ErrEnded
	}
	q.queue <- ch
	q.mu.RUnlock()
	<-ch.finished
	if ch.panicked != nil {
		panic(ch.panicked)
	}
	return ch.err
}

// Stop commits what waits and closes the connection.
func (q *Queue) Stop() error {
	q.mu.Lock()
	first := !q.ended
	q.ended = true
	q.mu.Unlock()
	if first {
		close(q.queue)
	}
	<-q.done
	pool, err := q.gorm.DB()
	if err != nil {
		return err
	}
	return pool.Close()
}

func (q *Queue) gather(first *change) []*change {
	// The scheduler lets this goroutine run as soon as one change comes, before
	// others that are about to send theirs.
	for had := -1; len(q.queue) > had; {
		had = len(q.queue)
		runtime.Gosched()
	}
	batch := []*change{first}
	for len(batch) < mostTogether {
		select {
		case next, open := <-q.queue:
			if !open {
				return batch
			}
			batch = append(batch, next)
		default:
			return batch
		}
	}
	return batch
}

func (q *Queue) commit(batch []*change) {
	defer func() {
		for _, ch := range batch {
			close(ch.finished)
		}
	}()
	q.hooks.Before()
	err := q.transact(batch, false)
	if errors.Is(err, errApart) {
		err = q.transact(batch, true)
	}
	if err == nil {
		err = q.hooks.Check()
	}
	if err == nil || errors.Is(err, errUndone) {
		return
	}
	q.hooks.Failed(err)
	for _, ch := range batch {
		if ch.err == nil {
			ch.err = fmt.Errorf("commit: %w", err)
		}
	}
}

// transact runs all changes in one transaction: those that may be run twice
// first and, unless they are to be apart, without savepoints. It returns errApart
// when that was wrong.
func (q *Queue) transact(batch []*change, apart bool) error {
	return q.gorm.Transaction(func(tx *gorm.DB) error {
		q.hooks.Begin()
		if len(batch) == 1 {
			if err := q.alone(tx, batch[0]); err != nil {
				return err
			}
			return q.hooks.Check()
		}
		var others []*change
		for _, ch := range batch {
			if apart || !ch.twice {
				others = append(others, ch)
			} else if wrote := q.protect(tx, ch); wrote && ch.failed() {
				return errApart
			}
		}
		if q.hooks.Flush(tx) != nil {
			return errApart
		}
		for _, ch := range others {
			if err := q.savepoint(tx, ch); err != nil {
				return err
			}
		}
		return q.hooks.Check()
	})
}

// alone runs the only change of a transaction. Its error is errUndone when the
// change came to nothing, and any other when the transaction itself is lost.
func (q *Queue) alone(tx *gorm.DB, ch *change) error {
	if q.whole(tx, ch); !ch.failed() {
		return nil
	}
	if err := do(tx, "ROLLBACK"); err != nil {
		return errors.Join(ch.err, err)
	}
	return errUndone
}

// savepoint runs one change. It returns an error only when the transaction
// itself is lost, as on a full disk.
func (q *Queue) savepoint(tx *gorm.DB, ch *change) error {
	if ch.err = ch.ctx.Err(); ch.err != nil {
		return nil
	}
	if err := do(tx, "SAVEPOINT change"); err != nil {
		return err
	}
	if q.whole(tx, ch); ch.failed() {
		if err := do(tx, "ROLLBACK TO change"); err != nil {
			return errors.Join(ch.err, err)
		}
	}
	return do(tx, "RELEASE change")
}

// whole runs a change and writes what it has left.
func (q *Queue) whole(tx *gorm.DB, ch *change) {
	if q.protect(tx, ch); !ch.failed() && ch.twice {
		ch.err = q.hooks.Flush(tx)
	}
}

func (ch *change) failed() bool { return ch.err != nil || ch.panicked != nil }

// do runs a statement of the transaction itself, past GORM, which would spend
// more time on it than SQLite.
func do(tx *gorm.DB, statement string) error {
	_, err := query.Do(context.Background(), tx, statement)
	return err
}

// protect runs a change that has not been given up, and tells whether it may
// have written something.
func (q *Queue) protect(tx *gorm.DB, ch *change) (wrote bool) {
	ch.panicked = nil
	if ch.err = ch.ctx.Err(); ch.err != nil {
		return false
	}
	g := tx.Session(&gorm.Session{NewDB: true, SkipDefaultTransaction: true, Context: tx.Statement.Context}) // the context makes it a Statement of its own
	g.Statement.ConnPool = watched{g.Statement.ConnPool, &wrote}
	defer func() {
		if p := recover(); p != nil {
			ch.panicked = p
		}
	}()
	ch.err = ch.run(g)
	return wrote
}

// watched is a connection that notices statements that may have written.
type watched struct {
	gorm.ConnPool
	wrote *bool
}

// ExecContext implements gorm.ConnPool.
func (w watched) ExecContext(ctx context.Context, statement string, args ...any) (sql.Result, error) {
	done, err := w.ConnPool.ExecContext(ctx, statement, args...)
	if err != nil {
		*w.wrote = true
	} else if n, err := done.RowsAffected(); n > 0 || err != nil {
		*w.wrote = true
	}
	return done, err
}

// QueryContext implements gorm.ConnPool.
func (w watched) QueryContext(ctx context.Context, statement string, args ...any) (*sql.Rows, error) {
	w.note(statement)
	return w.ConnPool.QueryContext(ctx, statement, args...)
}

// QueryRowContext implements gorm.ConnPool.
func (w watched) QueryRowContext(ctx context.Context, statement string, args ...any) *sql.Row {
	w.note(statement)
	return w.ConnPool.QueryRowContext(ctx, statement, args...)
}

func (w watched) note(statement string) {
	if !strings.HasPrefix(statement, "SELECT ") {
		*w.wrote = true
	}
}
