package api

import (
	"context"

	"quartermaster/models"
)

type pkgVersionsReply struct {
	webPlusOK
	paged
	PkgVersions struct{ PkgVersion []pkgVersion }
}

func describePkgVersions() Operation {
	return Operation{
		Name: "DescribePkgVersions", Product: WebPlus(), Method: "GET", Path: "/pop/v1/wam/pkgVersion", Run: (*Server).DescribePkgVersions,
		Params: append([]Param{{Name: "AppId", Required: true}, {Name: "PkgVersionLabel"}, {Name: "PkgVersionSearch"}}, webPlusPages...),
		Errors: []*Error{parameterValidationFailed, resourceAuthFailed},
	}
}

// DescribePkgVersions lists an application's versions, newest first.
func (a *Server) DescribePkgVersions(ctx context.Context, c *Call) (any, error) {
	app, err := a.app(ctx, c)
	if err != nil {
		return nil, err
	}
	r := &pkgVersionsReply{paged: pageOf(c)}
	f := models.PkgVersionFilter{AppID: app.ID, Label: c.Params.Get("PkgVersionLabel"), LabelText: c.Params.Get("PkgVersionSearch")}
	found, total, err := a.DB.PagePkgVersions(ctx, c.By, f, r.PageNumber, r.PageSize)
	if err != nil {
		return nil, err
	}
	r.TotalCount, r.PkgVersions.PkgVersion = total, make([]pkgVersion, len(found))
	for i := range found {
		r.PkgVersions.PkgVersion[i] = newPkgVersion(&found[i])
	}
	return r, nil
}
