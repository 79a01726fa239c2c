package models

import (
	"context"
	"slices"
	"time"

	"quartermaster/models/pricing"
	"quartermaster/models/query"
)

// Region is a place where resources are made.
type Region struct {
	ID       string
	ZH       string   `gorm:"column:zh"`
	EN       string   `gorm:"column:en"`
	Serves   []Kind   `gorm:"serializer:json"`
	Zones    []Zone   `gorm:"serializer:json"` // where stores are made
	Covers   []string `gorm:"serializer:json"` // the regions it stands for, where it stands for several
	Ours     bool
	Position int
}

// Zone is an availability zone of a region.
type Zone struct {
	ID string `json:"id"`
	ZH string `json:"zh"`
	EN string `json:"en"`
}

// HasZone tells whether the region has a zone of that id.
func (r Region) HasZone(id string) bool {
	return slices.ContainsFunc(r.Zones, func(z Zone) bool { return z.ID == id })
}

// Category is a kind of application.
type Category struct {
	Name     string `gorm:"primaryKey"`
	ZH       string `gorm:"column:zh"`
	EN       string `gorm:"column:en"`
	Position int
}

// Product is what plans are sold for.
type Product struct {
	Code         string `gorm:"primaryKey"`
	Type         string
	Subscription string
	ZH           string `gorm:"column:zh"`
	EN           string `gorm:"column:en"`
	Ours         bool
	Position     int
}

// PackageType is a sort of plan.
type PackageType struct {
	Code        string `gorm:"primaryKey"`
	ProductCode string
	ZH          string `gorm:"column:zh"`
	EN          string `gorm:"column:en"`
	Region      string
	Item        string // what is counted: storage, archive (storage), outbound or origin (traffic)
	Unit        string // of a specification's value
	DeductType  string
	AppliesTo   []string `gorm:"serializer:json"`
	Renewable   bool
	Upgradable  bool
	Stackable   bool
	OnSale      bool // false: known, and cannot be bought now
	Ours        bool
	Position    int
}

// Specification is a size of a plan and the terms it is sold for.
type Specification struct {
	PackageType string `gorm:"primaryKey"`
	Value       string `gorm:"primaryKey"` // a positive whole number in text
	Name        string
	Months      []int `gorm:"serializer:json"`
	Position    int
}

// Flavor is a size of a store's compute unit.
type Flavor struct {
	CU       string `gorm:"column:cu;primaryKey"`
	ZH       string `gorm:"column:zh"`
	EN       string `gorm:"column:en"`
	VCPU     int    `gorm:"column:vcpu"`
	MemoryGB int    `gorm:"column:memory_gb"`
	Ours     bool
	Position int
}

// price is a line of the price book as its table keeps it.
type price struct {
	ID         string
	SKU        string `gorm:"column:sku"`
	Region     string
	Unit       pricing.Unit
	TermMonths int
	Currency   string
	Micro      int64
	ValidFrom  time.Time
	Source     string
	Ours       bool
}

// ListRegions are the regions that serve a kind, in the order in which forms
// offer them; with "", all.
func (db *DB) ListRegions(ctx context.Context, serves Kind) ([]Region, error) {
	all, err := query.Of[Region](db.gorm).Order("position").Find(ctx)
	if err != nil {
		return nil, translate(err)
	}
	return slices.DeleteFunc(all, func(r Region) bool {
		return serves != "" && !slices.Contains(r.Serves, serves)
	}), nil
}

// region is a region that serves a kind, or the broken rule of the field
// "region".
func (db *DB) region(ctx context.Context, id string, serves Kind) (Region, error) {
	found, err := query.Of[Region](db.gorm).Where("id = ?", id).Limit(1).Find(ctx)
	if err != nil {
		return Region{}, translate(err)
	}
	if len(found) == 0 || !slices.Contains(found[0].Serves, serves) {
		return Region{}, invalid("region", "unknown")
	}
	return found[0], nil
}

// ListCategories are the kinds of application.
func (db *DB) ListCategories(ctx context.Context) ([]Category, error) {
	all, err := query.Of[Category](db.gorm).Order("position").Find(ctx)
	return all, translate(err)
}

// ListProducts are the products of the catalogue.
func (db *DB) ListProducts(ctx context.Context) ([]Product, error) {
	all, err := query.Of[Product](db.gorm).Order("position").Find(ctx)
	return all, translate(err)
}

// ListPackageTypes are the package types of a product, also those that are not
// on sale.
func (db *DB) ListPackageTypes(ctx context.Context, product string) ([]PackageType, error) {
	all, err := query.Of[PackageType](db.gorm).Where("product_code = ?", product).Order("position").Find(ctx)
	return all, translate(err)
}

// FindPackageType is one package type.
func (db *DB) FindPackageType(ctx context.Context, code string) (*PackageType, error) {
	t, err := query.Of[PackageType](db.gorm).Where("code = ?", code).First(ctx)
	if err != nil {
		return nil, translate(err)
	}
	return &t, nil
}

// ListSpecifications are the specifications of a package type.
func (db *DB) ListSpecifications(ctx context.Context, packageType string) ([]Specification, error) {
	all, err := query.Of[Specification](db.gorm).Where("package_type = ?", packageType).Order("position").Find(ctx)
	return all, translate(err)
}

// listFlavors are the sizes of a store's compute unit, smallest first.
func (db *DB) listFlavors(ctx context.Context) ([]Flavor, error) {
	all, err := query.Of[Flavor](db.gorm).Order("position").Find(ctx)
	return all, translate(err)
}

// Book is the price book's lines for some SKUs.
func (db *DB) Book(ctx context.Context, skus ...string) (pricing.Book, error) {
	rows, err := query.Of[price](db.gorm).Where("sku IN ?", skus).Find(ctx)
	if err != nil {
		return nil, translate(err)
	}
	book := make(pricing.Book, len(rows))
	for i, r := range rows {
		book[i] = pricing.Price{SKU: r.SKU, Region: r.Region, Unit: r.Unit, TermMonths: r.TermMonths,
			Currency: r.Currency, Micro: r.Micro, ValidFrom: r.ValidFrom, Source: r.Source, Ours: r.Ours}
	}
	return book, nil
}
