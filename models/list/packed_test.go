package list_test

import (
	"database/sql"
	"path/filepath"
	"slices"
	"testing"
	"time"

	_ "github.com/mattn/go-sqlite3"

	"quartermaster/models/list"
)

type thing struct {
	n      int64
	text   string
	state  state
	count  int
	on     bool
	at     time.Time
	seen   *time.Time
	amount sql.NullInt64
}

type state string

// things is a list of rows with a column of every type that lists have.
var things = list.Desc[thing]{
	Table: "things", Key: "n", Columns: []string{"n", "text", "state", "count", "on_", "at", "seen", "amount"},
	Into: func(x *thing, to []any) []any {
		return append(to, &x.n, &x.text, &x.state, &x.count, &x.on, &x.at, &x.seen, &x.amount)
	},
	Sorts:   []list.Sort{{Name: "n", Columns: []string{"n"}, Up: true}},
	Indexes: []list.Index{{Name: "things_n", Sort: "n"}},
}

func openThings(t *testing.T) (*sql.DB, []thing) {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(t.TempDir(), "things.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if _, err := db.Exec("CREATE TABLE things (n bigint, text text, state text, count integer, on_ boolean, at datetime, seen datetime, amount bigint); CREATE INDEX things_n ON things (n)"); err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 29, 4, 5, 6, 789_000_000, time.UTC)
	var all []thing
	for i, text := range []string{"", "plain", `"quoted\"`, `\`, `\u0041\n`, "line\nand\r\n\tmore\x00\x01\x1f\x7f", "a,b]", "null", "资源台 🗄", "\u2028", "[1,\"2\"]"} {
		x := thing{n: 1<<62 + int64(i), text: text, state: state(text), count: -i, on: i%2 == 1, at: at.Add(time.Duration(i) * time.Hour)}
		if i%3 == 1 {
			seen := at.Truncate(time.Second)
			x.seen, x.amount = &seen, sql.NullInt64{Int64: int64(i), Valid: true}
		}
		if _, err := db.Exec("INSERT INTO things VALUES (?, ?, ?, ?, ?, ?, ?, ?)", x.n, x.text, string(x.state), x.count, x.on, x.at, x.seen, x.amount); err != nil {
			t.Fatal(err)
		}
		all = append(all, x)
	}
	return db, all
}

func TestRowsAreReadFromTheirTexts(t *testing.T) {
	t.Parallel()
	db, want := openThings(t)
	for _, texts := range []bool{false, true} {
		page, err := things.Read(t.Context(), list.DB{Conn: db, Hints: texts}, "", list.Query{})
		if err != nil {
			t.Fatal(err)
		}
		if len(page.Rows) != len(want) || texts != (len(page.Parts) == len(want)) {
			t.Fatalf("texts %t: got %d rows and %d parts, want %d", texts, len(page.Rows), len(page.Parts), len(want))
		}
		for i, got := range page.Rows {
			seen := got.seen == want[i].seen || got.seen != nil && want[i].seen != nil && got.seen.Equal(*want[i].seen)
			got.seen = want[i].seen
			if !seen || got != want[i] {
				t.Errorf("texts %t: got %+v, want %+v", texts, got, want[i])
			}
		}
	}
}

func TestRowsThatAreKeptAreNotRead(t *testing.T) {
	t.Parallel()
	db, want := openThings(t)
	from := list.DB{Conn: db, Hints: true}
	first, err := things.Read(t.Context(), from, "", list.Query{Size: 4})
	if err != nil {
		t.Fatal(err)
	}
	kept := map[string][]byte{}
	for i, part := range first.Parts {
		if i != 2 {
			kept[part.Text] = []byte{byte(i)}
		}
	}
	again, err := things.Read(t.Context(), from, "", list.Query{Size: 4, Kept: func(text string) []byte { return kept[text] }})
	if err != nil {
		t.Fatal(err)
	}
	if len(again.Rows) != 1 || again.Rows[0].n != want[2].n || again.Next != first.Next || again.Next == "" {
		t.Errorf("got rows %+v and next %q, want the third alone and %q", again.Rows, again.Next, first.Next)
	}
	same := slices.EqualFunc(again.Parts, first.Parts, func(a, b list.Part) bool { return a.Text == b.Text && string(a.Kept) == string(kept[b.Text]) })
	if !same || again.Parts[2].Kept != nil {
		t.Errorf("got parts %+v, want those of %+v with what is kept of them", again.Parts, first.Parts)
	}
	back, err := things.Read(t.Context(), from, "", list.Query{Size: 2, Before: first.Next, Kept: func(text string) []byte { return kept[text] }})
	if err != nil || len(back.Parts) != 2 || len(back.Rows) != 1 || back.Rows[0].n != want[2].n && back.Rows[0].n != want[1].n {
		t.Errorf("backwards: got %+v, %v", back, err)
	}
}

func TestWhatHasTheTextOfAnotherRowDoesNotRead(t *testing.T) {
	t.Parallel()
	db, _ := openThings(t)
	wrong := things
	wrong.Into = func(x *thing, to []any) []any {
		return append(to, &x.text, &x.n, &x.state, &x.count, &x.on, &x.at, &x.seen, &x.amount)
	}
	if page, err := wrong.Read(t.Context(), list.DB{Conn: db, Hints: true}, "", list.Query{}); err == nil {
		t.Errorf("got %d rows from columns of other types, want an error", len(page.Rows))
	}
}
