package models

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm/clause"
)

// JobKind names work that is promised in a transaction and done after it.
type JobKind string

// The kinds of job. The names of the store's are those of the documents.
const (
	CreateStoreJob  JobKind = "CreateStore"
	DeleteStoreJob  JobKind = "DeleteStore"
	ScaleStoreJob   JobKind = "ScaleStore"
	InspectJob      JobKind = "InspectPkgVersion"
	DropBlobsJob    JobKind = "DropBlobs"
	MeasurePlansJob JobKind = "MeasurePlans"
)

// States of a job.
const (
	JobHeld      = "held" // waits for the approval of its order
	JobQueued    = "queued"
	JobRunning   = "running"
	JobCompleted = "completed"
	JobFailed    = "failed"
)

// Job is work that is promised in a transaction and done after it, at least
// once, step by step. It is a row, so a restart loses none.
type Job struct {
	ID          string
	TeamID      string
	Kind        JobKind
	SubjectID   string
	SubjectName string
	Payload     string
	State       string
	UniqueKey   *string
	Step        int       // how many steps are done
	Steps       []JobStep `gorm:"serializer:json"` // one entry a step, in order
	Attempt     int       // counts claims; a late worker has an old one
	Tries       int       // how often the present step failed for a passing reason
	RunAt       time.Time
	LeaseUntil  *time.Time
	FailCode    string
	FailDetail  string
	CreatedBy   string
	CreatedAt   time.Time
	EndedAt     *time.Time
}

// JobStep is one step of a job as a page shows it.
type JobStep struct {
	Name    string     `json:"name"`
	Started *time.Time `json:"started,omitempty"`
	Ended   *time.Time `json:"ended,omitempty"`
}

// Progress is how much of the job is done, in percent from 1 to 100.
func (j Job) Progress() int {
	if j.State == JobCompleted || len(j.Steps) == 0 {
		return 100
	}
	return max(1, 100*j.Step/len(j.Steps))
}

// Ended tells whether nothing more will happen by itself.
func (j Job) Ended() bool { return j.State == JobCompleted || j.State == JobFailed }

// Failure is the error of a job's step that will not pass by itself: the job
// fails and says why. Code is a word under which views/i18n keeps the sentence
// ("fail.<code>"); Detail is for the record and may hold a cause in English.
type Failure struct {
	Code   string
	Detail string
}

func (f *Failure) Error() string { return strings.TrimSuffix(f.Code+": "+f.Detail, ": ") }

// work is what a kind of job does.
type work struct {
	steps []step
	// completed and failed run in the transaction that ends the job.
	completed func(ctx context.Context, tx *DB, job *Job) error
	failed    func(ctx context.Context, tx *DB, job *Job) error
}

// step is a part of a job that may be done twice without harm. It acts outside
// the database, or changes it in transactions of its own.
type step struct {
	name string
	do   func(ctx context.Context, db *DB, job *Job) error
}

// workOf is what the kinds of job do. A kind lives with the resource that it
// works on.
func workOf(kind JobKind) (work, error) {
	switch kind {
	case DropBlobsJob:
		return dropBlobs, nil
	case MeasurePlansJob:
		return measurePlans, nil
	case CreateStoreJob:
		return createStore, nil
	case DeleteStoreJob:
		return deleteStore, nil
	case ScaleStoreJob:
		return scaleStore, nil
	case InspectJob:
		return inspect, nil
	}
	return work{}, fmt.Errorf("no such kind of job: %q", kind)
}

// queue promises a job in the caller's transaction.
func (db *DB) queue(ctx context.Context, by Actor, kind JobKind, subjectID, subjectName string, payload any) (*Job, error) {
	return db.addJob(ctx, by, JobQueued, kind, subjectID, subjectName, payload)
}

func (db *DB) addJob(ctx context.Context, by Actor, state string, kind JobKind, subjectID, subjectName string, payload any) (*Job, error) {
	job, err := db.newJob(by, kind, subjectID, subjectName, payload)
	if err != nil {
		return nil, err
	}
	job.State = state
	if err := table[Job](db.gorm).Create(ctx, job); err != nil {
		return nil, fmt.Errorf("queue %s: %w", kind, err)
	}
	db.wakeWorker()
	return job, nil
}

// queueOnce promises a job unless one was ever promised under the same key.
func (db *DB) queueOnce(ctx context.Context, by Actor, kind JobKind, key string) error {
	n, err := table[Job](db.gorm).Where("unique_key = ?", key).Count(ctx, "*")
	if err != nil || n > 0 {
		return translate(err)
	}
	job, err := db.newJob(by, kind, "", "", nil)
	if err != nil {
		return err
	}
	job.UniqueKey = &key
	err = db.tx(ctx, func(ctx context.Context, tx *DB) error {
		return table[Job](tx.gorm, clause.OnConflict{DoNothing: true}).Create(ctx, job)
	})
	if err != nil {
		return fmt.Errorf("queue %s: %w", kind, err)
	}
	db.wakeWorker()
	return nil
}

func (db *DB) newJob(by Actor, kind JobKind, subjectID, subjectName string, payload any) (*Job, error) {
	w, err := workOf(kind)
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(payload)
	if err != nil {
		return nil, err
	}
	now := db.Now()
	job := &Job{
		ID: db.newUUID(), TeamID: by.TeamID, Kind: kind, SubjectID: subjectID, SubjectName: subjectName,
		Payload: string(text), State: JobQueued, RunAt: now, CreatedBy: by.UserID, CreatedAt: now,
	}
	for _, s := range w.steps {
		job.Steps = append(job.Steps, JobStep{Name: s.name})
	}
	return job, nil
}

// failure is why the job failed.
func (j Job) failure() *Failure { return &Failure{Code: j.FailCode, Detail: j.FailDetail} }

// retry lets a failed job go on from the step that failed, in the caller's
// transaction.
func (db *DB) retry(ctx context.Context, jobID string) error {
	return db.queueAgain(ctx, jobID, JobFailed)
}

// queueAgain lets a job go on that failed or was held.
func (db *DB) queueAgain(ctx context.Context, jobID, from string) error {
	res := db.gorm.WithContext(ctx).Model(&Job{}).Where("id = ? AND state = ?", jobID, from).Updates(map[string]any{
		"state": JobQueued, "run_at": db.Now(), "tries": 0, "fail_code": "", "fail_detail": "", "ended_at": nil,
	})
	if res.Error != nil {
		return fmt.Errorf("queue job again: %w", res.Error)
	}
	if res.RowsAffected == 0 {
		return ErrConflict
	}
	db.wakeWorker()
	return nil
}

// dropJob ends a held job whose order was not approved.
func (db *DB) dropJob(ctx context.Context, jobID string) error {
	res := db.gorm.WithContext(ctx).Model(&Job{}).Where("id = ? AND state = ?", jobID, JobHeld).
		Updates(map[string]any{"state": JobFailed, "fail_code": "not_approved", "ended_at": db.Now()})
	if res.Error != nil {
		return fmt.Errorf("drop job: %w", res.Error)
	}
	return nil
}

// FindJob is one job of the actor's team.
func (db *DB) FindJob(ctx context.Context, by Actor, id string) (*Job, error) {
	if err := by.may(See); err != nil {
		return nil, err
	}
	job, err := table[Job](db.gorm).Where("team_id = ? AND id = ?", by.TeamID, id).First(ctx)
	if err != nil {
		return nil, translate(err)
	}
	return &job, nil
}

// unseenJobs are the kinds that no page shows: nobody asked for them.
var unseenJobs = []JobKind{DropBlobsJob, MeasurePlansJob}

// ListRunningJobs are the team's jobs that have not ended, newest first, at
// most n.
func (db *DB) ListRunningJobs(ctx context.Context, by Actor, n int) ([]Job, error) {
	if err := by.may(See); err != nil {
		return nil, err
	}
	jobs, err := table[Job](db.gorm).
		Where("team_id = ? AND state IN ? AND kind NOT IN ?", by.TeamID, []string{JobQueued, JobRunning}, unseenJobs).
		Order("created_at DESC, id DESC").Limit(n).Find(ctx)
	return jobs, translate(err)
}

// ListJobs are the jobs of one resource, newest first.
func (db *DB) ListJobs(ctx context.Context, by Actor, subjectID string) ([]Job, error) {
	if err := by.may(See); err != nil {
		return nil, err
	}
	jobs, err := table[Job](db.gorm).Where("team_id = ? AND subject_id = ?", by.TeamID, subjectID).
		Order("created_at DESC, id DESC").Limit(20).Find(ctx)
	return jobs, translate(err)
}

// storeJobs is the condition for the jobs of stores, as their indexes have it.
const (
	storeJobs     = `kind IN ('CreateStore', 'DeleteStore', 'ScaleStore')`
	storeJobState = `(CASE WHEN state IN ('held', 'queued') THEN 'running' ELSE state END)`
)

// FindStoreJob is one job of a store of the actor's team, which may be gone.
func (db *DB) FindStoreJob(ctx context.Context, by Actor, id string) (*Job, error) {
	if err := by.may(See); err != nil {
		return nil, err
	}
	job, err := table[Job](db.gorm).Where("team_id = ? AND id = ? AND "+storeJobs, by.TeamID, id).First(ctx)
	if err != nil {
		return nil, translate(err)
	}
	return &job, nil
}

// FindStoreOrderJob is the job that an order for a store, or for another size of
// one, promised. An order that has promised none is ErrNotFound.
func (db *DB) FindStoreOrderJob(ctx context.Context, by Actor, order *Order) (*Job, error) {
	if err := by.may(See); err != nil {
		return nil, err
	}
	for _, l := range order.Lines {
		job, err := table[Job](db.gorm).Where("team_id = ? AND subject_id = ? AND payload LIKE ?",
			by.TeamID, l.ResourceID, fmt.Sprintf(`%%"order":%d}`, order.Number)).First(ctx)
		if err == nil {
			return &job, nil
		}
		if err := translate(err); !errors.Is(err, ErrNotFound) {
			return nil, err
		}
	}
	return nil, ErrNotFound
}

// StoreJobFilter says which jobs of stores to list. Empty fields do not narrow.
type StoreJobFilter struct {
	State string // a job that is held or queued counts as running
	// Since and Until bound when the job was promised, both ends included.
	Since, Until time.Time
	Offset       int // how many to leave out
	Limit        int // the most to list, MaxPageSize at most
}

// ListStoreJobs are the jobs of the team's stores, newest first, also those of
// stores that are gone.
func (db *DB) ListStoreJobs(ctx context.Context, by Actor, f StoreJobFilter) ([]Job, error) {
	if err := by.may(See); err != nil {
		return nil, err
	}
	q := table[Job](db.gorm).Where("team_id = ? AND "+storeJobs, by.TeamID)
	if f.State != "" {
		q = q.Where(storeJobState+" = ?", f.State)
	}
	q = between(q, "created_at", f.Since, f.Until)
	jobs, err := q.Order("created_at DESC, id DESC").Offset(f.Offset).Limit(min(f.Limit, MaxPageSize)).Find(ctx)
	return jobs, translate(err)
}

// wakeWorker tells the worker that a job may be due: at once, or after the
// commit of the transaction that promised it.
func (db *DB) wakeWorker() {
	if db.promised != nil {
		*db.promised = true
		return
	}
	select {
	case db.wake <- struct{}{}:
	default:
	}
}

// asFailure is the failure to show for an error that ended a job.
func asFailure(err error) *Failure {
	var f *Failure
	if errors.As(err, &f) {
		return f
	}
	if errors.Is(err, ErrNoSpace) {
		return &Failure{Code: "no_space", Detail: err.Error()}
	}
	return &Failure{Code: "internal", Detail: err.Error()}
}
