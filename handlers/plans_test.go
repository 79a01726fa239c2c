package handlers_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"quartermaster/models"
	"quartermaster/models/modelstest"
	"quartermaster/web"
	"quartermaster/web/webtest"
)

// examplePlan is the plan of every page of the documents, as an address.
const examplePlan = "/plans/new?product_code=ossbag&package_type=FPT_ossbag_absolute_Storage_sh&specification=40&duration=6"

// orderPlan orders the example and gives the address of its page.
func orderPlan(t *testing.T, c *webtest.Client, typed webtest.Values) string {
	t.Helper()
	p := c.Submit(t, c.Get(t, examplePlan), "form#plan-form", typed)
	if p.Status != http.StatusSeeOther || !strings.HasPrefix(p.Location(), "/plans/OSSBAG-cn-") {
		t.Fatalf("got %d to %q, want 303 to the plan: %s", p.Status, p.Location(), p.Text(".error-summary"))
	}
	return p.Location()
}

func TestPlanIsOrderedFromTheForm(t *testing.T) {
	t.Parallel()
	clock := modelstest.NewClock()
	site := openWith(t, models.Options{Clock: clock.Now}, web.Site{})
	c := site.SignIn(t, models.Requester)
	form := c.Get(t, examplePlan)
	for selector, want := range map[string]string{
		"#summary .summary-total-value":              "¥22.50",
		"#summary .summary-breakdown dd.tone-ok":     "−¥4.50",
		"#summary .summary-notes li":                 "Price source: estimated from the cloud vendor’s prices, since 2024-01-01. Your price is fixed when you place the order.",
		"#summary .summary-rows div:nth-child(4) dd": "2026-11-21 17:00 UTC+8",
		"#summary .summary-rows div:nth-child(5) dd": "2027-05-21",
	} {
		if got := form.Text(selector); got != want {
			t.Errorf("%s: got %q, want %q", selector, got, want)
		}
	}
	path := orderPlan(t, c, webtest.Values{"note": `photos <script>alert("x")</script>`, "cost_centre": "CC-7"})
	show := c.Get(t, path)
	if show.Status != http.StatusOK || show.Text(".badge") != "Active" || !strings.Contains(show.Text(".facts"), `photos <script>alert("x")</script>`) {
		t.Errorf("got %d, state %q, facts %q", show.Status, show.Text(".badge"), show.Text(".facts"))
	}
	if strings.Contains(show.Body, "<script>alert") {
		t.Error("the reason is not escaped")
	}
	if !strings.Contains(show.Text(".toast"), strings.TrimPrefix(path, "/plans/")) {
		t.Errorf("got message %q", show.Text(".toast"))
	}
	list := c.Get(t, "/plans")
	if !slices.Contains(list.Links("#plans"), path) {
		t.Errorf("the list links to %q, want %s", list.Links("#plans"), path)
	}
	again := show.Links("main a.button")
	if len(again) == 0 {
		t.Fatal("there is no way to order again")
	}
	if p := c.Get(t, again[0]); p.Text("#summary .summary-total-value") != "¥22.50" {
		t.Errorf("order again shows %q", p.Text("#summary"))
	}
}

func TestSamePlanFormSentTwiceIsOneOrder(t *testing.T) {
	t.Parallel()
	site := open(t)
	c := site.SignIn(t, models.Requester)
	form := c.Get(t, examplePlan)
	first := c.Submit(t, form, "form#plan-form", nil)
	if second := c.Submit(t, form, "form#plan-form", nil); second.Location() != first.Location() || second.Status != http.StatusSeeOther {
		t.Errorf("got %d to %q, want the first, %q", second.Status, second.Location(), first.Location())
	}
}

func TestRefusedPlanFormKeepsWhatWasTyped(t *testing.T) {
	t.Parallel()
	site := open(t)
	c := site.SignIn(t, models.Requester)
	typed := webtest.Values{"note": "why <b>not</b>", "effective_date": "2020-01-01T08:00", "cost_centre": "CC-7"}
	whole := c.Submit(t, c.Get(t, examplePlan), "form#plan-form", typed)
	part := c.SubmitHX(t, c.Get(t, examplePlan), "form#plan-form", typed)
	for name, p := range map[string]*webtest.Page{"page": whole, "fragment": part} {
		if p.Status != http.StatusUnprocessableEntity || p.Has("header.topbar, .topbar") != (name == "page") {
			t.Errorf("%s: got %d", name, p.Status)
		}
		if got := p.Text("#effective_date-note"); !strings.Contains(got, "24 hours") {
			t.Errorf("%s: beside the date stands %q", name, got)
		}
		if links := p.Links(".error-summary"); !slices.Equal(links, []string{"#effective_date"}) {
			t.Errorf("%s: the summary links to %q", name, links)
		}
		values := webtest.Fields(p.Find("form#plan-form"))
		for field, want := range map[string]string{"note": "why <b>not</b>", "cost_centre": "CC-7", "effective_date": "2020-01-01T08:00",
			"package_type": "FPT_ossbag_absolute_Storage_sh", "specification": "40", "duration": "6", "pricing_cycle": "Month"} {
			if got := values.Get(field); got != want {
				t.Errorf("%s: %s holds %q, want %q", name, field, got, want)
			}
		}
	}
}

func TestPlanDateIsTypedInTheReadersZone(t *testing.T) {
	t.Parallel()
	clock := modelstest.NewClock()
	site := openWith(t, models.Options{Clock: clock.Now}, web.Site{})
	c := site.SignIn(t, models.Requester)
	for lang, want := range map[string]string{"en": "2026-12-01T08:00:00Z", "zh": "2026-12-01T00:00:00Z"} {
		c.Header.Set("Accept-Language", lang) // readers of Chinese are in UTC+8 unless they say otherwise
		p := c.Get(t, orderPlan(t, c, webtest.Values{"effective_date": "2026-12-01T08:00"}))
		if got := p.Find(".facts time").AttrOr("datetime", ""); got != want {
			t.Errorf("typed by a reader of %s: got %s, want %s", lang, got, want)
		}
	}
	for _, tt := range []struct {
		later time.Duration
		state string
	}{{0, "SCHEDULED"}, {10 * 24 * time.Hour, "ACTIVE"}, {365 * 24 * time.Hour, "EXPIRED"}} {
		clock.Move(tt.later)
		c := site.SignIn(t, models.Requester) // the earlier session has lapsed
		if p := c.Get(t, "/plans?state="+tt.state); len(p.Links("#plans tbody")) != 2 {
			t.Errorf("%s later the list of %s holds %q", tt.later, tt.state, p.Links("#plans tbody"))
		}
	}
}

func TestPlanPreviewOffersWhatGoesWithTheChoice(t *testing.T) {
	t.Parallel()
	site := open(t)
	c := site.SignIn(t, models.Requester)
	fresh := c.Get(t, "/plans/new")
	if fresh.Status != http.StatusOK || fresh.Has(".error-summary, .field-note .error") || fresh.Has("[name=specification]") {
		t.Errorf("a new form shows errors or sizes: %s", fresh.Text("form#plan-form"))
	}
	if !fresh.Has("option[value=FPT_ossbag_absolute_StorageColdArchive_china_common][disabled]") {
		t.Error("a type that is not on sale can be chosen")
	}
	for _, tt := range []struct {
		name, change   string
		specs, terms   []string
		chosen, months string
	}{
		{"type", "package_type=FPT_ossbag_absolute_Storage_sh", []string{"40", "100", "500", "1024"}, nil, "", ""},
		{"size", "package_type=FPT_ossbag_absolute_Storage_sh&specification=40", []string{"40", "100", "500", "1024"}, []string{"1", "6", "12"}, "40", ""},
		{"years", "package_type=FPT_ossbag_absolute_Storage_sh&specification=100&duration=36&pricing_cycle=Year", []string{"40", "100", "500", "1024"},
			[]string{"1", "2", "3"}, "100", "3"},
		{"another type that has the size", "package_type=FPT_ossbag_absolute_StorageArchive_china_common&specification=100&duration=6",
			[]string{"100", "1024", "10240"}, []string{"1", "6", "12", "24", "36"}, "100", "6"},
		{"another type without the size", "package_type=FPT_ossbag_absolute_StorageArchive_china_common&specification=40&duration=6",
			[]string{"100", "1024", "10240"}, nil, "", ""},
		{"the only size there is", "package_type=FPT_ossbag_periodMonthlyAcc_NetworkOut_finance_common", []string{"500"}, []string{"6", "12"}, "500", ""},
		{"another product", "product_code=cdnbag&package_type=FPT_ossbag_absolute_Storage_sh&specification=40&duration=6", nil, nil, "", ""},
		{"nonsense", "product_code=%3Cscript%3E&package_type=x&specification=y&duration=z&pricing_cycle=w&effective_date=v", nil, nil, "", ""},
	} {
		values, err := url.ParseQuery(tt.change)
		if err != nil {
			t.Fatal(err)
		}
		p := c.Post(t, "/plans/preview", values)
		if p.Status != http.StatusOK || p.Has(".field-note .error") != p.Has("#effective_date[value=v]") {
			t.Errorf("%s: got %d, errors %q", tt.name, p.Status, p.Text(".field-note .error"))
		}
		if got := choices(p, "specification"); !slices.Equal(got, tt.specs) {
			t.Errorf("%s: got sizes %q, want %q", tt.name, got, tt.specs)
		}
		if got := choices(p, "duration"); !slices.Equal(got, tt.terms) {
			t.Errorf("%s: got terms %q, want %q", tt.name, got, tt.terms)
		}
		fields := webtest.Fields(p.Find("form#plan-form"))
		if fields.Get("specification") != tt.chosen || fields.Get("duration") != tt.months {
			t.Errorf("%s: chosen are %q and %q, want %q and %q", tt.name, fields.Get("specification"), fields.Get("duration"), tt.chosen, tt.months)
		}
	}
}

func choices(p *webtest.Page, field string) []string {
	var out []string
	for _, n := range p.Find("input[name=" + field + "]").Nodes {
		for _, a := range n.Attr {
			if a.Key == "value" {
				out = append(out, a.Val)
			}
		}
	}
	return out
}

func TestWhoMayDoWhatWithPlans(t *testing.T) {
	t.Parallel()
	site := open(t)
	path := orderPlan(t, site.SignIn(t, models.Requester), nil)
	viewer, other := site.SignIn(t, models.Viewer), site.SignInOther(t, models.Admin)
	for _, tt := range []struct {
		who    string
		c      *webtest.Client
		method string
		path   string
		want   int
	}{
		{"visitor", site.Visitor(t), http.MethodGet, path, http.StatusSeeOther},
		{"viewer", viewer, http.MethodGet, path, http.StatusOK},
		{"viewer", viewer, http.MethodGet, "/plans/new", http.StatusForbidden},
		{"viewer", viewer, http.MethodPost, "/plans", http.StatusForbidden},
		{"viewer", viewer, http.MethodPost, "/plans/preview", http.StatusForbidden},
		{"viewer", viewer, http.MethodPost, path + "/removal", http.StatusForbidden},
		{"other team", other, http.MethodGet, path, http.StatusNotFound},
		{"other team", other, http.MethodPost, path + "/removal", http.StatusNotFound},
		{"requester", site.SignIn(t, models.Requester), http.MethodGet, "/plans/OSSBAG-cn-nowhere", http.StatusNotFound},
	} {
		form := url.Values{}
		if tt.method == http.MethodGet {
			form = nil
		}
		if p := tt.c.Do(t, tt.method, tt.path, form, nil); p.Status != tt.want {
			t.Errorf("%s %s %s: got %d, want %d", tt.who, tt.method, tt.path, p.Status, tt.want)
		}
	}
	for _, page := range []string{"/plans", path} {
		if p := viewer.Get(t, page); p.Has(`a[href^="/plans/new"], form[action$="/removal"]`) {
			t.Errorf("%s offers a viewer to create or delete", page)
		}
	}
	if p := other.Get(t, "/plans"); p.Has("#plans") {
		t.Error("another team's list shows the plan")
	}
}

func TestNoTextMakesThePlanPagesFail(t *testing.T) {
	t.Parallel()
	site := open(t)
	c := site.SignIn(t, models.Requester)
	for _, path := range []string{"/plans/%00", "/plans/%ff", "/plans?q=%00", "/plans?q=%ff%fe", "/plans?type=%00", "/plans?state=%00",
		"/plans?after=WyJhIiwiYiJd", "/plans/new?package_type=%00", "/plans/new?product_code=%ff"} {
		if p := c.Get(t, path); p.Status >= 500 {
			t.Errorf("%s: got %d", path, p.Status)
		}
	}
	for _, field := range []string{"product_code", "package_type", "specification", "duration", "pricing_cycle", "effective_date", "note", "cost_centre"} {
		for _, text := range []string{"a\x00b", "a\xffb", strings.Repeat("9", 5000), "\u202e", "' OR 1=1 --"} {
			form := url.Values{"product_code": {"ossbag"}, "package_type": {"FPT_ossbag_absolute_Storage_sh"}, "specification": {"40"}, "duration": {"6"}}
			form.Set(field, text)
			order, preview := c.Post(t, "/plans", form), c.Post(t, "/plans/preview", form)
			free := (field == "note" || field == "cost_centre") && strings.HasPrefix(text, "'")
			if want := http.StatusUnprocessableEntity; (order.Status != want) != free || preview.Status != http.StatusOK {
				t.Errorf("%s %.20q: got %d and %d for the preview", field, text, order.Status, preview.Status)
			}
		}
	}
}

func TestPlanIsDeleted(t *testing.T) {
	t.Parallel()
	site := open(t)
	c := site.SignIn(t, models.Requester)
	path := orderPlan(t, c, nil)
	page := c.Get(t, path)
	lost := page.Text("dialog")
	for _, want := range []string{"¥22.50", "days left", "40 GB"} {
		if !strings.Contains(lost, want) {
			t.Errorf("the dialog does not name %q: %s", want, lost)
		}
	}
	p := c.Submit(t, page, `form[action$="/removal"]`, nil)
	if p.Status != http.StatusSeeOther || p.Location() != "/plans" {
		t.Errorf("got %d to %q", p.Status, p.Location())
	}
	if p := c.Get(t, path); p.Status != http.StatusNotFound {
		t.Errorf("afterwards: got %d", p.Status)
	}
}

func TestPlanListIsSearched(t *testing.T) {
	t.Parallel()
	site := open(t)
	c := site.SignIn(t, models.Requester)
	path := orderPlan(t, c, webtest.Values{"note": "photo desk"})
	for query, want := range map[string]int{
		"": 1, "?q=photo": 1, "?q=Shanghai": 1, "?q=nothing+like+it": 0, "?state=ACTIVE": 1, "?state=EXPIRED": 0,
		"?ending=30": 0, "?type=FPT_ossbag_absolute_Storage_sh": 1, "?state=%3Cscript%3E&after=x&before=y": 1,
	} {
		p := c.Get(t, "/plans"+query)
		if got := len(p.Links("#plans tbody")); p.Status != http.StatusOK || got != want {
			t.Errorf("%q: got %d with %d plans, want %d", query, p.Status, got, want)
		}
	}
	part := c.GetHX(t, "/plans?q=photo", "div#plan-list")
	if part.Has(".topbar") || !slices.Equal(part.Links("#plans tbody"), []string{path}) {
		t.Errorf("the fragment holds %q", part.Text("body"))
	}
}

func TestNewPlanShowsItsFirstMeasurement(t *testing.T) {
	t.Parallel()
	site := open(t)
	c := site.SignIn(t, models.Requester)
	path := orderPlan(t, c, nil)
	if p := c.Get(t, path); p.Find("#plan-use").AttrOr("hx-trigger", "") != "every 1s" {
		t.Error("a plan that was not measured yet does not ask again")
	}
	modelstest.Work(t, site.DB)
	p := c.GetHX(t, path, "div#plan-use")
	if p.Has(".topbar") || p.Has("#plan-use[hx-trigger]") || p.Has("#burn") || !strings.Contains(p.Text(".meter"), "0 B of 40 GB") {
		t.Errorf("measured: got %q", p.Text("body"))
	}
}

func TestPlanThatIsUsedShowsWhatIsLeftByDay(t *testing.T) {
	t.Parallel()
	site := open(t)
	c := site.SignIn(t, models.Requester)
	path := orderPlan(t, c, nil)
	bucket := place(t, site, models.OrderInput{Lines: []models.LineInput{&models.BucketInput{Region: "cn-shanghai"}}}).Lines[0].ResourceID
	in := models.ObjectInput{BucketID: bucket, Key: "a"}
	if _, err := site.DB.PutObject(t.Context(), site.Team.Requester, in, strings.NewReader(strings.Repeat("a", 3<<20))); err != nil {
		t.Fatal(err)
	}
	modelstest.Work(t, site.DB)
	p := c.Get(t, path)
	if rows := p.Find("#burn tbody tr"); rows.Length() != 1 || !strings.HasSuffix(rows.Text(), "40 GB") || p.Find("#burn .plot-labels > span").Length() < 28 ||
		p.Find("#burn .bars .even").Length() != 1 || p.Has("#burn .out") {
		t.Errorf("got %q", p.Text("#burn"))
	}
}

func TestSeveralPlansAreRenewedOnOneForm(t *testing.T) {
	t.Parallel()
	site := open(t)
	c := site.SignIn(t, models.Requester)
	var ids []string
	for range 2 {
		ids = append(ids, place(t, site, paidOrder()).Lines[0].ResourceID)
	}
	list := c.Get(t, "/plans")
	if list.Find("#plan-list-bulk button[value=renew]").Length() != 1 {
		t.Fatalf("the bar has %q", list.Text(".picked"))
	}
	to := c.Get(t, "/plans.bulk?back=%2Fplans&action=renew&pick=none&pick="+strings.Join(ids, "&pick="))
	if to.Status != 303 {
		t.Fatalf("got %d", to.Status)
	}
	p := c.Get(t, to.Location())
	if rows := p.Find("#renewals tbody tr"); p.Status != 200 || rows.Length() != 3 || p.Find("#renewals .tone-warn").Length() != 1 || !strings.Contains(p.Text("#summary"), "2 of 3") {
		t.Fatalf("the form: got %d and %q", p.Status, p.Text("main"))
	}
	p = c.Submit(t, p, "#plan-renewals", webtest.Values{"duration": "1", "pricing_cycle": "Year"})
	if p.Status == 422 { // at the price of the term that was chosen
		p = c.Submit(t, p, "#plan-renewals", nil)
	}
	if p.Status != 303 || !strings.HasPrefix(p.Location(), "/orders/") {
		t.Fatalf("got %d: %q", p.Status, p.Text("main"))
	}
	order := c.Get(t, p.Location())
	for _, id := range ids {
		if !strings.Contains(order.Text("#lines"), id) || !strings.Contains(order.Text("#changes"), id) {
			t.Errorf("%s is not on the page of the order: %q", id, order.Text("#changes"))
		}
	}
	if paper := c.Get(t, p.Location()+"/print?lang=en"); paper.Status != 200 || !strings.Contains(paper.Text("body"), ids[1]) {
		t.Errorf("the paper: got %d", paper.Status)
	}
	if p := site.SignIn(t, models.Viewer).Get(t, to.Location()); p.Status != 403 {
		t.Errorf("a viewer: got %d", p.Status)
	}
}
