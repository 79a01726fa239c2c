package handlers

import (
	"context"
	"strconv"

	"github.com/a-h/templ"
	"github.com/gin-gonic/gin"

	"quartermaster/models"
	"quartermaster/views"
)

// renewal is the form that goes on with a plan, upgrade the one that makes it
// larger.
func (h Plans) renewal() OrderForm { return h.change("renewal", "plans.renewed", models.DraftRenewal) }
func (h Plans) upgrade() OrderForm { return h.change("upgrade", "plans.upgraded", models.DraftUpgrade) }

func (h Plans) change(name, said string, draft models.DraftForm) OrderForm {
	path := "/plans/:id/" + name
	return OrderForm{
		DB: h.DB, Kind: models.KindPlan, New: path, Path: path, Draft: draft, Said: said, Made: "/plans/",
		Begin: func(c *gin.Context) (OrderFields, error) {
			ctx := c.Request.Context()
			plan, err := h.DB.FindPlan(ctx, models.ActorFrom(ctx), c.Param("id"))
			if err != nil {
				return nil, err
			}
			return &planChange{upgrade: name == "upgrade", plan: *plan}, nil
		},
	}
}

// planChange is the form for a change of an existing plan.
type planChange struct {
	upgrade bool
	plan    models.Plan
	renewal models.RenewInput
	larger  models.UpgradeInput
	offers  models.PlanOffers
}

func (f *planChange) Into() []any {
	if f.upgrade {
		return []any{&f.larger}
	}
	return []any{&f.renewal}
}

// Line is a line for the plan in the address.
func (f *planChange) Line(context.Context) models.LineInput {
	f.larger.InstanceID, f.renewal.InstanceID = f.plan.ID, f.plan.ID
	if f.upgrade {
		return &f.larger
	}
	return &f.renewal
}

// Choose finds the sizes and the terms that the plan's sort is sold in, with the
// term that was chosen or else that of the plan.
func (f *planChange) Choose(ctx context.Context, a *Asked) (err error) {
	in := models.PlanInput{ProductCode: f.plan.ProductCode, PackageType: f.plan.PackageType, Specification: strconv.FormatInt(f.plan.Specification, 10),
		Duration: f.renewal.Duration, PricingCycle: f.renewal.PricingCycle}
	if in.PricingCycle == "" {
		in.Duration, in.PricingCycle = strconv.Itoa(f.plan.Duration), f.plan.PricingCycle
	}
	if f.offers, err = a.DB.ListPlanOffers(ctx, a.By, in); err != nil || f.upgrade || !a.Preview {
		return err
	}
	f.renewal.Duration, f.renewal.PricingCycle = f.offers.Input.Duration, f.offers.Input.PricingCycle
	a.Form.Values.Set("duration", f.renewal.Duration)
	a.Form.Values.Set("pricing_cycle", string(f.renewal.PricingCycle))
	return nil
}

func (f *planChange) Draw(p views.OrderFormProps) templ.Component {
	return views.PlanChange(views.PlanChangeProps{OrderFormProps: p, Upgrade: f.upgrade, Plan: f.plan, Offers: f.offers})
}
