package models

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"gorm.io/gorm/clause"

	"quartermaster/models/pricing"
)

// StoreState is where a store stands, spelled as the documents do.
type StoreState string

// States of a store. A store is created and deleted by jobs: CREATING becomes
// NORMAL or CREATED_FAILED; DROPPING ends with the store gone or DELETE_FAILED.
const (
	StoreCreating     StoreState = "CREATING"
	StoreNormal       StoreState = "NORMAL"
	StoreCreateFailed StoreState = "CREATED_FAILED"
	StoreAbnormal     StoreState = "ABNORMAL"
	StoreFrozen       StoreState = "FROZEN"
	StoreDiskFull     StoreState = "DISK_FULL"
	StoreScaling      StoreState = "SCALING"
	StoreScalingIn    StoreState = "SCALING_IN"
	StoreDropping     StoreState = "DROPPING"
	StoreDeleteFailed StoreState = "DELETE_FAILED"
)

// StoreStates are all states, in the order they are shown.
var StoreStates = []StoreState{StoreNormal, StoreCreating, StoreCreateFailed, StoreScaling, StoreScalingIn,
	StoreAbnormal, StoreFrozen, StoreDiskFull, StoreDropping, StoreDeleteFailed}

// deletable are the states from which a store can be deleted.
var deletable = []StoreState{StoreNormal, StoreCreateFailed, StoreAbnormal, StoreFrozen, StoreDiskFull, StoreDeleteFailed}

// Store is a knowledge store: compute units in zones of a region, and an index
// folder of its own on this server.
type Store struct {
	ID          string // UUID
	TeamID      string
	Region      string
	Name        string   // unique in the team and region, whatever the state
	Zones       []string `gorm:"serializer:json"`
	CU          string   `gorm:"column:cu"`
	Num         int64
	Target      int64 // the Num that a job brings it to, 0 when none does
	Reserved    bool  // its Num is counted in the team's quota
	ChargeMode  pricing.ChargeMode
	PeriodType  pricing.Unit // with prePaid
	PeriodNum   int
	AutoRenew   bool
	AutoPay     bool
	Description *string // nil when it was not given
	State       StoreState
	FailCode    string // why the last job failed; the words are in views/i18n under "fail.<code>"
	FailDetail  string
	JobID       string     // the job that works on it, or worked last
	EndsAt      *time.Time // with prePaid
	OrderNumber int64
	CreatedBy   string
	CreatorName string
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// Passing tells whether the state will change by itself.
func (s Store) Passing() bool {
	switch s.State {
	case StoreCreating, StoreDropping, StoreScaling, StoreScalingIn:
		return true
	}
	return false
}

// Retryable tells whether a job of the store failed and can go on.
func (s Store) Retryable() bool {
	return s.State == StoreCreateFailed || s.State == StoreDeleteFailed || s.scaleFailed()
}

// scaleFailed tells whether the last change of the store's size failed, which
// leaves it as it was.
func (s Store) scaleFailed() bool { return s.State == StoreNormal && s.FailCode != "" }

// of is the store as it is recorded with another order than the one it came
// from.
func (s Store) of(order int64) *Store {
	s.OrderNumber = order
	return &s
}

// Deletable tells whether the store can be deleted from its state.
func (s Store) Deletable() bool {
	for _, state := range deletable {
		if s.State == state {
			return true
		}
	}
	return false
}

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
	book, err := db.Book(ctx, pricing.StoreSKU(in.CU))
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
		// Where a field is wrong there is no price, and that is no news.
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

// storeRefused says what other rows forbid about a new store. err is a fault;
// refused is an Invalid or nil.
func (db *DB) storeRefused(ctx context.Context, by Actor, in *StoreInput) (refused, err error) {
	region, refused := db.region(ctx, in.Region, "store")
	if refused != nil && !isInvalid(refused) {
		return nil, refused
	}
	if in.ChargeMode == pricing.PrePaid {
		sold, err := db.StoresPrepaid(ctx)
		if err != nil {
			return nil, err
		}
		if !sold {
			refused = Invalid(nil).With(refused, invalid("charge_mode", "not_on_sale_prepaid"))
		}
	}
	for _, zone := range in.Zones {
		if refused == nil && !region.HasZone(zone) {
			refused = invalid("availability_zones", "zone", in.Region)
		}
	}
	free, err := db.StoreNameFree(ctx, by, in.Region, in.Name)
	if err != nil {
		return nil, err
	}
	if !free {
		refused = Invalid(nil).With(refused, invalid("store_name", "taken"))
	}
	team, err := db.FindTeam(ctx, by)
	if err != nil {
		return nil, err
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
		EndsAt: ends, OrderNumber: order.Number, CreatedBy: by.UserID, CreatorName: by.UserName,
		CreatedAt: now, UpdatedAt: now,
	}
	if err := tx.reserveCU(ctx, by, s.Num); err != nil {
		return nil, err
	}
	if err := table[Store](tx.gorm).Create(ctx, s); err != nil {
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
	if _, err := table[Store](tx.gorm).Where("team_id = ? AND id = ?", by.TeamID, s.ID).Delete(ctx); err != nil {
		return fmt.Errorf("drop store: %w", err)
	}
	return nil
}

// CULeft is how many compute units the team's quota still has room for.
func (t Team) CULeft() int64 { return max(0, t.CUQuota-t.CUUsed) }

// reserveCU counts num compute units in the team's quota, or refuses to go
// beyond it.
func (db *DB) reserveCU(ctx context.Context, by Actor, num int64) error {
	res := db.gorm.WithContext(ctx).Exec(`UPDATE teams SET cu_used = cu_used + ? WHERE id = ? AND cu_used + ? <= cu_quota`, num, by.TeamID, num)
	if res.Error != nil {
		return fmt.Errorf("reserve compute units: %w", res.Error)
	}
	if res.RowsAffected > 0 {
		return nil
	}
	team, err := db.FindTeam(ctx, by)
	if err != nil {
		return err
	}
	return invalid("num", "quota", strconv.FormatInt(team.CULeft(), 10))
}

// releaseCU takes a store's compute units out of the team's quota, once.
func (db *DB) releaseCU(ctx context.Context, s *Store) error {
	res := db.gorm.WithContext(ctx).Exec(`UPDATE stores SET reserved = ? WHERE id = ? AND reserved = ?`, false, s.ID, true)
	if res.Error != nil {
		return fmt.Errorf("release compute units: %w", res.Error)
	}
	if res.RowsAffected == 0 {
		return nil
	}
	return db.giveBackCU(ctx, s.TeamID, s.Num)
}

// giveBackCU takes num compute units out of a team's quota.
func (db *DB) giveBackCU(ctx context.Context, teamID string, num int64) error {
	err := execute(ctx, db.gorm, `UPDATE teams SET cu_used = cu_used - ? WHERE id = ?`, num, teamID)
	if err != nil {
		return fmt.Errorf("give back compute units: %w", err)
	}
	return nil
}

func (db *DB) recordStore(ctx context.Context, by Actor, s *Store, verb, failCode string) error {
	e := Event{Action: "store." + verb, Kind: KindStore, SubjectID: s.ID, SubjectName: s.Name, Region: s.Region, OrderNumber: s.OrderNumber}
	detail := map[string]any{"state": s.State, "cu": s.CU, "num": s.Num}
	if s.Target > 0 {
		detail["target"] = s.Target
	}
	if failCode != "" {
		e.Result = "failed"
		detail["fail_code"] = failCode
	}
	return db.record(ctx, by, e, detail)
}

// StoreNameFree tells whether the actor's team has no store of that name in the
// region.
func (db *DB) StoreNameFree(ctx context.Context, by Actor, region, name string) (bool, error) {
	if err := by.may(See); err != nil {
		return false, err
	}
	n, err := table[Store](db.gorm).Where("team_id = ? AND region = ? AND name = ?", by.TeamID, region, name).Count(ctx, "*")
	return n == 0, translate(err)
}

// CheckStoreName says which rule a new store's name would break, if any.
func (db *DB) CheckStoreName(ctx context.Context, by Actor, region, name string) error {
	in := struct {
		Name string `form:"store_name" validate:"required,min=3,max=63,storename"`
	}{name}
	if err := Check(&in); err != nil {
		return err
	}
	free, err := db.StoreNameFree(ctx, by, region, name)
	if err == nil && !free {
		err = invalid("store_name", "taken")
	}
	return err
}

// FindStore is one store of the actor's team.
func (db *DB) FindStore(ctx context.Context, by Actor, id string) (*Store, error) {
	if err := by.may(See); err != nil {
		return nil, err
	}
	s, err := table[Store](db.gorm).Where("team_id = ? AND id = ?", by.TeamID, id).First(ctx)
	if err != nil {
		return nil, translate(err)
	}
	return &s, nil
}

// FindStoreByName is one store of the actor's team by its name, which is unique
// in its region. The region may be left out where only one has the name; else
// the store is Invalid for an ambiguous region.
func (db *DB) FindStoreByName(ctx context.Context, by Actor, name, region string) (*Store, error) {
	if err := by.may(See); err != nil {
		return nil, err
	}
	q := table[Store](db.gorm).Where("team_id = ? AND name = ?", by.TeamID, name)
	if region != "" {
		q = q.Where("region = ?", region)
	}
	found, err := q.Limit(2).Find(ctx)
	switch {
	case err != nil:
		return nil, translate(err)
	case len(found) == 0:
		return nil, ErrNotFound
	case len(found) > 1:
		return nil, invalid("region", "ambiguous")
	}
	return &found[0], nil
}

// ListAllStores are all stores of the team, newest first: as many as its quota
// has room for.
func (db *DB) ListAllStores(ctx context.Context, by Actor) ([]Store, error) {
	if err := by.may(See); err != nil {
		return nil, err
	}
	stores, err := table[Store](db.gorm).Where("team_id = ?", by.TeamID).Order("created_at DESC, id DESC").Find(ctx)
	return stores, translate(err)
}

// ListStoreLines are the lines of orders that made a store and changed its
// size, newest first.
func (db *DB) ListStoreLines(ctx context.Context, by Actor, id string) ([]OrderLine, error) {
	if err := by.may(See); err != nil {
		return nil, err
	}
	lines, err := table[OrderLine](db.gorm).Where("team_id = ? AND resource_id = ?", by.TeamID, id).
		Order("order_number DESC").Find(ctx)
	return lines, translate(err)
}

// StoresPrepaid tells whether stores are sold for a term that is paid in
// advance.
func (db *DB) StoresPrepaid(ctx context.Context) (bool, error) {
	off, err := db.setting(ctx, storesPrepaidOff)
	return off == "", err
}

// SetStoresPrepaid says whether stores are sold for a term that is paid in
// advance. Only a site admin may; stores that exist stay as they are.
func (db *DB) SetStoresPrepaid(ctx context.Context, by Actor, sold bool) error {
	if !by.SiteAdmin {
		return ErrForbidden
	}
	since, action := "", "store.prepaid_on"
	if !sold {
		since, action = stamp(db.Now()), "store.prepaid_off"
	}
	return db.tx(ctx, func(ctx context.Context, tx *DB) error {
		if err := tx.set(ctx, storesPrepaidOff, since); err != nil {
			return err
		}
		return tx.record(ctx, by, Event{Action: action, Kind: KindTeam, SubjectID: by.TeamID})
	})
}

// StoreFilter says which stores to list. Empty fields do not narrow.
type StoreFilter struct {
	Region string
	State  StoreState
	Text   string // in the name
}

// ListStores is a page of the team's stores, newest first.
func (db *DB) ListStores(ctx context.Context, by Actor, f StoreFilter, p Page) ([]Store, Cursor, error) {
	if err := by.may(See); err != nil {
		return nil, Cursor{}, err
	}
	q := table[Store](db.gorm).Where("team_id = ?", by.TeamID)
	if f.Region != "" {
		q = q.Where("region = ?", f.Region)
	}
	if f.State != "" {
		q = q.Where("state = ?", f.State)
	}
	if f.Text != "" {
		q = q.Where(`name LIKE ? ESCAPE '\'`, like(f.Text))
	}
	return pageOf(ctx, q, p, newestFirst("created_at", "id"), func(s Store) []string {
		return []string{stamp(s.CreatedAt), s.ID}
	})
}

// StorePrice is what one compute unit of a flavor costs in a region: an hour,
// a month and a year of it, in millionths of the currency; 0 where it is not
// sold that way.
type StorePrice struct {
	Flavor
	Currency              string
	Hourly, Monthly, Year int64
}

// ListStorePrices are the flavors, smallest first, with what they cost in the
// region now.
func (db *DB) ListStorePrices(ctx context.Context, by Actor, region string) ([]StorePrice, error) {
	flavors, err := db.listFlavors(ctx)
	if err != nil {
		return nil, err
	}
	skus := make([]string, len(flavors))
	for i, f := range flavors {
		skus[i] = pricing.StoreSKU(f.CU)
	}
	book, err := db.Book(ctx, skus...)
	if err != nil {
		return nil, err
	}
	now := db.TeamNow(by)
	prices := make([]StorePrice, len(flavors))
	for i, f := range flavors {
		prices[i].Flavor = f
		for unit, micro := range map[pricing.Unit]*int64{
			pricing.Hour: &prices[i].Hourly, pricing.Month: &prices[i].Monthly, pricing.Year: &prices[i].Year,
		} {
			if p, err := book.Find(now, skus[i], region, unit, 0); err == nil {
				*micro, prices[i].Currency = p.Micro, p.Currency
			}
		}
	}
	return prices, nil
}

// DeleteStore begins to delete a store by a job. A store that is not at rest is
// ErrConflict.
func (db *DB) DeleteStore(ctx context.Context, by Actor, id string) (*Store, error) {
	return db.moveStore(ctx, by, id, func(ctx context.Context, tx *DB, s *Store) error {
		if !s.Deletable() {
			return ErrConflict
		}
		job, err := tx.queue(ctx, by, DeleteStoreJob, s.ID, s.Name, nil)
		if err != nil {
			return err
		}
		s.JobID = job.ID
		if err := tx.setStore(ctx, by, s, StoreDropping, nil, deletable...); err != nil {
			return err
		}
		return tx.recordStore(ctx, by, s, "dropped", "")
	})
}

// RetryStore lets the job that failed on a store go on from the step that
// failed. A store whose job has not failed is ErrConflict.
func (db *DB) RetryStore(ctx context.Context, by Actor, id string) (*Store, error) {
	return db.retryStore(ctx, by, id, 0)
}

// retryStore is RetryStore for a job that works for an order, whichever it is
// when that is 0.
func (db *DB) retryStore(ctx context.Context, by Actor, id string, order int64) (*Store, error) {
	return db.moveStore(ctx, by, id, func(ctx context.Context, tx *DB, s *Store) error {
		after, of, err := tx.storeRetried(ctx, by, s)
		if err != nil {
			return err
		}
		if order != 0 && of != order {
			return ErrConflict
		}
		if err := tx.setStore(ctx, by, s, after, nil, s.State); err != nil {
			return err
		}
		if err := tx.retry(ctx, s.JobID); err != nil {
			return err
		}
		if s.State == StoreScaling || s.State == StoreScalingIn {
			// What its first step counted was given back.
			if _, err := table[Job](tx.gorm).Where("id = ?", s.JobID).Update(ctx, "step", 0); err != nil {
				return fmt.Errorf("begin scaling again: %w", err)
			}
		}
		if of != 0 {
			if err := tx.FinishLine(ctx, by, of, s.ID, OrderFulfilling); err != nil {
				return err
			}
		}
		return tx.recordStore(ctx, by, s, "retried", "")
	})
}

// storeRetried is the state that a store is in when its failed job goes on, and
// the order that the job works for, 0 when it is none. A store whose job has not
// failed is ErrConflict.
func (db *DB) storeRetried(ctx context.Context, by Actor, s *Store) (after StoreState, order int64, err error) {
	switch {
	case s.State == StoreCreateFailed:
		return StoreCreating, s.OrderNumber, nil
	case s.State == StoreDeleteFailed:
		return StoreDropping, 0, nil
	case !s.scaleFailed():
		return "", 0, ErrConflict
	}
	job, err := db.FindJob(ctx, by, s.JobID)
	if err != nil {
		return "", 0, err
	}
	to, err := sizingOf(job)
	return to.under(s), to.Order, err
}

// moveStore changes a store of the actor's team in one transaction.
func (db *DB) moveStore(ctx context.Context, by Actor, id string, change func(context.Context, *DB, *Store) error) (*Store, error) {
	if err := by.may(Request); err != nil {
		return nil, err
	}
	var s *Store
	err := db.tx(ctx, func(ctx context.Context, tx *DB) (err error) {
		if s, err = tx.lockStore(ctx, by, id); err != nil {
			return err
		}
		return change(ctx, tx, s)
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// lockStore is one store of the actor's team, which nobody else changes until
// the caller's transaction ends.
func (db *DB) lockStore(ctx context.Context, by Actor, id string) (*Store, error) {
	s, err := table[Store](db.gorm, clause.Locking{Strength: "UPDATE"}).Where("team_id = ? AND id = ?", by.TeamID, id).First(ctx)
	if err != nil {
		return nil, translate(err)
	}
	return &s, nil
}

// setStore gives a store that is locked another state, and the size it then
// has, if it comes from one of those states, and keeps why its job failed.
func (db *DB) setStore(ctx context.Context, by Actor, s *Store, state StoreState, failure *Failure, from ...StoreState) error {
	s.State, s.UpdatedAt, s.FailCode, s.FailDetail = state, db.TeamNow(by), "", ""
	if failure != nil {
		s.FailCode, s.FailDetail = failure.Code, failure.Detail
	}
	res := db.gorm.WithContext(ctx).Model(s).Where("state IN ?", from).
		Select("State", "Num", "Target", "JobID", "FailCode", "FailDetail", "UpdatedAt").Updates(s)
	if res.Error != nil {
		return fmt.Errorf("set state of store: %w", res.Error)
	}
	if res.RowsAffected == 0 {
		return ErrConflict
	}
	return nil
}

// createStore is the job that makes a store's folder and index.
var createStore = Work{
	Steps: []WorkStep{
		{"reserve", reserveStore},
		{"allocate", func(_ context.Context, db *DB, job *Job) error { return db.allocateIndex(job.SubjectID) }},
		{"build", func(ctx context.Context, db *DB, job *Job) error { return db.buildIndex(ctx, job.SubjectID) }},
		{"check", func(ctx context.Context, db *DB, job *Job) error { return db.checkIndex(ctx, job.SubjectID) }},
	},
	Completed: func(ctx context.Context, tx *DB, job *Job) error {
		return tx.storeCreated(ctx, job, StoreNormal, OrderCompleted, "ready", nil)
	},
	Failed: func(ctx context.Context, tx *DB, job *Job) error {
		return tx.storeCreated(ctx, job, StoreCreateFailed, OrderFailed, "create_failed", job.failure())
	},
}

// reserveStore makes sure that the store is counted in its team's quota.
func reserveStore(ctx context.Context, db *DB, job *Job) error {
	return db.withStore(ctx, job, func(ctx context.Context, tx *DB, by Actor, s *Store) error {
		if s.Reserved {
			return nil
		}
		if err := tx.reserveCU(ctx, by, s.Num); isInvalid(err) {
			return &Failure{Code: "quota", Detail: err.Error()}
		} else if err != nil {
			return err
		}
		return tx.gorm.WithContext(ctx).Model(s).Update("reserved", true).Error
	})
}

func (db *DB) storeCreated(ctx context.Context, job *Job, state StoreState, line OrderState, verb string, f *Failure) error {
	return db.withStore(ctx, job, func(ctx context.Context, tx *DB, by Actor, s *Store) error {
		if err := tx.setStore(ctx, by, s, state, f, StoreCreating); err != nil {
			return err
		}
		if err := tx.FinishLine(ctx, by, s.OrderNumber, s.ID, line); err != nil {
			return err
		}
		return tx.recordStore(ctx, by, s, verb, s.FailCode)
	})
}

// deleteStore is the job that removes a store's folder, its part of the quota
// and at last its row.
var deleteStore = Work{
	Steps: []WorkStep{
		{"close", func(ctx context.Context, db *DB, job *Job) error { return db.closeIndex(ctx, job.SubjectID) }},
		{"remove", func(_ context.Context, db *DB, job *Job) error { return db.removeIndex(job.SubjectID) }},
		{"release", func(ctx context.Context, db *DB, job *Job) error {
			return db.withStore(ctx, job, func(ctx context.Context, tx *DB, _ Actor, s *Store) error {
				return tx.releaseCU(ctx, s)
			})
		}},
	},
	Completed: func(ctx context.Context, tx *DB, job *Job) error {
		return tx.withStore(ctx, job, func(ctx context.Context, tx *DB, by Actor, s *Store) error {
			n, err := table[Store](tx.gorm).Where("id = ? AND state = ?", s.ID, StoreDropping).Delete(ctx)
			if err != nil {
				return fmt.Errorf("delete store: %w", err)
			}
			if n == 0 {
				return ErrConflict
			}
			if err := tx.tally(ctx, by, tally{Kind: KindStore, Deleted: 1}); err != nil {
				return err
			}
			return tx.recordStore(ctx, by, s, "deleted", "")
		})
	},
	Failed: func(ctx context.Context, tx *DB, job *Job) error {
		return tx.withStore(ctx, job, func(ctx context.Context, tx *DB, by Actor, s *Store) error {
			if err := tx.setStore(ctx, by, s, StoreDeleteFailed, job.failure(), StoreDropping); err != nil {
				return err
			}
			return tx.recordStore(ctx, by, s, "delete_failed", s.FailCode)
		})
	},
}

// withStore runs fn in a transaction on the store that a job works on, on
// behalf of the person who asked for the job.
func (db *DB) withStore(ctx context.Context, job *Job, fn func(context.Context, *DB, Actor, *Store) error) error {
	return db.tx(ctx, func(ctx context.Context, tx *DB) error {
		by, err := tx.ServerActor(ctx, job)
		if err != nil {
			return err
		}
		s, err := tx.lockStore(ctx, by, job.SubjectID)
		if err != nil {
			return fmt.Errorf("store of job %s: %w", job.ID, err)
		}
		return fn(ctx, tx, by, s)
	})
}
