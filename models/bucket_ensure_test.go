package models_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"quartermaster/models"
	"quartermaster/models/modelstest"
)

func TestABucketOfANameIsMadeOnceHoweverManyAsk(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team, other := modelstest.NewTeam(t, db), modelstest.NewTeam(t, db)
	ids := make([]string, 20)
	var all sync.WaitGroup
	for i := range ids {
		all.Go(func() {
			b, err := db.EnsureBucket(context.Background(), byAPI(team.Requester), "the-name", "cn-hangzhou")
			if err != nil {
				t.Errorf("ensure bucket: %v", err)
				return
			}
			ids[i] = b.ID
		})
	}
	all.Wait()
	for _, id := range ids {
		if id != ids[0] {
			t.Errorf("got bucket %s, want %s", id, ids[0])
		}
	}
	if counts := mustCounts(t, db, team.Viewer); counts["bucket"] != 1 || counts["order"] != 1 {
		t.Errorf("got counts %v, want one bucket and one order", counts)
	}
	if b, err := db.EnsureBucket(t.Context(), byAPI(team.Requester), "the-name", "cn-shenzhen"); err != nil || b.Region != "cn-hangzhou" {
		t.Errorf("of another region: got %+v, %v, want it as it is", b, err)
	}
	if _, err := db.EnsureBucket(t.Context(), byAPI(other.Requester), "the-name", "cn-hangzhou"); !errors.Is(err, models.ErrConflict) {
		t.Errorf("another team: got %v, want %v", err, models.ErrConflict)
	}
	if _, err := db.EnsureBucket(t.Context(), team.Viewer, "a-name", "cn-hangzhou"); !errors.Is(err, models.ErrForbidden) {
		t.Errorf("viewer: got %v, want %v", err, models.ErrForbidden)
	}
	if _, err := db.EnsureBucket(t.Context(), team.Requester, "a-name", "nowhere"); !rejects(err, "region", "unknown") {
		t.Errorf("no such region: got %v, want region unknown", err)
	}
	if _, err := db.EnsureBucket(t.Context(), team.Requester, "A_Name", "cn-hangzhou"); !rejects(err, "bucket_name", "bucketname") {
		t.Errorf("no such name: got %v, want bucket_name bucketname", err)
	}
}

func TestABucketOfANameThatWaitsIsOneOrder(t *testing.T) {
	t.Parallel()
	db, _, team := holding(t)
	ask := func() int64 {
		var held *models.Held
		if b, err := db.EnsureBucket(t.Context(), byAPI(team.Requester), "the-name", "cn-hangzhou"); !errors.As(err, &held) {
			t.Fatalf("got %+v, %v; want it held", b, err)
		}
		return held.Number
	}
	first := ask()
	if again := ask(); again != first {
		t.Errorf("got order %d, want %d still", again, first)
	}
	mustDecide(t, db, team.Approver, findOrder(t, db, team.Viewer, first), false)
	second := ask()
	if second == first {
		t.Errorf("got order %d, which was rejected", second)
	}
	mustDecide(t, db, team.Approver, findOrder(t, db, team.Viewer, second), true)
	if b, err := db.EnsureBucket(t.Context(), byAPI(team.Requester), "the-name", "cn-hangzhou"); err != nil || b.OrderNumber != second || b.Name != "the-name" {
		t.Errorf("got %+v, %v; want the bucket of order %d", b, err, second)
	}
}
