package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"quartermaster/models/modelstest"
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

// commandLine is everything that the command line knows.
func commandLine(t *testing.T) *kong.Node {
	t.Helper()
	parser, err := kong.New(&config{}, kong.Name("quartermaster"), kong.DefaultEnvars("QUARTERMASTER"))
	if err != nil {
		t.Fatal(err)
	}
	return parser.Model.Node
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
	known := flags(commandLine(t))
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
	known := flags(commandLine(t))
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

func TestReadmeNamesCommandsThatExist(t *testing.T) {
	t.Parallel()
	found := 0
	for _, code := range inlineCode(t) {
		line, ok := strings.CutPrefix(strings.Trim(code, "`"), "quartermaster ")
		if !ok {
			continue
		}
		found++
		node := commandLine(t)
		for word := range strings.FieldsSeq(line) {
			if !regexp.MustCompile(`^[a-z]+$`).MatchString(word) || len(node.Children) == 0 {
				break
			}
			at := slices.IndexFunc(node.Children, func(n *kong.Node) bool { return n.Name == word })
			if at < 0 {
				t.Errorf("README: %s has no command %s", code, word)
				break
			}
			node = node.Children[at]
		}
	}
	if found == 0 {
		t.Error("README: got no command of the program")
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

// The statements are run as they stand by psql, and the program then works as
// the role that they made.
func TestReadmeGivesPostgresRights(t *testing.T) {
	t.Parallel()
	server := os.Getenv(modelstest.PostgresVariable)
	if server == "" {
		t.Skip("needs PostgreSQL: .ci/postgres go test ./cmd/quartermaster")
	}
	t.Cleanup(func() {
		psql(t, server, "DROP DATABASE IF EXISTS theirs; DROP DATABASE IF EXISTS quartermaster; DROP ROLE IF EXISTS quartermaster")
	})
	psql(t, server, block(t, "-- psql, as the superuser"))
	psql(t, server, "CREATE DATABASE theirs")
	psql(t, server+" dbname=theirs", block(t, "-- psql, as the owner of the database"))
	for _, name := range []string{"quartermaster", "theirs"} {
		cmd := exec.CommandContext(t.Context(), "quartermaster", "migrate", "--data", filepath.Join(t.TempDir(), "qm"))
		cmd.Env = append(os.Environ(), "QUARTERMASTER_DATABASE_URL="+server+" user=quartermaster dbname="+name)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("in the database %s: got %v: %s", name, err, out)
		}
	}
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
