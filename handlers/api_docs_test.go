package handlers_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"quartermaster/handlers/api"
	"quartermaster/models"
	"quartermaster/views/i18n"
	"quartermaster/web"
	"quartermaster/web/sign"
	"quartermaster/web/webtest"
)

func TestEverySchemeHasAnExampleThatVerifies(t *testing.T) {
	t.Parallel()
	site := openWith(t, models.Options{}, web.Site{BaseURL: "http://desk.example.com:8443"})
	c := site.SignIn(t, models.Viewer)
	if p := c.Get(t, "/api"); p.Status != 200 || !p.Has(`#traps dt`) || p.Text("#address code") != "http://desk.example.com:8443" || !p.Has(`nav a[href="/api"][aria-current]`) {
		t.Fatalf("guide: got %d, want it with what to know", p.Status)
	}
	p := c.Get(t, "/api/signing")
	for id, read := range map[string]func(sign.Request) (*sign.Claim, error){"roa": sign.ROA, "rpc": sign.RPC, "acs3": sign.RPC, "sdk": sign.Huawei} {
		panel := p.Find("#" + id)
		r := printedRequest(t, panel.Find("pre").First().Text())
		claim, err := read(r)
		if err != nil {
			t.Errorf("%s: got %v, want a signed request", id, err)
			continue
		}
		if err := claim.Verify("testSK"); err != nil {
			t.Errorf("%s: got %v, want the signature right", id, err)
		}
		text := claim.Canonical()
		if text == "" {
			text = claim.StringToSign()
		}
		var lines []string
		for _, td := range panel.Find("td.wide").EachIter() {
			line := td.Find("code").Text()
			lines = append(lines, line)
		}
		sep := "\n"
		if id == "rpc" {
			sep = ""
		}
		if got := strings.Join(lines, sep); got != text {
			t.Errorf("%s: got lines\n%s\nwant\n%s", id, got, text)
		}
		if !strings.Contains(panel.Text(), claim.Signature()) {
			t.Errorf("%s: the signature is not shown", id)
		}
	}
}

// printedRequest reads a request that a page shows.
func printedRequest(t *testing.T, text string) sign.Request {
	t.Helper()
	head, body, _ := strings.Cut(text, "\n\n")
	lines := strings.Split(head, "\n")
	words := strings.Fields(lines[0])
	path, query, _ := strings.Cut(words[1], "?")
	r := sign.Request{Method: words[0], Path: path, Query: query, Header: http.Header{}, Body: []byte(body)}
	for _, line := range lines[1:] {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
	}
	r.Host = r.Header.Get("Host")
	r.Header.Del("Host")
	return r
}

// wire is a request as a proxy prints it.
func wire(r sign.Request) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s?%s HTTP/1.1\r\nHost: %s\r\n", r.Method, r.Path, r.Query, r.Host)
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		fmt.Fprintf(&b, "%s: %s\r\n", name, r.Header.Get(name))
	}
	fmt.Fprintf(&b, "\r\n%s", r.Body)
	return b.String()
}

// newKey is a key of a member with its secret.
func newKey(t *testing.T, site *webtest.Site, by models.Actor, user string) (id, secret string) {
	t.Helper()
	k, secret, err := site.DB.CreateAccessKey(t.Context(), by, models.AccessKeyInput{Name: "nightly", User: user})
	if err != nil {
		t.Fatalf("make key: %v", err)
	}
	return k.ID, secret
}

func TestCheckerShowsOursBesideTheirsAndTheFirstDifference(t *testing.T) {
	t.Parallel()
	site := open(t)
	id, secret := newKey(t, site, site.Team.Admin, site.Team.Requester.UserID)
	now := site.DB.Now()
	r := sign.Request{Method: "POST", Path: "/v1/stores/list", Query: "limit=10", Host: "desk:8080", Body: []byte("{}"), Header: http.Header{}}.
		SignSDK(id, secret, now)
	claim, err := sign.Huawei(r)
	if err != nil {
		t.Fatal(err)
	}
	c := site.SignIn(t, models.Requester)
	form := c.Get(t, "/api/checker")
	if got := form.Find("#checked_key option").Length(); got != 3 {
		t.Errorf("got %d keys to choose from, want two words and the reader's own", got)
	}
	p := c.Submit(t, form, "#checker-form", webtest.Values{"sent_request": wire(r)})
	if p.Status != 200 || !strings.Contains(p.Text("#result"), "The signature is right.") {
		t.Errorf("a good signature: got %d, %q", p.Status, p.Text("#result"))
	}
	theirs := strings.Replace(claim.Canonical(), "/list/", "/list", 1)
	p = c.Submit(t, form, "#checker-form", webtest.Values{"sent_request": wire(r), "string_to_sign": theirs})
	if got := p.Text("#place"); got != "The first difference is in line 2 at character 16." {
		t.Errorf("got %q, want line 2 and character 16", got)
	}
	if row := p.Find("#comparison tbody tr").Eq(1); !row.HasClass("differs") || row.Find("mark").First().Text() != "/" || row.Find("mark").Last().Text() != "⏎" {
		t.Errorf("got %q, want the slash marked in both", row.Text())
	}
	if got := p.Find("#comparison tr.differs").Length(); got != 1 {
		t.Errorf("got %d lines that differ, want 1", got)
	}
	if !strings.Contains(p.Text("#result"), "must end with a slash") {
		t.Errorf("got %q, want it said that a slash is missing", p.Text("#result"))
	}
	if p.Find("#sent_request").Text() == "" || strings.Contains(p.Body, secret) {
		t.Error("want what was typed kept, and the secret nowhere")
	}
	wrong := r.SignSDK(id, "another", now)
	p = c.Submit(t, form, "#checker-form", webtest.Values{"sent_request": wire(wrong), "string_to_sign": claim.Canonical()})
	if !strings.Contains(p.Text("#result"), "another secret") {
		t.Errorf("another secret: got %q", p.Text("#result"))
	}
}

func TestCheckerUsesASecretOnlyForWhoMay(t *testing.T) {
	t.Parallel()
	site := open(t)
	id, secret := newKey(t, site, site.Team.Admin, site.Team.Requester.UserID)
	r := sign.Request{Method: "POST", Path: "/v1/stores/list", Host: "desk:8080", Header: http.Header{}}.SignSDK(id, secret, site.DB.Now())
	for who, c := range map[string]*webtest.Client{
		"its user": site.SignIn(t, models.Requester), "an admin": site.SignIn(t, models.Admin),
		"an approver": site.SignIn(t, models.Approver), "another team's admin": site.SignInOther(t, models.Admin),
	} {
		p := c.Submit(t, c.Get(t, "/api/checker"), "#checker-form", webtest.Values{"sent_request": wire(r)})
		may := who == "its user" || who == "an admin"
		if got := strings.Contains(p.Text("#result"), "The signature is right."); p.Status != 200 || got != may {
			t.Errorf("%s: got %d and the verdict %t, want it %t", who, p.Status, got, may)
		}
		if got := strings.Contains(p.Text("#result"), "Only the strings are compared"); got == may {
			t.Errorf("%s: got %t that the secret was not used, want %t", who, got, !may)
		}
		if p := c.Post(t, "/api/checker", map[string][]string{"sent_request": {wire(r)}, "checked_key": {id}}); strings.Contains(p.Text("#result"), "The signature is right.") != may {
			t.Errorf("%s, naming the key: got %q", who, p.Text("#result"))
		}
		if got := strings.Contains(p.Text("#checked_key"), id); got != may {
			t.Errorf("%s: got the key offered: %t, want %t", who, got, may)
		}
	}
	if _, err := site.DB.SetAccessKeyDisabled(t.Context(), site.Team.Admin, id, true); err != nil {
		t.Fatal(err)
	}
	c := site.SignIn(t, models.Admin)
	p := c.Submit(t, c.Get(t, "/api/checker"), "#checker-form", webtest.Values{"sent_request": wire(r)})
	if !strings.Contains(p.Text("#result"), "no longer works") {
		t.Errorf("a disabled key: got %q", p.Text("#result"))
	}
}

func TestCheckerRefusesBadInputBesideItsField(t *testing.T) {
	t.Parallel()
	site := open(t)
	c := site.SignIn(t, models.Viewer)
	form := c.Get(t, "/api/checker")
	for _, s := range []struct{ request, text, field, want string }{
		{"", " ", "sent_request", "Paste a request"},
		{"hello", "", "sent_request", "does not start like a request. The first line"},
		{"POST / HTTP/1.1\nnothing", "", "sent_request", "nothing"},
		{"curl http://desk -H \"Date: $now\"", "", "sent_request", "Date: $now"},
		{"", "hello", "string_to_sign", "neither a string to sign"},
		{strings.Repeat("a", 64<<10+1), "", "sent_request", "at most 64 KB"},
		{"", strings.Repeat("a", 64<<10+1), "string_to_sign", "at most 64 KB"},
		{"\x00\xff", "", "sent_request", ""},
	} {
		p := c.Submit(t, form, "#checker-form", webtest.Values{"sent_request": s.request, "string_to_sign": s.text})
		if p.Status != 422 || !strings.Contains(p.Text("#"+s.field+"-note"), s.want) || p.Text("#"+s.field+"-note") == "" || p.Has("#result") {
			t.Errorf("%.20q, %.20q: got %d, %q, want %q", s.request, s.text, p.Status, p.Text("#"+s.field+"-note"), s.want)
		}
	}
	if p := site.Visitor(t).Get(t, "/api/checker"); p.Status != 303 && p.Status != 401 {
		t.Errorf("a visitor: got %d, want them sent to sign in", p.Status)
	}
}

func TestCheckerTakesWhatIsPastedAsText(t *testing.T) {
	t.Parallel()
	site := open(t)
	c := site.SignIn(t, models.Viewer)
	const hostile = `<script>alert(1)</script>`
	r := sign.Request{Method: "POST", Path: "/pop/v1/wam/storage", Query: "a=" + hostile, Host: "desk", Header: http.Header{"X-Acs-A": {hostile}}}.
		SignROA("k", "s", site.DB.Now(), "")
	p := c.Post(t, "/api/checker", map[string][]string{"sent_request": {wire(r)}, "string_to_sign": {"POST\n\n\n\n\n" + hostile + "\n/"}})
	if p.Status != 200 || strings.Contains(p.Body, hostile) || !strings.Contains(p.Text("#comparison"), hostile) {
		t.Errorf("got %d, want the text shown as text", p.Status)
	}
}

func TestEveryDescribedOperationHasItsPageAndWords(t *testing.T) {
	t.Parallel()
	site := open(t)
	var described struct {
		Paths      map[string]map[string]json.RawMessage
		Components struct{ Examples map[string]any }
	}
	if err := json.Unmarshal(api.Documented().OpenAPI(), &described); err != nil {
		t.Fatal(err)
	}
	for name := range described.Components.Examples {
		_, name, _ = strings.Cut(name, ".") // behind the product
		if !i18n.Has(t.Context(), "api.error."+name) {
			t.Errorf("the error %s has no words", name)
		}
	}
	c := site.SignIn(t, models.Viewer)
	guide := strings.Join(c.Get(t, "/api").Links("main"), " ")
	n := 0
	for path, methods := range described.Paths {
		for method, raw := range methods {
			var op struct{ OperationID string }
			if json.Unmarshal(raw, &op) != nil || op.OperationID == "" {
				continue
			}
			n++
			p := c.Get(t, "/api/"+op.OperationID)
			if p.Status != 200 || !p.Has("#params") || p.Find("#errors tbody tr").Length() == 0 || p.Find("#errors-before tbody tr").Length() == 0 || !p.Has("#reply pre, #reply p") {
				t.Errorf("%s %s: got %d, want %s with parameters, reply and errors", method, path, p.Status, op.OperationID)
			}
			for _, row := range p.Find("#params tbody tr").EachIter() {
				if words := row.Find("td").Last().Text(); words == "" || strings.Contains(words, "api.param.") {
					t.Errorf("%s: the parameter %s has no words", op.OperationID, row.Find("th code").Text())
				}
			}
			if !strings.Contains(guide, "/api/"+op.OperationID) {
				t.Errorf("the guide does not lead to %s", op.OperationID)
			}
		}
	}
	if n == 0 {
		t.Fatal("got no operations, want those that are served")
	}
	for _, o := range api.Documented() {
		if !i18n.Has(t.Context(), "api.op."+o.Name) {
			t.Errorf("%s has no words", o.Name)
		}
	}
	if p := c.Get(t, "/api/openapi.json"); p.Status != 200 || p.Header.Get("Content-Type") != "application/json; charset=utf-8" || p.Body != string(api.Documented().OpenAPI()) {
		t.Errorf("the description: got %d of %s, want it as it is", p.Status, p.Header.Get("Content-Type"))
	}
	if p := c.Get(t, "/api/NoSuchOperation"); p.Status != 404 {
		t.Errorf("an unknown operation: got %d, want 404", p.Status)
	}
}
