package models

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"quartermaster/models/list"
)

// List is one of the desk's lists: which rows, and who may read them.
type List[R any] struct {
	list.Desc[R]
	Right Right
	// Site tells that the site has such a list too, for its admins.
	Site bool
	// Below is for rows below a thing, which is in their Scope and the query's Of:
	// ErrNotFound where the actor may not see it. nil is for rows of the team.
	Below func(ctx context.Context, db *DB, by Actor, of string) error
	// For completes a query with what depends on who reads; nil when nothing does.
	For func(by Actor, q *list.Query)
	// Counter is the counter of Counts that has the number of all rows of a query
	// without text, "" when none has it.
	Counter func(q list.Query) string
	// Finds is the kind whose things a text finds, and Tags are the words of its tag
	// that are as good as a text.
	Finds Kind
	Tags  func(ctx context.Context, db *DB, text string) ([]string, error)
	// Settled tells whether a query is, see list.Query; nil for lists whose rows
	// no time changes.
	Settled func(ctx context.Context, db *DB, by Actor, q list.Query) (bool, error)
	// Fill adds to rows what is kept elsewhere; nil when they are whole. Stamp
	// changes whenever Fill could give the same rows something else, and is ""
	// when nobody knows; nil never knows.
	Fill  func(ctx context.Context, db *DB, by Actor, rows []R) error
	Stamp func(ctx context.Context, db *DB) (string, error)
	// Matches are the columns in which a text is looked for, of short lists where no
	// index finds by it.
	Matches []string
	// Strict tells that programs read the list page by page: a cursor that is none
	// of its is ErrCursor. Given the first page again, they would read it for ever.
	Strict bool
	// Begins is the filter by what something begins with that a text goes on, where
	// nothing finds by it.
	Begins string
	// Walk reads the page of a query in the usual sort where rows are shown together
	// that are kept apart; nil where that is nowhere.
	Walk func(ctx context.Context, db *DB, by Actor, q list.Query) (list.Page[R], error)
	// Held are the rows that the filters and the text of a query let through, of lists
	// whose rows memory has; nil where a table has them.
	Held func(ctx context.Context, db *DB, by Actor, q list.Query) ([]R, error)
}

// ErrCursor says that a text is not a cursor of the list.
var ErrCursor = errors.New("no cursor of this list")

// AnyList is a list whatever its rows are.
type AnyList interface {
	Shape() list.Shape
	Keys(ctx context.Context, db list.DB, owner string, q list.Query) (keys [][]string, next string, straight bool, err error)
}

// Lists are all lists of tables, by their names.
func Lists() map[string]AnyList {
	return map[string]AnyList{"AccessKeys": AccessKeys, "Approvals": Approvals, "Apps": Apps, "BudgetEntries": BudgetEntries, "Buckets": Buckets, "Calls": Calls, "Deductions": Deductions, "Drafts": Drafts, "Draws": Draws, "Events": Events, "Invitations": Invitations,
		"Members": Members, "Notices": Notices, "Objects": Objects, "Orders": Orders, "PkgVersions": PkgVersions, "PlanOrders": PlanOrders, "Plans": Plans, "SiteTeams": SiteTeams, "SiteUsers": SiteUsers, "Stores": Stores}
}

// Read is a page of the list as the actor's team has it. Filters that are not
// the list's or not set to one of their values do not narrow.
func (l *List[R]) Read(ctx context.Context, db *DB, by Actor, q list.Query) (list.Page[R], error) {
	owner, err := l.begin(ctx, db, by, &q)
	if err != nil {
		return list.Page[R]{}, err
	}
	if l.Held != nil {
		rows, err := l.Held(ctx, db, by, q)
		if err != nil {
			return list.Page[R]{}, translate(err)
		}
		page, err := l.Desc.Held(rows, q)
		return page, l.end(ctx, db, by, page.Rows, err)
	}
	from := db.lists()
	if q.Kept != nil {
		if from.Memory, err = db.memory(ctx); err != nil {
			return list.Page[R]{}, err
		}
	}
	var page list.Page[R]
	if l.Walk != nil && !q.Whole && l.Sorting(q).Name == l.Sorts[0].Name {
		page, err = l.Walk(ctx, db, by, q)
	} else {
		page, err = l.Desc.Read(ctx, from, owner, q)
	}
	return page, l.end(ctx, db, by, page.Rows, err)
}

// Readable is an error unless the actor may read the list, which is below a thing or,
// where of is "", below none.
func (l *List[R]) Readable(ctx context.Context, db *DB, by Actor, of string) error {
	_, err := l.owner(ctx, db, by, of)
	return err
}

// owner is whose rows the list is about, where the actor may read it.
func (l *List[R]) owner(ctx context.Context, db *DB, by Actor, of string) (owner string, err error) {
	owner, err = by.TeamID, by.may(l.Right)
	if l.Site && (by.site || l.Scope == "") {
		err = by.maySite()
	}
	if l.Below != nil && err == nil {
		owner, err = of, l.Below(ctx, db, by, of)
	}
	return owner, err
}

// begin checks that the actor may read the list, completes a query, and tells
// whose rows it is about.
func (l *List[R]) begin(ctx context.Context, db *DB, by Actor, q *list.Query) (owner string, err error) {
	if l.For != nil {
		l.For(by, q)
	}
	if owner, err = l.owner(ctx, db, by, q.Of); err != nil {
		return "", err
	}
	if l.Strict && !l.Knows(*q) {
		return "", ErrCursor
	}
	if l.Begins != "" && q.Text != "" {
		filters := map[string]string{l.Begins: q.Filters[l.Begins] + q.Text}
		for name, value := range q.Filters {
			if name != l.Begins {
				filters[name] = value
			}
		}
		q.Filters, q.Text = filters, ""
	}
	q.At, q.Text = db.TeamNow(by), clip(q.Text, MaxSearch)
	if l.Settled != nil {
		if q.Settled, err = l.Settled(ctx, db, by, *q); err != nil {
			return "", err
		}
	}
	if q.Text != "" && l.Finds != "" {
		f := db.find(by, l.Finds, q.Text, q.Tags...)
		if l.Tags != nil {
			tags, err := l.Tags(ctx, db, q.Text)
			if err != nil {
				return "", err
			}
			f.tags = append(f.tags, tags...)
		}
		q.Found = f
	} else if q.Text != "" && l.Matches != nil {
		q.Found = walked{SQL: holds(l.Matches...), Args: []any{like(q.Text)}}
	}
	return owner, nil
}

// walked finds nothing: the list is walked for rows that meet the condition.
type walked list.Cond

// Cond implements list.Finder.
func (w walked) Cond() list.Cond { return list.Cond(w) }

// Next implements list.Finder.
func (w walked) Next(context.Context, []any, bool, int) (list.Cond, []any, bool, error) {
	return list.Cond{}, nil, false, list.ErrWalk
}

// end fills rows that were read, or names what went wrong.
func (l *List[R]) end(ctx context.Context, db *DB, by Actor, rows []R, err error) error {
	if err == nil && l.Fill != nil && len(rows) > 0 {
		err = l.Fill(ctx, db, by, rows)
	}
	return translate(err)
}

// Numbered is page n, from 1, of so many rows each, as the vendors' lists ask
// for, and how many rows there are in all: total, unless that is list.Unknown.
func (l *List[R]) Numbered(ctx context.Context, db *DB, by Actor, q list.Query, n, size int, total int64) ([]R, int64, error) {
	owner, err := l.begin(ctx, db, by, &q)
	if err != nil {
		return nil, 0, err
	}
	if l.Counter != nil && q.Text == "" && total == list.Unknown {
		if name := l.Counter(q); name != "" {
			if total, err = db.counted(ctx, by, name); err != nil {
				return nil, 0, err
			}
		}
	}
	q.Whole = true
	rows, total, err := l.Desc.Numbered(ctx, db.lists(), owner, q, n, size, total)
	return rows, total, l.end(ctx, db, by, rows, err)
}

// Same tells whether rows of the list that read the same are the same, as long
// as the stamp is.
func (l *List[R]) Same(ctx context.Context, db *DB) (stamp string, same bool, err error) {
	if l.Stamp != nil {
		stamp, err = l.Stamp(ctx, db)
	}
	return stamp, l.Fill == nil || stamp != "", translate(err)
}

// Total asks for the number of a query's rows where no counter has it, and
// returns it where one of counts does.
func (l *List[R]) Total(q *list.Query, counts map[string]int64) (n int64, known bool) {
	if name := l.Counter; name != nil && q.Text == "" {
		if name := name(*q); name != "" {
			return counts[name], true
		}
	}
	q.Count = true
	return 0, false
}

// exportSize is how many rows Each reads at once.
const exportSize = 500

// Each calls do with the rows of a query, from its first page on, some hundreds
// at a time, and ends with its error.
func (l *List[R]) Each(ctx context.Context, db *DB, by Actor, q list.Query, do func(rows []R) error) error {
	q.After, q.Before, q.Near, q.Count, q.Whole, q.Size = "", "", false, false, true, exportSize
	for {
		page, err := l.Read(ctx, db, by, q)
		if err != nil {
			return err
		}
		if err := do(page.Rows); err != nil || page.Next == "" {
			return err
		}
		q.After = page.Next
	}
}

// lists is where lists are read.
func (db *DB) lists() list.DB {
	postgres := db.gorm.Name() == "postgres"
	return list.DB{Conn: db.gorm.Statement.ConnPool, Dollar: postgres, Hints: !postgres}
}

// equals is the filter of a list by the value of a column.
func equals(name, column string, values []string) list.Filter {
	return list.Filter{Name: name, Column: column, Values: values, Arms: func(value string, _ time.Time) []list.Cond {
		return []list.Cond{{SQL: column + " = ?", Args: []any{value}}}
	}}
}

// sorted is where rows have what only their sorts compare.
type sorted struct {
	text string
	n    int64
	at   time.Time
}

// small is a Small sort, the least first.
func small(name string, columns ...string) list.Sort {
	return list.Sort{Name: name, Columns: columns, Up: true, Small: true}
}

// countsAll is the Counter of a list of all things of a kind.
func countsAll(kind Kind) func(list.Query) string {
	return func(q list.Query) string {
		if len(q.Filters) == 0 {
			return string(kind)
		}
		return ""
	}
}

// fromJSON is where what a column keeps as JSON is read into.
type fromJSON struct{ into any }

// Scan implements sql.Scanner.
func (f fromJSON) Scan(value any) error {
	text, _ := value.(string)
	if b, ok := value.([]byte); ok {
		text = string(b)
	}
	return json.Unmarshal([]byte(text), f.into)
}

// one is an inner filter by a condition that an index finds few rows by, whose
// argument is the value.
func one(name, condition, index string) list.Filter {
	return list.Filter{Name: name, Inner: true, Arms: func(value string, _ time.Time) []list.Cond {
		return []list.Cond{{SQL: condition, Args: []any{value}, Few: index}}
	}}
}

// apart is a filter for the rows that a condition sets apart from most.
func apart(name, condition string) list.Filter {
	return list.Filter{Name: name, Values: []string{"true"}, Arms: func(string, time.Time) []list.Cond { return []list.Cond{{SQL: condition}} }}
}

// has is an inner filter by a text that a column has, which is asked for beside a
// search.
func has(name, column string) list.Filter {
	return list.Filter{Name: name, Inner: true, Arms: func(value string, _ time.Time) []list.Cond {
		return []list.Cond{{SQL: holds(column), Args: []any{like(value)}}}
	}}
}

// in is the condition that a column has one of some values.
func in[T any](column string, values []T) list.Cond {
	args := make([]any, len(values))
	for i, v := range values {
		args[i] = v
	}
	return list.Cond{SQL: column + " IN (" + strings.TrimSuffix(strings.Repeat("?, ", len(args)), ", ") + ")", Args: args}
}

// spanned is an inner filter by a time that lies between two, as Span writes them.
func spanned(name, column string) list.Filter {
	return list.Filter{Name: name, Inner: true, Arms: func(value string, _ time.Time) []list.Cond {
		from, to := unspan(value)
		return []list.Cond{between(column, from, to)}
	}}
}

// between is the condition that a time lies between two, both included; a zero
// time does not narrow. SQLite compares times as texts, which only tell the
// earlier in one zone.
func between(column string, from, to time.Time) list.Cond {
	c := list.Cond{SQL: column + " >= ?", Args: []any{from.UTC()}}
	if !to.IsZero() {
		c.SQL, c.Args = c.SQL+" AND "+column+" <= ?", append(c.Args, to.UTC())
	}
	return c
}

// Span is the value of a filter for what lies between two times, both included. A
// zero time does not narrow; "" when both are.
func Span(from, to time.Time) string {
	if from.IsZero() && to.IsZero() {
		return ""
	}
	return list.Mark([]string{list.Stamp(from), list.Stamp(to)})
}

// unspan are the times of a Span.
func unspan(value string) (from, to time.Time) {
	if times := list.Unmark(value, []string{list.Stamp(from), list.Stamp(to)}); times != nil {
		from, to = times[0].(time.Time), times[1].(time.Time)
	}
	return from, to
}

// inner is a filter that no request sets.
func inner(f list.Filter) list.Filter {
	f.Inner = true
	return f
}

// texts are words as a filter has them.
func texts[S ~string](words []S) []string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = string(w)
	}
	return out
}
