package models

import (
	"context"
	"errors"
	"slices"
	"time"

	"quartermaster/models/query"
)

// MostPriceRows is how many lines of the price book one file may have.
const MostPriceRows = 2000

// PriceRow is a line of a file of prices.
type PriceRow struct {
	Line int // of the file
	PriceInput
}

// PriceFile is a file of prices and what is to become of it.
type PriceFile struct {
	Rows []PriceRow
	// Whole withdraws prices of days to come that the file does not have.
	Whole bool
	// All takes nothing of a file of which a line is refused.
	All bool
	// Version is that of the catalogue for which the differences were shown, "" where
	// none were.
	Version string
}

// PriceChange is what a file does to a line of the price book.
type PriceChange string

// The changes of a file of prices.
const (
	PriceAdded   PriceChange = "added"
	PriceChanged PriceChange = "changed"
	PriceRemoved PriceChange = "removed"
	PriceRefused PriceChange = "refused"
	PriceTheSame PriceChange = "same"
)

// PriceDiff is what a line of a file does, or what its absence does.
type PriceDiff struct {
	Line   int // of the file, 0 for one that it does not have
	Change PriceChange
	Input  PriceInput
	Item   Item
	// Price is the line of the price book to be, and Was the one that there is.
	Price, Was Price
	Refused    Invalid
}

// PriceDiffs are what a file of prices does.
type PriceDiffs struct {
	All     []PriceDiff
	Version string // of the catalogue
}

// Count is how many differences are a change.
func (d PriceDiffs) Count(change PriceChange) (n int) {
	for _, one := range d.All {
		if one.Change == change {
			n++
		}
	}
	return n
}

// PreviewPrices is what a file of prices would do, for site admins.
func (db *DB) PreviewPrices(ctx context.Context, by Actor, file PriceFile) (PriceDiffs, error) {
	if err := by.maySite(); err != nil {
		return PriceDiffs{}, err
	}
	c, err := db.catalogue(ctx)
	if err != nil {
		return PriceDiffs{}, err
	}
	return db.diffPrices(c, file)
}

func (db *DB) diffPrices(c *catalogue, file PriceFile) (PriceDiffs, error) {
	if len(file.Rows) > MostPriceRows {
		return PriceDiffs{}, ErrTooLarge
	}
	d := PriceDiffs{Version: c.version}
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
		one := PriceDiff{Line: row.Line, Change: PriceAdded, Input: row.PriceInput, Item: c.items[row.SKU]}
		row.Shown = ""
		p, err := row.line(c, time.Time{})
		if err != nil && !errors.As(err, &one.Refused) {
			return d, err
		}
		one.Price = p
		at := dayOf{p.of(), p.Day()}
		was, known := there[at]
		switch {
		case had[at] && one.Refused == nil:
			one.Refused = Invalid{{Field: "price_from", Rule: "price_twice"}}
		case known && was.Micro == p.Micro && !one.Refused.has("price_amount"):
			one.Change, one.Was, one.Refused = PriceTheSame, was, nil
		case one.Refused != nil:
		case known && !was.ValidFrom.After(now):
			one.Was, one.Refused = was, Invalid{{Field: "price_from", Rule: "price_stays", Param: was.Amount() + " " + was.Currency}}
		case known:
			one.Change, one.Was = PriceChanged, was
		case p.ValidFrom.Before(today):
			one.Refused = Invalid{{Field: "price_from", Rule: "day_past"}}
		}
		if one.Refused != nil {
			one.Change = PriceRefused
		}
		had[at] = true
		d.All = append(d.All, one)
	}
	for _, p := range c.lines {
		if file.Whole && p.ValidFrom.After(now) && !had[dayOf{p.of(), p.Day()}] {
			d.All = append(d.All, PriceDiff{Change: PriceRemoved, Item: c.items[p.SKU], Was: p, Price: p})
		}
	}
	return d, nil
}

// ImportPrices does what a file of prices says, in one transaction, for site admins,
// and returns what it did. Lines that are refused are left out, or with All nothing is
// done ("price_refused"). Where the catalogue is not what the differences were shown
// for, nothing is done, and it is ErrConflict with what it would do now.
func (db *DB) ImportPrices(ctx context.Context, by Actor, file PriceFile) (d PriceDiffs, err error) {
	err = db.onCatalogue(ctx, by, func(ctx context.Context, tx *DB, by Actor, c *catalogue) error {
		var err error
		if d, err = db.diffPrices(c, file); err != nil {
			return err
		}
		switch {
		case file.Version != c.version:
			return ErrConflict
		case file.All && d.Count(PriceRefused) > 0:
			return invalid("", "price_refused")
		}
		for _, one := range d.All {
			if err := tx.importPrice(ctx, by, c, one); err != nil {
				return err
			}
		}
		return nil
	})
	return d, err
}

// importPrice does what a line of a file says.
func (db *DB) importPrice(ctx context.Context, by Actor, c *catalogue, one PriceDiff) error {
	if one.Change == PriceChanged || one.Change == PriceRemoved {
		if err := db.withdrawPrice(ctx, by, c, one.Was); err != nil {
			return err
		}
	}
	if one.Change != PriceAdded && one.Change != PriceChanged {
		return nil
	}
	lines := slices.DeleteFunc(c.follow(one.Price.of()), func(p Price) bool { return p.ID == one.Was.ID })
	one.Price.ID = db.newID()
	return db.addPrice(ctx, by, lines, one.Price)
}

// withdrawPrice deletes a line of the price book whose day has not come.
func (db *DB) withdrawPrice(ctx context.Context, by Actor, c *catalogue, p Price) error {
	if _, err := query.Of[Price](db.gorm).Where("id = ?", p.ID).Delete(ctx); err != nil {
		return err
	}
	before, _ := around(c.follow(p.of()), db.Now())
	return db.Record(ctx, by, Event{Action: "price.withdrawn", SubjectID: p.ID, SubjectName: p.SKU, Region: p.Region},
		map[string]any{"from": p.Amount(), "to": before.Amount(), "unit": p.Unit, "term_months": p.TermMonths, "day": p.Day(), "source": p.Source})
}
