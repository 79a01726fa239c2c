package models

import (
	"context"

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

// ListAllStores are all stores of the team, newest first: as many as its quota
// has room for.
func (db *DB) ListAllStores(ctx context.Context, by Actor) ([]Store, error) {
	if err := by.may(See); err != nil {
		return nil, err
	}
	stores, err := query.Of[Store](db.gorm).Where("team_id = ?", by.TeamID).Order("created_at DESC, id DESC").Find(ctx)
	return stores, translate(err)
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
	q := query.Of[Store](db.gorm).Where("team_id = ?", by.TeamID)
	if f.Region != "" {
		q = q.Where("region = ?", f.Region)
	}
	if f.State != "" {
		q = q.Where("state = ?", f.State)
	}
	return pageFound(ctx, q, db.find(by, KindStore, f.Text).besides(f.Region != "" || f.State != ""), p, newestFirst("created_at", "id"), func(s Store) []string {
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
