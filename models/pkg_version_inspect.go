package models

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"

	"quartermaster/models/archive"
	"quartermaster/models/objects"
)

// inspect is the job that proves a version's bytes and lists what is in them.
// It changes nothing of a version that was deleted meanwhile.
var inspect = Work{
	Steps: []WorkStep{
		{"read", inspecting((*DB).checkSize)},
		{"checksum", inspecting((*DB).checkSum)},
		{"list", inspecting((*DB).listArchive)},
	},
	Completed: func(ctx context.Context, tx *DB, job *Job) error {
		return tx.inspected(ctx, job, VersionReady, OrderCompleted, "version.checked")
	},
	Failed: func(ctx context.Context, tx *DB, job *Job) error {
		return tx.inspected(ctx, job, VersionFailed, OrderFailed, "version.failed")
	},
}

// listed bounds how much of an archive is kept for the page that shows it.
func listed() archive.Limits {
	limits := archive.Defaults
	limits.Listed = 2000
	return limits
}

// inspecting is a step that looks at the bytes of a version's object.
func inspecting(look func(*DB, context.Context, *PkgVersion, *Object, *os.File) error) func(context.Context, *DB, *Job) error {
	return func(ctx context.Context, db *DB, job *Job) error {
		by, err := db.ServerActor(ctx, job)
		if err != nil {
			return err
		}
		v, err := db.FindPkgVersion(ctx, by, job.SubjectID)
		if errors.Is(err, ErrNotFound) {
			return nil // deleted: there is nothing to do
		}
		if err != nil {
			return err
		}
		o, err := db.PkgVersionObject(ctx, by, v)
		if err != nil {
			return err
		}
		f, _, err := db.objects.Read(o.Blob)
		if errors.Is(err, objects.ErrNotExist) {
			return &Failure{Code: "bytes_missing"}
		}
		if err != nil {
			return err
		}
		defer f.Close()
		return look(db, ctx, v, o, f)
	}
}

func (db *DB) checkSize(_ context.Context, _ *PkgVersion, o *Object, f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if info.Size() != o.Size {
		return &Failure{Code: "size_differs", Detail: fmt.Sprintf("%d bytes, recorded %d", info.Size(), o.Size)}
	}
	return nil
}

func (db *DB) checkSum(ctx context.Context, _ *PkgVersion, o *Object, f *os.File) error {
	sum := sha256.New()
	if _, err := io.Copy(sum, reading{ctx, f}); err != nil {
		return err
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != o.SHA256 {
		return &Failure{Code: "checksum_differs", Detail: fmt.Sprintf("%s, recorded %s", got, o.SHA256)}
	}
	return nil
}

// reading reads until its context ends.
type reading struct {
	ctx context.Context
	r   io.Reader
}

func (r reading) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}

func (db *DB) listArchive(ctx context.Context, v *PkgVersion, o *Object, f *os.File) error {
	found, err := archive.List(ctx, f, o.Size, listed())
	var reason archive.Reason
	switch {
	case err == nil:
		v.Listing = &found
	case !errors.As(err, &reason):
		return err
	case reason != archive.NotArchive || namedArchive(v.Key()):
		return &Failure{Code: string(reason), Detail: err.Error()}
	default:
		v.Listing = nil // a file of another sort, about which there is no more to say
	}
	return db.tx(context.WithoutCancel(ctx), func(ctx context.Context, tx *DB) error {
		return tx.gorm.WithContext(ctx).Model(v).Where("team_id = ? AND state = ?", v.TeamID, VersionChecking).
			Select("Listing").Updates(v).Error
	})
}

// namedArchive tells whether a file calls itself one of the archives that we
// list, so that it is damaged when it is none.
func namedArchive(key string) bool {
	switch strings.ToLower(path.Ext(key)) {
	case ".zip", ".jar", ".war":
		return true
	}
	return false
}

// inspected records the outcome of an inspection in the version, its order and
// the activity.
func (db *DB) inspected(ctx context.Context, job *Job, state PkgVersionState, line OrderState, action string) error {
	by, err := db.ServerActor(ctx, job)
	if err != nil {
		return err
	}
	n, err := table[PkgVersion](db.gorm).Select("State", "FailCode", "UpdatedAt").
		Where("team_id = ? AND id = ? AND state = ?", by.TeamID, job.SubjectID, VersionChecking).
		Updates(ctx, PkgVersion{State: state, FailCode: job.FailCode, UpdatedAt: db.TeamNow(by)})
	if err != nil || n == 0 {
		return err
	}
	v, err := db.FindPkgVersion(ctx, by, job.SubjectID)
	if err != nil {
		return err
	}
	if err := db.FinishLine(ctx, by, v.OrderNumber, v.ID, line); err != nil {
		return err
	}
	e := Event{Action: action, Kind: KindPkgVersion, SubjectID: v.ID, SubjectName: job.SubjectName, Region: v.Region, OrderNumber: v.OrderNumber}
	if state == VersionFailed {
		e.Result = "failed"
		return db.record(ctx, by, e, map[string]any{"fail_code": job.FailCode})
	}
	return db.record(ctx, by, e, map[string]any{"sha256": v.SHA256})
}

// RetryPkgVersion checks a version again whose check failed, from the step
// that failed. One in another state is ErrConflict.
func (db *DB) RetryPkgVersion(ctx context.Context, by Actor, id string) error {
	if err := by.may(Request); err != nil {
		return err
	}
	return db.tx(ctx, func(ctx context.Context, tx *DB) error {
		v, err := tx.FindPkgVersion(ctx, by, id)
		if err != nil {
			return err
		}
		n, err := table[PkgVersion](tx.gorm).Select("State", "FailCode", "UpdatedAt").
			Where("team_id = ? AND id = ? AND state = ?", by.TeamID, id, VersionFailed).
			Updates(ctx, PkgVersion{State: VersionChecking, UpdatedAt: tx.TeamNow(by)})
		if err != nil {
			return err
		}
		if n == 0 {
			return ErrConflict
		}
		if err := tx.retry(ctx, v.JobID); err != nil {
			return err
		}
		if err := tx.FinishLine(ctx, by, v.OrderNumber, v.ID, OrderFulfilling); err != nil {
			return err
		}
		return tx.record(ctx, by, Event{
			Action: "version.retried", Kind: KindPkgVersion, SubjectID: v.ID, SubjectName: v.AppName + " " + v.Label, Region: v.Region,
			OrderNumber: v.OrderNumber,
		})
	})
}
