package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/alecthomas/kong"

	"quartermaster/handlers/api"
	"quartermaster/models"
	"quartermaster/models/keyring"
)

// config is the command line. Each flag can also be set by the environment
// variable that --help shows beside it.
type config struct {
	Data    data             `embed:""`
	Version kong.VersionFlag `env:"-" help:"Print the version and stop."`

	Serve   serve    `cmd:"" default:"withargs" help:"Serve the console and run its jobs (the default)."`
	Migrate migrate  `cmd:"" help:"Upgrade the database to this version and stop. Serving does it too."`
	Key     key      `cmd:"" help:"Manage the encryption key of access keys. Stop the server first."`
	Backup  backup   `cmd:"" help:"Back up everything as it is now, whether the server runs or not."`
	Restore restore  `cmd:"" help:"Restore a backup into an empty data folder, with --database-url also into an empty database, and verify it."`
	Check   check    `cmd:"" help:"Check that database, files and counters match, whether the server runs or not. The exit code is 0 when they do."`
	Fill    demoData `cmd:"" name:"demo-data" help:"Fill an empty data folder, and an empty database, with sample orders and what they made, by default ./quartermaster-demo: for trying the desk at its full size."`
	User    user     `cmd:"" help:"Manage accounts when nobody can sign in. Stop the server first: a data folder belongs to one process."`
}

// data says where everything is kept.
type data struct {
	Folder      string `name:"data" placeholder:"./quartermaster-data" help:"Data folder. With --demo the default is ./quartermaster-demo."`
	Database    string `name:"database-url" placeholder:"postgres://…" help:"Address of a PostgreSQL database. Empty means SQLite in the data folder. Set it by environment: every user of the machine can see flags."`
	Connections count  `name:"database-connections" default:"16" help:"Most open connections to PostgreSQL. All processes together must stay below its max_connections, or below the pool of a PgBouncer."`
	SecretKey   string `placeholder:"…" help:"Encryption key of access keys: 32 bytes in base64 or hex. Empty means the file secret.key in the data folder, created when first needed."`

	EmptyDatabase bool `name:"accept-empty-database" env:"-" help:"Start once with an empty or missing database although the data folder has objects, stores, an encryption key or a past. Starts afresh and removes nothing; order numbers continue after the last one used."`
	OtherDatabase bool `name:"accept-other-database" env:"-" help:"Start once with a database and a data folder that do not match. They belong together from then on; nothing is removed, and what only their former partners have is missing."`
	OlderDatabase bool `name:"accept-older-database" env:"-" help:"Start once with a database older than the data folder, such as a restored backup. Later changes are missing; nothing is removed, and order numbers continue after the last one used."`
	EmptyFolder   bool `name:"accept-empty-folder" env:"-" help:"Start once with a new data folder and a database that had another. The objects, stores and encryption key of the old folder are missing; nothing is removed."`

	forget   bool // the access keys, when their secret key is lost
	existing bool // do not make a new desk
}

// Validate refuses wrong settings of the data before anything is opened. The
// values hold secrets, so the errors do not repeat them.
func (d *data) Validate() error {
	if err := models.CheckPostgres(d.Database); d.Database != "" && err != nil {
		return fmt.Errorf("--database-url: %w", err)
	}
	if err := keyring.Check(d.SecretKey); d.SecretKey != "" && err != nil {
		return fmt.Errorf("--secret-key: %w", err)
	}
	return nil
}

// The default folders. The demo has its own, so that samples and real data
// never mix.
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

// open opens the data. Without a clock it uses the machine's.
func (d *data) open(ctx context.Context, demo bool, clock models.Clock, log *slog.Logger) (*models.DB, error) {
	if err := keepTemporary(d.folder(demo)); err != nil {
		return nil, err
	}
	return models.Open(ctx, d.options(demo, clock, log))
}

func (d *data) options(demo bool, clock models.Clock, log *slog.Logger) models.Options {
	return models.Options{Folder: d.folder(demo), Postgres: d.Database, Connections: int(d.Connections), SecretKey: d.SecretKey, ForgetAccessKeys: d.forget, Existing: d.existing,
		Accept:     models.Accept{EmptyDatabase: d.EmptyDatabase, OtherDatabase: d.OtherDatabase, OlderDatabase: d.OlderDatabase, EmptyFolder: d.EmptyFolder},
		Operations: api.Documented().Limits(), Clock: clock, Log: log}
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

// logging says what is logged.
type logging struct {
	LogFormat string `default:"text" enum:"text,json" help:"Format of the log on standard error: text for reading, json for a collector."`
	LogLevel  string `default:"info" enum:"debug,info,warn,error" help:"Lowest level logged. info has one line per request; debug adds health checks, static files and successful polls."`
}

func (l logging) logger() *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(l.LogLevel)) // one of the enum
	opts := &slog.HandlerOptions{Level: level}
	if l.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(os.Stderr, opts))
	}
	return slog.New(slog.NewTextHandler(os.Stderr, opts))
}
