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
		if err := h.inRegion(ctx, &p); err != nil {
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
	q := list.Query{Text: rest, Size: 6, Whole: true}
	p.Costs = map[string]*models.Order{}
	if verb.Kind == models.KindStore {
		return h.stores(ctx, p, q)
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
	for i := range p.Plans {
		if err == nil {
			err = h.cost(ctx, p, p.Plans[i].ID, func() (models.LineInput, error) { return h.planChange(ctx, p, &p.Plans[i]) })
		}
	}
	return err
}

// stores finds the stores that the verb can be done to, in a region that the text
// begins or ends with where it names one.
func (h Dashboard) stores(ctx context.Context, p *views.FoundProps, q list.Query) error {
	regions, err := h.DB.ListRegions(ctx, models.KindStore)
	if err != nil {
		return err
	}
	page, err := models.Stores.Read(ctx, h.DB, p.By, q)
	if ids, rest := views.RegionsLike(regions, q.Text); err == nil && len(page.Rows) == 0 && len(ids) > 0 {
		q.Text, q.Filters = rest, map[string]string{"region": ids[0]}
		page, err = models.Stores.Read(ctx, h.DB, p.By, q)
	}
	p.Stores = page.Rows
	for _, s := range p.Stores {
		if err == nil {
			err = h.cost(ctx, p, s.ID, func() (models.LineInput, error) { return &models.StoreScaleInput{StoreID: s.ID, Num: s.Num + 1}, nil })
		}
	}
	return err
}

// planChange is what the verb does to a plan in its usual way: a renewal by the term that
// it has, an upgrade to the next size; nil where there is none.
func (h Dashboard) planChange(ctx context.Context, p *views.FoundProps, plan *models.Plan) (models.LineInput, error) {
	if p.Verb.Key != "palette.upgrade" {
		return &models.RenewInput{InstanceID: plan.ID, Duration: strconv.Itoa(plan.Duration), PricingCycle: plan.PricingCycle}, nil
	}
	offers, err := h.DB.ListPlanOffers(ctx, p.By, models.PlanInput{ProductCode: plan.ProductCode, PackageType: plan.PackageType})
	for _, s := range offers.Specs {
		if size, _ := strconv.ParseInt(s.Value, 10, 64); size > plan.Specification {
			return &models.UpgradeInput{InstanceID: plan.ID, Specification: s.Value}, err
		}
	}
	return nil, err
}

// cost notes what a change of a thing costs, for those who may order it.
func (h Dashboard) cost(ctx context.Context, p *views.FoundProps, id string, change func() (models.LineInput, error)) error {
	if !p.By.May(models.Request) {
		return nil
	}
	line, err := change()
	if line == nil || err != nil {
		return err
	}
	q, err := h.DB.PriceOrder(ctx, p.By, models.OrderInput{Lines: []models.LineInput{line}})
	if err == nil {
		p.Costs[id] = q.Order
	} else if errors.As(err, &models.Invalid{}) {
		err = nil // the form says why not
	}
	return err
}

// inRegion adds the buckets of the regions that a word of the text fuzzily names.
func (h Dashboard) inRegion(ctx context.Context, p *views.FoundProps) error {
	regions, err := h.DB.ListRegions(ctx, models.KindBucket)
	if err != nil {
		return err
	}
	ids, rest := views.RegionsLike(regions, p.Text)
	for _, id := range ids {
		page, err := models.Buckets.Read(ctx, h.DB, p.By, list.Query{Text: rest, Filters: map[string]string{"region": id}, Size: 4})
		if err != nil {
			return err
		}
		for _, b := range page.Rows {
			if !slices.ContainsFunc(p.Hits, func(h models.Hit) bool { return h.ID == b.ID }) {
				p.Hits = append(p.Hits, models.Hit{Kind: models.KindBucket, ID: b.ID, Name: b.Name, Detail: b.Region})
			}
		}
	}
	return nil
}
