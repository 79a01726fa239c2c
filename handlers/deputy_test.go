package handlers_test

import (
	"strings"
	"testing"
	"time"

	"quartermaster/models"
	"quartermaster/models/pricing"
	"quartermaster/web/webtest"
)

func TestMembersNameADeputyForAnAbsence(t *testing.T) {
	t.Parallel()
	site := open(t)
	today := site.DB.Now().In(pricing.Zone).Format(time.DateOnly)
	if p := site.SignIn(t, models.Requester).Get(t, "/account"); p.Has("#away-form") {
		t.Error("who decides nothing is asked for a deputy")
	}
	if p := site.SignIn(t, models.Requester).Post(t, "/account/deputy", nil); p.Status != 403 {
		t.Errorf("a requester: got %d, want 403", p.Status)
	}
	paul, ines := site.SignIn(t, models.Approver), site.SignIn(t, models.Admin)
	p := paul.Submit(t, paul.Get(t, "/account"), "#away-form", webtest.Values{"deputy": site.Team.Admin.UserID, "away_from": today, "away_until": "2020-01-01"})
	if p.Status != 422 || !p.Has("#away_until-note .error") || webtest.Fields(p.Find("#away-form")).Get("deputy") != site.Team.Admin.UserID {
		t.Fatalf("got %d %q, want 422 with what was chosen", p.Status, p.Text("#away"))
	}
	if p = paul.Submit(t, p, "#away-form", webtest.Values{"away_until": today}); p.Status != 303 {
		t.Fatalf("got %d %q", p.Status, p.Text("#away"))
	}
	if p := ines.Get(t, "/team"); !strings.Contains(p.Text("#members"), "deputy: Ines") {
		t.Errorf("got %q", p.Text("#members"))
	}
	// A rule names the person who is away.
	if p := ines.Submit(t, ines.Get(t, "/team/rules/1"), "#rule-form", webtest.Values{"step_1": site.Team.Approver.UserID}); p.Status != 303 {
		t.Fatalf("set rule: got %d %q", p.Status, p.Text(".error-summary"))
	}
	ada := site.SignIn(t, models.Requester)
	order := ada.Submit(t, ada.Get(t, "/buckets/new"), "#bucket-form", webtest.Values{"bucket_name": "assets", "region": "cn-hangzhou"}).Location()
	if p := ines.Get(t, "/approvals"); !strings.Contains(p.Text("#approval-list"), "For Paul") {
		t.Errorf("got %q", p.Text("#approval-list"))
	}
	p = ines.Get(t, order)
	if !strings.Contains(p.Text("#decision"), "You (for Paul)") || !p.Has("#decision-form") {
		t.Fatalf("got %q", p.Text("#decision"))
	}
	if p := ada.Get(t, order); !strings.Contains(p.Text("#decision"), "Paul (deputy: Ines)") {
		t.Errorf("got %q", p.Text("#decision"))
	}
	if p := ines.Submit(t, p, "#decision-form", webtest.Values{"say": "approve"}); p.Status != 303 {
		t.Fatalf("got %d", p.Status)
	}
	if p := ada.Get(t, order); !strings.Contains(p.Text("#decision"), "Ines, for Paul") {
		t.Errorf("got %q", p.Text("#decision"))
	}
	path := "/team/members/" + site.Team.Approver.UserID
	if p := paul.Post(t, path+"/deputy", nil); p.Status != 403 {
		t.Errorf("an approver: got %d, want 403", p.Status)
	}
	if p := ines.Submit(t, ines.Get(t, path), "#away-form", webtest.Values{"deputy": ""}); p.Status != 303 {
		t.Errorf("an admin takes it away: got %d %q", p.Status, p.Text("#away"))
	}
	if p := ines.Get(t, "/activity"); !strings.Contains(p.Text("main"), "Changed the deputy of Paul") || !strings.Contains(p.Text("main"), "to none") {
		t.Errorf("the record says %q", p.Text("main"))
	}
}
