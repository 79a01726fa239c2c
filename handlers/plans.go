package handlers

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/gin-gonic/gin"

	"quartermaster/handlers/code"
	"quartermaster/models"
	"quartermaster/views"
	"quartermaster/views/i18n"
	"quartermaster/views/ui"
	"quartermaster/web"
)

// Plans has the pages of resource plans.
type Plans struct {
	DB *models.DB
	// API has the operations that its form is written as.
	API code.Table
}

// endingSoon is how far ahead the list looks when it is asked for what ends
// soon.
const endingSoon = 30 * 24 * time.Hour

// List shows the team's plans.
func (h Plans) List(c *gin.Context) error {
	ctx := c.Request.Context()
	by := models.ActorFrom(ctx)
	p := views.PlanListProps{By: by, Now: h.DB.TeamNow(by), URL: listURL(c, "q", "state", "type", "ending"),
		State: models.PlanState(c.Query("state")), Ending: c.Query("ending") != ""}
	f := models.PlanFilter{State: p.State, PackageType: c.Query("type"), Text: c.Query("q")}
	if p.Ending {
		f.EndsWithin = endingSoon
	}
	var err error
	if p.Plans, p.Cursor, err = h.DB.ListPlans(ctx, by, f, listPage(c)); err != nil {
		return err
	}
	if f.PackageType != "" {
		if p.Type, err = h.DB.FindPackageType(ctx, f.PackageType); err != nil && !errors.Is(err, models.ErrNotFound) {
			return err
		}
	}
	return web.Render(c, http.StatusOK, views.PlanList(p))
}

// New shows the form for a new plan. What the query gives is chosen already.
func (h Plans) New(c *gin.Context) error {
	if !models.ActorFrom(c.Request.Context()).May(models.Request) {
		return models.ErrForbidden
	}
	return h.Preview(c)
}

// Preview shows the form again after a change: what depends on the change is
// offered anew, and the summary follows.
func (h Plans) Preview(c *gin.Context) error { return h.preview(c, pasted{}) }

// Paste fills in the form from a request that was pasted.
func (h Plans) Paste(c *gin.Context) error {
	said, err := paste(c, h.API, code.CreateResourcePackage)
	if err != nil {
		return err
	}
	return h.preview(c, said)
}

func (h Plans) preview(c *gin.Context, said pasted) error {
	form, in, plan, err := planForm(c)
	if err != nil && !form.Reject(err) {
		return err
	}
	form.Errors = nil // nobody has pressed the button: the summary says what is wrong
	ctx := c.Request.Context()
	offers, err := h.DB.ListPlanOffers(ctx, models.ActorFrom(ctx), *plan)
	if err != nil {
		return err
	}
	*plan = offers.Input
	for field, value := range map[string]string{"product_code": plan.ProductCode, "package_type": plan.PackageType,
		"specification": plan.Specification, "duration": plan.Duration, "pricing_cycle": string(plan.PricingCycle)} {
		form.Values.Set(field, value)
	}
	if plan.PackageType == "" { // then the page has no sizes and no terms to choose from
		form.Values.Del("specification")
		form.Values.Del("duration")
	}
	return h.form(c, said.status(), form, in, offers, said)
}

// Create orders a plan, or shows the form again with what was wrong.
func (h Plans) Create(c *gin.Context) error {
	ctx := c.Request.Context()
	by := models.ActorFrom(ctx)
	form, in, plan, err := planForm(c)
	order, err := placeOrder(ctx, h.DB, in, err)
	if form.Reject(err) {
		offers, err := h.DB.ListPlanOffers(ctx, by, *plan)
		if err != nil {
			return err
		}
		return h.form(c, http.StatusUnprocessableEntity, form, in, offers, pasted{})
	}
	if err != nil {
		return err
	}
	return placed(c, order, "plans.created", "/plans/")
}

// form draws the form with the order as it stands.
func (h Plans) form(c *gin.Context, status int, form ui.Form, in models.OrderInput, offers models.PlanOffers, said pasted) error {
	ctx := c.Request.Context()
	by := models.ActorFrom(ctx)
	order, err := h.DB.PreviewOrder(ctx, by, in)
	var broken models.Invalid
	if err != nil && !errors.As(err, &broken) {
		return err
	}
	panel := codePanel(ctx, form, formRequest(h.API, code.CreateResourcePackage, in))
	panel.Pasted = said.words(form)
	return web.Render(c, status, views.PlanNew(views.PlanNewProps{
		Form: form, Offers: offers, Order: order, Err: err, Now: h.DB.TeamNow(by), Code: panel,
	}))
}

// Show is the page of one plan.
func (h Plans) Show(c *gin.Context) error {
	ctx := c.Request.Context()
	by := models.ActorFrom(ctx)
	plan, err := h.DB.FindPlan(ctx, by, c.Param("id"))
	if err != nil {
		return err
	}
	p := views.PlanShowProps{Plan: *plan, By: by, Now: h.DB.TeamNow(by), At: h.DB.Now()}
	deductions := listPage(c)
	deductions.Size = 20
	if p.Deductions, p.Cursor, err = h.DB.ListDeductions(ctx, by, plan.ID, deductions); err != nil {
		return err
	}
	if p.Regions, err = h.DB.ListRegions(ctx, ""); err != nil {
		return err
	}
	if p.Events, _, err = h.DB.ListEvents(ctx, by, models.EventFilter{Subject: plan.ID}, models.Page{Size: 20}); err != nil {
		return err
	}
	return web.Render(c, http.StatusOK, views.PlanShow(p))
}

// Delete takes a plan off the desk.
func (h Plans) Delete(c *gin.Context) error {
	ctx := c.Request.Context()
	if err := h.DB.DeletePlan(ctx, models.ActorFrom(ctx), c.Param("id")); err != nil {
		return err
	}
	web.Flash(c, "plans.deleted", "Name", c.Param("id"))
	return web.SeeOther(c, "/plans")
}

// planForm reads the form. Its date is typed in the reader's zone, as the field
// says; the input has it as the documents write it.
func planForm(c *gin.Context) (ui.Form, models.OrderInput, *models.PlanInput, error) {
	plan := &models.PlanInput{}
	form, in, err := orderForm(c, plan)
	if form.Values == nil {
		form.Values = url.Values{}
	}
	plan.EffectiveDate = documentedDate(c.Request.Context(), plan.EffectiveDate)
	return form, in, plan, err
}

// documentedDate is a date of a form's field in the form of the documents; any
// other text is left as it is.
func documentedDate(ctx context.Context, typed string) string {
	for _, layout := range []string{"2006-01-02T15:04", "2006-01-02T15:04:05"} {
		if t, err := time.ParseInLocation(layout, typed, i18n.Zone(ctx)); err == nil {
			return t.UTC().Format("2006-01-02T15:04:05Z")
		}
	}
	return typed
}
