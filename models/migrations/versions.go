package migrations

import (
	"fmt"
	"strings"

	"gorm.io/gorm"
)

// The versions of what the program keeps in memory, each a setting: whatever
// changes the rows behind it gives it a new value, whichever process does so.
// The values are random, so that one that was rolled back never comes again.
const (
	CatalogueVersion = "version.catalogue"
	RightsVersion    = "version.rights"
)

// watch is a table behind a version. A change counts when it is of one of the
// columns; none: of any.
type watch struct {
	version, table, columns string
	insert                  bool // new rows say something of others
}

// changes are the statements on the table that count, as triggers name them.
func (w watch) changes() []string {
	update := "UPDATE"
	if w.columns != "" {
		update += " OF " + w.columns
	}
	if w.insert {
		return []string{"INSERT", update, "DELETE"}
	}
	return []string{update, "DELETE"}
}

// watched are the tables behind each version. Rights are kept in memory on SQLite
// alone.
var watched = []watch{
	{CatalogueVersion, "regions", "", true},
	{CatalogueVersion, "products", "", true},
	{CatalogueVersion, "package_types", "", true},
	{CatalogueVersion, "specifications", "", true},
	{CatalogueVersion, "flavors", "", true},
	{CatalogueVersion, "prices", "", true},
	{RightsVersion, "sessions", "token_hash, id, user_id, team_id, address, agent, created_at, expires_at", false},
	{RightsVersion, "users", "name, email, site_admin, disabled, language, theme, zone", false},
	{RightsVersion, "memberships", "", true},
	{RightsVersion, "teams", "name, clock_offset_ms", false},
	{RightsVersion, "access_keys", "team_id, user_id, name, operations, sealed, disabled, expires_at", false},
}

// versions makes the settings and the triggers.
func versions(tx *gorm.DB) error {
	statements := []string{
		"INSERT INTO settings (name, value) VALUES ('" + CatalogueVersion + "', '0'), ('" + RightsVersion + "', '0')",
	}
	if tx.Name() == "postgres" {
		statements = append(statements, `CREATE FUNCTION catalogue_changed() RETURNS trigger LANGUAGE plpgsql AS
			'BEGIN UPDATE settings SET value = gen_random_uuid()::text WHERE name = ''`+CatalogueVersion+`''; RETURN NULL; END'`)
	}
	for _, w := range watched {
		switch {
		case tx.Name() != "postgres":
			for _, on := range w.changes() {
				statements = append(statements, fmt.Sprintf(`CREATE TRIGGER %s_%s AFTER %s ON %s BEGIN
					UPDATE settings SET value = lower(hex(randomblob(16))) WHERE name = '%s'; END`,
					w.table, strings.ToLower(on[:6]), on, w.table, w.version))
			}
		case w.version == CatalogueVersion:
			statements = append(statements, fmt.Sprintf(`CREATE TRIGGER %s_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON %s
				FOR EACH STATEMENT EXECUTE FUNCTION catalogue_changed()`, w.table, w.table))
		}
	}
	for _, s := range statements {
		if err := tx.Exec(s).Error; err != nil {
			return fmt.Errorf("%.60s: %w", s, err)
		}
	}
	return nil
}
