package models

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"quartermaster/models/list"
	"quartermaster/models/pricing"
	"quartermaster/models/query"
)

// PlanState is the state of a plan. It follows from the team's clock and the
// last measurement.
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
	Held          bool // waits for the approval of its order: not paid yet, and SCHEDULED
	// Storage tells that the desk measures what draws the plan down: it measures
	// storage, since it has the buckets. Traffic does not pass through it.
	Storage bool
	// Settled is the state that it was found in last, which it keeps before
	// SettledUntil; then State tells.
	Settled      PlanState
	SettledUntil time.Time
	Tags         Tags
	Note         string // the reason its order gave
	OrderNumber  int64
	CreatedBy    string
	CreatorName  string
	CreatedAt    time.Time
	UpdatedAt    time.Time

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

// planStates are the SQL conditions of each state, equal to State; the marks
// are all for the team's time.
var planStates = map[PlanState]string{
	PlanExpired:   "ends_at <= ? AND NOT held",
	PlanScheduled: "held OR ends_at > ? AND effective_at > ?",
	PlanExhausted: "ends_at > ? AND effective_at <= ? AND exhausted_at IS NOT NULL AND NOT held",
	PlanActive:    "ends_at > ? AND effective_at <= ? AND exhausted_at IS NULL AND NOT held",
}

// forever is a moment that does not come.
var forever = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)

// settle writes into the plan which state it is in, and until when, so that a
// list is walked by it.
func (p *Plan) settle(now time.Time) {
	p.Settled = p.State(now)
	switch {
	case p.Held, p.Settled == PlanExpired:
		p.SettledUntil = forever
	case p.Settled == PlanScheduled:
		p.SettledUntil = p.EffectiveAt
	default:
		p.SettledUntil = p.EndsAt
	}
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

// Plans is the list of a team's plans with their types. Its filters are state,
// type, tag, and ending for those that end within so many days.
var Plans = &List[Plan]{
	Right: See,
	Desc: list.Desc[Plan]{
		Table: "plans", Key: "id", Scope: "team_id",
		Columns: []string{"id", "package_type", "specification", "effective_at", "ends_at", "used", "measured_at", "exhausted_at",
			"currency", "paid_minor", "held", "storage", "note", "created_at",
			"team_id", "product_code", "unit", "region", "duration", "pricing_cycle", "order_number", "created_by", "creator_name", "tags", "settled"},
		Brief: 14,
		Into: func(p *Plan, to []any) []any {
			return append(to, &p.ID, &p.PackageType, &p.Specification, &p.EffectiveAt, &p.EndsAt, &p.Used, &p.MeasuredAt, &p.ExhaustedAt,
				&p.Currency, &p.PaidMinor, &p.Held, &p.Storage, &p.Note, &p.CreatedAt,
				&p.TeamID, &p.ProductCode, &p.Unit, &p.Region, &p.Duration, (*string)(&p.PricingCycle), &p.OrderNumber, &p.CreatedBy, &p.CreatorName, &p.Tags, (*string)(&p.Settled))
		},
		Sorts: []list.Sort{{Name: "created", Columns: []string{"created_at", "id"}}, {Name: "ends", Columns: []string{"ends_at", "id"}, Up: true},
			{Name: "type", Columns: []string{"package_type", "created_at", "id"}, Up: true, Grouped: true},
			{Name: "state", Columns: []string{"settled", "created_at", "id"}, Up: true, Grouped: true}, // for up to a minute as it was
			small("used", "used", "id"), small("paid", "paid_minor", "id")},
		Filters: []list.Filter{
			{Name: "state", Column: "settled", Values: texts(PlanStates), Arms: planArms, Settled: func(value string) []list.Cond {
				return []list.Cond{{SQL: "settled = ?", Args: []any{value}}}
			}},
			equals("type", "package_type", nil), byTag(KindPlan, "plans"),
			endsWithin("ends", "NOT held"),
			inner(equals("product", "product_code", nil)),
			spanned("ends", "ends_at"),
		},
		Indexes: []list.Index{
			{Name: "plans_team", Sort: "created"},
			{Name: "plans_ends", Sort: "ends"},
			{Name: "plans_state", Filters: []string{"state"}, Sort: "created"},
			{Name: "plans_type", Filters: []string{"type"}, Sort: "created"},
			{Name: "plans_type", Sort: "type"},
			{Name: "plans_state", Sort: "state"},
			{Name: "plans_ends", Filters: []string{"ending"}, Sort: "ends"},
			{Name: "plans_ends", Filters: []string{"ends"}, Sort: "ends"},
			{Name: "plans_product", Filters: []string{"product"}, Sort: "created"},
			tagIndex,
		},
		Summed: [2]string{"currency", "paid_minor"},
	},
	Finds: KindPlan,
	Settled: func(ctx context.Context, db *DB, by Actor, q list.Query) (bool, error) {
		if q.Filters["state"] == "" {
			return false, nil
		}
		return db.none(ctx, "SELECT 1 FROM plans WHERE team_id = ? AND settled_until <= ? LIMIT 1", by.TeamID, q.At)
	},
	Tags: func(ctx context.Context, db *DB, text string) (codes []string, err error) {
		err = db.Scan(ctx, &codes, "SELECT code FROM package_types WHERE "+holds("code", "zh", "en"), like(text))
		return codes, err
	},
	Counter: func(q list.Query) string {
		if product := q.Filters["product"]; len(q.Filters) == 0 || len(q.Filters) == 1 && product != "" {
			return plansOf(product)
		}
		return ""
	},
	Fill: func(ctx context.Context, db *DB, _ Actor, plans []Plan) error {
		types, err := db.PackageTypes(ctx)
		for i := range plans {
			plans[i].Type = types[plans[i].PackageType]
		}
		return err
	},
	Stamp: catalogueStamp,
}

// planArms are the plans in a state at a time: those that were in it when they
// were settled and have not left it since, and the few that have come into it
// and are not settled yet.
func planArms(value string, at time.Time) []list.Cond {
	now := planStates[PlanState(value)]
	return []list.Cond{
		{SQL: "settled = ? AND settled_until > ?", Args: []any{value, at}},
		{SQL: "settled_until <= ? AND (" + now + ")", Few: "plans_settled", Args: slices.Repeat([]any{at}, 1+strings.Count(now, "?"))},
	}
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
		if err := p.deletable(); err != nil {
			return err
		}
		n, err := query.Of[Plan](tx.gorm).Where("team_id = ? AND id = ? AND NOT held", by.TeamID, id).Delete(ctx)
		switch {
		case err != nil:
			return fmt.Errorf("delete plan: %w", err)
		case n == 0:
			return ErrNotFound
		}
		if err := tx.dropReminders(ctx, by, KindPlan, id); err != nil {
			return err
		}
		if err := tx.tally(ctx, by, tally{Kind: KindPlan, Deleted: 1}); err != nil {
			return err
		}
		if err := tx.count(ctx, by.TeamID, plansOf(p.ProductCode), -1); err != nil {
			return err
		}
		if p.Storage {
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

// deletable is an error unless the plan can be deleted as it is.
func (p *Plan) deletable() error {
	if p.Held {
		return ErrConflict
	}
	return nil
}

// settleTogether is how many plans are settled in one transaction.
const settleTogether = 1000

// SettlePlans settles the plans of every team that have come into another state
// by the team's clock. What is read does not depend on it.
func (db *DB) SettlePlans(ctx context.Context) error {
	var teams []struct {
		ID            string
		ClockOffsetMs int64
	}
	if err := db.Scan(ctx, &teams, "SELECT id, clock_offset_ms FROM teams"); err != nil {
		return err
	}
	for _, t := range teams {
		by := Actor{TeamID: t.ID, Face: ByServer, ClockOffset: msDuration(t.ClockOffsetMs)}
		for {
			n, err := db.settleSome(ctx, by)
			if err != nil {
				return err
			}
			if n < settleTogether {
				break
			}
		}
	}
	return nil
}

// settleSome settles some of a team's plans and tells how many.
func (db *DB) settleSome(ctx context.Context, by Actor) (n int, err error) {
	now := db.TeamNow(by)
	const due = "SELECT id FROM plans WHERE team_id = ? AND settled_until <= ? LIMIT ?"
	var ids []string
	if err := db.Scan(ctx, &ids, due, by.TeamID, now, settleTogether); err != nil || len(ids) == 0 {
		return 0, err
	}
	settled, args := "CASE", []any{}
	for _, s := range PlanStates {
		settled += " WHEN " + planStates[s] + " THEN '" + string(s) + "'"
		args = append(args, slices.Repeat([]any{now}, strings.Count(planStates[s], "?"))...)
	}
	args = append(args, now, forever, now, by.TeamID, ids)
	err = db.tx(ctx, func(ctx context.Context, tx *DB) error {
		return tx.Exec(ctx, "UPDATE plans SET settled = "+settled+` END,
			settled_until = CASE WHEN held OR ends_at <= ? THEN ? WHEN effective_at > ? THEN effective_at ELSE ends_at END
			WHERE `+alsoOfTeam+` AND id IN ?`, args...)
	})
	return len(ids), err
}
