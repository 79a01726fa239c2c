package api

import (
	"context"

	"quartermaster/models"
	"quartermaster/models/pricing"
)

// CreateResourcePackage orders a plan. A repeat with the same ClientToken is
// answered with the first order.
func (a BSS) CreateResourcePackage(ctx context.Context, c *Call) (any, error) {
	if err := mayOrder(c); err != nil {
		return nil, err
	}
	if err := c.Params.need("ProductCode", "PackageType", "Specification", "Duration"); err != nil {
		return nil, err
	}
	return a.place(ctx, c, planInput(c.Params))
}

// planInput is a new plan as a call asks for it.
func planInput(p Params) *models.PlanInput {
	return &models.PlanInput{
		ProductCode: p.Get("ProductCode"), PackageType: p.Get("PackageType"), Specification: p.Get("Specification"),
		Duration: p.Get("Duration"), PricingCycle: pricing.Cycle(p.Get("PricingCycle")), EffectiveDate: p.Get("EffectiveDate"),
	}
}
