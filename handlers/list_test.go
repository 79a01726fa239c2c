package handlers_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"regexp"
	"slices"
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
		"/orders?sort=-amount": {small, "ascending"}, "/orders?sort=requester": {small, "ascending"}, "/orders?sort=-state": {large, "descending"},
		"/orders?sort=team_id": {large, "descending"}, "/orders?sort=-title%3B--": {large, "descending"},
	} {
		p := c.Get(t, path)
		if got := p.Links("tbody th"); len(got) != 2 || got[0] != fmt.Sprintf("/orders/%d", want.first.Number) {
			t.Errorf("%s: got %q, want %d first", path, got, want.first.Number)
		}
		if got := p.Find("th[aria-sort]").AttrOr("aria-sort", ""); got != want.sort || p.Find("th[aria-sort]").Length() != 1 {
			t.Errorf("%s: sorted %q, want %q", path, got, want.sort)
		}
	}
	if got := c.Get(t, "/orders").Text(".pager-summary"); got != "2 results · ¥1,404.00 in all" {
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

func TestMembersAreAListLikeOthers(t *testing.T) {
	t.Parallel()
	site := open(t)
	c := site.SignIn(t, models.Viewer)
	names := func(path string) (names []string) {
		for _, s := range c.Get(t, path).Find("#members tbody th").EachIter() {
			names = append(names, s.Text())
		}
		return names
	}
	up, down := names("/team"), names("/team?sort=-name")
	slices.Reverse(down)
	if len(up) != 4 || !slices.IsSorted(up) || !slices.Equal(up, down) {
		t.Errorf("by name: got %q and %q", up, down)
	}
	if p := c.Get(t, "/team?role=approver"); p.Find("#members tbody tr").Length() != 1 || p.Links(".chip a")[0] != "/team#member-list" {
		t.Errorf("approvers: got %q with %q", p.Text("#members tbody"), p.Links(".chip a"))
	}
	p := c.Get(t, "/team/members.csv?role=approver")
	if p.Status != 200 || strings.Count(p.Body, "\r\n") != 2 || !strings.Contains(p.Body, ",Approver,Invited,") || !strings.Contains(p.Body, "@") {
		t.Errorf("the file: got %d and %q", p.Status, p.Body)
	}
	mail := regexp.MustCompile(`[^,\s]+@[^,]+`).FindString(p.Body)
	if p := site.SignInOther(t, models.Admin).Get(t, "/team/members.csv"); p.Status != 200 || mail == "" || strings.Contains(p.Body, mail) {
		t.Errorf("another team got %q", p.Body)
	}
}

func TestFilesOfABucketAreAListLikeOthers(t *testing.T) {
	t.Parallel()
	site := open(t)
	bucket := newBucket(t, site, site.Team, models.BucketInput{})
	for key, text := range map[string]string{"a": "1", "dir/b": "333", "dir/sub/c": "22", "=1+1": ""} {
		if _, err := site.DB.PutObject(t.Context(), site.Team.Requester, models.ObjectInput{BucketID: bucket, Key: key, Sent: models.Sent{Limit: 9}}, strings.NewReader(text)); err != nil {
			t.Fatal(err)
		}
	}
	c := site.SignIn(t, models.Viewer)
	base := "/buckets/" + bucket
	for path, want := range map[string]string{
		"": "=1+1 a dir/", "?sort=-name": "dir/ a =1+1", "?sort=size": "dir/b dir/sub/c a =1+1", "?sort=-size": "=1+1 a dir/sub/c dir/b",
		"?prefix=dir/": "b sub/", "?prefix=dir/&sort=size": "b sub/c", "?q=d": "dir/", "?prefix=dir/&q=s&sort=size": "sub/c", "?prefix=none/": "",
	} {
		var names []string
		for _, s := range c.Get(t, base+path).Find("#objects tbody th a").EachIter() {
			names = append(names, s.Text())
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%q: got %q, want %q", path, got, want)
		}
	}
	if got := c.Get(t, base+"?prefix=dir/&q=s&sort=size").Links("[download]")[0]; got != base+"/objects.csv?prefix=dir%2F&q=s&sort=size" {
		t.Errorf("the file is at %q", got)
	}
	for path, want := range map[string][]string{"": {"a,1,", "dir/b,3,", "dir/sub/c,2,", "'=1+1,0,"}, "?prefix=dir/": {"dir/b,3,", "dir/sub/c,2,"}, "?prefix=dir/&q=s": {"dir/sub/c,2,"}} {
		p := c.Get(t, base+"/objects.csv"+path)
		for _, line := range want {
			if p.Status != 200 || !strings.Contains(p.Body, "\n"+line) || strings.Count(p.Body, "\r\n") != len(want)+1 {
				t.Errorf("%q: got %d and %q, want %q", path, p.Status, p.Body, want)
			}
		}
	}
	if p := c.Get(t, base+"/objects.xlsx"); p.Status != 200 {
		t.Errorf("as a workbook: got %d", p.Status)
	}
	if p := site.SignInOther(t, models.Admin).Get(t, base+"/objects.csv"); p.Status != 404 {
		t.Errorf("another team got %d", p.Status)
	}
}

func TestFilesNamePeopleByAddressAndSizesInBytes(t *testing.T) {
	t.Parallel()
	site := open(t)
	newBucket(t, site, site.Team, models.BucketInput{LimitGB: 5})
	newApp(t, site, "shop")
	place(t, site, paidOrder())
	c := site.SignIn(t, models.Viewer)
	email := c.Get(t, "/team/members.csv?role=requester").Body
	email = regexp.MustCompile(`[^,\s]+@[^,]+`).FindString(email)
	for path, want := range map[string]string{"/buckets.csv": ",0,5368709120,", "/apps.csv": "shop,", "/stores.csv": "", "/pkg-versions.csv": "", "/plans.csv": ""} {
		p := c.Get(t, path)
		rows := strings.Count(p.Body, "\r\n") - 1
		if p.Status != 200 || !strings.Contains(p.Body, want) || !strings.Contains(p.Body, ",Email,") || strings.Count(p.Body, ","+email+",") != rows {
			t.Errorf("%s: got %d and %q, want %s in each of %d rows", path, p.Status, p.Body, email, rows)
		}
	}
}
