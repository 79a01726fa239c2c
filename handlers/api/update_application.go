package api

import (
	"cmp"
	"context"
)

// UpdateApplication changes the description of an application of the region. A
// call without one changes nothing.
func (a WebPlus) UpdateApplication(ctx context.Context, c *Call) (any, error) {
	app, err := a.app(ctx, c)
	if err != nil {
		return nil, err
	}
	if app, err = a.DB.UpdateApp(ctx, c.By, app.ID, cmp.Or(c.Params.Get("AppDescription"), app.Description)); err != nil {
		return nil, err
	}
	return &applicationReply{Application: newApplication(app)}, nil
}
