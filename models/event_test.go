package models_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"quartermaster/models"
	"quartermaster/models/list"
	"quartermaster/models/modelstest"
)

func TestTheRecordCanOnlyBeAddedTo(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	by := modelstest.NewTeam(t, db).Admin
	want, _, err := modelstest.List(t.Context(), db, by, models.Events, list.Query{})
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
	got, _, err := modelstest.List(t.Context(), db, by, models.Events, list.Query{})
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("events afterwards: got %+v, %v; want %+v", got, err, want)
	}
}

// recorded are the newest events of a team whose action begins with some words.
func recorded(t *testing.T, db *models.DB, by models.Actor, action string) ([]models.Event, error) {
	events, _, err := modelstest.List(t.Context(), db, by, models.Events, list.Query{Size: 100})
	return slices.DeleteFunc(events, func(e models.Event) bool { return !strings.HasPrefix(e.Action, action) }), err
}
