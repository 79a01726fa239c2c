package views

import (
	"strings"
	"sync"
	"time"
)

// mostKept bounds the bytes that a Kept keeps, twice.
const mostKept = 256 << 10

// Kept keeps rows of lists as they were drawn, by everything that their drawing
// depends on: what the database has of the row, the reader's language and zone
// and all else that ListView.kept names, and the time. Those that nobody has
// asked for in a while are forgotten.
type Kept struct {
	mu       sync.Mutex
	new, old map[keptKey]keptRow
	bytes    int
}

type keptKey struct{ reader, text string }

// keptRow is drawn; it stands from a time and until another.
type keptRow struct {
	html        []byte
	from, until time.Time
}

// find is a row as a reader saw it, nil when it is not kept or does not stand any
// more.
func (k *Kept) find(key keptKey, now time.Time) []byte {
	k.mu.Lock()
	defer k.mu.Unlock()
	row, ok := k.new[key]
	if !ok {
		if row, ok = k.old[key]; ok {
			k.put(key, row)
		}
	}
	if !ok || now.Before(row.from) || !now.Before(row.until) {
		return nil
	}
	return row.html
}

// keep keeps a copy of a row.
func (k *Kept) keep(key keptKey, row keptRow) {
	key.text = strings.Clone(key.text) // it is a piece of what was read together
	row.html = append([]byte(nil), row.html...)
	k.mu.Lock()
	defer k.mu.Unlock()
	k.put(key, row)
}

func (k *Kept) put(key keptKey, row keptRow) {
	if k.new == nil || k.bytes > mostKept {
		k.old, k.new, k.bytes = k.new, map[keptKey]keptRow{}, 0
	}
	k.bytes += len(key.text) + len(row.html) + 200 // about what a map needs
	k.new[key] = row
}
