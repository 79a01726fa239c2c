package ui

import (
	"context"

	"quartermaster/models"
	"quartermaster/static"
	"quartermaster/views/i18n"
)

// KindLook is one row of the table of how kinds look and where they live. Its
// words are in the catalogues under "kind.<kind>". What is empty, a kind has
// none of.
type KindLook struct {
	Kind models.Kind
	Icon string
	// Hue is a colour that tokens.css has under this name: blue, violet, amber,
	// green or pink.
	Hue string
	// Path is the list of its things, whose own pages are below it by their ids.
	Path string
	// Under is the kind among whose pages its own stand.
	Under models.Kind
	// Ordered says that people order it, by the form at Path/new, and look first
	// for how many there are.
	Ordered bool
}

type kindsKey struct{}

// WithKinds returns a context whose pages know these kinds, in this order.
func WithKinds(ctx context.Context, kinds []KindLook) context.Context {
	return context.WithValue(ctx, kindsKey{}, kinds)
}

// Kinds are the kinds that the pages of a context know.
func Kinds(ctx context.Context) []KindLook {
	kinds, _ := ctx.Value(kindsKey{}).([]KindLook)
	return kinds
}

// Ordered are those of Kinds that people order.
func Ordered(ctx context.Context) []KindLook {
	var ordered []KindLook
	for _, l := range Kinds(ctx) {
		if l.Ordered {
			ordered = append(ordered, l)
		}
	}
	return ordered
}

// Look is the row of a kind. One that the context does not know has a box for
// an icon and no pages.
func Look(ctx context.Context, k models.Kind) KindLook {
	for _, l := range Kinds(ctx) {
		if l.Kind == k {
			return l
		}
	}
	return KindLook{Icon: "box"}
}

// One is a single thing of the kind in words: "Resource plan".
func (l KindLook) One(ctx context.Context) string { return i18n.T(ctx, "kind."+string(l.Kind)) }

// Many is the kind in words: "Resource plans".
func (l KindLook) Many(ctx context.Context) string {
	return i18n.T(ctx, "kind."+string(l.Kind)+".many")
}

// New is the form for a new one in words: "New resource plan".
func (l KindLook) New(ctx context.Context) string {
	return i18n.T(ctx, "kind."+string(l.Kind)+".new")
}

// Thing is the page of one of its things, "" when it has none.
func (l KindLook) Thing(id string) string {
	if l.Path == "" || id == "" {
		return ""
	}
	return l.Path + "/" + id
}

// Class gives what is drawn the kind's hue.
func (l KindLook) Class() string {
	if l.Hue == "" {
		return ""
	}
	return "hue-" + l.Hue
}

// Crumbs are the lists above the pages of a kind.
func Crumbs(ctx context.Context, k models.Kind) []Crumb {
	l := Look(ctx, k)
	var above []Crumb
	if l.Under != "" {
		above = Crumbs(ctx, l.Under)
	}
	return append(above, Crumb{Label: l.Many(ctx), Href: l.Path})
}

// Tone says how a reader should take a state, a message or a number. It is
// always shown with a word, never by colour alone.
type Tone string

// The tones. Busy is for what is under way and will end by itself.
const (
	Neutral Tone = "neutral"
	Info    Tone = "info"
	OK      Tone = "ok"
	Warn    Tone = "warn"
	Danger  Tone = "danger"
	Busy    Tone = "busy"
)

// icon is the icon that goes with a message of this tone.
func (t Tone) icon() string {
	switch t {
	case OK:
		return "circle-check"
	case Warn:
		return "triangle-alert"
	case Danger:
		return "circle-alert"
	case Busy:
		return "loader-circle"
	}
	return "info"
}

// IconHref is where the sprite keeps an icon.
func IconHref(name string) string { return static.Path("icons.svg") + "#" + name }
