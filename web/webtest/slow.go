package webtest

import (
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync"
	"testing"
	"time"
)

// Slowly reads as over a slow line: so many bytes a second.
type Slowly struct {
	io.Reader
	Rate int
}

// Read implements io.Reader.
func (s Slowly) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p[:min(s.Rate/4+1, len(p))])
	time.Sleep(time.Duration(n) * time.Second / time.Duration(s.Rate))
	return n, err
}

// Together runs cases that mostly wait, all at the same time.
func Together(t testing.TB, cases map[string]func() error) {
	t.Helper()
	var all sync.WaitGroup
	for name, run := range cases {
		all.Go(func() {
			if err := run(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
	all.Wait()
}

// Proxy is the address of a reverse proxy in front of an address.
func Proxy(t testing.TB, to string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("listen: %v", err)
	}
	server := &http.Server{Handler: httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: to})} // #nosec G112 -- for tests
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close() })
	return l.Addr().String()
}
