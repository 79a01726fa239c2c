package api

import (
	"context"
	"errors"

	"quartermaster/models"
)

func describeStorage() Operation {
	return Operation{
		Name: "DescribeStorage", Product: WebPlus(), Method: "GET", Path: "/pop/v1/wam/storage", Run: (*Server).DescribeStorage,
		Params: []Param{{Name: "UsingSharedStorage", Type: Truth}},
		Errors: []*Error{ossBucketNotExists},
	}
}

// DescribeStorage tells the team's storage bucket of the region.
func (a *Server) DescribeStorage(ctx context.Context, c *Call) (any, error) {
	b, err := a.DB.FindStorage(ctx, c.By, c.Region)
	if errors.Is(err, models.ErrNotFound) {
		return nil, ossBucketNotExists
	}
	if err != nil {
		return nil, err
	}
	return newStorageReply(b), nil
}
