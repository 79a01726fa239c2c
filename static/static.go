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
	"strconv"
	"strings"
)

//go:embed css/*.css js/*.js vendor/*.js fonts/*.woff2 icons.svg favicon.svg
var embedded embed.FS

// File is one file as it is sent. Gzip is nil where compression gains nothing.
type File struct {
	Type string
	Body []byte
	Gzip []byte
}

// sources are the parts of each served file, in the order they are joined. The
// order of the styles is the order of their layers. A file that mentions
// another by name stands after it.
var sources = []struct {
	name  string
	parts []string
}{
	{"inter.woff2", []string{"fonts/inter.woff2"}},
	{"icons.svg", []string{"icons.svg"}},
	{"favicon.svg", []string{"favicon.svg"}},
	{"app.css", []string{"css/reset.css", "css/tokens.css", "css/base.css", "css/layout.css", "css/parts.css", "css/charts.css", "css/print.css"}},
	{"paper.css", []string{"css/paper.css", "css/order.css"}},
	{"app.js", []string{"vendor/htmx.min.js", "js/app.js"}},
	{"upload.js", []string{"js/upload.js"}},
}

var types = map[string]string{
	".css":   "text/css; charset=utf-8",
	".js":    "text/javascript; charset=utf-8",
	".svg":   "image/svg+xml; charset=utf-8",
	".woff2": "font/woff2",
}

var (
	comment     = regexp.MustCompile(`(?s)/\*.*?\*/`)
	indent      = regexp.MustCompile(`\s*\n\s*`)
	space       = regexp.MustCompile(`([:;{,]) | ?([{}])`)
	lineComment = regexp.MustCompile(`(?m)^\s*(//.*)?\n`)

	paths, byPath = mustBuild()
)

// Path is the address of a file by its plain name: Path("app.css") is
// "/static/app.<hash>.css". It panics for a name that is not served, which is a
// mistake in the code and not in a request.
func Path(name string) string {
	p, ok := paths[name]
	if !ok {
		panic("static: no file " + name)
	}
	return p
}

// Find is the file that a request path names, which must be exactly one that
// Path returns. No path is ever built from a request.
func Find(urlPath string) (File, bool) {
	f, ok := byPath[urlPath]
	return f, ok
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
		h.Set("Content-Type", f.Type)
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
		h.Set("X-Content-Type-Options", "nosniff")
		body := f.Body
		if f.Gzip != nil {
			h.Set("Vary", "Accept-Encoding")
			if acceptsGzip(r.Header.Get("Accept-Encoding")) {
				h.Set("Content-Encoding", "gzip")
				body = f.Gzip
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

func mustBuild() (map[string]string, map[string]File) {
	paths := make(map[string]string, len(sources))
	files := make(map[string]File, len(sources))
	for _, s := range sources {
		ext := path.Ext(s.name)
		joint := "\n"
		switch ext {
		case ".js":
			joint = "\n;\n" // a script may end without its semicolon
		case ".woff2":
			joint = ""
		}
		var body []byte
		for _, part := range s.parts {
			b, err := embedded.ReadFile(part)
			if err != nil {
				panic(fmt.Sprintf("static: %v", err))
			}
			if strings.HasPrefix(part, "js/") {
				b = lineComment.ReplaceAll(b, nil) // ours comment on lines of their own
			}
			body = append(append(body, b...), joint...)
		}
		if ext == ".css" {
			body = squeeze(body)
			for name, p := range paths {
				body = bytes.ReplaceAll(body, []byte(`url("`+name+`")`), []byte(`url("`+p+`")`))
			}
		}
		sum := sha256.Sum256(body)
		p := "/static/" + strings.TrimSuffix(s.name, ext) + "." + hex.EncodeToString(sum[:8]) + ext
		paths[s.name] = p
		files[p] = File{Type: types[ext], Body: body, Gzip: compress(ext, body)}
	}
	return paths, files
}

// squeeze drops the comments and the needless space of our own styles, whose
// strings hold neither.
func squeeze(css []byte) []byte {
	css = indent.ReplaceAll(comment.ReplaceAll(css, nil), []byte(" "))
	return space.ReplaceAll(css, []byte("$1$2"))
}

// compress is body in gzip, or nil for a font, which is compressed already.
func compress(ext string, body []byte) []byte {
	if ext == ".woff2" {
		return nil
	}
	var out bytes.Buffer
	zw, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err == nil {
		_, err = io.Copy(zw, bytes.NewReader(body))
	}
	if err == nil {
		err = zw.Close()
	}
	if err != nil {
		panic(fmt.Sprintf("static: %v", err))
	}
	return out.Bytes()
}
