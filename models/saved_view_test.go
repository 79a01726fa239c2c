package models_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"quartermaster/models"
	"quartermaster/models/list"
	"quartermaster/models/modelstest"
)

// viewNames are the names of the views that somebody sees of orders.
func viewNames(t *testing.T, db *models.DB, by models.Actor) (names []string) {
	t.Helper()
	saved, err := db.Saved(t.Context(), by, "order-list")
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range saved.Views {
		names = append(names, v.Name)
	}
	return names
}

func TestViewsAreOnesOwnOrTheTeams(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team, other := modelstest.NewTeam(t, db), modelstest.NewTeam(t, db)
	save := func(by models.Actor, id string, in models.ViewInput) (models.SavedView, error) {
		return db.SaveView(t.Context(), by, "order-list", id, in)
	}
	own, err := save(team.Requester, "", models.ViewInput{Name: " Paid ", State: "state=completed"})
	if err != nil || own.Name != "Paid" {
		t.Fatalf("own view: %+v, %v", own, err)
	}
	if _, err := save(team.Requester, "", models.ViewInput{Name: "Paid"}); !rejects(err, "view_name", "taken") {
		t.Errorf("a second of the name: got %v, want taken", err)
	}
	ours, err := save(team.Requester, "", models.ViewInput{Name: "Paid", Whose: "team", State: "state=failed"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := save(team.Viewer, "", models.ViewInput{Name: "Ours", Whose: "team"}); !errors.Is(err, models.ErrForbidden) {
		t.Errorf("a viewer makes one of the team's: %v", err)
	}
	if _, err := save(team.Viewer, "", models.ViewInput{Name: "Mine"}); err != nil {
		t.Errorf("a viewer's own: %v", err)
	}
	for who, want := range map[*models.Actor][]string{&team.Requester: {"Paid", "Paid"}, &team.Viewer: {"Mine", "Paid"}, &team.Admin: {"Paid"}, &other.Admin: nil} {
		if got := viewNames(t, db, *who); !slices.Equal(got, want) {
			t.Errorf("%s sees %q, want %q", who.Role, got, want)
		}
	}
	again := models.ViewInput{Name: "Paid", State: "state=rejected", Version: ours.Version}
	for _, c := range []struct {
		by   models.Actor
		id   string
		want error
	}{{team.Approver, ours.ID, models.ErrForbidden}, {team.Admin, own.ID, models.ErrNotFound}, {other.Admin, ours.ID, models.ErrNotFound}, {models.Actor{TeamID: team.Admin.TeamID}, ours.ID, models.ErrUnauthenticated}} {
		if _, err := save(c.by, c.id, again); !errors.Is(err, c.want) {
			t.Errorf("%s changes %s: got %v, want %v", c.by.Role, c.id, err, c.want)
		}
		if _, err := db.DeleteView(t.Context(), c.by, "order-list", c.id); !errors.Is(err, c.want) {
			t.Errorf("%s deletes %s: got %v, want %v", c.by.Role, c.id, err, c.want)
		}
	}
	if v, err := save(team.Admin, ours.ID, again); err != nil || v.State != "state=rejected" || v.CreatedBy != team.Requester.UserID {
		t.Errorf("an admin changes it: %+v, %v", v, err)
	}
	if _, err := save(team.Requester, ours.ID, again); !errors.Is(err, models.ErrConflict) {
		t.Errorf("an old version: got %v, want a conflict", err)
	}
	again.Version, again.Name = 2, "Rejected"
	if _, err := save(team.Requester, ours.ID, again); err != nil {
		t.Errorf("the maker renames it: %v", err)
	}
	if _, err := db.DeleteView(t.Context(), team.Requester, "bucket-list", ours.ID); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("of another list: %v", err)
	}
	if _, err := db.DeleteView(t.Context(), team.Requester, "order-list", ours.ID); err != nil {
		t.Error(err)
	}
	var actions []string
	events, _, err := modelstest.List(t.Context(), db, team.Viewer, models.Events, list.With("kind", string(models.KindTeam)))
	for _, e := range events {
		if e.Action != "team.created" {
			actions = append(actions, e.Action+" "+e.SubjectName)
		}
	}
	if want := []string{"view.deleted Rejected", "view.renamed Rejected", "view.changed Paid", "view.created Paid"}; err != nil || !slices.Equal(actions, want) {
		t.Errorf("events: got %q, %v; want %q: what is one's own is not told", actions, err, want)
	}
}

func TestAListIsKeptForItsReader(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	view, err := db.SaveView(t.Context(), team.Viewer, "order-list", "", models.ViewInput{Name: "Mine"})
	if err != nil {
		t.Fatal(err)
	}
	for _, kept := range []models.ListKept{{Columns: []string{"order.state", "order.amount"}, Size: 25, Opens: view.ID}, {Size: 100}, {}} {
		if err := db.KeepList(t.Context(), team.Viewer, "order-list", kept); err != nil {
			t.Fatal(err)
		}
		saved, err := db.Saved(t.Context(), team.Viewer, "order-list")
		if err != nil || fmt.Sprint(saved.Kept) != fmt.Sprint(kept) || len(saved.Views) != 1 {
			t.Errorf("got %+v, %v; want %+v", saved, err, kept)
		}
		if saved, err := db.Saved(t.Context(), team.Requester, "order-list"); err != nil || fmt.Sprint(saved) != fmt.Sprint(models.ListSaved{}) {
			t.Errorf("somebody else: got %+v, %v", saved, err)
		}
	}
	for rule, kept := range map[string]models.ListKept{"oneof": {Size: 10_000}, "max": {Columns: make([]string, 100)}} {
		if err := db.KeepList(t.Context(), team.Viewer, "order-list", kept); !rejects(err, "size", rule) && !rejects(err, "columns", rule) {
			t.Errorf("%s: got %v", rule, err)
		}
	}
	if err := db.KeepList(t.Context(), team.Requester, "order-list", models.ListKept{Opens: view.ID}); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("somebody else's view: %v", err)
	}
	if _, err := db.RemoveMember(t.Context(), team.Admin, team.Viewer.UserID); err != nil {
		t.Fatal(err)
	}
	if names := viewNames(t, db, team.Viewer); names != nil {
		t.Errorf("a person who left still has %q", names)
	}
}

func TestViewsAreSoMany(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	for whose, most := range map[string]int{"mine": models.MaxOwnViews, "team": models.MaxTeamViews} {
		for i := range most + 1 {
			_, err := db.SaveView(t.Context(), team.Requester, "order-list", "", models.ViewInput{Name: fmt.Sprint(i), Whose: whose})
			if full := rejects(err, "view_name", "too_many_views"); full != (i == most) || err != nil && !full {
				t.Fatalf("%s, view %d: %v", whose, i, err)
			}
		}
	}
	if n := len(viewNames(t, db, team.Requester)); n != models.MaxOwnViews+models.MaxTeamViews {
		t.Errorf("%d views", n)
	}
}
