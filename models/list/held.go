package list

import (
	"cmp"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Held is the page that a query asks for of rows that memory has, those that its
// filters and its text let through, in any order.
func (d *Desc[R]) Held(rows []R, q Query) (Page[R], error) {
	by := d.Sorting(q)
	compare := func(a, b *R) int {
		n := d.compare(a, b, by)
		if by.Up == q.Reverse {
			n = -n
		}
		return n
	}
	rows = slices.Clone(rows)
	slices.SortFunc(rows, func(a, b R) int { return compare(&a, &b) })
	read := func(from *R, backwards bool, n int) ([]R, error) {
		some := slices.Clone(rows)
		if backwards {
			slices.Reverse(some)
		}
		at := 0
		for from != nil && at < len(some) && (compare(&some[at], from) == 0 || (compare(&some[at], from) < 0) != backwards) {
			at++
		}
		return some[at:min(at+n, len(some))], nil
	}
	page, err := Pages(q, func(cursor string) *R { return d.at(cursor, by) }, read, func(row R) string { return Mark(d.values(&row, by)) })
	page.Total = int64(len(rows))
	return page, err
}

// at is a row as far as a cursor knows it, nil when the cursor is none of the sort.
func (d *Desc[R]) at(cursor string, by Sort) *R {
	values := d.from(cursor, by)
	if values == nil {
		return nil
	}
	row := new(R)
	to := d.Into(row, nil)
	for i, column := range by.Columns {
		v := reflect.ValueOf(to[slices.Index(d.Columns, column)]).Elem()
		v.Set(reflect.ValueOf(values[i]).Convert(v.Type()))
	}
	return row
}

// compare tells which of two rows a sort has first, where it goes up.
func (d *Desc[R]) compare(a, b *R, by Sort) int {
	as, bs := d.Into(a, nil), d.Into(b, nil)
	for _, column := range by.Columns {
		i := slices.Index(d.Columns, column)
		if n := compareValues(reflect.ValueOf(as[i]).Elem(), reflect.ValueOf(bs[i]).Elem()); n != 0 {
			return n
		}
	}
	return 0
}

// compareValues compares times, whole numbers and texts.
func compareValues(a, b reflect.Value) int {
	if at, is := a.Interface().(time.Time); is {
		return at.Compare(b.Interface().(time.Time))
	}
	if a.CanInt() {
		return cmp.Compare(a.Int(), b.Int())
	}
	return strings.Compare(a.String(), b.String())
}
