package models_test

import (
	"fmt"
	"testing"

	"quartermaster/models"
	"quartermaster/models/list"
	"quartermaster/models/modelstest"
)

func TestAPagePastTheEndIsTheNearest(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	bucket := mustBucket(t, db, team.Requester, 0)
	for i := range 6 {
		mustPut(t, db, team.Requester, bucket, fmt.Sprintf("dir/%d", i), "x")
		mustCreateApp(t, db, team.Requester, fmt.Sprintf("app-%d", i))
	}
	all := map[string]struct {
		list func(p list.Query) ([]string, models.Cursor)
		drop func(name string) error
	}{
		"objects": {
			func(p list.Query) (names []string, c models.Cursor) {
				rows, c, err := listed(t, db, team.Viewer, bucket, "dir/", p)
				if err != nil {
					t.Fatal(err)
				}
				for _, r := range rows {
					names = append(names, r.Object.Key)
				}
				return names, c
			},
			func(key string) error {
				o, err := db.FindObject(t.Context(), team.Requester, bucket, key)
				if err == nil {
					_, err = db.DeleteObjects(t.Context(), team.Requester, bucket, []string{o.ID})
				}
				return err
			},
		},
		"applications": {
			func(p list.Query) (ids []string, c models.Cursor) {
				rows, page, err := modelstest.List(t.Context(), db, team.Viewer, models.Apps, p)
				if err != nil {
					t.Fatal(err)
				}
				for _, r := range rows {
					ids = append(ids, r.ID)
				}
				return ids, models.Cursor{Next: page.Next, Prev: page.Prev}
			},
			func(id string) error { return db.DeleteApp(t.Context(), team.Requester, id, models.AnyVersions) },
		},
	}
	for name, l := range all {
		first, c := l.list(list.Query{Size: 2})
		second, c2 := l.list(list.Query{Size: 2, After: c.Next})
		third, c3 := l.list(list.Query{Size: 2, After: c2.Next})
		for _, row := range third {
			if err := l.drop(row); err != nil {
				t.Fatalf("%s: delete: %v", name, err)
			}
		}
		if rows, _ := l.list(list.Query{Size: 2, After: c2.Next}); len(rows) != 0 {
			t.Errorf("%s: a script got %v behind the end, want nothing", name, rows)
		}
		rows, cursor := l.list(list.Query{Size: 2, After: c2.Next, Near: true})
		if fmt.Sprint(rows) != fmt.Sprint(second) || cursor.Next != "" || cursor.Prev == "" {
			t.Errorf("%s: behind the end got %v, %+v; want the page before, %v", name, rows, cursor, second)
		}
		if rows, cursor = l.list(list.Query{Size: 2, Before: cursor.Prev, Near: true}); fmt.Sprint(rows) != fmt.Sprint(first) || cursor.Next == "" {
			t.Errorf("%s: before it got %v, %+v; want %v", name, rows, cursor, first)
		}
		for _, row := range append(first, second[0]) {
			if err := l.drop(row); err != nil {
				t.Fatalf("%s: delete: %v", name, err)
			}
		}
		for _, p := range []list.Query{{Before: c2.Prev}, {After: c3.Prev}, {After: c2.Next}} {
			p.Size, p.Near = 2, true
			if rows, cursor = l.list(p); fmt.Sprint(rows) != fmt.Sprint(second[1:]) || cursor != (models.Cursor{}) {
				t.Errorf("%s: %+v: got %v, %+v; want the one that is left", name, p, rows, cursor)
			}
		}
	}
}
