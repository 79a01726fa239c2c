package main

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	_ "github.com/mattn/go-sqlite3"

	"quartermaster/web/sign"
)

// objects measures files put and got by signed calls beside a program that
// writes and syncs the same files, also with the same checksums, both on the disk that the bench has: what
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
		for _, way := range []struct{ what, method, folder string }{
			{"PUT", "PUT", "/files"}, {"PUT beside one with the same checksums", "PUT", "/summed"}, {"GET", "GET", "/files"},
		} {
			var sent []byte
			if way.method == "PUT" {
				sent = body
			}
			var bares, desks []measured
			for _, clients := range f.clients {
				m, err := b.turns(
					func() measured {
						return load(bare, clients, b.length, 200, file(bare, nil, way.method, way.folder, f.name, sent))
					},
					func() measured {
						return load(s, clients, b.length, 200, file(s, &k, way.method, bucket, f.name, sent))
					})
				if err != nil {
					return err
				}
				bares, desks = append(bares, m[0]), append(desks, m[1])
			}
			b.compare(fmt.Sprintf("%s of %s, median, %v clients", way.what, f.name, f.clients), bares, desks, median)
			b.compare("the same, a second", bares, desks, perSecond)
			b.compare("the same, processor time of one", bares, desks, processor)
		}
		b.say("  memory of the desk: %s", memory(s))
	}
	if err := b.manyFiles(bare, s, &k, bucket); err != nil {
		return err
	}
	return b.listings(s, &k, d)
}

// manyFiles puts 10,000 small files from 16 clients and gets each of them.
func (b *bench) manyFiles(bare, desk *server, k *key, bucket string) error {
	const all, clients = 10_000, 16
	body := bytes.Repeat([]byte("x"), 4<<10)
	for _, method := range []string{"PUT", "GET"} {
		took := func(s *server, k *key, folder string) (time.Duration, error) {
			began, next := now(), atomic.Int64{}
			var group sync.WaitGroup
			errs := make([]error, clients)
			for who := range clients {
				group.Go(func() {
					c := client{at: s.at}
					defer c.lost(nil)
					for n := next.Add(1); n <= all; n = next.Add(1) {
						sent := body
						if method == "GET" {
							sent = nil
						}
						r, err := c.do(file(s, k, method, folder, fmt.Sprintf("many-%d", n), sent)(0, 0), false)
						if err != nil || r.status != 200 {
							errs[who] = fmt.Errorf("%s of file %d: %d %w", method, n, r.status, err)
							return
						}
					}
				})
			}
			group.Wait()
			return now().Sub(began), errors.Join(errs...)
		}
		limit, err := took(bare, nil, "/files")
		if err != nil {
			return err
		}
		have, err := took(desk, k, bucket)
		if err != nil {
			return err
		}
		b.note(fmt.Sprintf("%s of %d files of 4 KiB, %d clients, all", method, all, clients), ms(limit), ms(have), times(float64(limit), float64(have)))
	}
	return nil
}

// listings lists a bucket with few files and one with many: those below a prefix,
// and ten and a thousand folders.
func (b *bench) listings(s *server, k *key, d desk) error {
	var buckets []string
	for _, rows := range []int{b.few, b.many} {
		bucket := fmt.Sprintf("/bench-%d", rows)
		c := client{at: s.at}
		for _, name := range []string{"", "template"} {
			if r, err := c.do(file(s, k, "PUT", bucket, name, nil)(0, 0), false); err != nil || r.status != 200 {
				return fmt.Errorf("make the bucket of a listing: %d %w", r.status, err)
			}
		}
		_ = c.lost(nil)
		if err := d.fillBucket(bucket[1:], rows); err != nil {
			return err
		}
		buckets = append(buckets, bucket)
	}
	for _, query := range []string{"prefix=flat%2F", "delimiter=%2F&prefix=ten%2F", "delimiter=%2F&prefix=thousand%2F"} {
		var each []func() measured
		for _, bucket := range buckets {
			each = append(each, func() measured {
				return load(s, 1, b.length, 200, file(s, k, "GET", bucket+"?list-type=2&max-keys=1000&"+query, "", nil))
			})
		}
		m, err := b.turns(each...)
		if err != nil {
			return err
		}
		b.grown("list of files, "+query, "–", m[0], m[1])
	}
	return nil
}

// fillBucket gives a bucket rows of files without bytes: a thousand flat, the rest
// in ten folders and once more in a thousand.
func (d desk) fillBucket(name string, rows int) error {
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(d.folder, "quartermaster.db")+"?_busy_timeout=60000&_txlock=immediate")
	if err != nil {
		return err
	}
	defer db.Close()
	const columns = "team_id, bucket_id, size, content_type, headers, sha256, md5, crc64, joined, multipart, blob, created_by, creator_name, created_at"
	const insert = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
			INSERT INTO objects (id, key, ` + columns + `) SELECT lower(hex(randomblob(12))), {key}, ` + columns + `
			FROM n, objects WHERE key = 'template' AND bucket_id = (SELECT id FROM buckets WHERE name = ?)`
	for _, set := range []struct {
		key  string
		rows int
	}{{"'flat/' || printf('%07d', i)", 1_000}, {"'ten/' || (i % 10) || printf('/%07d', i)", rows}, {"'thousand/' || (i % 1000) || printf('/%07d', i)", rows}} {
		_, err := db.Exec(strings.ReplaceAll(insert, "{key}", set.key), set.rows, name)
		if err != nil {
			return fmt.Errorf("fill bucket: %w", err)
		}
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
