package layout_test

import (
	"context"
	"reflect"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/a-h/templ"

	"quartermaster/views"
	"quartermaster/views/i18n"
	"quartermaster/views/kept"
	"quartermaster/views/layout"
	"quartermaster/views/ui"
)

var ada = layout.Shell{
	UserName: "Ada Lovelace", UserEmail: "ada@example.com", Initials: "al", TeamName: "Platform", TeamID: "1008601234567890", Role: "admin",
	Counts: map[string]int64{"bucket": 12, "version": 1148, "plan": 9, "store": 5}, Path: "/stores/new?region=a",
}

func draw(t *testing.T, lang string, s layout.Shell, page templ.Component) *goquery.Document {
	t.Helper()
	ctx := ui.WithKinds(layout.WithShell(i18n.WithLang(context.Background(), lang), s), views.Kinds())
	var b strings.Builder
	if err := page.Render(templ.WithChildren(ctx, templ.Raw("<p>the page</p>")), &b); err != nil { // a constant of this test
		t.Fatal(err)
	}
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestPageHasOneHeadingOneMainAndATitle(t *testing.T) {
	t.Parallel()
	doc := draw(t, "zh", ada, layout.Page(layout.PageProps{Title: "新建知识仓", Subtitle: "几秒即可", Crumbs: []ui.Crumb{{Label: "知识仓", Href: "/stores"}}}))
	if got := strings.TrimSpace(doc.Find("h1").Text()); got != "新建知识仓" {
		t.Errorf("heading: got %q, want 新建知识仓", got)
	}
	if got := strings.Join(strings.Fields(doc.Find("title").Text()), " "); got != "新建知识仓 · 资源台" {
		t.Errorf("title: got %q, want 新建知识仓 · 资源台", got)
	}
	if got := doc.Find("main#main > p").Text(); got != "the page" {
		t.Errorf("main: got %q, want the page", got)
	}
	if got := doc.Find("html").AttrOr("lang", ""); got != "zh-CN" {
		t.Errorf("language: got %q, want zh-CN", got)
	}
	if got := doc.Find(".breadcrumb a").AttrOr("href", ""); got != "/stores" {
		t.Errorf("breadcrumb: got %q, want /stores", got)
	}
}

func TestNavigationMarksWhereTheReaderIs(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"/": "/", "/stores": "/stores", "/stores/new?region=a": "/stores", "/apps/wa-1": "/pkg-versions", "/orders/1/print": "/orders", "/storesx": "",
	} {
		s := ada
		s.Path = path
		doc := draw(t, "en", s, layout.Page(layout.PageProps{Title: "x"}))
		marked := doc.Find("nav a[aria-current]")
		if got := marked.AttrOr("href", ""); got != want || marked.Length() > 1 {
			t.Errorf("at %s: marked %q (%d links), want %q", path, got, marked.Length(), want)
		}
	}
}

func TestNavigationCountsTheFourKinds(t *testing.T) {
	t.Parallel()
	doc := draw(t, "en", ada, layout.Page(layout.PageProps{Title: "x"}))
	var got []string
	doc.Find(".nav-count").Each(func(_ int, e *goquery.Selection) { got = append(got, e.Text()) })
	if want := "12 1,148 9 5"; strings.Join(got, " ") != want {
		t.Errorf("counts: got %v, want %s", got, want)
	}
}

func TestSwitchesAreFormsThatComeBack(t *testing.T) {
	t.Parallel()
	doc := draw(t, "en", ada, layout.Page(layout.PageProps{Title: "x"}))
	for action, button := range map[string]string{
		"/account/language": `button[name=lang][value=zh]`,
		"/account/theme":    `button[name=theme][value=dark]`,
	} {
		form := doc.Find(`form[method=post][action="` + action + `"]`)
		if form.Find(button).Length() != 1 {
			t.Errorf("%s: found %d of %s, want 1", action, form.Find(button).Length(), button)
		}
		if got := form.Find("input[name=back]").AttrOr("value", ""); got != ada.Path {
			t.Errorf("%s: comes back to %q, want %q", action, got, ada.Path)
		}
	}
	if n := doc.Find(`form[method=post][action="/sign-out"] button`).Length(); n != 1 {
		t.Errorf("ways to sign out: got %d, want 1", n)
	}
}

func TestThemeIsTheReadersOrTheSystems(t *testing.T) {
	t.Parallel()
	for theme, want := range map[string]string{"dark": "dark", "light": "light", "system": "", "": "", `"x`: ""} {
		s := ada
		s.Theme = theme
		for name, page := range map[string]templ.Component{"page": layout.Page(layout.PageProps{Title: "x"}), "signed out": layout.SignedOut(layout.CardProps{Title: "x"})} {
			if got := draw(t, "en", s, page).Find("html").AttrOr("data-theme", ""); got != want {
				t.Errorf("%s, theme %q: got %q, want %q", name, theme, got, want)
			}
		}
	}
}

func TestSignedOutShowsNothingOfATeam(t *testing.T) {
	t.Parallel()
	doc := draw(t, "en", ada, layout.SignedOut(layout.CardProps{Title: "Sign in", Lead: "To your desk"}))
	if text := doc.Text(); strings.Contains(text, "Platform") || strings.Contains(text, "Ada") {
		t.Errorf("got the name of a team or a user in %q, want none", text)
	}
	if got := doc.Find("h1").Text(); got != "Sign in" {
		t.Errorf("heading: got %q, want Sign in", got)
	}
}

func TestPaperIsLightWhateverTheTheme(t *testing.T) {
	t.Parallel()
	s := ada
	s.Theme = "dark"
	doc := draw(t, "zh", s, layout.Print("订单摘要"))
	if got := doc.Find("html").AttrOr("data-theme", ""); got != "light" {
		t.Errorf("theme of paper: got %q, want light", got)
	}
	if n := doc.Find(`link[href*="/paper."]`).Length(); n != 1 {
		t.Errorf("style sheets of paper: got %d, want 1", n)
	}
	if n := doc.Find("nav").Length(); n != 0 {
		t.Errorf("navigation on paper: got %d, want 0", n)
	}
}

func TestFlashAndDemoAreSaidOnThePage(t *testing.T) {
	t.Parallel()
	s := ada
	s.Demo = true
	s.Flash = &layout.Flash{Tone: ui.OK, Text: "Order placed.", Href: "/orders/1", LinkText: "Show it"}
	doc := draw(t, "en", s, layout.Page(layout.PageProps{Title: "x"}))
	if got := doc.Find("#toast [role=status] a").AttrOr("href", ""); got != "/orders/1" {
		t.Errorf("flash leads to %q, want /orders/1", got)
	}
	if doc.Find(".demo-chip").Length() != 1 {
		t.Error("no banner in a demo, want one")
	}
}

func TestWhoeverKeepsTheSiteIsToldOfAFullDisk(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		lang string
		disk layout.Disk
		want string
	}{
		{"en", layout.Disk{Free: 512 << 20, Total: 10 << 30}, "filling upOnly 512 MB of 10 GB (5%) is free"},
		{"zh", layout.Disk{Free: 512 << 20, Total: 10 << 30}, "磁盘共 10 GB，仅剩 512 MB（5%）"},
		{"en", layout.Disk{Free: 8 << 20, Total: 10 << 30, Full: true}, "is fullOnly 8 MB of 10 GB is free"},
		{"zh", layout.Disk{Free: 8 << 20, Total: 10 << 30, Full: true}, "服务器磁盘已满"},
	} {
		s := ada
		s.Disk = &c.disk
		got := strings.Join(strings.Fields(draw(t, c.lang, s, layout.Page(layout.PageProps{Title: "x"})).Find("main .callout").Text()), " ")
		if !strings.Contains(got, c.want) {
			t.Errorf("%s %+v: got %q, want %q in it", c.lang, c.disk, got, c.want)
		}
	}
}

// TestFramesAreKeptForOneReader changes each field of a shell that has one kept
// frame: what is drawn then is what a shell that keeps nothing draws.
func TestFramesAreKeptForOneReader(t *testing.T) {
	t.Parallel()
	frames := new(kept.Store)
	change := func(v reflect.Value) {
		switch v.Interface().(type) {
		case string:
			v.SetString("dark")
		case bool:
			v.SetBool(true)
		case int64:
			v.SetInt(7)
		case []layout.Team:
			v.Set(reflect.ValueOf([]layout.Team{{ID: "1", Name: "Other"}}))
		case map[string]int64:
			v.Set(reflect.ValueOf(map[string]int64{"plan": 3}))
		}
	}
	differ := 0
	for i := range reflect.TypeFor[layout.Shell]().NumField() {
		s := ada
		change(reflect.ValueOf(&s).Elem().Field(i))
		for _, lang := range []string{"en", "zh"} {
			var got [2]string
			for n, frames := range []*kept.Store{nil, frames} {
				with := func(s layout.Shell) string {
					s.Frames = frames
					html, err := draw(t, lang, s, layout.Page(layout.PageProps{Title: "x"})).Html()
					if err != nil {
						t.Fatal(err)
					}
					return html
				}
				before := with(ada)
				if got[n] = with(s); got[n] != before {
					differ++
				}
			}
			if got[0] != got[1] {
				t.Errorf("%s changed in %s: a kept frame of another reader was shown", reflect.TypeFor[layout.Shell]().Field(i).Name, lang)
			}
		}
	}
	if differ < 20 {
		t.Errorf("%d changes were seen on the page, want nearly all", differ)
	}
}
