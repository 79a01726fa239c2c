package api

import (
	"context"

	"quartermaster/models"
	"quartermaster/models/pricing"
)

// RenewResourcePackage orders more time for a plan, from where it ends.
func (a BSS) RenewResourcePackage(ctx context.Context, c *Call) (any, error) {
	if err := mayOrder(c); err != nil {
		return nil, err
	}
	if err := c.Params.need("InstanceId", "Duration", "PricingCycle"); err != nil {
		return nil, err
	}
	return a.place(ctx, c, renewInput(c.Params))
}

func renewInput(p Params) *models.RenewInput {
	return &models.RenewInput{InstanceID: p.Get("InstanceId"), Duration: p.Get("Duration"),
		PricingCycle: pricing.Cycle(p.Get("PricingCycle")), EffectiveDate: p.Get("EffectiveDate")}
}
