package handlers

import (
	"context"
	"errors"
	"log/slog"
	"net/url"
	"slices"
	"strconv"

	"github.com/gin-gonic/gin"

	"quartermaster/models"
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
	draft.Fields = url.Values{}
	for name, values := range f.Values {
		if !slices.Contains([]string{"code", "paste", "draft_writer", "draft_step", "draft_revision"}, name) {
			draft.Fields[name] = values
		}
	}
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
		f.Draft.Other, f.Token = formAt(d.path, f.Token), kept.Token
		web.MoveTo(c, formAt(d.path, kept.Token))
	}
	return nil
}

// show has an opened form say which draft it is.
func (d *drafted) show(ctx context.Context, f *ui.Form, draft models.Draft) (err error) {
	f.Draft.Writer = d.db.NewToken()
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
	return true, web.SeeOther(c, formAt(d.path, f.Token))
}

// formAt is the address of the form of a token.
func formAt(path, token string) string { return path + "?form=" + url.QueryEscape(token) }
