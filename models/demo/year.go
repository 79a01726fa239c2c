package demo

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"quartermaster/models"
	"quartermaster/models/list"
	"quartermaster/models/pricing"
)

// year is the sample year while it is made.
type year struct {
	db      *models.DB
	clock   *Clock
	folder  string
	people  []models.Actor
	buckets map[string]string // id by name
	apps    map[string]string // id by name
}

// Who orders things, as indexes of people.
const (
	admin     = 0
	approver  = 1
	requester = 2
)

// A day is something that happens so many days before today.
type day struct {
	ago  int
	what func(ctx context.Context, y *year) error
}

// live makes the team and goes through the days, the oldest first.
func (y *year) live(ctx context.Context, by models.Actor) error {
	defer y.clock.reset()
	y.buckets, y.apps = map[string]string{}, map[string]string{}
	y.clock.set(365, 9)
	if err := y.team(ctx, by); err != nil {
		return fmt.Errorf("sample team: %w", err)
	}
	all := days()
	slices.SortStableFunc(all, func(a, b day) int { return b.ago - a.ago })
	for i, d := range all {
		y.clock.set(d.ago, 9+i%8)
		if err := d.what(ctx, y); err != nil {
			return fmt.Errorf("sample of %d days ago: %w", d.ago, err)
		}
		if err := y.db.CountBuckets(ctx, y.people[admin]); err != nil {
			return err
		}
	}
	y.clock.reset()
	return y.keys(ctx)
}

// work does the jobs that are due.
func (y *year) work(ctx context.Context) error {
	for {
		more, err := y.db.WorkOnce(ctx)
		if err != nil || !more {
			return err
		}
	}
}

// place orders things together.
func (y *year) place(ctx context.Context, who int, centre, note string, lines ...models.LineInput) (*models.Order, error) {
	quote, err := y.db.PlaceOrder(ctx, y.people[who], models.OrderInput{Lines: lines, CostCentre: centre, Note: note})
	return quote.Order, err
}

// order is a day on which somebody orders things that need no job.
func order(ago, who int, centre, note string, lines ...models.LineInput) day {
	return day{ago, func(ctx context.Context, y *year) error {
		o, err := y.place(ctx, who, centre, note, lines...)
		if err != nil {
			return err
		}
		for _, l := range o.Lines {
			if l.Kind == models.KindBucket {
				y.buckets[l.ResourceName] = l.ResourceID
			}
		}
		return y.work(ctx)
	}}
}

// rules is a day on which the admin makes the team's approval rules.
func rules(ago int, all ...models.RuleInput) day {
	return day{ago, func(ctx context.Context, y *year) error {
		for i, in := range all {
			in.Version = int64(i)
			if err := y.db.PutRule(ctx, y.people[admin], i, false, in); err != nil {
				return err
			}
		}
		return nil
	}}
}

func bucket(name, region, description, tags string, limitGB int64) *models.BucketInput {
	return &models.BucketInput{Name: name, Region: region, Description: description, Tags: tags, LimitGB: limitGB}
}

func plan(packageType, specification, duration string, cycle pricing.Cycle) *models.PlanInput {
	product, _, _ := strings.Cut(strings.TrimPrefix(packageType, "FPT_"), "_")
	return &models.PlanInput{ProductCode: product, PackageType: packageType, Specification: specification,
		Duration: duration, PricingCycle: cycle}
}

// files is a day on which files are put into a bucket.
func files(ago, who int, bucket string, contents map[string][]byte) day {
	return day{ago, func(ctx context.Context, y *year) error {
		for _, key := range slices.Sorted(keys(contents)) {
			in := models.ObjectInput{BucketID: y.buckets[bucket], Key: key, ContentType: contentType(key)}
			if _, err := y.db.PutObject(ctx, y.people[who], in, bytes.NewReader(contents[key])); err != nil {
				return fmt.Errorf("put %s: %w", key, err)
			}
		}
		return nil
	}}
}

// frames are the days of the last four weeks, on each of which the plans are measured. On
// some of them training data comes into a bucket, one file that the others are copies of.
func frames() (all []day) {
	const size = 64 << 20
	for ago := 27; ago > 0; ago-- {
		all = append(all, day{ago, func(ctx context.Context, y *year) error {
			files := map[int]int{26: 40, 23: 30, 19: 50, 12: 60}[ago]
			for n := range files {
				to := models.ObjectInput{BucketID: y.buckets["ml-datasets"], Key: fmt.Sprintf("frames/%02d/shard-%02d.tar", 28-ago, n+1), ContentType: "application/x-tar"}
				var err error
				if ago == 26 && n == 0 {
					_, err = y.db.PutObject(ctx, y.people[requester], to, bytes.NewReader(make([]byte, size)))
				} else {
					_, err = y.db.CopyObject(ctx, y.people[requester], models.CopyInput{FromBucket: to.BucketID, FromKey: "frames/02/shard-01.tar", To: to})
				}
				if err != nil {
					return fmt.Errorf("put %s: %w", to.Key, err)
				}
			}
			return y.db.MeasurePlans(ctx, y.people[admin])
		}})
	}
	return all
}

func keys(m map[string][]byte) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

func contentType(key string) string {
	switch filepath.Ext(key) {
	case ".txt", ".md", ".log":
		return "text/plain; charset=utf-8"
	case ".csv":
		return "text/csv; charset=utf-8"
	case ".json":
		return "application/json"
	case ".zip", ".jar", ".war":
		return "application/zip"
	}
	return "application/octet-stream"
}

// app is a day on which an application is made.
func app(ago, who int, name, region, category, description string) day {
	return day{ago, func(ctx context.Context, y *year) error {
		a, err := y.db.CreateApp(ctx, y.people[who], models.AppInput{Name: name, Region: region, Category: category, Description: description})
		if err != nil {
			return err
		}
		y.apps[name] = a.ID
		return nil
	}}
}

// version is a day on which a package version is made of a source.
func version(ago, who int, app, label, description, source string) day {
	return day{ago, func(ctx context.Context, y *year) error {
		_, err := y.place(ctx, who, "", "", &models.PkgVersionInput{AppID: y.apps[app], Label: label, Description: description, Source: source})
		if err != nil {
			return err
		}
		return y.work(ctx)
	}}
}

// unchecked is a day on which a package version is made whose check goes on.
func unchecked(ago, who int, app, label, source string) day {
	return day{ago, func(ctx context.Context, y *year) error {
		o, err := y.place(ctx, who, "", "", &models.PkgVersionInput{AppID: y.apps[app], Label: label, Source: source})
		if err != nil {
			return err
		}
		return y.db.SetSampleState(ctx, y.people[admin], models.KindPkgVersion, o.Lines[0].ResourceID, "CHECKING")
	}}
}

// store is a day on which a store is made; state is the one it ends up in.
func store(ago, who int, centre, note string, in *models.StoreInput, state string) day {
	return day{ago, func(ctx context.Context, y *year) error {
		o, err := y.place(ctx, who, centre, note, in)
		if err != nil {
			return err
		}
		id := o.Lines[0].ResourceID
		switch state {
		case "CREATING":
			return y.db.SetSampleState(ctx, y.people[admin], models.KindStore, id, state)
		case "CREATED_FAILED":
			return y.failing(ctx, id)
		}
		if err := y.work(ctx); err != nil || state == "NORMAL" {
			return err
		}
		return y.db.SetSampleState(ctx, y.people[admin], models.KindStore, id, state)
	}}
}

// failing makes the building of a store really fail, with a file in place of
// its folder. The file is removed afterwards, so that a retry succeeds.
func (y *year) failing(ctx context.Context, id string) error {
	path := filepath.Join(y.folder, "stores", id)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		return err
	}
	if err := y.work(ctx); err != nil {
		return err
	}
	return os.Remove(path)
}

func aStore(name, region, cu string, num int64, zones string, description string) *models.StoreInput {
	in := &models.StoreInput{Name: name, Region: region, CU: cu, Num: num, ChargeMode: pricing.PostPaid, Description: &description}
	for z := range strings.SplitSeq(zones, "") {
		in.Zones = append(in.Zones, region+z)
	}
	return in
}

func prepaid(in *models.StoreInput, period pricing.Unit, n int) *models.StoreInput {
	in.ChargeMode, in.PeriodType, in.PeriodNum = pricing.PrePaid, period, n
	return in
}

// archive is a small real archive of the given entries.
func archive(entries map[string]string) []byte {
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	contents := map[string][]byte{}
	for name, text := range entries {
		contents[name] = []byte(text)
	}
	for _, name := range slices.Sorted(keys(contents)) {
		h := &zip.FileHeader{Name: name, Method: zip.Deflate, Modified: time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)}
		w, err := z.CreateHeader(h)
		if err == nil {
			_, err = w.Write(contents[name])
		}
		if err != nil {
			panic(err) // a buffer takes everything
		}
	}
	if err := z.Close(); err != nil {
		panic(err)
	}
	return out.Bytes()
}

func jar(class, version string) []byte {
	return archive(map[string]string{
		"META-INF/MANIFEST.MF":                         "Manifest-Version: 1.0\r\nMain-Class: " + class + "\r\nImplementation-Version: " + version + "\r\n\r\n",
		"application.properties":                       "server.port=8080\nversion=" + version + "\n",
		strings.ReplaceAll(class, ".", "/") + ".class": strings.Repeat("\xca\xfe\xba\xbe"+version, 400),
		"README.md": "# " + class + " " + version + "\n",
	})
}

func war(name, version string) []byte {
	return archive(map[string]string{
		"META-INF/MANIFEST.MF": "Manifest-Version: 1.0\r\nImplementation-Title: " + name + "\r\nImplementation-Version: " + version + "\r\n\r\n",
		"WEB-INF/web.xml":      `<?xml version="1.0"?><web-app version="6.0"><display-name>` + name + `</display-name></web-app>`,
		"index.html":           "<!doctype html><title>" + name + "</title>",
		"static/报表/模板.txt":     "季度报表模板\n",
		"static/app.css":       strings.Repeat(".row{display:flex}\n", 200),
	})
}

// later makes a plan begin so many days from today.
func later(in *models.PlanInput, days int) *models.PlanInput {
	in.EffectiveDate = models.SystemClock().UTC().AddDate(0, 0, days).Format("2006-01-02T15:04:05Z")
	return in
}

// atlas is an order of more lines than a page of paper holds.
func atlas() []models.LineInput {
	var lines []models.LineInput
	for _, region := range []string{"cn-hangzhou", "cn-shanghai", "cn-beijing", "cn-shenzhen"} {
		for _, part := range []string{"raw", "clean", "export"} {
			lines = append(lines, bucket("atlas-"+part+"-"+strings.TrimPrefix(region, "cn-"), region, "项目 Atlas", "atlas", 100))
		}
	}
	for _, t := range []string{shanghai, beijing, hangzhou, shenzhen} {
		lines = append(lines, plan(t, "100", "6", pricing.Monthly))
	}
	return lines
}

// exhausted uses up the traffic plan of so many days ago.
func exhausted(ago int) day {
	return day{ago - 1, func(ctx context.Context, y *year) error {
		plans, err := models.Plans.Read(ctx, y.db, y.people[admin], list.Query{Size: 1})
		if err != nil || len(plans.Rows) == 0 {
			return err
		}
		return y.db.SetSampleState(ctx, y.people[admin], models.KindPlan, plans.Rows[0].ID, "EXHAUSTED")
	}}
}
