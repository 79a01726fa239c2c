package models

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"quartermaster/models/pricing"
	"quartermaster/models/query"
)

// RenewalsInput is what a caller says about going on with several plans, each for the
// same term, in one order.
type RenewalsInput struct {
	Pick         []string      `form:"pick"`
	Duration     string        `form:"duration"`
	PricingCycle pricing.Cycle `form:"pricing_cycle"`
}

// Renewal is one of several plans to go on with: the input and the line that it makes,
// or why it is refused.
type Renewal struct {
	Input *RenewInput
	Line  OrderLine
	Plan  *Plan // nil where there is none
	Why   Invalid
}

// Renewals are the lines of an order that goes on with several plans, each once,
// MaxPicked at most. What is refused of one does not concern the others, which can be
// ordered without it.
func (db *DB) Renewals(ctx context.Context, by Actor, in RenewalsInput) (all []Renewal, err error) {
	if err := by.may(Request); err != nil {
		return nil, err
	}
	if len(in.Pick) > MaxPicked {
		return nil, invalid("", "too_many_picked", strconv.Itoa(MaxPicked))
	}
	plans, err := query.Of[Plan](db.gorm).Preload("Type", nil).Where(alsoOfTeam+" AND id IN ?", by.TeamID, in.Pick).Find(ctx)
	if err != nil {
		return nil, translate(err)
	}
	for _, id := range in.Pick {
		if slices.ContainsFunc(all, func(r Renewal) bool { return r.Input.InstanceID == id }) {
			continue
		}
		r := Renewal{Input: &RenewInput{InstanceID: id, Duration: in.Duration, PricingCycle: in.PricingCycle}}
		if at := slices.IndexFunc(plans, func(p Plan) bool { return p.ID == id }); at >= 0 {
			r.Plan, r.Input.read = &plans[at], &plans[at]
		}
		err := r.Input.Check()
		if err == nil {
			r.Line, err = r.Input.Line(ctx, db, by)
		}
		if err == nil && !by.Only.allows(KindPlan, r.Plan.ProductCode, r.Plan.Region) {
			err = invalid("", "may_not_order")
		}
		if err != nil && !errors.As(err, &r.Why) {
			return nil, err
		}
		all = append(all, r)
	}
	return all, nil
}

// RenewalTerms are the terms that some of the plans are sold for in a cycle, the
// shortest first.
func (db *DB) RenewalTerms(ctx context.Context, by Actor, some []Renewal, cycle pricing.Cycle) (terms []int, err error) {
	known := map[string]bool{}
	for _, r := range some {
		if r.Plan == nil || known[pricing.PlanSKU(r.Plan.PackageType, r.Plan.spec())] {
			continue
		}
		known[pricing.PlanSKU(r.Plan.PackageType, r.Plan.spec())] = true
		o, err := db.ListPlanOffers(ctx, by, PlanInput{ProductCode: r.Plan.ProductCode, PackageType: r.Plan.PackageType, Specification: r.Plan.spec(), PricingCycle: cycle})
		if err != nil {
			return nil, err
		}
		for _, t := range o.Terms {
			terms = append(terms, t.N)
		}
	}
	slices.Sort(terms)
	return slices.Compact(terms), nil
}
