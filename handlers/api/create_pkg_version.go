package api

import (
	"context"

	"quartermaster/models"
)

// pkgVersion is a package version as Web+ shows it.
type pkgVersion struct {
	PkgVersionID          string `json:"PkgVersionId" xml:"PkgVersionId"`
	PkgVersionLabel       string
	PkgVersionDescription string `xml:",omitempty"`
	AppID                 string `json:"AppId" xml:"AppId"`
	AppName               string
	PackageSource         string
	CreateUsername        string
	CreateTime            int64
	UpdateTime            int64
}

func newPkgVersion(v *models.PkgVersion) pkgVersion {
	return pkgVersion{
		PkgVersionID: v.ID, PkgVersionLabel: v.Label, PkgVersionDescription: v.Description, AppID: v.AppID, AppName: v.AppName,
		PackageSource: v.Source, CreateUsername: v.CreatorName, CreateTime: v.CreatedAt.UnixMilli(), UpdateTime: v.UpdatedAt.UnixMilli(),
	}
}

type pkgVersionReply struct {
	webPlusOK
	PkgVersion pkgVersion
}

func createPkgVersion() Operation {
	return Operation{
		Name: "CreatePkgVersion", Product: WebPlus(), Method: "POST", Path: "/pop/v1/wam/pkgVersion", Writes: true, Run: (*Server).CreatePkgVersion,
		Makes: models.KindPkgVersion, Input: &models.PkgVersionInput{},
		Params: []Param{
			{Name: "AppId", Field: "app_id"}, {Name: "PkgVersionLabel", Field: "label"}, {Name: "PackageSource", Field: "source", Required: true},
			{Name: "PkgVersionDescription", Field: "description"}, tokenParam,
		},
		Errors: []*Error{versionLabelExists, ossPathInvalid, ossAPICallFailed, parameterValidationFailed, resourceAuthFailed, tokenMismatch},
	}
}

// CreatePkgVersion orders a version of an application of the region.
func (a *Server) CreatePkgVersion(ctx context.Context, c *Call) (any, error) {
	app, err := a.app(ctx, c)
	if err != nil {
		return nil, err
	}
	quote, err := a.DB.PlaceOrder(ctx, c.By, models.OrderInput{
		Token: clientToken(c.Operation, c.Params.Get("ClientToken")),
		Lines: []models.LineInput{&models.PkgVersionInput{
			AppID: app.ID, Label: c.Params.Get("PkgVersionLabel"), Description: c.Params.Get("PkgVersionDescription"),
			Source: c.Params.Get("PackageSource"),
		}},
	})
	if err != nil {
		return nil, err
	}
	v, err := a.DB.FindPkgVersion(ctx, c.By, quote.Order.Lines[0].ResourceID)
	if err != nil {
		return nil, err
	}
	return &pkgVersionReply{PkgVersion: newPkgVersion(v)}, nil
}
