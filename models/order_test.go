package models_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"quartermaster/models"
	"quartermaster/models/list"
	"quartermaster/models/modelstest"
)

// rejects tells whether an error says that a field breaks a rule.
func rejects(err error, field, rule string) bool {
	var in models.Invalid
	if !errors.As(err, &in) {
		return false
	}
	for _, f := range in {
		if f.Field == field && f.Rule == rule {
			return true
		}
	}
	return false
}

func bucketOrder(name, token string) models.OrderInput {
	return models.OrderInput{Token: token, Lines: []models.LineInput{
		&models.BucketInput{Name: name, Region: "cn-hangzhou"},
	}}
}

func mustPlace(t *testing.T, db *models.DB, by models.Actor, in models.OrderInput) *models.Order {
	t.Helper()
	quote, err := db.PlaceOrder(t.Context(), by, in)
	if err != nil {
		t.Fatalf("place order: %v", err)
	}
	return quote.Order
}

func TestOrderNumbersHaveNoGapAndNoTwin(t *testing.T) {
	t.Parallel()
	clock := modelstest.NewClock()
	db := modelstest.OpenWith(t, models.Options{Clock: clock.Now})
	team := modelstest.NewTeam(t, db)
	mustPlace(t, db, team.Requester, bucketOrder("taken-name", ""))
	var all sync.WaitGroup
	for i := range 40 {
		all.Go(func() {
			// Every other order is refused and must give its number back.
			name := "taken-name"
			if i%2 == 0 {
				name = fmt.Sprintf("bucket-%d", i)
			}
			_, err := db.PlaceOrder(context.Background(), team.Requester, bucketOrder(name, ""))
			if refused := rejects(err, "bucket_name", "taken"); refused != (i%2 == 1) {
				t.Errorf("order %d: got %v", i, err)
			}
		})
	}
	all.Wait()
	orders, _, err := modelstest.List(t.Context(), db, team.Viewer, models.Orders, list.Query{Filters: list.With("free", "true").Filters, Size: 100})
	if err != nil {
		t.Fatal(err)
	}
	if len(orders) != 21 {
		t.Fatalf("got %d orders, want 21", len(orders))
	}
	for i, o := range orders {
		if want := int64(20261121_0000021 - i); o.Number != want {
			t.Errorf("order %d: got number %d, want %d", i, o.Number, want)
		}
	}
}

func TestOrdersThatShareACommitStandOrFallAlone(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team, other := modelstest.NewTeam(t, db), modelstest.NewTeam(t, db)
	begun, waiting := make(chan struct{}), make(chan struct{})
	var all, started sync.WaitGroup
	all.Go(func() { // on SQLite the orders wait for this one, and are then written together
		if err := db.Tx(context.Background(), func(context.Context, *models.DB) error { close(begun); <-waiting; return nil }); err != nil {
			t.Error(err)
		}
	})
	<-begun
	var mu sync.Mutex
	var numbers []int64
	ones := map[string]int64{}
	for i := range 60 {
		started.Add(1)
		all.Go(func() {
			started.Done()
			in, by := bucketOrder(fmt.Sprintf("bucket-%d", i), ""), team.Requester
			switch i % 4 {
			case 1: // its second line fails when the first has been written
				in.Lines = append(in.Lines, in.Lines[0])
			case 2:
				in = bucketOrder("", fmt.Sprintf("token-%d", i/8))
			case 3:
				by = other.Requester
			}
			q, err := db.PlaceOrder(context.Background(), by, in)
			if refused := rejects(err, "bucket_name", "taken"); refused != (i%4 == 1) || !refused && err != nil {
				t.Errorf("order %d: got %v", i, err)
			}
			if err != nil {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			if first, again := ones[in.Token]; in.Token != "" && again {
				if q.Order.Number != first {
					t.Errorf("token %s: got orders %d and %d", in.Token, first, q.Order.Number)
				}
				return
			}
			ones[in.Token] = q.Order.Number
			numbers = append(numbers, q.Order.Number)
		})
	}
	started.Wait()
	close(waiting)
	all.Wait()
	slices.Sort(numbers)
	if len(numbers) != 38 { // 15 of the first sort, 8 tokens, 15 of the other team
		t.Errorf("got %d orders, want 38", len(numbers))
	}
	for i, n := range numbers {
		if n != numbers[0]+int64(i) {
			t.Errorf("got number %d after %d", n, numbers[max(i-1, 0)])
		}
		by := team.Viewer
		order, err := db.FindOrder(t.Context(), by, n)
		if errors.Is(err, models.ErrNotFound) {
			by = other.Viewer
			order, err = db.FindOrder(t.Context(), by, n)
		}
		if err != nil || len(order.Lines) != 1 {
			t.Fatalf("order %d: got %v, %v; want it with its line", n, order, err)
		}
		events, _, err := modelstest.List(t.Context(), db, by, models.Events, list.With("order", fmt.Sprint(n)))
		if err != nil || len(events) != 2 {
			t.Errorf("order %d: got %d events, %v; want two", n, len(events), err)
		}
	}
	// Counters, months and what else sums up agree with the rows.
	r, err := db.Check(t.Context(), models.CheckInput{Fast: true, Meter: new(models.Meter)})
	if err != nil || len(r.Findings) > 0 {
		t.Errorf("check: got %v, %v; want nothing found", r.Findings, err)
	}
}

func TestSameTokenIsOneOrder(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team, other := modelstest.NewTeam(t, db), modelstest.NewTeam(t, db)
	numbers := make([]int64, 10)
	var all sync.WaitGroup
	for i := range numbers {
		all.Go(func() {
			order, err := db.PlaceOrder(context.Background(), team.Requester, bucketOrder("", "once"))
			if err != nil {
				t.Errorf("place: %v", err)
				return
			}
			numbers[i] = order.Order.Number
		})
	}
	all.Wait()
	for _, n := range numbers {
		if n != numbers[0] {
			t.Errorf("got order %d, want the first, %d", n, numbers[0])
		}
	}
	if o := mustPlace(t, db, other.Requester, bucketOrder("", "once")); o.Number == numbers[0] {
		t.Errorf("another team's token gave order %d", o.Number)
	}
	counts, err := db.Counts(t.Context(), team.Viewer)
	if err != nil || counts["bucket"] != 1 || counts["order"] != 1 {
		t.Errorf("got counts %v, %v; want one bucket and one order", counts, err)
	}
}

func TestOrderIsRefusedWholeWhenOneLineIs(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	in := models.OrderInput{Lines: []models.LineInput{
		&models.BucketInput{Name: "first-one", Region: "cn-hangzhou"},
		&models.BucketInput{Name: "first-one", Region: "cn-hangzhou"},
	}}
	if _, err := db.PlaceOrder(t.Context(), team.Requester, in); !rejects(err, "bucket_name", "taken") {
		t.Fatalf("got %v, want bucket_name taken", err)
	}
	buckets, _, err := modelstest.List(t.Context(), db, team.Viewer, models.Buckets, list.Query{})
	if err != nil || len(buckets) != 0 {
		t.Errorf("got %d buckets, %v; want none", len(buckets), err)
	}
	events, _, err := modelstest.List(t.Context(), db, team.Viewer, models.Events, list.With("kind", string(models.KindBucket)))
	if err != nil || len(events) != 0 {
		t.Errorf("got %d events, %v; want none", len(events), err)
	}
}

func TestWhoMayPlaceOrders(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team, other := modelstest.NewTeam(t, db), modelstest.NewTeam(t, db)
	for _, c := range []struct {
		who  string
		by   models.Actor
		want error
	}{
		{"nobody", models.Actor{}, models.ErrUnauthenticated},
		{"viewer", team.Viewer, models.ErrForbidden},
		{"requester", team.Requester, nil},
		{"approver", team.Approver, nil},
		{"admin", team.Admin, nil},
	} {
		if _, err := db.PlaceOrder(t.Context(), c.by, bucketOrder("", "")); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.who, err, c.want)
		}
	}
	order := mustPlace(t, db, team.Requester, bucketOrder("", ""))
	if _, err := db.FindOrder(t.Context(), other.Admin, order.Number); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("another team's order: got %v, want %v", err, models.ErrNotFound)
	}
	if _, err := db.FindBucket(t.Context(), other.Admin, order.Lines[0].ResourceID); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("another team's bucket: got %v, want %v", err, models.ErrNotFound)
	}
}

func TestListPagesNeitherSkipNorRepeat(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	for range 7 {
		mustPlace(t, db, team.Requester, bucketOrder("", ""))
	}
	read := func(p list.Query) ([]models.Bucket, list.Page[models.Bucket]) {
		rows, c, err := modelstest.List(t.Context(), db, team.Viewer, models.Buckets, p)
		if err != nil {
			t.Fatal(err)
		}
		return rows, c
	}
	seen := map[string]bool{}
	first, c := read(list.Query{Size: 3})
	mustPlace(t, db, team.Requester, bucketOrder("", "")) // arrives while somebody pages
	rows := first
	for {
		for _, b := range rows {
			if seen[b.ID] {
				t.Errorf("bucket %s came twice", b.ID)
			}
			seen[b.ID] = true
		}
		if c.Next == "" {
			break
		}
		rows, c = read(list.Query{Size: 3, After: c.Next})
	}
	if len(seen) != 7 {
		t.Errorf("got %d buckets, want 7", len(seen))
	}
	back, _ := read(list.Query{Size: 3, Before: c.Prev})
	if len(back) != 3 || back[2].CreatedAt.Before(rows[0].CreatedAt) {
		t.Errorf("the page before the last holds %d rows", len(back))
	}
}

func TestAnOrderIsPlacedByABrowserOfAnyName(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	by := modelstest.NewTeam(t, db).Requester
	by.Agent = "Browser \xff\xfe"
	o := mustPlace(t, db, by, bucketOrder("any-browser", ""))
	if o.Agent != "Browser " {
		t.Errorf("kept as %q, want what of it is text", o.Agent)
	}
}
