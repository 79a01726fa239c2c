package api_test

import (
	"net/http"
	"strings"
	"testing"

	"quartermaster/models"
	"quartermaster/models/list"
	"quartermaster/web/sign"
)

// limited is a key whose member may order only some things.
func (d *desk) limited(t testing.TB, in models.OnlyInput) key {
	t.Helper()
	if _, err := d.DB.LimitMember(t.Context(), d.Team.Admin, d.Team.Requester.UserID, in); err != nil {
		t.Fatal(err)
	}
	return d.newKey(t, models.AccessKeyInput{Name: "limited", User: d.Team.Requester.UserID})
}

func TestAKeyOrdersOnlyThePlansThatItsMemberMay(t *testing.T) {
	eachBSS(t, func(t *testing.T, d *desk, w bssWay) {
		in := samplePackage(d)
		k := d.limited(t, models.OnlyInput{Kinds: []string{"bucket"}})
		if a := w.refuses(t, d, k, "CreateResourcePackage", in, "NotAuthorized"); w.client != "go-sdk xml" && !strings.Contains(a.Message, "may not order this kind, product or region") {
			t.Errorf("got %q, want it said", a.Message)
		}
		if got := w.call(t, d, k, "GetResourcePackagePrice", in); got.Code != "Success" {
			t.Errorf("asks for a price: got %s %s", got.Code, got.Message)
		}
		if _, err := d.DB.LimitMember(t.Context(), d.Team.Admin, d.Team.Requester.UserID, models.OnlyInput{Products: []string{"ossbag"}}); err != nil {
			t.Fatal(err)
		}
		if got := w.call(t, d, k, "CreateResourcePackage", in); got.Code != "Success" {
			t.Errorf("what they may order by now: got %s %s", got.Code, got.Message)
		}
	})
}

func TestAKeyOrdersOnlyTheStoresAndStoragesThatItsMemberMay(t *testing.T) {
	t.Parallel()
	d := open(t)
	k := d.limited(t, models.OnlyInput{Kinds: []string{"plan"}})
	if a := storesBySignature(t, d, k, "CreateStore", namedStore(t, "handbook"), nil); a.Status != http.StatusForbidden || a.Code != "APIGW.0302" {
		t.Errorf("a store: got %d %s, want 403 APIGW.0302", a.Status, a.Code)
	}
	if o := byHand(form, sign.Request.SignROA)(t, d, k, "CreateStorage", p("RegionId", region)); o.Code != "PermissionDenied" {
		t.Errorf("a storage: got %s %s, want PermissionDenied", o.Code, o.Message)
	}
	page, err := models.Events.Read(t.Context(), d.DB, d.Team.Viewer, list.Query{Size: 2, Filters: map[string]string{"key": k.ID}})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"CreateStorage", "CreateStore"} {
		e := page.Rows[i]
		if e.Action != "team.attempt" || e.SubjectName != want || e.Face != models.ByAPI || e.Address == "" || e.Agent == "" || e.RequestID == "" {
			t.Errorf("the record has %+v, want the refused %s", e, want)
		}
	}
}

// TestWhatOnlyItsRequesterCouldApproveIsNotPlaced orders on every face what an admin has to
// approve, where the only admin asks, or made the key that asks.
func TestWhatOnlyItsRequesterCouldApproveIsNotPlaced(t *testing.T) {
	t.Parallel()
	d := open(t)
	if err := d.DB.PutRule(t.Context(), d.Team.Admin, 0, true, models.RuleInput{Step1: "admin"}); err != nil {
		t.Fatal(err)
	}
	for _, w := range bssWays {
		w.refuses(t, d, d.Key, "CreateResourcePackage", samplePackage(d), "NotAuthorized")
	}
	if a := storesBySignature(t, d, d.Key, "CreateStore", namedStore(t, "handbook"), nil); a.Status != http.StatusForbidden || a.Code != "APIGW.0302" {
		t.Errorf("a store: got %d %s, want 403 APIGW.0302", a.Status, a.Code)
	}
	if o := byHand(form, sign.Request.SignROA)(t, d, d.Key, "CreateStorage", p("RegionId", region)); o.Code != "PermissionDenied" {
		t.Errorf("a storage: got %s %s, want PermissionDenied", o.Code, o.Message)
	}
	c := d.SignIn(t, models.Admin)
	const plan = "/plans/new?product_code=ossbag&package_type=FPT_ossbag_absolute_Storage_sh&specification=40&duration=6"
	for path, id := range map[string]string{plan: "#plan-form", "/buckets/new?region=cn-hangzhou": "#bucket-form", "/stores/new?region=cn-north-7&zones=cn-north-7c&cu=xlarge&num=1&store_name=kb-docs": "#store-form"} {
		page := c.Get(t, path)
		if got := page.Text("#summary"); !strings.Contains(got, "Only you could approve this order, so it cannot be placed") {
			t.Errorf("%s: the summary says %q", path, got)
		}
		if sent := c.Submit(t, page, "form"+id, nil); sent.Status != http.StatusUnprocessableEntity || !strings.Contains(sent.Text(".error-summary"), "Only you could approve this order") {
			t.Errorf("%s: got %d %q, want it refused", path, sent.Status, sent.Text(".error-summary"))
		}
	}
	if counts, err := d.DB.Counts(t.Context(), d.Team.Viewer); err != nil || counts["order"] != 0 {
		t.Errorf("got counts %v, %v; want no order", counts, err)
	}
}
