package models

import (
	"cmp"
	"context"
	"slices"

	"quartermaster/models/migrations"
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
	Off      bool // known, and nothing can be ordered there now
	Position int
}

// Zone is an availability zone of a region.
type Zone struct {
	ID string `json:"id"`
	ZH string `json:"zh"`
	EN string `json:"en"`
	// Off tells that nothing can be ordered there now.
	Off bool `json:"off,omitempty"`
}

// HasZone tells whether the region has a zone of that id.
func (r Region) HasZone(id string) bool {
	return slices.ContainsFunc(r.Zones, func(z Zone) bool { return z.ID == id })
}

// has tells whether the region serves a kind; versions are where applications are.
func (r Region) has(k Kind) bool {
	if k == KindPkgVersion {
		k = KindApp
	}
	return slices.Contains(r.Serves, k)
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
	Off          bool // known, and cannot be bought now
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
	Off         bool  // known, and cannot be bought now
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
	Off      bool // known, and cannot be ordered now
	Position int
}

// catalogue is all that can be ordered and what it costs, in the order of forms,
// as of a version. Nobody changes it.
type catalogue struct {
	version  string
	regions  []Region
	products []Product
	types    []PackageType
	byCode   map[string]PackageType
	specs    []Specification
	flavors  []Flavor
	lines    []Price // the price book, in the order in which it was written
	bySKU    map[skuOf][]Price
	prices   map[skuOf]pricing.Book
	items    map[string]Item // what prices are of, by SKU
	inOrder  []string        // their SKUs
}

// skuOf is whose prices of a SKU are meant: a team's own or, where that is "",
// everybody's.
type skuOf struct{ team, sku string }

// copy is the catalogue for one who puts things into it.
func (c *catalogue) copy() *catalogue {
	mine := *c
	mine.regions, mine.products, mine.types = slices.Clone(c.regions), slices.Clone(c.products), slices.Clone(c.types)
	mine.specs, mine.flavors = slices.Clone(c.specs), slices.Clone(c.flavors)
	return &mine
}

// catalogueVersion is the present version, as a part of a statement.
const catalogueVersion = "COALESCE((SELECT value FROM settings WHERE name = '" + migrations.CatalogueVersion + "'), '')"

// catalogue is what the database has now: read again only when it has changed.
func (db *DB) catalogue(ctx context.Context) (*catalogue, error) {
	if db.ground != nil {
		return db.ground.catalogue, nil
	}
	version, err := db.versionOf(ctx, migrations.CatalogueVersion)
	if err != nil {
		return nil, err
	}
	return db.catalogueOf(ctx, version)
}

// catalogueStamp is a List.Stamp of lists that take words from the catalogue.
func catalogueStamp(ctx context.Context, db *DB) (string, error) {
	c, err := db.catalogue(ctx)
	if err != nil {
		return "", err
	}
	return c.version, nil
}

// catalogueOf is the catalogue of a version that was just read.
func (db *DB) catalogueOf(ctx context.Context, version string) (*catalogue, error) {
	if known := db.offered.Load(); known != nil && known.version == version && version != "" {
		return known, nil
	}
	c := &catalogue{version: version, bySKU: map[skuOf][]Price{}, prices: map[skuOf]pricing.Book{}}
	var err error
	c.lines, err = query.Of[Price](db.gorm).Order("id").Find(ctx)
	for _, r := range c.lines {
		of := skuOf{r.TeamID, r.SKU}
		c.bySKU[of] = append(c.bySKU[of], r)
		c.prices[of] = append(c.prices[of], r.priced())
	}
	err = cmp.Or(err, readInOrder(ctx, db, &c.regions), readInOrder(ctx, db, &c.products),
		readInOrder(ctx, db, &c.types), readInOrder(ctx, db, &c.specs), readInOrder(ctx, db, &c.flavors))
	if err != nil {
		return nil, translate(err)
	}
	c.byCode = make(map[string]PackageType, len(c.types))
	for _, t := range c.types {
		c.byCode[t.Code] = t
	}
	c.readItems()
	db.offered.Store(c)
	return c, nil
}

func readInOrder[T any](ctx context.Context, db *DB, into *[]T) (err error) {
	*into, err = query.Of[T](db.gorm).Order("position").Find(ctx)
	return err
}

// those are the things of a list of the catalogue for which want holds.
func those[T any](ctx context.Context, db *DB, list func(*catalogue) []T, want func(T) bool) ([]T, error) {
	c, err := db.catalogue(ctx)
	if err != nil {
		return nil, err
	}
	var found []T
	for _, t := range list(c) {
		if want(t) {
			found = append(found, t)
		}
	}
	return found, nil
}

func always[T any](T) bool { return true }

// ListRegions are the regions that serve a kind, in the order in which forms
// offer them; with "", all.
func (db *DB) ListRegions(ctx context.Context, serves Kind) ([]Region, error) {
	return those(ctx, db, func(c *catalogue) []Region { return c.regions }, func(r Region) bool {
		return serves == "" || slices.Contains(r.Serves, serves)
	})
}

// region is a region that serves a kind and where it can be ordered now, or the
// broken rule of the field "region".
func (db *DB) region(ctx context.Context, id string, serves Kind) (Region, error) {
	c, err := db.catalogue(ctx)
	if err != nil {
		return Region{}, err
	}
	for _, r := range c.regions {
		if r.ID == id && slices.Contains(r.Serves, serves) {
			if r.Off {
				return Region{}, invalid("region", "not_on_sale")
			}
			return r, nil
		}
	}
	return Region{}, invalid("region", "unknown")
}

// ListCategories are the kinds of application.
func (db *DB) ListCategories(ctx context.Context) ([]Category, error) {
	all, err := query.Of[Category](db.gorm).Order("position").Find(ctx)
	return all, translate(err)
}

// ListProducts are the products of the catalogue.
func (db *DB) ListProducts(ctx context.Context) ([]Product, error) {
	return those(ctx, db, func(c *catalogue) []Product { return c.products }, always)
}

// ListPackageTypes are the package types of a product, also those that are not
// on sale, which those of a region are that is not.
func (db *DB) ListPackageTypes(ctx context.Context, product string) ([]PackageType, error) {
	c, err := db.catalogue(ctx)
	if err != nil {
		return nil, err
	}
	var found []PackageType
	for _, t := range c.types {
		if t.ProductCode == product {
			t.OnSale = c.sold(t)
			found = append(found, t)
		}
	}
	return found, nil
}

// PackageTypes are all package types by their codes. The map is shared: nobody
// changes it.
func (db *DB) PackageTypes(ctx context.Context) (map[string]PackageType, error) {
	c, err := db.catalogue(ctx)
	if err != nil {
		return nil, err
	}
	return c.byCode, nil
}

// FindPackageType is one package type.
func (db *DB) FindPackageType(ctx context.Context, code string) (*PackageType, error) {
	found, err := those(ctx, db, func(c *catalogue) []PackageType { return c.types }, func(t PackageType) bool { return t.Code == code })
	if err == nil && len(found) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return &found[0], nil
}

// ListSpecifications are the specifications of a package type.
func (db *DB) ListSpecifications(ctx context.Context, packageType string) ([]Specification, error) {
	return those(ctx, db, func(c *catalogue) []Specification { return c.specs }, func(s Specification) bool { return s.PackageType == packageType })
}

// listFlavors are the sizes of a store's compute unit, smallest first.
func (db *DB) listFlavors(ctx context.Context) ([]Flavor, error) {
	return those(ctx, db, func(c *catalogue) []Flavor { return c.flavors }, always)
}

// Book is the price book's lines for some SKUs: a team's own, and everybody's.
func (db *DB) Book(ctx context.Context, team string, skus ...string) (pricing.Book, error) {
	c, err := db.catalogue(ctx)
	if err != nil {
		return nil, err
	}
	var book pricing.Book
	for _, sku := range skus {
		book = append(book, c.prices[skuOf{"", sku}]...)
		if team != "" {
			book = append(book, c.prices[skuOf{team, sku}]...)
		}
	}
	return book, nil
}

// ground is what the quote of an order stands on, read once for all its lines.
type ground struct {
	team      Team // its settings and its quota
	catalogue *catalogue
}

// grounded is db for the quote of an order.
func (db *DB) grounded(ctx context.Context, by Actor) (*DB, error) {
	if db.ground != nil {
		return db, nil
	}
	var version string
	t := Team{ID: by.TeamID}
	// No join: SQLite plans a join anew each time that its values change.
	err := query.Row(ctx, db.gorm, "SELECT object_storage, verified_only, api_orders, cost_centre, cost_centres, only_cost_centres, currency, tax_rate, tax_name, rules, budgets, plan_api, store_prepaid, cu_quota, cu_used, "+catalogueVersion+
		" FROM teams WHERE id = ?", []any{by.TeamID},
		&t.ObjectStorage, &t.VerifiedOnly, &t.APIOrders, &t.CostCentre, fromJSON{&t.CostCentres}, &t.OnlyCostCentres, &t.Currency, &t.TaxRate, &t.TaxName, fromJSON{&t.Rules}, fromJSON{&t.Budgets}, &t.PlanAPI, &t.StorePrepaid, &t.CUQuota, &t.CUUsed, &version)
	if err != nil {
		return nil, translate(err)
	}
	c, err := db.catalogueOf(ctx, version)
	if err != nil {
		return nil, err
	}
	inner := *db
	inner.ground = &ground{t, c}
	return &inner, nil
}

// teamSettings are the settings and the quota of the actor's team: those that the
// quote stands on, where there is one.
func (db *DB) teamSettings(ctx context.Context, by Actor) (*Team, error) {
	if db.ground != nil && db.ground.team.ID == by.TeamID {
		return &db.ground.team, by.may(See)
	}
	return db.FindTeam(ctx, by)
}
