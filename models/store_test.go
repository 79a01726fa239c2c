package models_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"quartermaster/models"
	"quartermaster/models/index"
	"quartermaster/models/list"
	"quartermaster/models/modelstest"
	"quartermaster/models/pricing"
)

func storeInput(name string) *models.StoreInput {
	return &models.StoreInput{Name: name, Region: "cn-north-7", Zones: []string{"cn-north-7c"}, CU: "xlarge", Num: 1}
}

func storeOrder(in *models.StoreInput) models.OrderInput {
	return models.OrderInput{Lines: []models.LineInput{in}}
}

// placeStore orders a store and returns it, CREATING.
func placeStore(t *testing.T, db *models.DB, by models.Actor, in *models.StoreInput) *models.Store {
	t.Helper()
	order := mustPlace(t, db, by, storeOrder(in))
	return findStore(t, db, by, order.Lines[0].ResourceID)
}

func findStore(t *testing.T, db *models.DB, by models.Actor, id string) *models.Store {
	t.Helper()
	s, err := db.FindStore(t.Context(), by, id)
	if err != nil {
		t.Fatalf("find store: %v", err)
	}
	return s
}

func findOrder(t *testing.T, db *models.DB, by models.Actor, number int64) *models.Order {
	t.Helper()
	o, err := db.FindOrder(t.Context(), by, number)
	if err != nil {
		t.Fatalf("find order: %v", err)
	}
	return o
}

func cuUsed(t *testing.T, db *models.DB, by models.Actor) int64 {
	t.Helper()
	team, err := db.FindTeam(t.Context(), by)
	if err != nil {
		t.Fatalf("find team: %v", err)
	}
	return team.CUUsed
}

// actions are what was done to a subject, oldest first.
func actions(t *testing.T, db *models.DB, by models.Actor, subject string) string {
	t.Helper()
	return happened(t, db, by, list.With("subject", subject))
}

// ordered is what happened to an order.
func ordered(t *testing.T, db *models.DB, by models.Actor, number int64) string {
	t.Helper()
	return happened(t, db, by, list.With("order", fmt.Sprint(number), "kind", string(models.KindOrder)))
}

func happened(t *testing.T, db *models.DB, by models.Actor, q list.Query) string {
	t.Helper()
	q.Size = 100
	events, _, err := modelstest.List(t.Context(), db, by, models.Events, q)
	if err != nil {
		t.Fatalf("list events: %v", err)
	}
	var words []string
	for i := range events {
		words = append(words, events[len(events)-1-i].Action)
	}
	return strings.Join(words, " ")
}

func TestStoreInputRules(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	long := strings.Repeat("知", 85) // 255 bytes
	over := long + "a"
	prepaid := func(unit pricing.Unit, n int) func(*models.StoreInput) {
		return func(in *models.StoreInput) {
			in.ChargeMode, in.PeriodType, in.PeriodNum = pricing.PrePaid, unit, n
		}
	}
	for i, c := range []struct {
		what        string
		change      func(*models.StoreInput)
		field, rule string // none: accepted
	}{
		{"as the documents' sample", func(*models.StoreInput) {}, "", ""},
		{"no name", func(in *models.StoreInput) { in.Name = "" }, "store_name", "required"},
		{"two letters", func(in *models.StoreInput) { in.Name = "ab" }, "store_name", "min"},
		{"64 letters", func(in *models.StoreInput) { in.Name = strings.Repeat("a", 64) }, "store_name", "max"},
		{"63 letters", func(in *models.StoreInput) { in.Name = strings.Repeat("a", 63) }, "", ""},
		{"a digit first", func(in *models.StoreInput) { in.Name = "1ab" }, "store_name", "storename"},
		{"a hyphen last", func(in *models.StoreInput) { in.Name = "ab-" }, "store_name", "storename"},
		{"a capital", func(in *models.StoreInput) { in.Name = "aBc" }, "store_name", "storename"},
		{"a name with a line break", func(in *models.StoreInput) { in.Name = "abc\n" }, "store_name", "storename"},
		{"no region", func(in *models.StoreInput) { in.Region = "" }, "region", "required"},
		{"a region without stores", func(in *models.StoreInput) { in.Region = "cn-hangzhou" }, "region", "unknown"},
		{"no zone", func(in *models.StoreInput) { in.Zones = nil }, "availability_zones", "min"},
		{"an empty zone", func(in *models.StoreInput) { in.Zones = []string{""} }, "availability_zones", "required"},
		{"a zone twice", func(in *models.StoreInput) { in.Zones = []string{"cn-north-7a", "cn-north-7a"} }, "availability_zones", "unique"},
		{"another region's zone", func(in *models.StoreInput) { in.Zones = []string{"cn-north-4a"} }, "availability_zones", "zone"},
		{"three zones", func(in *models.StoreInput) { in.Zones = []string{"cn-north-7a", "cn-north-7b", "cn-north-7c"} }, "", ""},
		{"a flavor that is not sold", func(in *models.StoreInput) { in.CU = "32xlarge" }, "cu", "oneof"},
		{"no units", func(in *models.StoreInput) { in.Num = 0 }, "num", "min"},
		{"more units than the quota", func(in *models.StoreInput) { in.Num = 101 }, "num", "quota"},
		{"more units than a number holds", func(in *models.StoreInput) { in.Num = math.MaxInt64 }, "num", "max"},
		{"another charge mode", func(in *models.StoreInput) { in.ChargeMode = "free" }, "charge_mode", "oneof"},
		{"prepaid without a period", prepaid("", 0), "period_type", "required"},
		{"prepaid by the week", prepaid("week", 1), "period_type", "oneof"},
		{"no months", prepaid(pricing.Month, 0), "period_num", "period_month"},
		{"nine months", prepaid(pricing.Month, 9), "", ""},
		{"ten months", prepaid(pricing.Month, 10), "period_num", "period_month"},
		{"three years", prepaid(pricing.Year, 3), "", ""},
		{"four years", prepaid(pricing.Year, 4), "period_num", "period_year"},
		{"five years", prepaid(pricing.Year, 5), "", ""},
		{"a period that is not paid in advance", func(in *models.StoreInput) { in.PeriodType, in.PeriodNum = "week", -1 }, "", ""},
		{"255 bytes of description", func(in *models.StoreInput) { in.Description = &long }, "", ""},
		{"256 bytes of description", func(in *models.StoreInput) { in.Description = &over }, "description", "maxbytes"},
	} {
		in := storeInput(fmt.Sprintf("store-%d", i))
		c.change(in)
		_, err := db.PlaceOrder(t.Context(), team.Requester, storeOrder(in))
		if c.field == "" && err != nil {
			t.Errorf("%s: got %v, want no error", c.what, err)
		}
		if c.field != "" && !rejects(err, c.field, c.rule) {
			t.Errorf("%s: got %v, want %s %s", c.what, err, c.field, c.rule)
		}
		if _, err := db.PreviewOrder(t.Context(), team.Requester, storeOrder(in)); c.field != "" && !rejects(err, c.field, c.rule) {
			t.Errorf("preview of %s: got %v, want %s %s", c.what, err, c.field, c.rule)
		}
	}
}

func TestStoreIsCreatedByAJob(t *testing.T) {
	t.Parallel()
	clock := modelstest.NewClock()
	db := modelstest.OpenWith(t, models.Options{Clock: clock.Now})
	team := modelstest.NewTeam(t, db)
	text := "产品手册 <b>&"
	in := storeInput("handbook")
	in.Description, in.ChargeMode, in.PeriodType, in.PeriodNum, in.AutoRenew = &text, pricing.PrePaid, pricing.Year, 1, true
	s := placeStore(t, db, team.Requester, in)
	if s.State != models.StoreCreating || len(s.ID) != 36 || len(s.JobID) != 36 {
		t.Fatalf("got %s, id %q, job %q; want CREATING and two UUIDs", s.State, s.ID, s.JobID)
	}
	if want := "2027-11-21T16:00:00Z"; s.EndsAt == nil || s.EndsAt.Format("2006-01-02T15:04:05Z") != want {
		t.Errorf("ends at %v, want %s", s.EndsAt, want)
	}
	if o := findOrder(t, db, team.Viewer, s.OrderNumber); o.State != models.OrderFulfilling || o.TotalMinor != 1_180_000 {
		t.Errorf("got order %s of %d, want fulfilling of 1180000", o.State, o.TotalMinor)
	}
	modelstest.Work(t, db)
	s = findStore(t, db, team.Viewer, s.ID)
	if s.State != models.StoreNormal || *s.Description != text || !s.AutoRenew {
		t.Errorf("got %s, %q, auto renew %v; want NORMAL and what was asked for", s.State, *s.Description, s.AutoRenew)
	}
	if o := findOrder(t, db, team.Viewer, s.OrderNumber); o.State != models.OrderCompleted {
		t.Errorf("got order %s, want completed", o.State)
	}
	job, err := db.FindJob(t.Context(), team.Viewer, s.JobID)
	if err != nil || job.State != models.JobCompleted || job.Progress() != 100 {
		t.Errorf("got job %+v, %v; want it completed", job, err)
	}
	for _, step := range job.Steps {
		if step.Started == nil || step.Ended == nil {
			t.Errorf("step %s has no times", step.Name)
		}
	}
	if got, want := actions(t, db, team.Viewer, s.ID), "store.created store.ready"; got != want {
		t.Errorf("got events %q, want %q", got, want)
	}
	worksAndIsEmpty(t, db, s.ID)
	onlyOwner(t, db.DataFile("stores"))
}

// worksAndIsEmpty checks that a store has an index, which holds nothing.
func worksAndIsEmpty(t *testing.T, db *models.DB, id string) {
	t.Helper()
	x, err := index.Open(t.Context(), "file:"+filepath.Join(db.StoreFolder(id), "index.db"))
	if err != nil {
		t.Fatalf("open the store's index: %v", err)
	}
	defer x.Close()
	if n, err := x.Count(t.Context()); n != 0 || err != nil {
		t.Errorf("the index holds %d passages, %v", n, err)
	}
	if err := x.Probe(t.Context()); err != nil {
		t.Errorf("the index does not work: %v", err)
	}
}

// onlyOwner checks that nobody but the owner may read what is in a folder.
func onlyOwner(t *testing.T, folder string) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, e os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has the rights %v", path, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestStoreNameIsUniqueWithinTeamAndRegion(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team, other := modelstest.NewTeam(t, db), modelstest.NewTeam(t, db)
	refused := func(when string) {
		t.Helper()
		if _, err := db.PlaceOrder(t.Context(), team.Requester, storeOrder(storeInput("handbook"))); !rejects(err, "store_name", "taken") {
			t.Errorf("%s: got %v, want store_name taken", when, err)
		}
	}
	s := placeStore(t, db, team.Requester, storeInput("handbook"))
	refused("while it is created")
	modelstest.Work(t, db)
	refused("when it is there")
	elsewhere := storeInput("handbook")
	elsewhere.Region, elsewhere.Zones = "cn-north-4", []string{"cn-north-4a"}
	placeStore(t, db, team.Requester, elsewhere)
	placeStore(t, db, other.Requester, storeInput("handbook"))
	modelstest.Work(t, db)
	if _, err := db.DeleteStore(t.Context(), team.Requester, s.ID); err != nil {
		t.Fatalf("delete: %v", err)
	}
	refused("while it is dropped")
	modelstest.Work(t, db)
	placeStore(t, db, team.Requester, storeInput("handbook"))
}

func TestOneOfManyStoresOfANameIsMade(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	var all sync.WaitGroup
	var made sync.Map
	for i := range 12 {
		all.Go(func() {
			o, err := db.PlaceOrder(context.Background(), team.Requester, storeOrder(storeInput("handbook")))
			if err == nil {
				made.Store(i, o.Order.Number)
			} else if !rejects(err, "store_name", "taken") {
				t.Errorf("got %v, want store_name taken", err)
			}
		})
	}
	all.Wait()
	n := 0
	made.Range(func(any, any) bool { n++; return true })
	if used := cuUsed(t, db, team.Viewer); n != 1 || used != 1 {
		t.Errorf("made %d stores that use %d units, want one of one", n, used)
	}
}

func TestQuotaIsFilledAndNeverPassed(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	first := storeInput("first")
	first.Num = 90
	s := placeStore(t, db, team.Requester, first)
	var all sync.WaitGroup
	for i := range 25 {
		all.Go(func() {
			_, err := db.PlaceOrder(context.Background(), team.Requester, storeOrder(storeInput(fmt.Sprintf("store-%d", i))))
			if err != nil && !rejects(err, "num", "quota") {
				t.Errorf("got %v, want num quota", err)
			}
		})
	}
	all.Wait()
	if used := cuUsed(t, db, team.Viewer); used != 100 {
		t.Errorf("got %d units used, want the quota of 100", used)
	}
	modelstest.Work(t, db)
	if _, err := db.DeleteStore(t.Context(), team.Requester, s.ID); err != nil {
		t.Fatalf("delete: %v", err)
	}
	modelstest.Work(t, db)
	if used := cuUsed(t, db, team.Viewer); used != 10 {
		t.Errorf("got %d units used after the deletion, want 10", used)
	}
	over := storeInput("over")
	over.Num = 91
	_, err := db.PlaceOrder(t.Context(), team.Requester, storeOrder(over))
	var in models.Invalid
	if !errors.As(err, &in) || in[0].Param != "90" {
		t.Errorf("got %v, want a refusal that says 90 are left", err)
	}
}

func TestTwoStoresOfAnOrderShareTheQuota(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	a, b := storeInput("store-a"), storeInput("store-b")
	a.Num, b.Num = 60, 60
	_, err := db.PlaceOrder(t.Context(), team.Requester, models.OrderInput{Lines: []models.LineInput{a, b}})
	if used := cuUsed(t, db, team.Viewer); !rejects(err, "num", "quota") || used != 0 {
		t.Errorf("got %v with %d units used, want num quota and none", err, used)
	}
	b.Num = 40
	o := mustPlace(t, db, team.Requester, models.OrderInput{Lines: []models.LineInput{a, b}})
	modelstest.Work(t, db)
	if o = findOrder(t, db, team.Viewer, o.Number); o.State != models.OrderCompleted {
		t.Errorf("got order %s, want completed", o.State)
	}
}

// block puts a file where the stores' folder should be, and returns what takes
// it away again.
func block(t *testing.T, db *models.DB) (unblock func()) {
	t.Helper()
	folder := db.DataFile("stores")
	if err := os.Rename(folder, folder+".aside"); err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	if err := os.WriteFile(folder, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return func() {
		t.Helper()
		if err := os.Remove(folder); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(folder+".aside", folder); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
	}
}

func TestFailedCreationSaysWhyAndGoesOnWhereItFailed(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	unblock := block(t, db)
	s := placeStore(t, db, team.Requester, storeInput("handbook"))
	modelstest.Work(t, db)
	s = findStore(t, db, team.Viewer, s.ID)
	if s.State != models.StoreCreateFailed || s.FailCode != "folder_blocked" {
		t.Fatalf("got %s, %q; want CREATED_FAILED, folder_blocked", s.State, s.FailCode)
	}
	if o := findOrder(t, db, team.Viewer, s.OrderNumber); o.State != models.OrderFailed {
		t.Errorf("got order %s, want failed", o.State)
	}
	before, err := db.FindJob(t.Context(), team.Viewer, s.JobID)
	if err != nil || before.Step != 1 {
		t.Fatalf("got step %d, %v; want 1 step done", before.Step, err)
	}
	unblock()
	if _, err := db.RetryStore(t.Context(), team.Viewer, s.ID); !errors.Is(err, models.ErrForbidden) {
		t.Errorf("viewer: got %v, want %v", err, models.ErrForbidden)
	}
	if s, err = db.RetryStore(t.Context(), team.Requester, s.ID); err != nil || s.State != models.StoreCreating || s.FailCode != "" {
		t.Fatalf("retry: got %+v, %v; want CREATING", s, err)
	}
	if o := findOrder(t, db, team.Viewer, s.OrderNumber); o.State != models.OrderFulfilling {
		t.Errorf("got order %s, want fulfilling", o.State)
	}
	if _, err := db.RetryStore(t.Context(), team.Requester, s.ID); !errors.Is(err, models.ErrConflict) {
		t.Errorf("second retry: got %v, want %v", err, models.ErrConflict)
	}
	modelstest.Work(t, db)
	s = findStore(t, db, team.Viewer, s.ID)
	after, err := db.FindJob(t.Context(), team.Viewer, s.JobID)
	if err != nil || s.State != models.StoreNormal || after.ID != before.ID {
		t.Errorf("got %s by job %s, %v; want NORMAL by job %s", s.State, after.ID, err, before.ID)
	}
	if !after.Steps[0].Started.Equal(*before.Steps[0].Started) {
		t.Error("the step that was done is done again")
	}
	if o := findOrder(t, db, team.Viewer, s.OrderNumber); o.State != models.OrderCompleted {
		t.Errorf("got order %s, want completed", o.State)
	}
	if got, want := actions(t, db, team.Viewer, s.ID), "store.created store.create_failed store.retried store.ready"; got != want {
		t.Errorf("got events %q, want %q", got, want)
	}
	if used := cuUsed(t, db, team.Viewer); used != 1 {
		t.Errorf("got %d units used, want 1", used)
	}
}

func TestDamagedIndexFailsTheCheckAndIsBuiltAgain(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	s := placeStore(t, db, team.Requester, storeInput("handbook"))
	mustDo(t, os.MkdirAll(db.StoreFolder(s.ID), 0o700))
	mustDo(t, os.WriteFile(filepath.Join(db.StoreFolder(s.ID), "index.db"), []byte("no database"), 0o600))
	modelstest.Work(t, db)
	if s = findStore(t, db, team.Viewer, s.ID); s.State != models.StoreCreateFailed || s.FailCode != "index_corrupt" {
		t.Fatalf("got %s, %q; want CREATED_FAILED, index_corrupt", s.State, s.FailCode)
	}
	if _, err := db.RetryStore(t.Context(), team.Requester, s.ID); err != nil {
		t.Fatalf("retry: %v", err)
	}
	modelstest.Work(t, db)
	if s = findStore(t, db, team.Viewer, s.ID); s.State != models.StoreNormal {
		t.Errorf("got %s (%s), want NORMAL", s.State, s.FailCode)
	}
}

func TestHalfBuiltIndexIsBuiltAgain(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	s := placeStore(t, db, team.Requester, storeInput("handbook"))
	mustDo(t, os.MkdirAll(db.StoreFolder(s.ID), 0o700))
	half := filepath.Join(db.StoreFolder(s.ID), "building")
	for _, name := range []string{half, filepath.Join(db.StoreFolder(s.ID), "index.db-journal")} {
		mustDo(t, os.WriteFile(name, []byte("half"), 0o600))
	}
	modelstest.Work(t, db)
	if s = findStore(t, db, team.Viewer, s.ID); s.State != models.StoreNormal {
		t.Errorf("got %s (%s), want NORMAL", s.State, s.FailCode)
	}
	worksAndIsEmpty(t, db, s.ID)
	if _, err := os.Stat(half); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the half-built index is left: %v", err)
	}
}

func TestIndexOfBeforeIsMadeAnew(t *testing.T) {
	t.Parallel()
	o := modelstest.Choose(t, models.Options{})
	db, err := models.Open(t.Context(), o)
	mustDo(t, err)
	team := modelstest.NewTeam(t, db)
	known, unknown := placeStore(t, db, team.Requester, storeInput("handbook")), placeStore(t, db, team.Requester, storeInput("notes"))
	modelstest.Work(t, db)
	for _, s := range []*models.Store{known, unknown} {
		mustDo(t, os.Remove(filepath.Join(db.StoreFolder(s.ID), "index.db")))
		mustDo(t, os.MkdirAll(filepath.Join(db.StoreFolder(s.ID), "index", "store"), 0o700))
	}
	mustDo(t, os.WriteFile(filepath.Join(db.StoreFolder(known.ID), "index", "index_meta.json"), []byte("{}"), 0o600))
	r, err := db.Check(t.Context(), models.CheckInput{Meter: new(models.Meter)})
	if len(r.Findings) != 1 || len(r.Findings[0].Cases) != 1 || !strings.HasPrefix(r.Findings[0].Cases[0], "notes") {
		t.Errorf("check before a start: got %+v, %v; want the unknown one", r.Findings, err)
	}
	mustDo(t, db.Close())
	db = modelstest.OpenWith(t, o)
	worksAndIsEmpty(t, db, known.ID)
	if entries, err := os.ReadDir(db.StoreFolder(known.ID)); len(entries) != 1 {
		t.Errorf("got %v, %v; want the new index alone", entries, err)
	}
	if entries, err := os.ReadDir(db.StoreFolder(unknown.ID)); len(entries) != 1 || entries[0].Name() != "index" {
		t.Errorf("got %v, %v; want what is not known left alone", entries, err)
	}
}

func TestStoreIsDeletedByAJob(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	s := placeStore(t, db, team.Requester, storeInput("handbook"))
	if _, err := db.DeleteStore(t.Context(), team.Requester, s.ID); !errors.Is(err, models.ErrConflict) {
		t.Errorf("while it is created: got %v, want %v", err, models.ErrConflict)
	}
	modelstest.Work(t, db)
	if _, err := db.DeleteStore(t.Context(), team.Viewer, s.ID); !errors.Is(err, models.ErrForbidden) {
		t.Errorf("viewer: got %v, want %v", err, models.ErrForbidden)
	}
	s, err := db.DeleteStore(t.Context(), team.Requester, s.ID)
	if err != nil || s.State != models.StoreDropping {
		t.Fatalf("delete: got %+v, %v; want DROPPING", s, err)
	}
	if _, err := db.DeleteStore(t.Context(), team.Requester, s.ID); !errors.Is(err, models.ErrConflict) {
		t.Errorf("twice: got %v, want %v", err, models.ErrConflict)
	}
	modelstest.Work(t, db)
	if _, err := db.FindStore(t.Context(), team.Viewer, s.ID); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("got %v, want %v", err, models.ErrNotFound)
	}
	if left, err := os.ReadDir(db.DataFile("stores")); len(left) != 1 || left[0].Name() != s.ID+".dropped" || err != nil {
		t.Errorf("left in the folder: %v, %v; want the store's aside", left, err)
	}
	counts, err := db.Counts(t.Context(), team.Viewer)
	if used := cuUsed(t, db, team.Viewer); err != nil || counts["store"] != 0 || used != 0 {
		t.Errorf("got %d stores that use %d units, %v; want none", counts["store"], used, err)
	}
	jobs, err := db.ListJobs(t.Context(), team.Viewer, s.ID)
	if err != nil || len(jobs) != 2 || jobs[0].Kind != models.DeleteStoreJob || jobs[0].State != models.JobCompleted {
		t.Errorf("got jobs %+v, %v; want both to survive the store", jobs, err)
	}
	if got, want := actions(t, db, team.Viewer, s.ID), "store.created store.ready store.dropped store.deleted"; got != want {
		t.Errorf("got events %q, want %q", got, want)
	}
}

func TestFailedDeletionKeepsTheStoreAndItsQuota(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	s := placeStore(t, db, team.Requester, storeInput("handbook"))
	modelstest.Work(t, db)
	unblock := block(t, db)
	if _, err := db.DeleteStore(t.Context(), team.Requester, s.ID); err != nil {
		t.Fatalf("delete: %v", err)
	}
	modelstest.Work(t, db)
	s = findStore(t, db, team.Viewer, s.ID)
	if used := cuUsed(t, db, team.Viewer); s.State != models.StoreDeleteFailed || s.FailCode != "folder_blocked" || used != 1 {
		t.Fatalf("got %s, %q, %d units used; want DELETE_FAILED, folder_blocked, 1", s.State, s.FailCode, used)
	}
	unblock()
	if _, err := db.RetryStore(t.Context(), team.Requester, s.ID); err != nil {
		t.Fatalf("retry: %v", err)
	}
	modelstest.Work(t, db)
	if used := cuUsed(t, db, team.Viewer); used != 0 {
		t.Errorf("got %d units used, want none", used)
	}
}

func TestFailedStoreCanBeDeleted(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	unblock := block(t, db)
	s := placeStore(t, db, team.Requester, storeInput("handbook"))
	modelstest.Work(t, db)
	unblock()
	if _, err := db.DeleteStore(t.Context(), team.Requester, s.ID); err != nil {
		t.Fatalf("delete: %v", err)
	}
	modelstest.Work(t, db)
	if _, err := db.FindStore(t.Context(), team.Viewer, s.ID); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("got %v, want %v", err, models.ErrNotFound)
	}
	if used := cuUsed(t, db, team.Viewer); used != 0 {
		t.Errorf("got %d units used, want none", used)
	}
}

func TestStoresOfAnotherTeamDoNotExist(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team, other := modelstest.NewTeam(t, db), modelstest.NewTeam(t, db)
	s := placeStore(t, db, team.Requester, storeInput("handbook"))
	modelstest.Work(t, db)
	for what, do := range map[string]func() error{
		"find":   func() error { _, err := db.FindStore(t.Context(), other.Admin, s.ID); return err },
		"delete": func() error { _, err := db.DeleteStore(t.Context(), other.Admin, s.ID); return err },
		"retry":  func() error { _, err := db.RetryStore(t.Context(), other.Admin, s.ID); return err },
		"job":    func() error { _, err := db.FindJob(t.Context(), other.Admin, s.JobID); return err },
	} {
		if err := do(); !errors.Is(err, models.ErrNotFound) {
			t.Errorf("%s: got %v, want %v", what, err, models.ErrNotFound)
		}
	}
	stores, _, err := modelstest.List(t.Context(), db, other.Admin, models.Stores, list.Query{})
	if err != nil || len(stores) != 0 {
		t.Errorf("list: got %d stores, %v; want none", len(stores), err)
	}
	if free, err := db.StoreNameFree(t.Context(), other.Admin, s.Region, s.Name); !free || err != nil {
		t.Errorf("another team's name counts as taken: %v", err)
	}
	if jobs, err := db.ListJobs(t.Context(), other.Admin, s.ID); len(jobs) != 0 || err != nil {
		t.Errorf("jobs: got %d, %v; want none", len(jobs), err)
	}
}

func TestStoresAreListedByFilter(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	placeStore(t, db, team.Requester, storeInput("handbook"))
	modelstest.Work(t, db)
	far := storeInput("manual-100")
	far.Region, far.Zones = "cn-north-4", []string{"cn-north-4a"}
	placeStore(t, db, team.Requester, far)
	for _, c := range []struct {
		filter list.Query
		want   string
	}{
		{list.Query{}, "manual-100 handbook"},
		{list.With("region", "cn-north-4"), "manual-100"},
		{list.With("state", string(models.StoreNormal)), "handbook"},
		{list.Query{Text: "an"}, "manual-100 handbook"},
		{list.Query{Text: "%"}, ""},
	} {
		stores, _, err := modelstest.List(t.Context(), db, team.Viewer, models.Stores, c.filter)
		var names []string
		for _, s := range stores {
			names = append(names, s.Name)
		}
		if got := strings.Join(names, " "); got != c.want || err != nil {
			t.Errorf("%+v: got %q, %v; want %q", c.filter, got, err, c.want)
		}
	}
}

func TestPreviewOfAStoreSaysWhatItCosts(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	in := storeInput("handbook")
	in.Num = 2
	order, err := db.PreviewOrder(t.Context(), team.Requester, storeOrder(in))
	if err != nil || order.Order.Lines[0].HourlyMicro != 4_770_000 || order.Order.TotalMinor != 0 || order.Order.Free {
		t.Errorf("by use: got %+v, %v; want 4.77 an hour", order.Order.Lines, err)
	}
	// A form that is only begun has a price as soon as its flavor says one.
	order, err = db.PreviewOrder(t.Context(), team.Requester, storeOrder(&models.StoreInput{Region: "cn-north-7", CU: "xlarge", Num: 1}))
	if !rejects(err, "store_name", "required") || rejects(err, "", "no_price") || order.Order.Lines[0].HourlyMicro != 2_385_000 {
		t.Errorf("begun: got %+v, %v", order, err)
	}
	prices, err := db.ListStorePrices(t.Context(), team.Viewer, "cn-north-7")
	if err != nil || len(prices) != 5 || prices[0].Hourly != 2_385_000 || prices[0].Monthly != 1_180_000_000 {
		t.Errorf("got prices %+v, %v", prices, err)
	}
}
