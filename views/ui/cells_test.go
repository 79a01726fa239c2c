package ui_test

import (
	"context"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"

	"quartermaster/views/ui"
)

// hostile is text that would do harm as HTML.
var hostile = []string{
	"", "plain", `"><script>alert('1')</script>`, "a & b &amp; <!-- -->", "'\"`=/", "\x00\x01\u2028 \xff", "中文 <b>粗</b>", "javascript:alert(1)",
}

func TestCellsEscapeAsTemplDoes(t *testing.T) {
	t.Parallel()
	for _, s := range hostile {
		c := ui.NewCells(t.Context(), time.Time{}, nil)
		c.Text(s)
		c.Open("i", "title", s)
		c.Code("x" + s)
		c.Link("/plans/"+s, s)
		c.Badge(ui.Tone(s), s)
		want := templ.EscapeString(s) + "<i" + attribute("title", s) + ">" + "<code>" + templ.EscapeString(ui.Visible("x"+s)) + "</code>" +
			"<a" + attribute("href", "/plans/"+s) + ">" + templ.EscapeString(s) + "</a>" +
			"<span" + attribute("class", "badge tone-"+s) + ">" + templ.EscapeString(s) + "</span>"
		if got := string(c.Bytes()); got != want {
			t.Errorf("%q: got %s, want %s", s, got, want)
		}
		var b strings.Builder
		page := templ.ComponentFunc(func(ctx context.Context, w io.Writer) error { return ui.Badge(ui.OK, s).Render(ctx, w) })
		if err := page.Render(t.Context(), &b); err != nil {
			t.Fatal(err)
		}
		c = ui.NewCells(t.Context(), time.Time{}, nil)
		c.Badge(ui.OK, s)
		if got := string(c.Bytes()); got != b.String() {
			t.Errorf("%q: the badge is %s, and templ's %s", s, got, b.String())
		}
	}
}

func attribute(name, value string) string {
	switch {
	case value == "":
		return ""
	case regexp.MustCompile(`^[-./\w]+$`).MatchString(value):
		return " " + name + "=" + value
	}
	return " " + name + `="` + templ.EscapeString(value) + `"`
}
