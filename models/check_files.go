package models

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"quartermaster/models/objects"
	"quartermaster/models/query"
)

// fileLooks are the looks at files.
func (db *DB) fileLooks(in CheckInput, r *CheckReport) []look {
	return []look{
		{what: "faults of the database file", find: integrity},
		{what: "objects without bytes or with others than were recorded", find: wrongBytes(in, r)},
		{what: "stores without an index", find: storesWithoutIndex, mend: buildIndexes},
	}
}

// integrity is what SQLite itself finds. PostgreSQL enforces its constraints,
// and has tools of its own for its files.
func integrity(ctx context.Context, db *DB, _ map[string]bool) ([]fault, error) {
	if db.gorm.Name() != "sqlite" {
		return nil, nil
	}
	var found []fault
	var said []string
	if err := db.gorm.WithContext(ctx).Raw("PRAGMA integrity_check(20)").Scan(&said).Error; err != nil {
		return nil, err
	}
	for _, s := range said {
		if s != "ok" {
			found = append(found, fault{id: s, says: s})
		}
	}
	var broken []struct {
		Table, Parent string
		Rowid         int64
	}
	err := db.gorm.WithContext(ctx).Raw(`SELECT "table", parent, rowid FROM pragma_foreign_key_check`).Scan(&broken).Error
	for _, b := range broken {
		s := fmt.Sprintf("row %d of %s names a row of %s that is not there", b.Rowid, b.Table, b.Parent)
		found = append(found, fault{id: s, says: s})
	}
	return found, err
}

// wrongBytes checks the bytes of every blob.
func wrongBytes(in CheckInput, r *CheckReport) func(context.Context, *DB, map[string]bool) ([]fault, error) {
	return func(ctx context.Context, db *DB, ids map[string]bool) ([]fault, error) {
		if ids == nil {
			in.Meter.begin("looking at objects", r.Rows["objects"])
		}
		var found []fault
		err := eachBlob(db.gorm.WithContext(ctx), func(b blob) error {
			if ids != nil && !ids[b.Blob] {
				return nil
			}
			wrong, read, err := db.wrongBlob(ctx, b, in.Fast)
			if ids == nil {
				r.Objects++
				r.Bytes += read
				in.Meter.add(1, read)
			}
			if wrong != "" {
				found = append(found, fault{id: b.Blob, says: b.Of + " " + wrong + ", blob " + b.Blob})
			}
			return err
		})
		return found, err
	}
}

// wrongBlob says what is wrong with a blob, or "", and how many of its bytes
// were read.
func (db *DB) wrongBlob(ctx context.Context, b blob, fast bool) (wrong string, read int64, err error) {
	if err := ctx.Err(); err != nil {
		return "", 0, err
	}
	f, size, err := db.objects.Read(b.Blob)
	switch {
	case errors.Is(err, objects.ErrNotExist):
		return "has no bytes", 0, nil
	case err != nil:
		return "cannot be opened (" + err.Error() + ")", 0, nil
	}
	defer f.Close()
	if size != b.Size {
		return fmt.Sprintf("has %d bytes and should have %d", size, b.Size), 0, nil
	}
	if fast {
		return "", 0, nil
	}
	h := sha256.New()
	read, err = io.Copy(h, f)
	switch {
	case err != nil:
		return "cannot be read (" + err.Error() + ")", read, nil
	case hex.EncodeToString(h.Sum(nil)) != b.SHA256:
		return "has other bytes than were recorded", read, nil
	}
	return "", read, nil
}

// unknownBytes looks for files in the data folder without a record: bytes of
// objects and folders of stores. Those about to be deleted do not count, nor,
// while a server may be running, those about to be recorded.
func unknownBytes(in CheckInput) func(context.Context, *DB, map[string]bool) ([]fault, error) {
	return func(ctx context.Context, db *DB, _ map[string]bool) ([]fault, error) {
		u, err := db.FindUnknown(ctx)
		if err != nil {
			return nil, err
		}
		dropped, err := db.aboutToDrop(ctx)
		if err != nil {
			return nil, err
		}
		var found []fault
		for _, b := range u.Blobs {
			if dropped[b.ID] || b.Staged && !in.Repair && b.At.After(SystemClock().Add(-restful)) {
				continue
			}
			found = append(found, fault{id: b.ID, says: fmt.Sprintf("blob %s of %d bytes", b.ID, b.Size), unknown: Unknown{Blobs: []objects.Found{b}}})
		}
		for _, f := range u.Stores {
			found = append(found, fault{id: f.ID, says: "folder of a store " + f.ID, unknown: Unknown{Stores: []StoreFolder{f}}})
		}
		return found, nil
	}
}

// aboutToDrop are the blobs that jobs will drop.
func (db *DB) aboutToDrop(ctx context.Context) (map[string]bool, error) {
	jobs, err := query.Of[Job](db.gorm).Select("payload").Where("kind = ? AND state IN ?", DropBlobsJob, []string{JobQueued, JobRunning}).Find(ctx)
	blobs := map[string]bool{}
	for _, j := range jobs {
		var ids []string
		if err := json.Unmarshal([]byte(j.Payload), &ids); err != nil {
			return nil, fmt.Errorf("read job: %w", err)
		}
		for _, id := range ids {
			blobs[id] = true
		}
	}
	return blobs, err
}

func moveAside(ctx context.Context, tx *DB, cases []fault) error {
	var all Unknown
	for _, c := range cases {
		all.Blobs = append(all.Blobs, c.unknown.Blobs...)
		all.Stores = append(all.Stores, c.unknown.Stores...)
	}
	return tx.MoveAside(ctx, all)
}

// indexed are the states in which a store has an index.
var indexed = []StoreState{StoreNormal, StoreScaling, StoreScalingIn, StoreAbnormal, StoreFrozen, StoreDiskFull}

func storesWithoutIndex(ctx context.Context, db *DB, ids map[string]bool) ([]fault, error) {
	stores, err := query.Of[Store](db.gorm).Where("state IN ?", indexed).Order("id").Find(ctx)
	if err != nil {
		return nil, err
	}
	var found []fault
	for _, s := range stores {
		if !hasIndex(db.storeFolder(s.ID)) {
			found = append(found, fault{id: s.ID, says: s.Name + " in " + s.Region + ", " + s.ID, row: row{ID: s.ID, TeamID: s.TeamID}})
		}
	}
	return found, nil
}

// buildIndexes makes empty indexes: the owners of the documents have to add
// them again.
func buildIndexes(ctx context.Context, tx *DB, cases []fault) error {
	for _, c := range cases {
		if err := tx.buildIndex(ctx, c.row.ID); err != nil {
			return err
		}
	}
	return nil
}
