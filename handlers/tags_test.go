package handlers_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"quartermaster/models"
	"quartermaster/web/webtest"
)

// known are what the field for tags offers for a text.
func known(t *testing.T, c *webtest.Client, typed string) (all []string) {
	t.Helper()
	p := c.Get(t, "/tags/known?tags="+url.QueryEscape(typed))
	p.Find("option").Each(func(_ int, o *goquery.Selection) { all = append(all, o.AttrOr("value", "")) })
	return all
}

func TestTagsAreEditedOnThePageOfAThing(t *testing.T) {
	t.Parallel()
	site := open(t)
	id := place(t, site, freeOrder("filed-away", "")).Lines[0].ResourceID
	c := site.SignIn(t, models.Requester)
	page := c.Get(t, "/buckets/"+id+"/details")
	p := c.Submit(t, page, "#tags-form", webtest.Values{"tags": "Prod, <b>财务"})
	if p.Status != 303 || p.Location() != "/buckets/"+id+"/details" {
		t.Fatalf("got %d to %q: %s", p.Status, p.Location(), p.Text("main"))
	}
	p = c.Get(t, p.Location())
	if got := p.Links(".facts .tags"); !slices.Equal(got, []string{"/buckets?tag=Prod", "/buckets?tag=%3Cb%3E%E8%B4%A2%E5%8A%A1"}) {
		t.Errorf("got links %q", got)
	}
	if !strings.Contains(p.Text("#activity"), "Changed tags of bucket") {
		t.Errorf("the page tells of %q", p.Text("#activity"))
	}
	// A page of before does not undo it, and loses nothing.
	if p = c.Submit(t, page, "#tags-form", webtest.Values{"tags": "older"}); p.Status != 422 || p.Find("#tags").AttrOr("value", "") != "older" || p.Text("#tags-note") == "" {
		t.Errorf("older: got %d, %q and %q", p.Status, p.Find("#tags").AttrOr("value", ""), p.Text("#tags-note"))
	}
	long := strings.Repeat("x", 41)
	p = c.Submit(t, c.Get(t, "/tags/bucket/"+id), "#tags-form", webtest.Values{"tags": long})
	if p.Status != 422 || p.Find("#tags").AttrOr("value", "") != long || p.Text("#tags-note") == "" || !p.Has(".error-summary a[href='#tags']") {
		t.Errorf("refused: got %d and %q", p.Status, p.Text("main"))
	}
	viewer := site.SignIn(t, models.Viewer)
	if p := viewer.Get(t, "/buckets/"+id+"/details"); p.Has("#tags-form") || len(p.Links(".facts .tags")) != 2 {
		t.Error("a viewer is offered to change tags, or sees none")
	}
	for what, c := range map[string]struct {
		c    *webtest.Client
		path string
		want int
	}{
		"a viewer":        {viewer, "/tags/bucket/" + id, 403},
		"another team":    {site.SignInOther(t, models.Admin), "/tags/bucket/" + id, 404},
		"another kind":    {site.SignIn(t, models.Admin), "/tags/plan/" + id, 404},
		"none with tags":  {site.SignIn(t, models.Admin), "/tags/order/1", 404},
		"of no such kind": {site.SignIn(t, models.Admin), "/tags/x/1", 404},
	} {
		if p := c.c.Get(t, c.path); p.Status != c.want {
			t.Errorf("%s: got %d, want %d", what, p.Status, c.want)
		}
		if p := c.c.Post(t, c.path, url.Values{"tags": {"x"}}); p.Status != c.want {
			t.Errorf("%s, sent: got %d, want %d", what, p.Status, c.want)
		}
	}
}

func TestListsAreNarrowedByTags(t *testing.T) {
	t.Parallel()
	site := open(t)
	c := site.SignIn(t, models.Requester)
	for name, tags := range map[string]string{"with-both": "prod gold", "with-one": "prod", "with-none": ""} {
		newBucket(t, site, site.Team, models.BucketInput{Name: name, Tags: tags})
	}
	p := c.Get(t, "/buckets?tag=PROD")
	if n := p.Find("tbody tr").Length(); n != 2 || !strings.Contains(p.Text("#bucket-list"), "Tag") {
		t.Errorf("got %d rows: %s", n, p.Text("#bucket-list"))
	}
	if got := p.Links("#tag-menu"); !slices.Contains(got, "/buckets?tag=gold") {
		t.Errorf("the menu has %q", got)
	}
	if n := c.Get(t, "/buckets?tag=gold&q=with").Find("tbody tr").Length(); n != 1 {
		t.Errorf("by a tag and a text: got %d rows", n)
	}
	if p := c.Get(t, "/buckets?tag=none"); p.Find("tbody tr").Length() != 0 || !p.Has(".empty") {
		t.Errorf("by a tag that nobody has: got %q", p.Text("#bucket-list"))
	}
	if p := c.Get(t, "/buckets?columns=field.tags"); len(p.Links("tbody td .tags")) != 3 {
		t.Errorf("the column has %q", p.Links("tbody td .tags"))
	}
	if csv := c.Get(t, "/buckets.csv?tag=gold").Body; strings.Count(csv, "\n") != 2 || !strings.Contains(csv, `"prod, gold"`) {
		t.Errorf("the file is %q", csv)
	}
	if p := site.SignInOther(t, models.Viewer).Get(t, "/buckets?tag=prod"); p.Find("tbody tr").Length() != 0 || p.Has("#tag-menu") {
		t.Error("another team has rows or tags")
	}
	for _, path := range []string{"/apps", "/pkg-versions", "/plans", "/stores"} {
		if p := c.Get(t, path+"?tag=prod"); p.Status != 200 || p.Find("tbody tr").Length() != 0 {
			t.Errorf("%s: got %d", path, p.Status)
		}
	}
	// A view keeps the tag, and says when nothing has it any more.
	p = c.Submit(t, c.Get(t, "/buckets.views?back="+url.QueryEscape("/buckets?tag=prod")), "#view-form", webtest.Values{"view_name": "Production"})
	if p = c.Get(t, p.Location()); p.Find("tbody tr").Length() != 2 || p.Has(".list-note") {
		t.Fatalf("the view: got %q", p.Text("#bucket-list"))
	}
	view := p.Links(".tabs")
	admin := site.SignIn(t, models.Admin)
	if p := admin.Submit(t, admin.Get(t, "/team/tags/change?tag=prod"), "#remove-tag form", nil); p.Status != 303 {
		t.Fatalf("got %d", p.Status)
	}
	if p = c.Get(t, view[len(view)-1]); !strings.Contains(p.Text(".list-note"), "prod") {
		t.Errorf("the view of a tag that is gone: got %q", p.Text("#bucket-list"))
	}
}

func TestTagsAreOfferedForTheLastWord(t *testing.T) {
	t.Parallel()
	site := open(t)
	newBucket(t, site, site.Team, models.BucketInput{Name: "tagged", Tags: "team-a team-b prod"})
	c := site.SignIn(t, models.Requester)
	for typed, want := range map[string][]string{
		"te": {"team-a", "team-b"}, "prod, TEAM-A、te": {"prod, TEAM-A、team-b"}, "x ": {"x prod", "x team-a", "x team-b"}, "zz": nil, strings.Repeat("a", 2000): {"prod", "team-a", "team-b"},
	} {
		if got := known(t, c, typed); !slices.Equal(got, want) {
			t.Errorf("%.40q: got %q, want %q", typed, got, want)
		}
	}
	if got := known(t, site.SignInOther(t, models.Admin), ""); got != nil {
		t.Errorf("another team is offered %q", got)
	}
	for _, path := range []string{"/buckets/new"} {
		if !c.Get(t, path).Has(`input[name=tags][list=tags-known][hx-get="/tags/known"]`) {
			t.Errorf("%s offers nothing", path)
		}
	}
}

func TestTeamTagsAreRenamedAndMergedForAll(t *testing.T) {
	t.Parallel()
	site := open(t)
	newBucket(t, site, site.Team, models.BucketInput{Name: "first-one", Tags: "prod old"})
	newBucket(t, site, site.Team, models.BucketInput{Name: "second-one", Tags: "prod"})
	viewer := site.SignIn(t, models.Viewer)
	p := viewer.Get(t, "/team/tags")
	if got := p.Links("#team-tags"); !slices.Equal(got, []string{"/buckets?tag=old", "/buckets?tag=prod"}) {
		t.Errorf("a viewer is shown %q", got)
	}
	for _, role := range []models.Role{models.Viewer, models.Approver} {
		c := site.SignIn(t, role)
		if p := c.Get(t, "/team/tags/change?tag=old"); p.Status != 403 {
			t.Errorf("%s: got %d", role, p.Status)
		}
		for _, path := range []string{"/team/tags/change", "/team/tags/removal"} {
			if p := c.Post(t, path, url.Values{"tag": {"old"}, "tag_to": {"new"}}); p.Status != 403 {
				t.Errorf("%s, %s: got %d", role, path, p.Status)
			}
		}
	}
	c := site.SignIn(t, models.Admin)
	p = c.Submit(t, c.Get(t, "/team/tags/change?tag=OLD"), "#tag-form", webtest.Values{"tag_to": "Prod"})
	if p.Status != 422 || p.Find("#tag_to").AttrOr("value", "") != "Prod" || !p.Has("input[name=merge]") || !strings.Contains(p.Text("#tag_to-note"), "prod") {
		t.Fatalf("got %d and %q", p.Status, p.Text("main"))
	}
	if p = c.Submit(t, p, "#tag-form", webtest.Values{"merge": "true"}); p.Status != 303 {
		t.Fatalf("got %d and %q", p.Status, p.Text("main"))
	}
	p = c.Get(t, p.Location())
	if got := p.Text("#team-tags tbody th"); got != "prod" || !strings.Contains(p.Text("body"), "Resources changed: 1") {
		t.Errorf("got %q", p.Text("body"))
	}
	if p := c.Get(t, "/activity"); !strings.Contains(p.Text("main"), "Renamed tag old") {
		t.Errorf("the activity has %q", p.Text("main"))
	}
	if p := site.SignInOther(t, models.Admin).Get(t, "/team/tags/change?tag=prod"); p.Status != 404 {
		t.Errorf("another team: got %d", p.Status)
	}
}
