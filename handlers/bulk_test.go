package handlers_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"quartermaster/models"
	"quartermaster/web/webtest"
)

func TestPickedRowsAreDeletedAfterAPreview(t *testing.T) {
	t.Parallel()
	site := open(t)
	empty := place(t, site, freeOrder("to-be-empty", "")).Lines[0].ResourceID
	kept := place(t, site, freeOrder("to-be-kept", "")).Lines[0].ResourceID
	c := site.SignIn(t, models.Requester)
	p := c.Get(t, "/buckets?sort=name")
	if n := p.Find("#bucket-list-bulk tbody th label:has(a) input[name=pick]").Length(); n != 2 || p.Find("#bucket-list-bulk button[value=delete]").Length() != 1 {
		t.Fatalf("got %d boxes and %q", n, p.Text("#bucket-list-bulk"))
	}
	if p := site.SignIn(t, models.Viewer).Get(t, "/buckets"); p.Find("input[name=pick]").Length() != 2 || p.Find(".picked [name=action]").Length() != 0 || p.Find(".picked [formaction]").Length() != 2 {
		t.Errorf("a viewer picks rows for %q", p.Text(".picked"))
	}
	p = c.Get(t, "/buckets.bulk?back=%2Fbuckets%3Fsort%3Dname&action=delete&pick="+empty+"&pick=none")
	if said := p.Text("#bulk-form"); p.Status != 200 || !strings.Contains(said, "to-be-empty") || !strings.Contains(said, "no longer exists") || p.Find("input[name=pick]").Length() != 1 {
		t.Fatalf("preview: got %d and %q", p.Status, said)
	}
	if p.Text("h1") != "Delete 1 bucket?" {
		t.Errorf("the preview asks %q", p.Text("h1"))
	}
	p = c.Submit(t, p, "#bulk-form", nil)
	done := p.Header.Get("Location")
	if p.Status != 303 || !strings.HasPrefix(done, "/bulks/") {
		t.Fatalf("got %d to %q", p.Status, done)
	}
	if p = c.Get(t, done); !strings.Contains(p.Text("main"), "to-be-empty") || !strings.Contains(p.Text("[role=status]"), "1 of 1 done") {
		t.Errorf("got %q", p.Text("main"))
	}
	if p := site.SignInOther(t, models.Admin).Get(t, done); p.Status != 404 {
		t.Errorf("another team: got %d", p.Status)
	}
	p = c.Get(t, "/buckets.bulk?back=%2Fbuckets&action=delete&all=true")
	if said := p.Text("#bulk-form"); !strings.Contains(said, "to-be-kept") || strings.Contains(said, "to-be-empty") {
		t.Errorf("all: got %q", said)
	}
	if p = c.Get(t, "/buckets.bulk?back=%2Fbuckets&action=delete"); p.Status != 422 || !strings.Contains(p.Text("main"), "at least one") {
		t.Errorf("none: got %d and %q", p.Status, p.Text("main"))
	}
	if p = c.Get(t, "/buckets.bulk?action=paint&pick="+kept); p.Status != 404 {
		t.Errorf("no such action: got %d", p.Status)
	}
	if p := site.SignIn(t, models.Viewer).Get(t, "/buckets.bulk?action=delete&pick="+kept); p.Status != 403 {
		t.Errorf("a viewer: got %d", p.Status)
	}
	if c.Get(t, "/buckets").Find("tbody tr").Length() != 1 {
		t.Error("a preview deleted something")
	}
}

func TestOrdersAreGivenACostCentreAfterAPreview(t *testing.T) {
	t.Parallel()
	site := open(t)
	one := strconv.FormatInt(place(t, site, freeOrder("centre-one", "")).Number, 10)
	c := site.SignIn(t, models.Requester)
	if p := c.Get(t, "/orders?free=true"); p.Find("#order-list-bulk button[value=centre]").Length() != 1 || p.Find("#order-list-bulk button[value=approve]").Length() != 0 {
		t.Fatalf("a requester is offered %q", p.Text("#order-list-bulk"))
	}
	p := c.Get(t, "/orders.bulk?action=centre&back=%2Forders%3Ffree%3Dtrue&pick="+one)
	if p.Status != 200 || p.Has(".error-summary") || !strings.Contains(p.Text("#bulk"), "centre-one") {
		t.Fatalf("preview: got %d and %q", p.Status, p.Text("main"))
	}
	if p := c.Submit(t, p, "#bulk-form", webtest.Values{"cost_centre": ""}); p.Status != 422 || !p.Has(".invalid [name=cost_centre]") || p.Find("input[name=pick]").Length() != 1 {
		t.Errorf("without one: got %d and %q", p.Status, p.Text("#bulk-form"))
	}
	again := c.GetHX(t, "/orders.bulk?action=centre&cost_centre=RD-7&pick="+one, "div#bulk-items")
	if said := again.Text("#bulk"); again.Has("html body main") || !strings.Contains(said, "→") || !strings.Contains(said, "RD-7") {
		t.Errorf("with one: got %q", said)
	}
	p = c.Submit(t, p, "#bulk-form", webtest.Values{"cost_centre": "RD-7"})
	if said := c.Get(t, p.Location()).Text("#bulk"); p.Status != 303 || !strings.Contains(said, "RD-7") {
		t.Errorf("got %d: %q", p.Status, said)
	}
	if got := c.Get(t, "/orders?free=true&centre=RD-7"); got.Find("tbody tr").Length() != 1 {
		t.Errorf("the list has %q", got.Text("tbody"))
	}
	if p := site.SignInOther(t, models.Admin).Get(t, "/orders.bulk?action=centre&pick="+one); !strings.Contains(p.Text("#bulk"), "no longer exists") || strings.Contains(p.Text("#bulk"), "centre-one") {
		t.Errorf("another team: %q", p.Text("main"))
	}
}

func TestOrdersByTheHourAddNoAmountButSaySo(t *testing.T) {
	t.Parallel()
	site := open(t)
	place(t, site, models.OrderInput{Lines: []models.LineInput{&models.StoreInput{Name: "by-the-hour", Region: "cn-north-7", Zones: []string{"cn-north-7b"}, CU: "xlarge", Num: 1, ChargeMode: "postPaid"}}})
	if sum, _ := site.SignIn(t, models.Requester).Get(t, "/orders").Find("tbody input[name=pick]").Attr("data-sum"); sum != "+ Pay as you go" {
		t.Errorf("got %q", sum)
	}
}

func TestAllThatMatchIsDoneAsItWasShown(t *testing.T) {
	t.Parallel()
	site := open(t)
	for i := range models.MaxPicked + 1 {
		place(t, site, freeOrder(fmt.Sprintf("all-match-%03d", i), ""))
	}
	c := site.SignIn(t, models.Requester)
	p := c.Get(t, "/buckets.bulk?back=%2Fbuckets&action=delete&all=true")
	if p.Find("#bulk tbody tr").Length() != models.MaxPicked || p.Find("input[name=pick]").Length() != 0 || !strings.Contains(p.Text("#bulk-items"), "And 1 more") || p.Text("h1") != "Delete 101 buckets?" {
		t.Fatalf("preview: got %q with %d rows", p.Text("h1"), p.Find("#bulk tbody tr").Length())
	}
	place(t, site, freeOrder("all-match-later", ""))
	p = c.Submit(t, p, "#bulk-form", nil)
	if p.Status != 409 || p.Text("h1") != "Delete 102 buckets?" || !p.Has(".callout") {
		t.Fatalf("with another row: got %d and %q", p.Status, p.Text("h1"))
	}
	p = c.Submit(t, p, "#bulk-form", nil)
	here := p.Location()
	if p = c.Get(t, here); !p.Has("#bulk-done[hx-trigger] progress") || !strings.Contains(p.Text("[role=status]"), "0 of 102 done") {
		t.Fatalf("under way: got %q", p.Text("#bulk-done"))
	}
	if p = c.Submit(t, p, "#bulk-done form", nil); p.Location() != here || c.Get(t, here).Has("#bulk-done[hx-trigger]") {
		t.Errorf("stopped: got %d to %q", p.Status, p.Location())
	}
}
