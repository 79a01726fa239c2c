package code

import (
	"regexp"
	"strings"
	"sync"
)

// requests are the programs whose commands are read.
const requests = `(?:curl|aliyun|hcloud)`

// Texts of cmd are told by its prompt or by a caret in a command's first line,
// those of PowerShell by its prompt, its variables, or a backquote there.
var (
	cmdText   = regexp.MustCompile(`(?m)^\s*[A-Za-z]:\\[^>\n]*>\s*` + requests + `|^\s*` + requests + `(?:\.exe)?\s(?:[^\n'"]|"[^"\n]*")*\^(?:"|[ \t]*$)`)
	powerText = regexp.MustCompile(`(?m)^\s*PS\b[^>\n]*>|\A\s*\$[\w:]+\s*=|^\s*` + requests + "(?:\\.exe)?\\s(?:[^\n]*\\s)?`[ \\t]*$|^\\s*curl\\.exe\\s[^\\n]*['`]")
)

// mended is a text as bash would have it, before a page, a word processor or a
// chat made it theirs, or in the quotes of bash where it has those of Windows.
func mended(text string) string {
	switch {
	case cmdText.MatchString(text):
		text = crt.mend(carets.mend(windowsPrompt.ReplaceAllString(text, "")))
	case powerText.MatchString(text):
		text = powershell.mend(windowsPrompt.ReplaceAllString(text, ""))
	}
	return bash.mend(text)
}

// windowsPrompt is what cmd and PowerShell ask with.
var windowsPrompt = regexp.MustCompile(`(?m)^[ \t]*(?:PS\b[^>\n]*>|[A-Za-z]:\\[^>\n]*>|>>|More\?)[ \t]*`)

// A mend is a pattern, and what its matches are changed to. Without a function
// they stay as they are, and nothing in them is looked at.
type mend struct {
	pattern string
	to      func(string) string
}

// mends are looked for all at once, the first of the list first.
type mends struct {
	list []mend
	any  func() *regexp.Regexp // made when it is first asked for
}

func mending(list ...mend) mends {
	patterns := make([]string, len(list))
	for i, m := range list {
		patterns[i] = "(" + m.pattern + ")"
	}
	return mends{list, sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile("(?sm)" + strings.Join(patterns, "|")) })}
}

func (m mends) mend(text string) string {
	var b strings.Builder
	at := 0
	for _, found := range m.any().FindAllStringSubmatchIndex(text, -1) {
		b.WriteString(text[at:found[0]])
		at = found[1]
		for i, mend := range m.list {
			switch s := text[found[0]:at]; {
			case found[2*i+2] < 0:
			case mend.to == nil:
				b.WriteString(s)
			default:
				b.WriteString(mend.to(s))
			}
		}
	}
	return b.String() + text[at:]
}

func to(text string) func(string) string { return func(string) string { return text } }

// inner is a text without its quotes.
func inner(s string) string {
	quotes := []rune(s)
	return string(quotes[1 : len(quotes)-1])
}

// straight makes curly quotes those of programs.
var straight = strings.NewReplacer("“", `"`, "”", `"`, "„", `"`, "‘", "'", "’", "'")

var bash = mending(
	mend{`^[ \t]*#[ \t]+` + requests + `[ \t]`, func(s string) string { return strings.TrimLeft(s, "# \t") }}, // a prompt of root
	mend{`\$'(?:[^'\\]|\\.)*'?|'[^']*'?|"(?:[^"\\]|\\.)*"?|^#[^\n]*|[ \t;]#[^\n]*`, nil},
	mend{`^[ \t]*(?:\[?[\w.-]+@[\w.-]+[: ][^\n'"$#%]*[$#%]|[$%>❯➜])[ \t\x{a0}]+`, to("")}, // prompts
	mend{`\\[ \t\x{a0}]+\n`, to("\\\n")},
	mend{`\\.|[\s&|;<>]&`, nil},
	mend{`[“”„][^“”„]*[“”]`, func(s string) string {
		if s = inner(s); strings.Contains(s, `"`) {
			return shell(s)
		}
		return `"` + s + `"`
	}},
	mend{`[‘’][^‘’]*[‘’]`, func(s string) string { return shell(straight.Replace(inner(s))) }},
	mend{`<[\p{L}_](?:[^<>\n'"|;&]*[^\s<>'"|;&])?>`, shell},                    // a placeholder
	mend{`&[\w.%~\[\]-]+=`, func(s string) string { return `\` + s }},          // in an address
	mend{`[\x{a0}\x{1680}\x{2000}-\x{200a}\x{202f}\x{205f}\x{3000}]`, to(" ")}, // no-break and other spaces
	mend{`\x{200b}`, to("")},
)

// literal stands before a character that means nothing to cmd. No text has it.
const literal = "\uFDD1"

// carets are those of cmd, outside of its quotes. Behind the end of a line, what
// follows is taken as it stands.
var carets = mending(
	mend{`"[^"]*"?`, nil},
	mend{`\^(?:[ \t]*\n)?.?`, func(s string) string {
		if blank, next, ok := strings.Cut(s[1:], "\n"); ok && strings.Trim(blank, " \t") == "" {
			s = "^" + next
		}
		if strings.ContainsAny(s, "&|<>\n") {
			return literal + s[1:]
		}
		return s[1:]
	}},
)

// crt are the quotes and backslashes that are left for the program which cmd
// runs, and what has a meaning to bash alone.
var crt = mending(
	mend{literal + `.`, func(s string) string { return `\` + s[len(literal):] }},
	mend{`"(?:[^"\\]|""|\\(?:\\\\)*"|\\+[^"\\])*(?:\\\\)*"`, func(s string) string {
		s = crtQuotes.ReplaceAllStringFunc(strings.ReplaceAll(s[1:], literal, ""), crtQuote)
		return shell(s[:len(s)-1])
	}},
	mend{`\\(?:\\\\)*"`, func(s string) string { return shell(crtQuote(s)) }},
	mend{`\\+`, shell},
	mend{"['$`;()#]", func(s string) string { return `\` + s }},
)

var crtQuotes = regexp.MustCompile(`""|\\+"`)

// crtQuote is a quote with the backslashes before it: two of them are one.
func crtQuote(s string) string { return strings.Repeat(`\`, strings.Count(s, `\`)/2) + `"` }

// powershell takes curly quotes for straight ones, and two of a sort for one.
var powershell = mending(
	mend{`^[ \t]*\$\w+[ \t]*=[ \t]*`, func(s string) string { return strings.Trim(s, "$= \t") + "=" }},
	mend{`['‘’](?:[^'‘’]|['‘’]{2})*['‘’]`, func(s string) string {
		s = powerPairs.Replace(inner(s))
		if strings.Count(s, `"`) == strings.Count(s, `\"`) { // for Windows, which takes quotes away where a program is run
			s = strings.ReplaceAll(s, `\"`, `"`)
		}
		return shell(s)
	}},
	mend{"[\"“”„](?:[^\"“”„`]|`.|[\"“”„]{2})*[\"“”„]", func(s string) string {
		return `"` + powerSpecial.ReplaceAllStringFunc(inner(s), powerEscape) + `"`
	}},
	mend{"`[ \\t]*\\n", to("\\\n")},
	mend{"`.", func(s string) string { return shell(s[1:]) }},
	mend{`\\`, to(`\\`)},
)

var (
	powerPairs   = strings.NewReplacer("''", "'", "‘‘", "‘", "’’", "’")
	powerSpecial = regexp.MustCompile("(?s)\\\\|\"\"|`.")
	powerControl = strings.NewReplacer("`n", "\n", "`t", "\t", "`r", "\r", "`\"", `\"`, "`$", `\$`, "``", "\\`", `""`, `\"`, `\`, `\\`)
)

// powerEscape is what stands in the double quotes of PowerShell, in those of
// bash.
func powerEscape(s string) string {
	if out := powerControl.Replace(s); out != s {
		return out
	}
	return s[1:]
}
