package api_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"quartermaster/models"
)

// TestBothFacesRefuseTheSame gives the form and the API the same things to make:
// what one refuses beside a field, the other refuses with its code, and what one
// makes the other makes.
func TestBothFacesRefuseTheSame(t *testing.T) {
	t.Parallel()
	d := open(t)
	ctx, by := t.Context(), d.Team.Requester
	app, err := d.DB.CreateApp(ctx, by, models.AppInput{Name: "shop", Region: region})
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := d.DB.CreateApp(ctx, d.Other.Requester, models.AppInput{Name: "theirs", Region: region})
	if err != nil {
		t.Fatal(err)
	}
	own, others := d.bucketWith(t, d.Team, "a.jar"), d.bucketWith(t, d.Other, "a.jar")
	long := func(n int) string { return strings.Repeat("长", n) }

	// asked is one thing to make, in the words of each face.
	type asked struct {
		path      string
		form      url.Values
		operation string
		params    map[string]string
	}
	version := func(app, label, description, source string) asked {
		return asked{"/pkg-versions", url.Values{"app_id": {app}, "label": {label}, "description": {description}, "source_from": {"external"}, "source": {source}},
			"CreatePkgVersion", p("AppId", app, "PkgVersionLabel", label, "PkgVersionDescription", description, "PackageSource", source)}
	}
	application := func(name, category, description, region string) asked {
		return asked{"/apps", url.Values{"app_name": {name}, "category": {category}, "description": {description}, "region": {region}},
			"CreateApplication", p("AppName", name, "CategoryName", category, "AppDescription", description, "RegionId", region)}
	}
	for _, c := range []struct {
		name string
		asked
		field, code string // both empty: it is made by the first who asks
	}{
		{"version", version(app.ID, "v1", "first", "oss://elsewhere/a.jar"), "", ""},
		{"version of an object", version(app.ID, "v2", "", "oss://"+own+"/a.jar"), "", ""},
		{"label taken", version(app.ID, "v1", "", "oss://elsewhere/a.jar"), "label", "VersionLabelExists"},
		{"no label", version(app.ID, "", "", "oss://elsewhere/a.jar"), "label", "ParameterValidationFailed"},
		{"long label", version(app.ID, long(65), "", "oss://elsewhere/a.jar"), "label", "ParameterValidationFailed"},
		{"hidden character", version(app.ID, "v\u202e3", "", "oss://elsewhere/a.jar"), "label", "ParameterValidationFailed"},
		{"long description", version(app.ID, "v3", long(256), "oss://elsewhere/a.jar"), "description", "ParameterValidationFailed"},
		{"no application", version("wa-000000000000000000000000", "v3", "", "oss://elsewhere/a.jar"), "app_id", "ResourceAuthFailed"},
		{"another team's application", version(foreign.ID, "v3", "", "oss://elsewhere/a.jar"), "app_id", "ResourceAuthFailed"},
		{"no path", version(app.ID, "v3", "", "elsewhere/a.jar"), "source", "OSSPathInvalid"},
		{"hidden characters in a stranger's key", version(app.ID, "v3", "", "oss://elsewhere/gpj\u202e.jar"), "source", "OSSPathInvalid"},
		{"no object", version(app.ID, "v3", "", "oss://"+own+"/b.jar"), "source", "OSSApiCallFailed"},
		{"another team's bucket", version(app.ID, "v3", "", "oss://"+others+"/a.jar"), "source", "ResourceAuthFailed"},
		{"application", application("desk", "Java", "", region), "", ""},
		{"name taken", application("shop", "", "", region), "app_name", "AppNameUsed"},
		{"no name", application("", "", "", region), "app_name", "ParameterValidationFailed"},
		{"no such category", application("till", "Cobol", "", region), "category", "CategoryNotExists"},
		{"no such region", application("till", "", "", "atlantis"), "region", "ParameterValidationFailed"},
		{"long text", application("till", "", long(256), region), "description", "ParameterValidationFailed"},
	} {
		page := d.SignIn(t, models.Requester).Post(t, c.path, c.form)
		o := ways[0].call(t, d, d.Key, c.operation, c.params)
		if c.field == "" {
			// The form made it; so the name is taken, as it is for a second form.
			taken := map[string]string{"/pkg-versions": "VersionLabelExists", "/apps": "AppNameUsed"}[c.path]
			if page.Status != http.StatusSeeOther || o.Code != taken {
				t.Errorf("%s: form got %d %q, API got %s, want 303 and %s", c.name, page.Status, page.Text(".error-summary"), o.Code, taken)
			}
			continue
		}
		if page.Status != http.StatusUnprocessableEntity || !page.Has("#"+c.field+"-note .error") {
			t.Errorf("%s: form got %d %q, want 422 beside %s", c.name, page.Status, page.Text(".error-summary"), c.field)
		}
		if o.Code != c.code {
			t.Errorf("%s: API got %s, want %s", c.name, o.Code, c.code)
		}
	}
}
