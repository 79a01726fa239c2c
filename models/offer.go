package models

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"time"

	"quartermaster/models/pricing"
)

// Item is what a price is of, in the catalogue's order.
type Item struct {
	Kind     Kind
	SKU      string
	Position int
	Region   string // of plans

	Type   PackageType // of plans
	Size   string      // of plans: 40 GB
	Value  string      // of plans: the specification
	Months []int       // of plans: the terms
	Flavor Flavor      // of stores
	// Sold tells that it can be ordered, where it has a price.
	Sold bool
}

// OfferState tells whether something can be ordered.
type OfferState string

// The states of what the catalogue has.
const (
	OnSale      OfferState = "sale"
	OfferComing OfferState = "coming" // its first price is of a day to come
	OffSale     OfferState = "off"
)

// Offer is something that the catalogue has, in a region and for a unit or a term,
// with its price.
type Offer struct {
	Item       Item
	Region     string
	Unit       pricing.Unit
	TermMonths int
	// Price is the one of now and Next the one that follows it, zero where there is
	// none. Where the price is the team's own, Listed is everybody's. All are before any
	// tax.
	Price, Next, Listed Price
	// Sold tells that the catalogue sells it, at whatever price.
	Sold bool

	state OfferState // as State tells
}

// State tells whether it can be ordered.
func (o Offer) State() OfferState {
	switch {
	case !o.Sold || o.Price.ID == "" && o.Next.ID == "":
		return OffSale
	case o.Price.ID == "":
		return OfferComing
	}
	return OnSale
}

// Line is the line of the price book that says most of it: the one of now, or else
// the first. Its id is "" where there is none.
func (o Offer) Line() Price {
	if o.Price.ID == "" {
		return o.Next
	}
	return o.Price
}

// Fields are the fields of the form that orders it.
func (o Offer) Fields() url.Values {
	if o.Item.Kind == KindStore {
		q := url.Values{"region": {o.Region}, "cu": {o.Item.Flavor.CU}}
		if o.Unit != pricing.Hour {
			q.Set("charge_mode", string(pricing.PrePaid))
			q.Set("period_type", string(o.Unit))
			q.Set("period_num", "1")
		}
		return q
	}
	return url.Values{"product_code": {o.Item.Type.ProductCode}, "package_type": {o.Item.Type.Code}, "specification": {o.Item.Value},
		"duration": {strconv.Itoa(max(o.TermMonths, 1))}, "pricing_cycle": {string(pricing.Monthly)}}
}

// readItems puts together what prices can be of.
func (c *catalogue) readItems() {
	c.items = map[string]Item{}
	add := func(i Item) {
		i.Position = len(c.inOrder)
		c.items[i.SKU] = i
		c.inOrder = append(c.inOrder, i.SKU)
	}
	for _, t := range c.types {
		for _, s := range c.specs {
			if s.PackageType == t.Code {
				add(Item{Kind: KindPlan, SKU: pricing.PlanSKU(t.Code, s.Value), Region: t.Region, Type: t, Size: s.Name, Value: s.Value, Months: s.Months, Sold: c.sold(t) && !s.Off})
			}
		}
	}
	for _, f := range c.flavors {
		add(Item{Kind: KindStore, SKU: pricing.StoreSKU(f.CU), Flavor: f, Sold: !f.Off})
	}
}

// sold tells whether plans of a package type can be ordered.
func (c *catalogue) sold(t PackageType) bool {
	off := slices.ContainsFunc(c.products, func(p Product) bool { return p.Code == t.ProductCode && p.Off })
	return t.OnSale && !off && !c.regionOff(t.Region)
}

// regionOff tells whether nothing can be ordered in a region now.
func (c *catalogue) regionOff(id string) bool {
	return slices.ContainsFunc(c.regions, func(r Region) bool { return r.ID == id && r.Off })
}

// zoneOff tells whether nothing can be ordered in a zone of the region now.
func (r Region) zoneOff(id string) bool {
	return slices.ContainsFunc(r.Zones, func(z Zone) bool { return z.ID == id && z.Off })
}

// ways are the units and terms that an item has prices for, for a team, in which it is
// sold.
func (c *catalogue) ways(team string, i Item) (ways []priceOf) {
	prices := c.bySKU[skuOf{"", i.SKU}]
	if team != "" {
		prices = slices.Concat(prices, c.bySKU[skuOf{team, i.SKU}])
	}
	for _, p := range prices {
		way := priceOf{sku: i.SKU, unit: p.Unit, term: p.TermMonths}
		if !slices.Contains(ways, way) && (p.Unit != pricing.Term || slices.Contains(i.Months, p.TermMonths)) {
			ways = append(ways, way)
		}
	}
	if len(ways) == 0 {
		ways = append(ways, priceOf{sku: i.SKU, unit: pricing.Month})
	}
	return ways
}

// costs tells whether the catalogue has prices of a kind.
func (c *catalogue) costs(k Kind) bool {
	for _, i := range c.items {
		if i.Kind == k {
			return true
		}
	}
	return false
}

// offers are all that the catalogue has for a team at a time.
func (c *catalogue) offers(team string, at time.Time) (all []Offer) {
	for _, sku := range c.inOrder {
		i := c.items[sku]
		for _, way := range c.ways(team, i) {
			if i.Kind == KindPlan {
				o := Offer{Item: i, Region: i.Region, Unit: way.unit, TermMonths: way.term, Sold: i.Sold}
				o.Price, o.Next, o.Listed = c.forTeam(team, way, at)
				o.state = o.State()
				all = append(all, o)
				continue
			}
			for _, r := range c.regions {
				if slices.Contains(r.Serves, i.Kind) {
					o := Offer{Item: i, Region: r.ID, Unit: way.unit, TermMonths: way.term, Sold: i.Sold && !r.Off}
					way.region = r.ID
					o.Price, o.Next, o.Listed = c.forTeam(team, way, at)
					o.state = o.State()
					all = append(all, o)
				}
			}
		}
	}
	return all
}

// inRegion is the price of a region at a time and the one after it: its own, or else
// that of every region until it has its own.
func (c *catalogue) inRegion(of priceOf, at time.Time) (now, next Price) {
	now, next = around(c.follow(of), at)
	if now.ID != "" && !now.Ends() || of.region == "" {
		return now, next
	}
	of.region = ""
	now, later := around(c.follow(of), at)
	if next.ID == "" || later.ID != "" && later.ValidFrom.Before(next.ValidFrom) {
		next = later
	}
	return now, next
}

// forTeam is the price that a team has at a time and the one after it: its own, until
// that ends, or else everybody's. listed is everybody's where it has its own.
func (c *catalogue) forTeam(team string, of priceOf, at time.Time) (now, next, listed Price) {
	now, next = c.inRegion(of, at)
	if team == "" {
		return now, next, Price{}
	}
	own := of
	own.team = team
	mine, later := c.inRegion(own, at)
	if later.Ends() {
		day := later.ValidFrom
		if later, _ = c.inRegion(of, day); later.ID != "" {
			later.ValidFrom = day
		}
	}
	switch {
	case mine.ID != "" && !mine.Ends():
		return mine, later, now
	case later.TeamID != "" && (next.ID == "" || later.ValidFrom.Before(next.ValidFrom)):
		next = later
	}
	return now, next, Price{}
}

// ListItems are all things that prices can be of, in the catalogue's order.
func (db *DB) ListItems(ctx context.Context) ([]Item, error) {
	c, err := db.catalogue(ctx)
	if err != nil {
		return nil, err
	}
	all := make([]Item, len(c.inOrder))
	for i, sku := range c.inOrder {
		all[i] = c.items[sku]
	}
	return all, nil
}
