package handlers_test

import (
	"encoding/csv"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"quartermaster/models"
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
