package views

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"quartermaster/models"
	"quartermaster/views/i18n"
	"quartermaster/views/layout"
	"quartermaster/views/ui"
)

// ThingProps is what the page of a thing of the catalogue shows, or of a new one, whose
// Thing is nil.
type ThingProps struct {
	Sort  models.Sort
	Thing *models.Thing
	All   []models.Thing
	Form  ui.Form
}

// Addable tells whether there can be more things of a sort.
func Addable(sort models.Sort) bool {
	return i18n.Has(context.Background(), "sale.new."+string(sort))
}

func (p ThingProps) path() string {
	path := "/catalogue/sale/" + string(p.Sort)
	if p.Thing != nil {
		path += "/" + p.Thing.ID()
	}
	return path
}

func (p ThingProps) title(ctx context.Context) string {
	if p.Thing == nil {
		return i18n.T(ctx, "sale.new."+string(p.Sort))
	}
	return ThingName(ctx, *p.Thing)
}

// has tells whether things of the sort have a field that some sorts have.
func (p ThingProps) has(sorts ...models.Sort) bool { return slices.Contains(sorts, p.Sort) }

// fresh tells whether the form has a field of some sorts that is said once: when a thing
// is new.
func (p ThingProps) fresh(sorts ...models.Sort) bool { return p.Thing == nil && p.has(sorts...) }

// things are those of a sort as choices.
func (p ThingProps) things(ctx context.Context, sort models.Sort) []ui.Option {
	return mapped(thingsOf(p.All, sort), func(t models.Thing) ui.Option {
		return ui.Option{Value: t.Code, Label: ThingName(ctx, t) + " · " + t.Code}
	})
}

// parents are what a thing of the sort can be part of.
func (p ThingProps) parents(ctx context.Context) []ui.Option {
	return p.things(ctx, map[models.Sort]models.Sort{models.SortZone: models.SortRegion, models.SortType: models.SortProduct, models.SortSpec: models.SortType}[p.Sort])
}

// sortWord is what things of a sort are called.
func sortWord(ctx context.Context, sort models.Sort) string {
	if key := "sale.sort." + string(sort); i18n.Has(ctx, key) {
		return i18n.T(ctx, key)
	}
	return ui.Visible(string(sort))
}

// inThings is a column of files with a field of the form of things.
func inThings(words string, of func(in models.ThingInput) string) ListColumn[models.Thing] {
	return filed(words, func(_ *ui.Cells, t *models.Thing) string { return of(t.Input()) })
}

// yes is a column of files that says yes or no.
func yes(words string, of func(t *models.Thing) bool) ListColumn[models.Thing] {
	return filed(words, func(c *ui.Cells, t *models.Thing) string {
		if of(t) {
			return i18n.T(c.Ctx, "sale.yes")
		}
		return i18n.T(c.Ctx, "sale.no")
	})
}

// counted is a number above 0, "" for others.
func counted(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// Things is the list of all things that the catalogue is made of, for site admins. Its
// files are those of ThingImport.
var Things = &ListView[models.Thing]{
	ID: "thing-list", Path: "/catalogue/sale", List: models.Things, Label: "sale.title", Search: "sale.search", Styled: true, ByServer: true,
	Columns: []ListColumn[models.Thing]{
		{Words: "sale.name", Sort: "item", Name: true, Draw: func(c *ui.Cells, t *models.Thing) {
			c.Link("/catalogue/sale/"+string(t.Sort)+"/"+t.ID(), ThingName(c.Ctx, *t))
		}},
		filed("sale.sort-code", func(_ *ui.Cells, t *models.Thing) string { return string(t.Sort) }),
		{Words: "sale.sort", Sort: "type", Draw: func(c *ui.Cells, t *models.Thing) { c.Text(sortWord(c.Ctx, t.Sort)) }},
		{Words: "field.thing_code", Sort: "code", Text: func(_ *ui.Cells, t *models.Thing) string { return t.Code }, Draw: func(c *ui.Cells, t *models.Thing) { c.Text(t.Code) }},
		{Words: "field.thing_of", Sort: "of", Text: func(_ *ui.Cells, t *models.Thing) string { return t.Of },
			Draw: func(c *ui.Cells, t *models.Thing) {
				if t.Of == "" {
					c.None()
				} else {
					c.Text(t.Of)
				}
			}},
		inThings("field.thing_zh", func(in models.ThingInput) string { return in.ZH }),
		inThings("field.thing_en", func(in models.ThingInput) string { return in.EN }),
		inThings("field.thing_serves", func(in models.ThingInput) string { return strings.Join(in.Serves, ", ") }),
		inThings("field.thing_region", func(in models.ThingInput) string { return in.Region }),
		inThings("field.thing_counts", func(in models.ThingInput) string { return in.Counts }),
		yes("field.thing_renewable", func(t *models.Thing) bool { return t.Input().Renewable }),
		yes("field.thing_upgradable", func(t *models.Thing) bool { return t.Input().Upgradable }),
		yes("field.thing_stackable", func(t *models.Thing) bool { return t.Input().Stackable }),
		inThings("field.thing_months", func(in models.ThingInput) string { return in.Months }),
		inThings("field.thing_vcpu", func(in models.ThingInput) string { return counted(in.VCPU) }),
		inThings("field.thing_memory", func(in models.ThingInput) string { return counted(in.Memory) }),
		yes("sale.state", func(t *models.Thing) bool { return !t.Off }),
		{Words: "catalogue.state", Sort: "state", Bare: true, Draw: func(c *ui.Cells, t *models.Thing) { c.Badge(thingTone(*t), thingState(c.Ctx, *t)) }},
	},
	Filters: []ListFilter{
		{Name: "type", Words: "sale.sort", Values: "sale.sort.", As: Tabs},
		{Name: "state", Words: "catalogue.state", Values: "offer.state.", As: Menu},
	},
	Head: func(ctx context.Context, at ListAt) layout.PageProps {
		return layout.PageProps{Title: i18n.T(ctx, "sale.title"), Subtitle: i18n.T(ctx, "sale.subtitle"), Crumbs: priceCrumbs(ctx)[:1], Actions: thingActions(models.Sort(at.Query.Filters["type"]))}
	},
}

func thingsOf(all []models.Thing, sort models.Sort) (some []models.Thing) {
	for _, t := range all {
		if t.Sort == sort {
			some = append(some, t)
		}
	}
	return some
}

// ThingName is how a thing of the catalogue is called in the reader's language.
func ThingName(ctx context.Context, t models.Thing) string {
	return firstOf(word(ctx, t.ZH, t.EN), t.Code)
}

func thingTone(t models.Thing) ui.Tone {
	if t.Off {
		return ui.Neutral
	}
	return ui.OK
}

func thingState(ctx context.Context, t models.Thing) string {
	if t.Off {
		return i18n.T(ctx, "offer.state.off")
	}
	return i18n.T(ctx, "offer.state.sale")
}

// servedOptions are the kinds that a region can have.
func servedOptions(ctx context.Context) []ui.Option {
	return mapped([]models.Kind{models.KindBucket, models.KindApp, models.KindPlan, models.KindStore}, func(k models.Kind) ui.Option {
		return ui.Option{Value: string(k), Label: ui.Look(ctx, k).Many(ctx)}
	})
}
