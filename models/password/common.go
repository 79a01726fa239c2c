package password

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
	"unicode"

	"quartermaster/models/fold"
)

//go:embed passwords.txt
var commonText string

// commonWords are what people make passwords of when they must make one, the
// longest first.
var commonWords = sync.OnceValue(func() []string {
	var words []string
	for line := range strings.Lines(commonText) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "#") {
			words = append(words, strings.Fields(line)...)
		}
	}
	slices.SortFunc(words, func(a, b string) int { return len(b) - len(a) })
	return words
})

// leet undoes the letters that people replace to please a rule.
var leet = strings.NewReplacer("0", "o", "1", "i", "3", "e", "4", "a", "5", "s", "7", "t", "@", "a", "$", "s", "!", "i")

// Common tells whether a password is among the first that anybody tries: one or
// two common words with digits and signs around them, a few characters over and
// over, a row of the keyboard, or a word of the account itself (own) in place
// of a common one. Of an address that is the whole of it and what is before the @.
func Common(password string, own ...string) bool {
	text := fold.Text(password)
	if repeats(text) || runs(text) {
		return true
	}
	var words []string
	for _, o := range own {
		whole := fold.Text(strings.TrimSpace(o))
		name, _, _ := strings.Cut(whole, "@")
		for _, word := range []string{whole, leet.Replace(whole), name} {
			if len([]rune(word)) >= 3 {
				words = append(words, word)
			}
		}
	}
	slices.SortStableFunc(words, func(a, b string) int { return len(b) - len(a) })
	words = append(words, commonWords()...)
	return madeOf(text, text, words) || madeOf(text, leet.Replace(text), words)
}

// madeOf tells whether text, read as seen, is at most two of the words, and
// otherwise digits and signs. Both are equally long.
func madeOf(text, seen string, words []string) bool {
	rest := []byte(text)
	found := 0
	for _, w := range words {
		at := strings.Index(seen, w)
		if at < 0 {
			continue
		}
		found++
		for ; at >= 0; at = strings.Index(seen, w) {
			gap := strings.Repeat(" ", len(w))
			seen = seen[:at] + gap + seen[at+len(w):]
			copy(rest[at:], gap)
		}
	}
	return found > 0 && found <= 2 && strings.IndexFunc(string(rest), unicode.IsLetter) < 0
}

// repeats tells whether text is a unit of at most four characters again and
// again.
func repeats(text string) bool {
	r := []rune(text)
	for unit := 1; unit <= 4 && unit < len(r); unit++ {
		same := true
		for i := unit; i < len(r) && same; i++ {
			same = r[i] == r[i-unit]
		}
		if same {
			return true
		}
	}
	return false
}

// rows are the orders of characters that fingers follow.
var rows = []string{"01234567890123456789", "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm", "1qaz2wsx3edc4rfv5tgb6yhn7ujm"}

// runs tells whether text is a piece of such a row, in either direction.
func runs(text string) bool {
	r := []rune(text)
	slices.Reverse(r)
	for _, row := range rows {
		if strings.Contains(row, text) || strings.Contains(row, string(r)) {
			return true
		}
	}
	return false
}
