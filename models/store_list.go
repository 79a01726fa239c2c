package models

import (
	"context"
	"slices"

	"quartermaster/models/list"
	"quartermaster/models/pricing"
	"quartermaster/models/query"
)

// StoreNameFree tells whether the actor's team has no store of that name in the
// region.
func (db *DB) StoreNameFree(ctx context.Context, by Actor, region, name string) (bool, error) {
	if err := by.may(See); err != nil {
		return false, err
	}
	return db.none(ctx, "SELECT 1 FROM stores WHERE team_id = ? AND region = ? AND name = ?", by.TeamID, region, name)
}

// FindStore is one store of the actor's team.
func (db *DB) FindStore(ctx context.Context, by Actor, id string) (*Store, error) {
	if err := by.may(See); err != nil {
		return nil, err
	}
	s, err := query.Of[Store](db.gorm).Where("team_id = ? AND id = ?", by.TeamID, id).First(ctx)
	if err != nil {
		return nil, translate(err)
	}
	return &s, nil
}

// FindStoreByName is one store of the actor's team by its name, which is unique
// in its region. The region may be left out when the name exists in one region
// only; otherwise the error is Invalid for an ambiguous region.
func (db *DB) FindStoreByName(ctx context.Context, by Actor, name, region string) (*Store, error) {
	if err := by.may(See); err != nil {
		return nil, err
	}
	q := query.Of[Store](db.gorm).Where("team_id = ? AND name = ?", by.TeamID, name)
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

// ListStoreLines are the lines of orders that made a store and changed its
// size, newest first.
func (db *DB) ListStoreLines(ctx context.Context, by Actor, id string) ([]OrderLine, error) {
	if err := by.may(See); err != nil {
		return nil, err
	}
	lines, err := query.Of[OrderLine](db.gorm).Where("team_id = ? AND resource_id = ?", by.TeamID, id).
		Order("order_number DESC").Find(ctx)
	return lines, translate(err)
}

// Stores is the list of a team's stores. Its filters are region, state and tag.
var Stores = &List[Store]{
	Right: See,
	Desc: list.Desc[Store]{
		Table: "stores", Key: "id", Scope: "team_id",
		Columns: []string{"id", "name", "state", "region", "zones", "cu", "num", "charge_mode", "period_type", "period_num", "description", "ends_at", "creator_name", "created_at",
			"team_id", "target", "reserved", "auto_renew", "auto_pay", "fail_code", "fail_detail", "job_id", "order_number", "created_by", "updated_at", "tags"},
		Brief: 14,
		Into: func(s *Store, to []any) []any {
			return append(to, &s.ID, &s.Name, (*string)(&s.State), &s.Region, fromJSON{&s.Zones}, &s.CU, &s.Num, (*string)(&s.ChargeMode), (*string)(&s.PeriodType), &s.PeriodNum, &s.Description, &s.EndsAt, &s.CreatorName, &s.CreatedAt,
				&s.TeamID, &s.Target, &s.Reserved, &s.AutoRenew, &s.AutoPay, &s.FailCode, &s.FailDetail, &s.JobID, &s.OrderNumber, &s.CreatedBy, &s.UpdatedAt, &s.Tags)
		},
		Sorts: []list.Sort{{Name: "created", Columns: []string{"created_at", "id"}}, {Name: "name", Columns: []string{"name", "id"}, Up: true},
			{Name: "state", Columns: []string{"state", "created_at", "id"}, Up: true, Grouped: true}, {Name: "region", Columns: []string{"region", "created_at", "id"}, Up: true, Grouped: true},
			small("size", "cu", "num", "id"), small("billing", "charge_mode", "id")},
		Filters: []list.Filter{equals("state", "state", texts(StoreStates)), equals("region", "region", nil), byTag(KindStore, "stores")},
		Indexes: []list.Index{
			{Name: "stores_team", Sort: "created"},
			{Name: "stores_team_name", Sort: "name"},
			{Name: "stores_state", Filters: []string{"state"}, Sort: "created"},
			{Name: "stores_region", Filters: []string{"region"}, Sort: "created"},
			{Name: "stores_state", Sort: "state"},
			{Name: "stores_region", Sort: "region"},
			tagIndex,
		},
	},
	Finds:   KindStore,
	Counter: countsAll(KindStore),
}

// StorePrice is what one compute unit of a flavor costs in a region: an hour,
// a month and a year of it, in millionths of the currency; 0 where it is not
// sold that way.
type StorePrice struct {
	Flavor
	Currency              string
	Hourly, Monthly, Year int64
}

// ListStorePrices are the flavors that can be ordered, smallest first, with what they
// cost in the region now.
func (db *DB) ListStorePrices(ctx context.Context, by Actor, region string) ([]StorePrice, error) {
	flavors, err := db.listFlavors(ctx)
	if err != nil {
		return nil, err
	}
	flavors = slices.DeleteFunc(flavors, func(f Flavor) bool { return f.Off })
	skus := make([]string, len(flavors))
	for i, f := range flavors {
		skus[i] = pricing.StoreSKU(f.CU)
	}
	book, err := db.Book(ctx, by.TeamID, skus...)
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
