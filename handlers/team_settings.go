package handlers

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"quartermaster/models"
	"quartermaster/views"
	"quartermaster/views/ui"
	"quartermaster/web"
)

// TeamSettings are what a team says about itself and its orders.
type TeamSettings struct{ DB *models.DB }

// team is the team of an admin.
func (h TeamSettings) team(c *gin.Context) (*models.Team, error) {
	by := models.ActorFrom(c.Request.Context())
	if !by.May(models.Administer) {
		return nil, models.Refuse(models.Administer)
	}
	return h.DB.FindTeam(c.Request.Context(), by)
}

// Edit shows the settings.
func (h TeamSettings) Edit(c *gin.Context) error {
	team, err := h.team(c)
	if err != nil {
		return err
	}
	return web.Render(c, http.StatusOK, views.TeamSettings(web.NewForm(c, team.Settings()), team))
}

// form draws the form as it was sent.
func (h TeamSettings) form(c *gin.Context, status int, form ui.Form) error {
	team, err := h.team(c)
	if err != nil {
		return err
	}
	form.Catch(team.Settings().Shown)
	return web.Render(c, status, views.TeamSettings(form, team))
}

// Update takes the form.
func (h TeamSettings) Update(c *gin.Context) error {
	ctx := c.Request.Context()
	var in models.SettingsInput
	form, err := web.Decode(c, &in)
	if err == nil {
		err = h.DB.UpdateSettings(ctx, models.ActorFrom(ctx), in)
	}
	if form.Reject(err) {
		return h.form(c, http.StatusUnprocessableEntity, form)
	}
	if err != nil {
		return err
	}
	web.Flash(c, "settings.saved")
	return web.SeeOther(c, "/team/settings")
}
