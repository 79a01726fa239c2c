package web_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"quartermaster/models/modelstest"
	"quartermaster/web"
	"quartermaster/web/webtest"
)

// patience is a twentieth of the real one, so that these tests are short.
const patience = web.Patience / 20

// A desk is a server as the program runs it, but for its patience.
type desk struct {
	*web.Server
	address string
	log     *webtest.Log
	begun   chan struct{} // a handler began
	ended   chan error    // a handler came to the end of a body or of an answer
}

// newDesk serves routes that read their body and answer without one, that send a
// large answer, and that think for long.
func newDesk(t *testing.T, waits time.Duration) *desk {
	t.Helper()
	d := &desk{log: &webtest.Log{}, begun: make(chan struct{}, 10), ended: make(chan error, 10)}
	log := d.log.Logger(slog.LevelInfo)
	e, err := web.New(&web.Site{DB: modelstest.Open(t), Log: log})
	if err != nil {
		t.Fatalf("engine: %v", err)
	}
	e.Use(func(*gin.Context) { d.begun <- struct{}{} })
	e.POST("/upload", web.Upload(1<<30), web.Page(func(c *gin.Context) error {
		_, err := io.Copy(io.Discard, c.Request.Body)
		d.ended <- err
		if err != nil {
			return err
		}
		return web.SeeOther(c, "/done")
	}))
	e.POST("/form", web.Page(func(c *gin.Context) error {
		var in struct{}
		if _, err := web.Decode(c, &in); err != nil {
			return err
		}
		return web.SeeOther(c, "/done")
	}))
	e.GET("/large", func(c *gin.Context) {
		_, err := c.Writer.Write(make([]byte, largeAnswer))
		d.ended <- err
	})
	file := filepath.Join(t.TempDir(), "large")
	if err := os.WriteFile(file, largeText(), 0o600); err != nil {
		t.Fatal(err)
	}
	e.GET("/file", web.Page(func(c *gin.Context) error {
		f, err := os.Open(file)
		if err != nil {
			return err
		}
		defer f.Close()
		c.Header("Content-Length", strconv.Itoa(largeAnswer))
		_, err = io.CopyN(c.Writer, f, largeAnswer)
		d.ended <- err
		return nil
	}))
	e.POST("/deaf", func(c *gin.Context) {
		_, _ = io.Copy(io.Discard, c.Request.Body) // and its error is lost
		web.Fail(c, c.Request.Context().Err())
	})
	think := web.Page(func(c *gin.Context) error {
		if c.Query("read") != "" {
			_, _ = io.Copy(io.Discard, c.Request.Body)
		}
		select {
		case <-time.After(patience * 4 / 3):
			return web.SeeOther(c, "/done")
		case <-c.Request.Context().Done():
			return c.Request.Context().Err()
		}
	})
	e.GET("/think", think)
	e.POST("/think", think)
	e.POST("/panic", func(c *gin.Context) {
		_, _ = io.Copy(io.Discard, c.Request.Body)
		panic("a test's own")
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("listen: %v", err)
	}
	d.Server, d.address = web.NewServer(e, log, waits), l.Addr().String()
	go func() { _ = d.Serve(l) }()
	t.Cleanup(func() { _ = d.Stop(0) })
	return d
}

// largeAnswer is more than the system keeps for a connection.
const largeAnswer = 12 << 20

// largeText is that many bytes, of which no piece looks like another.
func largeText() []byte {
	text := make([]byte, 0, largeAnswer+16)
	for len(text) < largeAnswer {
		text = fmt.Appendf(text, "%d\n", len(text))
	}
	return text[:largeAnswer]
}

// send writes a request's head and begins its body.
func (d *desk) send(t *testing.T, head, body string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", d.address)
	if err != nil {
		t.Fatalf("dial: %v", err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(20 * patience)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(c, head+"\r\nHost: "+d.address+"\r\n\r\n"+body); err != nil {
		t.Fatalf("send: %v", err)
	}
	return c
}

// answer reads one answer whole.
func answer(c net.Conn) (*http.Response, string, error) {
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return nil, "", fmt.Errorf("no answer: %w", err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, "", fmt.Errorf("the answer broke off: %w", err)
	}
	return res, string(body), nil
}

func mustAnswer(t *testing.T, c net.Conn) (*http.Response, string) {
	t.Helper()
	res, body, err := answer(c)
	if err != nil {
		t.Fatal(err)
	}
	return res, body
}

func TestTheAnswerToALongUploadArrives(t *testing.T) {
	t.Parallel()
	d := newDesk(t, patience)
	cases := map[string]func() error{}
	for _, address := range []string{d.address, webtest.Proxy(t, d.address)} {
		for path, want := range map[string]int{"/upload": 303, "/form": 303, "/panic": 500} {
			text := []byte("a=" + strings.Repeat("x", 64<<10))
			body := webtest.Slowly{Reader: bytes.NewReader(text), Rate: 10 << 10}
			req, err := http.NewRequestWithContext(t.Context(), "POST", "http://"+address+path, body)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			req.ContentLength = int64(len(text))
			cases[req.URL.String()] = func() error {
				res, err := http.DefaultTransport.RoundTrip(req)
				if err != nil {
					return err
				}
				defer res.Body.Close()
				return wants(res, want)
			}
		}
	}
	webtest.Together(t, cases)
}

func wants(res *http.Response, status int) error {
	if res.StatusCode != status {
		return fmt.Errorf("got %d, want %d", res.StatusCode, status)
	}
	return nil
}

func TestAHandlerMayTakeLong(t *testing.T) {
	t.Parallel()
	d := newDesk(t, patience)
	cases := map[string]func() error{}
	for name, c := range map[string]net.Conn{
		"without a body":         d.send(t, "GET /think HTTP/1.1", ""),
		"with a body read":       d.send(t, "POST /think?read=1 HTTP/1.1\r\nContent-Length: 10", "0123456789"),
		"with a body unread":     d.send(t, "POST /think HTTP/1.1\r\nContent-Length: 10", "0123456789"),
		"with one that is large": d.send(t, "POST /think HTTP/1.1\r\nContent-Length: 1000000", "0123456789"),
	} {
		cases[name] = func() error {
			res, _, err := answer(c)
			if err != nil {
				return err
			}
			return wants(res, 303)
		}
	}
	webtest.Together(t, cases)
}

func TestASlowReaderGetsTheWholeAnswer(t *testing.T) {
	t.Parallel()
	c := newDesk(t, patience).send(t, "GET /large HTTP/1.1\r\nConnection: close", "")
	// Much less in a whole patience than the system has to send before it calls a
	// connection ready for more.
	piece := make([]byte, 64<<10)
	for range 20 {
		time.Sleep(patience / 10)
		if _, err := io.ReadFull(c, piece); err != nil {
			t.Fatalf("cut while it was read: %v", err)
		}
	}
	n, err := io.Copy(io.Discard, c)
	if err != nil || n < largeAnswer-20*64<<10 {
		t.Errorf("the rest: got %d bytes, %v", n, err)
	}
}

func TestWhoeverDoesNotGetOnIsCut(t *testing.T) {
	t.Parallel()
	d, reader := newDesk(t, patience), newDesk(t, patience)
	stalls := func(path, length, more string) func() error {
		c := d.send(t, "POST "+path+" HTTP/1.1\r\n"+length, "5\r\nbegun\r\n")
		return func() error {
			go func() {
				for more != "" {
					time.Sleep(patience / 4)
					if _, err := io.WriteString(c, more); err != nil {
						return
					}
				}
			}()
			res, body, err := answer(c)
			if err != nil {
				return err
			}
			if res.StatusCode != 408 || !strings.Contains(body, "stalled") || !res.Close {
				return fmt.Errorf("got %d, closing %v, want 408, a sentence and the end", res.StatusCode, res.Close)
			}
			if _, err := io.Copy(io.Discard, c); isTimeout(err) {
				return errors.New("the connection stays open")
			}
			return nil
		}
	}
	unread := d.send(t, "POST /nowhere HTTP/1.1\r\nContent-Length: 100", "")
	reader.send(t, "GET /large HTTP/1.1", "")
	webtest.Together(t, map[string]func() error{
		"sends nothing more":              stalls("/upload", "Content-Length: 100000", ""),
		"sends a byte now and then":       stalls("/upload", "Content-Length: 100000", "x"),
		"sends no more chunks":            stalls("/upload", "Transfer-Encoding: chunked", ""),
		"sends a chunk now and then":      stalls("/upload", "Transfer-Encoding: chunked", "1\r\nx\r\n"),
		"sends nothing to who is deaf":    stalls("/deaf", "Content-Length: 100000", ""),
		"sends no body to who wants none": func() error { _, _, err := answer(unread); return err },
		"reads nothing": func() error {
			if err := <-reader.ended; !isTimeout(err) {
				return fmt.Errorf("the handler got %v, want the end of its patience", err)
			}
			return nil
		},
	})
	for range 4 {
		if err := <-d.ended; web.Status(err) != 408 {
			t.Errorf("the handler got %v", err)
		}
	}
	if n := strings.Count(d.log.String(), "status=408"); n != 5 {
		t.Errorf("the log says another thing: %s", d.log)
	}
}

// A file goes from the disk to the network past the handler, and with the same
// patience.
func TestAFileIsSentLikeAnyAnswer(t *testing.T) {
	t.Parallel()
	d, cut := newDesk(t, patience), newDesk(t, patience)
	slow := d.send(t, "GET /file HTTP/1.1\r\nConnection: close", "")
	cut.send(t, "GET /file HTTP/1.1", "")
	webtest.Together(t, map[string]func() error{
		"reads slowly": func() error {
			piece, got := make([]byte, 64<<10), []byte(nil)
			for range 20 {
				time.Sleep(patience / 10)
				if _, err := io.ReadFull(slow, piece); err != nil {
					return fmt.Errorf("cut while it was read: %w", err)
				}
				got = append(got, piece...)
			}
			rest, err := io.ReadAll(slow)
			if err != nil || !bytes.HasSuffix(append(got, rest...), append([]byte("\r\n\r\n"), largeText()...)) {
				return fmt.Errorf("got %d other bytes, %w", len(got)+len(rest), err)
			}
			return nil
		},
		"reads nothing": func() error {
			if err := <-cut.ended; !isTimeout(err) {
				return fmt.Errorf("the handler got %v, want the end of its patience", err)
			}
			return nil
		},
	})
	if err := <-d.ended; err != nil {
		t.Error(err)
	}
	if log := d.log.String(); !strings.Contains(log, fmt.Sprintf("bytes=%d", largeAnswer)) || strings.Contains(log, "cut=true") {
		t.Errorf("the log says another thing: %s", log)
	}
}

// taker is a writer that reads by itself.
type taker struct {
	*httptest.ResponseRecorder
	from io.Reader
}

func (t *taker) ReadFrom(r io.Reader) (int64, error) {
	t.from = r
	return io.Copy(io.Discard, r)
}

func TestNothingStandsBetweenAFileAndTheHTTPServer(t *testing.T) {
	t.Parallel()
	e, err := web.New(&web.Site{DB: modelstest.Open(t)})
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Open("server_test.go")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	e.GET("/", func(c *gin.Context) { _, _ = io.CopyN(c.Writer, f, 10) })
	w := &taker{ResponseRecorder: httptest.NewRecorder()}
	e.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	if piece, ok := w.from.(*io.LimitedReader); !ok || piece.R != io.Reader(f) {
		t.Errorf("the HTTP server got %T, want a piece of the file", w.from)
	}
}

// A form is small. Whoever takes for ever over one, although it gets on, holds
// its memory for ever too.
func TestAFormIsNotAwaitedForEver(t *testing.T) {
	t.Parallel()
	d := newDesk(t, patience/2)
	c := d.send(t, "POST /form HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000000", "a=")
	go func() {
		for piece := strings.Repeat("x", 6<<10); ; time.Sleep(patience / 8) {
			if _, err := io.WriteString(c, piece); err != nil {
				return
			}
		}
	}()
	if res, _ := mustAnswer(t, c); res.StatusCode != 408 || !res.Close {
		t.Errorf("got %d, closing %v, want 408 and the end", res.StatusCode, res.Close)
	}
}

func isTimeout(err error) bool {
	var net net.Error
	return errors.As(err, &net) && net.Timeout()
}

// A browser sends the whole of its form before it looks for an answer.
func TestARefusalReachesWhoeverStillSends(t *testing.T) {
	t.Parallel()
	d := newDesk(t, web.Patience)
	for _, length := range []string{fmt.Sprintf("Content-Length: %d", 16<<20), "Transfer-Encoding: chunked"} {
		body := strings.Repeat("x", 16<<20)
		if strings.HasPrefix(length, "T") {
			body = fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(body), body)
		}
		c := d.send(t, "POST /form HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"+length, body)
		if res, _ := mustAnswer(t, c); res.StatusCode != 413 || !res.Close {
			t.Errorf("%s: got %d, closing %v, want 413 and the end", length, res.StatusCode, res.Close)
		}
	}
}

func TestStopLetsAnUploadEndOrTellsItToComeAgain(t *testing.T) {
	t.Parallel()
	d := newDesk(t, 2*patience)
	const head = "POST /upload HTTP/1.1\r\nContent-Length: 10"
	ends, stays := d.send(t, head, "01234"), d.send(t, head, "01234")
	chunked := d.send(t, "POST /upload HTTP/1.1\r\nTransfer-Encoding: chunked", "5\r\n01234\r\n")
	idle := d.send(t, "GET /nowhere HTTP/1.1", "")
	mustAnswer(t, idle)
	thinks := d.send(t, "GET /think HTTP/1.1", "")
	for range 5 { // requests
		<-d.begun
	}
	stopped := make(chan error, 1)
	go func() { stopped <- d.Stop(patience) }()
	if _, err := io.Copy(io.Discard, idle); err != nil {
		t.Errorf("an idle connection: %v, want its end", err)
	}
	if c, err := net.Dial("tcp", d.address); err == nil {
		c.Close()
		t.Errorf("a new connection was taken")
	}
	if _, err := io.WriteString(ends, "56789"); err != nil {
		t.Fatal(err)
	}
	if res, _ := mustAnswer(t, ends); res.StatusCode != 303 || !res.Close {
		t.Errorf("an upload that ends: got %d, closing %v, want 303 and the end", res.StatusCode, res.Close)
	}
	for name, c := range map[string]net.Conn{"one that does not": stays, "one in chunks": chunked} {
		res, body := mustAnswer(t, c)
		if res.StatusCode != 503 || res.Header.Get("Retry-After") == "" || !res.Close || !strings.Contains(body, "Send it again") {
			t.Errorf("%s: got %d %v, want 503, when to come again and a sentence", name, res.StatusCode, res.Header)
		}
		c.Close()
	}
	if res, _ := mustAnswer(t, thinks); res.StatusCode != 303 {
		t.Errorf("a handler that takes its time: got %d, want 303", res.StatusCode)
	}
	if err := <-stopped; err != nil {
		t.Errorf("stop: %v", err)
	}
	if text := d.log.String(); strings.Contains(text, "level=ERROR") || strings.Contains(text, "cut requests") {
		t.Errorf("the log calls it a fault: %s", text)
	}
}

func TestStopCutsWhoeverDoesNotListen(t *testing.T) {
	t.Parallel()
	d := newDesk(t, patience)
	c := d.send(t, "GET /large HTTP/1.1", "")
	<-d.begun
	if err := d.Stop(0); err != nil {
		t.Errorf("stop: %v", err)
	}
	if n, err := io.Copy(io.Discard, c); err == nil && n >= largeAnswer {
		t.Errorf("got all of the answer: it was not cut")
	}
	if !strings.Contains(d.log.String(), "cut requests that did not finish") {
		t.Errorf("the log says nothing of it: %s", d.log)
	}
}

func TestAnAnswerThatBreaksOffDoesNotLookWhole(t *testing.T) {
	t.Parallel()
	var log webtest.Log
	site := open(t, web.Site{Log: log.Logger(slog.LevelInfo)}, func(e *gin.Engine) {
		e.GET("/rows", web.Page(func(c *gin.Context) error {
			file, err := web.NewSheet(c, "rows", "csv", nil)
			if err != nil {
				return err
			}
			for range 1000 {
				file.Row([]string{"one", "two", "three"})
			}
			return errors.Join(file.Flush(), errors.New("the database is gone"))
		}))
	})
	res, err := http.Get(site.URL + "/rows")
	if err == nil {
		defer res.Body.Close()
		_, err = io.Copy(io.Discard, res.Body)
	}
	if err == nil {
		t.Error("got an answer that looks whole")
	}
	log.Line(t, "path=/rows", "cut=true")
}
