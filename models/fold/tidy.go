package fold

import (
	"iter"
	"regexp"
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

// flag is the flag of a part of a country, as of Scotland: a black one, the code of
// the part in tags, which show nothing, and their end. Nothing else can be hidden
// in it.
var flag = regexp.MustCompile("^🏴[\U000E0061-\U000E007A]{2}[\U000E0030-\U000E0039\U000E0061-\U000E007A]{1,4}\U000E007F")

// Shaping are the characters of a text, and of each whether it shows nothing by
// itself and yet belongs to what is read: a joiner where it joins, and the tags of
// a flag.
func Shaping(s string) iter.Seq2[rune, bool] {
	return func(yield func(rune, bool) bool) {
		var last rune
		flagged := 0 // where the flag ends that was met last
		for i, r := range s {
			shapes := i < flagged || Joiner(r) && Joins(last)
			if r == '🏴' {
				flagged = i + len(flag.FindString(s[i:]))
			}
			if !yield(r, shapes) {
				return
			}
			last = r
		}
	}
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
