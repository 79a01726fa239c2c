package handlers_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"quartermaster/models"
	"quartermaster/models/modelstest"
	"quartermaster/web/webtest"
)

func newApp(t *testing.T, site *webtest.Site, name string) *models.App {
	t.Helper()
	app, err := site.DB.CreateApp(t.Context(), site.Team.Requester, models.AppInput{Name: name, Region: "cn-hangzhou", Category: "Java"})
	if err != nil {
		t.Fatalf("create application: %v", err)
	}
	return app
}

func newVersion(t *testing.T, site *webtest.Site, app *models.App, label string) string {
	t.Helper()
	order, err := site.DB.PlaceOrder(t.Context(), site.Team.Requester, models.OrderInput{Lines: []models.LineInput{
		&models.PkgVersionInput{AppID: app.ID, Label: label, Source: "oss://elsewhere/a.zip", Description: `<script>alert(1)</script>`},
	}})
	if err != nil {
		t.Fatalf("place version: %v", err)
	}
	return order.Order.Lines[0].ResourceID
}

// sendFile submits the form for a version with a file.
func sendFile(t *testing.T, c *webtest.Client, form url.Values, name string, content []byte) *webtest.Page {
	t.Helper()
	return c.Upload(t, "/pkg-versions", form, webtest.File{Field: "package_file", Name: name, Text: string(content)})
}

func TestAppFormKeepsWhatWasTyped(t *testing.T) {
	t.Parallel()
	site := open(t)
	newApp(t, site, "shop")
	c := site.SignIn(t, models.Requester)
	p := c.Get(t, "/apps/new")
	p = c.Submit(t, p, "#app-form", webtest.Values{"app_name": "shop", "region": "cn-hangzhou", "description": `"><b>x`})
	if p.Status != http.StatusUnprocessableEntity || !p.Has("#app_name-note .error") || p.Text("#description") != `"><b>x` {
		t.Fatalf("taken name: got %d, note %q, description %q", p.Status, p.Text("#app_name-note"), p.Text("#description"))
	}
	p = c.Submit(t, p, "#app-form", webtest.Values{"app_name": "desk"})
	if p.Status != http.StatusSeeOther || !strings.HasPrefix(p.Location(), "/apps/wa-") {
		t.Fatalf("free name: got %d to %q", p.Status, p.Location())
	}
	if p = c.Get(t, p.Location()); p.Text("h1 span") != "desk" || !p.Has("#delete-app") {
		t.Errorf("got heading %q", p.Text("h1"))
	}
}

func TestUploadedVersionIsOrderedCheckedAndSentBack(t *testing.T) {
	t.Parallel()
	site := open(t)
	app := newApp(t, site, "结算")
	c := site.SignIn(t, models.Requester)
	p := c.Get(t, "/pkg-versions/new?app_id="+app.ID)
	form := webtest.Fields(p.Find("#version-form"))
	form.Set("label", "1.0")
	form.Set("note", "month end")
	content := []byte("no archive")

	p = sendFile(t, c, form, "a.bin", bytes.Repeat([]byte("x"), 1<<20+1))
	if p.Status != http.StatusUnprocessableEntity || !p.Has("#package_file-note .error") || p.Find("#label").AttrOr("value", "") != "1.0" {
		t.Fatalf("over the limit: got %d, note %q", p.Status, p.Text("#package_file-note"))
	}
	p = sendFile(t, c, form, "包 \"1\".bin", content)
	if p.Status != http.StatusSeeOther || !strings.HasPrefix(p.Location(), "/pkg-versions/wp-") {
		t.Fatalf("got %d to %q: %s", p.Status, p.Location(), p.Text(".error-summary"))
	}
	page := p.Location()
	if again := sendFile(t, c, form, "包 \"1\".bin", content); again.Location() != page {
		t.Errorf("sent again: got %q, want the first, %q", again.Location(), page)
	}
	if other := sendFile(t, c, form, "包 \"1\".bin", []byte("another")); other.Status != http.StatusUnprocessableEntity {
		t.Errorf("another file sent with the same form: got %d to %q, want it refused", other.Status, other.Location())
	}
	if p = c.Get(t, page); !p.Has("#version-live[hx-trigger]") {
		t.Error("the page of a version that is being checked does not follow it")
	}
	modelstest.Work(t, site.DB)
	if p = c.GetHX(t, page+"/status", "div#version-live"); p.Has("#version-live[hx-trigger]") || !p.Has("hx-partial") {
		t.Error("the page of a version that is ready still asks")
	}
	p = c.Get(t, page+"/file")
	if p.Body != string(content) || !strings.HasPrefix(p.Header.Get("Content-Disposition"), "attachment") {
		t.Errorf("download: got %q as %q", p.Body, p.Header.Get("Content-Disposition"))
	}
	p = sendFile(t, c, url.Values{"app_id": {app.ID}, "label": {"1.0"}, "source_from": {"upload"}, "note": {"kept <b>"}}, "a.bin", content)
	if p.Status != http.StatusUnprocessableEntity || !p.Has("#label-note .error") || p.Text("#note") != "kept <b>" {
		t.Errorf("taken label: got %d, note %q, reason %q", p.Status, p.Text("#label-note"), p.Text("#note"))
	}
	for i := range 100 {
		form.Set(fmt.Sprint("more", i), "")
	}
	if p = sendFile(t, c, form, "a.bin", content); p.Status != http.StatusRequestEntityTooLarge {
		t.Errorf("more than a hundred fields: got %d, want 413", p.Status)
	}
}

func TestVersionShowsTheFoldersOfItsArchive(t *testing.T) {
	t.Parallel()
	site := open(t)
	app := newApp(t, site, "shop")
	c := site.SignIn(t, models.Requester)
	for label, names := range map[string][]string{"flat": {"a", "b"}, "deep": {"lib/<b>/c", "lib/d", "e"}} {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		for i, name := range names {
			w, err := z.Create(name)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprint(w, strings.Repeat("x", 10*(i+1)))
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		form := webtest.Fields(c.Get(t, "/pkg-versions/new?app_id="+app.ID).Find("#version-form"))
		form.Set("label", label)
		to := sendFile(t, c, form, label+".zip", b.Bytes()).Location()
		modelstest.Work(t, site.DB)
		p := c.Get(t, to)
		got := p.Text("#tree .tree")
		if want := "e 30 B lib 2 files 30 B d 20 B <b> 1 file 10 B c 10 B"; label == "deep" && got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		if label == "flat" && p.Has("#tree") {
			t.Errorf("an archive without folders has a tree: %q", got)
		}
	}
}

func TestVersionFormFollowsItsSource(t *testing.T) {
	t.Parallel()
	site := open(t)
	app := newApp(t, site, "shop")
	order, err := site.DB.PlaceOrder(t.Context(), site.Team.Requester, models.OrderInput{Lines: []models.LineInput{&models.BucketInput{Name: "our-bucket", Region: "cn-hangzhou"}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := site.DB.PutObject(t.Context(), site.Team.Requester, models.ObjectInput{BucketID: order.Order.Lines[0].ResourceID, Key: "dir/a b.zip"}, strings.NewReader("x")); err != nil {
		t.Fatal(err)
	}
	c := site.SignIn(t, models.Requester)
	source := "oss://our-bucket/dir/a b.zip"
	p := c.Get(t, "/pkg-versions/new?"+url.Values{"source": {source}, "app_id": {app.ID}}.Encode())
	if got := p.Find("#source option[selected]").AttrOr("value", ""); got != source {
		t.Fatalf("an address of our own: got %q chosen, want %q", got, source)
	}
	p = c.Submit(t, p, "#version-form", webtest.Values{"label": "1"})
	if p.Status != http.StatusSeeOther {
		t.Fatalf("got %d: %s", p.Status, p.Text(".error-summary"))
	}
	p = c.Get(t, "/pkg-versions/new?"+url.Values{"source": {"oss://webx-demo/a.zip"}}.Encode())
	if got := p.Find("input#source").AttrOr("value", ""); got != "oss://webx-demo/a.zip" {
		t.Errorf("an address elsewhere: got %q", got)
	}
	form := webtest.Fields(p.Find("#version-form"))
	form.Set("source_from", "object")
	p = c.Do(t, http.MethodPost, "/pkg-versions/preview", form, http.Header{"Hx-Request": {"true"}, "Hx-Request-Type": {"partial"}, "Hx-Target": {"form#version-form"}})
	if p.Status != http.StatusOK || p.Has("h1") || !p.Has("select#source") || p.Has("select#source option[selected]") {
		t.Errorf("preview: got %d with a source chosen: %v", p.Status, p.Has("select#source option[selected]"))
	}
	form.Set("source_from", "upload")
	form.Set("package_file", "shop.jar")
	p = c.Post(t, "/pkg-versions/preview", form)
	if got := p.Text("#summary"); p.Status != http.StatusOK || !strings.Contains(got, "shop.jar") {
		t.Errorf("preview of a chosen file: got %d, %q, want its name", p.Status, got)
	}
}

func TestVersionPagesObeyRoleAndTeam(t *testing.T) {
	t.Parallel()
	site := open(t)
	app := newApp(t, site, `<script>alert("app")</script>`)
	id := newVersion(t, site, app, "<b>1")
	viewer, other := site.SignIn(t, models.Viewer), site.SignInOther(t, models.Admin)
	pages := []string{"/apps", "/apps/" + app.ID, "/pkg-versions", "/pkg-versions?q=1&state=UNVERIFIED&app_id=" + app.ID, "/pkg-versions/" + id, "/pkg-versions/" + id + "/status"}
	for _, path := range pages {
		p := viewer.Get(t, path)
		if p.Status != http.StatusOK || p.Has("main script:not([src])") || p.Has("dialog") || p.Has(`main a[href*="/new"]`) || !strings.Contains(p.Body, "&lt;script&gt;") {
			t.Errorf("viewer, %s: got %d, or a script, or something to press", path, p.Status)
		}
	}
	for _, path := range []string{"/apps/new", "/pkg-versions/new"} {
		if p := viewer.Get(t, path); p.Status != http.StatusForbidden {
			t.Errorf("viewer, %s: got %d, want 403", path, p.Status)
		}
	}
	posts := []string{"/apps/" + app.ID + "/removal", "/pkg-versions/" + id + "/removal", "/pkg-versions/" + id + "/retry"}
	for _, path := range append(posts, "/apps", "/apps/preview", "/pkg-versions", "/pkg-versions/preview") {
		if p := viewer.Post(t, path, url.Values{"app_name": {"x"}}); p.Status != http.StatusForbidden {
			t.Errorf("viewer, POST %s: got %d, want 403", path, p.Status)
		}
	}
	for _, path := range posts {
		if p := other.Post(t, path, url.Values{}); p.Status != http.StatusNotFound {
			t.Errorf("other team, POST %s: got %d, want 404", path, p.Status)
		}
	}
	for _, path := range []string{"/apps/" + app.ID, "/pkg-versions?app_id=" + app.ID, "/pkg-versions/" + id, "/pkg-versions/" + id + "/status", "/pkg-versions/" + id + "/file"} {
		if p := other.Get(t, path); p.Status != http.StatusNotFound {
			t.Errorf("other team, %s: got %d, want 404", path, p.Status)
		}
	}
	if p := viewer.Get(t, "/pkg-versions/"+id+"/file"); p.Status != http.StatusNotFound {
		t.Errorf("file of an external version: got %d, want 404", p.Status)
	}
}

func TestDeletingAnAppNamesItsVersions(t *testing.T) {
	t.Parallel()
	site := open(t)
	app := newApp(t, site, "shop")
	c := site.SignIn(t, models.Requester)
	p := c.Get(t, "/apps/"+app.ID)
	id := newVersion(t, site, app, "1")
	if p = c.Submit(t, p, "#delete-app form", nil); p.Status != http.StatusUnprocessableEntity || !p.Has(".error-summary") {
		t.Fatalf("a version came meanwhile: got %d, want 422", p.Status)
	}
	if got := p.Text("#delete-app .lost"); !strings.Contains(got, "1 package version") {
		t.Errorf("the dialog says %q", got)
	}
	if p = c.Submit(t, p, "#delete-app form", nil); p.Status != http.StatusSeeOther {
		t.Fatalf("got %d, want 303", p.Status)
	}
	if p = c.Get(t, "/pkg-versions/"+id); p.Status != http.StatusNotFound {
		t.Errorf("its version: got %d, want 404", p.Status)
	}
}

func TestVersionFormSaysBesideTheFileWhereItWillBe(t *testing.T) {
	t.Parallel()
	site := open(t)
	app := newApp(t, site, "shop")
	c := site.SignIn(t, models.Requester)
	form := url.Values{"app_id": {app.ID}, "label": {"1.0"}, "source_from": {"upload"}}
	if got := c.Post(t, "/pkg-versions/preview", form).Text("#package_file-help"); !strings.Contains(got, "new bucket in cn-hangzhou") {
		t.Errorf("a first file: got %q, want a word about the new bucket", got)
	}
	if p := sendFile(t, c, form, "a.bin", []byte("x")); p.Status != http.StatusSeeOther {
		t.Fatalf("a version: got %d", p.Status)
	}
	form.Set("label", "1.1")
	if got := c.Post(t, "/pkg-versions/preview", form).Text("#package_file-help"); strings.Contains(got, "new bucket") || !strings.Contains(got, "cn-hangzhou") {
		t.Errorf("a second file: got %q", got)
	}
}
