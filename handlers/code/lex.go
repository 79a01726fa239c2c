package code

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A command is one command of a shell: its words, with the variables that the
// text itself sets put in, and the files that it reads from or writes to.
type command struct {
	words []string
	files []string
}

// dynamic stands before what only a shell could put in: a variable that the
// text does not set, the output of a command. No text has this character: it
// stands for none.
const dynamic = "\uFDD0"

// maxExpanded bounds what all words come to with their variables put in.
const maxExpanded = 4 * Limit

// maxName bounds a variable with what may stand in its braces, so that one that
// is never closed is not looked for the end of the text at every dollar sign.
const maxName = 100

// maxDepth bounds how deep commands stand in each other.
const maxDepth = 20

// A lexer takes a shell text apart without running any of it.
type lexer struct {
	src    string
	at     int
	vars   map[string]string
	size   int // of all words so far
	out    []command
	cur    command
	word   strings.Builder
	inWord bool
	toFile bool // the next word is a file
}

// lex is the commands of a text in the language of bash: words in all its
// quotes, line continuations, comments, variables. A quote that is not closed
// is an Error.
func lex(src string) ([]command, error) {
	l := &lexer{src: src, vars: map[string]string{}}
	for l.at < len(l.src) {
		if err := l.next(); err != nil {
			return nil, err
		}
	}
	l.endCommand()
	return l.out, nil
}

// next reads one character, or one quoted or expanded part.
func (l *lexer) next() error {
	c := l.src[l.at]
	switch {
	case c == ' ' || c == '\t':
		l.at++
		l.endWord()
	case strings.IndexByte("\n;&|()", c) >= 0:
		l.at++
		l.endCommand()
	case c == '#' && !l.inWord:
		if end := strings.IndexByte(l.src[l.at:], '\n'); end >= 0 {
			l.at += end
		} else {
			l.at = len(l.src)
		}
	case c == '<' || c == '>':
		l.redirect()
	case c == '\\':
		l.escaped()
	case c == '\'':
		return l.single()
	case c == '"':
		return l.double()
	case c == '$' || c == '`':
		return l.expand(true)
	default:
		l.at++
		l.inWord = true
		l.word.WriteByte(c)
	}
	if l.size+l.word.Len() > maxExpanded {
		return &Error{Reason: TooLong}
	}
	return nil
}

func (l *lexer) add(s string) {
	l.inWord = true
	l.word.WriteString(s)
}

func (l *lexer) endWord() {
	if !l.inWord {
		return
	}
	w := l.word.String()
	l.word.Reset()
	l.inWord = false
	l.size += len(w)
	if l.toFile {
		l.cur.files = append(l.cur.files, w)
		l.toFile = false
		return
	}
	l.cur.words = append(l.cur.words, w)
}

var assignment = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*=`)

// endCommand keeps the command, unless all it does is to set variables.
func (l *lexer) endCommand() {
	l.endWord()
	words := l.cur.words
	set := 0
	for set < len(words) && assignment.MatchString(words[set]) {
		set++
	}
	if set == len(words) {
		for _, w := range words {
			name, value, _ := strings.Cut(w, "=")
			l.vars[name] = value
		}
	}
	if set < len(words) || len(l.cur.files) > 0 {
		l.out = append(l.out, command{words[set:], l.cur.files})
	}
	l.cur, l.toFile = command{}, false
}

// redirect reads < or >, with the number that may stand before and the & that
// may stand after.
func (l *lexer) redirect() {
	if w := l.word.String(); l.inWord && strings.Trim(w, "0123456789") == "" {
		l.word.Reset()
		l.inWord = false
	}
	l.endWord()
	for l.at < len(l.src) && strings.IndexByte("<>&", l.src[l.at]) >= 0 {
		l.at++
	}
	l.toFile = true
}

// escaped reads a backslash outside of quotes.
func (l *lexer) escaped() {
	l.at++
	if l.at == len(l.src) {
		return
	}
	_, n := utf8.DecodeRuneInString(l.src[l.at:])
	if c := l.src[l.at : l.at+n]; c != "\n" {
		l.add(c)
	}
	l.at += n
}

func (l *lexer) single() error {
	end := strings.IndexByte(l.src[l.at+1:], '\'')
	if end < 0 {
		return l.unclosed("'", l.at)
	}
	l.add(l.src[l.at+1 : l.at+1+end])
	l.at += end + 2
	return nil
}

func (l *lexer) unclosed(quote string, at int) error {
	return &Error{Reason: Unclosed, Detail: quote, Line: 1 + strings.Count(l.src[:at], "\n")}
}

func (l *lexer) double() error {
	began := l.at
	l.add("")
	l.at++
	for l.at < len(l.src) {
		switch c := l.src[l.at]; {
		case c == '"':
			l.at++
			return nil
		case c == '\\' && l.at+1 < len(l.src):
			n := l.src[l.at+1]
			l.at += 2
			switch {
			case strings.IndexByte("\"\\$`", n) >= 0:
				l.add(string(n))
			case n != '\n':
				l.add(`\`)
				l.at--
			}
		case c == '$' || c == '`':
			if err := l.expand(false); err != nil {
				return err
			}
			if l.size+l.word.Len() > maxExpanded {
				return &Error{Reason: TooLong}
			}
		default:
			l.word.WriteByte(c)
			l.at++
		}
	}
	return l.unclosed(`"`, began)
}

var (
	variable = regexp.MustCompile(`^\$([A-Za-z_][A-Za-z0-9_]*|[0-9?!#@*$_-])`)
	braced   = regexp.MustCompile(`^\$\{([A-Za-z_][A-Za-z0-9_]*)(?::?[-?=+][^}]*)?\}`)
)

// expand reads what begins with a dollar sign or a backquote. Inside of double
// quotes, a quote that follows the sign has no meaning of its own.
func (l *lexer) expand(plain bool) error {
	rest := l.src[l.at:]
	switch {
	case plain && strings.HasPrefix(rest, "$'"):
		return l.ansi()
	case plain && strings.HasPrefix(rest, `$"`):
		l.at++
		return l.double()
	case strings.HasPrefix(rest, "$("):
		end, err := l.skip(l.at+2, ')', 0)
		if err != nil {
			return err
		}
		l.unknown("$(…)", end)
	case rest[0] == '`':
		end := l.at + 1
		for end < len(l.src) && l.src[end] != '`' {
			if l.src[end] == '\\' {
				end++
			}
			end++
		}
		if end >= len(l.src) {
			return l.unclosed("`", l.at)
		}
		l.unknown("`…`", end+1)
	default:
		name := rest[:min(len(rest), maxName)]
		m := variable.FindStringSubmatch(name)
		if m == nil {
			m = braced.FindStringSubmatch(name)
		}
		switch {
		case m == nil:
			l.add("$")
			l.at++
		case l.known(m[1]):
			l.add(l.vars[m[1]])
			l.at += len(m[0])
		default:
			l.unknown("$"+m[1], l.at+len(m[0]))
		}
	}
	return nil
}

func (l *lexer) known(name string) bool {
	_, ok := l.vars[name]
	return ok
}

// unknown takes the text up to end as something only a shell knows, and calls
// it by a name in which nothing has a meaning to what reads the word.
func (l *lexer) unknown(name string, end int) {
	l.add(dynamic + name)
	l.at = end
}

// skip is where what began before at ends, past its closing character.
func (l *lexer) skip(at int, closing byte, depth int) (int, error) {
	if depth > maxDepth {
		return 0, &Error{Reason: TooLong}
	}
	began := at
	for at < len(l.src) {
		var err error
		switch c := l.src[at]; {
		case c == closing:
			return at + 1, nil
		case c == '\\':
			at += 2
		case c == '\'' && closing == ')':
			end := strings.IndexByte(l.src[at+1:], '\'')
			if end < 0 {
				return 0, l.unclosed("'", at)
			}
			at += end + 2
		case c == '"' && closing == ')':
			at, err = l.skip(at+1, '"', depth+1)
		case c == '(' && (closing == ')' || l.src[at-1] == '$'):
			at, err = l.skip(at+1, ')', depth+1)
		default:
			at++
		}
		if err != nil {
			return 0, err
		}
	}
	return 0, l.unclosed(map[byte]string{')': "$(", '"': `"`}[closing], min(began, len(l.src)))
}

var (
	ansiOctal = regexp.MustCompile(`^[0-7]{1,3}`)
	ansiHex   = map[byte]*regexp.Regexp{
		'x': regexp.MustCompile(`^[0-9A-Fa-f]{1,2}`),
		'u': regexp.MustCompile(`^[0-9A-Fa-f]{1,4}`),
		'U': regexp.MustCompile(`^[0-9A-Fa-f]{1,8}`),
	}
	ansiPlain = map[byte]string{
		'n': "\n", 't': "\t", 'r': "\r", 'a': "\a", 'b': "\b", 'f': "\f", 'v': "\v",
		'e': "\x1b", 'E': "\x1b", '\\': `\`, '\'': "'", '"': `"`, '?': "?",
	}
)

// ansi reads $'…', in which backslashes write characters.
func (l *lexer) ansi() error {
	began := l.at
	l.add("")
	l.at += 2
	for l.at < len(l.src) {
		c := l.src[l.at]
		l.at++
		switch {
		case c == '\'':
			return nil
		case c != '\\' || l.at == len(l.src):
			l.word.WriteByte(c)
		default:
			l.ansiEscape()
		}
	}
	return l.unclosed("$'", began)
}

func (l *lexer) ansiEscape() {
	c := l.src[l.at]
	if s, ok := ansiPlain[c]; ok {
		l.word.WriteString(s)
		l.at++
		return
	}
	digits, base := ansiOctal.FindString(l.src[l.at:]), 8
	skipped := 0
	if hex := ansiHex[c]; hex != nil {
		digits, base, skipped = hex.FindString(l.src[l.at+1:]), 16, 1
	}
	n, err := strconv.ParseInt(digits, base, 64)
	switch {
	case err != nil: // no escape at all: bash leaves it as it is
		l.word.WriteByte('\\')
		return
	case n == 0: // the end of a text for bash; here, a character nobody can type
		l.word.WriteRune(utf8.RuneError)
	case c == 'u' || c == 'U':
		l.word.WriteRune(rune(min(n, utf8.MaxRune+1)))
	default:
		l.word.WriteByte(byte(n))
	}
	l.at += skipped + len(digits)
}

// Error is why nothing could be read from a text.
type Error struct {
	Reason Reason
	// Detail is what the reason is about: the quote that is not closed, the
	// operation that has no form.
	Detail string
	// Line is where, counted from 1; 0 where that says nothing.
	Line int
}

// Reason is a sort of Error or of Part, as a word that the pages have a sentence
// for.
type Reason string

// Why nothing was read.
const (
	Empty    Reason = "empty"
	TooLong  Reason = "too-long"
	Unclosed Reason = "unclosed" // a quote or bracket
	BadJSON  Reason = "bad-json"
	NoCode   Reason = "no-code" // neither a command that is known nor JSON
	NoForm   Reason = "no-form" // a request, but of an operation that has no form
)

func (e *Error) Error() string {
	return strings.TrimSpace(fmt.Sprintf("read code: %s %s", e.Reason, e.Detail))
}
