package models_test

import (
	"errors"
	"fmt"
	"testing"

	"quartermaster/models"
	"quartermaster/models/list"
	"quartermaster/models/modelstest"
)

func TestOrderSheetBelongsToItsTeam(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team, other := modelstest.NewTeam(t, db), modelstest.NewTeam(t, db)
	order := mustPlace(t, db, team.Requester, bucketOrder("quarterly-reports", ""))
	if _, err := db.FindOrderSheet(t.Context(), other.Admin, order.Number); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("another team: got %v, want not found", err)
	}
	if err := db.RetryOrder(t.Context(), other.Admin, order.Number); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("another team's retry: got %v, want not found", err)
	}
	if err := db.RetryOrder(t.Context(), team.Viewer, order.Number); !errors.Is(err, models.ErrForbidden) {
		t.Errorf("a viewer's retry: got %v, want forbidden", err)
	}
	if err := db.RetryOrder(t.Context(), team.Requester, order.Number); !errors.Is(err, models.ErrConflict) {
		t.Errorf("retry of a completed order: got %v, want conflict", err)
	}
	sheet, err := db.FindOrderSheet(t.Context(), team.Viewer, order.Number)
	if err != nil {
		t.Fatal(err)
	}
	bucket := sheet.Order.Lines[0].ResourceID
	if sheet.Gone[bucket] || sheet.Order.LineCount != 1 || sheet.Regions["cn-hangzhou"].EN == "" {
		t.Errorf("got gone %v, %d lines, region %+v", sheet.Gone, sheet.Order.LineCount, sheet.Regions["cn-hangzhou"])
	}
	if err := db.DeleteBucket(t.Context(), team.Requester, bucket); err != nil {
		t.Fatal(err)
	}
	sheet, err = db.FindOrderSheet(t.Context(), team.Viewer, order.Number)
	if err != nil || !sheet.Gone[bucket] {
		t.Errorf("after deletion: got gone %v, %v; want the bucket", sheet.Gone, err)
	}
	events, _, err := modelstest.List(t.Context(), db, team.Viewer, models.Events, list.With("order", fmt.Sprint(order.Number)))
	if err != nil || len(events) != 2 {
		t.Fatalf("got %d events of the order, %v; want placed and created", len(events), err)
	}
	if events[1].Action != "order.placed" {
		t.Errorf("got %s as the first event of the order, want order.placed", events[1].Action)
	}
	for _, e := range events {
		if want := e.Kind == models.KindBucket; e.Gone != want {
			t.Errorf("%s: got gone %t, want %t", e.Action, e.Gone, want)
		}
	}
}

func TestFailedOrderGoesOnWhenItIsRetried(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	unblock := block(t, db)
	store := placeStore(t, db, team.Requester, storeInput("kb-legal"))
	modelstest.Work(t, db)
	sheet, err := db.FindOrderSheet(t.Context(), team.Viewer, store.OrderNumber)
	if err != nil || sheet.Order.State != models.OrderFailed || sheet.Failures[store.ID] == "" {
		t.Fatalf("got %s with failures %v, %v; want failed and why", sheet.Order.State, sheet.Failures, err)
	}
	unblock()
	if err := db.RetryOrder(t.Context(), team.Requester, store.OrderNumber); err != nil {
		t.Fatal(err)
	}
	if got := findOrder(t, db, team.Viewer, store.OrderNumber).State; got != models.OrderFulfilling {
		t.Errorf("after the retry: got %s, want fulfilling", got)
	}
	if err := db.RetryOrder(t.Context(), team.Requester, store.OrderNumber); !errors.Is(err, models.ErrConflict) {
		t.Errorf("second retry: got %v, want conflict", err)
	}
	modelstest.Work(t, db)
	if got := findOrder(t, db, team.Viewer, store.OrderNumber).State; got != models.OrderCompleted {
		t.Errorf("after the work: got %s, want completed", got)
	}
}

func TestLineAsQueryFillsItsFormAgain(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	order := mustPlace(t, db, team.Requester, models.OrderInput{Lines: []models.LineInput{
		&models.BucketInput{Name: "data-lake", Region: "cn-shanghai", Description: "a & b", LimitGB: 500, Tags: "x, y", Storage: true},
	}})
	s, err := db.FindOrderSheet(t.Context(), team.Viewer, order.Number)
	if err != nil {
		t.Fatal(err)
	}
	const want = "bucket_name=data-lake&description=a+%26+b&region=cn-shanghai&size_limit=500&tags=x%2C+y"
	if got := s.Forms[0].Encode(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
