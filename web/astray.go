package web

import (
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/gin-gonic/gin"

	"quartermaster/models"
	"quartermaster/views/layout"
)

// The settings of nginx that mend what a proxy does wrong.
const (
	passHost   = "proxy_set_header Host $http_host;"
	passScheme = "proxy_set_header X-Forwarded-Proto $scheme;"
	toTLS      = "return 308 https://$http_host$request_uri;"
	ownHost    = "location / { proxy_pass http://127.0.0.1:8080; }"
)

// mostAsked bounds what a page repeats of a request.
const mostAsked = 120

// astrayError refuses a request because of the way it was sent. Its page
// explains this.
type astrayError struct {
	status int
	*layout.Astray
}

func (e *astrayError) Error() string { return "request came astray: " + e.Reason }

// astray is what is wrong with the way a request for a page was sent, or nil.
// The request's own claims about it are only shown: links, cookies and checks
// never depend on them.
func (s *Site) astray(r *http.Request) *layout.Astray {
	if s.base == nil {
		return nil
	}
	scheme := s.scheme(r)
	own, asked := s.base.Scheme+"://"+asText(r.Host), asText(r.Host)
	switch prefix := r.Header.Get("X-Forwarded-Prefix"); {
	case strings.Trim(prefix, "/") != "":
		return s.found("prefix", r, asText(prefix), ownHost)
	case !s.called(r.Host) && s.Assumed:
		if scheme != "" {
			own = scheme + "://" + asked
		}
		return s.found("unset", r, asked, "--base-url="+own)
	case !s.called(r.Host):
		return s.found("host", r, asked, passHost)
	case scheme == "http" && s.base.Scheme == "https":
		return s.found("plain", r, asked, toTLS, passScheme)
	case scheme == "https" && s.base.Scheme == "http":
		return s.found("tls", r, asked, "--base-url=https://"+asked)
	}
	return nil
}

// found is an Astray of this site. An address that is not configured, or that
// the reader is at already, is not offered as a link.
func (s *Site) found(reason string, r *http.Request, asked string, cures ...string) *layout.Astray {
	a := &layout.Astray{Reason: reason, Asked: asked, Address: s.BaseURL, Cures: cures}
	if !s.Assumed && reason != "tls" {
		a.Href = s.BaseURL + pagePath(r)
	}
	return a
}

// scheme is the scheme that the reader's browser used, as a trusted proxy says,
// or "".
func (s *Site) scheme(r *http.Request) string {
	if r.TLS != nil {
		return "https"
	}
	said, _, _ := strings.Cut(r.Header.Get("X-Forwarded-Proto"), ",")
	if said = strings.ToLower(strings.TrimSpace(said)); s.trusts(r.RemoteAddr) && (said == "http" || said == "https") {
		return said
	}
	return ""
}

// trusts tells whether a peer is one of the configured proxies.
func (s *Site) trusts(peer string) bool {
	at, err := netip.ParseAddrPort(peer)
	return err == nil && slices.ContainsFunc(s.trusted, func(p netip.Prefix) bool { return p.Contains(at.Addr().Unmap()) })
}

// called tells whether a host is the site's own. The names of this machine for
// itself count as one.
func (s *Site) called(host string) bool {
	host = strings.ToLower(host)
	if usual := map[string]string{"http": ":80", "https": ":443"}[s.base.Scheme]; s.base.Port() == "" {
		host = strings.TrimSuffix(host, usual)
	}
	if host == s.base.Host {
		return true
	}
	u := url.URL{Host: host}
	return isLoopback(u.Hostname()) && isLoopback(s.base.Hostname()) && u.Port() == s.base.Port()
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// losesCookies tells whether the browser that sent a form will drop the cookies
// of the answer: they are for TLS only, and the form came without. From its own
// machine a browser accepts them all the same.
func (s *Site) losesCookies(r *http.Request) bool {
	if !s.secure(r) || r.TLS != nil {
		return false
	}
	origin, err := url.Parse(r.Header.Get("Origin"))
	return s.scheme(r) == "http" || err == nil && origin.Scheme == "http" && !isLoopback(origin.Hostname())
}

// crossed is the refusal of a form that did not come from a page of ours. A
// browser that says whose page it was is right. For one that names only an
// address, a proxy may have changed the host.
func (s *Site) crossed(r *http.Request) error {
	a := &layout.Astray{Reason: "foreign", Asked: asText(r.Host), Origin: asText(r.Header.Get("Origin")), Address: s.BaseURL}
	if r.Header.Get("Sec-Fetch-Site") == "" {
		a.Reason, a.Cures = "origin", []string{passHost}
		if !s.Assumed && s.base != nil {
			a.Href = s.BaseURL + pagePath(r)
		}
	}
	return &astrayError{http.StatusForbidden, a}
}

// below is the refusal of a path that ends in one of ours, as sent by a proxy
// that serves the site below a path; nil for other paths.
func (s *Site) below(r *http.Request, ours map[string]bool) *astrayError {
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	for i, part := range parts[:min(len(parts), 4)] {
		switch {
		case !ours[part]:
		case i == 0:
			return nil
		default:
			return &astrayError{http.StatusNotFound, s.found("below", r, asText("/"+strings.Join(parts[:i], "/")), ownHost)}
		}
	}
	return nil
}

// missing answers the paths that no route has.
func missing(site *Site, e *gin.Engine) gin.HandlerFunc {
	ours := sync.OnceValue(func() map[string]bool { return firstParts(site, e) }) // routes are added after this
	return Page(func(c *gin.Context) error {
		way := site.below(c.Request, ours())
		if way == nil {
			return models.ErrNotFound
		}
		if rest := strings.TrimPrefix(c.Request.URL.Path, way.Asked+"/"); slices.ContainsFunc(site.Calls, func(part string) bool {
			return rest == part || strings.HasPrefix(rest, part+"/")
		}) {
			logAstray(c, way)
			c.String(http.StatusNotFound, "The APIs cannot be served below %s: a path prefix is not supported, because requests are signed for paths that begin at the root. "+
				"Give this site a host name of its own, and let the proxy pass every path on as it is.\n", way.Asked)
			return nil
		}
		return way
	})
}

// firstParts are what the paths of the site begin with.
func firstParts(site *Site, e *gin.Engine) map[string]bool {
	parts := map[string]bool{}
	for _, name := range site.Calls {
		parts[name] = true
	}
	for _, r := range e.Routes() {
		if name, _, _ := strings.Cut(strings.TrimPrefix(r.Path, "/"), "/"); name != "" {
			parts[name] = true
		}
	}
	return parts
}

// logAstray writes down a refusal that a setting may have caused.
func logAstray(c *gin.Context, e *astrayError) {
	ctx := c.Request.Context()
	v := visitOf(ctx)
	v.log.LogAttrs(ctx, slog.LevelWarn, "refused by the way it came", slog.String("reason", e.Reason), slog.String("asked", e.Asked),
		slog.String("origin", e.Origin), slog.String("base_url", v.site.BaseURL), slog.String("cure", strings.Join(e.Cures, " ")))
}

// asText is a host or a path from a request, shortened and in plain characters,
// to show to people.
func asText(s string) string {
	plain := strings.Map(func(r rune) rune {
		if r <= ' ' || r > '~' {
			return '?'
		}
		return r
	}, s)
	return plain[:min(len(plain), mostAsked)]
}
