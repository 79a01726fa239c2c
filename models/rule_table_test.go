package models_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"quartermaster/models"
	"quartermaster/models/modelstest"
	"quartermaster/models/pricing"
)

// Every order that there is, by every role and both faces, meets the same rules: the
// first that it fits lets it through or holds it, and the order keeps its words.
func TestEveryOrderMeetsTheRulesWhoeverPlacesItAndHow(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]struct {
		in    models.RuleInput
		meets func(kind models.Kind, by models.Actor) bool
	}{
		"kind":    {models.RuleInput{Kinds: []string{string(models.KindPlan), string(models.KindPkgVersion)}}, func(k models.Kind, _ models.Actor) bool { return k == models.KindPlan || k == models.KindPkgVersion }},
		"product": {models.RuleInput{Products: []string{"ossbag"}}, func(k models.Kind, _ models.Actor) bool { return k == models.KindPlan }},
		"region":  {models.RuleInput{Regions: []string{"cn-north-7"}}, func(k models.Kind, _ models.Actor) bool { return k == models.KindStore }},
		"role":    {models.RuleInput{Roles: []string{"requester"}}, func(_ models.Kind, by models.Actor) bool { return by.Role == models.Requester }},
		"face":    {models.RuleInput{Faces: []string{"api"}}, func(_ models.Kind, by models.Actor) bool { return by.Face == models.ByAPI }},
		"role and face": {models.RuleInput{Roles: []string{"approver", "admin"}, Faces: []string{"form"}}, func(_ models.Kind, by models.Actor) bool {
			return by.Role != models.Requester && by.Face == models.ByForm
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := modelstest.Choose(t, models.Options{})
			db := modelstest.OpenWith(t, o)
			team := modelstest.NewTeam(t, db)
			user, err := db.AddMember(t.Context(), team.Admin, models.UserInput{Name: "Another", Email: "another@example.com"}, models.Admin)
			if err != nil {
				t.Fatal(err)
			}
			second := team.Admin
			second.UserID, second.UserName = user.ID, user.Name
			modelstest.Exec(t, o, "UPDATE teams SET cu_quota = ?", 10_000)
			app := mustCreateApp(t, db, team.Requester, "shop")
			stands := readyStore(t, db, team.Requester, storeInput("stands"))
			plans := make([]string, 12)
			for i := range plans {
				plans[i] = mustPlan(t, db, team.Requester, example()).ID
			}
			rule(t, db, team.Admin, asking(r.in, "admin"))
			asked := 0
			for _, by := range []models.Actor{team.Requester, team.Approver, team.Admin, byAPI(team.Requester), byAPI(team.Approver), byAPI(team.Admin)} {
				asked++
				plan := plans[2*asked-2 : 2*asked]
				for _, order := range []struct {
					kind models.Kind
					in   models.LineInput
				}{
					{models.KindBucket, &models.BucketInput{Name: fmt.Sprintf("%s-%d", slug(name), asked), Region: "cn-hangzhou"}},
					{models.KindPkgVersion, &models.PkgVersionInput{AppID: app.ID, Label: fmt.Sprint(asked), Source: "oss://elsewhere/a/b.zip"}},
					{models.KindPlan, example()},
					{models.KindStore, storeInput(fmt.Sprintf("s-%d", asked))},
					{models.KindPlan, &models.RenewInput{InstanceID: plan[0], Duration: "6", PricingCycle: pricing.Monthly}},
					{models.KindPlan, &models.UpgradeInput{InstanceID: plan[1], Specification: "100"}},
					{models.KindStore, &models.StoreScaleInput{StoreID: stands.ID, Num: int64(asked) + 1}},
				} {
					what := fmt.Sprintf("%T by %s, %s", order.in, by.Role, by.Face)
					quote, err := db.PlaceOrder(t.Context(), by, lineOrder(order.in))
					var held *models.Held
					if err != nil && !errors.As(err, &held) {
						t.Fatalf("%s: %v", what, err)
					}
					waits := quote.Order.State == models.OrderPending
					if want := r.meets(order.kind, by); waits != want || (held != nil) != (want && by.Face == models.ByAPI) {
						t.Errorf("%s: waits %v, held %v; want it to wait: %v", what, waits, held, want)
					}
					if quote.Order.Sentence == nil || len(quote.Order.Sentence.Steps) > 0 != waits {
						t.Errorf("%s: keeps %+v, want the rule that decided", what, quote.Order.Sentence)
					}
					if waits {
						mustDecide(t, db, second, quote.Order, false)
					}
				}
				modelstest.Work(t, db)
			}
		})
	}
}

// slug is a name without spaces.
func slug(name string) string {
	return string(slices.DeleteFunc([]byte(name), func(b byte) bool { return b == ' ' }))
}
