package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"quartermaster/models"
)

// config is the command line. Each flag can also be set by the environment
// variable that --help shows beside it.
type config struct {
	Data data `embed:""`

	Serve   serve   `cmd:"" default:"withargs" help:"Serve the console and do its jobs (the default)."`
	Migrate migrate `cmd:"" help:"Bring the database to the shape of this version and stop. Serving does it too."`
	Key     key     `cmd:"" help:"Look after the key that access keys are encrypted with. Stop the server first."`
	User    user    `cmd:"" help:"Look after accounts when nobody can sign in. Stop the server first: a data folder belongs to one process."`
}

// data says where everything is kept.
type data struct {
	Folder    string `name:"data" placeholder:"./quartermaster-data" help:"Folder of everything that is kept; beside where you start it, so that a first try needs no rights. With --demo the default is ./quartermaster-demo."`
	Database  string `name:"database-url" placeholder:"postgres://…" help:"Address of a PostgreSQL database. Empty means SQLite in the data folder, which needs nothing else. Set it by environment: flags can be seen by every user of the machine."`
	SecretKey string `placeholder:"…" help:"Encrypts the secrets of access keys: 32 bytes in base64 or hex. Empty means the file secret.key in the data folder, made when it is first needed; several processes need the same, set by environment."`

	forget bool // the access keys, where their secret key is lost
}

// The default folders. The demo has its own, so that samples and real data never
// meet.
const (
	realFolder = "quartermaster-data"
	demoFolder = "quartermaster-demo"
)

// folder is where the data is kept.
func (d *data) folder(demo bool) string {
	switch {
	case d.Folder != "":
		return d.Folder
	case demo:
		return demoFolder
	}
	return realFolder
}

// open opens the data. Without a clock it goes by the machine's.
func (d *data) open(ctx context.Context, demo bool, clock models.Clock, log *slog.Logger) (*models.DB, error) {
	folder := d.folder(demo)
	if err := keepTemporary(folder); err != nil {
		return nil, err
	}
	return models.Open(ctx, models.Options{Folder: folder, Postgres: d.Database, SecretKey: d.SecretKey, ForgetAccessKeys: d.forget,
		Clock: clock, Log: log})
}

// keepTemporary lets the program and SQLite keep their temporary files in the
// data folder: the machine's own place for them may be read-only or full.
func keepTemporary(folder string) error {
	path, err := filepath.Abs(models.TemporaryFolder(folder))
	if err != nil {
		return fmt.Errorf("find data folder: %w", err)
	}
	return errors.Join(os.Setenv("TMPDIR", path), os.Setenv("SQLITE_TMPDIR", path))
}

// logging says what is written down about the program's work.
type logging struct {
	LogFormat string `default:"text" enum:"text,json" help:"Form of the log on standard error: text for people, json for a collector."`
	LogLevel  string `default:"info" enum:"debug,info,warn,error" help:"Least level that is logged. info has a line a request."`
}

func (l logging) logger() (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(l.LogLevel)); err != nil {
		return nil, fmt.Errorf("log level: %w", err)
	}
	opts := &slog.HandlerOptions{Level: level}
	if l.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(os.Stderr, opts)), nil
	}
	return slog.New(slog.NewTextHandler(os.Stderr, opts)), nil
}

// size is a number of bytes, written plainly or as "512MiB" or "5GiB".
type size int64

// UnmarshalText reads a size.
func (s *size) UnmarshalText(text []byte) error {
	number, unit := string(text), int64(1)
	for i, suffix := range []string{"KiB", "MiB", "GiB", "TiB"} {
		if rest, ok := strings.CutSuffix(number, suffix); ok {
			number, unit = rest, 1<<(10*(i+1))
		}
	}
	n, err := strconv.ParseInt(strings.TrimSpace(number), 10, 64)
	if err != nil || n <= 0 || n > math.MaxInt64/unit {
		return fmt.Errorf("%q is no size such as 512MiB or 5GiB", text)
	}
	*s = size(n * unit)
	return nil
}

// address is the site's own address: where people reach it.
type address string

// UnmarshalText reads an address and leaves out a slash at its end.
func (a *address) UnmarshalText(text []byte) error {
	u, err := url.Parse(string(text))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.User != nil {
		return fmt.Errorf("%q is no address such as https://desk.example.com (without a path)", text)
	}
	*a = address(u.Scheme + "://" + u.Host)
	return nil
}
