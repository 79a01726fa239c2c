// Package i18n holds the words of the product in every language it speaks, and
// the way each language writes dates, numbers, sizes and money. Sentences are
// kept in catalogues beside this file, one per language; code knows their keys.
package i18n

import (
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	goi18n "github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

// Languages that every sentence exists in. The first is the default.
var Languages = []language.Tag{language.English, language.Chinese}

//go:embed *.json
var catalogues embed.FS

var bundle, keys = mustBundle()

func mustBundle() (*goi18n.Bundle, []string) {
	var keys []string
	b := goi18n.NewBundle(language.English)
	b.RegisterUnmarshalFunc("json", json.Unmarshal)
	entries, err := catalogues.ReadDir(".")
	if err != nil {
		panic(err)
	}
	for _, e := range entries {
		file, err := b.LoadMessageFileFS(catalogues, e.Name())
		if err != nil {
			panic(fmt.Sprintf("catalogue %s: %v", e.Name(), err))
		}
		if file.Tag == language.English {
			for _, m := range file.Messages {
				keys = append(keys, m.ID)
			}
		}
	}
	slices.Sort(keys)
	return b, keys
}

// Keys are the keys of all sentences that begin with prefix, sorted.
func Keys(prefix string) []string {
	from, _ := slices.BinarySearch(keys, prefix)
	to := from
	for to < len(keys) && strings.HasPrefix(keys[to], prefix) {
		to++
	}
	return keys[from:to]
}

var localizers = map[string]*goi18n.Localizer{
	"en": goi18n.NewLocalizer(bundle, "en"),
	"zh": goi18n.NewLocalizer(bundle, "zh"),
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
// in the sentence's template and its value; the value named "Count" chooses
// the plural form. An unknown key is shown as itself.
func T(ctx context.Context, key string, args ...any) string {
	s, ok := lookup(ctx, key, args)
	if !ok {
		return key
	}
	return s
}

// Has tells whether the catalogue has a sentence for key.
func Has(ctx context.Context, key string) bool {
	_, ok := lookup(ctx, key, nil)
	return ok
}

func lookup(ctx context.Context, key string, args []any) (string, bool) {
	cfg := &goi18n.LocalizeConfig{MessageID: key}
	if len(args) > 0 {
		data := make(map[string]any, len(args)/2)
		for i := 0; i+1 < len(args); i += 2 {
			name := args[i].(string)
			data[name] = args[i+1]
			if name == "Count" {
				cfg.PluralCount = args[i+1]
			}
		}
		cfg.TemplateData = data
	}
	s, err := localizers[Lang(ctx)].Localize(cfg)
	return s, err == nil
}
