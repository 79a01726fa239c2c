package handlers

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"

	"github.com/gin-gonic/gin"

	"quartermaster/models"
	"quartermaster/models/list"
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
	return web.Render(c, http.StatusOK, views.Dashboard(views.DashboardProps{By: by, Regions: regions, All: c.Query("all") == "attention", Dashboard: *d}))
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

// Expiring is the page of what ends.
func (h Dashboard) Expiring(c *gin.Context) error {
	ctx := c.Request.Context()
	p := views.ExpiringProps{By: models.ActorFrom(ctx), Kind: models.Kind(c.Query("kind")), Within: c.DefaultQuery("within", "all")}
	if p.Kind != models.KindStore && p.Kind != models.KindPlan {
		p.Kind = ""
	}
	days := 0
	if slices.Contains(models.EndsWithin, p.Within) {
		days, _ = strconv.Atoi(p.Within)
	} else {
		p.Within = "all"
	}
	var err error
	if p.ExpiringPage, err = h.DB.FindExpiring(ctx, p.By, p.Kind, days); err != nil {
		return err
	}
	return web.Render(c, http.StatusOK, views.Expiring(p))
}

// Gallery shows every part that pages are made of. It is only in the demo.
func (h Dashboard) Gallery(c *gin.Context) error {
	return web.Render(c, http.StatusOK, views.Gallery())
}

// mostSearched bounds the members, by name, among whom a text is searched for.
const mostSearched = 500

// Search is what a text finds: things and people, pages and actions. A text that
// begins with a verb finds what it can be done to.
func (h Dashboard) Search(c *gin.Context) (err error) {
	ctx := c.Request.Context()
	by := models.ActorFrom(ctx)
	p := views.FoundProps{Text: c.Query("q"), By: by, Now: h.DB.TeamNow(by)}
	if p.Hits, err = h.DB.Search(ctx, by, p.Text); err != nil {
		return err
	}
	if p.Text != "" {
		members, err := models.Members.Read(ctx, h.DB, by, list.Query{Size: mostSearched})
		if err != nil {
			return err
		}
		p.Members = members.Rows
		if p.Call, err = h.DB.FindCall(ctx, by, p.Text); err != nil && !errors.Is(err, models.ErrNotFound) && !errors.Is(err, models.ErrForbidden) {
			return err
		}
		if err := h.verb(ctx, &p); err != nil {
			return err
		}
	}
	return web.Render(c, http.StatusOK, views.Search(p))
}

// verb finds what the verb that a text begins with can be done to.
func (h Dashboard) verb(ctx context.Context, p *views.FoundProps) error {
	verb, rest, ok := views.VerbOf(p.Text)
	if !ok {
		return nil
	}
	p.Verb = verb
	q := list.Query{Text: rest, Size: 6}
	if verb.Kind == models.KindStore {
		page, err := models.Stores.Read(ctx, h.DB, p.By, q)
		p.Stores = page.Rows
		return err
	}
	types, err := h.DB.PackageTypes(ctx)
	if err != nil {
		return err
	}
	if q.Tags = views.PackageTypesLike(types, rest); rest == "" {
		q.Filters, q.Sort = map[string]string{"state": string(models.PlanActive)}, "ends"
	}
	page, err := models.Plans.Read(ctx, h.DB, p.By, q)
	p.Plans = page.Rows
	return err
}
