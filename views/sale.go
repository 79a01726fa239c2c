package views

import (
	"context"
	"slices"

	"github.com/a-h/templ"

	"quartermaster/models"
	"quartermaster/views/i18n"
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

// thingColumns are the columns of the table of a sort.
func thingColumns(ctx context.Context, sort models.Sort) []ui.Column {
	columns := []ui.Column{{Label: i18n.T(ctx, "sale.name")}, {Label: i18n.T(ctx, "field.thing_code")}}
	if key := "sale.of." + string(sort); i18n.Has(ctx, key) {
		columns = append(columns, ui.Column{Label: i18n.T(ctx, key)})
	}
	return append(columns, ui.Column{Label: i18n.T(ctx, "catalogue.state")})
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

// newThing leads to the form for a new thing of a sort.
func newThing(ctx context.Context, sort models.Sort) templ.Component {
	if !Addable(sort) {
		return nil
	}
	return ui.LinkButton(ui.ButtonProps{Text: i18n.T(ctx, "sale.new."+string(sort)), Icon: "plus", Small: true, Href: "/catalogue/sale/" + string(sort)})
}

// servedOptions are the kinds that a region can have.
func servedOptions(ctx context.Context) []ui.Option {
	return mapped([]models.Kind{models.KindBucket, models.KindApp, models.KindPlan, models.KindStore}, func(k models.Kind) ui.Option {
		return ui.Option{Value: string(k), Label: ui.Look(ctx, k).Many(ctx)}
	})
}
