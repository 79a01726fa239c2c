package fold

import (
	"strings"

	"golang.org/x/text/unicode/norm"
)

// Same is what two names that must not be taken twice have in common, where they
// differ only in ways that a reader does not see: "v3" and "ｖ３" are both "v3".
// Case and accents stay.
func Same(name string) string {
	return strings.TrimSpace(norm.NFKC.String(strings.Map(withoutJoiner, Tidy(name))))
}
