package models_test

import (
	"strings"
	"testing"
	"unicode"

	"quartermaster/models"
	"quartermaster/models/fold"
	"quartermaster/models/list"
	"quartermaster/models/modelstest"
)

func TestTheDatabaseFoldsAsTheProgramDoes(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	texts := []string{"", "Quarterly REPORTS 2026", "Ｃａｆé CAFE\u0301", "知识仓、〖一〗", "知识仓 ＡＢＣ", "q\u0323\u0307 q\u0307\u0323", "がｶﾞ ガ", "ΣΊΣΥΦΟΣ Straße ﬁn ① ﷺ"}
	// Every character of the planes that have case or width, between others.
	var block strings.Builder
	for r := rune(1); r < 0x1e000; r++ { // beyond it, engines know characters of different years
		if unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.P, unicode.S, unicode.Z) {
			block.WriteString("A" + string(r) + "z ")
		}
		if r%0x400 == 0 {
			texts = append(texts, block.String())
			block.Reset()
		}
	}
	for _, text := range texts {
		var got string
		if err := db.Scan(t.Context(), &got, "SELECT fold(?)", text); err != nil {
			t.Fatal(err)
		}
		want := fold.Text(text)
		if got == want {
			continue
		}
		g, w := strings.Fields(got), strings.Fields(want)
		for i := range min(len(g), len(w)) {
			if g[i] != w[i] {
				t.Fatalf("got %+q, want %+q", g[i], w[i])
			}
		}
		t.Fatalf("got %d words, want %d", len(g), len(w))
	}
}

func TestNamesAndReasonsKeepJoinersAndDropWhatWasPasted(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	const said = "👩\u200d💻 ශ\u0dca\u200dරී می\u200cخواهم 🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"
	in := bucketOrder("joined", "")
	in.Note = "\ufeff" + said + "\u200b"
	if order := mustPlace(t, db, team.Requester, in); order.Note != said {
		t.Errorf("reason: got %+q, want %+q", order.Note, said)
	}
	app, err := db.CreateApp(t.Context(), team.Requester, models.AppInput{Name: "\u00ad" + said, Region: "cn-hangzhou"})
	if err != nil || app.Name != said {
		t.Errorf("name: got %+v, %v, want %+q", app, err, said)
	}
	for _, loose := range []string{"a\U000e0067\U000e0062", "🏴\U000e0067\U000e0062\U000e0073", "🏴\U000e0067\U000e0062\U000e0068\U000e0069\U000e0064\U000e0064\U000e0065\U000e006e\U000e007f",
		"👩\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", said + "\U000e007f"} {
		if _, err := db.CreateApp(t.Context(), team.Requester, models.AppInput{Name: loose, Region: "cn-hangzhou"}); !rejects(err, "app_name", "line") {
			t.Errorf("%+q: got %v, want it refused as no line", loose, err)
		}
	}
	for _, text := range []string{said, "ශ්රී", "میخواهم"} {
		if found, _, err := modelstest.List(t.Context(), db, team.Viewer, models.Apps, list.Query{Text: text}); err != nil || len(found) != 1 {
			t.Errorf("%+q: got %d applications, %v, want the one", text, len(found), err)
		}
	}
}

func TestListsAndSearchFindWhateverTheCaseWidthAndAccents(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	by := team.Requester
	by.UserName = "Zoë ПЕТРОВ ＡＢＣ"
	const name = "Éclair-ПРОЕКТ-ＡＢＣ"
	app := mustCreateApp(t, db, by, name)
	bucket := mustCreateBucket(t, db, by, "sources")
	mustPut(t, db, by, bucket.ID, name+".zip", "x")
	mustPlaceVersion(t, db, by, &models.PkgVersionInput{AppID: app.ID, Label: name, Source: "oss://elsewhere/a.zip"})
	const all = models.MaxPageSize
	for what, find := range map[string]func(text string) (int, error){
		"applications": func(s string) (int, error) {
			found, _, err := modelstest.List(t.Context(), db, by, models.Apps, list.Query{Text: s})
			return len(found), err
		},
		"versions": func(s string) (int, error) {
			found, _, err := modelstest.List(t.Context(), db, by, models.PkgVersions, list.Query{Text: s})
			return len(found), err
		},
		"labels": func(s string) (int, error) {
			found, _, err := modelstest.List(t.Context(), db, by, models.PkgVersions, list.With("label_has", s))
			return len(found), err
		},
		"sources": func(s string) (int, error) {
			found, err := db.ListSources(t.Context(), by, bucket.ID, s, all)
			return len(found), err
		},
		"orders": func(s string) (int, error) {
			found, _, err := modelstest.List(t.Context(), db, by, models.Orders, list.Query{Filters: list.With("free", "true").Filters, Text: s})
			return len(found), err
		},
		"events": func(s string) (int, error) {
			found, _, err := modelstest.List(t.Context(), db, by, models.Events, list.Query{Text: s})
			return len(found), err
		},
		"things": func(s string) (int, error) {
			found, err := db.Search(t.Context(), by, s)
			return len(found), err
		},
	} {
		want, err := find(name)
		if err != nil || want == 0 {
			t.Fatalf("%s by the whole name: got %d, %v", what, want, err)
		}
		for _, text := range []string{"Éclair", "éCLAIR", "E\u0301clair", "eclair", "ПРОЕКТ", "проект", "-ａｂＣ", strings.ToLower(name)} {
			if got, err := find(text); err != nil || got != want {
				t.Errorf("%s by %q: got %d, %v, want %d", what, text, got, err, want)
			}
		}
		if got, err := find("eclaire"); err != nil || got != 0 {
			t.Errorf("%s by another name: got %d, %v", what, got, err)
		}
	}
	for text, want := range map[string]int{"zoe": 2, "петров": 2, "Петрова": 0} {
		found, _, err := modelstest.List(t.Context(), db, by, models.Orders, list.Query{Filters: list.With("free", "true").Filters, Text: text})
		if err != nil || len(found) != want {
			t.Errorf("orders of %q: got %d, %v, want %d", text, len(found), err, want)
		}
	}
}
