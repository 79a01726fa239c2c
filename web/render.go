package web

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"

	"github.com/a-h/templ"
	"github.com/gin-gonic/gin"
)

// Below compressMin bytes a compressed page is hardly smaller than a plain one.
const compressMin = 1024

// A buffer that grew past keepBuffer is not kept for the next page.
const keepBuffer = 1 << 20

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// compressors are kept because a new one costs more than compressing a page.
var compressors = sync.Pool{New: func() any {
	w, err := gzip.NewWriterLevel(nil, 4)
	if err != nil {
		panic(err) // only an unknown level fails
	}
	return w
}}

// Render answers with a page, once the whole of it has been drawn. A request
// for a part of a page gets the templ.Fragment named by the id of the element
// it will replace; where the page has no such fragment, the whole page.
func Render(c *gin.Context, status int, page templ.Component) error {
	return render(c, status, page, target(c.Request))
}

func render(c *gin.Context, status int, page templ.Component, fragment string) error {
	buf := buffers.Get().(*bytes.Buffer)
	defer release(buf)
	buf.Reset()
	ctx := c.Request.Context()
	if fragment != "" {
		if err := templ.RenderFragments(ctx, buf, page, fragment); err != nil {
			return err
		}
	}
	if buf.Len() == 0 {
		if !IsPartial(c.Request) {
			ctx = framed(c)
		}
		if err := page.Render(ctx, buf); err != nil {
			return err
		}
	}
	h := c.Writer.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Vary", "HX-Request-Type, HX-Target, Accept-Encoding, Accept-Language, Cookie")
	return send(c, status, buf.Bytes())
}

func release(buf *bytes.Buffer) {
	if buf.Cap() <= keepBuffer {
		buffers.Put(buf)
	}
}

// send writes the body, compressed when that is worth it and understood.
func send(c *gin.Context, status int, body []byte) error {
	h := c.Writer.Header()
	if len(body) >= compressMin && acceptsGzip(c.Request) {
		buf := buffers.Get().(*bytes.Buffer)
		defer release(buf)
		buf.Reset()
		zip := compressors.Get().(*gzip.Writer)
		defer compressors.Put(zip)
		zip.Reset(buf)
		if _, err := zip.Write(body); err != nil {
			return err
		}
		if err := zip.Close(); err != nil {
			return err
		}
		h.Set("Content-Encoding", "gzip")
		body = buf.Bytes()
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	c.Status(status)
	// A client that leaves while it is answered is no fault of ours.
	_, _ = c.Writer.Write(body)
	return nil
}

// SeeOther sends the reader on to another page with a GET. A request of htmx for
// a part of a page would follow a redirect unseen and put the whole next page
// into that part, so it is told to leave for the other page instead.
// What a browser takes for another site's address without its scheme is never
// followed.
func SeeOther(c *gin.Context, to string) error {
	if strings.HasPrefix(to, "//") || strings.HasPrefix(to, `/\`) {
		to = "/"
	}
	if IsPartial(c.Request) {
		c.Header("HX-Redirect", to)
		c.Status(http.StatusNoContent)
	} else {
		c.Header("Location", to)
		c.Status(http.StatusSeeOther)
	}
	c.Writer.WriteHeaderNow()
	return nil
}

// MoveTo has the reader's address bar say where the form is that a piece of their page
// has become.
func MoveTo(c *gin.Context, path string) {
	if IsPartial(c.Request) {
		c.Header("HX-Replace-Url", path)
	}
}

// IsPartial tells whether htmx asks for a part of a page, to put it into the
// page that the reader has.
func IsPartial(r *http.Request) bool {
	return r.Header.Get("HX-Request-Type") == "partial"
}

// target is the id of the element that the answer will replace, or "". htmx
// writes it as tag#id with the id escaped.
func target(r *http.Request) string {
	if !IsPartial(r) {
		return ""
	}
	_, id, _ := strings.Cut(r.Header.Get("HX-Target"), "#")
	if plain, err := url.PathUnescape(id); err == nil {
		return plain
	}
	return id
}

// acceptsGzip tells whether the client takes gzip, and did not say q=0 of it.
func acceptsGzip(r *http.Request) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		if !strings.EqualFold(strings.TrimSpace(name), "gzip") {
			continue
		}
		q, found := strings.CutPrefix(strings.ReplaceAll(params, " ", ""), "q=")
		if !found {
			return true
		}
		weight, err := strconv.ParseFloat(q, 64)
		return err == nil && weight > 0
	}
	return false
}

// LocalPath is next when that is a path of this site, and "/" when it is
// anything that a browser could take for another place.
func LocalPath(next string) string {
	if !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.ContainsAny(next, "\\\x7f") {
		return "/"
	}
	for _, r := range next {
		if r < ' ' {
			return "/"
		}
	}
	u, err := url.Parse(next)
	if err != nil || u.IsAbs() || u.Host != "" {
		return "/"
	}
	return next
}
