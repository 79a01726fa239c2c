package ui

import (
	"strconv"
	"strings"
	"unicode"
)

// Visible is a name in which characters that show nothing, or that change the
// direction of the text, are written out. Joiners stay: scripts and pictures
// are made with them.
func Visible(name string) string {
	var b strings.Builder
	for _, r := range name {
		if unicode.IsGraphic(r) && r != 0x3164 && r != 0xffa0 || r == 0x200c || r == 0x200d {
			b.WriteRune(r)
		} else {
			b.WriteString("⟨" + strings.ToUpper(strconv.FormatInt(int64(r), 16)) + "⟩")
		}
	}
	return b.String()
}
