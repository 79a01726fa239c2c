package models

import (
	"context"
	"errors"
	"slices"
)

// ThingRow is what a line of a file says about a thing of the catalogue.
type ThingRow struct {
	Sort Sort
	ThingInput
	Off bool
}

// id names the thing among those of its sort.
func (r ThingRow) id() string { return Thing{Sort: r.Sort, Of: r.Of, Code: r.Code}.ID() }

// ThingImport is how files of things change what is on sale. Nothing is ever taken out of
// the catalogue: Whole takes off sale what the file does not have.
var ThingImport = &Import[ThingRow, Thing]{
	diff: func(_ context.Context, _ *DB, c *catalogue, file File[ThingRow]) ([]FileDiff[ThingRow, Thing], error) {
		return diffThings(c, file)
	},
	apply: func(ctx context.Context, db *DB, by Actor, c *catalogue, d FileDiff[ThingRow, Thing]) error {
		return db.importThing(ctx, by, c, d)
	},
}

// diffThings puts what each line makes of a thing into the catalogue, in the order in
// which things refer to each other, so that one may be of another of the same file.
func diffThings(c *catalogue, file File[ThingRow]) (all []FileDiff[ThingRow, Thing], err error) {
	there := c.things()
	rows := slices.Clone(file.Rows)
	order := func(r FileRow[ThingRow]) int { return slices.Index(Sorts, r.In.Sort) }
	slices.SortStableFunc(rows, func(a, b FileRow[ThingRow]) int { return order(a) - order(b) })
	type key struct {
		sort Sort
		id   string
	}
	had := map[key]bool{}
	for _, row := range rows {
		one := FileDiff[ThingRow, Thing]{Line: row.Line, Change: FileAdded, Input: row.In, Is: Thing{Sort: row.In.Sort, Of: row.In.Of, Code: row.In.Code}}
		at := key{row.In.Sort, row.In.id()}
		switch {
		case order(row) < 0:
			one.Refused = Invalid{{Field: "thing_sort", Rule: "oneof"}}
		case had[at]:
			one.Refused = Invalid{{Field: "thing_code", Rule: "thing_twice"}}
		default:
			err = take(c, &one)
		}
		if err != nil && !errors.As(err, &one.Refused) {
			return nil, err
		}
		if err = nil; one.Refused != nil {
			one.Change = FileRefused
		} else {
			c.put(one.Is)
		}
		had[at] = true
		all = append(all, one)
	}
	for _, t := range there {
		if file.Whole && !t.Off && !had[key{t.Sort, t.ID()}] {
			off := t
			off.Off = true
			all = append(all, FileDiff[ThingRow, Thing]{Change: FileRemoved, Is: off, Was: t})
		}
	}
	return all, nil
}

// take puts into a difference what its line makes of the thing that it names.
func take(c *catalogue, d *FileDiff[ThingRow, Thing]) error {
	in := d.Input
	t, known := c.thing(in.Sort, in.id())
	t.Sort = in.Sort
	if known {
		d.Was, d.Change = t, FileChanged
	}
	if err := t.takes(c, &in.ThingInput); err != nil {
		return err
	}
	t.Off = in.Off
	if d.Is = t; known && t.Off == d.Was.Off && t.Input().Shown == d.Was.Input().Shown {
		d.Change = FileTheSame
	}
	return nil
}

// importThing does what a line of a file says.
func (db *DB) importThing(ctx context.Context, by Actor, c *catalogue, d FileDiff[ThingRow, Thing]) error {
	was, is := d.Was.Input().Shown, d.Is.Input().Shown
	if d.Change == FileAdded {
		return db.writeThing(ctx, by, c, d.Is, "catalogue.added", map[string]any{"sort": d.Is.Sort, "old": "", "new": is})
	}
	if was != is {
		if err := db.writeThing(ctx, by, c, d.Is, "catalogue.changed", map[string]any{"sort": d.Is.Sort, "old": was, "new": is}); err != nil {
			return err
		}
	}
	if d.Is.Off == d.Was.Off {
		return nil
	}
	return db.writeThing(ctx, by, c, d.Is, saleAction(d.Is.Off), map[string]any{"sort": d.Is.Sort})
}

// saleAction is what is recorded of a thing that was taken off sale, or put on sale.
func saleAction(off bool) string {
	if off {
		return "catalogue.off_sale"
	}
	return "catalogue.on_sale"
}
