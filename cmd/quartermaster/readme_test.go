package main

import (
	"bytes"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/alecthomas/kong"

	"quartermaster/models/modelstest"
	"quartermaster/web/webtest"
)

// readme is the text of the README.
func readme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// block is the code block of the README that begins with a line, without it:
// what an operator copies.
func block(t *testing.T, first string) string {
	t.Helper()
	_, rest, found := strings.Cut(readme(t), "\n"+first+"\n")
	text, _, ends := strings.Cut(rest, "\n```\n")
	if !found || !ends {
		t.Fatalf("README: got no block that begins with %q", first)
	}
	return text + "\n"
}

// inlineCode are the pieces of code within the README's sentences and tables.
func inlineCode(t *testing.T) []string {
	t.Helper()
	prose := regexp.MustCompile("(?ms)^```.*?^```$").ReplaceAllString(readme(t), "")
	return regexp.MustCompile("`[^`]+`").FindAllString(prose, -1)
}

// commandLine reads command lines as the program does.
func commandLine(t *testing.T) *kong.Kong {
	t.Helper()
	parser, err := kong.New(&config{}, kong.Name("quartermaster"), kong.DefaultEnvars("QUARTERMASTER"))
	if err != nil {
		t.Fatal(err)
	}
	return parser
}

// flags are those of a command and of all below it, by name.
func flags(n *kong.Node) map[string]*kong.Flag {
	all := map[string]*kong.Flag{}
	for _, f := range n.Flags {
		all["--"+f.Name] = f
	}
	for _, child := range n.Children {
		for name, f := range flags(child) {
			all[name] = f
		}
	}
	return all
}

func TestReadmeNamesFlagsAndVariablesThatExist(t *testing.T) {
	t.Parallel()
	known := flags(commandLine(t).Model.Node)
	known["--help"] = nil
	for _, code := range inlineCode(t) {
		for _, name := range regexp.MustCompile(`--[a-z][a-z-]+`).FindAllString(code, -1) {
			if _, ok := known[name]; !ok {
				t.Errorf("README: %s names %s, which is no flag", code, name)
			}
		}
	}
	variables := map[string]bool{modelstest.PostgresVariable: true}
	for _, f := range known {
		if f != nil {
			for _, name := range f.Envs {
				variables[name] = true
			}
		}
	}
	for _, name := range regexp.MustCompile(`QUARTERMASTER_[A-Z_]+`).FindAllString(readme(t), -1) {
		if !variables[name] {
			t.Errorf("README: %s is no setting", name)
		}
	}
}

func TestReadmeTellsTheDefaults(t *testing.T) {
	t.Parallel()
	known := flags(commandLine(t).Model.Node)
	rows := regexp.MustCompile("(?m)^\\| `(--[a-z-]+)` \\| `([A-Z_]+)` \\| (?:`([^`]*)`)?").FindAllStringSubmatch(readme(t), -1)
	if len(rows) == 0 {
		t.Fatal("README: got no table of settings")
	}
	for _, row := range rows {
		f := known[row[1]]
		if f == nil || !slices.Contains(f.Envs, row[2]) {
			t.Errorf("README: %s does not go with %s", row[1], row[2])
		} else if f.HasDefault && f.Default != row[3] {
			t.Errorf("README: %s has the default %q, want %q", row[1], row[3], f.Default)
		}
	}
}

// The commands of the program stand in sentences as `quartermaster …`, and in
// blocks for the shell also as qm.
func TestReadmeNamesCommandsThatExist(t *testing.T) {
	t.Parallel()
	lines := regexp.MustCompile(`(?m)^(?:quartermaster|qm) [a-z].*$`).FindAllString(readme(t), -1)
	for _, code := range inlineCode(t) {
		if line := strings.Trim(code, "`"); strings.HasPrefix(line, "quartermaster ") {
			lines = append(lines, line)
		}
	}
	if len(lines) == 0 {
		t.Fatal("README: got no command")
	}
	for _, line := range lines {
		words := strings.Fields(strings.TrimSuffix(line, " --help"))[1:]
		_, err := commandLine(t).Parse(words)
		if err != nil && !strings.HasPrefix(err.Error(), "expected ") { // what a sentence leaves out
			t.Errorf("README: %s: %v", line, err)
		}
	}
}

func TestReadmeNamesFoldersThatExist(t *testing.T) {
	t.Parallel()
	_, table, _ := strings.Cut(readme(t), "\n| folder | what is there |\n")
	table, _, _ = strings.Cut(table, "\n\n")
	rows := strings.Split(table, "\n")[1:]
	if len(rows) < 10 {
		t.Fatalf("README: got %d rows of folders", len(rows))
	}
	for _, row := range rows {
		for _, name := range regexp.MustCompile("`([a-z/]+)`").FindAllStringSubmatch(strings.Split(row, "|")[1], -1) {
			if info, err := os.Stat(filepath.Join("../..", name[1])); err != nil || !info.IsDir() {
				t.Errorf("README: %s is no folder", name[1])
			}
		}
	}
}

// The first example is run as it stands, with an address and a key of ours, and
// leaves a version behind. The Chinese README has the same.
func TestReadmesReleaseIsMade(t *testing.T) {
	t.Parallel()
	program := block(t, "// release.go")
	chinese, err := os.ReadFile("../../.github/README.zh.md")
	if err != nil {
		t.Fatal(err)
	}
	remark := regexp.MustCompile(` // .*`)
	if bare := remark.ReplaceAllString(program, ""); !strings.Contains(remark.ReplaceAllString(string(chinese), ""), bare) {
		t.Error("the Chinese README has another program")
	}
	address, folder := free(t), t.TempDir()
	p := proxied{Site: &webtest.Site{URL: "http://" + address}, said: start(t, "quartermaster", "--listen", address, "--data", filepath.Join(folder, "qm"))}
	until(t, "the program", func() bool {
		res, err := http.Get(p.URL + "/readyz")
		if err == nil {
			res.Body.Close()
		}
		return err == nil
	})
	admin := p.setUp(t)
	key := newKey(t, admin)
	host, port, _ := net.SplitHostPort(address)
	script, archive := filepath.Join(folder, "release.go"), filepath.Join(folder, "shop.war")
	program = strings.Replace(program, `"127.0.0.1", "8080"`, strconv.Quote(host)+", "+strconv.Quote(port), 1)
	for name, text := range map[string]string{script: program, archive: "PK\x05\x06" + strings.Repeat("\x00", 18)} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	release := exec.CommandContext(t.Context(), "go", "run", script, archive)
	release.Env = append(os.Environ(), "ALIBABA_CLOUD_ACCESS_KEY_ID="+key.ID, "ALIBABA_CLOUD_ACCESS_KEY_SECRET="+key.secret)
	out, err := release.CombinedOutput()
	made := regexp.MustCompile(`^(\S+) 1\.0\.0: SHA-256 8739c76e681f900923b900c9df0ef75cf421d39cabb54650c4b9ad19b6a76d85\n$`).FindSubmatch(out)
	if err != nil || made == nil {
		t.Fatalf("got %v: %s", err, out)
	}
	if page := admin.Get(t, "/pkg-versions/"+string(made[1])); page.Status != http.StatusOK || !strings.Contains(page.Text("h1"), "1.0.0") {
		t.Errorf("got %d %q, want the version that it made", page.Status, page.Text("h1"))
	}
}

// The blocks are run as they stand by psql and PgBouncer, but for places and
// ports, and the program then works as the role that they made.
func TestReadmeGivesPostgresRights(t *testing.T) {
	t.Parallel()
	server := os.Getenv(modelstest.PostgresVariable)
	if server == "" {
		t.Skip("needs PostgreSQL: .ci/postgres go test ./cmd/quartermaster")
	}
	t.Cleanup(func() {
		psql(t, server, "DROP DATABASE IF EXISTS theirs WITH (FORCE); DROP DATABASE IF EXISTS quartermaster WITH (FORCE); DROP ROLE IF EXISTS quartermaster")
	})
	psql(t, server, block(t, "-- psql, as the superuser"))
	psql(t, server, "CREATE DATABASE theirs")
	psql(t, server+" dbname=theirs", block(t, "-- psql, as the owner of the database"))
	for what, address := range map[string]string{
		"a database of its own": server + " user=quartermaster dbname=quartermaster",
		"a schema of its own":   server + " user=quartermaster dbname=theirs",
		"PgBouncer":             bounce(t, server),
	} {
		t.Run(what, func(t *testing.T) { // one after the other: a database belongs to one process
			said := start(t, "env", "QUARTERMASTER_DATABASE_URL="+address, "quartermaster", "--listen", "127.0.0.1:0", "--data", filepath.Join(t.TempDir(), "qm"))
			until(t, "the start", func() bool {
				text, err := os.ReadFile(said)
				return err == nil && bytes.Contains(text, []byte("Quartermaster is ready"))
			})
		})
	}
}

// bounce starts PgBouncer before the server, as whoever the server runs as, and
// gives the address of the database behind it.
func bounce(t *testing.T, server string) string {
	t.Helper()
	socket := regexp.MustCompile(`host=(\S+)`).FindStringSubmatch(server)[1]
	folder, err := os.MkdirTemp(socket, "pgbouncer")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(folder) })
	host, port, _ := net.SplitHostPort(free(t))
	users := filepath.Join(folder, "userlist.txt")
	conf := strings.NewReplacer("host=127.0.0.1 port=5432", "host="+socket, "6432", port, "/etc/pgbouncer/userlist.txt", users).
		Replace(block(t, "# /etc/pgbouncer/pgbouncer.ini"))
	for name, text := range map[string]string{users: "\"quartermaster\" \"a password\"\n", filepath.Join(folder, "pgbouncer.ini"): conf + "unix_socket_dir =\n"} {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	start(t, "setpriv", append(asOwner(t, socket), "pgbouncer", filepath.Join(folder, "pgbouncer.ini"))...)
	address := "host=" + host + " port=" + port + " user=quartermaster dbname=quartermaster password='a password'"
	until(t, "PgBouncer", func() bool { return exec.Command("psql", "-X", "-d", address, "-c", "SELECT 1").Run() == nil })
	return address
}

// asOwner are the words by which setpriv runs a program as the owner of a
// folder, where we may.
func asOwner(t *testing.T, folder string) []string {
	t.Helper()
	var at syscall.Stat_t
	if err := syscall.Stat(folder, &at); err != nil {
		t.Fatal(err)
	}
	if int(at.Uid) == os.Getuid() {
		return nil
	}
	return []string{"--clear-groups", "--reuid", strconv.Itoa(int(at.Uid)), "--regid", strconv.Itoa(int(at.Gid))}
}

// psql runs statements one by one. Of settings that the address has twice the
// last one counts.
func psql(t *testing.T, address, statements string) {
	t.Helper()
	cmd := exec.Command("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", address, "-f", "-")
	cmd.Stdin = strings.NewReader(statements)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("psql: %v: %s\n%s", err, out, statements)
	}
}
