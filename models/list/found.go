package list

import (
	"context"
	"errors"
)

// found reads rows that have what is searched for: in the usual order as many as
// fill the page, in another all that there are, if they are few enough to sort.
func (p *plan[R]) found(ctx context.Context, from []any, backwards bool, limit int64) ([]read[R], error) {
	usual, down := p.sort.Name == p.desc.Sorts[0].Name, p.down != backwards
	at, n := from, int(limit+limit/4)
	if !usual {
		at, n = nil, int(p.db.sorted())
	}
	var rows []read[R]
	for tried := 0; ; n = min(4*n, MostSorted) {
		some, next, all, err := p.q.Found.Next(ctx, at, usual && !down, n)
		if tried += n; errors.Is(err, ErrWalk) || err == nil && !all && (!usual || int64(tried) > p.db.sorted() && len(p.q.Filters) > 0) {
			if usual {
				from = at
			}
			more, err := p.walk(ctx, from, backwards, limit-int64(len(rows)))
			return append(rows, more...), err
		}
		if err != nil {
			return nil, err
		}
		s := p.statement()
		s.among(p.selected(), some, p.arms)
		if from != nil {
			s.text(" AND ").beyond(p.desc.inSQL(p.sort), from, down)
		}
		s.order(p.sort, down).text(" LIMIT ").number(limit - int64(len(rows)))
		more, err := p.scan(ctx, s, limit)
		if rows = append(rows, more...); err != nil || all || int64(len(rows)) >= limit {
			return rows, err
		}
		at = next
	}
}

// countFound is how many rows have what is searched for, if the first ones tell.
func (p *plan[R]) countFound(ctx context.Context) (int64, error) {
	some, _, all, err := p.q.Found.Next(ctx, nil, false, 2*CountTo)
	if errors.Is(err, ErrWalk) {
		return Unknown, nil
	}
	if err != nil {
		return 0, err
	}
	s := p.statement()
	s.text("SELECT COUNT(*) FROM (")
	s.among("1 AS one", some, p.arms)
	n, err := s.text(" LIMIT ").number(CountTo).text(") AS few").one(ctx)
	if err == nil && !all && n < CountTo {
		n = Unknown
	}
	return n, err
}
