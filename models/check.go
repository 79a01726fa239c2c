package models

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"quartermaster/models/objects"
)

// CheckInput says how closely to look.
type CheckInput struct {
	// Fast leaves out reading the bytes of objects to compare their checksums.
	Fast bool
	// Repair mends what can be mended without a choice. It is ErrConflict beside
	// others: the database has to be opened with Open.
	Repair bool
	Meter  *Meter
}

// CheckReport is what was looked at and what does not fit.
type CheckReport struct {
	Objects, Bytes int64 // of which the bytes were looked for, and read
	Rows           map[string]int64
	Findings       []Finding
	// Notes are worth knowing and no fault.
	Notes []string
}

// Fits tells whether nothing was found that was not mended.
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
	// unknown is what lies there of a case without a record.
	unknown Unknown
}

// look is one way of looking whether the data fits together.
type look struct {
	what string
	// find finds the cases; where ids are given, only among these.
	find func(ctx context.Context, db *DB, ids map[string]bool) ([]fault, error)
	// mend mends cases in the caller's transaction; nil where a person has to
	// choose.
	mend func(ctx context.Context, tx *DB, cases []fault) error
}

// Check looks whether database, files and counters fit together. Nothing is
// held up or changed, unless a repair is asked for. What is found is looked for
// again before it counts: others may be about to change it.
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

// lookTwice is what both of two looks find.
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

// mend mends the cases of a look and tells whether they are gone then.
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
			team, err := table[Team](db.gorm).Where("id = ?", id).First(ctx)
			if err != nil {
				return fmt.Errorf("team of what was mended: %w", err)
			}
			by.TeamID, name = id, team.Name
		}
		err := db.record(ctx, by, Event{Action: "data.mended", Kind: KindTeam, SubjectID: id, SubjectName: name},
			map[string]any{"what": l.what, "cases": len(says), "first": says[:min(len(says), mostExamples)]})
		if err != nil {
			return err
		}
	}
	return nil
}

// mostExamples is how many cases are told one by one.
const mostExamples = 5

// row is what the looks by SQL read of a case.
type row struct {
	ID, TeamID, Name string
	Have, Want       int64
}

// bySQL is a look by one query, which sees the database as it is at one moment.
// It gives the columns of row; says tells a case with the place of each.
func bySQL(what, query, says string, mend string, args ...any) look {
	l := look{what: what, find: func(ctx context.Context, db *DB, _ map[string]bool) ([]fault, error) {
		var rows []row
		if err := db.gorm.WithContext(ctx).Raw(query, args...).Scan(&rows).Error; err != nil {
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
				if err := execute(ctx, tx.gorm, mend, named); err != nil {
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

// fileLooks are the looks at what the files must hold.
func (db *DB) fileLooks(in CheckInput, r *CheckReport) []look {
	return []look{
		{what: "faults of the database file", find: integrity},
		{what: "objects without bytes or with others than were recorded", find: wrongBytes(in, r)},
		{what: "stores without an index", find: storesWithoutIndex, mend: buildIndexes},
	}
}

// integrity is what SQLite itself finds. PostgreSQL holds its own constraints,
// and has its own tools for its files.
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

// wrongBytes looks at the bytes of everything that has some.
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

// wrongBlob says what is wrong with a blob, "" when nothing is, and how many
// bytes of it were read.
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

// unknownBytes looks for what lies in the data folder and no record names, as
// bytes of objects and folders of stores. What is about to be dropped, and, while
// a server may be running, what is about to be recorded does not count.
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
	jobs, err := table[Job](db.gorm).Select("payload").Where("kind = ? AND state IN ?", DropBlobsJob, []string{JobQueued, JobRunning}).Find(ctx)
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
	stores, err := table[Store](db.gorm).Where("state IN ?", indexed).Order("id").Find(ctx)
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

// buildIndexes makes empty indexes: a store's documents are put in anew by
// whoever has them.
func buildIndexes(ctx context.Context, tx *DB, cases []fault) error {
	for _, c := range cases {
		if err := tx.buildIndex(ctx, c.row.ID); err != nil {
			return err
		}
	}
	return nil
}

// overdue is how long a job may wait before it is worth a word.
const overdue = time.Hour

// checkNotes are what is no fault: where a server is stopped, jobs wait for it.
func (db *DB) checkNotes(ctx context.Context) ([]string, error) {
	n, err := table[Job](db.gorm).Where("state IN ? AND run_at < ?", []string{JobQueued, JobRunning}, db.Now().Add(-overdue)).Count(ctx, "*")
	if err != nil || n == 0 {
		return nil, err
	}
	return []string{fmt.Sprintf("%d jobs have been due for more than an hour; the server does them when it runs", n)}, nil
}

// sumOf is a sum as both engines give it.
func sumOf(column string) string { return "CAST(COALESCE(SUM(" + column + "), 0) AS bigint)" }

// rowLooks are the looks at rows that other rows must agree with.
func (db *DB) rowLooks() []look {
	return slices.Concat(countLooks(db.things()), orderLooks(db.ordered()), jobLooks())
}

// countLooks are the looks at everything that is counted beside the rows.
func countLooks(things string) []look {
	return []look{
		bySQL("buckets whose size is counted wrong", `SELECT b.id, b.team_id, b.name, b.used_bytes AS have, `+sumOf("o.size")+` AS want
			FROM buckets b LEFT JOIN objects o ON o.bucket_id = b.id GROUP BY b.id HAVING b.used_bytes <> `+sumOf("o.size"),
			"{name} says {have} bytes and holds {want}",
			`UPDATE buckets SET used_bytes = (SELECT `+sumOf("size")+` FROM objects WHERE bucket_id = @id) WHERE id = @id`),
		bySQL("buckets whose objects are counted wrong", `SELECT b.id, b.team_id, b.name, b.object_count AS have, COUNT(o.id) AS want
			FROM buckets b LEFT JOIN objects o ON o.bucket_id = b.id GROUP BY b.id HAVING b.object_count <> COUNT(o.id)`,
			"{name} says {have} objects and has {want}",
			`UPDATE buckets SET object_count = (SELECT COUNT(*) FROM objects WHERE bucket_id = @id) WHERE id = @id`),
		bySQL("applications whose versions are counted wrong", `SELECT a.id, a.team_id, a.name, a.version_count AS have, COUNT(v.id) AS want
			FROM apps a LEFT JOIN pkg_versions v ON v.app_id = a.id GROUP BY a.id HAVING a.version_count <> COUNT(v.id)`,
			"{name} says {have} versions and has {want}",
			`UPDATE apps SET version_count = (SELECT COUNT(*) FROM pkg_versions WHERE app_id = @id) WHERE id = @id`),
		bySQL("teams whose compute units are counted wrong", `SELECT t.id, t.id AS team_id, t.name, t.cu_used AS have, `+usedCU+` AS want
			FROM teams t WHERE t.cu_used <> `+usedCU,
			"{name} counts {have} and its stores have {want}",
			`UPDATE teams SET cu_used = @want WHERE id = @id`),
		bySQL("totals of teams that are counted wrong", `WITH want (team_id, name, value) AS (`+things+totals+`)
			SELECT COALESCE(c.team_id, want.team_id) AS team_id, COALESCE(c.name, want.name) AS name,
				COALESCE(c.value, 0) AS have, COALESCE(want.value, 0) AS want
			FROM counters c FULL JOIN want ON want.team_id = c.team_id AND want.name = c.name
			WHERE COALESCE(c.value, 0) <> COALESCE(want.value, 0)`,
			"{name} says {have} and there are {want}",
			`INSERT INTO counters (team_id, name, value) VALUES (@team, @name, @want)
			ON CONFLICT (team_id, name) DO UPDATE SET value = excluded.value`),
		bySQL("months that do not add up to what there is", `WITH had (team_id, name, value) AS (
				SELECT team_id, kind, `+sumOf("created - deleted")+` FROM months GROUP BY team_id, kind),
			want (team_id, name, value) AS (SELECT team_id, name, `+sumOf("value")+` FROM (`+things+`
				UNION ALL SELECT l.team_id, l.kind, -COUNT(*) FROM order_lines l JOIN orders o ON o.number = l.order_number
					WHERE o.state = 'pending' AND o.type = 'New' AND l.resource_id <> '' GROUP BY l.team_id, l.kind) AS each_kind
				GROUP BY team_id, name)
			SELECT COALESCE(had.team_id, want.team_id) AS team_id, COALESCE(had.name, want.name) AS name,
				COALESCE(had.value, 0) AS have, COALESCE(want.value, 0) AS want
			FROM had FULL JOIN want ON want.team_id = had.team_id AND want.name = had.name
			WHERE COALESCE(had.value, 0) <> COALESCE(want.value, 0)`,
			"{name}: the months leave {have} and there are {want}", ""),
		bySQL("months that do not add up to what was spent", `WITH had (team_id, name, value) AS (
				SELECT team_id, kind, `+sumOf("spend_minor")+` FROM months GROUP BY team_id, kind),
			want (team_id, name, value) AS (
				SELECT l.team_id, l.kind, `+sumOf("l.amount_minor")+` FROM order_lines l JOIN orders o ON o.number = l.order_number
				WHERE o.state IN ('approved', 'fulfilling', 'completed') OR o.state = 'failed' AND o.refused IN ('', 'null')
				GROUP BY l.team_id, l.kind)
			SELECT COALESCE(had.team_id, want.team_id) AS team_id, COALESCE(had.name, want.name) AS name,
				COALESCE(had.value, 0) AS have, COALESCE(want.value, 0) AS want
			FROM had FULL JOIN want ON want.team_id = had.team_id AND want.name = had.name
			WHERE COALESCE(had.value, 0) <> COALESCE(want.value, 0)`,
			"{name}: the months say {have} and the orders {want}", ""),
	}
}

// usedCU is how many compute units the stores of team t take of its quota.
const usedCU = `CAST(COALESCE((SELECT SUM(CASE WHEN target > num THEN target ELSE num END) FROM stores WHERE team_id = t.id AND reserved), 0) AS bigint)`

// things is how many of each kind that is ordered each team has.
func (db *DB) things() string {
	var each []string
	for _, k := range db.ordered() {
		each = append(each, "SELECT team_id, '"+string(k.Kind)+"' AS name, COUNT(*) AS value FROM "+k.Table+" GROUP BY team_id")
	}
	return strings.Join(each, " UNION ALL ")
}

// totals is what counters count beside things.
const totals = `
		UNION ALL SELECT team_id, 'order', COUNT(*) FROM orders GROUP BY team_id
		UNION ALL SELECT team_id, 'order.paid', COUNT(*) FROM orders WHERE NOT free GROUP BY team_id
		UNION ALL SELECT team_id, 'app.' || region, COUNT(*) FROM apps GROUP BY team_id, region
		UNION ALL SELECT team_id, 'plan.' || product_code, COUNT(*) FROM plans GROUP BY team_id, product_code
		UNION ALL SELECT team_id, 'bytes', CAST(SUM(size) AS bigint) FROM objects GROUP BY team_id`

// orderLooks are the looks at orders, their numbers, lines and resources.
func orderLooks(kinds []KindFacts) []look {
	const numbered = `(SELECT number / 10000000 AS day, number % 10000000 AS place FROM orders)`
	looks := []look{
		withoutGaps(bySQL("order numbers that are missing", `SELECT CAST(before + 1 AS text) AS id, '' AS team_id, '' AS name,
				day * 10000000 + before + 1 AS have, day * 10000000 + place - 1 AS want FROM (
				SELECT day, place, LAG(place, 1, 0) OVER (PARTITION BY day ORDER BY place) AS before FROM `+numbered+` AS n
			) AS pairs WHERE place <> before + 1
			UNION ALL SELECT CAST(d.last AS text), '', '', d.day * 10000000 + COALESCE(MAX(n.place), 0) + 1, d.day * 10000000 + d.last
				FROM order_days d LEFT JOIN `+numbered+` AS n ON n.day = d.day GROUP BY d.day, d.last HAVING COALESCE(MAX(n.place), 0) < d.last`,
			"{have} to {want}", "")),
		bySQL("days whose next order number is taken already", `SELECT CAST(n.day AS text) AS id, '' AS team_id, '' AS name,
				COALESCE(d.last, 0) AS have, MAX(n.place) AS want
				FROM `+numbered+` AS n LEFT JOIN order_days d ON d.day = n.day GROUP BY n.day, d.last HAVING MAX(n.place) > COALESCE(d.last, 0)`,
			"{id}: the next is after {have}, and {want} are taken",
			`INSERT INTO order_days (day, last) VALUES (CAST(@id AS bigint), @want) ON CONFLICT (day) DO UPDATE SET last = excluded.last`),
		bySQL("orders whose lines are not all there", `SELECT CAST(o.number AS text) AS id, o.team_id, o.title AS name, o.line_count AS want, COUNT(l.position) AS have
			FROM orders o LEFT JOIN order_lines l ON l.order_number = o.number GROUP BY o.number HAVING o.line_count <> COUNT(l.position)`,
			"{id} has {have} of {want} lines", ""),
		bySQL("orders whose total is not that of their lines", `SELECT CAST(o.number AS text) AS id, o.team_id, o.title AS name, o.total_minor AS have, `+sumOf("l.amount_minor")+` AS want
			FROM orders o JOIN order_lines l ON l.order_number = o.number GROUP BY o.number HAVING o.total_minor <> `+sumOf("l.amount_minor"),
			"{id} says {have} and its lines {want}", ""),
		bySQL("orders in another state than their lines", `SELECT CAST(o.number AS text) AS id, o.team_id, o.state AS name, COUNT(*) AS have, 0 AS want
			FROM orders o JOIN order_lines l ON l.order_number = o.number
			WHERE o.state = 'approved' OR o.state = 'completed' AND l.state <> 'completed'
				OR o.state = 'fulfilling' AND NOT EXISTS (SELECT 1 FROM order_lines f WHERE f.order_number = o.number AND f.state = 'fulfilling')
			GROUP BY o.number, o.team_id, o.state`,
			"{id} is {name}", ""),
	}
	for _, row := range kinds {
		k := row.Kind
		looks = append(looks,
			bySQL("completed orders without what they made ("+string(k)+")", `SELECT CAST(l.order_number AS text) AS id, l.team_id, l.resource_name AS name, l.position AS have, 0 AS want
				FROM order_lines l JOIN orders o ON o.number = l.order_number
				WHERE l.kind = ? AND l.state = 'completed' AND o.type = 'New'
				AND NOT EXISTS (SELECT 1 FROM `+row.Table+` r WHERE r.id = l.resource_id)
				AND NOT EXISTS (SELECT 1 FROM events e WHERE e.team_id = l.team_id AND e.subject_id = l.resource_id AND e.action = ?)`,
				"{id}: {name} is not there, and nobody deleted it", "", k, string(k)+".deleted"),
			bySQL("things without the order that made them ("+string(k)+")", `SELECT r.id, r.team_id, r.`+cmp.Or(row.Called, "name")+` AS name, r.order_number AS have, 0 AS want
				FROM `+row.Table+` r WHERE NOT EXISTS (SELECT 1 FROM order_lines l
				WHERE l.order_number = r.order_number AND l.resource_id = r.id AND l.team_id = r.team_id)`,
				"{name}: order {have} has no line for it", ""))
	}
	return append(looks, bySQL("package versions with another checksum than their object", `SELECT v.id, v.team_id, v.label AS name, v.size AS have, o.size AS want
		FROM pkg_versions v JOIN objects o ON o.id = v.object_id WHERE v.state = 'READY' AND (v.sha256 <> o.sha256 OR v.size <> o.size)`,
		"{name} {id}", ""))
}

// withoutGaps leaves out of a look at numbers those that the record says were
// given by a database which is no more.
func withoutGaps(l look) look {
	find := l.find
	l.find = func(ctx context.Context, db *DB, ids map[string]bool) ([]fault, error) {
		found, err := find(ctx, db, ids)
		if err != nil || len(found) == 0 {
			return nil, err
		}
		events, err := table[Event](db.gorm).Where("action IN ?", []string{"order.gap", "site.accepted"}).Find(ctx)
		for _, e := range events {
			var gap struct{ From, To int64 }
			if err := json.Unmarshal([]byte(e.Detail), &gap); err != nil {
				return nil, fmt.Errorf("read gap: %w", err)
			}
			found = slices.DeleteFunc(found, func(f fault) bool { return f.row.Have > gap.From && f.row.Want <= gap.To })
		}
		return found, err
	}
	return l
}

// jobLooks are the looks at what waits for a job that will never come.
func jobLooks() []look {
	const (
		ended = `(j.id IS NULL OR j.state IN ('completed', 'failed'))`
		// The demo shows things on the way that are to stay there.
		notDemo = ` AND NOT EXISTS (SELECT 1 FROM settings WHERE name = ?)`
	)
	return []look{
		bySQL("stores that wait for a job that has ended", `SELECT s.id, s.team_id, s.name || ' ' || s.state AS name, 0 AS have, 0 AS want
			FROM stores s LEFT JOIN jobs j ON j.id = s.job_id
			WHERE s.state IN ('CREATING', 'DROPPING', 'SCALING', 'SCALING_IN') AND `+ended+notDemo, "{name}", "", demoSince),
		bySQL("package versions that wait for a job that has ended", `SELECT v.id, v.team_id, v.label AS name, 0 AS have, 0 AS want
			FROM pkg_versions v LEFT JOIN jobs j ON j.id = v.job_id WHERE v.state = 'CHECKING' AND `+ended+notDemo, "{name} {id}", "", demoSince),
		bySQL("jobs that wait for an order that was decided", `SELECT j.id, j.team_id, j.subject_name AS name, s.order_number AS have, 0 AS want
			FROM jobs j JOIN stores s ON s.job_id = j.id JOIN orders o ON o.number = s.order_number
			WHERE j.state = 'held' AND o.state <> 'pending'`, "{name}: order {have}", ""),
		bySQL("lines of orders that wait for something that has ended", `SELECT CAST(l.order_number AS text) AS id, l.team_id, l.name, l.position AS have, 0 AS want
			FROM order_lines l WHERE l.state = 'fulfilling'
			AND NOT EXISTS (SELECT 1 FROM stores s WHERE s.id = l.resource_id AND s.state IN ('CREATING', 'SCALING', 'SCALING_IN'))
			AND NOT EXISTS (SELECT 1 FROM pkg_versions v WHERE v.id = l.resource_id AND v.state = 'CHECKING')`, "{id}: {name}", ""),
	}
}
