package models

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"gorm.io/gorm"

	"quartermaster/models/files"
	"quartermaster/models/keyring"
	"quartermaster/models/query"
)

// Data folder and database belong together: the folder has the objects, the
// stores and the secret key of the rows in the database. So both hold the same
// identity, and Open compares them before it changes either. The folder also
// notes how far the database has come, so that an older one is noticed. Each of
// these errors is a way in which they do not fit, and ends Open unless
// Options.Accept has its name.
var (
	// ErrDatabaseEmpty says that the database is empty or missing, while the
	// folder holds things or has seen orders.
	ErrDatabaseEmpty = errors.New("the database is empty")
	// ErrDatabaseOther says that the database is that of another folder.
	ErrDatabaseOther = errors.New("the database belongs to another data folder")
	// ErrDatabaseOlder says that the database lacks what the folder has seen in
	// it.
	ErrDatabaseOlder = errors.New("the database is older than the data folder")
	// ErrFolderEmpty says that the folder is new, while the database has another
	// or knows objects or stores.
	ErrFolderEmpty = errors.New("the data folder is empty")
)

// ErrIdentityDamaged says that nobody can tell which database belongs to the
// folder.
var ErrIdentityDamaged = errors.New("the file is damaged")

// Accept names the misfit that Open is to accept. It then writes down, in both,
// that they belong together from now on. It removes nothing: what the database
// does not know stays until a person moves it aside.
type Accept struct {
	EmptyDatabase, OtherDatabase, OlderDatabase, EmptyFolder bool
}

func (a Accept) accepts(problem error) bool {
	return a.EmptyDatabase && errors.Is(problem, ErrDatabaseEmpty) || a.OtherDatabase && errors.Is(problem, ErrDatabaseOther) ||
		a.OlderDatabase && errors.Is(problem, ErrDatabaseOlder) || a.EmptyFolder && errors.Is(problem, ErrFolderEmpty)
}

// identityName is the folder's file and the database's setting.
const identityName = "identity"

// identity names a folder or a database, and says how far it has come.
type identity struct {
	ID    string // 32 hex digits, or "" for one that has none yet
	Order int64  // the highest order number
	Event string // the greatest id of an event, or ""
}

// behind tells whether i lacks something that other has seen.
func (i identity) behind(other identity) bool { return i.Order < other.Order || i.Event < other.Event }

// none is written in place of a missing event id, so that the line always has
// the same length.
var none = strings.Repeat("0", 32)

func (i identity) String() string {
	return fmt.Sprintf("id %s\norder %018d\nevent %s\n", i.ID, i.Order, cmp.Or(i.Event, none))
}

func parseIdentity(text string) (i identity, err error) {
	if _, err = fmt.Sscanf(text, "id %32s\norder %18d\nevent %32s\n", &i.ID, &i.Order, &i.Event); err == nil {
		if i.Event == none {
			i.Event = ""
		}
		if i.String() == text {
			return i, nil
		}
	}
	return identity{}, ErrIdentityDamaged
}

// folderFacts is what Open finds in the data folder.
type folderFacts struct {
	identity
	has []string // its things, in words
}

// blank tells whether the folder holds nothing yet.
func (f folderFacts) blank() bool { return len(f.has) == 0 && f.Order == 0 && f.Event == "" }

// lookInto reads what a data folder holds.
func lookInto(folder string) (f folderFacts, err error) {
	text, err := os.ReadFile(filepath.Join(folder, identityName)) // #nosec G304 -- the server administrator names the folder
	if err == nil {
		f.identity, err = parseIdentity(string(text))
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return f, fmt.Errorf("read %s: %w", filepath.Join(folder, identityName), err)
	}
	for _, thing := range []struct{ name, words string }{{"objects", "objects"}, {"stores", "stores"}, {keyring.File, "an encryption key"}} {
		if holdsFile(filepath.Join(folder, thing.name)) {
			f.has = append(f.has, thing.words)
		}
	}
	return f, nil
}

// holdsFile tells whether there is a file at or somewhere below path.
func holdsFile(path string) (found bool) {
	_ = filepath.WalkDir(path, func(_ string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			found = true
			return fs.SkipAll
		}
		return nil
	})
	return found
}

// databaseFacts is what Open finds in the database.
type databaseFacts struct {
	identity
	there bool // it has the tables of a desk
	used  bool // somebody has begun to work with it
	keeps bool // it knows objects or stores
}

func (d databaseFacts) blank() bool { return !d.used && d.Order == 0 && d.Event == "" }

// readFacts reads what a database of any version holds; g is nil for a database
// that is not there.
func readFacts(ctx context.Context, g *gorm.DB) (d databaseFacts, err error) {
	if g == nil {
		return d, nil
	}
	tables, err := g.WithContext(ctx).Migrator().GetTables()
	if err != nil {
		return d, fmt.Errorf("read database: %w", err)
	}
	if !slices.Contains(tables, "order_days") {
		return d, nil
	}
	var row struct {
		ID, Event   string
		Number      int64
		Used, Keeps bool
	}
	err = g.WithContext(ctx).Raw(`SELECT
		COALESCE((SELECT value FROM settings WHERE name = ?), '') AS id,
		COALESCE((SELECT MAX(id) FROM events), '') AS event,
		COALESCE((SELECT MAX(day * ? + last) FROM order_days), 0) AS number,
		EXISTS (SELECT 1 FROM users) OR EXISTS (SELECT 1 FROM teams) OR EXISTS (SELECT 1 FROM settings WHERE name = ?) AS used,
		EXISTS (SELECT 1 FROM objects) OR EXISTS (SELECT 1 FROM stores) AS keeps`, identityName, ordersADay, setupDone).Scan(&row).Error
	if err != nil {
		return d, fmt.Errorf("read database: %w", err)
	}
	return databaseFacts{identity: identity{ID: row.ID, Order: row.Number, Event: row.Event}, there: true, used: row.Used, keeps: row.Keeps}, nil
}

// meeting is what Open finds out about folder and database, and what it makes
// of it.
type meeting struct {
	accept   Accept
	existing bool // Options.Existing
	folder   folderFacts
	database databaseFacts
	problem  error // what was accepted
}

// check reads the database, which nothing has changed yet, and returns in what
// way it does not fit the folder, unless that is accepted.
func (m *meeting) check(ctx context.Context, g *gorm.DB) (err error) {
	if m.database, err = readFacts(ctx, g); err != nil {
		return err
	}
	if m.problem = m.compare(g == nil); m.problem != nil && !m.accept.accepts(m.problem) {
		return m.problem
	}
	if m.existing && m.problem == nil && !m.database.there {
		return ErrNoDesk
	}
	return nil
}

func (m *meeting) compare(missing bool) error {
	f, d := m.folder, m.database
	older := fmt.Errorf("%w: it ends with order number %d, and the folder has seen number %d and later changes", ErrDatabaseOlder, d.Order, f.Order)
	switch {
	case f.ID != "" && f.ID == d.ID:
		if d.behind(f.identity) {
			return older
		}
		return nil
	case f.blank() && d.blank():
		return nil
	case missing:
		return fmt.Errorf("%w: there is no quartermaster.db in the data folder, which %s", ErrDatabaseEmpty, f.words())
	case d.blank():
		return fmt.Errorf("%w, and the data folder %s", ErrDatabaseEmpty, f.words())
	case f.blank() && (d.ID != "" || d.keeps):
		return fmt.Errorf("%w, and the database is not", ErrFolderEmpty)
	case d.ID == "" && f.Order == 0 && f.Event == "":
		return nil // from before this version, or a kill while they were brought together
	case d.ID == "" && d.behind(f.identity):
		return older // a copy from before this version
	case f.ID == "":
		return fmt.Errorf("%w: it has an identity, and the folder has none", ErrDatabaseOther)
	}
	return ErrDatabaseOther
}

// words says what the folder has of its own.
func (f folderFacts) words() string {
	if len(f.has) == 0 {
		return "has seen orders and changes"
	}
	return "has " + strings.Join(f.has, " and ")
}

// agree writes down that folder and database belong together, and starts
// keeping the folder's record of how far the database has come. The folder gets
// its identity first, so that after a kill the next start decides as this one
// did.
func (db *DB) agree(ctx context.Context, m *meeting) error {
	mine := m.folder.identity
	if mine.ID == "" || m.problem != nil && !errors.Is(m.problem, ErrDatabaseOlder) {
		mine.ID = hex.EncodeToString(db.randomBytes(16))
		if err := writeIdentity(db.folder, mine); err != nil {
			return err
		}
	}
	if mine.ID != m.database.ID || m.problem != nil {
		err := db.tx(ctx, func(ctx context.Context, tx *DB) error {
			if err := tx.set(ctx, identityName, mine.ID); err != nil || m.problem == nil {
				return err
			}
			return tx.recordAccepted(ctx, m)
		})
		if err != nil {
			return fmt.Errorf("write identity: %w", err)
		}
	}
	now, err := readFacts(ctx, db.gorm)
	if err != nil {
		return err
	}
	db.progress, err = followFrom(db.folder, now.identity)
	if err == nil && m.problem != nil {
		db.log.Warn("started in spite of what did not fit; nothing was removed, and what the database does not know stays until: quartermaster check --repair",
			"accepted", m.problem)
	}
	return err
}

// recordAccepted notes, in the caller's transaction, what was accepted, and lets
// order numbers go on behind those that the folder has seen.
func (db *DB) recordAccepted(ctx context.Context, m *meeting) error {
	if err := db.set(ctx, blindUntil, SystemClock().UTC().Format(time.RFC3339Nano)); err != nil {
		return err
	}
	by, reason := Operator(), map[string]any{"reason": m.problem.Error()}
	by.UserName = "" // the program itself
	seen, last := m.folder.Order, m.database.Order
	if seen > last {
		reason["from"], reason["to"] = last, seen
	}
	if err := db.Record(ctx, by.ForSite(), Event{Action: "site.accepted"}, reason); err != nil || seen <= last {
		return err
	}
	err := query.Exec(ctx, db.gorm, `INSERT INTO order_days (day, last) VALUES (?, ?)
		ON CONFLICT (day) DO UPDATE SET last = excluded.last`, seen/ordersADay, seen%ordersADay)
	if err != nil {
		return fmt.Errorf("go on behind order %d: %w", seen, err)
	}
	teams, err := query.Of[Team](db.gorm).Find(ctx)
	if err != nil {
		return fmt.Errorf("list teams: %w", err)
	}
	for _, team := range teams {
		by.TeamID = team.ID
		err := db.Record(ctx, by, Event{Action: "order.gap", Kind: KindOrder}, reason)
		if err != nil {
			return fmt.Errorf("record gap: %w", err)
		}
	}
	return nil
}

// writeIdentity gives a data folder an identity, in place of an earlier one,
// safe from a power cut before it returns.
func writeIdentity(folder string, i identity) error {
	path := filepath.Join(folder, identityName)
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600) // #nosec G304 -- the server administrator names the folder
	if err != nil {
		return fmt.Errorf("write identity: %w", err)
	}
	_, err = f.WriteString(i.String())
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(path+".new", path)
	}
	if err = errors.Join(err, files.SyncFolder(folder)); err != nil {
		return fmt.Errorf("write identity: %w", err)
	}
	return nil
}

// progress keeps the folder's identity up to date with what the database has
// acknowledged.
type progress struct {
	mu    sync.Mutex
	file  *os.File
	now   identity
	dirty bool
	err   error // of the last write
}

// followFrom opens the identity file of a folder and brings it to i.
func followFrom(folder string, i identity) (*progress, error) {
	f, err := os.OpenFile(filepath.Join(folder, identityName), os.O_RDWR, 0o600) // #nosec G304 -- the server administrator names the folder
	if err != nil {
		return nil, fmt.Errorf("open identity: %w", err)
	}
	p := &progress{file: f, now: i}
	if p.write(); p.err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("write identity: %w", p.err)
	}
	return p, nil
}

// reach notes the numbers and ids that a committed transaction has used. It
// costs one write to a file of a hundred bytes. A kill of the process does not
// lose it; against a power cut there is sync.
func (p *progress) reach(seen identity) {
	if p == nil || seen == (identity{}) {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.now.behind(seen) {
		return
	}
	p.now.Order, p.now.Event = max(p.now.Order, seen.Order), max(p.now.Event, seen.Event)
	p.write()
}

// reached is up to where the database has certainly come.
func (p *progress) reached() identity {
	if p == nil {
		return identity{}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.now
}

func (p *progress) write() {
	_, p.err = p.file.WriteAt([]byte(p.now.String()), 0)
	p.dirty = true
}

// sync makes what was noted safe from a power cut.
func (p *progress) sync() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err != nil {
		p.write() // once more
	}
	if p.err != nil || !p.dirty {
		return p.err
	}
	err := p.file.Sync()
	p.dirty = err != nil
	return err
}

func (p *progress) close() error {
	if p == nil {
		return nil
	}
	return errors.Join(p.sync(), p.file.Close())
}

// syncPause is how often what the folder notes is made safe from a power cut.
const syncPause = time.Second

// startKeeping keeps the folder's identity safe, room on its disk and, on
// PostgreSQL, the database this process's. db.keeping ends it.
func (db *DB) startKeeping() {
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	keep := func(pause time.Duration, what string, do func() error) {
		done.Go(func() {
			failing := false // logged once until it works again
			every(ctx, pause, pause, func(int) {
				err := do()
				if err != nil && !failing && !errors.Is(err, ErrMoved) && ctx.Err() == nil {
					db.log.Warn(what, "error", err)
				}
				failing = err != nil
			})
		})
	}
	keep(syncPause, "sync identity", db.progress.sync)
	done.Go(func() { every(ctx, 0, spacePause, func(int) { db.keepSpace(ctx) }) })
	if db.holder != nil {
		db.holder.progress = db.progress
		keep(beatPause, "hold database", func() error { return db.holder.beat(ctx) })
	}
	db.keeping = func() {
		cancel()
		done.Wait()
	}
}
