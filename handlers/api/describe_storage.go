package api

import (
	"context"
	"errors"

	"quartermaster/models"
)

// DescribeStorage tells the team's storage bucket of the region.
func (a WebPlus) DescribeStorage(ctx context.Context, c *Call) (any, error) {
	b, err := a.DB.FindStorage(ctx, c.By, c.Region)
	if errors.Is(err, models.ErrNotFound) {
		return nil, ossBucketNotExists
	}
	if err != nil {
		return nil, err
	}
	return newStorageReply(b), nil
}
