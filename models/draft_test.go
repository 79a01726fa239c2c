package models_test

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"quartermaster/models"
	"quartermaster/models/list"
	"quartermaster/models/modelstest"
)

// typed is a draft of the form for a new bucket.
func typed(token, name string) models.Draft {
	return models.Draft{Token: token, Kind: models.KindBucket, Form: models.DraftNew, Path: "/buckets/new", Fields: url.Values{"bucket_name": {name}, "region": {"cn-hangzhou"}}}
}

func mustSave(t *testing.T, db *models.DB, by models.Actor, key models.DraftKey, d models.Draft) *models.Draft {
	t.Helper()
	kept, err := db.SaveDraft(t.Context(), by, key, d)
	if err != nil {
		t.Fatal(err)
	}
	return kept
}

// typedIn is the name that a draft has, "none" where there is no such draft.
func typedIn(t *testing.T, db *models.DB, by models.Actor, token string) string {
	t.Helper()
	d, err := db.FindDraft(t.Context(), by, token)
	if err != nil {
		t.Fatal(err)
	}
	if d == nil {
		return "none"
	}
	return d.Fields.Get("bucket_name")
}

func TestADraftIsItsWritersAlone(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team, other := modelstest.NewTeam(t, db), modelstest.NewTeam(t, db)
	page := models.DraftKey{Writer: team.Requester.DraftWriter("a")}
	mustSave(t, db, team.Requester, page, typed("t", "assets"))
	elsewhere := team.Requester
	elsewhere.TeamID = other.Requester.TeamID
	byKey := team.Requester
	byKey.Face = models.ByAPI
	for who, by := range map[string]models.Actor{"an admin of the team": team.Admin, "the writer in another team": elsewhere, "another team": other.Admin, "a key": byKey} {
		if got := typedIn(t, db, by, "t"); got != "none" {
			t.Errorf("%s reads %q", who, got)
		}
		if d, err := db.FindUnfinished(t.Context(), by, "/buckets/new", models.DraftNew, ""); err != nil || d != nil {
			t.Errorf("%s is offered %v, %v", who, d, err)
		}
		if rows, _, err := modelstest.List(t.Context(), db, by, models.Drafts, list.Query{}); err != nil || len(rows) != 0 && who != "a key" {
			t.Errorf("%s lists %v, %v", who, rows, err)
		}
		if err := db.DiscardDraft(t.Context(), by, "t"); !errors.Is(err, models.ErrNotFound) && !errors.Is(err, models.ErrForbidden) {
			t.Errorf("%s discards it: %v", who, err)
		}
	}
	if _, err := db.SaveDraft(t.Context(), byKey, page, typed("t", "x")); !errors.Is(err, models.ErrForbidden) {
		t.Errorf("a key saves a draft: %v", err)
	}
	if _, err := db.SaveDraft(t.Context(), team.Admin, page, typed("t", "x")); !rejects(err, "", "draft_person") {
		t.Errorf("another person saves what was typed on the writer's page: %v", err)
	}
	mustSave(t, db, team.Admin, models.DraftKey{Writer: team.Admin.DraftWriter("a")}, typed("t", "mine"))
	if got := typedIn(t, db, team.Requester, "t"); got != "assets" {
		t.Errorf("after another's with the same token it is %q", got)
	}
	rows, _, err := modelstest.List(t.Context(), db, team.Requester, models.Drafts, list.Query{})
	if err != nil || len(rows) != 1 || rows[0].Words != "assets" || rows[0].Path != "/buckets/new" {
		t.Errorf("the writer lists %+v, %v", rows, err)
	}
	if d, err := db.FindUnfinished(t.Context(), team.Requester, "/buckets/new", models.DraftNew, ""); err != nil || d == nil || d.Token != "t" {
		t.Errorf("the writer is offered %+v, %v", d, err)
	}
	if err := db.DiscardDraft(t.Context(), team.Requester, "t"); err != nil || typedIn(t, db, team.Requester, "t") != "none" || typedIn(t, db, team.Admin, "t") != "mine" {
		t.Errorf("discarded: %v", err)
	}
}

func TestPagesOfOneDraftDoNotDestroyEachOther(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	by := modelstest.NewTeam(t, db).Requester
	first := mustSave(t, db, by, models.DraftKey{Writer: by.DraftWriter("a"), Step: 1}, typed("t", "one"))
	if kept := mustSave(t, db, by, models.DraftKey{Writer: by.DraftWriter("a"), Step: 3}, typed("t", "three")); kept.Token != "t" || kept.Revision != first.Revision+1 {
		t.Errorf("the same page: %+v", kept)
	}
	if kept := mustSave(t, db, by, models.DraftKey{Writer: by.DraftWriter("a"), Step: 2}, typed("t", "two")); kept.Token != "t" || typedIn(t, db, by, "t") != "three" {
		t.Errorf("an earlier request that comes later: %+v", kept)
	}
	own := mustSave(t, db, by, models.DraftKey{Writer: by.DraftWriter("b"), Step: 1, Revision: 1}, typed("t", "other"))
	if own.Token == "t" || typedIn(t, db, by, "t") != "three" || typedIn(t, db, by, own.Token) != "other" {
		t.Errorf("a page that saw revision 1 of 2: %+v, beside %q", own, typedIn(t, db, by, "t"))
	}
	if kept := mustSave(t, db, by, models.DraftKey{Writer: by.DraftWriter("c"), Step: 1, Revision: 2}, typed("t", "four")); kept.Token != "t" || typedIn(t, db, by, "t") != "four" {
		t.Errorf("a page that saw the newest: %+v", kept)
	}
	if kept := mustSave(t, db, by, models.DraftKey{Writer: by.DraftWriter("a"), Step: 4, Revision: 2}, typed("t", "five")); kept.Token == "t" || typedIn(t, db, by, "t") != "four" {
		t.Errorf("the first page, which did not see that: %+v", kept)
	}
}

func TestADraftIsWrittenWhenItChanges(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	by := modelstest.NewTeam(t, db).Requester
	save := func(step int64, name string) int64 {
		return mustSave(t, db, by, models.DraftKey{Writer: by.DraftWriter("a"), Step: step}, typed("t", name)).Revision
	}
	for _, s := range []struct {
		step int64
		name string
		want int64
	}{{1, "one", 1}, {2, "one", 1}, {3, "three", 2}, {4, "three", 2}, {6, "three", 3}, {5, "five", 3}, {7, "seven", 4}} {
		if got := save(s.step, s.name); got != s.want {
			t.Errorf("step %d, %q: revision %d, want %d", s.step, s.name, got, s.want)
		}
	}
	if got := typedIn(t, db, by, "t"); got != "seven" {
		t.Errorf("the draft is %q", got)
	}
}

func TestTheDraftsOfWhoLeavesATeamGo(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	for _, by := range []models.Actor{team.Requester, team.Admin} {
		mustSave(t, db, by, models.DraftKey{Writer: by.DraftWriter("a")}, typed("t", "assets"))
	}
	if _, err := db.RemoveMember(t.Context(), team.Admin, team.Requester.UserID); err != nil {
		t.Fatal(err)
	}
	if gone, stays := typedIn(t, db, team.Requester, "t"), typedIn(t, db, team.Admin, "t"); gone != "none" || stays != "assets" {
		t.Errorf("of who was removed %q, of another %q", gone, stays)
	}
}

func TestADraftGoesWithItsOrder(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	by := team.Requester
	a := models.DraftKey{Writer: by.DraftWriter("a"), Step: 1}
	place := func(token, name string, key models.DraftKey) error {
		_, err := db.PlaceOrder(t.Context(), by, models.OrderInput{Token: token, DraftKey: key, Lines: []models.LineInput{&models.BucketInput{Name: name, Region: "cn-hangzhou"}}})
		return err
	}
	a.Revision = mustSave(t, db, by, a, typed("t", "assets")).Revision
	if err := place("t", "No", a); err == nil || typedIn(t, db, by, "t") != "assets" {
		t.Errorf("refused with %v, the draft is %q", err, typedIn(t, db, by, "t"))
	}
	if err := place("t", "assets", a); err != nil || typedIn(t, db, by, "t") != "none" {
		t.Errorf("placed with %v, the draft is %q", err, typedIn(t, db, by, "t"))
	}
	if kept := mustSave(t, db, by, a, typed("t", "late")); kept.Token == "t" || typedIn(t, db, by, "t") != "none" {
		t.Errorf("what is typed into a form that was sent is %+v", kept)
	}
	b := models.DraftKey{Writer: by.DraftWriter("b"), Revision: mustSave(t, db, by, a, typed("u", "old")).Revision}
	mustSave(t, db, by, models.DraftKey{Writer: by.DraftWriter("a"), Step: 2}, typed("u", "newer"))
	if err := place("u", "old-data", b); err != nil {
		t.Fatal(err)
	}
	rows, _, err := modelstest.List(t.Context(), db, by, models.Drafts, list.Query{})
	if err != nil || len(rows) != 2 || !slices.ContainsFunc(rows, func(d models.Draft) bool { return d.Words == "newer" && d.Token != "u" }) {
		t.Errorf("what another page has typed since: %+v, %v", rows, err)
	}
	app := models.AppInput{Name: "shop", Region: "cn-hangzhou", Token: "v", DraftKey: a}
	d := typed("v", "")
	d.Kind = models.KindApp
	mustSave(t, db, by, a, d)
	if _, err := db.CreateApp(t.Context(), by, app); err != nil || typedIn(t, db, by, "v") != "none" {
		t.Errorf("an application: %v, the draft is %q", err, typedIn(t, db, by, "v"))
	}
	if kept := mustSave(t, db, by, a, d); kept.Token == "v" {
		t.Errorf("what is typed into the form of an application that was made is %+v", kept)
	}
}

func TestDraftsAreBoundedAndSweptByTheTeamsClock(t *testing.T) {
	t.Parallel()
	db, clock, team := atNoon(t)
	by := team.Requester
	for i := range models.MaxDrafts {
		mustSave(t, db, by, models.DraftKey{Writer: by.DraftWriter("a")}, typed(fmt.Sprint("t", i), "assets"))
	}
	if _, err := db.SaveDraft(t.Context(), by, models.DraftKey{Writer: by.DraftWriter("a")}, typed("more", "assets")); !rejects(err, "", "draft_many") || typedIn(t, db, by, "more") != "none" {
		t.Errorf("one more: %v", err)
	}
	if _, err := db.SaveDraft(t.Context(), by, models.DraftKey{Writer: by.DraftWriter("a")}, typed("t0", strings.Repeat("x", models.MaxDraft))); !rejects(err, "", "draft_large") || typedIn(t, db, by, "t0") != "assets" {
		t.Errorf("a long one: %v", err)
	}
	clock.Move(29 * 24 * time.Hour)
	mustSave(t, db, by, models.DraftKey{Writer: by.DraftWriter("a")}, typed("t0", "touched"))
	clock.Move(24*time.Hour + time.Minute)
	if err := db.DropDrafts(t.Context()); err != nil {
		t.Fatal(err)
	}
	if typedIn(t, db, by, "t0") != "touched" || typedIn(t, db, by, "t1") != "none" {
		t.Errorf("after 30 days: %q and %q", typedIn(t, db, by, "t0"), typedIn(t, db, by, "t1"))
	}
}
