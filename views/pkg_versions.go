package views

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"quartermaster/models"
	"quartermaster/models/archive"
	"quartermaster/models/fold"
	"quartermaster/views/i18n"
	"quartermaster/views/layout"
	"quartermaster/views/ui"
)

// Apps is the list of a team's applications.
var Apps = &ListView[models.App]{
	ID: "app-list", Kind: models.KindApp, Pick: func(a *models.App) string { return a.ID },
	Path: "/apps", List: models.Apps, Label: "apps.list", Search: "apps.search",
	Columns: []ListColumn[models.App]{
		{Words: "field.app_name", Sort: "name", Name: true, Text: func(_ *ui.Cells, a *models.App) string { return a.Name }, Draw: func(c *ui.Cells, a *models.App) {
			c.Link("/apps/"+a.ID, a.Name)
			c.Note(a.Description)
		}},
		regionColumn(func(a *models.App) string { return a.Region }),
		sorted("category", plain("field.category", "", func(_ *ui.Cells, a *models.App) string { return a.Category })),
		{Words: "apps.versions", Sort: "versions", Class: "num", Text: func(_ *ui.Cells, a *models.App) string { return number(a.VersionCount) },
			Draw: func(c *ui.Cells, a *models.App) { c.Text(i18n.Number(c.Ctx, a.VersionCount)) }},
		createdColumn("versions.created", func(a *models.App) (time.Time, string) { return a.CreatedAt, a.CreatorName }),
		filed("versions.created-by", func(_ *ui.Cells, a *models.App) string { return a.CreatorName }),
		emailed(func(a *models.App) string { return a.CreatedBy }),
		filed("field.description", func(_ *ui.Cells, a *models.App) string { return a.Description }),
		tagsColumn("/apps", func(a *models.App) models.Tags { return a.Tags }),
		filed("apps.id", func(_ *ui.Cells, a *models.App) string { return a.ID }),
	},
	Filters: []ListFilter{{Name: "region", Words: "field.region", As: Menu}, {Name: "category", Words: "field.category", As: Menu}, tagFilter},
	Head: func(ctx context.Context, at ListAt) layout.PageProps {
		head := kindHead(models.KindApp, "apps.subtitle")(ctx, at)
		head.Kind, head.Tabs = models.KindPkgVersion, versionTabs(true)
		return head
	},
	Empty: func(ctx context.Context, at ListAt) ui.EmptyProps {
		empty := kindEmpty(models.KindApp, "apps.empty.title", "apps.empty.text")(ctx, at)
		empty.Kind, empty.Icon = "", "app-window"
		return empty
	},
}

// AppNewProps is what the form for a new application shows.
type AppNewProps struct {
	Form       ui.Form
	Regions    []models.Region
	Categories []models.Category
}

// AppShowProps is what the page of one application shows.
type AppShowProps struct {
	models.AppPage
	Versions ListPage
	// Form says why a deletion was refused.
	Form ui.Form
	By   models.Actor
}

// PkgVersions is the list of a team's package versions, and AppVersions that of
// one application on its page.
var (
	PkgVersions = pkgVersions(false)
	AppVersions = pkgVersions(true)
)

func pkgVersions(ofApp bool) *ListView[models.PkgVersion] {
	v := &ListView[models.PkgVersion]{
		ID: "version-list", Kind: models.KindPkgVersion, Pick: func(v *models.PkgVersion) string { return v.ID },
		Path: "/pkg-versions", List: models.PkgVersions, Label: "versions.list", Search: "versions.search",
		Columns: []ListColumn[models.PkgVersion]{
			{Words: "versions.version", Sort: "name", Name: true, Text: func(_ *ui.Cells, v *models.PkgVersion) string { return v.Label }, Draw: func(c *ui.Cells, v *models.PkgVersion) {
				name := v.Label
				if !ofApp {
					name = v.AppName + " " + name
				}
				c.Link("/pkg-versions/"+v.ID, name)
				c.Note(brief(v.Description))
			}},
			filed("field.app_id", func(_ *ui.Cells, v *models.PkgVersion) string { return v.AppName }),
			{Words: "versions.state", Sort: "state", Bare: true, Text: func(c *ui.Cells, v *models.PkgVersion) string { return versionStateText(c.Ctx, v.State) },
				Draw: func(c *ui.Cells, v *models.PkgVersion) {
					c.Badge(versionTones[v.State], versionStateText(c.Ctx, v.State))
				}},
			{Words: "field.source", Sort: "source", Text: func(_ *ui.Cells, v *models.PkgVersion) string { return v.Source }, Draw: func(c *ui.Cells, v *models.PkgVersion) {
				c.Text(v.FileName())
				c.Note(v.Bucket())
			}},
			{Words: "versions.size", Sort: "size", Class: "num nowrap", Draw: func(c *ui.Cells, v *models.PkgVersion) {
				if v.External() {
					c.None()
				} else {
					c.Text(i18n.Bytes(c.Ctx, v.Size))
				}
			}},
			inBytes("versions.size-bytes", func(v *models.PkgVersion) (int64, bool) { return v.Size, !v.External() }),
			createdColumn("versions.created", func(v *models.PkgVersion) (time.Time, string) { return v.CreatedAt, v.CreatorName }),
			filed("versions.created-by", func(_ *ui.Cells, v *models.PkgVersion) string { return v.CreatorName }),
			emailed(func(v *models.PkgVersion) string { return v.CreatedBy }),
			filed("field.description", func(_ *ui.Cells, v *models.PkgVersion) string { return v.Description }),
			tagsColumn("/pkg-versions", func(v *models.PkgVersion) models.Tags { return v.Tags }),
			filed("versions.sha256", func(_ *ui.Cells, v *models.PkgVersion) string { return v.SHA256 }),
			filed("versions.id", func(_ *ui.Cells, v *models.PkgVersion) string { return v.ID }),
		},
		Filters: []ListFilter{
			{Name: "state", Words: "versions.state", Values: "version.state.", As: Menu}, tagFilter,
			{Name: "app_id", Words: "field.app_id"}, {Name: "bucket_id", Words: "field.bucket_id"},
		},
		Head: func(ctx context.Context, at ListAt) layout.PageProps {
			return layout.PageProps{Title: ui.Look(ctx, models.KindPkgVersion).Many(ctx), Subtitle: i18n.T(ctx, "versions.subtitle"),
				Kind: models.KindPkgVersion, Actions: versionNewButton(at), Tabs: versionTabs(false)}
		},
		Passing: func(v *models.PkgVersion) bool { return v.State == models.VersionChecking },
		Empty: func(ctx context.Context, at ListAt) ui.EmptyProps {
			return ui.EmptyProps{Kind: models.KindPkgVersion, Title: i18n.T(ctx, "versions.empty.title"), Text: i18n.T(ctx, "versions.empty.text"), Action: versionNewButton(at)}
		},
	}
	if ofApp {
		v.Filters = v.Filters[:2]
		v.Whole = func(at ListAt) bool { return at.Query.Text == "" && len(at.Query.Filters) == 1 }
	}
	return v
}

func versionStateText(ctx context.Context, s models.PkgVersionState) string {
	return i18n.T(ctx, "version.state."+string(s))
}

// versionNewPath is the form for a version, of this application unless it is "".
func versionNewPath(appID string) string { return withQuery("/pkg-versions/new", "app_id", appID) }

// The ways to give a version its file.
const (
	FromUpload   = "upload"
	FromBucket   = "object"
	FromExternal = "external"
)

// PkgVersionNewProps is what the form for a new package version shows.
type PkgVersionNewProps struct {
	OrderFormProps
	Apps  []models.App
	App   *models.App // the chosen one
	From  string      // FromUpload, FromBucket or FromExternal
	Limit int64       // of an upload, in bytes
	// FileName is what the chosen file is called, where the form told it.
	FileName string
	Bucket   *models.Bucket
	// Buckets and Objects are offered to choose from.
	Buckets []models.Bucket
	Objects []models.Object
}

// PkgVersionShowProps is what the page of one package version shows.
type PkgVersionShowProps struct {
	models.PkgVersionPage
	By models.Actor
	// Find narrows the listing.
	Find string
}

// shownEntries is how many entries of an archive a page lists.
const shownEntries = 200

var versionTones = map[models.PkgVersionState]ui.Tone{
	models.VersionChecking: ui.Busy, models.VersionReady: ui.OK, models.VersionFailed: ui.Danger, models.VersionUnverified: ui.Warn,
}

func regionOptions(ctx context.Context, regions []models.Region) []ui.Option {
	options := make([]ui.Option, len(regions))
	for i, r := range regions {
		options[i] = ui.Option{Value: r.ID, Label: word(ctx, r.ZH, r.EN) + " · " + r.ID}
	}
	return options
}

// free is what to say of a name that nothing is wrong with.
func (p AppNewProps) free(ctx context.Context) string {
	if p.Form.Value("app_name") == "" || len(p.Form.Errors) > 0 || p.Form.Error("region") != nil {
		return ""
	}
	return i18n.T(ctx, "apps.name-free")
}

func (p AppNewProps) categories(ctx context.Context) []ui.Option {
	options := make([]ui.Option, len(p.Categories))
	for i, c := range p.Categories {
		options[i] = ui.Option{Value: c.Name, Label: c.Name + " · " + word(ctx, c.ZH, c.EN)}
	}
	return options
}

// again is the form for an application like this one.
func (p AppShowProps) again() string {
	a := p.App
	return again("/apps/new", url.Values{"app_name": {a.Name}, "region": {a.Region}, "category": {a.Category}, "description": {a.Description}})
}

func (p AppShowProps) facts(ctx context.Context) []ui.Row {
	a := p.App
	return []ui.Row{
		{Label: i18n.T(ctx, "apps.id"), Value: a.ID, Copy: true},
		{Label: ui.Label(ctx, "region"), Value: regionName(ctx, p.Regions, a.Region) + " · " + a.Region},
		{Label: ui.Label(ctx, "category"), Value: a.Category},
		{Label: i18n.T(ctx, "apps.versions"), Value: i18n.Number(ctx, a.VersionCount)},
		{Label: ui.Label(ctx, "description"), Value: a.Description},
		tagsRow(ctx, a.Tagged(), p.By, false),
		{Label: i18n.T(ctx, "versions.created-by"), Value: a.CreatorName + " · " + i18n.DateTime(ctx, a.CreatedAt)},
	}
}

// lost names what is deleted with an application.
func (p AppShowProps) lost(ctx context.Context) []string {
	lost := []string{i18n.T(ctx, "apps.delete.app", "Name", p.App.Name)}
	if p.App.VersionCount > 0 {
		lost = append(lost, i18n.T(ctx, "apps.delete.versions", "Count", p.App.VersionCount))
	}
	return lost
}

func (p PkgVersionNewProps) apps() []ui.Option {
	options := make([]ui.Option, len(p.Apps))
	for i, a := range p.Apps {
		options[i] = ui.Option{Value: a.ID, Label: a.Name + " · " + a.Region}
	}
	return options
}

// versionUploads are the attributes of the form. A change is previewed without
// the file, which is sent once, with its progress, when the button is pressed: before
// the form and in parts, where it is large.
func versionUploads(ctx context.Context) templ.Attributes {
	attrs := ui.Uploads(ctx, "")
	attrs["data-parts"], attrs["data-parts-from"] = "/pkg-versions/uploads", partsFrom
	return attrs
}

func (p PkgVersionNewProps) ways(ctx context.Context) []ui.Option {
	var options []ui.Option
	for _, way := range []string{FromUpload, FromBucket, FromExternal} {
		options = append(options, ui.Option{Value: way, Label: i18n.T(ctx, "versions.from."+way)})
	}
	return options
}

func (p PkgVersionNewProps) buckets() []ui.Option {
	options := make([]ui.Option, len(p.Buckets))
	for i, b := range p.Buckets {
		options[i] = ui.Option{Value: b.ID, Label: b.Name + " · " + b.Region}
	}
	return options
}

func (p PkgVersionNewProps) objects(ctx context.Context) []ui.Option {
	options := make([]ui.Option, len(p.Objects))
	for i, o := range p.Objects {
		options[i] = ui.Option{Value: models.ObjectPath(p.Bucket.Name, o.Key), Label: ui.Visible(o.Key) + " · " + i18n.Bytes(ctx, o.Size)}
	}
	return options
}

// where says where an uploaded file will be kept.
func (p PkgVersionNewProps) where(ctx context.Context) string {
	region := i18n.T(ctx, "versions.its-region")
	if p.App != nil {
		region = p.App.Region
	}
	if p.Quote.Order != nil && len(p.Quote.Order.Lines) > 1 {
		return i18n.T(ctx, "versions.upload.new-bucket", "Region", region, "Limit", i18n.Bytes(ctx, p.Limit))
	}
	return i18n.T(ctx, "versions.upload.help", "Region", region, "Limit", i18n.Bytes(ctx, p.Limit))
}

// rows say what the order makes.
func (p PkgVersionNewProps) rows(ctx context.Context) []ui.Row {
	var rows []ui.Row
	if p.App != nil {
		rows = append(rows, ui.Row{Label: ui.Label(ctx, "app_id"), Value: p.App.Name},
			ui.Row{Label: ui.Label(ctx, "region"), Value: p.App.Region})
	}
	if label := strings.TrimSpace(p.Form.Value("label")); label != "" {
		rows = append(rows, ui.Row{Label: ui.Label(ctx, "label"), Value: label})
	}
	rows = append(rows, ui.Row{Label: ui.Label(ctx, "source_from"), Value: i18n.T(ctx, "versions.from."+p.From)})
	if p.From == FromUpload && p.FileName != "" {
		rows = append(rows, ui.Row{Label: ui.Label(ctx, "package_file"), Value: p.FileName})
	}
	if source := p.Form.Value("source"); source != "" && p.From != FromUpload {
		rows = append(rows, ui.Row{Label: ui.Label(ctx, "source"), Value: source, Mono: true})
	}
	if p.Quote.Order != nil && len(p.Quote.Order.Lines) > 1 {
		rows = append(rows, ui.Row{Label: i18n.T(ctx, "versions.new-bucket"), Value: i18n.T(ctx, "versions.new-bucket.of", "Region", p.Quote.Order.Lines[0].Region)})
	}
	return rows
}

func (p PkgVersionShowProps) facts(ctx context.Context) []ui.Row {
	v := p.Version
	rows := []ui.Row{
		{Label: i18n.T(ctx, "versions.id"), Value: v.ID, Copy: true},
		{Label: ui.Label(ctx, "app_id"), Body: appLink(v)},
		{Label: ui.Label(ctx, "region"), Value: regionName(ctx, p.Regions, v.Region) + " · " + v.Region},
	}
	if !v.External() {
		rows = append(rows, ui.Row{Label: i18n.T(ctx, "versions.size"), Value: i18n.Bytes(ctx, v.Size)})
	}
	if v.Description != "" {
		rows = append(rows, ui.Row{Label: ui.Label(ctx, "description"), Value: v.Description})
	}
	return append(rows,
		tagsRow(ctx, v.Tagged(), p.By, v.State == models.VersionChecking),
		ui.Row{Label: i18n.T(ctx, "order.of", "Count", len(p.Orders)), Body: orderLinks(models.KindPkgVersion, p.Orders)},
		ui.Row{Label: i18n.T(ctx, "versions.created-by"), Value: v.CreatorName + " · " + i18n.DateTime(ctx, v.CreatedAt)},
	)
}

// failed is why the check failed, in words.
func (p PkgVersionShowProps) failed(ctx context.Context) string {
	if key := "fail." + p.Version.FailCode; i18n.Has(ctx, key) {
		return i18n.T(ctx, key)
	}
	return i18n.T(ctx, "versions.failed.other")
}

// entries are the listed files that the page shows, and how many more match.
func (p PkgVersionShowProps) entries() (shown []archive.Entry, more int) {
	find := fold.Text(p.Find)
	for _, e := range p.Version.Listing.Entries {
		switch {
		case find != "" && !strings.Contains(fold.Text(e.Name), find):
		case len(shown) < shownEntries:
			shown = append(shown, e)
		default:
			more++
		}
	}
	return shown, more
}

// mostNodes is how many files and folders the tree of an archive has.
const mostNodes = 300

// tree is the archive by folders, nil where it has none.
func (p PkgVersionShowProps) tree() *archive.Node {
	l := p.Version.Listing
	if l == nil {
		return nil
	}
	root := l.Tree(mostNodes)
	if !slices.ContainsFunc(root.Nodes, func(n *archive.Node) bool { return n.Dir }) {
		return nil
	}
	return root
}

// treeNote says of what the sums are, where that is not all.
func (p PkgVersionShowProps) treeNote(ctx context.Context) string {
	if !p.Version.Listing.Truncated {
		return i18n.T(ctx, "versions.tree.note")
	}
	return i18n.T(ctx, "versions.listing.truncated", "Listed", i18n.Number(ctx, int64(len(p.Version.Listing.Entries))))
}

// treeShare is a part of the whole as a width.
func treeShare(part, whole int64) string {
	return strconv.FormatFloat(100*float64(part)/float64(max(whole, 1)), 'f', 1, 64) + "%"
}

// listingNote is a summary of the archive: 214 files, 31.5 MB unpacked.
func (p PkgVersionShowProps) listingNote(ctx context.Context) string {
	l := p.Version.Listing
	note := i18n.T(ctx, "versions.listing.note", "Kind", strings.ToUpper(string(l.Kind)), "Count", l.Files, "Size", i18n.Bytes(ctx, l.Unpacked))
	if l.MainClass != "" {
		note += " · Main-Class " + l.MainClass
	}
	return note
}

// again is the form for a version like this one.
func (p PkgVersionShowProps) again() string {
	v := p.Version
	q := url.Values{"app_id": {v.AppID}, "label": {v.Label}, "source": {v.Source}, "description": {v.Description}, "source_from": {FromExternal}}
	if p.Object != nil {
		q.Set("source_from", FromBucket)
		q.Set("bucket_id", p.Object.BucketID)
	}
	return again("/pkg-versions/new", q)
}

func (p PkgVersionShowProps) path(tail string) string { return "/pkg-versions/" + p.Version.ID + tail }

// versionBytesRows say where the bytes are and how to know them again.
func versionBytesRows(ctx context.Context, p PkgVersionShowProps) []ui.Row {
	v := p.Version
	rows := []ui.Row{{Label: ui.Label(ctx, "source"), Value: v.Source, Copy: true}}
	if p.Object != nil {
		rows = append(rows, ui.Row{Label: i18n.T(ctx, "versions.bucket"), Body: versionBucketLink(p)},
			ui.Row{Label: "SHA-256", Value: v.SHA256, Copy: true})
	}
	return rows
}

// versionObjectHelp says what the list of objects leaves out.
func versionObjectHelp(ctx context.Context, p PkgVersionNewProps) string {
	switch {
	case len(p.Objects) == 0 && p.Form.Value("object_find") != "":
		return i18n.T(ctx, "versions.object.nothing")
	case len(p.Objects) == 0:
		return i18n.T(ctx, "versions.object.empty")
	case len(p.Objects) >= OfferedObjects:
		return i18n.T(ctx, "versions.object.first", "Count", OfferedObjects)
	}
	return ""
}

// OfferedObjects is how many objects of a bucket the form offers at a time.
const OfferedObjects = 50

// versionEntriesNote says how much of the listing is shown.
func versionEntriesNote(ctx context.Context, p PkgVersionShowProps, shown, more int) string {
	switch {
	case more > 0:
		return i18n.T(ctx, "versions.listing.more", "Shown", shown, "More", i18n.Number(ctx, int64(more)))
	case p.Version.Listing.Truncated:
		return i18n.T(ctx, "versions.listing.truncated", "Listed", i18n.Number(ctx, int64(len(p.Version.Listing.Entries))))
	}
	return ""
}
