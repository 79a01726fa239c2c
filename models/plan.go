package models

import (
	"context"
	"fmt"
	"time"

	"quartermaster/models/pricing"
	"quartermaster/models/query"
)

// PlanState is the state of a plan. It follows from the team's clock and the
// last measurement; no job changes it.
type PlanState string

// States of a plan.
const (
	PlanScheduled PlanState = "SCHEDULED" // has not taken effect yet
	PlanActive    PlanState = "ACTIVE"
	PlanExhausted PlanState = "EXHAUSTED" // used up by the last measurement
	PlanExpired   PlanState = "EXPIRED"
)

// PlanStates are all states, in the order they are shown.
var PlanStates = []PlanState{PlanScheduled, PlanActive, PlanExhausted, PlanExpired}

// Plan is a resource plan (the documents' resource package): an amount of
// something, paid in advance for a term.
type Plan struct {
	ID            string // the documents' InstanceId
	TeamID        string
	ProductCode   string
	PackageType   string
	Specification int64 // in Unit
	Unit          string
	Region        string
	Duration      int // in PricingCycles
	PricingCycle  pricing.Cycle
	EffectiveAt   time.Time
	EndsAt        time.Time
	Used          int64      // bytes that the last measurement drew from it
	MeasuredAt    *time.Time // nil until it was measured
	ExhaustedAt   *time.Time // nil while something is left
	Currency      string
	PaidMinor     int64
	Held          bool   // waits for the approval of its order: not paid yet, and SCHEDULED
	Note          string // the reason its order gave
	OrderNumber   int64
	CreatedBy     string
	CreatorName   string
	CreatedAt     time.Time
	UpdatedAt     time.Time

	Type PackageType `gorm:"foreignKey:PackageType;references:Code"`
}

// State is the plan's state at a moment of its team's time.
func (p Plan) State(now time.Time) PlanState {
	switch {
	case p.Held:
		return PlanScheduled
	case !now.Before(p.EndsAt):
		return PlanExpired
	case now.Before(p.EffectiveAt):
		return PlanScheduled
	case p.ExhaustedAt != nil:
		return PlanExhausted
	}
	return PlanActive
}

// planStates are the SQL conditions of each state, equal to State; their
// arguments are the team's time.
var planStates = map[PlanState]string{
	PlanExpired:   "ends_at <= @now AND NOT held",
	PlanScheduled: "(held OR ends_at > @now AND effective_at > @now)",
	PlanExhausted: "ends_at > @now AND effective_at <= @now AND exhausted_at IS NOT NULL AND NOT held",
	PlanActive:    "ends_at > @now AND effective_at <= @now AND exhausted_at IS NULL AND NOT held",
}

// Months is the plan's term in months.
func (p Plan) Months() int {
	n, err := pricing.Months(p.Duration, p.PricingCycle)
	if err != nil {
		return 0
	}
	return n
}

// Total is the plan's size in bytes.
func (p Plan) Total() int64 {
	n, err := pricing.Mul(p.Specification, gigabyte)
	if err != nil {
		return 0
	}
	return n
}

// Remaining is how many bytes the last measurement left.
func (p Plan) Remaining() int64 { return max(0, p.Total()-p.Used) }

// Metered tells whether the desk measures what draws the plan down: it measures
// storage, since it has the buckets. Traffic does not pass through it.
func (p Plan) Metered() bool { return p.Type.Item == itemStorage }

// FindPlan is one plan of the actor's team, with its type.
func (db *DB) FindPlan(ctx context.Context, by Actor, id string) (*Plan, error) {
	if err := by.may(See); err != nil {
		return nil, err
	}
	p, err := query.Of[Plan](db.gorm).Preload("Type", nil).Where("team_id = ? AND id = ?", by.TeamID, id).First(ctx)
	if err != nil {
		return nil, translate(err)
	}
	return &p, nil
}

// PlanFilter says which plans to list. Empty fields do not narrow.
type PlanFilter struct {
	State       PlanState
	PackageType string
	// EndsWithin narrows to plans that end within this time from now.
	EndsWithin time.Duration
	Text       string // in the instance id, the type's code or name, or the note
}

// ListPlans is a page of the team's plans with their types, newest first.
func (db *DB) ListPlans(ctx context.Context, by Actor, f PlanFilter, p Page) ([]Plan, Cursor, error) {
	if err := by.may(See); err != nil {
		return nil, Cursor{}, err
	}
	now := db.TeamNow(by)
	q := query.Of[Plan](db.gorm).Preload("Type", nil).Where("team_id = ?", by.TeamID)
	if cond, known := planStates[f.State]; known {
		q = q.Where(cond, map[string]any{"now": now})
	}
	if f.PackageType != "" {
		q = q.Where("package_type = ?", f.PackageType)
	}
	if f.EndsWithin > 0 {
		q = q.Where("ends_at > ? AND ends_at <= ? AND NOT held", now, now.Add(f.EndsWithin))
	}
	if f.Text != "" {
		q = q.Where("("+holds("id", "note")+" OR package_type IN (SELECT code FROM package_types WHERE "+holds("code", "zh", "en")+"))", like(f.Text), like(f.Text))
	}
	return pageOf(ctx, q, p, newestFirst("created_at", "id"), func(p Plan) []string {
		return []string{stamp(p.CreatedAt), p.ID}
	})
}

// DeletePlan deletes a plan in any state, with the rest of its term and size.
// Nothing is paid back, and its order stays. A plan that waits for the approval
// of its order is ErrConflict.
func (db *DB) DeletePlan(ctx context.Context, by Actor, id string) error {
	if err := by.may(Request); err != nil {
		return err
	}
	return db.tx(ctx, func(ctx context.Context, tx *DB) error {
		p, err := tx.FindPlan(ctx, by, id)
		if err != nil {
			return err
		}
		if p.Held {
			return ErrConflict
		}
		n, err := query.Of[Plan](tx.gorm).Where("team_id = ? AND id = ? AND NOT held", by.TeamID, id).Delete(ctx)
		switch {
		case err != nil:
			return fmt.Errorf("delete plan: %w", err)
		case n == 0:
			return ErrNotFound
		}
		if err := tx.tally(ctx, by, tally{Kind: KindPlan, Deleted: 1}); err != nil {
			return err
		}
		if err := tx.count(ctx, by.TeamID, plansOf(p.ProductCode), -1); err != nil {
			return err
		}
		if p.Metered() {
			// Other plans of the region may now be drawn on instead.
			if err := tx.promiseMeasure(ctx, by, p); err != nil {
				return err
			}
		}
		return tx.Record(ctx, by, Event{Action: "plan.deleted", Kind: KindPlan, SubjectID: p.ID, SubjectName: p.ID, Region: p.Region},
			map[string]any{"state": p.State(tx.TeamNow(by)), "package_type": p.PackageType, "ends_at": p.EndsAt,
				"used": p.Used, "paid_minor": p.PaidMinor, "currency": p.Currency, "order": p.OrderNumber})
	})
}
