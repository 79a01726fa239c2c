package models_test

import (
	"errors"
	"slices"
	"testing"

	"quartermaster/models"
	"quartermaster/models/list"
	"quartermaster/models/modelstest"
)

// allThings are the lines of a file that changes nothing.
func allThings(t *testing.T, db *models.DB, by models.Actor) (rows []models.FileRow[models.ThingRow]) {
	t.Helper()
	all, _, err := modelstest.List(t.Context(), db, by, models.Things, list.Query{Size: 10_000})
	if err != nil || len(all) == 0 {
		t.Fatalf("%d things, %v", len(all), err)
	}
	for i, thing := range all {
		rows = append(rows, models.FileRow[models.ThingRow]{Line: i + 2, In: models.ThingRow{Sort: thing.Sort, ThingInput: thing.Input(), Off: thing.Off}})
	}
	return rows
}

func TestAFileOfWhatIsOnSaleIsShownAndThenDoneInOneGo(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	root := siteAdmin(team.Admin)
	file := models.File[models.ThingRow]{Rows: allThings(t, db, root), Whole: true}
	d, err := models.ThingImport.Preview(t.Context(), db, root, file)
	if err != nil || d.Count(models.FileTheSame) != len(file.Rows) || len(d.All) != len(file.Rows) {
		t.Fatalf("what there is does %d of %d, %v", d.Count(models.FileTheSame), len(d.All), err)
	}
	if _, err := models.ThingImport.Preview(t.Context(), db, team.Admin, file); !errors.Is(err, models.ErrForbidden) {
		t.Errorf("a team's admin: got %v", err)
	}
	row := func(sort models.Sort, of, code string, in models.ThingInput, off bool) models.FileRow[models.ThingRow] {
		in.Of, in.Code = of, code
		return models.FileRow[models.ThingRow]{Line: 100 + len(file.Rows), In: models.ThingRow{Sort: sort, ThingInput: in, Off: off}}
	}
	named := models.ThingInput{ZH: "新", EN: "New"}
	offer := named
	offer.Region, offer.Counts, offer.Renewable = "cn-new", "storage", true
	region := named
	region.Serves = []string{"plan", "store"}
	file.Rows = nil
	for _, r := range []models.FileRow[models.ThingRow]{
		row(models.SortSpec, "newbag_type", "10", models.ThingInput{Months: "1, 6"}, false), row(models.SortType, "newbag", "newbag_type", offer, false), row(models.SortProduct, "", "newbag", named, false),
		row(models.SortZone, "cn-new", "cn-new-a", named, false), row(models.SortZone, "cn-new", "cn-new-b", named, true), row(models.SortRegion, "", "cn-new", region, false),
		row(models.SortSpec, "FPT_ossbag_absolute_Storage_sh", "40", models.ThingInput{Months: "1, 6, 12"}, true), row(models.SortFlavor, "", "xlarge", models.ThingInput{ZH: "小", EN: "Small", VCPU: 4, Memory: 16}, true),
		row("planet", "", "mars", named, false), row(models.SortRegion, "", "cn-new", region, false), row(models.SortZone, "mars", "m-1", named, false), row(models.SortFlavor, "", "huge", named, false),
	} {
		r.Line = len(file.Rows) + 2
		file.Rows = append(file.Rows, r)
	}
	file.Whole = false
	if d, err = models.ThingImport.Preview(t.Context(), db, root, file); err != nil {
		t.Fatal(err)
	}
	does := map[int]models.FileDiff[models.ThingRow, models.Thing]{}
	for _, one := range d.All {
		does[one.Line] = one
	}
	for line, want := range []models.FileChange{2: models.FileAdded, models.FileAdded, models.FileAdded, models.FileAdded, models.FileAdded, models.FileAdded, models.FileChanged, models.FileChanged, models.FileRefused, models.FileRefused, models.FileRefused, models.FileRefused} {
		if got := does[line]; got.Change != want {
			t.Errorf("line %d: got %s for %v, want %s", line, got.Change, got.Refused, want)
		}
	}
	for line, want := range map[int][2]string{10: {"thing_sort", "oneof"}, 11: {"thing_code", "thing_twice"}, 12: {"thing_of", "unknown"}, 13: {"thing_code", "thing_code"}} {
		if !rejects(does[line].Refused, want[0], want[1]) {
			t.Errorf("line %d is refused for %v, want %v", line, does[line].Refused, want)
		}
	}
	if _, err := models.ThingImport.Run(t.Context(), db, root, file); !errors.Is(err, models.ErrConflict) {
		t.Errorf("without having been shown: got %v", err)
	}
	file.Version, file.All = d.Version, true
	if _, err := models.ThingImport.Run(t.Context(), db, root, file); !rejects(err, "", "file_refused") {
		t.Errorf("all or nothing: got %v", err)
	}
	file.All = false
	if _, err := models.ThingImport.Run(t.Context(), db, root, file); err != nil {
		t.Fatalf("import: %v", err)
	}
	regions, err := db.ListRegions(t.Context(), models.KindStore)
	zones := 0
	for _, r := range regions {
		if r.ID == "cn-new" {
			zones = len(r.Zones)
		}
	}
	if err != nil || zones != 2 {
		t.Errorf("the new region has %d zones, %v", zones, err)
	}
	if specs, err := db.ListSpecifications(t.Context(), "newbag_type"); err != nil || len(specs) != 1 || specs[0].Name != "10 GB" {
		t.Errorf("the new type has %+v, %v", specs, err)
	}
	if thing, err := db.FindThing(t.Context(), root, models.SortFlavor, "xlarge"); err != nil || !thing.Off || thing.EN != "Small" {
		t.Errorf("the flavor is %+v, %v", thing, err)
	}
	events, _, err := modelstest.List(t.Context(), db, root.ForSite(), models.Events, list.Query{Size: 100})
	if err != nil || countAction(events, "catalogue.added") != 6 || countAction(events, "catalogue.off_sale") != 2 {
		t.Errorf("recorded %d added and %d off sale, %v", countAction(events, "catalogue.added"), countAction(events, "catalogue.off_sale"), err)
	}
	// What the whole file does not have is taken off sale, and stays.
	file = models.File[models.ThingRow]{Rows: allThings(t, db, root), Whole: true}
	file.Rows = file.Rows[1:]
	if d, err = models.ThingImport.Preview(t.Context(), db, root, file); err != nil || d.Count(models.FileRemoved) != 1 {
		t.Fatalf("without one: %d removed, %v", d.Count(models.FileRemoved), err)
	}
	file.Version = d.Version
	d, err = models.ThingImport.Run(t.Context(), db, root, file)
	if err != nil {
		t.Fatal(err)
	}
	gone := d.All[len(d.All)-1].Is
	if thing, err := db.FindThing(t.Context(), root, gone.Sort, gone.ID()); err != nil || !thing.Off {
		t.Errorf("%s %s is %+v, %v", gone.Sort, gone.ID(), thing, err)
	}
	file.Rows = make([]models.FileRow[models.ThingRow], models.MostFileRows+1)
	if _, err := models.ThingImport.Preview(t.Context(), db, root, file); !errors.Is(err, models.ErrTooLarge) {
		t.Errorf("a file too long: got %v", err)
	}
}

// A region that a file does not have goes off sale with what is below it, and keeps the
// zones that the same file gives it.
func TestARegionThatIsTakenOffSaleKeepsItsNewZones(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	root := siteAdmin(modelstest.NewTeam(t, db).Admin)
	file := models.File[models.ThingRow]{Rows: allThings(t, db, root), Whole: true}
	zone := file.Rows[slices.IndexFunc(file.Rows, func(r models.FileRow[models.ThingRow]) bool { return r.In.Sort == models.SortZone })].In
	file.Rows = slices.DeleteFunc(file.Rows, func(r models.FileRow[models.ThingRow]) bool {
		return r.In.Sort == models.SortRegion && r.In.Code == zone.Of || r.In.Sort == models.SortZone && r.In.Code == zone.Code
	})
	more := models.ThingRow{Sort: models.SortZone, ThingInput: models.ThingInput{Of: zone.Of, Code: zone.Of + "-new", ZH: "新", EN: "New"}}
	file.Rows = append(file.Rows, models.FileRow[models.ThingRow]{Line: 1, In: more})
	d, err := models.ThingImport.Preview(t.Context(), db, root, file)
	if file.Version = d.Version; err != nil || d.Count(models.FileRemoved) != 2 || d.Count(models.FileAdded) != 1 {
		t.Fatalf("got %+v, %v", d, err)
	}
	if _, err := models.ThingImport.Run(t.Context(), db, root, file); err != nil {
		t.Fatal(err)
	}
	for code, off := range map[string]bool{zone.Code: true, more.Code: false} {
		if thing, err := db.FindThing(t.Context(), root, models.SortZone, models.Thing{Sort: models.SortZone, Of: zone.Of, Code: code}.ID()); err != nil || thing.Off != off {
			t.Errorf("%s is %+v, %v", code, thing, err)
		}
	}
}
