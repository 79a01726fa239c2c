package models

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"quartermaster/models/pricing"
)

// PlanState is where a plan stands. It follows from the team's clock and from
// the last measurement; no job changes it.
type PlanState string

// States of a plan.
const (
	PlanScheduled PlanState = "SCHEDULED" // has not taken effect yet
	PlanActive    PlanState = "ACTIVE"
	PlanExhausted PlanState = "EXHAUSTED" // what was measured fills it
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

// State is where the plan stands at a moment of its team's time.
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

// planStates are the conditions under which a plan is in each state, as State says
// it, over the team's time.
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

// Metered tells whether the desk measures what draws the plan down: that is
// storage, of which it knows what its buckets hold. Traffic passes elsewhere.
func (p Plan) Metered() bool { return p.Type.Item == itemStorage }

// PlanInput is what a caller says about a new plan, from a form or from the
// API. Numbers are text as they were typed, so that "40.5" is refused as what
// it is.
type PlanInput struct {
	ProductCode   string        `form:"product_code"`
	PackageType   string        `form:"package_type"`
	Specification string        `form:"specification"`
	Duration      string        `form:"duration"`
	PricingCycle  pricing.Cycle `form:"pricing_cycle"` // Month when empty
	// EffectiveDate is yyyy-MM-ddTHH:mm:ssZ, or empty for now.
	EffectiveDate string `form:"effective_date"`
}

// check tells what is missing, and whatever else is wrong only then: the
// documents look at the catalogue before they look at the other fields, so the
// rest belongs to line.
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

// checkTexts tells which of the required fields are empty and, where one is,
// also which of the numbers are none.
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

// term is the duration in cycles and in months; ok is false where there is no
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
// input, as far as its rules hold.
type planTerms struct {
	kind   PackageType
	spec   Specification
	quote  pricing.Quote
	starts time.Time
	ends   time.Time
}

// terms works an input out. Beside an Invalid it returns what could be worked
// out. The broken rules come in the order in which the documents check them
// (bss.md §3), so that an API can answer the first.
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
	unpriced, err := in.findPrice(ctx, db, &t, now)
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
		known = true // nobody can say whether it is offered
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
// by which it has no price.
func (in *PlanInput) findPrice(ctx context.Context, db *DB, t *planTerms, now time.Time) (rule string, err error) {
	n, months, _ := in.term()
	if !t.starts.IsZero() {
		if t.ends, err = pricing.PlanEnd(t.starts, n, in.cycle()); err != nil {
			return "", err
		}
	}
	if t.spec.Value == "" {
		return "", nil
	}
	book, err := db.Book(ctx, pricing.PlanSKU(t.kind.Code, t.spec.Value))
	if err != nil {
		return "", err
	}
	t.quote, err = pricing.Plan(book, now, t.kind.Code, t.spec.Value, months)
	return priceRule(err)
}

// planAPIRule is the rule that an actor breaks who is a script of a team that
// lets only people order plans, or "".
func (db *DB) planAPIRule(ctx context.Context, by Actor) (rule string, err error) {
	if by.Face != ByAPI {
		return "", nil
	}
	team, err := table[Team](db.gorm).Select("plan_api").Where("id = ?", by.TeamID).First(ctx)
	if err != nil || team.PlanAPI {
		return "", translate(err)
	}
	return "plan_api_off", nil
}

// ChangePlanAPI says whether scripts of the actor's team may order plans.
func (db *DB) ChangePlanAPI(ctx context.Context, by Actor, on bool) error {
	if err := by.may(Administer); err != nil {
		return err
	}
	return db.tx(ctx, func(ctx context.Context, tx *DB) error {
		team, err := tx.FindTeam(ctx, by)
		if err != nil || team.PlanAPI == on {
			return err
		}
		if _, err := table[Team](tx.gorm).Where("id = ?", by.TeamID).Update(ctx, "plan_api", on); err != nil {
			return fmt.Errorf("change whether scripts order plans: %w", err)
		}
		return tx.record(ctx, by, Event{Action: "team.plan_api_changed", Kind: KindTeam, SubjectID: team.ID, SubjectName: team.Name},
			map[string]any{"from": team.PlanAPI, "to": on})
	})
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

// priceRule is the rule that says why there is no price, by an error of
// pricing; any other error stays one.
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
	products, err := table[Product](db.gorm).Where("code = ?", in.ProductCode).Limit(1).Find(ctx)
	if err != nil {
		return FieldError{}, translate(err)
	}
	if len(products) == 0 {
		return FieldError{Field: "product_code", Rule: "unknown"}, nil
	}
	types, err := table[PackageType](db.gorm).
		Where("code = ? AND product_code = ?", in.PackageType, in.ProductCode).Limit(1).Find(ctx)
	switch {
	case err != nil:
		return FieldError{}, translate(err)
	case len(types) == 0:
		return FieldError{Field: "package_type", Rule: "unknown"}, nil
	}
	t.kind = types[0]
	if !t.kind.OnSale {
		return FieldError{Field: "package_type", Rule: "not_on_sale"}, nil
	}
	return FieldError{}, nil
}

// specification is one that a package type is offered in, or the zero one.
func (db *DB) specification(ctx context.Context, packageType, value string) (Specification, error) {
	found, err := table[Specification](db.gorm).
		Where("package_type = ? AND value = ?", packageType, value).Limit(1).Find(ctx)
	if err != nil || len(found) == 0 {
		return Specification{}, translate(err)
	}
	return found[0], nil
}

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

// begin settles the term. A plan that begins at once begins when its order goes
// through, which may be long after it was asked for, and so does one whose date
// went by while its order waited: nobody pays for days on which there was no
// plan.
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
	kind, err := table[PackageType](tx.gorm).Where("code = ?", in.PackageType).First(ctx)
	if err != nil {
		return nil, fmt.Errorf("find package type: %w", translate(err))
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
		Currency: line.Currency, Held: held, Note: order.Note, OrderNumber: order.Number,
		CreatedBy: by.UserID, CreatorName: by.UserName, CreatedAt: now, UpdatedAt: now, Type: kind,
	}
	if !held {
		p.PaidMinor = line.AmountMinor
	}
	if err := table[Plan](tx.gorm).Omit("Type").Create(ctx, p); err != nil {
		return nil, fmt.Errorf("create plan: %w", err)
	}
	if err := tx.count(ctx, by.TeamID, plansOf(p.ProductCode), 1); err != nil {
		return nil, err
	}
	line.ResourceID, line.ResourceName = p.ID, p.ID
	return p, nil
}

// planBegins records that there is a plan, and has it measured.
func (db *DB) planBegins(ctx context.Context, by Actor, p *Plan, line *OrderLine) error {
	if p.Metered() {
		if err := db.promiseMeasure(ctx, by, p); err != nil {
			return err
		}
	}
	return db.record(ctx, by, Event{
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
	err = tx.gorm.WithContext(ctx).Model(p).Select("Held", "EffectiveAt", "EndsAt", "PaidMinor", "UpdatedAt").Updates(p).Error
	if err != nil {
		return fmt.Errorf("let plan go: %w", err)
	}
	return tx.planBegins(ctx, by, p, line)
}

// Drop implements Waiting.
func (in *PlanInput) Drop(ctx context.Context, tx *DB, by Actor, line *OrderLine) error {
	if _, err := table[Plan](tx.gorm).Where("team_id = ? AND id = ?", by.TeamID, line.ResourceID).Delete(ctx); err != nil {
		return fmt.Errorf("drop plan: %w", err)
	}
	return tx.count(ctx, by.TeamID, plansOf(in.ProductCode), -1)
}

// FindPlan is one plan of the actor's team, with its type.
func (db *DB) FindPlan(ctx context.Context, by Actor, id string) (*Plan, error) {
	if err := by.may(See); err != nil {
		return nil, err
	}
	p, err := table[Plan](db.gorm).Preload("Type", nil).Where("team_id = ? AND id = ?", by.TeamID, id).First(ctx)
	if err != nil {
		return nil, translate(err)
	}
	return &p, nil
}

// PlanFilter says which plans to list. Empty fields do not narrow.
type PlanFilter struct {
	State       PlanState
	PackageType string
	// EndsWithin narrows to plans that are not over and will be in this time.
	EndsWithin time.Duration
	Text       string // in the instance id, the type's code or name, or the note
}

// ListPlans is a page of the team's plans with their types, newest first.
func (db *DB) ListPlans(ctx context.Context, by Actor, f PlanFilter, p Page) ([]Plan, Cursor, error) {
	if err := by.may(See); err != nil {
		return nil, Cursor{}, err
	}
	now := db.TeamNow(by)
	q := table[Plan](db.gorm).Preload("Type", nil).Where("team_id = ?", by.TeamID)
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
		t := like(f.Text)
		q = q.Where(`(LOWER(id) LIKE ? ESCAPE '\' OR LOWER(note) LIKE ? ESCAPE '\' OR package_type IN
			(SELECT code FROM package_types WHERE LOWER(code) LIKE ? ESCAPE '\' OR zh LIKE ? ESCAPE '\' OR LOWER(en) LIKE ? ESCAPE '\'))`, t, t, t, t, t)
	}
	return pageOf(ctx, q, p, newestFirst("created_at", "id"), func(p Plan) []string {
		return []string{stamp(p.CreatedAt), p.ID}
	})
}

// DeletePlan takes a plan off the desk, in any state and with what is left of
// its term and its size. Nothing is paid back, and its order stays. One that
// waits for the approval of its order is ErrConflict.
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
		n, err := table[Plan](tx.gorm).Where("team_id = ? AND id = ? AND NOT held", by.TeamID, id).Delete(ctx)
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
			// Another plan of the region may now have to bear its share.
			if err := tx.promiseMeasure(ctx, by, p); err != nil {
				return err
			}
		}
		return tx.record(ctx, by, Event{Action: "plan.deleted", Kind: KindPlan, SubjectID: p.ID, SubjectName: p.ID, Region: p.Region},
			map[string]any{"state": p.State(tx.TeamNow(by)), "package_type": p.PackageType, "ends_at": p.EndsAt,
				"used": p.Used, "paid_minor": p.PaidMinor, "currency": p.Currency, "order": p.OrderNumber})
	})
}
