package models

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"quartermaster/models/query"
)

// Access is something that a key may do with the objects of a bucket.
type Access string

// The ways of access.
const (
	ReadObjects  Access = "read"  // their bytes, headers and metadata
	WriteObjects Access = "write" // put, copy to, delete, upload in parts
	ListObjects  Access = "list"  // keys, and unfinished uploads
)

// accesses are all ways of access, in the order they are written.
var accesses = []Access{ReadObjects, WriteObjects, ListObjects}

// Grant lets a key reach the objects of a bucket whose keys begin with a prefix. A
// key that has grants can do what they say, as far as the role of its user does, and
// nothing else.
type Grant struct {
	Bucket string   `json:"bucket"` // its name
	Prefix string   `json:"prefix"`
	Access []Access `json:"access"`
}

// String is the grant as people write it: "read,list oss://releases/app/*".
func (g Grant) String() string {
	return strings.Join(texts(g.Access), ",") + " " + ObjectPath(g.Bucket, g.Prefix) + "*"
}

// ParseGrant reads what String writes. Anything else is an Invalid "grants" "grant"
// with the text.
func ParseGrant(text string) (Grant, error) {
	broken := invalid("grants", "grant", text)
	words, path, found := strings.Cut(strings.TrimSpace(text), " ")
	bucket, key, ok := splitSource(strings.TrimSpace(path))
	prefix, all := strings.CutSuffix(key, "*")
	if !found || !ok || !all || len(prefix) > mostKeyBytes {
		return Grant{}, broken
	}
	g := Grant{Bucket: bucket, Prefix: prefix}
	given := strings.Split(words, ",")
	for _, a := range accesses {
		if slices.Contains(given, string(a)) {
			g.Access = append(g.Access, a)
		}
	}
	if len(g.Access) != len(given) { // a word that is none, or one twice
		return Grant{}, broken
	}
	return g, nil
}

// mostGrants is how many grants a key may have.
const mostGrants = 20

// parseGrants reads grants, one a line.
func parseGrants(text string) ([]Grant, error) {
	grants := []Grant{} // kept as a list, never as null
	var broken error
	for line := range strings.Lines(text) {
		if strings.TrimSpace(line) == "" {
			continue
		}
		g, err := ParseGrant(line)
		broken = Invalid(nil).With(broken, err)
		grants = append(grants, g)
	}
	if len(grants) > mostGrants {
		broken = invalid("grants", "many", fmt.Sprint(mostGrants))
	}
	return grants, broken
}

// rights are the rights that a way of access asks for.
var rights = map[Access]Right{ReadObjects: See, WriteObjects: Request, ListObjects: See}

// mayReach says whether the actor may reach objects of a bucket of its team, by the
// bucket's id: those under keys, or all whose keys begin with one of them.
func (db *DB) mayReach(ctx context.Context, by Actor, how Access, bucketID string, keys ...string) error {
	grants := by.grants
	by.grants = nil
	if err := by.may(rights[how]); err != nil || grants == nil {
		return err
	}
	b, err := db.bucketOf(ctx, by, bucketID)
	if err != nil {
		return err
	}
	for _, key := range keys {
		if !slices.ContainsFunc(*grants, func(g Grant) bool {
			return g.Bucket == b.Name && strings.HasPrefix(key, g.Prefix) && slices.Contains(g.Access, how)
		}) {
			return ErrForbidden
		}
	}
	return nil
}

// knows tells whether the actor may know of a bucket of its team: any, or those that
// its grants name.
func (by Actor) knows(bucket string) error {
	if by.grants == nil {
		return by.may(See)
	}
	if slices.ContainsFunc(*by.grants, func(g Grant) bool { return g.Bucket == bucket }) {
		return nil
	}
	return ErrForbidden
}

// bucketOf is a bucket of the actor's team, whatever the actor may do.
func (db *DB) bucketOf(ctx context.Context, by Actor, id string) (*Bucket, error) {
	return recalled(ctx, db, db.buckets, by.TeamID+" "+id, func() (Bucket, error) {
		return query.One[Bucket](ctx, db.gorm, "team_id = ? AND id = ?", by.TeamID, id)
	})
}

// grantTexts are grants as people write them.
func grantTexts(grants []Grant) []string {
	out := make([]string, len(grants))
	for i, g := range grants {
		out[i] = g.String()
	}
	return out
}
