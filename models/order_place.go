package models

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"quartermaster/models/pricing"
	"quartermaster/models/query"
)

// Quote is an order as it stands, also when it is refused.
type Quote struct {
	// Order is the order as it was placed, or, without a number unless it replaces
	// another, as it would be; nil when nothing of it could be worked out.
	Order *Order
	// Refused are the broken rules, the first of each field.
	Refused Invalid
	// Way are the steps that it has to take, or would have to; none when it goes
	// through.
	Way []Approval
	// Effects are what it does to the team's budgets.
	Effects []Effect
	// Regions are those that the rule names that decides, by id.
	Regions map[string]Region
	// Centres are the cost centres that the team lists, OnlyCentres tells that it
	// takes no others.
	Centres     []string
	OnlyCentres bool
}

// Held tells whether the order waits, or would wait, for approval.
func (q Quote) Held() bool { return len(q.Way) > 0 }

// PreviewOrder is the order as PlaceOrder would place it now, without placing
// it. When the input is refused, the error is the quote's Refused, and the
// quote has everything that could be worked out.
func (db *DB) PreviewOrder(ctx context.Context, by Actor, in OrderInput) (Quote, error) {
	if err := by.may(Request); err != nil {
		return Quote{}, err
	}
	return db.quote(ctx, by, &in, in.check())
}

// PriceOrder is PreviewOrder for callers who only want the price, also of what they
// may not order.
func (db *DB) PriceOrder(ctx context.Context, by Actor, in OrderInput) (Quote, error) {
	if err := by.may(See); err != nil {
		return Quote{}, err
	}
	by.Only = nil
	return db.quote(ctx, by, &in, in.check())
}

// quote is the order as it stands after what it needs was put before its lines.
// broken is what check found.
func (db *DB) quote(ctx context.Context, by Actor, in *OrderInput, broken error) (q Quote, err error) {
	if db, err = db.grounded(ctx, by); err != nil {
		return q, err
	}
	team := &db.ground.team
	q.Centres, q.OnlyCentres = team.CostCentres, team.OnlyCostCentres
	broken = Invalid(nil).With(broken, team.takesCentre("cost_centre", in.CostCentre))
	if err := db.addNeeds(ctx, by, in); err != nil {
		return q, err
	}
	if in.Replaces != 0 {
		_, err := db.editable(ctx, by, in)
		if err != nil && !isInvalid(err) {
			return q, err
		}
		broken = Invalid(nil).With(broken, err)
	}
	if q.Order, err = db.draft(ctx, by, *in); err == nil {
		err = by.mayOrder(q.Order)
	}
	if err == nil {
		if q.Way, err = db.policy(ctx, by, q.Order); err == nil {
			err = db.withinBudget(ctx, by, &q)
		}
	}
	if err != nil && !isInvalid(err) {
		return q, err
	}
	if q.Order != nil && q.Order.Sentence != nil {
		q.Regions = map[string]Region{}
		for _, r := range db.ground.catalogue.regions {
			if slices.Contains(q.Order.Sentence.Regions, r.ID) {
				q.Regions[r.ID] = r
			}
		}
	}
	err = Invalid(nil).With(broken, err, in.repriced(q.Order))
	errors.As(err, &q.Refused)
	return q, err
}

// PlaceOrder is the only way to order: it checks, prices and applies the
// policy, then holds the order or fulfils it, and records it, all in one
// transaction. A refusal is returned as by PreviewOrder. A repeat of a token of
// the same team returns the first order, or is refused when it asks for
// something else, until what was made has been deleted. An input that Replaces an
// order takes its place, see resubmit. An order that waits for approval is returned pending; one that came by API and got no ids, together
// with a *Held.
func (db *DB) PlaceOrder(ctx context.Context, by Actor, in OrderInput) (q Quote, err error) {
	if err := by.may(Request); err != nil {
		return q, err
	}
	if broken := in.check(); broken != nil {
		return db.quote(ctx, by, &in, broken)
	}
	if in.Replaces != 0 {
		return db.resubmit(ctx, by, in)
	}
	full := db.hasRoom(ctx)
	asked := in
	err = db.txTwice(ctx, func(ctx context.Context, tx *DB) (err error) {
		in, q = asked, Quote{}
		if err := tx.writeToken(in.Token); err != nil {
			return err
		}
		first, err := tx.repeated(ctx, by, in)
		if isInvalid(err) {
			q, err = tx.quote(ctx, by, &in, err)
			return err
		}
		if q.Order = first; first != nil || err != nil {
			return err
		}
		if full != nil {
			return full
		}
		if err := tx.ordering(ctx, by, false); err != nil {
			return err
		}
		if tx, err = tx.grounded(ctx, by); err != nil {
			return err
		}
		if team := tx.ground.team; len(team.Budgets.All) > 0 || team.Rules.byMonth() {
			// Nobody else of the team orders until this order is counted.
			if err := tx.holdTeam(ctx, by); err != nil {
				return err
			}
		}
		if q, err = tx.quote(ctx, by, &in, nil); err != nil {
			return err
		}
		if err := tx.dropDraft(ctx, by, in.Token, in.DraftKey); err != nil {
			return err
		}
		return tx.place(ctx, by, in, &q)
	})
	if err != nil && in.Token != "" && !db.inTx {
		// The same form may have been sent twice at the same moment: then its
		// own names made this call fail.
		first, again := db.repeated(ctx, by, in)
		if first != nil || again != nil && !isInvalid(err) {
			q, err = Quote{Order: first}, again
		}
	}
	errors.As(err, &q.Refused)
	if err != nil {
		return q, err
	}
	return q, q.Order.answer(by)
}

// check brings every broken rule of the order and its lines together.
func (in *OrderInput) check() error {
	errs := []error{Check(in)}
	if len(in.Attached) > MaxAttachments {
		errs = append(errs, tooManyAttachments)
	}
	for _, l := range in.Lines {
		errs = append(errs, l.Check())
	}
	return in.Unread.With(errs...)
}

func inOrder(g *gorm.DB) *gorm.DB { return g.Order("position") }

// draft is the order with priced lines, without a number. Beside an Invalid it
// still returns the lines that could be priced.
func (db *DB) draft(ctx context.Context, by Actor, in OrderInput) (*Order, error) {
	now := db.TeamNow(by)
	order := &Order{
		Number: in.Replaces, TeamID: by.TeamID, Type: TypeNew, Free: true, Currency: "CNY", CostCentre: cmp.Or(in.CostCentre, db.ground.team.CostCentre), PONumber: in.PONumber, Note: in.Note,
		RequestedBy: by.UserID, RequesterName: by.UserName, Version: 1,
		Face: by.Face, Address: by.Address, Agent: clip(by.Agent, 200), RequestID: by.RequestID, KeyID: by.KeyID,
		CreatedAt: now, UpdatedAt: now,
	}
	if in.Token != "" {
		order.Token = &in.Token
	}
	var refused []error
	var kinds []string
	for i, l := range in.Lines {
		line, err := l.Line(ctx, db, by)
		if err != nil && !isInvalid(err) {
			return nil, err
		}
		refused = append(refused, err)
		text, err := json.Marshal(l)
		if err != nil {
			return nil, err
		}
		line.Position, line.TeamID, line.Input = i+1, by.TeamID, string(text)
		if err := order.add(line); err != nil {
			return nil, err
		}
		if k := string(line.Kind); len(kinds) == 0 || kinds[len(kinds)-1] != k {
			kinds = append(kinds, k)
		}
	}
	order.Kinds, order.LineCount = strings.Join(kinds, ","), len(order.Lines)
	if len(order.Lines) > 0 {
		order.Title, order.Region = order.Lines[in.asked].Name, order.Lines[0].Region
		if slices.ContainsFunc(order.Lines, func(l OrderLine) bool { return l.Region != order.Region }) {
			order.Region = ""
		}
	}
	return order, Invalid(nil).With(append(refused, db.reckoned(ctx, by, order))...)
}

// add appends a priced line and adds its amounts to the order's.
func (o *Order) add(line OrderLine) error {
	var errs [4]error
	o.ListMinor, errs[0] = pricing.Add(o.ListMinor, line.ListMinor)
	o.DiscountMinor, errs[1] = pricing.Add(o.DiscountMinor, line.DiscountMinor)
	o.TotalMinor, errs[2] = pricing.Add(o.TotalMinor, line.AmountMinor)
	o.MonthMinor, errs[3] = pricing.Add(o.MonthMinor, line.MonthlyEstimateMinor)
	if err := errors.Join(errs[:]...); err != nil {
		return invalid("", "amount_too_large")
	}
	if line.AmountMinor != 0 || line.Metered() {
		o.Free = false
	}
	if line.Currency != "" {
		o.Currency = line.Currency
	}
	// What several lines do not have in common is none of the order's.
	several := len(o.Lines) > 0
	if line.orderType != "" {
		if o.Type = line.orderType; several && o.RelatedNumber != line.related {
			o.RelatedNumber = 0
		} else {
			o.RelatedNumber = line.related
		}
	}
	if line.productCode != "" {
		if several && o.ProductCode != line.productCode {
			o.ProductCode = ""
		} else {
			o.ProductCode = line.productCode
		}
	}
	o.Lines = append(o.Lines, line)
	return nil
}

// place numbers the order of a quote, and fulfils it or leaves it waiting. When
// that is refused, the quote stays as it is.
func (db *DB) place(ctx context.Context, by Actor, in OrderInput, q *Quote) error {
	sums := db.summing()
	number, err := sums.nextOrderNumber(ctx)
	if err != nil {
		return err
	}
	placed := *q.Order
	order := &placed
	order.Number, order.State, order.Lines = number, OrderApproved, slices.Clone(order.Lines)
	for i := range order.Lines {
		order.Lines[i].OrderNumber = number
		order.Lines[i].State = OrderApproved
	}
	if err := sums.countOrder(ctx, by, order); err != nil {
		return err
	}
	// The order's event comes before those of what it makes.
	err = sums.Record(ctx, by, Event{
		Action: "order.placed", Kind: KindOrder, SubjectID: fmt.Sprint(number), SubjectName: order.Title,
		OrderNumber: number,
	}, map[string]any{"total_minor": order.TotalMinor, "currency": order.Currency, "lines": len(order.Lines), "rule": order.Rule})
	if err != nil {
		return err
	}
	if err := sums.attachUnplaced(ctx, by, order, in.Attached); err != nil {
		return err
	}
	if q.Held() {
		err = sums.holdOrder(ctx, by, in.Lines, order, q.Way)
	} else {
		err = sums.fulfil(ctx, by, in.Lines, order)
	}
	if err != nil {
		return err
	}
	if _, err := sums.countSpend(ctx, order); err != nil {
		return err
	}
	if err := sums.reserve(ctx, order, q.Effects); err != nil {
		return err
	}
	sums.sums.orders, sums.sums.lines = []Order{*order}, order.Lines
	if db.left != nil {
		db.left.add(sums.sums)
	} else if err := db.writeSums(ctx, sums.sums); err != nil {
		return fmt.Errorf("record order: %w", err)
	}
	q.Order = order
	return nil
}

// writeMonths writes what waits for the end of the commit when the month counts it.
func (db *DB) writeMonths() error {
	if db.left == nil || len(db.together.months) == 0 {
		return nil
	}
	return db.writeTogether(db.gorm)
}

// writeToken writes the orders that wait for the end of the commit when one of
// them has the token, so that it is found.
func (db *DB) writeToken(token string) error {
	if token == "" || db.left == nil {
		return nil
	}
	for i := range db.together.orders {
		if t := db.together.orders[i].Token; t != nil && *t == token {
			return db.writeTogether(db.gorm)
		}
	}
	return nil
}

func (db *DB) countOrder(ctx context.Context, by Actor, order *Order) error {
	if err := db.count(ctx, by.TeamID, "order", 1); err != nil || order.Free {
		return err
	}
	return db.count(ctx, by.TeamID, "order.paid", 1)
}

// fulfil makes what an approved order asks for, in the caller's transaction.
func (db *DB) fulfil(ctx context.Context, by Actor, lines []LineInput, order *Order) error {
	order.State = OrderFulfilling
	for i, in := range lines {
		if err := db.fulfilLine(ctx, by, in, order, &order.Lines[i]); err != nil {
			return err
		}
	}
	order.settle(db.TeamNow(by))
	return nil
}

func (db *DB) fulfilLine(ctx context.Context, by Actor, in LineInput, order *Order, line *OrderLine) error {
	job := db.goOn(order, line)
	if err := in.Fulfil(ctx, db, by, order, line); err != nil {
		return err
	}
	if line.State == OrderFulfilling {
		if err := db.promise(ctx, by, job, JobQueued, order, line); err != nil {
			return err
		}
	}
	return db.tally(ctx, by, tally{Kind: line.Kind, Created: order.makes(), Spend: line.AmountMinor})
}

// goOn sets the state that a line has at the end of the transaction, and
// returns the job that goes on with it, "" when none is needed.
func (db *DB) goOn(order *Order, line *OrderLine) JobKind {
	job := db.kind(line.Kind).ByJob[order.Type]
	line.State = OrderCompleted
	if job != "" {
		line.State, line.JobID = OrderFulfilling, db.newUUID()
	}
	return job
}

// makes is how many things each line of the order creates: 0 when it changes an
// existing one.
func (o *Order) makes() int64 {
	if o.Type == TypeNew {
		return 1
	}
	return 0
}

// settle gives the order the state that its lines add up to.
func (o *Order) settle(now time.Time) {
	completed, failed := 0, false
	for _, l := range o.Lines {
		switch l.State {
		case OrderCompleted:
			completed++
		case OrderFailed:
			failed = true
		}
	}
	o.CompletedAt = nil
	switch {
	case failed:
		o.State = OrderFailed
	case completed == len(o.Lines):
		o.State, o.CompletedAt = OrderCompleted, &now
	default:
		o.State = OrderFulfilling
	}
	o.UpdatedAt = now
}

// FinishLine records, in the transaction that ends a job, what became of the
// line whose resource the job worked on.
func (db *DB) FinishLine(ctx context.Context, by Actor, number int64, resourceID string, state OrderState) error {
	// The order is locked first: when two jobs finish its last two lines at the
	// same time, the second must see what the first wrote.
	_, err := query.Of[Order](db.gorm, clause.Locking{Strength: "UPDATE"}).Where("team_id = ? AND number = ?", by.TeamID, number).First(ctx)
	if err != nil {
		return fmt.Errorf("lock order: %w", translate(err))
	}
	err = db.gorm.WithContext(ctx).Model(&OrderLine{}).
		Where("team_id = ? AND order_number = ? AND resource_id = ?", by.TeamID, number, resourceID).
		Update("state", state).Error
	if err != nil {
		return fmt.Errorf("finish order line: %w", err)
	}
	order, err := db.FindOrder(ctx, by, number)
	if err != nil {
		return err
	}
	failed := order.State == OrderFailed
	order.settle(db.TeamNow(by))
	if err := db.gorm.WithContext(ctx).Model(order).Select("State", "CompletedAt", "UpdatedAt").Updates(order).Error; err != nil {
		return fmt.Errorf("finish order: %w", err)
	}
	if failed && order.State == OrderFulfilling {
		if err := db.reserveAgain(ctx, by, order); err != nil {
			return err
		}
	}
	if order.State == OrderCompleted || order.State == OrderFailed {
		if err := db.tell(ctx, by, order, NoticeArgs{Action: "order." + string(order.State)}, order.RequestedBy); err != nil {
			return err
		}
	}
	return db.account(ctx, order)
}

// ordersADay is how many order numbers a day has: a number is the day, as
// yyyymmdd, times this, plus a count.
const ordersADay = 10_000_000

// nextOrderNumber takes the day's next number. It is given back when the
// transaction is not committed, so that the numbers have no gap.
func (db *DB) nextOrderNumber(ctx context.Context) (int64, error) {
	now := db.Now().In(pricing.Zone)
	d := orderDay{day: int64(now.Year())*10000 + int64(now.Month())*100 + int64(now.Day())}
	var known bool
	var err error
	if db.left == nil {
		err = query.Row(ctx, db.gorm, `INSERT INTO order_days (day, last) VALUES (?, 1)
			ON CONFLICT (day) DO UPDATE SET last = order_days.last + 1 RETURNING last`, []any{d.day}, &d.last)
	} else if d.last, known = db.together.last(d.day); !known {
		// Nobody else writes now.
		err = query.Row(ctx, db.gorm, "SELECT COALESCE((SELECT last FROM order_days WHERE day = ?), 0)", []any{d.day}, &d.last)
	}
	if err != nil {
		return 0, fmt.Errorf("take order number: %w", err)
	}
	if db.left != nil {
		d.last++
		db.sums.number(d)
	}
	db.marks.Order = d.day*ordersADay + d.last
	return db.marks.Order, nil
}
