package models

import (
	"strings"
	"time"

	"quartermaster/models/fold"
	"quartermaster/models/list"
)

// MaxPageSize is the most rows that a page holds.
const MaxPageSize = 100

// Cursor tells where the pages beside a page begin. An empty string means that
// there is none. Paging by cursor neither skips nor repeats a row while others
// arrive.
type Cursor struct{ Next, Prev string }

// alsoOfTeam is the condition that rows are a team's where another condition finds
// them: by "team_id = ?" SQLite, which does not know how many rows a team has,
// would rather walk all of these.
const alsoOfTeam = "team_id || '' = ?"

// sorting is an order of rows, the greatest first, by columns whose values
// together are unique. The columns come from the code, never from a request.
type sorting []string

func newestFirst(columns ...string) sorting { return columns }

func (s sorting) order(backwards bool) string {
	dir := " DESC"
	if backwards {
		dir = ""
	}
	return strings.Join(s, dir+", ") + dir
}

// beyond is the condition for the rows behind a cursor.
func (s sorting) beyond(backwards bool) string {
	op := "<"
	if backwards {
		op = ">"
	}
	marks := strings.TrimSuffix(strings.Repeat("?, ", len(s)), ", ")
	return "(" + strings.Join(s, ", ") + ") " + op + " (" + marks + ")"
}

// stamp is a time as a cursor keeps it.
func stamp(t time.Time) string { return list.Stamp(t) }

// mostLike is longer than any text that is searched. SQLite refuses patterns
// that are much longer.
const mostLike = 4096

// holds is the condition that the text of a like is found in one of the columns,
// whatever its case, width and accents. None of them may be null.
func holds(columns ...string) string {
	return "fold(" + strings.Join(columns, ` || ' ' || `) + `) LIKE ? ESCAPE '\'`
}

// like is the pattern for holds that finds text anywhere.
func like(text string) string {
	return "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(fold.Text(clip(text, mostLike))) + "%"
}
