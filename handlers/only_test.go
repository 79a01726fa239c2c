package handlers_test

import (
	"strings"
	"testing"

	"quartermaster/models"
	"quartermaster/web/webtest"
)

// limited signs the requester in, and lets them order only some things from then on.
func limited(t *testing.T, site *webtest.Site, in models.OnlyInput) *webtest.Client {
	t.Helper()
	if _, err := site.DB.LimitMember(t.Context(), site.Team.Admin, site.Team.Requester.UserID, in); err != nil {
		t.Fatal(err)
	}
	return site.SignIn(t, models.Requester)
}

func TestWhatAMemberMayNotOrderIsNotOffered(t *testing.T) {
	t.Parallel()
	site := open(t)
	ada := site.SignIn(t, models.Requester)
	bucket := ada.Submit(t, ada.Get(t, "/buckets/new"), "#bucket-form", webtest.Values{"bucket_name": "assets", "region": "cn-hangzhou"})
	if bucket.Status != 303 {
		t.Fatalf("got %d %q", bucket.Status, bucket.Text(".error-summary"))
	}
	if _, err := site.DB.LimitMember(t.Context(), site.Team.Admin, site.Team.Requester.UserID, models.OnlyInput{Products: []string{"ossbag"}, Regions: []string{"cn-shanghai"}}); err != nil {
		t.Fatal(err)
	}
	if p := ada.Get(t, "/"); p.Status != 303 || !strings.HasPrefix(p.Location(), "/sign-in") {
		t.Errorf("the session of before: got %d %q, want it ended", p.Status, p.Location())
	}
	ada = site.SignIn(t, models.Requester)
	p := ada.Get(t, "/")
	if !p.Has(`a[href="/plans/new"]`) || p.Has(`a[href="/buckets/new"]`) || p.Has(`a[href="/stores/new"]`) || p.Has(`a[href="/pkg-versions/new"]`) {
		t.Errorf("the overview offers %q", p.Links("main"))
	}
	for _, path := range []string{"/buckets", "/stores", "/pkg-versions", "/apps", bucket.Location()} {
		if p := ada.Get(t, path); p.Status != 200 || p.Has(`a[href*="/new"]`) {
			t.Errorf("%s: got %d and %q", path, p.Status, p.Links("main"))
		}
	}
	for _, path := range []string{"/buckets/new", "/stores/new", "/pkg-versions/new", "/apps/new"} {
		if p := ada.Get(t, path); p.Status != 403 {
			t.Errorf("%s: got %d, want 403", path, p.Status)
		}
		if p := ada.Post(t, strings.TrimSuffix(path, "/new"), nil); p.Status != 403 {
			t.Errorf("sent to %s: got %d, want 403", path, p.Status)
		}
	}
	p = ada.Get(t, "/plans/new")
	if n := p.Find("[name=product_code]").Length(); n != 1 || !p.Has("[name=product_code][value=ossbag]") {
		t.Errorf("got %d products", n)
	}
	for _, o := range p.Find("[name=package_type] option[value^=FPT]").EachIter() {
		if !strings.HasSuffix(o.AttrOr("value", ""), "_sh") {
			t.Errorf("a plan elsewhere is offered: %q", o.AttrOr("value", ""))
		}
	}
	p = ada.Post(t, "/plans", webtest.Fields(p.Find("#plan-form")))
	if p.Status != 422 {
		t.Errorf("an empty form: got %d", p.Status)
	}
	typed := webtest.Fields(ada.Get(t, "/plans/new").Find("#plan-form"))
	for name, value := range map[string]string{"product_code": "ossbag", "package_type": "FPT_ossbag_absolute_Storage_hz", "specification": "40", "duration": "6"} {
		typed.Set(name, value)
	}
	if p := ada.Post(t, "/plans", typed); p.Status != 422 || !strings.Contains(p.Text(".error-summary"), "You may not order") {
		t.Errorf("a plan elsewhere: got %d %q", p.Status, p.Text(".error-summary"))
	}
	typed.Set("package_type", "FPT_ossbag_absolute_Storage_sh")
	if p := ada.Post(t, "/plans", typed); p.Status != 303 {
		t.Errorf("one that they may order: got %d %q", p.Status, p.Text(".error-summary"))
	}
}

func TestRegionsThatAMemberMayNotOrderInAreNotOffered(t *testing.T) {
	t.Parallel()
	site := open(t)
	ada := limited(t, site, models.OnlyInput{Regions: []string{"cn-hangzhou", "cn-north-7"}})
	for path, want := range map[string]string{"/buckets/new": "cn-hangzhou", "/stores/new": "cn-north-7", "/apps/new": "cn-hangzhou"} {
		p := ada.Get(t, path)
		var got []string
		for _, o := range p.Find("[name=region]:not(select), select[name=region] option[value^=cn]").EachIter() {
			got = append(got, o.AttrOr("value", ""))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: got %q, want %q", path, got, want)
		}
	}
}

func TestAdminsSayWhatAMemberMayOrder(t *testing.T) {
	t.Parallel()
	site := open(t)
	path := "/team/members/" + site.Team.Requester.UserID
	for _, role := range []models.Role{models.Viewer, models.Requester, models.Approver} {
		c := site.SignIn(t, role)
		if p := c.Get(t, path); p.Status != 403 {
			t.Errorf("%s: got %d, want 403", role, p.Status)
		}
		if p := c.Post(t, path+"/limits", nil); p.Status != 403 {
			t.Errorf("%s: got %d, want 403", role, p.Status)
		}
	}
	if p := site.SignInOther(t, models.Admin).Get(t, path); p.Status != 404 {
		t.Errorf("another team's admin: got %d, want 404", p.Status)
	}
	c := site.SignIn(t, models.Admin)
	if p := c.Get(t, "/team"); !p.Has(`a[href="` + path + `"]`) {
		t.Fatal("no way there")
	}
	p := c.Submit(t, c.Get(t, path), "#limits-form", webtest.Values{"kinds": "plan", "regions": "cn-hangzhou"})
	if p.Status != 303 || p.Location() != path {
		t.Fatalf("got %d %q", p.Status, p.Text(".error-summary"))
	}
	if p := c.Get(t, path); !p.Has("[name=kinds][value=plan][checked]") || !p.Has("[name=regions][value=cn-hangzhou][checked]") || p.Has("[name=products][checked]") {
		t.Error("what was chosen is not shown")
	}
	if p := c.Get(t, "/team"); !strings.Contains(p.Text("#members"), "May order only: ") {
		t.Errorf("got %q", p.Text("#members"))
	}
	if p := c.Get(t, "/activity"); !strings.Contains(p.Text("main"), "Changed the order limits of Ada") || !strings.Contains(p.Text("main"), "From everything to ") {
		t.Errorf("the record says %q", p.Text("main"))
	}
	if p := c.Get(t, "/team/members/"+site.Team.Admin.UserID); p.Status != 200 || p.Has("#limits-form") {
		t.Errorf("one's own page: got %d, want it without the form", p.Status)
	}
	if p := c.Submit(t, c.Get(t, path), "#limits-form", webtest.Values{"kinds": "app"}); p.Status != 422 {
		t.Errorf("what there is not: got %d", p.Status)
	}
}
