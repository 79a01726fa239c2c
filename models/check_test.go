package models_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"quartermaster/models"
	"quartermaster/models/list"
	"quartermaster/models/modelstest"
)

// whole is a database that has something of each kind, at rest, and orders that
// wait, one with a file.
type whole struct {
	options models.Options
	db      *models.DB
	team    modelstest.Team
	object  *models.Object
	store   string // its id
}

func newWhole(t *testing.T) whole {
	t.Helper()
	waits := func(_ context.Context, _ models.Actor, o *models.Order) (bool, string) {
		return o.Note == "wait", "waiting"
	}
	o := modelstest.Choose(t, models.Options{Policy: waits})
	db := modelstest.OpenWith(t, o)
	d := whole{options: o, db: db, team: modelstest.NewTeam(t, db)}
	by := d.team.Requester
	modelstest.HoldAPIOrders(t, db, d.team)
	b := mustCreateBucket(t, db, by, "full-bucket")
	mustCreateBucket(t, db, by, "empty-bucket")
	d.object = mustPutObject(t, db, by, b, "a.zip", zipped(t, "a"))
	mustPutObject(t, db, by, b, "b.txt", []byte("some text"))
	parted := bucketDesk{db: db, team: d.team, bucket: b.ID}
	of := parted.begin(t, models.ObjectInput{Key: "large"})
	parted.complete(t, of, parted.part(t, of, 1, bytesOf(1, 102400)), parted.part(t, of, 2, bytesOf(2, 5)))
	parted.part(t, parted.begin(t, models.ObjectInput{Key: "unfinished"}), 3, bytesOf(3, 7))
	_, err := db.CopyObject(t.Context(), by, models.CopyInput{FromBucket: b.ID, FromKey: "large", To: models.ObjectInput{BucketID: b.ID, Key: "copy"}})
	mustDo(t, err)
	app := mustCreateApp(t, db, by, "shop")
	mustPlaceVersion(t, db, by, &models.PkgVersionInput{AppID: app.ID, Label: "1.0", Source: "oss://full-bucket/a.zip"})
	d.store = placeStore(t, db, by, storeInput("knowledge")).ID
	mustPlan(t, db, by, example())
	waiting := storeOrder(storeInput("later"))
	waiting.Note = "wait"
	if _, err := db.PlaceOrder(t.Context(), byAPI(by), waiting); err != nil {
		t.Fatal(err)
	}
	waiting = versionOrder(&models.PkgVersionInput{AppID: app.ID, Label: "2.0", Upload: mustStage(t, db, by, "c.zip", zipped(t, "c"))})
	waiting.Note = "wait"
	mustPlace(t, db, by, waiting)
	modelstest.Work(t, db)
	return d
}

// check looks as beside a running server does.
func (d whole) check(t *testing.T, fast bool) models.CheckReport {
	t.Helper()
	db, err := models.OpenBeside(t.Context(), d.options)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	r, err := db.Check(t.Context(), models.CheckInput{Fast: fast, Meter: new(models.Meter)})
	if err != nil {
		t.Fatalf("check: %v", err)
	}
	return r
}

// file is where the data folder has the bytes of the object.
func (d whole) file() string {
	return filepath.Join(d.options.Folder, "objects", "blobs", d.object.Blob[:2], d.object.Blob)
}

// found are the findings in a few words each.
func found(r models.CheckReport) string {
	var all []string
	for _, f := range r.Findings {
		all = append(all, f.What)
	}
	return strings.Join(all, "; ")
}

func mustDo(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// old makes something look as if it had lain there for days.
func old(t *testing.T, path string) {
	t.Helper()
	then := time.Now().Add(-72 * time.Hour)
	mustDo(t, os.Chtimes(path, then, then))
}

func TestCheckFindsWhatDoesNotFit(t *testing.T) {
	t.Parallel()
	const bytesWrong = "objects without bytes or with others than were recorded"
	for _, c := range []struct {
		name   string
		breaks string // in SQL
		do     func(*testing.T, whole)
		want   string // all findings, or some where it ends in "…"
		says   string // in the cases of the first
		mends  bool
	}{
		{name: "nothing", mends: true},
		{name: "object without bytes", do: func(t *testing.T, d whole) { mustDo(t, os.Remove(d.file())) }, want: bytesWrong, says: "\"a.zip\" in bucket full-bucket has no bytes"},
		{name: "object that was cut", do: func(t *testing.T, d whole) { mustDo(t, os.Truncate(d.file(), 3)) }, want: bytesWrong, says: "has 3 bytes and should have"},
		{name: "object that was changed", do: func(t *testing.T, d whole) {
			text, err := os.ReadFile(d.file())
			mustDo(t, err)
			text[0]++
			mustDo(t, os.WriteFile(d.file(), text, 0o600))
		}, want: bytesWrong, says: "has other bytes than were recorded"},
		{name: "file of an order that waits", do: func(t *testing.T, d whole) {
			modelstest.Exec(t, d.options, "UPDATE order_lines SET blob = 'ffffffffffffffffffffffffffffffff' WHERE blob <> ''")
		}, want: bytesWrong, says: "\"c.zip\" of order"},
		{name: "bytes that nothing has", do: func(t *testing.T, d whole) {
			path := filepath.Join(filepath.Dir(d.file()), d.object.Blob[:2]+strings.Repeat("0", 30))
			mustDo(t, os.WriteFile(path, []byte("lost"), 0o600))
			old(t, path)
		}, want: "bytes that nothing in the database has", says: "of 4 bytes", mends: true},
		{name: "folder of no store", do: func(t *testing.T, d whole) {
			path := filepath.Join(d.options.Folder, "stores", "00000000-0000-4000-8000-000000000000")
			mustDo(t, os.MkdirAll(filepath.Join(path, "index"), 0o700))
			old(t, path)
		}, want: "bytes that nothing in the database has", says: "folder of a store", mends: true},
		{name: "store without an index", do: func(t *testing.T, d whole) {
			mustDo(t, os.Remove(filepath.Join(d.options.Folder, "stores", d.store, "index.db")))
		}, want: "stores without an index", says: "knowledge in cn-north-7", mends: true},

		{name: "size of a bucket", breaks: "UPDATE buckets SET used_bytes = used_bytes + 1 WHERE name = 'full-bucket'", want: "buckets whose size is counted wrong", says: "full-bucket says", mends: true},
		{name: "objects of a bucket", breaks: "UPDATE buckets SET object_count = 7 WHERE name = 'full-bucket'", want: "buckets whose objects are counted wrong", says: "full-bucket says 7 objects and has 4", mends: true},
		{name: "size of the parts of a bucket", breaks: "UPDATE buckets SET reserved_bytes = 0 WHERE name = 'full-bucket'", want: "buckets whose unfinished uploads are counted wrong", says: "full-bucket says 0 bytes of parts and holds 7", mends: true},
		{name: "part of an object that is gone", breaks: "DELETE FROM parts WHERE size = 5 AND owner IN (SELECT id FROM objects WHERE multipart)", want: "objects whose parts are not all there", says: "large"},
		{name: "parts of an upload that is gone", breaks: "DELETE FROM multiparts", want: "buckets whose unfinished uploads are counted wrong; parts of nothing", mends: true},
		{name: "part that was changed", do: func(t *testing.T, d whole) {
			mustDo(t, os.WriteFile(blobOf(t, d.options.Folder, bytesOf(2, 5)), []byte("other"), 0o600))
		}, want: bytesWrong, says: "part of \"large\" in bucket full-bucket has other bytes"},
		{name: "part of an unfinished upload that was cut", do: func(t *testing.T, d whole) {
			mustDo(t, os.Truncate(blobOf(t, d.options.Folder, bytesOf(3, 7)), 1))
		}, want: bytesWrong, says: "part of \"unfinished\" in bucket full-bucket has 1 bytes"},
		{name: "versions of an application", breaks: "UPDATE apps SET version_count = 9", want: "applications whose versions are counted wrong", says: "shop says 9 versions and has 1", mends: true},
		{name: "compute units", breaks: "UPDATE teams SET cu_used = 1", want: "teams whose compute units are counted wrong", says: "counts 1 and its stores have 2", mends: true},
		{name: "total of a team", breaks: "UPDATE counters SET value = value + 3 WHERE name = 'bucket'", want: "totals of teams that are counted wrong", says: "bucket says 5 and there are 2", mends: true},
		{name: "total that is missing", breaks: "DELETE FROM counters WHERE name = 'bytes'", want: "totals of teams that are counted wrong", says: "bytes says 0", mends: true},
		{name: "total of nothing", breaks: "INSERT INTO counters (team_id, name, value) SELECT id, 'app.nowhere', 4 FROM teams", want: "totals of teams that are counted wrong", says: "app.nowhere says 4 and there are 0", mends: true},
		{name: "month of what was made", breaks: "UPDATE months SET created = created + 1 WHERE kind = 'store'", want: "months that do not add up to what there is", says: "store: the months leave 2 and there are 1"},
		{name: "month of what was spent", breaks: "UPDATE months SET spend_minor = spend_minor + 1 WHERE kind = 'plan'", want: "months that do not add up to what was spent", says: "plan: the months say"},

		{name: "order numbers at the end", breaks: "UPDATE order_days SET last = last + 2", want: "order numbers that are missing", says: " to "},
		{name: "order with another number", do: func(t *testing.T, d whole) {
			const one = "(SELECT MIN(number) FROM orders WHERE state = 'pending')"
			modelstest.Exec(t, d.options, "DELETE FROM order_lines WHERE order_number = "+one)
			modelstest.Exec(t, d.options, "UPDATE orders SET number = number + 100 WHERE number = "+one)
		}, want: "order numbers that are missing; days whose next order number is taken already; orders whose lines are not all there…"},
		{name: "orders of a month", breaks: "UPDATE spends SET orders = orders + 1", want: "months whose orders are counted wrong", says: ": says "},
		{name: "line that is gone", breaks: "DELETE FROM order_lines WHERE kind = 'plan'", want: "months that do not add up to what was spent; orders whose lines are not all there…"},
		{name: "total of an order", breaks: "UPDATE orders SET total_minor = total_minor + 5 WHERE kinds = 'plan'", want: "orders whose total is not that of their lines"},
		{name: "order in another state", breaks: "UPDATE orders SET state = 'fulfilling' WHERE kinds = 'plan'", want: "orders in another state than their lines", says: "is fulfilling"},
		{name: "order without its bucket", breaks: "DELETE FROM buckets WHERE name = 'empty-bucket'", want: "totals of teams that are counted wrong; months that do not add up to what there is; completed orders without what they made (bucket)"},
		{name: "plan without its order", breaks: "UPDATE plans SET order_number = 1", want: "things without the order that made them (plan)", says: "order 1 has no line"},
		{name: "version of another object", breaks: "UPDATE pkg_versions SET sha256 = 'ff' WHERE state = 'READY'", want: "package versions with another checksum than their object", says: "1.0"},
		{name: "store that waits in vain", breaks: "UPDATE stores SET state = 'DROPPING' WHERE name = 'knowledge'", want: "stores that wait for a job that has ended", says: "knowledge DROPPING"},
		{name: "version that waits in vain", breaks: "UPDATE pkg_versions SET state = 'CHECKING'", want: "package versions that wait for a job that has ended", says: "1.0"},
		{name: "job that waits in vain", breaks: "UPDATE orders SET state = 'rejected' WHERE kinds = 'store' AND state = 'pending'", want: "months that do not add up to what there is; orders that wait for nobody; jobs that wait for an order that was decided", says: ""},
		{name: "order that waits for nobody", breaks: "UPDATE approvals SET state = 'ended' WHERE state = 'open'", want: "orders that wait for nobody", says: "0 open approvals"},
		{name: "budget of no order", breaks: "INSERT INTO budget_periods (budget_id, period, team_id, reserved_minor, spent_minor) SELECT 'b', '2026-11', MIN(id), 5, 0 FROM teams",
			want: "budgets that do not add up to their orders", says: "b 2026-11"},
		{name: "line that waits in vain", breaks: "UPDATE order_lines SET state = 'fulfilling' WHERE kind = 'plan'", want: "orders in another state than their lines; lines of orders that wait for something that has ended"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := newWhole(t)
			if c.breaks != "" {
				modelstest.Exec(t, d.options, c.breaks)
			}
			if c.do != nil {
				c.do(t, d)
			}
			r := d.check(t, false)
			some, partly := strings.CutSuffix(c.want, "…")
			if got := found(r); got != c.want && !(partly && strings.Contains(got, some)) {
				t.Fatalf("found %q, want %q", got, c.want)
			}
			if c.says != "" && !strings.Contains(strings.Join(r.Findings[0].Cases, "; "), c.says) {
				t.Errorf("says %q, want %q in it", r.Findings[0].Cases, c.says)
			}
			if again := found(d.check(t, false)); again != found(r) {
				t.Errorf("a look changed %q to %q", found(r), again)
			}
			d.mustMend(t, c.mends, r)
		})
	}
}

// mustMend repairs, and holds whether everything fits then, and that what was
// changed is written down.
func (d whole) mustMend(t *testing.T, all bool, before models.CheckReport) {
	t.Helper()
	r, err := d.db.Check(t.Context(), models.CheckInput{Repair: true, Meter: new(models.Meter)})
	if err != nil {
		t.Fatalf("repair: %v", err)
	}
	if r.Fits() != all {
		t.Errorf("after a repair everything fits: %v (%s), want %v", r.Fits(), found(r), all)
	}
	if after := found(d.check(t, false)); (after == "") != all {
		t.Errorf("found %q after the repair", after)
	}
	mended := 0
	for _, f := range r.Findings {
		if f.Mended {
			mended++
		}
	}
	by := models.Operator().ForSite()
	by.TeamID, by.Role = d.team.ID, models.Admin
	events, err := recorded(t, d.db, by, "data.")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range before.Findings {
		if strings.HasPrefix(f.What, "bytes") || strings.HasPrefix(f.What, "days") || strings.HasPrefix(f.What, "parts of nothing") {
			return // told of in the site's own record
		}
	}
	if len(events) != mended {
		t.Errorf("%d events tell of %d repairs", len(events), mended)
	}
}

func TestFastCheckReadsNoBytes(t *testing.T) {
	t.Parallel()
	d := newWhole(t)
	text, err := os.ReadFile(d.file())
	mustDo(t, err)
	text[len(text)-1]++
	mustDo(t, os.WriteFile(d.file(), text, 0o600))
	if r := d.check(t, true); !r.Fits() || r.Objects != 6 || r.Bytes != 0 {
		t.Errorf("fast: found %q after %d objects and %d bytes, want nothing after 6 and 0", found(r), r.Objects, r.Bytes)
	}
	if r := d.check(t, false); r.Fits() {
		t.Error("found nothing, want the changed object")
	}
}

// What lies there because it is under way is no fault.
func TestCheckLeavesOutWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	d := newWhole(t)
	by := d.team.Requester
	mustStage(t, d.db, by, "d.zip", zipped(t, "d")) // its order is about to be placed
	b := mustCreateBucket(t, d.db, by, "third-bucket")
	mustPutObject(t, d.db, by, b, "a", []byte("first"))
	mustPutObject(t, d.db, by, b, "a", []byte("second")) // the first is dropped by a job
	placeStore(t, d.db, by, storeInput("being-made"))
	if r := d.check(t, false); !r.Fits() {
		t.Errorf("found %q, want nothing", found(r))
	}
}

// Numbers that went with a database which is no more are known to the record.
func TestRecordedGapIsNoFault(t *testing.T) {
	t.Parallel()
	d := newWhole(t)
	modelstest.Exec(t, d.options, "UPDATE order_days SET last = last + 5")
	if got, want := found(d.check(t, true)), "order numbers that are missing"; got != want {
		t.Fatalf("found %q, want %q", got, want)
	}
	orders, _, err := modelstest.List(t.Context(), d.db, d.team.Viewer, models.Orders, list.With("free", "true"))
	mustDo(t, err)
	last := orders[0].Number
	modelstest.Exec(t, d.options, `INSERT INTO events (id, team_id, at, user_id, user_name, action, result, kind, subject_id, subject_name, region, detail, face, address, request_id)
		VALUES ('ffffffffffffffffffffffffffffffff', '', ?, '', '', 'order.gap', 'done', 'order', '', '', '', ?, 'server', '', '')`,
		time.Now(), strings.NewReplacer("FROM", fmt.Sprint(last), "TO", fmt.Sprint(last+5)).Replace(`{"from":FROM,"to":TO}`))
	if r := d.check(t, true); !r.Fits() {
		t.Errorf("found %q, want nothing", found(r))
	}
}

func TestRepairNeedsTheDeskForItself(t *testing.T) {
	t.Parallel()
	d := newWhole(t)
	db, err := models.OpenBeside(t.Context(), d.options)
	mustDo(t, err)
	defer db.Close()
	modelstest.Exec(t, d.options, "UPDATE apps SET version_count = 9")
	if _, err := db.Check(t.Context(), models.CheckInput{Repair: true, Meter: new(models.Meter)}); !errors.Is(err, models.ErrConflict) {
		t.Errorf("beside another process: got %v, want %v", err, models.ErrConflict)
	}
}

// The key of an object may hold anything. What a check says of it is read on an
// operator's terminal, which must not obey it, in one line.
func TestACheckNamesKeysThatNoTerminalObeys(t *testing.T) {
	t.Parallel()
	o := modelstest.Choose(t, models.Options{})
	db := modelstest.OpenWith(t, o)
	team := modelstest.NewTeam(t, db)
	bucket := mustBucket(t, db, team.Requester, 0)
	mustPut(t, db, team.Requester, bucket, "a\x1b[2K\nEverything fits.\u202e", "text")
	blobs, err := filepath.Glob(filepath.Join(o.Folder, "objects", "blobs", "*", "*"))
	if err != nil || len(blobs) != 1 {
		t.Fatalf("got %v, %v; want one blob", blobs, err)
	}
	if err := os.Remove(blobs[0]); err != nil {
		t.Fatal(err)
	}
	r, err := db.Check(t.Context(), models.CheckInput{Meter: new(models.Meter)})
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprint(r.Findings)
	if !strings.Contains(got, `"a\x1b[2K\nEverything fits.\u202e" in bucket `) || strings.ContainsAny(got, "\x1b\n\u202e") {
		t.Errorf("got %q, want the key with its marks written out", got)
	}
}
