package layout

import (
	"context"

	"quartermaster/views/i18n"
)

// Astray says that a request reached the site in another way than its settings
// say, so that signing in fails or links are wrong. The page shows this, and
// the setting that mends it to the server's administrator.
type Astray struct {
	// Reason is what is wrong, which the catalogue knows as "astray.<reason>":
	// "host" (another host than the site's), "plain" (no TLS where it should be),
	// "tls" (TLS where the settings know of none), "unset" (nobody said what the
	// address is), "prefix" and "below" (a path in front of ours), "origin" (the
	// browser names another address than the request came for), "foreign"
	// (another site's page sent it).
	Reason string
	// Asked and Origin are what the request says: text, never a link.
	Asked, Origin string
	// Address is the site's own, and Href this page there; "" where it is not
	// known or would not help.
	Address, Href string
	// Cures are the lines that put it right, in a proxy's file or ours.
	Cures []string
}

// args are the values in its sentences.
func (a *Astray) args() []any {
	return []any{"Asked", a.Asked, "Origin", a.Origin, "Address", a.Address}
}

// Title is what is wrong, in a few words.
func (a *Astray) Title(ctx context.Context) string {
	return i18n.T(ctx, "astray."+a.Reason+".title", a.args()...)
}

// Text is what it means for the reader.
func (a *Astray) Text(ctx context.Context) string {
	return i18n.T(ctx, "astray."+a.Reason+".text", a.args()...)
}
