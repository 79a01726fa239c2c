package models

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
	"gorm.io/gorm"

	"quartermaster/models/archive"
	"quartermaster/models/fold"
	"quartermaster/models/objects"
	"quartermaster/models/pricing"
)

// PkgVersionState is where a package version stands.
type PkgVersionState string

// States of a package version: CHECKING → READY or FAILED, and FAILED →
// CHECKING when it is tried again. An external one stays UNVERIFIED.
const (
	VersionChecking   PkgVersionState = "CHECKING"
	VersionReady      PkgVersionState = "READY"
	VersionFailed     PkgVersionState = "FAILED"
	VersionUnverified PkgVersionState = "UNVERIFIED"
)

// PkgVersionStates are all states, in the order they are shown.
var PkgVersionStates = []PkgVersionState{VersionChecking, VersionReady, VersionFailed, VersionUnverified}

// PkgVersion is a version of an application: a label on an object of a bucket,
// which is kept from deletion while the version exists, or on an external
// address. What it says never changes.
type PkgVersion struct {
	ID          string // wp-<24 hex>
	TeamID      string
	AppID       string
	AppName     string
	Region      string
	Label       string // unique in its application
	LabelKey    string // what it must not have in common with another there
	Description string
	Source      string  // oss://bucket/key, as the caller gave it
	ObjectID    *string // nil when the source is external
	State       PkgVersionState
	Size        int64
	SHA256      string `gorm:"column:sha256"`
	// Listing is what is in the archive; nil when the file is none, and in
	// lists.
	Listing     *archive.Listing `gorm:"serializer:json;not null"`
	FailCode    string
	JobID       string
	OrderNumber int64
	CreatedBy   string
	CreatorName string
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// External tells whether the version's bytes are kept elsewhere.
func (v PkgVersion) External() bool { return v.ObjectID == nil }

// Bucket is the bucket's name in the version's source.
func (v PkgVersion) Bucket() string {
	bucket, _, _ := splitSource(v.Source)
	return bucket
}

// Key is the object's key in the version's source.
func (v PkgVersion) Key() string {
	_, key, _ := splitSource(v.Source)
	return key
}

// FileName is what the version's file is called.
func (v PkgVersion) FileName() string { return fileName(v.Key()) }

// PkgVersionInput is what a caller says about a new package version, from a
// form or from the API.
type PkgVersionInput struct {
	AppID       string `form:"app_id" validate:"required,max=64"`
	Label       string `form:"label" validate:"required,line,max=64"`
	Description string `form:"description" validate:"prose,max=255"`
	// Source is oss://bucket/key. It is empty when a file comes with the order.
	Source string `form:"source" validate:"omitempty,max=1024,osspath"`
	// Upload is the file that comes with the order, as StageUpload returned it;
	// in a preview it may be one that has not been sent yet.
	Upload *Upload `form:"-" json:",omitempty"`
}

// Upload is a file that comes with the order for a package version. It is
// staged, and belongs to nothing until the order is placed.
type Upload struct {
	Name        string // as it was called where it comes from: a label
	ContentType string
	Staged      objects.Staged
}

var sourceBucket = regexp.MustCompile(`^[a-z0-9-]{3,63}$`)

// splitSource takes oss://bucket/key apart.
func splitSource(source string) (bucket, key string, ok bool) {
	rest, ok := strings.CutPrefix(source, "oss://")
	bucket, key, cut := strings.Cut(rest, "/")
	ok = ok && cut && key != "" && sourceBucket.MatchString(bucket) && validKey(key)
	return bucket, key, ok
}

// fileName is the last part of a key or path, fit to be shown and to name a
// download: of no use as a path, without characters that nobody sees.
func fileName(key string) string {
	name := path.Base(strings.ReplaceAll(key, `\`, "/"))
	name = strings.Map(func(c rune) rune {
		if c == utf8.RuneError || !plain(string(c), false) {
			return -1
		}
		return c
	}, name)
	if name = strings.TrimSpace(name); strings.Trim(name, "./") == "" {
		return "package"
	}
	for len(name) > 255 { // keeps the end, which tells the type
		_, n := utf8.DecodeRuneInString(name)
		name = name[n:]
	}
	return name
}

// Check implements LineInput.
func (in *PkgVersionInput) Check() error {
	err := Check(in)
	switch {
	case in.Upload != nil && in.Source != "":
		err = Invalid(nil).With(err, invalid("source", "one_source"))
	case in.Upload != nil && in.Upload.Staged.ID == "":
		err = Invalid(nil).With(err, invalid("package_file", "required"))
	case in.Upload == nil && in.Source == "":
		err = Invalid(nil).With(err, invalid("source", "required"))
	}
	return err
}

// Line implements LineInput.
func (in *PkgVersionInput) Line(ctx context.Context, db *DB, by Actor) (OrderLine, error) {
	line := OrderLine{Kind: KindPkgVersion, Name: in.Label, Detail: in.Source}
	line.Price(pricing.Free("CNY"))
	if in.Upload != nil && in.Upload.Name != "" {
		line.Detail = fileName(in.Upload.Name)
	}
	if in.Upload != nil {
		line.Blob = in.Upload.Staged.ID
	}
	app, refused := db.versionApp(ctx, by, in.AppID)
	if app != nil {
		line.Name, line.Region = strings.TrimSpace(app.Name+" "+in.Label), app.Region
		free, err := db.LabelFree(ctx, by, app.ID, in.Label)
		if err == nil && !free {
			err = invalid("label", "taken")
		}
		refused = Invalid(nil).With(refused, err)
	}
	if in.Upload != nil {
		refused = Invalid(nil).With(refused, db.objectStorageOn(ctx, by))
	} else if _, _, ok := splitSource(in.Source); ok {
		o, err := db.sourceObject(ctx, by, in.Source)
		if o == nil && err == nil {
			line.Detail = norm.NFC.String(in.Source)
		}
		refused = Invalid(nil).With(refused, err)
	}
	return line, refused
}

// Needs asks for the team's storage bucket in the application's region, where
// there is none and a file is to be kept in it.
func (in *PkgVersionInput) Needs(ctx context.Context, db *DB, by Actor) ([]LineInput, error) {
	if in.Upload == nil {
		return nil, nil
	}
	app, err := db.versionApp(ctx, by, in.AppID)
	if app == nil {
		return nil, withoutInvalid(err) // the line itself says what is wrong
	}
	_, err = db.FindStorage(ctx, by, app.Region)
	if errors.Is(err, ErrNotFound) && db.inTx {
		// Of several orders at once one makes the bucket; the others wait here
		// until it has.
		if err := db.holdTeam(ctx, by); err != nil {
			return nil, err
		}
		_, err = db.FindStorage(ctx, by, app.Region)
	}
	if errors.Is(err, ErrNotFound) {
		return []LineInput{&BucketInput{Region: app.Region, Storage: true}}, nil
	}
	return nil, err
}

// holdTeam lets no other transaction hold the actor's team until this one ends.
func (db *DB) holdTeam(ctx context.Context, by Actor) error {
	err := db.gorm.WithContext(ctx).Model(&Team{}).Where("id = ?", by.TeamID).UpdateColumn("updated_at", gorm.Expr("updated_at")).Error
	if err != nil {
		return fmt.Errorf("hold team: %w", err)
	}
	return nil
}

func withoutInvalid(err error) error {
	var broken Invalid
	if errors.As(err, &broken) {
		return nil
	}
	return err
}

// versionApp is the application a version is for, or the broken rule of the
// field that names it.
func (db *DB) versionApp(ctx context.Context, by Actor, id string) (*App, error) {
	app, err := db.FindApp(ctx, by, id)
	if errors.Is(err, ErrNotFound) {
		return nil, invalid("app_id", "unknown")
	}
	return app, err
}

// sourceObject is the object that a source names, or nil when no bucket of
// this server has the source's name and the team accepts that.
func (db *DB) sourceObject(ctx context.Context, by Actor, source string) (*Object, error) {
	bucket, key, _ := splitSource(source)
	found, err := table[Bucket](db.gorm).Where("name = ?", bucket).Limit(1).Find(ctx)
	if err != nil {
		return nil, translate(err)
	}
	if len(found) == 0 {
		team, err := db.FindTeam(ctx, by)
		switch {
		case err != nil:
		case team.VerifiedOnly:
			err = invalid("source", "unverified")
		case !plain(key, false): // a stranger's name, which has the rule of names
			err = invalid("source", "line")
		}
		return nil, err
	}
	if found[0].TeamID != by.TeamID {
		return nil, invalid("source", "not_yours")
	}
	o, err := db.FindObject(ctx, by, found[0].ID, key)
	if errors.Is(err, ErrNotFound) {
		return nil, invalid("source", "no_object")
	}
	return o, err
}

// Fulfil implements LineInput.
func (in *PkgVersionInput) Fulfil(ctx context.Context, tx *DB, by Actor, order *Order, line *OrderLine) error {
	app, err := tx.versionApp(ctx, by, in.AppID)
	if err != nil {
		return err
	}
	now := tx.TeamNow(by)
	v := &PkgVersion{
		ID: "wp-" + tx.newHex24(now), TeamID: by.TeamID, AppID: app.ID, AppName: app.Name, Region: app.Region,
		Label: in.Label, LabelKey: fold.Same(in.Label), Description: in.Description, Source: in.Source, State: VersionUnverified, OrderNumber: order.Number,
		CreatedBy: by.UserID, CreatorName: by.UserName, CreatedAt: now, UpdatedAt: now,
	}
	object, err := in.object(ctx, tx, by, app, v)
	if err != nil {
		return err
	}
	if object == nil { // as names are kept; a key of ours is bytes
		v.Source = norm.NFC.String(v.Source)
	}
	line.Blob = ""
	line.ResourceID, line.ResourceName = v.ID, line.Name
	if object == nil {
		line.State = OrderCompleted // there is nothing to inspect
	} else {
		v.ObjectID, v.Size, v.SHA256 = &object.ID, object.Size, object.SHA256
		v.State, v.JobID = VersionChecking, line.JobID
	}
	err = table[PkgVersion](tx.gorm).Create(ctx, v)
	if errors.Is(err, gorm.ErrForeignKeyViolated) {
		return invalid("source", "no_object") // deleted at this moment
	}
	if err != nil {
		return taken(err, "label")
	}
	if err := tx.countVersions(ctx, by, app.ID, 1); err != nil {
		return err
	}
	return tx.record(ctx, by, Event{
		Action: "version.created", Kind: KindPkgVersion, SubjectID: v.ID, SubjectName: line.Name, Region: v.Region,
		OrderNumber: order.Number,
	}, map[string]any{"app": app.ID, "source": v.Source})
}

// object is the object of a new version: the one its source names, or the one
// that its upload becomes, in which case the version gets its source from it.
func (in *PkgVersionInput) object(ctx context.Context, tx *DB, by Actor, app *App, v *PkgVersion) (*Object, error) {
	if in.Upload == nil {
		return tx.sourceObject(ctx, by, in.Source)
	}
	b, err := tx.FindStorage(ctx, by, app.Region)
	if err != nil {
		return nil, fmt.Errorf("storage bucket of %s: %w", app.Region, err)
	}
	name, file := fileName(in.Upload.Name), in.Upload.Staged
	o := &Object{
		ID: tx.newID(), TeamID: by.TeamID, BucketID: b.ID, Key: app.Name + "/" + in.Label + "/" + name,
		Size: file.Size, ContentType: contentType(in.Upload.ContentType), SHA256: file.SHA256, MD5: file.MD5, Blob: file.ID,
		CreatedBy: by.UserID, CreatorName: by.UserName, CreatedAt: tx.TeamNow(by),
	}
	v.Source = ObjectPath(b.Name, o.Key)
	err = checkKey(o.Key)
	if err == nil {
		err = tx.putObject(ctx, by, o)
	}
	var broken Invalid
	if errors.As(err, &broken) { // said of the field that a bucket's own form has
		return nil, invalid("package_file", broken[0].Rule, broken[0].Param)
	}
	return o, err
}

func (db *DB) countVersions(ctx context.Context, by Actor, appID string, n int64) error {
	err := db.gorm.WithContext(ctx).Model(&App{}).Where("team_id = ? AND id = ?", by.TeamID, appID).
		UpdateColumn("version_count", gorm.Expr("version_count + ?", n)).Error
	if err != nil {
		return fmt.Errorf("count versions: %w", err)
	}
	return nil
}

// StageUpload reads a file that comes with an order to its end and syncs it to
// disk. More than limit bytes are ErrTooLarge as soon as they are seen. An
// error leaves nothing; otherwise the caller ends with SettleUpload.
func (db *DB) StageUpload(ctx context.Context, by Actor, name, contentType string, r io.Reader, limit int64) (*Upload, error) {
	if err := by.may(Request); err != nil {
		return nil, err
	}
	staged, err := db.stage(ctx, r, limit)
	if err != nil {
		return nil, err
	}
	return &Upload{Name: name, ContentType: contentType, Staged: staged}, nil
}

// SettleUpload keeps the bytes of an upload that an order has taken, and
// removes those of one that none has. What it cannot do now is done by the
// sweep after the next start.
func (db *DB) SettleUpload(ctx context.Context, by Actor, up *Upload) {
	if up == nil || up.Staged.ID == "" {
		return
	}
	if err := db.settleUpload(context.WithoutCancel(ctx), by, up.Staged.ID); err != nil {
		db.log.Error("settle upload", "blob", up.Staged.ID, "error", err)
	}
}

func (db *DB) settleUpload(ctx context.Context, by Actor, blob string) error {
	var known map[string]bool
	err := db.tx(ctx, func(ctx context.Context, tx *DB) (err error) {
		// Waits for an order whose commit a lost connection left open.
		if err := tx.count(ctx, by.TeamID, "order", 0); err != nil {
			return err
		}
		known, err = tx.knownBlobs(ctx, []string{blob})
		return err
	})
	switch {
	case err != nil:
		return err
	case known[blob]:
		return db.objects.Keep(blob)
	}
	return db.objects.Discard(blob)
}

// LabelFree tells whether an application of the actor's team has no version of
// that label.
func (db *DB) LabelFree(ctx context.Context, by Actor, appID, label string) (bool, error) {
	if err := by.may(See); err != nil {
		return false, err
	}
	same, args := sameName("label_key", fold.Same(label))
	n, err := table[PkgVersion](db.gorm).Where("team_id = ? AND app_id = ?", by.TeamID, appID).Where(same, args...).Count(ctx, "*")
	return n == 0, translate(err)
}

// FindPkgVersion is one package version of the actor's team, with its listing.
func (db *DB) FindPkgVersion(ctx context.Context, by Actor, id string) (*PkgVersion, error) {
	if err := by.may(See); err != nil {
		return nil, err
	}
	v, err := table[PkgVersion](db.gorm).Where("team_id = ? AND id = ?", by.TeamID, id).First(ctx)
	if err != nil {
		return nil, translate(err)
	}
	return &v, nil
}

// PkgVersionFilter says which package versions to list. Empty fields do not
// narrow.
type PkgVersionFilter struct {
	AppID     string
	State     PkgVersionState
	Label     string
	LabelText string // in the label
	Text      string // in the label, the application's name or the source
}

// ListPkgVersions is a page of the team's package versions, newest first,
// without listings.
func (db *DB) ListPkgVersions(ctx context.Context, by Actor, f PkgVersionFilter, p Page) ([]PkgVersion, Cursor, error) {
	if err := by.may(See); err != nil {
		return nil, Cursor{}, err
	}
	return pageOf(ctx, db.pkgVersions(by, f), p, newestFirst("created_at", "id"), func(v PkgVersion) []string {
		return []string{stamp(v.CreatedAt), v.ID}
	})
}

// PagePkgVersions is page n, from 1, of the team's package versions, newest
// first, without listings, and how many there are in all.
func (db *DB) PagePkgVersions(ctx context.Context, by Actor, f PkgVersionFilter, n, size int) ([]PkgVersion, int64, error) {
	if err := by.may(See); err != nil {
		return nil, 0, err
	}
	total := int64(unknown)
	switch f {
	case PkgVersionFilter{}:
		var err error
		if total, err = db.counted(ctx, by, string(KindPkgVersion)); err != nil {
			return nil, 0, err
		}
	case PkgVersionFilter{AppID: f.AppID}:
		app, err := db.FindApp(ctx, by, f.AppID)
		if errors.Is(err, ErrNotFound) {
			return nil, 0, nil
		}
		if err != nil {
			return nil, 0, err
		}
		total = app.VersionCount
	}
	return pageNumber(ctx, db.pkgVersions(by, f), newestFirst("created_at", "id"), n, size, total)
}

// pkgVersions is the query for the team's package versions that a filter
// leaves.
func (db *DB) pkgVersions(by Actor, f PkgVersionFilter) query[PkgVersion] {
	q := table[PkgVersion](db.gorm).Omit("listing").Where("team_id = ?", by.TeamID)
	if f.AppID != "" {
		q = q.Where("app_id = ?", f.AppID)
	}
	if f.State != "" {
		q = q.Where("state = ?", f.State)
	}
	if f.Label != "" {
		q = q.Where("label = ?", f.Label)
	}
	if f.LabelText != "" {
		q = q.Where(`LOWER(label) LIKE ? ESCAPE '\'`, like(f.LabelText))
	}
	if f.Text != "" {
		q = q.Where(`LOWER(app_name || ' ' || label || ' ' || source) LIKE ? ESCAPE '\'`, like(f.Text))
	}
	return q
}

// PkgVersionObject is the object that a version uses, or ErrNotFound when it
// is external.
func (db *DB) PkgVersionObject(ctx context.Context, by Actor, v *PkgVersion) (*Object, error) {
	if err := by.may(See); err != nil {
		return nil, err
	}
	if v.External() {
		return nil, ErrNotFound
	}
	o, err := table[Object](db.gorm).Where("team_id = ? AND id = ?", by.TeamID, *v.ObjectID).First(ctx)
	if err != nil {
		return nil, translate(err)
	}
	return &o, nil
}

// ListSources are objects of a bucket that a version can be made of, newest
// first, at most n; with text, those that have it in their key.
func (db *DB) ListSources(ctx context.Context, by Actor, bucketID, text string, n int) ([]Object, error) {
	if err := by.may(See); err != nil {
		return nil, err
	}
	q := table[Object](db.gorm).Where("team_id = ? AND bucket_id = ?", by.TeamID, bucketID)
	if text != "" {
		q = q.Where(`LOWER(key) LIKE ? ESCAPE '\'`, like(text))
	}
	found, err := q.Order("created_at DESC, id DESC").Limit(n).Find(ctx)
	return found, translate(err)
}

// FindSource is the bucket and the object of the actor's team that a source
// names, or ErrNotFound.
func (db *DB) FindSource(ctx context.Context, by Actor, source string) (*Bucket, *Object, error) {
	if err := by.may(See); err != nil {
		return nil, nil, err
	}
	name, key, ok := splitSource(source)
	if !ok {
		return nil, nil, ErrNotFound
	}
	b, err := table[Bucket](db.gorm).Where("team_id = ? AND name = ?", by.TeamID, name).First(ctx)
	if err != nil {
		return nil, nil, translate(err)
	}
	o, err := db.FindObject(ctx, by, b.ID, key)
	return &b, o, err
}

// ReadPkgVersion opens a version's file. The caller closes it. A version whose
// bytes are not kept here is ErrNotFound.
func (db *DB) ReadPkgVersion(ctx context.Context, by Actor, id string) (*PkgVersion, io.ReadSeekCloser, error) {
	v, err := db.FindPkgVersion(ctx, by, id)
	if err != nil {
		return nil, nil, err
	}
	o, err := db.PkgVersionObject(ctx, by, v)
	if err != nil {
		return nil, nil, err
	}
	f, _, err := db.objects.Read(o.Blob)
	if err != nil {
		return nil, nil, fmt.Errorf("read version %s: %w", v.ID, err)
	}
	return v, f, nil
}

// DeletePkgVersion deletes a package version. Its object stays in its bucket,
// and may be deleted from then on.
func (db *DB) DeletePkgVersion(ctx context.Context, by Actor, id string) error {
	if err := by.may(Request); err != nil {
		return err
	}
	return db.tx(ctx, func(ctx context.Context, tx *DB) error {
		v, err := tx.FindPkgVersion(ctx, by, id)
		if err != nil {
			return err
		}
		return tx.deletePkgVersion(ctx, by, *v)
	})
}

func (db *DB) deletePkgVersion(ctx context.Context, by Actor, v PkgVersion) error {
	n, err := table[PkgVersion](db.gorm).Where("team_id = ? AND id = ?", by.TeamID, v.ID).Delete(ctx)
	if err != nil {
		return fmt.Errorf("delete version: %w", err)
	}
	if n == 0 {
		return ErrNotFound
	}
	if err := db.countVersions(ctx, by, v.AppID, -1); err != nil {
		return err
	}
	if err := db.tally(ctx, by, tally{Kind: KindPkgVersion, Deleted: 1}); err != nil {
		return err
	}
	if v.State == VersionChecking { // the job finds nothing any more and ends
		if err := db.FinishLine(ctx, by, v.OrderNumber, v.ID, OrderCompleted); err != nil {
			return err
		}
	}
	return db.record(ctx, by, Event{
		Action: "version.deleted", Kind: KindPkgVersion, SubjectID: v.ID, SubjectName: v.AppName + " " + v.Label, Region: v.Region,
	}, map[string]any{"app": v.AppID, "source": v.Source})
}
