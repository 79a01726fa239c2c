package web

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"quartermaster/models"
	"quartermaster/views/i18n"
	"quartermaster/views/layout"
)

// The cookies that keep a visitor's choices, for a year. They hold nothing else.
const (
	langCookie  = "qm_lang"
	themeCookie = "qm_theme"
	choiceAge   = 365 * 24 * time.Hour
)

// Two cookies keep a person signed in: one names the session, one says that
// this browser has signed somebody in before. Both are random and the database
// keeps only their hashes.
const (
	sessionCookie = "qm_session"
	browserCookie = "qm_browser"
)

// Authenticate finds out who asks. A request without a session that still holds
// is nobody's and goes on as such; a database that does not answer signs nobody
// out.
func Authenticate(c *gin.Context) {
	ctx := c.Request.Context()
	v := visitOf(ctx)
	from := models.Actor{Face: models.ByForm, Address: c.ClientIP(), Agent: c.Request.UserAgent(), RequestID: v.id}
	ctx = models.WithActor(ctx, from)
	if c.Request.Method == http.MethodGet {
		ctx = models.AskOnce(ctx)
	}
	if token := readCookie(c, sessionCookie); token != "" && v.session == nil {
		asked := ctx
		if c.FullPath() == layout.BellPath {
			asked = models.Unattended(ctx)
		}
		session, err := v.site.DB.FindSession(asked, token)
		if err != nil && !errors.Is(err, models.ErrNotFound) {
			Fail(c, err)
			return
		}
		if err == nil {
			v.session = session
			ctx = models.WithActor(ctx, session.Actor(from))
			lang := i18n.Lang(ctx)
			if session.Language != "" {
				lang = session.Language
			}
			ctx = readsIn(ctx, lang, session.Zone)
		}
	}
	c.Request = c.Request.WithContext(ctx)
	c.Next()
}

// User lets only those pass who are signed in, and sends others to sign in.
func User(c *gin.Context) {
	if SessionOf(c.Request.Context()) == nil {
		Fail(c, models.ErrUnauthenticated)
		return
	}
	c.Next()
}

// Member lets only those pass who are signed in and in a team. Who is in none
// any more is sent to the account page, which says so. A form of another team than
// that is refused.
func Member(c *gin.Context) {
	session := SessionOf(c.Request.Context())
	switch {
	case session == nil:
		Fail(c, models.ErrUnauthenticated)
	case session.TeamID == "":
		c.Abort()
		_ = SeeOther(c, "/account")
	default:
		if err := inItsTeam(c); err != nil {
			Fail(c, err)
			return
		}
		c.Next()
	}
}

// Guest lets only those pass who are not signed in; others are sent home. A form
// whose answer's cookies the browser would drop is refused before it is read:
// who sent it would be signed in for nothing, and a link that works once spent.
func Guest(c *gin.Context) {
	if SessionOf(c.Request.Context()) != nil {
		c.Abort()
		_ = SeeOther(c, "/")
		return
	}
	Anybody(c)
}

// Anybody lets those pass who are signed in and those who are not, who are refused
// as Guest does.
func Anybody(c *gin.Context) {
	site := visitOf(c.Request.Context()).site
	if SessionOf(c.Request.Context()) == nil && c.Request.Method == http.MethodPost && site.losesCookies(c.Request) {
		Fail(c, &astrayError{http.StatusForbidden, site.found("plain", c.Request, asText(c.Request.Host), toTLS, passScheme)})
		return
	}
	c.Next()
}

// SignIn gives the browser the cookies of a session that has just begun.
func SignIn(c *gin.Context, s models.SignedIn) {
	writeCookie(c, sessionCookie, s.Token, models.SessionLimit)
	if s.Browser != "" {
		writeCookie(c, browserCookie, s.Browser, models.BrowserLimit)
	}
}

// SignOut ends the session on the server and takes its cookie away. What the
// browser kept of the pages goes with it.
func SignOut(c *gin.Context) error {
	ctx := c.Request.Context()
	v := visitOf(ctx)
	if token := readCookie(c, sessionCookie); token != "" {
		if err := v.site.DB.EndSession(ctx, token); err != nil {
			return err
		}
	}
	v.session = nil
	writeCookie(c, sessionCookie, "", -1)
	c.Header("Clear-Site-Data", `"storage"`) // what they typed and opened
	return nil
}

// SessionToken is the token of the reader's session, "" when there is none.
func SessionToken(c *gin.Context) string { return readCookie(c, sessionCookie) }

// Browser is the token of a browser that has signed somebody in before, or "".
func Browser(c *gin.Context) string { return readCookie(c, browserCookie) }

// RememberLanguage keeps the language of a visitor's choice in a cookie. One
// that there is not is Invalid.
func RememberLanguage(c *gin.Context, lang string) error {
	if !known(lang) {
		return models.Invalid{{Field: "lang", Rule: "oneof"}}
	}
	writeCookie(c, langCookie, lang, choiceAge)
	return nil
}

// RememberTheme keeps the theme of a visitor's choice in a cookie: light, dark,
// or, with "", as their system is. Any other is Invalid.
func RememberTheme(c *gin.Context, theme string) error {
	if theme != "" && theme != "light" && theme != "dark" {
		return models.Invalid{{Field: "theme", Rule: "oneof"}}
	}
	writeCookie(c, themeCookie, theme, choiceAge)
	return nil
}

// signInPath is the sign-in page, which leads back to where the reader was.
func signInPath(r *http.Request) string {
	next := pagePath(r)
	if next == "/" || strings.HasPrefix(next, "/sign-in") {
		return "/sign-in"
	}
	return "/sign-in?next=" + url.QueryEscape(next)
}

// pagePath is the path and query of the page that the reader is on: of this
// request when it is for a page, else of the page that it was sent from, or "/"
// when that is not known.
func pagePath(r *http.Request) string {
	if r.Method == http.MethodGet && !IsPartial(r) {
		return LocalPath(r.URL.RequestURI())
	}
	page := r.Header.Get("HX-Current-URL")
	if page == "" {
		page = r.Referer()
	}
	u, err := url.Parse(page)
	if err != nil || u.Path == "" {
		return "/"
	}
	return LocalPath(u.RequestURI())
}

// cookieName is the name under which the browser keeps a cookie of ours. A browser
// gives cookies to every port of a host, so that two desks on one host need names
// of their own. Over TLS the prefix keeps other hosts of the domain from setting it.
func cookieName(c *gin.Context, name string) string {
	if u := (url.URL{Host: c.Request.Host}); u.Port() != "" {
		name += "_" + u.Port()
	}
	return secureName(c, name)
}

func secureName(c *gin.Context, name string) string {
	if visitOf(c.Request.Context()).site.secure(c.Request) {
		return "__Host-" + name
	}
	return name
}

// readCookie is the value of a cookie, also of one from when names had no port.
func readCookie(c *gin.Context, name string) string {
	value, err := c.Request.Cookie(cookieName(c, name))
	if err != nil {
		value, err = c.Request.Cookie(secureName(c, name))
	}
	if err != nil {
		return ""
	}
	return value.Value
}

// writeCookie keeps a value for a while; a negative age takes it away.
func writeCookie(c *gin.Context, name, value string, age time.Duration) {
	seconds := int(age.Seconds())
	if age < 0 {
		seconds = -1
	}
	http.SetCookie(c.Writer, &http.Cookie{ // #nosec G124 -- Secure where the site is https, HttpOnly and SameSite below
		Name:     cookieName(c, name),
		Value:    value,
		Path:     "/",
		MaxAge:   seconds,
		HttpOnly: true,
		SameSite: http.SameSiteLaxMode,
		Secure:   visitOf(c.Request.Context()).site.secure(c.Request),
	})
}
