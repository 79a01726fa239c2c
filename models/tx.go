package models

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"syscall"

	"github.com/mattn/go-sqlite3"
	"gorm.io/gorm"

	"quartermaster/models/objects"
)

// tx runs fn in one transaction and returns after commit and sync: what fn
// wrote is then kept whole, or, when tx returns an error, not at all.
//
// fn gets its own context, which a caller who goes away does not end: on
// SQLite several changes share a commit, and one of them must not take the
// others with it. fn uses only that context and that DB, and may be run again
// by nobody else: it is called at most once.
func (db *DB) tx(ctx context.Context, fn func(ctx context.Context, tx *DB) error) error {
	if db.inTx {
		return fn(ctx, db)
	}
	if ctx.Value(inTxKey{}) != nil {
		panic("models: a transaction inside a transaction must use its DB")
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	promised, marks := false, identity{}
	nonce, _ := ctx.Value(nonceKey{}).(*Nonce)
	run := func(g *gorm.DB) error {
		inner := *db
		inner.gorm, inner.commits, inner.inTx, inner.promised = g, nil, true, &promised
		inner.marks = &marks
		ctx := context.WithValue(context.WithoutCancel(ctx), inTxKey{}, true)
		if err := nonce.first(ctx, &inner); err != nil {
			return err
		}
		return fn(ctx, &inner)
	}
	var err error
	if db.commits != nil {
		err = db.commits.do(ctx, run)
	} else if err = db.here(ctx); err == nil {
		err = db.gorm.WithContext(context.WithoutCancel(ctx)).Transaction(run)
	}
	if err == nil {
		db.progress.reach(marks)
	}
	if err == nil && nonce != nil {
		nonce.noted = true
	}
	if err == nil && promised {
		db.wakeWorker()
	}
	return translate(err)
}

type inTxKey struct{}

// closedDatabase ends the error of a read after Close, which database/sql has no
// name for. Whoever still asks then asks a server that is stopping.
const closedDatabase = "sql: database is closed"

// translate names the faults of the database that callers can do something
// about.
func translate(err error) error {
	var lite sqlite3.Error
	switch {
	case err == nil:
		return nil
	case errors.Is(err, gorm.ErrRecordNotFound), unreadable(err):
		return ErrNotFound
	case errors.Is(err, objects.ErrNoSpace), errors.Is(err, syscall.ENOSPC), outOfDisk(err):
		return fmt.Errorf("%w: %w", ErrNoSpace, err)
	case errors.As(err, &lite):
		switch lite.Code {
		case sqlite3.ErrBusy, sqlite3.ErrLocked:
			return fmt.Errorf("%w: %w", ErrBusy, err)
		case sqlite3.ErrFull:
			return fmt.Errorf("%w: %w", ErrNoSpace, err)
		}
		return damaged(err)
	case unreachable(err), strings.HasSuffix(err.Error(), closedDatabase):
		return fmt.Errorf("%w: %w", ErrBusy, err)
	}
	return err
}

// damaged names the damage of SQLite's file, where an error is about that.
func damaged(err error) error {
	var lite sqlite3.Error
	if errors.As(err, &lite) && (lite.Code == sqlite3.ErrCorrupt || lite.Code == sqlite3.ErrNotADB) {
		return fmt.Errorf("%w: %w", ErrDatabaseDamaged, err)
	}
	return err
}

// taken turns the refusal of a unique index into the broken rule of a field.
func taken(err error, field string) error {
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return invalid(field, "taken")
	}
	return err
}

// commits gathers the changes that wait for SQLite's one writer and commits
// them together: each runs in a savepoint of one transaction, and all are
// answered after its sync. There is no timer; what came during the last commit
// is the next one.
type commits struct {
	gorm  *gorm.DB
	file  *databaseFile
	disk  *disk
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

// mostTogether bounds a commit, so that the first in it is not kept waiting.
const mostTogether = 128

func startCommits(writer *gorm.DB, file *databaseFile, disk *disk) *commits {
	c := &commits{gorm: writer, file: file, disk: disk, queue: make(chan *change, mostTogether), done: make(chan struct{})}
	go func() {
		defer close(c.done)
		for first := range c.queue {
			c.commit(c.gather(first))
		}
	}()
	return c
}

func (c *commits) do(ctx context.Context, run func(*gorm.DB) error) error {
	ch := &change{ctx: ctx, run: run, finished: make(chan struct{})}
	c.mu.RLock()
	if c.ended {
		c.mu.RUnlock()
		return ErrBusy
	}
	c.queue <- ch
	c.mu.RUnlock()
	<-ch.finished
	if ch.panicked != nil {
		panic(ch.panicked)
	}
	return ch.err
}

func (c *commits) stop() error {
	c.mu.Lock()
	first := !c.ended
	c.ended = true
	c.mu.Unlock()
	if first {
		close(c.queue)
	}
	<-c.done
	pool, err := c.gorm.DB()
	if err != nil {
		return err
	}
	return pool.Close()
}

func (c *commits) gather(first *change) []*change {
	batch := []*change{first}
	for len(batch) < mostTogether {
		select {
		case next, open := <-c.queue:
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

func (c *commits) commit(batch []*change) {
	defer func() {
		for _, ch := range batch {
			close(ch.finished)
		}
	}()
	c.disk.spare()
	err := c.gorm.Transaction(func(tx *gorm.DB) error {
		for _, ch := range batch {
			if ch.err = ch.ctx.Err(); ch.err != nil {
				continue
			}
			if err := c.savepoint(tx, ch); err != nil {
				return err
			}
		}
		return c.file.here()
	})
	// Once more: what went into a file that was moved away is not acknowledged.
	if err == nil {
		err = c.file.here()
	}
	if err == nil {
		return
	}
	if errors.Is(translate(err), ErrNoSpace) {
		c.disk.giveUp() // for the next try
	}
	for _, ch := range batch {
		if ch.err == nil {
			ch.err = fmt.Errorf("commit: %w", err)
		}
	}
}

// savepoint runs one change. It returns an error only when the transaction
// itself is lost, as on a full disk.
func (c *commits) savepoint(tx *gorm.DB, ch *change) error {
	if err := tx.Exec("SAVEPOINT change").Error; err != nil {
		return err
	}
	ch.err = c.protect(tx, ch)
	if ch.err != nil || ch.panicked != nil {
		if err := tx.Exec("ROLLBACK TO change").Error; err != nil {
			return errors.Join(ch.err, err)
		}
	}
	return tx.Exec("RELEASE change").Error
}

func (c *commits) protect(tx *gorm.DB, ch *change) (err error) {
	defer func() {
		if p := recover(); p != nil {
			ch.panicked = p
		}
	}()
	return ch.run(tx.Session(&gorm.Session{NewDB: true, SkipDefaultTransaction: true}))
}
