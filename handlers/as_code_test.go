package handlers_test

import (
	"bytes"
	"compress/gzip"
	"maps"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"quartermaster/handlers/api"
	"quartermaster/handlers/code"
	"quartermaster/models"
	"quartermaster/models/list"
	"quartermaster/models/modelstest"
	"quartermaster/web"
	"quartermaster/web/webtest"
)

// A codedForm is one of the create forms: where it is, and what is typed into
// it.
type codedForm struct {
	path, id, op string
	typed        url.Values
	// change is another value of one field, and in the code how it stands there.
	field, change, in string
}

// codedForms are all create forms, filled in.
var table = code.NewTable(api.Documented())

func codedForms(t *testing.T, c *webtest.Client) []codedForm {
	t.Helper()
	app := strings.TrimPrefix(c.Post(t, "/apps", url.Values{"app_name": {"shop"}, "region": {"cn-beijing"}}).Location(), "/apps/")
	return []codedForm{
		{"/buckets", "bucket-form", "CreateStorage", url.Values{"bucket_name": {"team-assets"}, "region": {"cn-beijing"}},
			"region", "cn-shanghai", `"RegionId": "cn-shanghai"`},
		{"/pkg-versions", "version-form", "CreatePkgVersion", url.Values{"app_id": {app}, "label": {"v1"}, "source_from": {"external"},
			"source": {"oss://elsewhere/a.zip"}, "description": {"产品 & <b>"}}, "label", "v2 \"beta\"", `"PkgVersionLabel": "v2 \"beta\""`},
		{"/plans", "plan-form", "CreateResourcePackage", url.Values{"product_code": {"ossbag"}, "package_type": {"FPT_ossbag_absolute_Storage_sh"},
			"specification": {"40"}, "duration": {"6"}, "pricing_cycle": {"Month"}}, "effective_date", "2026-12-01T08:00", `"EffectiveDate": "2026-12-01T`},
		{"/stores", "store-form", "CreateStore", url.Values{"store_name": {"handbook"}, "region": {"cn-north-4"}, "availability_zones": {"cn-north-4a", "cn-north-4c"},
			"cu": {"2xlarge"}, "num": {"2"}, "charge_mode": {"prePaid"}, "period_type": {"month"}, "period_num": {"6"}, "auto_renew": {"true"}},
			"num", "3", `"num": 3`},
	}
}

// partial are the headers of htmx for a form that replaces itself.
func partial(id string) http.Header {
	return http.Header{"Hx-Request": {"true"}, "Hx-Request-Type": {"partial"}, "Hx-Target": {"form#" + id}}
}

func TestCodeFollowsTheForm(t *testing.T) {
	t.Parallel()
	site := openWith(t, models.Options{}, web.Site{BaseURL: "http://desk.test"})
	ada := site.SignIn(t, models.Requester)
	for _, f := range codedForms(t, ada) {
		if p := ada.Get(t, f.path+"/new?"+f.typed.Encode()); p.Has(".code-block") || !p.Has("#"+f.id+" #code input[value='']") {
			t.Errorf("%s: a form nobody asked for code has some, or no way to it", f.path)
		}
		for _, l := range code.Languages {
			values := url.Values{"code": {string(l)}, "cost_centre": {"CC-1"}}
			for name, v := range f.typed {
				values[name] = v
			}
			p := ada.Do(t, http.MethodPost, f.path+"/preview", values, partial(f.id))
			if p.Status != http.StatusOK || p.Find(".code-block code").Length() != 1 || !p.Has("#code input[value="+string(l)+"][checked]") {
				t.Errorf("%s as %s: got %d without code", f.path, l, p.Status)
			}
			text := p.Find(".code-block code").Text()
			if l != code.JSON && (!strings.Contains(text, f.op) || !strings.Contains(text, "desk.test") || !strings.Contains(text, `cost_centre="CC-1"`)) {
				t.Errorf("%s as %s: got\n%s", f.path, l, text)
			}
			if got := p.Find(".code-block [data-copy]").AttrOr("data-copy", ""); got != text {
				t.Errorf("%s as %s: what is copied is not what is shown: %q", f.path, l, got)
			}
			if !strings.Contains(p.Text("#as-code .callout"), "Cost centre") || (f.path == "/buckets") != strings.Contains(p.Text("#as-code .callout"), "the team’s default bucket") {
				t.Errorf("%s as %s: what the API lacks is not said: %q", f.path, l, p.Text("#as-code .callout"))
			}
			values.Set(f.field, f.change)
			values.Set("code", "json")
			if p = ada.Do(t, http.MethodPost, f.path+"/preview", values, partial(f.id)); !strings.Contains(p.Find(".code-block code").Text(), f.in) {
				t.Errorf("%s: %s = %q is not in\n%s", f.path, f.field, f.change, p.Find(".code-block code").Text())
			}
		}
	}
}

// The code of a form, pasted into an empty one, fills it in as it was.
func TestPastedCodeFillsTheForm(t *testing.T) {
	t.Parallel()
	site := open(t)
	ada := site.SignIn(t, models.Requester)
	for _, f := range codedForms(t, ada) {
		for _, l := range []string{"curl", "cli", "json"} {
			values := url.Values{"code": {l}}
			for name, v := range f.typed {
				values[name] = v
			}
			written := ada.Post(t, f.path+"/preview", values).Find(".code-block code").Text()
			for what, header := range map[string]http.Header{"plain": nil, "htmx": partial(f.id)} {
				sent := url.Values{"paste": {strings.ReplaceAll(written, "\n", "\r\n")}, "note": {"kept"}, "description": {"from before"}}
				p := ada.Do(t, http.MethodPost, f.path+"/paste", sent, header)
				if p.Status != http.StatusOK || !p.Has("#pasted .tone-ok") || p.Has("#pasted li") {
					t.Errorf("%s as %s, %s: got %d, %q", f.path, l, what, p.Status, p.Text("#pasted"))
				}
				got := webtest.Fields(p.Find("#" + f.id))
				for name, want := range f.typed {
					if name == "bucket_name" || name == "charge_mode" && l == "" {
						continue // no part of the API
					}
					if strings.Join(got[name], " ") != strings.Join(want, " ") {
						t.Errorf("%s as %s, %s: %s is %q, want %q", f.path, l, what, name, got[name], want)
					}
				}
				if got.Get("note") != "kept" || f.path != "/buckets" && got.Get("description") == "from before" {
					t.Errorf("%s as %s, %s: got note %q, description %q", f.path, l, what, got.Get("note"), got.Get("description"))
				}
				if header != nil && strings.Contains(p.Body, "<!doctype") {
					t.Errorf("%s: htmx gets a whole page", f.path)
				}
			}
		}
	}
}

func TestWhatWasNotTakenIsNamed(t *testing.T) {
	t.Parallel()
	site := open(t)
	ada := site.SignIn(t, models.Requester)
	for _, c := range []struct {
		path, text string
		want       []string
	}{
		{"/buckets", "curl -X POST 'http://h/pop/v1/wam/storage?RegionId=cn-beijing&Colour=<b>red'", []string{"Colour=<b>red – not recognised"}},
		{"/plans", "aliyun bssopenapi CreateResourcePackage --ProductCode ossbag --PackageType NO_SUCH --OwnerId 1 --Duration \"$D\"",
			[]string{"OwnerId=1 – the form has no field for it", "Duration=$D – only your shell knows its value", "PackageType=NO_SUCH – not offered here"}},
		{"/plans", "aliyun bssopenapi CreateResourcePackage --ProductCode ossbag --PackageType NO_SUCH --Specification 40 --Duration 6",
			[]string{"PackageType=NO_SUCH – not offered here", "Specification=40 – not offered here", "Duration=6 – not offered here"}},
		{"/stores", `{"store_name":"kb","region":"cn-north-4","availability_zones":["cn-north-4a","cn-moon-1"]}`,
			[]string{"availability_zones.2=cn-moon-1 – not offered here"}},
	} {
		p := ada.Post(t, c.path+"/paste", url.Values{"paste": {c.text}})
		var got []string
		for _, li := range p.Find("#pasted li").EachIter() {
			got = append(got, strings.Join(strings.Fields(li.Text()), " "))
		}
		if p.Status != http.StatusOK || !p.Has("#pasted .tone-warn") || strings.Join(got, "\n") != strings.Join(c.want, "\n") || p.Has("#pasted b") {
			t.Errorf("%s: got %d %q, want %q", c.path, p.Status, got, c.want)
		}
	}
}

func TestARequestThatIsNotReadStaysInTheBox(t *testing.T) {
	t.Parallel()
	site := open(t)
	ada := site.SignIn(t, models.Requester)
	for text, want := range map[string]string{
		"":                   "Nothing was pasted.",
		"hello <b>there</b>": "Not recognised. Paste a curl, aliyun or hcloud command",
		"curl 'http://h":     "The ' in line 1 is not closed.",
		"{\"store_name\":":   "error in line 1",
		"curl -X DELETE http://h/pop/v1/wam/pkgVersion": "no form for DELETE /pop/v1/wam/pkgVersion",
		strings.Repeat("x", code.Limit+1):               "Too long",
	} {
		for _, path := range []string{"/buckets", "/plans", "/stores"} {
			p := ada.Post(t, path+"/paste", url.Values{"paste": {text}, "note": {"typed"}})
			if p.Status != http.StatusUnprocessableEntity || !strings.Contains(p.Text("#pasted .tone-danger"), want) {
				t.Errorf("%s with %.40q: got %d %q, want %q", path, text, p.Status, p.Text("#pasted"), want)
			}
			if !p.Has("#as-code details[open]") || strings.TrimPrefix(p.Find("#paste").Text(), "\n") != text || p.Find("#note").Text() != "typed" {
				t.Errorf("%s with %.40q: the box holds %.40q, the reason %q", path, text, p.Find("#paste").Text(), p.Find("#note").Text())
			}
		}
	}
}

func TestARequestOfAnotherFormLeadsThere(t *testing.T) {
	t.Parallel()
	site := open(t)
	ada := site.SignIn(t, models.Requester)
	for _, f := range codedForms(t, ada) {
		written := table.From(f.op, f.typed).In("cn-beijing").Write(code.Curl, "http://h")
		at := "/stores"
		if f.path == at {
			at = "/plans"
		}
		p := ada.Post(t, at+"/paste", url.Values{"paste": {written}})
		link := p.Links("#pasted .tone-warn")
		if p.Status != http.StatusUnprocessableEntity || len(link) != 1 || !strings.HasPrefix(link[0], f.path+"/new?") {
			t.Fatalf("%s pasted at %s: got %d to %q", f.op, at, p.Status, link)
		}
		got := webtest.Fields(ada.Get(t, link[0]).Find("#" + f.id))
		for name, want := range f.typed {
			if name != "bucket_name" && strings.Join(got[name], " ") != strings.Join(want, " ") {
				t.Errorf("%s: %s is %q, want %q", link[0], name, got[name], want)
			}
		}
	}
	p := ada.Post(t, "/stores/paste", url.Values{"paste": {`{"AppName":"shop","RegionId":"cn-beijing"}`}})
	if link := p.Links("#pasted"); len(link) != 1 || ada.Get(t, link[0]).Find("[name=app_name]").AttrOr("value", "") != "shop" {
		t.Errorf("an application: got %q", link)
	}
}

func TestPagesOfThingsShowTheirRequest(t *testing.T) {
	t.Parallel()
	site := open(t)
	ada, vera, other := site.SignIn(t, models.Requester), site.SignIn(t, models.Viewer), site.SignInOther(t, models.Admin)
	for _, f := range codedForms(t, ada) {
		page := ada.Post(t, f.path, f.typed).Location()
		modelstest.Work(t, site.DB)
		if f.path == "/buckets" {
			page += "/details"
		}
		p := vera.Get(t, page)
		form := webtest.Fields(p.Find("#order-code"))
		action := p.Find("#order-code").AttrOr("action", "")
		if action == "" || p.Has(".code-block") {
			t.Fatalf("%s: got no way to its code, or code already", page)
		}
		for _, l := range code.Languages {
			form.Set("code", string(l))
			p := vera.GetHX(t, action+"?"+form.Encode(), "form#order-code")
			text := p.Find(".code-block code").Text()
			if p.Status != http.StatusOK || text == "" || strings.Contains(p.Body, "<!doctype") {
				t.Errorf("%s as %s: got %d, %q", page, l, p.Status, text)
			}
			if l == code.JSON {
				got, _, err := table.Parse(text, f.op)
				for name, want := range got.Form() {
					if strings.Join(f.typed[name], " ") != strings.Join(want, " ") {
						t.Errorf("%s: code has %s %q, the order %q", page, name, want, f.typed[name])
					}
				}
				if err != nil || f.op != "CreateResourcePackage" && f.op != "CreateStore" && got.Value("RegionId") != "cn-beijing" {
					t.Errorf("%s: got %v, %v", page, got, err)
				}
			}
		}
		form.Set("code", "go")
		if p := vera.Get(t, action+"?"+form.Encode()); !strings.Contains(p.Body, "<!doctype") || !p.Has("h1") || !p.Has(".code-block") {
			t.Errorf("%s: no page of its own without scripts", action)
		}
		if p := other.Get(t, action+"?"+form.Encode()); p.Status != http.StatusNotFound {
			t.Errorf("another team: got %d, want 404", p.Status)
		}
		form.Set("of", "nothing")
		if p := vera.Get(t, action+"?"+form.Encode()); p.Status != http.StatusNotFound {
			t.Errorf("no such line: got %d, want 404", p.Status)
		}
		order := strings.TrimSuffix(action, "/code")
		if p := vera.Get(t, order); p.Find("#order-code").AttrOr("action", "") != action {
			t.Errorf("%s: the order's page has no way to the code", order)
		}
	}
}

// A version whose file came with the order has an address once it is kept.
func TestUploadedVersionHasItsAddressInTheCode(t *testing.T) {
	t.Parallel()
	site := open(t)
	ada := site.SignIn(t, models.Requester)
	form := url.Values{"app_id": {newApp(t, site, "shop").ID}, "label": {"v1"}, "source_from": {"upload"}}
	p := ada.Post(t, "/pkg-versions/preview", url.Values{"app_id": form["app_id"], "source_from": {"upload"}, "package_file": {"shop.jar"}, "code": {"curl"}})
	if got := p.Text("#as-code .callout"); !strings.Contains(got, "does not take files") || !strings.Contains(p.Text(".code-block"), `package_file="shop.jar"`) {
		t.Errorf("before the upload: got %q", got)
	}
	id := strings.TrimPrefix(sendFile(t, ada, form, "shop.jar", []byte("bytes")).Location(), "/pkg-versions/")
	v, err := site.DB.FindPkgVersion(t.Context(), site.Team.Requester, id)
	if err != nil {
		t.Fatal(err)
	}
	// Now that there is a bucket, the next file is uploaded there before.
	for _, l := range append([]code.Language{code.OSSUtil}, code.Languages...) {
		p := ada.Post(t, "/pkg-versions/preview", url.Values{"app_id": form["app_id"], "label": {"v2"}, "source_from": {"upload"}, "package_file": {"dir/shop 2.jar"}, "code": {string(l)}})
		blocks := p.Find("#as-code .code-block code")
		upload, create := blocks.First().Text(), blocks.Last().Text()
		if want := map[bool]int{true: 1, false: 2}[l == code.JSON]; blocks.Length() != want || p.Has("#as-code .callout") || !p.Has("#as-code input[value=ossutil]") {
			t.Errorf("%s: got %d blocks, want %d and nothing left out", l, blocks.Length(), want)
		}
		if l != code.JSON && (!strings.Contains(upload, "PutObject") || !strings.Contains(upload, "./shop 2.jar")) || !strings.Contains(create, "shop/v2/shop 2.jar") && !strings.Contains(create, "shop%2Fv2%2Fshop%202.jar") {
			t.Errorf("%s: got\n%s\n%s\nwant the upload of the file and the version of it", l, upload, create)
		}
	}
	p = ada.Get(t, ada.Get(t, "/pkg-versions/"+id).Find("#order-code").AttrOr("action", "")+"?code=json&of="+id)
	if text := p.Text(".code-block code"); v.Source == "" || !strings.Contains(text, `"PackageSource": "`+v.Source+`"`) {
		t.Errorf("after the upload: got %s, want %s in it", text, v.Source)
	}
}

func TestViewersPasteNothing(t *testing.T) {
	t.Parallel()
	site := open(t)
	vera := site.SignIn(t, models.Viewer)
	for _, path := range []string{"/buckets", "/pkg-versions", "/plans", "/stores"} {
		if p := vera.Post(t, path+"/paste", url.Values{"paste": {"{}"}}); p.Status != http.StatusForbidden {
			t.Errorf("%s: got %d, want 403", path, p.Status)
		}
	}
}

// The panel is of little weight until somebody asks for code.
func TestPanelOfCodeIsLight(t *testing.T) {
	t.Parallel()
	site := open(t)
	ada := site.SignIn(t, models.Requester)
	packed := func(html string) int {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		if _, err := w.Write([]byte(html)); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return b.Len()
	}
	page := ada.Get(t, "/stores/new")
	panel, err := page.Find("#as-code").Html()
	if err != nil || panel == "" {
		t.Fatal(err)
	}
	if got := packed(page.Body) - packed(strings.Replace(page.Body, panel, "", 1)); got > 1500 {
		t.Errorf("got %d bytes, want at most 1500", got)
	}
}

// The panel's curl command is run as it stands, against the desk itself: what
// the form stands for is made.
func TestPanelsCommandMakesWhatTheFormSays(t *testing.T) {
	t.Parallel()
	site := open(t)
	ada := site.SignIn(t, models.Requester)
	key, secret, err := site.DB.CreateAccessKey(t.Context(), site.Team.Admin, models.AccessKeyInput{Name: "script", User: site.Team.Requester.UserID})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		path, op, done string
		typed          url.Values
	}{
		{"/stores", "CreateStore", `"LMS.00000000"`, url.Values{"store_name": {"handbook"}, "region": {"cn-north-4"}, "availability_zones": {"cn-north-4a", "cn-north-4c"},
			"cu": {"2xlarge"}, "num": {"2"}, "charge_mode": {"prePaid"}, "period_type": {"month"}, "period_num": {"6"},
			"description": {"it's \"$HOME\" `id` 产品\n<b>"}}},
		{"/plans", "CreateResourcePackage", `"Successful!"`, url.Values{"product_code": {"ossbag"}, "package_type": {"FPT_ossbag_absolute_Storage_sh"},
			"specification": {"40"}, "duration": {"6"}, "pricing_cycle": {"Month"}}},
	} {
		form := maps.Clone(c.typed)
		form.Set("code", "curl")
		script := ada.Post(t, c.path+"/preview", form).Find(".code-block code").Text()
		script = strings.NewReplacer("https://quartermaster.example", site.URL, "quartermaster.example", strings.TrimPrefix(site.URL, "http://")).Replace(script)
		cmd := exec.CommandContext(t.Context(), "bash", "--norc", "-eu", "-c", script)
		cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C.UTF-8", "HUAWEICLOUD_SDK_AK=" + key.ID, "HUAWEICLOUD_SDK_SK=" + secret,
			"ALIBABA_CLOUD_ACCESS_KEY_ID=" + key.ID, "ALIBABA_CLOUD_ACCESS_KEY_SECRET=" + secret}
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(out), c.done) {
			t.Errorf("%s: got %s, %v", c.op, out, err)
			continue
		}
		orders, _, err := modelstest.List(t.Context(), site.DB, site.Team.Requester, models.Orders, list.Query{Filters: list.With("free", "true").Filters, Size: 1})
		if err != nil || len(orders) != 1 {
			t.Fatalf("%s: got %d orders, %v, want the latest", c.op, len(orders), err)
		}
		p := ada.Get(t, "/orders/"+strconv.FormatInt(orders[0].Number, 10)+"/code?code=json")
		got, _, err := table.Parse(p.Find(".code-block code").Text(), c.op)
		if err != nil || got.Operation != c.op || !maps.EqualFunc(got.Form(), c.typed, slices.Equal) {
			t.Errorf("%s: the order says %q, %v, want %q", c.op, got.Form(), err, c.typed)
		}
	}
}

// What the panel shows about files is run as it stands, against the desk itself:
// by curl with URLs that openssl signed, and by the vendor's client for Go.
func TestCodeForFilesWorksOnTheDesk(t *testing.T) {
	t.Parallel()
	site := open(t)
	ada := site.SignIn(t, models.Requester)
	key, secret, err := site.DB.CreateAccessKey(t.Context(), site.Team.Admin, models.AccessKeyInput{Name: "script", User: site.Team.Requester.UserID})
	if err != nil {
		t.Fatal(err)
	}
	bucket := ada.Post(t, "/buckets", url.Values{"bucket_name": {"team-files"}, "region": {"cn-beijing"}}).Location()
	env := append(os.Environ(), "LC_ALL=C.UTF-8", "OSS_ACCESS_KEY_ID="+key.ID, "OSS_ACCESS_KEY_SECRET="+secret)
	here := strings.NewReplacer("https://quartermaster.example", site.URL)
	shown := func(what, operation string, l code.Language) string {
		return here.Replace(ada.Get(t, bucket+"/code?"+what+"&object_operation="+operation+"&object_code="+string(l)).Find(".code-block code").Text())
	}
	for _, name := range []string{"plain.txt", "dir/it's a $HOME `id`?acl=1 版+%2F&.txt", "a/../b/./c//d", "ends/"} {
		folder := t.TempDir()
		what := url.Values{"key": {name}}.Encode()
		file := filepath.Join(folder, filepath.Base(name))
		run := func(operation, input string) string {
			script := shown(what, operation, code.Curl)
			if err := os.WriteFile(file, []byte(input), 0o600); err != nil {
				t.Fatal(err)
			}
			cmd := exec.CommandContext(t.Context(), "bash", "--norc", "-eu", "-o", "pipefail", "-c", script)
			cmd.Env, cmd.Dir = env, folder
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Errorf("%s of %q: got %v: %s\n%s", operation, name, err, out, script)
			}
			return string(out)
		}
		run(code.PutObject, "0123456789")
		if out := run(code.HeadObject, ""); !strings.Contains(out, "Content-Length: 10\r\n") {
			t.Errorf("HeadObject of %q: got %q", name, out)
		}
		run(code.GetObject, "other")
		if got, err := os.ReadFile(file); err != nil || string(got) != "0123456789" {
			t.Errorf("GetObject of %q: got %q, %v, want what was put", name, got, err)
		}
		what = url.Values{"prefix": {name}}.Encode()
		if out := run(code.ListObjectsV2, ""); strings.Count(out, "<Contents>") != 1 {
			t.Errorf("ListObjectsV2 of %q: got %s, want one file", name, out)
		}
		what = url.Values{"key": {name}}.Encode()
		run(code.DeleteObject, "")
		if p := ada.Get(t, bucket+"/object?"+what); p.Status != http.StatusNotFound {
			t.Errorf("DeleteObject of %q: got %d, want it gone", name, p.Status)
		}
	}

	folder := t.TempDir()
	var out []byte
	for i, operation := range []string{code.PutObject, code.GetObject} {
		program := filepath.Join(folder, strconv.Itoa(i)+".go")
		text := strings.ReplaceAll(shown("key=dir%2Fby+go.txt", operation, code.Go), `"./by go.txt"`, strconv.Quote(filepath.Join(folder, strconv.Itoa(i)+".txt")))
		for name, text := range map[string]string{program: text, filepath.Join(folder, "0.txt"): "by Go"} {
			if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		cmd := exec.CommandContext(t.Context(), "go", "run", program)
		cmd.Env = env
		if out, err = cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: got %v: %s", operation, err, out)
		}
	}
	if got, err := os.ReadFile(filepath.Join(folder, "1.txt")); err != nil || string(got) != "by Go" || string(out) != "5\n" {
		t.Errorf("by Go: got %q, %v, and %s, want what was put", got, err, out)
	}
}

// Who may do what with a file is offered, and another team's bucket is not there.
func TestCodeForFilesIsOnTheirPages(t *testing.T) {
	t.Parallel()
	site := open(t)
	ada, vera := site.SignIn(t, models.Requester), site.SignIn(t, models.Viewer)
	other := open(t).SignIn(t, models.Requester)
	form := url.Values{"app_id": {newApp(t, site, "shop").ID}, "label": {"v1"}, "source_from": {"upload"}}
	version := sendFile(t, ada, form, "shop.jar", []byte("bytes")).Location()
	bucket := ada.Get(t, "/buckets").Links("tbody th")[0]
	folder := ada.Get(t, bucket).Links("#objects tbody th")[0]
	object := bucket + "/object?key=shop%2Fv1%2Fshop.jar"
	for _, c := range []struct {
		page       string
		mine, hers string
	}{
		{bucket, "ListObjectsV2 PutObject", "ListObjectsV2"},
		{folder, "ListObjectsV2 PutObject", "ListObjectsV2"},
		{object, "GetObject HeadObject PutObject DeleteObject", "GetObject HeadObject"},
		{version, "GetObject HeadObject PutObject DeleteObject", "GetObject HeadObject"},
	} {
		for who, want := range map[*webtest.Client]string{ada: c.mine, vera: c.hers} {
			p := who.Get(t, c.page)
			var offered []string
			p.Find("#object_operation option").Each(func(_ int, o *goquery.Selection) { offered = append(offered, o.AttrOr("value", "")) })
			if got := strings.Join(offered, " "); got != want || p.Has("#object-code .code-block") {
				t.Errorf("%s: got %q, want %q and no code yet", c.page, got, want)
			}
		}
		form := webtest.Fields(vera.Get(t, c.page).Find("#object-code"))
		for _, l := range code.ObjectLanguages {
			form.Set("object_code", string(l))
			form.Set("object_operation", "DeleteObject") // which she may not
			p := vera.GetHX(t, bucket+"/code?"+form.Encode(), "form#object-code")
			text := p.Find(".code-block code").Text()
			if p.Status != http.StatusOK || strings.Contains(p.Body, "<!doctype") || !strings.Contains(text, strings.Fields(c.hers)[0]) || c.page != bucket && !strings.Contains(text, "shop") {
				t.Errorf("%s as %s: got %d, %q", c.page, l, p.Status, text)
			}
		}
		if p := vera.Get(t, bucket+"/code?"+form.Encode()); !strings.Contains(p.Body, "<!doctype") || !p.Has("h1") || !p.Has(".code-block") {
			t.Errorf("%s: no page of its own without scripts", c.page)
		}
		if p := other.Get(t, bucket+"/code?"+form.Encode()); p.Status != http.StatusNotFound {
			t.Errorf("another team: got %d, want 404", p.Status)
		}
	}
}
