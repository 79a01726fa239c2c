// Command limit is what a desk is measured beside: as little as answers a list
// of 50 rows with their total and keeps a row, on the same database. It signs
// nobody in, logs nothing, checks nothing and records nothing.
package main

import (
	"crypto/md5" // #nosec G501 -- the checksum of the documents
	"crypto/sha256"
	"database/sql"
	"flag"
	"fmt"
	"hash/crc64"
	"html"
	"io"
	"log"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"

	_ "github.com/jackc/pgx/v5/stdlib"
	_ "github.com/mattn/go-sqlite3"
)

// columns are those of a plan as a list shows it.
const columns = "id, name, kind, size, region, state, starts, ends, price, person"

type server struct {
	page, filtered, after, search, total, counters, insert *sql.Stmt
	last                                                   atomic.Int64
	folder                                                 string // of files
}

func main() {
	listen := flag.String("listen", "127.0.0.1:8090", "address to listen on")
	file := flag.String("file", "limit.db", "file of SQLite")
	postgres := flag.String("postgres", "", "address of PostgreSQL in place of SQLite")
	rows := flag.Int("rows", 1000, "rows to begin with")
	flag.Parse()
	reads, writes, err := open(*file, *postgres)
	if err == nil {
		err = fill(writes, *rows)
	}
	if err != nil {
		log.Fatal(err)
	}
	s, err := prepare(reads, writes, *postgres != "")
	if err != nil {
		log.Fatal(err)
	}
	var last int64
	if err := reads.QueryRow("SELECT MAX(place) FROM things").Scan(&last); err != nil {
		log.Fatal(err)
	}
	s.last.Store(last)
	http.HandleFunc("GET /list", s.list)
	http.HandleFunc("GET /{$}", s.dashboard)
	http.HandleFunc("POST /create", s.create)
	s.folder = filepath.Dir(*file)
	http.HandleFunc("PUT /files/{name}", s.put)
	http.HandleFunc("PUT /summed/{name}", s.putSummed)
	http.HandleFunc("GET /files/{name}", s.get)
	log.Fatal(http.ListenAndServe(*listen, nil)) // #nosec G114 -- nobody else reaches it
}

// open opens one connection that writes and some that read.
func open(file, postgres string) (reads, writes *sql.DB, err error) {
	if postgres != "" {
		reads, err = sql.Open("pgx", postgres)
		if err == nil {
			reads.SetMaxOpenConns(16)
			reads.SetMaxIdleConns(16)
		}
		return reads, reads, err
	}
	const options = "?_journal_mode=WAL&_synchronous=FULL&_busy_timeout=5000&_cache_size=-6000&_txlock=immediate"
	if writes, err = sql.Open("sqlite3", "file:"+file+options); err != nil {
		return nil, nil, err
	}
	writes.SetMaxOpenConns(1)
	if reads, err = sql.Open("sqlite3", "file:"+file+options+"&_query_only=true"); err != nil {
		return nil, nil, err
	}
	reads.SetMaxOpenConns(8)
	reads.SetMaxIdleConns(8)
	return reads, writes, nil
}

// fill makes the table and its rows, where there are none.
func fill(db *sql.DB, rows int) error {
	if _, err := db.Exec(`CREATE TABLE IF NOT EXISTS things (place bigint PRIMARY KEY, id text NOT NULL, name text NOT NULL, kind text NOT NULL, size text NOT NULL,
		region text NOT NULL, state text NOT NULL, starts text NOT NULL, ends text NOT NULL, price text NOT NULL, person text NOT NULL)`); err != nil {
		return err
	}
	if _, err := db.Exec(`CREATE TABLE IF NOT EXISTS totals (name text PRIMARY KEY, n bigint NOT NULL)`); err != nil {
		return err
	}
	var have int
	if err := db.QueryRow("SELECT COUNT(*) FROM totals").Scan(&have); err != nil || have > 0 {
		return err
	}
	for _, statement := range []string{
		fmt.Sprintf(`INSERT INTO things (place, `+columns+`) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)
			SELECT i, 'OSSBAG-cn-' || i || 'abcdef', 'Outbound traffic ' || i, 'FPT_ossbag_periodMonthlyAcc', '500 GB', 'cn-hangzhou',
			CASE WHEN i %% 3 = 0 THEN 'ACTIVE' ELSE 'EXPIRED' END, '2026-01-05 09:00', '2026-07-06 00:00', '1,260.00', 'Grace Chen' FROM n`, rows),
		`CREATE INDEX things_state ON things (state, place DESC)`,
		`INSERT INTO totals SELECT 'all', COUNT(*) FROM things`,
	} {
		if _, err := db.Exec(statement); err != nil {
			return err
		}
	}
	return nil
}

func prepare(reads, writes *sql.DB, postgres bool) (s *server, err error) {
	s = new(server)
	for _, p := range []struct {
		into **sql.Stmt
		db   *sql.DB
		text string
	}{
		{&s.page, reads, "SELECT place, " + columns + " FROM things ORDER BY place DESC LIMIT 51"},
		{&s.after, reads, "SELECT place, " + columns + " FROM things WHERE place < ? ORDER BY place DESC LIMIT 51"},
		{&s.filtered, reads, "SELECT place, " + columns + " FROM things WHERE state = ? ORDER BY place DESC LIMIT 51"},
		{&s.search, reads, "SELECT place, " + columns + " FROM things WHERE name LIKE ? ORDER BY place DESC LIMIT 51"},
		{&s.total, reads, "SELECT n FROM totals WHERE name = 'all'"},
		{&s.counters, reads, "SELECT name, n FROM totals"},
		{&s.insert, writes, "INSERT INTO things (place, " + columns + ") VALUES (" + strings.Repeat("?, ", 10) + "?)"},
	} {
		if postgres {
			for n := 1; strings.Contains(p.text, "?"); n++ {
				p.text = strings.Replace(p.text, "?", "$"+strconv.Itoa(n), 1)
			}
		}
		if *p.into, err = p.db.Prepare(p.text); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// list shows 50 rows, and how many there are in all.
func (s *server) list(w http.ResponseWriter, r *http.Request) {
	ctx, q := r.Context(), r.URL.Query()
	stmt, args := s.page, []any(nil)
	switch {
	case q.Has("state"):
		stmt, args = s.filtered, []any{q.Get("state")}
	case q.Has("q"):
		stmt, args = s.search, []any{"%" + q.Get("q") + "%"}
	case q.Has("after"):
		stmt, args = s.after, []any{q.Get("after")}
	}
	var total int64
	if err := s.total.QueryRowContext(ctx).Scan(&total); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	rows, err := stmt.QueryContext(ctx, args...)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	defer rows.Close()
	b := make([]byte, 0, 24<<10)
	b = append(b, "<!doctype html><html lang=en><title>Things</title><h1>Things</h1><p>"...)
	b = strconv.AppendInt(b, total, 10)
	b = append(b, "</p><table><thead><tr><th>Id<th>Name<th>Kind<th>Size<th>Region<th>State<th>Starts<th>Ends<th>Price<th>Person</tr></thead><tbody>"...)
	var place int64
	var cells [10]string
	into := []any{&place}
	for i := range cells {
		into = append(into, &cells[i])
	}
	for n := 0; n < 50 && rows.Next(); n++ {
		if err := rows.Scan(into...); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		b = append(b, `<tr><td><a href="/things/`...)
		b = append(b, cells[0]...)
		b = append(b, `">`...)
		for _, c := range cells {
			b = append(b, html.EscapeString(c)...)
			b = append(b, "</td><td class=\"cell\">"...)
		}
		b = append(b, "</td></tr>\n"...)
	}
	b = append(b, "</tbody></table><a rel=next href=\"/list?after="...)
	b = strconv.AppendInt(b, place, 10)
	b = append(b, "\">Next</a></html>"...)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	_, _ = w.Write(b)
}

// dashboard shows what is counted.
func (s *server) dashboard(w http.ResponseWriter, r *http.Request) {
	rows, err := s.counters.QueryContext(r.Context())
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		var n int64
		if err := rows.Scan(&name, &n); err != nil {
			return
		}
		fmt.Fprintf(w, "<p>%s %d</p>", html.EscapeString(name), n)
	}
}

// create keeps one row, in a commit of its own.
func (s *server) create(w http.ResponseWriter, r *http.Request) {
	place := s.last.Add(1)
	_, err := s.insert.ExecContext(r.Context(), place, "OSSBAG-cn-"+strconv.FormatInt(place, 10), r.FormValue("name"), "FPT_ossbag_periodMonthlyAcc",
		"500 GB", "cn-hangzhou", "ACTIVE", "2026-01-05 09:00", "2026-07-06 00:00", "1,260.00", "Grace Chen")
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Location", "/list")
	w.WriteHeader(http.StatusSeeOther)
}

// put keeps a file: its bytes are written and synced, and so is its name.
func (s *server) put(w http.ResponseWriter, r *http.Request) { s.putAs(w, r, r.Body) }

// putSummed is put with the checksums that OSS has of a file.
func (s *server) putSummed(w http.ResponseWriter, r *http.Request) {
	md, sha, crc := md5.New(), sha256.New(), crc64.New(crc64.MakeTable(crc64.ECMA)) // #nosec G401 -- the checksum of the documents
	s.putAs(w, r, io.TeeReader(r.Body, io.MultiWriter(md, sha, crc)))
}

func (s *server) putAs(w http.ResponseWriter, r *http.Request, body io.Reader) {
	if err := s.keep(r.PathValue("name"), body); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

func (s *server) keep(name string, body io.Reader) error {
	f, err := os.CreateTemp(s.folder, "put-")
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := io.Copy(f, body); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), s.path(name)); err != nil { // #nosec G703 -- the bench's own names
		return err
	}
	folder, err := os.Open(s.folder)
	if err != nil {
		return err
	}
	defer folder.Close()
	return folder.Sync()
}

func (s *server) get(w http.ResponseWriter, r *http.Request) {
	http.ServeFile(w, r, s.path(r.PathValue("name"))) // #nosec G703 -- the bench's own names
}

func (s *server) path(name string) string { return filepath.Join(s.folder, filepath.Base(name)) }
