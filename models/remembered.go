package models

import (
	"cmp"
	"context"
	"sync"

	"quartermaster/models/migrations"
	"quartermaster/models/query"
)

// mostRemembered bounds each of the memories below, mostObjects that of objects,
// whose headers may have many bytes.
const (
	mostRemembered = 4096
	mostObjects    = 512
)

// remembered keeps what each request asks for: who its session or its key acts
// as. What it keeps belongs to one version of the rights, and is forgotten
// whole when there is another, since every change that ends or lowers a right
// makes a new one in its own transaction: a request that begins after the
// change was answered finds the change.
type remembered[V any] struct {
	mu      sync.Mutex
	version string
	rows    map[string]V
	most    int // rows; 0 is mostRemembered
}

// at is what is kept of a version under a name.
func (r *remembered[V]) at(version, name string) (V, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	row, ok := r.rows[name]
	return row, ok && r.version == version
}

// keep keeps a row that was read after the version was.
func (r *remembered[V]) keep(version, name string, row V) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.version != version || len(r.rows) >= cmp.Or(r.most, mostRemembered) {
		r.version, r.rows = version, map[string]V{}
	}
	r.rows[name] = row
}

// rightsVersion is the present version of the rights, "" on PostgreSQL: there it
// would be as far to ask for as the rights themselves, so nothing is kept.
func (db *DB) rightsVersion(ctx context.Context) (string, error) {
	if db.file == nil {
		return "", nil
	}
	return db.versionOf(ctx, migrations.RightsVersion)
}

// versionOf is the present version of what a setting counts the changes of, ""
// when there is none.
func (db *DB) versionOf(ctx context.Context, name string) (version string, err error) {
	generation, err := db.generation(ctx)
	if err != nil {
		return "", err
	}
	if version, known := db.versions.at(generation, name); known {
		return version, nil
	}
	// A read of one row is over before anybody could want to end it, and one that
	// can be ended costs twice the time.
	err = query.Row(context.WithoutCancel(ctx), db.gorm, "SELECT COALESCE((SELECT value FROM settings WHERE name = ?), '')", []any{name}, &version)
	if err == nil && generation != "" {
		db.versions.keep(generation, name, version)
	}
	return version, translate(err)
}

// recalled is a row from memory, or else read and kept there under a name for as
// long as the database holds the same.
func recalled[V any](ctx context.Context, db *DB, from *remembered[V], name string, read func() (V, error)) (*V, error) {
	generation, err := db.generation(ctx)
	if err != nil {
		return nil, err
	}
	if generation != "" {
		if row, known := from.at(generation, name); known {
			return &row, nil
		}
	}
	row, err := read()
	if err != nil {
		return nil, translate(err)
	}
	if generation != "" {
		from.keep(generation, name, row)
	}
	return &row, nil
}
