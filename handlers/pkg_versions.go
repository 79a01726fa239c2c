package handlers

import (
	"context"
	"net/http"

	"github.com/a-h/templ"
	"github.com/gin-gonic/gin"

	"quartermaster/handlers/code"
	"quartermaster/models"
	"quartermaster/models/list"
	"quartermaster/views"
	"quartermaster/web"
)

// PkgVersions has the pages of package versions.
type PkgVersions struct {
	DB *models.DB
	// UploadLimit is the most bytes of one upload.
	UploadLimit int64
	// API has the operations that its form is written as.
	API code.Table
}

// list is the list of package versions.
func (h PkgVersions) list() List[models.PkgVersion] {
	return List[models.PkgVersion]{DB: h.DB, View: views.PkgVersions, Choices: func(ctx context.Context, db *models.DB, q list.Query) (map[string][]views.ListChoice, error) {
		by, choices := models.ActorFrom(ctx), map[string][]views.ListChoice{}
		if id := q.Filters["app_id"]; id != "" {
			app, err := db.FindApp(ctx, by, id)
			if err != nil {
				return nil, err
			}
			choices["app_id"] = []views.ListChoice{{Value: id, Label: app.Name}}
		}
		if id := q.Filters["bucket_id"]; id != "" {
			bucket, err := db.FindBucket(ctx, by, id)
			if err != nil {
				return nil, err
			}
			choices["bucket_id"] = []views.ListChoice{{Value: id, Label: bucket.Name}}
		}
		return choices, nil
	}}
}

// Show is the page of one package version.
func (h PkgVersions) Show(c *gin.Context) error {
	return h.show(c, h.DB.FindPkgVersionPage, views.PkgVersionShow)
}

// Status is what changes on a version's page while it is being checked.
func (h PkgVersions) Status(c *gin.Context) error {
	return h.show(c, h.DB.FindPkgVersionCheck, views.PkgVersionStatus)
}

func (h PkgVersions) show(c *gin.Context, find func(context.Context, models.Actor, string) (models.PkgVersionPage, error), draw func(views.PkgVersionShowProps) templ.Component) error {
	ctx := c.Request.Context()
	by := models.ActorFrom(ctx)
	page, err := find(ctx, by, c.Param("id"))
	if err != nil {
		return err
	}
	return web.Render(c, http.StatusOK, draw(views.PkgVersionShowProps{PkgVersionPage: page, By: by, Find: c.Query("entry")}))
}

// Download sends a version's file.
func (h PkgVersions) Download(c *gin.Context) error {
	ctx := c.Request.Context()
	v, r, err := h.DB.ReadPkgVersion(ctx, models.ActorFrom(ctx), c.Param("id"))
	if err != nil {
		return err
	}
	defer r.Close()
	return web.Download(c, web.File{Name: v.FileName(), Type: "application/octet-stream", Sum: v.ID, Modified: v.CreatedAt, Content: r})
}

// Retry checks a version again whose check failed.
func (h PkgVersions) Retry(c *gin.Context) error {
	ctx := c.Request.Context()
	if err := h.DB.RetryPkgVersion(ctx, models.ActorFrom(ctx), c.Param("id")); err != nil {
		return err
	}
	web.Flash(c, "versions.retried")
	return web.SeeOther(c, "/pkg-versions/"+c.Param("id"))
}

// Delete deletes a package version.
func (h PkgVersions) Delete(c *gin.Context) error {
	ctx := c.Request.Context()
	by := models.ActorFrom(ctx)
	v, err := h.DB.FindPkgVersion(ctx, by, c.Param("id"))
	if err != nil {
		return err
	}
	if err := h.DB.DeletePkgVersion(ctx, by, v.ID); err != nil {
		return err
	}
	web.Flash(c, "versions.deleted", "Name", v.AppName+" "+v.Label)
	return web.SeeOther(c, "/apps/"+v.AppID)
}
