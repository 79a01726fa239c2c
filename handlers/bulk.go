package handlers

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"quartermaster/models"
	"quartermaster/models/list"
	"quartermaster/views"
	"quartermaster/views/ui"
	"quartermaster/web"
)

// bulkForm is what somebody wants to do to several rows: to those that were picked, or
// to All that the list shows.
type bulkForm struct {
	Action models.BulkAction `form:"action"`
	Pick   []string          `form:"pick"`
	All    bool              `form:"all"`
	// Match tells all the rows that were shown from others.
	Match string `form:"match"`
}

// Bulk asks before something is done to the rows that were picked, or to all that the
// list shows.
func (h List[R]) Bulk(c *gin.Context) error {
	p, facts, _, err := h.bulk(c)
	switch {
	case err != nil:
		return err
	case facts.Ordered:
		return web.SeeOther(c, views.BulkOrder(c.Request.Context(), p))
	}
	return h.askBulk(c, p)
}

// DoBulk does it and leads to what came of it. Where the list shows other rows by now
// than were shown, it asks again.
func (h List[R]) DoBulk(c *gin.Context) error {
	p, _, match, err := h.bulk(c)
	if err != nil {
		return err
	}
	if p.Changed = match != p.Match; p.Changed || p.Form.Errors != nil {
		return h.askBulk(c, p)
	}
	bulk, err := h.DB.DoBulk(c.Request.Context(), p.By, p.Kind, p.Action, p.Picks, p.In)
	if p.Form.Reject(err) {
		return h.askBulk(c, p)
	}
	if err != nil {
		return err
	}
	return web.SeeOther(c, "/bulks/"+bulk.ID)
}

// bulk reads what somebody wants to do to rows of the list, and how all that it showed
// were told from others.
func (h List[R]) bulk(c *gin.Context) (p views.BulkProps, facts models.BulkFacts, match string, err error) {
	var asked bulkForm
	if _, err = web.Decode(c, &asked); err != nil {
		return p, facts, "", err
	}
	p.By, p.Kind, p.Action, p.Picks = h.by(c.Request.Context()), h.View.Kind, asked.Action, asked.Pick
	if facts, err = h.DB.BulkFacts(p.Kind, p.Action); err != nil {
		return p, facts, "", err
	}
	into := []any{&asked}
	if p.In = facts.Asked(); p.In != nil {
		into = append(into, p.In)
	}
	if p.Form, err = web.Decode(c, into...); err != nil && !p.Form.Reject(err) {
		return p, facts, "", err
	}
	_, files := h.View.URL(c.Param("id"))
	u, query := h.back(c)
	u.Query = query
	p.Path, p.Back, p.Most = files.Path+".bulk", u.With(), facts.Most()
	if !asked.All {
		return p, facts, asked.Match, nil
	}
	if p.Picks, p.More, err = h.matching(c, query, p.Most); len(p.Picks) > models.MaxPicked {
		sum := sha256.Sum256([]byte(strings.Join(p.Picks, " ")))
		p.Match = hex.EncodeToString(sum[:16])
	}
	return p, facts, asked.Match, err
}

// errEnough ends reading a list.
var errEnough = errors.New("enough rows")

// matching are the rows that an address of the list asks for, so many at most, and
// whether there are more.
func (h List[R]) matching(c *gin.Context, asked url.Values, most int) (picks []string, more bool, err error) {
	ctx := c.Request.Context()
	saved, err := h.DB.Saved(ctx, h.by(ctx), h.View.ID)
	if err != nil {
		return nil, false, err
	}
	asked, _ = opened(saved, asked)
	var q list.Query
	q, _, _ = h.asked(c, asked)
	err = h.View.List.Each(ctx, h.DB, h.by(ctx), q, func(rows []R) error {
		for i := range rows {
			if len(picks) == most {
				more = true
				return errEnough
			}
			picks = append(picks, h.View.Pick(&rows[i]))
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return picks, more, err
}

// askBulk is the page that says what would be done to rows, and asks.
func (h List[R]) askBulk(c *gin.Context, p views.BulkProps) (err error) {
	ctx := c.Request.Context()
	p.Items, err = h.DB.PreviewBulk(ctx, p.By, p.Kind, p.Action, p.Picks, p.In)
	status := http.StatusOK
	switch {
	case p.Form.Errors != nil && (err == nil || p.Items != nil || p.Form.Reject(err)):
		status, err = http.StatusUnprocessableEntity, nil
	case p.Items == nil && p.Form.Reject(err):
		status, err = http.StatusUnprocessableEntity, nil
	case p.Items != nil && p.Form.Warn(err, web.Sent(c)):
		err = nil
	}
	if p.Changed && status == http.StatusOK {
		status = http.StatusConflict
	}
	if err == nil {
		err = bulkOrders(c, h.DB, &p)
	}
	if err == nil && p.Action == models.BulkCentre {
		p.Team, err = h.DB.FindTeam(ctx, p.By)
	}
	if err != nil {
		return err
	}
	return web.Render(c, status, views.BulkPreview(p))
}

// Bulks are what was done to several things at once, with what came of each.
type Bulks struct{ DB *models.DB }

// Show is the page of what came of it so far.
func (h Bulks) Show(c *gin.Context) error {
	ctx := c.Request.Context()
	p := views.BulkProps{By: models.ActorFrom(ctx), State: c.Query("state")}
	after, _ := strconv.ParseInt(c.Query("after"), 10, 64)
	var err error
	if p.Done, p.More, err = h.DB.FindBulkItems(ctx, p.By, c.Param("id"), p.State, after); err != nil {
		return err
	}
	p.Kind, p.Action, p.Items, p.Here = p.Done.Kind, p.Done.Action, p.Done.Items, c.Request.URL.RequestURI()
	p.Back = ui.Look(ctx, p.Kind).Path
	if err := bulkOrders(c, h.DB, &p); err != nil {
		return err
	}
	return web.Render(c, http.StatusOK, views.BulkDone(p))
}

// Retry does again what was refused, or what waits of one that was cancelled.
func (h Bulks) Retry(c *gin.Context) error { return h.then(c, h.DB.RetryBulk) }

// Cancel leaves as it is what waits.
func (h Bulks) Cancel(c *gin.Context) error { return h.then(c, h.DB.CancelBulk) }

func (h Bulks) then(c *gin.Context, do func(ctx context.Context, by models.Actor, id string) (*models.Bulk, error)) error {
	ctx := c.Request.Context()
	bulk, err := do(ctx, models.ActorFrom(ctx), c.Param("id"))
	if err != nil {
		return err
	}
	return web.SeeOther(c, "/bulks/"+bulk.ID)
}

// bulkOrders finds the orders that items are, to say what each is about.
func bulkOrders(c *gin.Context, db *models.DB, p *views.BulkProps) (err error) {
	if p.Kind == models.KindOrder {
		p.Orders, err = db.OrdersOf(c.Request.Context(), p.By, p.Items)
	}
	return err
}
