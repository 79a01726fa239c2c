package handlers

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/gin-gonic/gin"

	"quartermaster/handlers/code"
	"quartermaster/models"
	"quartermaster/views"
	"quartermaster/views/i18n"
	"quartermaster/web"
)

// Orders are what the team asked for.
type Orders struct {
	DB *models.DB
	// API has the operations that its lines are written as.
	API code.Table
}

// List shows the team's orders; free ones only on request.
func (h Orders) List(c *gin.Context) error {
	ctx := c.Request.Context()
	by := models.ActorFrom(ctx)
	f := models.OrderFilter{State: models.OrderState(c.Query("state")), Free: c.Query("free") == "true", Text: c.Query("q")}
	if !slices.Contains(models.OrderStates, f.State) {
		f.State = ""
	}
	orders, cursor, err := h.DB.ListOrders(ctx, by, f, listPage(c))
	if err != nil {
		return err
	}
	counts, err := h.DB.Counts(ctx, by)
	if err != nil {
		return err
	}
	types, err := h.DB.PackageTypes(ctx)
	if err != nil {
		return err
	}
	return web.Render(c, http.StatusOK, views.OrderList(views.OrderListProps{
		Orders: orders, Cursor: cursor, URL: listURL(c, "q", "state", "free"), Filter: f, Types: types,
		Total: counts["order"], Paid: counts["order.paid"],
	}))
}

// Show is the page of one order.
func (h Orders) Show(c *gin.Context) error {
	ctx := c.Request.Context()
	by := models.ActorFrom(ctx)
	sheet, err := h.sheet(c)
	if err != nil {
		return err
	}
	events, _, err := h.DB.ListEvents(ctx, by, models.EventFilter{Order: sheet.Order.Number}, models.Page{Size: 30})
	if err != nil {
		return err
	}
	return web.Render(c, http.StatusOK, views.OrderShow(views.OrderShowProps{Sheet: sheet, Events: events, By: by, Now: h.DB.Now()}))
}

// Print is the paper of an order, in the language that the address asks for or
// else the reader's.
func (h Orders) Print(c *gin.Context) error {
	sheet, err := h.sheet(c)
	if err != nil {
		return err
	}
	if lang := c.Query("lang"); lang == "zh" || lang == "en" {
		c.Request = c.Request.WithContext(i18n.WithLang(c.Request.Context(), lang))
	}
	path := "/orders/" + strconv.FormatInt(sheet.Order.Number, 10)
	return web.Render(c, http.StatusOK, views.OrderPrint(views.PrintProps{
		Sheet: sheet, Path: path, URL: web.SiteURL(c.Request.Context(), path),
	}))
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

func (h Orders) sheet(c *gin.Context) (*models.OrderSheet, error) {
	n, err := orderNumber(c)
	if err != nil {
		return nil, err
	}
	ctx := c.Request.Context()
	return h.DB.FindOrderSheet(ctx, models.ActorFrom(ctx), n)
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
