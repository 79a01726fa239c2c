package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"quartermaster/models"
)

// console is standard error, where the progress of long work is shown.
type console struct{ io.Writer }

// terminal tells whether it is a terminal, so that a line can be overwritten.
func (c console) terminal() bool {
	f, ok := c.Writer.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// watch shows the progress of work until stop is called: a line from time to
// time or, on a terminal, one line that is overwritten.
func (c console) watch() (m *models.Meter, stop func()) {
	m = new(models.Meter)
	every, line := 10*time.Second, "%s\n"
	if c.terminal() {
		every, line = 200*time.Millisecond, "\r\x1b[K%s"
	}
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				fmt.Fprintf(c, line, progress(m.Now()))
			case <-done:
				return
			}
		}
	}()
	return m, func() {
		close(done)
		<-ended
		if c.terminal() {
			fmt.Fprint(c, "\r\x1b[K")
		}
	}
}

// progress is a step of long work in words.
func progress(s models.Step) string {
	text := s.What
	if s.Total > 0 {
		text += fmt.Sprintf(": %d of %d", s.Done, s.Total)
	}
	if s.Bytes > 0 {
		text += ", " + size(s.Bytes).String()
	}
	return text
}

// String is the size for a person.
func (s size) String() string {
	value, unit := float64(s), "bytes"
	for _, next := range []string{"KiB", "MiB", "GiB", "TiB"} {
		if value < 1024 {
			break
		}
		value, unit = value/1024, next
	}
	if unit == "bytes" {
		return fmt.Sprintf("%d bytes", int64(s))
	}
	return fmt.Sprintf("%.1f %s", value, unit)
}

// look opens the data while a server may be running, does something with it and
// closes it.
func (d *data) look(ctx context.Context, do func(*models.DB) error) error {
	if err := keepTemporary(d.folder(false)); err != nil {
		return err
	}
	db, err := models.OpenBeside(ctx, d.options(false, nil, slog.New(slog.DiscardHandler)))
	if err != nil {
		return err
	}
	return errors.Join(do(db), db.Close())
}

// backup copies the desk.
type backup struct {
	To   string `arg:"" name:"folder|file" help:"Destination: a folder, which later takes only what is new, or a file that ends in .tar, .tar.gz or .tgz."`
	Dump string `name:"pg-dump" placeholder:"/usr/lib/postgresql/…/pg_dump" help:"The pg_dump to use, of the server’s version or newer. Found automatically by default."`
}

// Run copies the desk and says what is in the copy.
func (b *backup) Run(ctx context.Context, out io.Writer, c console, d *data) error {
	return d.look(ctx, func(db *models.DB) error {
		m, stop := c.watch()
		r, err := db.Backup(ctx, models.BackupInput{To: b.To, Program: version(), Dump: b.Dump, Meter: m})
		stop()
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "Backed up to %s: the database (%s) and %d objects (%s), of which %d (%s) are new there.\n", b.To,
			size(r.Database.Size), r.Blobs, size(r.Bytes), r.Copied, size(r.CopiedBytes))
		if r.Notice != "" {
			fmt.Fprintln(out, r.Notice)
		}
		if !r.Whole() {
			return fmt.Errorf("objects are missing (%d) or damaged (%d) in the data folder itself: %s; the backup has all the rest; see which they are with: quartermaster check",
				len(r.Missing), len(r.Damaged), some(append(r.Missing, r.Damaged...)))
		}
		return nil
	})
}

// some are the first few of many, for a person.
func some(all []string) string {
	const most = 5
	if len(all) > most {
		return strings.Join(all[:most], "; ") + "; and " + fmt.Sprint(len(all)-most) + " more"
	}
	return strings.Join(all, "; ")
}

// restore restores a backup.
type restore struct {
	From string `arg:"" name:"folder|file" help:"The backup to restore."`
	Tool string `name:"pg-restore" placeholder:"/usr/lib/postgresql/…/pg_restore" help:"The pg_restore to use. Found automatically by default."`
}

// Run restores the backup into the data folder, which must be empty, verifies
// it and reports the result.
func (r *restore) Run(ctx context.Context, out io.Writer, c console, d *data) error {
	m, stop := c.watch()
	folder := d.folder(false)
	report, err := models.Restore(ctx, models.RestoreInput{From: r.From, Folder: folder, Postgres: d.Database, Tool: r.Tool, Meter: m})
	stop()
	if err != nil {
		return err
	}
	var rows int64
	for _, n := range report.Rows {
		rows += n
	}
	fmt.Fprintf(out, "Restored the backup of %s into %s: %d rows in %d tables, and %d objects (%s), each compared with its checksum.\n",
		report.At.Format(time.RFC3339), folder, rows, len(report.Rows), report.Objects, size(report.Checked))
	tell(out, report.Findings)
	if report.SecretKey != "" {
		fmt.Fprintf(out, "Access keys need the encryption key, which is not in the backup: before you start, put secret.key into %s or set QUARTERMASTER_SECRET_KEY. If it is lost, delete the access keys with: quartermaster key reset\n", folder)
	}
	if !report.Fits() {
		return fmt.Errorf("not everything fits, so the server does not start on %s; look at it, and to serve what there is, remove the file restoring in it", folder)
	}
	return nil
}

// tell prints a line for each finding.
func tell(out io.Writer, findings []models.Finding) {
	for _, f := range findings {
		ended := ""
		if f.Mended {
			ended = " (mended)"
		}
		fmt.Fprintf(out, "%s: %d%s: %s\n", f.What, len(f.Cases), ended, some(f.Cases))
	}
}

// check looks whether everything fits.
type check struct {
	Fast   bool `help:"Do not read objects to compare their checksums."`
	Repair bool `help:"Repair what can be repaired without a decision: counters, unused bytes (moved aside for a day), missing indexes of stores. Stop the server first."`
}

// Run checks, and returns an error when something does not fit.
func (k *check) Run(ctx context.Context, out io.Writer, c console, d *data) error {
	open := d.look
	if k.Repair {
		open = d.withExisting
	}
	return open(ctx, func(db *models.DB) error {
		m, stop := c.watch()
		r, err := db.Check(ctx, models.CheckInput{Fast: k.Fast, Repair: k.Repair, Meter: m})
		stop()
		if err != nil {
			return err
		}
		tell(out, r.Findings)
		for _, note := range r.Notes {
			fmt.Fprintln(out, note)
		}
		fmt.Fprintf(out, "Looked at %d orders, %d objects (%s read) and %d stores.\n", r.Rows["orders"], r.Objects, size(r.Bytes), r.Rows["stores"])
		return k.verdict(out, r)
	})
}

func (k *check) verdict(out io.Writer, r models.CheckReport) error {
	left, mendable := 0, 0
	for _, f := range r.Findings {
		if f.Mended {
			continue
		}
		left++
		if f.Mendable {
			mendable++
		}
	}
	things := fmt.Sprintf("%d things do not fit", left)
	if left == 1 {
		things = "one thing does not fit"
	}
	switch {
	case left == 0:
		fmt.Fprintln(out, "Everything fits.")
		return nil
	case mendable > 0 && !k.Repair:
		return fmt.Errorf("%s; what can be mended of it (%d) is mended, with the server stopped, by: quartermaster check --repair", things, mendable)
	}
	return fmt.Errorf("%s, and a person has to decide what to do; bytes may be in a backup", things)
}
