// Package list reads pages of long tables. A list is described once: its
// columns, the orders it can be in, what it can be narrowed to, and the index
// that each of these walks. No page reads more of a million rows than of a
// thousand.
package list

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Desc describes a list of rows of a type. All names of tables, columns and
// indexes come from descriptions, never from a request.
type Desc[R any] struct {
	// Table is where the rows are, Key the column that tells them apart, and
	// Scope the one that says whose they are; a list of everybody's has none.
	Table, Key, Scope string
	// Tells are the columns that tell the rows apart together, where Key alone does not.
	Tells []string
	// Picks is the column that picks rows by Query.Only, Key when it is "".
	Picks string
	// Columns are what a row reads, and Into where each of them goes, in that
	// order, appended to to. Those that a Sort compares are among them. Only the
	// first Brief of them are read unless a query asks for the Whole rows; 0 is
	// all.
	Columns []string
	Brief   int
	Into    func(row *R, to []any) []any
	// Sorted are what only Small sorts compare and no column has. Into has them behind
	// the Columns; no sort compares two of them, so they may go to the same place.
	Sorted []Sorted
	// Sorts are the orders that the list can be in. The first is the usual one.
	Sorts []Sort
	// Filters are what the list can be narrowed to.
	Filters []Filter
	// Indexes are what serves the sorts and filters.
	Indexes []Index
	// Summed are the columns of what its rows come to: a currency, and an amount in its
	// smallest unit; empty when nothing is.
	Summed [2]string
}

// Sort is an order of the rows by columns that are never null and together
// unique, the greatest first, or the least where it is Up. Grouped, that is so of the
// first column, and of the others the other way around: with Up as the indexes of
// filters have it, each value after the other with its newest rows first. No index has
// the order of a Small one: the rows are sorted where they are few, and else the list is
// in its usual order.
type Sort struct {
	Name               string
	Columns            []string
	Up, Grouped, Small bool
}

// Sorted is a value that is never null, as SQL tells it of a row of the table.
type Sorted struct{ Name, SQL string }

// Filter narrows a list.
type Filter struct {
	Name string
	// Column is the column whose value it compares, "" when it does otherwise.
	Column string
	// Values are what it can be set to; nil means any text.
	Values []string
	// Arms are the conditions of which a row meets exactly one when the filter
	// is set to value, at a time. Each is walked on its own, so that several
	// keep the order of the list too.
	Arms func(value string, at time.Time) []Cond
	// Settled are the arms of a query that is Settled; nil when they are Arms.
	Settled func(value string) []Cond
	// Bounds is the sort whose first column the conditions bound, so that every index
	// of that sort serves the filter too; "" when they do not.
	Bounds string
	// Always applies the filter also when it is not set; value is then empty.
	Always bool
	// Inner filters are set by the program and never by a request, and where no
	// index serves them, together with others or with a text.
	Inner bool
	// Sort is the order of the list when the filter is on and no other is asked
	// for.
	Sort string
}

// Cond is a condition with its arguments.
type Cond struct {
	SQL  string
	Args []any
	// Few is the index that finds the rows, where there are never many. A query
	// all of whose arms have one needs no other index.
	Few string
	// Beside is the condition with the same arguments as the table of an Index that
	// has one of its own meets it; "" where that table does not know.
	Beside string
}

// Index is an index of the table: the scope, the columns of these filters, and
// then those of the sort. One of a Table beside the list's is of a table that has
// the rows which these filters let through, and of each its scope, its key and what
// the sort compares, in columns of the same names.
type Index struct {
	Name    string
	Filters []string
	Sort    string
	Table   string
}

// Query asks for a page. The zero Query is the first page of the list as it
// usually is.
type Query struct {
	// Filters are the values of filters by their names. Unknown ones do not
	// narrow.
	Filters map[string]string
	// Of is the thing below which the rows are, where a list has its rows below one.
	Of string
	// Sort is the name of a sort; the usual one is "". Reverse turns it around.
	Sort    string
	Reverse bool
	// Text is searched for, through Found where that is set. Tags are words of the
	// rows' tag that are as good.
	Text  string
	Tags  []string
	Found Finder
	// After and Before are cursors that an earlier page gave out; at most one
	// is set. Anything else counts as the first page.
	After, Before string
	// Size is the number of rows, 50 when it is 0.
	Size int
	// Near asks, where a cursor has no rows behind it any more, for the rows
	// that are left at that end of the list.
	Near bool
	// Whole asks for all columns.
	Whole bool
	// Only are the rows that are read at all, by the column that picks them; nil is all.
	Only []string
	// Count asks for Page.Total, and Sum for Page.Sum where those rows are not too many;
	// without Count the caller knows that they are not.
	Count, Sum bool
	// Kept is what the caller keeps of the row with a text, nil when nothing:
	// such a row need not be read.
	Kept func(text string) []byte
	// At is the time by which states are told. Settled says that by then no row has
	// left the state that is written down, so that it alone tells.
	At      time.Time
	Settled bool

	last bool // the rows at the end of the list
}

// Finder finds the rows that have what is searched for.
type Finder interface {
	// Cond is the condition that a row has it.
	Cond() Cond
	// Next are at most n rows that may have it, beyond a cursor of the usual sort
	// or, when that is nil, from an end of the list on: the greatest first or, up,
	// the least. next is the cursor behind them; all says that there are no more.
	// An error that is ErrWalk says that the list is rather to be walked.
	Next(ctx context.Context, from []any, up bool, n int) (rows Cond, next []any, all bool, err error)
}

// ErrWalk says that a Finder does not know.
var ErrWalk = errors.New("what is searched for cannot be found by an index")

// Page is a part of a list.
type Page[R any] struct {
	// Rows are the rows, except for those that Query.Kept has.
	Rows []R
	// Parts are all rows, nil where the database does not write them as texts.
	Parts []Part
	// Next and Prev are where the pages beside it begin, "" when there is none.
	Next, Prev string
	// Total is how many rows the query has, at most CountTo, and Unknown when
	// finding out would cost too much.
	Total int64
	// Sum is what the rows come to, Currency in what: "" where nobody knows, or in several.
	Sum      int64
	Currency string
	// Sort is the one that they are in, "" where no table has them, and Unsorted says
	// that the query has too many rows for its Small sort.
	Sort     string
	Unsorted bool
}

const (
	// CountTo is where counting the rows of a query stops: there are more.
	CountTo = 1001
	// SumTo is the most rows of a query that are summed: unlike counting them, that reads
	// each.
	SumTo = 250
	// Unknown is a total that nobody counted.
	Unknown = -1
	// MostSorted is the most rows that are sorted for a page.
	MostSorted = 10_000
	// DefaultSize is how many rows a page has.
	DefaultSize = 50
)

// DB is a database, or a transaction. Dollar says that its arguments are marked
// $1 and not ?, and Hints that it is SQLite: a query may name the index it walks,
// and reads rows as texts.
type DB struct {
	Conn interface {
		QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	}
	Dollar, Hints bool
	// Sorted is the most rows that are sorted for a page, 10,000 when it is 0.
	Sorted int64
	// Memory has what the database would answer again; nil when nothing does.
	Memory Memory
}

// Memory keeps what a database answers for as long as it holds the same.
type Memory interface {
	At(asked string) (answer string, known bool)
	Keep(asked, answer string)
}

func (db DB) sorted() int64 {
	if db.Sorted > 0 {
		return db.Sorted
	}
	return MostSorted
}

// Read reads a page of the rows of an owner.
func (d *Desc[R]) Read(ctx context.Context, db DB, owner string, q Query) (Page[R], error) {
	p, err := d.plan(ctx, db, owner, q)
	if err != nil {
		return Page[R]{}, err
	}
	page, err := p.read(ctx)
	if err != nil {
		return page, err
	}
	page.Total, page.Sort, page.Unsorted = Unknown, p.sort.Name, p.unsorted
	if q.Count {
		page.Total, err = p.count(ctx)
	}
	few := !q.Count || page.Total > 0 && page.Total <= SumTo
	if err == nil && q.Sum && few && p.way != along && q.Text == "" {
		page.Currency, page.Sum, err = p.sum(ctx)
	}
	return page, err
}

// Sorting is the sort that a query asks for, or else the one that goes with its
// filters.
func (d *Desc[R]) Sorting(q Query) Sort {
	at := func(name string) int { return slices.IndexFunc(d.Sorts, func(s Sort) bool { return s.Name == name }) }
	if i := at(q.Sort); i >= 0 && q.Sort != "" {
		return d.Sorts[i]
	}
	for _, f := range d.Filters {
		if i := at(f.Sort); i >= 0 && f.Sort != "" && q.Filters[f.Name] != "" {
			return d.Sorts[i]
		}
	}
	return d.Sorts[0]
}

// Takes tells whether a filter can be set to a value.
func (f Filter) Takes(value string) bool {
	return value != "" && (f.Values == nil || slices.Contains(f.Values, value))
}

// way is how the rows of a query are found.
type way int

const (
	together way = iota // an index has them side by side and in order
	led                 // few match a filter: they are sorted
	along               // many match: an index has the order
)

// plan is a query that knows its way.
type plan[R any] struct {
	desc  *Desc[R]
	db    DB
	owner string
	q     Query
	sort  Sort
	down  bool // the greatest first
	way   way
	index string
	// arms are the alternatives, each a list of conditions.
	arms [][]Cond
	// skip is how many rows stand before the page, and only the rows that are
	// read at all, in place of the table, nil for all of them.
	skip int64
	only *Cond
	// unsorted says that the rows are too many for the sort that was asked for.
	unsorted bool
}

type active struct {
	name, bounds string
	arms         []Cond
}

// actives are the filters that a query sets, and those that always apply.
func (d *Desc[R]) actives(q Query) []active {
	var on []active
	for _, f := range d.Filters {
		value := q.Filters[f.Name]
		if !f.Takes(value) {
			value = ""
		}
		if value == "" && !f.Always {
			continue
		}
		if q.Settled && f.Settled != nil {
			on = append(on, active{f.Name, f.Bounds, f.Settled(value)})
		} else {
			on = append(on, active{f.Name, f.Bounds, f.Arms(value, q.At)})
		}
	}
	return on
}

func (d *Desc[R]) plan(ctx context.Context, db DB, owner string, q Query) (*plan[R], error) {
	if by := d.Sorting(q); by.Small {
		return d.small(ctx, db, owner, q, by)
	}
	p := &plan[R]{desc: d, db: db, owner: owner, q: q, sort: d.Sorting(q)}
	p.down = p.sort.Up == q.Reverse
	on := d.actives(q)
	// What an index of a sort has to serve.
	names := func(sort string) (names []string) {
		for _, a := range on {
			if a.bounds == "" || a.bounds != sort {
				names = append(names, a.name)
			}
		}
		return names
	}
	p.arms = cross(on)
	if q.Found != nil {
		p.also(q.Found.Cond())
	}
	if q.Only != nil {
		p.also(d.only(q.Only))
		return p, nil // the keys find them
	}
	if i := slices.IndexFunc(d.Indexes, func(x Index) bool { return x.Sort == p.sort.Name && same(x.Filters, names(x.Sort)) }); i >= 0 {
		p.way, p.index = together, d.Indexes[i].Name
		return p, nil
	}
	if !slices.ContainsFunc(p.arms, func(arm []Cond) bool { return !slices.ContainsFunc(arm, func(c Cond) bool { return c.Few != "" }) }) {
		return p, nil
	}
	return p, p.choose(ctx, on)
}

// small plans a query in an order that no index has, as its usual order finds the rows.
func (d *Desc[R]) small(ctx context.Context, db DB, owner string, q Query, by Sort) (*plan[R], error) {
	usual := q
	usual.Sort, usual.Reverse = "", false
	p, err := d.plan(ctx, db, owner, usual)
	if err != nil {
		return nil, err
	}
	few, err := p.few(ctx)
	if p.unsorted = !few; p.unsorted || err != nil {
		return p, err
	}
	if p.q, p.sort, p.down = q, by, by.Up == q.Reverse; q.Only == nil {
		p.way = led
	}
	return p, nil
}

// few tells whether no more rows match than are sorted for a page.
func (p *plan[R]) few(ctx context.Context) (bool, error) {
	switch {
	case p.q.Only != nil:
		return true, nil
	case p.q.Found != nil:
		_, _, all, err := p.q.Found.Next(ctx, nil, false, int(p.db.sorted()))
		if !errors.Is(err, ErrWalk) {
			return all, err
		}
	}
	if p.way == along { // as even the rarest of its conditions has more
		return false, nil
	}
	n, err := p.probe(ctx, p.index, cross(p.desc.actives(p.q)), p.db.sorted()+1)
	return n <= p.db.sorted(), err
}

// only is the condition that a row is one of those that are picked. Numbers are whole.
func (d *Desc[R]) only(picks []string) Cond {
	c := Cond{SQL: cmp.Or(d.Picks, d.Key) + " IN (NULL"}
	for _, pick := range picks {
		var arg any = pick
		if strings.HasSuffix(cmp.Or(d.Picks, d.Key), "number") {
			n, err := strconv.ParseInt(pick, 10, 64)
			if err != nil {
				continue
			}
			arg = n
		}
		c.SQL, c.Args = c.SQL+", ?", append(c.Args, arg)
	}
	c.SQL += ")"
	return c
}

// choose finds the way of a query that no index serves whole: the rarest of its
// conditions leads, or else the sort.
func (p *plan[R]) choose(ctx context.Context, on []active) error {
	best := p.db.sorted() + 1
	names := make([]string, len(on))
	for i, a := range on {
		names[i] = a.name
	}
	tried := map[string][]string{} // the conditions that each index was asked for
	for _, x := range p.desc.Indexes {
		if !within(x.Filters, names) {
			continue
		}
		led1 := slices.DeleteFunc(slices.Clone(on), func(a active) bool {
			return !slices.Contains(x.Filters, a.name) && (a.bounds == "" || a.bounds != x.Sort)
		})
		asked := tried[x.Name]
		for _, a := range led1 {
			tried[x.Name] = append(tried[x.Name], a.name)
		}
		if !slices.ContainsFunc(led1, func(a active) bool { return !slices.Contains(asked, a.name) }) {
			continue // as it serves another sort too
		}
		n, err := p.probe(ctx, x.Name, cross(led1), best)
		if err != nil {
			return err
		}
		if n < best {
			best, p.way, p.index = n, led, x.Name
		}
	}
	if p.way == led {
		return nil
	}
	p.way = along
	most := -1
	for _, x := range p.desc.Indexes {
		if x.Sort == p.sort.Name && x.Table == "" && within(x.Filters, names) && len(x.Filters) > most {
			p.index, most = x.Name, len(x.Filters)
		}
	}
	return nil
}

// also adds a condition to every arm.
func (p *plan[R]) also(c Cond) {
	if c.SQL != "" {
		p.arms = p.besides(c)
	}
}

// besides are the arms, each with one more condition.
func (p *plan[R]) besides(c Cond) [][]Cond {
	arms := make([][]Cond, len(p.arms))
	for i, arm := range p.arms {
		arms[i] = append(slices.Clip(arm), c)
	}
	return arms
}

// probe counts the rows of arms, up to most. PostgreSQL is asked for those that come
// first, as it would read the table from its begin for any few that are said to be many.
func (p *plan[R]) probe(ctx context.Context, index string, arms [][]Cond, most int64) (int64, error) {
	s := p.statement()
	s.text("SELECT COUNT(*) FROM (SELECT 1 FROM (")
	for i, arm := range arms {
		if i > 0 {
			s.text(" UNION ALL ")
		}
		s.text("SELECT * FROM (")
		if inside, outside := apart(arm); p.desc.tableOf(index) != "" && len(outside) == 0 {
			s.beside("1 AS one", index, inside)
		} else {
			s.rows("1 AS one", index, arm)
		}
		if i := slices.IndexFunc(p.desc.Indexes, func(x Index) bool { return x.Name == index }); i >= 0 && !p.db.Hints && most < math.MaxInt64 {
			s.order(p.desc.Sorting(Query{Sort: p.desc.Indexes[i].Sort}), true)
		}
		s.text(" LIMIT ").number(most).text(") AS a").number(int64(i))
	}
	s.text(") AS arms LIMIT ").number(most).text(") AS counted")
	return s.one(ctx)
}

// sum is what all rows of the query come to, and in which currency: "" when they are of
// several, or none.
func (p *plan[R]) sum(ctx context.Context) (currency string, sum int64, err error) {
	of, amount := p.desc.Summed[0], p.desc.Summed[1]
	if of == "" {
		return "", 0, nil
	}
	s := p.statement()
	s.text("SELECT CASE WHEN MIN(" + of + ") = MAX(" + of + ") THEN MIN(" + of + ") || ' ' || CAST(SUM(" + amount + ") AS text) END FROM (")
	for i, arm := range p.arms {
		if i > 0 {
			s.text(" UNION ALL ")
		}
		s.rows(of+", "+amount, p.index, arm)
	}
	answer, err := s.text(") AS summed").answer(ctx)
	if err != nil || !answer.Valid {
		return "", 0, err
	}
	currency, text, _ := strings.Cut(answer.String, " ")
	sum, err = strconv.ParseInt(text, 10, 64)
	return currency, sum, err
}

// count is the total of the query, if it is cheap to find out.
func (p *plan[R]) count(ctx context.Context) (int64, error) {
	if p.q.Found != nil {
		return p.countFound(ctx)
	}
	if p.way == along || p.q.Text != "" && p.way == together {
		return Unknown, nil
	}
	return p.probe(ctx, p.index, p.arms, CountTo)
}

func (p *plan[R]) size() int { return p.q.size() }

func (q Query) size() int {
	if q.Size <= 0 {
		return DefaultSize
	}
	return q.Size
}

// read is a row that was read, or else is kept.
type read[R any] struct {
	Part
	row *R
}

func (p *plan[R]) read(ctx context.Context) (Page[R], error) {
	q := p.q
	backwards := q.Before != ""
	from := p.desc.from(q.After+q.Before, p.sort)
	if from == nil {
		backwards = q.last
	}
	rows, err := p.rows(ctx, from, backwards)
	if err != nil {
		return Page[R]{}, err
	}
	if len(rows) == 0 && from != nil && q.Near {
		p.q.After, p.q.Before, p.q.last = "", "", !backwards
		return p.read(ctx)
	}
	rows, next, prev := cut(rows, p.size(), backwards, from != nil, q.last)
	page := p.page(rows)
	if next {
		page.Next, err = p.mark(rows[len(rows)-1])
	}
	if err == nil && prev {
		page.Prev, err = p.mark(rows[0])
	}
	return page, err
}

// cut makes a page of the rows that were read for it, and of one row more when
// there is one, and tells whether there are pages beside it. from tells that they
// were read from a cursor on, and last that they are those at the end of the list.
func cut[T any](rows []T, size int, backwards, from, last bool) (page []T, next, prev bool) {
	more := len(rows) > size
	if more {
		rows = rows[:size]
	}
	if backwards {
		slices.Reverse(rows)
	}
	if len(rows) == 0 {
		return rows, false, false
	}
	return rows, !last && (more || backwards), backwards && more || !backwards && from
}

// Pages reads the page that a query asks for of a list that no description has:
// read is asked for at most n rows beyond a cursor, or from an end of the list on
// when that is nil, and known reads a cursor, nil when it is none. mark is the
// cursor at a row.
func Pages[R any](q Query, known func(cursor string) *R, read func(from *R, backwards bool, n int) ([]R, error), mark func(R) string) (Page[R], error) {
	size := q.size()
	from, backwards := known(q.After+q.Before), q.Before != ""
	if from == nil {
		backwards = q.last
	}
	rows, err := read(from, backwards, size+1)
	if err != nil {
		return Page[R]{}, err
	}
	if len(rows) == 0 && from != nil && q.Near {
		q.After, q.Before, q.last = "", "", !backwards
		return Pages(q, known, read, mark)
	}
	page := Page[R]{Total: Unknown}
	var next, prev bool
	if page.Rows, next, prev = cut(rows, size, backwards, from != nil, q.last); next {
		page.Next = mark(page.Rows[len(page.Rows)-1])
	}
	if prev {
		page.Prev = mark(page.Rows[0])
	}
	return page, nil
}

// Knows tells whether a query has no cursor but one of the list.
func (d *Desc[R]) Knows(q Query) bool {
	cursor := q.After + q.Before
	return cursor == "" || d.from(cursor, d.Sorting(q)) != nil
}

// page is a page of rows.
func (p *plan[R]) page(rows []read[R]) Page[R] {
	fresh := 0
	for _, r := range rows {
		if r.row != nil {
			fresh++
		}
	}
	page := Page[R]{Rows: make([]R, 0, fresh)}
	if p.db.Hints {
		page.Parts = make([]Part, len(rows))
	}
	for i, r := range rows {
		if p.db.Hints {
			page.Parts[i] = r.Part
		}
		if r.row != nil {
			page.Rows = append(page.Rows, *r.row)
		}
	}
	return page
}

// mark is the cursor at a row.
func (p *plan[R]) mark(r read[R]) (string, error) {
	if r.row == nil {
		if _, err := p.unpack(&r, nil, p.columns()); err != nil {
			return "", err
		}
	}
	return Mark(p.desc.values(r.row, p.sort)), nil
}

func (p *plan[R]) rows(ctx context.Context, from []any, backwards bool) ([]read[R], error) {
	limit := int64(p.size() + 1)
	if p.q.Found != nil {
		return p.found(ctx, from, backwards, limit)
	}
	return p.walk(ctx, from, backwards, limit)
}

// walk reads rows as the plan says.
func (p *plan[R]) walk(ctx context.Context, from []any, backwards bool, limit int64) ([]read[R], error) {
	if p.q.Found != nil && p.way == together && p.desc.tableOf(p.index) != "" { // which does not know the text
		if err := p.choose(ctx, p.desc.actives(p.q)); err != nil {
			return nil, err
		}
	}
	s := p.statement()
	columns := p.selected()
	down := p.down != backwards
	if p.only != nil {
		s.among(columns, *p.only, p.arms)
		s.order(p.sort, down).limit(limit, p.skip)
	} else if p.way == led {
		key := strings.Join(p.desc.keys(), ", ")
		keys := p.desc.selected(unique(append(p.desc.keys(), p.sort.Columns...)))
		// Materialized, so that PostgreSQL does not walk the order of the list.
		s.text("WITH led AS MATERIALIZED (")
		for i, arm := range p.arms {
			if i > 0 {
				s.text(" UNION ALL ")
			}
			s.rows(keys, p.index, arm)
		}
		s.text(") SELECT ").text(columns).text(" FROM ").text(p.desc.Table).text(" WHERE (").text(key)
		s.text(") IN (SELECT ").text(key).text(" FROM led")
		if from != nil {
			s.text(" WHERE ").beyond(p.sort, from, down)
		}
		s.order(p.sort, down).limit(limit, p.skip).text(")").order(p.sort, down).text(" LIMIT ").number(limit)
	} else if p.desc.tableOf(p.index) != "" { // together, as no other way goes by such an index
		inside, _ := apart(p.arms[0])
		s.text("SELECT ").text(columns).text(" FROM ").text(p.desc.Table).text(" WHERE ").text(p.desc.Key).text(" IN (")
		s.beside(p.desc.Key, p.index, inside)
		if from != nil {
			s.text(" AND ").beyond(p.sort, from, down)
		}
		s.order(p.sort, down).limit(limit, p.skip).text(")").order(p.sort, down).text(" LIMIT ").number(limit)
	} else {
		arms := p.arms
		if from != nil && p.sort.Grouped { // each is found by itself
			arms = slices.Concat(p.besides(p.sort.behind(from, down)[0]), p.besides(p.sort.behind(from, down)[1]))
			from = nil
		}
		for i, arm := range arms {
			if i > 0 {
				s.text(" UNION ALL ")
			}
			if len(arms) > 1 {
				s.text("SELECT * FROM (")
			}
			s.rows(columns, p.index, arm)
			if from != nil {
				s.text(" AND ").beyond(p.desc.inSQL(p.sort), from, down)
			}
			s.order(p.sort, down)
			if len(arms) > 1 {
				s.limit(limit+p.skip, 0).text(") AS a").number(int64(i))
			}
		}
		if len(arms) > 1 {
			s.order(p.sort, down)
		}
		s.limit(limit, p.skip)
	}
	return p.scan(ctx, s, limit)
}

// columns are those that are read of a row: those that every page reads, and what else
// the sort compares.
func (p *plan[R]) columns() []string {
	columns := p.desc.Columns
	if p.desc.Brief > 0 && !p.q.Whole {
		columns = columns[:p.desc.Brief]
	}
	for _, c := range p.sort.Columns {
		if !slices.Contains(columns, c) {
			columns = append(slices.Clip(columns), c)
		}
	}
	return columns
}

// selected are those columns as a statement selects them from the table.
func (p *plan[R]) selected() string { return p.desc.selected(p.columns()) }

func (d *Desc[R]) selected(columns []string) string {
	all := slices.Clone(columns)
	for i, c := range all {
		if sql := d.sql(c); sql != c {
			all[i] = sql + " AS " + c
		}
	}
	return strings.Join(all, ", ")
}

// sql is how a condition on the table writes what a sort compares.
func (d *Desc[R]) sql(column string) string {
	for _, s := range d.Sorted {
		if s.Name == column {
			return s.SQL
		}
	}
	return column
}

// inSQL is a sort as conditions on the table write it.
func (d *Desc[R]) inSQL(by Sort) Sort {
	if len(d.Sorted) > 0 {
		by.Columns = slices.Clone(by.Columns)
		for i, c := range by.Columns {
			by.Columns[i] = d.sql(c)
		}
	}
	return by
}

// keys are the columns that tell the rows apart.
func (d *Desc[R]) keys() []string {
	if d.Tells != nil {
		return slices.Clone(d.Tells)
	}
	return []string{d.Key}
}

// place is where Into has a column.
func (d *Desc[R]) place(column string) int {
	if i := slices.Index(d.Columns, column); i >= 0 {
		return i
	}
	return len(d.Columns) + slices.IndexFunc(d.Sorted, func(s Sorted) bool { return s.Name == column })
}

// into is where columns of a row go.
func (d *Desc[R]) into(row *R, to []any, columns []string) []any {
	all := d.Into(row, to[:0])
	if slices.Equal(columns, d.Columns[:min(len(columns), len(d.Columns))]) {
		return all[:len(columns)]
	}
	for _, c := range columns {
		all = append(all, all[d.place(c)])
	}
	return all[len(all)-len(columns):]
}

func (p *plan[R]) scan(ctx context.Context, s *statement, limit int64) ([]read[R], error) {
	if p.db.Hints {
		return p.unpacked(ctx, s, limit)
	}
	found, err := s.query(ctx)
	if err != nil {
		return nil, err
	}
	defer found.Close()
	rows := make([]read[R], 0, limit)
	columns := p.columns()
	to := make([]any, 0, len(columns))
	for found.Next() {
		row := new(R)
		if err := found.Scan(p.desc.into(row, to, columns)...); err != nil {
			return nil, fmt.Errorf("read row of %s: %w", p.desc.Table, err)
		}
		rows = append(rows, read[R]{row: row})
	}
	return rows, found.Err()
}

// cross are all combinations of one arm of each filter; one that is empty when
// there is no filter.
func cross(on []active) [][]Cond {
	all := [][]Cond{nil}
	for _, a := range on {
		var next [][]Cond
		for _, before := range all {
			for _, arm := range a.arms {
				next = append(next, append(slices.Clip(before), arm))
			}
		}
		all = next
	}
	return all
}

// tableOf is the table beside the list's that an index is of, "" for the list's own.
func (d *Desc[R]) tableOf(index string) string {
	for _, x := range d.Indexes {
		if x.Name == index {
			return x.Table
		}
	}
	return ""
}

// apart are those of some conditions that a table beside the list's knows, and the
// others.
func apart(conds []Cond) (inside, outside []Cond) {
	for _, c := range conds {
		if c.Beside != "" {
			inside = append(inside, c)
		} else {
			outside = append(outside, c)
		}
	}
	return inside, outside
}

func same(a, b []string) bool { return len(a) == len(b) && within(a, b) }

func within(some, all []string) bool {
	return !slices.ContainsFunc(some, func(s string) bool { return !slices.Contains(all, s) })
}

func unique(names []string) []string {
	var out []string
	for _, n := range names {
		if !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	return out
}

// With is the query for the first page with filters set; pairs are names and
// values, where "" does not set.
func With(pairs ...string) Query {
	q := Query{Filters: map[string]string{}}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			q.Filters[pairs[i]] = pairs[i+1]
		}
	}
	return q
}

// Filter is the filter of a name; one that nothing sets when there is none.
func (d *Desc[R]) Filter(name string) Filter {
	for _, f := range d.Filters {
		if f.Name == name {
			return f
		}
	}
	return Filter{Name: name, Values: []string{}}
}
