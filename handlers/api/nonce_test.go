package api_test

import (
	"net/http"
	"sync"
	"testing"

	"quartermaster/models"
	"quartermaster/models/list"
	"quartermaster/models/modelstest"
	"quartermaster/web/sign"
)

// What changes something notes its nonce with the change, and still of ten that
// are sent at once one is obeyed, also where each would be let through.
func TestACallThatChangesSomethingIsObeyedOnce(t *testing.T) {
	t.Parallel()
	d := open(t)
	call := sign.Request{Method: "POST", Path: "/", Host: d.host(), Header: http.Header{},
		Query: "Action=CreateResourcePackage&Version=2017-12-14&Format=JSON&ProductCode=ossbag&PackageType=FPT_ossbag_absolute_Storage_sh" +
			"&Specification=40&Duration=6&PricingCycle=Month"}.SignRPC(d.Key.ID, d.Key.Secret, d.DB.Now(), "once")
	answers := make([]answer, 10)
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() { answers[i] = d.send(t, call) })
	}
	all.Wait()
	passed, used := 0, 0
	for _, a := range answers {
		switch {
		case a.Status == http.StatusOK:
			passed++
		case refusalOf(t, a) == "SignatureNonceUsed":
			used++
		}
	}
	counts, err := d.DB.Counts(t.Context(), d.Team.Viewer)
	if err != nil || passed != 1 || used != 9 || counts["plan"] != 1 || counts["order"] != 1 {
		t.Errorf("got %d obeyed and %d refused for the nonce, counts %v, %v; want one plan by one of ten", passed, used, counts, err)
	}
	// What is refused uses its nonce up too.
	for _, want := range []string{"InvalidParameter", "SignatureNonceUsed"} {
		call := sign.Request{Method: "POST", Path: "/", Host: d.host(), Header: http.Header{},
			Query: "Action=CreateResourcePackage&Version=2017-12-14&Format=JSON&ProductCode=ossbag&PackageType=FPT_ossbag_absolute_Storage_sh" +
				"&Specification=41&Duration=6"}.SignRPC(d.Key.ID, d.Key.Secret, d.DB.Now(), "refused")
		if got := refusalOf(t, d.send(t, call)); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if plans, _, err := modelstest.List(t.Context(), d.DB, d.Team.Viewer, models.Plans, list.Query{}); err != nil || len(plans) != 1 {
		t.Errorf("got %d plans, %v; want one", len(plans), err)
	}
}
