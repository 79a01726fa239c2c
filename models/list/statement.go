package list

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"
)

// statement is SQL that is being written, with its arguments.
type statement struct {
	b     strings.Builder
	args  []any
	db    DB
	table string
	key   string
	col   string // of the owner
	owner string
	// tableOf is the table beside the list's that an index is of.
	tableOf func(index string) string
}

func (p *plan[R]) statement() *statement {
	s := &statement{db: p.db, table: p.desc.Table, key: p.desc.Key, col: p.desc.Scope, owner: p.owner, tableOf: p.desc.tableOf}
	s.b.Grow(1024)
	return s
}

func (s *statement) text(t string) *statement { s.b.WriteString(t); return s }

func (s *statement) number(n int64) *statement {
	return s.text(strconv.FormatInt(n, 10))
}

// with writes SQL whose arguments are marked ?.
func (s *statement) with(text string, args ...any) *statement {
	s.args = append(s.args, args...)
	if !s.db.Dollar {
		return s.text(text)
	}
	n := len(s.args) - len(args)
	for {
		before, after, found := strings.Cut(text, "?")
		s.text(before)
		if !found {
			return s
		}
		n++
		s.text("$").number(int64(n))
		text = after
	}
}

func (s *statement) hint(index string) *statement {
	if s.db.Hints && index != "" {
		s.text(" INDEXED BY ").text(index)
	}
	return s
}

// scope is the one place that says whose rows are read.
func (s *statement) scope() *statement {
	if s.col == "" {
		return s.text("1 = 1")
	}
	return s.text(s.col).with(" = ?", s.owner)
}

// rows selects columns of the owner's rows that meet all conditions.
func (s *statement) rows(columns, index string, conds []Cond) *statement {
	if s.tableOf(index) != "" {
		inside, outside := apart(conds)
		s.text("SELECT ").text(columns).text(" FROM ").text(s.table).text(" WHERE ").text(s.key).text(" IN (")
		return s.beside(s.key, index, inside).text(") AND ").all(outside)
	}
	for _, c := range conds {
		if c.Few != "" {
			index = c.Few
		}
	}
	s.text("SELECT ").text(columns).text(" FROM ").text(s.table).hint(index).text(" WHERE ").scope()
	if len(conds) > 0 {
		s.text(" AND ").all(conds)
	}
	return s
}

// beside selects columns of what the table beside the list's has of the owner's rows
// that meet all conditions.
func (s *statement) beside(columns, index string, conds []Cond) *statement {
	s.text("SELECT ").text(columns).text(" FROM ").text(s.tableOf(index)).hint(index).text(" WHERE ").scope()
	for _, c := range conds {
		s.text(" AND (").with(c.Beside, c.Args...).text(")")
	}
	return s
}

// among selects columns of those of the owner's rows that an expression in place
// of the table has and that meet all conditions of an arm.
func (s *statement) among(columns string, table Cond, arms [][]Cond) {
	s.text("SELECT ").text(columns).text(" FROM ").with(table.SQL, table.Args...).text(" WHERE ").scope()
	s.text(" AND (")
	for i, arm := range arms {
		if i > 0 {
			s.text(" OR ")
		}
		s.all(arm)
	}
	s.text(")")
}

func (s *statement) all(conds []Cond) *statement {
	if len(conds) == 0 {
		return s.text("1 = 1")
	}
	for i, c := range conds {
		if i > 0 {
			s.text(" AND ")
		}
		s.text("(").with(c.SQL, c.Args...).text(")")
	}
	return s
}

func (s *statement) order(by Sort, down bool) *statement {
	between := " ORDER BY "
	for i, column := range by.Columns {
		if s.text(between).text(column); down != (by.Grouped && i > 0) {
			s.text(" DESC")
		}
		between = ", "
	}
	return s
}

func (s *statement) limit(n, skip int64) *statement {
	s.text(" LIMIT ").number(n)
	if skip > 0 {
		s.text(" OFFSET ").number(skip)
	}
	return s
}

// beyond is the condition for the rows behind a cursor.
func (s *statement) beyond(by Sort, from []any, down bool) *statement {
	if by.Grouped {
		is := by.behind(from, down)
		return s.text("(").with(is[0].SQL, is[0].Args...).text(" OR ").with(is[1].SQL, is[1].Args...).text(")")
	}
	c := past(by.Columns, from, down)
	return s.with(c.SQL, c.Args...)
}

// past is the condition that columns are past values.
func past(columns []string, values []any, down bool) Cond {
	op := ") > ("
	if down {
		op = ") < ("
	}
	return Cond{SQL: "(" + strings.Join(columns, ", ") + op + strings.TrimSuffix(strings.Repeat("?, ", len(values)), ", ") + ")", Args: values}
}

// behind are the conditions of a Grouped sort of which the rows behind a cursor meet one:
// that they are of its value, or of one behind that.
func (by Sort) behind(from []any, down bool) [2]Cond {
	rest := past(by.Columns[1:], from[1:], !down)
	rest.SQL, rest.Args = by.Columns[0]+" = ? AND "+rest.SQL, from
	return [2]Cond{rest, past(by.Columns[:1], from[:1], down)}
}

func (s *statement) query(ctx context.Context) (*sql.Rows, error) {
	rows, err := s.db.Conn.QueryContext(ctx, s.b.String(), s.args...)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", s.table, err)
	}
	return rows, nil
}

func (s *statement) one(ctx context.Context) (n int64, err error) {
	text, err := s.answer(ctx)
	if err != nil {
		return 0, err
	}
	if n, err = strconv.ParseInt(text.String, 10, 64); err != nil {
		return 0, fmt.Errorf("count %s: %w", s.table, err)
	}
	return n, nil
}

// answer is the one value that the statement reads, from memory where it is there.
func (s *statement) answer(ctx context.Context) (answer sql.NullString, err error) {
	asked, lasting := s.asked()
	if lasting {
		if answer.String, answer.Valid = s.db.Memory.At(asked); answer.Valid {
			return answer, nil
		}
	}
	rows, err := s.query(ctx)
	if err != nil {
		return answer, err
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(&answer); err != nil {
			return answer, fmt.Errorf("read of %s: %w", s.table, err)
		}
	}
	if err = rows.Err(); err == nil && lasting && answer.Valid {
		s.db.Memory.Keep(asked, answer.String)
	}
	return answer, err
}

// asked is the statement with its arguments, if there is a memory and none of
// them is a time: what is asked at a time is not asked again.
func (s *statement) asked() (string, bool) {
	if s.db.Memory == nil {
		return "", false
	}
	b := append(make([]byte, 0, s.b.Len()+64), s.b.String()...)
	for _, arg := range s.args {
		b = append(b, 0)
		switch v := arg.(type) {
		case string:
			b = strconv.AppendQuote(b, v)
		case bool:
			b = strconv.AppendBool(b, v)
		case int64:
			b = strconv.AppendInt(b, v, 10)
		default:
			return "", false
		}
	}
	return string(b), true
}
