package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"text/tabwriter"

	"quartermaster/models"
	"quartermaster/models/demo"
)

// demoData fills a desk with many orders.
type demoData struct {
	Rows int64 `default:"10000" placeholder:"10000" help:"How many orders."`
}

// Validate refuses a number of orders that makes no desk.
func (d *demoData) Validate() error {
	if d.Rows < 1 || d.Rows > 20_000_000 {
		return errors.New("--rows: want 1 to 20000000")
	}
	return nil
}

// Run fills an empty data folder, and an empty database where one is named, and
// prints who can sign in.
func (d *demoData) Run(ctx context.Context, out io.Writer, c console, at *data) error {
	folder := at.folder(true)
	if err := keepTemporary(folder); err != nil {
		return err
	}
	var clock demo.Clock
	o := at.options(true, clock.Now, slog.New(slog.DiscardHandler))
	o.Policy = demo.Holds
	db, err := models.Open(ctx, o)
	if err != nil {
		return err
	}
	m, stop := c.watch()
	people, err := demo.FillMany(ctx, db, &clock, folder, d.Rows, m)
	stop()
	if err := errors.Join(err, db.Close()); err != nil {
		return err
	}
	fmt.Fprintf(out, "Filled %s and %s with %d orders. Serve them with --data %s. Who can sign in:\n\n", folder, db.Name(), d.Rows, folder)
	return printPeople(out, people)
}

// printPeople lists who can sign in.
func printPeople(out io.Writer, people []demo.Account) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, p := range people {
		fmt.Fprintf(table, "  %s\t%s\t%s\n", p.Role, p.Email, p.Password)
	}
	fmt.Fprintln(table)
	return table.Flush()
}
