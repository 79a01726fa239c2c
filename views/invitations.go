package views

import (
	"context"

	"quartermaster/models"
	"quartermaster/views/i18n"
	"quartermaster/views/ui"
)

var invitationTones = map[models.InvitationState]ui.Tone{
	models.InvitationOpen: ui.Info, models.InvitationAccepted: ui.OK, models.InvitationWithdrawn: ui.Neutral, models.InvitationExpired: ui.Warn,
}

func invitationWord(ctx context.Context, s models.InvitationState) string {
	return i18n.T(ctx, "invitations.state."+string(s))
}

// Invitations is the list of whom a team has invited.
var Invitations = &ListView[models.Invitation]{
	ID: "invitation-list", Path: "/team/invitations", List: models.Invitations, Label: "invitations.title", ByServer: true,
	Columns: []ListColumn[models.Invitation]{
		{Words: "members.email", Sort: "email", Name: true, Text: func(_ *ui.Cells, i *models.Invitation) string { return i.Email },
			Draw: func(c *ui.Cells, i *models.Invitation) {
				c.Text(i.Email)
				if !i.Only.All() {
					c.Note(i18n.T(c.Ctx, "members.may-order.only", "Things", onlyText(c.Ctx, i.Only, c.Word)))
				}
			}},
		sorted("role", plain("members.role", "", func(c *ui.Cells, i *models.Invitation) string { return roleWord(c.Ctx, i.Role) })),
		filed("members.may-order", func(c *ui.Cells, i *models.Invitation) string { return onlyText(c.Ctx, i.Only, c.Word) }),
		{Words: "members.state", Sort: "state", Bare: true, Text: func(c *ui.Cells, i *models.Invitation) string { return invitationWord(c.Ctx, i.State) },
			Draw: func(c *ui.Cells, i *models.Invitation) {
				c.Badge(invitationTones[i.State], invitationWord(c.Ctx, i.State))
			}},
		sorted("by", plain("invitations.by", "", func(_ *ui.Cells, i *models.Invitation) string { return i.CreatorName })),
		{Words: "invitations.created", Sort: "created", Class: "nowrap", Text: func(c *ui.Cells, i *models.Invitation) string { return i18n.DateTime(c.Ctx, i.CreatedAt) },
			Draw: func(c *ui.Cells, i *models.Invitation) { c.Moment(i.CreatedAt, c.Relative(i.CreatedAt)) }},
		{Words: "invitations.expires", Sort: "expires", Class: "nowrap", Text: func(c *ui.Cells, i *models.Invitation) string { return i18n.DateTime(c.Ctx, i.ExpiresAt) },
			Draw: func(c *ui.Cells, i *models.Invitation) { c.Moment(i.ExpiresAt, i18n.DateTime(c.Ctx, i.ExpiresAt)) }},
		{Words: "members.actions", Class: "actions", Bare: true, Draw: func(c *ui.Cells, i *models.Invitation) {
			if i.State == models.InvitationOpen {
				c.Draw(inTeam(i.TeamID, withdrawal(i)))
			}
		}},
	},
	Empty: func(ctx context.Context, _ ListAt) ui.EmptyProps {
		return ui.EmptyProps{Icon: "users", Title: i18n.T(ctx, "invitations.none"), Text: i18n.T(ctx, "invitations.none-text")}
	},
}
