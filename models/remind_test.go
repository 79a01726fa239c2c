package models_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"quartermaster/models"
	"quartermaster/models/list"
	"quartermaster/models/modelstest"
	"quartermaster/models/pricing"
)

// reminded are the reminders that somebody was given, the first first: of how many
// days, with a star where they have not read it.
func reminded(t *testing.T, db *models.DB, by models.Actor) string {
	t.Helper()
	rows, _, err := modelstest.List(t.Context(), db, by, models.Notices, list.Query{})
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, n := range slices.Backward(rows) {
		if n.Action != models.NoticeEnding {
			continue
		}
		word := fmt.Sprint(n.Args.Days)
		if n.Args.Count > 0 {
			word += fmt.Sprint("×", n.Args.Count)
		}
		if n.Unread {
			word += "*"
		}
		all = append(all, word)
	}
	return strings.Join(all, " ")
}

// remindAll does what a worker does for reminders, twice: as after a restart.
func remindAll(t *testing.T, db *models.DB) {
	t.Helper()
	for range 2 {
		if err := db.PromiseReminders(t.Context()); err != nil {
			t.Fatal(err)
		}
		modelstest.Work(t, db)
	}
}

// monthPlan is a plan that was ordered for a month, from 21 November 2026 to the end
// of 21 December.
func monthPlan(t *testing.T, db *models.DB, by models.Actor) *models.Plan {
	t.Helper()
	in := example()
	in.Duration = "1"
	return mustPlan(t, db, by, in)
}

const aDay = 24 * time.Hour

func TestPeopleAreRemindedOnceOfWhatEnds(t *testing.T) {
	t.Parallel()
	db, clock, team := atNoon(t)
	p := monthPlan(t, db, team.Requester)
	s := storeInput("prepaid")
	s.ChargeMode, s.PeriodType, s.PeriodNum = "prePaid", "month", 1
	modelstest.Allow(t, db, team, func(in *models.SettingsInput) { in.StorePrepaid = true })
	store := placeStore(t, db, team.Requester, s)
	modelstest.Work(t, db)
	if err := db.SetReminder(t.Context(), team.Viewer, models.KindPlan, p.ID, models.RemindInput{Days: "10 7"}); err != nil {
		t.Fatal(err)
	}
	if err := db.SetReminder(t.Context(), team.Requester, models.KindStore, store.ID, models.RemindInput{}); err != nil {
		t.Fatal(err)
	}
	left := int(p.EndsAt.Sub(clock.Now())/aDay) + 1
	for _, step := range []struct {
		left              int
		requester, viewer string
	}{
		{left - 1, "", ""}, {11, "", ""}, {10, "", "10*"}, {8, "", "10*"}, {7, "7*", "10* 7*"}, {6, "7*", "10* 7*"}, {1, "7* 1*", "10* 7*"}, {0, "7* 1*", "10* 7*"}, {-1, "7* 1*", "10* 7*"},
	} {
		for now := step.left; int(p.EndsAt.Sub(clock.Now())/aDay) > now; {
			clock.Move(aDay)
		}
		remindAll(t, db)
		// A term of a month has 30 days left on its second day.
		got := strings.TrimPrefix(strings.TrimPrefix(reminded(t, db, team.Requester), "30*"), " ")
		if viewer := reminded(t, db, team.Viewer); got != step.requester || viewer != step.viewer {
			t.Errorf("%d days left: the requester was reminded %q, the viewer %q; want %q and %q", step.left, got, viewer, step.requester, step.viewer)
		}
	}
	if got := reminded(t, db, team.Admin); got != "" {
		t.Errorf("an admin who chose nothing was reminded: %q", got)
	}
}

func TestAClockThatJumpsRemindsOfTheNearestDayAlone(t *testing.T) {
	t.Parallel()
	db, clock, team := atNoon(t)
	monthPlan(t, db, team.Requester)
	remindAll(t, db)
	clock.Move(26 * aDay)
	remindAll(t, db)
	if got := reminded(t, db, team.Requester); got != "7*" {
		t.Errorf("after a jump: reminded %q, want of 7 days alone", got)
	}
	clock.Move(-20 * aDay)
	remindAll(t, db)
	clock.Move(20 * aDay)
	remindAll(t, db)
	if got := reminded(t, db, team.Requester); got != "7*" {
		t.Errorf("back and again: reminded %q, want nothing twice", got)
	}
}

func TestNobodyIsRemindedOfWhatIsGoneOrRenewed(t *testing.T) {
	t.Parallel()
	db, clock, team := atNoon(t)
	gone, renewed, told := monthPlan(t, db, team.Requester), monthPlan(t, db, team.Requester), monthPlan(t, db, team.Requester)
	renew := func(id string) {
		t.Helper()
		mustPlace(t, db, team.Requester, models.OrderInput{Lines: []models.LineInput{&models.RenewInput{InstanceID: id, Duration: "1", PricingCycle: pricing.Monthly}}})
	}
	clock.Move(20 * aDay)
	remindAll(t, db) // up to here no day was theirs
	if err := db.ReadNotices(t.Context(), team.Requester, models.NoticesRead{}); err != nil {
		t.Fatal(err)
	}
	before := reminded(t, db, team.Requester)
	if err := db.DeletePlan(t.Context(), team.Requester, gone.ID); err != nil {
		t.Fatal(err)
	}
	renew(renewed.ID)
	clock.Move(5 * aDay)
	remindAll(t, db)
	if got := strings.TrimSpace(strings.TrimPrefix(reminded(t, db, team.Requester), before)); got != "7*" {
		t.Errorf("reminded %q, want of the one that is left and ends", got)
	}
	renew(told.ID)
	if got := reminded(t, db, team.Requester); strings.Contains(got, "*") {
		t.Errorf("a reminder of what was renewed is still unread: %q", got)
	}
	clock.Move(30 * aDay)
	remindAll(t, db)
	if got := reminded(t, db, team.Requester); !strings.Contains(got, "*") {
		t.Errorf("what was renewed ends later, and nobody was reminded again: %q", got)
	}
}

func TestManyThingsThatEndAtOnceAreOneReminder(t *testing.T) {
	t.Parallel()
	db, clock, team := atNoon(t)
	var lines []models.LineInput
	for range 11 {
		in := example()
		in.Duration = "1"
		lines = append(lines, in)
	}
	mustPlace(t, db, team.Requester, models.OrderInput{Lines: lines})
	remindAll(t, db)
	for range 25 {
		clock.Move(aDay)
		remindAll(t, db)
	}
	if got := reminded(t, db, team.Requester); !strings.HasSuffix(got, "7×11*") {
		t.Errorf("reminded %q, want once of 11 things", got)
	}
}

func TestWhenSomebodyIsRemindedIsTheirs(t *testing.T) {
	t.Parallel()
	db, _, team := atNoon(t)
	other := modelstest.NewTeam(t, db)
	p := monthPlan(t, db, team.Requester)
	find := func(by models.Actor) models.Reminded {
		t.Helper()
		r, err := db.FindReminded(t.Context(), by, models.KindPlan, p.ID, p.CreatedBy)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	if r := find(team.Requester); r.Days.Input().Days != "30, 7, 1" || r.Chosen || !r.Ordered {
		t.Errorf("got %+v, want the usual days", r)
	}
	if r := find(team.Viewer); len(r.Days.List()) != 0 || r.Chosen {
		t.Errorf("got %+v for one who did not order it, want none", r)
	}
	for typed, want := range map[string]string{
		"": "", "1": "1", "7，30、 1": "30, 7, 1", "7 7 7": "7", "0": "remind_days", "366": "remind_days", "-1": "remind_days", "x": "remind_days", "1.5": "remind_days",
		"1 2 3 4 5 6 7": "remind_many", strings.Repeat("1,", 60): "max",
	} {
		var broken models.Invalid
		err := db.SetRemindDays(t.Context(), team.Requester, models.RemindInput{Days: typed})
		got := find(team.Requester).Days.Input().Days
		if errors.As(err, &broken) {
			got = broken[0].Rule
		}
		if got != want {
			t.Errorf("%q: got %q, %v; want %q", typed, got, err, want)
		}
		if err := db.SetRemindDays(t.Context(), team.Requester, models.RemindInput{}); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.SetReminder(t.Context(), team.Requester, models.KindPlan, p.ID, models.RemindInput{Days: "3"}); err != nil {
		t.Fatal(err)
	}
	if r := find(team.Requester); r.Days.Input().Days != "3" || !r.Chosen {
		t.Errorf("got %+v, want 3 days of its own", r)
	}
	if err := db.SetReminder(t.Context(), team.Requester, models.KindPlan, p.ID, models.RemindInput{Days: "x", Usual: "true"}); err != nil || find(team.Requester).Chosen {
		t.Errorf("as usual again: %v, %+v", err, find(team.Requester))
	}
	for what, err := range map[string]error{
		"another team": db.SetReminder(t.Context(), other.Admin, models.KindPlan, p.ID, models.RemindInput{Days: "3"}),
		"a bucket":     db.SetReminder(t.Context(), team.Requester, models.KindBucket, mustBucket(t, db, team.Requester, 0), models.RemindInput{Days: "3"}),
	} {
		if !errors.Is(err, models.ErrNotFound) {
			t.Errorf("%s: got %v, want not found", what, err)
		}
	}
}
