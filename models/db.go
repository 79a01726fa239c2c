// Package models holds what is true: the rows, the rules, and who may do what.
// It is the only package that knows the database. Every method that reads or
// changes a team's things takes the actor who asks.
package models

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"time"

	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"quartermaster/models/commit"
	"quartermaster/models/keyring"
	"quartermaster/models/migrations"
	"quartermaster/models/objects"
	"quartermaster/models/password"
	"quartermaster/models/picture"
)

// Options say what to open.
type Options struct {
	// Folder holds everything that is kept: the SQLite database, the objects,
	// the stores' indexes. It is made, private to its owner, when it is absent.
	Folder string
	// Postgres is the address of a PostgreSQL database. Empty means SQLite in
	// Folder.
	Postgres string
	// Connections is how many connections to PostgreSQL are open at most, 16 by
	// default.
	Connections int
	// SecretKey encrypts the secrets of access keys: 32 bytes in base64 or hex.
	// While it is being changed, the old and the new one are given with a comma
	// between. Empty means a file in Folder, made when it is first needed.
	SecretKey string
	// ForgetAccessKeys deletes all access keys where their secret key is not
	// missing; nobody can read their secrets any more. Without it, Open returns
	// ErrSecretKey.
	ForgetAccessKeys bool
	// Operations are what an access key may be limited to.
	Operations []Operation
	// Existing is for work on a desk that is there: where there is none, Open
	// makes none and returns ErrNoDesk.
	Existing bool
	// Accept lets a folder and a database be opened that do not fit each other.
	Accept Accept
	// Clock and Random default to the machine's.
	Clock  Clock
	Random io.Reader
	// FreeSpace measures the disk of Folder. It defaults to asking the system;
	// tests have smaller disks.
	FreeSpace func() (Space, error)
	// HashMemory is how many KiB hashing a password takes. The default is the
	// right one; only tests, whose passwords guard nothing, take less.
	HashMemory uint32
	// Log receives what goes wrong in the background. The default drops it.
	Log *slog.Logger
	// Kinds are the kinds of things that are kept. The default is Kinds().
	Kinds []KindFacts
	// Policy decides which orders wait for approval, by the name of a rule. It
	// is called with the priced order, both in the transaction that places it
	// and for a preview. The default holds no order.
	Policy func(ctx context.Context, by Actor, order *Order) (hold bool, rule string)
}

// DB is the desk's data. Inside a transaction a DB stands for the transaction.
type DB struct {
	gorm    *gorm.DB      // reads; inside a transaction, everything
	commits *commit.Queue // nil on PostgreSQL and inside a transaction
	inTx    bool
	folder  string
	name    string
	address string // of PostgreSQL, "" with SQLite
	pooled  bool   // a pooler stands before PostgreSQL
	lock    *os.File
	objects objects.Backend
	disk    *disk
	staging *staging
	clock   Clock
	random  io.Reader
	// passwords makes and checks the hashes of passwords.
	passwords  *password.Hasher
	pictures   *picture.Cleaner
	log        *slog.Logger
	kinds      []KindFacts
	holds      func(ctx context.Context, by Actor, order *Order) (bool, string) // Options.Policy
	ids        *sequence
	sessions   *remembered[Session] // by the hashes of their tokens
	callers    *remembered[sealedCaller]
	totals     *remembered[map[string]int64] // by team
	dashboards *remembered[lately]           // by team
	versions   *remembered[string]           // by the names of settings
	buckets    *remembered[Bucket]           // by name, and by team and id
	saved      *remembered[ListSaved]        // by person, team and list
	objectRows *remembered[Object]           // by team, bucket and key
	storage    *remembered[bool]             // whether object storage is on, by team
	tags       *remembered[[]teamWord]       // the first of a kind, by team
	answers    *answers
	// generations tell how long all of these hold but sessions and callers.
	generations *generations
	writes      *atomic.Int64 // how many transactions this process has made
	wake        wake          // tells the worker that a job may be due
	keys        *keyring.Ring
	offered     *atomic.Pointer[catalogue]
	nonces      *atomic.Int64 // how many were used, for sweeping
	withheld    *atomic.Int64 // what Withheld tells
	calls       *callLog
	progress    *progress
	file        *databaseFile // nil on PostgreSQL
	holder      *holder       // nil on SQLite
	keeping     func()        // ends what startKeeping began
	// operations are Options.Operations.
	operations []Operation
	// promised is set inside a transaction that queues a job, and marks are the
	// order number and the event that it took last.
	promised *bool
	marks    *identity
	sums     *sums // set by summing
	// together is what orders that share a commit have left to be written with
	// it, and left what the order of this change has: nil on PostgreSQL, and left
	// in changes that leave nothing.
	together, left *sums
	ground         *ground // set by grounded
}

// Open opens the data folder and its database, brings the database to the
// newest shape and finishes what a kill interrupted. The folder belongs to one
// process at a time; a second one is refused. So is a database that does not
// belong to the folder, before anything is written or removed.
func Open(ctx context.Context, o Options) (*DB, error) {
	db := newDB(o)
	_, missing := os.Stat(o.Folder)
	if err := db.open(ctx, o); err != nil {
		if errors.Is(missing, fs.ErrNotExist) && db.lock != nil {
			leave(o.Folder)
		}
		_ = db.Close()
		return nil, damaged(err)
	}
	return db, nil
}

func newDB(o Options) *DB {
	db := &DB{folder: o.Folder, address: o.Postgres, clock: o.Clock, random: o.Random, log: o.Log, holds: o.Policy, kinds: o.Kinds, ids: new(sequence),
		wake: newWake(), writes: new(atomic.Int64), sessions: new(remembered[Session]), callers: new(remembered[sealedCaller]),
		totals: new(remembered[map[string]int64]), dashboards: new(remembered[lately]), versions: new(remembered[string]), answers: new(answers), staging: &staging{buckets: map[string]*staged{}},
		buckets: new(remembered[Bucket]), saved: new(remembered[ListSaved]), objectRows: &remembered[Object]{most: mostObjects}, storage: new(remembered[bool]), tags: new(remembered[[]teamWord]), generations: new(generations),
		offered: new(atomic.Pointer[catalogue]), nonces: new(atomic.Int64), withheld: new(atomic.Int64)}
	db.operations = o.Operations
	if db.clock == nil {
		db.clock = SystemClock
	}
	if db.kinds == nil {
		db.kinds = Kinds()
	}
	if db.random == nil {
		db.random = rand.Reader
	}
	db.passwords = password.NewHasher(o.HashMemory, db.randomBytes)
	db.pictures = picture.NewCleaner()
	if db.log == nil {
		db.log = slog.New(slog.DiscardHandler)
	}
	return db
}

// leave removes a folder that a failed start has made and still locks. A folder
// that holds more than such a start creates stays as it is.
func leave(folder string) {
	made := []string{TemporaryFolder(folder), filepath.Join(folder, lockFile)}
	entries, err := os.ReadDir(folder)
	if err != nil || slices.ContainsFunc(entries, func(e os.DirEntry) bool { return !slices.Contains(made, filepath.Join(folder, e.Name())) }) {
		return
	}
	for _, path := range append(made, folder) {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return
		}
	}
}

func (db *DB) open(ctx context.Context, o Options) error {
	var err error
	if err = os.MkdirAll(o.Folder, 0o700); err != nil {
		return fmt.Errorf("make data folder: %w", err)
	}
	if err = os.Chmod(o.Folder, 0o700); err != nil { // #nosec G302 -- a folder
		return fmt.Errorf("make data folder private: %w", err)
	}
	if db.lock, err = lockFolder(o.Folder); err != nil {
		return err
	}
	db.disk = openDisk(o, db.log)
	if err = emptyFolder(TemporaryFolder(o.Folder)); err != nil {
		return fmt.Errorf("make folder for temporary files: %w", err)
	}
	if err = refuseUnfinished(o.Folder); err != nil {
		return err
	}
	m := meeting{accept: o.Accept, existing: o.Existing}
	if m.folder, err = lookInto(o.Folder); err != nil {
		return err
	}
	if err := db.openDatabase(ctx, o, m.check); err != nil {
		return err
	}
	if err := db.openSecretKey(ctx, o); err != nil {
		return err
	}
	if err := db.agree(ctx, &m); err != nil {
		return err
	}
	if db.objects, err = objects.Open(filepath.Join(o.Folder, "objects")); err != nil {
		return fmt.Errorf("open objects: %w", err)
	}
	if err := db.keepSearch(ctx); err != nil {
		return err
	}
	db.startKeeping()
	db.startCalls()
	return db.recover(ctx)
}

// checking looks at a database that nothing has changed yet, nil where there is
// none, and ends Open with its error.
type checking func(context.Context, *gorm.DB) error

func (db *DB) openDatabase(ctx context.Context, o Options, check checking) error {
	if o.Postgres != "" {
		db.name = postgresName(o.Postgres)
		return db.openPostgres(ctx, o.Postgres, o.Connections, check)
	}
	db.name = "SQLite"
	return db.openSQLite(ctx, filepath.Join(o.Folder, "quartermaster.db"), check)
}

// TemporaryFolder is the folder for temporary files in a data folder. Open
// creates and empties it. The program sets it in its environment for itself and
// for SQLite, so that the machine's own temporary folder need not be writable.
func TemporaryFolder(folder string) string { return filepath.Join(folder, "tmp") }

// emptyFolder makes a private folder, or removes what is in it.
func emptyFolder(path string) error {
	if err := os.RemoveAll(path); err != nil {
		return err
	}
	return os.Mkdir(path, 0o700)
}

// gormConfig is the same on both engines. Errors of the database are reported
// by the code that handles them, so they are not logged here.
func gormConfig(db *DB) *gorm.Config {
	return &gorm.Config{
		TranslateError: true,
		NowFunc:        db.Now,
		Logger:         logger.Discard,
	}
}

// openSQLite opens one connection that writes and a pool that only reads, so
// that a waiting writer never holds up a page.
func (db *DB) openSQLite(ctx context.Context, path string, check checking) error {
	file := sqliteAddress(path)
	if err := db.lookAtSQLite(ctx, path, file, check); err != nil {
		return err
	}
	if err := private(path); err != nil {
		return err
	}
	// Each connection keeps the statements that it used last: preparing them
	// again and again is a third of what a create costs the processor.
	const common = "?_journal_mode=WAL&_busy_timeout=5000&_foreign_keys=on&_synchronous=FULL&_cache_size=-6000&_stmt_cache_size=64"
	dsn := file + common
	writer, err := gorm.Open(sqliteAt(dsn+"&_txlock=immediate"), gormConfig(db))
	if err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	if err := size(writer, 1); err != nil {
		return err
	}
	db.gorm = writer // so that Close finds it when the rest does not open
	if err := backUpBeforeUpgrade(writer, path, db.Now()); err != nil {
		return err
	}
	if err := migrations.Run(writer, db.log, nil); err != nil {
		return err
	}
	reader, err := gorm.Open(sqliteAt(dsn+"&_query_only=true"), gormConfig(db))
	if err != nil {
		return fmt.Errorf("open database for reading: %w", err)
	}
	if db.file, err = watchFile(path, db.log); err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	db.gorm = reader
	// What SQLite needs to go back to a savepoint stays in memory, not in a file:
	// that file costs as much as the change itself.
	// A checkpoint costs two syncs: it waits for twice as many pages as SQLite's
	// would, which are no more than the reserve has room for on a full disk.
	if err := writer.Exec("PRAGMA temp_store=MEMORY; PRAGMA wal_autocheckpoint=2000").Error; err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	db.together = new(sums)
	db.commits = commit.Start(writer, commit.Hooks{Before: db.disk.spare, Begin: func() { *db.together = sums{} }, Flush: db.writeTogether,
		Check: db.file.here, Failed: db.makeRoom})
	return size(reader, 9) // one of them tells generations apart
}

// makeRoom gives the reserve up when a commit failed for want of room, so that
// the next may have it.
func (db *DB) makeRoom(err error) {
	if errors.Is(translate(err), ErrNoSpace) {
		db.disk.giveUp()
	}
}

// lookAtSQLite checks a database through a connection that can change nothing.
func (db *DB) lookAtSQLite(ctx context.Context, path, file string, check checking) error {
	f, err := os.Open(path) // #nosec G304 -- the server administrator names the folder
	if errors.Is(err, fs.ErrNotExist) {
		return check(ctx, nil)
	}
	if err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	_ = f.Close()
	g, err := gorm.Open(sqlite.Open(file+"?mode=ro&_busy_timeout=5000"), gormConfig(db))
	if err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	pool, err := g.DB()
	if err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	defer pool.Close()
	return check(ctx, g)
}

func size(g *gorm.DB, conns int) error {
	pool, err := g.DB()
	if err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	pool.SetMaxOpenConns(conns)
	pool.SetMaxIdleConns(conns)
	return nil
}

// private makes sure that the database file exists and is its owner's alone;
// SQLite gives its side files the same rights.
func private(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) // #nosec G304 -- the server administrator names the folder
	if err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	defer f.Close()
	if err := f.Chmod(0o600); err != nil {
		return fmt.Errorf("make database private: %w", err)
	}
	return nil
}

// backUpBeforeUpgrade copies an older database beside itself before its shape
// changes.
func backUpBeforeUpgrade(g *gorm.DB, path string, now time.Time) error {
	pending, begun, err := migrations.Pending(g)
	if err != nil {
		return fmt.Errorf("read database: %w", err)
	}
	if !pending || !begun {
		return nil
	}
	copyTo := fmt.Sprintf("%s.before-upgrade-%s", path, now.Format("20060102T150405Z"))
	if err := g.Exec("VACUUM INTO ?", copyTo).Error; err != nil {
		return fmt.Errorf("back up before upgrade: %w", err)
	}
	return os.Chmod(copyTo, 0o600)
}

// Name is which database this is, for a person: the engine and where it is,
// without secrets.
func (db *DB) Name() string { return db.name }

// readyTime is how long Ready waits for an answer.
const readyTime = 2 * time.Second

// Ready reports whether the database answers, soon, with what it is. It is ErrMoved
// when it is no longer the one that was opened, and ErrDatabaseDamaged when the file
// of SQLite is none any more.
func (db *DB) Ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyTime)
	defer cancel()
	if err := db.here(ctx); err != nil {
		return translate(err)
	}
	pool, done, err := db.freshPool()
	if err != nil {
		return translate(err)
	}
	defer done()
	var id string
	err = pool.QueryRowContext(ctx, "SELECT value FROM settings WHERE name = '"+identityName+"'").Scan(&id)
	if err == nil && id != db.progress.reached().ID || errors.Is(err, sql.ErrNoRows) {
		return ErrMoved
	}
	return translate(err)
}

// freshPool asks the database without the pool's patience and, on SQLite, without
// what a connection remembers of the file.
func (db *DB) freshPool() (pool *sql.DB, done func() error, err error) {
	if db.file == nil {
		pool, err = db.gorm.DB()
		return pool, func() error { return nil }, err
	}
	if err := db.file.sound(); err != nil {
		return nil, nil, err
	}
	pool, err = sql.Open(sqlite.DriverName, sqliteAddress(db.file.path)+"?mode=ro&_busy_timeout=1000")
	if err != nil {
		return nil, nil, err
	}
	return pool, pool.Close, nil
}

// Close lets what is being written finish and closes the database.
func (db *DB) Close() error {
	var errs []error
	if db.calls != nil {
		errs = append(errs, db.calls.stop())
	}
	if db.commits != nil {
		errs = append(errs, db.commits.Stop())
	}
	if db.keeping != nil {
		db.keeping()
	}
	db.holder.release()
	errs = append(errs, db.generations.close())
	if db.gorm != nil {
		if pool, err := db.gorm.DB(); err == nil {
			errs = append(errs, pool.Close())
		}
	}
	errs = append(errs, db.file.close(), db.progress.close())
	if db.lock != nil {
		errs = append(errs, db.lock.Close())
	}
	return errors.Join(errs...)
}

// recover finishes what a kill left between the disk and the database. It
// removes nothing.
func (db *DB) recover(ctx context.Context) error {
	if err := db.objects.Recover(ctx, db.knownBlobs); err != nil {
		return fmt.Errorf("recover objects: %w", err)
	}
	if err := db.recoverIndexes(ctx); err != nil {
		return fmt.Errorf("recover stores: %w", err)
	}
	if err := db.recoverJobs(ctx); err != nil {
		return fmt.Errorf("recover jobs: %w", err)
	}
	return nil
}
