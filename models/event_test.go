package models_test

import (
	"reflect"
	"strings"
	"testing"

	"quartermaster/models"
	"quartermaster/models/modelstest"
)

func TestTheRecordCanOnlyBeAddedTo(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	by := modelstest.NewTeam(t, db).Admin
	want, _, err := db.ListEvents(t.Context(), by, models.EventFilter{}, models.Page{})
	if err != nil || len(want) == 0 {
		t.Fatalf("events of a new team: got %d, %v", len(want), err)
	}
	for _, statement := range []string{
		"UPDATE events SET user_name = 'somebody else'",
		"DELETE FROM events",
	} {
		if err := db.Statement(t.Context(), statement); err == nil || !strings.Contains(err.Error(), "events are kept as they are") {
			t.Errorf("%s: got %v, want a refusal", statement, err)
		}
	}
	got, _, err := db.ListEvents(t.Context(), by, models.EventFilter{}, models.Page{})
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("events afterwards: got %+v, %v; want %+v", got, err, want)
	}
}
