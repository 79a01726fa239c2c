package static_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"

	"quartermaster/static"
)

// first are the files that the first page of a reader loads.
var first = []string{"app.css", "app.js", "icons.svg", "favicon.svg", "inter.woff2"}

var names = append([]string{"page.css", "accents.woff2", "paper.css", "upload.js", "drafts.js", "bulk.css", "bulk.js", "fields.js"}, first...)

func get(path, accept string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, "http://desk.test"+path, nil)
	r.Header.Set("Accept-Encoding", accept)
	w := httptest.NewRecorder()
	static.Handler().ServeHTTP(w, r)
	return w
}

func TestEveryFileIsServedUnderItsHashForAYear(t *testing.T) {
	t.Parallel()
	hashed := regexp.MustCompile(`^/static/[a-z]+\.[0-9a-f]{8}\.[a-z0-9]+$`)
	for _, name := range names {
		path := static.Path(name)
		if !hashed.MatchString(path) {
			t.Errorf("path of %s: got %q, want a hashed name", name, path)
		}
		w := get(path, "")
		if w.Code != http.StatusOK || w.Body.Len() == 0 {
			t.Errorf("GET %s: got %d with %d bytes, want 200 with a body", path, w.Code, w.Body.Len())
		}
		for header, want := range map[string]string{
			"Cache-Control":          "public, max-age=31536000, immutable",
			"X-Content-Type-Options": "nosniff",
			"Content-Encoding":       "",
		} {
			if got := w.Header().Get(header); got != want {
				t.Errorf("GET %s: %s: got %q, want %q", path, header, got, want)
			}
		}
		if w.Header().Get("Content-Type") == "" {
			t.Errorf("GET %s: got no Content-Type", path)
		}
	}
}

func TestOnlyExactPathsAreFound(t *testing.T) {
	t.Parallel()
	css := static.Path("app.css")
	for _, path := range []string{
		"/static/", "/static/app.css", "/static/static.go", "/static/../static/static.go", css + "/", css + "x",
		strings.ToUpper(css), "/static//" + strings.TrimPrefix(css, "/static/"), "/static/vendor/htmx.min.js",
	} {
		if _, ok := static.Find(path); ok {
			t.Errorf("find %q: got a file, want none", path)
		}
	}
	if w := get("/static/none.css", ""); w.Code != http.StatusNotFound {
		t.Errorf("GET an unknown file: got %d, want 404", w.Code)
	}
}

func TestCompressionIsForThoseWhoAcceptIt(t *testing.T) {
	t.Parallel()
	for accept, want := range map[string]string{
		"gzip": "gzip", "br, gzip;q=0.5": "br", "gzip;q=0": "", "br": "br", "br;q=0, gzip": "gzip", "gzip, deflate, br, zstd": "br", "": "", "xgzip": "", "deflate, gzip": "gzip",
	} {
		if got := get(static.Path("app.css"), accept).Header().Get("Content-Encoding"); got != want {
			t.Errorf("Accept-Encoding %q: got %q, want %q", accept, got, want)
		}
	}
	zr, err := gzip.NewReader(get(static.Path("app.js"), "gzip").Body)
	if err != nil {
		t.Fatal(err)
	}
	want := get(static.Path("app.js"), "").Body.Bytes()
	for coding, r := range map[string]io.Reader{"gzip": zr, "br": brotli.NewReader(get(static.Path("app.js"), "br").Body)} {
		if plain, err := io.ReadAll(r); err != nil || !bytes.Equal(plain, want) {
			t.Errorf("unpacked %s: got %d bytes, %v; want the same %d as without compression", coding, len(plain), err, len(want))
		}
	}
}

func TestStylesNameTheServedFontAndNothingElsewhere(t *testing.T) {
	t.Parallel()
	css := get(static.Path("app.css"), "").Body.String()
	for _, m := range regexp.MustCompile(`url\(([^)]*)\)`).FindAllStringSubmatch(css, -1) {
		if _, ok := static.Find(strings.Trim(m[1], `"`)); !ok {
			t.Errorf("styles point to %s, which is not served", m[1])
		}
	}
	if strings.Contains(css, "/*") || strings.Contains(css, "@import") || strings.Contains(css, "//") {
		t.Error("styles hold a comment, an import or an address elsewhere")
	}
}

// A list is to stay under 48 kB on the wire with all that it loads.
func TestFirstPageIsLight(t *testing.T) {
	t.Parallel()
	for coding, limit := range map[string]int{"br": 40_000, "gzip": 43_000} {
		sum := 0
		for _, name := range first {
			sum += get(static.Path(name), coding).Body.Len()
		}
		if sum > limit {
			t.Errorf("static files on the wire as %s: got %d bytes, want at most %d", coding, sum, limit)
		}
	}
}
