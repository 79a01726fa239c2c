package web

import (
	"io"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"
	"unicode"

	"github.com/gin-gonic/gin"
)

// File is bytes that somebody uploaded, as Download sends them back.
type File struct {
	// Name is the name of the file. The download is named by its last part,
	// without characters that could mislead a person or a disk.
	Name string
	// Type is the media type, Sum a checksum of the bytes.
	Type, Sum string
	Modified  time.Time
	Content   io.ReadSeeker
}

// Download answers with a file to be saved, never to be shown: whatever it
// holds, it does not run as a page of this site. Ranges of it may be requested.
func Download(c *gin.Context, f File) error {
	h := c.Writer.Header()
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	h.Set("Content-Disposition", attachment(f.Name))
	h.Set("Content-Type", f.Type)
	h.Set("Cache-Control", "private, no-store")
	h.Set("ETag", `"`+f.Sum+`"`)
	http.ServeContent(c.Writer, c.Request, "", f.Modified, f.Content)
	return nil
}

// attachment is a Content-Disposition with a name in any script (RFC 6266), and
// one in ASCII for clients that do not support it.
func attachment(name string) string {
	name = fileName(name)
	plain := strings.Map(func(r rune) rune {
		if r > unicode.MaxASCII || r == '%' {
			return '_'
		}
		return r
	}, name)
	header := mime.FormatMediaType("attachment", map[string]string{"filename": plain})
	if plain != name {
		header += "; filename*=UTF-8''" + percent(name)
	}
	return header
}

// fileName is the last part of a name, without separators, control characters
// and those that change the direction of the text.
func fileName(name string) string {
	name = path.Base(strings.ReplaceAll(name, `\`, "_"))
	name = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r), strings.ContainsRune(`/:*?"<>|`, r):
			return '_'
		}
		return r
	}, strings.ToValidUTF8(name, "_"))
	if name = strings.Trim(name, " ."); name == "" || strings.Trim(name, "_") == "" {
		return "download"
	}
	return name
}

// percent writes every byte but letters, digits, "-", "." and "_" as %XX.
func percent(s string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '.' || c == '_' {
			b.WriteByte(c)
		} else {
			b.WriteString("%" + string(hex[c>>4]) + string(hex[c&15]))
		}
	}
	return b.String()
}
