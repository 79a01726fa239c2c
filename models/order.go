package models

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode"

	"quartermaster/models/pricing"
)

// OrderState is the state of an order.
type OrderState string

// States of an order: pending → approved, rejected, cancelled or lapsed;
// approved → fulfilling → completed or failed.
const (
	OrderPending    OrderState = "pending"
	OrderApproved   OrderState = "approved"
	OrderRejected   OrderState = "rejected"
	OrderCancelled  OrderState = "cancelled"
	OrderLapsed     OrderState = "lapsed"
	OrderFulfilling OrderState = "fulfilling"
	OrderCompleted  OrderState = "completed"
	OrderFailed     OrderState = "failed"
)

// OrderStates are all states, in the order they are shown.
var OrderStates = []OrderState{OrderPending, OrderApproved, OrderFulfilling, OrderCompleted, OrderFailed, OrderRejected, OrderCancelled, OrderLapsed}

// Types of an order, spelled as the documents do.
const (
	TypeNew     = "New"
	TypeRenew   = "Renew"
	TypeUpgrade = "Upgrade"
	TypeRefund  = "Refund"
)

// OrderTypes are all types, in the order of the documents.
var OrderTypes = []string{TypeNew, TypeRenew, TypeUpgrade, TypeRefund}

// Order is what somebody ordered. Its amounts are fixed when it is placed.
type Order struct {
	Number        int64 `gorm:"primaryKey;autoIncrement:false"` // date (yyyymmdd, UTC+8) and a 7-digit counter
	TeamID        string
	Type          string // of OrderTypes
	RelatedNumber int64  // the order that created what this one renews or upgrades; 0 in others
	ProductCode   string // what a plan was bought of; "" in orders of other kinds
	State         OrderState
	Token         *string // one-time token of the form, or the caller's ClientToken
	Title         string  // what the first line that was asked for is called, for lists
	Kinds         string  // the kinds of its lines, separated by commas
	LineCount     int
	Free          bool // costs nothing, now or by the hour
	Currency      string
	ListMinor     int64
	DiscountMinor int64
	TaxMinor      int64
	TotalMinor    int64 // to pay: list − discount + tax
	MonthMinor    int64 // what its lines by the hour are expected to cost a month, before tax
	// TaxRate, in hundredths of a percent, is what TaxMinor is of list − discount, under
	// TaxName; PayMinor is the total in PayCurrency, the team's. Where that is another
	// currency, one of Currency is RateMicro millionths of it, as RateSource has it from
	// RateFrom on. All this is fixed when the order is placed.
	TaxRate        int64
	TaxName        string
	PayCurrency    string
	PayMinor       int64
	RateMicro      int64
	RateSource     string
	RateFrom       *time.Time
	Region         string // of all its lines, "" where they differ
	Counted        bool   // in Spends
	CostCentre     string // where it named none, that of its team when it was placed
	PONumber       string `gorm:"column:po_number"`
	Note           string // the requester's reason
	Rule           string // the rule that let the order through or holds it, where the team has no Sentence
	RequestedBy    string
	RequesterName  string
	DecidedBy      string
	DeciderName    string
	DecidedAt      *time.Time
	DecisionReason string
	Face           Face
	Address        string
	Agent          string
	RequestID      string
	KeyID          string // the access key that signed the request, "" when none did
	Version        int64
	CreatedAt      time.Time
	UpdatedAt      time.Time
	CompletedAt    *time.Time

	// Sentence is the team's rule that decided about the order, as it was then; nil
	// where the team had none.
	Sentence *Rule `gorm:"serializer:json;not null"`

	// Refused is why an order that was approved could not be carried out.
	Refused Invalid `gorm:"serializer:json;not null"`

	// PlanType is what the title names, when that is a plan; lists fill it in.
	PlanType PackageType `gorm:"-"`

	Lines []OrderLine `gorm:"foreignKey:OrderNumber;references:Number"`
}

// OrderLine is one thing that an order asks for: the input as requested, the
// price with its breakdown, and the resource it became.
type OrderLine struct {
	OrderNumber int64 `gorm:"primaryKey;autoIncrement:false"`
	Position    int   `gorm:"primaryKey;autoIncrement:false"` // from 1
	TeamID      string
	Kind        Kind
	Name        string // what the line is called on the page and on paper
	Detail      string // size, specification or source, in words that need no translation
	Region      string
	Input       string // JSON of the input
	SKU         string `gorm:"column:sku"`
	Currency    string
	Unit        pricing.Unit
	UnitMicro   int64 // price of one Unit of one piece, in millionths of the currency
	Quantity    int64
	Units       int64
	TermN       int
	TermUnit    pricing.Unit

	ListMinor     int64
	DiscountMinor int64
	AmountMinor   int64 // due for this line

	HourlyMicro          int64 // all pieces, an hour; 0 unless charged by the hour
	MonthlyEstimateMinor int64

	PriceSource    string
	PriceValidFrom *time.Time
	PriceOurs      bool
	StartsAt       *time.Time
	EndsAt         *time.Time
	State          OrderState
	ResourceID     string
	ResourceName   string
	Blob           string // the blob that came with the line, until it belongs to an object

	// Changes are what it changes of a thing, as that was when it was ordered.
	Changes []LineChange `gorm:"serializer:json;not null"`

	// These set fields of the whole order, see add.
	orderType   string // "" is New
	related     int64
	productCode string
	changes     string // the id of the store that gets another size

	// JobID is the id of the job that fulfils the line, where its kind has one.
	JobID   string `gorm:"-"`
	payload any    // the payload of that job; the order's number when nil
}

// product is what a plan is bought of in a line of an order.
func (l OrderLine) product(o *Order) string { return cmp.Or(l.productCode, o.ProductCode) }

// Metered tells whether the line is charged by the hour.
func (l OrderLine) Metered() bool { return l.HourlyMicro > 0 }

// Price writes a quote into the line.
func (l *OrderLine) Price(q pricing.Quote) {
	l.SKU, l.Currency, l.Unit, l.UnitMicro = q.SKU, q.Currency, q.Unit, q.UnitMicro
	l.Quantity, l.Units, l.TermN, l.TermUnit = q.Quantity, q.Units, q.TermN, q.TermUnit
	l.ListMinor, l.DiscountMinor, l.AmountMinor = q.ListMinor, q.DiscountMinor, q.TradeMinor
	l.HourlyMicro, l.MonthlyEstimateMinor = q.HourlyMicro, q.MonthlyEstimateMinor
	l.PriceSource, l.PriceOurs = q.Source, q.Ours
	if !q.ValidFrom.IsZero() {
		l.PriceValidFrom = &q.ValidFrom
	}
}

// LineInput is what a caller asks for in one line of an order. Every kind of
// resource has one, and each is used by the form and by the API.
type LineInput interface {
	// Check says which rules the fields break by themselves.
	Check() error
	// Line is the line as it would be ordered now: kind, name, region, price,
	// start and end. It refuses what breaks rules because of other rows, such
	// as a taken name, so that a form can say so before it is sent.
	Line(ctx context.Context, db *DB, by Actor) (OrderLine, error)
	// Fulfil makes the resource in the caller's transaction, and sets
	// ResourceID and ResourceName. State is OrderCompleted or, where the kind's
	// row promises a job, OrderFulfilling: then the job JobID continues with
	// the resource and calls FinishLine. When no job is needed after all,
	// Fulfil sets State.
	Fulfil(ctx context.Context, tx *DB, by Actor, order *Order, line *OrderLine) error
}

// Needing is a LineInput that needs other things to exist first. The order gets
// lines for those that do not, before its own.
type Needing interface {
	// Needs are the lines for what does not exist yet.
	Needs(ctx context.Context, db *DB, by Actor) ([]LineInput, error)
}

// addNeeds puts before each line what it needs.
func (db *DB) addNeeds(ctx context.Context, by Actor, in *OrderInput) error {
	var all []LineInput
	for i, l := range in.Lines {
		if n, ok := l.(Needing); ok {
			first, err := n.Needs(ctx, db, by)
			if err != nil {
				return err
			}
			all = append(all, first...)
		}
		if i == 0 {
			in.asked = len(all)
		}
		all = append(all, l)
	}
	in.Lines = all
	return nil
}

// OrderInput is an order as a caller asks for it.
type OrderInput struct {
	Lines      []LineInput `form:"-" validate:"min=1"`
	Token      string      `form:"-" validate:"max=64"`
	CostCentre string      `form:"cost_centre" validate:"line,max=64"`
	PONumber   string      `form:"po_number" validate:"line,max=64"`
	Note       string      `form:"note" validate:"prose,max=500"`
	// Replaces is the number of the order that waits and that this one takes the
	// place of, as the one who asked saw it in version Seen; 0 for a new order.
	Replaces int64 `form:"replaces"`
	Seen     int64 `form:"replaces_version"`
	// Unread are fields that could not be read at all. They are refused
	// together with all other faults.
	Unread Invalid `form:"-"`
	// Attached are the ids of files that came with its form.
	Attached []string `form:"attached" validate:"dive,max=64"`
	// DraftKey is the draft of its form, which goes when the order is placed.
	DraftKey
	ShownPrice

	asked int // the place of the first line that the caller gave
}

// decode is the input that a line of an order of a type keeps, for an order
// that was held and is fulfilled later.
func (db *DB) decode(orderType string, l OrderLine) (LineInput, error) {
	empty, ok := db.kind(l.Kind).Inputs[orderType]
	if !ok {
		return nil, fmt.Errorf("no such kind of line: %q in an order of type %q", l.Kind, orderType)
	}
	in := empty()
	if err := json.Unmarshal([]byte(l.Input), in); err != nil {
		return nil, fmt.Errorf("read order line: %w", err)
	}
	return in, nil
}

// clip is s cut to at most n bytes, between characters, without bytes that are
// not text: callers may send any bytes, and PostgreSQL refuses zeros.
func clip(s string, n int) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s[:min(n, len(s))], ""))
}
