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
	return web.Render(c, http.StatusOK, views.SignIn(web.NewForm(c, models.SignInInput{}), web.LocalPath(c.Query("next"))))
}

// Create begins a session and goes on to the page that was wanted.
func (h Sessions) Create(c *gin.Context) error {
	ctx := c.Request.Context()
	var in struct {
		models.SignInInput
		Next string `form:"next"`
	}
	form, err := web.Decode(c, &in)
	var begun models.SignedIn
	if err == nil {
		begun, err = h.DB.SignIn(ctx, models.ActorFrom(ctx), in.SignInInput, web.Browser(c))
	}
	next := web.LocalPath(in.Next)
	if form.Reject(err) {
		return web.Render(c, http.StatusUnprocessableEntity, views.SignIn(form, next))
	}
	if err != nil {
		return err
	}
	web.SignIn(c, begun)
	return web.SeeOther(c, next)
}

// Delete ends the session.
func (h Sessions) Delete(c *gin.Context) error {
	if err := web.SignOut(c); err != nil {
		return err
	}
	web.Flash(c, "sign-in.bye")
	return web.SeeOther(c, "/sign-in")
}

// Join shows an invited person the form to choose a password.
func (h Sessions) Join(c *gin.Context) error {
	secret := c.Query("link")
	invited, err := h.DB.FindInvitation(c.Request.Context(), secret)
	if err != nil {
		return err
	}
	return web.Render(c, http.StatusOK, views.Join(web.NewForm(c, models.JoinInput{}), invited, secret))
}

// joining is the form behind an invitation with the secret of its link.
type joining struct {
	models.JoinInput
	Link string `form:"link"`
}

func (h Sessions) check(ctx context.Context, in *joining) error {
	_, err := h.DB.CheckJoin(ctx, in.Link, in.JoinInput)
	return err
}

// form draws the form for whoever has the link.
func (h Sessions) form(c *gin.Context, status int, f ui.Form) error {
	link := c.PostForm("link")
	invited, err := h.DB.FindInvitation(c.Request.Context(), link)
	if err != nil {
		return err
	}
	return web.Render(c, status, views.Join(f, invited, link))
}

// Accept gives an invited person their password and signs them in.
func (h Sessions) Accept(c *gin.Context) error {
	ctx := c.Request.Context()
	var in joining
	form, err := web.Decode(c, &in)
	invited, missing := h.DB.FindInvitation(ctx, in.Link)
	if missing != nil {
		return missing
	}
	var begun models.SignedIn
	if err == nil {
		begun, err = h.DB.AcceptInvitation(ctx, models.ActorFrom(ctx), in.Link, in.JoinInput)
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
