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
}

// TestMain is also the process that TestKillLosesNoStore kills.
func TestMain(m *testing.M) {
	if text := os.Getenv(killVariable); text != "" {
		var v victim
		if err := json.Unmarshal([]byte(text), &v); err != nil {
			panic(err)
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
	stores, _, err := db.ListStores(t.Context(), team.Viewer, models.StoreFilter{}, models.Page{Size: 100})
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
