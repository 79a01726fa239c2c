package models

import (
	"context"
	"strings"
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
		if k.Search == "" {
			continue
		}
		var found []Hit
		if err := db.Scan(ctx, &found, k.Search, by.TeamID, like(text), hitsPerKind); err != nil {
			return nil, err
		}
		for _, h := range found {
			h.Kind = k.Kind
			hits = append(hits, h)
		}
	}
	return hits, nil
}
