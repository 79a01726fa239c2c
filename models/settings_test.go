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

	user, err := db.FindUser(t.Context(), team.Viewer)
	if err != nil {
		t.Fatal(err)
	}
	first, second := user.Profile(), user.Profile()
	first.Zone, second.Theme = "Asia/Shanghai", "dark"
	for _, in := range []models.ProfileInput{first, second} {
		if err := db.UpdateProfile(t.Context(), team.Viewer, in); err != nil {
			t.Fatal(err)
		}
	}
	if user, err = db.FindUser(t.Context(), team.Viewer); err != nil || user.Zone != "Asia/Shanghai" || user.Theme != "dark" {
		t.Errorf("got %+v, %v; want what both changed", user, err)
	}
}
