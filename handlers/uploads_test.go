package handlers_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"quartermaster/models"
	"quartermaster/web/webtest"
)

// uploadPlan is what the browser is told of an upload in parts.
type uploadPlan struct {
	Size            int64
	Parts, Complete string
	Have            map[string]int64
}

// beginUpload says of a file that it will come in parts.
func beginUpload(t *testing.T, c *webtest.Client, bucket, name string, size int) (*webtest.Page, uploadPlan) {
	t.Helper()
	p := c.Post(t, "/buckets/"+bucket+"/uploads?prefix="+url.QueryEscape("归档/"), url.Values{
		"folder": {"2026"}, "file_name": {name}, "type": {"application/zip"}, "size": {fmt.Sprint(size)}, "modified": {"1795900000123"},
	})
	var plan uploadPlan
	if p.Status == http.StatusOK {
		if err := json.Unmarshal([]byte(p.Body), &plan); err != nil {
			t.Fatalf("begin: %v in %q", err, p.Body)
		}
	}
	return p, plan
}

// putPart sends the body of a part, from a page of a site.
func putPart(t *testing.T, c *webtest.Client, site *webtest.Site, path, text, from string) *webtest.Page {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, site.URL+path, strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Sec-Fetch-Site", from)
	return c.Send(t, req)
}

func TestUploadInPartsGoesOnWhereItWasCut(t *testing.T) {
	t.Parallel()
	site := open(t)
	bucket := newBucket(t, site, site.Team, models.BucketInput{})
	c := site.SignIn(t, models.Requester)
	a, b := strings.Repeat("a", 150_000), strings.Repeat("b", 9)
	const name = "dir/大 &文件.zip"
	_, plan := beginUpload(t, c, bucket, name, len(a+b))
	if len(plan.Have) != 0 || plan.Size != 8<<20 {
		t.Fatalf("begin: got %+v, want no parts, of 8 MiB each", plan)
	}
	if p := putPart(t, c, site, plan.Parts+"1", a, "same-origin"); p.Status != http.StatusNoContent {
		t.Fatalf("part: got %d %q, want 204", p.Status, p.Body)
	}
	if p := c.Post(t, plan.Complete, nil); p.Status != http.StatusUnprocessableEntity || !strings.Contains(p.Body, "did not arrive whole") {
		t.Errorf("complete too early: got %d %q, want 422 and why", p.Status, p.Body)
	}
	_, again := beginUpload(t, c, bucket, name, len(a+b))
	if again.Parts != plan.Parts || again.Have["1"] != int64(len(a)) {
		t.Errorf("chosen again: got %+v, want the same upload with its part", again)
	}
	if _, other := beginUpload(t, site.SignIn(t, models.Admin), bucket, name, len(a+b)); other.Parts == plan.Parts || len(other.Have) != 0 {
		t.Errorf("another person: got %+v, want an upload of their own", other)
	}
	putPart(t, c, site, plan.Parts+"2", b, "same-origin")
	for _, said := range []string{"first", "after its answer was lost"} {
		if p := c.Post(t, plan.Complete, nil); p.Status != http.StatusNoContent {
			t.Errorf("complete, %s: got %d %q, want 204", said, p.Status, p.Body)
		}
	}
	p := c.Get(t, "/buckets/"+bucket+"/download?key="+url.QueryEscape("归档/2026/"+name))
	if p.Body != a+b || p.Header.Get("Content-Type") != "application/zip" {
		t.Errorf("got %d bytes of %q, want the file", len(p.Body), p.Header.Get("Content-Type"))
	}
	if p := putPart(t, c, site, plan.Parts+"2", b, "same-origin"); p.Status != http.StatusNotFound {
		t.Errorf("a part of what is complete: got %d, want 404", p.Status)
	}
}

func TestUploadsInPartsAreRefusedInWords(t *testing.T) {
	t.Parallel()
	site := open(t) // uploads up to 1 MiB
	bucket := newBucket(t, site, site.Team, models.BucketInput{})
	c := site.SignIn(t, models.Requester)
	if p, _ := beginUpload(t, c, bucket, "a", 1<<20+1); p.Status != http.StatusUnprocessableEntity || !strings.Contains(p.Body, "over the size limit of one upload") {
		t.Errorf("too large: got %d %q, want 422 and why", p.Status, p.Body)
	}
	if p, _ := beginUpload(t, c, bucket, strings.Repeat("k", 1025), 1); p.Status != http.StatusUnprocessableEntity || !strings.Contains(p.Body, "1,024 bytes") {
		t.Errorf("long key: got %d %q, want 422 and why", p.Status, p.Body)
	}
	_, plan := beginUpload(t, c, bucket, "a", 200_000)
	if p := putPart(t, c, site, plan.Parts+"1", strings.Repeat("x", 1<<20+1), "same-origin"); p.Status != http.StatusRequestEntityTooLarge {
		t.Errorf("part over the limit: got %d, want 413", p.Status)
	}
	for _, number := range []string{"0", "10001", "x"} {
		if p := putPart(t, c, site, plan.Parts+number, "x", "same-origin"); p.Status != http.StatusUnprocessableEntity || !strings.Contains(p.Body, "1 to 10") {
			t.Errorf("part %s: got %d %q, want 422 and why", number, p.Status, p.Body)
		}
	}
	if p := putPart(t, c, site, plan.Parts+"1", "x", "cross-site"); p.Status != http.StatusForbidden {
		t.Errorf("from another site: got %d, want 403", p.Status)
	}
	viewer := site.SignIn(t, models.Viewer)
	end := strings.Replace(plan.Complete, "completion", "removal", 1)
	for what, p := range map[string]*webtest.Page{
		"part": putPart(t, viewer, site, plan.Parts+"1", "x", "same-origin"), "complete": viewer.Post(t, plan.Complete, nil), "end": viewer.Post(t, end, nil),
	} {
		if p.Status != http.StatusForbidden {
			t.Errorf("viewer, %s: got %d, want 403", what, p.Status)
		}
	}
	if p, _ := beginUpload(t, viewer, bucket, "b", 9); p.Status != http.StatusForbidden {
		t.Errorf("viewer begins: got %d, want 403", p.Status)
	}
	if p := viewer.Get(t, "/buckets/"+bucket+"/uploads"); p.Find("#uploads tbody tr").Length() != 1 || p.Has("#uploads button") {
		t.Error("a viewer does not see the upload, or is offered to end it")
	}
	foreign := newBucket(t, site, site.Other, models.BucketInput{})
	m, err := site.DB.BeginMultipart(t.Context(), site.Other.Requester, models.ObjectInput{BucketID: foreign, Key: "k"})
	if err != nil {
		t.Fatal(err)
	}
	base := "/buckets/" + foreign + "/uploads"
	begun, _ := beginUpload(t, c, foreign, "k", 9)
	for what, p := range map[string]*webtest.Page{
		"list": c.Get(t, base), "begin": begun, "part": putPart(t, c, site, base+"/"+m.ID+"/parts?key=k&number=1", "x", "same-origin"),
		"complete": c.Post(t, base+"/"+m.ID+"/completion?key=k", nil), "end": c.Post(t, base+"/"+m.ID+"/removal?key=k", nil),
		"end through our bucket": c.Post(t, "/buckets/"+bucket+"/uploads/"+m.ID+"/removal?key=k", nil),
	} {
		if p.Status != http.StatusNotFound {
			t.Errorf("another team's, %s: got %d, want 404", what, p.Status)
		}
	}
}

func TestUnfinishedUploadsAreListedAndEnded(t *testing.T) {
	t.Parallel()
	site := open(t)
	bucket := newBucket(t, site, site.Team, models.BucketInput{LimitGB: 1})
	c := site.SignIn(t, models.Requester)
	base := "/buckets/" + bucket
	if p := c.Get(t, base+"/uploads"); p.Status != http.StatusOK || p.Has("#uploads") {
		t.Errorf("without uploads: got %d and a table", p.Status)
	}
	_, plan := beginUpload(t, c, bucket, "<b>.zip", 1<<20)
	p := c.Post(t, base+"/removal", nil)
	if p.Status != http.StatusUnprocessableEntity || !p.Has("#delete a[href='"+base+"/uploads']") || p.Has("#delete-bucket") {
		t.Errorf("delete the bucket: got %d, want 422 with a link to its uploads", p.Status)
	}
	putPart(t, c, site, plan.Parts+"1", strings.Repeat("x", 512<<10), "same-origin")
	if p := c.Get(t, base+"/details"); !p.Has("#delete a[href='"+base+"/uploads']") || p.Has("#delete-bucket") {
		t.Error("the page offers to delete a bucket with an unfinished upload, or has no link to it")
	}
	p = c.Get(t, base+"/uploads")
	row := p.Text("#uploads tbody tr")
	for _, want := range []string{"归档/2026/<b>.zip", "512 KB of 1 MB", site.Team.Requester.UserName} {
		if !strings.Contains(row, want) {
			t.Errorf("row %q does not say %q", row, want)
		}
	}
	if said := p.Text("#unfinished .toolbar"); !strings.Contains(said, "another 512 KB of the size limit") {
		t.Errorf("got %q, want what they take of the limit", said)
	}
	if said := p.Text("#uploads dialog .lost"); !strings.Contains(said, "<b>.zip") || !strings.Contains(said, "512 KB") {
		t.Errorf("the dialog names %q, want what will be lost", said)
	}
	if p = c.Submit(t, p, "#uploads dialog form", nil); p.Status != http.StatusSeeOther || p.Location() != base+"/uploads" {
		t.Fatalf("end: got %d to %q", p.Status, p.Location())
	}
	if p := c.Get(t, base+"/uploads"); p.Has("#uploads") {
		t.Error("the upload is still there")
	}
	for lang, want := range map[string][]string{"en": {"Ended upload of 归档/2026/<b>.zip", "512 KB deleted"}, "zh": {"结束上传 归档/2026/<b>.zip", "已删除 512 KB"}} {
		c.Header.Set("Accept-Language", lang)
		first := c.Get(t, "/activity").Text(".timeline li:first-child")
		for _, text := range append(want, site.Team.Requester.UserName) {
			if !strings.Contains(first, text) {
				t.Errorf("%s: the activity says %q, want %q", lang, first, text)
			}
		}
	}
	c.Header.Set("Accept-Language", "en")
	for i := range 101 {
		in := models.ObjectInput{BucketID: bucket, Key: fmt.Sprintf("<i>%03d", i)}
		if _, err := site.DB.BeginMultipart(t.Context(), site.Team.Requester, in); err != nil {
			t.Fatal(err)
		}
	}
	p = c.Get(t, base+"/uploads")
	if said := p.Text("#end-all .lost"); !strings.Contains(said, "<i>000") || !strings.Contains(said, "<i>099") || !strings.Contains(said, "and more") {
		t.Errorf("the dialog names %q, want those that are shown, and more", said)
	}
	if n := c.Get(t, p.Links(".pager")[0]).Find("#uploads tbody tr").Length(); n != 1 {
		t.Errorf("the next page has %d uploads, want 1", n)
	}
	if p = c.Submit(t, p, "#end-all form", nil); p.Status != http.StatusSeeOther {
		t.Fatalf("end all: got %d", p.Status)
	}
	if p := c.Post(t, base+"/removal", nil); p.Status != http.StatusSeeOther {
		t.Errorf("delete the bucket now: got %d, want 303", p.Status)
	}
}

// A large file of the form for a version goes in parts to where the order would keep
// it, and the form then names it.
func TestVersionOfAFileThatCameInParts(t *testing.T) {
	t.Parallel()
	site := open(t)
	c := site.SignIn(t, models.Requester)
	app := newApp(t, site, "shop").ID
	begin := func(label string, size int) (*webtest.Page, uploadPlan, map[string]string) {
		t.Helper()
		p := c.Post(t, "/pkg-versions/uploads", url.Values{
			"app_id": {app}, "label": {label}, "source_from": {"upload"}, "package_file": {"大 shop.jar"}, "type": {"application/java-archive"}, "size": {fmt.Sprint(size)}, "modified": {"1"},
		})
		var plan struct {
			uploadPlan
			Instead map[string]string
		}
		if p.Status == http.StatusOK {
			if err := json.Unmarshal([]byte(p.Body), &plan); err != nil {
				t.Fatalf("begin: %v in %q", err, p.Body)
			}
		}
		return p, plan.uploadPlan, plan.Instead
	}
	text := strings.Repeat("a", 150_000)
	if p, _, _ := begin("v1", len(text)); p.Status != http.StatusNoContent {
		t.Fatalf("before there is a bucket: got %d %q, want 204", p.Status, p.Body)
	}
	if p := sendFile(t, c, url.Values{"app_id": {app}, "label": {"v0"}, "source_from": {"upload"}}, "small.jar", []byte("small")); p.Status != http.StatusSeeOther {
		t.Fatalf("with the form: got %d", p.Status)
	}
	if p, _, _ := begin("v0", len(text)); p.Status != http.StatusUnprocessableEntity || !p.Has("#label-note .error") {
		t.Errorf("a label that is taken: got %d, want 422 before anything is sent", p.Status)
	}
	if p, _, _ := begin("v1", 3<<20); p.Status != http.StatusUnprocessableEntity || !strings.HasPrefix(p.Header.Get("Content-Type"), "text/plain") {
		t.Errorf("over the limit: got %d %q, want 422 and why", p.Status, p.Body)
	}
	_, plan, instead := begin("v1", len(text))
	for number, part := range []string{text} {
		if p := putPart(t, c, site, plan.Parts+fmt.Sprint(number+1), part, "same-origin"); p.Status != http.StatusNoContent {
			t.Fatalf("part: got %d %q", p.Status, p.Body)
		}
	}
	if p := c.Post(t, plan.Complete, nil); p.Status != http.StatusNoContent {
		t.Fatalf("complete: got %d %q", p.Status, p.Body)
	}
	form := url.Values{"app_id": {app}, "label": {"v0"}}
	for name, value := range instead {
		form.Set(name, value)
	}
	if p := c.Post(t, "/pkg-versions", form); p.Status != http.StatusUnprocessableEntity || p.Find("#source option[selected]").AttrOr("value", "") != instead["source"] {
		t.Errorf("refused: got %d, want the form with the file chosen", p.Status)
	}
	form.Set("label", "v1")
	p := c.Post(t, "/pkg-versions", form)
	if p.Status != http.StatusSeeOther {
		t.Fatalf("place: got %d", p.Status)
	}
	if got := c.Get(t, p.Location()+"/file"); got.Body != text || !strings.HasSuffix(instead["source"], "/shop/v1/大 shop.jar") {
		t.Errorf("got %d bytes of %s, want the file", len(got.Body), instead["source"])
	}
	if p := site.SignIn(t, models.Viewer).Post(t, "/pkg-versions/uploads", url.Values{"app_id": {app}}); p.Status != http.StatusForbidden {
		t.Errorf("viewer: got %d, want 403", p.Status)
	}
}
