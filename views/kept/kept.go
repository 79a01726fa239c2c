// Package kept keeps what was drawn for readers, so that it need not be drawn
// again.
package kept

import (
	"bytes"
	"context"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/a-h/templ"
)

// most bounds the bytes that a Store keeps, twice.
const most = 256 << 10

// Store keeps pieces of pages as they were drawn, by everything that their drawing
// depends on. Those that nobody has asked for in a while are forgotten. The zero
// Store is empty and ready.
type Store struct {
	mu       sync.Mutex
	new, old map[Key]Piece
	bytes    int
}

// Key is what a drawing depends on: of its reader, and what it shows.
type Key struct{ Reader, Text string }

// Piece is drawn; it stands from a time and until another. A zero Until is for
// ever.
type Piece struct {
	HTML        []byte
	From, Until time.Time
}

// Find is a piece as a reader saw it, nil when it is not kept or does not stand
// at this time.
func (s *Store) Find(key Key, now time.Time) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.new[key]
	if !ok {
		if p, ok = s.old[key]; ok {
			s.put(key, p)
		}
	}
	if !ok || now.Before(p.From) || !p.Until.IsZero() && !now.Before(p.Until) {
		return nil
	}
	return p.HTML
}

// Keep keeps a copy of a piece.
func (s *Store) Keep(key Key, p Piece) {
	key.Text = strings.Clone(key.Text) // it may be a piece of what was read together
	p.HTML = append([]byte(nil), p.HTML...)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.put(key, p)
}

// Part is a part of pages, taken from the store when it was drawn for the same key
// before. A nil Store keeps nothing.
func (s *Store) Part(part templ.Component, by func(ctx context.Context) Key) templ.Component {
	if s == nil {
		return part
	}
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		key := by(ctx)
		html := s.Find(key, time.Time{})
		if html == nil {
			var b bytes.Buffer
			if err := part.Render(ctx, &b); err != nil {
				return err
			}
			html = b.Bytes()
			s.Keep(key, Piece{HTML: html})
		}
		_, err := w.Write(html)
		return err
	})
}

func (s *Store) put(key Key, p Piece) {
	if s.new == nil || s.bytes > most {
		s.old, s.new, s.bytes = s.new, map[Key]Piece{}, 0
	}
	s.bytes += len(key.Text) + len(p.HTML) + 200 // about what a map needs
	s.new[key] = p
}
