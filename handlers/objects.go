package handlers

import (
	"cmp"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"quartermaster/models"
	"quartermaster/views"
	"quartermaster/views/ui"
	"quartermaster/web"
)

// Objects has the pages of what a bucket holds.
type Objects struct{ Buckets }

// Create puts the files of the form into a bucket, one after the other as they
// come, never whole in memory. Files that are refused do not stop the others.
func (h Objects) Create(c *gin.Context) error {
	ctx := c.Request.Context()
	by := models.ActorFrom(ctx)
	b, err := h.DB.FindBucket(ctx, by, c.Param("id"))
	if err != nil {
		return err
	}
	if !by.May(models.Request) {
		return models.Refuse(models.Request)
	}
	results, err := h.receive(c, b)
	form := ui.Form{}
	for _, r := range results {
		form.Reject(r.Err)
	}
	if form.Reject(err) || len(form.Errors) > 0 {
		return h.show(c, http.StatusUnprocessableEntity, form, results)
	}
	if err != nil {
		return err
	}
	web.Flash(c, "objects.uploaded", "Name", b.Name)
	return web.SeeOther(c, views.FolderPath(b.ID, c.Query("prefix")))
}

// mostFiles bounds the files of one form: the next page lists each of them.
const mostFiles = 1000

// receive reads the form. The folder and the exact name of a file come before
// it; a browser without scripts sends the name with the file itself.
func (h Objects) receive(c *gin.Context, b *models.Bucket) (results []views.UploadResult, err error) {
	if c.Request.ContentLength > h.UploadLimit+web.FormRoom {
		return nil, models.ErrTooLarge
	}
	err = web.Receive(c, 4*mostFiles, func(in *web.Incoming) error {
		if len(results) == mostFiles {
			return models.Invalid{{Field: "file", Rule: "many_files"}}
		}
		key := c.Query("prefix") + asFolder(in.Fields.Get("folder")) + cmp.Or(in.Fields.Get("file_name"), in.Name)
		in.Fields.Del("file_name")
		err := h.put(c, models.ObjectInput{BucketID: b.ID, Key: key, ContentType: in.Type, Sent: models.Sent{Limit: h.UploadLimit}}, in)
		if err == nil || errors.As(err, new(models.Invalid)) {
			results = append(results, views.UploadResult{Key: key, Err: err})
			return nil
		}
		return err
	}, "file")
	if err == nil && len(results) == 0 {
		err = models.Invalid{{Field: "file", Rule: "file"}}
	}
	return results, err
}

func (h Objects) put(c *gin.Context, in models.ObjectInput, file io.Reader) error {
	ctx := c.Request.Context()
	_, err := h.DB.PutObject(ctx, models.ActorFrom(ctx), in, file)
	if errors.Is(err, models.ErrTooLarge) {
		return models.Invalid{{Field: "file", Rule: "upload_limit"}}
	}
	return err
}

// asFolder is what the keys of a folder begin with.
func asFolder(typed string) string {
	if typed != "" && !strings.HasSuffix(typed, "/") {
		return typed + "/"
	}
	return typed
}

// Show is the page of one object.
func (h Objects) Show(c *gin.Context) error {
	ctx := c.Request.Context()
	by := models.ActorFrom(ctx)
	b, err := h.DB.FindBucket(ctx, by, c.Param("id"))
	if err != nil {
		return err
	}
	o, err := h.DB.FindObject(ctx, by, b.ID, c.Query("key"))
	if err != nil {
		return err
	}
	uses, err := h.DB.ListObjectUses(ctx, by, []models.Object{*o})
	if err != nil {
		return err
	}
	return web.Render(c, http.StatusOK, views.ObjectShow(views.ObjectShowProps{Bucket: *b, Object: *o, Uses: uses[o.ID], By: by}))
}

// Code is a request about the files of a bucket as code.
func (h Objects) Code(c *gin.Context) error {
	ctx := c.Request.Context()
	b, err := h.DB.FindBucket(ctx, models.ActorFrom(ctx), c.Param("id"))
	if err != nil {
		return err
	}
	return web.Render(c, http.StatusOK, views.ObjectCodePage(*b, objectPanel(c, b)))
}

// Download sends the bytes of an object.
func (h Objects) Download(c *gin.Context) error {
	ctx := c.Request.Context()
	o, r, err := h.DB.ReadObject(ctx, models.ActorFrom(ctx), c.Param("id"), c.Query("key"))
	if err != nil {
		return err
	}
	defer r.Close()
	return web.Download(c, web.File{Name: o.Key, Type: o.ContentType, Sum: o.ETag(), Modified: o.CreatedAt, Content: r})
}

// Confirm asks before the chosen objects are deleted.
func (h Objects) Confirm(c *gin.Context) error {
	ctx := c.Request.Context()
	by := models.ActorFrom(ctx)
	if !by.May(models.Request) {
		return models.Refuse(models.Request)
	}
	b, err := h.DB.FindBucket(ctx, by, c.Param("id"))
	if err != nil {
		return err
	}
	chosen, err := h.DB.FindObjects(ctx, by, b.ID, c.QueryArray("object"))
	if err != nil {
		return err
	}
	if len(chosen) == 0 {
		return web.SeeOther(c, views.FolderPath(b.ID, c.Query("prefix")))
	}
	uses, err := h.DB.ListObjectUses(ctx, by, chosen)
	if err != nil {
		return err
	}
	return web.Render(c, http.StatusOK, views.ObjectsConfirm(views.ObjectsConfirmProps{
		Bucket: *b, Objects: chosen, Uses: uses, Prefix: c.Query("prefix"),
	}))
}

// Delete deletes objects. When some of them could not be deleted, a page says of
// each what became of it.
func (h Objects) Delete(c *gin.Context) error {
	ctx := c.Request.Context()
	by := models.ActorFrom(ctx)
	var in struct {
		Objects []string `form:"object"`
		Prefix  string   `form:"prefix"`
	}
	if _, err := web.Decode(c, &in); err != nil {
		return err
	}
	b, err := h.DB.FindBucket(ctx, by, c.Param("id"))
	if err != nil {
		return err
	}
	gone, err := h.DB.DeleteObjects(ctx, by, b.ID, in.Objects)
	if err != nil {
		return err
	}
	prefix := c.Query("prefix")
	if slices.ContainsFunc(gone, func(g models.Gone) bool { return g.Err != nil }) {
		return web.Render(c, http.StatusUnprocessableEntity, views.ObjectsGone(views.ObjectsGoneProps{Bucket: *b, Gone: gone, Prefix: prefix}))
	}
	web.Flash(c, "objects.deleted", "Count", len(gone))
	return web.SeeOther(c, views.FolderPath(b.ID, prefix))
}
