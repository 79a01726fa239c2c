// Package layout draws the frames that pages stand in: the console's shell, the
// card of those who are not signed in, and a sheet of paper.
package layout

import (
	"context"
	"slices"
	"strings"

	"github.com/a-h/templ"

	"quartermaster/models"
	"quartermaster/views/i18n"
	"quartermaster/views/kept"
	"quartermaster/views/ui"
)

// Shell is what the frame shows besides the page: who is asking, for which
// team, and where they are. It is put in the context once a request.
type Shell struct {
	// UserName and Initials are those of the signed-in user; UserEmail is shown
	// in the menu.
	UserName, UserEmail, Initials string
	// TeamName and TeamID are of the team at work, Role the word for what its
	// member may do ("admin"), which the catalogue knows as "role.<role>".
	TeamName, TeamID, Role string
	// SiteAdmin says that the user is a site admin.
	SiteAdmin bool
	// Teams are the other teams that the user may change to.
	Teams []Team
	// Counts are how many of each kind the team has.
	Counts map[string]int64
	// Waiting is how many orders wait for a decision of the user's.
	Waiting int64
	// Unread is how many notices the user has not read.
	Unread int64
	// Path is the path and query of this request, to come back to.
	Path string
	// Theme is "light" or "dark"; anything else follows the system.
	Theme string
	// Slash is "off" where the key "/" opens no search.
	Slash string
	// Search is what the search box holds.
	Search string
	// Demo says on every page that the data is a sample.
	Demo bool
	// Disk is the disk when it runs full, for site admins; otherwise nil.
	Disk *Disk
	// Flash is a message about what has just happened, or nil.
	Flash *Flash
	// Astray is what is wrong with the way by which the reader came, nil when
	// nothing is.
	Astray *Astray
	// Frames keeps parts of the frame for the next page, nil for none.
	Frames *kept.Store
}

// Team is a team to change to.
type Team struct{ ID, Name string }

// Disk is how much of the server's disk is free, in bytes. Full says that
// nothing new is accepted.
type Disk struct {
	Free, Total int64
	Full        bool
}

// Flash is a message shown once. Href, when not empty, leads to what it speaks
// of, with LinkText as its words.
type Flash struct {
	Tone           ui.Tone
	Text           string
	Href, LinkText string
}

type shellKey struct{}

// WithShell returns a context whose pages are framed by s.
func WithShell(ctx context.Context, s Shell) context.Context {
	return context.WithValue(ctx, shellKey{}, s)
}

// ShellFrom is the shell of a context, the zero Shell when there is none.
func ShellFrom(ctx context.Context) Shell {
	s, _ := ctx.Value(shellKey{}).(Shell)
	return s
}

// theme is the value of data-theme, "" to follow the system.
func (s Shell) theme() string {
	if s.Theme == "light" || s.Theme == "dark" {
		return s.Theme
	}
	return ""
}

// path is Path without its query.
func (s Shell) path() string {
	path, _, _ := strings.Cut(s.Path, "?")
	return path
}

// at tells whether the request is for href or something below it.
func (s Shell) at(href string) bool {
	path := s.path()
	if href == "/" {
		return path == "/"
	}
	return path == href || strings.HasPrefix(path, href+"/")
}

// PageProps describes a page of the console.
type PageProps struct {
	// Title is the heading and the title of the window.
	Title    string
	Subtitle string
	// Crumbs are the pages above, from the top.
	Crumbs []ui.Crumb
	// Kind puts the mark of a kind before the heading, State a badge behind it.
	Kind  models.Kind
	State templ.Component
	// Actions are the buttons of the page, Tabs its parts.
	Actions, Tabs templ.Component
	// List tells that the page has nothing but a list, which needs fewer styles.
	List bool
}

// Item is a page in the navigation.
type Item struct {
	Href, Key, Icon string
	Kind            models.Kind // in the place of Icon, and counted
	Count           int64       // shown beside Icon, unless it is 0
}

type group struct {
	Key   string
	Items []Item
}

// Pages are the pages that an actor may open, those of the navigation first.
func Pages(ctx context.Context, by models.Actor) (pages []Item) {
	for _, g := range (Shell{Role: string(by.Role), SiteAdmin: by.SiteAdmin}).nav(ctx) {
		pages = append(pages, g.Items...)
	}
	pages = append(pages, Item{Href: "/apps", Key: "kind.app.many", Kind: models.KindApp}, Item{Href: "/team/tags", Key: "tags.title", Icon: "layers"}, Item{Href: "/notices", Key: "notices.title", Icon: "bell"}, Item{Href: "/expiring", Key: "expiring.title", Icon: "clock"},
		Item{Href: "/account", Key: "ui.account", Icon: "settings"})
	if by.May(models.Administer) {
		pages = append(pages, Item{Href: "/team/letterhead", Key: "letterhead.title", Icon: "file"}, Item{Href: "/team/invitations", Key: "invitations.title", Icon: "users"})
	}
	return append(pages, Item{Href: "/api/conformance", Key: "conformance.title", Icon: "file-code"}, Item{Href: "/api/signing", Key: "palette.signing", Icon: "file-code"},
		Item{Href: "/api/checker", Key: "palette.checker", Icon: "file-code"})
}

// nav is the console's navigation.
func (s Shell) nav(ctx context.Context) []group {
	var kinds []Item
	for _, l := range ui.Ordered(ctx) {
		kinds = append(kinds, Item{Href: l.Path, Key: "kind." + string(l.Kind) + ".many", Kind: l.Kind})
	}
	team := []Item{
		{Href: "/orders", Key: "nav.orders", Icon: "receipt-text"},
		{Href: "/approvals", Key: "nav.approvals", Icon: "circle-check", Count: s.Waiting},
		{Href: "/activity", Key: "nav.activity", Icon: "activity"},
		{Href: "/team", Key: "nav.members", Icon: "users"},
	}
	team = append(team, Item{Href: "/catalogue", Key: "nav.catalogue", Icon: "book-open-text"}, Item{Href: "/team/budgets", Key: "nav.budgets", Icon: "cylinder"})
	if s.Role == "admin" {
		team = append(team, Item{Href: "/team/rules", Key: "nav.rules", Icon: "layers"}, Item{Href: "/team/keys", Key: "nav.keys", Icon: "key-round"},
			Item{Href: "/team/settings", Key: "nav.settings", Icon: "settings"})
	}
	team = append(team, Item{Href: "/api", Key: "nav.api", Icon: "file-code"})
	groups := []group{
		{"", []Item{{Href: "/", Key: "nav.overview", Icon: "layout-dashboard"}}},
		{"nav.resources", kinds},
		{"nav.team", team},
	}
	if s.SiteAdmin {
		groups = append(groups, group{"nav.site", []Item{{Href: "/site/teams", Key: "nav.site-teams", Icon: "users"}, {Href: "/site/users", Key: "nav.site-users", Icon: "users"},
			{Href: "/site/keys", Key: "nav.site-keys", Icon: "key-round"}, {Href: "/site/rates", Key: "nav.rates", Icon: "refresh-cw"},
			{Href: "/site/activity", Key: "site.activity", Icon: "activity"}}})
	}
	return groups
}

// active also lights a kind for those that stand among its pages, and of the
// team's pages only the one that has an item of its own.
func (s Shell) active(ctx context.Context, i Item) bool {
	if i.Href == "/team" && (s.at("/team/keys") || s.at("/team/rules") || s.at("/team/budgets") || s.Role == "admin" && s.at("/team/tags") || s.at("/team/settings") || s.at("/team/letterhead")) {
		return false
	}
	if i.Href == "/team/settings" && (s.at("/team/letterhead") || s.at("/team/tags")) {
		return true
	}
	return s.at(i.Href) || slices.ContainsFunc(ui.Kinds(ctx), func(l ui.KindLook) bool {
		return l.Under != "" && l.Under == i.Kind && s.at(l.Path)
	})
}

// otherLang is the language to change to, by its code and its own name.
func otherLang(ctx context.Context) (code, name string) {
	if i18n.Lang(ctx) == "zh" {
		return "en", "English"
	}
	return "zh", "中文"
}

// htmlLang is the language of the page for browsers, which pick fonts by it.
func htmlLang(ctx context.Context) string {
	if i18n.Lang(ctx) == "zh" {
		return "zh-CN"
	}
	return "en"
}
