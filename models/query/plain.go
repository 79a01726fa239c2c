package query

import (
	"context"
	"database/sql"
	"strconv"
	"strings"
	"sync"

	"gorm.io/gorm"
)

// Do runs a statement that reads no rows and returns how many it changed. It
// goes to the database as it stands, past GORM, which for a short statement
// costs more than the statement: for those that run with each order or request.
// The text must be one of few, since connections keep it prepared.
func Do(ctx context.Context, g *gorm.DB, statement string, args ...any) (int64, error) {
	done, err := g.Statement.ConnPool.ExecContext(ctx, numbered(g, statement), args...)
	if err != nil {
		return 0, named(g, err)
	}
	n, err := done.RowsAffected()
	return n, named(g, err)
}

// Row reads the first row of a statement's, like Do past GORM, or is
// gorm.ErrRecordNotFound.
func Row(ctx context.Context, g *gorm.DB, statement string, args []any, into ...any) error {
	err := g.Statement.ConnPool.QueryRowContext(ctx, numbered(g, statement), args...).Scan(into...)
	if err == sql.ErrNoRows {
		return gorm.ErrRecordNotFound
	}
	return named(g, err)
}

// named is an error as GORM names it.
func named(g *gorm.DB, err error) error {
	if t, ok := g.Dialector.(gorm.ErrorTranslator); ok && err != nil && g.TranslateError {
		return t.Translate(err)
	}
	return err
}

var numbers sync.Map // statements with the numbers that PostgreSQL wants

// numbered is a statement in the database's spelling. It must hold no question
// mark that is not a place for a value.
func numbered(g *gorm.DB, statement string) string {
	if g.Name() != "postgres" {
		return statement
	}
	if known, ok := numbers.Load(statement); ok {
		return known.(string)
	}
	var text strings.Builder
	for i, part := range strings.Split(statement, "?") {
		if i > 0 {
			text.WriteString("$" + strconv.Itoa(i))
		}
		text.WriteString(part)
	}
	numbers.Store(statement, text.String())
	return text.String()
}
