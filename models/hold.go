package models

import (
	"context"
	"errors"
	"fmt"

	"quartermaster/models/query"
)

// What happens to an order that comes by API and has to wait for approval.
const (
	RefuseAPIOrders = "refuse" // the caller is told that it is not authorised
	HoldAPIOrders   = "hold"   // the caller gets the ids of the future resources
)

// Held is the error of an order that came by API and has to be approved first.
// The order is kept, and waits or was rejected since then.
type Held struct{ Number int64 }

func (h *Held) Error() string { return fmt.Sprintf("order %d has to be approved", h.Number) }

// Waiting is a LineInput whose resource can exist before its order is approved:
// it has an id, a name and its share of the quota, but nothing is paid, nothing
// is drawn from it and no job runs.
type Waiting interface {
	// Hold makes the resource that waits, and sets the line's ResourceID and
	// ResourceName.
	Hold(ctx context.Context, tx *DB, by Actor, order *Order, line *OrderLine) error
	// Release turns the resource into what Fulfil would have made. Its term
	// begins at this moment.
	Release(ctx context.Context, tx *DB, by Actor, order *Order, line *OrderLine) error
	// Drop undoes Hold.
	Drop(ctx context.Context, tx *DB, by Actor, line *OrderLine) error
}

// policy tells whether an order has to wait for approval, and which rule
// decided.
func (db *DB) policy(ctx context.Context, by Actor, order *Order) (hold bool, rule string) {
	if db.holds == nil {
		return false, "none"
	}
	return db.holds(ctx, by, order)
}

// holdOrder leaves a placed order waiting. Its resources are created waiting
// too when the caller needs their ids, the team allows it, and every line is
// Waiting.
func (db *DB) holdOrder(ctx context.Context, by Actor, lines []LineInput, order *Order) error {
	order.State = OrderPending
	for i := range order.Lines {
		order.Lines[i].State = OrderPending
	}
	if by.Face != ByAPI {
		return nil
	}
	team, err := db.teamSettings(ctx, by)
	if err != nil || team.APIOrders != HoldAPIOrders {
		return err
	}
	for _, in := range lines {
		if _, can := in.(Waiting); !can {
			return nil
		}
	}
	for i, in := range lines {
		line := &order.Lines[i]
		job := db.goOn(order, line)
		line.State = OrderPending
		if err := in.(Waiting).Hold(ctx, db, by, order, line); err != nil {
			return err
		}
		if job != "" {
			if err := db.promise(ctx, by, job, JobHeld, order, line); err != nil {
				return err
			}
		}
		// It is counted in the totals now; the counts of the month wait for the
		// decision.
		if err := db.count(ctx, by.TeamID, string(line.Kind), order.makes()); err != nil {
			return err
		}
	}
	return nil
}

// answer is the error that a caller by API gets for an order without ids to
// tell: a repeat gets the same as the first call.
func (o *Order) answer(by Actor) error {
	if by.Face != ByAPI {
		return nil
	}
	for _, l := range o.Lines {
		if l.ResourceID == "" {
			return &Held{Number: o.Number}
		}
	}
	return nil
}

// decision is what somebody says about an order that waits.
type decision struct {
	approve bool
	Reason  string `form:"reason" validate:"prose,max=500"`
	// refused is why the approved order cannot be carried out any more.
	refused Invalid
}

// DecideOrder approves or rejects an order that waits. version is that of the
// order as the decider saw it: when it has been decided or changed since, the
// decision is ErrConflict. Nobody decides their own order. An approved order is
// fulfilled at once, at the price at which it was placed. If it has become
// impossible, it fails, and Refused says why.
func (db *DB) DecideOrder(ctx context.Context, by Actor, number, version int64, approve bool, reason string) (*Order, error) {
	if err := by.may(Decide); err != nil {
		return nil, err
	}
	d := decision{approve: approve, Reason: reason}
	if err := Check(&d); err != nil {
		return nil, err
	}
	if approve {
		if err := db.hasRoom(ctx); err != nil {
			return nil, err
		}
	}
	order, err := db.decide(ctx, by, number, version, d)
	if errors.As(err, &d.refused) {
		// What was begun has been rolled back; the failure is recorded as a
		// decision of its own.
		order, err = db.decide(ctx, by, number, version, d)
	}
	if err != nil {
		return nil, err
	}
	return order, nil
}

// ownOrder tells whether the order is the actor's own: asked for by the person,
// or signed with a key that the person made, which the record knows even when
// the key has been deleted.
func (db *DB) ownOrder(ctx context.Context, by Actor, order *Order) (bool, error) {
	if order.RequestedBy == by.UserID || order.KeyID == "" {
		return order.RequestedBy == by.UserID, nil
	}
	made, err := query.Of[Event](db.gorm).Where("team_id = ? AND subject_id = ? AND kind <> 'order' AND action = ? AND user_id = ?",
		by.TeamID, order.KeyID, "key.created", by.UserID).Count(ctx, "*")
	return made > 0, translate(err)
}

func (db *DB) decide(ctx context.Context, by Actor, number, version int64, d decision) (*Order, error) {
	var order *Order
	err := db.tx(ctx, func(ctx context.Context, tx *DB) (err error) {
		if order, err = tx.FindOrder(ctx, by, number); err != nil {
			return err
		}
		own, err := tx.ownOrder(ctx, by, order)
		if err != nil {
			return err
		}
		if own {
			return ErrForbidden
		}
		if err := tx.claimDecision(ctx, by, order, version, d); err != nil {
			return err
		}
		as := order.requester(by)
		switch {
		case d.refused != nil:
			err = tx.dropOrder(ctx, as, order, OrderFailed)
		case d.approve:
			err = tx.releaseOrder(ctx, as, order)
		default:
			err = tx.dropOrder(ctx, as, order, OrderRejected)
		}
		if err != nil {
			return err
		}
		return tx.saveDecided(ctx, order)
	})
	return order, err
}

// claimDecision writes down who decides, if nobody has yet and the order has
// not changed since it was shown.
func (db *DB) claimDecision(ctx context.Context, by Actor, order *Order, version int64, d decision) error {
	now := db.TeamNow(by)
	action := "order.rejected"
	order.State = OrderRejected
	if d.approve {
		order.State, action = OrderApproved, "order.approved"
	}
	order.DecidedBy, order.DeciderName, order.DecidedAt, order.DecisionReason = by.UserID, by.UserName, &now, d.Reason
	order.Version, order.UpdatedAt, order.Refused = version+1, now, d.refused
	res := db.gorm.WithContext(ctx).Model(order).
		Where("team_id = ? AND version = ? AND state = ?", by.TeamID, version, OrderPending).
		Select("State", "DecidedBy", "DeciderName", "DecidedAt", "DecisionReason", "Version", "UpdatedAt", "Refused").Updates(order)
	if res.Error != nil {
		return fmt.Errorf("decide order: %w", res.Error)
	}
	if res.RowsAffected == 0 {
		return ErrConflict
	}
	e := Event{Action: action, Kind: KindOrder, SubjectID: fmt.Sprint(order.Number), SubjectName: order.Title, OrderNumber: order.Number}
	detail := map[string]any{"version": version, "reason": d.Reason, "total_minor": order.TotalMinor, "currency": order.Currency}
	if d.refused != nil {
		e.Result, detail["refused"] = "failed", d.refused
	}
	return db.Record(ctx, by, e, detail)
}

// requester is the program, acting on behalf of the one who asked, in the
// request of the one who decided.
func (o *Order) requester(by Actor) Actor {
	return Actor{UserID: o.RequestedBy, UserName: o.RequesterName, TeamID: o.TeamID, Role: Requester, ClockOffset: by.ClockOffset,
		Face: ByServer, Address: by.Address, RequestID: by.RequestID}
}

// releaseOrder fulfils an order that was approved after it had waited.
// Resources that waited with it are released; the others are created.
func (db *DB) releaseOrder(ctx context.Context, as Actor, order *Order) error {
	order.State = OrderFulfilling
	for i := range order.Lines {
		line := &order.Lines[i]
		in, err := db.decode(order.Type, *line)
		if err != nil {
			return err
		}
		if w, can := in.(Waiting); can && line.ResourceID != "" {
			if err := db.releaseLine(ctx, as, w, order, line); err != nil {
				return err
			}
			if err := db.inMonth(ctx, as, tally{Kind: line.Kind, Created: order.makes(), Spend: line.AmountMinor}); err != nil {
				return err
			}
			continue
		}
		if made, err := db.alreadyThere(ctx, as, in, line); made || err != nil {
			if err != nil {
				return err
			}
			continue
		}
		if err := db.stillPossible(ctx, as, in); err != nil {
			return err
		}
		if err := db.fulfilLine(ctx, as, in, order, line); err != nil {
			return err
		}
	}
	order.settle(db.TeamNow(as))
	return nil
}

// releaseLine releases the resource that waited with its order, and the job
// that fulfils it.
func (db *DB) releaseLine(ctx context.Context, as Actor, in Waiting, order *Order, line *OrderLine) error {
	job := db.goOn(order, line)
	if err := in.Release(ctx, db, as, order, line); err != nil || job == "" {
		return err
	}
	held, err := db.jobOf(ctx, line, JobHeld)
	if err != nil {
		return err
	}
	return db.queueAgain(ctx, held, JobHeld)
}

// alreadyThere tells whether a line asks for the team's storage bucket of a
// region and there is one by now, which is then used.
func (db *DB) alreadyThere(ctx context.Context, as Actor, in LineInput, line *OrderLine) (bool, error) {
	bucket, is := in.(*BucketInput)
	if !is || !bucket.Storage {
		return false, nil
	}
	b, err := db.FindStorage(ctx, as, bucket.Region)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	line.Name, line.ResourceID, line.ResourceName, line.State = b.Name, b.ID, b.Name, OrderCompleted
	return true, nil
}

// stillPossible says which rules an input breaks since it was ordered, for
// example because the plan to change has been deleted. A date that has passed
// while it waited is no fault.
func (db *DB) stillPossible(ctx context.Context, as Actor, in LineInput) error {
	_, err := in.Line(ctx, db, as)
	if errors.Is(err, ErrNotFound) {
		return invalid("", "gone")
	}
	var broken, still Invalid
	if !errors.As(err, &broken) {
		return err
	}
	for _, f := range broken {
		if f.Field != "effective_date" {
			still = append(still, f)
		}
	}
	if still == nil {
		return nil
	}
	return still
}

// dropOrder deletes the resources that waited with an order.
func (db *DB) dropOrder(ctx context.Context, as Actor, order *Order, state OrderState) error {
	order.State = state
	var blobs []string
	for i := range order.Lines {
		line := &order.Lines[i]
		line.State = state
		if line.Blob != "" {
			blobs, line.Blob = append(blobs, line.Blob), ""
		}
		if line.ResourceID == "" {
			continue
		}
		in, err := db.decode(order.Type, *line)
		if err != nil {
			return err
		}
		if err := in.(Waiting).Drop(ctx, db, as, line); err != nil {
			return err
		}
		if err := db.dropJob(ctx, line); err != nil {
			return err
		}
		if err := db.count(ctx, as.TeamID, string(line.Kind), -order.makes()); err != nil {
			return err
		}
		line.ResourceID, line.ResourceName = "", ""
	}
	return db.forgetBlobs(ctx, as, blobs...)
}

// saveDecided saves an order and its lines after a decision.
func (db *DB) saveDecided(ctx context.Context, order *Order) error {
	err := db.gorm.WithContext(ctx).Model(order).Select("State", "Title", "CompletedAt", "UpdatedAt").Updates(order).Error
	for i := range order.Lines {
		if err != nil {
			break
		}
		line := &order.Lines[i]
		err = db.gorm.WithContext(ctx).Model(line).
			Select("Name", "StartsAt", "EndsAt", "State", "ResourceID", "ResourceName", "Blob").Updates(line).Error
	}
	if err != nil {
		return fmt.Errorf("write decided order: %w", err)
	}
	return nil
}
