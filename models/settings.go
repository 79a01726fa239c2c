package models

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"reflect"
	"strings"
	"time"

	"quartermaster/models/query"
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

// Change is a setting that somebody has changed.
type Change struct {
	Field, From, To string
	By              string // "" where the record does not say
	At              time.Time
}

// Changed is the error of a form of settings that was sent after others had changed
// some of what it showed: what they changed. Sent again with that as shown, it is
// taken.
type Changed []Change

func (c Changed) Error() string {
	fields := make([]string, len(c))
	for i, one := range c {
		fields[i] = one.Field
	}
	return "changed meanwhile: " + strings.Join(fields, ", ")
}

// changedSince is Changed where settings of the actor's team, which are now as an
// input has them, are not as a form showed them. A caller who was shown nothing
// changes everything.
func (db *DB) changedSince(ctx context.Context, by Actor, now any, shown string) error {
	was, err := url.ParseQuery(shown)
	if shown == "" || err != nil {
		return nil
	}
	var all Changed
	eachSetting(reflect.ValueOf(now), func(name string, v reflect.Value, _ bool) {
		if is := fmt.Sprint(v); is != was.Get(name) && was.Has(name) {
			all = append(all, Change{Field: name, From: was.Get(name), To: is})
		}
	})
	if all == nil {
		return nil
	}
	events, err := query.Of[Event](db.gorm).Where("team_id = ? AND subject_id = ? AND kind <> 'order' AND action LIKE 'team.%changed'", by.TeamID, by.TeamID).
		Order("at DESC, id DESC").Limit(MaxPageSize).Find(ctx)
	if err != nil {
		return translate(err)
	}
	for i := range all {
		for _, e := range events {
			if to, said := e.setTo(all[i].Field); said && to == all[i].To {
				all[i].By, all[i].At = e.UserName, e.At
				break
			}
		}
	}
	return all
}

// setTo is what an event says that a setting was changed to.
func (e Event) setTo(field string) (to string, said bool) {
	var detail struct {
		To  any            `json:"to"`
		New map[string]any `json:"new"`
	}
	d := json.NewDecoder(strings.NewReader(e.Detail))
	d.UseNumber()
	if d.Decode(&detail) != nil {
		return "", false
	}
	if e.Action == "team."+field+"_changed" {
		return fmt.Sprint(detail.To), true
	}
	v, said := detail.New[field]
	return fmt.Sprint(v), said
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
