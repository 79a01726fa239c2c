package models

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"

	"github.com/mattn/go-sqlite3"
	"gorm.io/gorm"

	"quartermaster/models/commit"
	"quartermaster/models/objects"
	"quartermaster/models/query"
)

// tx runs fn in one transaction and returns after commit and sync: what fn
// wrote is then kept whole, or, when tx returns an error, not at all.
//
// fn gets a context of its own, which stays alive when the caller goes away: on
// SQLite several changes share a commit, and one of them must not end the
// others. fn uses only that context and that DB. It is called at most once.
func (db *DB) tx(ctx context.Context, fn func(ctx context.Context, tx *DB) error) error {
	return db.change(ctx, false, fn)
}

// txTwice is tx for an fn that may be called twice, the second time as if it had
// never been called, and that may leave rows in its DB's left, to be written
// with those of the changes that share the commit.
func (db *DB) txTwice(ctx context.Context, fn func(ctx context.Context, tx *DB) error) error {
	return db.change(ctx, true, fn)
}

func (db *DB) change(ctx context.Context, twice bool, fn func(ctx context.Context, tx *DB) error) error {
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
		promised, marks = false, identity{}
		inner.marks = &marks
		if twice && db.together != nil {
			inner.left = new(sums)
		}
		ctx := context.WithValue(context.WithoutCancel(ctx), inTxKey{}, true)
		err := nonce.first(ctx, &inner)
		if err == nil {
			err = fn(ctx, &inner)
		}
		if err == nil && inner.left != nil {
			db.together.add(inner.left)
		}
		return err
	}
	var err error
	if db.commits != nil && twice {
		err = db.commits.DoTwice(ctx, run)
	} else if db.commits != nil {
		err = db.commits.Do(ctx, run)
	} else if err = db.here(ctx); err == nil {
		err = db.gorm.WithContext(context.WithoutCancel(ctx)).Transaction(run)
	}
	if err == nil {
		db.generations.forget(ctx)
		db.writes.Add(1)
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

// orUndone lets fn change something in the caller's transaction, if there is one, so that
// what it has done when it ends with an error is undone and the transaction goes on.
func (db *DB) orUndone(ctx context.Context, fn func() error) error {
	if !db.inTx {
		return fn()
	}
	if _, err := query.Do(ctx, db.gorm, "SAVEPOINT undone"); err != nil {
		return err
	}
	err := fn()
	end := "RELEASE SAVEPOINT undone"
	if err != nil {
		end = "ROLLBACK TO SAVEPOINT undone"
	}
	_, failed := query.Do(ctx, db.gorm, end)
	return errors.Join(err, failed)
}

type inTxKey struct{}

// closedDatabase is the end of the error of a read after Close, for which
// database/sql exports no value. It occurs while a server is stopping.
const closedDatabase = "sql: database is closed"

// translate names the faults of the database that callers can do something
// about.
func translate(err error) error {
	var lite sqlite3.Error
	switch {
	case err == nil, errors.Is(err, ErrBusy):
		return err
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
	case unreachable(err), errors.Is(err, commit.ErrEnded), strings.HasSuffix(err.Error(), closedDatabase):
		return fmt.Errorf("%w: %w", ErrBusy, err)
	}
	return err
}

// damaged wraps an error about a damaged SQLite file in ErrDatabaseDamaged.
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
