package models_test

import (
	"testing"

	"quartermaster/models"
	"quartermaster/models/list"
	"quartermaster/models/modelstest"
)

// placed is nil, or why a version of that label is refused.
func placed(t *testing.T, db *models.DB, by models.Actor, app *models.App, label string) error {
	t.Helper()
	_, err := db.PlaceOrder(t.Context(), by, versionOrder(&models.PkgVersionInput{AppID: app.ID, Label: label, Source: "oss://elsewhere/a.zip"}))
	return err
}

func TestNamesThatLookTheSameAreTheSame(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	app := mustCreateApp(t, db, team.Requester, "shop①")
	create := func(name string) error {
		_, err := db.CreateApp(t.Context(), team.Requester, models.AppInput{Name: name, Region: app.Region})
		return err
	}
	user := func(email string) error {
		_, err := db.CreateUser(t.Context(), models.Operator(), models.NewUserInput{UserInput: models.UserInput{Name: "Ada", Email: email}, Password: "a river without a name"})
		return err
	}
	for _, c := range []struct {
		what, field string
		make        func(string) error
		first       string
		same, other []string
	}{
		{"application", "app_name", create, "", []string{"shop①", "shop1", "ｓｈｏｐ１", "shop\u200d1", "\ufeffshop\u200b①"}, []string{"Shop1", "shöp1"}},
		{"label", "label", func(s string) error { return placed(t, db, team.Requester, app, s) }, "v3", []string{"v3", "ｖ3", "ｖ３", "v³"}, []string{"V3"}},
		{"address", "email", user, "ada@example.com", []string{"ADA@example.com", "ａｄａ@example.com", "ＡＤＡ@example.com"}, []string{"ada@example.org"}},
	} {
		if c.first != "" {
			if err := c.make(c.first); err != nil {
				t.Fatalf("%s %q: %v", c.what, c.first, err)
			}
		}
		for _, name := range c.same {
			if err := c.make(name); !rejects(err, c.field, "taken") {
				t.Errorf("%s %q: got %v, want taken", c.what, name, err)
			}
		}
		for _, name := range c.other {
			if err := c.make(name); err != nil {
				t.Errorf("%s %q: got %v, want it made", c.what, name, err)
			}
		}
	}
	if free, err := db.AppNameFree(t.Context(), team.Viewer, app.Region, "ｓｈｏｐ1"); err != nil || free {
		t.Errorf("name as it is typed: got free %t, %v", free, err)
	}
	if free, err := db.LabelFree(t.Context(), team.Viewer, app.ID, "ｖ３"); err != nil || free {
		t.Errorf("label as it is typed: got free %t, %v", free, err)
	}
	member, err := db.AddMember(t.Context(), team.Admin, models.UserInput{Name: "Ada", Email: "ａｄａ@example.com"}, models.Viewer)
	if err != nil || member.Email != "ada@example.com" {
		t.Errorf("new member: got %+v, %v; want the account that there is", member, err)
	}
}

func TestTwinsFromBeforeStay(t *testing.T) {
	t.Parallel()
	o := modelstest.Choose(t, models.Options{})
	db, err := models.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	team := modelstest.NewTeam(t, db)
	app := mustCreateApp(t, db, team.Requester, "shop")
	for _, name := range []string{"twin", "triplet", "商店"} {
		mustCreateApp(t, db, team.Requester, name)
	}
	for _, label := range []string{"v3", "twin"} {
		if err := placed(t, db, team.Requester, app, label); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{
		"DROP INDEX users_email_key", "ALTER TABLE users DROP COLUMN email_key",
		"DROP INDEX apps_name_key", "ALTER TABLE apps DROP COLUMN name_key",
		"DROP INDEX pkg_versions_label_key", "ALTER TABLE pkg_versions DROP COLUMN label_key",
		"DELETE FROM migrations WHERE id >= '0014' AND id < '0017'",
		"UPDATE apps SET name = 'ｓｈｏｐ' WHERE name = 'twin'",
		"UPDATE apps SET name = 'shｏp' WHERE name = 'triplet'",
		"UPDATE pkg_versions SET label = 'ｖ3' WHERE label = 'twin'",
		"UPDATE users SET email = 'ａ@example.com' WHERE id = '" + team.Viewer.UserID + "'",
		"UPDATE users SET email = 'a@example.com' WHERE id = '" + team.Admin.UserID + "'",
	} {
		modelstest.Exec(t, o, statement)
	}
	db = modelstest.OpenWith(t, o)
	apps, _, err := modelstest.List(t.Context(), db, team.Viewer, models.Apps, list.Query{})
	if err != nil || len(apps) != 4 {
		t.Fatalf("got %d applications, %v; want all 4", len(apps), err)
	}
	for _, name := range []string{"shop", "ｓｈｏｐ", "ｓhop", "商店"} {
		if free, err := db.AppNameFree(t.Context(), team.Viewer, app.Region, name); err != nil || free {
			t.Errorf("%q: got free %t, %v", name, free, err)
		}
	}
	if err := db.DeleteApp(t.Context(), team.Requester, app.ID, models.AnyVersions); err != nil {
		t.Fatal(err)
	}
	if _, err := db.CreateApp(t.Context(), team.Requester, models.AppInput{Name: "shop", Region: app.Region}); !rejects(err, "app_name", "taken") {
		t.Errorf("while its twin is there: got %v, want taken", err)
	}
	for _, by := range []models.Actor{team.Viewer, team.Admin} {
		if _, err := db.FindUser(t.Context(), by); err != nil {
			t.Errorf("user: %v", err)
		}
	}
}
