package models

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"quartermaster/models/pricing"
)

// ScaleAction is the direction in which a store's number of units changes,
// spelled as the documents do.
type ScaleAction string

// The directions.
const (
	ScaleOut ScaleAction = "SCALE_OUT"
	ScaleIn  ScaleAction = "SCALE_IN"
)

// StoreScaleInput is what a caller says about the new size of a store, from a
// form or from the API. It is a line of an order, because a size is paid for:
// by the hour from then on or, with a term paid in advance, for the rest of the
// term. Nothing that was paid is given back.
type StoreScaleInput struct {
	StoreID string `form:"-"`
	// Num is how many units the store will have in all.
	Num int64 `form:"num" validate:"min=1,max=1000000"`
	// Action is empty when Num alone says the direction.
	Action ScaleAction `form:"action" validate:"omitempty,oneof=SCALE_OUT SCALE_IN"`
}

// Check implements LineInput.
func (in *StoreScaleInput) Check() error { return Check(in) }

// against says which rule forbids the new size in the store's present state.
func (in *StoreScaleInput) against(s *Store) error {
	switch {
	case s.State != StoreNormal:
		return invalid("num", "state")
	case in.Num == s.Num && in.Action == "":
		return invalid("num", "same")
	case in.Num <= s.Num && in.Action == ScaleOut:
		return invalid("num", "scale_out", strconv.FormatInt(s.Num, 10))
	case in.Num >= s.Num && in.Action == ScaleIn:
		return invalid("num", "scale_in", strconv.FormatInt(s.Num, 10))
	}
	return nil
}

// Line implements LineInput.
func (in *StoreScaleInput) Line(ctx context.Context, db *DB, by Actor) (OrderLine, error) {
	line := OrderLine{Kind: KindStore, orderType: TypeUpgrade}
	s, err := db.FindStore(ctx, by, in.StoreID)
	if err != nil {
		return line, err
	}
	line.Name, line.Region, line.related, line.changes = s.Name, s.Region, s.OrderNumber, s.ID
	line.Detail = in.detail(s)
	if line.Changes, err = in.changes(ctx, db, by, s); err != nil {
		return line, err
	}
	refused := in.against(s)
	off, err := db.storeOff(ctx, s)
	if err != nil {
		return line, err
	}
	if off && in.Num > s.Num {
		refused = Invalid(nil).With(refused, invalid("num", "not_on_sale"))
	}
	team, err := db.FindTeam(ctx, by)
	if err != nil {
		return line, err
	}
	if left := team.CULeft(); in.Num-s.Num > left {
		refused = Invalid(nil).With(refused, invalid("num", "quota", strconv.FormatInt(left, 10)))
	}
	quote, err := in.quote(ctx, db, by, s)
	switch {
	case err == nil:
		line.Price(quote)
	case isInvalid(err):
		refused = Invalid(nil).With(refused, err)
	case errors.Is(err, pricing.ErrNoPrice), errors.Is(err, pricing.ErrOverflow):
		// When the number is wrong there is no price, which needs no message of
		// its own.
		if refused == nil && in.Check() == nil {
			refused = invalid("", storeUnpriced(err))
		}
	default:
		return line, err
	}
	if s.EndsAt != nil {
		now := db.TeamNow(by)
		line.StartsAt, line.EndsAt = &now, s.EndsAt
	}
	return line, refused
}

// storeOff tells whether more units of a store cannot be ordered now: its flavor, its
// region or one of its zones is off sale.
func (db *DB) storeOff(ctx context.Context, s *Store) (bool, error) {
	c, err := db.catalogue(ctx)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(c.flavors, func(f Flavor) bool { return f.CU == s.CU && f.Off }) ||
		slices.ContainsFunc(c.regions, func(r Region) bool {
			return r.ID == s.Region && (r.Off || slices.ContainsFunc(s.Zones, r.zoneOff))
		}), nil
}

// detail describes in an order's line how the store changes.
func (in *StoreScaleInput) detail(s *Store) string {
	return fmt.Sprintf("%s × %d → %d", s.CU, s.Num, in.Num)
}

// quote is what the new size costs: the new rate of a store that is charged by
// the hour, and the units that come to one that is paid in advance, less what
// has passed of its term.
func (in *StoreScaleInput) quote(ctx context.Context, db *DB, by Actor, s *Store) (pricing.Quote, error) {
	now := db.TeamNow(by)
	terms := pricing.StoreTerms{Region: s.Region, CU: s.CU, Num: int(in.Num), ChargeMode: s.ChargeMode,
		PeriodType: s.PeriodType, PeriodNum: s.PeriodNum}
	if s.EndsAt != nil {
		switch {
		case !now.Before(*s.EndsAt):
			return pricing.Quote{}, invalid("num", "term_over")
		case in.Num <= s.Num:
			return pricing.Free("CNY"), nil
		}
		terms.Num = int(in.Num - s.Num)
	}
	book, err := db.Book(ctx, s.TeamID, pricing.StoreSKU(s.CU))
	if err != nil {
		return pricing.Quote{}, err
	}
	quote, err := pricing.Store(book, now, terms)
	if err != nil || s.EndsAt == nil {
		return quote, err
	}
	return quote.Rest(s.EndsAt.Sub(now), s.EndsAt.Sub(pricing.AddMonths(*s.EndsAt, -s.months())))
}

// sizing is the payload of the job that makes or scales a store.
type sizing struct {
	Num   int64 `json:"num"`
	Order int64 `json:"order"`
}

func sizingOf(job *Job) (to sizing, err error) {
	if err := json.Unmarshal([]byte(job.Payload), &to); err != nil {
		return to, fmt.Errorf("read the size that job %s brings: %w", job.ID, err)
	}
	return to, nil
}

// under is the state of a store while it is scaled.
func (to sizing) under(s *Store) StoreState {
	if to.Num < s.Num {
		return StoreScalingIn
	}
	return StoreScaling
}

// Fulfil implements LineInput.
func (in *StoreScaleInput) Fulfil(ctx context.Context, tx *DB, by Actor, order *Order, line *OrderLine) error {
	s, err := tx.lockStore(ctx, by, in.StoreID)
	if err != nil {
		return err
	}
	if err := in.against(s); err != nil {
		return err
	}
	if line.Detail != in.detail(s) {
		return invalid("num", "changed") // the price was for another number of units
	}
	to := sizing{Num: in.Num, Order: order.Number}
	if err := tx.reserveScale(ctx, by, s, to); err != nil {
		return err
	}
	s.JobID, line.payload = line.JobID, to
	if err := tx.setStore(ctx, by, s, to.under(s), nil, StoreNormal); err != nil {
		return err
	}
	line.ResourceID, line.ResourceName = s.ID, s.Name
	return tx.recordStore(ctx, by, s.of(order.Number), "scaled", "")
}

// reserveScale sets the number that a store goes to, and counts the additional
// units in the team's quota.
func (db *DB) reserveScale(ctx context.Context, by Actor, s *Store, to sizing) error {
	if more := to.Num - s.Num; more > 0 {
		if err := db.reserveCU(ctx, by, more); err != nil {
			return err
		}
	}
	s.Target = to.Num
	return nil
}

// scaleStore is the job that changes a store's number of units. While it works
// the quota counts the larger of the two numbers.
var scaleStore = Work{
	Steps: []WorkStep{
		{"resize", resizeStore},
		{"reopen", func(ctx context.Context, db *DB, job *Job) error { return db.reopenIndex(ctx, job.SubjectID) }},
	},
	Completed: func(ctx context.Context, tx *DB, job *Job) error {
		return tx.storeScaled(ctx, job, OrderCompleted, "resized", nil)
	},
	Failed: func(ctx context.Context, tx *DB, job *Job) error {
		return tx.storeScaled(ctx, job, OrderFailed, "scale_failed", job.failure())
	},
}

// resizeStore makes sure that the units a store will have are counted: a failed
// job has subtracted them, and may go on.
func resizeStore(ctx context.Context, db *DB, job *Job) error {
	to, err := sizingOf(job)
	if err != nil {
		return err
	}
	return db.withStore(ctx, job, func(ctx context.Context, tx *DB, by Actor, s *Store) error {
		if s.Target == to.Num {
			return nil
		}
		if err := tx.reserveScale(ctx, by, s, to); isInvalid(err) {
			return &Failure{Code: "quota", Detail: err.Error()}
		} else if err != nil {
			return err
		}
		return tx.setStore(ctx, by, s, s.State, nil, StoreScaling, StoreScalingIn)
	})
}

// storeScaled ends the scaling of a store, which is NORMAL afterwards: with its
// new size, or with the old one and why. Units that are no longer needed are
// subtracted from the quota.
func (db *DB) storeScaled(ctx context.Context, job *Job, line OrderState, verb string, f *Failure) error {
	to, err := sizingOf(job)
	if err != nil {
		return err
	}
	return db.withStore(ctx, job, func(ctx context.Context, tx *DB, by Actor, s *Store) error {
		counted := max(s.Num, s.Target)
		if f == nil {
			if err := tx.resized(ctx, by, s, to.Order); err != nil {
				return err
			}
			s.Num, s.SizedBy = to.Num, to.Order
		}
		s.Target = 0
		if err := tx.giveBackCU(ctx, s.TeamID, counted-s.Num); err != nil {
			return err
		}
		if err := tx.setStore(ctx, by, s, StoreNormal, f, StoreScaling, StoreScalingIn); err != nil {
			return err
		}
		if err := tx.FinishLine(ctx, by, to.Order, s.ID, line); err != nil {
			return err
		}
		return tx.recordStore(ctx, by, s.of(to.Order), verb, s.FailCode)
	})
}
