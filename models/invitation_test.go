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

func invite(t *testing.T, db *models.DB, by models.Actor, in models.InvitationInput) (*models.Invitation, string) {
	t.Helper()
	if in.Role == "" {
		in.Role = models.Requester
	}
	made, token, err := db.Invite(t.Context(), by, in)
	if err != nil || token == "" {
		t.Fatalf("invite: got token %q, %v", token, err)
	}
	return made, token
}

func TestInvitationsWorkOnceAndRunOut(t *testing.T) {
	t.Parallel()
	clock := modelstest.NewClock()
	db := modelstest.OpenWith(t, models.Options{Clock: clock.Now})
	team := modelstest.NewTeam(t, db)
	ctx, from := t.Context(), visitor("192.0.2.9")
	join := models.JoinInput{Name: "Noor", Password: longPassword}
	_, token := invite(t, db, team.Admin, models.InvitationInput{Email: " Noor@Example.com ", OnlyInput: models.OnlyInput{Kinds: []string{"plan"}}})
	if members, err := db.ListMembers(ctx, team.Viewer); err != nil || len(members) != 4 {
		t.Errorf("before it is accepted: got %d members, %v", len(members), err)
	}
	found, err := db.FindInvitation(ctx, from, token)
	if err != nil || found.Email != "noor@example.com" || found.TeamID != team.ID {
		t.Fatalf("got %+v, %v", found, err)
	}
	for field, in := range map[string]models.JoinInput{"user_name": {Password: longPassword}, "password": {Name: "Noor", Password: "noor@example.com"}} {
		if _, err := db.Join(ctx, from, token, in); !isRefusedFor(err, field) {
			t.Errorf("%s: got %v, want it refused", field, err)
		}
	}
	var all sync.WaitGroup
	var begun [4]models.SignedIn
	var errs [4]error
	for i := range errs {
		all.Go(func() { begun[i], errs[i] = db.Join(ctx, from, token, join) })
	}
	all.Wait()
	won := 0
	for i, err := range errs {
		switch {
		case err == nil:
			won++
			s, err := db.FindSession(ctx, begun[i].Token)
			if err != nil || s.UserName != "Noor" || s.Role != models.Requester || s.TeamID != team.ID || len(s.Only.Kinds) != 1 {
				t.Errorf("session of the invited: got %+v, %v", s, err)
			}
		case !errors.Is(err, models.ErrNotFound) && !rejects(err, "", "account_exists"):
			t.Errorf("at once: got %v", err)
		}
	}
	if won != 1 {
		t.Errorf("%d of four joined, want one", won)
	}
	if _, err := db.Join(ctx, from, token, join); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("a second time: got %v, want ErrNotFound", err)
	}
	if _, _, err := db.Invite(ctx, team.Admin, models.InvitationInput{Email: "NOOR@example.com", Role: models.Viewer}); !rejects(err, "email", "taken") {
		t.Errorf("a member: got %v, want email taken", err)
	}

	_, old := invite(t, db, team.Admin, models.InvitationInput{Email: "olga@example.com"})
	_, token = invite(t, db, team.Admin, models.InvitationInput{Email: "olga@example.com"})
	if _, err := db.FindInvitation(ctx, from, old); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("a replaced invitation: got %v, want ErrNotFound", err)
	}
	clock.Move(7 * 24 * time.Hour)
	if _, err := db.Join(ctx, from, token, join); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("after seven days: got %v, want ErrNotFound", err)
	}
	third, token := invite(t, db, team.Admin, models.InvitationInput{Email: "pia@example.com"})
	if _, err := db.WithdrawInvitation(ctx, team.Admin, third.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Join(ctx, from, token, join); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("withdrawn: got %v, want ErrNotFound", err)
	}
	if _, err := db.WithdrawInvitation(ctx, team.Admin, third.ID); !errors.Is(err, models.ErrConflict) {
		t.Errorf("withdrawn twice: got %v, want ErrConflict", err)
	}
	rows, _, err := modelstest.List(ctx, db, team.Admin, models.Invitations, list.Query{})
	var states []string
	for _, i := range rows {
		states = append(states, string(i.State))
	}
	if got := strings.Join(states, " "); err != nil || got != "withdrawn expired withdrawn accepted" {
		t.Errorf("got %q, %v", got, err)
	}
	for _, by := range []models.Actor{team.Viewer, team.Requester, team.Approver} {
		if _, _, err := modelstest.List(ctx, db, by, models.Invitations, list.Query{}); !errors.Is(err, models.ErrForbidden) {
			t.Errorf("%s: got %v, want forbidden", by.Role, err)
		}
	}
}

func TestWhoHasAnAccountAcceptsWithIt(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	ours, theirs := modelstest.NewTeam(t, db), modelstest.NewTeam(t, db)
	ctx, from := t.Context(), visitor("192.0.2.9")
	email := withPassword(t, db, theirs.Viewer)
	_, token := invite(t, db, ours.Admin, models.InvitationInput{Email: email, Role: models.Approver})
	if found, err := db.FindInvitation(ctx, from, token); err != nil || !found.Mine(theirs.Viewer) || found.Mine(theirs.Admin) {
		t.Errorf("got %+v, %v; want it known", found, err)
	}
	if _, err := db.Join(ctx, from, token, models.JoinInput{Name: "Eve", Password: longPassword}); !rejects(err, "", "account_exists") {
		t.Errorf("a new password for it: got %v, want account_exists", err)
	}
	if _, err := db.AcceptInvitation(ctx, theirs.Admin, token); !errors.Is(err, models.ErrForbidden) {
		t.Errorf("by another: got %v, want forbidden", err)
	}
	if _, err := db.AcceptInvitation(ctx, from, token); !errors.Is(err, models.ErrUnauthenticated) {
		t.Errorf("by nobody: got %v", err)
	}
	if _, err := db.AcceptInvitation(ctx, theirs.Viewer, token); err != nil {
		t.Fatal(err)
	}
	if _, err := db.AcceptInvitation(ctx, theirs.Viewer, token); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("again: got %v, want ErrNotFound", err)
	}
	m, err := db.FindMember(ctx, ours.Viewer, theirs.Viewer.UserID)
	if err != nil || m.Role != models.Approver {
		t.Errorf("got %+v, %v", m, err)
	}
	events, err := recorded(t, db, ours.Viewer, "member.joined")
	if err != nil || len(events) != 1 || !strings.Contains(events[0].Detail, `"role":"approver"`) {
		t.Errorf("got %+v, %v", events, err)
	}
}

// An account that has no password yet gets one by a link only where that opens no
// other team.
func TestAnInvitationOpensNoOtherTeam(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	ours, theirs := modelstest.NewTeam(t, db), modelstest.NewTeam(t, db)
	ctx, from := t.Context(), visitor("192.0.2.9")
	noor := another(t, db, ours, "noor", models.Admin) // without a password
	_, token := invite(t, db, theirs.Admin, models.InvitationInput{Email: "noor@example.com"})
	join := models.JoinInput{Name: "Eve", Password: longPassword}
	if _, err := db.Join(ctx, from, token, join); !rejects(err, "", "account_exists") {
		t.Errorf("another team's link: got %v, want account_exists", err)
	}
	_, token = invite(t, db, ours.Admin, models.InvitationInput{Email: "noor@example.com", Role: models.Viewer})
	begun, err := db.Join(ctx, from, token, join)
	if err != nil {
		t.Fatalf("the own team's: %v", err)
	}
	if s, err := db.FindSession(ctx, begun.Token); err != nil || s.UserID != noor.UserID || s.Role != models.Admin || s.UserName != "Eve" {
		t.Errorf("got %+v, %v; want them to stay what they are", s, err)
	}
}

func TestInvitationsEndWithTheRightOfWhoInvited(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	if _, err := db.ChangeRole(t.Context(), team.Admin, team.Approver.UserID, models.RoleInput{Role: models.Admin}); err != nil {
		t.Fatal(err)
	}
	team.Approver.Role = models.Admin
	_, token := invite(t, db, team.Approver, models.InvitationInput{Email: "back@example.com", Role: models.Admin})
	if _, err := db.ChangeRole(t.Context(), team.Admin, team.Approver.UserID, models.RoleInput{Role: models.Viewer}); err != nil {
		t.Fatal(err)
	}
	if _, err := db.FindInvitation(t.Context(), visitor("192.0.2.9"), token); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("got %v, want it withdrawn", err)
	}
}

func TestSecretsOfInvitationsAreNotGuessed(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	_, token := invite(t, db, team.Admin, models.InvitationInput{Email: "noor@example.com"})
	from := visitor("192.0.2.77")
	for range 120 { // the right one is not counted
		if _, err := db.FindInvitation(t.Context(), from, token); err != nil {
			t.Fatal(err)
		}
	}
	var closed models.Throttled
	for i := range 101 {
		_, err := db.FindInvitation(t.Context(), from, "guess")
		if got := errors.As(err, &closed); got != (i == 100) {
			t.Fatalf("guess %d: got %v", i+1, err)
		}
	}
	if _, err := db.FindInvitation(t.Context(), visitor("192.0.2.78"), token); err != nil {
		t.Errorf("from elsewhere: got %v", err)
	}
}
