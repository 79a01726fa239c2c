package main

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"quartermaster/models/modelstest"
)

// empty NAME puts the address of an empty database into $NAME: nothing, which
// is SQLite in the data folder, or that of a PostgreSQL database where the tests
// have one.
func emptyDatabase(ts *testscript.TestScript, _ bool, args []string) {
	address := ""
	if modelstest.Postgres() {
		_, made, drop, err := modelstest.NewDatabase()
		ts.Check(err)
		ts.Defer(func() {
			if err := drop(); err != nil {
				ts.Logf("drop database: %v", err)
			}
		})
		address = made
	}
	ts.Setenv(args[0], address)
}

// load is a person who works without a pause, and remembers what was
// acknowledged: files that stay, files that are replaced again and again, and
// orders.
type load struct {
	mu     sync.Mutex
	kept   []kept
	number map[string]int // the last acknowledged content of a file that is replaced
	marked []kept
	least  map[string]int
	err    error
	stop   chan struct{}
	done   sync.WaitGroup
}

// kept is a file of a bucket, or with an empty key a page that is there.
type kept struct{ path, want string }

func newLoad() *load {
	return &load{number: map[string]int{}, least: map[string]int{}, stop: make(chan struct{})}
}

// runLoad begin N starts the load and waits for N acknowledged things, mark
// remembers what has been acknowledged so far, more N waits for N more, end stops
// it, and prove asks the server at $ADDR for everything that was marked.
func runLoad(ts *testscript.TestScript, _ bool, args []string) {
	l := ts.Value("load").(*load)
	site := &visitor{at: "http://" + ts.Getenv("ADDR")}
	switch args[0] {
	case "begin":
		ts.Check(site.signIn())
		buckets, err := l.prepare(site)
		ts.Check(err)
		l.done.Go(func() { l.work(site, buckets) })
		ts.Defer(l.end)
		l.wait(ts, args[1])
	case "more":
		l.wait(ts, args[1])
	case "mark":
		l.mark()
	case "end":
		l.end()
	case "prove":
		ts.Check(site.signIn())
		ts.Check(l.prove(site))
	default:
		ts.Fatalf("load does not know %q", args[0])
	}
}

// prepare makes a bucket of files that are replaced and one of files that stay,
// and two stores.
func (l *load) prepare(site *visitor) (buckets [2]string, err error) {
	for i, name := range []string{"changing", "staying"} {
		if buckets[i], err = site.create("/buckets", url.Values{"bucket_name": {name + "-files"}, "region": {"cn-hangzhou"}}); err != nil {
			return buckets, err
		}
	}
	for _, name := range []string{"first", "second"} {
		store, err := site.create("/stores", url.Values{"store_name": {name}, "region": {"cn-north-4"},
			"availability_zones": {"cn-north-4a"}, "cu": {"xlarge"}, "num": {"1"}, "charge_mode": {"postPaid"}})
		if err != nil {
			return buckets, err
		}
		l.keep(store, "")
	}
	return buckets, nil
}

func (l *load) keep(path, want string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.kept = append(l.kept, kept{path, want})
}

// work works until it is stopped, or the server is killed.
func (l *load) work(site *visitor, buckets [2]string) {
	for i := 1; ; i++ {
		select {
		case <-l.stop:
			return
		default:
		}
		if err := l.round(site, buckets, i); err != nil {
			l.mu.Lock()
			l.err = err
			l.mu.Unlock()
			return
		}
	}
}

// round puts one file that stays, replaces one, deletes one that was put for
// that, and now and then orders a bucket.
func (l *load) round(site *visitor, buckets [2]string, i int) error {
	key, text := fmt.Sprintf("stays-%d", i), strings.Repeat(fmt.Sprintf("file %d\n", i), 1+i%2000)
	if err := site.put(buckets[1], key, text); err != nil {
		return err
	}
	l.keep(buckets[1]+"/download?key="+key, text)
	key = fmt.Sprintf("changes-%d", i%7)
	if err := site.put(buckets[0], key, fmt.Sprint(i)); err != nil {
		return err
	}
	l.mu.Lock()
	l.number[buckets[0]+"/download?key="+key] = i
	l.mu.Unlock()
	if i%5 == 0 {
		bucket, err := site.create("/buckets", url.Values{"bucket_name": {fmt.Sprintf("ordered-%d", i)}, "region": {"cn-hangzhou"}})
		if err != nil {
			return err
		}
		l.keep(bucket, "")
	}
	return nil
}

// wait waits for n more acknowledged things.
func (l *load) wait(ts *testscript.TestScript, n string) {
	more, err := strconv.Atoi(n)
	ts.Check(err)
	count := func() (int, error) {
		l.mu.Lock()
		defer l.mu.Unlock()
		return len(l.kept), l.err
	}
	before, _ := count()
	for range 1200 {
		now, err := count()
		ts.Check(err)
		if now >= before+more {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	ts.Fatalf("the load came to a halt")
}

func (l *load) mark() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.marked = append([]kept{}, l.kept...)
	for key, n := range l.number {
		l.least[key] = n
	}
}

func (l *load) end() {
	select {
	case <-l.stop:
	default:
		close(l.stop)
	}
	l.done.Wait()
}

// prove looks for everything that was acknowledged before the mark, byte for
// byte, and that what was replaced is no older than it was then.
func (l *load) prove(site *visitor) error {
	if len(l.marked) == 0 {
		return fmt.Errorf("nothing was marked")
	}
	for _, k := range l.marked {
		got, err := site.get(k.path)
		if err != nil {
			return err
		}
		if k.want != "" && got != k.want {
			return fmt.Errorf("%s: got %d bytes, want %d others", k.path, len(got), len(k.want))
		}
	}
	for path, least := range l.least {
		got, err := site.get(path)
		if err != nil {
			return err
		}
		if n, err := strconv.Atoi(got); err != nil || n < least {
			return fmt.Errorf("%s: got %q, want at least %d", path, got, least)
		}
	}
	return nil
}

// visitor is somebody who is signed in.
type visitor struct {
	at     string
	client *http.Client
}

func (v *visitor) signIn() error {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return err
	}
	v.client = &http.Client{Jar: jar, Timeout: 30 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	_, err = v.create("/sign-in", url.Values{"email": {"lin@example.com"}, "password": {"a long walk by the river"}})
	return err
}

// create sends a form and returns where the answer leads.
func (v *visitor) create(path string, form url.Values) (string, error) {
	return v.send(path, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
}

func (v *visitor) put(bucket, key, text string) error {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	w, err := form.CreateFormFile("file", key)
	if err == nil {
		_, err = io.WriteString(w, text)
	}
	if err != nil {
		return err
	}
	if err := form.Close(); err != nil {
		return err
	}
	_, err = v.send(bucket+"/objects", form.FormDataContentType(), &body)
	return err
}

func (v *visitor) send(path, kind string, body io.Reader) (string, error) {
	res, err := v.client.Post(v.at+path, kind, body)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	said, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusSeeOther {
		err = fmt.Errorf("%s: got %d, want 303: %.2000s", path, res.StatusCode, said)
	}
	return res.Header.Get("Location"), err
}

func (v *visitor) get(path string) (string, error) {
	res, err := v.client.Get(v.at + path)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: got %d, want 200", path, res.StatusCode)
	}
	return string(text), err
}
