package models

import (
	"context"
	"slices"
	"strconv"

	"quartermaster/models/pricing"
	"quartermaster/models/query"
)

// PlanOffers is what can be chosen for a new plan, given what has been chosen
// so far.
type PlanOffers struct {
	// Input is what has been chosen, without what no longer goes with the rest.
	Input    PlanInput
	Products []Product     // that plans are sold for
	Types    []PackageType // of the chosen product, also those not on sale
	Specs    []SpecOffer   // of the chosen type
	Terms    []TermOffer   // of the chosen specification, in the chosen cycle
}

// SpecOffer is a specification with its list price of a month.
type SpecOffer struct {
	Specification
	Monthly pricing.Price // zero where only whole terms have a price
}

// TermOffer is a term that a specification is sold for, with its price.
type TermOffer struct {
	N     int
	Cycle pricing.Cycle
	Quote pricing.Quote
}

// ListPlanOffers is what the catalogue offers now to somebody who has chosen
// in. Without a product the first is chosen, and a size or a term is chosen
// when there is only one.
func (db *DB) ListPlanOffers(ctx context.Context, by Actor, in PlanInput) (PlanOffers, error) {
	o := PlanOffers{Input: in}
	if err := by.may(See); err != nil {
		return o, err
	}
	products, err := query.Of[Product](db.gorm).
		Where("code IN (SELECT product_code FROM package_types)").Order("position").Find(ctx)
	if err != nil || len(products) == 0 {
		return o, translate(err)
	}
	products = slices.DeleteFunc(products, func(p Product) bool { return p.Off || !by.Only.allows(KindPlan, p.Code, "") })
	if o.Products = products; len(products) == 0 {
		return o, nil
	}
	if !slices.ContainsFunc(products, func(p Product) bool { return p.Code == in.ProductCode }) {
		o.Input.ProductCode = products[0].Code
	}
	if o.Input.PricingCycle != pricing.Yearly {
		o.Input.PricingCycle = pricing.Monthly
	}
	if o.Types, err = db.ListPackageTypes(ctx, o.Input.ProductCode); err != nil {
		return o, err
	}
	o.Types = slices.DeleteFunc(slices.Clone(o.Types), func(t PackageType) bool { return !by.Only.allows(KindPlan, t.ProductCode, t.Region) })
	if !slices.ContainsFunc(o.Types, func(t PackageType) bool { return t.Code == in.PackageType && t.OnSale }) {
		o.Input.PackageType = ""
	}
	return o, db.offerSizes(ctx, by, &o)
}

// offerSizes fills in the specifications of the chosen type and the terms of
// the chosen specification.
func (db *DB) offerSizes(ctx context.Context, by Actor, o *PlanOffers) error {
	in := &o.Input
	specs, err := db.ListSpecifications(ctx, in.PackageType)
	if err != nil {
		return err
	}
	specs = slices.DeleteFunc(specs, func(s Specification) bool { return s.Off })
	var skus []string
	for _, s := range specs {
		skus = append(skus, pricing.PlanSKU(in.PackageType, s.Value))
	}
	book, err := db.Book(ctx, by.TeamID, skus...)
	if err != nil {
		return err
	}
	now := db.TeamNow(by)
	if len(specs) == 1 {
		in.Specification = specs[0].Value
	}
	var chosen *Specification
	for i, s := range specs {
		// Without a monthly price the offer just does not show one.
		monthly, _ := book.Find(now, skus[i], "", pricing.Month, 0)
		o.Specs = append(o.Specs, SpecOffer{s, monthly})
		if s.Value == in.Specification {
			chosen = &specs[i]
		}
	}
	if chosen == nil {
		if in.PackageType != "" {
			in.Specification = ""
		}
		return nil
	}
	for _, months := range chosen.Months {
		term := TermOffer{N: months, Cycle: in.PricingCycle}
		if term.Cycle == pricing.Yearly {
			if months%12 != 0 {
				continue
			}
			term.N = months / 12
		}
		if term.Quote, err = pricing.Plan(book, now, in.PackageType, chosen.Value, months); err != nil {
			continue // a term without a price is not offered
		}
		o.Terms = append(o.Terms, term)
	}
	o.keepTerm()
	return nil
}

// keepTerm keeps a duration that was chosen in the other cycle where it is sold
// in this one: 12 months become 1 year. A duration that is not sold is removed.
func (o *PlanOffers) keepTerm() {
	n, _ := strconv.Atoi(o.Input.Duration)
	sold := func(n int) bool { return slices.ContainsFunc(o.Terms, func(t TermOffer) bool { return t.N == n }) }
	switch {
	case sold(n):
	case len(o.Terms) == 1:
		o.Input.Duration = strconv.Itoa(o.Terms[0].N)
	case o.Input.PricingCycle == pricing.Yearly && n%12 == 0 && sold(n/12):
		o.Input.Duration = strconv.Itoa(n / 12)
	default:
		o.Input.Duration = ""
	}
}
