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
)

// told is what somebody was told, the first first, without "order." and with a star
// where they have not read it.
func told(t *testing.T, db *models.DB, by models.Actor) string {
	t.Helper()
	rows, _, err := modelstest.List(t.Context(), db, by, models.Notices, list.Query{})
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, n := range slices.Backward(rows) {
		word := strings.TrimPrefix(n.Action, "order.")
		if n.Unread {
			word += "*"
		}
		if n.Order == nil || n.Order.Number != n.OrderNumber {
			t.Errorf("%s has the order %+v", n.Action, n.Order)
		}
		all = append(all, word)
	}
	unread, err := db.CountUnread(t.Context(), by)
	if want := strings.Count(strings.Join(all, " "), "*"); err != nil || unread != int64(want) {
		t.Errorf("%s has %d unread, %v; want %d", by.UserName, unread, err, want)
	}
	return strings.Join(all, " ")
}

// hear compares what each was told.
func hear(t *testing.T, db *models.DB, when string, want map[*models.Actor]string) {
	t.Helper()
	for by, words := range want {
		if got := told(t, db, *by); got != words {
			t.Errorf("%s: %s was told %q, want %q", when, by.UserName, got, words)
		}
	}
}

func TestPeopleAreToldWhatHappensToOrders(t *testing.T) {
	t.Parallel()
	db, clock, team := atNoon(t)
	rule(t, db, team.Admin, asking(models.RuleInput{Kinds: []string{"plan", "store"}}, "approver", "admin"))
	order := mustPlace(t, db, team.Requester, planOrder(example()))
	hear(t, db, "placed", map[*models.Actor]string{&team.Requester: "", &team.Approver: "waits*", &team.Admin: "waits*", &team.Viewer: ""})
	for range 2 {
		if err := db.WatchOrder(t.Context(), team.Viewer, order.Number, true); err != nil {
			t.Fatal(err)
		}
	}
	clock.Move(time.Minute)
	order = mustDecide(t, db, team.Approver, order, true)
	hear(t, db, "first step", map[*models.Actor]string{&team.Requester: "step_approved*", &team.Approver: "waits", &team.Admin: "waits waits*", &team.Viewer: "step_approved*"})
	clock.Move(time.Minute)
	mustDecide(t, db, team.Admin, order, true)
	hear(t, db, "approved", map[*models.Actor]string{&team.Requester: "step_approved* approved*", &team.Approver: "waits", &team.Admin: "waits waits", &team.Viewer: "step_approved* approved*"})
	if err := db.ReadNotices(t.Context(), team.Requester, models.NoticesRead{Order: order.Number}); err != nil {
		t.Fatal(err)
	}
	clock.Move(time.Minute)
	if err := db.WatchOrder(t.Context(), team.Viewer, order.Number, false); err != nil {
		t.Fatal(err)
	}
	// A job ends it, and time does.
	store := mustPlace(t, db, team.Requester, storeOrder(storeInput("told")))
	mustDecide(t, db, team.Admin, mustDecide(t, db, team.Approver, store, true), true)
	clock.Move(time.Minute)
	modelstest.Work(t, db)
	clock.Move(time.Minute)
	late := mustPlace(t, db, team.Requester, planOrder(example()))
	clock.Move(15 * 24 * time.Hour)
	if err := db.LapseOrders(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := told(t, db, team.Requester); got != "step_approved approved step_approved* approved* completed* lapsed*" && got != "step_approved approved approved* step_approved* completed* lapsed*" {
		t.Errorf("the requester was told %q", got)
	}
	if got := told(t, db, team.Approver); strings.Contains(got, "*") {
		t.Errorf("the approver still has %q to read", got)
	}
	_ = late
	// What is read is one's own.
	rows, _, err := modelstest.List(t.Context(), db, team.Requester, models.Notices, list.With("unread", "true"))
	if err != nil || len(rows) != 4 {
		t.Fatalf("%d unread, %v", len(rows), err)
	}
	other := modelstest.NewTeam(t, db)
	for _, by := range []models.Actor{team.Admin, other.Admin} {
		if err := db.ReadNotices(t.Context(), by, models.NoticesRead{ID: rows[0].ID}); !errors.Is(err, models.ErrNotFound) {
			t.Errorf("%s reads another's notice: %v", by.UserName, err)
		}
	}
	if err := db.WatchOrder(t.Context(), other.Viewer, order.Number, true); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("another team watches: %v", err)
	}
	if err := db.ReadNotices(t.Context(), team.Requester, models.NoticesRead{ID: rows[0].ID}); err != nil {
		t.Fatal(err)
	}
	if n, _ := db.CountUnread(t.Context(), team.Requester); n != 3 {
		t.Errorf("%d unread after one was read", n)
	}
	if err := db.ReadNotices(t.Context(), team.Requester, models.NoticesRead{}); err != nil {
		t.Fatal(err)
	}
	if n, _ := db.CountUnread(t.Context(), team.Requester); n != 0 {
		t.Errorf("%d unread after all were read", n)
	}
	clock.Move(91 * 24 * time.Hour)
	if err := models.ForgetNotices(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	hear(t, db, "long after", map[*models.Actor]string{&team.Requester: "", &team.Approver: ""})
}

func TestMembersTalkAboutAnOrder(t *testing.T) {
	t.Parallel()
	db, clock, team := holding(t)
	order := mustPlace(t, db, team.Requester, planOrder(example()))
	say := func(by models.Actor, text, mention string) error {
		clock.Move(time.Second)
		return db.CommentOrder(t.Context(), by, order.Number, models.CommentInput{Body: text, Mention: mention})
	}
	emails := map[string]string{}
	members, err := db.ListMembers(t.Context(), team.Admin)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range members {
		emails[m.UserID] = m.Email
	}
	if err := say(team.Viewer, "why so large, @"+team.Requester.UserName+"?\nsee <b>the plan</b>", ""); err != nil {
		t.Fatal(err)
	}
	if err := say(team.Requester, "it grows", strings.ToUpper(emails[team.Viewer.UserID])); err != nil {
		t.Fatal(err)
	}
	hear(t, db, "said", map[*models.Actor]string{&team.Requester: "mentioned*", &team.Viewer: "mentioned*", &team.Approver: "waits*"})
	order = mustDecide(t, db, team.Approver, order, false)
	if err := say(team.Viewer, "so it goes", ""); err != nil {
		t.Fatal(err)
	}
	hear(t, db, "decided", map[*models.Actor]string{&team.Requester: "mentioned* rejected* commented*", &team.Viewer: "mentioned*", &team.Approver: "waits commented*"})
	if err := say(team.Viewer, "so it goes", ""); err != nil { // the same again
		t.Fatal(err)
	}
	all, err := db.Comments(t.Context(), team.Admin, order.Number)
	if err != nil || len(all) != 3 || all[0].Mentions[0].ID != team.Requester.UserID || len(all[2].Mentions) != 0 {
		t.Errorf("got %+v, %v", all, err)
	}
	for text, want := range map[string][2]string{"": {"comment", "required"}, strings.Repeat("x", 2001): {"comment", "max"}, "a\u202eb": {"comment", "prose"}} {
		if err := say(team.Viewer, text, ""); !rejects(err, want[0], want[1]) {
			t.Errorf("%.10q: got %v, want %s %s", text, err, want[0], want[1])
		}
	}
	if err := say(team.Viewer, "you", "stranger@example.org"); !rejects(err, "mention", "unknown_member") {
		t.Errorf("a stranger: got %v", err)
	}
	other := modelstest.NewTeam(t, db)
	if err := say(other.Admin, "hello", ""); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("another team: got %v", err)
	}
	if all, err := db.Comments(t.Context(), other.Admin, order.Number); err != nil || len(all) != 0 {
		t.Errorf("another team reads %d, %v", len(all), err)
	}
	refused := 0
	for i := range 12 {
		if err := say(team.Admin, strings.Repeat("again ", i+1), ""); rejects(err, "comment", "too_many_comments") {
			refused++
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if refused != 2 {
		t.Errorf("%d of 12 in a minute were refused, want 2", refused)
	}
}

func TestNobodyFloodsManyOrdersWithComments(t *testing.T) {
	t.Parallel()
	db, clock, team := atNoon(t)
	said := 0
	for i := range 6 {
		o := mustPlace(t, db, team.Requester, bucketOrder(fmt.Sprintf("bucket-%d", i), ""))
		for j := range 4 {
			err := db.CommentOrder(t.Context(), team.Viewer, o.Number, models.CommentInput{Body: strings.Repeat("again ", j+1)})
			if err == nil {
				said++
			} else if !rejects(err, "comment", "too_many_lately") {
				t.Fatal(err)
			}
		}
	}
	if said != 20 {
		t.Errorf("%d of 24 in a moment were written, want 20", said)
	}
	o := mustPlace(t, db, team.Requester, bucketOrder("bucket-later", ""))
	if err := db.CommentOrder(t.Context(), team.Approver, o.Number, models.CommentInput{Body: "somebody else"}); err != nil {
		t.Error(err)
	}
	clock.Move(11 * time.Minute)
	if err := db.CommentOrder(t.Context(), team.Viewer, o.Number, models.CommentInput{Body: "later"}); err != nil {
		t.Error(err)
	}
}

func TestSeveralOrdersAreDecidedEachByItself(t *testing.T) {
	t.Parallel()
	db, _, team := holding(t)
	var ids []string
	var orders []*models.Order
	for _, by := range []models.Actor{team.Requester, team.Requester, team.Approver, team.Requester} {
		o := mustPlace(t, db, by, planOrder(example()))
		orders, ids = append(orders, o), append(ids, fmt.Sprint(o.Number))
	}
	mustDecide(t, db, team.Admin, orders[1], false)
	decide := func(by models.Actor, action models.BulkAction, picks []string, in any) (*models.Bulk, error) {
		return db.DoBulk(t.Context(), by, models.KindOrder, action, picks, in)
	}
	yes := new(models.ApprovalInput)
	if _, err := decide(team.Approver, models.BulkApprove, nil, yes); !rejects(err, "", "none_picked") {
		t.Errorf("none: got %v", err)
	}
	if _, err := decide(team.Approver, models.BulkReject, ids, new(models.RejectionInput)); !rejects(err, "reason", "required") {
		t.Errorf("no reason: got %v", err)
	}
	if _, err := decide(team.Approver, models.BulkApprove, make([]string, models.MaxPicked+1), yes); !rejects(err, "", "too_many_picked") {
		t.Errorf("too many: got %v", err)
	}
	if _, err := decide(team.Requester, models.BulkApprove, ids, yes); !errors.Is(err, models.ErrForbidden) {
		t.Errorf("a requester: got %v", err)
	}
	other := modelstest.NewTeam(t, db)
	ids = append(ids, fmt.Sprint(mustPlace(t, db, other.Requester, planOrder(example())).Number))
	want := []string{"waiting", "refused decision_changed", "refused bulk_forbidden", "waiting", "refused bulk_gone"}
	items, err := db.PreviewBulk(t.Context(), team.Approver, models.KindOrder, models.BulkApprove, ids, yes)
	if err != nil || !slices.Equal(states(items), want) {
		t.Fatalf("preview: got %q, %v", states(items), err)
	}
	var picks []string
	for _, item := range items {
		picks = append(picks, item.Pick())
	}
	picks[3] = ids[3] + "@99" // as it never was
	b, err := decide(team.Approver, models.BulkApprove, picks, yes)
	if want[0], want[3] = "done", "refused decision_changed"; err != nil || !slices.Equal(states(b.Items), want) {
		t.Fatalf("got %q, %v", states(b.Items), err)
	}
	if b.Items[0].Will != string(models.OrderCompleted) || mustFindOrder(t, db, team.Viewer, orders[0].Number).State != models.OrderCompleted || mustFindOrder(t, db, team.Viewer, orders[3].Number).State != models.OrderPending {
		t.Errorf("got %+v", b.Items[0])
	}
	if got, err := recorded(t, db, team.Admin, "team.attempt"); err != nil || len(got) != 1 || got[0].OrderNumber != orders[2].Number {
		t.Errorf("what was not allowed: %+v, %v", got, err)
	}
}

func TestAnOrderThatCannotBeCarriedOutFailsAmongOthers(t *testing.T) {
	t.Parallel()
	db, _, team := holding(t)
	first, second := mustPlace(t, db, team.Requester, bucketOrder("twice-named", "")), mustPlace(t, db, team.Requester, bucketOrder("named-once", ""))
	if b := mustPlace(t, db, team.Requester, bucketOrder("other-one", "")); b.State != models.OrderPending {
		t.Fatal("it does not wait")
	}
	twin := mustPlace(t, db, team.Requester, bucketOrder("twice-named", ""))
	mustDecide(t, db, team.Admin, twin, true)
	items, err := db.PreviewBulk(t.Context(), team.Approver, models.KindOrder, models.BulkApprove, []string{fmt.Sprint(first.Number), fmt.Sprint(second.Number)}, new(models.ApprovalInput))
	if err != nil {
		t.Fatal(err)
	}
	b, err := db.DoBulk(t.Context(), team.Approver, models.KindOrder, models.BulkApprove, []string{items[0].Pick(), items[1].Pick()}, new(models.ApprovalInput))
	if err != nil || !slices.Equal(states(b.Items), []string{"done", "done"}) || b.Items[0].Will != string(models.OrderFailed) || b.Items[1].Will != string(models.OrderCompleted) {
		t.Fatalf("got %+v, %v", b, err)
	}
	if got := mustFindOrder(t, db, team.Viewer, first.Number); got.State != models.OrderFailed || len(got.Refused) == 0 {
		t.Errorf("it is %s: %v", got.State, got.Refused)
	}
}
