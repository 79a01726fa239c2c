package archive_test

import (
	"fmt"
	"strings"
	"testing"

	"quartermaster/models/archive"
)

func TestTreeHasTheSumsOfItsFolders(t *testing.T) {
	t.Parallel()
	l := archive.Listing{Entries: []archive.Entry{
		{Name: "META-INF/", Dir: true}, {Name: "META-INF/MANIFEST.MF", Size: 4}, {Name: "lib/a.jar", Size: 30}, {Name: "lib/x/b.jar", Size: 20},
		{Name: "/lib//c.jar", Size: 10}, {Name: "README", Size: 5}, {Name: "lib/a.jar", Size: 1}, {Name: "empty/", Dir: true},
	}}
	var drawn func(n *archive.Node) string
	drawn = func(n *archive.Node) string {
		s := fmt.Sprint(n.Name, " ", n.Size)
		if !n.Dir {
			return s
		}
		var parts []string
		for _, x := range n.Nodes {
			parts = append(parts, drawn(x))
		}
		if n.More > 0 {
			parts = append(parts, fmt.Sprint("+", n.More))
		}
		return fmt.Sprint(s, "/", n.Files, " [", strings.Join(parts, ", "), "]")
	}
	for most, want := range map[int]string{
		100: " 70/6 [lib 61/4 [a.jar 30, x 20/1 [b.jar 20], c.jar 10, a.jar 1], README 5, META-INF 4/1 [MANIFEST.MF 4], empty 0/0 []]",
		6:   " 70/6 [lib 61/4 [a.jar 30, x 20/1 [+1], +2], README 5, META-INF 4/1 [+1], empty 0/0 []]",
	} {
		if got := drawn(l.Tree(most)); got != want {
			t.Errorf("at most %d: got\n%s, want\n%s", most, got, want)
		}
	}
}
