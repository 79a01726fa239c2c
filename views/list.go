package views

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"net/url"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/a-h/templ"
	"golang.org/x/text/language"

	"quartermaster/models"
	"quartermaster/models/list"
	"quartermaster/views/i18n"
	"quartermaster/views/kept"
	"quartermaster/views/layout"
	"quartermaster/views/ui"
)

// ListView is how a list looks: its columns, what it can be narrowed to, and the
// words around it. Its page, the fragment of it, and its files for spreadsheets
// are made from this.
type ListView[R any] struct {
	// ID is the id of its element, Path where its page is.
	ID, Path string
	// Files is where its files are, when not at Path: then the list is only a part
	// of that page. ":id" in either is the thing that its rows are below.
	Files string
	List  *models.List[R]
	// Label is the key of the table's name, Search that of what the search box
	// says; there is no search without it.
	Label, Search string
	Columns       []ListColumn[R]
	Filters       []ListFilter
	// Tags are the words of the list's tag that a text finds in the reader's
	// language; nil when its tags have no words.
	Tags func(ctx context.Context, text string) []string
	// ByServer tells that its times are by the server's clock and not the team's.
	ByServer bool
	// Body draws the rows of lists that are no table.
	Body func(at ListAt, rows []R) templ.Component
	// Below is drawn below the rows; nil where nothing is.
	Below func(at ListAt) templ.Component
	// Head is the heading of the page, where that is the list's.
	Head func(ctx context.Context, at ListAt) layout.PageProps
	// Passing tells whether a row will change by itself: the list then asks again
	// every two seconds; nil when none does.
	Passing func(row *R) bool
	// Watched tells that the first page asks for newer rows now and then.
	Watched bool
	// Empty is what stands in the place of rows, when there are none at all; nil
	// where the page around says so.
	Empty func(ctx context.Context, at ListAt) ui.EmptyProps
	// Styled tells that its page loads the styles of other pages too.
	Styled bool
	// Kind is that of the things that rows are, of which several may be picked: Pick is
	// the id of a row; nil where none is. Picks tells where they may be; nil is
	// everywhere.
	Kind  models.Kind
	Pick  func(row *R) string
	Picks func(at ListAt) bool
	// Amount is what a row comes to: a number of the smallest unit and its currency, or a plus
	// and words; nil where that is nothing.
	Amount func(ctx context.Context, row *R) string
	// Whole tells of a query that has filters whether it is still the whole
	// list; nil is for lists that a filter always narrows.
	Whole func(at ListAt) bool
}

// ListColumn is one column of a list. Words is the key of its head.
type ListColumn[R any] struct {
	Words string
	// Sort is the sort of the list that the head offers.
	Sort string
	// Class is that of its cells: "num", "wide", "actions". Name is for the one
	// column that names the row and links to it, Bare for those that need no
	// label where the table becomes cards.
	Class      string
	Name, Bare bool
	// Spare is the width of the table, in rem, below which the column is left out, as long
	// as its rows are no cards; 0 is for those that stay.
	Spare int
	// Draw writes the cell; a column without is only in the files, and shown to who
	// chooses it as Chosen writes it or else as its text.
	Draw, Chosen func(c *ui.Cells, row *R)
	// Text is the cell in a file; a column without is only on the page.
	Text func(c *ui.Cells, row *R) string
	// Who is whose address the cell is, with emailed.
	Who func(row *R) string
	// Only tells where the column is drawn; nil is everywhere. It stands behind all
	// that are.
	Only func(at ListAt) bool
}

// ListFilter is how a filter of the list looks.
type ListFilter struct {
	Name string
	// Words is the key of what it narrows, "" when its values say enough.
	Words string
	// As is how it is offered.
	As FilterAs
	// Values are the keys of its values without the value: "order.state.".
	Values string
	// Off is the key of what switches a Switch off, or of the tab that sets nothing; Values has that of what
	// switches it on, and On that of its chip.
	On, Off, Icon string
}

// FilterAs is how a filter is offered.
type FilterAs int

// How filters are offered. Linked ones are set by links of other pages alone.
const (
	Linked FilterAs = iota
	Tabs
	Menu
	Switch
)

// ListChoice is a value of a filter with its words.
type ListChoice struct{ Value, Label string }

// ListAt is where a reader is in a list.
type ListAt struct {
	By    models.Actor
	Now   time.Time // of the team, or the server
	Query list.Query
	URL   ListURL
	// Files is the address of which the files are.
	Files ListURL
	// Here is the address of the request.
	Here string
	// Counts are the team's counters, Total how many rows the query has, as
	// list.Page has it.
	Counts map[string]int64
	Total  int64
	// Sum is what the rows come to, "" where nobody knows.
	Sum    string
	Cursor models.Cursor
	// Choices are the values of the filters whose words are data.
	Choices map[string][]ListChoice
	// Saved is what the reader has of the list besides its rows, and View the view
	// that the list is in, nil for none. Changed tells that something else is asked
	// for than the view says.
	Saved   models.ListSaved
	View    *models.SavedView
	Changed bool
	// Columns are the keys of the columns that are chosen, nil for the usual ones, and
	// Choosing tells that they are being chosen.
	Columns  []string
	Choosing bool
	// Picks tells that rows may be picked, and Bulks are what can be done to them.
	Picks bool
	Bulks []models.BulkAction
	// Gone are what the view asks for that the list has no more, and NoView that the
	// address is of a view that is gone itself.
	Gone   []string
	NoView bool
	// Unsorted is the sort for which the rows are too many, "" where they are not.
	Unsorted string
	// Kept has rows and bars that were drawn before, nil where none are kept; reader is
	// what its keys have of the reader.
	Kept   *kept.Store
	reader string
}

// narrowed tells whether something is asked for besides the list.
func (a ListAt) narrowed() bool { return a.Query.Text != "" || len(a.Query.Filters) > 0 }

// words are the words of Choices.
func (a ListAt) words() map[string]map[string]string { return ListWords(a.Choices) }

// ListWords are what the values of choices are called.
func ListWords(choices map[string][]ListChoice) map[string]map[string]string {
	words := make(map[string]map[string]string, len(choices))
	for name, all := range choices {
		words[name] = make(map[string]string, len(all))
		for _, c := range all {
			words[name][c.Value] = c.Label
		}
	}
	return words
}

// ListPage is a list as it is drawn, whatever its rows are.
type ListPage struct {
	ListAt
	ID, Name, Label, Search string
	Styled                  bool
	Head                    layout.PageProps
	Columns                 []ui.Column
	NotBy                   string          // the head of the column by which the rows are too many to sort
	Rows, Below             templ.Component // nil when there are none
	Tabs                    []ui.Tab
	Menus                   []listMenu
	Switches                []ui.ButtonProps
	Chips                   []ui.Filter
	Empty                   *ui.EmptyProps // nil when something was found or filtered out
	// Own tells that the columns are not the usual ones, Choice are those to choose
	// among, and Bar has the views of the list.
	Own     bool
	Choice  []columnChoice
	Bar     []ui.Tab
	Summary string
	// Every is how often it asks again by Here, "" for never.
	Every string
}

// tools tells whether there is something to narrow the list by.
func (p ListPage) tools() bool {
	return p.Search != "" || p.Menus != nil || p.Switches != nil || p.Chips != nil
}

type listMenu struct {
	ID, Label string
	Options   []FilterOption
}

// Page is a page of the list.
func (v *ListView[R]) Page(ctx context.Context, at ListAt, page list.Page[R]) ListPage {
	p := ListPage{ListAt: at, ID: v.ID, Styled: v.Styled, Name: v.Name(), Label: i18n.T(ctx, v.Label)}
	if v.Head != nil {
		p.Head = v.Head(ctx, at)
	}
	if v.Search != "" {
		p.Search = i18n.T(ctx, v.Search)
	}
	sort := v.List.Sorting(list.Query{Sort: cmp.Or(page.Sort, at.Query.Sort), Filters: at.Query.Filters})
	shown, own := v.shown(at)
	for _, c := range shown {
		p.Columns = append(p.Columns, v.head(ctx, c, sort, at))
		if at.Unsorted != "" && c.Sort == at.Unsorted {
			p.NotBy = i18n.T(ctx, c.Words)
		}
	}
	p.Own, p.Bar = own, v.bar(ctx, at)
	if at.Choosing {
		p.Choice = v.choice(ctx, shown)
	}
	for _, f := range v.Filters {
		v.offer(ctx, &p, f)
	}
	if v.Passing != nil && slices.ContainsFunc(page.Rows, func(r R) bool { return v.Passing(&r) }) {
		p.Every = "2s"
	} else if v.Watched && at.Cursor.Prev == "" {
		p.Every = "5s"
	}
	if at.Choosing {
		p.Every = "" // what is ticked would be drawn anew
	}
	if p.Tabs != nil {
		p.Head.Tabs = ui.Tabs(p.Label, p.Tabs)
	}
	if n := max(len(page.Parts), len(page.Rows)); n > 0 {
		if p.Rows = v.rows(at, page); v.Body != nil {
			p.Rows = v.Body(at, page.Rows)
		}
		if p.Summary = listSummary(ctx, at.Total, n); at.Sum != "" {
			p.Summary += " · " + at.Sum
		}
		if v.Below != nil {
			p.Below = v.Below(at)
		}
	} else if v.Empty != nil && (!at.narrowed() || v.Whole != nil && v.Whole(at)) {
		empty := v.Empty(ctx, at)
		p.Empty = &empty
	}
	return p
}

// Name is what the table and its files are called.
func (v *ListView[R]) Name() string { return path.Base(v.FilePath()) }

// FilePath is where its files are, without a format.
func (v *ListView[R]) FilePath() string { return cmp.Or(v.Files, v.Path) }

// URL is the address of the list that is below a thing, or below none, and that
// of its files.
func (v *ListView[R]) URL(id string) (page, files ListURL) {
	page = ListURL{Path: strings.ReplaceAll(v.Path, ":id", id), Query: url.Values{}}
	if v.Files != "" {
		page.Part = v.ID
	}
	return page, ListURL{Path: strings.ReplaceAll(v.FilePath(), ":id", id)}
}

// listSummary says how many rows there are, where that is known.
func listSummary(ctx context.Context, total int64, shown int) string {
	switch {
	case total >= list.CountTo:
	case total >= int64(shown):
		return i18n.T(ctx, "list.total", "Count", total)
	case total == list.Unknown:
		return ""
	}
	return i18n.T(ctx, "list.total-over", "Count", list.CountTo-1)
}

// Unsort notes that the rows are too many for the sort that was asked for.
func (a *ListAt) Unsort() {
	a.Unsorted, a.Query.Sort, a.Query.Reverse = a.Query.Sort, "", false
	a.URL.Query.Del("sort")
}

// head is the head of a column, which sorts by it, and by it the other way
// around where it does so already, as itself or as a sort that is the same but Up.
func (v *ListView[R]) head(ctx context.Context, c ListColumn[R], by list.Sort, at ListAt) ui.Column {
	head := ui.Column{Label: i18n.T(ctx, c.Words), Num: strings.Contains(c.Class, "num"), Hidden: c.Class == "actions"}
	if c.Sort == "" {
		return head
	}
	own := v.List.Sorting(list.Query{Sort: c.Sort})
	head.Href = at.URL.With("sort", c.Sort)
	if own.Name != by.Name && (own.Small || by.Small || !slices.Equal(own.Columns, by.Columns) || own.Up == by.Up) {
		return head
	}
	if head.Sorted = "descending"; by.Up != at.Query.Reverse {
		head.Sorted = "ascending"
	}
	if own.Up == (head.Sorted == "ascending") {
		head.Href = at.URL.With("sort", "-"+c.Sort)
	}
	return head
}

// choices are the values of a filter.
func (f ListFilter) choices(ctx context.Context, values []string, at ListAt) []ListChoice {
	if f.Values == "" {
		return at.Choices[f.Name]
	}
	var all []ListChoice
	for _, value := range values {
		all = append(all, ListChoice{value, i18n.T(ctx, f.Values+value)})
	}
	return all
}

// offer adds to a page what sets a filter, and what takes it off.
func (v *ListView[R]) offer(ctx context.Context, p *ListPage, f ListFilter) {
	set := p.Query.Filters[f.Name]
	label := ""
	if f.Words != "" {
		label = i18n.T(ctx, f.Words)
	}
	all := f.choices(ctx, v.List.Filter(f.Name).Values, p.ListAt)
	switch f.As {
	case Tabs:
		p.Tabs = append(p.Tabs, ui.Tab{Label: i18n.T(ctx, cmp.Or(f.Off, "list.all")), Href: p.URL.With(f.Name, ""), Current: set == ""})
		for _, c := range all {
			p.Tabs = append(p.Tabs, ui.Tab{Label: c.Label, Href: p.URL.With(f.Name, c.Value), Current: set == c.Value})
		}
		return // the tab says what is on
	case Menu:
		if len(all) == 0 {
			break // nothing to choose
		}
		options := options(ctx, p.URL, f.Name, set, all, func(c ListChoice) (string, string) { return c.Value, c.Label })
		p.Menus = append(p.Menus, listMenu{f.Name + "-menu", label, options})
	case Switch:
		b := ui.ButtonProps{Text: all[0].Label, Icon: f.Icon, Style: ui.Quiet, Href: p.URL.With(f.Name, all[0].Value)}
		on := set == all[0].Value
		if on && f.Off != "" {
			b.Text, b.Href = i18n.T(ctx, f.Off), p.URL.With(f.Name, "")
		}
		if !on || f.Off != "" {
			p.Switches = append(p.Switches, b)
		}
	}
	if set == "" {
		return
	}
	p.Chips = append(p.Chips, ui.Filter{Label: label, Value: f.value(ctx, set, all), RemoveHref: p.URL.With(f.Name, "")})
}

// value is what the value that a filter is set to is called.
func (f ListFilter) value(ctx context.Context, set string, all []ListChoice) string {
	if f.On != "" && set == all[0].Value {
		return i18n.T(ctx, f.On)
	}
	for _, c := range all {
		if c.Value == set {
			return c.Label
		}
	}
	return set
}

// drawn is where rows are written before they are sent.
var drawn = sync.Pool{New: func() any { b := make([]byte, 0, 32<<10); return &b }}

// rows draws the rows of the table. HTML needs no end of a cell or a row before
// the next one.
func (v *ListView[R]) rows(at ListAt, page list.Page[R]) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		b := drawn.Get().(*[]byte)
		c := ui.NewCells(ctx, at.Now, (*b)[:0])
		c.Words = at.words()
		columns, own := v.shown(at)
		cells := make([]cellOf, len(columns))
		for i, column := range columns {
			cells[i].class, _ = cellClass(column.Class)
			if own && !column.Name {
				cells[i].class = column.Class
				if !column.Bare {
					cells[i].label = i18n.T(ctx, column.Words)
				}
			}
		}
		rows := page.Rows
		for _, part := range page.Parts {
			if part.Kept != nil {
				c.Add(part.Kept)
				continue
			}
			from := len(c.Bytes())
			v.drawRow(c, at, columns, cells, &rows[0])
			if until := c.Until(); at.Kept != nil && !(v.Passing != nil && v.Passing(&rows[0])) {
				at.Kept.Keep(kept.Key{Reader: at.reader, Text: part.Text}, kept.Piece{HTML: c.Bytes()[from:], From: at.Now, Until: until})
			}
			rows = rows[1:]
		}
		if page.Parts == nil {
			for i := range rows {
				v.drawRow(c, at, columns, cells, &rows[i])
			}
		}
		err := c.Err()
		if err == nil {
			_, err = w.Write(c.Bytes())
		}
		if *b = c.Bytes(); cap(*b) <= 256<<10 {
			drawn.Put(b)
		}
		return err
	})
}

// cellOf is what the cells of a column have. Where the columns are not the usual
// ones no style can tell by its place what a cell is: it says so itself.
type cellOf struct{ class, label string }

// drawRow draws a row.
func (v *ListView[R]) drawRow(c *ui.Cells, at ListAt, columns []ListColumn[R], cells []cellOf, row *R) {
	c.Open("tr")
	for i, column := range columns {
		if column.Name {
			c.Open("th", "class", cells[i].class) // the header of its row, as its column has no td
			if at.Picks {
				sum := ""
				if v.Amount != nil {
					sum = v.Amount(c.Ctx, row)
				}
				c.Tick(v.Pick(row), sum)
			}
		} else {
			c.Open("td", "class", cells[i].class, "data-label", cells[i].label)
		}
		column.draw(c, row)
	}
}

// Styles are rules for the cells of the list in a language: how they stand, and
// what says before them what they are where its table becomes cards. So no cell
// needs more than what it holds.
func (v *ListView[R]) Styles(lang language.Tag) []string {
	var rules []string
	ctx := i18n.WithLang(context.Background(), lang.String())
	at := 0
	for _, c := range v.Columns {
		if c.Draw == nil {
			continue
		}
		at++
		cell := fmt.Sprintf("#%s td:nth-child(%d)", v.ID, at)
		if c.Name {
			cell = "#" + v.ID + " tbody th"
		}
		if _, style := cellClass(c.Class); style != "" {
			rules = append(rules, cell+" {"+style+" }")
		}
		if c.Spare > 0 {
			rules = append(rules, fmt.Sprintf("@container table (40rem < width < %drem) { #%s:not(.own) :is(th, td):nth-child(%d) { display: none; } }", c.Spare, v.ID, at))
		}
		if !c.Name && !c.Bare {
			if lang != i18n.Languages[0] {
				cell = ":lang(" + lang.String() + ") " + cell
			}
			rules = append(rules, fmt.Sprintf("%s { --label: %q; }", cell, i18n.T(ctx, c.Words)))
		}
	}
	return rules
}

// cellStyles are what classes of cells say that parts.css reads.
var cellStyles = map[string]string{"num": "--align: right; --wrap: nowrap;", "nowrap": "--wrap: nowrap;", "wide": "--span: 1 / -1;", "narrow": "--width: 12rem;"}

// cellClass is what is left of a class when what Styles say of it is taken off.
func cellClass(class string) (rest, style string) {
	for name := range strings.FieldsSeq(class) {
		if says := cellStyles[name]; says != "" {
			style += " " + says
		} else {
			rest = strings.TrimPrefix(rest+" "+name, " ")
		}
	}
	return rest, style
}

// Keep lets a page of the list have rows as they were drawn before. Nothing but
// the row, the reader's language and zone, the words of at and its time makes
// what is drawn: ui.Cells knows no more. stamp is what List.Stamp gives.
func (v *ListView[R]) Keep(ctx context.Context, at *ListAt, store *kept.Store, stamp string) {
	var b strings.Builder
	for _, part := range []string{i18n.Lang(ctx), i18n.Zone(ctx).String(), stamp} {
		b.WriteString(part)
		b.WriteByte(0)
	}
	for _, name := range slices.Sorted(maps.Keys(at.Choices)) {
		b.WriteString(name)
		for _, c := range at.Choices[name] {
			b.WriteString("\x00" + c.Value + "\x00" + c.Label)
		}
		b.WriteByte(0)
	}
	if _, own := v.shown(*at); own {
		b.WriteString(strings.Join(at.Columns, ","))
	}
	if at.Picks {
		b.WriteString("\x00pick")
	}
	at.Kept, at.reader = store, b.String()
	at.Query.Kept = func(text string) []byte { return store.Find(kept.Key{Reader: at.reader, Text: text}, at.Now) }
}

// People are the ids of the people whose addresses stand in the file with rows.
func (v *ListView[R]) People(rows []R) []string {
	ids := map[string]bool{}
	for _, column := range v.Columns {
		for i := range rows {
			if column.Who != nil {
				ids[column.Who(&rows[i])] = true
			}
		}
	}
	return slices.Collect(maps.Keys(ids))
}

// FileHead are the heads of the columns of a list's file.
func (v *ListView[R]) FileHead(ctx context.Context) []string {
	var head []string
	for _, c := range v.Columns {
		if c.Text != nil {
			head = append(head, i18n.T(ctx, c.Words))
		}
	}
	return head
}

// FileRow appends the cells of a row of a list's file to cells.
func (v *ListView[R]) FileRow(c *ui.Cells, row *R, cells []string) []string {
	for _, column := range v.Columns {
		if column.Text != nil {
			cells = append(cells, column.Text(c, row))
		}
	}
	return cells
}

// ListURL is the address of a list with its filters, from which the addresses
// of its other views are made.
type ListURL struct {
	Path  string
	Query url.Values
	// Part is the id of the list on a page with more.
	Part string
}

// With is the address with some filters changed; pairs are names and values,
// where an empty value takes the filter off. It begins at the first page.
func (u ListURL) With(pairs ...string) string {
	q := maps.Clone(u.Query)
	if q == nil {
		q = url.Values{}
	}
	q.Del("after")
	q.Del("before")
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			q.Del(pairs[i])
		} else {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	for name, values := range q {
		if len(values) == 0 || values[0] == "" {
			q.Del(name)
		}
	}
	to := u.Path
	if len(q) > 0 {
		to += "?" + q.Encode()
	}
	if u.Part != "" {
		to += "#" + u.Part
	}
	return to
}

// All is the list as it is when nothing narrows it and no view is open.
func (u ListURL) All() string {
	if in := u.Query.Get("in"); in != "" {
		return ListURL{Path: u.Path, Part: u.Part}.With("in", models.NoneGiven)
	}
	return ListURL{Path: u.Path, Part: u.Part}.With()
}

// File is the address of a file of the whole list, "csv" or "xlsx".
func (u ListURL) File(format string) string {
	u.Path += "." + format
	return u.With()
}

// Keep are the filters that are on, without one: what the search box keeps.
func (u ListURL) Keep(without string) map[string]string {
	keep := map[string]string{}
	for name := range u.Query {
		if v := u.Query.Get(name); v != "" && name != without && name != "after" && name != "before" {
			keep[name] = v
		}
	}
	return keep
}

// Pager leads to the pages beside this one.
func (u ListURL) Pager(c models.Cursor, summary string) ui.PagerProps {
	p := ui.PagerProps{Summary: summary}
	if c.Prev != "" {
		p.Newer = u.With("before", c.Prev)
	}
	if c.Next != "" {
		p.Older = u.With("after", c.Next)
	}
	return p
}

// FilterOption is one of the values of a filter; Href is the list with it.
type FilterOption struct {
	Label, Href string
	Current     bool
}

// options are the values of a filter as an address and a reader know them, after
// that which filters nothing.
func options[T any](ctx context.Context, u ListURL, name, current string, all []T, say func(T) (value, label string)) []FilterOption {
	out := []FilterOption{{Label: i18n.T(ctx, "list.all"), Href: u.With(name, ""), Current: current == ""}}
	for _, one := range all {
		value, label := say(one)
		out = append(out, FilterOption{Label: label, Href: u.With(name, value), Current: value == current})
	}
	return out
}

// plain is a column whose cells are text, on the page and in files.
func plain[R any](words, class string, text func(c *ui.Cells, row *R) string) ListColumn[R] {
	return ListColumn[R]{Words: words, Class: class, Text: text, Draw: func(c *ui.Cells, row *R) {
		if s := text(c, row); s != "" {
			c.Text(s)
		} else {
			c.None()
		}
	}}
}

// sorted is a column whose head sorts.
func sorted[R any](by string, column ListColumn[R]) ListColumn[R] {
	column.Sort = by
	return column
}

// regionColumn is what the region of a row is called.
func regionColumn[R any](of func(*R) string) ListColumn[R] {
	return sorted("region", plain("field.region", "", func(c *ui.Cells, row *R) string { return c.Word("region", of(row)) }))
}

// createdColumn is when a thing was made and by whom.
func createdColumn[R any](words string, of func(*R) (at time.Time, by string)) ListColumn[R] {
	return ListColumn[R]{Words: words, Sort: "created", Class: "nowrap",
		Text: func(c *ui.Cells, row *R) string {
			at, _ := of(row)
			return i18n.DateTime(c.Ctx, at)
		},
		Draw: func(c *ui.Cells, row *R) {
			at, by := of(row)
			c.Moment(at, c.Relative(at))
			c.Note(by)
		}}
}

// kindHead is the heading of the list of a kind's things, and kindEmpty what
// stands in their place, both with the way to make one.
func kindHead(kind models.Kind, subtitle string) func(context.Context, ListAt) layout.PageProps {
	return func(ctx context.Context, at ListAt) layout.PageProps {
		return layout.PageProps{Title: ui.Look(ctx, kind).Many(ctx), Subtitle: i18n.T(ctx, subtitle), Kind: kind, Actions: newButton(at.By, kind)}
	}
}

// endingHead is the heading of the list of a kind whose things end, which leads to when
// they do.
func endingHead(kind models.Kind, subtitle string) func(context.Context, ListAt) layout.PageProps {
	head := kindHead(kind, subtitle)
	return func(ctx context.Context, at ListAt) layout.PageProps {
		p := head(ctx, at)
		p.Actions = endingActions(at.By, kind)
		return p
	}
}

func kindEmpty(kind models.Kind, title, text string) func(context.Context, ListAt) ui.EmptyProps {
	return func(ctx context.Context, at ListAt) ui.EmptyProps {
		return ui.EmptyProps{Kind: kind, Title: i18n.T(ctx, title), Text: i18n.T(ctx, text), Action: newButton(at.By, kind)}
	}
}

// regionName is what a region is called in the reader's language; its id when
// it is not among those.
func regionName(ctx context.Context, regions []models.Region, id string) string {
	for _, r := range regions {
		if r.ID == id {
			return word(ctx, r.ZH, r.EN)
		}
	}
	return id
}

// RegionChoices are regions and their zones as values of "region" and "zone".
func RegionChoices(ctx context.Context, regions []models.Region) map[string][]ListChoice {
	choices := map[string][]ListChoice{}
	for _, r := range regions {
		choices["region"] = append(choices["region"], ListChoice{r.ID, word(ctx, r.ZH, r.EN)})
		for _, z := range r.Zones {
			choices["zone"] = append(choices["zone"], ListChoice{z.ID, word(ctx, z.ZH, z.EN)})
		}
	}
	return choices
}

// filed is a column of files alone.
func filed[R any](words string, text func(c *ui.Cells, row *R) string) ListColumn[R] {
	return ListColumn[R]{Words: words, Text: text}
}

// inBytes is a column of files with a number of bytes, where it is known.
func inBytes[R any](words string, of func(row *R) (n int64, known bool)) ListColumn[R] {
	return ListColumn[R]{Words: words, Class: "num", Text: func(_ *ui.Cells, row *R) string {
		if n, known := of(row); known {
			return number(n)
		}
		return ""
	}}
}

// emailed is a column of files with the address of a person, given by id.
func emailed[R any](who func(row *R) string) ListColumn[R] {
	return ListColumn[R]{Words: "list.email", Who: who, Text: func(c *ui.Cells, row *R) string { return c.Emails[who(row)] }}
}

// FileNumbers are which columns of a list's file hold numbers.
func (v *ListView[R]) FileNumbers() []bool {
	var numbers []bool
	for _, c := range v.Columns {
		if c.Text != nil {
			numbers = append(numbers, strings.Contains(c.Class, "num"))
		}
	}
	return numbers
}
