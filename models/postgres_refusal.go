package models

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"regexp"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"quartermaster/models/migrations"
)

// CheckPostgres refuses what cannot be Options.Postgres. The address holds a
// password, so neither the address nor the driver's message is repeated.
func CheckPostgres(address string) error {
	config, err := pgx.ParseConfig(address)
	if err == nil && misplacesPassword(config) {
		err = errors.New("a password in another part of it")
	}
	var file *fs.PathError
	switch {
	case errors.As(err, &file):
		return fmt.Errorf("a file that the address of PostgreSQL names cannot be used: %w", file)
	case err != nil:
		return errors.New("this is not an address of a PostgreSQL database, for example postgres://user:password@host:5432/name; " +
			"what is special in a password is written as %40 for @, %2F for / and so on")
	}
	return nil
}

var passwordSetting = regexp.MustCompile(`(?i)pass\w*\s*=`)

// misplacesPassword tells whether a password is taken for a part of the address
// that is said aloud, as of "postgres://host/name password = secret".
func misplacesPassword(c *pgx.ConnConfig) bool {
	parts := []string{c.Host, c.User, c.Database}
	for _, f := range c.Fallbacks {
		parts = append(parts, f.Host)
	}
	for name, value := range c.RuntimeParams {
		parts = append(parts, name+"=", value)
	}
	return slices.ContainsFunc(parts, passwordSetting.MatchString)
}

// refusal says in one sentence why PostgreSQL does not let us in, and what to
// do about it. It never contains the password.
func refusal(config *pgx.ConnConfig, err error) error {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return errors.New(refusalByServer(config, pg))
	}
	at := net.JoinHostPort(config.Host, fmt.Sprint(config.Port))
	if strings.Contains(err.Error(), "server refused TLS connection") { // known by its text alone
		return fmt.Errorf("PostgreSQL at %s does not speak TLS, which the address of the database asks for: turn it on there (ssl = on), or write sslmode=disable if nobody can listen between", at)
	}
	var untrusted *tls.CertificateVerificationError
	if errors.As(err, &untrusted) {
		return fmt.Errorf("the certificate of PostgreSQL at %s is not trusted: %w; name what it is signed with as sslrootcert=FILE in the address of the database, or see to the name in it", at, untrusted.Err)
	}
	return fmt.Errorf("cannot reach PostgreSQL at %s: %s", at, rootCause(err))
}

func refusalByServer(config *pgx.ConnConfig, pg *pgconn.PgError) string {
	user, database := quoted(config.User), quoted(config.Database)
	why := "PostgreSQL refuses: " + pg.Message
	switch {
	case refusedByPooler(pg) && strings.Contains(pg.Message, "statement pooling"):
		return "PgBouncer is in statement pooling mode, in which there are no transactions: set pool_mode = transaction (or session) for this database"
	case refusedByPooler(pg):
		return why + "; PgBouncer does not take this setting in the address of the database: set it for the user in PostgreSQL instead, as with: ALTER ROLE " + user + " SET search_path = …"
	case pg.Code == "28P01":
		return why + "; put the right password into the address of the database, or set it with: ALTER ROLE " + user + " PASSWORD '…'"
	case pg.Code == "28000" && pg.Routine == "ClientAuthentication" && config.TLSConfig == nil:
		return why + "; if it asks for TLS, write sslmode=require in the address of the database; else allow it with a line in pg_hba.conf: host " + database + " " + user + " ADDRESS scram-sha-256"
	case pg.Code == "28000" && pg.Routine == "ClientAuthentication":
		return why + "; allow it with a line in pg_hba.conf: host " + database + " " + user + " ADDRESS scram-sha-256"
	case pg.Code == "28000" && strings.Contains(pg.Message, "log in"):
		return why + "; allow it with: ALTER ROLE " + user + " LOGIN"
	case pg.Code == "28000":
		return why + "; make it with: CREATE ROLE " + user + " LOGIN PASSWORD '…'"
	case pg.Code == "3D000":
		return why + "; make it with: CREATE DATABASE " + database + " OWNER " + user
	case pg.Code == "42501":
		return why + "; allow it with: GRANT CONNECT ON DATABASE " + database + " TO " + user
	case pg.Code == "53300":
		return why + "; raise max_connections there, or let its clients have fewer (--database-connections)"
	}
	return why
}

// quoted is a name as it stands in SQL.
func quoted(name string) string { return pgx.Identifier{name}.Sanitize() }

// refusedByPooler tells whether PgBouncer refuses something that it never
// supports. Its errors can only be told apart by their texts, which are always
// English.
func refusedByPooler(pg *pgconn.PgError) bool {
	return strings.Contains(pg.Message, "statement pooling") || strings.Contains(pg.Message, "unsupported startup parameter")
}

// rootCause is the innermost cause of an error.
func rootCause(err error) string {
	var op *net.OpError
	var dns *net.DNSError
	switch {
	case errors.As(err, &dns):
		return dns.Err
	case errors.As(err, &op):
		return op.Err.Error()
	}
	for next := errors.Unwrap(err); next != nil; next = errors.Unwrap(err) {
		err = next
	}
	return err.Error()
}

// checkRights finds out at the start whether the user may do in the schema what
// the program needs, and says which grant is missing.
func (db *DB) checkRights(ctx context.Context) error {
	var has struct {
		Role, Database, Path, Schema, Owner string
		Create, Change, Owns                bool
	}
	tables, err := migrations.Tables()
	if err != nil {
		return err
	}
	err = db.gorm.WithContext(ctx).Raw(`SELECT current_user AS role, current_database() AS database, current_setting('search_path') AS path,
		coalesce(s.name, '') AS schema, coalesce(has_schema_privilege(s.name, 'CREATE'), false) AS "create",
		coalesce(pg_get_userbyid(m.relowner), '') AS owner, coalesce(pg_has_role(m.relowner, 'USAGE'), true) AS owns,
		NOT EXISTS (SELECT 1 FROM pg_class t WHERE t.relnamespace = m.relnamespace AND t.relkind = 'r' AND t.relname IN ?
			AND NOT (has_table_privilege(t.oid, 'SELECT') AND has_table_privilege(t.oid, 'INSERT')
				AND has_table_privilege(t.oid, 'UPDATE') AND has_table_privilege(t.oid, 'DELETE'))) AS change
		FROM (SELECT current_schema() AS name) s
		LEFT JOIN pg_class m ON m.relname = 'migrations' AND m.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = s.name)`, tables).
		Scan(&has).Error
	if err != nil {
		return fmt.Errorf("look at the rights in PostgreSQL: %w", err)
	}
	role, schema, database := quoted(has.Role), quoted(has.Schema), quoted(has.Database)
	switch {
	case has.Schema == "":
		return fmt.Errorf("PostgreSQL has no schema that %s may use (search_path is %s); an administrator of it runs in database %s: GRANT USAGE, CREATE ON SCHEMA public TO %[1]s", role, has.Path, database)
	case !has.Change:
		return fmt.Errorf("%s may not use the tables of schema %s in PostgreSQL; their owner %s runs in database %s: GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA %[2]s TO %[1]s",
			role, schema, has.Owner, database)
	}
	pending, _, err := migrations.Pending(db.gorm.WithContext(ctx))
	switch {
	case err != nil || !pending:
		return err
	case !has.Create:
		return fmt.Errorf("%s may not make tables in schema %s in PostgreSQL; an administrator of it runs in database %s: GRANT USAGE, CREATE ON SCHEMA %[2]s TO %[1]s", role, schema, database)
	case !has.Owns:
		return fmt.Errorf("only the owner %s of the tables in schema %s may bring them to the shape of this version; run quartermaster migrate as that user, or give it the tables in psql: "+
			`SELECT format('ALTER TABLE %%I.%%I OWNER TO %%I', schemaname, tablename, '%s') FROM pg_tables WHERE schemaname = '%s' \gexec`,
			has.Owner, schema, has.Role, has.Schema)
	}
	return nil
}
