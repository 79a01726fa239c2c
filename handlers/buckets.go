package handlers

import (
	"errors"
	"net/http"

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

// List shows the team's buckets.
func (h Buckets) List(c *gin.Context) error {
	ctx := c.Request.Context()
	p := views.BucketListProps{By: models.ActorFrom(ctx), URL: listURL(c, "q", "region"), Region: c.Query("region")}
	var err error
	if p.Regions, err = h.DB.ListRegions(ctx, "bucket"); err != nil {
		return err
	}
	filter := models.BucketFilter{Region: p.Region, Text: c.Query("q")}
	p.Buckets, p.Cursor, err = h.DB.ListBuckets(ctx, p.By, filter, listPage(c))
	if err != nil {
		return err
	}
	return web.Render(c, http.StatusOK, views.BucketList(p))
}

// New shows the form for a new bucket. What the query gives is filled in.
func (h Buckets) New(c *gin.Context) error {
	return h.Preview(c)
}

// Preview shows the form again with the order as it stands.
func (h Buckets) Preview(c *gin.Context) error { return h.preview(c, pasted{}) }

// Paste fills in the form from a request that was pasted.
func (h Buckets) Paste(c *gin.Context) error {
	said, err := paste(c, h.API, code.CreateStorage)
	if err != nil {
		return err
	}
	return h.preview(c, said)
}

func (h Buckets) preview(c *gin.Context, said pasted) error {
	if !models.ActorFrom(c.Request.Context()).May(models.Request) {
		return models.ErrForbidden
	}
	in := &models.BucketInput{}
	form, order, err := orderForm(c, in)
	if err != nil && !form.Reject(err) {
		return err
	}
	unread := form.Errors
	form.Errors = nil // nobody has pressed the button: the summary says what is wrong
	return h.form(c, said.status(), form, order, unread, said)
}

// Create orders a bucket, or shows the form again with what was wrong.
func (h Buckets) Create(c *gin.Context) error {
	ctx := c.Request.Context()
	form, in, err := orderForm(c, &models.BucketInput{})
	order, err := placeOrder(ctx, h.DB, in, err)
	if form.Reject(err) {
		return h.form(c, http.StatusUnprocessableEntity, form, in, nil, pasted{})
	}
	if err != nil {
		return err
	}
	return placed(c, order, "buckets.created", "/buckets/")
}

// form draws the form with the order as it would be placed. unread are values
// that could not be read, which the summary names beside what else is wrong.
func (h Buckets) form(c *gin.Context, status int, form ui.Form, in models.OrderInput, unread models.Invalid, said pasted) error {
	ctx := c.Request.Context()
	by := models.ActorFrom(ctx)
	regions, err := h.DB.ListRegions(ctx, "bucket")
	if err != nil {
		return err
	}
	order, err := h.DB.PreviewOrder(ctx, by, in)
	var broken models.Invalid
	if err != nil && !errors.As(err, &broken) {
		return err
	}
	if unread != nil {
		err = append(unread, broken...)
	}
	panel := codePanel(ctx, form, formRequest(h.API, code.CreateStorage, in))
	panel.Pasted = said.words(form)
	return web.Render(c, status, views.BucketNew(views.BucketNewProps{
		Form: form, Regions: regions, Order: order, Err: err, Input: in.Lines[0].(*models.BucketInput), Code: panel,
	}))
}

// Check says whether a name can be given to a new bucket.
func (h Buckets) Check(c *gin.Context) error {
	ctx := c.Request.Context()
	if !models.ActorFrom(ctx).May(models.Request) {
		return models.ErrForbidden
	}
	form := ui.Form{}
	free := false
	name, err := models.BucketName(c.Query("bucket_name"))
	if err == nil && name != "" {
		if free, err = h.DB.BucketNameFree(ctx, name); err == nil && !free {
			err = models.Invalid{{Field: "bucket_name", Rule: "taken"}}
		}
	}
	if err != nil && !form.Reject(err) {
		return err
	}
	return web.Render(c, http.StatusOK, views.BucketNameNote(form, free))
}

// Show is the page of one bucket's files.
func (h Buckets) Show(c *gin.Context) error {
	return h.show(c, http.StatusOK, ui.Form{}, nil)
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
	p := views.BucketFilesProps{
		Bucket: *b, By: by, Now: h.DB.TeamNow(by), Prefix: c.Query("prefix"), Starts: c.Query("q"),
		Form: form, Results: results, UploadLimit: h.UploadLimit,
	}
	if p.Entries, p.Cursor, err = h.DB.ListObjects(ctx, by, b.ID, p.Prefix+p.Starts, listPage(c)); err != nil {
		return err
	}
	if p.Uses, err = h.DB.ListObjectUses(ctx, by, p.Objects()); err != nil {
		return err
	}
	if p.Regions, err = h.DB.ListRegions(ctx, "bucket"); err != nil {
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
	b, err := h.DB.FindBucket(ctx, by, c.Param("id"))
	if err != nil {
		return err
	}
	p := views.BucketDetailsProps{Bucket: *b, By: by, At: h.DB.Now(), Form: form}
	if p.Regions, err = h.DB.ListRegions(ctx, "bucket"); err != nil {
		return err
	}
	page := listPage(c)
	page.Size = 20
	if p.Events, p.Cursor, err = h.DB.ListEvents(ctx, by, models.EventFilter{Subject: b.ID}, page); err != nil {
		return err
	}
	return web.Render(c, status, views.BucketDetails(p))
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
