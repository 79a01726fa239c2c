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

// Sessions are the pages to sign in and out.
type Sessions struct{ DB *models.DB }

// New shows the form to sign in. Before the site is set up nobody can sign in.
func (h Sessions) New(c *gin.Context) error {
	done, err := h.DB.IsSetUp(c.Request.Context())
	if err != nil {
		return err
	}
	if !done {
		return web.SeeOther(c, "/setup")
	}
	return web.Render(c, http.StatusOK, views.SignIn(web.NewForm(c, models.SignInInput{}), web.LocalPath(c.Query("next")), nil))
}

// Create begins a session and goes on to the page that was wanted.
func (h Sessions) Create(c *gin.Context) error {
	ctx := c.Request.Context()
	var in struct {
		models.SignInInput
		Next string `form:"next"`
		views.Carried
	}
	form, err := web.Decode(c, &in)
	var begun models.SignedIn
	if err == nil {
		begun, err = h.DB.SignIn(ctx, models.ActorFrom(ctx), in.SignInInput, web.Browser(c))
	}
	next := web.LocalPath(in.Next)
	if form.Reject(err) {
		return web.Render(c, http.StatusUnprocessableEntity, views.SignIn(form, next, in.Carried.OrNil()))
	}
	if err != nil {
		return err
	}
	web.SignIn(c, begun)
	if in.Carried.OrNil() != nil {
		return h.goOn(c, begun, in.Carried, next)
	}
	return web.SeeOther(c, next)
}

// goOn leads who has just signed in to a form that was carried along: to its draft
// where they have one, else to the button that shows it, filled in and not sent. What
// another typed is nothing of theirs: they come to the next page.
func (h Sessions) goOn(c *gin.Context, begun models.SignedIn, form views.Carried, next string) error {
	ctx := c.Request.Context()
	session, err := h.DB.FindSession(ctx, begun.Token)
	if err != nil {
		return err
	}
	typed, by := form.Values(), session.Actor(models.ActorFrom(ctx))
	if writer := typed.Get("draft_writer"); writer != "" && !by.Drafts(writer) {
		return web.SeeOther(c, next)
	}
	at, err := goOnDraft(ctx, h.DB, by, typed)
	if err != nil {
		return err
	}
	if at != "" {
		return web.SeeOther(c, at)
	}
	path := web.Drawn(c, form.Path)
	if path == "" {
		return web.SeeOther(c, next)
	}
	return web.Render(c, http.StatusOK, views.GoOn(path, typed))
}

// Delete ends the session.
func (h Sessions) Delete(c *gin.Context) error {
	if err := web.SignOut(c); err != nil {
		return err
	}
	web.Flash(c, "sign-in.bye")
	return web.SeeOther(c, "/sign-in")
}

// Join shows an invitation to whoever has its link: with the form for an account, the
// way to sign in, or the button to accept.
func (h Sessions) Join(c *gin.Context) error {
	ctx := c.Request.Context()
	secret := c.Query("link")
	invited, err := h.DB.FindInvitation(ctx, models.ActorFrom(ctx), secret)
	if err != nil {
		return err
	}
	return h.join(c, http.StatusOK, web.NewForm(c, models.JoinInput{}), invited, secret)
}

func (h Sessions) join(c *gin.Context, status int, f ui.Form, invited *models.Invited, secret string) error {
	p := views.JoinProps{Form: f, Invited: invited, Link: secret}
	if s := web.SessionOf(c.Request.Context()); s != nil {
		p.SignedInAs, p.Mine = s.Email, invited.Mine(models.ActorFrom(c.Request.Context()))
	}
	return web.Render(c, status, views.Join(p))
}

// joining is the form behind an invitation with the secret of its link.
type joining struct {
	models.JoinInput
	Link string `form:"link"`
}

func (h Sessions) check(ctx context.Context, in *joining) error {
	invited, err := h.DB.FindInvitation(ctx, models.ActorFrom(ctx), in.Link)
	if err != nil {
		return err
	}
	return invited.CheckJoin(&in.JoinInput)
}

// form draws the form for whoever has the link.
func (h Sessions) form(c *gin.Context, status int, f ui.Form) error {
	ctx := c.Request.Context()
	link := c.PostForm("link")
	invited, err := h.DB.FindInvitation(ctx, models.ActorFrom(ctx), link)
	if err != nil {
		return err
	}
	return h.join(c, status, f, invited, link)
}

// Accept makes an invited person a member: with the account that they have, or one
// that they make here and are signed in with.
func (h Sessions) Accept(c *gin.Context) error {
	ctx := c.Request.Context()
	var in joining
	form, err := web.Decode(c, &in)
	by := models.ActorFrom(ctx)
	invited, missing := h.DB.FindInvitation(ctx, by, in.Link)
	if missing != nil {
		return missing
	}
	var begun models.SignedIn
	switch {
	case err != nil:
	case by.UserID != "":
		if _, err = h.DB.AcceptInvitation(ctx, by, in.Link); err == nil {
			begun, _, err = h.DB.SwitchTeam(ctx, by, web.SessionToken(c), invited.TeamID)
		}
	default:
		begun, err = h.DB.Join(ctx, by, in.Link, in.JoinInput)
	}
	if form.Reject(err) {
		return h.form(c, http.StatusUnprocessableEntity, form)
	}
	if err != nil {
		return err
	}
	web.SignIn(c, begun)
	web.Flash(c, "join.done", "Team", invited.TeamName)
	return web.SeeOther(c, "/")
}
