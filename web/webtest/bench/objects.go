package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"

	"quartermaster/web/sign"
)

// objects measures files put and got by signed calls beside a program that
// writes and syncs the same files, both on the disk that the bench has: what
// makes a sync slow elsewhere does not reach those of Go.
func objects(b *bench) error {
	quick := b.quick
	b.quick = b.work
	defer func() { b.quick = quick }()
	d, err := b.fill(b.few)
	if err != nil {
		return err
	}
	if d.folder, err = b.copied(d.folder); err != nil {
		return err
	}
	k, err := d.newKey(context.Background())
	if err != nil {
		return err
	}
	s, err := b.serve(d, "QUARTERMASTER_OBJECT_RATE=0")
	if err != nil {
		return err
	}
	bare, err := b.limit(b.few, b.quick)
	if err != nil {
		return err
	}
	const bucket = "/bench-objects"
	c := client{at: s.at}
	defer c.lost(nil)
	if r, err := c.do(file(s, &k, "PUT", bucket, "", nil)(0, 0), false); err != nil || r.status != 200 {
		return fmt.Errorf("make the bucket: %d %w", r.status, err)
	}
	for _, f := range []struct {
		name    string
		size    int
		clients []int
	}{{"4 KiB", 4 << 10, []int{1, 16}}, {"1 MiB", 1 << 20, []int{1, 16}}, {"1 GiB", 1 << 30, []int{1}}} {
		body := bytes.Repeat([]byte("资源台 "), f.size/10+1)[:f.size]
		for _, method := range []string{"PUT", "GET"} {
			var sent []byte
			if method == "PUT" {
				sent = body
			}
			var bares, desks []measured
			for _, clients := range f.clients {
				m, err := b.turns(
					func() measured {
						return load(bare, clients, b.length, 200, file(bare, nil, method, "/files", f.name, sent))
					},
					func() measured { return load(s, clients, b.length, 200, file(s, &k, method, bucket, f.name, sent)) })
				if err != nil {
					return err
				}
				bares, desks = append(bares, m[0]), append(desks, m[1])
			}
			b.compare(fmt.Sprintf("%s of %s, median, %v clients", method, f.name, f.clients), bares, desks, median)
			b.compare("the same, a second", bares, desks, perSecond)
			b.compare("the same, processor time of one", bares, desks, processor)
		}
		b.say("  memory of the desk: %s", memory(s))
	}
	// Prefixes of a bucket with some thousand files, as the puts left them.
	for _, query := range []string{"list-type=2&max-keys=1000", "list-type=2&max-keys=1000&delimiter=%2F"} {
		m, err := b.turns(func() measured { return load(s, 1, b.length, 200, file(s, &k, "GET", bucket+"?"+query, "", nil)) })
		if err != nil {
			return err
		}
		b.note("list of up to 1,000 files, "+query, "–", ms(m[0].p50), "")
	}
	return nil
}

// file puts or gets a file of a bucket, signed anew each time if there is a key.
// Each put is of another name; what is got was put first.
func file(s *server, k *key, method, folder, name string, body []byte) request {
	return func(who, n int) []byte {
		path, query := folder, ""
		if u, err := url.Parse(folder); err == nil {
			path, query = u.Path, u.RawQuery
		}
		if name != "" {
			path += "/" + url.PathEscape(name)
			if method == "PUT" && n+who > 0 && len(body) < 1<<30 {
				path += fmt.Sprintf("-%d", serial.Add(1))
			}
		}
		r := sign.Request{Method: method, Path: path, Query: query, Host: s.at, Header: http.Header{}}
		if k != nil {
			r = r.SignOSS1(k.id, k.secret, now())
		}
		target := path
		if query != "" {
			target += "?" + query
		}
		head := fmt.Appendf(nil, "%s %s HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n", method, target, s.at, len(body))
		for name, values := range r.Header {
			head = fmt.Appendf(head, "%s: %s\r\n", name, values[0])
		}
		return append(append(head, "\r\n"...), body...)
	}
}
