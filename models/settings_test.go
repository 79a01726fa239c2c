package models_test

import (
	"testing"

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
	b.Address = "1 River Road"
	for _, in := range []models.LetterheadInput{a, b} {
		if err := db.UpdateLetterhead(t.Context(), team.Admin, in, nil); err != nil {
			t.Fatal(err)
		}
	}
	if got := page(); got.LegalName != "Example Ltd" || got.Contact != "Ines" || got.Address != "1 River Road" {
		t.Errorf("got %+v, want what both changed", got)
	}
	b.Contact = "Paul"
	if err := db.UpdateLetterhead(t.Context(), team.Admin, b, nil); !rejects(err, "contact", "changed_meanwhile") || rejects(err, "address", "changed_meanwhile") {
		t.Errorf("the same field: got %v, want contact changed meanwhile, and nothing else", err)
	}
	if got := page(); got.Contact != "Ines" {
		t.Errorf("got %+v, want nothing changed", got)
	}

	ordering := func() models.OrderingInput {
		found, err := db.FindTeam(t.Context(), team.Admin)
		if err != nil {
			t.Fatal(err)
		}
		return found.Ordering()
	}
	one, two := ordering(), ordering()
	one.APIOrders, one.StorePrepaid = models.HoldAPIOrders, false
	two.PlanAPI = false
	for _, in := range []models.OrderingInput{one, two} {
		if err := db.UpdateOrdering(t.Context(), team.Admin, in); err != nil {
			t.Fatal(err)
		}
	}
	if got := ordering(); got.APIOrders != models.HoldAPIOrders || got.StorePrepaid || got.PlanAPI {
		t.Errorf("got %+v, want what both changed", got)
	}
	events, err := recorded(t, db, team.Admin, "team.")
	if err != nil || len(events) != 6 { // the team, two letterheads and three settings
		t.Errorf("got %d events, %v; want 6: one for each setting that changed", len(events), err)
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
