package main

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"quartermaster/web/webtest"
)

// A smallDisk is a disk of 64 MiB with the data folder of a running program. It
// is mounted for the program alone; inside is the way to it for others.
type smallDisk struct {
	proxied
	inside string
}

func onSmallDisk(t *testing.T) smallDisk {
	t.Helper()
	if can, err := condition("mounts"); !can {
		t.Skip("needs the right to mount: ", err)
	}
	folder, address := t.TempDir(), free(t)
	disk, pid := filepath.Join(folder, "disk"), filepath.Join(folder, "pid")
	if err := os.Mkdir(disk, 0o700); err != nil {
		t.Fatal(err)
	}
	said := start(t, "unshare", "-m", "sh", "-c", `mount -t tmpfs -o size=64m none "$0" && echo $$ >"$1" && exec quartermaster --data "$0/qm" --listen "$2"`,
		disk, pid, address)
	d := smallDisk{proxied: proxied{Site: &webtest.Site{URL: "http://" + address}, said: said}}
	until(t, "the program on its disk", func() bool { _, body := d.ready(); return body != "" })
	number, err := os.ReadFile(pid)
	if err != nil {
		t.Fatal(err)
	}
	d.inside = filepath.Join("/proc", strings.TrimSpace(string(number)), "root", disk)
	return d
}

// ready is what the program answers a supervisor.
func (d smallDisk) ready() (status int, body string) {
	res, err := http.Get(d.URL + "/readyz")
	if err != nil {
		return 0, ""
	}
	defer res.Body.Close()
	text, _ := io.ReadAll(res.Body)
	return res.StatusCode, string(text)
}

// fill writes as another program does, until nothing is left. It rests for as long
// as the desk needs to notice before the last of it: what is kept for people must
// not go to the one who fills the disk.
func (d smallDisk) fill(t *testing.T) (free func()) {
	t.Helper()
	path := filepath.Join(d.inside, "ballast")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for rested := false; err == nil; {
		_, err = f.Write(make([]byte, 4096))
		var left syscall.Statfs_t
		if !rested && syscall.Statfs(d.inside, &left) == nil && left.Bavail*uint64(left.Bsize) < 2<<20 {
			rested = true
			until(t, "that it notices", func() bool {
				text, err := os.ReadFile(d.said)
				return err == nil && bytes.Contains(text, []byte("the disk is full"))
			})
		}
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	return func() {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
}

// put sends a file of a size as an object.
func (d smallDisk) put(t *testing.T, c *webtest.Client, bucket, name string, size int) int {
	t.Helper()
	up := newUpload(t, bucket+"/objects", "file", name, size, nil)
	return c.Send(t, up.request(t, d.URL, "", bytes.NewReader(up.form))).Status
}

func TestAFullDiskLetsPeopleSignInAndDelete(t *testing.T) {
	t.Parallel()
	d := onSmallDisk(t)
	if status, body := d.ready(); status != http.StatusOK || !strings.Contains(body, "warning: ") || !strings.Contains(body, "of 64 MiB are free") {
		t.Errorf("got %d and %q, want 200 with a warning and the figures", status, body)
	}
	admin := d.setUp(t)
	if got := admin.Get(t, "/").Text(".callout"); !strings.Contains(got, "filling up") || !strings.Contains(got, "of 64 MB") {
		t.Errorf("got %q, want that the disk is filling up, with the figures", got)
	}
	admin.Submit(t, admin.Get(t, "/buckets/new"), "#bucket-form", webtest.Values{"bucket_name": "files", "region": "cn-hangzhou"})
	bucket := admin.Get(t, "/buckets").Links("tbody th")[0]
	if status := d.put(t, admin, bucket, "kept", 1<<20); status != http.StatusSeeOther {
		t.Fatalf("upload: got %d", status)
	}
	if status := d.put(t, admin, bucket, "large", 45<<20); status != http.StatusInsufficientStorage {
		t.Errorf("an upload that does not fit: got %d, want 507", status)
	}

	free := d.fill(t)
	// A proxy that asks still sends people here: they have to make room.
	until(t, "that the disk is full", func() bool {
		status, body := d.ready()
		return status == http.StatusOK && strings.Contains(body, "warning: the disk is full")
	})
	c := d.browser(t)
	in := c.Submit(t, c.Get(t, "/sign-in"), "#sign-in-form", webtest.Values{"email": "lin@example.com", "password": password})
	if in.Status != http.StatusSeeOther {
		t.Fatalf("sign in on a full disk: got %d", in.Status)
	}
	if got := c.Get(t, "/orders").Text(".callout"); !strings.Contains(got, "is full") {
		t.Errorf("got %q, want that the disk is full", got)
	}
	if status := d.put(t, c, bucket, "new", 1000); status != http.StatusInsufficientStorage {
		t.Errorf("upload on a full disk: got %d, want 507", status)
	}
	made := c.Submit(t, c.Get(t, "/buckets/new"), "#bucket-form", webtest.Values{"bucket_name": "more", "region": "cn-hangzhou"})
	if made.Status != http.StatusInsufficientStorage {
		t.Errorf("a bucket on a full disk: got %d, want 507", made.Status)
	}
	object := c.Get(t, bucket).Find("[name=object]").AttrOr("value", "")
	gone := c.Post(t, bucket+"/objects/removal", map[string][]string{"object": {object}})
	if gone.Status != http.StatusSeeOther || c.Get(t, bucket).Find("[name=object]").Length() != 0 {
		t.Errorf("delete on a full disk: got %d, want the object %q gone", gone.Status, object)
	}

	free()
	until(t, "that it is not full any more", func() bool { _, body := d.ready(); return !strings.Contains(body, "the disk is full") })
	if status := d.put(t, c, bucket, "new", 1<<20); status != http.StatusSeeOther {
		t.Errorf("upload with room again: got %d", status)
	}
	until(t, "the reserve", func() bool { _, err := os.Stat(filepath.Join(d.inside, "qm", "reserve")); return err == nil })
}
