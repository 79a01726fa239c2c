package api

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"
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
	f, ok := jobFilter(c.Query)
	if !ok {
		return nil, storeInvalid
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

// jobFilter reads the parameters; ok tells whether they obey their rules. One
// that is empty is not given.
func jobFilter(query url.Values) (f models.StoreJobFilter, ok bool) {
	for _, name := range []string{"start_time", "end_time", "status", "offset", "limit"} {
		if len(query[name]) > 1 {
			return f, false
		}
	}
	f.State, ok = map[string]string{"": "", "Running": models.JobRunning, "Completed": models.JobCompleted, "Failed": models.JobFailed}[query.Get("status")]
	if !ok {
		return f, false
	}
	if f.Since, ok = jobTime(query.Get("start_time")); !ok {
		return f, false
	}
	if f.Until, ok = jobTime(query.Get("end_time")); !ok {
		return f, false
	}
	if !f.Until.IsZero() {
		f.Until = f.Until.Add(time.Second - time.Microsecond) // the whole of the second that create_time shows
	}
	if f.Offset, ok = jobNumber(query.Get("offset"), 0, 0, mostOffset); !ok {
		return f, false
	}
	f.Limit, ok = jobNumber(query.Get("limit"), jobsUnlessSo, 1, mostJobs)
	return f, ok
}

// jobTime reads a time; the zero one when it is not given.
func jobTime(s string) (time.Time, bool) {
	if s == "" {
		return time.Time{}, true
	}
	t, err := time.Parse(lmsLayout, s)
	return t, err == nil && len(s) == len(lmsLayout)
}

// jobNumber reads a whole number from least to most.
func jobNumber(s string, otherwise, least, most int) (int, bool) {
	if s == "" {
		return otherwise, true
	}
	n, err := strconv.Atoi(s)
	return n, err == nil && strings.Trim(s, "0123456789") == "" && n >= least && n <= most
}
