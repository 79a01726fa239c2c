package web_test

import (
	"mime"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"quartermaster/web"
)

func TestDownloadIsNamedInAnyScriptAndNeverShown(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, plain, want string }{
		{"report.pdf", "report.pdf", "report.pdf"},
		{"a/b/report 2026.pdf", "report 2026.pdf", "report 2026.pdf"},
		{"发布包/第三季度 汇总.zip", "____ __.zip", "第三季度 汇总.zip"},
		{"100% sure.txt", "100_ sure.txt", "100% sure.txt"},
		{"\u202egnp.exe", "_gnp.exe", "_gnp.exe"},
		{"a\r\nSet-Cookie: x=1", "a__Set-Cookie_ x=1", "a__Set-Cookie_ x=1"},
		{`quo"te\path.txt`, "quo_te_path.txt", "quo_te_path.txt"},
		{"../../etc/passwd", "passwd", "passwd"},
		{"..", "download", "download"},
		{"folder/", "folder", "folder"},
		{"/", "download", "download"},
		{"", "download", "download"},
		{"broken\xff", "broken_", "broken_"},
		{"café's (1).txt", "caf_'s (1).txt", "café's (1).txt"},
	} {
		w := httptest.NewRecorder()
		ctx, _ := gin.CreateTestContext(w)
		ctx.Request = httptest.NewRequest(http.MethodGet, "/", nil)
		if err := web.Download(ctx, web.File{Name: c.name, Type: "text/html", Sum: "abc", Content: strings.NewReader("<script>")}); err != nil {
			t.Fatal(err)
		}
		h := w.Header()
		if csp := h.Get("Content-Security-Policy"); !strings.HasPrefix(csp, "sandbox;") {
			t.Errorf("%q: got policy %q, want a sandbox", c.name, csp)
		}
		header := h.Get("Content-Disposition")
		kind, params, err := mime.ParseMediaType(header)
		if err != nil || kind != "attachment" {
			t.Errorf("%q: got %q, %v; want an attachment", c.name, header, err)
		}
		if params["filename"] != c.want {
			t.Errorf("%q: got name %q, want %q (%s)", c.name, params["filename"], c.want, header)
		}
		first, _, _ := strings.Cut(header, "; filename*")
		if _, plain, err := mime.ParseMediaType(first); err != nil || plain["filename"] != c.plain {
			t.Errorf("%q: got plain name %q, %v; want %q", c.name, plain["filename"], err, c.plain)
		}
	}
}
