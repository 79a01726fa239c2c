package api

import (
	"context"
	"time"

	"quartermaster/models"
	"quartermaster/models/pricing"
)

// storeData is a store as the documents' store_data has it.
type storeData struct {
	ID          string     `json:"id"`
	StoreName   string     `json:"store_name"`
	Status      string     `json:"status"`
	CreateTime  string     `json:"create_time"`
	PrivateLink string     `json:"private_link"`
	Region      string     `json:"region"`
	Zones       []string   `json:"availability_zones"`
	Flavor      flavor     `json:"flavor"`
	ChargeInfo  chargeInfo `json:"charge_info"`
	Description *string    `json:"description"`
}

type flavor struct {
	CU  string `json:"cu"`
	Num int64  `json:"num"`
}

// chargeInfo says how a store is paid for; what only prePaid has is left out
// with postPaid.
type chargeInfo struct {
	ChargeMode  string `json:"charge_mode"`
	PeriodType  string `json:"period_type,omitempty"`
	PeriodNum   int    `json:"period_num,omitempty"`
	IsAutoRenew *bool  `json:"is_auto_renew,omitempty"`
	IsAutoPay   *bool  `json:"is_auto_pay,omitempty"`
}

func newStoreData(s models.Store) storeData {
	return storeData{
		ID: s.ID, StoreName: s.Name, Status: string(s.State), CreateTime: lmsTime(s.CreatedAt), Region: s.Region, Zones: s.Zones,
		Flavor: flavor{s.CU, s.Num}, ChargeInfo: newChargeInfo(s), Description: s.Description,
	}
}

func newChargeInfo(s models.Store) chargeInfo {
	info := chargeInfo{ChargeMode: string(s.ChargeMode)}
	if s.ChargeMode == pricing.PrePaid {
		info.PeriodType, info.PeriodNum = string(s.PeriodType), s.PeriodNum
		info.IsAutoRenew, info.IsAutoPay = &s.AutoRenew, &s.AutoPay
	}
	return info
}

// lmsTime is a time as the stores' service writes it.
func lmsTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

// ListStores lists all stores of the team, newest first.
func (a LMS) ListStores(ctx context.Context, c *Call) (any, error) {
	list := []storeData{}
	page := models.Page{Size: models.MaxPageSize}
	for {
		stores, cursor, err := a.DB.ListStores(ctx, c.By, models.StoreFilter{}, page)
		if err != nil {
			return nil, err
		}
		for _, s := range stores {
			list = append(list, newStoreData(s))
		}
		if page.After = cursor.Next; page.After == "" {
			return done("", map[string]any{"stores": list}), nil
		}
	}
}
