package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"quartermaster/views"
)

// previewed is where below its path a form is drawn as it stands.
const previewed = "/preview"

// mostCarried is how many bytes of a form are carried through the page to sign in.
const mostCarried = 64 << 10

// Carry has the forms that some POST route of the engine draws as they stand carried
// through the page to sign in, when they are sent after their session has ended.
func (s *Site) Carry(engine *gin.Engine) {
	s.drawn = map[string]bool{}
	for _, r := range engine.Routes() {
		if r.Method == http.MethodPost && strings.HasSuffix(r.Path, previewed) {
			s.drawn[r.Path] = true
		}
	}
}

// draws tells whether a request sends a form that can be drawn as it stands, or asks
// for that.
func (s *Site) draws(c *gin.Context) bool {
	return c.Request.Method == http.MethodPost && (s.drawn[c.FullPath()] || s.drawn[c.FullPath()+previewed])
}

// Drawn is where a form is drawn as it stands, "" when a path is no such place: who
// comes there is only shown something, whatever the fields say.
func Drawn(c *gin.Context, path string) string {
	u, err := url.Parse(LocalPath(path))
	if err != nil || u.EscapedPath() != path { // it has a query, or nobody wrote it so
		return ""
	}
	at := strings.Split(u.Path, "/")
	for route := range visitOf(c.Request.Context()).site.drawn {
		if slices.EqualFunc(strings.Split(route, "/"), at, func(part, given string) bool {
			return part == given || strings.HasPrefix(part, ":") && given != ""
		}) {
			return path
		}
	}
	return ""
}

// carry is the form of a request whose session has ended, as it was typed, or nil when
// it cannot be drawn or has too much. Passwords and files are left behind.
func carry(c *gin.Context) *views.Carried {
	if !visitOf(c.Request.Context()).site.draws(c) {
		return nil
	}
	typed := typedIn(c)
	for name := range typed {
		if strings.Contains(name, "password") {
			typed.Del(name)
		}
	}
	text := typed.Encode()
	if len(typed) == 0 || len(text) > mostCarried {
		return nil
	}
	return &views.Carried{Path: strings.TrimSuffix(c.Request.URL.EscapedPath(), previewed) + previewed, Typed: text}
}

// typedIn is what was typed into the form of a request, as far as it can be read,
// without its files.
func typedIn(c *gin.Context) url.Values {
	if strings.HasPrefix(c.GetHeader("Content-Type"), "multipart/form-data") {
		AllowBody(c, formRead)
		// What cannot be read of it is not shown.
		_ = Receive(c, maxValues, func(*Incoming) error { return nil }, "")
		return c.Request.PostForm
	}
	typed, err := submitted(c.Request)
	if err != nil {
		return nil
	}
	return typed
}
