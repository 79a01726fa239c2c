package handlers

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"

	"github.com/gin-gonic/gin"

	"quartermaster/handlers/code"
	"quartermaster/models"
	"quartermaster/views"
	"quartermaster/views/ui"
	"quartermaster/web"
)

// PkgVersions has the pages of package versions.
type PkgVersions struct {
	DB *models.DB
	// UploadLimit is the most bytes of one upload.
	UploadLimit int64
	// API has the operations that its form is written as.
	API code.Table
}

// List shows the team's package versions.
func (h PkgVersions) List(c *gin.Context) error {
	ctx := c.Request.Context()
	var app *models.App
	if id := c.Query("app_id"); id != "" {
		var err error
		if app, err = h.DB.FindApp(ctx, models.ActorFrom(ctx), id); err != nil {
			return err
		}
	}
	p, err := versionList(c, h.DB, app)
	if err != nil {
		return err
	}
	return web.Render(c, http.StatusOK, views.PkgVersionList(p))
}

// versionList is the requested page of the versions of an application, or of
// all.
func versionList(c *gin.Context, db *models.DB, app *models.App) (views.PkgVersionListProps, error) {
	ctx := c.Request.Context()
	by := models.ActorFrom(ctx)
	p := views.PkgVersionListProps{
		URL: listURL(c, "q", "state", "app_id"), By: by, Now: db.TeamNow(by), App: app, Here: c.Request.URL.RequestURI(),
	}
	f := models.PkgVersionFilter{State: models.PkgVersionState(c.Query("state")), Text: c.Query("q")}
	if app != nil {
		f.AppID = app.ID
	}
	var err error
	p.Versions, p.Cursor, err = db.ListPkgVersions(ctx, by, f, listPage(c))
	return p, err
}

// versionForm is the form as it was sent: the version, the order around it, and
// how its file is given.
type versionForm struct {
	ui.Form
	order   models.OrderInput
	version *models.PkgVersionInput
	source  versionSource
}

// versionSource are the fields that say where the file comes from.
type versionSource struct {
	From   string `form:"source_from"`
	Bucket string `form:"bucket_id"`
	Find   string `form:"object_find"`
	// File is what the chosen file is called: a preview comes without the file.
	File string `form:"package_file"`
}

// read reads the form; up is the file that came with it, if any.
func (h PkgVersions) read(c *gin.Context, up *models.Upload) (versionForm, error) {
	f := versionForm{version: &models.PkgVersionInput{}}
	var err error
	f.Form, f.order, err = orderForm(c, f.version)
	if f.Values == nil {
		f.Values = url.Values{}
	}
	more, sourceErr := web.Decode(c, &f.source)
	maps.Copy(f.Values, more.Values)
	switch f.source.From {
	case views.FromBucket, views.FromExternal:
		f.version.Upload = nil
	default:
		f.source.From = views.FromUpload
		if f.version.Source != "" && f.Values.Get("source_from") == "" {
			break // an address of a form that is only linked to; Preview sorts it out
		}
		f.version.Source, f.version.Upload = "", up
		if up == nil {
			f.version.Upload = &models.Upload{}
		}
	}
	if err == nil {
		err = sourceErr
	}
	return f, err
}

// New shows the form for a new package version. What the query gives is chosen
// already; an address in one of the team's buckets is chosen as an object.
func (h PkgVersions) New(c *gin.Context) error {
	return h.Preview(c)
}

// Preview shows the form again after a change: what depends on the change is
// offered anew, and the summary follows.
func (h PkgVersions) Preview(c *gin.Context) error { return h.preview(c, pasted{}) }

// Paste fills in the form from a request that was pasted.
func (h PkgVersions) Paste(c *gin.Context) error {
	said, err := paste(c, h.API, code.CreatePkgVersion)
	if err != nil {
		return err
	}
	return h.preview(c, said)
}

func (h PkgVersions) preview(c *gin.Context, said pasted) error {
	ctx := c.Request.Context()
	by := models.ActorFrom(ctx)
	if !by.May(models.Request) {
		return models.ErrForbidden
	}
	f, err := h.read(c, nil)
	if err != nil && !f.Reject(err) {
		return err
	}
	f.Errors = nil // nobody has pressed the button: the summary says what is wrong
	if f.version.Source != "" && f.Values.Get("source_from") == "" {
		f.source.From = views.FromExternal
		b, _, err := h.DB.FindSource(ctx, by, f.version.Source)
		if err == nil {
			f.source.From, f.source.Bucket = views.FromBucket, b.ID
		} else if !errors.Is(err, models.ErrNotFound) {
			return err
		}
	}
	return h.form(c, said.status(), f, said)
}

// form draws the form with what can be chosen and the order as it stands.
func (h PkgVersions) form(c *gin.Context, status int, f versionForm, said pasted) error {
	ctx := c.Request.Context()
	by := models.ActorFrom(ctx)
	p := views.PkgVersionNewProps{From: f.source.From, Limit: h.UploadLimit}
	var err error
	if p.Apps, _, err = h.DB.ListApps(ctx, by, models.AppFilter{}, models.Page{Size: models.MaxPageSize}); err != nil {
		return err
	}
	if err := h.chooseApp(c, f, &p); err != nil {
		return err
	}
	if p.From == views.FromBucket {
		if err := h.chooseObject(c, f, &p); err != nil {
			return err
		}
	}
	f.Values.Set("source_from", p.From)
	p.Form = f.Form
	p.Order, err = h.DB.PreviewOrder(ctx, by, f.order)
	var broken models.Invalid
	if err != nil && !errors.As(err, &broken) {
		return err
	}
	p.Err = err
	if p.FileName = f.source.File; p.FileName != "" && p.From == views.FromUpload {
		// the file itself comes when the button is pressed
		broken = slices.DeleteFunc(broken, func(e models.FieldError) bool { return e.Field == "package_file" && e.Rule == "required" })
		if p.Err = broken; len(broken) == 0 {
			p.Err = nil
		}
	}
	p.Code = f.code(ctx, h.API, p.App)
	p.Code.Pasted = said.words(f.Form)
	return web.Render(c, status, views.PkgVersionNew(p))
}

// code is the form's panel of code. The API knows the application's region, and
// takes no file.
func (f versionForm) code(ctx context.Context, t code.Table, app *models.App) views.CodeProps {
	r := formRequest(t, code.CreatePkgVersion, f.order)
	if app != nil {
		r = r.In(app.Region)
	}
	if up := f.version.Upload; up != nil {
		if name := cmp.Or(up.Name, f.source.File); name != "" {
			r.Left = append(r.Left, code.Param{Name: "package_file", Value: name})
		}
	}
	return codePanel(ctx, f.Form, r)
}

// chooseApp finds the chosen application, also when it is too old to be among
// those that are offered, and chooses the only one there is.
func (h PkgVersions) chooseApp(c *gin.Context, f versionForm, p *views.PkgVersionNewProps) error {
	ctx := c.Request.Context()
	if f.version.AppID == "" && len(p.Apps) == 1 {
		f.version.AppID = p.Apps[0].ID
		f.Values.Set("app_id", f.version.AppID)
	}
	for i, a := range p.Apps {
		if a.ID == f.version.AppID {
			p.App = &p.Apps[i]
		}
	}
	if p.App != nil || f.version.AppID == "" {
		return nil
	}
	app, err := h.DB.FindApp(ctx, models.ActorFrom(ctx), f.version.AppID)
	if errors.Is(err, models.ErrNotFound) {
		return nil // the summary says so
	}
	if err == nil {
		p.App, p.Apps = app, append(p.Apps, *app)
	}
	return err
}

// chooseObject finds the buckets and objects to choose from. A chosen object
// stays on offer when the search does not find it, and is no longer chosen when
// its bucket is not.
func (h PkgVersions) chooseObject(c *gin.Context, f versionForm, p *views.PkgVersionNewProps) error {
	ctx := c.Request.Context()
	by := models.ActorFrom(ctx)
	var err error
	if p.Buckets, _, err = h.DB.ListBuckets(ctx, by, models.BucketFilter{}, models.Page{Size: models.MaxPageSize}); err != nil {
		return err
	}
	b, err := h.DB.FindBucket(ctx, by, f.source.Bucket)
	switch {
	case err == nil:
		p.Bucket = b
	case !errors.Is(err, models.ErrNotFound):
		return err
	case len(p.Buckets) == 0:
		return nil
	default:
		p.Bucket = &p.Buckets[0]
	}
	f.Values.Set("bucket_id", p.Bucket.ID)
	if p.Objects, err = h.DB.ListSources(ctx, by, p.Bucket.ID, f.source.Find, views.OfferedObjects); err != nil {
		return err
	}
	for _, o := range p.Objects {
		if models.ObjectPath(p.Bucket.Name, o.Key) == f.version.Source {
			return nil
		}
	}
	chosen, o, err := h.DB.FindSource(ctx, by, f.version.Source)
	switch {
	case err == nil && chosen.ID == p.Bucket.ID:
		p.Objects = append([]models.Object{*o}, p.Objects...)
	case err == nil || errors.Is(err, models.ErrNotFound):
		f.version.Source = ""
		f.Values.Del("source")
	default:
		return err
	}
	return nil
}

// Create orders a package version, or shows the form again with what was wrong.
// A file that comes with it is kept when the order is placed, and only then.
func (h PkgVersions) Create(c *gin.Context) error {
	ctx := c.Request.Context()
	by := models.ActorFrom(ctx)
	if !by.May(models.Request) {
		return models.ErrForbidden // before the file is read
	}
	up, unread := h.receive(c)
	f, err := h.read(c, up)
	if up != nil {
		defer h.DB.SettleUpload(ctx, by, models.PkgVersionInput{AppID: f.version.AppID, Upload: up})
	}
	if unread != nil {
		err = unread
	}
	order, err := placeOrder(ctx, h.DB, f.order, err)
	if f.Reject(err) {
		return h.form(c, http.StatusUnprocessableEntity, f, pasted{})
	}
	if err != nil {
		return err
	}
	return placed(c, order, "versions.placed", "/pkg-versions/")
}

// receive stages the file of the form as it comes.
func (h PkgVersions) receive(c *gin.Context) (up *models.Upload, err error) {
	ctx := c.Request.Context()
	err = web.Receive(c, "package_file", formParts, func(in *web.Incoming) (err error) {
		if up != nil {
			return nil
		}
		up, err = h.DB.StageUpload(ctx, models.ActorFrom(ctx), in.Name, in.Type, in, h.UploadLimit)
		if errors.Is(err, models.ErrTooLarge) {
			err = models.Invalid{{Field: "package_file", Rule: "upload_limit"}}
		}
		return err
	})
	return up, err
}

// formParts is how many parts the form may have, its file included.
const formParts = 100

// Check says whether a label can be given to a new version.
func (h PkgVersions) Check(c *gin.Context) error {
	ctx := c.Request.Context()
	if !models.ActorFrom(ctx).May(models.Request) {
		return models.ErrForbidden
	}
	var in models.PkgVersionInput
	form, err := web.Decode(c, &in)
	if err != nil && !form.Reject(err) {
		return err
	}
	free := false
	if err == nil && in.Label != "" && in.AppID != "" {
		if free, err = h.DB.LabelFree(ctx, models.ActorFrom(ctx), in.AppID, in.Label); err != nil {
			return err
		}
		if !free {
			form.Reject(models.Invalid{{Field: "label", Rule: "taken"}})
		}
	}
	return web.Render(c, http.StatusOK, views.PkgVersionLabelNote(form, free))
}

// Show is the page of one package version.
func (h PkgVersions) Show(c *gin.Context) error {
	p, err := h.find(c)
	if err != nil {
		return err
	}
	return web.Render(c, http.StatusOK, views.PkgVersionShow(p))
}

// Status is what changes on a version's page while it is being checked.
func (h PkgVersions) Status(c *gin.Context) error {
	p, err := h.find(c)
	if err != nil {
		return err
	}
	return web.Render(c, http.StatusOK, views.PkgVersionStatus(p))
}

func (h PkgVersions) find(c *gin.Context) (views.PkgVersionShowProps, error) {
	ctx := c.Request.Context()
	by := models.ActorFrom(ctx)
	p := views.PkgVersionShowProps{By: by, Find: c.Query("entry"), At: h.DB.Now()}
	v, err := h.DB.FindPkgVersion(ctx, by, c.Param("id"))
	if err != nil {
		return p, err
	}
	p.Version = *v
	if !v.External() {
		if p.Object, err = h.DB.PkgVersionObject(ctx, by, v); err != nil {
			return p, err
		}
		if p.Job, err = h.DB.FindJob(ctx, by, v.JobID); err != nil && !errors.Is(err, models.ErrNotFound) {
			return p, err
		}
	}
	if p.Regions, err = h.DB.ListRegions(ctx, "app"); err != nil {
		return p, err
	}
	p.Events, _, err = h.DB.ListEvents(ctx, by, models.EventFilter{Subject: v.ID}, models.Page{Size: 20})
	return p, err
}

// Download sends a version's file.
func (h PkgVersions) Download(c *gin.Context) error {
	ctx := c.Request.Context()
	v, r, err := h.DB.ReadPkgVersion(ctx, models.ActorFrom(ctx), c.Param("id"))
	if err != nil {
		return err
	}
	defer r.Close()
	return web.Download(c, web.File{Name: v.FileName(), Type: "application/octet-stream", Sum: v.SHA256, Modified: v.CreatedAt, Content: r})
}

// Retry checks a version again whose check failed.
func (h PkgVersions) Retry(c *gin.Context) error {
	ctx := c.Request.Context()
	if err := h.DB.RetryPkgVersion(ctx, models.ActorFrom(ctx), c.Param("id")); err != nil {
		return err
	}
	web.Flash(c, "versions.retried")
	return web.SeeOther(c, "/pkg-versions/"+c.Param("id"))
}

// Delete deletes a package version.
func (h PkgVersions) Delete(c *gin.Context) error {
	ctx := c.Request.Context()
	by := models.ActorFrom(ctx)
	v, err := h.DB.FindPkgVersion(ctx, by, c.Param("id"))
	if err != nil {
		return err
	}
	if err := h.DB.DeletePkgVersion(ctx, by, v.ID); err != nil {
		return err
	}
	web.Flash(c, "versions.deleted", "Name", v.AppName+" "+v.Label)
	return web.SeeOther(c, "/apps/"+v.AppID)
}
