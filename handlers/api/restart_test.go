package api_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"quartermaster/models"
	"quartermaster/models/modelstest"
	"quartermaster/web/sign"
	"quartermaster/web/webtest"
)

// cluster is a PostgreSQL of a test's own, which it may stop and start.
type cluster struct{ bin, folder string }

// newCluster starts one beside that of the other tests.
func newCluster(t *testing.T) *cluster {
	t.Helper()
	if !modelstest.Postgres() {
		t.Skip("SQLite has no server that could restart")
	}
	bins, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil || len(bins) == 0 {
		t.Fatalf("programs of PostgreSQL: got %v, %v", bins, err)
	}
	folder, err := os.MkdirTemp("", "quartermaster-restart-") // t.TempDir is closed to PostgreSQL's own user
	if err != nil {
		t.Fatal(err)
	}
	c := &cluster{bins[len(bins)-1], folder}
	t.Cleanup(func() {
		_ = c.run("pg_ctl", "stop", "-m", "immediate", "-D", "data")
		if err := os.RemoveAll(folder); err != nil {
			t.Error(err)
		}
	})
	if os.Getuid() == 0 {
		if out, err := exec.Command("chown", "postgres", folder).CombinedOutput(); err != nil {
			t.Fatalf("chown: %v: %s", err, out)
		}
	}
	if err := c.run("initdb", "-D", "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"); err != nil {
		t.Fatal(err)
	}
	if err := c.start(); err != nil {
		t.Fatal(err)
	}
	return c
}

// start starts it. It never syncs, as no power is cut here, but commits are
// written when they are acknowledged.
func (c *cluster) start() error {
	return c.run("pg_ctl", "start", "-w", "-D", "data", "-l", "log", "-o", fmt.Sprintf("-k %s -h '' -c fsync=off -c max_connections=100", c.folder))
}

func (c *cluster) stop(mode string) error {
	return c.run("pg_ctl", "stop", "-w", "-D", "data", "-m", mode)
}

// run runs one of its programs as PostgreSQL's own user, as whom alone it runs.
func (c *cluster) run(program string, args ...string) error {
	args = append([]string{filepath.Join(c.bin, program)}, args...)
	if os.Getuid() == 0 {
		args = append([]string{"runuser", "-u", "postgres", "--"}, args...)
	}
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir = c.folder
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", program, err, out)
	}
	return nil
}

// TestARestartOfPostgreSQLIsBusyAtMost calls on while the server is stopped and
// started: nothing but a wait or a 503 is seen of it, nobody is signed out, and
// what was acknowledged is there.
func TestARestartOfPostgreSQLIsBusyAtMost(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	o := models.Options{Postgres: "host=" + c.folder + " user=postgres dbname=postgres"}
	d := openWith(t, o, 0)
	modelstest.Exec(t, o, "UPDATE teams SET cu_quota = 1000000") // stores are made for as long as it takes
	requester := d.SignIn(t, models.Requester)
	var mu sync.Mutex
	var buckets, stores []string
	made := func(list *[]string, name string) {
		mu.Lock()
		defer mu.Unlock()
		*list = append(*list, name)
	}
	page := func(path string) func(int) (int, error) {
		return func(int) (int, error) {
			p := requester.Get(t, path)
			if p.Status != http.StatusOK && (p.Status != http.StatusServiceUnavailable || p.Header.Get("Retry-After") == "") {
				return p.Status, fmt.Errorf("got %d to %q, want 200, or 503 with Retry-After", p.Status, p.Header.Get("Location"))
			}
			return p.Status, nil
		}
	}
	callers := map[string]func(n int) (status int, err error){
		"overview":    page("/"),
		"orders":      page("/orders"),
		"search":      page("/search?q=a"),
		"bucket form": page("/buckets/new"),
		"spreadsheet": page("/activity.csv"),
		"bucket": func(n int) (int, error) {
			name := fmt.Sprintf("form-%d", n)
			p := requester.Post(t, "/buckets", map[string][]string{"region": {region}, "bucket_name": {name}})
			switch p.Status {
			case http.StatusSeeOther:
				if !strings.HasPrefix(p.Location(), "/buckets/") {
					return p.Status, fmt.Errorf("led to %q, want the bucket", p.Location())
				}
				made(&buckets, name)
			case http.StatusServiceUnavailable:
			default:
				return p.Status, fmt.Errorf("got %d, want 303 or 503", p.Status)
			}
			return p.Status, nil
		},
		"CreateStorage": func(n int) (int, error) {
			o := byHand(form, sign.Request.SignROA)(t, d, d.Key, "CreateStorage", p("RegionId", region))
			switch {
			case o.Status == http.StatusOK:
				made(&buckets, fmt.Sprint(o.object("Storage")["BucketName"]))
			case o.Status != http.StatusServiceUnavailable || o.Code != "ServiceUnavailable":
				return o.Status, fmt.Errorf("got %d %s, want 200, or 503 ServiceUnavailable", o.Status, o.Code)
			}
			return o.Status, nil
		},
		"CreateStore": func(n int) (int, error) {
			name := fmt.Sprintf("store-%d", n)
			a := storesBySignature(t, d, d.Key, "CreateStore", namedStore(t, name), nil)
			switch {
			case a.Status == http.StatusOK:
				made(&stores, name)
			case a.Status != http.StatusServiceUnavailable || a.Code != "LMS.00000001":
				return a.Status, fmt.Errorf("got %d %s %s, want 200, or 503 LMS.00000001", a.Status, a.Code, a.Message)
			}
			return a.Status, nil
		},
		"QueryOrders": func(int) (int, error) {
			a := d.send(t, bssV3(d, "QueryOrders", nil).SignACS3(d.Key.ID, d.Key.Secret, d.DB.Now(), nonce()))
			if code := readBSS(t, a).Code; a.Status != http.StatusOK && (a.Status != http.StatusServiceUnavailable || code != "ServiceUnavailable") {
				return a.Status, fmt.Errorf("got %d %s, want 200, or 503 ServiceUnavailable", a.Status, code)
			}
			return a.Status, nil
		},
	}

	// Each caller counts its good answers and its refusals.
	good, refused := map[string]*atomic.Int64{}, map[string]*atomic.Int64{}
	for name := range callers {
		good[name], refused[name] = new(atomic.Int64), new(atomic.Int64)
	}
	ctx, end := context.WithCancel(t.Context())
	defer end()
	over := make(chan struct{})
	run := map[string]func() error{}
	for name, call := range callers {
		run[name] = func() error {
			for n := 0; ; n++ {
				select {
				case <-over:
					return nil
				default:
				}
				status, err := call(n)
				if err != nil {
					end()
					return err
				}
				if status == http.StatusServiceUnavailable {
					refused[name].Add(1)
				} else {
					good[name].Add(1)
				}
			}
		}
	}
	// each waits until every caller has had another of these answers.
	each := func(answers map[string]*atomic.Int64) error {
		before := map[string]int64{}
		for name, n := range answers {
			before[name] = n.Load()
		}
		for end := time.Now().Add(2 * time.Minute); ; time.Sleep(5 * time.Millisecond) {
			waiting := ""
			for name, n := range answers {
				if n.Load() == before[name] {
					waiting = name
				}
			}
			if waiting == "" {
				return nil
			}
			if time.Now().After(end) || ctx.Err() != nil {
				return fmt.Errorf("%s had no such answer", waiting)
			}
		}
	}
	run["restarts"] = func() error {
		defer close(over)
		for i, mode := range []string{"fast", "immediate", "immediate", "fast"} {
			if err := each(good); err != nil {
				return err
			}
			if err := c.stop(mode); err != nil {
				return err
			}
			if i == 1 { // down for longer than a request waits
				if err := each(refused); err != nil {
					return err
				}
			}
			if err := c.start(); err != nil {
				return err
			}
		}
		return each(good)
	}
	webtest.Together(t, run)

	if len(buckets) == 0 || len(stores) == 0 {
		t.Fatalf("got %d buckets and %d stores, want some of both", len(buckets), len(stores))
	}
	for _, name := range buckets {
		if found := requester.Get(t, "/buckets?q="+name).Text("#buckets tbody th a"); !strings.Contains(found, name) {
			t.Errorf("bucket %s: got %q, want what was acknowledged", name, found)
		}
	}
	for _, name := range stores {
		if a := storesBySignature(t, d, d.Key, "DescribeStore", body{"store_name": name}, nil); a.Status != http.StatusOK {
			t.Errorf("store %s: got %d, want what was acknowledged", name, a.Status)
		}
	}
}
