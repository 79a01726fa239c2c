package modelstest

import (
	"context"
	"database/sql/driver"

	"github.com/jackc/pgx/v5"
	"github.com/mattn/go-sqlite3"
)

// connector opens SQLite at an address.
type connector struct {
	address string
	driver  *sqlite3.SQLiteDriver
}

// Connect implements driver.Connector.
func (c connector) Connect(context.Context) (driver.Conn, error) { return c.driver.Open(c.address) }

// Driver implements driver.Connector.
func (c connector) Driver() driver.Driver { return c.driver }

func pgxConfig(address string) (*pgx.ConnConfig, error) { return pgx.ParseConfig(address) }
