package models_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"quartermaster/models"
	"quartermaster/models/modelstest"
)

// repeatable is what can be ordered with the same token again: written in another
// way, and with something else.
type repeatable struct {
	name           string
	first          models.LineInput
	alike, another []models.LineInput
	remove         func(db *models.DB, by models.Actor, id string) error
	leaves         bool // it is deleted by a job
}

func repeatables(app string) []repeatable {
	store := func(change func(*models.StoreInput)) *models.StoreInput {
		in := &models.StoreInput{Name: "docs", Region: "cn-north-7", Zones: []string{"cn-north-7a", "cn-north-7c"}, CU: "xlarge", Num: 1}
		change(in)
		return in
	}
	plan := func(change func(*models.PlanInput)) *models.PlanInput {
		in := &models.PlanInput{ProductCode: "ossbag", PackageType: "FPT_ossbag_absolute_Storage_sh", Specification: "40", Duration: "6"}
		change(in)
		return in
	}
	bucket := func(change func(*models.BucketInput)) *models.BucketInput {
		in := &models.BucketInput{Name: "team-data", Region: "cn-hangzhou", Tags: "a, b"}
		change(in)
		return in
	}
	version := func(label string) *models.PkgVersionInput {
		return &models.PkgVersionInput{AppID: app, Label: label, Source: "oss://elsewhere/a.jar"}
	}
	return []repeatable{
		{
			name: "store", leaves: true, first: store(func(*models.StoreInput) {}),
			alike: []models.LineInput{
				store(func(in *models.StoreInput) { in.Zones = []string{"cn-north-7c", "cn-north-7a"} }),
				store(func(in *models.StoreInput) { in.ChargeMode, in.PeriodNum = "postPaid", 3 }),
			},
			another: []models.LineInput{
				store(func(in *models.StoreInput) { in.Num = 2 }), store(func(in *models.StoreInput) { in.Name = "other" }),
				store(func(in *models.StoreInput) { in.Zones = in.Zones[:1] }), bucket(func(*models.BucketInput) {}),
			},
			remove: func(db *models.DB, by models.Actor, id string) error {
				_, err := db.DeleteStore(context.Background(), by, id)
				return err
			},
		},
		{
			name: "plan", first: plan(func(*models.PlanInput) {}),
			alike: []models.LineInput{
				plan(func(in *models.PlanInput) { in.Specification, in.Duration = "040", "06" }),
				plan(func(in *models.PlanInput) { in.PricingCycle = "Month" }),
			},
			another: []models.LineInput{
				plan(func(in *models.PlanInput) { in.Specification = "100" }), plan(func(in *models.PlanInput) { in.Duration = "1" }),
			},
			remove: func(db *models.DB, by models.Actor, id string) error {
				return db.DeletePlan(context.Background(), by, id)
			},
		},
		{
			name: "bucket", first: bucket(func(*models.BucketInput) {}),
			alike: []models.LineInput{bucket(func(in *models.BucketInput) { in.Tags = "b a" })},
			another: []models.LineInput{
				bucket(func(in *models.BucketInput) { in.Name = "other-data" }), bucket(func(in *models.BucketInput) { in.LimitGB = 1 }),
				plan(func(*models.PlanInput) {}),
			},
			remove: func(db *models.DB, by models.Actor, id string) error {
				return db.DeleteBucket(context.Background(), by, id)
			},
		},
		{
			name: "version", first: version("v1"), alike: []models.LineInput{version("v1")}, another: []models.LineInput{version("v2")},
			remove: func(db *models.DB, by models.Actor, id string) error {
				return db.DeletePkgVersion(context.Background(), by, id)
			},
		},
	}
}

func TestATokenMakesOneOrderOfOneThing(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	for _, c := range repeatables(mustCreateApp(t, db, team.Requester, "shop").ID) {
		ask := func(l models.LineInput) models.OrderInput {
			return models.OrderInput{Token: c.name, Lines: []models.LineInput{l}}
		}
		first := mustPlace(t, db, team.Requester, ask(c.first))
		for i, l := range c.alike {
			if again := mustPlace(t, db, team.Requester, ask(l)); again.Number != first.Number {
				t.Errorf("%s alike %d: got order %d, want the first, %d", c.name, i, again.Number, first.Number)
			}
		}
		for i, l := range c.another {
			q, err := db.PlaceOrder(t.Context(), team.Requester, ask(l))
			if !rejects(err, "", "repeated") || q.Refused[0].Param != fmt.Sprint(first.Number) || q.Order == nil || q.Order.Number != 0 {
				t.Errorf("%s another %d: got %+v, %v; want it refused as repeated, with the first order's number", c.name, i, q, err)
			}
		}
		noted := ask(c.first)
		noted.Note = "for something else"
		if _, err := db.PlaceOrder(t.Context(), team.Requester, noted); !rejects(err, "", "repeated") {
			t.Errorf("%s with another note: got %v, want it refused as repeated", c.name, err)
		}
		modelstest.Work(t, db)
		if err := c.remove(db, team.Requester, first.Lines[0].ResourceID); err != nil {
			t.Fatalf("%s: delete: %v", c.name, err)
		}
		// What is deleted by a job keeps its name until then.
		if q, err := db.PlaceOrder(t.Context(), team.Requester, ask(c.first)); c.leaves && !rejects(err, "store_name", "taken") {
			t.Errorf("%s: while it is deleted: got order %+v, %v; want its name taken", c.name, q.Order, err)
		} else if !c.leaves && (err != nil || q.Order.Number == first.Number) {
			t.Errorf("%s: after it was deleted: got %v, or the first order", c.name, err)
		}
		modelstest.Work(t, db)
		second := mustPlace(t, db, team.Requester, ask(c.first))
		if second.Number == first.Number || second.Lines[0].ResourceID == first.Lines[0].ResourceID {
			t.Errorf("%s: after it was deleted, the token still gave order %d", c.name, first.Number)
		}
		if again := mustPlace(t, db, team.Requester, ask(c.first)); again.Number != second.Number {
			t.Errorf("%s: the token used anew gave order %d, want %d", c.name, again.Number, second.Number)
		}
	}
}

func TestOfDifferentOrdersWithOneTokenAtOnceOneIsPlaced(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	var all sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		all.Go(func() {
			_, errs[i] = db.PlaceOrder(context.Background(), team.Requester, bucketOrder(fmt.Sprintf("bucket-%d", i), "once"))
		})
	}
	all.Wait()
	placed := 0
	for _, err := range errs {
		switch {
		case err == nil:
			placed++
		case !rejects(err, "", "repeated"):
			t.Errorf("got %v, want it refused as repeated", err)
		}
	}
	if placed != 1 {
		t.Errorf("%d were placed, want one", placed)
	}
}

func TestATokenOfARejectedOrderStaysUsed(t *testing.T) {
	t.Parallel()
	db, _, team := holding(t)
	order := mustPlace(t, db, team.Requester, bucketOrder("team-data", "once"))
	mustDecide(t, db, team.Approver, order, false)
	if again := mustPlace(t, db, team.Requester, bucketOrder("team-data", "once")); again.Number != order.Number {
		t.Errorf("got order %d, want the one that was rejected, %d", again.Number, order.Number)
	}
}

func TestATokenOfAnApplicationIsOfOneThing(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	in := models.AppInput{Name: "shop", Region: "cn-hangzhou", Description: "sells things", Token: "once"}
	app, err := db.CreateApp(t.Context(), team.Requester, in)
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range []func(*models.AppInput){
		func(in *models.AppInput) { in.Name = "warehouse" },
		func(in *models.AppInput) { in.Region = "cn-beijing" },
		func(in *models.AppInput) { in.Description = "" },
	} {
		other := in
		change(&other)
		if _, err := db.CreateApp(t.Context(), team.Requester, other); !rejects(err, "", "repeated_app") {
			t.Errorf("%+v: got %v, want it refused as repeated", other, err)
		}
	}
	other := in
	other.SharedStorage = true
	if _, err := db.CreateApp(t.Context(), team.Requester, other); !rejects(err, "", "repeated_app") {
		t.Errorf("with shared storage: got %v, want it refused as repeated", err)
	}
	if _, err := db.UpdateApp(t.Context(), team.Requester, app.ID, "sells everything"); err != nil {
		t.Fatal(err)
	}
	if again, err := db.CreateApp(t.Context(), team.Requester, in); err != nil || again.ID != app.ID {
		t.Errorf("repeated after a change: got %+v, %v; want the first", again, err)
	}
	if err := db.DeleteApp(t.Context(), team.Requester, app.ID, models.AnyVersions); err != nil {
		t.Fatal(err)
	}
	if again, err := db.CreateApp(t.Context(), team.Requester, in); err != nil || errors.Is(err, models.ErrNotFound) || again.ID == app.ID {
		t.Errorf("after it was deleted: got %+v, %v; want a new one", again, err)
	}
}

func TestATokenOfAStorageBucketIsOfOneRegion(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team, other := modelstest.NewTeam(t, db), modelstest.NewTeam(t, db)
	ensure := func(by models.Actor, region, token string) (*models.Bucket, error) {
		return db.EnsureStorage(context.Background(), by, region, token)
	}
	first, err := ensure(team.Requester, "cn-hangzhou", "once")
	if err != nil {
		t.Fatal(err)
	}
	// Also a token of a call that found the bucket there.
	for _, token := range []string{"once", "late"} {
		if again, err := ensure(team.Requester, "cn-hangzhou", token); err != nil || again.ID != first.ID {
			t.Errorf("%s repeated: got %+v, %v; want the first", token, again, err)
		}
		if _, err := ensure(team.Requester, "cn-beijing", token); !rejects(err, "", "repeated") {
			t.Errorf("%s in another region: got %v, want it refused as repeated", token, err)
		}
	}
	if _, err := ensure(other.Requester, "cn-beijing", "once"); err != nil {
		t.Errorf("another team's token: %v", err)
	}
	var all sync.WaitGroup
	errs := make([]error, 2)
	for i, region := range []string{"cn-shanghai", "cn-shenzhen"} {
		all.Go(func() { _, errs[i] = ensure(team.Requester, region, "together") })
	}
	all.Wait()
	if (errs[0] == nil) == (errs[1] == nil) || !rejects(errors.Join(errs...), "", "repeated") {
		t.Errorf("two regions at once: got %v, want one of them", errs)
	}
	if err := db.DeleteBucket(t.Context(), team.Requester, first.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := ensure(team.Requester, "cn-beijing", "once"); err != nil {
		t.Errorf("after the bucket was deleted: got %v, want a new create", err)
	}
}
