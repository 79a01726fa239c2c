package models_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"quartermaster/models"
	"quartermaster/models/list"
	"quartermaster/models/modelstest"
)

// taggable is a kind whose things have tags: one of them, and what reads a list of
// its kind and deletes it.
type taggable struct {
	kind models.Kind
	id   string
	list func(by models.Actor, q list.Query) ([]models.Tagged, error)
	drop func() error
}

// pageOf reads a list whose rows have tags.
func pageOf[R interface{ Tagged() models.Tagged }](t *testing.T, db *models.DB, l *models.List[R]) func(models.Actor, list.Query) ([]models.Tagged, error) {
	return func(by models.Actor, q list.Query) (all []models.Tagged, err error) {
		q.Whole = true
		page, err := l.Read(t.Context(), db, by, q)
		for _, row := range page.Rows {
			all = append(all, row.Tagged())
		}
		return all, err
	}
}

// taggables are one thing of each kind that has tags.
func taggables(t *testing.T, db *models.DB, by models.Actor, name string) []taggable {
	t.Helper()
	made := map[models.Kind]string{}
	for kind, in := range oneOfEach(t, db, by, name) {
		made[kind] = mustPlace(t, db, by, in).Lines[0].ResourceID
	}
	modelstest.Work(t, db)
	v, err := db.FindPkgVersion(t.Context(), by, made[models.KindPkgVersion])
	if err != nil {
		t.Fatal(err)
	}
	all := []taggable{
		{models.KindBucket, made[models.KindBucket], pageOf(t, db, models.Buckets), func() error { return db.DeleteBucket(t.Context(), by, made[models.KindBucket]) }},
		{models.KindPkgVersion, v.ID, pageOf(t, db, models.PkgVersions), func() error { return db.DeletePkgVersion(t.Context(), by, v.ID) }},
		{models.KindApp, v.AppID, pageOf(t, db, models.Apps), func() error { return db.DeleteApp(t.Context(), by, v.AppID, models.AnyVersions) }},
		{models.KindPlan, made[models.KindPlan], pageOf(t, db, models.Plans), func() error { return db.DeletePlan(t.Context(), by, made[models.KindPlan]) }},
		{models.KindStore, made[models.KindStore], pageOf(t, db, models.Stores), func() error {
			_, err := db.DeleteStore(t.Context(), by, made[models.KindStore])
			modelstest.Work(t, db)
			return err
		}},
	}
	if got := db.TaggedKinds(); len(got) != len(all) {
		t.Fatalf("the kinds with tags are %v, and %d are tried", got, len(all))
	}
	return all
}

func mustTag(t *testing.T, db *models.DB, by models.Actor, k taggable, tags string) {
	t.Helper()
	if _, err := db.SetTags(t.Context(), by, k.kind, k.id, models.TagsInput{Tags: tags}); err != nil {
		t.Fatalf("%s: %v", k.kind, err)
	}
}

func TestThingsOfEveryKindAreFoundByTheirTags(t *testing.T) {
	t.Parallel()
	o := modelstest.Choose(t, models.Options{})
	db := modelstest.OpenWith(t, o)
	team, other := modelstest.NewTeam(t, db), modelstest.NewTeam(t, db)
	for _, k := range taggables(t, db, team.Requester, "filed") {
		finds := func(what string, by models.Actor, q list.Query, want bool) {
			t.Helper()
			all, err := k.list(by, q)
			if found := slices.ContainsFunc(all, func(t models.Tagged) bool { return t.ID == k.id }); err != nil || found != want {
				t.Errorf("%s, %s: found is %t, %v; want %t", k.kind, what, found, err, want)
			}
		}
		mustTag(t, db, team.Requester, k, "Ｐrod, 财务  prod gold")
		all, err := k.list(team.Viewer, list.With("tag", "PROD"))
		if err != nil || len(all) != 1 || all[0].Kind != k.kind || all[0].Tags.String() != "Ｐrod, 财务, gold" {
			t.Errorf("%s: got %+v, %v", k.kind, all, err)
		}
		finds("by another tag", team.Viewer, list.With("tag", "财务"), true)
		finds("by a part of one", team.Viewer, list.With("tag", "pro"), false)
		finds("by none of its", team.Viewer, list.With("tag", "silver"), false)
		finds("by another team", other.Viewer, list.With("tag", "prod"), false)
		for _, text := range []string{"GOLD", "prod", "财务"} {
			finds("searched for "+text, team.Viewer, list.Query{Text: text}, true)
		}
		q := list.With("tag", "gold")
		q.Text = "财务"
		finds("by both", team.Viewer, q, true)
		q.Text = "silver"
		finds("by a tag and another text", team.Viewer, q, false)
		if got, err := db.FindTagged(t.Context(), other.Admin, k.kind, k.id); !errors.Is(err, models.ErrNotFound) {
			t.Errorf("%s: another team reads %+v, %v", k.kind, got, err)
		}
		for what, c := range map[string]struct {
			by   models.Actor
			want error
		}{"a viewer": {team.Viewer, models.ErrForbidden}, "another team": {other.Admin, models.ErrNotFound}, "nobody": {models.Actor{}, models.ErrUnauthenticated}} {
			if _, err := db.SetTags(t.Context(), c.by, k.kind, k.id, models.TagsInput{Tags: "x"}); !errors.Is(err, c.want) {
				t.Errorf("%s, %s: got %v, want %v", k.kind, what, err, c.want)
			}
		}
		if was, will := tagInBulk(t, db, team.Requester, k, models.BulkTag, "new GOLD"); was != "Ｐrod, 财务, gold" || will != "Ｐrod, 财务, gold, new" {
			t.Errorf("%s, added: got %q to %q", k.kind, was, will)
		}
		if was, will := tagInBulk(t, db, team.Requester, k, models.BulkUntag, "none ＮEW prod"); was != "Ｐrod, 财务, gold, new" || will != "财务, gold" {
			t.Errorf("%s, removed: got %q to %q", k.kind, was, will)
		}
		if got, err := db.FindTagged(t.Context(), team.Viewer, k.kind, k.id); err != nil || got.Tags.String() != "财务, gold" {
			t.Errorf("%s, removed: got %+v, %v", k.kind, got, err)
		}
		finds("by one that was taken off", team.Viewer, list.With("tag", "prod"), false)
		events, err := recorded(t, db, team.Viewer, string(k.kind)+".tagged")
		if err != nil || len(events) != 3 || events[0].SubjectID != k.id || events[0].Detail != `{"from":["Ｐrod","财务","gold","new"],"to":["财务","gold"]}` ||
			events[2].Detail != `{"from":[],"to":["Ｐrod","财务","gold"]}` {
			t.Errorf("%s: recorded %+v, %v", k.kind, events, err)
		}
		if err := k.drop(); err != nil {
			t.Fatalf("%s: %v", k.kind, err)
		}
		if _, err := db.FindTag(t.Context(), team.Viewer, "gold"); !errors.Is(err, models.ErrNotFound) {
			t.Errorf("%s: a tag of what is deleted: got %v", k.kind, err)
		}
	}
}

// tagInBulk does an action to a thing as to several, and returns what the preview says
// of its tags; what came of it must be the same.
func tagInBulk(t *testing.T, db *models.DB, by models.Actor, k taggable, action models.BulkAction, text string) (was, will string) {
	t.Helper()
	in := &models.PickedTags{Tags: text}
	items, err := db.PreviewBulk(t.Context(), by, k.kind, action, []string{k.id}, in)
	if err != nil || len(items) != 1 || items[0].State != models.BulkWaiting {
		t.Fatalf("preview %s of %s: got %+v, %v", action, k.kind, items, err)
	}
	b, err := db.DoBulk(t.Context(), by, k.kind, action, []string{k.id}, in)
	if err != nil || b.Done != 1 || len(b.Items) != 1 || b.Items[0].Was != items[0].Was || b.Items[0].Will != items[0].Will {
		t.Fatalf("%s of %s: got %+v, %v", action, k.kind, b, err)
	}
	return items[0].Was, items[0].Will
}

func TestTagsHaveLimits(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	k := taggables(t, db, team.Requester, "limited")[0]
	var words []string
	for i := range models.MostTags + 1 {
		words = append(words, fmt.Sprint("t", i))
	}
	for tags, rule := range map[string]string{
		strings.Join(words, " "):                    "too_many_tags",
		strings.Repeat("长", models.MostTag+1):       "tag_long",
		strings.Repeat("long ", 201):                "max",
		"a\x07":                                     "line",
		strings.Join(words[1:], "，"):                "",
		strings.Repeat("长", models.MostTag):         "",
		strings.Repeat("t1, T1 、", models.MostTags): "",
	} {
		_, err := db.SetTags(t.Context(), team.Requester, k.kind, k.id, models.TagsInput{Tags: tags})
		if rule == "" && err != nil || rule != "" && !rejects(err, "tags", rule) {
			t.Errorf("%.60q: got %v, want %q", tags, err, rule)
		}
		if _, err := db.PreviewOrder(t.Context(), team.Requester, models.OrderInput{Lines: []models.LineInput{&models.BucketInput{Region: "cn-hangzhou", Tags: tags}}}); rule != "" && !isRejected(err, "tags") {
			t.Errorf("%.60q of a new bucket: got %v", tags, err)
		}
	}
	mustTag(t, db, team.Requester, k, strings.Join(words[1:], " "))
	for text, rule := range map[string]string{strings.Join(words, " "): "too_many_tags", "": "required"} {
		if _, err := db.DoBulk(t.Context(), team.Requester, k.kind, models.BulkTag, []string{k.id}, &models.PickedTags{Tags: text}); !rejects(err, "tags", rule) {
			t.Errorf("%.60q of several: got %v, want %q", text, err, rule)
		}
	}
	items, err := db.PreviewBulk(t.Context(), team.Requester, k.kind, models.BulkTag, []string{k.id}, &models.PickedTags{Tags: "more"})
	if err != nil || len(items) != 1 || items[0].State != models.BulkRefused || !rejects(items[0].Why, "tags", "too_many_tags") {
		t.Errorf("one more, asked: got %+v, %v", items, err)
	}
	b, err := db.DoBulk(t.Context(), team.Requester, k.kind, models.BulkTag, []string{k.id}, &models.PickedTags{Tags: "more"})
	if err != nil || b.Refused != 1 {
		t.Errorf("one more: got %+v, %v", b, err)
	}
	if _, err := db.SetTags(t.Context(), team.Requester, models.KindOrder, k.id, models.TagsInput{}); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("of an order: got %v", err)
	}
}

func isRejected(err error, field string) bool {
	var in models.Invalid
	return errors.As(err, &in) && slices.ContainsFunc(in, func(e models.FieldError) bool { return e.Field == field })
}

func TestTagsAreChangedByWhoMayOrderSuchThings(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	all := taggables(t, db, team.Requester, "narrow")
	by := team.Requester
	by.Only = &models.Only{Kinds: []models.Kind{models.KindBucket}, Regions: []string{"cn-hangzhou"}}
	for _, k := range all {
		_, err := db.SetTags(t.Context(), by, k.kind, k.id, models.TagsInput{Tags: "mine"})
		if k.kind == models.KindBucket && err != nil || k.kind != models.KindBucket && !errors.Is(err, models.ErrForbidden) {
			t.Errorf("%s: got %v", k.kind, err)
		}
	}
}

func TestOlderFormsOfTagsUndoNothing(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	k := taggables(t, db, team.Requester, "older")[0]
	mustTag(t, db, team.Requester, k, "one")
	shown, err := db.FindTagged(t.Context(), team.Viewer, k.kind, k.id)
	if err != nil {
		t.Fatal(err)
	}
	mustTag(t, db, team.Admin, k, "one two")
	in := shown.TagsInput()
	in.Tags = "three"
	if _, err := db.SetTags(t.Context(), team.Requester, k.kind, k.id, in); !rejects(err, "tags", "changed_meanwhile") {
		t.Errorf("got %v, want a conflict", err)
	}
	in.Tags = shown.Tags.String() // as it was shown
	if got, err := db.SetTags(t.Context(), team.Requester, k.kind, k.id, in); err != nil || got.Tags.String() != "one, two" {
		t.Errorf("got %+v, %v; want the newer", got, err)
	}
}

func TestTagsAreOfferedCountedAndRenamedForAll(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team, other := modelstest.NewTeam(t, db), modelstest.NewTeam(t, db)
	all, others := taggables(t, db, team.Requester, "named"), taggables(t, db, other.Requester, "others")
	for i, k := range all {
		mustTag(t, db, team.Requester, k, []string{"team-a prod", "PROD team-b x", "team-a, 财务", "old y prod", "y old"}[i])
		mustTag(t, db, other.Requester, others[i], "old secret")
	}
	if got, err := db.FindTagged(t.Context(), team.Viewer, all[1].kind, all[1].id); err != nil || got.Tags.String() != "prod, team-b, x" {
		t.Errorf("got %+v, %v; want it spelled as the team does", got, err)
	}
	for text, want := range map[string]string{"": "old prod team-a team-b x y 财务", "TEAM": "team-a team-b", "财": "财务", "sec": "", "x": "x", "\x00": "old prod team-a team-b x y 财务"} {
		if got, err := db.SuggestTags(t.Context(), team.Viewer, text, nil); err != nil || strings.Join(got, " ") != want {
			t.Errorf("offered for %q: got %q, %v; want %q", text, got, err, want)
		}
	}
	if got, err := db.SuggestTags(t.Context(), team.Viewer, "team", models.Tags{"Team-A"}); err != nil || strings.Join(got, " ") != "team-b" {
		t.Errorf("offered to who has one: got %q, %v", got, err)
	}
	if got, err := db.KindTags(t.Context(), team.Viewer, models.KindApp, ""); err != nil || strings.Join(got, " ") != "team-a 财务" {
		t.Errorf("of applications: got %q, %v", got, err)
	}
	counts := func(tag string) string {
		t.Helper()
		found, err := db.FindTag(t.Context(), team.Viewer, tag)
		if errors.Is(err, models.ErrNotFound) {
			return "none"
		}
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimPrefix(fmt.Sprint(found.Tag, " ", found.Counts), "map")
	}
	tags, next, err := db.TeamTags(t.Context(), team.Viewer, "")
	if err != nil || len(tags) != 7 || next != "" || fmt.Sprint(tags[1].Tag, tags[1].Counts) != "prodmap[bucket:1 plan:1 version:1]" {
		t.Errorf("got %v, %q, %v", tags, next, err)
	}
	for _, by := range []models.Actor{team.Viewer, team.Requester, team.Approver} {
		if _, err := db.RenameTag(t.Context(), by, models.TagInput{Tag: "old", To: "new"}); !errors.Is(err, models.ErrForbidden) {
			t.Errorf("%s renames: got %v", by.Role, err)
		}
		if _, err := db.RemoveTag(t.Context(), by, "old"); !errors.Is(err, models.ErrForbidden) {
			t.Errorf("%s removes: got %v", by.Role, err)
		}
	}
	for to, rule := range map[string]string{"": "required", "two words": "one_tag", strings.Repeat("x", 41): "tag_long", "Ｘ": "tag_exists"} {
		if _, err := db.RenameTag(t.Context(), team.Admin, models.TagInput{Tag: "prod", To: to}); !rejects(err, "tag_to", rule) {
			t.Errorf("to %q: got %v, want %s", to, err, rule)
		}
	}
	for _, tag := range []string{"none", "secret", ""} {
		if _, err := db.RemoveTag(t.Context(), team.Admin, tag); !errors.Is(err, models.ErrNotFound) {
			t.Errorf("%q: got %v, want not found", tag, err)
		}
	}
	for _, c := range []struct {
		what string
		do   func() (int64, error)
		n    int64
		want []string
	}{
		{"renamed", func() (int64, error) {
			return db.RenameTag(t.Context(), team.Admin, models.TagInput{Tag: "OLD", To: "legacy"})
		}, 2, []string{"team-a, prod", "prod, team-b, x", "team-a, 财务", "legacy, y, prod", "y, legacy"}},
		{"merged", func() (int64, error) {
			return db.RenameTag(t.Context(), team.Admin, models.TagInput{Tag: "y", To: "Legacy", Merge: true})
		}, 2, []string{"team-a, prod", "prod, team-b, x", "team-a, 财务", "legacy, prod", "legacy"}},
		{"written otherwise", func() (int64, error) {
			return db.RenameTag(t.Context(), team.Admin, models.TagInput{Tag: "prod", To: "Prod"})
		}, 3, []string{"team-a, Prod", "Prod, team-b, x", "team-a, 财务", "legacy, Prod", "legacy"}},
		{"removed", func() (int64, error) { return db.RemoveTag(t.Context(), team.Admin, "legacy") }, 2,
			[]string{"team-a, Prod", "Prod, team-b, x", "team-a, 财务", "Prod", ""}},
	} {
		if n, err := c.do(); err != nil || n != c.n {
			t.Fatalf("%s: got %d, %v; want %d", c.what, n, err, c.n)
		}
		for i, k := range all {
			if got, err := db.FindTagged(t.Context(), team.Viewer, k.kind, k.id); err != nil || got.Tags.String() != c.want[i] {
				t.Errorf("%s, %s: got %q, %v; want %q", c.what, k.kind, got.Tags, err, c.want[i])
			}
			if got, err := db.FindTagged(t.Context(), other.Viewer, others[i].kind, others[i].id); err != nil || got.Tags.String() != "old, secret" {
				t.Errorf("%s, %s of another team: got %q, %v", c.what, k.kind, got.Tags, err)
			}
		}
	}
	if counts("old") != "none" || counts("prod") != "Prod map[bucket:1 plan:1 version:1]" || counts("legacy") != "none" {
		t.Errorf("got %s, %s, %s", counts("old"), counts("prod"), counts("legacy"))
	}
	for text, want := range map[string]int{"legacy": 0, "y": 0, "PROD": 1} {
		if found, err := all[3].list(team.Viewer, list.Query{Text: text}); err != nil || len(found) != want && text != "y" {
			t.Errorf("searched for %q: got %+v, %v", text, found, err)
		}
	}
	renamed, err := recorded(t, db, team.Viewer, "team.tag_renamed")
	if err != nil || len(renamed) != 3 || renamed[2].SubjectName != "old" || renamed[2].Detail != `{"count":2,"from":"old","to":"legacy"}` || renamed[1].Detail != `{"count":2,"from":"y","merged":true,"to":"legacy"}` {
		t.Errorf("recorded %+v, %v", renamed, err)
	}
	removed, err := recorded(t, db, team.Viewer, "team.tag_removed")
	if err != nil || len(removed) != 1 || removed[0].Detail != `{"count":2,"from":"legacy"}` {
		t.Errorf("recorded %+v, %v", removed, err)
	}
}

func TestTagsOfATeamComeInPages(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	for i, k := range taggables(t, db, team.Requester, "pages") {
		var words []string
		for j := range models.MostTags {
			words = append(words, fmt.Sprintf("t%02d", (i*13+j)%70))
		}
		mustTag(t, db, team.Requester, k, strings.Join(words, " "))
	}
	var got []string
	for last := ""; ; {
		tags, next, err := db.TeamTags(t.Context(), team.Viewer, last)
		if err != nil {
			t.Fatal(err)
		}
		for _, tag := range tags {
			got = append(got, tag.Tag)
		}
		if last = next; last == "" {
			break
		}
	}
	if !slices.IsSorted(got) || len(got) != 70 || len(slices.Compact(slices.Clone(got))) != 70 {
		t.Errorf("got %d: %q", len(got), got)
	}
	if tags, _, err := db.TeamTags(t.Context(), modelstest.NewTeam(t, db).Viewer, ""); err != nil || len(tags) != 0 {
		t.Errorf("another team has %v, %v", tags, err)
	}
}

func TestViewsFollowATagThatIsRenamed(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team, other := modelstest.NewTeam(t, db), modelstest.NewTeam(t, db)
	bucket := mustCreateBucket(t, db, team.Requester, "tagged-assets")
	mustTag(t, db, team.Requester, taggable{kind: models.KindBucket, id: bucket.ID}, "old kept")
	mustTag(t, db, other.Requester, taggable{kind: models.KindBucket, id: mustCreateBucket(t, db, other.Requester, "others-assets").ID}, "old")
	saved := func(by models.Actor) (states []string) {
		t.Helper()
		s, err := db.Saved(t.Context(), by, "bucket-list")
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range s.Views {
			states = append(states, v.State)
		}
		return states
	}
	for _, by := range []models.Actor{team.Viewer, team.Admin, other.Viewer} {
		for name, state := range map[string]string{"a": "sort=-used&tag=Old", "b": "tag=kept", "c": "q=tag%3Dold"} {
			if _, err := db.SaveView(t.Context(), by, "bucket-list", "", models.ViewInput{Name: name, State: state}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := db.RenameTag(t.Context(), team.Admin, models.TagInput{Tag: "old", To: "新"}); err != nil {
		t.Fatal(err)
	}
	for _, by := range []models.Actor{team.Viewer, team.Admin} {
		if got := strings.Join(saved(by), " "); got != "sort=-used&tag=%E6%96%B0 tag=kept q=tag%3Dold" {
			t.Errorf("%s: %s", by.Role, got)
		}
	}
	if got := saved(other.Viewer); got[0] != "sort=-used&tag=Old" {
		t.Errorf("another team's: %s", got)
	}
	if _, err := db.RemoveTag(t.Context(), team.Admin, "新"); err != nil || saved(team.Viewer)[0] != "sort=-used&tag=%E6%96%B0" {
		t.Errorf("of a tag that is gone: %s, %v", saved(team.Viewer), err)
	}
}
