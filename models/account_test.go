package models_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/text/unicode/norm"

	"quartermaster/models"
	"quartermaster/models/modelstest"
)

const longPassword = "a long walk by the river"

// visitor is who asks before anybody is signed in.
func visitor(address string) models.Actor {
	return models.Actor{Face: models.ByForm, Address: address, Agent: "test", RequestID: "test"}
}

// withPassword gives a member longPassword and returns the address to sign in
// with.
func withPassword(t *testing.T, db *models.DB, by models.Actor) string {
	t.Helper()
	user, err := db.FindUser(t.Context(), by)
	if err != nil {
		t.Fatalf("find user: %v", err)
	}
	if err := db.ResetPassword(t.Context(), models.Operator(), user.Email, longPassword); err != nil {
		t.Fatalf("set password: %v", err)
	}
	return user.Email
}

func mustSignIn(t *testing.T, db *models.DB, email string) models.SignedIn {
	t.Helper()
	begun, err := db.SignIn(t.Context(), visitor("192.0.2.9"), models.SignInInput{Email: email, Password: longPassword}, "")
	if err != nil {
		t.Fatalf("sign in: %v", err)
	}
	return begun
}

func TestRefusedSignInsAreAllAlike(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	email := withPassword(t, db, team.Viewer)
	invited, err := db.FindUser(t.Context(), team.Approver)
	if err != nil {
		t.Fatal(err)
	}
	for name, in := range map[string]models.SignInInput{
		"wrong password":       {Email: email, Password: "another walk by the river"},
		"unknown name":         {Email: "nobody@example.com", Password: longPassword},
		"account not taken up": {Email: invited.Email, Password: longPassword},
	} {
		begun, err := db.SignIn(t.Context(), visitor("192.0.2.9"), in, "")
		if !rejects(err, "", "credentials") || begun.Token != "" {
			t.Errorf("%s: got %v and token %q, want credentials refused", name, err, begun.Token)
		}
	}
	if _, err := db.SignIn(t.Context(), visitor("192.0.2.9"), models.SignInInput{Email: " " + strings.ToUpper(email), Password: longPassword}, ""); err != nil {
		t.Errorf("address in capitals: got %v, want signed in", err)
	}
}

// Programs that shut addresses out read these lines, and so does whoever wonders
// why somebody cannot sign in.
func TestFailedSignInsAreLoggedAlike(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	db := modelstest.OpenWith(t, models.Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
	email := withPassword(t, db, modelstest.NewTeam(t, db).Viewer)
	long := strings.Repeat("x", 240) + "@example.com"
	for _, c := range []struct{ email, want string }{
		{email, "account=" + email + " address=192.0.2.9 why=credentials request=test\n"},
		{" NoBody@example.com", "account=nobody@example.com address=192.0.2.9 why=credentials request=test\n"},
		{"a@b address=192.0.2.1\nlevel=INFO", `account="a@b address=192.0.2.1\nlevel=info" address=192.0.2.9 why=credentials request=test` + "\n"},
		{long, "account=" + long + " address=192.0.2.9 why=credentials request=test\n"},
		{"a password, not an address", `account="" address=192.0.2.9 why=credentials request=test` + "\n"},
	} {
		log.Reset()
		_, err := db.SignIn(t.Context(), visitor("192.0.2.9"), models.SignInInput{Email: c.email, Password: "another walk by the river"}, "")
		if got := log.String(); !rejects(err, "", "credentials") || !strings.Contains(got, `level=WARN msg="sign-in failed" `+c.want) || strings.Contains(got, "walk") {
			t.Errorf("%q: got %v and the log %q, want %q", c.email, err, got, c.want)
		}
	}
	for range 10 {
		log.Reset()
		_, _ = db.SignIn(t.Context(), visitor("192.0.2.9"), models.SignInInput{Email: "nobody@example.com", Password: "x"}, "")
	}
	if got := log.String(); !strings.Contains(got, "account=nobody@example.com address=192.0.2.9 why=throttled") {
		t.Errorf("the eleventh try: got the log %q, want it there too", got)
	}
}

func TestPasswordsCostWhatTheyShould(t *testing.T) {
	t.Parallel()
	db, err := models.Open(t.Context(), models.Options{Folder: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	by := modelstest.NewTeam(t, db).Viewer
	email := withPassword(t, db, by)
	user, err := db.FindUser(t.Context(), by)
	const want = "$argon2id$v=19$m=19456,t=2,p=1$"
	if err != nil || !strings.HasPrefix(user.PasswordHash, want) {
		t.Errorf("hash of a database that was opened plainly: got %q, %v; want %s…", user.PasswordHash, err, want)
	}
	if _, err := db.SignIn(t.Context(), visitor("192.0.2.9"), models.SignInInput{Email: email, Password: longPassword}, ""); err != nil {
		t.Errorf("with the password: got %v, want signed in", err)
	}
}

func TestPasswordsMustNotBeGuessable(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	for _, c := range []struct{ password, rule string }{
		{"short", "min"},
		{strings.Repeat("河", 11), "min"},
		{strings.Repeat("x1", 129), "max"},
		{"password1234", "common"},
		{"wanghaoran2026", "common"},
		{"correct horse battery staple", ""},
		{"月落乌啼霜满天江枫渔火对愁眠", ""},
		{"  leading and trailing  ", ""},
		{strings.Repeat("é", 250) + "abcdef", ""},
	} {
		_, err := db.CreateUser(t.Context(), models.Operator(), models.NewUserInput{
			UserInput: models.UserInput{Name: "王浩然", Email: "wanghaoran@example.com"}, Password: c.password,
		})
		switch {
		case c.rule == "" && err != nil && !rejects(err, "email", "taken"):
			t.Errorf("%q: got %v, want it taken as it is", c.password, err)
		case c.rule != "" && !rejects(err, "password", c.rule):
			t.Errorf("%q: got %v, want password %s", c.password, err, c.rule)
		}
	}
}

func TestTenWrongTriesCloseAnAccountForAWhile(t *testing.T) {
	t.Parallel()
	clock := modelstest.NewClock()
	for _, known := range []bool{true, false} {
		t.Run(fmt.Sprintf("account exists %v", known), func(t *testing.T) {
			db := modelstest.OpenWith(t, models.Options{Clock: clock.Now})
			email := "nobody@example.com"
			if known {
				email = withPassword(t, db, modelstest.NewTeam(t, db).Viewer)
			}
			guess := func(password string) error {
				_, err := db.SignIn(t.Context(), visitor("192.0.2.9"), models.SignInInput{Email: email, Password: password}, "")
				return err
			}
			for i := range 10 {
				if err := guess("not this one either"); !rejects(err, "", "credentials") {
					t.Fatalf("try %d: got %v, want credentials refused", i+1, err)
				}
			}
			var closed models.Throttled
			if err := guess(longPassword); !errors.As(err, &closed) || closed.RetryAfter <= 0 || closed.RetryAfter > 10*time.Minute {
				t.Fatalf("eleventh try: got %v, want throttled for up to ten minutes", err)
			}
			clock.Move(closed.RetryAfter)
			if err := guess(longPassword); known && err != nil {
				t.Errorf("after the wait: got %v, want signed in", err)
			} else if !known && !rejects(err, "", "credentials") {
				t.Errorf("after the wait: got %v, want credentials refused", err)
			}
		})
	}
}

func TestWrongTriesAreKeptOverARestart(t *testing.T) {
	t.Parallel()
	if modelstest.Postgres() {
		t.Skip("a restart is a new connection to the same PostgreSQL")
	}
	folder := t.TempDir()
	in := models.SignInInput{Email: "nobody@example.com", Password: longPassword}
	for i := range 11 {
		db, err := models.Open(t.Context(), models.Options{Folder: folder, HashMemory: 8})
		if err != nil {
			t.Fatal(err)
		}
		_, err = db.SignIn(t.Context(), visitor("192.0.2.9"), in, "")
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		var closed models.Throttled
		if got, want := errors.As(err, &closed), i == 10; got != want {
			t.Fatalf("try %d: got %v, want throttled %v", i+1, err, want)
		}
	}
}

func TestStrangersCannotKeepAKnownBrowserOut(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	email := withPassword(t, db, modelstest.NewTeam(t, db).Viewer)
	first := mustSignIn(t, db, email)
	wrong := models.SignInInput{Email: email, Password: "not this one either"}
	right := models.SignInInput{Email: email, Password: longPassword}
	for range 11 {
		_, _ = db.SignIn(t.Context(), visitor("198.51.100.7"), wrong, "")
	}
	var closed models.Throttled
	if _, err := db.SignIn(t.Context(), visitor("192.0.2.9"), right, "made up"); !errors.As(err, &closed) {
		t.Fatalf("unknown browser: got %v, want throttled", err)
	}
	again, err := db.SignIn(t.Context(), visitor("192.0.2.9"), right, first.Browser)
	if err != nil {
		t.Fatalf("known browser: got %v, want signed in", err)
	}
	if again.Browser != "" {
		t.Errorf("known browser got another token")
	}
	if _, err := db.FindSession(t.Context(), first.Token); err != nil {
		t.Errorf("open session while the account is closed: got %v, want it to go on", err)
	}
	for range 10 {
		_, _ = db.SignIn(t.Context(), visitor("192.0.2.9"), wrong, first.Browser)
	}
	if _, err := db.SignIn(t.Context(), visitor("192.0.2.9"), right, first.Browser); !errors.As(err, &closed) {
		t.Errorf("known browser after ten wrong tries of its own: got %v, want throttled", err)
	}
}

func TestAnAddressThatTriesFarTooMuchIsClosed(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	email := withPassword(t, db, modelstest.NewTeam(t, db).Viewer)
	var closed models.Throttled
	for i := range 101 {
		// Addresses of one IPv6 network are one customer's.
		from := visitor(fmt.Sprintf("2001:db8:1:2::%x", i+1))
		_, err := db.SignIn(t.Context(), from, models.SignInInput{Email: fmt.Sprintf("n%d@example.com", i), Password: longPassword}, "")
		if got, want := errors.As(err, &closed), i == 100; got != want {
			t.Fatalf("try %d: got %v, want throttled %v", i+1, err, want)
		}
	}
	if _, err := db.SignIn(t.Context(), visitor("2001:db8:1:3::1"), models.SignInInput{Email: email, Password: longPassword}, ""); err != nil {
		t.Errorf("another network: got %v, want signed in", err)
	}
}

func TestTriesAtOnceAreCountedLikeTriesInARow(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	var looked sync.Map
	var all sync.WaitGroup
	for i := range 30 {
		all.Go(func() {
			_, err := db.SignIn(t.Context(), visitor("192.0.2.9"), models.SignInInput{Email: "nobody@example.com", Password: longPassword}, "")
			if rejects(err, "", "credentials") {
				looked.Store(i, true)
			}
		})
	}
	all.Wait()
	n := 0
	looked.Range(func(any, any) bool { n++; return true })
	if n != 10 {
		t.Errorf("passwords looked at among 30 tries at once: got %d, want 10", n)
	}
}

// Of processes that count together, one's clock is a hair behind the other's.
func TestTriesAreCountedByClocksThatDifferALittle(t *testing.T) {
	t.Parallel()
	clock := modelstest.NewClock()
	db := modelstest.OpenWith(t, models.Options{Clock: clock.Now})
	looked := 0
	for range 12 {
		_, err := db.SignIn(t.Context(), visitor("192.0.2.9"), models.SignInInput{Email: "nobody@example.com", Password: longPassword}, "")
		if rejects(err, "", "credentials") {
			looked++
		}
		clock.Move(-time.Millisecond)
	}
	if looked != 10 {
		t.Errorf("passwords looked at in 12 tries, each a millisecond before the last: got %d, want 10", looked)
	}
}

func TestSessionsEndByThemselves(t *testing.T) {
	t.Parallel()
	clock := modelstest.NewClock()
	db := modelstest.OpenWith(t, models.Options{Clock: clock.Now})
	email := withPassword(t, db, modelstest.NewTeam(t, db).Viewer)

	idle := mustSignIn(t, db, email)
	clock.Move(24 * time.Hour)
	if _, err := db.FindSession(t.Context(), idle.Token); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("after a day without use: got %v, want ErrNotFound", err)
	}

	used := mustSignIn(t, db, email)
	for hours := 0; ; hours += 12 {
		_, err := db.FindSession(t.Context(), used.Token)
		if at := time.Duration(hours) * time.Hour; at >= models.SessionLimit {
			if !errors.Is(err, models.ErrNotFound) {
				t.Errorf("after %s of use: got %v, want ErrNotFound", at, err)
			}
			break
		}
		if err != nil {
			t.Fatalf("in use after %d hours: got %v, want it to go on", hours, err)
		}
		if err := db.FlushCalls(t.Context()); err != nil { // notes the use
			t.Fatal(err)
		}
		clock.Move(12 * time.Hour)
	}
}

func TestWhoLosesARightLosesItAtOnce(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	email := withPassword(t, db, team.Requester)
	ctx := t.Context()

	s := mustSignIn(t, db, email)
	found, err := db.FindSession(ctx, s.Token)
	if err != nil || found.Role != models.Requester || found.TeamID != team.ID {
		t.Fatalf("session: got %+v, %v, want a requester of %s", found, err, team.ID)
	}
	if _, err := db.ChangeRole(ctx, team.Admin, team.Requester.UserID, models.RoleInput{Role: models.Viewer}); err != nil {
		t.Fatal(err)
	}
	if _, err := db.FindSession(ctx, s.Token); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("session after a change of role: got %v, want ErrNotFound", err)
	}

	s = mustSignIn(t, db, email)
	if found, err := db.FindSession(ctx, s.Token); err != nil || found.Role != models.Viewer {
		t.Fatalf("session with the lowered role: got %+v, %v", found, err)
	}
	if _, err := db.RemoveMember(ctx, team.Admin, team.Requester.UserID); err != nil {
		t.Fatal(err)
	}
	s = mustSignIn(t, db, email)
	found, err = db.FindSession(ctx, s.Token)
	if err != nil || found.TeamID != "" || found.Role != "" {
		t.Errorf("session of one in no team: got %+v, %v, want no team and no role", found, err)
	}
	if by := found.Actor(visitor("")); by.May(models.See) {
		t.Errorf("one in no team may still see")
	}
}

func TestChangingThePasswordEndsAllOtherSessions(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	email := withPassword(t, db, team.Viewer)
	ctx := t.Context()
	mine, other := mustSignIn(t, db, email), mustSignIn(t, db, email)
	const next = "three boats under a bridge"

	_, err := db.ChangePassword(ctx, team.Viewer, mine.Token, models.ChangePasswordInput{Current: "not this one either", New: next})
	if !rejects(err, "current_password", "wrong") {
		t.Fatalf("with a wrong old one: got %v, want current_password wrong", err)
	}
	begun, err := db.ChangePassword(ctx, team.Viewer, mine.Token, models.ChangePasswordInput{Current: longPassword, New: next})
	if err != nil {
		t.Fatal(err)
	}
	for name, token := range map[string]string{"the other": other.Token, "the old of this browser": mine.Token} {
		if _, err := db.FindSession(ctx, token); !errors.Is(err, models.ErrNotFound) {
			t.Errorf("%s session: got %v, want ErrNotFound", name, err)
		}
	}
	if _, err := db.FindSession(ctx, begun.Token); err != nil {
		t.Errorf("the new session: got %v, want it to hold", err)
	}
	if _, err := db.SignIn(ctx, visitor("192.0.2.9"), models.SignInInput{Email: email, Password: longPassword}, ""); !rejects(err, "", "credentials") {
		t.Errorf("old password: got %v, want credentials refused", err)
	}
}

func TestSessionsAreListedAndEndedByTheirOwnerOnly(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	ctx := t.Context()
	mustSignIn(t, db, withPassword(t, db, team.Viewer))
	mustSignIn(t, db, withPassword(t, db, team.Admin))
	sessions, err := db.ListSessions(ctx, team.Viewer)
	if err != nil || len(sessions) != 1 {
		t.Fatalf("own sessions: got %d, %v, want 1", len(sessions), err)
	}
	if err := db.DeleteSession(ctx, team.Admin, sessions[0].ID); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("another's session: got %v, want ErrNotFound", err)
	}
	if err := db.DeleteSession(ctx, team.Viewer, sessions[0].ID); err != nil {
		t.Errorf("own session: got %v, want it ended", err)
	}
	if _, err := db.ListSessions(ctx, models.Actor{}); !errors.Is(err, models.ErrUnauthenticated) {
		t.Errorf("nobody's sessions: got %v, want ErrUnauthenticated", err)
	}
}

func TestATeamIsChangedOnlyByItsMembers(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team, other := modelstest.NewTeam(t, db), modelstest.NewTeam(t, db)
	ctx := t.Context()
	email := withPassword(t, db, team.Viewer)
	s := mustSignIn(t, db, email)
	if _, _, err := db.SwitchTeam(ctx, team.Viewer, s.Token, other.ID); !errors.Is(err, models.ErrNotFound) {
		t.Fatalf("a team of others: got %v, want ErrNotFound", err)
	}
	if _, err := db.AddMember(ctx, other.Admin, models.UserInput{Name: "Vera", Email: email}, models.Approver); err != nil {
		t.Fatal(err)
	}
	begun, to, err := db.SwitchTeam(ctx, team.Viewer, s.Token, other.ID)
	if err != nil || to.ID != other.ID {
		t.Fatalf("an own team: got %v, %v", to, err)
	}
	if _, err := db.FindSession(ctx, s.Token); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("the token of before: got %v, want ErrNotFound", err)
	}
	found, err := db.FindSession(ctx, begun.Token)
	if err != nil || found.Role != models.Approver || found.TeamCount != 2 {
		t.Errorf("session in the other team: got %+v, %v, want an approver of two teams", found, err)
	}
}

var firstTeam = models.SetupInput{
	TeamInput: models.TeamInput{Name: "平台组"},
	UserInput: models.UserInput{Name: "林悦", Email: "Lin.Yue@Example.com"},
	Password:  longPassword,
}

func TestOfManySetupsAtOnceOneWins(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	ctx := t.Context()
	token, err := db.NewSetupToken(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	won := 0
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			in := firstTeam
			in.Email = fmt.Sprintf("admin%d@example.com", i)
			_, err := db.CreateFirstAdmin(ctx, visitor("192.0.2.9"), token, in)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				won++
			} else if !errors.Is(err, models.ErrNotFound) {
				t.Errorf("one that lost: got %v, want ErrNotFound", err)
			}
		})
	}
	all.Wait()
	users, err := db.ListUsers(ctx, models.Operator())
	if err != nil || won != 1 || len(users) != 1 {
		t.Fatalf("got %d winners and %d users, %v, want one of each", won, len(users), err)
	}
	if !users[0].SiteAdmin {
		t.Errorf("the first user is no site admin")
	}
	if _, err := db.NewSetupToken(ctx); !errors.Is(err, models.ErrConflict) {
		t.Errorf("another setup link: got %v, want ErrConflict", err)
	}
}

func TestSetupLinksAreReplacedAndUsedUp(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	ctx := t.Context()
	old, err := db.NewSetupToken(ctx)
	if err != nil {
		t.Fatal(err)
	}
	token, err := db.NewSetupToken(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, wrong := range []string{"", "x", old} {
		if _, err := db.CreateFirstAdmin(ctx, visitor("192.0.2.9"), wrong, firstTeam); !errors.Is(err, models.ErrNotFound) {
			t.Errorf("link %q: got %v, want ErrNotFound", wrong, err)
		}
	}
	weak := firstTeam
	weak.Password = "password1234"
	if _, err := db.CreateFirstAdmin(ctx, visitor("192.0.2.9"), token, weak); !rejects(err, "password", "common") {
		t.Errorf("weak password: got %v, want password common", err)
	}
	begun, err := db.CreateFirstAdmin(ctx, visitor("192.0.2.9"), token, firstTeam)
	if err != nil {
		t.Fatalf("after a refused try: got %v, want set up", err)
	}
	s, err := db.FindSession(ctx, begun.Token)
	if err != nil || !s.SiteAdmin || s.Role != models.Admin || s.Email != "lin.yue@example.com" || s.TeamName != "平台组" {
		t.Errorf("session of the first admin: got %+v, %v", s, err)
	}
}

func TestOnlyAdminsChangeMembersAndOnlyOthers(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team, other := modelstest.NewTeam(t, db), modelstest.NewTeam(t, db)
	ctx := t.Context()
	in := models.InvitationInput{Email: "noor@example.com", Role: models.Viewer}
	sent, _, err := db.Invite(ctx, team.Admin, in)
	if err != nil {
		t.Fatal(err)
	}
	all := func(by models.Actor, userID string) map[string]error {
		_, withdraw := db.WithdrawInvitation(ctx, by, sent.ID)
		_, role := db.ChangeRole(ctx, by, userID, models.RoleInput{Role: models.Admin})
		_, remove := db.RemoveMember(ctx, by, userID)
		return map[string]error{"withdraw": withdraw, "change role": role, "remove": remove}
	}
	for _, c := range []struct {
		name   string
		by     models.Actor
		userID string
		want   error
	}{
		{"a viewer", team.Viewer, team.Requester.UserID, models.ErrForbidden},
		{"a requester", team.Requester, team.Viewer.UserID, models.ErrForbidden},
		{"an approver", team.Approver, team.Viewer.UserID, models.ErrForbidden},
		{"nobody", models.Actor{}, team.Viewer.UserID, models.ErrUnauthenticated},
		{"an admin of another team", other.Admin, team.Viewer.UserID, models.ErrNotFound},
	} {
		for action, err := range all(c.by, c.userID) {
			if !errors.Is(err, c.want) {
				t.Errorf("%s, %s: got %v, want %v", c.name, action, err, c.want)
			}
		}
		if c.want == models.ErrNotFound {
			continue
		}
		if _, _, err := db.Invite(ctx, c.by, in); !errors.Is(err, c.want) {
			t.Errorf("%s, add: got %v, want %v", c.name, err, c.want)
		}
	}
	if _, err := db.ChangeRole(ctx, team.Admin, team.Admin.UserID, models.RoleInput{Role: models.Viewer}); !errors.Is(err, models.ErrForbidden) {
		t.Errorf("own role: got %v, want ErrForbidden", err)
	}
	if _, err := db.RemoveMember(ctx, team.Admin, team.Admin.UserID); !errors.Is(err, models.ErrForbidden) {
		t.Errorf("oneself: got %v, want ErrForbidden", err)
	}
	if _, err := db.ChangeRole(ctx, team.Admin, team.Viewer.UserID, models.RoleInput{Role: "owner"}); !rejects(err, "role", "oneof") {
		t.Errorf("a role that is none: got %v, want role oneof", err)
	}
	members, err := db.ListMembers(ctx, team.Viewer)
	if err != nil || len(members) != 4 {
		t.Errorf("members: got %d, %v, want the four of this team", len(members), err)
	}
}

func TestATeamKeepsAnAdmin(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	ctx := context.Background()
	for round, change := range []func(by models.Actor, userID string) error{
		func(by models.Actor, userID string) error { _, err := db.RemoveMember(ctx, by, userID); return err },
		func(by models.Actor, userID string) error {
			_, err := db.ChangeRole(ctx, by, userID, models.RoleInput{Role: models.Viewer})
			return err
		},
		func(by models.Actor, userID string) error {
			if _, err := db.ChangeRole(ctx, by, userID, models.RoleInput{Role: models.Viewer}); err != nil {
				return err
			}
			_, _, err := db.Invite(ctx, by, models.InvitationInput{Email: userID + "@example.com", Role: models.Viewer})
			return err
		},
	} {
		for range 5 {
			team := modelstest.NewTeam(t, db)
			if _, err := db.ChangeRole(ctx, team.Admin, team.Approver.UserID, models.RoleInput{Role: models.Admin}); err != nil {
				t.Fatal(err)
			}
			team.Approver.Role = models.Admin
			var all sync.WaitGroup
			var errs [2]error
			all.Go(func() { errs[0] = change(team.Admin, team.Approver.UserID) })
			all.Go(func() { errs[1] = change(team.Approver, team.Admin.UserID) })
			all.Wait()
			if (errs[0] == nil) == (errs[1] == nil) || !errors.Is(errors.Join(errs[:]...), models.ErrForbidden) {
				t.Errorf("round %d: got %v; want one done, and one too late", round, errs)
			}
			members, err := db.ListMembers(ctx, team.Viewer)
			if err != nil || !slices.ContainsFunc(members, func(m models.Member) bool { return m.Role == models.Admin }) {
				t.Errorf("round %d: got %v, %v; want an admin among them", round, members, err)
			}
		}
	}
}

func TestTheServersKeeperMakesAnAdminOfATeam(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team, other := modelstest.NewTeam(t, db), modelstest.NewTeam(t, db)
	users, err := db.ListUsers(t.Context(), models.Operator())
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range users {
		if u.ID != team.Viewer.UserID && u.ID != other.Viewer.UserID {
			continue
		}
		if _, err := db.MakeTeamAdmin(t.Context(), models.Operator(), u.Email, team.ID); err != nil {
			t.Errorf("%s: %v", u.Name, err)
		}
		if _, err := db.MakeTeamAdmin(t.Context(), team.Admin, u.Email, team.ID); !errors.Is(err, models.ErrForbidden) {
			t.Errorf("by a team's admin: got %v, want ErrForbidden", err)
		}
		if _, err := db.MakeTeamAdmin(t.Context(), models.Operator(), u.Email, "none"); !rejects(err, "team", "unknown") {
			t.Errorf("of no team: got %v, want team unknown", err)
		}
	}
	members, err := db.ListMembers(t.Context(), team.Admin)
	admins := map[string]bool{}
	for _, m := range members {
		admins[m.UserID] = m.Role == models.Admin
	}
	if err != nil || len(members) != 5 || !admins[team.Viewer.UserID] || !admins[other.Viewer.UserID] {
		t.Errorf("got %v, %v; want the team's viewer and the other's as admins", members, err)
	}
}

func TestTheDemoKeepsOffRealData(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	modelstest.NewTeam(t, db)
	if err := db.ClaimForDemo(t.Context()); !errors.Is(err, models.ErrConflict) {
		t.Errorf("with users: got %v, want ErrConflict", err)
	}
	empty := modelstest.Open(t)
	for range 2 {
		if err := empty.ClaimForDemo(t.Context()); err != nil {
			t.Errorf("empty, and the demo's own: got %v, want claimed", err)
		}
	}
	if is, err := empty.IsDemo(t.Context()); err != nil || !is {
		t.Errorf("is demo: got %v, %v, want true", is, err)
	}
}

func TestTakingAnothersNameIsSeenByAllTeams(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team, other := modelstest.NewTeam(t, db), modelstest.NewTeam(t, db)
	by := team.Viewer
	user, err := db.FindUser(t.Context(), by)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.AddMember(t.Context(), other.Admin, models.UserInput{Name: user.Name, Email: user.Email}, models.Viewer); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time nothing is taken
		if err := db.UpdateProfile(t.Context(), by, models.ProfileInput{Name: "Grace Hopper"}); err != nil {
			t.Fatal(err)
		}
	}
	want := fmt.Sprintf(`{"from":%q,"to":"Grace Hopper"}`, user.Name)
	for name, reader := range map[string]models.Actor{"own": team.Admin, "other": other.Admin} {
		events, err := recorded(t, db, reader, "user.renamed")
		if err != nil || len(events) != 1 || events[0].Detail != want || events[0].UserName != user.Name {
			t.Errorf("%s team: got %+v, %v, want one with %s", name, events, err, want)
		}
		if emails, err := db.Emails(t.Context(), reader, []string{user.ID}); err != nil || emails[user.ID] != user.Email {
			t.Errorf("%s team: got %v, %v, want %s", name, emails, err, user.Email)
		}
	}
}

func TestPreferencesAreThoseOffered(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	by := modelstest.NewTeam(t, db).Viewer
	good := models.ProfileInput{Name: " 王  浩然 ", Language: "zh", Theme: "dark", Zone: "Asia/Shanghai"}
	if err := db.UpdateProfile(t.Context(), by, good); err != nil {
		t.Fatalf("good profile: got %v", err)
	}
	if u, err := db.FindUser(t.Context(), by); err != nil || u.Name != "王  浩然" || u.Zone != "Asia/Shanghai" {
		t.Errorf("kept profile: got %+v, %v", u, err)
	}
	for field, change := range map[string]func(*models.ProfileInput){
		"user_name": func(in *models.ProfileInput) { in.Name = "\u202eevil" },
		"language":  func(in *models.ProfileInput) { in.Language = "tlh" },
		"theme":     func(in *models.ProfileInput) { in.Theme = "neon" },
		"zone":      func(in *models.ProfileInput) { in.Zone = "../../etc/passwd" },
	} {
		in := good
		change(&in)
		var invalid models.Invalid
		if err := db.UpdateProfile(t.Context(), by, in); !errors.As(err, &invalid) || len(invalid) != 1 || invalid[0].Field != field {
			t.Errorf("bad %s: got %v, want that field refused", field, err)
		}
	}
}

func TestAClosedAddressClosesNoAccount(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	email := withPassword(t, db, modelstest.NewTeam(t, db).Viewer)
	from := visitor("192.0.2.9")
	for i := range 100 {
		_, err := db.SignIn(t.Context(), from, models.SignInInput{Email: fmt.Sprintf("n%d@example.com", i), Password: longPassword}, "")
		if !rejects(err, "", "credentials") {
			t.Fatalf("try %d: got %v, want credentials refused", i+1, err)
		}
	}
	var closed models.Throttled
	for range 11 {
		if _, err := db.SignIn(t.Context(), from, models.SignInInput{Email: email, Password: "not this one at all"}, ""); !errors.As(err, &closed) {
			t.Fatalf("from the closed address: got %v, want throttled", err)
		}
	}
	if _, err := db.SignIn(t.Context(), visitor("198.51.100.1"), models.SignInInput{Email: email, Password: longPassword}, ""); err != nil {
		t.Errorf("from another address: got %v, want signed in", err)
	}
}

func TestAStolenSessionIsNoWayToGuessThePassword(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	session := mustSignIn(t, db, withPassword(t, db, team.Viewer))
	var closed models.Throttled
	for i := range 11 {
		// Changing teams gives the session another token, also back to its own.
		var err error
		if session, _, err = db.SwitchTeam(t.Context(), team.Viewer, session.Token, team.ID); err != nil {
			t.Fatal(err)
		}
		_, err = db.ChangePassword(t.Context(), team.Viewer, session.Token, models.ChangePasswordInput{Current: "not this one either", New: "three boats under a bridge"})
		if got, want := errors.As(err, &closed), i == 10; got != want {
			t.Fatalf("try %d: got %v, want throttled %v", i+1, err, want)
		}
	}
}

func TestPasswordsAreAsLongAsTheyAreComposed(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	user, err := db.FindUser(t.Context(), team.Viewer)
	if err != nil {
		t.Fatal(err)
	}
	const letters = "àéîõüçñÿâêôû"
	short, long := norm.NFD.String(letters[:len("àéîõüçñÿ")]), norm.NFD.String(strings.Repeat(letters, 20)) // 8 and 240 characters
	for what, set := range map[string]func(password string) error{
		"set-up":     func(p string) error { return models.Check(&models.SetupInput{Password: p}) },
		"invitation": func(p string) error { return models.Check(&models.JoinInput{Password: p}) },
		"new user":   func(p string) error { return models.Check(&models.NewUserInput{Password: p}) },
		"change":     func(p string) error { return models.Check(&models.ChangePasswordInput{Current: p, New: p}) },
		"reset":      func(p string) error { return db.ResetPassword(t.Context(), models.Operator(), user.Email, p) },
	} {
		field := "password"
		if what == "change" {
			field = "new_password"
		}
		if err := set(short); !rejects(err, field, "min") {
			t.Errorf("%s: 8 characters written as 16: got %v, want them too few", what, err)
		}
		if err := set(long); rejects(err, field, "max") || rejects(err, "current_password", "max") {
			t.Errorf("%s: 240 characters written as 480: got %v", what, err)
		}
	}
	for _, typed := range []string{long, norm.NFC.String(long)} {
		if _, err := db.SignIn(t.Context(), models.Actor{}, models.SignInInput{Email: user.Email, Password: typed}, ""); err != nil {
			t.Errorf("sign in with %d bytes: %v", len(typed), err)
		}
	}
}
