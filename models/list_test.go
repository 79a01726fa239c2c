package models_test

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"quartermaster/models"
	"quartermaster/models/list"
	"quartermaster/models/modelstest"
)

func TestEveryListIsAmongTheLists(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`var (\w+) = &List\[`).FindAllStringSubmatch(string(text), -1) {
			found = append(found, m[1])
		}
	}
	slices.Sort(found)
	if want := slices.Sorted(maps.Keys(models.Lists())); !slices.Equal(found, want) || len(found) == 0 {
		t.Errorf("the lists are %q, and those that are looked at %q", found, want)
	}
}

// filled is a database in which the tables of lists are filled with rows that
// are alike except for what lists compare.
type filled struct {
	*modelstest.Cost
	team models.Actor
	// owners are whose the rows are, by what tells that, where not the team's, and
	// rows how many there are, by table.
	owners map[string]string
	rows   map[string]int
}

// start is the time of the first row.
var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// any value of a filter that takes any text: a third of the rows have the first, whatever their other filters,
// and twenty have the other.
const common, rare = "common", "rare"

// others is how many others there are: a prime, so that none tells what values that take
// turns, such as states, a row has.
const others = 53

// moment is the SQL of a time that many seconds after start.
func (f *filled) moment(seconds string) string {
	if f.Dollar {
		return "timestamptz '2026-01-01 00:00:00+00' + (" + seconds + ") * interval '1 second'"
	}
	return "strftime('%Y-%m-%d %H:%M:%S+00:00', '2026-01-01', '+' || (" + seconds + ") || ' seconds')"
}

// fill copies the team's last row of a list's table until there are n.
func (f *filled) fill(t *testing.T, s list.Shape, n int) {
	t.Helper()
	from := f.rows[s.Table]
	if from >= n {
		return
	}
	f.people(t, s, from, n)
	values := map[string]string{"settled_until": "CASE WHEN i <= 40 THEN " + f.moment("0") + " ELSE " + f.moment("400000000") + " END", "token": "NULL", "counted": "i % 5 <> 0",
		"tags": fmt.Sprintf(`CASE WHEN i %% 5000 = 17 AND i < 100000 THEN '["%s"]' WHEN i * 7919 %% 10007 / 97 %% 3 = 0 THEN '["%s","other"]' ELSE '[]' END`, rare, common)}
	for i, filter := range f.filters(s.Table) {
		var words []string
		each := fmt.Sprintf("(i / %d) %% %d", i+1, max(len(filter.Values), 2))
		switch {
		case filter.Column == "free":
			values["free"] = "i % 3 = 0"
			continue
		case filter.Values == nil:
			values[filter.Column] = fmt.Sprintf("CASE WHEN i %% 5000 = 17 AND i < 100000 THEN '%s' WHEN i * 7919 %% 10007 / %d %% 3 = 0 THEN '%s' ELSE 'other' || (i %% %d) END", rare, i+1, common, others)
			continue
		}
		for j, v := range filter.Values {
			words = append(words, fmt.Sprintf("WHEN %d THEN '%s'", j, v))
		}
		values[filter.Column] = "CASE " + each + " " + strings.Join(words, " ") + " END"
	}
	var columns, selected []string
	for _, c := range f.Columns(t, s.Table) {
		as, ok := values[c]
		switch {
		case ok && c != s.Key:
		case c == s.Key && strings.HasSuffix(c, "number"):
			as = "first." + c + " + i"
		case c == "key": // of files, in folders
			as = fmt.Sprintf("CASE WHEN i %% 5000 = 17 THEN '%s' WHEN i %% 3 = 0 THEN '%s' ELSE 'other' END || '/' || i", rare, common)
		case c == s.Key, c == "name", c == "email", c == "token_hash", c == "user_name", strings.HasPrefix(c, "label"), strings.HasSuffix(c, "_key"):
			as = "first." + c + " || '-" + s.Table[:1] + "' || i"
		case c == "unique_key":
			as = "NULL"
		case c == "created_at", c == "at", c == "touched_at":
			as = f.moment("i * 61")
		case c == "ends_at": // in another order
			as = f.moment("i * 7919 % 100003 * 61")
		case strings.HasSuffix(c, "_minor"), c == "used_bytes", c == "size":
			as = "i % 977"
		default:
			as = "first." + c
		}
		columns, selected = append(columns, c), append(selected, as)
	}
	f.Exec(t, fmt.Sprintf(`WITH RECURSIVE n (i) AS (SELECT %d UNION ALL SELECT i + 1 FROM n WHERE i < %d)
		INSERT INTO %s (%s) SELECT %s FROM n, (SELECT * FROM %s WHERE %s ORDER BY %s DESC LIMIT 1) AS first`,
		from+1, n, s.Table, strings.Join(columns, ", "), strings.Join(selected, ", "), s.Table, f.scope(s), s.Key))
	if at := slices.IndexFunc(models.Kinds(), func(k models.KindFacts) bool { return k.Tagged && k.Table == s.Table }); at >= 0 {
		kind := models.Kinds()[at].Kind
		f.Exec(t, fmt.Sprintf(`INSERT INTO tags (kind, id, key, team_id, tag, created_at) SELECT '%s', id, tag, team_id, tag, created_at FROM %s,
			(SELECT '%s' AS tag UNION ALL SELECT '%s') AS t WHERE tags LIKE '["' || tag || '"%%' AND (id, tag) NOT IN (SELECT id, key FROM tags WHERE kind = '%s')`, kind, s.Table, common, rare, kind))
		f.Exec(t, "ANALYZE tags")
	}
	f.rows[s.Table] = n
	f.Exec(t, "ANALYZE "+s.Table)
}

// filters are those of the lists of a table that compare a column.
func (f *filled) filters(table string) (all []list.Filter) {
	for _, name := range slices.Sorted(maps.Keys(models.Lists())) {
		s := models.Lists()[name].Shape()
		for _, filter := range s.Filters {
			if s.Table == table && filter.Column != "" && narrows(s, filter) {
				all = append(all, filter)
			}
		}
	}
	return all
}

// people makes those of whom rows are copied whose key is a person.
func (f *filled) people(t *testing.T, s list.Shape, from, n int) {
	t.Helper()
	if s.Key != "user_id" {
		return
	}
	columns := f.Columns(t, "users")
	selected := slices.Clone(columns)
	for i, c := range columns {
		if c == "id" || strings.HasPrefix(c, "email") {
			selected[i] = "u." + c + " || '-" + s.Table[:1] + "' || i"
		}
	}
	f.Exec(t, fmt.Sprintf(`WITH RECURSIVE n (i) AS (SELECT %d UNION ALL SELECT i + 1 FROM n WHERE i < %d)
		INSERT INTO users (%s) SELECT %s FROM n, users AS u WHERE u.id = (SELECT %s FROM %s WHERE %s = '%s' ORDER BY %s DESC LIMIT 1)`,
		from+1, n, strings.Join(columns, ", "), strings.Join(selected, ", "), s.Key, s.Table, s.Scope, f.owner(s), s.Key))
}

// fillable has one thing of every kind.
func fillable(t *testing.T) *filled {
	t.Helper()
	o := modelstest.Choose(t, models.Options{})
	db := modelstest.OpenWith(t, o)
	team := modelstest.NewTeam(t, db)
	for _, in := range oneOfEach(t, db, team.Requester, "of-all-kinds") {
		mustPlace(t, db, team.Requester, in)
	}
	spend := budget(t, db, team.Admin, "", "refuse", 1_000_000)
	plan := mustPlace(t, db, team.Requester, planOrder(example())).Lines[0].ResourceID
	otherwise(t, db, team.Admin, "approver")
	mustPlace(t, db, team.Requester, bucketOrder("awaited", ""))
	otherwise(t, db, team.Admin)
	k, _ := mustKey(t, db, team.Admin, models.AccessKeyInput{})
	db.NoteCall(models.Call{KeyID: k.ID, At: start})
	if err := db.FlushCalls(t.Context()); err != nil {
		t.Fatal(err)
	}
	bucket := mustBucket(t, db, team.Requester, 0)
	mustPut(t, db, team.Requester, bucket, "a", "x")
	if _, _, err := db.Invite(t.Context(), team.Admin, models.InvitationInput{Email: "noor@example.com", Role: models.Viewer}); err != nil {
		t.Fatal(err)
	}
	f := &filled{modelstest.NewCost(t, o), team.Requester, map[string]string{"key_id": k.ID, "plan_id": plan, "bucket_id": bucket, "budget_id": spend.ID}, map[string]int{}}
	f.Exec(t, `INSERT INTO plan_deductions (plan_id, day, bucket_id, team_id, bucket_name, region, quantity, measured_at)
		SELECT id, 20260101, 'b-1', team_id, 'b', region, 1, created_at FROM plans WHERE id = '`+plan+"'")
	reader := team.Requester.TeamID + " " + team.Requester.UserID
	f.owners["owner"], f.owners["reader"] = reader, reader
	f.Exec(t, fmt.Sprintf(`INSERT INTO drafts (owner, token, team_id, user_id, kind, form, subject, path, fields, words, revision, writer, step, touched_at)
		SELECT '%s', 'd', id, '%s', 'bucket', 'new', '', '/buckets/new', '{}', 'a', 1, 'w', 1, created_at FROM teams WHERE id = '%s'`, reader, team.Requester.UserID, team.Requester.TeamID))
	f.Exec(t, fmt.Sprintf(`INSERT INTO notices (id, team_id, user_id, reader, action, order_number, args, unread, sent, at)
		SELECT 'n', id, '%s', '%s', 'order.waits', 1, '{}', true, '', created_at FROM teams WHERE id = '%s'`, team.Requester.UserID, reader, team.Requester.TeamID))
	f.parents(t)
	return f
}

// scope is the condition that says whose rows of a list are looked at.
func (f *filled) scope(s list.Shape) string {
	if s.Scope == "" {
		return "1 = 1"
	}
	return s.Scope + " = '" + f.owner(s) + "'"
}

// owner is whose rows of a list are looked at.
func (f *filled) owner(s list.Shape) string {
	if owner := f.owners[s.Scope]; owner != "" {
		return owner
	}
	return f.team.TeamID
}

// parents makes the applications that versions are filled with.
func (f *filled) parents(t *testing.T) {
	t.Helper()
	values := []string{common, rare}
	for i := range others {
		values = append(values, fmt.Sprint("other", i))
	}
	for _, id := range values {
		columns := f.Columns(t, "apps")
		selected := slices.Clone(columns)
		for i, c := range columns {
			if c == "id" || strings.HasPrefix(c, "name") {
				selected[i] = "'" + id + "'"
			}
		}
		f.Exec(t, fmt.Sprintf("INSERT INTO apps (%s) SELECT %s FROM apps WHERE id LIKE 'wa-%%'", strings.Join(columns, ", "), strings.Join(selected, ", ")))
	}
}

// narrows tells whether a filter of a list is asked for by itself.
func narrows(s list.Shape, f list.Filter) bool {
	return !f.Inner || f.Arms(common, start)[0].Few != "" ||
		slices.ContainsFunc(s.Indexes, func(x list.Index) bool { return slices.Equal(x.Filters, []string{f.Name}) && x.Sort == s.Sorts[0].Name })
}

// asks are the queries of a list: each filter alone, and two at once, by each
// sort in both directions.
func asks(s list.Shape) map[string]list.Query {
	narrow := map[string][]string{}
	inner := map[string]bool{}
	for _, f := range s.Filters {
		values := f.Values
		if values == nil {
			values = []string{common, rare}
		}
		if f.Always && f.Inner || !narrows(s, f) {
			continue
		}
		inner[f.Name] = f.Inner
		for _, v := range values[:min(len(values), 2)] {
			narrow[f.Name+"="+v] = []string{f.Name, v}
		}
	}
	sets := map[string][]string{"": nil}
	for a, one := range narrow {
		sets[a] = one
		for b, other := range narrow {
			if a < b && one[0] != other[0] && !inner[one[0]] && !inner[other[0]] {
				sets[a+" "+b] = append(slices.Clone(one), other...)
			}
		}
	}
	all := map[string]list.Query{}
	for name, set := range sets {
		for _, sort := range append([]list.Sort{{}}, s.Sorts...) {
			for _, back := range []bool{false, true} {
				q := list.With(set...)
				q.Sort, q.Reverse, q.At = sort.Name, back, start
				all[fmt.Sprintf("%s by %s %t", name, sort.Name, back)] = q
			}
		}
	}
	return all
}

// counts notes the statements that count.
type counts struct {
	*modelstest.Cost
	of   []string
	args [][]any
}

// QueryContext implements list.DB's connection.
func (c *counts) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if strings.HasPrefix(query, "SELECT COUNT(*)") {
		c.of, c.args = append(c.of, query), append(c.args, args)
	}
	return c.Cost.QueryContext(ctx, query, args...)
}

// steps are those of SQLite for a query.
func (c *counts) steps(t *testing.T, query string, args []any) (steps []string) {
	t.Helper()
	rows, err := c.Cost.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id, parent, unused int
		var step string
		if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
			t.Fatal(err)
		}
		steps = append(steps, step)
	}
	return steps
}

// The total of a filter reads its index and no row: rows that are far apart are a
// page of the file each.
func TestTotalsReadNoRows(t *testing.T) {
	if modelstest.Postgres() {
		t.Skip("PostgreSQL looks at the rows that are new in any case")
	}
	f := fillable(t)
	for name, l := range models.Lists() {
		s := l.Shape()
		f.fill(t, s, 100)
		for ask, q := range asks(s) {
			if len(q.Filters) != 1 || q.Sort != "" || q.Reverse || slices.ContainsFunc(s.Filters, func(x list.Filter) bool { return x.Inner && q.Filters[x.Name] != "" }) {
				continue
			}
			for _, settled := range []bool{false, true} {
				c := &counts{Cost: f.Cost}
				db := f.DB
				db.Conn, q.Count, q.Settled = c, true, settled
				if _, _, _, err := l.Keys(t.Context(), db, f.owner(s), q); err != nil {
					t.Fatalf("%s, %s: %v", name, ask, err)
				}
				for i, query := range c.of {
					for _, step := range c.steps(t, query, c.args[i]) {
						few := strings.Contains(step, " plans_settled ") // no longer than a minute
						if strings.HasPrefix(step, "SEARCH "+s.Table) && !strings.Contains(step, "COVERING") && !few {
							t.Errorf("%s, %s: %s", name, ask, step)
						}
					}
				}
			}
		}
	}
}

// What no index has in order is sorted as long as it is little, page by page, and is
// otherwise in the usual order, which is said.
func TestASmallListIsSortedByAnyColumn(t *testing.T) {
	f := fillable(t)
	f.fill(t, models.Orders.Desc.Shape(), 130)
	f.Exec(t, "UPDATE orders SET requester_name = CASE WHEN number % 3 = 0 THEN 'Ada' WHEN number % 3 = 1 THEN 'Cyd' ELSE 'Ben' END")
	read := func(most int64, q list.Query) (rows []models.Order, unsorted bool) {
		db := f.DB
		db.Sorted = most
		q.At = start
		for {
			page, err := models.Orders.Desc.Read(t.Context(), db, f.team.TeamID, q)
			if err != nil {
				t.Fatal(err)
			}
			if db.Hints {
				page.Rows = page.Rows[:len(page.Parts)]
			}
			if rows = append(rows, page.Rows...); page.Next == "" {
				return rows, page.Unsorted
			}
			q.After = page.Next
		}
	}
	for _, back := range []bool{false, true} {
		for _, state := range []string{"", "COMPLETED"} {
			q := list.With("state", state, "free", "true")
			all, _ := read(1000, q)
			q.Sort, q.Reverse = "requester", back
			rows, unsorted := read(1000, q)
			if len(rows) != len(all) || len(rows) < 60 || unsorted {
				t.Fatalf("%s: read %d of %d rows, too many: %t", state, len(rows), len(all), unsorted)
			}
			if !slices.IsSortedFunc(rows, func(a, b models.Order) int {
				if back {
					a, b = b, a
				}
				return cmp.Or(cmp.Compare(a.RequesterName, b.RequesterName), cmp.Compare(a.Number, b.Number))
			}) {
				t.Errorf("%s, back %t: not in order", state, back)
			}
			rows, unsorted = read(int64(len(all)-1), q)
			if !unsorted || !slices.EqualFunc(rows, all, func(a, b models.Order) bool { return a.Number == b.Number }) {
				t.Errorf("%s, back %t: sorted though too many: %t", state, back, unsorted)
			}
		}
	}
}

// What a page costs must not grow with the table: each filter by the usual sort,
// and each sort alone, is walked by an index, and what is sorted is bounded.
func TestListsCostTheSameWithManyRows(t *testing.T) {
	f := fillable(t)
	f.Sorted = 500
	// What one step of growth, and what one page may cost besides: steps of
	// SQLite's machine, or rows on PostgreSQL.
	slack, most := int64(6_000), int64(150_000)
	if f.Dollar {
		slack, most = 1_000, 15_000 // it may look at some that do not match rather than walk another index
	}
	costs := map[string]int64{}
	for _, n := range []int{1_000, 100_000} {
		for name, l := range models.Lists() {
			s := l.Shape()
			if name == "Approvals" {
				continue // who reads completes its queries, and never many orders wait
			}
			f.fill(t, s, n)
			for ask, q := range asks(s) {
				for _, page := range []string{"first", "second"} {
					var straight bool
					var next string
					cost, err := f.Work(func() (err error) {
						_, next, straight, err = l.Keys(t.Context(), f.DB, f.owner(s), q)
						return err
					})
					if err != nil {
						t.Fatalf("%s, %s: %v", name, ask, err)
					}
					key := name + ", " + ask + ", " + page + " page"
					before := costs[key]
					costs[key] = cost
					small := slices.ContainsFunc(s.Sorts, func(by list.Sort) bool { return by.Name == q.Sort && by.Small })
					if single := !small && len(q.Filters) < 2 && (q.Sort == "" || len(q.Filters) == 0); single && !straight {
						t.Errorf("%s: no index serves it", key)
					}
					switch {
					case n == 1_000:
					case straight && !small && cost > before*12/10+slack:
						t.Errorf("%s: costs %d with a hundred times the rows, and %d before", key, cost, before)
					case cost > most:
						t.Errorf("%s: costs %d of at most %d", key, cost, most)
					}
					if q.After = next; next == "" {
						break
					}
				}
			}
		}
	}
}

// elsewhere makes rows of others by the same keys, which tell rows apart only together
// with whose they are.
func (f *filled) elsewhere(t *testing.T, s list.Shape) {
	t.Helper()
	copied := func(table, of, where string) {
		columns := f.Columns(t, table)
		selected := slices.Clone(columns)
		for i, c := range columns {
			if c == of {
				selected[i] = "'elsewhere'"
			}
		}
		f.Exec(t, fmt.Sprintf("INSERT INTO %s (%s) SELECT %s FROM %s WHERE %s", table, strings.Join(columns, ", "), strings.Join(selected, ", "), table, where))
	}
	if parent := map[string]string{"team_id": "teams", "plan_id": "plans"}[s.Scope]; parent != "" {
		copied(parent, "id", "id = '"+f.owner(s)+"'")
	}
	copied(s.Table, s.Scope, f.scope(s))
}

// Every sort of every list has all rows in its order, page by page and both ways.
func TestEverySortReadsEveryRowOnce(t *testing.T) {
	f := fillable(t)
	for name, l := range models.Lists() {
		s := l.Shape()
		f.fill(t, s, 130)
		set := []string{}
		if name == "Approvals" {
			set = []string{"reader", " " + string(models.Admin) + " somebody"} // as nobody reads them all
		}
		if name == "Orders" {
			set = []string{"free", "true"}
		}
		if slices.Contains([]string{"Members", "Drafts", "BudgetEntries", "Deductions"}, name) {
			f.elsewhere(t, s)
		}
		read := func(by string, back bool, size int) (all []string) {
			q := list.With(set...)
			q.Sort, q.Reverse, q.Size, q.At = by, back, size, start
			for {
				keys, next, _, err := l.Keys(t.Context(), f.DB, f.owner(s), q)
				if err != nil {
					t.Fatalf("%s by %s: %v", name, by, err)
				}
				for _, key := range keys {
					all = append(all, fmt.Sprint(key))
				}
				if q.After = next; next == "" {
					return all
				}
			}
		}
		for _, by := range s.Sorts {
			all, pages, back := read(by.Name, false, 1000), read(by.Name, false, 37), read(by.Name, true, 41)
			least := 60
			if name == "PlanOrders" { // few orders are of plans
				least = 2
			}
			if len(all) < least || len(slices.Compact(slices.Sorted(slices.Values(all)))) != len(all) {
				t.Errorf("%s by %s: read %d rows, of which some are the same", name, by.Name, len(all))
			}
			slices.Reverse(back)
			if !slices.Equal(pages, all) || !slices.Equal(back, all) {
				t.Errorf("%s by %s: read %d rows at once, %d page by page and %d backwards, not the same", name, by.Name, len(all), len(pages), len(back))
			}
		}
	}
}
