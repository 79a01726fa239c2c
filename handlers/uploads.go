package handlers

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"

	"quartermaster/models"
	"quartermaster/views"
	"quartermaster/web"
)

// Uploads has the pages and requests of uploads in parts: what upload.js does with
// large files, and what a bucket has of unfinished ones.
type Uploads struct{ Buckets }

// partSize is how many bytes a part of a file has, except for the last: 8 MiB, or
// whole MiB more where the file would have too many parts.
func partSize(length int64) int64 {
	const usual, mib = 8 << 20, 1 << 20
	least := (length + models.MaxPartNumber - 1) / models.MaxPartNumber
	return max(usual, (least+mib-1)/mib*mib)
}

// uploadPlan is what upload.js needs to send the parts that are missing.
type uploadPlan struct {
	Size     int64         `json:"size"`     // of a part
	Parts    string        `json:"parts"`    // where to send one: its number comes behind
	Complete string        `json:"complete"` // where to say that all have come
	Have     map[int]int64 `json:"have"`     // the sizes of those that are there, by their numbers
	// Instead are the fields of the form that stand for the file once it is complete;
	// a form that has none is done then.
	Instead map[string]string `json:"instead,omitempty"`
}

// sentFile is what upload.js says about a file that comes in parts.
type sentFile struct {
	Type     string `form:"type"`
	Size     int64  `form:"size"`
	Modified int64  `form:"modified"`
}

// resume begins the upload of a file to a key of a bucket, or goes on with it.
func (f sentFile) resume(ctx context.Context, db *models.DB, limit int64, bucketID, key string) (*uploadPlan, error) {
	m, have, err := db.ResumeMultipart(ctx, models.ActorFrom(ctx), models.ObjectInput{
		BucketID: bucketID, Key: key, ContentType: f.Type, Sent: models.Sent{Limit: limit, Length: f.Size},
	}, f.Modified)
	if err != nil {
		return nil, err
	}
	plan := &uploadPlan{
		Size: partSize(f.Size), Parts: views.UploadPath(*m, "parts") + "&number=", Complete: views.UploadPath(*m, "completion"), Have: map[int]int64{},
	}
	for _, p := range have {
		plan.Have[p.Number] = p.Size
	}
	return plan, nil
}

// Create begins the upload of a file, or goes on with it.
func (h Uploads) Create(c *gin.Context) error {
	ctx := c.Request.Context()
	var in struct {
		Folder string `form:"folder"`
		Name   string `form:"file_name"`
	}
	var file sentFile
	if _, err := web.Decode(c, &in, &file); err != nil {
		return err
	}
	b, err := h.DB.FindBucket(ctx, models.ActorFrom(ctx), c.Param("id"))
	if err != nil {
		return err
	}
	plan, err := file.resume(ctx, h.DB, h.UploadLimit, b.ID, c.Query("prefix")+asFolder(in.Folder)+in.Name)
	if err != nil {
		return refuseFile(c, err)
	}
	c.JSON(http.StatusOK, plan)
	return nil
}

// refuseFile answers with what is wrong with a file, for its row.
func refuseFile(c *gin.Context, err error) error {
	if !errors.As(err, new(models.Invalid)) {
		return err
	}
	c.String(web.Refused(c, err), "%s", views.Refusal(c.Request.Context(), err))
	return nil
}

// ref is the upload that a request is about.
func (h Uploads) ref(c *gin.Context) models.MultipartRef {
	return models.MultipartRef{BucketID: c.Param("id"), Key: c.Query("key"), ID: c.Param("upload")}
}

// Put keeps the body as a part.
func (h Uploads) Put(c *gin.Context) error {
	ctx := c.Request.Context()
	number, _ := strconv.Atoi(c.Query("number")) // 0 is refused as any other that no part has
	sent := models.Sent{Limit: h.UploadLimit, Length: max(0, c.Request.ContentLength)}
	if _, err := h.DB.PutPart(ctx, models.ActorFrom(ctx), h.ref(c), number, sent, c.Request.Body); err != nil {
		return refuseFile(c, err)
	}
	c.Status(http.StatusNoContent)
	return nil
}

// Complete makes the file of its parts.
func (h Uploads) Complete(c *gin.Context) error {
	ctx := c.Request.Context()
	by, of := models.ActorFrom(ctx), h.ref(c)
	b, err := h.DB.FindBucket(ctx, by, of.BucketID)
	if err != nil {
		return err
	}
	if _, err := h.DB.CompleteMultipart(ctx, by, models.CompleteInput{MultipartRef: of, All: true}); err != nil {
		return refuseFile(c, err)
	}
	web.Flash(c, "objects.uploaded", "Name", b.Name)
	c.Status(http.StatusNoContent)
	return nil
}

// List is the page of a bucket's unfinished uploads.
func (h Uploads) List(c *gin.Context) error {
	ctx := c.Request.Context()
	by := models.ActorFrom(ctx)
	page, err := h.DB.FindUploadsPage(ctx, by, c.Param("id"), c.Query("key"), c.Query("after"))
	if err != nil {
		return err
	}
	return web.Render(c, http.StatusOK, views.Uploads(views.UploadsProps{UploadsPage: page, By: by}))
}

// Delete ends an unfinished upload.
func (h Uploads) Delete(c *gin.Context) error {
	ctx := c.Request.Context()
	of := h.ref(c)
	if err := h.DB.AbortMultipart(ctx, models.ActorFrom(ctx), of); err != nil {
		return err
	}
	web.Flash(c, "uploads.ended", "Name", of.Key)
	return web.SeeOther(c, views.UploadsPath(of.BucketID))
}

// DeleteAll ends all unfinished uploads of a bucket.
func (h Uploads) DeleteAll(c *gin.Context) error {
	ctx := c.Request.Context()
	by := models.ActorFrom(ctx)
	b, err := h.DB.FindBucket(ctx, by, c.Param("id"))
	if err != nil {
		return err
	}
	if err := h.DB.AbortMultiparts(ctx, by, b.ID); err != nil {
		return err
	}
	web.Flash(c, "uploads.ended-all", "Name", b.Name)
	return web.SeeOther(c, views.UploadsPath(b.ID))
}
