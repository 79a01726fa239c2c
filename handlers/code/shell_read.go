package code

import (
	"errors"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"mvdan.cc/sh/v3/syntax"
)

// A command is one command of a shell: its words, with the variables that the
// text itself sets put in, the files that it reads from or writes to, and the
// here-document that it is given.
type command struct {
	words, files []string
	input        string
	given        bool // input is
}

// dynamic stands before what only a shell could put in: a variable that the
// text does not set, the output of a command. No text has this character: it
// stands for none.
const dynamic = "\uFDD0"

// maxExpanded bounds what all words come to with their variables put in,
// maxNested what may open something inside of something else, and maxBroken
// how many lines are passed over because they are none of a shell.
const (
	maxExpanded = 4 * Limit
	maxNested   = 4000
	maxBroken   = 20
)

// beside may stand before a command without changing what it sends: a program
// that runs another.
var beside = words("sudo env command exec")

// program is the name of what a command runs.
func (c *command) program() string {
	for len(c.words) > 0 && beside[c.words[0]] {
		c.words = c.words[1:]
	}
	if len(c.words) == 0 {
		return ""
	}
	return strings.TrimSuffix(path.Base(c.words[0]), ".exe")
}

// commands are those of a text in the language of bash, cmd or PowerShell.
// Nothing of it is run.
func commands(text string) ([]command, error) {
	if text = mended(text); strings.Count(text, "(")+strings.Count(text, "[")+strings.Count(text, "{") > maxNested {
		return nil, &Error{Reason: TooLong}
	}
	s := &script{vars: map[string]string{}}
	for range maxBroken {
		at, err := s.read(text)
		if err != nil || at < 0 {
			return s.out, err
		}
		end := strings.IndexByte(text[at:], '\n')
		if end < 0 {
			break
		}
		text = strings.Repeat("\n", strings.Count(text[:at+end], "\n")) + text[at+end:]
	}
	return s.out, nil
}

// A script is what has been read of a text of bash.
type script struct {
	out  []command
	vars map[string]string
	size int // of all words so far
}

// read takes the commands of a text. It returns where something stands that is
// none of a shell, and -1 when that is nowhere or behind a request: an answer.
func (s *script) read(text string) (int, error) {
	for stmt, err := range syntax.NewParser().StmtsSeq(strings.NewReader(text)) {
		if err == nil {
			syntax.Walk(stmt, s.visit)
			if s.size > maxExpanded {
				return 0, &Error{Reason: TooLong}
			}
			continue
		}
		if slices.ContainsFunc(s.out, func(c command) bool { return readers[c.program()] != nil }) {
			return -1, nil
		}
		var broken syntax.ParseError
		var other syntax.LangError
		if !errors.As(err, &broken) && errors.As(err, &other) {
			broken.Pos = other.Pos
		}
		at := min(int(broken.Pos.Offset()), len(text))
		if strings.HasPrefix(broken.Text, "reached EOF") {
			return 0, unclosed(text, at)
		}
		return at, nil
	}
	return -1, nil
}

var opening = regexp.MustCompile(`^[$<>]?(?:\(\(|.)?`)

// unclosed says that what begins at a place has no end.
func unclosed(text string, at int) error {
	return &Error{Reason: Unclosed, Detail: opening.FindString(text[at:]), Line: 1 + strings.Count(text[:at], "\n")}
}

// visit takes a command or an assignment. What is in a word is not run, and so
// no command.
func (s *script) visit(n syntax.Node) bool {
	switch n := n.(type) {
	case *syntax.Stmt:
		call, ok := n.Cmd.(*syntax.CallExpr)
		if !ok {
			return true
		}
		if len(call.Args) == 0 {
			s.assign(call.Assigns)
			return false
		}
		var c command
		for _, w := range call.Args {
			c.words = append(c.words, s.word(w))
		}
		for _, r := range n.Redirs {
			s.redirect(&c, r)
		}
		s.out = append(s.out, c)
		return false
	case *syntax.DeclClause:
		s.assign(n.Args)
	case *syntax.Word:
		return false
	}
	return true
}

func (s *script) redirect(c *command, r *syntax.Redirect) {
	switch r.Op {
	case syntax.DplIn, syntax.DplOut:
	case syntax.Hdoc, syntax.DashHdoc:
		c.input, c.given = s.word(r.Hdoc), true
	case syntax.WordHdoc:
		c.input, c.given = s.word(r.Word)+"\n", true
	default:
		c.files = append(c.files, s.word(r.Word))
	}
}

func (s *script) assign(all []*syntax.Assign) {
	for _, a := range all {
		if a.Name == nil || a.Naked || a.Index != nil || a.Array != nil {
			continue
		}
		value := s.word(a.Value)
		if a.Append {
			value = s.vars[a.Name.Value] + value
		}
		s.vars[a.Name.Value] = value
		s.size += len(value)
	}
}

// word is what a word comes to. What only a shell knows is called by a name in
// which nothing has a meaning to what reads the word.
func (s *script) word(w *syntax.Word) string {
	if w == nil {
		return ""
	}
	var b strings.Builder
	s.parts(&b, w.Parts, false)
	s.size += b.Len()
	return b.String()
}

var (
	escaped       = regexp.MustCompile(`(?s)\\(.?)`)
	escapedQuoted = regexp.MustCompile("\\\\([\"\\\\$`])")
	escapedANSI   = regexp.MustCompile(`(?s)\\(?:[0-7]{1,3}|x[0-9A-Fa-f]{1,2}|u[0-9A-Fa-f]{1,4}|U[0-9A-Fa-f]{1,8}|.)`)
)

func (s *script) parts(b *strings.Builder, parts []syntax.WordPart, quoted bool) {
	for _, p := range parts {
		switch p := p.(type) {
		case *syntax.Lit:
			how := escaped
			if quoted {
				how = escapedQuoted
			}
			b.WriteString(how.ReplaceAllString(p.Value, "$1"))
		case *syntax.SglQuoted:
			if p.Dollar {
				b.WriteString(escapedANSI.ReplaceAllStringFunc(p.Value, ansi))
			} else {
				b.WriteString(p.Value)
			}
		case *syntax.DblQuoted:
			s.parts(b, p.Parts, true)
		case *syntax.ParamExp:
			s.param(b, p)
		case *syntax.CmdSubst:
			if p.Backquotes {
				b.WriteString(dynamic + "`…`")
			} else {
				b.WriteString(dynamic + "$(…)")
			}
		case *syntax.ArithmExp:
			b.WriteString(dynamic + "$((…))")
		case *syntax.ProcSubst:
			b.WriteString(dynamic + p.Op.String() + "…)")
		case *syntax.ExtGlob:
			b.WriteString(p.Op.String() + p.Pattern.Value + ")")
		}
	}
}

// param is the value of a variable that the text sets. It has one once only so
// often: the values of values grow fast.
func (s *script) param(b *strings.Builder, p *syntax.ParamExp) {
	name := ""
	if p.Param != nil {
		name = p.Param.Value
	}
	value, known := s.vars[name]
	changed := p.Excl || p.Length || p.Index != nil || p.Slice != nil || p.Repl != nil || p.Names != 0 ||
		p.Exp != nil && p.Exp.Op > syntax.AssignUnsetOrNull
	if !known || changed {
		value = dynamic + "$" + name
	}
	if s.size += len(value); s.size <= maxExpanded {
		b.WriteString(value)
	}
}

// ansi is the character that a backslash writes in $'…'.
func ansi(escape string) string {
	c := escape[1:]
	if i := strings.Index("abefnrtvE", c); i >= 0 {
		return "\a\b\x1b\f\n\r\t\v\x1b"[i : i+1]
	}
	digits, base := c, 8
	if strings.IndexByte("xuU", c[0]) >= 0 {
		digits, base = c[1:], 16
	}
	n, err := strconv.ParseInt(digits, base, 64)
	switch {
	case err != nil && strings.Contains(`\'"?`, c):
		return c
	case err != nil: // no escape at all: bash leaves it as it is
		return escape
	case n == 0: // the end of a text for bash; here, a character nobody can type
		return "\uFFFD"
	case c[0] == 'u' || c[0] == 'U':
		return string(rune(min(n, utf8.MaxRune+1))) // #nosec G115 -- held below by min, and n has no sign
	}
	return string([]byte{byte(n)}) // #nosec G115 -- bash too keeps the low byte
}
