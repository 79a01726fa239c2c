package handlers

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"quartermaster/models"
	"quartermaster/models/list"
	"quartermaster/views"
	"quartermaster/views/ui"
	"quartermaster/web"
)

// Bulk asks before something is done to the rows that were picked, or to all that the
// list shows, as far as these are done at once.
func (h List[R]) Bulk(c *gin.Context) error {
	ctx := c.Request.Context()
	p := views.BulkProps{By: h.by(ctx), Kind: h.View.Kind, Action: models.BulkAction(c.Query("action"))}
	u, asked := h.back(c)
	u.Query = asked
	p.Back = u.With()
	picked := c.QueryArray("pick")
	if c.Query("all") != "" {
		saved, err := h.DB.Saved(ctx, p.By, h.View.ID)
		if err != nil {
			return err
		}
		asked, _ = opened(saved, asked)
		var q list.Query
		q, _, _ = h.asked(c, asked)
		q.After, q.Before, q.Size = "", "", models.MaxBulk
		page, err := h.View.List.Read(ctx, h.DB, p.By, q)
		if err != nil {
			return err
		}
		picked, p.More = nil, page.Next != ""
		for i := range page.Rows {
			id, _ := h.View.Pick(&page.Rows[i])
			picked = append(picked, id)
		}
	}
	var err error
	p.Items, err = h.DB.PreviewBulk(ctx, p.By, p.Kind, p.Action, picked)
	status := http.StatusOK
	if p.Form.Reject(err) {
		status = http.StatusUnprocessableEntity
	} else if err != nil {
		return err
	}
	return web.Render(c, status, views.BulkPreview(p))
}

// Bulks does things to several things at once and says what came of each.
type Bulks struct{ DB *models.DB }

// Create does what was asked for and leads to what came of it.
func (h Bulks) Create(c *gin.Context) error {
	ctx := c.Request.Context()
	var in struct {
		Kind   models.Kind       `form:"kind"`
		Action models.BulkAction `form:"action"`
		Pick   []string          `form:"pick"`
	}
	form, err := web.Decode(c, &in)
	var bulk *models.Bulk
	if err == nil {
		bulk, err = h.DB.DoBulk(ctx, models.ActorFrom(ctx), in.Kind, in.Action, in.Pick)
	}
	if form.Reject(err) {
		return web.Render(c, http.StatusUnprocessableEntity, views.BulkPreview(views.BulkProps{Kind: in.Kind, Action: in.Action, Back: "/", Form: form}))
	}
	if err != nil {
		return err
	}
	return web.SeeOther(c, "/bulks/"+bulk.ID)
}

// Show is the page of what came of it.
func (h Bulks) Show(c *gin.Context) error {
	ctx := c.Request.Context()
	by := models.ActorFrom(ctx)
	bulk, err := h.DB.FindBulk(ctx, by, c.Param("id"))
	if err != nil {
		return err
	}
	back := ui.Look(ctx, bulk.Kind).Path
	return web.Render(c, http.StatusOK, views.BulkDone(views.BulkProps{By: by, Kind: bulk.Kind, Action: bulk.Action, Items: bulk.Items, Back: back, Done: bulk}))
}

// Retry does again what was refused.
func (h Bulks) Retry(c *gin.Context) error {
	ctx := c.Request.Context()
	bulk, err := h.DB.RetryBulk(ctx, models.ActorFrom(ctx), c.Param("id"))
	if err != nil {
		return err
	}
	return web.SeeOther(c, "/bulks/"+bulk.ID)
}
