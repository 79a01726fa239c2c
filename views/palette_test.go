package views_test

import (
	"context"
	"strings"
	"testing"

	"quartermaster/models"
	"quartermaster/views"
	"quartermaster/views/i18n"
	"quartermaster/views/ui"
)

func TestVerbsAreReadInAnyLanguage(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"renew": "palette.renew|", "renew hz": "palette.renew|hz", "Ren OSS bag": "palette.renew|oss bag", "续费杭州": "palette.renew|杭州", "xf 杭州": "palette.renew|杭州",
		"upg": "palette.upgrade|", "扩缩容 kb": "palette.scale|kb", "re": "", "rent": "", "kb-renew": "", "": "",
	} {
		verb, rest, ok := views.VerbOf(text)
		got := verb.Key + "|" + rest
		if !ok {
			got = ""
		}
		if got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

// TestPagesAndActionsAreFoundFuzzily finds by words of either language, by pinyin,
// and only what the reader may do.
func TestPagesAndActionsAreFoundFuzzily(t *testing.T) {
	t.Parallel()
	viewer, admin := models.Actor{TeamID: "t", Role: models.Viewer}, models.Actor{TeamID: "t", Role: models.Admin}
	for _, c := range []struct {
		text, lang string
		by         models.Actor
		want       string // the address that is first, "" for nothing
	}{
		{"approv", "en", viewer, "/approvals"}, {"审批", "en", viewer, "/approvals"}, {"sp", "zh", viewer, "/approvals"}, {"aprvl", "en", viewer, "/approvals"},
		{"create bucket", "en", admin, "/buckets/new"}, {"bucket create", "zh", admin, "/buckets/new"}, {"create bucket", "en", viewer, ""},
		{"invite", "en", admin, "/team/invitations"}, {"invite", "en", viewer, ""}, {"sign out", "zh", viewer, "/sign-out"}, {"yy", "zh", viewer, "/account/language"},
		{"no such thing", "en", admin, ""},
	} {
		ctx := ui.WithKinds(i18n.WithLang(context.Background(), c.lang), views.Kinds())
		got := ""
		if groups := (views.FoundProps{Text: c.text, By: c.by}).Groups(ctx); len(groups) > 0 {
			got = groups[0].Items[0].Href + groups[0].Items[0].Post
		}
		if got != c.want {
			t.Errorf("%q in %s as %s: got %q, want %q", c.text, c.lang, c.by.Role, got, c.want)
		}
	}
}

func TestWhatWasSearchedForIsMarked(t *testing.T) {
	t.Parallel()
	ctx := ui.WithKinds(context.Background(), views.Kinds())
	for text, want := range map[string]string{
		"clean": "atlas-<b>clean</b>-hangzhou", "hz": "atlas-clean-<b>h</b>ang<b>z</b>hou", "atlas hang": "<b>atlas</b>-clean-<b>hang</b>zhou", "zz": "atlas-clean-hangzhou",
	} {
		var b strings.Builder
		p := views.FoundProps{Text: text, Hits: []models.Hit{{Kind: models.KindBucket, ID: "b", Name: "atlas-clean-hangzhou"}}}
		if err := views.Search(p).Render(ctx, &b); err != nil {
			t.Fatal(err)
		}
		if html := strings.Join(strings.Fields(b.String()), " "); !strings.Contains(strings.ReplaceAll(html, "> ", ">"), `found-name">`+want) {
			t.Errorf("%s: want %s in the page", text, want)
		}
	}
}

func TestAWordOfATextNamesRegions(t *testing.T) {
	t.Parallel()
	regions := []models.Region{{ID: "cn-hangzhou", ZH: "华东1（杭州）", EN: "China East 1 (Hangzhou)"}, {ID: "cn-shanghai", ZH: "华东2（上海）", EN: "China East 2 (Shanghai)"}, {ID: "cn-north-4", ZH: "华北-北京四", EN: "CN North-Beijing4"}}
	for text, want := range map[string]string{
		"hz": "cn-hangzhou|", "clean hz": "cn-hangzhou|clean", "杭州": "cn-hangzhou|", "shanghai logs": "cn-shanghai|logs", "east": "cn-hangzhou,cn-shanghai|", "bj": "cn-north-4|",
		"h": "|h", "": "|", "assets": "|assets",
	} {
		ids, rest := views.RegionsLike(regions, text)
		if got := strings.Join(ids, ",") + "|" + rest; got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
