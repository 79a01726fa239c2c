package layout

import (
	"context"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"quartermaster/views/i18n"
	"quartermaster/views/kept"
	"quartermaster/views/ui"
)

// drawn is a part of the frame, taken from Frames when a reader saw the same
// before at the same place, which is all of an address that the part depends on.
func (s Shell) drawn(part templ.Component, name, at string) templ.Component {
	return s.Frames.Part(part, func(ctx context.Context) kept.Key {
		return kept.Key{Reader: i18n.Lang(ctx) + name + at, Text: s.shown(ctx)}
	})
}

// shown is everything that the sidebar and the top bar depend on besides the
// language.
func (s Shell) shown(ctx context.Context) string {
	var b strings.Builder
	b.Grow(512)
	for _, text := range []string{s.UserName, s.UserEmail, s.Initials, s.TeamName, s.TeamID, s.Role, s.Theme, s.Slash, s.Search,
		strconv.FormatBool(s.SiteAdmin), strconv.FormatBool(s.Demo), strconv.FormatInt(s.Waiting, 10), strconv.FormatInt(s.Unread, 10)} {
		b.WriteString(text)
		b.WriteByte(0)
	}
	for _, k := range ui.Ordered(ctx) {
		b.WriteString(strconv.FormatInt(s.Counts[string(k.Kind)], 10))
		b.WriteByte(0)
	}
	for _, t := range s.Teams {
		b.WriteString(t.ID + "\x00" + t.Name + "\x00")
	}
	return b.String()
}
