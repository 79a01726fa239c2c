package fold

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Joiner tells whether r joins the characters beside it, or keeps them from
// joining, and shows nothing itself.
func Joiner(r rune) bool { return r == 0x200c || r == 0x200d }

// Joins tells whether a joiner behind r shapes what is read: in pictures and in
// the scripts that have joined letters.
func Joins(r rune) bool {
	return r > unicode.MaxLatin1 && unicode.In(r, unicode.L, unicode.M, unicode.S) &&
		!unicode.In(r, unicode.Latin, unicode.Greek, unicode.Cyrillic, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul)
}

// Tidy is a text that somebody typed or pasted, composed (NFC) and without what
// came along unseen: places for line breaks, marks of the byte order, spaces
// around it, and joiners that shape nothing. What is not UTF-8 stays as it is.
func Tidy(s string) string {
	if !utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	var last rune
	for _, r := range s {
		if r == 0x00ad || r == 0x200b || r == 0xfeff || Joiner(r) && !Joins(last) {
			continue
		}
		b.WriteRune(r)
		last = r
	}
	return strings.TrimFunc(norm.NFC.String(b.String()), func(r rune) bool { return unicode.IsSpace(r) || Joiner(r) })
}
