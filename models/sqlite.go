package models

import (
	"context"
	"database/sql"
	"database/sql/driver"

	"github.com/mattn/go-sqlite3"
	"gorm.io/driver/sqlite"
	"gorm.io/gorm"

	"quartermaster/models/fold"
)

// folding connects to an SQLite file so that statements can call fold. On
// PostgreSQL a migration makes the same function.
type folding struct {
	address string
	driver  *sqlite3.SQLiteDriver
}

// sqliteAt is the SQLite of an address whose statements can call fold.
func sqliteAt(address string) gorm.Dialector {
	d := &sqlite3.SQLiteDriver{ConnectHook: func(c *sqlite3.SQLiteConn) error {
		return c.RegisterFunc("fold", fold.Text, true)
	}}
	return sqlite.New(sqlite.Config{Conn: sql.OpenDB(folding{address, d})})
}

// Connect implements driver.Connector.
func (f folding) Connect(context.Context) (driver.Conn, error) { return f.driver.Open(f.address) }

// Driver implements driver.Connector.
func (f folding) Driver() driver.Driver { return f.driver }
