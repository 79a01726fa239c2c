package models_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"quartermaster/models"
	"quartermaster/models/list"
	"quartermaster/models/modelstest"
)

// addBuckets adds buckets past all rules, many at once: from one number up to
// another, named by an expression of i, seven of them in each second.
func addBuckets(t *testing.T, o models.Options, by models.Actor, from, to int, name string) {
	t.Helper()
	at := "strftime('%Y-%m-%d %H:%M:%S+00:00', 1700000000 + i / 7, 'unixepoch')"
	if o.Postgres != "" {
		at = "to_timestamp(1700000000 + i / 7)"
	}
	modelstest.Exec(t, o, `WITH RECURSIVE r(i) AS (SELECT CAST(? AS bigint) UNION ALL SELECT i + 1 FROM r WHERE i < ?)
		INSERT INTO buckets (id, team_id, name, region, description, tags, storage, size_limit, order_number, created_by, creator_name, created_at, updated_at)
		SELECT CAST(? AS text) || i, CAST(? AS text), `+name+`, 'cn-hangzhou', '', '[]', false, 0, i, '', 'Ada', `+at+`, `+at+` FROM r`,
		from, to, by.TeamID[:8], by.TeamID)
}

// named are the buckets of a team's list that have a text.
func named(t *testing.T, db *models.DB, by models.Actor, text string) []string {
	t.Helper()
	rows, _, err := modelstest.List(t.Context(), db, by, models.Buckets, list.Query{Text: text})
	if err != nil {
		t.Fatalf("list by %q: %v", text, err)
	}
	var names []string
	for _, b := range rows {
		names = append(names, b.Name)
	}
	return names
}

// indexed runs a test with what was written last not indexed yet, and indexed.
func indexed(t *testing.T, test func(t *testing.T, index func(*models.DB))) {
	for _, at := range []bool{false, true} {
		t.Run(fmt.Sprintf("indexed %t", at), func(t *testing.T) {
			t.Parallel()
			test(t, func(db *models.DB) {
				t.Helper()
				if !at {
					return
				}
				if err := db.FillSearchNow(t.Context()); err != nil {
					t.Fatal(err)
				}
				if n, err := db.SearchWaits(t.Context(), models.Actor{}, models.KindBucket); err != nil || n > 0 {
					t.Fatalf("%d are not indexed, %v", n, err)
				}
			})
		})
	}
}

func TestSearchFindsWhatIsThereNow(t *testing.T) {
	t.Parallel()
	indexed(t, func(t *testing.T, index func(*models.DB)) {
		o := modelstest.Choose(t, models.Options{})
		db := modelstest.OpenWith(t, o)
		team, other := modelstest.NewTeam(t, db), modelstest.NewTeam(t, db)
		check := func(what, text string, want ...string) {
			t.Helper()
			if got := named(t, db, team.Viewer, text); !slices.Equal(got, want) {
				t.Errorf("%s: the list has %v, want %v", what, got, want)
			}
			hits, err := db.Search(t.Context(), team.Viewer, text)
			hits = slices.DeleteFunc(hits, func(h models.Hit) bool { return h.Kind != models.KindBucket })
			if err != nil || len(hits) != len(want) {
				t.Errorf("%s: a search has %v, %v, want %v", what, hits, err, want)
			}
			if got := named(t, db, other.Viewer, text); len(got) > 0 {
				t.Errorf("%s: another team finds %v", what, got)
			}
		}
		id := mustPlace(t, db, team.Requester, bucketOrder("quarterly-reports", "")).Lines[0].ResourceID
		check("at once", "terly-rep", "quarterly-reports")
		index(db)
		check("later", "terly-rep", "quarterly-reports")
		modelstest.Exec(t, o, "UPDATE buckets SET name = 'yearly-accounts' WHERE id = ?", id)
		check("by the old name", "terly-rep")
		check("by the new name", "ly-acc", "yearly-accounts")
		index(db)
		check("by the old name", "terly-rep")
		check("by the new name", "ly-acc", "yearly-accounts")
		modelstest.Exec(t, o, "UPDATE buckets SET tags = '[\"gold\"]' WHERE id = ?", id)
		check("by a tag", "GOLD", "yearly-accounts")
		if err := db.DeleteBucket(t.Context(), team.Requester, id); err != nil {
			t.Fatal(err)
		}
		check("deleted", "ly-acc")
		index(db)
		check("deleted", "ly-acc")
	})
}

func TestSearchTakesAnyText(t *testing.T) {
	t.Parallel()
	names := []string{"Ｃａｆé 知识仓", "kb-知识", "仓", `o"NEAR/2 b* -c OR d`, `50%_off\`, "it's", "naïve", "ΌΡΙΟ", "ab", "a"}
	indexed(t, func(t *testing.T, index func(*models.DB)) {
		o := modelstest.Choose(t, models.Options{})
		db := modelstest.OpenWith(t, o)
		team := modelstest.NewTeam(t, db)
		for i, name := range names {
			addBuckets(t, o, team.Requester, i, i, "CAST('"+strings.ReplaceAll(name, "'", "''")+"' AS text)")
		}
		index(db)
		for text, want := range map[string][]string{
			"cafe": {names[0]}, "CAFÉ": {names[0]}, "ｃａｆｅ": {names[0]}, "知识仓": {names[0]}, "知识": {names[1], names[0]}, "识": {names[1], names[0]},
			"仓": {names[2], names[0]}, "识仓": {names[0]}, "é 知": {names[0]}, "NAIVE": {names[6]}, "όριο": {names[7]}, "οριο": {names[7]},
			`"`: {names[3]}, `o"n`: {names[3]}, "near": {names[3]}, "NEAR/2": {names[3]}, "b* -c": {names[3]}, "-c OR": {names[3]}, "* ": {names[3]},
			"%": {names[4]}, `%_o`: {names[4]}, `\`: {names[4]}, "f%f": nil, "'s": {names[5]}, "t's": {names[5]}, "' OR 1=1 --": nil,
			"知 识": nil, "仓知": nil, "\x00": nil, "a\x00b": {names[8]}, "\xff": nil, "bab": nil, strings.Repeat("é", 100): nil, "ab": {names[8]},
		} {
			got := named(t, db, team.Viewer, text)
			if text == "ab" {
				got = slices.DeleteFunc(got, func(s string) bool { return !strings.Contains(s, "ab") })
			}
			if text == "\x00" || text == "\xff" { // nothing is left to look for
				continue
			}
			if !slices.Equal(got, want) {
				t.Errorf("%q: got %q, want %q", text, got, want)
			}
		}
	})
}

func TestPagesOfASearchNeitherSkipNorRepeat(t *testing.T) {
	t.Parallel()
	o := modelstest.Choose(t, models.Options{})
	db := modelstest.OpenWith(t, o)
	team := modelstest.NewTeam(t, db)
	fill := func() {
		t.Helper()
		if err := db.FillSearchNow(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	// Segments that overlap, with equal moments, a name given twice, and a rest.
	name := "CASE WHEN i % 3 = 0 THEN 'deep-' ELSE 'flat-' END || i"
	addBuckets(t, o, team.Requester, 1000, 1999, name)
	fill()
	addBuckets(t, o, team.Requester, 3000, 3499, name)
	fill()
	addBuckets(t, o, team.Requester, 1, 999, name)
	fill()
	modelstest.Exec(t, o, "UPDATE buckets SET name = name || '-again' WHERE order_number BETWEEN 1050 AND 1120")
	fill()
	addBuckets(t, o, team.Requester, 2500, 2600, name)
	for _, text := range []string{"deep", "de", "d", "deep-1", "p-17", "-again", "5", "nothing"} {
		read := func(q list.Query) ([]models.Bucket, list.Page[models.Bucket]) {
			t.Helper()
			rows, c, err := modelstest.List(t.Context(), db, team.Viewer, models.Buckets, q)
			if err != nil {
				t.Fatal(err)
			}
			return rows, c
		}
		var want []string
		for p := (list.Query{Size: 100}); ; {
			rows, c := read(p)
			for _, b := range rows {
				if strings.Contains(b.Name+" "+b.ID, text) || strings.Contains("ada", text) || strings.Contains("[]", text) {
					want = append(want, b.ID)
				}
			}
			if p.After = c.Next; p.After == "" {
				break
			}
		}
		var got []string
		last := list.Query{Text: text, Size: 37}
		for p := last; ; last = p {
			rows, c := read(p)
			for _, b := range rows {
				got = append(got, b.ID)
			}
			if p.After = c.Next; p.After == "" {
				break
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q forwards: got %d, want %d; they differ at %d", text, len(got), len(want), differ(got, want))
		}
		rows, c := read(last)
		got = nil
		for {
			for _, b := range slices.Backward(rows) {
				got = append(got, b.ID)
			}
			if c.Prev == "" {
				break
			}
			rows, c = read(list.Query{Text: text, Size: 37, Before: c.Prev})
		}
		slices.Reverse(got)
		if !slices.Equal(got, want) {
			t.Errorf("%q backwards: got %d, want %d; they differ at %d", text, len(got), len(want), differ(got, want))
		}
	}
}

// differ is the first place where two lists differ.
func differ(a, b []string) int {
	i := 0
	for i < min(len(a), len(b)) && a[i] == b[i] {
		i++
	}
	return i
}

func TestSearchFindsAllHoweverMuchWaits(t *testing.T) {
	t.Parallel()
	o := modelstest.Choose(t, models.Options{})
	db := modelstest.OpenWith(t, o)
	team := modelstest.NewTeam(t, db)
	addBuckets(t, o, team.Requester, 1, 6000, "'bucket-' || i || '.'")
	for _, waits := range []string{"nothing is indexed", "all is indexed"} {
		for _, n := range []string{"-17.", "-5999.", "-6000."} {
			if got := named(t, db, team.Viewer, "bucket"+n); !slices.Contains(got, "bucket"+n) {
				t.Errorf("%s: bucket%s is not found", waits, n)
			}
		}
		if err := db.FillSearch(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := db.SearchWaits(t.Context(), team.Viewer, models.KindBucket); err != nil || n > 0 {
		t.Errorf("%d wait, %v", n, err)
	}
}

func TestFillingGoesOnAfterAKill(t *testing.T) {
	t.Parallel()
	o := modelstest.Choose(t, models.Options{})
	db := modelstest.OpenWith(t, o)
	team := modelstest.NewTeam(t, db)
	// The third segment of the kind is never kept, as if the program were killed
	// while it is written.
	modelstest.Exec(t, o, "CREATE UNIQUE INDEX killer ON search_docs (part) WHERE part = 400")
	addBuckets(t, o, team.Requester, 1, 40_000, "'bucket-' || i || '.'")
	if err := db.FillSearch(t.Context()); err == nil {
		t.Fatal("nothing was interrupted")
	}
	n, docs, err := db.SearchSegments(t.Context(), team.Viewer, models.KindBucket)
	waits, err2 := db.SearchWaits(t.Context(), team.Viewer, models.KindBucket)
	if err != nil || err2 != nil || n != 1 || docs+waits != 40_000 {
		t.Fatalf("%d segments of %d things, and %d wait, %v, %v", n, docs, waits, err, err2)
	}
	modelstest.Exec(t, o, "DROP INDEX killer")
	if err := db.FillSearch(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, docs, err := db.SearchSegments(t.Context(), team.Viewer, models.KindBucket); err != nil || docs != 40_000 {
		t.Errorf("%d things are indexed, %v", docs, err)
	}
	for _, i := range []int{1, 16_384, 16_385, 39_999} {
		if got := named(t, db, team.Viewer, fmt.Sprintf("bucket-%d.", i)); !slices.Contains(got, fmt.Sprintf("bucket-%d.", i)) {
			t.Errorf("bucket-%d is not found", i)
		}
	}
}

func TestSmallSegmentsBecomeOneOfWhatIsLeft(t *testing.T) {
	t.Parallel()
	o := modelstest.Choose(t, models.Options{})
	db := modelstest.OpenWith(t, o)
	team := modelstest.NewTeam(t, db)
	for i := range 40 {
		addBuckets(t, o, team.Requester, i*10, i*10+9, "'bucket-' || i || '.'")
		if i == 20 {
			modelstest.Exec(t, o, "DELETE FROM buckets WHERE order_number < 50")
		}
		if err := db.FillSearchNow(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	n, docs, err := db.SearchSegments(t.Context(), team.Viewer, models.KindBucket)
	if err != nil || n != 9 || docs != 350 {
		t.Errorf("got %d segments of %d things, %v, want 9 of 350", n, docs, err)
	}
	for text, want := range map[string]int{"-49.": 0, "-50.": 1, "-399.": 1} {
		if got := named(t, db, team.Viewer, text); len(got) != want {
			t.Errorf("by %q: got %v", text, got)
		}
	}
}

func TestASearchReadsNoMoreOfManyRows(t *testing.T) {
	t.Parallel()
	o := modelstest.Choose(t, models.Options{})
	db := modelstest.OpenWith(t, o)
	few, many := modelstest.NewTeam(t, db), modelstest.NewTeam(t, db)
	name := "'webplus-cn-hangzhou-s-' || (i * 7919) || '-' || i"
	addBuckets(t, o, few.Requester, 1, 1000, name)
	addBuckets(t, o, many.Requester, 200_001, 300_000, name)
	if err := db.FillSearchNow(t.Context()); err != nil {
		t.Fatal(err)
	}
	var steps models.Steps
	if err := db.WatchReads(&steps); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		text string
		hits int   // among many
		most int64 // rows that are read
	}{
		{text: "zzz", most: 30}, {text: "no such thing", most: 30}, {text: "hangzhou-t", most: 40}, {text: "-250000", hits: 1, most: 60},
		{text: "cn-hangzhou-s-99999999", most: 400},
		{text: "hangzhou", hits: 50, most: 160}, {text: "w", hits: 50, most: 200}, {text: "仓", most: 30}, {text: "zz", most: 30},
	} {
		for _, team := range []models.Actor{few.Viewer, many.Viewer} {
			for what, read := range map[string]func() (int, error){
				"list": func() (int, error) {
					rows, _, err := modelstest.List(t.Context(), db, team, models.Buckets, list.Query{Text: c.text})
					return len(rows), err
				},
				"search": func() (int, error) {
					hits, err := db.Search(t.Context(), team, c.text)
					return len(hits), err
				},
			} {
				steps = models.Steps{}
				hits, err := read()
				if want := c.hits; team.TeamID == many.Viewer.TeamID && what == "list" && hits != want || err != nil {
					t.Errorf("%s by %q: %d hits, %v, want %d", what, c.text, hits, err, want)
				}
				most := c.most
				if what == "search" {
					most += 40 // for the other kinds, of which there are none
				}
				if steps.Rows > most {
					t.Errorf("%s by %q: read %d rows, want %d at most", what, c.text, steps.Rows, most)
				}
				for _, p := range steps.Plans {
					if strings.HasPrefix(p, "SCAN ") && !strings.HasPrefix(p, "SCAN f ") && !strings.HasPrefix(p, "SCAN few") && !strings.HasPrefix(p, "SCAN (") &&
						!strings.Contains(p, "CONSTANT ROW") && !strings.Contains(p, "VALUES CLAUSE in ") {
						t.Errorf("%s by %q: %s", what, c.text, p)
					}
				}
			}
		}
	}
}

func TestWhatIsSearchedIsNotedAlsoAfterATableIsMadeAnew(t *testing.T) {
	t.Parallel()
	o := modelstest.Choose(t, models.Options{})
	db, err := models.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	team := modelstest.NewTeam(t, db)
	addBuckets(t, o, team.Requester, 1, 10, "'bucket-' || i || '.'")
	if err := errors.Join(db.FillSearchNow(t.Context()), db.Close()); err != nil {
		t.Fatal(err)
	}
	on := ""
	if modelstest.Postgres() {
		on = " ON buckets"
	}
	modelstest.Exec(t, o, "DROP TRIGGER search_bucket_added"+on)
	addBuckets(t, o, team.Requester, 11, 20, "'bucket-' || i || '.'")
	db = modelstest.OpenWith(t, o)
	for _, text := range []string{"bucket-7.", "bucket-17."} {
		if got := named(t, db, team.Viewer, text); len(got) != 1 {
			t.Errorf("by %q: got %v", text, got)
		}
	}
}

func TestACheckFindsWhatASearchMisses(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct{ harm, finds string }{
		"noted nowhere":         {"DELETE FROM search_queue WHERE kind = 'bucket'", "-50."},
		"not in its segment":    {"DELETE FROM search_docs WHERE part = 0", "-7."},
		"without its triples":   {"DELETE FROM search_terms", "-7."},
		"changed past triggers": {"UPDATE buckets SET name = replace(name, 'bucket', 'packet')", ""},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			o := modelstest.Choose(t, models.Options{})
			db := modelstest.OpenWith(t, o)
			team := modelstest.NewTeam(t, db)
			addBuckets(t, o, team.Requester, 1, 40, "'bucket-' || i || '.'")
			if err := db.FillSearchNow(t.Context()); err != nil {
				t.Fatal(err)
			}
			addBuckets(t, o, team.Requester, 41, 60, "'bucket-' || i || '.'")
			missed := func(repair bool) int {
				t.Helper()
				r, err := db.Check(t.Context(), models.CheckInput{Repair: repair, Meter: new(models.Meter)})
				if err != nil {
					t.Fatal(err)
				}
				for _, f := range r.Findings {
					if f.What == "things that a search may miss" {
						return len(f.Cases)
					}
				}
				return 0
			}
			if n := missed(false); n > 0 {
				t.Fatalf("%d are missed before anything is wrong", n)
			}
			modelstest.Exec(t, o, c.harm)
			if n := missed(false); n == 0 != (c.finds == "") {
				t.Fatalf("%d are missed", n)
			}
			if c.finds == "" {
				return
			}
			if got := named(t, db, team.Viewer, c.finds); len(got) > 0 {
				t.Fatalf("found %v all the same", got)
			}
			missed(true)
			if err := db.FillSearchNow(t.Context()); err != nil {
				t.Fatal(err)
			}
			if n := missed(false); n > 0 {
				t.Errorf("%d are missed after a repair", n)
			}
			if got := named(t, db, team.Viewer, c.finds); len(got) != 1 {
				t.Errorf("after a repair: got %v", got)
			}
		})
	}
}

func TestTheFillerFillsWhatWasWritten(t *testing.T) {
	t.Parallel()
	o := modelstest.Choose(t, models.Options{})
	db := modelstest.OpenWith(t, o)
	team := modelstest.NewTeam(t, db)
	addBuckets(t, o, team.Requester, 1, 600, "'bucket-' || i || '.'")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	done := make(chan struct{})
	go func() { (&models.Worker{DB: db}).Run(ctx); close(done) }()
	for n := 1; n > 0 && ctx.Err() == nil; {
		var err error
		if n, err = db.SearchWaits(ctx, team.Viewer, models.KindBucket); err != nil {
			t.Fatal(err)
		}
	}
	if ctx.Err() != nil {
		t.Error("nothing was indexed in a minute")
	}
	cancel()
	<-done
}

// addPlans adds plans past all rules, as addBuckets does.
func addPlans(t *testing.T, o models.Options, by models.Actor, from, to int, id string) {
	t.Helper()
	at := func(seconds string) string {
		if o.Postgres != "" {
			return "to_timestamp(CAST(1700000000 AS bigint) + " + seconds + ")"
		}
		return "strftime('%Y-%m-%d %H:%M:%S+00:00', 1700000000 + " + seconds + ", 'unixepoch')"
	}
	modelstest.Exec(t, o, `WITH RECURSIVE r(i) AS (SELECT CAST(? AS bigint) UNION ALL SELECT i + 1 FROM r WHERE i < ?)
		INSERT INTO plans (id, team_id, product_code, package_type, specification, unit, region, duration, pricing_cycle, effective_at, ends_at,
			currency, paid_minor, note, order_number, created_by, creator_name, created_at, updated_at)
		SELECT `+id+`, CAST(? AS text), 'ossbag', CASE WHEN i % 5 = 0 THEN 'FPT_ossbag_absolute_StorageArchive_china_common' ELSE 'FPT_ossbag_absolute_Storage_china_common' END,
			100, 'GB', 'cn', 1, 'Month', `+at("i")+`, `+at("1000000000 + (i * 7919) % 1000")+`, 'CNY', 100, CASE WHEN i % 2 = 0 THEN 'even' ELSE 'odd' END,
			i, '', 'Grace', `+at("i / 7")+`, `+at("i")+` FROM r`, from, to, by.TeamID)
}

func TestAListFindsATextInEveryOrderOfIt(t *testing.T) {
	t.Parallel()
	o := modelstest.Choose(t, models.Options{})
	db := modelstest.OpenWith(t, o)
	team := modelstest.NewTeam(t, db)
	for _, at := range []int{1000, 3000, 2000, 0} {
		addPlans(t, o, team.Requester, at, at+699, "'OSSBAG-' || i || '.'")
		if err := db.FillSearchNow(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	addPlans(t, o, team.Requester, 5000, 5100, "'OSSBAG-' || i || '.'")
	read := func(q list.Query) (plans []models.Plan) {
		t.Helper()
		for {
			page, err := models.Plans.Read(t.Context(), db, team.Viewer, q)
			if err != nil {
				t.Fatal(err)
			}
			plans = append(plans, page.Rows...)
			if q.After = page.Next; q.After == "" {
				return plans
			}
			q.Size = 100
		}
	}
	for what, q := range map[string]list.Query{
		"as usual": {}, "turned around": {Reverse: true}, "by their end": {Sort: "ends"}, "by their end turned around": {Sort: "ends", Reverse: true},
		"of a type": list.With("type", "FPT_ossbag_absolute_StorageArchive_china_common"), "that are active": list.With("state", "ACTIVE"), "that have expired": list.With("state", "EXPIRED"),
	} {
		q.Whole = true
		all := read(q)
		for _, text := range []string{"ossbag", "even", "odd", "-17", "5099.", "StorageArchive", "存储", "归档", "no such thing", "grace", "g-3", "1.", "."} {
			var want, got []string
			for _, p := range all {
				if s := strings.ToLower(p.ID + " " + p.PackageType + " " + p.Note + " " + p.CreatorName); strings.Contains(s, strings.ToLower(text)) ||
					strings.Contains(p.Type.ZH, text) || strings.Contains(strings.ToLower(p.Type.EN), text) {
					want = append(want, p.ID)
				}
			}
			q := q
			q.Text = text
			for _, p := range read(q) {
				got = append(got, p.ID)
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s by %q: got %d plans, want %d; they differ at %d", what, text, len(got), len(want), differ(got, want))
			}
			q.Count = true
			if page, err := models.Plans.Read(t.Context(), db, team.Viewer, q); err != nil || page.Total != int64(min(len(want), list.CountTo)) && page.Total != list.Unknown {
				t.Errorf("%s by %q: counted %d, %v, want %d", what, text, page.Total, err, len(want))
			}
		}
	}
}
