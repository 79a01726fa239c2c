package views

import (
	"context"
	"io"

	"github.com/a-h/templ"

	"quartermaster/models"
	"quartermaster/views/i18n"
	"quartermaster/views/ui"
)

// RefusedRole is the form for the role of a member that was refused.
type RefusedRole struct {
	UserID string
	Form   ui.Form
}

// Members is the list of the people of a team, where one role may have been
// refused.
func Members(refused *RefusedRole) *ListView[models.Member] {
	return &ListView[models.Member]{
		ID: "member-list", Path: "/team", Files: "/team/members", List: models.Members, Label: "members.title", ByServer: true,
		Columns: []ListColumn[models.Member]{
			{Words: "members.name", Sort: "name", Name: true, Text: func(_ *ui.Cells, m *models.Member) string { return m.Name },
				Draw: func(c *ui.Cells, m *models.Member) {
					if m.Changeable || m.You && m.Role == models.Admin {
						c.Link("/team/members/"+m.UserID, m.Name)
					} else {
						c.Text(m.Name)
					}
					if !m.Only.All() {
						c.Note(i18n.T(c.Ctx, "members.may-order.only", "Things", onlyText(c.Ctx, m.Only, c.Word)))
					}
					c.Note(awayText(c.Ctx, m))
				}},
			filed("members.away", func(c *ui.Cells, m *models.Member) string { return awayText(c.Ctx, m) }),
			filed("members.may-order", func(c *ui.Cells, m *models.Member) string { return onlyText(c.Ctx, m.Only, c.Word) }),
			sorted("email", plain("members.email", "wide", func(_ *ui.Cells, m *models.Member) string { return m.Email })),
			{Words: "members.role", Sort: "role", Class: "wide", Text: func(c *ui.Cells, m *models.Member) string { return roleWord(c.Ctx, m.Role) },
				Draw: func(c *ui.Cells, m *models.Member) {
					switch {
					case !m.Changeable:
						c.Text(roleWord(c.Ctx, m.Role))
					case refused != nil && refused.UserID == m.UserID:
						c.Draw(inTeam(m.TeamID, memberRole(m, &refused.Form)))
					default:
						c.Draw(inTeam(m.TeamID, memberRole(m, nil)))
					}
				}},
			{Words: "members.state", Sort: "state", Bare: true, Text: func(c *ui.Cells, m *models.Member) string {
				_, word := memberState(c.Ctx, m)
				return word
			}, Draw: func(c *ui.Cells, m *models.Member) { c.Badge(memberState(c.Ctx, m)) }},
			{Words: "members.since", Sort: "joined", Text: func(c *ui.Cells, m *models.Member) string { return i18n.Date(c.Ctx, m.Since) },
				Draw: func(c *ui.Cells, m *models.Member) { c.Moment(m.Since, i18n.Date(c.Ctx, m.Since)) }},
			{Words: "members.actions", Class: "actions", Bare: true, Draw: func(c *ui.Cells, m *models.Member) {
				if m.You {
					c.In("span", "muted", i18n.T(c.Ctx, "members.you"))
				} else if m.Changeable {
					c.Draw(inTeam(m.TeamID, memberActions(m)))
				}
			}},
		},
		Filters: []ListFilter{{Name: "role", Words: "members.role", Values: "role.", As: Menu}, {Name: "user", Words: "members.name"}},
	}
}

// inTeam draws forms in a row, which are those of a team.
func inTeam(id string, forms templ.Component) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		return forms.Render(models.WithActor(ctx, models.Actor{TeamID: id}), w)
	})
}

// awayText says who stands in for a member, and when.
func awayText(ctx context.Context, m *models.Member) string {
	if m.DeputyID == "" {
		return ""
	}
	return i18n.T(ctx, "members.away.text", "Name", m.DeputyName, "From", m.AwayFrom, "Until", m.AwayUntil)
}

func memberState(ctx context.Context, m *models.Member) (ui.Tone, string) {
	switch {
	case m.Disabled:
		return ui.Neutral, i18n.T(ctx, "members.disabled")
	case m.Invited:
		return ui.Info, i18n.T(ctx, "members.invited")
	}
	return ui.OK, i18n.T(ctx, "members.active")
}
