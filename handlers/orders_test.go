package handlers_test

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"quartermaster/models"
	"quartermaster/models/modelstest"
	"quartermaster/views/i18n"
	"quartermaster/web"
	"quartermaster/web/webtest"
)

func place(t *testing.T, site *webtest.Site, in models.OrderInput) *models.Order {
	t.Helper()
	o, err := site.DB.PlaceOrder(t.Context(), site.Team.Requester, in)
	if err != nil {
		t.Fatal(err)
	}
	return o.Order
}

func freeOrder(name, description string) models.OrderInput {
	return models.OrderInput{Note: description, Lines: []models.LineInput{
		&models.BucketInput{Name: name, Region: "cn-hangzhou", Description: description, LimitGB: 5},
	}}
}

func paidOrder() models.OrderInput {
	return models.OrderInput{CostCentre: "CC-7", Lines: []models.LineInput{&models.PlanInput{
		ProductCode: "ossbag", PackageType: "FPT_ossbag_absolute_Storage_china_common", Specification: "500", Duration: "1", PricingCycle: "Year",
	}}}
}

// What a list of orders or plans comes to is said beside how many they are, as long as
// they are few and of one currency.
func TestListsSayWhatTheyComeTo(t *testing.T) {
	t.Parallel()
	site := open(t)
	o := place(t, site, paidOrder())
	place(t, site, paidOrder())
	want := "2 results · " + i18n.Money(t.Context(), 2*o.PayMinor, "CNY") + " in all"
	c := site.SignIn(t, models.Admin)
	for _, path := range []string{"/orders", "/orders?centre=CC-7", "/orders?free=true&state=completed", "/plans", "/plans?state=ACTIVE"} {
		if got := c.Get(t, path).Text(".pager-summary"); got != want || o.PayMinor == 0 {
			t.Errorf("%s: got %q, want %q", path, got, want)
		}
	}
	if got := c.Get(t, "/orders?state=pending").Text(".pager-summary"); strings.Contains(got, "in all") {
		t.Errorf("no orders: got %q", got)
	}
	if got := c.Get(t, "/orders?q=ossbag").Text(".pager-summary"); strings.Contains(got, "in all") {
		t.Errorf("searched: got %q", got)
	}
	modelstest.Allow(t, site.DB, site.Team, func(in *models.SettingsInput) { in.Currency = "USD" })
	place(t, site, models.OrderInput{Lines: []models.LineInput{&models.BucketInput{Region: "cn-shanghai"}}})
	if got := c.Get(t, "/orders?free=true").Text(".pager-summary"); got != "3 results" {
		t.Errorf("in two currencies: got %q", got)
	}
}

func TestOrderListHidesWhatIsFreeUntilAsked(t *testing.T) {
	t.Parallel()
	site := open(t)
	c := site.SignIn(t, models.Viewer)
	if p := c.Get(t, "/orders"); p.Status != 200 || !p.Has(".empty") {
		t.Fatalf("without orders: got %d, empty state %t", p.Status, p.Has(".empty"))
	}
	free := place(t, site, freeOrder("data-lake", ""))
	p := c.Get(t, "/orders")
	if strings.Contains(p.Text("main"), fmt.Sprint(free.Number)) {
		t.Error("the free order is listed unasked")
	}
	if links := p.Links(".empty a"); len(links) != 1 || links[0] != "/orders?free=true" {
		t.Errorf("got links %v in the empty state, want the one that shows free orders", links)
	}
	paid := place(t, site, paidOrder())
	if p = c.Get(t, "/orders"); !strings.Contains(p.Text("tbody"), fmt.Sprint(paid.Number)) || strings.Contains(p.Text("tbody"), fmt.Sprint(free.Number)) {
		t.Errorf("got %q, want the paid order alone", p.Text("tbody"))
	}
	if !strings.Contains(p.Text("tbody"), "Standard (LRS) storage plan") {
		t.Errorf("the plan is not called by its words: %q", p.Text("tbody"))
	}
	for path, want := range map[string]int{
		"/orders?free=true": 2, "/orders?free=true&state=completed": 2, "/orders?state=failed": 0, "/orders?state=nonsense": 1,
		"/orders?free=true&q=data-lake": 1, "/orders?free=true&q=%25": 0, "/orders?q=" + fmt.Sprint(paid.Number): 1, "/orders?after=nonsense": 1,
	} {
		if got := c.Get(t, path).Find("tbody tr").Length(); got != want {
			t.Errorf("%s: got %d rows, want %d", path, got, want)
		}
	}
	part := c.GetHX(t, "/orders?free=true&q=data", "div#order-list")
	if part.Has("main") || part.Find("tbody tr").Length() != 1 {
		t.Errorf("the list alone: got %q", part.Text("body"))
	}
	if p := site.SignInOther(t, models.Admin).Get(t, "/orders?free=true"); p.Has("tbody tr") {
		t.Error("another team sees the orders")
	}
}

func TestOrderSaysWhatWasAskedAndLeadsToIt(t *testing.T) {
	t.Parallel()
	site := open(t)
	hostile := `"><script>alert(1)</script>`
	o := place(t, site, freeOrder("data-lake", hostile))
	path := fmt.Sprintf("/orders/%d", o.Number)
	p := site.SignIn(t, models.Requester).Get(t, path)
	if p.Status != 200 || p.Has("main script") || !strings.Contains(p.Text("#facts"), hostile) {
		t.Fatalf("got %d, facts %q", p.Status, p.Text("#facts"))
	}
	links := strings.Join(p.Links("main"), "\n")
	for _, want := range []string{"/buckets/" + o.Lines[0].ResourceID, path + "/print?lang=zh", "/buckets/new?again=true&bucket_name=data-lake&description=%22%3E%3Cscript"} {
		if !strings.Contains(links, want) {
			t.Errorf("no link to %s in\n%s", want, links)
		}
	}
	if !strings.Contains(p.Text("#activity"), "Placed order") {
		t.Errorf("the activity is %q", p.Text("#activity"))
	}
	viewer := site.SignIn(t, models.Viewer).Get(t, path)
	if strings.Contains(strings.Join(viewer.Links("main"), "\n"), "/buckets/new") || viewer.Status != 200 {
		t.Error("a viewer is offered to order again")
	}
	other := site.SignInOther(t, models.Admin)
	for _, tail := range []string{"", "/print", "/print?lang=zh"} {
		if got := other.Get(t, path+tail).Status; got != 404 {
			t.Errorf("another team's %s%s: got %d, want 404", path, tail, got)
		}
	}
	if got := other.Post(t, path+"/retry", nil).Status; got != 404 {
		t.Errorf("another team's retry: got %d, want 404", got)
	}
	for _, number := range []string{"1", "abc", "0x1", "+1", "99999999999999999999", "%2e%2e"} {
		if got := other.Get(t, "/orders/"+number).Status; got != 404 {
			t.Errorf("/orders/%s: got %d, want 404", number, got)
		}
	}
	if got := site.Visitor(t).Get(t, path).Status; got != 303 {
		t.Errorf("nobody: got %d, want 303", got)
	}
	if got := site.SignIn(t, models.Viewer).Post(t, path+"/retry", nil).Status; got != 403 {
		t.Errorf("a viewer's retry: got %d, want 403", got)
	}
	if got := site.SignIn(t, models.Requester).Post(t, path+"/retry", nil).Status; got != 409 {
		t.Errorf("retry of what did not fail: got %d, want 409", got)
	}
}

func TestOrderUnderWayIsLiveAndAFailedOneIsRetried(t *testing.T) {
	t.Parallel()
	site := open(t)
	o := place(t, site, models.OrderInput{Lines: []models.LineInput{&models.StoreInput{
		Name: "kb-legal", Region: "cn-north-7", Zones: []string{"cn-north-7b"}, CU: "xlarge", Num: 1, ChargeMode: "postPaid",
	}}})
	path := fmt.Sprintf("/orders/%d", o.Number)
	c := site.SignIn(t, models.Requester)
	p := c.Get(t, path)
	if !p.Has("#order-state[hx-trigger]") || !p.Has("#order-lines[hx-trigger]") {
		t.Error("an order under way does not follow its state")
	}
	if !strings.Contains(p.Text("#order-lines"), "Due now ¥0.00") || !strings.Contains(p.Text("#order-lines"), "/hour") {
		t.Errorf("the metered line says %q", p.Text("#order-lines"))
	}
	if steps := p.Find("#order-steps[hx-trigger] .step"); steps.Length() != 2 || !steps.First().HasClass("done") || !steps.Last().HasClass("running") {
		t.Errorf("the steps of an order under way are %q", p.Text("#order-steps"))
	}
	month := "≈ " + i18n.Money(t.Context(), o.Lines[0].MonthlyEstimateMinor, "CNY") + " per month"
	if got := strings.Join(strings.Fields(c.Get(t, "/orders").Text("#order-list")), " "); !strings.Contains(got, month) || o.Lines[0].MonthlyEstimateMinor == 0 {
		t.Errorf("the list says %q, want %q", got, month)
	}
	for deadline := time.Now().Add(20 * time.Second); ; {
		more, err := site.DB.WorkOnce(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if !more || time.Now().After(deadline) {
			break
		}
	}
	if part := c.GetHX(t, path, "div#order-steps"); part.Has(".topbar, [hx-trigger]") || part.Find(".step.done").Length() != 2 || !strings.Contains(part.Text(".step:last-child"), "UTC+8") {
		t.Errorf("the steps of a completed one are %q", part.Body)
	}
	if part := c.GetHX(t, path, "span#order-state"); part.Has("[hx-trigger]") || !strings.Contains(part.Text("#order-state"), "Completed") {
		t.Errorf("the final state is %q", part.Body)
	}
}

func TestPaperIsInTheLanguageAskedForAndLeadsToTheLiveOrder(t *testing.T) {
	t.Parallel()
	site := openWith(t, models.Options{}, web.Site{BaseURL: "http://desk.example.com"})
	o := place(t, site, paidOrder())
	path := fmt.Sprintf("/orders/%d", o.Number)
	c := site.SignIn(t, models.Viewer)
	zh, en, own := c.Get(t, path+"/print?lang=zh"), c.Get(t, path+"/print?lang=en"), c.Get(t, path+"/print?lang=xx")
	if got := zh.Text("h1"); got != "订单摘要" {
		t.Errorf("got %q in Chinese", got)
	}
	if !strings.Contains(zh.Text(".sheet-words"), "元整") {
		t.Errorf("the amount in words is %q", zh.Text(".sheet-words"))
	}
	for _, p := range []*webtest.Page{en, own} {
		if got := p.Text("h1"); got != "Order summary" {
			t.Errorf("got %q in English", got)
		}
	}
	if got, want := en.Text(".sheet-check code"), "desk.example.com"+path; got != want {
		t.Errorf("the paper leads to %q, want %q", got, want)
	}
	if d, _ := en.Find(".qr path").Attr("d"); len(d) < 1000 {
		t.Errorf("the QR code is %q", d)
	}
	if lang, _ := zh.Find("html").Attr("lang"); lang != "zh-CN" {
		t.Errorf("the Chinese paper says it is %q", lang)
	}
}

// Whatever the form asks for, somebody whose order waits is told so on the
// order's page, before and after it was decided.
func TestFormWhoseOrderWaitsLeadsToTheOrder(t *testing.T) {
	t.Parallel()
	policy := func(context.Context, models.Actor, *models.Order) (bool, string) { return true, "everything" }
	site := openWith(t, models.Options{Policy: policy}, web.Site{})
	c := site.SignIn(t, models.Requester)
	app := newApp(t, site, "shop")
	for path, form := range map[string]struct {
		id    string
		typed webtest.Values
	}{
		"/buckets/new": {"form#bucket-form", webtest.Values{"region": "cn-hangzhou", "bucket_name": "waits"}},
		"/stores/new":  {"#store-form", webtest.Values{"store_name": "waits"}},
		examplePlan:    {"form#plan-form", nil},
		"/pkg-versions/new?source=oss://elsewhere/a.zip&app_id=" + app.ID: {"#version-form", webtest.Values{"label": "1"}},
	} {
		p := c.Get(t, path)
		if form.id == "form#plan-form" && !strings.Contains(p.Text("#summary"), "Needs approval") {
			t.Errorf("%s: the summary does not say that the order would wait: %q", path, p.Text("#summary"))
		}
		first := c.Submit(t, p, form.id, form.typed)
		if first.Status != http.StatusSeeOther || !strings.HasPrefix(first.Location(), "/orders/") {
			t.Errorf("%s: got %d to %q, want 303 to the order: %s", path, first.Status, first.Location(), first.Text(".error-summary"))
			continue
		}
		show := c.Get(t, first.Location())
		if show.Text("#order-state") != "Awaiting approval" || !strings.Contains(show.Text(".toast"), "is awaiting approval") || !strings.Contains(show.Text("#facts"), "Not decided yet") {
			t.Errorf("%s: got state %q, message %q, facts %q", path, show.Text("#order-state"), show.Text(".toast"), show.Text("#facts"))
		}
		number, err := strconv.ParseInt(strings.TrimPrefix(first.Location(), "/orders/"), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := site.DB.DecideOrder(t.Context(), site.Team.Approver, number, 1, false, "not this year"); err != nil {
			t.Fatal(err)
		}
		if again := c.Submit(t, p, form.id, form.typed); again.Location() != first.Location() {
			t.Errorf("%s: sent again after the decision: got %d to %q, want the order", path, again.Status, again.Location())
		}
		if show = c.Get(t, first.Location()); show.Text("#order-state") != "Rejected" || !strings.Contains(show.Text("#facts"), "not this year") {
			t.Errorf("%s: got state %q, facts %q; want who rejected it and why", path, show.Text("#order-state"), show.Text("#facts"))
		}
	}
}

func TestOrderThatCouldNotBeCarriedOutSaysWhy(t *testing.T) {
	t.Parallel()
	policy := func(context.Context, models.Actor, *models.Order) (bool, string) { return true, "everything" }
	site := openWith(t, models.Options{Policy: policy}, web.Site{})
	first, second := place(t, site, freeOrder("same-name", "")), place(t, site, freeOrder("same-name", ""))
	for _, order := range []*models.Order{first, second} {
		if _, err := site.DB.DecideOrder(t.Context(), site.Team.Approver, order.Number, 1, true, ""); err != nil {
			t.Fatal(err)
		}
	}
	p := site.SignIn(t, models.Requester).Get(t, fmt.Sprintf("/orders/%d", second.Number))
	if p.Text("#order-state") != "Failed" || !strings.Contains(p.Text(".callout"), "This name is taken") || p.Has("form[action$='/retry']") {
		t.Errorf("got state %q, callout %q, retry %t; want the name as the reason and nothing to try again",
			p.Text("#order-state"), p.Text(".callout"), p.Has("form[action$='/retry']"))
	}
}
