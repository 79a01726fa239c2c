package handlers_test

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"quartermaster/handlers"
	"quartermaster/models"
	"quartermaster/models/modelstest"
	"quartermaster/web"
	"quartermaster/web/webtest"
)

// empty is a site that nobody has set up, and the secret of its setup link.
func empty(t *testing.T) (*webtest.Site, string) {
	t.Helper()
	db := modelstest.Open(t)
	h, err := handlers.Routes(handlers.Config{Site: web.Site{DB: db}})
	if err != nil {
		t.Fatalf("routes: %v", err)
	}
	token, err := db.NewSetupToken(t.Context())
	if err != nil {
		t.Fatalf("setup link: %v", err)
	}
	return webtest.New(t, db, h), token
}

func TestSetupMakesTheFirstTeamAndIsGone(t *testing.T) {
	t.Parallel()
	site, link := empty(t)
	c := site.Visitor(t)
	if p := c.Get(t, "/"); p.Status != 303 || p.Location() != "/sign-in" {
		t.Fatalf("front page: got %d to %q, want 303 to /sign-in", p.Status, p.Location())
	}
	if p := c.Get(t, "/sign-in"); p.Status != 303 || p.Location() != "/setup" {
		t.Fatalf("sign-in of an empty site: got %d to %q, want 303 to /setup", p.Status, p.Location())
	}
	for _, path := range []string{"/setup", "/setup?link=", "/setup?link=guess"} {
		if p := c.Get(t, path); p.Status != http.StatusForbidden || p.Has("form#setup-form") {
			t.Errorf("%s: got %d, want 403 without the form", path, p.Status)
		}
	}

	p := c.Get(t, "/setup?link="+link)
	if p.Find("form[data-noted] [autofocus]").Length() > 0 { // takes the focus each time the form is drawn again
		t.Error("the form takes what is typed from the field that it is typed in")
	}
	typed := webtest.Values{"team_name": "平台 <b>组</b>", "user_name": "林悦", "email": "lin@example.com", "password": "too short"}
	p = c.Submit(t, p, "#setup-form", typed)
	if p.Status != 422 || p.Find("#password").AttrOr("aria-invalid", "") != "true" || !p.Has(`a[href="#password"]`) {
		t.Fatalf("short password: got %d, want 422 with the field marked and linked\n%s", p.Status, p.Text("main"))
	}
	if got := p.Find("#team_name").AttrOr("value", ""); got != typed["team_name"] {
		t.Errorf("team name after a refusal: got %q, want it as typed", got)
	}
	if strings.Contains(p.Body, "too short") {
		t.Errorf("the page repeats the password")
	}
	p = c.Submit(t, p, "#setup-form", webtest.Values{"password": webtest.Password})
	if p.Status != 303 || p.Location() != "/" || c.Cookie(t, "qm_session") == "" {
		t.Fatalf("setup: got %d to %q, want 303 to / with a session\n%s", p.Status, p.Location(), p.Text("main"))
	}
	if p = c.Get(t, "/account"); p.Status != 200 || !strings.Contains(p.Text("#toast"), typed["team_name"]) || p.Has("b:contains('组')") {
		t.Errorf("account: got %d and message %q, want the team's name as text", p.Status, p.Text("#toast"))
	}

	other := site.Visitor(t)
	for name, p := range map[string]*webtest.Page{
		"the link again": other.Get(t, "/setup?link="+link),
		"without a link": other.Get(t, "/setup"),
		"the form again": other.Post(t, "/setup", url.Values{"link": {link}, "team_name": {"x"}, "user_name": {"x"}, "email": {"x@example.com"}, "password": {webtest.Password}}),
		"with no fields": other.Post(t, "/setup", url.Values{}),
		"with no link":   other.Post(t, "/setup", url.Values{"user_name": {"x"}}),
	} {
		if p.Status != 404 {
			t.Errorf("setup afterwards, %s: got %d, want 404", name, p.Status)
		}
		if said := strings.Contains(p.Text("main"), "works only once") && p.Has("main a[href='/sign-in']"); said != (name == "the link again") {
			t.Errorf("setup afterwards, %s: says of the link that it was used: %t", name, said)
		}
	}
}

func TestSigningInGivesANewSessionAndLeadsBack(t *testing.T) {
	t.Parallel()
	site := setUp(t)
	c := site.Visitor(t)
	p := c.Get(t, "/account?x=1")
	if p.Status != 303 || p.Location() != "/sign-in?next=%2Faccount%3Fx%3D1" {
		t.Fatalf("page of members: got %d to %q", p.Status, p.Location())
	}
	if p := c.GetHX(t, "/account", "div#x"); p.Status != 204 || p.Header.Get("HX-Redirect") != "/sign-in" {
		t.Errorf("part of a page: got %d to %q, want htmx sent to /sign-in", p.Status, p.Location())
	}
	if got := c.Cookie(t, "qm_session"); got != "" {
		t.Errorf("a visitor has a session: %q", got)
	}
	c.SetCookie(t, "qm_session", "chosen-by-somebody-else")
	p = c.Get(t, p.Location())
	wrong := c.Submit(t, p, "#sign-in-form", webtest.Values{"email": email(t, site), "password": "not this one either"})
	if wrong.Status != 422 || wrong.Find("#email").AttrOr("value", "") != email(t, site) || strings.Contains(wrong.Body, "not this one") {
		t.Fatalf("wrong password: got %d, want 422 with the address and without the password", wrong.Status)
	}
	p = c.Submit(t, wrong, "#sign-in-form", webtest.Values{"password": webtest.Password})
	if p.Status != 303 || p.Location() != "/account?x=1" {
		t.Fatalf("sign in: got %d to %q, want 303 to /account?x=1", p.Status, p.Location())
	}
	first := c.Cookie(t, "qm_session")
	if first == "chosen-by-somebody-else" || len(first) < 26 {
		t.Errorf("session: got %q, want a new one of 128 bits", first)
	}
	if p := c.Get(t, "/sign-in"); p.Status != 303 || p.Location() != "/" {
		t.Errorf("sign-in when signed in: got %d to %q, want 303 to /", p.Status, p.Location())
	}
	if p := c.Post(t, "/sign-out", url.Values{}); p.Status != 303 || p.Location() != "/sign-in" {
		t.Fatalf("sign out: got %d to %q", p.Status, p.Location())
	}
	if p := c.Get(t, "/sign-in"); !strings.Contains(p.Text("#toast"), "signed out") {
		t.Errorf("message after sign-out: got %q", p.Text("#toast"))
	}
	c.SetCookie(t, "qm_session", first)
	if p := c.Get(t, "/account"); p.Status != 303 {
		t.Errorf("session of before: got %d, want 303 to sign in", p.Status)
	}
}

// setUp is a site whose requester has a password.
func setUp(t *testing.T) *webtest.Site {
	t.Helper()
	db := modelstest.Open(t)
	h, err := handlers.Routes(handlers.Config{Site: web.Site{DB: db}})
	if err != nil {
		t.Fatalf("routes: %v", err)
	}
	_, err = db.CreateUser(t.Context(), models.Operator(), models.NewUserInput{
		UserInput: models.UserInput{Name: "Root", Email: "root@example.com"}, Password: webtest.Password, SiteAdmin: true,
	})
	if err != nil {
		t.Fatalf("first user: %v", err)
	}
	site := webtest.New(t, db, h)
	if err := db.ResetPassword(t.Context(), models.Operator(), email(t, site), webtest.Password); err != nil {
		t.Fatalf("set password: %v", err)
	}
	return site
}

// email is the address of the site's requester.
func email(t *testing.T, site *webtest.Site) string {
	t.Helper()
	user, err := site.DB.FindUser(t.Context(), site.Team.Requester)
	if err != nil {
		t.Fatalf("find user: %v", err)
	}
	return user.Email
}

func TestSigningInNeverLeadsToAnotherSite(t *testing.T) {
	t.Parallel()
	site := setUp(t)
	for _, next := range []string{"//evil.example", "https://evil.example/", `/\evil.example`, "javascript:alert(1)", "/\t/evil.example"} {
		c := site.Visitor(t)
		p := c.Get(t, "/sign-in?next="+url.QueryEscape(next))
		if got := p.Find("[name=next]").AttrOr("value", ""); got != "/" {
			t.Errorf("page for next %q: got %q, want /", next, got)
		}
		p = c.Submit(t, p, "#sign-in-form", webtest.Values{"email": email(t, site), "password": webtest.Password, "next": next})
		if p.Status != 303 || p.Location() != "/" {
			t.Errorf("next %q: got %d to %q, want 303 to /", next, p.Status, p.Location())
		}
	}
}

func TestTooManyWrongPasswordsAreToldToWait(t *testing.T) {
	t.Parallel()
	site := setUp(t)
	c := site.Visitor(t)
	var p *webtest.Page
	for range 11 {
		p = c.Post(t, "/sign-in", url.Values{"email": {"nobody@example.com"}, "password": {"not this one either"}})
	}
	if p.Status != 429 || !regexp.MustCompile(`^[1-9][0-9]*$`).MatchString(p.Header.Get("Retry-After")) {
		t.Errorf("eleventh: got %d with Retry-After %q, want 429 with seconds", p.Status, p.Header.Get("Retry-After"))
	}
}

func TestAnotherSitesPageChangesNothing(t *testing.T) {
	t.Parallel()
	site := open(t)
	c := site.SignIn(t, models.Admin)
	for _, path := range []string{"/sign-out", "/account/profile", "/account/password", "/account/theme", "/team/invitations"} {
		p := c.Do(t, "POST", path, url.Values{"theme": {"dark"}}, http.Header{"Sec-Fetch-Site": {"cross-site"}, "Hx-Request": {"true"}})
		if p.Status != 403 {
			t.Errorf("%s: got %d, want 403", path, p.Status)
		}
	}
	if p := c.Get(t, "/account"); p.Status != 200 || p.Find("html").AttrOr("data-theme", "") != "" {
		t.Errorf("afterwards: got %d, want still signed in and nothing changed", p.Status)
	}
}

func TestEveryoneKeepsTheirAccount(t *testing.T) {
	t.Parallel()
	site := open(t)
	c := site.SignIn(t, models.Viewer)
	p := c.Get(t, "/account")
	if p.Status != http.StatusOK || p.Text("h1") != "Account" {
		t.Fatalf("account: got %d %q, want 200 Account", p.Status, p.Text("h1"))
	}
	p = c.Submit(t, p, "#profile-form", webtest.Values{"user_name": "王小明", "language": "zh", "theme": "dark", "zone": "Asia/Tokyo"})
	if p.Status != http.StatusSeeOther {
		t.Fatalf("save: got %d, want 303", p.Status)
	}
	p = c.Get(t, p.Location())
	if got := p.Text("h1"); got != "账号" {
		t.Errorf("heading after choosing Chinese: got %q, want 账号", got)
	}
	if got := p.Find("html").AttrOr("data-theme", ""); got != "dark" {
		t.Errorf("theme: got %q, want dark", got)
	}
	if got := p.Text("#toast p"); got != "个人资料已保存。" {
		t.Errorf("message: got %q", got)
	}
	if got := p.Find("#zone option[selected]").AttrOr("value", ""); got != "Asia/Tokyo" {
		t.Errorf("zone: got %q, want Asia/Tokyo", got)
	}
	if p = c.Submit(t, p, "#profile-form", webtest.Values{"user_name": " "}); p.Status != 422 || !p.Has("#user_name[aria-invalid]") {
		t.Errorf("no name: got %d, want 422 with the field marked", p.Status)
	}
	if p = c.Post(t, "/account/language", url.Values{"lang": {"en"}, "back": {"/account"}}); p.Location() != "/account" {
		t.Fatalf("language: got %d to %q", p.Status, p.Location())
	}
	if p = c.Get(t, "/account"); p.Text("h1") != "Account" {
		t.Errorf("heading after changing the language: got %q, want Account", p.Text("h1"))
	}
}

func TestAPasswordIsChangedWithTheOldOne(t *testing.T) {
	t.Parallel()
	site := open(t)
	c, other := site.SignIn(t, models.Viewer), site.SignIn(t, models.Viewer)
	p := c.Get(t, "/account")
	if n := p.Find("#session-list tbody tr").Length(); n != 2 {
		t.Errorf("browsers signed in: got %d, want 2", n)
	}
	bad := c.Submit(t, p, "#password-form", webtest.Values{"current_password": "not this one either", "new_password": "three boats under a bridge"})
	if bad.Status != 422 || !bad.Has("#current_password[aria-invalid]") || strings.Contains(bad.Body, "three boats") {
		t.Errorf("wrong old one: got %d, want 422 with the field marked and no password shown", bad.Status)
	}
	p = c.Submit(t, p, "#password-form", webtest.Values{"current_password": webtest.Password, "new_password": "three boats under a bridge"})
	if p.Status != 303 {
		t.Fatalf("change: got %d, want 303\n%s", p.Status, p.Text("#password-form"))
	}
	if p := c.Get(t, "/account"); p.Status != 200 {
		t.Errorf("this browser: got %d, want still signed in", p.Status)
	}
	if p := other.Get(t, "/account"); p.Status != 303 {
		t.Errorf("the other browser: got %d, want signed out", p.Status)
	}
}

func TestABrowserIsSignedOutFromAnother(t *testing.T) {
	t.Parallel()
	site := open(t)
	c, other := site.SignIn(t, models.Viewer), site.SignIn(t, models.Viewer)
	p := c.Get(t, "/account")
	action := p.Find("#session-list form").AttrOr("action", "")
	if p := site.SignIn(t, models.Admin).Post(t, action, url.Values{}); p.Status != 404 {
		t.Errorf("by somebody else: got %d, want 404", p.Status)
	}
	if p := other.Get(t, "/account"); p.Status != 200 {
		t.Fatalf("before: got %d, want 200", p.Status)
	}
	if p := c.Post(t, action, url.Values{}); p.Status != 303 {
		t.Errorf("by oneself: got %d, want 303", p.Status)
	}
	if p := other.Get(t, "/account"); p.Status != 303 {
		t.Errorf("the other browser: got %d, want signed out", p.Status)
	}
}

func TestAnAdminInvitesChangesAndRemovesMembers(t *testing.T) {
	t.Parallel()
	site := openWith(t, models.Options{}, web.Site{BaseURL: "http://desk.example.com"})
	admin := site.SignIn(t, models.Admin)
	p := admin.Get(t, "/team")
	if n := p.Find("#member-list tbody tr").Length(); n != 4 {
		t.Fatalf("members: got %d, want the four of this team\n%s", n, p.Text("main"))
	}
	p = admin.Get(t, "/team/invitations")
	if p := admin.Submit(t, p, "#invitation-form", webtest.Values{"email": "no address"}); p.Status != 422 || !p.Has("#email[aria-invalid]") {
		t.Errorf("no address: got %d, want 422 with the field marked", p.Status)
	}
	p = admin.Submit(t, p, "#invitation-form", webtest.Values{"email": "noor@example.com"})
	link := p.Text(".copy-code code")
	path, ours := strings.CutPrefix(link, "http://desk.example.com")
	if p.Status != 200 || !ours {
		t.Fatalf("invite: got %d and link %q, want one of the configured address", p.Status, link)
	}
	if p := admin.Get(t, "/team/invitations"); strings.Contains(p.Body, "/join?link=") || !strings.Contains(p.Text("#invitation-list"), "noor@example.com") {
		t.Errorf("the link is shown again, or the invitation is not listed")
	}

	noor := site.Visitor(t)
	p = noor.Get(t, path)
	if p.Status != 200 || p.Find("#email").AttrOr("value", "") != "noor@example.com" {
		t.Fatalf("join: got %d for %q", p.Status, p.Find("#email").AttrOr("value", ""))
	}
	p = noor.Submit(t, p, "#join-form", webtest.Values{"user_name": "Noor", "password": "short"})
	if p.Status != 422 || webtest.Fields(p.Find("#join-form")).Get("user_name") != "Noor" {
		t.Fatalf("join with a short password: got %d, want 422", p.Status)
	}
	if p = noor.Submit(t, p, "#join-form", webtest.Values{"password": webtest.Password}); p.Status != 303 {
		t.Fatalf("join: got %d, want 303", p.Status)
	}
	if p := site.Visitor(t).Get(t, path); p.Status != 404 {
		t.Errorf("the link again: got %d, want 404", p.Status)
	}
	p = noor.Get(t, "/team")
	if p.Status != 200 || p.Has(`a[href^="/team/invitations"]`) || p.Has("#member-list form") {
		t.Errorf("members as a requester: got %d, want the list without buttons", p.Status)
	}
	if p := noor.Get(t, "/team/invitations"); p.Status != 403 {
		t.Errorf("invitations as a requester: got %d, want 403", p.Status)
	}

	row := rowOf(admin.Get(t, "/team"), "Noor")
	id := strings.Split(row.Find("form").AttrOr("action", ""), "/")[3]
	for _, what := range []string{"role", "removal", "limits", "deputy"} {
		at := "/team/members/" + id + "/" + what
		if p := noor.Post(t, at, url.Values{"role": {"admin"}}); p.Status != 403 {
			t.Errorf("%s by a requester: got %d, want 403", what, p.Status)
		}
		if p := site.SignInOther(t, models.Admin).Post(t, at, url.Values{"role": {"admin"}}); p.Status != 404 {
			t.Errorf("%s by another team's admin: got %d, want 404", what, p.Status)
		}
	}
	if p := admin.Post(t, "/team/members/"+site.Team.Admin.UserID+"/role", url.Values{"role": {"viewer"}}); p.Status != 403 {
		t.Errorf("own role: got %d, want 403", p.Status)
	}
	if p := admin.Post(t, "/team/members/"+id+"/role", url.Values{"role": {"approver"}}); p.Status != 303 {
		t.Errorf("change role: got %d, want 303", p.Status)
	}
	if p := noor.Get(t, "/team"); p.Status != 303 {
		t.Errorf("a session from before the change of role: got %d, want to sign in again", p.Status)
	}
	if p := admin.Post(t, "/team/members/"+id+"/removal", url.Values{}); p.Status != 303 {
		t.Errorf("remove: got %d, want 303", p.Status)
	}
	if p := admin.Get(t, "/team"); strings.Contains(p.Text("#member-list"), "Noor") {
		t.Errorf("the member removed is still listed")
	}
}

func TestALinkDoesNotTellWhetherThereIsAnAccount(t *testing.T) {
	t.Parallel()
	site := open(t)
	admin := site.SignIn(t, models.Admin)
	site.SignInOther(t, models.Viewer) // has a password from now on
	user, err := site.DB.FindUser(t.Context(), site.Other.Viewer)
	if err != nil {
		t.Fatal(err)
	}
	path := func(email string) string {
		_, link, _ := strings.Cut(admin.Submit(t, admin.Get(t, "/team/invitations"), "#invitation-form", webtest.Values{"email": email, "role": "viewer"}).Text(".copy-code code"), "/join")
		return "/join" + link
	}
	link := path(user.Email)
	known := site.Visitor(t).Get(t, link)
	secrets := regexp.MustCompile(`link(=|%3D|" value=")[^"]+|value="[^"]*@[^"]*"|For [^ ]+,|<meta[^>]*>`)
	same := func(p *webtest.Page) string { return secrets.ReplaceAllString(p.Body, "") }
	if unknown := site.Visitor(t).Get(t, path("nobody.here@example.com")); same(unknown) != same(known) {
		t.Errorf("an address with an account shows\n%s\nand one without\n%s", same(known), same(unknown))
	}
	visitor := site.Visitor(t)
	if p := visitor.Submit(t, visitor.Get(t, link), "#join-form", webtest.Values{"user_name": "Vera", "password": "another long walk by the sea"}); p.Status != 422 || !strings.Contains(p.Text(".error-summary"), "sign in to join") {
		t.Errorf("a second account of the address: got %d %q", p.Status, p.Text(".error-summary"))
	}
}

func TestAnInvitationIsAcceptedWithTheAccountThatThereIs(t *testing.T) {
	t.Parallel()
	site := open(t)
	admin := site.SignIn(t, models.Admin)
	path := func(email string) string {
		p := admin.Submit(t, admin.Get(t, "/team/invitations"), "#invitation-form", webtest.Values{"email": email, "role": "viewer", "kinds": "plan"})
		_, link, ok := strings.Cut(p.Text(".copy-code code"), "/join")
		if p.Status != 200 || !ok {
			t.Fatalf("invite %s: got %d %q", email, p.Status, p.Text(".error-summary"))
		}
		return "/join" + link
	}
	vera := site.SignInOther(t, models.Viewer)
	user, err := site.DB.FindUser(t.Context(), site.Other.Viewer)
	if err != nil {
		t.Fatal(err)
	}
	link := path(user.Email)
	p := site.Visitor(t).Get(t, link)
	if p.Status != 200 || !strings.HasPrefix(p.Links("main")[0], "/sign-in?next=%2Fjoin%3Flink") {
		t.Errorf("signed out: got %d %q, want the way to sign in", p.Status, p.Links("main"))
	}
	paul := site.SignInOther(t, models.Approver)
	if p := paul.Get(t, link); p.Status != 200 || p.Has("#accept-form") || !strings.Contains(p.Text("#other-form"), "Sign out") {
		t.Errorf("as another: got %d %q", p.Status, p.Text("main"))
	}
	_, secret, _ := strings.Cut(link, "=")
	if p := paul.Post(t, "/join", url.Values{"link": {secret}}); p.Status != 403 {
		t.Errorf("accepted as another: got %d, want 403", p.Status)
	}
	if p := vera.Submit(t, vera.Get(t, link), "#accept-form", nil); p.Status != 303 || p.Location() != "/" {
		t.Fatalf("accepted: got %d", p.Status)
	}
	if p := vera.Get(t, "/"); p.Status != 200 || !strings.Contains(p.Text(".team-card"), site.Team.ID) {
		t.Errorf("afterwards in %q, want in the team", p.Text(".team-card"))
	}
	if p := vera.Get(t, link); p.Status != 404 {
		t.Errorf("again: got %d, want 404", p.Status)
	}
	if p := admin.Get(t, "/team/invitations"); !strings.Contains(p.Text("#invitation-list"), "Accepted") {
		t.Errorf("got %q", p.Text("#invitation-list"))
	}
	link = path("olga@example.com")
	p = admin.Get(t, "/team/invitations")
	if p := site.SignInOther(t, models.Admin).Post(t, p.Find("[action$='/withdrawal']").AttrOr("action", ""), url.Values{}); p.Status != 404 {
		t.Errorf("another team withdraws it: got %d, want 404", p.Status)
	}
	if p := admin.Submit(t, p, "[action$='/withdrawal']", nil); p.Status != 303 {
		t.Errorf("withdraw: got %d", p.Status)
	}
	if p := site.Visitor(t).Get(t, link); p.Status != 404 {
		t.Errorf("withdrawn: got %d, want 404", p.Status)
	}
}

func rowOf(p *webtest.Page, name string) *goquery.Selection {
	return p.Find("#member-list tbody tr").FilterFunction(func(_ int, row *goquery.Selection) bool {
		return strings.Contains(row.Find("th").Text(), name)
	})
}

func TestATeamIsChangedFromTheMenu(t *testing.T) {
	t.Parallel()
	site := open(t)
	c := site.SignIn(t, models.Viewer)
	if p := c.Post(t, "/account/team", url.Values{"team": {site.Other.ID}}); p.Status != 404 {
		t.Fatalf("a team of others: got %d, want 404", p.Status)
	}
	user, err := site.DB.FindUser(t.Context(), site.Team.Viewer)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := site.DB.AddMember(t.Context(), site.Other.Admin, models.UserInput{Name: user.Name, Email: user.Email}, models.Admin); err != nil {
		t.Fatal(err)
	}
	p := c.Get(t, "/account")
	if got := p.Find("#team-menu [name=team]").AttrOr("value", ""); got != site.Other.ID {
		t.Fatalf("team in the menu: got %q, want %q", got, site.Other.ID)
	}
	if p = c.Post(t, "/account/team", url.Values{"team": {site.Other.ID}, "back": {"/team"}}); p.Status != 303 || p.Location() != "/team" {
		t.Fatalf("change team: got %d to %q", p.Status, p.Location())
	}
	if p = c.Get(t, "/team"); !p.Has(`a[href="/team/invitations"]`) || !strings.Contains(p.Text(".team-card"), site.Other.ID) {
		t.Errorf("in the other team: got %q, want its admin's page", p.Text(".team-card"))
	}
}

func TestAVisitorChoosesLanguageAndTheme(t *testing.T) {
	t.Parallel()
	site := setUp(t)
	c := site.Visitor(t)
	c.Header.Set("Accept-Language", "fr, zh-CN;q=0.8, en;q=0.5")
	if p := c.Get(t, "/sign-in"); p.Text("h1") != "登录" || p.Find("html").AttrOr("lang", "") != "zh-CN" {
		t.Errorf("as the browser asks: got %q, want 登录", p.Text("h1"))
	}
	if p := c.Post(t, "/account/language", url.Values{"lang": {"en"}, "back": {"/sign-in?next=%2Fteam"}}); p.Location() != "/sign-in?next=%2Fteam" {
		t.Errorf("language: got %d to %q", p.Status, p.Location())
	}
	c.Post(t, "/account/theme", url.Values{"theme": {"dark"}, "back": {"//evil.example"}})
	if p := c.Get(t, "/sign-in"); p.Text("h1") != "Sign in" || p.Find("html").AttrOr("data-theme", "") != "dark" {
		t.Errorf("chosen: got %q and theme %q, want Sign in and dark", p.Text("h1"), p.Find("html").AttrOr("data-theme", ""))
	}
	for path, form := range map[string]url.Values{
		"/account/language": {"lang": {strings.Repeat("x", 9000)}}, "/account/theme": {"theme": {"evil"}},
	} {
		if p := c.Post(t, path, form); p.Status != http.StatusUnprocessableEntity || p.Header.Get("Set-Cookie") != "" {
			t.Errorf("%s of none that there is: got %d with cookie %.40q, want 422 without", path, p.Status, p.Header.Get("Set-Cookie"))
		}
	}
}

func TestHealthIsToldToAnybody(t *testing.T) {
	t.Parallel()
	c := open(t).Visitor(t)
	for path, want := range map[string]string{"/healthz": "ok", "/readyz": "ready"} {
		if p := c.Get(t, path); p.Status != 200 || strings.TrimSpace(p.Body) != want {
			t.Errorf("%s: got %d %q, want 200 %s", path, p.Status, p.Body, want)
		}
	}
	p := c.Get(t, "/sign-in")
	p.Find("link[href^='/static/'], script[src^='/static/']").Each(func(_ int, s *goquery.Selection) {
		path := s.AttrOr("href", s.AttrOr("src", ""))
		if p := c.Get(t, path); p.Status != 200 || !strings.Contains(p.Header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s: got %d with Cache-Control %q", path, p.Status, p.Header.Get("Cache-Control"))
		}
	})
}

// Where the site is not reached by its own address, signing in fails or links
// lead elsewhere: whoever is about to sign in or has done so is told.
func TestWhoComesByAnotherAddressIsTold(t *testing.T) {
	t.Parallel()
	site := openWith(t, models.Options{}, web.Site{BaseURL: "http://desk.example.com"})
	c := site.SignIn(t, models.Requester)
	for path, p := range map[string]*webtest.Page{
		"/setup?link=x": site.Visitor(t).Get(t, "/setup?link=x"), "/stores": c.Get(t, "/stores"), "/nothing": c.Get(t, "/nothing"),
	} {
		if got := strings.Join(p.Links("main .astray"), " "); got != "http://desk.example.com"+path {
			t.Errorf("%s: got a notice with links to %q, want the same page at the site's own address", path, got)
		}
	}
	if p := c.GetHX(t, "/stores", "div#store-list"); p.Status != 200 || p.Has(".astray") {
		t.Errorf("a part of a page: got %d with the notice, want the part alone", p.Status)
	}
}

// A browser gives the cookies of a host to every port of it.
func TestTwoDesksOnOneHostKeepTheirSessions(t *testing.T) {
	t.Parallel()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	desks := []*webtest.Site{setUp(t), setUp(t)}
	for _, site := range desks {
		res, err := browser.PostForm(site.URL+"/sign-in", url.Values{"email": {email(t, site)}, "password": {webtest.Password}})
		if err != nil || res.StatusCode != http.StatusSeeOther {
			t.Fatalf("sign in: got %v, %v", res, err)
		}
		res.Body.Close()
	}
	for i, site := range desks {
		res, err := browser.Get(site.URL + "/account")
		if err != nil || res.StatusCode != http.StatusOK {
			t.Fatalf("desk %d: got %v, %v; want its account page", i, res, err)
		}
		res.Body.Close()
	}
}
