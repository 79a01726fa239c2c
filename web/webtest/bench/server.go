package main

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"

	"quartermaster/models"
)

// now is the machine's clock.
var now = models.SystemClock

// server is a program that runs, on a processor of its own where there are two.
type server struct {
	at      string
	cookie  string
	command *exec.Cmd
	log     string
	started time.Duration // to the first answer
	ended   chan struct{}
}

// pinned is a command on a processor, where there are several and a way to say
// so.
func pinned(processor int, name string, args ...string) *exec.Cmd {
	if _, err := exec.LookPath("taskset"); err != nil || runtime.NumCPU() < 2 {
		return exec.Command(name, args...) // #nosec G204 -- a program that the bench has built
	}
	return exec.Command("taskset", append([]string{"-c", strconv.Itoa(processor), name}, args...)...) // #nosec G204 -- a program that the bench has built
}

// pinSelf leaves the first processor to the servers.
func pinSelf() {
	if _, err := exec.LookPath("taskset"); err == nil && runtime.NumCPU() > 1 {
		_ = exec.Command("taskset", "-a", "-cp", fmt.Sprintf("1-%d", runtime.NumCPU()-1), strconv.Itoa(os.Getpid())).Run() // #nosec G204 -- the bench itself
	}
}

// port is an address of this machine that nobody listens on.
func port() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// start starts a program and waits until a page of it is answered. env is added
// to the environment.
func (b *bench) start(page string, env []string, program string, args ...string) (*server, error) {
	at, err := port()
	if err != nil {
		return nil, err
	}
	s := &server{at: at, log: filepath.Join(b.work, fmt.Sprintf("%s-%s.log", filepath.Base(program), strings.ReplaceAll(at, ":", "-"))), ended: make(chan struct{})}
	log, err := os.Create(s.log)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	s.command = pinned(0, program, append(args, "--listen", at)...)
	s.command.Env = append(os.Environ(), env...)
	s.command.Stderr = log
	s.command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	began := now()
	if err := s.command.Start(); err != nil {
		return nil, err
	}
	go func() { _ = s.command.Wait(); close(s.ended) }()
	b.running = append(b.running, s)
	c := client{at: at}
	defer c.lost(nil)
	for now().Sub(began) < 5*time.Minute {
		r, err := c.do([]byte("GET "+page+" HTTP/1.1\r\nHost: "+at+"\r\n\r\n"), false)
		if err == nil && r.status == 200 {
			s.started = now().Sub(began)
			return s, nil
		}
		select {
		case <-s.ended:
			text, _ := os.ReadFile(s.log)
			return nil, fmt.Errorf("%s ended: %s", program, text)
		case <-time.After(500 * time.Microsecond):
		}
	}
	return nil, fmt.Errorf("%s does not answer", program)
}

// stop ends the server, and waits for it.
func (s *server) stop() {
	_ = s.command.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.ended:
	case <-time.After(30 * time.Second):
		_ = s.command.Process.Kill()
		<-s.ended
	}
}

// signIn signs a person in by the form.
func (s *server) signIn(email, password string) error {
	c := client{at: s.at}
	defer c.lost(nil)
	r, err := c.do(post(s, "/sign-in", url.Values{"email": {email}, "password": {password}}.Encode()), true)
	if err != nil || r.status != 303 {
		return fmt.Errorf("sign in: got %d, %v", r.status, err)
	}
	var all []string
	for line := range strings.Lines(r.header["set-cookie"]) {
		pair, _, _ := strings.Cut(line, ";")
		all = append(all, strings.TrimSpace(pair))
	}
	s.cookie = strings.Join(all, "; ")
	return nil
}

// cpu is the processor time that the server has had.
func (s *server) cpu() time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.command.Process.Pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.ParseInt(fields[11], 10, 64)
	system, _ := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * time.Second / 100 // the kernel tells hundredths to programs
}

// status is a line of what the kernel says of the server: of memory in KiB.
func (s *server) status(name string) int64 {
	f, err := os.Open(fmt.Sprintf("/proc/%d/status", s.command.Process.Pid))
	if err != nil {
		return 0
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if value, found := strings.CutPrefix(lines.Text(), name+":"); found {
			n, _ := strconv.ParseInt(strings.Fields(value)[0], 10, 64)
			return n
		}
	}
	return 0
}

// handles is how many files and connections the server has open.
func (s *server) handles() int {
	all, _ := os.ReadDir(fmt.Sprintf("/proc/%d/fd", s.command.Process.Pid))
	return len(all)
}

// forgetPeak lets VmHWM begin anew.
func (s *server) forgetPeak() {
	_ = os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", s.command.Process.Pid), []byte("5"), 0o600)
}

// goroutines ends the server in a way that makes it list its goroutines.
func (s *server) goroutines() int {
	_ = s.command.Process.Signal(syscall.SIGQUIT)
	<-s.ended
	text, err := os.ReadFile(s.log)
	if err != nil {
		return 0
	}
	n := 0
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "goroutine ") && strings.HasSuffix(strings.TrimSpace(line), ":") {
			n++
		}
	}
	return n
}

// person is somebody who can sign in.
type person struct{ email, password string }

// desk is a filled desk.
type desk struct {
	folder   string
	postgres string // its address, "" with SQLite
	rows     int
	admin    person
}

// env are the settings of a desk.
func (d desk) env() []string {
	return []string{"QUARTERMASTER_DATA=" + d.folder, "QUARTERMASTER_DATABASE_URL=" + d.postgres}
}

// fill fills a desk, or finds that it was filled before.
func (b *bench) fill(rows int) (desk, error) {
	d := desk{folder: filepath.Join(b.keep, fmt.Sprintf("desk-%d", rows)), rows: rows}
	if b.postgres != "" {
		var err error
		if d.postgres, err = b.database(fmt.Sprintf("desk_%d", rows)); err != nil {
			return d, err
		}
	}
	who := d.folder + ".people"
	text, err := os.ReadFile(who) // #nosec G304 -- a file of the bench's own
	if errors.Is(err, os.ErrNotExist) {
		b.say("filling a desk with %d orders", rows)
		command := exec.Command(b.program, "demo-data", "--rows", strconv.Itoa(rows)) // #nosec G204 -- a program that the bench has built
		command.Env, command.Stderr = append(os.Environ(), d.env()...), os.Stderr
		began := now()
		if text, err = command.Output(); err != nil {
			return d, fmt.Errorf("demo-data: %w", err)
		}
		b.say("filled in %s", now().Sub(began).Round(time.Second))
		err = os.WriteFile(who, text, 0o600)
	} else if err == nil {
		err = d.renew(context.Background())
	}
	if err != nil {
		return d, err
	}
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); len(f) == 3 && f[0] == "admin" && d.admin.email == "" {
			d.admin = person{f[1], f[2]}
		}
	}
	return d, nil
}

// renew brings a desk that an older version filled to where the worker of this
// one would bring it in time.
func (d desk) renew(ctx context.Context) error {
	db, err := models.Open(ctx, models.Options{Folder: d.folder, Postgres: d.postgres, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	return errors.Join(db.SettlePlans(ctx), db.FillSearch(ctx), db.Close())
}

// serve serves a desk, with somebody signed in.
func (b *bench) serve(d desk, env ...string) (*server, error) {
	s, err := b.start("/sign-in", append(d.env(), env...), b.program, "serve", "--api-rate", "0")
	if err != nil {
		return nil, err
	}
	return s, s.signIn(d.admin.email, d.admin.password)
}

// limit serves the program that desks are measured beside.
func (b *bench) limit(rows int, folder string, env ...string) (*server, error) {
	args := []string{"--rows", strconv.Itoa(rows), "--file", filepath.Join(folder, fmt.Sprintf("limit-%d.db", rows))}
	if b.postgres != "" {
		address, err := b.database(fmt.Sprintf("limit_%d", rows))
		if err != nil {
			return nil, err
		}
		args = append(args, "--postgres", address)
	}
	return b.start("/list", env, b.bare, args...)
}

// database is the address of a database of the PostgreSQL, made when it is
// first asked for.
func (b *bench) database(name string) (string, error) {
	pool, err := sql.Open("pgx", b.postgres)
	if err != nil {
		return "", err
	}
	defer pool.Close()
	var there bool
	err = pool.QueryRow("SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)", name).Scan(&there)
	if err == nil && !there {
		_, err = pool.Exec("CREATE DATABASE " + name)
	}
	return b.postgres + " dbname=" + name, err
}

// actor is the admin of a desk that is not served, who works with it directly.
func (d desk) actor(ctx context.Context, db *models.DB) (models.Actor, error) {
	from := models.Actor{Face: models.ByForm, Address: "127.0.0.1"}
	in, err := db.SignIn(ctx, from, models.SignInInput{Email: d.admin.email, Password: d.admin.password}, "")
	if err != nil {
		return from, err
	}
	session, err := db.FindSession(ctx, in.Token)
	if err != nil {
		return from, err
	}
	return session.Actor(from), nil
}
