package models

import (
	"database/sql/driver"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// ObjectHeaders are what is kept with an object, beside its type, and given back
// as it was sent, byte by byte. Values need not be UTF-8.
type ObjectHeaders struct {
	ContentEncoding    string
	ContentDisposition string
	ContentLanguage    string
	CacheControl       string
	Expires            string
	// Meta is the user's own metadata: names in lower case, without x-oss-meta-.
	Meta map[string]string
}

// mostHeaders is how many bytes the metadata of an object may have, names and
// values together, and how many its other headers.
const mostHeaders = 8 << 10

// named are the headers that have names of their own, by those names.
func (h *ObjectHeaders) named() map[string]*string {
	return map[string]*string{
		"content-encoding": &h.ContentEncoding, "content-disposition": &h.ContentDisposition, "content-language": &h.ContentLanguage,
		"cache-control": &h.CacheControl, "expires": &h.Expires,
	}
}

// check is the rule that the headers break, beside a type of so many bytes.
func (h *ObjectHeaders) check(size int) error {
	for _, value := range h.named() {
		if size += len(*value); !headerText(*value) {
			return invalid("headers", "line")
		}
	}
	meta := 0
	for name, value := range h.Meta {
		meta += len(name) + len(value)
		if name == "" || strings.ToLower(name) != name || strings.Trim(name, metaName) != "" || !headerText(value) {
			return invalid("meta", "line")
		}
	}
	switch {
	case size > mostHeaders:
		return invalid("headers", "long", fmt.Sprint(mostHeaders))
	case meta > mostHeaders:
		return invalid("meta", "long", fmt.Sprint(mostHeaders))
	}
	return nil
}

// metaName are the bytes that the name of a header may have.
const metaName = "abcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^_`|~"

// headerText tells whether a text can be the value of a header: no control
// characters but tabs.
func headerText(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f })
}

// metaPrefix is what the names of metadata begin with where they are kept.
const metaPrefix = "x-oss-meta-"

// Value is the headers as the database keeps them, a line each: bytes, since
// PostgreSQL keeps no text that is not UTF-8.
func (h ObjectHeaders) Value() (driver.Value, error) {
	var lines []byte
	named := h.named()
	for _, name := range slices.Sorted(maps.Keys(named)) {
		if value := *named[name]; value != "" {
			lines = fmt.Appendf(lines, "%s:%s\n", name, value)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(h.Meta)) {
		lines = fmt.Appendf(lines, "%s%s:%s\n", metaPrefix, name, h.Meta[name])
	}
	if lines == nil {
		return nil, nil
	}
	return lines, nil
}

// Scan reads what Value wrote.
func (h *ObjectHeaders) Scan(from any) error {
	*h = ObjectHeaders{}
	if from == nil {
		return nil
	}
	lines, ok := from.([]byte)
	if !ok {
		return fmt.Errorf("headers of an object: %T", from)
	}
	named := h.named()
	for line := range strings.Lines(string(lines)) {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ":")
		if meta, is := strings.CutPrefix(name, metaPrefix); is {
			if h.Meta == nil {
				h.Meta = map[string]string{}
			}
			h.Meta[meta] = value
		} else if to := named[name]; to != nil {
			*to = value
		}
	}
	return nil
}
