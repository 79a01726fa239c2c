package models

import (
	"context"
	"strings"
	"unicode/utf8"

	"quartermaster/models/list"
	"quartermaster/models/query"
)

// Entry is a line of a bucket's listing: a folder or an object.
type Entry struct {
	// Folder is what all keys in the folder begin with, up to and with the
	// slash; empty for an object.
	Folder string
	// Object is nil for a folder.
	Object *Object
}

// name is what the entry is sorted by.
func (e Entry) name() string {
	if e.Object != nil {
		return e.Object.Key
	}
	return e.Folder
}

// ListObjects is a page of what a bucket holds under a prefix, in the order of
// the bytes of the keys. Keys that have a slash behind the prefix are shown as
// one folder up to it. A page reads a few rows a line, however many objects the
// folders hold.
func (db *DB) ListObjects(ctx context.Context, by Actor, bucketID, prefix string, p Page) ([]Entry, Cursor, error) {
	if err := by.may(See); err != nil {
		return nil, Cursor{}, err
	}
	if !validKey(prefix) {
		return nil, Cursor{}, nil
	}
	w := walk{
		rows:   query.Of[Object](db.gorm).Where("team_id = ? AND bucket_id = ?", by.TeamID, bucketID),
		prefix: prefix, from: prefix, to: after(prefix), backwards: p.Before != "",
	}
	at, known := mark(p.After + p.Before)
	known = known && strings.HasPrefix(at.name(), prefix)
	switch {
	case !known:
		w.backwards = p.last
	case w.backwards:
		w.to = at.name()
	default:
		w.pass(at)
	}
	entries, err := w.read(ctx, p.size()+1)
	if err != nil {
		return nil, Cursor{}, translate(err)
	}
	if len(entries) == 0 && known && p.Near {
		return db.ListObjects(ctx, by, bucketID, prefix, Page{Size: p.Size, last: !w.backwards})
	}
	entries, c := cut(entries, p, w.backwards, known, Entry.mark)
	return entries, c, nil
}

// walk goes through the keys from (with it) to to (without it), which is open
// when empty, and jumps over what a folder holds.
type walk struct {
	rows      query.Rows[Object]
	prefix    string
	from, to  string
	backwards bool
}

// read is the next n entries, or all that are left.
func (w *walk) read(ctx context.Context, n int) ([]Entry, error) {
	var out []Entry
	// A list without folders is read at once. Behind a folder that is larger
	// than what was read of it, a few rows are enough to see what comes next.
	const few = 4
	for chunk := n; len(out) < n; {
		q := w.rows.Where("key >= ?", w.from)
		if w.to != "" {
			q = q.Where("key < ?", w.to)
		}
		dir := "key"
		if w.backwards {
			dir = "key DESC"
		}
		rows, err := q.Order(dir).Limit(chunk).Find(ctx)
		if err != nil {
			return nil, err
		}
		folder := false
		for _, o := range rows {
			e := w.entry(o)
			if folder = e.Object == nil; folder && len(out) > 0 && out[len(out)-1].Folder == e.Folder {
				continue
			}
			if len(out) == n {
				return out, nil
			}
			out = append(out, e)
			w.pass(e)
		}
		if len(rows) < chunk || w.to != "" && w.from >= w.to {
			return out, nil
		}
		chunk = min(2*chunk, n)
		if folder {
			chunk = few
		}
	}
	return out, nil
}

// pass goes on behind an entry.
func (w *walk) pass(e Entry) {
	switch {
	case w.backwards:
		w.to = e.name()
	case e.Object == nil:
		w.from = after(e.Folder)
	default:
		w.from = e.Object.Key + "\x01" // the next possible key: there is no zero character
	}
}

func (w *walk) entry(o Object) Entry {
	rest := o.Key[len(w.prefix):]
	if slash := strings.IndexByte(rest, '/'); slash >= 0 {
		return Entry{Folder: o.Key[:len(w.prefix)+slash+1]}
	}
	return Entry{Object: &o}
}

// after is the least text that is greater than all that begin with prefix, or
// "" when there is none. The order of UTF-8 is that of its characters.
func after(prefix string) string {
	for prefix != "" {
		last, size := utf8.DecodeLastRuneInString(prefix)
		prefix = prefix[:len(prefix)-size]
		switch last {
		case utf8.MaxRune:
			continue
		case 0xd7ff:
			return prefix + "\ue000" // what lies between are no characters
		}
		return prefix + string(last+1)
	}
	return ""
}

// mark is an entry as a cursor keeps it.
func (e Entry) mark() string {
	if e.Object != nil {
		return list.Mark([]string{"object " + e.Object.Key})
	}
	return list.Mark([]string{"folder " + e.Folder})
}

// mark is the entry that a cursor keeps, of which only the name is known.
func mark(cursor string) (Entry, bool) {
	values := list.Unmark(cursor, []string{""})
	if values == nil {
		return Entry{}, false
	}
	text, _ := values[0].(string)
	kind, name, _ := strings.Cut(text, " ")
	if name == "" || !validKey(name) {
		return Entry{}, false
	}
	switch kind {
	case "object":
		return Entry{Object: &Object{Key: name}}, true
	case "folder":
		return Entry{Folder: name}, true
	}
	return Entry{}, false
}
