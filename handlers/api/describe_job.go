package api

import (
	"context"
	"errors"
	"strconv"

	"quartermaster/models"
	"quartermaster/views/i18n"
)

// jobData is a job as the documents' job_data has it.
type jobData struct {
	JobID      string `json:"job_id"`
	Name       string `json:"name"`
	StoreName  string `json:"store_name"`
	Status     string `json:"status"`
	CreateTime string `json:"create_time"`
	EndTime    string `json:"end_time,omitempty"`
	Progress   string `json:"progress"`
	FailReason string `json:"fail_reason,omitempty"`
}

// jobStatuses are the states of jobs as the documents spell them; the reverse
// is storeJobState of package models.
var jobStatuses = map[string]string{
	models.JobHeld: "Running", models.JobQueued: "Running", models.JobRunning: "Running",
	models.JobCompleted: "Completed", models.JobFailed: "Failed",
}

func newJobData(ctx context.Context, j models.Job) jobData {
	data := jobData{JobID: j.ID, Name: string(j.Kind), StoreName: j.SubjectName, Status: jobStatuses[j.State],
		CreateTime: lmsTime(j.CreatedAt), Progress: strconv.Itoa(j.Progress()) + "%"}
	if j.EndedAt != nil {
		data.EndTime = lmsTime(*j.EndedAt)
	}
	if j.State == models.JobFailed {
		data.FailReason = failReason(ctx, j.FailCode)
	}
	return data
}

// failReason says why a job failed, in English as everything here.
func failReason(ctx context.Context, code string) string {
	ctx = i18n.WithLang(ctx, "en")
	if key := "fail." + code; i18n.Has(ctx, key) {
		return i18n.T(ctx, key)
	}
	return i18n.T(ctx, "fail.internal")
}

func describeJob() Operation {
	return Operation{
		Name: "DescribeJob", Product: LMS(), Method: "POST", Path: "/v1/jobs/describe", Run: (*Server).DescribeJob,
		Params: []Param{{Name: "job_id", Required: true}}, Errors: []*Error{storeInvalid},
	}
}

// DescribeJob tells one job of a store, which may be gone.
func (a *Server) DescribeJob(ctx context.Context, c *Call) (any, error) {
	body := readBody(c.Body)
	id := body.required("job_id")
	if err := body.wrong.err(); err != nil {
		return nil, err
	}
	job, err := a.DB.FindStoreJob(ctx, c.By, id)
	if errors.Is(err, models.ErrNotFound) {
		return nil, storeInvalid
	}
	if err != nil {
		return nil, err
	}
	return done("", newJobData(ctx, *job)), nil
}
