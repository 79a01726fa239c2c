package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"

	"quartermaster/models"
)

// migrate brings the database to the newest shape.
type migrate struct{}

// Run opens the data, which migrates it, and closes it again.
func (migrate) Run(ctx context.Context, out io.Writer, d *data) error {
	return d.with(ctx, func(*models.DB) error {
		fmt.Fprintln(out, "The database is up to date.")
		return nil
	})
}

// user has the commands that look after accounts. Whoever can read the data
// folder may use them.
type user struct {
	List     listUsers     `cmd:"" help:"List all accounts."`
	Create   createUser    `cmd:"" help:"Create an account and print its password."`
	Password resetPassword `cmd:"" help:"Reset the password of an account and print it. Signs it out; failed sign-ins are cleared."`
	Admin    makeAdmin     `cmd:"" help:"Make an account a site admin or, with --team, the admin of a team. Signs it out."`
}

// with opens the data, does something with it and closes it.
func (d *data) with(ctx context.Context, do func(*models.DB) error) error {
	db, err := d.open(ctx, false, nil, logging{LogLevel: "warn"}.logger())
	if err != nil {
		return err
	}
	return errors.Join(do(db), db.Close())
}

// withExisting is with for commands that need an existing desk: it does not
// make a new one in a mistyped folder.
func (d *data) withExisting(ctx context.Context, do func(*models.DB) error) error {
	d.existing = true
	return d.with(ctx, do)
}

type listUsers struct{}

// Run prints a line for each account.
func (listUsers) Run(ctx context.Context, out io.Writer, d *data) error {
	return d.withExisting(ctx, func(db *models.DB) error {
		users, err := db.ListUsers(ctx, models.Operator())
		if err != nil {
			return err
		}
		table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
		for _, u := range users {
			fmt.Fprintf(table, "%s\t%s\t%s\n", u.Email, u.Name, state(u))
		}
		return table.Flush()
	})
}

func state(u models.User) string {
	switch {
	case u.Disabled:
		return "disabled"
	case u.PasswordHash == "":
		return "invited"
	case u.SiteAdmin:
		return "site admin"
	}
	return "active"
}

type createUser struct {
	Email     string `arg:"" help:"Email to sign in with."`
	Name      string `arg:"" help:"Name shown to others."`
	SiteAdmin bool   `help:"Make it a site admin, who manages teams, catalogue and price book."`
}

// Run makes the account.
func (c createUser) Run(ctx context.Context, out io.Writer, d *data) error {
	return d.with(ctx, func(db *models.DB) error {
		password := db.GeneratePassword()
		u, err := db.CreateUser(ctx, models.Operator(), models.NewUserInput{
			UserInput: models.UserInput{Name: c.Name, Email: c.Email}, Password: password, SiteAdmin: c.SiteAdmin,
		})
		if err != nil {
			return aboutUser(c.Email, err)
		}
		fmt.Fprintf(out, "Created %s. Password: %s\n", u.Email, password)
		return nil
	})
}

type resetPassword struct {
	Email string `arg:"" help:"Email of the account."`
}

// Run gives the account a new password.
func (c resetPassword) Run(ctx context.Context, out io.Writer, d *data) error {
	return d.withExisting(ctx, func(db *models.DB) error {
		password := db.GeneratePassword()
		if err := db.ResetPassword(ctx, models.Operator(), c.Email, password); err != nil {
			return aboutUser(c.Email, err)
		}
		fmt.Fprintf(out, "New password of %s: %s\n", c.Email, password)
		return nil
	})
}

type makeAdmin struct {
	Email string `arg:"" help:"Email of the account."`
	Team  string `help:"Account ID or name of a team. Makes the account an admin of it, and not a site admin."`
}

// Run makes the account an admin's.
func (c makeAdmin) Run(ctx context.Context, out io.Writer, d *data) error {
	return d.withExisting(ctx, func(db *models.DB) error {
		if c.Team != "" {
			team, err := db.MakeTeamAdmin(ctx, models.Operator(), c.Email, c.Team)
			if err != nil {
				return c.aboutTeam(err)
			}
			fmt.Fprintf(out, "%s is an admin of %s now.\n", c.Email, team.Name)
			return nil
		}
		if err := db.MakeSiteAdmin(ctx, models.Operator(), c.Email); err != nil {
			return aboutUser(c.Email, err)
		}
		fmt.Fprintf(out, "%s is a site admin now.\n", c.Email)
		return nil
	})
}

// aboutTeam is aboutUser where a team was named too.
func (c makeAdmin) aboutTeam(err error) error {
	var broken models.Invalid
	switch {
	case !errors.As(err, &broken):
		return aboutUser(c.Email, err)
	case broken[0].Param == "":
		return fmt.Errorf("no team has the account id or the name %s", c.Team)
	}
	return fmt.Errorf("several teams are called %s; give the account id of one: %s", c.Team, broken[0].Param)
}

// aboutUser explains in plain words why the data of an account is refused.
func aboutUser(email string, err error) error {
	var broken models.Invalid
	switch {
	case errors.Is(err, models.ErrNotFound):
		return fmt.Errorf("there is no account with the email %s; list them with: quartermaster user list", email)
	case errors.As(err, &broken) && broken[0].Rule == "taken":
		return fmt.Errorf("the email %s already has an account", email)
	}
	return err
}
