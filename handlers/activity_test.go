package handlers_test

import (
	"encoding/csv"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"quartermaster/models"
	"quartermaster/web/webtest"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

func TestActivityIsToldInWordsAndNarrowedByFilters(t *testing.T) {
	t.Parallel()
	site := open(t)
	o := place(t, site, freeOrder("data-lake", ""))
	place(t, site, paidOrder())
	if err := site.DB.DeleteBucket(t.Context(), site.Team.Requester, o.Lines[0].ResourceID); err != nil {
		t.Fatal(err)
	}
	c := site.SignIn(t, models.Viewer)
	p := c.Get(t, "/activity")
	if p.Status != 200 || !strings.Contains(p.Text("#event-list"), "Placed order") {
		t.Fatalf("got %d, %q", p.Status, p.Text("#event-list"))
	}
	if got := p.Find("#event-list s").Length(); got != 2 {
		t.Errorf("got %d struck names, want those of the bucket's creation and deletion", got)
	}
	if links := strings.Join(p.Links("#event-list"), " "); strings.Contains(links, "/buckets/") || !strings.Contains(links, "/orders/"+itoa(o.Number)) {
		t.Errorf("got links %s, want none to the deleted bucket", links)
	}
	for path, want := range map[string]int{
		"/activity?kind=bucket": 2, "/activity?kind=order": 2, "/activity?person=" + site.Team.Requester.UserID + "&kind=plan": 1,
		"/activity?kind=order&q=placed": 2, "/activity?kind=order&q=nothing-like-it": 0, "/activity?kind=order&face=api": 0, "/activity?q=data-l": 3,
	} {
		if got := c.Get(t, path).Find(".timeline li").Length(); got != want {
			t.Errorf("%s: got %d events, want %d", path, got, want)
		}
	}
	if p := c.GetHX(t, "/activity?kind=plan", "div#event-list"); p.Has("main") || p.Find(".timeline li").Length() != 1 {
		t.Errorf("the list alone: got %q", p.Text("body"))
	}
	if p := site.SignInOther(t, models.Admin).Get(t, "/activity"); strings.Contains(p.Text("body"), "data-lake") {
		t.Error("another team sees the activity")
	}
}

func TestActivityAsCSVOpensInASpreadsheetAndRunsNothing(t *testing.T) {
	t.Parallel()
	site := open(t)
	for i := range 60 {
		place(t, site, freeOrder("data-lake-"+itoa(int64(i)), ""))
	}
	if _, err := site.DB.AddMember(t.Context(), site.Team.Admin, models.UserInput{Name: `=HYPERLINK("http://x")`, Email: "x@example.com"}, models.Viewer); err != nil {
		t.Fatal(err)
	}
	p := site.SignIn(t, models.Viewer).Get(t, "/activity.csv")
	body, bom := strings.CutPrefix(p.Body, "\ufeff")
	if p.Status != 200 || !bom || !strings.HasPrefix(p.Header.Get("Content-Disposition"), "attachment") {
		t.Fatalf("got %d, %v", p.Status, p.Header)
	}
	rows, err := csv.NewReader(strings.NewReader(body)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	buckets := 0
	for _, row := range rows {
		for _, cell := range row {
			if strings.ContainsAny(cell[:min(1, len(cell))], "=+-@") {
				t.Errorf("cell %q would be run", cell)
			}
		}
		if row[4] == "Created bucket" || row[13] == "bucket.created" {
			buckets++
		}
	}
	if buckets != 60 {
		t.Errorf("got %d rows of buckets, want all 60", buckets)
	}
	if !strings.Contains(body, `'=HYPERLINK(""http://x"")`) {
		t.Error("the hostile name is not there as text")
	}
	if head, made := rows[0], rows[2]; head[3] != "Email" || !strings.HasSuffix(made[3], "@example.com") {
		t.Errorf("got %v and %v, want the address of who did it", head, made)
	}
	rows, err = csv.NewReader(strings.NewReader(site.SignIn(t, models.Viewer).Get(t, "/activity.csv?q=data-lake-7&kind=bucket").Body)).ReadAll()
	if err != nil || len(rows) != 2 {
		t.Errorf("narrowed: got %d rows, %v; want the head and one", len(rows), err)
	}
}

func TestChangesThatAreRefusedAreRecordedOnce(t *testing.T) {
	t.Parallel()
	site := open(t)
	viewer := site.SignIn(t, models.Viewer)
	for range 2 {
		if p := viewer.Post(t, "/team/budgets", url.Values{"budget_amount": {"5"}}); p.Status != 403 {
			t.Fatalf("budget by a viewer: got %d", p.Status)
		}
	}
	p := viewer.Get(t, "/activity")
	if n := strings.Count(p.Text(".timeline"), "POST /team/budgets"); n != 1 {
		t.Errorf("activity has %d refused attempts, want 1: %q", n, p.Text(".timeline"))
	}
}

func TestActivitySaysFromWhereEverythingCame(t *testing.T) {
	t.Parallel()
	site := setUp(t)
	admin, approver, requester := site.SignIn(t, models.Admin), site.SignIn(t, models.Approver), site.Visitor(t)
	requester.Submit(t, requester.Get(t, "/sign-in"), "#sign-in-form", webtest.Values{"email": email(t, site), "password": "not it at all"})
	requester.Submit(t, requester.Get(t, "/sign-in"), "#sign-in-form", webtest.Values{"email": email(t, site), "password": webtest.Password})
	writeRule(t, admin, webtest.Values{"kinds": "bucket", "step_1": "approver"})
	admin.Submit(t, admin.Get(t, "/team/budgets"), "#budget-form", webtest.Values{"budget_amount": "1"})
	admin.Submit(t, admin.Get(t, "/team/settings"), "#settings-form", webtest.Values{"lapse_days": "3"})
	admin.Submit(t, admin.Get(t, "/team/invitations"), "#invitation-form", webtest.Values{"email": "noor@example.com"})
	order := requester.Submit(t, requester.Get(t, "/buckets/new"), "form#bucket-form", webtest.Values{"bucket_name": "from-where", "region": "cn-hangzhou"}).Location()
	approver.Submit(t, approver.Get(t, order), "#comment-form", webtest.Values{"comment": "why?"})
	approver.Submit(t, approver.Get(t, order), "#decision-form", webtest.Values{"say": "approve"})
	requester.Post(t, "/team/budgets", url.Values{"budget_amount": {"5"}})
	plan := requester.Get(t, examplePlan)
	if p := requester.Submit(t, plan, "form#plan-form", nil); p.Status != 422 {
		t.Fatalf("order over the budget: got %d", p.Status)
	}

	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(admin.Get(t, "/activity.csv").Body, "\ufeff"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	at := func(column string) int { return slices.Index(rows[0], column) }
	from := map[string]string{}
	for _, row := range rows[1:] {
		if what := row[at("Code")] + " " + row[at("Result")]; from[what] == "" { // the newest
			from[what] = row[at("IP address")]
		}
		if row[at("Via")] == "Console" && (row[at("Request ID")] == "" || row[at("Client")] == "") && row[at("Code")] != "user.signed_in" {
			t.Errorf("%s was recorded without its request or its browser: %q", row[at("Code")], row)
		}
	}
	for _, code := range []string{"user.signed_in Refused", "user.signed_in Done", "team.rules_changed Done", "team.budgets_changed Done", "team.lapse_days_changed Done",
		"member.invited Done", "order.placed Done", "order.commented Done", "order.approved Done", "team.attempt Refused"} {
		if from[code] != "127.0.0.1" {
			t.Errorf("%s is from %q, want 127.0.0.1", code, from[code])
		}
	}
	page := admin.Get(t, "/activity")
	page.Find(".timeline li").Each(func(_ int, li *goquery.Selection) {
		if text := li.Find(".timeline-meta").Text(); !strings.Contains(text, "127.0.0.1") && !strings.Contains(text, "test-") && !strings.Contains(text, "192.0.2.1") &&
			!strings.Contains(text, "background job") && !strings.Contains(text, "command line") {
			t.Errorf("an event says of where it came from: %q", text)
		}
	})
	text := page.Text(".timeline")
	if n := strings.Count(text, "Refused attempt: POST"); n != 2 {
		t.Errorf("got %d refused attempts in %q, want the budget and the order over it", n, text)
	}
	if !strings.Contains(text, "Not signed in") || !strings.Contains(text, "decision from 127.0.0.1") {
		t.Errorf("got %q, want the failed sign-in by nobody, and what the decision made", text)
	}
	if p := approver.Get(t, order); !strings.Contains(p.Text(".timeline"), "127.0.0.1") {
		t.Errorf("the order's page says %q", p.Text(".timeline"))
	}
}
