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

// Apps has the pages of applications.
type Apps struct{ DB *models.DB }

// List shows the team's applications.
func (h Apps) List(c *gin.Context) error {
	ctx := c.Request.Context()
	by := models.ActorFrom(ctx)
	p := views.AppListProps{URL: listURL(c, "q", "region", "category"), By: by, Now: h.DB.TeamNow(by)}
	f := models.AppFilter{Region: c.Query("region"), Category: c.Query("category"), Text: c.Query("q")}
	var err error
	if p.Apps, p.Cursor, err = h.DB.ListApps(ctx, by, f, listPage(c)); err != nil {
		return err
	}
	if p.Regions, err = h.DB.ListRegions(ctx, models.KindApp); err != nil {
		return err
	}
	if p.Categories, err = h.DB.ListCategories(ctx); err != nil {
		return err
	}
	return web.Render(c, http.StatusOK, views.AppList(p))
}

// New shows the form for a new application, and again while it is filled in.
// What the query gives is filled in.
func (h Apps) New(c *gin.Context) error {
	ctx := c.Request.Context()
	by := models.ActorFrom(ctx)
	if !by.May(models.Request) {
		return models.ErrForbidden
	}
	answered, err := once(c, h.DB.NewToken, func(token string) (*views.FormSentProps, error) {
		app, err := h.DB.FindAppOf(ctx, by, token)
		if app == nil || err != nil {
			return nil, err
		}
		return views.AppSent(ctx, app), nil
	})
	if answered {
		return err
	}
	return noted(h.check, h.form)(c)
}

func (h Apps) check(ctx context.Context, in *models.AppInput) error {
	return h.DB.CheckApp(ctx, models.ActorFrom(ctx), *in)
}

// Create makes an application, or shows the form again with what was wrong.
func (h Apps) Create(c *gin.Context) error {
	ctx := c.Request.Context()
	if !models.ActorFrom(ctx).May(models.Request) {
		return models.ErrForbidden
	}
	var in models.AppInput
	form, err := web.Decode(c, &in)
	var app *models.App
	in.Token = form.Token
	if err == nil {
		app, err = h.DB.CreateApp(ctx, models.ActorFrom(ctx), in)
	}
	if form.Reject(err) {
		if e := form.Error(""); e != nil && e.Rule == "repeated_app" {
			form.Token, form.Sent = h.DB.NewToken(), "/apps/"+app.ID
		}
		return refused(c, form, "/apps/new", func() error { return h.form(c, http.StatusUnprocessableEntity, form) })
	}
	if err != nil {
		return err
	}
	web.Flash(c, "apps.created", "Name", app.Name)
	return web.SeeOther(c, "/apps/"+app.ID)
}

func (h Apps) form(c *gin.Context, status int, form ui.Form) error {
	ctx := c.Request.Context()
	p := views.AppNewProps{Form: form}
	var err error
	if p.Regions, err = h.DB.ListRegions(ctx, models.KindApp); err != nil {
		return err
	}
	if p.Categories, err = h.DB.ListCategories(ctx); err != nil {
		return err
	}
	return web.Render(c, status, views.AppNew(p))
}

// Show is the page of one application with its versions.
func (h Apps) Show(c *gin.Context) error {
	return h.show(c, http.StatusOK, ui.Form{})
}

func (h Apps) show(c *gin.Context, status int, form ui.Form) error {
	ctx := c.Request.Context()
	by := models.ActorFrom(ctx)
	list, f := versionList(c, h.DB)
	page, err := h.DB.FindAppPage(ctx, by, c.Param("id"), f, listPage(c))
	if err != nil {
		return err
	}
	list.App, list.Versions, list.Cursor, list.Own = &page.App, page.Made, page.Cursor, true
	list.URL.Path = "/apps/" + page.App.ID
	p := views.AppShowProps{AppPage: page, Versions: list, By: by, Form: form}
	return web.Render(c, status, views.AppShow(p))
}

// Delete deletes an application with as many versions as the form named.
func (h Apps) Delete(c *gin.Context) error {
	ctx := c.Request.Context()
	by := models.ActorFrom(ctx)
	var in struct {
		Versions int64 `form:"versions"`
	}
	form, err := web.Decode(c, &in)
	if err != nil {
		return err
	}
	app, err := h.DB.FindApp(ctx, by, c.Param("id"))
	if err != nil {
		return err
	}
	err = h.DB.DeleteApp(ctx, by, app.ID, max(0, in.Versions))
	if form.Reject(err) {
		return h.show(c, http.StatusUnprocessableEntity, form)
	}
	if err != nil {
		return err
	}
	web.Flash(c, "apps.deleted", "Name", app.Name)
	return web.SeeOther(c, "/apps")
}
