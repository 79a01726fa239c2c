package models_test

import (
	"errors"
	"testing"

	"quartermaster/models"
	"quartermaster/models/list"
	"quartermaster/models/modelstest"
)

func TestAFileOfPricesIsShownAndThenDoneInOneGo(t *testing.T) {
	t.Parallel()
	db, _, team := atNoon(t)
	root := siteAdmin(team.Admin)
	changed := mustPrice(t, db, root, sixMonths("100", "2026-12-01"))
	removed := mustPrice(t, db, root, sixMonths("200", "2027-01-01"))
	other := sixMonths("5", "2026-12-01")
	other.Term = "12"
	past, wrong := sixMonths("1", "2024-01-01"), sixMonths("much", "2026-12-09")
	old, _, err := modelstest.List(t.Context(), db, team.Viewer, models.Prices, list.Query{Filters: map[string]string{"state": "now"}, Text: ofForty})
	if err != nil || len(old) == 0 {
		t.Fatalf("got %d prices, %v", len(old), err)
	}
	same := models.PriceInput{SKU: old[0].SKU, Unit: old[0].Unit, Amount: old[0].Amount(), From: old[0].Day(), Source: "in other words"}
	if old[0].TermMonths > 0 {
		same.Term = map[int]string{1: "1", 6: "6", 12: "12", 24: "24"}[old[0].TermMonths]
	}
	file := models.File[models.PriceInput]{Whole: true, All: true}
	for i, in := range []models.PriceInput{sixMonths("150", "2026-12-01"), other, past, wrong, other, same} {
		file.Rows = append(file.Rows, models.FileRow[models.PriceInput]{Line: i + 2, In: in})
	}
	d, err := models.PriceImport.Preview(t.Context(), db, root, file)
	if err != nil || len(d.All) != 7 {
		t.Fatalf("got %d differences, %v", len(d.All), err)
	}
	for i, want := range []models.FileChange{models.FileChanged, models.FileAdded, models.FileRefused, models.FileRefused, models.FileRefused, models.FileTheSame, models.FileRemoved} {
		if got := d.All[i]; got.Change != want {
			t.Errorf("line %d: got %s for %v, want %s", got.Line, got.Change, got.Refused, want)
		}
	}
	if !rejects(d.All[2].Refused, "price_from", "price_stays") || !rejects(d.All[3].Refused, "price_amount", "price") || !rejects(d.All[4].Refused, "price_from", "price_twice") {
		t.Errorf("refused for %v, %v, %v", d.All[2].Refused, d.All[3].Refused, d.All[4].Refused)
	}
	lines := func() (n int) {
		t.Helper()
		all, _, err := modelstest.List(t.Context(), db, team.Viewer, models.Prices, list.Query{Size: 10_000})
		if err != nil {
			t.Fatal(err)
		}
		return len(all)
	}
	before := lines()
	file.Version = d.Version
	if _, err := models.PriceImport.Run(t.Context(), db, root, file); !rejects(err, "", "file_refused") || lines() != before {
		t.Errorf("all or nothing: got %v and %d lines, want %d", err, lines(), before)
	}
	mustPrice(t, db, root, sixMonths("1", "2028-01-01"))
	file.All = false
	if d, err = models.PriceImport.Run(t.Context(), db, root, file); !errors.Is(err, models.ErrConflict) || lines() != before+1 || d.Count(models.FileRemoved) != 2 {
		t.Errorf("after another's change: got %v with %+v and %d lines", err, d.Count(models.FileRemoved), lines())
	}
	file.Version = d.Version
	if _, err := models.PriceImport.Run(t.Context(), db, team.Admin, file); !errors.Is(err, models.ErrForbidden) {
		t.Errorf("a team's admin imports: got %v", err)
	}
	if _, err := models.PriceImport.Run(t.Context(), db, root, file); err != nil || lines() != before {
		t.Fatalf("import: got %v and %d lines, want %d: one changed, one added, two removed", err, lines(), before)
	}
	for _, id := range []string{changed, removed} {
		if _, err := db.FindPricePage(t.Context(), team.Viewer, id); !errors.Is(err, models.ErrNotFound) {
			t.Errorf("the line that was: got %v", err)
		}
	}
	if d, err := models.PriceImport.Preview(t.Context(), db, root, file); err != nil || d.Count(models.FileTheSame) != 3 || d.Count(models.FileAdded)+d.Count(models.FileChanged)+d.Count(models.FileRemoved) != 0 {
		t.Errorf("the same file again does %+v, %v", d, err)
	}
	file.Rows = make([]models.FileRow[models.PriceInput], models.MostFileRows+1)
	if _, err := models.PriceImport.Preview(t.Context(), db, root, file); !errors.Is(err, models.ErrTooLarge) {
		t.Errorf("a file too long: got %v", err)
	}
}
