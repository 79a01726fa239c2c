package handlers_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"quartermaster/models"
	"quartermaster/web/webtest"
)

// writeRule writes a rule with the form of rules, before the last.
func writeRule(t *testing.T, c *webtest.Client, typed webtest.Values) {
	t.Helper()
	if p := c.Submit(t, c.Get(t, "/team/rules/new"), "#rule-form", typed); p.Status != http.StatusSeeOther {
		t.Fatalf("write rule: got %d: %s", p.Status, p.Text(".error-summary"))
	}
}

func TestOrderGoesTheWayOfItsRule(t *testing.T) {
	t.Parallel()
	site := open(t)
	admin, approver, requester := site.SignIn(t, models.Admin), site.SignIn(t, models.Approver), site.SignIn(t, models.Requester)
	writeRule(t, admin, webtest.Values{"kinds": "bucket", "regions": "cn-hangzhou", "step_1": "approver", "step_2": "admin"})
	if got := admin.Get(t, "/team/rules").Text(".rule-text"); !strings.Contains(got, "Bucket, in China (Hangzhou) → any approver, then any team admin") {
		t.Errorf("the rules say %q", got)
	}
	form := requester.Get(t, "/buckets/new?region=cn-hangzhou")
	if got := form.Text("#summary"); !strings.Contains(got, "Needs approval: any approver, then any team admin") || !strings.Contains(got, "Bucket, in China (Hangzhou) →") {
		t.Errorf("the form says %q before it is sent", got)
	}
	order := requester.Submit(t, form, "form#bucket-form", webtest.Values{"bucket_name": "two-steps", "region": "cn-hangzhou"}).Location()
	if !strings.HasPrefix(order, "/orders/") {
		t.Fatalf("the form leads to %q, want the order", order)
	}
	if p := requester.Get(t, order); p.Has("#decision-form") || !p.Has("#cancel-order") {
		t.Error("the requester is offered to decide, or not to cancel")
	}
	if p := admin.Get(t, order); !strings.Contains(p.Text("#decision"), "Rule: Bucket, in China (Hangzhou) → any approver, then any team admin") {
		t.Errorf("the order says %q of its way", p.Text("#decision"))
	}
	list := approver.Get(t, "/approvals")
	if link, _ := list.Find("#approval-list tbody a").Attr("href"); link != order || list.Text(".nav-count.due") != "1" {
		t.Errorf("the list leads to %q, with %q waiting; want %q and 1", link, list.Text(".nav-count.due"), order)
	}
	// Rejecting without a reason loses nothing.
	refused := approver.Post(t, order+"/decision", url.Values{"say": {"reject"}, "version": {"1"}, "reason": {"  "}})
	if refused.Status != http.StatusUnprocessableEntity || !refused.Has("#decision-form .invalid") {
		t.Errorf("rejected without a reason: got %d", refused.Status)
	}
	said := approver.Submit(t, approver.Get(t, order), "#decision-form", webtest.Values{"say": "approve", "reason": "within plan"})
	if said.Location() != "/approvals" {
		t.Errorf("approved: got %d to %q", said.Status, said.Location())
	}
	if p := approver.Get(t, order); p.Has("#decision-form") || !strings.Contains(p.Text("#decision"), "within plan") {
		t.Errorf("after the first step the approver sees %q", p.Text("#decision"))
	}
	admin.Submit(t, admin.Get(t, order), "#decision-form", webtest.Values{"say": "approve"})
	if p := requester.Get(t, order); p.Find("#decision .step.done").Length() != 4 || !strings.Contains(p.Text("#decision .step:last-child"), "Completed") {
		t.Errorf("after both steps the way is %q", p.Text("#decision .steps"))
	}
	if p := requester.Get(t, order); p.Text("#order-state") != "Completed" || p.Has("#cancel-order") {
		t.Errorf("after both steps the order is %q", p.Text("#order-state"))
	}
	if p := admin.Get(t, "/approvals?whose=decided"); !strings.Contains(p.Text("#approval-list"), "two-steps") || p.Has("#approval-list .list-note") {
		t.Error("what the admin decided is not in the list of what they decided")
	}
}

func TestRequesterCancelsOnTheOrdersPage(t *testing.T) {
	t.Parallel()
	site := open(t)
	requester := site.SignIn(t, models.Requester)
	writeRule(t, site.SignIn(t, models.Admin), webtest.Values{"kinds": "bucket", "step_1": "approver"})
	order := requester.Submit(t, requester.Get(t, "/buckets/new"), "form#bucket-form", webtest.Values{"bucket_name": "given-up", "region": "cn-hangzhou"}).Location()
	requester.Submit(t, requester.Get(t, order), "#cancel-order form", nil)
	if p := requester.Get(t, order); p.Text("#order-state") != "Cancelled" || !strings.Contains(p.Text("#decision .step.failed:last-child"), "Cancelled") ||
		!strings.Contains(p.Text("#decision .step.failed:last-child .step-took"), "UTC+8") || p.Text("#decision .step.failed:last-child .step-note") == "" {
		t.Errorf("the order is %q", p.Text("#order-state"))
	}
}

func TestRulesAreTriedAndRefusedOnTheirPage(t *testing.T) {
	t.Parallel()
	site := open(t)
	admin := site.SignIn(t, models.Admin)
	p := admin.Submit(t, admin.Get(t, "/team/rules/new"), "#rule-form", webtest.Values{"over": "a lot", "step_1": "approver", "cost_centres": "R&D"})
	if p.Status != http.StatusUnprocessableEntity || !strings.Contains(p.Text(".error-summary"), "Enter an amount") {
		t.Errorf("got %d: %q", p.Status, p.Text(".error-summary"))
	}
	if typed, _ := p.Find("#over").Attr("value"); typed != "a lot" {
		t.Errorf("the form has %q, want what was typed", typed)
	}
	writeRule(t, admin, webtest.Values{"kinds": "plan", "over": "10,000", "step_1": "approver"})
	writeRule(t, admin, webtest.Values{"kinds": "plan", "over": "20,000", "step_1": "admin"})
	if got := admin.Get(t, "/team/rules").Text(".rule-fault"); !strings.Contains(got, "Rule 1 already decides these orders") {
		t.Errorf("the covered rule says %q", got)
	}
	if got := admin.Submit(t, admin.Get(t, "/team/rules/new"), "#rule-form", webtest.Values{"kinds": "plan", "over": "x"}); got.Has(".rule-preview") {
		t.Error("a form that means nothing says a rule")
	}
	if got := admin.Get(t, "/team/rules/2").Text(".rule-preview"); !strings.Contains(got, "Rule 1 already decides these orders") {
		t.Errorf("the form of the covered rule says %q", got)
	}
	for amount, want := range map[string]string{"10,000.01": "Rule 1 applies", "9": "Rule 2: Rule 1 already decides these orders", "10000": "Rule 3 applies", "much": "Enter an amount"} {
		query := url.Values{"try": {"1"}, "person": {site.Team.Requester.UserID}, "kind": {"plan"}, "face": {"form"}, "amount": {amount}}.Encode()
		if got := admin.Get(t, "/team/rules?"+query).Text("#tester-form"); !strings.Contains(got, want) {
			t.Errorf("%s: the tester says %q, want %q", amount, got, want)
		}
	}
	// Rules move, are edited and go, unless they have changed meanwhile.
	old := admin.Get(t, "/team/rules")
	admin.Submit(t, old, "#rule-2 .rule-actions > form:first-child", nil)
	if got := admin.Get(t, "/team/rules").Text("#rule-1"); !strings.Contains(got, "¥20,000") {
		t.Errorf("after moving it the first rule is %q", got)
	}
	if p := admin.Submit(t, old, "#delete-rule-1 form", nil); p.Status != http.StatusConflict {
		t.Errorf("a button of older rules: got %d, want 409", p.Status)
	}
	admin.Submit(t, admin.Get(t, "/team/rules"), "#delete-rule-1 form", nil)
	if got := admin.Get(t, "/team/rules"); !strings.Contains(got.Text("#rule-1"), "¥10,000") || got.Has("#rule-3") {
		t.Errorf("after deleting one the rules are %q", got.Text("#rules"))
	}
	if p := site.SignIn(t, models.Approver).Get(t, "/team/rules/new"); p.Status != http.StatusForbidden {
		t.Errorf("an approver gets the form of a rule: %d", p.Status)
	}
}

func TestBudgetIsMadeShownAndKept(t *testing.T) {
	t.Parallel()
	site := open(t)
	admin, requester := site.SignIn(t, models.Admin), site.SignIn(t, models.Requester)
	for typed, want := range map[string]string{"nothing": "Enter an amount", "": "Enter", "0": "Enter an amount"} {
		p := admin.Submit(t, admin.Get(t, "/team/budgets"), "#budget-form", webtest.Values{"budget_amount": typed})
		if got := p.Text(".error-summary"); p.Status != http.StatusUnprocessableEntity || !strings.Contains(got, want) {
			t.Errorf("%q: got %d: %q", typed, p.Status, got)
		}
	}
	if p := admin.Submit(t, admin.Get(t, "/team/budgets"), "#budget-form", webtest.Values{"budget_amount": "1,000"}); p.Status != http.StatusSeeOther {
		t.Fatalf("got %d: %q", p.Status, p.Text(".error-summary"))
	}
	form := requester.Get(t, examplePlan)
	if got := form.Text("#summary .meter"); !strings.Contains(got, "¥1,000.00 →") {
		t.Errorf("the form says %q of the budget", got)
	}
	order := requester.Submit(t, form, "form#plan-form", nil).Location()
	p := admin.Get(t, "/team/budgets")
	if got := p.Text("#main .meter"); strings.Contains(got, "¥0.00 of") || !strings.Contains(got, "of ¥1,000.00") {
		t.Errorf("after the order the budget says %q", got)
	}
	link, _ := p.Find("a[href^='/team/budgets/']").First().Attr("href")
	if got := admin.Get(t, link).Text("#budget-orders"); !strings.Contains(got, "Spent") {
		t.Errorf("the orders of the budget at %q are %q (the plan went to %q)", link, got, order)
	}
	// Smaller than what is spent: the next order is refused, and loses nothing.
	edit, _ := p.Find("a[href*='edit=']").First().Attr("href")
	if p := admin.Submit(t, admin.Get(t, strings.Split(edit, "#")[0]), "#budget-form", webtest.Values{"budget_amount": "0.01"}); p.Status != http.StatusSeeOther {
		t.Fatalf("got %d: %q", p.Status, p.Text(".error-summary"))
	}
	over := requester.Submit(t, requester.Get(t, examplePlan), "form#plan-form", webtest.Values{"note": "kept"})
	if over.Status != http.StatusUnprocessableEntity || !strings.Contains(over.Text(".error-summary"), "Over budget") || over.Text("#note") != "kept" {
		t.Errorf("over the budget: got %d: %q with %q", over.Status, over.Text(".error-summary"), over.Text("#note"))
	}
	if p := admin.Get(t, "/team/budgets"); !strings.Contains(p.Text("#main .meter"), "%)") || !strings.Contains(p.Text("#main"), "Over by") {
		t.Errorf("a budget that is passed says %q", p.Text("#main"))
	}
	if p := requester.Post(t, "/team/budgets", url.Values{"budget_amount": {"5"}, "budget_period": {"month"}, "budget_over": {"refuse"}}); p.Status != http.StatusForbidden {
		t.Errorf("a requester makes a budget: %d", p.Status)
	}
}

func TestRequesterEditsAnOrderThatWaits(t *testing.T) {
	t.Parallel()
	site := open(t)
	admin, approver, requester := site.SignIn(t, models.Admin), site.SignIn(t, models.Approver), site.SignIn(t, models.Requester)
	writeRule(t, admin, webtest.Values{"kinds": "plan", "step_1": "approver"})
	order := requester.Submit(t, requester.Get(t, examplePlan), "form#plan-form", webtest.Values{"note": "for half a year"}).Location()
	seen := approver.Get(t, order)
	link := requester.Get(t, order).Find("#decision a[href*='replaces=']")
	href, _ := link.Attr("href")
	form := requester.Get(t, href)
	if got := form.Text("#plan-form .callout"); !strings.Contains(got, "Editing order") || form.Text("#note") != "for half a year" {
		t.Fatalf("the form at %q says %q with reason %q", href, got, form.Text("#note"))
	}
	p := requester.Submit(t, form, "form#plan-form", webtest.Values{"duration": "12", "note": "for a year"})
	if p.Location() != order {
		t.Fatalf("edited: got %d to %q: %s", p.Status, p.Location(), p.Text(".error-summary"))
	}
	now := approver.Get(t, order)
	if got := now.Text("#decision .changes"); strings.Contains(got, "for half a year") || !strings.Contains(got, "12 months") {
		t.Errorf("the approver sees %q changed", got)
	}
	if got := now.Text("#versions"); !strings.Contains(got, "Version 1") || !strings.Contains(got, "for half a year") {
		t.Errorf("the versions are %q", got)
	}
	// The decision about what it was before is refused, and says so.
	late := approver.Submit(t, seen, "#decision-form", webtest.Values{"say": "approve", "reason": "typed before"})
	if late.Status != http.StatusConflict || !strings.Contains(late.Text("#main .callout"), "changed after you opened it") || late.Text("#reason") != "typed before" {
		t.Errorf("decided as it was: got %d: %q", late.Status, late.Text("#main .callout"))
	}
	// So is the edit of what has been decided.
	href, _ = requester.Get(t, order).Find("#decision a[href*='replaces=']").Attr("href")
	stale := requester.Get(t, href)
	approver.Submit(t, now, "#decision-form", webtest.Values{"say": "approve"})
	refused := requester.Submit(t, stale, "form#plan-form", webtest.Values{"note": "too late"})
	if refused.Status != http.StatusUnprocessableEntity || !strings.Contains(refused.Text(".error-summary"), "was decided or edited meanwhile") || refused.Text("#note") != "too late" {
		t.Errorf("edited after the decision: got %d: %q", refused.Status, refused.Text(".error-summary"))
	}
	if p := requester.Get(t, order); p.Has("a[href*='replaces=']") || p.Text("#order-state") != "Completed" {
		t.Errorf("decided, the order is %q", p.Text("#order-state"))
	}
}

func TestOrderOfAChangeShowsOldAndNew(t *testing.T) {
	t.Parallel()
	site := open(t)
	requester := site.SignIn(t, models.Requester)
	plan := requester.Submit(t, requester.Get(t, examplePlan), "form#plan-form", nil).Location()
	writeRule(t, site.SignIn(t, models.Admin), webtest.Values{"kinds": "plan", "step_1": "approver"})
	order := requester.Submit(t, requester.Get(t, plan+"/renewal"), "form#plan-change", webtest.Values{"duration": "12"}).Location()
	p := site.SignIn(t, models.Approver).Get(t, order)
	if got := p.Text("#decision .changes"); !strings.Contains(got, "Last day") || !strings.Contains(got, "Price per month") {
		t.Errorf("the renewal changes %q", got)
	}
	if p.Find("#others li").Length() != 1 {
		t.Errorf("the other orders are %q", p.Text("#others"))
	}
}

func TestMembersTalkOnTheOrdersPageAndHearOfIt(t *testing.T) {
	t.Parallel()
	site := open(t)
	admin, approver, requester, viewer := site.SignIn(t, models.Admin), site.SignIn(t, models.Approver), site.SignIn(t, models.Requester), site.SignIn(t, models.Viewer)
	writeRule(t, admin, webtest.Values{"kinds": "bucket", "step_1": "approver"})
	order := requester.Submit(t, requester.Get(t, "/buckets/new"), "form#bucket-form", webtest.Values{"bucket_name": "talked-of", "region": "cn-hangzhou"}).Location()
	if got := approver.Get(t, "/").Text("#bell"); !strings.Contains(got, "1 unread") {
		t.Errorf("the approver's bell says %q", got)
	}
	text := "who pays, @" + site.Team.Requester.UserName + "?\n<script>alert(1)</script>"
	if p := viewer.Submit(t, viewer.Get(t, order), "#comment-form", webtest.Values{"comment": text}); p.Location() != order+"#thread" {
		t.Fatalf("commented: got %d to %q: %s", p.Status, p.Location(), p.Text(".error-summary"))
	}
	p := requester.Get(t, order)
	if got := p.Text("#thread .thread-text"); !strings.Contains(got, "<script>alert(1)</script>") || p.Has("#thread script") {
		t.Errorf("the thread says %q", got)
	}
	if !p.Has("#thread form[hx-trigger=load]") {
		t.Error("the page of the order does not mark what it is about as read")
	}
	list := requester.Get(t, "/notices")
	if got := list.Text("#notice-list tbody"); !strings.Contains(got, "mentioned you on order") || !list.Has("#notice-list a[href='"+order+"']") {
		t.Errorf("the notices are %q", got)
	}
	refused := viewer.Submit(t, viewer.Get(t, order), "#comment-form", webtest.Values{"comment": "and", "mention": "nobody@example.org"})
	if refused.Status != http.StatusUnprocessableEntity || !strings.Contains(refused.Text("#comment-form .error-summary"), "not a member") || refused.Text("#comment") != "and" {
		t.Errorf("a stranger mentioned: got %d: %q", refused.Status, refused.Text(".error-summary"))
	}
	if id, _ := list.Find("#notice-list tbody form button").Attr("value"); id == "" || viewer.Post(t, "/notices/read", url.Values{"id": {id}}).Status != http.StatusNotFound {
		t.Errorf("the viewer reads notice %q of another", id)
	}
	// One notice is read by its button, the others by that of all; the bell counts.
	if p := requester.Submit(t, list, "#notice-list tbody form", nil); p.Location() != "/notices" {
		t.Errorf("read: got %d to %q", p.Status, p.Location())
	}
	if got := requester.GetHX(t, "/notices/bell", "a#bell"); !strings.Contains(got.Text("#bell"), "0 unread") || got.Has("html body main") {
		t.Errorf("the bell alone is %q", got.Text("*"))
	}
	viewer.Submit(t, viewer.Get(t, order), "#thread .panel-action form", webtest.Values{"on": "true"})
	approver.Submit(t, approver.Get(t, order), "#decision-form", webtest.Values{"say": "reject", "reason": "not now"})
	for who, c := range map[string]*webtest.Client{"requester": requester, "viewer": viewer} {
		if got := c.Get(t, "/notices?unread=true").Text("#notice-list tbody"); !strings.Contains(got, "rejected order") || !strings.Contains(got, "not now") {
			t.Errorf("the %s hears %q", who, got)
		}
	}
	if p := viewer.Submit(t, viewer.Get(t, "/notices"), ".page-actions form", nil); p.Location() != "/notices" || viewer.Get(t, "/notices?unread=true").Has("#notice-list tbody form") {
		t.Errorf("all read: got %d to %q", p.Status, p.Location())
	}
}

func TestSeveralOrdersAreDecidedOnTheList(t *testing.T) {
	t.Parallel()
	site := open(t)
	admin, approver, requester := site.SignIn(t, models.Admin), site.SignIn(t, models.Approver), site.SignIn(t, models.Requester)
	writeRule(t, admin, webtest.Values{"kinds": "bucket", "step_1": "approver"})
	for _, name := range []string{"bulk-one", "bulk-two", "bulk-three"} {
		requester.Submit(t, requester.Get(t, "/buckets/new"), "form#bucket-form", webtest.Values{"bucket_name": name, "region": "cn-hangzhou"})
	}
	list := approver.Get(t, "/approvals")
	chosen := url.Values{"action": {"approve"}, "back": {"/approvals"}}
	for _, box := range list.Find("#approval-list tbody input[name=pick]").EachIter() {
		value, _ := box.Attr("value")
		chosen.Add("pick", value)
	}
	if n := len(chosen["pick"]); n != 3 {
		t.Fatalf("%d orders can be chosen", n)
	}
	preview := approver.Get(t, "/approvals.bulk?"+chosen.Encode())
	if got := preview.Text("#bulk tbody"); !strings.Contains(got, "bulk-one") || !strings.Contains(got, "Free") {
		t.Errorf("a decider reads %q", got)
	}
	refuse := url.Values{"action": {"reject"}, "back": {"/approvals"}, "pick": chosen["pick"][:2]}
	refused := approver.Post(t, "/approvals.bulk", refuse)
	if refused.Status != http.StatusUnprocessableEntity || refused.Find("#bulk-form input[name=pick]").Length() != 2 || !refused.Has("#bulk-form .invalid [name=reason]") {
		t.Errorf("rejected without a reason: got %d and %q", refused.Status, refused.Text("#bulk-form"))
	}
	number := chosen["pick"][0]
	admin.Submit(t, admin.Get(t, "/orders/"+number), "#decision-form", webtest.Values{"say": "approve"})
	p := approver.Submit(t, preview, "#bulk-form", nil)
	p = approver.Get(t, p.Location())
	if got := p.Text("#bulk tbody"); !strings.Contains(got, "Completed") || !strings.Contains(got, "decided or changed after you opened it") || !strings.Contains(p.Text("[role=status]"), "2 of 3 done") {
		t.Errorf("approved: got %q", got)
	}
	for view, want := range map[string]bool{"": false, "?whose=others": false, "?whose=decided": false} {
		if p := approver.Get(t, "/approvals"+view); p.Has("#approval-list-bulk") != want {
			t.Errorf("%q has the bar: %v", view, !want)
		}
	}
	if p := requester.Get(t, "/approvals"); p.Has("#approval-list-bulk") {
		t.Error("a requester has the bar")
	}
	if p := requester.Post(t, "/approvals.bulk", chosen); p.Status != http.StatusForbidden {
		t.Errorf("a requester decides: got %d", p.Status)
	}
}

// TestTesterNamesWhoCouldNotPlaceTheOrder tries orders of the requester as an admin: what
// is said to the requester on the form of an order says their name here.
func TestTesterNamesWhoCouldNotPlaceTheOrder(t *testing.T) {
	t.Parallel()
	site := open(t)
	admin, ada := site.SignIn(t, models.Admin), site.Team.Requester
	k, _, err := site.DB.CreateAccessKey(t.Context(), site.Team.Admin, models.AccessKeyInput{Name: "desk", User: ada.UserID})
	if err != nil {
		t.Fatal(err)
	}
	byKey := ada
	byKey.Face, byKey.KeyID = models.ByAPI, k.ID
	q, err := site.DB.PlaceOrder(t.Context(), byKey, models.OrderInput{Lines: []models.LineInput{&models.BucketInput{Region: "cn-hangzhou"}}})
	if err != nil {
		t.Fatal(err)
	}
	admin.Submit(t, admin.Get(t, "/team/rules/1"), "#rule-form", webtest.Values{"step_1": "admin"})
	number := fmt.Sprint(q.Order.Number)
	mine := url.Values{"try": {"1"}, "person": {site.Team.Admin.UserID}, "kind": {"bucket"}, "face": {"form"}}.Encode()
	theirs := url.Values{"try": {"1"}, "person": {ada.UserID}, "kind": {"bucket"}, "face": {"form"}}.Encode()
	says := func(query, want string) {
		t.Helper()
		if got := admin.Get(t, "/team/rules?"+query).Text("#verdict"); !strings.Contains(got, want) {
			t.Errorf("the tester says %q, want %q", got, want)
		}
	}
	says(mine, "Only you could approve this order")
	says("try=1&number="+number, ada.UserName+" cannot place this order because no other member could approve it")
	if _, err := site.DB.LimitMember(t.Context(), site.Team.Admin, ada.UserID, models.OnlyInput{Kinds: []string{"plan"}}); err != nil {
		t.Fatal(err)
	}
	says(theirs, ada.UserName+" may not order this type")
}
