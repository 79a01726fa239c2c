package views

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"quartermaster/models"
	"quartermaster/models/list"
	"quartermaster/views/i18n"
	"quartermaster/views/ui"
)

// key is what tells a column from the others of its list, in addresses and in what
// people keep.
func (c ListColumn[R]) key() string { return c.Words }

// draw writes the cell; a column of files alone is drawn as its text.
func (c ListColumn[R]) draw(to *ui.Cells, row *R) {
	if c.Draw != nil {
		c.Draw(to, row)
	} else if c.Chosen != nil {
		c.Chosen(to, row)
	} else if s := c.Text(to, row); s != "" {
		to.Text(s)
	} else {
		to.None()
	}
}

// always tells whether a column is shown whatever is chosen: the one that names the
// row, those without a head, and those with buttons.
func (c ListColumn[R]) always() bool {
	return c.Draw != nil && (c.Name || c.Only != nil || c.Words == "" || c.Class == "actions")
}

// choosable are the columns that a reader may show or not. What is otherwise only in
// files is among them, where each row of the page is one of a file.
func (v *ListView[R]) choosable() []ListColumn[R] {
	if v.Body != nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(v.Columns), func(c ListColumn[R]) bool {
		return c.always() || c.Words == "" || c.Draw == nil && (c.Who != nil || v.List.Walk != nil || v.draws(c.Words))
	})
}

// draws tells whether a column of such a head is drawn.
func (v *ListView[R]) draws(words string) bool {
	return slices.ContainsFunc(v.Columns, func(c ListColumn[R]) bool { return c.Draw != nil && c.Words == words })
}

// Keys are those of the columns that a reader may show or not.
func (v *ListView[R]) Keys() []string {
	return mapped(v.choosable(), ListColumn[R].key)
}

// Usual are the keys of those that are shown to who has chosen none.
func (v *ListView[R]) Usual() (keys []string) {
	for _, c := range v.choosable() {
		if c.Draw != nil {
			keys = append(keys, c.key())
		}
	}
	return keys
}

// Known are those of some columns that the list has, each once.
func (v *ListView[R]) Known(columns []string) []string {
	var known []string
	keys := v.Keys()
	for _, key := range columns {
		if slices.Contains(keys, key) && !slices.Contains(known, key) {
			known = append(known, key)
		}
	}
	return known
}

// shown are the columns that are drawn, in their order, and whether these are other
// than the usual ones.
func (v *ListView[R]) shown(at ListAt) (columns []ListColumn[R], own bool) {
	usual := slices.DeleteFunc(slices.Clone(v.Columns), func(c ListColumn[R]) bool { return c.Draw == nil || c.Only != nil && !c.Only(at) })
	chosen := v.Known(at.Columns)
	if chosen == nil {
		return usual, false
	}
	all := v.choosable()
	for _, c := range usual {
		if c.Name {
			columns = append(columns, c)
		}
	}
	for _, key := range chosen {
		columns = append(columns, all[slices.IndexFunc(all, func(c ListColumn[R]) bool { return c.key() == key })])
	}
	for _, c := range usual {
		if c.always() && !c.Name {
			columns = append(columns, c)
		}
	}
	if slices.EqualFunc(columns, usual, func(a, b ListColumn[R]) bool { return a.Words == b.Words }) {
		return usual, false
	}
	return columns, true
}

// Complete completes a query with what the columns need.
func (v *ListView[R]) Complete(at *ListAt) {
	shown, _ := v.shown(*at)
	at.Query.Whole = slices.ContainsFunc(shown, func(c ListColumn[R]) bool { return c.Draw == nil })
}

// columnChoice is a column that a reader may show.
type columnChoice struct {
	Key, Label string
	Shown      bool
	// First and Last tell that it cannot go up or down.
	First, Last bool
}

// choice are the columns to choose among: those that are shown, in their order, and
// then the others.
func (v *ListView[R]) choice(ctx context.Context, shown []ListColumn[R]) (all []columnChoice) {
	var keys []string
	for _, c := range shown {
		if !c.always() {
			all, keys = append(all, columnChoice{Key: c.key(), Label: i18n.T(ctx, c.Words), Shown: true, First: len(all) == 0}), append(keys, c.key())
		}
	}
	if len(all) > 0 {
		all[len(all)-1].Last = true
	}
	for _, c := range v.choosable() {
		if !slices.Contains(keys, c.key()) {
			all = append(all, columnChoice{Key: c.key(), Label: i18n.T(ctx, c.Words)})
		}
	}
	return all
}

// bar has the views of a list, after the list itself; nothing where there are none.
func (v *ListView[R]) bar(ctx context.Context, at ListAt) []ui.Tab {
	if len(at.Saved.Views) == 0 {
		return nil
	}
	u := ListURL{Path: at.URL.Path, Part: at.URL.Part}
	all := u.With()
	if at.Saved.Kept.Opens != "" {
		all = u.With("in", models.NoneGiven)
	}
	bar := []ui.Tab{{Label: i18n.T(ctx, "list.all"), Href: all, Current: at.View == nil}}
	for _, view := range at.Saved.Views {
		bar = append(bar, ui.Tab{Label: view.Name, Href: u.With("view", view.ID), Current: at.View != nil && at.View.ID == view.ID})
	}
	return bar
}

// listParams are the names of an address of a list besides its filters.
var listParams = []string{"q", "sort", "columns", "size", "in", "view", "after", "before", "choose"}

// Gone takes from what a view asks for what the list has no more, and says what that
// was.
func (v *ListView[R]) Gone(ctx context.Context, asked url.Values, choices map[string][]ListChoice) (gone []string) {
	drop := func(name, label, value string) {
		asked.Del(name)
		gone = append(gone, i18n.T(ctx, "ui.error-line", "Field", label, "Text", ui.Visible(value)))
	}
	for name := range asked {
		value := asked.Get(name)
		if slices.Contains(listParams, name) || value == "" {
			continue
		}
		label, offered := name, choices[name]
		for _, f := range v.Filters {
			if f.Name == name && f.Words != "" {
				label = i18n.T(ctx, f.Words)
			}
			if f.Name == name && (f.As == Linked || f.Values != "") {
				offered = nil // not all values are known
			}
		}
		f := v.List.Filter(name)
		if f.Inner || !f.Takes(value) || offered != nil && !slices.ContainsFunc(offered, func(c ListChoice) bool { return c.Value == value }) {
			drop(name, label, value)
		}
	}
	if sort := strings.TrimPrefix(asked.Get("sort"), "-"); sort != "" && !v.sorts(sort) {
		drop("sort", i18n.T(ctx, "list.sort"), sort)
	}
	if columns := asked.Get("columns"); columns != "" {
		all := strings.Split(columns, ",")
		known := v.Known(all)
		for _, key := range all {
			if !slices.Contains(known, key) {
				drop("columns", i18n.T(ctx, "list.column"), key)
			}
		}
		if known != nil {
			asked.Set("columns", strings.Join(known, ","))
		}
	}
	slices.Sort(gone)
	return gone
}

func (v *ListView[R]) sorts(name string) bool {
	return slices.ContainsFunc(v.List.Shape().Sorts, func(s list.Sort) bool { return s.Name == name })
}

// Asks says what a list is asked for: its filters, its text and its order.
func (v *ListView[R]) Asks(ctx context.Context, at ListAt) (asks []ui.Filter) {
	for _, f := range v.Filters {
		if set := at.Query.Filters[f.Name]; set != "" {
			label := ""
			if f.Words != "" {
				label = i18n.T(ctx, f.Words)
			}
			asks = append(asks, ui.Filter{Label: label, Value: f.value(ctx, set, f.choices(ctx, v.List.Filter(f.Name).Values, at))})
		}
	}
	if at.Query.Text != "" {
		asks = append(asks, ui.Filter{Label: i18n.T(ctx, "list.text"), Value: at.Query.Text})
	}
	if at.Query.Sort != "" {
		for _, c := range v.Columns {
			if c.Sort == at.Query.Sort {
				asks = append(asks, ui.Filter{Label: i18n.T(ctx, "list.sort"), Value: i18n.T(ctx, c.Words)})
			}
		}
	}
	if columns := v.Known(at.Columns); columns != nil {
		shown, _ := v.shown(at)
		asks = append(asks, ui.Filter{Label: i18n.T(ctx, "list.columns"), Value: listed(ctx, mapped(shown, func(c ListColumn[R]) string { return i18n.T(ctx, c.Words) }))})
	}
	return asks
}

// SavedProps is what the page of a list's views shows.
type SavedProps struct {
	ListAt
	// Title is what the list is called, Back its address, and Action where the form
	// goes to.
	Title, Back, Action string
	Asks                []ui.Filter
	// Of is the view that the form changes, nil for a new one.
	Of   *models.SavedView
	Form ui.Form
}

// open is where a view is opened.
func (p SavedProps) open(v models.SavedView) string {
	return ListURL{Path: p.URL.Path, Part: p.URL.Part}.With("view", v.ID)
}

// whose says whose a view is.
func viewWhose(ctx context.Context, v models.SavedView) string {
	if v.Team() {
		return i18n.T(ctx, "view.team-by", "Name", v.CreatorName)
	}
	return i18n.T(ctx, "view.whose.mine")
}

func (p SavedProps) formTitle(ctx context.Context) string {
	if p.Of != nil {
		return i18n.T(ctx, "view.edit-this", "Name", p.Of.Name)
	}
	return i18n.T(ctx, "view.new")
}

// viewsWords are the words of the way to the views of a list: those of saving one
// where something is asked for that no view says.
func (p ListPage) viewsWords(ctx context.Context) string {
	if p.View == nil && (p.narrowed() || p.Query.Sort != "" || p.Own) || p.Changed {
		return i18n.T(ctx, "view.save-new")
	}
	return i18n.T(ctx, "view.title")
}

// chooseWords are the words of the way to the columns of a list, or, where it is no
// table, to how many rows a page has.
func (p ListPage) chooseWords(ctx context.Context) string {
	if p.Columns == nil {
		return i18n.T(ctx, "list.size")
	}
	return i18n.T(ctx, "list.columns")
}

// size is how many rows a page of the list has.
func (a ListAt) size() int {
	if a.Query.Size == 0 {
		return list.DefaultSize
	}
	return a.Query.Size
}
