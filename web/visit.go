package web

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"

	"quartermaster/models"
	"quartermaster/views"
	"quartermaster/views/kept"
	"quartermaster/views/ui"
)

// Site is what the toolbox knows about the place it serves.
type Site struct {
	DB *models.DB
	// BaseURL is the configured address of the site, without a slash at the
	// end. Absolute links are made from it and from nothing that a request says.
	BaseURL string
	// Assumed says that nobody configured BaseURL: it is where the program
	// listens.
	Assumed bool
	// Calls are the first parts of the paths that programs call, which no engine
	// of pages serves.
	Calls []string
	// Proxies are the addresses whose forwarding headers are believed.
	Proxies []string
	// Kinds are how the kinds of things look, in the order they are shown. The
	// default is views.Kinds().
	Kinds []ui.KindLook
	// Demo marks every page as belonging to the sample team.
	Demo bool
	// Log receives a line a request; the default drops it.
	Log *slog.Logger

	base    *url.URL        // BaseURL, nil when there is none
	trusted []netip.Prefix  // Proxies
	drawn   map[string]bool // the routes that Carry found
}

// read reads the settings that each request goes by.
func (s *Site) read() (err error) {
	if s.Kinds == nil {
		s.Kinds = views.Kinds()
	}
	if s.BaseURL != "" {
		if s.base, err = url.Parse(s.BaseURL); err != nil {
			return fmt.Errorf("base URL: %w", err)
		}
	}
	s.trusted = nil
	for _, proxy := range s.Proxies {
		to, err := netip.ParsePrefix(proxy)
		if err != nil {
			var at netip.Addr
			if at, err = netip.ParseAddr(proxy); err != nil {
				return fmt.Errorf("trusted proxies: %w", err)
			}
			to = netip.PrefixFrom(at, at.BitLen())
		}
		s.trusted = append(s.trusted, to)
	}
	return nil
}

// secure tells whether the site's cookies travel over TLS only.
func (s *Site) secure(r *http.Request) bool {
	return r.TLS != nil || s.base != nil && s.base.Scheme == "https"
}

// A visit is what is known about one request besides what it asks for. Later
// middleware fills in what earlier did not know.
type visit struct {
	counts  map[string]int64 // of the team, once they were read
	site    *Site
	frames  *kept.Store // parts of the frame that were drawn before
	id      string
	log     *slog.Logger
	session *models.Session // nil when nobody is signed in
	quiet   bool            // logged at debug when it succeeds
	typed   url.Values      // what the form of the page is filled in with, see FillIn
	notes   []slog.Attr     // for its line in the log
	told    bool            // the page itself says how the request came astray
}

type visitKey struct{}

// visitOf is the visit that the context belongs to. A context from elsewhere
// has an empty one.
func visitOf(ctx context.Context) *visit {
	if v, ok := ctx.Value(visitKey{}).(*visit); ok {
		return v
	}
	return &visit{site: &Site{}, log: slog.New(slog.DiscardHandler)}
}

// Note adds to the line that the log will have of this request. It must not get
// secrets, nor texts of any length from strangers.
func Note(ctx context.Context, about ...slog.Attr) {
	v := visitOf(ctx)
	v.notes = append(v.notes, about...)
}

// RequestID is the id under which the log knows this request.
func RequestID(ctx context.Context) string { return visitOf(ctx).id }

// SiteURL is the absolute address of a path of this site: the configured
// address and the path, or the path alone when none is configured.
func SiteURL(ctx context.Context, path string) string { return visitOf(ctx).site.BaseURL + path }

// SessionOf is the session of the reader, or nil when nobody is signed in.
func SessionOf(ctx context.Context) *models.Session { return visitOf(ctx).session }
