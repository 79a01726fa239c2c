package archive

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"quartermaster/models/fold"
)

const (
	manifestName  = "META-INF/MANIFEST.MF"
	manifestSize  = 64 << 10 // bytes of it that are looked at
	manifestLines = 100      // attributes that are kept
	valueSize     = 1024     // bytes of an attribute's value that are kept
	shownSize     = 1024     // bytes of a name that are shown
)

// shown is a name as a person may see it. Characters that are invisible or
// change the direction of the text are written as escapes; if that makes a name
// very long, it ends in "…".
func shown(name string) string {
	name = visible(strings.ToValidUTF8(name, string(utf8.RuneError)))
	if len(name) > shownSize {
		name = strings.ToValidUTF8(name[:shownSize], "") + "…"
	}
	return name
}

func visible(s string) string {
	if !strings.ContainsFunc(s, hidden) {
		return s
	}
	var b strings.Builder
	for r, shapes := range fold.Shaping(s) {
		switch {
		case shapes || !hidden(r):
			b.WriteRune(r)
		case r > 0xFFFF:
			fmt.Fprintf(&b, `\U%08x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

// hidden runes are controls, format and direction characters, line and
// paragraph separators, and what is private or not assigned.
func hidden(r rune) bool { return !unicode.IsGraphic(r) }

func depth(name string) int {
	return strings.Count(strings.TrimSuffix(name, "/"), "/")
}

// attributes reads the main section of a manifest: "Name: value" lines up to
// the first empty one, where a line that begins with a space continues the
// value before. Lines of any other form are left out.
func attributes(manifest []byte) []Attribute {
	manifest = bytes.ReplaceAll(manifest, []byte("\r\n"), []byte("\n"))
	manifest = bytes.ReplaceAll(manifest, []byte("\r"), []byte("\n"))
	section, _, _ := strings.Cut(string(manifest), "\n\n")
	section = strings.ReplaceAll(section, "\n ", "")
	if text, ok := fromGBK(section); ok && !utf8.ValidString(section) {
		section = text
	}
	var list []Attribute
	for line := range strings.Lines(section) {
		name, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		if !ok || len(list) == manifestLines {
			continue
		}
		list = append(list, Attribute{Name: shown(clip(name)), Value: shown(clip(value))})
	}
	return list
}

// clip cuts s to the bytes that are kept, never inside a character.
func clip(s string) string {
	if len(s) <= valueSize {
		return s
	}
	end := valueSize
	for end > valueSize-utf8.UTFMax && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end]
}
