package models

import (
	"context"
	"fmt"
	"time"

	"quartermaster/models/list"
	"quartermaster/models/query"
)

// Member is a person in the actor's team.
type Member struct {
	TeamID string
	UserID string
	Name   string
	Email  string
	Role   Role
	Only   Only `gorm:"-"` // what they may order
	// DeputyID and DeputyName stand in for them from one day until another; "" for
	// nobody, also when the last day is over.
	DeputyID, DeputyName, AwayFrom, AwayUntil string
	Since                                     time.Time
	Disabled                                  bool
	// Invited says that the person has not chosen a password yet.
	Invited bool
	// You says that it is the actor, and Changeable that the actor may give the
	// person another role or remove them.
	You        bool
	Changeable bool

	sorted sorted
}

// Members is the list of the people of a team, by name.
var Members = &List[Member]{
	Right: See,
	Desc: list.Desc[Member]{
		Table: "memberships", Key: "user_id", Scope: "team_id", Tells: []string{"team_id", "user_id"},
		Columns: []string{"user_id", "user_name", "role", "created_at", "may_order", "deputy_id", "away_from", "away_until"},
		Into: func(m *Member, to []any) []any {
			return append(to, &m.UserID, &m.Name, (*string)(&m.Role), &m.Since, fromJSON{&m.Only}, &m.DeputyID, &m.AwayFrom, &m.AwayUntil, &m.sorted.text, &m.sorted.n)
		},
		Sorted: []list.Sorted{
			{Name: "email", SQL: "(SELECT u.email FROM users AS u WHERE u.id = memberships.user_id)"},
			{Name: "state", SQL: "(SELECT CASE WHEN u.disabled THEN 2 WHEN u.password_hash = '' THEN 1 ELSE 0 END FROM users AS u WHERE u.id = memberships.user_id)"},
		},
		Sorts: []list.Sort{{Name: "name", Columns: []string{"user_name", "user_id"}, Up: true}, {Name: "joined", Columns: []string{"created_at", "user_id"}},
			{Name: "role", Columns: []string{"role", "user_name", "user_id"}, Up: true}, small("email", "email", "user_id"), small("state", "state", "user_name", "user_id")},
		Filters: []list.Filter{equals("role", "role", texts(Roles)), one("user", "user_id = ?", "sqlite_autoindex_memberships_1")},
		Indexes: []list.Index{
			{Name: "memberships_name", Sort: "name"},
			{Name: "memberships_joined", Sort: "joined"},
			{Name: "memberships_role", Filters: []string{"role"}, Sort: "name"},
			{Name: "memberships_role", Sort: "role"},
		},
	},
	Fill: func(ctx context.Context, db *DB, by Actor, rows []Member) error { return db.fillMembers(ctx, by, rows) },
}

// fillMembers says of members what is kept of the people.
func (db *DB) fillMembers(ctx context.Context, by Actor, members []Member) error {
	ids := make([]string, len(members))
	for i, m := range members {
		ids[i] = m.UserID
	}
	var people []Member
	err := db.gorm.WithContext(ctx).Raw(`SELECT u.id AS user_id, u.name, u.email, u.disabled, u.password_hash = '' AS invited, COALESCE(d.name, '') AS deputy_name
		FROM memberships m JOIN users u ON u.id = m.user_id LEFT JOIN users d ON d.id = m.deputy_id WHERE m.team_id = ? AND m.user_id IN ?`, by.TeamID, ids).Scan(&people).Error
	known := make(map[string]Member, len(people))
	for _, p := range people {
		known[p.UserID] = p
	}
	for i := range members {
		m := &members[i]
		p := known[m.UserID]
		m.Name, m.Email, m.Disabled, m.Invited = p.Name, p.Email, p.Disabled, p.Invited
		m.TeamID, m.DeputyName = by.TeamID, p.DeputyName
		m.back(day(db.TeamNow(by)))
		m.You = m.UserID == by.UserID
		m.Changeable = !m.You && by.May(Administer)
	}
	return err
}

// back takes the deputy away from one who is no longer away on a day.
func (m *Member) back(day string) {
	if m.AwayUntil < day {
		m.DeputyID, m.DeputyName, m.AwayFrom, m.AwayUntil = "", "", "", ""
	}
}

// ListMembers are all people of the actor's team, by name.
func (db *DB) ListMembers(ctx context.Context, by Actor) (all []Member, err error) {
	err = Members.Each(ctx, db, by, list.Query{}, func(rows []Member) error {
		all = append(all, rows...)
		return nil
	})
	return all, err
}

// FindMember is one person of the actor's team, or ErrNotFound.
func (db *DB) FindMember(ctx context.Context, by Actor, userID string) (*Member, error) {
	return only(Members.Read(ctx, db, by, list.With("user", userID)))
}

// member is one person of the actor's team, or ErrNotFound.
func (db *DB) member(ctx context.Context, by Actor, userID string) (*User, error) {
	user, err := query.Of[User](db.gorm).
		Where("id = ? AND id IN (SELECT user_id FROM memberships WHERE team_id = ?)", userID, by.TeamID).First(ctx)
	if err != nil {
		return nil, translate(err)
	}
	return &user, nil
}

// RoleInput is the role that a member is to have.
type RoleInput struct {
	Role Role `form:"role" validate:"oneof=viewer requester approver admin"`
	// Shown is what the form showed, so that a newer change is not undone unseen.
	Shown string `form:"shown"`
}

// RoleInput is the input that would leave the member's role as it is.
func (m Member) RoleInput() RoleInput {
	in := RoleInput{Role: m.Role}
	in.Shown = shownAs(in)
	return in
}

// ChangeRole gives a member of the actor's team another role. Nobody changes
// their own, and of two admins who change each other's at once one comes too
// late, so a team is never without an admin. The member's sessions in the
// team end: a session does not outlive a change of rights.
func (db *DB) ChangeRole(ctx context.Context, by Actor, userID string, in RoleInput) (*User, error) {
	return db.onMember(ctx, by, userID, func(ctx context.Context, tx *DB, user *User) error {
		if err := Check(&in); err != nil {
			return err
		}
		q := query.Of[Membership](tx.gorm).Where("team_id = ? AND user_id = ?", by.TeamID, userID)
		old, err := q.First(ctx)
		if err != nil {
			return err
		}
		if err := edited(&in, RoleInput{Role: old.Role}, in.Shown); err != nil || in.Role == old.Role {
			return err
		}
		if _, err := q.Update(ctx, "role", in.Role); err != nil {
			return fmt.Errorf("change role: %w", err)
		}
		if in.Role != Admin {
			if err := tx.withdraw(ctx, "team_id = ? AND created_by = ?", by.TeamID, userID); err != nil {
				return err
			}
		}
		return tx.Record(ctx, by, Event{Action: "member.role_changed", Kind: KindUser, SubjectID: user.ID, SubjectName: user.Name},
			map[string]any{"old": old.Role, "new": in.Role})
	})
}

// RemoveMember takes a member out of the actor's team; from their next request
// on they see nothing of it. Nobody removes themselves.
func (db *DB) RemoveMember(ctx context.Context, by Actor, userID string) (*User, error) {
	return db.onMember(ctx, by, userID, func(ctx context.Context, tx *DB, user *User) error { return tx.removeMember(ctx, by, user) })
}

// removeMember takes a member out of the actor's team, in the caller's transaction,
// with the sessions in it, the invitations that they sent and what they keep there.
func (db *DB) removeMember(ctx context.Context, by Actor, user *User) error {
	if _, err := query.Of[Membership](db.gorm).Where("team_id = ? AND user_id = ?", by.TeamID, user.ID).Delete(ctx); err != nil {
		return fmt.Errorf("remove member: %w", err)
	}
	if err := db.withdraw(ctx, "team_id = ? AND (created_by = ? OR email = ?)", by.TeamID, user.ID, user.Email); err != nil {
		return err
	}
	if err := db.endSessionsIn(ctx, by, user.ID); err != nil {
		return err
	}
	if err := db.dropViews(ctx, by, user.ID); err != nil {
		return err
	}
	if err := db.dropDraftsOf(ctx, by, user.ID); err != nil {
		return err
	}
	if err := db.dropRemindersOf(ctx, by, user.ID); err != nil {
		return err
	}
	return db.Record(ctx, by, Event{Action: "member.removed", Kind: KindUser, SubjectID: user.ID, SubjectName: user.Name})
}

// endSessionsIn ends a person's sessions in the actor's team.
func (db *DB) endSessionsIn(ctx context.Context, by Actor, userID string) error {
	if _, err := query.Of[sessionRow](db.gorm).Where("user_id = ? AND team_id = ?", userID, by.TeamID).Delete(ctx); err != nil {
		return fmt.Errorf("end sessions: %w", err)
	}
	return nil
}

// onMember changes something about another member of the actor's team and ends
// that member's sessions in it.
func (db *DB) onMember(ctx context.Context, by Actor, userID string, change func(context.Context, *DB, *User) error) (*User, error) {
	if err := by.may(Administer); err != nil {
		return nil, err
	}
	if userID == by.UserID {
		return nil, ErrForbidden
	}
	var user *User
	err := db.tx(ctx, func(ctx context.Context, tx *DB) (err error) {
		if err := tx.stillAdmin(ctx, by); err != nil {
			return err
		}
		if user, err = tx.member(ctx, by, userID); err != nil {
			return err
		}
		if err := change(ctx, tx, user); err != nil {
			return err
		}
		return tx.endSessionsIn(ctx, by, userID)
	})
	return user, err
}

// stillAdmin keeps other changes of the team's members off until the transaction
// ends, and is ErrForbidden for one who has been admin until just now.
func (db *DB) stillAdmin(ctx context.Context, by Actor) error {
	if err := db.holdTeam(ctx, by); err != nil {
		return err
	}
	n, err := query.Of[Membership](db.gorm).Where("team_id = ? AND user_id = ? AND role = ?", by.TeamID, by.UserID, Admin).Count(ctx, "*")
	if err == nil && n == 0 {
		err = ErrForbidden
	}
	return err
}

// MakeTeamAdmin makes an account an admin of the team that has this account id or,
// alone, this name, and enables it: what a team needs that has nobody left to do
// so. Its sessions end. Of several teams of the name, the refusal has the ids.
func (db *DB) MakeTeamAdmin(ctx context.Context, by Actor, email, team string) (*Team, error) {
	if err := by.maySite(); err != nil {
		return nil, err
	}
	user, err := db.userByEmail(ctx, email)
	if err != nil {
		return nil, err
	}
	teams, err := query.Of[Team](db.gorm).Select("id", "name").Where("id = ? OR name = ?", team, team).Limit(10).Find(ctx)
	if err != nil {
		return nil, translate(err)
	}
	if len(teams) != 1 {
		var ids []string
		for _, t := range teams {
			ids = append(ids, t.ID)
		}
		return nil, invalid("team", "unknown", ids...)
	}
	by.TeamID = teams[0].ID
	return &teams[0], db.tx(ctx, func(ctx context.Context, tx *DB) error {
		if err := tx.holdTeam(ctx, by); err != nil {
			return err
		}
		members, err := query.Of[Membership](tx.gorm).Where("team_id = ? AND user_id = ?", by.TeamID, user.ID).Find(ctx)
		if err != nil {
			return err
		}
		event, more := Event{Action: "member.added"}, map[string]any{"role": Admin}
		m := Membership{TeamID: by.TeamID, UserID: user.ID, UserName: user.Name, CreatedAt: tx.Now()}
		if len(members) > 0 {
			m = members[0]
			event, more = Event{Action: "member.role_changed"}, map[string]any{"old": m.Role, "new": Admin}
		}
		m.Role = Admin
		if err := tx.gorm.WithContext(ctx).Save(&m).Error; err != nil {
			return fmt.Errorf("make admin: %w", err)
		}
		if err := tx.revive(ctx, user, map[string]any{"disabled": false}); err != nil {
			return err
		}
		event.Kind, event.SubjectID, event.SubjectName = KindUser, user.ID, user.Name
		return tx.Record(ctx, by, event, more)
	})
}
