package web

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/gin-gonic/gin"

	"quartermaster/models"
	"quartermaster/views/i18n"
	"quartermaster/views/kept"
	"quartermaster/views/ui"
)

// The limits on what comes in. The server itself bounds the headers.
const (
	// MaxBody is the most bytes of a body, except for uploads.
	MaxBody = 1 << 20
	maxURL  = 8 << 10
)

// policy is the content policy of every page: nothing from elsewhere, nothing
// inline, nothing in frames.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
	"font-src 'self'; connect-src 'self'; form-action 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"

// New is an engine with everything before the routes: request id, log,
// recovery, headers, limits, the cross-origin check, the reader's language and
// the pages for paths and methods that do not exist.
func New(site *Site) (*gin.Engine, error) {
	e, err := engine(site)
	if err != nil {
		return nil, err
	}
	e.HandleMethodNotAllowed = true
	e.MaxMultipartMemory = formMemory
	origin, err := sameOrigin(site)
	if err != nil {
		return nil, err
	}
	newID := func(*http.Request) string { return site.DB.NewToken() }
	e.Use(begin(site, newID), recovery(Fail), headers(site), limits(Fail), plainBodies(Fail), origin, reader)
	e.NoRoute(Authenticate, missing(site, e))
	e.NoMethod(Authenticate, Page(func(*gin.Context) error { return statusError(http.StatusMethodNotAllowed) }))
	return e, nil
}

// NewAPI is an engine for paths that programs call: request id, log, recovery,
// headers and limits as for pages, and no cookie, no redirect and no page. fail
// answers errors that occur before a handler is reached, and newID makes the
// request id that the caller is told.
func NewAPI(site *Site, newID func(*http.Request) string, fail func(*gin.Context, error)) (*gin.Engine, error) {
	e, err := NewObjects(site, newID, fail)
	if err == nil {
		e.Use(plainBodies(fail))
	}
	return e, err
}

// NewObjects is NewAPI for bodies that are kept as they come: packed ones are not
// refused. Its paths are not cleaned, and nothing is redirected.
func NewObjects(site *Site, newID func(*http.Request) string, fail func(*gin.Context, error)) (*gin.Engine, error) {
	e, err := engine(site)
	if err != nil {
		return nil, err
	}
	e.Use(begin(site, newID), recovery(fail), headers(site), limits(fail))
	return e, nil
}

func engine(site *Site) (*gin.Engine, error) {
	if site.Log == nil {
		site.Log = slog.New(slog.DiscardHandler)
	}
	if err := site.read(); err != nil {
		return nil, err
	}
	gin.SetMode(gin.ReleaseMode)
	e := gin.New()
	e.RedirectTrailingSlash = false
	if err := e.SetTrustedProxies(site.Proxies); err != nil {
		return nil, fmt.Errorf("trusted proxies: %w", err)
	}
	return e, nil
}

// begin gives the request its id and, when it has been answered, its line in
// the log, with what was noted on the way. The query is not written: some links
// have a secret in it.
func begin(site *Site, newID func(*http.Request) string) gin.HandlerFunc {
	frames := new(kept.Store)
	return func(c *gin.Context) {
		start := models.SystemClock()
		id := newID(c.Request)
		log := site.Log.With(slog.String("request", id))
		v := &visit{site: site, frames: frames, id: id, log: log}
		ctx := ui.WithKinds(context.WithValue(c.Request.Context(), visitKey{}, v), site.Kinds)
		c.Request = c.Request.WithContext(ctx)
		c.Writer = &writer{ResponseWriter: c.Writer}
		c.Header("X-Request-Id", id)
		finished := false
		defer func() {
			attrs := []slog.Attr{
				slog.String("method", c.Request.Method),
				slog.String("path", c.Request.URL.Path),
				slog.Int("status", c.Writer.Status()),
				slog.Int("bytes", max(c.Writer.Size(), 0)),
				slog.Duration("took", models.SystemClock().Sub(start)),
				slog.String("address", c.ClientIP()),
			}
			if by := models.ActorFrom(c.Request.Context()); by.UserID != "" {
				attrs = append(attrs, slog.String("user", by.UserID), slog.String("team", by.TeamID))
			}
			if !whole(c.Writer) && (!finished || c.Request.Context().Err() != nil) {
				attrs = append(attrs, slog.Bool("cut", true))
			}
			level := slog.LevelInfo
			if v.quiet && c.Writer.Status() < http.StatusBadRequest {
				level = slog.LevelDebug
			}
			log.LogAttrs(ctx, level, "request", append(attrs, v.notes...)...)
		}()
		c.Next()
		finished = true
	}
}

// Quiet is for routes that machines request again and again: their successes
// are logged at the level debug only.
func Quiet(c *gin.Context) {
	visitOf(c.Request.Context()).quiet = true
	c.Next()
}

// Polled is Quiet for the requests that refresh a part of a page. The page
// itself is logged like any other.
func Polled(c *gin.Context) {
	visitOf(c.Request.Context()).quiet = IsPartial(c.Request)
	c.Next()
}

// recovery ends one request, and nothing else, when a handler panics.
func recovery(fail func(*gin.Context, error)) gin.HandlerFunc {
	return func(c *gin.Context) {
		defer func() {
			p := recover()
			if p == nil {
				return
			}
			if p == http.ErrAbortHandler {
				panic(p)
			}
			ctx := c.Request.Context()
			visitOf(ctx).log.LogAttrs(ctx, slog.LevelError, "panic",
				slog.String("panic", fmt.Sprint(p)), slog.String("stack", string(debug.Stack())))
			fail(c, statusError(http.StatusInternalServerError))
		}()
		c.Next()
	}
}

func headers(site *Site) gin.HandlerFunc {
	return func(c *gin.Context) {
		h := c.Writer.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Cache-Control", "no-store") // except for what is the same for everybody
		if site.secure(c.Request) {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		c.Next()
	}
}

// plainBodies refuses bodies that would have to be unpacked first: a small one can
// unpack to a large one.
func plainBodies(fail func(*gin.Context, error)) gin.HandlerFunc {
	return func(c *gin.Context) {
		if c.GetHeader("Content-Encoding") != "" {
			fail(c, statusError(http.StatusUnsupportedMediaType))
			return
		}
		c.Next()
	}
}

// limits refuses what is too long. Files that a form left on the disk are removed
// with the request, since the server cleans up only the request that it started
// with.
func limits(fail func(*gin.Context, error)) gin.HandlerFunc {
	return func(c *gin.Context) {
		defer func() {
			if form := c.Request.MultipartForm; form != nil {
				_ = form.RemoveAll()
			}
		}()
		if len(c.Request.RequestURI) > maxURL {
			fail(c, statusError(http.StatusRequestURITooLong))
			return
		}
		c.Set(wholeBody, c.Request.Body)
		c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, MaxBody)
		c.Next()
	}
}

// sameOrigin refuses changes that another site's page asks for. It comes before
// every route, without exceptions.
func sameOrigin(site *Site) (gin.HandlerFunc, error) {
	check := http.NewCrossOriginProtection()
	if site.base != nil {
		if err := check.AddTrustedOrigin(site.base.Scheme + "://" + site.base.Host); err != nil {
			return nil, fmt.Errorf("base URL: %w", err)
		}
	}
	return func(c *gin.Context) {
		if check.Check(c.Request) != nil {
			Fail(c, site.crossed(c.Request))
			return
		}
		c.Next()
	}, nil
}

// reader finds out the language and zone of a visitor's pages: as the cookie
// says, or else the browser. The settings of a signed-in user are applied
// later.
func reader(c *gin.Context) {
	lang := readCookie(c, langCookie)
	if !known(lang) {
		lang = i18n.Match(c.GetHeader("Accept-Language"))
	}
	c.Request = c.Request.WithContext(readsIn(c.Request.Context(), lang, ""))
	c.Next()
}

// readsIn is the context of a reader of a language, in a zone. A reader without
// a zone gets that of most readers of the language.
func readsIn(ctx context.Context, lang, zone string) context.Context {
	if zone == "" && lang == "zh" {
		zone = "Asia/Shanghai"
	}
	place, err := time.LoadLocation(zone)
	if err != nil {
		place = time.UTC
	}
	return i18n.WithZone(i18n.WithLang(ctx, lang), place)
}

func known(lang string) bool {
	for _, tag := range i18n.Languages {
		if tag.String() == lang {
			return true
		}
	}
	return false
}
