package models

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"quartermaster/models/list"
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

	// Gone tells that the subject no longer exists, and KeyKept that KeyID is a key
	// of the team's that still does. Events fills them in.
	Gone    bool `gorm:"-"`
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

const (
	// refusedAgain is how long the same refusal of a person is not recorded again, and
	// mostRefused how many are in that time.
	refusedAgain = 10 * time.Minute
	mostRefused  = 20
)

// RecordRefused records that the actor asked in their team for something that is Denied:
// what, and for which order where it was about one. The same within ten minutes is
// recorded once, and of a person no more than twenty are.
func (db *DB) RecordRefused(ctx context.Context, by Actor, what string, order int64) error {
	if by.TeamID == "" {
		return nil
	}
	e := Event{Action: "team.attempt", Result: "refused", Kind: KindTeam, SubjectID: by.TeamID, SubjectName: clip(what, 200), OrderNumber: order}
	lately, err := query.Of[Event](db.gorm).Where("team_id = ? AND user_id = ? AND at > ?", by.TeamID, by.UserID, db.Now().Add(-refusedAgain)).Order("at DESC, id DESC").Limit(10 * mostRefused).Find(ctx)
	if err != nil {
		return translate(err)
	}
	refused := 0
	for _, other := range lately {
		if other.Action != e.Action {
			continue
		}
		if refused++; other.SubjectName == e.SubjectName && other.OrderNumber == e.OrderNumber || refused >= mostRefused {
			return nil
		}
	}
	return db.tx(ctx, func(ctx context.Context, tx *DB) error { return tx.Record(ctx, by, e) })
}

// Events is the list of what happened in a team, or, for site admins, of what became of
// the site: its teams, its accounts, its catalogue. Its filters are kind, person,
// face and key, and what pages of things ask for: subject, order and, to leave
// a kind out, without.
var Events = &List[Event]{
	Right: See, Site: true,
	Desc: list.Desc[Event]{
		Table: "events", Key: "id", Scope: "team_id",
		Columns: []string{"id", "at", "user_id", "user_name", "action", "result", "kind", "subject_id", "subject_name",
			"detail", "face", "address", "agent", "key_id", "team_id", "region", "order_number", "request_id"},
		Into: func(e *Event, to []any) []any {
			return append(to, &e.ID, &e.At, &e.UserID, &e.UserName, &e.Action, &e.Result, (*string)(&e.Kind), &e.SubjectID, &e.SubjectName,
				&e.Detail, (*string)(&e.Face), &e.Address, &e.Agent, &e.KeyID, &e.TeamID, &e.Region, &e.OrderNumber, &e.RequestID)
		},
		Sorts: []list.Sort{{Name: "at", Columns: []string{"at", "id"}}},
		Filters: []list.Filter{
			equals("kind", "kind", nil),
			equals("person", "user_id", nil),
			equals("face", "face", texts(Faces)),
			{Name: "key", Column: "key_id", Arms: func(value string, _ time.Time) []list.Cond {
				return []list.Cond{{SQL: "key_id = ? AND key_id <> ''", Args: []any{value}}} // as the index has it
			}},
			{Name: "subject", Inner: true, Column: "subject_id", Arms: func(value string, _ time.Time) []list.Cond {
				// As the index has it: an order has its own filter.
				return []list.Cond{{SQL: "subject_id = ? AND kind <> '" + string(KindOrder) + "'", Args: []any{value}}}
			}},
			{Name: "order", Inner: true, Arms: func(value string, _ time.Time) []list.Cond {
				n, _ := strconv.ParseInt(value, 10, 64) // 0 is no order
				return []list.Cond{{SQL: "order_number = ? AND order_number <> 0", Args: []any{n}}}
			}},
			{Name: "without", Inner: true, Values: []string{string(KindUser)}, Arms: func(value string, _ time.Time) []list.Cond {
				return []list.Cond{{SQL: "kind <> ?", Args: []any{value}}}
			}},
		},
		Indexes: []list.Index{
			{Name: "events_team", Sort: "at"},
			{Name: "events_kind", Filters: []string{"kind"}, Sort: "at"},
			{Name: "events_user", Filters: []string{"person"}, Sort: "at"},
			{Name: "events_face", Filters: []string{"face"}, Sort: "at"},
			{Name: "events_key", Filters: []string{"key"}, Sort: "at"},
			{Name: "events_subject", Filters: []string{"subject"}, Sort: "at"},
			{Name: "events_order", Filters: []string{"order"}, Sort: "at"},
			{Name: "events_team", Filters: []string{"without"}, Sort: "at"},
		},
	},
	Finds: KindEvent,
	Fill:  func(ctx context.Context, db *DB, by Actor, events []Event) error { return db.markGone(ctx, by, events) },
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
