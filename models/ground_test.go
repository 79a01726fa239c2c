package models

import (
	"path/filepath"
	"reflect"
	"slices"
	"testing"
)

// What a quote stands on is written out by hand, so a column that is new must be
// read there, or be among those that no order asks for.
func TestAQuoteStandsOnAllThatOrdersAskOfATeam(t *testing.T) {
	t.Parallel()
	db, err := Open(t.Context(), Options{Folder: filepath.Join(t.TempDir(), "data"), HashMemory: 8})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	team, err := db.CreateTeam(t.Context(), Operator(), TeamInput{Name: "Blue"})
	if err != nil {
		t.Fatal(err)
	}
	err = db.Statement(t.Context(), `UPDATE teams SET cu_used = 7, verified_only = true, cost_centre = 'R&D', cost_centres = '["R&D"]', only_cost_centres = true, tax_rate = 600, tax_name = 'VAT', rules = '{"Version":1}', budgets = '{"Version":2}' WHERE id = '`+team.ID+"'")
	if err != nil {
		t.Fatal(err)
	}
	by := Actor{TeamID: team.ID, Role: Admin}
	want, err := db.FindTeam(t.Context(), by)
	if err != nil {
		t.Fatal(err)
	}
	ground, err := db.grounded(t.Context(), by)
	if err != nil {
		t.Fatal(err)
	}
	unasked := []string{"Name", "ClockOffsetMs", "LegalName", "Address", "TaxNumber", "Contact", "LapseDays", "CULimit", "Logo", "LogoType", "RemindedDay", "CreatedAt", "UpdatedAt"}
	got, whole := reflect.ValueOf(ground.ground.team), reflect.ValueOf(*want)
	for i := range whole.NumField() {
		name := whole.Type().Field(i).Name
		switch {
		case slices.Contains(unasked, name):
		case whole.Field(i).IsZero():
			t.Errorf("%s is zero, so that nothing shows whether it is read", name)
		case !reflect.DeepEqual(got.Field(i).Interface(), whole.Field(i).Interface()):
			t.Errorf("%s: got %v, want %v", name, got.Field(i), whole.Field(i))
		}
	}
}
