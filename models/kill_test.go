package models_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"quartermaster/models"
	"quartermaster/models/list"
	"quartermaster/models/modelstest"
)

// killVariable holds what the process that is to be killed needs.
const killVariable = "QUARTERMASTER_TEST_KILL"

// victim is the process that is to be killed.
type victim struct {
	Folder string
	By     models.Actor
	Round  int
	Bucket string // puts objects there, where it is not empty, and orders no stores
}

// TestMain is also the process that TestKillLosesNoStore and TestKillLosesNoObject
// kill.
func TestMain(m *testing.M) {
	if text := os.Getenv(killVariable); text != "" {
		var v victim
		if err := json.Unmarshal([]byte(text), &v); err != nil {
			panic(err)
		}
		if v.Bucket != "" {
			v.put()
		}
		v.order()
	}
	os.Exit(m.Run())
}

// order orders and deletes stores while a worker works, and says what was
// acknowledged, until it is killed.
func (v victim) order() {
	ctx := context.Background()
	db, err := models.Open(ctx, models.Options{Folder: v.Folder})
	if err != nil {
		panic(err)
	}
	go (&models.Worker{DB: db}).Run(ctx)
	for i := range 1000 {
		o, err := db.PlaceOrder(ctx, v.By, storeOrder(storeInput(fmt.Sprintf("store-%d-%d", v.Round, i))))
		if err != nil {
			fmt.Println("stopped", err)
			break
		}
		fmt.Println("placed", o.Order.Lines[0].ResourceID)
	}
	time.Sleep(time.Minute)
	os.Exit(0)
}

// put puts objects, at once and in parts, copies and deletes some, and says what was
// acknowledged, until it is killed.
func (v victim) put() {
	ctx := context.Background()
	db, err := models.Open(ctx, models.Options{Folder: v.Folder})
	if err != nil {
		panic(err)
	}
	go (&models.Worker{DB: db}).Run(ctx)
	for client := range 3 {
		go func() {
			for i := range 1000 {
				if err := v.putSome(ctx, db, fmt.Sprintf("%d-%d-%d", v.Round, client, i)); err != nil {
					fmt.Println("stopped", err)
					return
				}
			}
		}()
	}
	time.Sleep(time.Minute)
	os.Exit(0)
}

// putSome leaves an object of one blob, one of two parts, a copy of this and an
// upload that is not finished, all named after what they hold.
func (v victim) putSome(ctx context.Context, db *models.DB, name string) error {
	put := func(key string) error {
		_, err := db.PutObject(ctx, v.By, models.ObjectInput{BucketID: v.Bucket, Key: key}, strings.NewReader(textOf(name)))
		return err
	}
	m, err := db.BeginMultipart(ctx, v.By, models.ObjectInput{BucketID: v.Bucket, Key: "joined/" + name})
	if err != nil {
		return err
	}
	of := models.MultipartRef{BucketID: v.Bucket, Key: m.Key, ID: m.ID}
	half := len(textOf(name)) / 2
	for number, text := range []string{"", textOf(name)[:half], textOf(name)[half:], "one too many"} {
		if number > 0 {
			_, err = db.PutPart(ctx, v.By, of, number, models.Sent{}, strings.NewReader(text))
		}
		if err != nil {
			return err
		}
	}
	_, parts, _, err := db.ListParts(ctx, v.By, of, 0, 2)
	if err != nil {
		return err
	}
	end := models.CompleteInput{MultipartRef: of}
	for _, p := range parts {
		end.Parts = append(end.Parts, models.PartRef{Number: p.Number, ETag: p.ETag()})
	}
	if err := put("gone/" + name); err != nil {
		return err
	}
	_, err = db.CompleteMultipart(ctx, v.By, end)
	if err != nil {
		return err
	}
	fmt.Println("placed", "joined/"+name)
	if err := put("single/" + name); err != nil {
		return err
	}
	fmt.Println("placed", "single/"+name)
	_, err = db.CopyObject(ctx, v.By, models.CopyInput{FromBucket: v.Bucket, FromKey: m.Key, To: models.ObjectInput{BucketID: v.Bucket, Key: "copy/" + name}})
	if err != nil {
		return err
	}
	fmt.Println("placed", "copy/"+name)
	return db.DeleteKeys(ctx, v.By, v.Bucket, "gone/"+name)
}

// textOf is what an object of a name holds: enough for two parts.
func textOf(name string) string { return strings.Repeat(name+" ", 2*102400/len(name)) }

func TestKillLosesNoObject(t *testing.T) {
	t.Parallel()
	if modelstest.Postgres() {
		t.Skip("about a data folder with its own database")
	}
	d := bucketDesk{folder: t.TempDir()}
	var err error
	if d.db, err = models.Open(t.Context(), models.Options{Folder: d.folder}); err != nil {
		t.Fatal(err)
	}
	d.team = modelstest.NewTeam(t, d.db)
	d.bucket = mustBucket(t, d.db, d.team.Requester, 0)
	if err := d.db.Close(); err != nil {
		t.Fatal(err)
	}
	var placed []string
	for round := range 3 {
		placed = append(placed, killed(t, victim{Folder: d.folder, By: d.team.Requester, Round: round, Bucket: d.bucket}, 4+5*round)...)
	}
	if d.db, err = models.Open(t.Context(), models.Options{Folder: d.folder}); err != nil {
		t.Fatal(err)
	}
	defer d.db.Close()
	modelstest.Work(t, d.db)
	for _, key := range placed {
		_, name, _ := strings.Cut(key, "/")
		if got := read(t, d.db, d.team.Viewer, d.bucket, key); got != textOf(name) {
			t.Errorf("%s was acknowledged and has other bytes", key)
		}
	}
	wantSound(t, d.db)
	// What was staged and never recorded is found at once, whatever its age.
	unknown, err := d.db.FindUnknown(t.Context())
	if err == nil {
		err = d.db.MoveAside(t.Context(), unknown)
	}
	if err != nil {
		t.Fatal(err)
	}
	d.wantNoBytesTooMany(t)
}

func TestKillLosesNoStore(t *testing.T) {
	t.Parallel()
	if modelstest.Postgres() {
		t.Skip("about a data folder with its own database")
	}
	folder := t.TempDir()
	db, err := models.Open(t.Context(), models.Options{Folder: folder})
	if err != nil {
		t.Fatal(err)
	}
	team := modelstest.NewTeam(t, db)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	placed := map[string]bool{}
	for round := range 3 {
		for _, id := range killed(t, victim{Folder: folder, By: team.Requester, Round: round}, 5+4*round) {
			placed[id] = true
		}
	}
	if db, err = models.Open(t.Context(), models.Options{Folder: folder}); err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	modelstest.Work(t, db)
	stores, _, err := modelstest.List(t.Context(), db, team.Viewer, models.Stores, list.Query{Size: 100})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range stores {
		delete(placed, s.ID)
		if got, want := actions(t, db, team.Viewer, s.ID), "store.created store.ready"; s.State != models.StoreNormal || got != want {
			t.Errorf("%s: got %s after %q, want NORMAL after %q", s.Name, s.State, got, want)
		}
		if o := findOrder(t, db, team.Viewer, s.OrderNumber); o.State != models.OrderCompleted {
			t.Errorf("%s: got order %s, want completed", s.Name, o.State)
		}
	}
	for id := range placed {
		t.Errorf("store %s was acknowledged and is lost", id)
	}
	folders, err := os.ReadDir(db.DataFile("stores"))
	if used := cuUsed(t, db, team.Viewer); err != nil || len(folders) != len(stores) || used != int64(len(stores)) {
		t.Errorf("%d stores have %d folders and use %d units, %v", len(stores), len(folders), used, err)
	}
	orders, _, err := modelstest.List(t.Context(), db, team.Viewer, models.Orders, list.Query{Size: 100})
	if err != nil || len(orders) != len(stores) {
		t.Errorf("got %d orders of %d stores, %v", len(orders), len(stores), err)
	}
}

// killed starts a victim, kills it after n acknowledged orders, and returns
// what it acknowledged.
func killed(t *testing.T, v victim, n int) []string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append(os.Environ(), killVariable+"="+string(text))
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	var placed []string
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		id, ok := strings.CutPrefix(lines.Text(), "placed ")
		if !ok {
			t.Errorf("the victim says %q", lines.Text())
			continue
		}
		if placed = append(placed, id); len(placed) == n {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = cmd.Wait() // it was killed
	if len(placed) < n {
		t.Fatalf("the victim acknowledged %d orders, want %d", len(placed), n)
	}
	return placed
}
