package models_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"quartermaster/models"
	"quartermaster/models/list"
	"quartermaster/models/modelstest"
)

// claimed is a store that is being created, and its job as a worker that goes
// no further has claimed it.
func claimed(t *testing.T, db *models.DB, by models.Actor) (*models.Store, *models.Job) {
	t.Helper()
	s := placeStore(t, db, by, storeInput("handbook"))
	return s, mustClaim(t, db)
}

func mustClaim(t *testing.T, db *models.DB) *models.Job {
	t.Helper()
	job, err := db.Claim(t.Context())
	if err != nil || job == nil {
		t.Fatalf("claim: got %v, %v; want a job", job, err)
	}
	return job
}

func findJob(t *testing.T, db *models.DB, by models.Actor, id string) *models.Job {
	t.Helper()
	job, err := db.FindJob(t.Context(), by, id)
	if err != nil {
		t.Fatalf("find job: %v", err)
	}
	return job
}

func TestJobIsClaimedOnceByManyWorkers(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	const jobs = 20
	for i := range jobs {
		placeStore(t, db, team.Requester, storeInput(fmt.Sprintf("store-%d", i)))
	}
	var all sync.WaitGroup
	var mu sync.Mutex
	seen := map[string]int{}
	for range 8 {
		all.Go(func() {
			for {
				job, err := db.Claim(context.Background())
				if err != nil {
					t.Errorf("claim: %v", err)
				}
				mu.Lock()
				if job == nil {
					// Another may have locked the last ones and not yet taken them.
					done := len(seen) == jobs
					mu.Unlock()
					if done || err != nil {
						return
					}
					continue
				}
				seen[job.ID]++
				mu.Unlock()
			}
		})
	}
	all.Wait()
	for id, n := range seen {
		if n != 1 {
			t.Errorf("job %s was claimed %d times", id, n)
		}
	}
}

func TestWorkersDoAllJobsAndStop(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	ctx, stop := context.WithCancel(t.Context())
	var worker sync.WaitGroup
	worker.Go(func() { (&models.Worker{DB: db, Parallel: 3}).Run(ctx) })
	var all sync.WaitGroup
	for i := range 12 {
		all.Go(func() {
			if _, err := db.PlaceOrder(context.Background(), team.Requester, storeOrder(storeInput(fmt.Sprintf("store-%d", i)))); err != nil {
				t.Errorf("place: %v", err)
			}
		})
	}
	all.Wait()
	for range 300 {
		jobs, err := db.ListRunningJobs(t.Context(), team.Viewer, 100)
		if err != nil {
			t.Fatal(err)
		}
		if len(jobs) == 0 {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	stop()
	worker.Wait()
	stores, _, err := modelstest.List(t.Context(), db, team.Viewer, models.Stores, list.With("state", string(models.StoreNormal)))
	if err != nil || len(stores) != 12 {
		t.Errorf("got %d stores NORMAL, %v; want 12", len(stores), err)
	}
}

func TestJobOfADeadWorkerGoesOnAfterItsLease(t *testing.T) {
	t.Parallel()
	clock := modelstest.NewClock()
	db := modelstest.OpenWith(t, models.Options{Clock: clock.Now})
	team := modelstest.NewTeam(t, db)
	s, first := claimed(t, db, team.Requester)
	clock.Move(models.Lease - time.Second)
	if job, err := db.Claim(t.Context()); job != nil || err != nil {
		t.Fatalf("before the lease ends: got %+v, %v; want none", job, err)
	}
	clock.Move(time.Second)
	modelstest.Work(t, db)
	if s = findStore(t, db, team.Viewer, s.ID); s.State != models.StoreNormal {
		t.Errorf("got %s, want NORMAL", s.State)
	}
	if job := findJob(t, db, team.Viewer, first.ID); job.Attempt != first.Attempt+1 {
		t.Errorf("got attempt %d, want %d", job.Attempt, first.Attempt+1)
	}
}

func TestLateWorkerChangesNothing(t *testing.T) {
	t.Parallel()
	clock := modelstest.NewClock()
	db := modelstest.OpenWith(t, models.Options{Clock: clock.Now})
	team := modelstest.NewTeam(t, db)
	s, late := claimed(t, db, team.Requester)
	err := db.Do(t.Context(), late, func(context.Context) error {
		// While this worker hangs in a step, another takes over and ends the job.
		clock.Move(models.Lease)
		modelstest.Work(t, db)
		return nil
	})
	if err == nil {
		t.Error("the late worker was not told")
	}
	clock.Move(models.Lease)
	late.Step = 1 // as if only the end were left to record
	if err := db.Do(t.Context(), late); err == nil {
		t.Error("the late worker was not told at the end")
	}
	if err := db.Do(t.Context(), late, nil, func(context.Context) error {
		t.Error("the late worker begins another step")
		return nil
	}); err == nil {
		t.Error("the late worker was not told at the next step")
	}
	if s = findStore(t, db, team.Viewer, s.ID); s.State != models.StoreNormal {
		t.Errorf("got %s, want NORMAL", s.State)
	}
	if got, want := actions(t, db, team.Viewer, s.ID), "store.created store.ready"; got != want {
		t.Errorf("got events %q, want %q", got, want)
	}
	if job := findJob(t, db, team.Viewer, late.ID); job.State != models.JobCompleted || job.Step != 4 {
		t.Errorf("got job %s at step %d, want it completed at 4", job.State, job.Step)
	}
}

func TestLateWorkerDoesNotFailWhatAnotherDid(t *testing.T) {
	t.Parallel()
	clock := modelstest.NewClock()
	db := modelstest.OpenWith(t, models.Options{Clock: clock.Now})
	team := modelstest.NewTeam(t, db)
	s, late := claimed(t, db, team.Requester)
	err := db.Do(t.Context(), late, func(context.Context) error {
		clock.Move(models.Lease)
		modelstest.Work(t, db)
		return &models.Failure{Code: "no_space"}
	})
	if err == nil {
		t.Error("the late worker was not told")
	}
	if s = findStore(t, db, team.Viewer, s.ID); s.State != models.StoreNormal {
		t.Errorf("got %s, want NORMAL", s.State)
	}
	if o := findOrder(t, db, team.Viewer, s.OrderNumber); o.State != models.OrderCompleted {
		t.Errorf("got order %s, want completed", o.State)
	}
}

func TestStepThatMayPassIsTriedAgainAndThenFails(t *testing.T) {
	t.Parallel()
	clock := modelstest.NewClock()
	db := modelstest.OpenWith(t, models.Options{Clock: clock.Now})
	team := modelstest.NewTeam(t, db)
	s := placeStore(t, db, team.Requester, storeInput("handbook"))
	tries := 0
	for {
		job, err := db.Claim(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if job == nil {
			if s = findStore(t, db, team.Viewer, s.ID); s.State != models.StoreCreating {
				break
			}
			clock.Move(time.Second)
			continue
		}
		err = db.Do(t.Context(), job, func(context.Context) error { tries++; return errors.New("not yet") })
		if err != nil {
			t.Fatalf("try %d: %v", tries, err)
		}
	}
	if s.State != models.StoreCreateFailed || s.FailCode != "internal" || tries != 5 {
		t.Errorf("got %s, %q after %d tries; want CREATED_FAILED, internal after 5", s.State, s.FailCode, tries)
	}
	if _, err := db.RetryStore(t.Context(), team.Requester, s.ID); err != nil {
		t.Fatalf("retry: %v", err)
	}
	modelstest.Work(t, db)
	if s = findStore(t, db, team.Viewer, s.ID); s.State != models.StoreNormal {
		t.Errorf("got %s, want NORMAL", s.State)
	}
}

func TestRetryDoesNoDoneStepAgain(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	s, job := claimed(t, db, team.Requester)
	done := 0
	first := func(context.Context) error { done++; return nil }
	if err := db.Do(t.Context(), job, first, func(context.Context) error { return &models.Failure{Code: "no_space"} }); err != nil {
		t.Fatal(err)
	}
	if _, err := db.RetryStore(t.Context(), team.Requester, s.ID); err != nil {
		t.Fatalf("retry: %v", err)
	}
	if err := db.Do(t.Context(), mustClaim(t, db), first, func(context.Context) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if s = findStore(t, db, team.Viewer, s.ID); s.State != models.StoreNormal || done != 1 {
		t.Errorf("got %s with the first step done %d times; want NORMAL and once", s.State, done)
	}
}

func TestJobIsReleasedWhenTheProgramStops(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	s, job := claimed(t, db, team.Requester)
	ctx, stop := context.WithCancel(t.Context())
	err := db.Do(ctx, job, func(context.Context) error { stop(); return nil }, func(context.Context) error {
		t.Error("a step begins after the stop")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if job := findJob(t, db, team.Viewer, job.ID); job.State != models.JobQueued || job.Step != 1 || job.Tries != 0 {
		t.Errorf("got %s at step %d after %d tries; want it queued at step 1", job.State, job.Step, job.Tries)
	}
	// The same when the step itself was cut short.
	ctx, stop = context.WithCancel(t.Context())
	err = db.Do(ctx, mustClaim(t, db), nil, func(ctx context.Context) error { stop(); return ctx.Err() })
	if err != nil {
		t.Fatal(err)
	}
	modelstest.Work(t, db)
	if s = findStore(t, db, team.Viewer, s.ID); s.State != models.StoreNormal {
		t.Errorf("got %s, want NORMAL", s.State)
	}
}

func TestNothingStrandsWhenTheClockJumpsBack(t *testing.T) {
	t.Parallel()
	clock := modelstest.NewClock()
	db := modelstest.OpenWith(t, models.Options{Clock: clock.Now})
	team := modelstest.NewTeam(t, db)
	queued := placeStore(t, db, team.Requester, storeInput("queued"))
	clock.Move(-time.Hour)
	mustClaim(t, db) // what was queued in the future is due
	clock.Move(-time.Hour)
	modelstest.Work(t, db) // and so is what is leased far into the future
	if s := findStore(t, db, team.Viewer, queued.ID); s.State != models.StoreNormal {
		t.Errorf("got %s, want NORMAL", s.State)
	}
	if s, err := db.DeleteStore(t.Context(), team.Requester, queued.ID); err != nil || s.State != models.StoreDropping {
		t.Errorf("delete: got %+v, %v", s, err)
	}
	waiting := mustClaim(t, db)
	if err := db.Do(t.Context(), waiting, func(context.Context) error { return errors.New("not yet") }); err != nil {
		t.Fatal(err)
	}
	clock.Move(-time.Hour)
	modelstest.Work(t, db)
	if _, err := db.FindStore(t.Context(), team.Viewer, queued.ID); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("got %v, want %v", err, models.ErrNotFound)
	}
}

func TestPanicFailsTheJobAlone(t *testing.T) {
	t.Parallel()
	clock := modelstest.NewClock()
	db := modelstest.OpenWith(t, models.Options{Clock: clock.Now})
	team := modelstest.NewTeam(t, db)
	s, job := claimed(t, db, team.Requester)
	if err := db.Do(t.Context(), job, func(context.Context) error { panic("bo\x00om\xff") }); err != nil {
		t.Fatal(err)
	}
	if s = findStore(t, db, team.Viewer, s.ID); s.State != models.StoreCreateFailed || s.FailCode != "internal" {
		t.Errorf("got %s, %q; want CREATED_FAILED, internal", s.State, s.FailCode)
	}
	if _, err := db.RetryStore(t.Context(), team.Requester, s.ID); err != nil {
		t.Fatalf("retry: %v", err)
	}
	// A job whose end cannot be recorded ends all the same.
	for range 5 {
		if err := db.DoAndPanic(t.Context(), mustClaim(t, db)); err != nil {
			t.Fatal(err)
		}
		clock.Move(20 * time.Second)
	}
	if job := findJob(t, db, team.Viewer, job.ID); job.State != models.JobFailed || job.FailCode != "internal" {
		t.Errorf("got job %s, %q; want failed, internal", job.State, job.FailCode)
	}
}

func TestNoJobIsLostBetweenCloseAndOpen(t *testing.T) {
	t.Parallel()
	if modelstest.Postgres() {
		t.Skip("about a data folder with its own database")
	}
	clock := modelstest.NewClock()
	folder := t.TempDir()
	open := func() *models.DB {
		db, err := models.Open(context.Background(), models.Options{Folder: folder, Clock: clock.Now})
		if err != nil {
			t.Fatal(err)
		}
		return db
	}
	db := open()
	team := modelstest.NewTeam(t, db)
	queued := placeStore(t, db, team.Requester, storeInput("queued"))
	running := placeStore(t, db, team.Requester, storeInput("running"))
	waiting := placeStore(t, db, team.Requester, storeInput("waiting"))
	if err := db.Do(t.Context(), mustClaim(t, db), func(context.Context) error { return errors.New("not yet") }); err != nil {
		t.Fatal(err)
	}
	mustClaim(t, db) // abandoned
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	db = open() // the clock stands still: no lease runs out
	defer db.Close()
	modelstest.Work(t, db)
	for _, s := range []*models.Store{queued, running, waiting} {
		if got := findStore(t, db, team.Viewer, s.ID); got.State != models.StoreNormal {
			t.Errorf("%s: got %s, want NORMAL", s.Name, got.State)
		}
	}
}
