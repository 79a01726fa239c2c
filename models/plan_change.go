package models

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"gorm.io/gorm/clause"

	"quartermaster/models/pricing"
	"quartermaster/models/query"
)

// RenewInput is what a caller says about going on with a plan, from a form or
// from the API. A renewal begins where the plan ends, and is sold for the terms
// and at the prices of a new plan of its specification. A plan that has ended
// cannot be renewed: the payment would be for time that has passed.
type RenewInput struct {
	InstanceID   string        `form:"instance_id"`
	Duration     string        `form:"duration"`
	PricingCycle pricing.Cycle `form:"pricing_cycle"`
	// EffectiveDate is checked like that of a new plan, and has no effect.
	EffectiveDate string `form:"effective_date"`

	read *Plan // where it was read with others, to be priced
}

// UpgradeInput is what a caller says about making a plan larger. It keeps its
// end; pricing.Upgrade says what the rest of its term then costs.
type UpgradeInput struct {
	InstanceID    string `form:"instance_id"`
	Specification string `form:"specification"`
	// EffectiveDate is checked like that of a new plan, and has no effect: a
	// plan is larger as soon as its order is fulfilled.
	EffectiveDate string `form:"effective_date"`
}

// renewAhead is how many months ahead the end of a plan can be, so that
// repeated renewals stay within the calendar.
const renewAhead = 120

// Check implements LineInput.
func (in *RenewInput) Check() error {
	given := []textField{{"instance_id", in.InstanceID}, {"duration", in.Duration}, {"pricing_cycle", string(in.PricingCycle)}}
	return checkTexts(given, given[1:2])
}

// Check implements LineInput.
func (in *UpgradeInput) Check() error {
	given := []textField{{"instance_id", in.InstanceID}, {"specification", in.Specification}}
	return checkTexts(given, given[1:])
}

// plan is the input of a new plan of the same sort as p for the term of the
// renewal: what can be bought is the same.
func (in *RenewInput) plan(p *Plan) *PlanInput {
	return &PlanInput{ProductCode: p.ProductCode, PackageType: p.PackageType, Specification: p.spec(),
		Duration: in.Duration, PricingCycle: in.PricingCycle, EffectiveDate: in.EffectiveDate}
}

// Line implements LineInput.
func (in *RenewInput) Line(ctx context.Context, db *DB, by Actor) (OrderLine, error) {
	line := OrderLine{Kind: KindPlan, orderType: TypeRenew}
	p, err := in.read, error(nil)
	if p == nil || db.inTx {
		p, err = db.planToChange(ctx, by, in.InstanceID)
	}
	if err != nil {
		return line, err
	}
	p.name(&line)
	var broken Invalid
	if !p.Type.Renewable {
		broken.refuse("instance_id", "not_renewable")
	}
	broken.refuse("instance_id", p.fixed(db.TeamNow(by)))
	as := in.plan(p)
	t, err := as.terms(ctx, db, by)
	var refused Invalid
	if err != nil && !errors.As(err, &refused) {
		return line, err
	}
	for _, f := range refused {
		switch f.Field {
		case "product_code", "package_type", "specification":
			// The catalogue has changed: this sort of plan is no longer sold.
			f = FieldError{Field: "instance_id", Rule: "not_renewable"}
		}
		broken.add(f)
	}
	if t.spec.Name != "" {
		line.Detail = t.spec.Name
	}
	as.price(&line, t)
	if _, months, ok := as.term(); ok && !broken.has("duration") {
		ends := pricing.Renewed(p.EndsAt, months)
		line.StartsAt, line.EndsAt = &p.EndsAt, &ends
		line.Changes = in.changes(p, &line, months)
		if ends.After(pricing.AddMonths(db.TeamNow(by), renewAhead)) {
			broken.refuse("duration", "too_far")
		}
	}
	return line, broken.With()
}

// Fulfil implements LineInput.
func (in *RenewInput) Fulfil(ctx context.Context, tx *DB, by Actor, order *Order, line *OrderLine) error {
	p, err := tx.planToChange(ctx, by, in.InstanceID)
	if err != nil {
		return err
	}
	if rule := p.fixed(tx.TeamNow(by)); rule != "" {
		return Invalid{{Field: "instance_id", Rule: rule}}
	}
	n, months, ok := in.plan(p).term()
	if !ok {
		return invalid("duration", "not_offered")
	}
	if line.SKU != pricing.PlanSKU(p.PackageType, p.spec()) {
		return invalid("instance_id", "changed") // the price was for another size
	}
	// The order may have waited, and another may have renewed the plan since.
	starts, ends := p.EndsAt, pricing.Renewed(p.EndsAt, months)
	line.StartsAt, line.EndsAt = &starts, &ends
	if p.PricingCycle == in.PricingCycle {
		p.Duration += n
	} else {
		p.Duration, p.PricingCycle = p.Months()+months, pricing.Monthly
	}
	p.EndsAt = ends
	if err := tx.remindsNoMore(ctx, by, p.ID); err != nil {
		return err
	}
	return tx.changePlan(ctx, by, p, line, Event{Action: "plan.renewed", OrderNumber: order.Number}, map[string]any{"ends_at": ends})
}

// Line implements LineInput.
func (in *UpgradeInput) Line(ctx context.Context, db *DB, by Actor) (OrderLine, error) {
	line := OrderLine{Kind: KindPlan, orderType: TypeUpgrade}
	p, err := db.planToChange(ctx, by, in.InstanceID)
	if err != nil {
		return line, err
	}
	p.name(&line)
	line.EndsAt = &p.EndsAt
	now := db.TeamNow(by)
	var broken Invalid
	if !p.Type.Upgradable {
		broken.refuse("instance_id", "not_upgradable")
	}
	broken.refuse("instance_id", p.fixed(now))
	c, err := db.catalogue(ctx)
	if err != nil {
		return line, err
	}
	if !c.sold(p.Type) {
		broken.refuse("instance_id", "not_on_sale")
	}
	spec, err := in.findSize(ctx, db, p, &broken)
	if err != nil {
		return line, err
	}
	if _, err := pricing.ParseEffective(in.EffectiveDate, now); err != nil {
		broken.refuse("effective_date", dateRule(err))
	}
	if broken.has("instance_id") || broken.has("specification") {
		return line, broken
	}
	starts := now.Truncate(time.Second)
	if starts.Before(p.EffectiveAt) {
		starts = p.EffectiveAt // a plan that has not begun is larger from its beginning
	}
	line.StartsAt, line.Detail = &starts, line.Detail+" → "+spec.Name
	quote, unpriced, err := db.upgradePrice(ctx, p, spec, starts, now)
	if err != nil {
		return line, err
	}
	broken.refuse("specification", unpriced)
	line.Price(quote)
	if line.Changes, err = in.changes(ctx, db, p, spec, now); err != nil {
		return line, err
	}
	off, err := db.planAPIRule(ctx, by)
	if err != nil {
		return line, err
	}
	broken.refuse("", off)
	return line, broken.With()
}

// findSize looks the larger specification up.
func (in *UpgradeInput) findSize(ctx context.Context, db *DB, p *Plan, broken *Invalid) (Specification, error) {
	if !positive(in.Specification) {
		broken.refuse("specification", "positive_integer")
	}
	spec, err := db.specification(ctx, p.PackageType, in.Specification)
	if err != nil {
		return spec, err
	}
	switch size, err := strconv.ParseInt(in.Specification, 10, 64); {
	case spec.Value == "":
		broken.refuse("specification", "not_offered")
	case err != nil || size <= p.Specification:
		broken.refuse("specification", "not_larger")
	}
	return spec, nil
}

// upgradePrice is what it costs to make a plan larger from a moment on, or the
// rule that says why there is no price.
func (db *DB) upgradePrice(ctx context.Context, p *Plan, spec Specification, from, now time.Time) (q pricing.Quote, rule string, err error) {
	was := p.spec()
	book, err := db.Book(ctx, p.TeamID, pricing.PlanSKU(p.PackageType, was), pricing.PlanSKU(p.PackageType, spec.Value))
	if err != nil {
		return q, "", err
	}
	q, err = pricing.Upgrade(book, now, pricing.Upgrading{
		PackageType: p.PackageType, From: was, To: spec.Value, Months: p.Months(),
		Left: p.EndsAt.Sub(from), Whole: p.EndsAt.Sub(p.EffectiveAt),
	})
	rule, err = priceRule(err)
	return q, rule, err
}

// Fulfil implements LineInput.
func (in *UpgradeInput) Fulfil(ctx context.Context, tx *DB, by Actor, order *Order, line *OrderLine) error {
	p, err := tx.planToChange(ctx, by, in.InstanceID)
	if err != nil {
		return err
	}
	rule := p.fixed(tx.TeamNow(by))
	size, err := strconv.ParseInt(in.Specification, 10, 64)
	switch {
	case err != nil:
		return fmt.Errorf("read specification: %w", err)
	case rule != "":
		return Invalid{{Field: "instance_id", Rule: rule}}
	case size <= p.Specification:
		return invalid("specification", "not_larger")
	case !line.EndsAt.Equal(p.EndsAt), !strings.HasPrefix(line.Detail, p.size()+" → "):
		return invalid("instance_id", "changed") // the price was for another difference
	}
	was := p.Specification
	p.Specification, line.EndsAt = size, &p.EndsAt
	if p.Used < p.Total() {
		p.ExhaustedAt = nil
	}
	if p.Storage {
		if err := tx.promiseMeasure(ctx, by, p); err != nil {
			return err
		}
	}
	return tx.changePlan(ctx, by, p, line, Event{Action: "plan.upgraded", OrderNumber: order.Number}, map[string]any{"from": was, "to": size, "unit": p.Unit})
}

// planToChange is a plan of the actor's team with its type, or the broken rule
// of the field "instance_id". Inside a transaction PostgreSQL locks it, so that
// the second of two concurrent changes sees the result of the first.
func (db *DB) planToChange(ctx context.Context, by Actor, id string) (*Plan, error) {
	q := query.Of[Plan](db.gorm)
	if db.inTx {
		q = query.Of[Plan](db.gorm, clause.Locking{Strength: "UPDATE"})
	}
	found, err := q.Where("team_id = ? AND id = ?", by.TeamID, id).Limit(1).Find(ctx)
	if err = translate(err); err != nil && !errors.Is(err, ErrNotFound) {
		return nil, err
	}
	if len(found) == 0 {
		return nil, invalid("instance_id", "unknown")
	}
	p := found[0]
	p.Type, err = query.Of[PackageType](db.gorm).Where("code = ?", p.PackageType).First(ctx)
	if err != nil {
		return nil, fmt.Errorf("find package type: %w", translate(err))
	}
	return &p, nil
}

// fixed is the rule that forbids to change a plan at a moment of its team's
// time, whatever its type allows, or "".
func (p *Plan) fixed(now time.Time) (rule string) {
	switch {
	case p.Held:
		return "not_approved"
	case p.State(now) == PlanExpired:
		return "over"
	}
	return ""
}

// Nothing is created for a change that waits for approval: its plan exists,
// stays as it is, and is the resource that the caller is told.

// Hold implements Waiting.
func (in *RenewInput) Hold(_ context.Context, _ *DB, _ Actor, _ *Order, line *OrderLine) error {
	line.ResourceID, line.ResourceName = in.InstanceID, in.InstanceID
	return nil
}

// Release implements Waiting.
func (in *RenewInput) Release(ctx context.Context, tx *DB, by Actor, order *Order, line *OrderLine) error {
	return in.Fulfil(ctx, tx, by, order, line)
}

// Drop implements Waiting.
func (in *RenewInput) Drop(context.Context, *DB, Actor, *OrderLine) error { return nil }

// Hold implements Waiting.
func (in *UpgradeInput) Hold(_ context.Context, _ *DB, _ Actor, _ *Order, line *OrderLine) error {
	line.ResourceID, line.ResourceName = in.InstanceID, in.InstanceID
	return nil
}

// Release implements Waiting.
func (in *UpgradeInput) Release(ctx context.Context, tx *DB, by Actor, order *Order, line *OrderLine) error {
	return in.Fulfil(ctx, tx, by, order, line)
}

// Drop implements Waiting.
func (in *UpgradeInput) Drop(context.Context, *DB, Actor, *OrderLine) error { return nil }

// name writes into an order's line which plan the order changes.
func (p *Plan) name(line *OrderLine) {
	line.Name, line.Detail, line.Region = p.PackageType, p.size(), p.Region
	line.related, line.productCode = p.OrderNumber, p.ProductCode
}

// spec is the plan's specification as the catalogue has it.
func (p *Plan) spec() string { return strconv.FormatInt(p.Specification, 10) }

// size is the plan's size as an order's line shows it.
func (p *Plan) size() string { return fmt.Sprint(p.Specification, " ", p.Unit) }

// changePlan saves a plan that an order's line has changed, and records the
// event.
func (db *DB) changePlan(ctx context.Context, by Actor, p *Plan, line *OrderLine, e Event, detail map[string]any) error {
	paid, err := pricing.Add(p.PaidMinor, line.AmountMinor)
	if err != nil {
		return invalid("", "amount_too_large")
	}
	p.PaidMinor, p.UpdatedAt = paid, db.TeamNow(by)
	p.settle(p.UpdatedAt)
	err = db.gorm.WithContext(ctx).Model(p).
		Select("Specification", "Duration", "PricingCycle", "EndsAt", "ExhaustedAt", "Settled", "SettledUntil", "PaidMinor", "UpdatedAt").Updates(p).Error
	if err != nil {
		return fmt.Errorf("change plan: %w", err)
	}
	line.ResourceID, line.ResourceName = p.ID, p.ID
	e.Kind, e.SubjectID, e.SubjectName, e.Region = KindPlan, p.ID, p.ID, p.Region
	return db.Record(ctx, by, e, detail)
}
