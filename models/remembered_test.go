package models_test

import (
	"errors"
	"slices"
	"testing"

	"quartermaster/models"
	"quartermaster/models/modelstest"
)

// Another process, such as one of the command line, changes the rows past this
// one.
func TestWhatAnotherProcessChangesCountsAtOnce(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		statement string // with ? for the user
		ended     bool
		changed   func(*models.Session) bool
	}{
		"a session is deleted":    {statement: "DELETE FROM sessions WHERE user_id = ?", ended: true},
		"a session runs out":      {statement: "UPDATE sessions SET expires_at = created_at WHERE user_id = ?", ended: true},
		"a session gets a token":  {statement: "UPDATE sessions SET token_hash = 'x' WHERE user_id = ?", ended: true},
		"a user is disabled":      {statement: "UPDATE users SET disabled = true WHERE id = ?", ended: true},
		"a user is deleted":       {statement: "DELETE FROM users WHERE id = ?", ended: true},
		"a session changes teams": {statement: "UPDATE sessions SET team_id = 'x' WHERE user_id = ?", changed: func(s *models.Session) bool { return s.TeamID == "" && s.Role == "" }},
		"a member is removed":     {statement: "DELETE FROM memberships WHERE user_id = ?", changed: func(s *models.Session) bool { return s.TeamID == "" && s.TeamCount == 0 }},
		"a role is lowered":       {statement: "UPDATE memberships SET role = 'viewer' WHERE user_id = ?", changed: func(s *models.Session) bool { return s.Role == models.Viewer }},
		"a member is added": {statement: `INSERT INTO memberships (team_id, user_id, role, created_at)
			SELECT t.id, m.user_id, m.role, m.created_at FROM memberships m, teams t WHERE m.user_id = ? AND t.id <> m.team_id`, changed: func(s *models.Session) bool { return s.TeamCount == 2 }},
		"a name":         {statement: "UPDATE users SET name = 'other' WHERE id = ?", changed: func(s *models.Session) bool { return s.UserName == "other" }},
		"a site admin":   {statement: "UPDATE users SET site_admin = true WHERE id = ?", changed: func(s *models.Session) bool { return s.SiteAdmin }},
		"an address":     {statement: "UPDATE users SET email = 'other@example.com' WHERE id = ?", changed: func(s *models.Session) bool { return s.Email == "other@example.com" }},
		"a language":     {statement: "UPDATE users SET language = 'zh' WHERE id = ?", changed: func(s *models.Session) bool { return s.Language == "zh" }},
		"a theme":        {statement: "UPDATE users SET theme = 'dark' WHERE id = ?", changed: func(s *models.Session) bool { return s.Theme == "dark" }},
		"a zone":         {statement: "UPDATE users SET zone = 'UTC' WHERE id = ?", changed: func(s *models.Session) bool { return s.Zone == "UTC" }},
		"a team's name":  {statement: "UPDATE teams SET name = 'other' WHERE id IN (SELECT team_id FROM memberships WHERE user_id = ?)", changed: func(s *models.Session) bool { return s.TeamName == "other" }},
		"a team's clock": {statement: "UPDATE teams SET clock_offset_ms = 1 WHERE id IN (SELECT team_id FROM memberships WHERE user_id = ?)", changed: func(s *models.Session) bool { return s.ClockOffsetMs == 1 }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := modelstest.Choose(t, models.Options{})
			db := modelstest.OpenWith(t, o)
			team := modelstest.NewTeam(t, db)
			modelstest.NewTeam(t, db)
			token := mustSignIn(t, db, withPassword(t, db, team.Requester)).Token
			for range 2 { // so that it is remembered
				if s, err := db.FindSession(t.Context(), token); err != nil || s.Role != models.Requester || c.changed != nil && c.changed(s) {
					t.Fatalf("before: got %+v, %v", s, err)
				}
			}
			modelstest.Exec(t, o, c.statement, team.Requester.UserID)
			s, err := db.FindSession(t.Context(), token)
			if c.ended != errors.Is(err, models.ErrNotFound) || !c.ended && (err != nil || !c.changed(s)) {
				t.Errorf("afterwards: got %+v, %v", s, err)
			}
		})
	}
}

func TestWhatAnotherProcessChangesOfAKeyCountsAtOnce(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		statement string // with ? for the key
		ended     bool
		changed   func(*models.Caller) bool
	}{
		"deleted":       {statement: "DELETE FROM access_keys WHERE id = ?", ended: true},
		"disabled":      {statement: "UPDATE access_keys SET disabled = true WHERE id = ?"},
		"expired":       {statement: "UPDATE access_keys SET expires_at = created_at WHERE id = ?"},
		"user disabled": {statement: "UPDATE users SET disabled = true WHERE id IN (SELECT user_id FROM access_keys WHERE id = ?)"},
		"user removed":  {statement: "DELETE FROM memberships WHERE user_id IN (SELECT user_id FROM access_keys WHERE id = ?)"},
		"role lowered":  {statement: "UPDATE memberships SET role = 'viewer' WHERE user_id IN (SELECT user_id FROM access_keys WHERE id = ?)", changed: func(c *models.Caller) bool { return c.Actor.Role == models.Viewer }},
		"limited": {statement: `UPDATE access_keys SET operations = '["x"]' WHERE id = ?`, changed: func(c *models.Caller) bool {
			return !c.May(models.ProductWebPlus, "CreateStorage") && c.May(models.ProductWebPlus, "x")
		}},
		"named":          {statement: "UPDATE access_keys SET name = 'other' WHERE id = ?", changed: func(c *models.Caller) bool { return c.Actor.KeyName == "other" }},
		"its team moved": {statement: "UPDATE teams SET clock_offset_ms = 1000 WHERE id IN (SELECT team_id FROM access_keys WHERE id = ?)", changed: func(c *models.Caller) bool { return c.Actor.ClockOffset > 0 }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := modelstest.Choose(t, models.Options{})
			db := modelstest.OpenWith(t, o)
			team := modelstest.NewTeam(t, db)
			key, _ := mustKey(t, db, team.Admin, models.AccessKeyInput{User: team.Requester.UserID})
			for range 2 { // so that it is remembered
				if c := mustCaller(t, db, key.ID); !c.Active(db.Now()) || c.Actor.Role != models.Requester {
					t.Fatalf("before: got %+v", c)
				}
			}
			modelstest.Exec(t, o, c.statement, key.ID)
			got, err := db.FindCaller(t.Context(), key.ID, program)
			switch {
			case c.ended:
				if !errors.Is(err, models.ErrNotFound) {
					t.Errorf("afterwards: got %v, want ErrNotFound", err)
				}
			case err != nil, c.changed == nil && got.Active(db.Now()), c.changed != nil && !c.changed(got):
				t.Errorf("afterwards: got %+v, %v", got, err)
			}
		})
	}
}

func TestWhatIsRememberedIsOfTheRequestThatAsks(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	key, secret := mustKey(t, db, team.Admin, models.AccessKeyInput{User: team.Requester.UserID})
	from := program
	for _, from.Address = range []string{"192.0.2.1", "192.0.2.2"} {
		c, err := db.FindCaller(t.Context(), key.ID, from)
		if err != nil || c.Actor.Address != from.Address || c.Secret != secret {
			t.Errorf("got a request from %+v, %v; want it from %s, with its secret", c, err, from.Address)
		}
	}
	token := mustSignIn(t, db, withPassword(t, db, team.Requester)).Token
	for range 2 {
		s, err := db.FindSession(t.Context(), token)
		if err != nil || s.UserName != team.Requester.UserName {
			t.Fatalf("got %+v, %v; want the session as it is", s, err)
		}
		s.UserName, s.Role = "another", models.Admin
	}
}

func TestTheCatalogueIsReadAgainWhenItChanges(t *testing.T) {
	t.Parallel()
	o := modelstest.Choose(t, models.Options{})
	db := modelstest.OpenWith(t, o)
	team := modelstest.NewTeam(t, db)
	before, err := db.PriceOrder(t.Context(), team.Viewer, planOrder(example()))
	if err != nil {
		t.Fatal(err)
	}
	modelstest.Exec(t, o, "UPDATE prices SET micro = 2 * micro")
	if after := mustPlace(t, db, team.Requester, planOrder(example())); after.TotalMinor != 2*before.Order.TotalMinor {
		t.Errorf("after a price was doubled: got %d, want twice %d", after.TotalMinor, before.Order.TotalMinor)
	}
	for table, change := range map[string]struct{ statement, field string }{
		"package type": {"UPDATE package_types SET on_sale = false", "package_type"},
		"size":         {"UPDATE specifications SET months = '[77]'", "duration"},
		"region":       {"DELETE FROM regions", "region"},
	} {
		modelstest.Exec(t, o, change.statement)
		_, err := db.PlaceOrder(t.Context(), team.Requester, planOrder(example()))
		if change.field == "region" {
			_, err = db.PlaceOrder(t.Context(), team.Requester, bucketOrder("", ""))
		}
		var broken models.Invalid
		if !errors.As(err, &broken) || !slices.ContainsFunc(broken, func(f models.FieldError) bool { return f.Field == change.field }) {
			t.Errorf("after a %s changed: got %v, want %s refused", table, err, change.field)
		}
	}
}

func TestWhatAnotherProcessChangesOfTotalsCountsAtOnce(t *testing.T) {
	t.Parallel()
	o := modelstest.Choose(t, models.Options{})
	db := modelstest.OpenWith(t, o)
	team := modelstest.NewTeam(t, db)
	for n := range int64(4) {
		for range 2 { // so that it is remembered
			if got, err := db.Counts(t.Context(), team.Viewer); err != nil || got["bucket"] != n {
				t.Fatalf("after %d changes: got %v, %v", n, got, err)
			}
		}
		modelstest.Exec(t, o, `INSERT INTO counters (team_id, name, value) VALUES (?, 'bucket', 1)
			ON CONFLICT (team_id, name) DO UPDATE SET value = counters.value + 1`, team.Viewer.TeamID)
	}
}

func TestWhoAsksOnceFindsWhatWasWrittenBeforeAndByItself(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	for n := range int64(3) {
		ctx := models.AskOnce(t.Context())
		for more := range int64(2) {
			for range 2 { // so that it is remembered
				if got, err := db.Counts(ctx, team.Viewer); err != nil || got["bucket"] != 3*n+more {
					t.Fatalf("after %d buckets: got %v, %v", 3*n+more, got, err)
				}
			}
			if _, err := db.PlaceOrder(ctx, team.Requester, bucketOrder("", "")); err != nil {
				t.Fatal(err)
			}
		}
		mustPlace(t, db, team.Requester, bucketOrder("", ""))
	}
}
