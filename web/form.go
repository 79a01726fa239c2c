package web

import (
	"encoding"
	"errors"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/gin-gonic/gin"
	"github.com/go-playground/form/v4"
	"golang.org/x/text/unicode/norm"

	"quartermaster/models"
	"quartermaster/views/ui"
)

// FillIn has the form of a request for its page filled in with what was typed before,
// in the place of what the address says.
func FillIn(c *gin.Context, typed url.Values) { visitOf(c.Request.Context()).typed = typed }

// Sent are the fields of a form that was sent, or what it is filled in with.
func Sent(c *gin.Context) url.Values {
	if c.Request.Method != http.MethodGet {
		return c.Request.PostForm
	}
	if typed := visitOf(c.Request.Context()).typed; typed != nil {
		return typed
	}
	return c.Request.URL.Query()
}

// maxValues bounds how many values one form may carry.
const maxValues = 1000

// formMemory bounds what a multipart form may hold in memory. Files are
// streamed by routes of their own, so nothing else is large.
const formMemory = 1 << 20

// tokenField is the hidden field of a form's one-time token, and tokenQuery the
// parameter of the form's own address that has it, so that Back and reload come
// to the same form.
const (
	tokenField = "token"
	tokenQuery = "form"
)

// tokenShape is what a token may look like. A token of a call or of the program
// itself looks different.
var tokenShape = regexp.MustCompile(`^[\w-]{1,64}$`)

// FormToken is the one-time token in the address of a form, "" when there is none.
func FormToken(c *gin.Context) string {
	if token := c.Request.URL.Query().Get(tokenQuery); tokenShape.MatchString(token) {
		return token
	}
	return ""
}

// FormPath is the address of the request, as it was written, with another token
// for its form; with none when it is "".
func FormPath(c *gin.Context, token string) string {
	u := c.Request.URL
	query := slices.DeleteFunc(strings.Split(u.RawQuery, "&"), func(pair string) bool {
		name, _, _ := strings.Cut(pair, "=")
		return pair == "" || name == tokenQuery
	})
	if token != "" {
		query = append(query, tokenQuery+"="+token)
	}
	path := u.EscapedPath()
	if len(query) > 0 {
		path += "?" + strings.Join(query, "&")
	}
	return path
}

// decoder fills inputs. It only ever gets the names that an input declares.
var decoder = form.NewDecoder()

// Decode reads a submitted form into pointers to structs whose fields have
// `form` tags. Only those fields are read. The form that comes back holds them
// as they were typed, so that a refused form loses nothing, with an error for
// each value that is not of its field's kind; these are also returned, as
// models.Invalid.
func Decode(c *gin.Context, into ...any) (ui.Form, error) {
	f := ui.Form{Values: url.Values{}}
	sent, err := submitted(c.Request)
	if err != nil {
		return f, err
	}
	if f.Token = sent.Get(tokenField); !tokenShape.MatchString(f.Token) {
		f.Token = newToken(c)
	}
	f.Values, err = Read(sent, into...)
	return f, err
}

// Read is Decode for the fields of a form that was sent before.
func Read(sent url.Values, into ...any) (url.Values, error) {
	typed := url.Values{}
	var unread models.Invalid
	for _, in := range into {
		broken, err := fill(in, sent, typed)
		if err != nil {
			return typed, fmt.Errorf("decode form: %w", err)
		}
		unread = append(unread, broken...)
	}
	if unread != nil {
		return typed, unread
	}
	return typed, nil
}

// fill reads the fields of one struct from what was sent, and keeps in typed
// what was typed there.
func fill(in any, sent, typed url.Values) (models.Invalid, error) {
	values := url.Values{}
	bad := map[string]bool{}
	fields := fieldsOf(reflect.TypeOf(in).Elem())
	for _, field := range fields {
		kept := make([]string, 0, len(sent[field.name]))
		for _, v := range sent[field.name] {
			if !utf8.ValidString(v) || strings.ContainsRune(v, 0) {
				bad[field.name] = true
				v = readable(v)
			}
			kept = append(kept, v)
			values.Add(field.name, field.clean(v))
		}
		if field.name != tokenField {
			typed[field.name] = kept
		}
	}
	var refused form.DecodeErrors
	if err := decoder.Decode(in, values); err != nil && !errors.As(err, &refused) {
		return nil, err
	}
	var broken models.Invalid
	for _, field := range fields {
		switch {
		case bad[field.name]:
			broken = append(broken, models.FieldError{Field: field.name, Rule: "utf8"})
		case refused[field.name] != nil:
			broken = append(broken, models.FieldError{Field: field.name, Rule: field.rule()})
		}
	}
	return broken, nil
}

// readable is a text with a mark in place of bytes that are not valid text.
func readable(v string) string {
	return strings.ToValidUTF8(strings.ReplaceAll(v, "\x00", "\uFFFD"), "\uFFFD")
}

// NewForm is an untouched form: what the address says of its fields, and else
// the non-zero values of in, a struct or a pointer to one, are filled in, and it
// has the one-time token of the address or one of its own.
func NewForm(c *gin.Context, in any) ui.Form {
	f := ui.Form{Values: url.Values{}, Token: newToken(c)}
	v := reflect.Indirect(reflect.ValueOf(in))
	asked := c.Request.URL.Query()
	for _, field := range fieldsOf(v.Type()) {
		if field.name == tokenField {
			continue
		}
		if value := v.FieldByIndex(field.index); !value.IsZero() {
			f.Values[field.name] = texts(value)
		}
		if typed := asked[field.name]; len(typed) > 0 {
			for i, text := range typed {
				typed[i] = readable(text)
			}
			f.Values[field.name] = typed
		}
	}
	return f
}

// newToken is the token of the form's address or, when that has none, a fresh one.
func newToken(c *gin.Context) string {
	if token := FormToken(c); token != "" && c.Request.Method == http.MethodGet {
		return token
	}
	return visitOf(c.Request.Context()).site.DB.NewToken()
}

// submitted is what the form carries: the body of a request that has one, the
// query of one that has none.
func submitted(r *http.Request) (url.Values, error) {
	switch r.Method {
	case http.MethodPost, http.MethodPut, http.MethodPatch:
	default:
		if typed := visitOf(r.Context()).typed; typed != nil {
			return typed, nil
		}
		values, err := url.ParseQuery(r.URL.RawQuery)
		return values, counted(values, err)
	}
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case err == nil && kind == "multipart/form-data":
		err = r.ParseMultipartForm(formMemory)
	case err == nil && kind == "application/x-www-form-urlencoded":
		err = r.ParseForm()
	case r.ContentLength == 0:
		return url.Values{}, nil
	default:
		return nil, statusError(http.StatusUnsupportedMediaType)
	}
	return r.PostForm, counted(r.PostForm, err)
}

// counted refuses a form that could not be read or has too many values. A full
// disk is no fault of the sender.
func counted(values url.Values, err error) error {
	var file *fs.PathError
	if unread(err) || errors.As(err, &file) {
		return err
	}
	if err != nil {
		return statusError(http.StatusBadRequest)
	}
	n := 0
	for _, v := range values {
		n += len(v)
	}
	if n > maxValues {
		return models.ErrTooLarge
	}
	return nil
}

// A field is one field of an input that a form may fill.
type field struct {
	name  string
	index []int
	kind  reflect.Type
}

var (
	timeKind   = reflect.TypeFor[time.Time]()
	fieldCache sync.Map // reflect.Type → []field
)

// fieldsOf lists the fields of a struct that have a form tag, those of embedded
// structs included.
func fieldsOf(t reflect.Type) []field {
	if known, ok := fieldCache.Load(t); ok {
		return known.([]field)
	}
	fields := walk(t, nil)
	fieldCache.Store(t, fields)
	return fields
}

func walk(t reflect.Type, above []int) []field {
	var fields []field
	for i := range t.NumField() {
		f := t.Field(i)
		index := append(slices.Clone(above), i)
		name, _, _ := strings.Cut(f.Tag.Get("form"), ",")
		switch {
		case f.Anonymous && name == "" && f.Type.Kind() == reflect.Struct:
			fields = append(fields, walk(f.Type, index)...)
		case f.IsExported() && name != "" && name != "-":
			kind := f.Type
			if kind.Kind() == reflect.Slice || kind.Kind() == reflect.Pointer {
				kind = kind.Elem()
			}
			fields = append(fields, field{name: name, index: index, kind: kind})
		}
	}
	return fields
}

// clean is the text that a number is parsed from: full-width digits count as
// digits, and spaces around them are dropped. Other kinds are taken as typed.
func (f field) clean(v string) string {
	switch f.kind.Kind() {
	case reflect.String, reflect.Struct:
		return v
	}
	return strings.TrimSpace(norm.NFKC.String(v))
}

// rule is the rule broken by a value that is not of the field's kind.
func (f field) rule() string {
	switch {
	case f.kind == timeKind:
		return "date"
	case f.kind.Kind() == reflect.Bool:
		return "oneof"
	}
	return "number"
}

// texts is a value as a form shows it.
func texts(v reflect.Value) []string {
	if v.Kind() == reflect.Slice {
		out := make([]string, v.Len())
		for i := range out {
			out[i] = texts(v.Index(i))[0]
		}
		return out
	}
	if v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	if m, ok := v.Interface().(encoding.TextMarshaler); ok {
		if text, err := m.MarshalText(); err == nil {
			return []string{string(text)}
		}
	}
	return []string{fmt.Sprint(v.Interface())}
}
