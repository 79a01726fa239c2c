package api

import (
	"context"

	"quartermaster/models"
)

func upgradeResourcePackage() Operation {
	return Operation{
		Name: "UpgradeResourcePackage", Product: BSS(), Method: "POST", Path: "/", Writes: true, Run: (*Server).UpgradeResourcePackage,
		Params: []Param{instanceID, specification, effectiveDate, ownerID, tokenParam},
		Errors: []*Error{packageTypeNotSupported, invalidParameter, notApplicable, tokenMismatch},
	}
}

// UpgradeResourcePackage orders a larger size of a plan, which keeps its end.
// The documents let the size be left out and do not say what is bought then:
// here it has to be said.
func (a *Server) UpgradeResourcePackage(ctx context.Context, c *Call) (any, error) {
	return a.place(ctx, c, upgradeInput(c.Params))
}

func upgradeInput(p Params) *models.UpgradeInput {
	return &models.UpgradeInput{InstanceID: p.Get("InstanceId"), Specification: p.Get("Specification"), EffectiveDate: p.Get("EffectiveDate")}
}
