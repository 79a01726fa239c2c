package handlers_test

import (
	"fmt"
	"mime"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"quartermaster/models"
	"quartermaster/models/list"
	"quartermaster/models/modelstest"
	"quartermaster/web"
	"quartermaster/web/webtest"
)

// newBucket orders a bucket through the models and gives its id.
func newBucket(t *testing.T, site *webtest.Site, team modelstest.Team, in models.BucketInput) string {
	t.Helper()
	if in.Region == "" {
		in.Region = "cn-hangzhou"
	}
	order, err := site.DB.PlaceOrder(t.Context(), team.Requester, models.OrderInput{Lines: []models.LineInput{&in}})
	if err != nil {
		t.Fatalf("order bucket: %v", err)
	}
	return order.Order.Lines[0].ResourceID
}

// upload is one file of a form.
type upload struct{ name, text string }

// send sends files to a bucket, below a folder where that is not "".
func send(t *testing.T, c *webtest.Client, path, folder string, files ...upload) *webtest.Page {
	t.Helper()
	form := url.Values{}
	if folder != "" {
		form.Set("folder", folder)
	}
	var all []webtest.File
	for _, f := range files {
		all = append(all, webtest.File{Field: "file", Name: f.name, Text: f.text})
	}
	return c.Upload(t, path, form, all...)
}

func TestBucketIsCreatedFromTheForm(t *testing.T) {
	t.Parallel()
	site := open(t)
	c := site.SignIn(t, models.Requester)
	p := c.Get(t, "/buckets/new?region=cn-beijing&size_limit=5")
	if p.Status != http.StatusOK || !p.Has(`select[name=region] option[value=cn-beijing][selected]`) || !p.Has(`input[name=size_limit][value="5"]`) {
		t.Fatalf("form: got %d, want what the query gives filled in", p.Status)
	}
	p = c.Submit(t, p, "form#bucket-form", webtest.Values{"bucket_name": "team-assets", "description": "<script>", "tags": "a, b", "note": "Because"})
	if p.Status != http.StatusSeeOther {
		t.Fatalf("create: got %d, want %d: %s", p.Status, http.StatusSeeOther, p.Text(".error-summary"))
	}
	at := p.Location()
	if p = c.Get(t, at); p.Text("h1") != "team-assets" {
		t.Errorf("got heading %q, want the name", p.Text("h1"))
	}
	p = c.Get(t, at+"/details")
	if p.Has("main script:not([src])") || !strings.Contains(p.Text(".facts"), "<script>") {
		t.Error("the description is not shown as text")
	}
	again := p.Links(".page-actions")
	if len(again) != 1 || !strings.Contains(again[0], "size_limit=5") || !strings.Contains(again[0], "region=cn-beijing") {
		t.Errorf("order again: got %v, want the form filled in", again)
	}
}

func TestRefusedBucketKeepsWhatWasTyped(t *testing.T) {
	t.Parallel()
	site := open(t)
	newBucket(t, site, site.Other, models.BucketInput{Name: "taken-name"})
	c := site.SignIn(t, models.Requester)
	for _, typed := range []webtest.Values{
		{"bucket_name": "taken-name", "description": "for the launch"},
		{"bucket_name": "Not Allowed", "description": "for the launch"},
		{"size_limit": "12a", "description": "for the launch"},
		{"size_limit": "-1", "description": "for the launch"},
	} {
		for field, value := range typed {
			if field == "description" {
				continue
			}
			p := c.Submit(t, c.Get(t, "/buckets/new?region=cn-shanghai"), "form#bucket-form", typed)
			if p.Status != http.StatusUnprocessableEntity {
				t.Errorf("%s %q: got %d, want %d", field, value, p.Status, http.StatusUnprocessableEntity)
			}
			if p.Text("#"+field+"-note") == "" || !p.Has(".error-summary a[href='#"+field+"']") {
				t.Errorf("%s %q: nothing is said beside the field or in the summary", field, value)
			}
			if got := p.Find("#"+field).AttrOr("value", ""); got != value || p.Text("#description") != "for the launch" || !p.Has("option[value=cn-shanghai][selected]") {
				t.Errorf("%s %q: got %q back, want everything as typed", field, value, got)
			}
		}
	}
	if p := c.Submit(t, c.Get(t, "/buckets/new"), "form#bucket-form", nil); p.Status != http.StatusUnprocessableEntity || p.Text("#region-note") == "" {
		t.Errorf("without a region: got %d, %q", p.Status, p.Text("#region-note"))
	}
}

func TestRefusedFormNamesAllThatIsWrong(t *testing.T) {
	t.Parallel()
	c := open(t).SignIn(t, models.Requester)
	p := c.Submit(t, c.Get(t, "/buckets/new"), "form#bucket-form", webtest.Values{"bucket_name": "Not Allowed", "size_limit": "12a"})
	if p.Status != http.StatusUnprocessableEntity {
		t.Fatalf("got %d, want %d", p.Status, http.StatusUnprocessableEntity)
	}
	for _, field := range []string{"bucket_name", "region", "size_limit"} {
		if p.Text("#"+field+"-note .error") == "" || !p.Has(".error-summary a[href='#"+field+"']") {
			t.Errorf("%s: nothing is said beside the field or in the summary", field)
		}
	}
}

func TestBucketNameIsCheckedAndPreviewed(t *testing.T) {
	t.Parallel()
	site := open(t)
	newBucket(t, site, site.Other, models.BucketInput{Name: "taken-name"})
	c := site.SignIn(t, models.Requester)
	p := c.Post(t, "/buckets/preview", url.Values{"bucket_name": {"taken-name"}, "region": {"cn-hangzhou"}, "size_limit": {"x"}})
	if p.Status != http.StatusOK || !p.Has("#bucket_name-note .error") || !p.Has("#size_limit-note .error") || p.Has(".error-summary") || !p.Has("#summary .callout") {
		t.Errorf("preview: got %d; want the refusals in the summary and each beside its field", p.Status)
	}
}

func TestFilesAreUploadedListedAndDownloaded(t *testing.T) {
	t.Parallel()
	site := open(t)
	bucket := newBucket(t, site, site.Team, models.BucketInput{})
	c := site.SignIn(t, models.Requester)
	base := "/buckets/" + bucket
	files := []upload{{"发布包 第三季度.zip", "first"}, {"<img src=x onerror=alert(1)>.html", "<script>alert(1)</script>"}, {"..", "dots"}}
	p := send(t, c, base+"/objects?prefix="+url.QueryEscape("归档/"), "2026", files...)
	if p.Status != http.StatusSeeOther || p.Location() != base+"?prefix="+url.QueryEscape("归档/") {
		t.Fatalf("upload: got %d to %q: %s", p.Status, p.Location(), p.Text(".error-summary"))
	}
	if p = c.Get(t, base); p.Text("#objects tbody th a") != "归档/" {
		t.Errorf("bucket: got %q, want its folder", p.Text("#objects tbody th a"))
	}
	p = c.Get(t, base+"?prefix="+url.QueryEscape("归档/2026/"))
	if n := p.Find("#objects tbody tr").Length(); n != 3 || p.Has("main img") {
		t.Errorf("folder: got %d rows, want 3 and no picture", n)
	}
	for _, f := range files {
		key := "归档/2026/" + f.name
		p := c.Get(t, base+"/download?key="+url.QueryEscape(key))
		if p.Status != http.StatusOK || p.Body != f.text {
			t.Errorf("%s: got %d %q, want %q", key, p.Status, p.Body, f.text)
		}
		kind, params, err := mime.ParseMediaType(p.Header.Get("Content-Disposition"))
		if err != nil || kind != "attachment" || strings.ContainsAny(params["filename"], `/\<>`) {
			t.Errorf("%s: got %q, %v; want an attachment", key, p.Header.Get("Content-Disposition"), err)
		}
		if csp := p.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "sandbox") || p.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: got policy %q, want a sandbox", key, csp)
		}
		if p := c.Get(t, base+"/object?key="+url.QueryEscape(key)); p.Status != http.StatusOK || p.Text("h1") != f.name || p.Has("main img") {
			t.Errorf("%s: got page %d %q", key, p.Status, p.Text("h1"))
		}
	}
	p = c.Do(t, http.MethodGet, base+"/download?key="+url.QueryEscape("归档/2026/发布包 第三季度.zip"), nil, http.Header{"Range": {"bytes=1-2"}})
	if p.Status != http.StatusPartialContent || p.Body != "ir" {
		t.Errorf("range: got %d %q, want 206 and the part", p.Status, p.Body)
	}
	for _, path := range []string{base + "?prefix=%00", base + "?prefix=%ff", base + "?after=x&before=y"} {
		if p := c.Get(t, path); p.Status != http.StatusOK {
			t.Errorf("%s: got %d, want 200", path, p.Status)
		}
	}
	for _, path := range []string{base + "/object", base + "/object?key=none", base + "/download?key=%00", "/buckets/none", "/buckets/none/details"} {
		if p := c.Get(t, path); p.Status != http.StatusNotFound {
			t.Errorf("%s: got %d, want 404", path, p.Status)
		}
	}
}

func TestUploadsAreRefusedInWords(t *testing.T) {
	t.Parallel()
	site := open(t) // uploads up to 1 MiB
	bucket := newBucket(t, site, site.Team, models.BucketInput{})
	c := site.SignIn(t, models.Requester)
	to := "/buckets/" + bucket + "/objects"
	if p := send(t, c, to, ""); p.Status != http.StatusUnprocessableEntity || p.Text("#file-note") == "" {
		t.Errorf("no file: got %d %q, want 422 and why", p.Status, p.Text("#file-note"))
	}
	large := upload{"large", strings.Repeat("x", 1<<20+1)}
	const results = "#upload-form .callout:not(.error-summary) ul"
	p := send(t, c, to, "", upload{"small", "kept"}, large)
	if p.Status != http.StatusUnprocessableEntity || !strings.Contains(p.Text(results), "small") {
		t.Errorf("too large beside small: got %d, %q", p.Status, p.Text(results))
	}
	if p := c.Get(t, "/buckets/"+bucket+"/download?key=small"); p.Body != "kept" {
		t.Errorf("small: got %q, want it kept", p.Body)
	}
	if p := send(t, c, to, "", upload{"large", strings.Repeat("x", 2<<20+1)}); p.Status != http.StatusRequestEntityTooLarge {
		t.Errorf("body over the limit: got %d, want 413", p.Status)
	}
	if p := c.Post(t, to, url.Values{"file": {"x"}}); p.Status != http.StatusUnprocessableEntity {
		t.Errorf("not multipart: got %d, want 422", p.Status)
	}
	if p := send(t, c, to, "", slices.Repeat([]upload{{strings.Repeat("k", 1025), ""}}, 1001)...); p.Status != http.StatusUnprocessableEntity ||
		!strings.Contains(p.Body, "At most 1,000 files") {
		t.Errorf("1,001 files: got %d, want 422 and why", p.Status)
	}
	for _, body := range []string{"", "--x", "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nhalf"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, site.URL+to, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "multipart/form-data; boundary=x")
		req.Header.Set("Sec-Fetch-Site", "same-origin")
		if p := c.Send(t, req); p.Status != http.StatusUnprocessableEntity {
			t.Errorf("body %q: got %d, want 422", body, p.Status)
		}
	}
	page, err := models.Objects.Read(t.Context(), site.DB, site.Team.Viewer, list.Query{Of: bucket})
	entries := page.Rows
	if err != nil || len(entries) != 1 {
		t.Errorf("got %d entries, %v; want the one that was kept", len(entries), err)
	}
}

func TestCutConnectionLeavesNothing(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	site := openWith(t, models.Options{Folder: folder}, web.Site{})
	bucket := newBucket(t, site, site.Team, models.BucketInput{})
	c := site.SignIn(t, models.Requester)
	conn, err := net.Dial("tcp", strings.TrimPrefix(site.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	part := "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n"
	fmt.Fprintf(conn, "POST /buckets/%s/objects HTTP/1.1\r\nHost: x\r\nSec-Fetch-Site: same-origin\r\nCookie: qm_session=%s\r\n"+
		"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 900000\r\n\r\n%s%s", bucket, c.Cookie(t, "qm_session"), part, strings.Repeat("x", 300_000))
	staging := filepath.Join(folder, "objects", "staging")
	files := func() int {
		entries, err := os.ReadDir(staging)
		if err != nil {
			t.Fatal(err)
		}
		return len(entries)
	}
	wait := func(want int) {
		t.Helper()
		for range 500 {
			if files() == want {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
		t.Fatalf("staging holds %d files, want %d", files(), want)
	}
	wait(1)
	conn.Close()
	wait(0)
	b, err := site.DB.FindBucket(t.Context(), site.Team.Viewer, bucket)
	if err != nil || b.ObjectCount != 0 || b.UsedBytes != 0 {
		t.Errorf("bucket holds %d objects, %d bytes, %v; want nothing", b.ObjectCount, b.UsedBytes, err)
	}
}

func TestChosenFilesAreDeletedAfterAsking(t *testing.T) {
	t.Parallel()
	site := open(t)
	bucket := newBucket(t, site, site.Team, models.BucketInput{})
	c := site.SignIn(t, models.Requester)
	base := "/buckets/" + bucket
	send(t, c, base+"/objects", "", upload{"a", "1"}, upload{"b", "22"}, upload{"c", "333"})
	p := c.Get(t, base)
	// A folder that comes after the files would come too late for them.
	if first := p.Find("#upload-form input:not([type=hidden])").First().AttrOr("name", ""); first != "folder" {
		t.Errorf("the upload form begins with %q, want the folder", first)
	}
	ids := url.Values{"object": {p.Find("input.pick").Eq(0).AttrOr("value", ""), p.Find("input.pick").Eq(1).AttrOr("value", "")}}
	p = c.Get(t, base+"/objects/removal?"+ids.Encode())
	if p.Status != http.StatusOK || !strings.Contains(p.Text("#delete-form"), "a") || p.Find("#delete-form input[name=object]").Length() != 2 {
		t.Fatalf("confirm: got %d, want both named", p.Status)
	}
	if p := c.Post(t, base+"/objects/removal", ids); p.Status != http.StatusSeeOther {
		t.Fatalf("delete: got %d, want 303", p.Status)
	}
	if p := c.Post(t, base+"/objects/removal", ids); p.Status != http.StatusUnprocessableEntity || p.Find("#gone tbody tr").Length() != 2 {
		t.Errorf("again: got %d with %d rows, want 422 and a result a row", p.Status, p.Find("#gone tbody tr").Length())
	}
	if p := c.Post(t, base+"/removal", url.Values{}); p.Status != http.StatusUnprocessableEntity || !p.Has(".error-summary") {
		t.Errorf("bucket with a file: got %d, want 422 and why", p.Status)
	}
	p = c.Get(t, base+"/object?key=c")
	if p = c.Submit(t, p, "#delete-object form", nil); p.Status != http.StatusSeeOther {
		t.Errorf("delete from its page: got %d, want 303", p.Status)
	}
	p = c.Get(t, base+"/details")
	if p = c.Submit(t, p, "#delete-bucket form", nil); p.Status != http.StatusSeeOther || p.Location() != "/buckets" {
		t.Errorf("empty bucket: got %d to %q, want it deleted", p.Status, p.Location())
	}
	if p := c.Get(t, base); p.Status != http.StatusNotFound {
		t.Errorf("deleted bucket: got %d, want 404", p.Status)
	}
}

// What was sent with a file and is given back with it stands on its page, to be copied.
func TestPageOfAFileShowsItsHeaders(t *testing.T) {
	t.Parallel()
	site := open(t)
	bucket := newBucket(t, site, site.Team, models.BucketInput{})
	c := site.SignIn(t, models.Viewer)
	headers := models.ObjectHeaders{
		CacheControl: "no-cache", ContentDisposition: `attachment; filename="<b>.txt"`, ContentEncoding: "gzip", ContentLanguage: "zh-CN", Expires: "never",
		Meta: map[string]string{"owner": "版本", "bytes": "a\xffb"},
	}
	o, err := site.DB.PutObject(t.Context(), site.Team.Requester, models.ObjectInput{BucketID: bucket, Key: "k", ContentType: "text/x-own", Headers: headers}, strings.NewReader("text"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := site.DB.PutObject(t.Context(), site.Team.Requester, models.ObjectInput{BucketID: bucket, Key: "plain"}, strings.NewReader("text")); err != nil {
		t.Fatal(err)
	}
	for lang, want := range map[string][2]string{
		"en": {"Headers and metadata", "no other headers"}, "zh": {"响应头与元数据", "没有其他响应头"},
	} {
		c.Header.Set("Accept-Language", lang)
		p := c.Get(t, "/buckets/"+bucket+"/object?key=k")
		for _, value := range []string{
			"text/x-own", "Normal", o.SHA256, o.MD5, o.ETag(), o.CRC64, "no-cache", headers.ContentDisposition, "gzip", "zh-CN", "never", "版本", "a\ufffdb",
		} {
			if !slices.Contains(p.Find(".facts .copy").Map(func(_ int, b *goquery.Selection) string { return b.AttrOr("data-copy", "") }), value) {
				t.Errorf("%s: %q cannot be copied", lang, value)
			}
		}
		if got := p.Text("#headers"); !strings.Contains(got, want[0]) || !strings.Contains(got, "x-oss-meta-owner") {
			t.Errorf("%s: got %q, want its headers", lang, got)
		}
		if got := c.Get(t, "/buckets/"+bucket+"/object?key=plain").Text("#headers"); !strings.Contains(got, want[1]) {
			t.Errorf("%s: without headers: got %q, want that there are none", lang, got)
		}
	}
}

func TestBucketsOfOthersAndRightsOfViewers(t *testing.T) {
	t.Parallel()
	site := open(t)
	bucket := newBucket(t, site, site.Team, models.BucketInput{Name: "ours-alone"})
	base := "/buckets/" + bucket
	if p := send(t, site.SignIn(t, models.Requester), base+"/objects", "", upload{"a", "secret"}); p.Status != http.StatusSeeOther {
		t.Fatalf("upload: got %d", p.Status)
	}
	other := site.SignInOther(t, models.Admin)
	for _, path := range []string{"", "/details", "/object?key=a", "/download?key=a", "/objects/removal?object=x"} {
		if p := other.Get(t, base+path); p.Status != http.StatusNotFound || strings.Contains(p.Body, "ours-alone") {
			t.Errorf("other team %s: got %d, want 404", path, p.Status)
		}
	}
	if p := other.Get(t, "/buckets"); strings.Contains(p.Body, "ours-alone") {
		t.Error("another team's bucket is listed")
	}
	if p := send(t, other, base+"/objects", "", upload{"b", ""}); p.Status != http.StatusNotFound {
		t.Errorf("other team uploads: got %d, want 404", p.Status)
	}
	for _, path := range []string{"/removal", "/objects/removal", "/uploads/removal"} {
		if p := other.Post(t, base+path, url.Values{"object": {"x"}}); p.Status != http.StatusNotFound {
			t.Errorf("other team %s: got %d, want 404", path, p.Status)
		}
	}
	viewer := site.SignIn(t, models.Viewer)
	if p := viewer.Get(t, base); p.Status != http.StatusOK || p.Has("#upload-form") || p.Has("input.pick") {
		t.Errorf("viewer: got %d, want the files and no form", p.Status)
	}
	if p := viewer.Get(t, base+"/details"); p.Has("#delete-bucket") || p.Has(".page-actions a") {
		t.Error("a viewer is offered to delete or order")
	}
	if p := viewer.Get(t, base+"/download?key=a"); p.Body != "secret" {
		t.Errorf("viewer downloads: got %q", p.Body)
	}
	if p := send(t, viewer, base+"/objects", "", upload{"b", ""}); p.Status != http.StatusForbidden {
		t.Errorf("viewer uploads: got %d, want 403", p.Status)
	}
	for path, p := range map[string]*webtest.Page{
		"new": viewer.Get(t, "/buckets/new"), "create": viewer.Post(t, "/buckets", url.Values{"region": {"cn-hangzhou"}}),
		"preview": viewer.Post(t, "/buckets/preview", url.Values{"bucket_name": {"abc"}}),
		"delete":  viewer.Post(t, base+"/removal", url.Values{}), "confirm": viewer.Get(t, base+"/objects/removal?object=x"),
		"abort uploads":  viewer.Post(t, base+"/uploads/removal", url.Values{}),
		"delete objects": viewer.Post(t, base+"/objects/removal", url.Values{"object": {"x"}}),
	} {
		if p.Status != http.StatusForbidden {
			t.Errorf("viewer %s: got %d, want 403", path, p.Status)
		}
	}
}

func TestDeletingObjectsInUseNamesTheirUsers(t *testing.T) {
	t.Parallel()
	site := open(t)
	app := newApp(t, site, "结算")
	c := site.SignIn(t, models.Requester)
	form := url.Values{"app_id": {app.ID}, "label": {"1.0"}, "source_from": {"upload"}}
	if p := sendFile(t, c, form, "a.bin", []byte("x")); p.Status != http.StatusSeeOther {
		t.Fatalf("a version: got %d", p.Status)
	}
	bucket := c.Get(t, "/buckets").Links("#buckets tbody th")[0]
	list := c.Get(t, bucket)
	for list.Has("#objects tbody th a[href*='?prefix=']") {
		list = c.Get(t, list.Links("#objects tbody th")[0])
	}
	id := list.Find("[name=object]").AttrOr("value", "")
	p := c.Get(t, bucket+"/objects/removal?object="+id)
	if p.Status != http.StatusOK || strings.Contains(p.Text("h1"), "0") || p.Has("button.danger") || p.Text("#delete-form th a[href^='/pkg-versions/']") != "结算 1.0" {
		t.Errorf("got %d, heading %q, users %q", p.Status, p.Text("h1"), p.Text("#delete-form th a"))
	}
	// Somebody made the version after the page that asks was there.
	p = c.Post(t, bucket+"/objects/removal", url.Values{"object": {id}})
	if p.Status != http.StatusUnprocessableEntity || p.Text("#gone tbody td a[href^='/pkg-versions/wp-']") != "结算 1.0" {
		t.Errorf("refused: got %d, users %q", p.Status, p.Text("#gone tbody td a"))
	}
}

func TestBucketShowsWhatItHeldByDay(t *testing.T) {
	t.Parallel()
	clock := modelstest.NewClock()
	site := openWith(t, models.Options{Clock: clock.Now}, web.Site{})
	bucket := place(t, site, models.OrderInput{Lines: []models.LineInput{&models.BucketInput{Region: "cn-shanghai", LimitGB: 1}}}).Lines[0].ResourceID
	put := func(key string, size int) {
		t.Helper()
		if _, err := site.DB.PutObject(t.Context(), site.Team.Requester, models.ObjectInput{BucketID: bucket, Key: key}, strings.NewReader(strings.Repeat("a", size))); err != nil {
			t.Fatal(err)
		}
	}
	put("a", 3<<20)
	if err := site.DB.CountBuckets(t.Context(), site.Team.Admin); err != nil {
		t.Fatal(err)
	}
	see := func() *webtest.Page { // with a session of that day
		t.Helper()
		return site.SignIn(t, models.Viewer).Get(t, "/buckets/"+bucket+"/details")
	}
	if p := see(); p.Has("#growth") {
		t.Error("there is a drawing on the first day")
	}
	clock.Move(24 * time.Hour)
	put("b", 2<<20)
	p := see()
	if rows := p.Find("#growth tbody tr"); rows.Length() != 2 || rows.First().Text() != "2026-11-213 MB1" || rows.Last().Text() != "Now5 MB2" || p.Has("#growth .limit") {
		t.Errorf("got %q", p.Text("#growth"))
	}
}
