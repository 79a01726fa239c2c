package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// client is a browser that keeps one connection: as little of one as is
// possible, so that what is measured is the server.
type client struct {
	at   string
	conn net.Conn
	in   *bufio.Reader
}

// reply is what was answered.
type reply struct {
	status int
	header map[string]string // of names in lower case; the last of each
	body   []byte            // when it was asked for
	bytes  int64             // of the body
	wire   int64             // of everything
}

const patience = 5 * time.Minute

// do sends a request as it is and reads the answer, with its body if keep says
// so.
func (c *client) do(request []byte, keep bool) (reply, error) {
	if c.conn == nil {
		conn, err := net.Dial("tcp", c.at)
		if err != nil {
			return reply{}, err
		}
		c.conn, c.in = conn, bufio.NewReaderSize(conn, 64<<10)
	}
	_ = c.conn.SetDeadline(now().Add(patience))
	if _, err := c.conn.Write(request); err != nil {
		return reply{}, c.lost(err)
	}
	r, err := c.read(keep)
	if err != nil || r.header["connection"] == "close" {
		return r, errors.Join(err, c.lost(nil))
	}
	return r, nil
}

// lost closes the connection; the next request opens another.
func (c *client) lost(err error) error {
	if c.conn != nil {
		_ = c.conn.Close()
		c.conn = nil
	}
	return err
}

func (c *client) read(keep bool) (r reply, err error) {
	line, err := c.line(&r)
	if err != nil {
		return r, err
	}
	if len(line) < 12 {
		return r, fmt.Errorf("not HTTP: %q", line)
	}
	if r.status, err = strconv.Atoi(line[9:12]); err != nil {
		return r, err
	}
	r.header = map[string]string{}
	for {
		line, err := c.line(&r)
		if err != nil {
			return r, err
		}
		if line == "" {
			break
		}
		name, value, _ := strings.Cut(line, ":")
		name, value = strings.ToLower(name), strings.TrimSpace(value)
		if name == "set-cookie" {
			value = r.header[name] + value + "\n"
		}
		r.header[name] = value
	}
	into := io.Discard
	var kept bytes.Buffer
	if keep {
		into = &kept
	}
	if r.header["transfer-encoding"] == "chunked" {
		err = c.chunks(&r, into)
	} else if n, _ := strconv.ParseInt(r.header["content-length"], 10, 64); n > 0 {
		r.bytes, err = io.CopyN(into, c.in, n)
		r.wire += r.bytes
	}
	r.body = kept.Bytes()
	return r, err
}

func (c *client) line(r *reply) (string, error) {
	line, err := c.in.ReadSlice('\n')
	r.wire += int64(len(line))
	return strings.TrimRight(string(line), "\r\n"), err
}

func (c *client) chunks(r *reply, into io.Writer) error {
	for {
		line, err := c.line(r)
		if err != nil {
			return err
		}
		n, err := strconv.ParseInt(line, 16, 64)
		if err != nil {
			return err
		}
		if _, err := io.CopyN(into, c.in, n); err != nil {
			return err
		}
		r.bytes, r.wire = r.bytes+n, r.wire+n
		if _, err := c.line(r); err != nil || n == 0 {
			return err
		}
	}
}

// measured is what a server did in some seconds.
type measured struct {
	perSecond float64
	cpu       time.Duration // of the server, a request
	p50, p99  time.Duration
	bytes     int64 // of an answer's body
	failed    int
	first     string // what failed first
}

// request makes the request of a client that has made so many before.
type request func(client, n int) []byte

// load lets so many clients send requests one after the other for so long, and
// wants the status.
func load(s *server, clients int, length time.Duration, status int, make request) measured {
	return mix(s, clients, length, func(client, n int) ([]byte, int) { return make(client, n), status })
}

// mix is load for requests of several sorts, each with the status that it wants.
func mix(s *server, clients int, length time.Duration, make func(client, n int) ([]byte, int)) measured {
	var mu sync.Mutex
	var all []time.Duration
	var m measured
	var group sync.WaitGroup
	before, began := s.cpu(), now()
	for i := range clients {
		group.Go(func() {
			c := client{at: s.at}
			defer c.lost(nil)
			var took []time.Duration
			var bytes int64
			failed, first := 0, ""
			for n := 0; now().Sub(began) < length; n++ {
				r, status := make(i, n)
				sent := now()
				got, err := c.do(r, false)
				if err != nil || got.status != status {
					if failed++; first == "" {
						first = fmt.Sprint(got.status, " ", err)
					}
					continue
				}
				took, bytes = append(took, now().Sub(sent)), got.bytes
			}
			mu.Lock()
			defer mu.Unlock()
			all, m.failed = append(all, took...), m.failed+failed
			if first != "" {
				m.first = first
			}
			if bytes > 0 {
				m.bytes = bytes
			}
		})
	}
	group.Wait()
	lasted := now().Sub(began)
	if len(all) == 0 {
		return m
	}
	slices.Sort(all)
	m.perSecond = float64(len(all)) / lasted.Seconds()
	m.cpu = (s.cpu() - before) / time.Duration(len(all))
	m.p50, m.p99 = all[len(all)/2], all[len(all)*99/100]
	return m
}

// get is a request for a path, and for the same path each time.
func get(s *server, path string) request {
	text := []byte("GET " + path + " HTTP/1.1\r\nHost: " + s.at + "\r\nCookie: " + s.cookie + "\r\nAccept-Language: en\r\n\r\n")
	return func(int, int) []byte { return text }
}

// post is a submitted form.
func post(s *server, path, form string) []byte {
	return fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: %s\r\nCookie: %s\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s",
		path, s.at, s.cookie, len(form), form)
}
