package api

import (
	"context"
	"fmt"
	"time"

	"quartermaster/models"
)

// The ranges of a list of jobs (stores.md §4).
const (
	mostOffset   = 4096
	mostJobs     = 100
	jobsUnlessSo = 1
)

func listJobs() Operation {
	return Operation{
		Name: "ListJobs", Product: LMS(), Method: "POST", Path: "/v1/jobs/list", Run: (*Server).ListJobs,
		Params: []Param{
			{Name: "start_time", Rules: lmsMoment, Query: true}, {Name: "end_time", Rules: lmsMoment, Query: true},
			{Name: "status", Rules: "oneof=Running Completed Failed", Query: true},
			{Name: "offset", Type: Number, Rules: fmt.Sprint("min=0,max=", mostOffset), Default: 0, Query: true},
			{Name: "limit", Type: Number, Rules: fmt.Sprint("min=1,max=", mostJobs), Default: jobsUnlessSo, Query: true},
		},
		Errors: []*Error{storeInvalid},
		Note:   "The parameters are in the query, though it is a POST.",
	}
}

// ListJobs lists the jobs of stores, newest first. Its parameters are in the
// query, though it is a POST.
func (a *Server) ListJobs(ctx context.Context, c *Call) (any, error) {
	if err := readBody(c.Body).wrong.err(); err != nil {
		return nil, err
	}
	f := models.StoreJobFilter{
		State: map[string]string{"Running": models.JobRunning, "Completed": models.JobCompleted, "Failed": models.JobFailed}[c.Params.Get("status")],
		Since: c.Params.moment("start_time", lmsLayout, time.UTC), Until: c.Params.moment("end_time", lmsLayout, time.UTC),
		Offset: c.number("offset"), Limit: c.number("limit"),
	}
	if !f.Until.IsZero() {
		f.Until = f.Until.Add(time.Second - time.Microsecond) // the whole of the second that create_time shows
	}
	jobs, err := a.DB.ListStoreJobs(ctx, c.By, f)
	if err != nil {
		return nil, err
	}
	list := make([]jobData, len(jobs))
	for i, j := range jobs {
		list[i] = newJobData(ctx, j)
	}
	return done("", map[string]any{"jobs": list}), nil
}
