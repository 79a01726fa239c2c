package list

import (
	"context"
	"errors"
	"math"
	"slices"
)

// MaxNumbered is the most rows of a page that is asked for by its number.
const MaxNumbered = 300

// Numbered reads page n, from 1, of so many rows each, as the vendors' lists ask
// for, and tells how many rows there are in all: total, unless that is Unknown.
// The second half of a list is read from its end, so that no page is further
// away than the middle one.
func (d *Desc[R]) Numbered(ctx context.Context, db DB, owner string, q Query, n, size int, total int64) ([]R, int64, error) {
	p, err := d.plan(ctx, db, owner, q)
	if err == nil && q.Found != nil {
		err = p.narrow(ctx)
	}
	if err == nil && total == Unknown {
		total, err = p.all(ctx)
	}
	if err != nil {
		return nil, 0, err
	}
	limit := min(int64(size), MaxNumbered)
	p.skip = int64(n-1) * limit
	if n < 1 || p.skip >= total {
		return nil, total, nil
	}
	take := min(limit, total-p.skip)
	after := total - p.skip - take // the rows behind the page
	backwards := after < p.skip
	if backwards {
		p.skip = after
	}
	rows, err := p.walk(ctx, nil, backwards, take)
	if backwards {
		slices.Reverse(rows)
	}
	return p.page(rows).Rows, total, err
}

// narrow reads no other rows than those that are found, if they are few.
func (p *plan[R]) narrow(ctx context.Context) error {
	some, _, all, err := p.q.Found.Next(ctx, nil, false, int(p.db.sorted()))
	if errors.Is(err, ErrWalk) {
		return nil
	}
	if all {
		p.only = &some
	}
	return err
}

// all is how many rows there are.
func (p *plan[R]) all(ctx context.Context) (int64, error) {
	if p.only == nil {
		return p.probe(ctx, p.index, p.arms, math.MaxInt64)
	}
	s := p.statement()
	s.text("SELECT COUNT(*) FROM (")
	s.among("1 AS one", *p.only, p.arms)
	return s.text(") AS found").one(ctx)
}
