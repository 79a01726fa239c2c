// Package web is the HTTP toolbox: everything about requests and responses that
// names no resource. A handler written with it reads the input, calls one
// method of models and chooses the answer; the rest is here.
package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"

	"quartermaster/models"
	"quartermaster/views"
	"quartermaster/views/layout"
)

// Page turns a handler that returns an error into a Gin handler. An error
// becomes the page of its status; nothing of the error's own text is shown.
func Page(h func(*gin.Context) error) gin.HandlerFunc {
	return func(c *gin.Context) {
		if err := h(c); err != nil {
			Fail(c, err)
		}
	}
}

// Fail answers with the error page of err and lets no later handler run. Faults
// of ours are logged once, with the request's id. A client who left gets no
// answer, and errors because of that are no faults. An incomplete answer is
// broken off, so that nobody takes it for a complete one.
func Fail(c *gin.Context, err error) {
	c.Abort()
	ctx := c.Request.Context()
	if over := givenUp(ctx); over != nil {
		err = over // later errors are consequences of it
	}
	if ctx.Err() != nil && !gaveUp(err) && !c.Writer.Written() {
		c.Status(statusClientGone)
		return
	}
	status := Refused(c, err)
	if c.Writer.Written() {
		if !whole(c.Writer) {
			panic(http.ErrAbortHandler) // a normal end would make it look complete
		}
		return
	}
	ctx = c.Request.Context()
	if errors.Is(err, models.ErrUnauthenticated) {
		c.Header("Cache-Control", "no-store")
		if c.FullPath() == layout.BellPath { // nobody pressed anything: the page stays, with what was typed
			c.Status(http.StatusNoContent)
			return
		}
		if err := askToSignIn(c); err != nil {
			visitOf(ctx).log.LogAttrs(ctx, slog.LevelError, "page to sign in", slog.String("error", err.Error()))
		}
		return
	}
	if err := renderError(c, status, err); err != nil {
		visitOf(ctx).log.LogAttrs(ctx, slog.LevelError, "error page", slog.String("error", err.Error()))
		c.String(http.StatusInternalServerError, "%s\n", RequestID(ctx))
	}
}

// askToSignIn sends a reader whose session has ended to sign in. A form that was sent
// is carried along, and the page of one that is being filled in stays, with the way to
// sign in beside it.
func askToSignIn(c *gin.Context) error {
	switch {
	case IsPartial(c.Request) && visitOf(c.Request.Context()).site.draws(c):
		c.Header("HX-Retarget", "#toast")
		c.Header("HX-Reswap", "innerHTML")
		return render(c, http.StatusUnauthorized, views.SignInNotice(), "")
	case IsPartial(c.Request):
	default:
		if form := carry(c); form != nil {
			return render(c, http.StatusUnauthorized, views.SignIn(NewForm(c, models.SignInInput{}), pagePath(c.Request), form), "")
		}
	}
	return SeeOther(c, signInPath(c.Request))
}

// whole tells whether an answer that was begun has all that it is to have.
func whole(w gin.ResponseWriter) bool {
	return w.Size() <= 0 || w.Header().Get("Content-Length") == strconv.Itoa(w.Size())
}

// Refused does what every refusal needs, whatever its shape. It returns the
// status of err.
func Refused(c *gin.Context, err error) int {
	status := Status(err)
	RefusedWith(c, status, err)
	return status
}

// RefusedWith is Refused for a refusal whose status its own table gives: a fault
// of ours is logged, once, with the request's id, and what goes away by waiting
// says for how long.
func RefusedWith(c *gin.Context, status int, err error) {
	ctx := c.Request.Context()
	switch {
	case gaveUp(err):
		// To the HTTP server it looks as if the client had left.
		c.Request = c.Request.WithContext(context.WithoutCancel(ctx))
	case status >= http.StatusInternalServerError && ctx.Err() == nil && Status(err) != http.StatusTooManyRequests:
		visitOf(ctx).log.LogAttrs(ctx, slog.LevelError, "answer",
			slog.Int("status", status), slog.String("error", err.Error()))
	}
	if after := retryAfter(err); after != "" && !c.Writer.Written() {
		c.Header("Retry-After", after)
	}
}

// renderError draws the page of an error. A piece of a page is not replaced by a
// whole one: htmx is told to show the words as a passing notice instead, and
// what was typed stays where it is.
func renderError(c *gin.Context, status int, err error) error {
	v := visitOf(c.Request.Context())
	fault := views.Fault{Kind: errorKind(status, err), ID: v.id}
	_ = errors.As(err, &fault.Broken)
	var way *astrayError
	if errors.As(err, &way) {
		logAstray(c, way)
		fault.Astray, v.told = way.Astray, true
	}
	var lacks models.Lacks
	if errors.As(err, &lacks) {
		fault.Lacks = &lacks
	}
	var elsewhere *elsewhereError
	if errors.As(err, &elsewhere) {
		fault.Elsewhere = &elsewhere.Elsewhere
	}
	if IsPartial(c.Request) {
		c.Header("HX-Retarget", "#toast")
		c.Header("HX-Reswap", "beforeend")
		return render(c, status, views.ErrorNotice(fault), "")
	}
	return render(c, status, views.ErrorPage(fault), "")
}
