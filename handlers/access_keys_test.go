package handlers_test

import (
	"net/url"
	"strings"
	"testing"

	"quartermaster/models"
	"quartermaster/web"
	"quartermaster/web/webtest"
)

// shown is the value of a copy button in a part of a page.
func shown(p *webtest.Page, selector string) string {
	return p.Find(selector).Find("[data-copy]").Last().AttrOr("data-copy", "")
}

// teamKey makes an access key for the team's requester.
func teamKey(t *testing.T, site *webtest.Site, in models.AccessKeyInput) (*models.AccessKey, string) {
	t.Helper()
	in.Name, in.User = "deploys", site.Team.Requester.UserID
	k, secret, err := site.DB.CreateAccessKey(t.Context(), site.Team.Admin, in)
	if err != nil {
		t.Fatalf("make access key: %v", err)
	}
	return k, secret
}

// byKey is who acts when a request is signed with a key.
func byKey(t *testing.T, site *webtest.Site, id string) models.Actor {
	t.Helper()
	caller, err := site.DB.FindCaller(t.Context(), id, models.Actor{Face: models.ByAPI, Address: "192.0.2.7", Agent: "sdk/1.0", RequestID: "request-1"})
	if err != nil {
		t.Fatalf("find caller: %v", err)
	}
	return caller.Actor
}

func TestASecretIsShownOnceOnTheAnswerThatMadeIt(t *testing.T) {
	t.Parallel()
	site := openWith(t, models.Options{}, web.Site{BaseURL: "http://desk.example.com"})
	admin := site.SignIn(t, models.Admin)
	if p := admin.Get(t, "/team/keys"); p.Status != 200 || !strings.Contains(p.Text(".empty"), "No access keys yet") {
		t.Fatalf("without keys: got %d, %q", p.Status, p.Text(".empty"))
	}
	form := admin.Get(t, "/team/keys/new")
	typed := webtest.Values{"key_name": "deploys <b>", "key_user": site.Team.Requester.UserID, "operations": "ListStores", "days": "30"}
	p := admin.Submit(t, form, "#key-form", typed)
	secret := shown(p, "#secret")
	if p.Status != 200 || len(secret) != 40 || p.Header.Get("Cache-Control") != "no-store" || p.Location() != "" {
		t.Fatalf("got %d, a secret of %d characters, %v", p.Status, len(secret), p.Header)
	}
	for _, want := range []string{
		"export ALIBABA_CLOUD_ACCESS_KEY_SECRET=" + secret + "\n# endpoint: desk.example.com\n", "export OSS_ACCESS_KEY_SECRET=" + secret + "\n# endpoint: http://desk.example.com", "export HUAWEICLOUD_SDK_SK=" + secret + "\n# endpoint: http://desk.example.com",
	} {
		if !strings.Contains(p.Find("#environment").Text(), want) {
			t.Errorf("got %q, want %q in it", p.Find("#environment").Text(), want)
		}
	}
	if cookies := strings.Join(p.Header["Set-Cookie"], " "); strings.Contains(cookies, secret) {
		t.Errorf("the secret is in a cookie: %s", cookies)
	}
	again := admin.Submit(t, form, "#key-form", typed)
	if again.Status != 303 || !strings.HasPrefix(again.Location(), "/team/keys/QM") {
		t.Errorf("the form sent again: got %d to %q, want 303 to the key", again.Status, again.Location())
	}
	list := admin.Get(t, "/team/keys")
	if list.Find("#keys tbody tr").Length() != 1 || !strings.Contains(list.Text("#toast"), "already created") {
		t.Errorf("got %q and %q, want one key and a word about it", list.Text("#keys"), list.Text("#toast"))
	}
	for _, want := range []string{"deploys <b>", "Ada", "Requester", "ListStores", "Active", "Not used yet"} {
		if !strings.Contains(list.Text("#keys"), want) {
			t.Errorf("got %q, want %q in it", list.Text("#keys"), want)
		}
	}
	show := admin.Get(t, list.Links("#keys tbody th")[0])
	activity := admin.Get(t, "/activity")
	if !strings.Contains(activity.Text("#event-list"), "Created access key") {
		t.Errorf("got %q, want the key's creation", activity.Text("#event-list"))
	}
	for _, page := range []*webtest.Page{list, show, activity, admin.Get(t, "/activity.csv")} {
		if page.Status != 200 || strings.Contains(page.Body, secret) {
			t.Errorf("%s: got %d, want 200 without the secret", page.Path, page.Status)
		}
	}
}

func TestARefusedKeyKeepsWhatWasTyped(t *testing.T) {
	t.Parallel()
	site := open(t)
	admin := site.SignIn(t, models.Admin)
	p := admin.Submit(t, admin.Get(t, "/team/keys/new"), "#key-form", webtest.Values{"key_name": "", "days": "365", "operations": "CreateStore"})
	if p.Status != 422 || !p.Has(`a[href="#key_name"]`) || !p.Has(`[name=days][value="365"][checked]`) || !p.Has(`[name=operations][value=CreateStore][checked]`) {
		t.Errorf("got %d, %q; want 422 with the field linked and the rest as typed", p.Status, p.Text("#key-form"))
	}
	if p := admin.Post(t, "/team/keys", url.Values{"key_name": {"a"}, "key_user": {site.Other.Admin.UserID}}); p.Status != 422 || !strings.Contains(p.Text(".error-summary"), "belong to the team") {
		t.Errorf("for another team's member: got %d, %q", p.Status, p.Text(".error-summary"))
	}
}

func TestAKeyIsLimitedToFiles(t *testing.T) {
	t.Parallel()
	site := open(t)
	admin := site.SignIn(t, models.Admin)
	form := admin.Get(t, "/team/keys/new")
	p := admin.Submit(t, form, "#key-form", webtest.Values{"key_name": "fetch", "grants": "read oss://releases/app/*\nall <b>"})
	if p.Status != 422 || !strings.Contains(p.Text(".error-summary"), "all <b>") || !strings.Contains(p.Text("#grants"), "read oss://releases/app/*") {
		t.Errorf("got %d, %q; want 422 with the line that is wrong, and what was typed", p.Status, p.Text(".error-summary"))
	}
	if p := admin.Submit(t, form, "#key-form", webtest.Values{"key_name": "fetch", "grants": "list,read oss://releases/app/*"}); p.Status != 200 {
		t.Fatalf("got %d, %q", p.Status, p.Text(".error-summary"))
	}
	list := admin.Get(t, "/team/keys")
	if got := admin.Get(t, list.Links("#key-list tbody th")[0]).Text("#facts"); !strings.Contains(got, "read,list oss://releases/app/*") {
		t.Errorf("got %q, want the grant", got)
	}
	if !strings.Contains(list.Text("#key-list"), "Some files only") {
		t.Errorf("got %q, want a word about its limit", list.Text("#key-list"))
	}
}

func TestAKeyIsDisabledEnabledAndDeletedFromItsPage(t *testing.T) {
	t.Parallel()
	site := open(t)
	admin := site.SignIn(t, models.Admin)
	k, _ := teamKey(t, site, models.AccessKeyInput{})
	path := "/team/keys/" + k.ID
	for _, step := range []struct{ value, state, button string }{{"true", "Disabled", "false"}, {"false", "Active", "true"}} {
		if p := admin.Post(t, path+"/state", url.Values{"disabled": {step.value}}); p.Status != 303 || p.Location() != path {
			t.Fatalf("got %d to %q", p.Status, p.Location())
		}
		if p := admin.Get(t, path); p.Text("h1 .badge") != step.state || !p.Has(`button[name=disabled][value=`+step.button+`]`) {
			t.Errorf("got %q, want %s and a button for the other way", p.Text("h1 .badge"), step.state)
		}
	}
	if p := admin.Submit(t, admin.Get(t, path), "#remove form", nil); p.Status != 303 || p.Location() != "/team/keys" {
		t.Fatalf("deleted: got %d to %q", p.Status, p.Location())
	}
	if p := admin.Get(t, path); p.Status != 404 {
		t.Errorf("afterwards: got %d, want 404", p.Status)
	}
	if p := admin.Get(t, "/activity"); !p.Has("#event-list s") || p.Has(`a[href="`+path+`"]`) {
		t.Errorf("got %q, want its name struck and no link to it", p.Text("#event-list"))
	}
}

func TestATokenIsShownOnceAndRevoked(t *testing.T) {
	t.Parallel()
	site := open(t)
	admin := site.SignIn(t, models.Admin)
	k, _ := teamKey(t, site, models.AccessKeyInput{})
	path := "/team/keys/" + k.ID
	p := admin.Submit(t, admin.Get(t, path), "#token-form", webtest.Values{"hours": "24"})
	token := shown(p, "#token")
	if p.Status != 200 || len(token) < 26 || p.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("got %d, a token of %d characters", p.Status, len(token))
	}
	if c, err := site.DB.FindCallerByToken(t.Context(), token, models.Actor{}); err != nil || c.Key.ID != k.ID {
		t.Errorf("the token: got %v, want the key", err)
	}
	p = admin.Get(t, path)
	if strings.Contains(p.Body, token) || p.Find("#token-list tbody tr").Length() != 1 {
		t.Errorf("got %q, want one token and not what it is", p.Text("#tokens"))
	}
	if p := admin.Submit(t, p, "#token-list form", nil); p.Status != 303 || p.Location() != path {
		t.Errorf("revoked: got %d to %q", p.Status, p.Location())
	}
	if _, err := site.DB.FindCallerByToken(t.Context(), token, models.Actor{}); err == nil {
		t.Error("the revoked token still works")
	}
	if p := admin.Post(t, path+"/tokens", url.Values{"hours": {"0"}}); p.Status != 422 || !p.Has(`a[href="#hours"]`) {
		t.Errorf("a token for no time: got %d, want 422 with the field linked", p.Status)
	}
}

func TestTheLastCallsOfAKeyAreListed(t *testing.T) {
	t.Parallel()
	site := open(t)
	k, _ := teamKey(t, site, models.AccessKeyInput{})
	for i := range 60 {
		c := models.Call{KeyID: k.ID, TeamID: site.Team.ID, At: site.DB.Now(), Product: models.ProductStores, Operation: "ListStores", Status: 200,
			TookMicros: 12_300, RequestID: "request-" + itoa(int64(i)), Address: "192.0.2.7", Agent: "<i>sdk"}
		if i%20 == 7 {
			c.Operation, c.Status, c.Code = "CreateStore", 400, "LMS.10001005"
		}
		site.DB.NoteCall(c)
	}
	admin := site.SignIn(t, models.Admin)
	path := "/team/keys/" + k.ID
	p := admin.Get(t, path)
	if got := p.Find("#calls tbody tr").Length(); got != 50 || !p.Has("#call-list[hx-get]") {
		t.Errorf("got %d calls, want a page of 50 that follows new ones", got)
	}
	for _, want := range []string{"ListStores", "Done", "HTTP 200", "12 ms", "192.0.2.7", "<i>sdk"} {
		if !strings.Contains(p.Text("#calls tbody"), want) {
			t.Errorf("got %q, want %q in it", p.Text("#calls tbody tr"), want)
		}
	}
	if got := p.Find("#days .chart-table tbody tr").Length(); got != 31 || !strings.Contains(p.Text("#days .chart-table tbody tr:last-child"), "57360") {
		t.Errorf("got %d days, the last %q, want 31 and 57 done, 3 failed", got, p.Text("#days .chart-table tbody tr:last-child"))
	}
	if links := p.Links("#calls tbody th"); len(links) != 50 || links[0] != "/api/ListStores" {
		t.Errorf("got links %q, want one to what each call did", links)
	}
	if facts := p.Text("#facts"); !strings.Contains(facts, "192.0.2.7") || !strings.Contains(facts, "<i>sdk") {
		t.Errorf("last use: got %q, want from where and with what", facts)
	}
	older := admin.Get(t, p.Links(".pager-next")[0])
	if got := older.Find("#calls tbody tr").Length(); got != 10 || older.Has("#call-list[hx-get]") {
		t.Errorf("the older page: got %d calls, want 10 that stand still", got)
	}
	failed := admin.Get(t, path+"?failed=true")
	if got := failed.Find("#calls tbody tr").Length(); got != 3 || !strings.Contains(failed.Text("#calls tbody"), "LMS.10001005") {
		t.Errorf("got %d calls, want the 3 that failed", got)
	}
	if p := admin.GetHX(t, path, "div#call-list"); p.Has("main") || !p.Has("#call-list") {
		t.Errorf("the list alone: got %q", p.Text("body"))
	}
}

func TestWhatAKeyDidNamesTheKey(t *testing.T) {
	t.Parallel()
	site := open(t)
	k, _ := teamKey(t, site, models.AccessKeyInput{})
	order, err := site.DB.PlaceOrder(t.Context(), byKey(t, site, k.ID), freeOrder("data-lake", ""))
	if err != nil {
		t.Fatal(err)
	}
	path := "/team/keys/" + k.ID
	for role, linked := range map[models.Role]bool{models.Admin: true, models.Viewer: false} {
		c := site.SignIn(t, role)
		activity, show := c.Get(t, "/activity?key="+k.ID), c.Get(t, "/orders/"+itoa(order.Order.Number))
		for _, p := range []*webtest.Page{activity, show} {
			text := p.Text("main")
			if p.Has(`main a[href="`+path+`"]`) != linked || !strings.Contains(text, k.ID) || !strings.Contains(text, "sdk/1.0") || !strings.Contains(text, "192.0.2.7") {
				t.Errorf("%s, %s: got %q, want the key (linked %v), program and address", role, p.Path, text, linked)
			}
		}
		if got := activity.Find(".timeline li").Length(); got != 2 {
			t.Errorf("%s: got %d events of the key, want order and bucket", role, got)
		}
		if got := c.Get(t, "/activity?key=QM").Find(".timeline li").Length(); got != 0 {
			t.Errorf("%s: got %d events of a key that is none, want none", role, got)
		}
	}
}

func TestKeysAreForTheAdminsOfTheirTeamOnly(t *testing.T) {
	t.Parallel()
	site := open(t)
	k, _ := teamKey(t, site, models.AccessKeyInput{})
	token, _, err := site.DB.IssueToken(t.Context(), site.Team.Admin, k.ID, models.TokenInput{Hours: 1})
	if err != nil {
		t.Fatal(err)
	}
	posts := map[string]url.Values{
		"/state": {"disabled": {"true"}}, "/removal": {}, "/tokens": {"hours": {"24"}}, "/tokens/" + token.ID + "/removal": {},
	}
	path := "/team/keys/" + k.ID
	other := site.SignInOther(t, models.Admin)
	for below, values := range posts {
		if p := other.Post(t, path+below, values); p.Status != 404 {
			t.Errorf("another team's admin, %s: got %d, want 404", below, p.Status)
		}
	}
	if p := other.Get(t, path); p.Status != 404 || strings.Contains(p.Body, "deploys") {
		t.Errorf("another team's admin: got %d, want 404", p.Status)
	}
	if p := other.Get(t, "/team/keys"); p.Status != 200 || p.Has("#keys") {
		t.Errorf("another team's list: got %d, %q", p.Status, p.Text("#keys"))
	}
	for _, role := range []models.Role{models.Viewer, models.Requester, models.Approver} {
		c := site.SignIn(t, role)
		for _, page := range []string{"/team/keys", "/team/keys/new", path} {
			if p := c.Get(t, page); p.Status != 403 || p.Has(`a[href="/team/keys"]`) {
				t.Errorf("%s, %s: got %d, want 403 and no way there", role, page, p.Status)
			}
		}
		for below, values := range posts {
			if p := c.Post(t, path+below, values); p.Status != 403 {
				t.Errorf("%s, %s: got %d, want 403", role, below, p.Status)
			}
		}
		for page, values := range map[string]url.Values{"/team/keys": {"key_name": {"mine"}}, "/team/settings": {"api_orders": {"hold"}}} {
			if p := c.Post(t, page, values); p.Status != 403 {
				t.Errorf("%s, %s: got %d, want 403", role, page, p.Status)
			}
		}
	}
	for _, page := range []string{"/site/keys", "/site/keys/new", "/site/keys/" + k.ID} {
		if p := site.SignIn(t, models.Admin).Get(t, page); p.Status != 403 {
			t.Errorf("a team's admin, %s: got %d, want 403", page, p.Status)
		}
	}
	if !byKeyActive(t, site, k.ID) {
		t.Error("after all that the key is not active")
	}
}

func byKeyActive(t *testing.T, site *webtest.Site, id string) bool {
	t.Helper()
	c, err := site.DB.FindCaller(t.Context(), id, models.Actor{})
	return err == nil && c.Active(site.DB.Now())
}

func TestSiteKeysAreForSiteAdmins(t *testing.T) {
	t.Parallel()
	site := open(t)
	user, err := site.DB.FindUser(t.Context(), site.Team.Viewer)
	if err != nil {
		t.Fatal(err)
	}
	if err := site.DB.MakeSiteAdmin(t.Context(), models.Operator(), user.Email); err != nil {
		t.Fatal(err)
	}
	mine, _ := teamKey(t, site, models.AccessKeyInput{})
	c := site.SignIn(t, models.Viewer)
	if p := c.Get(t, "/site/keys"); p.Status != 200 || p.Has("#keys") || !p.Has(`nav a[href="/site/keys"][aria-current=page]`) {
		t.Fatalf("got %d, %q", p.Status, p.Text("main"))
	}
	form := c.Get(t, "/site/keys/new")
	if got := form.Find("#key_user option").Length(); got != 1 {
		t.Errorf("got %d people to choose from, want the one site admin", got)
	}
	p := c.Submit(t, form, "#key-form", webtest.Values{"key_name": "provisioning"})
	id := p.Find("#secret [data-copy]").First().AttrOr("data-copy", "")
	if p.Status != 200 || !strings.HasPrefix(id, "QM") || shown(p, "#secret") == "" {
		t.Fatalf("got %d, %q", p.Status, p.Text("main"))
	}
	if p := c.Get(t, "/site/keys/"+id); p.Status != 200 || !strings.Contains(p.Text("#facts"), "Vera") {
		t.Errorf("its page: got %d, %q", p.Status, p.Text("#facts"))
	}
	if p := c.Get(t, "/site/keys/"+mine.ID); p.Status != 404 {
		t.Errorf("a team's key among the site's: got %d, want 404", p.Status)
	}
	if p := site.SignIn(t, models.Admin).Get(t, "/team/keys/"+id); p.Status != 404 {
		t.Errorf("a site key among a team's: got %d, want 404", p.Status)
	}
	if p := c.Post(t, "/site/keys/"+id+"/state", url.Values{"disabled": {"true"}}); p.Status != 303 || p.Location() != "/site/keys/"+id {
		t.Errorf("disabled: got %d to %q", p.Status, p.Location())
	}
	if byKeyActive(t, site, id) {
		t.Error("the disabled site key is active")
	}
	if p := c.Submit(t, c.Get(t, "/site/keys/"+id), "#remove form", nil); p.Status != 303 || p.Location() != "/site/keys" {
		t.Errorf("deleted: got %d to %q", p.Status, p.Location())
	}
}
