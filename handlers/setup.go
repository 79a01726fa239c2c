package handlers

import (
	"errors"
	"net/http"

	"github.com/gin-gonic/gin"

	"quartermaster/models"
	"quartermaster/views"
	"quartermaster/views/i18n"
	"quartermaster/views/ui"
	"quartermaster/web"
)

// Setup is the page behind the one-time setup link. A site that has been set up
// has no such page.
type Setup struct{ DB *models.DB }

// New shows the form behind the setup link, or says that the link is needed.
func (h Setup) New(c *gin.Context) error {
	ctx := c.Request.Context()
	if done, err := h.DB.IsSetUp(ctx); err != nil || done {
		return errors.Join(err, models.ErrNotFound)
	}
	secret := c.Query("link")
	err := h.DB.CheckSetupToken(ctx, secret)
	if errors.Is(err, models.ErrNotFound) {
		return web.Render(c, http.StatusForbidden, views.SetupLinkNeeded())
	}
	if err != nil {
		return err
	}
	return web.Render(c, http.StatusOK, views.Setup(web.NewForm(c, models.SetupInput{}), secret))
}

// Preview draws the form again while it is filled in.
func (h Setup) Preview(c *gin.Context) error {
	var in struct {
		models.SetupInput
		Link string `form:"link"`
	}
	return noted(c, &in, func() error {
		return models.Invalid(nil).With(h.DB.CheckSetupToken(c.Request.Context(), in.Link), in.Check())
	}, func(f ui.Form) error {
		return web.Render(c, http.StatusOK, views.Setup(f, in.Link))
	})
}

// Create makes the first site admin and team and signs them in.
func (h Setup) Create(c *gin.Context) error {
	ctx := c.Request.Context()
	var in struct {
		models.SetupInput
		Link string `form:"link"` // the secret of the link, not part of the input
	}
	form, err := web.Decode(c, &in)
	in.Language = i18n.Lang(ctx)
	var begun models.SignedIn
	if err == nil {
		begun, err = h.DB.CreateFirstAdmin(ctx, models.ActorFrom(ctx), in.Link, in.SetupInput)
	}
	if form.Reject(err) {
		return web.Render(c, http.StatusUnprocessableEntity, views.Setup(form, in.Link))
	}
	if err != nil {
		return err
	}
	web.SignIn(c, begun)
	web.Flash(c, "setup.done", "Team", in.TeamInput.Name)
	return web.SeeOther(c, "/")
}
