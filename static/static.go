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
	"io"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/andybalholm/brotli"
)

//go:embed css/*.css js/*.js vendor/*.js fonts/*.woff2 icons.svg favicon.svg
var embedded embed.FS

// File is one file that is served. It is made of its parts when it is first
// asked for, so that a start costs nothing.
type File struct {
	name  string
	parts []string // in the order they are joined

	made   sync.Once
	path   string
	body   []byte
	packed [len(codings)]struct {
		once sync.Once
		body []byte
	}
}

// codings are the ways to send a file that is not compressed already, the smallest
// first. Browsers take Brotli over TLS, and from their own machine.
var codings = [...]struct {
	name string
	to   func(*bytes.Buffer) (io.WriteCloser, error)
}{
	{"br", func(b *bytes.Buffer) (io.WriteCloser, error) {
		return brotli.NewWriterOptions(b, brotli.WriterOptions{Quality: brotli.BestCompression, LGWin: 16}), nil // all of a file, in little memory
	}},
	{"gzip", func(b *bytes.Buffer) (io.WriteCloser, error) { return gzip.NewWriterLevel(b, gzip.BestCompression) }},
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
	{name: "bulk.css", parts: []string{"css/bulk.css"}},
	{name: "paper.css", parts: []string{"css/paper.css", "css/order.css"}},
	{name: "app.js", parts: []string{"vendor/htmx.min.js", "js/app.js"}},
	{name: "upload.js", parts: []string{"js/upload.js"}},
	{name: "drafts.js", parts: []string{"js/drafts.js"}},
	{name: "bulk.js", parts: []string{"js/bulk.js"}},
	{name: "fields.js", parts: []string{"js/fields.js"}},
	{name: "palette.js", parts: []string{"js/palette.js"}},
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

// compressed tells whether the file is so as it is.
func (f *File) compressed() bool { return path.Ext(f.name) == ".woff2" }

// Packed is Body as those take it who accept codings, as an Accept-Encoding header has
// them, and the name of the coding, "" for none.
func (f *File) Packed(accepted string) (body []byte, coding string) {
	for i, c := range codings {
		if f.compressed() || !accepts(accepted, c.name) {
			continue
		}
		p := &f.packed[i]
		p.once.Do(func() { p.body = pack(f.Body(), c.to) })
		return p.body, c.name
	}
	return f.Body(), ""
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
		body, coding := f.Packed(r.Header.Get("Accept-Encoding"))
		if !f.compressed() {
			h.Set("Vary", "Accept-Encoding")
		}
		if coding != "" {
			h.Set("Content-Encoding", coding)
		}
		h.Set("Content-Length", strconv.Itoa(len(body)))
		w.WriteHeader(http.StatusOK)
		if r.Method != http.MethodHead {
			_, _ = w.Write(body) // a reader who left needs no answer
		}
	})
}

// accepts tells whether an Accept-Encoding header has a coding; "gzip;q=0" is a refusal.
func accepts(header, coding string) bool {
	for part := range strings.SplitSeq(header, ",") {
		name, params, _ := strings.Cut(part, ";")
		if strings.TrimSpace(name) != coding {
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
	needless := strings.NewReplacer(" { ", "{", " {", "{", "{ ", "{", " > ", ">", "; } ", "}", "; }", "}", " }", "}", "} ", "}", ": ", ":", "; ", ";", ", ", ",",
		`url("inter.woff2")`, `url("`+Path("inter.woff2")+`")`, `url("accents.woff2")`, `url("`+Path("accents.woff2")+`")`)
	return zeros.ReplaceAll([]byte(needless.Replace(string(lines(plain, " ", "")))), []byte("."))
}

// zeros are what fractions begin with needlessly.
var zeros = regexp.MustCompile(`\b0\.\b`)

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

func pack(body []byte, to func(*bytes.Buffer) (io.WriteCloser, error)) []byte {
	var out bytes.Buffer
	w, err := to(&out)
	if err == nil {
		_, err = w.Write(body)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		panic(fmt.Sprintf("static: %v", err))
	}
	return out.Bytes()
}
