package models

import (
	"context"
	"fmt"

	"gorm.io/gorm/clause"

	"quartermaster/models/query"
)

// DeleteStore begins to delete a store by a job. It is ErrConflict while
// another job works on the store.
func (db *DB) DeleteStore(ctx context.Context, by Actor, id string) (*Store, error) {
	return db.moveStore(ctx, by, id, func(ctx context.Context, tx *DB, s *Store) error {
		if err := s.mayBeDeleted(); err != nil {
			return err
		}
		job, err := tx.queue(ctx, by, DeleteStoreJob, s.ID, s.Name, nil)
		if err != nil {
			return err
		}
		s.JobID = job.ID
		if err := tx.setStore(ctx, by, s, StoreDropping, nil, deletable...); err != nil {
			return err
		}
		return tx.recordStore(ctx, by, s, "dropped", "")
	})
}

// mayBeDeleted is an error unless the store can be deleted from its state.
func (s Store) mayBeDeleted() error {
	if !s.Deletable() {
		return ErrConflict
	}
	return nil
}

// RetryStore lets the job that failed on a store go on from the step that
// failed. A store whose job has not failed is ErrConflict.
func (db *DB) RetryStore(ctx context.Context, by Actor, id string) (*Store, error) {
	return db.retryStore(ctx, by, id, 0)
}

// retryStore is RetryStore for a job that works for an order, whichever it is
// when that is 0.
func (db *DB) retryStore(ctx context.Context, by Actor, id string, order int64) (*Store, error) {
	return db.moveStore(ctx, by, id, func(ctx context.Context, tx *DB, s *Store) error {
		if !by.MayOrder(KindStore, "", s.Region) {
			return ErrForbidden
		}
		after, of, err := tx.storeRetried(ctx, by, s)
		if err != nil {
			return err
		}
		if order != 0 && of != order {
			return ErrConflict
		}
		if err := tx.setStore(ctx, by, s, after, nil, s.State); err != nil {
			return err
		}
		if err := tx.retry(ctx, s.JobID); err != nil {
			return err
		}
		if s.State == StoreScaling || s.State == StoreScalingIn {
			// What the first step had counted was subtracted again.
			if _, err := query.Of[Job](tx.gorm).Where("id = ?", s.JobID).Update(ctx, "step", 0); err != nil {
				return fmt.Errorf("begin scaling again: %w", err)
			}
		}
		if of != 0 {
			if err := tx.FinishLine(ctx, by, of, s.ID, OrderFulfilling); err != nil {
				return err
			}
		}
		return tx.recordStore(ctx, by, s, "retried", "")
	})
}

// storeRetried is the state that a store is in when its failed job goes on, and
// the order that the job works for, 0 when it is none. A store whose job has not
// failed is ErrConflict.
func (db *DB) storeRetried(ctx context.Context, by Actor, s *Store) (after StoreState, order int64, err error) {
	switch {
	case s.State == StoreCreateFailed:
		return StoreCreating, s.OrderNumber, nil
	case s.State == StoreDeleteFailed:
		return StoreDropping, 0, nil
	case !s.scaleFailed():
		return "", 0, ErrConflict
	}
	job, err := db.FindJob(ctx, by, s.JobID)
	if err != nil {
		return "", 0, err
	}
	to, err := sizingOf(job)
	return to.under(s), to.Order, err
}

// moveStore changes a store of the actor's team in one transaction.
func (db *DB) moveStore(ctx context.Context, by Actor, id string, change func(context.Context, *DB, *Store) error) (*Store, error) {
	if err := by.may(Request); err != nil {
		return nil, err
	}
	var s *Store
	err := db.tx(ctx, func(ctx context.Context, tx *DB) (err error) {
		if s, err = tx.lockStore(ctx, by, id); err != nil {
			return err
		}
		return change(ctx, tx, s)
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// lockStore is one store of the actor's team, which nobody else changes until
// the caller's transaction ends.
func (db *DB) lockStore(ctx context.Context, by Actor, id string) (*Store, error) {
	s, err := query.Of[Store](db.gorm, clause.Locking{Strength: "UPDATE"}).Where("team_id = ? AND id = ?", by.TeamID, id).First(ctx)
	if err != nil {
		return nil, translate(err)
	}
	return &s, nil
}

// setStore gives a store that is locked another state, and the size it then
// has, if it comes from one of those states, and keeps why its job failed.
func (db *DB) setStore(ctx context.Context, by Actor, s *Store, state StoreState, failure *Failure, from ...StoreState) error {
	s.State, s.UpdatedAt, s.FailCode, s.FailDetail = state, db.TeamNow(by), "", ""
	if failure != nil {
		s.FailCode, s.FailDetail = failure.Code, failure.Detail
	}
	res := db.gorm.WithContext(ctx).Model(s).Where("state IN ?", from).
		Select("State", "Num", "Target", "SizedBy", "JobID", "FailCode", "FailDetail", "UpdatedAt").Updates(s)
	if res.Error != nil {
		return fmt.Errorf("set state of store: %w", res.Error)
	}
	if res.RowsAffected == 0 {
		return ErrConflict
	}
	return nil
}

// createStore is the job that makes a store's folder and index.
var createStore = Work{
	Steps: []WorkStep{
		{"reserve", reserveStore},
		{"allocate", func(_ context.Context, db *DB, job *Job) error { return db.allocateIndex(job.SubjectID) }},
		{"build", func(ctx context.Context, db *DB, job *Job) error { return db.buildIndex(ctx, job.SubjectID) }},
		{"check", func(ctx context.Context, db *DB, job *Job) error { return db.checkIndex(ctx, job.SubjectID) }},
	},
	Completed: func(ctx context.Context, tx *DB, job *Job) error {
		return tx.storeCreated(ctx, job, StoreNormal, OrderCompleted, "ready", nil)
	},
	Failed: func(ctx context.Context, tx *DB, job *Job) error {
		return tx.storeCreated(ctx, job, StoreCreateFailed, OrderFailed, "create_failed", job.failure())
	},
}

// reserveStore makes sure that the store is counted in its team's quota.
func reserveStore(ctx context.Context, db *DB, job *Job) error {
	return db.withStore(ctx, job, func(ctx context.Context, tx *DB, by Actor, s *Store) error {
		if s.Reserved {
			return nil
		}
		if err := tx.reserveCU(ctx, by, s.Num); isInvalid(err) {
			return &Failure{Code: "quota", Detail: err.Error()}
		} else if err != nil {
			return err
		}
		return tx.gorm.WithContext(ctx).Model(s).Update("reserved", true).Error
	})
}

func (db *DB) storeCreated(ctx context.Context, job *Job, state StoreState, line OrderState, verb string, f *Failure) error {
	return db.withStore(ctx, job, func(ctx context.Context, tx *DB, by Actor, s *Store) error {
		if err := tx.setStore(ctx, by, s, state, f, StoreCreating); err != nil {
			return err
		}
		if err := tx.FinishLine(ctx, by, s.OrderNumber, s.ID, line); err != nil {
			return err
		}
		if state == StoreNormal {
			has, err := tx.hourlyOfStore(ctx, s.ID)
			if err == nil {
				err = tx.runs(ctx, by, has, 1)
			}
			if err != nil {
				return err
			}
		}
		return tx.recordStore(ctx, by, s, verb, s.FailCode)
	})
}

// deleteStore is the job that removes a store's folder, its part of the quota
// and at last its row.
var deleteStore = Work{
	Steps: []WorkStep{
		{"close", func(ctx context.Context, db *DB, job *Job) error { return db.closeIndex(ctx, job.SubjectID) }},
		{"remove", func(_ context.Context, db *DB, job *Job) error { return db.removeIndex(job.SubjectID) }},
		{"release", func(ctx context.Context, db *DB, job *Job) error {
			return db.withStore(ctx, job, func(ctx context.Context, tx *DB, _ Actor, s *Store) error {
				return tx.releaseCU(ctx, s)
			})
		}},
	},
	Completed: func(ctx context.Context, tx *DB, job *Job) error {
		return tx.withStore(ctx, job, func(ctx context.Context, tx *DB, by Actor, s *Store) error {
			if err := tx.resized(ctx, by, s, 0); err != nil {
				return err
			}
			n, err := query.Of[Store](tx.gorm).Where("id = ? AND state = ?", s.ID, StoreDropping).Delete(ctx)
			if err != nil {
				return fmt.Errorf("delete store: %w", err)
			}
			if n == 0 {
				return ErrConflict
			}
			if err := tx.dropReminders(ctx, by, KindStore, s.ID); err != nil {
				return err
			}
			if err := tx.tally(ctx, by, tally{Kind: KindStore, Deleted: 1}); err != nil {
				return err
			}
			return tx.recordStore(ctx, by, s, "deleted", "")
		})
	},
	Failed: func(ctx context.Context, tx *DB, job *Job) error {
		return tx.withStore(ctx, job, func(ctx context.Context, tx *DB, by Actor, s *Store) error {
			if err := tx.setStore(ctx, by, s, StoreDeleteFailed, job.failure(), StoreDropping); err != nil {
				return err
			}
			return tx.recordStore(ctx, by, s, "delete_failed", s.FailCode)
		})
	},
}

// withStore runs fn in a transaction on the store that a job works on, on
// behalf of the person who asked for the job.
func (db *DB) withStore(ctx context.Context, job *Job, fn func(context.Context, *DB, Actor, *Store) error) error {
	return db.tx(ctx, func(ctx context.Context, tx *DB) error {
		by, err := tx.ServerActor(ctx, job)
		if err != nil {
			return err
		}
		s, err := tx.lockStore(ctx, by, job.SubjectID)
		if err != nil {
			return fmt.Errorf("store of job %s: %w", job.ID, err)
		}
		return fn(ctx, tx, by, s)
	})
}
