package models

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"quartermaster/models/query"
)

// BulkAction is something that can be done to several things of a kind at once.
type BulkAction string

// The actions.
const (
	BulkDelete  BulkAction = "delete"
	BulkRenew   BulkAction = "renew"
	BulkCentre  BulkAction = "centre"
	BulkApprove BulkAction = "approve"
	BulkReject  BulkAction = "reject"
	BulkTag     BulkAction = "tag"
	BulkUntag   BulkAction = "untag"
)

// States of an item of a Bulk.
const (
	BulkWaiting = "waiting"
	BulkDone    = "done"
	BulkRefused = "refused"
)

// States of a Bulk. What waits of one that was cancelled is left as it is, until it is
// tried again.
const (
	BulkRunning   = "running"
	BulkEnded     = "ended"
	BulkCancelled = "cancelled"
)

const (
	// MaxPicked is how many things are picked one by one, and how many of those that
	// something is done to a page shows. So many are done at once; a job does more.
	MaxPicked = 100
	// MaxBulk is how many things something is done to.
	MaxBulk = 10_000
	// mostBulks is how many of a person's are kept in a team, and mostItems how many
	// things these are about, the newest.
	mostBulks = 50
	mostItems = 20_000
	// bulkTurn is how many things a job does before others have their turn.
	bulkTurn = 200
)

// Bulk is something that was done to several things, one after the other, each in a
// transaction of its own: what one is refused for does not concern the others.
type Bulk struct {
	ID       string
	TeamID   string
	UserID   string
	UserName string
	Kind     Kind
	Action   BulkAction
	Input    string // JSON of what the action asked for
	State    string
	// Total is how many things it is about, of which so many are done and refused.
	Total, Done, Refused int64
	Address              string
	Agent                string
	RequestID            string
	At                   time.Time

	// Items are some of its things.
	Items []BulkItem `gorm:"-"`
}

// BulkItem is a thing and what came of it.
type BulkItem struct {
	BulkID string `gorm:"primaryKey"`
	Place  int64  `gorm:"primaryKey;autoIncrement:false"` // from 1
	TeamID string
	ID     string `gorm:"column:thing_id"`
	Name   string // "" of a thing that is not there
	Seen   string // the version that the actor saw, where the action asks for that
	State  string
	Why    Invalid `gorm:"serializer:json;not null"` // it was refused
	// Was and Will are what the action changes, as it was and as it will be, "" where
	// its words say that.
	Was, Will string
}

// Count is how many items are in a state.
func (b Bulk) Count(state string) int {
	return int(map[string]int64{BulkDone: b.Done, BulkRefused: b.Refused, BulkWaiting: b.Total - b.Done - b.Refused}[state])
}

// Running tells whether it goes on.
func (b Bulk) Running() bool { return b.State == BulkRunning }

// BulkFacts do an action to a thing.
type BulkFacts struct {
	// Right is what it takes, Request when empty.
	Right Right
	// Input makes what it asks for besides the things: a pointer to a struct with the
	// tags of a form. nil when that is nothing.
	Input func() any
	// May says, and only reads, what doing it would be refused for, and writes into the
	// item what it changes. in is what Input made, filled in, or nil while that is not
	// right yet.
	May func(ctx context.Context, db *DB, by Actor, item *BulkItem, in any) error
	// Do does it, in the caller's transaction.
	Do func(ctx context.Context, tx *DB, by Actor, item *BulkItem, in any) error
	// Picked is for what is only done to things that were shown, at most MaxPicked.
	Picked bool
	// Ordered is for what is ordered, for all of them in one order: a form of its own
	// asks for it, in the place of May and Do.
	Ordered bool
}

// right is what the action takes.
func (f BulkFacts) right() Right {
	if f.Right == "" {
		return Request
	}
	return f.Right
}

// Most is how many things it is done to.
func (f BulkFacts) Most() int {
	if f.Picked {
		return MaxPicked
	}
	return MaxBulk
}

// Asked is what it asks for besides the things, to be filled in; nil when that is
// nothing.
func (f BulkFacts) Asked() any {
	if f.Input == nil {
		return nil
	}
	return f.Input()
}

// bulk are the actions of a kind: its own, and those of all whose things have tags.
func (k KindFacts) bulk() map[BulkAction]BulkFacts {
	if !k.Tagged {
		return k.Bulk
	}
	all := map[BulkAction]BulkFacts{BulkTag: tagsInBulk(k.Kind, (*Tagged).with), BulkUntag: tagsInBulk(k.Kind, (*Tagged).without)}
	maps.Copy(all, k.Bulk)
	return all
}

// BulkFacts say how an action is done to things of a kind; ErrNotFound where it is not.
func (db *DB) BulkFacts(kind Kind, action BulkAction) (BulkFacts, error) {
	facts, is := db.kind(kind).bulk()[action]
	if !is {
		return facts, ErrNotFound
	}
	return facts, nil
}

// Bulks are the actions that the actor may do to several things of a kind, what cannot
// be undone last.
func (db *DB) Bulks(by Actor, kind Kind) (actions []BulkAction) {
	for action, facts := range db.kind(kind).bulk() {
		if by.May(facts.right()) {
			actions = append(actions, action)
		}
	}
	slices.Sort(actions)
	if i := slices.Index(actions, BulkDelete); i >= 0 {
		actions = append(slices.Delete(actions, i, i+1), BulkDelete)
	}
	return actions
}

// Pick is the item as a form has it: its id and what was seen of it.
func (i BulkItem) Pick() string {
	if i.Seen == "" {
		return i.ID
	}
	return i.ID + "@" + i.Seen
}

// Number is the number of the order that the item is, 0 where it is none.
func (i BulkItem) Number() int64 {
	n, _ := strconv.ParseInt(i.ID, 10, 64)
	return n
}

// items are things of the actor's team, as Pick has them, each once; those that are
// not there have no name, nor have those behind as many as are to have one.
func (db *DB) items(ctx context.Context, by Actor, k KindFacts, most, named int, picks []string) (items []BulkItem, err error) {
	if len(picks) == 0 {
		return nil, invalid("", "none_picked")
	}
	if len(picks) > most {
		return nil, invalid("", "too_many_picked", strconv.Itoa(most))
	}
	of := k.search()
	known := map[string]bool{}
	for _, pick := range picks {
		id, seen, _ := strings.Cut(pick, "@")
		if !known[id] {
			known[id] = true
			items = append(items, BulkItem{Place: int64(len(items) + 1), TeamID: by.TeamID, ID: clip(id, 100), Seen: clip(seen, 100), State: BulkWaiting})
		}
	}
	for some := range slices.Chunk(items[:min(len(items), named)], exportSize) {
		var ids []any
		for _, i := range some {
			if n, err := strconv.ParseInt(i.ID, 10, 64); of.Key == "id" {
				ids = append(ids, i.ID)
			} else if err == nil {
				ids = append(ids, n)
			}
		}
		var rows []struct{ ID, Name string }
		err := db.gorm.WithContext(ctx).Table(of.Table).Select("CAST("+of.Key+" AS text) AS id, CAST("+of.Name+" AS text) AS name").Where(of.Key+" IN ? AND "+alsoOfTeam, ids, by.TeamID).Find(&rows).Error
		if err != nil {
			return nil, fmt.Errorf("read chosen: %w", err)
		}
		names := map[string]string{}
		for _, r := range rows {
			names[r.ID] = r.Name
		}
		for i := range some {
			some[i].Name = names[some[i].ID]
		}
	}
	return items, nil
}

// PreviewBulk says what an action would do to things of the actor's team, and what
// it would be refused for. It only reads. Beyond MaxPicked things nothing is said of
// each. What in breaks is returned beside them.
func (db *DB) PreviewBulk(ctx context.Context, by Actor, kind Kind, action BulkAction, picks []string, in any) ([]BulkItem, error) {
	facts, err := db.BulkFacts(kind, action)
	if err != nil {
		return nil, err
	}
	if err := by.may(facts.right()); err != nil {
		return nil, err
	}
	if facts.Ordered {
		return nil, ErrNotFound
	}
	items, err := db.items(ctx, by, db.kind(kind), facts.Most(), MaxPicked, picks)
	if err != nil {
		return nil, err
	}
	wrong := facts.check(in)
	if wrong != nil {
		in = nil
	}
	for i := range items[:min(len(items), MaxPicked)] {
		err := facts.May(ctx, db, by, &items[i], in)
		if err == nil {
			continue
		}
		if items[i].State, items[i].Why, err = BulkRefused, whyRefused(err), unexpected(err); err != nil {
			return nil, err
		}
	}
	return items, wrong
}

// check says what is wrong with what an action asks for.
func (f BulkFacts) check(in any) error {
	if f.Input == nil {
		return nil
	}
	if own, has := in.(interface{ Check() error }); has {
		return own.Check()
	}
	return Check(in)
}

// whyRefused is an error as a row keeps it.
func whyRefused(err error) Invalid {
	var broken Invalid
	switch {
	case errors.As(err, &broken):
		return broken
	case errors.Is(err, ErrNotFound):
		return Invalid{{Rule: "bulk_gone"}}
	case errors.Is(err, ErrForbidden):
		return Invalid{{Rule: "bulk_forbidden"}}
	case errors.Is(err, ErrConflict):
		return Invalid{{Rule: "bulk_conflict"}}
	}
	return Invalid{{Rule: "bulk_failed"}}
}

// unexpected is an error unless a row says it.
func unexpected(err error) error {
	if whyRefused(err)[0].Rule == "bulk_failed" {
		return err
	}
	return nil
}

// DoBulk does an action to things of the actor's team and keeps what came of each. It
// begins with them at once, and a job goes on: with what is more than MaxPicked, or is
// left when the program stops.
func (db *DB) DoBulk(ctx context.Context, by Actor, kind Kind, action BulkAction, picks []string, in any) (*Bulk, error) {
	facts, err := db.BulkFacts(kind, action)
	if err != nil {
		return nil, err
	}
	if err := by.may(facts.right()); err != nil {
		return nil, err
	}
	if facts.Ordered {
		return nil, ErrNotFound
	}
	if err := facts.check(in); err != nil {
		return nil, err
	}
	b := &Bulk{ID: db.newID(), TeamID: by.TeamID, UserID: by.UserID, UserName: by.UserName, Kind: kind, Action: action, State: BulkRunning,
		Address: by.Address, Agent: clip(by.Agent, 200), RequestID: by.RequestID, At: db.TeamNow(by)}
	items, err := db.items(ctx, by, db.kind(kind), facts.Most(), MaxBulk, picks)
	if err != nil {
		return nil, err
	}
	if facts.Input != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return nil, err
		}
		b.Input = string(text)
	}
	b.Total = int64(len(items))
	for i := range items {
		items[i].BulkID = b.ID
	}
	err = db.tx(ctx, func(ctx context.Context, tx *DB) error {
		if err := query.Of[Bulk](tx.gorm).Create(ctx, b); err != nil {
			return fmt.Errorf("begin bulk: %w", err)
		}
		if err := query.Of[BulkItem](tx.gorm).CreateAll(ctx, items); err != nil {
			return fmt.Errorf("begin bulk: %w", err)
		}
		if err := tx.forgetBulks(ctx, by); err != nil {
			return err
		}
		return tx.promiseBulk(ctx, by, b)
	})
	if err != nil {
		return nil, err
	}
	return b, db.begun(ctx, by, b)
}

// begun does what can be done at once of a bulk, and reads what came of it.
func (db *DB) begun(ctx context.Context, by Actor, b *Bulk) error {
	if b.Count(BulkWaiting) <= MaxPicked {
		if _, err := db.carryOut(context.WithoutCancel(ctx), b, MaxPicked); err != nil {
			db.log.LogAttrs(ctx, slog.LevelWarn, "bulk goes on as a job", slog.String("id", b.ID), slog.String("error", err.Error()))
		}
	}
	now, err := db.FindBulk(context.WithoutCancel(ctx), by, b.ID)
	if err == nil {
		*b = *now
	}
	return err
}

// forgetBulks deletes what the actor has done to several things too long ago.
func (db *DB) forgetBulks(ctx context.Context, by Actor) error {
	all, err := query.Of[Bulk](db.gorm).Select("id, total").Where("user_id = ? AND team_id = ?", by.UserID, by.TeamID).Order("at DESC, id DESC").Limit(2 * mostBulks).Find(ctx)
	sum := int64(0)
	for i, b := range all {
		if sum += b.Total; i < mostBulks && (i == 0 || sum <= mostItems) {
			continue
		}
		if _, err := query.Do(ctx, db.gorm, "DELETE FROM bulks WHERE id = ?", b.ID); err != nil {
			return fmt.Errorf("forget bulk: %w", err)
		}
	}
	return translate(err)
}

// promiseBulk promises the job that goes on with a bulk. What is done at once has been
// by its time.
func (db *DB) promiseBulk(ctx context.Context, by Actor, b *Bulk) error {
	job, err := db.newJob(by, BulkJob, b.ID, "", nil)
	if err != nil {
		return err
	}
	if job.Long = b.Count(BulkWaiting) > MaxPicked; !job.Long {
		job.RunAt = job.RunAt.Add(lease)
	}
	return db.addJob(ctx, job)
}

// goOnBulk is the job: it does things until others have their turn.
func goOnBulk(ctx context.Context, db *DB, job *Job) error {
	b, err := query.One[Bulk](ctx, db.gorm, "id = ?", job.SubjectID)
	if err != nil {
		if err = translate(err); errors.Is(err, ErrNotFound) {
			return nil // it has been forgotten
		}
		return err
	}
	more, err := db.carryOut(ctx, &b, bulkTurn)
	if err == nil && more {
		return errLong
	}
	return err
}

// errStopped says that a thing is none of those that a bulk still has to do something to.
var errStopped = errors.New("done by another, or cancelled")

// errNoRight says that who asked for a bulk may do such things no more.
var errNoRight = fmt.Errorf("lost the right: %w", ErrForbidden)

// carryOut does at most n of the things that wait, until ctx ends, and tells whether
// more do. Each is noted in the transaction that does it, so that it is done once.
func (db *DB) carryOut(ctx context.Context, b *Bulk, n int) (more bool, err error) {
	facts, err := db.BulkFacts(b.Kind, b.Action)
	if err != nil {
		return false, err
	}
	in := facts.Asked()
	if in != nil {
		if err := json.Unmarshal([]byte(b.Input), in); err != nil {
			return false, fmt.Errorf("read bulk: %w", err)
		}
	}
	items, err := query.Of[BulkItem](db.gorm).Where("bulk_id = ? AND state = ?", b.ID, BulkWaiting).Order("place").Limit(n + 1).Find(ctx)
	if err != nil {
		return false, translate(err)
	}
	for i := range items[:min(len(items), n)] {
		if err := ctx.Err(); err != nil {
			return true, err
		}
		err := db.carryOutOne(ctx, b, facts, &items[i], in)
		switch {
		case err == nil, errors.Is(err, errStopped):
			continue
		case errors.Is(err, ErrBusy), errors.Is(err, ErrNoSpace):
			return true, err
		}
		if errors.Is(err, ErrForbidden) {
			if err := db.RecordRefused(ctx, b.actor(), "bulk "+string(b.Kind)+" "+string(b.Action), items[i].Number()); err != nil {
				return true, err
			}
		}
		if errors.Is(err, errNoRight) { // nor will any other be done
			return false, db.refuseRest(ctx, b, whyRefused(err))
		}
		if unexpected(err) != nil {
			db.log.LogAttrs(ctx, slog.LevelError, "bulk", slog.String("id", b.ID), slog.String("kind", string(b.Kind)),
				slog.String("thing", items[i].ID), slog.String("error", err.Error()))
		}
		if err := db.noteRefused(ctx, b, &items[i], whyRefused(err)); err != nil {
			return true, err
		}
	}
	if len(items) > n {
		return true, nil
	}
	return false, db.tx(ctx, func(ctx context.Context, tx *DB) error {
		_, err := query.Do(ctx, tx.gorm, "UPDATE bulks SET state = ? WHERE id = ? AND state = ? AND done + refused = total", BulkEnded, b.ID, BulkRunning)
		return err
	})
}

// carryOutOne does the action to a thing as who asked for it may now.
func (db *DB) carryOutOne(ctx context.Context, b *Bulk, facts BulkFacts, item *BulkItem, in any) error {
	return db.tx(ctx, func(ctx context.Context, tx *DB) error {
		if err := tx.claimItem(ctx, b, item, BulkDone); err != nil {
			return err
		}
		by, err := tx.asNow(ctx, b.actor())
		if errors.Is(err, ErrForbidden) || err == nil && !by.May(facts.right()) {
			return errNoRight
		}
		if err == nil {
			err = facts.Do(ctx, tx, by, item, in)
		}
		if err != nil || item.Was+item.Will == "" {
			return err
		}
		_, err = query.Do(ctx, tx.gorm, "UPDATE bulk_items SET was = ?, will = ? WHERE bulk_id = ? AND place = ?", clip(item.Was, 500), clip(item.Will, 500), b.ID, item.Place)
		return err
	})
}

// claimItem notes what came of a thing that waits, for which no other worker can do it
// then; errStopped where it does not wait any more.
func (db *DB) claimItem(ctx context.Context, b *Bulk, item *BulkItem, state string) error {
	n, err := query.Do(ctx, db.gorm, "UPDATE bulk_items SET state = ? WHERE bulk_id = ? AND place = ? AND state = ?", state, b.ID, item.Place, BulkWaiting)
	if err != nil {
		return fmt.Errorf("note bulk: %w", err)
	}
	if n > 0 {
		n, err = query.Do(ctx, db.gorm, "UPDATE bulks SET "+state+" = "+state+" + 1 WHERE id = ? AND state = ?", b.ID, BulkRunning)
	}
	if err == nil && n == 0 {
		err = errStopped
	}
	return err
}

// noteRefused notes why nothing was done to a thing.
func (db *DB) noteRefused(ctx context.Context, b *Bulk, item *BulkItem, why Invalid) error {
	text, err := json.Marshal(why)
	if err != nil {
		return err
	}
	err = db.tx(ctx, func(ctx context.Context, tx *DB) error {
		if err := tx.claimItem(ctx, b, item, BulkRefused); err != nil {
			return err
		}
		_, err := query.Do(ctx, tx.gorm, "UPDATE bulk_items SET why = ? WHERE bulk_id = ? AND place = ?", string(text), b.ID, item.Place)
		return err
	})
	if errors.Is(err, errStopped) {
		return nil
	}
	return err
}

// refuseRest notes why nothing is done to any thing that waits, and ends the bulk.
func (db *DB) refuseRest(ctx context.Context, b *Bulk, why Invalid) error {
	text, err := json.Marshal(why)
	if err != nil {
		return err
	}
	return db.tx(ctx, func(ctx context.Context, tx *DB) error {
		n, err := query.Do(ctx, tx.gorm, "UPDATE bulk_items SET state = ?, why = ? WHERE bulk_id = ? AND state = ?", BulkRefused, string(text), b.ID, BulkWaiting)
		if err == nil {
			_, err = query.Do(ctx, tx.gorm, "UPDATE bulks SET refused = refused + ?, state = ? WHERE id = ? AND state = ?", n, BulkEnded, b.ID, BulkRunning)
		}
		if err != nil {
			return fmt.Errorf("refuse the rest of bulk: %w", err)
		}
		return nil
	})
}

// actor is who asked for it, as they were.
func (b *Bulk) actor() Actor {
	return Actor{UserID: b.UserID, UserName: b.UserName, TeamID: b.TeamID, Face: ByForm, Address: b.Address, Agent: b.Agent, RequestID: b.RequestID}
}

// asNow is a person of a team as they are now: ErrForbidden for one who is no member
// any more.
func (db *DB) asNow(ctx context.Context, by Actor) (Actor, error) {
	var only Only
	var offset int64
	err := query.Row(ctx, db.gorm, `SELECT u.name, u.site_admin, m.role, m.may_order, t.clock_offset_ms FROM memberships m JOIN users u ON u.id = m.user_id
		JOIN teams t ON t.id = m.team_id WHERE m.team_id = ? AND m.user_id = ? AND NOT u.disabled`, []any{by.TeamID, by.UserID},
		&by.UserName, &by.SiteAdmin, &by.Role, fromJSON{&only}, &offset)
	if err = translate(err); errors.Is(err, ErrNotFound) {
		err = ErrForbidden
	}
	by.Only, by.ClockOffset = only.orNil(), msDuration(offset)
	return by, err
}

// FindBulk is what the actor has done to several things at once, with its first items.
// Admins find what anybody in the team has.
func (db *DB) FindBulk(ctx context.Context, by Actor, id string) (*Bulk, error) {
	b, _, err := db.FindBulkItems(ctx, by, id, "", 0)
	return b, err
}

// FindBulkItems is FindBulk with those of its items that are behind a place and, unless
// it is "", in a state: MaxPicked at most, and whether there are more.
func (db *DB) FindBulkItems(ctx context.Context, by Actor, id, state string, after int64) (b *Bulk, more bool, err error) {
	if err := by.may(See); err != nil {
		return nil, false, err
	}
	found, err := query.One[Bulk](ctx, db.gorm, "id = ?", id)
	if err == nil && (found.TeamID != by.TeamID || found.UserID != by.UserID && !by.May(Administer)) {
		err = ErrNotFound
	}
	if err != nil {
		return nil, false, translate(err)
	}
	q := query.Of[BulkItem](db.gorm).Where("bulk_id = ? AND place > ?", id, after)
	if state != "" {
		q = q.Where("state = ?", state)
	}
	found.Items, err = q.Order("place").Limit(MaxPicked + 1).Find(ctx)
	if more = len(found.Items) > MaxPicked; more {
		found.Items = found.Items[:MaxPicked]
	}
	return &found, more, translate(err)
}

// ownBulk is FindBulk of what the actor themself did, and may do now.
func (db *DB) ownBulk(ctx context.Context, by Actor, id string) (*Bulk, error) {
	b, err := db.FindBulk(ctx, by, id)
	if err != nil {
		return nil, err
	}
	facts, err := db.BulkFacts(b.Kind, b.Action)
	if err != nil {
		return nil, err
	}
	if err := by.may(facts.right()); err != nil {
		return nil, err
	}
	if b.UserID != by.UserID {
		return nil, ErrForbidden
	}
	return b, nil
}

// RetryBulk does again what was refused of the actor's own, and what waits of one that
// was cancelled.
func (db *DB) RetryBulk(ctx context.Context, by Actor, id string) (*Bulk, error) {
	b, err := db.ownBulk(ctx, by, id)
	if err != nil {
		return nil, err
	}
	err = db.tx(ctx, func(ctx context.Context, tx *DB) error {
		n, err := query.Do(ctx, tx.gorm, "UPDATE bulks SET state = ?, refused = 0 WHERE id = ? AND state <> ?", BulkRunning, b.ID, BulkRunning)
		if err != nil || n == 0 {
			return err // it goes on already
		}
		if _, err := query.Do(ctx, tx.gorm, "UPDATE bulk_items SET state = ?, why = 'null' WHERE bulk_id = ? AND state = ?", BulkWaiting, b.ID, BulkRefused); err != nil {
			return fmt.Errorf("try bulk again: %w", err)
		}
		b.State, b.Refused = BulkRunning, 0
		return tx.promiseBulk(ctx, by, b)
	})
	if err != nil {
		return nil, err
	}
	return b, db.begun(ctx, by, b)
}

// CancelBulk ends what the actor does to several things: those that wait stay as they
// are.
func (db *DB) CancelBulk(ctx context.Context, by Actor, id string) (*Bulk, error) {
	b, err := db.ownBulk(ctx, by, id)
	if err != nil {
		return nil, err
	}
	err = db.tx(ctx, func(ctx context.Context, tx *DB) error {
		_, err := query.Do(ctx, tx.gorm, "UPDATE bulks SET state = ? WHERE id = ? AND state = ?", BulkCancelled, b.ID, BulkRunning)
		return err
	})
	if err != nil {
		return nil, err
	}
	return db.FindBulk(ctx, by, id)
}
