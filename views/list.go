package views

import (
	"context"
	"maps"
	"net/url"

	"quartermaster/models"
	"quartermaster/views/i18n"
	"quartermaster/views/ui"
)

// ListURL is the address of a list with its filters, from which the addresses
// of its other views are made.
type ListURL struct {
	Path  string
	Query url.Values
}

// With is the address with some filters changed; pairs are names and values,
// where an empty value takes the filter off. It begins at the first page.
func (u ListURL) With(pairs ...string) string {
	q := maps.Clone(u.Query)
	if q == nil {
		q = url.Values{}
	}
	q.Del("after")
	q.Del("before")
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			q.Del(pairs[i])
		} else {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	for name, values := range q {
		if len(values) == 0 || values[0] == "" {
			q.Del(name)
		}
	}
	if len(q) == 0 {
		return u.Path
	}
	return u.Path + "?" + q.Encode()
}

// Keep are the filters that are on, without one: what the search box keeps.
func (u ListURL) Keep(without string) map[string]string {
	keep := map[string]string{}
	for name := range u.Query {
		if v := u.Query.Get(name); v != "" && name != without && name != "after" && name != "before" {
			keep[name] = v
		}
	}
	return keep
}

// Pager leads to the pages beside this one.
func (u ListURL) Pager(c models.Cursor, summary string) ui.PagerProps {
	p := ui.PagerProps{Summary: summary}
	if c.Prev != "" {
		p.Newer = u.With("before", c.Prev)
	}
	if c.Next != "" {
		p.Older = u.With("after", c.Next)
	}
	return p
}

// FilterOption is one of the values of a filter; Href is the list with it.
type FilterOption struct {
	Label, Href string
	Current     bool
}

// options are the values of a filter as an address and a reader know them, after
// that which filters nothing.
func options[T any](ctx context.Context, u ListURL, name, current string, all []T, say func(T) (value, label string)) []FilterOption {
	out := []FilterOption{{Label: i18n.T(ctx, "list.all"), Href: u.With(name, ""), Current: current == ""}}
	for _, one := range all {
		value, label := say(one)
		out = append(out, FilterOption{Label: label, Href: u.With(name, value), Current: value == current})
	}
	return out
}
