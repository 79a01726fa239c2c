package views

import (
	"context"
	"strconv"

	"github.com/a-h/templ"

	"quartermaster/models"
	"quartermaster/models/pricing"
	"quartermaster/views/i18n"
	"quartermaster/views/layout"
	"quartermaster/views/ui"
)

// itemName is what a thing of the catalogue is called.
func itemName(ctx context.Context, i models.Item) string {
	switch i.Kind {
	case models.KindPlan:
		return word(ctx, i.Type.ZH, i.Type.EN) + " · " + i.Size
	case models.KindStore:
		return i.Flavor.CU + " · " + word(ctx, i.Flavor.ZH, i.Flavor.EN)
	}
	return i.SKU
}

// priceUnit is what one price buys.
func priceUnit(ctx context.Context, unit pricing.Unit, months int) string {
	if unit == pricing.Term {
		return i18n.T(ctx, "catalogue.unit.term", "Count", months)
	}
	return i18n.T(ctx, "catalogue.unit."+string(unit))
}

// priceOf is a price of one unit, or that it ends a team's own.
func priceOf(ctx context.Context, p models.Price) string {
	if p.Ends() {
		return i18n.T(ctx, "catalogue.ends")
	}
	return i18n.MoneyRate(ctx, p.Micro, p.Currency)
}

// pricePath is the page of a line of the price book.
func pricePath(id string) string { return "/catalogue/prices/" + id }

// orderThis is the form that orders an offer, filled in.
func orderThis(o *models.Offer) string {
	path := "/plans/new"
	if o.Item.Kind == models.KindStore {
		path = "/stores/new"
	}
	return path + "?" + o.Fields().Encode()
}

var offerTones = map[models.OfferState]ui.Tone{models.OnSale: ui.OK, models.OfferComing: ui.Info, models.OffSale: ui.Neutral}

var priceTones = map[models.PriceState]ui.Tone{models.PriceNow: ui.OK, models.PriceComing: ui.Info, models.PricePast: ui.Neutral}

// drawItem draws what a price is of, as a link to its page where it has one.
func drawItem(c *ui.Cells, i models.Item, id, sku string) {
	if name := itemName(c.Ctx, i); id == "" {
		c.Text(name)
	} else {
		c.Link(pricePath(id), firstOf(name, sku))
	}
}

// Offers is the catalogue: all that can be ordered, with its price.
var Offers = &ListView[models.Offer]{
	ID: "offer-list", Path: "/catalogue", List: models.Offers, Label: "catalogue.title", Search: "catalogue.search", Styled: true,
	Columns: []ListColumn[models.Offer]{
		{Words: "catalogue.item", Sort: "item", Name: true, Text: func(c *ui.Cells, o *models.Offer) string { return itemName(c.Ctx, o.Item) },
			Draw: func(c *ui.Cells, o *models.Offer) { drawItem(c, o.Item, o.Line().ID, o.Item.SKU) }},
		filed("catalogue.sku", func(_ *ui.Cells, o *models.Offer) string { return o.Item.SKU }),
		filed("catalogue.kind", func(c *ui.Cells, o *models.Offer) string { return ui.Look(c.Ctx, o.Item.Kind).One(c.Ctx) }),
		regionColumn(func(o *models.Offer) string { return o.Region }),
		filed("catalogue.unit", func(c *ui.Cells, o *models.Offer) string { return priceUnit(c.Ctx, o.Unit, o.TermMonths) }),
		{Words: "catalogue.price", Sort: "price", Class: "num nowrap", Text: func(_ *ui.Cells, o *models.Offer) string { return amountOf(o.Price) },
			Draw: func(c *ui.Cells, o *models.Offer) {
				drawPrice(c, o.Price, o.Unit, o.TermMonths)
				if o.Listed.ID != "" {
					c.Note(i18n.T(c.Ctx, "catalogue.listed", "Price", priceOf(c.Ctx, o.Listed)))
				}
			}},
		filed("catalogue.list-price", func(_ *ui.Cells, o *models.Offer) string { return amountOf(o.Listed) }),
		filed("list.currency", func(_ *ui.Cells, o *models.Offer) string { return o.Line().Currency }),
		{Words: "catalogue.since", Sort: "since", Class: "wide", Text: func(_ *ui.Cells, o *models.Offer) string { return dayOf(o.Price) },
			Draw: func(c *ui.Cells, o *models.Offer) { drawDay(c, o.Price) }},
		filed("catalogue.source", func(c *ui.Cells, o *models.Offer) string { return i18n.PriceSource(c.Ctx, o.Price.From()) }),
		{Words: "catalogue.next", Sort: "next", Class: "nowrap", Draw: func(c *ui.Cells, o *models.Offer) {
			if o.Next.ID == "" {
				c.None()
				return
			}
			c.Text(priceOf(c.Ctx, o.Next))
			c.Note(i18n.T(c.Ctx, "catalogue.from", "Date", o.Next.Day()))
		}},
		filed("catalogue.next-price", func(_ *ui.Cells, o *models.Offer) string { return amountOf(o.Next) }),
		filed("catalogue.next-day", func(_ *ui.Cells, o *models.Offer) string { return dayOf(o.Next) }),
		{Words: "catalogue.state", Sort: "state", Bare: true, Text: func(c *ui.Cells, o *models.Offer) string { return i18n.T(c.Ctx, "offer.state."+string(o.State())) },
			Draw: func(c *ui.Cells, o *models.Offer) {
				c.Badge(offerTones[o.State()], i18n.T(c.Ctx, "offer.state."+string(o.State())))
			}},
		{Words: "catalogue.order", Class: "actions", Bare: true, Only: func(at ListAt) bool { return at.By.May(models.Request) },
			Draw: func(c *ui.Cells, o *models.Offer) {
				if o.State() == models.OnSale {
					c.Draw(ui.LinkButton(ui.ButtonProps{Text: i18n.T(c.Ctx, "catalogue.order-this"), Small: true, Href: orderThis(o), Attrs: templ.Attributes{"aria-label": i18n.T(c.Ctx, "catalogue.order-named", "Name", itemName(c.Ctx, o.Item))}}))
				}
			}},
	},
	Filters: []ListFilter{
		{Name: "state", Words: "catalogue.state", Values: "offer.state.", As: Menu},
		{Name: "kind", Words: "catalogue.kind", Values: "kind.", As: Menu},
		{Name: "region", Words: "field.region", As: Menu},
		{Name: "change", Values: "catalogue.change.", Icon: "clock", As: Switch},
	},
	Head: func(ctx context.Context, at ListAt) layout.PageProps { return catalogueHead(ctx, at, false) },
}

// Prices is the price book: all lines, those that held and those that will too.
var Prices = &ListView[models.PriceLine]{
	ID: "price-list", Path: "/catalogue/prices", List: models.Prices, Label: "catalogue.prices", Search: "catalogue.search", Styled: true,
	Columns: []ListColumn[models.PriceLine]{
		{Words: "catalogue.item", Sort: "item", Name: true, Text: func(c *ui.Cells, p *models.PriceLine) string { return itemName(c.Ctx, p.Item) },
			Draw: func(c *ui.Cells, p *models.PriceLine) { drawItem(c, p.Item, p.ID, p.SKU) }},
		filed("catalogue.sku", func(_ *ui.Cells, p *models.PriceLine) string { return p.SKU }),
		regionColumn(func(p *models.PriceLine) string { return firstOf(p.Region, p.Item.Region) }),
		filed("catalogue.region-code", func(_ *ui.Cells, p *models.PriceLine) string { return p.Region }),
		filed("catalogue.unit-code", func(_ *ui.Cells, p *models.PriceLine) string { return string(p.Unit) }),
		filed("catalogue.term", func(_ *ui.Cells, p *models.PriceLine) string {
			if p.TermMonths == 0 {
				return ""
			}
			return strconv.Itoa(p.TermMonths)
		}),
		filed("catalogue.unit", func(c *ui.Cells, p *models.PriceLine) string { return priceUnit(c.Ctx, p.Unit, p.TermMonths) }),
		{Words: "catalogue.price", Sort: "price", Class: "num nowrap", Text: func(_ *ui.Cells, p *models.PriceLine) string { return p.Amount() },
			Draw: func(c *ui.Cells, p *models.PriceLine) { drawPrice(c, p.Price, p.Unit, p.TermMonths) }},
		filed("list.currency", func(_ *ui.Cells, p *models.PriceLine) string { return p.Currency }),
		{Words: "catalogue.since", Sort: "from", Class: "wide", Text: func(_ *ui.Cells, p *models.PriceLine) string { return p.Day() },
			Draw: func(c *ui.Cells, p *models.PriceLine) { drawDay(c, p.Price) }},
		filed("catalogue.source", func(c *ui.Cells, p *models.PriceLine) string { return i18n.PriceSource(c.Ctx, p.Source) }),
		sorted("by", plain("catalogue.by", "", func(_ *ui.Cells, p *models.PriceLine) string { return p.CreatorName })),
		{Words: "catalogue.state", Sort: "state", Bare: true, Text: func(c *ui.Cells, p *models.PriceLine) string { return i18n.T(c.Ctx, "price.state."+string(p.State)) },
			Draw: func(c *ui.Cells, p *models.PriceLine) {
				c.Badge(priceTones[p.State], i18n.T(c.Ctx, "price.state."+string(p.State)))
			}},
		filed("catalogue.team-code", func(_ *ui.Cells, p *models.PriceLine) string { return p.TeamID }),
		{Words: "catalogue.team", Sort: "team", Only: func(at ListAt) bool { return at.By.SiteAdmin },
			Draw: func(c *ui.Cells, p *models.PriceLine) {
				if p.TeamID == "" {
					c.None()
				} else {
					c.Link("/site/teams/"+p.TeamID, firstOf(p.TeamName, p.TeamID))
				}
			}},
	},
	Filters: []ListFilter{
		{Name: "state", Words: "catalogue.state", Values: "price.state.", As: Menu},
		{Name: "kind", Words: "catalogue.kind", Values: "kind.", As: Menu},
		{Name: "region", Words: "field.region", As: Menu},
		{Name: "team", Words: "catalogue.team"},
	},
	Head: func(ctx context.Context, at ListAt) layout.PageProps { return catalogueHead(ctx, at, true) },
}

// catalogueHead is the heading of the catalogue and of the price book.
func catalogueHead(ctx context.Context, at ListAt, prices bool) layout.PageProps {
	title := i18n.T(ctx, "catalogue.title")
	p := layout.PageProps{Title: title, Subtitle: i18n.T(ctx, "catalogue.subtitle"), Tabs: ui.Tabs(title, []ui.Tab{
		{Label: title, Href: "/catalogue", Current: !prices},
		{Label: i18n.T(ctx, "catalogue.prices"), Href: "/catalogue/prices", Current: prices},
	})}
	if at.By.SiteAdmin {
		p.Actions = catalogueActions(prices)
	}
	return p
}

// amountOf and dayOf are a price and its day as files have them, "" where there is none.
func amountOf(p models.Price) string {
	if p.ID == "" {
		return ""
	}
	return p.Amount()
}

func dayOf(p models.Price) string {
	if p.ID == "" {
		return ""
	}
	return p.Day()
}

// drawPrice draws a price with what it buys.
func drawPrice(c *ui.Cells, p models.Price, unit pricing.Unit, months int) {
	if p.ID == "" {
		c.None()
	} else {
		c.Text(priceOf(c.Ctx, p))
	}
	c.Note(priceUnit(c.Ctx, unit, months))
}

// drawDay draws since when a price holds, and from which source.
func drawDay(c *ui.Cells, p models.Price) {
	if p.ID == "" {
		c.None()
		return
	}
	c.Moment(p.ValidFrom, p.Day())
	c.Note(i18n.PriceSource(c.Ctx, p.From()))
}

// PriceProps is what the page of a price shows, or that of a new one, whose Page is nil.
type PriceProps struct {
	Page    *models.PricePage
	Items   []models.Item
	Regions []models.Region
	Teams   []models.Team
	By      models.Actor
	Form    ui.Form
}

func priceCrumbs(ctx context.Context) []ui.Crumb {
	return []ui.Crumb{{Label: i18n.T(ctx, "catalogue.title"), Href: "/catalogue"}, {Label: i18n.T(ctx, "catalogue.prices"), Href: "/catalogue/prices"}}
}

func (p PriceProps) path() string {
	if p.Page == nil {
		return "/catalogue/prices/new"
	}
	return pricePath(p.Page.Of().ID)
}

// where is the region and the unit of the page's price.
func (p PriceProps) where(ctx context.Context) string {
	of := p.Page.Of()
	region := i18n.T(ctx, "catalogue.everywhere")
	if id := firstOf(of.Region, p.Page.Item.Region); id != "" {
		region = regionName(ctx, p.Regions, id)
	}
	return joined(region, priceUnit(ctx, of.Unit, of.TermMonths), of.SKU, p.team(ctx))
}

// own tells that the page is of a team's own price.
func (p PriceProps) own() bool { return p.Page != nil && p.Page.Of().TeamID != "" }

// team is whose own the page's price is, "" for everybody's.
func (p PriceProps) team(ctx context.Context) string {
	if !p.own() {
		return ""
	}
	return i18n.T(ctx, "ui.error-line", "Field", i18n.T(ctx, "catalogue.team"), "Text", firstOf(p.Page.Of().TeamName, p.Page.Of().TeamID))
}

func (p PriceProps) teamOptions(ctx context.Context) []ui.Option {
	all := []ui.Option{{Value: "", Label: i18n.T(ctx, "catalogue.everybody")}}
	return append(all, mapped(p.Teams, func(t models.Team) ui.Option { return ui.Option{Value: t.ID, Label: t.Name + " · " + t.ID} })...)
}

func (p PriceProps) itemOptions(ctx context.Context) []ui.Option {
	return mapped(p.Items, func(i models.Item) ui.Option { return ui.Option{Value: i.SKU, Label: itemName(ctx, i)} })
}

func (p PriceProps) regionOptions(ctx context.Context) []ui.Option {
	all := []ui.Option{{Value: "", Label: i18n.T(ctx, "catalogue.everywhere")}}
	return append(all, regionOptions(ctx, p.Regions)...)
}
