package api

import "context"

func deletePkgVersion() Operation {
	return Operation{
		Name: "DeletePkgVersion", Product: WebPlus(), Method: "DELETE", Path: "/pop/v1/wam/pkgVersion", Writes: true, Run: (*Server).DeletePkgVersion,
		Params: []Param{{Name: "PkgVersionId", Required: true}},
		Errors: []*Error{resourceAuthFailed},
	}
}

// DeletePkgVersion deletes a version of an application of the region.
func (a *Server) DeletePkgVersion(ctx context.Context, c *Call) (any, error) {
	v, err := a.DB.FindPkgVersion(ctx, c.By, c.Params.Get("PkgVersionId"))
	if err != nil {
		return nil, err
	}
	if v.Region != c.Region {
		return nil, resourceAuthFailed
	}
	if err := a.DB.DeletePkgVersion(ctx, c.By, v.ID); err != nil {
		return nil, err
	}
	return &webPlusOK{}, nil
}
