package handlers

import (
	"fmt"
	"io"
	"net/http"

	"github.com/gin-gonic/gin"

	"quartermaster/models"
	"quartermaster/views"
	"quartermaster/views/ui"
	"quartermaster/web"
)

// logoUpload bounds the form with a logo. It is more than the limit of a logo,
// so that a logo that is too large is refused beside its field.
const logoUpload = 8 * models.MaxLogoBytes

// Letterhead is what the team prints at the head of its paper.
type Letterhead struct{ DB *models.DB }

// Edit shows the form, to the team's admins.
func (h Letterhead) Edit(c *gin.Context) error {
	ctx := c.Request.Context()
	by := models.ActorFrom(ctx)
	if !by.May(models.Administer) {
		return models.Refuse(models.Administer)
	}
	team, err := h.DB.FindTeam(ctx, by)
	if err != nil {
		return err
	}
	return web.Render(c, http.StatusOK, views.LetterheadEdit(web.NewForm(c, team.Letterhead()), team))
}

// Update takes the form.
func (h Letterhead) Update(c *gin.Context) error {
	ctx := c.Request.Context()
	by := models.ActorFrom(ctx)
	if !by.May(models.Administer) {
		return models.Refuse(models.Administer) // before the file is read
	}
	var in models.LetterheadInput
	form, err := web.Decode(c, &in)
	var logo []byte
	if err == nil {
		logo, err = sentLogo(c)
	}
	if err == nil {
		err = h.DB.UpdateLetterhead(ctx, by, in, logo)
	}
	if form.Reject(err) {
		return h.form(c, http.StatusUnprocessableEntity, form)
	}
	if err != nil {
		return err
	}
	web.Flash(c, "letterhead.saved")
	return web.SeeOther(c, "/team/letterhead")
}

// form draws the form, for the team's admins.
func (h Letterhead) form(c *gin.Context, status int, form ui.Form) error {
	ctx := c.Request.Context()
	by := models.ActorFrom(ctx)
	if !by.May(models.Administer) {
		return models.Refuse(models.Administer)
	}
	team, err := h.DB.FindTeam(ctx, by)
	if err != nil {
		return err
	}
	form.Catch(team.Letterhead().Shown)
	return web.Render(c, status, views.LetterheadEdit(form, team))
}

// sentLogo is the file that the form carries, empty when there is none. It
// stops reading a file that is too large.
func sentLogo(c *gin.Context) ([]byte, error) {
	if c.Request.MultipartForm == nil || len(c.Request.MultipartForm.File["logo"]) == 0 {
		return nil, nil
	}
	f, err := c.Request.MultipartForm.File["logo"][0].Open()
	if err != nil {
		return nil, fmt.Errorf("open uploaded logo: %w", err)
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, models.MaxLogoBytes+1))
}

// Logo is the team's logo, encoded anew from its pixels.
func (h Letterhead) Logo(c *gin.Context) error {
	ctx := c.Request.Context()
	logo, err := h.DB.FindLogo(ctx, models.ActorFrom(ctx))
	if err != nil {
		return err
	}
	c.Header("Cache-Control", "no-store")
	c.Header("X-Content-Type-Options", "nosniff")
	c.Data(http.StatusOK, "image/png", logo)
	return nil
}
