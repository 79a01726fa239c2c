package ui_test

import (
	"regexp"
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
		c.Tick(s, "")
		c.Link("/", s)
		c.Note(s)
		want := templ.EscapeString(s) + "<i" + attribute("title", s) + ">" + "<code>" + templ.EscapeString(ui.Visible("x"+s)) + "</code>" +
			"<a" + attribute("href", "/plans/"+s) + ">" + templ.EscapeString(s) + "</a>" +
			"<b" + attribute("class", "tone-"+s) + ">" + templ.EscapeString(s) + "</b>" +
			"<label><input type=checkbox name=pick" + attribute("value", s) + "> <a href=/>" + templ.EscapeString(s) + "</a></label>"
		if s != "" {
			want += " <p>" + templ.EscapeString(s)
		}
		if got := string(c.Bytes()); got != want {
			t.Errorf("%q: got %s, want %s", s, got, want)
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
