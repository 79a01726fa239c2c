package models

import (
	"context"
	"slices"
	"strings"
	"time"

	"quartermaster/models/fold"
	"quartermaster/models/list"
	"quartermaster/models/query"
)

// Page asks for one page of a list. The zero Page is the first.
type Page struct {
	// After and Before are cursors that an earlier page gave out; at most one
	// is set. Anything that is not such a cursor counts as the first page.
	After, Before string
	// Size is the number of rows, 50 by default and 100 at most.
	Size int
	// Near asks, where a cursor has no rows behind it any more, for the rows that
	// are left at that end of the list.
	Near bool

	last bool // the rows at the end of the list
}

// MaxPageSize is the most rows that a page holds.
const MaxPageSize = 100

func (p Page) size() int {
	switch {
	case p.Size <= 0:
		return 50
	case p.Size > MaxPageSize:
		return MaxPageSize
	}
	return p.Size
}

// Cursor tells where the pages beside a page begin. An empty string means that
// there is none. Paging by cursor neither skips nor repeats a row while others
// arrive.
type Cursor struct{ Next, Prev string }

// sorting is an order of rows, the greatest first, by columns whose values
// together are unique. The columns come from the code, never from a request.
type sorting []string

func newestFirst(columns ...string) sorting { return columns }

func (s sorting) order(backwards bool) string {
	dir := " DESC"
	if backwards {
		dir = ""
	}
	return strings.Join(s, dir+", ") + dir
}

// beyond is the condition for the rows behind a cursor.
func (s sorting) beyond(backwards bool) string {
	op := "<"
	if backwards {
		op = ">"
	}
	marks := strings.TrimSuffix(strings.Repeat("?, ", len(s)), ", ")
	return "(" + strings.Join(s, ", ") + ") " + op + " (" + marks + ")"
}

// pageOf reads one page of a query. key gives the sorting columns' values of a
// row as text: times by stamp.
func pageOf[T any](ctx context.Context, q query.Rows[T], p Page, s sorting, key func(T) []string) ([]T, Cursor, error) {
	return pageFound(ctx, q, nil, p, s, key)
}

// pageFound reads one page of what a search, unless it is nil, finds among the
// rows of a query. Their order must be that of the search.
func pageFound[T any](ctx context.Context, q query.Rows[T], f *finding, p Page, s sorting, key func(T) []string) ([]T, Cursor, error) {
	size, backwards := p.size(), p.Before != ""
	from := list.Unmark(p.After+p.Before, key(*new(T)))
	all := q
	if from != nil {
		q = q.Where(s.beyond(backwards), from...)
	} else {
		backwards = p.last
	}
	rows, err := rowsFound(ctx, q, f, s, from, backwards, size+1)
	if err != nil {
		return nil, Cursor{}, translate(err)
	}
	if len(rows) == 0 && from != nil && p.Near {
		return pageFound(ctx, all, f, Page{Size: p.Size, last: !backwards}, s, key)
	}
	rows, c := cut(rows, p, backwards, from != nil, func(row T) string { return list.Mark(key(row)) })
	return rows, c, nil
}

// cut makes a page of the rows that were read for it, and of one row more when
// there is one. known tells that they were read from a cursor on, and not from
// the beginning of the list; mark is the cursor at a row.
func cut[T any](rows []T, p Page, backwards, known bool, mark func(T) string) ([]T, Cursor) {
	more := len(rows) > p.size()
	if more {
		rows = rows[:p.size()]
	}
	if backwards {
		slices.Reverse(rows)
	}
	var c Cursor
	if len(rows) == 0 {
		return rows, c
	}
	if !p.last && (more || backwards) {
		c.Next = mark(rows[len(rows)-1])
	}
	if backwards && more || !backwards && known {
		c.Prev = mark(rows[0])
	}
	return rows, c
}

// pageNumber reads page n, from 1, of so many rows each, as the vendors' lists
// ask for, of the rows of a query, and tells how many there are in all. total is
// a counter's, or unknown. The second half of a list is read from its end, so that no page is
// further away than the middle one.
func pageNumber[T any](ctx context.Context, q query.Rows[T], s sorting, n, size int, total int64) ([]T, int64, error) {
	if total == unknown {
		var err error
		if total, err = q.Count(ctx, "*"); err != nil {
			return nil, 0, translate(err)
		}
	}
	limit := min(size, list.MaxNumbered)
	skip := int64(n-1) * int64(limit)
	if n < 1 || skip >= total {
		return nil, total, nil
	}
	take := min(int64(limit), total-skip)
	after := total - skip - take // the rows behind the page
	backwards := after < skip
	if backwards {
		skip = after
	}
	rows, err := q.Order(s.order(backwards)).Offset(int(skip)).Limit(int(take)).Find(ctx)
	if backwards {
		slices.Reverse(rows)
	}
	return rows, total, translate(err)
}

// unknown is the total of a list that no counter counts.
const unknown = -1

// stamp is a time as a cursor keeps it.
func stamp(t time.Time) string { return list.Stamp(t) }

// mostLike is longer than any text that is searched. SQLite refuses patterns
// that are much longer.
const mostLike = 4096

// holds is the condition that the text of a like is found in one of the columns,
// whatever its case, width and accents. None of them may be null.
func holds(columns ...string) string {
	return "fold(" + strings.Join(columns, ` || ' ' || `) + `) LIKE ? ESCAPE '\'`
}

// like is the pattern for holds that finds text anywhere.
func like(text string) string {
	return "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(fold.Text(clip(text, mostLike))) + "%"
}
