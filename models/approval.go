package models

import (
	"context"
	"errors"
	"slices"
	"time"

	"quartermaster/models/query"
)

// ApprovalState is where a step of an order's way stands.
type ApprovalState string

// States of an approval: waiting → open → approved or rejected; those that are
// not decided end with their order.
const (
	ApprovalWaiting  ApprovalState = "waiting" // for the step before it
	ApprovalOpen     ApprovalState = "open"
	ApprovalApproved ApprovalState = "approved"
	ApprovalRejected ApprovalState = "rejected"
	ApprovalEnded    ApprovalState = "ended"
)

// Approval is a step that an order takes: who is asked, and what they said.
type Approval struct {
	ID          string
	TeamID      string
	OrderNumber int64
	Place       int  // of the step on the order's way, from 1
	Role        Role // as an Ask has it
	PersonID    string
	PersonName  string
	Instead     bool // nobody is left of whom the rule asks
	// RequestedBy and KeyMaker may not decide: who asked, and who made the key that
	// was asked with, "" for none.
	RequestedBy string
	KeyMaker    string
	State       ApprovalState
	DecidedBy   string
	DeciderName string
	Reason      string
	At          time.Time // since when it is so, by the team's clock
	Past        int64     // the version of the order that it was a step of; 0 of the present one

	// Order is the order without lines, where a list has it.
	Order *Order `gorm:"-"`
	// Deputy stands in now for the person, while a step is undecided.
	Deputy Person `gorm:"-"`
	ForYou bool   `gorm:"-"` // the reader is the deputy

	sorted sorted
}

// Ask is who is asked.
func (a Approval) Ask() Ask { return Ask{a.Role, Person{a.PersonID, a.PersonName}} }

// decider is a member of a team who may decide.
type decider struct {
	ID   string
	Name string
	Role Role
	// Deputy stands in for them now, "" when nobody does, and For are those for whom
	// they stand in.
	Deputy string
	For    []string `gorm:"-"`
}

// deciders are the people who may decide in the actor's team now.
func (db *DB) deciders(ctx context.Context, by Actor) (people []decider, err error) {
	today := day(db.TeamNow(by))
	err = db.gorm.WithContext(ctx).Raw(`SELECT u.id, u.name, m.role, CASE WHEN m.away_from <= ? AND m.away_until >= ? THEN m.deputy_id ELSE '' END AS deputy
		FROM memberships m JOIN users u ON u.id = m.user_id
		WHERE m.team_id = ? AND m.role IN ? AND NOT u.disabled ORDER BY u.name, u.id`,
		today, today, by.TeamID, []Role{Approver, Admin}).Scan(&people).Error
	for i := range people {
		for _, absent := range people {
			if absent.Deputy == people[i].ID {
				people[i].For = append(people[i].For, absent.ID)
			}
		}
	}
	return people, translate(err)
}

// asks tells whether the step asks somebody.
func (s Ask) asks(d decider) bool {
	return s.Person.ID == d.ID || slices.Contains(d.For, s.Person.ID) || s.Person.ID == "" && d.Role.AtLeast(s.Role)
}

// of are those of people whom the step asks.
func (s Ask) of(people []decider) (asked []decider) {
	for _, d := range people {
		if s.asks(d) {
			asked = append(asked, d)
		}
	}
	return asked
}

// staffed tells whether each step can be decided by somebody else.
func staffed(steps []Ask, people []decider) bool {
	does := make([]int, len(people)) // the step of each, from 1
	var take func(step int, seen []bool) bool
	take = func(step int, seen []bool) bool {
		for i, d := range people {
			if seen[i] || !steps[step].asks(d) {
				continue
			}
			seen[i] = true
			if does[i] == 0 || take(does[i]-1, seen) {
				does[i] = step + 1
				return true
			}
		}
		return false
	}
	for i := range steps {
		if !take(i, make([]bool, len(people))) {
			return false
		}
	}
	return true
}

// anyAdmin is the step of which there is always hope.
var anyAdmin = Ask{Role: Admin}

// staff are steps that people can take: where nobody is left whom one asks, any
// admin is asked instead, and where the steps are more than the people, one admin
// for all of them. ok is false where even that asks nobody.
func staff(steps []Ask, people []decider) (to []Ask, instead []bool, ok bool) {
	to, instead = slices.Clone(steps), make([]bool, len(steps))
	if staffed(to, people) {
		return to, instead, true
	}
	for i, s := range to {
		if len(s.of(people)) == 0 {
			to[i], instead[i] = anyAdmin, true
		}
	}
	if staffed(to, people) {
		return to, instead, true
	}
	return []Ask{anyAdmin}, []bool{true}, staffed([]Ask{anyAdmin}, people)
}

// others are people without some.
func others(people []decider, without ...string) []decider {
	return slices.DeleteFunc(slices.Clone(people), func(d decider) bool { return slices.Contains(without, d.ID) })
}

// way is the way of an order of the actor that has to take steps. Where only the
// one who asks could decide, it is refused ("only_requester").
func (db *DB) way(ctx context.Context, by Actor, o *Order, steps []Ask) ([]Approval, error) {
	if len(steps) == 0 {
		return nil, nil
	}
	people, err := db.deciders(ctx, by)
	if err != nil {
		return nil, err
	}
	maker, err := db.keyMaker(ctx, by.TeamID, o.KeyID)
	if err != nil {
		return nil, err
	}
	to, instead, ok := staff(steps, strangers(people, o.RequestedBy, maker))
	if !ok {
		return nil, invalid("", "only_requester")
	}
	way := make([]Approval, len(to))
	for i, s := range to {
		way[i] = Approval{ID: db.newID(), Place: i + 1, TeamID: by.TeamID, Role: s.Role, PersonID: s.Person.ID, PersonName: s.Person.Name, Instead: instead[i],
			RequestedBy: o.RequestedBy, KeyMaker: maker, State: ApprovalWaiting, At: db.TeamNow(by)}
	}
	way[0].State = ApprovalOpen
	return way, nil
}

// keyMaker is who made an access key, which the record knows even when the key
// has been deleted; "" without a key.
func (db *DB) keyMaker(ctx context.Context, team, key string) (string, error) {
	if key == "" {
		return "", nil
	}
	made, err := query.Of[Event](db.gorm).Where("team_id = ? AND subject_id = ? AND kind <> 'order' AND action = ?", team, key, "key.created").Limit(1).Find(ctx)
	if err != nil || len(made) == 0 {
		return "", translate(err)
	}
	return made[0].UserID, nil
}

// Way are the steps that an order of the actor's team takes as it is now, in their
// order.
func (db *DB) Way(ctx context.Context, by Actor, number int64) ([]Approval, error) {
	if err := by.may(See); err != nil {
		return nil, err
	}
	way, err := query.Of[Approval](db.gorm).Where("order_number = ? AND team_id = ? AND past = 0", number, by.TeamID).Order("place").Find(ctx)
	return way, translate(err)
}

// openOf is the place in a way of the step that is to be decided, -1 when none is.
func openOf(way []Approval) int {
	return slices.IndexFunc(way, func(a Approval) bool { return a.State == ApprovalOpen })
}

// able are the people who could decide each step of a way now, by its place in the
// way. Where nobody is left whom a step asks, any admin may.
func (db *DB) able(ctx context.Context, by Actor, way []Approval) (map[int][]Person, error) {
	people, err := db.deciders(ctx, by)
	if err != nil {
		return nil, err
	}
	out := map[int][]Person{}
	for i, a := range way {
		for _, d := range a.able(people, way) {
			out[i] = append(out[i], Person{d.ID, d.Name})
		}
	}
	return out, nil
}

// able are those of people who may decide the step: nobody decides their own order,
// nor two steps of it.
func (a Approval) able(people []decider, way []Approval) []decider {
	people = strangers(people, a.RequestedBy, a.KeyMaker)
	var without []string
	for _, other := range way {
		without = append(without, other.DecidedBy)
	}
	if asked := others(a.Ask().of(people), without...); len(asked) > 0 {
		return asked
	}
	return others(anyAdmin.of(people), without...)
}

// mayDecide is ErrForbidden for who may not decide the open step of a way, and
// refuses whom a later step needs ("needed_later") where somebody else could
// decide this one.
func (db *DB) mayDecide(ctx context.Context, by Actor, way []Approval, approve bool) error {
	people, err := db.deciders(ctx, by)
	if err != nil {
		return err
	}
	i := openOf(way)
	able := way[i].able(people, way)
	if !slices.ContainsFunc(able, func(d decider) bool { return d.ID == by.UserID }) {
		return ErrForbidden
	}
	if !approve || len(able) == 1 || i == len(way)-1 {
		return nil
	}
	left := strangers(people, way[i].RequestedBy, way[i].KeyMaker)
	var later []Ask
	for _, a := range way[i+1:] {
		later = append(later, a.Ask())
	}
	for _, a := range way[:i] {
		left = others(left, a.DecidedBy)
	}
	if staffed(later, left) && !staffed(later, others(left, by.UserID)) {
		return invalid("", "needed_later")
	}
	return nil
}

// Able tells whether the actor may decide the step that an order of their team
// waits for.
func (db *DB) Able(ctx context.Context, by Actor, number int64) (bool, error) {
	way, err := db.Way(ctx, by, number)
	if err != nil || openOf(way) < 0 || !by.May(Decide) {
		return false, err
	}
	err = db.mayDecide(ctx, by, way, false)
	if errors.Is(err, ErrForbidden) {
		return false, nil
	}
	return err == nil, err
}
