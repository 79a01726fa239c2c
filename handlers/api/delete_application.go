package api

import (
	"context"

	"quartermaster/models"
)

func deleteApplication() Operation {
	return Operation{
		Name: "DeleteApplication", Product: WebPlus(), Method: "DELETE", Path: "/pop/v1/wam/application", Writes: true, Run: (*Server).DeleteApplication,
		Params: []Param{{Name: "AppId", Required: true}},
		Errors: []*Error{resourceAuthFailed},
	}
}

// DeleteApplication deletes an application of the region with its versions.
func (a *Server) DeleteApplication(ctx context.Context, c *Call) (any, error) {
	app, err := a.app(ctx, c)
	if err != nil {
		return nil, err
	}
	if err := a.DB.DeleteApp(ctx, c.By, app.ID, models.AnyVersions); err != nil {
		return nil, err
	}
	return &webPlusOK{}, nil
}
