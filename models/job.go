package models

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"quartermaster/models/query"
)

// JobKind names work that is promised in a transaction and done after it.
type JobKind string

// The kinds of job. Those of stores have the names in the documents.
const (
	CreateStoreJob  JobKind = "CreateStore"
	DeleteStoreJob  JobKind = "DeleteStore"
	ScaleStoreJob   JobKind = "ScaleStore"
	InspectJob      JobKind = "InspectPkgVersion"
	DropBlobsJob    JobKind = "DropBlobs"
	HashObjectJob   JobKind = "HashObject"
	MeasurePlansJob JobKind = "MeasurePlans"
	CountBucketsJob JobKind = "CountBuckets"
	RemindJob       JobKind = "Remind"
	BulkJob         JobKind = "Bulk"
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
	Attempt     int       // counts claims, so that a late worker is recognised
	Tries       int       // how often the present step failed temporarily
	RunAt       time.Time
	LeaseUntil  *time.Time
	Long        bool // takes long: other jobs do not wait for it
	FailCode    string
	FailDetail  string
	CreatedBy   string
	CreatedAt   time.Time
	EndedAt     *time.Time

	// Of is the kind of the subject. ListRunningJobs fills it in.
	Of Kind `gorm:"-"`
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

// Failure is the error of a step that a retry would not mend: the job fails and
// says why. Code is a word under which views/i18n keeps the sentence
// ("fail.<code>"); Detail is for the record and may hold a cause in English.
type Failure struct {
	Code   string
	Detail string
}

func (f *Failure) Error() string { return strings.TrimSuffix(f.Code+": "+f.Detail, ": ") }

// Work is what a kind of job does.
type Work struct {
	Steps []WorkStep
	// Completed and Failed run in the transaction that ends the job.
	Completed func(ctx context.Context, tx *DB, job *Job) error
	Failed    func(ctx context.Context, tx *DB, job *Job) error
	// Unseen work was requested by nobody, and no page shows it.
	Unseen bool
}

// WorkStep is a part of a job that may run twice without harm. It works outside
// the database, or in transactions of its own.
type WorkStep struct {
	Name string
	Do   func(ctx context.Context, db *DB, job *Job) error
}

// workOf is what a kind of job does, and the kind of thing that it works on.
func (db *DB) workOf(kind JobKind) (Work, Kind, error) {
	for _, k := range db.kinds {
		if w, ok := k.Jobs[kind]; ok {
			return w, k.Kind, nil
		}
	}
	return Work{}, "", fmt.Errorf("no such kind of job: %q", kind)
}

// queue promises a job in the caller's transaction.
func (db *DB) queue(ctx context.Context, by Actor, kind JobKind, subjectID, subjectName string, payload any) (*Job, error) {
	job, err := db.newJob(by, kind, subjectID, subjectName, payload)
	if err != nil {
		return nil, err
	}
	return job, db.addJob(ctx, job)
}

// promise adds the job that fulfils a line, which keeps its id.
func (db *DB) promise(ctx context.Context, by Actor, kind JobKind, state string, order *Order, line *OrderLine) error {
	payload := line.payload
	if payload == nil {
		payload = map[string]int64{"order": order.Number}
	}
	job, err := db.newJob(by, kind, line.ResourceID, line.ResourceName, payload)
	if err != nil {
		return err
	}
	job.ID, job.State = line.JobID, state
	return db.addJob(ctx, job)
}

func (db *DB) addJob(ctx context.Context, job *Job) error {
	if err := query.Of[Job](db.gorm).Create(ctx, job); err != nil {
		return fmt.Errorf("queue %s: %w", job.Kind, err)
	}
	db.wakeWorker()
	return nil
}

// jobOf is the last job in a state that works on what a line made. It is
// ErrConflict when there is none.
func (db *DB) jobOf(ctx context.Context, line *OrderLine, state string) (id string, err error) {
	jobs, err := query.Of[Job](db.gorm).Where("team_id = ? AND subject_id = ? AND state = ?", line.TeamID, line.ResourceID, state).
		Order("created_at DESC, id DESC").Limit(1).Find(ctx)
	if err != nil {
		return "", translate(err)
	}
	if len(jobs) == 0 {
		return "", ErrConflict
	}
	return jobs[0].ID, nil
}

// queueOnce promises a job unless one was ever promised under the same key.
func (db *DB) queueOnce(ctx context.Context, by Actor, kind JobKind, key string) error {
	n, err := query.Of[Job](db.gorm).Where("unique_key = ?", key).Count(ctx, "*")
	if err != nil || n > 0 {
		return translate(err)
	}
	job, err := db.newJob(by, kind, "", "", nil)
	if err != nil {
		return err
	}
	job.UniqueKey = &key
	err = db.tx(ctx, func(ctx context.Context, tx *DB) error {
		return query.Of[Job](tx.gorm).CreateOnce(ctx, job)
	})
	if err != nil {
		return fmt.Errorf("queue %s: %w", kind, err)
	}
	db.wakeWorker()
	return nil
}

func (db *DB) newJob(by Actor, kind JobKind, subjectID, subjectName string, payload any) (*Job, error) {
	w, _, err := db.workOf(kind)
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
	for _, s := range w.Steps {
		job.Steps = append(job.Steps, JobStep{Name: s.Name})
	}
	return job, nil
}

// failure is why the job failed.
func (j Job) failure() *Failure { return &Failure{Code: j.FailCode, Detail: j.FailDetail} }

// retry continues a failed job from the step that failed, in the caller's
// transaction.
func (db *DB) retry(ctx context.Context, jobID string) error {
	return db.queueAgain(ctx, jobID, JobFailed)
}

// queueAgain continues a job that failed or was held.
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

// dropJob ends the held job of a line whose order was not approved, if there is
// one.
func (db *DB) dropJob(ctx context.Context, line *OrderLine) error {
	res := db.gorm.WithContext(ctx).Model(&Job{}).
		Where("team_id = ? AND subject_id = ? AND state = ?", line.TeamID, line.ResourceID, JobHeld).
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
	job, err := query.Of[Job](db.gorm).Where("team_id = ? AND id = ?", by.TeamID, id).First(ctx)
	if err != nil {
		return nil, translate(err)
	}
	return &job, nil
}

// unseenJobs are the kinds of job that no page shows.
func (db *DB) unseenJobs() []JobKind {
	var unseen []JobKind
	for _, k := range db.kinds {
		for name, w := range k.Jobs {
			if w.Unseen {
				unseen = append(unseen, name)
			}
		}
	}
	return unseen
}

// ListRunningJobs are the team's jobs that have not ended, newest first, at
// most n.
func (db *DB) ListRunningJobs(ctx context.Context, by Actor, n int) ([]Job, error) {
	if err := by.may(See); err != nil {
		return nil, err
	}
	jobs, err := query.Of[Job](db.gorm).
		Where("team_id = ? AND state IN ? AND kind NOT IN ?", by.TeamID, []string{JobQueued, JobRunning}, db.unseenJobs()).
		Order("created_at DESC, id DESC").Limit(n).Find(ctx)
	for i, j := range jobs {
		_, jobs[i].Of, _ = db.workOf(j.Kind)
	}
	return jobs, translate(err)
}

// ListJobs are the jobs of one resource, newest first.
func (db *DB) ListJobs(ctx context.Context, by Actor, subjectID string) ([]Job, error) {
	if err := by.may(See); err != nil {
		return nil, err
	}
	jobs, err := query.Of[Job](db.gorm).Where("team_id = ? AND subject_id = ?", by.TeamID, subjectID).
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
	job, err := query.Of[Job](db.gorm).Where("team_id = ? AND id = ? AND "+storeJobs, by.TeamID, id).First(ctx)
	if err != nil {
		return nil, translate(err)
	}
	return &job, nil
}

// FindStoreOrderJob is the job that an order for a store, or for another size
// of one, promised. It is ErrNotFound for an order that has promised none.
func (db *DB) FindStoreOrderJob(ctx context.Context, by Actor, order *Order) (*Job, error) {
	if err := by.may(See); err != nil {
		return nil, err
	}
	for _, l := range order.Lines {
		job, err := query.Of[Job](db.gorm).Where("team_id = ? AND subject_id = ? AND payload LIKE ?",
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
	q := query.Of[Job](db.gorm).Where("team_id = ? AND "+storeJobs, by.TeamID)
	if f.State != "" {
		q = q.Where(storeJobState+" = ?", f.State)
	}
	when := between("created_at", f.Since, f.Until)
	jobs, err := q.Where(when.SQL, when.Args...).Order("created_at DESC, id DESC").Offset(f.Offset).Limit(min(f.Limit, MaxPageSize)).Find(ctx)
	return jobs, translate(err)
}

// wake tells the worker's loops that a job may be due: those that do what takes
// long, and the others.
type wake struct{ long, brief chan struct{} }

func newWake() wake { return wake{make(chan struct{}, 1), make(chan struct{}, 1)} }

// wakeWorker tells the worker that a job may be due: at once, or after the
// commit of the transaction that promised it.
func (db *DB) wakeWorker() {
	if db.promised != nil {
		*db.promised = true
		return
	}
	for _, loops := range []chan struct{}{db.wake.long, db.wake.brief} {
		select {
		case loops <- struct{}{}:
		default:
		}
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
