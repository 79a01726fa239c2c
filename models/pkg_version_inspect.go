package models

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"

	"quartermaster/models/archive"
	"quartermaster/models/objects"
	"quartermaster/models/query"
)

// inspect is the job that verifies a version's bytes and lists what is in them.
// It does nothing when the version was deleted meanwhile.
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

const (
	// listed bounds how much of an archive is kept for the page that shows it.
	listed = 2000
	// brief is how many bytes are read, or unpacked, before a check counts as long.
	brief = 256 << 20
)

// inspection is a look at the bytes of a version's object.
type inspection struct {
	job     *Job
	version *PkgVersion
	object  *Object
	file    objects.File
}

// inspecting is a step that looks at the bytes of a version's object.
func inspecting(look func(*DB, context.Context, inspection) error) func(context.Context, *DB, *Job) error {
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
		f, err := db.openObject(ctx, o)
		if errors.Is(err, objects.ErrNotExist) {
			return &Failure{Code: "bytes_missing"}
		}
		if err != nil {
			return err
		}
		defer f.Close()
		return look(db, ctx, inspection{job, v, o, f})
	}
}

// found is what the check of another version of the team has found out about the
// same content, or nil. Another team's is not asked: how soon a check ends would
// tell what others have.
func (db *DB) found(ctx context.Context, v *PkgVersion, where string, args ...any) (*PkgVersion, error) {
	if v.SHA256 == "" { // nobody knows yet whose content it is
		return nil, nil
	}
	const told = `(state = ? AND listing NOT IN ('', 'null') OR state = ? AND fail_code IN ?)`
	rows, err := query.Of[PkgVersion](db.gorm).
		Where("team_id = ? AND sha256 = ? AND size = ? AND id <> ?", v.TeamID, v.SHA256, v.Size, v.ID).
		Where(told, VersionReady, VersionFailed, archive.Reasons).Where(where, args...).Limit(1).Find(ctx)
	if err != nil || len(rows) == 0 {
		return nil, translate(err)
	}
	return &rows[0], nil
}

func (db *DB) checkSize(_ context.Context, in inspection) error {
	size, err := in.file.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	if size != in.object.Size {
		return &Failure{Code: "size_differs", Detail: fmt.Sprintf("%d bytes, recorded %d", size, in.object.Size)}
	}
	return nil
}

func (db *DB) checkSum(ctx context.Context, in inspection) error {
	if known, err := db.found(ctx, in.version, "object_id = ?", in.object.ID); err != nil || known != nil {
		return err
	}
	if in.object.Size > brief && !in.job.Long {
		return errLong
	}
	sum, err := in.object.sum(ctx, in.file)
	if err != nil || in.version.SHA256 != "" {
		return err
	}
	// What was joined from parts had no checksum yet when the version was made.
	return db.tx(context.WithoutCancel(ctx), func(ctx context.Context, tx *DB) error {
		if err := tx.hashed(ctx, in.object, sum); err != nil {
			return err
		}
		v := in.version
		return tx.gorm.WithContext(ctx).Model(v).Where("team_id = ? AND state = ? AND sha256 = ''", v.TeamID, VersionChecking).Update("sha256", sum).Error
	})
}

// sum reads an object's bytes and is their SHA-256. Bytes that are not those that
// were recorded are a Failure.
func (o *Object) sum(ctx context.Context, r io.Reader) (string, error) {
	sha, crc := sha256.New(), objects.NewCRC64()
	_, err := io.Copy(io.MultiWriter(sha, crc), reading{ctx, r})
	switch {
	case errors.Is(err, objects.ErrNotExist), errors.Is(err, io.ErrUnexpectedEOF):
		return "", &Failure{Code: "bytes_missing", Detail: err.Error()}
	case err != nil:
		return "", err
	}
	got := hex.EncodeToString(sha.Sum(nil))
	if o.SHA256 != "" && got != o.SHA256 || o.CRC64 != "" && strconv.FormatUint(crc.Sum64(), 10) != o.CRC64 {
		return "", &Failure{Code: "checksum_differs", Detail: fmt.Sprintf("%s, recorded %s; CRC64 %d, recorded %s", got, o.SHA256, crc.Sum64(), o.CRC64)}
	}
	return got, nil
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

func (db *DB) listArchive(ctx context.Context, in inspection) error {
	v := in.version
	known, err := db.found(ctx, v, "")
	if err != nil {
		return err
	}
	if known != nil {
		if known.State == VersionFailed {
			return &Failure{Code: known.FailCode, Detail: "as version " + known.ID + " of the same content"}
		}
		v.Listing = known.Listing
	} else if v.Listing, err = listing(ctx, in); err != nil {
		return err
	}
	return db.tx(context.WithoutCancel(ctx), func(ctx context.Context, tx *DB) error {
		return tx.gorm.WithContext(ctx).Model(v).Where("team_id = ? AND state = ?", v.TeamID, VersionChecking).
			Select("Listing").Updates(v).Error
	})
}

// listing lists an archive. A file of another sort, about which there is no more to
// say, is nil.
func listing(ctx context.Context, in inspection) (*archive.Listing, error) {
	limits := archive.Defaults
	limits.Listed = listed
	if !in.job.Long {
		limits.Brief = brief
	}
	l, err := archive.List(ctx, in.file, in.object.Size, limits)
	var reason archive.Reason
	switch {
	case err == nil:
		return &l, nil
	case errors.Is(err, archive.ErrLong):
		return nil, errLong
	case !errors.As(err, &reason):
		return nil, err
	case reason != archive.NotArchive || namedArchive(in.version.Key()):
		return nil, &Failure{Code: string(reason), Detail: err.Error()}
	}
	return nil, nil
}

// namedArchive tells whether a file has the name of an archive that we can
// list, so that it must be damaged when it is not one.
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
	n, err := query.Of[PkgVersion](db.gorm).Select("State", "FailCode", "UpdatedAt").
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
		return db.Record(ctx, by, e, map[string]any{"fail_code": job.FailCode})
	}
	return db.Record(ctx, by, e, map[string]any{"sha256": v.SHA256})
}

// RetryPkgVersion retries a failed check from the step that failed. A version
// in another state is ErrConflict.
func (db *DB) RetryPkgVersion(ctx context.Context, by Actor, id string) error {
	if err := by.may(Request); err != nil {
		return err
	}
	return db.tx(ctx, func(ctx context.Context, tx *DB) error {
		v, err := tx.FindPkgVersion(ctx, by, id)
		if err != nil {
			return err
		}
		n, err := query.Of[PkgVersion](tx.gorm).Select("State", "FailCode", "UpdatedAt").
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
		return tx.Record(ctx, by, Event{
			Action: "version.retried", Kind: KindPkgVersion, SubjectID: v.ID, SubjectName: v.AppName + " " + v.Label, Region: v.Region,
			OrderNumber: v.OrderNumber,
		})
	})
}
