package handlers

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"quartermaster/models"
	"quartermaster/views"
	"quartermaster/web"
)

// Dashboard has the pages about the team as a whole.
type Dashboard struct{ DB *models.DB }

// Show is the page a team sees first.
func (h Dashboard) Show(c *gin.Context) error {
	ctx := c.Request.Context()
	by := models.ActorFrom(ctx)
	d, err := h.DB.FindDashboard(ctx, by)
	if err != nil {
		return err
	}
	regions, err := h.DB.ListRegions(ctx, "")
	if err != nil {
		return err
	}
	return web.Render(c, http.StatusOK, views.Dashboard(views.DashboardProps{By: by, Regions: regions, Dashboard: *d}))
}

// Running is the part of the dashboard that says what runs now.
func (h Dashboard) Running(c *gin.Context) error {
	ctx := c.Request.Context()
	jobs, err := h.DB.ListRunningJobs(ctx, models.ActorFrom(ctx), 8)
	if err != nil {
		return err
	}
	return web.Render(c, http.StatusOK, views.DashboardRunning(jobs))
}

// Gallery shows every part that pages are made of. It is only in the demo.
func (h Dashboard) Gallery(c *gin.Context) error {
	return web.Render(c, http.StatusOK, views.Gallery())
}

// Search lists what is called like the text in the query.
func (h Dashboard) Search(c *gin.Context) error {
	ctx := c.Request.Context()
	text := c.Query("q")
	hits, err := h.DB.Search(ctx, models.ActorFrom(ctx), text)
	if err != nil {
		return err
	}
	return web.Render(c, http.StatusOK, views.SearchResults(text, hits))
}
