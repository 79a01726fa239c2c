package models

import (
	"context"
	"strings"

	"quartermaster/models/query"
)

// Hit is one thing that a search found.
type Hit struct {
	Kind   Kind
	ID     string
	Name   string
	Detail string // where it belongs: a region, an application, a requester
}

// hitsPerKind bounds what a search shows of each kind.
const hitsPerKind = 8

// MaxSearch is the longest text that is searched for, in bytes.
const MaxSearch = 200

// Search finds the team's things whose name or id contains a text, whatever
// its case, newest first within each kind and a few of each.
func (db *DB) Search(ctx context.Context, by Actor, text string) ([]Hit, error) {
	if err := by.may(See); err != nil {
		return nil, err
	}
	text = strings.TrimSpace(text)
	if len(text) > MaxSearch {
		return nil, invalid("q", "max")
	}
	if text == "" {
		return nil, nil
	}
	var hits []Hit
	for _, k := range db.kinds {
		if k.Search.Name == "" {
			continue
		}
		found, err := rowsFound(ctx, db.hits(k, by), db.find(by, k.Kind, text), k.search().order(), nil, false, hitsPerKind)
		if err != nil {
			return nil, translate(err)
		}
		hits = append(hits, found...)
	}
	return hits, nil
}

// hits are the things of a kind of the actor's team.
func (db *DB) hits(k KindFacts, by Actor) query.Rows[Hit] {
	s := k.search()
	return query.Of[Hit](db.gorm).From(s.Table).Where("team_id = ?", by.TeamID).
		Select("? AS kind, CAST("+s.Key+" AS text) AS id, CAST("+s.Name+" AS text) AS name, "+s.Detail+" AS detail", k.Kind)
}
