package i18n_test

import (
	"io/fs"
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	// quoted is a text in the source, in quotes of either sort.
	quoted = regexp.MustCompile("\"((?:[^\"\\\\\n]|\\\\.)*)\"|`([^`]*)`")
	// said is a sentence that is asked for by its whole key.
	said = regexp.MustCompile(`\b(?:T|Flash|Has)\([\w.]+(?:\(\))?, "([^"]+)"\s*[,)]`)
	// word is what texts in the source are made of: a part of a key, a name in
	// a tag, a code of the documents.
	word = regexp.MustCompile(`[\w/-]+`)
)

// The ways in which the source says that a rule is broken: by name for a field,
// by name for the field of the moment, and in a tag.
var (
	broken = regexp.MustCompile(`\b(?:invalid|refuse)\("([^"]*)", "(\w+)"[,)]`)
	rule   = regexp.MustCompile(`\bRule: "(\w+)"`)
	tag    = regexp.MustCompile(`\bvalidate:"([^"]+)"`)
)

// rulesIn are the rules that a file of the source can find broken, as
// "field.rule" or "rule".
func rulesIn(text string) []string {
	var rules []string
	for _, m := range broken.FindAllStringSubmatch(text, -1) {
		rules = append(rules, strings.TrimPrefix(m[1]+"."+m[2], "."))
	}
	for _, m := range rule.FindAllStringSubmatch(text, -1) {
		rules = append(rules, m[1])
	}
	for _, m := range tag.FindAllStringSubmatch(text, -1) {
		for part := range strings.SplitSeq(m[1], ",") {
			if name, _, _ := strings.Cut(part, "="); name != "omitempty" && name != "dive" {
				rules = append(rules, strings.TrimPrefix(name, "nfc")) // said as the rule that it is a form of
			}
		}
	}
	return rules
}

// source is what the program's own Go files, its templates and the catalogue of
// what is sold say: all texts in them, their words, the keys of sentences that
// are asked for, and the rules that can be broken.
type source struct{ texts, words, keys, rules map[string]bool }

func readSource(t *testing.T) source {
	t.Helper()
	s := source{map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}}
	root := os.DirFS("../..")
	err := fs.WalkDir(root, ".", func(name string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir() && (e.Name() == "node_modules" || name != "." && strings.HasPrefix(e.Name(), ".")):
			return fs.SkipDir
		case e.IsDir(), strings.HasSuffix(name, "_test.go"), strings.HasSuffix(name, "_templ.go"),
			path.Ext(name) != ".go" && path.Ext(name) != ".templ" && path.Base(name) != "catalogue.json":
			return nil
		}
		b, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		for _, m := range quoted.FindAllStringSubmatch(string(b), -1) {
			text := m[1] + m[2]
			s.texts[text] = true
			for _, w := range word.FindAllString(text, -1) {
				s.words[w] = true
				for _, part := range strings.FieldsFunc(w, joint) {
					s.words[part] = true
				}
			}
		}
		for _, m := range said.FindAllStringSubmatch(string(b), -1) {
			s.keys[m[1]] = true
		}
		for _, r := range rulesIn(string(b)) {
			s.rules[r] = true
		}
		return nil
	})
	if err != nil || len(s.keys) == 0 || len(s.rules) == 0 {
		t.Fatalf("found %d keys and %d rules in the source, %v", len(s.keys), len(s.rules), err)
	}
	return s
}

// says tells whether the source can ask for a key: by the whole of it, or by
// its beginning and the words behind it.
func (s source) says(key string) bool {
	if s.texts[key] {
		return true
	}
	for i := len(key) - 1; i > 0; i-- {
		if key[i] != '.' && key[i] != '-' || !s.texts[key[:i+1]] {
			continue
		}
		if rest := key[i+1:]; s.texts[rest] || s.all(strings.Split(rest, "."), s.word) {
			return true
		}
	}
	return false
}

// word tells whether the source has a word, or those that it is joined of.
func (s source) word(w string) bool {
	return s.words[w] || s.all(strings.FieldsFunc(w, joint), func(part string) bool { return s.words[part] })
}

func (s source) all(words []string, known func(string) bool) bool {
	return !slices.ContainsFunc(words, func(w string) bool { return !known(w) })
}

func joint(r rune) bool { return r == '-' || r == '_' }

// statuses are asked for by number, which the source writes by name.
var statuses = regexp.MustCompile(`^error\.\d+\.`)

func TestEverySentenceIsSaidSomewhere(t *testing.T) {
	t.Parallel()
	s := readSource(t)
	for area, pair := range areas(t) {
		for _, key := range slices.Sorted(maps.Keys(pair[0])) {
			if !s.says(key) && !statuses.MatchString(key) {
				t.Errorf("%s: nothing in the source asks for %s", area, key)
			}
		}
	}
}

func TestEverySentenceThatIsAskedForIsWritten(t *testing.T) {
	t.Parallel()
	written := map[string]bool{}
	fields := map[string]bool{} // rules that only some fields have words for
	for _, pair := range areas(t) {
		for key := range pair[0] {
			written[key] = true
			if parts := strings.Split(key, "."); parts[0] == "rule" && len(parts) == 3 {
				fields[parts[2]] = true
			}
		}
	}
	s := readSource(t)
	for key := range s.keys {
		if !written[key] {
			t.Errorf("%s is asked for and in no catalogue", key)
		}
	}
	for r := range s.rules {
		field, name, one := strings.Cut(r, ".")
		if one && !written["rule."+r] && !written["rule."+name] || !one && !written["rule."+field] && !fields[field] {
			t.Errorf("rule %s can be broken and has no words", r)
		}
	}
}
