package models_test

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"quartermaster/models"
	"quartermaster/models/modelstest"
)

func TestOnlyWhatAFormChangedIsWritten(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	page := func() models.LetterheadInput {
		found, err := db.FindTeam(t.Context(), team.Admin)
		if err != nil {
			t.Fatal(err)
		}
		return found.Letterhead()
	}
	a, b := page(), page()
	a.LegalName, a.Contact = "Example Ltd", "Ines"
	if err := db.UpdateLetterhead(t.Context(), team.Admin, a, nil); err != nil {
		t.Fatal(err)
	}
	b.Contact = "Paul"
	var changed models.Changed
	if err := db.UpdateLetterhead(t.Context(), team.Admin, b, nil); !errors.As(err, &changed) || len(changed) != 2 ||
		changed[0].Field != "legal_name" || changed[0].To != "Example Ltd" || changed[1].To != "Ines" || changed[1].By != "Ines" {
		t.Errorf("an older letterhead: got %v, want what was changed and by whom", err)
	}
	if got := page(); got.Contact != "Ines" {
		t.Errorf("got %+v, want nothing changed", got)
	}

	ordering := func() models.SettingsInput {
		found, err := db.FindTeam(t.Context(), team.Admin)
		if err != nil {
			t.Fatal(err)
		}
		return found.Settings()
	}
	one, two := ordering(), ordering()
	one.APIOrders, one.StorePrepaid = models.HoldAPIOrders, false
	if err := db.UpdateSettings(t.Context(), team.Admin, one); err != nil {
		t.Fatal(err)
	}
	two.PlanAPI = false
	if err := db.UpdateSettings(t.Context(), team.Admin, two); !errors.As(err, &changed) || len(changed) != 2 ||
		changed[0] != (models.Change{Field: "api_orders", From: "refuse", To: "hold", By: "Ines", At: changed[0].At}) || changed[1].Field != "store_prepaid" || changed[1].To != "false" {
		t.Errorf("older settings: got %+v, want what was changed from what to what by whom", err)
	}
	events, err := recorded(t, db, team.Admin, "team.")
	if err != nil || len(events) != 4 { // the team, a letterhead and two settings
		t.Errorf("got %d events, %v; want 4: one for each setting that changed", len(events), err)
	}

	role := models.Member{Role: models.Viewer}.RoleInput()
	first, second := role, role
	first.Role, second.Role = models.Approver, models.Requester
	if _, err := db.ChangeRole(t.Context(), team.Admin, team.Viewer.UserID, first); err != nil {
		t.Fatal(err)
	}
	if _, err := db.ChangeRole(t.Context(), team.Admin, team.Viewer.UserID, second); !rejects(err, "role", "changed_meanwhile") {
		t.Errorf("a role that another admin changed meanwhile: got %v, want it refused", err)
	}

	user, err := db.FindUser(t.Context(), team.Viewer)
	if err != nil {
		t.Fatal(err)
	}
	here, there := user.Profile(), user.Profile()
	here.Zone, there.Theme = "Asia/Shanghai", "dark"
	for _, in := range []models.ProfileInput{here, there} {
		if err := db.UpdateProfile(t.Context(), team.Viewer, in); err != nil {
			t.Fatal(err)
		}
	}
	if user, err = db.FindUser(t.Context(), team.Viewer); err != nil || user.Zone != "Asia/Shanghai" || user.Theme != "dark" {
		t.Errorf("got %+v, %v; want what both changed", user, err)
	}
}

func TestSettingsOfATeam(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	find := func() *models.Team {
		found, err := db.FindTeam(t.Context(), team.Viewer)
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	for _, c := range []struct {
		what        string
		change      func(*models.SettingsInput)
		field, rule string
	}{
		{"no name", func(in *models.SettingsInput) { in.Name = " " }, "team_name", "required"},
		{"no currency", func(in *models.SettingsInput) { in.Currency = "JPY" }, "currency", "oneof"},
		{"more tax than all", func(in *models.SettingsInput) { in.TaxRate, in.TaxName = "100.01", "VAT" }, "tax_rate", "tax_rate"},
		{"less than none", func(in *models.SettingsInput) { in.TaxRate, in.TaxName = "-1", "VAT" }, "tax_rate", "tax_rate"},
		{"a tax of three decimals", func(in *models.SettingsInput) { in.TaxRate, in.TaxName = "6.125", "VAT" }, "tax_rate", "tax_rate"},
		{"a tax without a name", func(in *models.SettingsInput) { in.TaxRate = "6" }, "tax_name", "required"},
		{"only those of an empty list", func(in *models.SettingsInput) { in.Centres, in.OnlyCentres = " \n\n", true }, "centres", "required"},
		{"a long one", func(in *models.SettingsInput) { in.Centres = strings.Repeat("c", 65) }, "centres", "centre_long"},
		{"too many", func(in *models.SettingsInput) {
			for i := range 201 {
				in.Centres += strconv.Itoa(i) + "\n"
			}
		}, "centres", "many"},
		{"a default that is not listed", func(in *models.SettingsInput) { in.Centres, in.OnlyCentres, in.CostCentre = "R&D", true, "IT" }, "default_cost_centre", "not_listed"},
		{"a quota over what site admins allow", func(in *models.SettingsInput) { in.CUQuota = 101 }, "cu_quota", "cu_limit"},
		{"no quota at all", func(in *models.SettingsInput) { in.CUQuota = -1 }, "cu_quota", "min"},
		{"no time for a decision", func(in *models.SettingsInput) { in.LapseDays = 0 }, "lapse_days", "min"},
		{"too much", func(in *models.SettingsInput) { in.LapseDays = 366 }, "lapse_days", "max"},
	} {
		in := find().Settings()
		c.change(&in)
		if err := db.UpdateSettings(t.Context(), team.Admin, in); !rejects(err, c.field, c.rule) {
			t.Errorf("%s: got %v, want %s %s", c.what, err, c.field, c.rule)
		}
	}
	in := find().Settings()
	in.Name, in.Currency, in.TaxRate, in.TaxName = "Green", "EUR", " 6.5 %", "VAT"
	in.Centres, in.OnlyCentres, in.CostCentre, in.CUQuota, in.LapseDays, in.VerifiedOnly = "R&D\n IT \n\nR&D", true, "IT", 64, 3, true
	for _, by := range []models.Actor{team.Viewer, team.Requester, team.Approver} {
		if err := db.UpdateSettings(t.Context(), by, in); !errors.Is(err, models.ErrForbidden) {
			t.Errorf("%s: got %v, want forbidden", by.Role, err)
		}
	}
	if err := db.UpdateSettings(t.Context(), team.Admin, in); err != nil {
		t.Fatal(err)
	}
	got := find()
	if got.Name != "Green" || got.Currency != "EUR" || got.TaxRate != 650 || got.TaxName != "VAT" || !slices.Equal(got.CostCentres, []string{"R&D", "IT"}) ||
		!got.OnlyCostCentres || got.CostCentre != "IT" || got.CUQuota != 64 || got.LapseDays != 3 || !got.VerifiedOnly {
		t.Errorf("got %+v", got)
	}
	events, err := recorded(t, db, team.Viewer, "team.centres_changed")
	if err != nil || len(events) != 1 || events[0].Detail != `{"from":"","to":"R\u0026D\nIT"}` {
		t.Errorf("got %+v, %v; want it recorded with before and after", events, err)
	}
	if err := db.UpdateSettings(t.Context(), team.Admin, got.Settings()); err != nil {
		t.Errorf("unchanged: got %v", err)
	}
}

func TestOnlyListedCostCentresWhereTheTeamSaysSo(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	modelstest.Allow(t, db, team, func(in *models.SettingsInput) { in.Centres = "R&D\nIT" })
	order := func(by models.Actor, name, centre string) error {
		in := bucketOrder(name, "")
		in.CostCentre = centre
		if _, err := db.PreviewOrder(t.Context(), by, in); isRefusedFor(err, "cost_centre") {
			return err
		}
		_, err := db.PlaceOrder(t.Context(), by, in)
		return err
	}
	if err := order(team.Requester, "free-text", "Sales"); err != nil {
		t.Errorf("free text: got %v", err)
	}
	modelstest.Allow(t, db, team, func(in *models.SettingsInput) { in.OnlyCentres = true })
	script := team.Requester
	script.Face = models.ByAPI
	for i, by := range []models.Actor{team.Requester, script} {
		name := "by-" + strconv.Itoa(i)
		if err := order(by, name, "Sales"); !rejects(err, "cost_centre", "not_listed") {
			t.Errorf("%s, another: got %v, want it refused", by.Face, err)
		}
		for j, centre := range []string{"", " IT "} {
			if err := order(by, name+"-"+strconv.Itoa(j), centre); err != nil {
				t.Errorf("%s, %q: got %v", by.Face, centre, err)
			}
		}
	}
}

func isRefusedFor(err error, field string) bool {
	var in models.Invalid
	return errors.As(err, &in) && slices.ContainsFunc(in, func(f models.FieldError) bool { return f.Field == field })
}

// An order keeps the cost centre that its team had for those that name none, and so do
// the budgets and the sums that it is in.
func TestOrderKeepsTheCostCentreOfItsDay(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	defaults := func(centre string) {
		modelstest.Allow(t, db, team, func(in *models.SettingsInput) { in.CostCentre = centre })
	}
	defaults("IT")
	budget(t, db, team.Admin, "IT", "refuse", 100_000_000)
	otherwise(t, db, team.Admin, "approver")
	in := planOrder(example())
	in.Token = "sent-twice"
	o := mustPlace(t, db, team.Requester, in)
	defaults("HR")
	if again := mustPlace(t, db, team.Requester, in); again.Number != o.Number {
		t.Errorf("sent again it is order %d, want %d", again.Number, o.Number)
	}
	mustDecide(t, db, team.Approver, o, true)
	if kept := findOrder(t, db, team.Viewer, o.Number); kept.CostCentre != "IT" {
		t.Errorf("it counts for %q, want IT", kept.CostCentre)
	}
	made := budget(t, db, team.Admin, "HR", "refuse", 100_000_000)
	_, all, err := db.ListBudgets(t.Context(), team.Viewer)
	if err != nil || len(all) != 2 || all[0].SpentMinor != o.PayMinor || all[1].Budget.ID != made.ID || all[1].SpentMinor != 0 {
		t.Errorf("the budgets are %+v, %v; want it spent of the first alone", all, err)
	}
	d, err := db.FindDashboard(t.Context(), team.Viewer)
	if err != nil || len(d.Spends.Centres) != 1 || d.Spends.Centres[0].CostCentre != "IT" {
		t.Errorf("the dashboard has %+v, %v", d.Spends.Centres, err)
	}
	mustFit(t, db)
}

// What was ordered before the team had a cost centre for those that name none stays
// without: its figures stay equal to its rows.
func TestOrderWithoutCostCentreStaysWithout(t *testing.T) {
	t.Parallel()
	clock := modelstest.NewClock()
	db := modelstest.OpenWith(t, models.Options{Clock: clock.Now})
	team := modelstest.NewTeam(t, db)
	made := budget(t, db, team.Admin, "IT", "refuse", 1_000_000_000)
	mustPlace(t, db, team.Requester, planOrder(example()))
	mustPlace(t, db, team.Requester, storeOrder(storeInput("by-hour")))
	modelstest.Work(t, db)
	modelstest.Allow(t, db, team, func(in *models.SettingsInput) { in.CostCentre = "IT" })
	none := func(when string) {
		t.Helper()
		_, all, err := db.ListBudgets(t.Context(), team.Viewer)
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range all {
			if b.SpentMinor+b.ReservedMinor != 0 {
				t.Errorf("%s: the budget %s has %d spent and %d reserved, want nothing", when, b.Budget.ID, b.SpentMinor, b.ReservedMinor)
			}
		}
		d, err := db.FindDashboard(t.Context(), team.Viewer)
		if err != nil || len(d.Spends.Centres) > 1 || len(d.Spends.Centres) == 1 && d.Spends.Centres[0].CostCentre != "" {
			t.Errorf("%s: the dashboard has %+v, %v", when, d.Spends.Centres, err)
		}
		mustFit(t, db)
	}
	none("at once")
	if err := db.DeleteBudget(t.Context(), team.Admin, mustTeam(t, db, team.Admin).Budgets.Version, made.ID); err != nil {
		t.Fatal(err)
	}
	budget(t, db, team.Admin, "IT", "refuse", 1_000_000_000)
	none("in a new budget")
	clock.Move(40 * 24 * time.Hour)
	if err := db.RenewBudgets(t.Context()); err != nil {
		t.Fatal(err)
	}
	none("in the next month")
}

// What was counted for the cost centre that its team had then has it from the step on that
// no longer looks it up.
func TestOrdersCountedForTheirTeamsCostCentreAreGivenIt(t *testing.T) {
	t.Parallel()
	o := modelstest.Choose(t, models.Options{})
	db, err := models.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	team := modelstest.NewTeam(t, db)
	modelstest.Allow(t, db, team, func(in *models.SettingsInput) { in.CostCentre = "IT" })
	budget(t, db, team.Admin, "IT", "refuse", 100_000_000)
	budget(t, db, team.Admin, "", "refuse", 100_000_000)
	counted := mustPlace(t, db, team.Requester, planOrder(example()))
	other := planOrder(example())
	other.CostCentre = "HR"
	kept := mustPlace(t, db, team.Requester, other)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{
		"UPDATE orders SET cost_centre = '' WHERE cost_centre = 'IT'", "UPDATE spends SET cost_centre = '' WHERE cost_centre = 'IT'",
		"DELETE FROM migrations WHERE id = '0048_centres'",
	} {
		modelstest.Exec(t, o, statement)
	}
	db = modelstest.OpenWith(t, o)
	for want, n := range map[string]int64{"IT": counted.Number, "HR": kept.Number} {
		if got := findOrder(t, db, team.Viewer, n).CostCentre; got != want {
			t.Errorf("order %d counts for %q, want %q", n, got, want)
		}
	}
	mustFit(t, db)
	wantSound(t, db)
}
