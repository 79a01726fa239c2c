package handlers

import (
	"context"
	"net/http"

	"github.com/a-h/templ"
	"github.com/gin-gonic/gin"

	"quartermaster/handlers/code"
	"quartermaster/models"
	"quartermaster/views"
	"quartermaster/views/ui"
	"quartermaster/web"
)

// Buckets has the pages of storage buckets.
type Buckets struct {
	DB *models.DB
	// UploadLimit is the most bytes of one upload.
	UploadLimit int64
	// API has the operations that its form is written as.
	API code.Table
}

// form is the form for a new bucket.
func (h Buckets) form() OrderForm {
	return OrderForm{
		DB: h.DB, Kind: models.KindBucket, New: "/buckets/new", Path: "/buckets", API: h.API, Operation: h.API.Making(models.KindBucket), Said: "buckets.created", Made: "/buckets/",
		Begin: func(*gin.Context) (OrderFields, error) { return &bucketFields{}, nil },
	}
}

type bucketFields struct {
	in      models.BucketInput
	regions []models.Region
}

func (f *bucketFields) Into() []any                           { return []any{&f.in} }
func (f *bucketFields) Line(context.Context) models.LineInput { return &f.in }

func (f *bucketFields) Name() (field string, name *string) { return "bucket_name", &f.in.Name }

func (f *bucketFields) Choose(ctx context.Context, a *Asked) (err error) {
	if f.regions, err = a.DB.RegionsToOrder(ctx, a.By, models.KindBucket); err != nil || !a.Fresh || f.in.Region != "" {
		return err
	}
	f.in.Region, err = a.DB.UsualRegion(ctx, a.By, models.KindBucket, f.regions)
	a.Form.Values.Set("region", f.in.Region)
	return err
}

func (f *bucketFields) Draw(p views.OrderFormProps) templ.Component {
	return views.BucketNew(views.BucketNewProps{OrderFormProps: p, Regions: f.regions, Input: f.in})
}

// Show is the page of one bucket's files.
func (h Buckets) Show(c *gin.Context) error {
	return h.show(c, http.StatusOK, ui.Form{}, nil)
}

// objects is the list of what a bucket holds in a folder.
func (h Buckets) objects(b models.Bucket, folder string, change bool) List[models.Entry] {
	return List[models.Entry]{DB: h.DB, View: views.Objects(b, folder, change)}
}

// show draws the files of a bucket below a prefix; form is the upload form and
// results say what became of the files just sent.
func (h Buckets) show(c *gin.Context, status int, form ui.Form, results []views.UploadResult) error {
	ctx := c.Request.Context()
	by := models.ActorFrom(ctx)
	b, err := h.DB.FindBucket(ctx, by, c.Param("id"))
	if err != nil {
		return err
	}
	p := views.BucketFilesProps{Bucket: *b, By: by, Prefix: c.Query("prefix"), Starts: c.Query("q"), Form: form, Results: results, UploadLimit: h.UploadLimit}
	if p.Regions, err = h.DB.ListRegions(ctx, models.KindBucket); err != nil {
		return err
	}
	if p.List, err = h.objects(*b, p.Prefix, by.May(models.Request)).page(c, ""); err != nil {
		return err
	}
	return web.Render(c, status, views.BucketFiles(p))
}

// Details shows what a bucket is and what happened to it.
func (h Buckets) Details(c *gin.Context) error {
	return h.details(c, http.StatusOK, ui.Form{})
}

func (h Buckets) details(c *gin.Context, status int, form ui.Form) error {
	ctx := c.Request.Context()
	by := models.ActorFrom(ctx)
	page, err := h.DB.FindBucketPage(ctx, by, c.Param("id"), nearby(c))
	if err != nil {
		return err
	}
	return web.Render(c, status, views.BucketDetails(views.BucketDetailsProps{BucketPage: page, By: by, Form: form}))
}

// Delete deletes an empty bucket.
func (h Buckets) Delete(c *gin.Context) error {
	ctx := c.Request.Context()
	by := models.ActorFrom(ctx)
	b, err := h.DB.FindBucket(ctx, by, c.Param("id"))
	if err != nil {
		return err
	}
	err = h.DB.DeleteBucket(ctx, by, b.ID)
	form := ui.Form{}
	if form.Reject(err) {
		return h.details(c, http.StatusUnprocessableEntity, form)
	}
	if err != nil {
		return err
	}
	web.Flash(c, "buckets.deleted", "Name", b.Name)
	return web.SeeOther(c, "/buckets")
}
