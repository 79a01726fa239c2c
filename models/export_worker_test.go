package models

import (
	"context"
	"path/filepath"
)

// Lease is how long a claimed job is left alone.
const Lease = lease

// Claim takes a job as a worker does, so that a test can abandon it there.
func (db *DB) Claim(ctx context.Context) (*Job, error) { return db.claim(ctx, true) }

// WorkBriefly does a job as the workers do that leave what takes long.
func (db *DB) WorkBriefly(ctx context.Context) (bool, error) { return db.workOnce(ctx, false) }

// Do works on a claimed job with other steps than its kind's.
func (db *DB) Do(ctx context.Context, job *Job, steps ...func(context.Context) error) error {
	w, _, err := db.workOf(job.Kind)
	if err != nil {
		return err
	}
	w.Steps = nil
	for _, do := range steps {
		w.Steps = append(w.Steps, WorkStep{"test", func(ctx context.Context, _ *DB, _ *Job) error { return do(ctx) }})
	}
	return db.do(ctx, w, job)
}

// DoAndPanic works on a claimed job without steps whose end panics.
func (db *DB) DoAndPanic(ctx context.Context, job *Job) error {
	boom := func(context.Context, *DB, *Job) error { panic("boom") }
	return db.do(ctx, Work{Completed: boom, Failed: boom}, job)
}

// StoreFolder is where a store keeps its index.
func (db *DB) StoreFolder(id string) string { return db.storeFolder(id) }

// DataFile is a path in the data folder.
func (db *DB) DataFile(name string) string { return filepath.Join(db.folder, name) }
