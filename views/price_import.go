package views

import (
	"context"
	"strconv"
	"strings"
	"time"

	"quartermaster/models"
	"quartermaster/models/fold"
	"quartermaster/models/pricing"
	"quartermaster/views/i18n"
	"quartermaster/views/ui"
)

// DiffsProps is what the page of the differences of a file of prices shows. Rows are
// its lines, which the form that applies it brings back.
type DiffsProps struct {
	Form  ui.Form
	Diffs models.PriceDiffs
	Rows  string
	Whole bool
	// Changed tells that the catalogue has changed since they were shown.
	Changed bool
}

// does tells whether applying the file does anything.
func (p DiffsProps) does() bool {
	return p.Diffs.Count(models.PriceAdded)+p.Diffs.Count(models.PriceChanged)+p.Diffs.Count(models.PriceRemoved) > 0
}

var changeTones = map[models.PriceChange]ui.Tone{models.PriceAdded: ui.OK, models.PriceChanged: ui.Info, models.PriceRemoved: ui.Warn, models.PriceRefused: ui.Danger}

// priceHeads are the heads of the columns of a file of prices, those of the price
// book's own files, and where their cells go.
var priceHeads = []struct {
	key  string
	into func(*models.PriceRow) *string
}{
	{"catalogue.sku", func(r *models.PriceRow) *string { return &r.SKU }},
	{"catalogue.region-code", func(r *models.PriceRow) *string { return &r.Region }},
	{"catalogue.unit-code", func(r *models.PriceRow) *string { return (*string)(&r.Unit) }},
	{"catalogue.term", func(r *models.PriceRow) *string { return &r.Term }},
	{"catalogue.price", func(r *models.PriceRow) *string { return &r.Amount }},
	{"catalogue.since", func(r *models.PriceRow) *string { return &r.From }},
	{"catalogue.source", func(r *models.PriceRow) *string { return &r.Source }},
}

// SheetPrices are the lines of a file of prices whose columns have the heads of the price
// book's own files, in any language and order; nil where one of them is missing.
func SheetPrices(cells [][]string) []models.PriceRow {
	at := make([]int, len(priceHeads))
	for i, head := range priceHeads {
		at[i] = -1
		for _, lang := range i18n.Languages {
			words := i18n.T(i18n.WithLang(context.Background(), lang.String()), head.key)
			for j, cell := range cells[0] {
				if at[i] < 0 && fold.Text(cell) == fold.Text(words) {
					at[i] = j
				}
			}
		}
		if at[i] < 0 {
			return nil
		}
	}
	rows := []models.PriceRow{}
	for n, line := range cells[1:] {
		row := models.PriceRow{Line: n + 2}
		for i, head := range priceHeads {
			if at[i] < len(line) {
				*head.into(&row) = line[at[i]]
			}
		}
		if strings.Join(line, "") != "" {
			row.From = sheetDay(row.From)
			rows = append(rows, row)
		}
	}
	return rows
}

// sheetDay is a day as spreadsheets write it, 2026/12/1 or the number of days since
// 1899-12-30, as 2026-12-01; any other text is left as it is.
func sheetDay(s string) string {
	for _, layout := range []string{"2006-1-2", "2006/1/2"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.Format(time.DateOnly)
		}
	}
	if n, err := strconv.Atoi(s); err == nil && n > 30_000 && n < 100_000 {
		return time.Date(1899, 12, 30+n, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
	}
	return s
}

// diffAmount is what a difference makes a price, and what it was.
func diffAmount(ctx context.Context, d models.PriceDiff) string {
	switch {
	case d.Change == models.PriceRefused && d.Price.Micro == 0:
		return ui.Visible(d.Input.Amount)
	case d.Was.ID != "" && d.Change == models.PriceChanged:
		return priceOf(ctx, d.Was) + " → " + priceOf(ctx, d.Price)
	}
	return priceOf(ctx, d.Price)
}

// diffLine is the line of the file, or that it has none.
func diffLine(ctx context.Context, d models.PriceDiff) string {
	if d.Line == 0 {
		return "—"
	}
	return i18n.Number(ctx, int64(d.Line))
}

// diffUnit is what the price buys, where that is known.
func diffUnit(ctx context.Context, d models.PriceDiff) string {
	if unit := string(d.Price.Unit); i18n.Has(ctx, "price.unit."+unit) {
		return priceUnit(ctx, pricing.Unit(unit), d.Price.TermMonths)
	}
	return ui.Visible(string(d.Price.Unit))
}

// diffDay is the first day of the price.
func diffDay(d models.PriceDiff) string {
	if d.Line == 0 {
		return d.Was.Day()
	}
	return ui.Visible(d.Input.From)
}

// whyRefused says what is wrong with a line of a file.
func whyRefused(ctx context.Context, d models.PriceDiff) string {
	return strings.Join(mapped(d.Refused, func(e models.FieldError) string { return ui.Label(ctx, e.Field) + ": " + ui.RuleText(ctx, e) }), " ")
}
