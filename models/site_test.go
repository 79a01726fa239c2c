package models_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"quartermaster/models"
	"quartermaster/models/list"
	"quartermaster/models/modelstest"
)

// keeperOf makes a member of a team a site admin too.
func keeperOf(t *testing.T, db *models.DB, by models.Actor) models.Actor {
	t.Helper()
	user, err := db.FindUser(t.Context(), by)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.MakeSiteAdmin(t.Context(), models.Operator(), user.Email); err != nil {
		t.Fatal(err)
	}
	by.SiteAdmin = true
	return by
}

func TestSiteAdminsSeeAllTeamsWithWhatTheyHold(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team, other := modelstest.NewTeam(t, db), modelstest.NewTeam(t, db)
	root := keeperOf(t, db, other.Admin)
	mustPlace(t, db, team.Requester, bucketOrder("assets", ""))
	mustPlace(t, db, team.Requester, planOrder(example()))
	mustKey(t, db, team.Admin, models.AccessKeyInput{})
	teams, _, err := modelstest.List(t.Context(), db, root.ForSite(), models.SiteTeams, list.Query{})
	if err != nil || len(teams) != 2 {
		t.Fatalf("got %d teams, %v", len(teams), err)
	}
	got, err := db.FindSiteTeam(t.Context(), root, team.ID)
	if err != nil || got.Members != 4 || got.Keys != 1 || got.Counts["bucket"] != 1 || got.Counts["plan"] != 1 || got.Counts["order"] != 2 || got.CULimit != 100 {
		t.Errorf("got %+v, %v", got, err)
	}
	for _, text := range []string{team.ID, strings.ToUpper(got.Name)} {
		if teams, _, err := modelstest.List(t.Context(), db, root.ForSite(), models.SiteTeams, list.Query{Text: text}); err != nil || len(teams) == 0 {
			t.Errorf("searched by %q: got %v, %v", text, teams, err)
		}
	}
	if teams, _, err := modelstest.List(t.Context(), db, root.ForSite(), models.SiteTeams, list.Query{Text: "no such team"}); err != nil || len(teams) != 0 {
		t.Errorf("searched by what none has: got %v, %v", teams, err)
	}
	users, _, err := modelstest.List(t.Context(), db, root.ForSite(), models.SiteUsers, list.Query{Text: "example"})
	if err != nil || len(users) != 8 {
		t.Errorf("got %d accounts, %v", len(users), err)
	}
}

func TestOnlySiteAdminsKeepTheSite(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team, other := modelstest.NewTeam(t, db), modelstest.NewTeam(t, db)
	ctx := t.Context()
	for _, by := range []models.Actor{team.Admin, team.Viewer, {}} {
		for what, err := range map[string]error{
			"teams":     third(modelstest.List(ctx, db, by.ForSite(), models.SiteTeams, list.Query{})),
			"accounts":  third(modelstest.List(ctx, db, by.ForSite(), models.SiteUsers, list.Query{})),
			"a team":    second(db.FindSiteTeam(ctx, by, team.ID)),
			"a person":  second(db.FindSiteUser(ctx, by, team.Viewer.UserID)),
			"all teams": second(db.ListTeams(ctx, by, 10)),
			"make":      second(db.CreateTeam(ctx, by, models.TeamInput{Name: "x"})),
			"update":    db.UpdateSiteTeam(ctx, by, team.ID, models.SiteTeamInput{Name: "x"}),
			"storage":   db.SetObjectStorage(ctx, by, team.ID, false),
			"disable":   second(db.SetUserDisabled(ctx, by, other.Viewer.UserID, true)),
			"add":       second(db.AddUserToTeam(ctx, by, other.Viewer.UserID, models.TeamRoleInput{Team: team.ID, Role: models.Admin})),
			"remove":    second(db.RemoveUserFromTeam(ctx, by, team.Viewer.UserID, team.ID)),
		} {
			if !errors.Is(err, models.ErrForbidden) {
				t.Errorf("%s, %s: got %v, want forbidden", by.Role, what, err)
			}
		}
	}
}

func third[A, B any](_ A, _ B, err error) error { return err }

func TestSiteAdminsKeepTeams(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	root := keeperOf(t, db, modelstest.NewTeam(t, db).Admin)
	ctx := t.Context()
	change := func(f func(*models.SiteTeamInput)) error {
		found, err := db.FindSiteTeam(ctx, root, team.ID)
		if err != nil {
			t.Fatal(err)
		}
		in := found.Input()
		f(&in)
		return db.UpdateSiteTeam(ctx, root, team.ID, in)
	}
	find := func() *models.Team {
		found, err := db.FindTeam(ctx, team.Viewer)
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	if err := change(func(in *models.SiteTeamInput) { in.Name, in.CULimit = "Green", 200 }); err != nil {
		t.Fatal(err)
	}
	if got := find(); got.Name != "Green" || got.CULimit != 200 || got.CUQuota != 200 {
		t.Errorf("got %s, %d of %d; want a quota at the limit to follow it", got.Name, got.CUQuota, got.CULimit)
	}
	modelstest.Allow(t, db, team, func(in *models.SettingsInput) { in.CUQuota = 50 })
	for limit, want := range map[int64]int64{300: 50} {
		if err := change(func(in *models.SiteTeamInput) { in.CULimit = limit }); err != nil || find().CUQuota != want {
			t.Errorf("limit %d: got %d, %v; want %d", limit, find().CUQuota, err, want)
		}
	}
	if err := change(func(in *models.SiteTeamInput) { in.CULimit = 30 }); err != nil || find().CUQuota != 30 {
		t.Errorf("a limit below the quota: got %d, %v", find().CUQuota, err)
	}
	if err := change(func(in *models.SiteTeamInput) { in.CULimit = -1 }); !rejects(err, "cu_limit", "min") {
		t.Errorf("got %v", err)
	}
	found, err := db.FindSiteTeam(ctx, root, team.ID)
	if err != nil {
		t.Fatal(err)
	}
	older := found.Input()
	if err := change(func(in *models.SiteTeamInput) { in.Name = "Red" }); err != nil {
		t.Fatal(err)
	}
	var changed models.Changed
	if err := db.UpdateSiteTeam(ctx, root, team.ID, older); !errors.As(err, &changed) || len(changed) != 1 || changed[0].To != "Red" || changed[0].By != root.UserName {
		t.Errorf("of an older page: got %v, want what was changed", err)
	}
	if err := db.UpdateSiteTeam(ctx, root, "1", models.SiteTeamInput{Name: "x"}); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("no team: got %v", err)
	}
	if err := db.SetObjectStorage(ctx, root, team.ID, false); err != nil {
		t.Fatal(err)
	}
	if _, err := db.PlaceOrder(ctx, team.Requester, bucketOrder("assets", "")); err == nil {
		t.Error("a bucket was made although they are switched off")
	}
	if err := db.SetObjectStorage(ctx, root, team.ID, true); err != nil {
		t.Fatal(err)
	}
	mustPlace(t, db, team.Requester, bucketOrder("assets", ""))
	events, err := recorded(t, db, team.Viewer, "team.object_storage_changed")
	if err != nil || len(events) != 2 || events[0].Detail != `{"from":false,"to":true}` || events[0].UserName != root.UserName {
		t.Errorf("got %+v, %v", events, err)
	}
}

func TestADisabledAccountEndsAtOnce(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	root := keeperOf(t, db, modelstest.NewTeam(t, db).Admin)
	ctx := t.Context()
	session := mustSignIn(t, db, withPassword(t, db, team.Requester))
	k, _ := mustKey(t, db, team.Admin, models.AccessKeyInput{User: team.Requester.UserID})
	if _, err := db.FindSession(ctx, session.Token); err != nil {
		t.Fatal(err)
	}
	u, err := db.FindSiteUser(ctx, root, team.Requester.UserID)
	if err != nil || u.Keys != 1 || u.Sessions != 1 || u.SeenAt == nil || len(u.Teams) != 1 || u.Teams[0].Role != models.Requester || u.Teams[0].Last {
		t.Errorf("before: got %+v, %v", u, err)
	}
	if u, err := db.FindSiteUser(ctx, root, team.Admin.UserID); err != nil || !u.Teams[0].Last {
		t.Errorf("the only admin: got %+v, %v", u, err)
	}
	if _, err := db.SetUserDisabled(ctx, root, team.Requester.UserID, true); err != nil {
		t.Fatal(err)
	}
	if _, err := db.FindSession(ctx, session.Token); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("the session: got %v, want it ended", err)
	}
	if mustCaller(t, db, k.ID).Active(db.Now()) {
		t.Error("the key is active")
	}
	if _, err := db.SetUserDisabled(ctx, root, team.Requester.UserID, false); err != nil {
		t.Fatal(err)
	}
	if _, err := db.FindSession(ctx, session.Token); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("the session of before: got %v, want it to stay ended", err)
	}
	events, err := recorded(t, db, team.Viewer, "user.")
	if err != nil || len(events) < 2 || events[0].Action != "user.enabled" || events[1].Action != "user.disabled" {
		t.Errorf("got %+v, %v; want both recorded in the team", events, err)
	}
}

func TestASiteKeepsAnAdmin(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	ctx := t.Context()
	one := keeperOf(t, db, modelstest.NewTeam(t, db).Admin)
	if _, err := db.SetUserDisabled(ctx, one, one.UserID, true); !errors.Is(err, models.ErrForbidden) {
		t.Errorf("oneself: got %v, want forbidden", err)
	}
	if _, err := db.SetUserDisabled(ctx, models.Operator(), one.UserID, true); !errors.Is(err, models.ErrForbidden) {
		t.Errorf("the last: got %v, want forbidden", err)
	}
	for range 5 {
		two := keeperOf(t, db, modelstest.NewTeam(t, db).Admin)
		if _, err := db.SetUserDisabled(ctx, models.Operator(), one.UserID, false); err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		var errs [2]error
		all.Go(func() { _, errs[0] = db.SetUserDisabled(ctx, one, two.UserID, true) })
		all.Go(func() { _, errs[1] = db.SetUserDisabled(ctx, two, one.UserID, true) })
		all.Wait()
		if (errs[0] == nil) == (errs[1] == nil) {
			t.Fatalf("at once: got %v; want one done, and one too late", errs)
		}
		if errs[0] != nil {
			one = two
		}
	}
}

func TestSiteAdminsSayWhichTeamsSomebodyIsIn(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team, other := modelstest.NewTeam(t, db), modelstest.NewTeam(t, db)
	root := keeperOf(t, db, modelstest.NewTeam(t, db).Admin)
	ctx, id := t.Context(), team.Viewer.UserID
	session := mustSignIn(t, db, withPassword(t, db, team.Viewer))
	if _, err := db.AddUserToTeam(ctx, root, id, models.TeamRoleInput{Team: other.ID, Role: models.Approver}); err != nil {
		t.Fatal(err)
	}
	for field, in := range map[string]models.TeamRoleInput{"team_id": {Team: "1", Role: models.Viewer}, "role": {Team: other.ID, Role: "owner"}} {
		if _, err := db.AddUserToTeam(ctx, root, id, in); !isRefusedFor(err, field) {
			t.Errorf("%s: got %v", field, err)
		}
	}
	if _, err := db.AddUserToTeam(ctx, root, id, models.TeamRoleInput{Team: other.ID, Role: models.Viewer}); !rejects(err, "team_id", "member_already") {
		t.Errorf("twice: got %v", err)
	}
	if m, err := db.FindMember(ctx, other.Viewer, id); err != nil || m.Role != models.Approver {
		t.Errorf("got %+v, %v", m, err)
	}
	if _, err := db.RemoveUserFromTeam(ctx, root, id, team.ID); err != nil {
		t.Fatal(err)
	}
	if s, err := db.FindSession(ctx, session.Token); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("the session in the team: got %+v, %v; want it ended", s, err)
	}
	if _, err := db.RemoveUserFromTeam(ctx, root, id, team.ID); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("twice: got %v", err)
	}
	events, err := recorded(t, db, team.Admin, "member.removed")
	if err != nil || len(events) != 1 || events[0].UserName != root.UserName {
		t.Errorf("got %+v, %v", events, err)
	}
}

func TestWhoWasSeenLast(t *testing.T) {
	t.Parallel()
	clock := modelstest.NewClock()
	db := modelstest.OpenWith(t, models.Options{Clock: clock.Now})
	team := modelstest.NewTeam(t, db)
	root := keeperOf(t, db, modelstest.NewTeam(t, db).Admin)
	session := mustSignIn(t, db, withPassword(t, db, team.Viewer))
	clock.Move(time.Hour)
	if _, err := db.FindSession(t.Context(), session.Token); err != nil {
		t.Fatal(err)
	}
	if err := db.FlushCalls(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := db.EndSession(t.Context(), session.Token); err != nil {
		t.Fatal(err)
	}
	u, err := db.FindSiteUser(t.Context(), root, team.Viewer.UserID)
	if err != nil || u.SeenAt == nil || !u.SeenAt.Equal(clock.Now()) || u.Sessions != 0 {
		t.Errorf("got %+v, %v; want seen now, also after signing out", u, err)
	}
	if u, err := db.FindSiteUser(t.Context(), root, team.Approver.UserID); err != nil || u.SeenAt != nil {
		t.Errorf("who never was: got %+v, %v", u, err)
	}
}
