package models_test

import (
	"strings"
	"testing"

	"quartermaster/models"
	"quartermaster/models/modelstest"
)

func TestSearchFindsNamesOfTheOwnTeam(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team, other := modelstest.NewTeam(t, db), modelstest.NewTeam(t, db)
	order := mustPlace(t, db, team.Requester, bucketOrder("quarterly-reports", ""))
	for _, c := range []struct {
		text string
		by   models.Actor
		want []string
	}{
		{"REPORTS", team.Viewer, []string{"bucket", "order"}},
		{order.Lines[0].ResourceName, team.Viewer, []string{"bucket", "order"}},
		{"%", team.Viewer, nil},
		{"quarterly_reports", team.Viewer, nil},
		{"   ", team.Viewer, nil},
		{"reports", other.Admin, nil},
	} {
		hits, err := db.Search(t.Context(), c.by, c.text)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, h := range hits {
			got = append(got, string(h.Kind))
		}
		if strings.Join(got, " ") != strings.Join(c.want, " ") {
			t.Errorf("%q: got %v, want %v", c.text, got, c.want)
		}
	}
	if _, err := db.Search(t.Context(), team.Viewer, strings.Repeat("x", 201)); !rejects(err, "q", "max") {
		t.Errorf("a long text: got %v, want q max", err)
	}
}
