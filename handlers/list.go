package handlers

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"quartermaster/models"
	"quartermaster/models/list"
	"quartermaster/views"
	"quartermaster/views/kept"
	"quartermaster/views/ui"
	"quartermaster/web"
)

// List has the page of a list, and its files for spreadsheets.
type List[R any] struct {
	DB   *models.DB
	View *views.ListView[R]
	// Choices are the values, by filter, whose words are data; nil when all words
	// are in the catalogues. What the page does not need may be left out.
	Choices func(ctx context.Context, db *models.DB, q list.Query) (map[string][]views.ListChoice, error)
	// Sum is how many rows a query has where that is counted, else list.Unknown, and
	// what they come to; nil when nothing is.
	Sum func(ctx context.Context, db *models.DB, by models.Actor, q list.Query) (total int64, sum string, err error)
	// By is as whom the actor asks; nil is as the actor.
	By func(models.Actor) models.Actor
	// Draw answers with the page that the list is a part of; nil when it has one
	// of its own.
	Draw func(c *gin.Context, p views.ListPage) error

	kept *kept.Store
}

// regions are the Choices of a list whose filters are regions that serve a kind.
func regions(kind models.Kind) func(context.Context, *models.DB, list.Query) (map[string][]views.ListChoice, error) {
	return func(ctx context.Context, db *models.DB, _ list.Query) (map[string][]views.ListChoice, error) {
		all, err := db.ListRegions(ctx, kind)
		return views.RegionChoices(ctx, all), err
	}
}

// route adds the list's routes, which pass through before.
func (h List[R]) route(r gin.IRoutes, before ...gin.HandlerFunc) {
	h.kept = new(kept.Store)
	r.GET(h.View.Path, append(before, web.Page(h.Show))...)
	h.files(r)
}

// files adds the routes of the list's files, and of what a reader keeps of it.
func (h List[R]) files(r gin.IRoutes) {
	r.POST(h.View.FilePath()+".columns", web.Page(h.Columns))
	r.GET(h.View.FilePath()+".views", web.Page(h.Views))
	r.POST(h.View.FilePath()+".views", web.Page(h.SaveView))
	if h.View.Pick != nil {
		r.GET(h.View.FilePath()+".bulk", web.Page(h.Bulk))
		r.POST(h.View.FilePath()+".bulk", web.Page(h.DoBulk))
	}
	for _, format := range []string{"csv", "xlsx"} {
		r.GET(h.View.FilePath()+"."+format, web.Page(func(c *gin.Context) error { return h.file(c, format) }))
	}
}

// by is who asks.
func (h List[R]) by(ctx context.Context) models.Actor {
	by := models.ActorFrom(ctx)
	if h.By != nil {
		by = h.By(by)
	}
	return by
}

// asked is what an address asks of the list, and that address with what the
// list knows of it. Only filters and sorts of the description are read.
func (h List[R]) asked(c *gin.Context, asked url.Values) (q list.Query, u, files views.ListURL) {
	q = list.Query{After: asked.Get("after"), Before: asked.Get("before"), Near: true}
	q.Of, q.Filters = c.Param("id"), map[string]string{}
	u, files = h.View.URL(q.Of)
	for _, f := range h.View.List.Filters {
		if v := asked.Get(f.Name); !f.Inner && f.Takes(v) {
			q.Filters[f.Name] = v
			u.Query.Set(f.Name, v)
		}
	}
	name, back := strings.CutPrefix(asked.Get("sort"), "-")
	if name != "" && h.View.List.Sorting(list.Query{Sort: name}).Name == name {
		q.Sort, q.Reverse = name, back
		u.Query.Set("sort", asked.Get("sort"))
	}
	if text := asked.Get("q"); text != "" && h.View.Search != "" {
		q.Text = text
		if h.View.Tags != nil {
			q.Tags = h.View.Tags(c.Request.Context(), text)
		}
		u.Query.Set("q", text)
	}
	if columns := h.View.Known(strings.Split(asked.Get("columns"), ",")); columns != nil {
		u.Query.Set("columns", strings.Join(columns, ","))
	}
	if size, _ := strconv.Atoi(asked.Get("size")); slices.Contains(models.ListSizes, size) {
		q.Size = size
		u.Query.Set("size", asked.Get("size"))
	}
	if in := asked.Get(inParam); in != "" {
		u.Query.Set(inParam, in)
	}
	return q, u, files
}

// choices are the values, by filter, whose words are data.
func (h List[R]) choices(ctx context.Context, q list.Query) (choices map[string][]views.ListChoice, err error) {
	if h.Choices != nil {
		choices, err = h.Choices(ctx, h.DB, q)
	}
	if err != nil || !h.View.Tagged() {
		return choices, err
	}
	set := q.Filters["tag"]
	tags, err := h.DB.KindTags(ctx, h.by(ctx), h.View.Kind, set)
	return views.WithTags(choices, tags, set), err
}

// look completes where a reader is in the list by what they keep of it and by the
// view that the address opens.
func (h List[R]) look(c *gin.Context, at *views.ListAt) (err error) {
	ctx := c.Request.Context()
	if at.Saved, err = h.DB.Saved(ctx, at.By, h.View.ID); err != nil {
		return err
	}
	asked := c.Request.URL.Query()
	at.NoView = asked.Has(viewParam) && asked.Get(viewParam) != models.NoneGiven
	asked, at.View = opened(at.Saved, asked)
	at.NoView, at.Choosing = at.NoView && at.View == nil, asked.Get("choose") != ""
	at.Query, at.URL, at.Files = h.asked(c, asked)
	if at.Choices, err = h.choices(ctx, at.Query); err != nil {
		return err
	}
	if at.View != nil {
		if at.Gone = h.View.Gone(ctx, asked, at.Choices); at.Gone != nil {
			at.Query, at.URL, at.Files = h.asked(c, asked)
		}
		at.Changed = h.state(at.URL, models.ListSaved{}) != at.View.State
	}
	at.Columns = at.Saved.Kept.Columns
	if columns := at.URL.Query.Get("columns"); columns != "" {
		at.Columns = strings.Split(columns, ",")
	}
	if at.Query.Size == 0 {
		at.Query.Size = at.Saved.Kept.Size
	}
	h.View.Complete(at)
	if at.Picks = h.View.Pick != nil && (h.View.Picks == nil || h.View.Picks(*at)); at.Picks {
		at.Bulks = h.DB.Bulks(at.By, h.View.Kind)
	}
	return nil
}

// now is the time that the list tells by.
func (h List[R]) now(by models.Actor) time.Time {
	if h.View.ByServer {
		return h.DB.Now()
	}
	return h.DB.TeamNow(by)
}

// Show is the page of the list, or the piece of it that htmx asks for.
func (h List[R]) Show(c *gin.Context) error {
	p, err := h.page(c, "")
	if err != nil {
		return err
	}
	if h.Draw != nil {
		return h.Draw(c, p)
	}
	return web.Render(c, http.StatusOK, views.List(p))
}

// page is the list as the request asks for it, on the page at path, its own when
// that is empty, which is about the things that filters are set to: pairs of a
// name and a value.
func (h List[R]) page(c *gin.Context, path string, set ...string) (p views.ListPage, err error) {
	ctx := c.Request.Context()
	at := views.ListAt{By: h.by(ctx), Here: c.Request.URL.RequestURI()}
	at.Now = h.now(at.By)
	if err = h.look(c, &at); err != nil {
		return p, err
	}
	at.Files.Query = maps.Clone(at.URL.Query)
	for _, name := range []string{"columns", "size", inParam} {
		at.Files.Query.Del(name)
	}
	at.URL.Path = cmp.Or(path, at.URL.Path)
	for name, value := range list.With(set...).Filters {
		at.Query.Filters[name] = value
		at.Files.Query.Set(name, value)
		at.URL.Query.Del(name)
	}
	if at.By.TeamID != "" {
		if at.Counts, err = web.Counts(c); err != nil {
			return p, err
		}
	}
	stamp, same, err := h.View.List.Same(ctx, h.DB)
	if err != nil {
		return p, err
	}
	if same && h.kept != nil {
		h.View.Keep(ctx, &at, h.kept, stamp)
	}
	q := at.Query
	total, known := h.View.List.Total(&q, at.Counts)
	if h.Sum != nil {
		n, sum, err := h.Sum(ctx, h.DB, at.By, q)
		if err != nil {
			return p, err
		}
		if n != list.Unknown {
			total, known, at.Sum, q.Count = n, true, sum, false
		}
	}
	q.Sum = at.Sum == "" && (!known || total > 0 && total <= list.SumTo)
	page, err := h.View.List.Read(ctx, h.DB, at.By, q)
	if err != nil {
		return p, err
	}
	if page.Unsorted {
		at.Unsort()
	}
	if at.Total = page.Total; known {
		at.Total = total
	}
	if page.Sum != 0 { // what is charged by the hour is no part of it
		at.Sum = views.SumOf(ctx, []models.Spend{{SpendMinor: page.Sum, Currency: page.Currency}})
	}
	at.Cursor = models.Cursor{Next: page.Next, Prev: page.Prev}
	return h.View.Page(ctx, at, page), nil
}

// file sends everything that matches, page by page.
func (h List[R]) file(c *gin.Context, format string) error {
	ctx := c.Request.Context()
	by := h.by(ctx)
	asked := c.Request.URL.Query()
	picks := asked["pick"]
	if asked.Has("back") { // of rows of that page, or of all that it shows
		if asked.Get("all") != "" {
			picks = nil
		}
		_, asked = h.back(c)
	}
	if asked.Has(viewParam) {
		saved, err := h.DB.Saved(ctx, by, h.View.ID)
		if err != nil {
			return err
		}
		asked, _ = opened(saved, asked)
	}
	q, _, _ := h.asked(c, asked)
	if picks != nil {
		q.Only, q.Text = picks[:min(len(picks), models.MaxPicked)], ""
	}
	row := ui.NewCells(ctx, h.now(by), nil)
	if h.Choices != nil {
		choices, err := h.Choices(ctx, h.DB, q)
		if err != nil {
			return err
		}
		row.Words = views.ListWords(choices)
	}
	var sheet web.Sheet
	var cells []string
	err := h.View.List.Each(ctx, h.DB, by, q, func(rows []R) (err error) {
		if sheet == nil {
			if sheet, err = web.NewSheet(c, h.View.Name(), format, h.View.FileNumbers()); err != nil {
				return err
			}
			sheet.Row(h.View.FileHead(ctx))
		}
		if row.Emails, err = h.DB.Emails(ctx, by, h.View.People(rows)); err != nil {
			return err
		}
		for i := range rows {
			cells = h.View.FileRow(row, &rows[i], cells[:0])
			sheet.Row(cells)
		}
		return sheet.Flush()
	})
	if err != nil {
		return err
	}
	return sheet.Close()
}

// nearby asks for the page of a list that the request asks for, or for what is
// nearest to it where its rows have been deleted.
func nearby(c *gin.Context) list.Query {
	return list.Query{After: c.Query("after"), Before: c.Query("before"), Near: true}
}
