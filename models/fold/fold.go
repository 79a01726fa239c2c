// Package fold makes texts comparable as a reader compares them: whatever their
// case, width and accents. It is the one way of the program to do so; what is
// compared must have been folded on both sides.
package fold

import (
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Text is s without joiners and the differences of case, width and accents:
// "Ｃａｆé" and "CAFE" are both "cafe". Marks that make other letters, as those of kana, stay.
func Text(s string) string {
	if strings.IndexFunc(s, beyondASCII) < 0 {
		return strings.ToLower(s) // the same, and sooner
	}
	plain := strings.Map(func(r rune) rune {
		if r >= 0x300 && r <= 0x36f { // the accents of Latin, Greek and Cyrillic
			return -1
		}
		return withoutJoiner(r)
	}, norm.NFKD.String(s))
	return norm.NFC.String(cases.Fold().String(plain))
}

// withoutJoiner leaves out what joins characters or keeps them apart, which people
// type or leave out as they like.
func withoutJoiner(r rune) rune {
	if Joiner(r) {
		return -1
	}
	return r
}

func beyondASCII(r rune) bool { return r > unicode.MaxASCII }

// Words are the words of s in their order, folded. Han text, which is written
// without spaces, comes in pairs that overlap, 知识仓 as 知识 and 识仓, so that
// what is asked for in pairs is found anywhere in it; a single character is a
// word.
func Words(s string) []string {
	var words []string
	for _, word := range strings.FieldsFunc(Text(s), between) {
		words = append(words, parts([]rune(word))...)
	}
	return words
}

// between tells whether a rune stands between words.
func between(r rune) bool { return !unicode.In(r, unicode.L, unicode.N, unicode.M) }

// parts are the words and the pairs of a text without spaces.
func parts(text []rune) []string {
	var parts []string
	for len(text) > 0 {
		n := 1
		for n < len(text) && unicode.Is(unicode.Han, text[n]) == unicode.Is(unicode.Han, text[0]) {
			n++
		}
		if !unicode.Is(unicode.Han, text[0]) || n == 1 {
			parts = append(parts, string(text[:n]))
		} else {
			for i := range n - 1 {
				parts = append(parts, string(text[i:i+2]))
			}
		}
		text = text[n:]
	}
	return parts
}
