package models

import (
	"context"
	"fmt"

	"quartermaster/models/query"
)

// OrderingInput is what a team allows to be ordered, and how.
type OrderingInput struct {
	// APIOrders is what becomes of an order by API that has to be approved.
	APIOrders string `form:"api_orders" validate:"oneof=refuse hold"`
	// PlanAPI lets scripts order plans, StorePrepaid lets anybody order stores for
	// a term that is paid in advance.
	PlanAPI      bool `form:"plan_api"`
	StorePrepaid bool `form:"store_prepaid"`
	// Shown is what the form showed, so that only what was changed is written.
	Shown string `form:"shown"`
}

// Ordering is the input that would leave what the team allows as it is.
func (t *Team) Ordering() OrderingInput {
	in := OrderingInput{APIOrders: t.APIOrders, PlanAPI: t.PlanAPI, StorePrepaid: t.StorePrepaid}
	in.Shown = shownAs(in)
	return in
}

// UpdateOrdering changes what the actor's team allows to be ordered. Each setting
// that changes is recorded with what it was and what it is.
func (db *DB) UpdateOrdering(ctx context.Context, by Actor, in OrderingInput) error {
	if err := by.may(Administer); err != nil {
		return err
	}
	if err := Check(&in); err != nil {
		return err
	}
	return db.tx(ctx, func(ctx context.Context, tx *DB) error {
		if err := tx.holdTeam(ctx, by); err != nil {
			return err
		}
		team, err := tx.FindTeam(ctx, by)
		if err != nil {
			return err
		}
		old := team.Ordering()
		if err := edited(&in, old, in.Shown); err != nil {
			return err
		}
		for _, s := range []struct {
			column   string
			from, to any
			is       Event
		}{
			{"api_orders", old.APIOrders, in.APIOrders, Event{Action: "team.api_orders_changed"}},
			{"plan_api", old.PlanAPI, in.PlanAPI, Event{Action: "team.plan_api_changed"}},
			{"store_prepaid", old.StorePrepaid, in.StorePrepaid, Event{Action: "team.store_prepaid_changed"}},
		} {
			if s.from == s.to {
				continue
			}
			if _, err := query.Of[Team](tx.gorm).Where("id = ?", by.TeamID).Update(ctx, s.column, s.to); err != nil {
				return fmt.Errorf("change what may be ordered: %w", err)
			}
			s.is.Kind, s.is.SubjectID, s.is.SubjectName = KindTeam, team.ID, team.Name
			if err := tx.Record(ctx, by, s.is, map[string]any{"from": s.from, "to": s.to}); err != nil {
				return err
			}
		}
		return nil
	})
}
