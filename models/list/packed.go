package list

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// Part is one row of a page as the database wrote it: two rows of a list have
// equal texts only where every column is equal. Kept is what Query.Kept has of
// it; without, it is the next of Page.Rows.
type Part struct {
	Text string
	Kept []byte
}

// packed makes of a statement for rows one for a single text with all of them,
// a line each: a database in the same process spends more on handing over each
// value than on finding it. The statement has a limit, so that its order holds.
func (s *statement) packed(columns []string) {
	rows := s.b.String()
	s.b.Reset()
	s.text("SELECT group_concat(json_array(").text(strings.Join(columns, ", ")).text("), char(10)) FROM (").text(rows).text(")")
}

// unpacked reads rows that are packed.
func (p *plan[R]) unpacked(ctx context.Context, s *statement, limit int64) ([]read[R], error) {
	columns := p.columns()
	s.packed(columns)
	all, err := s.answer(ctx)
	if err != nil || !all.Valid { // null where there is no row
		return nil, err
	}
	rows := make([]read[R], 0, limit)
	to := make([]any, 0, len(columns))
	for text := range strings.SplitSeq(all.String, "\n") {
		r := read[R]{Part: Part{Text: text}}
		if p.q.Kept != nil {
			r.Kept = p.q.Kept(text)
		}
		if r.Kept == nil {
			if to, err = p.unpack(&r, to, columns); err != nil {
				return nil, err
			}
		}
		rows = append(rows, r)
	}
	return rows, nil
}

// unpack reads the columns of a row from its text.
func (p *plan[R]) unpack(r *read[R], to []any, columns []string) ([]any, error) {
	r.row = new(R)
	to = p.desc.into(r.row, to, columns)
	if err := unpack(r.Text, to); err != nil {
		return to, fmt.Errorf("read row of %s: %w", p.desc.Table, err)
	}
	return to, nil
}

var errPacked = errors.New("not the columns of a row")

// unpack reads an array of JSON, as SQLite writes one, into variables.
func unpack(text string, to []any) error {
	for _, into := range to {
		if len(text) < 2 { // what begins or divides it, and a value
			return errPacked
		}
		value, quoted := text[1:], text[1] == '"'
		end := 0
		if quoted {
			value = value[1:]
			for end < len(value) && value[end] != '"' {
				if value[end] == '\\' {
					end++
				}
				end++
			}
			if end >= len(value) {
				return errPacked
			}
			text = value[end+1:]
		} else {
			if end = strings.IndexAny(value, ",]"); end < 0 {
				return errPacked
			}
			text = value[end:]
		}
		value = value[:end]
		if quoted && strings.IndexByte(value, '\\') >= 0 {
			value = unescaped(value)
		}
		if err := assign(into, value, quoted); err != nil {
			return err
		}
	}
	if text != "]" {
		return errPacked
	}
	return nil
}

// unescaped is what a string of JSON says.
func unescaped(s string) string {
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b = append(b, s[i])
			continue
		}
		i++
		switch s[i] {
		case 'b':
			b = append(b, '\b')
		case 'f':
			b = append(b, '\f')
		case 'n':
			b = append(b, '\n')
		case 'r':
			b = append(b, '\r')
		case 't':
			b = append(b, '\t')
		case 'u': // of control characters alone: SQLite leaves all others as they are
			n, err := strconv.ParseUint(s[i+1:min(i+5, len(s))], 16, 8)
			if err == nil {
				b = append(b, byte(n))
			}
			i += 4
		default:
			b = append(b, s[i])
		}
	}
	return string(b)
}

// assign gives a variable a value that is quoted or a number or null.
func assign(to any, value string, quoted bool) (err error) {
	null := !quoted && value == "null"
	switch to := to.(type) {
	case *string:
		if !null {
			*to = value
		}
	case **string:
		if !null {
			*to = &value
		}
	case *int64:
		*to, err = strconv.ParseInt(value, 10, 64)
	case *int:
		*to, err = strconv.Atoi(value)
	case *bool:
		*to = value == "1"
	case *time.Time:
		*to, err = moment(value)
	case **time.Time:
		if !null {
			var at time.Time
			at, err = moment(value)
			*to = &at
		}
	case sql.Scanner:
		if null {
			return to.Scan(nil)
		}
		return to.Scan(value)
	default:
		v := reflect.ValueOf(to).Elem()
		if v.Kind() != reflect.String || !quoted {
			return fmt.Errorf("%w: %q into %T", errPacked, value, to)
		}
		v.SetString(value)
	}
	return err
}

// moment is a time as SQLite keeps it.
func moment(text string) (time.Time, error) {
	return time.ParseInLocation("2006-01-02 15:04:05.999999999-07:00", text, time.UTC)
}
