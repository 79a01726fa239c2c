package views_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"quartermaster/models"
	"quartermaster/views"
	"quartermaster/views/i18n"
	"quartermaster/views/ui"
)

// actionInCode finds what models records: Action: "bucket.created", and the
// verbs that are added to a kind: "store." + verb.
var actionInCode = regexp.MustCompile(`Action:\s*"([a-z_]+\.[a-z_]+)"`)

func TestEveryRecordedActionHasWords(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../models/*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("found %d files, %v", len(files), err)
	}
	seen := 0
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range actionInCode.FindAllStringSubmatch(string(text), -1) {
			seen++
			if !i18n.Has(reader("en"), "event."+m[1]) {
				t.Errorf("%s records %s, for which there are no words", filepath.Base(file), m[1])
			}
		}
	}
	if seen < 10 {
		t.Errorf("found only %d actions: the pattern no longer fits the code", seen)
	}
}

func TestTimelineTellsWhatIsGoneAndWhatFailed(t *testing.T) {
	t.Parallel()
	at := ordered.Add(-3 * time.Minute)
	var b strings.Builder
	err := views.EventTimeline([]models.Event{
		{At: at, UserName: "Ada", Action: "order.placed", Result: "done", Kind: models.KindOrder, SubjectID: "202611210000042", Face: models.ByAPI},
		{At: at, UserName: `<b>Ada`, Action: "no.such", Result: "refused", Kind: models.KindBucket, SubjectID: "5d", SubjectName: "<i>x", Gone: true,
			Detail: `{"reason":"not <empty>"}`},
		{At: at, Action: "order.gap", Result: "done", Kind: models.KindOrder, Face: models.ByServer,
			Detail: `{"reason":"the database is older","from":202611210000042,"to":202611210000047}`},
	}, ordered).Render(reader("en"), &b)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`<a href="/orders/202611210000042">202611210000042</a>`, "Placed order", "Ada (API)", "3 minutes ago",
		"<s>&lt;i&gt;x</s>", "no.such", "&lt;b&gt;Ada", "not &lt;empty&gt;", "tone-warn",
		"Left a gap in the order numbers", "ends with number 202611210000042. Numbers up to 202611210000047 were used before",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %s in\n%s", want, b.String())
		}
	}
}

func TestNothingLeadsToWhatNobodyKnows(t *testing.T) {
	t.Parallel()
	ctx := models.WithActor(reader("en"), models.Actor{SiteAdmin: true})
	var b strings.Builder
	if err := views.EventTimeline([]models.Event{{At: ordered, Action: "user.sign_in", Result: "refused", Kind: models.KindUser}}, ordered).Render(ctx, &b); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(b.String(), "<a ") {
		t.Errorf("a link without text in\n%s", b.String())
	}
}

func TestActivitySaysHowRulesAndBudgetsChanged(t *testing.T) {
	t.Parallel()
	ctx := ui.WithKinds(i18n.WithLang(t.Context(), "en"), views.Kinds())
	for detail, want := range map[string]string{
		`{"from":[{"Faces":["api"],"Steps":[{"Role":"approver"}]},{}],"to":[{}]}`:                                       "Removed: ",
		`{"from":[{}],"to":[{"Steps":[{"Role":"admin"}]}]}`:                                                             "From “Other orders → ",
		`{"from":[{"OverMinor":5,"Steps":[{"Role":"admin"}]},{}],"to":[{},{"OverMinor":5,"Steps":[{"Role":"admin"}]}]}`: "Changed the order",
	} {
		if got := views.EventNote(ctx, models.Event{Action: "team.rules_changed", Detail: detail}); !strings.HasPrefix(got, want) {
			t.Errorf("%s: got %q, want %q", detail, got, want)
		}
	}
	got := views.EventNote(ctx, models.Event{Action: "team.budgets_changed", Detail: `{"from":null,"to":[{"ID":"b","CostCentre":"CC-1","AmountMinor":500000}]}`})
	if !strings.HasPrefix(got, "Added: CC-1") || !strings.Contains(got, "5,000") {
		t.Errorf("got %q, want the new budget", got)
	}
}
