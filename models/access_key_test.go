package models_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"quartermaster/models"
	"quartermaster/models/list"
	"quartermaster/models/modelstest"
)

// program is who signs a request, before the key says who that is.
var program = models.Actor{Face: models.ByAPI, Address: "192.0.2.7", Agent: "sdk/1.0", RequestID: "r-1"}

func mustKey(t *testing.T, db *models.DB, by models.Actor, in models.AccessKeyInput) (*models.AccessKey, string) {
	t.Helper()
	if in.Name == "" {
		in.Name = "deploys"
	}
	k, secret, err := db.CreateAccessKey(t.Context(), by, in)
	if err != nil {
		t.Fatalf("make access key: %v", err)
	}
	return k, secret
}

func mustCaller(t *testing.T, db *models.DB, id string) *models.Caller {
	t.Helper()
	c, err := db.FindCaller(t.Context(), id, program)
	if err != nil {
		t.Fatalf("find caller: %v", err)
	}
	return c
}

func TestAccessKeyActsAsItsUser(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	k, secret := mustKey(t, db, team.Admin, models.AccessKeyInput{User: team.Requester.UserID})
	if !regexp.MustCompile(`^QM[A-HJ-NP-Z2-9]{22}$`).MatchString(k.ID) || !regexp.MustCompile(`^[A-Za-z0-9]{40}$`).MatchString(secret) {
		t.Errorf("got key %q with a secret of %d characters", k.ID, len(secret))
	}
	c := mustCaller(t, db, k.ID)
	want := program
	want.UserID, want.UserName, want.TeamID, want.Role = team.Requester.UserID, team.Requester.UserName, team.ID, models.Requester
	want.KeyID, want.KeyName = k.ID, "deploys"
	if c.Secret != secret || c.Actor != want || !c.Active(db.Now()) || c.SiteKey() {
		t.Errorf("got %+v, want active and acting as %+v", c.Actor, want)
	}
	if _, err := db.FindCaller(t.Context(), "QM22", program); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("unknown key: got %v, want ErrNotFound", err)
	}
}

func TestWhatEndsAKeyEndsItAtOnce(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*testing.T, *models.DB, modelstest.Team, *modelstest.Clock, string) error{
		"disabled": func(t *testing.T, db *models.DB, team modelstest.Team, _ *modelstest.Clock, id string) error {
			_, err := db.SetAccessKeyDisabled(t.Context(), team.Admin, id, true)
			return err
		},
		"expired": func(_ *testing.T, _ *models.DB, _ modelstest.Team, clock *modelstest.Clock, _ string) error {
			clock.Move(30 * 24 * time.Hour)
			return nil
		},
		"user removed": func(t *testing.T, db *models.DB, team modelstest.Team, _ *modelstest.Clock, _ string) error {
			_, err := db.RemoveMember(t.Context(), team.Admin, team.Requester.UserID)
			return err
		},
		"user disabled": func(t *testing.T, db *models.DB, team modelstest.Team, _ *modelstest.Clock, _ string) error {
			return db.Statement(t.Context(), "UPDATE users SET disabled = true WHERE id = '"+team.Requester.UserID+"'")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clock := modelstest.NewClock()
			db := modelstest.OpenWith(t, models.Options{Clock: clock.Now})
			team := modelstest.NewTeam(t, db)
			k, _ := mustKey(t, db, team.Admin, models.AccessKeyInput{User: team.Requester.UserID, Days: 30})
			if c := mustCaller(t, db, k.ID); !c.Active(db.Now()) {
				t.Fatalf("before: got %s, want active", c.Key.State(db.Now()))
			}
			if err := end(t, db, team, clock, k.ID); err != nil {
				t.Fatal(err)
			}
			if c := mustCaller(t, db, k.ID); c.Active(db.Now()) {
				t.Error("afterwards: got active, want not")
			}
			listed, _, err := modelstest.List(t.Context(), db, team.Admin, models.AccessKeys, list.Query{})
			if err != nil || len(listed) != 1 || listed[0].State(db.Now()) == models.KeyActive {
				t.Errorf("in the list: got %+v, %v; want one that is not active", listed, err)
			}
		})
	}
}

func TestAKeyHasItsUsersPresentRole(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	k, _ := mustKey(t, db, team.Admin, models.AccessKeyInput{User: team.Requester.UserID})
	if _, err := db.ChangeRole(t.Context(), team.Admin, team.Requester.UserID, models.RoleInput{Role: models.Viewer}); err != nil {
		t.Fatal(err)
	}
	c := mustCaller(t, db, k.ID)
	if _, err := db.PlaceOrder(t.Context(), c.Actor, storeOrder(storeInput("store-a"))); !errors.Is(err, models.ErrForbidden) {
		t.Errorf("order with the key of one who may no longer order: got %v, want ErrForbidden", err)
	}
}

// someOperations are what the keys of these tests may be limited to.
var someOperations = []models.Operation{{Name: "CreateStorage"}, {Name: "CreateStore"}, {Name: "ListStores"}}

func TestAKeyMayBeLimitedToOperations(t *testing.T) {
	t.Parallel()
	db := modelstest.OpenWith(t, models.Options{Operations: someOperations})
	team := modelstest.NewTeam(t, db)
	limited, _ := mustKey(t, db, team.Admin, models.AccessKeyInput{Operations: []string{"ListStores", "CreateStorage", "ListStores"}})
	if want := []string{"CreateStorage", "ListStores"}; !slices.Equal(limited.Operations, want) {
		t.Errorf("got %v, want %v", limited.Operations, want)
	}
	free, _ := mustKey(t, db, team.Admin, models.AccessKeyInput{})
	for _, o := range db.Operations() {
		if got, want := mustCaller(t, db, limited.ID).May(models.ProductBSS, o.Name), slices.Contains(limited.Operations, o.Name); got != want {
			t.Errorf("limited key, %s: got %v, want %v", o.Name, got, want)
		}
		if !mustCaller(t, db, free.ID).May(models.ProductBSS, o.Name) {
			t.Errorf("free key may not call %s", o.Name)
		}
	}
}

func TestAccessKeyRules(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team, other := modelstest.NewTeam(t, db), modelstest.NewTeam(t, db)
	for _, c := range []struct {
		in          models.AccessKeyInput
		field, rule string
	}{
		{models.AccessKeyInput{}, "key_name", "required"},
		{models.AccessKeyInput{Name: strings.Repeat("a", 65)}, "key_name", "max"},
		{models.AccessKeyInput{Name: "a\u202eb"}, "key_name", "line"},
		{models.AccessKeyInput{Name: "a", Days: -1}, "days", "min"},
		{models.AccessKeyInput{Name: "a", Days: 3651}, "days", "max"},
		{models.AccessKeyInput{Name: "a", Operations: []string{"CreateStore", "DropStore"}}, "operations", "oneof"},
		{models.AccessKeyInput{Name: "a", User: other.Requester.UserID}, "key_user", "member"},
		{models.AccessKeyInput{Name: "a", User: "nobody"}, "key_user", "member"},
	} {
		if _, _, err := db.CreateAccessKey(t.Context(), team.Admin, c.in); !rejects(err, c.field, c.rule) {
			t.Errorf("%+v: got %v, want %s %s", c.in, err, c.field, c.rule)
		}
	}
}

// keyMethods are all that is done with a key of somebody's.
func keyMethods(db *models.DB, id, token string) map[string]func(context.Context, models.Actor) error {
	return map[string]func(context.Context, models.Actor) error{
		"find": func(ctx context.Context, by models.Actor) error {
			_, err := db.FindAccessKey(ctx, by, id)
			return err
		},
		"disable": func(ctx context.Context, by models.Actor) error {
			_, err := db.SetAccessKeyDisabled(ctx, by, id, true)
			return err
		},
		"delete": func(ctx context.Context, by models.Actor) error {
			_, err := db.DeleteAccessKey(ctx, by, id)
			return err
		},
		"issue": func(ctx context.Context, by models.Actor) error {
			_, _, err := db.IssueToken(ctx, by, id, models.TokenInput{Hours: 1})
			return err
		},
		"revoke": func(ctx context.Context, by models.Actor) error { return db.RevokeToken(ctx, by, id, token) },
		"tokens": func(ctx context.Context, by models.Actor) error {
			_, err := db.ListTokens(ctx, by, id)
			return err
		},
		"calls": func(ctx context.Context, by models.Actor) error {
			_, _, err := modelstest.List(ctx, db, by, models.Calls, list.Query{Of: id})
			return err
		},
	}
}

func TestOnlyTheAdminsOfItsTeamSeeAKey(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team, other := modelstest.NewTeam(t, db), modelstest.NewTeam(t, db)
	k, _ := mustKey(t, db, team.Admin, models.AccessKeyInput{})
	token, _, err := db.IssueToken(t.Context(), team.Admin, k.ID, models.TokenInput{Hours: 24})
	if err != nil {
		t.Fatal(err)
	}
	siteAdmin := team.Admin
	siteAdmin.SiteAdmin = true
	for name, method := range keyMethods(db, k.ID, token.ID) {
		if err := method(t.Context(), other.Admin); !errors.Is(err, models.ErrNotFound) {
			t.Errorf("%s as another team's admin: got %v, want ErrNotFound", name, err)
		}
		if err := method(t.Context(), siteAdmin.ForSite()); !errors.Is(err, models.ErrNotFound) {
			t.Errorf("%s among the site's keys: got %v, want ErrNotFound", name, err)
		}
		if err := method(t.Context(), team.Approver); !errors.Is(err, models.ErrForbidden) {
			t.Errorf("%s as approver: got %v, want ErrForbidden", name, err)
		}
		if err := method(t.Context(), team.Admin.ForSite()); !errors.Is(err, models.ErrForbidden) {
			t.Errorf("%s for the site as a team's admin: got %v, want ErrForbidden", name, err)
		}
		if err := method(t.Context(), models.Actor{}); !errors.Is(err, models.ErrUnauthenticated) {
			t.Errorf("%s as nobody: got %v, want ErrUnauthenticated", name, err)
		}
	}
	if keys, _, err := modelstest.List(t.Context(), db, other.Admin, models.AccessKeys, list.Query{}); err != nil || len(keys) != 0 {
		t.Errorf("another team's list: got %d keys, %v; want none", len(keys), err)
	}
	if c := mustCaller(t, db, k.ID); !c.Active(db.Now()) {
		t.Errorf("after all that: got %s, want active", c.Key.State(db.Now()))
	}
	if _, err := db.FindCallerByToken(t.Context(), token.TokenHash, program); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("the hash of a token as the token: got %v, want ErrNotFound", err)
	}
}

func TestSiteKeyIsARequesterInTheTeamItNames(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	keeper := team.Viewer
	keeper.SiteAdmin = true
	site := keeper.ForSite()
	if _, _, err := db.CreateAccessKey(t.Context(), site, models.AccessKeyInput{Name: "desk"}); !rejects(err, "key_user", "member") {
		t.Errorf("site key for one who is no site admin: got %v, want key_user member", err)
	}
	if err := db.Statement(t.Context(), "UPDATE users SET site_admin = true WHERE id = '"+keeper.UserID+"'"); err != nil {
		t.Fatal(err)
	}
	k, _ := mustKey(t, db, site, models.AccessKeyInput{})
	c := mustCaller(t, db, k.ID)
	if !c.SiteKey() || !c.Active(db.Now()) || c.Actor.TeamID != "" || c.Actor.SiteAdmin {
		t.Errorf("got %+v, want an active site key in no team that does not keep the site", c)
	}
	by, err := db.ActorFor(t.Context(), c, team.ID)
	if err != nil || by.TeamID != team.ID || by.Role != models.Requester || by.KeyID != k.ID {
		t.Errorf("in a team: got %+v, %v; want a requester", by, err)
	}
	for _, id := range []string{"", "1234567890123456"} {
		if _, err := db.ActorFor(t.Context(), c, id); !errors.Is(err, models.ErrNotFound) {
			t.Errorf("team %q: got %v, want ErrNotFound", id, err)
		}
	}
	if keys, _, err := modelstest.List(t.Context(), db, team.Admin, models.AccessKeys, list.Query{}); err != nil || len(keys) != 0 {
		t.Errorf("a team's list: got %d keys, %v; want none", len(keys), err)
	}
	if keys, _, err := modelstest.List(t.Context(), db, site, models.AccessKeys, list.Query{}); err != nil || len(keys) != 1 {
		t.Errorf("the site's list: got %d keys, %v; want one", len(keys), err)
	}
	if err := db.Statement(t.Context(), "UPDATE users SET site_admin = false WHERE id = '"+keeper.UserID+"'"); err != nil {
		t.Fatal(err)
	}
	if mustCaller(t, db, k.ID).Active(db.Now()) {
		t.Error("after its user stopped keeping the site: got active, want not")
	}
}

func TestATeamsKeyActsInItsTeamOnly(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team, other := modelstest.NewTeam(t, db), modelstest.NewTeam(t, db)
	k, _ := mustKey(t, db, team.Admin, models.AccessKeyInput{})
	c := mustCaller(t, db, k.ID)
	if by, err := db.ActorFor(t.Context(), c, team.ID); err != nil || by != c.Actor {
		t.Errorf("own team: got %+v, %v; want %+v", by, err, c.Actor)
	}
	if _, err := db.ActorFor(t.Context(), c, other.ID); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("another team: got %v, want ErrNotFound", err)
	}
}

func TestTokensEndByTimeAndByHand(t *testing.T) {
	t.Parallel()
	clock := modelstest.NewClock()
	db := modelstest.OpenWith(t, models.Options{Clock: clock.Now})
	team := modelstest.NewTeam(t, db)
	k, _ := mustKey(t, db, team.Admin, models.AccessKeyInput{})
	issue := func(hours int) (*models.AccessToken, string) {
		row, token, err := db.IssueToken(t.Context(), team.Admin, k.ID, models.TokenInput{Hours: hours})
		if err != nil {
			t.Fatal(err)
		}
		return row, token
	}
	_, short := issue(1)
	row, long := issue(24)
	c, err := db.FindCallerByToken(t.Context(), long, program)
	if err != nil || c.Key.ID != k.ID || c.Actor.KeyID != k.ID || c.Secret != "" {
		t.Fatalf("got %+v, %v; want the key without its secret", c, err)
	}
	clock.Move(time.Hour)
	if _, err := db.FindCallerByToken(t.Context(), short, program); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("expired token: got %v, want ErrNotFound", err)
	}
	if tokens, err := db.ListTokens(t.Context(), team.Admin, k.ID); err != nil || len(tokens) != 1 {
		t.Errorf("got %d tokens, %v; want the one that works", len(tokens), err)
	}
	if err := db.RevokeToken(t.Context(), team.Admin, k.ID, row.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := db.FindCallerByToken(t.Context(), long, program); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("revoked token: got %v, want ErrNotFound", err)
	}
	if err := db.RevokeToken(t.Context(), team.Admin, k.ID, row.ID); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("revoked again: got %v, want ErrNotFound", err)
	}
	for _, hours := range []int{0, 8761} {
		if _, _, err := db.IssueToken(t.Context(), team.Admin, k.ID, models.TokenInput{Hours: hours}); err == nil {
			t.Errorf("token of %d hours was issued", hours)
		}
	}
}

func TestAKeyHasTwentyTokensAtMost(t *testing.T) {
	t.Parallel()
	clock := modelstest.NewClock()
	db := modelstest.OpenWith(t, models.Options{Clock: clock.Now})
	team := modelstest.NewTeam(t, db)
	k, _ := mustKey(t, db, team.Admin, models.AccessKeyInput{})
	issue := func(int) error {
		_, _, err := db.IssueToken(context.Background(), team.Admin, k.ID, models.TokenInput{Hours: 1})
		return err
	}
	refused := 0
	for _, err := range together(23, issue) {
		switch {
		case rejects(err, "hours", "tokens_full"):
			refused++
		case err != nil:
			t.Errorf("got %v, want a token or tokens_full", err)
		}
	}
	if tokens, err := db.ListTokens(t.Context(), team.Admin, k.ID); err != nil || len(tokens) != 20 || refused != 3 {
		t.Errorf("got %d tokens, %v, and %d refused; want 20 and 3", len(tokens), err, refused)
	}
	clock.Move(time.Hour)
	if err := issue(0); err != nil {
		t.Errorf("when the others have expired: got %v", err)
	}
}

func TestOneFormMakesOneKey(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	in := models.AccessKeyInput{Name: "deploys", Token: db.NewToken()}
	made := 0
	for _, err := range together(5, func(int) error { _, _, err := db.CreateAccessKey(context.Background(), team.Admin, in); return err }) {
		switch {
		case err == nil:
			made++
		case !errors.Is(err, models.ErrConflict):
			t.Errorf("got %v, want ErrConflict", err)
		}
	}
	if keys, _, err := modelstest.List(t.Context(), db, team.Admin, models.AccessKeys, list.Query{}); err != nil || len(keys) != 1 || made != 1 {
		t.Errorf("got %d keys, %v, made %d times; want one", len(keys), err, made)
	}
}

func TestADeletedKeyLeavesOnlyTheRecord(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	k, _ := mustKey(t, db, team.Admin, models.AccessKeyInput{User: team.Requester.UserID})
	_, token, err := db.IssueToken(t.Context(), team.Admin, k.ID, models.TokenInput{Hours: 1})
	if err != nil {
		t.Fatal(err)
	}
	order := mustPlace(t, db, mustCaller(t, db, k.ID).Actor, storeOrder(storeInput("store-a")))
	if err := db.UseNonce(t.Context(), k.ID, "n"); err != nil {
		t.Fatal(err)
	}
	db.NoteCall(models.Call{KeyID: k.ID, At: db.Now()})
	if err := db.FlushCalls(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := db.DeleteAccessKey(t.Context(), team.Admin, k.ID); err != nil {
		t.Fatal(err)
	}
	db.NoteCall(models.Call{KeyID: k.ID, At: db.Now()}) // one that was still under way
	if err := db.FlushCalls(t.Context()); err != nil {
		t.Errorf("a call of a deleted key: got %v, want it left out", err)
	}
	if _, err := db.FindCaller(t.Context(), k.ID, program); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("its next request: got %v, want ErrNotFound", err)
	}
	if _, err := db.FindCallerByToken(t.Context(), token, program); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("its token: got %v, want ErrNotFound", err)
	}
	for _, rows := range []string{"access_keys", "access_tokens", "nonces", "api_calls"} {
		if n, err := db.Rows(t.Context(), rows); err != nil || n != 0 {
			t.Errorf("%s: got %d rows, %v; want none", rows, n, err)
		}
	}
	if got := findOrder(t, db, team.Viewer, order.Number); got.KeyID != k.ID {
		t.Errorf("its order: got key %q, want %q", got.KeyID, k.ID)
	}
	events, _, err := modelstest.List(t.Context(), db, team.Viewer, models.Events, list.With("key", k.ID))
	if err != nil || len(events) == 0 {
		t.Fatalf("what was done with it: got %d events, %v", len(events), err)
	}
	for _, e := range events {
		if e.KeyKept {
			t.Errorf("%s: got the key kept, want it gone", e.Action)
		}
		if e.KeyID != k.ID || e.Agent != program.Agent || e.Face != models.ByAPI || e.RequestID != program.RequestID {
			t.Errorf("%s: got key %q, agent %q, face %q; want those of the request", e.Action, e.KeyID, e.Agent, e.Face)
		}
	}
	if got, want := actions(t, db, team.Viewer, k.ID), "key.created key.token_issued key.deleted"; got != want {
		t.Errorf("got events %q, want %q", got, want)
	}
}

func TestDisablingTwiceIsRecordedOnce(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	k, _ := mustKey(t, db, team.Admin, models.AccessKeyInput{})
	for _, disabled := range []bool{true, true, false, false} {
		if got, err := db.SetAccessKeyDisabled(t.Context(), team.Admin, k.ID, disabled); err != nil || got.Disabled != disabled {
			t.Fatalf("got disabled %v, %v; want %v", got.Disabled, err, disabled)
		}
	}
	if got, want := actions(t, db, team.Viewer, k.ID), "key.created key.disabled key.enabled"; got != want {
		t.Errorf("got events %q, want %q", got, want)
	}
}

func TestSecretsAreNowhereInTheClear(t *testing.T) {
	t.Parallel()
	o := modelstest.Choose(t, models.Options{})
	db, err := models.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	team := modelstest.NewTeam(t, db)
	k, secret := mustKey(t, db, team.Admin, models.AccessKeyInput{})
	_, token, err := db.IssueToken(t.Context(), team.Admin, k.ID, models.TokenInput{Hours: 1})
	if err != nil {
		t.Fatal(err)
	}
	listed, _, err := modelstest.List(t.Context(), db, team.Admin, models.AccessKeys, list.Query{})
	if err != nil {
		t.Fatal(err)
	}
	events, _, err := modelstest.List(t.Context(), db, team.Admin, models.Events, list.Query{})
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal([]any{k, listed, events, mustCaller(t, db, k.ID)})
	if err != nil {
		t.Fatal(err)
	}
	all, err := db.Dump(t.Context(), "access_keys", "access_tokens", "events", "settings")
	if err != nil || !strings.Contains(all, k.ID) {
		t.Fatalf("got %q, %v; want the tables with the key", all, err)
	}
	for _, s := range []string{secret, token} {
		if strings.Contains(string(text), s) || strings.Contains(all, s) {
			t.Errorf("got %s... in the clear", s[:4])
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir(o.Folder, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if bytes.Contains(b, []byte(secret)) || bytes.Contains(b, []byte(token)) {
			t.Errorf("got a secret in the clear in %s", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestANonceWorksOnce(t *testing.T) {
	t.Parallel()
	clock := modelstest.NewClock()
	o := modelstest.Choose(t, models.Options{Clock: clock.Now})
	db, err := models.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	passed := 0
	for _, err := range together(10, func(int) error { return db.UseNonce(context.Background(), "QM1", "n") }) {
		switch {
		case err == nil:
			passed++
		case !errors.Is(err, models.ErrConflict):
			t.Errorf("got %v, want ErrConflict", err)
		}
	}
	if passed != 1 {
		t.Errorf("of ten at once %d passed, want one", passed)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	db = modelstest.OpenWith(t, o)
	clock.Move(34 * time.Minute)
	if err := db.UseNonce(t.Context(), "QM1", "n"); !errors.Is(err, models.ErrConflict) {
		t.Errorf("after a restart: got %v, want ErrConflict", err)
	}
	for _, other := range [][2]string{{"QM2", "n"}, {"QM1", "m"}, {"QM1", ""}, {"QM1", strings.Repeat("\x00\xff", 100_000)}} {
		if err := db.UseNonce(t.Context(), other[0], other[1]); err != nil {
			t.Errorf("another key or nonce: got %v, want it to pass", err)
		}
	}
	clock.Move(2 * time.Minute)
	if err := db.UseNonce(t.Context(), "QM1", "n"); err != nil {
		t.Errorf("after the window: got %v, want it to pass", err)
	}
}

func TestOldNoncesAreForgotten(t *testing.T) {
	t.Parallel()
	clock := modelstest.NewClock()
	db := modelstest.OpenWith(t, models.Options{Clock: clock.Now})
	use := func(n int) {
		for i := range n {
			if err := db.UseNonce(t.Context(), "QM1", fmt.Sprint(clock.Now().Unix(), i)); err != nil {
				t.Fatal(err)
			}
		}
	}
	use(200)
	clock.Move(36 * time.Minute)
	use(64)
	if n, err := db.Rows(t.Context(), "nonces"); err != nil || n != 64 {
		t.Errorf("got %d nonces, %v; want the 64 of the window", n, err)
	}
}

func TestCallsAreListedAndMoveTheLastUse(t *testing.T) {
	t.Parallel()
	clock := modelstest.NewClock()
	db := modelstest.OpenWith(t, models.Options{Clock: clock.Now})
	team := modelstest.NewTeam(t, db)
	k, _ := mustKey(t, db, team.Admin, models.AccessKeyInput{})
	at := clock.Now()
	for i := range 3 {
		c := models.Call{KeyID: k.ID, TeamID: team.ID, At: at.Add(time.Duration(i) * time.Second), Product: models.ProductStores, Operation: "ListStores",
			Status: 200, TookMicros: 1500, RequestID: fmt.Sprint("r-", i), Address: fmt.Sprint("192.0.2.", i), Agent: "sdk"}
		if i == 1 {
			c.Operation, c.Status, c.Code = "CreateStore", 400, "LMS.10001005"
		}
		db.NoteCall(c)
	}
	if err := db.FlushCalls(t.Context()); err != nil {
		t.Fatal(err)
	}
	calls, _, err := modelstest.List(t.Context(), db, team.Admin, models.Calls, list.Query{Of: k.ID, Size: 2})
	if err != nil || len(calls) != 2 || calls[0].RequestID != "r-2" || calls[1].RequestID != "r-1" || !calls[1].Failed() {
		t.Errorf("got %+v, %v; want the newest two", calls, err)
	}
	failed, _, err := modelstest.List(t.Context(), db, team.Admin, models.Calls, list.Query{Of: k.ID, Filters: list.With("failed", "true").Filters})
	if err != nil || len(failed) != 1 || failed[0].Code != "LMS.10001005" || failed[0].TookMicros != 1500 {
		t.Errorf("got %+v, %v; want the one that failed", failed, err)
	}
	db.NoteCall(models.Call{KeyID: k.ID, At: at, Operation: "DescribeStore"}) // one that took longer
	if err := db.FlushCalls(t.Context()); err != nil {
		t.Fatal(err)
	}
	got, err := db.FindAccessKey(t.Context(), team.Admin, k.ID)
	if err != nil || got.UsedAt == nil || !got.UsedAt.Equal(at.Add(2*time.Second)) || got.UsedFrom != "192.0.2.2" || got.UsedFor != "ListStores" || got.UsedAgent != "sdk" {
		t.Errorf("last use: got %+v, %v; want that of the newest call", got, err)
	}
}

func TestCallsAreFoundByTheirRequest(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team, other := modelstest.NewTeam(t, db), modelstest.NewTeam(t, db)
	k, _ := mustKey(t, db, team.Admin, models.AccessKeyInput{})
	id := db.NewRequestID()
	db.NoteCall(models.Call{KeyID: k.ID, TeamID: team.ID, At: db.Now(), Operation: "ListStores", RequestID: id})
	if err := db.FlushCalls(t.Context()); err != nil {
		t.Fatal(err)
	}
	if c, err := db.FindCall(t.Context(), team.Admin, id); err != nil || c.KeyID != k.ID || c.Operation != "ListStores" {
		t.Errorf("got %+v, %v; want the call", c, err)
	}
	for what, by := range map[string]models.Actor{"a requester": team.Requester, "another team's admin": other.Admin} {
		if c, err := db.FindCall(t.Context(), by, id); err == nil {
			t.Errorf("%s: got %+v, want an error", what, c)
		}
	}
	if _, err := db.FindCall(t.Context(), team.Admin, ""); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("no id: got %v, want ErrNotFound", err)
	}
}

func TestUnprovenCallsAreListedAndAreNoUse(t *testing.T) {
	t.Parallel()
	clock := modelstest.NewClock()
	db := modelstest.OpenWith(t, models.Options{Clock: clock.Now})
	team := modelstest.NewTeam(t, db)
	k, _ := mustKey(t, db, team.Admin, models.AccessKeyInput{})
	note := func(n int, c models.Call) *models.AccessKey {
		for range n {
			clock.Move(time.Millisecond)
			c.KeyID, c.At = k.ID, db.Now()
			db.NoteCall(c)
		}
		if err := db.FlushCalls(t.Context()); err != nil {
			t.Fatal(err)
		}
		found, err := db.FindAccessKey(t.Context(), team.Admin, k.ID)
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	forged := models.Call{Operation: "CreateStore", Code: "SignatureDoesNotMatch", Address: "192.0.2.66", Unproven: true}
	if got := note(1, forged); got.UsedAt != nil || got.UsedFrom != "" {
		t.Errorf("after a forged call: got %+v, want no use", got)
	}
	note(3, models.Call{Operation: "ListStores", Address: "192.0.2.7"})
	if got := note(150, forged); got.UsedFrom != "192.0.2.7" || got.UsedFor != "ListStores" {
		t.Errorf("after many: got %+v, want the use of the owner's", got)
	}
	if n, err := db.Rows(t.Context(), "api_calls"); err != nil || n != 103 {
		t.Errorf("got %d calls, %v; want the owner's 3 and the last 100 of the others", n, err)
	}
}

func TestForgedCallsTakeNoPlaceOfTheOwners(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	known, _ := mustKey(t, db, team.Admin, models.AccessKeyInput{})
	busy, _ := mustKey(t, db, team.Admin, models.AccessKeyInput{})
	for range 20_000 {
		db.NoteCall(models.Call{KeyID: known.ID, At: db.Now(), Unproven: true, Code: "SignatureDoesNotMatch"})
	}
	for range 100 {
		db.NoteCall(models.Call{KeyID: busy.ID, At: db.Now(), Operation: "ListStores"})
	}
	calls, _, err := modelstest.List(t.Context(), db, team.Admin, models.Calls, list.Query{Of: busy.ID, Size: 100})
	if err != nil || len(calls) != 100 {
		t.Errorf("got %d calls, %v; want all 100", len(calls), err)
	}
}

func TestCallsAreCountedByTheDaysOfAZone(t *testing.T) {
	t.Parallel()
	clock := modelstest.NewClock()
	db := modelstest.OpenWith(t, models.Options{Clock: clock.Now})
	team, other := modelstest.NewTeam(t, db), modelstest.NewTeam(t, db)
	k, _ := mustKey(t, db, team.Admin, models.AccessKeyInput{})
	east := time.FixedZone("", 9*3600)
	count := func() ([]models.CallDay, bool) {
		t.Helper()
		if err := db.FlushCalls(t.Context()); err != nil {
			t.Fatal(err)
		}
		days, cut, err := db.CallDays(t.Context(), team.Admin, k.ID, east)
		if err != nil {
			t.Fatal(err)
		}
		return days, cut
	}
	if days, cut := count(); days != nil || cut {
		t.Errorf("never called: got %v, cut %t, want nothing", days, cut)
	}
	y, m, d := clock.Now().In(east).Date()
	midnight := time.Date(y, m, d, 0, 0, 0, 0, east)
	for _, c := range []models.Call{{At: midnight.Add(-time.Second)}, {At: midnight}, {At: midnight.Add(time.Second), Code: "LMS.10001005"}} {
		c.KeyID, c.TeamID = k.ID, team.ID
		db.NoteCall(c)
	}
	days, cut := count()
	if n := len(days); n != 31 || cut || days[n-1].Calls != 2 || days[n-1].Failed != 1 || days[n-2].Calls != 1 || days[n-2].Failed != 0 || days[0].Calls != 0 {
		t.Errorf("got %v, cut %t, want 31 days, one call yesterday and two today of which one failed", days, cut)
	}
	for range 1000 {
		db.NoteCall(models.Call{KeyID: k.ID, TeamID: team.ID, At: midnight.Add(2 * time.Second)})
	}
	asked := ""
	if !modelstest.Postgres() { // which chooses by the rows there are
		if err := db.SeeSteps(func(statement string, steps []string) { asked += strings.Join(steps, "; ") }); err != nil {
			t.Fatal(err)
		}
	}
	if days, cut := count(); len(days) != 1 || !cut || days[0].Calls != 1000 {
		t.Errorf("more than are kept: got %v, cut %t, want today alone", days, cut)
	}
	if asked != "" && (!strings.Contains(asked, "INDEX api_calls_key ") || strings.Contains(asked, "TEMP B-TREE") || strings.Contains(asked, "SCAN")) {
		t.Errorf("got %s, want the head of the index of a key's calls", asked)
	}
	if _, _, err := db.CallDays(t.Context(), other.Admin, k.ID, east); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("another team: got %v, want ErrNotFound", err)
	}
}

func TestTheListOfCallsIsBounded(t *testing.T) {
	t.Parallel()
	clock := modelstest.NewClock()
	db := modelstest.OpenWith(t, models.Options{Clock: clock.Now})
	team := modelstest.NewTeam(t, db)
	busy, _ := mustKey(t, db, team.Admin, models.AccessKeyInput{})
	idle, _ := mustKey(t, db, team.Admin, models.AccessKeyInput{})
	note := func(id string, n int) {
		for range n {
			clock.Move(time.Millisecond)
			db.NoteCall(models.Call{KeyID: id, At: db.Now(), Operation: fmt.Sprint(n)})
		}
		if err := db.FlushCalls(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	note(idle.ID, 5)
	note(busy.ID, 7)
	note(busy.ID, 1000)
	if n, err := db.Rows(t.Context(), "api_calls"); err != nil || n != 1005 {
		t.Errorf("got %d calls, %v; want the last 1,000 of one and 5 of the other", n, err)
	}
	clock.Move(30*24*time.Hour + time.Minute)
	note(busy.ID, 3)
	if n, err := db.Rows(t.Context(), "api_calls"); err != nil || n != 3 {
		t.Errorf("a month later: got %d calls, %v; want the 3 new ones", n, err)
	}
}

func TestClosingWritesTheCallsThatWait(t *testing.T) {
	t.Parallel()
	o := modelstest.Choose(t, models.Options{})
	db, err := models.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	team := modelstest.NewTeam(t, db)
	k, _ := mustKey(t, db, team.Admin, models.AccessKeyInput{})
	db.NoteCall(models.Call{KeyID: k.ID, At: db.Now()})
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	db.NoteCall(models.Call{KeyID: k.ID}) // nobody writes it, and nobody waits
	db = modelstest.OpenWith(t, o)
	calls, _, err := modelstest.List(t.Context(), db, team.Admin, models.Calls, list.Query{Of: k.ID})
	if err != nil || len(calls) != 1 {
		t.Errorf("got %d calls, %v; want the one that waited", len(calls), err)
	}
}

func TestTokensAreReadFromTheHeadOfAnIndex(t *testing.T) {
	t.Parallel()
	if modelstest.Postgres() {
		t.Skip("PostgreSQL chooses by the rows there are, and a test has few")
	}
	for index, read := range map[string]func(context.Context, *models.DB, models.Actor, string) error{
		"access_tokens_key": func(ctx context.Context, db *models.DB, by models.Actor, id string) error {
			_, err := db.ListTokens(ctx, by, id)
			return err
		},
		"sqlite_autoindex_plans_1": func(ctx context.Context, db *models.DB, by models.Actor, _ string) error {
			return db.ThingsThatEnd(ctx, by, strings.Split("some things of many", " ")...)
		},
	} {
		db := modelstest.Open(t)
		by := modelstest.NewTeam(t, db).Admin
		k, _ := mustKey(t, db, by, models.AccessKeyInput{})
		steps, err := db.ExplainLast(t.Context(), func(ctx context.Context) error { return read(ctx, db, by, k.ID) })
		if got := strings.Join(steps, "; "); err != nil || !strings.Contains(got, "INDEX "+index+" ") || strings.Contains(got, "SCAN") || strings.Contains(got, "TEMP B-TREE") {
			t.Errorf("got %s, %v; want index %s, no scan and no sorting", got, err, index)
		}
	}
}

func TestAFormMakesOneKeyHoweverLate(t *testing.T) {
	t.Parallel()
	clock := modelstest.NewClock()
	db := modelstest.OpenWith(t, models.Options{Clock: clock.Now})
	team := modelstest.NewTeam(t, db)
	in := models.AccessKeyInput{Name: "script", Token: "form-1"}
	k, _, err := db.CreateAccessKey(t.Context(), team.Admin, in)
	if err != nil {
		t.Fatal(err)
	}
	hours := models.TokenInput{Hours: 24, Token: "form-2"}
	if _, _, err := db.IssueToken(t.Context(), team.Admin, k.ID, hours); err != nil {
		t.Fatal(err)
	}
	clock.Move(20 * time.Hour)
	if _, _, err := db.CreateAccessKey(t.Context(), team.Admin, in); !errors.Is(err, models.ErrConflict) {
		t.Errorf("a key from the same form: got %v, want %v", err, models.ErrConflict)
	}
	if _, _, err := db.IssueToken(t.Context(), team.Admin, k.ID, hours); !errors.Is(err, models.ErrConflict) {
		t.Errorf("a token from the same form: got %v, want %v", err, models.ErrConflict)
	}
}
