package views

import (
	"maps"
	"net/url"
	"slices"
)

// Carried is a form that was sent after its session had ended, as the page to sign in
// carries it along: where it is drawn, and its fields.
type Carried struct {
	Path  string `form:"carried_to"`
	Typed string `form:"carried"`
}

// OrNil is nil for a sign-in that carries no form.
func (c Carried) OrNil() *Carried {
	if c.Path == "" || c.Typed == "" {
		return nil
	}
	return &c
}

// Values are the fields of the form, as far as they can be read.
func (c Carried) Values() url.Values {
	typed, _ := url.ParseQuery(c.Typed) // what cannot be read was not written by us
	return typed
}

// pairs are the names and values of fields, in the order of their names.
func pairs(fields url.Values) [][2]string {
	var all [][2]string
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		for _, value := range fields[name] {
			all = append(all, [2]string{name, value})
		}
	}
	return all
}
