package ui_test

import (
	"context"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/a-h/templ"

	"quartermaster/models"
	"quartermaster/views/i18n"
	"quartermaster/views/ui"
)

// draw renders a part for a reader of lang and parses what came out.
func draw(t *testing.T, lang string, part templ.Component) *goquery.Selection {
	t.Helper()
	var b strings.Builder
	if err := part.Render(i18n.WithLang(t.Context(), lang), &b); err != nil {
		t.Fatal(err)
	}
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	return doc.Selection
}

// attr is an attribute of the one element a selector finds.
func attr(t *testing.T, page *goquery.Selection, selector, name string) string {
	t.Helper()
	found := page.Find(selector)
	if found.Length() != 1 {
		t.Fatalf("%s: found %d elements, want 1", selector, found.Length())
	}
	return found.AttrOr(name, "")
}

var refused = ui.Form{
	Values: url.Values{"name": {`"><script>alert(1)</script>`}, "password": {"correct horse"}, "zones": {"b"}},
	Errors: models.Invalid{{Field: "name", Rule: "required"}, {Field: "zones", Rule: "oneof"}, {Rule: "other"}},
}

func TestFieldNamesItsHelpAndItsError(t *testing.T) {
	t.Parallel()
	for name, part := range map[string]templ.Component{
		"field":    ui.Field(refused, ui.FieldProps{Name: "name", Help: "as on paper"}),
		"textarea": ui.Field(refused, ui.FieldProps{Name: "name", Help: "as on paper", Type: "textarea"}),
		"select":   ui.Select(refused, ui.ChoiceProps{Name: "name", Help: "as on paper"}),
		"checkbox": ui.Checkbox(refused, ui.FieldProps{Name: "name", Help: "as on paper"}),
		"file":     ui.FileDrop(refused, ui.FileProps{Name: "name", Help: "as on paper"}),
		"segments": ui.Segmented(refused, ui.ChoiceProps{Name: "name", Help: "as on paper"}),
	} {
		page := draw(t, "en", part)
		said := ""
		for id := range strings.FieldsSeq(attr(t, page, "#name", "aria-describedby")) {
			said += page.Find("#" + id).Text()
		}
		if !strings.Contains(said, "as on paper") || !strings.Contains(said, "This cannot be empty.") {
			t.Errorf("%s: described as %q, want its help and its error", name, said)
		}
	}
	page := draw(t, "en", ui.Field(refused, ui.FieldProps{Name: "name"}))
	if got := attr(t, page, "input#name", "aria-invalid"); got != "true" {
		t.Errorf("aria-invalid of a refused field: got %q, want true", got)
	}
	if got := attr(t, page, "label", "for"); got != "name" {
		t.Errorf("label is for %q, want name", got)
	}
}

func TestWhatWasTypedIsShownAgainAsText(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"text", "textarea"} {
		page := draw(t, "en", ui.Field(refused, ui.FieldProps{Name: "name", Type: kind}))
		if n := page.Find("script").Length(); n != 0 {
			t.Errorf("%s: found %d scripts in what was typed, want 0", kind, n)
		}
		got := page.Find("#name").AttrOr("value", page.Find("#name").Text())
		if want := refused.Value("name"); got != want {
			t.Errorf("%s: got %q, want %q", kind, got, want)
		}
	}
}

func TestPasswordIsNeverSentBack(t *testing.T) {
	t.Parallel()
	page := draw(t, "en", ui.Field(refused, ui.FieldProps{Name: "password", Type: "password"}))
	if value, has := page.Find("#password").Attr("value"); has {
		t.Errorf("password field: got value %q, want none", value)
	}
}

func TestChoicesShowWhatWasChosenElseTheDefault(t *testing.T) {
	t.Parallel()
	options := []ui.Option{{Value: "a", Label: "A"}, {Value: "b", Label: "B"}, {Value: "c", Label: "C", Disabled: true}}
	for _, tt := range []struct {
		name string
		form ui.Form
		want string
	}{
		{"fresh form", ui.Form{}, "a"},
		{"refused form", refused, "b"},
		{"nothing chosen", ui.Form{Values: url.Values{"zones": {""}}}, ""},
	} {
		p := ui.ChoiceProps{Name: "zones", Options: options, Default: "a"}
		for kind, part := range map[string]templ.Component{
			"select": ui.Select(tt.form, p), "segmented": ui.Segmented(tt.form, p), "cards": ui.RadioCards(tt.form, p), "checks": ui.CheckboxGroup(tt.form, p),
		} {
			got := draw(t, "en", part).Find("[selected], [checked]").AttrOr("value", "")
			if got != tt.want {
				t.Errorf("%s, %s: got %q chosen, want %q", tt.name, kind, got, tt.want)
			}
		}
	}
}

func TestErrorSummaryLinksToEachField(t *testing.T) {
	t.Parallel()
	page := draw(t, "en", ui.ErrorSummary(refused))
	var got []string
	page.Find("li a").Each(func(_ int, a *goquery.Selection) { got = append(got, a.AttrOr("href", "")) })
	if want := "#name #zones"; strings.Join(got, " ") != want {
		t.Errorf("links: got %v, want %s", got, want)
	}
	if n := page.Find("li").Length(); n != 3 {
		t.Errorf("lines: got %d, want 3, one of them about no single field", n)
	}
	if got := attr(t, page, ".error-summary", "role"); got != "alert" {
		t.Errorf("role: got %q, want alert", got)
	}
	if n := draw(t, "en", ui.ErrorSummary(ui.Form{})).Find(".error-summary").Length(); n != 0 {
		t.Errorf("form without errors: found %d summaries, want 0", n)
	}
}

func TestRuleTextFallsBackFromFieldToRuleToGeneral(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		lang string
		e    models.FieldError
		want string
	}{
		{"en", models.FieldError{Field: "anything", Rule: "required"}, "This cannot be empty."},
		{"zh", models.FieldError{Field: "anything", Rule: "required"}, "此项不能为空。"},
		{"en", models.FieldError{Field: "email", Rule: "required"}, "Enter the email."},
		{"zh", models.FieldError{Field: "label", Rule: "required"}, "请填写版本号。"},
		{"en", models.FieldError{Field: "anything", Rule: "max", Param: "1024", Text: true}, "Use at most 1,024 characters."},
		{"zh", models.FieldError{Field: "anything", Rule: "min", Param: "12", Text: true}, "至少 12 个字符。"},
		{"en", models.FieldError{Field: "anything", Rule: "max", Param: "3650"}, "Must be 3,650 or less."},
		{"zh", models.FieldError{Field: "size_limit", Rule: "max", Param: "1048576"}, "不能大于 1,048,576 GB（1 PB）。"},
		{"zh", models.FieldError{Field: "anything", Rule: "bucket_full", Param: "20261121"}, "超出存储桶 20261121 的容量上限。请释放空间或另选存储桶。"},
		{"en", models.FieldError{Field: "anything", Rule: "maxbytes", Param: "255"}, "Use at most 255 bytes. A Chinese character takes 3."},
		{"en", models.FieldError{Field: "anything", Rule: "never heard of"}, "This value cannot be used."},
		{"zh", models.FieldError{Rule: ""}, "这个值不可用。"},
	} {
		if got := ui.RuleText(i18n.WithLang(context.Background(), tt.lang), tt.e); got != tt.want {
			t.Errorf("%s %v: got %q, want %q", tt.lang, tt.e, got, tt.want)
		}
	}
}

func TestChartTableHoldsEveryFigure(t *testing.T) {
	t.Parallel()
	p := ui.ChartProps{Label: "spend", Corner: "Month", Labels: []ui.ChartLabel{{Short: "Oct", Long: "Oct 2026"}, {Short: "Nov", Long: "Nov 2026"}}, Series: []ui.Series{
		{Label: "Stores", Values: []float64{0, 0}},
		{Label: "Buckets", Values: []float64{1, 2}},
		{Label: "Plans", Values: []float64{40}},
	}}
	page := draw(t, "en", ui.StackedBars(p))
	cells := page.Find("tbody th, tbody td").Map(func(_ int, cell *goquery.Selection) string { return cell.Text() })
	if got, want := strings.Join(cells, " "), "Oct 2026 1 40 Nov 2026 2 0"; got != want {
		t.Errorf("table: got %q, want %q", got, want)
	}
	if n := page.Find("svg.bars rect").Length(); n != 3 {
		t.Errorf("bars: got %d, want 3, none for nothing", n)
	}
	page.Find("svg:not([aria-hidden])").Each(func(_ int, svg *goquery.Selection) {
		if svg.AttrOr("role", "") != "img" || svg.AttrOr("aria-label", "") != "spend" {
			t.Errorf("drawing without role or label")
		}
	})
}

func TestDrawingsOfNothingHoldNumbersOnly(t *testing.T) {
	t.Parallel()
	for name, part := range map[string]templ.Component{
		"no series":   ui.StackedBars(ui.ChartProps{Labels: []ui.ChartLabel{{Long: "Nov"}}}),
		"no months":   ui.StackedBars(ui.ChartProps{}),
		"noughts":     ui.StackedBars(ui.ChartProps{Labels: []ui.ChartLabel{{Long: "Nov"}}, Series: []ui.Series{{Values: []float64{0}}}}),
		"flat trend":  ui.Sparkline([]float64{3, 3}),
		"no quota":    ui.Meter(ui.MeterProps{Label: "quota", Used: 3}),
		"over quota":  ui.Meter(ui.MeterProps{Label: "quota", Used: 9, Add: 9, Limit: 10}),
		"no progress": ui.Progress("upload", "", 0, 0),
	} {
		html, err := draw(t, "en", part).Find("body").Html()
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(html, "NaN") || strings.Contains(html, "Inf") || strings.Contains(html, `="-`) {
			t.Errorf("%s: drawn with an impossible number: %s", name, html)
		}
	}
}

func TestMeterWarnsBeforeTheLimitAndSaysWhenItIsPassed(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		used, add int64
		want      string
	}{{5, 0, "tone-neutral"}, {5, 4, "tone-warn"}, {10, 0, "tone-warn"}, {10, 1, "tone-danger"}} {
		page := draw(t, "en", ui.Meter(ui.MeterProps{Label: "quota", Used: tt.used, Add: tt.add, Limit: 10}))
		if !page.Find(".meter").HasClass(tt.want) {
			t.Errorf("%d + %d of 10: got class %q, want %s", tt.used, tt.add, page.Find(".meter").AttrOr("class", ""), tt.want)
		}
	}
}

func TestPagerLeadsOnlyWhereThereIsAPage(t *testing.T) {
	t.Parallel()
	page := draw(t, "en", ui.Pager(ui.PagerProps{Older: "/orders?before=9"}))
	if n := page.Find("a").Length(); n != 1 {
		t.Errorf("links: got %d, want 1", n)
	}
	if got := attr(t, page, "a[rel=next]", "href"); got != "/orders?before=9" {
		t.Errorf("older: got %q, want /orders?before=9", got)
	}
	if n := draw(t, "en", ui.Pager(ui.PagerProps{})).Find("nav").Length(); n != 0 {
		t.Errorf("a list of one page: found %d pagers, want 0", n)
	}
}

func TestUploadsSpeakTheReadersLanguage(t *testing.T) {
	t.Parallel()
	attrs := ui.Uploads(i18n.WithLang(t.Context(), "zh"), "/buckets/1")
	if attrs["data-uploaded"] != "已上传" || attrs["data-done"] != "/buckets/1" {
		t.Errorf("got %v, want Chinese words and where to go", attrs)
	}
	if _, has := ui.Uploads(t.Context(), "")["data-done"]; has {
		t.Error("without an address: got data-done, want none")
	}
}

func TestAMapStandsThingsBehindWhatTheyHangOn(t *testing.T) {
	t.Parallel()
	node := func(id string) ui.MapNode { return ui.MapNode{ID: id, Name: "<" + id + ">", Href: "/" + id} }
	page := draw(t, "en", ui.Map(ui.MapProps{
		Label: "map", Nodes: []ui.MapNode{node("app"), node("new"), node("old"), node("file"), node("bucket")},
		Ties: [][2]string{{"app", "new"}, {"app", "old"}, {"new", "file"}, {"file", "bucket"}, {"new", "bucket"}, {"file", "gone"}},
	}))
	var got []string
	page.Find(".map-column").Each(func(_ int, c *goquery.Selection) { got = append(got, c.Find(".map-name").Text()) })
	if want := "<app> <new><old> <file> <bucket>"; strings.Join(got, " ") != want {
		t.Errorf("got columns %q, want %s", got, want)
	}
	if n := page.Find(".map-lines path").Length(); n != 4 {
		t.Errorf("got %d lines, want one of each tie between neighbours", n)
	}
	if next := page.Find(".map-next").First().Text(); next != "→ <new>, <old>" {
		t.Errorf("a reader is told %q", next)
	}
}
