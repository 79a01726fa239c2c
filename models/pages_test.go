package models_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"quartermaster/models"
	"quartermaster/models/list"
	"quartermaster/models/modelstest"
)

func TestPagesOfThingsAreTheTeamsOwn(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team, other := modelstest.NewTeam(t, db), modelstest.NewTeam(t, db)
	ids := map[models.Kind]string{models.KindApp: mustCreateApp(t, db, team.Requester, "shop").ID}
	for kind, in := range oneOfEach(t, db, team.Requester, "desk") {
		ids[kind] = mustPlace(t, db, team.Requester, in).Lines[0].ResourceID
	}
	modelstest.Work(t, db)
	find := map[models.Kind]func(ctx context.Context, by models.Actor, id string) (models.About, error){
		models.KindApp: func(ctx context.Context, by models.Actor, id string) (models.About, error) {
			p, err := db.FindAppPage(ctx, by, id)
			return p.About, err
		},
		models.KindBucket: func(ctx context.Context, by models.Actor, id string) (models.About, error) {
			if _, err := models.Objects.Read(ctx, db, by, list.Query{Of: id}); err != nil {
				return models.About{}, err
			}
			p, err := db.FindBucketPage(ctx, by, id, list.Query{})
			return p.About, err
		},
		models.KindPkgVersion: func(ctx context.Context, by models.Actor, id string) (models.About, error) {
			p, err := db.FindPkgVersionPage(ctx, by, id)
			return p.About, err
		},
		models.KindPlan: func(ctx context.Context, by models.Actor, id string) (models.About, error) {
			p, err := db.FindPlanPage(ctx, by, id)
			return p.About, err
		},
		models.KindStore: func(ctx context.Context, by models.Actor, id string) (models.About, error) {
			p, err := db.FindStorePage(ctx, by, id)
			return p.About, err
		},
	}
	for kind, find := range find {
		if a, err := find(t.Context(), team.Viewer, ids[kind]); err != nil || len(a.Events) == 0 || len(a.Regions) == 0 {
			t.Errorf("%s: got %d events, %d regions, %v; want some of both", kind, len(a.Events), len(a.Regions), err)
		}
		if _, err := find(t.Context(), other.Admin, ids[kind]); !errors.Is(err, models.ErrNotFound) {
			t.Errorf("%s of another team: got %v, want ErrNotFound", kind, err)
		}
	}
}

func TestThingsNameWhatTheyHangTogetherWith(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team, other := modelstest.NewTeam(t, db), modelstest.NewTeam(t, db)
	by := team.Requester
	app := mustCreateApp(t, db, by, "shop")
	bucket, empty := mustCreateBucket(t, db, by, "sources"), mustCreateBucket(t, db, by, "empty")
	place := func(by models.Actor, region string) (id string, order int64) {
		t.Helper()
		in := example()
		in.PackageType = "FPT_ossbag_absolute_Storage_" + region
		o := mustPlace(t, db, by, planOrder(in))
		return o.Lines[0].ResourceID, o.Number
	}
	place(by, "china_common") // which is drawn from when the own is used up
	own, order := place(by, "hz")
	place(by, "sh")
	place(other.Requester, "hz")
	var version *models.PkgVersion
	for i := range 4 {
		mustPutObject(t, db, by, bucket, fmt.Sprint(i, ".zip"), zipped(t, fmt.Sprint(i)))
		version = mustPlaceVersion(t, db, by, &models.PkgVersionInput{AppID: app.ID, Label: fmt.Sprint(i), Source: fmt.Sprint("oss://sources/", i, ".zip")})
	}
	if err := db.MeasurePlans(t.Context(), team.Admin); err != nil {
		t.Fatal(err)
	}
	store := mustPlace(t, db, by, storeOrder(storeInput("papers")))
	modelstest.Work(t, db)

	whole := func(what string, got models.Ties, err error, versions int, more bool) {
		t.Helper()
		if err != nil || len(got.Versions) != versions || got.More[models.KindPkgVersion] != more || len(got.Buckets) != 1 || got.Buckets[0].ID != bucket.ID {
			t.Errorf("%s: got %d versions, more %t, buckets %+v, %v; want %d, %t, %s", what, len(got.Versions), got.More[models.KindPkgVersion], got.Buckets, err, versions, more, bucket.ID)
		}
		if !slices.Equal(got.Draws[bucket.ID], []string{own}) || len(got.Plans) != 1 || got.Plans[0].Type.EN == "" || len(got.Orders) != 1 || !slices.Equal(got.Made[order], []string{own}) {
			t.Errorf("%s: got draws %v of %d plans made by %v; want that of its region, by its order", what, got.Draws, len(got.Plans), got.Made)
		}
	}
	ofBucket, err := db.FindBucketPage(t.Context(), team.Viewer, bucket.ID, list.Query{})
	whole("bucket", ofBucket.Ties, err, 3, true)
	ofApp, err := db.FindAppPage(t.Context(), team.Viewer, app.ID)
	whole("application", ofApp.Ties, err, 3, true)
	if check, err := db.FindPkgVersionCheck(t.Context(), team.Viewer, version.ID); err != nil || check.Ties.Versions != nil || check.Ties.Buckets != nil {
		t.Errorf("while it is checked: got %v, %v, want no ties read", check.Ties, err)
	}
	ofVersion, err := db.FindPkgVersionPage(t.Context(), team.Viewer, version.ID)
	whole("version", ofVersion.Ties, err, 1, false)
	if p, err := db.FindBucketPage(t.Context(), team.Viewer, empty.ID, list.Query{}); err != nil || len(p.Ties.Versions)+len(p.Ties.Plans) != 0 {
		t.Errorf("an empty bucket: got %+v, %v, want nothing but it", p.Ties, err)
	}
	if p, err := db.FindPlanPage(t.Context(), team.Viewer, own); err != nil || len(p.Ties.Buckets) != 1 || !slices.Equal(p.Ties.Draws[bucket.ID], []string{own}) || !slices.Equal(p.Ties.Made[order], []string{own}) {
		t.Errorf("a plan: got %+v, %v, want the bucket that drew from it and its order", p.Ties, err)
	}
	if p, err := db.FindStorePage(t.Context(), team.Viewer, store.Lines[0].ResourceID); err != nil || !slices.Equal(p.Ties.Made[store.Number], []string{store.Lines[0].ResourceID}) {
		t.Errorf("a store: got %+v, %v, want its order", p.Ties, err)
	}
	if p, err := db.FindOrderPage(t.Context(), team.Viewer, version.OrderNumber); err != nil || len(p.Ties.Versions) != 1 || len(p.Ties.Buckets) != 1 || len(p.Ties.Plans) != 1 || len(p.Ties.Orders) != 1 {
		t.Errorf("an order: got %+v, %v, want its version, its bucket and the plan of that", p.Ties, err)
	}
	if p, err := db.FindAppPage(t.Context(), team.Viewer, mustCreateApp(t, db, by, "idle").ID); err != nil || len(p.Ties.Versions)+len(p.Ties.Buckets)+len(p.Ties.Plans) != 0 {
		t.Errorf("an application without versions: got %+v, %v, want nothing", p.Ties, err)
	}
}

// What a page asks for does not grow with what its thing hangs together with.
func TestTiesAskForFewThings(t *testing.T) {
	if modelstest.Postgres() {
		t.Skip("PostgreSQL is asked the same")
	}
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	app, bucket := mustCreateApp(t, db, team.Requester, "shop"), mustCreateBucket(t, db, team.Requester, "sources")
	var asked []string
	if err := db.SeeSteps(func(statement string, _ []string) { asked = append(asked, statement) }); err != nil {
		t.Fatal(err)
	}
	count := func() int {
		t.Helper()
		asked = nil
		if _, err := db.FindAppPage(t.Context(), team.Viewer, app.ID); err != nil {
			t.Fatal(err)
		}
		return len(asked)
	}
	counts := []int{}
	for i := range 5 {
		mustPutObject(t, db, team.Requester, bucket, fmt.Sprint(i, ".zip"), zipped(t, fmt.Sprint(i)))
		mustPlaceVersion(t, db, team.Requester, &models.PkgVersionInput{AppID: app.ID, Label: fmt.Sprint(i), Source: fmt.Sprint("oss://sources/", i, ".zip")})
		in := example()
		in.PackageType = "FPT_ossbag_absolute_Storage_hz"
		mustPlace(t, db, team.Requester, planOrder(in))
		if err := db.MeasurePlans(t.Context(), team.Admin); err != nil {
			t.Fatal(err)
		}
		counts = append(counts, count())
	}
	if counts[0] != counts[4] || counts[4] > 14 {
		t.Errorf("asks %v statements, want as many each time and at most 14:\n%s", counts, strings.Join(asked, "\n"))
	}
}
