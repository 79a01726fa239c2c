package models

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm/clause"

	"quartermaster/models/list"
	"quartermaster/models/query"
)

// SiteTeam is a team as site admins see it, with what it holds.
type SiteTeam struct {
	ID            string
	Name          string
	CreatedAt     time.Time
	CUQuota       int64
	CUUsed        int64
	CULimit       int64
	ObjectStorage bool

	// Members are people, Keys access keys, Counts things of each kind and orders.
	Members, Keys int64
	Counts        map[string]int64

	sorted sorted
}

// countOf is how many things of a kind a team has.
func countOf(kind Kind) list.Sorted {
	return list.Sorted{Name: string(kind) + "_count", SQL: "COALESCE((SELECT c.value FROM counters AS c WHERE c.team_id = teams.id AND c.name = '" + string(kind) + "'), 0)"}
}

// SiteTeams is the list of all teams, for site admins, by name.
var SiteTeams = &List[SiteTeam]{
	Right: Administer, Site: true,
	Desc: list.Desc[SiteTeam]{
		Table: "teams", Key: "id",
		Columns: []string{"id", "name", "created_at", "cu_quota", "cu_used", "cu_limit", "object_storage"},
		Into: func(t *SiteTeam, to []any) []any {
			return append(to, &t.ID, &t.Name, &t.CreatedAt, &t.CUQuota, &t.CUUsed, &t.CULimit, &t.ObjectStorage, &t.sorted.n, &t.sorted.n, &t.sorted.n, &t.sorted.n, &t.sorted.n, &t.sorted.n, &t.sorted.n)
		},
		Sorted: []list.Sorted{
			{Name: "members", SQL: "(SELECT COUNT(*) FROM memberships AS m WHERE m.team_id = teams.id)"}, countOf(KindBucket), countOf(KindPkgVersion), countOf(KindPlan), countOf(KindStore), countOf(KindOrder),
			{Name: "storing", SQL: "CASE WHEN object_storage THEN 1 ELSE 0 END"},
		},
		Sorts: []list.Sort{{Name: "name", Columns: []string{"name", "id"}, Up: true}, {Name: "created", Columns: []string{"created_at", "id"}}, small("members", "members", "id"),
			small("bucket", "bucket_count", "id"), small("version", "version_count", "id"), small("plan", "plan_count", "id"), small("store", "store_count", "id"), small("order", "order_count", "id"),
			small("cu", "cu_used", "id"), small("storage", "storing", "id")},
		Filters: []list.Filter{one("team", "id = ?", "sqlite_autoindex_teams_1"), apart("storage", "NOT object_storage")},
		Indexes: []list.Index{{Name: "teams_name", Sort: "name"}, {Name: "teams_created", Sort: "created"}, {Name: "teams_storage", Filters: []string{"storage"}, Sort: "name"}},
	},
	Matches: []string{"name", "id"},
	Fill: func(ctx context.Context, db *DB, _ Actor, teams []SiteTeam) error {
		ids := make([]string, len(teams))
		at := make(map[string]*SiteTeam, len(teams))
		for i := range teams {
			t := &teams[i]
			t.Counts = map[string]int64{}
			ids[i], at[t.ID] = t.ID, t
		}
		var counts []counter
		err := db.Scan(ctx, &counts, `SELECT team_id, name, value FROM counters WHERE team_id IN ? AND name IN ('bucket', 'app', 'version', 'plan', 'store', 'order')
			UNION ALL SELECT team_id, ' members', COUNT(*) FROM memberships WHERE team_id IN ? GROUP BY team_id
			UNION ALL SELECT team_id, ' keys', COUNT(*) FROM access_keys WHERE team_id IN ? GROUP BY team_id`, ids, ids, ids)
		for _, c := range counts {
			at[c.TeamID].Counts[c.Name] = c.Value
		}
		for i := range teams {
			teams[i].Members, teams[i].Keys = teams[i].Counts[" members"], teams[i].Counts[" keys"]
		}
		return err
	},
}

// FindSiteTeam is a team, for site admins, or ErrNotFound.
func (db *DB) FindSiteTeam(ctx context.Context, by Actor, id string) (*SiteTeam, error) {
	return only(SiteTeams.Read(ctx, db, by.ForSite(), list.With("team", id)))
}

// only is the one row of a page, or ErrNotFound.
func only[R any](page list.Page[R], err error) (*R, error) {
	if err == nil && len(page.Rows) != 1 {
		err = ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return &page.Rows[0], nil
}

// SiteTeamInput is what site admins say about a team.
type SiteTeamInput struct {
	Name    string `form:"team_name" validate:"required,line,max=64"`
	CULimit int64  `form:"cu_limit" validate:"min=0,max=1000000"`
	// Shown is what the form showed, so that nobody undoes unseen what another has
	// changed meanwhile.
	Shown string `form:"shown"`
}

// Input is the input that would leave the team as it is.
func (t SiteTeam) Input() SiteTeamInput {
	in := SiteTeamInput{Name: t.Name, CULimit: t.CULimit}
	in.Shown = shownAs(in)
	return in
}

// onTeam changes a team for a site admin, who is in it while change runs.
func (db *DB) onTeam(ctx context.Context, by Actor, id string, change func(ctx context.Context, tx *DB, by Actor, team *Team) error) error {
	if err := by.maySite(); err != nil {
		return err
	}
	by.TeamID = id
	return db.tx(ctx, func(ctx context.Context, tx *DB) error {
		if err := tx.holdTeam(ctx, by); err != nil {
			return err
		}
		team, err := query.Of[Team](tx.gorm).Omit("logo").Where("id = ?", id).First(ctx)
		if err != nil {
			return err
		}
		return change(ctx, tx, by, &team)
	})
}

// UpdateSiteTeam changes the name of a team and the most that it may make its quota.
// A quota that was the most is the most again, and none is more.
func (db *DB) UpdateSiteTeam(ctx context.Context, by Actor, id string, in SiteTeamInput) error {
	if err := by.maySite(); err != nil {
		return err
	}
	if err := Check(&in); err != nil {
		return err
	}
	return db.onTeam(ctx, by, id, func(ctx context.Context, tx *DB, by Actor, team *Team) error {
		old := SiteTeam{Name: team.Name, CULimit: team.CULimit}.Input()
		if err := tx.changedSince(ctx, by, old, in.Shown); err != nil {
			return err
		}
		quota := min(team.CUQuota, in.CULimit)
		if team.CUQuota == team.CULimit {
			quota = in.CULimit
		}
		for _, s := range []struct {
			name, column string
			from, to     any
		}{
			{"team_name", "name", old.Name, in.Name}, {"cu_limit", "cu_limit", old.CULimit, in.CULimit}, {"cu_quota", "cu_quota", team.CUQuota, quota},
		} {
			if err := tx.setOfTeam(ctx, by, team, s.name, s.column, s.from, s.to); err != nil {
				return err
			}
		}
		return nil
	})
}

// setOfTeam writes a setting of the actor's team, and records that, where it changes.
func (db *DB) setOfTeam(ctx context.Context, by Actor, team *Team, name, column string, from, to any) error {
	if from == to {
		return nil
	}
	if _, err := query.Of[Team](db.gorm).Where("id = ?", team.ID).Update(ctx, column, to); err != nil {
		return fmt.Errorf("set %s: %w", column, err)
	}
	return db.recordOfTeam(ctx, by, team, "team."+name+"_changed", map[string]any{"from": from, "to": to})
}

// recordOfTeam records what a site admin has done to a team, for the team and for the
// site.
func (db *DB) recordOfTeam(ctx context.Context, by Actor, team *Team, action string, detail ...any) error {
	e := Event{Action: action, Kind: KindTeam, SubjectID: team.ID, SubjectName: team.Name}
	return cmp.Or(db.Record(ctx, by, e, detail...), db.Record(ctx, by.ForSite(), e, detail...))
}

// SetObjectStorage switches the buckets of a team on or off.
func (db *DB) SetObjectStorage(ctx context.Context, by Actor, id string, on bool) error {
	return db.onTeam(ctx, by, id, func(ctx context.Context, tx *DB, by Actor, team *Team) error {
		return tx.setOfTeam(ctx, by, team, "object_storage", "object_storage", team.ObjectStorage, on)
	})
}

// UserTeam is a team that a person is a member of.
type UserTeam struct {
	ID   string
	Name string
	Role Role
	// Last tells that the person is the only admin who can sign in.
	Last bool
}

// SiteUser is an account as site admins see it, with what it holds.
type SiteUser struct {
	ID        string
	Name      string
	Email     string
	SiteAdmin bool
	Disabled  bool
	CreatedAt time.Time
	SeenAt    *time.Time // nil for never

	Teams    []UserTeam
	Keys     int64 // access keys that act as the person and work
	Sessions int64 // browsers that they are signed in with
	You      bool

	sorted sorted
}

// SiteUsers is the list of all accounts, for site admins, by name.
var SiteUsers = &List[SiteUser]{
	Right: Administer, Site: true,
	Desc: list.Desc[SiteUser]{
		Table: "users", Key: "id",
		Columns: []string{"id", "name", "email", "site_admin", "disabled", "created_at", "seen_at"},
		Into: func(u *SiteUser, to []any) []any {
			return append(to, &u.ID, &u.Name, &u.Email, &u.SiteAdmin, &u.Disabled, &u.CreatedAt, &u.SeenAt, &u.sorted.n, &u.sorted.n, &u.sorted.n, &u.sorted.at)
		},
		Sorted: []list.Sorted{
			{Name: "teams", SQL: "(SELECT COUNT(*) FROM memberships AS m WHERE m.user_id = users.id)"},
			{Name: "state", SQL: "CASE WHEN disabled THEN 2 WHEN site_admin THEN 1 ELSE 0 END"},
			{Name: "keys", SQL: "(SELECT COUNT(*) FROM access_keys AS k WHERE k.user_id = users.id AND NOT k.disabled AND (k.expires_at IS NULL OR k.expires_at > CURRENT_TIMESTAMP))"},
			{Name: "seen", SQL: "COALESCE(seen_at, '0001-01-01 00:00:00+00:00')"},
		},
		Sorts: []list.Sort{{Name: "name", Columns: []string{"name", "id"}, Up: true}, {Name: "created", Columns: []string{"created_at", "id"}},
			small("teams", "teams", "id"), small("state", "state", "name", "id"), small("keys", "keys", "id"), small("seen", "seen", "id")},
		Filters: []list.Filter{one("user", "id = ?", "sqlite_autoindex_users_1"), apart("disabled", "disabled"), apart("site_admin", "site_admin")},
		Indexes: []list.Index{{Name: "users_name", Sort: "name"}, {Name: "users_created", Sort: "created"},
			{Name: "users_disabled", Filters: []string{"disabled"}, Sort: "name"}, {Name: "users_site_admin", Filters: []string{"site_admin"}, Sort: "name"}},
	},
	Matches: []string{"name", "email"},
	Fill: func(ctx context.Context, db *DB, by Actor, users []SiteUser) error {
		return db.fillSiteUsers(ctx, by, users)
	},
}

func (db *DB) fillSiteUsers(ctx context.Context, by Actor, users []SiteUser) error {
	ids := make([]string, len(users))
	at := make(map[string]*SiteUser, len(users))
	for i := range users {
		u := &users[i]
		u.You = u.ID == by.UserID
		ids[i], at[u.ID] = u.ID, u
	}
	var teams []struct {
		UserID   string
		ID, Name string
		Role     Role
		Last     bool
	}
	err := db.Scan(ctx, &teams, `SELECT m.user_id, t.id, t.name, m.role, m.role = 'admin' AND NOT EXISTS (SELECT 1 FROM memberships o JOIN users u ON u.id = o.user_id
			WHERE o.team_id = m.team_id AND o.role = 'admin' AND o.user_id <> m.user_id AND NOT u.disabled) AS last
		FROM memberships m JOIN teams t ON t.id = m.team_id WHERE m.user_id IN ? ORDER BY t.name, t.id`, ids)
	if err != nil {
		return err
	}
	for _, t := range teams {
		at[t.UserID].Teams = append(at[t.UserID].Teams, UserTeam{t.ID, t.Name, t.Role, t.Last})
	}
	var counts []struct {
		UserID         string
		Keys, Sessions int64
	}
	now := db.Now()
	err = db.Scan(ctx, &counts, `SELECT user_id, COUNT(*) AS keys, 0 AS sessions FROM access_keys WHERE user_id IN ? AND NOT disabled AND (expires_at IS NULL OR expires_at > ?) GROUP BY user_id
		UNION ALL SELECT user_id, 0, COUNT(*) FROM sessions WHERE user_id IN ? AND expires_at > ? AND seen_at > ? GROUP BY user_id`, ids, now, ids, now, now.Add(-sessionIdle))
	for _, c := range counts {
		at[c.UserID].Keys += c.Keys
		at[c.UserID].Sessions += c.Sessions
	}
	return err
}

// FindSiteUser is an account, for site admins, or ErrNotFound.
func (db *DB) FindSiteUser(ctx context.Context, by Actor, id string) (*SiteUser, error) {
	as := by.ForSite()
	return only(SiteUsers.Read(ctx, db, as, list.With("user", id)))
}

// ListTeams are all teams by name, so many at most, for site admins.
func (db *DB) ListTeams(ctx context.Context, by Actor, most int) ([]Team, error) {
	if err := by.maySite(); err != nil {
		return nil, err
	}
	teams, err := query.Of[Team](db.gorm).Select("id", "name").Order("name, id").Limit(most).Find(ctx)
	return teams, translate(err)
}

// onUser changes an account for a site admin, who is not its person.
func (db *DB) onUser(ctx context.Context, by Actor, id string, change func(ctx context.Context, tx *DB, user *User) error) (*User, error) {
	if err := by.maySite(); err != nil {
		return nil, err
	}
	by.TeamID = ""
	var user User
	err := db.tx(ctx, func(ctx context.Context, tx *DB) error {
		// The site admins are locked in one order, so that of two who disable each
		// other one comes too late.
		admins, err := query.Of[User](tx.gorm, clause.Locking{Strength: "UPDATE"}).Where("site_admin AND NOT disabled").Order("id").Find(ctx)
		if err != nil {
			return err
		}
		if by.UserID != "" && !slices.ContainsFunc(admins, func(u User) bool { return u.ID == by.UserID }) {
			return ErrForbidden
		}
		if user, err = query.Of[User](tx.gorm).Where("id = ?", id).First(ctx); err != nil {
			return err
		}
		return change(ctx, tx, &user)
	})
	return &user, err
}

// SetUserDisabled disables an account, whose sessions end and whose keys are refused
// from the next request on, or enables it. Nobody disables themselves, nor the last
// site admin (ErrForbidden).
func (db *DB) SetUserDisabled(ctx context.Context, by Actor, id string, disabled bool) (*User, error) {
	if id == by.UserID {
		return nil, ErrForbidden
	}
	return db.onUser(ctx, by, id, func(ctx context.Context, tx *DB, user *User) error {
		if user.Disabled == disabled {
			return nil
		}
		if disabled && user.SiteAdmin {
			n, err := query.Of[User](tx.gorm).Where("site_admin AND NOT disabled AND id <> ?", id).Count(ctx, "*")
			if err == nil && n == 0 {
				err = ErrForbidden
			}
			if err != nil {
				return err
			}
		}
		if err := tx.updateUser(ctx, id, map[string]any{"disabled": disabled}); err != nil {
			return err
		}
		action := "user.enabled"
		if disabled {
			action = "user.disabled"
			if err := tx.endSessions(ctx, id); err != nil {
				return err
			}
			if err := tx.withdraw(ctx, "created_by = ?", id); err != nil {
				return err
			}
		}
		return tx.recordInTeams(ctx, by, user, action)
	})
}

// recordInTeams records what became of an account, for the site and for each team
// of its person.
func (db *DB) recordInTeams(ctx context.Context, by Actor, user *User, action string) error {
	teams, err := query.Of[Membership](db.gorm).Where("user_id = ?", user.ID).Order("team_id").Find(ctx)
	for _, m := range append(teams, Membership{}) {
		if err != nil {
			break
		}
		by.TeamID = m.TeamID
		err = db.Record(ctx, by, Event{Action: action, Kind: KindUser, SubjectID: user.ID, SubjectName: user.Name})
	}
	return err
}

// TeamRoleInput is a team that a person is to be a member of.
type TeamRoleInput struct {
	Team string `form:"team_id" validate:"required,max=64"`
	Role Role   `form:"role" validate:"required,oneof=viewer requester approver admin"`
}

// AddUserToTeam makes a person a member of a team, for a site admin.
func (db *DB) AddUserToTeam(ctx context.Context, by Actor, id string, in TeamRoleInput) (*User, error) {
	if err := by.maySite(); err != nil {
		return nil, err
	}
	if err := Check(&in); err != nil {
		return nil, err
	}
	return db.onUser(ctx, by, id, func(ctx context.Context, tx *DB, user *User) error {
		n, err := query.Of[Team](tx.gorm).Where("id = ?", in.Team).Count(ctx, "*")
		if err == nil && n == 0 {
			err = invalid("team_id", "unknown")
		}
		if err != nil {
			return err
		}
		by := by
		by.TeamID = in.Team
		_, err = tx.addMember(ctx, by, UserInput{Name: user.Name, Email: user.Email}, in.Role)
		if isInvalid(err) {
			err = invalid("team_id", "member_already")
		}
		return err
	})
}

// RemoveUserFromTeam takes a person out of a team, for a site admin.
func (db *DB) RemoveUserFromTeam(ctx context.Context, by Actor, id, team string) (user *User, err error) {
	err = db.onTeam(ctx, by, team, func(ctx context.Context, tx *DB, by Actor, _ *Team) error {
		if user, err = tx.member(ctx, by, id); err != nil {
			return err
		}
		return tx.removeMember(ctx, by, user)
	})
	return user, err
}
