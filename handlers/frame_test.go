package handlers_test

import (
	"net/http"
	"strings"
	"testing"

	"quartermaster/models"
)

// Who comes to what is not there, or not for them, still has the console around them, and
// is told which role it takes.
func TestARefusalStaysInTheFrameAndNamesTheRole(t *testing.T) {
	t.Parallel()
	site := open(t)
	viewer, admin := site.SignIn(t, models.Viewer), site.SignIn(t, models.Admin)
	bucket := newBucket(t, site, site.Team, models.BucketInput{Name: "framed", Tags: "filed"})
	for _, tt := range []struct {
		path   string
		status int
		says   string
	}{
		{"/stores/new", http.StatusForbidden, "needs the role Requester; you are Viewer"},
		{"/team/keys", http.StatusForbidden, "needs the role Team admin; you are Viewer"},
		{"/tags/bucket/" + bucket, http.StatusForbidden, "needs the role Requester; you are Viewer"},
		{"/team/tags/change?tag=filed", http.StatusForbidden, "needs the role Team admin; you are Viewer"},
		{"/team/settings", http.StatusForbidden, "needs the role Team admin"},
		{"/site/teams", http.StatusForbidden, "needs the role Site admin"},
		{"/orders/1", http.StatusNotFound, "belongs to another team"},
		{"/nothing", http.StatusNotFound, "The address is wrong"},
	} {
		p := viewer.Get(t, tt.path)
		if p.Status != tt.status || !p.Has(".sidebar a[href='/orders']") || !strings.Contains(p.Text("main"), tt.says) || p.Find("h1").Length() != 1 {
			t.Errorf("%s: got %d in the frame: %t, %q; want %d and %q", tt.path, p.Status, p.Has(".sidebar"), p.Text("main"), tt.status, tt.says)
		}
	}
	if p := admin.Get(t, "/site/teams"); !strings.Contains(p.Text("main"), "Site admin") {
		t.Errorf("a team's admin at the site: %q", p.Text("main"))
	}
	if p := site.Visitor(t).Get(t, "/nothing"); p.Status != http.StatusNotFound || p.Has(".sidebar") {
		t.Errorf("nobody: got %d, in the frame: %t", p.Status, p.Has(".sidebar"))
	}
}

// A form opens with the region that the team uses, of those that are offered, and what it
// has made leads to its order.
func TestAFormHasTheUsualRegionAndWhatItMadeLeadsToItsOrder(t *testing.T) {
	t.Parallel()
	site := open(t)
	c := site.SignIn(t, models.Requester)
	chosen := func(path string) string {
		return c.Get(t, path).Find("#region option[selected]").AttrOr("value", "")
	}
	if got := chosen("/buckets/new"); got != "" {
		t.Errorf("a team without buckets: got %q, want no region", got)
	}
	for name, region := range map[string]string{"one": "cn-beijing", "two": "cn-hangzhou", "three": "cn-beijing"} {
		newBucket(t, site, site.Team, models.BucketInput{Name: "usual-" + name, Region: region})
	}
	for path, want := range map[string]string{"/buckets/new": "cn-beijing", "/buckets/new?region=cn-shanghai": "cn-shanghai"} {
		if got := chosen(path); got != want {
			t.Errorf("%s: got %q, want %q", path, got, want)
		}
	}
	made := c.Submit(t, c.Get(t, "/buckets/new"), "#bucket-form", nil)
	page := c.Get(t, made.Location())
	links := page.Links("#toast a")
	if made.Status != http.StatusSeeOther || len(links) != 1 || !strings.HasPrefix(links[0], "/orders/2") || !strings.Contains(page.Text("#toast"), "Drop files below") {
		t.Fatalf("made: got %d, %q with %q", made.Status, page.Text("#toast"), links)
	}
	if p := c.Get(t, links[0]); p.Status != http.StatusOK {
		t.Errorf("%s: got %d", links[0], p.Status)
	}
	if got := limited(t, site, models.OnlyInput{Regions: []string{"cn-hangzhou"}}).Get(t, "/buckets/new").Find("#region option[selected]").AttrOr("value", ""); got == "cn-beijing" {
		t.Error("a region that a member may not order in is chosen")
	}
}
