package views

import (
	"context"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/a-h/templ"

	"quartermaster/models"
	"quartermaster/views/i18n"
	"quartermaster/views/ui"
)

// Buckets is the list of a team's buckets.
var Buckets = &ListView[models.Bucket]{
	ID: "bucket-list", Kind: models.KindBucket, Pick: func(b *models.Bucket) string { return b.ID },
	Path: "/buckets", List: models.Buckets, Label: "buckets.list", Search: "buckets.search",
	Columns: []ListColumn[models.Bucket]{
		{Words: "buckets.bucket", Sort: "name", Name: true, Text: func(_ *ui.Cells, b *models.Bucket) string { return b.Name }, Draw: func(c *ui.Cells, b *models.Bucket) {
			c.Link("/buckets/"+b.ID, b.Name)
			c.Note(b.Description)
			c.Tags("/buckets", b.Tags)
		}},
		regionColumn(func(b *models.Bucket) string { return b.Region }),
		{Words: "buckets.used", Sort: "used", Class: "wide narrow", Draw: func(c *ui.Cells, b *models.Bucket) {
			if b.SizeLimit > 0 {
				c.Meter(ui.MeterProps{Label: bucketHolds(c.Ctx, *b), Text: i18n.Percent(c.Ctx, b.UsedBytes, b.SizeLimit), Used: b.UsedBytes, Limit: b.SizeLimit})
			} else {
				c.Text(i18n.Bytes(c.Ctx, b.UsedBytes))
			}
		}},
		inBytes("buckets.used-bytes", func(b *models.Bucket) (int64, bool) { return b.UsedBytes, true }),
		inBytes("buckets.limit-bytes", func(b *models.Bucket) (int64, bool) { return b.SizeLimit, b.SizeLimit > 0 }),
		{Words: "buckets.object-count", Sort: "files", Class: "num", Text: func(_ *ui.Cells, b *models.Bucket) string { return number(b.ObjectCount) },
			Draw: func(c *ui.Cells, b *models.Bucket) { c.Text(i18n.Number(c.Ctx, b.ObjectCount)) }},
		createdColumn("buckets.created-at", func(b *models.Bucket) (time.Time, string) { return b.CreatedAt, b.CreatorName }),
		filed("buckets.created-by", func(_ *ui.Cells, b *models.Bucket) string { return b.CreatorName }),
		emailed(func(b *models.Bucket) string { return b.CreatedBy }),
		filed("field.description", func(_ *ui.Cells, b *models.Bucket) string { return b.Description }),
		tagsColumn("/buckets", func(b *models.Bucket) models.Tags { return b.Tags }),
		filed("buckets.id", func(_ *ui.Cells, b *models.Bucket) string { return b.ID }),
	},
	Filters: []ListFilter{{Name: "region", As: Tabs}, tagFilter},
	Head:    kindHead(models.KindBucket, "buckets.subtitle"),
	Empty:   kindEmpty(models.KindBucket, "buckets.empty.title", "buckets.empty.text"),
}

// BucketNewProps is what the form for a new bucket shows.
type BucketNewProps struct {
	OrderFormProps
	Regions []models.Region
	Input   models.BucketInput
}

// BucketFilesProps is what the page of a bucket's files shows.
type BucketFilesProps struct {
	Bucket  models.Bucket
	Regions []models.Region
	List    ListPage
	By      models.Actor
	// Prefix is the folder that is shown, Starts what names in it begin with.
	Prefix, Starts string
	// Form is the upload form; Results say what became of the files just sent.
	Form        ui.Form
	Results     []UploadResult
	UploadLimit int64
}

// UploadResult is what became of one file; Err is nil when it is kept.
type UploadResult struct {
	Key string
	Err error
}

// BucketDetailsProps is what the page about a bucket shows.
type BucketDetailsProps struct {
	models.BucketPage
	By models.Actor
	// Form holds why the bucket was not deleted.
	Form ui.Form
}

// ObjectShowProps is what the page of one object shows.
type ObjectShowProps struct {
	Bucket models.Bucket
	Object models.Object
	Uses   []models.Use
	By     models.Actor
}

// ObjectsConfirmProps is what the page shows that asks before objects are
// deleted.
type ObjectsConfirmProps struct {
	Bucket  models.Bucket
	Objects []models.Object
	Uses    map[string][]models.Use
	Prefix  string
}

// ObjectsGoneProps is what became of objects that were to be deleted.
type ObjectsGoneProps struct {
	Bucket models.Bucket
	Gone   []models.Gone
	Prefix string
}

// Objects is the list of what a bucket holds in a folder. Who may change that also
// chooses among it.
func Objects(bucket models.Bucket, folder string, change bool) *ListView[models.Entry] {
	name := func(e *models.Entry) string { return below(e.Name(), folder) }
	return &ListView[models.Entry]{
		ID: "object-list", Path: "/buckets/:id", Files: "/buckets/:id/objects", List: models.Objects, Label: "objects.list", Search: "objects.starts", ByServer: true,
		Columns: []ListColumn[models.Entry]{
			{Words: "objects.name", Sort: "name", Class: "file-cell", Name: true, Text: func(_ *ui.Cells, e *models.Entry) string { return ui.Visible(e.Object.Key) },
				Draw: func(c *ui.Cells, e *models.Entry) {
					switch {
					case change && e.Object != nil:
						c.Open("input", "class", "pick", "type", "checkbox", "name", "object", "value", e.Object.ID, "aria-label", i18n.T(c.Ctx, "objects.choose-this", "Name", name(e)))
					case change:
						c.In("span", "pick", "")
					}
					if e.Object == nil {
						c.Draw(ui.Icon("folder"))
						c.Link(FolderPath(bucket.ID, e.Folder), name(e))
						return
					}
					c.Draw(ui.Icon(fileIcon(e.Object.Key)))
					c.Link(ObjectPath(bucket.ID, e.Object.Key), name(e))
					if len(e.Uses) > 0 {
						c.Text(" ")
						c.Draw(objectUsed(len(e.Uses)))
					}
				}},
			ofObject("objects.size", "size", "num", func(c *ui.Cells, o *models.Object) { c.Text(i18n.Bytes(c.Ctx, o.Size)) }),
			inBytes("objects.size-bytes", func(e *models.Entry) (int64, bool) { return e.Object.Size, true }),
			filed("objects.type", func(_ *ui.Cells, e *models.Entry) string { return e.Object.ContentType }),
			filed("objects.etag", func(_ *ui.Cells, e *models.Entry) string { return e.Object.ETag() }),
			filed("versions.sha256", func(_ *ui.Cells, e *models.Entry) string { return e.Object.SHA256 }),
			ofObject("objects.uploaded-at", "created", "nowrap", func(c *ui.Cells, o *models.Object) { c.Moment(o.CreatedAt, i18n.DateTime(c.Ctx, o.CreatedAt)) }),
			filed("objects.uploaded-at", func(c *ui.Cells, e *models.Entry) string { return i18n.DateTime(c.Ctx, e.Object.CreatedAt) }),
			ofObject("objects.uploaded-by", "by", "", func(c *ui.Cells, o *models.Object) { c.Text(o.CreatorName) }),
			filed("objects.uploaded-by", func(_ *ui.Cells, e *models.Entry) string { return e.Object.CreatorName }),
			emailed(func(e *models.Entry) string { return e.Object.CreatedBy }),
			{Words: "objects.actions", Class: "actions", Bare: true, Draw: func(c *ui.Cells, e *models.Entry) {
				c.Draw(copyButton(models.ObjectPath(bucket.Name, e.Name())))
				if e.Object != nil {
					c.Draw(ui.LinkButton(ui.ButtonProps{
						Text: i18n.T(c.Ctx, "objects.download-this", "Name", name(e)), Icon: "download", IconOnly: true, Small: true, Style: ui.Quiet,
						Href: downloadPath(bucket.ID, e.Object.Key), Attrs: templ.Attributes{"title": i18n.T(c.Ctx, "objects.download")},
					}))
				}
			}},
		},
	}
}

// ofObject is a column that folders have nothing in.
func ofObject(words, sort, class string, draw func(c *ui.Cells, o *models.Object)) ListColumn[models.Entry] {
	return ListColumn[models.Entry]{Words: words, Sort: sort, Class: class, Bare: true, Draw: func(c *ui.Cells, e *models.Entry) {
		if e.Object != nil {
			draw(c, e.Object)
		}
	}}
}

// FolderPath is the page of a folder of a bucket; "" is the bucket itself.
func FolderPath(bucketID, prefix string) string {
	return withQuery("/buckets/"+bucketID, "prefix", prefix)
}

// ObjectPath is the page of an object.
func ObjectPath(bucketID, key string) string {
	return withQuery("/buckets/"+bucketID+"/object", "key", key)
}

func downloadPath(bucketID, key string) string {
	return withQuery("/buckets/"+bucketID+"/download", "key", key)
}

// withQuery is a path with those of the names whose values are not empty.
func withQuery(path string, pairs ...string) string {
	q := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

// below is the part of a name behind the folder that is shown.
func below(name, prefix string) string {
	if rest := strings.TrimPrefix(name, prefix); rest != "" {
		return ui.Visible(rest)
	}
	return ui.Visible(name)
}

// bucketHolds is how much a bucket holds, of how much it may.
func bucketHolds(ctx context.Context, b models.Bucket) string {
	if b.SizeLimit > 0 {
		return i18n.T(ctx, "buckets.used-of", "Used", i18n.Bytes(ctx, b.UsedBytes), "Limit", i18n.Bytes(ctx, b.SizeLimit))
	}
	return i18n.Bytes(ctx, b.UsedBytes)
}

// bucketSubtitle says in one line where a bucket is and what it holds.
func bucketSubtitle(ctx context.Context, b models.Bucket, regions []models.Region) string {
	return strings.Join([]string{
		regionName(ctx, regions, b.Region), i18n.T(ctx, "buckets.objects", "Count", b.ObjectCount, "N", i18n.Number(ctx, b.ObjectCount)), bucketHolds(ctx, b),
	}, " · ")
}

// bucketAgain is the form filled in for another bucket of the same kind.
func bucketAgain(b models.Bucket) string {
	limit := ""
	if b.SizeLimit > 0 {
		limit = number(b.SizeLimit >> 30)
	}
	return again("/buckets/new", url.Values{"bucket_name": {b.Name}, "region": {b.Region}, "description": {b.Description}, "size_limit": {limit}, "tags": {b.Tags.String()}})
}

// growthChart draws what a bucket held by day, with its limit where it comes near it.
func growthChart(ctx context.Context, g *models.Growth, b models.Bucket, id string) ui.ChartProps {
	used := ui.Series{Kind: ui.Look(ctx, models.KindBucket), Label: i18n.T(ctx, "buckets.used")}
	chart := ui.ChartProps{ID: id, Label: i18n.T(ctx, "buckets.growth"), Corner: i18n.T(ctx, "plans.day"), BesideName: i18n.T(ctx, "buckets.object-count"),
		Format: func(v float64) string { return i18n.Bytes(ctx, int64(v)) }, Bytes: true}
	last := len(g.Points) - 1
	for i, p := range g.Points {
		chart.Labels = append(chart.Labels, dayLabel(ctx, p.Day, last-i, g.Points[0].Day.Year() != g.Points[last].Day.Year()))
		used.Values, chart.Beside = append(used.Values, float64(p.Bytes)), append(chart.Beside, i18n.Number(ctx, p.Objects))
		if b.SizeLimit > 0 && p.Bytes > b.SizeLimit/4 {
			chart.Line, chart.LineName = float64(b.SizeLimit), ui.Label(ctx, "size_limit")
		}
	}
	chart.Labels[last].Long = i18n.T(ctx, "buckets.growth.now")
	chart.Series = []ui.Series{used}
	return chart
}

// rows say what will exist.
func (p BucketNewProps) rows(ctx context.Context) []ui.Row {
	in := p.Input
	rows := []ui.Row{{Label: i18n.T(ctx, "buckets.bucket"), Value: in.Name, Mono: true}}
	if in.Name == "" {
		rows[0] = ui.Row{Label: i18n.T(ctx, "buckets.bucket"), Value: i18n.T(ctx, "buckets.named")}
	}
	if in.Region != "" {
		rows = append(rows, ui.Row{Label: ui.Label(ctx, "region"), Value: regionName(ctx, p.Regions, in.Region)})
	}
	limit := i18n.T(ctx, "buckets.no-limit")
	if in.LimitGB > 0 {
		limit = i18n.Number(ctx, in.LimitGB) + " GB"
	}
	rows = append(rows, ui.Row{Label: ui.Label(ctx, "size_limit"), Value: limit})
	if in.Tags != "" {
		rows = append(rows, ui.Row{Label: ui.Label(ctx, "tags"), Body: ui.Tags(models.SplitTags(in.Tags))})
	}
	return rows
}

// way is the way from the bucket to a folder or an object.
func way(b models.Bucket, prefix string) []ui.Crumb {
	crumbs := []ui.Crumb{{Label: b.Name, Href: FolderPath(b.ID, "")}}
	from := 0
	for i := range len(prefix) {
		if prefix[i] == '/' {
			crumbs = append(crumbs, ui.Crumb{Label: ui.Visible(prefix[from : i+1]), Href: FolderPath(b.ID, prefix[:i+1])})
			from = i + 1
		}
	}
	return crumbs
}

// mayUpload tells whether the reader can use the form for uploads.
func (p BucketFilesProps) mayUpload() bool { return p.By.May(models.Request) }

// most is how large a single file may be at all.
func (p BucketFilesProps) most() int64 {
	if limit := p.Bucket.SizeLimit; limit > 0 && limit < p.UploadLimit {
		return limit
	}
	return p.UploadLimit
}

func (p BucketFilesProps) kept() int {
	n := 0
	for _, r := range p.Results {
		if r.Err == nil {
			n++
		}
	}
	return n
}

// fileIcon is an icon for the type that a key's ending suggests.
func fileIcon(key string) string {
	ending := strings.ToLower(key[strings.LastIndexByte(key, '.')+1:])
	for icon, endings := range map[string]string{
		"file-archive": " zip jar war tar gz tgz bz2 xz 7z rar ", "image": " png jpg jpeg gif webp svg bmp ico ",
		"file-text": " txt md pdf doc docx xls xlsx csv ppt pptx log ", "file-code": " go js ts json yaml yml xml html css py java sh sql toml ",
	} {
		if strings.Contains(endings, " "+ending+" ") {
			return icon
		}
	}
	return "file"
}

func (p BucketDetailsProps) facts(ctx context.Context) []ui.Row {
	b := p.Bucket
	rows := []ui.Row{
		{Label: i18n.T(ctx, "buckets.name"), Value: b.Name, Copy: true},
		{Label: i18n.T(ctx, "buckets.address"), Value: models.ObjectPath(b.Name, ""), Copy: true},
		{Label: i18n.T(ctx, "buckets.id"), Value: b.ID, Copy: true},
		{Label: ui.Label(ctx, "region"), Value: regionName(ctx, p.Regions, b.Region)},
		{Label: ui.Label(ctx, "description"), Value: b.Description},
	}
	rows = append(rows, tagsRow(ctx, b.Tagged(), p.By, false))
	if b.Storage {
		rows = append(rows, ui.Row{Label: i18n.T(ctx, "buckets.kind"), Value: i18n.T(ctx, "buckets.storage")})
	}
	return append(rows,
		ui.Row{Label: i18n.T(ctx, "buckets.created-at"), Body: ui.DateTime(b.CreatedAt, i18n.DateTime(ctx, b.CreatedAt))},
		ui.Row{Label: i18n.T(ctx, "buckets.created-by"), Value: b.CreatorName},
		ui.Row{Label: i18n.T(ctx, "order.of", "Count", len(p.Orders)), Body: orderLinks(models.KindBucket, p.Orders)},
	)
}

func (p BucketDetailsProps) pager() ui.PagerProps {
	var out ui.PagerProps
	base := "/buckets/" + p.Bucket.ID + "/details"
	if p.Cursor.Prev != "" {
		out.Newer = withQuery(base, "before", p.Cursor.Prev)
	}
	if p.Cursor.Next != "" {
		out.Older = withQuery(base, "after", p.Cursor.Next)
	}
	return out
}

// bucketTabs are the parts of a bucket, of which the one at a path is shown.
func bucketTabs(ctx context.Context, b models.Bucket, current string) []ui.Tab {
	tabs := []ui.Tab{
		{Label: i18n.T(ctx, "buckets.files"), Href: FolderPath(b.ID, ""), Count: i18n.Number(ctx, b.ObjectCount)},
		{Label: i18n.T(ctx, "uploads.title"), Href: UploadsPath(b.ID)},
		{Label: i18n.T(ctx, "buckets.details"), Href: "/buckets/" + b.ID + "/details"},
	}
	if b.ReservedBytes > 0 {
		tabs[1].Count = i18n.Bytes(ctx, b.ReservedBytes)
	}
	for i := range tabs {
		tabs[i].Current = tabs[i].Href == current
	}
	return tabs
}

func (p ObjectShowProps) facts(ctx context.Context) []ui.Row {
	o := p.Object
	sum := copied("SHA-256", o.SHA256)
	if o.SHA256 == "" {
		sum = ui.Row{Label: "SHA-256", Value: i18n.T(ctx, "objects.hashing")}
	}
	kind := "Normal"
	if o.Multipart {
		kind = "Multipart"
	}
	rows := []ui.Row{
		copied(i18n.T(ctx, "objects.address"), models.ObjectPath(p.Bucket.Name, o.Key)),
		{Label: i18n.T(ctx, "objects.size"), Value: i18n.T(ctx, "objects.size-exact", "Size", i18n.Bytes(ctx, o.Size), "Bytes", i18n.Number(ctx, o.Size))},
		copied("Content-Type", o.ContentType),
		copied("x-oss-object-type", kind),
		sum,
	}
	if o.MD5 != "" {
		rows = append(rows, copied("MD5", o.MD5))
	}
	return append(rows, copied("ETag", o.ETag()), copied("CRC-64", o.CRC64),
		ui.Row{Label: i18n.T(ctx, "objects.uploaded-at"), Body: ui.DateTime(o.CreatedAt, i18n.DateTime(ctx, o.CreatedAt))},
		ui.Row{Label: i18n.T(ctx, "objects.uploaded-by"), Value: o.CreatorName},
	)
}

// copied is a row whose value, where there is one, can be copied. Bytes that are no
// text are replaced in it.
func copied(label, value string) ui.Row {
	return ui.Row{Label: label, Value: strings.ToValidUTF8(value, "\ufffd"), Copy: value != ""}
}

// headers are what is kept with the object and given back with it.
func (p ObjectShowProps) headers() []ui.Row {
	h := p.Object.Headers
	var rows []ui.Row
	for _, named := range [][2]string{
		{"Cache-Control", h.CacheControl}, {"Content-Disposition", h.ContentDisposition}, {"Content-Encoding", h.ContentEncoding},
		{"Content-Language", h.ContentLanguage}, {"Expires", h.Expires},
	} {
		if named[1] != "" {
			rows = append(rows, copied(named[0], named[1]))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(h.Meta)) {
		rows = append(rows, copied("x-oss-meta-"+name, h.Meta[name]))
	}
	return rows
}

// folder is what the object's folder begins with.
func (p ObjectShowProps) folder() string {
	return p.Object.Key[:strings.LastIndexByte(strings.TrimSuffix(p.Object.Key, "/"), '/')+1]
}

// bytes is how much the objects hold together that are not in use.
func (p ObjectsConfirmProps) bytes() (n int, sum int64) {
	for _, o := range p.Objects {
		if len(p.Uses[o.ID]) == 0 {
			n, sum = n+1, sum+o.Size
		}
	}
	return n, sum
}

// title asks whether n objects are to be deleted, and subtitle says what that
// means. Where all are in use there is nothing to ask.
func (p ObjectsConfirmProps) title(ctx context.Context, n int) string {
	if n == 0 {
		return i18n.T(ctx, "objects.delete.none")
	}
	return i18n.T(ctx, "objects.delete.ask", "Count", n)
}

func (p ObjectsConfirmProps) subtitle(ctx context.Context, n int, bytes int64) string {
	if n == 0 {
		return i18n.T(ctx, "objects.protected")
	}
	return i18n.T(ctx, "objects.delete.frees", "Size", i18n.Bytes(ctx, bytes))
}

// deleteAddress is where objects of a folder are deleted.
func deleteAddress(b models.Bucket, prefix string) string {
	return withQuery("/buckets/"+b.ID+"/objects/removal", "prefix", prefix)
}

// Refusal is what a broken rule asks for, in the reader's language.
func Refusal(ctx context.Context, err error) string {
	form := ui.Form{}
	if form.Reject(err) {
		return ui.RuleText(ctx, form.Errors[0])
	}
	return i18n.T(ctx, "objects.not-found")
}
