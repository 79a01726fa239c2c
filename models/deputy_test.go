package models_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"quartermaster/models"
	"quartermaster/models/list"
	"quartermaster/models/modelstest"
)

// another is one more member of a team.
func another(t *testing.T, db *models.DB, team modelstest.Team, name string, role models.Role) models.Actor {
	t.Helper()
	u, err := db.AddMember(t.Context(), team.Admin, models.UserInput{Name: name, Email: name + "@example.com"}, role)
	if err != nil {
		t.Fatal(err)
	}
	return models.Actor{UserID: u.ID, UserName: u.Name, TeamID: team.ID, Role: role, Face: models.ByForm}
}

func TestDeputyDecidesWhileAMemberIsAway(t *testing.T) {
	t.Parallel()
	clock := modelstest.NewClock() // 21 November 2026, 17:00 in UTC+8
	db := modelstest.OpenWith(t, models.Options{Clock: clock.Now})
	team := modelstest.NewTeam(t, db)
	dan := another(t, db, team, "dan", models.Approver)
	otherwise(t, db, team.Admin, team.Approver.UserID)
	mine := func(by models.Actor) (numbers []int64) {
		page, err := models.Approvals.Read(t.Context(), db, by, list.Query{})
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range page.Rows {
			numbers = append(numbers, a.OrderNumber)
		}
		return numbers
	}
	first := mustPlace(t, db, team.Requester, bucketOrder("first", ""))
	own := mustPlace(t, db, dan, bucketOrder("own", ""))
	if _, err := db.SetDeputy(t.Context(), team.Approver, team.Approver.UserID, models.AwayInput{Deputy: dan.UserID, From: "2026-11-22", Until: "2026-11-23"}); err != nil {
		t.Fatal(err)
	}
	decide := func(by models.Actor, o *models.Order) error {
		_, err := db.DecideOrder(t.Context(), by, o.Number, o.Version, true, "")
		return err
	}
	if got := mine(dan); got != nil || !errors.Is(decide(dan, first), models.ErrForbidden) {
		t.Errorf("before the first day: got %v", got)
	}
	if _, err := db.CountWaiting(t.Context(), dan); err != nil {
		t.Fatal(err)
	}
	clock.Move(7 * time.Hour) // midnight in UTC+8, and nothing in the database has changed
	if n, err := db.CountWaiting(t.Context(), dan); err != nil || n != 1 || !slices.Equal(mine(dan), []int64{first.Number}) {
		t.Errorf("on the first day: got %d, %v, %v; want the one that is not their own", n, mine(dan), err)
	}
	if got := mine(team.Approver); len(got) != 2 {
		t.Errorf("who is away: got %v, want both still", got)
	}
	page, err := models.Approvals.Read(t.Context(), db, dan, list.Query{})
	if err != nil || len(page.Rows) != 1 || page.Rows[0].Deputy.ID != dan.UserID {
		t.Errorf("got %+v, %v; want it shown for whom", page.Rows, err)
	}
	if err := decide(dan, own); !errors.Is(err, models.ErrForbidden) {
		t.Errorf("their own order: got %v, want forbidden", err)
	}
	theirs := mustPlace(t, db, team.Approver, bucketOrder("theirs", ""))
	if err := decide(dan, theirs); !errors.Is(err, models.ErrForbidden) {
		t.Errorf("one that the person asked for: got %v, want it to be an admin's", err)
	}
	if err := decide(dan, first); err != nil {
		t.Errorf("for the person: got %v", err)
	}
	events, err := recorded(t, db, team.Viewer, "order.approved")
	if err != nil || len(events) != 1 || !strings.Contains(events[0].Detail, `"for":"Paul"`) {
		t.Errorf("got %+v, %v; want it recorded for whom", events, err)
	}
	last := mustPlace(t, db, team.Requester, bucketOrder("last", ""))
	clock.Move(48 * time.Hour)
	if err := decide(dan, last); !errors.Is(err, models.ErrForbidden) {
		t.Errorf("after the last day: got %v, want forbidden", err)
	}
	if m, err := db.FindMember(t.Context(), team.Viewer, team.Approver.UserID); err != nil || m.DeputyID != "" {
		t.Errorf("got %+v, %v; want nobody to stand in any more", m, err)
	}
}

func TestAWayThatOnlyADeputyCanTakeIsTaken(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	dan := another(t, db, team, "dan", models.Approver)
	otherwise(t, db, team.Admin, team.Approver.UserID, team.Approver.UserID)
	in := models.AwayInput{Deputy: dan.UserID, From: day(db.Now()), Until: day(db.Now())}
	if _, err := db.SetDeputy(t.Context(), team.Admin, team.Approver.UserID, in); err != nil {
		t.Fatal(err)
	}
	o := mustPlace(t, db, team.Requester, bucketOrder("both", ""))
	for _, by := range []models.Actor{team.Approver, dan} {
		more, err := db.DecideOrder(t.Context(), by, o.Number, o.Version, true, "")
		if err != nil {
			t.Fatalf("%s: %v", by.UserName, err)
		}
		o = more
	}
	if o.State != models.OrderCompleted {
		t.Errorf("got %s", o.State)
	}
}

func TestDeputiesThatAreRefused(t *testing.T) {
	t.Parallel()
	clock := modelstest.NewClock()
	db := modelstest.OpenWith(t, models.Options{Clock: clock.Now})
	team := modelstest.NewTeam(t, db)
	good := models.AwayInput{Deputy: team.Admin.UserID, From: "2026-11-21", Until: "2026-11-21"}
	for _, c := range []struct {
		what        string
		in          models.AwayInput
		field, rule string
	}{
		{"oneself", models.AwayInput{Deputy: team.Approver.UserID, From: good.From, Until: good.Until}, "deputy", "deputy"},
		{"who may not decide", models.AwayInput{Deputy: team.Requester.UserID, From: good.From, Until: good.Until}, "deputy", "deputy"},
		{"of another team", models.AwayInput{Deputy: modelstest.NewTeam(t, db).Approver.UserID, From: good.From, Until: good.Until}, "deputy", "deputy"},
		{"no first day", models.AwayInput{Deputy: good.Deputy, Until: good.Until}, "away_from", "day"},
		{"a day that is none", models.AwayInput{Deputy: good.Deputy, From: good.From, Until: "2026-11-31"}, "away_until", "day"},
		{"the last before the first", models.AwayInput{Deputy: good.Deputy, From: "2026-11-22", Until: "2026-11-21"}, "away_until", "before_start"},
		{"over", models.AwayInput{Deputy: good.Deputy, From: "2026-11-01", Until: "2026-11-20"}, "away_until", "over"},
		{"for good", models.AwayInput{Deputy: good.Deputy, From: good.From, Until: "2027-12-01"}, "away_until", "far"},
	} {
		if _, err := db.SetDeputy(t.Context(), team.Approver, team.Approver.UserID, c.in); !rejects(err, c.field, c.rule) {
			t.Errorf("%s: got %v, want %s %s", c.what, err, c.field, c.rule)
		}
	}
	for what, err := range map[string]error{
		"a requester's own":    second(db.SetDeputy(t.Context(), team.Requester, team.Requester.UserID, good)),
		"a requester's":        second(db.SetDeputy(t.Context(), team.Admin, team.Requester.UserID, good)),
		"an approver's, other": second(db.SetDeputy(t.Context(), team.Approver, team.Admin.UserID, good)),
	} {
		if !errors.Is(err, models.ErrForbidden) {
			t.Errorf("%s: got %v, want forbidden", what, err)
		}
	}
	older := models.Member{}.Away()
	if _, err := db.SetDeputy(t.Context(), team.Approver, team.Approver.UserID, good); err != nil {
		t.Fatal(err)
	}
	older.Deputy, older.From, older.Until = good.Deputy, "2026-11-25", "2026-11-26"
	if _, err := db.SetDeputy(t.Context(), team.Admin, team.Approver.UserID, older); !rejects(err, "away_from", "changed_meanwhile") {
		t.Errorf("of an older page: got %v, want a conflict", err)
	}
	events, err := recorded(t, db, team.Viewer, "member.away_changed")
	if err != nil || len(events) != 1 || events[0].Detail != `{"from":"","to":"Ines, 2026-11-21 – 2026-11-21"}` {
		t.Errorf("got %+v, %v; want one with before and after", events, err)
	}
}

func second[T any](_ T, err error) error { return err }
