package list

import "context"

// Shape is a description without the type of its rows, for what holds of every
// list.
type Shape struct {
	Table, Key, Scope string
	Columns           []string
	Sorts             []Sort
	Filters           []Filter
	Indexes           []Index
}

// Shape is the description's Shape.
func (d *Desc[R]) Shape() Shape {
	return Shape{d.Table, d.Key, d.Scope, d.Columns, d.Sorts, d.Filters, d.Indexes}
}

// Keys reads a page as Read does and returns how a cursor keeps what the sort
// compares of its rows, and where the next page begins. Straight tells that an
// index had the rows together and in order. It counts where the query asks for that.
func (d *Desc[R]) Keys(ctx context.Context, db DB, owner string, q Query) (keys [][]string, next string, straight bool, err error) {
	p, err := d.plan(ctx, db, owner, q)
	if err != nil {
		return nil, "", false, err
	}
	page, err := p.read(ctx)
	for i := range page.Rows {
		keys = append(keys, d.values(&page.Rows[i], p.sort))
	}
	if err == nil && q.Count {
		_, err = p.count(ctx)
	}
	return keys, page.Next, p.way == together, err
}
