package migrations_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"quartermaster/models/migrations"
	"quartermaster/models/pricing"
)

var now = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func catalogue(t *testing.T) migrations.Catalogue {
	t.Helper()
	c, err := migrations.Seed()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// once fails the test when a code was met before.
func once(t *testing.T, seen map[string]bool, code string) {
	t.Helper()
	if seen[code] {
		t.Errorf("%s appears twice", code)
	}
	seen[code] = true
}

func named(t *testing.T, code, zh, en string) {
	t.Helper()
	if code == "" || strings.TrimSpace(zh) == "" || strings.TrimSpace(en) == "" {
		t.Errorf("%q is called %q in Chinese and %q in English, want words in both", code, zh, en)
	}
}

func TestEveryOfferedDurationHasAPrice(t *testing.T) {
	t.Parallel()
	c := catalogue(t)
	for _, p := range c.Products {
		for _, pt := range p.Types {
			for _, s := range pt.Specs {
				for _, months := range s.Months {
					q, err := pricing.Plan(c.Prices, now, pt.Code, s.Value, months)
					if err != nil {
						t.Errorf("%s %s for %d months: %v", pt.Code, s.Value, months, err)
						continue
					}
					if q.TradeMinor <= 0 || q.ListMinor-q.DiscountMinor != q.TradeMinor {
						t.Errorf("%s %s for %d months: got %+v, want a price whose parts agree", pt.Code, s.Value, months, q)
					}
				}
			}
		}
	}
}

func TestLongerTermsCostMoreInAllAndLessAMonth(t *testing.T) {
	t.Parallel()
	c := catalogue(t)
	for _, p := range c.Products {
		for _, pt := range p.Types {
			for _, s := range pt.Specs {
				var last pricing.Quote
				for _, months := range s.Months {
					q, err := pricing.Plan(c.Prices, now, pt.Code, s.Value, months)
					if err != nil {
						t.Fatal(err)
					}
					if last.TermN > 0 && (q.TradeMinor <= last.TradeMinor || q.TradeMinor*int64(last.TermN) > last.TradeMinor*int64(months)) {
						t.Errorf("%s %s: %d months cost %d and %d cost %d", pt.Code, s.Value, last.TermN, last.TradeMinor, months, q.TradeMinor)
					}
					last = q
				}
			}
		}
	}
}

func TestEveryFlavorIsPricedInEveryStoreRegion(t *testing.T) {
	t.Parallel()
	c := catalogue(t)
	for _, r := range c.Regions {
		if !slices.Contains(r.Serves, "store") {
			continue
		}
		for _, f := range c.Flavors {
			for _, unit := range []pricing.Unit{pricing.Hour, pricing.Month, pricing.Year} {
				p, err := c.Prices.Find(now, pricing.StoreSKU(f.CU), r.ID, unit, 0)
				if err != nil || p.Micro <= 0 || !p.Ours || p.Region != r.ID {
					t.Errorf("%s in %s per %s: got %+v, %v, want a price of the region marked ours", f.CU, r.ID, unit, p, err)
				}
			}
		}
	}
}

func TestDocumentedPricesAreInTheBook(t *testing.T) {
	t.Parallel()
	c := catalogue(t)
	const (
		storage = "FPT_ossbag_absolute_Storage_china_common"
		archive = "FPT_ossbag_absolute_StorageArchive_china_common"
		traffic = "FPT_ossbag_periodMonthlyAcc_NetworkOut_china_common"
	)
	earlier := time.Date(2019, 6, 1, 0, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		at         time.Time
		code, spec string
		months     int
		want       int64
	}{
		{now, storage, "100", 1, 11_00},
		{now, storage, "500", 1, 54_00},
		{now, storage, "1024", 6, 555_00},
		{now, storage, "1024", 12, 999_00},
		{earlier, storage, "1024", 6, 690_00},
		{earlier, storage, "1024", 12, 1242_00},
		{now, archive, "100", 1, 3_00},
		{now, traffic, "50", 6, 59_76},
		{now, traffic, "2048", 6, 5050_00},
		{now, traffic, "2048", 12, 9090_00},
	} {
		q, err := pricing.Plan(c.Prices, tt.at, tt.code, tt.spec, tt.months)
		if err != nil || q.TradeMinor != tt.want || !strings.HasPrefix(q.Source, "vendor.") {
			t.Errorf("%s %s for %d months: got %d of %q, %v, want %d of the vendor's", tt.code, tt.spec, tt.months, q.TradeMinor, q.Source, err, tt.want)
		}
	}
}

func TestTheDocumentsExampleIsSold(t *testing.T) {
	t.Parallel()
	c := catalogue(t)
	i := slices.IndexFunc(c.Products, func(p migrations.Product) bool { return p.Code == "ossbag" })
	for _, pt := range c.Products[i].Types {
		if pt.Code != "FPT_ossbag_absolute_Storage_sh" {
			continue
		}
		for _, s := range pt.Specs {
			if s.Value == "40" && slices.Contains(s.Months, 6) && pt.OnSale {
				return
			}
		}
	}
	t.Error("FPT_ossbag_absolute_Storage_sh of 40 for 6 months is not sold")
}

func TestSomeTypeIsKnownButNotOnSale(t *testing.T) {
	t.Parallel()
	for _, p := range catalogue(t).Products {
		for _, pt := range p.Types {
			if !pt.OnSale {
				return
			}
		}
	}
	t.Error("every type is on sale: PackageTypeNotSupported cannot be met")
}

func TestRegionsAreNamedAndUsable(t *testing.T) {
	t.Parallel()
	c := catalogue(t)
	seen := map[string]bool{}
	for _, r := range c.Regions {
		once(t, seen, r.ID)
		named(t, r.ID, r.ZH, r.EN)
		if len(r.Serves) == 0 {
			t.Errorf("%s serves nothing", r.ID)
		}
		for _, kind := range r.Serves {
			if !slices.Contains([]string{"bucket", "app", "plan", "store"}, kind) {
				t.Errorf("%s serves %q, which is no kind", r.ID, kind)
			}
		}
		if slices.Contains(r.Serves, "store") != (len(r.Zones) > 0) {
			t.Errorf("%s serves %v and has %d zones, want zones where stores are made", r.ID, r.Serves, len(r.Zones))
		}
		for _, z := range r.Zones {
			once(t, seen, z.ID)
			named(t, z.ID, z.ZH, z.EN)
			if !strings.HasPrefix(z.ID, r.ID) {
				t.Errorf("zone %s is not of %s", z.ID, r.ID)
			}
		}
	}
	for _, r := range c.Regions {
		for _, id := range r.Covers {
			if !seen[id] {
				t.Errorf("%s covers %s, which is no region", r.ID, id)
			}
		}
	}
	for _, id := range []string{"cn-hangzhou", "cn-shanghai", "cn-beijing", "cn-zhangjiakou", "cn-shenzhen", "cn-north-7", "cn-north-7c"} {
		if !seen[id] {
			t.Errorf("%s of the documents is missing", id)
		}
	}
}

func TestProductsAreNamedAndInKnownRegions(t *testing.T) {
	t.Parallel()
	c := catalogue(t)
	planRegions := map[string]bool{}
	for _, r := range c.Regions {
		planRegions[r.ID] = slices.Contains(r.Serves, "plan")
	}
	seen := map[string]bool{}
	for _, p := range c.Products {
		once(t, seen, p.Code)
		named(t, p.Code, p.ZH, p.EN)
		if p.Subscription != "Subscription" && p.Subscription != "PayAsYouGo" {
			t.Errorf("%s is of subscription type %q", p.Code, p.Subscription)
		}
		for _, pt := range p.Types {
			once(t, seen, pt.Code)
			named(t, pt.Code, pt.ZH, pt.EN)
			if !strings.HasPrefix(pt.Code, "FPT_"+p.Code+"_") {
				t.Errorf("type %s does not name its product %s", pt.Code, p.Code)
			}
			if !planRegions[pt.Region] {
				t.Errorf("%s is of region %q, where no plan is sold", pt.Code, pt.Region)
			}
			if pt.Item == "" || pt.Unit == "" || pt.DeductType == "" || len(pt.AppliesTo) == 0 || len(pt.Specs) == 0 {
				t.Errorf("%s lacks something: %+v", pt.Code, pt)
			}
			for _, s := range pt.Specs {
				once(t, seen, pricing.PlanSKU(pt.Code, s.Value))
				if n, err := strconv.ParseInt(s.Value, 10, 64); err != nil || n < 1 || s.Name == "" || strconv.FormatInt(n, 10) != s.Value {
					t.Errorf("%s: specification %q named %q, want a positive whole number with a name", pt.Code, s.Value, s.Name)
				}
				if len(s.Months) == 0 || s.Months[0] < 1 || !slices.IsSorted(s.Months) || len(slices.Compact(slices.Clone(s.Months))) != len(s.Months) {
					t.Errorf("%s %s is sold for %v months, want positive durations in order", pt.Code, s.Value, s.Months)
				}
			}
		}
	}
	for _, code := range []string{
		"ossbag", "cdn", "bwp", "rds",
		"FPT_ossbag_absolute_Storage_sh", "FPT_ossbag_absolute_Storage_bj", "FPT_ossbag_absolute_Storage_china_common",
		"FPT_ossbag_deadlineAcc_CdnOut_common_sz", "FPT_ossbag_periodMonthlyAcc_NetworkOut_finance_common",
	} {
		if !seen[code] {
			t.Errorf("%s of the documents is missing", code)
		}
	}
}

func TestCategoriesAndFlavorsAreThoseOfTheDocuments(t *testing.T) {
	t.Parallel()
	c := catalogue(t)
	var names, cus []string
	for _, x := range c.Categories {
		named(t, x.Name, x.ZH, x.EN)
		names = append(names, x.Name)
	}
	for _, f := range c.Flavors {
		named(t, f.CU, f.ZH, f.EN)
		if f.VCPU < 1 || f.MemoryGB < 1 || !f.Ours {
			t.Errorf("flavor %+v, want a size marked ours", f)
		}
		cus = append(cus, f.CU)
	}
	if got, want := strings.Join(names, ", "), "Tomcat, Java, Node.js, Go, PHP, Python, ASP.NET Core, Ruby, Native"; got != want {
		t.Errorf("categories: got %s, want %s", got, want)
	}
	if got, want := strings.Join(cus, " "), "xlarge 2xlarge 4xlarge 8xlarge 16xlarge"; got != want {
		t.Errorf("flavors: got %s, want %s", got, want)
	}
}

func TestPricesAreWellFormedAndSoldForSomething(t *testing.T) {
	t.Parallel()
	c := catalogue(t)
	skus := map[string]bool{}
	for _, p := range c.Products {
		for _, pt := range p.Types {
			for _, s := range pt.Specs {
				skus[pricing.PlanSKU(pt.Code, s.Value)] = true
			}
		}
	}
	for _, f := range c.Flavors {
		skus[pricing.StoreSKU(f.CU)] = true
	}
	type line struct {
		sku, region string
		unit        pricing.Unit
		months      int
		from        time.Time
	}
	seen := map[line]bool{}
	for _, p := range c.Prices {
		l := line{p.SKU, p.Region, p.Unit, p.TermMonths, p.ValidFrom}
		if seen[l] {
			t.Errorf("two prices for %+v", l)
		}
		seen[l] = true
		if !skus[p.SKU] {
			t.Errorf("a price for %s, which nobody sells", p.SKU)
		}
		if p.Currency != "CNY" || p.Micro <= 0 || (p.Unit == pricing.Term) != (p.TermMonths > 0) || p.ValidFrom.After(now) {
			t.Errorf("price %+v is not well formed", p)
		}
		if ours := strings.HasPrefix(p.Source, "ours."); ours != p.Ours || !ours && !strings.HasPrefix(p.Source, "vendor.") {
			t.Errorf("price of %s: source %q, marked ours %t", p.SKU, p.Source, p.Ours)
		}
	}
}
