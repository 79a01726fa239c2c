package handlers

import (
	"context"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"

	"quartermaster/handlers/code"
	"quartermaster/models"
	"quartermaster/models/list"
	"quartermaster/views"
	"quartermaster/views/i18n"
	"quartermaster/views/ui"
	"quartermaster/web"
)

// Orders are what the team asked for.
type Orders struct {
	DB *models.DB
	// API has the operations that its lines are written as.
	API code.Table
}

// ofOrders are the values of filters of orders whose words are data.
func ofOrders(ctx context.Context, db *models.DB, q list.Query) (map[string][]views.ListChoice, error) {
	if q.Filters["region"] == "" && q.Filters["centre"] == "" && q.Filters["month"] == "" {
		return nil, nil
	}
	regions, err := db.ListRegions(ctx, "")
	return views.OrderChoices(ctx, regions, q.Filters["month"]), err
}

// ordersSum is what orders that are counted as spend come to.
func ordersSum(ctx context.Context, db *models.DB, by models.Actor, q list.Query) (int64, string, error) {
	spend, counted, err := db.FindSpend(ctx, by, q)
	if err != nil || !counted {
		return list.Unknown, "", err
	}
	orders := int64(0)
	for _, s := range spend {
		orders += s.Orders
	}
	return orders, views.SumOf(ctx, spend), nil
}

// Show is the page of one order.
func (h Orders) Show(c *gin.Context) error {
	return h.show(c, http.StatusOK, views.OrderShowProps{})
}

// show draws the page of an order, with what was refused on it.
func (h Orders) show(c *gin.Context, status int, p views.OrderShowProps) error {
	ctx := c.Request.Context()
	by := models.ActorFrom(ctx)
	n, err := orderNumber(c)
	if err != nil {
		return err
	}
	if p.OrderPage, err = h.DB.FindOrderPage(ctx, by, n); err != nil {
		return err
	}
	now := p.Sheet.Order.PONumberInput()
	if p.PO.Values == nil {
		p.PO = web.NewForm(c, now)
	}
	p.PO.Catch(now.Shown)
	p.By = by
	return web.Render(c, status, views.OrderShow(p))
}

// PONumber gives an order another PO number.
func (h Orders) PONumber(c *gin.Context) error {
	ctx := c.Request.Context()
	var in models.PONumberInput
	n, err := orderNumber(c)
	if err != nil {
		return err
	}
	form, err := web.Decode(c, &in)
	if err == nil {
		err = h.DB.ChangePONumber(ctx, models.ActorFrom(ctx), n, in)
	}
	if form.Reject(err) {
		return h.show(c, http.StatusUnprocessableEntity, views.OrderShowProps{PO: form})
	}
	if err != nil {
		return err
	}
	web.Flash(c, "order.po-saved")
	return web.SeeOther(c, "/orders/"+c.Param("number"))
}

// Print is the paper of an order, in the language that the address asks for or
// else the reader's.
func (h Orders) Print(c *gin.Context) error {
	ctx := c.Request.Context()
	n, err := orderNumber(c)
	if err != nil {
		return err
	}
	sheet, err := h.DB.FindOrderSheet(ctx, models.ActorFrom(ctx), n)
	if err != nil {
		return err
	}
	if lang := c.Query("lang"); lang == "zh" || lang == "en" {
		ctx = i18n.WithLang(ctx, lang)
		c.Request = c.Request.WithContext(ctx)
	}
	path := "/orders/" + c.Param("number")
	return web.Render(c, http.StatusOK, views.OrderPrint(views.PrintProps{
		Sheet: sheet, Path: path, URL: web.SiteURL(ctx, path),
	}))
}

// Attach attaches the files of the form to an order, one after the other. Files that
// are refused do not stop the others.
func (h Orders) Attach(c *gin.Context) error {
	ctx := c.Request.Context()
	by := models.ActorFrom(ctx)
	n, err := orderNumber(c)
	if err != nil {
		return err
	}
	order, err := h.DB.FindOrder(ctx, by, n)
	if err != nil {
		return err
	}
	if !order.MayAttach(by) {
		return models.ErrForbidden // before a file is read
	}
	var form ui.Form
	some := false
	err = web.Receive(c, formParts, func(in *web.Incoming) error {
		some = true
		err := h.DB.Attach(ctx, by, n, models.SentFile{Name: in.Name, ContentType: in.Type, Content: in})
		if form.Reject(err) {
			return nil
		}
		return err
	}, attachField)
	if err == nil && !some {
		err = models.Invalid{{Field: attachField, Rule: "file"}}
	}
	if form.Reject(err) || len(form.Errors) > 0 {
		return h.show(c, http.StatusUnprocessableEntity, views.OrderShowProps{Attach: form})
	}
	if err != nil {
		return err
	}
	web.Flash(c, "attachments.added")
	return web.SeeOther(c, "/orders/"+c.Param("number")+"#carried")
}

// Attachment sends a file of an order.
func (h Orders) Attachment(c *gin.Context) error {
	ctx := c.Request.Context()
	n, err := orderNumber(c)
	if err != nil {
		return err
	}
	a, r, err := h.DB.ReadAttachment(ctx, models.ActorFrom(ctx), n, c.Param("id"))
	if err != nil {
		return err
	}
	defer r.Close()
	return web.Download(c, web.File{Name: a.Name, Type: a.ContentType, Sum: a.SHA256, Modified: a.CreatedAt, Content: r})
}

// Detach removes a file from an order.
func (h Orders) Detach(c *gin.Context) error {
	ctx := c.Request.Context()
	n, err := orderNumber(c)
	if err != nil {
		return err
	}
	if err := h.DB.Detach(ctx, models.ActorFrom(ctx), n, c.Param("id")); err != nil {
		return err
	}
	web.Flash(c, "attachments.removed")
	return web.SeeOther(c, "/orders/"+c.Param("number")+"#carried")
}

// Retry retries what failed in an order.
func (h Orders) Retry(c *gin.Context) error {
	ctx := c.Request.Context()
	n, err := orderNumber(c)
	if err != nil {
		return err
	}
	if err := h.DB.RetryOrder(ctx, models.ActorFrom(ctx), n); err != nil {
		return err
	}
	web.Flash(c, "order.retried")
	return web.SeeOther(c, "/orders/"+c.Param("number"))
}

// orderNumber is the number in the address, or ErrNotFound when it is not a
// number.
func orderNumber(c *gin.Context) (int64, error) {
	n, err := strconv.ParseInt(c.Param("number"), 10, 64)
	if err != nil || strconv.FormatInt(n, 10) != c.Param("number") {
		return 0, models.ErrNotFound
	}
	return n, nil
}
