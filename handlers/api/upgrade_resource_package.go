package api

import (
	"context"

	"quartermaster/models"
)

// UpgradeResourcePackage orders a larger size of a plan, which keeps its end.
// The documents let the size be left out and do not say what is bought then:
// here it has to be said.
func (a BSS) UpgradeResourcePackage(ctx context.Context, c *Call) (any, error) {
	if err := mayOrder(c); err != nil {
		return nil, err
	}
	if err := c.Params.need("InstanceId", "Specification"); err != nil {
		return nil, err
	}
	return a.place(ctx, c, upgradeInput(c.Params))
}

func upgradeInput(p Params) *models.UpgradeInput {
	return &models.UpgradeInput{InstanceID: p.Get("InstanceId"), Specification: p.Get("Specification"), EffectiveDate: p.Get("EffectiveDate")}
}
