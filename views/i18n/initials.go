package i18n

import (
	"strings"
	"unicode"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// initialsFrom are the first characters of each letter in GB 2312's first level,
// whose 3,755 characters are in the order of their pinyin; initialsEnd is behind
// the last. No syllable begins with i, u or v.
var initialsFrom = []struct {
	code   int
	letter byte
}{
	{0xb0a1, 'a'}, {0xb0c5, 'b'}, {0xb2c1, 'c'}, {0xb4ee, 'd'}, {0xb6ea, 'e'}, {0xb7a2, 'f'}, {0xb8c1, 'g'}, {0xb9fe, 'h'},
	{0xbbf7, 'j'}, {0xbfa6, 'k'}, {0xc0ac, 'l'}, {0xc2e8, 'm'}, {0xc4c3, 'n'}, {0xc5b6, 'o'}, {0xc5be, 'p'}, {0xc6da, 'q'},
	{0xc8bb, 'r'}, {0xc8f6, 's'}, {0xcbfa, 't'}, {0xcdda, 'w'}, {0xcef4, 'x'}, {0xd1b9, 'y'}, {0xd4d1, 'z'},
}

const initialsEnd = 0xd7fa

// Initials are the letters that a text is typed with in short: of common Chinese
// characters the first letter of their pinyin, other letters and digits as they
// are, lower case. "新建 OSS 存储桶" is "xjosscct". Characters beyond the first
// level of GB 2312 are left out.
func Initials(s string) string {
	var b strings.Builder
	encoder := simplifiedchinese.GBK.NewEncoder()
	for _, r := range s {
		switch {
		case r <= unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r)):
			b.WriteRune(unicode.ToLower(r))
		case unicode.Is(unicode.Han, r):
			if code, err := encoder.String(string(r)); err == nil && len(code) == 2 {
				writeInitial(&b, int(code[0])<<8|int(code[1]))
			}
		}
	}
	return b.String()
}

func writeInitial(b *strings.Builder, code int) {
	for i := len(initialsFrom) - 1; i >= 0 && code < initialsEnd; i-- {
		if code >= initialsFrom[i].code {
			b.WriteByte(initialsFrom[i].letter)
			return
		}
	}
}
