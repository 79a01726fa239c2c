package migrations

import (
	"fmt"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/unicode/norm"
	"gorm.io/gorm"

	"quartermaster/models/fold"
)

// foldFunction gives PostgreSQL the function fold, equal to fold.Text whatever
// the locale of the database. SQLite gets it with each connection.
func foldFunction(tx *gorm.DB) error {
	if tx.Name() != "postgres" {
		return nil
	}
	var encoding string
	if err := tx.Raw("SHOW server_encoding").Scan(&encoding).Error; err != nil {
		return fmt.Errorf("read encoding: %w", err)
	}
	const create = "CREATE OR REPLACE FUNCTION fold(t text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$ SELECT "
	if encoding != "UTF8" { // PostgreSQL takes characters apart in UTF-8 alone
		return tx.Exec(create + "lower(t) $$").Error
	}
	// Looking up each character is slow, and needless for ASCII and Chinese.
	return tx.Exec(create + `CASE WHEN octet_length(t) = length(t) THEN lower(t COLLATE "C")
		WHEN normalize(t, NFKD) ~ '^[ -~、-〟一-鿿]*$' THEN lower(normalize(t, NFKD) COLLATE "C")
		ELSE normalize(` + foldedByLookup() + `, NFC) END $$`).Error
}

// foldedByLookup is the folded text t by a look at each of its characters. All
// characters are gone through for it, so it is made once.
var foldedByLookup = sync.OnceValue(func() string {
	// What becomes of the characters that are not composed: translate leaves out
	// those that it has nothing for.
	var from, to, gone strings.Builder
	const common = "abcdefghijklmnopqrstuvwxyz0123456789 -абвгдежзийклмнопрстуфхцчшщъыьэюя" // stay, and need not be looked for further
	folded := "translate(normalize(t, NFKD), '%s', '%s')"
	for r := 'A'; r <= unicode.MaxRune; r++ {
		s := string(r)
		switch f := fold.Text(s); {
		case f == s || !norm.NFKD.IsNormalString(s) || s == "\ufffd":
		case f == "":
			gone.WriteRune(r)
		case len([]rune(f)) == 1:
			from.WriteRune(r)
			to.WriteString(f)
		default:
			folded = fmt.Sprintf("replace(%s, '%s', '%s')", folded, s, f)
		}
	}
	return fmt.Sprintf(folded, common+from.String()+gone.String(), common+to.String())
})
