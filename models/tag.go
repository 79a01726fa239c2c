package models

import (
	"cmp"
	"context"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"quartermaster/models/fold"
	"quartermaster/models/list"
	"quartermaster/models/query"
)

// Tags are the words that people file a thing under, each once whatever its case,
// width and accents.
type Tags []string

const (
	// MostTags is how many tags a thing has, and MostTag how long one is.
	MostTags, MostTag = 20, 40
	// mostSuggested is how many tags are offered while one is typed.
	mostSuggested = 10
	// tagPage is how many tags a page of a team's has.
	tagPage = 50
)

// Value implements driver.Valuer: no tags are a list too.
func (t Tags) Value() (driver.Value, error) { return inJSON([]string(t)), nil }

// Scan implements sql.Scanner.
func (t *Tags) Scan(value any) error {
	text, _ := value.(string)
	if b, ok := value.([]byte); ok {
		text = string(b)
	}
	if *t = nil; text == "" || text == "[]" {
		return nil
	}
	return json.Unmarshal([]byte(text), (*[]string)(t))
}

// String are the tags as people type them.
func (t Tags) String() string { return strings.Join(t, ", ") }

// tagKey is what a tag has in common with those that read the same.
func tagKey(tag string) string { return fold.Text(clip(tag, mostKeyBytes)) }

// has tells whether a tag is among them, however it is written.
func (t Tags) has(tag string) bool {
	key := fold.Text(tag)
	return slices.ContainsFunc(t, func(other string) bool { return fold.Text(other) == key })
}

// TagEnds tells whether a rune stands between tags.
func TagEnds(c rune) bool { return c == ',' || c == '，' || c == '、' || c == ' ' || c == '\u3000' }

// SplitTags is the words of a list, each once, in the order they were given.
func SplitTags(s string) Tags {
	tags := Tags{}
	for _, t := range strings.FieldsFunc(s, TagEnds) {
		if !tags.has(t) {
			tags = append(tags, t)
		}
	}
	return tags
}

// check refuses more tags than a thing may have, and such as are too long or show
// nothing.
func (t Tags) check(field string) error {
	if len(t) > MostTags {
		return invalid(field, "too_many_tags", strconv.Itoa(MostTags))
	}
	for _, tag := range t {
		if utf8.RuneCountInString(tag) > MostTag {
			return invalid(field, "tag_long", strconv.Itoa(MostTag))
		}
		if tagKey(tag) == "" || !Obeys(tag, "line") {
			return invalid(field, "line")
		}
	}
	return nil
}

// TagsInput are the tags of a thing as its form has them: words separated by commas
// or spaces.
type TagsInput struct {
	Tags string `form:"tags" validate:"line,max=1000"`
	// Shown is what the form showed, so that a newer change is not undone unseen.
	Shown string `form:"shown"`
}

// Tagged is a thing with its tags.
type Tagged struct {
	Kind         Kind
	ID           string
	Name, Region string
	Product      string // of plans
	Tags         Tags
}

// TagsInput is the input that would leave the thing's tags as they are.
func (t Tagged) TagsInput() TagsInput {
	in := TagsInput{Tags: t.Tags.String()}
	in.Shown = shownAs(in)
	return in
}

// Tagged is the bucket with its tags.
func (b Bucket) Tagged() Tagged {
	return Tagged{Kind: KindBucket, ID: b.ID, Name: b.Name, Region: b.Region, Tags: b.Tags}
}

// Tagged is the application with its tags.
func (a App) Tagged() Tagged {
	return Tagged{Kind: KindApp, ID: a.ID, Name: a.Name, Region: a.Region, Tags: a.Tags}
}

// Tagged is the package version with its tags.
func (v PkgVersion) Tagged() Tagged {
	return Tagged{Kind: KindPkgVersion, ID: v.ID, Name: v.Label, Region: v.Region, Tags: v.Tags}
}

// Tagged is the plan with its tags.
func (p Plan) Tagged() Tagged {
	return Tagged{Kind: KindPlan, ID: p.ID, Name: p.ID, Region: p.Region, Product: p.ProductCode, Tags: p.Tags}
}

// Tagged is the store with its tags.
func (s Store) Tagged() Tagged {
	return Tagged{Kind: KindStore, ID: s.ID, Name: s.Name, Region: s.Region, Tags: s.Tags}
}

// MayTag tells whether the actor may change the thing's tags: who may order such.
func (t Tagged) MayTag(by Actor) bool { return by.MayOrder(t.Kind, t.Product, t.Region) }

// tagged are the rows of the kinds whose things have tags.
func (db *DB) tagged() []KindFacts {
	return slices.DeleteFunc(slices.Clone(db.kinds), func(k KindFacts) bool { return !k.Tagged })
}

// FindTagged is a thing of the actor's team with its tags.
func (db *DB) FindTagged(ctx context.Context, by Actor, kind Kind, id string) (*Tagged, error) {
	if err := by.may(See); err != nil {
		return nil, err
	}
	k := db.kind(kind)
	if !k.Tagged {
		return nil, ErrNotFound
	}
	product := "''"
	if kind == KindPlan {
		product = "product_code"
	}
	t := &Tagged{Kind: kind, ID: id}
	err := query.Row(ctx, db.gorm, "SELECT "+k.Search.Name+", region, "+product+", tags FROM "+k.Table+" WHERE team_id = ? AND id = ?", []any{by.TeamID, id},
		&t.Name, &t.Region, &t.Product, &t.Tags)
	if err != nil {
		return nil, translate(err)
	}
	return t, nil
}

// SetTags gives a thing of the actor's team these tags and no others.
func (db *DB) SetTags(ctx context.Context, by Actor, kind Kind, id string, in TagsInput) (*Tagged, error) {
	if err := Check(&in); err != nil {
		return nil, err
	}
	return db.retag(ctx, by, kind, id, func(t *Tagged) (Tags, error) {
		err := edited(&in, t.TagsInput(), in.Shown)
		return SplitTags(in.Tags), err
	})
}

// PickedTags are the tags that several things are given, or lose.
type PickedTags struct {
	Tags string `form:"tags" validate:"required,line,max=1000"`
}

// Check reports every broken rule as an Invalid.
func (in *PickedTags) Check() error {
	return Invalid(nil).With(Check(in), SplitTags(in.Tags).check("tags"))
}

// tagsInBulk gives several things of a kind the tags that change makes of theirs and of
// those that were asked for.
func tagsInBulk(kind Kind, change func(t *Tagged, tags Tags) Tags) BulkFacts {
	return BulkFacts{
		Input: func() any { return new(PickedTags) },
		May: func(ctx context.Context, db *DB, by Actor, item *BulkItem, in any) error {
			t, err := db.FindTagged(ctx, by, kind, item.ID)
			switch {
			case err != nil:
				return err
			case !t.MayTag(by):
				return ErrForbidden
			}
			item.Was = t.Tags.String()
			picked, asked := in.(*PickedTags)
			if !asked {
				return nil
			}
			to := change(t, SplitTags(picked.Tags))
			item.Will = to.String()
			return to.check("tags")
		},
		Do: func(ctx context.Context, tx *DB, by Actor, item *BulkItem, in any) error {
			t, err := tx.retag(ctx, by, kind, item.ID, func(t *Tagged) (Tags, error) {
				item.Was = t.Tags.String()
				return change(t, SplitTags(in.(*PickedTags).Tags)), nil
			})
			if err == nil {
				item.Will = t.Tags.String()
			}
			return err
		},
	}
}

// with are the thing's tags and some more.
func (t *Tagged) with(tags Tags) Tags {
	all := slices.Clone(t.Tags)
	for _, tag := range tags {
		if !all.has(tag) {
			all = append(all, tag)
		}
	}
	return all
}

// without are the thing's tags but for some.
func (t *Tagged) without(tags Tags) Tags { return slices.DeleteFunc(slices.Clone(t.Tags), tags.has) }

// retag changes the tags of a thing, and records it.
func (db *DB) retag(ctx context.Context, by Actor, kind Kind, id string, change func(t *Tagged) (Tags, error)) (t *Tagged, err error) {
	if err := by.may(Request); err != nil {
		return nil, err
	}
	err = db.tx(ctx, func(ctx context.Context, tx *DB) error {
		if err := tx.holdTeam(ctx, by); err != nil {
			return err
		}
		if t, err = tx.FindTagged(ctx, by, kind, id); err != nil {
			return err
		}
		if !t.MayTag(by) {
			return ErrForbidden
		}
		to, err := change(t)
		if err == nil {
			err = to.check("tags")
		}
		if err != nil {
			return err
		}
		if to, err = tx.spelled(ctx, by, kind, id, to); err != nil || slices.Equal(to, t.Tags) {
			return err
		}
		from := t.Tags
		if t.Tags = to; from == nil {
			from = Tags{}
		}
		if _, err := query.Do(ctx, tx.gorm, "UPDATE "+db.kind(kind).Table+" SET tags = ? WHERE team_id = ? AND id = ?", to, by.TeamID, id); err != nil {
			return fmt.Errorf("change tags: %w", err)
		}
		if err := tx.fileUnder(ctx, by, kind, id, to); err != nil {
			return err
		}
		return tx.Record(ctx, by, Event{Action: string(kind) + ".tagged", Kind: kind, SubjectID: id, SubjectName: t.Name, Region: t.Region},
			map[string]any{"from": from, "to": to})
	})
	return t, err
}

// fileUnder makes a thing found by these tags and no others.
func (db *DB) fileUnder(ctx context.Context, by Actor, kind Kind, id string, tags Tags) error {
	if _, err := query.Do(ctx, db.gorm, "DELETE FROM tags WHERE kind = ? AND id = ?", kind, id); err != nil {
		return fmt.Errorf("forget tags: %w", err)
	}
	_, err := query.Do(ctx, db.gorm, "INSERT INTO tags (kind, id, key, team_id, tag, created_at) SELECT CAST(? AS text), r.id, fold(f.value), r.team_id, f.value, r.created_at FROM "+
		db.kind(kind).Table+" r CROSS JOIN "+db.each()+" WHERE r.team_id = ? AND r.id = ?", kind, inJSON(tags), by.TeamID, id)
	if err != nil {
		return fmt.Errorf("file under tags: %w", err)
	}
	return nil
}

// spelled are tags as other things of the team have them, where some do.
func (db *DB) spelled(ctx context.Context, by Actor, kind Kind, id string, tags Tags) (Tags, error) {
	if len(tags) == 0 {
		return tags, nil
	}
	var known []struct{ Word, Tag string }
	err := db.Scan(ctx, &known, "SELECT f.value AS word, MIN(t.tag) AS tag FROM "+db.each()+db.join()+"tags t ON t.team_id = ? AND t.kind IN ? AND t.key = fold(f.value) "+
		"WHERE NOT (t.kind = ? AND t.id = ?) GROUP BY f.value", inJSON(tags), by.TeamID, db.TaggedKinds(), kind, id)
	if err != nil {
		return nil, err
	}
	out := slices.Clone(tags)
	for i, tag := range out {
		for _, k := range known {
			if k.Word == tag {
				out[i] = k.Tag
			}
		}
	}
	return out, nil
}

// byTag is the filter of the lists of a kind by a tag, and tagIndex what serves it. The
// condition is one value a row, as PostgreSQL joins what EXISTS asks for, and leaves the
// order of the list for that.
func byTag(kind Kind, table string) list.Filter {
	inside := "kind = '" + string(kind) + "' AND key = ?"
	return list.Filter{Name: "tag", Arms: func(value string, _ time.Time) []list.Cond {
		return []list.Cond{{SQL: "(SELECT key FROM tags WHERE id = " + table + ".id AND " + inside + ") IS NOT NULL", Beside: inside, Args: []any{tagKey(value)}}}
	}}
}

var tagIndex = list.Index{Name: "tags_list", Table: "tags", Filters: []string{"tag"}, Sort: "created"}

// TeamTag is a tag of a team and how many things of each kind have it, at most
// list.CountTo.
type TeamTag struct {
	Tag    string
	key    string
	Counts map[Kind]int64
}

// teamWord is a tag as some things have it.
type teamWord struct{ Key, Tag string }

// tagsFrom are at most n tags that things of the kinds have whose keys are from one on
// and before another, in the order of these. No more is read of tags that many things
// have than of others.
func (db *DB) tagsFrom(ctx context.Context, by Actor, kinds []Kind, from, before string, n int) ([]teamWord, error) {
	if len(kinds) == 0 {
		return nil, nil
	}
	if before == "" {
		before = string(utf8.MaxRune)
	}
	next := func(kind, than string) string {
		return "(SELECT key FROM tags WHERE team_id = ? AND kind = " + kind + " AND key " + than + " AND key < ? ORDER BY key LIMIT 1)"
	}
	var found []teamWord
	err := db.Scan(ctx, &found, "WITH RECURSIVE k (kind, key) AS (SELECT f.value, "+next("f.value", ">= ?")+" FROM "+db.each()+
		" UNION ALL SELECT k.kind, "+next("k.kind", "> k.key")+" FROM k WHERE k.key IS NOT NULL) "+
		"SELECT k.key, (SELECT tag FROM tags WHERE team_id = ? AND kind = k.kind AND key = k.key LIMIT 1) AS tag FROM k WHERE k.key IS NOT NULL LIMIT ?",
		by.TeamID, from, before, inJSON(kinds), by.TeamID, before, by.TeamID, n*len(kinds))
	slices.SortFunc(found, func(a, b teamWord) int {
		return cmp.Or(strings.Compare(a.Key, b.Key), strings.Compare(a.Tag, b.Tag))
	})
	found = slices.CompactFunc(found, func(a, b teamWord) bool { return a.Key == b.Key })
	return found[:min(n, len(found))], err
}

// SuggestTags are some tags of the actor's team that begin with a text, but for those
// that the thing has already.
func (db *DB) SuggestTags(ctx context.Context, by Actor, text string, has Tags) (tags []string, err error) {
	if err := by.may(See); err != nil {
		return nil, err
	}
	prefix := tagKey(text)
	found, err := db.tagsFrom(ctx, by, db.TaggedKinds(), prefix, after(prefix), mostSuggested+MostTags)
	for _, f := range found {
		if !has.has(f.Tag) && len(tags) < mostSuggested {
			tags = append(tags, f.Tag)
		}
	}
	return tags, err
}

// KindTags are the first tags that the things of a kind of the actor's team have, and
// one of those behind them that is asked for, as it is written there.
func (db *DB) KindTags(ctx context.Context, by Actor, kind Kind, also string) (tags []string, err error) {
	if err := by.may(See); err != nil {
		return nil, err
	}
	first, err := recalled(ctx, db, db.tags, by.TeamID+" "+string(kind), func() ([]teamWord, error) {
		return db.tagsFrom(ctx, by, []Kind{kind}, "", "", tagPage)
	})
	if err != nil {
		return nil, err
	}
	found := *first
	if key := tagKey(also); len(found) == tagPage && key > found[tagPage-1].Key {
		one, err := db.tagsFrom(ctx, by, []Kind{kind}, key, key+"\x01", 1)
		if err != nil {
			return nil, err
		}
		found = append(slices.Clip(found), one...)
	}
	for _, f := range found {
		tags = append(tags, f.Tag)
	}
	return tags, nil
}

// SameTag tells whether two tags read the same.
func SameTag(a, b string) bool { return tagKey(a) == tagKey(b) }

// TaggedKinds are the kinds whose things have tags.
func (db *DB) TaggedKinds() (kinds []Kind) {
	for _, k := range db.tagged() {
		kinds = append(kinds, k.Kind)
	}
	return kinds
}

// TeamTags is a page of the tags of the actor's team, those after one, and the tag
// after which the next page begins, "" where this is the last.
func (db *DB) TeamTags(ctx context.Context, by Actor, last string) (tags []TeamTag, next string, err error) {
	if err := by.may(See); err != nil {
		return nil, "", err
	}
	from := tagKey(last)
	if from != "" {
		from += "\x01" // stands in no tag
	}
	found, err := db.tagsFrom(ctx, by, db.TaggedKinds(), from, "", tagPage+1)
	if len(found) > tagPage {
		found = found[:tagPage]
		next = found[tagPage-1].Tag
	}
	if err != nil || len(found) == 0 {
		return nil, "", err
	}
	tags, err = db.countTags(ctx, by, found)
	return tags, next, err
}

// countTags counts the things that have tags.
func (db *DB) countTags(ctx context.Context, by Actor, found []teamWord) ([]TeamTag, error) {
	keys, tags := make([]string, len(found)), make([]TeamTag, len(found))
	for i, f := range found {
		keys[i], tags[i] = f.Key, TeamTag{Tag: f.Tag, key: f.Key, Counts: map[Kind]int64{}}
	}
	var each []string
	for _, kind := range db.TaggedKinds() {
		each = append(each, "SELECT '"+string(kind)+"' AS kind")
	}
	var counts []struct {
		Kind Kind
		Key  string
		N    int64
	}
	err := db.Scan(ctx, &counts, "SELECT k.kind, f.value AS key, (SELECT COUNT(*) FROM (SELECT 1 FROM tags WHERE team_id = ? AND kind = k.kind AND key = f.value LIMIT ?) AS few) AS n FROM ("+
		strings.Join(each, " UNION ALL ")+") AS k CROSS JOIN "+db.each(), by.TeamID, list.CountTo, inJSON(keys))
	for _, c := range counts {
		if i := slices.Index(keys, c.Key); c.N > 0 {
			tags[i].Counts[c.Kind] = c.N
		}
	}
	return tags, err
}

// FindTag is a tag of the actor's team.
func (db *DB) FindTag(ctx context.Context, by Actor, tag string) (*TeamTag, error) {
	if err := by.may(See); err != nil {
		return nil, err
	}
	found, err := db.tagOf(ctx, by, tag)
	if err != nil {
		return nil, err
	}
	tags, err := db.countTags(ctx, by, []teamWord{found})
	if err != nil {
		return nil, err
	}
	return &tags[0], nil
}

// tagOf is a tag as things of the actor's team have it.
func (db *DB) tagOf(ctx context.Context, by Actor, tag string) (teamWord, error) {
	key := tagKey(tag)
	if key == "" {
		return teamWord{}, ErrNotFound
	}
	found, err := db.tagsFrom(ctx, by, db.TaggedKinds(), key, key+"\x01", 1)
	if err == nil && len(found) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return teamWord{}, err
	}
	return found[0], nil
}

// TagInput is another name for a tag of a team.
type TagInput struct {
	Tag string `form:"tag" validate:"required,line,max=255"`
	To  string `form:"tag_to" validate:"required,line"`
	// Merge tells that it may be one that the team has already.
	Merge bool `form:"merge"`
}

// RenameTag calls a tag otherwise, on every thing of the actor's team, and tells how
// many there were. Where the team has the other already, it is refused ("tag_exists")
// unless the two are to become one.
func (db *DB) RenameTag(ctx context.Context, by Actor, in TagInput) (n int64, err error) {
	if err := by.may(Administer); err != nil {
		return 0, err
	}
	if err := Check(&in); err != nil {
		return 0, err
	}
	to := SplitTags(in.To)
	if len(to) != 1 {
		return 0, invalid("tag_to", "one_tag")
	}
	if err := to.check("tag_to"); err != nil {
		return 0, err
	}
	return db.rewriteTag(ctx, by, in.Tag, to[0], in.Merge)
}

// RemoveTag takes a tag from every thing of the actor's team, and tells how many had
// it.
func (db *DB) RemoveTag(ctx context.Context, by Actor, tag string) (n int64, err error) {
	if err := by.may(Administer); err != nil {
		return 0, err
	}
	return db.rewriteTag(ctx, by, tag, "", false)
}

// rewriteTag changes a tag into another, or into none, on all things: one statement a
// kind, in one transaction.
func (db *DB) rewriteTag(ctx context.Context, by Actor, tag, to string, merge bool) (n int64, err error) {
	err = db.tx(ctx, func(ctx context.Context, tx *DB) error {
		if err := tx.holdTeam(ctx, by); err != nil {
			return err
		}
		from, err := tx.tagOf(ctx, by, tag)
		if err != nil {
			return err
		}
		if to == from.Tag {
			return nil
		}
		detail := map[string]any{"from": from.Tag}
		if to != "" && tagKey(to) != from.Key {
			other, err := tx.tagOf(ctx, by, to)
			switch {
			case err == nil && !merge:
				return invalid("tag_to", "tag_exists", other.Tag)
			case err == nil:
				to, detail["merged"] = other.Tag, true
			case !errors.Is(err, ErrNotFound):
				return err
			}
		}
		for _, k := range tx.tagged() {
			changed, err := tx.rewrite(ctx, by, k, from.Key, to)
			if err != nil {
				return fmt.Errorf("rewrite tags of %s: %w", k.Table, err)
			}
			n += changed
		}
		if err := tx.retagViews(ctx, by, from.Key, to); err != nil {
			return err
		}
		action := "team.tag_removed"
		if detail["count"] = n; to != "" {
			action, detail["to"] = "team.tag_renamed", to
		}
		return tx.Record(ctx, by, Event{Action: action, Kind: KindTeam, SubjectID: by.TeamID, SubjectName: from.Tag}, detail)
	})
	return n, err
}

// rewritten is the statement that writes the tags of a kind's things anew that have
// one: the other stands where the first of the two stood, or nothing does.
func (db *DB) rewritten(k KindFacts) string {
	each, all := "json_each("+k.Table+".tags) AS j", "json_group_array(tag ORDER BY place)"
	if db.gorm.Name() == "postgres" {
		each, all = "jsonb_array_elements_text(CAST("+k.Table+".tags AS jsonb)) WITH ORDINALITY AS j (value, key)", "CAST(jsonb_agg(tag ORDER BY place) AS text)"
	}
	return "UPDATE " + k.Table + " SET tags = COALESCE((SELECT " + all + " FROM (SELECT tag, place FROM (SELECT tag, place, ROW_NUMBER() OVER (PARTITION BY fold(tag) ORDER BY place) AS nth FROM (" +
		"SELECT CASE WHEN fold(j.value) IN (?, fold(?)) THEN CAST(? AS text) ELSE j.value END AS tag, j.key AS place FROM " + each + ") AS renamed) AS counted " +
		"WHERE nth = 1 AND tag <> '') AS once), '[]') WHERE " + alsoOfTeam + " AND id IN (SELECT id FROM tags WHERE team_id = ? AND kind = '" + string(k.Kind) + "' AND key = ?)"
}

// rewrite changes a tag into another, or into none, on all things of a kind, and tells
// how many there were.
func (db *DB) rewrite(ctx context.Context, by Actor, k KindFacts, key, to string) (n int64, err error) {
	if n, err = query.Do(ctx, db.gorm, db.rewritten(k), key, to, to, by.TeamID, by.TeamID, key); err != nil || n == 0 {
		return n, err
	}
	into := tagKey(to)
	if to != "" {
		_, err = query.Do(ctx, db.gorm, "UPDATE tags SET key = ?, tag = ? WHERE team_id = ? AND kind = ? AND key = ? AND (CAST(? AS text) = key OR NOT EXISTS (SELECT 1 FROM tags o WHERE o.kind = tags.kind AND o.id = tags.id AND o.key = ?))",
			into, to, by.TeamID, k.Kind, key, into, into)
	}
	if err == nil && into != key {
		_, err = query.Do(ctx, db.gorm, "DELETE FROM tags WHERE team_id = ? AND kind = ? AND key = ?", by.TeamID, k.Kind, key)
	}
	return n, err
}
