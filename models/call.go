package models

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"quartermaster/models/list"
	"quartermaster/models/pricing"
	"quartermaster/models/query"
)

const (
	// callsKept and callsAge bound the list of a key's calls. Fewer are kept of
	// calls that somebody else may have sent.
	callsKept    = 1000
	unprovenKept = 100
	callsAge     = 30 * 24 * time.Hour
	// callsWaiting is how many calls wait to be written. Further ones are left
	// out of the list: a request never waits for it.
	callsWaiting = 4096
	// unprovenWaiting is how many wait when no more of those that somebody else
	// may have sent are added, so that they displace none of the others.
	unprovenWaiting = 512
	// callsTogether bounds what one transaction writes.
	callsTogether = 200
	// callsPause is how long calls gather. What waits is written at once when
	// somebody wants to see it, and when the database is closed.
	callsPause = time.Second
)

// Call is one request that an access key signed: what was asked, and what came
// of it. It holds no parameters, which may be secrets.
type Call struct {
	ID         string
	KeyID      string
	TeamID     string // the team that a site key named
	At         time.Time
	Product    APIProduct
	Operation  string
	Status     int    // of HTTP
	Code       string // the documented error code, "" when it was done
	TookMicros int64
	RequestID  string
	Address    string
	Agent      string
	// Unproven says that the request did not show that the key's owner sent it,
	// as with a wrong signature. It is listed, but is no use of the key.
	Unproven bool
}

// TableName is the table that calls are in.
func (Call) TableName() string { return "api_calls" }

// Failed tells whether the call was refused or failed.
func (c Call) Failed() bool { return c.Code != "" }

// callLog gathers calls and uses of sessions, and writes them in the background.
type callLog struct {
	queue   chan Call
	flush   chan chan error
	end     chan struct{}
	ended   chan struct{}
	endOnce sync.Once
	last    error // of the last flush, after ended

	mu   sync.Mutex
	seen map[string]time.Time // when sessions were last used, by their hashes
}

// saw notes in the background that a session was used: a page does not wait for
// this write.
func (l *callLog) saw(session string, at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seen[session] = at
}

func (l *callLog) takeSeen() map[string]time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	seen := l.seen
	l.seen = map[string]time.Time{}
	return seen
}

func (db *DB) startCalls() {
	l := &callLog{queue: make(chan Call, callsWaiting), flush: make(chan chan error), end: make(chan struct{}), ended: make(chan struct{}), seen: map[string]time.Time{}}
	db.calls = l
	go func() {
		defer close(l.ended)
		l.last = db.keepCalls(l)
	}()
}

func (l *callLog) stop() error {
	l.endOnce.Do(func() { close(l.end) })
	<-l.ended
	return l.last
}

// NoteCall puts a call on the list of its key's calls, and the key's last use
// with it. It never waits: the list is written in the background, and when more
// come than can be written some are left out.
func (db *DB) NoteCall(c Call) {
	if c.Unproven && len(db.calls.queue) >= unprovenWaiting {
		return
	}
	c.ID = db.newID()
	c.Operation, c.Code, c.Agent = clip(c.Operation, 64), clip(c.Code, 64), clip(c.Agent, mostAgent)
	select {
	case db.calls.queue <- c:
	default:
	}
}

// FlushCalls writes what NoteCall has gathered so far, and the last uses of
// sessions.
func (db *DB) FlushCalls(ctx context.Context) error {
	done := make(chan error, 1)
	select {
	case db.calls.flush <- done:
	case <-db.calls.ended:
		return ErrBusy
	case <-ctx.Done():
		return ctx.Err()
	}
	return <-done
}

// keepCalls writes what is gathered, from time to time, until it is stopped.
func (db *DB) keepCalls(l *callLog) error {
	pause := time.NewTimer(callsPause)
	defer pause.Stop()
	for {
		select {
		case <-l.end:
			return db.writeCalls(l)
		case done := <-l.flush:
			done <- db.writeCalls(l)
		case <-pause.C:
			if err := db.writeCalls(l); err != nil {
				db.log.Warn("calls of access keys and uses of sessions are not listed", "error", err)
			}
			pause.Reset(callsPause)
		}
	}
}

// writeCalls writes all that waits.
func (db *DB) writeCalls(l *callLog) error {
	var errs []error
	if seen := l.takeSeen(); len(seen) > 0 {
		errs = append(errs, db.tx(context.Background(), func(ctx context.Context, tx *DB) error {
			return tx.noteSeen(ctx, seen)
		}))
	}
	var calls []Call
	for len(l.queue) > 0 {
		calls = append(calls, <-l.queue)
	}
	for batch := range slices.Chunk(lastCalls(calls), callsTogether) {
		errs = append(errs, db.tx(context.Background(), func(ctx context.Context, tx *DB) error {
			return tx.addCalls(ctx, batch)
		}))
	}
	return errors.Join(errs...)
}

// lastCalls are those of calls that the lists of their keys have room for.
func lastCalls(calls []Call) []Call {
	type kept struct {
		key      string
		unproven bool
	}
	seen := map[kept]int{}
	last := calls[:0:0]
	for _, c := range slices.Backward(calls) {
		list, most := kept{c.KeyID, c.Unproven}, callsKept
		if c.Unproven {
			most = unprovenKept
		}
		if seen[list]++; seen[list] <= most {
			last = append(last, c)
		}
	}
	slices.Reverse(last)
	return last
}

// addCalls writes a batch: the calls, and each key's last use once.
func (db *DB) addCalls(ctx context.Context, batch []Call) error {
	last := map[string]Call{}
	for _, c := range batch {
		if l := last[c.KeyID]; !c.Unproven && !c.At.Before(l.At) {
			last[c.KeyID] = c
		}
	}
	for _, id := range slices.Sorted(maps.Keys(last)) { // in one order, so that two processes cannot deadlock
		c := last[id]
		err := query.Exec(ctx, db.gorm, `UPDATE access_keys SET used_at = ?, used_from = ?, used_agent = ?, used_for = ?
			WHERE id = ? AND (used_at IS NULL OR used_at <= ?)`, c.At, c.Address, c.Agent, c.Operation, id, c.At)
		if err != nil {
			return fmt.Errorf("note use of access key: %w", err)
		}
	}
	known, err := db.keptKeys(ctx, batch)
	if err != nil {
		return err
	}
	calls := slices.DeleteFunc(batch, func(c Call) bool { return !known[c.KeyID] })
	if len(calls) == 0 {
		return nil
	}
	if err := query.Of[Call](db.gorm).CreateAll(ctx, calls); err != nil {
		return fmt.Errorf("list calls: %w", err)
	}
	return db.trimCalls(ctx, known)
}

// keptKeys are the keys of calls that have not been deleted meanwhile. They stay
// until the caller's transaction ends.
func (db *DB) keptKeys(ctx context.Context, calls []Call) (map[string]bool, error) {
	asked := map[string]bool{}
	for _, c := range calls {
		asked[c.KeyID] = true
	}
	statement := "SELECT id FROM access_keys WHERE id IN ? ORDER BY id"
	if db.gorm.Name() == "postgres" {
		statement += " FOR KEY SHARE"
	}
	var ids []string
	if err := db.gorm.WithContext(ctx).Raw(statement, slices.Collect(maps.Keys(asked))).Scan(&ids).Error; err != nil {
		return nil, fmt.Errorf("look for access keys: %w", err)
	}
	known := map[string]bool{}
	for _, id := range ids {
		known[id] = true
	}
	return known, nil
}

// trimCalls forgets calls that are too old, and those of the given keys beyond
// the last.
func (db *DB) trimCalls(ctx context.Context, keys map[string]bool) error {
	// An id begins with the time it was made.
	old := fmt.Sprintf("%012x", db.Now().Add(-callsAge).UnixMilli())
	if err := query.Exec(ctx, db.gorm, "DELETE FROM api_calls WHERE id < ?", old); err != nil {
		return fmt.Errorf("forget calls: %w", err)
	}
	for id := range keys {
		for unproven, kept := range map[bool]int{false: callsKept, true: unprovenKept} {
			err := query.Exec(ctx, db.gorm, `DELETE FROM api_calls WHERE key_id = ? AND unproven = ? AND (at, id) <= (
				SELECT at, id FROM api_calls WHERE key_id = ? AND unproven = ? ORDER BY at DESC, id DESC LIMIT 1 OFFSET ?)`,
				id, unproven, id, unproven, kept)
			if err != nil {
				return fmt.Errorf("forget calls: %w", err)
			}
		}
	}
	return nil
}

// Calls is the list of the last calls of an access key of a team, or of the site.
// Its filter is failed.
var Calls = &List[Call]{
	Right: Administer, Site: true,
	Below: func(ctx context.Context, db *DB, by Actor, key string) error {
		if _, err := db.FindAccessKey(ctx, by, key); err != nil {
			return err
		}
		return db.FlushCalls(ctx) // the caller probably looks for the newest call
	},
	Desc: list.Desc[Call]{
		Table: "api_calls", Key: "id", Scope: "key_id",
		Columns: []string{"id", "key_id", "team_id", "at", "product", "operation", "status", "code", "took_micros", "request_id", "address", "agent", "unproven"},
		Into: func(c *Call, to []any) []any {
			return append(to, &c.ID, &c.KeyID, &c.TeamID, &c.At, (*string)(&c.Product), &c.Operation, &c.Status, &c.Code, &c.TookMicros, &c.RequestID, &c.Address, &c.Agent, &c.Unproven)
		},
		Sorts: []list.Sort{{Name: "at", Columns: []string{"at", "id"}}, small("operation", "operation", "id"), small("result", "code", "id"), small("took", "took_micros", "id"),
			small("request", "request_id", "id")},
		Filters: []list.Filter{{Name: "failed", Values: []string{"true"}, Arms: func(string, time.Time) []list.Cond {
			return []list.Cond{{SQL: "code <> ''"}}
		}}},
		Indexes: []list.Index{{Name: "api_calls_key", Sort: "at"}, {Name: "api_calls_failed", Filters: []string{"failed"}, Sort: "at"}},
	},
}

// CallDay is how many calls of an access key were made on a day, and failed.
type CallDay struct {
	Day           time.Time // noon of it, UTC+8
	Calls, Failed int64
}

// CallDays are the days of the calls of an access key that are kept, as days begin in a
// zone, today last. Cut tells that there were more calls than are kept, so that they
// begin somewhere in the first day.
func (db *DB) CallDays(ctx context.Context, by Actor, key string, zone *time.Location) (days []CallDay, cut bool, err error) {
	if _, err := db.FindAccessKey(ctx, by, key); err != nil {
		return nil, false, err
	}
	calls, err := query.Of[Call](db.gorm).Select("at, code, unproven").Where("key_id = ?", key).
		Order("at DESC, id DESC").Limit(callsKept + unprovenKept).Find(ctx)
	if err != nil || len(calls) == 0 {
		return nil, false, translate(err)
	}
	day := func(t time.Time) time.Time {
		y, m, d := t.In(zone).Date()
		return time.Date(y, m, d, 12, 0, 0, 0, pricing.Zone)
	}
	last, first := day(db.Now()), day(db.Now().Add(-callsAge))
	proven := 0
	for _, c := range calls {
		if !c.Unproven {
			proven++
		}
		if cut = proven == callsKept; cut && day(c.At).After(first) {
			first = day(c.At)
		}
	}
	for d := first; !d.After(last); d = d.AddDate(0, 0, 1) {
		days = append(days, CallDay{Day: d})
	}
	for _, c := range calls {
		at := int(day(c.At).Sub(first) / (24 * time.Hour))
		if at < 0 || at >= len(days) {
			continue
		}
		days[at].Calls++
		if c.Failed() {
			days[at].Failed++
		}
	}
	return days, cut, nil
}

// FindCall is the call that a request id was given to, for those who may see the
// calls of its key. A call of the last seconds may not be written yet.
func (db *DB) FindCall(ctx context.Context, by Actor, requestID string) (*Call, error) {
	if err := by.mayKeys(); err != nil {
		return nil, err
	}
	call, err := query.Of[Call](db.gorm).Where("request_id = ?", requestID).Order("at DESC").First(ctx)
	if err != nil {
		return nil, translate(err)
	}
	if _, err := db.FindAccessKey(ctx, by, call.KeyID); err != nil {
		return nil, err
	}
	return &call, nil
}
