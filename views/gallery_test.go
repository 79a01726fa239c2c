package views_test

import (
	"context"
	"regexp"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"quartermaster/static"
	"quartermaster/views"
	"quartermaster/views/i18n"
	"quartermaster/views/layout"
	"quartermaster/views/ui"
)

// gallery draws the page of all parts, framed for a member of a team.
func gallery(t *testing.T, lang string) (*goquery.Document, string) {
	t.Helper()
	ctx := layout.WithShell(ui.WithKinds(i18n.WithLang(context.Background(), lang), views.Kinds()), layout.Shell{
		UserName: "Ada", UserEmail: "ada@example.com", Initials: "a", TeamName: "Platform", TeamID: "1008601234567890",
		Role: "admin", Teams: []layout.Team{{ID: "2", Name: "Data"}}, Path: "/gallery", Demo: true,
	})
	var b strings.Builder
	if err := views.Gallery().Render(ctx, &b); err != nil {
		t.Fatal(err)
	}
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	return doc, b.String()
}

func TestPartsObeyTheContentPolicy(t *testing.T) {
	t.Parallel()
	doc, _ := gallery(t, "en")
	for _, selector := range []string{"[style]", "style", "script:not([src])", "[onclick]", "[hx-on]", `[href^="javascript:"]`, `[src^="http"]`, `link[href^="http"]`} {
		if n := doc.Find(selector).Length(); n != 0 {
			t.Errorf("%s: found %d, want 0", selector, n)
		}
	}
}

func TestPartsPointToWhatIsThere(t *testing.T) {
	t.Parallel()
	doc, html := gallery(t, "en")
	ids := map[string]int{}
	doc.Find("[id]").Each(func(_ int, e *goquery.Selection) { ids[e.AttrOr("id", "")]++ })
	for id, n := range ids {
		if n > 1 {
			t.Errorf("id %s is given %d times, want once", id, n)
		}
	}
	for _, name := range []string{"for", "aria-labelledby", "popovertarget", "commandfor"} {
		doc.Find("[" + name + "]").Each(func(_ int, e *goquery.Selection) {
			if id := e.AttrOr(name, ""); ids[id] == 0 {
				t.Errorf("%s names %q, which is not on the page", name, id)
			}
		})
	}
	sprite, ok := static.Find(static.Path("icons.svg"))
	if !ok {
		t.Fatal("no sprite")
	}
	for _, m := range regexp.MustCompile(`<use href="[^"#]*#([^"]*)"`).FindAllStringSubmatch(html, -1) {
		if !strings.Contains(string(sprite.Body()), `<symbol id="`+m[1]+`"`) {
			t.Errorf("icon %q is not in the sprite", m[1])
		}
	}
}

func TestPartsHaveWordsInBothLanguages(t *testing.T) {
	t.Parallel()
	key := regexp.MustCompile(`^(ui|nav|role|gallery|rule|app)\.[a-z0-9.-]+$`)
	for _, lang := range []string{"en", "zh"} {
		doc, _ := gallery(t, lang)
		doc.Find("body *").Each(func(_ int, e *goquery.Selection) {
			for _, text := range []string{strings.TrimSpace(e.Text()), e.AttrOr("aria-label", ""), e.AttrOr("title", ""), e.AttrOr("placeholder", "")} {
				if key.MatchString(text) {
					t.Errorf("%s: a reader sees the key %s", lang, text)
				}
			}
		})
	}
}
