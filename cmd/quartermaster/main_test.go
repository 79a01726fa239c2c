package main

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	_ "github.com/mattn/go-sqlite3"
	"github.com/rogpeppe/go-internal/testscript"

	"quartermaster/models"
	"quartermaster/models/modelstest"
)

func TestMain(m *testing.M) {
	// One more at a time than usual, for TestWhatTakesLongIsCarried only waits.
	_ = flag.Set("test.parallel", strconv.Itoa(runtime.GOMAXPROCS(0)+1))
	testscript.Main(m, map[string]func(){"quartermaster": main})
}

// TestScripts runs the program as its operator would. Each script has an
// address of its own in $ADDR, and where there is PostgreSQL that of an empty
// database in $POSTGRES.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(e *testscript.Env) error {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				return err
			}
			e.Setenv("ADDR", l.Addr().String())
			if modelstest.Postgres() {
				e.Setenv("POSTGRES", modelstest.Choose(t, models.Options{Folder: e.WorkDir}).Postgres)
			}
			e.Values["load"] = newLoad()
			return l.Close()
		},
		Condition: condition,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"get":    get,
			"setup":  setup,
			"mode":   mode,
			"term":   term,
			"sqlite": sqlite,
			"json":   jsonLines,
			"upload": upload,
			"files":  files,
			"empty":  emptyDatabase,
			"load":   runLoad,
		},
	})
}

// condition tells whether the machine lets a script do what it is about. In a
// script, [mounts] is the right to mount file systems that nobody else sees, and
// [postgres] that there is PostgreSQL.
func condition(name string) (bool, error) {
	switch name {
	case "mounts":
		return exec.Command("unshare", "-m", "mount", "-t", "tmpfs", "none", "/mnt").Run() == nil, nil
	case "postgres":
		return modelstest.Postgres(), nil
	}
	return false, fmt.Errorf("unknown condition %s", name)
}

// get STATUS PATH [PATTERN] asks the server at $ADDR for a page, waiting for it
// to start.
func get(ts *testscript.TestScript, _ bool, args []string) {
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	var res *http.Response
	var err error
	for range 200 {
		if res, err = client.Get("http://" + ts.Getenv("ADDR") + args[1]); err == nil {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	ts.Check(err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	ts.Check(err)
	if strconv.Itoa(res.StatusCode) != args[0] {
		ts.Fatalf("%s: got %d, want %s", args[1], res.StatusCode, args[0])
	}
	if len(args) > 2 && !regexp.MustCompile(args[2]).Match(body) {
		ts.Fatalf("%s: got a page without %q:\n%s", args[1], args[2], body)
	}
}

// setup FILE sets the site up by the link that the program printed into FILE.
func setup(ts *testscript.TestScript, _ bool, args []string) {
	link := regexp.MustCompile(`http://\S+/setup\?link=(\S+)`)
	var found []string
	for range 200 {
		if found = link.FindStringSubmatch(ts.ReadFile(args[0])); found != nil {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if found == nil {
		ts.Fatalf("no setup link was printed: %s", ts.ReadFile(args[0]))
	}
	jar, err := cookiejar.New(nil)
	ts.Check(err)
	res, err := (&http.Client{Jar: jar}).PostForm("http://"+ts.Getenv("ADDR")+"/setup", url.Values{
		"link": {found[1]}, "team_name": {"Platform"}, "user_name": {"Lin"}, "email": {"lin@example.com"},
		"password": {"a long walk by the river"},
	})
	ts.Check(err)
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK || res.Request.URL.Path != "/" {
		ts.Fatalf("setup ended at %s with %d", res.Request.URL, res.StatusCode)
	}
}

// upload N orders a bucket at the server at $ADDR, as the one whom setup made,
// and puts N objects into it.
func upload(ts *testscript.TestScript, _ bool, args []string) {
	jar, err := cookiejar.New(nil)
	ts.Check(err)
	site, browser := "http://"+ts.Getenv("ADDR"), &http.Client{Jar: jar}
	post := func(path, kind string, body io.Reader) string {
		res, err := browser.Post(site+path, kind, body)
		ts.Check(err)
		defer res.Body.Close()
		if res.StatusCode != http.StatusOK || res.Request.Method == http.MethodPost {
			ts.Fatalf("%s: got %d, want to be sent on", path, res.StatusCode)
		}
		return res.Request.URL.Path
	}
	form := func(values url.Values) (string, io.Reader) {
		return "application/x-www-form-urlencoded", strings.NewReader(values.Encode())
	}
	kind, body := form(url.Values{"email": {"lin@example.com"}, "password": {"a long walk by the river"}})
	post("/sign-in", kind, body)
	kind, body = form(url.Values{"region": {"cn-hangzhou"}})
	bucket := post("/buckets", kind, body)
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	var text bytes.Buffer
	parts := multipart.NewWriter(&text)
	for i := range n {
		part, err := parts.CreateFormFile("file", fmt.Sprint(i))
		ts.Check(err)
		fmt.Fprint(part, i)
	}
	ts.Check(parts.Close())
	post(bucket+"/objects", parts.FormDataContentType(), &text)
}

// files N PATTERN… counts the files that match.
func files(ts *testscript.TestScript, _ bool, args []string) {
	var found []string
	for _, pattern := range args[1:] {
		some, err := filepath.Glob(ts.MkAbs(pattern))
		ts.Check(err)
		found = append(found, some...)
	}
	if strconv.Itoa(len(found)) != args[0] {
		ts.Fatalf("got %d files, want %s: %v", len(found), args[0], found)
	}
}

// mode BITS PATH… holds the rights of files: no right is given beyond BITS.
func mode(ts *testscript.TestScript, _ bool, args []string) {
	allowed, err := strconv.ParseUint(args[0], 8, 32)
	ts.Check(err)
	for _, pattern := range args[1:] {
		paths, err := filepath.Glob(ts.MkAbs(pattern))
		ts.Check(err)
		if len(paths) == 0 {
			ts.Fatalf("no file %s", pattern)
		}
		for _, path := range paths {
			info, err := os.Stat(path)
			ts.Check(err)
			if info.Mode().Perm()&^os.FileMode(allowed) != 0 {
				ts.Fatalf("%s: got %v, want no more than %o", path, info.Mode().Perm(), allowed)
			}
		}
	}
}

// term asks the programs that run in the background to stop, as a supervisor
// does.
func term(ts *testscript.TestScript, _ bool, _ []string) {
	for _, cmd := range ts.BackgroundCmds() {
		ts.Check(cmd.Process.Signal(syscall.SIGTERM))
	}
}

// sqlite FILE STATEMENT runs a statement on a database behind the program's
// back.
func sqlite(ts *testscript.TestScript, _ bool, args []string) {
	db, err := sql.Open("sqlite3", "file:"+ts.MkAbs(args[0]))
	ts.Check(err)
	defer db.Close()
	_, err = db.Exec(strings.Join(args[1:], " "))
	ts.Check(err)
}

// json FILE holds that each line of the file is a JSON object.
func jsonLines(ts *testscript.TestScript, _ bool, args []string) {
	for line := range strings.Lines(ts.ReadFile(args[0])) {
		var object map[string]any
		if err := json.Unmarshal([]byte(line), &object); err != nil {
			ts.Fatalf("%q: %v", line, err)
		}
	}
}
