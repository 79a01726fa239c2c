package main

import (
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// prefix is what the names of our variables begin with.
const prefix = "QUARTERMASTER"

// A stranger is a variable that begins like ours but is not a setting, mostly
// because it is misspelled. Nearest is the setting that may have been meant, or
// "".
type stranger struct{ name, nearest string }

// strangers are the strangers in the environment.
type strangers []stranger

// print prints them for a person, one per line.
func (s strangers) print(to io.Writer) {
	for _, v := range s {
		line := "quartermaster: " + v.name + " is not a setting and has no effect"
		if v.nearest != "" {
			line += "; " + v.nearest + " is one"
		}
		fmt.Fprintln(to, line)
	}
}

// log writes them to the log of a server.
func (s strangers) log(to *slog.Logger) {
	for _, v := range s {
		about := []any{"variable", v.name}
		if v.nearest != "" {
			about = append(about, "nearest", v.nearest)
		}
		to.Warn("this variable is not a setting and has no effect", about...)
	}
}

// readEnviron unsets variables with an empty value, since unit files and
// compose files leave settings out in this way, and returns the strangers.
func readEnviron(app *kong.Application) strangers {
	known := variables(app)
	var found strangers
	for _, pair := range os.Environ() {
		name, value, _ := strings.Cut(pair, "=")
		switch {
		case !strings.HasPrefix(name, prefix+"_"):
		case value == "":
			os.Unsetenv(name)
		case !known[name]:
			found = append(found, stranger{name, nearest(name, slices.Sorted(maps.Keys(known)))})
		}
	}
	return found
}

// variables are the names of the settings of all commands.
func variables(app *kong.Application) map[string]bool {
	names := map[string]bool{}
	_ = kong.Visit(app, func(v kong.Visitable, next kong.Next) error {
		if flag, ok := v.(*kong.Flag); ok {
			for _, name := range flag.Envs {
				names[name] = true
			}
		}
		return next(nil)
	})
	return names
}

// nearest is the known name with the smallest distance from name, or "" when
// even that is large.
func nearest(name string, known []string) string {
	best, least := "", len(strings.TrimPrefix(name, prefix))/3+1
	for _, k := range known {
		if n := distance(name, k); n < least {
			best, least = k, n
		}
	}
	return best
}

// distance is how many letters must be changed, added or removed to turn a into
// b.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := before
			if a[i] != b[j] {
				change++
			}
			before = row[j+1]
			row[j+1] = min(change, row[j]+1, before+1)
		}
	}
	return row[len(b)]
}
