package handlers

import (
	"cmp"
	"context"
	"errors"
	"net/http"

	"github.com/gin-gonic/gin"

	"quartermaster/models"
	"quartermaster/models/list"
	"quartermaster/views"
	"quartermaster/views/i18n"
	"quartermaster/views/ui"
	"quartermaster/web"
)

// AccessKeys are the keys that programs sign requests with: those of a team, or
// those of the site.
type AccessKeys struct {
	DB    *models.DB
	Place views.AccessKeyPlace
}

// by is who asks for the keys of the place, or ErrForbidden.
func (h AccessKeys) by(c *gin.Context) (models.Actor, error) {
	by := models.ActorFrom(c.Request.Context())
	switch {
	case h.Place == views.SiteKeys && !by.SiteAdmin:
		return by, models.Lacks{}
	case h.Place != views.SiteKeys && !by.May(models.Administer):
		return by, models.Refuse(models.Administer)
	}
	return h.as(by), nil
}

// as is as whom the actor asks at the place.
func (h AccessKeys) as(by models.Actor) models.Actor {
	if h.Place == views.SiteKeys {
		return by.ForSite()
	}
	return by
}

// keys is the list of the keys.
func (h AccessKeys) keys() List[models.AccessKey] {
	return List[models.AccessKey]{DB: h.DB, View: h.Place.Keys(), By: h.as, Choices: operationWords,
		Draw: func(c *gin.Context, p views.ListPage) error {
			return web.Render(c, http.StatusOK, views.AccessKeyList(p))
		}}
}

// calls is the list of a key's last calls.
func (h AccessKeys) calls() List[models.Call] {
	return List[models.Call]{DB: h.DB, View: h.Place.Calls(), By: h.as, Choices: operationWords}
}

// operationWords are the operations that have a page, and that a key may be
// limited to.
func operationWords(_ context.Context, db *models.DB, _ list.Query) (map[string][]views.ListChoice, error) {
	all := map[string][]views.ListChoice{}
	for _, o := range db.Operations() {
		all["operations"] = append(all["operations"], views.ListChoice{Value: o.Name, Label: o.Name})
	}
	return all, nil
}

// New shows the form for a key, which is sent once.
func (h AccessKeys) New(c *gin.Context) error {
	if answered, err := h.once(c); answered || err != nil {
		return err
	}
	return noted(rules[models.AccessKeyInput], h.form)(c)
}

// once shows what came of a form that was sent already.
func (h AccessKeys) once(c *gin.Context) (answered bool, err error) {
	by, err := h.by(c)
	if err != nil {
		return false, err
	}
	return once(c, h.DB.NewToken, func(token string) (*views.FormSentProps, error) {
		ctx := c.Request.Context()
		k, err := h.DB.FindAccessKeyOf(ctx, by, token)
		if k == nil || err != nil {
			return nil, err
		}
		return views.AccessKeySent(ctx, h.Place, k), nil
	})
}

// form draws the form for a key.
func (h AccessKeys) form(c *gin.Context, status int, form ui.Form) error {
	by, err := h.by(c)
	if err != nil {
		return err
	}
	users, err := h.users(c, by)
	if err != nil {
		return err
	}
	return web.Render(c, status, views.AccessKeyNew(views.AccessKeyNewProps{Place: h.Place, Form: form, Users: users, By: by, Operations: h.DB.Operations()}))
}

// users are those whom a key may act as.
func (h AccessKeys) users(c *gin.Context, by models.Actor) ([]views.AccessKeyUser, error) {
	ctx := c.Request.Context()
	var out []views.AccessKeyUser
	if h.Place == views.SiteKeys {
		users, err := h.DB.ListUsers(ctx, by)
		for _, u := range users {
			if u.SiteAdmin && !u.Disabled {
				out = append(out, views.AccessKeyUser{ID: u.ID, Name: u.Name})
			}
		}
		return out, err
	}
	members, err := h.DB.ListMembers(ctx, by)
	for _, m := range members {
		if !m.Disabled {
			out = append(out, views.AccessKeyUser{ID: m.UserID, Name: m.Name, Role: m.Role})
		}
	}
	return out, err
}

// Create makes a key and shows its secret. It is shown in this answer only, so
// there is no redirect.
func (h AccessKeys) Create(c *gin.Context) error {
	ctx := c.Request.Context()
	by, err := h.by(c)
	if err != nil {
		return err
	}
	var in models.AccessKeyInput
	form, err := web.Decode(c, &in)
	in.Token = form.Token
	var key *models.AccessKey
	var secret string
	if err == nil {
		key, secret, err = h.DB.CreateAccessKey(ctx, by, in)
	}
	switch {
	case form.Reject(err):
		return refused(c, form, string(h.Place)+"/new", func() error { return h.form(c, http.StatusUnprocessableEntity, form) })
	case errors.Is(err, models.ErrConflict):
		made, err := h.DB.FindAccessKeyOf(ctx, by, in.Token)
		if made == nil || err != nil {
			return cmp.Or(err, models.ErrConflict)
		}
		web.Flash(c, "keys.made.already")
		return web.SeeOther(c, string(h.Place)+"/"+made.ID)
	case err != nil:
		return err
	}
	return web.Render(c, http.StatusOK, views.AccessKeyMade(h.Place, key, secret, web.SiteURL(ctx, "")))
}

// Show shows a key with its tokens and its last calls.
func (h AccessKeys) Show(c *gin.Context) error {
	return h.show(c, http.StatusOK, web.NewForm(c, models.TokenInput{}), "")
}

func (h AccessKeys) show(c *gin.Context, status int, form ui.Form, token string) error {
	ctx := c.Request.Context()
	by, err := h.by(c)
	if err != nil {
		return err
	}
	id := c.Param("id")
	p := views.AccessKeyShowProps{Place: h.Place, Form: form, Token: token, Now: h.DB.Now()}
	if p.Calls, err = h.calls().page(c, ""); err != nil {
		return err
	}
	// Read after the calls, which update its last use.
	if p.Key, err = h.DB.FindAccessKey(ctx, by, id); err != nil {
		return err
	}
	if p.Days, p.Cut, err = h.DB.CallDays(ctx, by, id, i18n.Zone(ctx)); err != nil {
		return err
	}
	if p.Tokens, err = h.DB.ListTokens(ctx, by, id); err != nil {
		return err
	}
	return web.Render(c, status, views.AccessKeyShow(p))
}

// State disables or enables a key.
func (h AccessKeys) State(c *gin.Context) error {
	by, err := h.by(c)
	if err != nil {
		return err
	}
	var in struct {
		Disabled bool `form:"disabled"`
	}
	if _, err := web.Decode(c, &in); err != nil {
		return err
	}
	key, err := h.DB.SetAccessKeyDisabled(c.Request.Context(), by, c.Param("id"), in.Disabled)
	if err != nil {
		return err
	}
	if in.Disabled {
		web.Flash(c, "keys.disabled", "Name", key.Name)
	} else {
		web.Flash(c, "keys.enabled", "Name", key.Name)
	}
	return web.SeeOther(c, string(h.Place)+"/"+key.ID)
}

// Delete ends a key for good.
func (h AccessKeys) Delete(c *gin.Context) error {
	by, err := h.by(c)
	if err != nil {
		return err
	}
	key, err := h.DB.DeleteAccessKey(c.Request.Context(), by, c.Param("id"))
	if err != nil {
		return err
	}
	web.Flash(c, "keys.removed", "Name", key.Name)
	return web.SeeOther(c, string(h.Place))
}

// Issue gives a key a token and shows it, in this answer only.
func (h AccessKeys) Issue(c *gin.Context) error {
	by, err := h.by(c)
	if err != nil {
		return err
	}
	var in models.TokenInput
	form, err := web.Decode(c, &in)
	in.Token = form.Token
	var token string
	if err == nil {
		_, token, err = h.DB.IssueToken(c.Request.Context(), by, c.Param("id"), in)
	}
	if form.Reject(err) {
		return h.show(c, http.StatusUnprocessableEntity, form, "")
	}
	if errors.Is(err, models.ErrConflict) {
		web.Flash(c, "keys.token.already")
		return web.SeeOther(c, string(h.Place)+"/"+c.Param("id"))
	}
	if err != nil {
		return err
	}
	return h.show(c, http.StatusOK, web.NewForm(c, models.TokenInput{}), token)
}

// Revoke ends a token.
func (h AccessKeys) Revoke(c *gin.Context) error {
	by, err := h.by(c)
	if err != nil {
		return err
	}
	if err := h.DB.RevokeToken(c.Request.Context(), by, c.Param("id"), c.Param("token")); err != nil {
		return err
	}
	web.Flash(c, "keys.tokens.revoked")
	return web.SeeOther(c, string(h.Place)+"/"+c.Param("id"))
}
