package models_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"quartermaster/models"
	"quartermaster/models/list"
	"quartermaster/models/modelstest"
)

func mustCreateApp(t *testing.T, db *models.DB, by models.Actor, name string) *models.App {
	t.Helper()
	app, err := db.CreateApp(t.Context(), by, models.AppInput{Name: name, Region: "cn-hangzhou", Category: "Java"})
	if err != nil {
		t.Fatalf("create application: %v", err)
	}
	return app
}

func TestAppFieldsHaveTheirRules(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	good := models.AppInput{Name: "结算服务", Region: "cn-hangzhou", Category: "Java", Description: "two\nlines"}
	for _, c := range []struct {
		name        string
		change      func(*models.AppInput)
		field, rule string
	}{
		{"empty name", func(in *models.AppInput) { in.Name = " " }, "app_name", "required"},
		{"long name", func(in *models.AppInput) { in.Name = strings.Repeat("长", 65) }, "app_name", "max"},
		{"name of two lines", func(in *models.AppInput) { in.Name = "a\nb" }, "app_name", "line"},
		{"hidden character", func(in *models.AppInput) { in.Name = "a\u2060b" }, "app_name", "line"},
		{"direction mark", func(in *models.AppInput) { in.Name = "a\u202eb" }, "app_name", "line"},
		{"no region", func(in *models.AppInput) { in.Region = "" }, "region", "required"},
		{"region without applications", func(in *models.AppInput) { in.Region = "cn-north-4" }, "region", "unknown"},
		{"unknown category", func(in *models.AppInput) { in.Category = "Cobol" }, "category", "unknown"},
		{"long description", func(in *models.AppInput) { in.Description = strings.Repeat("x", 256) }, "description", "max"},
	} {
		in := good
		c.change(&in)
		if _, err := db.CreateApp(t.Context(), team.Requester, in); !rejects(err, c.field, c.rule) {
			t.Errorf("%s: got %v, want %s %s", c.name, err, c.field, c.rule)
		}
	}
	good.Name, good.Category = strings.Repeat("长", 64), ""
	app, err := db.CreateApp(t.Context(), team.Requester, good)
	if err != nil || !strings.HasPrefix(app.ID, "wa-") || len(app.ID) != 27 {
		t.Errorf("got %+v, %v; want an application wa-<24 hex>", app, err)
	}
}

func TestAppNameIsUniqueInTeamAndRegion(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team, other := modelstest.NewTeam(t, db), modelstest.NewTeam(t, db)
	var made, refused int
	var mu sync.Mutex
	var all sync.WaitGroup
	for range 10 {
		all.Go(func() {
			_, err := db.CreateApp(context.Background(), team.Requester, models.AppInput{Name: "shop", Region: "cn-hangzhou"})
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				made++
			case rejects(err, "app_name", "taken"):
				refused++
			default:
				t.Errorf("got %v, want app_name taken", err)
			}
		})
	}
	all.Wait()
	if made != 1 || refused != 9 {
		t.Errorf("got %d made and %d refused, want 1 and 9", made, refused)
	}
	for who, by := range map[string]models.Actor{"team": team.Viewer, "other": other.Viewer} {
		free, err := db.AppNameFree(t.Context(), by, "cn-hangzhou", " shop ")
		if err != nil || free != (who == "other") {
			t.Errorf("%s: got free %v, %v", who, free, err)
		}
	}
	mustCreateApp(t, db, other.Requester, "shop")
	if _, err := db.CreateApp(t.Context(), team.Requester, models.AppInput{Name: "shop", Region: "cn-beijing"}); err != nil {
		t.Errorf("same name in another region: %v", err)
	}
}

func TestDeletingAnAppDeletesItsVersionsAndNothingUnseen(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team, other := modelstest.NewTeam(t, db), modelstest.NewTeam(t, db)
	app, kept := mustCreateApp(t, db, team.Requester, "shop"), mustCreateApp(t, db, team.Requester, "desk")
	mustPlaceVersion(t, db, team.Requester, &models.PkgVersionInput{AppID: app.ID, Label: "1", Source: "oss://elsewhere/a.zip"})
	mustPlaceVersion(t, db, team.Requester, &models.PkgVersionInput{AppID: app.ID, Label: "2", Source: "oss://elsewhere/b.zip"})
	mustPlaceVersion(t, db, team.Requester, &models.PkgVersionInput{AppID: kept.ID, Label: "1", Source: "oss://elsewhere/a.zip"})

	if err := db.DeleteApp(t.Context(), other.Admin, app.ID, models.AnyVersions); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("another team: got %v, want %v", err, models.ErrNotFound)
	}
	if err := db.DeleteApp(t.Context(), team.Viewer, app.ID, models.AnyVersions); !errors.Is(err, models.ErrForbidden) {
		t.Errorf("viewer: got %v, want %v", err, models.ErrForbidden)
	}
	if err := db.DeleteApp(t.Context(), team.Requester, app.ID, 1); !rejects(err, "", "versions_changed") {
		t.Errorf("told of one version of two: got %v, want versions_changed", err)
	}
	if err := db.DeleteApp(t.Context(), team.Requester, app.ID, 2); err != nil {
		t.Fatal(err)
	}
	if _, err := db.FindApp(t.Context(), team.Viewer, app.ID); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("deleted application: got %v, want %v", err, models.ErrNotFound)
	}
	versions, _, err := modelstest.List(t.Context(), db, team.Viewer, models.PkgVersions, list.Query{})
	if err != nil || len(versions) != 1 || versions[0].AppID != kept.ID {
		t.Errorf("got %v, %v; want the version of the other application", versions, err)
	}
	counts, err := db.Counts(t.Context(), team.Viewer)
	if err != nil || counts["version"] != 1 {
		t.Errorf("got %d versions counted, %v; want 1", counts["version"], err)
	}
	events, _, err := modelstest.List(t.Context(), db, team.Viewer, models.Events, list.With("subject", app.ID))
	if err != nil || len(events) != 2 || events[0].Action != "app.deleted" || events[0].Detail != `{"versions":2}` {
		t.Errorf("got events %+v, %v; want app.deleted with 2 versions", events, err)
	}
}

func TestAppsOfAnotherTeamDoNotExist(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team, other := modelstest.NewTeam(t, db), modelstest.NewTeam(t, db)
	app := mustCreateApp(t, db, team.Requester, "shop")
	if _, err := db.FindApp(t.Context(), other.Admin, app.ID); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("got %v, want %v", err, models.ErrNotFound)
	}
	apps, _, err := modelstest.List(t.Context(), db, other.Admin, models.Apps, list.Query{})
	if err != nil || len(apps) != 0 {
		t.Errorf("got %d applications, %v; want none", len(apps), err)
	}
	for _, c := range []struct {
		filter list.Query
		want   int
	}{
		{list.Query{}, 1},
		{list.Query{Text: "HO"}, 1},
		{list.Query{Text: "%"}, 0},
		{list.With("region", "cn-hangzhou", "category", "Java"), 1},
		{list.With("region", "cn-beijing"), 0},
		{list.With("category", "Go"), 0},
	} {
		apps, _, err := modelstest.List(t.Context(), db, team.Viewer, models.Apps, c.filter)
		if err != nil || len(apps) != c.want {
			t.Errorf("%+v: got %d applications, %v; want %d", c.filter, len(apps), err, c.want)
		}
	}
}

func TestApplicationCallWithATokenIsMadeOnce(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team, other := modelstest.NewTeam(t, db), modelstest.NewTeam(t, db)
	in := models.AppInput{Name: "shop", Region: "cn-hangzhou", Token: "once"}
	ids := map[string]int{}
	var mu sync.Mutex
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			app, err := db.CreateApp(t.Context(), team.Requester, in)
			if err != nil {
				t.Errorf("with the same token: %v", err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			ids[app.ID]++
		})
	}
	all.Wait()
	if len(ids) != 1 {
		t.Errorf("got the ids %v, want one", ids)
	}
	again := in
	again.Token = "twice"
	if _, err := db.CreateApp(t.Context(), team.Requester, again); !rejects(err, "app_name", "taken") {
		t.Errorf("another token: got %v, want app_name taken", err)
	}
	app, err := db.CreateApp(t.Context(), other.Requester, in)
	if err != nil || ids[app.ID] > 0 {
		t.Errorf("another team's token: got %+v, %v, want an application of its own", app, err)
	}
}

func TestApplicationSaysWhoChangedItLast(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	app := mustCreateApp(t, db, team.Requester, "shop")
	if app.UpdaterName != team.Requester.UserName {
		t.Errorf("made: got %q, want %q", app.UpdaterName, team.Requester.UserName)
	}
	if _, err := db.UpdateApp(t.Context(), team.Admin, app.ID, "sells things"); err != nil {
		t.Fatal(err)
	}
	app, err := db.FindApp(t.Context(), team.Viewer, app.ID)
	if err != nil || app.UpdaterName != team.Admin.UserName || app.CreatorName != team.Requester.UserName {
		t.Errorf("changed: got %+v, %v, want it changed by %q", app, err, team.Admin.UserName)
	}
}
