package ui

import (
	"net/url"
	"strconv"
	"strings"
	"unicode"

	"quartermaster/models/fold"
)

// Visible is a name in which characters that show nothing, or that change the
// direction of the text, are written out. What scripts and pictures are made with
// stays.
func Visible(name string) string {
	var b strings.Builder
	for r, shapes := range fold.Shaping(name) {
		if shapes || unicode.IsGraphic(r) && r != 0x3164 && r != 0xffa0 {
			b.WriteRune(r)
		} else {
			b.WriteString("⟨" + strings.ToUpper(strconv.FormatInt(int64(r), 16)) + "⟩")
		}
	}
	return b.String()
}

// TagPath is the list at a path narrowed by a tag.
func TagPath(path, tag string) string { return path + "?tag=" + url.QueryEscape(tag) }
