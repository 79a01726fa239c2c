package api

import (
	"context"

	"quartermaster/models"
	"quartermaster/models/list"
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
	part, total := c.Params.Get("PkgVersionSearch"), app.VersionCount
	q := list.With("app_id", app.ID, "label", models.Labelled(app.ID, c.Params.Get("PkgVersionLabel")), "label_has", part)
	if q.Text = part; len(q.Filters) > 1 {
		total = list.Unknown
	}
	found, total, err := models.PkgVersions.Numbered(ctx, a.DB, c.By, q, r.PageNumber, r.PageSize, total)
	if err != nil {
		return nil, err
	}
	r.TotalCount, r.PkgVersions.PkgVersion = total, make([]pkgVersion, len(found))
	for i := range found {
		r.PkgVersions.PkgVersion[i] = newPkgVersion(&found[i])
	}
	return r, nil
}
