package api_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"quartermaster/web"
	"quartermaster/web/webtest"
)

// An upload to OSS may take as long as it gets on, and no longer.
func TestAnUploadToOSSTakesAsLongAsItGetsOn(t *testing.T) {
	t.Parallel()
	const patience = 400 * time.Millisecond
	d := open(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := web.NewServer(d.handler, slog.New(slog.DiscardHandler), patience)
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Stop(0) })
	now := d.DB.Now()
	d.send(t, d.ossRequest("PUT /some-bucket", "").SignOSS1(d.Key.ID, d.Key.Secret, now))
	_, rest, _ := strings.Cut(d.send(t, d.ossRequest("POST /some-bucket/parts?uploads", "").SignOSS1(d.Key.ID, d.Key.Secret, now)).Body, "<UploadId>")
	id, _, _ := strings.Cut(rest, "</UploadId>")

	// begin sends a request without its body.
	begin := func(line, length string) (net.Conn, error) {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			return nil, err
		}
		t.Cleanup(func() { c.Close() })
		r := d.ossRequest(line, "").SignOSS4(d.Key.ID, d.Key.Secret, region, now)
		fmt.Fprintf(c, "%s HTTP/1.1\r\nHost: desk\r\n%s\r\n", line, length)
		if err := r.Header.Write(c); err != nil {
			return nil, err
		}
		_, err = io.WriteString(c, "\r\n")
		return c, err
	}
	// stalls sends a piece of a body again and again, and wants to be cut.
	stalls := func(line, length, piece string, each time.Duration) func() error {
		return func() error {
			c, err := begin(line, length)
			if err != nil {
				return err
			}
			if err := c.SetDeadline(time.Now().Add(20 * patience)); err != nil {
				return err
			}
			go func() {
				for piece != "" {
					if _, err := io.WriteString(c, piece); err != nil {
						return
					}
					time.Sleep(each)
				}
			}()
			resp, err := http.ReadResponse(bufio.NewReader(c), nil)
			if err != nil {
				return err
			}
			defer resp.Body.Close()
			text, err := io.ReadAll(resp.Body)
			if err != nil || resp.StatusCode != http.StatusBadRequest || !bytes.Contains(text, []byte("<Code>IncompleteBody</Code>")) || !resp.Close {
				return fmt.Errorf("got %d %s, closing %t, %w, want IncompleteBody and the end", resp.StatusCode, text, resp.Close, err)
			}
			return nil
		}
	}
	const long, parts = "Content-Length: 100000", "PUT /some-bucket/parts?partNumber=1&uploadId="
	webtest.Together(t, map[string]func() error{
		"sends nothing":               stalls("PUT /some-bucket/cut-1", long, "", 0),
		"sends a byte now and then":   stalls("PUT /some-bucket/cut-2", long, "x", patience/4),
		"sends a chunk now and then":  stalls("PUT /some-bucket/cut-3", "Transfer-Encoding: chunked", "1\r\nx\r\n", patience/4),
		"sends a part by bytes":       stalls(parts+id, long, "x", patience/4),
		"sends XML for a long time":   stalls("POST /some-bucket?delete", "Content-Length: 1000000", strings.Repeat(" ", 6<<10), patience/8),
		"sends no body for an upload": stalls("POST /some-bucket/parts?uploadId="+id, long, "", 0),
		"gets on, slowly": func() error {
			text := strings.Repeat("0123456789abcdef", 5<<10)
			c, err := begin("PUT /some-bucket/slow", fmt.Sprintf("Content-Length: %d", len(text)))
			if err != nil {
				return err
			}
			go func() { _, _ = io.Copy(c, webtest.Slowly{Reader: strings.NewReader(text), Rate: 30 << 10}) }()
			resp, err := http.ReadResponse(bufio.NewReader(c), nil)
			if err != nil {
				return err
			}
			resp.Body.Close()
			if got := d.send(t, d.ossRequest("GET /some-bucket/slow", "").SignOSS1(d.Key.ID, d.Key.Secret, now)); resp.StatusCode != http.StatusOK || got.Body != text {
				return fmt.Errorf("got %d and %d bytes, want the object", resp.StatusCode, len(got.Body))
			}
			return nil
		},
	})
	for _, line := range []string{"GET /some-bucket?prefix=cut", "GET /some-bucket/parts?uploadId=" + id} {
		if got := d.send(t, d.ossRequest(line, "").SignOSS1(d.Key.ID, d.Key.Secret, now)); got.Status != http.StatusOK || strings.Contains(got.Body, "<Size>") {
			t.Errorf("%s: got %d %s, want nothing of what was cut", line, got.Status, got.Body)
		}
	}
}
