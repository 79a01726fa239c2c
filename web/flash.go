package web

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"quartermaster/views/i18n"
)

const (
	flashCookie = "qm_flash"
	flashAge    = time.Minute
	flashText   = 200
)

// Flash says something on the next whole page that this reader sees: the
// sentence of key, with args as i18n.T takes them.
func Flash(c *gin.Context, key string, args ...any) {
	said := []any{key}
	for _, a := range args {
		if s, ok := a.(string); ok && len([]rune(s)) > flashText {
			a = string([]rune(s)[:flashText]) + "…"
		}
		said = append(said, a)
	}
	text, err := json.Marshal(said)
	if err != nil {
		return // happens only for a value that no sentence can show
	}
	writeCookie(c, flashCookie, base64.RawURLEncoding.EncodeToString(text), flashAge)
}

// takeFlash is what Flash left for this reader, in the reader's language, or
// "". It is shown once.
func takeFlash(c *gin.Context) string {
	value := readCookie(c, flashCookie)
	if value == "" {
		return ""
	}
	writeCookie(c, flashCookie, "", -1)
	return readFlash(c.Request.Context(), value)
}

func readFlash(ctx context.Context, value string) string {
	text, err := base64.RawURLEncoding.DecodeString(value)
	if err != nil {
		return ""
	}
	var said []any
	if json.Unmarshal(text, &said) != nil || len(said)%2 == 0 {
		return ""
	}
	for i, a := range said {
		if n, ok := a.(float64); ok { // plurals are chosen by whole numbers
			said[i] = int64(n)
		}
		if _, ok := a.(string); !ok && (i == 0 || i%2 == 1) {
			return "" // not written by Flash
		}
	}
	key := said[0].(string)
	if !strings.Contains(key, ".") {
		return ""
	}
	if sentence := i18n.T(ctx, key, said[1:]...); sentence != key {
		return sentence
	}
	return ""
}
