package models

import (
	"context"
	"time"

	"quartermaster/models/pricing"
)

// StoreState is the state of a store, spelled as in the documents.
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
	Tags        Tags
	State       StoreState
	FailCode    string // why the last job failed; the words are in views/i18n under "fail.<code>"
	FailDetail  string
	JobID       string     // the job that works on it, or worked last
	EndsAt      *time.Time // with prePaid
	OrderNumber int64
	SizedBy     int64 // the order that its size came with
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
	return db.Record(ctx, by, e, detail)
}
