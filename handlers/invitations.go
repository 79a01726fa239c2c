package handlers

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"quartermaster/models"
	"quartermaster/views"
	"quartermaster/views/ui"
	"quartermaster/web"
)

// Invitations are whom the team has invited.
type Invitations struct{ DB *models.DB }

func (h Invitations) list() List[models.Invitation] {
	return List[models.Invitation]{DB: h.DB, View: views.Invitations, Choices: Members(h).names, Draw: func(c *gin.Context, p views.ListPage) error {
		return h.draw(c, http.StatusOK, views.InvitationListProps{List: p, Form: newInvitation(c)})
	}}
}

func newInvitation(c *gin.Context) ui.Form {
	return web.NewForm(c, models.InvitationInput{Role: models.Requester})
}

// draw draws the page of invitations.
func (h Invitations) draw(c *gin.Context, status int, p views.InvitationListProps) (err error) {
	ctx := c.Request.Context()
	if p.Regions, err = h.DB.ListRegions(ctx, ""); err != nil {
		return err
	}
	if p.Products, err = h.DB.ListProducts(ctx); err != nil {
		return err
	}
	return web.Render(c, status, views.InvitationList(p))
}

// page is draw with the list as it is now.
func (h Invitations) page(c *gin.Context, status int, p views.InvitationListProps) (err error) {
	if p.List, err = h.list().page(c, ""); err != nil {
		return err
	}
	return h.draw(c, status, p)
}

// form draws the form for a person, for those who may invite.
func (h Invitations) form(c *gin.Context, status int, f ui.Form) error {
	if !models.ActorFrom(c.Request.Context()).May(models.Administer) {
		return models.Refuse(models.Administer)
	}
	return h.page(c, status, views.InvitationListProps{Form: f})
}

// Create invites a person and shows the link, in this answer only, so there is no
// redirect.
func (h Invitations) Create(c *gin.Context) error {
	ctx := c.Request.Context()
	by := models.ActorFrom(ctx)
	if !by.May(models.Administer) {
		return models.Refuse(models.Administer)
	}
	var in models.InvitationInput
	form, err := web.Decode(c, &in)
	var made *models.Invitation
	var secret string
	if err == nil {
		made, secret, err = h.DB.Invite(ctx, by, in)
	}
	if form.Reject(err) {
		return h.form(c, http.StatusUnprocessableEntity, form)
	}
	if err != nil {
		return err
	}
	link := &views.InvitationLink{Email: made.Email, URL: web.SiteURL(ctx, "/join?link="+secret)}
	return h.page(c, http.StatusOK, views.InvitationListProps{Form: newInvitation(c), Link: link})
}

// Withdraw ends an invitation.
func (h Invitations) Withdraw(c *gin.Context) error {
	ctx := c.Request.Context()
	i, err := h.DB.WithdrawInvitation(ctx, models.ActorFrom(ctx), c.Param("id"))
	if err != nil {
		return err
	}
	web.Flash(c, "invitations.withdrawn", "Email", i.Email)
	return web.SeeOther(c, "/team/invitations")
}
