package handlers

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"net/url"
	"strconv"

	"github.com/gin-gonic/gin"

	"quartermaster/models"
	"quartermaster/views"
	"quartermaster/views/ui"
	"quartermaster/web"
)

// Drafts are the forms that the reader has not sent yet.
type Drafts struct{ DB *models.DB }

// Delete discards a draft.
func (h Drafts) Delete(c *gin.Context) error {
	ctx := c.Request.Context()
	if err := h.DB.DiscardDraft(ctx, models.ActorFrom(ctx), c.Param("token")); err != nil {
		return err
	}
	web.Flash(c, "draft.discarded")
	if back := web.LocalPath(c.PostForm("back")); back != "/" {
		return web.SeeOther(c, back)
	}
	return web.SeeOther(c, "/drafts")
}

// drafted keeps what is typed into one request of a form as a draft of its reader's.
type drafted struct {
	db   *models.DB
	kind models.Kind
	form models.DraftForm
	// path is where the form is shown.
	path  string
	found *models.Draft
}

// fill fills the form in from the draft that its address names, if there is one.
func (d *drafted) fill(c *gin.Context) error {
	ctx := c.Request.Context()
	token := web.FormToken(c)
	if c.Request.Method != "GET" || token == "" {
		return nil
	}
	found, err := d.db.FindDraft(ctx, models.ActorFrom(ctx), token)
	if err != nil || found == nil || found.Path != d.path {
		return err
	}
	d.found = found
	web.FillIn(c, found.Fields)
	return nil
}

// keep keeps what was typed into a form that was read, and has the form say so. A page
// that is only opened keeps nothing: it says which draft it was filled in from, or
// which others there are.
func (d *drafted) keep(c *gin.Context, f *ui.Form) error {
	ctx := c.Request.Context()
	by := models.ActorFrom(ctx)
	draft := models.Draft{Token: f.Token, Kind: d.kind, Form: d.form, Path: d.path, Subject: c.Param("id")}
	if n, err := strconv.ParseInt(f.Value("replaces"), 10, 64); err == nil && n > 0 {
		draft.Form, draft.Subject = models.DraftEdit, strconv.FormatInt(n, 10)
	}
	if c.Request.Method == "GET" {
		return d.show(ctx, f, draft)
	}
	var key models.DraftKey
	if _, err := web.Decode(c, &key); err != nil || key.Writer == "" {
		return nil // none of our pages
	}
	draft.Fields = draftFields(f.Values)
	f.Draft = ui.Draft{Writer: key.Writer, Revision: key.Revision}
	kept, err := d.db.SaveDraft(ctx, by, key, draft)
	if err != nil {
		// The form is worth more than its draft.
		var broken models.Invalid
		if f.Draft.Fault = &(models.FieldError{Rule: "draft_failed"}); errors.As(err, &broken) {
			f.Draft.Fault = &broken[0]
		} else {
			web.Note(ctx, slog.String("draft", err.Error()))
		}
		return nil
	}
	f.Draft.Revision, f.Draft.At = kept.Revision, &kept.TouchedAt
	if kept.Token != f.Token {
		f.Draft.Other, f.Token = views.DraftPath(d.path, f.Token), kept.Token
		web.MoveTo(c, views.DraftPath(d.path, kept.Token))
	}
	if !web.IsPartial(c.Request) {
		f.Draft.Writer = by.DraftWriter(d.db.NewToken()) // a page of its own, which counts anew
	}
	return nil
}

// another has a form that was refused because it was sent before, and what it made is
// at sent, ask for another thing when it is pressed again, in its draft if it has one.
func (d *drafted) another(f *ui.Form, token, sent string) {
	if f.Sent, f.Draft.Other = sent, ""; f.Token == token {
		f.Token = d.db.NewToken()
	}
}

// show has an opened form say which draft it is.
func (d *drafted) show(ctx context.Context, f *ui.Form, draft models.Draft) (err error) {
	f.Draft.Writer = models.ActorFrom(ctx).DraftWriter(d.db.NewToken())
	if d.found != nil {
		f.Draft.Revision, f.Draft.At, f.Draft.Filled = d.found.Revision, &d.found.TouchedAt, true
		return nil
	}
	f.Draft.Unfinished, err = d.db.FindUnfinished(ctx, models.ActorFrom(ctx), d.path, draft.Form, draft.Subject)
	return err
}

// kept tells whether a form was sent to be kept as a draft and no more, and then sends
// its reader back to it.
func (d *drafted) kept(c *gin.Context, f ui.Form) (answered bool, err error) {
	if c.PostForm("draft_keep") == "" || f.Draft.At == nil {
		return false, nil
	}
	web.Flash(c, "draft.kept")
	return true, web.SeeOther(c, views.DraftPath(d.path, f.Token))
}

// undrafted are the fields of a form that are not kept in its draft.
var undrafted = map[string]bool{"code": true, "paste": true, "draft_writer": true, "draft_step": true, "draft_revision": true, "draft_keep": true,
	"token": true, "of_team": true, "unscripted": true, "left": true, "typing": true}

// draftFields are the fields of a form that are kept in its draft.
func draftFields(typed url.Values) url.Values {
	kept := maps.Clone(typed)
	maps.DeleteFunc(kept, func(name string, _ []string) bool { return undrafted[name] })
	return kept
}

// goOnDraft brings a draft of the actor's up with what was typed into its form before
// they signed in, and is where it is shown; "" when they have no such draft.
func goOnDraft(ctx context.Context, db *models.DB, by models.Actor, typed url.Values) (string, error) {
	var key models.DraftKey
	if _, err := web.Read(typed, &key); err != nil || !by.Drafts(key.Writer) {
		return "", nil // none of our pages
	}
	found, err := db.FindDraft(ctx, by, typed.Get("token"))
	if found == nil || err != nil {
		return "", err
	}
	draft := *found
	draft.Fields = draftFields(typed)
	kept, err := db.SaveDraft(ctx, by, key, draft)
	if errors.As(err, &models.Invalid{}) {
		return "", nil // too much to be kept is shown all the same
	}
	if err != nil {
		return "", err
	}
	return views.DraftPath(kept.Path, kept.Token), nil
}
