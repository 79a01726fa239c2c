package models

import (
	"errors"
	"reflect"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/go-playground/validator/v10"
	"golang.org/x/text/unicode/norm"

	"quartermaster/models/fold"
	"quartermaster/models/migrations"
)

// Our own tags, beside the validator's: a rule about one field is a tag.
//
//	line        one line of text: tidied as by fold.Tidy, no control, zero-width
//	            or direction characters
//	prose       the same, but line breaks are allowed
//	maxbytes=N  at most N bytes of UTF-8, where a document counts bytes
//	bucketname  3–63 of a-z 0-9 -, begins and ends with letter or digit
//	zone        the name of a time zone, as "Asia/Shanghai"
//	nfcmin=N    as min and max, of a password, which is kept in the form NFC: there
//	nfcmax=N    é is one character however the keyboard writes it
//	storename   as stores.md §4: 3–63 of a-z 0-9 -, begins with a letter
//	osspath     oss://bucket/key: bucket 3–63 of a-z 0-9 -, key not empty
var validate = newValidator()

// StoreNamePattern is the regular expression of the rule storename.
const StoreNamePattern = `^[a-z][a-z0-9-]{1,61}[a-z0-9]$`

var (
	bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$`)
	storeName  = regexp.MustCompile(StoreNamePattern)
)

func newValidator() *validator.Validate {
	v := validator.New(validator.WithRequiredStructEnabled())
	v.RegisterTagNameFunc(func(f reflect.StructField) string {
		name, _, _ := strings.Cut(f.Tag.Get("form"), ",")
		return name
	})
	tags := map[string]func(string) bool{
		"line":       func(s string) bool { return plain(s, false) },
		"prose":      func(s string) bool { return plain(s, true) },
		"bucketname": bucketName.MatchString,
		"storename":  storeName.MatchString,
		"zone":       knownZone,
		"osspath":    func(s string) bool { _, _, ok := splitSource(s); return ok },
	}
	for tag, holds := range tags {
		mustRegister(v, tag, func(f validator.FieldLevel) bool { return holds(f.Field().String()) })
	}
	mustRegister(v, "maxbytes", func(f validator.FieldLevel) bool {
		return len(f.Field().String()) <= atoi(f.Param())
	})
	mustRegister(v, "nfcmin", func(f validator.FieldLevel) bool { return composed(f) >= atoi(f.Param()) })
	mustRegister(v, "nfcmax", func(f validator.FieldLevel) bool { return composed(f) <= atoi(f.Param()) })
	// The allowed length of a store's term depends on its unit.
	v.RegisterStructValidation(func(sl validator.StructLevel) {
		if field, rule := sl.Current().Interface().(StoreInput).period(); field != "" {
			sl.ReportError(nil, field, field, rule, "")
		}
	}, StoreInput{})
	return v
}

func mustRegister(v *validator.Validate, tag string, fn validator.Func) {
	if err := v.RegisterValidation(tag, fn); err != nil {
		panic(err)
	}
}

// composed is how many characters a text has in the form NFC.
func composed(f validator.FieldLevel) int {
	return utf8.RuneCountInString(norm.NFC.String(f.Field().String()))
}

func atoi(s string) int {
	n := 0
	for _, c := range s {
		n = n*10 + int(c-'0')
	}
	return n
}

// knownZone tells whether s names a time zone. "Local" does not count: it would
// be the server's zone, not the reader's.
func knownZone(s string) bool {
	_, err := time.LoadLocation(s)
	return err == nil && s != "Local"
}

// plain tells whether s holds only visible characters and, when lines is true,
// line breaks and tabs.
func plain(s string, lines bool) bool {
	if !utf8.ValidString(s) {
		return false
	}
	for c, shapes := range fold.Shaping(s) {
		switch {
		case shapes:
		case c == '\n' || c == '\t' || c == '\r':
			if !lines {
				return false
			}
		case unicode.IsControl(c), hidden(c):
			return false
		}
	}
	return true
}

// hidden tells whether a character shows nothing, or changes the direction of
// those around it.
func hidden(c rune) bool {
	switch {
	case c == 0x00ad, c == 0x034f, c == 0x061c, c == 0x180e, c == 0xfeff,
		c >= 0x200b && c <= 0x200f, c >= 0x2028 && c <= 0x202e, c >= 0x2060 && c <= 0x206f,
		c >= 0xfff9 && c <= 0xfffb, c >= 0xe0000 && c <= 0xe007f, c == 0x3164, c == 0xffa0:
		return true
	}
	return false
}

// Check brings the texts of an input (a pointer to a struct with `form` and
// `validate` tags) to their normal form and returns an Invalid that lists every
// rule it breaks, or nil.
func Check(in any) error {
	normalise(reflect.ValueOf(in).Elem())
	err := validate.Struct(in)
	var broken validator.ValidationErrors
	if !errors.As(err, &broken) {
		return err
	}
	var out Invalid
	for _, b := range broken {
		field, _, _ := strings.Cut(b.Field(), "[") // an element of a list is the list's fault
		out = append(out, FieldError{Field: field, Rule: strings.TrimPrefix(b.Tag(), "nfc"), Param: b.Param(), Text: b.Kind() == reflect.String})
	}
	return out
}

// Obeys tells whether a value obeys rules as an input's fields have them.
func Obeys(v any, rules string) bool { return validate.Var(v, rules) == nil }

// Field is a field of an input: the name that it has in its form, and its rules.
type Field struct{ Name, Rules string }

// Fields are the fields of an input (a pointer to a struct) that its form has.
func Fields(in any) []Field {
	var out []Field
	t := reflect.TypeOf(in).Elem()
	for i := range t.NumField() {
		tag := t.Field(i).Tag
		if name, _, _ := strings.Cut(tag.Get("form"), ","); name != "" && name != "-" {
			out = append(out, Field{name, tag.Get("validate")})
		}
	}
	return out
}

// normalise tidies texts under the rules "line" and "prose", so that two that
// look the same are the same.
func normalise(v reflect.Value) {
	for i := range v.NumField() {
		f, tag := v.Field(i), v.Type().Field(i).Tag.Get("validate")
		if f.Kind() == reflect.Pointer && !f.IsNil() {
			f = f.Elem()
		}
		switch {
		case f.Kind() == reflect.Struct && f.CanSet():
			normalise(f)
		case f.Kind() == reflect.String && f.CanSet() && hasTag(tag, "line", "prose"):
			f.SetString(strings.ReplaceAll(fold.Tidy(f.String()), "\r\n", "\n"))
		}
	}
}

func hasTag(tag string, want ...string) bool {
	for part := range strings.SplitSeq(tag, ",") {
		for _, w := range want {
			if part == w {
				return true
			}
		}
	}
	return false
}

// sameName is the condition for a name whose key is the same. Those that looked
// the same before that was a rule have keys of their own, which begin alike.
func sameName(column, key string) (condition string, args []any) {
	after := string(rune(migrations.Twin[0] + 1))
	return "(" + column + " = ? OR " + column + " >= ? AND " + column + " < ?)", []any{key, key + migrations.Twin, key + after}
}
