package models

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"quartermaster/models/query"
)

// PriceImport is how files of prices change the price book. Whole withdraws prices of
// days to come that the file does not have; one whose day has come stays.
var PriceImport = &Import[PriceInput, PriceLine]{
	diff: func(ctx context.Context, db *DB, c *catalogue, file File[PriceInput]) ([]FileDiff[PriceInput, PriceLine], error) {
		return db.diffPrices(ctx, c, file)
	},
	apply: func(ctx context.Context, db *DB, by Actor, c *catalogue, d FileDiff[PriceInput, PriceLine]) error {
		return db.importPrice(ctx, by, c, d)
	},
}

func (db *DB) diffPrices(ctx context.Context, c *catalogue, file File[PriceInput]) (all []FileDiff[PriceInput, PriceLine], err error) {
	var teams []string
	for _, row := range file.Rows {
		teams = append(teams, row.In.Team)
	}
	slices.Sort(teams)
	known, err := db.knownTeams(ctx, slices.Compact(teams)...)
	if err != nil {
		return nil, err
	}
	type dayOf struct {
		of  priceOf
		day string
	}
	there := map[dayOf]Price{}
	for _, p := range c.lines {
		there[dayOf{p.of(), p.Day()}] = p
	}
	had := map[dayOf]bool{}
	today, now := db.today(), db.Now()
	for _, row := range file.Rows {
		one := FileDiff[PriceInput, PriceLine]{Line: row.Line, Change: FileAdded, Input: row.In}
		p, err := row.In.line(c, time.Time{})
		if !known[row.In.Team] {
			err = Invalid(nil).With(err, invalid("price_team", "unknown"))
		}
		if err != nil && !errors.As(err, &one.Refused) {
			return nil, err
		}
		one.Is = PriceLine{Price: p, Item: c.items[row.In.SKU]}
		at := dayOf{p.of(), p.Day()}
		was, is := there[at]
		switch {
		case had[at] && one.Refused == nil:
			one.Refused = Invalid{{Field: "price_from", Rule: "price_twice"}}
		case is && was.Micro == p.Micro && !one.Refused.has("price_amount"):
			one.Change, one.Was.Price, one.Refused = FileTheSame, was, nil
		case one.Refused != nil:
		case is && !was.ValidFrom.After(now):
			one.Was.Price, one.Refused = was, Invalid{{Field: "price_from", Rule: "price_stays", Param: cmp.Or(was.Amount(), "—") + " " + was.Currency}}
		case is:
			one.Change, one.Was.Price = FileChanged, was
		case p.ValidFrom.Before(today):
			one.Refused = Invalid{{Field: "price_from", Rule: "day_past"}}
		}
		if one.Refused != nil {
			one.Change = FileRefused
		}
		had[at] = true
		all = append(all, one)
	}
	for _, p := range c.lines {
		if file.Whole && p.ValidFrom.After(now) && !had[dayOf{p.of(), p.Day()}] {
			line := PriceLine{Price: p, Item: c.items[p.SKU]}
			all = append(all, FileDiff[PriceInput, PriceLine]{Change: FileRemoved, Was: line, Is: line})
		}
	}
	return all, nil
}

// importPrice does what a line of a file says.
func (db *DB) importPrice(ctx context.Context, by Actor, c *catalogue, d FileDiff[PriceInput, PriceLine]) error {
	if d.Change != FileAdded {
		if err := db.withdrawPrice(ctx, by, c, d.Was.Price); err != nil || d.Change == FileRemoved {
			return err
		}
	}
	lines := slices.DeleteFunc(c.follow(d.Is.of()), func(p Price) bool { return p.ID == d.Was.ID })
	d.Is.ID = db.newID()
	return db.addPrice(ctx, by, lines, d.Is.Price)
}

// withdrawPrice deletes a line of the price book whose day has not come.
func (db *DB) withdrawPrice(ctx context.Context, by Actor, c *catalogue, p Price) error {
	if _, err := query.Of[Price](db.gorm).Where("id = ?", p.ID).Delete(ctx); err != nil {
		return err
	}
	before, _ := around(c.follow(p.of()), db.Now())
	return db.recordPrice(ctx, by, "price.withdrawn", p, p.Amount(), before.Amount())
}
