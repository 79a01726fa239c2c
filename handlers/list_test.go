package handlers_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"quartermaster/models"
)

func TestAListIsSentWholeAsAFile(t *testing.T) {
	t.Parallel()
	site := open(t)
	hostile := "=HYPERLINK(\"x\")"
	var last *models.Order
	for range 3 {
		in := paidOrder()
		in.Note = hostile
		last = place(t, site, in)
	}
	free := place(t, site, freeOrder("data-lake", ""))
	c := site.SignIn(t, models.Viewer)
	p := c.Get(t, "/orders.csv")
	if p.Status != 200 || strings.Count(p.Body, "\r\n") != 4 || !strings.HasPrefix(p.Body, "\ufeffOrder number,Items,") || strings.Contains(p.Body, fmt.Sprint(free.Number)) {
		t.Errorf("got %d and %q, want a head and the three paid orders", p.Status, p.Body)
	}
	if !strings.Contains(p.Body, fmt.Sprint(last.Number)+"\t,") || !strings.Contains(p.Body, `"'=HYPERLINK(""x"")"`) {
		t.Errorf("got %q, want the number and the reason as text", p.Body)
	}
	if p := c.Get(t, "/orders.csv?free=true&q=data-lake"); strings.Count(p.Body, "\r\n") != 2 {
		t.Errorf("the free one: got %q", p.Body)
	}
	book := []byte(c.Get(t, "/orders.xlsx").Body)
	z, err := zip.NewReader(bytes.NewReader(book), int64(len(book)))
	if err != nil {
		t.Fatal(err)
	}
	sheet, err := z.Open("xl/worksheets/sheet1.xml")
	if err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(sheet); err != nil || strings.Count(string(text), "<row>") != 4 || !strings.Contains(string(text), ">"+fmt.Sprint(last.Number)+"<") {
		t.Errorf("got %s, %v", text, err)
	}
	for _, path := range []string{"/orders.csv", "/plans.csv"} {
		if p := site.SignInOther(t, models.Admin).Get(t, path); p.Status != 200 || strings.Count(p.Body, "\r\n") != 1 {
			t.Errorf("another team got %d and %q of %s, want the head alone", p.Status, p.Body, path)
		}
		if p := site.Visitor(t).Get(t, path); p.Status != 303 {
			t.Errorf("nobody got %d of %s", p.Status, path)
		}
	}
}

func TestAListIsSortedByItsHeads(t *testing.T) {
	t.Parallel()
	site := open(t)
	small := place(t, site, paidOrder())
	in := paidOrder()
	in.Lines[0].(*models.PlanInput).Duration = "2"
	large := place(t, site, in)
	c := site.SignIn(t, models.Viewer)
	for path, want := range map[string]struct {
		first *models.Order
		sort  string
	}{
		"/orders": {large, "descending"}, "/orders?sort=-number": {small, "ascending"}, "/orders?sort=amount": {large, "descending"},
		"/orders?sort=-amount": {small, "ascending"}, "/orders?sort=team_id": {large, "descending"}, "/orders?sort=-title%3B--": {large, "descending"},
	} {
		p := c.Get(t, path)
		if got := p.Links("tbody th"); len(got) != 2 || got[0] != fmt.Sprintf("/orders/%d", want.first.Number) {
			t.Errorf("%s: got %q, want %d first", path, got, want.first.Number)
		}
		if got := p.Find("th[aria-sort]").AttrOr("aria-sort", ""); got != want.sort || p.Find("th[aria-sort]").Length() != 1 {
			t.Errorf("%s: sorted %q, want %q", path, got, want.sort)
		}
	}
	if got := c.Get(t, "/orders").Text(".pager-summary"); got != "2 results" {
		t.Errorf("the total is %q", got)
	}
}

func TestAListBelowAThingIsSentAsAFileToThoseWhoMaySeeTheThing(t *testing.T) {
	t.Parallel()
	site := open(t)
	k, _ := teamKey(t, site, models.AccessKeyInput{})
	other, _ := teamKey(t, site, models.AccessKeyInput{})
	for _, c := range []models.Call{{KeyID: k.ID, Operation: "ListStores"}, {KeyID: k.ID, Operation: "CreateStore", Code: "LMS.10001005"}, {KeyID: other.ID, RequestID: "of-another"}} {
		c.At = site.DB.Now()
		site.DB.NoteCall(c)
	}
	calls := "/team/keys/" + k.ID + "/calls.csv"
	admin := site.SignIn(t, models.Admin)
	for path, want := range map[string]int{calls: 3, calls + "?failed=true": 2, "/team/keys.csv": 3} {
		if p := admin.Get(t, path); p.Status != 200 || strings.Count(p.Body, "\r\n") != want || strings.Contains(p.Body, "of-another") {
			t.Errorf("%s: got %d and %q, want %d lines", path, p.Status, p.Body, want)
		}
	}
	plan := place(t, site, paidOrder()).Lines[0].ResourceID
	for path, status := range map[string]int{calls: 403, "/plans/" + plan + "/deductions.xlsx": 200, "/plans/no-such/deductions.csv": 404} {
		if p := site.SignIn(t, models.Viewer).Get(t, path); p.Status != status {
			t.Errorf("a viewer got %d of %s, want %d", p.Status, path, status)
		}
	}
	for _, path := range []string{calls, "/plans/" + plan + "/deductions.csv"} {
		if p := site.SignInOther(t, models.Admin).Get(t, path); p.Status != 404 {
			t.Errorf("another team got %d of %s, want 404", p.Status, path)
		}
	}
}
