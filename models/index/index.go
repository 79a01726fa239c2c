// Package index keeps the texts of a store in SQLite's own full text (FTS4), one
// file for a store. Text goes in and is asked for in the words of package fold.
package index

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	_ "github.com/mattn/go-sqlite3"

	"quartermaster/models/fold"
)

// mark is the application id of an index in the head of its file, and shape its
// version.
const (
	mark  = 0x514d4958 // QMIX
	shape = 1
)

// ErrUnknown says that a file is no index, or one of a later shape.
var ErrUnknown = errors.New("is no index that this program knows")

// Index is an open index.
type Index struct{ db *sql.DB }

// Make makes an empty index at an address of SQLite, where there is nothing or
// an empty file. One that was interrupted is to be thrown away.
func Make(ctx context.Context, address string) error {
	db, err := sql.Open("sqlite3", address+"?_journal_mode=MEMORY")
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, fmt.Sprintf(`CREATE VIRTUAL TABLE passages USING fts4(text, tokenize=unicode61);
		PRAGMA application_id = %d; PRAGMA user_version = %d`, mark, shape))
	return errors.Join(err, db.Close())
}

// Open opens the index at an address of SQLite, which must be there. It is
// ErrUnknown for anything else.
func Open(ctx context.Context, address string) (*Index, error) {
	db, err := sql.Open("sqlite3", address+"?mode=rw&_busy_timeout=3000&_txlock=exclusive")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	var isMark, isShape int
	err = db.QueryRowContext(ctx, "SELECT application_id, user_version FROM pragma_application_id, pragma_user_version").Scan(&isMark, &isShape)
	if err == nil && (isMark != mark || isShape != shape) {
		err = ErrUnknown
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &Index{db}, nil
}

// Close closes the index.
func (x *Index) Close() error { return x.db.Close() }

// Count is how many passages the index holds.
func (x *Index) Count(ctx context.Context) (n int64, err error) {
	err = x.db.QueryRowContext(ctx, "SELECT COUNT(*) FROM passages").Scan(&n)
	return n, err
}

// Still keeps everybody from writing while do reads the file.
func (x *Index) Still(ctx context.Context, do func() error) error {
	c, err := x.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	// A transaction begins with its first read.
	if _, err := c.ExecContext(ctx, "BEGIN; SELECT COUNT(*) FROM sqlite_schema"); err != nil {
		return err
	}
	defer c.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
	return do()
}

// Alone tells whether nobody else reads or writes.
func (x *Index) Alone(ctx context.Context) error {
	tx, err := x.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	return tx.Rollback()
}

// probe is what Probe writes and must find again, by a word of each script.
const probe = "Quartermaster keeps this store's knowledge. 资源台保管知识仓。"

// Probe tells whether the index works: it writes a passage, finds it and takes it
// back. Nobody else may read or write meanwhile.
func (x *Index) Probe(ctx context.Context) error {
	tx, err := x.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	added, err := tx.ExecContext(ctx, "INSERT INTO passages (text) VALUES (?)", strings.Join(fold.Words(probe), " "))
	if err != nil {
		return fmt.Errorf("write probe: %w", err)
	}
	id, err := added.LastInsertId()
	if err != nil {
		return fmt.Errorf("write probe: %w", err)
	}
	for _, asked := range []string{"KNOWLEDGE", "知识仓"} {
		// As a phrase, in quotes: the words of a query could be its operators.
		phrase := `"` + strings.Join(fold.Words(asked), " ") + `"`
		var found bool
		if err := tx.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM passages WHERE passages MATCH ? AND docid = ?)", phrase, id).Scan(&found); err != nil {
			return fmt.Errorf("search %s: %w", asked, err)
		}
		if !found {
			return fmt.Errorf("search %s: the probe is not found", asked)
		}
	}
	return nil
}
