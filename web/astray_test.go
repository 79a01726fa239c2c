package web_test

import (
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/gin-gonic/gin"

	"quartermaster/views/layout"
	"quartermaster/web"
	"quartermaster/web/webtest"
)

// came is a request as it came to the site, and what its page says of that.
type came struct {
	name   string
	site   web.Site
	host   string // "" for the one that the test's server listens on
	header http.Header
	want   string // the title of the notice, "" for none
	cure   string // what is among the lines for the administrator
	link   string // where the reader is sent
}

const ownSite = "https://desk.example.com"

var comings = []came{
	{name: "its own address", site: web.Site{BaseURL: ownSite}, host: "desk.example.com"},
	{name: "its own address with the usual port", site: web.Site{BaseURL: ownSite}, host: "DESK.example.com:443"},
	{name: "no address at all", host: "anything.example"},
	{name: "another host", site: web.Site{BaseURL: ownSite}, host: "10.0.0.5:8080",
		want: "not the site’s own address", cure: "proxy_set_header Host $http_host;", link: ownSite + "/page?a=1"},
	{name: "without its port", site: web.Site{BaseURL: ownSite + ":8443"}, host: "desk.example.com",
		want: "not the site’s own address", cure: "proxy_set_header Host $http_host;", link: ownSite + ":8443/page?a=1"},
	{name: "a name of this machine for itself", site: web.Site{BaseURL: "http://127.0.0.1:8080", Assumed: true}, host: "localhost:8080"},
	{name: "nobody said which", site: web.Site{BaseURL: "http://localhost:8080", Assumed: true}, host: "10.0.0.5:8080",
		want: "address is not set", cure: "--base-url=http://10.0.0.5:8080"},
	{name: "nobody said which, behind TLS", site: web.Site{BaseURL: "http://localhost:8080", Assumed: true, Proxies: []string{"127.0.0.0/8"}},
		host: "desk.example.com", header: http.Header{"X-Forwarded-Proto": {"https"}},
		want: "address is not set", cure: "--base-url=" + ownSite},
	{name: "no TLS, says a proxy", site: web.Site{BaseURL: ownSite, Proxies: []string{"127.0.0.1"}}, host: "desk.example.com",
		header: http.Header{"X-Forwarded-Proto": {"http"}},
		want:   "not encrypted", cure: "proxy_set_header X-Forwarded-Proto $scheme;", link: ownSite + "/page?a=1"},
	{name: "no TLS, says anybody", site: web.Site{BaseURL: ownSite, Proxies: []string{"10.0.0.1"}}, host: "desk.example.com",
		header: http.Header{"X-Forwarded-Proto": {"http"}}},
	{name: "TLS that nobody set", site: web.Site{BaseURL: "http://desk.example.com", Proxies: []string{"127.0.0.1"}}, host: "desk.example.com",
		header: http.Header{"X-Forwarded-Proto": {"https, http"}}, want: "without https", cure: "--base-url=" + ownSite},
	{name: "below a path", site: web.Site{BaseURL: ownSite}, host: "desk.example.com", header: http.Header{"X-Forwarded-Prefix": {"/quartermaster"}},
		want: "cannot be served below a path", cure: "location / {", link: ownSite + "/page?a=1"},
	{name: "below the root", site: web.Site{BaseURL: ownSite}, host: "desk.example.com", header: http.Header{"X-Forwarded-Prefix": {"/"}}},
}

// ask sends a request with a Host of its own, as from an old browser that says
// only where its page was.
func ask(t *testing.T, site *webtest.Site, method, path, host string, header http.Header) *webtest.Page {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, site.URL+path, strings.NewReader(""))
	if err != nil {
		t.Fatal(err)
	}
	req.Header = header.Clone()
	if req.Header == nil {
		req.Header = http.Header{}
	}
	req.Header.Set("Accept-Language", "en")
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if host != "" {
		req.Host = host
	}
	return site.Visitor(t).Send(t, req)
}

func TestAPageSaysWhenItWasReachedByAnotherWay(t *testing.T) {
	t.Parallel()
	shown := layout.SignedOut(layout.CardProps{Title: "A page"})
	for _, c := range comings {
		var out webtest.Log
		c.site.Log = out.Logger(slog.LevelInfo)
		site := open(t, c.site, func(e *gin.Engine) {
			e.GET("/page", web.Page(func(g *gin.Context) error { return web.Render(g, http.StatusOK, shown) }))
		})
		p := ask(t, site, http.MethodGet, "/page?a=1", c.host, c.header)
		if p.Status != 200 || p.Text("h1") != "A page" {
			t.Fatalf("%s: got %d %q, want the page", c.name, p.Status, p.Text("h1"))
		}
		if got := p.Text(".astray .callout-title"); p.Has(".astray") != (c.want != "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: got the notice %q, want %q", c.name, got, c.want)
		}
		if got := p.Find(".astray .cure code").Text(); !strings.Contains(got, c.cure) {
			t.Errorf("%s: got the cure %q, want %q", c.name, got, c.cure)
		}
		if got := strings.Join(p.Links(".astray"), " "); got != c.link {
			t.Errorf("%s: got links to %q, want %q", c.name, got, c.link)
		}
		if line := out.Line(t, "path=/page"); strings.Contains(line, "astray=") != (c.want != "") {
			t.Errorf("%s: got the line %q", c.name, line)
		}
	}
}

// What a request says of its host is for reading: no link is made of it, and
// nothing of it is markup.
func TestTheHostOfARequestIsTextAlone(t *testing.T) {
	t.Parallel()
	site := open(t, web.Site{BaseURL: ownSite}, func(e *gin.Engine) {
		e.GET("/page", web.Page(func(g *gin.Context) error {
			return web.Render(g, http.StatusOK, layout.SignedOut(layout.CardProps{Title: "A page"}))
		}))
	})
	long := strings.Repeat("x", 5000) + ".example"
	for _, host := range []string{"evil.example", "evil.example&'*", long} {
		p := ask(t, site, http.MethodGet, "/page", host, http.Header{"X-Forwarded-Host": {"evil.example"}})
		for _, link := range append(p.Links("body"), p.Find("form").Map(func(_ int, f *goquery.Selection) string { return f.AttrOr("action", "") })...) {
			if strings.Contains(link, "evil") || strings.Contains(link, "xxx") {
				t.Errorf("%.30s: got a link to %.60s", host, link)
			}
		}
		if len(p.Text(".astray")) > 1000 || !p.Has(".astray") {
			t.Errorf("%.30s: got a notice of %d letters", host, len(p.Text(".astray")))
		}
	}
	for _, prefix := range []string{`/<img src=x>`, "/\u202egnp", "/" + strings.Repeat("y", 5000)} {
		p := ask(t, site, http.MethodGet, "/page", "desk.example.com", http.Header{"X-Forwarded-Prefix": {prefix}})
		if p.Has(".astray img") || strings.ContainsRune(p.Body, '\u202e') || len(p.Text(".astray")) > 1000 || !p.Has(".astray") {
			t.Errorf("%.30q: got the notice %.300q", prefix, p.Text(".astray"))
		}
	}
}

func TestAFormThatCameByAnotherWayIsRefusedWithTheReason(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		came
		origin, fetched string
		status          int
	}{
		{came: came{name: "our own page", site: web.Site{BaseURL: ownSite}, host: "desk.example.com"}, origin: ownSite, status: 204},
		{came: came{name: "a proxy that changes the host, with the site's address set", site: web.Site{BaseURL: ownSite}, host: "127.0.0.1:8080"}, origin: ownSite, status: 204},
		{came: came{name: "a proxy that changes the host", site: web.Site{BaseURL: "http://127.0.0.1:8080", Assumed: true}, host: "127.0.0.1:8080",
			want: "came from another address", cure: "proxy_set_header Host $http_host;"}, origin: "http://desk.example.com", status: 403},
		{came: came{name: "a site's page in an old browser", site: web.Site{BaseURL: ownSite}, host: "desk.example.com",
			want: "came from another address", cure: "proxy_set_header Host $http_host;", link: ownSite + "/"}, origin: "https://evil.example", status: 403},
		{came: came{name: "another site's page", site: web.Site{BaseURL: ownSite}, host: "desk.example.com",
			want: "came from another site’s page"}, origin: "https://evil.example", fetched: "cross-site", status: 403},
		{came: came{name: "a page without TLS", site: web.Site{BaseURL: ownSite}, host: "desk.example.com",
			want: "not encrypted", cure: "return 308 https://", link: ownSite + "/"}, origin: "http://desk.example.com", status: 403},
		{came: came{name: "this machine without TLS", site: web.Site{BaseURL: ownSite}, host: "127.0.0.1:8080"}, origin: "http://127.0.0.1:8080", status: 204},
		{came: came{name: "a proxy without TLS", site: web.Site{BaseURL: ownSite, Proxies: []string{"127.0.0.1"}}, host: "desk.example.com",
			header: http.Header{"X-Forwarded-Proto": {"http"}}, want: "not encrypted", cure: "return 308 https://", link: ownSite + "/"}, status: 403},
	} {
		var out webtest.Log
		c.site.Log = out.Logger(slog.LevelInfo)
		site := open(t, c.site, func(e *gin.Engine) {
			e.POST("/sign-in", web.Authenticate, web.Guest, func(g *gin.Context) { g.Status(http.StatusNoContent) })
		})
		header := http.Header{}
		for name, value := range map[string]string{"Origin": c.origin, "Sec-Fetch-Site": c.fetched} {
			if value != "" {
				header.Set(name, value)
			}
		}
		for name, values := range c.header {
			header[name] = values
		}
		p := ask(t, site, http.MethodPost, "/sign-in", c.host, header)
		if p.Status != c.status {
			t.Errorf("%s: got %d, want %d", c.name, p.Status, c.status)
		}
		if c.status == http.StatusNoContent {
			continue
		}
		if got := p.Text("h1"); !strings.Contains(got, c.want) || p.Has(".astray") || p.Text(".outside-lead") == "" {
			t.Errorf("%s: got the title %q, want %q once", c.name, got, c.want)
		}
		if got := p.Find(".cure code").Text(); !strings.Contains(got, c.cure) || strings.Contains(got, "evil") {
			t.Errorf("%s: got the cure %q, want %q", c.name, got, c.cure)
		}
		if got := strings.Join(p.Links(".stack > p"), " "); got != c.link {
			t.Errorf("%s: got links to %q, want %q", c.name, got, c.link)
		}
		if c.origin != "" && c.want == "came from another address" && !strings.Contains(p.Text(".outside-lead"), c.origin) {
			t.Errorf("%s: got %q, want %s named", c.name, p.Text(".outside-lead"), c.origin)
		}
		out.Line(t, "level=WARN", "refused by the way it came", "base_url="+c.site.BaseURL)
		header.Set("Hx-Request-Type", "partial")
		if p = ask(t, site, http.MethodPost, "/sign-in", c.host, header); !strings.Contains(p.Text(".toast"), c.want) {
			t.Errorf("%s, by htmx: got the notice %q, want %q", c.name, p.Text(".toast"), c.want)
		}
	}
}

func TestAPathBelowAnotherIsNamed(t *testing.T) {
	t.Parallel()
	site := open(t, web.Site{BaseURL: ownSite, Calls: []string{"v1"}}, func(e *gin.Engine) {
		e.GET("/sign-in", func(g *gin.Context) { g.Status(http.StatusNoContent) })
		e.GET("/stores/:id", func(g *gin.Context) { g.Status(http.StatusNoContent) })
	})
	below := func(prefix string) string {
		if prefix == "" {
			return "or it was deleted"
		}
		return "serves this site below " + prefix + ":"
	}
	c := site.Visitor(t)
	for path, want := range map[string]string{
		"/quartermaster/sign-in": "/quartermaster", "/tools/desk/stores/1": "/tools/desk", "/nothing": "", "/stores/1/stores": "", "/": "",
		"/a/b/c/d/e/f/stores": "",
	} {
		p := c.Get(t, path)
		text := p.Text(".outside-lead")
		if p.Status != 404 || !strings.Contains(text, below(want)) || p.Has(".outside-card .cure code") != (want != "") {
			t.Errorf("%s: got %d %q, want %q named", path, p.Status, text, want)
		}
	}
	if p := c.Post(t, "/quartermaster/v1/stores/list", url.Values{}); p.Status != 404 || !strings.HasPrefix(p.Body, "The APIs cannot be served below /quartermaster: ") {
		t.Errorf("a call below a path: got %d %q, want one sentence", p.Status, p.Body)
	}
}
