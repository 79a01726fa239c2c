package api

import "context"

// DeleteStore begins to delete a store, which a job goes on with.
func (a LMS) DeleteStore(ctx context.Context, c *Call) (any, error) {
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
