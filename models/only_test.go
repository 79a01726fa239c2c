package models_test

import (
	"errors"
	"strings"
	"testing"

	"quartermaster/models"
	"quartermaster/models/modelstest"
	"quartermaster/models/pricing"
)

func TestMembersOrderOnlyWhatTheyMay(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	plan := mustPlace(t, db, team.Requester, planOrder(example())).Lines[0].ResourceID
	store := readyStore(t, db, team.Requester, storeInput("handbook")).ID
	plain, _ := mustKey(t, db, team.Admin, models.AccessKeyInput{User: team.Requester.UserID})
	orders := []struct {
		what string
		in   models.OrderInput
	}{
		{"bucket", bucketOrder("", "")},
		{"plan", planOrder(example())},
		{"renewal", models.OrderInput{Lines: []models.LineInput{&models.RenewInput{InstanceID: plan, Duration: "6", PricingCycle: pricing.Monthly}}}},
		{"upgrade", models.OrderInput{Lines: []models.LineInput{&models.UpgradeInput{InstanceID: plan, Specification: "100"}}}},
		{"store", storeOrder(storeInput("manual"))},
		{"scale", models.OrderInput{Lines: []models.LineInput{&models.StoreScaleInput{StoreID: store, Num: 2}}}},
	}
	for _, c := range []struct {
		what string
		only models.OnlyInput
		may  string
	}{
		{"everything", models.OnlyInput{}, "bucket plan renewal upgrade store scale"},
		{"plans", models.OnlyInput{Kinds: []string{"plan"}}, "plan renewal upgrade"},
		{"one product", models.OnlyInput{Products: []string{"ossbag"}}, "plan renewal upgrade"},
		{"another product", models.OnlyInput{Products: []string{"cdnbag"}}, ""},
		{"buckets, and plans of a product", models.OnlyInput{Kinds: []string{"bucket", "plan"}, Products: []string{"ossbag"}}, "bucket plan renewal upgrade"},
		{"buckets, and plans of another", models.OnlyInput{Kinds: []string{"bucket", "plan"}, Products: []string{"cdnbag"}}, "bucket"},
		{"a region", models.OnlyInput{Regions: []string{"cn-north-7"}}, "store scale"},
		{"two", models.OnlyInput{Regions: []string{"cn-hangzhou", "cn-shanghai"}}, "bucket plan renewal upgrade"},
		{"plans of a region", models.OnlyInput{Kinds: []string{"plan"}, Regions: []string{"cn-hangzhou"}}, ""},
	} {
		if _, err := db.LimitMember(t.Context(), team.Admin, team.Requester.UserID, c.only); err != nil {
			t.Fatalf("%s: %v", c.what, err)
		}
		by := mustCaller(t, db, plain.ID).Actor
		for _, o := range orders {
			want := false
			for w := range strings.FieldsSeq(c.may) {
				want = want || w == o.what
			}
			for face, by := range map[models.Face]models.Actor{models.ByForm: by, models.ByAPI: by} {
				by.Face = face
				_, err := db.PreviewOrder(t.Context(), by, o.in)
				if refused := rejects(err, "", "may_not_order"); refused == want {
					t.Errorf("%s, %s by %s: got %v, may %t", c.what, o.what, face, err, want)
				} else if refused != models.Unallowed(err) || refused != models.MayNotOrder(err) {
					t.Errorf("%s, %s: got %v, want it not allowed", c.what, o.what, err)
				}
				if !want {
					if _, err := db.PlaceOrder(t.Context(), by, o.in); !rejects(err, "", "may_not_order") {
						t.Errorf("%s, %s by %s: got %v, want it refused", c.what, o.what, face, err)
					}
				}
				if _, err := db.PriceOrder(t.Context(), by, o.in); err != nil {
					t.Errorf("%s, the price of %s: got %v", c.what, o.what, err)
				}
			}
		}
		if got := by.MayOrder(models.KindBucket, "", ""); got != (c.what != "plans" && c.what != "one product" && c.what != "another product" && c.what != "plans of a region") {
			t.Errorf("%s: may order buckets is %t", c.what, got)
		}
	}
	if _, err := db.CreateApp(t.Context(), mustCaller(t, db, plain.ID).Actor, models.AppInput{Name: "shop", Region: "cn-hangzhou"}); !rejects(err, "", "may_not_order") {
		t.Errorf("an application of who may order plans only: got %v", err)
	}
}

func TestLimitsAreTheAdminsToSetAndAreRecorded(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	in := models.OnlyInput{Kinds: []string{"plan"}, Products: []string{"ossbag"}, Regions: []string{"cn-hangzhou"}}
	for _, by := range []models.Actor{team.Viewer, team.Requester, team.Approver} {
		if _, err := db.LimitMember(t.Context(), by, team.Viewer.UserID, in); !errors.Is(err, models.ErrForbidden) {
			t.Errorf("%s: got %v, want forbidden", by.Role, err)
		}
	}
	if _, err := db.LimitMember(t.Context(), team.Admin, team.Admin.UserID, in); !errors.Is(err, models.ErrForbidden) {
		t.Errorf("one's own: got %v, want forbidden", err)
	}
	if _, err := db.LimitMember(t.Context(), modelstest.NewTeam(t, db).Admin, team.Requester.UserID, in); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("another team's: got %v, want not found", err)
	}
	for field, in := range map[string]models.OnlyInput{"kinds": {Kinds: []string{"app"}}, "products": {Products: []string{"x"}}, "regions": {Regions: []string{"x"}}} {
		if _, err := db.LimitMember(t.Context(), team.Admin, team.Requester.UserID, in); !rejects(err, field, "unknown") {
			t.Errorf("%s: got %v, want it refused", field, err)
		}
	}
	older := models.Member{}.OnlyInput()
	if _, err := db.LimitMember(t.Context(), team.Admin, team.Requester.UserID, in); err != nil {
		t.Fatal(err)
	}
	older.Kinds = []string{"bucket"}
	if _, err := db.LimitMember(t.Context(), team.Admin, team.Requester.UserID, older); !rejects(err, "kinds", "changed_meanwhile") {
		t.Errorf("of an older page: got %v, want a conflict", err)
	}
	m, err := db.FindMember(t.Context(), team.Viewer, team.Requester.UserID)
	if err != nil || m.Only.Kinds[0] != models.KindPlan || m.Only.Regions[0] != "cn-hangzhou" || m.Only.Products[0] != "ossbag" {
		t.Errorf("got %+v, %v", m, err)
	}
	events, err := recorded(t, db, team.Viewer, "member.limited")
	if err != nil || len(events) != 1 || events[0].Detail != `{"from":{},"to":{"Kinds":["plan"],"Products":["ossbag"],"Regions":["cn-hangzhou"]}}` {
		t.Errorf("got %+v, %v; want one with before and after", events, err)
	}
}
