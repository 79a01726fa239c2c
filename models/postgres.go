package models

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// CheckPostgres refuses what cannot be Options.Postgres. The address holds a
// password, so it is not said again, and neither is what the driver says of it.
func CheckPostgres(address string) error {
	_, err := pgx.ParseConfig(address)
	var file *fs.PathError
	switch {
	case errors.As(err, &file):
		return fmt.Errorf("a file that the address of PostgreSQL names cannot be used: %w", file)
	case err != nil:
		return errors.New("this is no address of a PostgreSQL database such as postgres://user:password@host:5432/name; " +
			"what is special in a password is written as %40 for @, %2F for / and so on")
	}
	return nil
}

// postgresName is where an address of PostgreSQL leads, without user and
// password.
func postgresName(address string) string {
	to, err := pgx.ParseConfig(address)
	if err != nil {
		return "PostgreSQL"
	}
	return "PostgreSQL " + net.JoinHostPort(to.Host, strconv.Itoa(int(to.Port))) + "/" + to.Database
}

// unreadable tells whether an error says that a text given to PostgreSQL can be
// no text there: it holds a zero byte or is not UTF-8. Nothing is called so.
func unreadable(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "22021"
}

// unreachable tells whether an error says that PostgreSQL is gone, is starting
// or stopping, or could not serialise the change: worth trying again soon.
func unreachable(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		switch {
		case strings.HasPrefix(pg.Code, "08"), // connection exceptions
			strings.HasPrefix(pg.Code, "57P"), // shutting down, starting up
			strings.HasPrefix(pg.Code, "53"),  // out of connections or memory
			pg.Code == "40001", pg.Code == "40P01", pg.Code == "55P03":
			return true
		}
		return false
	}
	var conn *pgconn.ConnectError
	var op *net.OpError
	return errors.As(err, &conn) || errors.As(err, &op)
}
