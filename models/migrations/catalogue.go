package migrations

import (
	"encoding/json"
	"fmt"

	"gorm.io/gorm"
)

// seed is the step that fills the catalogue's tables of a new database.
func seed(tx *gorm.DB) error {
	c, err := Seed()
	if err != nil {
		return err
	}
	rows := map[string][]map[string]any{}
	add := func(table string, row map[string]any) {
		row["position"] = len(rows[table])
		rows[table] = append(rows[table], row)
	}
	for _, r := range c.Regions {
		add("regions", map[string]any{"id": r.ID, "zh": r.ZH, "en": r.EN, "serves": list(r.Serves),
			"zones": list(r.Zones), "covers": list(r.Covers), "ours": r.Ours})
	}
	for _, k := range c.Categories {
		add("categories", map[string]any{"name": k.Name, "zh": k.ZH, "en": k.EN})
	}
	for _, p := range c.Products {
		add("products", map[string]any{"code": p.Code, "type": p.Type, "subscription": p.Subscription,
			"zh": p.ZH, "en": p.EN, "ours": p.Ours})
		for _, t := range p.Types {
			add("package_types", map[string]any{"code": t.Code, "product_code": p.Code, "zh": t.ZH, "en": t.EN,
				"region": t.Region, "item": t.Item, "unit": t.Unit, "deduct_type": t.DeductType,
				"applies_to": list(t.AppliesTo), "renewable": t.Renewable, "upgradable": t.Upgradable,
				"stackable": t.Stackable, "on_sale": t.OnSale, "ours": t.Ours})
			for _, s := range t.Specs {
				add("specifications", map[string]any{"package_type": t.Code, "value": s.Value, "name": s.Name,
					"months": list(s.Months)})
			}
		}
	}
	for _, f := range c.Flavors {
		add("flavors", map[string]any{"cu": f.CU, "zh": f.ZH, "en": f.EN, "vcpu": f.VCPU,
			"memory_gb": f.MemoryGB, "ours": f.Ours})
	}
	for i, p := range c.Prices {
		rows["prices"] = append(rows["prices"], map[string]any{"id": fmt.Sprintf("seed-%04d", i+1), "sku": p.SKU,
			"region": p.Region, "unit": string(p.Unit), "term_months": p.TermMonths, "currency": p.Currency,
			"micro": p.Micro, "valid_from": p.ValidFrom, "source": p.Source, "ours": p.Ours})
	}
	for _, table := range []string{"regions", "categories", "products", "package_types", "specifications", "flavors", "prices"} {
		if err := tx.Table(table).CreateInBatches(rows[table], 20).Error; err != nil {
			return fmt.Errorf("seed %s: %w", table, err)
		}
	}
	return nil
}

// list is a list as a text column keeps it.
func list[T any](items []T) string {
	if len(items) == 0 {
		return "[]"
	}
	text, err := json.Marshal(items)
	if err != nil {
		panic(err) // texts and numbers cannot fail
	}
	return string(text)
}
