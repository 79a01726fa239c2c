// Package webtest is a browser for tests: it signs people in, follows their
// cookies, submits forms as a browser or as htmx would, and reads pages with CSS
// selectors.
package webtest

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"quartermaster/models"
	"quartermaster/models/modelstest"
)

// Password is the password of everybody whom SignIn signs in.
const Password = "a long walk by the river" // #nosec G101 -- for tests

// Site is a running server with a throwaway database.
type Site struct {
	DB  *models.DB
	URL string
	// Team has a member in every role; Other is another team, whose things must
	// not exist for the first.
	Team, Other modelstest.Team
	// Transport carries the requests; nil is the usual one.
	Transport http.RoundTripper
}

// New serves h until the test ends, with two teams in db.
func New(t testing.TB, db *models.DB, h http.Handler) *Site {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return &Site{DB: db, URL: server.URL, Team: modelstest.NewTeam(t, db), Other: modelstest.NewTeam(t, db)}
}

// Client is one browser. It follows no redirects, so that a test sees them.
type Client struct {
	site *Site
	http *http.Client
	// Header is sent with every request.
	Header http.Header
}

// Visitor is a browser in which nobody is signed in. It reads English.
func (s *Site) Visitor(t testing.TB) *Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatalf("cookie jar: %v", err)
	}
	return &Client{site: s, Header: http.Header{"Accept-Language": {"en"}}, http: &http.Client{
		Jar:           jar,
		Transport:     s.Transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// SignIn is a browser in which the member of the team who has that role is
// signed in.
func (s *Site) SignIn(t testing.TB, role models.Role) *Client {
	t.Helper()
	return s.SignInAs(t, s.Team, role)
}

// SignInOther is SignIn for the other team.
func (s *Site) SignInOther(t testing.TB, role models.Role) *Client {
	t.Helper()
	return s.SignInAs(t, s.Other, role)
}

// peers gives every browser an address of its own in tests that need it.
var peers atomic.Int64

// SignInAs is a browser in which a member of the given team is signed in.
func (s *Site) SignInAs(t testing.TB, team modelstest.Team, role models.Role) *Client {
	t.Helper()
	by := map[models.Role]models.Actor{
		models.Viewer: team.Viewer, models.Requester: team.Requester, models.Approver: team.Approver, models.Admin: team.Admin,
	}[role]
	ctx := t.Context()
	user, err := s.DB.FindUser(ctx, by)
	if err != nil {
		t.Fatalf("find user: %v", err)
	}
	if user.PasswordHash == "" {
		if err := s.DB.ResetPassword(ctx, models.Operator(), user.Email, Password); err != nil {
			t.Fatalf("set password: %v", err)
		}
	}
	from := models.Actor{Face: models.ByForm, Address: fmt.Sprintf("test-%d", peers.Add(1)), Agent: "webtest"}
	begun, err := s.DB.SignIn(ctx, from, models.SignInInput{Email: user.Email, Password: Password}, "")
	if err != nil {
		t.Fatalf("sign in: %v", err)
	}
	c := s.Visitor(t)
	c.SetCookie(t, "qm_session", begun.Token)
	return c
}

// SetCookie gives the browser a cookie.
func (c *Client) SetCookie(t testing.TB, name, value string) {
	t.Helper()
	c.http.Jar.SetCookies(c.base(t), []*http.Cookie{{Name: c.named(t, name), Value: value, Path: "/"}}) // #nosec G124 -- for tests
}

// named is what the site at its port calls a cookie.
func (c *Client) named(t testing.TB, name string) string {
	t.Helper()
	if port := c.base(t).Port(); port != "" {
		return name + "_" + port
	}
	return name
}

// Cookie is the value of one of the browser's cookies, or "".
func (c *Client) Cookie(t testing.TB, name string) string {
	t.Helper()
	name = c.named(t, name)
	for _, k := range c.http.Jar.Cookies(c.base(t)) {
		if k.Name == name {
			return k.Value
		}
	}
	return ""
}

func (c *Client) base(t testing.TB) *url.URL {
	t.Helper()
	u, err := url.Parse(c.site.URL)
	if err != nil {
		t.Fatalf("site address: %v", err)
	}
	return u
}

// Page is an answer.
type Page struct {
	*goquery.Document
	Status int
	Header http.Header
	Body   string
	// Path is what was asked for.
	Path string
}

// Text is the text of the first element that the selector finds, with its
// spaces made single.
func (p *Page) Text(selector string) string {
	return strings.Join(strings.Fields(p.Find(selector).First().Text()), " ")
}

// Has tells whether the selector finds anything.
func (p *Page) Has(selector string) bool { return p.Find(selector).Length() > 0 }

// Links are the addresses of the links that the selector finds, or of those
// within what it finds.
func (p *Page) Links(selector string) []string {
	found := p.Find(selector)
	links := found.Filter("a[href]").AddSelection(found.Find("a[href]"))
	return links.Map(func(_ int, a *goquery.Selection) string { return a.AttrOr("href", "") })
}

// Location is where the answer sends the reader: by a redirect, or, for htmx,
// by the header that stands for one.
func (p *Page) Location() string {
	if to := p.Header.Get("HX-Redirect"); to != "" {
		return to
	}
	return p.Header.Get("Location")
}

// Values are what is typed into a form, by the names of its fields. Several
// values go into one field with Add on Form.
type Values map[string]string

// Get asks for a page, and once more where that is a form, which is redirected to
// its address with a token.
func (c *Client) Get(t testing.TB, path string) *Page {
	t.Helper()
	p := c.Do(t, http.MethodGet, path, nil, nil)
	plain, _, _ := strings.Cut(path, "?")
	if p.Status == http.StatusSeeOther && strings.HasPrefix(p.Location(), plain+"?") {
		return c.Do(t, http.MethodGet, p.Location(), nil, nil)
	}
	return p
}

// GetHX asks for a page's piece as htmx does for an element, written "tag#id".
func (c *Client) GetHX(t testing.TB, path, target string) *Page {
	t.Helper()
	return c.Do(t, http.MethodGet, path, nil, htmx(target))
}

// Post sends a form that no page showed, as from a page of the site.
func (c *Client) Post(t testing.TB, path string, values url.Values) *Page {
	t.Helper()
	return c.Do(t, http.MethodPost, path, values, nil)
}

// Submit fills in a form of the page and sends it, as a browser without scripts
// does: with its hidden fields and everything it was drawn with.
func (c *Client) Submit(t testing.TB, p *Page, selector string, typed Values) *Page {
	t.Helper()
	return c.submit(t, p, selector, typed, nil)
}

// SubmitHX is Submit as htmx does it for a form that replaces itself.
func (c *Client) SubmitHX(t testing.TB, p *Page, selector string, typed Values) *Page {
	t.Helper()
	return c.submit(t, p, selector, typed, htmx("form#"+p.Find(selector).AttrOr("id", "")))
}

func htmx(target string) http.Header {
	return http.Header{"Hx-Request": {"true"}, "Hx-Request-Type": {"partial"}, "Hx-Target": {target}}
}

func (c *Client) submit(t testing.TB, p *Page, selector string, typed Values, header http.Header) *Page {
	t.Helper()
	form := p.Find(selector)
	if form.Length() != 1 {
		t.Fatalf("%s has %d forms %q, want one", p.Path, form.Length(), selector)
	}
	values := Fields(form)
	for name, value := range typed {
		if form.Find(fmt.Sprintf("[name=%q]", name)).Length() == 0 {
			t.Fatalf("form %q of %s has no field %q", selector, p.Path, name)
		}
		values.Set(name, value)
	}
	method := strings.ToUpper(form.AttrOr("method", "get"))
	action := form.AttrOr("action", p.Path)
	if method == http.MethodGet {
		return c.Do(t, method, action+"?"+values.Encode(), nil, header)
	}
	return c.Do(t, method, action, values, header)
}

// Fields are what a form sends as it was drawn.
func Fields(form *goquery.Selection) url.Values {
	values := url.Values{}
	form.Find("input[name], select[name], textarea[name]").Each(func(_ int, f *goquery.Selection) {
		name := f.AttrOr("name", "")
		_, disabled := f.Attr("disabled")
		_, checked := f.Attr("checked")
		kind := f.AttrOr("type", "text")
		switch {
		case disabled, kind == "submit", kind == "file", (kind == "checkbox" || kind == "radio") && !checked:
		case f.Is("textarea"):
			values.Add(name, strings.TrimPrefix(f.Text(), "\n"))
		case f.Is("select"):
			chosen := f.Find("option[selected]")
			if chosen.Length() == 0 {
				chosen = f.Find("option").First()
			}
			chosen.Each(func(_ int, o *goquery.Selection) { values.Add(name, o.AttrOr("value", o.Text())) })
		case kind == "checkbox":
			values.Add(name, f.AttrOr("value", "on"))
		default:
			values.Add(name, f.AttrOr("value", ""))
		}
	})
	return values
}

// Do sends a request and reads the answer. A request that changes something
// says, as browsers do, that it comes from a page of the site, unless the
// client's or the given header says otherwise.
func (c *Client) Do(t testing.TB, method, path string, form url.Values, header http.Header) *Page {
	t.Helper()
	if form == nil {
		return c.do(t, method, path, nil, header)
	}
	return c.do(t, method, path, strings.NewReader(form.Encode()), http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, header)
}

// File is a file that is chosen in a field of a form.
type File struct{ Field, Name, Text string }

// Upload sends a form with files that no page showed, as a browser without scripts does.
func (c *Client) Upload(t testing.TB, path string, form url.Values, files ...File) *Page {
	t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	write := func(part io.Writer, err error, text string) {
		if err == nil {
			_, err = io.WriteString(part, text)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, values := range form {
		for _, value := range values {
			part, err := w.CreateFormField(name)
			write(part, err, value)
		}
	}
	for _, f := range files {
		part, err := w.CreateFormFile(f.Field, f.Name)
		write(part, err, f.Text)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return c.do(t, http.MethodPost, path, &body, http.Header{"Content-Type": {w.FormDataContentType()}})
}

func (c *Client) do(t testing.TB, method, path string, body io.Reader, headers ...http.Header) *Page {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, c.site.URL+path, body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	for _, h := range append([]http.Header{c.Header}, headers...) {
		for name, values := range h {
			req.Header[name] = values
		}
	}
	return c.Send(t, req)
}

// Send sends a request that a test has made itself and reads the answer.
func (c *Client) Send(t testing.TB, req *http.Request) *Page {
	t.Helper()
	res, err := c.http.Do(req)
	if err != nil {
		t.Fatalf("%s %s: %v", req.Method, req.URL.Path, err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("read %s: %v", req.URL.Path, err)
	}
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(string(text)))
	if err != nil {
		t.Fatalf("parse %s: %v", req.URL.Path, err)
	}
	return &Page{Document: doc, Status: res.StatusCode, Header: res.Header, Body: string(text), Path: req.URL.RequestURI()}
}
