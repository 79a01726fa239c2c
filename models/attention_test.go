package models_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"quartermaster/models"
	"quartermaster/models/list"
	"quartermaster/models/modelstest"
)

// needs counts what needs attention of a sort, and of a state of stores.
func needs(t *testing.T, db *models.DB, by models.Actor, what models.AttentionKind, state models.StoreState) (n int64, rows int) {
	t.Helper()
	d, err := db.FindDashboard(t.Context(), by)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range d.Attention {
		if a.What == what && a.State == state {
			n += a.N
			rows++
		}
	}
	return n, rows
}

func TestWhatNeedsAttentionIsWhatTheListsCount(t *testing.T) {
	t.Parallel()
	clock := modelstest.NewClock()
	o := modelstest.Choose(t, models.Options{Clock: clock.Now})
	db := modelstest.OpenWith(t, o)
	team, other := modelstest.NewTeam(t, db), modelstest.NewTeam(t, db)
	d, err := db.FindDashboard(t.Context(), team.Admin)
	if err != nil || len(d.Attention) != 0 {
		t.Fatalf("a team that has nothing needs %+v, %v", d.Attention, err)
	}
	app := mustCreateApp(t, db, team.Requester, "shop")
	for i := range 4 {
		placeStore(t, db, team.Requester, storeInput(fmt.Sprint("store-", i)))
		mustPlan(t, db, team.Requester, example())
		mustPlaceVersion(t, db, team.Requester, &models.PkgVersionInput{AppID: app.ID, Label: fmt.Sprint("v", i), Source: "oss://elsewhere/a.zip"})
	}
	for _, n := range []int{1, 3, 4} {
		first := fmt.Sprintf("id IN (SELECT id FROM (SELECT id FROM %%s WHERE team_id = '%s' ORDER BY id LIMIT %d) AS f)", team.Viewer.TeamID, n)
		for _, state := range []models.StoreState{models.StoreDiskFull, models.StoreAbnormal, models.StoreCreateFailed, models.StoreDeleteFailed} {
			modelstest.Exec(t, o, "UPDATE stores SET state = 'NORMAL'")
			modelstest.Exec(t, o, "UPDATE stores SET state = '"+string(state)+"' WHERE "+fmt.Sprintf(first, "stores"))
			rows, _, err := modelstest.List(t.Context(), db, team.Viewer, models.Stores, list.With("state", string(state)))
			if got, drawn := needs(t, db, team.Viewer, models.StoreNeeds, state); err != nil || got != int64(len(rows)) || got != int64(n) || drawn > 3 {
				t.Errorf("%s: %d in %d rows, and the list has %d, %v", state, got, drawn, len(rows), err)
			}
		}
		modelstest.Exec(t, o, "UPDATE plans SET exhausted_at = ?, settled_until = ? WHERE "+fmt.Sprintf(first, "plans"), clock.Now(), time.Time{})
		modelstest.Exec(t, o, "UPDATE pkg_versions SET state = 'FAILED' WHERE "+fmt.Sprintf(first, "pkg_versions"))
		plans, _, _ := modelstest.List(t.Context(), db, team.Viewer, models.Plans, list.With("state", string(models.PlanExhausted)))
		versions, _, _ := modelstest.List(t.Context(), db, team.Viewer, models.PkgVersions, list.With("state", string(models.VersionFailed)))
		if got, _ := needs(t, db, team.Viewer, models.PlanUsedUp, ""); got != int64(len(plans)) || got != int64(n) {
			t.Errorf("%d plans are used up, and the list has %d", got, len(plans))
		}
		if got, _ := needs(t, db, team.Viewer, models.VersionNeeds, ""); got != int64(len(versions)) || got != int64(n) {
			t.Errorf("%d versions failed, and the list has %d", got, len(versions))
		}
		modelstest.Exec(t, o, "UPDATE plans SET ends_at = ? WHERE "+fmt.Sprintf(first, "plans"), clock.Now().Add(time.Duration(n)*aDay))
		ending, _, err := modelstest.List(t.Context(), db, team.Viewer, models.Plans, list.With("ending", "7"))
		if got, _ := needs(t, db, team.Viewer, models.Ending, ""); err != nil || got != int64(len(ending)) || got != int64(n) {
			t.Errorf("%d end, and the list has %d, %v", got, len(ending), err)
		}
	}
	if d, err := db.FindDashboard(t.Context(), other.Admin); err != nil || len(d.Attention) != 0 || d.Ends.Within(3, "") != 0 {
		t.Errorf("another team needs %+v, %v", d.Attention, err)
	}
}

func TestARefusedOrderNeedsItsRequesterUntilTheyHaveReadSo(t *testing.T) {
	t.Parallel()
	db, _, team := atNoon(t)
	otherwise(t, db, team.Admin, "approver")
	order := mustPlace(t, db, team.Requester, planOrder(example()))
	if n, _ := needs(t, db, team.Approver, models.NeedsDecision, ""); n != 1 {
		t.Errorf("%d wait for the approver, want 1", n)
	}
	mustDecide(t, db, team.Approver, order, false)
	for by, want := range map[*models.Actor]int64{&team.Requester: 1, &team.Approver: 0, &team.Viewer: 0} {
		if n, _ := needs(t, db, *by, models.OrderEnded, ""); n != want {
			t.Errorf("%s: %d, want %d", by.UserName, n, want)
		}
	}
	if err := db.ReadNotices(t.Context(), team.Requester, models.NoticesRead{Order: order.Number}); err != nil {
		t.Fatal(err)
	}
	if n, _ := needs(t, db, team.Requester, models.OrderEnded, ""); n != 0 {
		t.Error("a refusal that was read still needs attention")
	}
}

func TestTheEndsOfADashboardAreThoseOfTheListsAtEachMoment(t *testing.T) {
	t.Parallel()
	clock := modelstest.NewClock()
	o := modelstest.Choose(t, models.Options{Clock: clock.Now})
	db := modelstest.OpenWith(t, o)
	team := modelstest.NewTeam(t, db)
	modelstest.Allow(t, db, team, func(in *models.SettingsInput) { in.StorePrepaid = true })
	for i, months := range []string{"1", "1", "6"} {
		in := example()
		in.Duration = months
		mustPlan(t, db, team.Requester, in)
		s := storeInput(fmt.Sprint("prepaid-", i))
		s.ChargeMode, s.PeriodType, s.PeriodNum = "prePaid", "month", i+1
		placeStore(t, db, team.Requester, s)
		clock.Move(11 * time.Hour)
	}
	modelstest.Work(t, db)
	for range 60 {
		d, err := db.FindDashboard(t.Context(), team.Viewer)
		if err != nil {
			t.Fatal(err)
		}
		for i, days := range models.EndsWithin {
			plans, _, failed := modelstest.List(t.Context(), db, team.Viewer, models.Plans, list.With("ending", days))
			n, _ := strconv.Atoi(days)
			stores, err := db.FindExpiring(t.Context(), team.Viewer, models.KindStore, n)
			if err != nil || failed != nil || d.Ends.Within(i, models.KindPlan) != int64(len(plans)) || d.Ends.Within(i, models.KindStore) != int64(len(stores.Rows)) {
				t.Fatalf("%s: within %s days %v, and the lists have %d and %d, %v %v", clock.Now(), days, d.Ends.Of, len(plans), len(stores.Rows), failed, err)
			}
		}
		clock.Move(61 * time.Hour)
	}
}

func TestWhatStoresCostByTheHourIsReckonedByMonth(t *testing.T) {
	t.Parallel()
	db, clock, team := atNoon(t) // 21 November, 17:00 in UTC+8
	byHour := func() models.ByHour {
		t.Helper()
		d, err := db.FindDashboard(t.Context(), team.Viewer)
		if err != nil {
			t.Fatal(err)
		}
		return d.ByHour
	}
	if b := byHour(); b.Stores != 0 || b.HourlyMicro != 0 || b.Rest != 0 {
		t.Errorf("nothing runs, and costs %+v", b)
	}
	s := placeStore(t, db, team.Requester, storeInput("by-the-hour"))
	if b := byHour(); b.Stores != 0 {
		t.Error("a store that is not there yet costs something")
	}
	modelstest.Work(t, db)
	b := byHour()
	rate := b.HourlyMicro
	if b.Stores != 1 || rate <= 0 {
		t.Fatalf("got %+v, want one store", b)
	}
	hours := func(n int64) int64 { return rate * n / 10_000 }
	clock.Move(10 * time.Hour)
	if b := byHour(); b.Months[11] != hours(10) || b.Rest != hours(9*24+7)-hours(10) {
		t.Errorf("after ten hours: %+v, want %d", b, hours(10))
	}
	clock.Move(11 * aDay) // 3 December, 03:00
	if b := byHour(); b.Months[10] != hours(9*24+7) || b.Months[11] != hours(2*24+3) {
		t.Errorf("in December: %v, want %d and %d", b.Months, hours(9*24+7), hours(2*24+3))
	}
	scale := models.StoreScaleInput{StoreID: s.ID, Num: 3}
	mustPlace(t, db, team.Requester, models.OrderInput{Lines: []models.LineInput{&scale}})
	modelstest.Work(t, db)
	clock.Move(aDay)
	if b := byHour(); b.Stores != 1 || b.HourlyMicro != 3*rate || b.Months[11] != hours(2*24+3)+hours(3*24) {
		t.Errorf("larger: %+v, want %d", b, hours(2*24+3)+hours(3*24))
	}
	if _, err := db.DeleteStore(t.Context(), team.Requester, s.ID); err != nil {
		t.Fatal(err)
	}
	modelstest.Work(t, db)
	before := byHour()
	clock.Move(5 * aDay)
	if b := byHour(); b.Stores != 0 || b.HourlyMicro != 0 || b.Months[11] != before.Months[11] || b.Rest != 0 {
		t.Errorf("gone: %+v, want nothing more than %+v", b, before)
	}
	mustFit(t, db)
}

// What the first page asks for does not grow with what a team has.
func TestADashboardAsksForFewThings(t *testing.T) {
	if modelstest.Postgres() {
		t.Skip("PostgreSQL is asked the same")
	}
	t.Parallel()
	db, _, team := atNoon(t)
	for i := range 3 {
		mustPlan(t, db, team.Requester, example())
		placeStore(t, db, team.Requester, storeInput(fmt.Sprint("store-", i)))
	}
	modelstest.Work(t, db)
	var asked []string
	if err := db.SeeSteps(func(statement string, _ []string) { asked = append(asked, statement) }); err != nil {
		t.Fatal(err)
	}
	if _, err := db.FindDashboard(t.Context(), team.Viewer); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d statements", len(asked))
	if len(asked) > 18 {
		t.Errorf("asks %d statements:\n%s", len(asked), strings.Join(asked, "\n"))
	}
}
