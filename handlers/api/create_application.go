package api

import (
	"context"
	"strings"

	"quartermaster/models"
)

// application is an application as Web+ shows it.
type application struct {
	AppID          string `json:"AppId" xml:"AppId"`
	AppName        string
	AppDescription string `xml:",omitempty"`
	CategoryName   string `xml:",omitempty"`
	CreateUsername string
	UpdateUsername string
	CreateTime     int64
	UpdateTime     int64
}

func newApplication(app *models.App) application {
	return application{
		AppID: app.ID, AppName: app.Name, AppDescription: app.Description, CategoryName: app.Category,
		CreateUsername: app.CreatorName, UpdateUsername: app.UpdaterName,
		CreateTime: app.CreatedAt.UnixMilli(), UpdateTime: app.UpdatedAt.UnixMilli(),
	}
}

type applicationReply struct {
	webPlusOK
	Application application
}

func createApplication() Operation {
	return Operation{
		Name: "CreateApplication", Product: WebPlus(), Method: "POST", Path: "/pop/v1/wam/application", Writes: true, Run: (*Server).CreateApplication,
		Makes: models.KindApp, Input: &models.AppInput{},
		Params: []Param{
			{Name: "AppName", Field: "app_name"}, {Name: "CategoryName", Field: "category"}, {Name: "AppDescription", Field: "description"},
			{Name: "UsingSharedStorage", Type: Truth}, tokenParam,
		},
		Errors: []*Error{appNameUsed, categoryNotExists, parameterValidationFailed, tokenMismatch},
	}
}

// CreateApplication makes an application in the region.
func (a *Server) CreateApplication(ctx context.Context, c *Call) (any, error) {
	app, err := a.DB.CreateApp(ctx, c.By, models.AppInput{
		Name: c.Params.Get("AppName"), Region: c.Region, Category: c.Params.Get("CategoryName"), Description: c.Params.Get("AppDescription"),
		SharedStorage: strings.EqualFold(c.Params.Get("UsingSharedStorage"), "true"), Token: clientToken(c.Operation, c.Params.Get("ClientToken")),
	})
	if err != nil {
		return nil, err
	}
	return &applicationReply{Application: newApplication(app)}, nil
}

// app is the application that a call names. One of another region does not
// exist for it.
func (a *Server) app(ctx context.Context, c *Call) (*models.App, error) {
	app, err := a.DB.FindApp(ctx, c.By, c.Params.Get("AppId"))
	if err == nil && app.Region != c.Region {
		err = models.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return app, nil
}
