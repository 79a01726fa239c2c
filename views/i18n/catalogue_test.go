package i18n_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"quartermaster/views/i18n"
)

// forms are the plural forms of a sentence; one without plurals has "other".
type forms map[string]string

func (f *forms) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*f = forms{"other": one}
		return nil
	}
	return json.Unmarshal(b, (*map[string]string)(f))
}

// read gives the sentences of a catalogue file. A key given twice is an error:
// one of its sentences would never be seen.
func read(t *testing.T, file string) map[string]forms {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	if tok, err := d.Token(); err != nil || tok != json.Delim('{') {
		t.Fatalf("%s: got %v, %v, want an object", file, tok, err)
	}
	out := map[string]forms{}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		var f forms
		if err := d.Decode(&f); err != nil {
			t.Fatalf("%s: %s: %v", file, key, err)
		}
		if _, twice := out[key.(string)]; twice {
			t.Errorf("%s: %s appears twice", file, key)
		}
		out[key.(string)] = f
	}
	return out
}

// areas are the catalogues in pairs: those of an area in English and Chinese.
func areas(t *testing.T) map[string][2]map[string]forms {
	t.Helper()
	files, err := filepath.Glob("*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("found %d catalogues, %v", len(files), err)
	}
	out := map[string][2]map[string]forms{}
	for _, file := range files {
		area, lang, ok := strings.Cut(strings.TrimSuffix(file, ".json"), ".")
		i := slices.Index([]string{"en", "zh"}, lang)
		if !ok || i < 0 {
			t.Errorf("%s is not named <area>.en.json or <area>.zh.json", file)
			continue
		}
		pair := out[area]
		pair[i] = read(t, file)
		out[area] = pair
	}
	return out
}

func TestBothLanguagesHaveTheSameKeys(t *testing.T) {
	t.Parallel()
	owner := map[string]string{}
	for area, pair := range areas(t) {
		en, zh := pair[0], pair[1]
		for key := range en {
			if _, ok := zh[key]; !ok {
				t.Errorf("%s: %s has no Chinese", area, key)
			}
			if other, ok := owner[key]; ok {
				t.Errorf("%s is in the catalogues of both %s and %s", key, other, area)
			}
			owner[key] = area
		}
		for key := range zh {
			if _, ok := en[key]; !ok {
				t.Errorf("%s: %s has no English", area, key)
			}
		}
	}
}

func TestSentencesAreWrittenAndHaveTheirPlurals(t *testing.T) {
	t.Parallel()
	for area, pair := range areas(t) {
		for i, lang := range []string{"en", "zh"} {
			for key, f := range pair[i] {
				kinds := slices.Sorted(maps.Keys(f))
				if plural := slices.Equal(kinds, []string{"one", "other"}); !slices.Equal(kinds, []string{"other"}) && (!plural || lang != "en") {
					t.Errorf("%s.%s: %s has the forms %v; English has one and other, Chinese only other", area, lang, key, kinds)
				}
				for form, s := range f {
					if strings.TrimSpace(s) == "" {
						t.Errorf("%s.%s: %s (%s) is empty", area, lang, key, form)
					}
				}
			}
		}
	}
}

func TestSentencesParseAndHaveTheSamePlaceholders(t *testing.T) {
	t.Parallel()
	for area, pair := range areas(t) {
		for key, en := range pair[0] {
			zh, ok := pair[1][key]
			if !ok {
				continue // reported by another test
			}
			want := placeholders(t, area+".en "+key, en["other"])
			if got := placeholders(t, area+".zh "+key, zh["other"]); !slices.Equal(got, want) {
				t.Errorf("%s: %s has %v in Chinese and %v in English", area, key, got, want)
			}
			// "One file" may leave its count out, and has nothing of its own.
			for _, name := range placeholders(t, area+".en "+key, en["one"]) {
				if !slices.Contains(want, name) {
					t.Errorf("%s: %s has %s only in its singular", area, key, name)
				}
			}
		}
	}
}

var (
	braces      = regexp.MustCompile(`\{\{.*?\}\}|[{}]`)
	placeholder = regexp.MustCompile(`^\{\{\.(\w+)\}\}$`)
)

// placeholders are the names that a sentence asks for, sorted.
func placeholders(t *testing.T, where, sentence string) []string {
	t.Helper()
	names := map[string]bool{}
	for _, text := range braces.FindAllString(sentence, -1) {
		m := placeholder.FindStringSubmatch(text)
		if m == nil {
			t.Errorf("%s: %q is no {{.Name}}", where, text)
			continue
		}
		names[m[1]] = true
	}
	return slices.Sorted(maps.Keys(names))
}

func TestSentencesAreFilledAndCounted(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		lang, key string
		args      []any
		want      string
	}{
		{"en", "format.ago.day", []any{"Count", 1}, "1 day ago"},
		{"en", "format.ago.day", []any{"Count", int64(2)}, "2 days ago"},
		{"zh", "format.ago.day", []any{"Count", 1}, "1 天前"},
		{"en", "format.ago.day", []any{"Count", nil}, "<no value> days ago"},
		{"en", "no.such.key", []any{"Count", 1}, "no.such.key"},
	} {
		ctx := i18n.WithLang(t.Context(), tt.lang)
		if got := i18n.T(ctx, tt.key, tt.args...); got != tt.want {
			t.Errorf("%s of %v in %s: got %q, want %q", tt.key, tt.args, tt.lang, got, tt.want)
		}
	}
	if i18n.Has(t.Context(), "no.such.key") || !i18n.Has(t.Context(), "format.ago.day") {
		t.Error("the catalogue has what it has not, or has not what it has")
	}
}
