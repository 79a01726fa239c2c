// Package commit gathers the changes that wait for SQLite's one writer and
// commits them together, since each commit waits for the disk.
package commit

import (
	"context"
	"errors"
	"fmt"
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
	// Check is asked before the commit and after it. Its error fails all changes
	// in it: the second time, what was written is not acknowledged.
	Check func() error
	// Failed is told why a commit came to nothing.
	Failed func(error)
}

// errUndone says that the only change of a transaction came to nothing.
var errUndone = errors.New("undone")

// Queue runs each change in a savepoint of a transaction that it shares with
// the others that wait, and answers all of them after the transaction is on
// the disk. There is no timer: what comes during a commit is the next one. A
// change that shares with no other needs no savepoint.
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
	ch := &change{ctx: ctx, run: run, finished: make(chan struct{})}
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
	err := q.gorm.Transaction(func(tx *gorm.DB) error {
		if len(batch) == 1 {
			if err := alone(tx, batch[0]); err != nil {
				return err
			}
			return q.hooks.Check()
		}
		for _, ch := range batch {
			if ch.err = ch.ctx.Err(); ch.err != nil {
				continue
			}
			if err := savepoint(tx, ch); err != nil {
				return err
			}
		}
		return q.hooks.Check()
	})
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

// alone runs the only change of a transaction. Its error is errUndone when the
// change came to nothing, and any other when the transaction itself is lost.
// What SQLite writes down for a savepoint costs as much as half a change.
func alone(tx *gorm.DB, ch *change) error {
	if ch.err = ch.ctx.Err(); ch.err != nil {
		return errUndone
	}
	if ch.err = protect(tx, ch); ch.err == nil && ch.panicked == nil {
		return nil
	}
	if err := do(tx, "ROLLBACK"); err != nil {
		return errors.Join(ch.err, err)
	}
	return errUndone
}

// savepoint runs one change. It returns an error only when the transaction
// itself is lost, as on a full disk.
func savepoint(tx *gorm.DB, ch *change) error {
	if err := do(tx, "SAVEPOINT change"); err != nil {
		return err
	}
	ch.err = protect(tx, ch)
	if ch.err != nil || ch.panicked != nil {
		if err := do(tx, "ROLLBACK TO change"); err != nil {
			return errors.Join(ch.err, err)
		}
	}
	return do(tx, "RELEASE change")
}

// do runs a statement of the transaction itself, past GORM, which would spend
// more time on it than SQLite.
func do(tx *gorm.DB, statement string) error {
	_, err := query.Do(context.Background(), tx, statement)
	return err
}

func protect(tx *gorm.DB, ch *change) (err error) {
	defer func() {
		if p := recover(); p != nil {
			ch.panicked = p
		}
	}()
	return ch.run(tx.Session(&gorm.Session{NewDB: true, SkipDefaultTransaction: true}))
}
