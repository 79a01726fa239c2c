package handlers

import (
	"cmp"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"quartermaster/models"
	"quartermaster/views"
	"quartermaster/views/i18n"
	"quartermaster/views/ui"
	"quartermaster/web"
)

// Tags are the words that things are filed under.
type Tags struct{ DB *models.DB }

// Edit is the page with the form of a thing's tags.
func (h Tags) Edit(c *gin.Context) error {
	ctx := c.Request.Context()
	by := models.ActorFrom(ctx)
	t, err := h.DB.FindTagged(ctx, by, models.Kind(c.Param("kind")), c.Param("id"))
	if err != nil {
		return err
	}
	if err := mayOrder(by, t.Kind); err != nil || !t.MayTag(by) {
		return cmp.Or(err, models.ErrForbidden)
	}
	return web.Render(c, http.StatusOK, views.Tags(views.TagsProps{Form: web.NewForm(c, t.TagsInput()), Of: *t}))
}

// Save takes the form.
func (h Tags) Save(c *gin.Context) error {
	ctx := c.Request.Context()
	by, kind, id := models.ActorFrom(ctx), models.Kind(c.Param("kind")), c.Param("id")
	var in models.TagsInput
	form, err := web.Decode(c, &in)
	if err == nil {
		var t *models.Tagged
		if t, err = h.DB.SetTags(ctx, by, kind, id, in); err == nil {
			web.Flash(c, "tags.saved")
			return web.SeeOther(c, views.ThingPath(ctx, *t))
		}
	}
	if !form.Reject(err) {
		return err
	}
	t, err := h.DB.FindTagged(ctx, by, kind, id)
	if err != nil {
		return err
	}
	form.Catch(t.TagsInput().Shown)
	return web.Render(c, http.StatusUnprocessableEntity, views.Tags(views.TagsProps{Form: form, Of: *t}))
}

// Known are the tags of the team that go on with the last word of what is typed.
func (h Tags) Known(c *gin.Context) error {
	typed := c.Query("tags")
	if utf8.RuneCountInString(typed) > 1000 {
		typed = ""
	}
	at := strings.LastIndexFunc(typed, models.TagEnds)
	before := ""
	if at >= 0 {
		_, size := utf8.DecodeRuneInString(typed[at:])
		before = typed[:at+size]
	}
	ctx := c.Request.Context()
	tags, err := h.DB.SuggestTags(ctx, models.ActorFrom(ctx), typed[len(before):], models.SplitTags(before))
	if err != nil {
		return err
	}
	return web.Render(c, http.StatusOK, views.KnownTags(before, tags))
}

// List is the page of the team's tags.
func (h Tags) List(c *gin.Context) error {
	ctx := c.Request.Context()
	p := views.TeamTagsProps{By: models.ActorFrom(ctx), Later: c.Query("after") != "", Kinds: h.DB.TaggedKinds()}
	var err error
	if p.Tags, p.Next, err = h.DB.TeamTags(ctx, p.By, c.Query("after")); err != nil {
		return err
	}
	return web.Render(c, http.StatusOK, views.TeamTags(p))
}

// Change is the page on which a tag is called otherwise.
func (h Tags) Change(c *gin.Context) error {
	tag := c.Query("tag")
	return h.change(c, http.StatusOK, tag, web.NewForm(c, models.TagInput{Tag: tag, To: tag}))
}

func (h Tags) change(c *gin.Context, status int, tag string, form ui.Form) error {
	ctx := c.Request.Context()
	by := models.ActorFrom(ctx)
	if !by.May(models.Administer) {
		return models.Refuse(models.Administer)
	}
	t, err := h.DB.FindTag(ctx, by, tag)
	if err != nil {
		return err
	}
	return web.Render(c, status, views.TeamTag(views.TeamTagProps{Form: form, Tag: *t, Kinds: h.DB.TaggedKinds()}))
}

// Rename calls a tag otherwise on every thing.
func (h Tags) Rename(c *gin.Context) error {
	ctx := c.Request.Context()
	var in models.TagInput
	form, err := web.Decode(c, &in)
	var n int64
	if err == nil {
		n, err = h.DB.RenameTag(ctx, models.ActorFrom(ctx), in)
	}
	if form.Reject(err) {
		return h.change(c, http.StatusUnprocessableEntity, form.Value("tag"), form)
	}
	if err != nil {
		return err
	}
	web.Flash(c, "tags.renamed", "Tag", in.To, "Count", i18n.Number(ctx, n))
	return web.SeeOther(c, "/team/tags")
}

// Remove takes a tag from every thing.
func (h Tags) Remove(c *gin.Context) error {
	ctx := c.Request.Context()
	tag := c.PostForm("tag")
	n, err := h.DB.RemoveTag(ctx, models.ActorFrom(ctx), tag)
	if err != nil {
		return err
	}
	web.Flash(c, "tags.removed", "Tag", tag, "Count", i18n.Number(ctx, n))
	return web.SeeOther(c, "/team/tags")
}
