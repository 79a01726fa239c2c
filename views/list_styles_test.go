package views_test

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/language"

	"quartermaster/models"
	"quartermaster/views"
	"quartermaster/views/i18n"
)

var update = flag.Bool("update", false, "rewrite static/css/lists.css and page_lists.css, which lists and their words make")

// partial are the lists that are only a part of pages, or Styled, whose styles pages
// of nothing but a list do not load.
var partial = []string{"Approvals", "Deductions", "keyList", "callList", "Members", "Notices", "Objects", "Drafts", "Invitations", "SiteTeams", "SiteUsers", "Offers", "Prices", "Things"}

// tables are the lists that are drawn as tables, by how the code makes them.
var tables = map[string]interface {
	Styles(language.Tag) []string
	Keys() []string
	Unsorted() []string
	Misread() []string
}{
	"Orders": views.Orders, "Plans": views.Plans, "Deductions": views.Deductions, "Buckets": views.Buckets, "Objects": views.Objects(models.Bucket{}, "", true),
	"Stores": views.Stores, "Apps": views.Apps, "pkgVersions": views.PkgVersions, "keyList": views.TeamKeys.Keys(), "callList": views.TeamKeys.Calls(),
	"Members": views.Members(nil), "Approvals": views.Approvals, "BudgetEntries": views.BudgetEntries, "Notices": views.Notices, "Drafts": views.Drafts,
	"Invitations": views.Invitations, "SiteTeams": views.SiteTeams, "SiteUsers": views.SiteUsers,
	"Offers": views.Offers, "Prices": views.Prices, "Things": views.Things,
}

func TestTheStylesOfListsAreThoseThatListsMake(t *testing.T) {
	t.Parallel()
	begins := regexp.MustCompile(`(?m)^(?:func|var) (\w+)`)
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		before, rest, found := strings.Cut(string(text), "&ListView[")
		for made := before; found && !strings.HasSuffix(file, "_test.go"); made += before {
			names := begins.FindAllStringSubmatch(made, -1)
			if name := names[len(names)-1][1]; tables[name] == nil && name != "Events" {
				t.Errorf("the list of %s is not among them", name)
			}
			before, rest, found = strings.Cut(rest, "&ListView[")
		}
	}
	for _, part := range []bool{false, true} {
		var rules []string
		for name, list := range tables {
			for _, lang := range i18n.Languages {
				if slices.Contains(partial, name) == part {
					rules = append(rules, list.Styles(lang)...)
				}
			}
		}
		file := "lists.css"
		if part {
			file = "page_lists.css"
		}
		holds(t, filepath.Join("..", "static", "css", file), rules)
	}
}

func TestColumnsAreToldApartByTheirKeys(t *testing.T) {
	t.Parallel()
	for name, list := range tables {
		keys := list.Keys()
		slices.Sort(keys)
		if all := len(keys); all == 0 || len(slices.Compact(keys)) != all || slices.ContainsFunc(keys, func(key string) bool { return strings.ContainsAny(key, ", ") || key == "" }) {
			t.Errorf("%s: columns %q", name, keys)
		}
	}
}

func TestEveryColumnThatIsShownSorts(t *testing.T) {
	t.Parallel()
	for name, list := range tables {
		for _, words := range list.Unsorted() {
			t.Errorf("%s cannot be sorted by %s", name, words)
		}
	}
}

func TestNoFilterIsCalledAsSomethingElseOfAnAddress(t *testing.T) {
	t.Parallel()
	for name, list := range tables {
		if names := list.Misread(); names != nil {
			t.Errorf("%s: filters called %q", name, names)
		}
	}
}

// holds tells whether a file is the rules, after writing it where that was asked for.
func holds(t *testing.T, file string, rules []string) {
	t.Helper()
	slices.Sort(rules)
	rules = slices.Compact(rules)
	want := "/* How the cells of lists stand, and what stands before them where the table becomes\n   cards. Made by: go test ./views -run TestTheStylesOfLists -update */\n@layer parts {\n  " + strings.Join(rules, "\n  ") + "\n}\n"
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(file); err != nil || string(got) != want { // #nosec G304 -- of the styles
		t.Errorf("%s is not what the lists make, %v", file, err)
	}
	for _, rule := range rules {
		_, words, _ := strings.Cut(rule, `"`)
		if strings.ContainsAny(strings.TrimSuffix(words, `"; }`), `"\`) || strings.Contains(words, ": ") || strings.Contains(words, ", ") {
			t.Errorf("%s: such words are not kept when styles are squeezed", rule)
		}
	}
}
