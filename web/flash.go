package web

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"quartermaster/views/i18n"
	"quartermaster/views/layout"
	"quartermaster/views/ui"
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

// FlashTo is Flash with a link to a path of this site, whose words are the sentence of
// words, with the same args.
func FlashTo(c *gin.Context, path, words, key string, args ...any) {
	Flash(c, key, append(args, "Path", path, "Words", words)...)
}

// takeFlash is what Flash left for this reader, in the reader's language, or
// nil. It is shown once.
func takeFlash(c *gin.Context) *layout.Flash {
	value := readCookie(c, flashCookie)
	if value == "" {
		return nil
	}
	writeCookie(c, flashCookie, "", -1)
	return readFlash(c.Request.Context(), value)
}

func readFlash(ctx context.Context, value string) *layout.Flash {
	text, err := base64.RawURLEncoding.DecodeString(value)
	if err != nil {
		return nil
	}
	var said []any
	if json.Unmarshal(text, &said) != nil || len(said)%2 == 0 {
		return nil
	}
	named := map[string]string{}
	for i, a := range said {
		if n, ok := a.(float64); ok { // plurals are chosen by whole numbers
			said[i] = int64(n)
		}
		s, ok := a.(string)
		if !ok && (i == 0 || i%2 == 1) {
			return nil // not written by Flash
		}
		if i > 0 && i%2 == 0 {
			named[said[i-1].(string)] = s
		}
	}
	sentence := flashWords(ctx, said[0].(string), said[1:])
	if sentence == "" {
		return nil
	}
	flash := &layout.Flash{Tone: ui.OK, Text: sentence}
	if words := flashWords(ctx, named["Words"], said[1:]); words != "" && LocalPath(named["Path"]) == named["Path"] {
		flash.Href, flash.LinkText = named["Path"], words
	}
	return flash
}

// flashWords is the sentence of a key, "" where there is none.
func flashWords(ctx context.Context, key string, args []any) string {
	if !strings.Contains(key, ".") {
		return ""
	}
	if sentence := i18n.T(ctx, key, args...); sentence != key {
		return sentence
	}
	return ""
}
