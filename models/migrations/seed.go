package migrations

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"quartermaster/models/pricing"
)

// Catalogue is what can be ordered and what it costs, as a new database is
// seeded with it. Names are in Chinese (ZH) and English (EN). Ours marks what
// no vendor's document names; every other code and price is documented, though
// the names of codes are always ours.
type Catalogue struct {
	Regions    []Region
	Categories []Category
	Products   []Product
	Flavors    []Flavor
	Prices     pricing.Book
}

// Region is a place, in the order in which forms offer them.
type Region struct {
	ID string `json:"id"`
	ZH string `json:"zh"`
	EN string `json:"en"`
	// Serves lists what can be made there: bucket, app, plan, store.
	Serves []string `json:"serves"`
	// Zones are given where stores are made.
	Zones []Zone `json:"zones"`
	// Covers lists the regions that a plan of this one is drawn down by, where
	// it stands for several.
	Covers []string `json:"covers"`
	Ours   bool     `json:"ours"`
}

// Zone is an availability zone of a region.
type Zone struct {
	ID string `json:"id"`
	ZH string `json:"zh"`
	EN string `json:"en"`
}

// Category is a kind of application. ZH and EN describe it; its name is the
// same in every language.
type Category struct {
	Name string `json:"name"`
	ZH   string `json:"zh"`
	EN   string `json:"en"`
}

// Product is what plans are sold for. One without Types is only listed.
type Product struct {
	Code string `json:"code"`
	// Type is the documents' ProductType, Subscription their SubscriptionType.
	Type         string        `json:"type"`
	Subscription string        `json:"subscription"`
	ZH           string        `json:"zh"`
	EN           string        `json:"en"`
	Ours         bool          `json:"ours"`
	Types        []PackageType `json:"types"`
}

// PackageType is a sort of plan.
type PackageType struct {
	Code   string `json:"code"`
	ZH     string `json:"zh"`
	EN     string `json:"en"`
	Region string `json:"region"`
	// Item is what is counted: storage, archive storage, outbound or origin
	// traffic. Unit is the unit of a specification's value.
	Item       string   `json:"item"`
	Unit       string   `json:"unit"`
	DeductType string   `json:"deduct_type"`
	AppliesTo  []string `json:"applies_to"`
	Renewable  bool     `json:"renewable"`
	Upgradable bool     `json:"upgradable"`
	Stackable  bool     `json:"stackable"`
	// OnSale is false for a type that is known and cannot be bought now.
	OnSale bool            `json:"on_sale"`
	Ours   bool            `json:"ours"`
	Specs  []Specification `json:"specs"`
}

// Specification is a size of a plan. Value is a positive whole number in text,
// in the package type's unit; Months are the durations it is sold for.
type Specification struct {
	Value  string `json:"value"`
	Name   string `json:"name"`
	Months []int  `json:"months"`
}

// Flavor is a size of a store's compute unit.
type Flavor struct {
	CU       string `json:"cu"`
	ZH       string `json:"zh"`
	EN       string `json:"en"`
	VCPU     int    `json:"vcpu"`
	MemoryGB int    `json:"memory_gb"`
	Ours     bool   `json:"ours"`
}

// priceLine is a price as the file spells it.
type priceLine struct {
	SKU        string       `json:"sku"`
	Region     string       `json:"region"`
	Unit       pricing.Unit `json:"unit"`
	TermMonths int          `json:"term_months"`
	Currency   string       `json:"currency"`
	Micro      int64        `json:"micro"`
	ValidFrom  string       `json:"valid_from"`
	Source     string       `json:"source"`
	Ours       bool         `json:"ours"`
}

//go:embed catalogue.json
var catalogueJSON []byte

// Seed is the catalogue that a new database begins with. It fails only when
// the embedded file is not what the types say, which a test excludes.
func Seed() (Catalogue, error) {
	var file struct {
		Regions    []Region    `json:"regions"`
		Categories []Category  `json:"categories"`
		Products   []Product   `json:"products"`
		Flavors    []Flavor    `json:"flavors"`
		Prices     []priceLine `json:"prices"`
	}
	d := json.NewDecoder(bytes.NewReader(catalogueJSON))
	d.DisallowUnknownFields()
	if err := d.Decode(&file); err != nil {
		return Catalogue{}, fmt.Errorf("catalogue: %w", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return Catalogue{}, fmt.Errorf("catalogue: something follows its end")
	}
	c := Catalogue{Regions: file.Regions, Categories: file.Categories, Products: file.Products, Flavors: file.Flavors}
	for _, l := range file.Prices {
		from, err := time.Parse(time.DateOnly, l.ValidFrom)
		if err != nil {
			return Catalogue{}, fmt.Errorf("catalogue: price of %s: %w", l.SKU, err)
		}
		c.Prices = append(c.Prices, pricing.Price{
			SKU: l.SKU, Region: l.Region, Unit: l.Unit, TermMonths: l.TermMonths,
			Currency: l.Currency, Micro: l.Micro,
			ValidFrom: from, Source: l.Source, Ours: l.Ours,
		})
	}
	return c, nil
}
