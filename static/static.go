// Package static holds the look's files (styles, scripts, icons, font) inside
// the program and serves each under a name that changes with its content, so
// that a browser may keep it for a year.
package static

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
)

//go:embed css/*.css js/*.js vendor/*.js fonts/*.woff2 icons.svg favicon.svg
var embedded embed.FS

// File is one file that is served. It is made of its parts when it is first
// asked for, so that a start costs nothing.
type File struct {
	name  string
	parts []string // in the order they are joined

	made, zipped sync.Once
	path         string
	body, gzip   []byte
}

// files are all that is served. The order of the styles is the order of their
// layers.
var files = []*File{
	{name: "inter.woff2", parts: []string{"fonts/inter.woff2"}},
	{name: "accents.woff2", parts: []string{"fonts/accents.woff2"}},
	{name: "icons.svg", parts: []string{"icons.svg"}},
	{name: "favicon.svg", parts: []string{"favicon.svg"}},
	{name: "app.css", parts: []string{"css/reset.css", "css/tokens.css", "css/base.css", "css/layout.css", "css/parts.css", "css/lists.css", "css/print.css"}},
	{name: "page.css", parts: []string{"css/page.css", "css/charts.css", "css/page_lists.css"}},
	{name: "paper.css", parts: []string{"css/paper.css", "css/order.css"}},
	{name: "app.js", parts: []string{"vendor/htmx.min.js", "js/app.js"}},
	{name: "upload.js", parts: []string{"js/upload.js"}},
}

var types = map[string]string{
	".css":   "text/css; charset=utf-8",
	".js":    "text/javascript; charset=utf-8",
	".svg":   "image/svg+xml; charset=utf-8",
	".woff2": "font/woff2",
}

// Path is the address of a file by its plain name: Path("app.css") is
// "/static/app.<hash>.css". It panics for a name that is not served, which is a
// mistake in the code and not in a request.
func Path(name string) string {
	i := slices.IndexFunc(files, func(f *File) bool { return f.name == name })
	if i < 0 {
		panic("static: no file " + name)
	}
	return files[i].Path()
}

// Find is the file that a request path names, which must be exactly one that
// Path returns. No path is ever built from a request.
func Find(urlPath string) (*File, bool) {
	i := slices.IndexFunc(files, func(f *File) bool { return f.Path() == urlPath })
	if i < 0 {
		return nil, false
	}
	return files[i], true
}

// Path is the file's address, which changes with its content.
func (f *File) Path() string {
	f.made.Do(f.build)
	return f.path
}

// Body is the file as it is sent to those who accept no compression.
func (f *File) Body() []byte {
	f.made.Do(f.build)
	return f.body
}

// Gzip is Body in gzip, or nil for a font, which is compressed already.
func (f *File) Gzip() []byte {
	f.zipped.Do(func() {
		if path.Ext(f.name) != ".woff2" {
			f.gzip = compress(f.Body())
		}
	})
	return f.gzip
}

// Handler serves the files, compressed for those who accept it, to be kept for
// a year. Any other path is answered 404.
func Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f, ok := Find(r.URL.Path)
		if !ok {
			http.Error(w, "not found", http.StatusNotFound)
			return
		}
		h := w.Header()
		if path.Ext(f.name) != ".svg" { // all else is no document, of which these say something
			for _, name := range []string{"Content-Security-Policy", "Cross-Origin-Opener-Policy", "Referrer-Policy", "X-Frame-Options"} {
				h.Del(name)
			}
		}
		h.Set("Content-Type", types[path.Ext(f.name)])
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
		h.Set("X-Content-Type-Options", "nosniff")
		body := f.Body()
		if zipped := f.Gzip(); zipped != nil {
			h.Set("Vary", "Accept-Encoding")
			if acceptsGzip(r.Header.Get("Accept-Encoding")) {
				h.Set("Content-Encoding", "gzip")
				body = zipped
			}
		}
		h.Set("Content-Length", strconv.Itoa(len(body)))
		w.WriteHeader(http.StatusOK)
		if r.Method != http.MethodHead {
			_, _ = w.Write(body) // a reader who left needs no answer
		}
	})
}

// acceptsGzip reads an Accept-Encoding header; "gzip;q=0" is a refusal.
func acceptsGzip(header string) bool {
	for part := range strings.SplitSeq(header, ",") {
		name, params, _ := strings.Cut(part, ";")
		if strings.TrimSpace(name) != "gzip" {
			continue
		}
		q, given := strings.CutPrefix(strings.TrimSpace(params), "q=")
		weight, err := strconv.ParseFloat(q, 64)
		return !given || err == nil && weight > 0
	}
	return false
}

func (f *File) build() {
	ext := path.Ext(f.name)
	for _, part := range f.parts {
		b, err := embedded.ReadFile(part)
		if err != nil {
			panic(fmt.Sprintf("static: %v", err))
		}
		if strings.HasPrefix(part, "js/") {
			b = lines(b, "\n", "//") // ours comment on lines of their own
		}
		switch ext {
		case ".css":
			b = squeeze(b)
		case ".js":
			b = append(b, "\n;\n"...) // a script may end without its semicolon
		}
		f.body = append(f.body, b...)
	}
	sum := sha256.Sum256(f.body)
	f.path = "/static/" + strings.TrimSuffix(f.name, ext) + "." + hex.EncodeToString(sum[:4]) + ext
}

// squeeze drops the comments and the needless space of our own styles, whose
// strings hold neither, and names the files that they mention as they are served.
func squeeze(css []byte) []byte {
	plain := make([]byte, 0, len(css))
	for len(css) > 0 {
		before, rest, _ := bytes.Cut(css, []byte("/*"))
		plain = append(plain, before...)
		_, css, _ = bytes.Cut(rest, []byte("*/"))
	}
	needless := strings.NewReplacer(" { ", "{", " {", "{", "{ ", "{", " }", "}", ": ", ":", "; ", ";", ", ", ",",
		`url("inter.woff2")`, `url("`+Path("inter.woff2")+`")`, `url("accents.woff2")`, `url("`+Path("accents.woff2")+`")`)
	return []byte(needless.Replace(string(lines(plain, " ", ""))))
}

// lines joins the lines of a text that hold anything, without their indent and
// without those that begin with a comment.
func lines(text []byte, joint, comment string) []byte {
	joined := make([]byte, 0, len(text))
	for line := range bytes.Lines(text) {
		line = bytes.TrimSpace(line)
		if len(line) > 0 && (comment == "" || !bytes.HasPrefix(line, []byte(comment))) {
			joined = append(append(joined, line...), joint...)
		}
	}
	return joined
}

func compress(body []byte) []byte {
	var out bytes.Buffer
	zw, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err == nil {
		_, err = zw.Write(body)
	}
	if err == nil {
		err = zw.Close()
	}
	if err != nil {
		panic(fmt.Sprintf("static: %v", err))
	}
	return out.Bytes()
}
