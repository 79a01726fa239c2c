package api

import (
	"context"
	"time"

	"quartermaster/models"
	"quartermaster/models/list"
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

// lmsLayout is how the stores' service writes times, in UTC.
const lmsLayout = "2006-01-02T15:04:05Z"

func lmsTime(t time.Time) string { return t.UTC().Format(lmsLayout) }

func listStores() Operation {
	return Operation{
		Name: "ListStores", Product: LMS(), Method: "POST", Path: "/v1/stores/list", Run: (*Server).ListStores,
	}
}

// ListStores lists all stores of the team, newest first.
func (a *Server) ListStores(ctx context.Context, c *Call) (any, error) {
	if err := readBody(c.Body).wrong.err(); err != nil {
		return nil, err
	}
	all := []storeData{}
	err := models.Stores.Each(ctx, a.DB, c.By, list.Query{}, func(stores []models.Store) error {
		for _, s := range stores {
			all = append(all, newStoreData(s))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return done("", map[string]any{"stores": all}), nil
}
