package handlers

import (
	"context"
	"net/http"

	"github.com/gin-gonic/gin"

	"quartermaster/models"
	"quartermaster/views"
	"quartermaster/views/ui"
	"quartermaster/web"
)

// Account is the page of one's own account.
type Account struct{ DB *models.DB }

// Show shows the account.
func (h Account) Show(c *gin.Context) error {
	return h.page(c, http.StatusOK, nil, ui.Form{}, nil, nil)
}

// page draws the account with a form that was refused, or with the saved
// values.
func (h Account) page(c *gin.Context, status int, profile *ui.Form, password ui.Form, away, reminders *ui.Form) error {
	ctx := c.Request.Context()
	by := models.ActorFrom(ctx)
	user, err := h.DB.FindUser(ctx, by)
	if err != nil {
		return err
	}
	sessions, err := h.DB.ListSessions(ctx, by)
	if err != nil {
		return err
	}
	p := views.AccountProps{User: user, Profile: caught(c, profile, user.Profile(), user.Profile().Shown), Password: password,
		Sessions: sessions, Current: web.SessionOf(ctx).ID, Homeless: by.TeamID == ""}
	if by.May(models.Decide) {
		me, err := h.DB.FindMember(ctx, by, by.UserID)
		if err != nil {
			return err
		}
		if p.Members, err = h.DB.ListMembers(ctx, by); err != nil {
			return err
		}
		p.Away = caught(c, away, me.Away(), me.Away().Shown)
	}
	if by.May(models.See) && by.TeamID != "" {
		days, err := h.DB.FindRemindDays(ctx, by)
		if err != nil {
			return err
		}
		form := web.NewForm(c, days.Input())
		if p.Reminders = &form; reminders != nil {
			p.Reminders = reminders
		}
	}
	return web.Render(c, status, views.Account(p))
}

// profile draws the account with the form for name, language, theme and zone.
func (h Account) profile(c *gin.Context, status int, f ui.Form) error {
	return h.page(c, status, &f, ui.Form{}, nil, nil)
}

// password draws the account with the form for another password.
func (h Account) password(c *gin.Context, status int, f ui.Form) error {
	return h.page(c, status, nil, f, nil, nil)
}

func (h Account) checkPassword(ctx context.Context, in *models.ChangePasswordInput) error {
	_, err := h.DB.CheckNewPassword(ctx, models.ActorFrom(ctx), *in)
	return err
}

// Update changes name, language, theme and zone.
func (h Account) Update(c *gin.Context) error {
	ctx := c.Request.Context()
	var in models.ProfileInput
	form, err := web.Decode(c, &in)
	if err == nil {
		err = h.DB.UpdateProfile(ctx, models.ActorFrom(ctx), in)
	}
	if form.Reject(err) {
		return h.profile(c, http.StatusUnprocessableEntity, form)
	}
	if err != nil {
		return err
	}
	web.Flash(c, "account.saved")
	return web.SeeOther(c, "/account")
}

// Password changes the password, which ends every other session.
func (h Account) Password(c *gin.Context) error {
	ctx := c.Request.Context()
	var in models.ChangePasswordInput
	form, err := web.Decode(c, &in)
	var begun models.SignedIn
	if err == nil {
		begun, err = h.DB.ChangePassword(ctx, models.ActorFrom(ctx), web.SessionToken(c), in)
	}
	if form.Reject(err) {
		return h.password(c, http.StatusUnprocessableEntity, form)
	}
	if err != nil {
		return err
	}
	web.SignIn(c, begun)
	web.Flash(c, "account.password.changed")
	return web.SeeOther(c, "/account")
}

// Deputy says who decides for the reader while they are away.
func (h Account) Deputy(c *gin.Context) error {
	ctx := c.Request.Context()
	by := models.ActorFrom(ctx)
	var in models.AwayInput
	form, err := web.Decode(c, &in)
	if err == nil {
		_, err = h.DB.SetDeputy(ctx, by, by.UserID, in)
	}
	if form.Reject(err) {
		return h.page(c, http.StatusUnprocessableEntity, nil, ui.Form{}, &form, nil)
	}
	if err != nil {
		return err
	}
	web.Flash(c, "members.away.saved", "Name", by.UserName)
	return web.SeeOther(c, "/account")
}

// Reminders says when the reader is reminded of what they ordered.
func (h Account) Reminders(c *gin.Context) error {
	ctx := c.Request.Context()
	var in models.RemindInput
	form, err := web.Decode(c, &in)
	if err == nil {
		err = h.DB.SetRemindDays(ctx, models.ActorFrom(ctx), in)
	}
	if form.Reject(err) {
		return h.page(c, http.StatusUnprocessableEntity, nil, ui.Form{}, nil, &form)
	}
	if err != nil {
		return err
	}
	web.Flash(c, "remind.saved")
	return web.SeeOther(c, "/account")
}

// EndSession signs one of the account's other browsers out.
func (h Account) EndSession(c *gin.Context) error {
	ctx := c.Request.Context()
	if err := h.DB.DeleteSession(ctx, models.ActorFrom(ctx), c.Param("id")); err != nil {
		return err
	}
	web.Flash(c, "account.session-ended")
	return web.SeeOther(c, "/account")
}

// choice is one button of the frame: a language, a theme, a team, and the page
// to go back to.
type choice struct {
	Lang  string `form:"lang"`
	Theme string `form:"theme"`
	Team  string `form:"team"`
	Back  string `form:"back"`
}

// Language changes the reader's language, signed in or not.
func (h Account) Language(c *gin.Context) error {
	ctx := c.Request.Context()
	var in choice
	if _, err := web.Decode(c, &in); err != nil {
		return err
	}
	if by := models.ActorFrom(ctx); by.UserID != "" {
		if err := h.DB.SetLanguage(ctx, by, in.Lang); err != nil {
			return err
		}
	}
	if err := web.RememberLanguage(c, in.Lang); err != nil {
		return err
	}
	return web.SeeOther(c, web.LocalPath(in.Back))
}

// Theme changes the reader's theme, signed in or not; "system" follows theirs.
func (h Account) Theme(c *gin.Context) error {
	ctx := c.Request.Context()
	var in choice
	if _, err := web.Decode(c, &in); err != nil {
		return err
	}
	if in.Theme == "system" {
		in.Theme = ""
	}
	if by := models.ActorFrom(ctx); by.UserID != "" {
		if err := h.DB.SetTheme(ctx, by, in.Theme); err != nil {
			return err
		}
	}
	if err := web.RememberTheme(c, in.Theme); err != nil {
		return err
	}
	return web.SeeOther(c, web.LocalPath(in.Back))
}

// Team has this session work in another of the user's teams.
func (h Account) Team(c *gin.Context) error {
	ctx := c.Request.Context()
	var in choice
	if _, err := web.Decode(c, &in); err != nil {
		return err
	}
	begun, team, err := h.DB.SwitchTeam(ctx, models.ActorFrom(ctx), web.SessionToken(c), in.Team)
	if err != nil {
		return err
	}
	web.SignIn(c, begun)
	web.Flash(c, "account.team-changed", "Team", team.Name)
	return web.SeeOther(c, web.LocalPath(in.Back))
}
