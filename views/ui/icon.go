package ui

import (
	"context"
	"io"
	"sync"

	"github.com/a-h/templ"

	"quartermaster/models"
)

// markup is HTML that is the same for everybody.
type markup string

// Render implements templ.Component.
func (m markup) Render(_ context.Context, w io.Writer) error {
	_, err := io.WriteString(w, string(m))
	return err
}

var icons sync.Map // markup by class and name

// icon is an icon of the sprite with a class. Names and classes come from code.
func icon(class, name string) markup {
	key := [2]string{class, name}
	if known, ok := icons.Load(key); ok {
		return known.(markup)
	}
	m := markup(`<svg class="` + class + `" aria-hidden=true><use href=` + IconHref(name) + ` /></svg>`)
	icons.Store(key, m)
	return m
}

// Icon draws an icon of the sprite by its name. It is an ornament: the words
// beside it, or the label of the button around it, say the same.
func Icon(name string) templ.Component { return icon("icon", name) }

// KindIcon draws the icon of a kind in its hue.
func KindIcon(k models.Kind) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error { return kindIcon(ctx, k).Render(ctx, w) })
}

func kindIcon(ctx context.Context, k models.Kind) markup {
	look := Look(ctx, k)
	return icon("icon kind-icon "+look.Class(), look.Icon)
}
