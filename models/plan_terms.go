package models

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"quartermaster/models/pricing"
)

// PlanInput is what a caller says about a new plan, from a form or from the
// API. Numbers are kept as typed, so that "40.5" is refused and never rounded.
type PlanInput struct {
	ProductCode   string        `form:"product_code"`
	PackageType   string        `form:"package_type"`
	Specification string        `form:"specification"`
	Duration      string        `form:"duration"`
	PricingCycle  pricing.Cycle `form:"pricing_cycle"` // Month when empty
	// EffectiveDate is yyyy-MM-ddTHH:mm:ssZ, or empty for now.
	EffectiveDate string `form:"effective_date"`
}

// Check implements LineInput. It reports missing fields, and only together with
// them wrong numbers: by the documents the catalogue is checked before the
// other fields, which Line does.
func (in *PlanInput) Check() error {
	given := in.required()
	return checkTexts(given, given[2:])
}

func (in *PlanInput) required() []textField {
	return []textField{{"product_code", in.ProductCode}, {"package_type", in.PackageType},
		{"specification", in.Specification}, {"duration", in.Duration}}
}

// textField is a field of an input about a plan, as it was typed.
type textField struct{ name, value string }

// checkTexts reports which required fields are empty and, if any is, which of
// the numbers are not positive whole numbers.
func checkTexts(required, numbers []textField) error {
	broken := missing(required)
	if len(broken) == 0 {
		return nil
	}
	for _, f := range numbers {
		if !positive(f.value) {
			broken.refuse(f.name, "positive_integer")
		}
	}
	return broken
}

func missing(required []textField) (broken Invalid) {
	for _, f := range required {
		if f.value == "" {
			broken.refuse(f.name, "required")
		}
	}
	return broken
}

// positive tells whether s is a positive whole number, of any length.
func positive(s string) bool {
	return strings.Trim(s, "0123456789") == "" && strings.Trim(s, "0") != ""
}

func (in *PlanInput) cycle() pricing.Cycle {
	if in.PricingCycle == "" {
		return pricing.Monthly
	}
	return in.PricingCycle
}

// term is the duration in cycles and in months; ok is false when there is no
// such term.
func (in *PlanInput) term() (n, months int, ok bool) {
	n, err := strconv.Atoi(in.Duration)
	if err != nil {
		return 0, 0, false
	}
	months, err = pricing.Months(n, in.cycle())
	return n, months, err == nil
}

// planTerms is what the catalogue, the price book and the calendar make of an
// input, as far as it keeps the rules.
type planTerms struct {
	kind   PackageType
	spec   Specification
	quote  pricing.Quote
	starts time.Time
	ends   time.Time
}

// terms works an input out. With an Invalid it also returns what could be
// worked out. The broken rules come in the order in which the documents check
// them (bss.md §3), so that an API can answer the first.
func (in *PlanInput) terms(ctx context.Context, db *DB, by Actor) (planTerms, error) {
	var t planTerms
	broken := missing(in.required())
	rule, err := in.findType(ctx, db, &t)
	if err != nil {
		return t, err
	}
	broken.refuse(rule.Field, rule.Rule)
	if !positive(in.Specification) {
		broken.refuse("specification", "positive_integer")
	}
	if !positive(in.Duration) {
		broken.refuse("duration", "positive_integer")
	}
	if err := in.findSize(ctx, db, &t, &broken); err != nil {
		return t, err
	}
	now := db.TeamNow(by)
	if t.starts, err = pricing.ParseEffective(in.EffectiveDate, now); err != nil {
		broken.refuse("effective_date", dateRule(err))
	}
	if broken.has("duration") || broken.has("pricing_cycle") {
		return t, broken
	}
	unpriced, err := in.findPrice(ctx, db, by.TeamID, &t, now)
	if err != nil {
		return t, err
	}
	broken.refuse("duration", unpriced)
	off, err := db.planAPIRule(ctx, by)
	if err != nil {
		return t, err
	}
	broken.refuse("", off)
	return t, broken.With()
}

// findSize looks the specification up, and whether it is sold for the term.
func (in *PlanInput) findSize(ctx context.Context, db *DB, t *planTerms, broken *Invalid) (err error) {
	_, months, known := in.term()
	if c := in.cycle(); c != pricing.Monthly && c != pricing.Yearly {
		broken.refuse("pricing_cycle", "oneof")
		known = true // whether it is offered cannot be told
	}
	if t.kind.Code != "" {
		if t.spec, err = db.specification(ctx, t.kind.Code, in.Specification); err != nil {
			return err
		}
		if t.spec.Value == "" {
			broken.refuse("specification", "not_offered")
		}
	}
	if !known || t.spec.Value != "" && !broken.has("pricing_cycle") && !slices.Contains(t.spec.Months, months) {
		broken.refuse("duration", "not_offered")
	}
	return nil
}

// findPrice works out when the term ends and what it costs, or returns the rule
// that says why there is no price.
func (in *PlanInput) findPrice(ctx context.Context, db *DB, team string, t *planTerms, now time.Time) (rule string, err error) {
	n, months, _ := in.term()
	if !t.starts.IsZero() {
		if t.ends, err = pricing.PlanEnd(t.starts, n, in.cycle()); err != nil {
			return "", err
		}
	}
	if t.spec.Value == "" {
		return "", nil
	}
	book, err := db.Book(ctx, team, pricing.PlanSKU(t.kind.Code, t.spec.Value))
	if err != nil {
		return "", err
	}
	t.quote, err = pricing.Plan(book, now, t.kind.Code, t.spec.Value, months)
	return priceRule(err)
}

// planAPIRule is the rule broken by a script of a team in which only people
// order plans, or "".
func (db *DB) planAPIRule(ctx context.Context, by Actor) (rule string, err error) {
	if by.Face != ByAPI {
		return "", nil
	}
	team, err := db.teamSettings(ctx, by)
	if err != nil || team.PlanAPI {
		return "", err
	}
	return "plan_api_off", nil
}

// dateRule is the rule that an effective date breaks by an error of pricing.
func dateRule(err error) string {
	switch {
	case errors.Is(err, pricing.ErrDatePast):
		return "past"
	case errors.Is(err, pricing.ErrDateAhead):
		return "ahead"
	}
	return "format"
}

// priceRule is the rule for an error of pricing that says why there is no
// price; any other error is returned.
func priceRule(err error) (rule string, other error) {
	switch {
	case errors.Is(err, pricing.ErrNoPrice):
		return "no_price", nil
	case errors.Is(err, pricing.ErrOverflow):
		return "amount_too_large", nil
	}
	return "", err
}

// findType looks the product and the package type up and tells which rule
// forbids them, if one does.
func (in *PlanInput) findType(ctx context.Context, db *DB, t *planTerms) (FieldError, error) {
	c, err := db.catalogue(ctx)
	if err != nil {
		return FieldError{}, err
	}
	product := slices.IndexFunc(c.products, func(p Product) bool { return p.Code == in.ProductCode })
	switch {
	case product < 0:
		return FieldError{Field: "product_code", Rule: "unknown"}, nil
	case c.products[product].Off:
		return FieldError{Field: "product_code", Rule: "not_on_sale"}, nil
	}
	at := slices.IndexFunc(c.types, func(t PackageType) bool { return t.Code == in.PackageType && t.ProductCode == in.ProductCode })
	if at < 0 {
		return FieldError{Field: "package_type", Rule: "unknown"}, nil
	}
	t.kind = c.types[at]
	if !t.kind.OnSale || c.regionOff(t.kind.Region) {
		return FieldError{Field: "package_type", Rule: "not_on_sale"}, nil
	}
	return FieldError{}, nil
}

// specification is one that a package type is offered in, or the zero one.
func (db *DB) specification(ctx context.Context, packageType, value string) (Specification, error) {
	c, err := db.catalogue(ctx)
	if err != nil {
		return Specification{}, err
	}
	for _, s := range c.specs {
		if s.PackageType == packageType && s.Value == value && !s.Off {
			return s, nil
		}
	}
	return Specification{}, nil
}
