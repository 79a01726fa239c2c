package migrations

import (
	"fmt"
	"strings"

	"gorm.io/gorm"

	"quartermaster/models/fold"
)

// Twin begins what is added to the key of a name that looks the same as an older
// one. It stands in no name.
const Twin = "\n"

// named are the columns of names that must be unique, each with its key and with
// what it is unique in.
var named = []struct{ table, name, key, in string }{
	{"users", "email", "email_key", "''"},
	{"apps", "name", "name_key", "team_id || ' ' || region"},
	{"pkg_versions", "label", "label_key", "app_id"},
}

// sameNames gives the names that are not ASCII the keys that they share with those
// that look the same. Of twins the first gets it, and the others one with their
// ids, so that all stay.
func sameNames(tx *gorm.DB) error {
	other := map[string]string{"sqlite": `%s GLOB '*[^ -~]*'`, "postgres": `%s ~ '[^ -~]'`}[tx.Name()]
	for _, n := range named {
		const some = 1000
		unlike := fmt.Sprintf(other, n.name)
		type row struct{ ID, Name, Scope string }
		for from, more := "", true; more; {
			var rows []row
			err := tx.Raw(`SELECT id, `+n.name+` AS name, `+n.in+` AS scope FROM `+n.table+`
				WHERE id > ? AND `+unlike+` ORDER BY id LIMIT ?`, from, some).Scan(&rows).Error
			if err != nil {
				return fmt.Errorf("read names of %s: %w", n.table, err)
			}
			for _, r := range rows {
				from = r.ID
				key := fold.Same(r.Name)
				if n.name == "email" {
					key = strings.ToLower(key)
				}
				if key == r.Name {
					continue
				}
				err := tx.Exec(`UPDATE `+n.table+` SET `+n.key+` = CASE WHEN EXISTS (
					SELECT 1 FROM `+n.table+` WHERE `+n.in+` = ? AND `+n.key+` = ? AND id <> ?) THEN ? ELSE ? END WHERE id = ?`,
					r.Scope, key, r.ID, key+Twin+r.ID, key, r.ID).Error
				if err != nil {
					return fmt.Errorf("tell names of %s apart: %w", n.table, err)
				}
			}
			more = len(rows) == some
		}
	}
	return nil
}
