package handlers_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"quartermaster/models"
	"quartermaster/models/modelstest"
	"quartermaster/static"
	"quartermaster/web"
	"quartermaster/web/webtest"
)

func TestDashboardShowsTheOwnTeamAlone(t *testing.T) {
	t.Parallel()
	site := open(t)
	mine := site.SignIn(t, models.Requester)
	if _, err := site.DB.PlaceOrder(t.Context(), site.Team.Requester, models.OrderInput{Lines: []models.LineInput{
		&models.BucketInput{Name: "quarterly-reports", Region: "cn-hangzhou"},
	}}); err != nil {
		t.Fatal(err)
	}
	p := mine.Get(t, "/")
	if got := p.Text(".tally-value"); !strings.HasPrefix(got, "1") {
		t.Errorf("got %q as the count of buckets, want 1", got)
	}
	if !strings.Contains(p.Text(".timeline"), "quarterly-reports") {
		t.Errorf("the activity does not name the bucket: %q", p.Text(".timeline"))
	}
	if !p.Has(".tallies .sparkline") {
		t.Error("no trend shows what was created")
	}
	if p := site.SignInOther(t, models.Admin).Get(t, "/"); strings.Contains(p.Text("body"), "quarterly-reports") || p.Has(".tallies, .chart") {
		t.Error("another team's dashboard names the bucket, or draws what never was")
	}
	if p := site.SignIn(t, models.Viewer).Get(t, "/"); p.Has("#new-menu") {
		t.Error("a viewer is offered to create things")
	}
}

func TestSearchShowsTextAsText(t *testing.T) {
	t.Parallel()
	c := open(t).SignIn(t, models.Viewer)
	hostile := `"><script>alert(1)</script>`
	p := c.Get(t, "/search?"+url.Values{"q": {hostile}}.Encode())
	if p.Status != 200 || !strings.Contains(p.Text("main"), hostile) || p.Has("main script") {
		t.Errorf("got status %d and %q", p.Status, p.Text("main"))
	}
	if p := c.Get(t, "/search?q="+strings.Repeat("x", 300)); p.Status != 422 {
		t.Errorf("a long text: got %d, want 422", p.Status)
	}
}

// A page that keeps a part of itself fresh would fill the log by itself.
func TestPollsAreLoggedQuietly(t *testing.T) {
	t.Parallel()
	var out webtest.Log
	site := openWith(t, models.Options{}, web.Site{Log: out.Logger(slog.LevelInfo)})
	store := models.StoreInput{Name: "kb-legal", Region: "cn-north-7", Zones: []string{"cn-north-7b"}, CU: "xlarge", Num: 1, ChargeMode: "postPaid"}
	order := place(t, site, models.OrderInput{Lines: []models.LineInput{&store}})
	plan := place(t, site, paidOrder())
	key, _ := teamKey(t, site, models.AccessKeyInput{Name: "script"})
	c := site.SignIn(t, models.Admin)
	form := webtest.Fields(c.Get(t, "/pkg-versions/new?app_id="+newApp(t, site, "shop").ID).Find("#version-form"))
	form.Set("label", "1.0")
	version := sendFile(t, c, form, "a.bin", []byte("no archive")).Location()
	polls := map[string]string{}
	for _, path := range []string{
		"/", "/stores", "/stores/" + order.Lines[0].ResourceID, fmt.Sprintf("/orders/%d", order.Number),
		"/pkg-versions", version, "/plans/" + plan.Lines[0].ResourceID, "/team/keys/" + key.ID,
	} {
		found := c.Get(t, path).Find(`[hx-trigger^="every"]`)
		if found.Length() == 0 {
			t.Errorf("%s polls nothing", path)
		}
		found.Each(func(_ int, e *goquery.Selection) {
			polls[e.AttrOr("hx-get", "")] = goquery.NodeName(e) + "#" + e.AttrOr("id", "")
		})
	}
	c.Get(t, "/account")
	out.Line(t, "path=/account")
	before := out.String()
	for path, target := range polls {
		if got := c.GetHX(t, path, target).Status; got != 200 {
			t.Errorf("%s: got %d, want 200", path, got)
		}
	}
	c.Get(t, "/healthz")
	c.Get(t, "/readyz")
	c.Get(t, static.Path("app.css"))
	c.Get(t, "/search")
	out.Line(t, "path=/search")
	rest := strings.TrimPrefix(out.String(), before)
	if got := strings.Count(rest, "\n"); got != 1 {
		t.Errorf("got %d lines, want that of /search alone:\n%s", got, rest)
	}
}

func TestASearchThatIsTooLongSaysTheLimit(t *testing.T) {
	t.Parallel()
	p := open(t).SignIn(t, models.Viewer).Get(t, "/search?q="+strings.Repeat("x", 201))
	if p.Status != http.StatusUnprocessableEntity || !strings.Contains(p.Text("main"), "Search for at most 200 characters.") {
		t.Errorf("got %d, %q, want 422 with the limit", p.Status, p.Text("main"))
	}
}

func TestEachNumberOfSpendIsThatOfTheListItLeadsTo(t *testing.T) {
	t.Parallel()
	site := open(t)
	for _, centre := range []string{"R&D", "R&D", ""} {
		in := paidOrder()
		in.CostCentre = centre
		place(t, site, in)
	}
	c := site.SignIn(t, models.Viewer)
	p := c.Get(t, "/")
	seen := map[string]bool{}
	p.Find(`main a[href^="/orders?"]`).Each(func(_ int, a *goquery.Selection) {
		href := a.AttrOr("href", "")
		sum := a.Text()
		if rank := a.Closest(".progress-head"); rank.Length() > 0 {
			sum = rank.Text()
		}
		_, amount, found := strings.Cut(sum, "¥")
		list := c.Get(t, href).Text("#order-list")
		if amount = "¥" + strings.TrimSpace(amount); !found || !strings.Contains(list, amount+" in all") && amount != "¥0.00" {
			t.Errorf("%s says %q, and the list says %q", href, sum, list)
		}
		seen[href] = true
	})
	if len(seen) < 12+3 {
		t.Errorf("got the links %v, want those of twelve months, two cost centres and a region", seen)
	}
}

func TestATeamThatBeginsSeesItsFirstSteps(t *testing.T) {
	t.Parallel()
	site := open(t)
	c := site.SignIn(t, models.Requester)
	p := c.Get(t, "/")
	if p.Find("#first-steps li").Length() != 5 || p.Has("#first-steps .done") || p.Has("#money") || p.Text(".attention-none") == "" {
		t.Errorf("an empty desk: %q", p.Text("main"))
	}
	if !site.SignIn(t, models.Viewer).Get(t, "/").Has("#first-steps") || site.SignIn(t, models.Viewer).Get(t, "/").Has(`#first-steps a[href$="/new"]`) {
		t.Error("a viewer is offered to order")
	}
	place(t, site, models.OrderInput{Lines: []models.LineInput{&models.BucketInput{Region: "cn-hangzhou"}}})
	newApp(t, site, "shop")
	if p = c.Get(t, "/"); p.Find("#first-steps .done").Length() != 2 || !p.Has("#money") {
		t.Errorf("with a bucket and an application: %q", p.Text("#first-steps"))
	}
}

func TestWhatNeedsAttentionHasTheButtonThatMendsIt(t *testing.T) {
	t.Parallel()
	site := open(t)
	approver, requester := site.SignIn(t, models.Approver), site.SignIn(t, models.Requester)
	writeRule(t, site.SignIn(t, models.Admin), webtest.Values{"kinds": "plan", "step_1": "approver"})
	waits := fmt.Sprint("/orders/", place(t, site, paidOrder()).Number)
	if got := approver.Get(t, "/").Find(".attention-do a").AttrOr("href", ""); got != waits {
		t.Errorf("the approver's button leads to %q, want %s", got, waits)
	}
	if requester.Get(t, "/").Has(".attention-do a") {
		t.Error("the requester is offered to decide")
	}
	place(t, site, paidOrder())
	if got := approver.Get(t, "/").Find(".attention-do a").AttrOr("href", ""); got != "/approvals" {
		t.Errorf("with two that wait the button leads to %q", got)
	}
	approver.Submit(t, approver.Get(t, waits), "#decision-form", webtest.Values{"say": "reject", "reason": "too much"})
	if got := requester.Get(t, "/").Find(".attention-do a").AttrOr("href", ""); got != waits {
		t.Errorf("the requester of what was refused is led to %q, want %s", got, waits)
	}
}

func TestSomebodySaysWhenToBeReminded(t *testing.T) {
	t.Parallel()
	site := open(t)
	plan := "/plans/" + place(t, site, paidOrder()).Lines[0].ResourceID
	c := site.SignIn(t, models.Requester)
	for _, at := range []struct{ page, path string }{{plan, plan + "/reminder"}, {"/account", "/account/reminders"}} {
		form := webtest.Fields(c.Get(t, at.page).Find("#remind-form"))
		if got := form.Get("remind_days"); got != "30, 7, 1" {
			t.Errorf("%s: got %q, want the usual days", at.page, got)
		}
		form.Set("remind_days", "soon")
		p := c.Post(t, at.path, form)
		if p.Status != http.StatusUnprocessableEntity || p.Find("#remind-form input[name=remind_days]").AttrOr("value", "") != "soon" || !p.Has("#remind-form .invalid") {
			t.Errorf("%s: got %d, want the form with what was typed and what is wrong", at.page, p.Status)
		}
		form.Set("remind_days", "14")
		if p = c.Post(t, at.path, form); p.Status != http.StatusSeeOther {
			t.Errorf("%s: got %d, want it saved", at.page, p.Status)
		}
		if got := c.Get(t, at.page).Find("#remind-form input[name=remind_days]").AttrOr("value", ""); got != "14" {
			t.Errorf("%s: got %q, want what was saved", at.page, got)
		}
	}
	if got := site.SignInOther(t, models.Admin).Post(t, plan+"/reminder", webtest.Fields(c.Get(t, plan).Find("#remind-form"))).Status; got != http.StatusNotFound && got != http.StatusConflict {
		t.Errorf("another team: got %d, want not found", got)
	}
}

func TestThePageOfWhatEndsIsTheNumbersThatLeadToIt(t *testing.T) {
	t.Parallel()
	site := open(t)
	for _, months := range []string{"1", "1", "6"} {
		in := models.PlanInput{ProductCode: "ossbag", PackageType: "FPT_ossbag_absolute_Storage_sh", Specification: "40", Duration: months}
		place(t, site, models.OrderInput{Lines: []models.LineInput{&in}})
	}
	c := site.SignIn(t, models.Viewer)
	p := c.Get(t, "/")
	seen := 0
	p.Find(`.ends-counts a`).Each(func(_ int, a *goquery.Selection) {
		list := c.Get(t, a.AttrOr("href", ""))
		if got := fmt.Sprint(list.Find(".term").Length()); got != a.Find("b").Text() {
			t.Errorf("%s says %q, and the page has %s", a.AttrOr("href", ""), a.Text(), got)
		}
		seen++
	})
	if seen != 3 || c.Get(t, "/expiring?within=all").Find(".term").Length() != 3 || c.Get(t, "/expiring?kind=store").Find(".term").Length() != 0 || c.Get(t, "/expiring?within=x&kind=y").Find(".term").Length() != 3 {
		t.Errorf("%d numbers: %q", seen, c.Get(t, "/expiring?within=all").Text("main"))
	}
	if got := site.SignInOther(t, models.Admin).Get(t, "/expiring").Find(".term").Length(); got != 0 {
		t.Errorf("another team sees %d", got)
	}
}

func TestASearchFindsByRegionAndSaysWhatAVerbCosts(t *testing.T) {
	t.Parallel()
	site := open(t)
	c := site.SignIn(t, models.Requester)
	c.Submit(t, c.Get(t, "/buckets/new"), "#bucket-form", webtest.Values{"bucket_name": "assets", "region": "cn-hangzhou"})
	c.Submit(t, c.Get(t, "/buckets/new"), "#bucket-form", webtest.Values{"bucket_name": "elsewhere", "region": "cn-shanghai"})
	plan := c.Submit(t, c.Get(t, examplePlan), "form#plan-form", nil).Location()
	store := orderStore(t, c, "handbook")
	modelstest.Work(t, site.DB)
	if got := c.Get(t, "/search?q=hz").Text("#found"); !strings.Contains(got, "assets") || strings.Contains(got, "elsewhere") {
		t.Errorf("hz finds %q", got)
	}
	if got := site.SignInOther(t, models.Admin).Get(t, "/search?q=hz").Text("#found"); strings.Contains(got, "assets") {
		t.Errorf("another team finds %q", got)
	}
	for text, want := range map[string][2]string{"renew": {plan + "/renewal", "¥"}, "upgrade": {plan + "/upgrade", "¥"}, "scale handbook": {store + "/scale", "/h"}} {
		item := c.Get(t, "/search?q="+url.QueryEscape(text)).Find("a.found-item[href='" + want[0] + "']")
		if item.Length() != 1 || !strings.Contains(item.Find(".found-price").Text(), want[1]) {
			t.Errorf("%s: got %q", text, item.Text())
		}
		if got := site.SignIn(t, models.Viewer).Get(t, "/search?q="+url.QueryEscape(text)); got.Has(".found-price") {
			t.Errorf("%s: a viewer is told %q", text, got.Text("#found"))
		}
	}
}
