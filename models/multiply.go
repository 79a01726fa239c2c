package models

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"

	"gorm.io/gorm"

	"quartermaster/models/copies"
	"quartermaster/models/files"
	"quartermaster/models/migrations"
	"quartermaster/models/pricing"
	"quartermaster/models/query"
)

// ErrHalfFilled says that filling the data folder and its database with sample
// data did not finish.
var ErrHalfFilled = errors.New("filling this data folder with sample data did not finish")

// fillingName is the file that a data folder has while it and its database are
// filled.
const fillingName = "filling"

// FillWith lets do fill an empty desk, which becomes a demo's. It is ErrNotEmpty
// on a desk that somebody has begun to work with. When do fails, or the program
// ends meanwhile, Open refuses the folder as ErrHalfFilled.
func (db *DB) FillWith(ctx context.Context, do func(context.Context) error) error {
	facts, err := readFacts(ctx, db.gorm)
	if err != nil {
		return err
	}
	if !facts.blank() || facts.keeps {
		return fmt.Errorf("the database %w", ErrNotEmpty)
	}
	path := filepath.Join(db.folder, fillingName)
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		return err
	}
	if err := db.ClaimForDemo(ctx); err != nil {
		return err
	}
	if err := do(ctx); err != nil {
		return err
	}
	return errors.Join(os.Remove(path), files.SyncFolder(db.folder))
}

// Specimen is something that people did in one day, which Multiply copies.
type Specimen struct {
	// RequestID is that of the actors who did it, and of nobody else. Mark is a
	// text of MarkLength letters that the names of this specimen alone have, in
	// lower case: a copy has another there.
	RequestID, Mark string
	// Share is how often it is copied, beside those of the others.
	Share float64
	// Since is how old copies are at most, 0 for any age.
	Since time.Duration

	began  time.Time
	months []Month // what it added to them
	mould  *copies.Mould
}

// MarkLength is how long the mark of a specimen is.
const MarkLength = 7

// Observe does something that becomes a specimen.
func (db *DB) Observe(ctx context.Context, s *Specimen, do func() error) error {
	s.began = db.Now()
	before, err := query.Of[Month](db.gorm).Find(ctx)
	if err != nil {
		return translate(err)
	}
	if err := do(); err != nil {
		return err
	}
	after, err := query.Of[Month](db.gorm).Find(ctx)
	for _, m := range after {
		for _, was := range before {
			if m.TeamID == was.TeamID && m.Month == was.Month && m.Kind == was.Kind {
				m.Created, m.Deleted, m.SpendMinor = m.Created-was.Created, m.Deleted-was.Deleted, m.SpendMinor-was.SpendMinor
			}
		}
		if m.Created != 0 || m.Deleted != 0 || m.SpendMinor != 0 {
			s.months = append(s.months, m)
		}
	}
	return translate(err)
}

// Multiplication is copies to make.
type Multiplication struct {
	Specimens []*Specimen
	// Orders is how many there are in the end, with those of the specimens.
	Orders int64
	// From and To bound when copies begin. Days have orders between 8:30 and
	// 19:30 in UTC+8, after those of the specimens.
	From, To time.Time
	Meter    *Meter
}

// multiplier makes copies on a connection of its own.
type multiplier struct {
	Multiplication
	db     *DB
	conn   *sql.Conn
	engine copies.Engine
	random *rand.ChaCha8
	days   map[int64]int64
	months map[Month]*Month // by team, month and kind
	serial int64
	tables []string
	// indexes are those of the specimens' stores.
	indexes map[string][]byte
}

// Multiply copies specimens until there are so many orders, with their lines,
// things, jobs and events, as if each had been placed, and counts them. It is
// for a desk that nobody uses meanwhile. The indexes of the tables are dropped,
// and made again afterwards.
func (db *DB) Multiply(ctx context.Context, m Multiplication) (err error) {
	x := &multiplier{Multiplication: m, db: db, days: map[int64]int64{}, months: map[Month]*Month{}, indexes: map[string][]byte{}}
	x.engine = copies.Engine{Postgres: db.gorm.Name() == "postgres", First: []string{"orders", "apps", "buckets"}}
	x.random = rand.NewChaCha8([32]byte(db.randomBytes(32)))
	done, err := x.connect(ctx)
	if err != nil {
		return err
	}
	defer func() { err = translate(errors.Join(err, done())) }()
	if err := x.prepare(ctx); err != nil {
		return err
	}
	m.Meter.begin("dropping indexes", 0)
	dropped, err := x.engine.DropIndexes(ctx, x.conn, x.tables)
	if err != nil {
		return err
	}
	if err := x.copy(ctx); err != nil {
		return err
	}
	m.Meter.begin("making indexes", int64(len(dropped)))
	for _, index := range dropped {
		if _, err := x.conn.ExecContext(ctx, index.Make); err != nil {
			return fmt.Errorf("make index %s: %w", index.Name, err)
		}
		m.Meter.add(1, 0)
	}
	m.Meter.begin("settling plans", 0)
	if err := db.SettlePlans(ctx); err != nil {
		return err
	}
	m.Meter.begin("counting", 0)
	if err := x.count(ctx); err != nil {
		return err
	}
	m.Meter.begin("indexing what is searched", 0)
	if err := db.FillSearch(ctx); err != nil {
		return err
	}
	return x.settle(ctx)
}

// connect takes a connection that syncs nothing: what is half done is thrown
// away anyway.
func (x *multiplier) connect(ctx context.Context) (done func() error, err error) {
	if x.engine.Postgres {
		pool, err := x.db.gorm.DB()
		if err != nil {
			return nil, err
		}
		x.conn, err = pool.Conn(ctx)
		return func() error { return x.conn.Close() }, err
	}
	g, err := gorm.Open(sqliteAt(sqliteAddress(x.db.sqliteFile())+"?_busy_timeout=5000&_synchronous=OFF&_cache_size=-128000&_txlock=immediate"), gormConfig(x.db))
	if err != nil {
		return nil, err
	}
	pool, err := g.DB()
	if err != nil {
		return nil, err
	}
	if x.conn, err = pool.Conn(ctx); err == nil {
		_, err = x.conn.ExecContext(ctx, "PRAGMA threads = 2") // for making indexes
	}
	return func() error { return errors.Join(x.conn.Close(), pool.Close()) }, err
}

// kept are tables whose rows no specimen has: copies add to them.
var kept = []string{"counters", "months", "spends", "run_months", "order_days", "settings", "migrations", "teams", "users",
	"search_queue", "search_segments", "search_terms", "search_docs"}

// prepare makes moulds of the specimens.
func (x *multiplier) prepare(ctx context.Context) error {
	tables, err := migrations.Tables()
	if err != nil {
		return err
	}
	var rows []copies.Row
	for _, table := range tables {
		if slices.Contains(kept, table) {
			continue
		}
		some, err := copies.Read(ctx, x.conn, table)
		if err != nil {
			return fmt.Errorf("read %s: %w", table, err)
		}
		rows = append(rows, some...)
	}
	owner := x.owners(rows)
	mine := map[*Specimen][]copies.Row{}
	for _, r := range rows {
		if s := ownerOf(owner, r); s != nil {
			mine[s] = append(mine[s], r)
			if !slices.Contains(x.tables, r.Of.Name) {
				x.tables = append(x.tables, r.Of.Name)
			}
		}
	}
	for _, s := range x.Specimens {
		if s.mould, err = copies.New(mine[s], s.Mark, s.began, s.RequestID); err != nil {
			return fmt.Errorf("specimen %s: %w", s.Mark, err)
		}
		for _, id := range s.mould.IDs() {
			text, err := os.ReadFile(x.db.storeIndex(id))
			if err == nil {
				x.indexes[id] = text
			} else if !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	var days []struct{ Day, Last int64 }
	err = x.db.gorm.WithContext(ctx).Table("order_days").Find(&days).Error
	for _, d := range days {
		x.days[d.Day] = d.Last
	}
	return err
}

// owners are the specimens by what names them and what they made: requests,
// orders and things.
func (x *multiplier) owners(rows []copies.Row) map[string]*Specimen {
	owner := map[string]*Specimen{}
	for _, s := range x.Specimens {
		owner[s.RequestID] = s
	}
	for _, r := range rows {
		s := owner[r.Text("request_id")]
		if s == nil {
			continue
		}
		for _, column := range []string{"number", "order_number", "subject_id"} {
			if v := r.Text(column); v != "" && v != "0" {
				owner[v] = s
			}
		}
	}
	return owner
}

// ownerOf is the specimen that a row belongs to, if it does to one.
func ownerOf(owner map[string]*Specimen, r copies.Row) *Specimen {
	for _, v := range r.Values {
		switch v := v.(type) {
		case string:
			if s := owner[v]; s != nil {
				return s
			}
		case int64:
			if s := owner[strconv.FormatInt(v, 10)]; s != nil {
				return s
			}
		}
	}
	return nil
}

// written is how many orders are written at once.
const written = 2000

// copy makes the copies, while those before are written.
func (x *multiplier) copy(ctx context.Context) error {
	have, err := query.Of[Order](x.db.gorm).Count(ctx, "*")
	if err != nil {
		return err
	}
	x.Meter.begin("writing orders", x.Orders-have)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	batches := make(chan *copies.Batch, 2)
	var failed error
	go func() {
		defer close(batches)
		failed = x.make(ctx, x.Orders-have, func(b *copies.Batch) bool {
			select {
			case batches <- b:
				return true
			case <-ctx.Done():
				return false
			}
		})
	}()
	for b := range batches {
		if err := x.engine.Write(ctx, x.conn, b); err != nil {
			cancel()
			for range batches { // until it has ended
			}
			return err
		}
		x.Meter.add(int64(b.Orders), 0)
	}
	return errors.Join(failed, ctx.Err())
}

func (x *multiplier) make(ctx context.Context, n int64, write func(*copies.Batch) bool) error {
	b := new(copies.Batch)
	for made := int64(0); made < n; {
		at := x.moment(made, n)
		s := x.pick(at, n-made)
		if s == nil {
			return errors.New("nothing to copy")
		}
		if err := x.copyOf(ctx, s, at, b); err != nil {
			return err
		}
		made += int64(s.mould.Orders)
		b.Orders += s.mould.Orders
		if b.Orders >= written || made >= n {
			if !write(b) {
				return nil
			}
			b = new(copies.Batch)
		}
	}
	return nil
}

const (
	opens = 8*time.Hour + 30*time.Minute
	open  = 11 * time.Hour
)

// moment is when the copy of that place among n begins.
func (x *multiplier) moment(place, n int64) time.Time {
	first := midnight(x.From)
	days := int64(midnight(x.To).Sub(first)/(24*time.Hour)) + 1
	day := place * days / n
	share := float64(place*days%n) / float64(n)
	at := first.Add(time.Duration(day)*24*time.Hour + opens + time.Duration(share*float64(open)))
	return at.Truncate(tick)
}

func midnight(t time.Time) time.Time {
	t = t.In(pricing.Zone)
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, pricing.Zone)
}

// pick is a specimen for a copy at a moment, of that many orders at most.
func (x *multiplier) pick(at time.Time, most int64) *Specimen {
	var all float64
	fits := func(s *Specimen) bool {
		return s.Share > 0 && (s.Since == 0 || x.To.Sub(at) <= s.Since) && s.mould.Orders > 0 && int64(s.mould.Orders) <= most
	}
	for _, s := range x.Specimens {
		if fits(s) {
			all += s.Share
		}
	}
	left := float64(x.random.Uint64()>>11) / (1 << 53) * all
	var last *Specimen
	for _, s := range x.Specimens {
		if !fits(s) {
			continue
		}
		if last = s; left < s.Share {
			return s
		}
		left -= s.Share
	}
	return last
}

func (x *multiplier) copyOf(ctx context.Context, s *Specimen, at time.Time, b *copies.Batch) error {
	by := at.Sub(s.mould.Began).Truncate(time.Second)
	day := dayOf(at)
	first := day*ordersADay + x.days[day] + 1
	if x.days[day] += int64(s.mould.Orders); x.days[day] >= ordersADay {
		return errors.New("too many orders in a day")
	}
	x.serial++
	mark := strconv.FormatInt(x.serial, 36)
	for len(mark) < MarkLength {
		mark = "0" + mark
	}
	for _, m := range s.months {
		key := Month{TeamID: m.TeamID, Month: MonthOf(at), Kind: m.Kind}
		sum := x.months[key]
		if sum == nil {
			sum = &Month{TeamID: m.TeamID, Month: key.Month, Kind: m.Kind}
			x.months[key] = sum
		}
		sum.Created, sum.Deleted, sum.SpendMinor = sum.Created+m.Created, sum.Deleted+m.Deleted, sum.SpendMinor+m.SpendMinor
	}
	ids := s.mould.Copy(x.random, by, first, mark, b)
	for i, id := range s.mould.IDs() {
		if text, is := x.indexes[id]; is {
			err := errors.Join(os.Mkdir(x.db.storeFolder(ids[i]), 0o700), os.WriteFile(x.db.storeIndex(ids[i]), text, 0o600))
			if err != nil {
				return err
			}
		}
	}
	return ctx.Err()
}

// count brings what is counted up to what was written.
func (x *multiplier) count(ctx context.Context) error {
	return x.db.tx(ctx, func(ctx context.Context, tx *DB) error {
		for day, last := range x.days {
			err := query.Exec(ctx, tx.gorm, `INSERT INTO order_days (day, last) VALUES (?, ?) ON CONFLICT (day) DO UPDATE SET last = excluded.last`, day, last)
			if err != nil {
				return err
			}
			tx.marks.Order = max(tx.marks.Order, day*ordersADay+last)
		}
		for _, m := range x.months {
			if err := tx.addToMonth(ctx, *m); err != nil {
				return err
			}
		}
		if err := tx.gorm.WithContext(ctx).Raw("SELECT MAX(id) FROM events").Scan(&tx.marks.Event).Error; err != nil {
			return err
		}
		err := query.Exec(ctx, tx.gorm, `INSERT INTO counters (team_id, name, value)
			SELECT team_id, name, value FROM (`+tx.things()+totals+`) AS want WHERE true
			ON CONFLICT (team_id, name) DO UPDATE SET value = excluded.value`)
		err = errors.Join(err, query.Exec(ctx, tx.gorm, "DELETE FROM spends"),
			query.Exec(ctx, tx.gorm, "INSERT INTO spends (team_id, month, cost_centre, region, kinds, currency, orders, spend_minor) "+spends),
			query.Exec(ctx, tx.gorm, "DELETE FROM run_months"), migrations.CountRuns(tx.gorm.WithContext(ctx)))
		if err != nil {
			return err
		}
		return query.Exec(ctx, tx.gorm, `UPDATE teams AS t SET cu_used = `+usedCU+`, cu_quota = cu_quota + `+usedCU)
	})
}

// settle makes what was written safe, and tells PostgreSQL how much there is of
// what, which otherwise it finds out later.
func (x *multiplier) settle(ctx context.Context) error {
	if !x.engine.Postgres {
		x.Meter.begin("syncing", 0)
		_, err := x.conn.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)")
		syscall.Sync()
		return err
	}
	x.Meter.begin("analysing tables", int64(len(x.tables)))
	for _, table := range x.tables {
		if _, err := x.conn.ExecContext(ctx, "VACUUM ANALYZE "+table); err != nil {
			return err
		}
		x.Meter.add(1, 0)
	}
	return nil
}
