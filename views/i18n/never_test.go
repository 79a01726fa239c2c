package i18n_test

import (
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// never is a word that is not said, and where it is all the same.
type never struct {
	lang, word string
	said       *regexp.Regexp
	allowed    []string
}

// readNever reads the words that have a better one, as testdata/never.txt
// explains.
func readNever(t *testing.T) []never {
	t.Helper()
	b, err := os.ReadFile("testdata/never.txt")
	if err != nil {
		t.Fatal(err)
	}
	var all []never
	for line := range strings.Lines(string(b)) {
		parts := strings.Split(strings.TrimSpace(line), " | ")
		lang, word, ok := strings.Cut(parts[0], " ")
		if !ok || lang == "#" {
			continue
		}
		word, label := strings.CutPrefix(word, "= ")
		said := regexp.QuoteMeta(word)
		switch {
		case label:
			said = "^" + said + "$"
		case lang == "en":
			said = `(?:^|[^\w/.-])` + said + `(?:$|[^\w/-])`
		}
		all = append(all, never{lang, word, regexp.MustCompile("(?i)" + said), parts[1:]})
	}
	return all
}

var blank = regexp.MustCompile(`\{\{[^}]*\}\}`)

// saysNever tells whether the sentence of a key says the word.
func (n never) saysNever(key, text string) bool {
	for _, a := range n.allowed {
		if ok, _ := path.Match(a, key); ok {
			return false
		}
		text = strings.ReplaceAll(text, a, "")
	}
	return n.said.MatchString(blank.ReplaceAllString(text, ""))
}

func TestNoSentenceSaysAWordThatHasABetterOne(t *testing.T) {
	t.Parallel()
	words := readNever(t)
	if len(words) < 100 {
		t.Fatalf("read %d words, want all of the list", len(words))
	}
	for area, pair := range areas(t) {
		for i, lang := range []string{"en", "zh"} {
			for _, key := range slices.Sorted(maps.Keys(pair[i])) {
				for _, text := range pair[i][key] {
					for _, n := range words {
						if n.lang == lang && n.saysNever(key, text) {
							t.Errorf("%s.%s: %s says %q: %s", area, lang, key, n.word, text)
						}
					}
				}
			}
		}
	}
}

// A sentence is set as its language is: ’ in English, and in Chinese a space
// between a letter or a figure and a character.
func TestSentencesAreSetAsTheirLanguageIs(t *testing.T) {
	t.Parallel()
	straight := regexp.MustCompile(`[A-Za-z]'[a-z]`)
	tight := regexp.MustCompile(`\p{Han}[A-Za-z0-9]|[A-Za-z0-9]\p{Han}`)
	for area, pair := range areas(t) {
		for key, forms := range pair[0] {
			for _, text := range forms {
				if straight.MatchString(text) {
					t.Errorf("%s.en: %s has a straight apostrophe: %s", area, key, text)
				}
			}
		}
		for key, forms := range pair[1] {
			if found := tight.FindString(blank.ReplaceAllString(forms["other"], " ")); found != "" {
				t.Errorf("%s.zh: %s has no space in %q: %s", area, key, found, forms["other"])
			}
		}
	}
}
