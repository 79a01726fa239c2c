package models_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"quartermaster/models"
)

func TestGrantsAreReadAsTheyAreWritten(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"read oss://releases/app/*":                 "read oss://releases/app/*",
		" list,read  oss://releases/* ":             "read,list oss://releases/*",
		"read,write,list oss://releases/中 文/*.zip*": "read,write,list oss://releases/中 文/*.zip*",
		"":                             "",
		"read":                         "",
		"oss://releases/*":             "",
		"read oss://releases/app":      "",
		"read oss://releases":          "",
		"read oss://Releases/*":        "",
		"read s3://releases/*":         "",
		"read,read oss://releases/*":   "",
		"read,delete oss://releases/*": "",
		"read, oss://releases/*":       "",
		"read oss://releases/\xff*":    "",
		"read oss://releases/" + strings.Repeat("x", 1025) + "*": "",
	} {
		g, err := models.ParseGrant(text)
		switch {
		case want == "" && !rejects(err, "grants", "grant"):
			t.Errorf("%.40q: got %v, %v; want it refused", text, g, err)
		case want != "" && (err != nil || g.String() != want):
			t.Errorf("%q: got %q, %v; want %q", text, g, err, want)
		}
	}
}

func TestAKeyDoesWhatItsGrantsSayAndNothingElse(t *testing.T) {
	t.Parallel()
	d := openBucketDesk(t, models.Options{})
	db, ctx := d.db, t.Context()
	releases := mustCreateBucket(t, db, d.team.Requester, "releases").ID
	other := mustCreateBucket(t, db, d.team.Requester, "other-bucket").ID
	for _, key := range []string{"app/a", "app/b", "web/a"} {
		mustPut(t, db, d.team.Requester, releases, key, key)
	}
	mustPut(t, db, d.team.Requester, other, "app/a", "")
	grants := "read oss://releases/app/*\nlist oss://releases/*\n\nwrite,read oss://releases/in/*"
	k, _ := mustKey(t, db, d.team.Admin, models.AccessKeyInput{Grants: grants})
	viewers, _ := mustKey(t, db, d.team.Admin, models.AccessKeyInput{User: d.team.Viewer.UserID, Grants: grants})
	by, viewer := mustCaller(t, db, k.ID).Actor, mustCaller(t, db, viewers.ID).Actor
	if got, err := db.FindAccessKey(ctx, d.team.Admin, k.ID); err != nil || len(got.Grants) != 3 || got.Grants[2].String() != "read,write oss://releases/in/*" {
		t.Errorf("got %+v, %v", got, err)
	}
	put := func(by models.Actor, bucket, key string) error {
		_, err := db.PutObject(ctx, by, models.ObjectInput{BucketID: bucket, Key: key}, strings.NewReader("x"))
		return err
	}
	get := func(by models.Actor, bucket, key string) error {
		_, r, err := db.ReadObject(ctx, by, bucket, key)
		if err == nil {
			err = r.Close()
		}
		return err
	}
	list := func(bucket, prefix string) error {
		_, _, err := db.ListKeys(ctx, by, bucket, models.KeyQuery{Prefix: prefix, Size: 10})
		return err
	}
	clone := func(from, to string) error {
		_, err := db.CopyObject(ctx, by, models.CopyInput{FromBucket: releases, FromKey: from, To: models.ObjectInput{BucketID: releases, Key: to}})
		return err
	}
	begin := func(key string) error {
		m, err := db.BeginMultipart(ctx, by, models.ObjectInput{BucketID: releases, Key: key})
		if err != nil {
			return err
		}
		of := models.MultipartRef{BucketID: releases, Key: key, ID: m.ID}
		for number := range 2 {
			if _, err := db.CopyPart(ctx, by, of, number+1, models.Sent{}, models.PartSource{BucketID: releases, Key: "app/a", Last: -1}); err != nil {
				return err
			}
		}
		if _, _, _, err := db.ListParts(ctx, by, of, 0, 10); err != nil {
			return err
		}
		return db.AbortMultipart(ctx, by, of)
	}
	for what, err := range map[string]error{
		"read":           get(by, releases, "app/a"),
		"read none":      ignoreNone(get(by, releases, "app/none")),
		"list":           list(releases, ""),
		"list below":     list(releases, "web/"),
		"write":          put(by, releases, "in/a"),
		"copy":           clone("app/a", "in/b"),
		"parts":          begin("in/c"),
		"delete":         db.DeleteKeys(ctx, by, releases, "in/a", "in/none"),
		"viewer reads":   get(viewer, releases, "app/a"),
		"what it may do": refusal(db.FindBucketNamed(ctx, by, "releases")),
	} {
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	_, order := db.PlaceOrder(ctx, by, bucketOrder("new-bucket", ""))
	_, _, uploads := db.ListMultiparts(ctx, by, other, models.KeyQuery{Size: 1}, "")
	_, dashboard := db.FindDashboard(ctx, by)
	for what, err := range map[string]error{
		"read others":           get(by, releases, "web/a"),
		"read other bucket":     get(by, other, "app/a"),
		"list other bucket":     list(other, ""),
		"write where it reads":  put(by, releases, "app/a"),
		"write beside":          put(by, releases, "in"),
		"delete one it may not": db.DeleteKeys(ctx, by, releases, "in/b", "app/a"),
		"copy what it may not":  clone("web/a", "in/d"),
		"copy where it may not": clone("app/a", "web/d"),
		"parts":                 begin("app/c"),
		"uploads":               uploads,
		"viewer writes":         put(viewer, releases, "in/a"),
		"order":                 order,
		"dashboard":             dashboard,
		"delete bucket":         db.DeleteBucket(ctx, by, other),
		"other bucket":          refusal(db.FindBucketNamed(ctx, by, "other-bucket")),
	} {
		if !errors.Is(err, models.ErrForbidden) {
			t.Errorf("%s: got %v, want forbidden", what, err)
		}
	}
	if got, err := db.ListBucketsNamed(ctx, by, "", "", 10); err != nil || len(got) != 1 || got[0].ID != releases {
		t.Errorf("buckets: got %+v, %v; want the one of the grants", got, err)
	}
	if by.May(models.See) || by.May(models.Request) {
		t.Error("the key has rights beside its grants")
	}
}

func refusal(_ *models.Bucket, err error) error { return err }

func ignoreNone(err error) error {
	if errors.Is(err, models.ErrNotFound) {
		return nil
	}
	return fmt.Errorf("got %w, want not found", err)
}

func TestGrantsThatCannotBe(t *testing.T) {
	t.Parallel()
	d := openBucketDesk(t, models.Options{})
	for _, c := range []struct {
		by           models.Actor
		grants, rule string
	}{
		{d.team.Admin, "read oss://releases/*\nall of it", "grant"},
		{d.team.Admin, strings.Repeat("read oss://releases/*\n", 21), "many"},
		{models.Operator().ForSite(), "read oss://releases/*", "site_key"},
	} {
		_, _, err := d.db.CreateAccessKey(t.Context(), c.by, models.AccessKeyInput{Name: "k", Grants: c.grants})
		if !rejects(err, "grants", c.rule) {
			t.Errorf("%.30q: got %v, want %s", c.grants, err, c.rule)
		}
	}
}
