package handlers

import (
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"

	"quartermaster/models"
	"quartermaster/views/layout"
	"quartermaster/web"
)

// Notices are what the reader was told.
type Notices struct{ DB *models.DB }

// Bell is the bell of the frame, which asks for itself now and then.
func (h Notices) Bell(c *gin.Context) error {
	ctx := c.Request.Context()
	n, err := h.DB.CountUnread(ctx, models.ActorFrom(ctx))
	if err != nil {
		return err
	}
	return web.Render(c, http.StatusOK, layout.Bell(n))
}

// Read marks what the reader was told as read: one notice, those about an order or
// another thing, or all.
func (h Notices) Read(c *gin.Context) error {
	ctx := c.Request.Context()
	order, _ := strconv.ParseInt(c.PostForm("order"), 10, 64) // 0 is none
	by := models.ActorFrom(ctx)
	if subject := c.PostForm("subject"); subject != "" {
		if err := h.DB.ReadReminders(ctx, by, subject); err != nil {
			return err
		}
		return h.Bell(c)
	}
	if err := h.DB.ReadNotices(ctx, by, c.PostForm("id"), order); err != nil {
		return err
	}
	if order == 0 {
		return web.SeeOther(c, "/notices")
	}
	return h.Bell(c) // the page of the order has done it by itself
}
