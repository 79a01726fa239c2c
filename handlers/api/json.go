package api

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf8"
)

// object reads the members of a JSON object as the stores' operations take
// them: by their exact names, each of its documented type. It keeps the gravest
// of what is wrong, so that a caller reads all members first and asks then: a
// member of another type before one that is missing, and that before a value
// that breaks its rule.
type object struct {
	members map[string]json.RawMessage
	wrong   *wrong
}

// wrong is what a request breaks, shared by an object and those within it.
type wrong struct{ format, missing, value bool }

func (w *wrong) err() error {
	switch {
	case w.format:
		return storeFormat
	case w.missing:
		return storeMissing
	case w.value:
		return storeInvalid
	}
	return nil
}

// readBody reads the body of a request: a JSON object, or nothing at all, which
// counts as an empty one.
func readBody(body []byte) object {
	o := object{wrong: &wrong{}}
	if len(bytes.TrimSpace(body)) > 0 {
		o.read(body)
	}
	return o
}

// read splits a JSON object into its members. A member that is given twice is
// refused: which of the two is meant, nobody knows.
func (o *object) read(text []byte) {
	o.members = map[string]json.RawMessage{}
	if !utf8.Valid(text) || !json.Valid(text) {
		o.wrong.format = true
		return
	}
	d := json.NewDecoder(bytes.NewReader(text))
	if begin, err := d.Token(); err != nil || begin != json.Delim('{') {
		o.wrong.format = true
		return
	}
	for d.More() {
		key, err := d.Token()
		var value json.RawMessage
		if err == nil {
			err = d.Decode(&value)
		}
		name, _ := key.(string)
		if _, twice := o.members[name]; twice || err != nil {
			o.wrong.format = true
			return
		}
		o.members[name] = value
	}
}

// given is a member's value; a null counts as none.
func (o object) given(name string) (json.RawMessage, bool) {
	value, ok := o.members[name]
	return value, ok && string(value) != "null"
}

// need notes a member that is missing.
func (o object) need(ok bool) {
	if !ok {
		o.wrong.missing = true
	}
}

// text is a member that is a string, "" when it is not given. No database keeps
// a text with a zero byte.
func (o object) text(name string) (value string, ok bool) {
	raw, ok := o.given(name)
	if !ok {
		return "", false
	}
	if json.Unmarshal(raw, &value) != nil {
		o.wrong.format = true
	}
	if strings.ContainsRune(value, 0) {
		o.wrong.value = true
	}
	return value, true
}

// required is a text that must be given and not be empty.
func (o object) required(name string) string {
	value, _ := o.text(name)
	o.need(value != "")
	return value
}

// number is a member that is a whole number, 0 when it is not given.
func (o object) number(name string) (value int64, ok bool) {
	raw, ok := o.given(name)
	if !ok {
		return 0, false
	}
	if strings.Trim(string(raw), "-0123456789") != "" {
		o.wrong.format = true
		return 0, true
	}
	value, err := strconv.ParseInt(string(raw), 10, 64)
	if err != nil {
		o.wrong.value = true // more than any range allows
	}
	return value, true
}

// yes is a member that is true or false, false when it is not given.
func (o object) yes(name string) (value bool) {
	if raw, ok := o.given(name); ok && json.Unmarshal(raw, &value) != nil {
		o.wrong.format = true
	}
	return value
}

// texts is a member that is a list of strings.
func (o object) texts(name string) []string {
	raw, ok := o.given(name)
	if !ok {
		return nil
	}
	var list []*string
	if json.Unmarshal(raw, &list) != nil {
		o.wrong.format = true
	}
	values := make([]string, len(list))
	for i, value := range list {
		if value == nil {
			o.wrong.format = true
			continue
		}
		values[i] = *value
		if *value == "" || strings.ContainsRune(*value, 0) {
			o.wrong.value = true
		}
	}
	return values
}

// object is a member that is an object, an empty one when it is not given.
func (o object) object(name string) (within object, ok bool) {
	within = object{wrong: o.wrong}
	raw, ok := o.given(name)
	if ok {
		within.read(raw)
	}
	return within, ok
}
