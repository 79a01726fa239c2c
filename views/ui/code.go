package ui

import (
	"context"
	"io"
	"regexp"
	"strings"

	"github.com/a-h/templ"
)

// piece is a piece of code with the class that it is drawn in, "" for plain text.
type piece struct{ class, text string }

// codeMarks find what is drawn apart in code, whatever its language: comments, texts,
// the names of options, and words that a language keeps for itself. What is no code looks
// as it did.
var codeMarks = regexp.MustCompile("(?m)((?:^|[ \\t])(?:#|//)[^\\n]*)|(\"(?:[^\"\\\\\\n]|\\\\.)*\"|'[^']*')|((?:^|[ \\t])--?[A-Za-z][\\w.-]*)|" +
	`\b(package|import|from|func|return|var|const|let|await|async|new|public|static|void|class|def|if|else|for|try|catch|throws|true|false|null|nil|None|True|False)\b`)

var codeClasses = []string{"", "code-comment", "code-string", "code-option", "code-word"}

// piecesOf cuts code into pieces, which joined are the code.
func piecesOf(code string) []piece {
	var out []piece
	at := 0
	for _, m := range codeMarks.FindAllStringSubmatchIndex(code, -1) {
		if m[0] > at {
			out = append(out, piece{"", code[at:m[0]]})
		}
		for i, class := range codeClasses {
			if i > 0 && m[2*i] >= 0 {
				out = append(out, piece{class, code[m[0]:m[1]]})
			}
		}
		at = m[1]
	}
	return append(out, piece{"", code[at:]})
}

// marked draws code with its marks. It writes no space of its own, which templates do.
func marked(code string) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		var b strings.Builder
		for _, p := range piecesOf(code) {
			if p.class == "" {
				b.WriteString(templ.EscapeString(p.text))
				continue
			}
			b.WriteString(`<span class="` + p.class + `">` + templ.EscapeString(p.text) + `</span>`)
		}
		_, err := io.WriteString(w, b.String())
		return err
	})
}
