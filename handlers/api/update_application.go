package api

import (
	"cmp"
	"context"

	"quartermaster/models"
)

func updateApplication() Operation {
	return Operation{
		Name: "UpdateApplication", Product: WebPlus(), Method: "PUT", Path: "/pop/v1/wam/application", Writes: true, Run: (*Server).UpdateApplication,
		Input:  &models.AppInput{},
		Params: []Param{{Name: "AppId", Required: true}, {Name: "AppDescription", Field: "description"}},
		Errors: []*Error{parameterValidationFailed, resourceAuthFailed},
	}
}

// UpdateApplication changes the description of an application of the region. A
// call without one changes nothing.
func (a *Server) UpdateApplication(ctx context.Context, c *Call) (any, error) {
	app, err := a.app(ctx, c)
	if err != nil {
		return nil, err
	}
	if app, err = a.DB.UpdateApp(ctx, c.By, app.ID, cmp.Or(c.Params.Get("AppDescription"), app.Description)); err != nil {
		return nil, err
	}
	return &applicationReply{Application: newApplication(app)}, nil
}
