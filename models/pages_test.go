package models_test

import (
	"context"
	"errors"
	"fmt"
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

func TestABucketNamesItsPlansAndVersions(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team, other := modelstest.NewTeam(t, db), modelstest.NewTeam(t, db)
	by := team.Requester
	app := mustCreateApp(t, db, by, "shop")
	bucket, empty := mustCreateBucket(t, db, by, "sources"), mustCreateBucket(t, db, by, "empty")
	place := func(by models.Actor, region string) string {
		t.Helper()
		in := example()
		in.PackageType = "FPT_ossbag_absolute_Storage_" + region
		return mustPlace(t, db, by, planOrder(in)).Lines[0].ResourceID
	}
	several, own := place(by, "china_common"), place(by, "hz")
	place(by, "sh")
	place(other.Requester, "hz")
	for i := range 11 {
		mustPutObject(t, db, by, bucket, fmt.Sprint(i, ".zip"), zipped(t, fmt.Sprint(i)))
		mustPlaceVersion(t, db, by, &models.PkgVersionInput{AppID: app.ID, Label: fmt.Sprint(i), Source: fmt.Sprint("oss://sources/", i, ".zip")})
	}
	mustPlaceVersion(t, db, by, &models.PkgVersionInput{AppID: app.ID, Label: "elsewhere", Source: "oss://elsewhere/a.zip"})
	p, err := db.FindBucketPage(t.Context(), team.Viewer, bucket.ID, list.Query{})
	if err != nil || len(p.Plans) != 2 || p.Plans[0].ID != own || p.Plans[1].ID != several || p.Plans[0].Type.EN == "" {
		t.Errorf("got plans %+v, %v, want its region's and then that of several", p.Plans, err)
	}
	if len(p.Versions) != 10 || !p.More || p.Versions[0].Label != "10" || len(p.Orders) != 1 {
		t.Errorf("got %d versions, more %t, %d orders; want the newest 10 of 11, and one", len(p.Versions), p.More, len(p.Orders))
	}
	if p, err := db.FindBucketPage(t.Context(), team.Viewer, empty.ID, list.Query{}); err != nil || len(p.Versions) != 0 || p.More || len(p.Plans) != 2 {
		t.Errorf("an empty bucket: got %d versions, more %t, %d plans, %v", len(p.Versions), p.More, len(p.Plans), err)
	}
}
