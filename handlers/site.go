package handlers

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"quartermaster/models"
	"quartermaster/views"
	"quartermaster/views/ui"
	"quartermaster/web"
)

// keeper is who keeps the site, or ErrForbidden.
func keeper(c *gin.Context) (models.Actor, error) {
	by := models.ActorFrom(c.Request.Context())
	if !by.SiteAdmin {
		return by, models.Lacks{}
	}
	return by, nil
}

// SiteTeams are all teams, for site admins.
type SiteTeams struct{ DB *models.DB }

func (h SiteTeams) list() List[models.SiteTeam] {
	return List[models.SiteTeam]{DB: h.DB, View: views.SiteTeams, By: models.Actor.ForSite, Draw: func(c *gin.Context, p views.ListPage) error {
		return web.Render(c, http.StatusOK, views.SiteTeamList(p, web.NewForm(c, models.TeamInput{})))
	}}
}

// form draws the page of teams with the form for a new one.
func (h SiteTeams) form(c *gin.Context, status int, f ui.Form) error {
	if _, err := keeper(c); err != nil {
		return err
	}
	p, err := h.list().page(c, "")
	if err != nil {
		return err
	}
	return web.Render(c, status, views.SiteTeamList(p, f))
}

// Create makes a team.
func (h SiteTeams) Create(c *gin.Context) error {
	by, err := keeper(c)
	if err != nil {
		return err
	}
	var in models.TeamInput
	form, err := web.Decode(c, &in)
	var team *models.Team
	if err == nil {
		team, err = h.DB.CreateTeam(c.Request.Context(), by, in)
	}
	if form.Reject(err) {
		return h.form(c, http.StatusUnprocessableEntity, form)
	}
	if err != nil {
		return err
	}
	web.Flash(c, "site.team.made", "Name", team.Name)
	return web.SeeOther(c, "/site/teams/"+team.ID)
}

// Show is the page of one team.
func (h SiteTeams) Show(c *gin.Context) error { return h.page(c, http.StatusOK, nil) }

func (h SiteTeams) page(c *gin.Context, status int, form *ui.Form) error {
	ctx := c.Request.Context()
	by, err := keeper(c)
	if err != nil {
		return err
	}
	team, err := h.DB.FindSiteTeam(ctx, by, c.Param("id"))
	if err != nil {
		return err
	}
	return web.Render(c, status, views.SiteTeamShow(*team, caught(c, form, team.Input(), team.Input().Shown)))
}

// Update changes a team's name and the most of its quota.
func (h SiteTeams) Update(c *gin.Context) error {
	by, err := keeper(c)
	if err != nil {
		return err
	}
	var in models.SiteTeamInput
	form, err := web.Decode(c, &in)
	if err == nil {
		err = h.DB.UpdateSiteTeam(c.Request.Context(), by, c.Param("id"), in)
	}
	if form.Reject(err) {
		return h.page(c, http.StatusUnprocessableEntity, &form)
	}
	if err != nil {
		return err
	}
	web.Flash(c, "settings.saved")
	return web.SeeOther(c, "/site/teams/"+c.Param("id"))
}

// Storage switches a team's buckets on or off.
func (h SiteTeams) Storage(c *gin.Context) error {
	by, err := keeper(c)
	if err != nil {
		return err
	}
	if err := h.DB.SetObjectStorage(c.Request.Context(), by, c.Param("id"), c.PostForm("on") == "true"); err != nil {
		return err
	}
	web.Flash(c, "settings.saved")
	return web.SeeOther(c, "/site/teams/"+c.Param("id"))
}

// SiteUsers are all accounts, for site admins.
type SiteUsers struct{ DB *models.DB }

// newUser is an account as the form has it, whose password the program makes.
type newUser struct{ models.UserInput }

func (h SiteUsers) list() List[models.SiteUser] {
	return List[models.SiteUser]{DB: h.DB, View: views.SiteUsers, By: models.Actor.ForSite, Draw: func(c *gin.Context, p views.ListPage) error {
		return web.Render(c, http.StatusOK, views.SiteUserList(p, web.NewForm(c, newUser{})))
	}}
}

// form draws the page of accounts with the form for a new one.
func (h SiteUsers) form(c *gin.Context, status int, f ui.Form) error {
	if _, err := keeper(c); err != nil {
		return err
	}
	p, err := h.list().page(c, "")
	if err != nil {
		return err
	}
	return web.Render(c, status, views.SiteUserList(p, f))
}

// Create makes an account and shows its password, in this answer only.
func (h SiteUsers) Create(c *gin.Context) error {
	by, err := keeper(c)
	if err != nil {
		return err
	}
	var in newUser
	form, err := web.Decode(c, &in)
	password := h.DB.GeneratePassword()
	var user *models.User
	if err == nil {
		user, err = h.DB.CreateUser(c.Request.Context(), by.ForSite(), models.NewUserInput{UserInput: in.UserInput, Password: password})
	}
	if form.Reject(err) {
		return h.form(c, http.StatusUnprocessableEntity, form)
	}
	if err != nil {
		return err
	}
	return h.page(c, http.StatusOK, user.ID, ui.Form{}, password)
}

// Show is the page of one account.
func (h SiteUsers) Show(c *gin.Context) error {
	return h.page(c, http.StatusOK, c.Param("id"), web.NewForm(c, models.TeamRoleInput{Role: models.Requester}), "")
}

// mostTeams is how many teams the form offers to add somebody to.
const mostTeams = 500

func (h SiteUsers) page(c *gin.Context, status int, id string, form ui.Form, password string) (err error) {
	ctx := c.Request.Context()
	p := views.SiteUserProps{Form: form, Password: password, Now: h.DB.Now()}
	by, err := keeper(c)
	if err != nil {
		return err
	}
	if p.User, err = h.DB.FindSiteUser(ctx, by, id); err != nil {
		return err
	}
	if p.Teams, err = h.DB.ListTeams(ctx, by, mostTeams); err != nil {
		return err
	}
	return web.Render(c, status, views.SiteUserShow(p))
}

// State disables or enables an account.
func (h SiteUsers) State(c *gin.Context) error {
	by, err := keeper(c)
	if err != nil {
		return err
	}
	disabled := c.PostForm("disabled") == "true"
	user, err := h.DB.SetUserDisabled(c.Request.Context(), by, c.Param("id"), disabled)
	if err != nil {
		return err
	}
	said := "site.user.enabled"
	if disabled {
		said = "site.user.disabled"
	}
	web.Flash(c, said, "Name", user.Name)
	return web.SeeOther(c, "/site/users/"+user.ID)
}

// Add makes a person a member of a team.
func (h SiteUsers) Add(c *gin.Context) error {
	by, err := keeper(c)
	if err != nil {
		return err
	}
	var in models.TeamRoleInput
	form, err := web.Decode(c, &in)
	if err == nil {
		_, err = h.DB.AddUserToTeam(c.Request.Context(), by, c.Param("id"), in)
	}
	if form.Reject(err) {
		return h.page(c, http.StatusUnprocessableEntity, c.Param("id"), form, "")
	}
	if err != nil {
		return err
	}
	web.Flash(c, "settings.saved")
	return web.SeeOther(c, "/site/users/"+c.Param("id"))
}

// Remove takes a person out of a team.
func (h SiteUsers) Remove(c *gin.Context) error {
	by, err := keeper(c)
	if err != nil {
		return err
	}
	user, err := h.DB.RemoveUserFromTeam(c.Request.Context(), by, c.Param("id"), c.Param("team"))
	if err != nil {
		return err
	}
	web.Flash(c, "members.removed", "Name", user.Name)
	return web.SeeOther(c, "/site/users/"+user.ID)
}
