package models

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"quartermaster/models/pricing"
	"quartermaster/models/query"
)

// StoreInput is what a caller says about a new store, from a form or from the
// API.
type StoreInput struct {
	Name       string             `form:"store_name" validate:"required,min=3,max=63,storename"`
	Region     string             `form:"region" validate:"required"`
	Zones      []string           `form:"availability_zones" validate:"min=1,max=16,unique,dive,required"`
	CU         string             `form:"cu" validate:"required,oneof=xlarge 2xlarge 4xlarge 8xlarge 16xlarge"`
	Num        int64              `form:"num" validate:"min=1,max=1000000"`
	ChargeMode pricing.ChargeMode `form:"charge_mode" validate:"oneof=postPaid prePaid"` // postPaid when empty
	// The rest of the charge is for prePaid only and ignored otherwise.
	PeriodType pricing.Unit `form:"period_type"`
	PeriodNum  int          `form:"period_num"`
	AutoRenew  bool         `form:"auto_renew"`
	AutoPay    bool         `form:"auto_pay"`
	// Description is nil when nothing was given.
	Description *string `form:"description" validate:"omitempty,prose,maxbytes=255"`
}

// Check implements LineInput.
func (in *StoreInput) Check() error {
	if in.ChargeMode == "" {
		in.ChargeMode = pricing.PostPaid
	}
	if in.ChargeMode == pricing.PostPaid {
		in.PeriodType, in.PeriodNum, in.AutoRenew, in.AutoPay = "", 0, false, false
	}
	return Check(in)
}

// prepaidPeriods are the lengths for which a store can be paid in advance.
var prepaidPeriods = map[pricing.Unit][]int{
	pricing.Month: {1, 2, 3, 4, 5, 6, 7, 8, 9},
	pricing.Year:  {1, 2, 3, 5},
}

// StorePeriods are the lengths, in months or years, for which a store can be
// paid in advance; none for any other unit.
func StorePeriods(unit pricing.Unit) []int { return prepaidPeriods[unit] }

// period says which rule the period of a store that is paid in advance breaks:
// the field and the rule, or "".
func (in StoreInput) period() (field, rule string) {
	if in.ChargeMode != pricing.PrePaid {
		return "", ""
	}
	lengths, known := prepaidPeriods[in.PeriodType]
	switch {
	case in.PeriodType == "":
		return "period_type", "required"
	case !known:
		return "period_type", "oneof"
	}
	for _, n := range lengths {
		if in.PeriodNum == n {
			return "", ""
		}
	}
	return "period_num", "period_" + string(in.PeriodType)
}

// months is the length of a store's term, or 0 when it has none.
func (in StoreInput) months() int {
	if field, _ := in.period(); field != "" || in.ChargeMode != pricing.PrePaid {
		return 0
	}
	return Store{PeriodType: in.PeriodType, PeriodNum: in.PeriodNum}.months()
}

// months is the length of the term of a store that is paid in advance.
func (s Store) months() int {
	if s.PeriodType == pricing.Year {
		return 12 * s.PeriodNum
	}
	return s.PeriodNum
}

// Line implements LineInput.
func (in *StoreInput) Line(ctx context.Context, db *DB, by Actor) (OrderLine, error) {
	line := OrderLine{Kind: KindStore, Name: in.Name, Region: in.Region, Detail: fmt.Sprintf("%s × %d", in.CU, in.Num)}
	refused, err := db.storeRefused(ctx, by, in)
	if err != nil {
		return line, err
	}
	now := db.TeamNow(by)
	if months := in.months(); months > 0 {
		end := pricing.End(now, months)
		line.StartsAt, line.EndsAt = &now, &end
	}
	book, err := db.Book(ctx, by.TeamID, pricing.StoreSKU(in.CU))
	if err != nil {
		return line, err
	}
	quote, err := pricing.Store(book, now, pricing.StoreTerms{
		Region: in.Region, CU: in.CU, Num: int(in.Num), ChargeMode: in.ChargeMode,
		PeriodType: in.PeriodType, PeriodNum: in.PeriodNum,
	})
	switch {
	case err == nil:
		line.Price(quote)
	case errors.Is(err, pricing.ErrNoPrice), errors.Is(err, pricing.ErrOverflow):
		// When a field is wrong there is no price, which needs no message of
		// its own.
		if refused == nil && in.Check() == nil {
			refused = invalid("", storeUnpriced(err))
		}
	default:
		return line, err
	}
	return line, refused
}

// storeUnpriced is the rule broken by a store that cannot be priced.
func storeUnpriced(err error) string {
	if errors.Is(err, pricing.ErrOverflow) {
		return "amount_too_large"
	}
	return "no_price"
}

// storeRefused says which rules a new store breaks because of other rows. err
// is a fault; refused is an Invalid or nil.
func (db *DB) storeRefused(ctx context.Context, by Actor, in *StoreInput) (refused, err error) {
	region, refused := db.region(ctx, in.Region, KindStore)
	if refused != nil && !isInvalid(refused) {
		return nil, refused
	}
	team, err := db.teamSettings(ctx, by)
	if err != nil {
		return nil, err
	}
	if in.ChargeMode == pricing.PrePaid && !team.StorePrepaid {
		refused = Invalid(nil).With(refused, invalid("charge_mode", "not_on_sale_prepaid"))
	}
	for _, zone := range in.Zones {
		if refused == nil && !region.HasZone(zone) {
			refused = invalid("availability_zones", "zone", in.Region)
		} else if refused == nil && region.zoneOff(zone) {
			refused = invalid("availability_zones", "not_on_sale")
		}
	}
	flavors, err := db.listFlavors(ctx)
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(flavors, func(f Flavor) bool { return f.CU == in.CU && f.Off }) {
		refused = Invalid(nil).With(refused, invalid("cu", "not_on_sale"))
	}
	free, err := db.StoreNameFree(ctx, by, in.Region, in.Name)
	if err != nil {
		return nil, err
	}
	if !free {
		refused = Invalid(nil).With(refused, invalid("store_name", "taken"))
	}
	if left := team.CULeft(); in.Num > left {
		refused = Invalid(nil).With(refused, invalid("num", "quota", strconv.FormatInt(left, 10)))
	}
	return refused, nil
}

// Fulfil implements LineInput.
func (in *StoreInput) Fulfil(ctx context.Context, tx *DB, by Actor, order *Order, line *OrderLine) error {
	if order.DecidedAt != nil {
		in.begin(line, tx.TeamNow(by))
	}
	s, err := in.create(ctx, tx, by, order, line, line.EndsAt)
	if err != nil {
		return err
	}
	return tx.recordStore(ctx, by, s, "created", "")
}

// begin lets the term begin now, after its order has waited.
func (in *StoreInput) begin(line *OrderLine, now time.Time) {
	if months := in.months(); months > 0 {
		end := pricing.End(now, months)
		line.StartsAt, line.EndsAt = &now, &end
	}
}

// create makes the store with its part of the quota and the end of its term.
func (in *StoreInput) create(ctx context.Context, tx *DB, by Actor, order *Order, line *OrderLine, ends *time.Time) (*Store, error) {
	now := tx.TeamNow(by)
	s := &Store{
		ID: tx.newUUID(), TeamID: by.TeamID, Region: in.Region, Name: in.Name, Zones: in.Zones, CU: in.CU, Num: in.Num,
		JobID: line.JobID, Reserved: true, ChargeMode: in.ChargeMode, PeriodType: in.PeriodType, PeriodNum: in.PeriodNum,
		AutoRenew: in.AutoRenew, AutoPay: in.AutoPay, Description: in.Description, State: StoreCreating,
		EndsAt: ends, OrderNumber: order.Number, SizedBy: order.Number, CreatedBy: by.UserID, CreatorName: by.UserName,
		CreatedAt: now, UpdatedAt: now,
	}
	if err := tx.reserveCU(ctx, by, s.Num); err != nil {
		return nil, err
	}
	if err := query.Of[Store](tx.gorm).Create(ctx, s); err != nil {
		return nil, taken(err, "store_name")
	}
	line.ResourceID, line.ResourceName = s.ID, s.Name
	line.payload = sizing{Num: in.Num, Order: order.Number}
	return s, nil
}

// Hold implements Waiting.
func (in *StoreInput) Hold(ctx context.Context, tx *DB, by Actor, order *Order, line *OrderLine) error {
	_, err := in.create(ctx, tx, by, order, line, nil) // the term has not begun
	return err
}

// Release implements Waiting.
func (in *StoreInput) Release(ctx context.Context, tx *DB, by Actor, _ *Order, line *OrderLine) error {
	s, err := tx.FindStore(ctx, by, line.ResourceID)
	if err != nil {
		return fmt.Errorf("store that waits: %w", err)
	}
	in.begin(line, tx.TeamNow(by))
	s.EndsAt, s.UpdatedAt = line.EndsAt, tx.TeamNow(by)
	if err := tx.gorm.WithContext(ctx).Model(s).Select("EndsAt", "UpdatedAt").Updates(s).Error; err != nil {
		return fmt.Errorf("let store go: %w", err)
	}
	return tx.recordStore(ctx, by, s, "created", "")
}

// Drop implements Waiting.
func (in *StoreInput) Drop(ctx context.Context, tx *DB, by Actor, line *OrderLine) error {
	s, err := tx.FindStore(ctx, by, line.ResourceID)
	if err != nil {
		return fmt.Errorf("store that waits: %w", err)
	}
	if err := tx.releaseCU(ctx, s); err != nil {
		return err
	}
	if _, err := query.Of[Store](tx.gorm).Where("team_id = ? AND id = ?", by.TeamID, s.ID).Delete(ctx); err != nil {
		return fmt.Errorf("drop store: %w", err)
	}
	return nil
}
