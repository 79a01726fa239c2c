package api

import (
	"context"

	"quartermaster/models"
)

// storage is a bucket as Web+ shows it.
type storage struct {
	BucketName string
	CreateTime int64
	UpdateTime int64
}

type storageReply struct {
	webPlusOK
	Storage storage
}

func newStorageReply(b *models.Bucket) *storageReply {
	return &storageReply{Storage: storage{BucketName: b.Name, CreateTime: b.CreatedAt.UnixMilli(), UpdateTime: b.UpdatedAt.UnixMilli()}}
}

func createStorage() Operation {
	return Operation{
		Name: "CreateStorage", Product: WebPlus(), Method: "POST", Path: "/pop/v1/wam/storage", Writes: true, Run: (*Server).CreateStorage,
		Makes: models.KindBucket, Input: &models.BucketInput{},
		Params: []Param{tokenParam},
		Errors: []*Error{ossDisabled, ossAPICallFailed, parameterValidationFailed, tokenMismatch},
	}
}

// CreateStorage makes sure that the team has its storage bucket in the region:
// the first call orders it, later ones tell the same. So it is safe to repeat
// with any ClientToken or none; one of another region is refused.
func (a *Server) CreateStorage(ctx context.Context, c *Call) (any, error) {
	b, err := a.DB.EnsureStorage(ctx, c.By, c.Region, clientToken(c.Operation, c.Params.Get("ClientToken")))
	if err != nil {
		return nil, err
	}
	return newStorageReply(b), nil
}
