package models

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"quartermaster/models/query"
)

// Event is one line of the record of who did what. It is written in the
// transaction of the change and never changed afterwards.
type Event struct {
	ID          string
	TeamID      string
	At          time.Time
	UserID      string // empty when the program itself acted
	UserName    string
	Action      string // as "bucket.created"; the words are in views/i18n under "event.<action>"
	Result      string // "done", "failed" or "refused"
	Kind        Kind
	SubjectID   string
	SubjectName string
	Region      string
	OrderNumber int64
	Detail      string // JSON: old and new values, reasons; never a secret
	Face        Face
	Address     string
	Agent       string // what the browser or program calls itself
	RequestID   string
	KeyID       string // the access key that signed the request, "" when none did

	// Gone tells that the subject no longer exists. ListEvents fills it in.
	Gone bool `gorm:"-"`
	// UserEmail is the address that the person has now. ListEvents fills it in when
	// the filter says so.
	UserEmail string `gorm:"-"`
	// KeyKept tells that KeyID is a key of the team's that still exists.
	// ListEvents fills it in.
	KeyKept bool `gorm:"-"`
}

// Record writes an event of the actor. The caller fills Action, Kind, the
// subject, and what else there is to say; who, when and from where come from
// the actor.
func (db *DB) Record(ctx context.Context, by Actor, e Event, detail ...any) error {
	e.ID = db.newID()
	db.marks.Event = max(db.marks.Event, e.ID)
	e.TeamID, e.At = by.TeamID, db.Now()
	e.UserID, e.UserName = by.UserID, by.UserName
	e.Face, e.Address, e.RequestID, e.KeyID = by.Face, by.Address, by.RequestID, by.KeyID
	e.Agent = clip(by.Agent, mostAgent)
	if e.Result == "" {
		e.Result = "done"
	}
	if len(detail) > 0 {
		text, err := json.Marshal(detail[0])
		if err != nil {
			return err
		}
		e.Detail = string(text)
	}
	if db.sums != nil {
		db.sums.events = append(db.sums.events, e)
		return nil
	}
	return query.Of[Event](db.gorm).Create(ctx, &e)
}

// EventFilter says which events to list. Empty fields do not narrow.
type EventFilter struct {
	Kind    Kind
	NotKind Kind // leaves one kind out, such as sign-ins
	Subject string
	Action  string // a prefix, as "bucket."
	User    string
	Face    Face
	Key     string // what was done with this access key
	Order   int64  // what was done by or for this order
	// Text is found in the name of the thing or of the person. Actions are
	// searched by the caller, who knows their words, and given as Actions.
	Text    string
	Actions []string
	Emails  bool // fills UserEmail in
}

// narrow tells whether the filter narrows by more than the text.
func (f EventFilter) narrow() bool {
	return f.Kind != "" || f.NotKind != "" || f.Subject != "" || f.Action != "" || f.User != "" || f.Face != "" || f.Key != "" || f.Order != 0
}

// ListEvents is a page of the team's activity, newest first.
func (db *DB) ListEvents(ctx context.Context, by Actor, f EventFilter, p Page) ([]Event, Cursor, error) {
	if err := by.may(See); err != nil {
		return nil, Cursor{}, err
	}
	q := query.Of[Event](db.gorm).Where("team_id = ?", by.TeamID)
	if f.Kind != "" {
		q = q.Where("kind = ?", f.Kind)
	}
	if f.Subject != "" {
		q = q.Where("subject_id = ?", f.Subject)
	}
	if f.Face != "" {
		q = q.Where("face = ?", f.Face)
	}
	if f.Key != "" {
		q = q.Where("key_id = ? AND key_id <> ''", f.Key) // as the index has it
	}
	if f.Order != 0 {
		q = q.Where("order_number = ? AND order_number <> 0", f.Order) // as the index has it
	}
	if f.Action != "" {
		q = q.Where("substr(action, 1, ?) = ?", len(f.Action), f.Action)
	}
	if f.User != "" {
		q = q.Where("user_id = ?", f.User)
	}
	if f.NotKind != "" {
		q = q.Where("kind <> ?", f.NotKind)
	}
	events, cursor, err := pageFound(ctx, q, db.find(by, KindEvent, f.Text, f.Actions...).besides(f.narrow()), p, newestFirst("at", "id"), func(e Event) []string {
		return []string{stamp(e.At), e.ID}
	})
	if err == nil {
		err = db.markGone(ctx, by, events)
	}
	if err == nil && f.Emails {
		err = db.markEmails(ctx, events)
	}
	return events, cursor, err
}

// markGone says of each event whether its subject and its access key still
// exist.
func (db *DB) markGone(ctx context.Context, by Actor, events []Event) error {
	subjects := map[Kind][]string{}
	for _, e := range events {
		subjects[e.Kind] = append(subjects[e.Kind], e.SubjectID)
		if e.KeyID != "" {
			subjects[KindKey] = append(subjects[KindKey], e.KeyID)
		}
	}
	exists, err := db.existing(ctx, by, subjects)
	for i, e := range events {
		events[i].Gone = db.kind(e.Kind).Table != "" && !exists[e.SubjectID]
		events[i].KeyKept = exists[e.KeyID]
	}
	return err
}

// markEmails says of each event which address the person has, which stays the same
// when they take another's name.
func (db *DB) markEmails(ctx context.Context, events []Event) error {
	ids := make([]string, len(events))
	for i, e := range events {
		ids[i] = e.UserID
	}
	users, err := query.Of[User](db.gorm).Where("id IN ?", append(ids, "")).Find(ctx)
	for i, e := range events {
		if at := slices.IndexFunc(users, func(u User) bool { return u.ID == e.UserID }); at >= 0 {
			events[i].UserEmail = users[at].Email
		}
	}
	return translate(err)
}

// existing tells which things of the team exist, with one query for all kinds.
func (db *DB) existing(ctx context.Context, by Actor, ids map[Kind][]string) (map[string]bool, error) {
	var looks []string
	var args []any
	for kind, some := range ids {
		if from := db.kind(kind).Table; from != "" {
			// Not plain team_id, for which SQLite would read the whole index of
			// the team.
			looks = append(looks, "SELECT id FROM "+from+" WHERE id IN ? AND team_id || '' = ?")
			args = append(args, some, by.TeamID)
		}
	}
	exists := make(map[string]bool, len(ids))
	if len(looks) == 0 {
		return exists, nil
	}
	var found []string
	err := db.gorm.WithContext(ctx).Raw(strings.Join(looks, " UNION ALL "), args...).Scan(&found).Error
	for _, id := range found {
		exists[id] = true
	}
	return exists, translate(err)
}
