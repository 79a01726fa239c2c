package backup

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// ErrNoTool says that a program of PostgreSQL is not there, or too old.
var ErrNoTool = errors.New("no fitting program of PostgreSQL")

// Tool finds pg_dump or pg_restore of a major version, or the next newer one:
// the one that is given, or else one in the PATH or where Debian keeps them.
func Tool(ctx context.Context, name, given string, major int) (string, error) {
	candidates := []string{given}
	if given == "" {
		candidates, _ = filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
		if found, err := exec.LookPath(name); err == nil {
			candidates = append(candidates, found)
		}
	}
	best, version := "", 0
	for _, path := range candidates {
		is := toolMajor(ctx, path)
		if is >= major && (best == "" || is < version) {
			best, version = path, is
		}
	}
	switch {
	case best != "":
		return best, nil
	case given != "":
		return "", fmt.Errorf("%w: %s is no %s of PostgreSQL %d or newer", ErrNoTool, given, name, major)
	}
	return "", fmt.Errorf("%w: %s of PostgreSQL %d or newer is needed", ErrNoTool, name, major)
}

var toolVersion = regexp.MustCompile(`\(PostgreSQL\) (\d+)`)

// toolMajor is the major version of a program of PostgreSQL, 0 when it is none.
func toolMajor(ctx context.Context, path string) int {
	out, err := exec.CommandContext(ctx, path, "--version").Output()
	if err != nil {
		return 0
	}
	found := toolVersion.FindSubmatch(out)
	if found == nil {
		return 0
	}
	major, _ := strconv.Atoi(string(found[1]))
	return major
}

// Schema is a schema of a PostgreSQL database, as a snapshot that another
// connection has exported shows it.
type Schema struct {
	Address  string
	Snapshot string
	Name     string
	Without  []string // tables that are left out
}

// Dump writes a schema to a file with pg_dump, which tool is the path of.
func (s Schema) Dump(ctx context.Context, tool, to string) error {
	args := []string{"--format=custom", "--no-owner", "--no-privileges", "--no-password", "--snapshot=" + s.Snapshot,
		"--schema=" + quoted(s.Name), "--file=" + to}
	for _, table := range s.Without {
		args = append(args, "--exclude-table="+quoted(s.Name)+"."+quoted(table))
	}
	return run(ctx, tool, s.Address, args...)
}

// Undump fills an empty schema of a PostgreSQL database with what Dump wrote,
// all of it or nothing.
func Undump(ctx context.Context, tool, address, from string) error {
	list, err := exec.CommandContext(ctx, tool, "--list", from).Output() // #nosec G204 -- the server administrator names the tool and the file
	if err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(tool), err)
	}
	// The schema itself is there already.
	var wanted bytes.Buffer
	for line := range strings.Lines(string(list)) {
		if fields := strings.Fields(line); len(fields) > 3 && fields[3] == "SCHEMA" {
			continue
		}
		wanted.WriteString(line)
	}
	listed := from + ".list"
	if err := os.WriteFile(listed, wanted.Bytes(), 0o600); err != nil {
		return err
	}
	defer os.Remove(listed)
	database, err := environment(address)
	if err != nil {
		return err
	}
	return run(ctx, tool, address, "--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges", "--no-password",
		"--use-list="+listed, "--dbname="+value(database, "PGDATABASE"), from)
}

func quoted(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// run runs a program of PostgreSQL. The address goes by environment: arguments
// can be seen by every user of the machine.
func run(ctx context.Context, tool, address string, args ...string) error {
	env, err := environment(address)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, tool, args...) // #nosec G204 -- the server administrator names the tool
	cmd.Env = append(os.Environ(), env...)
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Run(); err != nil {
		return errors.Join(ctx.Err(), fmt.Errorf("%s: %s: %w", filepath.Base(tool), strings.TrimSpace(said.String()), err))
	}
	return nil
}

// passedOn are the settings of an address that the programs of PostgreSQL know
// by a variable, beside those that every address has.
var passedOn = map[string]string{
	"sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT", "sslcert": "PGSSLCERT", "sslkey": "PGSSLKEY", "sslsni": "PGSSLSNI",
	"sslnegotiation": "PGSSLNEGOTIATION", "channel_binding": "PGCHANNELBINDING", "krbsrvname": "PGKRBSRVNAME",
}

var setting = regexp.MustCompile(`(?:^|\s)(\w+)\s*=\s*('(?:[^'\\]|\\.)*'|[^\s]+)`)

// environment is an address of a PostgreSQL database in the variables that its
// programs read.
func environment(address string) ([]string, error) {
	c, err := pgconn.ParseConfig(address)
	if err != nil {
		return nil, err
	}
	env := []string{"PGHOST=" + c.Host, "PGPORT=" + strconv.Itoa(int(c.Port)), "PGUSER=" + c.User, "PGDATABASE=" + c.Database}
	if c.Password != "" {
		env = append(env, "PGPASSWORD="+c.Password)
	}
	given := map[string]string{}
	if u, err := url.Parse(address); err == nil && strings.HasPrefix(u.Scheme, "postgres") {
		for name, values := range u.Query() {
			given[name] = values[0]
		}
	} else {
		for _, m := range setting.FindAllStringSubmatch(address, -1) {
			given[m[1]] = strings.NewReplacer(`\\`, `\`, `\'`, `'`).Replace(strings.Trim(m[2], "'"))
		}
	}
	for name, variable := range passedOn {
		if v, ok := given[name]; ok {
			env = append(env, variable+"="+v)
		}
	}
	slices.Sort(env)
	return env, nil
}

func value(env []string, name string) string {
	for _, e := range env {
		if v, ok := strings.CutPrefix(e, name+"="); ok {
			return v
		}
	}
	return ""
}
