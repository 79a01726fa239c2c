package api

import (
	"context"

	"quartermaster/models"
)

// DeleteApplication deletes an application of the region with its versions.
func (a WebPlus) DeleteApplication(ctx context.Context, c *Call) (any, error) {
	app, err := a.app(ctx, c)
	if err != nil {
		return nil, err
	}
	if err := a.DB.DeleteApp(ctx, c.By, app.ID, models.AnyVersions); err != nil {
		return nil, err
	}
	return &webPlusOK{}, nil
}
