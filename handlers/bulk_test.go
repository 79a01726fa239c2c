package handlers_test

import (
	"strings"
	"testing"

	"quartermaster/models"
)

func TestPickedRowsAreDeletedAfterAPreview(t *testing.T) {
	t.Parallel()
	site := open(t)
	empty := place(t, site, freeOrder("to-be-empty", "")).Lines[0].ResourceID
	kept := place(t, site, freeOrder("to-be-kept", "")).Lines[0].ResourceID
	c := site.SignIn(t, models.Requester)
	p := c.Get(t, "/buckets?sort=name")
	if n := p.Find(`tbody th input[name=pick][form="bucket-list-bulk"]`).Length(); n != 2 || p.Find("#bucket-list-bulk button[value=delete]").Length() != 1 {
		t.Fatalf("got %d boxes and %q", n, p.Text("#bucket-list-bulk"))
	}
	if p := site.SignIn(t, models.Viewer).Get(t, "/buckets"); p.Find("input[name=pick]").Length() != 0 || p.Find(".picked").Length() != 0 {
		t.Error("a viewer may pick rows")
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
	if p = c.Get(t, done); !strings.Contains(p.Text("main"), "to-be-empty") || !strings.Contains(p.Text("h1"), "Deleted 1") {
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
