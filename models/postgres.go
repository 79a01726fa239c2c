package models

import (
	"errors"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

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
