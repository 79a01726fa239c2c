package models

import (
	"fmt"
	"net/url"
	"reflect"
	"strings"
)

// shownAs is what a form of settings shows, for the form to bring it back: the
// fields of in with a form tag, as the query of an address.
func shownAs(in any) string {
	shown := url.Values{}
	eachSetting(reflect.ValueOf(in), func(name string, v reflect.Value, _ bool) { shown.Set(name, fmt.Sprint(v)) })
	return shown.Encode()
}

// edited leaves in in what the form changed of what it showed, and takes the rest
// from now: others may have changed it since. What both changed is refused, with
// the other value where that is a text and no choice. A caller who was shown
// nothing changes everything.
func edited[T any](in *T, now T, shown string) error {
	was, err := url.ParseQuery(shown)
	if shown == "" || err != nil {
		return nil
	}
	others := map[string]reflect.Value{}
	eachSetting(reflect.ValueOf(now), func(name string, v reflect.Value, _ bool) { others[name] = v })
	var broken Invalid
	eachSetting(reflect.ValueOf(in).Elem(), func(name string, v reflect.Value, typeable bool) {
		typed, is := fmt.Sprint(v), fmt.Sprint(others[name])
		switch {
		case typed == was.Get(name):
			v.Set(others[name])
		case is != was.Get(name) && is != typed:
			if !typeable {
				is = ""
			}
			broken = append(broken, FieldError{Field: name, Rule: "changed_meanwhile", Param: is})
		}
	})
	return broken.With()
}

// eachSetting visits the fields that a form of settings shows, typeable those
// that are texts and no choices.
func eachSetting(in reflect.Value, visit func(name string, v reflect.Value, typeable bool)) {
	for i := range in.NumField() {
		tag := in.Type().Field(i).Tag
		if name := tag.Get("form"); name != "" && name != "shown" {
			visit(name, in.Field(i), in.Field(i).Kind() == reflect.String && !strings.Contains(tag.Get("validate"), "oneof="))
		}
	}
}
