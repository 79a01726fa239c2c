package handlers

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"github.com/gin-gonic/gin"

	"quartermaster/models"
	"quartermaster/views"
	"quartermaster/views/ui"
	"quartermaster/web"
)

// importFileBytes is the largest file that changes the catalogue, and importUpload bounds
// a form with one or with its lines.
const importFileBytes, importUpload = 1 << 20, 4 << 20

// Import has the pages of files that change the catalogue.
type Import[In, Of any] struct {
	DB     *models.DB
	Import *models.Import[In, Of]
	View   *views.ImportView[In, Of]
}

func (h Import[In, Of]) route(r gin.IRoutes) {
	r.GET(h.View.Path+"/import", web.Page(h.Form))
	r.POST(h.View.Path+"/import", web.Upload(importUpload), web.Page(h.Preview))
	r.POST(h.View.Path+"/import/apply", web.Upload(importUpload), web.Page(h.Apply))
}

// importInput is what the form beside a file says, and the one that applies what it
// does.
type importInput struct {
	Whole   bool   `form:"import_whole"`
	All     bool   `form:"import_all"`
	Version string `form:"version" validate:"max=100"`
}

// asked is who asks, and what the form says of a file.
func (h Import[In, Of]) asked(c *gin.Context) (by models.Actor, form ui.Form, file models.File[In], err error) {
	var in importInput
	if by, err = keeper(c); err == nil {
		form, err = web.Decode(c, &in)
	}
	return by, form, models.File[In]{Whole: in.Whole, All: in.All, Version: in.Version}, err
}

// Form is the page with the form for a file.
func (h Import[In, Of]) Form(c *gin.Context) error {
	if _, err := keeper(c); err != nil {
		return err
	}
	return h.form(c, http.StatusOK, web.NewForm(c, importInput{}))
}

func (h Import[In, Of]) form(c *gin.Context, status int, f ui.Form) error {
	p := h.View.Page(c.Request.Context(), models.FileDiffs[In, Of]{})
	p.Form = f
	return web.Render(c, status, views.ImportForm(p))
}

// Preview shows what a file does.
func (h Import[In, Of]) Preview(c *gin.Context) error {
	by, form, file, err := h.asked(c)
	if err == nil {
		file.Rows, err = h.sent(c)
	}
	if form.Reject(err) {
		return h.form(c, http.StatusUnprocessableEntity, form)
	}
	if err != nil {
		return err
	}
	ctx := c.Request.Context()
	d, err := h.Import.Preview(ctx, h.DB, by, file)
	if err != nil {
		return err
	}
	p := h.View.Page(ctx, d)
	p.Form = form
	return draw(c, http.StatusOK, p, file)
}

// draw draws what a file does, with the form that applies it.
func draw[In any](c *gin.Context, status int, p views.DiffsProps, file models.File[In]) error {
	rows, err := json.Marshal(file.Rows)
	if err != nil {
		return err
	}
	p.Rows, p.Whole = string(rows), file.Whole
	return web.Render(c, status, views.DiffsShow(p))
}

// sent are the lines of the file that the form carries.
func (h Import[In, Of]) sent(c *gin.Context) ([]models.FileRow[In], error) {
	refused := func(rule string) error { return models.Invalid{{Field: "import_file", Rule: rule}} }
	if c.Request.MultipartForm == nil || len(c.Request.MultipartForm.File["import_file"]) == 0 {
		return nil, refused("required")
	}
	f, err := c.Request.MultipartForm.File["import_file"][0].Open()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, importFileBytes+1))
	if err != nil {
		return nil, err
	}
	if len(text) > importFileBytes {
		return nil, refused("sheet")
	}
	cells, err := web.ReadSheet(text, models.MostFileRows+1)
	if err != nil {
		return nil, refused("sheet")
	}
	rows := h.View.Rows(cells)
	if rows == nil {
		return nil, refused("sheet_columns")
	}
	return rows, nil
}

// Apply does what a file says that was shown.
func (h Import[In, Of]) Apply(c *gin.Context) error {
	by, form, file, err := h.asked(c)
	if err == nil && json.Unmarshal([]byte(c.PostForm("rows")), &file.Rows) != nil {
		err = models.ErrConflict
	}
	if err != nil {
		return err
	}
	ctx := c.Request.Context()
	d, err := h.Import.Run(ctx, h.DB, by, file)
	p := h.View.Page(ctx, d)
	if p.Changed = errors.Is(err, models.ErrConflict); p.Changed || form.Reject(err) {
		p.Form = form
		return draw(c, http.StatusUnprocessableEntity, p, file)
	}
	if err != nil {
		return err
	}
	web.Flash(c, "import.done", "Added", p.Counts[models.FileAdded], "Changed", p.Counts[models.FileChanged], "Removed", p.Counts[models.FileRemoved], "Refused", p.Counts[models.FileRefused])
	return web.SeeOther(c, h.View.Path)
}
