package views

import (
	"context"
	"strings"
	"time"

	"quartermaster/models"
	"quartermaster/views/i18n"
	"quartermaster/views/ui"
)

// held is a column with how many of a kind a team holds.
func held(kind models.Kind, words string) ListColumn[models.SiteTeam] {
	return ListColumn[models.SiteTeam]{Words: words, Sort: string(kind), Class: "num",
		Text: func(_ *ui.Cells, t *models.SiteTeam) string { return number(t.Counts[string(kind)]) },
		Draw: func(c *ui.Cells, t *models.SiteTeam) { c.Text(i18n.Number(c.Ctx, t.Counts[string(kind)])) }}
}

// SiteTeams is the list of all teams, with what each holds.
var SiteTeams = &ListView[models.SiteTeam]{
	ID: "team-list", Path: "/site/teams", List: models.SiteTeams, Label: "site.teams", Search: "site.teams.search", ByServer: true,
	Columns: []ListColumn[models.SiteTeam]{
		{Words: "field.team_name", Sort: "name", Name: true, Text: func(_ *ui.Cells, t *models.SiteTeam) string { return t.Name },
			Draw: func(c *ui.Cells, t *models.SiteTeam) {
				c.Link("/site/teams/"+t.ID, t.Name)
				c.Open("span", "class", "line-note")
				c.Code(t.ID)
				c.Close("span")
			}},
		filed("site.team.id", func(_ *ui.Cells, t *models.SiteTeam) string { return t.ID }),
		{Words: "members.title", Sort: "members", Class: "num", Text: func(_ *ui.Cells, t *models.SiteTeam) string { return number(t.Members) },
			Draw: func(c *ui.Cells, t *models.SiteTeam) { c.Text(i18n.Number(c.Ctx, t.Members)) }},
		held(models.KindBucket, "kind.bucket.many"), held(models.KindPkgVersion, "kind.version.many"), held(models.KindPlan, "kind.plan.many"),
		held(models.KindStore, "kind.store.many"), held(models.KindOrder, "nav.orders"),
		{Words: "field.cu_quota", Sort: "cu", Class: "num nowrap", Text: func(_ *ui.Cells, t *models.SiteTeam) string { return number(t.CUUsed) + "/" + number(t.CUQuota) },
			Draw: func(c *ui.Cells, t *models.SiteTeam) {
				c.Text(i18n.Number(c.Ctx, t.CUUsed) + " / " + i18n.Number(c.Ctx, t.CUQuota))
			}},
		{Words: "field.object_storage", Sort: "storage", Text: func(c *ui.Cells, t *models.SiteTeam) string { return storageIs(c.Ctx, *t) },
			Draw: func(c *ui.Cells, t *models.SiteTeam) { c.Badge(storageTone(*t), storageIs(c.Ctx, *t)) }},
		{Words: "site.created", Sort: "created", Class: "nowrap", Text: func(c *ui.Cells, t *models.SiteTeam) string { return i18n.Date(c.Ctx, t.CreatedAt) },
			Draw: func(c *ui.Cells, t *models.SiteTeam) { c.Moment(t.CreatedAt, i18n.Date(c.Ctx, t.CreatedAt)) }},
	},
	Filters: []ListFilter{{Name: "storage", Values: "site.teams.storage.", Icon: "cylinder", As: Switch}},
}

// storageIs says whether a team's object storage is on, below a head that names it.
func storageIs(ctx context.Context, t models.SiteTeam) string {
	if t.ObjectStorage {
		return i18n.T(ctx, "site.storage.is-on")
	}
	return i18n.T(ctx, "site.storage.is-off")
}

func storageWord(ctx context.Context, t models.SiteTeam) string {
	if t.ObjectStorage {
		return i18n.T(ctx, "site.storage.on")
	}
	return i18n.T(ctx, "site.storage.off")
}

func storageTone(t models.SiteTeam) ui.Tone {
	if t.ObjectStorage {
		return ui.OK
	}
	return ui.Neutral
}

// teamFacts are what a team holds.
func teamFacts(ctx context.Context, t models.SiteTeam) []ui.Row {
	rows := []ui.Row{
		{Label: i18n.T(ctx, "site.team.id"), Value: t.ID, Copy: true},
		{Label: i18n.T(ctx, "members.title"), Value: i18n.Number(ctx, t.Members)},
		{Label: i18n.T(ctx, "nav.keys"), Value: i18n.Number(ctx, t.Keys)},
	}
	for _, kind := range []models.Kind{models.KindBucket, models.KindApp, models.KindPkgVersion, models.KindPlan, models.KindStore} {
		rows = append(rows, ui.Row{Label: ui.Look(ctx, kind).Many(ctx), Value: i18n.Number(ctx, t.Counts[string(kind)])})
	}
	return append(rows,
		ui.Row{Label: i18n.T(ctx, "nav.orders"), Value: i18n.Number(ctx, t.Counts["order"])},
		ui.Row{Label: i18n.T(ctx, "field.cu_quota"), Value: i18n.T(ctx, "site.team.cu", "Used", i18n.Number(ctx, t.CUUsed), "Quota", i18n.Number(ctx, t.CUQuota))},
		ui.Row{Label: i18n.T(ctx, "site.created"), Value: i18n.DateTime(ctx, t.CreatedAt)})
}

// SiteUsers is the list of all accounts, with the teams of each.
var SiteUsers = &ListView[models.SiteUser]{
	ID: "user-list", Path: "/site/users", List: models.SiteUsers, Label: "site.users", Search: "site.users.search", ByServer: true,
	Columns: []ListColumn[models.SiteUser]{
		{Words: "members.name", Sort: "name", Name: true, Text: func(_ *ui.Cells, u *models.SiteUser) string { return u.Name },
			Draw: func(c *ui.Cells, u *models.SiteUser) {
				c.Link("/site/users/"+u.ID, u.Name)
				c.Note(u.Email)
			}},
		filed("members.email", func(_ *ui.Cells, u *models.SiteUser) string { return u.Email }),
		sorted("teams", plain("site.user.teams", "wide", func(c *ui.Cells, u *models.SiteUser) string {
			return strings.Join(mapped(u.Teams, func(t models.UserTeam) string { return teamRole(c.Ctx, t) }), " · ")
		})),
		{Words: "members.state", Sort: "state", Bare: true, Text: func(c *ui.Cells, u *models.SiteUser) string { _, word := userState(c.Ctx, *u); return word },
			Draw: func(c *ui.Cells, u *models.SiteUser) { c.Badge(userState(c.Ctx, *u)) }},
		{Words: "site.user.keys", Sort: "keys", Class: "num", Text: func(_ *ui.Cells, u *models.SiteUser) string { return number(u.Keys) },
			Draw: func(c *ui.Cells, u *models.SiteUser) { c.Text(i18n.Number(c.Ctx, u.Keys)) }},
		{Words: "site.user.seen", Sort: "seen", Class: "nowrap", Text: func(c *ui.Cells, u *models.SiteUser) string {
			if u.SeenAt == nil {
				return ""
			}
			return i18n.DateTime(c.Ctx, *u.SeenAt)
		}, Draw: func(c *ui.Cells, u *models.SiteUser) {
			if u.SeenAt == nil {
				c.None()
			} else {
				c.Moment(*u.SeenAt, c.Relative(*u.SeenAt))
			}
		}},
		{Words: "site.created", Sort: "created", Class: "nowrap", Text: func(c *ui.Cells, u *models.SiteUser) string { return i18n.Date(c.Ctx, u.CreatedAt) },
			Draw: func(c *ui.Cells, u *models.SiteUser) { c.Moment(u.CreatedAt, i18n.Date(c.Ctx, u.CreatedAt)) }},
	},
	Filters: []ListFilter{{Name: "disabled", Values: "site.users.disabled.", Icon: "user", As: Switch}, {Name: "site_admin", Values: "site.users.site_admin.", Icon: "key-round", As: Switch}},
}

func teamRole(ctx context.Context, t models.UserTeam) string {
	return i18n.T(ctx, "site.user.team-role", "Team", t.Name, "Role", roleWord(ctx, t.Role))
}

func userState(ctx context.Context, u models.SiteUser) (ui.Tone, string) {
	switch {
	case u.Disabled:
		return ui.Neutral, i18n.T(ctx, "members.disabled")
	case u.SiteAdmin:
		return ui.Info, i18n.T(ctx, "role.site_admin")
	}
	return ui.OK, i18n.T(ctx, "members.active")
}

// SiteUserProps is what the page of an account shows.
type SiteUserProps struct {
	User  *models.SiteUser
	Teams []models.Team
	// Form is the one to add the person to a team.
	Form ui.Form
	// Password is that of an account that has just been made.
	Password string
	Now      time.Time
}

func (p SiteUserProps) path(below string) string { return "/site/users/" + p.User.ID + below }

func (p SiteUserProps) facts(ctx context.Context) []ui.Row {
	u := p.User
	seen := i18n.T(ctx, "site.user.never")
	if u.SeenAt != nil {
		seen = i18n.Relative(ctx, *u.SeenAt, p.Now)
	}
	return []ui.Row{
		{Label: i18n.T(ctx, "members.email"), Value: u.Email},
		{Label: i18n.T(ctx, "site.user.seen"), Value: seen},
		{Label: i18n.T(ctx, "site.user.sessions"), Value: i18n.Number(ctx, u.Sessions)},
		{Label: i18n.T(ctx, "site.user.keys"), Value: i18n.Number(ctx, u.Keys)},
		{Label: i18n.T(ctx, "site.created"), Value: i18n.DateTime(ctx, u.CreatedAt)},
	}
}

// lost is what disabling the account takes away.
func (p SiteUserProps) lost(ctx context.Context) []string {
	var lost []string
	if p.User.Sessions > 0 {
		lost = append(lost, i18n.T(ctx, "site.user.lost.sessions", "Count", p.User.Sessions))
	}
	if p.User.Keys > 0 {
		lost = append(lost, i18n.T(ctx, "site.user.lost.keys", "Count", p.User.Keys))
	}
	for _, t := range p.User.Teams {
		lost = append(lost, lastAdmin(ctx, t)...)
	}
	return lost
}

// lastAdmin says that a team is left without an admin.
func lastAdmin(ctx context.Context, t models.UserTeam) []string {
	if !t.Last {
		return nil
	}
	return []string{i18n.T(ctx, "site.user.lost.admin", "Team", t.Name)}
}

// others are the teams that the person is no member of.
func (p SiteUserProps) others() []ui.Option {
	var all []ui.Option
	for _, t := range p.Teams {
		mine := false
		for _, have := range p.User.Teams {
			mine = mine || have.ID == t.ID
		}
		if !mine {
			all = append(all, ui.Option{Value: t.ID, Label: t.Name + " · " + t.ID})
		}
	}
	return all
}
