package models

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"quartermaster/models/pricing"
	"quartermaster/models/query"
)

// Line implements LineInput.
func (in *PlanInput) Line(ctx context.Context, db *DB, by Actor) (OrderLine, error) {
	t, err := in.terms(ctx, db, by)
	line := OrderLine{Kind: KindPlan, Name: t.kind.Code, Detail: t.spec.Name, Region: t.kind.Region, productCode: t.kind.ProductCode}
	in.price(&line, t)
	if !t.ends.IsZero() {
		line.StartsAt, line.EndsAt = &t.starts, &t.ends
	} else if !t.starts.IsZero() {
		line.StartsAt = &t.starts
	}
	return line, err
}

// price writes the quote and the term as it was asked for into the line.
func (in *PlanInput) price(line *OrderLine, t planTerms) {
	line.Price(t.quote)
	if n, _, ok := in.term(); ok && in.cycle() == pricing.Yearly && line.TermN > 0 {
		line.TermN, line.TermUnit = n, pricing.Year
	}
}

// Fulfil implements LineInput.
func (in *PlanInput) Fulfil(ctx context.Context, tx *DB, by Actor, order *Order, line *OrderLine) error {
	if err := in.begin(order, line, tx.TeamNow(by)); err != nil {
		return err
	}
	p, err := in.create(ctx, tx, by, order, line, false)
	if err != nil {
		return err
	}
	return tx.planBegins(ctx, by, p, line)
}

// begin sets the term. A plan without a date begins when its order is
// fulfilled, which may be long after it was ordered. So does a plan whose date
// has passed while its order waited: nobody pays for days without a plan.
func (in *PlanInput) begin(order *Order, line *OrderLine, now time.Time) error {
	passed := order.DecidedAt != nil && line.StartsAt.Before(now)
	if in.EffectiveDate != "" && !passed {
		return nil
	}
	duration, _, _ := in.term()
	starts := now.Truncate(time.Second)
	ends, err := pricing.PlanEnd(starts, duration, in.cycle())
	if err != nil {
		return err
	}
	line.StartsAt, line.EndsAt = &starts, &ends
	return nil
}

// create makes the plan with the line's term.
func (in *PlanInput) create(ctx context.Context, tx *DB, by Actor, order *Order, line *OrderLine, held bool) (*Plan, error) {
	now := tx.TeamNow(by)
	kind, err := tx.FindPackageType(ctx, in.PackageType)
	if err != nil {
		return nil, fmt.Errorf("find package type: %w", err)
	}
	size, err := strconv.ParseInt(in.Specification, 10, 64)
	if err != nil {
		return nil, fmt.Errorf("read specification: %w", err)
	}
	if _, err := pricing.Mul(size, gigabyte); err != nil {
		return nil, fmt.Errorf("read specification: %w", err)
	}
	duration, _, _ := in.term()
	p := &Plan{
		ID: strings.ToUpper(in.ProductCode) + "-cn-" + tx.newSuffix(11), TeamID: by.TeamID,
		ProductCode: in.ProductCode, PackageType: in.PackageType, Specification: size, Unit: kind.Unit, Region: kind.Region,
		Duration: duration, PricingCycle: in.cycle(), EffectiveAt: *line.StartsAt, EndsAt: *line.EndsAt,
		Currency: line.Currency, Held: held, Storage: kind.Item == itemStorage, Note: order.Note, OrderNumber: order.Number,
		CreatedBy: by.UserID, CreatorName: by.UserName, CreatedAt: now, UpdatedAt: now, Type: *kind,
	}
	if !held {
		p.PaidMinor = line.AmountMinor
	}
	p.settle(now)
	if tx.sums != nil {
		tx.sums.plans = append(tx.sums.plans, *p)
	} else if err := query.Of[Plan](tx.gorm).Create(ctx, p); err != nil {
		return nil, fmt.Errorf("create plan: %w", err)
	}
	if err := tx.count(ctx, by.TeamID, plansOf(p.ProductCode), 1); err != nil {
		return nil, err
	}
	line.ResourceID, line.ResourceName = p.ID, p.ID
	return p, nil
}

// planBegins records the new plan, and promises its measurement.
func (db *DB) planBegins(ctx context.Context, by Actor, p *Plan, line *OrderLine) error {
	if p.Storage {
		if err := db.promiseMeasure(ctx, by, p); err != nil {
			return err
		}
	}
	return db.Record(ctx, by, Event{
		Action: "plan.created", Kind: KindPlan, SubjectID: p.ID, SubjectName: p.ID, Region: p.Region,
		OrderNumber: p.OrderNumber,
	})
}

// Hold implements Waiting.
func (in *PlanInput) Hold(ctx context.Context, tx *DB, by Actor, order *Order, line *OrderLine) error {
	_, err := in.create(ctx, tx, by, order, line, true)
	return err
}

// Release implements Waiting.
func (in *PlanInput) Release(ctx context.Context, tx *DB, by Actor, order *Order, line *OrderLine) error {
	p, err := tx.FindPlan(ctx, by, line.ResourceID)
	if err != nil {
		return fmt.Errorf("plan that waits: %w", err)
	}
	now := tx.TeamNow(by)
	if err := in.begin(order, line, now); err != nil {
		return err
	}
	p.Held, p.EffectiveAt, p.EndsAt, p.PaidMinor, p.UpdatedAt = false, *line.StartsAt, *line.EndsAt, line.AmountMinor, now
	p.settle(now)
	err = tx.gorm.WithContext(ctx).Model(p).Select("Held", "EffectiveAt", "EndsAt", "Settled", "SettledUntil", "PaidMinor", "UpdatedAt").Updates(p).Error
	if err != nil {
		return fmt.Errorf("let plan go: %w", err)
	}
	return tx.planBegins(ctx, by, p, line)
}

// Drop implements Waiting.
func (in *PlanInput) Drop(ctx context.Context, tx *DB, by Actor, line *OrderLine) error {
	if _, err := query.Of[Plan](tx.gorm).Where("team_id = ? AND id = ?", by.TeamID, line.ResourceID).Delete(ctx); err != nil {
		return fmt.Errorf("drop plan: %w", err)
	}
	return tx.count(ctx, by.TeamID, plansOf(in.ProductCode), -1)
}
