package api

import "context"

// DeletePkgVersion deletes a version of an application of the region.
func (a WebPlus) DeletePkgVersion(ctx context.Context, c *Call) (any, error) {
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
