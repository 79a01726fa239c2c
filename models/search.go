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
	Detail string // where it is or belongs: a region, an application, a requester
}

// hitsPerKind bounds what a search shows of each kind.
const hitsPerKind = 8

// MaxSearch is the longest text that is searched for, in bytes.
const MaxSearch = 200

// searches finds a text in each kind of thing; every query has the same four
// columns, and its conditions begin with the team.
var searches = []string{
	`SELECT 'bucket' AS kind, id, name, region AS detail FROM buckets
	 WHERE team_id = ? AND LOWER(name) LIKE ? ESCAPE '\' ORDER BY created_at DESC, id DESC LIMIT ?`,
	`SELECT 'app' AS kind, id, name, region AS detail FROM apps
	 WHERE team_id = ? AND LOWER(name || ' ' || id) LIKE ? ESCAPE '\' ORDER BY created_at DESC, id DESC LIMIT ?`,
	`SELECT 'version' AS kind, v.id, v.label AS name, a.name AS detail FROM pkg_versions v JOIN apps a ON a.id = v.app_id
	 WHERE v.team_id = ? AND LOWER(a.name || ' ' || v.label || ' ' || v.id) LIKE ? ESCAPE '\' ORDER BY v.created_at DESC, v.id DESC LIMIT ?`,
	`SELECT 'plan' AS kind, id, id AS name, package_type AS detail FROM plans
	 WHERE team_id = ? AND LOWER(id || ' ' || package_type) LIKE ? ESCAPE '\' ORDER BY created_at DESC, id DESC LIMIT ?`,
	`SELECT 'store' AS kind, id, name, region AS detail FROM stores
	 WHERE team_id = ? AND LOWER(name || ' ' || id) LIKE ? ESCAPE '\' ORDER BY created_at DESC, id DESC LIMIT ?`,
	`SELECT 'order' AS kind, CAST(number AS text) AS id, CAST(number AS text) AS name, title AS detail FROM orders
	 WHERE team_id = ? AND LOWER(CAST(number AS text) || ' ' || title || ' ' || requester_name) LIKE ? ESCAPE '\' ORDER BY number DESC LIMIT ?`,
}

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
	for _, query := range searches {
		var found []Hit
		err := db.gorm.WithContext(ctx).Raw(query, by.TeamID, like(text), hitsPerKind).Scan(&found).Error
		if err != nil {
			return nil, translate(err)
		}
		hits = append(hits, found...)
	}
	return hits, nil
}
