package models

import (
	"context"
	"errors"
	"fmt"
	"path"
	"regexp"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
	"gorm.io/gorm"

	"quartermaster/models/fold"
	"quartermaster/models/objects"
	"quartermaster/models/pricing"
	"quartermaster/models/query"
)

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

	app *App // what Line found, for Fulfil
}

// Upload is a file that comes with the order for a package version. It is
// staged, and belongs to nothing until the order is placed.
type Upload struct {
	Name        string // its name on the sender's machine; a label, never a path
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
// download: it cannot act as a path, and has no invisible characters.
func fileName(key string) string {
	var kept strings.Builder
	for c, shapes := range fold.Shaping(path.Base(strings.ReplaceAll(key, `\`, "/"))) {
		if shapes || c != utf8.RuneError && plain(string(c), false) {
			kept.WriteRune(c)
		}
	}
	name := strings.TrimSpace(kept.String())
	if strings.Trim(name, "./") == "" {
		return "package"
	}
	for len(name) > 255 { // keeps the end, which has the file type
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
	in.app = app
	if app != nil {
		line.Name, line.Region = strings.TrimSpace(app.Name+" "+in.Label), app.Region
		free, err := db.LabelFree(ctx, by, app.ID, in.Label)
		if err == nil && !free {
			err = invalid("label", "taken")
		}
		refused = Invalid(nil).With(refused, err)
	}
	if in.Upload != nil {
		refused = Invalid(nil).With(refused, db.ObjectStorageOn(ctx, by))
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
		// Of several concurrent orders, one makes the bucket and the others
		// wait here.
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
	found, err := query.Of[Bucket](db.gorm).Where("name = ?", bucket).Limit(1).Find(ctx)
	if err != nil {
		return nil, translate(err)
	}
	if len(found) == 0 {
		team, err := db.teamSettings(ctx, by)
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
	app := in.app
	if app == nil {
		return invalid("app_id", "unknown")
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
		line.State = OrderCompleted // an external file is not inspected
	} else {
		v.ObjectID, v.BucketID, v.Size, v.SHA256 = &object.ID, object.BucketID, object.Size, object.SHA256
		v.State, v.JobID = VersionChecking, line.JobID
	}
	err = query.Of[PkgVersion](tx.gorm).Create(ctx, v)
	if errors.Is(err, gorm.ErrForeignKeyViolated) {
		return invalid("source", "no_object") // deleted at this moment
	}
	if err != nil {
		return taken(err, "label")
	}
	if err := tx.countVersions(ctx, by, app.ID, 1); err != nil {
		return err
	}
	return tx.Record(ctx, by, Event{
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
	b, key, err := tx.packagePlace(ctx, by, app, in.Label, in.Upload.Name)
	if err != nil {
		return nil, fmt.Errorf("storage bucket of %s: %w", app.Region, err)
	}
	as := ObjectInput{BucketID: b.ID, Key: key, ContentType: in.Upload.ContentType}
	v.Source = ObjectPath(b.Name, as.Key)
	if err = as.check(); err != nil {
		as.ContentType = "" // it is of no use here
		err = as.check()
	}
	o := tx.newObject(by, as, in.Upload.Staged)
	if err == nil {
		err = tx.putObject(ctx, by, o, false)
	}
	var broken Invalid
	if errors.As(err, &broken) { // the rule names the field of the bucket's form
		return nil, invalid("package_file", broken[0].Rule, broken[0].Param)
	}
	return o, err
}

// FindPackagePlace is where the file of a new version is kept: a key in the team's own
// bucket of the application's region. It is ErrNotFound when there is no such
// application, and while the team has no bucket there, which the order for the version
// makes.
func (db *DB) FindPackagePlace(ctx context.Context, by Actor, appID, label, file string) (b *Bucket, key string, err error) {
	app, err := db.FindApp(ctx, by, appID)
	if err != nil {
		return nil, "", err
	}
	return db.packagePlace(ctx, by, app, label, file)
}

func (db *DB) packagePlace(ctx context.Context, by Actor, app *App, label, file string) (b *Bucket, key string, err error) {
	b, err = db.FindStorage(ctx, by, app.Region)
	return b, app.Name + "/" + label + "/" + fileName(file), err
}

func (db *DB) countVersions(ctx context.Context, by Actor, appID string, n int64) error {
	err := db.gorm.WithContext(ctx).Model(&App{}).Where("team_id = ? AND id = ?", by.TeamID, appID).
		UpdateColumn("version_count", gorm.Expr("version_count + ?", n)).Error
	if err != nil {
		return fmt.Errorf("count versions: %w", err)
	}
	return nil
}
