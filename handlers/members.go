package handlers

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"quartermaster/models"
	"quartermaster/views"
	"quartermaster/views/i18n"
	"quartermaster/views/ui"
	"quartermaster/web"
)

// Members are the people of the team.
type Members struct{ DB *models.DB }

// List shows who works in the team.
func (h Members) List(c *gin.Context) error {
	return h.page(c, http.StatusOK, views.MemberListProps{Form: newMember(c)})
}

func newMember(c *gin.Context) ui.Form {
	return web.NewForm(c, models.MemberInput{Role: models.Requester})
}

// page draws the list of the team's people.
func (h Members) page(c *gin.Context, status int, p views.MemberListProps) (err error) {
	ctx := c.Request.Context()
	p.By, p.TeamName = models.ActorFrom(ctx), web.SessionOf(ctx).TeamName
	if p.Members, err = h.DB.ListMembers(ctx, p.By); err != nil {
		return err
	}
	return web.Render(c, status, views.MemberList(p))
}

// Create adds a person to the team and, where they need one, shows their link.
// The link is shown in this answer only, so there is no redirect.
func (h Members) Create(c *gin.Context) error {
	ctx := c.Request.Context()
	if !models.ActorFrom(ctx).May(models.Administer) {
		return models.ErrForbidden
	}
	var in models.MemberInput
	form, err := web.Decode(c, &in)
	var user *models.User
	var secret string
	if err == nil {
		user, secret, err = h.DB.InviteMember(ctx, models.ActorFrom(ctx), in)
	}
	if form.Reject(err) {
		return h.form(c, http.StatusUnprocessableEntity, form)
	}
	if err != nil {
		return err
	}
	if secret == "" {
		web.Flash(c, "members.added", "Name", user.Name)
		return web.SeeOther(c, "/team")
	}
	return h.linked(c, user, secret)
}

// form draws the form for a person, for those who may add one.
func (h Members) form(c *gin.Context, status int, f ui.Form) error {
	if !models.ActorFrom(c.Request.Context()).May(models.Administer) {
		return models.ErrForbidden
	}
	return h.page(c, status, views.MemberListProps{Form: f})
}

// Invite makes a new link for a member who has not taken up the first.
func (h Members) Invite(c *gin.Context) error {
	ctx := c.Request.Context()
	user, secret, err := h.DB.Invite(ctx, models.ActorFrom(ctx), c.Param("id"))
	if err != nil {
		return err
	}
	return h.linked(c, user, secret)
}

func (h Members) linked(c *gin.Context, user *models.User, secret string) error {
	made := &views.InvitationLink{Name: user.Name, URL: web.SiteURL(c.Request.Context(), "/join?link="+secret)}
	return h.page(c, http.StatusOK, views.MemberListProps{Form: newMember(c), Link: made})
}

// Role gives a member another role.
func (h Members) Role(c *gin.Context) error {
	ctx := c.Request.Context()
	var in models.RoleInput
	form, err := web.Decode(c, &in)
	if err != nil {
		return err
	}
	user, err := h.DB.ChangeRole(ctx, models.ActorFrom(ctx), c.Param("id"), in)
	if form.Reject(err) {
		return h.page(c, http.StatusUnprocessableEntity, views.MemberListProps{Form: newMember(c), Role: form, RoleOf: c.Param("id")})
	}
	if err != nil {
		return err
	}
	web.Flash(c, "members.changed", "Name", user.Name, "Role", i18n.T(ctx, "role."+string(in.Role)))
	return web.SeeOther(c, "/team")
}

// Delete takes a member out of the team.
func (h Members) Delete(c *gin.Context) error {
	ctx := c.Request.Context()
	user, err := h.DB.RemoveMember(ctx, models.ActorFrom(ctx), c.Param("id"))
	if err != nil {
		return err
	}
	web.Flash(c, "members.removed", "Name", user.Name)
	return web.SeeOther(c, "/team")
}
