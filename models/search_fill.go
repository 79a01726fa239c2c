package models

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"quartermaster/models/fold"
	"quartermaster/models/query"
	"quartermaster/models/triples"
)

const (
	// searchBatch is how many things of a kind and a team wait before they are
	// indexed; until then a search reads them.
	searchBatch = 512
	// smallSegments is how many small segments become one.
	smallSegments = 32
	// fillPause is how long the filler rests at least, and fillShare how many
	// times longer than it has worked.
	fillPause = 2 * time.Second
	fillShare = 20
)

// keepSearch makes the triggers that note what is to be indexed. Where a kind is
// new, or is searched by other columns than before, all its things are noted.
func (db *DB) keepSearch(ctx context.Context) error {
	for _, k := range db.kinds {
		if k.Search.Text == nil {
			continue
		}
		statements := db.searchTriggers(k)
		hash := sha256.Sum256([]byte(strings.Join(statements, ";")))
		name, version := "search."+string(k.Kind), hex.EncodeToString(hash[:8])
		have, err := db.setting(ctx, name)
		if err != nil {
			return err
		}
		there, err := db.hasSearchTriggers(ctx, k)
		if err != nil {
			return err
		}
		if have == version && there {
			continue
		}
		s := k.search()
		err = db.tx(ctx, func(ctx context.Context, tx *DB) error {
			if err := tx.dropSegments(ctx, "IN (SELECT id FROM search_segments WHERE kind = ?)", k.Kind); err != nil {
				return err
			}
			statements = append(statements, "DELETE FROM search_queue WHERE kind = '"+string(k.Kind)+"'",
				"INSERT INTO search_queue (team_id, kind, n, id) SELECT team_id, '"+string(k.Kind)+"', ROW_NUMBER() OVER (PARTITION BY team_id ORDER BY "+
					s.At+", "+s.Key+"), CAST("+s.Key+" AS text) FROM "+s.Table)
			for _, statement := range statements {
				if err := query.Exec(ctx, tx.gorm, statement); err != nil {
					return err
				}
			}
			return tx.set(ctx, name, version)
		})
		if err != nil {
			return fmt.Errorf("note what is searched of %s: %w", s.Table, err)
		}
	}
	return nil
}

// hasSearchTriggers tells whether the triggers of a kind are there. They go with a
// table that a migration makes anew.
func (db *DB) hasSearchTriggers(ctx context.Context, k KindFacts) (bool, error) {
	names := "SELECT COUNT(*) FROM sqlite_schema WHERE type = 'trigger' AND name IN ?"
	if db.gorm.Name() == "postgres" {
		names = "SELECT COUNT(*) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema()) AND t.tgname IN ?"
	}
	both := []string{"search_" + string(k.Kind) + "_added", "search_" + string(k.Kind) + "_changed"}
	var n int
	err := db.Scan(ctx, &n, names, both)
	return n == len(both), err
}

// searchTriggers are the statements that make the triggers of a kind.
func (db *DB) searchTriggers(k KindFacts) []string {
	s, kind := k.search(), string(k.Kind)
	columns := s.Text
	changed := []string{s.text("new") + " %s " + s.text("old")}
	if s.Tag != "" && !slices.Contains(columns, s.Tag) {
		columns = append(slices.Clip(columns), s.Tag)
		changed = append(changed, "new."+s.Tag+" %s old."+s.Tag)
	}
	name := "search_" + kind
	if db.gorm.Name() == "postgres" {
		when := strings.ReplaceAll(strings.Join(changed, " OR "), "%s", "IS DISTINCT FROM")
		return []string{
			"CREATE OR REPLACE FUNCTION " + name + "() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN " +
				"INSERT INTO search_queue (team_id, kind, n, id) VALUES (new.team_id, '" + kind + "', (extract(epoch FROM clock_timestamp()) * 1000000)::bigint, CAST(new." + s.Key + " AS text)) " +
				"ON CONFLICT DO NOTHING; RETURN NULL; END $$",
			"CREATE OR REPLACE TRIGGER " + name + "_added AFTER INSERT ON " + s.Table + " FOR EACH ROW EXECUTE FUNCTION " + name + "()",
			"CREATE OR REPLACE TRIGGER " + name + "_changed AFTER UPDATE OF " + strings.Join(columns, ", ") + " ON " + s.Table +
				" FOR EACH ROW WHEN (" + when + ") EXECUTE FUNCTION " + name + "()",
		}
	}
	note := " BEGIN INSERT INTO search_queue (team_id, kind, n, id) SELECT new.team_id, '" + kind + "', COALESCE(MAX(n), 0) + 1, CAST(new." + s.Key + " AS text) " +
		"FROM search_queue WHERE team_id = new.team_id AND kind = '" + kind + "'; END"
	when := strings.ReplaceAll(strings.Join(changed, " OR "), "%s", "IS NOT")
	return []string{
		"DROP TRIGGER IF EXISTS " + name + "_added",
		"DROP TRIGGER IF EXISTS " + name + "_changed",
		"CREATE TRIGGER " + name + "_added AFTER INSERT ON " + s.Table + note,
		"CREATE TRIGGER " + name + "_changed AFTER UPDATE OF " + strings.Join(columns, ", ") + " ON " + s.Table + " WHEN " + when + note,
	}
}

// fillSearch indexes what was written until ctx ends. It rests while nothing is
// written.
func (w *Worker) fillSearch(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for seen := int64(-1); ; {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		began := SystemClock()
		if now := w.DB.writes.Load(); now != seen && w.DB.here(ctx) == nil {
			if err := w.DB.FillSearch(ctx); err == nil {
				seen = now
			} else if ctx.Err() == nil {
				w.Log.Error("index what is searched", "error", err)
			}
		}
		timer.Reset(max(fillPause, fillShare*SystemClock().Sub(began)))
	}
}

// FillSearch indexes what many wait for, so that a search reads few rows.
func (db *DB) FillSearch(ctx context.Context) error { return db.fillSearch(ctx, searchBatch) }

// fillSearch indexes the things of kinds and teams of which so many wait. Of
// several processes one does so at a time.
func (db *DB) fillSearch(ctx context.Context, least int) error {
	return db.aloneFilling(ctx, func() error {
		var waiting []struct {
			TeamID string
			Kind   Kind
		}
		if err := db.Scan(ctx, &waiting, "SELECT team_id, kind FROM search_queue GROUP BY team_id, kind HAVING COUNT(*) >= ?", least); err != nil {
			return err
		}
		for _, of := range waiting {
			f := &finding{db: db, facts: db.kind(of.Kind).search(), kind: of.Kind, team: of.TeamID}
			if f.facts.Text == nil {
				continue
			}
			for more := true; more; {
				var err error
				if more, err = f.fill(ctx); err != nil {
					return fmt.Errorf("index what is new: %w", err)
				}
			}
			if err := f.join(ctx); err != nil {
				return fmt.Errorf("join what is indexed: %w", err)
			}
		}
		return nil
	})
}

// aloneFilling does something unless another process is doing it.
func (db *DB) aloneFilling(ctx context.Context, do func() error) error {
	if db.commits != nil {
		return do()
	}
	return db.gorm.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		const ours = 0x514e // beside that of the migrations
		var got bool
		err := tx.Raw("SELECT pg_try_advisory_xact_lock(?, hashtext(coalesce(current_schema(), '')))", ours).Scan(&got).Error
		if err != nil || !got {
			return err
		}
		return do()
	})
}

// note is a row of the queue.
type note struct {
	N  int64
	ID string
}

// fill indexes the things that have waited longest, and tells whether there may
// be more.
func (f *finding) fill(ctx context.Context) (more bool, err error) {
	var notes []note
	err = f.db.Scan(ctx, &notes, "SELECT n, id FROM search_queue WHERE team_id = ? AND kind = ? ORDER BY n, id LIMIT ?", f.team, f.kind, triples.Most)
	if err != nil || len(notes) == 0 {
		return false, err
	}
	ids, names := make([]string, len(notes)), make([]string, len(notes))
	for i, n := range notes {
		ids[i], names[i] = n.ID, fmt.Sprint(n.N, " ", n.ID)
	}
	slices.Sort(ids)
	made, err := f.build(ctx, slices.Compact(ids))
	if err != nil {
		return false, err
	}
	// Another transaction may have noted something between these that nobody has
	// read yet.
	return len(notes) == triples.Most, f.replace(ctx, made, int64(len(notes)), "DELETE FROM search_queue WHERE team_id = ? AND kind = ? AND n >= ? AND n <= ? AND CAST(n AS text) || ' ' || id IN (SELECT value FROM "+f.db.each()+")",
		f.team, f.kind, notes[0].N, notes[len(notes)-1].N, inJSON(names))
}

// made is a segment that is not kept yet.
type made struct {
	docs   []key
	blocks []triples.Block
}

// build indexes things by what their rows say now. Those without a row are left
// out.
func (f *finding) build(ctx context.Context, ids []string) (made, error) {
	docs, err := f.read(ctx, ids)
	if err != nil {
		return made{}, err
	}
	var m made
	var b triples.Builder
	for _, d := range docs {
		m.docs = append(m.docs, d.key)
		if f.facts.Tag == "" {
			b.Add(d.text)
		} else {
			b.Add(d.text, d.tag)
		}
	}
	m.blocks = b.Blocks()
	return m, nil
}

// doc is what is searched of a thing.
type doc struct {
	key
	text, tag string // the text is folded
}

// read is what the rows of some things say, in the order of their keys.
func (f *finding) read(ctx context.Context, ids []string) ([]doc, error) {
	t, tag := f.facts.Table, "''"
	if f.facts.Tag != "" {
		tag = "t." + f.facts.Tag
	}
	rows, err := f.db.gorm.WithContext(ctx).Raw("SELECT CAST(t."+f.facts.Key+" AS text), t."+f.facts.At+", "+f.facts.text("t")+", "+tag+" FROM "+f.db.each()+f.db.join()+t+" t ON t."+f.facts.Key+" = "+f.facts.value("f.value")+
		" WHERE t.team_id = ?", inJSON(ids), f.team).Rows()
	if err != nil {
		return nil, translate(err)
	}
	defer rows.Close()
	var docs []doc
	for rows.Next() {
		var d doc
		var at any
		if err := rows.Scan(&d.id, &at, &d.text, &d.tag); err != nil {
			return nil, err
		}
		d.at, d.text = position(at), fold.Text(d.text)
		docs = append(docs, d)
	}
	slices.SortFunc(docs, func(a, b doc) int { return a.compare(b.key) })
	return docs, translate(rows.Err())
}

// replace keeps a segment instead of the rows that a statement deletes, if they
// are all there.
func (f *finding) replace(ctx context.Context, m made, rows int64, statement string, args ...any) error {
	return f.db.tx(ctx, func(ctx context.Context, tx *DB) error {
		res := tx.gorm.WithContext(ctx).Exec(statement, args...)
		if res.Error != nil {
			return res.Error
		}
		if res.RowsAffected != rows {
			return ErrConflict // another process was here
		}
		if len(m.docs) == 0 {
			return nil
		}
		id := int64(binary.BigEndian.Uint64(tx.ids.next(tx.Now().UnixMilli()))) // #nosec G115 -- milliseconds have 48 bits, until 6429
		oldest, newest := m.docs[0], m.docs[len(m.docs)-1]
		err := query.Exec(ctx, tx.gorm, "INSERT INTO search_segments (id, team_id, kind, docs, oldest, oldest_id, newest, newest_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
			id, f.team, f.kind, len(m.docs), oldest.at, oldest.id, newest.at, newest.id)
		if err != nil {
			return err
		}
		for _, b := range m.blocks {
			if err := query.Exec(ctx, tx.gorm, "INSERT INTO search_terms (segment, first, data) VALUES (?, ?, ?)", id, int64(b.First), b.Data); err != nil {
				return err
			}
		}
		part := 0
		for docs := range slices.Chunk(m.docs, searchPart) {
			err := query.Exec(ctx, tx.gorm, "INSERT INTO search_docs (segment, part, at, id, data) VALUES (?, ?, ?, ?, ?)", id, part, docs[0].at, docs[0].id, packDocs(docs))
			if err != nil {
				return err
			}
			part++
		}
		return nil
	})
}

// join makes one segment of several small ones when there are many, and makes
// those anew whose things are mostly gone.
func (f *finding) join(ctx context.Context) error {
	g := f.db.gorm.WithContext(ctx)
	segments, err := segmentsOf(g, f.team, f.kind)
	if err != nil {
		return err
	}
	slices.SortFunc(segments, func(a, b *segment) int { return a.oldest.compare(b.oldest) })
	var small []*segment
	total := 0
	for _, s := range segments {
		if s.docs <= triples.Most/2 {
			small, total = append(small, s), total+s.docs
		}
	}
	for len(small) >= smallSegments || total >= triples.Most {
		some := 0
		for n := 0; some < len(small) && n+small[some].docs <= triples.Most; some++ {
			n += small[some].docs
			total -= small[some].docs
		}
		if err := f.remake(ctx, small[:some]); err != nil {
			return err
		}
		small = small[some:]
	}
	// A look at some of the others now and then finds them all in time.
	for range min(4, len(segments)) {
		s := segments[rand.IntN(len(segments))] // #nosec G404 -- which segment is looked at is no secret
		if s.docs <= triples.Most/2 {
			continue
		}
		gone, err := f.mostlyGone(ctx, s)
		if err != nil {
			return err
		}
		if gone {
			return f.remake(ctx, []*segment{s})
		}
	}
	return nil
}

// mostlyGone tells whether of some things of a segment half have no row any
// more.
func (f *finding) mostlyGone(ctx context.Context, s *segment) (bool, error) {
	var docs []key
	part := rand.IntN(s.docs / searchPart) // #nosec G404 -- which part is looked at is no secret
	err := f.parts(f.db.gorm.WithContext(ctx), []string{fmt.Sprintf("(%d,%d)", s.id, part)}, func(_ int64, _ int, some []key) { docs = some })
	if err != nil {
		return false, err
	}
	from, ids := f.from(docs)
	var n int
	err = f.db.Scan(ctx, &n, "SELECT COUNT(*) FROM "+from, ids)
	return n < len(docs)/2, err
}

// remake makes one segment of several, of what there is now.
func (f *finding) remake(ctx context.Context, segments []*segment) error {
	var ids []string
	list := make([]int64, len(segments))
	for i, s := range segments {
		list[i] = s.id
		err := f.parts(f.db.gorm.WithContext(ctx), s.parts(), func(_ int64, _ int, docs []key) {
			for _, d := range docs {
				ids = append(ids, d.id)
			}
		})
		if err != nil {
			return translate(err)
		}
	}
	slices.Sort(ids)
	m, err := f.build(ctx, slices.Compact(ids))
	if err != nil {
		return err
	}
	return f.db.tx(ctx, func(ctx context.Context, tx *DB) error {
		in := *f
		in.db = tx
		these := "IN (SELECT CAST(value AS bigint) FROM " + f.db.each() + ")"
		if err := tx.dropParts(ctx, these, inJSON(list)); err != nil {
			return err
		}
		return in.replace(ctx, m, int64(len(list)), "DELETE FROM search_segments WHERE id "+these, inJSON(list))
	})
}

// dropSegments drops the segments whose id meets a condition.
func (db *DB) dropSegments(ctx context.Context, condition string, args ...any) error {
	if err := db.dropParts(ctx, condition, args...); err != nil {
		return err
	}
	return query.Exec(ctx, db.gorm, "DELETE FROM search_segments WHERE id "+condition, args...)
}

// dropParts drops what segments whose id meets a condition are made of.
func (db *DB) dropParts(ctx context.Context, condition string, args ...any) error {
	for _, table := range []string{"search_terms", "search_docs"} {
		if err := query.Exec(ctx, db.gorm, "DELETE FROM "+table+" WHERE segment "+condition, args...); err != nil {
			return err
		}
	}
	return nil
}
