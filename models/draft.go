package models

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"gorm.io/gorm"

	"quartermaster/models/list"
	"quartermaster/models/query"
)

// Draft is what a person has typed into a form that they have not sent yet. Only they
// see it, in the team in which they typed it.
type Draft struct {
	Owner  string `gorm:"primaryKey"` // whose it is, as draftOwner has it
	Token  string `gorm:"primaryKey"` // the one-time token of its form
	TeamID string
	UserID string
	Kind   Kind
	// Form is which form of the kind it is, and Subject the id of what it is about,
	// "" for a new thing. The form is shown at Path.
	Form    DraftForm
	Subject string
	Path    string
	Fields  url.Values `gorm:"serializer:json;not null"`
	Words   string     // the first that were typed
	// Revision counts how often it was kept. Writer is the page that kept it last,
	// at its Step.
	Revision  int64
	Writer    string
	Step      int64
	TouchedAt time.Time
}

// DraftForm tells the forms of one kind apart.
type DraftForm string

// The forms that have drafts.
const (
	DraftNew     DraftForm = "new"
	DraftRenewal DraftForm = "renewal"
	// DraftRenewals is that for several plans.
	DraftRenewals DraftForm = "renewals"
	DraftUpgrade  DraftForm = "upgrade"
	DraftScale    DraftForm = "scale"
	DraftEdit     DraftForm = "edit"
)

const (
	// MaxDraft is how many bytes the fields of a draft may have, MaxDrafts how many
	// drafts a person may have in a team.
	MaxDraft  = 64 << 10
	MaxDrafts = 200
	// draftAge is how long a draft is kept that nobody touches, by its team's clock.
	draftAge = 30 * 24 * time.Hour
	// draftWords is how many bytes of what was typed name a draft.
	draftWords = 160
)

// DraftKey tells which page a form comes from: Writer is the page, Step counts what
// it sent, and Revision is the draft as it was shown there, 0 for none.
type DraftKey struct {
	Writer   string `form:"draft_writer" json:"-"`
	Step     int64  `form:"draft_step" json:"-"`
	Revision int64  `form:"draft_revision" json:"-"`
}

// EndsAt is when the draft is removed unless somebody touches it.
func (d Draft) EndsAt() time.Time { return d.TouchedAt.Add(draftAge) }

// draftOwner is whose drafts the actor's are.
func (by Actor) draftOwner() string { return by.TeamID + " " + by.UserID }

// DraftWriter is what a page that is drawn for the actor writes drafts as, from a token
// of its own, and Drafts tells whether a writer is such a page: what was typed on the
// page of another person is none of the actor's.
func (by Actor) DraftWriter(token string) string { return by.UserID + "." + token }

// Drafts tells whether a writer is a page of the actor's, see DraftWriter.
func (by Actor) Drafts(writer string) bool {
	return by.UserID != "" && strings.HasPrefix(writer, by.DraftWriter(""))
}

// mayDraft tells as an error whether the actor may have drafts: only people type.
func (by Actor) mayDraft() error {
	if by.Face != ByForm || by.UserID == "" {
		return ErrForbidden
	}
	return by.may(See)
}

// errPlaced says that the token of a draft has placed an order.
var errPlaced = errors.New("form was sent")

// SaveDraft keeps what the actor's page has typed so far, under the token of its form.
// A page that did not see what another page of the same form has kept since, or whose
// form was sent from there, gets a draft of its own: then the Token is another one.
// A page of another person is Invalid "draft_person", fields that are too long are "draft_large", too many drafts are "draft_many".
func (db *DB) SaveDraft(ctx context.Context, by Actor, key DraftKey, in Draft) (*Draft, error) {
	if err := by.mayDraft(); err != nil {
		return nil, err
	}
	if !by.Drafts(key.Writer) {
		return nil, invalid("", "draft_person")
	}
	fields, err := json.Marshal(in.Fields)
	if err != nil {
		return nil, err
	}
	if len(fields) > MaxDraft || len(in.Path)+len(key.Writer) > mostLike {
		return nil, invalid("", "draft_large")
	}
	in.Owner, in.TeamID, in.UserID = by.draftOwner(), by.TeamID, by.UserID
	in.Words, in.TouchedAt = firstWords(in.Fields), db.TeamNow(by)
	in.Writer, in.Step = key.Writer, key.Step
	if same, err := db.sameDraft(ctx, by, in, string(fields)); same != nil || err != nil {
		return same, err
	}
	gone := ctx
	err = db.tx(ctx, func(ctx context.Context, tx *DB) error {
		err := tx.writeDraft(ctx, &in, key.Revision, string(fields))
		if !errors.Is(err, errPlaced) && !errors.Is(err, gorm.ErrRecordNotFound) {
			return err
		}
		if errors.Is(err, gorm.ErrRecordNotFound) {
			// Another page was faster, or an earlier request of this one is late.
			kept, err := tx.findDraft(ctx, by, in.Token)
			if err != nil || kept.Writer == key.Writer {
				in = *kept
				return err
			}
		} else if gone.Err() != nil {
			return err // nobody waits for what was typed before the form was sent
		}
		in.Token = db.newToken()
		return tx.writeDraft(ctx, &in, 0, string(fields))
	})
	if err != nil {
		return nil, translate(err)
	}
	return &in, nil
}

// sameDraft is what is kept of a draft when it needs no writing: its page has changed
// nothing since its step before. After a gap of steps one may be on its way that has.
func (db *DB) sameDraft(ctx context.Context, by Actor, d Draft, fields string) (*Draft, error) {
	kept, err := db.FindDraft(ctx, by, d.Token)
	if kept == nil || err != nil || kept.Writer != d.Writer || kept.Step+1 != d.Step {
		return nil, err
	}
	if had, err := json.Marshal(kept.Fields); err != nil || string(had) != fields {
		return nil, err
	}
	return kept, nil
}

// writeDraft writes a draft: gorm.ErrRecordNotFound when it may not write over what
// is kept, errPlaced when its form has been sent.
func (db *DB) writeDraft(ctx context.Context, d *Draft, seen int64, fields string) error {
	err := query.Row(ctx, db.gorm, `INSERT INTO drafts (owner, token, team_id, user_id, kind, form, subject, path, fields, words, revision, writer, step, touched_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?, ?)
		ON CONFLICT (owner, token) DO UPDATE SET form = excluded.form, subject = excluded.subject, path = excluded.path, fields = excluded.fields, words = excluded.words,
		revision = drafts.revision + 1, writer = excluded.writer, step = excluded.step, touched_at = excluded.touched_at
		WHERE drafts.writer = excluded.writer AND drafts.step <= excluded.step OR drafts.writer <> excluded.writer AND drafts.revision = ?
		RETURNING revision`,
		[]any{d.Owner, d.Token, d.TeamID, d.UserID, d.Kind, d.Form, d.Subject, d.Path, fields, d.Words, d.Writer, d.Step, d.TouchedAt, seen}, &d.Revision)
	if err != nil || d.Revision > 1 {
		return err
	}
	placed := "SELECT 1 FROM orders WHERE team_id = ? AND token = ?"
	if d.Kind == KindApp {
		placed = "SELECT 1 FROM apps WHERE team_id = ? AND token = ?"
	}
	if none, err := db.none(ctx, placed, d.TeamID, d.Token); err != nil || !none {
		_, failed := query.Do(ctx, db.gorm, "DELETE FROM drafts WHERE owner = ? AND token = ?", d.Owner, d.Token)
		return cmp.Or(err, failed, errPlaced)
	}
	var n int64
	if err := query.Row(ctx, db.gorm, "SELECT count(*) FROM drafts WHERE owner = ?", []any{d.Owner}, &n); err != nil {
		return err
	}
	if n > MaxDrafts {
		return invalid("", "draft_many", fmt.Sprint(MaxDrafts))
	}
	return nil
}

// FindDraft is the actor's draft of a form, or nil when there is none.
func (db *DB) FindDraft(ctx context.Context, by Actor, token string) (*Draft, error) {
	if by.mayDraft() != nil || token == "" {
		return nil, nil
	}
	d, err := db.findDraft(ctx, by, token)
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	return d, err
}

func (db *DB) findDraft(ctx context.Context, by Actor, token string) (*Draft, error) {
	d, err := query.Of[Draft](db.gorm).Where("owner = ? AND token = ?", by.draftOwner(), token).First(ctx)
	return &d, translate(err)
}

// FindUnfinished is the actor's newest draft of a form that is about the same, or nil.
func (db *DB) FindUnfinished(ctx context.Context, by Actor, path string, form DraftForm, subject string) (*Draft, error) {
	if by.mayDraft() != nil {
		return nil, nil
	}
	found, err := query.Of[Draft](db.gorm).Where("owner = ? AND path = ? AND form = ? AND subject = ?", by.draftOwner(), path, form, subject).
		Order("touched_at DESC").Limit(1).Find(ctx)
	if err != nil || len(found) == 0 {
		return nil, translate(err)
	}
	return &found[0], nil
}

// DiscardDraft deletes a draft of the actor's, or is ErrNotFound.
func (db *DB) DiscardDraft(ctx context.Context, by Actor, token string) error {
	if err := by.mayDraft(); err != nil {
		return err
	}
	return db.tx(ctx, func(ctx context.Context, tx *DB) error {
		n, err := query.Do(ctx, tx.gorm, "DELETE FROM drafts WHERE owner = ? AND token = ?", by.draftOwner(), token)
		if err == nil && n == 0 {
			err = ErrNotFound
		}
		return err
	})
}

// dropDraft deletes the draft of a form that is being sent, in the transaction that
// makes what it asks for. What another page of the same form has kept since goes on as
// a draft of its own.
func (db *DB) dropDraft(ctx context.Context, by Actor, token string, key DraftKey) error {
	if by.Face != ByForm || token == "" || key.Writer == "" {
		return nil
	}
	n, err := query.Do(ctx, db.gorm, "DELETE FROM drafts WHERE owner = ? AND token = ? AND (writer = ? OR revision <= ?)", by.draftOwner(), token, key.Writer, key.Revision)
	if err == nil && n == 0 {
		_, err = query.Do(ctx, db.gorm, "UPDATE drafts SET token = ? WHERE owner = ? AND token = ?", db.newToken(), by.draftOwner(), token)
	}
	if err != nil {
		return fmt.Errorf("drop draft: %w", err)
	}
	return nil
}

// dropDraftsOf deletes what a person has not sent of the forms of the actor's team.
func (db *DB) dropDraftsOf(ctx context.Context, by Actor, userID string) error {
	owner := Actor{TeamID: by.TeamID, UserID: userID}.draftOwner()
	if _, err := query.Do(ctx, db.gorm, "DELETE FROM drafts WHERE owner = ?", owner); err != nil {
		return fmt.Errorf("delete drafts: %w", err)
	}
	return nil
}

// DropDrafts deletes the drafts that nobody has touched for 30 days, by the clocks of
// their teams.
func (db *DB) DropDrafts(ctx context.Context) error {
	teams, err := query.Of[Team](db.gorm).Select("id, clock_offset_ms").Where("id IN (SELECT DISTINCT team_id FROM drafts)").Find(ctx)
	for _, t := range teams {
		err = errors.Join(err, db.tx(ctx, func(ctx context.Context, tx *DB) error {
			_, err := query.Do(ctx, tx.gorm, "DELETE FROM drafts WHERE team_id = ? AND touched_at < ?", t.ID, tx.TeamNow(t.server()).Add(-draftAge))
			return err
		}))
	}
	return translate(err)
}

// firstWords are the first that were typed of a form: its name, or else what it says.
func firstWords(fields url.Values) string {
	for _, name := range []string{"bucket_name", "app_name", "store_name", "label", "note", "description", "remark", "po_number", "cost_centre"} {
		if words := strings.Join(strings.Fields(fields.Get(name)), " "); words != "" {
			return clip(words, draftWords)
		}
	}
	return ""
}

// Drafts is the list of the actor's drafts in their team, the last touched first.
var Drafts = &List[Draft]{
	Right: See,
	Desc: list.Desc[Draft]{
		Table: "drafts", Key: "token", Scope: "owner", Tells: []string{"owner", "token"},
		Columns: []string{"token", "kind", "form", "subject", "path", "words", "touched_at"},
		Into: func(d *Draft, to []any) []any {
			return append(to, &d.Token, &d.Kind, &d.Form, &d.Subject, &d.Path, &d.Words, &d.TouchedAt)
		},
		Sorts:   []list.Sort{{Name: "touched", Columns: []string{"touched_at", "token"}}, small("what", "form", "kind", "subject", "token"), small("words", "words", "token")},
		Indexes: []list.Index{{Name: "drafts_of", Sort: "touched"}},
	},
	For:   func(by Actor, q *list.Query) { q.Of = by.draftOwner() },
	Below: func(context.Context, *DB, Actor, string) error { return nil }, // For says whose they are
}
