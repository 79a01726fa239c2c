package models_test

import (
	"bytes"
	"context"
	"crypto/md5"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"quartermaster/models"
	"quartermaster/models/modelstest"
)

// client does random things with keys of its own and notes what must come of them.
type client struct {
	bucketDesk
	name    string
	random  *rand.Rand
	objects map[string]expected
	uploads map[models.MultipartRef]map[int][]byte
}

// expected is what an object must be.
type expected struct {
	text  string
	etag  string
	multi bool
}

func (c *client) key() string {
	return c.name + []string{"/", "-", "中"}[c.random.IntN(3)] + fmt.Sprint(c.random.IntN(4))
}

func (c *client) bytes(least int) []byte {
	b := make([]byte, least+c.random.IntN(3000))
	for i := range b {
		b[i] = byte(c.random.Uint32())
	}
	return b
}

// one does one thing.
func (c *client) one(ctx context.Context) error {
	by, key := c.team.Requester, c.key()
	switch c.random.IntN(10) {
	case 0, 1:
		text := c.bytes(0)
		_, err := c.db.PutObject(ctx, by, models.ObjectInput{BucketID: c.bucket, Key: key}, bytes.NewReader(text))
		c.objects[key] = expected{text: string(text), etag: fmt.Sprintf("%X", md5.Sum(text))}
		return err
	case 2:
		in := models.ObjectInput{BucketID: c.bucket, Key: key, ForbidOverwrite: true}
		_, err := c.db.PutObject(ctx, by, in, strings.NewReader("new"))
		if _, there := c.objects[key]; there {
			return wantRule(err, "file", "exists")
		}
		c.objects[key] = expected{text: "new", etag: fmt.Sprintf("%X", md5.Sum([]byte("new")))}
		return err
	case 3:
		delete(c.objects, key)
		return c.db.DeleteKeys(ctx, by, c.bucket, key, c.key()+"-never")
	case 4:
		from := c.key()
		_, err := c.db.CopyObject(ctx, by, models.CopyInput{FromBucket: c.bucket, FromKey: from, To: models.ObjectInput{BucketID: c.bucket, Key: key}})
		was, there := c.objects[from]
		if !there {
			return wantNone(err)
		}
		was.multi = false
		c.objects[key] = was
		return err
	case 5:
		m, err := c.db.BeginMultipart(ctx, by, models.ObjectInput{BucketID: c.bucket, Key: key})
		if err == nil {
			c.uploads[models.MultipartRef{BucketID: c.bucket, Key: key, ID: m.ID}] = map[int][]byte{}
		}
		return err
	}
	return c.upload(ctx)
}

// upload goes on with an upload.
func (c *client) upload(ctx context.Context) error {
	by := c.team.Requester
	refs := slices.SortedFunc(maps.Keys(c.uploads), func(a, b models.MultipartRef) int { return strings.Compare(a.ID, b.ID) })
	if len(refs) == 0 {
		return nil
	}
	of := refs[c.random.IntN(len(refs))]
	parts := c.uploads[of]
	number := 1 + c.random.IntN(4)
	switch c.random.IntN(5) {
	case 0, 1:
		text := c.bytes(102400)
		_, err := c.db.PutPart(ctx, by, of, number, models.Sent{Length: int64(len(text))}, bytes.NewReader(text))
		parts[number] = text
		return err
	case 2:
		from := c.key()
		_, err := c.db.CopyPart(ctx, by, of, number, models.Sent{}, models.PartSource{BucketID: c.bucket, Key: from, Last: -1})
		was, there := c.objects[from]
		if !there {
			return wantNone(err)
		}
		parts[number] = []byte(was.text)
		return err
	case 3:
		delete(c.uploads, of)
		return c.db.AbortMultipart(ctx, by, of)
	}
	return c.end(ctx, of, parts)
}

// end completes an upload, of all its parts but one, where it has several.
func (c *client) end(ctx context.Context, of models.MultipartRef, parts map[int][]byte) error {
	numbers := slices.Sorted(maps.Keys(parts))
	if len(numbers) > 2 {
		numbers = numbers[1:]
	}
	var refs []models.PartRef
	var all [][]byte
	for _, n := range numbers {
		refs = append(refs, models.PartRef{Number: n, ETag: fmt.Sprintf("%x", md5.Sum(parts[n]))})
		all = append(all, parts[n])
	}
	_, err := c.db.CompleteMultipart(ctx, c.team.Requester, models.CompleteInput{MultipartRef: of, Parts: refs})
	switch {
	case len(all) == 0:
		return wantRule(err, "parts", "required")
	case slices.ContainsFunc(all[:len(all)-1], func(p []byte) bool { return len(p) < 102400 }):
		return wantRule(err, "parts", "part_small")
	}
	c.objects[of.Key] = expected{text: string(bytes.Join(all, nil)), etag: etagOf(all...), multi: true}
	delete(c.uploads, of)
	return err
}

func wantRule(err error, field, rule string) error {
	if rejects(err, field, rule) {
		return nil
	}
	return fmt.Errorf("got %w, want %s %s", err, field, rule)
}

func wantNone(err error) error {
	if errors.Is(err, models.ErrNotFound) {
		return nil
	}
	return fmt.Errorf("got %w, want not found", err)
}

// Whatever several clients do at once, each finds what it did, and the counts agree.
func TestObjectsAreWhatAMapWouldHold(t *testing.T) {
	t.Parallel()
	d := openBucketDesk(t, models.Options{})
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	clients := make([]*client, 4)
	var all sync.WaitGroup
	for i := range clients {
		c := &client{bucketDesk: d, name: fmt.Sprint("client", i), random: rand.New(rand.NewPCG(seed, uint64(i))),
			objects: map[string]expected{}, uploads: map[models.MultipartRef]map[int][]byte{}}
		clients[i] = c
		all.Go(func() {
			for range 120 {
				if err := c.one(t.Context()); err != nil {
					t.Errorf("%s: %v", c.name, err)
					return
				}
			}
		})
	}
	all.Wait()
	objects, reserved, uploads := map[string]expected{}, int64(0), 0
	for _, c := range clients {
		maps.Copy(objects, c.objects)
		uploads += len(c.uploads)
		for _, parts := range c.uploads {
			for _, p := range parts {
				reserved += int64(len(p))
			}
		}
	}
	modelstest.Work(t, d.db)
	var used int64
	for key, want := range objects {
		used += int64(len(want.text))
		d.wantObject(t, key, want)
	}
	wantHeld(t, d.db, d.team.Viewer, d.bucket, used, int64(len(objects)))
	if b := d.find(t); b.ReservedBytes != reserved {
		t.Errorf("%d bytes are reserved, want %d", b.ReservedBytes, reserved)
	}
	if list, _, err := d.db.ListMultiparts(t.Context(), d.team.Viewer, d.bucket, models.KeyQuery{Size: 1000}, ""); err != nil || len(list) != uploads {
		t.Errorf("got %d uploads, %v; want %d", len(list), err, uploads)
	}
	d.wantListed(t, slices.Sorted(maps.Keys(objects)))
	wantSound(t, d.db)
	d.wantNoBytesTooMany(t)
}

func (d bucketDesk) wantObject(t *testing.T, key string, want expected) {
	t.Helper()
	o, r, err := d.db.ReadObject(t.Context(), d.team.Viewer, d.bucket, key)
	if err != nil {
		t.Errorf("%q: %v", key, err)
		return
	}
	defer r.Close()
	got, err := io.ReadAll(r)
	if err != nil || string(got) != want.text || o.ETag() != want.etag || o.Multipart != want.multi || o.CRC64 != crcOf(got) || o.SHA256 != sumOf(got) {
		t.Errorf("%q: got %d bytes, %+v, %v; want %d bytes, %s, %v", key, len(got), o, err, len(want.text), want.etag, want.multi)
	}
}

// wantListed checks the listing of all keys, with and without folders.
func (d bucketDesk) wantListed(t *testing.T, keys []string) {
	t.Helper()
	for _, delimiter := range []string{"", "/", "1", "client"} {
		var want []string
		for _, k := range keys {
			if before, _, found := strings.Cut(k, delimiter); found && delimiter != "" {
				k = "[" + before + delimiter + "]"
			}
			want = append(want, k)
		}
		want = slices.Compact(want)
		var got []string
		for q := (models.KeyQuery{Delimiter: delimiter, Size: 3}); ; {
			list, more, err := d.db.ListKeys(t.Context(), d.team.Viewer, d.bucket, q)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, names(list)...)
			if !more {
				break
			}
			q.After = list[len(list)-1].Name()
		}
		if !slices.Equal(got, want) {
			t.Errorf("by %q: got %q, want %q", delimiter, got, want)
		}
	}
}

// wantNoBytesTooMany checks that there is a file for each blob that a record names,
// and no other.
func (d bucketDesk) wantNoBytesTooMany(t *testing.T) {
	t.Helper()
	var blobs int
	if err := d.db.Scan(t.Context(), &blobs, "SELECT COUNT(*) FROM (SELECT blob FROM objects WHERE blob <> '' UNION SELECT blob FROM parts) AS b"); err != nil {
		t.Fatal(err)
	}
	wantBlobs(t, d.folder, blobs)
}
