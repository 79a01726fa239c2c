package api

import (
	"context"

	"quartermaster/models"
	"quartermaster/models/pricing"
)

func renewResourcePackage() Operation {
	return Operation{
		Name: "RenewResourcePackage", Product: BSS(), Method: "POST", Path: "/", Writes: true, Run: (*Server).RenewResourcePackage,
		Input:  &models.RenewInput{},
		Params: []Param{instanceID, duration, {Name: "PricingCycle", Field: "pricing_cycle", Required: true, Rules: cycles}, effectiveDate, ownerID, tokenParam},
		Errors: []*Error{packageTypeNotSupported, invalidParameter, notApplicable, tokenMismatch},
	}
}

// RenewResourcePackage orders more time for a plan, from where it ends.
func (a *Server) RenewResourcePackage(ctx context.Context, c *Call) (any, error) {
	return a.place(ctx, c, renewInput(c.Params))
}

func renewInput(p Params) *models.RenewInput {
	return &models.RenewInput{InstanceID: p.Get("InstanceId"), Duration: p.Get("Duration"),
		PricingCycle: pricing.Cycle(p.Get("PricingCycle")), EffectiveDate: p.Get("EffectiveDate")}
}
