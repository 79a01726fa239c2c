package views

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"quartermaster/models"
	"quartermaster/models/fold"
	"quartermaster/models/pricing"
	"quartermaster/views/i18n"
	"quartermaster/views/ui"
)

// ImportView is how files that change the catalogue are read, and how what they do
// looks.
type ImportView[In, Of any] struct {
	// Path is the page of the list whose files they are, Words begin its sentences.
	Path, Words string
	Crumbs      func(ctx context.Context) []ui.Crumb
	// Heads are the heads of the columns, those of the list's own files, and where their
	// cells go.
	Heads []sheetColumn[In]
	// Draw says what a difference is of, and what it does.
	Draw func(ctx context.Context, d models.FileDiff[In, Of], row *DiffRow)
}

type sheetColumn[In any] struct {
	key  string
	into func(in *In, cell string)
}

// Rows are the lines of a file whose columns have the heads, in any language and order;
// nil where one of them is missing.
func (v *ImportView[In, Of]) Rows(cells [][]string) []models.FileRow[In] {
	at := make([]int, len(v.Heads))
	for i, head := range v.Heads {
		at[i] = slices.IndexFunc(cells[0], func(cell string) bool {
			return slices.ContainsFunc(inAllLanguages(head.key), func(word string) bool { return fold.Text(cell) == word })
		})
		if at[i] < 0 {
			return nil
		}
	}
	rows := []models.FileRow[In]{}
	for n, line := range cells[1:] {
		if strings.Join(line, "") == "" {
			continue
		}
		row := models.FileRow[In]{Line: n + 2}
		for i, head := range v.Heads {
			if at[i] < len(line) {
				head.into(&row.In, line[at[i]])
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// inAllLanguages are the words of a key in every language, folded.
func inAllLanguages(key string) (all []string) {
	for _, lang := range i18n.Languages {
		all = append(all, fold.Text(i18n.T(i18n.WithLang(context.Background(), lang.String()), key)))
	}
	return all
}

// DiffRow is a difference as the page has it.
type DiffRow struct {
	Line   string
	Change models.FileChange
	// Name is what it is of, What what it does to that, Day from when on.
	Name, Note, What, Day string
	Reason                string
}

// DiffsProps is what the page of the differences of a file shows. Rows are its lines,
// which the form that applies it brings back.
type DiffsProps struct {
	Form        ui.Form
	Path, Words string
	Crumbs      []ui.Crumb
	Diffs       []DiffRow
	Counts      map[models.FileChange]int
	Version     string
	Rows        string
	Whole       bool
	// Changed tells that the catalogue has changed since they were shown.
	Changed bool
}

// does tells whether applying the file does anything.
func (p DiffsProps) does() bool {
	return p.Counts[models.FileAdded]+p.Counts[models.FileChanged]+p.Counts[models.FileRemoved] > 0
}

// Page is what the page of the differences of a file shows.
func (v *ImportView[In, Of]) Page(ctx context.Context, diffs models.FileDiffs[In, Of]) DiffsProps {
	p := DiffsProps{Path: v.Path, Words: v.Words, Crumbs: v.Crumbs(ctx), Version: diffs.Version, Counts: map[models.FileChange]int{}}
	for _, d := range diffs.All {
		p.Counts[d.Change]++
		if d.Change == models.FileTheSame {
			continue
		}
		row := DiffRow{Change: d.Change, Line: "—", Reason: "—"}
		if d.Line > 0 {
			row.Line = i18n.Number(ctx, int64(d.Line))
		}
		if d.Refused != nil {
			row.Reason = strings.Join(mapped(d.Refused, func(e models.FieldError) string { return ui.Label(ctx, e.Field) + ": " + ui.RuleText(ctx, e) }), " ")
		}
		v.Draw(ctx, d, &row)
		p.Diffs = append(p.Diffs, row)
	}
	return p
}

var changeTones = map[models.FileChange]ui.Tone{models.FileAdded: ui.OK, models.FileChanged: ui.Info, models.FileRemoved: ui.Warn, models.FileRefused: ui.Danger}

// PriceImport is how files of prices look.
var PriceImport = &ImportView[models.PriceInput, models.PriceLine]{
	Path: "/catalogue/prices", Words: "import.prices.", Crumbs: priceCrumbs,
	Heads: []sheetColumn[models.PriceInput]{
		{"catalogue.sku", func(in *models.PriceInput, s string) { in.SKU = s }},
		{"catalogue.region-code", func(in *models.PriceInput, s string) { in.Region = s }},
		{"catalogue.unit-code", func(in *models.PriceInput, s string) { in.Unit = pricing.Unit(s) }},
		{"catalogue.term", func(in *models.PriceInput, s string) { in.Term = s }},
		{"catalogue.price", func(in *models.PriceInput, s string) { in.Amount = s }},
		{"catalogue.since", func(in *models.PriceInput, s string) { in.From = sheetDay(s) }},
		{"catalogue.source", func(in *models.PriceInput, s string) { in.Source = s }},
		{"catalogue.team-code", func(in *models.PriceInput, s string) { in.Team = s }},
	},
	Draw: func(ctx context.Context, d models.FileDiff[models.PriceInput, models.PriceLine], row *DiffRow) {
		row.Name = cmp.Or(itemName(ctx, d.Is.Item), ui.Visible(d.Input.SKU))
		unit := ui.Visible(string(d.Is.Unit))
		if i18n.Has(ctx, "price.unit."+unit) {
			unit = priceUnit(ctx, d.Is.Unit, d.Is.TermMonths)
		}
		row.Note = joined(d.Is.Region, unit, ui.Visible(d.Is.TeamID))
		switch {
		case d.Change == models.FileRefused && d.Is.Micro == 0:
			row.What = ui.Visible(d.Input.Amount)
		case d.Change == models.FileChanged:
			row.What = priceOf(ctx, d.Was.Price) + " → " + priceOf(ctx, d.Is.Price)
		default:
			row.What = priceOf(ctx, d.Is.Price)
		}
		if row.Day = ui.Visible(d.Input.From); d.Line == 0 {
			row.Day = d.Was.Day()
		}
	},
}

// ThingImport is how files of things of the catalogue look.
var ThingImport = &ImportView[models.ThingRow, models.Thing]{
	Path: "/catalogue/sale", Words: "import.things.",
	Crumbs: func(ctx context.Context) []ui.Crumb {
		return []ui.Crumb{{Label: i18n.T(ctx, "catalogue.title"), Href: "/catalogue"}, {Label: i18n.T(ctx, "sale.title"), Href: "/catalogue/sale"}}
	},
	Heads: []sheetColumn[models.ThingRow]{
		{"sale.sort-code", func(in *models.ThingRow, s string) { in.Sort = models.Sort(s) }},
		{"field.thing_code", func(in *models.ThingRow, s string) { in.Code = s }},
		{"field.thing_of", func(in *models.ThingRow, s string) { in.Of = s }},
		{"field.thing_zh", func(in *models.ThingRow, s string) { in.ZH = s }},
		{"field.thing_en", func(in *models.ThingRow, s string) { in.EN = s }},
		{"field.thing_serves", func(in *models.ThingRow, s string) { in.Serves = models.SplitTags(s) }},
		{"field.thing_region", func(in *models.ThingRow, s string) { in.Region = s }},
		{"field.thing_counts", func(in *models.ThingRow, s string) { in.Counts = s }},
		{"field.thing_renewable", func(in *models.ThingRow, s string) { in.Renewable = sheetYes(s) }},
		{"field.thing_upgradable", func(in *models.ThingRow, s string) { in.Upgradable = sheetYes(s) }},
		{"field.thing_stackable", func(in *models.ThingRow, s string) { in.Stackable = sheetYes(s) }},
		{"field.thing_months", func(in *models.ThingRow, s string) { in.Months = s }},
		{"field.thing_vcpu", func(in *models.ThingRow, s string) { in.VCPU = sheetNumber(s) }},
		{"field.thing_memory", func(in *models.ThingRow, s string) { in.Memory = sheetNumber(s) }},
		{"sale.state", func(in *models.ThingRow, s string) { in.Off = !sheetYes(s) }},
	},
	Draw: func(ctx context.Context, d models.FileDiff[models.ThingRow, models.Thing], row *DiffRow) {
		row.Name = ui.Visible(ThingName(ctx, d.Is))
		row.Note = joined(sortWord(ctx, d.Is.Sort), ui.Visible(d.Is.ID()))
		var does []string
		if d.Change == models.FileChanged {
			does = fieldChanges(ctx, d.Was.Input().Shown, d.Is.Input().Shown)
		}
		if d.Change != models.FileRefused && d.Is.Off != d.Was.Off {
			does = append(does, thingState(ctx, d.Is))
		}
		row.What = cmp.Or(strings.Join(does, i18n.T(ctx, "ui.semicolon")), "—")
	},
}

// sheetYes reads what spreadsheets write for yes.
func sheetYes(s string) bool {
	return slices.Contains(append(inAllLanguages("sale.yes"), "true", "1"), fold.Text(s))
}

// sheetNumber reads a whole number, nothing as 0, and whatever else as -1.
func sheetNumber(s string) int {
	if s == "" {
		return 0
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		return -1
	}
	return n
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
