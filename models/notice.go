package models

import (
	"context"
	"fmt"
	"time"

	"quartermaster/models/list"
	"quartermaster/models/query"
)

// Notice is what one person is told about an order: that it waits for them, or what
// happened to one that they asked for, decided, watch or were named in; or that a
// thing ends. It is written in the transaction of what happened, and holds no words:
// those are chosen when it is shown or sent.
type Notice struct {
	ID          string
	TeamID      string
	UserID      string
	Reader      string // both, as noticesOf has it
	Action      string
	OrderNumber int64  // 0 where it is about no order
	Kind        Kind   // of the thing or things that it is about, "" where it is about none
	SubjectID   string // of the thing, "" where it is about several
	UniqueKey   *string
	Args        NoticeArgs `gorm:"serializer:json;not null"`
	Unread      bool       // in the console
	// Sent is how far it has come by each other way of telling, by its name.
	Sent map[string]string `gorm:"serializer:json;not null"`
	At   time.Time         // by the server's clock, as events have it

	// Order is the order without lines, and Thing what ends and is still there, where
	// a list has them.
	Order *Order    `gorm:"-"`
	Thing *Expiring `gorm:"-"`
}

// NoticeArgs are what the words of a notice are made of.
type NoticeArgs struct {
	Action  string `json:"-"`
	By      string // who did it, "" for the program
	ByID    string `json:",omitempty"`
	Reason  string `json:",omitempty"`
	Comment string `json:",omitempty"` // the id of one
	// Ends is the thing that ends, as it was then; Days are the days left that a reminder
	// is for, and Count is how many things it is about where it is about several.
	Ends  *Expiring `json:",omitempty"`
	Days  int64     `json:",omitempty"`
	Count int       `json:",omitempty"`
}

// noticesOf is whose notices those of a person in a team are.
func noticesOf(team, user string) string { return team + " " + user }

// NoticeWaits is the action of a notice that an order waits for its reader.
const NoticeWaits = "order.waits"

// noticeNamed is that of a notice that its reader is named in a comment.
const noticeNamed = "order.mentioned"

// Watch is that a person wants to be told of what happens to an order.
type Watch struct {
	OrderNumber int64  `gorm:"primaryKey;autoIncrement:false"`
	UserID      string `gorm:"primaryKey"`
	TeamID      string
}

// keepNotices is for how long notices are kept.
const keepNotices = 90 * 24 * time.Hour

// tell writes a notice of what happened to an order for people who belong to its
// team and, unless only they are meant, for those who watch it. Who did it is not
// told.
func (db *DB) tell(ctx context.Context, by Actor, o *Order, args NoticeArgs, people ...string) error {
	if args.Action == NoticeWaits || args.Action == noticeNamed {
		return db.tellOnly(ctx, by, o, args, people...)
	}
	var watching []string
	err := db.gorm.WithContext(ctx).Raw("SELECT user_id FROM watches WHERE order_number = ?", o.Number).Scan(&watching).Error
	if err != nil {
		return translate(err)
	}
	return db.tellOnly(ctx, by, o, args, append(watching, people...)...)
}

func (db *DB) tellOnly(ctx context.Context, by Actor, o *Order, args NoticeArgs, people ...string) error {
	if by.Face != ByServer {
		args.By, args.ByID = by.UserName, by.UserID
	}
	var members []string
	err := db.gorm.WithContext(ctx).Raw("SELECT user_id FROM memberships WHERE team_id = ? AND user_id IN ? AND user_id <> ? ORDER BY user_id", o.TeamID, people, args.ByID).Scan(&members).Error
	if err != nil {
		return translate(err)
	}
	all := make([]Notice, len(members))
	for i, id := range members {
		all[i] = Notice{ID: db.newID(), TeamID: o.TeamID, UserID: id, Reader: noticesOf(o.TeamID, id), Action: args.Action, OrderNumber: o.Number, Args: args, Unread: true, At: db.Now()}
	}
	if err := query.Of[Notice](db.gorm).CreateAll(ctx, all); err != nil {
		return fmt.Errorf("write notices: %w", err)
	}
	return nil
}

// tellDeciders tells those who may decide the open step of an order's way.
func (db *DB) tellDeciders(ctx context.Context, by Actor, o *Order, way []Approval) error {
	if err := db.waitsNoMore(ctx, o); err != nil {
		return err
	}
	people, err := db.deciders(ctx, by)
	if err != nil {
		return err
	}
	var able []string
	for _, d := range way[openOf(way)].able(people, way) {
		able = append(able, d.ID)
	}
	return db.tell(ctx, by, o, NoticeArgs{Action: NoticeWaits}, able...)
}

// waitsNoMore marks as read that an order waits for its readers.
func (db *DB) waitsNoMore(ctx context.Context, o *Order) error {
	_, err := query.Do(ctx, db.gorm, "UPDATE notices SET unread = ? WHERE order_number = ? AND action = ? AND unread", false, o.Number, NoticeWaits)
	if err != nil {
		return fmt.Errorf("mark notices: %w", err)
	}
	return nil
}

// tellOfComment tells whoever asked for an order, decided about it or watches it
// that something was said about it, and whoever it names that they were.
func (db *DB) tellOfComment(ctx context.Context, by Actor, o *Order, c *Comment) error {
	args := NoticeArgs{Action: noticeNamed, Comment: c.ID}
	named := map[string]bool{}
	var mentioned []string
	for _, p := range c.Mentions {
		named[p.ID] = true
		mentioned = append(mentioned, p.ID)
	}
	if err := db.tell(ctx, by, o, args, mentioned...); err != nil {
		return err
	}
	var others []string
	err := db.gorm.WithContext(ctx).Raw(`SELECT decided_by FROM approvals WHERE order_number = ? AND decided_by <> ''
		UNION SELECT user_id FROM watches WHERE order_number = ?`, o.Number, o.Number).Scan(&others).Error
	if err != nil {
		return translate(err)
	}
	args.Action = "order.commented"
	left := make([]string, 0, len(others)+1)
	for _, id := range append(others, o.RequestedBy) {
		if !named[id] {
			left = append(left, id)
		}
	}
	return db.tellOnly(ctx, by, o, args, left...)
}

// WatchOrder lets the actor be told of what happens to an order of their team, or
// no more.
func (db *DB) WatchOrder(ctx context.Context, by Actor, number int64, on bool) error {
	return db.tx(ctx, func(ctx context.Context, tx *DB) error {
		if _, err := tx.FindOrder(ctx, by, number); err != nil {
			return err
		}
		var err error
		if on {
			err = query.Of[Watch](tx.gorm).CreateOnce(ctx, &Watch{number, by.UserID, by.TeamID})
		} else {
			_, err = query.Of[Watch](tx.gorm).Where("order_number = ? AND user_id = ?", number, by.UserID).Delete(ctx)
		}
		return translate(err)
	})
}

// watches tells whether the actor watches an order, and has unread notices of it.
func (db *DB) watches(ctx context.Context, by Actor, number int64) (watching, unread bool, err error) {
	var none bool
	if none, err = db.none(ctx, "SELECT 1 FROM watches WHERE order_number = ? AND user_id = ?", number, by.UserID); err != nil {
		return false, false, err
	}
	watching = !none
	none, err = db.none(ctx, "SELECT 1 FROM notices WHERE order_number = ? AND user_id = ? AND unread", number, by.UserID)
	return watching, !none, err
}

// Notices is the list of what the reader was told in their team, the newest first,
// each with its order. Its filter unread is on for what they have not read.
var Notices = &List[Notice]{
	Right: See,
	Desc: list.Desc[Notice]{
		Table: "notices", Key: "id", Scope: "reader",
		Columns: []string{"id", "at", "action", "order_number", "args", "unread", "kind", "subject_id"},
		Into: func(n *Notice, to []any) []any {
			return append(to, &n.ID, &n.At, &n.Action, &n.OrderNumber, fromJSON{&n.Args}, &n.Unread, (*string)(&n.Kind), &n.SubjectID)
		},
		Sorts: []list.Sort{{Name: "at", Columns: []string{"at", "id"}}, small("what", "action", "id"), small("order", "order_number", "subject_id", "id")},
		Filters: []list.Filter{
			{Name: "unread", Values: []string{"true"}, Arms: func(string, time.Time) []list.Cond { return []list.Cond{{SQL: "unread = ?", Args: []any{true}}} }},
		},
		Indexes: []list.Index{
			{Name: "notices_of", Sort: "at"},
			{Name: "notices_unread", Filters: []string{"unread"}, Sort: "at"},
		},
	},
	For:   func(by Actor, q *list.Query) { q.Of = noticesOf(by.TeamID, by.UserID) },
	Below: func(context.Context, *DB, Actor, string) error { return nil }, // For says whose they are
	Fill: func(ctx context.Context, db *DB, by Actor, rows []Notice) error {
		var numbers []int64
		ids := map[Kind][]string{}
		for _, n := range rows {
			if n.Kind != "" {
				ids[n.Kind] = append(ids[n.Kind], n.SubjectID)
			} else {
				numbers = append(numbers, n.OrderNumber)
			}
		}
		for kind := range ids {
			of, err := db.expiringBy(ctx, by, kind, ids[kind])
			if err != nil {
				return err
			}
			for i, n := range rows {
				if e, is := of[n.SubjectID]; is && n.Kind == kind {
					rows[i].Thing = &e
				}
			}
		}
		if len(numbers) == 0 {
			return nil
		}
		of, err := db.ordersBy(ctx, by, numbers)
		for i := range rows {
			rows[i].Order = of[rows[i].OrderNumber]
		}
		return err
	},
}

// CountUnread is how many notices the actor has not read, at most 100.
func (db *DB) CountUnread(ctx context.Context, by Actor) (int64, error) {
	if !by.May(See) {
		return 0, nil
	}
	return db.countFew(ctx, "unread "+by.TeamID+" "+by.UserID, "notices WHERE reader = ? AND unread = ?", []any{noticesOf(by.TeamID, by.UserID), true})
}

// NoticesRead is which notices somebody has read: the one of an id, all about an order
// or another thing, or, with none of these, all.
type NoticesRead struct {
	ID      string
	Order   int64
	Subject string
}

// ReadNotices marks notices of the actor's as read.
func (db *DB) ReadNotices(ctx context.Context, by Actor, in NoticesRead) error {
	if err := by.may(See); err != nil {
		return err
	}
	return db.tx(ctx, func(ctx context.Context, tx *DB) error {
		q := query.Of[Notice](tx.gorm).Where("reader = ?", noticesOf(by.TeamID, by.UserID))
		if in.ID != "" {
			n, err := q.Where("id = ?", in.ID).Update(ctx, "unread", false)
			if err == nil && n == 0 {
				return ErrNotFound
			}
			return translate(err)
		}
		if in.Order != 0 {
			q = q.Where("order_number = ?", in.Order)
		}
		if in.Subject != "" {
			q = q.Where("subject_id = ? AND subject_id <> ''", in.Subject)
		}
		_, err := q.Where("unread").Update(ctx, "unread", false)
		return translate(err)
	})
}

// forgetNotices deletes notices that are old.
func (db *DB) forgetNotices(ctx context.Context) error {
	return db.tx(ctx, func(ctx context.Context, tx *DB) error {
		_, err := query.Of[Notice](tx.gorm).Where("at < ?", tx.Now().Add(-keepNotices)).Delete(ctx)
		return translate(err)
	})
}
