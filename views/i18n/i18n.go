// Package i18n holds the words of the product in every language it speaks, and
// the way each language writes dates, numbers, sizes and money. Sentences are
// kept in catalogues beside this file, one per language; code knows their keys.
package i18n

import (
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"golang.org/x/text/language"
)

// Languages that every sentence exists in. The first is the default.
var Languages = []language.Tag{language.English, language.Chinese}

//go:embed *.json
var catalogues embed.FS

// words are the sentences of a language, which are read when they are first
// asked for: most commands need none, and most desks use one language.
var words = map[string]func() map[string]sentence{
	"en": sync.OnceValue(func() map[string]sentence { return mustRead("en") }),
	"zh": sync.OnceValue(func() map[string]sentence { return mustRead("zh") }),
}

// sentence is what a key says. One is said of a single thing, where that
// differs.
type sentence struct{ One, Other string }

// UnmarshalJSON reads a sentence as catalogues have it: a text, or one for each
// plural form.
func (s *sentence) UnmarshalJSON(b []byte) error {
	if b[0] == '"' {
		return json.Unmarshal(b, &s.Other)
	}
	type forms sentence
	return json.Unmarshal(b, (*forms)(s))
}

func mustRead(lang string) map[string]sentence {
	entries, err := catalogues.ReadDir(".")
	if err != nil {
		panic(err)
	}
	read := map[string]sentence{}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), "."+lang+".json") {
			continue
		}
		b, err := catalogues.ReadFile(e.Name())
		if err == nil {
			err = json.Unmarshal(b, &read)
		}
		if err != nil {
			panic(fmt.Sprintf("catalogue %s: %v", e.Name(), err))
		}
	}
	return read
}

var keys = sync.OnceValue(func() []string { return slices.Sorted(maps.Keys(words["en"]())) })

// Keys are the keys of all sentences that begin with prefix, sorted.
func Keys(prefix string) []string {
	keys := keys()
	from, _ := slices.BinarySearch(keys, prefix)
	to := from
	for to < len(keys) && strings.HasPrefix(keys[to], prefix) {
		to++
	}
	return keys[from:to]
}

type contextKey struct{}

// WithLang returns a context whose reader reads lang ("en" or "zh").
func WithLang(ctx context.Context, lang string) context.Context {
	return context.WithValue(ctx, contextKey{}, lang)
}

// Lang is the language of the context's reader, "en" when none was chosen.
func Lang(ctx context.Context) string {
	if lang, ok := ctx.Value(contextKey{}).(string); ok {
		return lang
	}
	return "en"
}

// T is the sentence of key in the reader's language. args are pairs of a name
// in the sentence, where it stands as {{.Name}}, and its value; the value named
// "Count" chooses the plural form. An unknown key is shown as itself.
func T(ctx context.Context, key string, args ...any) string {
	s, ok := words[Lang(ctx)]()[key]
	switch {
	case !ok:
		return key
	case s.One != "" && fmt.Sprint(value(args, "Count")) == "1":
		return filled(s.One, args)
	}
	return filled(s.Other, args)
}

// Has tells whether the catalogue has a sentence for key.
func Has(ctx context.Context, key string) bool {
	_, ok := words[Lang(ctx)]()[key]
	return ok
}

// filled is a sentence with the values of args at their names, numbers with
// their digits in groups.
func filled(text string, args []any) string {
	if !strings.Contains(text, "{{.") {
		return text
	}
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "{{.")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		var name string
		name, text, _ = strings.Cut(rest, "}}")
		switch v := value(args, name).(type) {
		case int:
			b.WriteString(sign(int64(v)) + grouped(magnitude(int64(v))))
		case int64:
			b.WriteString(sign(v) + grouped(magnitude(v)))
		default:
			fmt.Fprint(&b, v)
		}
	}
}

// value is the value of a name in args. Where there is none, the sentence shows
// it.
func value(args []any, name string) any {
	for i := 0; i+1 < len(args); i += 2 {
		if args[i] == name && args[i+1] != nil {
			return args[i+1]
		}
	}
	return "<no value>"
}
