package models_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"quartermaster/models"
	"quartermaster/models/modelstest"
)

// smallDisk is a disk of 10 GiB with as much room as a test says.
type smallDisk struct{ free atomic.Int64 }

func (d *smallDisk) space() (models.Space, error) {
	return models.Space{Free: d.free.Load(), Total: 10 << 30}, nil
}

// onDisk is a database on a disk with that much room, its options and a team.
func onDisk(t *testing.T, free int64) (*models.DB, *smallDisk, models.Options, modelstest.Team) {
	t.Helper()
	d := new(smallDisk)
	d.free.Store(free)
	o := modelstest.Choose(t, models.Options{FreeSpace: d.space})
	db := modelstest.OpenWith(t, o)
	return db, d, o, modelstest.NewTeam(t, db)
}

// reserve waits until the reserve is there, or not.
func reserve(t *testing.T, o models.Options, want bool) {
	t.Helper()
	for range 200 {
		info, err := os.Stat(filepath.Join(o.Folder, "reserve"))
		if there := err == nil && info.Size() == 8<<20; there == want {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Errorf("the reserve: want %v, got the contrary", want)
}

const mib = 1 << 20

func TestAFullDiskRefusesWhatIsNewAndNothingElse(t *testing.T) {
	t.Parallel()
	db, disk, o, team := onDisk(t, 100*mib)
	bucket := mustBucket(t, db, team.Requester, 0)
	kept := mustPut(t, db, team.Requester, bucket, "kept", "text")
	first := mustPlace(t, db, team.Requester, bucketOrder("first", "token"))
	reserve(t, o, true)

	disk.free.Store(15 * mib)
	ctx := t.Context()
	for what, try := range map[string]func() error{
		"an upload": func() error {
			_, err := db.PutObject(ctx, team.Requester, models.ObjectInput{BucketID: bucket, Key: "new"}, strings.NewReader("text"))
			return err
		},
		"an order": func() error { _, err := db.PlaceOrder(ctx, team.Requester, bucketOrder("second", "")); return err },
		"an application": func() error {
			_, err := db.CreateApp(ctx, team.Requester, models.AppInput{Name: "app", Region: "cn-hangzhou"})
			return err
		},
		"an access key": func() error {
			_, _, err := db.CreateAccessKey(ctx, team.Admin, models.AccessKeyInput{Name: "key"})
			return err
		},
		"a letterhead": func() error { return db.UpdateLetterhead(ctx, team.Admin, models.LetterheadInput{}, nil) },
	} {
		if err := try(); !errors.Is(err, models.ErrNoSpace) {
			t.Errorf("%s on a full disk: got %v, want ErrNoSpace", what, err)
		}
	}
	if again, err := db.PlaceOrder(ctx, team.Requester, bucketOrder("first", "token")); err != nil || again.Order.Number != first.Number {
		t.Errorf("a repeat on a full disk: got %v, want the first order", err)
	}
	mayStillWrite(t, db, team)
	if gone, err := db.DeleteObjects(ctx, team.Requester, bucket, []string{kept.ID}); err != nil || gone[0].Err != nil {
		t.Errorf("delete on a full disk: got %v, %v", gone, err)
	}

	disk.free.Store(0) // something else fills the disk
	reserve(t, o, false)
	mayStillWrite(t, db, team)
	disk.free.Store(100 * mib)
	reserve(t, o, true)
	mustPut(t, db, team.Requester, bucket, "new", "text")
}

// mayStillWrite holds that people sign in and out.
func mayStillWrite(t *testing.T, db *models.DB, team modelstest.Team) {
	t.Helper()
	user, err := db.FindUser(t.Context(), team.Viewer)
	if err == nil {
		err = db.ResetPassword(t.Context(), models.Operator(), user.Email, "a long walk by the river")
	}
	if err != nil {
		t.Fatal(err)
	}
	begun, err := db.SignIn(t.Context(), models.Actor{Address: "192.0.2.1"}, models.SignInInput{Email: user.Email, Password: "a long walk by the river"}, "")
	if err == nil {
		err = db.EndSession(t.Context(), begun.Token)
	}
	if err != nil {
		t.Errorf("sign in and out on a full disk: %v", err)
	}
}

func TestAnUploadEndsBeforeItFillsTheDisk(t *testing.T) {
	t.Parallel()
	db, disk, o, team := onDisk(t, 100*mib)
	bucket := mustBucket(t, db, team.Requester, 0)
	given := int64(0)
	filling := readerFunc(func(p []byte) (int, error) {
		given += int64(len(p))
		disk.free.Store(100*mib - given)
		return len(p), nil
	})
	_, err := db.PutObject(t.Context(), team.Requester, models.ObjectInput{BucketID: bucket, Key: "a"}, io.LimitReader(filling, 200*mib))
	if !errors.Is(err, models.ErrNoSpace) || given > 85*mib {
		t.Errorf("got %v after %d MiB, want ErrNoSpace with 16 MiB left", err, given/mib)
	}
	disk.free.Store(100 * mib)
	wantBlobs(t, o.Folder, 0)
}

func TestWhatLiesAsideGoesBeforeAnUploadIsRefused(t *testing.T) {
	t.Parallel()
	o := modelstest.Choose(t, models.Options{})
	aside := filepath.Join(o.Folder, "objects", "aside")
	var full atomic.Bool
	o.FreeSpace = func() (models.Space, error) {
		if full.Load() && filesIn(t, aside) > 1 {
			return models.Space{Free: 15 * mib, Total: 10 << 30}, nil
		}
		return models.Space{Free: 100 * mib, Total: 10 << 30}, nil
	}
	db := modelstest.OpenWith(t, o)
	team := modelstest.NewTeam(t, db)
	bucket := mustBucket(t, db, team.Requester, 0)
	old := mustPut(t, db, team.Requester, bucket, "a", "1")
	for _, text := range []string{"2", "3"} {
		mustPut(t, db, team.Requester, bucket, "a", text)
		modelstest.Work(t, db)
	}
	then := time.Now().Add(-7 * time.Hour)
	if err := os.Chtimes(filepath.Join(aside, old.Blob), then, then); err != nil {
		t.Fatal(err)
	}
	full.Store(true)
	mustPut(t, db, team.Requester, bucket, "b", "4")
	if left, err := os.ReadDir(aside); err != nil || len(left) != 1 || left[0].Name() == old.Blob {
		t.Errorf("got %v, %v aside, want the newer one alone", left, err)
	}
}

func TestAStartOnAFullDiskFindsTheReserve(t *testing.T) {
	t.Parallel()
	d := new(smallDisk)
	d.free.Store(100 * mib)
	o := modelstest.Choose(t, models.Options{FreeSpace: d.space})
	db, err := models.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	reserve(t, o, true)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	d.free.Store(0)
	db, err = models.Open(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	reserve(t, o, false)
	if !db.Space().Full() || !db.Space().Low() {
		t.Errorf("got %+v, want it full", db.Space())
	}
}

func TestADiskIsLowBelowOneGiBOrATwentieth(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		space     models.Space
		low, full bool
	}{
		{models.Space{Free: 2 << 30, Total: 10 << 30}, false, false},
		{models.Space{Free: 1<<30 - 1, Total: 10 << 30}, true, false},
		{models.Space{Free: 49 << 30, Total: 1000 << 30}, true, false},
		{models.Space{Free: 51 << 30, Total: 1000 << 30}, false, false},
		{models.Space{Free: 16<<20 - 1, Total: 10 << 30}, true, true},
	} {
		if c.space.Low() != c.low || c.space.Full() != c.full {
			t.Errorf("%+v: got low %v, full %v", c.space, c.space.Low(), c.space.Full())
		}
	}
}
