package models

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"quartermaster/models/list"
	"quartermaster/models/query"
)

// Entry is a line of a bucket's listing: a folder or an object.
type Entry struct {
	// Folder is what all keys in the folder begin with, up to and with the
	// slash; empty for an object.
	Folder string
	// Object is nil for a folder. It lacks its Headers, of which a page could hold
	// many megabytes.
	Object *Object
	// Uses are the package versions that use the object.
	Uses []Use
}

// Name is what the entry is sorted by.
func (e Entry) Name() string {
	if e.Object != nil {
		return e.Object.Key
	}
	return e.Folder
}

// entry is an item of a walk through objects.
func entry(i item[Object]) Entry { return Entry{Folder: i.folder, Object: i.row} }

// Objects is the list of what a bucket holds, below a prefix where that is set. In
// its usual order, which is that of the bytes of the keys, keys that have a slash
// behind the prefix are shown as one folder up to it; by size and by age, and
// whole, there are only objects.
var Objects = &List[Entry]{
	Right: See,
	Below: func(ctx context.Context, db *DB, by Actor, bucket string) error {
		_, err := db.FindBucket(ctx, by, bucket)
		return err
	},
	Begins: "prefix",
	Walk: func(ctx context.Context, db *DB, by Actor, q list.Query) (list.Page[Entry], error) {
		return db.walkFolder(ctx, by, q)
	},
	Desc: list.Desc[Entry]{
		Table: "objects", Key: "id", Scope: "bucket_id",
		Columns: []string{"id", "key", "size", "creator_name", "created_at", "content_type", "sha256", "md5", "joined", "created_by"},
		Brief:   5,
		Into: func(e *Entry, to []any) []any {
			if e.Object == nil {
				e.Object = new(Object)
			}
			o := e.Object
			return append(to, &o.ID, &o.Key, &o.Size, &o.CreatorName, &o.CreatedAt, &o.ContentType, &o.SHA256, &o.MD5, &o.Joined, &o.CreatedBy)
		},
		Sorts: []list.Sort{{Name: "name", Columns: []string{"key"}, Up: true}, {Name: "size", Columns: []string{"size", "id"}}, {Name: "created", Columns: []string{"created_at", "id"}}, small("by", "creator_name", "id")},
		Filters: []list.Filter{{Name: "prefix", Arms: func(value string, _ time.Time) []list.Cond {
			switch end := after(value); {
			case !validKey(value):
				return []list.Cond{{SQL: "1 = 0"}}
			case end == "":
				return []list.Cond{{SQL: "key >= ?", Args: []any{value}}}
			default:
				return []list.Cond{{SQL: "key >= ? AND key < ?", Args: []any{value, end}}}
			}
		}}},
		Indexes: []list.Index{
			{Name: "objects_key", Sort: "name"},
			{Name: "objects_key", Filters: []string{"prefix"}, Sort: "name"},
			{Name: "objects_size", Sort: "size"},
			{Name: "objects_newest", Sort: "created"},
		},
	},
	Fill: func(ctx context.Context, db *DB, by Actor, rows []Entry) error {
		var objects []Object
		for _, e := range rows {
			if e.Object != nil {
				objects = append(objects, *e.Object)
			}
		}
		uses, err := db.usesOf(ctx, by, objects)
		for i, e := range rows {
			if e.Object != nil {
				rows[i].Uses = uses[e.Object.ID]
			}
		}
		return err
	},
}

// walkFolder is a page of what a bucket holds, with folders. It reads a few rows a
// line, however many objects the folders hold.
func (db *DB) walkFolder(ctx context.Context, by Actor, q list.Query) (list.Page[Entry], error) {
	prefix := q.Filters["prefix"]
	if !validKey(prefix) {
		return list.Page[Entry]{Total: list.Unknown}, nil
	}
	known := func(cursor string) *Entry {
		if at, ok := mark(cursor); ok && strings.HasPrefix(at.Name(), prefix) {
			return &at
		}
		return nil
	}
	return list.Pages(q, known, func(from *Entry, backwards bool, n int) ([]Entry, error) {
		w := db.walkObjects(by, q.Of, prefix, "/")
		w.backwards = backwards != q.Reverse
		switch {
		case from == nil:
		case w.backwards:
			w.to = from.Name()
		default:
			w.pass(item[Object]{from.Folder, from.Object})
		}
		items, err := w.read(ctx, n)
		return entries(items), err
	}, Entry.mark)
}

func entries(items []item[Object]) []Entry {
	var out []Entry
	for _, i := range items {
		out = append(out, entry(i))
	}
	return out
}

// KeyQuery asks for keys in the order of their bytes.
type KeyQuery struct {
	Prefix string
	// Delimiter is what ends a folder behind the prefix; "" shows no folders.
	Delimiter string
	// After is the key, or the folder, behind which the list begins; "" is its
	// beginning.
	After string
	// Size is the most objects and folders together, 1,000 at most.
	Size int
}

// mostListed is how many lines a list of keys has.
const mostListed = 1000

// check is the rule that a question breaks, by the name of what breaks it: texts
// that no key can have.
func (q KeyQuery) check() error {
	var broken Invalid
	for _, f := range []struct{ name, text string }{{"prefix", q.Prefix}, {"delimiter", q.Delimiter}, {"marker", q.After}} {
		if !validKey(f.text) {
			broken.refuse(f.name, "key_text")
		}
	}
	return Invalid(nil).With(broken)
}

// ListKeys is what a bucket of the actor's team holds, as the OSS documents list
// it; more tells that there is more behind it. It reads a few rows a line, however
// many objects the folders hold.
func (db *DB) ListKeys(ctx context.Context, by Actor, bucketID string, q KeyQuery) (list []Entry, more bool, err error) {
	if err := db.mayReach(ctx, by, ListObjects, bucketID, q.Prefix); err != nil {
		return nil, false, err
	}
	if err := q.check(); err != nil {
		return nil, false, err
	}
	items, more, err := db.walkObjects(by, bucketID, q.Prefix, q.Delimiter).list(ctx, q.After, "", q.Size)
	return entries(items), more, translate(err)
}

// UploadEntry is a line of a list of unfinished uploads: a folder or an upload.
type UploadEntry struct {
	Folder string     // "" for an upload
	Upload *Multipart // nil for a folder; it lacks its Headers
}

// ListMultiparts are the unfinished uploads of a bucket of the actor's team, by key
// and then by id; q.After is a key, behind which the list begins, or, with afterID,
// behind that upload of the key.
func (db *DB) ListMultiparts(ctx context.Context, by Actor, bucketID string, q KeyQuery, afterID string) (list []UploadEntry, more bool, err error) {
	if err := db.mayReach(ctx, by, ListObjects, bucketID, q.Prefix); err != nil {
		return nil, false, err
	}
	if err = q.check(); err == nil && !validKey(afterID) {
		err = invalid("marker", "key_text")
	}
	if err != nil {
		return nil, false, err
	}
	w := walk[Multipart]{
		db: db, table: "multiparts", within: []any{by.TeamID, bucketID},
		name: func(m *Multipart) (string, string) { return m.Key, m.ID }, byID: true,
		prefix: q.Prefix, delimiter: q.Delimiter, from: q.Prefix, to: after(q.Prefix),
	}
	items, more, err := w.list(ctx, q.After, afterID, q.Size)
	for _, i := range items {
		list = append(list, UploadEntry{i.folder, i.row})
	}
	return list, more, translate(err)
}

func (db *DB) walkObjects(by Actor, bucketID, prefix, delimiter string) *walk[Object] {
	return &walk[Object]{
		db: db, table: "objects", within: []any{by.TeamID, bucketID},
		name:   func(o *Object) (string, string) { return o.Key, "" },
		prefix: prefix, delimiter: delimiter, from: prefix, to: after(prefix),
	}
}

// walk goes through rows by their keys, from one (with it) to another (without it),
// which is open when empty, and jumps over what a folder holds.
type walk[T any] struct {
	db                *DB
	table             string
	within            []any // the team and the bucket
	name              func(*T) (key, id string)
	byID              bool // several rows may have the same key
	prefix, delimiter string
	from, to          string
	fromID            string // with byID, the walk begins behind this row of the key
	backwards         bool
}

// item is a row, or a folder that rows are in.
type item[T any] struct {
	folder string
	row    *T
}

// list is the next n items behind a key, a folder or a row, and whether there are
// more.
func (w *walk[T]) list(ctx context.Context, last, lastID string, n int) (items []item[T], more bool, err error) {
	if n = min(n, mostListed); n < 1 {
		return nil, false, nil
	}
	folder := ""
	if strings.HasPrefix(last, w.prefix) {
		folder = w.folder(last)
	}
	switch {
	case last == "":
	case folder == last:
		w.from = after(last)
		if w.from == "" { // nothing is behind the last possible folder
			return nil, false, nil
		}
	case lastID != "" && last >= w.from:
		w.from, w.fromID = last, lastID
	default:
		w.from = max(w.from, next(last))
	}
	items, err = w.read(ctx, n+1)
	if more = len(items) > n; more {
		items = items[:n]
	}
	return items, more, err
}

// read is the next n items, or all that are left.
func (w *walk[T]) read(ctx context.Context, n int) ([]item[T], error) {
	var out []item[T]
	// A list without folders is read at once. Behind a folder that is larger
	// than what was read of it, a few rows are enough to see what comes next; where
	// that is a folder too, the database goes from one to the next.
	const few = 4
	for chunk := n; len(out) < n; {
		if w.to != "" && w.from >= w.to {
			return out, nil
		}
		rows, err := w.some(ctx, chunk)
		if err != nil {
			return nil, err
		}
		folder := false
		for i := range rows {
			e := w.item(&rows[i])
			if folder = e.row == nil; folder && len(out) > 0 && out[len(out)-1].folder == e.folder {
				continue
			}
			if len(out) == n {
				return out, nil
			}
			out = append(out, e)
			w.pass(e)
		}
		if len(rows) < chunk {
			return out, nil
		}
		if folder && !w.backwards && w.from == "" { // the last possible folder
			return out, nil
		}
		if !folder {
			chunk = min(2*chunk, n)
			continue
		}
		if chunk == few && !w.backwards {
			folders, err := w.skip(ctx, n-len(out))
			if err != nil {
				return nil, err
			}
			for _, f := range folders {
				out = append(out, item[T]{folder: f})
				w.pass(out[len(out)-1])
			}
		}
		chunk = few
	}
	return out, nil
}

// some is at most n rows of the walk, without their headers.
func (w *walk[T]) some(ctx context.Context, n int) ([]T, error) {
	condition, order, args := "team_id = ? AND bucket_id = ? AND key >= ?", "key", append(slices.Clip(w.within), w.from)
	if w.byID {
		condition, order, args = "team_id = ? AND bucket_id = ? AND (key, id) > (?, ?)", "key, id", append(args, w.fromID)
	}
	if w.to != "" {
		condition, args = condition+" AND key < ?", append(args, w.to)
	}
	if w.backwards {
		order = "key DESC"
	}
	return query.All[T](ctx, w.db.gorm, "headers", condition+" ORDER BY "+order+" LIMIT ?", append(args, n)...)
}

// skip is at most n folders of a walk that goes forwards, up to a row that is in
// none: the database jumps over what is in each.
func (w *walk[T]) skip(ctx context.Context, n int) (folders []string, err error) {
	behind := after(w.delimiter)
	if behind == "" || w.to != "" && w.from >= w.to {
		return nil, nil
	}
	where, args := "team_id = ? AND bucket_id = ?", w.within
	if w.to != "" {
		where, args = where+" AND key < ?", append(slices.Clip(args), w.to)
	}
	find := "instr"
	if w.db.gorm.Name() == "postgres" {
		find = "strpos"
	}
	// Where a key has the delimiter behind the prefix, counted in characters.
	const prefix = "CAST(? AS integer)"
	at := find + "(substr(at.key, " + prefix + " + 1), ?)"
	length := utf8.RuneCountInString(w.prefix)
	statement := "WITH RECURSIVE at(key) AS (SELECT * FROM (SELECT key FROM " + w.table + " WHERE " + where + " AND key >= ? ORDER BY key LIMIT 1) AS first" +
		" UNION ALL SELECT (SELECT key FROM " + w.table + " WHERE " + where + " AND key >= substr(at.key, 1, " + prefix + " + " + at + " - 1) || CAST(? AS text) ORDER BY key LIMIT 1)" +
		" FROM at WHERE " + at + " > 0) SELECT key FROM at WHERE key IS NOT NULL LIMIT ?"
	args = slices.Concat(args, []any{w.from}, args, []any{length, length, w.delimiter, behind, length, w.delimiter, n})
	var keys []string
	if err := w.db.gorm.WithContext(ctx).Raw(statement, args...).Scan(&keys).Error; err != nil {
		return nil, err
	}
	for _, key := range keys {
		if f := w.folder(key); f != "" {
			folders = append(folders, f)
		}
	}
	return folders, nil
}

// pass goes on behind an item.
func (w *walk[T]) pass(i item[T]) {
	if i.row == nil {
		if w.backwards {
			w.to = i.folder
		} else {
			w.from, w.fromID = after(i.folder), ""
		}
		return
	}
	key, id := w.name(i.row)
	switch {
	case w.backwards:
		w.to = key
	case w.byID:
		w.from, w.fromID = key, id
	default:
		w.from = next(key)
	}
}

func (w *walk[T]) item(row *T) item[T] {
	key, _ := w.name(row)
	if folder := w.folder(key); folder != "" {
		return item[T]{folder: folder}
	}
	return item[T]{row: row}
}

// folder is the folder that a key with the prefix is shown as, or "".
func (w *walk[T]) folder(key string) string {
	if w.delimiter == "" {
		return ""
	}
	if i := strings.Index(key[len(w.prefix):], w.delimiter); i >= 0 {
		return key[:len(w.prefix)+i+len(w.delimiter)]
	}
	return ""
}

// next is the next possible key: there is no zero character.
func next(key string) string { return key + "\x01" }

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
