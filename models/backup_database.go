package models

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/mattn/go-sqlite3"
	"gorm.io/driver/sqlite"
	"gorm.io/gorm"

	"quartermaster/models/backup"
	"quartermaster/models/migrations"
)

// known is what a copy of the database knows.
type known struct {
	backup.Manifest
	stores []string
}

// snapshot copies the database into a folder, beside the list of the blobs that
// the copy knows.
func (db *DB) snapshot(ctx context.Context, folder string, in BackupInput) (known, error) {
	to, list := filepath.Join(folder, backup.DatabaseName), filepath.Join(folder, backup.ListName)
	in.Meter.begin("copying the database", 0)
	var k known
	var err error
	if db.address != "" {
		k, err = db.dumpPostgres(ctx, to, list, in)
	} else {
		k, err = db.copySQLite(ctx, to, list, in.Meter)
	}
	if err != nil {
		return k, err
	}
	k.At, k.Program = db.Now(), in.Program
	if k.Identity, err = db.setting(ctx, identityName); err != nil {
		return k, err
	}
	if k.SecretKey != "" {
		k.Notice = secretKeyNotice
	}
	if k.Database, err = backup.SumOf(to); err != nil {
		return k, err
	}
	k.List, err = backup.SumOf(list)
	return k, err
}

// copySQLite copies the database page by page while a transaction that only
// reads keeps them as they are: it ends however much is written meanwhile. (The
// .backup command of SQLite's shell starts again after each write.)
func (db *DB) copySQLite(ctx context.Context, to, list string, m *Meter) (known, error) {
	if err := copyPages(ctx, db.gorm, to, m); err != nil {
		return known{}, fmt.Errorf("copy database: %w", err)
	}
	m.begin("listing what the copy knows", 0)
	// Nothing else opens the copy, and it stays as it is.
	g, err := gorm.Open(sqlite.Open(sqliteAddress(to)+"?mode=ro&immutable=1"), gormConfig(db))
	if err != nil {
		return known{}, fmt.Errorf("open copy of the database: %w", err)
	}
	pool, err := g.DB()
	if err != nil {
		return known{}, err
	}
	defer pool.Close()
	return describe(ctx, g, list)
}

// pages is how many pages are copied at a time: 8 MiB.
const pages = 2048

func copyPages(ctx context.Context, from *gorm.DB, to string, m *Meter) error {
	pool, err := from.DB()
	if err != nil {
		return err
	}
	src, err := pool.Conn(ctx)
	if err != nil {
		return err
	}
	defer src.Close()
	// A transaction begins with its first read.
	for _, statement := range []string{"BEGIN", "SELECT COUNT(*) FROM sqlite_schema"} {
		if _, err := src.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	defer src.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
	copied, err := sql.Open("sqlite3", sqliteAddress(to)+"?_journal_mode=OFF&_synchronous=OFF")
	if err != nil {
		return err
	}
	defer copied.Close()
	dst, err := copied.Conn(ctx)
	if err != nil {
		return err
	}
	defer dst.Close()
	return dst.Raw(func(d any) error {
		return src.Raw(func(s any) error {
			b, err := d.(*sqlite3.SQLiteConn).Backup("main", s.(*sqlite3.SQLiteConn), "main")
			if err != nil {
				return err
			}
			return errors.Join(stepPages(ctx, b, m), b.Finish())
		})
	})
}

func stepPages(ctx context.Context, b *sqlite3.SQLiteBackup, m *Meter) error {
	for last := 0; ; {
		done, err := b.Step(pages)
		if err != nil || done {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if last == 0 {
			m.begin("copying the database", int64(b.PageCount()))
		}
		copied := b.PageCount() - b.Remaining()
		m.add(int64(copied-last), 0)
		last = copied
	}
}

// dumpPostgres has the database's own tool dump the snapshot in which the blobs
// are listed.
func (db *DB) dumpPostgres(ctx context.Context, to, list string, in BackupInput) (k known, err error) {
	tool, err := db.postgresTool(ctx, "pg_dump", in.Dump)
	if err != nil {
		return k, err
	}
	err = db.gorm.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		var snapshot string
		// The transaction waits for as long as the tool needs.
		for _, statement := range []string{"SET LOCAL idle_in_transaction_session_timeout = 0", "SET LOCAL statement_timeout = 0"} {
			if err := tx.Exec(statement).Error; err != nil {
				return err
			}
		}
		if err := tx.Raw("SELECT pg_export_snapshot()").Scan(&snapshot).Error; err != nil {
			return err
		}
		if k, err = describe(ctx, tx, list); err != nil {
			return err
		}
		if err := tx.Raw("SELECT current_schema()").Scan(&k.Schema).Error; err != nil {
			return err
		}
		others, err := foreignTables(tx)
		if err != nil {
			return err
		}
		return backup.Schema{Address: db.address, Snapshot: snapshot, Name: k.Schema, Without: others}.Dump(ctx, tool, to)
	}, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	return k, err
}

// ErrPooled says that the programs of PostgreSQL would have to go through a
// pooler. They set an empty search_path. A pooler in transaction mode passes
// the connection with this setting on to a running server, which then finds no
// tables.
var ErrPooled = errors.New("a pooler such as PgBouncer stands before PostgreSQL, and pg_dump and pg_restore would disturb the server through it")

// postgresTool finds the program of PostgreSQL that fits the server.
func (db *DB) postgresTool(ctx context.Context, name, given string) (string, error) {
	if db.pooled {
		return "", ErrPooled
	}
	var number int
	err := db.gorm.WithContext(ctx).Raw("SELECT CAST(current_setting('server_version_num') AS integer)").Scan(&number).Error
	if err != nil {
		return "", err
	}
	return backup.Tool(ctx, name, given, number/10000)
}

// foreignTables are the relations of the schema that are not ours.
func foreignTables(g *gorm.DB) ([]string, error) {
	ours, err := migrations.Tables()
	if err != nil {
		return nil, err
	}
	var others []string
	err = g.Raw(`SELECT relname FROM pg_class WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())
		AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND relname NOT IN ?`, ours).Scan(&others).Error
	return others, err
}

// describe counts what a database holds, and writes the list of its blobs.
func describe(ctx context.Context, g *gorm.DB, list string) (k known, err error) {
	g = g.WithContext(ctx)
	k.Engine = map[string]string{"sqlite": engineSQLite, "postgres": enginePostgres}[g.Name()]
	if k.Migration, err = migrations.Newest(g); err != nil {
		return k, err
	}
	if k.Rows, err = countRows(g); err != nil {
		return k, err
	}
	if err := g.Raw("SELECT id FROM stores ORDER BY id").Scan(&k.stores).Error; err != nil {
		return k, err
	}
	if err := g.Raw("SELECT COALESCE(MAX(value), '') FROM settings WHERE name = ?", keyFingerprint).Scan(&k.SecretKey).Error; err != nil {
		return k, err
	}
	f, err := os.OpenFile(list, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600) // #nosec G304 -- the server administrator names the folder
	if err != nil {
		return k, err
	}
	defer f.Close()
	w := bufio.NewWriter(f)
	err = eachBlob(g, func(b blob) error {
		k.Blobs++
		k.Bytes += b.Size
		_, err := w.WriteString(backup.ListLine(b.Blob, b.SHA256))
		return err
	})
	return k, errors.Join(err, w.Flush(), f.Close())
}

// countRows is how many rows each of our tables has.
func countRows(g *gorm.DB) (map[string]int64, error) {
	tables, err := migrations.Tables()
	if err != nil {
		return nil, err
	}
	rows := map[string]int64{}
	for _, name := range tables {
		if !g.Migrator().HasTable(name) { // such as a table that a later migration drops
			continue
		}
		var n int64
		if err := g.Table(name).Count(&n).Error; err != nil {
			return nil, fmt.Errorf("count %s: %w", name, err)
		}
		rows[name] = n
	}
	return rows, nil
}

// blob is what a record says of the bytes that it names.
type blob struct {
	Blob   string
	Size   int64
	SHA256 string `gorm:"column:sha256"`
	// Of is what the bytes are, for a person. Control characters in a key are
	// written out, so that a terminal does not interpret them.
	Of string
}

// blobsAtOnce is how many records are read at a time. No query stays open while
// their bytes are checked, since that would let SQLite's journal grow.
const blobsAtOnce = 1000

// eachBlob visits every blob that a record names, once: those of objects, of parts, of
// attachments, and those that came with orders that wait.
func eachBlob(g *gorm.DB, visit func(blob) error) error {
	const (
		ofObjects = `SELECT o.blob, o.size, o.sha256, o.key, b.name FROM objects o
			JOIN buckets b ON b.id = o.bucket_id WHERE o.blob > ? ORDER BY o.blob LIMIT ?`
		ofParts = `SELECT p.blob, p.size, p.sha256, COALESCE(o.key, m.key, '') AS key, COALESCE(b.name, '') AS name FROM parts p
			LEFT JOIN objects o ON o.id = p.owner LEFT JOIN multiparts m ON m.id = p.owner
			LEFT JOIN buckets b ON b.id = COALESCE(o.bucket_id, m.bucket_id) WHERE p.blob > ? ORDER BY p.blob LIMIT ?`
		ofOrders = `SELECT blob, size, sha256, name AS key, CAST(order_number AS text) AS name FROM attachments WHERE blob > ? ORDER BY blob LIMIT ?`
	)
	for _, of := range []struct{ statement, words string }{
		{ofObjects, "%q in bucket %s"}, {ofParts, "part of %q in bucket %s"}, {ofOrders, "attachment %q of order %s"},
	} {
		if err := eachRecorded(g, of.statement, of.words, visit); err != nil {
			return err
		}
	}
	waiting, err := waitingBlobs(g)
	for _, b := range waiting {
		if err := visit(b); err != nil {
			return err
		}
	}
	return err
}

// eachRecorded visits the blobs that a query gives, in their order; words make of a key
// and a name what they are. Several rows may have the same one.
func eachRecorded(g *gorm.DB, statement, words string, visit func(blob) error) error {
	for last := ""; ; {
		var some []struct {
			Blob, Key, Name string
			Size            int64
			SHA256          string `gorm:"column:sha256"`
		}
		if err := g.Raw(statement, last, blobsAtOnce).Scan(&some).Error; err != nil {
			return err
		}
		for _, o := range some {
			if o.Blob == last {
				continue
			}
			err := visit(blob{Blob: o.Blob, Size: o.Size, SHA256: o.SHA256, Of: fmt.Sprintf(words, o.Key, o.Name)})
			if err != nil {
				return err
			}
			last = o.Blob
		}
		if len(some) < blobsAtOnce {
			return nil
		}
	}
}

// waitingBlobs are those that came with orders, while no object has them.
func waitingBlobs(g *gorm.DB) ([]blob, error) {
	var lines []OrderLine
	if err := g.Where("blob <> '' AND blob NOT IN (SELECT blob FROM objects)").Order("blob").Find(&lines).Error; err != nil {
		return nil, err
	}
	var blobs []blob
	for _, l := range lines {
		var in PkgVersionInput
		if err := json.Unmarshal([]byte(l.Input), &in); err != nil || in.Upload == nil {
			return nil, errors.Join(fmt.Errorf("order %d: no upload of blob %s", l.OrderNumber, l.Blob), err)
		}
		s := in.Upload.Staged
		blobs = append(blobs, blob{Blob: l.Blob, Size: s.Size, SHA256: s.SHA256, Of: fmt.Sprintf("%q of order %d", in.Upload.Name, l.OrderNumber)})
	}
	return blobs, nil
}
