package api_test

import (
	"net/http"
	"testing"

	"quartermaster/models"
	"quartermaster/web/sign"
)

func TestAForgedCallIsListedAndIsNoUseOfTheKey(t *testing.T) {
	t.Parallel()
	d := open(t)
	list := sign.Request{Method: "POST", Path: "/v1/stores/list", Host: d.host(), Body: []byte("{}"), Header: http.Header{"User-Agent": {"forger"}}}
	if got := d.send(t, list.SignSDK(d.Key.ID, "guessed", d.DB.Now())); got.Status != http.StatusUnauthorized {
		t.Fatalf("got %d, %s; want 401", got.Status, got.Body)
	}
	by := d.Team.Admin
	calls, _, err := d.DB.ListCalls(t.Context(), by, models.CallFilter{Key: d.Key.ID, Failed: true}, models.Page{})
	if err != nil || len(calls) != 1 || !calls[0].Unproven || calls[0].Agent != "forger" {
		t.Errorf("got %+v, %v; want the forged call", calls, err)
	}
	k, err := d.DB.FindAccessKey(t.Context(), by, d.Key.ID)
	if err != nil || k.UsedAt != nil || k.UsedAgent != "" {
		t.Errorf("last use: got %+v, %v; want none", k, err)
	}
	d.send(t, list.SignSDK(d.Key.ID, d.Key.Secret, d.DB.Now()))
	if err := d.DB.FlushCalls(t.Context()); err != nil {
		t.Fatal(err)
	}
	if k, err = d.DB.FindAccessKey(t.Context(), by, d.Key.ID); err != nil || k.UsedAt == nil {
		t.Errorf("after the owner's: got %+v, %v; want a last use", k, err)
	}
}
