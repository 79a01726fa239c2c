// Command quartermaster is the whole program: the console, its worker, and the
// tools of its operator.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"os/signal"
	"strings"
	"syscall"
	_ "time/tzdata" // people choose time zones that a bare machine may not know

	"github.com/alecthomas/kong"

	"quartermaster/models"
	backups "quartermaster/models/backup"
	"quartermaster/models/migrations"
)

func main() {
	syscall.Umask(0o077) // what the program writes is its owner's alone
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// A second signal, while the program is stopping, ends it at once.
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run does what the arguments say and returns the exit code: 0 when it was done,
// 1 when it could not be, 2 when the arguments make no sense.
func run(ctx context.Context, args []string, out, errs io.Writer) int {
	var c config
	exited := -1
	parser, err := kong.New(&c,
		kong.Name("quartermaster"),
		kong.Description("Order, track and print your team’s cloud resources. Without a command it serves."),
		kong.DefaultEnvars(prefix),
		kong.Vars{"version": fullVersion()},
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
		kong.Help(help),
		kong.Writers(out, errs),
		kong.Exit(func(code int) { exited = code }),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.BindTo(out, (*io.Writer)(nil)),
		kong.Bind(console{errs}),
	)
	if err != nil {
		return refuse(errs, 1, err)
	}
	unknown := readEnviron(parser.Model)
	parsed, err := parser.Parse(args)
	switch {
	case exited >= 0: // help or version was asked for and printed
		return exited
	case err != nil:
		return refuse(errs, 2, err)
	}
	if parsed.Selected() == nil || parsed.Selected().Name != "serve" { // which logs them
		unknown.print(errs)
	}
	if err := parsed.Run(&c.Data, unknown); err != nil {
		return refuse(errs, 1, err)
	}
	return 0
}

// help prints what kong prints, and for the program as a whole also the settings
// of serve, which is what it does without a command.
func help(o kong.HelpOptions, c *kong.Context) error {
	if err := kong.DefaultHelpPrinter(o, c); err != nil || c.Selected() != nil {
		return err
	}
	served, err := kong.Trace(c.Kong, []string{"serve"})
	if err != nil {
		return err
	}
	fmt.Fprintln(c.Stdout)
	return kong.DefaultHelpPrinter(o, served)
}

// refuse says in one sentence why the program ends.
func refuse(errs io.Writer, code int, err error) int {
	fmt.Fprintln(errs, "quartermaster: "+strings.Join(strings.Fields(plainly(err)), " "))
	return code
}

// cures says what to do about errors. The first that matches counts.
var cures = []struct {
	is   error
	said string // in place of the error's own words
	cure string
}{
	{is: models.ErrFolderInUse, said: "the data folder is in use by another Quartermaster", cure: "stop that one, or name another folder with --data"},
	{is: migrations.ErrNewer, said: "the database belongs to a newer version of Quartermaster", cure: "start that version, or name another folder with --data"},
	{is: models.ErrDatabaseInUse, cure: "a database belongs to one process at a time: stop that one, or correct --database-url"},
	{is: models.ErrDatabaseEmpty, cure: "nothing was changed: put the database that belongs to it back, or correct --data or --database-url; to begin anew beside what is there, start once with --accept-empty-database"},
	{is: models.ErrDatabaseOther, cure: "nothing was changed: correct --data or --database-url; to join the two for good, start once with --accept-other-database"},
	{is: models.ErrDatabaseOlder, cure: "nothing was changed: put the newest database back; to go on without what came later, start once with --accept-older-database"},
	{is: models.ErrFolderEmpty, cure: "nothing was changed: put the data folder that belongs to it back, or correct --data or --database-url; to go on without its objects and stores, start once with --accept-empty-folder"},
	{is: models.ErrIdentityDamaged, cure: "nothing was changed: put a copy of it back, or, if there is none, move it away and start once with --accept-other-database"},
	{is: models.ErrDatabaseDamaged, said: models.ErrDatabaseDamaged.Error(), cure: "keep it, and restore the newest backup into an empty folder with: quartermaster restore"},
	{is: models.ErrSecretKey, cure: "put the file secret.key that belongs to this database back into the data folder, or set QUARTERMASTER_SECRET_KEY as it was; if it is lost, delete all access keys with: quartermaster key reset"},
	{is: models.ErrHalfRestored, cure: "restore again into an empty folder, or read the file restoring in it"},
	{is: models.ErrHalfFilled, cure: "delete the folder, and what is in the PostgreSQL database if there is one, and begin anew"},
	{is: models.ErrNoDesk, cure: "name the data folder with --data, and a PostgreSQL database with --database-url"},
	{is: migrations.ErrNone, cure: "name the data folder with --data, and a PostgreSQL database with --database-url"},
	{is: migrations.ErrOlder, cure: "take the backup with that version, or start this one once, which brings the database up to date"},
	{is: models.ErrEngine, cure: "a backup of SQLite is restored without --database-url, one of PostgreSQL with it"},
	{is: backups.ErrForeign, cure: "name a new or an empty folder"},
	{is: backups.ErrInUse, cure: "wait for it, or name another place"},
	{is: backups.ErrNoTool, cure: "install it (Debian: postgresql-client), or name it with --pg-dump or --pg-restore"},
	{is: backups.ErrCut, said: backups.ErrCut.Error(), cure: "restore another one, into an empty folder: the one that this was restored into is not whole"},
	{is: backups.ErrDamaged, said: backups.ErrCut.Error(), cure: "restore another one, into an empty folder: the one that this was restored into is not whole"},
	{is: models.ErrPooled, cure: "give this command the address of PostgreSQL itself, with QUARTERMASTER_DATABASE_URL or --database-url"},
	{is: models.ErrNotEmpty, cure: "name an empty data folder with --data, and an empty PostgreSQL database with --database-url"},
	{is: syscall.EADDRINUSE, cure: "another program listens there, choose another address with --listen"},
	{is: syscall.EADDRNOTAVAIL, cure: "this machine has no such address, choose another one with --listen, or :8080 for all that it has"},
}

// plainly is an error in words for the person who started the program.
func plainly(err error) string {
	if errors.Is(err, context.Canceled) {
		return "interrupted before it was done"
	}
	for _, c := range cures {
		if errors.Is(err, c.is) {
			return cmp.Or(c.said, err.Error()) + "; " + c.cure
		}
	}
	var path *fs.PathError
	var listen *net.OpError
	switch {
	case errors.As(err, &listen) && errors.Is(err, fs.ErrPermission):
		return err.Error() + "; a port below 1024 needs a right of its own, choose a higher one with --listen"
	case errors.Is(err, models.ErrNoSpace):
		return "the disk is full: " + err.Error()
	case errors.As(err, &path) && errors.Is(err, fs.ErrPermission):
		return "no right to use " + path.Path + ": give it to this user, or name another folder with --data"
	case path != nil:
		return "cannot use " + path.Path + ": " + path.Err.Error()
	}
	return err.Error()
}
