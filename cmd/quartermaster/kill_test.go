package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss/credentials"

	"quartermaster/models/modelstest"
	"quartermaster/web/webtest"
)

var kills = flag.Int("kills", 12, "how often the program is killed while files are put")

// A mortal is the program as clients of OSS see it, which is killed again and
// again, and what it has acknowledged: files by their keys, what is gone, and the
// last number of each file that is replaced.
type mortal struct {
	proxied
	key    accessKey
	killed atomic.Bool
	calls  atomic.Int64 // answers of this life

	mu       sync.Mutex
	there    map[string]bool
	gone     []string
	replaced map[string]int
}

const mortalBucket = "mortal-files"

// run starts the program and gives what kills it.
func (m *mortal) run(t *testing.T) (end func(os.Signal)) {
	t.Helper()
	said, err := os.OpenFile(m.said, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer said.Close()
	program := exec.CommandContext(t.Context(), "quartermaster", "--listen", m.desk, "--data", m.data, "--log-level", "warn")
	program.Env = append(os.Environ(), "QUARTERMASTER_OBJECT_RATE=0")
	program.Stdout, program.Stderr = said, said
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	until(t, "the program", func() bool {
		res, err := http.Get(m.URL + "/readyz")
		if err == nil {
			res.Body.Close()
		}
		return err == nil && res.StatusCode == http.StatusOK
	})
	return func(how os.Signal) {
		m.killed.Store(true)
		_ = program.Process.Signal(how)
		_ = program.Wait()
	}
}

// client is the vendor's, which tries once.
func (m *mortal) client(t *testing.T) *oss.Client {
	through := counted{&http.Transport{}, &m.calls}
	t.Cleanup(through.CloseIdleConnections)
	return oss.NewClient(oss.LoadDefaultConfig().WithCredentialsProvider(credentials.NewStaticCredentialsProvider(m.key.ID, m.key.secret)).
		WithRegion("cn-hangzhou").WithEndpoint(m.URL).WithRetryMaxAttempts(1).WithHttpClient(&http.Client{Transport: through}))
}

// counted counts answers.
type counted struct {
	*http.Transport
	n *atomic.Int64
}

// RoundTrip implements http.RoundTripper.
func (c counted) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := c.Transport.RoundTrip(r)
	if err == nil {
		c.n.Add(1)
	}
	return res, err
}

// mortalText is what a file of a name holds, always the same for the same name.
func mortalText(name string) string {
	sizes := []int{1, 5 << 10, 300 << 10}
	return strings.Repeat(name+" ", 1+sizes[len(name)%len(sizes)]/len(name))
}

func (m *mortal) acknowledged(key string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.there[key] = true
}

// work puts a file, replaces one, makes one of parts and one by a copy, deletes one,
// and leaves an upload unfinished.
func (m *mortal) work(ctx context.Context, c *oss.Client, who, n int, name string) error {
	b := oss.Ptr(mortalBucket)
	put := func(key, text string) error {
		_, err := c.PutObject(ctx, &oss.PutObjectRequest{Bucket: b, Key: oss.Ptr(key), Body: strings.NewReader(text)})
		return err
	}
	text := mortalText(name)
	if err := put("single/"+name, text); err != nil {
		return err
	}
	m.acknowledged("single/" + name)
	changing := fmt.Sprintf("changing/%d", who)
	if err := put(changing, fmt.Sprint(n)); err != nil {
		return err
	}
	m.mu.Lock()
	m.replaced[changing] = n
	m.mu.Unlock()
	if err := put("gone/"+name, text); err != nil {
		return err
	}
	if err := m.join(ctx, c, name); err != nil {
		return err
	}
	_, err := c.CopyObject(ctx, &oss.CopyObjectRequest{Bucket: b, Key: oss.Ptr("copy/" + name), SourceKey: oss.Ptr("joined/" + name)})
	if err != nil {
		return err
	}
	m.acknowledged("copy/" + name)
	if _, err = c.DeleteObject(ctx, &oss.DeleteObjectRequest{Bucket: b, Key: oss.Ptr("gone/" + name)}); err != nil {
		return err
	}
	m.mu.Lock()
	m.gone = append(m.gone, "gone/"+name)
	m.mu.Unlock()
	_, err = c.InitiateMultipartUpload(ctx, &oss.InitiateMultipartUploadRequest{Bucket: b, Key: oss.Ptr("unfinished/" + name)})
	return err
}

// join makes a file of two parts of three.
func (m *mortal) join(ctx context.Context, c *oss.Client, name string) error {
	b, key := oss.Ptr(mortalBucket), oss.Ptr("joined/"+name)
	begun, err := c.InitiateMultipartUpload(ctx, &oss.InitiateMultipartUploadRequest{Bucket: b, Key: key})
	if err != nil {
		return err
	}
	var end oss.CompleteMultipartUpload
	for i, text := range joinedTexts(name) {
		number := int32(i + 1)
		part, err := c.UploadPart(ctx, &oss.UploadPartRequest{Bucket: b, Key: key, UploadId: begun.UploadId, PartNumber: number, Body: strings.NewReader(text)})
		if err != nil {
			return err
		}
		if i < 2 {
			end.Parts = append(end.Parts, oss.UploadPart{PartNumber: number, ETag: part.ETag})
		}
	}
	if _, err := c.CompleteMultipartUpload(ctx, &oss.CompleteMultipartUploadRequest{Bucket: b, Key: key, UploadId: begun.UploadId, CompleteMultipartUpload: &end}); err != nil {
		return err
	}
	m.acknowledged(*key)
	return nil
}

// joinedTexts are the parts of a file; the last is not used.
func joinedTexts(name string) []string {
	return []string{strings.Repeat(name+" ", 1+(100<<10)/len(name)), mortalText(name), "one too many"}
}

// want is what a file holds that was acknowledged.
func (m *mortal) want(key string) string {
	kind, name, _ := strings.Cut(key, "/")
	if kind == "single" {
		return mortalText(name)
	}
	return strings.Join(joinedTexts(name)[:2], "")
}

func TestAKillLosesNothingThatWasAcknowledged(t *testing.T) {
	t.Parallel()
	if modelstest.Postgres() {
		t.Skip("about a data folder with its own database")
	}
	folder := t.TempDir()
	address := free(t)
	m := &mortal{there: map[string]bool{}, replaced: map[string]int{}}
	m.proxied = proxied{front: front{desk: address}, Site: &webtest.Site{URL: "http://" + address}, data: filepath.Join(folder, "qm"), said: filepath.Join(folder, "said")}
	end := m.run(t)
	m.key = newKey(t, m.setUp(t))
	if _, err := m.client(t).PutBucket(t.Context(), &oss.PutBucketRequest{Bucket: oss.Ptr(mortalBucket)}); err != nil {
		t.Fatal(err)
	}
	when := rand.New(rand.NewPCG(1, 2))
	for round := range *kills {
		if round > 0 {
			end = m.run(t)
		}
		m.killed.Store(false)
		m.calls.Store(0)
		last := 1 + when.Int64N(150) // a round of work is ten calls
		clients := map[string]func() error{"the end": func() error {
			for began := time.Now(); m.calls.Load() < last && time.Since(began) < time.Minute; {
				time.Sleep(time.Duration(when.IntN(2000)) * time.Microsecond)
			}
			end(syscall.SIGKILL)
			return nil
		}}
		for who := range 4 {
			c := m.client(t)
			clients[fmt.Sprint(who)] = func() error {
				for i := 0; ; i++ {
					err := m.work(t.Context(), c, who, round*1000+i, fmt.Sprintf("%d-%d-%d", round, who, i))
					if m.killed.Load() {
						return nil
					}
					if err != nil {
						return err
					}
				}
			}
		}
		webtest.Together(t, clients)
	}
	end = m.run(t)
	m.prove(t)
	end(syscall.SIGTERM)
	m.fits(t)
}

// prove asks for everything that was acknowledged.
func (m *mortal) prove(t *testing.T) {
	t.Helper()
	c, b := m.client(t), oss.Ptr(mortalBucket)
	read := func(key string) (string, error) {
		got, err := c.GetObject(t.Context(), &oss.GetObjectRequest{Bucket: b, Key: oss.Ptr(key)})
		if err != nil {
			return "", err
		}
		defer got.Body.Close()
		text, err := io.ReadAll(got.Body)
		return string(text), err
	}
	if len(m.there) < *kills || len(m.gone) == 0 {
		t.Errorf("only %d files were put and %d deleted", len(m.there), len(m.gone))
	}
	for key := range m.there {
		if got, err := read(key); err != nil || got != m.want(key) {
			t.Errorf("%s was acknowledged: got %d bytes, %v; want its %d", key, len(got), err, len(m.want(key)))
		}
	}
	for _, key := range m.gone {
		var failed *oss.ServiceError
		if _, err := read(key); !errors.As(err, &failed) || failed.Code != "NoSuchKey" {
			t.Errorf("%s was deleted: got %v", key, err)
		}
	}
	for key, least := range m.replaced {
		got, err := read(key)
		n := 0
		if _, bad := fmt.Sscan(got, &n); err != nil || bad != nil || n < least {
			t.Errorf("%s: got %q, %v; want %d or later", key, got, err, least)
		}
	}
	t.Logf("%d kills: %d files are there, %d are gone", *kills, len(m.there), len(m.gone))
}

// fits holds that database and files fit together, when bytes that a kill has left
// before they were recorded are put aside.
func (m *mortal) fits(t *testing.T) {
	t.Helper()
	for _, args := range [][]string{{"check", "--repair"}, {"check"}} {
		program := exec.CommandContext(t.Context(), "quartermaster", args...)
		program.Env = append(os.Environ(), "QUARTERMASTER_DATA="+m.data)
		said, err := program.CombinedOutput()
		if err != nil || !strings.Contains(string(said), "Everything fits.") {
			t.Errorf("%s: %v: %s", args, err, said)
		}
		for line := range strings.Lines(string(said)) {
			if strings.Contains(line, "(mended)") && !strings.HasPrefix(line, "bytes that nothing in the database has") {
				t.Errorf("%s: %s", args, line)
			}
		}
	}
}
