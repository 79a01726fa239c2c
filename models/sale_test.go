package models_test

import (
	"errors"
	"sync"
	"testing"

	"quartermaster/models"
	"quartermaster/models/list"
	"quartermaster/models/modelstest"
	"quartermaster/models/pricing"
)

func switchOff(t *testing.T, db *models.DB, by models.Actor, sort models.Sort, id string, off bool) {
	t.Helper()
	if err := db.SetThingOff(t.Context(), by, sort, id, off); err != nil {
		t.Fatalf("switch %s %s: %v", sort, id, err)
	}
}

func TestWhatIsOffSaleIsRefusedAndWhatExistsStays(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	root, by := siteAdmin(team.Admin), team.Requester
	otherwise(t, db, team.Admin, "approver")
	waiting := mustPlace(t, db, by, planOrder(example()))
	otherwise(t, db, team.Admin)
	store := func() models.OrderInput {
		return models.OrderInput{Lines: []models.LineInput{&models.StoreInput{Name: "kb-one", Region: "cn-north-7", Zones: []string{"cn-north-7a"}, CU: "xlarge", Num: 1}}}
	}
	plan := func() models.OrderInput { return planOrder(example()) }
	for _, c := range []struct {
		sort        models.Sort
		id          string
		order       func() models.OrderInput
		field, rule string
	}{
		{models.SortProduct, "ossbag", plan, "product_code", "not_on_sale"},
		{models.SortType, "FPT_ossbag_absolute_Storage_sh", plan, "package_type", "not_on_sale"},
		{models.SortRegion, "cn-shanghai", plan, "package_type", "not_on_sale"},
		{models.SortSpec, "FPT_ossbag_absolute_Storage_sh:40", plan, "specification", "not_offered"},
		{models.SortRegion, "cn-north-7", store, "region", "not_on_sale"},
		{models.SortZone, "cn-north-7:cn-north-7a", store, "availability_zones", "not_on_sale"},
		{models.SortFlavor, "xlarge", store, "cu", "not_on_sale"},
		{models.SortRegion, "cn-shanghai", func() models.OrderInput {
			return models.OrderInput{Lines: []models.LineInput{&models.BucketInput{Name: "off-sale", Region: "cn-shanghai"}}}
		}, "region", "not_on_sale"},
	} {
		switchOff(t, db, root, c.sort, c.id, true)
		if _, err := db.PreviewOrder(t.Context(), by, c.order()); !rejects(err, c.field, c.rule) {
			t.Errorf("%s %s off sale: got %v, want %s %s", c.sort, c.id, err, c.field, c.rule)
		}
		switchOff(t, db, root, c.sort, c.id, false)
		if _, err := db.PreviewOrder(t.Context(), by, c.order()); err != nil {
			t.Errorf("%s %s on sale again: got %v", c.sort, c.id, err)
		}
	}
	p := mustPlan(t, db, by, example())
	switchOff(t, db, root, models.SortType, "FPT_ossbag_absolute_Storage_sh", true)
	renewal := models.OrderInput{Lines: []models.LineInput{&models.RenewInput{InstanceID: p.ID, Duration: "6", PricingCycle: pricing.Monthly}}}
	if _, err := db.PreviewOrder(t.Context(), by, renewal); !rejects(err, "instance_id", "not_renewable") {
		t.Errorf("renew a plan that is off sale: got %v", err)
	}
	upgrade := lineOrder(&models.UpgradeInput{InstanceID: p.ID, Specification: "100"})
	if _, err := db.PlaceOrder(t.Context(), by, upgrade); !rejects(err, "instance_id", "not_on_sale") {
		t.Errorf("upgrade a plan that is off sale: got %v", err)
	}
	switchOff(t, db, root, models.SortType, p.PackageType, false)
	for sort, id := range map[models.Sort]string{models.SortProduct: p.ProductCode, models.SortRegion: p.Region} {
		switchOff(t, db, root, sort, id, true)
		if _, err := db.PlaceOrder(t.Context(), by, upgrade); !rejects(err, "instance_id", "not_on_sale") {
			t.Errorf("upgrade a plan whose %s is off sale: got %v", sort, err)
		}
		switchOff(t, db, root, sort, id, false)
	}
	if _, err := db.PreviewOrder(t.Context(), by, upgrade); err != nil {
		t.Errorf("upgrade a plan that is on sale again: got %v", err)
	}
	switchOff(t, db, root, models.SortType, p.PackageType, true)
	if got, err := db.FindPlan(t.Context(), by, p.ID); err != nil || got.Type.EN == "" {
		t.Errorf("the plan that exists: got %+v, %v", got, err)
	}
	if _, err := db.DecideOrder(t.Context(), team.Approver, waiting.Number, waiting.Version, true, ""); err != nil {
		t.Errorf("approve what was ordered before: got %v", err)
	}
	offers, _, err := modelstest.List(t.Context(), db, team.Viewer, models.Offers, list.Query{Text: "FPT_ossbag_absolute_Storage_sh:"})
	if err != nil || len(offers) == 0 || offers[0].State() != models.OffSale {
		t.Errorf("the catalogue says %+v, %v", offers, err)
	}
	if o, err := db.ListPlanOffers(t.Context(), by, *example()); err != nil || o.Input.PackageType != "" {
		t.Errorf("the form keeps %q, %v", o.Input.PackageType, err)
	}
}

func TestAStoreThatIsOffSaleIsOnlyScaledIn(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	in := storeInput("handbook")
	in.Num = 3
	s := readyStore(t, db, team.Requester, in)
	for sort, id := range map[models.Sort]string{models.SortFlavor: s.CU, models.SortRegion: s.Region, models.SortZone: s.Region + ":" + s.Zones[0]} {
		switchOff(t, db, siteAdmin(team.Admin), sort, id, true)
		for _, action := range []models.ScaleAction{models.ScaleOut, ""} {
			if _, err := db.PlaceOrder(t.Context(), team.Requester, scaleOrder(s.ID, 4, action)); !rejects(err, "num", "not_on_sale") {
				t.Errorf("%s off sale, %q to more: got %v", sort, action, err)
			}
		}
		if _, err := db.PreviewOrder(t.Context(), team.Requester, scaleOrder(s.ID, 2, models.ScaleIn)); err != nil {
			t.Errorf("%s off sale, scale in: got %v", sort, err)
		}
		switchOff(t, db, siteAdmin(team.Admin), sort, id, false)
	}
	if _, err := db.PreviewOrder(t.Context(), team.Requester, scaleOrder(s.ID, 4, models.ScaleOut)); err != nil {
		t.Errorf("on sale again: got %v", err)
	}
}

func TestSiteAdminsAddAndEditWhatIsSold(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	root := siteAdmin(team.Admin)
	put := func(sort models.Sort, id string, in models.ThingInput) error {
		return db.PutThing(t.Context(), root, sort, id, in)
	}
	for _, c := range []struct {
		sort models.Sort
		in   models.ThingInput
	}{
		{models.SortRegion, models.ThingInput{Code: "cn-chengdu", ZH: "西南 1（成都）", EN: "China (Chengdu)", Serves: []string{"bucket", "plan", "store"}}},
		{models.SortZone, models.ThingInput{Of: "cn-chengdu", Code: "cn-chengdu-a", ZH: "可用区 A", EN: "AZ A"}},
		{models.SortProduct, models.ThingInput{Code: "nasbag", ZH: "文件存储资源包", EN: "File storage plan"}},
		{models.SortType, models.ThingInput{Of: "nasbag", Code: "FPT_nas_cd", ZH: "成都", EN: "Chengdu", Region: "cn-chengdu", Counts: "storage", Renewable: true}},
		{models.SortSpec, models.ThingInput{Of: "FPT_nas_cd", Code: "500", Months: "12, 1；6"}},
	} {
		if err := put(c.sort, "", c.in); err != nil {
			t.Fatalf("add %s: %v", c.sort, err)
		}
		if err := put(c.sort, "", c.in); !rejects(err, "thing_code", "taken") {
			t.Errorf("add %s again: got %v, want it taken", c.sort, err)
		}
	}
	if _, err := db.AddPrice(t.Context(), root, "", models.PriceInput{SKU: "FPT_nas_cd:500", Unit: pricing.Month, Amount: "50", From: db.Now().In(pricing.Zone).Format("2006-01-02"), Source: "x"}); err != nil {
		t.Fatal(err)
	}
	in := &models.PlanInput{ProductCode: "nasbag", PackageType: "FPT_nas_cd", Specification: "500", Duration: "6"}
	if o := mustPlace(t, db, team.Requester, planOrder(in)); o.TotalMinor != 30000 || o.Lines[0].Region != "cn-chengdu" {
		t.Errorf("an order of it is %+v", o)
	}
	mustPlace(t, db, team.Requester, models.OrderInput{Lines: []models.LineInput{&models.BucketInput{Name: "in-chengdu", Region: "cn-chengdu"}}})
	for what, c := range map[string]struct {
		sort        models.Sort
		in          models.ThingInput
		field, rule string
	}{
		"a flavor":              {models.SortFlavor, models.ThingInput{Code: "huge", ZH: "x", EN: "x"}, "thing_code", "thing_code"},
		"a region in capitals":  {models.SortRegion, models.ThingInput{Code: "CN", ZH: "x", EN: "x", Serves: []string{"plan"}}, "thing_code", "thing_code"},
		"a region for nothing":  {models.SortRegion, models.ThingInput{Code: "cn-x", ZH: "x", EN: "x"}, "thing_serves", "required"},
		"a zone of nowhere":     {models.SortZone, models.ThingInput{Of: "mars", Code: "mars-a", ZH: "x", EN: "x"}, "thing_of", "unknown"},
		"a type without a name": {models.SortType, models.ThingInput{Of: "nasbag", Code: "FPT_x", EN: "x", Region: "cn", Counts: "storage"}, "thing_zh", "required"},
		"a size of a half":      {models.SortSpec, models.ThingInput{Of: "FPT_nas_cd", Code: "0.5", Months: "1"}, "thing_code", "positive_integer"},
		"a size without terms":  {models.SortSpec, models.ThingInput{Of: "FPT_nas_cd", Code: "600", Months: " "}, "thing_months", "months"},
	} {
		if err := put(c.sort, "", c.in); !rejects(err, c.field, c.rule) {
			t.Errorf("%s: got %v, want %s %s", what, err, c.field, c.rule)
		}
	}
	if err := db.PutThing(t.Context(), team.Admin, models.SortProduct, "nasbag", models.ThingInput{}); !errors.Is(err, models.ErrForbidden) {
		t.Errorf("a team's admin edits: got %v", err)
	}
	if err := db.SetThingOff(t.Context(), team.Admin, models.SortProduct, "nasbag", true); !errors.Is(err, models.ErrForbidden) {
		t.Errorf("a team's admin switches off: got %v", err)
	}
	if err := put("planet", "", models.ThingInput{Code: "mars"}); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("another sort: got %v", err)
	}
}

func TestOfTwoWhoEditTheCatalogueTheSecondIsShownWhatChanged(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	root := siteAdmin(team.Admin)
	thing, err := db.FindThing(t.Context(), root, models.SortSpec, ofForty)
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	errs := make([]error, 3)
	for i, months := range []string{"1", "1, 6", "1, 6, 12, 24"} {
		in := thing.Input()
		in.Months = months
		all.Go(func() { errs[i] = db.PutThing(t.Context(), root, models.SortSpec, ofForty, in) })
	}
	all.Wait()
	saved := 0
	for _, err := range errs {
		var changed models.Changed
		if err == nil {
			saved++
		} else if !errors.As(err, &changed) || len(changed) != 1 || changed[0].Field != "thing_months" {
			t.Errorf("got %v, want what changed", err)
		}
	}
	if saved != 1 {
		t.Errorf("%d of 3 were saved, want 1", saved)
	}
}
