package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"io"
	"io/fs"
	"math/big"
	"mime/multipart"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"quartermaster/models"
	"quartermaster/web/sign"
	"quartermaster/web/webtest"
)

// proxies run the blocks of the README. Only addresses, ports and the paths of
// certificates are changed.
var proxies = []struct {
	name  string
	start func(t *testing.T, f front)
}{
	{"nginx", func(t *testing.T, f front) {
		conf := f.write(t, "nginx.conf", "daemon off;\nmaster_process off;\npid nginx.pid;\nevents {}\nhttp {\naccess_log off;\n"+
			"client_body_temp_path body;\nproxy_temp_path proxy;\nfastcgi_temp_path fastcgi;\nuwsgi_temp_path uwsgi;\nscgi_temp_path scgi;\n"+
			f.here(block(t, "# /etc/nginx/conf.d/quartermaster.conf"))+"}\n")
		start(t, "/usr/sbin/nginx", "-e", "stderr", "-p", f.folder, "-c", conf)
	}},
	{"Caddy", func(t *testing.T, f front) {
		// Caddy finds ports and certificate by itself, so it is told around the block.
		_, plain, _ := net.SplitHostPort(f.plain)
		_, secure, _ := net.SplitHostPort(f.secure)
		site := strings.Replace(f.here(block(t, "# /etc/caddy/Caddyfile")), " {\n", " {\n\ttls "+f.certificate+" "+f.certificate+"\n", 1)
		conf := f.write(t, "Caddyfile", fmt.Sprintf("{\n\tadmin off\n\tdefault_bind 127.0.0.1\n\thttp_port %s\n\thttps_port %s\n}\n%s", plain, secure, site))
		start(t, "/usr/bin/caddy", "run", "--config", conf, "--adapter", "caddyfile")
	}},
	{"HAProxy", func(t *testing.T, f front) {
		start(t, "/usr/sbin/haproxy", "-db", "-f", f.write(t, "haproxy.cfg", f.here(block(t, "# /etc/haproxy/haproxy.cfg"))))
	}},
}

// front is where a proxy stands: its addresses, that of the program behind it,
// and a folder with the certificate.
type front struct {
	secure, plain, desk string
	folder, certificate string
}

// here is a block with our addresses, ports and paths in the place of its own.
func (f front) here(block string) string {
	return strings.NewReplacer(
		"127.0.0.1:8080", f.desk, "listen 443", "listen "+f.secure, "listen 80", "listen "+f.plain, "bind :443", "bind "+f.secure, "bind :80", "bind "+f.plain,
		"/etc/ssl/private/desk.example.com.crt", f.certificate, "/etc/ssl/private/desk.example.com.key", f.certificate, "/etc/ssl/private/desk.example.com.pem", f.certificate,
	).Replace(block)
}

func (f front) write(t *testing.T, name, text string) string {
	t.Helper()
	name = filepath.Join(f.folder, name)
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// start runs a program until the test ends and gives the file with what it
// says, which is shown when the test has failed.
func start(t *testing.T, name string, args ...string) string {
	t.Helper()
	said, err := os.Create(filepath.Join(t.TempDir(), "said"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Stdout, cmd.Stderr = said, said
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir())
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 20 * time.Second
	if err := cmd.Start(); err != nil {
		t.Fatalf("install %s and try again: %v", filepath.Base(name), err)
	}
	t.Cleanup(func() {
		_ = cmd.Wait()
		if text, err := os.ReadFile(said.Name()); err == nil && t.Failed() {
			t.Logf("%s said:\n%s", filepath.Base(name), text)
		}
		said.Close()
	})
	return said.Name()
}

// free is an address on which nobody listens.
func free(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// until waits for something that comes soon.
func until(t *testing.T, what string, done func() bool) {
	t.Helper()
	if !soon(done) {
		t.Fatalf("waited in vain: %s", what)
	}
}

// soon waits for something, and tells whether it came.
func soon(done func() bool) bool {
	for range 600 {
		if done() {
			return true
		}
		time.Sleep(50 * time.Millisecond)
	}
	return false
}

// The client comes from an address of its own, so that it can be told from the
// proxy, and lies about it in every request.
const (
	clientAddress = "127.0.0.2"
	spoofed       = "203.0.113.9"
)

// A proxied desk is the real program behind one of the proxies.
type proxied struct {
	front
	*webtest.Site
	host string // with its port
	data string // the data folder
	said string // the file with what the program says
}

func newProxied(t *testing.T, run func(*testing.T, front)) proxied {
	t.Helper()
	p := proxied{front: front{secure: free(t), plain: free(t), desk: free(t), folder: t.TempDir()}, data: filepath.Join(t.TempDir(), "qm")}
	trusted := p.certify(t)
	_, port, _ := net.SplitHostPort(p.secure)
	p.host = "desk.example.com:" + port
	settings := strings.NewReplacer("/var/lib/quartermaster", p.data, "desk.example.com", p.host).Replace(block(t, "# /etc/quartermaster.env"))
	p.said = start(t, "sh", "-c", `set -a; . "$0"; exec quartermaster "$@"`, p.write(t, "quartermaster.env", settings),
		"--listen", p.desk, "--upload-limit", "32MiB")
	run(t, p.front)
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: trusted}, ForceAttemptHTTP2: true,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(clientAddress)}}
			if strings.HasSuffix(address, ":80") {
				return d.DialContext(ctx, network, p.plain)
			}
			return d.DialContext(ctx, network, p.secure)
		},
	}
	t.Cleanup(transport.CloseIdleConnections)
	p.Site = &webtest.Site{URL: "https://" + p.host, Transport: transport}
	until(t, "the desk behind its proxy", func() bool {
		res, err := (&http.Client{Transport: transport}).Get(p.URL + "/readyz")
		if err != nil {
			return false
		}
		defer res.Body.Close()
		return res.StatusCode == http.StatusOK
	})
	return p
}

// certify makes a certificate for the desk's name, in one file with its key,
// and gives what a client must trust.
func (f *front) certify(t *testing.T) *x509.CertPool {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	now := models.SystemClock()
	draft := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"desk.example.com"}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, draft, draft, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	public := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	f.certificate = f.write(t, "certificate.pem", string(public)+string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})))
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(public)
	return pool
}

// browser is a visitor who lies about where they come from.
func (p proxied) browser(t *testing.T) *webtest.Client {
	t.Helper()
	c := p.Visitor(t)
	for _, name := range []string{"X-Forwarded-For", "X-Real-Ip", "Client-Ip"} {
		c.Header.Set(name, spoofed)
	}
	return c
}

func TestDeskBehindTheProxiesOfTheReadme(t *testing.T) {
	t.Parallel()
	for _, proxy := range proxies {
		t.Run(proxy.name, func(t *testing.T) {
			t.Parallel()
			p := newProxied(t, proxy.start)
			admin := p.setUp(t)
			p.signsIn(t)
			p.leadsToTLS(t)
			p.carriesFiles(t, admin)
			p.carriesRefusals(t, admin)
			p.carriesSignatures(t, admin)
		})
	}
}

const password = "a long walk by the river"

func (p proxied) setUp(t *testing.T) *webtest.Client {
	t.Helper()
	said, err := os.ReadFile(p.said)
	if err != nil {
		t.Fatal(err)
	}
	link := regexp.MustCompile(regexp.QuoteMeta(p.URL) + `(/setup\?link=\S+)`).FindSubmatch(said)
	if link == nil {
		t.Fatalf("got no setup link to %s", p.URL)
	}
	c := p.browser(t)
	done := c.Submit(t, c.Get(t, string(link[1])), "#setup-form", webtest.Values{
		"team_name": "Platform", "user_name": "Lin", "email": "lin@example.com", "password": password,
	})
	if done.Status != http.StatusSeeOther || done.Location() != "/" {
		t.Fatalf("setup: got %d to %q", done.Status, done.Location())
	}
	return c
}

// signsIn holds what a browser gets over TLS, and whom the desk takes it for.
func (p proxied) signsIn(t *testing.T) {
	t.Helper()
	c := p.browser(t)
	in := c.Submit(t, c.Get(t, "/sign-in"), "#sign-in-form", webtest.Values{"email": "lin@example.com", "password": password})
	if in.Status != http.StatusSeeOther || len(in.Header["Set-Cookie"]) == 0 {
		t.Fatalf("sign in: got %d with %d cookies", in.Status, len(in.Header["Set-Cookie"]))
	}
	for _, cookie := range in.Header["Set-Cookie"] {
		if !strings.HasPrefix(cookie, "__Host-") || !strings.Contains(cookie, "; Secure") {
			t.Errorf("sign in: got the cookie %s, want __Host- and Secure", cookie)
		}
	}
	if got := in.Header["Strict-Transport-Security"]; len(got) != 1 {
		t.Errorf("sign in: got Strict-Transport-Security %q, want one", got)
	}
	account := c.Get(t, "/account")
	addresses := account.Find("#session-list td code").Map(func(_ int, code *goquery.Selection) string { return code.Text() })
	if len(addresses) != 2 || addresses[0] != clientAddress || addresses[1] != clientAddress {
		t.Errorf("account: got sessions from %q, want two from %s", addresses, clientAddress)
	}
}

// leadsToTLS holds that HTTP leads to HTTPS, which speaks HTTP/2.
func (p proxied) leadsToTLS(t *testing.T) {
	t.Helper()
	client := &http.Client{Transport: p.Transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for address, want := range map[string]string{"http://desk.example.com/orders?q=a": "1.1 to https://desk.example.com/orders?q=a", p.URL + "/healthz": "2.0"} {
		res, err := client.Get(address)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		got := fmt.Sprintf("%d.%d", res.ProtoMajor, res.ProtoMinor)
		if to := res.Header.Get("Location"); to != "" {
			got += " to " + strings.Replace(to, p.host, "desk.example.com", 1)
		}
		if got != want {
			t.Errorf("%s: got HTTP/%s, want HTTP/%s", address, got, want)
		}
	}
}

// carriesFiles holds that a file larger than the proxies' own limits reaches
// the desk while it is being sent, and comes back whole.
func (p proxied) carriesFiles(t *testing.T, c *webtest.Client) {
	t.Helper()
	made := c.Submit(t, c.Get(t, "/buckets/new"), "#bucket-form", webtest.Values{"bucket_name": "files", "region": "cn-hangzhou"})
	if made.Status != http.StatusSeeOther {
		t.Fatalf("make a bucket: got %d: %s", made.Status, made.Text(".error-summary"))
	}
	bucket := c.Get(t, "/buckets").Links("tbody th")[0]
	const half = 10 << 20
	random := make([]byte, half)
	if _, err := rand.Read(random); err != nil {
		t.Fatal(err)
	}
	file := hex.AppendEncode(nil, random)
	body, w := io.Pipe()
	form := multipart.NewWriter(w)
	go func() {
		part, err := form.CreateFormFile("file", "large.bin")
		if err == nil {
			_, err = part.Write(file[:half])
		}
		if err == nil && !p.arrives() {
			err = fmt.Errorf("nothing of the first %d bytes reached the desk", half)
		}
		if err == nil {
			_, err = part.Write(file[half:])
		}
		if err == nil {
			err = form.Close()
		}
		w.CloseWithError(err)
	}()
	sent := c.Send(t, p.post(t, bucket+"/objects", form, body))
	if sent.Status != http.StatusSeeOther {
		t.Fatalf("upload: got %d: %s", sent.Status, sent.Text(".error-summary"))
	}
	got := c.Get(t, bucket+"/download?key=large.bin")
	if got.Status != http.StatusOK || sha256.Sum256([]byte(got.Body)) != sha256.Sum256(file) {
		t.Errorf("download: got %d with %d bytes, want the %d that were sent", got.Status, len(got.Body), len(file))
	}
}

// arrives tells whether a file grows in the data folder.
func (p proxied) arrives() bool {
	for range 400 {
		found := false
		_ = filepath.WalkDir(filepath.Join(p.data, "objects"), func(_ string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return nil
			}
			info, err := e.Info()
			found = found || err == nil && info.Size() > 1<<20
			return nil
		})
		if found {
			return true
		}
		time.Sleep(50 * time.Millisecond)
	}
	return false
}

func (p proxied) post(t *testing.T, path string, form *multipart.Writer, body io.Reader) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.URL+path, body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", form.FormDataContentType())
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	return req
}

// carriesRefusals holds that the desk's own page comes through when the body of
// a form or an upload is too large.
func (p proxied) carriesRefusals(t *testing.T, c *webtest.Client) {
	t.Helper()
	bucket := c.Get(t, "/buckets").Links("tbody th")[0]
	const tooLarge = 40 << 20
	form := multipart.NewWriter(io.Discard)
	head := "--" + form.Boundary() + "\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n"
	upload := p.post(t, bucket+"/objects", form, io.MultiReader(strings.NewReader(head), io.LimitReader(zeros{}, tooLarge)))
	upload.ContentLength = int64(len(head)) + tooLarge
	for what, got := range map[string]*webtest.Page{
		"form":   c.Post(t, "/account/profile", url.Values{"user_name": {strings.Repeat("a", 3<<20)}}),
		"upload": c.Send(t, upload),
	} {
		if got.Status != http.StatusRequestEntityTooLarge || got.Header.Get("X-Request-Id") == "" || !got.Has("main h1") {
			t.Errorf("%s that is too large: got %d: %s", what, got.Status, got.Body)
		}
	}
}

// zeros has no end.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// An accessKey is a key for the APIs, with its secret.
type accessKey struct{ ID, secret string }

// newKey makes a key of the person who is signed in.
func newKey(t *testing.T, c *webtest.Client) accessKey {
	t.Helper()
	made := c.Submit(t, c.Get(t, "/team/keys/new"), "#key-form", webtest.Values{"key_name": "deploys"})
	shown := made.Find("#secret [data-copy]").Map(func(_ int, copied *goquery.Selection) string { return copied.AttrOr("data-copy", "") })
	if len(shown) != 2 {
		t.Fatalf("make a key: got %d with %q", made.Status, shown)
	}
	return accessKey{shown[0], shown[1]}
}

// carriesSignatures holds that the host arrives as it was signed.
func (p proxied) carriesSignatures(t *testing.T, c *webtest.Client) {
	t.Helper()
	key, now := newKey(t, c), models.SystemClock()
	stores := sign.Request{Method: http.MethodPost, Path: "/v1/stores/list", Host: p.host, Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(`{}`)}
	apps := sign.Request{Method: http.MethodGet, Path: "/pop/v1/wam/category", Host: p.host, Header: http.Header{"X-Acs-Action": {"DescribeCategories"}, "X-Acs-Version": {"2019-03-20"}}}
	for what, signed := range map[string]sign.Request{
		"SDK-HMAC-SHA256": stores.SignSDK(key.ID, key.secret, now),
		"ACS3":            apps.SignACS3(key.ID, key.secret, now, "nonce-1"),
	} {
		req, err := signed.HTTP(p.URL)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.Send(t, req.WithContext(t.Context())); got.Status != http.StatusOK {
			t.Errorf("a call signed by %s: got %d: %s", what, got.Status, got.Body)
		}
	}
}
