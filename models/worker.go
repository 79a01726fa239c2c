package models

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"quartermaster/models/query"
)

const (
	// lease is how long no other worker takes a claimed job. It is renewed
	// while a step runs, so after a kill the job continues within this time.
	lease = 8 * time.Second
	// poll is how long a worker sleeps when it is not woken: long enough to
	// cost nothing, short enough for jobs that other processes queue.
	poll = 2 * time.Second
	// mostTries is how often a step is tried when it fails temporarily.
	mostTries = 5
	// newDay is how often a worker looks whether a new day has begun for a
	// team.
	newDay = 10 * time.Minute
	// settlePause is how often a worker settles plans that have come into another
	// state, and looks whether a period of a budget has begun.
	settlePause = time.Minute
	// firstSweep is how long after its start a worker sweeps first, and
	// sweepsADay how often a day it removes old files kept aside.
	firstSweep = 30 * time.Second
	sweepsADay = int(24 * time.Hour / newDay)
	// farthest is longer than any lease or wait. A time further in the future
	// is from before the clock was set back, and counts as past, so that no job
	// waits for it.
	farthest = 2 * lease
)

// errLong says that a job turned out to take long. It goes on where others do not
// wait for it.
var errLong = errors.New("takes long")

// errLate says that another worker has taken the job over.
var errLate = errors.New("held by another worker")

// Worker does the jobs.
type Worker struct {
	DB *DB
	// Log is the database's own by default.
	Log *slog.Logger
	// Parallel is how many jobs run at a time, 2 by default and at least. One of
	// them at most takes long.
	Parallel int
}

// Run does jobs until ctx ends, and returns when the steps that were under way
// have ended.
func (w *Worker) Run(ctx context.Context) {
	if w.Log == nil {
		w.Log = w.DB.log
	}
	var all sync.WaitGroup
	for i := range max(w.Parallel, 2) {
		all.Go(func() { w.loop(ctx, i == 0) })
	}
	all.Go(func() { w.fillSearch(ctx) })
	all.Go(func() { every(ctx, 0, newDay, func(int) { w.promise(ctx) }) })
	all.Go(func() { every(ctx, 0, settlePause, func(int) { w.settle(ctx) }) })
	all.Go(func() { every(ctx, firstSweep, newDay, func(looks int) { w.sweep(ctx, looks) }) })
	all.Wait()
}

// every does something after a first wait, and then after each pause, until ctx
// ends.
func every(ctx context.Context, first, pause time.Duration, do func(looks int)) {
	timer := time.NewTimer(first)
	defer timer.Stop()
	for looks := 0; ; looks++ {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		do(looks)
		timer.Reset(pause)
	}
}

// promise queues the daily work of the teams.
func (w *Worker) promise(ctx context.Context) {
	if w.DB.here(ctx) != nil {
		return
	}
	if err := errors.Join(w.DB.PromiseMeasures(ctx), w.DB.PromiseCounts(ctx), w.DB.PromiseReminders(ctx)); err != nil && ctx.Err() == nil {
		w.Log.Error("promise the day's work", "error", err)
	}
}

// settle keeps plans settled and budgets up to their periods.
func (w *Worker) settle(ctx context.Context) {
	if w.DB.here(ctx) != nil {
		return
	}
	if err := errors.Join(w.DB.SettlePlans(ctx), w.DB.RenewBudgets(ctx)); err != nil && ctx.Err() == nil {
		w.Log.Error("settle plans and budgets", "error", err)
	}
}

// sweep removes files kept aside for long enough, uploads unfinished, orders undecided
// and files unordered and drafts untouched for too long, and once a day moves unknown files aside.
func (w *Worker) sweep(ctx context.Context, looks int) {
	if w.DB.here(ctx) != nil {
		return
	}
	err := errors.Join(w.DB.emptyAside(ctx, SystemClock().Add(-keepAside)), w.DB.EndMultiparts(ctx), w.DB.LapseOrders(ctx), w.DB.DropUnplaced(ctx), w.DB.DropDrafts(ctx))
	if looks%sweepsADay == 0 {
		err = errors.Join(err, w.DB.sweep(ctx), w.DB.forgetJobs(ctx), w.DB.forgetNotices(ctx))
	}
	if err != nil && ctx.Err() == nil {
		w.Log.Error("sweep up", "error", err)
	}
}

// forgetJobs deletes the rows of jobs that people never see, a month after they
// were done.
func (db *DB) forgetJobs(ctx context.Context) error {
	return db.tx(ctx, func(ctx context.Context, tx *DB) error {
		_, err := query.Of[Job](tx.gorm).Where("state = ? AND kind IN ? AND ended_at < ?",
			JobCompleted, tx.unseenJobs(), tx.Now().AddDate(0, -1, 0)).Delete(ctx)
		return err
	})
}

// loop does jobs, those that take long only when long is set.
func (w *Worker) loop(ctx context.Context, long bool) {
	timer, woken := time.NewTimer(0), w.DB.wake.brief
	if long {
		woken = w.DB.wake.long
	}
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-woken:
		case <-timer.C:
		}
		for ctx.Err() == nil && w.DB.here(ctx) == nil {
			more, err := w.DB.workOnce(ctx, long)
			if err != nil && ctx.Err() == nil {
				w.Log.Error("job", "error", err)
			}
			if err != nil || !more {
				break
			}
		}
		timer.Reset(poll)
	}
}

// WorkOnce does one job that is due, all of its steps, and reports whether
// there was one. When ctx ends between two steps, or the job turns out to take
// long, it is left for the next worker.
func (db *DB) WorkOnce(ctx context.Context) (bool, error) { return db.workOnce(ctx, true) }

func (db *DB) workOnce(ctx context.Context, long bool) (bool, error) {
	job, err := db.claim(ctx, long)
	if err != nil || job == nil {
		return false, err
	}
	db.wakeWorker() // another worker may find another job
	return true, db.work(ctx, job)
}

// claim takes a job that is due, or one whose worker has gone: of the team for
// which the fewest run, of several the one whose last turn is longest ago, the
// job that has been due longest. Without long it leaves those that take long.
func (db *DB) claim(ctx context.Context, long bool) (*Job, error) {
	skip := ""
	if db.gorm.Name() == "postgres" {
		skip = " FOR UPDATE OF jobs SKIP LOCKED"
	}
	now := db.Now()
	due := claimArgs(now, long)
	waiting, err := query.Of[Job](db.gorm).Select("id").Where(claimable, due...).Limit(1).Find(ctx)
	if err != nil || len(waiting) == 0 {
		return nil, translate(err)
	}
	var jobs []Job
	err = db.tx(ctx, func(ctx context.Context, tx *DB) error {
		args := append([]any{JobRunning, now.Add(lease), JobRunning, now, JobQueued, JobRunning}, due...)
		err := tx.gorm.WithContext(ctx).Raw(`UPDATE jobs SET state = ?, lease_until = ?, attempt = attempt + 1
			WHERE id = (SELECT jobs.id FROM jobs JOIN (
				SELECT j.team_id, SUM(CASE WHEN j.state = ? AND j.lease_until > ? THEN 1 ELSE 0 END) AS running, COALESCE(MAX(t.turn), 0) AS turn
				FROM jobs j LEFT JOIN job_turns t ON t.team_id = j.team_id WHERE j.state IN (?, ?) GROUP BY j.team_id
			) teams ON teams.team_id = jobs.team_id
			WHERE `+claimable+` ORDER BY teams.running, teams.turn, run_at, id LIMIT 1`+skip+`) RETURNING *`, args...).Scan(&jobs).Error
		if err != nil || len(jobs) == 0 {
			return err
		}
		return query.Exec(ctx, tx.gorm, `INSERT INTO job_turns (team_id, turn) SELECT ?, COALESCE(MAX(turn), 0) + 1 FROM job_turns WHERE true
			ON CONFLICT (team_id) DO UPDATE SET turn = excluded.turn`, jobs[0].TeamID)
	})
	if err != nil || len(jobs) == 0 {
		return nil, err
	}
	return &jobs[0], nil
}

const claimable = `(state = ? AND (run_at <= ? OR run_at > ?)
	OR state = ? AND (lease_until <= ? OR lease_until > ?)) AND (NOT long OR long = ?)`

func claimArgs(now time.Time, long bool) []any {
	ahead := now.Add(farthest)
	return []any{JobQueued, now, ahead, JobRunning, now, ahead, long}
}

// recoverJobs lets jobs that a kill interrupted continue at once. With SQLite
// nobody else can be working on them; on PostgreSQL they continue when their
// leases expire.
func (db *DB) recoverJobs(ctx context.Context) error {
	if db.commits == nil {
		return nil
	}
	return db.tx(ctx, func(ctx context.Context, tx *DB) error {
		now := tx.Now()
		return tx.gorm.WithContext(ctx).Exec(`UPDATE jobs SET state = ?, lease_until = NULL, run_at = ?
			WHERE state = ? OR state = ? AND run_at > ?`, JobQueued, now, JobRunning, JobQueued, now).Error
	})
}

// work does the job's remaining steps.
func (db *DB) work(ctx context.Context, job *Job) error {
	w, _, err := db.workOf(job.Kind)
	if err != nil {
		return db.end(ctx, Work{}, job, err)
	}
	return db.do(ctx, w, job)
}

func (db *DB) do(ctx context.Context, w Work, job *Job) error {
	stop := db.holdLease(job)
	defer stop()
	for job.Step < len(w.Steps) {
		if ctx.Err() != nil {
			return db.release(job)
		}
		if err := db.begin(ctx, job); err != nil {
			return err
		}
		err := db.doStep(ctx, w.Steps[job.Step], job)
		var failure *Failure
		switch {
		case err == nil:
			if err := db.stepDone(ctx, job); err != nil {
				return err
			}
		case errors.Is(err, errLong):
			job.Long = true
			return db.release(job)
		case ctx.Err() != nil:
			return db.release(job)
		case errors.As(err, &failure) || job.Tries+1 >= mostTries:
			return db.end(ctx, w, job, err)
		default:
			return db.later(ctx, job, err)
		}
	}
	return db.end(ctx, w, job, nil)
}

// doStep does a step; a panic in it is its failure, not the program's end.
func (db *DB) doStep(ctx context.Context, s WorkStep, job *Job) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &Failure{Code: "internal", Detail: fmt.Sprint(p)}
			db.log.Error("job panicked", "job", job.ID, "step", s.Name, "panic", p)
		}
	}()
	return s.Do(ctx, db, job)
}

// save writes fields of a job that this worker still holds; a worker that has
// lost the job changes nothing and gets errLate.
func (db *DB) save(ctx context.Context, job *Job, fields ...string) error {
	res := db.gorm.WithContext(ctx).Model(job).Where("attempt = ? AND state = ?", job.Attempt, JobRunning).
		Select(fields).Updates(job)
	if res.Error != nil {
		return fmt.Errorf("save job: %w", res.Error)
	}
	if res.RowsAffected == 0 {
		return fmt.Errorf("job %s: %w", job.ID, errLate)
	}
	return nil
}

func (db *DB) begin(ctx context.Context, job *Job) error {
	now := db.Now()
	job.Steps[job.Step].Started = &now
	return db.tx(context.WithoutCancel(ctx), func(ctx context.Context, tx *DB) error {
		return tx.save(ctx, job, "Steps")
	})
}

func (db *DB) stepDone(ctx context.Context, job *Job) error {
	now := db.Now()
	job.Steps[job.Step].Ended = &now
	job.Step++
	job.Tries = 0
	return db.tx(context.WithoutCancel(ctx), func(ctx context.Context, tx *DB) error {
		return tx.save(ctx, job, "Steps", "Step", "Tries")
	})
}

// later puts a job back that failed temporarily, for a little longer each time.
func (db *DB) later(ctx context.Context, job *Job, cause error) error {
	job.Tries++
	db.log.Warn("job will be tried again", "job", job.ID, "kind", job.Kind, "tries", job.Tries, "error", cause)
	wait := time.Second << (job.Tries - 1)
	return db.tx(context.WithoutCancel(ctx), func(ctx context.Context, tx *DB) error {
		job.RunAt = tx.Now().Add(wait)
		return tx.giveBack(ctx, job)
	})
}

// release puts a job back because the program stops, or for a worker that does
// what takes long.
func (db *DB) release(job *Job) error {
	return db.tx(context.Background(), func(ctx context.Context, tx *DB) error {
		tx.wakeWorker()
		return tx.giveBack(ctx, job)
	})
}

func (db *DB) giveBack(ctx context.Context, job *Job) error {
	res := db.gorm.WithContext(ctx).Model(job).Where("attempt = ? AND state = ?", job.Attempt, JobRunning).
		Updates(map[string]any{"state": JobQueued, "lease_until": nil, "tries": job.Tries, "run_at": job.RunAt, "long": job.Long})
	return res.Error
}

// end ends a job. When that cannot be recorded it tries again, on a busy or
// full database as often as needed. If it can never be recorded, the job fails,
// if need be without a change of its resource, because no job may stay open for
// ever.
func (db *DB) end(ctx context.Context, w Work, job *Job, cause error) error {
	err := db.tryEnd(ctx, w, job, cause)
	switch {
	case err == nil, errors.Is(err, errLate), errors.Is(err, ErrBusy), errors.Is(err, ErrNoSpace):
		return err
	case job.Tries+1 < mostTries:
		return db.later(ctx, job, err)
	case cause == nil:
		return db.end(ctx, w, job, &Failure{Code: "internal", Detail: err.Error()})
	}
	db.log.Error("job ends without its resource", "job", job.ID, "kind", job.Kind, "subject", job.SubjectID, "error", err)
	return db.tryEnd(ctx, Work{}, job, cause)
}

// tryEnd records how a job ended, and the consequences for its resource and its
// order, in one transaction.
func (db *DB) tryEnd(ctx context.Context, w Work, job *Job, cause error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("end of job panicked: %v", p)
		}
	}()
	job.State = JobCompleted
	then := w.Completed
	if cause != nil {
		f := asFailure(cause)
		job.State, job.FailCode, job.FailDetail = JobFailed, f.Code, printable(f.Detail)
		then = w.Failed
		db.log.Warn("job failed", "job", job.ID, "kind", job.Kind, "subject", job.SubjectID, "error", cause)
	}
	return db.tx(context.WithoutCancel(ctx), func(ctx context.Context, tx *DB) error {
		now := tx.Now()
		job.EndedAt = &now
		// The job is saved first: a late worker must not get to the rest.
		err := tx.save(ctx, job, "State", "FailCode", "FailDetail", "EndedAt")
		if err != nil || then == nil {
			return err
		}
		return then(ctx, tx, job)
	})
}

// printable is a text that both databases accept, of a bounded length.
func printable(s string) string {
	return clip(strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), "?"), 1000)
}

// holdLease renews the job's lease until the returned function is called.
func (db *DB) holdLease(job *Job) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	id, attempt := job.ID, job.Attempt
	var done sync.WaitGroup
	done.Go(func() {
		tick := time.NewTicker(lease / 4)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			err := db.tx(ctx, func(ctx context.Context, tx *DB) error {
				return tx.gorm.WithContext(ctx).Model(&Job{}).
					Where("id = ? AND attempt = ? AND state = ?", id, attempt, JobRunning).
					Update("lease_until", tx.Now().Add(lease)).Error
			})
			if err != nil && ctx.Err() == nil {
				db.log.Warn("renew lease", "job", id, "error", err)
			}
		}
	})
	return func() { cancel(); done.Wait() }
}
