package api

import (
	"context"

	"quartermaster/models"
)

func describeStore() Operation {
	return Operation{
		Name: "DescribeStore", Product: LMS(), Method: "POST", Path: "/v1/stores/describe", Run: (*Server).DescribeStore,
		Params: namedStore, Errors: []*Error{storeInvalid, storeNotFound},
	}
}

// DescribeStore tells one store.
func (a *Server) DescribeStore(ctx context.Context, c *Call) (any, error) {
	s, err := a.store(ctx, c, readBody(c.Body))
	if err != nil {
		return nil, err
	}
	return done("", newStoreData(*s)), nil
}

// store is the store that a request names, by a region as well where several
// have the name. Whatever else the caller has read of the body is checked
// first.
func (a *Server) store(ctx context.Context, c *Call, body object) (*models.Store, error) {
	name := body.required("store_name")
	region, _ := body.text("region")
	if err := body.wrong.err(); err != nil {
		return nil, err
	}
	return a.DB.FindStoreByName(ctx, c.By, name, region)
}
