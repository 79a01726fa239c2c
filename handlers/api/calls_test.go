package api_test

import (
	"net/http"
	"strings"
	"testing"
	"unicode"

	"quartermaster/models"
	"quartermaster/models/list"
	"quartermaster/models/modelstest"
	"quartermaster/web/sign"
)

func TestAForgedCallIsListedAndIsNoUseOfTheKey(t *testing.T) {
	t.Parallel()
	d := open(t)
	forged := sign.Request{Method: "POST", Path: "/v1/stores/list", Host: d.host(), Body: []byte("{}"), Header: http.Header{"User-Agent": {"forger"}}}
	if got := d.send(t, forged.SignSDK(d.Key.ID, "guessed", d.DB.Now())); got.Status != http.StatusUnauthorized {
		t.Fatalf("got %d, %s; want 401", got.Status, got.Body)
	}
	by := d.Team.Admin
	calls, _, err := modelstest.List(t.Context(), d.DB, by, models.Calls, list.Query{Of: d.Key.ID, Filters: list.With("failed", "true").Filters})
	if err != nil || len(calls) != 1 || !calls[0].Unproven || calls[0].Agent != "forger" {
		t.Errorf("got %+v, %v; want the forged call", calls, err)
	}
	k, err := d.DB.FindAccessKey(t.Context(), by, d.Key.ID)
	if err != nil || k.UsedAt != nil || k.UsedAgent != "" {
		t.Errorf("last use: got %+v, %v; want none", k, err)
	}
	d.send(t, forged.SignSDK(d.Key.ID, d.Key.Secret, d.DB.Now()))
	if err := d.DB.FlushCalls(t.Context()); err != nil {
		t.Fatal(err)
	}
	if k, err = d.DB.FindAccessKey(t.Context(), by, d.Key.ID); err != nil || k.UsedAt == nil {
		t.Errorf("after the owner's: got %+v, %v; want a last use", k, err)
	}
}

// One who knows no more than the id of a key must not keep the calls of others
// from being listed.
func TestACallForAnOperationOfAnyBytesIsListed(t *testing.T) {
	t.Parallel()
	d := open(t)
	for _, name := range []string{"%00", "Query%00Orders%1B", "%FF"} {
		forged := sign.Request{Method: "GET", Path: "/", Host: d.host(), Header: http.Header{}, Query: "Format=JSON&Action=" + name}
		if got := refusalOf(t, d.send(t, forged.SignRPC(d.Key.ID, "guessed", d.DB.Now(), "1"))); got != "SignatureDoesNotMatch" {
			t.Fatalf("%s: got %s, want SignatureDoesNotMatch", name, got)
		}
	}
	rightly := rpc(d).SignRPC(d.Key.ID, d.Key.Secret, d.DB.Now(), "2")
	if got := d.send(t, rightly); got.Status != http.StatusOK {
		t.Fatalf("got %d, %s; want 200", got.Status, got.Body)
	}
	calls, _, err := modelstest.List(t.Context(), d.DB, d.Team.Admin, models.Calls, list.Query{Of: d.Key.ID})
	if err != nil || len(calls) != 4 {
		t.Fatalf("got %+v, %v; want four calls", calls, err)
	}
	for _, c := range calls {
		if strings.ContainsFunc(c.Operation, unicode.IsControl) {
			t.Errorf("operation %q is listed as it came, want it without what is no text", c.Operation)
		}
	}
}
