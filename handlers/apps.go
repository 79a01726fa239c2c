package handlers

import (
	"context"
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"quartermaster/models"
	"quartermaster/models/list"
	"quartermaster/views"
	"quartermaster/views/ui"
	"quartermaster/web"
)

// Apps has the pages of applications.
type Apps struct{ DB *models.DB }

// list is the list of applications.
func (h Apps) list() List[models.App] {
	return List[models.App]{DB: h.DB, View: views.Apps, Choices: func(ctx context.Context, db *models.DB, q list.Query) (map[string][]views.ListChoice, error) {
		choices, err := regions(models.KindApp)(ctx, db, q)
		if err != nil {
			return nil, err
		}
		categories, err := db.ListCategories(ctx)
		for _, c := range categories {
			choices["category"] = append(choices["category"], views.ListChoice{Value: c.Name, Label: c.Name})
		}
		return choices, err
	}}
}

// New shows the form for a new application, and again while it is filled in.
// What the query gives is filled in.
func (h Apps) New(c *gin.Context) error {
	ctx := c.Request.Context()
	by := models.ActorFrom(ctx)
	if err := mayOrder(by, models.KindApp); err != nil {
		return err
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
	draft := h.draft()
	if err := draft.fill(c); err != nil {
		return err
	}
	return noted(h.check, func(c *gin.Context, status int, form ui.Form) error {
		if c.Request.Method == http.MethodGet && c.Query("again") != "" && draft.found == nil {
			if err := h.rename(ctx, by, &form); err != nil {
				return err
			}
		}
		if err := draft.keep(c, &form); err != nil {
			return err
		}
		if answered, err := draft.kept(c, form); answered {
			return err
		}
		return h.form(c, status, form)
	})(c)
}

// rename gives the form for another application like one that there is the next name
// that is free.
func (h Apps) rename(ctx context.Context, by models.Actor, form *ui.Form) error {
	like := form.Value("app_name")
	for n := 2; n < mostNamesakes; n++ {
		free, err := h.DB.AppNameFree(ctx, by, form.Value("region"), form.Value("app_name"))
		if err != nil {
			return err
		}
		if free {
			form.Early = slices.DeleteFunc(form.Early, func(e models.FieldError) bool { return e.Field == "app_name" })
			return nil
		}
		form.Values.Set("app_name", models.Namesake(like, n))
	}
	return nil
}

// draft is the draft of the form for a new application.
func (h Apps) draft() *drafted {
	return &drafted{db: h.DB, kind: models.KindApp, form: models.DraftNew, path: "/apps/new"}
}

func (h Apps) check(ctx context.Context, in *models.AppInput) error {
	return h.DB.CheckApp(ctx, models.ActorFrom(ctx), *in)
}

// Create makes an application, or shows the form again with what was wrong.
func (h Apps) Create(c *gin.Context) error {
	ctx := c.Request.Context()
	if err := mayOrder(models.ActorFrom(ctx), models.KindApp); err != nil {
		return err
	}
	var in models.AppInput
	form, err := web.Decode(c, &in)
	var app *models.App
	in.Token = form.Token
	if err == nil {
		app, err = h.DB.CreateApp(ctx, models.ActorFrom(ctx), in)
	}
	if form.Reject(err) {
		draft := h.draft()
		if err := draft.keep(c, &form); err != nil {
			return err
		}
		if e := form.Error(""); e != nil && e.Rule == "repeated_app" {
			draft.another(&form, in.Token, "/apps/"+app.ID)
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
	if p.Regions, err = h.DB.RegionsToOrder(ctx, models.ActorFrom(ctx), models.KindApp); err != nil {
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
	page, err := h.DB.FindAppPage(ctx, by, c.Param("id"))
	if err != nil {
		return err
	}
	versions, err := List[models.PkgVersion]{DB: h.DB, View: views.AppVersions}.page(c, "/apps/"+page.App.ID, "app_id", page.App.ID)
	if err != nil {
		return err
	}
	return web.Render(c, status, views.AppShow(views.AppShowProps{AppPage: page, Versions: versions, By: by, Form: form}))
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
