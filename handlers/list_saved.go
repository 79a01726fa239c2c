package handlers

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"quartermaster/models"
	"quartermaster/models/list"
	"quartermaster/views"
	"quartermaster/views/i18n"
	"quartermaster/views/ui"
	"quartermaster/web"
)

// The names of an address that say which view a list opens, and in which it is: then
// everything that is asked for stands in the address too.
const (
	viewParam = "view"
	inParam   = "in"
)

// opened is what an address asks for, or what the view says that it opens: one that
// it names, or that the reader's list opens with when it asks for nothing.
func opened(saved models.ListSaved, asked url.Values) (url.Values, *models.SavedView) {
	if v, ok := saved.View(asked.Get(inParam)); ok {
		return asked, &v
	}
	id := asked.Get(viewParam)
	usual, opens := saved.View(saved.Kept.Opens)
	if len(asked) == 0 && opens {
		id = usual.ID
	}
	v, ok := saved.View(id)
	if !ok {
		if opens {
			asked.Set(inParam, models.NoneGiven)
		}
		return asked, nil
	}
	state, _ := url.ParseQuery(v.State) // as it was written
	for _, name := range []string{"after", "before", "choose"} {
		if asked.Has(name) {
			state.Set(name, asked.Get(name))
		}
	}
	state.Set(inParam, v.ID)
	return state, &v
}

// state is what the address of a list asks for as a view keeps it.
func (h List[R]) state(u views.ListURL, saved models.ListSaved) string {
	q := url.Values{}
	for name, values := range u.Query {
		if name != inParam && name != "size" {
			q[name] = values
		}
	}
	if columns := h.View.Known(saved.Kept.Columns); columns != nil && q.Get("columns") == "" {
		q.Set("columns", strings.Join(columns, ","))
	}
	return q.Encode()
}

// back is the list that a form about it came from, at an address of this site.
func (h List[R]) back(c *gin.Context) (u views.ListURL, asked url.Values) {
	u, _ = h.View.URL(c.Param("id"))
	to, _, _ := strings.Cut(web.LocalPath(cmp.Or(c.PostForm("back"), c.Query("back"))), "#")
	path, query, _ := strings.Cut(to, "?")
	if path != "/" {
		u.Path = path // as it was checked: decoded it may lead elsewhere
	}
	asked, _ = url.ParseQuery(query) // what cannot be read asks for nothing
	return u, asked
}

// reader is who asks for something about the list, which they may read.
func (h List[R]) reader(c *gin.Context) (models.Actor, error) {
	by := h.by(c.Request.Context())
	return by, h.View.List.Readable(c.Request.Context(), h.DB, by, c.Param("id"))
}

// Columns keeps the columns that the form chooses and how many rows a page has. In a
// view they go into the address instead, to be saved with the view.
func (h List[R]) Columns(c *gin.Context) error {
	ctx := c.Request.Context()
	by, err := h.reader(c)
	if err != nil {
		return err
	}
	saved, err := h.DB.Saved(ctx, by, h.View.ID)
	if err != nil {
		return err
	}
	u, asked := h.back(c)
	u.Query = asked
	kept, usual := saved.Kept, c.PostForm("say") == "usual"
	kept.Columns = moved(h.View.Known(c.PostFormArray("column")), c.PostForm("up"), c.PostForm("down"))
	kept.Size, _ = strconv.Atoi(c.PostForm("size"))
	if kept.Size == list.DefaultSize || usual {
		kept.Size = 0
	}
	if usual || slices.Equal(kept.Columns, h.View.Usual()) {
		kept.Columns = nil
	}
	columns := strings.Join(kept.Columns, ",")
	if _, in := saved.View(asked.Get(inParam)); in {
		kept.Columns = saved.Kept.Columns
		if usual || columns == "" {
			columns = strings.Join(h.View.Usual(), ",")
		}
	} else {
		columns = ""
	}
	if err := h.DB.KeepList(ctx, by, h.View.ID, kept); err != nil {
		return err
	}
	choose := ""
	if c.PostForm("up")+c.PostForm("down") != "" {
		choose = "columns"
	}
	return web.SeeOther(c, u.With("columns", columns, "size", "", "choose", choose))
}

// moved are keys of which one has gone up or down by a place.
func moved(keys []string, up, down string) []string {
	if i := slices.Index(keys, up); i > 0 {
		keys[i], keys[i-1] = keys[i-1], keys[i]
	}
	if i := slices.Index(keys, down); i >= 0 && i+1 < len(keys) {
		keys[i], keys[i+1] = keys[i+1], keys[i]
	}
	return keys
}

// Views is the page of the list's views.
func (h List[R]) Views(c *gin.Context) error {
	if _, err := h.reader(c); err != nil {
		return err
	}
	return h.views(c, http.StatusOK, c.Query("edit"), nil)
}

// views draws the list's views; form is what was refused about the view of an id.
func (h List[R]) views(c *gin.Context, status int, of string, form *ui.Form) error {
	ctx := c.Request.Context()
	p := views.SavedProps{ListAt: views.ListAt{By: h.by(ctx)}, Title: i18n.T(ctx, h.View.Label)}
	if h.View.Head != nil {
		p.Title = h.View.Head(ctx, p.ListAt).Title
	}
	var err error
	if p.Saved, err = h.DB.Saved(ctx, p.By, h.View.ID); err != nil {
		return err
	}
	back, asked := h.back(c)
	asked, p.View = opened(p.Saved, asked)
	p.Query, p.URL, p.Files = h.asked(c, asked)
	p.URL.Path, p.URL.Part = back.Path, back.Part
	p.Columns = strings.Split(cmp.Or(p.URL.Query.Get("columns"), strings.Join(p.Saved.Kept.Columns, ",")), ",")
	if p.Choices, err = h.choices(ctx, p.Query); err != nil {
		return err
	}
	p.Back, p.Action, p.Asks = p.URL.With(), p.Files.Path+".views", h.View.Asks(ctx, p.ListAt)
	if v, ok := p.Saved.View(of); ok && v.ChangeableBy(p.By) {
		p.Of, p.Form = &v, web.NewForm(c, models.ViewInput{Name: v.Name, Version: v.Version})
	} else if of != "" {
		return models.ErrNotFound
	} else {
		p.Form = web.NewForm(c, models.ViewInput{})
	}
	if form != nil {
		p.Form = *form
	}
	return web.Render(c, status, views.SavedViews(p))
}

// viewForm is a form about a view.
type viewForm struct {
	models.ViewInput
	ID      string `form:"id"`
	Say     string `form:"say"`
	Replace bool   `form:"replace"`
	Opens   bool   `form:"opens"`
}

// SaveView makes a view of the list, changes one, deletes it, or lets the list open
// with it.
func (h List[R]) SaveView(c *gin.Context) error {
	ctx := c.Request.Context()
	by, err := h.reader(c)
	if err != nil {
		return err
	}
	saved, err := h.DB.Saved(ctx, by, h.View.ID)
	if err != nil {
		return err
	}
	var in viewForm
	form, err := web.Decode(c, &in)
	if err != nil && !form.Reject(err) {
		return err
	}
	u, asked := h.back(c)
	_, now, _ := h.asked(c, asked)
	switch in.Say {
	case "delete":
		view, err := h.DB.DeleteView(ctx, by, h.View.ID, in.ID)
		if err != nil {
			return err
		}
		web.Flash(c, "view.deleted", "Name", view.Name)
		return web.SeeOther(c, u.With())
	case "open", "close":
		saved.Kept.Opens = ""
		if in.Say == "open" {
			saved.Kept.Opens = in.ID
		}
		if err := h.DB.KeepList(ctx, by, h.View.ID, saved.Kept); err != nil {
			return err
		}
		web.Flash(c, "view.open-said."+in.Say)
		return web.SeeOther(c, u.With(viewParam, cmp.Or(saved.Kept.Opens, models.NoneGiven)))
	}
	if of, ok := saved.View(in.ID); ok && !in.Replace {
		in.State = of.State
	} else {
		in.State = h.state(now, saved)
	}
	var view models.SavedView
	if form.Errors == nil {
		view, err = h.DB.SaveView(ctx, by, h.View.ID, in.ID, in.ViewInput)
	}
	if form.Reject(err) || form.Errors != nil {
		return h.views(c, http.StatusUnprocessableEntity, in.ID, &form)
	}
	if err != nil {
		return err
	}
	if in.Opens {
		saved.Kept.Opens = view.ID
		if err := h.DB.KeepList(ctx, by, h.View.ID, saved.Kept); err != nil {
			return err
		}
	}
	web.Flash(c, "view.saved", "Name", view.Name)
	return web.SeeOther(c, u.With(viewParam, view.ID))
}
