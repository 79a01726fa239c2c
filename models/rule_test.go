package models_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"quartermaster/models"
	"quartermaster/models/list"
	"quartermaster/models/modelstest"
	"quartermaster/models/pricing"
)

func mustRules(t *testing.T, db *models.DB, by models.Actor) models.RulesPage {
	t.Helper()
	p, err := db.FindRules(t.Context(), by)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// rule adds a rule before the last of the team's.
func rule(t *testing.T, db *models.DB, by models.Actor, in models.RuleInput) {
	t.Helper()
	book := mustRules(t, db, by).Team.Rules
	in.Version = book.Version
	if err := db.PutRule(t.Context(), by, len(book.Sentences())-1, false, in); err != nil {
		t.Fatalf("put rule: %v", err)
	}
}

// otherwise sets the steps of the team's last rule.
func otherwise(t *testing.T, db *models.DB, by models.Actor, steps ...string) {
	t.Helper()
	book := mustRules(t, db, by).Team.Rules
	if err := db.PutRule(t.Context(), by, len(book.Sentences())-1, true, asking(models.RuleInput{Version: book.Version}, steps...)); err != nil {
		t.Fatalf("set last rule: %v", err)
	}
}

// asking is a rule that asks for these steps.
func asking(in models.RuleInput, steps ...string) models.RuleInput {
	for i, s := range steps {
		*[]*string{&in.Step1, &in.Step2, &in.Step3}[i] = s
	}
	return in
}

func mustWay(t *testing.T, db *models.DB, by models.Actor, number int64) []models.Approval {
	t.Helper()
	way, err := db.Way(t.Context(), by, number)
	if err != nil {
		t.Fatal(err)
	}
	return way
}

// TestFirstRuleThatAnOrderMeetsDecides tries rules with orders of every kind, by
// both faces and several roles.
func TestFirstRuleThatAnOrderMeetsDecides(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	plan := models.Trial{Kind: models.KindPlan, Product: "ossbag", Region: "cn-hangzhou", Amount: "12,000.00", Face: models.ByForm, Person: team.Requester.UserID, CostCentre: "R&D"}
	with := func(change func(*models.Trial)) models.Trial {
		in := plan
		change(&in)
		return in
	}
	for _, tt := range []struct {
		name  string
		in    models.RuleInput
		meets models.Trial
		not   models.Trial
	}{
		{"kind", models.RuleInput{Kinds: []string{"plan", "store"}}, plan, with(func(o *models.Trial) { o.Kind = models.KindBucket })},
		{"product", models.RuleInput{Products: []string{"ossbag"}}, plan, with(func(o *models.Trial) { o.Product = "" })},
		{"region", models.RuleInput{Regions: []string{"cn-hangzhou"}}, plan, with(func(o *models.Trial) { o.Region = "cn-shanghai" })},
		{"amount", models.RuleInput{Over: "11,999.99"}, plan, with(func(o *models.Trial) { o.Amount = "11999.99" })},
		{"amount, full width", models.RuleInput{Over: "１１９９９"}, plan, with(func(o *models.Trial) { o.Amount = "" })},
		{"role", models.RuleInput{Roles: []string{"requester"}}, plan, with(func(o *models.Trial) { o.Person = team.Admin.UserID })},
		{"person", models.RuleInput{People: []string{team.Requester.UserID}}, plan, with(func(o *models.Trial) { o.Person = team.Approver.UserID })},
		{"face", models.RuleInput{Faces: []string{"form"}}, plan, with(func(o *models.Trial) { o.Face = models.ByAPI })},
		{"cost centre", models.RuleInput{CostCentres: "IT，R&D, Sales"}, plan, with(func(o *models.Trial) { o.CostCentre = "R&" })},
		{"all of them", models.RuleInput{Kinds: []string{"plan"}, Over: "10000", Faces: []string{"form"}}, plan, with(func(o *models.Trial) { o.Face = models.ByAPI })},
	} {
		rule(t, db, team.Admin, asking(tt.in, "admin"))
		for in, want := range map[models.Trial]int{tt.meets: 0, tt.not: 1} {
			got, err := db.TryRules(t.Context(), team.Admin, in)
			if err != nil || got.At != want || (len(got.Way) > 0) != (want == 0) {
				t.Errorf("%s: got rule %d with %d steps, %v; want rule %d", tt.name, got.At, len(got.Way), err, want)
			}
		}
		book := mustRules(t, db, team.Admin).Team.Rules
		if again := book.RuleInput(0); tt.name == "amount" && again.Over != "11999.99" {
			t.Errorf("%s: the form shows %q", tt.name, again.Over)
		}
		if err := db.DeleteRule(t.Context(), team.Admin, book.Version, 0); err != nil {
			t.Fatal(err)
		}
	}
}

func TestOrderTakesTheStepsOfItsRuleInTheirOrder(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	rule(t, db, team.Admin, asking(models.RuleInput{Kinds: []string{"bucket"}}, "approver", "admin"))
	preview, err := db.PreviewOrder(t.Context(), team.Requester, bucketOrder("two-steps", ""))
	if err != nil || len(preview.Way) != 2 {
		t.Fatalf("got %d steps, %v; want two", len(preview.Way), err)
	}
	o := mustPlace(t, db, team.Requester, bucketOrder("two-steps", ""))
	if o.State != models.OrderPending || o.Sentence == nil || len(o.Sentence.Steps) != 2 {
		t.Fatalf("got order %s by rule %v, want it pending by the rule", o.State, o.Sentence)
	}
	otherwise(t, db, team.Admin) // changes nothing for what waits
	book := mustRules(t, db, team.Admin).Team.Rules
	if err := db.DeleteRule(t.Context(), team.Admin, book.Version, 0); err != nil {
		t.Fatal(err)
	}
	decide := func(by models.Actor, version int64, want error) {
		t.Helper()
		if _, err := db.DecideOrder(t.Context(), by, o.Number, version, true, ""); !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", by.UserName, err, want)
		}
	}
	// The admin is needed for the second step, and there is somebody else for the first.
	if _, err := db.DecideOrder(t.Context(), team.Admin, o.Number, 1, true, ""); !rejects(err, "", "needed_later") {
		t.Errorf("the only admin takes the first step: got %v, want it refused", err)
	}
	decide(team.Requester, 1, models.ErrForbidden)
	decide(team.Approver, 1, nil)
	decide(team.Approver, 2, models.ErrForbidden)
	decide(team.Admin, 1, models.ErrConflict) // as it was before
	if kept := findOrder(t, db, team.Viewer, o.Number); kept.State != models.OrderPending || kept.Lines[0].ResourceID != "" {
		t.Errorf("after one step the order is %s", kept.State)
	}
	decide(team.Admin, 2, nil)
	kept := findOrder(t, db, team.Viewer, o.Number)
	if kept.State != models.OrderCompleted || kept.DecidedBy != team.Admin.UserID || kept.Sentence == nil || len(kept.Sentence.Steps) != 2 {
		t.Errorf("got order %s decided by %s by rule %v", kept.State, kept.DeciderName, kept.Sentence)
	}
	way := mustWay(t, db, team.Viewer, o.Number)
	if len(way) != 2 || way[0].DecidedBy != team.Approver.UserID || way[1].DecidedBy != team.Admin.UserID || way[1].State != models.ApprovalApproved {
		t.Errorf("got way %+v", way)
	}
}

func TestWhoOnlyCouldDecideTheirOwnOrderCannotPlaceIt(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	otherwise(t, db, team.Admin, "admin")
	if _, err := db.PlaceOrder(t.Context(), team.Admin, bucketOrder("mine-only", "")); !rejects(err, "", "only_requester") {
		t.Errorf("got %v, want it refused", err)
	}
	if p := mustPlace(t, db, team.Requester, bucketOrder("another", "")); p.State != models.OrderPending {
		t.Errorf("got order %s, want it pending", p.State)
	}
	// A step that asks the requester alone is any admin's.
	otherwise(t, db, team.Admin, team.Approver.UserID)
	o := mustPlace(t, db, team.Approver, bucketOrder("instead", ""))
	way := mustWay(t, db, team.Viewer, o.Number)
	if len(way) != 1 || way[0].Role != models.Admin || !way[0].Instead {
		t.Errorf("got way %+v, want an admin instead", way)
	}
	mustDecide(t, db, team.Admin, o, true)
}

func TestMixedOrderIsNotLetThroughByTheRuleOfOneLine(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	otherwise(t, db, team.Admin, "approver")
	rule(t, db, team.Admin, models.RuleInput{Kinds: []string{"bucket"}})
	both := planOrder(example())
	both.Lines = append(both.Lines, bucketOrder("beside", "").Lines...)
	if o := mustPlace(t, db, team.Requester, both); o.State != models.OrderPending {
		t.Errorf("a plan with a bucket beside is %s, want it pending", o.State)
	}
	if o := mustPlace(t, db, team.Requester, bucketOrder("alone", "")); o.State != models.OrderCompleted {
		t.Errorf("a bucket alone is %s, want it completed", o.State)
	}
}

func TestMonthCountsWithTheOrder(t *testing.T) {
	t.Parallel()
	clock := modelstest.NewClock()
	db := modelstest.OpenWith(t, models.Options{Clock: clock.Now})
	team := modelstest.NewTeam(t, db)
	first := mustPlace(t, db, team.Requester, planOrder(example()))
	rule(t, db, team.Admin, asking(models.RuleInput{Over: fmt.Sprint(first.TotalMinor * 3 / 200), ByMonth: true}, "approver"))
	if o := mustPlace(t, db, team.Requester, planOrder(example())); o.State != models.OrderPending {
		t.Errorf("with the month it is %s, want it pending", o.State)
	}
	if o := mustPlace(t, db, team.Requester, bucketOrder("free-of-it", "")); o.State != models.OrderCompleted {
		t.Errorf("nothing more this month is %s, want it completed", o.State)
	}
}

func TestRulesThatAreRefused(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	for _, tt := range []struct {
		field, rule string
		in          models.RuleInput
	}{
		{"kinds", "unknown", models.RuleInput{Kinds: []string{"order"}}},
		{"products", "unknown", models.RuleInput{Products: []string{"x"}}},
		{"regions", "unknown", models.RuleInput{Regions: []string{"mars"}}},
		{"over", "amount", models.RuleInput{Over: "-1"}},
		{"over", "amount", models.RuleInput{Over: "10.000"}},
		{"roles", "unknown", models.RuleInput{Roles: []string{"viewer"}}},
		{"people", "unknown", models.RuleInput{People: []string{"nobody"}}},
		{"faces", "unknown", models.RuleInput{Faces: []string{"server"}}},
		{"step_1", "unknown", asking(models.RuleInput{}, team.Requester.UserID)},
	} {
		if err := db.PutRule(t.Context(), team.Admin, 0, false, tt.in); !rejects(err, tt.field, tt.rule) {
			t.Errorf("%+v: got %v, want %s %s", tt.in, err, tt.field, tt.rule)
		}
	}
	if err := db.PutRule(t.Context(), team.Approver, 0, false, models.RuleInput{}); !errors.Is(err, models.ErrForbidden) {
		t.Errorf("an approver writes a rule: got %v", err)
	}
	rule(t, db, team.Admin, models.RuleInput{Kinds: []string{"plan"}})
	if err := db.PutRule(t.Context(), team.Admin, 0, true, models.RuleInput{}); !errors.Is(err, models.ErrConflict) {
		t.Errorf("a form of older rules: got %v, want a conflict", err)
	}
}

func TestFaultsOfRulesAreSaid(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	rule(t, db, team.Admin, asking(models.RuleInput{Kinds: []string{"plan", "store"}, Over: "100"}, "approver"))
	rule(t, db, team.Admin, asking(models.RuleInput{Kinds: []string{"plan"}, Over: "200"}, "admin"))
	rule(t, db, team.Admin, asking(models.RuleInput{Kinds: []string{"plan"}, Over: "50", People: []string{team.Admin.UserID}}, "admin"))
	rule(t, db, team.Admin, asking(models.RuleInput{Kinds: []string{"bucket"}}, team.Approver.UserID))
	rule(t, db, team.Admin, asking(models.RuleInput{Kinds: []string{"store"}, Products: []string{"ossbag"}}, "admin"))
	rule(t, db, team.Admin, asking(models.RuleInput{Roles: []string{"approver"}, People: []string{team.Requester.UserID}}, "admin"))
	// What is let through alone is asked about among other things.
	rule(t, db, team.Admin, models.RuleInput{Kinds: []string{"version"}})
	rule(t, db, team.Admin, asking(models.RuleInput{Kinds: []string{"version"}}, "admin", "admin"))
	if _, err := db.ChangeRole(t.Context(), team.Admin, team.Approver.UserID, models.RoleInput{Role: models.Viewer}); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range mustRules(t, db, team.Admin).Faults {
		got = append(got, fmt.Sprintf("%d %s %s", f.At, f.Fault, f.Param))
	}
	want := []string{"1 covered 1", "2 alone " + team.Admin.UserName, "3 nobody " + team.Approver.UserName, "4 nowhere ", "5 never ", "7 few "}
	if !slices.Equal(got, want) {
		t.Errorf("got faults %q, want %q", got, want)
	}
	// An order that meets the last of them is held for an admin.
	o := mustPlace(t, db, team.Requester, bucketOrder("nobody-left", ""))
	mustDecide(t, db, team.Admin, o, true)
}

// TestRuleThatCanNeverApplyIsSaid puts one rule after the other, and looks at what is said
// before it is kept, on the page of rules, and by the tester with an order that it does
// not meet.
func TestRuleThatCanNeverApplyIsSaid(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	settings := func(change func(*models.SettingsInput)) {
		t.Helper()
		in := mustTeam(t, db, team.Admin).Settings()
		change(&in)
		if err := db.UpdateSettings(t.Context(), team.Admin, in); err != nil {
			t.Fatal(err)
		}
	}
	settings(func(in *models.SettingsInput) { in.Centres, in.OnlyCentres = "R&D\nSales", true })
	if _, err := db.LimitMember(t.Context(), team.Admin, team.Approver.UserID, models.OnlyInput{Kinds: []string{"plan"}, Regions: []string{"cn-shanghai"}}); err != nil {
		t.Fatal(err)
	}
	check := func(name string, want string) {
		t.Helper()
		book := mustRules(t, db, team.Admin)
		v, err := db.TryRules(t.Context(), team.Admin, models.Trial{Kind: models.KindBucket, Face: models.ByForm, Person: team.Requester.UserID})
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if len(book.Faults) > 0 {
			got = book.Faults[0].Fault
		}
		if got != want || fmt.Sprint(v.Faults) != fmt.Sprint(book.Faults) || (want != "" && v.At != 1) {
			t.Errorf("%s: the page says %v, the tester of rule %d %v; want %q", name, book.Faults, v.At, v.Faults, want)
		}
	}
	for _, tt := range []struct {
		name, want string
		in         models.RuleInput
	}{
		{"store where none are made", "nowhere", models.RuleInput{Kinds: []string{"store"}, Regions: []string{"cn-hangzhou"}}},
		{"one of the kinds is there", "", models.RuleInput{Kinds: []string{"store", "plan"}, Regions: []string{"cn-hangzhou"}}},
		{"one of the regions has it", "", models.RuleInput{Kinds: []string{"store"}, Regions: []string{"cn-hangzhou", "cn-north-7"}}},
		{"version where applications are", "", models.RuleInput{Kinds: []string{"version"}, Regions: []string{"cn-hangzhou"}}},
		{"product that is not sold there", "nowhere", models.RuleInput{Products: []string{"ossbag"}, Regions: []string{"cn-north-7"}}},
		{"product that is", "", models.RuleInput{Products: []string{"ossbag"}, Regions: []string{"cn-hangzhou"}}},
		{"product of a bucket", "nowhere", models.RuleInput{Kinds: []string{"bucket"}, Products: []string{"ossbag"}}},
		{"free things that cost", "free", models.RuleInput{Kinds: []string{"bucket", "version"}, Over: "1"}},
		{"free things, with the month", "", models.RuleInput{Kinds: []string{"bucket", "version"}, Over: "1", ByMonth: true}},
		{"cost centre that is not listed", "centre", models.RuleInput{CostCentres: "IT"}},
		{"one of the cost centres is", "", models.RuleInput{CostCentres: "IT, Sales"}},
		{"viewer", "never", models.RuleInput{People: []string{team.Viewer.UserID}}},
		{"who may order only plans in another region", "never", models.RuleInput{Kinds: []string{"plan"}, Regions: []string{"cn-hangzhou"}, People: []string{team.Approver.UserID}}},
		{"who may order only plans, a bucket", "never", models.RuleInput{Kinds: []string{"bucket"}, People: []string{team.Approver.UserID}}},
		{"who may order only plans, anything", "", models.RuleInput{People: []string{team.Approver.UserID}}},
		{"who may order only plans, and another", "", models.RuleInput{Kinds: []string{"bucket"}, People: []string{team.Approver.UserID, team.Requester.UserID}}},
	} {
		in := asking(tt.in, "approver")
		r, err := db.ReadRule(t.Context(), team.Admin, in)
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		if f, err := db.FaultOf(t.Context(), team.Admin, 0, false, r); err != nil || f.Fault != tt.want {
			t.Errorf("%s: before it is kept the form says %q, %v; want %q", tt.name, f.Fault, err, tt.want)
		}
		rule(t, db, team.Admin, in)
		check(tt.name, tt.want)
		if tt.in.CostCentres == "IT, Sales" {
			settings(func(in *models.SettingsInput) { in.Centres = "R&D" })
			check("cost centre that is no longer listed", "centre")
			settings(func(in *models.SettingsInput) { in.OnlyCentres = false })
			check("any cost centre", "")
			settings(func(in *models.SettingsInput) { in.OnlyCentres = true })
		}
		if err := db.DeleteRule(t.Context(), team.Admin, mustRules(t, db, team.Admin).Team.Rules.Version, 0); err != nil {
			t.Fatal(err)
		}
	}
}

// TestWhoAsksCannotBeWhoDecides looks at rules of which the only one who decides is the one
// who asks, by name or by role: an admin decides instead, and where there is none, nothing
// is placed.
func TestWhoAsksCannotBeWhoDecides(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	for _, tt := range []struct {
		name, want string
		in         models.RuleInput
		by         models.Actor
	}{
		{"approver by name", "own", asking(models.RuleInput{People: []string{team.Approver.UserID}}, team.Approver.UserID), team.Approver},
		{"approver by role", "own", asking(models.RuleInput{Roles: []string{"approver"}}, team.Approver.UserID), team.Approver},
		{"admin by role", "alone", asking(models.RuleInput{Roles: []string{"admin"}}, "admin"), team.Admin},
		{"step of an admin after another", "alone", asking(models.RuleInput{Roles: []string{"admin"}}, "approver", "admin"), team.Admin},
		{"two steps of one person beside", "few", asking(models.RuleInput{Roles: []string{"approver"}}, "approver", "approver"), team.Approver},
		{"others can", "", asking(models.RuleInput{Roles: []string{"admin"}}, "approver"), team.Admin},
	} {
		rule(t, db, team.Admin, tt.in)
		got := ""
		if p := mustRules(t, db, team.Admin); len(p.Faults) > 0 {
			got = p.Faults[0].Fault
		}
		if got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
		q, err := db.PlaceOrder(t.Context(), tt.by, bucketOrder("", ""))
		if tt.want == "alone" {
			if !rejects(err, "", "only_requester") {
				t.Errorf("%s: got %v, want it refused", tt.name, err)
			}
		} else if err != nil || len(q.Way) != 1 || tt.want != "" && q.Way[0].Role != models.Admin {
			t.Errorf("%s: got way %+v, %v, want an admin", tt.name, q.Way, err)
		}
		if err := db.DeleteRule(t.Context(), team.Admin, mustRules(t, db, team.Admin).Team.Rules.Version, 0); err != nil {
			t.Fatal(err)
		}
	}
}

// The tester of rules says what the form of an order says: who decides, what is left of
// budgets, and why it would be refused.
func TestTesterSaysWhatTheFormSays(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	rule(t, db, team.Admin, asking(models.RuleInput{Products: []string{"cdnbag"}}, "approver"))
	preview, err := db.PreviewOrder(t.Context(), team.Requester, planOrder(example()))
	if err != nil {
		t.Fatal(err)
	}
	price := preview.Order.PayMinor
	try := func(in models.Trial) models.Verdict {
		t.Helper()
		if in.Person = team.Requester.UserID; in.Number != "" {
			in = models.Trial{Number: in.Number}
		}
		in.Face = models.ByForm
		v, err := db.TryRules(t.Context(), team.Admin, in)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	plan := models.Trial{Kind: models.KindPlan, Product: "ossbag", Amount: pricing.Decimal(price)}
	same := func(when string) {
		t.Helper()
		q, err := db.PreviewOrder(t.Context(), team.Requester, planOrder(example()))
		v := try(plan)
		if err != nil && !isInvalid(err) || fmt.Sprint(v.Refused) != fmt.Sprint(q.Refused) || len(v.Way) != len(q.Way) || len(v.Effects) != len(q.Effects) ||
			len(v.Effects) > 0 && (v.Effects[0].Left() != q.Effects[0].Left() || v.Effects[0].OrderMinor != q.Effects[0].OrderMinor) {
			t.Errorf("%s: the tester says %+v, the form %+v, %v", when, v, q, err)
		}
		for i, a := range v.Way {
			if a.Ask() != q.Way[i].Ask() {
				t.Errorf("%s: the tester asks %+v, the form %+v", when, a.Ask(), q.Way[i].Ask())
			}
		}
	}
	same("without a budget")
	cdn := plan
	cdn.Product = "cdnbag"
	if v := try(cdn); v.At != 0 || len(v.Way) != 1 {
		t.Errorf("a plan of another product meets rule %d with %+v", v.At, v.Way)
	}
	budget(t, db, team.Admin, "", "hold", price)
	same("within the budget")
	o := mustPlace(t, db, team.Requester, planOrder(example()))
	same("over the budget")
	if v := try(plan); len(v.Way) != 1 || v.Way[0].Role != models.Admin {
		t.Errorf("over the budget an order goes the way %+v, want an admin", v.Way)
	}
	if v := try(models.Trial{Number: fmt.Sprint(o.Number)}); v.At != 1 {
		t.Errorf("an order that was placed meets rule %d", v.At)
	}
	_, all, err := db.ListBudgets(t.Context(), team.Admin)
	if err != nil {
		t.Fatal(err)
	}
	in, _ := mustTeam(t, db, team.Admin).Budgets.Input(all[0].ID)
	in.Over = "refuse"
	if err := db.PutBudget(t.Context(), team.Admin, all[0].ID, in); err != nil {
		t.Fatal(err)
	}
	same("over the budget, which refuses")
	if _, err := db.LimitMember(t.Context(), team.Admin, team.Requester.UserID, models.OnlyInput{Kinds: []string{"bucket"}}); err != nil {
		t.Fatal(err)
	}
	if v := try(plan); !rejects(v.Refused, "", "may_not_order") {
		t.Errorf("what somebody may not order: %+v", v.Refused)
	}
}

func TestRequesterCancelsWhatWaits(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	otherwise(t, db, team.Admin, "approver")
	o := mustPlace(t, db, team.Requester, bucketOrder("not-needed", ""))
	if _, err := db.CancelOrder(t.Context(), team.Admin, o.Number, o.Version); !errors.Is(err, models.ErrForbidden) {
		t.Errorf("another cancels: got %v", err)
	}
	if _, err := db.CancelOrder(t.Context(), team.Requester, o.Number, o.Version+1); !errors.Is(err, models.ErrConflict) {
		t.Errorf("another version: got %v", err)
	}
	if _, err := db.CancelOrder(t.Context(), team.Requester, o.Number, o.Version); err != nil {
		t.Fatal(err)
	}
	if kept := findOrder(t, db, team.Viewer, o.Number); kept.State != models.OrderCancelled || kept.Lines[0].State != models.OrderCancelled {
		t.Errorf("got order %s", kept.State)
	}
	if way := mustWay(t, db, team.Viewer, o.Number); way[0].State != models.ApprovalEnded {
		t.Errorf("got way %+v", way)
	}
	if _, err := db.DecideOrder(t.Context(), team.Approver, o.Number, o.Version+1, true, ""); !errors.Is(err, models.ErrConflict) {
		t.Errorf("decided after that: got %v", err)
	}
}

func TestOrderThatNobodyDecidesLapses(t *testing.T) {
	t.Parallel()
	clock := modelstest.NewClock()
	db := modelstest.OpenWith(t, models.Options{Clock: clock.Now})
	team := modelstest.NewTeam(t, db)
	otherwise(t, db, team.Admin, "approver")
	o := mustPlace(t, db, team.Requester, bucketOrder("forgotten", ""))
	for _, want := range []models.OrderState{models.OrderPending, models.OrderLapsed} {
		clock.Move(13 * 24 * time.Hour)
		if err := db.LapseOrders(t.Context()); err != nil {
			t.Fatal(err)
		}
		if kept := findOrder(t, db, team.Viewer, o.Number); kept.State != want {
			t.Errorf("got order %s, want %s", kept.State, want)
		}
	}
}

// day is a day of the team's calendar.
func day(t time.Time) string { return t.In(pricing.Zone).Format(time.DateOnly) }

// TestApprovalsAreListedForThoseWhoMayDecide compares the list of what waits for
// each member with who may decide each order, for random ways, members and deputies.
func TestApprovalsAreListedForThoseWhoMayDecide(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	r := rand.New(rand.NewPCG(1, 2)) // #nosec G404 -- a test
	people := []models.Actor{team.Requester, team.Approver, team.Admin, team.Viewer}
	for i := range 3 {
		role := []models.Role{models.Approver, models.Approver, models.Admin}[i]
		u, err := db.AddMember(t.Context(), team.Admin, models.UserInput{Name: fmt.Sprint("More ", i), Email: fmt.Sprintf("more%d@example.com", i)}, role)
		if err != nil {
			t.Fatal(err)
		}
		people = append(people, models.Actor{UserID: u.ID, UserName: u.Name, TeamID: team.Admin.TeamID, Role: role, Face: models.ByForm})
	}
	askable := []string{"approver", "admin", people[1].UserID, people[2].UserID, people[4].UserID, people[6].UserID}
	var orders []*models.Order
	for i := range 40 {
		var steps []string
		for range 1 + r.IntN(3) {
			steps = append(steps, askable[r.IntN(len(askable))])
		}
		otherwise(t, db, team.Admin, steps...)
		by := people[[]int{0, 1, 2, 4, 6}[r.IntN(5)]]
		o := mustPlace(t, db, by, bucketOrder(fmt.Sprintf("random-%d", i), ""))
		orders = append(orders, o)
		for range r.IntN(2) { // some have gone on
			for _, p := range people {
				if more, err := db.DecideOrder(t.Context(), p, o.Number, o.Version, true, ""); err == nil {
					o.Version, o.State = more.Version, more.State
					break
				}
			}
		}
	}
	if _, err := db.ChangeRole(t.Context(), team.Admin, people[4].UserID, models.RoleInput{Role: models.Requester}); err != nil {
		t.Fatal(err)
	}
	people[4].Role = models.Requester
	may := []models.Actor{people[1], people[2], people[5], people[6]}
	for round := range 6 {
		for i, p := range may {
			in := models.AwayInput{From: day(db.Now()), Until: day(db.Now().AddDate(0, 0, 3))}
			if other := r.IntN(len(may)); round > 0 && other != i {
				in.Deputy = may[other].UserID
			}
			if r.IntN(4) == 0 { // not yet
				in.From = in.Until
			}
			if _, err := db.SetDeputy(t.Context(), p, p.UserID, in); err != nil {
				t.Fatal(err)
			}
		}
		for _, p := range people {
			var mine, others []int64
			for view, into := range map[string]*[]int64{models.WaitsForMe: &mine, models.WaitsOther: &others} {
				page, err := models.Approvals.Read(t.Context(), db, p, list.With("whose", view))
				if err != nil {
					t.Fatal(err)
				}
				for _, a := range page.Rows {
					*into = append(*into, a.OrderNumber)
				}
			}
			if n, err := db.CountWaiting(t.Context(), p); err != nil || int(n) != len(mine) {
				t.Errorf("%s: %d wait, %v; the list has %d", p.UserName, n, err, len(mine))
			}
			for _, o := range orders {
				if findOrder(t, db, team.Viewer, o.Number).State != models.OrderPending {
					continue
				}
				able, err := db.Able(t.Context(), p, o.Number)
				if err != nil {
					t.Fatal(err)
				}
				if slices.Contains(mine, o.Number) != able || slices.Contains(others, o.Number) == able {
					t.Errorf("%s may decide order %d: %v; their list has it: %v", p.UserName, o.Number, able, slices.Contains(mine, o.Number))
				}
			}
		}
	}
}
