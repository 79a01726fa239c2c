package web_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/a-h/templ"
	"github.com/gin-gonic/gin"
	"github.com/google/go-cmp/cmp"

	"quartermaster/models"
	"quartermaster/models/modelstest"
	"quartermaster/views/ui"
	"quartermaster/web"
	"quartermaster/web/webtest"
)

// open serves the routes that a test adds to the real engine.
func open(t *testing.T, site web.Site, routes func(*gin.Engine)) *webtest.Site {
	t.Helper()
	site.DB = modelstest.Open(t)
	e, err := web.New(&site)
	if err != nil {
		t.Fatalf("engine: %v", err)
	}
	routes(e)
	return webtest.New(t, site.DB, web.Serve(e))
}

// page is a page with a part that can be had alone.
func page(filler string) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		part := templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
			_, err := io.WriteString(w, `<p id="part">part</p>`+filler)
			return err
		})
		if _, err := io.WriteString(w, "<h1>whole</h1>"); err != nil {
			return err
		}
		return templ.Fragment("part").Render(templ.WithChildren(ctx, part), w)
	})
}

func TestStatusOfEachError(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  error
		want int
	}{
		{models.ErrNotFound, 404},
		{fmt.Errorf("find: %w", models.ErrNotFound), 404},
		{models.ErrForbidden, 403},
		{models.ErrUnauthenticated, 401},
		{models.ErrConflict, 409},
		{models.ErrTooLarge, 413},
		{&http.MaxBytesError{Limit: 1}, 413},
		{models.Invalid{{Field: "a", Rule: "b"}}, 422},
		{models.Throttled{}, 429},
		{models.ErrBusy, 503},
		{models.ErrMoved, 503},
		{context.DeadlineExceeded, 503},
		{models.ErrNoSpace, 507},
		{&fs.PathError{Op: "write", Path: "multipart-1", Err: syscall.ENOSPC}, 507},
		{errors.New("anything else"), 500},
	} {
		if got := web.Status(c.err); got != c.want {
			t.Errorf("status of %v: got %d, want %d", c.err, got, c.want)
		}
	}
}

func TestAPageIsWrittenWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	const secret = "dial tcp 10.0.0.7: password of the database"
	site := open(t, web.Site{}, func(e *gin.Engine) {
		e.GET("/breaks", web.Page(func(c *gin.Context) error {
			return web.Render(c, http.StatusOK, templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
				_, _ = io.WriteString(w, "<h1>unfinished</h1>")
				return errors.New(secret)
			}))
		}))
		e.GET("/panics", web.Page(func(*gin.Context) error { panic(secret) }))
	})
	c := site.Visitor(t)
	for _, path := range []string{"/breaks", "/panics"} {
		p := c.Get(t, path)
		if p.Status != 500 || strings.Contains(p.Body, "unfinished") || strings.Contains(p.Body, secret) || strings.Contains(p.Body, "goroutine") {
			t.Errorf("%s: got %d and %q, want the page of a fault and nothing of its cause", path, p.Status, p.Text("main"))
		}
		if id := p.Header.Get("X-Request-Id"); len(id) < 26 || !strings.Contains(p.Body, id) {
			t.Errorf("%s: page does not show its request id %q", path, id)
		}
	}
}

func TestEveryRefusalHasAPage(t *testing.T) {
	t.Parallel()
	site := open(t, web.Site{}, func(e *gin.Engine) {
		e.GET("/get", func(c *gin.Context) { c.String(200, "ok") })
		e.POST("/post", web.Page(func(c *gin.Context) error {
			var in struct {
				A string `form:"a"`
			}
			_, err := web.Decode(c, &in)
			return err
		}))
		for status, err := range map[string]error{
			"403": models.ErrForbidden, "409": models.ErrConflict, "429": models.Throttled{RetryAfter: 1}, "503": models.ErrBusy, "507": models.ErrNoSpace, "moved": models.ErrMoved,
		} {
			e.GET("/"+status, web.Page(func(*gin.Context) error { return err }))
		}
	})
	c := site.Visitor(t)
	many := url.Values{}
	for i := range 1001 {
		many.Add("a", fmt.Sprint(i))
	}
	for _, r := range []struct {
		name, method, path string
		form               url.Values
		header             http.Header
		want               int
	}{
		{"unknown path", "GET", "/nothing", nil, nil, 404},
		{"unknown path with a slash", "GET", "/get/", nil, nil, 404},
		{"wrong method", "POST", "/get", nil, nil, 405},
		{"forbidden", "GET", "/403", nil, nil, 403},
		{"conflict", "GET", "/409", nil, nil, 409},
		{"throttled", "GET", "/429", nil, nil, 429},
		{"busy", "GET", "/503", nil, nil, 503},
		{"full disk", "GET", "/507", nil, nil, 507},
		{"moved database", "GET", "/moved", nil, nil, 503},
		{"long address", "GET", "/get?q=" + strings.Repeat("x", 9000), nil, nil, 414},
		{"large body", "POST", "/post", url.Values{"a": {strings.Repeat("x", 2<<20)}}, nil, 413},
		{"many fields", "POST", "/post", many, nil, 413},
		{"compressed body", "POST", "/post", url.Values{"a": {"b"}}, http.Header{"Content-Encoding": {"gzip"}}, 415},
		{"another form of data", "POST", "/post", url.Values{"a": {"b"}}, http.Header{"Content-Type": {"application/json"}}, 415},
		{"broken escapes", "GET", "/nothing?%zz", nil, nil, 404},
		{"another site's page", "POST", "/post", url.Values{}, http.Header{"Sec-Fetch-Site": {"cross-site"}}, 403},
		{"another site's page in an old browser", "POST", "/post", url.Values{}, http.Header{"Sec-Fetch-Site": nil, "Origin": {"https://evil.example"}}, 403},
		{"another site's page that says it is htmx", "POST", "/post", url.Values{}, http.Header{"Sec-Fetch-Site": {"cross-site"}, "Hx-Request": {"true"}}, 403},
	} {
		p := c.Do(t, r.method, r.path, r.form, r.header)
		if p.Status != r.want {
			t.Errorf("%s: got %d, want %d", r.name, p.Status, r.want)
		}
		if p.Text("h1") == "" || strings.Contains(p.Body, "error.") || !p.Has("a[href='/']") {
			t.Errorf("%s: got no page that says what to do: %q", r.name, p.Text("main"))
		}
		if after := p.Header.Get("Retry-After"); (after != "") != (r.want == 429 || r.want == 503) {
			t.Errorf("%s: got Retry-After %q", r.name, after)
		}
		if csp := p.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "object-src 'none'") {
			t.Errorf("%s: got content policy %q", r.name, csp)
		}
		if got := p.Header.Get("Cache-Control"); got != "no-store" {
			t.Errorf("%s: got Cache-Control %q, want no-store", r.name, got)
		}
	}
}

func TestAPartOfAPageIsAnsweredWithThatPart(t *testing.T) {
	t.Parallel()
	site := open(t, web.Site{}, func(e *gin.Engine) {
		e.GET("/", web.Page(func(c *gin.Context) error { return web.Render(c, 200, page("")) }))
		e.GET("/fails", web.Page(func(c *gin.Context) error { return errors.New("no") }))
	})
	c := site.Visitor(t)
	for _, r := range []struct {
		name   string
		header http.Header
		whole  bool
	}{
		{"plain", nil, true},
		{"htmx for the part", http.Header{"Hx-Request-Type": {"partial"}, "Hx-Target": {"p#part"}}, false},
		{"htmx for the page", http.Header{"Hx-Request": {"true"}, "Hx-Request-Type": {"full"}, "Hx-Target": {"p#part"}}, true},
		{"htmx going back", http.Header{"Hx-History-Restore-Request": {"true"}, "Hx-Target": {"p#part"}}, true},
		{"htmx for what the page has not", http.Header{"Hx-Request-Type": {"partial"}, "Hx-Target": {"p#other"}}, true},
	} {
		p := c.Do(t, "GET", "/", nil, r.header)
		if !p.Has("#part") || p.Has("h1") != r.whole {
			t.Errorf("%s: got %q, want the whole page %v", r.name, p.Body, r.whole)
		}
		if vary := p.Header.Get("Vary"); !strings.Contains(vary, "HX-Request-Type") || !strings.Contains(vary, "Cookie") {
			t.Errorf("%s: got Vary %q", r.name, vary)
		}
		if got := p.Header.Get("Cache-Control"); got != "no-store" {
			t.Errorf("%s: got Cache-Control %q, want no-store", r.name, got)
		}
	}
	p := c.GetHX(t, "/fails", "p#part")
	if p.Status != 500 || p.Has("h1") || p.Header.Get("HX-Retarget") != "#toast" || !p.Has(".toast") {
		t.Errorf("fault of a part: got %d and %q, want a notice for #toast", p.Status, p.Body)
	}
}

func TestPagesAreCompressedWhereItHelps(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("资源台 ", 1000)
	site := open(t, web.Site{}, func(e *gin.Engine) {
		e.GET("/long", web.Page(func(c *gin.Context) error { return web.Render(c, 200, page(long)) }))
		e.GET("/short", web.Page(func(c *gin.Context) error { return web.Render(c, 200, page("")) }))
	})
	for _, r := range []struct {
		path, accept string
		want         bool
	}{
		{"/long", "gzip", true},
		{"/long", "br, GZIP;q=0.5", true},
		{"/long", "gzip;q=0", false},
		{"/long", "identity", false},
		{"/short", "gzip", false},
	} {
		p := site.Visitor(t).Do(t, "GET", r.path, nil, http.Header{"Accept-Encoding": {r.accept}})
		body := p.Body
		if got := p.Header.Get("Content-Encoding") == "gzip"; got != r.want {
			t.Errorf("%s accepting %q: got compressed %v, want %v", r.path, r.accept, got, r.want)
			continue
		}
		if r.want {
			zip, err := gzip.NewReader(strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			text, err := io.ReadAll(zip)
			if err != nil {
				t.Fatal(err)
			}
			body = string(text)
		}
		if r.path == "/long" && !strings.HasSuffix(body, long) {
			t.Errorf("%s accepting %q: the page does not come out whole", r.path, r.accept)
		}
	}
	if p := site.Visitor(t).Do(t, "HEAD", "/long", nil, nil); p.Status != 200 || p.Body != "" {
		t.Errorf("HEAD: got %d with %d bytes, want 200 with none", p.Status, len(p.Body))
	}
}

func TestHTMXIsToldToLeaveForTheNextPage(t *testing.T) {
	t.Parallel()
	site := open(t, web.Site{}, func(e *gin.Engine) {
		e.POST("/", web.Page(func(c *gin.Context) error { return web.SeeOther(c, "/next") }))
	})
	c := site.Visitor(t)
	if p := c.Post(t, "/", nil); p.Status != 303 || p.Header.Get("Location") != "/next" {
		t.Errorf("plain form: got %d to %q, want 303 to /next", p.Status, p.Header.Get("Location"))
	}
	p := c.Do(t, "POST", "/", nil, http.Header{"Hx-Request-Type": {"partial"}, "Hx-Target": {"form#f"}})
	if p.Status != 204 || p.Header.Get("HX-Redirect") != "/next" || p.Header.Get("Location") != "" {
		t.Errorf("htmx: got %d to %q, want 204 with HX-Redirect to /next", p.Status, p.Location())
	}
}

// base is embedded, as inputs are in forms with fields of their own.
type base struct {
	Name string `form:"name"`
	Num  int    `form:"num"`
}

type input struct {
	base
	Zones  []string `form:"zones"`
	Sizes  []int64  `form:"sizes"`
	On     bool     `form:"on"`
	TeamID string
	Hidden string `form:"-"`
}

func TestAFormIsReadAsItsInputDeclares(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		sent   url.Values
		want   input
		values url.Values
		broken models.Invalid
	}{
		{
			"what was typed", url.Values{"name": {" 王 "}, "num": {"3"}, "zones": {"a", "b"}, "sizes": {"1", "2"}, "on": {"true"}},
			input{base: base{Name: " 王 ", Num: 3}, Zones: []string{"a", "b"}, Sizes: []int64{1, 2}, On: true},
			url.Values{"name": {" 王 "}, "num": {"3"}, "zones": {"a", "b"}, "sizes": {"1", "2"}, "on": {"true"}}, nil,
		},
		{
			"figures of a Chinese keyboard", url.Values{"num": {"１２ "}}, input{base: base{Num: 12}}, url.Values{"num": {"１２ "}}, nil,
		},
		{
			"nothing for a number", url.Values{"num": {""}}, input{}, url.Values{"num": {""}}, nil,
		},
		{
			"no number", url.Values{"num": {"1e3"}, "sizes": {"1", "x"}, "name": {"n"}}, input{base: base{Name: "n"}},
			url.Values{"num": {"1e3"}, "sizes": {"1", "x"}, "name": {"n"}},
			models.Invalid{{Field: "num", Rule: "number"}, {Field: "sizes", Rule: "number"}},
		},
		{
			"a number out of range", url.Values{"num": {"99999999999999999999"}}, input{}, url.Values{"num": {"99999999999999999999"}},
			models.Invalid{{Field: "num", Rule: "number"}},
		},
		{
			"broken text", url.Values{"name": {"a\xff"}}, input{}, url.Values{"name": {"a\uFFFD"}}, models.Invalid{{Field: "name", Rule: "utf8"}},
		},
		{
			"fields nobody declared", url.Values{"TeamID": {"x"}, "Hidden": {"x"}, "team_id": {"x"}, "zones[9]": {"x"}, "name]": {"x"}, "[": {"x"}, "base.name": {"x"}},
			input{}, url.Values{}, nil,
		},
	} {
		var in input
		var form ui.Form
		var got error
		site := open(t, web.Site{}, func(e *gin.Engine) {
			e.POST("/", func(c *gin.Context) { form, got = web.Decode(c, &in) })
		})
		c.sent.Set("token", "one-time")
		site.Visitor(t).Post(t, "/", c.sent)
		var broken models.Invalid
		if got != nil && !errors.As(got, &broken) {
			t.Errorf("%s: got %v", c.name, got)
			continue
		}
		if diff := cmp.Diff(c.broken, broken); diff != "" {
			t.Errorf("%s: broken rules (-want +got):\n%s", c.name, diff)
		}
		if broken == nil {
			if diff := cmp.Diff(c.want, in, cmp.AllowUnexported(input{})); diff != "" {
				t.Errorf("%s: input (-want +got):\n%s", c.name, diff)
			}
		}
		typed := url.Values{}
		for name, v := range form.Values {
			if len(v) > 0 {
				typed[name] = v
			}
		}
		if diff := cmp.Diff(c.values, typed); diff != "" {
			t.Errorf("%s: kept values (-want +got):\n%s", c.name, diff)
		}
		if form.Token != "one-time" || !form.Values.Has("on") {
			t.Errorf("%s: got token %q and a checkbox known %v, want both", c.name, form.Token, form.Values.Has("on"))
		}
	}
}

func TestANewFormHasDefaultsWhatTheAddressSaysAndATokenOfItsOwn(t *testing.T) {
	t.Parallel()
	var forms []ui.Form
	site := open(t, web.Site{}, func(e *gin.Engine) {
		e.GET("/", func(c *gin.Context) {
			forms = append(forms, web.NewForm(c, &input{base: base{Num: 3}, Zones: []string{"a", "b"}, On: true}))
		})
	})
	c := site.Visitor(t)
	c.Get(t, "/")
	c.Get(t, "/?num=x%00&zones=c&token=theirs&other=1")
	want := url.Values{"num": {"3"}, "zones": {"a", "b"}, "on": {"true"}}
	if diff := cmp.Diff(want, forms[0].Values); diff != "" {
		t.Errorf("defaults (-want +got):\n%s", diff)
	}
	said := url.Values{"num": {"x\uFFFD"}, "zones": {"c"}, "on": {"true"}}
	if diff := cmp.Diff(said, forms[1].Values); diff != "" || forms[1].Token == "theirs" {
		t.Errorf("what the address says (-want +got):\n%s", diff)
	}
	if forms[0].Token == forms[1].Token || len(forms[0].Token) < 26 {
		t.Errorf("tokens: got %q and %q, want two of 128 bits", forms[0].Token, forms[1].Token)
	}
}

func TestOnlyPathsOfThisSiteAreFollowed(t *testing.T) {
	t.Parallel()
	for _, next := range []string{"/", "/stores", "/stores?q=a&b=%2F#x", "/中文"} {
		if got := web.LocalPath(next); got != next {
			t.Errorf("own path %q: got %q", next, got)
		}
	}
	for _, next := range []string{
		"", "stores", "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "https://evil.example/",
		"javascript:alert(1)", "/\t/evil.example", "/\n/evil.example", "\x00/", "/%zz", "http:/stores", "data:text/html,x",
	} {
		if got := web.LocalPath(next); got != "/" {
			t.Errorf("foreign %q: got %q, want /", next, got)
		}
	}
}

func TestNobodyIsSentToAnotherSite(t *testing.T) {
	t.Parallel()
	for _, to := range []string{"//evil.example/", `/\evil.example/`} {
		site := open(t, web.Site{}, func(e *gin.Engine) {
			e.POST("/", web.Page(func(c *gin.Context) error { return web.SeeOther(c, to) }))
		})
		if p := site.Visitor(t).Post(t, "/", nil); p.Location() != "/" {
			t.Errorf("%s: sent to %q", to, p.Location())
		}
	}
}

func TestAMessageIsSaidOnceOnAWholePage(t *testing.T) {
	t.Parallel()
	hostile := `<script>alert(1)</script>`
	site := open(t, web.Site{}, func(e *gin.Engine) {
		e.POST("/", web.Page(func(c *gin.Context) error {
			web.Flash(c, "setup.done", "Team", hostile)
			return web.SeeOther(c, "/missing")
		}))
	})
	c := site.Visitor(t)
	c.Post(t, "/", nil)
	if p := c.GetHX(t, "/missing", "p#part"); strings.Contains(p.Body, "Welcome") {
		t.Errorf("a part of a page took the message")
	}
	p := c.Get(t, "/missing")
	if got := p.Text("#toast"); !strings.Contains(got, hostile) || p.Has("#toast script") {
		t.Errorf("message: got %q, want the name as text", got)
	}
	if p = c.Get(t, "/missing"); p.Has("#toast *") {
		t.Errorf("message is said twice: %q", p.Text("#toast"))
	}
	for _, forged := range []string{"x", "W10", "WyJzZXR1cC5kb25lIiwxXQ", "WyJhbnl0aGluZyJd", strings.Repeat("A", 3000)} {
		c.SetCookie(t, "qm_flash", forged)
		if p := c.Get(t, "/missing"); p.Status != 404 || p.Has("#toast *") {
			t.Errorf("forged message %q: got %d %q", forged, p.Status, p.Text("#toast"))
		}
	}
	for path, leads := range map[string]bool{"/orders/1": true, "//evil.example": false, `/\\evil.example`: false, `/\t/evil.example`: false} {
		c.SetCookie(t, "qm_flash", base64.RawURLEncoding.EncodeToString([]byte(`["setup.done","Team","x","Path","`+path+`","Words","error.home"]`)))
		if p := c.Get(t, "/missing"); p.Has("#toast a") != leads || !strings.Contains(p.Text("#toast"), "Welcome") {
			t.Errorf("a message that leads to %q: got %q", path, p.Links("#toast a"))
		}
	}
}

func TestALogLineHoldsNoSecretAndBelievesNoHeader(t *testing.T) {
	t.Parallel()
	var out webtest.Log
	site := open(t, web.Site{Log: out.Logger(slog.LevelInfo)}, func(e *gin.Engine) {
		e.POST("/path", web.Page(func(c *gin.Context) error { return web.SeeOther(c, "/next?link=hush1") }))
	})
	c := site.Visitor(t)
	c.SetCookie(t, "qm_session", "hush2")
	c.Do(t, "POST", "/path?link=hush3", url.Values{"password": {"hush4"}},
		http.Header{"Authorization": {"hush5"}, "X-Forwarded-For": {"203.0.113.66"}, "X-Request-Id": {"hush6"}, "Referer": {"/?hush7"}})
	site.Visitor(t).Get(t, "/a%0aname=forged")
	text := out.String()
	if strings.Contains(text, "hush") {
		t.Errorf("log holds a secret:\n%s", text)
	}
	for _, want := range []string{"path=/path", "status=303", "address=127.0.0.1", "request="} {
		if !strings.Contains(text, want) {
			t.Errorf("log has no %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "203.0.113.66") || strings.Contains(text, "\nname=forged") {
		t.Errorf("log believes what a request says:\n%s", text)
	}
}

func TestWhatIsAskedForOverAndOverIsLoggedQuietly(t *testing.T) {
	t.Parallel()
	var out webtest.Log
	site := open(t, web.Site{Log: out.Logger(slog.LevelInfo)}, func(e *gin.Engine) {
		answer := func(c *gin.Context) { c.String(http.StatusOK, "ok") }
		e.GET("/quiet", web.Quiet, answer)
		e.GET("/polled", web.Polled, answer)
		e.GET("/broken", web.Quiet, web.Page(func(*gin.Context) error { return models.ErrBusy }))
		e.GET("/last", answer)
	})
	c := site.Visitor(t)
	c.Get(t, "/quiet")
	c.GetHX(t, "/polled", "div#part")
	c.Get(t, "/broken")
	c.Get(t, "/last")
	out.Line(t, "path=/last")
	out.Line(t, "path=/broken", "status=503")
	c.Get(t, "/polled")
	out.Line(t, "path=/polled")
	if got := strings.Count(out.String(), "path=/polled"); got != 1 || strings.Contains(out.String(), "path=/quiet") {
		t.Errorf("got %d lines of the page that polls, want only that of the page itself and none of /quiet:\n%s", got, &out)
	}
}

func TestHeadersOfASiteWithTLS(t *testing.T) {
	t.Parallel()
	site := open(t, web.Site{BaseURL: "https://desk.example.com"}, func(e *gin.Engine) {
		e.POST("/", web.Page(func(c *gin.Context) error {
			web.SignIn(c, models.SignedIn{Token: "token", Browser: "browser"})
			return web.SeeOther(c, web.SiteURL(c.Request.Context(), "/x"))
		}))
	})
	p := site.Visitor(t).Do(t, "POST", "/", nil, http.Header{"Sec-Fetch-Site": nil, "Origin": {"https://desk.example.com"}, "X-Forwarded-Host": {"evil.example"}})
	if p.Status != 303 || p.Location() != "https://desk.example.com/x" {
		t.Fatalf("behind a proxy with another host: got %d to %q", p.Status, p.Location())
	}
	if p.Header.Get("Strict-Transport-Security") == "" {
		t.Errorf("got no Strict-Transport-Security")
	}
	cookies := p.Header.Values("Set-Cookie")
	if len(cookies) != 2 {
		t.Fatalf("cookies: got %q, want two", cookies)
	}
	for _, k := range cookies {
		attrs := strings.Split(k, "; ")
		for _, want := range []string{"HttpOnly", "Secure", "SameSite=Lax", "Path=/"} {
			if !slices.Contains(attrs, want) {
				t.Errorf("cookie %q has no %s", k, want)
			}
		}
		if !strings.HasPrefix(k, "__Host-qm_") || strings.Contains(k, "Domain") {
			t.Errorf("cookie %q is not bound to this host", k)
		}
	}
}

func TestAStreamMayCarryMoreThanAForm(t *testing.T) {
	t.Parallel()
	read := func(c *gin.Context) error {
		n, err := io.Copy(io.Discard, c.Request.Body)
		if err == nil {
			c.String(200, "%d", n)
		}
		return err
	}
	site := open(t, web.Site{}, func(e *gin.Engine) {
		e.POST("/form", web.Page(read))
		e.POST("/stream", web.Upload(3<<20), web.Page(read))
	})
	send := func(path string, n int) *webtest.Page {
		req, err := http.NewRequestWithContext(t.Context(), "POST", site.URL+path, bytes.NewReader(make([]byte, n)))
		if err != nil {
			t.Fatal(err)
		}
		return site.Visitor(t).Send(t, req)
	}
	if p := send("/form", 2<<20); p.Status != 413 {
		t.Errorf("2 MiB as a form: got %d, want 413", p.Status)
	}
	if p := send("/stream", 2<<20); p.Status != 200 || p.Body != fmt.Sprint(2<<20) {
		t.Errorf("2 MiB as a stream: got %d %s, want all of it", p.Status, p.Body)
	}
	if p := send("/stream", 3<<20+1); p.Status != 413 {
		t.Errorf("more than the stream's limit: got %d, want 413", p.Status)
	}
}

// It sets where temporary files go, for the whole process, so it runs alone.
func TestFilesOfAFormGoWithTheRequest(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("TMPDIR", folder)
	held := 0
	site := open(t, web.Site{}, func(e *gin.Engine) {
		e.POST("/", web.Upload(8<<20), web.Page(func(c *gin.Context) error {
			var in struct{}
			_, err := web.Decode(c, &in)
			entries, _ := os.ReadDir(folder)
			held = len(entries)
			if c.Query("panic") != "" {
				panic("a test's own")
			}
			return err
		}))
	})
	for _, path := range []string{"/", "/?panic=1"} {
		var body bytes.Buffer
		form := multipart.NewWriter(&body)
		w, err := form.CreateFormFile("file", "large")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(make([]byte, 4<<20)); err != nil {
			t.Fatal(err)
		}
		form.Close()
		req, err := http.NewRequestWithContext(t.Context(), "POST", site.URL+path, &body)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", form.FormDataContentType())
		site.Visitor(t).Send(t, req)
		if held == 0 {
			t.Fatalf("%s: the file was never on the disk, so this test shows nothing", path)
		}
		if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
			t.Errorf("%s: got %d files left, %v; want none", path, len(left), err)
		}
	}
}
