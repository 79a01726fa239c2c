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
// has no such page, and says so to who comes with the link.
type Setup struct{ DB *models.DB }

// New shows the form behind the setup link, or says that the link is needed.
func (h Setup) New(c *gin.Context) error {
	ctx := c.Request.Context()
	done, err := h.DB.IsSetUp(ctx)
	secret := c.Query("link")
	switch {
	case err == nil && done && secret != "":
		return web.Render(c, http.StatusNotFound, views.SetupDone())
	case err != nil || done:
		return errors.Join(err, models.ErrNotFound)
	}
	err = h.DB.CheckSetupToken(ctx, secret)
	if errors.Is(err, models.ErrNotFound) {
		return web.Render(c, http.StatusForbidden, views.SetupLinkNeeded())
	}
	if err != nil {
		return err
	}
	return web.Render(c, http.StatusOK, views.Setup(web.NewForm(c, models.SetupInput{}), secret))
}

// form draws the form for whoever has the link.
func (h Setup) form(c *gin.Context, status int, f ui.Form) error {
	link := c.PostForm("link")
	if err := h.DB.CheckSetupToken(c.Request.Context(), link); err != nil {
		return err
	}
	return web.Render(c, status, views.Setup(f, link))
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
		return h.form(c, http.StatusUnprocessableEntity, form)
	}
	if err != nil {
		return err
	}
	web.SignIn(c, begun)
	web.Flash(c, "setup.done", "Team", in.TeamInput.Name)
	return web.SeeOther(c, "/")
}
