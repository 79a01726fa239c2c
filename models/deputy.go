package models

import (
	"context"
	"fmt"
	"slices"
	"time"

	"quartermaster/models/pricing"
	"quartermaster/models/query"
)

// day is a moment's day by the calendar of UTC+8.
func day(t time.Time) string { return t.In(pricing.Zone).Format(time.DateOnly) }

// AwayInput is who stands in for somebody who is away, and when.
type AwayInput struct {
	Deputy string `form:"deputy" validate:"max=64"` // a member's id, "" for nobody
	From   string `form:"away_from" validate:"max=10"`
	Until  string `form:"away_until" validate:"max=10"`
	// Shown is what the form showed, so that a newer change is not undone unseen.
	Shown string `form:"shown"`
}

// Away is the input that would leave the member's deputy as it is.
func (m Member) Away() AwayInput {
	in := AwayInput{Deputy: m.DeputyID, From: m.AwayFrom, Until: m.AwayUntil}
	in.Shown = shownAs(in)
	return in
}

// mostAway is how many days ahead somebody says that they are away.
const mostAway = 366

// SetDeputy says who decides for a member of the actor's team while they are away.
// Who may decide says so of themselves, an admin of anybody who may.
func (db *DB) SetDeputy(ctx context.Context, by Actor, userID string, in AwayInput) (*User, error) {
	if userID != by.UserID {
		if err := by.may(Administer); err != nil {
			return nil, err
		}
	}
	if err := by.may(Decide); err != nil {
		return nil, err
	}
	if err := Check(&in); err != nil {
		return nil, err
	}
	var user *User
	err := db.tx(ctx, func(ctx context.Context, tx *DB) (err error) {
		if err := tx.holdTeam(ctx, by); err != nil {
			return err
		}
		if user, err = tx.member(ctx, by, userID); err != nil {
			return err
		}
		q := query.Of[Membership](tx.gorm).Where("team_id = ? AND user_id = ?", by.TeamID, userID)
		m, err := q.First(ctx)
		if err != nil {
			return err
		}
		was := Member{DeputyID: m.DeputyID, AwayFrom: m.AwayFrom, AwayUntil: m.AwayUntil}
		was.back(day(tx.TeamNow(by)))
		old := was.Away()
		if err := edited(&in, old, in.Shown); err != nil {
			return err
		}
		people, err := tx.deciders(ctx, by)
		if err != nil {
			return err
		}
		name := func(id string) string {
			if i := slices.IndexFunc(people, func(d decider) bool { return d.ID == id }); i >= 0 {
				return people[i].Name
			}
			return ""
		}
		if name(userID) == "" {
			return ErrForbidden // who decides nothing needs nobody to
		}
		if err := in.check(userID, name(in.Deputy), day(tx.TeamNow(by))); err != nil {
			return err
		}
		_, err = q.Select("DeputyID", "AwayFrom", "AwayUntil").Updates(ctx, Membership{DeputyID: in.Deputy, AwayFrom: in.From, AwayUntil: in.Until})
		if err != nil {
			return fmt.Errorf("set deputy: %w", err)
		}
		return tx.Record(ctx, by, Event{Action: "member.away_changed", Kind: KindUser, SubjectID: user.ID, SubjectName: user.Name},
			map[string]any{"from": old.text(name(old.Deputy)), "to": in.text(name(in.Deputy))})
	})
	return user, err
}

// check says what is wrong with who stands in for a person, today; name is what they
// are called, "" for one who may not decide. Without a deputy there are no days.
func (in *AwayInput) check(userID, name, today string) error {
	if in.Deputy == "" {
		in.From, in.Until = "", ""
		return nil
	}
	var broken Invalid
	if name == "" || in.Deputy == userID {
		broken.refuse("deputy", "deputy")
	}
	var days [2]time.Time
	for i, field := range []struct{ name, text string }{{"away_from", in.From}, {"away_until", in.Until}} {
		var err error
		if days[i], err = time.Parse(time.DateOnly, field.text); err != nil {
			broken.refuse(field.name, "day")
		}
	}
	if broken == nil {
		now, _ := time.Parse(time.DateOnly, today)
		switch {
		case days[1].Before(days[0]):
			broken.refuse("away_until", "before_start")
		case days[1].Before(now):
			broken.refuse("away_until", "over")
		case days[1].After(now.AddDate(0, 0, mostAway)):
			broken.refuse("away_until", "far")
		}
	}
	return broken.With()
}

// text is a deputy with the days as the record has them.
func (in AwayInput) text(name string) string {
	if in.Deputy == "" {
		return ""
	}
	return name + ", " + in.From + " – " + in.Until
}

// strangers are people without some, for whom nobody of the rest stands in either.
func strangers(people []decider, without ...string) []decider {
	left := others(people, without...)
	for i := range left {
		left[i].For = slices.DeleteFunc(slices.Clone(left[i].For), func(id string) bool { return slices.Contains(without, id) })
	}
	return left
}

// nameDeputies says of steps that nobody has decided who stands in now for the person
// that each asks.
func (db *DB) nameDeputies(ctx context.Context, by Actor, way []Approval) error {
	if !slices.ContainsFunc(way, func(a Approval) bool { return a.PersonID != "" && a.DecidedBy == "" }) {
		return nil
	}
	people, err := db.deciders(ctx, by)
	for i, a := range way {
		if a.PersonID == "" || a.DecidedBy != "" {
			continue
		}
		for _, d := range strangers(people, a.RequestedBy, a.KeyMaker) {
			if slices.Contains(d.For, a.PersonID) {
				way[i].Deputy, way[i].ForYou = Person{d.ID, d.Name}, d.ID == by.UserID
			}
		}
	}
	return err
}
