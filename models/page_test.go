package models_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"quartermaster/models"
	"quartermaster/models/list"
	"quartermaster/models/modelstest"
)

func TestPagesByNumberTellEveryRowOnceAndTheTotal(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team, other := modelstest.NewTeam(t, db), modelstest.NewTeam(t, db)
	app := mustCreateApp(t, db, team.Requester, "shop")
	var want []string
	for i := range 7 {
		mustCreateApp(t, db, other.Requester, fmt.Sprintf("app-%d", i))
		v := mustPlaceVersion(t, db, team.Requester, &models.PkgVersionInput{AppID: app.ID, Label: fmt.Sprint(i), Source: "oss://elsewhere/a.zip"})
		want = slices.Insert(want, 0, v.ID)
	}
	for _, size := range []int{1, 2, 3, 7, 100} {
		for name, f := range map[string]list.Query{"of an application": list.With("app_id", app.ID), "in a state": list.With("state", string(models.VersionUnverified)), "all": {}, "found": {Text: "shop"}} {
			var got []string
			for n := 1; n <= 8; n++ {
				versions, total, err := models.PkgVersions.Numbered(t.Context(), db, team.Viewer, f, n, size, list.Unknown)
				if err != nil || total != 7 || len(versions) > size {
					t.Fatalf("%s, page %d of %d: got %d of %d, %v", name, n, size, len(versions), total, err)
				}
				for _, v := range versions {
					got = append(got, v.ID)
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s, pages of %d: got %v, want %v", name, size, got, want)
			}
		}
	}
	for n, what := range map[int]string{0: "before the first", -1: "below nought", 1<<31 - 1: "far behind the last"} {
		if versions, total, err := models.PkgVersions.Numbered(t.Context(), db, team.Viewer, list.With("app_id", app.ID), n, 100, list.Unknown); err != nil || len(versions) != 0 || total != 7 {
			t.Errorf("page %s: got %d of %d, %v; want none of 7", what, len(versions), total, err)
		}
	}
	if versions, total, err := models.PkgVersions.Numbered(t.Context(), db, other.Viewer, list.With("app_id", app.ID), 1, 10, list.Unknown); err != nil || len(versions) != 0 || total != 0 {
		t.Errorf("another team's application: got %d of %d, %v; want none", len(versions), total, err)
	}
	if _, _, err := models.PkgVersions.Numbered(t.Context(), db, models.Actor{}, list.Query{}, 1, 10, list.Unknown); !errors.Is(err, models.ErrUnauthenticated) {
		t.Errorf("nobody: got %v", err)
	}
}

func TestFiltersOfPagesByNumber(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	ids := map[string]string{}
	for _, in := range []models.AppInput{
		{Name: "Shop", Region: "cn-hangzhou", Category: "Java"},
		{Name: "shop_front", Region: "cn-hangzhou", Category: "Node.js"},
		{Name: "Shop", Region: "cn-shanghai"},
		{Name: "结算", Region: "cn-hangzhou", Category: "Java"},
	} {
		app, err := db.CreateApp(t.Context(), team.Requester, in)
		if err != nil {
			t.Fatal(err)
		}
		ids[in.Name+" "+in.Region] = app.ID
	}
	mustCreateApp(t, db, modelstest.NewTeam(t, db).Requester, "Shop")
	for name, c := range map[string]struct {
		f    list.Query
		want []string
	}{
		"region":             {list.With("region", "cn-hangzhou"), []string{"结算", "shop_front", "Shop"}},
		"empty region":       {list.With("region", "cn-beijing"), nil},
		"name":               {list.With("region", "cn-hangzhou", "name", "Shop"), []string{"Shop"}},
		"name, other case":   {list.With("name", "shop"), nil},
		"text":               {list.Query{Text: "SHOP", Filters: list.With("region", "cn-hangzhou").Filters}, []string{"shop_front", "Shop"}},
		"text, no pattern":   {list.Query{Text: "p_"}, []string{"shop_front"}},
		"category":           {list.With("region", "cn-hangzhou", "category_has", "java"), []string{"结算", "Shop"}},
		"id":                 {list.With("id", ids["Shop cn-shanghai"]), []string{"Shop"}},
		"id, another region": {list.With("region", "cn-hangzhou", "id", ids["Shop cn-shanghai"]), nil},
	} {
		apps, total, err := models.Apps.Numbered(t.Context(), db, team.Viewer, c.f, 1, 10, list.Unknown)
		var got []string
		for _, a := range apps {
			got = append(got, a.Name)
		}
		if err != nil || !slices.Equal(got, c.want) || total != int64(len(c.want)) {
			t.Errorf("%s: got %q of %d, %v; want %q", name, got, total, err, c.want)
		}
	}
	shop := ids["Shop cn-hangzhou"]
	for _, label := range []string{"1.0", "1.0-RC", "2.0"} {
		mustPlaceVersion(t, db, team.Requester, &models.PkgVersionInput{AppID: shop, Label: label, Source: "oss://elsewhere/1.0.zip"})
	}
	for name, c := range map[string]struct {
		f    list.Query
		want []string
	}{
		"label":             {list.With("app_id", shop, "label", models.Labelled(shop, "1.0")), []string{"1.0"}},
		"label, other case": {list.With("app_id", shop, "label", models.Labelled(shop, "1.0-rc")), nil},
		"in the label":      {list.With("app_id", shop, "label_has", "0-r"), []string{"1.0-RC"}},
		"label and text":    {list.With("app_id", shop, "label", models.Labelled(shop, "2.0"), "label_has", "1"), nil},
	} {
		versions, total, err := models.PkgVersions.Numbered(t.Context(), db, team.Viewer, c.f, 1, 10, list.Unknown)
		var got []string
		for _, v := range versions {
			got = append(got, v.Label)
		}
		if err != nil || !slices.Equal(got, c.want) || total != int64(len(c.want)) {
			t.Errorf("%s: got %q of %d, %v; want %q", name, got, total, err, c.want)
		}
	}
	if err := db.DeleteApp(t.Context(), team.Requester, shop, models.AnyVersions); err != nil {
		t.Fatal(err)
	}
	if apps, total, err := models.Apps.Numbered(t.Context(), db, team.Viewer, list.With("region", "cn-hangzhou"), 1, 10, list.Unknown); err != nil || len(apps) != 2 || total != 2 {
		t.Errorf("after a deletion: got %d of %d, %v; want 2", len(apps), total, err)
	}
}

func TestOnlyTheDescriptionOfAnAppIsUpdated(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team, other := modelstest.NewTeam(t, db), modelstest.NewTeam(t, db)
	app := mustCreateApp(t, db, team.Requester, "shop")
	for _, c := range []struct {
		who  string
		by   models.Actor
		id   string
		want error
	}{
		{"viewer", team.Viewer, app.ID, models.ErrForbidden},
		{"another team's admin", other.Admin, app.ID, models.ErrNotFound},
		{"of no application", team.Admin, "wa-0", models.ErrNotFound},
		{"requester", team.Requester, app.ID, nil},
		{"requester again", team.Requester, app.ID, nil},
	} {
		if _, err := db.UpdateApp(t.Context(), c.by, c.id, "sells things"); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.who, err, c.want)
		}
	}
	if _, err := db.UpdateApp(t.Context(), team.Requester, app.ID, strings.Repeat("长", 256)); !rejects(err, "description", "max") {
		t.Errorf("got %v, want description max", err)
	}
	got, err := db.FindApp(t.Context(), team.Viewer, app.ID)
	if err != nil || got.Description != "sells things" || got.Name != "shop" || got.Category != "Java" || got.CreatedBy != app.CreatedBy {
		t.Errorf("got %+v, %v; want the new description and the rest as it was", got, err)
	}
	if got := actions(t, db, team.Viewer, app.ID); got != "app.created app.updated" {
		t.Errorf("the record says %q", got)
	}
}

func TestStorageIsMadeOnceHoweverManyAsk(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team, other := modelstest.NewTeam(t, db), modelstest.NewTeam(t, db)
	ids := make([]string, 50)
	var all sync.WaitGroup
	for i := range ids {
		all.Go(func() {
			b, err := db.EnsureStorage(context.Background(), byAPI(team.Requester), "cn-hangzhou", "")
			if err != nil {
				t.Errorf("ensure storage: %v", err)
				return
			}
			ids[i] = b.ID
		})
	}
	all.Wait()
	b, err := db.FindStorage(t.Context(), team.Viewer, "cn-hangzhou")
	if err != nil || !b.Storage || b.Name != "webplus-cn-hangzhou-s-"+b.ID {
		t.Fatalf("got %+v, %v; want the storage bucket", b, err)
	}
	for _, id := range ids {
		if id != b.ID {
			t.Errorf("got bucket %s, want %s", id, b.ID)
		}
	}
	if counts := mustCounts(t, db, team.Viewer); counts["bucket"] != 1 || counts["order"] != 1 {
		t.Errorf("got counts %v, want one bucket and one order", counts)
	}
	if _, err := db.FindStorage(t.Context(), other.Viewer, "cn-hangzhou"); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("another team: got %v, want %v", err, models.ErrNotFound)
	}
	theirs, err := db.EnsureStorage(t.Context(), byAPI(other.Requester), "cn-hangzhou", "")
	if err != nil || theirs.ID == b.ID {
		t.Errorf("another team got %+v, %v", theirs, err)
	}
	if err := db.DeleteBucket(t.Context(), team.Requester, b.ID); err != nil {
		t.Fatal(err)
	}
	if again, err := db.EnsureStorage(t.Context(), byAPI(team.Requester), "cn-hangzhou", ""); err != nil || again.ID == b.ID || mustCounts(t, db, team.Viewer)["order"] != 2 {
		t.Errorf("after it was deleted: got %+v, %v; want another by an order of its own", again, err)
	}
	if _, err := db.EnsureStorage(t.Context(), team.Viewer, "cn-hangzhou", ""); !errors.Is(err, models.ErrForbidden) {
		t.Errorf("viewer: got %v, want %v", err, models.ErrForbidden)
	}
	if _, err := db.EnsureStorage(t.Context(), team.Requester, strings.Repeat("x", 100), ""); !rejects(err, "region", "unknown") {
		t.Errorf("no such region: got %v, want region unknown", err)
	}
}

func TestStorageThatWaitsIsOneOrder(t *testing.T) {
	t.Parallel()
	db, _, team := holding(t)
	ask := func() int64 {
		var held *models.Held
		if b, err := db.EnsureStorage(t.Context(), byAPI(team.Requester), "cn-hangzhou", ""); !errors.As(err, &held) {
			t.Fatalf("got %+v, %v; want it held", b, err)
		}
		return held.Number
	}
	first := ask()
	if again := ask(); again != first {
		t.Errorf("got order %d, want %d still", again, first)
	}
	mustDecide(t, db, team.Approver, findOrder(t, db, team.Viewer, first), false)
	second := ask()
	if second == first {
		t.Errorf("got order %d, which was rejected", second)
	}
	mustDecide(t, db, team.Approver, findOrder(t, db, team.Viewer, second), true)
	if b, err := db.EnsureStorage(t.Context(), byAPI(team.Requester), "cn-hangzhou", ""); err != nil || b.OrderNumber != second {
		t.Errorf("got %+v, %v; want the bucket of order %d", b, err, second)
	}
	if counts := mustCounts(t, db, team.Viewer); counts["order"] != 2 || counts["bucket"] != 1 {
		t.Errorf("got counts %v, want two orders and one bucket", counts)
	}
}

func TestASortByAColumnHasTheNewestOfEachValueFirst(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	regions := []string{"cn-shanghai", "cn-hangzhou", "cn-beijing"}
	want := map[string][]string{}
	for i := range 9 {
		o := mustPlace(t, db, team.Requester, lineOrder(&models.BucketInput{Name: fmt.Sprintf("bucket-%d", i), Region: regions[i%3]}))
		want[regions[i%3]] = slices.Insert(want[regions[i%3]], 0, o.Lines[0].ResourceName)
	}
	up := slices.Concat(want["cn-beijing"], want["cn-hangzhou"], want["cn-shanghai"])
	for _, reverse := range []bool{false, true} {
		all := slices.Clone(up)
		if reverse {
			slices.Reverse(all)
		}
		for size := 1; size <= 10; size += 2 {
			q := list.Query{Sort: "region", Reverse: reverse, Size: size}
			var got, back []string
			var page list.Page[models.Bucket]
			var err error
			for {
				if page, err = models.Buckets.Read(t.Context(), db, team.Viewer, q); err != nil {
					t.Fatal(err)
				}
				for _, b := range page.Rows {
					got = append(got, b.Name)
				}
				if q.After = page.Next; page.Next == "" {
					break
				}
			}
			q.After = ""
			for back = nil; page.Prev != ""; {
				q.Before = page.Prev
				if page, err = models.Buckets.Read(t.Context(), db, team.Viewer, q); err != nil {
					t.Fatal(err)
				}
				for i := range page.Rows {
					back = append(back, page.Rows[len(page.Rows)-1-i].Name)
				}
			}
			slices.Reverse(back)
			if !slices.Equal(got, all) || !slices.Equal(back, all[:len(back)]) || size < 9 && len(back) == 0 {
				t.Errorf("reversed %t, pages of %d: got %v and back %v, want %v", reverse, size, got, back, all)
			}
		}
		found, err := models.Buckets.Read(t.Context(), db, team.Viewer, list.Query{Sort: "region", Reverse: reverse, Text: "bucket"})
		var names []string
		for _, b := range found.Rows {
			names = append(names, b.Name)
		}
		if err != nil || !slices.Equal(names, all) {
			t.Errorf("reversed %t, found: %v, %v", reverse, names, err)
		}
	}
}
