package models_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"quartermaster/models"
	"quartermaster/models/list"
	"quartermaster/models/modelstest"
)

func sent(name, content string) models.SentFile {
	return models.SentFile{Name: name, ContentType: "application/pdf", Content: strings.NewReader(content)}
}

func mustAttach(t *testing.T, db *models.DB, by models.Actor, number int64, name string) models.Attachment {
	t.Helper()
	if err := db.Attach(t.Context(), by, number, sent(name, "of "+name)); err != nil {
		t.Fatalf("attach %s: %v", name, err)
	}
	all := mustSheet(t, db, by, number).Attachments
	return all[len(all)-1]
}

func mustSheet(t *testing.T, db *models.DB, by models.Actor, number int64) *models.OrderSheet {
	t.Helper()
	sheet, err := db.FindOrderSheet(t.Context(), by, number)
	if err != nil {
		t.Fatal(err)
	}
	return sheet
}

func TestFilesAreAttachedToAnOrder(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team, other := modelstest.NewTeam(t, db), modelstest.NewTeam(t, db)
	otherwise(t, db, team.Admin, "approver")
	o := mustPlace(t, db, team.Requester, planOrder(example()))
	for _, c := range []struct {
		what string
		by   models.Actor
		file models.SentFile
		want func(error) bool
	}{
		{"a viewer", team.Viewer, sent("a.pdf", "a"), func(err error) bool { return errors.Is(err, models.ErrForbidden) }},
		{"another team", other.Admin, sent("a.pdf", "a"), func(err error) bool { return errors.Is(err, models.ErrNotFound) }},
		{"a large one", team.Requester, models.SentFile{Name: "a", Content: bytes.NewReader(make([]byte, models.MaxAttachment+1))}, func(err error) bool { return rejects(err, "attachments", "attachment_large") }},
		{"a hidden name", team.Requester, sent("a\u202efdp.exe", "a"), func(err error) bool { return rejects(err, "attachments", "line") }},
		{"a broken one", team.Requester, models.SentFile{Name: "a", Content: io.MultiReader(strings.NewReader("a"), failing{})}, func(err error) bool { return err != nil }},
	} {
		if err := db.Attach(t.Context(), c.by, o.Number, c.file); !c.want(err) {
			t.Errorf("%s: got %v", c.what, err)
		}
	}
	mine := mustAttach(t, db, team.Requester, o.Number, `C:\quotes\offer.pdf`)
	theirs := mustAttach(t, db, team.Approver, o.Number, "notes.txt")
	if mine.Name != "offer.pdf" || mine.SHA256 == "" || mine.Size != int64(len(`of C:\quotes\offer.pdf`)) || mine.CreatorName != team.Requester.UserName {
		t.Errorf("got %+v", mine)
	}
	a, f, err := db.ReadAttachment(t.Context(), team.Viewer, o.Number, theirs.ID)
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(f)
	if _ = f.Close(); err != nil || string(content) != "of notes.txt" || a.ContentType != "application/pdf" {
		t.Errorf("it reads %q, %v as %s", content, err, a.ContentType)
	}
	elsewhere := mustPlace(t, db, team.Requester, planOrder(example()))
	for what, look := range map[string]func() error{
		"another team": func() error { _, _, err := db.ReadAttachment(t.Context(), other.Admin, o.Number, mine.ID); return err },
		"another order": func() error {
			_, err := db.FindAttachment(t.Context(), team.Viewer, elsewhere.Number, mine.ID)
			return err
		},
		"remove there": func() error { return db.Detach(t.Context(), other.Admin, o.Number, mine.ID) },
	} {
		if err := look(); !errors.Is(err, models.ErrNotFound) {
			t.Errorf("%s: got %v", what, err)
		}
	}
	for _, by := range []models.Actor{team.Viewer, team.Requester} {
		if err := db.Detach(t.Context(), by, o.Number, theirs.ID); !errors.Is(err, models.ErrForbidden) {
			t.Errorf("a %s removes another's: %v", by.Role, err)
		}
	}
	if err := db.Detach(t.Context(), team.Admin, o.Number, theirs.ID); err != nil {
		t.Error(err)
	}
	if _, err := db.DecideOrder(t.Context(), team.Approver, o.Number, o.Version, true, ""); !errors.Is(err, models.ErrConflict) {
		t.Errorf("decided without having seen the files: %v", err)
	}
	mustDecide(t, db, team.Approver, findOrder(t, db, team.Approver, o.Number), true)
	if err := db.Detach(t.Context(), team.Requester, o.Number, mine.ID); !errors.Is(err, models.ErrConflict) {
		t.Errorf("removed after the decision: %v", err)
	}
	mustAttach(t, db, team.Requester, o.Number, "invoice.pdf")
	events, _, err := modelstest.List(t.Context(), db, team.Viewer, models.Events, list.With("order", fmt.Sprint(o.Number)))
	if err != nil || countAction(events, "order.attached") != 3 || countAction(events, "order.detached") != 1 {
		t.Errorf("the events are %+v, %v", events, err)
	}
	modelstest.Work(t, db)
	mustFit(t, db)
}

// failing is a file that breaks off.
type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("broken off") }

func TestOrderTakesNoMoreFilesThanItsLimit(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	o := mustPlace(t, db, team.Requester, planOrder(example()))
	var all sync.WaitGroup
	errs := make([]error, models.MaxAttachments+5)
	for i := range errs {
		all.Go(func() {
			errs[i] = db.Attach(t.Context(), team.Requester, o.Number, sent(fmt.Sprintf("%d.pdf", i), "x"))
		})
	}
	all.Wait()
	refused := 0
	for _, err := range errs {
		if rejects(err, "attachments", "attachments_many") {
			refused++
		} else if err != nil {
			t.Error(err)
		}
	}
	if n := len(mustSheet(t, db, team.Viewer, o.Number).Attachments); n != models.MaxAttachments || refused != 5 {
		t.Errorf("%d are attached and %d refused", n, refused)
	}
	mustFit(t, db)
}

func TestFilesComeWithTheFormOfAnOrder(t *testing.T) {
	t.Parallel()
	db, clock, team := atNoon(t)
	attach := func(by models.Actor, name string) string {
		t.Helper()
		a, err := db.AttachUnplaced(t.Context(), by, sent(name, name))
		if err != nil {
			t.Fatal(err)
		}
		return a.ID
	}
	if _, err := db.AttachUnplaced(t.Context(), team.Viewer, sent("a", "a")); !errors.Is(err, models.ErrForbidden) {
		t.Errorf("a viewer's: %v", err)
	}
	in := planOrder(example())
	in.Attached = []string{attach(team.Approver, "theirs")}
	if _, err := db.PlaceOrder(t.Context(), team.Requester, in); !rejects(err, "attachments", "attachments_gone") {
		t.Errorf("another's file: %v", err)
	}
	in.Attached, in.Token = []string{attach(team.Requester, "a"), attach(team.Requester, "b")}, "once"
	forgotten := attach(team.Requester, "forgotten")
	if err := db.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	o := mustPlace(t, db, team.Requester, in)
	if again := mustPlace(t, db, team.Requester, in); again.Number != o.Number {
		t.Errorf("a repeat is another order")
	}
	if files := mustSheet(t, db, team.Viewer, o.Number).Attachments; len(files) != 2 || files[0].Name != "a" {
		t.Errorf("attached are %+v", files)
	}
	mustFit(t, db)
	clock.Move(25 * time.Hour)
	if err := db.DropUnplaced(t.Context()); err != nil {
		t.Fatal(err)
	}
	if left, err := db.ListUnplaced(t.Context(), team.Requester, []string{forgotten}); err != nil || len(left) != 0 {
		t.Errorf("a day later there is %+v, %v", left, err)
	}
	modelstest.Work(t, db)
	if _, f, err := db.ReadAttachment(t.Context(), team.Viewer, o.Number, in.Attached[0]); err != nil {
		t.Error(err)
	} else {
		_ = f.Close()
	}
	mustFit(t, db)
}

func TestFilesOfFormsThatNobodySendsAreFew(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	var ids []string
	for i := range 45 {
		a, err := db.AttachUnplaced(t.Context(), team.Requester, sent(fmt.Sprintf("%d.pdf", i), "x"))
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, a.ID)
	}
	left, err := db.ListUnplaced(t.Context(), team.Requester, ids)
	if err != nil || len(left) != 40 || left[0].Name != "5.pdf" {
		t.Errorf("%d are left, the first %+v, %v; want the last 40", len(left), left[0], err)
	}
	mustFit(t, db)
}
