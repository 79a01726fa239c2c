package list

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// timeMark begins a cursor's value that is a time, so that it is compared as
// one on both engines.
const timeMark = "t:"

// Stamp is a time as a cursor keeps it.
func Stamp(t time.Time) string { return timeMark + t.UTC().Format(time.RFC3339Nano) }

// values are what a sort compares of a row, as a cursor keeps it.
func (d *Desc[R]) values(row *R, by Sort) []string {
	to := d.Into(row, nil)
	values := make([]string, len(by.Columns))
	for i, column := range by.Columns {
		switch v := reflect.ValueOf(to[d.place(column)]).Elem().Interface().(type) {
		case time.Time:
			values[i] = Stamp(v)
		default:
			values[i] = fmt.Sprint(v)
		}
	}
	return values
}

func (d *Desc[R]) from(cursor string, by Sort) []any {
	if cursor == "" {
		return nil
	}
	return Unmark(cursor, d.values(new(R), by))
}

// Mark is the cursor at a row whose sorting columns have these values.
func Mark(values []string) string {
	text, err := json.Marshal(values)
	if err != nil {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

// Unmark is what a cursor holds, as arguments of SQL; nil when it does not
// belong to a list whose rows have values like sample. Only values of the
// columns' types reach the database.
func Unmark(cursor string, sample []string) []any {
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return nil
	}
	var values []string
	if json.Unmarshal(text, &values) != nil || len(values) != len(sample) {
		return nil
	}
	args := make([]any, len(values))
	for i, v := range values {
		_, notNumber := strconv.Atoi(sample[i]) // #nosec G602 -- as many as values, by the check above
		moment, isTime := strings.CutPrefix(v, timeMark)
		switch {
		case isTime != strings.HasPrefix(sample[i], timeMark): // #nosec G602 -- as above
			return nil
		case isTime:
			args[i], err = time.Parse(time.RFC3339Nano, moment)
		case notNumber == nil:
			args[i], err = strconv.ParseInt(v, 10, 64)
		case strings.ContainsRune(v, 0):
			return nil
		default:
			args[i] = v
		}
		if err != nil {
			return nil
		}
	}
	return args
}
