package models

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"quartermaster/models/query"
)

// CheckInput says how thoroughly to check.
type CheckInput struct {
	// Fast leaves out reading the bytes of objects to compare their checksums.
	Fast bool
	// Repair mends what can be mended without a choice. It is ErrConflict on a
	// database from OpenBeside.
	Repair bool
	Meter  *Meter
}

// CheckReport says what was checked and what does not fit.
type CheckReport struct {
	Objects, Bytes int64 // objects that were checked, and bytes that were read
	Rows           map[string]int64
	Findings       []Finding
	// Notes are not faults, but worth knowing.
	Notes []string
}

// Fits tells whether everything that was found has been mended.
func (r CheckReport) Fits() bool {
	return !slices.ContainsFunc(r.Findings, func(f Finding) bool { return !f.Mended })
}

// Finding is one way in which the data does not fit together.
type Finding struct {
	What  string // in English, for many: "objects without bytes"
	Cases []string
	// Mendable tells that Repair can mend it, Mended that it did.
	Mendable, Mended bool
}

// fault is one case of a finding.
type fault struct {
	id   string // tells the case from others of the same look
	says string // for a person
	row  row
	// unknown is the file of a case that has no record.
	unknown Unknown
}

// look is one of the checks.
type look struct {
	what string
	// find finds the cases; with ids, only among these.
	find func(ctx context.Context, db *DB, ids map[string]bool) ([]fault, error)
	// mend mends cases in the caller's transaction; nil when a person has to
	// decide.
	mend func(ctx context.Context, tx *DB, cases []fault) error
}

// Check looks whether database, files and counters fit together. It blocks
// nobody, and changes nothing unless a repair is asked for. What it finds it
// checks again before reporting it, since others may be changing it.
func (db *DB) Check(ctx context.Context, in CheckInput) (CheckReport, error) {
	var r CheckReport
	if in.Repair && db.lock == nil {
		return r, ErrConflict
	}
	var err error
	if r.Rows, err = countRows(db.gorm.WithContext(ctx)); err != nil {
		return r, translate(err)
	}
	for _, l := range db.looks(in, &r) {
		in.Meter.begin("looking for "+l.what, 0)
		cases, err := db.lookTwice(ctx, l)
		if err != nil {
			return r, fmt.Errorf("look for %s: %w", l.what, translate(err))
		}
		if len(cases) == 0 {
			continue
		}
		f := Finding{What: l.what, Mendable: l.mend != nil}
		for _, c := range cases {
			f.Cases = append(f.Cases, c.says)
		}
		if in.Repair && f.Mendable {
			if f.Mended, err = db.mend(ctx, l, cases); err != nil {
				return r, fmt.Errorf("mend %s: %w", l.what, translate(err))
			}
		}
		r.Findings = append(r.Findings, f)
	}
	r.Notes, err = db.checkNotes(ctx)
	return r, translate(err)
}

// lookTwice is what a check finds twice in a row.
func (db *DB) lookTwice(ctx context.Context, l look) ([]fault, error) {
	first, err := l.find(ctx, db, nil)
	if err != nil || len(first) == 0 {
		return nil, err
	}
	ids := map[string]bool{}
	for _, f := range first {
		ids[f.id] = true
	}
	again, err := l.find(ctx, db, ids)
	return slices.DeleteFunc(again, func(f fault) bool { return !ids[f.id] }), err
}

// mend mends the cases of a look and tells whether they are gone afterwards.
func (db *DB) mend(ctx context.Context, l look, cases []fault) (bool, error) {
	err := db.tx(ctx, func(ctx context.Context, tx *DB) error {
		if err := l.mend(ctx, tx, cases); err != nil {
			return err
		}
		return tx.recordMended(ctx, l, cases)
	})
	if err != nil {
		return false, err
	}
	left, err := db.lookTwice(ctx, l)
	return len(left) == 0, err
}

// recordMended writes down what a repair changed, in each team that it concerns.
func (db *DB) recordMended(ctx context.Context, l look, cases []fault) error {
	byTeam := map[string][]string{}
	for _, c := range cases {
		byTeam[c.row.TeamID] = append(byTeam[c.row.TeamID], c.says)
	}
	for id, says := range byTeam {
		by, name := Operator().ForSite(), ""
		if id != "" {
			team, err := query.Of[Team](db.gorm).Where("id = ?", id).First(ctx)
			if err != nil {
				return fmt.Errorf("team of what was mended: %w", err)
			}
			by.TeamID, name = id, team.Name
		}
		err := db.Record(ctx, by, Event{Action: "data.mended", Kind: KindTeam, SubjectID: id, SubjectName: name},
			map[string]any{"what": l.what, "cases": len(says), "first": says[:min(len(says), mostExamples)]})
		if err != nil {
			return err
		}
	}
	return nil
}

// mostExamples is how many cases are listed one by one.
const mostExamples = 5

// row is a case as the looks by SQL read it.
type row struct {
	ID, TeamID, Name string
	Have, Want       int64
}

// bySQL is a look by one query, which sees the database at one moment. The
// query has the columns of row, and says has a place for each.
func bySQL(what, statement, says string, mend string, args ...any) look {
	l := look{what: what, find: func(ctx context.Context, db *DB, _ map[string]bool) ([]fault, error) {
		var rows []row
		if err := db.gorm.WithContext(ctx).Raw(statement, args...).Scan(&rows).Error; err != nil {
			return nil, err
		}
		var found []fault
		for _, r := range rows {
			told := strings.NewReplacer("{id}", r.ID, "{name}", r.Name, "{have}", fmt.Sprint(r.Have), "{want}", fmt.Sprint(r.Want)).Replace(says)
			found = append(found, fault{id: r.TeamID + "/" + r.ID + "/" + r.Name, says: told, row: r})
		}
		return found, nil
	}}
	if mend != "" {
		l.mend = func(ctx context.Context, tx *DB, cases []fault) error {
			for _, c := range cases {
				named := map[string]any{"id": c.row.ID, "team": c.row.TeamID, "name": c.row.Name, "have": c.row.Have, "want": c.row.Want}
				if err := query.Exec(ctx, tx.gorm, mend, named); err != nil {
					return err
				}
			}
			return nil
		}
	}
	return l
}

// looks are all ways of looking, in the order they are made.
func (db *DB) looks(in CheckInput, r *CheckReport) []look {
	unknown := look{what: "bytes that nothing in the database has", find: unknownBytes(in), mend: moveAside}
	return slices.Concat(db.fileLooks(in, r), []look{unknown}, db.rowLooks())
}

// overdue is how long a job may wait before the check mentions it.
const overdue = time.Hour

// checkNotes are remarks that are not faults: while a server is stopped, its
// jobs wait.
func (db *DB) checkNotes(ctx context.Context) ([]string, error) {
	n, err := query.Of[Job](db.gorm).Where("state IN ? AND run_at < ?", []string{JobQueued, JobRunning}, db.Now().Add(-overdue)).Count(ctx, "*")
	if err != nil || n == 0 {
		return nil, err
	}
	return []string{fmt.Sprintf("%d jobs have been due for more than an hour; the server does them when it runs", n)}, nil
}
