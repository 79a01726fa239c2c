package handlers

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"github.com/gin-gonic/gin"

	"quartermaster/models"
	"quartermaster/models/pricing"
	"quartermaster/views"
	"quartermaster/views/ui"
	"quartermaster/web"
)

// PlanChanges has the forms that change a plan that there is: its renewal, or
// its upgrade.
type PlanChanges struct {
	DB      *models.DB
	Upgrade bool
}

// New shows the form for the change, with its price and what the plan then is.
func (h PlanChanges) New(c *gin.Context) error {
	if !models.ActorFrom(c.Request.Context()).May(models.Request) {
		return models.ErrForbidden
	}
	return h.Preview(c)
}

// Preview shows the form again after something else was chosen.
func (h PlanChanges) Preview(c *gin.Context) error {
	ctx := c.Request.Context()
	plan, err := h.DB.FindPlan(ctx, models.ActorFrom(ctx), c.Param("id"))
	if err != nil {
		return err
	}
	form, in, err := h.read(c)
	if err != nil && !form.Reject(err) {
		return err
	}
	form.Errors = nil // nobody has pressed the button: the summary says what is wrong
	offers, err := h.offers(ctx, form, *plan)
	if err != nil {
		return err
	}
	if renewal, ok := in.Lines[0].(*models.RenewInput); ok {
		renewal.Duration, renewal.PricingCycle = offers.Input.Duration, offers.Input.PricingCycle
		form.Values.Set("duration", renewal.Duration)
		form.Values.Set("pricing_cycle", string(renewal.PricingCycle))
	}
	return h.form(c, http.StatusOK, form, in, *plan, offers)
}

// Create orders the change, or shows the form again with what was wrong.
func (h PlanChanges) Create(c *gin.Context) error {
	ctx := c.Request.Context()
	plan, err := h.DB.FindPlan(ctx, models.ActorFrom(ctx), c.Param("id"))
	if err != nil {
		return err
	}
	form, in, err := h.read(c)
	order, err := placeOrder(ctx, h.DB, in, err)
	if form.Reject(err) {
		offers, err := h.offers(ctx, form, *plan)
		if err != nil {
			return err
		}
		return h.form(c, http.StatusUnprocessableEntity, form, in, *plan, offers)
	}
	if err != nil {
		return err
	}
	said := "plans.renewed"
	if h.Upgrade {
		said = "plans.upgraded"
	}
	return placed(c, order, said, "/plans/")
}

// read reads the form for the plan that the address names.
func (h PlanChanges) read(c *gin.Context) (form ui.Form, in models.OrderInput, err error) {
	if h.Upgrade {
		line := &models.UpgradeInput{}
		form, in, err = orderForm(c, line)
		line.InstanceID = c.Param("id")
	} else {
		line := &models.RenewInput{}
		form, in, err = orderForm(c, line)
		line.InstanceID = c.Param("id")
	}
	if form.Values == nil {
		form.Values = url.Values{}
	}
	return form, in, err
}

// offers are the sizes and the terms that the plan's sort is sold in, with what
// the form chose or else what the plan is.
func (h PlanChanges) offers(ctx context.Context, form ui.Form, plan models.Plan) (models.PlanOffers, error) {
	in := models.PlanInput{ProductCode: plan.ProductCode, PackageType: plan.PackageType, Specification: strconv.FormatInt(plan.Specification, 10),
		Duration: form.Value("duration"), PricingCycle: pricing.Cycle(form.Value("pricing_cycle"))}
	if in.PricingCycle == "" {
		in.Duration, in.PricingCycle = strconv.Itoa(plan.Duration), plan.PricingCycle
	}
	return h.DB.ListPlanOffers(ctx, models.ActorFrom(ctx), in)
}

// form draws the form with the order as it stands.
func (h PlanChanges) form(c *gin.Context, status int, form ui.Form, in models.OrderInput, plan models.Plan, offers models.PlanOffers) error {
	ctx := c.Request.Context()
	order, err := h.DB.PreviewOrder(ctx, models.ActorFrom(ctx), in)
	var broken models.Invalid
	if err != nil && !errors.As(err, &broken) {
		return err
	}
	return web.Render(c, status, views.PlanChange(views.PlanChangeProps{
		Upgrade: h.Upgrade, Plan: plan, Form: form, Offers: offers, Order: order, Err: err,
	}))
}
