package views

import (
	"context"
	"maps"
	"slices"

	"quartermaster/models"
	"quartermaster/models/list"
	"quartermaster/views/i18n"
	"quartermaster/views/ui"
)

// tagFilter is the filter by a tag of the lists of things that have some.
var tagFilter = ListFilter{Name: "tag", Words: "field.tag", As: Menu}

// Tagged tells whether the list is narrowed by tags.
func (v *ListView[R]) Tagged() bool { return slices.Contains(v.Filters, tagFilter) }

// WithTags are choices and the tags of things, where set is how the address writes
// one of them.
func WithTags(choices map[string][]ListChoice, tags []string, set string) map[string][]ListChoice {
	all := maps.Clone(choices)
	if all == nil {
		all = map[string][]ListChoice{}
	}
	all["tag"] = []ListChoice{}
	for _, tag := range tags {
		c := ListChoice{Value: tag, Label: tag}
		if models.SameTag(tag, set) {
			c.Value = set
		}
		all["tag"] = append(all["tag"], c)
	}
	return all
}

// tagsColumn is the column of the tags of things whose list is at a path.
func tagsColumn[R any](path string, of func(row *R) models.Tags) ListColumn[R] {
	c := filed("field.tags", func(_ *ui.Cells, row *R) string { return of(row).String() })
	c.Chosen = func(c *ui.Cells, row *R) {
		if tags := of(row); len(tags) > 0 {
			c.Tags(path, tags)
		} else {
			c.None()
		}
	}
	return c
}

// tagsRow is the fact of a thing's tags; passing tells that the page is drawn anew now
// and then, so that nothing can be typed there.
func tagsRow(ctx context.Context, t models.Tagged, by models.Actor, passing bool) ui.Row {
	return ui.Row{Label: ui.Label(ctx, "tags"), Body: tagsFact(t, by, passing)}
}

// TagsProps is what the form of a thing's tags shows.
type TagsProps struct {
	Form ui.Form
	Of   models.Tagged
}

func (p TagsProps) path() string { return tagsPath(p.Of) }

func tagsPath(t models.Tagged) string { return "/tags/" + string(t.Kind) + "/" + t.ID }

// ThingPath is the page of a thing that tells of its tags.
func ThingPath(ctx context.Context, t models.Tagged) string {
	path := ui.Look(ctx, t.Kind).Thing(t.ID)
	if t.Kind == models.KindBucket {
		path += "/details"
	}
	return path
}

// TeamTagsProps is what the page of a team's tags shows.
type TeamTagsProps struct {
	Tags []models.TeamTag
	// Next is the tag after which the next page begins, and Later tells that this is
	// not the first.
	Next  string
	Later bool
	Kinds []models.Kind
	By    models.Actor
}

// TeamTagProps is what the page shows on which a team's tag is called otherwise.
type TeamTagProps struct {
	Form  ui.Form
	Tag   models.TeamTag
	Kinds []models.Kind
}

// taken is the tag that the team has already by the name that was typed, "" where it
// has none.
func (p TeamTagProps) taken() string {
	if e := p.Form.Error("tag_to"); e != nil && e.Rule == "tag_exists" {
		return e.Param
	}
	return ""
}

// tagCount is how many things have a tag.
func tagCount(ctx context.Context, n int64) string {
	if n >= list.CountTo {
		return i18n.T(ctx, "tags.many", "Count", i18n.Number(ctx, list.CountTo-1))
	}
	return i18n.Number(ctx, n)
}

// tagUses say of a tag how many things of each kind have it.
func tagUses(ctx context.Context, t models.TeamTag, kinds []models.Kind) (uses []string) {
	for _, kind := range kinds {
		if n := t.Counts[kind]; n > 0 {
			uses = append(uses, i18n.T(ctx, "tags.use", "Kind", ui.Look(ctx, kind).Many(ctx), "Count", tagCount(ctx, n)))
		}
	}
	return uses
}

func teamTagColumns(ctx context.Context, p TeamTagsProps) []ui.Column {
	columns := []ui.Column{{Label: i18n.T(ctx, "field.tag")}}
	for _, kind := range p.Kinds {
		columns = append(columns, ui.Column{Label: ui.Look(ctx, kind).Many(ctx), Num: true})
	}
	if p.By.May(models.Administer) {
		columns = append(columns, ui.Column{Label: i18n.T(ctx, "tags.change"), Hidden: true})
	}
	return columns
}

// teamTagPager leads to the first page and to the next.
func teamTagPager(p TeamTagsProps) (out ui.PagerProps) {
	if p.Later {
		out.Newer = "/team/tags"
	}
	if p.Next != "" {
		out.Older = withQuery("/team/tags", "after", p.Next)
	}
	return out
}
