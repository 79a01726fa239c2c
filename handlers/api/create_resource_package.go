package api

import (
	"context"
	"slices"

	"quartermaster/models"
	"quartermaster/models/pricing"
)

func createResourcePackage() Operation {
	return Operation{
		Name: "CreateResourcePackage", Product: BSS(), Method: "POST", Path: "/", Writes: true, Run: (*Server).CreateResourcePackage,
		Makes: models.KindPlan, Input: &models.PlanInput{},
		Params: append(slices.Clone(planParams), tokenParam),
		Errors: []*Error{invalidParameter, productNotFound, notApplicable, tokenMismatch},
	}
}

// CreateResourcePackage orders a plan. A repeat with the same ClientToken is
// answered with the first order.
func (a *Server) CreateResourcePackage(ctx context.Context, c *Call) (any, error) {
	return a.place(ctx, c, planInput(c.Params))
}

// planInput is a new plan as a call asks for it.
func planInput(p Params) *models.PlanInput {
	return &models.PlanInput{
		ProductCode: p.Get("ProductCode"), PackageType: p.Get("PackageType"), Specification: p.Get("Specification"),
		Duration: p.Get("Duration"), PricingCycle: pricing.Cycle(p.Get("PricingCycle")), EffectiveDate: p.Get("EffectiveDate"),
	}
}
