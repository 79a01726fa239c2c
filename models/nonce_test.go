package models_test

import (
	"context"
	"errors"
	"testing"

	"quartermaster/models"
	"quartermaster/models/modelstest"
)

// signed does what a signed request does that changes something: told is
// whether its caller gets to know what came of it.
func signed(db *models.DB, by models.Actor, nonce string, in models.OrderInput) (told bool, err error) {
	ctx, n := models.WithNonce(context.Background(), "QM1", nonce)
	_, err = db.PlaceOrder(ctx, by, in)
	settled := db.SettleNonce(ctx, n)
	if settled != nil && !errors.Is(settled, models.ErrConflict) {
		return false, settled
	}
	return settled == nil, err
}

func TestOfRepeatedChangesOneIsMadeAndTold(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	for what, token := range map[string]string{"without a token": "", "with a token": "once"} {
		before := mustCounts(t, db, team.Viewer)["bucket"]
		told := make([]bool, 10)
		for i, err := range together(10, func(i int) (err error) {
			told[i], err = signed(db, byAPI(team.Requester), what, bucketOrder("", token))
			return err
		}) {
			if told[i] != (err == nil) && token == "" {
				t.Errorf("%s: told %t, got %v", what, told[i], err)
			}
		}
		n := 0
		for _, yes := range told {
			if yes {
				n++
			}
		}
		if made := mustCounts(t, db, team.Viewer)["bucket"] - before; n != 1 || made != 1 {
			t.Errorf("%s: of ten at once %d made and %d told, want one", what, made, n)
		}
		if err := db.UseNonce(t.Context(), "QM1", what); !errors.Is(err, models.ErrConflict) {
			t.Errorf("%s: the nonce is free afterwards: %v", what, err)
		}
	}
}

func TestANonceOfARefusedChangeIsUsedUp(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	mustPlace(t, db, team.Requester, bucketOrder("taken", ""))
	for what, in := range map[string]models.OrderInput{
		"in the change": bucketOrder("taken", ""), "before the change": bucketOrder("Not A Name", ""),
	} {
		if told, err := signed(db, team.Requester, what, in); !told || err == nil {
			t.Errorf("refused %s: told %t, got %v; want it told why", what, told, err)
		}
		// What was refused might pass now, but nobody signed for it again.
		if told, err := signed(db, team.Requester, what, bucketOrder("", "")); told || !errors.Is(err, models.ErrConflict) {
			t.Errorf("refused %s, repeated: told %t, got %v; want %v and nothing told", what, told, err, models.ErrConflict)
		}
	}
	if counts := mustCounts(t, db, team.Viewer); counts["bucket"] != 1 {
		t.Errorf("got counts %v, want one bucket", counts)
	}
}

func TestAChangeAndItsNonceAreKeptTogether(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	ctx, n := models.WithNonce(t.Context(), "QM1", "n")
	broken := errors.New("broken")
	if err := db.Tx(ctx, func(ctx context.Context, tx *models.DB) error { return broken }); !errors.Is(err, broken) {
		t.Fatalf("got %v", err)
	}
	if rows, err := db.Rows(t.Context(), "nonces"); err != nil || rows != 0 {
		t.Errorf("after a change that failed: got %d nonces, %v; want none", rows, err)
	}
	for range 2 { // the second change of a request does not meet its own nonce
		if err := db.Tx(ctx, func(ctx context.Context, tx *models.DB) error { return nil }); err != nil {
			t.Errorf("got %v, want the change", err)
		}
	}
	if err := db.SettleNonce(ctx, n); err != nil {
		t.Errorf("settle: got %v", err)
	}
	if rows, err := db.Rows(t.Context(), "nonces"); err != nil || rows != 1 {
		t.Errorf("got %d nonces, %v; want one", rows, err)
	}
}
