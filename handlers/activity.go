package handlers

import (
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"quartermaster/models"
	"quartermaster/views"
	"quartermaster/views/ui"
	"quartermaster/web"
)

// Activity is the record of who did what in the team.
type Activity struct{ DB *models.DB }

// List shows what happened, the newest first.
func (h Activity) List(c *gin.Context) error {
	ctx := c.Request.Context()
	by := models.ActorFrom(ctx)
	f := eventFilter(c)
	events, cursor, err := h.DB.ListEvents(ctx, by, f, listPage(c))
	if err != nil {
		return err
	}
	people, err := h.DB.ListMembers(ctx, by)
	if err != nil {
		return err
	}
	return web.Render(c, http.StatusOK, views.ActivityList(views.ActivityListProps{
		Events: events, Cursor: cursor, Filter: f, People: people, Now: h.DB.Now(),
		URL: listURL(c, "q", "kind", "person", "face", "key"),
	}))
}

// eventFilter reads the filters of the address. Unknown kinds and faces do not
// narrow.
func eventFilter(c *gin.Context) models.EventFilter {
	f := models.EventFilter{Kind: models.Kind(c.Query("kind")), User: c.Query("person"),
		Face: models.Face(c.Query("face")), Text: c.Query("q"), Key: c.Query("key")}
	if ui.Look(c.Request.Context(), f.Kind).Kind == "" {
		f.Kind = ""
	}
	if !slices.Contains(models.Faces, f.Face) {
		f.Face = ""
	}
	f.Actions = views.ActionsLike(c.Request.Context(), f.Text)
	return f
}

// Export sends everything that matches as a file for spreadsheets.
func (h Activity) Export(c *gin.Context) error {
	ctx := c.Request.Context()
	by, f, page := models.ActorFrom(ctx), eventFilter(c), models.Page{Size: models.MaxPageSize}
	f.Emails = true
	events, cursor, err := h.DB.ListEvents(ctx, by, f, page)
	if err != nil {
		return err
	}
	file, err := web.NewSheet(c, "activity", "csv", nil)
	if err != nil {
		return err
	}
	file.Row(views.EventHead(ctx))
	for {
		for _, e := range events {
			file.Row(views.EventCells(ctx, e))
		}
		if err := file.Flush(); err != nil || cursor.Next == "" {
			return err
		}
		page.After = cursor.Next
		if events, cursor, err = h.DB.ListEvents(ctx, by, f, page); err != nil {
			return err
		}
	}
}
