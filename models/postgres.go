package models

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"

	"quartermaster/models/migrations"
)

const (
	// defaultConnections is how many connections to PostgreSQL are open at most.
	defaultConnections = 16
	// aMoment is how long a request waits for a connection before it is told that
	// the database is busy: as long as for SQLite's one writer.
	aMoment = 5 * time.Second
)

func (db *DB) openPostgres(ctx context.Context, address string, connections int, check checking) error {
	if err := db.connectPostgres(ctx, address, connections); err != nil {
		return err
	}
	if err := db.checkRights(ctx); err != nil {
		return err
	}
	h, err := db.newHolder()
	if err != nil {
		return err
	}
	err = migrations.Run(db.gorm, db.log, func(tx *gorm.DB) error {
		if _, err := h.check(ctx, tx); err != nil {
			return err
		}
		return check(ctx, tx)
	})
	if err == nil {
		err = h.take(ctx)
	}
	if err == nil {
		db.holder = h
	}
	return err
}

// connectPostgres connects, and changes nothing.
func (db *DB) connectPostgres(ctx context.Context, address string, connections int) error {
	if err := CheckPostgres(address); err != nil {
		return err
	}
	config, err := pgx.ParseConfig(address)
	if err != nil {
		return err
	}
	config.ConnectTimeout = cmp.Or(config.ConnectTimeout, aMoment)
	if err := patiently(ctx, func() (err error) { db.pooled, err = tryPostgres(ctx, config); return err }); err != nil {
		return refusal(config, err)
	}
	pool := stdlib.OpenDB(*config)
	pool.SetMaxOpenConns(cmp.Or(connections, defaultConnections))
	pool.SetMaxIdleConns(cmp.Or(connections, defaultConnections))
	pool.SetConnMaxIdleTime(5 * time.Minute)
	db.gorm, err = gorm.Open(dialect{&postgres.Dialector{Config: &postgres.Config{Conn: patientPool{pool}}}}, gormConfig(db))
	if err != nil {
		return fmt.Errorf("open PostgreSQL: %w", errors.Join(err, pool.Close()))
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

// tryPostgres connects once and finds out whether a pooler such as PgBouncer
// stands between: a pooler answers with a process number of its own. Behind a
// pooler the next transaction may run on another connection, which does not
// have our prepared statements, so config is set to use unnamed ones.
func tryPostgres(ctx context.Context, config *pgx.ConnConfig) (pooled bool, err error) {
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return false, err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	tx, err := conn.Begin(ctx)
	if err != nil {
		return false, err
	}
	var pid uint32
	if err := tx.QueryRow(ctx, "SELECT pg_backend_pid()", pgx.QueryExecModeSimpleProtocol).Scan(&pid); err != nil {
		return false, err
	}
	pooled = pid != conn.PgConn().PID()
	if pooled && config.DefaultQueryExecMode == pgx.QueryExecModeCacheStatement {
		config.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe
	}
	return pooled, tx.Rollback(ctx)
}

// dialect is PostgreSQL's, with ErrBusy for every statement that finds the server
// gone, wherever it was asked.
type dialect struct{ *postgres.Dialector }

// Translate is that of GORM, and names what will pass.
func (d dialect) Translate(err error) error {
	if unreachable(err) && !errors.Is(err, ErrBusy) {
		return fmt.Errorf("%w: %w", ErrBusy, err)
	}
	return d.Dialector.Translate(err)
}

// patientPool is a pool of connections that waits a moment when PostgreSQL has
// no connection to give, because it is restarting or full, before it returns
// the error. Outside a transaction it is used for reading only, as on SQLite,
// so that trying again does no harm.
type patientPool struct{ *sql.DB }

// GetDBConn is the pool itself, for GORM.
func (p patientPool) GetDBConn() (*sql.DB, error) { return p.DB, nil }

// BeginTx is like that of sql.DB, but tries again.
func (p patientPool) BeginTx(ctx context.Context, opts *sql.TxOptions) (tx *sql.Tx, err error) {
	err = patiently(ctx, func() error { tx, err = p.DB.BeginTx(ctx, opts); return err })
	return tx, err
}

// QueryContext is like that of sql.DB, but tries again.
func (p patientPool) QueryContext(ctx context.Context, query string, args ...any) (rows *sql.Rows, err error) {
	err = patiently(ctx, func() error { rows, err = p.DB.QueryContext(ctx, query, args...); return err })
	return rows, err
}

// QueryRowContext is like that of sql.DB, but tries again.
func (p patientPool) QueryRowContext(ctx context.Context, query string, args ...any) (row *sql.Row) {
	_ = patiently(ctx, func() error { row = p.DB.QueryRowContext(ctx, query, args...); return row.Err() })
	return row
}

// patiently does something, and repeats it for a moment while PostgreSQL cannot
// be reached.
func patiently(ctx context.Context, do func() error) error {
	ctx, cancel := context.WithTimeout(ctx, aMoment)
	defer cancel()
	for pause := 10 * time.Millisecond; ; pause = min(2*pause, 500*time.Millisecond) {
		err := do()
		if err == nil || !unreachable(err) {
			return err
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return err
		}
	}
}

// unreadable tells whether an error says that PostgreSQL cannot take a text,
// since it holds a zero byte or is not UTF-8. Nothing has such a name.
func unreadable(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "22021"
}

// outOfDisk tells whether an error says that PostgreSQL's own disk is full.
func outOfDisk(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "53100"
}

// unreachable tells whether an error says that PostgreSQL is gone, is starting
// or stopping, or could not serialise the change: worth trying again soon.
func unreachable(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		switch {
		case refusedByPooler(pg), outOfDisk(pg):
			return false
		case strings.HasPrefix(pg.Code, "08"), // connection exceptions
			strings.HasPrefix(pg.Code, "57P"), // shutting down, starting up
			strings.HasPrefix(pg.Code, "53"),  // out of connections or memory
			pg.Code == "40001", pg.Code == "40P01", pg.Code == "55P03":
			return true
		}
		return false
	}
	// These are the only signs of a connection that was lost while in use.
	for _, ended := range []error{io.ErrUnexpectedEOF, driver.ErrBadConn, pgconn.ErrConnClosed, sql.ErrConnDone, net.ErrClosed} {
		if errors.Is(err, ended) {
			return true
		}
	}
	var conn *pgconn.ConnectError
	var op *net.OpError
	return errors.As(err, &conn) || errors.As(err, &op)
}
