package handlers_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"quartermaster/models"
)

// The map of what hangs together leads from each thing to all others on it.
func TestPagesLeadToWhatTheirThingsHangTogetherWith(t *testing.T) {
	t.Parallel()
	site := open(t)
	by := site.Team.Requester
	app, bucket := newApp(t, site, "shop"), newBucket(t, site, site.Team, models.BucketInput{Name: "sources"})
	if _, err := site.DB.PutObject(t.Context(), by, models.ObjectInput{BucketID: bucket, Key: "a.zip", Sent: models.Sent{Limit: 9}}, strings.NewReader("x")); err != nil {
		t.Fatal(err)
	}
	order, err := site.DB.PlaceOrder(t.Context(), by, models.OrderInput{Lines: []models.LineInput{&models.PkgVersionInput{AppID: app.ID, Label: "1.0", Source: "oss://sources/a.zip"}}})
	if err != nil {
		t.Fatal(err)
	}
	version := "/pkg-versions/" + order.Order.Lines[0].ResourceID
	c := site.SignIn(t, models.Viewer)
	want := []string{"/apps/" + app.ID, version, "/buckets/" + bucket + "/object?key=a.zip", "/buckets/" + bucket}
	for _, path := range []string{want[0], version, want[3] + "/details", fmt.Sprint("/orders/", order.Order.Number)} {
		p := c.Get(t, path)
		links := p.Links("#ties")
		for _, href := range want {
			if !slices.Contains(links, href) {
				t.Errorf("%s: the map leads to %q, not to %s", path, links, href)
			}
		}
		if here := p.Links("#ties [aria-current]"); len(here) != 1 || !strings.HasPrefix(path, here[0]) {
			t.Errorf("%s: the map says that it is %q", path, here)
		}
	}
	store := orderStore(t, site.SignIn(t, models.Requester), "handbook")
	if links := c.Get(t, store).Links("#ties"); len(links) != 2 || links[1] != store {
		t.Errorf("a store: the map leads to %q, want its order and it", links)
	}
	if p := c.Get(t, "/apps/"+newApp(t, site, "idle").ID); p.Has("#ties") {
		t.Error("an application without versions has a map")
	}
}
