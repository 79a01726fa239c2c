package api

import "context"

func deleteStore() Operation {
	return Operation{
		Name: "DeleteStore", Product: LMS(), Method: "POST", Path: "/v1/stores/delete", Writes: true, Run: (*Server).DeleteStore,
		Params: namedStore, Errors: []*Error{storeInvalid, storeBadRequest, storeNotFound},
		Note: "The store is DROPPING until its job is Completed, and is gone then.",
	}
}

// DeleteStore begins to delete a store, which a job goes on with.
func (a *Server) DeleteStore(ctx context.Context, c *Call) (any, error) {
	s, err := a.store(ctx, c, readBody(c.Body))
	if err == nil {
		s, err = a.DB.DeleteStore(ctx, c.By, s.ID)
	}
	if err != nil {
		return nil, err
	}
	return done("Request success, store is deleting", struct {
		JobID string `json:"job_id"`
	}{s.JobID}), nil
}
