package models

import (
	"context"
	"errors"
	"fmt"
	"strconv"

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

// policy is the way that an order has to take, by the rule of the team's that
// decides, which it writes into the order.
func (db *DB) policy(ctx context.Context, by Actor, order *Order) ([]Approval, error) {
	order.Rule = "none"
	if db.holds != nil {
		hold, rule := db.holds(ctx, by, order)
		if order.Rule = rule; !hold {
			return nil, nil
		}
		return db.way(ctx, by, order, []Ask{{Role: Approver}})
	}
	team, err := db.teamSettings(ctx, by)
	if err != nil || len(team.Rules.Rules) == 0 {
		return nil, err
	}
	r, _, err := team.Rules.decides(by, order, func() (int64, error) { return db.spentInMonth(ctx, by) })
	if err != nil {
		return nil, err
	}
	order.Rule, order.Sentence = "sentence", &r
	return db.way(ctx, by, order, r.Steps)
}

// holdOrder leaves a placed order waiting. Its resources are created waiting
// too when the caller needs their ids, the team allows it, and every line is
// Waiting.
func (db *DB) holdOrder(ctx context.Context, by Actor, lines []LineInput, order *Order, way []Approval) error {
	order.State = OrderPending
	for i := range way {
		way[i].OrderNumber = order.Number
		if err := query.Of[Approval](db.gorm).Create(ctx, &way[i]); err != nil {
			return fmt.Errorf("record approval: %w", err)
		}
	}
	for i := range order.Lines {
		order.Lines[i].State = OrderPending
	}
	if err := db.tellDeciders(ctx, by, order, way); err != nil {
		return err
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

// DecisionInput is what somebody says about an order that waits, as a form has it.
type DecisionInput struct {
	Say     string `form:"say"` // "approve"; anything else rejects
	Reason  string `form:"reason"`
	Version int64  `form:"version"` // of the order as it was shown
}

// decision is what somebody says about an order that waits.
type decision struct {
	approve bool
	ended   bool   // without anybody deciding
	Reason  string `form:"reason" validate:"prose,max=500"`
	// refused is why the approved order cannot be carried out any more.
	refused Invalid
	// forWhom is for whom the decider stands in, "" for nobody.
	forWhom string
}

// DecideOrder approves or rejects the step that an order waits for. version is that
// of the order as the decider saw it: when it has been decided or changed since,
// the decision is ErrConflict. Nobody decides their own order, nor two steps of
// one, nor takes a step that somebody else could while a later one needs them
// (Invalid "needed_later"). Who rejects says why. An order whose last step is
// approved is fulfilled at once, at the price at which it was placed. If it has
// become impossible, it fails, and Refused says why.
func (db *DB) DecideOrder(ctx context.Context, by Actor, number, version int64, approve bool, reason string) (*Order, error) {
	if err := by.may(Decide); err != nil {
		return nil, err
	}
	d := decision{approve: approve, Reason: reason}
	if err := Check(&d); err != nil {
		return nil, err
	}
	if !approve && d.Reason == "" {
		return nil, invalid("reason", "required")
	}
	if approve {
		if err := db.hasRoom(ctx); err != nil {
			return nil, err
		}
	}
	var order *Order
	err := db.orUndone(ctx, func() (err error) {
		order, err = db.decide(ctx, by, number, version, d)
		return err
	})
	var gone impossible
	if errors.As(err, &gone) {
		// What was begun has been rolled back; the failure is recorded as a
		// decision of its own.
		d.refused = gone.Invalid
		order, err = db.decide(ctx, by, number, version, d)
	}
	if err != nil {
		return nil, err
	}
	return order, nil
}

// ApprovalInput is what somebody says who approves several orders, and RejectionInput
// what they say who rejects them.
type (
	ApprovalInput struct {
		Reason string `form:"reason" validate:"prose,max=500"`
	}
	RejectionInput struct {
		Reason string `form:"reason" validate:"required,prose,max=500"`
	}
)

// decidesInBulk decides about several orders, each as it was shown.
func decidesInBulk(approve bool) BulkFacts {
	return BulkFacts{
		Right: Decide, Picked: true,
		Input: func() any {
			if approve {
				return new(ApprovalInput)
			}
			return new(RejectionInput)
		},
		May: func(ctx context.Context, db *DB, by Actor, item *BulkItem, _ any) error {
			order, err := db.FindOrder(ctx, by, item.Number())
			if err != nil {
				return err
			}
			item.Seen = strconv.FormatInt(order.Version, 10)
			_, way, err := db.pending(ctx, by, order.Number, order.Version)
			if err == nil {
				err = db.mayDecide(ctx, by, way, approve)
			}
			return notPending(err)
		},
		Do: func(ctx context.Context, tx *DB, by Actor, item *BulkItem, in any) error {
			version, _ := strconv.ParseInt(item.Seen, 10, 64) // 0 is none
			reason := ""
			switch in := in.(type) {
			case *ApprovalInput:
				reason = in.Reason
			case *RejectionInput:
				reason = in.Reason
			}
			order, err := tx.DecideOrder(ctx, by, item.Number(), version, approve, reason)
			if err == nil {
				item.Will = string(order.State)
			}
			return notPending(err)
		},
	}
}

// notPending says of an order that was decided or changed that it was.
func notPending(err error) error {
	if errors.Is(err, ErrConflict) {
		return invalid("", "decision_changed")
	}
	return err
}

// impossible says why an approved order cannot be carried out any more.
type impossible struct{ Invalid }

func (db *DB) decide(ctx context.Context, by Actor, number, version int64, d decision) (*Order, error) {
	var order *Order
	err := db.tx(ctx, func(ctx context.Context, tx *DB) (err error) {
		var way []Approval
		if order, way, err = tx.pending(ctx, by, number, version); err != nil {
			return err
		}
		if err := tx.mayDecide(ctx, by, way, d.approve); err != nil {
			return err
		}
		at := openOf(way)
		if err := tx.nameDeputies(ctx, by, way); err != nil {
			return err
		}
		if way[at].ForYou {
			d.forWhom = way[at].PersonName
		}
		if d.approve && at < len(way)-1 {
			return tx.goOnTo(ctx, by, order, way, at, d)
		}
		if err := tx.claimDecision(ctx, by, order, version, d); err != nil {
			return err
		}
		if err := tx.say(ctx, by, way, at, d); err != nil {
			return err
		}
		as := order.requester(by)
		switch {
		case d.refused != nil:
			err = tx.dropOrder(ctx, as, order, OrderFailed)
		case d.approve:
			var broken Invalid
			if err = tx.releaseOrder(ctx, as, order); errors.As(err, &broken) {
				err = impossible{broken}
			}
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

// pending is an order that waits, with its way. It is ErrConflict when it has been
// decided or changed since it had a version.
func (db *DB) pending(ctx context.Context, by Actor, number, version int64) (*Order, []Approval, error) {
	order, err := db.FindOrder(ctx, by, number)
	if err != nil {
		return nil, nil, err
	}
	way, err := db.Way(ctx, by, number)
	if err == nil && (order.State != OrderPending || order.Version != version || openOf(way) < 0) {
		err = ErrConflict
	}
	return order, way, err
}

// say writes down what the decider of the open step of a way said, and opens the
// step behind it; or ends the way.
func (db *DB) say(ctx context.Context, by Actor, way []Approval, at int, d decision) error {
	for i := at; i < len(way); i++ {
		a := &way[i]
		a.At = db.TeamNow(by)
		switch {
		case i == at && d.ended:
			a.State = ApprovalEnded
		case i == at && d.approve:
			a.State, a.DecidedBy, a.DeciderName, a.Reason = ApprovalApproved, by.UserID, by.UserName, d.Reason
		case i == at:
			a.State, a.DecidedBy, a.DeciderName, a.Reason = ApprovalRejected, by.UserID, by.UserName, d.Reason
		case i == at+1 && d.approve:
			a.State = ApprovalOpen
		case d.approve:
			continue
		default:
			a.State = ApprovalEnded
		}
		err := db.gorm.WithContext(ctx).Model(a).Select("State", "DecidedBy", "DeciderName", "Reason", "At").Updates(a).Error
		if err != nil {
			return fmt.Errorf("write approval: %w", err)
		}
	}
	return nil
}

// detail is the detail of the decision's event with what was said.
func (d decision) detail(detail map[string]any) map[string]any {
	detail["reason"] = d.Reason
	if d.forWhom != "" {
		detail["for"] = d.forWhom
	}
	return detail
}

// goOnTo records that a step was approved and opens the next one.
func (db *DB) goOnTo(ctx context.Context, by Actor, order *Order, way []Approval, at int, d decision) error {
	order.UpdatedAt = db.TeamNow(by)
	if err := db.claimOrder(ctx, order, "UpdatedAt"); err != nil {
		return err
	}
	if err := db.say(ctx, by, way, at, d); err != nil {
		return err
	}
	if err := db.recordDecision(ctx, by, order, "order.step_approved", d.detail(map[string]any{"step": at + 1, "of": len(way)})); err != nil {
		return err
	}
	if err := db.tell(ctx, by, order, NoticeArgs{Action: "order.step_approved", Reason: d.Reason}, order.RequestedBy); err != nil {
		return err
	}
	return db.tellDeciders(ctx, by, order, way)
}

// claimOrder writes columns of an order that waits and counts its version up, if nobody
// has changed it since it was read.
func (db *DB) claimOrder(ctx context.Context, order *Order, columns ...any) error {
	version := order.Version
	order.Version++
	res := db.gorm.WithContext(ctx).Model(order).Where("team_id = ? AND version = ? AND state = ?", order.TeamID, version, OrderPending).
		Select("Version", columns...).Updates(order)
	if res.Error != nil {
		return fmt.Errorf("decide order: %w", res.Error)
	}
	if res.RowsAffected == 0 {
		return ErrConflict
	}
	return nil
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
	order.UpdatedAt, order.Refused = now, d.refused
	if err := db.claimOrder(ctx, order, "State", "DecidedBy", "DeciderName", "DecidedAt", "DecisionReason", "UpdatedAt", "Refused"); err != nil {
		return err
	}
	detail := d.detail(map[string]any{"version": version, "total_minor": order.TotalMinor, "currency": order.Currency})
	told := action
	if d.refused != nil {
		detail["refused"], told = d.refused, "order.failed"
	}
	if err := db.recordDecision(ctx, by, order, action, detail); err != nil {
		return err
	}
	if err := db.waitsNoMore(ctx, order); err != nil {
		return err
	}
	return db.tell(ctx, by, order, NoticeArgs{Action: told, Reason: d.Reason}, order.RequestedBy)
}

// recordDecision records what became of an order that waited; failed where its
// detail says why it was refused.
func (db *DB) recordDecision(ctx context.Context, by Actor, order *Order, action string, detail map[string]any) error {
	e := Event{Action: action, Kind: KindOrder, SubjectID: fmt.Sprint(order.Number), SubjectName: order.Title, OrderNumber: order.Number}
	if detail["refused"] != nil {
		e.Result = "failed"
	}
	return db.Record(ctx, by, e, detail)
}

// CancelOrder ends an order of the actor's own that waits. version is as that of
// DecideOrder.
func (db *DB) CancelOrder(ctx context.Context, by Actor, number, version int64) (order *Order, err error) {
	if err := by.may(Request); err != nil {
		return nil, err
	}
	err = db.tx(ctx, func(ctx context.Context, tx *DB) (err error) {
		var way []Approval
		if order, way, err = tx.pending(ctx, by, number, version); err != nil {
			return err
		}
		if order.RequestedBy != by.UserID {
			return ErrForbidden
		}
		return tx.endOrder(ctx, by, order, way, OrderCancelled, "order.cancelled")
	})
	return order, err
}

// endOrder ends an order that waits, undecided.
func (db *DB) endOrder(ctx context.Context, by Actor, order *Order, way []Approval, state OrderState, action string) error {
	order.State, order.UpdatedAt = state, db.TeamNow(by)
	if err := db.claimOrder(ctx, order, "State", "UpdatedAt"); err != nil {
		return err
	}
	if err := db.say(ctx, by, way, openOf(way), decision{ended: true}); err != nil {
		return err
	}
	if err := db.recordDecision(ctx, by, order, action, map[string]any{"total_minor": order.TotalMinor, "currency": order.Currency}); err != nil {
		return err
	}
	if err := db.waitsNoMore(ctx, order); err != nil {
		return err
	}
	if err := db.tell(ctx, by, order, NoticeArgs{Action: action}, order.RequestedBy); err != nil {
		return err
	}
	if err := db.dropOrder(ctx, order.requester(by), order, state); err != nil {
		return err
	}
	return db.saveDecided(ctx, order)
}

// LapseOrders ends the orders that have waited, as they are now, for longer than
// their teams let them, by the clocks of their teams.
func (db *DB) LapseOrders(ctx context.Context) error {
	teams, err := query.Of[Team](db.gorm).Select("id, clock_offset_ms, lapse_days").Where("id IN (SELECT team_id FROM approvals WHERE state = 'open')").Find(ctx)
	for _, t := range teams {
		by := t.server()
		since := db.TeamNow(by).AddDate(0, 0, -t.LapseDays)
		late, failed := query.Of[Order](db.gorm).Select("number", "version").Where(alsoOfTeam+" AND created_at <= ?", t.ID, since).
			Where("number IN (SELECT order_number FROM approvals WHERE team_id = ? AND state = 'open')", t.ID).
			Where("NOT EXISTS (SELECT 1 FROM order_versions WHERE order_number = orders.number AND at > ?)", since).Order("number").Limit(mostAtOnce).Find(ctx)
		err = errors.Join(err, failed)
		for _, o := range late {
			ended := db.tx(ctx, func(ctx context.Context, tx *DB) error {
				order, way, err := tx.pending(ctx, by, o.Number, o.Version)
				if err != nil {
					return err
				}
				return tx.endOrder(ctx, by, order, way, OrderLapsed, "order.lapsed")
			})
			if !errors.Is(ended, ErrConflict) {
				err = errors.Join(err, ended)
			}
		}
	}
	return translate(err)
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
	return db.account(ctx, order)
}
