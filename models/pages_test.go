package models_test

import (
	"context"
	"errors"
	"testing"

	"quartermaster/models"
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
			p, err := db.FindAppPage(ctx, by, id, models.PkgVersionFilter{}, models.Page{})
			return p.About, err
		},
		models.KindBucket: func(ctx context.Context, by models.Actor, id string) (models.About, error) {
			if _, err := db.FindFolderPage(ctx, by, id, "", models.Page{}); err != nil {
				return models.About{}, err
			}
			p, err := db.FindBucketPage(ctx, by, id, models.Page{})
			return p.About, err
		},
		models.KindPkgVersion: func(ctx context.Context, by models.Actor, id string) (models.About, error) {
			p, err := db.FindPkgVersionPage(ctx, by, id)
			return p.About, err
		},
		models.KindPlan: func(ctx context.Context, by models.Actor, id string) (models.About, error) {
			p, err := db.FindPlanPage(ctx, by, id, models.Page{})
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
