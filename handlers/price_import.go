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

// priceFileBytes is the largest file of prices, and priceUpload bounds a form with one
// or with its lines.
const priceFileBytes, priceUpload = 1 << 20, 4 << 20

// importInput is what the form beside a file of prices says, and the one that applies
// what it does.
type importInput struct {
	Whole   bool   `form:"import_whole"`
	All     bool   `form:"import_all"`
	Version string `form:"version" validate:"max=100"`
}

// ImportForm is the page with the form for a file of prices.
func (h Catalogue) ImportForm(c *gin.Context) error {
	if _, err := keeper(c); err != nil {
		return err
	}
	return web.Render(c, http.StatusOK, views.PriceImport(web.NewForm(c, importInput{})))
}

// Preview shows what a file of prices does.
func (h Catalogue) Preview(c *gin.Context) error {
	by, err := keeper(c)
	if err != nil {
		return err
	}
	var in importInput
	form, err := web.Decode(c, &in)
	file := models.PriceFile{Whole: in.Whole}
	if err == nil {
		file.Rows, err = sentPrices(c)
	}
	if form.Reject(err) {
		return web.Render(c, http.StatusUnprocessableEntity, views.PriceImport(form))
	}
	if err != nil {
		return err
	}
	d, err := h.DB.PreviewPrices(c.Request.Context(), by, file)
	if err != nil {
		return err
	}
	return drawDiffs(c, http.StatusOK, form, file, d, false)
}

// drawDiffs draws what a file of prices does, with the form that applies it.
func drawDiffs(c *gin.Context, status int, form ui.Form, file models.PriceFile, d models.PriceDiffs, changed bool) error {
	rows, err := json.Marshal(file.Rows)
	if err != nil {
		return err
	}
	return web.Render(c, status, views.PriceDiffsShow(views.DiffsProps{Form: form, Diffs: d, Rows: string(rows), Whole: file.Whole, Changed: changed}))
}

// sentPrices are the lines of the file that the form carries.
func sentPrices(c *gin.Context) ([]models.PriceRow, error) {
	refused := func(rule string) error { return models.Invalid{{Field: "price_file", Rule: rule}} }
	if c.Request.MultipartForm == nil || len(c.Request.MultipartForm.File["price_file"]) == 0 {
		return nil, refused("required")
	}
	f, err := c.Request.MultipartForm.File["price_file"][0].Open()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, priceFileBytes+1))
	if err != nil {
		return nil, err
	}
	if len(text) > priceFileBytes {
		return nil, refused("sheet")
	}
	cells, err := web.ReadSheet(text, models.MostPriceRows+1)
	if err != nil {
		return nil, refused("sheet")
	}
	rows := views.SheetPrices(cells)
	if rows == nil {
		return nil, refused("sheet_columns")
	}
	return rows, nil
}

// Apply does what a file of prices says that was shown.
func (h Catalogue) Apply(c *gin.Context) error {
	by, err := keeper(c)
	if err != nil {
		return err
	}
	var in importInput
	form, err := web.Decode(c, &in)
	file := models.PriceFile{Whole: in.Whole, All: in.All, Version: in.Version}
	if err == nil && json.Unmarshal([]byte(c.PostForm("rows")), &file.Rows) != nil {
		err = models.ErrConflict
	}
	if err != nil {
		return err
	}
	d, err := h.DB.ImportPrices(c.Request.Context(), by, file)
	if stale := errors.Is(err, models.ErrConflict); stale || form.Reject(err) {
		return drawDiffs(c, http.StatusUnprocessableEntity, form, file, d, stale)
	}
	if err != nil {
		return err
	}
	web.Flash(c, "import.done", "Added", d.Count(models.PriceAdded), "Changed", d.Count(models.PriceChanged), "Removed", d.Count(models.PriceRemoved), "Refused", d.Count(models.PriceRefused))
	return web.SeeOther(c, "/catalogue/prices")
}
