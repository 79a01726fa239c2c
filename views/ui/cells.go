package ui

import (
	"bytes"
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/a-h/templ"

	"quartermaster/models"
	"quartermaster/views/i18n"
)

// Cells writes what stands in the cells of a long table, at a fraction of what
// components cost. Everything given to it is text, escaped as templ escapes it.
type Cells struct {
	// Ctx has the reader's language and zone and the kinds, and nothing else.
	Ctx context.Context
	// Words are what values that are data are called, by what they are values of.
	Words map[string]map[string]string
	// Emails are the addresses of people by their ids, for files.
	Emails map[string]string
	now    time.Time
	until  time.Time
	b      []byte
	ticks  bool // a label is open
	err    error
}

// NewCells writes behind b what a reader sees at a time.
func NewCells(ctx context.Context, now time.Time, b []byte) *Cells {
	// The language and the zone are asked for with every cell: they come first.
	plain := WithKinds(context.Background(), Kinds(ctx))
	return &Cells{Ctx: i18n.WithZone(i18n.WithLang(plain, i18n.Lang(ctx)), i18n.Zone(ctx)), now: now, until: never, b: b}
}

// never is a moment that does not come.
var never = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)

// Now is the time that states are told by. What is drawn by it stands until the
// first of the edges that is ahead, as far as Until tells; without edges it is
// true only now.
func (c *Cells) Now(edges ...time.Time) time.Time {
	if len(edges) == 0 {
		c.until = c.now
	}
	for _, edge := range edges {
		if edge.After(c.now) && edge.Before(c.until) {
			c.until = edge
		}
	}
	return c.now
}

// Until is how long what was drawn since Until was asked before stands.
func (c *Cells) Until() time.Time {
	until := c.until
	c.until = never
	return until
}

// Bytes is everything that was written.
func (c *Cells) Bytes() []byte { return c.b }

// Word is what a value is called, itself when nobody knows.
func (c *Cells) Word(of, value string) string {
	if word := c.Words[of][value]; word != "" {
		return word
	}
	return value
}

// T writes a sentence of the catalogue.
func (c *Cells) T(key string, args ...any) { c.Text(i18n.T(c.Ctx, key, args...)) }

// Text writes text.
func (c *Cells) Text(s string) { c.b = appendEscaped(c.b, s) }

// Add writes what another Cells has written.
func (c *Cells) Add(html []byte) { c.b = append(c.b, html...) }

// Draw writes a component that is drawn of the row alone. It costs what components
// cost.
func (c *Cells) Draw(x templ.Component) {
	var b bytes.Buffer
	if err := x.Render(c.Ctx, &b); err != nil {
		c.err = errors.Join(c.err, err)
	}
	c.Add(b.Bytes())
}

// Err is what went wrong with components.
func (c *Cells) Err() error { return c.err }

func (c *Cells) raw(s string) { c.b = append(c.b, s...) }

// Open and Close write the tags of an element; attributes are pairs of a name
// and a value. Names of elements and attributes come from code.
func (c *Cells) Open(element string, attributes ...string) {
	c.b = append(append(c.b, '<'), element...)
	for i := 0; i+1 < len(attributes); i += 2 {
		if attributes[i+1] == "" {
			continue
		}
		c.b = append(append(append(c.b, ' '), attributes[i]...), '=')
		if plainValue(attributes[i+1]) {
			c.b = append(c.b, attributes[i+1]...)
			continue
		}
		c.b = append(appendEscaped(append(c.b, '"'), attributes[i+1]), '"')
	}
	c.b = append(c.b, '>')
}

// Close is described with Open.
func (c *Cells) Close(element string) {
	c.b = append(append(append(c.b, '<', '/'), element...), '>')
	if c.ticks && element == "a" {
		c.ticks = false
		c.raw("</label>")
	}
}

// Tick writes a box that picks the row of an id, which comes to a sum, "" for none.
// It is called as the link that is written next is, which stays a link.
func (c *Cells) Tick(id, sum string) {
	c.raw("<label>")
	c.Open("input", "type", "checkbox", "name", "pick", "value", id, "data-sum", sum)
	c.Text(" ")
	c.ticks = true
}

// In writes text inside an element.
func (c *Cells) In(element, class, text string) {
	c.Open(element, "class", class)
	c.Text(text)
	c.Close(element)
}

// Note writes text below what stands in the cell, unless it is empty. Another block
// or the end of the cell ends it.
func (c *Cells) Note(text string) {
	if text != "" {
		c.raw(" <p>")
		c.Text(text)
	}
}

// None writes that there is nothing.
func (c *Cells) None() { c.In("span", "none", "—") }

// Tags writes short labels, each a link to the list at a path narrowed by it.
func (c *Cells) Tags(path string, tags []string) {
	if len(tags) == 0 {
		return
	}
	c.Open("ul", "class", "tags")
	for _, t := range tags {
		c.Open("li")
		c.Link(TagPath(path, t), t)
	}
	c.Close("ul")
}

// Moment writes a moment as text, with the exact time in UTC behind it.
func (c *Cells) Moment(at time.Time, text string) {
	c.Open("time", "datetime", at.UTC().Format(time.RFC3339), "title", at.UTC().Format("2006-01-02 15:04:05 UTC"))
	c.Text(text)
	c.Close("time")
}

// Relative says how far a moment is from now.
func (c *Cells) Relative(at time.Time) string {
	return i18n.Relative(c.Ctx, at, c.Now(i18n.Turn(at, c.now)))
}

// Link writes a link to a page of this site: path begins with "/".
func (c *Cells) Link(path, text string) {
	c.Open("a", "href", path)
	c.Text(text)
	c.Close("a")
}

// Code writes an id, beside which a button that copies it appears where scripts
// run.
func (c *Cells) Code(id string) { c.In("code", "", Visible(id)) }

// Badge writes a state: a dot in its tone and the word for it.
func (c *Cells) Badge(tone Tone, word string) { c.In("b", "tone-"+string(tone), word) }

// Mark writes the icon of a kind in its hue.
func (c *Cells) Mark(k models.Kind) { c.raw(string(kindIcon(c.Ctx, k))) }

// Meter writes how much of a limit is used, in words and as a bar.
func (c *Cells) Meter(p MeterProps) {
	class := "level"
	if tone := p.tone(); tone != Neutral {
		class += " tone-" + string(tone)
	}
	c.Open("span", "class", class)
	c.Text(p.Label)
	c.In("b", "", p.Text)
	c.Open("meter", "max", strconv.FormatInt(p.Limit, 10), "value", strconv.FormatInt(min(p.Used+p.Add, p.Limit), 10), "aria-hidden", "true")
	c.raw("</meter></span>")
}

// plainValue tells whether a value of an attribute needs no quotes: it is letters,
// digits, and what addresses and names of classes have between them.
func plainValue(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c == '-' || c == '.' || c == '/' || c == '_':
		default:
			return false
		}
	}
	return true
}

// appendEscaped appends s with what has a meaning in HTML written as templ
// writes it.
func appendEscaped(b []byte, s string) []byte {
	from := 0
	for i := 0; i < len(s); i++ {
		var as string
		switch s[i] {
		case '&':
			as = "&amp;"
		case '\'':
			as = "&#39;"
		case '<':
			as = "&lt;"
		case '>':
			as = "&gt;"
		case '"':
			as = "&#34;"
		default:
			continue
		}
		b = append(append(b, s[from:i]...), as...)
		from = i + 1
	}
	return append(b, s[from:]...)
}
