package models

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"quartermaster/models/fold"
	"quartermaster/models/list"
	"quartermaster/models/query"
	"quartermaster/models/triples"
)

const (
	// searchBehind is the most things of a kind and a team that a search reads
	// because they are not in a segment yet.
	searchBehind = 5000
	// mostFound is how many things a search tries before it rather walks a list that
	// is narrowed by other conditions too.
	mostFound = 10_000
	// searchPart is how many things of a segment are named in one row.
	searchPart = 32
	// mostParts is how many parts of segments are asked for at once.
	mostParts = 2000
	// mostKeys is how many triples of a text are looked for, and firstKeys how many
	// in the first segments, where it is seen which are rare. Things that have them
	// all are few, and each is read.
	mostKeys, firstKeys = 8, 32
)

// SearchFacts say how the things of a kind are found by a text.
type SearchFacts struct {
	// Table is where they are, when not in the Table of the kind.
	Table string
	// Key tells them apart, "id" when empty, and At says what lists show first,
	// "created_at" when empty; it never changes. Where both are the same it is a number.
	Key, At string
	// Text are the columns that are searched. Nothing is, when there are none.
	Text []string
	// Tag is a column of words that a caller may ask for as a whole.
	Tag string
	// Name and Detail are the columns that a Hit shows. Without Name the things are
	// found by their list alone.
	Name, Detail string
}

func (k KindFacts) search() SearchFacts {
	s := k.Search
	if k.Tagged {
		s.Text = append(slices.Clip(s.Text), "tags")
	}
	s.Table, s.Key, s.At = cmp.Or(s.Table, k.Table), cmp.Or(s.Key, "id"), cmp.Or(s.At, "created_at")
	return s
}

// order is that of the lists.
func (s SearchFacts) order() sorting {
	if s.numbered() {
		return newestFirst(s.Key)
	}
	return newestFirst(s.At, s.Key)
}

func (s SearchFacts) numbered() bool { return s.Key == s.At }

// text is the expression of all that is searched, of a row by a name.
func (s SearchFacts) text(row string) string {
	return "concat_ws(' ', " + row + "." + strings.Join(s.Text, ", "+row+".") + ")"
}

// key is where a thing stands in the lists of its kind, the greatest first.
type key struct {
	at int64 // a moment in nanoseconds, or a number
	id string
}

func (k key) compare(to key) int {
	return cmp.Or(cmp.Compare(k.at, to.at), strings.Compare(k.id, to.id))
}

// keyOf is the key that a cursor stands for, nil for none.
func keyOf(cursor []any) *key {
	if len(cursor) == 0 {
		return nil
	}
	k := key{at: position(cursor[0])}
	if len(cursor) > 1 {
		k.id, _ = cursor[1].(string)
	} else {
		k.id = fmt.Sprint(cursor[0])
	}
	return &k
}

// args are what a cursor at k holds.
func (s SearchFacts) args(k key) []any {
	if s.numbered() {
		return []any{k.at}
	}
	return []any{time.Unix(0, k.at).UTC(), k.id}
}

func position(at any) int64 {
	switch v := at.(type) {
	case time.Time:
		return v.UnixNano()
	case int64:
		return v
	}
	return 0
}

// finding is a search for a text among the things of one kind of a team. It asks
// the index, which may name things that do not have the text, such as those that
// have been called otherwise since; so each is held against its row.
type finding struct {
	db    *DB
	facts SearchFacts
	kind  Kind
	team  string
	text  string
	tags  []string // words, each of which is as good as the text
	// narrow says that there are other conditions, which may leave few rows.
	narrow bool
	// rate says of each triple which share of the things that were looked at had
	// it, so that the rarest are asked for first.
	rate map[triples.Key]float64
}

// find begins a search; it is nil without a text.
func (db *DB) find(by Actor, kind Kind, text string, tags ...string) *finding {
	if text == "" {
		return nil
	}
	return &finding{db: db, facts: db.kind(kind).search(), kind: kind, team: by.TeamID, text: text, tags: tags}
}

// Cond is the condition that a row has what is looked for.
func (f *finding) Cond() list.Cond {
	condition, args := "fold("+f.facts.text(f.facts.Table)+`) LIKE ? ESCAPE '\'`, []any{like(f.text)}
	if len(f.tags) > 0 {
		condition = "(" + condition + " OR " + f.facts.Tag + " IN (" + strings.TrimSuffix(strings.Repeat("?, ", len(f.tags)), ", ") + "))"
		for _, tag := range f.tags {
			args = append(args, tag)
		}
	}
	return list.Cond{SQL: condition, Args: args}
}

// Next implements list.Finder.
func (f *finding) Next(ctx context.Context, from []any, up bool, n int) (rows list.Cond, next []any, all bool, err error) {
	found, all, err := f.next(ctx, keyOf(from), up, n)
	if err != nil {
		return rows, nil, false, err
	}
	if len(found) > 0 {
		next = f.facts.args(found[len(found)-1])
	}
	table, ids := f.from(found)
	return list.Cond{SQL: table, Args: []any{ids}}, next, all, nil
}

// rowsFound are at most limit rows of a query that a search finds beyond a
// cursor, which are the first of an order that begins with the newest.
func rowsFound[T any](ctx context.Context, q query.Rows[T], f *finding, s sorting, cursor []any, backwards bool, limit int) ([]T, error) {
	if f == nil {
		return q.Order(s.order(backwards)).Limit(limit).Find(ctx)
	}
	has := f.Cond()
	q = q.Where(has.SQL, has.Args...)
	var rows []T
	from := keyOf(cursor)
	for n, tried := limit+limit/4, 0; ; n = min(4*n, mostFound) {
		found, all, err := f.next(ctx, from, backwards, n)
		if tried += len(found); errors.Is(err, list.ErrWalk) || err == nil && tried > mostFound && f.narrow {
			if from != nil {
				q = q.Where(s.beyond(backwards), f.facts.args(*from)...)
			}
			more, err := q.Order(s.order(backwards)).Limit(limit - len(rows)).Find(ctx)
			return append(rows, more...), err
		}
		if err != nil {
			return nil, err
		}
		more, err := among(q, f, found).Order(s.order(backwards)).Limit(limit - len(rows)).Find(ctx)
		rows = append(rows, more...)
		if err != nil || all || len(rows) >= limit {
			return rows, err
		}
		from = &found[len(found)-1]
	}
}

// among reads no other rows than those of these keys.
func among[T any](q query.Rows[T], f *finding, found []key) query.Rows[T] {
	from, ids := f.from(found)
	return q.From(from, ids)
}

// from stands for the table of the things, with these things alone, and has the
// argument that names them. SQLite takes them in this order, or else it would
// walk all that the team has.
func (f *finding) from(found []key) (table, keys string) {
	ids := make([]string, len(found))
	for i, k := range found {
		ids[i] = k.id
	}
	return "(SELECT t.* FROM " + f.db.each() + f.db.join() + f.facts.Table + " t ON t." + f.facts.Key + " = " + f.facts.value("f.value") + ") AS " + f.facts.Table, inJSON(ids)
}

// value is an id that is kept as text as the table has it.
func (s SearchFacts) value(id string) string {
	if s.numbered() {
		return "CAST(" + id + " AS bigint)"
	}
	return id
}

func inJSON[T any](list []T) string {
	if list == nil {
		list = []T{}
	}
	text, err := json.Marshal(list)
	if err != nil {
		panic(err) // of strings and numbers
	}
	return string(text)
}

// each are the texts of a JSON list as rows f with a column value.
func (db *DB) each() string {
	if db.gorm.Name() == "postgres" {
		return "jsonb_array_elements_text(CAST(? AS jsonb)) AS f(value)"
	}
	return "json_each(?) AS f"
}

// join joins what SQLite is to read last.
func (db *DB) join() string {
	if db.gorm.Name() == "postgres" {
		return " JOIN "
	}
	return " CROSS JOIN "
}

// still reads several times from one state of the database.
func (db *DB) still(ctx context.Context, read func(g *gorm.DB) error) error {
	g := db.gorm.WithContext(ctx)
	switch {
	case db.inTx:
		return read(g)
	case db.commits != nil:
		return g.Transaction(read)
	}
	return g.Transaction(read, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
}

// next are at most n things beyond a key that the search may find, in the order
// of the lists, and whether these are all. It is list.ErrWalk while too many are
// not indexed.
func (f *finding) next(ctx context.Context, from *key, backwards bool, n int) (found []key, all bool, err error) {
	before := func(a, b key) int { return a.compare(b) }
	if !backwards {
		before = func(a, b key) int { return b.compare(a) }
	}
	err = f.db.still(ctx, func(g *gorm.DB) error {
		if found, err = f.waiting(g, from, backwards); err != nil {
			return err
		}
		left, err := f.segments(g, from, backwards)
		if err != nil {
			return err
		}
		// The segments that begin the list come first, and more and more at a time.
		for together := 1; ; together *= 4 {
			slices.SortFunc(found, before)
			found = slices.Compact(found)
			if len(left) == 0 {
				all = len(found) <= n
				return nil
			}
			if len(found) > n && before(found[n], left[0].first(backwards)) < 0 {
				return nil
			}
			some := left[:min(together, len(left))]
			if err := f.match(g, some); err != nil {
				return err
			}
			more, looked, err := f.look(g, some, from, backwards, n+1)
			if err != nil {
				return err
			}
			found, left = append(found, more...), left[looked:]
		}
	})
	return found[:min(n, len(found))], all, translate(err)
}

// waiting are the things that are not indexed yet and have what is looked for.
func (f *finding) waiting(g *gorm.DB, from *key, backwards bool) ([]key, error) {
	var behind int
	err := g.Raw("SELECT COUNT(*) FROM (SELECT 1 FROM search_queue WHERE team_id = ? AND kind = ? LIMIT ?) AS few", f.team, f.kind, searchBehind+1).Scan(&behind).Error
	if err != nil || behind == 0 {
		return nil, err
	}
	if behind > searchBehind {
		return nil, list.ErrWalk
	}
	has, t := f.Cond(), f.facts.Table
	rows, err := g.Raw("SELECT q.id, "+t+"."+f.facts.At+" FROM search_queue q"+f.db.join()+t+" ON "+t+"."+f.facts.Key+" = "+f.facts.value("q.id")+
		" WHERE q.team_id = ? AND q.kind = ? AND "+t+".team_id = q.team_id AND "+has.SQL, append([]any{f.team, f.kind}, has.Args...)...).Rows()
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var found []key
	for rows.Next() {
		var k key
		var at any
		if err := rows.Scan(&k.id, &at); err != nil {
			return nil, err
		}
		if k.at = position(at); f.beyond(k, from, backwards) {
			found = append(found, k)
		}
	}
	return found, rows.Err()
}

func (f *finding) beyond(k key, from *key, backwards bool) bool {
	return from == nil || backwards && k.compare(*from) > 0 || !backwards && k.compare(*from) < 0
}

// segment is an index of some things of one kind and team. They are numbered in
// the order of their keys, the oldest first.
type segment struct {
	id             int64
	docs           int
	oldest, newest key
	set            triples.Set
}

// first is the key of the segment that a list shows first.
func (s *segment) first(backwards bool) key {
	if backwards {
		return s.oldest
	}
	return s.newest
}

// parts are all parts of the segment, as VALUES.
func (s *segment) parts() []string {
	var parts []string
	for part := 0; part*searchPart < s.docs; part++ {
		parts = append(parts, fmt.Sprintf("(%d,%d)", s.id, part))
	}
	return parts
}

// segments are those with things beyond a key, that which begins the list first.
func (f *finding) segments(g *gorm.DB, from *key, backwards bool) ([]*segment, error) {
	all, err := segmentsOf(g, f.team, f.kind)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(s *segment) bool { return !f.beyond(s.first(!backwards), from, backwards) })
	slices.SortFunc(all, func(a, b *segment) int {
		if backwards {
			return a.oldest.compare(b.oldest)
		}
		return b.newest.compare(a.newest)
	})
	return all, nil
}

func segmentsOf(g *gorm.DB, team string, kind Kind) ([]*segment, error) {
	rows, err := g.Raw("SELECT id, docs, oldest, oldest_id, newest, newest_id FROM search_segments WHERE team_id = ? AND kind = ?", team, kind).Rows()
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []*segment
	for rows.Next() {
		s := new(segment)
		if err := rows.Scan(&s.id, &s.docs, &s.oldest.at, &s.oldest.id, &s.newest.at, &s.newest.id); err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, rows.Err()
}

// look is what some segments that were matched have beyond a key, at most n of
// each. It ends with a segment that makes n things sure, and tells how many it
// has looked at.
func (f *finding) look(g *gorm.DB, segments []*segment, from *key, backwards bool, n int) (found []key, looked int, err error) {
	wanted := map[int64][]int{}
	var parts []string
	read := func() error {
		if len(parts) == 0 {
			return nil
		}
		err := f.parts(g, parts, func(id int64, part int, docs []key) {
			for _, doc := range wanted[id] {
				if i := doc - part*searchPart; i >= 0 && i < len(docs) {
					found = append(found, docs[i])
				}
			}
		})
		parts = nil
		return err
	}
	for i, s := range segments {
		if s.set.Len() == 0 {
			continue
		}
		if from != nil && !f.beyond(s.first(backwards), from, backwards) {
			if err := s.cut(g, *from, backwards); err != nil {
				return nil, 0, err
			}
		}
		wanted[s.id] = s.set.Some(n, backwards)
		last := -1
		for _, doc := range wanted[s.id] {
			if part := doc / searchPart; part != last {
				parts = append(parts, fmt.Sprintf("(%d,%d)", s.id, part))
				last = part
			}
		}
		if len(parts) < min(n, mostParts) {
			continue
		}
		if err := read(); err != nil {
			return nil, 0, err
		}
		if i+1 < len(segments) && f.enough(found, segments[i+1].first(backwards), backwards, n) {
			return found, i + 1, nil
		}
	}
	err = read()
	return found, len(segments), err
}

// enough tells whether n things come before a key.
func (f *finding) enough(found []key, to key, backwards bool, n int) bool {
	for _, k := range found {
		if f.beyond(to, &k, backwards) {
			n--
		}
	}
	return n <= 0
}

// parts visits parts of segments, given as VALUES.
func (f *finding) parts(g *gorm.DB, parts []string, visit func(id int64, part int, docs []key)) error {
	rows, err := g.Raw("SELECT d.segment, d.part, d.data FROM (VALUES " + strings.Join(parts, ",") + ") AS f" + f.db.join() +
		"search_docs d ON d.segment = f.column1 AND d.part = f.column2").Rows()
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		var part int
		var data sql.RawBytes
		if err := rows.Scan(&id, &part, &data); err != nil {
			return err
		}
		visit(id, part, unpackDocs(data))
	}
	return rows.Err()
}

// cut leaves of the set what lies beyond a key.
func (s *segment) cut(g *gorm.DB, from key, backwards bool) error {
	var row struct {
		Part int
		Data []byte
	}
	err := g.Raw("SELECT part, data FROM search_docs WHERE segment = ? AND (at < ? OR at = ? AND id <= ?) ORDER BY part DESC LIMIT 1", s.id, from.at, from.at, from.id).Scan(&row).Error
	at := row.Part * searchPart
	for _, doc := range unpackDocs(row.Data) {
		if c := doc.compare(from); c < 0 || c == 0 && backwards {
			at++
		}
	}
	if backwards {
		s.set.Cut(at, s.docs)
	} else {
		s.set.Cut(0, at)
	}
	return err
}

// match finds which things of some segments have the triples of the text, or a
// tag.
func (f *finding) match(g *gorm.DB, segments []*segment) error {
	keys, low, high := triples.Asked(fold.Text(clip(f.text, mostLike)))
	if keys == nil {
		if err := f.union(g, segments, low, high, nil); err != nil {
			return err
		}
		return f.tagged(g, segments)
	}
	left := segments
	for i, key := range f.rarest(keys) {
		before := make([]triples.Set, len(left))
		for i, s := range left {
			before[i] = s.set
		}
		if err := f.union(g, left, key, key+1, nil); err != nil {
			return err
		}
		var some []*segment
		with, of := 0, 0
		for j, s := range left {
			with, of = with+s.set.Len(), of+s.docs
			if i > 0 {
				s.set.And(before[j])
			}
			if s.set.Len() > 0 {
				some = append(some, s)
			}
		}
		f.rate[key] = float64(with) / float64(of)
		if left = some; len(left) == 0 {
			break
		}
	}
	return f.tagged(g, segments)
}

// rarest are those of some triples that are looked for: at first most of them,
// then those that fewest had so far.
func (f *finding) rarest(keys []triples.Key) []triples.Key {
	most := mostKeys
	if f.rate == nil {
		f.rate, most = map[triples.Key]float64{}, firstKeys
	}
	some := make([]triples.Key, min(len(keys), firstKeys))
	for i := range some {
		some[i] = keys[i*len(keys)/len(some)]
	}
	rate := func(k triples.Key) float64 {
		if r, known := f.rate[k]; known {
			return r
		}
		return 1
	}
	slices.SortStableFunc(some, func(a, b triples.Key) int { return cmp.Compare(rate(a), rate(b)) })
	return some[:min(most, len(some))]
}

// tagged adds the things that have one of the tags.
func (f *finding) tagged(g *gorm.DB, segments []*segment) error {
	if len(f.tags) == 0 {
		return nil
	}
	wanted := map[triples.Key]bool{}
	for _, word := range f.tags {
		wanted[triples.Tag(word)] = true
	}
	sets := make([]triples.Set, len(segments))
	for i, s := range segments {
		sets[i] = s.set
	}
	low, high := triples.Tags()
	if err := f.union(g, segments, low, high, func(k triples.Key) bool { return wanted[k] }); err != nil {
		return err
	}
	for i, s := range segments {
		s.set.Or(sets[i])
	}
	return nil
}

// union gives each segment the set of its things with a key from one on and
// before another.
func (f *finding) union(g *gorm.DB, segments []*segment, low, high triples.Key, with func(triples.Key) bool) error {
	ids, byID := make([]int64, len(segments)), make(map[int64]*segment, len(segments))
	for i, s := range segments {
		ids[i], byID[s.id], s.set = s.id, s, triples.NewSet(s.docs)
	}
	rows, err := g.Raw("SELECT t.segment, t.first, t.data FROM "+f.db.each()+f.db.join()+`search_terms t ON t.segment = CAST(f.value AS bigint) AND t.first < ?
		AND t.first >= COALESCE((SELECT MAX(m.first) FROM search_terms m WHERE m.segment = CAST(f.value AS bigint) AND m.first <= ?), ?)`,
		inJSON(ids), int64(high), int64(low), int64(low)).Rows()
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id, first int64
		var data sql.RawBytes
		if err := rows.Scan(&id, &first, &data); err != nil {
			return err
		}
		byID[id].set.Collect(triples.Block{First: triples.Key(first), Data: data}, low, high, with)
	}
	return rows.Err()
}

// packDocs are the keys of some things in a row of a segment.
func packDocs(docs []key) []byte {
	var data []byte
	last := int64(0)
	for _, d := range docs {
		data = binary.AppendVarint(data, d.at-last)
		data = binary.AppendUvarint(data, uint64(len(d.id)))
		data = append(data, d.id...)
		last = d.at
	}
	return data
}

func unpackDocs(data []byte) []key {
	var docs []key
	last := int64(0)
	for len(data) > 0 {
		at, n := binary.Varint(data)
		size, m := binary.Uvarint(data[max(n, 0):])
		if n <= 0 || m <= 0 || size > uint64(len(data)-n-m) { // #nosec G115 -- the two were read from data
			return docs
		}
		last += at
		id := data[n+m : n+m+int(size)] // #nosec G115 -- at most what is left
		docs = append(docs, key{last, string(id)})
		data = data[n+m+len(id):]
	}
	return docs
}
