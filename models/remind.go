package models

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"quartermaster/models/pricing"
	"quartermaster/models/query"
)

// A person is reminded of a thing on days so and so many before it ends, of what they
// ordered and of whatever they chose, by the clock of the team. A reminder is a notice
// that nobody is given twice, and that is read by itself once its thing is gone or
// ends later.

// RemindDays are on how many days before its end somebody is reminded of a thing, the
// most first: "30,7,1"; "" is the usual ones and RemindNever none.
type RemindDays string

// RemindNever is that somebody is not reminded.
const RemindNever RemindDays = "-"

// remindUsually are the days before an end on which people are reminded who have not
// chosen others.
const remindUsually RemindDays = "30,7,1"

const (
	// mostRemindDays is how many days somebody may choose, remindAhead how far before
	// an end, and mostReminders how many things they may choose any for.
	mostRemindDays = 6
	remindAhead    = 365
	mostReminders  = 500
	// remindEach is how many reminders a person is given one by one at once; more are
	// one.
	remindEach = 10
	// remindTogether is how many things are looked at at once.
	remindTogether = 500
)

// List are the days, the most first.
func (d RemindDays) List() (days []int) {
	if d == "" {
		d = remindUsually
	}
	for _, text := range strings.Split(string(d), ",") {
		if n, err := strconv.Atoi(text); err == nil {
			days = append(days, n)
		}
	}
	return days
}

// Reminder is that a person chose when to be reminded of a thing.
type Reminder struct {
	TeamID    string `gorm:"primaryKey"`
	Kind      Kind   `gorm:"primaryKey"`
	SubjectID string `gorm:"primaryKey"`
	UserID    string `gorm:"primaryKey"`
	Days      RemindDays
}

// RemindInput is when somebody wants to be reminded, as a form has it: numbers of days
// with anything between them, none for never. Usual is that of a thing they are
// reminded as of what they order, or of others not at all.
type RemindInput struct {
	Days  string `form:"remind_days" validate:"max=100"`
	Usual string `form:"usual" validate:"max=10"`
}

// days are the days that an input means, or the broken rule of its field.
func (in RemindInput) days() (RemindDays, error) {
	if err := Check(&in); err != nil {
		return "", err
	}
	var days []int
	for _, text := range strings.FieldsFunc(in.Days, func(c rune) bool { return strings.ContainsRune(" ,;/，、；\t", c) }) {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > remindAhead {
			return "", invalid("remind_days", "remind_days", strconv.Itoa(remindAhead))
		}
		days = append(days, n)
	}
	slices.SortFunc(days, func(a, b int) int { return b - a })
	if days = slices.Compact(days); len(days) > mostRemindDays {
		return "", invalid("remind_days", "remind_many", strconv.Itoa(mostRemindDays))
	}
	if len(days) == 0 {
		return RemindNever, nil
	}
	return RemindDays(strings.ReplaceAll(spelled(days), " ", "")), nil
}

// Input is the input that would leave the days as they are.
func (d RemindDays) Input() RemindInput { return RemindInput{Days: spelled(d.List())} }

// Reminded is when a person is reminded of a thing.
type Reminded struct {
	Days RemindDays
	// Chosen tells that they chose so for this thing, Ordered that they ordered it.
	Chosen, Ordered bool
	// Unread tells that they have not read a reminder of it.
	Unread bool
}

// FindReminded is when the actor is reminded of a thing of their team that somebody
// ordered.
func (db *DB) FindReminded(ctx context.Context, by Actor, kind Kind, id, orderedBy string) (r Reminded, err error) {
	if err := by.may(See); err != nil {
		return r, err
	}
	r.Ordered = orderedBy == by.UserID
	chosen, err := query.Of[Reminder](db.gorm).Where("team_id = ? AND kind = ? AND subject_id = ? AND user_id = ?", by.TeamID, kind, id, by.UserID).Find(ctx)
	if err != nil {
		return r, translate(err)
	}
	switch {
	case len(chosen) > 0:
		r.Days, r.Chosen = chosen[0].Days, true
	case r.Ordered:
		if r.Days, err = db.FindRemindDays(ctx, by); err != nil {
			return r, err
		}
	default:
		r.Days = RemindNever
	}
	none, err := db.none(ctx, "SELECT 1 FROM notices WHERE subject_id = ? AND unread = ? AND subject_id <> '' AND reader = ?", id, true, noticesOf(by.TeamID, by.UserID))
	r.Unread = !none
	return r, err
}

// FindRemindDays is when the actor is reminded of what they order in their team.
func (db *DB) FindRemindDays(ctx context.Context, by Actor) (d RemindDays, err error) {
	if err := by.may(See); err != nil {
		return "", err
	}
	err = query.Row(ctx, db.gorm, "SELECT remind FROM memberships WHERE team_id = ? AND user_id = ?", []any{by.TeamID, by.UserID}, (*string)(&d))
	return d, translate(err)
}

// SetRemindDays says when the actor is reminded of what they order in their team.
func (db *DB) SetRemindDays(ctx context.Context, by Actor, in RemindInput) error {
	if err := by.may(See); err != nil {
		return err
	}
	days, err := in.days()
	if err != nil {
		return err
	}
	return db.tx(ctx, func(ctx context.Context, tx *DB) error {
		_, err := query.Of[Membership](tx.gorm).Where("team_id = ? AND user_id = ?", by.TeamID, by.UserID).Update(ctx, "remind", days)
		return translate(err)
	})
}

// SetReminder says when the actor is reminded of a thing of their team that ends.
func (db *DB) SetReminder(ctx context.Context, by Actor, kind Kind, id string, in RemindInput) error {
	if err := by.may(See); err != nil {
		return err
	}
	days, err := in.days()
	if in.Usual == "" && err != nil {
		return err
	}
	return db.tx(ctx, func(ctx context.Context, tx *DB) error {
		of, err := tx.expiringBy(ctx, by, kind, []string{id})
		if err != nil {
			return err
		}
		if len(of) == 0 {
			return ErrNotFound
		}
		mine := query.Of[Reminder](tx.gorm).Where("team_id = ? AND user_id = ?", by.TeamID, by.UserID)
		if _, err := mine.Where("kind = ? AND subject_id = ?", kind, id).Delete(ctx); err != nil || in.Usual != "" {
			return translate(err)
		}
		n, err := mine.Count(ctx, "*")
		if err == nil && n >= mostReminders {
			return invalid("remind_days", "remind_things", strconv.Itoa(mostReminders))
		}
		if err == nil {
			err = query.Of[Reminder](tx.gorm).CreateOnce(ctx, &Reminder{by.TeamID, kind, id, by.UserID, days})
		}
		return translate(err)
	})
}

// remindsNoMore marks as read the reminders of a thing, which is gone or ends later
// now.
func (db *DB) remindsNoMore(ctx context.Context, by Actor, id string) error {
	_, err := query.Do(ctx, db.gorm, "UPDATE notices SET unread = ? WHERE subject_id = ? AND unread = ? AND subject_id <> '' AND team_id = ?", false, id, true, by.TeamID)
	if err != nil {
		return fmt.Errorf("mark reminders: %w", err)
	}
	return nil
}

// dropReminders forgets when people are reminded of a thing that goes.
func (db *DB) dropReminders(ctx context.Context, by Actor, kind Kind, id string) error {
	if _, err := query.Of[Reminder](db.gorm).Where("team_id = ? AND kind = ? AND subject_id = ?", by.TeamID, kind, id).Delete(ctx); err != nil {
		return fmt.Errorf("drop reminders: %w", err)
	}
	return db.remindsNoMore(ctx, by, id)
}

// dropRemindersOf forgets what a person who leaves the actor's team is reminded of.
func (db *DB) dropRemindersOf(ctx context.Context, by Actor, user string) error {
	if _, err := query.Of[Reminder](db.gorm).Where("team_id = ? AND user_id = ?", by.TeamID, user).Delete(ctx); err != nil {
		return fmt.Errorf("drop reminders: %w", err)
	}
	return nil
}

// NoticeEnding is the action of a notice that a thing ends, or several do.
const NoticeEnding = "ending"

// remind is the job that reminds a team of what ends.
var remind = ofTeam("remind", (*DB).remindTeam)

// PromiseReminders promises to remind every team that has something that ends, once
// for each day of its own time. Calling it again, or from several processes at once,
// promises nothing more.
func (db *DB) PromiseReminders(ctx context.Context) error {
	var teams []struct {
		ID            string
		ClockOffsetMs int64
		RemindedDay   int64
	}
	if err := db.Scan(ctx, &teams, "SELECT id, clock_offset_ms, reminded_day FROM teams"); err != nil {
		return err
	}
	for _, t := range teams {
		by := Actor{TeamID: t.ID, Face: ByServer, ClockOffset: msDuration(t.ClockOffsetMs)}
		today := dayNumber(db.TeamNow(by))
		if t.RemindedDay == today {
			continue
		}
		some, err := db.ending(ctx, by, db.TeamNow(by), 1)
		if err == nil && len(some) > 0 {
			err = db.queueOnce(ctx, by, RemindJob, fmt.Sprintf("remind/%s/%d", t.ID, today))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// dayNumber numbers the days of the documents' calendar.
func dayNumber(t time.Time) int64 {
	_, offset := t.In(pricing.Zone).Zone()
	return (t.Unix() + int64(offset)) / (24 * 60 * 60)
}

// dayBegins is when a day begins, as dayNumber numbers them.
func dayBegins(n int64) time.Time {
	_, offset := time.Unix(0, 0).In(pricing.Zone).Zone()
	return time.Unix(n*24*60*60-int64(offset), 0).UTC()
}

// lastDay is the number of the last day of a thing.
func (e Expiring) lastDay() int64 { return dayNumber(e.EndsAt.Add(-time.Nanosecond)) }

// reminding is the reminding of a team: of the days after the one up to which it was
// reminded, up to today.
type reminding struct {
	by          Actor
	now         time.Time
	from, today int64
	members     map[string]RemindDays
}

// remindTeam reminds the people of a team of what ends.
func (db *DB) remindTeam(ctx context.Context, by Actor) error {
	r := reminding{by: by, now: db.TeamNow(by), members: map[string]RemindDays{}}
	r.today = dayNumber(r.now)
	if err := query.Row(ctx, db.gorm, "SELECT reminded_day FROM teams WHERE id = ?", []any{by.TeamID}, &r.from); err != nil {
		return translate(err)
	}
	if r.from == 0 || r.from > r.today { // never yet, or its clock was set back
		r.from = r.today - 1
	}
	if r.from == r.today {
		return nil
	}
	days, err := db.remindDaysOf(ctx, &r)
	if err != nil {
		return err
	}
	for _, k := range db.expire() {
		for _, d := range days {
			if err := db.remindOf(ctx, &r, k, d); err != nil {
				return err
			}
		}
	}
	return db.tx(ctx, func(ctx context.Context, tx *DB) error {
		return query.Exec(ctx, tx.gorm, "UPDATE teams SET reminded_day = ? WHERE id = ?", r.today, by.TeamID)
	})
}

// remindDaysOf are all the days before an end on which anybody of a team is reminded,
// with its members and theirs.
func (db *DB) remindDaysOf(ctx context.Context, r *reminding) (days []int64, err error) {
	members, err := query.Of[Membership](db.gorm).Select("user_id, remind").Where("team_id = ?", r.by.TeamID).Find(ctx)
	if err != nil {
		return nil, translate(err)
	}
	known := map[RemindDays]bool{}
	for _, m := range members {
		r.members[m.UserID] = m.Remind
		known[m.Remind] = true
	}
	var chosen []RemindDays
	if err := db.Scan(ctx, &chosen, "SELECT DISTINCT days FROM reminders WHERE team_id = ?", r.by.TeamID); err != nil {
		return nil, err
	}
	for _, d := range chosen {
		known[d] = true
	}
	for d := range known {
		for _, n := range d.List() {
			days = append(days, int64(n))
		}
	}
	slices.Sort(days)
	return slices.Compact(days), nil
}

// remindOf reminds of the things of a kind that have so many days left, or had on a
// day since.
func (db *DB) remindOf(ctx context.Context, r *reminding, k KindFacts, d int64) error {
	after, until := dayBegins(r.from+d+1), dayBegins(r.today+d+1)
	if after.Before(r.now) {
		after = r.now
	}
	type told struct {
		n     int
		first []Expiring
	}
	people := map[string]*told{}
	for id := lastID; ; {
		things, err := db.expiring(ctx, r.by, k, after, id, until, remindTogether)
		if err != nil {
			return err
		}
		who, err := db.remindedOf(ctx, r, k.Kind, things)
		if err != nil {
			return err
		}
		for i, e := range things {
			if e.lastDay()-d <= dayNumber(e.StartsAt) {
				continue // it has not had more days left yet
			}
			for user, days := range who[i] {
				if !r.due(e, days, d) {
					continue
				}
				p := people[user]
				if p == nil {
					p = &told{}
					people[user] = p
				}
				if p.n++; p.n <= remindEach {
					p.first = append(p.first, e)
				}
			}
		}
		if len(things) < remindTogether {
			break
		}
		after, id = things[len(things)-1].EndsAt, things[len(things)-1].ID
	}
	var all []Notice
	for user, p := range people {
		n := Notice{TeamID: r.by.TeamID, UserID: user, Reader: noticesOf(r.by.TeamID, user), Action: NoticeEnding, Kind: k.Kind, Unread: true, At: db.Now(),
			Args: NoticeArgs{Action: NoticeEnding, Days: d}}
		if p.n > remindEach {
			n.Args.Count = p.n
			all = append(all, n.once(db, fmt.Sprint(r.today, " ", d)))
			continue
		}
		for _, e := range p.first {
			one := n
			one.SubjectID, one.Args.Ends = e.ID, &e
			all = append(all, one.once(db, fmt.Sprint(e.ID, " ", e.lastDay(), " ", d)))
		}
	}
	if len(all) == 0 {
		return nil
	}
	slices.SortFunc(all, func(a, b Notice) int { return strings.Compare(*a.UniqueKey, *b.UniqueKey) })
	return db.tx(ctx, func(ctx context.Context, tx *DB) error {
		for i := range all {
			if err := query.Of[Notice](tx.gorm).CreateOnce(ctx, &all[i]); err != nil {
				return fmt.Errorf("write reminder: %w", translate(err))
			}
		}
		return nil
	})
}

// once is a notice with an id that its reader is given once of what a text names.
func (n Notice) once(db *DB, of string) Notice {
	key := fmt.Sprint(n.Action, " ", n.Reader, " ", n.Kind, " ", of)
	n.ID, n.UniqueKey = db.newID(), &key
	return n
}

// due tells whether somebody whose days these are is reminded of a thing with so many
// left now: not where one of them that is nearer to the end is due as well.
func (r *reminding) due(e Expiring, days RemindDays, d int64) bool {
	all := days.List()
	left := e.lastDay() - r.today
	return slices.Contains(all, int(d)) && !slices.ContainsFunc(all, func(n int) bool { return int64(n) < d && int64(n) >= left })
}

// remindedOf are the people who are reminded of each of some things, with their days.
func (db *DB) remindedOf(ctx context.Context, r *reminding, kind Kind, things []Expiring) ([]map[string]RemindDays, error) {
	ids, who := make([]string, len(things)), make([]map[string]RemindDays, len(things))
	at := make(map[string]int, len(things))
	for i, e := range things {
		ids[i], at[e.ID], who[i] = e.ID, i, map[string]RemindDays{}
		if days, is := r.members[e.CreatedBy]; is {
			who[i][e.CreatedBy] = days
		}
	}
	if len(things) == 0 {
		return who, nil
	}
	chosen, err := query.Of[Reminder](db.gorm).Where("team_id = ? AND kind = ? AND subject_id IN ?", r.by.TeamID, kind, ids).Find(ctx)
	for _, c := range chosen {
		if _, is := r.members[c.UserID]; is {
			who[at[c.SubjectID]][c.UserID] = c.Days
		}
	}
	return who, translate(err)
}
