package models

import (
	"context"
	"fmt"
	"hash/maphash"
	"math/rand/v2"

	"gorm.io/gorm"

	"quartermaster/models/query"
	"quartermaster/models/triples"
)

// searchLook finds things that a search may miss: those that are neither indexed
// nor noted, and all of a segment that has another text of one of them than its
// row. A repair notes them, and drops that segment.
func searchLook() look {
	return look{what: "things that a search may miss", find: missed, mend: func(ctx context.Context, tx *DB, cases []fault) error {
		dropped := map[int64]bool{0: true}
		for i, c := range cases {
			// Nobody else's notes have numbers below zero.
			err := query.Exec(ctx, tx.gorm, "INSERT INTO search_queue (team_id, kind, n, id) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", c.row.TeamID, c.row.Name, -1-i, c.row.ID)
			if err == nil && !dropped[c.row.Have] {
				dropped[c.row.Have] = true
				err = tx.dropSegments(ctx, "= ?", c.row.Have)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}}
}

func missed(ctx context.Context, db *DB, _ map[string]bool) ([]fault, error) {
	var found []fault
	for _, k := range db.kinds {
		if k.Search.Text == nil {
			continue
		}
		var teams []string
		if err := db.Scan(ctx, &teams, "SELECT DISTINCT team_id FROM "+k.search().Table); err != nil {
			return nil, err
		}
		for _, team := range teams {
			f := &finding{db: db, facts: k.search(), kind: k.Kind, team: team}
			rows, err := f.missed(ctx)
			if err != nil {
				return nil, err
			}
			for _, r := range rows {
				says := fmt.Sprintf("%s %s", k.Kind, r.ID)
				found = append(found, fault{id: says, says: says, row: r})
			}
		}
	}
	return found, nil
}

// missed are the things of the kind and team that a search may miss, with the
// segment that has them wrong.
func (f *finding) missed(ctx context.Context) (missed []row, err error) {
	g, seed := f.db.gorm.WithContext(ctx), maphash.MakeSeed()
	known, noted := map[uint64]bool{}, map[string]bool{}
	err = eachID(g, func(id string) { noted[id], known[maphash.String(seed, id)] = true, true },
		"SELECT id FROM search_queue WHERE team_id = ? AND kind = ?", f.team, f.kind)
	if err != nil {
		return nil, err
	}
	segments, err := segmentsOf(g, f.team, f.kind)
	if err != nil {
		return nil, err
	}
	for _, s := range segments {
		var all []row
		sample, pick := map[string]int{}, rand.IntN((s.docs+searchPart-1)/searchPart) // #nosec G404 -- which part is looked at is no secret
		err := f.parts(g, s.parts(), func(_ int64, part int, docs []key) {
			for i, d := range docs {
				known[maphash.String(seed, d.id)] = true
				all = append(all, row{ID: d.id, TeamID: f.team, Name: string(f.kind), Have: s.id})
				if part == pick && !noted[d.id] && len(sample) < mostExamples {
					sample[d.id] = part*searchPart + i
				}
			}
		})
		if err != nil {
			return nil, err
		}
		wrong, err := f.wrong(ctx, s, sample)
		if err != nil {
			return nil, err
		}
		if wrong {
			missed = append(missed, all...)
		}
	}
	err = eachID(g, func(id string) {
		if !known[maphash.String(seed, id)] {
			missed = append(missed, row{ID: id, TeamID: f.team, Name: string(f.kind)})
		}
	}, "SELECT CAST("+f.facts.Key+" AS text) FROM "+f.facts.Table+" WHERE team_id = ?", f.team)
	return missed, err
}

func eachID(g *gorm.DB, visit func(id string), statement string, args ...any) error {
	rows, err := g.Raw(statement, args...).Rows()
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return err
		}
		visit(id)
	}
	return rows.Err()
}

// wrong tells whether a segment has another text than the row of one of some
// things, given with their numbers in it.
func (f *finding) wrong(ctx context.Context, s *segment, sample map[string]int) (bool, error) {
	ids := make([]string, 0, len(sample))
	for id := range sample {
		ids = append(ids, id)
	}
	docs, err := f.read(ctx, ids)
	if err != nil {
		return false, err
	}
	for _, d := range docs {
		keys, _, _ := triples.Asked(d.text)
		for _, key := range keys {
			if err := f.union(f.db.gorm.WithContext(ctx), []*segment{s}, key, key+1, nil); err != nil {
				return false, err
			}
			if !s.set.Has(sample[d.id]) {
				return true, nil
			}
		}
	}
	return false, nil
}
