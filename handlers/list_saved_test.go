package handlers_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"quartermaster/models"
	"quartermaster/web/webtest"
)

// heads are the words over the columns of a list.
func heads(p *webtest.Page) (words []string) {
	for _, head := range p.Find("thead th").EachIter() {
		words = append(words, strings.TrimSpace(head.Text()))
	}
	return words
}

// sendKept sends a form about what is kept of a list, with names and values.
func sendKept(t *testing.T, c *webtest.Client, path string, pairs ...string) *webtest.Page {
	t.Helper()
	values := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		values.Add(pairs[i], pairs[i+1])
	}
	return c.Do(t, http.MethodPost, path, values, nil)
}

func TestTheColumnsOfAListAreTheReaders(t *testing.T) {
	t.Parallel()
	site := open(t)
	in := paidOrder()
	in.Note = "for the archive"
	place(t, site, in)
	c := site.SignIn(t, models.Viewer)
	usual := heads(c.Get(t, "/orders"))
	p := c.Get(t, "/orders?choose=columns")
	if p.Status != 200 || p.Find(".choose-columns input[name=column]:checked").Length() != len(usual)-1 || p.Find(".choose-columns input[name=column]:not(:checked)").Length() < 5 {
		t.Fatalf("got %d and %q", p.Status, p.Text(".choose-columns"))
	}
	p = sendKept(t, c, "/orders.columns", "back", "/orders?free=true", "column", "order.reason", "column", "order.amount", "column", "order.state", "column", "order.state", "column", "nothing", "size", "25")
	if p.Status != 303 || p.Header.Get("Location") != "/orders?free=true" {
		t.Fatalf("got %d to %q", p.Status, p.Header.Get("Location"))
	}
	p = c.Get(t, "/orders")
	if got := heads(p); !slices.Equal(got, []string{"Order number", "Reason", "Amount", "Status"}) || p.Text("tbody td:nth-child(2)") != "for the archive" || p.Find("tbody td[data-label=Reason]").Length() != 1 {
		t.Errorf("got %q with %q", got, p.Text("tbody"))
	}
	if p.Find(`link[href*="page"]`).Length() != 1 {
		t.Error("the styles of columns that are not the usual ones are not loaded")
	}
	if got := heads(site.SignIn(t, models.Requester).Get(t, "/orders")); !slices.Equal(got, usual) {
		t.Errorf("somebody else has %q, want %q", got, usual)
	}
	if p := c.Get(t, "/orders?columns=order.state,,order.state,x"); len(heads(p)) != 2 {
		t.Errorf("what the address says: got %q", heads(p))
	}
	p = sendKept(t, c, "/orders.columns", "back", "/orders", "column", "order.reason", "column", "order.amount", "column", "order.state", "size", "25", "up", "order.state")
	if to := p.Header.Get("Location"); to != "/orders?choose=columns" {
		t.Errorf("moved: sent to %q", to)
	}
	if got := heads(c.Get(t, "/orders")); !slices.Equal(got, []string{"Order number", "Reason", "Status", "Amount"}) {
		t.Errorf("moved: got %q", got)
	}
	if lines := strings.Count(c.Get(t, "/orders.csv").Body, ","); lines != strings.Count(site.SignIn(t, models.Admin).Get(t, "/orders.csv").Body, ",") {
		t.Error("a file has not all columns")
	}
	sendKept(t, c, "/orders.columns", "back", "https://elsewhere.example/", "say", "usual", "column", "order.state")
	if got := heads(c.Get(t, "/orders")); !slices.Equal(got, usual) {
		t.Errorf("the usual ones again: got %q", got)
	}
}

func TestThePageOfAListIsAsLongAsItsReaderLikes(t *testing.T) {
	t.Parallel()
	site := open(t)
	for range 27 {
		place(t, site, paidOrder())
	}
	c := site.SignIn(t, models.Viewer)
	sendKept(t, c, "/orders.columns", "back", "/orders", "size", "25")
	for path, want := range map[string]int{"/orders": 25, "/orders?size=100": 27, "/orders?size=200": 25, "/orders?size=3": 25} {
		if n := c.Get(t, path).Find("tbody tr").Length(); n != want {
			t.Errorf("%s: got %d rows, want %d", path, n, want)
		}
	}
	if p := c.Get(t, "/activity?choose=columns"); p.Text(".toolbar-end a:last-child") != "Rows per page" || p.Find(".choose-columns button").Length() != 1 {
		t.Errorf("of a list that is no table: got %q", p.Text(".choose-columns"))
	}
	for _, size := range []string{"200", "100000"} {
		if p := sendKept(t, c, "/orders.columns", "back", "/orders", "size", size); p.Status != 422 && p.Status != 400 {
			t.Errorf("%s rows: got %d", size, p.Status)
		}
	}
}

func TestAViewOpensAListAsItWasSaved(t *testing.T) {
	t.Parallel()
	site := open(t)
	place(t, site, paidOrder())
	place(t, site, freeOrder("data-lake", ""))
	c := site.SignIn(t, models.Requester)
	page := c.Get(t, "/orders?free=true&state=completed&sort=-amount&q=data")
	href, _ := page.Find(`.toolbar-end a[href^="/orders.views"]`).Attr("href")
	p := c.Get(t, href)
	if crumb := p.Text("main nav a[href^='/orders?']"); !strings.HasPrefix(crumb, "Orders") || strings.Contains(crumb, "newest") {
		t.Errorf("the way back is called %q", crumb)
	}
	if asks := p.Text(".view-asks"); !strings.Contains(asks, "Completed") || !strings.Contains(asks, "data") || !strings.Contains(asks, "Amount") {
		t.Errorf("the form says %q", asks)
	}
	p = c.Submit(t, p, "#view-form", webtest.Values{"view_name": "", "whose": "team"})
	if p.Status != 422 || p.Find("#view_name[aria-invalid]").Length() != 1 || !strings.Contains(p.Text(".view-asks"), "Completed") {
		t.Errorf("without a name: got %d and %q", p.Status, p.Text("#view-form"))
	}
	p = c.Submit(t, p, "#view-form", webtest.Values{"view_name": "Lakes", "whose": "team"})
	opens := p.Header.Get("Location")
	if p.Status != 303 || !strings.HasPrefix(opens, "/orders?view=") {
		t.Fatalf("saved: got %d to %q", p.Status, opens)
	}
	viewer := site.SignIn(t, models.Viewer)
	for _, who := range []*webtest.Client{c, viewer} {
		p = who.Get(t, opens)
		if p.Find("tbody tr").Length() != 1 || !strings.Contains(p.Text(".tabs [aria-current]"), "Lakes") || p.Find("th[aria-sort=ascending]").Length() != 1 || p.Find(".search-box input[value=data]").Length() != 1 {
			t.Errorf("opened: got %q", p.Text("main"))
		}
	}
	if p.Find(`form[action="/orders.views"]`).Length() != 0 {
		t.Error("a view that says all that is asked for offers to be changed")
	}
	off, _ := c.Get(t, opens).Find(".chip a").First().Attr("href")
	p = c.Get(t, off)
	if !strings.Contains(p.Text(".tabs [aria-current]"), "Lakes") {
		t.Errorf("without one filter the list left the view: %s has %q", off, p.Text(".tabs"))
	}
	if n := viewer.Get(t, off).Find(`form[action="/orders.views"]`).Length(); n != 0 {
		t.Error("a viewer is offered to change the team's view")
	}
	if p = c.Submit(t, p, `form[action="/orders.views"]`, nil); p.Header.Get("Location") != opens {
		t.Errorf("changes: got %d to %q", p.Status, p.Header.Get("Location"))
	}
	if n := viewer.Get(t, opens).Find(".chip").Length(); n != 1 {
		t.Errorf("the changed view has %d filters, want one", n)
	}
	if csv := c.Get(t, strings.Replace(opens, "/orders", "/orders.csv", 1)).Body; strings.Count(csv, "\r\n") != 2 {
		t.Errorf("the file of the view has %q", csv)
	}
	if p := site.SignInOther(t, models.Admin).Get(t, opens); p.Status != 200 || !strings.Contains(p.Text(".callout"), "no longer exists") || strings.Contains(p.Body, "Lakes") {
		t.Errorf("another team: got %d and %q", p.Status, p.Text("main"))
	}
}

func TestAListOpensWithTheViewOfItsReader(t *testing.T) {
	t.Parallel()
	site := open(t)
	place(t, site, paidOrder())
	place(t, site, freeOrder("data-lake", ""))
	c := site.SignIn(t, models.Viewer)
	p := c.Submit(t, c.Get(t, "/orders.views?back=%2Forders%3Ffree%3Dtrue"), "#view-form", webtest.Values{"view_name": "All of them", "opens": "true"})
	id := strings.TrimPrefix(p.Header.Get("Location"), "/orders?view=")
	rows := func(path string) int { return c.Get(t, path).Find("tbody tr").Length() }
	for path, want := range map[string]int{"/orders": 2, "/orders?in=-": 1, "/orders?view=-": 1, "/orders?state=completed": 1, "/orders?in=" + id: 1, "/orders?view=" + id: 2} {
		if n := rows(path); n != want {
			t.Errorf("%s: got %d rows, want %d", path, n, want)
		}
	}
	all, _ := c.Get(t, "/orders").Find(".tabs a").First().Attr("href")
	if n := rows(all); n != 1 {
		t.Errorf("the whole list is at %s: got %d rows", all, n)
	}
	if csv := c.Get(t, "/orders.csv").Body; strings.Count(csv, "\r\n") != 2 {
		t.Errorf("a file is of what its address says: got %q", csv)
	}
	if p := sendKept(t, c, "/orders.views", "back", "/orders", "id", id, "say", "close"); p.Status != 303 || rows("/orders") != 1 {
		t.Errorf("closed: got %d and %d rows", p.Status, rows("/orders"))
	}
	sendKept(t, c, "/orders.views", "back", "/orders", "id", id, "say", "open")
	if sendKept(t, c, "/orders.views", "back", "/orders", "id", id, "say", "delete"); rows("/orders") != 1 {
		t.Errorf("deleted: got %d rows", rows("/orders"))
	}
}

func TestWhatIsKeptOfAListIsForWhoMayReadIt(t *testing.T) {
	t.Parallel()
	site := open(t)
	c := site.SignIn(t, models.Viewer)
	for _, of := range []string{"/team/keys", "/site/users", "/site/keys", "/buckets/none/objects"} {
		if p := c.Get(t, of+".views"); p.Status != 403 && p.Status != 404 {
			t.Errorf("%s: a viewer's views: got %d", of, p.Status)
		}
		for _, form := range []string{".views", ".columns"} {
			if p := sendKept(t, c, of+form, "view_name", "x", "whose", "own"); p.Status != 403 && p.Status != 404 {
				t.Errorf("%s%s: a viewer sends it: got %d", of, form, p.Status)
			}
		}
	}
	if p := site.SignIn(t, models.Requester).Get(t, "/site/users.views"); p.Status != 403 && p.Status != 404 {
		t.Errorf("a requester: got %d", p.Status)
	}
	if p := site.SignIn(t, models.Admin).Get(t, "/team/keys.views"); p.Status != 200 {
		t.Errorf("an admin: got %d", p.Status)
	}
}

func TestTheWayBackToAListStaysOnTheSite(t *testing.T) {
	t.Parallel()
	c := open(t).SignIn(t, models.Requester)
	for _, path := range []string{"/orders.views?", "/buckets.bulk?action=delete&pick=x&"} {
		p := c.Get(t, path+"back=/%252Fevil.example/sign-in")
		for _, part := range p.Find("main [href], main [value]").EachIter() {
			if to := part.AttrOr("href", "") + part.AttrOr("value", ""); strings.HasPrefix(to, "//") {
				t.Errorf("%s leads to %q", path, to)
			}
		}
	}
	for _, path := range []string{"/orders.columns", "/orders.views"} {
		if p := sendKept(t, c, path, "back", "/%2Fevil.example/", "view_name", "x", "whose", "mine"); p.Status != 303 || !strings.HasPrefix(p.Location(), "/%2F") {
			t.Errorf("%s: sent to %q with %d", path, p.Location(), p.Status)
		}
	}
}

func TestAViewSaysWhatIsNoMore(t *testing.T) {
	t.Parallel()
	site := open(t)
	place(t, site, freeOrder("data-lake", ""))
	c := site.SignIn(t, models.Viewer)
	view, err := site.DB.SaveView(t.Context(), site.Team.Viewer, "bucket-list", "", models.ViewInput{Name: "Old",
		State: "tag=gone&region=cn-nowhere&colour=red&sort=-weight&columns=buckets.used%2Cshape&q=data"})
	if err != nil {
		t.Fatal(err)
	}
	p := c.Get(t, "/buckets?view="+view.ID)
	said := p.Text(".list-note")
	for _, want := range []string{"colour: red", "cn-nowhere", "weight", "shape", "gone"} {
		if !strings.Contains(said, want) {
			t.Errorf("got %q, want it to name %s", said, want)
		}
	}
	if p.Status != 200 || p.Find("tbody tr").Length() != 1 || len(heads(p)) != 2 || p.Find(".search-box input[value=data]").Length() != 1 {
		t.Errorf("got %d and %q, want the rest of the view", p.Status, p.Text("main"))
	}
}
