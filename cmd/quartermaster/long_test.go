package main

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime/multipart"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"quartermaster/models/modelstest"
	"quartermaster/web/webtest"
)

// A fileForm is a form with a file, as a browser sends it.
type fileForm struct {
	path, kind string
	form, file []byte
}

func newUpload(t *testing.T, path, field, name string, size int, values webtest.Values) fileForm {
	t.Helper()
	file := make([]byte, size)
	_, err := rand.Read(file)
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for field, value := range values {
		err = errors.Join(err, form.WriteField(field, value))
	}
	part, cannot := form.CreateFormFile(field, name)
	if cannot == nil {
		_, cannot = part.Write(file)
	}
	if err = errors.Join(err, cannot, form.Close()); err != nil {
		t.Fatal(err)
	}
	return fileForm{path, form.FormDataContentType(), body.Bytes(), file}
}

// request is the upload as it goes to a site, with a body that comes as it may.
func (u fileForm) request(t *testing.T, site string, cookie string, body io.Reader) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, site+u.path, body)
	if err != nil {
		t.Fatal(err)
	}
	req.ContentLength = int64(len(u.form))
	req.Header = http.Header{"Content-Type": {u.kind}, "Sec-Fetch-Site": {"same-origin"}, "Cookie": {cookie}, "Accept-Language": {"en"}}
	return req
}

// uploads are an object and a package version, with names of their own.
func uploads(t *testing.T, c *webtest.Client, size int, names ...string) map[string]fileForm {
	t.Helper()
	c.Submit(t, c.Get(t, "/buckets/new"), "#bucket-form", webtest.Values{"bucket_name": "files", "region": "cn-hangzhou"})
	c.Submit(t, c.Get(t, "/apps/new"), "#app-form", webtest.Values{"app_name": "shop", "region": "cn-hangzhou"})
	bucket, app := c.Get(t, "/buckets").Links("tbody th"), c.Get(t, "/apps").Links("tbody th")
	if len(bucket) != 1 || len(app) != 1 {
		t.Fatalf("got %d buckets and %d applications, want one of each", len(bucket), len(app))
	}
	all := map[string]fileForm{}
	for _, name := range names {
		all[name+", object"] = newUpload(t, bucket[0]+"/objects", "file", name, size, nil)
		all[name+", version"] = newUpload(t, "/pkg-versions", "package_file", name+".zip", size,
			webtest.Values{"app_id": filepath.Base(app[0]), "label": name, "source_from": "upload"})
	}
	return all
}

// long is half as many seconds again as the patience of the program and of nginx.
const long = 90

// It waits for as long as the patience of the real program makes it, but it does
// next to nothing meanwhile.
func TestWhatTakesLongIsCarried(t *testing.T) {
	t.Parallel()
	if os.Getenv(modelstest.PostgresVariable) != "" {
		t.Skip("it is about connections, and once is enough")
	}
	p := newProxied(t, proxies[0].start)
	admin := p.setUp(t)
	const size = 600 << 10
	ways := map[string]struct {
		site    string
		through http.RoundTripper
	}{
		"direct": {"http://" + p.desk, http.DefaultTransport},
		"proxy":  {"http://" + webtest.Proxy(t, p.desk), http.DefaultTransport},
		"nginx":  {p.URL, p.Transport},
	}
	cookie := "__Host-qm_session=" + admin.Cookie(t, "__Host-qm_session")
	cases := map[string]func() error{}
	sent := uploads(t, admin, size, "direct", "proxy", "nginx")
	for name, up := range sent {
		way, _, _ := strings.Cut(name, ",")
		req := up.request(t, ways[way].site, cookie, webtest.Slowly{Reader: bytes.NewReader(up.form), Rate: size / long})
		cases[name] = func() error {
			res, err := ways[way].through.RoundTrip(req)
			if err != nil {
				return err
			}
			defer res.Body.Close()
			if res.StatusCode != http.StatusSeeOther {
				return fmt.Errorf("got %d, want 303", res.StatusCode)
			}
			return nil
		}
	}
	cases["download"] = p.slowDownload(t, admin, cookie)
	webtest.Together(t, cases)

	said, err := os.ReadFile(p.said)
	if err != nil {
		t.Fatal(err)
	}
	for name, up := range sent {
		if n := strings.Count(string(said), "path="+up.path+" status=303"); n != len(ways) && n != len(ways)+1 {
			t.Errorf("%s: the log has %d lines that it was stored, want %d", name, n, len(ways))
		}
		if way, is, _ := strings.Cut(name, ", "); is == "object" {
			got := admin.Get(t, strings.TrimSuffix(up.path, "objects")+"download?key="+way)
			if got.Status != http.StatusOK || got.Body != string(up.file) {
				t.Errorf("%s: got %d with %d bytes, want the %d that were sent", name, got.Status, len(got.Body), size)
			}
		}
	}
	if n := admin.Get(t, "/pkg-versions").Find("tbody tr").Length(); n != len(ways) {
		t.Errorf("got %d versions, want %d", n, len(ways))
	}
}

// slowDownload stores more than the system keeps for a connection, and gives
// what reads it back as slowly as the uploads are sent.
func (p proxied) slowDownload(t *testing.T, c *webtest.Client, cookie string) func() error {
	t.Helper()
	const size = 16 << 20
	bucket := c.Get(t, "/buckets").Links("tbody th")[0]
	up := newUpload(t, bucket+"/objects", "file", "large", size, nil)
	if got := c.Send(t, up.request(t, p.URL, "", bytes.NewReader(up.form))); got.Status != http.StatusSeeOther {
		t.Fatalf("store what is to be downloaded: got %d", got.Status)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+p.desk+bucket+"/download?key=large", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Cookie", cookie)
	return func() error {
		res, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			return err
		}
		defer res.Body.Close()
		got, err := io.ReadAll(webtest.Slowly{Reader: res.Body, Rate: size / long})
		if err != nil || !bytes.Equal(got, up.file) {
			return fmt.Errorf("got %d bytes and %v, want the %d that are stored", len(got), err, size)
		}
		return nil
	}
}

// What cannot end when the program is stopped is told so, and nothing of it
// stays.
func TestStopTellsAnUploadToComeAgain(t *testing.T) {
	t.Parallel()
	address, data := free(t), filepath.Join(t.TempDir(), "qm")
	said, err := os.Create(filepath.Join(t.TempDir(), "said"))
	if err != nil {
		t.Fatal(err)
	}
	defer said.Close()
	program := exec.CommandContext(t.Context(), "quartermaster", "--listen", address, "--data", data, "--stop-timeout", "5s")
	program.Stdout, program.Stderr = said, said
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	p := proxied{Site: &webtest.Site{URL: "http://" + address}, data: data, said: said.Name()}
	until(t, "the program", func() bool {
		res, err := http.Get(p.URL + "/readyz")
		if err == nil {
			res.Body.Close()
		}
		return err == nil
	})
	admin := p.setUp(t)
	cookie := "qm_session=" + admin.Cookie(t, "qm_session")
	stopping, over := make(chan struct{}), make(chan struct{})
	cases := map[string]func() error{}
	const size = 4 << 20
	for name, up := range uploads(t, admin, size, "ends", "stays") {
		ends := strings.HasPrefix(name, "ends")
		body, w := io.Pipe()
		req := up.request(t, p.URL, cookie, body)
		go func() {
			_, _ = w.Write(up.form[:size/2])
			<-stopping
			if ends {
				_, _ = w.Write(up.form[size/2:])
			} else {
				<-over
			}
			w.Close()
		}()
		cases[name] = func() error {
			res, err := http.DefaultTransport.RoundTrip(req)
			if err != nil {
				return err
			}
			defer res.Body.Close()
			text, err := io.ReadAll(res.Body)
			switch {
			case err != nil:
				return err
			case ends && res.StatusCode != http.StatusSeeOther:
				return fmt.Errorf("got %d, want 303", res.StatusCode)
			case !ends && (res.StatusCode != http.StatusServiceUnavailable || res.Header.Get("Retry-After") == "" || !strings.Contains(string(text), "Send it again")):
				return fmt.Errorf("got %d %v, want 503, when to come again and a sentence", res.StatusCode, res.Header)
			}
			return nil
		}
	}
	cases["program"] = func() error {
		defer close(over)
		begun := soon(func() bool { return len(p.files()) == 4 })
		err := program.Process.Signal(syscall.SIGTERM)
		close(stopping)
		if !begun {
			err = errors.Join(err, errors.New("stopped before four uploads were under way"))
		}
		return errors.Join(err, program.Wait())
	}
	webtest.Together(t, cases)
	if files := p.files(); len(files) != 2 {
		t.Errorf("got the files %q, want those of the two uploads that ended", files)
	}
}

// files are those under the objects of the data folder.
func (p proxied) files() []string {
	var files []string
	_ = filepath.WalkDir(filepath.Join(p.data, "objects"), func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			files = append(files, path)
		}
		return nil
	})
	return files
}
