package handlers

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/a-h/templ"
	"github.com/gin-gonic/gin"

	"quartermaster/handlers/code"
	"quartermaster/models"
	"quartermaster/models/list"
	"quartermaster/views"
	"quartermaster/web"
)

// form is the form for a new package version. Its file is staged while it
// arrives, and kept only when the order is placed.
func (h PkgVersions) form() OrderForm {
	return OrderForm{
		DB: h.DB, Kind: models.KindPkgVersion, New: "/pkg-versions/new", Path: "/pkg-versions", Upload: h.UploadLimit, API: h.API, Operation: h.API.Making(models.KindPkgVersion),
		Said: "versions.placed", Made: "/pkg-versions/",
		Begin: func(*gin.Context) (OrderFields, error) {
			return &versionFields{db: h.DB, page: views.PkgVersionNewProps{Limit: h.UploadLimit}}, nil
		},
	}
}

// Begin begins the upload in parts of a file that is large, or goes on with it, into
// the bucket and under the key where the order would keep it, so that the order can
// name it. A form that would be refused is refused before that. While there is no such
// bucket, which the order makes, nothing is answered, and the file comes with the form.
func (h PkgVersions) Begin(c *gin.Context) error {
	return h.form().read(c, func(ctx context.Context, a *Asked) error {
		f := a.fields.(*versionFields)
		var file sentFile
		if _, err := web.Decode(c, &file); err != nil {
			return err
		}
		if err := f.Choose(ctx, a); err != nil {
			return err
		}
		quote, err := h.DB.PreviewOrder(ctx, a.By, a.Order)
		if err != nil && quote.Refused == nil {
			return err
		}
		if quote.Refused = withoutFile(quote.Refused); len(quote.Refused) > 0 {
			a.Form.Reject(quote.Refused)
			return h.form().render(c, http.StatusUnprocessableEntity, a, quote)
		}
		if f.place == nil {
			c.Status(http.StatusNoContent)
			return nil
		}
		b, err := h.DB.FindBucketNamed(ctx, a.By, f.place.Bucket)
		if err != nil {
			return err
		}
		plan, err := file.resume(ctx, h.DB, h.UploadLimit, b.ID, f.place.Key)
		if err != nil {
			return refuseFile(c, err)
		}
		plan.Instead = map[string]string{"source_from": views.FromBucket, "bucket_id": b.ID, "source": models.ObjectPath(b.Name, f.place.Key)}
		c.JSON(http.StatusOK, plan)
		return nil
	})
}

type versionFields struct {
	db *models.DB
	in models.PkgVersionInput
	// up is the file that came with the form, if any.
	up     *models.Upload
	source versionSource
	// place is where the chosen file is kept, nil while that is not known.
	place *code.Object
	page  views.PkgVersionNewProps
}

// versionSource are the fields that say where the file comes from.
type versionSource struct {
	From   string `form:"source_from"`
	Bucket string `form:"bucket_id"`
	Find   string `form:"object_find"`
	// File is the name of the chosen file: a preview is sent without the file
	// itself.
	File string `form:"package_file"`
}

// FileField is the field of the file.
func (f *versionFields) FileField() string { return "package_file" }

// Stage writes the file to disk. A second file is ignored.
func (f *versionFields) Stage(ctx context.Context, in *web.Incoming) (err error) {
	if f.up != nil {
		return nil
	}
	f.up, err = f.db.StageUpload(ctx, models.ActorFrom(ctx), in.Name, in.Type, in, f.page.Limit)
	if errors.Is(err, models.ErrTooLarge) {
		err = models.Invalid{{Field: "package_file", Rule: "upload_limit"}}
	}
	return err
}

// Settle keeps the file when it was ordered, and removes it otherwise.
func (f *versionFields) Settle(ctx context.Context) {
	f.db.SettleUpload(ctx, models.ActorFrom(ctx), f.up)
}

func (f *versionFields) Into() []any { return []any{&f.in, &f.source} }

// Name is the label, which belongs to one version of the application.
func (f *versionFields) Name() (field string, name *string) { return "label", &f.in.Label }

// linked tells whether the form has the address of a file but does not say what
// kind of source it is, as in a link.
func (f *versionFields) linked() bool { return f.in.Source != "" && f.source.From == "" }

func (f *versionFields) Line(context.Context) models.LineInput {
	f.page.From = f.source.From
	switch {
	case f.source.From == views.FromBucket, f.source.From == views.FromExternal:
		return &f.in
	case !f.linked():
		f.in.Source, f.in.Upload = "", cmp.Or(f.up, &models.Upload{})
	}
	f.page.From = views.FromUpload
	return &f.in
}

// Choose finds what there is to choose from. An address in one of the team's
// buckets is chosen as an object.
func (f *versionFields) Choose(ctx context.Context, a *Asked) (err error) {
	p := &f.page
	if a.Preview && f.linked() {
		p.From = views.FromExternal
		b, _, err := f.db.FindSource(ctx, a.By, f.in.Source)
		if err == nil {
			p.From, f.source.Bucket = views.FromBucket, b.ID
		} else if !errors.Is(err, models.ErrNotFound) {
			return err
		}
	}
	apps, err := models.Apps.Read(ctx, f.db, a.By, list.Query{Size: models.MaxPageSize})
	if p.Apps = apps.Rows; err == nil {
		err = f.chooseApp(ctx, a)
	}
	if err == nil && p.From == views.FromBucket {
		err = f.chooseObject(ctx, a)
	}
	if err == nil && p.From == views.FromUpload && p.App != nil {
		err = f.choosePlace(ctx, a)
	}
	a.Form.Values.Set("source_from", p.From)
	return err
}

// choosePlace finds where a file with a name is kept for a version with a label.
func (f *versionFields) choosePlace(ctx context.Context, a *Asked) error {
	if f.file() == "" || strings.TrimSpace(f.in.Label) == "" {
		return nil
	}
	b, key, err := f.db.FindPackagePlace(ctx, a.By, f.page.App.ID, strings.TrimSpace(f.in.Label), f.file())
	if err == nil {
		f.place = &code.Object{Region: b.Region, Bucket: b.Name, Key: key}
	} else if errors.Is(err, models.ErrNotFound) {
		err = nil
	}
	return err
}

// file is the name of the chosen file.
func (f *versionFields) file() string {
	if f.up != nil {
		return f.up.Name
	}
	return f.source.File
}

// chooseApp finds the chosen application, also when it is too old to be among
// those that are offered, and chooses the only one there is.
func (f *versionFields) chooseApp(ctx context.Context, a *Asked) error {
	p := &f.page
	if f.in.AppID == "" && len(p.Apps) == 1 {
		f.in.AppID = p.Apps[0].ID
		a.Form.Values.Set("app_id", f.in.AppID)
	}
	if i := slices.IndexFunc(p.Apps, func(app models.App) bool { return app.ID == f.in.AppID }); i >= 0 {
		p.App = &p.Apps[i]
	}
	if p.App != nil || f.in.AppID == "" {
		return nil
	}
	app, err := f.db.FindApp(ctx, a.By, f.in.AppID)
	if errors.Is(err, models.ErrNotFound) {
		return nil // the summary says so
	}
	if err == nil {
		p.App, p.Apps = app, append(p.Apps, *app)
	}
	return err
}

// chooseBucket finds the buckets to choose from, and the chosen one: or the
// first.
func (f *versionFields) chooseBucket(ctx context.Context, a *Asked) (err error) {
	p := &f.page
	buckets, err := models.Buckets.Read(ctx, f.db, a.By, list.Query{Size: models.MaxPageSize})
	if p.Buckets = buckets.Rows; err != nil {
		return err
	}
	p.Bucket, err = f.db.FindBucket(ctx, a.By, f.source.Bucket)
	if errors.Is(err, models.ErrNotFound) {
		if err = nil; len(p.Buckets) > 0 {
			p.Bucket = &p.Buckets[0]
		}
	}
	return err
}

// chooseObject finds the buckets and objects to choose from. A chosen object
// stays on offer when the search does not find it, and is no longer chosen when
// its bucket is not.
func (f *versionFields) chooseObject(ctx context.Context, a *Asked) (err error) {
	p := &f.page
	if err = f.chooseBucket(ctx, a); err != nil || p.Bucket == nil {
		return err
	}
	a.Form.Values.Set("bucket_id", p.Bucket.ID)
	if p.Objects, err = f.db.ListSources(ctx, a.By, p.Bucket.ID, f.source.Find, views.OfferedObjects); err != nil {
		return err
	}
	if slices.ContainsFunc(p.Objects, func(o models.Object) bool { return models.ObjectPath(p.Bucket.Name, o.Key) == f.in.Source }) {
		return nil
	}
	chosen, o, err := f.db.FindSource(ctx, a.By, f.in.Source)
	switch {
	case err == nil && chosen.ID == p.Bucket.ID:
		p.Objects = append([]models.Object{*o}, p.Objects...)
	case err == nil || errors.Is(err, models.ErrNotFound):
		f.in.Source = ""
		a.Form.Values.Del("source")
	default:
		return err
	}
	return nil
}

// Code adds the application's region, which is a parameter of the API. The file is
// none: it is uploaded before, where it is known where to.
func (f *versionFields) Code(r code.Request) (*code.Object, code.Request) {
	if f.page.App != nil {
		r = r.In(f.page.App.Region)
	}
	switch {
	case f.in.Upload == nil || f.file() == "":
	case f.place != nil:
		r.Params = append(r.Params, code.Param{Name: "PackageSource", Value: models.ObjectPath(f.place.Bucket, f.place.Key)})
		return f.place, r
	default:
		r.Left = append(r.Left, code.Param{Name: "package_file", Value: f.file()})
	}
	return nil, r
}

// withoutFile is what is refused although the file is not there yet: it is sent with
// the order.
func withoutFile(refused models.Invalid) models.Invalid {
	return slices.DeleteFunc(refused, func(e models.FieldError) bool { return e.Field == "package_file" && e.Rule == "required" })
}

func (f *versionFields) Draw(p views.OrderFormProps) templ.Component {
	f.page.OrderFormProps, f.page.FileName = p, f.source.File
	if f.source.File != "" && f.page.From == views.FromUpload {
		f.page.Quote.Refused = withoutFile(p.Quote.Refused)
	}
	return views.PkgVersionNew(f.page)
}
